//! The solved arrival times, and how to read them between cells.

use crate::lattice::{Cell, Lattice};

/// Arrival times in seconds after the origin on a [`Lattice`]; cells that no wave reaches hold infinity.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub(super) lattice: Lattice,
    pub(super) seconds: Vec<f32>,
}

impl Field {
    /// The geometry, that of the grid it was solved on.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// All cells, rows south to north, columns west to east: seconds, infinite where no wave comes.
    pub fn seconds(&self) -> &[f32] {
        &self.seconds
    }

    /// Seconds to one cell; `None` outside the grid, on land, and where no wave comes.
    pub fn at(&self, cell: Cell) -> Option<f64> {
        let k = self.lattice.index(cell)?;
        self.seconds[k]
            .is_finite()
            .then(|| f64::from(self.seconds[k]))
    }

    /// Seconds to a place: bilinear between the four cells round it when a wave reaches all four, else that of
    /// the nearest of them that is reached. `None` when none is, and outside the grid.
    pub fn seconds_at(&self, lat: f64, lon: f64) -> Option<f64> {
        let l = &self.lattice;
        let (x, y) = l.locate(lat, lon)?;
        let (i0, fx) = split(x, l.nx, l.periodic);
        let (j0, fy) = split(y, l.ny, false);
        let east = if i0 + 1 < l.nx { i0 + 1 } else { 0 };
        let corners =
            [(i0, j0), (east, j0), (i0, j0 + 1), (east, j0 + 1)].map(|(i, j)| Cell { i, j });
        let weights = [
            (1.0 - fx) * (1.0 - fy),
            fx * (1.0 - fy),
            (1.0 - fx) * fy,
            fx * fy,
        ];
        let mut sum = 0.0;
        let mut nearest: Option<(f64, f64)> = None;
        let mut all = true;
        for (cell, weight) in corners.into_iter().zip(weights) {
            match self.at(cell) {
                Some(s) => {
                    sum += weight * s;
                    if nearest.is_none_or(|(w, _)| weight > w) {
                        nearest = Some((weight, s));
                    }
                }
                None => all = false,
            }
        }
        if all {
            Some(sum)
        } else {
            nearest.map(|(_, s)| s)
        }
    }

    /// The cell nearest to a place that a wave reaches, within `max_km`, and its distance in kilometres.
    pub fn nearest_reached(&self, lat: f64, lon: f64, max_km: f64) -> Option<(Cell, f64)> {
        self.lattice
            .nearest(lat, lon, max_km, |k| self.seconds[k].is_finite())
    }

    /// Number of cells that a wave reaches, the source included.
    pub fn reached(&self) -> usize {
        self.seconds.iter().filter(|s| s.is_finite()).count()
    }
}

/// The lower node and the fraction above it; places in the outer half cells are held at the outer nodes.
fn split(x: f64, n: usize, periodic: bool) -> (usize, f64) {
    if periodic {
        let x = x.rem_euclid(n as f64);
        let i = (x.floor() as usize).min(n - 1);
        return (i, x - i as f64);
    }
    let x = x.clamp(0.0, (n - 1) as f64);
    let i = (x.floor() as usize).min(n - 2);
    (i, x - i as f64)
}
