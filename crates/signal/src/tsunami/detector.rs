//! The detector's state machine: one sample in, one [`Step`] out.

use super::lowpass::Lowpass;
use super::settings::Settings;
use super::shaking::Shaking;
use super::spike::Guard;
use super::tide::Tide;
use super::{Change, Sign, Step};
use libm::{fabs, sqrt};

/// Noise assumed before anything is known, m.
const FIRST_NOISE_M: f64 = 0.01;
/// Noise below this is not believed, m: the resolution of deep pressure sensors in DART messages is 1 mm.
const LEAST_NOISE_M: f64 = 0.002;
/// Time constant of the noise estimate, s.
const NOISE_S: f64 = 6.0 * 3600.0;
/// One tide measurement is the mean of the samples over at least this long, s.
const BLOCK_S: f64 = 300.0;
/// The tide's prediction must be this many standard deviations better than the threshold.
const TIDE_FACTOR: f64 = 3.0;
/// An excursion to one side longer than this is no wave but a new level, s: half the longest tsunami period (1 h) three times over.
const RELEVEL_S: f64 = 5400.0;

/// A slow excursion to one side.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Excursion {
    sign: Sign,
    /// Estimated first motion.
    onset_us: i64,
    /// First sample beyond the threshold.
    since_us: i64,
    samples: u32,
    peak_m: f64,
    peak_us: i64,
}

/// A confirmed tsunami under way.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Event {
    amplitude_m: f64,
    time_us: i64,
    period_s: Option<f64>,
    /// What the caller knows of it.
    told_m: f64,
    told_period: bool,
    quiet_since_us: i64,
}

/// A stretch of one sign of the slow motion.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Half {
    positive: bool,
    from_us: i64,
    peak_m: f64,
    peak_us: i64,
}

/// Samples gathered for one tide measurement.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Block {
    sum_m: f64,
    sum_s: f64,
    count: f64,
}

/// Tells a tsunami from tide, shaking, spikes and noise. See the [module](super).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Detector {
    settings: Settings,
    first: [f64; 3],
    seen: u8,
    latest_us: i64,
    tide: Tide,
    tide_us: i64,
    block: Block,
    guard: Guard,
    lowpass: Lowpass,
    shaking: Shaking,
    slow_m: f64,
    noise2: f64,
    watched_s: f64,
    calm_us: i64,
    excursion: Option<Excursion>,
    event: Option<Event>,
    half: Option<Half>,
}

impl Detector {
    /// A detector that knows nothing of its station yet. Settings that make no sense fall back to their defaults.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let settings = settings.sane();
        Self {
            settings,
            first: [0.0; 3],
            seen: 0,
            latest_us: i64::MIN,
            tide: Tide::new(0.0),
            tide_us: 0,
            block: Block::default(),
            guard: Guard::default(),
            lowpass: Lowpass::new(settings.shaking_period_s),
            shaking: Shaking::new(settings.shaking_m),
            slow_m: 0.0,
            noise2: FIRST_NOISE_M * FIRST_NOISE_M,
            watched_s: 0.0,
            calm_us: 0,
            excursion: None,
            event: None,
            half: None,
        }
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a confirmed tsunami is under way.
    #[must_use]
    pub fn in_event(&self) -> bool {
        self.event.is_some()
    }

    /// Whether the latest samples shake.
    #[must_use]
    pub fn is_shaking(&self) -> bool {
        self.shaking.is_on()
    }

    /// Takes a sample. One that is not finite or older than the latest changes nothing and comes back as NaN residual; a caller
    /// that wants to count those compares times itself. Equal times are averaged.
    pub fn step(&mut self, time_us: i64, height_m: f64) -> Step {
        if !height_m.is_finite() || time_us < self.latest_us {
            return self.report(f64::NAN, time_us, None);
        }
        if self.seen < 3 {
            return self.start(time_us, height_m);
        }
        let dt_s = seconds(self.latest_us, time_us);
        self.latest_us = time_us;
        let residual_m = height_m - self.tide.predict(seconds(self.tide_us, time_us));
        let Some((held, good_m)) =
            self.guard
                .pass(dt_s, residual_m, self.slow_m, self.shaking.fast_m())
        else {
            return self.report(residual_m, time_us, None);
        };
        if let Some((held_dt_s, held_m)) = held {
            self.lowpass.step(held_dt_s, held_m);
        }
        let dt_s = self.guard.take_step();
        self.slow_m = self.lowpass.step(dt_s, good_m);
        let shook = self.shaking.step(time_us, good_m);
        self.gather(time_us, height_m);
        let change = self
            .decide(time_us)
            .or(if self.event.is_none() { shook } else { None });
        self.report(residual_m, time_us, change)
    }

    /// The first three samples only fix where the water stands: their median, so that one bad first sample costs nothing.
    fn start(&mut self, time_us: i64, height_m: f64) -> Step {
        self.first[usize::from(self.seen)] = height_m;
        self.seen += 1;
        self.latest_us = time_us;
        if self.seen == 3 {
            let [a, b, c] = self.first;
            self.tide = Tide::new(a.min(b).max(a.max(b).min(c)));
            self.tide_us = time_us;
            self.calm_us = time_us;
        }
        self.report(0.0, time_us, None)
    }

    fn report(&self, residual_m: f64, time_us: i64, change: Option<Change>) -> Step {
        let threshold_m = if self.seen < 3 {
            f64::INFINITY
        } else {
            self.threshold_m(time_us)
        };
        Step {
            residual_m,
            slow_m: self.slow_m,
            noise_m: self.noise_m(),
            threshold_m,
            change,
        }
    }

    fn noise_m(&self) -> f64 {
        sqrt(self.noise2).max(LEAST_NOISE_M)
    }

    fn threshold_m(&self, time_us: i64) -> f64 {
        let tide_m = self.tide.sigma_m(seconds(self.tide_us, time_us));
        let usual = self
            .settings
            .threshold_m
            .max(self.settings.noise_factor * self.noise_m())
            .max(TIDE_FACTOR * tide_m);
        usual + self.shaking.leak_m()
    }

    /// Feeds the tide with block means and the noise with what the blocks leave.
    fn gather(&mut self, time_us: i64, height_m: f64) {
        let after_s = seconds(self.tide_us, time_us);
        self.block.sum_m += height_m;
        self.block.sum_s += after_s;
        self.block.count += 1.0;
        if after_s < BLOCK_S {
            return;
        }
        let centre_s = self.block.sum_s / self.block.count;
        let mean_m = self.block.sum_m / self.block.count;
        self.block = Block::default();
        let noise_m = self.noise_m();
        let suspect = self.event.is_some() || self.excursion.is_some();
        let leak = self.shaking.leak_m() / noise_m;
        let distrust = if suspect { 10.0 } else { 1.0 } + leak;
        let centre_us = self.tide_us.saturating_add((centre_s * 1e6) as i64);
        let at_end = self.tide.predict(after_s);
        self.tide
            .measure(centre_s, after_s, mean_m, noise_m, distrust);
        self.tide_us = centre_us;
        // The past residuals were measured against the old prediction: move them along, so that no step is seen.
        let shift = at_end - self.tide.predict(seconds(centre_us, time_us));
        self.lowpass.shift(shift);
        self.slow_m += shift;
        self.shaking.shift(shift);
        if !suspect && leak < 1.0 {
            let tide_m = self.tide.sigma_m(0.0);
            let step_s = after_s.min(3600.0);
            self.watched_s += step_s;
            let share = step_s / NOISE_S.min(self.watched_s + 3600.0);
            let bound = 3.0 * noise_m;
            let square = (self.slow_m * self.slow_m).min(bound * bound);
            if tide_m < 3.0 * noise_m {
                self.noise2 += share * (square - self.noise2);
            }
        }
    }

    fn decide(&mut self, time_us: i64) -> Option<Change> {
        let size = fabs(self.slow_m);
        let sign = if self.slow_m >= 0.0 {
            Sign::Rise
        } else {
            Sign::Fall
        };
        let threshold = self.threshold_m(time_us);
        let delay_us = (self.lowpass.delay_s() * 1e6) as i64;
        if size <= self.noise_m().max(threshold / 8.0) {
            self.calm_us = time_us;
        }
        let finished = self.follow_half(time_us, delay_us);
        let beyond = size > threshold;
        match &mut self.excursion {
            Some(e) if e.sign == sign && beyond => {
                e.samples += 1;
                if size > e.peak_m {
                    e.peak_m = size;
                    e.peak_us = time_us.saturating_sub(delay_us);
                }
            }
            _ if beyond => {
                self.excursion = Some(Excursion {
                    sign,
                    onset_us: self
                        .calm_us
                        .max(self.half.map_or(i64::MIN, |h| h.from_us))
                        .saturating_sub(delay_us),
                    since_us: time_us,
                    samples: 1,
                    peak_m: size,
                    peak_us: time_us.saturating_sub(delay_us),
                });
            }
            _ => self.excursion = None,
        }
        let lasted_s = self.excursion.map_or(0.0, |e| seconds(e.since_us, time_us));
        if lasted_s > RELEVEL_S {
            self.relevel();
            return None;
        }
        let Some(event) = &mut self.event else {
            let e = self.excursion?;
            if lasted_s < self.settings.confirm_s || e.samples < 3 {
                return None;
            }
            self.event = Some(Event {
                amplitude_m: e.peak_m * sign.factor(),
                time_us: e.peak_us,
                period_s: None,
                told_m: 0.0,
                told_period: false,
                quiet_since_us: time_us,
            });
            return Some(Change::Onset {
                onset_us: e.onset_us,
                sign,
            });
        };
        if beyond {
            event.quiet_since_us = time_us;
        } else if seconds(event.quiet_since_us, time_us) >= self.settings.quiet_s {
            let Event {
                amplitude_m,
                time_us,
                quiet_since_us,
                ..
            } = *event;
            self.event = None;
            return Some(Change::End {
                amplitude_m,
                time_us,
                quiet_since_us,
            });
        }
        if size > fabs(event.amplitude_m) {
            event.amplitude_m = self.slow_m;
            event.time_us = time_us.saturating_sub(delay_us);
            event.period_s = None;
            event.told_period = false;
        }
        if let Some((half, until_us)) = finished
            && half.peak_m >= fabs(event.amplitude_m)
        {
            event.period_s = Some(2.0 * seconds(half.from_us, until_us));
        }
        let largest = fabs(event.amplitude_m);
        let grown =
            largest > 1.1 * event.told_m || (largest > event.told_m && size < 0.9 * largest);
        if grown || (event.period_s.is_some() && !event.told_period) {
            event.told_m = largest;
            event.told_period = event.period_s.is_some();
            return Some(Change::Growth {
                amplitude_m: event.amplitude_m,
                time_us: event.time_us,
                period_s: event.period_s,
            });
        }
        None
    }

    /// Follows stretches of one sign; returns the one that just ended and when.
    fn follow_half(&mut self, time_us: i64, delay_us: i64) -> Option<(Half, i64)> {
        let positive = self.slow_m >= 0.0;
        let size = fabs(self.slow_m);
        match &mut self.half {
            Some(half) if half.positive == positive => {
                if size > half.peak_m {
                    half.peak_m = size;
                    half.peak_us = time_us.saturating_sub(delay_us);
                }
                None
            }
            other => {
                let next = Half {
                    positive,
                    from_us: time_us,
                    peak_m: size,
                    peak_us: time_us.saturating_sub(delay_us),
                };
                let ended = other.replace(next);
                ended.map(|half| (half, time_us))
            }
        }
    }

    /// A lasting offset (a moved sensor, co-seismic uplift, a changed datum) becomes the new level.
    fn relevel(&mut self) {
        let by_m = self.slow_m;
        self.tide.relevel(by_m);
        self.lowpass.shift(-by_m);
        self.shaking.shift(-by_m);
        self.slow_m = 0.0;
        self.block = Block::default();
        self.excursion = None;
        self.half = None;
    }
}

/// Seconds from one time to another; times far apart saturate.
fn seconds(from_us: i64, to_us: i64) -> f64 {
    to_us.saturating_sub(from_us) as f64 * 1e-6
}
