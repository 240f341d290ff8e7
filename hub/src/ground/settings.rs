//! `[shaking]` of a deployment.

use std::time::Duration;

use serde::Deserialize;
use signal::stalta::Settings;

/// When accelerometers shake, and how many of them make an earthquake likely.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shaking {
    /// Stations that must begin to shake together; at least 2: one alone is a lorry.
    pub stations: usize,
    /// Speed of the slowest wave that counts, km/s: from one station to another nothing takes longer than their distance at this speed.
    /// Surface waves and Lg travel at 3 to 4 km/s (Kulhanek 1990, Anatomy of Seismograms).
    pub slowest_km_s: f64,
    /// On top of it: what the beginnings of two stations' shaking are known by.
    #[serde(with = "settings::duration")]
    pub slack: Duration,
    /// Stations further apart than this are not held against each other, km.
    pub reach_km: f64,
    /// Time constant of the short-term average.
    #[serde(with = "settings::duration")]
    pub short: Duration,
    /// Time constant of the long-term average.
    #[serde(with = "settings::duration")]
    pub long: Duration,
    /// Ratio of the two above which a station shakes.
    pub on: f64,
    /// Ratio below which it does no longer.
    pub off: f64,
}

impl Default for Shaking {
    fn default() -> Self {
        let detector = Settings::default();
        Self {
            stations: 3,
            slowest_km_s: 3.0,
            slack: Duration::from_secs(5),
            reach_km: 500.0,
            short: Duration::from_secs_f64(detector.short_s),
            long: Duration::from_secs_f64(detector.long_s),
            on: detector.on,
            off: detector.off,
        }
    }
}

impl Shaking {
    /// As a station's detector takes it.
    pub fn detector(&self) -> Settings {
        Settings {
            short_s: self.short.as_secs_f64(),
            long_s: self.long.as_secs_f64(),
            on: self.on,
            off: self.off,
            ..Settings::default()
        }
    }

    /// The longest that a wave takes over a distance, with slack, microseconds.
    pub fn travel_us(&self, km: f64) -> i64 {
        (km / self.slowest_km_s * 1e6) as i64 + self.slack.as_micros() as i64
    }

    /// # Errors
    /// The key that makes no sense, and what would.
    pub fn check(&self) -> Result<(), String> {
        let fail = |what: String| Err(format!("[shaking] {what}"));
        let within = |v: f64, low: f64, high: f64| v >= low && v <= high;
        if self.stations < 2 {
            return fail(format!(
                "stations = {} must be 2 or more: one alone is a lorry",
                self.stations
            ));
        }
        for (key, value, low, high, unit) in [
            ("slowest_km_s", self.slowest_km_s, 0.2, 9.0, "km/s"),
            ("slack", self.slack.as_secs_f64(), 0.0, 60.0, "s"),
            ("reach_km", self.reach_km, 0.1, 2_000.0, "km"),
            ("short", self.short.as_secs_f64(), 0.01, 60.0, "s"),
            ("on", self.on, 1.1, 1e3, ""),
            ("off", self.off, 0.1, self.on, "(`on`)"),
        ] {
            if !within(value, low, high) {
                return fail(format!(
                    "{key} = {value} must lie between {low} and {high} {unit}"
                ));
            }
        }
        if !within(
            self.long.as_secs_f64(),
            2.0 * self.short.as_secs_f64(),
            3_600.0,
        ) {
            return fail("long must be at least twice `short`, and an hour at most".to_owned());
        }
        Ok(())
    }
}
