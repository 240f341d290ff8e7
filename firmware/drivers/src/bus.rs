//! The shape that sensors on I2C and SPI share: short transfers with waits between them.
//!
//! A conversion takes milliseconds; waiting for it is the program's business, so that an async program can do other things with a
//! blocking bus: call [`BusSensor::due`], then [`BusSensor::step`] until it says [`Step::Done`], waiting in between as it says.

use crate::fault::Faults;
use crate::reading::Emit;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call again after at least so many microseconds.
    After(u32),
    /// The sample has been emitted.
    Done,
}

/// A sensor on the bus `B`.
pub trait BusSensor<B> {
    /// A sample is due; drops one that is still under way.
    fn due(&mut self, now_us: u64);

    /// Carries on. Ends with readings, or with missing ones when the sensor failed.
    fn step(&mut self, bus: &mut B, emit: Emit<'_>) -> Step;

    /// What went wrong so far.
    fn faults(&self) -> &Faults;
}

/// Steps of one sample at most: more would be our own bug, and a sensor must not be able to hold a task for ever.
const STEPS_MAX: u8 = 16;

/// Takes one sample and waits with a blocking delay.
pub fn sample<B, S: BusSensor<B>, D: embedded_hal::delay::DelayNs>(
    sensor: &mut S,
    bus: &mut B,
    now_us: u64,
    delay: &mut D,
    emit: Emit<'_>,
) {
    sensor.due(now_us);
    for _ in 0..STEPS_MAX {
        match sensor.step(bus, emit) {
            Step::Done => return,
            Step::After(us) => delay.delay_us(us),
        }
    }
}

/// Takes one sample and lets other tasks run while it waits.
pub async fn sample_async<B, S: BusSensor<B>, D: embedded_hal_async::delay::DelayNs>(
    sensor: &mut S,
    bus: &mut B,
    now_us: u64,
    delay: &mut D,
    emit: Emit<'_>,
) {
    sensor.due(now_us);
    for _ in 0..STEPS_MAX {
        match sensor.step(bus, emit) {
            Step::Done => return,
            Step::After(us) => delay.delay_us(us).await,
        }
    }
}
