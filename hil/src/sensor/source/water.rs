//! From the height of the sea to the pressure at its floor.

/// The standard atmosphere, pascals (ISO 2533).
pub const STANDARD_ATMOSPHERE_PA: f64 = 101_325.0;

/// A column of water over a pressure sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Water {
    /// Absolute pressure at the sensor with the sea at its mean, pascals.
    pub base_pa: f64,
    /// Pascals for each metre of water.
    pub pa_per_metre: f64,
}

impl Water {
    /// A sensor at this depth in metres, with the factor by which NOAA's tsunameters made metres from pressure
    /// ([`signal::tsunami::METRES_PER_PASCAL`]: 670 mm per psi, 10,291 Pa/m). A de-tided DART record played through it
    /// is the pressure that the instrument measured.
    #[must_use]
    pub fn dart(depth_m: f64) -> Self {
        let pa_per_metre = 1.0 / signal::tsunami::METRES_PER_PASCAL;
        Self {
            base_pa: STANDARD_ATMOSPHERE_PA + depth_m * pa_per_metre,
            pa_per_metre,
        }
    }

    /// A sensor at this depth in water of this density (1,025 kg/m3 for surface sea water, 998 for fresh), with the
    /// standard gravity of 9.80665 m/s2 (CGPM 1901).
    #[must_use]
    pub fn hydrostatic(depth_m: f64, density_kg_m3: f64) -> Self {
        let pa_per_metre = density_kg_m3 * 9.806_65;
        Self {
            base_pa: STANDARD_ATMOSPHERE_PA + depth_m * pa_per_metre,
            pa_per_metre,
        }
    }

    /// Absolute pressure with the sea this much above its mean.
    #[must_use]
    pub fn pressure_pa(self, level_m: f64) -> f64 {
        self.base_pa + level_m * self.pa_per_metre
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metre_over_a_tsunameter_is_one_and_a_half_psi() {
        let water = Water::dart(4_325.0);
        let metre = water.pressure_pa(1.0) - water.pressure_pa(0.0);
        // 1 / 0.670 psi, to the resolution of a double at 45 MPa.
        assert!((metre - 6_894.757 / 0.670).abs() < 1e-6, "{metre}");
        let fresh = Water::hydrostatic(10.0, 998.0);
        assert!((fresh.pressure_pa(0.0) - 199_195.367).abs() < 1e-6);
    }
}
