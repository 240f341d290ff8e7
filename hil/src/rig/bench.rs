//! The test bench: nodes with their sensors, lines and supplies, and the one time that all of them and the edge go by.
//!
//! Each turn takes the node that is furthest behind. What it has said goes to its sensor and to the edge, whose answer is waited for
//! on the wall while time stands still; what is due to it is delivered; then it runs until it has nothing to do or until something is
//! due again. Programs that follow the bench's time (`WATCHFIRE_CLOCK=file:...`) see the time of the node whose turn it is, and it
//! never goes back. All times here are microseconds since the bench's start, but for that file.

use std::time::{Duration, Instant};

use clock::Given;
use wire::frame::Key;

use super::Cause;
use super::clockwork::{Drift, Telling};
use super::error::{Error, system};
use super::link::{self, EdgeLink};
use super::machine::{Machine, Port, Stop};
use super::owed::Owed;
use super::supply::{Supply, Wanted};
use crate::endpoint::Endpoint;
use crate::fault::{
    Channel, ClockFault, Direction, Effect, Fault, FaultyLine, Framing, Window, bytes,
};
use crate::sensor::inductive_loop::Contact;
use crate::sensor::{SerialSensor, earlier};

/// Lines of the pins that the firmware takes a contact on, as the emulator numbers them: PA1 closes, PA8 opens.
const CONTACT: [u8; 2] = [1, 8];

/// How long a node is left alone at most, so that programs that follow see time go on.
const LONGEST_US: u64 = 5_000_000;

/// A message of a sensor's is delivered whole, so long after its last byte at most: each delivery has a price, and no driver knows the
/// difference.
const TOGETHER_US: u64 = 20_000;
/// A pause that ends a message, shorter than the 3.5 characters of Modbus at 9,600 baud.
const PAUSE_US: u64 = 3_000;
/// Bytes that are delivered without waiting for more: the firmware's memory for them has 512.
const ENOUGH: usize = 200;

/// How long a node runs between two looks at what is due, by the wall's time.
const GRAIN: Duration = Duration::from_millis(5);

/// A node as it is put on the bench.
pub struct Wiring<'a> {
    /// The name by which faults and scripts know it.
    pub name: String,
    /// The node, off.
    pub machine: Machine,
    /// What is on its sensor port, with the faults of that line.
    pub serial: Option<Box<dyn SerialSensor + Send>>,
    /// The contact that it watches.
    pub contact: Option<Contact>,
    /// Where the edge listens for it.
    pub edge: Endpoint,
    /// Its key, to know what it asks.
    pub key: Key,
    /// All faults; those of others are passed over.
    pub faults: &'a [Fault],
    /// For their chances.
    pub seed: u64,
}

/// A node on the bench.
pub struct OnBench {
    name: String,
    machine: Machine,
    serial: Option<Box<dyn SerialSensor + Send>>,
    contact: Option<Contact>,
    link: EdgeLink,
    up: FaultyLine,
    down: FaultyLine,
    telling: Telling,
    supply: Supply,
    drift: Drift,
    /// When its counter is held.
    held: Vec<Window>,
    /// The sensor's message that has begun to come, and when to look how it goes on.
    heard: Vec<u8>,
    together_us: Option<u64>,
    /// When its power came.
    on_us: u64,
    now_us: u64,
    acknowledged_us: u64,
    starts: u32,
    resets: u32,
}

fn held(faults: &[Fault], name: &str) -> Vec<Window> {
    let own = faults.iter().filter(|fault| fault.is_on(name));
    own.filter(|fault| matches!(fault.effect, Effect::Clock(ClockFault::Stuck)))
        .map(|fault| fault.window)
        .collect()
}

/// Nodes, and their time.
pub struct Bench {
    nodes: Vec<OnBench>,
    time: Time,
    start_us: i64,
}

enum Time {
    /// The bench's own, for all who follow it.
    Given(Given),
    /// The wall's.
    Wall(Instant),
}

impl Bench {
    /// An empty bench whose time begins at what `time` shows.
    #[must_use]
    pub fn new(time: Given) -> Self {
        let start_us = time.now_us();
        Self {
            nodes: Vec::new(),
            time: Time::Given(time),
            start_us,
        }
    }

    /// An empty bench that goes by the wall's time: for people who want to watch. Its machines run at [`Pace::Real`](super::Pace::Real).
    #[must_use]
    pub fn real_time() -> Self {
        Self {
            nodes: Vec::new(),
            time: Time::Wall(Instant::now()),
            start_us: clock::Clock::System.now_us(),
        }
    }

    /// Puts a node on it. Its power comes with its first turn, unless a fault holds it back.
    pub fn add(&mut self, wiring: Wiring<'_>) {
        let Wiring {
            name, faults, seed, ..
        } = wiring;
        let line = |direction| {
            FaultyLine::of(
                faults,
                Channel::Link,
                &name,
                direction,
                Framing::Byte(0),
                seed,
            )
        };
        let (up, down) = (line(Direction::Up), line(Direction::Down));
        self.nodes.push(OnBench {
            machine: wiring.machine,
            serial: wiring.serial,
            contact: wiring.contact,
            link: EdgeLink::new(wiring.edge, Owed::new(wiring.key.clone())),
            up,
            down,
            telling: Telling::of(faults, &name, wiring.key, seed),
            supply: Supply::of(faults, &name, seed),
            drift: Drift::of(faults, &name),
            held: held(faults, &name),
            heard: Vec::new(),
            together_us: None,
            on_us: 0,
            now_us: self.now_us(),
            acknowledged_us: 0,
            starts: 0,
            resets: 0,
            name,
        });
    }

    /// The nodes, in the order in which they came.
    #[must_use]
    pub fn nodes(&self) -> &[OnBench] {
        &self.nodes
    }

    /// A node, to look into it or to hurt it.
    pub fn node_mut(&mut self, index: usize) -> Option<&mut OnBench> {
        self.nodes.get_mut(index)
    }

    /// Microseconds since the start.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        match &self.time {
            Time::Given(given) => {
                u64::try_from(given.now_us().saturating_sub(self.start_us)).unwrap_or(0)
            }
            Time::Wall(begun) => u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }

    /// The given time at an instant of the bench's.
    #[must_use]
    pub fn utc_us(&self, us: u64) -> i64 {
        self.start_us.saturating_add_unsigned(us)
    }

    /// One turn of the node that is furthest behind, which does not go beyond `until_us`. Returns whether any node was behind that.
    ///
    /// # Errors
    /// An emulator failed, or the time cannot be written.
    pub fn turn(&mut self, until_us: u64) -> Result<bool, Error> {
        if let Time::Wall(begun) = self.time {
            return self.turn_by_the_wall(begun, until_us);
        }
        let behind = self.nodes.iter_mut().min_by_key(|node| node.now_us);
        let Some(node) = behind.filter(|node| node.now_us < until_us) else {
            self.give(until_us)?;
            return Ok(false);
        };
        let now_us = node.now_us;
        if let Time::Given(given) = &mut self.time {
            let us = self.start_us.saturating_add_unsigned(now_us);
            given.advance_to(us).map_err(system("the given time"))?;
        }
        node.exchange(true)?;
        node.go_on(until_us)?;
        Ok(true)
    }

    fn give(&mut self, us: u64) -> Result<(), Error> {
        let us = self.utc_us(us);
        match &mut self.time {
            Time::Given(given) => given.advance_to(us).map_err(system("the given time")),
            Time::Wall(_) => Ok(()),
        }
    }

    fn turn_by_the_wall(&mut self, begun: Instant, until_us: u64) -> Result<bool, Error> {
        for node in &mut self.nodes {
            node.now_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            node.exchange(false)?;
            if !node.machine.is_on() {
                std::thread::sleep(GRAIN);
            } else if node.machine.run_for(GRAIN)? == Stop::Reset {
                node.resets += 1;
                node.start(Cause::Software)?;
            }
        }
        Ok(self.now_us() < until_us)
    }

    /// Turns until all nodes have come to `until_us`.
    ///
    /// # Errors
    /// As [`Bench::turn`].
    pub fn run_until(&mut self, until_us: u64) -> Result<(), Error> {
        while self.turn(until_us)? {}
        Ok(())
    }
}

impl OnBench {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The emulated board.
    #[must_use]
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The emulated board, to be hurt.
    pub const fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// How often it has started: by power, and by itself.
    #[must_use]
    pub const fn starts(&self) -> u32 {
        self.starts
    }

    /// How often it has reset itself.
    #[must_use]
    pub const fn resets(&self) -> u32 {
        self.resets
    }

    /// What happened on its way to the edge.
    #[must_use]
    pub const fn link(&self) -> link::Counts {
        self.link.counts()
    }

    /// Frames of the edge's so far.
    #[must_use]
    pub const fn answers(&self) -> u64 {
        self.link.answers()
    }

    /// When the edge last acknowledged what it sent.
    #[must_use]
    pub const fn acknowledged_us(&self) -> u64 {
        self.acknowledged_us
    }

    /// What the faults of its link did: to the edge, and from it.
    #[must_use]
    pub const fn line(&self) -> [bytes::Counts; 2] {
        [self.up.counts(), self.down.counts()]
    }

    /// Answers about the time that were tampered with.
    #[must_use]
    pub const fn times_changed(&self) -> u64 {
        self.telling.changed
    }

    /// Microseconds since the bench's start.
    #[must_use]
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Everything that happens at this instant: supply, what it said, what is said to it.
    fn exchange(&mut self, waits: bool) -> Result<(), Error> {
        let now_us = self.now_us;
        let said = self.machine.take_sent(Port::Link);
        let passes = self.supply.passes(said.len(), now_us);
        let to_sensor = self.machine.take_sent(Port::Sensor);
        if let Some(sensor) = &mut self.serial {
            if !to_sensor.is_empty() {
                sensor.receive(&to_sensor, now_us);
            }
            sensor.transmit(now_us, &mut self.heard);
            let goes_on = sensor.next_us().is_some_and(|us| us < now_us + PAUSE_US);
            self.together_us = None;
            if goes_on && self.heard.len() < ENOUGH {
                self.together_us = Some(now_us + TOGETHER_US);
            } else if !self.heard.is_empty() {
                let heard = std::mem::take(&mut self.heard);
                self.machine.deliver(Port::Sensor, &heard);
            }
        }
        if let Some(contact) = &mut self.contact {
            while let Some(edge) = contact.take_due(now_us) {
                for line in CONTACT {
                    self.machine.set_line(line, edge.closed)?;
                }
            }
        }
        self.up.push(said.get(..passes).unwrap_or_default(), now_us);
        let (mut to_edge, mut from_edge, mut to_node) = (Vec::new(), Vec::new(), Vec::new());
        self.up.pull(now_us, &mut to_edge);
        self.telling.release(now_us, &mut from_edge);
        let before = self.link.acknowledgements();
        let answer = self.link.exchange(&to_edge, waits)?;
        if self.link.acknowledgements() > before {
            self.acknowledged_us = now_us;
        }
        self.telling.pass(&answer, now_us, &mut from_edge);
        self.down.push(&from_edge, now_us);
        self.down.pull(now_us, &mut to_node);
        self.machine.deliver(Port::Link, &to_node);
        let hold = self.held.iter().any(|window| window.contains(now_us));
        self.machine.hold_clock(hold)?;
        match self.supply.at(now_us) {
            Wanted::Off => self.machine.power_off(),
            Wanted::On(_) if self.machine.is_on() => {}
            Wanted::On(_) | Wanted::Again => {
                let cause = self.supply.take_cause();
                self.start(cause)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, cause: Cause) -> Result<(), Error> {
        self.on_us = self.now_us;
        self.starts += 1;
        self.machine.power_on(cause)
    }

    /// Runs until something is due, it has something to say, or `until_us`.
    fn go_on(&mut self, until_us: u64) -> Result<(), Error> {
        let now_us = self.now_us;
        let lines = earlier(self.up.next_us(), self.down.next_us());
        let lines = earlier(lines, self.telling.next_us());
        let sensors = earlier(
            self.together_us
                .or_else(|| self.serial.as_ref().and_then(|sensor| sensor.next_us())),
            self.contact.as_ref().and_then(Contact::next_us),
        );
        let mut due_us = earlier(earlier(lines, sensors), self.supply.next_us(now_us));
        for window in &self.held {
            let edges = [Some(window.begin_us), window.end_us];
            let ahead = edges.into_iter().flatten().filter(|us| *us > now_us);
            due_us = earlier(due_us, ahead.min());
        }
        let due_us = due_us
            .unwrap_or(u64::MAX)
            .min(until_us)
            .min(now_us + LONGEST_US)
            .max(now_us + 1);
        if !self.machine.is_on() {
            self.now_us = due_us;
            return Ok(());
        }
        let due_node_us = self.drift.node_us(due_us.saturating_sub(self.on_us));
        match self.machine.run(Some(due_node_us))? {
            Stop::Reset => {
                self.resets += 1;
                self.start(Cause::Software)?;
            }
            Stop::Idle | Stop::PowerLost | Stop::Running => {}
        }
        let now_us = self.on_us + self.drift.world_us(self.machine.now_us());
        self.now_us = self.now_us.max(now_us);
        Ok(())
    }
}
