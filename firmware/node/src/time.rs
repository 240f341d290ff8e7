//! The node's idea of UTC, from exchanges with the edge.
//!
//! The edge maps node time to UTC by itself; the node needs UTC only to refuse commands that have expired. Four time
//! stamps per exchange, as in NTP (RFC 5905, section 8): offset = ((t2 - t1) + (t3 - t4)) / 2, uncertain by half the
//! round trip. A reply that took more than twice as long as the one in use replaces it only when that one is old,
//! because a queued reply tells less than a fresh one of a minute ago. Replies to anything but the last request are
//! refused.

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
}

impl Exchange {
    /// Requests every `interval_us` (0: never), from `start_us` on; unanswered ones sooner, after `retry_us` backed off.
    pub(crate) const fn new(start_us: u64, interval_us: u64, retry_us: u64) -> Self {
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
        let better = self.fix.is_none_or(|old| {
            let old_enough = elapsed(t4_us, old.mono_us) > self.interval_us.saturating_mul(8);
            old_enough || round_trip_us <= old.round_trip_us.saturating_mul(2)
        });
        if better {
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
        assert!(exchange.reply(1_010, 99_000, 99_000, 1_400));
        assert_eq!(exchange.fix(), good);
        exchange.sent(9_000);
        assert!(exchange.reply(9_000, 20_000, 20_000, 9_400));
        assert_ne!(exchange.fix(), good);
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
