//! ADXL355 accelerometer on SPI.
//!
//! A transaction is an address byte (register shifted left by one, lowest bit 1 to read), then data; the register counts up with
//! each byte, except at FIFO_DATA (S).
//!
//! | Register | Content | Source |
//! |---|---|---|
//! | 0x00, 01, 02, 03 | 0xAD, 0x1D, 0xED, revision 1 | S |
//! | 0x04 | status: bit 0 new data, 1 FIFO full, 2 FIFO overrun | K |
//! | 0x05 | entries in the FIFO, one an axis, at most 96 | K |
//! | 0x06, 07 | temperature, 12 bits: 1,885 at 25 degrees, -9.05 a degree | K |
//! | 0x08 to 0x10 | x, y, z: 20 bits, left-justified in three bytes | S |
//! | 0x11 | FIFO: three bytes an entry, bit 0 marks x, bit 1 an empty read | K |
//! | 0x28 | FILTER: output rate 4,000 Hz / 2^n, n 0 to 10 in bits 0 to 3 | S |
//! | 0x2C | RANGE: bits 0, 1: 1 is 2 g, 2 is 4 g, 3 is 8 g; 0x81 after a reset | S/K |
//! | 0x2D | POWER_CTL: bit 0 standby; 1 after a reset | S |
//! | 0x2F | RESET: 0x52 resets | K |
//!
//! Scales: 256,000, 128,000, 64,000 counts per g (S: 3.9 ug at 2 g). In standby nothing is measured. The output filter is not
//! modelled: a sample is the source's value at the instant of the sample. A source without value reads as 0.

use super::Source;
use super::bus::Time;
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};
use std::collections::VecDeque;

/// The standard gravity, m/s2 (CGPM 1901): a g of the data sheet.
pub const G: f64 = 9.806_65;

/// Entries that the FIFO holds.
const FIFO: usize = 96;

/// Bits a second on the bus.
const BUS_HZ: u32 = 1_000_000;

/// FILTER, RANGE and POWER_CTL after a reset.
const AFTER_RESET: (u8, u8, u8) = (0x00, 0x81, 0x01);

/// A virtual ADXL355 with the bus that leads to it.
pub struct Adxl355 {
    time: Time,
    axes: [Source; 3],
    temperature: Source,
    filter: u8,
    range: u8,
    power: u8,
    /// Registers that are stored and have no effect here.
    others: [u8; 0x30],
    measuring_since_us: u64,
    samples: u64,
    last: [i32; 3],
    fresh: bool,
    fifo: VecDeque<(usize, i32)>,
    overrun: bool,
    /// What is left of the FIFO entry that is being read.
    entry: VecDeque<u8>,
}

impl Adxl355 {
    /// A sensor that measures accelerations along x, y and z in m/s2 and its temperature in degrees Celsius.
    #[must_use]
    pub fn new(time: Time, axes: [Source; 3], temperature: Source) -> Self {
        let (filter, range, power) = AFTER_RESET;
        Self {
            time,
            axes,
            temperature,
            filter,
            range,
            power,
            others: [0; 0x30],
            measuring_since_us: 0,
            samples: 0,
            last: [0; 3],
            fresh: false,
            fifo: VecDeque::new(),
            overrun: false,
            entry: VecDeque::new(),
        }
    }

    /// The axes x, y and z, to distort them.
    pub const fn axes_mut(&mut self) -> &mut [Source; 3] {
        &mut self.axes
    }

    /// The time that the sensor goes by.
    #[must_use]
    pub fn time(&self) -> Time {
        self.time.clone()
    }

    /// Distance of two samples, microseconds: 250 us times 2^n.
    fn period_us(&self) -> u64 {
        250 << (self.filter & 0x0F).min(10)
    }

    fn counts_per_g(&self) -> f64 {
        match self.range & 0x03 {
            2 => 128_000.0,
            3 => 64_000.0,
            _ => 256_000.0,
        }
    }

    /// Takes the samples that are due.
    fn advance(&mut self) {
        if self.power & 1 == 1 {
            return;
        }
        let since_us = self.time.now_us().saturating_sub(self.measuring_since_us);
        let due = since_us / self.period_us();
        if due > self.samples {
            self.fresh = true;
        }
        // Older ones have been pushed out of the FIFO anyway.
        let first = self.samples.max(due.saturating_sub((FIFO / 3) as u64 + 1));
        self.overrun |= first > self.samples;
        for sample in first..due {
            let us = self.measuring_since_us + (sample + 1) * self.period_us();
            self.last = self.sample(us);
            for (axis, value) in self.last.into_iter().enumerate() {
                self.fifo.push_back((axis, value));
            }
            while self.fifo.len() > FIFO {
                self.fifo.pop_front();
                self.overrun = true;
            }
        }
        self.samples = due.max(self.samples);
    }

    fn sample(&self, us: u64) -> [i32; 3] {
        let limit = f64::from((1 << 19) - 1);
        self.axes.each_ref().map(|axis| {
            let g = axis.value(us).unwrap_or(0.0) / G;
            (g * self.counts_per_g()).round().clamp(-limit - 1.0, limit) as i32
        })
    }

    fn read(&mut self, register: u8) -> u8 {
        match register {
            0x00 => 0xAD,
            0x01 => 0x1D,
            0x02 => 0xED,
            0x03 => 0x01,
            0x04 => {
                let full = self.fifo.len() >= FIFO;
                let status =
                    u8::from(self.fresh) | (u8::from(full) << 1) | (u8::from(self.overrun) << 2);
                self.fresh = false;
                self.overrun = false;
                status
            }
            0x05 => u8::try_from(self.fifo.len()).unwrap_or(u8::MAX),
            0x06 | 0x07 => {
                let celsius = self.temperature.value(self.time.now_us()).unwrap_or(25.0);
                let raw = (1_885.0 - 9.05 * (celsius - 25.0))
                    .round()
                    .clamp(0.0, 4_095.0) as u16;
                let [high, low] = raw.to_be_bytes();
                if register == 0x06 { high } else { low }
            }
            0x08..=0x10 => {
                let at = usize::from(register - 0x08);
                let value = self.last.get(at / 3).copied().unwrap_or(0);
                left_justified(value).get(at % 3).copied().unwrap_or(0)
            }
            0x11 => self.read_fifo(),
            0x28 => self.filter,
            0x2C => self.range,
            0x2D => self.power,
            _ => self.others.get(usize::from(register)).copied().unwrap_or(0),
        }
    }

    fn read_fifo(&mut self) -> u8 {
        if self.entry.is_empty() {
            match self.fifo.pop_front() {
                Some((axis, value)) => {
                    let [high, middle, low] = left_justified(value);
                    self.entry.extend([high, middle, low | u8::from(axis == 0)]);
                }
                None => self.entry.extend([0, 0, 0b10]),
            }
        }
        self.entry.pop_front().unwrap_or(0)
    }

    fn write(&mut self, register: u8, value: u8) {
        match register {
            0x28 => self.filter = value,
            0x2C => self.range = value,
            0x2D => {
                let was_measuring = self.power & 1 == 0;
                self.power = value;
                if !was_measuring && value & 1 == 0 {
                    self.measuring_since_us = self.time.now_us();
                    self.samples = 0;
                }
            }
            0x2F if value == 0x52 => {
                (self.filter, self.range, self.power) = AFTER_RESET;
                self.others = [0; 0x30];
                self.fifo.clear();
                self.last = [0; 3];
                self.fresh = false;
                self.overrun = false;
            }
            // Offsets, FIFO_SAMPLES, INT_MAP, SYNC and SELF_TEST; the others are read-only.
            0x1E..=0x27 | 0x29..=0x2B | 0x2E => {
                if let Some(place) = self.others.get_mut(usize::from(register)) {
                    *place = value;
                }
            }
            _ => {}
        }
    }
}

/// Twenty bits in three bytes, the highest first, the lowest four bits 0.
fn left_justified(value: i32) -> [u8; 3] {
    let [_, high, middle, low] = (value << 4).to_be_bytes();
    [high, middle, low]
}

impl ErrorType for Adxl355 {
    type Error = ErrorKind;
}

impl SpiDevice for Adxl355 {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        self.entry.clear();
        let mut chip = Selected {
            sensor: self,
            address: None,
        };
        for operation in operations {
            match operation {
                Operation::Write(out) => out.iter().for_each(|&byte| {
                    chip.exchange(byte);
                }),
                Operation::Read(buffer) => {
                    buffer.iter_mut().for_each(|byte| *byte = chip.exchange(0));
                }
                Operation::Transfer(buffer, out) => {
                    for at in 0..buffer.len().max(out.len()) {
                        let got = chip.exchange(out.get(at).copied().unwrap_or(0));
                        if let Some(byte) = buffer.get_mut(at) {
                            *byte = got;
                        }
                    }
                }
                Operation::TransferInPlace(buffer) => buffer
                    .iter_mut()
                    .for_each(|byte| *byte = chip.exchange(*byte)),
                Operation::DelayNs(ns) => chip.sensor.time.pass_ns(u64::from(*ns)),
            }
        }
        Ok(())
    }
}

/// The sensor while its chip select is low.
struct Selected<'s> {
    sensor: &'s mut Adxl355,
    address: Option<u8>,
}

impl Selected<'_> {
    /// One byte each way.
    fn exchange(&mut self, byte: u8) -> u8 {
        self.sensor.time.pass_bits(8, BUS_HZ);
        let Some(address) = self.address else {
            self.address = Some(byte);
            self.sensor.advance();
            return 0;
        };
        let register = address >> 1;
        let got = if address & 1 == 1 {
            self.sensor.read(register)
        } else {
            self.sensor.write(register, byte);
            0
        };
        if register != 0x11 {
            self.address = Some(address.wrapping_add(2));
        }
        got
    }
}
