//! The forecast step: an earthquake in, arrivals and heights at stations and zones out.
//!
//! Pure: the grid is handed in. The first estimate is there at once; the propagation model ([`Job`]) takes seconds and is run where
//! nobody waits for it.

mod everywhere;
mod inversion;
mod model;
mod waves;

pub use everywhere::{Band, Given};
pub use inversion::{Inverted, Judgement, Recorded, Source, Table};
pub use model::{Job, Product, Task};

use std::sync::Arc;

use ocean::Grid;
use ocean::forecast::{
    FirstEstimate, Modelled, Observation, Point, PointForecast, Propagation, SNAP_KM,
};
use ocean::quake::Quake;
use serde::Serialize;

use crate::alert::Level;
use crate::config::{Config, Policy};

/// What can be said about one zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ZoneOutlook {
    /// Index into the configuration's zones.
    pub zone: usize,
    /// Earliest arrival on the zone's coast, microseconds since the Unix epoch.
    pub arrival_us: i64,
    /// Standard deviation of the arrival, seconds.
    pub arrival_sigma_s: f64,
    /// Height at the shore above the tide at the zone's highest point, metres: median.
    pub median_m: f64,
    /// 5 % quantile, metres.
    pub p05_m: f64,
    /// 95 % quantile, metres.
    pub p95_m: f64,
    /// Level by the deployment's policy.
    pub level: Level,
    /// Probability that the height exceeds the advisory, the warning and the major level at some point of the zone's coast.
    pub exceeds: [f64; 3],
}

/// What can be said about one sea-level station.
#[derive(Debug, Clone, PartialEq)]
pub struct StationOutlook {
    /// Index into the hub's stations.
    pub station: u32,
    /// Arrival, microseconds since the Unix epoch.
    pub arrival_us: i64,
    /// The model's own words.
    pub forecast: PointForecast,
}

/// What a forecast rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The earthquake, by what many earthquakes were like.
    FirstEstimate,
    /// The earthquake, by the propagation model.
    Model,
    /// What stations have recorded.
    Records,
    /// Waves alone: no earthquake is known.
    Waves,
}

/// A forecast for one earthquake.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// By zone, in the configuration's order; zones that the wave does not reach are absent.
    pub zones: Vec<ZoneOutlook>,
    /// By sea-level station.
    pub stations: Vec<StationOutlook>,
    /// Zones and stations that nothing can be said about, and why. Not being forecast is not being safe.
    pub unanswered: Vec<String>,
    /// The model's answer for every point, for assimilation.
    points: Vec<PointForecast>,
    origin_us: i64,
    /// What it rests on before any record.
    basis: Basis,
}

/// The ocean and the points at which it is asked.
#[derive(Debug, Clone)]
pub struct Ocean {
    grid: Arc<Grid>,
    points: Vec<Point>,
    owners: Vec<Owner>,
    /// Names of stations and zones, for people.
    names: (Vec<String>, Vec<String>),
    /// The propagation model, unless the deployment does without.
    model: Option<Arc<Modelled>>,
    /// Responses computed beforehand, where the deployment has them.
    bank: Option<Arc<bank::Bank>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Station(u32),
    Zone(usize),
}

impl Ocean {
    /// Points: each sea-level station, and each coast point of each zone.
    ///
    /// # Errors
    /// Says why the propagation model cannot run on the grid, or the response bank cannot be read.
    pub fn new(config: &Config, grid: Arc<Grid>) -> Result<Self, String> {
        let (mut points, mut owners) = (Vec::new(), Vec::new());
        for (i, station) in config.station.iter().enumerate() {
            if station.is_at_sea() {
                // A gauge in less than 50 m stands at the coast for the model's purposes: it feels the shoaled wave.
                const COASTAL_DEPTH_M: f64 = 50.0;
                let coastal = station.depth_m.is_none_or(|d| d < COASTAL_DEPTH_M);
                points.push(Point {
                    id: station.id.clone(),
                    lat: station.lat,
                    lon: station.lon,
                    coastal,
                });
                owners.push(Owner::Station(i as u32));
            }
        }
        for (i, zone) in config.zone.iter().enumerate() {
            for (k, [lat, lon]) in zone.coast.iter().copied().enumerate() {
                points.push(Point {
                    id: format!("{}#{k}", zone.id),
                    lat,
                    lon,
                    coastal: true,
                });
                owners.push(Owner::Zone(i));
            }
        }
        let names = (
            config.station.iter().map(|s| s.id.clone()).collect(),
            config.zone.iter().map(|z| z.name.clone()).collect(),
        );
        let wanted = config.forecast.as_ref().is_some_and(|f| f.model);
        let model = match wanted.then(|| Modelled::new(grid.clone())) {
            Some(made) => Some(Arc::new(made.map_err(|e| e.to_string())?)),
            None => None,
        };
        let bank = match config.forecast.as_ref().and_then(|f| f.bank.as_ref()) {
            Some(path) => Some(Arc::new(bank::Bank::open(path).map_err(|e| e.to_string())?)),
            None => None,
        };
        Ok(Self {
            grid,
            points,
            owners,
            names,
            model,
            bank,
        })
    }

    /// The grid that forecasts run on.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Zones and sea-level stations for which this grid can never say anything, and why.
    pub fn blind_spots(&self) -> Vec<String> {
        let reached = |owner: Owner| {
            self.owners
                .iter()
                .zip(&self.points)
                .filter(|(o, _)| **o == owner)
                .any(|(_, p)| {
                    self.grid.covers(p.lat, p.lon)
                        && self.grid.nearest_wet(p.lat, p.lon, SNAP_KM).is_some()
                })
        };
        let mut blind = Vec::new();
        for (i, owner) in self.owners.iter().enumerate() {
            if self.owners[..i].contains(owner) || reached(*owner) {
                continue;
            }
            blind.push(match owner {
                Owner::Station(s) => format!("station {}", self.names.0[*s as usize]),
                Owner::Zone(z) => format!("zone {}", self.names.1[*z]),
            });
        }
        blind
    }

    /// Forecast for an earthquake.
    ///
    /// # Errors
    /// Says why there is none (too small, too deep, outside the grid, inland); the caller must not read that as "no threat".
    pub fn forecast(&self, quake: &Quake, policy: &Policy) -> Result<Outlook, String> {
        let answers = FirstEstimate::new(&self.grid)
            .answers(quake, &self.points)
            .map_err(|e| e.to_string())?;
        let mut points = Vec::with_capacity(answers.len());
        let mut reasons: Vec<(Owner, String)> = Vec::new();
        for (owner, answer) in self.owners.iter().zip(answers) {
            match answer {
                Ok(point) => points.push(point),
                Err(why) => reasons.push((*owner, why.to_string())),
            }
        }
        let mut outlook = Outlook {
            zones: Vec::new(),
            stations: Vec::new(),
            unanswered: Vec::new(),
            points,
            origin_us: quake.origin_us,
            basis: Basis::FirstEstimate,
        };
        self.spread(&mut outlook, policy);
        // A zone is without a forecast when none of its coast points has one.
        for (i, (owner, why)) in reasons.iter().enumerate() {
            let first = !reasons[..i].iter().any(|(o, _)| o == owner);
            let name = match owner {
                Owner::Station(station) => self.names.0.get(*station as usize),
                Owner::Zone(zone) if outlook.zones.iter().all(|z| z.zone != *zone) => {
                    self.names.1.get(*zone)
                }
                Owner::Zone(_) => None,
            };
            if let Some(name) = name.filter(|_| first) {
                outlook.unanswered.push(format!("{name}: {why}"));
            }
        }
        Ok(outlook)
    }

    /// Renews a forecast with the amplitudes that stations have recorded. `observed`: station index and amplitude, metres.
    pub fn assimilate(
        &self,
        outlook: &Outlook,
        observed: &[(u32, f64)],
        policy: &Policy,
    ) -> Outlook {
        let seen: Vec<Observation> = observed
            .iter()
            .filter(|(_, amplitude)| amplitude.is_finite() && *amplitude != 0.0)
            .filter_map(|(station, amplitude)| {
                let s = outlook.stations.iter().find(|s| s.station == *station)?;
                Some(Observation::new(s.forecast.clone(), amplitude.abs()))
            })
            .collect();
        let mut renewed = outlook.clone();
        // Amplitudes were checked above and the forecasts are the model's own; should it refuse them all the same, the forecast
        // before the records stands.
        if ocean::forecast::assimilate(&mut renewed.points, &seen).is_ok() {
            self.spread(&mut renewed, policy);
        }
        renewed
    }

    /// Fills zones and stations from the points.
    fn spread(&self, outlook: &mut Outlook, policy: &Policy) {
        let at = |seconds: f64| outlook.origin_us.saturating_add((seconds * 1e6) as i64);
        let owner = |id: &str| {
            self.points
                .iter()
                .position(|p| p.id == id)
                .map(|i| self.owners[i])
        };
        let mut zones: Vec<ZoneOutlook> = Vec::new();
        let mut stations = Vec::new();
        for point in &outlook.points {
            match owner(&point.id) {
                Some(Owner::Station(station)) => {
                    stations.push(StationOutlook {
                        station,
                        arrival_us: at(point.arrival_s),
                        forecast: point.clone(),
                    });
                }
                Some(Owner::Zone(zone)) => {
                    let here = ZoneOutlook {
                        zone,
                        arrival_us: at(point.arrival_s),
                        arrival_sigma_s: point.arrival_sigma_s,
                        median_m: point.median_m,
                        p05_m: point.quantile_m(0.05),
                        p95_m: point.quantile_m(0.95),
                        level: Level::of(policy, |h| point.probability_above(h)),
                        exceeds: policy.heights_m().map(|h| point.probability_above(h)),
                    };
                    match zones.iter_mut().find(|z| z.zone == zone) {
                        None => zones.push(here),
                        Some(known) => {
                            // The zone is as early as its earliest point and as high as its highest.
                            if here.arrival_us < known.arrival_us {
                                known.arrival_us = here.arrival_us;
                                known.arrival_sigma_s = here.arrival_sigma_s;
                            }
                            if here.median_m > known.median_m {
                                (known.median_m, known.p05_m, known.p95_m) =
                                    (here.median_m, here.p05_m, here.p95_m);
                            }
                            known.level = known.level.max(here.level);
                            for (known, here) in known.exceeds.iter_mut().zip(here.exceeds) {
                                // Points of one zone share most of their uncertainty: the likeliest speaks for all.
                                *known = known.max(here);
                            }
                        }
                    }
                }
                None => {}
            }
        }
        zones.sort_by_key(|z| z.zone);
        outlook.zones = zones;
        outlook.stations = stations;
    }
}

impl Outlook {
    /// An outlook that names every zone at the highest level: for trying out, before anything happens, that a message about it can
    /// be written.
    pub fn rehearsal(config: &Config) -> Self {
        let zones = (0..config.zone.len())
            .map(|zone| ZoneOutlook {
                zone,
                arrival_us: 3_600_000_000,
                arrival_sigma_s: 600.0,
                median_m: 5.0,
                p05_m: 1.0,
                p95_m: 20.0,
                level: Level::Major,
                exceeds: [1.0; 3],
            })
            .collect();
        Self {
            zones,
            stations: Vec::new(),
            unanswered: Vec::new(),
            points: Vec::new(),
            origin_us: 0,
            basis: Basis::FirstEstimate,
        }
    }

    /// The outlook for one station.
    pub fn station(&self, station: u32) -> Option<&StationOutlook> {
        self.stations.iter().find(|s| s.station == station)
    }

    /// The highest level of any zone.
    pub fn level(&self) -> Level {
        self.zones
            .iter()
            .map(|z| z.level)
            .max()
            .unwrap_or(Level::None)
    }

    /// What it rested on before any record.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// Origin time of the earthquake, microseconds since the Unix epoch.
    pub fn origin_us(&self) -> i64 {
        self.origin_us
    }
}
