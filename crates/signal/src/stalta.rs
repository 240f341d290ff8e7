//! Shaking in a stream of ground motion: recursive STA/LTA, and coincidence over stations.
//!
//! The ratio of a short-term to a long-term average of the signal's energy (Allen 1978, Bulletin of the Seismological Society of
//! America 68(5), 1521-1532), both averages recursive (Withers et al. 1998, same journal 88(1), 95-106):
//!
//! `average += c (x^2 - average)`, `c = 1 - exp(-step / time constant)`
//!
//! - **Offset**: x is the sample behind a high-pass of one pole, since accelerometers stand in the Earth's gravity and digitisers have
//!   offsets; energy around the offset would hide everything.
//! - **Any sampling**: the coefficients follow each step's own length. A gap longer than the long window begins anew; a shorter one
//!   counts as one step.
//! - **Trigger**: on when the ratio has been above `on` for `min_duration_s`, off when it falls below `off`. While it is on, the
//!   long-term average stands still, or a long shaking would end its own trigger; but never longer than [`FROZEN_LONGS`] long windows.
//! - **Warm-up**: no trigger until one long window has been seen.
//! - Samples that are not finite, and times that do not go on, are ignored. Energy below [`LEAST`] is no energy: a dead sensor's
//!   ratio is 0, not 0/0.
//!
//! What it is for: to mark shaking and to wake sensors of the sea. It locates nothing and says no magnitude. One station's trigger may be
//! a lorry; [`Coincidence`] asks for several stations.

use crate::sane::positive_or as or;
use libm::{exp, fabs};

/// Energy below which there is none, square units: far below the square of one count or of a micrometre per second squared.
pub const LEAST: f64 = 1e-24;
/// After this many long windows of unbroken trigger the long-term average learns again: a sensor whose noise has changed for good
/// must not stay on for ever.
pub const FROZEN_LONGS: f64 = 10.0;
/// Largest magnitude of a sample that is believed: beyond it squares lose their meaning.
const LARGEST: f64 = 1e100;

/// Settings of [`StaLta`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Settings {
    /// Time constant of the short-term average, s: a few periods of the motion looked for.
    pub short_s: f64,
    /// Time constant of the long-term average, s.
    pub long_s: f64,
    /// Ratio above which shaking begins.
    pub on: f64,
    /// Ratio below which it ends, not above `on`.
    pub off: f64,
    /// How long the ratio must stay above `on`, s.
    pub min_duration_s: f64,
    /// Periods longer than this are taken for offset and drift, s.
    pub longest_period_s: f64,
}

impl Default for Settings {
    /// Local and regional earthquakes on short-period sensors and accelerometers: customary windows of 0.5 s and 10 s.
    fn default() -> Self {
        Self {
            short_s: 0.5,
            long_s: 10.0,
            on: 4.0,
            off: 1.5,
            min_duration_s: 0.1,
            longest_period_s: 2.0,
        }
    }
}

impl Settings {
    /// The same settings with every number that makes no sense replaced by its default.
    #[must_use]
    pub fn sane(self) -> Self {
        let default = Self::default();
        let short_s = or(self.short_s, default.short_s);
        let on = or(self.on, default.on);
        Self {
            short_s,
            long_s: or(self.long_s, default.long_s).max(2.0 * short_s),
            on,
            off: or(self.off, default.off).min(on),
            min_duration_s: if self.min_duration_s.is_finite() {
                self.min_duration_s.max(0.0)
            } else {
                default.min_duration_s
            },
            longest_period_s: or(self.longest_period_s, default.longest_period_s),
        }
    }
}

/// A change at one station.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Trigger {
    /// Shaking began.
    On {
        /// First sample above the threshold, microseconds.
        since_us: i64,
        /// The ratio when it was sure.
        ratio: f64,
    },
    /// Shaking is over.
    Off {
        /// When it began, microseconds.
        since_us: i64,
        /// Largest ratio of it.
        peak: f64,
    },
}

/// Weights of a new sample after a step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Parts {
    step_us: i64,
    offset: f64,
    short: f64,
    long: f64,
}

/// The detector of one channel: 160 bytes, which `tests/bytes.rs` holds.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StaLta {
    settings: Settings,
    latest_us: i64,
    /// The latest step between samples, and what it weighs in each average.
    parts: Parts,
    begun: bool,
    offset: f64,
    short: f64,
    long: f64,
    seen_s: f64,
    /// Above `on` since; not sure yet while `is_on` is false.
    since_us: Option<i64>,
    is_on: bool,
    on_s: f64,
    peak: f64,
}

impl StaLta {
    /// A detector that has seen nothing. Settings that make no sense fall back to their defaults.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: settings.sane(),
            latest_us: i64::MIN,
            parts: Parts::default(),
            begun: false,
            offset: 0.0,
            short: 0.0,
            long: 0.0,
            seen_s: 0.0,
            since_us: None,
            is_on: false,
            on_s: 0.0,
            peak: 0.0,
        }
    }

    /// Whether it shakes.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Short-term over long-term average; 0 where there is no energy.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        if self.long > LEAST && self.short > LEAST {
            self.short / self.long
        } else if self.short > LEAST && self.seen_s >= self.settings.long_s {
            // Out of perfect silence: as clear as it can be.
            f64::MAX
        } else {
            0.0
        }
    }

    /// Takes a sample; any unit, as long as it is one.
    pub fn step(&mut self, time_us: i64, value: f64) -> Option<Trigger> {
        let unusable = value.is_nan() || fabs(value) > LARGEST;
        if unusable || (self.begun && time_us <= self.latest_us) {
            return None;
        }
        let step_us = time_us.saturating_sub(self.latest_us);
        let step_s = step_us as f64 * 1e-6;
        if !self.begun || step_s > self.settings.long_s {
            return self.begin(time_us, value);
        }
        self.latest_us = time_us;
        if step_us != self.parts.step_us {
            self.parts = Parts {
                step_us,
                offset: part(step_s, self.settings.longest_period_s),
                short: part(step_s, self.settings.short_s),
                long: part(step_s, self.settings.long_s),
            };
        }
        let parts = self.parts;
        self.seen_s += step_s;
        self.offset += parts.offset * (value - self.offset);
        let energy = (value - self.offset) * (value - self.offset);
        // Plain means while less than a window has been seen: averages that begin at zero would be low for long, and ratios high.
        // After two windows a mean's weight is below the others, and the division is saved.
        let mean = if self.seen_s < 2.0 * self.settings.long_s {
            step_s / self.seen_s
        } else {
            0.0
        };
        self.short += parts.short.max(mean) * (energy - self.short);
        if !self.is_on || self.on_s > FROZEN_LONGS * self.settings.long_s {
            self.long += parts.long.max(mean) * (energy - self.long);
        }
        if self.seen_s < self.settings.long_s {
            return None;
        }
        self.decide(time_us, step_s)
    }

    /// From here on as if nothing had been before; a trigger ends.
    fn begin(&mut self, time_us: i64, value: f64) -> Option<Trigger> {
        let over = self.over();
        *self = Self {
            latest_us: time_us,
            begun: true,
            offset: value,
            ..Self::new(self.settings)
        };
        over
    }

    fn over(&mut self) -> Option<Trigger> {
        let since_us = self.since_us.take();
        let was_on = core::mem::replace(&mut self.is_on, false);
        since_us.filter(|_| was_on).map(|since_us| Trigger::Off {
            since_us,
            peak: self.peak,
        })
    }

    fn decide(&mut self, time_us: i64, step_s: f64) -> Option<Trigger> {
        let ratio = self.ratio();
        if self.is_on {
            self.on_s += step_s;
            self.peak = self.peak.max(ratio);
            return if ratio < self.settings.off {
                self.over()
            } else {
                None
            };
        }
        if ratio <= self.settings.on {
            self.since_us = None;
            return None;
        }
        let since_us = *self.since_us.get_or_insert(time_us);
        let lasted_s = time_us.saturating_sub(since_us) as f64 * 1e-6;
        if lasted_s < self.settings.min_duration_s {
            return None;
        }
        (self.is_on, self.on_s, self.peak) = (true, 0.0, ratio);
        Some(Trigger::On { since_us, ratio })
    }
}

/// The weight of a new sample in an average with this time constant.
fn part(step_s: f64, constant_s: f64) -> f64 {
    1.0 - exp(-step_s / constant_s)
}

/// Several stations shake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Together {
    /// The first of the triggers, microseconds.
    pub first_us: i64,
    /// Stations, one bit each, by the index they were given with.
    pub stations: u32,
}

/// Most stations of one [`Coincidence`].
pub const MOST_STATIONS: usize = 32;

/// Coincidence: at least `least` of up to [`MOST_STATIONS`] stations trigger within a window. Told once, when the number is reached;
/// again only after every trigger of it is older than the window.
///
/// The window is the time that the slowest wave that counts takes across the network.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Coincidence {
    least: u32,
    window_us: i64,
    triggered_us: [Option<i64>; MOST_STATIONS],
    told_us: Option<i64>,
}

impl Coincidence {
    /// At least `least` stations (2 if less is asked) within `window_us`.
    #[must_use]
    pub fn new(least: u32, window_us: i64) -> Self {
        Self {
            least: least.clamp(2, MOST_STATIONS as u32),
            window_us: window_us.max(0),
            triggered_us: [None; MOST_STATIONS],
            told_us: None,
        }
    }

    /// A station's trigger ([`Trigger::On`]'s `since_us`), in any order of arrival. Stations beyond [`MOST_STATIONS`] are ignored.
    pub fn trigger(&mut self, station: usize, since_us: i64) -> Option<Together> {
        let slot = self.triggered_us.get_mut(station)?;
        *slot = Some(slot.map_or(since_us, |t| t.max(since_us)));
        let near = |t: i64| t.saturating_sub(since_us).saturating_abs() <= self.window_us;
        let mut together = Together {
            first_us: since_us,
            stations: 0,
        };
        // Of the triggers round this one only those count that lie within one window with it as the last.
        for (k, t) in self.triggered_us.iter().enumerate() {
            if let Some(t) = t.filter(|t| near(*t) && *t <= since_us) {
                together.stations |= 1 << k;
                together.first_us = together.first_us.min(t);
            }
        }
        if together.stations.count_ones() < self.least {
            // The trigger came late and belongs before others that are known already.
            together = self.from(since_us);
        }
        if together.stations.count_ones() < self.least {
            return None;
        }
        let again = self
            .told_us
            .is_some_and(|told| together.first_us.saturating_sub(told) <= self.window_us);
        let newest = together.first_us.saturating_add(self.window_us);
        self.told_us = Some(self.told_us.map_or(newest, |t| t.max(newest)));
        (!again).then_some(together)
    }

    fn from(&self, first_us: i64) -> Together {
        let mut stations = 0;
        for (k, t) in self.triggered_us.iter().enumerate() {
            if t.is_some_and(|t| (0..=self.window_us).contains(&t.saturating_sub(first_us))) {
                stations |= 1 << k;
            }
        }
        Together { first_us, stations }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP_US: i64 = 20_000;

    fn noise(k: i64) -> f64 {
        // A hash, spread over -1..1.
        let x = (k as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / (1u64 << 23) as f64
            - 1.0
    }

    fn run(scale: f64, offset: f64, step_us: i64) -> std::vec::Vec<Trigger> {
        let mut detector = StaLta::new(Settings::default());
        let mut found = std::vec::Vec::new();
        for k in 0..60_000_000 / step_us {
            let t = k * step_us;
            let quake = if (30_000_000..34_000_000).contains(&t) {
                20.0
            } else {
                1.0
            };
            found.extend(detector.step(t, offset + scale * quake * noise(k)));
        }
        found
    }

    #[test]
    fn neither_scale_nor_offset_nor_sampling_matters() {
        for (scale, offset, step_us) in [
            (1.0, 0.0, STEP_US),
            (1e-6, 9.81, STEP_US),
            (1e6, -1e6, 5_000),
            (1.0, 0.0, 10_000),
        ] {
            let found = run(scale, offset, step_us);
            let [Trigger::On { since_us, .. }, Trigger::Off { .. }] = found[..] else {
                panic!("{scale} {offset} {step_us}: {found:?}")
            };
            assert!((30_000_000..30_400_000).contains(&since_us), "{since_us}");
        }
    }

    #[test]
    fn nonsense_changes_nothing() {
        let mut clean = StaLta::new(Settings::default());
        let mut dirty = clean.clone();
        for k in 0..2_000 {
            let t = k * STEP_US;
            let expected = clean.step(t, noise(k));
            assert_eq!(dirty.step(t, noise(k)), expected);
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
                assert_eq!(dirty.step(t + 1, bad), None);
            }
            assert_eq!(dirty.step(t, 1e9), None, "a time that does not go on");
        }
        assert_eq!(clean, dirty);
    }

    #[test]
    fn a_dead_sensor_is_silent_and_a_gap_begins_anew() {
        let mut detector = StaLta::new(Settings::default());
        for k in 0..5_000 {
            assert_eq!(detector.step(k * STEP_US, 7.0), None);
        }
        assert_eq!(detector.ratio(), 0.0);
        assert_eq!(detector.step(3_600_000_000, -1e6), None);
        assert!(!detector.is_on());
    }

    #[test]
    fn a_new_noise_level_does_not_stay_on_for_ever() {
        let mut detector = StaLta::new(Settings::default());
        for k in 0..25_000 {
            let factor = if k < 2_500 { 1.0 } else { 30.0 };
            detector.step(k * STEP_US, factor * noise(k));
        }
        assert!(!detector.is_on());
    }

    #[test]
    fn coincidence_needs_different_stations_within_the_window_and_is_told_once() {
        let mut together = Coincidence::new(3, 5_000_000);
        assert_eq!(together.trigger(0, 0), None);
        assert_eq!(together.trigger(0, 1_000_000), None, "one station twice");
        assert_eq!(together.trigger(1, 2_000_000), None);
        let told = together.trigger(2, 3_000_000).expect("three stations");
        assert_eq!((told.first_us, told.stations), (1_000_000, 0b111));
        assert_eq!(together.trigger(3, 4_000_000), None, "told already");
        assert_eq!(together.trigger(99, 4_000_000), None);
        for (k, since_us) in [(0, 60_000_000), (1, 66_000_000), (2, 72_000_000)] {
            assert_eq!(together.trigger(k, since_us), None, "too far apart");
        }
        // In any order of arrival.
        assert_eq!(together.trigger(4, 202_000_000), None);
        assert_eq!(together.trigger(5, 201_000_000), None);
        assert!(together.trigger(6, 200_000_000).is_some());
    }
}
