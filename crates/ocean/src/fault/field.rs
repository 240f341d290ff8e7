//! Displacement of a window of cells by many rectangles.
//!
//! Near a rectangle every cell is computed, as the mean of several points where cells are coarse. Far from it the displacement is
//! smooth: it is computed at 6 x 6 Chebyshev points of each block of 16 x 16 cells, summed over all rectangles there, and
//! interpolated once a block; and ten lengths off a rectangle is a point. Both together change the sum by less than 0.1 % of its
//! largest value (a test compares), and 200 subfaults on a regional 5' grid take 0.3 s of one core instead of 17 (`benches/lift.rs`).
//!
//! Blocks are independent, and in each the rectangles are summed in their order: the same bits whatever the thread count.

use std::sync::LazyLock;

use rayon::prelude::*;

use super::Fault;
use crate::lattice::Lattice;
use crate::okada::{Point, Rectangle, Slip};
use crate::sphere::EARTH_RADIUS_M;

/// Cells along a side of a block.
const BLOCK: usize = 16;
/// Chebyshev points along a side.
const NODES: usize = 6;
/// Within this distance beyond a rectangle's outline a cell's displacement is a mean over points, kilometres.
const AVERAGE_KM: f64 = 30.0;
/// Points for means are at most this far apart, kilometres: half the width of the sharpest uplift that survives a sea of 4 km.
const POINTS_KM: f64 = 5.0;
/// Most points along a side of a cell.
const POINTS_MAX: usize = 4;
/// Beyond this many lengths (widths, depths) a rectangle is a point: its finite size matters by 0.25 (length / distance)^2 or so.
const POINT_LENGTHS: f64 = 10.0;
/// A block is far when its middle is this many of its half sides from the outline: Chebyshev's error is then about
/// 2 / (2.5 + sqrt 5.25)^6 = 2e-4 of the block's largest displacement.
const FAR_SIDES: f64 = 2.5;

/// Cells of a lattice: columns from `i0` on (which may be negative or run past the end of a periodic lattice).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub i0: i64,
    pub j0: usize,
    pub nx: usize,
    pub ny: usize,
}

/// A rectangle in its own frame on the sphere.
pub(super) struct Local {
    rectangle: Rectangle,
    slip: Slip,
    /// The same slip in one point, its potency in metres times square kilometres, and from how far it will do, kilometres.
    point: Point,
    potency: Slip,
    point_from_km: f64,
    sin_lat: f64,
    cos_lat: f64,
    lon: f64,
    sin_strike: f64,
    cos_strike: f64,
    half_length: f64,
    /// Horizontal distance of the centre from the lower edge, kilometres.
    half_run: f64,
    /// Radius of the outline round the centre, kilometres.
    radius_km: f64,
}

const RADIUS_KM: f64 = EARTH_RADIUS_M * 1e-3;

impl Local {
    pub fn new(f: &Fault) -> Self {
        let (sin_dip, cos_dip) = f.dip_deg.to_radians().sin_cos();
        let (sin_lat, cos_lat) = f.lat.to_radians().sin_cos();
        let (sin_strike, cos_strike) = f.strike_deg.to_radians().sin_cos();
        let half_run = 0.5 * f.width_km * cos_dip;
        // A rectangle whose upper edge is above the ground has no meaning: the part in the ground is what is left at least.
        let bottom = (f.depth_km + 0.5 * f.width_km * sin_dip).max(0.0);
        Local {
            rectangle: Rectangle::new(f.length_km, f.width_km, bottom, f.dip_deg),
            slip: Slip::along_rake(f.slip_m, f.rake_deg),
            point: Point::new(bottom - 0.5 * f.width_km * sin_dip, f.dip_deg),
            potency: Slip::along_rake(f.slip_m * f.length_km * f.width_km, f.rake_deg),
            point_from_km: POINT_LENGTHS * f.length_km.max(f.width_km).max(f.depth_km),
            sin_lat,
            cos_lat,
            lon: f.lon.to_radians(),
            sin_strike,
            cos_strike,
            half_length: 0.5 * f.length_km,
            half_run,
            radius_km: (0.5 * f.length_km).hypot(half_run),
        }
    }

    /// East and north of the centre in kilometres (azimuthal equidistant), for the place with these sines and cosines.
    fn place(&self, row: (f64, f64), column: (f64, f64)) -> (f64, f64) {
        let (sin_lat, cos_lat) = row;
        let (sin_dl, cos_dl) = column;
        let east = cos_lat * sin_dl;
        let north = sin_lat * self.cos_lat - cos_lat * self.sin_lat * cos_dl;
        let s2 = east * east + north * north;
        // asin(s) / s, a series to 1e-7 below 1,300 km.
        let stretch = if s2 < 0.04 {
            1.0 + s2 * (1.0 / 6.0 + s2 * (3.0 / 40.0 + s2 * (15.0 / 336.0 + s2 * (105.0 / 3456.0))))
        } else {
            let s = s2.sqrt();
            let up = sin_lat * self.sin_lat + cos_lat * self.cos_lat * cos_dl;
            s.atan2(up) / s
        };
        let scale = RADIUS_KM * stretch;
        (east * scale, north * scale)
    }

    /// Up alone, or east, north and up.
    fn displacement<const N: usize>(&self, east: f64, north: f64) -> [f64; N] {
        let x = east * self.sin_strike + north * self.cos_strike;
        let y = north * self.sin_strike - east * self.cos_strike;
        if x * x + y * y > self.point_from_km * self.point_from_km {
            return self.turned(self.point.displacement(x, y, self.potency));
        }
        let (x, y) = (x + self.half_length, y + self.half_run);
        if N == 1 {
            self.turned([0.0, 0.0, self.rectangle.uplift(x, y, self.slip)])
        } else {
            self.turned(self.rectangle.displacement(x, y, self.slip))
        }
    }

    /// From along, across and up to up alone, or to east, north and up.
    fn turned<const N: usize>(&self, [along, across, up]: [f64; 3]) -> [f64; N] {
        let mut u = [up; N];
        if N == 3 {
            u[0] = along * self.sin_strike - across * self.cos_strike;
            u[1] = along * self.cos_strike + across * self.sin_strike;
        }
        u
    }
}

/// Chebyshev points of the first kind on -1..1.
static POINTS: LazyLock<[f64; NODES]> = LazyLock::new(|| {
    std::array::from_fn(|k| (std::f64::consts::PI * (k as f64 + 0.5) / NODES as f64).cos())
});

/// Weights that interpolate from the Chebyshev points to cell `c` of `cells`.
fn weights(c: usize, cells: usize) -> [f64; NODES] {
    let x = if cells > 1 {
        2.0 * c as f64 / (cells - 1) as f64 - 1.0
    } else {
        0.0
    };
    // Lagrange polynomials, written out: six points are few.
    std::array::from_fn(|k| {
        (0..NODES)
            .filter(|&m| m != k)
            .map(|m| (x - POINTS[m]) / (POINTS[k] - POINTS[m]))
            .product()
    })
}

/// Where in the window something is, as fractions of cells.
struct Geometry<'a> {
    lattice: &'a Lattice,
    window: Window,
}

impl Geometry<'_> {
    fn row(&self, y: f64) -> (f64, f64) {
        let l = self.lattice;
        let lat = l.lat(0) + (self.window.j0 as f64 + y) * l.dlat();
        lat.clamp(-90.0, 90.0).to_radians().sin_cos()
    }
    fn lon(&self, x: f64) -> f64 {
        let l = self.lattice;
        (l.lon(0) + (self.window.i0 as f64 + x) * l.dlon()).to_radians()
    }
}

/// The displacement of a window: `N` = 1 gives up alone, `N` = 3 east, north and up; one vector a cell, row by row.
pub(super) fn displacement<const N: usize>(
    faults: &[Local],
    lattice: &Lattice,
    window: Window,
) -> Vec<[f64; N]> {
    let g = Geometry { lattice, window };
    let (bx, by) = (window.nx.div_ceil(BLOCK), window.ny.div_ceil(BLOCK));
    let blocks: Vec<Vec<[f64; N]>> = (0..bx * by)
        .into_par_iter()
        .map(|b| block(faults, &g, (b % bx) * BLOCK, (b / bx) * BLOCK))
        .collect();
    let mut out = vec![[0.0; N]; window.nx * window.ny];
    for (b, cells) in blocks.iter().enumerate() {
        let (x0, y0) = ((b % bx) * BLOCK, (b / bx) * BLOCK);
        let w = BLOCK.min(window.nx - x0);
        for (r, row) in cells.chunks_exact(w).enumerate() {
            let at = (y0 + r) * window.nx + x0;
            out[at..at + w].copy_from_slice(row);
        }
    }
    out
}

fn block<const N: usize>(
    faults: &[Local],
    g: &Geometry<'_>,
    x0: usize,
    y0: usize,
) -> Vec<[f64; N]> {
    let w = BLOCK.min(g.window.nx - x0);
    let h = BLOCK.min(g.window.ny - y0);
    let (mx, my) = (
        x0 as f64 + 0.5 * (w - 1) as f64,
        y0 as f64 + 0.5 * (h - 1) as f64,
    );
    let middle = g.row(my);
    let km = RADIUS_KM * g.lattice.dlat().to_radians();
    let half_ns = 0.5 * h as f64 * km;
    let half_ew = 0.5 * w as f64 * RADIUS_KM * g.lattice.dlon().to_radians() * middle.1;
    let size = half_ns.max(half_ew);
    let mut cells = vec![[0.0; N]; w * h];
    let mut nodes = [[[0.0; N]; NODES]; NODES];
    let mut any_far = false;
    for f in faults {
        let (east, north) = f.place(middle, (g.lon(mx) - f.lon).sin_cos());
        let far = east.hypot(north) - f.radius_km > FAR_SIDES * size;
        if far && w > NODES && h > NODES {
            any_far = true;
            let columns: [(f64, f64); NODES] = std::array::from_fn(|k| {
                (g.lon(mx + 0.5 * (w - 1) as f64 * POINTS[k]) - f.lon).sin_cos()
            });
            for (m, line) in nodes.iter_mut().enumerate() {
                let row = g.row(my + 0.5 * (h - 1) as f64 * POINTS[m]);
                for (k, node) in line.iter_mut().enumerate() {
                    let (e, n) = f.place(row, columns[k]);
                    let u: [f64; N] = f.displacement(e, n);
                    (0..N).for_each(|c| node[c] += u[c]);
                }
            }
        } else {
            near(f, g, (x0, y0, w), &mut cells);
        }
    }
    if any_far {
        spread(&nodes, w, h, &mut cells);
    }
    cells
}

/// Adds a rectangle's displacement cell by cell.
fn near<const N: usize>(
    f: &Local,
    g: &Geometry<'_>,
    (x0, y0, w): (usize, usize, usize),
    cells: &mut [[f64; N]],
) {
    let columns: Vec<(f64, f64)> = (0..w)
        .map(|c| (g.lon((x0 + c) as f64) - f.lon).sin_cos())
        .collect();
    let cell_km = RADIUS_KM * g.lattice.dlat().max(g.lattice.dlon()).to_radians();
    let points = ((cell_km / POINTS_KM).ceil() as usize).clamp(1, POINTS_MAX);
    for (k, cell) in cells.iter_mut().enumerate() {
        let y = (y0 + k / w) as f64;
        let row = g.row(y);
        let (e, n) = f.place(row, columns[k % w]);
        if points == 1 || e.hypot(n) > f.radius_km + AVERAGE_KM {
            let u: [f64; N] = f.displacement(e, n);
            (0..N).for_each(|c| cell[c] += u[c]);
            continue;
        }
        let share = 1.0 / (points * points) as f64;
        let offset = |p: usize| (p as f64 + 0.5) / points as f64 - 0.5;
        for p in 0..points {
            let row = g.row(y + offset(p));
            for q in 0..points {
                let x = (x0 + k % w) as f64 + offset(q);
                let (e, n) = f.place(row, (g.lon(x) - f.lon).sin_cos());
                let u: [f64; N] = f.displacement(e, n);
                (0..N).for_each(|c| cell[c] += share * u[c]);
            }
        }
    }
}

/// Interpolates from a block's Chebyshev points to its cells.
fn spread<const N: usize>(
    nodes: &[[[f64; N]; NODES]; NODES],
    w: usize,
    h: usize,
    cells: &mut [[f64; N]],
) {
    let columns: Vec<[f64; NODES]> = (0..w).map(|c| weights(c, w)).collect();
    for r in 0..h {
        let row = weights(r, h);
        let line: [[f64; N]; NODES] = std::array::from_fn(|k| {
            std::array::from_fn(|c| (0..NODES).map(|m| row[m] * nodes[m][k][c]).sum())
        });
        for (x, cell) in cells[r * w..(r + 1) * w].iter_mut().enumerate() {
            for c in 0..N {
                cell[c] += (0..NODES).map(|k| columns[x][k] * line[k][c]).sum::<f64>();
            }
        }
    }
}
