//! The fields of one simulation and their steps.

use super::kernel;
use super::model::Model;
use crate::lattice::Cell;
use crate::motion::Patch;

/// Heights and fluxes of one simulation, at rest to begin with.
#[derive(Debug, Clone)]
pub struct Run<'m> {
    model: &'m Model,
    /// Row by row: heights, eastward fluxes, northward fluxes.
    fields: Vec<f32>,
    step: u64,
}

impl<'m> Run<'m> {
    /// Still water at the origin time.
    pub fn new(model: &'m Model) -> Self {
        Run {
            model,
            fields: vec![0.0; model.rows() * model.width * 3],
            step: 0,
        }
    }

    /// Adds a displacement times `factor` to the surface. Cells on land and off the grid are passed over; columns of a
    /// periodic grid go round. Values that are not finite are the caller's to refuse: they spread.
    pub fn add(&mut self, patch: &Patch, factor: f32) {
        for (b, row) in patch.rows().take(patch.ny).enumerate() {
            for (a, &metres) in row.iter().enumerate() {
                let i = patch.i0 + a;
                let i = if self.model.lattice.is_periodic() {
                    i % self.model.lattice.nx()
                } else {
                    i
                };
                self.add_cell(Cell { i, j: patch.j0 + b }, metres * factor);
            }
        }
    }

    /// Adds metres to the height of one cell; nothing happens on land and off the grid.
    pub fn add_cell(&mut self, cell: Cell, metres: f32) {
        if self.model.is_sea(cell) {
            let at = (cell.j + 1) * self.model.width * 3 + cell.i + 1;
            self.fields[at] += metres;
        }
    }

    /// Steps forward.
    pub fn advance(&mut self, steps: usize) {
        for _ in 0..steps {
            self.one();
            self.step += 1;
        }
    }

    /// Seconds since the origin.
    pub fn seconds(&self) -> f64 {
        self.step as f64 * self.model.dt_s
    }

    /// Height of a cell in metres; zero on land and off the grid.
    pub fn height_m(&self, cell: Cell) -> f32 {
        self.model
            .lattice
            .index(cell)
            .map_or(0.0, |_| self.row(cell.j)[cell.i])
    }

    /// Heights of row `j` in metres, west to east, zero on land; empty when there is no such row.
    pub fn row(&self, j: usize) -> &[f32] {
        if j >= self.model.lattice.ny() {
            return &[];
        }
        let at = (j + 1) * self.model.width * 3 + 1;
        &self.fields[at..at + self.model.lattice.nx()]
    }

    fn one(&mut self) {
        let model = self.model;
        let (w, nx, ny) = (model.width, model.lattice.nx(), model.lattice.ny());
        let periodic = model.lattice.is_periodic();
        for row in 1..=ny {
            let (south, here) =
                self.fields[(row - 1) * w * 3..(row + 1) * w * 3].split_at_mut(w * 3);
            let (eta, fluxes) = here.split_at_mut(w);
            let (m, n) = fluxes.split_at_mut(w);
            if periodic {
                (eta[0], eta[nx + 1]) = (eta[nx], eta[1]);
                (n[0], n[nx + 1]) = (n[nx], n[1]);
            }
            let c = &model.cx[row * w..][..w];
            if model.settings.coriolis {
                let below = &mut south[2 * w..];
                if periodic {
                    (below[0], below[nx + 1]) = (below[nx], below[1]);
                }
                kernel::turn_east(
                    &mut m[1..=nx],
                    &below[1..],
                    &n[1..],
                    &c[1..],
                    model.turn[row][0],
                );
            }
            kernel::east(&mut m[1..=nx], &eta[1..=nx], &eta[2..], &c[1..]);
            if periodic {
                m[0] = m[nx];
            } else {
                let [west, east] = model.sides[row];
                m[0] = -(west[0] * eta[1] + west[1] * eta[0]);
                m[nx] = east[0] * eta[nx] + east[1] * eta[nx + 1];
                (eta[0], eta[nx + 1]) = (eta[1], eta[nx]);
            }
        }
        for row in 0..=ny {
            let (here, above) = self.fields[row * w * 3..(row + 2) * w * 3].split_at_mut(w * 3);
            let (eta, fluxes) = here.split_at_mut(w);
            let (m, n) = fluxes.split_at_mut(w);
            if row == 0 || row == ny {
                let [now, before] = &model.ends[usize::from(row == ny)];
                let (inside, outside, sign) = if row == 0 {
                    (&above[..w], &mut *eta, -1.0)
                } else {
                    (&*eta, &mut above[..w], 1.0)
                };
                for i in 1..=nx {
                    n[i] = sign * (now[i] * inside[i] + before[i] * outside[i]);
                    outside[i] = inside[i];
                }
                continue;
            }
            let c = &model.cy[row * w..][..w];
            if model.settings.coriolis {
                kernel::turn_north(&mut n[1..=nx], m, &above[w..], &c[1..], model.turn[row][1]);
            }
            kernel::north(&mut n[1..=nx], &eta[1..], &above[1..], &c[1..]);
        }
        for row in 1..=ny {
            let (south, here) =
                self.fields[(row - 1) * w * 3..(row + 1) * w * 3].split_at_mut(w * 3);
            let (eta, fluxes) = here.split_at_mut(w);
            let (m, n) = fluxes.split_at_mut(w);
            kernel::height(
                &mut eta[1..=nx],
                m,
                &m[1..],
                &south[2 * w + 1..],
                &n[1..],
                model.secant[row],
            );
        }
    }
}
