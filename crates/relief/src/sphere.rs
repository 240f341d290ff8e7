//! Distances of up to some hundreds of kilometres, in metres.

/// Mean radius of the Earth, metres (IUGG, R1 = 6,371.009 km).
const RADIUS_M: f64 = 6_371_009.0;
/// Metres a degree of latitude.
pub(crate) const DEGREE_M: f64 = RADIUS_M * std::f64::consts::PI / 180.0;

/// Longitude between -180 and 180.
pub(crate) fn wrap(lon: f64) -> f64 {
    if (-180.0..=180.0).contains(&lon) {
        lon
    } else {
        (lon + 180.0).rem_euclid(360.0) - 180.0
    }
}

/// Great-circle distance between two `[lat, lon]`, metres (haversine: exact to rounding at short distances).
pub(crate) fn distance_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (lat_a, lat_b) = (a[0].to_radians(), b[0].to_radians());
    let half_lat = (lat_b - lat_a) / 2.0;
    let half_lon = (b[1] - a[1]).to_radians() / 2.0;
    let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    2.0 * RADIUS_M * h.clamp(0.0, 1.0).sqrt().asin()
}

/// A plane that touches the Earth near some `[lat, lon]`: east and north in metres. Good for what is nearest, not for lengths.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plane {
    lat: f64,
    lon: f64,
}

impl Plane {
    /// Around the middle of what has these bounds.
    pub(crate) fn around(points: impl Iterator<Item = [f64; 2]>) -> Self {
        let mut points = points.peekable();
        // The first point fixes the side of the antimeridian; callers give points in an order of their own making.
        let lon = points.peek().map_or(0.0, |p| p[1]);
        let (low, high) = points.fold((90.0_f64, -90.0_f64), |(low, high), p| {
            (low.min(p[0]), high.max(p[0]))
        });
        let lat = if low <= high { (low + high) / 2.0 } else { 0.0 };
        Self { lat, lon }
    }

    pub(crate) fn project(&self, p: [f64; 2]) -> [f64; 2] {
        // Near a pole the plane would be a line; a hundredth of a degree off it nobody lives.
        let shrink = self.lat.to_radians().cos().max(1e-4);
        [
            wrap(p[1] - self.lon) * DEGREE_M * shrink,
            (p[0] - self.lat) * DEGREE_M,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances() {
        assert!((distance_m([0.0, 0.0], [1.0, 0.0]) - DEGREE_M).abs() < 1e-6);
        // Across the antimeridian as across any other.
        assert!(
            (distance_m([-17.0, 179.9], [-17.0, -179.9])
                - distance_m([-17.0, 10.0], [-17.0, 10.2]))
            .abs()
                < 1e-6
        );
        assert_eq!(wrap(190.0), -170.0);
        assert_eq!(wrap(180.0), 180.0);
    }
}
