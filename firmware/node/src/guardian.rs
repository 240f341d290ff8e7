//! Feeds the watchdog only while everything works: each task checks in, and one that does not stops the feeding.
//!
//! A watchdog that a timer feeds proves that the timer works. Here the board feeds it only when [`Guardian::feed`] says
//! so, which takes a check-in of every task since the last feeding. A task that stays away for longer than the limit
//! stops the feeding for good, even if it comes back: the hardware then resets the node, and the board keeps
//! [`Guardian::stalled`] in memory that survives the reset, so that the next health report names the culprit.

use crate::timer::elapsed;

/// Most tasks: one bit each in the health report.
pub const MAX_TASKS: usize = 8;

/// A task that must check in: its bit in the health report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task(u8);

impl Task {
    /// The number of its bit, from 0 in the order of registration.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Watches over the tasks of one board. Owns no clock and no hardware.
#[derive(Debug)]
pub struct Guardian {
    limit_us: u64,
    registered: u8,
    checked_in: u8,
    stalled: u8,
    fed_us: u64,
}

impl Guardian {
    /// A guardian that lets `limit_us` pass between two feedings; less than the hardware watchdog waits.
    #[must_use]
    pub const fn new(limit_us: u64, mono_us: u64) -> Self {
        Self {
            limit_us,
            registered: 0,
            checked_in: 0,
            stalled: 0,
            fed_us: mono_us,
        }
    }

    /// Another task to wait for; `None` when there are [`MAX_TASKS`] already.
    pub const fn register(&mut self) -> Option<Task> {
        let number = self.registered.trailing_ones() as u8;
        if number as usize >= MAX_TASKS {
            return None;
        }
        self.registered |= 1 << number;
        Some(Task(number))
    }

    /// The task works.
    pub const fn check_in(&mut self, task: Task) {
        self.checked_in |= 1 << task.0;
    }

    /// Whether to feed the watchdog now. Call it often: at least once in each limit.
    ///
    /// Without a registered task it says no: nothing would be proved.
    #[must_use]
    pub const fn feed(&mut self, mono_us: u64) -> bool {
        let away = self.registered & !self.checked_in;
        if elapsed(mono_us, self.fed_us) > self.limit_us {
            self.stalled |= away;
        }
        if away != 0 || self.stalled != 0 || self.registered == 0 {
            return false;
        }
        self.checked_in = 0;
        self.fed_us = mono_us;
        true
    }

    /// Tasks that stayed away for longer than the limit, a bit each. Not empty: the reset is coming.
    #[must_use]
    pub const fn stalled(&self) -> u8 {
        self.stalled
    }

    /// Tasks that have not checked in since the last feeding, a bit each.
    #[must_use]
    pub const fn awaited(&self) -> u8 {
        self.registered & !self.checked_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT_US: u64 = 4_000_000;

    #[test]
    fn feeds_only_when_all_have_checked_in_since() {
        let start = u64::MAX - 10;
        let at = |after: u64| start.wrapping_add(after);
        let mut guardian = Guardian::new(LIMIT_US, start);
        assert!(!guardian.feed(at(0)), "nobody to vouch for anything");
        let [sampler, link, main] = [(); 3].map(|()| guardian.register().expect("room"));
        assert_eq!(main.number(), 2);
        guardian.check_in(sampler);
        guardian.check_in(link);
        guardian.check_in(link);
        assert!(!guardian.feed(at(1_000_000)));
        assert_eq!(guardian.awaited(), 0b100);
        guardian.check_in(main);
        assert!(guardian.feed(at(1_500_000)));
        assert!(!guardian.feed(at(1_500_001)), "everybody again");
        assert_eq!((guardian.awaited(), guardian.stalled()), (0b111, 0));
    }

    #[test]
    fn one_that_stays_away_too_long_is_named_and_ends_it() {
        let mut guardian = Guardian::new(LIMIT_US, 0);
        let [sampler, link] = [(); 2].map(|()| guardian.register().expect("room"));
        for second in 0..10 {
            guardian.check_in(sampler);
            if second < 3 {
                guardian.check_in(link);
            }
            let fed = guardian.feed(second * 1_000_000);
            assert_eq!(fed, second < 3, "{second}");
        }
        assert_eq!(guardian.stalled(), 0b10);
        guardian.check_in(link);
        assert!(!guardian.feed(10_000_000), "it came back, too late");
        assert_eq!(guardian.stalled(), 0b10, "and is still named");
    }

    #[test]
    fn holds_eight_tasks() {
        let mut guardian = Guardian::new(LIMIT_US, 0);
        let tasks: std::vec::Vec<_> = (0..MAX_TASKS).filter_map(|_| guardian.register()).collect();
        assert_eq!(tasks.len(), MAX_TASKS);
        assert_eq!(guardian.register(), None);
        tasks.iter().for_each(|task| guardian.check_in(*task));
        assert!(guardian.feed(1));
    }
}
