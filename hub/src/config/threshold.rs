//! Limits on what a station measures.

use std::time::Duration;

use serde::Deserialize;
use wire::quantity::Quantity;

/// Limits on one quantity.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The quantity.
    pub quantity: Quantity,
    /// Active above this value, in the quantity's unit.
    pub above: Option<f64>,
    /// Active below this value.
    pub below: Option<f64>,
    /// How far back over the limit the value must come to end it.
    #[serde(default)]
    pub hysteresis: f64,
    /// How long the value must stay beyond the limit.
    #[serde(default, with = "settings::duration")]
    pub min_duration: Duration,
    /// Active when the value changes faster than this, unit per second.
    pub max_rate: Option<f64>,
    /// CAP severity of the alert.
    #[serde(default)]
    pub severity: Severity,
    /// What the alert says, for example `Flood water on the road`; default: the quantity and the limit.
    pub text: Option<String>,
    /// Only tell the officers; issue nothing to the public.
    #[serde(default)]
    pub notify_only: bool,
}

/// CAP severities that a threshold may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Minimal to no known threat.
    Minor,
    /// Possible threat.
    #[default]
    Moderate,
    /// Significant threat.
    Severe,
    /// Extraordinary threat.
    Extreme,
}

impl Threshold {
    pub(super) fn check(&self, at: &str) -> Result<(), String> {
        signal::threshold::Threshold::new(self.limits())
            .map(|_| ())
            .map_err(|e| format!("{at}, threshold on {}: {e}", self.quantity.name()))
    }

    /// As the detector takes it.
    pub fn limits(&self) -> signal::threshold::Limits {
        signal::threshold::Limits {
            above: self.above,
            below: self.below,
            hysteresis: self.hysteresis,
            min_duration_us: self.min_duration.as_micros() as i64,
            max_rate_per_s: self.max_rate,
        }
    }
}
