//! How long waves take from the trenches to stations and coasts: by reciprocity, one field for each station and one for each zone, of which
//! only the numbers at the trenches are kept.

use std::sync::atomic::{AtomicBool, Ordering};

use ocean::Grid;
use ocean::forecast::SNAP_KM;
use ocean::lattice::Cell;
use ocean::travel_time::solve;
use ocean::trench::{self, UnitOptions};

use crate::config::Config;
use crate::place::Place;

/// Most cells of the grid that is solved on: a field takes about a second on one core then. The shipped grids have less.
const MOST_CELLS: usize = 2_000_000;

/// A part of a trench, 100 km long: one column of unit sources.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// The trench, for people.
    pub(super) trench: &'static str,
    /// Number along it.
    pub(super) column: usize,
    /// The middle of its upper unit source.
    pub(super) place: Place,
}

/// Seconds from every part, infinite where no wave comes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Times {
    pub(super) parts: Vec<Part>,
    /// By sea-level station, in the configuration's order.
    pub(super) stations: Vec<Vec<f32>>,
    /// By zone, to the earliest of its coast points, in the configuration's order.
    pub(super) zones: Vec<Vec<f32>>,
}

/// Fields that are solved for a deployment.
pub(super) fn fields(config: &Config) -> usize {
    config.station.iter().filter(|s| s.is_at_sea()).count() + config.zone.len()
}

impl Times {
    /// Solves all fields, one after the other. `tell` hears how many are done, and of how many. `None` when told to stop.
    pub(super) fn solve(
        config: &Config,
        grid: &Grid,
        stop: &AtomicBool,
        mut tell: impl FnMut(usize, usize),
    ) -> Option<Self> {
        let thin = thinned(grid);
        let grid = thin.as_ref().unwrap_or(grid);
        let (parts, cells) = parts(grid);
        let of = fields(config);
        let mut done = 0;
        let mut from = |places: &[[f64; 2]]| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let seconds = seconds(grid, places, &cells);
            done += 1;
            tell(done, of);
            Some(seconds)
        };
        let sea = config.station.iter().filter(|s| s.is_at_sea());
        let stations = sea
            .map(|s| from(&[[s.lat, s.lon]]))
            .collect::<Option<Vec<_>>>()?;
        let zones = config.zone.iter();
        let zones = zones
            .map(|zone| from(&zone.coast))
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            parts,
            stations,
            zones,
        })
    }
}

/// The grid with fewer cells, when it has too many.
fn thinned(grid: &Grid) -> Option<Grid> {
    let factors = 2..=16;
    (grid.lattice().len() > MOST_CELLS)
        .then(|| factors.filter_map(|factor| grid.thinned(factor).ok()))?
        // A grid round the globe closes at some factors only.
        .find(|thin| thin.lattice().len() <= MOST_CELLS)
}

/// The parts that lie in the grid's sea, and the cells of each.
fn parts(grid: &Grid) -> (Vec<Part>, Vec<Vec<Cell>>) {
    let options = UnitOptions::default();
    let (mut parts, mut cells) = (Vec::new(), Vec::new());
    for trench in trench::all() {
        let units = trench.unit_sources(0.0..f64::INFINITY, &options);
        for (column, rows) in units.chunks(options.rows).enumerate() {
            let wet: Vec<Cell> = rows
                .iter()
                .filter(|unit| grid.covers(unit.lat, unit.lon))
                .filter_map(|unit| grid.nearest_wet(unit.lat, unit.lon, SNAP_KM))
                .collect();
            if wet.is_empty() {
                continue;
            }
            parts.push(Part {
                trench: trench.name(),
                column,
                place: Place {
                    lat: rows[0].lat,
                    lon: rows[0].lon,
                },
            });
            cells.push(wet);
        }
    }
    (parts, cells)
}

/// Seconds from the earliest cell of each part to the nearest of these places.
fn seconds(grid: &Grid, places: &[[f64; 2]], parts: &[Vec<Cell>]) -> Vec<f32> {
    let seeds: Vec<Cell> = places
        .iter()
        .filter_map(|[lat, lon]| grid.nearest_wet(*lat, *lon, SNAP_KM))
        .collect();
    // No sea near it: it sees nothing, and the hub has said so when it started.
    let Ok(field) = solve(grid, &seeds) else {
        return vec![f32::INFINITY; parts.len()];
    };
    let earliest = |cells: &Vec<Cell>| {
        let all = cells.iter().filter_map(|cell| field.at(*cell));
        all.fold(f64::INFINITY, f64::min) as f32
    };
    parts.iter().map(earliest).collect()
}
