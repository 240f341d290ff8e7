//! How long a wave takes from every part of the sea to each station.
//!
//! Travel times are the same in both directions, so one field seeded at a station says when a wave from any cell would reach it. A field is
//! solved when it is first asked for and kept; it depends on grid and station alone, so that when it is solved changes nothing.

use std::collections::BTreeMap;

use ocean::Grid;
use ocean::forecast::SNAP_KM;
use ocean::sphere::distance_km;
use ocean::travel_time::solve;

use crate::place::Place;

/// Most cells of the grid that sources are looked for on: a field takes 0.8 MB then, and 0.15 to 0.26 s on two
/// cores that were busy with four other things. On the whole Pacific that is a
/// cell of 20', 37 km: 3 minutes of travel in deep water, within what an onset is known by.
const MOST_CELLS: usize = 200_000;
/// How far from a trench's axis a cell still counts as one where earthquakes make tsunamis, kilometres: the width of the seismogenic
/// interfaces and half the distance between nodes of an axis.
const TRENCH_KM: f64 = 200.0;

/// The sea as sources are looked for in it.
#[derive(Debug)]
pub struct Reach {
    grid: Grid,
    /// Cells near a trench.
    likely: Vec<bool>,
    /// By station; `None` for one that the grid cannot place.
    fields: BTreeMap<u32, Option<Vec<f32>>>,
}

impl Reach {
    /// The sea of a forecast's grid, thinned.
    pub fn new(grid: &Grid) -> Self {
        let mut factor = 1;
        let mut thin = grid.clone();
        while thin.lattice().len() > MOST_CELLS {
            factor += 1;
            match grid.thinned(factor) {
                Ok(next) => thin = next,
                // A grid round the globe closes at some factors only.
                Err(_) if factor < 16 => {}
                Err(_) => break,
            }
        }
        let likely = near_trenches(&thin);
        Self {
            grid: thin,
            likely,
            fields: BTreeMap::new(),
        }
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.grid.lattice().len()
    }

    /// Latitude and longitude of a cell, degrees.
    pub fn place(&self, cell: usize) -> Place {
        let l = self.grid.lattice();
        let c = l.cell(cell);
        Place {
            lat: l.lat(c.j),
            lon: l.lon(c.i),
        }
    }

    /// Whether a cell is near a trench.
    pub fn is_likely(&self, cell: usize) -> bool {
        self.likely[cell]
    }

    /// Whether a station was prepared, with a field or without.
    pub fn knows(&self, station: u32) -> bool {
        self.fields.contains_key(&station)
    }

    /// Solves a station's field unless that was done. Returns whether there is one.
    pub fn prepare(&mut self, station: u32, place: Place) -> bool {
        let grid = &self.grid;
        self.fields
            .entry(station)
            .or_insert_with(|| {
                let cell = grid.nearest_wet(place.lat, place.lon, SNAP_KM)?;
                Some(solve(grid, &[cell]).ok()?.seconds().to_vec())
            })
            .is_some()
    }

    /// Seconds from every cell to a station, infinite where no wave comes from; `None` unless it was prepared.
    pub fn field(&self, station: u32) -> Option<&[f32]> {
        self.fields.get(&station)?.as_deref()
    }

    /// Seconds from one place to a station.
    pub fn seconds(&self, station: u32, from: Place) -> Option<f64> {
        let cell = self.grid.nearest_wet(from.lat, from.lon, SNAP_KM)?;
        let k = self.grid.lattice().index(cell)?;
        let seconds = f64::from(*self.field(station)?.get(k)?);
        seconds.is_finite().then_some(seconds)
    }
}

fn near_trenches(grid: &Grid) -> Vec<bool> {
    let l = grid.lattice();
    let mut likely = vec![false; l.len()];
    let rows = (TRENCH_KM / 111.0 / l.dlat()).ceil() as isize;
    for (lat, lon) in ocean::trench::all().iter().flat_map(|t| t.axis()) {
        let Some((x, y)) = l.locate(lat, lon) else {
            continue;
        };
        let wide = lat.to_radians().cos().max(0.2);
        let columns = (TRENCH_KM / 111.0 / wide / l.dlon()).ceil() as isize;
        for dj in -rows..=rows {
            for di in -columns..=columns {
                let (i, j) = (x.round() as isize + di, y.round() as isize + dj);
                let (Ok(i), Ok(j)) = (usize::try_from(i), usize::try_from(j)) else {
                    continue;
                };
                let cell = ocean::lattice::Cell { i, j };
                if let Some(k) = l.index(cell)
                    && distance_km(lat, lon, l.lat(j), l.lon(i)) <= TRENCH_KM
                {
                    likely[k] = true;
                }
            }
        }
    }
    likely
}
