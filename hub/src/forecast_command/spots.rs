//! Where on the grid the stations and points are, and when the first wave gets there.

use ocean::forecast::SNAP_KM;
use ocean::travel_time::Field;
use ocean::{Cell, Grid, offshore};

use super::outlook::Silent;
use super::places::Place;

/// Cells whose heights, weighted, are those of a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// The place.
    pub place: Place,
    /// Cells and weights; the weights sum to one.
    pub cells: Vec<(Cell, f32)>,
    /// The weightiest cell.
    pub cell: Cell,
    /// Depth of the sea there, metres.
    pub depth_m: f64,
    /// First arrival, seconds after the origin; nothing when no wave gets there.
    pub arrival_s: Option<f64>,
    /// What is to be known about it.
    pub note: String,
}

/// A station: between the four cells round it where all of them are reached, else the nearest that is.
pub fn station(grid: &Grid, field: &Field, place: &Place) -> Result<Spot, Box<Silent>> {
    let found = field.nearest_reached(place.lat, place.lon, SNAP_KM);
    let (cell, _) = found
        .filter(|_| grid.covers(place.lat, place.lon))
        .ok_or_else(|| silent(grid, place))?;
    let depth_m = grid.depth_m(cell.i, cell.j).unwrap_or(0.0);
    let mut spot = spot(grid, field, place, cell, depth_m);
    if let Some(cells) = corners(grid, field, place) {
        spot.depth_m = cells
            .iter()
            .filter_map(|(c, w)| Some(grid.depth_m(c.i, c.j)? * f64::from(*w)))
            .sum();
        spot.cells = cells;
        spot.arrival_s = field.seconds_at(place.lat, place.lon).or(spot.arrival_s);
        spot.note.clear();
    }
    if let Some(known) = place.depth_m.filter(|d| *d > 500.0)
        && !(0.5..=2.0).contains(&(spot.depth_m / known))
    {
        spot.note = format!(
            "the grid is {:.0} m deep there, the instrument {known:.0} m",
            spot.depth_m
        );
    }
    Ok(spot)
}

/// A coastal point: the nearest cell that is reached and deep enough to stand for the sea off it, as
/// everywhere here.
pub fn point(grid: &Grid, field: &Field, place: &Place) -> Result<Spot, Box<Silent>> {
    let reached = |k: usize| field.seconds()[k].is_finite();
    match offshore::stand_in(grid, place.lat, place.lon, true, reached) {
        Some((cell, depth_m)) if grid.covers(place.lat, place.lon) => {
            Ok(spot(grid, field, place, cell, depth_m))
        }
        _ => Err(silent(grid, place)),
    }
}

/// A place that one cell stands for.
fn spot(grid: &Grid, field: &Field, place: &Place, cell: Cell, depth_m: f64) -> Spot {
    let lattice = grid.lattice();
    let km = lattice.distance_km(cell, place.lat, place.lon);
    let cell_km = lattice.spacing_m(cell.j).1 * 1e-3;
    Spot {
        place: place.clone(),
        cells: vec![(cell, 1.0)],
        cell,
        depth_m,
        arrival_s: field.at(cell),
        note: if km > 3.0 * cell_km {
            format!("the sea that stands for it is {km:.0} km away")
        } else {
            String::new()
        },
    }
}

/// Why nothing stands for a place.
fn silent(grid: &Grid, place: &Place) -> Box<Silent> {
    let off_grid = !grid.covers(place.lat, place.lon);
    let why = if off_grid {
        "off the grid".to_owned()
    } else if grid.nearest_wet(place.lat, place.lon, SNAP_KM).is_some() {
        "no way for the wave to get there on this grid".to_owned()
    } else {
        format!("no sea within {SNAP_KM} km")
    };
    Box::new(Silent {
        place: place.clone(),
        why,
        off_grid,
    })
}

/// The four cells round a place with their bilinear weights, if a wave reaches all of them.
fn corners(grid: &Grid, field: &Field, place: &Place) -> Option<Vec<(Cell, f32)>> {
    let lattice = grid.lattice();
    let (x, y) = lattice.locate(place.lat, place.lon)?;
    let (x, y) = (x.max(0.0), y.max(0.0));
    let (i, j) = (x.floor() as usize, y.floor() as usize);
    let east = if lattice.is_periodic() {
        (i + 1) % lattice.nx()
    } else {
        i + 1
    };
    let (fx, fy) = (x.fract(), y.fract());
    let all = [
        (Cell { i, j }, (1.0 - fx) * (1.0 - fy)),
        (Cell { i: east, j }, fx * (1.0 - fy)),
        (Cell { i, j: j + 1 }, (1.0 - fx) * fy),
        (Cell { i: east, j: j + 1 }, fx * fy),
    ];
    // A cell of no weight need not be there.
    let used: Vec<(Cell, f32)> = all
        .into_iter()
        .filter(|(_, w)| *w > 1e-6)
        .map(|(c, w)| (c, w as f32))
        .collect();
    used.iter()
        .all(|(c, _)| field.at(*c).is_some())
        .then_some(used)
}

impl Spot {
    /// The weighted heights of a place from those of its cells.
    pub fn mix<'a>(&self, mut series: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
        let mut sum: Vec<f32> = Vec::new();
        for (_, weight) in &self.cells {
            let Some(heights) = series.next() else { break };
            sum.resize(heights.len().max(sum.len()), 0.0);
            for (s, h) in sum.iter_mut().zip(heights) {
                *s += weight * h;
            }
        }
        sum
    }
}
