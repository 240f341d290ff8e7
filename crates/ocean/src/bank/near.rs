//! Unit sources round one earthquake: the patches of the interface that its rupture may have reached.

use crate::forecast::MAGNITUDE_SIGMA;
use crate::quake::Quake;
use crate::response::UnitSource;
use crate::source::{LOG_LENGTH_SIGMA, length_km};
use crate::trench::{self, UnitOptions};

/// Deepest upper edge of a patch, kilometres: coupling ends at 51 +- 5 km (Heuret et al. 2011).
const COUPLED_KM: f64 = 50.0;
/// Sizes of patches along strike, kilometres; half as wide. The first of which the median rupture is at least
/// [`PATCHES_ALONG`] long is taken.
const LENGTHS_KM: [f64; 3] = [100.0, 50.0, 25.0];
/// Patches along the median rupture that resolve where it slipped.
const PATCHES_ALONG: f64 = 3.0;

/// Patches round an earthquake.
#[derive(Debug, Clone, PartialEq)]
pub struct Patches {
    /// The trench, by its id.
    pub trench: &'static str,
    /// The patches.
    pub units: Vec<UnitSource>,
}

/// The patches of the nearest trench that a rupture of this earthquake may have reached, whichever way it ran and were its
/// magnitude two standard deviations larger than told: the whole length of such a rupture to either side, from the trench
/// to where coupling ends. `None` where no trench is near or the magnitude is no number.
pub fn units_near(quake: &Quake) -> Option<Patches> {
    if !quake.magnitude.is_finite() {
        return None;
    }
    let interface = trench::nearest(quake.lat, quake.lon)?;
    let magnitude = quake.magnitude + 2.0 * MAGNITUDE_SIGMA;
    let median = length_km(quake.magnitude);
    let size = LENGTHS_KM
        .into_iter()
        .find(|l| median >= PATCHES_ALONG * l)
        .unwrap_or(LENGTHS_KM[LENGTHS_KM.len() - 1]);
    let options = UnitOptions {
        length_km: size,
        width_km: 0.5 * size,
        rows: 20,
    };
    // At least a patch to either side, however small the earthquake.
    let reach = (length_km(magnitude) * 10f64.powf(LOG_LENGTH_SIGMA)).max(1.5 * size);
    let range = interface.along_km - reach..interface.along_km + reach;
    let mut units = interface.trench.unit_sources(range, &options);
    units.retain(|u| top_km(u) <= COUPLED_KM);
    (!units.is_empty()).then(|| Patches {
        trench: interface.trench.id(),
        units,
    })
}

/// Depth of a patch's upper edge, kilometres.
fn top_km(unit: &UnitSource) -> f64 {
    unit.depth_km - 0.5 * unit.width_km * unit.dip_deg.to_radians().sin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(magnitude: f64, lat: f64, lon: f64) -> Option<Patches> {
        units_near(&Quake {
            id: "q".into(),
            magnitude,
            lat,
            lon,
            depth_km: 25.0,
            origin_us: 0,
        })
    }

    #[test]
    fn patches_grow_with_the_earthquake_and_stay_few() {
        for tenth in 50..=96 {
            let m = f64::from(tenth) / 10.0;
            let patches = near(m, -36.1, -72.9).expect("Chile");
            assert_eq!(patches.trench, "chile-peru");
            let n = patches.units.len();
            assert!((4..=500).contains(&n), "M {m}: {n}");
            assert!(patches.units.iter().all(|u| top_km(u) <= COUPLED_KM));
        }
    }

    #[test]
    fn the_rupture_of_maule_is_covered() {
        // 33.1 to 38.6 S by finite-fault studies.
        let units = near(8.8, -36.12, -72.9).unwrap().units;
        let (south, north) = units
            .iter()
            .fold((0f64, -90f64), |(s, n), u| (s.min(u.lat), n.max(u.lat)));
        assert!(south < -38.6 && north > -33.1, "{south} {north}");
        assert!(units.iter().any(|u| top_km(u) < 1.0), "up to the trench");
    }

    #[test]
    fn far_from_any_trench_there_are_none() {
        assert_eq!(near(8.0, 0.0, -130.0), None);
        assert_eq!(near(f64::NAN, -36.1, -72.9), None);
        assert_eq!(near(8.0, f64::NAN, -72.9), None);
    }
}
