//! When to measure: at multiples of the interval in UTC once the node knows it, evenly before.
//!
//! Stations that measure at the same instants can be compared without interpolation, and a replacement node goes on at
//! the same instants as its predecessor. Before UTC is known the instants are multiples of the interval after the first
//! sample. Changing over (UTC becomes known, rapid mode, another interval) never puts two samples closer together than
//! half an interval, and never skips more than one and a half.
//!
//! An instant at which nobody asked is missed and counted, not made up for: a burst of late samples would only look like
//! a fast sensor.

use crate::timer::reached;

/// The shortest interval, microseconds; anything below is taken for it.
const LEAST_US: u64 = 1_000;

/// Tells when the next sample is due. Owns no clock: the caller says what time it is.
#[derive(Debug, Default)]
pub struct Schedule {
    interval_us: u64,
    aligned: bool,
    /// The instant of the latest sample; `None` before the first.
    last_us: Option<u64>,
    due_us: u64,
    missed: u32,
}

impl Schedule {
    /// A schedule whose first sample is due at once.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            interval_us: 0,
            aligned: false,
            last_us: None,
            due_us: 0,
            missed: 0,
        }
    }

    /// Whether a sample is due at `mono_us`, at which UTC is `unix_us` if it is known, with the interval of now (see
    /// [`crate::Node::interval_us`]). Answers yes once for each instant: measure then.
    pub fn is_due(&mut self, mono_us: u64, unix_us: Option<i64>, interval_us: u64) -> bool {
        let interval_us = interval_us.max(LEAST_US);
        let Some(last_us) = self.last_us else {
            self.interval_us = interval_us;
            self.go_on(mono_us, mono_us, unix_us);
            return true;
        };
        let changed = interval_us != self.interval_us || unix_us.is_some() != self.aligned;
        // A due time never lies further ahead than this; if it does, the clock has jumped back.
        let absurd = !reached(mono_us, self.due_us)
            && self.due_us.wrapping_sub(mono_us) > interval_us.saturating_mul(2);
        if changed || absurd {
            self.interval_us = interval_us;
            let from_us = if absurd { mono_us } else { last_us };
            self.due_us = self.next_us(from_us, mono_us, unix_us);
            self.aligned = unix_us.is_some();
        }
        if !reached(mono_us, self.due_us) {
            return false;
        }
        let late = mono_us.wrapping_sub(self.due_us) / interval_us;
        self.missed = self
            .missed
            .saturating_add(u32::try_from(late).unwrap_or(u32::MAX));
        // The instant that this sample stands for, so that lateness does not add up.
        let instant_us = self.due_us.wrapping_add(late.wrapping_mul(interval_us));
        self.go_on(instant_us, mono_us, unix_us);
        true
    }

    /// The instant of the next sample on the monotonic clock, microseconds: sleep until then at most.
    #[must_use]
    pub const fn next_due_us(&self) -> u64 {
        self.due_us
    }

    /// Instants that passed without a sample, since the last call.
    pub const fn take_missed(&mut self) -> u32 {
        let missed = self.missed;
        self.missed = 0;
        missed
    }

    fn go_on(&mut self, instant_us: u64, mono_us: u64, unix_us: Option<i64>) {
        self.last_us = Some(instant_us);
        self.aligned = unix_us.is_some();
        self.due_us = self.next_us(instant_us, mono_us, unix_us);
    }

    /// The first instant that is at least half an interval after `last_us`, and not before now.
    fn next_us(&self, last_us: u64, mono_us: u64, unix_us: Option<i64>) -> u64 {
        let interval_us = self.interval_us;
        let least_us = last_us.wrapping_add(interval_us / 2);
        let next_us = match unix_us {
            Some(unix_us) => {
                let phase_us = unix_us.rem_euclid(interval_us as i64) as u64;
                mono_us.wrapping_add(interval_us - phase_us)
            }
            None => last_us.wrapping_add(interval_us),
        };
        if reached(next_us, least_us) {
            next_us
        } else {
            next_us.wrapping_add(interval_us)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const SECOND_US: u64 = 1_000_000;

    /// The instants at which a caller that looks every `step_us` is told to measure.
    fn instants(
        schedule: &mut Schedule,
        from_us: u64,
        steps: u64,
        step_us: u64,
        unix: impl Fn(u64) -> Option<i64>,
        interval: impl Fn(u64) -> u64,
    ) -> Vec<u64> {
        (0..steps)
            .map(|step| from_us.wrapping_add(step * step_us))
            .filter(|&mono_us| {
                let since_us = mono_us.wrapping_sub(from_us);
                schedule.is_due(mono_us, unix(since_us), interval(since_us))
            })
            .collect()
    }

    #[test]
    fn without_utc_it_is_even_and_lateness_does_not_add_up() {
        let mut schedule = Schedule::new();
        // Looks every 0.7 s, so it is up to 0.7 s late; across the wrap of the 64-bit clock.
        let start = u64::MAX - 5 * SECOND_US;
        let found = instants(
            &mut schedule,
            start,
            1_000,
            700_000,
            |_| None,
            |_| 2 * SECOND_US,
        );
        assert_eq!(found.len(), 350, "700 s at 2 s");
        for (index, at) in found.iter().enumerate() {
            let late = at
                .wrapping_sub(start)
                .checked_sub(index as u64 * 2 * SECOND_US);
            assert!(late.is_some_and(|late| late < 700_000), "{index} {late:?}");
        }
        assert_eq!(schedule.take_missed(), 0);
    }

    #[test]
    fn with_utc_it_keeps_to_the_multiples_whatever_the_clock_drifts() {
        for ppm in [-100i64, 0, 100] {
            let unix = |since: u64| {
                let since = since as i64;
                Some(1_267_254_842_300_000 + since - since * ppm / 1_000_000)
            };
            let mut schedule = Schedule::new();
            let found = instants(
                &mut schedule,
                77,
                300_000,
                10_000,
                |since| (since > 40 * SECOND_US).then(|| unix(since)).flatten(),
                |_| 15 * SECOND_US,
            );
            let aligned = found.iter().skip_while(|at| **at < 41 * SECOND_US);
            for at in aligned.clone() {
                // 100 ppm in 15 s, early or late, and up to 10 ms until the caller looks.
                let unix_us = unix(at - 77).expect("known");
                let off_us = (unix_us + 1_600).rem_euclid(15_000_000) - 1_600;
                assert!((-1_600..11_600).contains(&off_us), "{ppm} ppm: {off_us}");
            }
            assert!(aligned.count() >= 196, "3,000 s at 15 s, less the first 40");
            for pair in found.windows(2) {
                let step = pair[1] - pair[0];
                assert!((7_500_000..22_600_000).contains(&step), "{ppm} ppm {step}");
            }
            assert_eq!(schedule.take_missed(), 0);
        }
    }

    #[test]
    fn rapid_mode_starts_within_a_rapid_interval_and_ends_on_the_slow_grid() {
        let mut schedule = Schedule::new();
        let found = instants(
            &mut schedule,
            0,
            20_000,
            10_000,
            |since| Some(since as i64),
            |since| {
                if (62 * SECOND_US..90 * SECOND_US).contains(&since) {
                    SECOND_US
                } else {
                    15 * SECOND_US
                }
            },
        );
        let seconds: Vec<u64> = found.iter().map(|at| at / SECOND_US).collect();
        assert_eq!(seconds[..6], [0, 15, 30, 45, 60, 63]);
        assert!((63..90).all(|second| seconds.contains(&second)));
        assert!(seconds.ends_with(&[88, 89, 105, 120, 135, 150, 165, 180, 195]));
    }

    #[test]
    fn missed_instants_are_counted_and_not_made_up_for() {
        let mut schedule = Schedule::new();
        assert!(schedule.is_due(0, None, SECOND_US));
        assert!(
            schedule.is_due(4_300_000, None, SECOND_US),
            "1, 2, 3 missed"
        );
        assert!(!schedule.is_due(4_900_000, None, SECOND_US));
        assert!(schedule.is_due(5_000_000, None, SECOND_US));
        assert_eq!((schedule.take_missed(), schedule.take_missed()), (3, 0));
        assert_eq!(schedule.next_due_us(), 6_000_000);
    }

    #[test]
    fn a_clock_that_jumps_neither_stops_it_nor_makes_a_burst() {
        let mut schedule = Schedule::new();
        assert!(schedule.is_due(1 << 40, None, SECOND_US));
        assert!(!schedule.is_due(5, None, SECOND_US), "back by twelve days");
        assert!(schedule.is_due(5 + SECOND_US, None, SECOND_US));
        assert!(schedule.is_due(1 << 50, None, SECOND_US), "ahead by years");
        assert!(!schedule.is_due((1 << 50) + 1, None, SECOND_US));
        assert!(schedule.take_missed() > 1_000_000);
        // UTC set back by an hour: the next instant comes all the same.
        let utc = |mono: u64| Some(mono as i64 - 3_600_000_000);
        let base = (1 << 50) + 2;
        assert!((0..=15).any(|tenth| {
            let mono = base + tenth * 100_000;
            schedule.is_due(mono, utc(mono), SECOND_US)
        }));
    }

    #[test]
    fn an_interval_of_nothing_is_no_endless_loop() {
        let mut schedule = Schedule::new();
        let found = instants(&mut schedule, 0, 10_000, 1, |_| None, |_| 0);
        assert_eq!(found.len(), 10);
    }
}
