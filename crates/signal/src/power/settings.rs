//! What a meter's detectors are told. Only the nominal voltage and frequency, and ratings, depend on the place.

/// Settings of [`super::Meter`]. Times are microseconds, shares are of one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Settings {
    /// Nominal voltage between what the meter's voltages are measured between, V.
    pub nominal_v: f64,
    /// Nominal frequency, Hz.
    pub nominal_hz: f64,
    /// Below this share of the nominal voltage: interruption. IEEE 1159: 0.1.
    pub interruption_pu: f64,
    /// Below this share: sag. IEEE 1159: 0.9.
    pub sag_pu: f64,
    /// Above this share: swell. IEEE 1159: 1.1.
    pub swell_pu: f64,
    /// How far back the voltage must come, as a share of the nominal. IEC 61000-4-30 (assumed; its usual value): 0.02.
    pub hysteresis_pu: f64,
    /// Frequency limits: this far from nominal, Hz. EN 50160 (assumed): within 1 % for 99.5 % of a year.
    pub frequency_deviation_hz: f64,
    /// The frequency must stay beyond its limit for this long.
    pub frequency_least_us: i64,
    /// Rate of change, Hz/s, over [`Settings::rate_window_us`].
    pub rate_hz_per_s: f64,
    /// The rate is judged over readings of this long, four at least: at one reading every ten seconds there is none.
    pub rate_window_us: i64,
    /// Rated current of a phase, A.
    pub rated_a: Option<f64>,
    /// Rated active power of the meter, W.
    pub rated_w: Option<f64>,
    /// Time constant of what the rating protects.
    pub thermal_us: i64,
    /// Load, as a multiple of the rating, that may flow for ever. IEC 60898-1 (assumed): a breaker must hold 1.13 and open at 1.45.
    pub overload: f64,
    /// Imbalance of voltages, as the largest deviation from the mean over the mean.
    pub voltage_imbalance: Option<f64>,
    /// Imbalance of currents. Single-phase loads make large ones every day, so that there is no default.
    pub current_imbalance: Option<f64>,
    /// Imbalance must last this long.
    pub imbalance_least_us: i64,
    /// Readings of several phases or quantities within this time are of one moment.
    pub together_us: i64,
    /// Impossible combinations must last this long: registers of one poll are not read at one instant.
    pub fault_least_us: i64,
    /// A voltage that repeats to the last bit for this long is stuck.
    pub stuck_us: i64,
    /// Whether an energy register may run backwards, as net meters' do.
    pub energy_may_fall: bool,
    /// Readings further apart than this are a gap: what was between them is not known.
    pub gap_us: i64,
}

impl Default for Settings {
    fn default() -> Self {
        const SECOND: i64 = 1_000_000;
        Self {
            nominal_v: 230.0,
            nominal_hz: 50.0,
            interruption_pu: 0.1,
            sag_pu: 0.9,
            swell_pu: 1.1,
            hysteresis_pu: 0.02,
            frequency_deviation_hz: 0.5,
            frequency_least_us: 10 * SECOND,
            // Relays act on 1 to 2 Hz/s over half a second; over seconds a smaller mean is left of that.
            rate_hz_per_s: 0.5,
            rate_window_us: 10 * SECOND,
            rated_a: None,
            rated_w: None,
            thermal_us: 600 * SECOND,
            overload: 1.13,
            // ANSI C84.1: 3 % at the service entrance. EN 50160 has 2 % of negative sequence (assumed).
            voltage_imbalance: Some(0.03),
            current_imbalance: None,
            imbalance_least_us: 60 * SECOND,
            together_us: 2 * SECOND,
            fault_least_us: 60 * SECOND,
            stuck_us: 3_600 * SECOND,
            energy_may_fall: false,
            gap_us: 300 * SECOND,
        }
    }
}

/// Why settings were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsError {
    /// This setting must be a finite number above zero.
    NotPositive(&'static str),
    /// Interruption, sag and swell limits do not rise, or the hysteresis does not fit between them.
    Order,
    /// The frequency limit is not below a fifth of the nominal frequency.
    Frequency,
    /// The load that may flow for ever is not above the rating.
    Overload,
    /// An imbalance limit is not a share above zero and below two, the most that three numbers allow.
    Imbalance,
}

impl core::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotPositive(name) => write!(f, "{name} must be a number above 0"),
            Self::Order => f.write_str(
                "limits must rise with room for the hysteresis: interruption < sag < 1 < swell",
            ),
            Self::Frequency => {
                f.write_str("the frequency limit must be below a fifth of the nominal frequency")
            }
            Self::Overload => f.write_str("overload must be above 1, the rating"),
            Self::Imbalance => f.write_str("an imbalance is a share above 0 and below 2"),
        }
    }
}

impl core::error::Error for SettingsError {}

impl Settings {
    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        let numbers = [
            ("nominal voltage", Some(self.nominal_v)),
            ("nominal frequency", Some(self.nominal_hz)),
            ("interruption limit", Some(self.interruption_pu)),
            ("hysteresis", Some(self.hysteresis_pu)),
            ("frequency limit", Some(self.frequency_deviation_hz)),
            ("rate of change", Some(self.rate_hz_per_s)),
            ("overload", Some(self.overload)),
            ("rated current", self.rated_a),
            ("rated power", self.rated_w),
        ];
        for (name, value) in numbers {
            if value.is_some_and(|v| !v.is_finite() || v <= 0.0) {
                return Err(SettingsError::NotPositive(name));
            }
        }
        let times = [
            ("rate window", self.rate_window_us),
            ("thermal time", self.thermal_us),
            ("stuck time", self.stuck_us),
            ("gap", self.gap_us),
        ];
        for (name, time_us) in times {
            if time_us <= 0 {
                return Err(SettingsError::NotPositive(name));
            }
        }
        let least = [
            ("frequency time", self.frequency_least_us),
            ("imbalance time", self.imbalance_least_us),
            ("time together", self.together_us),
            ("fault time", self.fault_least_us),
        ];
        for (name, time_us) in least {
            if time_us < 0 {
                return Err(SettingsError::NotPositive(name));
            }
        }
        let room = |low: f64, high: f64| high - low > self.hysteresis_pu;
        if !(room(self.interruption_pu, self.sag_pu)
            && room(self.sag_pu, 1.0)
            && room(1.0, self.swell_pu))
        {
            return Err(SettingsError::Order);
        }
        if self.frequency_deviation_hz >= self.nominal_hz / 5.0 {
            return Err(SettingsError::Frequency);
        }
        if self.overload <= 1.0 {
            return Err(SettingsError::Overload);
        }
        let imbalances = [self.voltage_imbalance, self.current_imbalance];
        if imbalances
            .into_iter()
            .flatten()
            .any(|v| !(v > 0.0 && v < 2.0))
        {
            return Err(SettingsError::Imbalance);
        }
        Ok(())
    }
}
