//! A peer that behaves as an edge does: stores by number, acknowledges, asks for gaps, tells the time.
#![allow(dead_code, reason = "each test file uses its part of the peer")]

use record::{Sample, Series};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wire::frame::{Body, Direction, Header, Key, MAX_FRAME, NodeKind, Receiver, encode, open};
use wire::quantity::Quantity;

pub const NODE: u32 = 7;
pub const SECOND_US: i64 = 1_000_000;

pub fn key() -> Key {
    Key::new([3; 32])
}

/// `count` samples, one every 15 s from `start_us`; every tenth has no value.
pub fn series(start_us: i64, count: usize) -> Series {
    let samples = (0..count)
        .map(|index| Sample {
            time_us: start_us + index as i64 * 15 * SECOND_US,
            value: (index % 10 != 9).then_some(index as f64 / 1_000.0),
        })
        .collect();
    Series {
        samples,
        skipped: Vec::new(),
    }
}

/// A sample as it arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrived {
    pub mono_us: u64,
    pub quantity: Quantity,
    pub value_bits: u64,
    pub quality: u8,
}

/// What the peer holds, over all links.
#[derive(Default)]
pub struct Held {
    pub samples: BTreeMap<(u32, u64), Arrived>,
    pub next: BTreeMap<u32, u64>,
    pub births: u32,
    pub findings: u32,
    pub repeated: u32,
    /// Every byte received, to compare runs.
    pub bytes: Vec<u8>,
    links: u32,
}

impl Held {
    /// Samples of one boot in order.
    pub fn of(&self, boot: u32) -> Vec<Arrived> {
        self.samples
            .range((boot, 0)..=(boot, u64::MAX))
            .map(|(_, arrived)| *arrived)
            .collect()
    }

    fn store(&mut self, boot: u32, seq: u64, arrived: Arrived) {
        if let Some(before) = self.samples.insert((boot, seq), arrived) {
            assert_eq!(
                before, arrived,
                "number {seq} came back with another content"
            );
            self.repeated += 1;
        }
    }

    /// Stores what `body` carries and returns the answers.
    fn take(&mut self, boot: u32, body: &Body) -> Vec<Body> {
        match body {
            Body::Birth {
                first_seq, kind, ..
            } => {
                assert_eq!(*kind, NodeKind::Virtual);
                self.births += 1;
                let next = self.next.entry(boot).or_insert(0);
                *next = (*next).max(*first_seq);
            }
            Body::Samples {
                first_seq,
                quantity,
                start_us,
                samples,
            } => {
                let mut mono_us = *start_us;
                for (seq, sample) in (*first_seq..).zip(samples) {
                    mono_us += u64::from(sample.dt_us);
                    let (value_bits, quality) = (sample.value.to_bits(), sample.quality);
                    self.store(
                        boot,
                        seq,
                        Arrived {
                            mono_us,
                            quantity: *quantity,
                            value_bits,
                            quality,
                        },
                    );
                }
            }
            Body::Finding {
                seq,
                mono_us,
                value,
                ..
            } => {
                self.findings += 1;
                // The tests play sea level only, so a finding is told from a sample by its quantity.
                let (quantity, value_bits) = (Quantity::Acceleration, value.to_bits());
                self.store(
                    boot,
                    *seq,
                    Arrived {
                        mono_us: *mono_us,
                        quantity,
                        value_bits,
                        quality: 0,
                    },
                );
            }
            Body::TimeRequest { t1_us } => {
                let unix_us = *t1_us as i64;
                return vec![Body::TimeReply {
                    t1_us: *t1_us,
                    t2_unix_us: unix_us,
                    t3_unix_us: unix_us,
                }];
            }
            Body::Health { .. } => return Vec::new(),
            other => panic!("a node never sends {other:?}"),
        }
        let next = self.next.entry(boot).or_insert(0);
        while self.samples.contains_key(&(boot, *next)) {
            *next += 1;
        }
        vec![Body::Ack {
            boot,
            next_seq: *next,
        }]
    }
}

/// How a link ends or fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// Close the link after this many frames, without answering the last.
    pub hang_up_after: Option<u32>,
    /// Swallow this many frames before the first answer.
    pub deaf_for: u32,
    /// Never tell the time.
    pub timeless: bool,
}

/// Serves one link until it closes.
pub async fn serve(
    link: impl AsyncRead + AsyncWrite + Unpin,
    held: Arc<Mutex<Held>>,
    manners: Manners,
) {
    let (mut reader, mut writer) = tokio::io::split(link);
    let mut receiver = Receiver::<MAX_FRAME>::new();
    let edge_boot = {
        let mut held = held.lock().expect("no test panicked");
        held.links += 1;
        held.links
    };
    let (mut counter, mut frames) = (0, 0);
    let mut buffer = [0; 512];
    loop {
        let length = match reader.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => length,
        };
        for &byte in &buffer[..length] {
            held.lock().expect("no test panicked").bytes.push(byte);
            let Some(raw) = receiver.push(byte) else {
                continue;
            };
            let frame = open(raw.expect("whole frames"), &key()).expect("authentic frames");
            let (version, header, body) = (frame.version, frame.header, frame.body);
            assert_eq!((header.node, header.direction), (NODE, Direction::Up));
            frames += 1;
            if frames <= manners.deaf_for {
                continue;
            }
            if manners.timeless && matches!(body, Body::TimeRequest { .. }) {
                continue;
            }
            let answers = held
                .lock()
                .expect("no test panicked")
                .take(header.boot, &body);
            if manners.hang_up_after.is_some_and(|limit| frames >= limit) {
                return;
            }
            for answer in answers {
                let header = Header {
                    node: NODE,
                    boot: edge_boot,
                    counter,
                    direction: Direction::Down,
                };
                counter += 1;
                let mut out = [0; MAX_FRAME];
                let length =
                    encode(version, &header, &answer, &key(), &mut out).expect("a frame fits");
                if writer.write_all(&out[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
