//! The shape that all sensors on a serial line share.
//!
//! | The program | The sensor |
//! |---|---|
//! | opens the line as [`SerialSensor::line`] says, calls [`SerialSensor::start`] | asks for what it must know first |
//! | calls [`SerialSensor::due`] when a sample is due | asks for it, or closes its interval |
//! | calls [`SerialSensor::receive`] with every byte | emits readings when an answer is complete |
//! | calls [`SerialSensor::wake`] at [`SerialSensor::deadline_us`] | gives up on an answer, or asks the next question |
//! | after every call sends what is in [`Tx`] and clears it | |
//!
//! [`crate::attend::attend`] does all this over `embedded-io-async`.

use crate::fault::{Fault, Faults};
use crate::reading::Emit;

/// Bytes for the sensor. Empty at every call: the caller sends and clears it. No single call needs more than this holds.
pub type Tx = heapless::Vec<u8, 64>;

/// Parity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// None.
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// How a line is set: always 8 data bits and one stop bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Bits per second.
    pub baud: u32,
    /// Parity.
    pub parity: Parity,
}

impl Line {
    /// Time that `characters` take, microseconds; eleven bits each, the longest frame.
    pub(crate) const fn time_us(self, characters: u64) -> u64 {
        let baud = if self.baud == 0 { 1 } else { self.baud };
        characters.saturating_mul(11_000_000) / baud as u64
    }
}

/// A sensor on a serial line, driven by bytes and times.
pub trait SerialSensor {
    /// How the line must be set.
    fn line(&self) -> Line;

    /// The line has just been opened, at the start or after a fault. Forgets whatever was under way.
    fn start(&mut self, now_us: u64, tx: &mut Tx);

    /// A sample is due.
    fn due(&mut self, now_us: u64, tx: &mut Tx, emit: Emit<'_>);

    /// A byte came.
    fn receive(&mut self, byte: u8, now_us: u64, tx: &mut Tx, emit: Emit<'_>);

    /// When [`Self::wake`] must be called; `None` while nothing is awaited.
    fn deadline_us(&self) -> Option<u64>;

    /// Time has passed. Called too early, it does nothing.
    fn wake(&mut self, now_us: u64, tx: &mut Tx, emit: Emit<'_>);

    /// What went wrong so far.
    fn faults(&self) -> &Faults;

    /// The port reported an error; whatever was being received is spoilt.
    fn line_error(&mut self);
}

/// Puts `bytes` into `tx`. A buffer that the caller did not clear cannot take them: then nothing is sent, which ends in a
/// counted timeout, never in half a command.
pub(crate) fn put(tx: &mut Tx, bytes: &[u8], faults: &mut Faults) {
    if tx.extend_from_slice(bytes).is_err() {
        faults.note(Fault::Busy);
    }
}
