//! Which nodes of the grid stand for a sensor or a coastal point.

use super::sum::Lifted;
use crate::forecast::{Point, Unanswered};
use crate::grid::Grid;
use crate::lattice::{Cell, Lattice};
use crate::offshore::stand_in;
use crate::response::Receiver;

/// A receiver and the nodes that stand for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stand {
    /// The receiver, with the depth of the sea at these nodes.
    pub receiver: Receiver,
    /// Nodes and their weights, which sum to one.
    pub cells: Vec<(Cell, f32)>,
}

/// The sea that the unit sources' waves reach.
#[derive(Debug)]
pub(super) struct Sea<'g> {
    grid: &'g Grid,
    /// Whether a wave gets to a node, in storage order.
    reached: Vec<bool>,
}

impl<'g> Sea<'g> {
    /// The basin that holds most of what is lifted: a lake beside the source, or the ocean behind an isthmus whose shore
    /// it touches, is not where its wave goes.
    pub(super) fn of(grid: &'g Grid, lifted: &[Lifted]) -> Self {
        let basins = Basins::of(grid);
        let mut counts = vec![0usize; basins.number];
        for node in lifted.iter().flat_map(|l| l.nodes(grid.lattice().nx())) {
            if let Some(basin) = basins.of[node].checked_sub(1) {
                counts[basin as usize] += 1;
            }
        }
        let most = counts.iter().max().copied().unwrap_or(0);
        let main = counts.iter().position(|&c| c == most).map_or(0, |k| k + 1);
        let in_main = |&basin: &u32| basin != 0 && basin as usize == main;
        Self {
            grid,
            reached: basins.of.iter().map(in_main).collect(),
        }
    }

    pub(super) fn lattice(&self) -> &Lattice {
        self.grid.lattice()
    }

    pub(super) fn stand(&self, point: &Point) -> Result<Stand, Unanswered> {
        let (lat, lon) = (point.lat, point.lon);
        if !(lat.abs() <= 90.0 && lon.is_finite()) {
            return Err(Unanswered::NoPlace { lat, lon });
        }
        if !self.grid.covers(lat, lon) {
            return Err(Unanswered::OutsideGrid);
        }
        let between = (!point.coastal).then(|| self.corners(lat, lon)).flatten();
        let nearest = || {
            let there = stand_in(self.grid, lat, lon, point.coastal, |k| self.reached[k]);
            there.map(|(cell, _)| vec![(cell, 1.0)])
        };
        let cells = between.or_else(nearest).ok_or(Unanswered::Unreached)?;
        let depth = |c: Cell| self.grid.depth_m(c.i, c.j).unwrap_or(0.0);
        Ok(Stand {
            receiver: Receiver {
                id: point.id.clone(),
                lat,
                lon,
                coastal: point.coastal,
                depth_m: cells.iter().map(|&(c, w)| f64::from(w) * depth(c)).sum(),
            },
            cells,
        })
    }

    fn is_reached(&self, cell: Cell) -> bool {
        self.lattice().index(cell).is_some_and(|k| self.reached[k])
    }

    /// The four nodes round a place, if all of them are sea; those of no weight need not be.
    fn corners(&self, lat: f64, lon: f64) -> Option<Vec<(Cell, f32)>> {
        let (x, y) = self.lattice().locate(lat, lon)?;
        let (fx, fy) = (x - x.floor(), y - y.floor());
        let mut cells = Vec::with_capacity(4);
        for (dj, wy) in [(0.0, 1.0 - fy), (1.0, fy)] {
            for (di, wx) in [(0.0, 1.0 - fx), (1.0, fx)] {
                let weight = (wx * wy) as f32;
                // A place on a node, to rounding, is that node.
                if weight < 1e-6 {
                    continue;
                }
                let i = self.column(x.floor() + di)?;
                let j = y.floor() + dj;
                if j < 0.0 {
                    return None;
                }
                let cell = Cell { i, j: j as usize };
                if !self.is_reached(cell) {
                    return None;
                }
                cells.push((cell, weight));
            }
        }
        let sum: f32 = cells.iter().map(|c| c.1).sum();
        cells.iter_mut().for_each(|c| c.1 /= sum);
        (!cells.is_empty()).then_some(cells)
    }

    fn column(&self, i: f64) -> Option<usize> {
        let nx = self.lattice().nx();
        if self.lattice().is_periodic() {
            return Some(i.rem_euclid(nx as f64) as usize % nx);
        }
        (i >= 0.0 && i < nx as f64).then_some(i as usize)
    }
}

/// Parts of the sea that hang together through the sides of cells, as the solver's waves go.
struct Basins {
    /// Number of each cell's basin from 1; 0 on land.
    of: Vec<u32>,
    number: usize,
}

impl Basins {
    fn of(grid: &Grid) -> Self {
        let lattice = grid.lattice();
        let (nx, ny) = (lattice.nx(), lattice.ny());
        let z = grid.z();
        let mut of = vec![0u32; z.len()];
        let mut number = 0;
        let mut open = Vec::new();
        for start in 0..z.len() {
            if z[start] >= 0.0 || of[start] != 0 {
                continue;
            }
            number += 1;
            of[start] = number;
            open.push(start);
            while let Some(k) = open.pop() {
                let (i, j) = (k % nx, k / nx);
                let west = match (i > 0, lattice.is_periodic()) {
                    (true, _) => Some(k - 1),
                    (false, true) => Some(k + nx - 1),
                    (false, false) => None,
                };
                let east = match (i + 1 < nx, lattice.is_periodic()) {
                    (true, _) => Some(k + 1),
                    (false, true) => Some(k + 1 - nx),
                    (false, false) => None,
                };
                let south = (j > 0).then(|| k - nx);
                let north = (j + 1 < ny).then(|| k + nx);
                for n in [west, east, south, north].into_iter().flatten() {
                    if z[n] < 0.0 && of[n] == 0 {
                        of[n] = number;
                        open.push(n);
                    }
                }
            }
        }
        Self {
            of,
            number: number as usize,
        }
    }
}
