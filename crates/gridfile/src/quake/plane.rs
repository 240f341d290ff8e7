//! Nodal planes.

/// A nodal plane of a double couple, degrees (Aki and Richards: the dip is to the right of the strike).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    /// Strike, 0 to 360, clockwise from north.
    pub strike_deg: f64,
    /// Dip, above 0 to 90.
    pub dip_deg: f64,
    /// Rake, -180 to 180; 90 is thrust.
    pub rake_deg: f64,
}

impl Plane {
    /// A plane from its angles, wrapped to their ranges; `None` when one is no number or the dip is no dip.
    pub fn new(strike_deg: f64, dip_deg: f64, rake_deg: f64) -> Option<Self> {
        let usable = strike_deg.abs() <= 720.0
            && rake_deg.abs() <= 720.0
            && dip_deg > 0.0
            && dip_deg <= 90.0;
        usable.then(|| Plane {
            strike_deg: strike_deg.rem_euclid(360.0),
            dip_deg,
            rake_deg: 180.0 - (180.0 - rake_deg).rem_euclid(360.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_wrapped_or_refused() {
        let plane = Plane::new(-165.0, 14.0, 450.0).expect("a plane");
        assert_eq!(
            (plane.strike_deg, plane.dip_deg, plane.rake_deg),
            (195.0, 14.0, 90.0)
        );
        assert_eq!(
            Plane::new(0.0, 90.0, -180.0).map(|p| p.rake_deg),
            Some(180.0)
        );
        for (strike, dip, rake) in [
            (0.0, 0.0, 90.0),
            (0.0, 91.0, 90.0),
            (f64::NAN, 10.0, 90.0),
            (0.0, 10.0, f64::INFINITY),
        ] {
            assert_eq!(Plane::new(strike, dip, rake), None);
        }
    }
}
