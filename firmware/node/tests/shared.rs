//! A shared line: nobody speaks unasked, turns are kept, and nothing is lost for it.

mod rig;

use node::{MAX_FRAME, Node};
use rig::{Random, config, down, key};
use std::collections::BTreeMap;
use wire::frame::{
    Body, Direction, Header, LEAST_POLL, MAX_FRAME_UP, MAX_TURN, Receiver, SIREN_ON, open,
};
use wire::quality::Quality;
use wire::quantity::Quantity;

/// Nodes on one line with their edge, which polls them one after the other.
struct Bus {
    nodes: Vec<Node<128>>,
    counter: u32,
    now_us: u64,
    /// Numbers held, by node.
    held: BTreeMap<u32, BTreeMap<u64, f64>>,
    others: Vec<Body>,
}

impl Bus {
    fn new(count: u32) -> Self {
        let node = |id| {
            let mut config = config(1, 0);
            config.node = id;
            config.shared_line = true;
            Node::new(config).expect("no limits")
        };
        Self {
            nodes: (1..=count).map(node).collect(),
            counter: 0,
            now_us: 0,
            held: BTreeMap::new(),
            others: Vec::new(),
        }
    }

    /// All nodes hear what one puts on the line, also the one that speaks.
    fn hear(&mut self, bytes: &[u8]) {
        // 87 us a byte at 115,200 baud.
        self.now_us += 87 * bytes.len() as u64;
        for node in &mut self.nodes {
            bytes
                .iter()
                .for_each(|&byte| node.receive(byte, self.now_us));
        }
    }

    fn send(&mut self, node: u32, body: &Body) {
        let header = Header {
            node,
            boot: 9,
            counter: self.counter,
            direction: Direction::Down,
        };
        self.counter += 1;
        self.hear(&down(&header, body, &key()));
    }

    /// What a node says now, without having been asked again.
    fn listen(&mut self, node: u32) -> Vec<u8> {
        let mut said = Vec::new();
        let mut out = [0; MAX_FRAME];
        loop {
            let length = self.nodes[node as usize - 1].poll(self.now_us, &mut out);
            if length == 0 {
                return said;
            }
            assert!(length <= MAX_FRAME_UP + 1);
            said.extend(&out[..length]);
            self.hear(&out[..length]);
        }
    }

    /// Polls a node, takes what it says, and answers. Returns how many bytes it said.
    fn poll(&mut self, node: u32, limit: u16) -> usize {
        self.send(node, &Body::Poll { limit });
        let said = self.listen(node);
        let mut receiver = Receiver::<MAX_FRAME>::new();
        let mut bodies = Vec::new();
        for &byte in &said {
            if let Some(raw) = receiver.push(byte) {
                let frame = open(raw.expect("whole frames"), &key()).expect("authentic");
                assert_eq!(frame.header.node, node);
                bodies.push(frame.body);
            }
        }
        if !said.is_empty() {
            assert_eq!(
                (said[0], said.last()),
                (0, Some(&0)),
                "delimiters at both ends"
            );
            assert_eq!(bodies.pop(), Some(Body::Turn), "the turn comes back, last");
            assert!(!bodies.contains(&Body::Turn));
        }
        for body in bodies {
            self.take(node, body);
        }
        said.len()
    }

    fn take(&mut self, node: u32, body: Body) {
        match body {
            Body::Samples {
                first_seq, samples, ..
            } => {
                let held = self.held.entry(node).or_default();
                held.extend((first_seq..).zip(samples.iter().map(|sample| sample.value)));
            }
            Body::Birth { .. } => {}
            Body::TimeRequest { t1_us } => {
                let unix_us = self.now_us as i64;
                self.send(
                    node,
                    &Body::TimeReply {
                        t1_us,
                        t2_unix_us: unix_us,
                        t3_unix_us: unix_us,
                    },
                );
                return;
            }
            other => return self.others.push(other),
        }
        let held = self.held.entry(node).or_default();
        let next_seq = (0..).find(|seq| !held.contains_key(seq)).unwrap_or(0);
        self.send(node, &Body::Ack { boot: 1, next_seq });
    }
}

fn sample(node: &mut Node<128>, mono_us: u64, value: f64) {
    node.sample(mono_us, Quantity::Voltage, value, Quality::GOOD);
}

#[test]
fn three_nodes_share_a_line_and_lose_nothing() {
    let mut bus = Bus::new(3);
    let mut random = Random(5);
    let mut taken = [0.0; 3];
    for _ in 0..300 {
        bus.now_us += 20_000;
        for (node, taken) in bus.nodes.iter_mut().zip(&mut taken) {
            if random.percent(60) {
                sample(node, bus.now_us, *taken);
                *taken += 1.0;
            }
        }
        for node in 1..=3 {
            let limit = 300 + random.below(900) as u16;
            assert!(bus.poll(node, limit) <= usize::from(limit));
        }
    }
    for node in 1..=3 {
        bus.poll(node, 2_000);
        let held: Vec<f64> = bus.held[&node].values().copied().collect();
        let expected = taken[node as usize - 1];
        assert_eq!(held.len() as f64, expected);
        assert!(
            held.iter()
                .enumerate()
                .all(|(index, value)| *value == index as f64)
        );
        let stats = bus.nodes[node as usize - 1].stats();
        assert_eq!(stats.refused.total(), 0, "what others say is no refusal");
        assert!(stats.overheard > 1_000 && stats.polls == 301);
    }
    assert!(
        bus.others
            .iter()
            .any(|body| matches!(body, Body::Health { .. }))
    );
}

#[test]
fn nobody_speaks_without_a_poll() {
    let mut bus = Bus::new(2);
    for _ in 0..100 {
        bus.now_us += 1_000_000;
        sample(&mut bus.nodes[0], bus.now_us, 1.0);
        assert_eq!(bus.listen(1), []);
        assert_eq!(bus.nodes[0].next_deadline_us(), None, "nothing to wait for");
    }
    assert!(bus.poll(2, 1_000) > 0);
    assert_eq!(bus.listen(1), [], "the other one was asked");
    // A siren command is no poll: its answer waits for one.
    let command = Body::Command {
        id: 4,
        code: SIREN_ON,
        argument: 1_000,
        expires_unix_us: i64::MAX,
    };
    bus.send(1, &command);
    let taken = bus.nodes[0].take_command(bus.now_us).expect("at once");
    let done = wire::frame::CommandOutcome::Done;
    bus.nodes[0].command_done(taken.id, done, bus.now_us);
    assert_eq!(bus.listen(1), []);
    bus.poll(1, 2_000);
    assert!(
        bus.others
            .iter()
            .any(|body| matches!(body, Body::CommandDone { id: 4, .. }))
    );
}

#[test]
fn a_small_limit_gives_only_the_turn_and_a_smaller_one_nothing() {
    let mut bus = Bus::new(1);
    let room = LEAST_POLL as u16;
    for limit in [0, 1, MAX_TURN as u16] {
        assert_eq!(bus.poll(1, limit), 0);
    }
    for limit in [MAX_TURN as u16 + 1, room - 1] {
        let said = bus.poll(1, limit);
        assert!(said > 0 && said <= MAX_TURN + 1, "{limit}: {said}");
        assert_eq!(bus.held.len(), 0);
    }
    assert!(bus.poll(1, room) > MAX_TURN + 1, "and the birth");
}

#[test]
fn a_turn_that_was_not_taken_in_time_is_over() {
    let mut bus = Bus::new(1);
    bus.send(1, &Body::Poll { limit: 1_000 });
    bus.now_us += 50_001;
    assert_eq!(bus.listen(1), [], "by now it is another's turn");
    assert_eq!(bus.nodes[0].next_deadline_us(), None);
    bus.send(1, &Body::Poll { limit: 1_000 });
    bus.now_us += 49_000;
    assert_ne!(bus.listen(1), []);
}

#[test]
fn a_poll_on_a_line_of_its_own_is_refused() {
    let mut node = Node::<64>::new(config(1, 0)).expect("no limits");
    let header = Header {
        node: rig::NODE,
        boot: 9,
        counter: 0,
        direction: Direction::Down,
    };
    let frame = down(&header, &Body::Poll { limit: 1_000 }, &key());
    frame.iter().for_each(|&byte| node.receive(byte, 0));
    assert_eq!(node.stats().refused.senseless, 1);
}
