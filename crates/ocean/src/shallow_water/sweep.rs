//! The order in which rows and time steps are taken: several steps in one pass over memory, several bands of
//! rows at once.
//!
//! One step of row `r` is three operations: fluxes east of row `r`, fluxes north of it, heights. The fluxes
//! need heights of rows `r` and `r + 1` (and with Coriolis each other's of rows `r - 1` to `r + 1`), the
//! heights the fluxes of rows `r - 1` and `r`. A sweep northward can therefore do the next step of row `r -
//! 1` as soon as row `r` has done this one: `levels` steps go together, each one row behind the step before,
//! and the few rows between them stay in the cache (time skewing, Wolf & Lam 1991; McCalpin & Wonnacott
//! 1999).
//!
//! A band of rows `a..b` that knows nothing of its neighbours can at level `k` (from 0) do fluxes east of
//! `a+1+k .. b-k`, fluxes north of `a+1+k .. b-1-k` and heights of `a+2+k .. b-1-k`. What it leaves at a
//! border `b` is then done level by level: fluxes east of `b-k .. b+1+k`, north of `b-1-k .. b+1+k`, heights
//! of `b-1-k .. b+2+k`. Fields are updated in place: a number is overwritten at level `k` only where no
//! neighbour still waits for the old one, because heights and fluxes are half a step and half a row apart,
//! and the borders recede one row a step.
//!
//! With dispersion the fluxes are driven by heights spread over the neighbouring rows: a fourth operation,
//! which needs heights of rows `r - 1` to `r + 1` and goes first. Everything then recedes two rows a step:
//! with `A = a + 2k` and `B = b - 2k` the spreading and the fluxes east are done for `A+1 .. B-1`, fluxes
//! north for `A+1 .. B-2`, heights for `A+2 .. B-2`.

use super::kernel;
use super::model::Model;
use crate::motion::Patch;

/// Parts of a stored row: heights, eastward fluxes, northward fluxes; with dispersion the heights that drive
/// either flux; last the largest heights, where they are kept.
pub(super) fn parts(model: &Model, maxima: bool) -> usize {
    3 + if model.settings.dispersion { 2 } else { 0 } + usize::from(maxima)
}

/// Rows by which a step reaches out.
pub(super) fn slope(model: &Model) -> usize {
    if model.settings.dispersion { 2 } else { 1 }
}

/// Where the heights of one row are listened to.
#[derive(Debug, Clone, Default)]
pub(super) struct Tap {
    /// Stored columns.
    pub columns: Vec<u32>,
    /// Heights of these columns, step by step, since the block began.
    pub heights: Vec<f32>,
}

/// A displacement on its way up: metres at sea, and the part that comes up at each level of a block.
#[derive(Debug, Clone)]
pub(super) struct Lift<'a> {
    pub patch: &'a Patch,
    pub part: Vec<f32>,
}

/// What all bands of a block share.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub model: &'a Model,
    /// Parts of a stored row.
    pub parts: usize,
    /// Columns that are computed, first and one past the last, by stored row.
    pub spans: &'a [(u32, u32)],
    pub lifts: &'a [Lift<'a>],
    /// Time steps of the block.
    pub levels: usize,
    /// Levels after which the largest heights are looked at, one bit each.
    pub look: u64,
    /// Fluxes only: heights stay.
    pub fluxes: bool,
}

/// Which operations of a block.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    /// Rows `a..b`, of which the outermost are not touched at a straight end: nothing moves there, or they
    /// lie outside the grid.
    Inside {
        a: usize,
        b: usize,
        straight: [bool; 2],
    },
    /// What two bands leave round their border `b`.
    Border { b: usize },
}

/// Rows that one thread has to itself, and what it does there.
pub(super) struct Band<'a> {
    pub block: Block<'a>,
    pub work: Work,
    /// Stored row that `rows` and `taps` begin with.
    pub base: usize,
    pub rows: &'a mut [f32],
    pub taps: &'a mut [Tap],
}

/// Rows of each operation at one level: first and one past the last.
struct Ranges {
    spread: (usize, usize),
    east: (usize, usize),
    north: (usize, usize),
    height: (usize, usize),
}

impl Work {
    /// See the module header. A straight south end at `a` does fluxes north of row `a` and the rest from row
    /// `a + 1` on.
    #[inline(always)]
    fn at(&self, k: usize, slope: usize) -> Ranges {
        let wide = usize::from(slope == 2);
        let k = k * slope;
        match *self {
            Work::Inside { a, b, straight } => {
                let [south, north] = straight.map(usize::from);
                let from = a + 1 + k * (1 - south);
                let to = (b - 1).saturating_sub(k * (1 - north));
                let (ragged_south, ragged_north) = (1 - south, 1 - north);
                Ranges {
                    spread: (from, to),
                    east: (from, to + ragged_north * (1 - wide)),
                    north: (from - south, to.saturating_sub(ragged_north * wide)),
                    height: (from + ragged_south, to.saturating_sub(ragged_north * wide)),
                }
            }
            Work::Border { b } => Ranges {
                spread: (b - k - 1, b + 1 + k),
                east: (b - k - wide, b + 1 + k),
                north: (b - 1 - k - wide, b + 1 + k),
                height: (b - 1 - k - wide, b + 2 + k),
            },
        }
    }
}

impl pulp::NullaryFnOnce for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let levels = self.block.levels;
        let slope = slope(self.block.model);
        match self.work {
            Work::Inside { a, b, .. } => {
                for front in a..b + levels * slope {
                    for k in 0..levels.min((front - a) / slope + 1) {
                        self.step(front - k * slope, k);
                    }
                }
            }
            Work::Border { .. } => {
                for k in 0..levels {
                    let ranges = self.work.at(k, slope);
                    // The row before the first fluxes north brings the spreading and the fluxes east that
                    // these need.
                    for row in ranges.north.0..ranges.height.1 {
                        self.step(row, k);
                    }
                }
            }
        }
    }
}

impl Band<'_> {
    /// Level `k` at `row`: fluxes east of the next row, which still need the old ones north of both, then the
    /// rest of this row.
    #[inline(always)]
    fn step(&mut self, row: usize, k: usize) {
        let slope = slope(self.block.model);
        let ranges = self.work.at(k, slope);
        let within = |(from, to): (usize, usize), row| from <= row && row < to;
        if slope == 2 && within(ranges.spread, row + 1) {
            self.spread(row + 1);
        }
        if within(ranges.east, row + 1) {
            self.east(row + 1);
        }
        if within(ranges.north, row) {
            self.north(row);
        }
        if within(ranges.height, row) && !self.block.fluxes {
            self.height(row, k);
        }
    }

    #[inline(always)]
    fn span(&self, row: usize) -> (usize, usize) {
        let (from, to) = self.block.spans[row];
        (from as usize, to as usize)
    }

    /// Row `row` and the one below it, when this band has it.
    #[inline(always)]
    fn with_south(&mut self, row: usize) -> (Option<&mut [f32]>, &mut [f32]) {
        let size = self.block.model.width * self.block.parts;
        let at = (row - self.base) * size;
        let (south, here) = self.rows.split_at_mut(at);
        (
            at.checked_sub(size).map(|from| &mut south[from..]),
            &mut here[..size],
        )
    }

    #[inline(always)]
    fn spread(&mut self, row: usize) {
        let (a, b) = self.span(row);
        if a >= b {
            return;
        }
        let block = self.block;
        let model = block.model;
        let Some(dispersion) = &model.dispersion else {
            return;
        };
        let (w, nx) = (model.width, model.lattice.nx());
        let size = w * block.parts;
        let at = (row - self.base) * size;
        let (below, rest) = self.rows.split_at_mut(at);
        let (here, above) = rest.split_at_mut(size);
        let (eta, fluxes) = here.split_at_mut(w);
        let (zm, zn) = fluxes[2 * w..4 * w].split_at_mut(w);
        if model.lattice.is_periodic() {
            (eta[0], eta[nx + 1]) = (eta[nx], eta[1]);
        }
        let first = row * w + a;
        let c = kernel::Spread {
            cx: &model.cx[first - 1..],
            cy: [&model.cy[first - w..], &model.cy[first..]],
            secant: model.secant[row],
            whole: &dispersion.whole[first..],
            own: [&dispersion.own[0][first..], &dispersion.own[1][first..]],
        };
        let south = &below[at - size + a..];
        kernel::spread(
            &mut zm[a..b],
            &mut zn[a..b],
            south,
            &eta[a - 1..],
            &above[a..],
            c,
        );
        if model.lattice.is_periodic() {
            zm[nx + 1] = zm[1];
        }
    }

    #[inline(always)]
    fn east(&mut self, row: usize) {
        let (a, b) = self.span(row);
        if a >= b {
            return;
        }
        let model = self.block.model;
        let (w, nx) = (model.width, model.lattice.nx());
        let periodic = model.lattice.is_periodic();
        let (south, here) = self.with_south(row);
        let (eta, fluxes) = here.split_at_mut(w);
        let (m, n) = fluxes.split_at_mut(w);
        let (n, spread) = n.split_at_mut(w);
        if periodic {
            (eta[0], eta[nx + 1]) = (eta[nx], eta[1]);
        }
        let c = &model.cx[row * w..][..w];
        if let (true, Some(south)) = (model.settings.coriolis, south) {
            let below = &mut south[2 * w..];
            if periodic {
                below[nx + 1] = below[1];
                n[nx + 1] = n[1];
            }
            kernel::turn_east(
                &mut m[a..b],
                &below[a..],
                &n[a..],
                &c[a..],
                model.turn[row][0],
            );
        }
        let driving = if model.settings.dispersion {
            &spread[a..]
        } else {
            &eta[a..]
        };
        kernel::east(&mut m[a..b], driving, &c[a..]);
        if periodic {
            m[0] = m[nx];
            return;
        }
        let [west, east] = model.sides[row];
        if a == 1 {
            m[0] = -(west[0] * eta[1] + west[1] * eta[0]);
            eta[0] = eta[1];
        }
        if b == nx + 1 {
            m[nx] = east[0] * eta[nx] + east[1] * eta[nx + 1];
            eta[nx + 1] = eta[nx];
        }
    }

    #[inline(always)]
    fn north(&mut self, row: usize) {
        let model = self.block.model;
        let (w, ny) = (model.width, model.lattice.ny());
        // The outer faces belong to the edge rows of the grid.
        let (a, b) = self.span(row.max(1));
        if a >= b {
            return;
        }
        let (Some(here), above) = self.with_south(row + 1) else {
            return;
        };
        let (eta, fluxes) = here.split_at_mut(w);
        let (m, n) = fluxes.split_at_mut(w);
        if row == 0 || row == ny {
            let [now, before] = &model.ends[usize::from(row == ny)];
            let (inside, outside, sign) = if row == 0 {
                (&above[..w], eta, -1.0)
            } else {
                (&*eta, &mut above[..w], 1.0)
            };
            for i in a..b {
                n[i] = sign * (now[i] * inside[i] + before[i] * outside[i]);
                outside[i] = inside[i];
            }
            return;
        }
        let c = &model.cy[row * w..][..w];
        if model.settings.coriolis {
            let (m, above) = (&m[a - 1..], &above[w + a - 1..]);
            kernel::turn_north(&mut n[a..b], m, above, &c[a..], model.turn[row][1]);
        }
        if model.settings.dispersion {
            let (n, spread) = n.split_at_mut(w);
            let (here, above) = (&spread[w + a..], &above[4 * w + a..]);
            kernel::north(&mut n[a..b], here, above, &c[a..]);
        } else {
            kernel::north(&mut n[a..b], &eta[a..], &above[a..], &c[a..]);
        }
    }

    #[inline(always)]
    fn height(&mut self, row: usize, k: usize) {
        let model = self.block.model;
        let w = model.width;
        let (a, b) = self.span(row);
        let block = self.block;
        let base = self.base;
        if a < b {
            let (Some(south), here) = self.with_south(row) else {
                return;
            };
            let (eta, fluxes) = here.split_at_mut(w);
            let (m, n) = fluxes.split_at_mut(w);
            let below = &south[2 * w + a..];
            kernel::height(
                &mut eta[a..b],
                &m[a - 1..],
                below,
                &n[a..],
                model.secant[row],
            );
            for lift in block.lifts {
                lift.raise(eta, row, lift.part[k], model);
            }
            if block.look >> k & 1 == 1 {
                let max = &mut n[(block.parts - 3) * w..];
                kernel::highest(&mut max[a..b], &eta[a..b]);
            }
        }
        let tap = &mut self.taps[row - base];
        if !tap.columns.is_empty() {
            let eta = &self.rows[(row - base) * w * block.parts..][..w];
            for &i in &tap.columns {
                tap.heights.push(eta[i as usize]);
            }
        }
    }
}

impl Lift<'_> {
    /// Raises the surface of one stored row.
    #[inline(always)]
    pub(super) fn raise(&self, eta: &mut [f32], row: usize, part: f32, model: &Model) {
        let Patch { i0, j0, nx, ny, .. } = *self.patch;
        if part == 0.0 || nx == 0 || row <= j0 || row > j0 + ny {
            return;
        }
        let metres = &self.patch.metres[(row - 1 - j0) * nx..][..nx];
        let columns = model.lattice.nx();
        // Up to the eastern edge, and on a periodic grid what goes on at the western one.
        let first = nx.min(columns - i0);
        for (to, metres) in [(i0, &metres[..first]), (0, &metres[first..])] {
            for (eta, &metres) in eta[to + 1..].iter_mut().zip(metres) {
                *eta += part * metres;
            }
        }
    }
}
