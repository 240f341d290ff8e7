//! Maps a node's monotonic clock to UTC, with an uncertainty.
//!
//! Purpose: a frame that says "node time m" and arrives at UTC instant `a` bounds the offset between the two clocks
//! from above: `a - m` is the true offset plus the delay on the way, and delay is never negative. So the smallest of
//! the recent bounds is the best one (Cristian 1989; NTP's clock filter, RFC 5905 section 10, does the same). Bounds
//! age: a crystal drifts, so each grows by `drift` times its age.
//!
//! Two kinds of bound: a **time request** leaves the node the moment it is made, so its delay is the line's alone. A
//! **data frame** may have waited in the node's ring for hours; it only serves until the first request arrives, and
//! what it maps is flagged uncertain.
//!
//! The uncertainty is the aged drift plus the median distance of the other bounds (the delay's variation, which
//! estimates the delay itself) plus [`FLOOR_US`]. The edge cannot see the return path, so a constant delay stays invisible to it;
//! the node's own estimate, which sees both ways, disciplines the node.
//!
//! Refuses: to read a clock. All instants are arguments.

use serde::{Deserialize, Serialize};

/// Bounds kept. With a request a minute, eight span the time in which temperature, hence drift, hardly moves.
const KEPT: usize = 8;

/// Smallest uncertainty ever claimed, microseconds: scheduling and buffering on the edge itself.
pub const FLOOR_US: i64 = 1_000;

/// Least time over which a drift can be told, microseconds.
pub const DRIFT_SPAN_US: i64 = 120_000_000;

/// A bound this far above the estimate, three times in a row, means that the edge's clock was stepped forward.
const STEP_US: i64 = 1_000_000;

/// An offset `UTC - node clock`, and when it was seen, both in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// UTC minus node clock, at most.
    pub offset_us: i64,
    /// UTC instant of the exchange.
    pub at_us: i64,
}

/// A node instant in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Microseconds since the Unix epoch.
    pub time_us: i64,
    /// One-sided: the true instant lies at most this much earlier or later. Microseconds.
    pub uncertainty_us: i64,
    /// False while no time request has been seen since the node's boot.
    pub exchanged: bool,
}

/// The mapping for one boot of one node.
#[derive(Clone, Debug, Default)]
pub struct Timebase {
    exchanges: Vec<Bound>,
    arrival: Option<Bound>,
    steps_suspected: u8,
    /// How often the edge's clock was found to have been stepped forward.
    pub steps: u64,
}

impl Timebase {
    /// Continues with what a previous process knew of this boot.
    pub fn restored(exchanges: Vec<Bound>) -> Self {
        Self {
            exchanges: exchanges.into_iter().rev().take(KEPT).rev().collect(),
            ..Self::default()
        }
    }

    /// The bounds to hand to [`Timebase::restored`] after a restart.
    pub fn exchanges(&self) -> &[Bound] {
        &self.exchanges
    }

    /// A time request made at node time `mono_us` arrived at UTC `arrival_us`.
    pub fn exchange(&mut self, mono_us: u64, arrival_us: i64, drift_ppm: i64) {
        let bound = Bound {
            offset_us: offset(mono_us, arrival_us),
            at_us: arrival_us,
        };
        if let Some((estimate, _)) = self.best(arrival_us, drift_ppm) {
            let stepped = bound.offset_us.saturating_sub(estimate) > STEP_US;
            self.steps_suspected = if stepped { self.steps_suspected + 1 } else { 0 };
            if self.steps_suspected == 3 {
                // Keep only what was seen after the step: the last two are still in the list.
                let kept = self.exchanges.len().saturating_sub(2);
                self.exchanges.drain(..kept);
                self.steps_suspected = 0;
                self.steps += 1;
            }
        }
        if self.exchanges.len() == KEPT {
            self.exchanges.remove(0);
        }
        self.exchanges.push(bound);
    }

    /// A data frame whose newest item was made at node time `mono_us` arrived at UTC `arrival_us`.
    pub fn arrived(&mut self, mono_us: u64, arrival_us: i64) {
        let bound = Bound {
            offset_us: offset(mono_us, arrival_us),
            at_us: arrival_us,
        };
        if self
            .arrival
            .is_none_or(|known| bound.offset_us < known.offset_us)
        {
            self.arrival = Some(bound);
        }
    }

    /// Node time `mono_us` in UTC, as known at `now_us`; `None` before any frame of this boot.
    pub fn map(&self, mono_us: u64, now_us: i64, drift_ppm: i64) -> Option<Stamp> {
        let (offset_us, uncertainty_us, exchanged) = match self.best(now_us, drift_ppm) {
            Some((offset_us, uncertainty_us)) => (offset_us, uncertainty_us, true),
            // How long the frame waited in the node is unknown; the sum of all waits is bounded by nothing we know.
            None => (self.arrival?.offset_us, i64::MAX, false),
        };
        let time_us = i64::try_from(mono_us)
            .unwrap_or(i64::MAX)
            .saturating_add(offset_us);
        Some(Stamp {
            time_us,
            uncertainty_us,
            exchanged,
        })
    }

    /// Uncertainty at `now_us`, microseconds; `None` before the first exchange.
    pub fn uncertainty_us(&self, now_us: i64, drift_ppm: i64) -> Option<i64> {
        self.best(now_us, drift_ppm)
            .map(|(_, uncertainty_us)| uncertainty_us)
    }

    /// UTC minus node clock as known at `now_us`, microseconds; `None` before the first exchange.
    pub fn offset_us(&self, now_us: i64, drift_ppm: i64) -> Option<i64> {
        let (offset_us, _) = self.best(now_us, drift_ppm)?;
        Some(offset_us)
    }

    /// How much the node's clock runs fast, parts per billion: the slope of the exchanges kept, by least squares. Delays that
    /// vary by a millisecond make an error of some 3,000. `None` unless three exchanges span [`DRIFT_SPAN_US`].
    pub fn drift_ppb(&self) -> Option<i64> {
        let (first, last) = (self.exchanges.first()?, self.exchanges.last()?);
        if self.exchanges.len() < 3 || last.at_us.saturating_sub(first.at_us) < DRIFT_SPAN_US {
            return None;
        }
        // Distances from the first one are small enough for doubles.
        let points = self.exchanges.iter().map(|bound| {
            let at = bound.at_us.saturating_sub(first.at_us) as f64;
            (at, bound.offset_us.saturating_sub(first.offset_us) as f64)
        });
        let count = self.exchanges.len() as f64;
        let (at_sum, offset_sum) = points
            .clone()
            .fold((0.0, 0.0), |(a, o), (at, offset)| (a + at, o + offset));
        let (at_mean, offset_mean) = (at_sum / count, offset_sum / count);
        let (above, below) = points.fold((0.0, 0.0), |(above, below), (at, offset)| {
            let at = at - at_mean;
            (above + at * (offset - offset_mean), below + at * at)
        });
        // A clock that runs fast gains on UTC: the offset falls.
        Some((-above / below * 1e9).round() as i64)
    }

    /// The bound that is lowest after ageing, and its uncertainty.
    fn best(&self, now_us: i64, drift_ppm: i64) -> Option<(i64, i64)> {
        let aged = |bound: &Bound| aged(bound, now_us, drift_ppm);
        let (at, best) = self
            .exchanges
            .iter()
            .enumerate()
            .min_by_key(|(_, bound)| bound.offset_us.saturating_add(aged(bound)))?;
        let mut distances: Vec<i64> = self
            .exchanges
            .iter()
            .enumerate()
            .filter(|&(other, _)| other != at)
            .map(|(_, bound)| {
                bound
                    .offset_us
                    .saturating_sub(best.offset_us)
                    .saturating_abs()
            })
            .collect();
        distances.sort_unstable();
        let spread = distances.get(distances.len() / 2).copied().unwrap_or(0);
        Some((
            best.offset_us,
            FLOOR_US.saturating_add(spread).saturating_add(aged(best)),
        ))
    }
}

fn aged(bound: &Bound, now_us: i64, drift_ppm: i64) -> i64 {
    now_us
        .saturating_sub(bound.at_us)
        .max(0)
        .saturating_mul(drift_ppm)
        / 1_000_000
}

fn offset(mono_us: u64, arrival_us: i64) -> i64 {
    arrival_us.saturating_sub(i64::try_from(mono_us).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH_US: i64 = 1_267_252_450_000_000; // an instant on 2010-02-27
    const DRIFT_PPM: i64 = 50;

    #[test]
    fn the_fastest_exchange_wins_and_the_others_tell_the_uncertainty() {
        let mut base = Timebase::default();
        for (at_s, delay_us) in [(0i64, 40_000), (60, 3_000), (120, 90_000), (180, 5_000)] {
            base.exchange(
                at_s as u64 * 1_000_000,
                EPOCH_US + at_s * 1_000_000 + delay_us,
                DRIFT_PPM,
            );
        }
        let stamp = base
            .map(200_000_000, EPOCH_US + 200_000_000, DRIFT_PPM)
            .unwrap();
        let error_us = stamp.time_us - (EPOCH_US + 200_000_000);
        assert_eq!(
            error_us, 5_000,
            "fresh and fast beats faster but old: 3 ms has aged by 7 ms"
        );
        assert!(
            stamp.exchanged && (error_us..100_000).contains(&stamp.uncertainty_us),
            "{stamp:?}"
        );
    }

    #[test]
    fn without_exchange_the_frame_that_waited_least_maps_and_nothing_is_certain() {
        let mut base = Timebase::default();
        assert_eq!(base.map(0, EPOCH_US, DRIFT_PPM), None);
        base.arrived(5_000_000, EPOCH_US + 65_000_000); // waited a minute
        base.arrived(66_000_000, EPOCH_US + 66_100_000);
        let stamp = base
            .map(66_000_000, EPOCH_US + 66_100_000, DRIFT_PPM)
            .unwrap();
        assert_eq!(
            (stamp.time_us, stamp.exchanged),
            (EPOCH_US + 66_100_000, false)
        );
        base.exchange(70_000_000, EPOCH_US + 70_002_000, DRIFT_PPM);
        let stamp = base
            .map(5_000_000, EPOCH_US + 71_000_000, DRIFT_PPM)
            .unwrap();
        assert_eq!(
            (stamp.time_us, stamp.exchanged),
            (EPOCH_US + 5_002_000, true)
        );
    }

    #[test]
    fn a_slow_crystal_is_followed_and_old_knowledge_grows_uncertain() {
        let mut base = Timebase::default();
        // The node loses 40 ppm: its offset grows by 40 us a second.
        for minute in 0..240i64 {
            let mono_us = minute * 60_000_000;
            base.exchange(
                mono_us as u64,
                EPOCH_US + mono_us + mono_us * 40 / 1_000_000 + 2_000,
                DRIFT_PPM,
            );
        }
        let mono_us = 240 * 60_000_000i64;
        let truth_us = EPOCH_US + mono_us + mono_us * 40 / 1_000_000;
        let now = base.map(mono_us as u64, truth_us, DRIFT_PPM).unwrap();
        assert!(
            (now.time_us - truth_us).abs() <= now.uncertainty_us,
            "{now:?} {truth_us}"
        );
        let drift_ppb = base.drift_ppb().unwrap();
        assert!((drift_ppb + 40_000).abs() < 10, "{drift_ppb}");
        let later = base
            .map(mono_us as u64, truth_us + 3_600_000_000, DRIFT_PPM)
            .unwrap();
        assert!(
            later.uncertainty_us >= 180_000,
            "an hour at 50 ppm is 180 ms: {later:?}"
        );
    }

    #[test]
    fn steps_of_the_edge_clock_are_followed_both_ways() {
        let mut base = Timebase::default();
        let step = |base: &mut Timebase, from: i64, jump_us: i64| {
            for second in from..from + 10 {
                let mono_us = second * 1_000_000;
                base.exchange(
                    mono_us as u64,
                    EPOCH_US + mono_us + 500 + jump_us,
                    DRIFT_PPM,
                );
            }
        };
        step(&mut base, 0, 0);
        step(&mut base, 10, -3_600_000_000);
        let stamp = base
            .map(20_000_000, EPOCH_US - 3_580_000_000, DRIFT_PPM)
            .unwrap();
        assert_eq!(stamp.time_us, EPOCH_US - 3_580_000_000 + 500);
        step(&mut base, 20, 7_200_000_000);
        let stamp = base
            .map(30_000_000, EPOCH_US + 7_230_000_000, DRIFT_PPM)
            .unwrap();
        assert_eq!(
            (stamp.time_us, base.steps),
            (EPOCH_US + 7_230_000_000 + 500, 1)
        );
    }

    #[test]
    fn absurd_numbers_saturate() {
        let mut base = Timebase::default();
        base.exchange(u64::MAX, i64::MIN, DRIFT_PPM);
        base.arrived(0, i64::MAX);
        assert!(base.map(u64::MAX, i64::MAX, i64::MAX).is_some());
    }
}
