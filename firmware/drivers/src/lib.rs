//! Sensor drivers of the node: readings in canonical units out of serial lines, I2C, SPI and pulses.
//!
//! A driver is a state machine without a clock, a task or a line of its own: the board's program hands it bytes, edges or a bus
//! together with the time, and it hands back bytes to send, readings, and the instant at which it wants to be called again. That
//! is why every driver is tested on the host with exact bytes and exact times.
//!
//! | Sensor | Type | Shape |
//! |---|---|---|
//! | Paroscientific Digiquartz | [`digiquartz::Digiquartz`] | [`SerialSensor`] |
//! | OPS243-A radar | [`ops243::Ops243`] | [`SerialSensor`] |
//! | SDM230, SDM630, PZEM-004T v3 | [`meter::Meter`] | [`SerialSensor`] |
//! | any of these, chosen at run time | [`AnySerial`] | [`SerialSensor`] |
//! | MS5837-30BA | [`ms5837::Ms5837`] | [`BusSensor`] over I2C |
//! | ADXL355 | [`adxl355::Adxl355`] | [`BusSensor`] over SPI |
//! | inductive loop | [`inductive_loop::InductiveLoop`] | edges with their times |
//!
//! Invariants:
//! - No allocation, no clock, no randomness: same calls, same readings.
//! - Whatever a sensor sends is bounded in length and never panics the node; each kind of fault has a counter in [`Faults`].
//! - A sample that was asked for and did not come is a reading with [`Quality::MISSING`] and [`Quality::SENSOR_FAULT`], because
//!   silence must be told from loss.
//! - Times are microseconds of the node's monotonic clock and may wrap.
//!
//! Refuses: to judge whether a value is plausible (the node flags what is impossible), to smooth, and to report a value that an
//! answer's own checks (checksum, address, length) do not vouch for.
//!
//! [`Quality::MISSING`]: wire::quality::Quality::MISSING
//! [`Quality::SENSOR_FAULT`]: wire::quality::Quality::SENSOR_FAULT
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod adxl355;
mod any;
pub mod attend;
pub mod bus;
pub mod digiquartz;
mod fault;
pub mod inductive_loop;
mod lines;
pub mod meter;
pub mod ms5837;
pub mod ops243;
mod reading;
pub mod serial;
pub mod soft_i2c;

pub use any::{AnySerial, SensorKind};
pub use bus::{BusSensor, Step};
pub use fault::{Fault, Faults};
pub use reading::{Emit, Reading};
pub use serial::{Line, Parity, SerialSensor, Tx};
