//! What the tests of lines need: an intake that nobody empties, and a node that answers polls.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};

use clock::Clock;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::{mpsc, watch};
use wire::frame::{Body, Direction, Frame, Header, Key, MAX_FRAME, Sample, Version, encode};
use wire::quantity::Quantity;

use super::Intake;
use crate::config;
use crate::node::Nodes;
use crate::node::registry::{FoundAt, Rules};
use crate::node::state::State;
use crate::reading::Group;

pub const KEY: Key = Key::new([7; 32]);
pub const KEY_HEX: &str = "0707070707070707070707070707070707070707070707070707070707070707";
pub const NOW_US: i64 = 1_700_000_000_000_000;

/// An intake, and where it leads.
pub struct Trial {
    pub intake: Intake,
    pub groups: mpsc::Receiver<Group>,
    pub findings: mpsc::Receiver<FoundAt>,
    pub stop: watch::Sender<bool>,
}

pub fn node(id: u32) -> config::Node {
    config::Node {
        id,
        station: format!("station-{id}"),
        key: Some(KEY_HEX.to_owned()),
        ..config::Node::default()
    }
}

pub fn rules() -> Rules {
    let directory = std::path::Path::new("");
    Rules::from(&config::Config::new("d", "e", directory, "h", 1))
}

pub fn nodes(configured: &[config::Node], rules: Rules, clock: &Clock) -> Nodes {
    let keys = configured.iter().map(|_| Some(KEY)).collect();
    let state = State::new(0, Vec::new(), Vec::new());
    Nodes::new(configured, keys, &state, rules, clock.clone(), 1_000)
}

impl Trial {
    pub fn new(configured: &[config::Node]) -> Self {
        let clock = Clock::manual(NOW_US);
        // The tests' own time runs faster than the wall's.
        let mut rules = rules();
        rules.frames_per_s = 100_000;
        let (sender, groups) = mpsc::channel(10_000);
        let (finding_sender, findings) = mpsc::channel(64);
        let (stop, stopped) = watch::channel(false);
        let intake = Intake {
            nodes: Arc::new(nodes(configured, rules, &clock)),
            groups: sender,
            accepted: Arc::new(AtomicU64::new(0)),
            findings: finding_sender,
            sirens: None,
            clock,
            tally: Arc::default(),
            lines: Arc::default(),
            stop: stopped,
        };
        Self {
            intake,
            groups,
            findings,
            stop,
        }
    }
}

/// Numbers the frames of one node.
pub struct Speaker {
    pub id: u32,
    pub key: Key,
    pub boot: u32,
    pub counter: u32,
    pub seq: u64,
    pub version: Version,
}

impl Speaker {
    pub fn new(id: u32) -> Self {
        Self {
            id,
            key: KEY,
            boot: 1,
            counter: 0,
            seq: 0,
            version: Version::V2,
        }
    }

    pub fn say(&mut self, body: &Body) -> Vec<u8> {
        let header = Header {
            node: self.id,
            boot: self.boot,
            counter: self.counter,
            direction: Direction::Up,
        };
        self.counter += 1;
        let mut bytes = [0; MAX_FRAME];
        let length = encode(self.version, &header, body, &self.key, &mut bytes).unwrap();
        bytes[..length].to_vec()
    }

    /// One reading.
    pub fn sample(&mut self) -> Vec<u8> {
        let body = Body::Samples {
            first_seq: self.seq,
            quantity: Quantity::SeaLevel,
            start_us: self.seq * 1_000_000,
            samples: [Sample {
                dt_us: 0,
                value: 1.0,
                quality: 0,
            }]
            .into_iter()
            .collect(),
        };
        self.seq += 1;
        self.say(&body)
    }
}

/// Unstuffs what the edge sent and checks it.
pub fn opened(bytes: &[u8]) -> Vec<Frame> {
    let mut receiver = wire::frame::Receiver::<MAX_FRAME>::new();
    let mut frames = Vec::new();
    for &byte in bytes {
        if let Some(Ok(raw)) = receiver.push(byte) {
            frames.push(wire::frame::open(raw, &KEY).unwrap());
        }
    }
    frames
}

/// A serial port as its driver is: a flush waits until everything is out. Here nothing ever is.
pub struct NeverDrained(pub DuplexStream);

impl AsyncRead for NeverDrained {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for NeverDrained {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
