//! How much the record shakes, and how much of that may look slow.
//!
//! Seismic waves have periods of seconds; sampled once a minute they alias to any period, and a low-pass alone lets them
//! through. What betrays them is that minutes do not follow from each other: the deviation of a one-minute mean
//! from the line through the two before it is large, while a tsunami of ten minutes is nearly straight there.

use super::Change;
use libm::{exp, fabs, sqrt};

/// One mean covers at least this long, s.
const MINUTE_S: f64 = 55.0;
/// Means further apart than this say nothing about shaking, s.
const APART_S: f64 = 400.0;
/// How fast the level falls when shaking ends, s.
const FALL_S: f64 = 300.0;
/// How many times the roughness may appear in the slow motion.
const LEAK: f64 = 2.0;

/// Level of the fast motion.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Shaking {
    limit_m: f64,
    from_us: i64,
    latest_us: i64,
    sum_m: f64,
    count: f64,
    /// Latest two means: value, and time of the newer and the step between them.
    means: [f64; 2],
    mean_us: i64,
    mean_step_s: f64,
    known: u8,
    previous_m: f64,
    /// Mean square roughness from minute to minute, m2.
    rough2: f64,
    /// Mean square of the jump from sample to sample (at most a minute apart), m2.
    jump2: f64,
    /// Usual level of that, m2.
    usual2: f64,
    on: bool,
    told: bool,
    since_us: i64,
    peak_m: f64,
}

impl Shaking {
    pub(super) fn new(limit_m: f64) -> Self {
        Self {
            limit_m,
            from_us: i64::MIN,
            latest_us: i64::MIN,
            sum_m: 0.0,
            count: 0.0,
            means: [0.0; 2],
            mean_us: 0,
            mean_step_s: 0.0,
            known: 0,
            previous_m: 0.0,
            rough2: 0.0,
            jump2: 0.0,
            usual2: 0.0,
            on: false,
            told: false,
            since_us: 0,
            peak_m: 0.0,
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Size of the fast motion now, m.
    pub(super) fn fast_m(&self) -> f64 {
        sqrt(self.jump2)
    }

    /// How much of it may appear in the slow motion, m.
    pub(super) fn leak_m(&self) -> f64 {
        LEAK * sqrt(self.rough2)
    }

    /// The tide's prediction moved: the past moves with it.
    pub(super) fn shift(&mut self, by_m: f64) {
        self.sum_m += by_m * self.count;
        self.means[0] += by_m;
        self.means[1] += by_m;
        self.previous_m += by_m;
    }

    pub(super) fn step(&mut self, time_us: i64, residual_m: f64) -> Option<Change> {
        if self.latest_us == i64::MIN {
            self.latest_us = time_us;
            self.from_us = time_us;
            self.previous_m = residual_m;
        }
        let dt_s = time_us.saturating_sub(self.latest_us) as f64 * 1e-6;
        self.latest_us = time_us;
        let jump = residual_m - self.previous_m;
        self.previous_m = residual_m;
        if dt_s <= APART_S {
            let keep = exp(-dt_s.max(1.0) / FALL_S);
            self.jump2 = keep * self.jump2 + (1.0 - keep) * jump * jump;
        }
        let span_s = time_us.saturating_sub(self.from_us) as f64 * 1e-6;
        if span_s >= MINUTE_S && self.count > 0.0 {
            self.close(span_s);
            self.from_us = time_us;
            self.sum_m = 0.0;
            self.count = 0.0;
        }
        self.sum_m += residual_m;
        self.count += 1.0;
        self.tell(time_us, jump)
    }

    fn close(&mut self, span_s: f64) {
        let mean = self.sum_m / self.count;
        let near = span_s <= APART_S;
        if !near {
            self.known = 0;
        } else if self.known >= 2 {
            let ratio = span_s / self.mean_step_s;
            let [older, newer] = self.means;
            let deviation = mean - newer - (newer - older) * ratio;
            let square =
                deviation * deviation / (1.0 + (1.0 + ratio) * (1.0 + ratio) + ratio * ratio);
            let keep = exp(-span_s / FALL_S);
            self.rough2 = (keep * self.rough2 + (1.0 - keep) * square).max(0.5 * square);
        }
        self.means = [self.means[1], mean];
        self.mean_step_s = span_s;
        self.known = (self.known + 1).min(2);
    }

    fn tell(&mut self, time_us: i64, jump: f64) -> Option<Change> {
        let fast = self.fast_m();
        if self.on {
            self.peak_m = self.peak_m.max(fabs(jump));
            if fast < 0.5 * self.limit_m {
                self.on = false;
            }
            return None;
        }
        if fast > self.limit_m {
            self.on = true;
            self.since_us = time_us;
            self.peak_m = fabs(jump);
            return Some(Change::Shaking {
                since_us: time_us,
                peak_m: self.peak_m,
            });
        }
        None
    }
}
