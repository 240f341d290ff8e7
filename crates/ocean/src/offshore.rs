//! Which cell of a grid stands for a place: for a sensor the sea below it, for a coast the sea off it.
//!
//! A coast is not on the grid: its bays, harbours and shelves are smaller than a cell. What a propagation model can say about it
//! is the wave off the shore, where the sea is deep enough for the grid to carry it; from there Green's law (1838) goes on.

use crate::grid::Grid;
use crate::lattice::Cell;

/// Depth of the sea that stands for a coast, metres, at least: a wave of 10 minutes is 13 km long over 50 m of water, hardly a cell
/// of 10', and 19 km over 100 m; over less the grid smears it.
pub const OFFSHORE_DEPTH_M: f64 = 100.0;
/// How far from a coast that sea may be, kilometres: as far as for first estimates ([`crate::forecast::SNAP_KM`]). Wider shelves are
/// stood for by the deepest sea within that distance.
pub const OFFSHORE_KM: f64 = crate::forecast::SNAP_KM;

/// The cell that stands for a place, and its depth in metres. `reached` says whether a wave gets to a cell, by storage index: dry
/// basins below sea level, lakes and seas behind land are passed over.
pub fn stand_in(
    grid: &Grid,
    lat: f64,
    lon: f64,
    coastal: bool,
    reached: impl Fn(usize) -> bool,
) -> Option<(Cell, f64)> {
    if !(lat.is_finite() && lon.is_finite()) {
        return None;
    }
    let z = grid.z();
    let sea = |k: usize| z[k] < 0.0 && reached(k);
    let nearest = |least_m: f64| {
        grid.lattice().nearest(lat, lon, OFFSHORE_KM, |k| {
            f64::from(-z[k]) >= least_m && sea(k)
        })
    };
    let depth = |(cell, _): (Cell, f64)| grid.depth_m(cell.i, cell.j).map(|h| (cell, h));
    if !coastal {
        return nearest(0.0).and_then(depth);
    }
    // Over a wide shelf half the depth, then a quarter, and so on down to a metre: always the nearest that is as deep.
    std::iter::successors(Some(OFFSHORE_DEPTH_M), |d| (*d > 1.0).then_some(d * 0.5))
        .chain([0.0])
        .find_map(nearest)
        .and_then(depth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::GridHeader;

    /// A coast that falls by 30 m a column from the east, 0.1 degrees a column.
    fn shelf(step_m: i16) -> Grid {
        let header = GridHeader {
            nx: 20,
            ny: 3,
            lon0: 0.0,
            lat0: 0.0,
            dlon: 0.1,
            dlat: 0.1,
            ..Default::default()
        };
        let row = (0..20i16).map(|i| (i - 15) * step_m);
        let z: Vec<i16> = row.clone().chain(row.clone()).chain(row).collect();
        Grid::new(&header, z).expect("a shelf")
    }

    #[test]
    fn a_coast_is_stood_for_by_the_nearest_deep_enough_sea() {
        let grid = shelf(30);
        let (cell, depth) = stand_in(&grid, 0.1, 1.5, true, |_| true).expect("sea");
        assert_eq!((cell.i, depth), (11, 120.0));
        let (cell, depth) = stand_in(&grid, 0.1, 1.45, false, |_| true).expect("sea");
        assert_eq!((cell.i, depth), (14, 30.0));
        assert_eq!(stand_in(&grid, 0.1, 1.5, true, |_| false), None);
        assert_eq!(stand_in(&grid, f64::NAN, 1.5, true, |_| true), None);
    }

    #[test]
    fn a_wide_shelf_is_stood_for_by_what_there_is() {
        let grid = shelf(3);
        let (_, depth) = stand_in(&grid, 0.1, 1.5, true, |_| true).expect("sea");
        assert!((12.5..100.0).contains(&depth), "{depth}");
    }
}
