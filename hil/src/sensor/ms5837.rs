//! MS5837-30BA, absolute pressure up to 30 bar, on I2C at address 0x76.
//!
//! | Command | Effect | Source |
//! |---|---|---|
//! | 0x1E | reset: loads the calibration, 2.8 ms | S, time K |
//! | 0xA0, 0xA2 ... 0xAC | calibration word 0 to 6; word 0 holds a CRC-4 in its top bits | S, CRC K (AN520) |
//! | 0x40, 42 ... 4A | converts pressure, oversampling 256 to 8192 | S |
//! | 0x50, 52 ... 5A | converts temperature | S |
//! | 0x00 | reads the 24-bit result; 0 while it converts, or without a conversion | S, the zeros K |
//!
//! Conversions take the data sheet's maximum: 0.60, 1.17, 2.28, 4.54, 9.04, 18.08 ms (K). Before the first reset the
//! calibration reads 0, and a transaction during the reset is not acknowledged (K). The calibration is the data sheet's example, with its CRC;
//! raw values are found by inverting the data sheet's compensation of second order, so that a correct driver reads the source to 0.1 mbar
//! and 0.01 degrees Celsius.

use super::Source;
use super::bus::Time;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// The sensor's I2C address.
pub const ADDRESS: u8 = 0x76;

/// Calibration of the data sheet's example, C1 to C6.
const EXAMPLE: [u16; 6] = [34_982, 36_352, 20_328, 22_354, 26_646, 26_146];

/// Time that a reset takes, microseconds.
const RESET_US: u64 = 2_800;

/// Conversion times by oversampling, microseconds.
const CONVERSION_US: [u64; 6] = [600, 1_170, 2_280, 4_540, 9_040, 18_080];

/// Bits a second on the bus.
const BUS_HZ: u32 = 400_000;

#[derive(Clone, Copy, Debug)]
enum Selected {
    Nothing,
    Word(u16),
    Result,
}

/// A virtual MS5837 with the bus that leads to it.
pub struct Ms5837 {
    time: Time,
    pressure: Source,
    temperature: Source,
    prom: [u16; 7],
    loaded: bool,
    busy_until_us: u64,
    converted: Option<(u64, u32)>,
    selected: Selected,
}

impl Ms5837 {
    /// A sensor that measures `pressure` in pascals and `temperature` in degrees Celsius.
    #[must_use]
    pub fn new(time: Time, pressure: Source, temperature: Source) -> Self {
        let mut prom = [0; 7];
        // Word 0: factory data, here the product code of the 30BA (K), and the CRC.
        if let Some((first, words)) = prom.split_first_mut() {
            *first = 0x0D00;
            words.copy_from_slice(&EXAMPLE);
        }
        prom[0] |= crc4(prom) << 12;
        Self {
            time,
            pressure,
            temperature,
            prom,
            loaded: false,
            busy_until_us: 0,
            converted: None,
            selected: Selected::Nothing,
        }
    }

    /// The pressure, to distort it.
    pub const fn pressure_mut(&mut self) -> &mut Source {
        &mut self.pressure
    }

    /// The time that the sensor goes by.
    #[must_use]
    pub fn time(&self) -> Time {
        self.time.clone()
    }

    fn command(&mut self, command: u8) -> Result<(), ErrorKind> {
        let now_us = self.time.now_us();
        self.selected = Selected::Nothing;
        match command {
            0x1E => {
                self.loaded = true;
                self.converted = None;
                self.busy_until_us = now_us + RESET_US;
            }
            0x00 => self.selected = Selected::Result,
            0xA0..=0xAD if command.is_multiple_of(2) => {
                let word = usize::from((command - 0xA0) / 2);
                let value = if self.loaded {
                    self.prom.get(word).copied().unwrap_or(0)
                } else {
                    0
                };
                self.selected = Selected::Word(value);
            }
            0x40..=0x4B | 0x50..=0x5B if command.is_multiple_of(2) => {
                let rate = usize::from(command & 0x0F) / 2;
                let us = CONVERSION_US.get(rate).copied().unwrap_or(0);
                let raw = self.raw(command & 0xF0 == 0x40, now_us, us);
                self.converted = Some((now_us + us, raw));
            }
            _ => return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data)),
        }
        Ok(())
    }

    /// The result of a conversion that begins now. Without a value of the source the result is 0, as after a failed one.
    fn raw(&self, of_pressure: bool, now_us: u64, length_us: u64) -> u32 {
        let pressure = self.pressure.mean(now_us, length_us);
        let temperature = self.temperature.mean(now_us, length_us);
        match (pressure, temperature) {
            (Some(pa), Some(celsius)) => {
                let (d1, d2) = raw_values(&self.prom, pa, celsius);
                if of_pressure { d1 } else { d2 }
            }
            _ => 0,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) {
        let now_us = self.time.now_us();
        let bytes = match self.selected {
            Selected::Nothing => [0; 3],
            Selected::Word(word) => {
                let [high, low] = word.to_be_bytes();
                [high, low, 0]
            }
            Selected::Result => match self.converted.take() {
                Some((done_us, raw)) if done_us <= now_us => {
                    let [_, a, b, c] = raw.to_be_bytes();
                    [a, b, c]
                }
                // Read too early: the conversion is lost.
                _ => [0; 3],
            },
        };
        let padded = bytes.into_iter().chain(std::iter::repeat(0));
        buffer
            .iter_mut()
            .zip(padded)
            .for_each(|(to, from)| *to = from);
    }
}

impl ErrorType for Ms5837 {
    type Error = ErrorKind;
}

impl I2c for Ms5837 {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        // Nine bits for the address and for each byte.
        self.time.pass_bits(9, BUS_HZ);
        if address != ADDRESS || self.time.now_us() < self.busy_until_us {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    self.time.pass_bits(9 * bytes.len() as u64, BUS_HZ);
                    for &byte in *bytes {
                        self.command(byte)?;
                    }
                }
                Operation::Read(buffer) => {
                    self.time.pass_bits(9 * buffer.len() as u64, BUS_HZ);
                    self.read(buffer);
                }
            }
        }
        Ok(())
    }
}

/// Pressure in tenths of a millibar and temperature in hundredths of a degree from raw values: the data sheet's
/// compensation, first and second order (MS5837-30BA, figures 10 and 11).
#[must_use]
pub fn compensated(prom: &[u16; 7], d1: u32, d2: u32) -> (i64, i64) {
    let [_, c1, c2, c3, c4, c5, c6] = prom.map(i64::from);
    let (d1, d2) = (i64::from(d1), i64::from(d2));
    let dt = d2 - (c5 << 8);
    // Shifts round down, as the data sheet's example does.
    let temp = 2_000 + ((dt * c6) >> 23);
    let mut off = (c2 << 16) + ((c4 * dt) >> 7);
    let mut sens = (c1 << 15) + ((c3 * dt) >> 8);
    let from_20 = temp - 2_000;
    let t_i;
    if temp < 2_000 {
        t_i = (3 * dt * dt) >> 33;
        let mut off_i = (3 * from_20 * from_20) >> 1;
        let mut sens_i = (5 * from_20 * from_20) >> 3;
        if temp < -1_500 {
            let from_cold = temp + 1_500;
            off_i += 7 * from_cold * from_cold;
            sens_i += 4 * from_cold * from_cold;
        }
        off -= off_i;
        sens -= sens_i;
    } else {
        t_i = (2 * dt * dt) >> 37;
        off -= (from_20 * from_20) >> 4;
    }
    let pressure = (((d1 * sens) >> 21) - off) >> 13;
    (pressure, temp - t_i)
}

/// Raw values that the compensation turns into this pressure and temperature. Both rise with their raw value, so halving
/// finds them.
fn raw_values(prom: &[u16; 7], pa: f64, celsius: f64) -> (u32, u32) {
    let decimillibar = (pa / 10.0).round() as i64;
    let centidegrees = (celsius * 100.0).round() as i64;
    let d2 = smallest(|d2| compensated(prom, 0, d2).1 >= centidegrees);
    let d1 = smallest(|d1| compensated(prom, d1, d2).0 >= decimillibar);
    (d1, d2)
}

/// The smallest 24-bit number that passes, or the largest where none does.
fn smallest(passes: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, 0x00FF_FFFF);
    while low < high {
        let middle = (low + high) / 2;
        if passes(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The CRC-4 of the calibration with its own place taken as 0 (TE application note AN520).
#[must_use]
pub fn crc4(mut prom: [u16; 7]) -> u16 {
    prom[0] &= 0x0FFF;
    let mut remainder: u16 = 0;
    let bytes = prom.iter().flat_map(|word| word.to_be_bytes());
    for byte in bytes.chain([0, 0]) {
        remainder ^= u16::from(byte);
        for _ in 0..8 {
            remainder = if remainder & 0x8000 == 0 {
                remainder << 1
            } else {
                (remainder << 1) ^ 0x3000
            };
        }
    }
    remainder >> 12
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prom() -> [u16; 7] {
        let [c1, c2, c3, c4, c5, c6] = EXAMPLE;
        [0, c1, c2, c3, c4, c5, c6]
    }

    #[test]
    fn the_compensation_gives_the_data_sheets_example() {
        // MS5837-30BA data sheet, figure 10: D1 = 4,958,179 and D2 = 6,815,414 are 3,999.8 mbar and 19.81 degrees. The second
        // order, 19 hundredths below 20 degrees, takes less than a digit of either.
        let (pressure, temperature) = compensated(&prom(), 4_958_179, 6_815_414);
        assert_eq!((pressure, temperature), (39_998, 1_981));
    }

    #[test]
    fn raw_values_give_back_what_they_were_made_from() {
        for (pa, celsius) in [
            (101_325.0, 20.0),
            (101_325.0, 4.0),
            (500_000.0, -2.0),
            (2_900_000.0, 35.0),
            (3_000_000.0, -18.0),
        ] {
            let (d1, d2) = raw_values(&prom(), pa, celsius);
            let (pressure, temperature) = compensated(&prom(), d1, d2);
            assert_eq!(pressure, (pa / 10.0).round() as i64);
            assert_eq!(temperature, (celsius * 100.0).round() as i64);
        }
    }
}
