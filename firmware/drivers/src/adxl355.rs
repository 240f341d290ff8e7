//! Analog Devices ADXL355: acceleration of the ground or of the housing over SPI (mode 0, at most 10 MHz).
//!
//! Source: ADXL354/ADXL355 data sheet, revision D: registers in table 15 and after, sensitivity in table 2.
//!
//! | First byte | Then | Meaning |
//! |---|---|---|
//! | address << 1 \| 1 | bytes from the sensor | read, the address counts up |
//! | address << 1 | one byte to the sensor | write |
//!
//! | Register | Use |
//! |---|---|
//! | 0x00 .. 0x02 | identity AD 1D ED |
//! | 0x04 | status: bit 0 new data; bits 5 to 7 are always 0 |
//! | 0x08 .. 0x10 | X, Y, Z: 20 bits each, two's complement, in the upper bits of three bytes |
//! | 0x28 | filter: bits 0 to 3 data rate 4000 Hz / 2^n with a low-pass at a quarter of it |
//! | 0x2C | range: bits 0 and 1 |
//! | 0x2D | power: bit 0 standby |
//!
//! The range is only written in standby, and both settings are read back. After any fault all of it is done anew.

use embedded_hal::spi::{Operation, SpiDevice};
use wire::quantity::Quantity;

use crate::bus::{BusSensor, Step};
use crate::fault::{Fault, Faults};
use crate::reading::{Emit, Reading};

const IDENTITY: [u8; 3] = [0xAD, 0x1D, 0xED];
const DEVID_AD: u8 = 0x00;
const STATUS: u8 = 0x04;
const FILTER: u8 = 0x28;
const RANGE: u8 = 0x2C;
const POWER_CTL: u8 = 0x2D;

const STANDBY: u8 = 0x01;
const MEASURE: u8 = 0x00;
const DATA_READY: u8 = 0x01;
/// Status bits that are always 0.
const STATUS_RESERVED: u8 = 0xE0;
/// Range register: this bit is 1 as delivered (fast I2C) and is kept.
const RANGE_KEPT: u8 = 0x80;

/// Standard gravity, m/s2 (exact, 3rd CGPM 1901): the data sheet's g.
const STANDARD_GRAVITY: f64 = 9.806_65;

/// Full scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// 2.048 g; 3.9 ug each step.
    #[default]
    G2,
    /// 4.096 g; 7.8 ug each step.
    G4,
    /// 8.192 g; 15.6 ug each step.
    G8,
}

impl Range {
    const fn bits(self) -> u8 {
        match self {
            Range::G2 => 1,
            Range::G4 => 2,
            Range::G8 => 3,
        }
    }

    /// Steps in one g.
    const fn steps_per_g(self) -> f64 {
        match self {
            Range::G2 => 256_000.0,
            Range::G4 => 128_000.0,
            Range::G8 => 64_000.0,
        }
    }
}

/// Data rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataRate {
    /// 4000 Hz, low-pass 1000 Hz.
    Hz4000,
    /// 1000 Hz, low-pass 250 Hz.
    Hz1000,
    /// 125 Hz, low-pass 31.25 Hz.
    #[default]
    Hz125,
    /// 15.625 Hz, low-pass 3.9 Hz.
    Hz16,
    /// 3.906 Hz, low-pass 1 Hz.
    Hz4,
}

impl DataRate {
    const fn bits(self) -> u8 {
        match self {
            DataRate::Hz4000 => 0,
            DataRate::Hz1000 => 2,
            DataRate::Hz125 => 5,
            DataRate::Hz16 => 8,
            DataRate::Hz4 => 10,
        }
    }

    /// Time from standby to data that has passed the filter, microseconds: four samples and the 10 ms of turn-on.
    const fn settled_us(self) -> u32 {
        10_000 + 4 * 250 * (1 << self.bits())
    }
}

/// An axis of the sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// X.
    X,
    /// Y.
    Y,
    /// Z, across the chip: vertical when the board lies flat. The vertical one shows a P wave first.
    #[default]
    Z,
}

/// What is configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Full scale.
    pub range: Range,
    /// Data rate; sample no faster.
    pub rate: DataRate,
    /// Which axis becomes readings.
    pub axis: Axis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Idle,
    SetUp,
    Measure,
}

/// An ADXL355.
#[derive(Debug)]
pub struct Adxl355 {
    settings: Settings,
    set_up: bool,
    next: Next,
    at_us: u64,
    faults: Faults,
}

impl Adxl355 {
    /// A sensor that has not been spoken to.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            set_up: false,
            next: Next::Idle,
            at_us: 0,
            faults: Faults::new(),
        }
    }

    /// Finds the sensor, sets it and starts it. Data comes after the filter has settled.
    ///
    /// # Errors
    /// [`Fault::Bus`], and [`Fault::Identity`] when another chip answers or a setting does not stay.
    fn configure<B: SpiDevice>(&self, bus: &mut B) -> Result<(), Fault> {
        let mut identity = [0; 3];
        read(bus, DEVID_AD, &mut identity)?;
        if identity != IDENTITY {
            return Err(Fault::Identity);
        }
        let filter = self.settings.rate.bits();
        let range = RANGE_KEPT | self.settings.range.bits();
        write(bus, POWER_CTL, STANDBY)?;
        write(bus, FILTER, filter)?;
        write(bus, RANGE, range)?;
        for (register, written) in [(FILTER, filter), (RANGE, range)] {
            let mut kept = [0];
            read(bus, register, &mut kept)?;
            if kept != [written] {
                return Err(Fault::Identity);
            }
        }
        write(bus, POWER_CTL, MEASURE)
    }

    /// One measurement: X, Y, Z, m/s2.
    ///
    /// # Errors
    /// [`Fault::Bus`], also when the status cannot be one, and [`Fault::NotReady`] when there is nothing new.
    pub fn read_xyz<B: SpiDevice>(&self, bus: &mut B) -> Result<[f64; 3], Fault> {
        // Status, FIFO entries, temperature and the axes in one transfer: they belong together.
        let mut bytes = [0; 13];
        read(bus, STATUS, &mut bytes)?;
        let [status, _, _, _, axes @ ..] = bytes;
        if status & STATUS_RESERVED != 0 {
            return Err(Fault::Bus);
        }
        if status & DATA_READY == 0 {
            return Err(Fault::NotReady);
        }
        let mut xyz = [0.0; 3];
        for (value, raw) in xyz.iter_mut().zip(axes.chunks_exact(3)) {
            let steps = steps([raw[0], raw[1], raw[2]]);
            *value = f64::from(steps) / self.settings.range.steps_per_g() * STANDARD_GRAVITY;
        }
        Ok(xyz)
    }

    fn advance<B: SpiDevice>(&mut self, bus: &mut B, emit: Emit<'_>) -> Result<Step, Fault> {
        match self.next {
            Next::Idle => Ok(Step::Done),
            Next::SetUp => {
                self.configure(bus)?;
                self.set_up = true;
                self.next = Next::Measure;
                Ok(Step::After(self.settings.rate.settled_us()))
            }
            Next::Measure => {
                self.next = Next::Idle;
                let xyz = self.read_xyz(bus)?;
                let value = xyz[self.settings.axis as usize];
                emit(Reading::good(self.at_us, Quantity::Acceleration, value));
                Ok(Step::Done)
            }
        }
    }
}

/// 20 bits, two's complement, in the upper bits of three bytes.
const fn steps(raw: [u8; 3]) -> i32 {
    i32::from_be_bytes([raw[0], raw[1], raw[2] & 0xF0, 0]) >> 12
}

fn read<B: SpiDevice>(bus: &mut B, register: u8, into: &mut [u8]) -> Result<(), Fault> {
    bus.transaction(&mut [
        Operation::Write(&[register << 1 | 1]),
        Operation::Read(into),
    ])
    .map_err(|_| Fault::Bus)
}

fn write<B: SpiDevice>(bus: &mut B, register: u8, value: u8) -> Result<(), Fault> {
    bus.write(&[register << 1, value]).map_err(|_| Fault::Bus)
}

impl<B: SpiDevice> BusSensor<B> for Adxl355 {
    fn due(&mut self, now_us: u64) {
        self.at_us = now_us;
        self.next = if self.set_up {
            Next::Measure
        } else {
            Next::SetUp
        };
    }

    fn step(&mut self, bus: &mut B, emit: Emit<'_>) -> Step {
        self.advance(bus, &mut *emit).unwrap_or_else(|fault| {
            self.faults.note(fault);
            // Sampled a little too fast is no reason to start over.
            self.set_up &= fault == Fault::NotReady;
            self.next = Next::Idle;
            emit(Reading::missing(self.at_us, Quantity::Acceleration));
            Step::Done
        })
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::sample;
    use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Wait};
    use embedded_hal_mock::eh1::spi::{Mock, Transaction as Spi};
    use std::vec::Vec;

    fn reads(register: u8, bytes: &[u8]) -> Vec<Spi<u8>> {
        std::vec![
            Spi::transaction_start(),
            Spi::write(register << 1 | 1),
            Spi::read_vec(bytes.to_vec()),
            Spi::transaction_end(),
        ]
    }

    fn writes(register: u8, value: u8) -> Vec<Spi<u8>> {
        std::vec![
            Spi::transaction_start(),
            Spi::write_vec(std::vec![register << 1, value]),
            Spi::transaction_end(),
        ]
    }

    fn set_up(filter: u8, range: u8) -> Vec<Spi<u8>> {
        [
            reads(0x00, &IDENTITY),
            writes(0x2D, 1),
            writes(0x28, filter),
            writes(0x2C, range),
            reads(0x28, &[filter]),
            reads(0x2C, &[range]),
            writes(0x2D, 0),
        ]
        .concat()
    }

    /// Status 1, FIFO 96, temperature, then the axes.
    fn measurement(axes: [u8; 9]) -> Vec<Spi<u8>> {
        let mut bytes = std::vec![0x01, 96, 0x07, 0x5D];
        bytes.extend(axes);
        reads(0x04, &bytes)
    }

    fn run(sensor: &mut Adxl355, transfers: &[Spi<u8>], waits: &[Wait]) -> Vec<Reading> {
        let mut bus = Mock::new(transfers);
        let mut delay = CheckedDelay::new(waits);
        let mut readings = Vec::new();
        sample(sensor, &mut bus, 7, &mut delay, &mut |r| readings.push(r));
        bus.done();
        delay.done();
        readings
    }

    fn is_missing(readings: &[Reading]) -> bool {
        let [reading] = readings else { return false };
        let missing = Reading::missing(7, Quantity::Acceleration);
        reading.value.is_nan()
            && (reading.mono_us, reading.quantity, reading.quality)
                == (missing.mono_us, missing.quantity, missing.quality)
    }

    #[test]
    fn twenty_bits_in_two_s_complement() {
        for (raw, expected) in [
            ([0x00, 0x00, 0x00], 0),
            ([0x00, 0x00, 0x10], 1),
            ([0xFF, 0xFF, 0xF0], -1),
            ([0x7F, 0xFF, 0xF0], 524_287),
            ([0x80, 0x00, 0x00], -524_288),
            // The low four bits are no data.
            ([0x00, 0x00, 0x1F], 1),
        ] {
            assert_eq!(steps(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn one_g_is_one_g_in_every_range() {
        for (range, bits, one_g) in [
            // 256,000, 128,000 and 64,000 steps, shifted up by four.
            (Range::G2, 0x81, [0x3E, 0x80, 0x00]),
            (Range::G4, 0x82, [0x1F, 0x40, 0x00]),
            (Range::G8, 0x83, [0x0F, 0xA0, 0x00]),
        ] {
            let mut sensor = Adxl355::new(Settings {
                range,
                ..Settings::default()
            });
            let mut axes = [0; 9];
            axes[6..].copy_from_slice(&one_g);
            let transfers = [set_up(5, bits), measurement(axes)].concat();
            let readings = run(&mut sensor, &transfers, &[Wait::delay_us(42_000)]);
            assert_eq!(
                readings,
                [Reading::good(7, Quantity::Acceleration, STANDARD_GRAVITY)]
            );
        }
    }

    #[test]
    fn axes_are_kept_apart() {
        // 1 g, -1 g, 0.5 g.
        let axes = [0x3E, 0x80, 0x00, 0xC1, 0x80, 0x00, 0x1F, 0x40, 0x00];
        for (axis, expected) in [(Axis::X, 1.0), (Axis::Y, -1.0), (Axis::Z, 0.5)] {
            let mut sensor = Adxl355::new(Settings {
                axis,
                ..Settings::default()
            });
            sensor.set_up = true;
            let readings = run(&mut sensor, &measurement(axes), &[]);
            assert_eq!(readings[0].value, expected * STANDARD_GRAVITY);
        }
    }

    #[test]
    fn another_chip_and_a_setting_that_does_not_stay_are_refused() {
        for identity in [[0xAD, 0x1D, 0xEE], [0; 3], [0xFF; 3]] {
            let mut sensor = Adxl355::new(Settings::default());
            let readings = run(&mut sensor, &reads(0x00, &identity), &[]);
            assert!(is_missing(&readings));
            assert_eq!(sensor.faults.last(), Some(Fault::Identity));
        }
        let mut sensor = Adxl355::new(Settings::default());
        let transfers = [
            reads(0x00, &IDENTITY),
            writes(0x2D, 1),
            writes(0x28, 5),
            writes(0x2C, 0x81),
            reads(0x28, &[0]),
        ]
        .concat();
        assert!(is_missing(&run(&mut sensor, &transfers, &[])));
        assert_eq!(sensor.faults.count(Fault::Identity), 1);
    }

    #[test]
    fn stale_data_is_missing_and_a_dead_line_starts_over() {
        let mut sensor = Adxl355::new(Settings::default());
        sensor.set_up = true;
        assert!(is_missing(&run(&mut sensor, &reads(0x04, &[0; 13]), &[])));
        assert_eq!(sensor.faults.last(), Some(Fault::NotReady));
        assert!(sensor.set_up);
        assert!(is_missing(&run(
            &mut sensor,
            &reads(0x04, &[0xFF; 13]),
            &[]
        )));
        assert_eq!(sensor.faults.last(), Some(Fault::Bus));
        // The next sample begins with the identity.
        let transfers = [set_up(5, 0x81), measurement([0; 9])].concat();
        let readings = run(&mut sensor, &transfers, &[Wait::delay_us(42_000)]);
        assert_eq!(readings, [Reading::good(7, Quantity::Acceleration, 0.0)]);
    }
}
