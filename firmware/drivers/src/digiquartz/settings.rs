//! What is configured for a Digiquartz.

use super::Unit;

/// One step of the integration time, microseconds.
pub(super) const INTEGRATION_STEP_US: u64 = 7_913;
/// Longest integration that is accepted, steps: 95 s.
pub const INTEGRATION_MAX: u16 = 12_000;

/// How pressure is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One question for every sample (`P3`).
    Single,
    /// The sensor sends as fast as it integrates (`P4`); every value becomes a reading.
    Continuous,
}

/// What is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The sensor's address, 1 to 98; others are taken as 1.
    pub address: u8,
    /// The unit that it is to report in.
    pub unit: Unit,
    /// Integration in steps of 7.913 ms, 1 to [`INTEGRATION_MAX`]; `None` leaves the sensor as it is.
    pub integration: Option<u16>,
    /// Every how many samples the temperature is read as well; 0 never. Not in continuous mode. It takes four times as long as a
    /// pressure, and no pressure can be read meanwhile.
    pub temperature_every: u16,
    /// How pressure is asked for.
    pub mode: Mode,
    /// Bits per second, 8N1; as delivered 9600.
    pub baud: u32,
}

/// The integration that leaves half of a sample interval for the line, steps.
#[must_use]
pub fn integration_for(interval_us: u64) -> u16 {
    let steps = interval_us / 2 / INTEGRATION_STEP_US;
    u16::try_from(steps)
        .unwrap_or(u16::MAX)
        .clamp(1, INTEGRATION_MAX)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: 1,
            unit: Unit::Hectopascal,
            integration: None,
            temperature_every: 0,
            mode: Mode::Single,
            baud: 9_600,
        }
    }
}
