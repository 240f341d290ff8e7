//! `watchfire account` and `watchfire token`: who may act at a deployment's hub, kept in its data directory. The hub may be running; it
//! notices within a second.
//!
//! Whoever may write the data directory may use these: they ask for no password of an administrator.

mod show;

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::path::PathBuf;

use accounts::disk::{AccountsFile, DiskError};
use accounts::{
    ChangeRefused, Hash, Name, Password, Permission, Permissions, Role, Roles, SystemRandom, Token,
    request,
};
use clock::Clock;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::state;

/// Longest line that is read as a password, bytes; more than a password may have.
const LINE_BYTES_MAX: u64 = 4 * 1_024;

/// How long a token is valid unless told otherwise.
const TOKEN_LIFE: &str = "365d";

/// Which deployment.
#[derive(Debug, clap::Args)]
pub struct Deployment {
    /// Deployment directory with a hub.toml, or the file itself.
    #[arg(long, value_name = "DIR|FILE")]
    config: PathBuf,
    /// Data directory instead of the configuration's.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Where a new password comes from.
#[derive(Debug, clap::Args)]
pub struct PasswordSource {
    /// Read the password from the first line of standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

/// What to do with accounts.
#[derive(Debug, clap::Subcommand)]
pub enum AccountCommand {
    /// Make an account; asks for its password. A name is never given twice: it stands in the audit log.
    Add {
        /// 1 to 48 of a-z 0-9 . _ -
        name: Name,
        /// viewer, operator, approver, administrator; give it again for another. No role contains another one.
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<Role>,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        deployment: Deployment,
    },
    /// Set a new password; asks for it. Ends the account's sessions.
    Password {
        /// The account.
        name: Name,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        deployment: Deployment,
    },
    /// Give an account these roles in place of those it has; holds at once, in open sessions too.
    Roles {
        /// The account.
        name: Name,
        /// viewer, operator, approver, administrator
        #[arg(value_name = "ROLE", required = true)]
        roles: Vec<Role>,
        #[command(flatten)]
        deployment: Deployment,
    },
    /// Let an account act no more; ends its sessions.
    Disable {
        /// The account.
        name: Name,
        #[command(flatten)]
        deployment: Deployment,
    },
    /// Let a disabled account log in again.
    Enable {
        /// The account.
        name: Name,
        #[command(flatten)]
        deployment: Deployment,
    },
    /// List the accounts.
    List {
        #[command(flatten)]
        deployment: Deployment,
    },
}

/// What to do with tokens.
#[derive(Debug, clap::Subcommand)]
pub enum TokenCommand {
    /// Make a token for a machine and print it, once.
    Add {
        /// What it is for: 1 to 48 of a-z 0-9 . _ -
        name: Name,
        /// viewer or operator; give it again for both. A token never approves.
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<Role>,
        /// Only this permission of its roles (view, propose, withdraw, exercise); give it again for another.
        #[arg(long = "scope", value_name = "PERMISSION")]
        scope: Vec<Permission>,
        /// How long it is valid, at most two years.
        #[arg(long, value_name = "SPAN", default_value = TOKEN_LIFE)]
        expires: String,
        #[command(flatten)]
        deployment: Deployment,
    },
    /// Take a token away.
    Revoke {
        /// The token.
        name: Name,
        #[command(flatten)]
        deployment: Deployment,
    },
    /// List the tokens.
    List {
        #[command(flatten)]
        deployment: Deployment,
    },
}

/// Why a command did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The command line or the configuration is wrong.
    #[error("{0}")]
    Wrong(String),
    /// Something failed while running.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The accounts do not allow it.
    #[error(transparent)]
    Refused(#[from] ChangeRefused),
}

/// Runs a command on accounts.
///
/// # Errors
/// [`Trouble`] in words for people.
pub fn account(command: AccountCommand) -> Result<(), Trouble> {
    let random = &mut SystemRandom;
    let now_us = Clock::System.now_us();
    match command {
        AccountCommand::Add {
            name,
            roles,
            password,
            deployment,
        } => {
            let file = deployment.file()?;
            // Before anybody is asked for a password in vain; looked at again when it is written.
            if file.read()?.account(&name).is_some() {
                return Err(ChangeRefused::Taken(name).into());
            }
            let hash = password.hash(&name)?;
            let roles: Roles = roles.into_iter().collect();
            file.change(|r| Ok::<_, Trouble>(r.add(name.clone(), roles, hash, random, now_us)?))?;
            println!("account {name} added: {roles}");
        }
        AccountCommand::Password {
            name,
            password,
            deployment,
        } => {
            let file = deployment.file()?;
            if file.read()?.account(&name).is_none() {
                return Err(ChangeRefused::NoAccount(name).into());
            }
            let hash = password.hash(&name)?;
            file.change(|r| Ok::<_, Trouble>(r.set_password(&name, hash, random, now_us)?))?;
            println!("account {name}: new password; its sessions have ended");
        }
        AccountCommand::Roles {
            name,
            roles,
            deployment,
        } => {
            let roles: Roles = roles.into_iter().collect();
            let file = deployment.file()?;
            file.change(|r| Ok::<_, Trouble>(r.set_roles(&name, roles)?))?;
            println!("account {name}: {roles}");
        }
        AccountCommand::Disable { name, deployment } => {
            let file = deployment.file()?;
            file.change(|r| Ok::<_, Trouble>(r.set_disabled(&name, true, random)?))?;
            println!("account {name} disabled; its sessions have ended");
        }
        AccountCommand::Enable { name, deployment } => {
            let file = deployment.file()?;
            file.change(|r| Ok::<_, Trouble>(r.set_disabled(&name, false, random)?))?;
            println!("account {name} enabled");
        }
        AccountCommand::List { deployment } => {
            print!("{}", show::accounts(&deployment.file()?.read()?));
        }
    }
    Ok(())
}

/// Runs a command on tokens.
///
/// # Errors
/// [`Trouble`] in words for people.
pub fn token(command: TokenCommand) -> Result<(), Trouble> {
    let now_us = Clock::System.now_us();
    match command {
        TokenCommand::Add {
            name,
            roles,
            scope,
            expires,
            deployment,
        } => {
            let file = deployment.file()?;
            let life = settings::duration::parse(&expires)
                .map_err(|e| Trouble::Wrong(format!("--expires: {e}")))?;
            let life_us = i64::try_from(life.as_micros()).unwrap_or(i64::MAX);
            let roles: Roles = roles.into_iter().collect();
            let scope = (!scope.is_empty()).then(|| scope.into_iter().collect::<Permissions>());
            let (secret, token): (_, Option<Token>) = file.change(|r| {
                let expires_us = now_us.saturating_add(life_us);
                let random = &mut SystemRandom;
                let secret = r.add_token(name.clone(), roles, scope, expires_us, random, now_us)?;
                let made = r.token(secret.fingerprint()).cloned();
                Ok::<_, Trouble>((secret, made))
            })?;
            // The token alone on standard output, for a script to keep.
            if let Some(token) = token {
                eprintln!(
                    "token {name}: may {}, until {}; it is shown this once:",
                    token.permissions(),
                    show::day(token.expires_us)
                );
            }
            println!("{}", *request::token_text(&secret));
        }
        TokenCommand::Revoke { name, deployment } => {
            let file = deployment.file()?;
            file.change(|r| Ok::<_, Trouble>(r.revoke_token(&name)?))?;
            println!("token {name} revoked");
        }
        TokenCommand::List { deployment } => {
            let config = deployment.load()?;
            let register = AccountsFile::of(&config.data_dir).read()?;
            print!("{}", show::tokens(&register, &config.data_dir, now_us));
        }
    }
    Ok(())
}

impl Deployment {
    fn load(&self) -> Result<Config, Trouble> {
        let mut config = Config::load(&self.config).map_err(|e| Trouble::Wrong(e.to_string()))?;
        if let Some(dir) = &self.data_dir {
            config.data_dir.clone_from(dir);
        }
        // The accounts of a drill are not those of the real hub.
        state::own(&config, false).map_err(Trouble::Wrong)?;
        Ok(config)
    }

    fn file(&self) -> Result<AccountsFile, Trouble> {
        Ok(AccountsFile::of(&self.load()?.data_dir))
    }
}

impl PasswordSource {
    /// Takes a new password for this account and hashes it.
    fn hash(&self, name: &Name) -> Result<Hash, Trouble> {
        let text = self.read(name)?;
        let password = Password::chosen(&text, name).map_err(|e| Trouble::Wrong(e.to_string()))?;
        Hash::of(&password, &mut SystemRandom).map_err(|e| ChangeRefused::from(e).into())
    }

    fn read(&self, name: &Name) -> Result<Zeroizing<String>, Trouble> {
        let wrong = |what: &str| Trouble::Wrong(what.to_owned());
        if self.password_stdin {
            let mut line = Zeroizing::new(String::new());
            std::io::stdin()
                .lock()
                .take(LINE_BYTES_MAX)
                .read_line(&mut line)
                .map_err(|e| Trouble::Wrong(format!("standard input: {e}")))?;
            let text = line.trim_end_matches(['\r', '\n']);
            return Ok(Zeroizing::new(text.to_owned()));
        }
        if !std::io::stdin().is_terminal() {
            return Err(wrong(
                "there is no terminal to ask for a password; use --password-stdin",
            ));
        }
        let ask = |prompt: String| {
            rpassword::prompt_password(prompt)
                .map(Zeroizing::new)
                .map_err(|e| Trouble::Wrong(format!("terminal: {e}")))
        };
        let first = ask(format!("New password for {name}: "))?;
        // Told before it has to be typed again.
        Password::chosen(&first, name).map_err(|e| Trouble::Wrong(e.to_string()))?;
        if ask("The same again: ".to_owned())? != first {
            return Err(wrong(
                "these were two different passwords; nothing was changed",
            ));
        }
        Ok(first)
    }
}
