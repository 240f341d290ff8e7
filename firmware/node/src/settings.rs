//! What can be set over the link: values, defaults by what the node is for, and their form in lasting memory.
//!
//! A write is checked as a whole: a key or a value that is not allowed, a key named twice, or values that contradict each
//! other refuse all of it. What the link carries is a list of [`Setting`]; what the program uses is [`Settings`].

use crate::config::{METRES_PER_PASCAL, TsunamiWatch, Watch};
use signal::threshold::{Limits, Threshold};
use wire::frame::{MAX_SETTINGS, NodeKind, Sensor, Setting, SettingKey};
use wire::quantity::Quantity;

/// Values by key, as frames carry them.
pub type Values = heapless::Vec<Setting, MAX_SETTINGS>;

/// Longest form in lasting memory, bytes.
pub const MAX_SETTINGS_BYTES: usize = 4 + MAX_SETTINGS * 9;

/// What a node is for; it decides the defaults. The code is the value of [`SettingKey::NodeKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Pressure on the sea floor or at the coast.
    Tsunami = 1,
    /// Traffic on a road.
    Road = 2,
    /// An electricity meter.
    Energy = 3,
}

impl Role {
    /// The role behind a code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Tsunami),
            2 => Some(Self::Road),
            3 => Some(Self::Energy),
            _ => None,
        }
    }

    /// What the birth frame calls it.
    #[must_use]
    pub const fn kind(self) -> NodeKind {
        match self {
            Self::Tsunami => NodeKind::BottomPressure,
            Self::Road => NodeKind::Traffic,
            Self::Energy => NodeKind::Energy,
        }
    }
}

/// Why a write was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// This key is not known, or its value is not allowed.
    NotAllowed(u8),
    /// This key is named twice.
    Twice(u8),
    /// The rapid interval is longer than the normal one.
    Intervals,
    /// The limits leave no room between them.
    Limits,
    /// The tsunami detector needs a pressure sensor.
    Detector,
}

/// Every setting, in force or proposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Time between two samples, milliseconds.
    pub sample_interval_ms: u32,
    /// The same in rapid mode, milliseconds.
    pub rapid_interval_ms: u32,
    /// How long rapid mode lasts after the last finding, seconds.
    pub rapid_hold_s: u32,
    /// How long a sample may wait for others to share a frame, milliseconds.
    pub max_hold_ms: u32,
    /// Time between health reports, seconds; 0 for none.
    pub health_s: u32,
    /// Time between clock exchanges, seconds; 0 for none.
    pub time_request_s: u32,
    /// Upper limit on [`Settings::quantity`], in its unit; NaN for none.
    pub threshold_above: f64,
    /// Lower limit on [`Settings::quantity`], in its unit; NaN for none.
    pub threshold_below: f64,
    /// Run the tsunami detector.
    pub tsunami_detector: bool,
    /// Speak only when polled.
    pub shared_line: bool,
    /// What the node is for.
    pub role: Role,
    /// The sensor that is connected.
    pub sensor: Sensor,
    /// Speed of its serial line, bits per second.
    pub sensor_baud: u32,
    /// Its address on its bus.
    pub sensor_address: u8,
    /// Longest time that a siren sounds for one command, seconds; 0 when there is no siren.
    pub siren_max_s: u32,
}

impl Settings {
    /// The defaults for a role.
    #[must_use]
    pub const fn defaults(role: Role) -> Self {
        let common = Self {
            // DART buoys report averages of 15 s; rapid mode shows a wave of minutes in full.
            sample_interval_ms: 15_000,
            rapid_interval_ms: 1_000,
            rapid_hold_s: 4 * 3_600,
            max_hold_ms: 1_000,
            health_s: 60,
            time_request_s: 64,
            threshold_above: f64::NAN,
            threshold_below: f64::NAN,
            tsunami_detector: true,
            shared_line: false,
            role: Role::Tsunami,
            sensor: Sensor::Digiquartz,
            sensor_baud: 9_600,
            sensor_address: 1,
            siren_max_s: 600,
        };
        match role {
            Role::Tsunami => common,
            Role::Road => Self {
                sample_interval_ms: 1_000,
                rapid_interval_ms: 200,
                rapid_hold_s: 600,
                tsunami_detector: false,
                role,
                sensor: Sensor::Ops243,
                // The radar's default.
                sensor_baud: 19_200,
                ..common
            },
            Role::Energy => Self {
                sample_interval_ms: 1_000,
                rapid_interval_ms: 500,
                rapid_hold_s: 600,
                tsunami_detector: false,
                role,
                sensor: Sensor::Sdm230,
                ..common
            },
        }
    }

    /// The quantity that the limits are about: the first that the sensor measures.
    #[must_use]
    pub const fn quantity(&self) -> Quantity {
        match self.sensor {
            Sensor::Ops243 => Quantity::Speed,
            Sensor::Loop => Quantity::Occupancy,
            Sensor::Adxl355 => Quantity::Acceleration,
            Sensor::Sdm230 | Sensor::Sdm630 | Sensor::Pzem004t => Quantity::Voltage,
            Sensor::Digiquartz | Sensor::Ms5837 | Sensor::Unknown => Quantity::WaterPressure,
        }
    }

    /// The limits to watch, if any is set.
    #[must_use]
    pub fn watch(&self) -> Option<Watch> {
        let limit = |value: f64| (!value.is_nan()).then_some(value);
        let (above, below) = (limit(self.threshold_above), limit(self.threshold_below));
        let quantity = self.quantity();
        // How far a value must come back, so that noise around a limit is not a finding each time.
        let hysteresis = match quantity {
            // Five centimetres of water.
            Quantity::WaterPressure => 500.0,
            Quantity::Acceleration => 0.05,
            _ => 2.0,
        };
        (above.is_some() || below.is_some()).then_some(Watch {
            quantity,
            limits: Limits {
                above,
                below,
                hysteresis,
                min_duration_us: 0,
                max_rate_per_s: None,
            },
        })
    }

    /// The tsunami detector to run, if it is on.
    #[must_use]
    pub fn tsunami(&self) -> Option<TsunamiWatch> {
        self.tsunami_detector.then(|| TsunamiWatch {
            quantity: Quantity::WaterPressure,
            metres_per_unit: METRES_PER_PASCAL,
            settings: signal::tsunami::Settings::default(),
        })
    }

    /// The value of one setting, as it travels.
    #[must_use]
    pub fn get(&self, key: SettingKey) -> f64 {
        match key {
            SettingKey::SampleIntervalMs => f64::from(self.sample_interval_ms),
            SettingKey::RapidIntervalMs => f64::from(self.rapid_interval_ms),
            SettingKey::RapidHoldS => f64::from(self.rapid_hold_s),
            SettingKey::MaxHoldMs => f64::from(self.max_hold_ms),
            SettingKey::HealthS => f64::from(self.health_s),
            SettingKey::TimeRequestS => f64::from(self.time_request_s),
            SettingKey::ThresholdAbove => self.threshold_above,
            SettingKey::ThresholdBelow => self.threshold_below,
            SettingKey::TsunamiDetector => f64::from(u8::from(self.tsunami_detector)),
            SettingKey::SharedLine => f64::from(u8::from(self.shared_line)),
            SettingKey::NodeKind => f64::from(self.role as u8),
            SettingKey::Sensor => f64::from(self.sensor.code()),
            SettingKey::SensorBaud => f64::from(self.sensor_baud),
            SettingKey::SensorAddress => f64::from(self.sensor_address),
            SettingKey::SirenMaxS => f64::from(self.siren_max_s),
        }
    }

    /// Changes one setting; the value has been checked, so the conversions are exact.
    fn set(&mut self, key: SettingKey, value: f64) {
        let whole = value as u32;
        match key {
            SettingKey::SampleIntervalMs => self.sample_interval_ms = whole,
            SettingKey::RapidIntervalMs => self.rapid_interval_ms = whole,
            SettingKey::RapidHoldS => self.rapid_hold_s = whole,
            SettingKey::MaxHoldMs => self.max_hold_ms = whole,
            SettingKey::HealthS => self.health_s = whole,
            SettingKey::TimeRequestS => self.time_request_s = whole,
            SettingKey::ThresholdAbove => self.threshold_above = value,
            SettingKey::ThresholdBelow => self.threshold_below = value,
            SettingKey::TsunamiDetector => self.tsunami_detector = whole == 1,
            SettingKey::SharedLine => self.shared_line = whole == 1,
            SettingKey::NodeKind => {
                self.role = Role::from_code(value as u8).unwrap_or(self.role);
            }
            SettingKey::Sensor => self.sensor = Sensor::from_code(value as u8),
            SettingKey::SensorBaud => self.sensor_baud = whole,
            SettingKey::SensorAddress => self.sensor_address = value as u8,
            SettingKey::SirenMaxS => self.siren_max_s = whole,
        }
    }

    /// All of them, by key.
    #[must_use]
    pub fn values(&self) -> Values {
        SettingKey::ALL
            .iter()
            .map(|&key| Setting::new(key, self.get(key)))
            .collect()
    }

    /// These settings with `values` changed.
    ///
    /// # Errors
    /// [`SettingsError`] when any of them is not allowed; then none has an effect.
    pub fn with(&self, values: &[Setting]) -> Result<Self, SettingsError> {
        let mut settings = *self;
        for (index, setting) in values.iter().enumerate() {
            let key = setting
                .checked()
                .ok_or(SettingsError::NotAllowed(setting.key))?;
            if values[..index].iter().any(|other| other.key == setting.key) {
                return Err(SettingsError::Twice(setting.key));
            }
            settings.set(key, setting.value);
        }
        settings.check().map(|()| settings)
    }

    /// What no single value can tell.
    fn check(&self) -> Result<(), SettingsError> {
        if self.rapid_interval_ms > self.sample_interval_ms {
            return Err(SettingsError::Intervals);
        }
        if self.tsunami_detector && self.quantity() != Quantity::WaterPressure {
            return Err(SettingsError::Detector);
        }
        match self.watch().map(|watch| Threshold::new(watch.limits)) {
            Some(Err(_)) => Err(SettingsError::Limits),
            _ => Ok(()),
        }
    }

    /// The shorter of the two intervals, milliseconds.
    #[must_use]
    pub fn shortest_interval_ms(&self) -> u32 {
        self.rapid_interval_ms.min(self.sample_interval_ms)
    }

    /// Whether the board must start anew to use `other` instead: its sensor or its line is another, or the sensor integrates for
    /// a time that follows from the shortest interval.
    #[must_use]
    pub fn needs_restart(&self, other: &Self) -> bool {
        let integrates = matches!(other.sensor, Sensor::Digiquartz);
        if integrates && self.shortest_interval_ms() != other.shortest_interval_ms() {
            return true;
        }
        (
            self.role,
            self.sensor,
            self.sensor_baud,
            self.sensor_address,
        ) != (
            other.role,
            other.sensor,
            other.sensor_baud,
            other.sensor_address,
        )
    }

    /// The form in lasting memory: revision (u32, little-endian), then for each setting its key and value (f64,
    /// little-endian).
    #[must_use]
    pub fn to_bytes(&self, revision: u32) -> heapless::Vec<u8, MAX_SETTINGS_BYTES> {
        let mut bytes = heapless::Vec::new();
        bytes.extend(revision.to_le_bytes());
        for &key in SettingKey::ALL {
            bytes.extend([key.code()]);
            bytes.extend(self.get(key).to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Settings::to_bytes`] wrote, this version or another: what is missing keeps the default of the stored
    /// role, what is not known is passed over. `None` when nothing sensible is there; the defaults apply then, and the
    /// storage has failed.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<(u32, Self)> {
        let (revision, rest) = bytes.split_first_chunk::<4>()?;
        let (records, []) = rest.as_chunks::<9>() else {
            return None;
        };
        let mut values = Values::new();
        let mut role = None;
        for [key, value @ ..] in records {
            let setting = Setting {
                key: *key,
                value: f64::from_le_bytes(*value),
            };
            match SettingKey::from_code(*key) {
                Some(SettingKey::NodeKind) => {
                    setting.checked()?;
                    role = Role::from_code(setting.value as u8);
                    values.push(setting).ok()?;
                }
                Some(_) => values.push(setting).ok()?,
                None => {}
            }
        }
        let settings = Self::defaults(role?).with(&values).ok()?;
        Some((u32::from_le_bytes(*revision), settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 3] = [Role::Tsunami, Role::Road, Role::Energy];

    #[test]
    fn the_defaults_are_allowed_and_come_back_from_both_forms() {
        for role in ROLES {
            assert_eq!(Role::from_code(role as u8), Some(role));
            let settings = Settings::defaults(role);
            let values = settings.values();
            assert_eq!(values.len(), SettingKey::ALL.len());
            // NaN is not equal to itself, so the texts are compared.
            let text = |settings: &Settings| std::format!("{settings:?}");
            let other = Settings::defaults(Role::Energy);
            assert_eq!(
                other.with(&values).map(|read| text(&read)),
                Ok(text(&settings))
            );
            let read = Settings::from_bytes(&settings.to_bytes(7)).expect("just written");
            assert_eq!((read.0, text(&read.1)), (7, text(&settings)));
        }
    }

    #[test]
    fn every_setting_is_its_own() {
        let before = Settings {
            threshold_above: 1e6,
            threshold_below: -1e6,
            ..Settings::defaults(Role::Energy)
        };
        let others = [
            2_000.0, 100.0, 1.0, 2.0, 3.0, 4.0, 253.0, 207.0, 0.0, 1.0, 2.0, 7.0, 2_400.0, 9.0, 5.0,
        ];
        for (&key, value) in SettingKey::ALL.iter().zip(others) {
            let after = before.with(&[Setting::new(key, value)]).expect("allowed");
            assert_eq!(after.get(key), value, "{}", key.name());
            for &other in SettingKey::ALL.iter().filter(|&&other| other != key) {
                assert_eq!(after.get(other), before.get(other), "{}", other.name());
            }
        }
    }

    #[test]
    fn a_write_is_refused_as_a_whole() {
        let road = Settings::defaults(Role::Road);
        let refused = |values: &[(SettingKey, f64)]| {
            let values: Values = values
                .iter()
                .map(|(key, value)| Setting::new(*key, *value))
                .collect();
            road.with(&values).err()
        };
        use SettingKey as Key;
        use SettingsError as Error;
        let good = (Key::HealthS, 30.0);
        for (bad, error) in [
            ((Key::SampleIntervalMs, 9.0), Error::NotAllowed(1)),
            ((Key::SampleIntervalMs, 1_000.5), Error::NotAllowed(1)),
            ((Key::SampleIntervalMs, f64::NAN), Error::NotAllowed(1)),
            ((Key::ThresholdAbove, f64::INFINITY), Error::NotAllowed(7)),
            ((Key::HealthS, 31.0), Error::Twice(5)),
            ((Key::RapidIntervalMs, 1_001.0), Error::Intervals),
            ((Key::TsunamiDetector, 1.0), Error::Detector),
        ] {
            assert_eq!(refused(&[good, bad]), Some(error), "{bad:?}");
        }
        let narrow = [(Key::ThresholdAbove, 100.0), (Key::ThresholdBelow, 99.0)];
        assert_eq!(refused(&narrow), Some(Error::Limits));
        let unknown = Setting {
            key: 16,
            value: 0.0,
        };
        assert_eq!(road.with(&[unknown]), Err(Error::NotAllowed(16)));
        assert!(refused(&[good]).is_none());
    }

    #[test]
    fn stored_bytes_of_other_versions_are_read_and_damaged_ones_are_not() {
        let bytes = Settings {
            health_s: 9,
            ..Settings::defaults(Role::Road)
        }
        .to_bytes(3);
        // A later version knew one more.
        let mut newer = std::vec::Vec::from(bytes.as_slice());
        newer.extend([200, 0, 0, 0, 0, 0, 0, 0, 0]);
        let read = Settings::from_bytes(&newer).map(|(_, settings)| settings.health_s);
        assert_eq!(read, Some(9));
        // An earlier one did not know the last.
        let older = &bytes[..bytes.len() - 9];
        let read = Settings::from_bytes(older).map(|(_, settings)| settings.siren_max_s);
        assert_eq!(read, Some(600));
        for length in 0..bytes.len() {
            let sensible = Settings::from_bytes(&bytes[..length]).is_some();
            // Cut between two settings, but behind the role, is what an earlier version may have written.
            assert_eq!(sensible, length >= 103 && (length - 4) % 9 == 0, "{length}");
        }
        let mut bent = bytes.clone();
        bent[5..13].fill(0xff);
        assert_eq!(Settings::from_bytes(&bent).map(|read| read.0), None);
    }

    #[test]
    fn only_another_sensor_or_role_needs_a_restart() {
        let before = Settings::defaults(Role::Tsunami);
        let slower = Settings {
            sample_interval_ms: 30_000,
            ..before
        };
        let other = Settings {
            sensor_address: 2,
            ..before
        };
        assert!(!before.needs_restart(&slower));
        assert!(before.needs_restart(&other));
    }
}
