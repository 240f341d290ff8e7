//! Faults on every channel of the rig, described in one line of text and repeated exactly by a seed.
//!
//! ```text
//! [TARGET/]CHANNEL[.up|.down]:KIND[(name=value,...)][@BEGIN[+LENGTH]]
//! sensor:garbage@3600s+120s
//! deep/sensor:wrong(scale=1.02,of=pressure)@1h
//! link.down:wrong(how=duplicate,rate=0.3)@10m+5m
//! power:off(after=137)@2h+30s
//! ```
//!
//! The kinds are PX4's failure vocabulary. What a kind means depends on the channel; `hil/scripts/README.md` has the table with all
//! parameters and their defaults. Up is towards the hub: from the sensor to the node, from the node to the edge. Times are
//! virtual and count from the rig's start; without `@` a fault lasts from the start, without `+` to the end.
//!
//! | Module | What it does |
//! |---|---|
//! | [`window`] | when a fault acts; phases of an intermittent one |
//! | [`text`] | the line above, read and written |
//! | [`bytes`] | byte faults on one direction of a serial line or socket |
//! | [`tamper`] | faults on whole messages: lost, doubled, swapped, cut, replayed, forged |
//! | [`wired`] | a serial sensor behind a faulty line |
//! | [`contact`] | a contact (loop detector) with faults |
//! | [`bus`] | an I2C or SPI device with faults |
//!
//! Refuses: to execute faults of clock, power, edge and broker. They are described here and carried out by the rig; a
//! broker's bytes can pass through [`bytes::FaultyLine`] in a proxy.

pub mod bus;
pub mod bytes;
pub mod contact;
mod params;
pub mod tamper;
pub mod text;
pub mod window;
pub mod wired;

pub use bytes::{Direction, FaultyLine, Framing};
pub use params::Params;
pub use text::FaultError;
pub use window::{Phases, Window};
pub use wired::FaultySensor;

use tamper::Tamper;

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// Between a sensor and its node, and in the sensor.
    Sensor,
    /// Between node and edge.
    Link,
    /// The node's clock, and the time that the edge tells it.
    Clock,
    /// The node's supply.
    Power,
    /// The edge's process.
    Edge,
    /// Between edge and broker.
    Broker,
}

/// PX4's failure vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing comes.
    Off,
    /// The same comes again.
    Stuck,
    /// Something comes that means nothing.
    Garbage,
    /// Something comes that means something else.
    Wrong,
    /// It comes at a lower pace.
    Slow,
    /// It comes late.
    Delayed,
    /// It comes and goes.
    Intermittent,
}

/// A fault: where, what, when.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Name of the sensor or node that it is on; all of the channel without one.
    pub target: Option<String>,
    /// Where it is.
    pub channel: Channel,
    /// Which way bytes go that it acts on; both without one. Only on sensor, link and broker.
    pub direction: Option<Direction>,
    /// Its name.
    pub kind: Kind,
    /// What it does.
    pub effect: Effect,
    /// When it acts.
    pub window: Window,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// To bytes on their way.
    Bytes(ByteFault),
    /// To what a sensor measures.
    Value(ValueFault),
    /// To a node's time.
    Clock(ClockFault),
    /// To a node's supply.
    Power(PowerFault),
    /// To the edge's process.
    Edge(EdgeFault),
}

/// What happens to bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ByteFault {
    /// They are lost.
    Off,
    /// The last message before the fault comes again in place of every new one.
    Stuck,
    /// Nothing passes until the fault ends; then all that came meanwhile does.
    Held,
    /// A byte becomes a random one with probability `rate`.
    Garbage {
        /// 0 to 1.
        rate: f64,
    },
    /// One bit of a byte is turned over with probability `rate`.
    Flip {
        /// 0 to 1.
        rate: f64,
    },
    /// A message is tampered with, with probability `rate`.
    Tamper {
        /// How.
        how: Tamper,
        /// 0 to 1.
        rate: f64,
    },
    /// They pass at this many bits a second, ten bits a byte.
    Slow {
        /// Above 0.
        bits_per_s: u32,
    },
    /// They arrive this much later.
    Delayed {
        /// Microseconds.
        by_us: u64,
    },
    /// They are lost in phases; see [`Phases`].
    Intermittent {
        /// Mean length of a phase in which they pass, microseconds.
        on_us: u64,
        /// Mean length of a phase in which they are lost, microseconds.
        off_us: u64,
    },
}

/// What happens to measured values.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueFault {
    /// The value from when the fault began stays.
    Stuck,
    /// `value * scale + offset`, in another unit, or both.
    Wrong {
        /// Which quantity, as the sensor names them; the sensor's first without one.
        of: Option<String>,
        /// Factor.
        scale: f64,
        /// What is added, in the unit of the source (pascals, m/s, volts).
        offset: f64,
        /// Name of a unit in which the sensor writes its numbers, without saying so.
        unit: Option<String>,
    },
}

/// What happens to a node's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClockFault {
    /// The edge does not answer questions about the time.
    NoTime,
    /// The node's counter stands still.
    Stuck,
    /// The edge's answers are off by a random time up to this, either way.
    Random {
        /// Microseconds.
        up_to_us: u64,
    },
    /// The node's counter runs fast (above 0) or slow.
    Drift {
        /// Parts per million.
        ppm: f64,
    },
    /// The edge's time jumps when the fault begins, and back when it ends.
    Jump {
        /// Microseconds.
        by_us: i64,
    },
    /// The node's counter begins so near its end that it wraps.
    StartAt {
        /// Microseconds of the counter at the node's first start.
        count_us: u64,
    },
    /// The edge's answers come late.
    Delayed {
        /// Microseconds.
        by_us: u64,
    },
    /// The edge answers in phases.
    Intermittent {
        /// Mean length of a phase with answers, microseconds.
        on_us: u64,
        /// Mean length of a phase without, microseconds.
        off_us: u64,
    },
}

/// What happens to a node's supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerFault {
    /// Cut when the fault begins, or after so many more bytes sent on the link; back when it ends.
    Cut {
        /// Bytes on the link from the begin of the fault on.
        after_bytes: Option<u64>,
    },
    /// The node is held in reset while the fault lasts.
    HeldInReset,
    /// A reset whose cause reads brown-out, `count` times, `every_us` apart.
    BrownOut {
        /// How often.
        count: u32,
        /// Distance, microseconds.
        every_us: u64,
        /// Bytes on the link from the begin of the fault on before the first.
        after_bytes: Option<u64>,
    },
    /// The node is switched on this much late.
    Late {
        /// Microseconds.
        by_us: u64,
    },
    /// Cut again and again; see [`Phases`].
    Intermittent {
        /// Mean length of a phase with power, microseconds.
        on_us: u64,
        /// Mean length of a phase without, microseconds.
        off_us: u64,
    },
}

/// What happens to the edge's process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EdgeFault {
    /// Killed when the fault begins, started again when it ends.
    Killed,
    /// Stopped while the fault lasts: its sockets stay open and nobody answers.
    Stopped,
    /// It gets this share of a processor.
    Slow {
        /// Above 0, up to 1.
        share: f64,
    },
    /// It is started this much late.
    Late {
        /// Microseconds.
        by_us: u64,
    },
    /// Killed and started again and again: a reconnect storm; see [`Phases`].
    Intermittent {
        /// Mean length of a phase in which it runs, microseconds.
        on_us: u64,
        /// Mean length of a phase in which it does not, microseconds.
        off_us: u64,
    },
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Sensor,
        Self::Link,
        Self::Clock,
        Self::Power,
        Self::Edge,
        Self::Broker,
    ];

    /// Name in texts and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::Link => "link",
            Self::Clock => "clock",
            Self::Power => "power",
            Self::Edge => "edge",
            Self::Broker => "broker",
        }
    }

    /// The kinds that mean something here; for the others see the table in `hil/scripts/README.md`.
    #[must_use]
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Sensor | Self::Link | Self::Clock | Self::Broker => &Kind::ALL,
            Self::Power => &[
                Kind::Off,
                Kind::Stuck,
                Kind::Wrong,
                Kind::Slow,
                Kind::Delayed,
                Kind::Intermittent,
            ],
            Self::Edge => &[
                Kind::Off,
                Kind::Stuck,
                Kind::Slow,
                Kind::Delayed,
                Kind::Intermittent,
            ],
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Off,
        Self::Stuck,
        Self::Garbage,
        Self::Wrong,
        Self::Slow,
        Self::Delayed,
        Self::Intermittent,
    ];

    /// Name in texts and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Stuck => "stuck",
            Self::Garbage => "garbage",
            Self::Wrong => "wrong",
            Self::Slow => "slow",
            Self::Delayed => "delayed",
            Self::Intermittent => "intermittent",
        }
    }
}

impl Fault {
    /// Whether it is on the sensor or node of this name.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.target.as_ref().is_none_or(|target| target == name)
    }
}
