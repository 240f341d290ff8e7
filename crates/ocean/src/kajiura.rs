//! From the displacement of the sea floor to that of the sea surface: Kajiura (1963), Bull. Earthq. Res. Inst. 41:535.
//!
//! Water does not follow the sea floor's wrinkles: a wave number k reaches the surface of a sea of depth h weakened by
//! 1 / cosh(k h). In space that is a convolution with G(r / h) / h^2, where
//!
//! G(x) = 1/pi * sum over n of (-1)^n (2n + 1) / ((2n + 1)^2 + x^2)^(3/2).
//!
//! The kernel holds for a sea of one depth. Here each cell's volume is spread by the kernel of its own depth, the usual
//! approximation for a depth that varies slowly over a few depths; as the volume is spread rather than gathered, it is kept exactly
//! (up to f32 rounding), and what would fall on land stays in the sea.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::grid::Grid;
use crate::lattice::Lattice;
use crate::motion::Patch;

/// How far the kernel is followed, depths. What is beyond is 4e-4 of the volume, and goes to the rest.
const REACH: f64 = 6.0;
/// Entries of the table per depth of distance.
const PER_DEPTH: usize = 32;
/// Depths are told apart by this factor.
const DEPTH_STEP: f64 = 1.03;
/// Widths of cells, which change with latitude, are told apart by this factor.
const WIDTH_STEP: f64 = 1.01;
/// Cells wider than this many depths keep what they have: the kernel's own weight there is over 98 %.
const COARSE: f64 = 8.0;
/// Most columns and rows that a kernel reaches to each side: bounds the work on grids finer than about 4 % of the depth.
const CELLS_MAX: usize = 150;

static TABLE: LazyLock<Vec<f64>> = LazyLock::new(|| {
    (0..=(REACH * PER_DEPTH as f64) as usize + 1)
        .map(|k| kernel(k as f64 / PER_DEPTH as f64))
        .collect()
});

/// Kajiura's kernel G at a distance in depths; its integral over the plane is 1.
///
/// The alternating series is summed as Cohen, Rodriguez Villegas & Zagier (2000) do, good to 1e-9 below ten depths.
pub fn kernel(depths: f64) -> f64 {
    const TERMS: i32 = 40;
    let base = 3.0 + 8f64.sqrt();
    let d = 0.5 * (base.powi(TERMS) + base.powi(-TERMS));
    let (mut b, mut c, mut sum) = (-1.0, -d, 0.0);
    for n in 0..TERMS {
        let odd = f64::from(2 * n + 1);
        c = b - c;
        sum += c * odd / (odd * odd + depths * depths).powf(1.5);
        let n = f64::from(n);
        let terms = f64::from(TERMS);
        b *= (n + terms) * (n - terms) / ((n + 0.5) * (n + 1.0));
    }
    sum / d / std::f64::consts::PI
}

fn tabled(depths: f64) -> f64 {
    let x = depths * PER_DEPTH as f64;
    let k = x as usize;
    match (TABLE.get(k), TABLE.get(k + 1)) {
        (Some(a), Some(b)) if depths < REACH => a + (b - a) * (x - k as f64),
        _ => 0.0,
    }
}

/// Shares of a cell's volume that its neighbours get, row by row, `2 * across + 1` by `2 * along + 1`; they sum to 1.
struct Kernel {
    across: usize,
    along: usize,
    share: Vec<f64>,
}

impl Kernel {
    /// For a depth, in cells of these sizes, all in metres.
    fn new(depth_m: f64, east_m: f64, north_m: f64) -> Kernel {
        let reach = |cell: f64| ((REACH * depth_m / cell).ceil() as usize).min(CELLS_MAX);
        if east_m.min(north_m) > COARSE * depth_m {
            return Kernel {
                across: 0,
                along: 0,
                share: vec![1.0],
            };
        }
        let (across, along) = (reach(east_m), reach(north_m));
        // Means over cells: from cell to cell the kernel of a shallow sea is anything but smooth.
        let points = |cell: f64| ((cell / (0.4 * depth_m)).ceil() as usize).clamp(1, 24);
        let (px, py) = (points(east_m), points(north_m));
        let mean = |x: f64, y: f64| {
            let mut sum = 0.0;
            for q in 0..py {
                let y = (y + (q as f64 + 0.5) / py as f64 - 0.5) * north_m / depth_m;
                for p in 0..px {
                    let x = (x + (p as f64 + 0.5) / px as f64 - 0.5) * east_m / depth_m;
                    sum += tabled(x.hypot(y));
                }
            }
            sum
        };
        // A quarter is enough: the rest are its mirror images.
        let quarter: Vec<f64> = (0..=along)
            .flat_map(|y| (0..=across).map(move |x| (x, y)))
            .map(|(x, y)| mean(x as f64, y as f64))
            .collect();
        let mut share = Vec::with_capacity((2 * across + 1) * (2 * along + 1));
        for y in 0..=2 * along {
            for x in 0..=2 * across {
                share.push(quarter[y.abs_diff(along) * (across + 1) + x.abs_diff(across)]);
            }
        }
        let total: f64 = share.iter().sum();
        share.iter_mut().for_each(|s| *s /= total);
        Kernel {
            across,
            along,
            share,
        }
    }
}

/// Displacement of the sea surface by that of the sea floor. The patch grows by the kernel's reach, within the grid; dry cells neither
/// give nor get.
pub fn smooth(patch: &Patch, grid: &Grid) -> Patch {
    let l = grid.lattice();
    let area = Area::round(patch, grid);
    let wet: Vec<f64> = (0..area.nx * area.ny)
        .map(|k| {
            let (i, j) = (area.column(k % area.nx, l), area.south + k / area.nx);
            f64::from(u8::from(grid.depth_m(i, j).is_some()))
        })
        .collect();
    // Volumes in metres times the width of a cell; the height of cells is the same everywhere.
    let mut volume = vec![0.0f64; area.nx * area.ny];
    let mut kernels: HashMap<(i32, i32), Kernel> = HashMap::new();
    let class = |x: f64, step: f64| (x.ln() / step.ln()).round() as i32;
    for (r, row) in patch.rows().enumerate() {
        let j = patch.j0 + r;
        let (east_m, north_m) = l.spacing_m(j);
        let width = class(east_m, WIDTH_STEP);
        for (c, &metres) in row.iter().enumerate() {
            let Some(depth) = depth_m(grid, patch.i0 + c, j).filter(|_| metres != 0.0) else {
                continue;
            };
            let depth = class(depth, DEPTH_STEP);
            let kernel = kernels.entry((depth, width)).or_insert_with(|| {
                Kernel::new(DEPTH_STEP.powi(depth), WIDTH_STEP.powi(width), north_m)
            });
            let here = (area.margin_west + c, j.saturating_sub(area.south));
            kernel.spread(&area, here, &wet, f64::from(metres) * east_m, &mut volume);
        }
    }
    let metres = volume
        .iter()
        .enumerate()
        .map(|(k, v)| (v / l.spacing_m(area.south + k / area.nx).0) as f32)
        .collect();
    Patch {
        i0: area.column(0, l),
        j0: area.south,
        nx: area.nx,
        ny: area.ny,
        metres,
    }
}

/// The cells that a patch's volume may reach.
struct Area {
    /// Westmost column, which may be negative on a periodic lattice.
    west: i64,
    south: usize,
    nx: usize,
    ny: usize,
    /// Columns west of the patch.
    margin_west: usize,
    /// All of a periodic lattice: what leaves on one side comes in on the other.
    closed: bool,
}

impl Area {
    fn round(patch: &Patch, grid: &Grid) -> Area {
        let l = grid.lattice();
        let reach = REACH * deepest(patch, grid);
        let cells = |cell_m: f64| ((reach / cell_m).ceil() as usize).min(CELLS_MAX);
        let (_, north_m) = l.spacing_m(patch.j0);
        let grow_y = cells(north_m);
        let east_m = (patch.j0..(patch.j0 + patch.ny).min(l.ny()))
            .map(|j| l.spacing_m(j).0)
            .fold(f64::INFINITY, f64::min);
        let grow_x = cells(east_m);
        let south = patch.j0.saturating_sub(grow_y);
        let ny = (patch.j0 + patch.ny + grow_y)
            .min(l.ny())
            .saturating_sub(south);
        let (margin_west, nx) = if l.is_periodic() {
            let nx = (patch.nx + 2 * grow_x).min(l.nx());
            (nx.saturating_sub(patch.nx) / 2, nx)
        } else {
            let margin = grow_x.min(patch.i0);
            let end = (patch.i0 + patch.nx + grow_x).min(l.nx());
            (margin, end.saturating_sub(patch.i0 - margin))
        };
        Area {
            west: patch.i0 as i64 - margin_west as i64,
            south,
            nx,
            ny,
            margin_west,
            closed: l.is_periodic() && nx == l.nx(),
        }
    }

    fn column(&self, x: usize, l: &Lattice) -> usize {
        (self.west + x as i64).rem_euclid(l.nx() as i64) as usize
    }
}

impl Kernel {
    /// Spreads a volume from a cell of the area (column, row) over the wet cells round it.
    fn spread(&self, area: &Area, here: (usize, usize), wet: &[f64], give: f64, to: &mut [f64]) {
        let total: f64 = self
            .pieces(area, here)
            .map(|(at, share)| {
                let wet = &wet[at..at + share.len()];
                share.iter().zip(wet).map(|(s, w)| s * w).sum::<f64>()
            })
            .sum();
        let factor = give / total;
        for (at, share) in self.pieces(area, here) {
            let n = share.len();
            for ((to, s), w) in to[at..at + n].iter_mut().zip(share).zip(&wet[at..at + n]) {
                *to += factor * s * w;
            }
        }
    }

    /// The rows of the kernel round a cell as far as they lie in the area: where each begins there, and its shares. A closed area
    /// takes rows apart at its seam.
    fn pieces<'k>(
        &'k self,
        area: &'k Area,
        (x, y): (usize, usize),
    ) -> impl Iterator<Item = (usize, &'k [f64])> {
        let width = 2 * self.across + 1;
        self.share
            .chunks_exact(width)
            .enumerate()
            .filter_map(move |(k, row)| {
                let to = (y + k).checked_sub(self.along)?;
                (to < area.ny).then_some((to * area.nx, row))
            })
            .flat_map(move |(start, row)| {
                let west = x as i64 - self.across as i64;
                let turns: &[i64] = if area.closed { &[-1, 0, 1] } else { &[0] };
                turns.iter().filter_map(move |turn| {
                    let first = west + turn * area.nx as i64;
                    let skip = usize::try_from(-first).unwrap_or(0);
                    let at = usize::try_from(first).unwrap_or(0);
                    let n = row
                        .len()
                        .saturating_sub(skip)
                        .min(area.nx.saturating_sub(at));
                    (n > 0).then(|| (start + at, &row[skip..skip + n]))
                })
            })
    }
}

/// Depth of a wet cell, metres; columns run on round a periodic lattice.
fn depth_m(grid: &Grid, i: usize, j: usize) -> Option<f64> {
    let l = grid.lattice();
    let i = if l.is_periodic() { i % l.nx() } else { i };
    grid.depth_m(i, j)
}

/// The deepest cell that moves, metres, and a little more: a class of depths may be deeper than its members.
fn deepest(patch: &Patch, grid: &Grid) -> f64 {
    let mut deepest = 0.0f64;
    for (r, row) in patch.rows().enumerate() {
        for (c, _) in row.iter().enumerate().filter(|(_, m)| **m != 0.0) {
            deepest = deepest.max(depth_m(grid, patch.i0 + c, patch.j0 + r).unwrap_or(0.0));
        }
    }
    deepest * DEPTH_STEP
}
