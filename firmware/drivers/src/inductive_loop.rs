//! Inductive loop detector: a contact that closes while a vehicle stands over the loop.
//!
//! Edges with their times go in; flow and occupancy come out, once for every interval. The contact bounces: a level counts once it has
//! held for [`Settings::debounce_us`], from the instant at which it began to hold.
//!
//! | Closed for | Counts as |
//! |---|---|
//! | less than `width_min_us` | noise; neither vehicle nor occupancy |
//! | up to `width_max_us` | a vehicle, when it leaves |
//! | longer | a vehicle that stood; its interval is flagged as suspect |
//! | `stuck_us` and still closed | a fault: no values until the contact opens |
//!
//! Occupancy is the share of the interval for which the loop was covered, a vehicle that still stands included.

use wire::quality::Quality;
use wire::quantity::Quantity;

use crate::fault::{Fault, Faults};
use crate::reading::{Emit, Reading, reached};

/// What is configured, microseconds. The defaults fit a loop of 2 m: 30 ms is a car at 250 km/h or more, 10 s is a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a level must hold.
    pub debounce_us: u64,
    /// Shortest vehicle.
    pub width_min_us: u64,
    /// Longest vehicle that moves.
    pub width_max_us: u64,
    /// Closed for so long, the detector is broken.
    pub stuck_us: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            debounce_us: 5_000,
            width_min_us: 30_000,
            width_max_us: 10_000_000,
            stuck_us: 900_000_000,
        }
    }
}

/// A level that has not held for long enough.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    closed: bool,
    since_us: u64,
}

/// An inductive loop.
#[derive(Debug)]
pub struct InductiveLoop {
    settings: Settings,
    /// The level at the pin.
    raw: bool,
    candidate: Option<Candidate>,
    /// Since when the contact is closed, once that is certain.
    closed_since_us: Option<u64>,
    began_us: u64,
    /// Vehicles that left within the interval.
    vehicles: u32,
    /// Covered time of vehicles that left within the interval, from its beginning on.
    covered_us: u64,
    stood: bool,
    stuck: bool,
    noise: u32,
    bounces: u32,
    faults: Faults,
}

impl InductiveLoop {
    /// A loop with nothing over it, from `now_us` on.
    #[must_use]
    pub const fn new(settings: Settings, now_us: u64) -> Self {
        Self {
            settings,
            raw: false,
            candidate: None,
            closed_since_us: None,
            began_us: now_us,
            vehicles: 0,
            covered_us: 0,
            stood: false,
            stuck: false,
            noise: 0,
            bounces: 0,
            faults: Faults::new(),
        }
    }

    /// The contact is closed or open at `now_us`: after an edge, or because somebody looked. Looking does no harm.
    pub fn level(&mut self, closed: bool, now_us: u64) {
        self.advance(now_us);
        if closed == self.raw {
            return;
        }
        self.raw = closed;
        if closed == self.closed_since_us.is_some() {
            // Back before it held.
            self.candidate = None;
            self.bounces = self.bounces.saturating_add(1);
        } else {
            self.candidate = Some(Candidate {
                closed,
                since_us: now_us,
            });
            // Nothing to wait for without debouncing.
            self.advance(now_us);
        }
    }

    /// An edge of which only the time is known.
    pub fn toggled(&mut self, now_us: u64) {
        self.level(!self.raw, now_us);
    }

    /// Lets a level count that has held.
    fn advance(&mut self, now_us: u64) {
        let Some(candidate) = self.candidate else {
            return;
        };
        let held_us = candidate.since_us.wrapping_add(self.settings.debounce_us);
        if !reached(now_us, held_us) {
            return;
        }
        self.candidate = None;
        if candidate.closed {
            self.closed_since_us = Some(candidate.since_us);
        } else if let Some(since_us) = self.closed_since_us.take() {
            self.left(since_us, candidate.since_us);
        }
    }

    fn left(&mut self, since_us: u64, until_us: u64) {
        self.stuck = false;
        let width_us = until_us.wrapping_sub(since_us);
        if width_us < self.settings.width_min_us {
            self.noise = self.noise.saturating_add(1);
            return;
        }
        self.vehicles = self.vehicles.saturating_add(1);
        self.stood |= width_us > self.settings.width_max_us;
        self.covered_us = self
            .covered_us
            .saturating_add(self.within(since_us, until_us));
    }

    /// The part of a time that lies after the beginning of the interval.
    fn within(&self, since_us: u64, until_us: u64) -> u64 {
        let from_us = if reached(since_us, self.began_us) {
            since_us
        } else {
            self.began_us
        };
        let length_us = until_us.wrapping_sub(from_us);
        // A vehicle that left before the interval began, and was only certain after.
        if length_us.cast_signed() < 0 {
            0
        } else {
            length_us
        }
    }

    /// The interval ends: flow and occupancy since the last call.
    pub fn due(&mut self, now_us: u64, emit: Emit<'_>) {
        self.advance(now_us);
        let length_us = now_us.wrapping_sub(self.began_us);
        if length_us == 0 || length_us.cast_signed() < 0 {
            self.faults.note(Fault::Busy);
            return;
        }
        let mut covered_us = self.covered_us;
        if let Some(since_us) = self.closed_since_us {
            let width_us = now_us.wrapping_sub(since_us);
            // An open that has not held yet ends what is certain.
            let until_us = self
                .candidate
                .map_or(now_us, |candidate| candidate.since_us);
            if width_us >= self.settings.width_min_us {
                covered_us = covered_us.saturating_add(self.within(since_us, until_us));
            }
            self.stood |= width_us > self.settings.width_max_us;
            if width_us >= self.settings.stuck_us && !self.stuck {
                self.stuck = true;
                self.faults.note(Fault::Stuck);
            }
        }
        if self.stuck {
            emit(Reading::missing(now_us, Quantity::Flow));
            emit(Reading::missing(now_us, Quantity::Occupancy));
        } else {
            let flags = if self.stood {
                Quality::SUSPECT
            } else {
                Quality::GOOD
            };
            let flow = f64::from(self.vehicles) * 3.6e9 / length_us as f64;
            let occupancy = covered_us.min(length_us) as f64 * 100.0 / length_us as f64;
            emit(Reading::good(now_us, Quantity::Flow, flow).flagged(flags));
            emit(Reading::good(now_us, Quantity::Occupancy, occupancy).flagged(flags));
        }
        self.began_us = now_us;
        self.vehicles = 0;
        self.covered_us = 0;
        self.stood = false;
    }

    /// Closures that were too short for a vehicle.
    #[must_use]
    pub const fn noise(&self) -> u32 {
        self.noise
    }

    /// Levels that did not hold.
    #[must_use]
    pub const fn bounces(&self) -> u32 {
        self.bounces
    }

    /// What went wrong so far.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }
}

/// Waits for the next edge at a pin and says whether the contact is closed then; `active_low` as most detectors are wired, with the
/// contact to ground and a pull-up. The caller takes the time and calls [`InductiveLoop::level`].
///
/// # Errors
/// The pin's.
pub async fn next_edge<P>(pin: &mut P, active_low: bool) -> Result<bool, P::Error>
where
    P: embedded_hal_async::digital::Wait + embedded_hal::digital::InputPin,
{
    pin.wait_for_any_edge().await?;
    Ok(pin.is_high()? != active_low)
}

#[cfg(test)]
mod tests;
