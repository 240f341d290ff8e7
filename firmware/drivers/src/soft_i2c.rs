//! I2C by two pins, each wait with a limit (UM10204, I2C-bus specification: standard mode, 100 kHz).
//!
//! A sensor that is reset in the middle of a byte, or a cable full of water, holds a line low. Bus hardware and its drivers wait for it to
//! come back, some for ever; a node that waits so sends nothing at all. Here every bit takes a bounded time, and before each transfer
//! a bus that is held is freed by up to nine clocks (UM10204, 3.1.16).

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{InputPin, OutputPin};
use embedded_hal::i2c::{Error as Kind, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// Half a clock, nanoseconds.
const HALF_NS: u32 = 5_000;

/// Longest that a device may hold the clock, in steps of half a clock: 10 ms.
const STRETCH: u32 = 2_000;

/// Why a transfer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A line stays low.
    Held,
    /// Nobody answers at this address, or a byte was not taken.
    NoAcknowledge,
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Held => ErrorKind::Bus,
            Self::NoAcknowledge => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown),
        }
    }
}

/// A bus of two pins that pull low or let go, with resistors that pull up. The only master.
#[derive(Debug)]
pub struct SoftI2c<C, D, W> {
    clock: C,
    data: D,
    delay: W,
}

impl<C, D, W> SoftI2c<C, D, W>
where
    C: InputPin + OutputPin,
    D: InputPin + OutputPin,
    W: DelayNs,
{
    /// Lets go of both lines.
    pub fn new(clock: C, data: D, delay: W) -> Self {
        let mut this = Self { clock, data, delay };
        this.set_data(true);
        let _ = this.clock.set_high();
        this
    }

    fn half(&mut self) {
        self.delay.delay_ns(HALF_NS);
    }

    /// Pins of a microcontroller do not fail.
    fn set_data(&mut self, high: bool) {
        let _ = if high {
            self.data.set_high()
        } else {
            self.data.set_low()
        };
    }

    fn data_is_high(&mut self) -> bool {
        self.data.is_high().unwrap_or(false)
    }

    fn clock_low(&mut self) {
        let _ = self.clock.set_low();
        self.half();
    }

    fn clock_high(&mut self) -> Result<(), Error> {
        let _ = self.clock.set_high();
        for _ in 0..STRETCH {
            self.half();
            if self.clock.is_high().unwrap_or(false) {
                return Ok(());
            }
        }
        Err(Error::Held)
    }

    /// Begins a transfer, or another part of one.
    fn start(&mut self) -> Result<(), Error> {
        self.set_data(true);
        self.clock_high()?;
        for _ in 0..9 {
            if self.data_is_high() {
                break;
            }
            self.clock_low();
            self.clock_high()?;
        }
        if !self.data_is_high() {
            return Err(Error::Held);
        }
        self.set_data(false);
        self.half();
        self.clock_low();
        Ok(())
    }

    fn stop(&mut self) -> Result<(), Error> {
        self.set_data(false);
        self.half();
        self.clock_high()?;
        self.set_data(true);
        self.half();
        Ok(())
    }

    fn bit_out(&mut self, high: bool) -> Result<(), Error> {
        self.set_data(high);
        self.half();
        self.clock_high()?;
        self.clock_low();
        Ok(())
    }

    fn bit_in(&mut self) -> Result<bool, Error> {
        self.set_data(true);
        self.half();
        self.clock_high()?;
        let high = self.data_is_high();
        self.clock_low();
        Ok(high)
    }

    fn byte_out(&mut self, byte: u8) -> Result<(), Error> {
        for bit in (0..8).rev() {
            self.bit_out(byte >> bit & 1 == 1)?;
        }
        match self.bit_in()? {
            false => Ok(()),
            true => Err(Error::NoAcknowledge),
        }
    }

    fn byte_in(&mut self, last: bool) -> Result<u8, Error> {
        let mut byte = 0;
        for _ in 0..8 {
            byte = byte << 1 | u8::from(self.bit_in()?);
        }
        self.bit_out(last)?;
        Ok(byte)
    }

    fn parts(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        let mut reads_before = None;
        let count = operations.len();
        for index in 0..count {
            let next_reads = operations
                .get(index + 1)
                .is_some_and(|next| matches!(next, Operation::Read(_)));
            let Some(operation) = operations.get_mut(index) else {
                break;
            };
            let reads = matches!(operation, Operation::Read(_));
            if reads_before != Some(reads) {
                self.start()?;
                self.byte_out(address << 1 | u8::from(reads))?;
            }
            reads_before = Some(reads);
            match operation {
                Operation::Write(bytes) => {
                    for byte in bytes.iter() {
                        self.byte_out(*byte)?;
                    }
                }
                Operation::Read(bytes) => {
                    let length = bytes.len();
                    for (at, byte) in bytes.iter_mut().enumerate() {
                        // Only the last byte of all that is read in one go is not acknowledged.
                        *byte = self.byte_in(at + 1 == length && !next_reads)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl<C, D, W> ErrorType for SoftI2c<C, D, W> {
    type Error = Error;
}

impl<C, D, W> I2c for SoftI2c<C, D, W>
where
    C: InputPin + OutputPin,
    D: InputPin + OutputPin,
    W: DelayNs,
{
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        let done = self.parts(address, operations);
        // The bus is let go whatever happened.
        let stopped = self.stop();
        done.and(stopped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::RefCell;
    use core::convert::Infallible;
    use std::rc::Rc;
    use std::vec::Vec;

    /// Two lines with a device that follows the specification by looking at their edges.
    #[derive(Default)]
    struct Lines {
        clock: bool,
        data: bool,
        pulls: bool,
        held: bool,
        stretched: bool,
        waits: u64,
        bits: Vec<bool>,
        bytes: Vec<u8>,
        active: bool,
        reading: bool,
        answer: Vec<u8>,
        given: usize,
        absent: bool,
    }

    impl Lines {
        fn level(&self) -> bool {
            self.data && !self.pulls && !self.held
        }

        fn set_clock(&mut self, high: bool) {
            let rises = high && !self.clock;
            let falls = !high && self.clock;
            self.clock = high;
            if !self.active {
                return;
            }
            if rises {
                self.bits.push(self.level());
            }
            if falls {
                self.fell();
            }
        }

        fn fell(&mut self) {
            let count = self.bits.len();
            self.pulls = false;
            if count == 8 && !self.reading {
                let byte = self.bits.iter().fold(0, |b, &bit| b << 1 | u8::from(bit));
                self.bytes.push(byte);
                self.pulls = !self.absent;
            }
            if count == 9 {
                if self.bytes.len() == 1 && !self.reading {
                    self.reading = self.bytes.first().is_some_and(|a| a & 1 == 1);
                }
                self.bits.clear();
            }
            let at = self.bits.len();
            if self.reading && at < 8 && (count == 9 || self.given > 0) {
                if at == 0 {
                    self.given += 1;
                }
                let byte = self.answer.get(self.given - 1).copied().unwrap_or(0xff);
                self.pulls = byte >> (7 - at) & 1 == 0;
            }
        }

        fn set_data(&mut self, high: bool) {
            if self.clock && self.data && !high && !self.pulls {
                (self.active, self.reading, self.given) = (true, false, 0);
                self.bits.clear();
                self.bytes.clear();
            }
            if self.clock && !self.data && high && !self.pulls {
                self.active = false;
            }
            self.data = high;
        }
    }

    struct Clock(Rc<RefCell<Lines>>);
    struct Data(Rc<RefCell<Lines>>);
    struct Wait(Rc<RefCell<Lines>>);

    impl embedded_hal::digital::ErrorType for Clock {
        type Error = Infallible;
    }
    impl embedded_hal::digital::ErrorType for Data {
        type Error = Infallible;
    }
    impl OutputPin for Clock {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.0.borrow_mut().set_clock(false);
            Ok(())
        }
        fn set_high(&mut self) -> Result<(), Infallible> {
            self.0.borrow_mut().set_clock(true);
            Ok(())
        }
    }
    impl InputPin for Clock {
        fn is_high(&mut self) -> Result<bool, Infallible> {
            let lines = self.0.borrow();
            Ok(lines.clock && !lines.stretched)
        }
        fn is_low(&mut self) -> Result<bool, Infallible> {
            self.is_high().map(|high| !high)
        }
    }
    impl OutputPin for Data {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.0.borrow_mut().set_data(false);
            Ok(())
        }
        fn set_high(&mut self) -> Result<(), Infallible> {
            self.0.borrow_mut().set_data(true);
            Ok(())
        }
    }
    impl InputPin for Data {
        fn is_high(&mut self) -> Result<bool, Infallible> {
            Ok(self.0.borrow().level())
        }
        fn is_low(&mut self) -> Result<bool, Infallible> {
            self.is_high().map(|high| !high)
        }
    }
    impl DelayNs for Wait {
        fn delay_ns(&mut self, _: u32) {
            self.0.borrow_mut().waits += 1;
        }
    }

    fn bus() -> (SoftI2c<Clock, Data, Wait>, Rc<RefCell<Lines>>) {
        let lines = Rc::new(RefCell::new(Lines::default()));
        let bus = SoftI2c::new(
            Clock(lines.clone()),
            Data(lines.clone()),
            Wait(lines.clone()),
        );
        (bus, lines)
    }

    #[test]
    fn bytes_go_out_and_come_in() {
        let (mut bus, lines) = bus();
        assert_eq!(bus.write(0x76, &[0xa0, 0x5c]), Ok(()));
        assert_eq!(lines.borrow().bytes, [0xec, 0xa0, 0x5c]);
        lines.borrow_mut().answer = [0x12, 0x80, 0xfe].to_vec();
        let mut read = [0; 3];
        assert_eq!(bus.read(0x76, &mut read), Ok(()));
        assert_eq!(read, [0x12, 0x80, 0xfe]);
        let mut read = [0; 2];
        assert_eq!(bus.write_read(0x76, &[0x00], &mut read), Ok(()));
        assert_eq!(read, [0x12, 0x80]);
        assert!(!lines.borrow().active, "the bus is free");
    }

    #[test]
    fn a_silent_device_and_a_held_line_end_in_errors_after_a_bounded_time() {
        let (mut bus, lines) = bus();
        lines.borrow_mut().absent = true;
        assert_eq!(bus.write(0x76, &[0x1e]), Err(Error::NoAcknowledge));
        lines.borrow_mut().absent = false;
        lines.borrow_mut().held = true;
        lines.borrow_mut().waits = 0;
        assert_eq!(bus.write(0x76, &[0x1e]), Err(Error::Held));
        assert!(lines.borrow().waits < 100);
        lines.borrow_mut().held = false;
        lines.borrow_mut().stretched = true;
        lines.borrow_mut().waits = 0;
        assert_eq!(bus.write(0x76, &[0x1e]), Err(Error::Held));
        assert!(lines.borrow().waits <= 2 * u64::from(STRETCH) + 100);
        lines.borrow_mut().stretched = false;
        assert_eq!(bus.write(0x76, &[0x1e]), Ok(()), "and it goes on");
    }
}
