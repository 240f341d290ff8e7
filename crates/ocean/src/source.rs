//! From magnitude and place to a rupture: its size, its slip, how far the sea surface rises, which cells it covers.
//!
//! | quantity | law | source |
//! |---|---|---|
//! | length, km | log10 L = -2.477 + 0.585 Mw, sigma 0.180 | Strasser et al. 2010, interface events |
//! | width, km | log10 W = -0.882 + 0.351 Mw, sigma 0.173 | same |
//! | moment, N m | log10 M0 = 1.5 Mw + 9.1 | Kanamori 1977; IASPEI 2005 |
//! | slip, m | D = M0 / (mu L W) | definition of moment |
//! | uplift, m | D sin(dip) W/W' L/L', W' = hypot(W, 1.5 d), L' = hypot(L, 1.5 d) | see [`Source::uplift_m`] |
//!
//! Refuses: earthquakes outside the limits of [`crate::quake`].

mod footprint;

pub use footprint::{Footprint, FootprintError, SEA_MARGIN_KM};

use crate::quake::{Quake, QuakeError};

pub use crate::fault::scaling::{
    DIP_DEG, DIP_SIGMA_DEG, LOG_LENGTH_SIGMA, LOG_WIDTH_SIGMA, RIGIDITY_PA, length_km, moment_nm,
    slip_m, width_km,
};

/// A rupture of median size centred on the epicentre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source {
    /// Moment magnitude.
    pub magnitude: f64,
    /// Centre latitude, degrees.
    pub lat: f64,
    /// Centre longitude, degrees.
    pub lon: f64,
    /// Depth of the centre, kilometres, not negative.
    pub depth_km: f64,
    /// Length along strike, kilometres.
    pub length_km: f64,
    /// Width down dip, kilometres.
    pub width_km: f64,
    /// Mean slip, metres.
    pub slip_m: f64,
    /// Dip, degrees.
    pub dip_deg: f64,
}

impl Source {
    /// The median rupture of an earthquake.
    ///
    /// # Errors
    /// [`QuakeError`] when the earthquake is outside the limits of [`crate::quake`].
    pub fn of(quake: &Quake) -> Result<Self, QuakeError> {
        quake.check()?;
        Ok(Source {
            magnitude: quake.magnitude,
            lat: quake.lat,
            lon: quake.lon,
            depth_km: quake.depth_km.max(0.0),
            length_km: length_km(quake.magnitude),
            width_km: width_km(quake.magnitude),
            slip_m: slip_m(quake.magnitude),
            dip_deg: DIP_DEG,
        })
    }

    /// Length over which the sea floor rises, kilometres: the rupture's, widened by its depth.
    pub fn uplift_length_km(&self) -> f64 {
        self.length_km.hypot(DEPTH_SPREAD * self.depth_km)
    }

    /// Width over which the sea floor rises, kilometres.
    pub fn uplift_width_km(&self) -> f64 {
        self.width_km.hypot(DEPTH_SPREAD * self.depth_km)
    }

    /// Mean uplift of the sea surface, metres: the block uplift `slip sin(dip)`, its volume spread over the wider
    /// area that a buried rupture lifts. For a shallow wide rupture this is the block itself; for a deep small
    /// one it becomes the peak uplift of Okada's (1985) point source, `3/(2 pi) sin(dip) cos(dip) M0 / (mu d^2)`, to
    /// within a tenth (the two limits fix [`DEPTH_SPREAD`]; between them it is an interpolation).
    pub fn uplift_m(&self) -> f64 {
        let block = self.slip_m * self.dip_deg.to_radians().sin();
        block
            * (self.width_km / self.uplift_width_km())
            * (self.length_km / self.uplift_length_km())
    }
}

/// How much of its depth a buried rupture adds to the size of the area that it lifts. See [`Source::uplift_m`].
pub const DEPTH_SPREAD: f64 = 1.5;

#[cfg(test)]
mod tests {
    use super::*;

    fn quake(magnitude: f64, depth_km: f64) -> Quake {
        Quake {
            id: "q".into(),
            magnitude,
            lat: -36.0,
            lon: -73.0,
            depth_km,
            origin_us: 0,
        }
    }

    #[test]
    fn maule_has_the_published_size() {
        // Finite-fault studies: about 450-500 km by 120-160 km, mean slip 5-10 m.
        let s = Source::of(&quake(8.8, 22.9)).unwrap();
        assert!(
            (s.length_km - 468.8).abs() < 1.0 && (s.width_km - 160.9).abs() < 1.0,
            "{s:?}"
        );
        assert!((s.slip_m - 6.6).abs() < 0.1, "{s:?}");
        assert!((2.3..2.6).contains(&s.uplift_m()), "{}", s.uplift_m());
    }

    #[test]
    fn a_deep_small_rupture_lifts_like_a_point_source() {
        let s = Source::of(&quake(6.0, 90.0)).unwrap();
        let dip = DIP_DEG.to_radians();
        let point = 1.5 / std::f64::consts::PI * dip.sin() * dip.cos() * moment_nm(6.0)
            / (RIGIDITY_PA * 90e3f64.powi(2));
        assert!(
            (s.uplift_m() / point - 1.0).abs() < 0.1,
            "{} {}",
            s.uplift_m(),
            point
        );
    }

    #[test]
    fn slip_and_uplift_grow_with_magnitude_and_fall_with_depth() {
        let up = |m, d| Source::of(&quake(m, d)).unwrap().uplift_m();
        for tenth in 50..96 {
            let m = f64::from(tenth) / 10.0;
            assert!(up(m + 0.1 - 1e-9, 30.0) > up(m, 30.0));
            assert!(up(m, 10.0) > up(m, 20.0));
        }
    }
}
