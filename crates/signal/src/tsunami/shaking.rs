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
use super::detector::{micros, seconds};
use libm::{expm1f, sqrtf};

/// One mean covers at least this long, s (a minute, less the jitter of its samples).
pub(super) const MINUTE_S: f32 = 55.0;
const MINUTE_US: i64 = micros(MINUTE_S);
/// Means further apart than this are not joined by a line, s.
const APART_S: f32 = 400.0;
/// How fast the levels fall when shaking ends, s.
const FALL_S: f32 = 300.0;
/// How many times the roughness may appear in the slow motion: the largest of a handful of independent minutes.
const LEAK: f32 = 2.5;

/// Time constant of the usual level of fast motion, s.
const USUAL_S: f32 = 6.0 * 3600.0;

/// For this long after shaking begins the roughness may not have seen it: three minutes must close.
const NEW_US: i64 = 180_000_000;

/// The direct wave train passes within about this time: at 3-4.5 km/s and 2,500 km distance 280 s plus the source.
const TRAIN_US: i64 = 900_000_000;

/// Mean squares below this are none, m2; it keeps them out of the slow smallest numbers.
const NOTHING: f32 = 1e-20;

/// Level of the fast motion.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Shaking {
    limit2: f32,
    cutoff_s: f32,
    latest_us: i64,
    step_us: i64,
    step_s: f32,
    /// What the level of the fast motion forgets over such a step, as a part of itself,
    fade: f32,
    /// and what its usual level does.
    fade_usual: f32,
    minute: Minute,
    /// Mean and centre (seconds before `minute.from_us`, negative) of the latest two minutes, older first.
    means: [(f32, f32); 2],
    known: u8,
    /// One over the time between their centres, 1/s.
    per_s: f32,
    /// Mean square of the samples' deviation from the line, m2.
    fast2: f32,
    /// Mean square deviation of the next mean, normalised to one mean's own, m2.
    rough2: f32,
    /// Its root,
    rough_m: f32,
    /// and `leak_m`, so that they cost nothing to ask.
    leak_m: f32,
    /// Its usual level, m2.
    usual2: f32,
    on: bool,
    new: bool,
    since_us: i64,
}

/// The minute being gathered.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Minute {
    from_us: i64,
    sum_m: f32,
    sum_s: f32,
    count: f32,
}

impl Shaking {
    /// Shaking is reported above `limit_m`; the slow motion is what passes a low-pass at `cutoff_s`.
    pub(super) fn new(limit_m: f64, cutoff_s: f64) -> Self {
        Self {
            limit2: (limit_m * limit_m) as f32,
            cutoff_s: cutoff_s as f32,
            latest_us: i64::MIN,
            step_us: -1,
            step_s: 0.0,
            fade: 0.0,
            fade_usual: 0.0,
            minute: Minute::default(),
            means: [(0.0, 0.0); 2],
            known: 0,
            per_s: 0.0,
            fast2: 0.0,
            rough2: 0.0,
            rough_m: 0.0,
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
    pub(super) fn fast_m(&self) -> f32 {
        sqrtf(self.fast2)
    }

    /// Root mean square deviation of one-minute means from the line before them, m.
    pub(super) fn rough_m(&self) -> f32 {
        self.rough_m
    }

    /// How much of it may appear in the slow motion, m.
    pub(super) fn leak_m(&self) -> f32 {
        self.leak_m
    }

    /// The tide's prediction moved: the past moves with it.
    pub(super) fn shift(&mut self, by_m: f32) {
        self.minute.sum_m += by_m * self.minute.count;
        self.means[0].0 += by_m;
        self.means[1].0 += by_m;
    }

    /// Takes a residual; tells when shaking begins.
    pub(super) fn step(&mut self, time_us: i64, residual_m: f32) -> Option<Change> {
        if self.latest_us == i64::MIN {
            self.latest_us = time_us;
            self.minute.from_us = time_us;
        }
        let step_us = time_us.saturating_sub(self.latest_us);
        self.latest_us = time_us;
        if step_us != self.step_us {
            self.step_us = step_us;
            self.step_s = seconds(0, step_us);
            // Samples with equal times count as a second each.
            self.fade = -expm1f(-self.step_s.max(1.0) / FALL_S);
            self.fade_usual = (self.step_s / USUAL_S).min(0.1);
        }
        let mut since_us = time_us.saturating_sub(self.minute.from_us);
        if since_us >= MINUTE_US {
            self.close(seconds(0, since_us));
            self.minute = Minute {
                from_us: time_us,
                ..Minute::default()
            };
            since_us = 0;
        }
        let since_s = seconds(0, since_us);
        self.minute.sum_m += residual_m;
        self.minute.sum_s += since_s;
        self.minute.count += 1.0;
        let square = self.square(since_s, residual_m);
        self.fast2 = (self.fast2 + self.fade * (square - self.fast2)).max(NOTHING);
        // What is usual for the sensor is not shaking.
        let bound2 = self.limit2.max(9.0 * self.usual2);
        self.usual2 += self.fade_usual * (self.fast2.min(bound2) - self.usual2);
        let begun = !self.on && self.fast2 > bound2;
        self.on = begun || (self.on && self.fast2 > 0.25 * bound2);
        if begun {
            self.since_us = time_us;
        }
        self.leak_m = LEAK * self.rough_m;
        self.new = false;
        if self.on {
            let lasted_us = time_us.saturating_sub(self.since_us);
            self.new = lasted_us < TRAIN_US;
            if lasted_us < NEW_US {
                // Minutes have not shown it yet: take the fast motion as white noise through the low-pass.
                let part = (self.step_s / self.cutoff_s).min(1.0);
                self.leak_m = self.leak_m.max(LEAK * sqrtf(self.fast2 * part));
            }
        }
        begun.then(|| Change::Shaking {
            since_us: time_us,
            peak_m: f64::from(sqrtf(square)),
        })
    }

    /// How far a value at `since_s` after the present minute's start misses the line, normalised to its own spread, squared, m2.
    fn square(&self, since_s: f32, value_m: f32) -> f32 {
        let [(older, _), (newer, newer_s)] = self.means;
        let away_s = since_s - newer_s;
        match self.known {
            0 => 0.0,
            _ if away_s > APART_S => 0.0,
            1 => (value_m - newer) * (value_m - newer),
            _ => {
                let ratio = away_s * self.per_s;
                let miss = value_m - newer - (newer - older) * ratio;
                miss * miss / (1.0 + (1.0 + ratio) * (1.0 + ratio) + ratio * ratio)
            }
        }
    }

    fn close(&mut self, span_s: f32) {
        let Minute {
            sum_m,
            sum_s,
            count,
            ..
        } = self.minute;
        let (mean, centre_s) = (sum_m / count, sum_s / count);
        let fade = -expm1f(-span_s / FALL_S);
        if span_s > APART_S {
            self.known = 0;
            self.fast2 *= 1.0 - fade;
            self.rough2 *= 1.0 - fade;
        }
        if self.known == 2 {
            let square = self.square(centre_s, mean);
            // Rises at once, falls slowly.
            self.rough2 = (self.rough2 + fade * (square - self.rough2)).max(0.5 * square);
        }
        self.rough2 = self.rough2.max(NOTHING);
        self.rough_m = sqrtf(self.rough2);
        self.means = [
            (self.means[1].0, self.means[1].1 - span_s),
            (mean, centre_s - span_s),
        ];
        self.per_s = 1.0 / (self.means[1].1 - self.means[0].1).max(1.0);
        self.known = (self.known + 1).min(2);
    }
}
