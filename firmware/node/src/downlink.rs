//! From the line to the node: checks every frame, then acts on it.
//!
//! Checks in this order, each with its own counter: line damage, address, authenticity, replay, sense. Nothing before the
//! authenticity check changes any state but counters.

use crate::Node;
use crate::delivery::Acknowledged;
use crate::stats::count;
use wire::frame::{Body, Direction, Frame, FrameError, RawFrame, open, peek};

/// Most commands that wait for the board.
pub const COMMAND_QUEUE: usize = 4;

/// How many commands back a repetition is recognised.
const REMEMBERED_COMMANDS: usize = 8;

/// Something the edge asks the board to do, once.
///
/// It was authentic, new, and not expired as far as the node knows the time; before the first clock exchange expiry
/// cannot be checked, and a siren that stays silent because a clock is missing would be the worse failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Identity, chosen by the sender.
    pub id: u32,
    /// What to do; the meaning is the board's.
    pub code: u8,
    /// Argument of it.
    pub argument: u32,
    /// Unix time in microseconds after which it must not be carried out.
    pub expires_unix_us: i64,
}

/// Commands waiting for the board, and those seen lately.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    waiting: heapless::Deque<Command, COMMAND_QUEUE>,
    seen: heapless::Deque<u32, REMEMBERED_COMMANDS>,
}

impl Commands {
    pub(crate) fn take(&mut self) -> Option<Command> {
        self.waiting.pop_front()
    }

    fn is_repeated(&self, id: u32) -> bool {
        self.seen.iter().any(|&seen| seen == id)
    }

    /// False when the queue is full; the command is then not remembered, so that a repetition gets its chance.
    fn offer(&mut self, command: Command) -> bool {
        if self.waiting.push_back(command).is_err() {
            return false;
        }
        if self.seen.is_full() {
            self.seen.pop_front();
        }
        self.seen.push_back(command.id).is_ok()
    }
}

/// Why a frame was not acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Damaged,
    Tag,
    Misaddressed,
}

impl<const N: usize> Node<N> {
    /// Takes the next byte from the line, received at `mono_us`.
    pub fn receive(&mut self, byte: u8, mono_us: u64) {
        self.advance(mono_us);
        let Some(received) = self.receiver.push(byte) else {
            return;
        };
        let checked = received
            .map_err(|_| Refusal::Damaged)
            .and_then(|raw| check(raw, &self.config));
        match checked {
            Ok(frame) if !self.guard.accept(frame.header.boot, frame.header.counter) => {
                count(&mut self.stats.refused.replayed);
            }
            Ok(Frame { body, .. }) => {
                let (now_us, pace) = (self.now_us, self.config.pace());
                self.delivery.heard(now_us, &pace);
                self.birth.hasten(now_us.wrapping_add(pace.retry_us));
                self.act(&body);
            }
            Err(Refusal::Damaged) => count(&mut self.stats.refused.damaged),
            Err(Refusal::Tag) => count(&mut self.stats.refused.tag),
            Err(Refusal::Misaddressed) => count(&mut self.stats.refused.misaddressed),
        }
    }

    /// Acts on an authentic, new frame.
    fn act(&mut self, body: &Body) {
        match *body {
            Body::Ack { boot, next_seq } if boot == self.config.boot => self.acknowledge(next_seq),
            Body::Gap {
                boot,
                from_seq,
                to_seq,
            } if boot == self.config.boot => self.fill(from_seq, to_seq),
            // A late word about an earlier boot, or for a node that shares the line.
            Body::Ack { .. } | Body::Gap { .. } => count(&mut self.stats.refused.misaddressed),
            Body::TimeReply {
                t1_us,
                t2_unix_us,
                t3_unix_us,
            } => {
                if self
                    .exchange
                    .reply(t1_us, t2_unix_us, t3_unix_us, self.now_us)
                {
                    count(&mut self.stats.time_replies);
                } else {
                    count(&mut self.stats.refused.senseless);
                }
            }
            Body::Command {
                id,
                code,
                argument,
                expires_unix_us,
            } => {
                self.command(Command {
                    id,
                    code,
                    argument,
                    expires_unix_us,
                });
            }
            Body::Birth { .. }
            | Body::Samples { .. }
            | Body::Finding { .. }
            | Body::Health { .. }
            | Body::TimeRequest { .. }
            | Body::Settings { .. }
            | Body::CommandDone { .. }
            | Body::UpdateState { .. }
            | Body::Turn
            | Body::SetSettings { .. }
            | Body::ReadSettings
            | Body::UpdateOffer { .. }
            | Body::UpdateData { .. }
            | Body::Poll { .. } => count(&mut self.stats.refused.senseless),
        }
    }

    fn acknowledge(&mut self, next_seq: u64) {
        let had_hole = self.delivery.has_hole();
        match self
            .delivery
            .acknowledge(next_seq, self.now_us, &self.config.pace())
        {
            Acknowledged::Impossible => {
                count(&mut self.stats.refused.senseless);
                return;
            }
            Acknowledged::Progress => count(&mut self.stats.acknowledgements),
            Acknowledged::Stale => {}
        }
        self.known = true;
        if self.delivery.has_hole() && !had_hole {
            // The edge now stands before numbers that are gone: tell it at once.
            self.birth = crate::uplink::Repeat::starting_at(self.now_us);
        }
    }

    fn fill(&mut self, from_seq: u64, to_seq: u64) {
        if from_seq >= to_seq || from_seq >= self.delivery.next_seq() {
            count(&mut self.stats.refused.senseless);
            return;
        }
        if self
            .delivery
            .request(from_seq, to_seq, self.now_us, &self.config.pace())
        {
            count(&mut self.stats.gap_requests);
        }
    }

    fn command(&mut self, command: Command) {
        let refused = &mut self.stats.refused;
        if self.commands.is_repeated(command.id) {
            count(&mut refused.repeated_commands);
        } else if self
            .exchange
            .fix()
            .is_some_and(|fix| fix.unix_at(self.now_us) > command.expires_unix_us)
        {
            count(&mut refused.expired);
        } else if self.commands.offer(command) {
            count(&mut self.stats.commands);
        } else {
            count(&mut refused.queue_full);
        }
    }
}

/// Line, address and authenticity; the address first, because checking a tag is the costly part.
fn check(raw: RawFrame<'_>, config: &crate::Config) -> Result<Frame, Refusal> {
    let (_, header) = peek(raw).map_err(|_| Refusal::Damaged)?;
    if header.node != config.node || header.direction != Direction::Down {
        return Err(Refusal::Misaddressed);
    }
    open(raw, &config.key).map_err(|error| match error {
        FrameError::Tag => Refusal::Tag,
        _ => Refusal::Damaged,
    })
}
