//! Settings of a node that travel over the link: keys, units, and what each may be.
//!
//! A node refuses a write as a whole when one of its values is not allowed; an edge can tell beforehand with the same
//! table. A key that only a newer version knows is not allowed for an older one.

use serde::{Deserialize, Serialize};

/// Most settings in one frame. All fifteen fit, so that a node can always tell everything at once.
pub const MAX_SETTINGS: usize = 16;

/// One setting: what it is for, and its value in the unit that the key implies.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Setting {
    /// [`SettingKey::code`], or a code that only a newer version knows.
    pub key: u8,
    /// Whole numbers are exact up to 2^53; NaN switches a limit off.
    pub value: f64,
}

/// What a value must be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Allowed {
    /// A whole number between the two, both included.
    Whole(u32, u32),
    /// Any finite number, or NaN for "off".
    NumberOrOff,
}

macro_rules! settings {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $text:literal $allowed:expr),* $(,)?) => {
        /// Which setting; the code on the wire.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum SettingKey {
            $($(#[$doc])* $variant = $code,)*
        }

        impl SettingKey {
            /// Every key, by code.
            pub const ALL: &'static [SettingKey] = &[$(SettingKey::$variant,)*];

            /// The byte on the wire.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The key behind a byte; `None` for one that is not assigned.
            pub const fn from_code(code: u8) -> Option<SettingKey> {
                match code {
                    $($code => Some(SettingKey::$variant),)*
                    _ => None,
                }
            }

            /// Stable lower-case name, unit last.
            pub const fn name(self) -> &'static str {
                match self {
                    $(SettingKey::$variant => $text,)*
                }
            }

            /// What its value must be.
            pub const fn allowed(self) -> Allowed {
                match self {
                    $(SettingKey::$variant => $allowed,)*
                }
            }
        }
    };
}

/// A day in seconds.
const DAY_S: u32 = 86_400;

settings! {
    /// Time between two samples, milliseconds.
    SampleIntervalMs = 1 "sample_interval_ms" Allowed::Whole(10, 3_600_000),
    /// The same in rapid mode, milliseconds.
    RapidIntervalMs = 2 "rapid_interval_ms" Allowed::Whole(10, 3_600_000),
    /// How long rapid mode lasts after the last finding, seconds.
    RapidHoldS = 3 "rapid_hold_s" Allowed::Whole(0, 7 * DAY_S),
    /// How long a sample may wait for others to share a frame, milliseconds.
    MaxHoldMs = 4 "max_hold_ms" Allowed::Whole(0, 3_600_000),
    /// Time between health reports, seconds; 0 for none.
    HealthS = 5 "health_s" Allowed::Whole(0, DAY_S),
    /// Time between clock exchanges, seconds; 0 for none.
    TimeRequestS = 6 "time_request_s" Allowed::Whole(0, DAY_S),
    /// Upper limit on what the node measures, in the quantity's unit; NaN for none.
    ThresholdAbove = 7 "threshold_above" Allowed::NumberOrOff,
    /// Lower limit on what the node measures, in the quantity's unit; NaN for none.
    ThresholdBelow = 8 "threshold_below" Allowed::NumberOrOff,
    /// 1: the node runs the tsunami detector.
    TsunamiDetector = 9 "tsunami_detector" Allowed::Whole(0, 1),
    /// 1: the line is shared, the node speaks only when polled.
    SharedLine = 10 "shared_line" Allowed::Whole(0, 1),
    /// What the node is for: 1 tsunami, 2 road, 3 energy.
    NodeKind = 11 "node_kind" Allowed::Whole(1, 3),
    /// [`super::Sensor`] that is connected.
    Sensor = 12 "sensor" Allowed::Whole(1, 8),
    /// Speed of the sensor's serial line, bits per second.
    SensorBaud = 13 "sensor_baud" Allowed::Whole(1_200, 921_600),
    /// The sensor's address on its bus.
    SensorAddress = 14 "sensor_address" Allowed::Whole(0, 255),
    /// Longest time that a siren sounds for one command, seconds.
    SirenMaxS = 15 "siren_max_s" Allowed::Whole(0, 3_600),
}

impl Setting {
    /// A setting of this version.
    pub const fn new(key: SettingKey, value: f64) -> Setting {
        Setting {
            key: key.code(),
            value,
        }
    }

    /// Which setting it is, if this version knows it and allows the value.
    pub fn checked(&self) -> Option<SettingKey> {
        let key = SettingKey::from_code(self.key)?;
        key.allowed().holds(self.value).then_some(key)
    }
}

impl Allowed {
    /// Whether `value` is one of those.
    pub fn holds(self, value: f64) -> bool {
        match self {
            // The comparison is false for NaN, and the conversion exact for what it lets through.
            Allowed::Whole(low, high) => {
                value >= f64::from(low)
                    && value <= f64::from(high)
                    && f64::from(value as u32) == value
            }
            Allowed::NumberOrOff => value.is_finite() || value.is_nan(),
        }
    }
}
