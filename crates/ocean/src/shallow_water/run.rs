//! The fields of one simulation, and which part of them moves.

use super::model::Model;
use super::sweep::{self, Band, Block, Lift, Tap, Work};
use crate::lattice::Cell;
use crate::motion::Patch;

/// Most time steps in one pass over memory.
pub const LEVELS: usize = 16;
/// Bytes of a core's own cache that the rows of a pass may take: three quarters of the 512 KiB that common
/// processors have at least.
const CACHE_BYTES: usize = 384 * 1024;

/// Heights and fluxes of one simulation, at rest to begin with.
#[derive(Debug, Clone)]
pub struct Run<'m> {
    model: &'m Model,
    /// Whether the largest heights are kept.
    maxima: bool,
    /// Row by row the parts of [`sweep::parts`].
    rows: Vec<f32>,
    /// Columns outside which heights are zero, first and one past the last, by stored row.
    moving: Vec<(u32, u32)>,
    /// Who listens, by stored row.
    pub(super) taps: Vec<Tap>,
    steps: u64,
}

/// No columns.
const NONE: (u32, u32) = (u32::MAX, 0);

impl<'m> Run<'m> {
    /// Still water at the origin time.
    pub fn new(model: &'m Model) -> Self {
        Run::with(model, false)
    }

    /// Still water, with room for the largest heights.
    pub(super) fn with_maxima(model: &'m Model) -> Self {
        Run::with(model, true)
    }

    fn with(model: &'m Model, maxima: bool) -> Self {
        Run {
            model,
            maxima,
            rows: vec![0.0; model.rows() * model.width * sweep::parts(model, maxima)],
            moving: vec![NONE; model.rows()],
            taps: vec![Tap::default(); model.rows()],
            steps: 0,
        }
    }

    /// Adds a displacement times `factor` to the surface: at the origin before the first step, later half a
    /// step before the time reached, since fluxes live between the steps. Cells on land and off the grid are
    /// passed over; columns of a periodic grid go round. Values that are not finite are the caller's to
    /// refuse: they spread.
    pub fn add(&mut self, patch: &Patch, factor: f32) {
        let lattice = &self.model.lattice;
        for (b, row) in patch.rows().take(patch.ny).enumerate() {
            for (a, &metres) in row.iter().enumerate() {
                let i = patch.i0 + a;
                let i = if lattice.is_periodic() {
                    i % lattice.nx()
                } else {
                    i
                };
                self.add_cell(Cell { i, j: patch.j0 + b }, metres * factor);
            }
        }
    }

    /// Adds metres to the height of one cell, in time as [`Run::add`]; nothing happens on land and off the
    /// grid.
    pub fn add_cell(&mut self, cell: Cell, metres: f32) {
        if self.model.is_sea(cell) && metres != 0.0 {
            let at = self.at(cell.j) + cell.i;
            self.rows[at] += metres;
            self.stir(cell.j + 1, cell.i as u32 + 1, cell.i as u32 + 2);
        }
    }

    /// Steps forward, in the current rayon pool.
    pub fn advance(&mut self, steps: usize) {
        self.start();
        let mut left = steps;
        while left > 0 {
            let levels = left.min(self.levels());
            self.block(levels, &[], 0);
            left -= levels;
        }
    }

    /// Puts the fluxes, which live half a step before the heights, where water at rest at the origin has
    /// them: the opposite of half a step's push. Left at zero they would make everything half a step early.
    /// Does nothing after the first step.
    pub(super) fn start(&mut self) {
        if self.steps > 0 {
            return;
        }
        self.pass(1, &[], 0, true);
        let (w, size) = (self.model.width, self.size());
        for row in self.rows.chunks_exact_mut(size) {
            row[w..3 * w].iter_mut().for_each(|flux| *flux *= -0.5);
        }
    }

    /// Seconds since the origin.
    pub fn seconds(&self) -> f64 {
        self.steps as f64 * self.model.dt_s
    }

    /// Height of a cell in metres; zero on land and off the grid.
    pub fn height_m(&self, cell: Cell) -> f32 {
        self.row(cell.j).get(cell.i).copied().unwrap_or(0.0)
    }

    /// Heights of row `j` in metres, west to east, zero on land; empty when there is no such row.
    pub fn row(&self, j: usize) -> &[f32] {
        if j >= self.model.lattice.ny() {
            return &[];
        }
        &self.rows[self.at(j)..][..self.model.lattice.nx()]
    }

    /// Largest heights of row `j` so far; empty when none are kept.
    pub(super) fn highest(&self, j: usize) -> &[f32] {
        if !self.maxima {
            return &[];
        }
        let last = self.size() - self.model.width;
        &self.rows[self.at(j) + last..][..self.model.lattice.nx()]
    }

    /// Takes the heights of this moment into the largest.
    pub(super) fn look(&mut self) {
        let (w, size) = (self.model.width, self.size());
        for row in self.rows.chunks_exact_mut(size) {
            let (rest, max) = row.split_at_mut(size - w);
            super::kernel::highest(max, &rest[..w]);
        }
    }

    /// Where the heights of row `j` begin.
    fn at(&self, j: usize) -> usize {
        (j + 1) * self.size() + 1
    }

    /// Numbers of a stored row.
    fn size(&self) -> usize {
        self.model.width * sweep::parts(self.model, self.maxima)
    }

    /// Notes that columns of a stored row may move.
    pub(super) fn stir(&mut self, row: usize, from: u32, to: u32) {
        let moving = &mut self.moving[row];
        *moving = (moving.0.min(from), moving.1.max(to));
    }

    /// Time steps of one pass: as many as fit the cache. Depends on the model only.
    pub(super) fn levels(&self) -> usize {
        // Fields, their two coefficients, and three more under dispersion.
        let row_parts = if self.model.settings.dispersion {
            10
        } else {
            5
        };
        let row = self.model.width * row_parts * size_of::<f32>();
        let rows = (CACHE_BYTES / row).saturating_sub(2);
        (rows / sweep::slope(self.model)).clamp(4, LEVELS)
    }

    /// Steps forward `levels` steps at once.
    pub(super) fn block(&mut self, levels: usize, lifts: &[Lift<'_>], look: u64) {
        self.pass(levels, lifts, look, false);
        self.steps += levels as u64;
    }

    fn pass(&mut self, levels: usize, lifts: &[Lift<'_>], look: u64, fluxes: bool) {
        let spans = self.spans(levels);
        let reached = |&(a, b): &(u32, u32)| a < b;
        let (Some(first), Some(last)) = (
            spans.iter().position(reached),
            spans.iter().rposition(reached),
        ) else {
            return;
        };
        // One row more on either side is at rest, or outside the grid.
        let (from, to) = (first - 1, last + 2);
        let block = Block {
            model: self.model,
            parts: sweep::parts(self.model, self.maxima),
            spans: &spans,
            lifts,
            levels,
            look,
            fluxes,
        };
        let reach = levels * sweep::slope(self.model);
        let least = 2 * reach + 2;
        let bands = rayon::current_num_threads().min((to - from) / least).max(1);
        let cuts: Vec<usize> = (0..=bands)
            .map(|q| from + q * (to - from) / bands)
            .collect();
        let size = self.size();
        let insides = cuts.windows(2).enumerate().map(|(q, cut)| {
            let straight = [q == 0, q + 1 == bands];
            let (a, b) = (cut[0], cut[1]);
            (a, b, Work::Inside { a, b, straight })
        });
        let borders = cuts[1..bands]
            .iter()
            .map(|&b| (b - 1 - reach, b + 1 + reach, Work::Border { b }));
        let (rows, taps) = (&mut self.rows[..], &mut self.taps[..]);
        carry_out(block, size, insides, &mut *rows, &mut *taps);
        carry_out(block, size, borders, rows, taps);
        self.settle(&spans);
    }

    /// Columns that may move within `levels` steps: a step carries the wave one cell, two with dispersion,
    /// and one more stays at rest.
    fn spans(&self, levels: usize) -> Vec<(u32, u32)> {
        let rows = levels * sweep::slope(self.model) + 1;
        let reach = rows as u32;
        let (nx, ny) = (self.model.lattice.nx() as u32, self.model.lattice.ny());
        let periodic = self.model.lattice.is_periodic();
        let mut spans = vec![(0, 0); self.moving.len()];
        for (row, span) in spans.iter_mut().enumerate().take(ny + 1).skip(1) {
            let near = row.saturating_sub(rows)..(row + rows + 1).min(ny + 2);
            let (a, b) = self.moving[near]
                .iter()
                .fold(NONE, |x, y| (x.0.min(y.0), x.1.max(y.1)));
            if a >= b {
                continue;
            }
            let sea = self.model.sea[row];
            // Round the globe the wave comes out on the other side.
            let round = periodic && (a <= reach || b + reach > nx);
            *span = if round {
                sea
            } else {
                (sea.0.max(a.saturating_sub(reach)), sea.1.min(b + reach))
            };
        }
        spans
    }

    /// Finds what moves now within what was computed.
    fn settle(&mut self, spans: &[(u32, u32)]) {
        let size = self.size();
        for (row, &(a, b)) in spans.iter().enumerate() {
            let eta = &self.rows[row * size..];
            let moves = |&i: &u32| eta[i as usize] != 0.0;
            self.moving[row] = match ((a..b).find(moves), (a..b).rev().find(moves)) {
                (Some(first), Some(last)) => (first, last + 1),
                _ => NONE,
            };
        }
    }
}

/// Carries out pieces of work on rows of their own, in the current rayon pool. The pieces ascend and do not
/// overlap.
fn carry_out<'a>(
    block: Block<'a>,
    size: usize,
    works: impl Iterator<Item = (usize, usize, Work)>,
    mut rows: &'a mut [f32],
    mut taps: &'a mut [Tap],
) {
    let arch = pulp::Arch::new();
    let mut at = 0;
    let mut bands = Vec::new();
    for (from, to, work) in works {
        let (_, rest) = rows.split_at_mut((from - at) * size);
        let (mine, rest) = rest.split_at_mut((to - from) * size);
        let (_, rest_taps) = taps.split_at_mut(from - at);
        let (my_taps, rest_taps) = rest_taps.split_at_mut(to - from);
        (rows, taps, at) = (rest, rest_taps, to);
        bands.push(Band {
            block,
            work,
            base: from,
            rows: mine,
            taps: my_taps,
        });
    }
    if bands.len() == 1 {
        bands.into_iter().for_each(|band| arch.dispatch(band));
        return;
    }
    rayon::scope(|scope| {
        for band in bands {
            scope.spawn(move |_| arch.dispatch(band));
        }
    });
}
