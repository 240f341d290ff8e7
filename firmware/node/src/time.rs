//! The node's idea of UTC, from exchanges with the edge.
//!
//! The edge maps node time to UTC by itself; the node needs UTC to refuse commands that have expired and to measure at the
//! same instants as its neighbours. Four time stamps per exchange, as in NTP (RFC 5905, section 8):
//! offset = ((t2 - t1) + (t3 - t4)) / 2, uncertain by half the round trip. A reply replaces the one in use when it is at
//! least as certain as that one is by now, or when that one is old. Replies to anything but the last request are refused.
//!
//! A reply that lies outside the bounds of both means that a clock was stepped, here or at the edge: it is counted, the
//! new reply is taken, and what was learnt of the oscillator is forgotten. Nothing that was measured is stamped anew.

use crate::drift::{Drift, Rate};
use crate::timer::{backed_off, elapsed, reached};

/// UTC as seen from the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Instant of the exchange on the node's clock, microseconds.
    pub mono_us: u64,
    /// Unix time at that instant, microseconds.
    pub unix_us: i64,
    /// Round trip of the exchange without the edge's own delay, microseconds; half of it bounds the error.
    pub round_trip_us: u64,
}

impl Fix {
    /// Unix time in microseconds at `mono_us`; the oscillator's drift since the fix is not known here.
    #[must_use]
    pub const fn unix_at(&self, mono_us: u64) -> i64 {
        self.unix_us
            .wrapping_add(mono_us.wrapping_sub(self.mono_us) as i64)
    }
}

/// The running exchange.
#[derive(Debug)]
pub(crate) struct Exchange {
    interval_us: u64,
    retry_us: u64,
    /// When the next request is due; `None` when exchanges are switched off.
    due_us: Option<u64>,
    /// Send time of the request whose reply is awaited.
    awaiting: Option<u64>,
    attempts: u32,
    fix: Option<Fix>,
    drift: Drift,
    /// Clock steps noticed, here or at the edge.
    steps: u32,
}

impl Exchange {
    /// Requests every `interval_us` (0: never), from `start_us` on; unanswered ones sooner, after `retry_us` backed off.
    pub(crate) fn new(start_us: u64, interval_us: u64, retry_us: u64) -> Self {
        let due_us = if interval_us == 0 {
            None
        } else {
            Some(start_us)
        };
        Self {
            interval_us,
            retry_us,
            due_us,
            awaiting: None,
            attempts: 0,
            fix: None,
            drift: Drift::default(),
            steps: 0,
        }
    }

    pub(crate) const fn deadline(&self) -> Option<u64> {
        self.due_us
    }

    pub(crate) fn is_due(&self, now_us: u64) -> bool {
        self.due_us.is_some_and(|at_us| reached(now_us, at_us))
    }

    pub(crate) const fn fix(&self) -> Option<Fix> {
        self.fix
    }

    /// The measured rate of the node's clock.
    pub(crate) fn rate(&self) -> Option<Rate> {
        self.drift.rate()
    }

    pub(crate) const fn steps(&self) -> u32 {
        self.steps
    }

    /// Unix time in microseconds at `mono_us`, corrected by the measured rate.
    pub(crate) fn unix_at(&self, mono_us: u64) -> Option<i64> {
        let fix = self.fix?;
        let since_us = mono_us.wrapping_sub(fix.mono_us) as i64;
        let ppb = self.drift.rate().map_or(0, |rate| i64::from(rate.ppb));
        // Milliseconds times parts per billion: no overflow, and off by less than a microsecond.
        let fast_us = (since_us / 1_000).saturating_mul(ppb) / 1_000_000;
        Some(fix.unix_at(mono_us).wrapping_sub(fast_us))
    }

    /// Bound of the error of [`Exchange::unix_at`], microseconds.
    pub(crate) fn uncertainty_us(&self, mono_us: u64) -> Option<u64> {
        let fix = self.fix?;
        let age_us = elapsed(mono_us, fix.mono_us);
        let drifted_us =
            (age_us / 1_000).saturating_mul(u64::from(self.drift.bound_ppb())) / 1_000_000;
        Some((fix.round_trip_us / 2).saturating_add(drifted_us))
    }

    /// Another interval between requests, from `now_us` on.
    pub(crate) fn set_interval(&mut self, interval_us: u64, now_us: u64) {
        if interval_us != self.interval_us {
            self.interval_us = interval_us;
            self.due_us = (interval_us > 0).then_some(now_us);
            self.attempts = 0;
        }
    }

    /// The node's own clock jumped: what was known of UTC is gone.
    pub(crate) fn clock_jumped(&mut self, now_us: u64) {
        self.steps = self.steps.saturating_add(1);
        self.fix = None;
        self.awaiting = None;
        self.drift.forget();
        self.restart(now_us);
    }

    pub(crate) const fn is_awaiting(&self) -> bool {
        self.awaiting.is_some()
    }

    /// A request went out at `now_us`.
    pub(crate) fn sent(&mut self, now_us: u64) {
        self.awaiting = Some(now_us);
        let wait_us =
            backed_off(self.retry_us, self.interval_us, self.attempts).min(self.interval_us);
        self.attempts = self.attempts.saturating_add(1);
        self.due_us = Some(now_us.wrapping_add(wait_us));
    }

    /// The link came back: ask at once.
    pub(crate) fn restart(&mut self, now_us: u64) {
        if self.due_us.is_some() {
            self.due_us = Some(now_us);
            self.attempts = 0;
        }
    }

    /// Takes a reply that arrived at `t4_us`; false when it answers nothing or cannot be true.
    pub(crate) fn reply(
        &mut self,
        t1_us: u64,
        t2_unix_us: i64,
        t3_unix_us: i64,
        t4_us: u64,
    ) -> bool {
        if self.awaiting != Some(t1_us) {
            return false;
        }
        let total_us = elapsed(t4_us, t1_us);
        let Some(round_trip_us) = t3_unix_us
            .checked_sub(t2_unix_us)
            .and_then(|at_edge_us| u64::try_from(at_edge_us).ok())
            .and_then(|at_edge_us| total_us.checked_sub(at_edge_us))
        else {
            return false;
        };
        self.awaiting = None;
        self.attempts = 0;
        self.due_us = Some(t4_us.wrapping_add(self.interval_us));
        // Both halves of the round trip taken as equal, the edge sent its reply half a round trip before t4.
        let fix = Fix {
            mono_us: t4_us,
            unix_us: t3_unix_us.saturating_add((round_trip_us / 2) as i64),
            round_trip_us,
        };
        // One microsecond each for the rounding of the two.
        let allowed_us = |known_us: u64| known_us.saturating_add(round_trip_us / 2 + 2);
        let stepped = self
            .unix_at(t4_us)
            .zip(self.uncertainty_us(t4_us))
            .is_some_and(|(expected_us, known_us)| {
                fix.unix_us.abs_diff(expected_us) > allowed_us(known_us)
            });
        if stepped {
            self.steps = self.steps.saturating_add(1);
            self.drift.forget();
        }
        let better = self.fix.is_none_or(|old| {
            let old_enough = elapsed(t4_us, old.mono_us) > self.interval_us.saturating_mul(8);
            let known_us = self.uncertainty_us(t4_us).unwrap_or(u64::MAX);
            old_enough || round_trip_us / 2 <= known_us
        });
        self.drift.learn(fix);
        if better || stepped {
            self.fix = Some(fix);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_yields_utc_within_half_the_round_trip() {
        let mut exchange = Exchange::new(0, 1_000_000, 100_000);
        assert!(exchange.is_due(0));
        exchange.sent(1_000);
        assert!(!exchange.is_due(100_999));
        assert!(exchange.is_due(101_000), "unanswered, so soon again");
        assert!(
            !exchange.reply(999, 0, 0, 2_000),
            "not the request in flight"
        );
        // 200 us there, 50 us at the edge, 200 us back.
        assert!(exchange.reply(1_000, 5_000_000, 5_000_050, 1_450));
        let fix = exchange.fix().expect("a reply came");
        assert_eq!(fix.round_trip_us, 400);
        assert_eq!(fix.unix_at(1_450), 5_000_250);
        assert_eq!(fix.unix_at(1_000), 4_999_800);
        assert_eq!(exchange.deadline(), Some(1_001_450));
    }

    #[test]
    fn a_slow_reply_replaces_a_good_one_only_when_that_is_old() {
        let mut exchange = Exchange::new(0, 1_000, 100);
        exchange.sent(0);
        assert!(exchange.reply(0, 10_000, 10_000, 10));
        let good = exchange.fix();
        exchange.sent(1_010);
        // 380 us there, 10 us back: within its bound, and worth less than what is known.
        assert!(exchange.reply(1_010, 11_385, 11_385, 1_400));
        assert_eq!(exchange.fix(), good);
        exchange.sent(9_000);
        assert!(exchange.reply(9_000, 19_200, 19_200, 9_400));
        assert_ne!(exchange.fix(), good);
        assert_eq!(exchange.steps(), 0);
    }

    /// Hours of exchanges with jitter: UTC stays within its stated bound, which shrinks once the rate is known.
    #[test]
    fn utc_stays_within_its_bound_at_any_drift() {
        const SECOND_US: u64 = 1_000_000;
        for (ppm, start_us) in [(-100i64, 0), (0, 7), (100, u64::MAX - 1_000 * SECOND_US)] {
            let truth = |mono_us: u64| {
                let since_us = mono_us.wrapping_sub(start_us) as i64;
                1_267_254_842_000_000 + since_us - since_us * ppm / 1_000_000
            };
            let mut exchange = Exchange::new(start_us, 64 * SECOND_US, SECOND_US / 2);
            for round in 0..300u64 {
                let t1_us = start_us.wrapping_add(round * 64 * SECOND_US);
                let (there_us, back_us) = ([900, 4_000, 1_500][round as usize % 3], 1_000);
                let at_edge_us = truth(t1_us.wrapping_add(there_us));
                exchange.sent(t1_us);
                let t4_us = t1_us.wrapping_add(there_us + back_us);
                assert!(exchange.reply(t1_us, at_edge_us, at_edge_us, t4_us));
                for later_s in [0, 30, 63] {
                    let mono_us = t4_us.wrapping_add(later_s * SECOND_US);
                    let known = exchange
                        .unix_at(mono_us)
                        .zip(exchange.uncertainty_us(mono_us));
                    let (unix_us, bound_us) = known.expect("a reply came");
                    let error_us = unix_us.abs_diff(truth(mono_us));
                    assert!(
                        error_us <= bound_us + 2,
                        "{ppm} ppm, {round}: {error_us} us of {bound_us} us"
                    );
                }
            }
            assert_eq!(exchange.steps(), 0, "{ppm} ppm is no step");
            let rate = exchange.rate().expect("five hours");
            assert!((i64::from(rate.ppb) - ppm * 1_000).abs() < 500, "{rate:?}");
        }
    }

    #[test]
    fn a_stepped_clock_is_noticed_and_followed() {
        const MINUTE_US: u64 = 60_000_000;
        let mut exchange = Exchange::new(0, MINUTE_US, 500_000);
        let mut ask = |minute: u64, offset_us: i64| {
            let t1_us = minute * MINUTE_US;
            let unix_us = offset_us + t1_us as i64 + 500;
            exchange.sent(t1_us);
            assert!(exchange.reply(t1_us, unix_us, unix_us, t1_us + 1_000));
            (exchange.unix_at(t1_us + 1_000), exchange.steps())
        };
        for minute in 0..100 {
            assert_eq!(
                ask(minute, 0),
                (Some((minute * MINUTE_US) as i64 + 1_000), 0)
            );
        }
        assert_eq!(ask(100, 2_000_000), (Some(6_000_000_000 + 2_001_000), 1));
        assert_eq!(ask(101, 2_000_000).1, 1, "followed");
        assert_eq!(exchange.rate().map(|rate| rate.ppb), Some(0), "a new scale");
    }

    #[test]
    fn refuses_replies_that_took_less_than_the_edge_says() {
        let mut exchange = Exchange::new(0, 1_000, 100);
        exchange.sent(0);
        assert!(!exchange.reply(0, 10, 30, 10));
        assert!(!exchange.reply(0, 30, 10, 10));
        assert!(!exchange.reply(0, i64::MIN, i64::MAX, 10));
        assert_eq!(exchange.fix(), None);
    }

    #[test]
    fn zero_interval_switches_it_off() {
        let mut exchange = Exchange::new(0, 0, 100);
        exchange.restart(5);
        assert!(!exchange.is_due(1 << 40));
    }
}
