//! What a node hears: any bytes, frames of an edge that has the key and means anything by it, and the same frames
//! damaged; between samples, commands, settings and updates that the board carries out or fails to.
//!
//! The input is a script: an operation, then what it takes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use node::{Config, MAX_FRAME, Node, Role, Settings, UpdateError};
use wire::frame::{Body, CommandOutcome, Direction, Header, Key, Receiver, Version, encode, open};
use wire::quality::Quality;
use wire::quantity::Quantity;

const NODE: u32 = 7;
const RING: usize = 8;

struct Board {
    node: Node<RING>,
    mono_us: u64,
    edge_counter: u32,
    /// What the node sends, as an edge hears it, and the counter that must come next at the earliest.
    ear: Receiver<MAX_FRAME>,
    counter: u32,
}

impl Board {
    fn hear(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.node.receive(byte, self.mono_us);
        }
    }

    /// Lets the node say all that is due.
    fn speak(&mut self) {
        let mut out = [0; MAX_FRAME];
        for _ in 0..1_000 {
            let length = self.node.poll(self.mono_us, &mut out);
            if length == 0 {
                let late = self.node.next_deadline_us().is_some_and(|at_us| {
                    at_us == self.mono_us || self.mono_us.wrapping_sub(at_us) < 1 << 63
                });
                assert!(!late, "something is due and is not sent");
                return;
            }
            for &byte in &out[..length] {
                if let Some(raw) = self.ear.push(byte) {
                    let frame = open(raw.expect("well stuffed"), &key()).expect("authentic");
                    let header = frame.header;
                    assert_eq!((header.node, header.boot), (NODE, 1));
                    assert_eq!(header.direction, Direction::Up);
                    assert_eq!(frame.body.direction(), Direction::Up);
                    assert!(header.counter >= self.counter, "a counter came again");
                    self.counter = header.counter + 1;
                }
            }
        }
        panic!("it never stops");
    }
}

fn key() -> Key {
    Key::new([7; 32])
}

fn take<const N: usize>(data: &mut &[u8]) -> [u8; N] {
    let (taken, rest) = data.split_at(N.min(data.len()));
    *data = rest;
    core::array::from_fn(|index| taken.get(index).copied().unwrap_or_default())
}

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let [options] = take(&mut data);
    let mut config = Config::new(NODE, 1, key());
    let mut settings = Settings::defaults(Role::Energy);
    settings.shared_line = options & 1 != 0;
    settings.threshold_above = 253.0;
    if options & 2 == 0 {
        config.use_settings(1, settings);
    }
    config.start_us = if options & 4 == 0 {
        0
    } else {
        u64::MAX - 1_000_000
    };
    let mono_us = config.start_us;
    let mut board = Board {
        node: Node::new(config).expect("sensible limits"),
        mono_us,
        edge_counter: 0,
        ear: Receiver::new(),
        counter: 0,
    };
    while !data.is_empty() {
        let [operation, argument] = take(&mut data);
        match operation % 8 {
            0 => {
                let (bytes, rest) = data.split_at(usize::from(argument).min(data.len()));
                data = rest;
                board.hear(bytes);
            }
            // A frame of the edge, whole, damaged at one place, or repeated.
            1 | 2 => {
                let Ok((body, rest)) = postcard::take_from_bytes::<Body>(data) else {
                    continue;
                };
                data = rest;
                let header = Header {
                    node: NODE,
                    boot: 9,
                    counter: board.edge_counter,
                    direction: Direction::Down,
                };
                board.edge_counter += 1;
                let version = if argument & 1 == 0 {
                    Version::V2
                } else {
                    Version::V1
                };
                let mut out = [0; MAX_FRAME];
                let Ok(length) = encode(version, &header, &body, &key(), &mut out) else {
                    continue;
                };
                if operation % 8 == 2 {
                    let [at, flip] = take(&mut data);
                    out[usize::from(at) % length] ^= flip;
                }
                for _ in 0..=(argument >> 1) % 3 {
                    board.hear(&out[..length]);
                }
            }
            3 => board.speak(),
            4 => {
                let value = f64::from_le_bytes(take(&mut data));
                let quality = Quality::from(argument);
                let mono_us = board.mono_us;
                board
                    .node
                    .sample(mono_us, Quantity::Voltage, value, quality);
            }
            5 => {
                let us = u64::from_le_bytes(take(&mut data)) >> (argument % 64);
                board.mono_us = board.mono_us.wrapping_add(us);
            }
            6 => {
                if let Some(command) = board.node.take_command(board.mono_us) {
                    let outcome = CommandOutcome::from_code(argument);
                    board.node.command_done(command.id, outcome, board.mono_us);
                }
                if argument & 1 != 0 {
                    board.node.link_up(board.mono_us);
                }
            }
            _ => {
                if let Some(proposal) = board.node.take_settings() {
                    let bytes = proposal.settings.to_bytes(proposal.revision);
                    let (revision, read) = Settings::from_bytes(&bytes).expect("just written");
                    assert_eq!(revision, proposal.revision);
                    assert_eq!(read.to_bytes(revision), bytes);
                    board.node.settings_stored(argument & 1 == 0);
                }
                if board.node.take_update_work().is_some() {
                    let result = match argument % 5 {
                        0..=2 => Ok(u32::from(argument) * 100),
                        3 => Err(UpdateError::Storage),
                        _ => Err(UpdateError::Signature),
                    };
                    board.node.update_done(result, board.mono_us);
                }
            }
        }
        assert!(board.node.unacknowledged() <= RING);
    }
    board.speak();
    let stats = board.node.stats();
    assert_eq!(stats.encode_errors, 0, "a frame that does not fit");
});
