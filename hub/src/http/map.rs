//! `GET /api/map`: what stands where: zones, shelters, sirens, roads, and how far the ocean's grid goes. The same for as long as the hub runs,
//! but for places and roads that their sources tell anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::get;
use relief::Kind;
use serde::Serialize;

use super::conditional::Document;
use super::routes::{JSON, Outlet, REVALIDATE, json};
use super::{Surroundings, auth};
use crate::assess::Stock;
use crate::config::Config;

/// Shelters that are told of.
const MOST_SHELTERS: usize = 10_000;
/// Lines of roads that are told of.
const MOST_ROADS: usize = 20_000;
/// Their points, about 4 MB of JSON.
const MOST_POINTS: usize = 200_000;

/// The routes of this module.
pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new().route("/api/map", get(map))
}

/// What stands where.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MapView {
    /// Coastal zones.
    zones: Vec<Zone>,
    /// Shelters that the sources of `[relief]` tell of.
    shelters: Vec<Shelter>,
    /// Sirens whose place the deployment tells.
    sirens: Vec<Siren>,
    /// Roads that the sources of `[relief]` tell of; those with traffic stations come first.
    roads: Vec<Road>,
    /// Shelters and roads beyond those shown.
    left_out: LeftOut,
    /// Heights from which the levels hold, m: advisory, warning, major.
    levels_m: [f64; 3],
    /// The ocean's grid; `None` without one.
    extent: Option<Extent>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MapZone)]
struct Zone {
    id: String,
    name: String,
    /// Outline, `[lat, lon]` in degrees.
    polygon: Vec<[f64; 2]>,
    /// Forecast points, `[lat, lon]` in degrees.
    coast: Vec<[f64; 2]>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Shelter {
    name: String,
    lat: f64,
    lon: f64,
    /// People that it has room for; `None` when nobody says.
    capacity: Option<u32>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Siren {
    /// The siren zone.
    zone: String,
    lat: f64,
    lon: f64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Road {
    /// Lines of one id are one segment.
    id: String,
    name: String,
    /// `[lat, lon]` in degrees.
    line: Vec<[f64; 2]>,
    /// Traffic stations that tell its speed.
    stations: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
struct LeftOut {
    shelters: usize,
    roads: usize,
}

/// Edges of a grid, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Extent {
    /// From -180 up to 180.
    west: f64,
    south: f64,
    /// Beyond 180 where the grid crosses the antimeridian.
    east: f64,
    north: f64,
}

impl Extent {
    /// Of a grid's cells, to their outer edges.
    pub fn of(lattice: &ocean::lattice::Lattice) -> Self {
        let (half_lon, half_lat) = (0.5 * lattice.dlon(), 0.5 * lattice.dlat());
        let west = (lattice.lon(0) - half_lon + 180.0).rem_euclid(360.0) - 180.0;
        Self {
            west,
            south: lattice.lat(0) - half_lat,
            east: west + lattice.nx() as f64 * lattice.dlon(),
            north: lattice.lat(lattice.ny().saturating_sub(1)) + half_lat,
        }
    }
}

/// What stands where: zones, shelters, sirens, roads, the ocean's extent. The same while the hub runs, but for what sources tell anew.
#[utoipa::path(get, path = "/api/map", tag = "look", responses(
    (status = 200, description = "The map", body = MapView),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
))]
pub(super) async fn map(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let Some(around) = &outlet.surroundings else {
        return auth::error(StatusCode::NOT_FOUND, "there is no map of this hub");
    };
    let build = |before: Option<&(Option<u64>, Document)>| {
        let known = before.map(|(revision, _)| *revision);
        let stock = around.ground.as_ref().map(|g| g.stock());
        let revision = stock.as_ref().map(|s| s.revision);
        match before {
            Some(before) if known == Some(revision) => before.clone(),
            _ => {
                let body = json(&MapView::of(around, stock.as_ref()));
                let document = Document::revise(before.map(|(_, document)| document), body);
                (revision, document)
            }
        }
    };
    let (_, document) = outlet.caches.map.get(build).await;
    document.answer(&headers, JSON, REVALIDATE)
}

impl MapView {
    fn of(around: &Surroundings, stock: Option<&Stock>) -> Self {
        let config = &around.config;
        let mut left_out = LeftOut::default();
        let shelters = shelters(stock, &mut left_out);
        let roads = roads(config, stock, &mut left_out);
        Self {
            zones: config
                .zone
                .iter()
                .map(|zone| Zone {
                    id: zone.id.clone(),
                    name: zone.name.clone(),
                    polygon: zone.polygon.clone(),
                    coast: zone.coast.clone(),
                })
                .collect(),
            shelters,
            sirens: sirens(config),
            roads,
            left_out,
            levels_m: config.policy.heights_m(),
            extent: around.extent,
        }
    }
}

fn shelters(stock: Option<&Stock>, left_out: &mut LeftOut) -> Vec<Shelter> {
    let places = stock.into_iter().flat_map(Stock::places);
    let mut all = places.filter(|p| p.kind == Kind::Shelter);
    let shown = all
        .by_ref()
        .take(MOST_SHELTERS)
        .map(|p| Shelter {
            name: p.title().to_owned(),
            lat: p.lat,
            lon: p.lon,
            capacity: p.capacity,
        })
        .collect();
    left_out.shelters = all.count();
    shown
}

fn sirens(config: &Config) -> Vec<Siren> {
    let zones = config.siren_zone.iter();
    let placed = zones.flat_map(|zone| zone.places.values().map(move |at| (zone, at)));
    placed
        .map(|(zone, [lat, lon])| Siren {
            zone: zone.id.clone(),
            lat: *lat,
            lon: *lon,
        })
        .collect()
}

fn roads(config: &Config, stock: Option<&Stock>, left_out: &mut LeftOut) -> Vec<Road> {
    let mut stations: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for binding in config.relief.iter().flat_map(|r| &r.traffic) {
        for segment in &binding.segments {
            let of_segment = stations.entry(segment).or_default();
            of_segment.insert(&binding.station);
        }
    }
    let mut lines: Vec<_> = stock.into_iter().flat_map(Stock::roads).collect();
    lines.sort_by_key(|line| !stations.contains_key(line.id.as_str()));
    let (mut shown, mut points) = (Vec::new(), 0);
    for line in &lines {
        points += line.points.len();
        if shown.len() == MOST_ROADS || points > MOST_POINTS {
            break;
        }
        let bound = stations.get(line.id.as_str()).into_iter().flatten();
        shown.push(Road {
            id: line.id.clone(),
            name: line.name.clone(),
            line: line.points.clone(),
            stations: bound.map(|s| (*s).to_owned()).collect(),
        });
    }
    left_out.roads = lines.len() - shown.len();
    shown
}
