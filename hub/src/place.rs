//! Places on the Earth.

/// A place, degrees north and east.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
}

/// Kilometres of a degree of latitude on a sphere of 6,371 km.
pub const KM_PER_DEGREE: f64 = 111.195;

impl Place {
    /// East and north of another place, km, on a plane that touches there: for places some hundred kilometres apart.
    pub fn from(self, origin: Place) -> [f64; 2] {
        let lon = (self.lon - origin.lon + 180.0).rem_euclid(360.0) - 180.0;
        [
            lon * KM_PER_DEGREE * origin.lat.to_radians().cos(),
            (self.lat - origin.lat) * KM_PER_DEGREE,
        ]
    }

    /// The place that lies so far east and north of an origin, km.
    pub fn at(origin: Place, [east, north]: [f64; 2]) -> Place {
        // Away from the poles, where no grid is.
        let around = (KM_PER_DEGREE * origin.lat.to_radians().cos()).max(1.0);
        let lon = origin.lon + east / around;
        Place {
            lat: (origin.lat + north / KM_PER_DEGREE).clamp(-90.0, 90.0),
            lon: (lon + 180.0).rem_euclid(360.0) - 180.0,
        }
    }

    /// Great-circle distance, km.
    pub fn distance_km(self, other: Place) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let lon = (other.lon - self.lon).to_radians();
        let h = ((b - a) / 2.0).sin().powi(2) + a.cos() * b.cos() * (lon / 2.0).sin().powi(2);
        2.0 * h.sqrt().min(1.0).asin() * KM_PER_DEGREE.to_degrees()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_the_way_back() {
        let a = Place {
            lat: -33.0,
            lon: 179.99,
        };
        let b = Place {
            lat: -33.0,
            lon: -179.99,
        };
        assert!(
            (a.distance_km(b) - 1.865).abs() < 0.01,
            "{}",
            a.distance_km(b)
        );
        let there = b.from(a);
        let back = Place::at(a, there);
        assert!(back.distance_km(b) < 1e-6);
    }
}
