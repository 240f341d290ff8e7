//! The unit sources that may have slipped in an earthquake.

use ocean::bank::units_near;
use ocean::fault::Fault;
use ocean::quake::Quake;
use ocean::response::UnitSource;
use ocean::sphere::destination;

/// Sides of a patch where no trench says more, kilometres.
const LENGTH_KM: f64 = 50.0;
/// See [`LENGTH_KM`].
const WIDTH_KM: f64 = 25.0;
/// Most columns and rows of such patches.
const MOST: (usize, usize) = (40, 8);

/// The unit sources round an earthquake, and where their geometry came from.
pub fn round(quake: &Quake, estimate: &Fault) -> (Vec<UnitSource>, String) {
    if let Some(patches) = units_near(quake) {
        let words = format!(
            "{} patches of trench {}",
            patches.units.len(),
            patches.trench
        );
        return (patches.units, words);
    }
    let units = on_plane(estimate, estimate.length_km + LENGTH_KM);
    let words = format!(
        "{} patches of the plane on which the scaling laws' rupture lies",
        units.len()
    );
    (units, words)
}

/// Patches that pave the plane of a rupture, from the surface to twice its width.
fn on_plane(f: &Fault, reach_km: f64) -> Vec<UnitSource> {
    let (sin, cos) = f.dip_deg.to_radians().sin_cos();
    // Down-dip position of the surface, seen from the centre.
    let top_km = (-f.depth_km / sin.max(0.1)).max(-2.0 * f.width_km);
    let rows = (((2.0 * f.width_km).min(200.0) / WIDTH_KM).ceil() as usize).clamp(1, MOST.1);
    let columns = ((2.0 * reach_km / LENGTH_KM).round() as usize).clamp(1, MOST.0);
    let mut units = Vec::with_capacity(rows * columns);
    for column in 0..columns {
        let along = (column as f64 + 0.5 - 0.5 * columns as f64) * LENGTH_KM;
        for row in 0..rows {
            let down = top_km + (row as f64 + 0.5) * WIDTH_KM;
            let (lat, lon) = destination(f.lat, f.lon, f.strike_deg, along);
            let (lat, lon) = destination(lat, lon, f.strike_deg + 90.0, down * cos);
            units.push(UnitSource {
                id: format!("plane/{}{}", char::from(b'a' + row as u8), column + 1),
                lat,
                lon,
                depth_km: (f.depth_km + down * sin).max(0.5 * WIDTH_KM * sin),
                length_km: LENGTH_KM,
                width_km: WIDTH_KM,
                strike_deg: f.strike_deg,
                dip_deg: f.dip_deg,
                rake_deg: f.rake_deg,
            });
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quake(magnitude: f64, lat: f64, lon: f64) -> Quake {
        Quake {
            id: "q".into(),
            magnitude,
            lat,
            lon,
            depth_km: 20.0,
            origin_us: 0,
        }
    }

    #[test]
    fn units_lie_round_the_earthquake() {
        for (magnitude, lat, lon) in [
            (9.1, 38.1, 142.86),
            (8.8, -36.122, -72.898),
            (7.0, 36.0, -20.0),
            (9.6, -38.0, -73.5),
        ] {
            let q = quake(magnitude, lat, lon);
            let fault = Fault::of(&q, None).expect("a rupture").fault;
            let (units, words) = round(&q, &fault);
            assert!((2..=MOST.0 * MOST.1).contains(&units.len()), "{words}");
            let nearest = units
                .iter()
                .map(|u| ocean::sphere::distance_km(u.lat, u.lon, lat, lon))
                .fold(f64::INFINITY, f64::min);
            assert!(nearest < 60.0, "{words}: {nearest} km");
            ocean::inversion::Prior::from_quake(&units, &q).expect("a prior");
        }
    }
}
