//! Virtual time for sensors on I2C and SPI: every transaction takes the time that its bits take.
//!
//! Drivers on these buses wait by themselves, so bus, sensor and delay share one time. A rig that has its own time sets it.

use embedded_hal::delay::DelayNs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Virtual time that sensor, bus and delay share. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    /// Time at this instant, microseconds since the rig's start.
    #[must_use]
    pub fn at_us(us: u64) -> Self {
        let time = Self::default();
        time.set_us(us);
        time
    }

    /// Microseconds since the rig's start.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.0.load(Ordering::Relaxed) / 1_000
    }

    /// Sets the time; it never runs backwards.
    pub fn set_us(&self, us: u64) {
        self.0
            .fetch_max(us.saturating_mul(1_000), Ordering::Relaxed);
    }

    /// Lets time pass.
    pub fn pass_ns(&self, ns: u64) {
        self.0.fetch_add(ns, Ordering::Relaxed);
    }

    /// Lets the bits of a transaction pass at this many a second.
    pub fn pass_bits(&self, bits: u64, per_s: u32) {
        self.pass_ns(bits.saturating_mul(1_000_000_000) / u64::from(per_s.max(1)));
    }
}

impl DelayNs for Time {
    fn delay_ns(&mut self, ns: u32) {
        self.pass_ns(u64::from(ns));
    }
}
