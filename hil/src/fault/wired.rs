//! A serial sensor behind a faulty line.

use super::{Channel, Direction, Fault, FaultyLine, Framing};
use crate::sensor::{SerialSensor, earlier};

/// A sensor with a faulty line in each direction; a sensor itself.
pub struct FaultySensor<S> {
    sensor: S,
    up: FaultyLine,
    down: FaultyLine,
}

impl<S: SerialSensor> FaultySensor<S> {
    /// Puts the byte faults of the channel `sensor` that are on `name` between node and sensor.
    #[must_use]
    pub fn new(sensor: S, name: &str, framing: Framing, faults: &[Fault], seed: u64) -> Self {
        let line =
            |direction| FaultyLine::of(faults, Channel::Sensor, name, direction, framing, seed);
        Self {
            sensor,
            up: line(Direction::Up),
            down: line(Direction::Down),
        }
    }

    /// The sensor.
    #[must_use]
    pub const fn sensor(&self) -> &S {
        &self.sensor
    }

    /// The line from the sensor to the node.
    #[must_use]
    pub const fn up(&self) -> &FaultyLine {
        &self.up
    }

    /// The line from the node to the sensor.
    #[must_use]
    pub const fn down(&self) -> &FaultyLine {
        &self.down
    }

    /// Carries bytes both ways, each at its own time, up to `now_us`.
    fn carry(&mut self, now_us: u64) {
        let mut bytes = Vec::new();
        while let Some(at_us) =
            earlier(self.down.next_us(), self.sensor.next_us()).filter(|at_us| *at_us <= now_us)
        {
            bytes.clear();
            self.down.pull(at_us, &mut bytes);
            let heard = !bytes.is_empty();
            if heard {
                self.sensor.receive(&bytes, at_us);
                bytes.clear();
            }
            self.sensor.transmit(at_us, &mut bytes);
            self.up.push(&bytes, at_us);
            let stands = earlier(self.down.next_us(), self.sensor.next_us())
                .is_some_and(|next_us| next_us <= at_us);
            if stands && !heard && bytes.is_empty() {
                // Something says that it is due and does nothing: the caller's next call tries again.
                break;
            }
        }
    }
}

impl<S: SerialSensor> SerialSensor for FaultySensor<S> {
    fn receive(&mut self, bytes: &[u8], now_us: u64) {
        self.carry(now_us);
        self.down.push(bytes, now_us);
        self.carry(now_us);
    }

    fn transmit(&mut self, now_us: u64, out: &mut Vec<u8>) {
        self.carry(now_us);
        self.up.pull(now_us, out);
    }

    fn next_us(&self) -> Option<u64> {
        let up_and_down = earlier(self.up.next_us(), self.down.next_us());
        earlier(up_and_down, self.sensor.next_us())
    }

    /// What is on its way in the line arrives all the same.
    fn restart(&mut self, now_us: u64) {
        self.carry(now_us);
        self.sensor.restart(now_us);
    }
}
