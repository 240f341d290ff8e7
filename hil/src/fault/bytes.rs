//! Byte faults on one direction of a serial line or socket.
//!
//! Without faults every byte passes at once. Bytes never overtake each other: one that comes after a delayed one waits for
//! it, also when the delay is over. Faults on messages hold a message back until it is complete; whether they act on it is
//! decided at its first byte. Chance is drawn from the seed in the order of the bytes, so the same bytes at the same times give the
//! same result.

use super::tamper::{self, Tamper, below, happens};
use super::{ByteFault, Effect, Fault, Phases, Window};
use crate::sensor::earlier;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};
use std::collections::VecDeque;

/// Bytes that may wait in a slow, delayed or held line; more are lost and counted.
pub const MAX_WAITING: usize = 256 * 1024;

/// Longest message; a longer one counts as several.
pub const MAX_MESSAGE: usize = 1_024;

/// Messages that are remembered for a replay.
const HISTORY: usize = 16;

/// A message that was put behind the next one comes by itself when none follows for so long.
const REORDER_WAIT_US: u64 = 60_000_000;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Towards the hub: sensor to node, node to edge, edge to broker.
    Up,
    /// Away from it.
    Down,
}

impl Direction {
    /// Name in texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// Where a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this byte: a line feed, the zero of COBS.
    Byte(u8),
    /// When nothing came for so many microseconds, as with Modbus RTU.
    Silence(u64),
    /// With every chunk that is given, as with a socket's reads.
    Chunk,
}

/// What happened to the bytes so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes that came in.
    pub taken: u64,
    /// Bytes that went out.
    pub given: u64,
    /// Bytes lost.
    pub lost: u64,
    /// Bytes that went on changed.
    pub changed: u64,
    /// Messages that were tampered with or replaced.
    pub tampered: u64,
    /// Messages that nobody sent: doubled, replayed.
    pub added: u64,
}

/// One direction of a line with its faults.
#[derive(Clone, Debug)]
pub struct FaultyLine {
    faults: Vec<Active>,
    random: Pcg64Mcg,
    framing: Framing,
    message: Vec<u8>,
    /// The message is held back for a fault on messages.
    holding: bool,
    last_byte_us: u64,
    history: VecDeque<Vec<u8>>,
    overtaken: Option<(u64, Vec<u8>)>,
    waiting: VecDeque<(u64, u8)>,
    last_due_us: u64,
    slow_free_us: u64,
    counts: Counts,
}

#[derive(Clone, Debug)]
struct Active {
    window: Window,
    fault: ByteFault,
    phases: Option<Phases>,
}

impl FaultyLine {
    /// A line with these faults. Both directions of a line are given the same `seed`, so that an intermittent contact
    /// opens both; `direction` keeps their other chances apart.
    #[must_use]
    pub fn new(
        seed: u64,
        direction: Direction,
        framing: Framing,
        faults: impl IntoIterator<Item = (Window, ByteFault)>,
    ) -> Self {
        let faults = faults
            .into_iter()
            .enumerate()
            .map(|(index, (window, fault))| {
                let phases = match fault {
                    ByteFault::Intermittent { on_us, off_us } => {
                        let seed = seed.wrapping_add(index as u64 + 1);
                        Some(Phases::new(seed, window, on_us, off_us))
                    }
                    _ => None,
                };
                Active {
                    window,
                    fault,
                    phases,
                }
            })
            .collect();
        let own = match direction {
            Direction::Up => 0x0055_5000,
            Direction::Down => 0x444F_574E,
        };
        Self {
            faults,
            random: Pcg64Mcg::seed_from_u64(seed.rotate_left(17) ^ own),
            framing,
            message: Vec::new(),
            holding: false,
            last_byte_us: 0,
            history: VecDeque::new(),
            overtaken: None,
            waiting: VecDeque::new(),
            last_due_us: 0,
            slow_free_us: 0,
            counts: Counts::default(),
        }
    }

    /// The line in this direction of what `name` is connected to, from a list of faults of which others are passed over.
    #[must_use]
    pub fn of(
        faults: &[Fault],
        channel: super::Channel,
        name: &str,
        direction: Direction,
        framing: Framing,
        seed: u64,
    ) -> Self {
        let own = faults
            .iter()
            .filter(|fault| fault.channel == channel && fault.is_on(name))
            .filter(|fault| fault.direction.is_none_or(|only| only == direction))
            .filter_map(|fault| match fault.effect {
                Effect::Bytes(bytes) => Some((fault.window, bytes)),
                _ => None,
            });
        Self::new(seed, direction, framing, own)
    }

    /// The counters.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes bytes that came in at `now_us`, which must not run backwards.
    pub fn push(&mut self, bytes: &[u8], now_us: u64) {
        self.settle(now_us);
        for &byte in bytes {
            self.counts.taken += 1;
            if self.message.is_empty() {
                self.holding = self
                    .faults
                    .iter()
                    .any(|active| active.window.contains(now_us) && on_messages(active.fault));
            }
            self.message.push(byte);
            self.last_byte_us = now_us;
            if !self.holding {
                self.pass(byte, now_us);
            }
            let ends = match self.framing {
                Framing::Byte(delimiter) => byte == delimiter,
                Framing::Silence(_) | Framing::Chunk => false,
            };
            if ends || self.message.len() >= MAX_MESSAGE {
                self.message_ends(now_us);
            }
        }
        if self.framing == Framing::Chunk && !self.message.is_empty() {
            self.message_ends(now_us);
        }
    }

    /// Appends the bytes that have come out by `now_us`.
    pub fn pull(&mut self, now_us: u64, out: &mut Vec<u8>) {
        self.settle(now_us);
        while let Some((_, byte)) = self.waiting.pop_front_if(|(due_us, _)| *due_us <= now_us) {
            self.counts.given += 1;
            out.push(byte);
        }
    }

    /// When [`pull`](Self::pull) has something to do next.
    #[must_use]
    pub fn next_us(&self) -> Option<u64> {
        let byte_us = self.waiting.front().map(|(due_us, _)| *due_us);
        let silence_us = match self.framing {
            Framing::Silence(us) if self.holding && !self.message.is_empty() => {
                Some(self.last_byte_us.saturating_add(us))
            }
            _ => None,
        };
        let overtaken_us = self.overtaken.as_ref().map(|(due_us, _)| *due_us);
        earlier(earlier(byte_us, silence_us), overtaken_us)
    }

    /// What time alone brings: a message that ends by silence, one that nothing overtook.
    fn settle(&mut self, now_us: u64) {
        if let Framing::Silence(us) = self.framing {
            let end_us = self.last_byte_us.saturating_add(us);
            if !self.message.is_empty() && end_us <= now_us {
                self.message_ends(end_us);
            }
        }
        if let Some((due_us, message)) = self.overtaken.take_if(|(due_us, _)| *due_us <= now_us) {
            self.pass_all(&message, due_us);
        }
    }

    fn message_ends(&mut self, now_us: u64) {
        let message = std::mem::take(&mut self.message);
        if !std::mem::take(&mut self.holding) {
            self.remember(message);
            return;
        }
        let stuck = self
            .faults
            .iter()
            .any(|active| active.fault == ByteFault::Stuck && active.window.contains(now_us));
        if stuck {
            self.counts.tampered += 1;
            self.counts.lost += message.len() as u64;
            if let Some(last) = self.history.back().cloned() {
                self.pass_all(&last, now_us);
            }
            return;
        }
        let mut out = Some(message.clone());
        for index in 0..self.faults.len() {
            let Some(&Active {
                window,
                fault: ByteFault::Tamper { how, rate },
                ..
            }) = self.faults.get(index)
            else {
                continue;
            };
            if window.contains(now_us) && happens(&mut self.random, rate) {
                self.counts.tampered += 1;
                let how = how.chosen(&mut self.random);
                out = out.and_then(|message| self.tamper(how, message, now_us));
            }
        }
        if let Some(out) = out {
            self.pass_all(&out, now_us);
        }
        if let Some((_, late)) = self.overtaken.take_if(|(due_us, _)| {
            // Not the one that was put back just now.
            *due_us < now_us.saturating_add(REORDER_WAIT_US)
        }) {
            self.pass_all(&late, now_us);
        }
        self.remember(message);
    }

    /// What becomes of a message; nothing where it is lost or comes later.
    fn tamper(&mut self, how: Tamper, mut message: Vec<u8>, now_us: u64) -> Option<Vec<u8>> {
        match how {
            Tamper::Lose | Tamper::Any => {
                self.counts.lost += message.len() as u64;
                return None;
            }
            Tamper::Duplicate => {
                self.counts.added += 1;
                self.pass_all(&message, now_us);
            }
            Tamper::Reorder => {
                if self.overtaken.is_none() {
                    let due_us = now_us.saturating_add(REORDER_WAIT_US);
                    self.overtaken = Some((due_us, message));
                    return None;
                }
            }
            Tamper::Swap => {
                let before = message.clone();
                tamper::swap(&mut self.random, &mut message);
                self.counts.changed += differing(&before, &message);
            }
            Tamper::Truncate => {
                let keep = below(&mut self.random, message.len());
                self.counts.lost += (message.len() - keep) as u64;
                message.truncate(keep);
            }
            Tamper::Replay => {
                let at = below(&mut self.random, self.history.len());
                if let Some(older) = self.history.get(at).cloned() {
                    self.counts.added += 1;
                    message.extend(older);
                }
            }
            Tamper::Forge => match tamper::forge(&mut self.random, &message) {
                Some(forged) => {
                    self.counts.changed += differing(&message, &forged);
                    message = forged;
                }
                None => {
                    tamper::flip(&mut self.random, &mut message);
                    self.counts.changed += 1;
                }
            },
        }
        Some(message)
    }

    fn remember(&mut self, message: Vec<u8>) {
        if self.history.len() >= HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(message);
    }

    fn pass_all(&mut self, bytes: &[u8], now_us: u64) {
        bytes.iter().for_each(|&byte| self.pass(byte, now_us));
    }

    /// A byte goes through the faults on bytes, in the order in which they were given.
    fn pass(&mut self, mut byte: u8, now_us: u64) {
        let mut due_us = now_us;
        let before = byte;
        for active in &mut self.faults {
            if !active.window.contains(now_us) {
                continue;
            }
            match active.fault {
                ByteFault::Off => {
                    self.counts.lost += 1;
                    return;
                }
                ByteFault::Intermittent { .. } => {
                    let on = active.phases.as_mut().is_none_or(|p| p.is_on(now_us));
                    if !on {
                        self.counts.lost += 1;
                        return;
                    }
                }
                ByteFault::Garbage { rate } => {
                    if happens(&mut self.random, rate) {
                        // The eight lowest bits of a random number.
                        byte = self.random.next_u64().to_le_bytes()[0];
                    }
                }
                ByteFault::Flip { rate } => {
                    if happens(&mut self.random, rate) {
                        byte ^= 1 << below(&mut self.random, 8);
                    }
                }
                ByteFault::Slow { bits_per_s } => {
                    let us = 10_000_000 / u64::from(bits_per_s.max(1));
                    self.slow_free_us = self.slow_free_us.max(due_us).saturating_add(us);
                    due_us = self.slow_free_us;
                }
                ByteFault::Delayed { by_us } => due_us = due_us.saturating_add(by_us),
                ByteFault::Held => {
                    due_us = due_us.max(active.window.end_us.unwrap_or(u64::MAX));
                }
                ByteFault::Stuck | ByteFault::Tamper { .. } => {}
            }
        }
        if self.waiting.len() >= MAX_WAITING {
            self.counts.lost += 1;
            return;
        }
        self.counts.changed += u64::from(byte != before);
        self.last_due_us = self.last_due_us.max(due_us);
        self.waiting.push_back((self.last_due_us, byte));
    }
}

const fn on_messages(fault: ByteFault) -> bool {
    matches!(fault, ByteFault::Stuck | ByteFault::Tamper { .. })
}

fn differing(a: &[u8], b: &[u8]) -> u64 {
    let same_length = a.iter().zip(b).filter(|(a, b)| a != b).count();
    (same_length + a.len().abs_diff(b.len())) as u64
}
