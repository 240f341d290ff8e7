//! When the seismic surface waves of an earthquake pass a station.
//!
//! A pressure sensor on the sea floor records the ground's vertical acceleration as pressure, so the Rayleigh wave
//! looks like metres of water long before the tsunami comes. This module only says when to expect it.

/// Fastest surface-wave group velocity considered, km/s: fundamental-mode Love waves, 4.5 km/s for the longest
/// periods (group-velocity curves in Lay and Wallace, *Modern Global Seismology*, 1995, chapter 4).
pub const FASTEST_KM_S: f64 = 4.5;

/// Slowest group velocity considered, km/s: the Airy phase of short-period Rayleigh waves in oceanic crust
/// with sediments, about 3 km/s for the periods (above 15 s) that reach a deep pressure sensor (same source).
pub const SLOWEST_KM_S: f64 = 3.0;

/// What is added after the slowest arrival, s: source duration of the greatest earthquakes (about 500 s for Sumatra
/// 2004, Ammon et al., Science 308, 2005, doi:10.1126/science.1112260).
pub const LONGEST_SOURCE_S: f64 = 500.0;

/// Seconds after the origin time during which surface waves pass.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Window {
    /// Earliest arrival, s after origin.
    pub from_s: f64,
    /// Last passage of the direct wave train, s after origin. Scattered energy (coda) may follow, weaker.
    pub to_s: f64,
}

impl Window {
    /// Whether `after_origin_s` lies within the window.
    #[must_use]
    pub fn contains(&self, after_origin_s: f64) -> bool {
        after_origin_s >= self.from_s && after_origin_s <= self.to_s
    }
}

/// The time window of the direct seismic surface waves at `distance_km` (epicentral, along the great circle).
///
/// Negative or non-finite distances are taken as zero: at the source shaking starts at once.
#[must_use]
pub fn seismic_window(distance_km: f64) -> Window {
    let distance_km = if distance_km.is_finite() && distance_km > 0.0 {
        distance_km
    } else {
        0.0
    };
    Window {
        from_s: distance_km / FASTEST_KM_S,
        to_s: distance_km / SLOWEST_KM_S + LONGEST_SOURCE_S,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maule_rayleigh_wave_falls_in_the_window_of_32412() {
        // 32412 is about 2,500 km from the 2010 epicentre; its record is disturbed from 600 s to 1,300 s.
        let window = seismic_window(2500.0);
        assert!(window.contains(600.0) && window.contains(1300.0));
        assert!(!window.contains(11_400.0), "the tsunami is not in it");
    }

    #[test]
    fn nonsense_distances_start_at_once() {
        for distance in [f64::NAN, -5.0, f64::INFINITY] {
            assert_eq!(seismic_window(distance).from_s, 0.0);
        }
    }
}
