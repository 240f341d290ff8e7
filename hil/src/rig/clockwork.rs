//! A node's clock and the time that it is told, with their faults.
//!
//! The emulated crystal is exact. A node whose clock drifts is one for which the rest of the world runs at another pace: the rig converts. What
//! the edge tells about the time is read with the node's key, changed and sealed again.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};
use std::collections::VecDeque;
use wire::frame::{Body, Key, MAX_FRAME, Receiver, encode, open};

use crate::fault::{ClockFault, Effect, Fault, Phases, Window};

/// Answers about the time that may wait for their fault to let them go.
const MAX_HELD: usize = 64;

/// How a node's clock runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Node seconds in a second.
    pace: f64,
}

impl Drift {
    /// Of the node called `name`.
    #[must_use]
    pub fn of(faults: &[Fault], name: &str) -> Self {
        let own = faults.iter().filter(|fault| fault.is_on(name));
        let ppm: f64 = own
            .filter_map(|fault| match fault.effect {
                Effect::Clock(ClockFault::Drift { ppm }) => Some(ppm),
                _ => None,
            })
            .sum();
        Self {
            pace: 1.0 + ppm * 1e-6,
        }
    }

    /// Time of the world in a span of the node's, microseconds.
    #[must_use]
    pub fn world_us(self, node_us: u64) -> u64 {
        (node_us as f64 / self.pace).round() as u64
    }

    /// Time of the node in a span of the world's, microseconds, rounded up.
    #[must_use]
    pub fn node_us(self, world_us: u64) -> u64 {
        (world_us as f64 * self.pace).ceil() as u64
    }
}

/// What comes down the line from the edge, with the faults of the time that it tells.
pub struct Telling {
    key: Key,
    faults: Vec<(Window, ClockFault, Option<Phases>)>,
    random: Pcg64Mcg,
    receiver: Box<Receiver<MAX_FRAME>>,
    /// Bytes of the frame that is coming.
    frame: Vec<u8>,
    held: VecDeque<(u64, Vec<u8>)>,
    /// Answers that were changed, held or left out.
    pub changed: u64,
}

impl Telling {
    /// What the edge tells the node called `name`.
    #[must_use]
    pub fn of(faults: &[Fault], name: &str, key: Key, seed: u64) -> Self {
        let own = faults.iter().filter(|fault| fault.is_on(name));
        let faults = own.filter_map(|fault| match fault.effect {
            Effect::Clock(ClockFault::Drift { .. } | ClockFault::StartAt { .. }) => None,
            Effect::Clock(clock) => {
                let phases = match clock {
                    ClockFault::Intermittent { on_us, off_us } => {
                        Some(Phases::new(seed, fault.window, on_us, off_us))
                    }
                    _ => None,
                };
                Some((fault.window, clock, phases))
            }
            _ => None,
        });
        Self {
            key,
            faults: faults.collect(),
            random: Pcg64Mcg::seed_from_u64(seed ^ 0x7469_6D65),
            receiver: Box::new(Receiver::new()),
            frame: Vec::new(),
            held: VecDeque::new(),
            changed: 0,
        }
    }

    /// Takes bytes of the edge's and appends those that go on to the node at `now_us`.
    pub fn pass(&mut self, bytes: &[u8], now_us: u64, out: &mut Vec<u8>) {
        if self.faults.is_empty() {
            out.extend_from_slice(bytes);
            return;
        }
        for byte in bytes {
            self.frame.push(*byte);
            let frame = match self.receiver.push(*byte) {
                Some(Ok(raw)) => open(raw, &self.key).ok(),
                _ => None,
            };
            if *byte != 0 && self.frame.len() < 2 * MAX_FRAME {
                continue;
            }
            let whole = std::mem::take(&mut self.frame);
            match frame {
                Some(frame) if matches!(frame.body, Body::TimeReply { .. }) => {
                    self.reply(frame, whole, now_us, out);
                }
                _ => out.extend_from_slice(&whole),
            }
        }
        self.release(now_us, out);
    }

    /// Appends what was held and may go on at `now_us`.
    pub fn release(&mut self, now_us: u64, out: &mut Vec<u8>) {
        while let Some((_, frame)) = self.held.pop_front_if(|(due_us, _)| *due_us <= now_us) {
            out.extend(frame);
        }
    }

    /// When [`Telling::release`] has something next.
    #[must_use]
    pub fn next_us(&self) -> Option<u64> {
        self.held.front().map(|(due_us, _)| *due_us)
    }

    fn reply(&mut self, frame: wire::frame::Frame, whole: Vec<u8>, now_us: u64, out: &mut Vec<u8>) {
        let (mut off_us, mut late_us) = (0_i64, 0);
        for (window, fault, phases) in &mut self.faults {
            if !window.contains(now_us) {
                continue;
            }
            match *fault {
                ClockFault::NoTime => {
                    self.changed += 1;
                    return;
                }
                ClockFault::Intermittent { .. } => {
                    if !phases.as_mut().is_none_or(|p| p.is_on(now_us)) {
                        self.changed += 1;
                        return;
                    }
                }
                ClockFault::Random { up_to_us } => {
                    let up_to = i64::try_from(up_to_us).unwrap_or(i64::MAX / 4).max(1);
                    let draw = (self.random.next_u64() >> 1) as i64;
                    off_us = off_us.saturating_add(draw % (2 * up_to + 1) - up_to);
                }
                ClockFault::Jump { by_us } => off_us = off_us.saturating_add(by_us),
                ClockFault::Delayed { by_us } => late_us += by_us,
                ClockFault::Stuck | ClockFault::Drift { .. } | ClockFault::StartAt { .. } => {}
            }
        }
        let mut bytes = whole;
        if off_us != 0
            && let Body::TimeReply {
                t1_us,
                t2_unix_us,
                t3_unix_us,
            } = frame.body
        {
            let body = Body::TimeReply {
                t1_us,
                t2_unix_us: t2_unix_us.saturating_add(off_us),
                t3_unix_us: t3_unix_us.saturating_add(off_us),
            };
            let mut sealed = [0; MAX_FRAME];
            // Sealed with the same header: nobody else sees the first one.
            if let Ok(length) = encode(frame.version, &frame.header, &body, &self.key, &mut sealed)
            {
                bytes = sealed.get(..length).unwrap_or_default().to_vec();
                self.changed += 1;
            }
        }
        if late_us > 0 && self.held.len() < MAX_HELD {
            self.changed += 1;
            self.held.push_back((now_us.saturating_add(late_us), bytes));
        } else {
            out.extend(bytes);
        }
    }
}
