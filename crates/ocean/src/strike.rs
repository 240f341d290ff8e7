//! A guess at the strike of a rupture from the shape of the sea floor.
//!
//! Trench, slope and coast run along strike, so the direction in which the sea floor varies least is the strike
//! of the interface below. It is read off the structure tensor of the bathymetry round the epicentre (Bigun &
//! Granlund 1987), which does not care whether the floor rises to one side (a continent) or to both (an arc).
//! Strike is an axis here, 0..180 degrees: which way the interface dips is not asked.
//!
//! Refuses to guess where the floor has no clear grain ([`MIN_COHERENCE`]).

use crate::grid::Grid;
use crate::sphere::distance_km;

/// Anisotropy (l1 - l2) / (l1 + l2) of the structure tensor below which no strike is given. Isotropic terrain gives
/// about 0.1 by chance, trench slopes 0.5-0.8.
pub(crate) const MIN_COHERENCE: f64 = 0.3;
/// The land above this height says nothing about the trench, metres.
const CLIP_HIGH_M: f64 = 500.0;

/// Strike axis in degrees clockwise from north, 0..180, from the sea floor within `radius_km`.
pub(crate) fn guess_deg(grid: &Grid, lat: f64, lon: f64, radius_km: f64) -> Option<f64> {
    let l = grid.lattice();
    let centre = l.cell_at(lat, lon)?;
    let (_, north_m) = l.spacing_m(centre.j);
    let rows = (radius_km * 1e3 / north_m).ceil() as isize;
    let (mut ee, mut en, mut nn) = (0.0, 0.0, 0.0);
    for dj in -rows..=rows {
        let Some(j) = centre
            .j
            .checked_add_signed(dj)
            .filter(|&j| j >= 1 && j + 1 < l.ny())
        else {
            continue;
        };
        let (east_m, _) = l.spacing_m(j);
        let columns = ((radius_km * 1e3 / east_m).ceil() as isize).min(l.nx() as isize / 2);
        for di in -columns..=columns {
            let i = centre.i as isize + di;
            let column = |i: isize| {
                let i = if l.is_periodic() {
                    i.rem_euclid(l.nx() as isize)
                } else {
                    i
                };
                usize::try_from(i).ok().filter(|&i| i < l.nx())
            };
            let (Some(west), Some(here), Some(east)) = (column(i - 1), column(i), column(i + 1))
            else {
                continue;
            };
            let km = distance_km(lat, lon, l.lat(j), l.lon(here));
            if km > radius_km {
                continue;
            }
            let z = |i, j| grid.elevation_m(i, j).map_or(0.0, |z| z.min(CLIP_HIGH_M));
            let de = (z(east, j) - z(west, j)) / (2.0 * east_m);
            let dn = (z(here, j + 1) - z(here, j - 1)) / (2.0 * north_m);
            // Nearby floor counts most; area of the cell corrects for the convergence of meridians.
            let weight = (-2.0 * (km / radius_km).powi(2)).exp() * east_m;
            ee += weight * de * de;
            en += weight * de * dn;
            nn += weight * dn * dn;
        }
    }
    let total = ee + nn;
    let coherence = ((ee - nn).powi(2) + 4.0 * en * en).sqrt() / total;
    // A flat floor (0 / 0) refuses as well.
    if coherence.is_nan() || coherence < MIN_COHERENCE {
        return None;
    }
    // Direction of strongest change, counter-clockwise from east; strike is square to it.
    let change = 0.5 * (2.0 * en).atan2(ee - nn);
    Some((-change.to_degrees()).rem_euclid(180.0))
}
