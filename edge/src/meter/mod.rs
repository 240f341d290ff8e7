//! Modbus meters: register maps, decoding, and the pollers.

pub mod bus;
pub mod decode;
pub mod map;
pub mod poll;

pub use poll::{MeterHealth, MeterReport};
