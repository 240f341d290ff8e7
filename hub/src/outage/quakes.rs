//! Earthquakes that may have caused an outage.

use std::collections::VecDeque;

use ocean::quake::Quake;

use super::map::Place;
use crate::energy::settings::Outage as Rules;

/// Earthquakes remembered.
const MOST: usize = 64;
/// Clocks of meters and origins of first solutions differ by less.
const BEFORE_US: i64 = 60 * 1_000_000;

#[derive(Debug)]
pub struct Quakes {
    within_us: i64,
    felt_km: Option<f64>,
    known: VecDeque<Quake>,
}

/// Radius in which an earthquake can bring a grid down, km: ten to the power of M/2 - 1.25, that is 56 km at M6, 178 km at M7, 562 km at
/// M8. Our choice (assumed), near the distance at which shaking begins to be strong.
pub fn felt_km(magnitude: f64) -> f64 {
    10.0_f64.powf(0.5 * magnitude - 1.25)
}

impl Quakes {
    pub fn new(rules: &Rules) -> Self {
        Self {
            within_us: rules.damage_within.as_micros() as i64,
            felt_km: rules.felt_km,
            known: VecDeque::new(),
        }
    }

    pub fn take(&mut self, quake: &Quake, deleted: bool) {
        self.known.retain(|k| k.id != quake.id);
        if !deleted {
            if self.known.len() == MOST {
                self.known.pop_front();
            }
            self.known.push_back(quake.clone());
        }
    }

    /// The strongest earthquake shortly before an outage that was felt there, and its distance to the nearest place, km.
    pub fn explains(
        &self,
        since_us: i64,
        places: impl Iterator<Item = Place> + Clone,
    ) -> Option<(&Quake, f64)> {
        let felt = self.known.iter().filter_map(|quake| {
            let after_us = since_us.saturating_sub(quake.origin_us);
            if !(-BEFORE_US..=self.within_us).contains(&after_us) {
                return None;
            }
            let epicentre = Place {
                lat: quake.lat,
                lon: quake.lon,
            };
            let distance = places
                .clone()
                .map(|p| p.distance_km(epicentre))
                .fold(f64::INFINITY, f64::min);
            let radius = self.felt_km.unwrap_or_else(|| felt_km(quake.magnitude));
            (distance <= radius).then_some((quake, distance))
        });
        felt.max_by(|a, b| a.0.magnitude.total_cmp(&b.0.magnitude))
    }
}
