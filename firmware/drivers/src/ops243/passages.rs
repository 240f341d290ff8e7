//! From the radar's reports to passages: one vehicle gives several reports.
//!
//! A passage is a run of reports in one direction with no gap longer than [`Rules::gap_us`] and at least [`Rules::reports_min`] of
//! them (the radar's own counter asks for two as well). Its speed is the mean of its reports. It counts in the interval in which its
//! gap ended. Vehicles that follow each other closer than the gap are one passage: that makes flow a lower bound in dense traffic.

use crate::reading::reached;

/// What makes a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Silence that ends a passage, microseconds.
    pub gap_us: u64,
    /// Reports that a passage has at least; fewer are noise.
    pub reports_min: u16,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            gap_us: 500_000,
            reports_min: 2,
        }
    }
}

/// The passages of one direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passages {
    rules: Rules,
    open: Option<Open>,
    ended: Ended,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    last_us: u64,
    reports: u16,
    sum_kmh: f64,
}

/// Passages that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ended {
    pub(super) count: u32,
    /// Sum of their speeds.
    pub(super) sum_kmh: f64,
    /// Runs with too few reports.
    pub(super) noise: u32,
}

impl Passages {
    pub(super) const fn new(rules: Rules) -> Self {
        Self {
            rules,
            open: None,
            ended: Ended {
                count: 0,
                sum_kmh: 0.0,
                noise: 0,
            },
        }
    }

    pub(super) fn report(&mut self, now_us: u64, kmh: f64) {
        self.advance(now_us);
        let open = self.open.get_or_insert(Open {
            last_us: now_us,
            reports: 0,
            sum_kmh: 0.0,
        });
        open.last_us = now_us;
        // A run without end, such as a swaying tree, keeps its mean.
        if open.reports < u16::MAX {
            open.reports += 1;
            open.sum_kmh += kmh;
        }
    }

    fn advance(&mut self, now_us: u64) {
        if let Some(open) = self.open
            && reached(now_us, open.last_us.wrapping_add(self.rules.gap_us))
        {
            self.open = None;
            if open.reports >= self.rules.reports_min {
                self.ended.count = self.ended.count.saturating_add(1);
                self.ended.sum_kmh += open.sum_kmh / f64::from(open.reports.max(1));
            } else {
                self.ended.noise = self.ended.noise.saturating_add(1);
            }
        }
    }

    /// The passages that ended up to now and have not been taken.
    pub(super) fn take(&mut self, now_us: u64) -> Ended {
        self.advance(now_us);
        core::mem::take(&mut self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    #[test]
    fn reports_become_passages_by_their_gaps() {
        let mut passages = Passages::new(Rules::default());
        for (ms, kmh) in [
            (0, 50.0),
            (180, 52.0),
            (360, 54.0),
            // 500 ms of silence: the next vehicle.
            (860, 30.0),
            (1_000, 32.0),
            // Alone: noise.
            (3_000, 9.0),
        ] {
            passages.report(ms * MS, kmh);
        }
        assert_eq!(
            passages.take(3_100 * MS),
            Ended {
                count: 2,
                sum_kmh: 52.0 + 31.0,
                noise: 0
            }
        );
        assert_eq!(
            passages.take(3_500 * MS),
            Ended {
                count: 0,
                sum_kmh: 0.0,
                noise: 1
            }
        );
    }

    #[test]
    fn a_passage_counts_in_the_interval_in_which_it_ends() {
        let mut passages = Passages::new(Rules::default());
        passages.report(900 * MS, 50.0);
        passages.report(1_000 * MS, 50.0);
        assert_eq!(passages.take(1_000 * MS).count, 0);
        passages.report(1_200 * MS, 50.0);
        assert_eq!(passages.take(1_699 * MS).count, 0);
        assert_eq!(passages.take(1_700 * MS).count, 1);
        assert_eq!(passages.take(9_000 * MS).count, 0);
    }

    #[test]
    fn a_clock_that_wraps_ends_no_passage() {
        let start_us = u64::MAX - 100 * MS;
        let mut passages = Passages::new(Rules::default());
        for step in 0..5 {
            passages.report(start_us.wrapping_add(step * 100 * MS), 60.0);
        }
        assert_eq!(passages.take(start_us.wrapping_add(500 * MS)).count, 0);
        assert_eq!(passages.take(start_us.wrapping_add(901 * MS)).count, 1);
    }

    #[test]
    fn an_endless_run_keeps_its_mean() {
        let mut passages = Passages::new(Rules::default());
        for step in 0..70_000_u64 {
            passages.report(step * 100 * MS, 20.0);
        }
        let ended = passages.take(7_001_000 * MS);
        assert_eq!((ended.count, ended.sum_kmh), (1, 20.0));
    }
}
