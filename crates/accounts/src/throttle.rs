//! How fast passwords may be tried.
//!
//! Failures are counted by lane, and each lane waits longer after each one, up to a bound, and never for good:
//!
//! | lane    | who                                                       | free | then                 |
//! |---------|-----------------------------------------------------------|-----:|----------------------|
//! | device  | a browser that this account has logged in from before     |    5 | 1, 2, 4 ... 30 s     |
//! | name    | everybody else who tries this name, known or not          |   10 | 1, 2, 4 ... 60 s     |
//! | address | everybody else from this address (IPv6: this /64)         |    5 | 1, 2, 4 ... 300 s    |
//!
//! Whoever wants to keep an approver out during an event can heat the name's lane and that of an address, but not the approver's
//! own device's: that lane opens only to who holds its secret (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). At 60 s, half a
//! million guesses a year go through a name's lane, which a password of 15 characters that is not common stands by far.
//!
//! An attempt is counted before its password is looked at, so that a thousand at once are not all free. A success takes its own
//! count back and clears the lanes of its device and name, not that of its address: otherwise who has an account could try others
//! for ever. A lane is forgotten an hour after its last failure.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::{Fingerprint, Name};

/// Most lanes remembered; one more takes the place of the one that has failed least.
const LANES_MAX: usize = 4_096;

/// After how long without failure a lane is forgotten.
const FORGOTTEN_US: i64 = 3_600 * 1_000_000;

const SECOND_US: i64 = 1_000_000;

/// Where attempts are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// A device that the account has logged in from.
    Device(Fingerprint),
    /// A name, tried from anywhere else.
    Name(Name),
    /// An address, whatever name is tried.
    Address(u128),
}

impl Lane {
    /// The lane of an address: the address itself, or the /64 of an IPv6 address, which one household has whole.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::Address(v4.to_ipv6_mapped().to_bits()),
            IpAddr::V6(v6) => Self::Address(v6.to_bits() & !u128::from(u64::MAX)),
        }
    }

    /// Failures that cost nothing, and the longest wait.
    const fn rule(&self) -> (u32, i64) {
        match self {
            Self::Device(_) => (5, 30 * SECOND_US),
            Self::Name(_) => (10, 60 * SECOND_US),
            Self::Address(_) => (5, 300 * SECOND_US),
        }
    }
}

/// Too early: come back after this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts have failed; try again in {} s", .0.as_secs().max(1))]
pub struct Wait(pub Duration);

/// An attempt that is under way.
#[derive(Debug)]
#[must_use]
pub(crate) struct Counted(Vec<Lane>);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last_us: i64,
}

/// The failures of the last hour.
#[derive(Debug, Default)]
pub struct Throttle {
    lanes: HashMap<Lane, Failures>,
}

impl Throttle {
    /// Nobody has failed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many lanes are remembered.
    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Counts an attempt on all its lanes, if all are open. One that is refused is not counted: who waits is not made to wait longer by
    /// others who do not.
    pub(crate) fn begin(&mut self, lanes: Vec<Lane>, now_us: i64) -> Result<Counted, Wait> {
        let longest = lanes
            .iter()
            .map(|lane| self.wait_us(lane, now_us))
            .max()
            .unwrap_or(0);
        if longest > 0 {
            return Err(Wait(Duration::from_micros(longest.unsigned_abs())));
        }
        for lane in &lanes {
            self.count(lane, now_us);
        }
        Ok(Counted(lanes))
    }

    /// The password was right.
    pub(crate) fn succeeded(&mut self, counted: Counted) {
        for lane in counted.0 {
            match lane {
                Lane::Device(_) | Lane::Name(_) => {
                    self.lanes.remove(&lane);
                }
                Lane::Address(_) => self.take_back(&lane),
            }
        }
    }

    /// The password was never looked at.
    pub(crate) fn abandoned(&mut self, counted: Counted) {
        for lane in counted.0 {
            self.take_back(&lane);
        }
    }

    fn wait_us(&mut self, lane: &Lane, now_us: i64) -> i64 {
        let Some(failures) = self.lanes.get_mut(lane) else {
            return 0;
        };
        // A clock that was set back must not shut anybody out until it has caught up.
        failures.last_us = failures.last_us.min(now_us);
        let since_us = now_us - failures.last_us;
        if since_us >= FORGOTTEN_US {
            self.lanes.remove(lane);
            return 0;
        }
        let (free, longest_us) = lane.rule();
        let Some(beyond) = failures.count.checked_sub(free) else {
            return 0;
        };
        let wait_us = (SECOND_US << beyond.min(20)).min(longest_us);
        (wait_us - since_us).max(0)
    }

    fn count(&mut self, lane: &Lane, now_us: i64) {
        if !self.lanes.contains_key(lane) && self.lanes.len() >= LANES_MAX {
            self.lanes.retain(|_, f| now_us - f.last_us < FORGOTTEN_US);
            if self.lanes.len() >= LANES_MAX {
                let least = self
                    .lanes
                    .iter()
                    .min_by_key(|(_, f)| (f.count, f.last_us))
                    .map(|(lane, _)| lane.clone());
                if let Some(least) = least {
                    self.lanes.remove(&least);
                }
            }
        }
        let failures = self.lanes.entry(lane.clone()).or_insert(Failures {
            count: 0,
            last_us: now_us,
        });
        failures.count = failures.count.saturating_add(1);
        failures.last_us = now_us;
    }

    fn take_back(&mut self, lane: &Lane) {
        if let Some(failures) = self.lanes.get_mut(lane) {
            failures.count = failures.count.saturating_sub(1);
            if failures.count == 0 {
                self.lanes.remove(lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Lane {
        Lane::of(text.parse().expect("an address"))
    }

    fn name(text: &str) -> Lane {
        Lane::Name(Name::parse(text).expect("a name"))
    }

    /// Fails as often as the throttle lets it until `until_us`; gives how often that was.
    fn guess(throttle: &mut Throttle, lanes: &[Lane], from_us: i64, until_us: i64) -> u32 {
        let (mut at_us, mut tries) = (from_us, 0);
        while at_us < until_us {
            match throttle.begin(lanes.to_vec(), at_us) {
                Ok(_failed) => tries += 1,
                Err(Wait(wait)) => at_us += i64::try_from(wait.as_micros()).expect("short"),
            }
        }
        tries
    }

    const HOUR_US: i64 = 3_600 * SECOND_US;

    #[test]
    fn waits_double_up_to_their_bound_and_no_further() {
        let mut throttle = Throttle::new();
        let lane = [address("192.0.2.1")];
        for _ in 0..5 {
            let _ = throttle.begin(lane.to_vec(), 0).expect("free");
        }
        let mut at_us = 0;
        for expected_s in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let Err(Wait(wait)) = throttle.begin(lane.to_vec(), at_us) else {
                panic!("no wait of {expected_s} s");
            };
            assert_eq!(wait, Duration::from_secs(expected_s));
            at_us += i64::try_from(wait.as_micros()).expect("short");
            let _ = throttle.begin(lane.to_vec(), at_us).expect("waited");
        }
    }

    #[test]
    fn a_year_of_guessing_at_one_name_from_everywhere_is_half_a_million() {
        let mut throttle = Throttle::new();
        let day = guess(&mut throttle, &[name("ana")], 0, 24 * HOUR_US);
        assert!((1_440..=1_470).contains(&day), "{day}");
    }

    /// Somebody guesses at an approver's name from a hundred addresses all night; the approver comes from the usual browser.
    #[test]
    fn an_approver_is_not_kept_out_by_strangers() {
        let mut throttle = Throttle::new();
        for n in 0..100 {
            let lanes = [name("ana"), address(&format!("198.51.100.{n}"))];
            guess(
                &mut throttle,
                &lanes,
                n * HOUR_US / 100,
                (n + 1) * HOUR_US / 100,
            );
        }
        let device = Lane::Device(
            crate::Secret::parse(&"0".repeat(64))
                .expect("a secret")
                .fingerprint(),
        );
        let counted = throttle
            .begin(vec![device], HOUR_US)
            .expect("no wait at all");
        throttle.succeeded(counted);
        // And from a new one, after a minute at the most.
        let lanes = vec![name("ana"), address("203.0.113.9")];
        if let Err(Wait(wait)) = throttle.begin(lanes.clone(), HOUR_US) {
            assert!(wait <= Duration::from_secs(60), "{wait:?}");
            let after_us = HOUR_US + i64::try_from(wait.as_micros()).expect("short");
            assert!(throttle.begin(lanes, after_us).is_ok());
        }
    }

    #[test]
    fn a_thousand_attempts_at_once_are_not_all_free() {
        let mut throttle = Throttle::new();
        let lanes = vec![name("ana"), address("192.0.2.1")];
        let begun: Vec<_> = (0..1_000)
            .filter_map(|_| throttle.begin(lanes.clone(), 0).ok())
            .collect();
        assert_eq!(begun.len(), 5);
        // Those whose password was never looked at do not count.
        for counted in begun {
            throttle.abandoned(counted);
        }
        assert!(throttle.is_empty());
    }

    #[test]
    fn who_has_an_account_cannot_clear_the_way_for_guesses_at_others() {
        let mut throttle = Throttle::new();
        let here = address("192.0.2.1");
        let mut tries = 0;
        for _ in 0..100 {
            if let Ok(_failed) = throttle.begin(vec![name("ana"), here.clone()], 0) {
                tries += 1;
            }
            if let Ok(counted) = throttle.begin(vec![name("eve"), here.clone()], 0) {
                throttle.succeeded(counted);
            }
        }
        assert!(tries <= 5, "{tries}");
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out() {
        let mut throttle = Throttle::new();
        let lane = vec![address("192.0.2.1")];
        let tomorrow_us = 24 * HOUR_US;
        guess(&mut throttle, &lane, tomorrow_us, tomorrow_us + HOUR_US);
        let Wait(wait) = throttle.begin(lane.clone(), 0).expect_err("still hot");
        assert!(wait <= Duration::from_secs(300), "{wait:?}");
        let after_us = i64::try_from(wait.as_micros()).expect("short");
        assert!(throttle.begin(lane, after_us).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_those_who_failed_most_are_remembered() {
        let mut throttle = Throttle::new();
        let guesser = [address("192.0.2.1")];
        guess(&mut throttle, &guesser, 0, 60 * SECOND_US);
        for n in 0..3 * LANES_MAX as u128 {
            let _ = throttle.begin(vec![Lane::Address(n << 64)], 61 * SECOND_US);
        }
        assert_eq!(throttle.len(), LANES_MAX);
        assert!(throttle.begin(guesser.to_vec(), 61 * SECOND_US).is_err());
    }

    #[test]
    fn one_household_is_one_address() {
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }
}
