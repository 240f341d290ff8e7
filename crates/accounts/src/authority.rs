//! Accounts, sessions and throttle together: who is let in, and who somebody is.
//!
//! A log-in has three steps, because the middle one takes 20 ms and 19 MiB and must not hold up anybody else:
//! [`Authority::begin`], [`Attempt::verify`] without the authority, [`Authority::finish`]. Every attempt goes through all three, whatever the
//! name, so that neither answer nor time tells whether there is an account (beyond one whose hash is still of older, cheaper settings).

use std::net::IpAddr;

use crate::register::Generation;
use crate::request::Credential;
use crate::session::Sessions;
use crate::throttle::{Counted, Lane, Throttle, Wait};
use crate::{
    Fingerprint, Hash, Identity, Name, NoRandom, Password, Random, Refusal, Register, Roles,
    Secret, Via,
};

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefused {
    /// No such account, or not its password, or disabled: which of them, is told to the log only.
    #[error("name or password is wrong")]
    Wrong {
        /// The name is an account's.
        known: bool,
        /// The password was right, and the account is disabled.
        disabled: bool,
    },
    /// Too many attempts.
    #[error(transparent)]
    Early(#[from] Wait),
    /// The accounts cannot be read.
    #[error("the hub cannot read its accounts; nobody can log in until that is repaired")]
    Unavailable,
    /// Nothing can be made that must not be guessed.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

/// A log-in that is under way.
#[derive(Debug)]
#[must_use]
pub struct Attempt {
    name: Option<Name>,
    hash: Hash,
    generation: Option<Generation>,
    device: Option<Fingerprint>,
    counted: Counted,
}

impl Attempt {
    /// Whether this is the password. Slow: to be called on a thread that may be slow, a bounded number of times at once.
    pub fn verify(&self, password: &Password) -> bool {
        self.hash.verify(password)
    }

    /// Whether it comes from a browser that the account has logged in from before.
    pub const fn is_from_known_device(&self) -> bool {
        self.device.is_some()
    }

    /// The account, for the log: `None` when there is none of that name, because what was typed there may be a password.
    pub fn account(&self) -> Option<&Name> {
        self.generation.and(self.name.as_ref())
    }
}

/// Somebody is in.
#[derive(Debug)]
pub struct Opened {
    /// Who.
    pub name: Name,
    /// Their roles.
    pub roles: Roles,
    /// For the session's cookie.
    pub session: Secret,
    /// For the device's cookie; `None` when it has one.
    pub device: Option<Secret>,
    /// When the session ends at the latest, microseconds since the Unix epoch.
    pub expires_us: i64,
    /// The hash to renew, with [`Register::renew_hash`], because new ones cost more.
    pub outdated: Option<Hash>,
}

/// Who may act.
#[derive(Debug)]
pub struct Authority {
    register: Option<Register>,
    sessions: Sessions,
    throttle: Throttle,
    nobody: Hash,
}

impl Authority {
    /// With no accounts until [`Authority::load`].
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn new(sessions: Sessions, random: &mut dyn Random) -> Result<Self, NoRandom> {
        Ok(Self {
            register: None,
            sessions,
            throttle: Throttle::new(),
            nobody: Hash::of_nobody(random)?,
        })
    }

    /// Takes the accounts as they are now; `None` when they cannot be read: then nobody is let in, and who is in can do nothing. Sessions
    /// stay as they are meanwhile, so that a file that is repaired puts things back.
    pub fn load(&mut self, register: Option<Register>) {
        if let Some(register) = &register {
            self.sessions.retain(register);
        }
        self.register = register;
    }

    /// The accounts, if they can be read.
    pub const fn register(&self) -> Option<&Register> {
        self.register.as_ref()
    }

    /// The sessions, to be written down.
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Begins a log-in: counts it, and finds what to verify against. `name` is what was typed.
    ///
    /// # Errors
    /// [`LoginRefused::Early`], [`LoginRefused::Unavailable`].
    pub fn begin(
        &mut self,
        name: &str,
        address: IpAddr,
        device: Option<&Secret>,
        now_us: i64,
    ) -> Result<Attempt, LoginRefused> {
        let register = self.register.as_ref().ok_or(LoginRefused::Unavailable)?;
        let name = Name::typed(name).ok();
        let account = name.as_ref().and_then(|name| register.account(name));
        let device = match (account, device) {
            (Some(account), Some(secret)) => self.sessions.device(secret, &account.name, now_us),
            _ => None,
        };
        let lanes = match (&device, &name) {
            (Some(device), _) => vec![Lane::Device(*device)],
            (None, Some(name)) => vec![Lane::Name(name.clone()), Lane::of(address)],
            (None, None) => vec![Lane::of(address)],
        };
        let counted = self.throttle.begin(lanes, now_us)?;
        Ok(Attempt {
            hash: account.map_or(&self.nobody, |a| &a.password).clone(),
            generation: account.map(|a| a.generation),
            name,
            device,
            counted,
        })
    }

    /// Gives up an attempt whose password was not looked at, because there was no room for that.
    pub fn abandon(&mut self, attempt: Attempt) {
        self.throttle.abandoned(attempt.counted);
    }

    /// Ends a log-in with what [`Attempt::verify`] said.
    ///
    /// # Errors
    /// [`LoginRefused`].
    pub fn finish(
        &mut self,
        attempt: Attempt,
        matches: bool,
        random: &mut dyn Random,
        now_us: i64,
    ) -> Result<Opened, LoginRefused> {
        let register = self.register.as_ref().ok_or(LoginRefused::Unavailable)?;
        let known = attempt.generation.is_some();
        // As it is now: it may have been disabled, or given another password, while the old one was verified.
        let account = attempt
            .name
            .as_ref()
            .and_then(|name| register.account(name))
            .filter(|a| matches && Some(a.generation) == attempt.generation);
        let Some(account) = account else {
            return Err(LoginRefused::Wrong {
                known,
                disabled: false,
            });
        };
        if account.disabled {
            return Err(LoginRefused::Wrong {
                known,
                disabled: true,
            });
        }
        let session = self.sessions.open(account, random, now_us)?;
        let device = match attempt.device {
            Some(device) => {
                self.sessions.device_used(device, now_us);
                None
            }
            None => Some(self.sessions.remember(account, random, now_us)?),
        };
        self.throttle.succeeded(attempt.counted);
        Ok(Opened {
            name: account.name.clone(),
            roles: account.roles,
            session,
            device,
            expires_us: self.sessions.expires_us(now_us),
            outdated: account
                .password
                .is_outdated()
                .then(|| account.password.clone()),
        })
    }

    /// Who this is. With `act`, it is an act of a person and keeps the session from ending idle; looking alone does not.
    ///
    /// # Errors
    /// [`Refusal::Ended`], [`Refusal::Unavailable`].
    pub fn identify(
        &mut self,
        credential: &Credential,
        act: bool,
        now_us: i64,
    ) -> Result<Identity, Refusal> {
        let register = self.register.as_ref().ok_or(Refusal::Unavailable)?;
        match credential {
            Credential::Session(secret) => {
                let session = self
                    .sessions
                    .find(secret, act, now_us)
                    .ok_or(Refusal::Ended)?;
                let account = register
                    .account(&session.name)
                    .filter(|a| !a.disabled && Sessions::is_of(session, a))
                    .ok_or(Refusal::Ended)?;
                let opened_us = session.opened_us;
                Ok(Identity {
                    name: account.name.clone(),
                    roles: account.roles,
                    permissions: account.roles.permissions(),
                    via: Via::Session {
                        opened_us,
                        expires_us: self.sessions.expires_us(opened_us),
                    },
                })
            }
            Credential::Token(secret) => {
                let token = register
                    .token(secret.fingerprint())
                    .filter(|token| now_us < token.expires_us)
                    .ok_or(Refusal::Ended)?;
                self.sessions.token_used(&token.name, now_us);
                Ok(Identity {
                    name: token.name.clone(),
                    roles: token.roles,
                    permissions: token.permissions(),
                    via: Via::Token,
                })
            }
        }
    }

    /// Ends a session; gives whose it was.
    pub fn logout(&mut self, session: &Secret) -> Option<Name> {
        self.sessions.close(session)
    }
}
