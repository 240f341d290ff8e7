//! Who may act, and for how long.

use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;

/// Most proxies that a deployment has.
const PROXIES_MAX: usize = 16;

/// Sessions and who may look. The accounts themselves are in the data directory, see `watchfire account`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// A session ends this long after the last act of its person.
    #[serde(with = "settings::duration")]
    pub idle: Duration,
    /// A session ends this long after the password was entered.
    #[serde(with = "settings::duration")]
    pub absolute: Duration,
    /// State, events and metrics only for those who have logged in; feeds and messages stay public. Unless it is said: where the gate asks
    /// somebody, for what the hub finds tells of warnings that nobody has let out.
    pub require_login_to_view: Option<bool>,
    /// Addresses of reverse proxies whose `X-Forwarded-For` is believed. Only those that set or append to it themselves.
    pub proxies: Vec<IpAddr>,
}

impl Default for Accounts {
    fn default() -> Self {
        let accounts::Limits { idle, absolute } = accounts::Limits::default();
        Self {
            idle,
            absolute,
            require_login_to_view: None,
            proxies: Vec::new(),
        }
    }
}

impl Accounts {
    pub(super) fn check(&self) -> Result<(), String> {
        const SHORTEST: Duration = Duration::from_secs(60);
        const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);
        if self.idle < SHORTEST || self.absolute < self.idle || self.absolute > LONGEST {
            return Err(format!(
                "[accounts] idle = \"{}\" must be at least 1m and at most absolute = \"{}\", and that at most 30d",
                settings::duration::format(self.idle),
                settings::duration::format(self.absolute)
            ));
        }
        if self.proxies.len() > PROXIES_MAX {
            return Err(format!(
                "[accounts] proxies: at most {PROXIES_MAX} addresses"
            ));
        }
        Ok(())
    }

    /// As the sessions take it.
    pub const fn limits(&self) -> accounts::Limits {
        accounts::Limits {
            idle: self.idle,
            absolute: self.absolute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_cannot_be_meant_are_refused() {
        let with = |idle_s, absolute_s| Accounts {
            idle: Duration::from_secs(idle_s),
            absolute: Duration::from_secs(absolute_s),
            ..Accounts::default()
        };
        assert_eq!(Accounts::default().check(), Ok(()));
        assert_eq!(with(60, 60).check(), Ok(()));
        for (idle_s, absolute_s) in [(59, 3_600), (7_200, 3_600), (3_600, 31 * 86_400)] {
            let why = with(idle_s, absolute_s).check().expect_err("refused");
            assert!(why.contains("[accounts] idle"), "{why}");
        }
        let crowd = Accounts {
            proxies: vec![IpAddr::from([192, 0, 2, 1]); 17],
            ..Accounts::default()
        };
        assert!(crowd.check().is_err());
    }
}
