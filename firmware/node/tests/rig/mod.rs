//! A node, a peer that behaves as an edge should, and a line between them that does not behave at all.
//!
//! Everything follows from a seed: same seed, same faults, same outcome.
#![allow(dead_code, reason = "each test file uses its part of the rig")]

use node::{Config, MAX_FRAME, Node};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use wire::frame::{
    Body, Direction, Header, Key, MAX_UPDATE_BYTES, Receiver, UpdateStep, Version, encode, open,
};
use wire::quantity::Quantity;

/// The secret of the tests.
pub fn key() -> Key {
    Key::new([7; 32])
}

/// Number of the node under test.
pub const NODE: u32 = 41;

/// A node with short timings, as on a serial line.
pub fn config(boot: u32, start_us: u64) -> Config {
    let mut config = Config::new(NODE, boot, key());
    config.start_us = start_us;
    config.retry_us = 200_000;
    config.retry_max_us = 2_000_000;
    config.max_hold_us = 100_000;
    config
}

/// SplitMix64 (Steele et al. 2014): enough randomness for faults, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// What the line does to a frame; chances in percent.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    pub lose: u64,
    pub duplicate: u64,
    pub flip: u64,
    /// Noise bytes in front of a frame.
    pub noise: u64,
    /// Longest delay; frames overtake each other by it.
    pub delay_us: u64,
}

impl Faults {
    pub const NONE: Self = Self {
        lose: 0,
        duplicate: 0,
        flip: 0,
        noise: 0,
        delay_us: 0,
    };
    pub const CUT: Self = Self {
        lose: 100,
        ..Self::NONE
    };
}

/// An item that the edge holds durably.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    Sample {
        mono_us: u64,
        quantity: Quantity,
        value_bits: u64,
        quality: u8,
    },
    Finding {
        mono_us: u64,
        code: u8,
        value_bits: u64,
    },
}

/// The peer: stores by number, acknowledges cumulatively, asks for gaps, answers the time.
pub struct Edge {
    receiver: Receiver<MAX_FRAME>,
    boot: u32,
    counter: u32,
    /// Everything received, by node boot and number.
    pub items: BTreeMap<(u32, u64), Item>,
    /// First number not held, by node boot.
    pub next: BTreeMap<u32, u64>,
    /// Numbers that the node reported as gone.
    pub skipped: u64,
    pub duplicates: u64,
    pub damaged: u64,
    pub births: u64,
    pub healths: u64,
    /// Everything else that the node said: the last health report, settings, answers to commands, updates, turns.
    pub told: Vec<Body>,
    /// Image that is handed out on request.
    pub image: Vec<u8>,
    /// Uplink counters seen, with their frames.
    counters: BTreeMap<(u32, u32), Vec<u8>>,
    /// Unix time minus node time, for the answers.
    pub unix_offset_us: i64,
    /// How much the node's clock runs fast.
    pub drift_ppm: i64,
}

impl Edge {
    pub fn new(boot: u32) -> Self {
        Self {
            receiver: Receiver::new(),
            boot,
            counter: 0,
            items: BTreeMap::new(),
            next: BTreeMap::new(),
            skipped: 0,
            duplicates: 0,
            damaged: 0,
            births: 0,
            healths: 0,
            told: Vec::new(),
            image: Vec::new(),
            counters: BTreeMap::new(),
            unix_offset_us: 1_267_252_454_000_000,
            drift_ppm: 0,
        }
    }

    /// UTC when the node's clock has run for `since_us`.
    pub fn unix_us(&self, since_us: u64) -> i64 {
        let since_us = since_us as i64;
        self.unix_offset_us + since_us - since_us * self.drift_ppm / 1_000_000
    }

    /// The edge restarts: a new boot, and what it acknowledged is still there.
    pub fn restart(&mut self) {
        self.boot += 1;
        self.counter = 0;
        self.receiver = Receiver::new();
    }

    /// Encodes a downlink frame under the next counter.
    pub fn frame(&mut self, body: &Body) -> Vec<u8> {
        let header = Header {
            node: NODE,
            boot: self.boot,
            counter: self.counter,
            direction: Direction::Down,
        };
        self.counter += 1;
        down(&header, body, &key())
    }

    /// Takes bytes and returns the frames to answer with.
    pub fn receive(&mut self, bytes: &[u8], mono_us: u64) -> Vec<Vec<u8>> {
        let mut answers = Vec::new();
        for &byte in bytes {
            let opened = match self.receiver.push(byte) {
                None => continue,
                Some(Err(_)) => None,
                Some(Ok(raw)) => open(raw, &key()).ok().inspect(|frame| {
                    let header = &frame.header;
                    let seen = self
                        .counters
                        .entry((header.boot, header.counter))
                        .or_insert_with(|| raw.bytes().to_vec());
                    // The counter is a nonce.
                    assert_eq!(seen, raw.bytes(), "a counter was used for two contents");
                }),
            };
            match opened {
                Some(frame) => self.take(&frame.header, &frame.body, mono_us, &mut answers),
                None => self.damaged += 1,
            }
        }
        answers
    }

    fn take(&mut self, header: &Header, body: &Body, mono_us: u64, answers: &mut Vec<Vec<u8>>) {
        let boot = header.boot;
        let (first, count) = match body {
            Body::Birth { first_seq, .. } => {
                self.births += 1;
                let next = self.next.entry(boot).or_insert(0);
                if *first_seq > *next {
                    let held = self.items.range((boot, *next)..(boot, *first_seq)).count() as u64;
                    self.skipped += *first_seq - *next - held;
                    *next = *first_seq;
                }
                (*first_seq, 0)
            }
            Body::Samples {
                first_seq,
                quantity,
                start_us,
                samples,
            } => {
                let mut at_us = *start_us;
                for (index, sample) in samples.iter().enumerate() {
                    at_us = at_us.wrapping_add(u64::from(sample.dt_us));
                    let item = Item::Sample {
                        mono_us: at_us,
                        quantity: *quantity,
                        value_bits: sample.value.to_bits(),
                        quality: sample.quality,
                    };
                    self.store(boot, first_seq + index as u64, item);
                }
                (*first_seq, samples.len() as u64)
            }
            Body::Finding {
                seq,
                mono_us,
                code,
                value,
            } => {
                let item = Item::Finding {
                    mono_us: *mono_us,
                    code: *code,
                    value_bits: value.to_bits(),
                };
                self.store(boot, *seq, item);
                (*seq, 1)
            }
            Body::TimeRequest { t1_us } => {
                let unix_us = self.unix_us(mono_us);
                let reply = Body::TimeReply {
                    t1_us: *t1_us,
                    t2_unix_us: unix_us,
                    t3_unix_us: unix_us,
                };
                answers.push(self.frame(&reply));
                return;
            }
            Body::Health { .. } => {
                self.healths += 1;
                self.told
                    .retain(|told| !matches!(told, Body::Health { .. }));
                self.told.push(body.clone());
                return;
            }
            Body::UpdateState {
                state: UpdateStep::WantsData,
                next_offset,
                ..
            } => {
                let from = *next_offset as usize;
                let to = self.image.len().min(from + MAX_UPDATE_BYTES);
                let bytes = self.image[from..to].iter().copied().collect();
                answers.push(self.frame(&Body::UpdateData {
                    offset: *next_offset,
                    bytes,
                }));
                return;
            }
            Body::Settings { .. }
            | Body::CommandDone { .. }
            | Body::UpdateState { .. }
            | Body::Turn => {
                self.told.push(body.clone());
                return;
            }
            other => panic!("a node never sends {other:?}"),
        };
        let next = self.next.entry(boot).or_insert(0);
        while self.items.contains_key(&(boot, *next)) {
            *next += 1;
        }
        let next_seq = *next;
        answers.push(self.frame(&Body::Ack { boot, next_seq }));
        if count > 0 && first > next_seq {
            let to_seq = self
                .items
                .range((boot, next_seq)..)
                .next()
                .map_or(first, |(&(_, seq), _)| seq);
            answers.push(self.frame(&Body::Gap {
                boot,
                from_seq: next_seq,
                to_seq,
            }));
        }
    }

    fn store(&mut self, boot: u32, seq: u64, item: Item) {
        match self.items.get(&(boot, seq)) {
            Some(held) => {
                assert_eq!(*held, item, "number {seq} came back with another content");
                self.duplicates += 1;
            }
            None => {
                if seq < self.next.get(&boot).copied().unwrap_or(0) {
                    // Given up, but it was only late: the line let the birth overtake it.
                    self.skipped -= 1;
                }
                self.items.insert((boot, seq), item);
            }
        }
    }

    /// The items of one boot in order.
    pub fn of(&self, boot: u32) -> Vec<Item> {
        self.items
            .range((boot, 0)..=(boot, u64::MAX))
            .map(|(_, item)| *item)
            .collect()
    }
}

/// Encodes any downlink frame.
pub fn down(header: &Header, body: &Body, key: &Key) -> Vec<u8> {
    let mut out = [0; MAX_FRAME];
    let length =
        encode(Version::V2, header, body, key, &mut out).expect("a frame fits its largest size");
    out[..length].to_vec()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Towards {
    Edge,
    Node,
}

/// Arrival, order of departure, direction, bytes; the earliest arrives next.
type OnTheLine = (u64, u64, Towards, Vec<u8>);

/// Node, line and edge in one simulated time, counted from the node's start.
pub struct Rig<const N: usize> {
    pub node: Node<N>,
    pub edge: Edge,
    pub faults: Faults,
    random: Random,
    start_us: u64,
    /// Microseconds since the start.
    pub now_us: u64,
    line: BinaryHeap<Reverse<OnTheLine>>,
    order: u64,
    /// Every frame that was sent to the node, before the line got at it.
    pub sent_down: Vec<Vec<u8>>,
}

impl<const N: usize> Rig<N> {
    pub fn new(config: Config, edge: Edge, faults: Faults, seed: u64) -> Self {
        let start_us = config.start_us;
        let node = Node::new(config).expect("valid limits");
        Self {
            node,
            edge,
            faults,
            random: Random(seed),
            start_us,
            now_us: 0,
            line: BinaryHeap::new(),
            order: 0,
            sent_down: Vec::new(),
        }
    }

    /// The node's clock.
    pub fn mono_us(&self) -> u64 {
        self.start_us.wrapping_add(self.now_us)
    }

    /// Lets time pass until `until_us`, delivering and sending whatever is due.
    pub fn run_until(&mut self, until_us: u64) {
        loop {
            self.pump();
            let arrival_us = self
                .line
                .peek()
                .map_or(u64::MAX, |Reverse((at_us, ..))| *at_us);
            let deadline_us = self
                .node
                .next_deadline_us()
                .map_or(u64::MAX, |at_us| at_us.wrapping_sub(self.start_us));
            assert!(
                deadline_us > self.now_us,
                "a deadline that has passed, and nothing was sent"
            );
            let next_us = arrival_us.min(deadline_us);
            if next_us > until_us {
                self.now_us = until_us;
                return;
            }
            self.now_us = next_us;
            while let Some(Reverse((at_us, ..))) = self.line.peek()
                && *at_us <= self.now_us
                && let Some(Reverse((_, _, towards, bytes))) = self.line.pop()
            {
                self.arrive(towards, &bytes);
            }
        }
    }

    /// Sends one frame to the node, as the edge does on its own account.
    pub fn send(&mut self, body: &Body) {
        let frame = self.edge.frame(body);
        self.transmit(Towards::Node, frame);
    }

    /// The node loses its power and starts with another configuration; what is on the line stays there.
    pub fn restart(&mut self, config: Config) {
        self.start_us = config.start_us.wrapping_sub(self.now_us);
        self.node = Node::new(config).expect("valid limits");
    }

    /// The same in the middle of whatever is on the line: only so many bytes of it arrive.
    pub fn restart_at_byte(&mut self, config: Config, byte: usize) {
        let cut = |Reverse((at_us, order, towards, mut bytes)): Reverse<OnTheLine>| {
            bytes.truncate(byte % (bytes.len() + 1));
            Reverse((at_us, order, towards, bytes))
        };
        self.line = self.line.drain().map(cut).collect();
        self.restart(config);
    }

    /// The node's clock jumps.
    pub fn jump_clock(&mut self, by_us: i64) {
        self.start_us = self.start_us.wrapping_add(by_us as u64);
    }

    /// Runs until everything is acknowledged; false when that has not happened by `until_us`.
    pub fn settle(&mut self, until_us: u64) -> bool {
        while self.now_us < until_us {
            if self.node.unacknowledged() == 0 && self.node.is_known() {
                return true;
            }
            self.run_until((self.now_us + 10_000).min(until_us));
        }
        false
    }

    fn arrive(&mut self, towards: Towards, bytes: &[u8]) {
        let mono_us = self.mono_us();
        match towards {
            Towards::Edge => {
                for answer in self.edge.receive(bytes, self.now_us) {
                    self.transmit(Towards::Node, answer);
                }
            }
            Towards::Node => bytes
                .iter()
                .for_each(|&byte| self.node.receive(byte, mono_us)),
        }
    }

    fn pump(&mut self) {
        let mut out = [0; MAX_FRAME];
        loop {
            let length = self.node.poll(self.mono_us(), &mut out);
            if length == 0 {
                return;
            }
            self.transmit(Towards::Edge, out[..length].to_vec());
        }
    }

    fn transmit(&mut self, towards: Towards, mut bytes: Vec<u8>) {
        let faults = self.faults;
        if towards == Towards::Node {
            self.sent_down.push(bytes.clone());
        }
        if self.random.percent(faults.lose) {
            return;
        }
        if self.random.percent(faults.flip) {
            let bit = self.random.below(bytes.len() as u64 * 8) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if self.random.percent(faults.noise) {
            let noise: Vec<u8> = (0..self.random.below(400))
                .map(|_| self.random.next() as u8)
                .collect();
            bytes.splice(0..0, noise);
        }
        let copies = 1 + u64::from(self.random.percent(faults.duplicate));
        for _ in 0..copies {
            // A byte takes 87 us at 115,200 baud; a fixed millisecond stands for a short frame.
            let at_us = self.now_us + 1_000 + self.random.below(faults.delay_us + 1);
            self.order += 1;
            self.line
                .push(Reverse((at_us, self.order, towards, bytes.clone())));
        }
    }
}
