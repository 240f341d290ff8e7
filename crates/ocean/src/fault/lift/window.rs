//! How far a source reaches on a grid, and the grid's own shape there.

use crate::fault::Fault;
use crate::fault::field::Window;
use crate::grid::Grid;
use crate::lattice::Lattice;
use crate::sphere::EARTH_RADIUS_M;

/// How far from a source its displacement is followed at most, kilometres.
const REACH_MAX_KM: f64 = 1200.0;
/// Part of a window's half width over which the displacement fades.
const FADE: f64 = 0.3;

/// How far the displacement is followed beyond the rectangles, kilometres: to where it is about one per cent of what the
/// rectangles do above them. Far off, uplift of a thrust is at most slip * area / (4 pi r^2) * sin dip cos dip (Okada 1985, the point
/// source's I5), against half of slip * sin dip near it.
pub(super) fn reach_km(faults: &[Fault]) -> f64 {
    let most = faults.iter().map(|f| f.slip_m.abs()).fold(0.0, f64::max);
    let area: f64 = faults
        .iter()
        .map(|f| f.length_km * f.width_km * f.slip_m.abs() / most)
        .sum();
    let depth = faults.iter().map(|f| f.depth_km).fold(0.0, f64::max);
    (16.0 * area)
        .sqrt()
        .max(6.0 * depth)
        .clamp(100.0, REACH_MAX_KM)
}

/// The cells within `km` of the outlines of some rectangles, cut by the lattice.
pub(super) fn window(faults: &[Fault], members: &[usize], km: f64, l: &Lattice) -> Window {
    let degree_km = EARTH_RADIUS_M.to_radians() * 1e-3;
    let (mut south, mut north) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
    let reference = faults[members[0]].lon;
    for &k in members {
        let f = &faults[k];
        let reach = km + 0.5 * f.length_km.hypot(f.width_km);
        let (s, n) = (f.lat - reach / degree_km, f.lat + reach / degree_km);
        south = south.min(s);
        north = north.max(n);
        let cos = s.abs().max(n.abs()).min(89.0).to_radians().cos();
        let half = (reach / (degree_km * cos)).min(180.0);
        let lon = reference + (f.lon - reference + 180.0).rem_euclid(360.0) - 180.0;
        west = west.min(lon - half);
        east = east.max(lon + half);
    }
    let j0 = (((south - l.lat(0)) / l.dlat()).ceil().max(0.0) as usize).min(l.ny() - 1);
    let j1 = (((north - l.lat(0)) / l.dlat()).floor().max(0.0) as usize).min(l.ny() - 1);
    let (nx, dlon) = (l.nx() as i64, l.dlon());
    let columns = |west: f64, east: f64| {
        let i0 = ((west - l.lon(0)) / dlon).ceil() as i64;
        (i0, ((east - l.lon(0)) / dlon).floor() as i64)
    };
    let (i0, i1) = if l.is_periodic() {
        let (i0, i1) = columns(west, east);
        let i0 = i0.rem_euclid(nx);
        (i0, i0 + (i1 - columns(west, east).0).clamp(0, nx - 1))
    } else {
        // The turn of the longitudes that puts the window on the lattice, or as near to it as can be.
        let middle = l.lon(0) + 0.5 * (nx - 1) as f64 * dlon;
        let turns = ((middle - 0.5 * (west + east)) / 360.0).round() * 360.0;
        let (i0, i1) = columns(west + turns, east + turns);
        (i0.clamp(0, nx - 1), i1.clamp(0, nx - 1))
    };
    Window {
        i0,
        j0,
        nx: (i1 - i0 + 1).max(1) as usize,
        ny: (j1.max(j0) - j0) + 1,
    }
}

/// Column of the lattice that column `x` of a window is.
pub(super) fn column(window: Window, x: usize, l: &Lattice) -> usize {
    (window.i0 + x as i64).rem_euclid(l.nx() as i64) as usize
}

/// 1 in the middle, going to 0 at the free ends of a line of cells, with continuous slope.
pub(super) fn fade(k: usize, n: usize, low: bool, high: bool) -> f64 {
    let over = (FADE * 0.5 * n as f64).max(1.0);
    let ramp = |cells: f64| {
        let t = (cells / over).min(1.0);
        t * t * (3.0 - 2.0 * t)
    };
    let mut f = 1.0;
    if low {
        f *= ramp(k as f64 + 0.5);
    }
    if high {
        f *= ramp((n - k) as f64 - 0.5);
    }
    f
}

/// Slope of the sea floor (up positive) eastward and northward, dimensionless; across the coast and the grid's edge one-sided.
pub(super) fn slope(grid: &Grid, i: usize, j: usize) -> (f64, f64) {
    let l = grid.lattice();
    let (east_m, north_m) = l.spacing_m(j);
    let here = grid.elevation_m(i, j).unwrap_or(0.0);
    if here >= 0.0 {
        return (0.0, 0.0);
    }
    let wet = |i: usize, j: usize| grid.elevation_m(i, j).filter(|&z| z < 0.0);
    let one = |low: Option<f64>, high: Option<f64>, step: f64| match (low, high) {
        (Some(a), Some(b)) => (b - a) / (2.0 * step),
        (None, Some(b)) => (b - here) / step,
        (Some(a), None) => (here - a) / step,
        (None, None) => 0.0,
    };
    let west = match i.checked_sub(1) {
        Some(i) => Some(i),
        None => l.is_periodic().then_some(l.nx() - 1),
    };
    let east = if i + 1 < l.nx() {
        Some(i + 1)
    } else {
        l.is_periodic().then_some(0)
    };
    (
        one(
            west.and_then(|i| wet(i, j)),
            east.and_then(|i| wet(i, j)),
            east_m,
        ),
        one(
            j.checked_sub(1).and_then(|j| wet(i, j)),
            wet(i, j + 1),
            north_m,
        ),
    )
}
