//! Sessions of people, the devices they have logged in from, and when tokens were last used.
//!
//! All of it survives a restart of the hub: an officer who has to find a password at three in the morning, because the hub was
//! updated at two, is a delay of the warning, and the file holds hashes of secrets only, which open nothing. Who can write the file
//! can write the accounts, too.
//!
//! A **device** is a browser that somebody has logged in from. It may do nothing; it only tells the throttle that this is no
//! stranger ([`crate::Throttle`]).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::register::Generation;
use crate::{Account, Fingerprint, Name, NoRandom, Random, Register, Secret};

/// Version of the file.
const VERSION: u32 = 1;

/// Most sessions.
pub const SESSIONS_MAX: usize = 1_024;

/// Most sessions of one account; one more ends the one that was longest unused.
pub const SESSIONS_PER_ACCOUNT: usize = 8;

/// Most devices that an account is remembered at.
pub const DEVICES_PER_ACCOUNT: usize = 8;

/// A device is forgotten this long after the last log-in from it: 90 days.
pub(crate) const DEVICE_LIFE_US: i64 = 90 * 24 * 3_600 * 1_000_000;

/// Largest file, bytes; full it has about 600 KB.
const FILE_BYTES_MAX: usize = 4 << 20;

/// How exactly the last use of a session is written down: a crash makes it at most this much older, and the session shorter.
const SEEN_STEP_US: i64 = 60 * 1_000_000;

/// How exactly the last use of a token is known.
const USED_STEP_US: i64 = 3_600 * 1_000_000;

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without any act of its person. Default: an hour, as NIST SP 800-63B-4 has it for assurance level 2 (section 2.2.3).
    pub idle: Duration,
    /// After the password was entered. Default: 12 hours, a shift.
    pub absolute: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(3_600),
            absolute: Duration::from_secs(12 * 3_600),
        }
    }
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    sha256: Fingerprint,
    pub(crate) name: Name,
    generation: Generation,
    pub(crate) opened_us: i64,
    seen_us: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    sha256: Fingerprint,
    name: Name,
    generation: Generation,
    used_us: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    token: Name,
    used_us: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    sessions: Vec<Session>,
    devices: Vec<Device>,
    tokens: Vec<Used>,
}

/// All sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    limits: Limits,
    sessions: BTreeMap<Fingerprint, Session>,
    devices: BTreeMap<Fingerprint, Device>,
    used: BTreeMap<Name, i64>,
    changes: u64,
}

impl Sessions {
    /// None yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Reads what an earlier run wrote.
    ///
    /// # Errors
    /// Text that says what is wrong; go on with [`Sessions::new`], and everybody logs in again.
    pub fn parse(bytes: &[u8], limits: Limits) -> Result<Self, String> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(format!("larger than {FILE_BYTES_MAX} bytes"));
        }
        let file: File = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if file.version != VERSION {
            return Err(format!("version {} of the file", file.version));
        }
        if file.sessions.len() > SESSIONS_MAX
            || file.devices.len() > crate::ACCOUNTS_MAX * DEVICES_PER_ACCOUNT
            || file.tokens.len() > crate::TOKENS_MAX
        {
            return Err("more entries than there can be".to_owned());
        }
        Ok(Self {
            limits,
            sessions: file.sessions.into_iter().map(|s| (s.sha256, s)).collect(),
            devices: file.devices.into_iter().map(|d| (d.sha256, d)).collect(),
            used: file
                .tokens
                .into_iter()
                .map(|u| (u.token, u.used_us))
                .collect(),
            changes: 0,
        })
    }

    /// The file's bytes.
    pub fn write(&self) -> Vec<u8> {
        let file = File {
            version: VERSION,
            sessions: self.sessions.values().cloned().collect(),
            devices: self.devices.values().cloned().collect(),
            tokens: self
                .used
                .iter()
                .map(|(token, used_us)| Used {
                    token: token.clone(),
                    used_us: *used_us,
                })
                .collect(),
        };
        // Plain values with string keys: this cannot fail, and an empty file is refused when read.
        serde_json::to_vec(&file).unwrap_or_default()
    }

    /// Rises with everything that is worth writing down.
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// How many sessions there are, ended ones that nobody has asked for included.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there is no session.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// When a token was last used, to the hour, microseconds since the Unix epoch.
    pub fn token_used_us(&self, token: &Name) -> Option<i64> {
        self.used.get(token).copied()
    }

    pub(crate) fn open(
        &mut self,
        account: &Account,
        random: &mut dyn Random,
        now_us: i64,
    ) -> Result<Secret, NoRandom> {
        let secret = Secret::new(random)?;
        let limits = self.limits;
        self.sessions.retain(|_, s| s.lasts(limits, now_us));
        let of_account = |s: &Session| s.name == account.name;
        while self.sessions.values().filter(|s| of_account(s)).count() >= SESSIONS_PER_ACCOUNT {
            self.drop_longest_unused(of_account);
        }
        while self.sessions.len() >= SESSIONS_MAX {
            self.drop_longest_unused(|_| true);
        }
        let session = Session {
            sha256: secret.fingerprint(),
            name: account.name.clone(),
            generation: account.generation,
            opened_us: now_us,
            seen_us: now_us,
        };
        self.sessions.insert(session.sha256, session);
        self.changes += 1;
        Ok(secret)
    }

    fn drop_longest_unused(&mut self, of: impl Fn(&Session) -> bool) {
        let longest = self
            .sessions
            .values()
            .filter(|s| of(s))
            .min_by_key(|s| s.seen_us)
            .map(|s| s.sha256);
        if let Some(longest) = longest {
            self.sessions.remove(&longest);
        }
    }

    /// The session, if it lasts; with `act`, this is an act of its person.
    pub(crate) fn find(&mut self, secret: &Secret, act: bool, now_us: i64) -> Option<&Session> {
        let fingerprint = secret.fingerprint();
        if !self.sessions.get(&fingerprint)?.lasts(self.limits, now_us) {
            self.sessions.remove(&fingerprint);
            self.changes += 1;
            return None;
        }
        let session = self.sessions.get_mut(&fingerprint)?;
        if act && (now_us < session.seen_us || now_us - session.seen_us >= SEEN_STEP_US) {
            session.seen_us = now_us;
            self.changes += 1;
        }
        Some(session)
    }

    /// When a session ends at the latest, microseconds since the Unix epoch.
    pub(crate) fn expires_us(&self, opened_us: i64) -> i64 {
        opened_us.saturating_add(micros(self.limits.absolute))
    }

    pub(crate) fn close(&mut self, secret: &Secret) -> Option<Name> {
        let closed = self.sessions.remove(&secret.fingerprint())?;
        self.changes += 1;
        Some(closed.name)
    }

    /// Drops what the accounts do not bear out any more.
    pub(crate) fn retain(&mut self, register: &Register) {
        let stands = |name: &Name, generation: Generation| {
            register
                .account(name)
                .is_some_and(|a| !a.disabled && a.generation == generation)
        };
        let before = self.sessions.len() + self.devices.len() + self.used.len();
        self.sessions.retain(|_, s| stands(&s.name, s.generation));
        self.devices.retain(|_, d| stands(&d.name, d.generation));
        self.used
            .retain(|name, _| register.tokens().any(|token| token.name == *name));
        if self.sessions.len() + self.devices.len() + self.used.len() != before {
            self.changes += 1;
        }
    }

    /// Whether a session is one of this account as it is now.
    pub(crate) fn is_of(session: &Session, account: &Account) -> bool {
        session.name == account.name && session.generation == account.generation
    }

    /// Remembers a device that somebody has logged in from; gives it a secret of its own.
    pub(crate) fn remember(
        &mut self,
        account: &Account,
        random: &mut dyn Random,
        now_us: i64,
    ) -> Result<Secret, NoRandom> {
        let secret = Secret::new(random)?;
        self.devices
            .retain(|_, d| now_us.saturating_sub(d.used_us) < DEVICE_LIFE_US);
        loop {
            let of_account = self.devices.values().filter(|d| d.name == account.name);
            let (count, oldest) = of_account.fold((0, None::<&Device>), |(n, oldest), d| {
                let older = oldest.is_none_or(|o| d.used_us < o.used_us);
                (n + 1, if older { Some(d) } else { oldest })
            });
            match oldest.map(|d| d.sha256) {
                Some(oldest) if count >= DEVICES_PER_ACCOUNT => self.devices.remove(&oldest),
                _ => break,
            };
        }
        let device = Device {
            sha256: secret.fingerprint(),
            name: account.name.clone(),
            generation: account.generation,
            used_us: now_us,
        };
        self.devices.insert(device.sha256, device);
        self.changes += 1;
        Ok(secret)
    }

    /// Whether this account has logged in from the device that shows this secret.
    pub(crate) fn device(&self, secret: &Secret, name: &Name, now_us: i64) -> Option<Fingerprint> {
        let device = self.devices.get(&secret.fingerprint())?;
        (device.name == *name && now_us.saturating_sub(device.used_us) < DEVICE_LIFE_US)
            .then_some(device.sha256)
    }

    /// Another log-in from a device that is known.
    pub(crate) fn device_used(&mut self, device: Fingerprint, now_us: i64) {
        if let Some(device) = self.devices.get_mut(&device) {
            device.used_us = now_us;
            self.changes += 1;
        }
    }

    pub(crate) fn token_used(&mut self, token: &Name, now_us: i64) {
        let known = self.used.get(token).copied();
        if known.is_none_or(|at| now_us < at || now_us - at >= USED_STEP_US) {
            self.used.insert(token.clone(), now_us);
            self.changes += 1;
        }
    }
}

impl Session {
    fn lasts(&self, limits: Limits, now_us: i64) -> bool {
        // A clock that was set back must not end the sessions; one that was set back by hours lengthens them by that.
        now_us.saturating_sub(self.seen_us) < micros(limits.idle)
            && now_us.saturating_sub(self.opened_us) < micros(limits.absolute)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
