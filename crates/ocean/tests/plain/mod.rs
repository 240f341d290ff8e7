//! The same scheme as plain programs have it: two passes over whole arrays a step, coefficients stored. Only
//! to compare with.
#![allow(dead_code)]

use ocean::shallow_water::{MIN_DEPTH_M, Model};
use ocean::sphere::{EARTH_RADIUS_M, GRAVITY_M_S2};
use ocean::{Cell, Grid};

/// Fields and coefficients of one simulation. Flux through the east and the north face of each cell, m2/s.
pub struct Plain {
    nx: usize,
    ny: usize,
    eta: Vec<f32>,
    m: Vec<f32>,
    n: Vec<f32>,
    max: Vec<f32>,
    /// dt / dx of the cell; for heights.
    r1: Vec<f32>,
    /// g h dt / dx of the east face.
    r2: Vec<f32>,
    /// g h dt / dy of the north face.
    r4: Vec<f32>,
    /// cos p' of the north face over cos p, times dt / dy; and that of the south face.
    north: Vec<f32>,
    south: Vec<f32>,
    started: bool,
}

impl Plain {
    /// For a grid without a rim of sea: outer faces are walls here. Depths are not slowed by compression.
    pub fn new(grid: &Grid, model: &Model) -> Plain {
        let l = grid.lattice();
        let (nx, ny, dt) = (l.nx(), l.ny(), model.dt_s());
        let h = |i: usize, j: usize| grid.depth_m(i, j).map_or(0.0, |h| h.max(MIN_DEPTH_M));
        let face = |a: f64, b: f64| {
            if a > 0.0 && b > 0.0 {
                0.5 * (a + b)
            } else {
                0.0
            }
        };
        let dy = EARTH_RADIUS_M * l.dlat().to_radians();
        let cos = |j: f64| (l.lat(0) + j * l.dlat()).to_radians().cos();
        let mut plain = Plain {
            nx,
            ny,
            eta: vec![0.0; nx * ny],
            m: vec![0.0; nx * ny],
            n: vec![0.0; nx * ny],
            max: vec![0.0; nx * ny],
            r1: vec![0.0; nx * ny],
            r2: vec![0.0; nx * ny],
            r4: vec![0.0; nx * ny],
            north: vec![0.0; ny],
            south: vec![0.0; ny],
            started: false,
        };
        for j in 0..ny {
            let dx = EARTH_RADIUS_M * l.dlon().to_radians() * cos(j as f64);
            plain.north[j] = (dt / dy * cos(j as f64 + 0.5) / cos(j as f64)) as f32;
            plain.south[j] = (dt / dy * cos(j as f64 - 0.5) / cos(j as f64)) as f32;
            for i in 0..nx {
                let k = j * nx + i;
                plain.r1[k] = (dt / dx) as f32;
                let (east, north) = (
                    if i + 1 < nx { h(i + 1, j) } else { 0.0 },
                    if j + 1 < ny { h(i, j + 1) } else { 0.0 },
                );
                plain.r2[k] = (GRAVITY_M_S2 * face(h(i, j), east) * dt / dx) as f32;
                plain.r4[k] = (GRAVITY_M_S2 * face(h(i, j), north) * dt / dy) as f32;
            }
        }
        plain
    }

    /// Adds to the height of one cell.
    pub fn add(&mut self, cell: Cell, metres: f32) {
        self.eta[cell.j * self.nx + cell.i] += metres;
    }

    /// Steps forward.
    pub fn advance(&mut self, steps: usize, maxima: bool) {
        for _ in 0..steps {
            let nx = self.nx;
            // The first push is half a step long: fluxes live half a step before the heights.
            let push = if self.started { 1.0 } else { 0.5 };
            self.started = true;
            for j in 0..self.ny {
                for i in 0..nx {
                    let k = j * nx + i;
                    if i + 1 < nx {
                        self.m[k] -= push * self.r2[k] * (self.eta[k + 1] - self.eta[k]);
                    }
                    if j + 1 < self.ny {
                        self.n[k] -= push * self.r4[k] * (self.eta[k + nx] - self.eta[k]);
                    }
                }
            }
            for j in 0..self.ny {
                for i in 0..nx {
                    let k = j * nx + i;
                    let west = if i > 0 { self.m[k - 1] } else { 0.0 };
                    let south = if j > 0 { self.n[k - nx] } else { 0.0 };
                    self.eta[k] += self.r1[k] * (west - self.m[k])
                        + (self.south[j] * south - self.north[j] * self.n[k]);
                    if maxima {
                        self.max[k] = self.max[k].max(self.eta[k]);
                    }
                }
            }
        }
    }

    /// Heights of row `j`.
    pub fn row(&self, j: usize) -> &[f32] {
        &self.eta[j * self.nx..][..self.nx]
    }
}
