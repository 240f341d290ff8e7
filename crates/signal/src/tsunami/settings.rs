//! What a deployment may set. The defaults serve every station: deep-ocean pressure, tide gauge or buoy.

use crate::sane::positive_or as or;

/// Settings of [`super::Detector`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Settings {
    /// The threshold of the slow motion never goes below this, m. NOAA's DART uses 0.03 in deep water.
    pub threshold_m: f64,
    /// The threshold of the slow motion is this many times the station's noise.
    pub noise_factor: f64,
    /// A change within minutes never counts below this, m: six times the 1 mm resolution of DART messages.
    pub least_m: f64,
    /// A change within minutes is a wave beyond this many times what is usual at the station.
    pub front_factor: f64,
    /// How long the slow motion must stay beyond the threshold on one side, s.
    pub confirm_s: f64,
    /// Periods below this are shaking, s (half power).
    pub shaking_period_s: f64,
    /// Fast motion larger than this is reported as shaking, m.
    pub shaking_m: f64,
    /// A tsunami ends when the slow motion has stayed within the threshold for this long, s. DART event mode lasts 3-4 h.
    pub quiet_s: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threshold_m: 0.03,
            noise_factor: 4.0,
            least_m: 0.006,
            front_factor: 5.0,
            confirm_s: 150.0,
            shaking_period_s: 180.0,
            shaking_m: 0.02,
            quiet_s: 3.0 * 3600.0,
        }
    }
}

impl Settings {
    /// The same settings with every number that makes no sense (not finite, zero or negative) replaced by its default.
    #[must_use]
    pub fn sane(self) -> Self {
        let default = Self::default();
        Self {
            threshold_m: or(self.threshold_m, default.threshold_m),
            noise_factor: or(self.noise_factor, default.noise_factor),
            least_m: or(self.least_m, default.least_m),
            front_factor: or(self.front_factor, default.front_factor),
            confirm_s: or(self.confirm_s, default.confirm_s),
            shaking_period_s: or(self.shaking_period_s, default.shaking_period_s),
            shaking_m: or(self.shaking_m, default.shaking_m),
            quiet_s: or(self.quiet_s, default.quiet_s),
        }
    }
}
