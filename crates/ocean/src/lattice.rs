//! The geometry of a grid: which place belongs to which cell, and back.
//!
//! Rows run south to north, columns west to east, nodes at cell centres. Longitudes are an angle: a place is
//! found whatever multiple of 360 it is written with, and a lattice may lie across the date line (120..290).
//! A lattice that goes once round the globe without a repeated column is periodic.

use serde::{Deserialize, Serialize};

use crate::sphere::{EARTH_RADIUS_M, distance_km};

/// One cell: column `i` (0 = west), row `j` (0 = south).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// Column, from the west.
    pub i: usize,
    /// Row, from the south.
    pub j: usize,
}

/// Node positions of a regular latitude-longitude grid. Built by [`crate::Grid`], so always valid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lattice {
    pub(crate) nx: usize,
    pub(crate) ny: usize,
    pub(crate) lon0: f64,
    pub(crate) lat0: f64,
    pub(crate) dlon: f64,
    pub(crate) dlat: f64,
    pub(crate) periodic: bool,
}

impl Lattice {
    /// Number of columns.
    pub fn nx(&self) -> usize {
        self.nx
    }
    /// Number of rows.
    pub fn ny(&self) -> usize {
        self.ny
    }
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.nx * self.ny
    }
    /// Never true: a valid lattice has at least two rows and two columns.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Longitude step, degrees.
    pub fn dlon(&self) -> f64 {
        self.dlon
    }
    /// Latitude step, degrees.
    pub fn dlat(&self) -> f64 {
        self.dlat
    }
    /// True when the eastmost column is the western neighbour of the westmost one.
    pub fn is_periodic(&self) -> bool {
        self.periodic
    }
    /// Latitude of row `j`, degrees.
    pub fn lat(&self, j: usize) -> f64 {
        self.lat0 + j as f64 * self.dlat
    }
    /// Longitude of column `i`, degrees, as the header counts (may exceed 180).
    pub fn lon(&self, i: usize) -> f64 {
        self.lon0 + i as f64 * self.dlon
    }
    /// Storage index of a cell, or `None` when it lies outside.
    pub fn index(&self, cell: Cell) -> Option<usize> {
        (cell.i < self.nx && cell.j < self.ny).then(|| cell.j * self.nx + cell.i)
    }
    /// The cell stored at `index`.
    pub fn cell(&self, index: usize) -> Cell {
        Cell {
            i: index % self.nx,
            j: index / self.nx,
        }
    }
    /// Cosine of the latitude of row `j`, kept away from zero so that a polar row has a finite width.
    pub(crate) fn cos_lat(&self, j: usize) -> f64 {
        self.lat(j)
            .to_radians()
            .cos()
            .max((self.dlat * 0.5).to_radians().sin())
    }
    /// Distance between neighbouring nodes of row `j` in metres: (west-east, south-north).
    pub fn spacing_m(&self, j: usize) -> (f64, f64) {
        let north = EARTH_RADIUS_M * self.dlat.to_radians();
        (
            EARTH_RADIUS_M * self.dlon.to_radians() * self.cos_lat(j),
            north,
        )
    }

    /// Position in cells, counted from the south-west node, or `None` outside. A place belongs to the lattice
    /// up to half a cell beyond its outer nodes.
    pub fn locate(&self, lat: f64, lon: f64) -> Option<(f64, f64)> {
        if !(lat.abs() <= 90.0 && lon.is_finite()) {
            return None;
        }
        let y = (lat - self.lat0) / self.dlat;
        if !(-0.5..=self.ny as f64 - 0.5).contains(&y) {
            return None;
        }
        let east = (lon - self.lon0).rem_euclid(360.0);
        let mut x = east / self.dlon;
        if x > self.nx as f64 - 0.5 {
            // Perhaps just west of the first column.
            x = (east - 360.0) / self.dlon;
        }
        (-0.5..=self.nx as f64 - 0.5).contains(&x).then_some((x, y))
    }

    /// True when the place lies on the lattice (or within half a cell of its edge).
    pub fn covers(&self, lat: f64, lon: f64) -> bool {
        self.locate(lat, lon).is_some()
    }

    /// The cell that holds a place.
    pub fn cell_at(&self, lat: f64, lon: f64) -> Option<Cell> {
        let (x, y) = self.locate(lat, lon)?;
        let i = x.round().max(0.0) as usize;
        let i = if self.periodic {
            i % self.nx
        } else {
            i.min(self.nx - 1)
        };
        Some(Cell {
            i,
            j: (y.round().max(0.0) as usize).min(self.ny - 1),
        })
    }

    /// Great-circle distance in kilometres from a place to the node of a cell.
    pub fn distance_km(&self, cell: Cell, lat: f64, lon: f64) -> f64 {
        distance_km(lat, lon, self.lat(cell.j), self.lon(cell.i))
    }

    /// The accepted cell whose node is nearest to the place, within `max_km`, and its distance in kilometres.
    /// Equal distances: the southern and then the western cell of those tried first wins, always the same.
    pub fn nearest(
        &self,
        lat: f64,
        lon: f64,
        max_km: f64,
        accept: impl Fn(usize) -> bool,
    ) -> Option<(Cell, f64)> {
        if !(lat.abs() <= 90.0 && lon.is_finite()) {
            return None;
        }
        let half_turn_km = std::f64::consts::PI * EARTH_RADIUS_M * 1e-3;
        // NaN and negative limits find nothing.
        let mut best_km = if max_km >= 0.0 {
            max_km.min(half_turn_km)
        } else {
            return None;
        };
        let mut best = None;
        let km_per_degree = half_turn_km / 180.0;
        let centre = (((lat - self.lat0) / self.dlat).round().max(0.0) as usize).min(self.ny - 1);
        for step in 0..self.ny {
            let mut any = false;
            for (k, j) in [centre.checked_sub(step), centre.checked_add(step)]
                .into_iter()
                .enumerate()
            {
                let Some(j) = j.filter(|&j| j < self.ny && !(step == 0 && k == 1)) else {
                    continue;
                };
                if (self.lat(j) - lat).abs() * km_per_degree > best_km {
                    continue;
                }
                any = true;
                self.nearest_in_row(lat, lon, j, &accept, &mut best_km, &mut best);
            }
            // Rows only get farther from here on.
            if !any {
                break;
            }
        }
        best.map(|cell| (cell, best_km))
    }

    fn nearest_in_row(
        &self,
        lat: f64,
        lon: f64,
        j: usize,
        accept: &impl Fn(usize) -> bool,
        best_km: &mut f64,
        best: &mut Option<Cell>,
    ) {
        // Haversine turned round: farther than this in longitude cannot be nearer than best_km.
        let cosines = (lat.to_radians().cos() * self.lat(j).to_radians().cos())
            .max(0.0)
            .sqrt();
        let reach = (*best_km * 1e3 / (2.0 * EARTH_RADIUS_M)).sin() / cosines.max(1e-12);
        let reach_deg = if reach < 1.0 {
            (2.0 * reach.asin()).to_degrees()
        } else {
            180.0
        };
        let east = (lon - self.lon0).rem_euclid(360.0);
        for turn in [-360.0, 0.0] {
            let from = ((east + turn - reach_deg) / self.dlon).floor().max(0.0);
            let to = ((east + turn + reach_deg) / self.dlon)
                .ceil()
                .min(self.nx as f64 - 1.0);
            if to < from {
                continue;
            }
            for i in from as usize..=to as usize {
                if !accept(j * self.nx + i) {
                    continue;
                }
                let cell = Cell { i, j };
                let km = self.distance_km(cell, lat, lon);
                if km < *best_km || (best.is_none() && km <= *best_km) {
                    *best_km = km;
                    *best = Some(cell);
                }
            }
        }
    }
}
