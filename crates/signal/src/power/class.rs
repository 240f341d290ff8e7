//! Classes of root-mean-square variations by magnitude and length, as IEEE 1159 has them.
//!
//! | | instantaneous | momentary | temporary | sustained |
//! |---|---|---|---|---|
//! | sag, 0.1 to 0.9 pu | 0.5 to 30 cycles | to 3 s | to 1 min | undervoltage, above 1 min |
//! | swell, above 1.1 pu | 0.5 to 30 cycles | to 3 s | to 1 min | overvoltage, above 1 min |
//! | interruption, below 0.1 pu | | 0.5 cycles to 3 s | to 1 min | sustained interruption, above 1 min |
//!
//! Borders belong to the shorter class. The table is IEEE 1159-1995's as Consulting-Specifying Engineer prints it; the terms of the 2019
//! edition agree as far as they could be read. The standard gives typical magnitudes of swells (up to 1.8, 1.4 and 1.2 pu) and of
//! undervoltage (0.8 to 0.9 pu); here a swell has no upper and an undervoltage no lower end but the interruption, so that nothing falls
//! between classes.
//!
//! A meter that reads once a second or once a minute cannot tell 30 cycles from 2 seconds: a [`Span`] says the shortest and the
//! longest that its readings allow, and both ends have a class.

/// The shortest and the longest that a condition can have lasted, by the readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Span {
    /// From the first to the last reading beyond the limit, microseconds. Time between readings further apart than the settings'
    /// `gap_us` is not in it.
    pub least_us: i64,
    /// From the last reading before to the first reading after, microseconds; while the condition lasts, to the latest reading.
    pub most_us: i64,
}

impl Span {
    /// Class of the shortest and of the longest length.
    #[must_use]
    pub fn lengths(self, frequency_hz: f64) -> (Length, Length) {
        (
            Length::of(self.least_us, frequency_hz),
            Length::of(self.most_us, frequency_hz),
        )
    }

    /// Whether the readings are close enough to say the class.
    #[must_use]
    pub fn is_resolved(self, frequency_hz: f64) -> bool {
        let (least, most) = self.lengths(frequency_hz);
        least == most
    }
}

/// Class of a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Length {
    /// Up to 30 cycles.
    Instantaneous,
    /// Up to 3 s.
    Momentary,
    /// Up to 1 min.
    Temporary,
    /// Above 1 min.
    Sustained,
}

/// Above this a variation is sustained, microseconds.
pub const SUSTAINED_US: i64 = 60_000_000;
/// Above this a variation is temporary, microseconds.
pub const TEMPORARY_US: i64 = 3_000_000;
/// Up to this many cycles a variation is instantaneous.
pub const INSTANTANEOUS_CYCLES: f64 = 30.0;

impl Length {
    /// The class of a length at a grid's frequency, Hz.
    #[must_use]
    pub fn of(length_us: i64, frequency_hz: f64) -> Self {
        if length_us > SUSTAINED_US {
            Self::Sustained
        } else if length_us > TEMPORARY_US {
            Self::Temporary
        } else if length_us as f64 * frequency_hz > INSTANTANEOUS_CYCLES * 1e6 {
            Self::Momentary
        } else {
            Self::Instantaneous
        }
    }

    /// Stable lower-case word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instantaneous => "instantaneous",
            Self::Momentary => "momentary",
            Self::Temporary => "temporary",
            Self::Sustained => "sustained",
        }
    }
}

/// Class of a magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Variation {
    /// 0.1 to 0.9 pu; longer than a minute an undervoltage.
    Sag,
    /// Above 1.1 pu; longer than a minute an overvoltage.
    Swell,
    /// Below 0.1 pu.
    Interruption,
}
