//! From the node to the line: which frame goes next, and its bytes.
//!
//! Order: introduction, then a finding that overtakes a backlog, then clock and health (both small and rare, and the edge
//! needs the clock to date the samples), then data.

use crate::delivery::Plan;
use crate::ring::What;
use crate::stats::count;
use crate::timer::{backed_off, earlier, earliest, reached};
use crate::turn::May;
use crate::{MAX_FRAME, Node, Slots};
use wire::frame::{Body, Direction, Header, Sample, Version, encode};

/// Puts a delimiter in front of a frame, if it has none: whatever the line carried before ends there.
fn led(out: &mut [u8; MAX_FRAME], length: usize) -> usize {
    if length == 0 || length >= MAX_FRAME || out[0] == 0 {
        return length;
    }
    out.copy_within(..length, 1);
    out[0] = 0;
    length + 1
}

/// Something sent again and again, with back-off, until it is answered.
#[derive(Debug)]
pub(crate) struct Repeat {
    due_us: u64,
    attempts: u32,
}

impl Repeat {
    pub(crate) const fn starting_at(due_us: u64) -> Self {
        Self {
            due_us,
            attempts: 0,
        }
    }

    /// Not later than `at_us`, because the link has shown that it works.
    pub(crate) fn hasten(&mut self, at_us: u64) {
        self.due_us = earlier(self.due_us, at_us);
    }

    fn sent(&mut self, now_us: u64, first_us: u64, limit_us: u64) {
        self.due_us = now_us.wrapping_add(backed_off(first_us, limit_us, self.attempts));
        self.attempts = self.attempts.saturating_add(1);
    }
}

impl<const N: usize, S: Slots<N>> Node<N, S> {
    /// Writes the next frame to `out` and returns its length; 0 when there is nothing to send at `mono_us`.
    ///
    /// At most one frame a call: call again, while the line takes more, until it returns 0. The frame counts as sent; what
    /// the line loses comes again after a timeout.
    pub fn poll(&mut self, mono_us: u64, out: &mut [u8; MAX_FRAME]) -> usize {
        self.tell_time(mono_us);
        let now_us = self.now_us;
        if !self.config.shared_line {
            return self.next_frame(now_us, out);
        }
        let length = match self.turn.may(now_us) {
            May::Listen => return 0,
            May::Speak => self.next_frame(now_us, out),
            May::End => 0,
        };
        let ends = length == 0;
        let length = if ends {
            self.send(&Body::Turn, out)
        } else {
            length
        };
        let length = if self.turn.is_first() {
            led(out, length)
        } else {
            length
        };
        self.turn.sent(length);
        if ends {
            self.turn.ended();
        }
        length
    }

    /// The next frame, whoever may speak.
    fn next_frame(&mut self, now_us: u64, out: &mut [u8; MAX_FRAME]) -> usize {
        let pace = self.config.pace();
        self.delivery.tick(now_us);
        if self.needs_birth() && reached(now_us, self.birth.due_us) {
            self.birth.sent(now_us, pace.retry_us, pace.retry_max_us);
            return self.send_birth(now_us, out);
        }
        if let Some(answer) = self.commands.answer() {
            return self.send(&answer, out);
        }
        if !self.delivery.has_urgent() {
            if self.exchange.is_due(now_us) {
                self.exchange.sent(now_us);
                return self.send(&Body::TimeRequest { t1_us: now_us }, out);
            }
            if self
                .health_due_us
                .is_some_and(|due_us| reached(now_us, due_us))
            {
                self.health_due_us = Some(now_us.wrapping_add(self.config.health_us));
                let health = self.health(now_us);
                return self.send(&health, out);
            }
            if core::mem::take(&mut self.keeping.answer) {
                let settings = self.told_settings();
                return self.send(&settings, out);
            }
        }
        let Some(plan) = self.delivery.plan(now_us, &pace, self.is_rapid(now_us)) else {
            return match self.update_frame(now_us) {
                Some(state) => self.send(&state, out),
                None => 0,
            };
        };
        let Some(body) = self.body(&plan) else {
            return 0;
        };
        let length = self.send(&body, out);
        let repeated = self.delivery.sent(&plan, now_us, &pace);
        self.stats.repeated = self.stats.repeated.saturating_add(repeated);
        length
    }

    /// When [`Node::poll`] has something to send at the latest, if neither a sample nor a byte comes before. In the past
    /// or now when it has something already; `None` when it will stay silent.
    #[must_use]
    pub fn next_deadline_us(&self) -> Option<u64> {
        if self.stats.counter_exhausted {
            return None;
        }
        if self.config.shared_line {
            return self.turn.is_here().then_some(self.now_us);
        }
        if self.commands.has_answer() || self.keeping.answer {
            return Some(self.now_us);
        }
        let birth_us = self.needs_birth().then_some(self.birth.due_us);
        let data_us =
            self.delivery
                .deadline(self.now_us, &self.config.pace(), self.is_rapid(self.now_us));
        let own_us = earliest(self.exchange.deadline(), self.health_due_us);
        let update_us = self.update.deadline(self.now_us);
        earliest(earliest(birth_us, data_us), earliest(own_us, update_us))
    }

    /// The edge does not know this boot yet, or waits for numbers that are gone.
    fn needs_birth(&self) -> bool {
        !self.known || self.delivery.has_hole()
    }

    fn send_birth(&mut self, now_us: u64, out: &mut [u8; MAX_FRAME]) -> usize {
        let birth = Body::Birth {
            firmware: self.config.firmware,
            kind: self.config.kind,
            reset_cause: self.config.reset_cause,
            mono_us: now_us,
            first_seq: self.delivery.first_seq(),
            board: self.config.board,
            image: self.config.image,
            settings_revision: self.settings().map_or(0, |(revision, _)| revision),
        };
        // A delimiter first: whatever the line carried before, half a frame included, ends here. The few bytes of a birth
        // leave room for it.
        let length = self.send(&birth, out);
        led(out, length)
    }

    fn health(&self, mono_us: u64) -> Body {
        Body::Health {
            mono_us,
            ring_used: u16::try_from(self.delivery.len()).unwrap_or(u16::MAX),
            ring_capacity: u16::try_from(N).unwrap_or(u16::MAX),
            dropped: self
                .stats
                .dropped_samples
                .saturating_add(self.stats.dropped_findings),
            sensor_errors: self
                .stats
                .sensor_errors
                .saturating_add(self.stats.missed_samples),
            battery_mv: self.battery_mv,
            clock_drift_ppb: self.exchange.rate().map_or(i32::MIN, |rate| rate.ppb),
            clock_uncertainty_us: self
                .exchange
                .uncertainty_us(mono_us)
                .map_or(u32::MAX, |us| u32::try_from(us).unwrap_or(u32::MAX - 1)),
            refused: self.stats.refused.total(),
            stack_free: self.stack_free,
            storage_errors: u16::try_from(self.stats.storage_errors).unwrap_or(u16::MAX),
            stalled: self.stalled,
        }
    }

    /// The frame that `plan` describes.
    fn body(&self, plan: &Plan) -> Option<Body> {
        let first = *self.delivery.entry(plan.position)?;
        let quantity = match first.what {
            What::Finding { code } => {
                return Some(Body::Finding {
                    seq: first.seq,
                    mono_us: first.mono_us,
                    code,
                    value: first.value,
                });
            }
            What::Sample { quantity, .. } => quantity,
        };
        let mut samples = heapless::Vec::new();
        let mut previous_us = first.mono_us;
        for entry in (plan.position..plan.position + plan.count)
            .filter_map(|position| self.delivery.entry(position))
        {
            let What::Sample { quality, .. } = entry.what else {
                break;
            };
            // The plan keeps steps within 32 bits and the count within a frame.
            let dt_us = entry.mono_us.wrapping_sub(previous_us) as u32;
            previous_us = entry.mono_us;
            if samples
                .push(Sample {
                    dt_us,
                    value: entry.value,
                    quality,
                })
                .is_err()
            {
                break;
            }
        }
        Some(Body::Samples {
            first_seq: first.seq,
            quantity,
            start_us: first.mono_us,
            samples,
        })
    }

    /// Encodes `body` under the next counter.
    fn send(&mut self, body: &Body, out: &mut [u8; MAX_FRAME]) -> usize {
        // `u32::MAX` is never used, so that the count of frames fits as well.
        if self.counter == u32::MAX {
            self.stats.counter_exhausted = true;
            return 0;
        }
        let header = Header {
            node: self.config.node,
            boot: self.config.boot,
            counter: self.counter,
            direction: Direction::Up,
        };
        self.counter += 1;
        match encode(Version::V2, &header, body, &self.config.key, out) {
            Ok(length) => {
                count(&mut self.stats.frames_sent);
                length
            }
            Err(_) => {
                count(&mut self.stats.encode_errors);
                0
            }
        }
    }

    /// Sets the next frame counter, to test what happens when it is used up.
    #[cfg(test)]
    pub(crate) const fn set_counter(&mut self, counter: u32) {
        self.counter = counter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use wire::frame::Key;
    use wire::quality::Quality;
    use wire::quantity::Quantity;

    fn node() -> Node<16> {
        let mut node = Node::new(Config::new(1, 1, Key::new([1; 32]))).expect("no limits");
        node.sample(5, Quantity::SeaLevel, 1.0, Quality::GOOD);
        node
    }

    #[test]
    fn same_calls_give_the_same_bytes() {
        let (mut one, mut other) = (node(), node());
        let (mut left, mut right) = ([0; MAX_FRAME], [0; MAX_FRAME]);
        for mono_us in [5, 5, 5, 5, 5, 500_005, 5_000_005] {
            assert_eq!(
                one.poll(mono_us, &mut left),
                other.poll(mono_us, &mut right)
            );
            assert_eq!(left, right);
        }
    }

    #[test]
    fn introduces_itself_then_asks_the_time_then_reports_health_then_sends_data() {
        let mut node = node();
        let mut out = [0; MAX_FRAME];
        let mut kinds = std::vec::Vec::new();
        loop {
            let length = node.poll(5, &mut out);
            if length == 0 {
                break;
            }
            let mut receiver = wire::frame::Receiver::<MAX_FRAME>::new();
            for &byte in &out[..length] {
                if let Some(raw) = receiver.push(byte) {
                    let raw = raw.expect("a whole frame");
                    kinds.push(
                        wire::frame::open(raw, &Key::new([1; 32]))
                            .expect("authentic")
                            .body,
                    );
                }
            }
        }
        assert!(matches!(
            kinds[..],
            [
                Body::Birth { first_seq: 0, .. },
                Body::TimeRequest { t1_us: 5 },
                Body::Health {
                    ring_used: 1,
                    ring_capacity: 16,
                    ..
                },
                Body::Samples {
                    first_seq: 0,
                    start_us: 5,
                    ..
                }
            ]
        ));
    }

    #[test]
    fn falls_silent_rather_than_use_a_counter_twice() {
        let mut node = node();
        node.set_counter(u32::MAX - 1);
        let mut out = [0; MAX_FRAME];
        assert!(node.poll(5, &mut out) > 0, "the last one");
        assert_eq!(node.poll(5, &mut out), 0);
        assert!(node.stats().counter_exhausted);
        assert_eq!(node.next_deadline_us(), None);
        assert_eq!(node.unacknowledged(), 1, "kept, for what it is worth");
    }
}
