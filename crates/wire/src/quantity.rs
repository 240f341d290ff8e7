//! What is measured: the closed list of quantities, with codes, names, units and possible ranges.
//!
//! Purpose: a reading says which quantity it is by one byte on the wire and by one name in JSON,
//! topics and configuration. Values always travel in the canonical unit given here.
//!
//! Invariants: codes and names are never reused or changed; new quantities take new codes. Code 0 is
//! never assigned, so that a zeroed buffer is not a reading.
//!
//! Refuses: unit conversion, and dropping values outside [`Quantity::range`]; they are flagged.

use core::fmt;

/// What a reading measures. The discriminant is the code on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Quantity {
    /// Height of the water surface over the station's own reference, m. The reference is a datum at a
    /// tide gauge and the sea floor at a bottom-pressure recorder.
    SeaLevel = 1,
    /// Pressure at the sensor, Pa.
    WaterPressure = 2,
    /// Temperature of the water at the sensor, Cel.
    WaterTemperature = 3,
    /// Mean speed of vehicles, km/h.
    Speed = 10,
    /// Share of time a detector is covered, %.
    Occupancy = 11,
    /// Vehicles per hour over the cross-section, 1/h.
    Flow = 12,
    /// Time to drive a section, s.
    TravelTime = 13,
    /// Voltage, root mean square for alternating current, V.
    Voltage = 20,
    /// Current, negative when it flows back, A.
    Current = 21,
    /// Active power, negative when it flows back, W.
    ActivePower = 22,
    /// Reactive power, negative when capacitive, var.
    ReactivePower = 23,
    /// Apparent power, VA.
    ApparentPower = 24,
    /// Power factor, its sign follows the active power, 1.
    PowerFactor = 25,
    /// Frequency of the grid, Hz.
    Frequency = 26,
    /// Energy counted since the meter's reset, Wh.
    ActiveEnergy = 27,
    /// Acceleration of the ground or of the sensor's housing, m/s2.
    Acceleration = 30,
    /// Voltage of the node's own supply, V.
    BatteryVoltage = 40,
}

/// Which of the system's jobs a quantity belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Domain {
    /// The sea and what shakes it.
    Tsunami,
    /// Roads.
    Traffic,
    /// The electricity grid.
    Energy,
    /// The system's own condition.
    Health,
}

impl Domain {
    /// Stable lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Domain::Tsunami => "tsunami",
            Domain::Traffic => "traffic",
            Domain::Energy => "energy",
            Domain::Health => "health",
        }
    }
}

impl Quantity {
    /// Every quantity, in order of its code.
    pub const ALL: &'static [Quantity] = &[
        Quantity::SeaLevel,
        Quantity::WaterPressure,
        Quantity::WaterTemperature,
        Quantity::Speed,
        Quantity::Occupancy,
        Quantity::Flow,
        Quantity::TravelTime,
        Quantity::Voltage,
        Quantity::Current,
        Quantity::ActivePower,
        Quantity::ReactivePower,
        Quantity::ApparentPower,
        Quantity::PowerFactor,
        Quantity::Frequency,
        Quantity::ActiveEnergy,
        Quantity::Acceleration,
        Quantity::BatteryVoltage,
    ];

    /// The byte that stands for this quantity on the wire.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The quantity that a byte on the wire stands for; `None` for a code that is not assigned.
    pub const fn from_code(code: u8) -> Option<Quantity> {
        BY_CODE[code as usize]
    }

    /// Stable lower-case name, as used in JSON, SenML names and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Quantity::SeaLevel => "sea_level",
            Quantity::WaterPressure => "water_pressure",
            Quantity::WaterTemperature => "water_temperature",
            Quantity::Speed => "speed",
            Quantity::Occupancy => "occupancy",
            Quantity::Flow => "flow",
            Quantity::TravelTime => "travel_time",
            Quantity::Voltage => "voltage",
            Quantity::Current => "current",
            Quantity::ActivePower => "active_power",
            Quantity::ReactivePower => "reactive_power",
            Quantity::ApparentPower => "apparent_power",
            Quantity::PowerFactor => "power_factor",
            Quantity::Frequency => "frequency",
            Quantity::ActiveEnergy => "active_energy",
            Quantity::Acceleration => "acceleration",
            Quantity::BatteryVoltage => "battery_voltage",
        }
    }

    /// The quantity of that name; `None` for a name that is not assigned.
    pub fn from_name(name: &str) -> Option<Quantity> {
        Self::ALL
            .iter()
            .copied()
            .find(|quantity| quantity.name() == name)
    }

    /// Canonical unit, by its SenML name (RFC 8428 section 12.1, RFC 8798 sections 2 and 3).
    ///
    /// Two are not in those registries: `1/h` continues SenML's `1/s` and `1/min`, and the power
    /// factor's `1` is written `/` in SenML.
    pub const fn unit(self) -> &'static str {
        match self {
            Quantity::SeaLevel => "m",
            Quantity::WaterPressure => "Pa",
            Quantity::WaterTemperature => "Cel",
            Quantity::Speed => "km/h",
            Quantity::Occupancy => "%",
            Quantity::Flow => "1/h",
            Quantity::TravelTime => "s",
            Quantity::Voltage => "V",
            Quantity::Current => "A",
            Quantity::ActivePower => "W",
            Quantity::ReactivePower => "var",
            Quantity::ApparentPower => "VA",
            Quantity::PowerFactor => "1",
            Quantity::Frequency => "Hz",
            Quantity::ActiveEnergy => "Wh",
            Quantity::Acceleration => "m/s2",
            Quantity::BatteryVoltage => "V",
        }
    }

    /// Lowest and highest physically possible value in the canonical unit, both included. A value
    /// outside is [`crate::quality::Quality::OUT_OF_RANGE`]: flagged and carried, never dropped.
    ///
    /// These bounds are meant to catch broken sensors and unit mistakes, not rare events, so each one
    /// lies beyond the largest value known to have occurred:
    ///
    /// | Quantity | Bounds | Why |
    /// |---|---|---|
    /// | sea level | -100 .. 11,100 m | a bottom recorder reports the whole column, deepest place 10,935 m (Challenger Deep, Greenaway et al. 2021), plus a wave; drawdown stays far above -100 m |
    /// | water pressure | 0 .. 1.2e8 Pa | 0 for a vented gauge in air; the deepest column weighs about 1.1e8 Pa |
    /// | water temperature | -2.5 .. 40 Cel | Argo quality control manual, global range test |
    /// | speed | 0 .. 500 km/h | above the fastest road cars (about 450 km/h) |
    /// | occupancy | 0 .. 100 % | a share |
    /// | flow | 0 .. 72,000 1/h | ten lanes at 0.5 s headway; a lane's capacity is near 2,400 1/h (Highway Capacity Manual) |
    /// | travel time | 0 .. 86,400 s | a section takes less than a day |
    /// | voltage | 0 .. 1.3e6 V | above the highest transmission voltages (1,100-1,200 kV) |
    /// | current | -2e5 .. 2e5 A | above high-voltage breakers' short-circuit peaks (63-80 kA, peak factor 2.5) |
    /// | active, reactive, apparent power | up to 3e10 | above the largest power plant (Three Gorges, 22.5 GW) |
    /// | power factor | -1 .. 1 | a ratio |
    /// | frequency | 0 .. 1,000 Hz | 0 when dead, 16.7 Hz railways, 400 Hz aircraft |
    /// | active energy | -1e16 .. 1e16 Wh | fifty years of the largest power plant; negative for net meters |
    /// | acceleration | -100 .. 100 m/s2 | above the strongest recorded ground motion (about 43 m/s2, Iwate-Miyagi 2008) |
    /// | battery voltage | 0 .. 120 V | above the 48 V systems' charging voltage, twice over |
    pub const fn range(self) -> (f64, f64) {
        match self {
            Quantity::SeaLevel => (-100.0, 11_100.0),
            Quantity::WaterPressure => (0.0, 1.2e8),
            Quantity::WaterTemperature => (-2.5, 40.0),
            Quantity::Speed => (0.0, 500.0),
            Quantity::Occupancy => (0.0, 100.0),
            Quantity::Flow => (0.0, 72_000.0),
            Quantity::TravelTime => (0.0, 86_400.0),
            Quantity::Voltage => (0.0, 1.3e6),
            Quantity::Current => (-2e5, 2e5),
            Quantity::ActivePower | Quantity::ReactivePower => (-3e10, 3e10),
            Quantity::ApparentPower => (0.0, 3e10),
            Quantity::PowerFactor => (-1.0, 1.0),
            Quantity::Frequency => (0.0, 1_000.0),
            Quantity::ActiveEnergy => (-1e16, 1e16),
            Quantity::Acceleration => (-100.0, 100.0),
            Quantity::BatteryVoltage => (0.0, 120.0),
        }
    }

    /// Whether `value` (canonical unit) is physically possible; false for NaN and infinities.
    pub fn is_possible(self, value: f64) -> bool {
        let (low, high) = self.range();
        value >= low && value <= high
    }

    /// Which of the system's jobs this quantity belongs to.
    pub const fn domain(self) -> Domain {
        match self {
            Quantity::SeaLevel
            | Quantity::WaterPressure
            | Quantity::WaterTemperature
            | Quantity::Acceleration => Domain::Tsunami,
            Quantity::Speed | Quantity::Occupancy | Quantity::Flow | Quantity::TravelTime => {
                Domain::Traffic
            }
            Quantity::Voltage
            | Quantity::Current
            | Quantity::ActivePower
            | Quantity::ReactivePower
            | Quantity::ApparentPower
            | Quantity::PowerFactor
            | Quantity::Frequency
            | Quantity::ActiveEnergy => Domain::Energy,
            Quantity::BatteryVoltage => Domain::Health,
        }
    }
}

/// One lookup for each reading decoded, instead of a search.
const BY_CODE: [Option<Quantity>; 256] = {
    let mut table = [None; 256];
    let mut index = 0;
    while index < Quantity::ALL.len() {
        table[Quantity::ALL[index] as usize] = Some(Quantity::ALL[index]);
        index += 1;
    }
    table
};

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name where the format is read by people (JSON, TOML), the code byte otherwise (postcard).
impl serde::Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.name())
        } else {
            serializer.serialize_u8(self.code())
        }
    }
}

impl<'de> serde::Deserialize<'de> for Quantity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(NameVisitor)
        } else {
            let code = u8::deserialize(deserializer)?;
            Quantity::from_code(code).ok_or_else(|| {
                serde::de::Error::invalid_value(
                    serde::de::Unexpected::Unsigned(code.into()),
                    &"the code of a quantity",
                )
            })
        }
    }
}

struct NameVisitor;

impl serde::de::Visitor<'_> for NameVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a quantity, such as ")?;
        for (index, quantity) in Quantity::ALL.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(quantity.name())?;
        }
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Quantity, E> {
        Quantity::from_name(name)
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(name), &self))
    }
}
