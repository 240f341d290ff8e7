//! Basins made for a purpose, and what is asked of a simulation in them.
#![allow(dead_code)]

use ocean::motion::{Motion, Patch};
use ocean::shallow_water::{Model, Request, Settings, Simulation};
use ocean::{Cell, Grid, GridHeader};

/// Nothing but the equations of the module header.
pub const PLAIN: Settings = Settings {
    coriolis: false,
    dispersion: false,
    compressible: false,
    elastic: false,
};

/// A grid by its south-west node, steps and an elevation for each column and row.
pub fn grid(
    (nx, ny): (usize, usize),
    (lon0, lat0): (f64, f64),
    (dlon, dlat): (f64, f64),
    z: impl Fn(usize, usize) -> f32,
) -> Grid {
    let header = GridHeader {
        nx,
        ny,
        lon0,
        lat0,
        dlon,
        dlat,
        ..Default::default()
    };
    let z = (0..nx * ny).map(|k| z(k % nx, k / nx)).collect();
    Grid::from_metres(&header, z).expect("valid grid")
}

/// A strip of three rows of sea along the equator between walls, so narrow that waves run east and west only.
pub fn strip(nx: usize, dlon: f64, dlat: f64, depth: impl Fn(usize) -> f32) -> Grid {
    grid((nx, 5), (0.0, -2.0 * dlat), (dlon, dlat), |i, j| {
        if j == 0 || j == 4 { 10.0 } else { -depth(i) }
    })
}

/// A shape over the whole grid, there from the origin on.
pub fn shape(grid: &Grid, height: impl Fn(usize, usize) -> f32) -> Motion {
    let (nx, ny) = (grid.lattice().nx(), grid.lattice().ny());
    Motion::instant(Patch {
        i0: 0,
        j0: 0,
        nx,
        ny,
        metres: (0..nx * ny).map(|k| height(k % nx, k / nx)).collect(),
    })
}

/// Heights at gauges for `duration_s`.
pub fn run(
    model: &Model,
    motions: &[Motion],
    duration_s: f64,
    gauges: &[Cell],
    every_s: f64,
) -> Simulation {
    let request = Request {
        motions,
        duration_s,
        gauges,
        every_s,
        maxima: false,
    };
    model.simulate(&request, &mut |_| {}).expect("simulated")
}

/// Numbers between 0 and 1 that look random, always the same.
pub fn noise(i: usize, j: usize) -> f32 {
    let x = (i as u32).wrapping_mul(0x9E37_79B1) ^ (j as u32).wrapping_mul(0x85EB_CA77);
    let x = (x ^ (x >> 15)).wrapping_mul(0x2C1B_3C6D);
    ((x ^ (x >> 13)) >> 8) as f32 / 16_777_216.0
}

/// An uneven sea with islands.
pub fn rough(i: usize, j: usize) -> f32 {
    let z = noise(i / 3, j / 3);
    if z < 0.08 {
        50.0
    } else {
        -500.0 - 4000.0 * z - 300.0 * noise(i, j)
    }
}
