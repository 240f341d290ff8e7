//! What a meter cannot have measured: a voltage that repeats to the last bit, combinations that physics forbids, energy that runs back.

use super::condition::{Condition, Rules, Told, Verdict};
use super::settings::Settings;

/// What is wrong with a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Fault {
    /// The voltage repeats to the last bit, reading after reading. Extreme: the voltage, V. Frequency and current are not judged: a
    /// frequency of one decimal stands still on a healthy grid, and so does no current.
    Stuck,
    /// More active power than voltage times current. Extreme: the power, W.
    PowerWithoutCurrent,
    /// Current flows and no voltage is measured: the voltage's tap is lost, not the supply. Extreme: the current, A.
    CurrentWithoutVoltage,
    /// A frequency is given and no phase has voltage. Extreme: the frequency, Hz.
    FrequencyWithoutVoltage,
    /// The energy register has run backwards: reset, exchanged or broken. Extreme: by how much, Wh.
    EnergyBackwards,
}

impl Fault {
    /// Stable lower-case word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::PowerWithoutCurrent => "power_without_current",
            Self::CurrentWithoutVoltage => "current_without_voltage",
            Self::FrequencyWithoutVoltage => "frequency_without_voltage",
            Self::EnergyBackwards => "energy_backwards",
        }
    }
}

/// A value that repeats to the last bit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Stuck {
    condition: Condition,
    last: Option<f64>,
    same: u32,
}

/// Repetitions before a value can be stuck, besides the time.
const LEAST_SAME: u32 = 20;

impl Stuck {
    pub(super) const IDLE: Self = Self {
        condition: Condition::IDLE,
        last: None,
        same: 0,
    };

    /// Takes a value that is not zero; one that may rest at it is not given.
    pub(super) fn step(&mut self, time_us: i64, value: f64, settings: &Settings) -> Option<Told> {
        let repeats = self
            .last
            .replace(value)
            .is_some_and(|last| last.to_bits() == value.to_bits());
        self.same = if repeats {
            self.same.saturating_add(1)
        } else {
            0
        };
        let verdict = if !repeats {
            Verdict::Inside
        } else if self.same >= LEAST_SAME || self.condition.since_us().is_none() {
            Verdict::Beyond
        } else {
            Verdict::Between
        };
        let rules = Rules {
            // Not before the repetitions are enough.
            least_us: if self.same >= LEAST_SAME {
                settings.stuck_us
            } else {
                i64::MAX
            },
            sustained_us: i64::MAX,
            gap_us: settings.gap_us,
        };
        self.condition
            .step(time_us, verdict, value, |_, _| false, rules)
    }
}

/// An energy register.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Register {
    condition: Condition,
    last: [Option<f64>; 2],
    counted: Option<f64>,
    fell_us: i64,
}

/// A register that has not fallen for this long is trusted again.
const TRUSTED_US: i64 = 3_600_000_000;

impl Register {
    pub(super) const IDLE: Self = Self {
        condition: Condition::IDLE,
        last: [None; 2],
        counted: None,
        fell_us: 0,
    };

    /// Takes a count in watt-hours. One wrong reading is passed over: the count is the middle one of three.
    pub(super) fn step(&mut self, time_us: i64, wh: f64, settings: &Settings) -> Option<Told> {
        let [before, last] = self.last;
        self.last = [last, Some(wh)];
        let (Some(a), Some(b)) = (before, last) else {
            return None;
        };
        let count = a.min(b).max(a.max(b).min(wh));
        let counted = self.counted.replace(count).unwrap_or(count);
        let fall = counted - count;
        // A register of single precision has steps of a ten-millionth.
        let fell = fall > 1.0_f64.max(counted.abs() * 1e-6);
        if fell {
            self.fell_us = time_us;
        }
        let verdict = if fell {
            Verdict::Beyond
        } else if time_us.saturating_sub(self.fell_us) >= TRUSTED_US {
            Verdict::Inside
        } else {
            Verdict::Between
        };
        let rules = Rules {
            least_us: 0,
            sustained_us: i64::MAX,
            gap_us: settings.gap_us,
        };
        self.condition
            .step(time_us, verdict, fall, |a, b| a > b, rules)
    }
}
