//! Logging in and out.
//!
//! Verifying a password takes 20 ms of a core and 19 MiB. One is verified at a time for strangers and one for browsers that are known,
//! a few wait, and more are turned away: however many knock, the hub gives two threads and 38 MiB, and whoever has
//! logged in from their browser before does not wait behind strangers.

use std::net::IpAddr;
use std::sync::Arc;

use accounts::{LoginRefused, Opened, Password, Secret, SystemRandom, Unfit};
use tokio::sync::Semaphore;

use super::{Access, now_us};

/// How many may wait in each of the two lines.
const WAITING_MAX: usize = 8;

/// Where passwords are verified.
#[derive(Debug)]
pub(super) struct Places {
    known: Line,
    strangers: Line,
}

#[derive(Debug)]
struct Line {
    /// Those who wait and the one whose turn it is.
    inside: Semaphore,
    turn: Arc<Semaphore>,
}

impl Places {
    pub(super) fn new() -> Self {
        let line = || Line {
            inside: Semaphore::new(WAITING_MAX + 1),
            turn: Arc::new(Semaphore::new(1)),
        };
        Self {
            known: line(),
            strangers: line(),
        }
    }
}

/// What somebody sends to log in.
#[derive(Debug)]
pub struct Request<'a> {
    /// What was typed as the name.
    pub name: &'a str,
    /// What was typed as the password.
    pub password: &'a str,
    /// Where it comes from.
    pub address: IpAddr,
    /// The device's secret, if its cookie came along.
    pub device: Option<Secret>,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginFailed {
    /// By the accounts.
    #[error(transparent)]
    Refused(#[from] LoginRefused),
    /// Too long to be a password.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Too many at once.
    #[error("too many people are logging in at this moment; try again in a few seconds")]
    Busy,
}

impl LoginFailed {
    const fn word(self) -> &'static str {
        match self {
            Self::Refused(LoginRefused::Wrong { .. }) => "wrong",
            Self::Refused(LoginRefused::Early(_)) => "early",
            Self::Refused(LoginRefused::Unavailable | LoginRefused::Random(_)) => "unavailable",
            Self::Unfit(_) => "malformed",
            Self::Busy => "busy",
        }
    }
}

impl Access {
    /// Lets somebody in, or says why not. Counted, and logged with account and address; what was typed as a name that is none is
    /// not logged, because it may be a password.
    ///
    /// # Errors
    /// [`LoginFailed`].
    pub async fn login(self: &Arc<Self>, request: Request<'_>) -> Result<Opened, LoginFailed> {
        let address = request.address;
        let result = self.try_login(request).await;
        match &result {
            Ok(opened) => {
                self.counters.login("in");
                tracing::info!(account = %opened.name, %address, roles = %opened.roles, "logged in");
            }
            Err((failed, account)) => {
                self.counters.login(failed.word());
                let account = account.as_deref().unwrap_or("(none of that name)");
                match failed {
                    // A crowd that knocks must not fill the log.
                    LoginFailed::Refused(LoginRefused::Early(_)) | LoginFailed::Busy => {
                        tracing::debug!(account, %address, why = %failed, "not let in");
                    }
                    LoginFailed::Refused(LoginRefused::Wrong { disabled: true, .. }) => {
                        tracing::warn!(account, %address, why = "the account is disabled", "not let in");
                    }
                    _ => tracing::warn!(account, %address, why = %failed, "not let in"),
                }
            }
        }
        result.map_err(|(failed, _)| failed)
    }

    async fn try_login(
        self: &Arc<Self>,
        request: Request<'_>,
    ) -> Result<Opened, (LoginFailed, Option<String>)> {
        let nobody = |failed: LoginFailed| (failed, None);
        let password = Password::entered(request.password).map_err(|e| nobody(e.into()))?;
        // The accounts as they are now: one that was made a moment ago can log in.
        let access = self.clone();
        let _ = tokio::task::spawn_blocking(move || access.look()).await;
        let attempt = self
            .lock()
            .begin(
                request.name,
                request.address,
                request.device.as_ref(),
                now_us(),
            )
            .map_err(|e| nobody(e.into()))?;
        let account = attempt.account().map(ToString::to_string);
        let line = if attempt.is_from_known_device() {
            &self.places.known
        } else {
            &self.places.strangers
        };
        let turn = match line.inside.try_acquire() {
            Ok(inside) => line.turn.clone().acquire_owned().await.map(|t| (inside, t)),
            Err(_) => {
                self.lock().abandon(attempt);
                return Err((LoginFailed::Busy, account));
            }
        };
        let Ok((_inside, turn)) = turn else {
            return Err((LoginFailed::Busy, account));
        };
        let verified = tokio::task::spawn_blocking(move || {
            let matches = attempt.verify(&password);
            // Not before it is done, even if whoever asked has gone.
            drop(turn);
            (attempt, matches, password)
        })
        .await;
        let Ok((attempt, matches, password)) = verified else {
            return Err((LoginFailed::Busy, account));
        };
        let opened = self
            .lock()
            .finish(attempt, matches, &mut SystemRandom, now_us())
            .map_err(|e| (e.into(), account))?;
        let access = self.clone();
        let (name, outdated) = (opened.name.clone(), opened.outdated.clone());
        let _ = tokio::task::spawn_blocking(move || {
            access.keep();
            if let Some(old) = outdated {
                access.renew(&name, &old, &password);
            }
        })
        .await;
        Ok(opened)
    }

    /// Puts a hash of today's cost in the place of an older one. Blocks.
    fn renew(&self, name: &accounts::Name, old: &accounts::Hash, password: &Password) {
        let renewed = accounts::Hash::of(password, &mut SystemRandom)
            .map_err(|e| e.to_string())
            .and_then(|new| {
                self.file()
                    .change(|register| {
                        Ok::<_, accounts::disk::DiskError>(register.renew_hash(name, old, new))
                    })
                    .map_err(|e| e.to_string())
            });
        match renewed {
            Ok(_) => self.look(),
            Err(why) => tracing::warn!(account = %name, why, "a password's hash was not renewed"),
        }
    }

    /// Ends a session; gives whose it was. Blocks no one: it is written down a moment later.
    pub fn logout(self: &Arc<Self>, session: &Secret) {
        let Some(name) = self.lock().logout(session) else {
            return;
        };
        tracing::info!(account = %name, "logged out");
        let access = self.clone();
        tokio::task::spawn_blocking(move || access.keep());
    }
}
