//! A displacement on its own nodes to one on the cells of a grid.
//!
//! Latitude and longitude separate: every column of the target is a weighted sum of columns of the source, and every row of rows. Where
//! the target is coarser, a cell averages the source cells that it covers, by the share of each and, north to south, by the cosine of
//! the latitude; the volume stays to rounding. Where it is finer or the same, the two neighbours share the value linearly, so that equal
//! nodes keep their values.

use ocean::motion::Patch;
use ocean::{Cell, Grid, Lattice};

use crate::options::Notes;
use crate::problem::Problem;
use crate::raster::Raster;

/// Below this a displacement is no motion, metres: a tenth of a millimetre at 4 km depth is no wave that is ever measured, and the
/// tail of an elastic solution would cover the ocean.
const STILL_M: f32 = 1e-4;
/// Part of the displaced volume beyond the grid from which it is worth a note.
const LOST: f64 = 1e-3;

/// Which source nodes make up a target node, with their weights: few, next to each other, perhaps round the globe.
#[derive(Debug, Clone, PartialEq)]
struct Share {
    /// Target index.
    to: usize,
    /// Source indices and weights.
    of: Vec<(usize, f32)>,
}

/// The displacement of a grid's cells, cut to where it moves.
pub(crate) fn patch(source: &Raster, grid: &Grid) -> Result<(Patch, Notes), Problem> {
    let (columns, rows) = shares(source, grid)?;
    let mut notes = Notes::default();
    let (nx, ny) = (columns.len(), rows.len());
    let mut metres = vec![0.0f32; nx * ny];
    let width = source.x.n;
    // One row of the source, gathered into the target's columns, serves the two or three target rows that need it.
    let mut gathered = vec![0.0f64; nx];
    for (row, into) in rows.iter().zip(metres.chunks_exact_mut(nx)) {
        gathered.iter_mut().for_each(|g| *g = 0.0);
        for &(j, weight) in &row.of {
            let line = &source.z[j * width..][..width];
            for (g, column) in gathered.iter_mut().zip(&columns) {
                let sum: f64 = column
                    .of
                    .iter()
                    .map(|&(i, w)| f64::from(line[i]) * f64::from(w))
                    .sum();
                *g += sum * f64::from(weight);
            }
        }
        into.iter_mut()
            .zip(&gathered)
            .for_each(|(to, &g)| *to = g as f32);
    }
    let outside = lost(source, grid.lattice());
    if outside > LOST {
        notes.add(format!(
            "{:.1} % of the displaced volume lies beyond the grid and is left out.",
            outside * 100.0
        ));
    }
    let cut = trim(&columns, &rows, metres, grid.lattice())?;
    let l = grid.lattice();
    let wet = |k: usize| {
        grid.is_wet(Cell {
            i: (cut.i0 + k % cut.nx) % l.nx(),
            j: cut.j0 + k / cut.nx,
        })
    };
    if !(0..cut.metres.len()).any(|k| cut.metres[k] != 0.0 && wet(k)) {
        return Err(Problem::Still(
            "all of what it displaces is land on this grid",
        ));
    }
    Ok((cut, notes))
}

/// Shares of the columns from the west and of the rows from the south.
fn shares(source: &Raster, grid: &Grid) -> Result<(Vec<Share>, Vec<Share>), Problem> {
    let l = grid.lattice();
    let columns = columns(source, l);
    let rows = rows(source, l);
    if columns.is_empty() || rows.is_empty() {
        return Err(Problem::OffGrid {
            west: source.lon(0),
            east: source.lon(source.x.n - 1),
            south: source.lat(0),
            north: source.lat(source.y.n - 1),
            grid_west: l.lon(0),
            grid_east: l.lon(l.nx() - 1),
            grid_south: l.lat(0),
            grid_north: l.lat(l.ny() - 1),
        });
    }
    Ok((columns, rows))
}

/// Columns of the target that the source reaches, from the source's western edge eastward; on a globe they may run past its last column.
fn columns(source: &Raster, l: &Lattice) -> Vec<Share> {
    let x = &source.x;
    let ratio = l.dlon() / x.step;
    let turn = 360.0 / x.step;
    let closed = (x.n as f64 - turn).abs() < 1e-3;
    let mut shares: Vec<(f64, Share)> = Vec::new();
    for to in 0..l.nx() {
        // Position of the target node in the source, counted from half a target cell west of the source's first edge.
        let at = (l.lon(to) - x.first) / x.step;
        let from = -0.5 - ratio / 2.0;
        let at = (at - from).rem_euclid(turn) + from;
        let mut of = Vec::new();
        weights(at, ratio, x.n, closed, |_| 1.0, &mut of);
        if !of.is_empty() {
            shares.push((if closed { to as f64 } else { at }, Share { to, of }));
        }
    }
    if l.is_periodic() {
        shares.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    shares.into_iter().map(|(_, share)| share).collect()
}

fn rows(source: &Raster, l: &Lattice) -> Vec<Share> {
    let y = &source.y;
    let ratio = l.dlat() / y.step;
    let cosine = |j: f64| (y.first + j * y.step).clamp(-90.0, 90.0).to_radians().cos();
    let mut shares = Vec::new();
    for to in 0..l.ny() {
        let at = (l.lat(to) - y.first) / y.step;
        // The volume is counted by the cosine of the target's row; the average by those of the source rows.
        let here = l.lat(to).clamp(-90.0, 90.0).to_radians().cos().max(1e-6);
        let mut of = Vec::new();
        weights(at, ratio, y.n, false, |j| cosine(j) / here, &mut of);
        if !of.is_empty() {
            shares.push(Share { to, of });
        }
    }
    shares
}

/// Weights of source nodes 0..n for a target node at position `at` whose cell is `ratio` source cells wide. `measure` weighs a position
/// against the target's own when cells are averaged.
fn weights(
    at: f64,
    ratio: f64,
    n: usize,
    closed: bool,
    measure: impl Fn(f64) -> f64,
    of: &mut Vec<(usize, f32)>,
) {
    let count = n as f64;
    let mut add = |position: f64, weight: f64| {
        let inside = (0.0..count).contains(&position);
        if weight > 1e-9 && (inside || closed) {
            of.push((position.rem_euclid(count) as usize % n, weight as f32));
        }
    };
    if ratio > 1.0 + 1e-6 {
        let (west, east) = (at - ratio / 2.0, at + ratio / 2.0);
        let (mut cell, mut last) = ((west + 0.5).floor(), (east + 0.5).floor());
        // Far beyond the source there is nothing to walk over; a closed one has no beyond.
        if !closed {
            (cell, last) = (cell.max(0.0), last.min(count - 1.0));
        }
        while cell <= last {
            let (from, to) = (west.max(cell - 0.5), east.min(cell + 0.5));
            add(cell, (to - from) / ratio * measure((from + to) / 2.0));
            cell += 1.0;
        }
        return;
    }
    // The outermost half cells hold the value of their node.
    if !closed && !(-0.5 - 1e-9..=count - 0.5 + 1e-9).contains(&at) {
        return;
    }
    let at = if closed {
        at
    } else {
        at.clamp(0.0, count - 1.0)
    };
    let (west, share) = (at.floor(), at - at.floor());
    // Equal nodes are equal to rounding, and keep their value.
    if share < 1e-6 {
        add(west, 1.0);
    } else if share > 1.0 - 1e-6 {
        add(west + 1.0, 1.0);
    } else {
        add(west, 1.0 - share);
        add(west + 1.0, share);
    }
}

/// Part of the displaced volume (without sign) whose source nodes lie outside the lattice.
fn lost(source: &Raster, l: &Lattice) -> f64 {
    let covered = |lat: f64, lon: f64| l.covers(lat.clamp(-90.0, 90.0), lon);
    let middle = (l.lat(0), l.lon(0));
    let columns: Vec<bool> = (0..source.x.n)
        .map(|i| covered(middle.0, source.lon(i)))
        .collect();
    let (mut all, mut outside) = (0.0, 0.0);
    for (j, row) in source.z.chunks_exact(source.x.n).enumerate() {
        let lat = source.lat(j);
        let area = lat.to_radians().cos().max(0.0);
        let row_covered = covered(lat, middle.1);
        for (z, &column) in row.iter().zip(&columns) {
            let volume = f64::from(z.abs()) * area;
            all += volume;
            if !(row_covered && column) {
                outside += volume;
            }
        }
    }
    if all > 0.0 { outside / all } else { 0.0 }
}

/// The smallest rectangle that holds all that moves.
fn trim(
    columns: &[Share],
    rows: &[Share],
    metres: Vec<f32>,
    l: &Lattice,
) -> Result<Patch, Problem> {
    let width = columns.len();
    let moves = |z: f32| z.abs() >= STILL_M;
    let any_row = |j: usize| metres[j * width..][..width].iter().any(|&z| moves(z));
    let any_column = |i: usize| metres[i..].iter().step_by(width).any(|&z| moves(z));
    let still =
        || Problem::Still("all of its values are less than a tenth of a millimetre on this grid");
    let south = (0..rows.len()).find(|&j| any_row(j)).ok_or_else(still)?;
    let north = (0..rows.len())
        .rev()
        .find(|&j| any_row(j))
        .ok_or_else(still)?;
    let west = (0..width).find(|&i| any_column(i)).ok_or_else(still)?;
    let east = (0..width)
        .rev()
        .find(|&i| any_column(i))
        .ok_or_else(still)?;
    // On a lattice that does not close, a source that lies on both of its sides leaves columns between that do not move.
    let i0 = columns[west].to;
    let nx = (columns[east].to + l.nx() - i0) % l.nx() + 1;
    let ny = rows[north].to - rows[south].to + 1;
    let mut cut = vec![0.0; nx * ny];
    for (j, row) in rows.iter().enumerate().take(north + 1).skip(south) {
        for (i, column) in columns.iter().enumerate().take(east + 1).skip(west) {
            let to = (row.to - rows[south].to) * nx + (column.to + l.nx() - i0) % l.nx();
            cut[to] = metres[j * width + i];
        }
    }
    Ok(Patch {
        i0,
        j0: rows[south].to,
        nx,
        ny,
        metres: cut,
    })
}
