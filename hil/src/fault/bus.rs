//! An I2C or SPI device with faults.
//!
//! | Kind | I2C | SPI |
//! |---|---|---|
//! | off, intermittent | nobody acknowledges | reads 0xFF, writes are lost |
//! | garbage(rate) | bytes read become random with this probability | the same |
//! | slow(bps) | a transaction takes ten bit times a byte more | the same |
//! | delayed(by) | a transaction takes this much longer | the same |
//!
//! Stuck and wrong change what the sensor measures and are its own: `sensor::Source::distort`.

use super::tamper::happens;
use super::{ByteFault, Channel, Effect, Fault, Phases, Window};
use crate::sensor::bus::Time;
use embedded_hal::i2c::{self, I2c, NoAcknowledgeSource};
use embedded_hal::spi::{self, SpiDevice};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A device behind a faulty bus.
pub struct FaultyBus<B> {
    bus: B,
    time: Time,
    faults: Vec<(Window, ByteFault, Option<Phases>)>,
    random: Pcg64Mcg,
    /// Transactions that did not reach the device.
    lost: u64,
}

impl<B> FaultyBus<B> {
    /// Puts the byte faults of the channel `sensor` that are on `name` between driver and device. `time` is the device's.
    #[must_use]
    pub fn new(bus: B, time: Time, name: &str, faults: &[Fault], seed: u64) -> Self {
        let own = faults
            .iter()
            .filter(|fault| fault.channel == Channel::Sensor && fault.is_on(name));
        let faults = own
            .enumerate()
            .filter_map(|(index, fault)| {
                let Effect::Bytes(bytes) = fault.effect else {
                    return None;
                };
                let phases = match bytes {
                    ByteFault::Intermittent { on_us, off_us } => {
                        let seed = seed.wrapping_add(index as u64 + 1);
                        Some(Phases::new(seed, fault.window, on_us, off_us))
                    }
                    _ => None,
                };
                Some((fault.window, bytes, phases))
            })
            .collect();
        Self {
            bus,
            time,
            faults,
            random: Pcg64Mcg::seed_from_u64(seed),
            lost: 0,
        }
    }

    /// The device.
    pub const fn bus_mut(&mut self) -> &mut B {
        &mut self.bus
    }

    /// Transactions that did not reach the device.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Lets the time of faults pass; whether the device is reached.
    fn reached(&mut self, bytes: u64) -> bool {
        let now_us = self.time.now_us();
        let mut reached = true;
        for (window, fault, phases) in &mut self.faults {
            if !window.contains(now_us) {
                continue;
            }
            match *fault {
                ByteFault::Off => reached = false,
                ByteFault::Intermittent { .. } => {
                    reached &= phases.as_mut().is_none_or(|phases| phases.is_on(now_us));
                }
                ByteFault::Slow { bits_per_s } => self.time.pass_bits(10 * bytes, bits_per_s),
                ByteFault::Delayed { by_us } => self.time.pass_ns(by_us.saturating_mul(1_000)),
                _ => {}
            }
        }
        self.lost += u64::from(!reached);
        reached
    }

    fn spoil(&mut self, bytes: &mut [u8]) {
        let now_us = self.time.now_us();
        for (window, fault, _) in &self.faults {
            let ByteFault::Garbage { rate } = *fault else {
                continue;
            };
            if window.contains(now_us) {
                for byte in bytes.iter_mut() {
                    if happens(&mut self.random, rate) {
                        *byte = self.random.next_u64().to_le_bytes()[0];
                    }
                }
            }
        }
    }
}

impl<B: I2c<Error = i2c::ErrorKind>> i2c::ErrorType for FaultyBus<B> {
    type Error = i2c::ErrorKind;
}

impl<B: I2c<Error = i2c::ErrorKind>> I2c for FaultyBus<B> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [i2c::Operation<'_>],
    ) -> Result<(), i2c::ErrorKind> {
        let bytes = operations.iter().map(|operation| match operation {
            i2c::Operation::Read(buffer) => buffer.len(),
            i2c::Operation::Write(bytes) => bytes.len(),
        });
        let bytes = 1 + bytes.sum::<usize>() as u64;
        if !self.reached(bytes) {
            return Err(i2c::ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        self.bus.transaction(address, operations)?;
        for operation in operations {
            if let i2c::Operation::Read(buffer) = operation {
                self.spoil(buffer);
            }
        }
        Ok(())
    }
}

impl<B: SpiDevice<Error = spi::ErrorKind>> spi::ErrorType for FaultyBus<B> {
    type Error = spi::ErrorKind;
}

impl<B: SpiDevice<Error = spi::ErrorKind>> SpiDevice for FaultyBus<B> {
    fn transaction(
        &mut self,
        operations: &mut [spi::Operation<'_, u8>],
    ) -> Result<(), spi::ErrorKind> {
        let bytes = operations.iter().map(|operation| match operation {
            spi::Operation::Read(buffer) | spi::Operation::TransferInPlace(buffer) => buffer.len(),
            spi::Operation::Write(bytes) => bytes.len(),
            spi::Operation::Transfer(buffer, bytes) => buffer.len().max(bytes.len()),
            spi::Operation::DelayNs(_) => 0,
        });
        let reached = self.reached(bytes.sum::<usize>() as u64);
        if reached {
            self.bus.transaction(operations)?;
        }
        for operation in operations {
            let (spi::Operation::Read(buffer)
            | spi::Operation::Transfer(buffer, _)
            | spi::Operation::TransferInPlace(buffer)) = operation
            else {
                continue;
            };
            if reached {
                self.spoil(buffer);
            } else {
                // Nobody drives the line, the pull-up does.
                buffer.fill(0xFF);
            }
        }
        Ok(())
    }
}
