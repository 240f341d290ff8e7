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
use crate::motion::Patch;

/// How far the kernel is followed, depths. What is beyond is 4e-4 of the volume, and goes to the rest.
const REACH: f64 = 6.0;
/// Entries of the table per depth of distance.
const PER_DEPTH: usize = 32;
/// Depths are told apart by this factor.
const DEPTH_STEP: f64 = 1.03;
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
        let mut share = Vec::with_capacity((2 * across + 1) * (2 * along + 1));
        for y in -(along as i64)..=along as i64 {
            for x in -(across as i64)..=across as i64 {
                share.push(mean(x.abs() as f64, y.abs() as f64));
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
    let wet_depth = |i: usize, j: usize| grid.depth_m(i, j);
    let column = |i: i64| {
        if l.is_periodic() {
            Some(i.rem_euclid(l.nx() as i64) as usize)
        } else {
            usize::try_from(i).ok().filter(|&i| i < l.nx())
        }
    };
    let deepest = deepest(patch, grid);
    let (_, north_m) = l.spacing_m(patch.j0);
    let grow_y = ((REACH * deepest / north_m).ceil() as usize).min(CELLS_MAX);
    let east_m = (patch.j0..(patch.j0 + patch.ny).min(l.ny()))
        .map(|j| l.spacing_m(j).0)
        .fold(f64::INFINITY, f64::min);
    let grow_x = ((REACH * deepest / east_m).ceil() as usize).min(CELLS_MAX);
    let south = patch.j0.saturating_sub(grow_y);
    let north = (patch.j0 + patch.ny + grow_y).min(l.ny());
    let (west, nx) = if l.is_periodic() {
        let nx = (patch.nx + 2 * grow_x).min(l.nx());
        (patch.i0 as i64 - ((nx - patch.nx.min(nx)) / 2) as i64, nx)
    } else {
        let west = patch.i0.saturating_sub(grow_x);
        (
            west as i64,
            (patch.i0 + patch.nx + grow_x).min(l.nx()) - west,
        )
    };
    let ny = north - south;
    let turn = if l.is_periodic() {
        l.nx() as i64
    } else {
        i64::MAX
    };
    // Volumes in metres times the width of a cell; the height of cells is the same everywhere.
    let mut volume = vec![0.0f64; nx * ny];
    let mut wet: Vec<(usize, f64)> = Vec::new();
    for (r, row) in patch.rows().enumerate() {
        let j = patch.j0 + r;
        let (east_m, _) = l.spacing_m(j);
        let mut kernels: HashMap<i32, Kernel> = HashMap::new();
        for (c, &metres) in row.iter().enumerate() {
            let Some(i) = column((patch.i0 + c) as i64) else {
                continue;
            };
            let Some(depth) = wet_depth(i, j).filter(|_| metres != 0.0) else {
                continue;
            };
            let class = (depth.ln() / DEPTH_STEP.ln()).round() as i32;
            let kernel = kernels
                .entry(class)
                .or_insert_with(|| Kernel::new(DEPTH_STEP.powi(class), east_m, north_m));
            wet.clear();
            let width = 2 * kernel.across + 1;
            for (k, &share) in kernel.share.iter().enumerate() {
                let to = (j + k / width)
                    .checked_sub(kernel.along)
                    .filter(|to| (south..north).contains(to));
                let x = (patch.i0 + c + k % width) as i64 - kernel.across as i64;
                if let (Some(to), Some(i)) = (to, column(x))
                    && wet_depth(i, to).is_some()
                {
                    // On a periodic grid `x` may count from the other side of the seam.
                    let at = (x - west).rem_euclid(turn) as usize;
                    if at < nx {
                        wet.push(((to - south) * nx + at, share));
                    }
                }
            }
            let total: f64 = wet.iter().map(|w| w.1).sum();
            let give = f64::from(metres) * east_m / total;
            wet.iter()
                .for_each(|&(at, share)| volume[at] += give * share);
        }
    }
    let metres = volume
        .iter()
        .enumerate()
        .map(|(k, v)| (v / l.spacing_m(south + k / nx).0) as f32)
        .collect();
    Patch {
        i0: column(west).unwrap_or(patch.i0),
        j0: south,
        nx,
        ny,
        metres,
    }
}

fn deepest(patch: &Patch, grid: &Grid) -> f64 {
    let l = grid.lattice();
    let mut deepest = 0.0f64;
    for (r, row) in patch.rows().enumerate() {
        for (c, _) in row.iter().enumerate().filter(|(_, m)| **m != 0.0) {
            let i = (patch.i0 + c) % l.nx();
            deepest = deepest.max(grid.depth_m(i, patch.j0 + r).unwrap_or(0.0));
        }
    }
    // A class of depths may be deeper than its members.
    deepest * DEPTH_STEP
}
