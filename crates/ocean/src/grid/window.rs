//! Parts of a grid: a rectangle of degrees, wherever it lies across the date line.

use super::{Grid, GridError};
use crate::lattice::Lattice;

/// A rectangle of latitudes and longitudes, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Western edge, any multiple of 360.
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge. An eastern edge west of the western one lies across the date line: 170 to -160 is 30 degrees wide.
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

impl Area {
    /// How far the rectangle reaches eastward, degrees, above 0 and at most 360; NaN when an edge is no number.
    pub fn width(&self) -> f64 {
        let width = (self.east - self.west).rem_euclid(360.0);
        if width == 0.0 { 360.0 } else { width }
    }
}

/// Nodes within this part of a step beyond an edge still belong to the area: steps such as 1/12 are not exact.
const SLACK: f64 = 1e-3;

impl Grid {
    /// The part of this grid whose nodes lie within an area, edges included. An area that reaches beyond the grid gives what there
    /// is of it; on a grid that goes round the globe it may lie anywhere, also across the first column. Longitudes of the part count
    /// from its western edge as this grid counts them, so they may exceed 360.
    ///
    /// # Errors
    /// [`GridError::Number`] for an edge that is no number, [`GridError::Outside`] when fewer than two rows or columns of this grid lie
    /// within the area.
    pub fn window(&self, area: Area) -> Result<Grid, GridError> {
        for (field, value) in [
            ("west", area.west),
            ("south", area.south),
            ("east", area.east),
            ("north", area.north),
        ] {
            if !value.is_finite() {
                return Err(GridError::Number { field, value });
            }
        }
        let l = &self.lattice;
        let outside = GridError::Outside {
            west: area.west,
            south: area.south,
            east: area.east,
            north: area.north,
        };
        let Some((j0, ny)) = span(
            (area.south - l.lat0) / l.dlat,
            (area.north - l.lat0) / l.dlat,
            l.ny,
        ) else {
            return Err(outside);
        };
        let Some((i0, nx)) = columns(l, &area) else {
            return Err(outside);
        };
        let lattice = Lattice {
            nx,
            ny,
            lon0: l.lon(i0),
            lat0: l.lat(j0),
            periodic: l.periodic && nx == l.nx,
            ..*l
        };
        let mut z = Vec::with_capacity(nx * ny);
        for j in j0..j0 + ny {
            let row = &self.z[j * l.nx..][..l.nx];
            let first = nx.min(l.nx - i0);
            z.extend_from_slice(&row[i0..i0 + first]);
            z.extend_from_slice(&row[..nx - first]);
        }
        Ok(Grid { lattice, z })
    }
}

/// First index and number of the nodes 0..n from one position to another; `None` when fewer than two.
fn span(from: f64, to: f64, n: usize) -> Option<(usize, usize)> {
    let first = (from - SLACK).ceil().max(0.0);
    let last = (to + SLACK).floor().min(n as f64 - 1.0);
    (last - first >= 1.0).then_some((first as usize, (last - first) as usize + 1))
}

/// First column and number of columns; on a periodic lattice they may run past its last column.
fn columns(l: &Lattice, area: &Area) -> Option<(usize, usize)> {
    let width = area.width() / l.dlon;
    let from = (area.west - l.lon0).rem_euclid(360.0) / l.dlon;
    if l.periodic {
        let first = (from - SLACK).ceil().max(0.0);
        let last = (from + width + SLACK).floor();
        let n = ((last - first) + 1.0).min(l.nx as f64);
        return (n >= 2.0).then_some((first as usize % l.nx, n as usize));
    }
    // The western edge may lie east of this lattice's first column, or west of it by less than a turn.
    let turn = 360.0 / l.dlon;
    let parts = [from, from - turn].map(|from| span(from, from + width, l.nx));
    parts.into_iter().flatten().max_by_key(|&(_, n)| n)
}
