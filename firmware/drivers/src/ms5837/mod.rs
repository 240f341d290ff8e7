//! TE Connectivity MS5837-30BA: pressure to 30 bar and temperature over I2C, for depths to 300 m.
//!
//! Source: MS5837-30BA data sheet, revision C2 (12/2019).
//!
//! | Sent to 0x76 | Answer | Then wait |
//! |---|---|---|
//! | `1E` reset | | 10 ms |
//! | `A0`, `A2` .. `AC` | calibration, 2 bytes each | |
//! | `40` + 2 x oversampling | D1, pressure | conversion |
//! | `50` + 2 x oversampling | D2, temperature | conversion |
//! | `00` read | 3 bytes | |
//!
//! A sample takes two conversions. After any fault the sensor is reset and its calibration read anew.

mod compensation;
mod prom;

use embedded_hal::i2c::I2c;
use wire::quality::Quality;
use wire::quantity::Quantity;

use crate::bus::{BusSensor, Step};
use crate::fault::{Fault, Faults};
use crate::reading::{Emit, Reading};
use compensation::{Coefficients, compensate};

/// The sensor's only address.
pub const ADDRESS: u8 = 0x76;

const RESET: u8 = 0x1E;
const READ_ADC: u8 = 0x00;
const READ_PROM: u8 = 0xA0;
const CONVERT_PRESSURE: u8 = 0x40;
const CONVERT_TEMPERATURE: u8 = 0x50;
/// The reload of the calibration takes 2.8 ms; makers of boards wait for 10.
const RESET_US: u32 = 10_000;

/// Measuring range, 0.1 mbar (data sheet, page 3).
const PRESSURE: core::ops::RangeInclusive<i64> = 0..=300_000;
/// Measuring range, 0.01 Cel.
const TEMPERATURE: core::ops::RangeInclusive<i64> = -4_000..=8_500;

/// Oversampling: the more, the finer and the slower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oversampling {
    /// 256, 0.6 ms.
    X256,
    /// 512, 1.2 ms.
    X512,
    /// 1024, 2.3 ms.
    X1024,
    /// 2048, 4.6 ms.
    X2048,
    /// 4096, 9.1 ms.
    X4096,
    /// 8192, 18.1 ms; 0.2 mbar = 2 mm of water.
    #[default]
    X8192,
}

impl Oversampling {
    const fn offset(self) -> u8 {
        self as u8 * 2
    }

    /// Longest conversion, microseconds (data sheet, page 3).
    const fn conversion_us(self) -> u32 {
        match self {
            Oversampling::X256 => 600,
            Oversampling::X512 => 1_170,
            Oversampling::X1024 => 2_280,
            Oversampling::X2048 => 4_540,
            Oversampling::X4096 => 9_040,
            Oversampling::X8192 => 18_080,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Idle,
    Reset,
    Calibration,
    Pressure,
    ReadPressure,
    ReadTemperature { d1: u32 },
}

/// An MS5837-30BA.
#[derive(Debug)]
pub struct Ms5837 {
    oversampling: Oversampling,
    calibration: Option<Coefficients>,
    next: Next,
    at_us: u64,
    faults: Faults,
}

impl Ms5837 {
    /// A sensor that has not been spoken to.
    #[must_use]
    pub const fn new(oversampling: Oversampling) -> Self {
        Self {
            oversampling,
            calibration: None,
            next: Next::Idle,
            at_us: 0,
            faults: Faults::new(),
        }
    }

    fn command<B: I2c>(bus: &mut B, command: u8) -> Result<(), Fault> {
        bus.write(ADDRESS, &[command]).map_err(|_| Fault::Bus)
    }

    fn calibration<B: I2c>(bus: &mut B) -> Result<Coefficients, Fault> {
        let mut words = [0_u16; prom::WORDS];
        for (word, command) in words.iter_mut().zip((READ_PROM..).step_by(2)) {
            let mut bytes = [0; 2];
            bus.write_read(ADDRESS, &[command], &mut bytes)
                .map_err(|_| Fault::Bus)?;
            *word = u16::from_be_bytes(bytes);
        }
        prom::read(&words)
    }

    fn conversion<B: I2c>(bus: &mut B) -> Result<u32, Fault> {
        let mut bytes = [0; 3];
        bus.write_read(ADDRESS, &[READ_ADC], &mut bytes)
            .map_err(|_| Fault::Bus)?;
        match u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) {
            // What the sensor answers when no conversion has ended (data sheet, page 10).
            0 => Err(Fault::NotReady),
            // Nobody drives the line.
            0xFF_FFFF => Err(Fault::Bus),
            value => Ok(value),
        }
    }

    fn advance<B: I2c>(&mut self, bus: &mut B, emit: Emit<'_>) -> Result<Step, Fault> {
        let conversion = Step::After(self.oversampling.conversion_us());
        match self.next {
            Next::Idle => Ok(Step::Done),
            Next::Reset => {
                Self::command(bus, RESET)?;
                self.next = Next::Calibration;
                Ok(Step::After(RESET_US))
            }
            Next::Calibration => {
                self.calibration = Some(Self::calibration(bus)?);
                self.next = Next::Pressure;
                Ok(Step::After(0))
            }
            Next::Pressure => {
                Self::command(bus, CONVERT_PRESSURE + self.oversampling.offset())?;
                self.next = Next::ReadPressure;
                Ok(conversion)
            }
            Next::ReadPressure => {
                let d1 = Self::conversion(bus)?;
                Self::command(bus, CONVERT_TEMPERATURE + self.oversampling.offset())?;
                self.next = Next::ReadTemperature { d1 };
                Ok(conversion)
            }
            Next::ReadTemperature { d1 } => {
                let d2 = Self::conversion(bus)?;
                let coefficients = self.calibration.ok_or(Fault::Calibration)?;
                self.next = Next::Idle;
                self.report(&coefficients, d1, d2, emit);
                Ok(Step::Done)
            }
        }
    }

    fn report(&mut self, coefficients: &Coefficients, d1: u32, d2: u32, emit: Emit<'_>) {
        let measured = compensate(coefficients, d1, d2);
        for (quantity, value, possible) in [
            (
                Quantity::WaterPressure,
                measured.pressure as f64 * 10.0,
                PRESSURE.contains(&measured.pressure),
            ),
            (
                Quantity::WaterTemperature,
                measured.temperature as f64 / 100.0,
                TEMPERATURE.contains(&measured.temperature),
            ),
        ] {
            let reading = Reading::good(self.at_us, quantity, value);
            emit(if possible {
                reading
            } else {
                self.faults.note(Fault::Value);
                reading.flagged(Quality::OUT_OF_RANGE)
            });
        }
    }
}

impl<B: I2c> BusSensor<B> for Ms5837 {
    fn due(&mut self, now_us: u64) {
        self.at_us = now_us;
        self.next = if self.calibration.is_some() {
            Next::Pressure
        } else {
            Next::Reset
        };
    }

    fn step(&mut self, bus: &mut B, emit: Emit<'_>) -> Step {
        self.advance(bus, &mut *emit).unwrap_or_else(|fault| {
            self.faults.note(fault);
            self.calibration = None;
            self.next = Next::Idle;
            emit(Reading::missing(self.at_us, Quantity::WaterPressure));
            emit(Reading::missing(self.at_us, Quantity::WaterTemperature));
            Step::Done
        })
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }
}

#[cfg(test)]
mod tests;
