//! `[energy]` of a deployment and `[station.energy]` of a station.

use std::time::Duration;

use serde::Deserialize;

/// What holds for every meter, and what makes an outage. Meters are judged only where this table is there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Energy {
    /// Nominal voltage, V.
    pub nominal_v: f64,
    /// Nominal frequency, Hz.
    pub nominal_hz: f64,
    /// Frequency limits: this far from nominal, Hz.
    pub frequency_deviation_hz: f64,
    /// Rate of change of the frequency, Hz/s.
    pub frequency_rate_hz_per_s: f64,
    /// Rated current of a phase, A; without it and `rated_w` there is no overload.
    pub rated_a: Option<f64>,
    /// Rated active power of a meter, W; counts where no current is rated.
    pub rated_w: Option<f64>,
    /// Load that may flow for ever, as a multiple of the rating.
    pub overload: f64,
    /// Time constant of what the rating protects.
    #[serde(with = "settings::duration")]
    pub thermal: Duration,
    /// Imbalance of the phases' voltages, as a share of their mean; 0 for none.
    pub voltage_imbalance: f64,
    /// Imbalance of the phases' currents; 0 for none.
    pub current_imbalance: f64,
    /// Whether energy registers may run backwards.
    pub energy_may_fall: bool,
    /// When meters together are an outage.
    pub outage: Outage,
}

impl Default for Energy {
    fn default() -> Self {
        let meter = signal::power::Settings::default();
        Self {
            nominal_v: meter.nominal_v,
            nominal_hz: meter.nominal_hz,
            frequency_deviation_hz: meter.frequency_deviation_hz,
            frequency_rate_hz_per_s: meter.rate_hz_per_s,
            rated_a: None,
            rated_w: None,
            overload: meter.overload,
            thermal: Duration::from_micros(meter.thermal_us as u64),
            voltage_imbalance: meter.voltage_imbalance.unwrap_or_default(),
            current_imbalance: 0.0,
            energy_may_fall: false,
            outage: Outage::default(),
        }
    }
}

/// What one station has of its own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StationEnergy {
    /// See [`Energy::nominal_v`].
    pub nominal_v: Option<f64>,
    /// See [`Energy::nominal_hz`].
    pub nominal_hz: Option<f64>,
    /// See [`Energy::rated_a`].
    pub rated_a: Option<f64>,
    /// See [`Energy::rated_w`].
    pub rated_w: Option<f64>,
    /// See [`Energy::voltage_imbalance`].
    pub voltage_imbalance: Option<f64>,
    /// See [`Energy::current_imbalance`].
    pub current_imbalance: Option<f64>,
    /// See [`Energy::energy_may_fall`].
    pub energy_may_fall: Option<bool>,
}

/// When meters together are an outage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outage {
    /// Least meters of an outage; 2 at least, since one alone is a meter.
    pub least_meters: usize,
    /// Least evidence: a meter that reads no voltage counts 1, one that is merely silent a half.
    pub least_weight: f64,
    /// Least share of the meters within the outage's hull that are out.
    pub share: f64,
    /// Meters further apart than this are no neighbours, km.
    pub reach_km: f64,
    /// Neighbours that go out within this time go out together.
    #[serde(with = "settings::duration")]
    pub together: Duration,
    /// A meter is silent after this many of its usual intervals.
    pub silent_intervals: f64,
    /// And not before this time.
    #[serde(with = "settings::duration")]
    pub silent_least: Duration,
    /// Restored when this share of the meters that were out is back.
    pub restored: f64,
}

impl Default for Outage {
    fn default() -> Self {
        Self {
            least_meters: 3,
            least_weight: 2.0,
            share: 0.5,
            reach_km: 5.0,
            together: Duration::from_secs(15 * 60),
            silent_intervals: 4.0,
            silent_least: Duration::from_secs(2 * 60),
            restored: 0.8,
        }
    }
}

impl Energy {
    /// What a meter's detectors are told.
    pub fn meter(&self, own: Option<&StationEnergy>) -> signal::power::Settings {
        let none = StationEnergy::default();
        let own = own.unwrap_or(&none);
        let share = |v: f64| (v != 0.0).then_some(v);
        signal::power::Settings {
            nominal_v: own.nominal_v.unwrap_or(self.nominal_v),
            nominal_hz: own.nominal_hz.unwrap_or(self.nominal_hz),
            frequency_deviation_hz: self.frequency_deviation_hz,
            rate_hz_per_s: self.frequency_rate_hz_per_s,
            rated_a: own.rated_a.or(self.rated_a),
            rated_w: own.rated_w.or(self.rated_w),
            overload: self.overload,
            thermal_us: self.thermal.as_micros() as i64,
            voltage_imbalance: share(own.voltage_imbalance.unwrap_or(self.voltage_imbalance)),
            current_imbalance: share(own.current_imbalance.unwrap_or(self.current_imbalance)),
            energy_may_fall: own.energy_may_fall.unwrap_or(self.energy_may_fall),
            ..signal::power::Settings::default()
        }
    }

    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// What is wrong, with the key.
    pub fn check(&self) -> Result<(), String> {
        self.meter(None)
            .check()
            .map_err(|e| format!("[energy] {e}"))?;
        self.outage.check()
    }
}

impl Outage {
    fn check(&self) -> Result<(), String> {
        let fail = |what: String| Err(format!("[energy.outage] {what}"));
        let positive = |v: f64| v.is_finite() && v > 0.0;
        if self.least_meters < 2 {
            return fail(format!(
                "least_meters = {} must be 2 or more: one alone is a meter",
                self.least_meters
            ));
        }
        if !positive(self.least_weight) {
            return fail(format!(
                "least_weight = {} must be above 0",
                self.least_weight
            ));
        }
        for (key, value) in [("share", self.share), ("restored", self.restored)] {
            if !(value > 0.0 && value <= 1.0) {
                return fail(format!("{key} = {value} must be above 0 and at most 1"));
            }
        }
        if !(positive(self.reach_km) && self.reach_km <= 100.0) {
            return fail(format!(
                "reach_km = {} must be above 0 and at most 100",
                self.reach_km
            ));
        }
        if !(self.silent_intervals.is_finite() && self.silent_intervals >= 2.0) {
            return fail(format!(
                "silent_intervals = {} must be 2 or more: one late reading is no silence",
                self.silent_intervals
            ));
        }
        Ok(())
    }
}
