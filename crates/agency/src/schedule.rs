//! When a feed is looked at next, and whether it is stale. Times are durations since the start; nothing here reads a clock.

use std::time::Duration;

use crate::{LEAST_INTERVAL, LONGEST_PAUSE};

/// When a feed is looked at next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    every: Duration,
    stale_after: Duration,
    next: Duration,
    answered: Duration,
    failures: u32,
}

impl Schedule {
    /// A feed that is looked at at once.
    #[must_use]
    pub fn new(every: Duration, stale_after: Duration, now: Duration) -> Self {
        Self {
            every,
            stale_after,
            next: now,
            answered: now,
            failures: 0,
        }
    }

    /// When to look next.
    #[must_use]
    pub fn next(&self) -> Duration {
        self.next
    }

    /// Failures in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The feed answered, with news or without.
    pub fn answered(&mut self, now: Duration) {
        self.failures = 0;
        self.answered = now;
        self.next = now + self.every;
    }

    /// It did not. Each failure in a row doubles the pause; a server that says how long to wait is obeyed.
    pub fn failed(&mut self, now: Duration, retry_after: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        let doubled = self.every.saturating_mul(1 << self.failures.min(16));
        // A feed that is looked at once an hour is not looked at more often for failing.
        let most = LONGEST_PAUSE.max(self.every);
        let wait = doubled
            .min(most)
            .max(retry_after.unwrap_or_default().min(most));
        self.next = now + wait.max(LEAST_INTERVAL);
    }

    /// For how long the feed has been silent, when that is too long.
    #[must_use]
    pub fn stale(&self, now: Duration) -> Option<Duration> {
        let silent = now.saturating_sub(self.answered);
        (silent >= self.stale_after).then_some(silent)
    }

    /// When the feed becomes stale if it does not answer before.
    #[must_use]
    pub fn stale_at(&self) -> Duration {
        self.answered + self.stale_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn failures_double_the_pause_and_an_answer_ends_it() {
        let mut schedule = Schedule::new(s(60), s(300), s(0));
        assert_eq!(schedule.next(), s(0));
        let mut now = s(0);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            schedule.failed(now, None);
            pauses.push((schedule.next() - now).as_secs());
            now = schedule.next();
        }
        assert_eq!(pauses, [120, 240, 480, 900, 900, 900, 900]);
        assert!(schedule.stale(now).is_some());
        schedule.answered(now);
        assert_eq!(schedule.next() - now, s(60));
        assert_eq!(schedule.stale(now + s(299)), None);
        assert_eq!(schedule.stale(now + s(300)), Some(s(300)));
    }

    #[test]
    fn a_server_is_obeyed_within_bounds() {
        let mut schedule = Schedule::new(s(10), s(60), s(0));
        schedule.failed(s(0), Some(s(400)));
        assert_eq!(schedule.next(), s(400));
        schedule.failed(s(0), Some(Duration::MAX));
        assert_eq!(schedule.next(), LONGEST_PAUSE);
    }
}
