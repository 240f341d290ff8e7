//! The files behind the accounts: looked at every second, written when something is worth it.
//!
//! Everything here may block and runs on threads that may.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use accounts::disk::{AccountsFile, Stamp, read_bounded, replace};
use accounts::{Limits, Sessions};
use tokio::time::{MissedTickBehavior, interval};

use super::{Access, now_us};

/// How often the accounts' file is looked at: a disabled account is out after this.
const LOOK: Duration = Duration::from_secs(1);

/// How often sessions are written that only went on: a crash makes them this much older.
const KEEP_LOOKS: u64 = 60;

/// Largest file of sessions that is read, bytes.
const SESSIONS_BYTES_MAX: usize = 4 << 20;

/// A token that expires within this is worth a word: two weeks.
const SOON_US: i64 = 14 * 24 * 3_600 * 1_000_000;

/// Whether the accounts could be read, and which.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    /// Not looked at yet.
    Nothing,
    /// Read as they were then.
    Read(Option<Stamp>),
    /// Not readable: tried again with every look.
    Unreadable(String),
}

/// The files.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) accounts: AccountsFile,
    sessions: PathBuf,
    seen: Mutex<Seen>,
    /// Which changes of the sessions are on the disk; locked while they are written.
    kept: Mutex<u64>,
    looks: AtomicU64,
}

impl Files {
    pub(super) fn of(data_dir: &Path) -> Self {
        Self {
            accounts: AccountsFile::of(data_dir),
            sessions: data_dir.join("sessions.json"),
            seen: Mutex::new(Seen::Nothing),
            kept: Mutex::new(0),
            looks: AtomicU64::new(0),
        }
    }

    /// What the last run kept.
    pub(super) fn sessions(&self, limits: Limits) -> Result<Sessions, String> {
        let named = |why: String| format!("{}: {why}", self.sessions.display());
        match read_bounded(&self.sessions, SESSIONS_BYTES_MAX) {
            Ok(Some(bytes)) => Sessions::parse(&bytes, limits).map_err(named),
            Ok(None) => Ok(Sessions::new(limits)),
            Err(e) => Err(named(e.to_string())),
        }
    }
}

impl Access {
    /// Takes the accounts as they are on the disk, when they are not those that it has. Blocks.
    pub fn look(&self) {
        let mut seen = self
            .files
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Before the reading: what is written in between is read with the next look.
        let now = match self.files.accounts.stamp() {
            Ok(stamp) if *seen == Seen::Read(stamp) => return,
            Ok(stamp) => self.files.accounts.read().map(|register| (stamp, register)),
            Err(error) => Err(error),
        };
        match now {
            Ok((stamp, register)) => {
                let first = *seen == Seen::Nothing;
                let mut authority = self.lock();
                let lines = match authority.register() {
                    Some(before) if !first => register.changes_since(before),
                    _ => Vec::new(),
                };
                authority.load(Some(register));
                drop(authority);
                for line in lines {
                    tracing::info!("accounts: {line}");
                }
                if matches!(*seen, Seen::Unreadable(_)) {
                    tracing::info!("the accounts can be read again");
                }
                *seen = Seen::Read(stamp);
                self.say("accounts", None);
            }
            Err(error) => {
                let now = Seen::Unreadable(error.to_string());
                if *seen != now {
                    tracing::error!(%error, "the accounts cannot be read: nobody can log in or act until that is repaired");
                    self.lock().load(None);
                    *seen = now;
                    self.say(
                        "accounts",
                        Some("the accounts cannot be read: nobody can log in or approve until that is repaired (see the hub's log)"),
                    );
                }
            }
        }
    }

    /// Writes the sessions down, when they have changed. Blocks.
    pub(super) fn keep(&self) {
        let mut kept = self
            .files
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (changes, bytes) = {
            let authority = self.lock();
            let sessions = authority.sessions();
            if sessions.changes() == *kept {
                return;
            }
            (sessions.changes(), sessions.write())
        };
        match replace(&self.files.sessions, &bytes) {
            Ok(()) => {
                *kept = changes;
                self.say("sessions", None);
            }
            Err(error) => {
                let text = "sessions cannot be written to the disk: after a restart everybody has to log in again";
                if self.say("sessions", Some(text)) {
                    tracing::error!(file = %self.files.sessions.display(), %error, text);
                }
            }
        }
    }

    /// Says which tokens end soon: a machine that cannot speak any more is noticed too late.
    fn warn_of_tokens(&self) {
        let now_us = now_us();
        let soon = |t: &&accounts::Token| {
            t.expires_us > now_us && t.expires_us.saturating_sub(now_us) < SOON_US
        };
        let ending = self
            .lock()
            .register()
            .map_or(0, |r| r.tokens().filter(soon).count());
        let text = format!(
            "{ending} API tokens expire within two weeks: see `watchfire token list` and make new ones"
        );
        self.say("tokens_expire", (ending > 0).then_some(text.as_str()));
    }

    /// Says when the gate asks more persons than there are: in the log and at the desk, for the public would learn that nobody can stop a message.
    pub(super) fn warn_of_approvers(&self) {
        let (asked, there) = (self.asked, self.approvers());
        if there < asked {
            tracing::warn!(
                asked,
                there,
                "[gate] asks more persons than can approve: messages fall to their deadline; see `watchfire account add NAME --role approver`"
            );
        }
    }

    /// Raises or ends a condition; whether that is news.
    fn say(&self, code: &str, text: Option<&str>) -> bool {
        self.board.condition(code, text, self.clock.now_us())
    }

    /// Keeps in step with the files until it is dropped.
    pub async fn follow(self: Arc<Self>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let access = self.clone();
            let _ = tokio::task::spawn_blocking(move || {
                access.look();
                if access
                    .files
                    .looks
                    .fetch_add(1, Ordering::Relaxed)
                    .is_multiple_of(KEEP_LOOKS)
                {
                    access.keep();
                    access.warn_of_tokens();
                    access.warn_of_approvers();
                }
            })
            .await;
        }
    }

    /// Writes down what is worth it before the end. Blocks.
    pub fn close(&self) {
        self.keep();
    }
}
