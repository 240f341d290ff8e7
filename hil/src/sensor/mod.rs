//! Virtual sensors: byte for byte what the instruments say, without I/O and without a clock.
//!
//! | Module | Instrument | Line |
//! |---|---|---|
//! | [`digiquartz`] | Paroscientific Digiquartz, absolute pressure | serial, ASCII commands |
//! | [`ops243`] | OmniPreSense OPS243 traffic radar | serial, JSON lines |
//! | [`meter`] | Eastron SDM230 and SDM630, PZEM-004T energy meters | serial, Modbus RTU |
//! | [`inductive_loop`] | loop detector | a contact |
//! | [`ms5837`] | MS5837-30BA, absolute pressure | I2C |
//! | [`adxl355`] | ADXL355 accelerometer | SPI |
//!
//! What they measure comes from [`source`] (recorded series, sines, steps) or [`traffic`] (vehicles). All times are
//! microseconds of virtual time since the rig's start and are given by the caller; they must not run backwards. The same
//! bytes at the same times give the same bytes at the same times: chance comes from seeds.
//!
//! Sources of what the instruments do are marked S (read in public code or a manual) and K (general knowledge, not
//! checked against an instrument). No model here was compared with silicon.

pub mod adxl355;
pub mod bus;
pub mod digiquartz;
pub mod inductive_loop;
pub mod line;
pub mod meter;
pub mod modbus;
pub mod ms5837;
pub mod ops243;
pub mod source;
pub mod traffic;

pub use source::Source;

/// A sensor on a serial line.
pub trait SerialSensor {
    /// Takes what the firmware sent; the last byte has arrived at `now_us`.
    fn receive(&mut self, bytes: &[u8], now_us: u64);

    /// Appends the bytes that have arrived at the firmware by `now_us`, at the pace of the baud rate.
    fn transmit(&mut self, now_us: u64, out: &mut Vec<u8>);

    /// When [`transmit`](Self::transmit) has something to do next if nothing is received; never later than the next byte.
    fn next_us(&self) -> Option<u64>;

    /// The supply was away until `now_us`: what was under way is forgotten, settings are as the sensor keeps them.
    fn restart(&mut self, now_us: u64);
}

impl<S: SerialSensor + ?Sized> SerialSensor for Box<S> {
    fn receive(&mut self, bytes: &[u8], now_us: u64) {
        (**self).receive(bytes, now_us);
    }

    fn transmit(&mut self, now_us: u64, out: &mut Vec<u8>) {
        (**self).transmit(now_us, out);
    }

    fn next_us(&self) -> Option<u64> {
        (**self).next_us()
    }

    fn restart(&mut self, now_us: u64) {
        (**self).restart(now_us);
    }
}

/// The earlier of two instants, either of which may be none.
pub(crate) fn earlier(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (some, None) | (None, some) => some,
    }
}
