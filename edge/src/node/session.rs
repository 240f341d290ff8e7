//! What the edge knows of one node in one boot, and what each of its frames means.
//!
//! Purpose: turns an authentic frame into readings with UTC stamps, replies, and a finding, and keeps the numbers from
//! which the cumulative acknowledgement is made.
//!
//! Invariants:
//! - A reading is handed on once per sequence number as far as islands can be remembered; the hub drops the rest.
//! - `durable` is a subset of `seen`; only `durable` is acknowledged, and it grows only after the outbox has committed.
//! - What could not be stored is forgotten again (`forget`), so that the node's retransmission is taken.
//!
//! Refuses: frames of an earlier boot, counters seen before, bodies that only travel down, numbers that overflow.

use wire::frame::{Body, Header};
use wire::quality::Quality;
use wire::quantity::Quantity;

use super::heard::{Birth, CommandDone, Finding, Health, News, Outcome, Refused};
use super::ranges::Ranges;
use super::replay::ReplayWindow;
use super::state::NodeState;
use super::timebase::Timebase;
use crate::reading::Item;

/// Time between two requests for the same missing numbers, microseconds. Longer than a node's reply takes.
const GAP_INTERVAL_US: i64 = 1_000_000;

/// Requests after which missing numbers count as lost. A node answers each one that it hears, and says by a birth what
/// it no longer holds; twenty unheard ones in a row mean that neither is coming.
const GAP_TRIES: u32 = 20;

/// How node clocks are judged.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Above this, readings are flagged `clock_uncertain`. Microseconds.
    pub max_uncertainty_us: i64,
    /// Assumed worst drift of a node's clock.
    pub drift_ppm: i64,
}

/// One boot of one node.
#[derive(Debug, Default)]
pub struct Session {
    boot: u32,
    window: ReplayWindow,
    seen: Ranges,
    durable: Ranges,
    timebase: Timebase,
    birth: Option<Birth>,
    health: Option<Health>,
    command: Option<CommandDone>,
    last_frame_us: Option<i64>,
    gap: Option<GapWatch>,
}

#[derive(Debug)]
struct GapWatch {
    from: u64,
    asked_us: i64,
    tries: u32,
}

impl Session {
    /// A boot of which nothing is known.
    pub fn new(boot: u32) -> Self {
        Self {
            boot,
            ..Self::default()
        }
    }

    /// Continues what an earlier process knew.
    pub fn restored(known: &NodeState) -> Self {
        Self {
            boot: known.boot,
            window: ReplayWindow::restored(known.counter),
            seen: known.durable.clone(),
            durable: known.durable.clone(),
            timebase: Timebase::restored(known.exchanges.clone()),
            birth: known.birth,
            ..Self::default()
        }
    }

    /// What a later process must know. `update` and `key` are no part of it.
    pub fn state(&self, id: u32) -> NodeState {
        NodeState {
            id,
            boot: self.boot,
            durable: self.durable.clone(),
            exchanges: self.timebase.exchanges().to_vec(),
            counter: self.window.highest(),
            birth: self.birth,
            update: Default::default(),
            key: None,
        }
    }

    /// The node's boot number.
    pub fn boot(&self) -> u32 {
        self.boot
    }

    /// What is durable at this edge.
    pub fn durable(&self) -> &Ranges {
        &self.durable
    }

    /// Who the node is, if it has said so.
    pub fn birth(&self) -> Option<&Birth> {
        self.birth.as_ref()
    }

    /// The last answer to a command.
    pub fn command(&self) -> Option<&CommandDone> {
        self.command.as_ref()
    }

    /// The node's condition as last reported.
    pub fn health(&self) -> Option<Health> {
        self.health
    }

    /// UTC of the last authentic frame, microseconds.
    pub fn last_frame_us(&self) -> Option<i64> {
        self.last_frame_us
    }

    /// Uncertainty of this node's clock, microseconds; `None` before the first exchange.
    pub fn clock_uncertainty_us(&self, now_us: i64, timing: Timing) -> Option<i64> {
        self.timebase.uncertainty_us(now_us, timing.drift_ppm)
    }

    /// UTC minus this node's clock, microseconds; `None` before the first exchange.
    pub fn clock_offset_us(&self, now_us: i64, timing: Timing) -> Option<i64> {
        self.timebase.offset_us(now_us, timing.drift_ppm)
    }

    /// How much this node's clock runs fast, parts per billion, as the edge sees it.
    pub fn clock_drift_ppb(&self) -> Option<i64> {
        self.timebase.drift_ppb()
    }

    /// The cumulative acknowledgement to send now.
    pub fn acknowledgement(&self) -> Body {
        Body::Ack {
            boot: self.boot,
            next_seq: self.durable.next(),
        }
    }

    /// Whether an authentic frame with this header is one that was not seen before. Nothing changes.
    ///
    /// # Errors
    /// [`Refused`], as [`Session::receive`] would.
    pub fn admits(&self, header: &Header) -> Result<(), Refused> {
        if header.boot < self.boot {
            return Err(Refused::OldBoot);
        }
        if header.boot == self.boot && !self.window.is_new(header.counter) {
            return Err(Refused::Replayed);
        }
        Ok(())
    }

    /// An authentic frame of this node arrived at `now_us`.
    ///
    /// # Errors
    /// [`Refused`]; apart from a newer boot being noted, nothing has changed then.
    pub fn receive(
        &mut self,
        header: &Header,
        body: Body,
        now_us: i64,
        timing: Timing,
    ) -> Result<Outcome, Refused> {
        if header.boot < self.boot {
            return Err(Refused::OldBoot);
        }
        if header.boot > self.boot {
            *self = Self::new(header.boot);
        }
        if !self.window.accept(header.counter) {
            return Err(Refused::Replayed);
        }
        self.last_frame_us = Some(now_us);
        let mut outcome = Outcome::default();
        match body {
            Body::Birth {
                firmware,
                kind,
                reset_cause,
                first_seq,
                board,
                image,
                settings_revision,
                ..
            } => {
                self.birth = Some(Birth {
                    firmware,
                    kind,
                    reset_cause,
                    board,
                    image,
                    settings_revision,
                    at_us: now_us,
                });
                outcome.news = Some(News::Born);
                // The node no longer holds what lies below; waiting for it would hold back everything above.
                outcome.lost = self.give_up_below(first_seq);
                outcome.replies.push(self.acknowledgement());
            }
            Body::Samples {
                first_seq,
                quantity,
                start_us,
                samples,
            } => {
                self.samples(
                    first_seq,
                    quantity,
                    start_us,
                    &samples,
                    now_us,
                    timing,
                    &mut outcome,
                )?;
            }
            Body::Finding {
                seq,
                mono_us,
                code,
                value,
            } => {
                let to = seq.checked_add(1).ok_or(Refused::Absurd)?;
                self.timebase.arrived(mono_us, now_us);
                if self.seen.contains(seq) {
                    outcome.repeated = 1;
                    outcome.replies.push(self.acknowledgement());
                } else if self.seen.insert(seq, to) {
                    let (time_us, quality) = self.stamp(mono_us, now_us, timing);
                    outcome.finding = Some(Finding {
                        seq,
                        time_us,
                        code,
                        value,
                        quality: quality.bits(),
                    });
                }
            }
            Body::Health {
                ring_used,
                ring_capacity,
                dropped,
                sensor_errors,
                battery_mv,
                clock_drift_ppb,
                clock_uncertainty_us,
                refused,
                stack_free,
                storage_errors,
                stalled,
                ..
            } => {
                self.health = Some(Health {
                    ring_used,
                    ring_capacity,
                    dropped,
                    sensor_errors,
                    battery_mv,
                    clock_drift_ppb: (clock_drift_ppb != i32::MIN).then_some(clock_drift_ppb),
                    clock_uncertainty_us: (clock_uncertainty_us != u32::MAX)
                        .then_some(clock_uncertainty_us),
                    refused,
                    stack_free: (stack_free != u16::MAX).then_some(stack_free),
                    storage_errors: storage_errors.into(),
                    stalled: stalled.into(),
                });
            }
            Body::TimeRequest { t1_us } => {
                let before = self.timebase.steps;
                self.timebase.exchange(t1_us, now_us, timing.drift_ppm);
                outcome.stepped = self.timebase.steps != before;
                outcome.replies.push(Body::TimeReply {
                    t1_us,
                    t2_unix_us: now_us,
                    t3_unix_us: now_us,
                });
            }
            Body::Settings { revision, values } => {
                if let Some(birth) = &mut self.birth {
                    birth.settings_revision = revision;
                }
                let values = values.to_vec();
                outcome.news = Some(News::Settings { revision, values });
            }
            Body::CommandDone {
                id,
                outcome: done,
                delay_us,
                ..
            } => {
                self.command = Some(CommandDone {
                    id,
                    outcome: done,
                    delay_us,
                    at_us: now_us,
                });
                outcome.news = Some(News::Command(done));
            }
            Body::UpdateState {
                state,
                version,
                next_offset,
            } => {
                outcome.news = Some(News::Update {
                    step: state,
                    version,
                    next_offset,
                });
            }
            Body::Turn => outcome.news = Some(News::Turn),
            Body::TimeReply { .. }
            | Body::Ack { .. }
            | Body::Gap { .. }
            | Body::Command { .. }
            | Body::SetSettings { .. }
            | Body::ReadSettings
            | Body::UpdateOffer { .. }
            | Body::UpdateData { .. }
            | Body::Poll { .. } => {
                return Err(Refused::WrongWay);
            }
        }
        self.watch_gap(now_us, &mut outcome);
        Ok(outcome)
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one frame")]
    fn samples(
        &mut self,
        first_seq: u64,
        quantity: Quantity,
        start_us: u64,
        samples: &[wire::frame::Sample],
        now_us: i64,
        timing: Timing,
        outcome: &mut Outcome,
    ) -> Result<(), Refused> {
        let to = first_seq
            .checked_add(samples.len() as u64)
            .ok_or(Refused::Absurd)?;
        let mut monos = Vec::with_capacity(samples.len());
        let mut mono_us = start_us;
        for sample in samples {
            mono_us = mono_us
                .checked_add(u64::from(sample.dt_us))
                .ok_or(Refused::Absurd)?;
            monos.push(mono_us);
        }
        self.timebase.arrived(mono_us, now_us);
        for ((sample, mono_us), seq) in samples.iter().zip(monos).zip(first_seq..to) {
            if self.seen.contains(seq) {
                outcome.repeated += 1;
                continue;
            }
            let (time_us, clock) = self.stamp(mono_us, now_us, timing);
            let quality = Quality(sample.quality) | clock;
            outcome
                .items
                .push(Item::judged(seq, time_us, quantity, sample.value, quality));
        }
        if !outcome.items.is_empty() && !self.seen.insert(first_seq, to) {
            // No memory for one more island: the node sends these again when the holes below are filled.
            outcome.items.clear();
        }
        if outcome.items.is_empty() {
            // The node repeats what it holds to be lost: most likely our acknowledgement was.
            outcome.replies.push(self.acknowledgement());
        }
        Ok(())
    }

    fn stamp(&self, mono_us: u64, now_us: i64, timing: Timing) -> (i64, Quality) {
        match self.timebase.map(mono_us, now_us, timing.drift_ppm) {
            Some(stamp) if stamp.exchanged && stamp.uncertainty_us <= timing.max_uncertainty_us => {
                (stamp.time_us, Quality::GOOD)
            }
            Some(stamp) => (stamp.time_us, Quality::CLOCK_UNCERTAIN),
            None => (now_us, Quality::CLOCK_UNCERTAIN),
        }
    }

    /// Asks for what is missing below something that has arrived, and gives it up when no answer comes.
    fn watch_gap(&mut self, now_us: i64, outcome: &mut Outcome) {
        let Some((from, to)) = self.seen.first_gap() else {
            self.gap = None;
            return;
        };
        let tries = match &self.gap {
            Some(watch) if watch.from == from => {
                let since_us = now_us.saturating_sub(watch.asked_us);
                if (0..GAP_INTERVAL_US).contains(&since_us) {
                    return;
                }
                watch.tries
            }
            _ => 0,
        };
        if tries == GAP_TRIES {
            outcome.lost += self.give_up_below(to);
            self.gap = None;
            return;
        }
        self.gap = Some(GapWatch {
            from,
            asked_us: now_us,
            tries: tries + 1,
        });
        outcome.replies.push(Body::Gap {
            boot: self.boot,
            from_seq: from,
            to_seq: to,
        });
    }

    /// What lies below `seq` and has not been seen will not come. Returns how many numbers that is.
    fn give_up_below(&mut self, seq: u64) -> u64 {
        // What was seen but is not durable yet stays outstanding: it is on its way into the outbox.
        let mut lost = 0;
        while let Some((from, to)) = self.missing_below(seq) {
            lost += to - from;
            if !self.seen.insert(from, to) || !self.durable.insert(from, to) {
                break;
            }
        }
        lost
    }

    fn missing_below(&self, seq: u64) -> Option<(u64, u64)> {
        match self.seen.first_gap() {
            Some((from, to)) if from < seq => Some((from, to.min(seq))),
            None if self.seen.next() < seq => Some((self.seen.next(), seq)),
            _ => None,
        }
    }

    /// The outbox has committed `from..to` of this boot.
    pub fn settle(&mut self, boot: u32, from: u64, to: u64) {
        if boot == self.boot && !self.durable.insert(from, to) {
            // Not acknowledged, so the node repeats it, and it must then be taken again.
            self.seen.remove(from, to);
        }
    }

    /// `from..to` of this boot could not be stored.
    pub fn forget(&mut self, boot: u32, from: u64, to: u64) {
        if boot == self.boot {
            self.seen.remove(from, to);
            // The node has shown that it holds these: the hole is ours, and must never be given up for want of an answer.
            self.gap = None;
        }
    }

    /// A reading found in the outbox at start-up: it is durable.
    pub fn recover(&mut self, boot: u32, seq: u64) {
        if boot > self.boot {
            *self = Self::new(boot);
        }
        if boot == self.boot && seq < u64::MAX && self.durable.insert(seq, seq + 1) {
            let inserted = self.seen.insert(seq, seq + 1);
            debug_assert!(inserted, "seen equals durable during recovery");
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
