//! Roads: what each traffic detector says by itself, what its quantities say together, and what it says beside the next one downstream.
//!
//! A row that comes after a newer one of its lane is not stepped: the profile of a week does not miss it, and an incident of yesterday
//! is no news.

use signal::traffic::{
    Change, Combination, Detector, Measure, Neighbours, NeighboursSettings, Phase,
};
use wire::quantity::Quantity;

use super::{Finding, What};
use crate::config::Config;

/// News of a road.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum News {
    /// Of one quantity at one detector.
    Series {
        /// The quantity.
        quantity: Quantity,
        /// What has changed.
        change: Change,
    },
    /// Speed, occupancy and flow of a detector contradict each other, or agree again.
    Impossible {
        /// They do.
        active: bool,
        /// Since when.
        since_us: i64,
    },
    /// Between the finding's station and the next one downstream.
    Between {
        /// The station downstream.
        downstream: u32,
        /// An incident is there; or is over.
        active: bool,
        /// Since when.
        since_us: i64,
    },
}

/// What a quantity measures, if it is traffic.
pub fn measure(quantity: Quantity) -> Option<Measure> {
    match quantity {
        Quantity::Speed => Some(Measure::Speed),
        Quantity::Occupancy => Some(Measure::Occupancy),
        Quantity::Flow => Some(Measure::Flow),
        Quantity::TravelTime => Some(Measure::TravelTime),
        _ => None,
    }
}

#[derive(Debug)]
struct Pair {
    upstream: u32,
    downstream: u32,
    compared: Neighbours,
    told: bool,
}

/// What stations say together.
#[derive(Debug)]
pub(super) struct Roads {
    pairs: Vec<Pair>,
    /// Indices into the pairs, for each station of the configuration.
    of_station: Vec<Vec<usize>>,
    /// For each station of the configuration, once its second quantity is there.
    combinations: Vec<Option<Box<Combination>>>,
}

impl Roads {
    pub(super) fn new(config: &Config) -> Self {
        let mut roads = Self {
            pairs: Vec::new(),
            of_station: vec![Vec::new(); config.station.len()],
            combinations: config.station.iter().map(|_| None).collect(),
        };
        for (upstream, station) in config.station.iter().enumerate() {
            let downstream = station
                .downstream
                .as_ref()
                .and_then(|id| config.station.iter().position(|s| s.id == *id));
            let Some(downstream) = downstream else {
                continue;
            };
            for of in [upstream, downstream] {
                roads.of_station[of].push(roads.pairs.len());
            }
            roads.pairs.push(Pair {
                upstream: upstream as u32,
                downstream: downstream as u32,
                compared: Neighbours::new(NeighboursSettings::default()),
                told: false,
            });
        }
        roads
    }

    /// Steps a detector with a row, and what stands beside it.
    pub(super) fn step(
        &mut self,
        detector: &mut Detector,
        station: u32,
        quantity: Quantity,
        time_us: i64,
        value: f64,
        findings: &mut Vec<Finding>,
    ) {
        let mut find = |station, news| {
            findings.push(Finding {
                station,
                time_us,
                what: What::Road(news),
            });
        };
        let step = detector.step(time_us, value);
        for change in step.changes() {
            find(station, News::Series { quantity, change });
        }
        // Between the minutes at which it judges, a detector only smooths; single seconds of two quantities are not comparable.
        let (Some(measure), Some(value)) = (measure(quantity), step.judged) else {
            return;
        };
        if let Some(held) = self.combinations.get_mut(station as usize) {
            let combination = held.get_or_insert_default();
            if let Some((since_us, active)) = combination.step(measure, time_us, value) {
                find(station, News::Impossible { active, since_us });
            }
        }
        if quantity != Quantity::Occupancy {
            return;
        }
        for at in self.of_station.get(station as usize).into_iter().flatten() {
            let pair = &mut self.pairs[*at];
            let phase = if station == pair.upstream {
                pair.compared.upstream(time_us, value)
            } else {
                pair.compared.downstream(time_us, value)
            };
            let active = match phase {
                Some(Phase::Confirmed) => true,
                Some(Phase::Free) => false,
                _ => continue,
            };
            if active != pair.told {
                pair.told = active;
                find(
                    pair.upstream,
                    News::Between {
                        downstream: pair.downstream,
                        active,
                        since_us: pair.compared.since_us(),
                    },
                );
            }
        }
    }
}
