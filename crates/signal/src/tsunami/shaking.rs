//! How much the record shakes, and how much of that may look slow.
//!
//! Seismic waves have periods of seconds; sampled once a minute they alias to any period, and a low-pass alone lets them
//! through. What betrays them is that minutes do not follow from each other. A line through the latest two
//! one-minute means is extrapolated: how far single samples miss it is the fast motion ([`Shaking::fast_m`]), how
//! far the next mean misses it is the roughness, the part that a low-pass over a few minutes cannot remove
//! ([`Shaking::leak_m`]). A tsunami of ten minutes is nearly straight there: its roughness is a ninth of its amplitude.
//!
//! Samples further apart than [`APART_S`] say nothing about shaking, and the levels fall with time.

use super::Change;
use libm::{exp, fabs, sqrt};

/// One mean covers at least this long, s (a minute, less the jitter of its samples).
pub(super) const MINUTE_S: f64 = 55.0;
/// Means further apart than this are not joined by a line, s.
const APART_S: f64 = 400.0;
/// How fast the levels fall when shaking ends, s.
const FALL_S: f64 = 300.0;
/// How many times the roughness may appear in the slow motion: the largest of a handful of independent minutes.
const LEAK: f64 = 2.5;

/// Time constant of the usual level of fast motion, s.
const USUAL_S: f64 = 6.0 * 3600.0;

/// For this long after shaking begins the roughness may not have seen it, s: three minutes must close.
const NEW_S: f64 = 3.0 * 60.0;

/// The direct wave train passes within about this time, s: at 3-4.5 km/s and 2,500 km distance 280 s plus the source.
const TRAIN_S: f64 = 900.0;

/// Level of the fast motion.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Shaking {
    limit_m: f64,
    cutoff_s: f64,
    latest_us: i64,
    step_s: f64,
    keep: f64,
    minute: Minute,
    /// Mean and centre (seconds before `minute.from_us`, negative) of the latest two minutes, older first.
    means: [(f64, f64); 2],
    known: u8,
    /// Mean square of the samples' deviation from the line, m2.
    fast2: f64,
    /// Mean square deviation of the next mean, normalised to one mean's own, m2.
    rough2: f64,
    /// `leak_m`, so that it costs nothing to ask.
    leak_m: f64,
    /// Its usual level, m2.
    usual2: f64,
    on: bool,
    new: bool,
    since_us: i64,
}

/// The minute being gathered.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Minute {
    from_us: i64,
    sum_m: f64,
    sum_s: f64,
    count: f64,
}

impl Shaking {
    /// Shaking is reported above `limit_m`; the slow motion is what passes a low-pass at `cutoff_s`.
    pub(super) fn new(limit_m: f64, cutoff_s: f64) -> Self {
        Self {
            limit_m,
            cutoff_s,
            latest_us: i64::MIN,
            step_s: 0.0,
            keep: 1.0,
            minute: Minute::default(),
            means: [(0.0, 0.0); 2],
            known: 0,
            fast2: 0.0,
            rough2: 0.0,
            leak_m: 0.0,
            usual2: 0.0,
            on: false,
            new: false,
            since_us: 0,
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Whether shaking began so lately that it may be the direct wave train.
    pub(super) fn is_new(&self) -> bool {
        self.new
    }

    /// Root mean square of the fast motion now, m.
    pub(super) fn fast_m(&self) -> f64 {
        sqrt(self.fast2)
    }

    /// Root mean square deviation of one-minute means from the line before them, m.
    pub(super) fn rough_m(&self) -> f64 {
        sqrt(self.rough2)
    }

    /// How much of it may appear in the slow motion, m.
    pub(super) fn leak_m(&self) -> f64 {
        self.leak_m
    }

    /// The tide's prediction moved: the past moves with it.
    pub(super) fn shift(&mut self, by_m: f64) {
        self.minute.sum_m += by_m * self.minute.count;
        self.means[0].0 += by_m;
        self.means[1].0 += by_m;
    }

    /// Takes a residual; tells when shaking begins.
    pub(super) fn step(&mut self, time_us: i64, residual_m: f64) -> Option<Change> {
        if self.latest_us == i64::MIN {
            self.latest_us = time_us;
            self.minute.from_us = time_us;
        }
        let step_s = time_us.saturating_sub(self.latest_us) as f64 * 1e-6;
        self.latest_us = time_us;
        if step_s != self.step_s {
            self.step_s = step_s;
            // Samples with equal times count as a second each.
            self.keep = exp(-step_s.max(1.0) / FALL_S);
        }
        let mut since_s = time_us.saturating_sub(self.minute.from_us) as f64 * 1e-6;
        if since_s >= MINUTE_S {
            self.close(since_s);
            self.minute = Minute {
                from_us: time_us,
                ..Minute::default()
            };
            since_s = 0.0;
        }
        self.minute.sum_m += residual_m;
        self.minute.sum_s += since_s;
        self.minute.count += 1.0;
        let deviation = self.deviation(since_s, residual_m);
        self.fast2 = self.keep * self.fast2 + (1.0 - self.keep) * deviation * deviation;
        let fast = sqrt(self.fast2);
        // What is usual for the sensor is not shaking.
        let limit2 = self.limit_m * self.limit_m;
        let bound2 = limit2.max(9.0 * self.usual2);
        self.usual2 += (step_s / USUAL_S).min(0.1) * (self.fast2.min(bound2) - self.usual2);
        let begun = !self.on && self.fast2 > bound2;
        self.on = begun || (self.on && self.fast2 > 0.25 * bound2);
        if begun {
            self.since_us = time_us;
        }
        self.leak_m = LEAK * sqrt(self.rough2);
        let lasted_s = time_us.saturating_sub(self.since_us) as f64 * 1e-6;
        self.new = self.on && lasted_s < TRAIN_S;
        if self.on && lasted_s < NEW_S {
            // Minutes have not shown it yet: take the fast motion as white noise through the low-pass.
            self.leak_m = self
                .leak_m
                .max(LEAK * fast * sqrt((step_s / self.cutoff_s).min(1.0)));
        }
        begun.then(|| Change::Shaking {
            since_us: time_us,
            peak_m: fabs(deviation),
        })
    }

    /// How far a value at `since_s` after the present minute's start misses the line, normalised to its own spread.
    fn deviation(&self, since_s: f64, value_m: f64) -> f64 {
        let [(older, older_s), (newer, newer_s)] = self.means;
        match self.known {
            0 => 0.0,
            _ if since_s - newer_s > APART_S => 0.0,
            1 => value_m - newer,
            _ => {
                let ratio = (since_s - newer_s) / (newer_s - older_s).max(1.0);
                let miss = value_m - newer - (newer - older) * ratio;
                miss / sqrt(1.0 + (1.0 + ratio) * (1.0 + ratio) + ratio * ratio)
            }
        }
    }

    fn close(&mut self, span_s: f64) {
        let Minute {
            sum_m,
            sum_s,
            count,
            ..
        } = self.minute;
        let (mean, centre_s) = (sum_m / count, sum_s / count);
        let keep = exp(-span_s / FALL_S);
        if span_s > APART_S {
            self.known = 0;
            self.fast2 *= keep;
            self.rough2 *= keep;
        }
        if self.known == 2 {
            let deviation = self.deviation(centre_s, mean);
            let square = deviation * deviation;
            // Rises at once, falls slowly.
            self.rough2 = (keep * self.rough2 + (1.0 - keep) * square).max(0.5 * square);
        }
        self.means = [
            (self.means[1].0, self.means[1].1 - span_s),
            (mean, centre_s - span_s),
        ];
        self.known = (self.known + 1).min(2);
    }
}
