//! The accounts and tokens, and their file.
//!
//! ```json
//! {"version": 1,
//!  "accounts": [{"name": "ana", "roles": ["operator", "approver"], "password": "$argon2id$...", "disabled": false,
//!                "generation": "5f0c6a1d2b3e4f50", "created_us": 1790000000000000, "password_us": 1790000000000000}],
//!  "tokens": [{"name": "rig", "roles": ["operator"], "scope": ["propose"], "sha256": "...",
//!              "created_us": 1790000000000000, "expires_us": 1821536000000000}]}
//! ```
//! Unknown keys are refused: one that a newer version wrote may be a restriction.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Fingerprint, Hash, Name, NoRandom, Permissions, Random, Role, Roles, Secret};

/// Version of the file.
const VERSION: u32 = 1;

/// Most accounts.
pub const ACCOUNTS_MAX: usize = 256;

/// Most tokens.
pub const TOKENS_MAX: usize = 256;

/// Largest file, bytes; full of accounts and tokens it has about 200 KB.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Longest life of a token: two years.
const TOKEN_LIFE_US_MAX: i64 = 2 * 366 * 24 * 3_600 * 1_000_000;

/// What acts in logs without being anybody.
const RESERVED: [&str; 2] = ["system", "hub"];

/// Changes with everything that ends an account's sessions: a new password, being disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Generation(u64);

impl Generation {
    fn new(random: &mut dyn Random) -> Result<Self, NoRandom> {
        let mut bytes = [0; 8];
        random.fill(&mut bytes)?;
        Ok(Self(u64::from_le_bytes(bytes)))
    }
}

impl TryFrom<String> for Generation {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.len() == 16
            && text
                .bytes()
                .all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
        match u64::from_str_radix(&text, 16) {
            Ok(number) if digits => Ok(Self(number)),
            _ => Err("a generation has 16 lower-case hexadecimal digits"),
        }
    }
}

impl From<Generation> for String {
    fn from(generation: Generation) -> Self {
        format!("{:016x}", generation.0)
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Never given to anybody else.
    pub name: Name,
    /// At least one.
    pub roles: Roles,
    /// What is kept of the password.
    pub password: Hash,
    /// May not log in, and has no sessions.
    pub disabled: bool,
    /// Sessions of another generation have ended.
    pub generation: Generation,
    /// When it was made, microseconds since the Unix epoch.
    pub created_us: i64,
    /// When its password was set.
    pub password_us: i64,
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Name of the machine, or of what it does.
    pub name: Name,
    /// Viewer, operator or both.
    pub roles: Roles,
    /// Only these of its roles' permissions; all of them without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Permissions>,
    /// What is kept of it.
    pub sha256: Fingerprint,
    /// When it was made, microseconds since the Unix epoch.
    pub created_us: i64,
    /// From when on it is refused.
    pub expires_us: i64,
}

impl Token {
    /// What its holder may do while it is valid.
    pub fn permissions(&self) -> Permissions {
        let all = self.roles.permissions();
        self.scope.map_or(all, |scope| all.intersection(scope))
    }
}

#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    accounts: Vec<Account>,
    tokens: Vec<Token>,
}

/// Why a file of accounts cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Larger than any that we write.
    #[error("larger than {FILE_BYTES_MAX} bytes")]
    Large,
    /// Not our JSON; says where.
    #[error("{0}; restore it from a copy, or move it away and make the accounts anew")]
    Syntax(String),
    /// From a newer program.
    #[error("version {0} of the file; this program reads version {VERSION}: use the newer one")]
    Version(u32),
    /// Reads well and cannot be meant.
    #[error("{0}")]
    Meaning(String),
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// There is one of that name.
    #[error(
        "there is an account or token {0} already; names are never given twice, disabled accounts included"
    )]
    Taken(Name),
    /// There is none of that name.
    #[error("there is no account {0}")]
    NoAccount(Name),
    /// There is none of that name.
    #[error("there is no token {0}")]
    NoToken(Name),
    /// What the hub calls itself in its logs.
    #[error("the name {0} is the hub's own")]
    Reserved(Name),
    /// No room.
    #[error("there are {0} already, and no room for more")]
    Full(usize),
    /// Nothing to be.
    #[error("give at least one role")]
    NoRole,
    /// What a machine must not be.
    #[error("a token cannot be {0}: behind an approval stands a person with a name and a password")]
    NotForTokens(Role),
    /// Would allow nothing, or suggests more than it gives.
    #[error("the scope names what the token's roles do not allow, or nothing")]
    Scope,
    /// In the past or too far away.
    #[error("a token expires in the future, at most two years ahead")]
    Expiry,
    /// Nothing can be made that must not be guessed.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

/// All accounts and tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    accounts: BTreeMap<Name, Account>,
    tokens: BTreeMap<Name, Token>,
}

impl Register {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`Unreadable`]; half of a file is never taken.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(Unreadable::Large);
        }
        let syntax = |e: serde_json::Error| Unreadable::Syntax(e.to_string());
        let head: Head = serde_json::from_slice(bytes).map_err(syntax)?;
        if head.version != VERSION {
            return Err(Unreadable::Version(head.version));
        }
        let file: File = serde_json::from_slice(bytes).map_err(syntax)?;
        let mut register = Self::default();
        let mut seen = BTreeSet::new();
        for account in file.accounts {
            let name = account.name.clone();
            if account.roles.is_empty() {
                return meaning(&name, "has no role");
            }
            if RESERVED.contains(&name.as_str()) {
                return meaning(&name, "is the hub's own name");
            }
            if !seen.insert(name.clone()) {
                return meaning(&name, "is there twice");
            }
            register.accounts.insert(name, account);
        }
        let mut hashes = BTreeSet::new();
        for token in file.tokens {
            let name = token.name.clone();
            if let Err(why) = fit(token.roles, token.scope) {
                return meaning(&name, why.to_string());
            }
            if !seen.insert(name.clone()) || !hashes.insert(token.sha256) {
                return meaning(&name, "is there twice");
            }
            register.tokens.insert(name, token);
        }
        if register.accounts.len() > ACCOUNTS_MAX || register.tokens.len() > TOKENS_MAX {
            return Err(Unreadable::Meaning(format!(
                "more than {ACCOUNTS_MAX} accounts or {TOKENS_MAX} tokens"
            )));
        }
        Ok(register)
    }

    /// The file's bytes.
    pub fn write(&self) -> Vec<u8> {
        let file = File {
            version: VERSION,
            accounts: self.accounts.values().cloned().collect(),
            tokens: self.tokens.values().cloned().collect(),
        };
        // Plain values with string keys: this cannot fail, and an empty file would be refused when read.
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The account of that name.
    pub fn account(&self, name: &Name) -> Option<&Account> {
        self.accounts.get(name)
    }

    /// All accounts, by name.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// All tokens, by name.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }

    /// The token that this is the hash of.
    pub fn token(&self, sha256: Fingerprint) -> Option<&Token> {
        self.tokens.values().find(|token| token.sha256 == sha256)
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`ChangeRefused`].
    pub fn add(
        &mut self,
        name: Name,
        roles: Roles,
        password: Hash,
        random: &mut dyn Random,
        now_us: i64,
    ) -> Result<(), ChangeRefused> {
        self.free(&name)?;
        if self.accounts.len() >= ACCOUNTS_MAX {
            return Err(ChangeRefused::Full(ACCOUNTS_MAX));
        }
        if roles.is_empty() {
            return Err(ChangeRefused::NoRole);
        }
        let account = Account {
            name: name.clone(),
            roles,
            password,
            disabled: false,
            generation: Generation::new(random)?,
            created_us: now_us,
            password_us: now_us,
        };
        self.accounts.insert(name, account);
        Ok(())
    }

    /// Sets a new password; sessions end.
    ///
    /// # Errors
    /// [`ChangeRefused`].
    pub fn set_password(
        &mut self,
        name: &Name,
        password: Hash,
        random: &mut dyn Random,
        now_us: i64,
    ) -> Result<(), ChangeRefused> {
        let generation = Generation::new(random)?;
        let account = self.known(name)?;
        account.password = password;
        account.password_us = now_us;
        account.generation = generation;
        Ok(())
    }

    /// Puts a costlier hash of the same password in the place of `old`; sessions stay. Nothing when the password has changed meanwhile.
    pub fn renew_hash(&mut self, name: &Name, old: &Hash, new: Hash) -> bool {
        match self.accounts.get_mut(name) {
            Some(account) if account.password == *old => {
                account.password = new;
                true
            }
            _ => false,
        }
    }

    /// Gives an account these roles in place of those it had; holds for its sessions at once.
    ///
    /// # Errors
    /// [`ChangeRefused`].
    pub fn set_roles(&mut self, name: &Name, roles: Roles) -> Result<(), ChangeRefused> {
        if roles.is_empty() {
            return Err(ChangeRefused::NoRole);
        }
        self.known(name)?.roles = roles;
        Ok(())
    }

    /// Disables an account, which ends its sessions, or lets it log in again.
    ///
    /// # Errors
    /// [`ChangeRefused`].
    pub fn set_disabled(
        &mut self,
        name: &Name,
        disabled: bool,
        random: &mut dyn Random,
    ) -> Result<(), ChangeRefused> {
        let generation = Generation::new(random)?;
        let account = self.known(name)?;
        account.disabled = disabled;
        account.generation = generation;
        Ok(())
    }

    /// Makes a token. The secret is shown once and kept nowhere.
    ///
    /// # Errors
    /// [`ChangeRefused`].
    pub fn add_token(
        &mut self,
        name: Name,
        roles: Roles,
        scope: Option<Permissions>,
        expires_us: i64,
        random: &mut dyn Random,
        now_us: i64,
    ) -> Result<Secret, ChangeRefused> {
        self.free(&name)?;
        if self.tokens.len() >= TOKENS_MAX {
            return Err(ChangeRefused::Full(TOKENS_MAX));
        }
        fit(roles, scope)?;
        if expires_us <= now_us || expires_us.saturating_sub(now_us) > TOKEN_LIFE_US_MAX {
            return Err(ChangeRefused::Expiry);
        }
        let secret = Secret::new(random)?;
        let token = Token {
            name: name.clone(),
            roles,
            scope,
            sha256: secret.fingerprint(),
            created_us: now_us,
            expires_us,
        };
        self.tokens.insert(name, token);
        Ok(secret)
    }

    /// Takes a token away.
    ///
    /// # Errors
    /// [`ChangeRefused`].
    pub fn revoke_token(&mut self, name: &Name) -> Result<(), ChangeRefused> {
        match self.tokens.remove(name) {
            Some(_) => Ok(()),
            None => Err(ChangeRefused::NoToken(name.clone())),
        }
    }

    /// What has changed since, a line each, for a log; never a secret.
    pub fn changes_since(&self, before: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, now) in &self.accounts {
            let Some(then) = before.accounts.get(name) else {
                lines.push(format!("account {name} added: {}", now.roles));
                continue;
            };
            if then.roles != now.roles {
                lines.push(format!(
                    "account {name}: roles {} instead of {}",
                    now.roles, then.roles
                ));
            }
            if then.disabled != now.disabled {
                let word = if now.disabled { "disabled" } else { "enabled" };
                lines.push(format!("account {name} {word}"));
            }
            if then.password_us != now.password_us {
                lines.push(format!("account {name}: new password"));
            }
        }
        for name in before.accounts.keys() {
            if !self.accounts.contains_key(name) {
                lines.push(format!("account {name} is gone from the file"));
            }
        }
        for (name, now) in &self.tokens {
            if before.tokens.get(name).map(|then| then.sha256) != Some(now.sha256) {
                lines.push(format!("token {name} added: {}", now.permissions()));
            }
        }
        for name in before.tokens.keys() {
            if !self.tokens.contains_key(name) {
                lines.push(format!("token {name} revoked"));
            }
        }
        lines
    }

    fn known(&mut self, name: &Name) -> Result<&mut Account, ChangeRefused> {
        self.accounts
            .get_mut(name)
            .ok_or_else(|| ChangeRefused::NoAccount(name.clone()))
    }

    fn free(&self, name: &Name) -> Result<(), ChangeRefused> {
        if RESERVED.contains(&name.as_str()) {
            return Err(ChangeRefused::Reserved(name.clone()));
        }
        if self.accounts.contains_key(name) || self.tokens.contains_key(name) {
            return Err(ChangeRefused::Taken(name.clone()));
        }
        Ok(())
    }
}

/// Whether a token may be this.
fn fit(roles: Roles, scope: Option<Permissions>) -> Result<(), ChangeRefused> {
    if roles.is_empty() {
        return Err(ChangeRefused::NoRole);
    }
    if let Some(role) = roles
        .iter()
        .find(|role| !matches!(role, Role::Viewer | Role::Operator))
    {
        return Err(ChangeRefused::NotForTokens(role));
    }
    match scope {
        Some(scope) if scope.is_empty() || !scope.is_within(roles.permissions()) => {
            Err(ChangeRefused::Scope)
        }
        _ => Ok(()),
    }
}

fn meaning<T>(name: &Name, what: impl fmt::Display) -> Result<T, Unreadable> {
    Err(Unreadable::Meaning(format!("{name}: {what}")))
}
