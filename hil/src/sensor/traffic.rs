//! Vehicles passing a point, as a stream that loop detectors and radars see.
//!
//! Headways are shifted exponential (Cowan 1975, model M2): a minimum, and a random rest that gives the asked-for flow. A slow vehicle
//! also needs the time that its own length and two metres take, so a jam limits its own flow. Chance comes from the seed.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// Most vehicles of one stream: four days at 2,000 an hour.
pub const MAX_VEHICLES: usize = 200_000;

/// Shortest headway, microseconds: one second, 3,600 vehicles an hour.
const MIN_HEADWAY_US: f64 = 1e6;

/// Clearance to the vehicle ahead at standstill, metres.
const CLEARANCE_M: f64 = 2.0;

/// Which way a vehicle goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// Towards the radar.
    Inbound,
    /// Away from it.
    Outbound,
}

/// One vehicle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vehicle {
    /// When its front reaches the detector, microseconds.
    pub at_us: u64,
    /// Metres a second, above 0.
    pub speed_mps: f64,
    /// Metres.
    pub length_m: f64,
    /// Which way it goes.
    pub heading: Heading,
}

/// Traffic from an instant on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// From when, microseconds.
    pub at_us: u64,
    /// Vehicles an hour, 0 to 3,000.
    pub flow_per_h: f64,
    /// Mean speed, km/h.
    pub speed_kmh: f64,
    /// Standard deviation of the speed, km/h.
    pub spread_kmh: f64,
}

/// Vehicles sorted by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    vehicles: Vec<Vehicle>,
}

/// Why there is no such traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrafficError {
    /// More than [`MAX_VEHICLES`].
    #[error("more than {MAX_VEHICLES} vehicles; shorten the time or lower the flow")]
    TooMany,
    /// A speed or length that no vehicle has.
    #[error(
        "vehicle {0} (from 1): the speed is above 0 and at most 100 m/s, the length above 0 and at most 60 m"
    )]
    Impossible(usize),
}

impl Traffic {
    /// These vehicles, in any order.
    ///
    /// # Errors
    /// [`TrafficError`].
    pub fn new(mut vehicles: Vec<Vehicle>) -> Result<Self, TrafficError> {
        if vehicles.len() > MAX_VEHICLES {
            return Err(TrafficError::TooMany);
        }
        let possible = |vehicle: &Vehicle| {
            vehicle.speed_mps > 0.0
                && vehicle.speed_mps <= 100.0
                && vehicle.length_m > 0.0
                && vehicle.length_m <= 60.0
        };
        if let Some(index) = vehicles.iter().position(|vehicle| !possible(vehicle)) {
            return Err(TrafficError::Impossible(index + 1));
        }
        vehicles.sort_by_key(|vehicle| vehicle.at_us);
        Ok(Self { vehicles })
    }

    /// Random traffic of these phases (sorted by time; before the first there is none) up to `until_us`, all inbound.
    ///
    /// # Errors
    /// [`TrafficError::TooMany`].
    pub fn random(seed: u64, phases: &[Phase], until_us: u64) -> Result<Self, TrafficError> {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut vehicles: Vec<Vehicle> = Vec::new();
        let mut busy_us = 0;
        for (index, phase) in phases.iter().enumerate() {
            let end_us = phases
                .get(index + 1)
                .map_or(until_us, |next| next.at_us.min(until_us));
            if phase.flow_per_h <= 0.0 {
                continue;
            }
            let mean_rest_us = (3.6e9 / phase.flow_per_h - MIN_HEADWAY_US).max(0.0);
            let mut at_us = phase.at_us.max(busy_us);
            loop {
                let rest_us = -mean_rest_us * (1.0 - unit(&mut random)).ln();
                at_us = at_us.saturating_add(rest_us as u64);
                if at_us >= end_us {
                    break;
                }
                if vehicles.len() >= MAX_VEHICLES {
                    return Err(TrafficError::TooMany);
                }
                let vehicle = vehicle(&mut random, phase, at_us);
                vehicles.push(vehicle);
                let room_us = (vehicle.length_m + CLEARANCE_M) / vehicle.speed_mps * 1e6;
                at_us = at_us.saturating_add(room_us.max(MIN_HEADWAY_US) as u64);
                busy_us = at_us;
            }
        }
        Ok(Self { vehicles })
    }

    /// The vehicles, sorted by time.
    #[must_use]
    pub fn vehicles(&self) -> &[Vehicle] {
        &self.vehicles
    }
}

fn vehicle(random: &mut Pcg64Mcg, phase: &Phase, at_us: u64) -> Vehicle {
    // Sum of twelve uniform numbers less six: close to normal, and never further than six deviations.
    let normal: f64 = (0..12).map(|_| unit(random)).sum::<f64>() - 6.0;
    // A vehicle that is counted moves; 2 km/h is the slowest crawl.
    let kmh = (phase.speed_kmh + phase.spread_kmh * normal).clamp(2.0, 300.0);
    let kind = unit(random);
    let (shortest, longest) = match kind {
        _ if kind < 0.80 => (3.8, 5.0),
        _ if kind < 0.95 => (5.5, 8.0),
        _ => (10.0, 18.75),
    };
    Vehicle {
        at_us,
        speed_mps: kmh / 3.6,
        length_m: shortest + (longest - shortest) * unit(random),
        heading: Heading::Inbound,
    }
}

/// A number from 0 to below 1.
fn unit(random: &mut Pcg64Mcg) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: u64 = 3_600_000_000;

    fn phase(at_us: u64, flow_per_h: f64, speed_kmh: f64) -> Phase {
        Phase {
            at_us,
            flow_per_h,
            speed_kmh,
            spread_kmh: speed_kmh / 10.0,
        }
    }

    #[test]
    fn random_traffic_has_the_flow_and_the_speed_asked_for() {
        let traffic =
            Traffic::random(9, &[phase(0, 1_200.0, 80.0)], 10 * HOUR_US).expect("traffic");
        let count = traffic.vehicles().len();
        // 12,000 expected; their number scatters by less than 110.
        assert!((11_600..12_400).contains(&count), "{count}");
        let mean = traffic.vehicles().iter().map(|v| v.speed_mps).sum::<f64>() / count as f64;
        assert!((mean * 3.6 - 80.0).abs() < 0.4, "{mean}");
        let again = Traffic::random(9, &[phase(0, 1_200.0, 80.0)], 10 * HOUR_US);
        assert_eq!(again.as_ref(), Ok(&traffic));
        assert_ne!(
            Traffic::random(10, &[phase(0, 1_200.0, 80.0)], 10 * HOUR_US).as_ref(),
            Ok(&traffic)
        );
    }

    #[test]
    fn a_jam_limits_its_own_flow_and_nobody_overlaps() {
        let phases = [
            phase(0, 1_800.0, 80.0),
            phase(HOUR_US, 1_800.0, 5.0),
            phase(2 * HOUR_US, 0.0, 80.0),
        ];
        let traffic = Traffic::random(1, &phases, 3 * HOUR_US).expect("traffic");
        let between = |from_us, to_us| {
            let passing = |v: &&Vehicle| (from_us..to_us).contains(&v.at_us);
            traffic.vehicles().iter().filter(passing).count()
        };
        assert!(between(0, HOUR_US) > 1_650);
        // At 5 km/h a vehicle of 6 m and 2 m clearance takes 5.8 s.
        assert!(between(HOUR_US, 2 * HOUR_US) < 700);
        assert_eq!(between(2 * HOUR_US, 3 * HOUR_US), 0);
        for pair in traffic.vehicles().windows(2) {
            let [a, b] = pair else { continue };
            let free_us = a.at_us + (a.length_m / a.speed_mps * 1e6) as u64;
            assert!(b.at_us > free_us);
        }
    }

    #[test]
    fn impossible_vehicles_are_refused() {
        let car = Vehicle {
            at_us: 5,
            speed_mps: 10.0,
            length_m: 4.0,
            heading: Heading::Outbound,
        };
        let ghost = Vehicle {
            speed_mps: f64::NAN,
            ..car
        };
        assert_eq!(
            Traffic::new(vec![car, ghost]),
            Err(TrafficError::Impossible(2))
        );
    }
}
