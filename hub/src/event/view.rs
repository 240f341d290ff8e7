//! A tsunami event as the page shows it: where it comes from, what is forecast, what was seen, and every forecast before.

use std::sync::Arc;

use serde::Serialize;

use super::{Event, Observed};
use crate::alert::Level;
use crate::forecast::{Basis, StationOutlook, ZoneOutlook};

/// One tsunami event.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EventView {
    /// Id, by which messages and situations name it.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// When the hub opened it, microseconds since the Unix epoch.
    pub began_us: i64,
    /// When it was over; `None` while it is on.
    pub over_us: Option<i64>,
    /// Why it is over, in words.
    pub over_why: Option<String>,
    /// A station has seen the wave.
    pub confirmed: bool,
    /// The highest level of any zone by the forecast now.
    pub level: Level,
    /// Where the waves come from.
    pub source: SourceView,
    /// Number of the forecast, from 1; it grows with every renewal.
    pub revision: u32,
    /// When this forecast was made, microseconds since the Unix epoch.
    pub revised_us: i64,
    /// What it rests on.
    pub basis: Basis,
    /// By zone; zones that the wave does not reach are absent.
    pub zones: Vec<ZoneForecast>,
    /// By sea-level station.
    pub stations: Vec<StationForecast>,
    /// Zones and stations that nothing can be said about, and why. Not being forecast is not being safe.
    pub unanswered: Vec<String>,
    /// Every forecast so far.
    #[serde(skip)]
    pub told: Arc<Told>,
}

/// Where an event's waves come from.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SourceView {
    /// `earthquake`, or `waves` while stations' waves alone have shown it.
    pub kind: &'static str,
    /// The earthquake's id at its agency.
    pub id: String,
    /// Place in words; empty where nobody has said it.
    pub place: String,
    /// Moment magnitude; of the equivalent earthquake where none is known.
    pub magnitude: f64,
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
    /// Depth, kilometres.
    pub depth_km: f64,
    /// Origin time, microseconds since the Unix epoch.
    pub origin_us: i64,
    /// How well a place that only waves have shown is known, kilometres.
    pub region_km: Option<f64>,
}

/// The forecast for one zone.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ZoneForecast {
    /// Zone id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Level by the deployment's policy.
    pub level: Level,
    /// Earliest arrival on its coast, microseconds since the Unix epoch.
    pub arrival_us: i64,
    /// Standard deviation of the arrival, seconds.
    pub arrival_sigma_s: f64,
    /// Height at the shore above the tide at its highest point, metres: median.
    pub median_m: f64,
    /// 5 % quantile, metres.
    pub p05_m: f64,
    /// 95 % quantile, metres.
    pub p95_m: f64,
    /// Probability that the heights of advisory, warning and major are exceeded.
    pub exceeds: [f64; 3],
}

impl ZoneForecast {
    /// An outlook with its zone's id and name.
    pub fn of(id: &str, name: &str, outlook: &ZoneOutlook) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            level: outlook.level,
            arrival_us: outlook.arrival_us,
            arrival_sigma_s: outlook.arrival_sigma_s,
            median_m: outlook.median_m,
            p05_m: outlook.p05_m,
            p95_m: outlook.p95_m,
            exceeds: outlook.exceeds,
        }
    }
}

/// The forecast for one sea-level station, and what it saw.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct StationForecast {
    /// Station id.
    pub id: String,
    /// Arrival, microseconds since the Unix epoch.
    pub arrival_us: i64,
    /// Standard deviation of the arrival, seconds.
    pub arrival_sigma_s: f64,
    /// Largest height, metres: median.
    pub median_m: f64,
    /// 5 % quantile, metres.
    pub p05_m: f64,
    /// 95 % quantile, metres.
    pub p95_m: f64,
    /// What it saw; `None` while it has seen nothing.
    pub observed: Option<ObservedView>,
}

impl StationForecast {
    /// An outlook with its station's id, and what the station saw.
    pub fn of(id: &str, outlook: &StationOutlook, observed: Option<&Observed>) -> Self {
        let forecast = &outlook.forecast;
        Self {
            id: id.to_owned(),
            arrival_us: outlook.arrival_us,
            arrival_sigma_s: forecast.arrival_sigma_s,
            median_m: forecast.median_m,
            p05_m: forecast.quantile_m(0.05),
            p95_m: forecast.quantile_m(0.95),
            observed: observed.map(ObservedView::from),
        }
    }
}

/// What a station saw of the wave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ObservedView {
    /// When the wave began here, microseconds since the Unix epoch.
    pub onset_us: i64,
    /// Largest height so far, signed, metres; 0 until known.
    pub amplitude_m: f64,
    /// When it was reached, microseconds since the Unix epoch.
    pub amplitude_us: i64,
    /// The first wave has passed, so that the amplitude is no lower bound any more.
    pub passed: bool,
}

impl From<&Observed> for ObservedView {
    fn from(seen: &Observed) -> Self {
        Self {
            onset_us: seen.onset_us,
            amplitude_m: seen.amplitude_m,
            amplitude_us: seen.amplitude_us,
            passed: seen.passed,
        }
    }
}

/// One forecast of an event.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RevisionView {
    /// Its number, from 1.
    pub number: u32,
    /// When it was made, microseconds since the Unix epoch.
    pub made_us: i64,
    /// What it rests on.
    pub basis: Basis,
    /// What had changed, in words.
    pub why: String,
    /// The highest level of any zone.
    pub level: Level,
    /// By zone.
    pub zones: Vec<ZoneForecast>,
    /// By sea-level station, with what it had seen by then.
    pub stations: Vec<StationForecast>,
}

impl RevisionView {
    /// Whether another one says the same; what stations have seen is no forecast.
    pub fn says_as_much(&self, other: &Self) -> bool {
        let forecast = |s: &StationForecast| StationForecast {
            observed: None,
            ..s.clone()
        };
        self.basis == other.basis
            && self.zones == other.zones
            && self.stations.len() == other.stations.len()
            && self
                .stations
                .iter()
                .zip(&other.stations)
                .all(|(a, b)| forecast(a) == forecast(b))
    }
}

/// Every forecast of an event so far, and what its levels mean.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// Oldest first. Of very many the first, the newest and those that changed a level stay longest.
    pub revisions: Vec<Arc<RevisionView>>,
    /// Heights of advisory, warning and major, metres.
    pub levels_m: [f64; 3],
}

/// An event with its history, as it is served.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EventDetail {
    /// The event now.
    pub event: EventView,
    /// See [`Told::revisions`].
    #[schema(value_type = Vec<RevisionView>)]
    pub revisions: Vec<Arc<RevisionView>>,
    /// See [`Told::levels_m`].
    pub levels_m: [f64; 3],
}

impl From<EventView> for EventDetail {
    fn from(event: EventView) -> Self {
        Self {
            revisions: event.told.revisions.clone(),
            levels_m: event.told.levels_m,
            event,
        }
    }
}

impl Event {
    /// Where its waves come from.
    pub fn source_view(&self) -> SourceView {
        let quake = &self.solution.quake;
        let waves = self.waves();
        SourceView {
            kind: if waves.is_some() {
                "waves"
            } else {
                "earthquake"
            },
            id: quake.id.clone(),
            place: self.solution.place.clone(),
            magnitude: quake.magnitude,
            lat: quake.lat,
            lon: quake.lon,
            depth_km: quake.depth_km,
            origin_us: quake.origin_us,
            region_km: waves.map(|w| w.region_km),
        }
    }

    /// Its name for people.
    pub fn title(&self) -> String {
        let quake = &self.solution.quake;
        let place = if self.solution.place.is_empty() {
            format!("{:.2} {:.2}", quake.lat, quake.lon)
        } else {
            self.solution.place.clone()
        };
        if self.waves().is_some() {
            format!("waves without a known earthquake, about {place}")
        } else {
            format!("M{:.1} {place}", quake.magnitude)
        }
    }
}
