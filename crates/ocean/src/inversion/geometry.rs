//! Where unit sources lie with respect to each other and to a hypocentre, and how alike their slips are.

use ndarray::Array2;

use crate::response::UnitSource;
use crate::sphere::{EARTH_RADIUS_M, distance_km};

type Vector = [f64; 3];
type Tensor = [Vector; 3];

/// Position and axes of a unit source in the Earth's own frame.
struct Placed {
    at_km: Vector,
    along: Vector,
    down: Vector,
    normal: Vector,
}

fn placed(unit: &UnitSource) -> Placed {
    let (lat, lon) = (unit.lat.to_radians(), unit.lon.to_radians());
    let up = [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()];
    let east = [-lon.sin(), lon.cos(), 0.0];
    let north = [-lat.sin() * lon.cos(), -lat.sin() * lon.sin(), lat.cos()];
    let radius = EARTH_RADIUS_M * 1e-3 - unit.depth_km;
    let (strike, dip) = (unit.strike_deg.to_radians(), unit.dip_deg.to_radians());
    let mix = |a: f64, b: f64, c: f64| -> Vector {
        std::array::from_fn(|k| a * east[k] + b * north[k] + c * up[k])
    };
    // The interface dips to the right of its strike.
    Placed {
        at_km: up.map(|u| u * radius),
        along: mix(strike.sin(), strike.cos(), 0.0),
        down: mix(
            strike.cos() * dip.cos(),
            -strike.sin() * dip.cos(),
            -dip.sin(),
        ),
        normal: mix(
            strike.cos() * dip.sin(),
            -strike.sin() * dip.sin(),
            dip.cos(),
        ),
    }
}

/// Correlation of slip between unit sources: exponential in the distance along the interface, with one length along strike
/// and one down dip, in kilometres. The axes turn with the trench; Paciorek & Schervish (2006) is what keeps such a
/// matrix positive definite. Exponential is von Karman's function with the Hurst exponent 0.5 (Mai & Beroza 2002).
pub(super) fn correlation(units: &[UnitSource], along_km: f64, down_km: f64) -> Array2<f64> {
    let places: Vec<Placed> = units.iter().map(placed).collect();
    let tensors: Vec<Tensor> = places
        .iter()
        .map(|p| {
            // Off the interface the length down dip serves: an interface bends there.
            let parts = [
                (along_km * along_km, p.along),
                (down_km * down_km, p.down),
                (down_km * down_km, p.normal),
            ];
            std::array::from_fn(|i| {
                std::array::from_fn(|j| parts.iter().map(|(l, v)| l * v[i] * v[j]).sum())
            })
        })
        .collect();
    let own = (along_km * down_km * down_km).powi(2);
    let n = units.len();
    let mut matrix = Array2::eye(n);
    for i in 0..n {
        for j in 0..i {
            let mean: Tensor = std::array::from_fn(|a| {
                std::array::from_fn(|b| 0.5 * (tensors[i][a][b] + tensors[j][a][b]))
            });
            let apart: Vector = std::array::from_fn(|k| places[i].at_km[k] - places[j].at_km[k]);
            let (form, determinant) = inverse_form(&mean, &apart);
            let value = (own / determinant).sqrt() * (-form.max(0.0).sqrt()).exp();
            matrix[[i, j]] = value;
            matrix[[j, i]] = value;
        }
    }
    matrix
}

/// `v^T M^-1 v` and the determinant of M, by cofactors.
fn inverse_form(m: &Tensor, v: &Vector) -> (f64, f64) {
    let cofactor = |i: usize, j: usize| {
        let (a, b) = ((i + 1) % 3, (i + 2) % 3);
        let (c, d) = ((j + 1) % 3, (j + 2) % 3);
        m[a][c] * m[b][d] - m[a][d] * m[b][c]
    };
    let determinant: f64 = (0..3).map(|j| m[0][j] * cofactor(0, j)).sum();
    let mut form = 0.0;
    for i in 0..3 {
        for j in 0..3 {
            form += v[i] * v[j] * cofactor(i, j);
        }
    }
    (form / determinant, determinant)
}

/// A unit source as seen from a hypocentre, kilometres on the interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Along strike.
    pub along_km: f64,
    /// Down dip.
    pub down_km: f64,
    /// Distance at the surface.
    pub distance_km: f64,
}

/// All unit sources as seen from an epicentre. Strike is taken as the mean of the nearest unit's and each unit's own, which
/// follows a gently curved trench.
pub(super) fn seen_from(units: &[UnitSource], lat: f64, lon: f64) -> Vec<Seen> {
    let distances: Vec<f64> = units
        .iter()
        .map(|u| distance_km(lat, lon, u.lat, u.lon))
        .collect();
    let nearest = (0..units.len()).min_by(|&a, &b| distances[a].total_cmp(&distances[b]));
    let here = nearest.map_or(0.0, |k| units[k].strike_deg);
    units
        .iter()
        .zip(distances)
        .map(|(unit, distance_km)| {
            let turn = (unit.strike_deg - here + 180.0).rem_euclid(360.0) - 180.0;
            let strike = (here + 0.5 * turn).to_radians();
            let angle = azimuth(lat, lon, unit.lat, unit.lon) - strike;
            Seen {
                along_km: distance_km * angle.cos(),
                down_km: distance_km * angle.sin() / unit.dip_deg.to_radians().cos(),
                distance_km,
            }
        })
        .collect()
}

/// Unit sources of which every other one lies within `apart_km` of one, and which lie farther than that from each other.
pub(super) fn spread(units: &[UnitSource], apart_km: f64) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for (k, unit) in units.iter().enumerate() {
        let far = |&c: &usize| {
            let other = &units[c];
            distance_km(unit.lat, unit.lon, other.lat, other.lon) > apart_km
        };
        if chosen.iter().all(far) {
            chosen.push(k);
        }
    }
    chosen
}

/// Direction from one place to another, radians clockwise from north.
fn azimuth(lat_a: f64, lon_a: f64, lat_b: f64, lon_b: f64) -> f64 {
    let (a, b, d) = (
        lat_a.to_radians(),
        lat_b.to_radians(),
        (lon_b - lon_a).to_radians(),
    );
    (d.sin() * b.cos()).atan2(a.cos() * b.sin() - a.sin() * b.cos() * d.cos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inversion::dense;

    fn trench(n: usize) -> Vec<UnitSource> {
        (0..n)
            .map(|k| UnitSource {
                id: format!("u{k}"),
                lat: -40.0 + 0.45 * (k / 3) as f64,
                lon: -74.0 + 0.4 * (k % 3) as f64,
                depth_km: 10.0 + 12.0 * (k % 3) as f64,
                length_km: 50.0,
                width_km: 40.0,
                strike_deg: 5.0 + 0.5 * (k / 3) as f64,
                dip_deg: 18.0,
                rake_deg: 90.0,
            })
            .collect()
    }

    #[test]
    fn correlation_is_positive_definite_and_longer_along_strike() {
        let units = trench(60);
        let c = correlation(&units, 150.0, 40.0);
        assert!(dense::cholesky(&c).is_some());
        // Unit 3 lies 50 km along strike, unit 1 about 36 km down dip.
        assert!(
            (c[[0, 3]] - (-50.0f64 / 150.0).exp()).abs() < 0.03,
            "{}",
            c[[0, 3]]
        );
        assert!(
            (c[[0, 1]] - (-36.0f64 / 40.0).exp()).abs() < 0.05,
            "{}",
            c[[0, 1]]
        );
    }

    #[test]
    fn a_hypocentre_sees_strike_and_dip() {
        let units = trench(30);
        let seen = seen_from(&units, units[12].lat, units[12].lon);
        assert!(seen[12].distance_km < 1e-6);
        assert!(
            seen[15].along_km > 45.0 && seen[15].down_km.abs() < 12.0,
            "{:?}",
            seen[15]
        );
        assert!(
            seen[13].down_km > 30.0 && seen[13].along_km.abs() < 12.0,
            "{:?}",
            seen[13]
        );
    }
}
