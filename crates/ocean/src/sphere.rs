//! The spherical Earth: distances, directions, and the constants of long waves on it.
//!
//! A sphere is enough here: the ellipsoid changes a distance by at most 0.3 %, less than a tenth of what
//! 10-minute bathymetry does to a travel time.

/// Mean radius of the Earth, metres. IUGG mean radius R1 = 6371.0088 km (Moritz 2000, GRS 80).
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Standard gravity, m/s2 (CGPM 1901). Varies by 0.5 % with latitude, which moves sqrt(g h) by 0.25 %.
pub const GRAVITY_M_S2: f64 = 9.806_65;

/// Great-circle distance in kilometres between two places in degrees (haversine; exact at small distances).
///
/// NaN in, NaN out.
pub fn distance_km(lat_a: f64, lon_a: f64, lat_b: f64, lon_b: f64) -> f64 {
    let (pa, pb) = (lat_a.to_radians(), lat_b.to_radians());
    let dp = ((pb - pa) * 0.5).sin();
    let dl = ((lon_b - lon_a).to_radians() * 0.5).sin();
    let h = dp * dp + pa.cos() * pb.cos() * dl * dl;
    2.0 * EARTH_RADIUS_M * 1e-3 * h.clamp(0.0, 1.0).sqrt().asin()
}

/// The place reached from (`lat`, `lon`) after `km` along the great circle that leaves at `azimuth_deg`
/// (clockwise from north). Latitude and longitude in degrees, longitude in -180..180.
pub fn destination(lat: f64, lon: f64, azimuth_deg: f64, km: f64) -> (f64, f64) {
    let d = km * 1e3 / EARTH_RADIUS_M;
    let (p, a) = (lat.to_radians(), azimuth_deg.to_radians());
    let sin_p2 = (p.sin() * d.cos() + p.cos() * d.sin() * a.cos()).clamp(-1.0, 1.0);
    let dl = (a.sin() * d.sin() * p.cos()).atan2(d.cos() - p.sin() * sin_p2);
    (
        sin_p2.asin().to_degrees(),
        normal_lon(lon + dl.to_degrees()),
    )
}

/// Longitude brought into -180 (included) to 180 (excluded) degrees.
pub fn normal_lon(lon: f64) -> f64 {
    (lon + 180.0).rem_euclid(360.0) - 180.0
}

/// Speed of a long wave in m/s over `depth_m` metres of water: sqrt(g h), Lagrange's shallow-water speed.
/// Valid for wavelengths over about 20 depths; negative depths count as zero.
pub fn long_wave_speed_m_s(depth_m: f64) -> f64 {
    (GRAVITY_M_S2 * depth_m.max(0.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances() {
        // A quarter of a meridian and of the equator.
        let quarter = std::f64::consts::FRAC_PI_2 * EARTH_RADIUS_M * 1e-3;
        assert!((distance_km(0.0, 10.0, 90.0, -77.0) - quarter).abs() < 1e-6);
        assert!((distance_km(0.0, 130.0, 0.0, -140.0) - quarter).abs() < 1e-6);
        assert_eq!(distance_km(12.0, 179.0, 12.0, 179.0 - 360.0).round(), 0.0);
        assert!(distance_km(f64::NAN, 0.0, 0.0, 0.0).is_nan());
    }

    #[test]
    fn destination_is_the_inverse_of_distance() {
        for az in [0.0, 37.0, 123.0, 270.0] {
            for km in [1.0, 500.0, 9000.0] {
                let (lat, lon) = destination(-36.1, 179.9, az, km);
                assert!((distance_km(-36.1, 179.9, lat, lon) - km).abs() < 1e-6 * km + 1e-6);
            }
        }
    }
}
