//! Quality flags of one reading.
//!
//! Purpose: say how far a value can be trusted without changing it. Flags are only ever added on a
//! reading's way from sensor to archive; nothing clears one, and all eight bits survive every format.
//!
//! Refuses: to decide what a flag means for an alert; that is the deployment's policy.

/// A set of quality flags; 0 means nothing is known to be wrong.
///
/// All eight bits are assigned, so every `u8` is a valid set.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quality(
    /// The flags as bits, see the associated constants.
    pub u8,
);

impl Quality {
    /// Nothing is known to be wrong.
    pub const GOOD: Quality = Quality(0);
    /// Plausible but doubtful: a spike, a stuck value, a disagreement with neighbours.
    pub const SUSPECT: Quality = Quality(1);
    /// Outside what is physically possible, see [`crate::quantity::Quantity::range`].
    pub const OUT_OF_RANGE: Quality = Quality(2);
    /// The time stamp is uncertain: no clock exchange yet, or a clock jump nearby.
    pub const CLOCK_UNCERTAIN: Quality = Quality(4);
    /// Sent late from a store after a gap in the link, not live.
    pub const BACKLOG: Quality = Quality(8);
    /// There is no value for this time; the value field is NaN.
    pub const MISSING: Quality = Quality(16);
    /// The sensor reported a fault or did not answer.
    pub const SENSOR_FAULT: Quality = Quality(32);
    /// Produced by a simulator or a replay, never by a sensor in the field.
    pub const SIMULATED: Quality = Quality(64);
    /// Arrived after the watermark of its station had passed.
    pub const LATE: Quality = Quality(128);

    /// Every flag with its name, in bit order.
    pub const ALL: &'static [(Quality, &'static str)] = &[
        (Quality::SUSPECT, "suspect"),
        (Quality::OUT_OF_RANGE, "out_of_range"),
        (Quality::CLOCK_UNCERTAIN, "clock_uncertain"),
        (Quality::BACKLOG, "backlog"),
        (Quality::MISSING, "missing"),
        (Quality::SENSOR_FAULT, "sensor_fault"),
        (Quality::SIMULATED, "simulated"),
        (Quality::LATE, "late"),
    ];

    /// The flags as bits.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every flag of `flags` is set here.
    pub const fn contains(self, flags: Quality) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any flag of `flags` is set here.
    pub const fn intersects(self, flags: Quality) -> bool {
        self.0 & flags.0 != 0
    }

    /// Both sets together.
    pub const fn with(self, flags: Quality) -> Quality {
        Quality(self.0 | flags.0)
    }

    /// Names of the flags that are set, in bit order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::ALL
            .iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| *name)
    }
}

impl core::ops::BitOr for Quality {
    type Output = Quality;
    fn bitor(self, other: Quality) -> Quality {
        self.with(other)
    }
}

impl core::ops::BitOrAssign for Quality {
    fn bitor_assign(&mut self, other: Quality) {
        *self = self.with(other);
    }
}

impl From<u8> for Quality {
    fn from(bits: u8) -> Quality {
        Quality(bits)
    }
}

impl From<Quality> for u8 {
    fn from(quality: Quality) -> u8 {
        quality.0
    }
}

/// Writes `good`, or the names joined by `+`.
impl core::fmt::Display for Quality {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if *self == Self::GOOD {
            return f.write_str("good");
        }
        for (index, name) in self.names().enumerate() {
            if index > 0 {
                f.write_str("+")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl core::fmt::Debug for Quality {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Quality({self})")
    }
}

impl serde::Serialize for Quality {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Quality {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Quality, D::Error> {
        u8::deserialize(deserializer).map(Quality)
    }
}
