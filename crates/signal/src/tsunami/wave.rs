//! One wave after another: excursions beyond the threshold, stretches on one side, and the event they make up.

use super::{Change, Sign};
use libm::fabsf;

/// Periods beyond this are not reported, s: what lasts longer is left-over tide.
const LONGEST_PERIOD_S: f32 = 2.0 * 3600.0;

/// "Of late", s: long against the rise of a wave, short against the tide.
const RECENT_S: f32 = 1800.0;

/// The slow motion beyond the threshold on one side.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Excursion {
    pub(super) sign: Sign,
    pub(super) since_us: i64,
    pub(super) samples: u32,
    /// Time spent there, each second weighted with how many thresholds the motion is.
    pub(super) weight_s: f32,
}

/// A stretch of the slow motion on one side, since the water was last calm or on the other side.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Half {
    pub(super) sign: Sign,
    pub(super) from_us: i64,
    /// Integral of the motion since then, m s.
    area: f32,
    peak_m: f32,
    peak_us: i64,
    /// The integral up to the peak.
    peak_area: f32,
    /// Where the motion was of late: it drifts with what the tide leaves.
    recent_m: f32,
}

/// A confirmed tsunami under way.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Event {
    amplitude_m: f32,
    time_us: i64,
    period_s: Option<f32>,
    /// What the caller knows of it.
    told_m: f32,
    told_period: bool,
    /// Observed time without a wave.
    quiet_us: i64,
    quiet_since_us: i64,
}

impl Half {
    /// Calm at a time.
    pub(super) fn at(time_us: i64) -> Self {
        Self {
            sign: Sign::Rise,
            from_us: time_us,
            area: 0.0,
            peak_m: 0.0,
            peak_us: time_us,
            peak_area: 0.0,
            recent_m: 0.0,
        }
    }

    /// Takes the motion at a time, `step_s` after the previous one. Within `calm_m` of where it was of late, and below
    /// `threshold_m`, it is calm.
    pub(super) fn follow(
        &mut self,
        time_us: i64,
        step_s: f32,
        slow_m: f32,
        calm_m: f32,
        threshold_m: f32,
    ) {
        let (sign, size) = (Sign::of(slow_m), fabsf(slow_m));
        let away_m = slow_m - self.recent_m;
        let calm = fabsf(away_m) <= calm_m && size <= threshold_m;
        self.recent_m += away_m * (step_s * (1.0 / RECENT_S)).min(1.0);
        if calm || self.sign != sign {
            *self = Self {
                sign,
                recent_m: self.recent_m,
                ..Self::at(time_us)
            };
            return;
        }
        self.area += size * step_s;
        if size > self.peak_m {
            self.peak_m = size;
            self.peak_us = time_us;
            self.peak_area = self.area;
        }
    }
}

impl Event {
    /// A wave confirmed at a time.
    pub(super) fn new(half: &Half, time_us: i64) -> Self {
        Self {
            amplitude_m: half.sign.times(half.peak_m),
            time_us: half.peak_us,
            period_s: None,
            told_m: 0.0,
            told_period: false,
            quiet_us: 0,
            quiet_since_us: time_us,
        }
    }

    /// Counts quiet time; returns how long it has been quiet, us.
    pub(super) fn quiet(&mut self, time_us: i64, quiet: bool, step_us: i64) -> i64 {
        if quiet {
            self.quiet_us = self.quiet_us.saturating_add(step_us);
        } else {
            self.quiet_since_us = time_us;
            self.quiet_us = 0;
        }
        self.quiet_us
    }

    /// The end, with what the event was.
    pub(super) fn end(&self) -> Change {
        let Self {
            amplitude_m,
            time_us,
            quiet_since_us,
            ..
        } = *self;
        Change::End {
            amplitude_m: f64::from(amplitude_m),
            time_us,
            quiet_since_us,
        }
    }

    /// Takes the present stretch into account, of which the motion now is `size`; says when there is something to tell.
    pub(super) fn grow(&mut self, half: &Half, size: f32, shortest_s: f64) -> Option<Change> {
        if half.peak_m > fabsf(self.amplitude_m) {
            self.amplitude_m = half.sign.times(half.peak_m);
            self.time_us = half.peak_us;
            self.period_s = None;
            self.told_period = false;
        }
        let largest = fabsf(self.amplitude_m);
        if self.period_s.is_none() && half.peak_us == self.time_us && size < 0.9 * largest {
            // The rise of a sine to its peak A has the area A T / (2 pi).
            let period_s = 2.0 * core::f32::consts::PI * half.peak_area / half.peak_m;
            self.period_s = (f64::from(period_s) >= shortest_s && period_s <= LONGEST_PERIOD_S)
                .then_some(period_s);
        }
        let grown = largest > 1.1 * self.told_m || (largest > self.told_m && size < 0.9 * largest);
        if grown || (self.period_s.is_some() && !self.told_period) {
            self.told_m = largest;
            self.told_period = self.period_s.is_some();
            let Self {
                amplitude_m,
                time_us,
                period_s,
                ..
            } = *self;
            return Some(Change::Growth {
                amplitude_m: f64::from(amplitude_m),
                time_us,
                period_s: period_s.map(f64::from),
            });
        }
        None
    }
}
