//! From the line to the node: checks every frame, then acts on it.
//!
//! Checks in this order, each with its own counter: line damage, address, authenticity, replay, sense. Nothing before the
//! authenticity check changes any state but counters.

use crate::command::Command;
use crate::delivery::Acknowledged;
use crate::stats::count;
use crate::update::Offer;
use crate::{Node, Slots};
use wire::frame::{Body, Direction, Frame, FrameError, RawFrame, open, peek};

/// Why a frame was not acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Damaged,
    Tag,
    Misaddressed,
    /// On a shared line, where others are heard.
    Overheard,
}

impl<const N: usize, S: Slots<N>> Node<N, S> {
    /// Takes the next byte from the line, received at `mono_us`.
    pub fn receive(&mut self, byte: u8, mono_us: u64) {
        self.tell_time(mono_us);
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
            Err(Refusal::Overheard) => count(&mut self.stats.overheard),
        }
    }

    /// Acts on an authentic, new frame.
    fn act(&mut self, body: &Body) {
        match body {
            Body::SetSettings { revision, values } => self.propose(*revision, values),
            Body::UpdateData { offset, bytes } => self.update_data(*offset, bytes),
            _ => self.act_on_numbers(body),
        }
    }

    fn act_on_numbers(&mut self, body: &Body) {
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
                    self.stats.clock_steps = self.exchange.steps();
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
                    received_us: self.now_us,
                });
            }
            Body::ReadSettings => {
                self.keeping.answer = true;
                // The edge may have missed who this is: the first frame after a reset is the likeliest to be lost.
                self.known = false;
                self.birth = crate::uplink::Repeat::starting_at(self.now_us);
            }
            Body::UpdateOffer {
                version,
                security,
                length,
                digest,
                signature,
            } => self.offered(Offer {
                version,
                security,
                length,
                digest,
                signature,
            }),
            Body::Poll { limit } if self.config.shared_line => {
                count(&mut self.stats.polls);
                self.turn.polled(limit, self.now_us);
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
            // A poll where nobody else is: the edge takes the line for a shared one.
            | Body::Poll { .. }
            // Acted upon above.
            | Body::SetSettings { .. }
            | Body::UpdateData { .. } => count(&mut self.stats.refused.senseless),
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
}

/// Line, address and authenticity; the address first, because checking a tag is the costly part.
fn check(raw: RawFrame<'_>, config: &crate::Config) -> Result<Frame, Refusal> {
    let (_, header) = peek(raw).map_err(|_| Refusal::Damaged)?;
    if header.node != config.node || header.direction != Direction::Down {
        return Err(if config.shared_line {
            Refusal::Overheard
        } else {
            Refusal::Misaddressed
        });
    }
    open(raw, &config.key).map_err(|error| match error {
        FrameError::Tag => Refusal::Tag,
        _ => Refusal::Damaged,
    })
}
