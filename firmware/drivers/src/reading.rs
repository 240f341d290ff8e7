//! One reading, as a driver hands it over.

use wire::quality::Quality;
use wire::quantity::Quantity;

/// A value of one quantity at one instant, or the fact that there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The instant that it stands for, microseconds on the node's monotonic clock.
    pub mono_us: u64,
    /// What was measured.
    pub quantity: Quantity,
    /// The value in the quantity's canonical unit; NaN when there is none.
    pub value: f64,
    /// How far to trust it.
    pub quality: Quality,
}

/// Where readings go.
pub type Emit<'a> = &'a mut dyn FnMut(Reading);

impl Reading {
    /// A value that nothing is known to be wrong with.
    #[must_use]
    pub const fn good(mono_us: u64, quantity: Quantity, value: f64) -> Self {
        Self {
            mono_us,
            quantity,
            value,
            quality: Quality::GOOD,
        }
    }

    /// A sample that was due and could not be had: the sensor is silent, refuses or answers nonsense.
    #[must_use]
    pub const fn missing(mono_us: u64, quantity: Quantity) -> Self {
        Self {
            mono_us,
            quantity,
            value: f64::NAN,
            quality: Quality::MISSING.with(Quality::SENSOR_FAULT),
        }
    }

    /// The same reading with more flags.
    #[must_use]
    pub const fn flagged(mut self, flags: Quality) -> Self {
        self.quality = self.quality.with(flags);
        self
    }
}

/// Whether `now_us` is at or past `at_us` on a clock that may wrap.
pub(crate) const fn reached(now_us: u64, at_us: u64) -> bool {
    now_us.wrapping_sub(at_us).cast_signed() >= 0
}
