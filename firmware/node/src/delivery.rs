//! Decides what to transmit next, so that the edge ends up with every sample exactly once and soon.
//!
//! - In order, with a window: up to `window` entries may be unacknowledged in flight.
//! - Cumulative acknowledgement releases the ring; a timeout goes back to the oldest entry and probes with a single
//!   frame, with back-off, until an acknowledgement shows that the edge is there again.
//! - A gap request is answered at once, without going back.
//! - A finding that stands behind a backlog is sent ahead of it once, and again in its turn.
//! - A sample waits for company at most `max_hold_us`, and not at all when nothing is in flight (Nagle's rule with a
//!   bound), in rapid mode, or when it is a retransmission.
//!
//! Invariants: an entry is forgotten only when acknowledged or evicted for lack of room, and evictions are counted;
//! `acked <= cursor <= high_water <= next_seq`. It refuses acknowledgements of what was never sent.

use crate::ring::{Entry, Ring, Slot, Slots, What};
use crate::timer::{backed_off, earliest, elapsed, reached};
use wire::frame::MAX_SAMPLES;

/// Timing and size of the transmission; see [`crate::Config`] for meaning and defaults.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub window: usize,
    pub retry_us: u64,
    pub retry_max_us: u64,
    pub max_hold_us: u64,
    pub hold_when_idle: bool,
}

/// Entries to put into one frame: `count` of them from `position`; a finding always travels alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub position: usize,
    pub count: usize,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The next in order.
    Turn,
    /// The edge asked for it.
    Gap,
    /// A finding ahead of a backlog.
    Urgent,
}

/// What became of an offered entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Stored under a new sequence number.
    Kept,
    /// Stored; the oldest sample went for it.
    DisplacedSample,
    /// Stored; the oldest finding went for it, since there was no sample left.
    DisplacedFinding,
    /// Not stored: only findings are in the ring, and this is a sample. No sequence number was used.
    Refused,
}

/// What an acknowledgement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledged {
    /// Entries were released.
    Progress,
    /// Nothing new.
    Stale,
    /// It claims what was never sent.
    Impossible,
}

/// Most findings that wait to overtake a backlog; more of them wait for their turn.
const URGENT: usize = 4;

#[derive(Debug)]
pub(crate) struct Delivery<const N: usize, S = [Slot; N]> {
    ring: Ring<N, S>,
    /// The number that the next entry gets.
    next_seq: u64,
    /// The next number to send in order.
    cursor: u64,
    /// One past the highest number ever sent in order: below it, sending is repeating.
    high_water: u64,
    /// Everything below is durable at the edge.
    acked: u64,
    /// When the oldest entry in flight counts as lost.
    timeout_us: Option<u64>,
    /// Timeouts since the last progress.
    attempts: u32,
    /// Numbers the edge asked for, from the first to below the second.
    gap: Option<(u64, u64)>,
    /// First number of the last request that was taken up, and when.
    gap_taken: Option<(u64, u64)>,
    urgent: heapless::Deque<u64, URGENT>,
}

impl<const N: usize, S: Slots<N>> Delivery<N, S> {
    pub(crate) fn new(slots: S) -> Self {
        Self {
            ring: Ring::new(slots),
            next_seq: 0,
            cursor: 0,
            high_water: 0,
            acked: 0,
            timeout_us: None,
            attempts: 0,
            gap: None,
            gap_taken: None,
            urgent: heapless::Deque::new(),
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.ring.len()
    }

    pub(crate) fn entry(&self, position: usize) -> Option<&Entry> {
        self.ring.get(position)
    }

    /// The lowest number that can still be sent: the oldest held, or the next to be given.
    pub(crate) fn first_seq(&self) -> u64 {
        self.ring.front().map_or(self.next_seq, |entry| entry.seq)
    }

    pub(crate) const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Whether the edge waits for numbers that are gone: it must be told where the rest begins.
    pub(crate) fn has_hole(&self) -> bool {
        self.ring
            .front()
            .is_some_and(|entry| entry.seq > self.acked)
    }

    /// Stores a sample or a finding under the next sequence number.
    pub(crate) fn store(&mut self, mono_us: u64, value: f64, what: What) -> Stored {
        let is_finding = matches!(what, What::Finding { .. });
        let mut stored = Stored::Kept;
        if self.ring.is_full() {
            stored = match self.ring.evict(is_finding) {
                Some(evicted) if evicted.is_finding() => Stored::DisplacedFinding,
                Some(_) => Stored::DisplacedSample,
                None => return Stored::Refused,
            };
        }
        let seq = self.next_seq;
        let pushed = self.ring.push(Entry {
            seq,
            mono_us,
            value,
            what,
        });
        debug_assert!(pushed, "room was made and numbers ascend");
        self.next_seq += 1;
        if is_finding {
            // When the queue is full the finding still goes in its turn.
            let _ = self.urgent.push_back(seq);
        }
        stored
    }

    /// Whether a finding waits to overtake a backlog.
    pub(crate) fn has_urgent(&self) -> bool {
        self.urgent_position().is_some()
    }

    fn urgent_position(&self) -> Option<usize> {
        self.urgent.iter().find_map(|&seq| {
            let position = self.ring.lower_bound(seq);
            let held = self
                .ring
                .get(position)
                .is_some_and(|entry| entry.seq == seq);
            let behind = position.saturating_sub(self.ring.lower_bound(self.cursor));
            // One frame's worth ahead of it is no backlog: overtaking would only provoke a gap request.
            (held && seq >= self.cursor && behind > MAX_SAMPLES).then_some(position)
        })
    }

    /// Notices a timeout; call before [`Delivery::plan`].
    pub(crate) fn tick(&mut self, now_us: u64) {
        if self.timeout_us.is_some_and(|at_us| reached(now_us, at_us)) {
            self.attempts = self.attempts.saturating_add(1);
            self.timeout_us = None;
            self.cursor = self.acked;
            self.gap = None;
        }
    }

    /// The next frame's worth, or nothing while there is nothing to send.
    pub(crate) fn plan(&self, now_us: u64, pace: &Pace, rapid: bool) -> Option<Plan> {
        if let Some(position) = self.urgent_position() {
            return Some(Plan {
                position,
                count: 1,
                why: Why::Urgent,
            });
        }
        if let Some((first, until)) = self.gap {
            let position = self.ring.lower_bound(first);
            // What was not sent yet comes in its turn anyway.
            let until = until.min(self.cursor);
            if self
                .ring
                .get(position)
                .is_some_and(|entry| entry.seq < until)
            {
                let count = self.run(position, until);
                return Some(Plan {
                    position,
                    count,
                    why: Why::Gap,
                });
            }
        }
        let plan = self.turn(pace)?;
        self.is_due(&plan, now_us, pace, rapid).then_some(plan)
    }

    /// The next frame in order, if the window allows one, whether or not it should wait for company.
    fn turn(&self, pace: &Pace) -> Option<Plan> {
        let in_flight = self.ring.lower_bound(self.cursor);
        let open = if self.attempts > 0 {
            in_flight == 0
        } else {
            in_flight < pace.window
        };
        if in_flight == self.ring.len() || !open {
            return None;
        }
        Some(Plan {
            position: in_flight,
            count: self.run(in_flight, u64::MAX),
            why: Why::Turn,
        })
    }

    fn is_due(&self, plan: &Plan, now_us: u64, pace: &Pace, rapid: bool) -> bool {
        let Some(first) = self.ring.get(plan.position) else {
            return false;
        };
        let complete = plan.count == MAX_SAMPLES || plan.position + plan.count < self.ring.len();
        let idle = plan.position == 0 && !pace.hold_when_idle;
        let repeated = first.seq < self.high_water;
        complete
            || idle
            || repeated
            || rapid
            || first.is_finding()
            || reached(now_us, hold_until(first, pace))
    }

    /// How many entries from `position`, all below `until`, fit one frame: one finding, or consecutive samples of one
    /// quantity in ascending time.
    fn run(&self, position: usize, until: u64) -> usize {
        let Some(first) = self.ring.get(position) else {
            return 0;
        };
        let What::Sample { quantity, .. } = first.what else {
            return 1;
        };
        let mut previous = *first;
        let mut count = 1;
        while count < MAX_SAMPLES {
            let Some(entry) = self.ring.get(position + count) else {
                break;
            };
            let same =
                matches!(entry.what, What::Sample { quantity: other, .. } if other == quantity);
            let step_us = entry.mono_us.wrapping_sub(previous.mono_us);
            // A clock that steps back, or a pause of more than 71 minutes, starts a new frame.
            if !same
                || entry.seq != previous.seq + 1
                || entry.seq >= until
                || step_us > u64::from(u32::MAX)
            {
                break;
            }
            previous = *entry;
            count += 1;
        }
        count
    }

    /// Notes that the frame of `plan` went out. Returns how many of its entries had been sent before.
    pub(crate) fn sent(&mut self, plan: &Plan, now_us: u64, pace: &Pace) -> u32 {
        let Some(last) = self
            .ring
            .get(plan.position + plan.count - 1)
            .map(|entry| entry.seq)
        else {
            return 0;
        };
        let repeated = (plan.position..plan.position + plan.count)
            .filter_map(|position| self.ring.get(position))
            .filter(|entry| entry.seq < self.high_water)
            .count() as u32;
        match plan.why {
            Why::Urgent => {
                while self.urgent.front().is_some_and(|&seq| seq <= last) {
                    self.urgent.pop_front();
                }
                return repeated;
            }
            Why::Gap => {
                self.gap = self
                    .gap
                    .and_then(|(_, until)| (last + 1 < until).then_some((last + 1, until)));
                return repeated;
            }
            Why::Turn => {}
        }
        self.cursor = last + 1;
        self.high_water = self.high_water.max(self.cursor);
        while self.urgent.front().is_some_and(|&seq| seq < self.cursor) {
            self.urgent.pop_front();
        }
        if self.timeout_us.is_none() {
            self.timeout_us = Some(self.timeout_from(now_us, pace));
        }
        repeated
    }

    fn timeout_from(&self, now_us: u64, pace: &Pace) -> u64 {
        now_us.wrapping_add(backed_off(pace.retry_us, pace.retry_max_us, self.attempts))
    }

    /// Everything below `next_seq` is durable at the edge.
    pub(crate) fn acknowledge(&mut self, next_seq: u64, now_us: u64, pace: &Pace) -> Acknowledged {
        if next_seq > self.next_seq {
            return Acknowledged::Impossible;
        }
        if next_seq <= self.acked {
            return Acknowledged::Stale;
        }
        self.ring.release_below(next_seq);
        self.acked = next_seq;
        self.cursor = self.cursor.max(next_seq);
        self.high_water = self.high_water.max(self.cursor);
        self.attempts = 0;
        let in_flight = self.ring.lower_bound(self.cursor) > 0;
        self.timeout_us = in_flight.then(|| self.timeout_from(now_us, pace));
        Acknowledged::Progress
    }

    /// The edge asks for the numbers from `first` to below `until`. False when it asked for the same moments
    /// ago: every frame behind one lost frame may provoke the same request, and one answer is enough.
    pub(crate) fn request(&mut self, first: u64, until: u64, now_us: u64, pace: &Pace) -> bool {
        let again = self.gap_taken.is_some_and(|(taken, at_us)| {
            taken == first && elapsed(now_us, at_us) < pace.retry_us / 2
        });
        if again {
            return false;
        }
        self.gap_taken = Some((first, now_us));
        self.gap = Some(match self.gap {
            Some((pending_first, pending_until)) => {
                (pending_first.min(first), pending_until.max(until))
            }
            None => (first, until),
        });
        true
    }

    /// An authentic frame came: the link works, so a long back-off is cut short.
    pub(crate) fn heard(&mut self, now_us: u64, pace: &Pace) {
        let soon_us = now_us.wrapping_add(pace.retry_us);
        self.timeout_us = self
            .timeout_us
            .map(|at_us| crate::timer::earlier(at_us, soon_us));
    }

    /// The link came back: whatever was in flight is to be sent again, now.
    pub(crate) fn restart(&mut self) {
        self.attempts = 0;
        self.timeout_us = None;
        self.cursor = self.acked;
        self.gap = None;
        self.gap_taken = None;
    }

    /// When [`Delivery::plan`] may next have something, if nothing arrives before.
    pub(crate) fn deadline(&self, now_us: u64, pace: &Pace, rapid: bool) -> Option<u64> {
        if self.plan(now_us, pace, rapid).is_some() {
            return Some(now_us);
        }
        let hold_us = self
            .turn(pace)
            .and_then(|plan| self.ring.get(plan.position))
            .map(|first| hold_until(first, pace));
        earliest(self.timeout_us, hold_us)
    }

    /// Age of the oldest unacknowledged entry, microseconds.
    pub(crate) fn oldest_age_us(&self, now_us: u64) -> u64 {
        self.ring
            .front()
            .map_or(0, |entry| elapsed(now_us, entry.mono_us))
    }
}

fn hold_until(first: &Entry, pace: &Pace) -> u64 {
    first.mono_us.wrapping_add(pace.max_hold_us)
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
