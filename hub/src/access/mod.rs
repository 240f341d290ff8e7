//! Who may act at this hub: the accounts of a deployment, kept in step with their files.
//!
//! ```text
//! accounts.json   written by `watchfire account` and `watchfire token`; read again when it changes
//! sessions.json   written here: sessions, known devices, last use of tokens
//! ```
//! Decisions are those of the crate [`accounts`]; here are its clock, its disk and its place in HTTP requests.
//!
//! Invariants: nothing here is on the way of a warning. Who somebody is, is answered from memory; a disk that hangs or is full delays or
//! forgets log-ins, no more. Accounts that cannot be read let nobody in, and the hub goes on by its gate's fail-safe.

mod counters;
mod files;
mod login;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use accounts::disk::AccountsFile;
use accounts::request::{Credential, Head, MARK, Site};
use accounts::{Authority, Identity, Permission, Refusal, Sessions, SystemRandom};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method};
use clock::Clock;

pub use self::counters::{Counters, LOGINS};
use self::files::Files;
use self::login::Places;
pub use self::login::{LoginFailed, Request};
use crate::config::Config;
use crate::view::Board;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who may act at this hub.
pub struct Access {
    authority: Mutex<Authority>,
    files: Files,
    places: Places,
    site: Site,
    proxies: Vec<IpAddr>,
    login_to_view: bool,
    /// How many persons the gate asks at most.
    asked: usize,
    board: Arc<Board>,
    /// The hub's clock, for conditions; sessions and waits go by the machine's.
    clock: Clock,
    /// What has been refused and let in since the start.
    pub counters: Counters,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    /// Reads accounts and sessions of a deployment whose page is at `base_url`. Accounts that cannot be read are a condition and no error.
    ///
    /// # Errors
    /// Text, when the operating system gives no random numbers.
    pub fn open(
        config: &Config,
        base_url: &str,
        board: Arc<Board>,
        clock: Clock,
    ) -> Result<Arc<Self>, String> {
        let limits = config.accounts.limits();
        let files = Files::of(&config.data_dir);
        let sessions = files.sessions(limits).unwrap_or_else(|why| {
            tracing::warn!(why, "sessions are lost: everybody has to log in again");
            Sessions::new(limits)
        });
        let authority =
            Authority::new(sessions, &mut SystemRandom).map_err(|e| format!("accounts: {e}"))?;
        let access = Arc::new(Self {
            authority: Mutex::new(authority),
            files,
            places: Places::new(),
            site: Site::new(base_url, &config.deployment, config.mode.name()),
            proxies: config.accounts.proxies.clone(),
            login_to_view: config
                .accounts
                .require_login_to_view
                .unwrap_or(config.gate.most_approvals() > 0),
            asked: usize::from(config.gate.most_approvals()),
            board,
            clock,
            counters: Counters::default(),
        });
        access.look();
        access.warn_of_approvers();
        let (accounts, approvers) = (access.accounts(), access.approvers());
        if accounts == 0 {
            tracing::info!(
                file = %access.file().path().display(),
                "there is no account yet, so nobody can log in; the first: watchfire account add NAME --role approver --config DIR"
            );
        } else {
            tracing::info!(accounts, approvers, "accounts");
        }
        Ok(access)
    }

    /// The accounts' file.
    pub const fn file(&self) -> &AccountsFile {
        &self.files.accounts
    }

    /// What the hub's cookies are called, and which pages are its own.
    pub const fn site(&self) -> &Site {
        &self.site
    }

    /// Whether state, events and metrics are only for those who have logged in.
    pub const fn login_to_view(&self) -> bool {
        self.login_to_view
    }

    /// How many accounts there are; 0, too, when they cannot be read.
    pub fn accounts(&self) -> usize {
        self.lock().register().map_or(0, |r| r.accounts().count())
    }

    /// How many accounts may approve and log in; 0, too, when the accounts cannot be read. A gate that wants more persons than this can only fall to
    /// its fail-safe.
    pub fn approvers(&self) -> usize {
        let may =
            |a: &&accounts::Account| !a.disabled && a.roles.permissions().has(Permission::Approve);
        self.lock()
            .register()
            .map_or(0, |r| r.accounts().filter(may).count())
    }

    /// How many persons the gate asks at most.
    pub const fn asked(&self) -> usize {
        self.asked
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.lock().sessions().len()
    }

    /// Who sends this request, which is an act of theirs. For everything that changes something, and for what a person asks for by hand.
    ///
    /// # Errors
    /// [`Refusal`], counted; [`Refusal::Nobody`] when no credentials are shown.
    pub fn authenticate(&self, method: &Method, headers: &HeaderMap) -> Result<Identity, Refusal> {
        self.identity(method, headers, true)
            .inspect_err(|refusal| self.counters.refused(*refusal))
    }

    /// Who may do this and sends this request.
    ///
    /// # Errors
    /// [`Refusal`], counted.
    pub fn authorize(
        &self,
        method: &Method,
        headers: &HeaderMap,
        permission: Permission,
    ) -> Result<Identity, Refusal> {
        let identity = self.authenticate(method, headers)?;
        if let Err(refusal) = identity.must(permission) {
            self.counters.refused(refusal);
            tracing::warn!(who = identity.actor(), %permission, "not allowed");
            return Err(refusal);
        }
        Ok(identity)
    }

    /// Who sends this request, without it counting as an act: what a page asks for by itself must not keep a session alive
    /// at a desk that nobody sits at.
    ///
    /// # Errors
    /// [`Refusal`], not counted.
    pub fn peek(&self, method: &Method, headers: &HeaderMap) -> Result<Identity, Refusal> {
        self.identity(method, headers, false)
    }

    fn identity(
        &self,
        method: &Method,
        headers: &HeaderMap,
        act: bool,
    ) -> Result<Identity, Refusal> {
        let credential = self
            .site
            .credential(&head(method, headers))?
            .ok_or(Refusal::Nobody)?;
        self.identify(&credential, act)
    }

    /// Who holds these credentials now.
    ///
    /// # Errors
    /// [`Refusal::Ended`], [`Refusal::Unavailable`].
    pub fn identify(&self, credential: &Credential, act: bool) -> Result<Identity, Refusal> {
        self.lock().identify(credential, act, now_us())
    }

    /// The address that a request comes from: the peer's, or the one that a proxy of ours names. Of a list, the last entry
    /// that is not one of our proxies: everything before it is the client's own word.
    pub fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.proxies.contains(&peer) {
            return peer;
        }
        let named: Vec<&[u8]> = headers
            .get_all(X_FORWARDED_FOR)
            .iter()
            .flat_map(|value| value.as_bytes().split(|c| *c == b','))
            .collect();
        for entry in named.into_iter().rev() {
            match std::str::from_utf8(entry).map(|text| text.trim().parse()) {
                Ok(Ok(address)) if self.proxies.contains(&address) => {}
                Ok(Ok(address)) => return address,
                _ => break,
            }
        }
        peer
    }

    fn lock(&self) -> MutexGuard<'_, Authority> {
        // Every change of it is whole before it could panic.
        self.authority
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The headers that matter for who somebody is.
pub fn head<'h>(method: &Method, headers: &'h HeaderMap) -> Head<'h> {
    let all = |name: HeaderName| {
        headers
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes())
            .collect()
    };
    Head {
        authorization: all(AUTHORIZATION),
        cookie: all(COOKIE),
        origin: all(ORIGIN),
        sec_fetch_site: all(SEC_FETCH_SITE),
        host: all(HOST),
        marked: headers.contains_key(MARK),
        safe: method.is_safe(),
    }
}

/// Log-ins and sessions go by the machine's clock: an exercise's may run a thousand times faster.
fn now_us() -> i64 {
    Clock::System.now_us()
}
