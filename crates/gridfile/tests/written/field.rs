//! A field of evenly spaced values, and what tests make of it.

use ocean::Grid;
use ocean::grid::GridHeader;

/// Evenly spaced values, rows south to north.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub nx: usize,
    pub ny: usize,
    pub lon0: f64,
    pub lat0: f64,
    pub step: f64,
    pub z: Vec<f32>,
}

impl Field {
    /// A sea with an island, different in every cell, with whole metres when `whole`.
    pub fn sea(nx: usize, ny: usize, lon0: f64, lat0: f64, step: f64, whole: bool) -> Self {
        let z = (0..nx * ny).map(|k| {
            let (i, j) = (k % nx, k / nx);
            let depth = -(1000.0 + 100.0 * j as f32 + i as f32);
            let depth = if (i, j) == (nx / 2, ny / 2) {
                250.0
            } else {
                depth
            };
            if whole { depth } else { depth + 0.125 }
        });
        Field {
            nx,
            ny,
            lon0,
            lat0,
            step,
            z: z.collect(),
        }
    }

    /// The same value everywhere.
    pub fn flat(nx: usize, ny: usize, lon0: f64, lat0: f64, step: f64, z: f32) -> Self {
        Field {
            nx,
            ny,
            lon0,
            lat0,
            step,
            z: vec![z; nx * ny],
        }
    }

    /// A smooth hump of 4 m, and nothing near the edges.
    pub fn hump(nx: usize, ny: usize, lon0: f64, lat0: f64, step: f64) -> Self {
        let mut f = Field::sea(nx, ny, lon0, lat0, step, true);
        let (cx, cy) = ((nx - 1) as f64 / 2.0, (ny - 1) as f64 / 2.0);
        for k in 0..f.z.len() {
            let (x, y) = (((k % nx) as f64 - cx) / cx, ((k / nx) as f64 - cy) / cy);
            let r2 = x * x + y * y;
            f.z[k] = if r2 < 0.8 {
                (4.0 * (1.0 - r2 / 0.8).powi(2)) as f32
            } else {
                0.0
            };
        }
        f
    }

    pub fn header(&self) -> GridHeader {
        GridHeader {
            nx: self.nx,
            ny: self.ny,
            lon0: self.lon0,
            lat0: self.lat0,
            dlon: self.step,
            dlat: self.step,
            ..GridHeader::default()
        }
    }

    /// As bathymetry.
    pub fn grid(&self) -> Grid {
        Grid::from_metres(&self.header(), self.z.clone()).expect("a grid")
    }

    pub fn lon(&self, i: usize) -> f64 {
        self.lon0 + i as f64 * self.step
    }

    pub fn lat(&self, j: usize) -> f64 {
        self.lat0 + j as f64 * self.step
    }

    pub fn row(&self, j: usize) -> &[f32] {
        &self.z[j * self.nx..][..self.nx]
    }

    /// Rows as most formats want them, from the north.
    pub fn north_first(&self) -> impl Iterator<Item = f32> {
        (0..self.ny).rev().flat_map(|j| self.row(j)).copied()
    }
}
