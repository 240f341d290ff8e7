//! A loop detector: its contact closes while a vehicle is over the loop, and bounces.
//!
//! The contact is closed from when a vehicle's front reaches the loop until its back has left it: `(vehicle + loop length) / speed`.
//! Vehicles that overlap are one closure. Relay outputs of detectors bounce for 1 to 5 ms (K).

use super::traffic::Traffic;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// The contact changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// When, microseconds.
    pub time_us: u64,
    /// Closed from then on.
    pub closed: bool,
}

/// How a contact bounces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// Extra pairs of edges after each change, 0 for a clean one.
    pub pairs: u8,
    /// Time within which they come, microseconds.
    pub within_us: u64,
    /// For their places.
    pub seed: u64,
}

/// A contact over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    edges: Vec<Edge>,
    next: usize,
    closed: bool,
}

impl Contact {
    /// A contact with these edges; open before the first. Edges that change nothing are dropped.
    #[must_use]
    pub fn new(mut edges: Vec<Edge>) -> Self {
        edges.sort_by_key(|edge| edge.time_us);
        // Of edges at the same instant the last counts.
        let mut clean: Vec<Edge> = Vec::with_capacity(edges.len());
        for edge in edges {
            if clean
                .last()
                .is_some_and(|last| last.time_us == edge.time_us)
            {
                clean.pop();
            }
            if clean.last().is_some_and(|last| last.closed) != edge.closed {
                clean.push(edge);
            }
        }
        Self {
            edges: clean,
            next: 0,
            closed: false,
        }
    }

    /// The contact of a loop of this length (metres) under this traffic.
    #[must_use]
    pub fn of_loop(traffic: &Traffic, loop_length_m: f64, bounce: Bounce) -> Self {
        let mut closures: Vec<(u64, u64)> = Vec::new();
        for vehicle in traffic.vehicles() {
            let over_us = (vehicle.length_m + loop_length_m) / vehicle.speed_mps * 1e6;
            let end_us = vehicle.at_us.saturating_add(over_us.round() as u64);
            match closures.last_mut() {
                Some((_, last_us)) if vehicle.at_us <= *last_us => *last_us = end_us.max(*last_us),
                _ => closures.push((vehicle.at_us, end_us)),
            }
        }
        let clean: Vec<Edge> = closures
            .into_iter()
            .flat_map(|(begin_us, end_us)| {
                [(begin_us, true), (end_us, false)]
                    .map(|(time_us, closed)| Edge { time_us, closed })
            })
            .collect();
        Self::new(bounced(&clean, bounce))
    }

    /// All edges.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The next edge if it is due at `now_us`.
    pub fn take_due(&mut self, now_us: u64) -> Option<Edge> {
        let edge = *self
            .edges
            .get(self.next)
            .filter(|edge| edge.time_us <= now_us)?;
        self.next += 1;
        self.closed = edge.closed;
        Some(edge)
    }

    /// When the next edge is due.
    #[must_use]
    pub fn next_us(&self) -> Option<u64> {
        self.edges.get(self.next).map(|edge| edge.time_us)
    }

    /// Whether it is closed after the edges taken so far.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }
}

/// Every edge with its bounces, where they fit before the next edge.
fn bounced(clean: &[Edge], bounce: Bounce) -> Vec<Edge> {
    let mut random = Pcg64Mcg::seed_from_u64(bounce.seed);
    let mut edges = Vec::with_capacity(clean.len() * (1 + 2 * usize::from(bounce.pairs)));
    for (index, &edge) in clean.iter().enumerate() {
        edges.push(edge);
        let room_us = clean
            .get(index + 1)
            .map_or(u64::MAX, |next| next.time_us - edge.time_us);
        if bounce.within_us < 2 || room_us <= bounce.within_us {
            continue;
        }
        let mut times: Vec<u64> = (0..2 * u32::from(bounce.pairs))
            .map(|_| 1 + random.next_u64() % bounce.within_us)
            .collect();
        times.sort_unstable();
        times.dedup();
        // Pairs, so that it ends where the clean edge left it.
        times.truncate(times.len() / 2 * 2);
        for (count, after_us) in times.into_iter().enumerate() {
            edges.push(Edge {
                time_us: edge.time_us + after_us,
                closed: edge.closed == (count % 2 == 1),
            });
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::super::traffic::{Heading, Vehicle};
    use super::*;

    fn car(at_us: u64, speed_mps: f64, length_m: f64) -> Vehicle {
        Vehicle {
            at_us,
            speed_mps,
            length_m,
            heading: Heading::Inbound,
        }
    }

    const CLEAN: Bounce = Bounce {
        pairs: 0,
        within_us: 0,
        seed: 0,
    };

    #[test]
    fn a_closure_lasts_as_long_as_the_vehicle_is_over_the_loop() {
        let vehicles = vec![
            car(1_000_000, 20.0, 4.0),
            // Bumper to bumper: one closure.
            car(2_000_000, 2.0, 4.0),
            car(4_500_000, 2.0, 4.0),
        ];
        let traffic = Traffic::new(vehicles).expect("traffic");
        let mut contact = Contact::of_loop(&traffic, 2.0, CLEAN);
        let edges = [
            (1_000_000, true),
            (1_300_000, false),
            (2_000_000, true),
            (7_500_000, false),
        ]
        .map(|(time_us, closed)| Edge { time_us, closed });
        assert_eq!(contact.edges(), edges);
        assert_eq!(contact.take_due(999_999), None);
        assert_eq!(contact.take_due(1_000_000), Some(edges[0]));
        assert!(contact.is_closed());
        assert_eq!(contact.next_us(), Some(1_300_000));
    }

    #[test]
    fn bounces_come_in_pairs_and_settle_in_time() {
        let traffic = Traffic::new(vec![car(1_000_000, 20.0, 4.0), car(9_000_000, 20.0, 4.0)])
            .expect("traffic");
        let bounce = Bounce {
            pairs: 4,
            within_us: 3_000,
            seed: 7,
        };
        let contact = Contact::of_loop(&traffic, 2.0, bounce);
        let clean = Contact::of_loop(&traffic, 2.0, CLEAN);
        assert!(contact.edges().len() > 3 * clean.edges().len());
        assert_eq!(contact, Contact::of_loop(&traffic, 2.0, bounce), "by seed");
        let level_at = |contact: &Contact, us| {
            let before = contact.edges().partition_point(|edge| edge.time_us <= us);
            before > 0 && contact.edges()[before - 1].closed
        };
        for edge in clean.edges() {
            assert_eq!(level_at(&contact, edge.time_us), edge.closed);
            assert_eq!(level_at(&contact, edge.time_us + 3_000), edge.closed);
        }
    }
}
