//! Frequency: limits and rate of change.
//!
//! The rate is Siegel's repeated median of the slopes between the readings of the window, the median over readings of the median slope
//! from each to the others: up to half of the readings less one may be wrong. With the four that are asked for, that is one.
//! (Siegel 1982, Biometrika 69:242.)
//!
//! A reading more than a fifth away from nominal is no frequency of a grid, whose relays have parted it long before: it is ignored.

use super::condition::{Condition, Rules, Told, above, below, farther, higher, lower};
use super::settings::Settings;

/// Readings that the rate is taken over, at most.
const MOST: usize = 8;
/// Readings that the rate needs.
const LEAST: usize = 4;
/// Readings closer than this give no slope, microseconds.
const SHORTEST_STEP_US: i64 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Frequency {
    low: Condition,
    high: Condition,
    rate: Condition,
    readings: [(i64, f64); MOST],
    len: usize,
}

/// What a reading changed: under, over, rate.
pub(super) type Changes = [Option<Told>; 3];

impl Frequency {
    pub(super) const IDLE: Self = Self {
        low: Condition::IDLE,
        high: Condition::IDLE,
        rate: Condition::IDLE,
        readings: [(0, 0.0); MOST],
        len: 0,
    };

    pub(super) fn is_plausible(hz: f64, settings: &Settings) -> bool {
        (hz / settings.nominal_hz - 1.0).abs() <= 0.2
    }

    pub(super) fn step(&mut self, time_us: i64, hz: f64, settings: &Settings) -> Changes {
        if !Self::is_plausible(hz, settings) {
            return [None; 3];
        }
        let (nominal, deviation) = (settings.nominal_hz, settings.frequency_deviation_hz);
        // A tenth of the limit: a grid that swings about it is told once.
        let back = deviation / 10.0;
        let rules = Rules {
            least_us: settings.frequency_least_us,
            sustained_us: i64::MAX,
            gap_us: settings.gap_us,
        };
        let low = self.low.step(
            time_us,
            below(hz, nominal - deviation, back),
            hz,
            lower,
            rules,
        );
        let high = self.high.step(
            time_us,
            above(hz, nominal + deviation, back),
            hz,
            higher,
            rules,
        );
        let rate = self
            .push(time_us, hz, settings.rate_window_us)
            .then(|| self.rate(settings.rate_hz_per_s / 2.0))
            .flatten()
            .and_then(|rate| {
                let rules = Rules {
                    least_us: 0,
                    ..rules
                };
                let limit = settings.rate_hz_per_s;
                let verdict = above(rate.abs(), limit, limit / 2.0);
                self.rate.step(time_us, verdict, rate, farther, rules)
            });
        [low, high, rate]
    }

    /// Whether the reading is a new one.
    fn push(&mut self, time_us: i64, hz: f64, window_us: i64) -> bool {
        let last = self.len.checked_sub(1).map(|at| self.readings[at].0);
        if let Some(last) = last {
            if time_us < last {
                // The clock was set back: what came before is on another scale.
                self.len = 0;
            } else if time_us.saturating_sub(last) < SHORTEST_STEP_US {
                return false;
            }
        }
        let old = self.readings[..self.len]
            .iter()
            .take_while(|r| time_us.saturating_sub(r.0) > window_us)
            .count()
            .max((self.len + 1).saturating_sub(MOST));
        self.readings.copy_within(old..self.len, 0);
        self.len -= old;
        self.readings[self.len] = (time_us, hz);
        self.len += 1;
        true
    }

    /// Rate of change, Hz/s; `None` while there are too few readings. What is at most `calm` is 0.
    fn rate(&self, calm: f64) -> Option<f64> {
        let readings = &self.readings[..self.len];
        if readings.len() < LEAST {
            return None;
        }
        // Every slope is a mean of those between neighbours, so that none is steeper than the steepest of these.
        let steep = |pair: &[(i64, f64)]| {
            (pair[1].1 - pair[0].1).abs() > calm * between_s(pair[0], pair[1])
        };
        if !readings.windows(2).any(steep) {
            return Some(0.0);
        }
        let mut medians = [0.0; MOST];
        for (i, a) in readings.iter().enumerate() {
            let mut slopes = [0.0; MOST];
            let mut n = 0;
            for (j, b) in readings.iter().enumerate() {
                if i != j {
                    slopes[n] = (b.1 - a.1) / between_s(*a, *b);
                    n += 1;
                }
            }
            medians[i] = median(&mut slopes[..n]);
        }
        Some(median(&mut medians[..readings.len()]))
    }
}

fn between_s(a: (i64, f64), b: (i64, f64)) -> f64 {
    b.0.saturating_sub(a.0) as f64 / 1e6
}

/// Median of a few finite numbers; the mean of the middle two of an even count.
fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}
