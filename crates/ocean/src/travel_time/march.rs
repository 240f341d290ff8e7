//! The march itself: seeds, upwind updates, acceptance.

use super::field::Field;
use crate::grid::Grid;
use crate::heap::Front;
use crate::lattice::{Cell, Lattice};
use crate::sphere::{distance_km, long_wave_speed_m_s};

/// Shallowest depth that is counted, metres: 9.9 m/s. See the module header.
pub const MIN_DEPTH_M: f64 = 10.0;
/// Cells round the source that get straight-line times, in cells along each axis.
pub const SEED_CELLS: usize = 6;
/// A source of fewer cells counts as a point. A larger one has a front flat enough for second order from its edge; the
/// two-point difference there would make real shelves 20 s late (against the same medium on a grid nine times finer).
const POINT_CELLS: usize = 9;

/// Why no field could be solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TravelTimeError {
    /// The source has no cells.
    #[error("the source has no cells")]
    EmptySource,
    /// A source cell is not on the grid.
    #[error("source cell ({i}, {j}) lies outside the grid of {nx} x {ny} cells")]
    Outside {
        /// Column asked for.
        i: usize,
        /// Row asked for.
        j: usize,
        /// Columns of the grid.
        nx: usize,
        /// Rows of the grid.
        ny: usize,
    },
    /// Every source cell is on land.
    #[error("all {0} source cells are on land")]
    DrySource(usize),
}

/// Arrival times from a source: zero on its cells below sea level; its cells on land are passed over.
///
/// # Errors
/// [`TravelTimeError`] when the source is empty, leaves the grid, or is wholly on land.
pub fn solve(grid: &Grid, source: &[Cell]) -> Result<Field, TravelTimeError> {
    let lattice = *grid.lattice();
    if source.is_empty() {
        return Err(TravelTimeError::EmptySource);
    }
    let mut march = March::new(grid);
    let mut seeds = Vec::new();
    for &cell in source {
        let Some(k) = lattice.index(cell) else {
            let (nx, ny) = (lattice.nx, lattice.ny);
            return Err(TravelTimeError::Outside {
                i: cell.i,
                j: cell.j,
                nx,
                ny,
            });
        };
        if march.slowness[k].is_finite() && march.seconds[k] != 0.0 {
            march.seconds[k] = 0.0;
            march.front.offer(k as u32, 0.0);
            seeds.push(k);
        }
    }
    if seeds.is_empty() {
        return Err(TravelTimeError::DrySource(source.len()));
    }
    for &k in &seeds {
        march.seed_round(lattice.cell(k));
    }
    if seeds.len() >= POINT_CELLS {
        march.seeded.fill(false);
    }
    march.run();
    let seconds = march.seconds.into_iter().map(|s| s as f32).collect();
    Ok(Field { lattice, seconds })
}

/// The four neighbours of a cell: columns east, rows north.
const SIDES: [(isize, isize); 4] = [(1, 0), (-1, 0), (0, 1), (0, -1)];

/// One side of one axis, seen from a cell: time and slope factor of the upwind difference.
#[derive(Clone, Copy)]
struct Upwind {
    /// Time of the adjacent cell, seconds.
    near: f64,
    /// Second order: (4 near - far) / 3; first order: near.
    origin: f64,
    /// Second order: 1.5 / spacing; first order: 1 / spacing. Per metre.
    rate: f64,
    /// Spacing, metres.
    metres: f64,
    /// Slowness of the adjacent cell, seconds per metre.
    slowness: f64,
}

struct March {
    lattice: Lattice,
    /// Seconds per metre; infinite on land.
    slowness: Vec<f64>,
    /// Tentative until accepted; infinite until touched.
    seconds: Vec<f64>,
    accepted: Vec<bool>,
    /// Cells with a straight-line time from a source of under [`POINT_CELLS`]. There the three-point difference would
    /// undershoot by 3 % (the front curves within its reach), so they are only ever improved by the two-point one.
    seeded: Vec<bool>,
    front: Front,
    /// West-east spacing of each row, metres, and the common south-north spacing.
    east_m: Vec<f64>,
    north_m: f64,
}

impl March {
    fn new(grid: &Grid) -> Self {
        let lattice = *grid.lattice();
        let slowness = grid
            .z()
            .iter()
            .map(|&z| {
                if z < 0.0 {
                    1.0 / long_wave_speed_m_s((-f64::from(z)).max(MIN_DEPTH_M))
                } else {
                    f64::INFINITY
                }
            })
            .collect();
        March {
            lattice,
            slowness,
            seconds: vec![f64::INFINITY; lattice.len()],
            accepted: vec![false; lattice.len()],
            seeded: vec![false; lattice.len()],
            front: Front::new(lattice.len()),
            east_m: (0..lattice.ny).map(|j| lattice.spacing_m(j).0).collect(),
            north_m: lattice.spacing_m(0).1,
        }
    }

    /// The cell `di` columns east and `dj` rows north, or `None` beyond the grid.
    fn shifted(&self, from: Cell, di: isize, dj: isize) -> Option<Cell> {
        let l = &self.lattice;
        let j = from.j.checked_add_signed(dj).filter(|&j| j < l.ny)?;
        let i = from.i as isize + di;
        if (0..l.nx as isize).contains(&i) {
            return Some(Cell { i: i as usize, j });
        }
        let i = i.rem_euclid(l.nx as isize) as usize;
        l.periodic.then_some(Cell { i, j })
    }

    fn index(&self, cell: Cell) -> usize {
        cell.j * self.lattice.nx + cell.i
    }

    /// Offers straight-line times to the cells round a source cell that lies on the source's edge.
    fn seed_round(&mut self, from: Cell) {
        let inside = SIDES.iter().all(|&(di, dj)| {
            self.shifted(from, di, dj)
                .is_none_or(|n| self.seconds[self.index(n)] == 0.0)
        });
        if inside {
            return;
        }
        // As far eastward as northward, in metres: columns crowd together toward the poles.
        let reach = SEED_CELLS as isize;
        let aspect = (self.north_m / self.east_m[from.j]).clamp(1.0, 4.0);
        let columns = (SEED_CELLS as f64 * aspect).ceil() as isize;
        for dj in -reach..=reach {
            for di in -columns..=columns {
                let Some(to) = self.shifted(from, di, dj) else {
                    continue;
                };
                let n = self.index(to);
                if self.seconds[n] == 0.0 || !self.slowness[n].is_finite() {
                    continue;
                }
                let line = self.straight_line(from, di, dj);
                if let Some(s) = line.filter(|&s| s < self.seconds[n]) {
                    self.seconds[n] = s;
                    self.seeded[n] = true;
                    self.front.offer(n as u32, s);
                }
            }
        }
    }

    /// Seconds along the straight line to the cell (`di`, `dj`) away; `None` where it crosses land.
    fn straight_line(&self, from: Cell, di: isize, dj: isize) -> Option<f64> {
        // The mean slowness of the cells on the way, those at the ends counted half.
        let steps = di.abs().max(dj.abs());
        let mut sum = 0.0;
        for s in 0..=steps {
            let part = |d: isize| (d as f64 * s as f64 / steps as f64).round() as isize;
            let slowness = self.slowness[self.index(self.shifted(from, part(di), part(dj))?)];
            if !slowness.is_finite() {
                return None;
            }
            let end = s == 0 || s == steps;
            sum += if end { 0.5 * slowness } else { slowness };
        }
        let l = &self.lattice;
        let (lat, lat_to) = (l.lat(from.j), l.lat(from.j.checked_add_signed(dj)?));
        Some(distance_km(lat, 0.0, lat_to, di as f64 * l.dlon) * 1e3 * sum / steps as f64)
    }

    fn run(&mut self) {
        while let Some((_, k)) = self.front.pop() {
            let k = k as usize;
            self.accepted[k] = true;
            let here = self.lattice.cell(k);
            for (di, dj) in SIDES {
                let Some(to) = self.shifted(here, di, dj) else {
                    continue;
                };
                let n = self.index(to);
                if self.accepted[n] || !self.slowness[n].is_finite() {
                    continue;
                }
                let metres = if di == 0 {
                    self.north_m
                } else {
                    self.east_m[to.j]
                };
                // Straight from each neighbour in its turn: nobody waits longer than that, and it is what is left when
                // the fronts disagree. The mean slowness of the two cells matters: with the new cell's own, a wave
                // into deepening water ran 0.3 % early.
                let straight =
                    self.seconds[k] + 0.5 * (self.slowness[n] + self.slowness[k]) * metres;
                let s = self.upwind_time(to).map_or(straight, |s| s.min(straight));
                if s < self.seconds[n] {
                    self.seconds[n] = s;
                    self.front.offer(n as u32, s);
                }
            }
        }
    }

    /// The upwind side of one axis: the earlier of the two accepted neighbours, if there is one.
    fn upwind(&self, at: Cell, di: isize, dj: isize, metres: f64) -> Option<Upwind> {
        let accepted = |di, dj| {
            let n = self.index(self.shifted(at, di, dj)?);
            self.accepted[n].then_some(n)
        };
        let (near, sign) = match (accepted(di, dj), accepted(-di, -dj)) {
            (Some(p), Some(m)) if self.seconds[m] < self.seconds[p] => (m, -1),
            (Some(p), _) => (p, 1),
            (None, Some(m)) => (m, -1),
            (None, None) => return None,
        };
        let (near, slowness) = (self.seconds[near], self.slowness[near]);
        let base = Upwind {
            near,
            origin: near,
            rate: 1.0 / metres,
            metres,
            slowness,
        };
        // The three-point difference needs the farther cell to be farther upwind as well, and off the source's flat
        // top, from which it would start a third of a cell early.
        let far = if self.seeded[self.index(at)] || near == 0.0 {
            None
        } else {
            accepted(2 * sign * di, 2 * sign * dj)
        };
        let far = far.map(|m| self.seconds[m]).filter(|&far| far <= near);
        Some(far.map_or(base, |far| Upwind {
            origin: (4.0 * near - far) / 3.0,
            rate: 1.5 / metres,
            ..base
        }))
    }

    /// The time of a cell by upwind differences along both axes; `None` where they give no solution. One axis alone
    /// is the straight way, which [`March::run`] has.
    fn upwind_time(&self, at: Cell) -> Option<f64> {
        let s = self.slowness[self.index(at)];
        let x = self.upwind(at, 1, 0, self.east_m[at.j])?;
        let y = self.upwind(at, 0, 1, self.north_m)?;
        both_axes(x, y, s).or_else(|| {
            let mean = 0.5 * s + 0.25 * (x.slowness + y.slowness);
            both_axes(x.two_point(), y.two_point(), mean)
        })
    }
}

impl Upwind {
    fn two_point(self) -> Self {
        Upwind {
            origin: self.near,
            rate: 1.0 / self.metres,
            ..self
        }
    }
}

/// The later root of (rate_x (t - x))^2 + (rate_y (t - y))^2 = slowness^2, when it is later than both neighbours.
fn both_axes(x: Upwind, y: Upwind, slowness: f64) -> Option<f64> {
    let (a, b) = (x.rate * x.rate, y.rate * y.rate);
    // Centred on the weighted mean of the origins, the equation has no linear term and nothing cancels.
    let mean = (a * x.origin + b * y.origin) / (a + b);
    let gap = x.origin - y.origin;
    let square = slowness * slowness - a * b / (a + b) * gap * gap;
    if square < 0.0 {
        return None;
    }
    let t = mean + (square / (a + b)).sqrt();
    (t >= x.near && t >= y.near).then_some(t)
}
