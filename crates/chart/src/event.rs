//! What the caller tells: the event in words and numbers, and the places to mark.

use ocean::sphere::destination;

use crate::colour::MAX_LEVELS;
use crate::error::ChartError;

/// Most stations on a map.
pub const MAX_STATIONS: usize = 2_000;
/// Most coastal points on a map.
pub const MAX_POINTS: usize = 10_000;
/// Most rectangles of a rupture.
pub const MAX_RUPTURES: usize = 2_000;

/// What is written round a picture. Empty texts and `None` leave their line out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventText {
    /// Headline: what the picture shows.
    pub title: String,
    /// Who publishes it.
    pub issuer: String,
    /// A word such as `EXERCISE` or `TEST`: a band across the page and across the map. `None` for the real
    /// thing.
    pub status: Option<String>,
    /// Where the earthquake was, in words.
    pub place: String,
    /// When it began, seconds since 1970-01-01 UTC.
    pub origin_unix_s: Option<i64>,
    /// Magnitude.
    pub magnitude: Option<f64>,
    /// Latitude and longitude of the epicentre, degrees: written down, and marked with a star.
    pub epicentre: Option<(f64, f64)>,
    /// Depth of the hypocentre, kilometres.
    pub depth_km: Option<f64>,
    /// The source that was computed with, in words.
    pub source: String,
    /// The grid that was computed on, in words.
    pub grid: String,
    /// When this was issued, seconds since 1970-01-01 UTC.
    pub issued_unix_s: Option<i64>,
    /// A remark at the foot.
    pub note: String,
}

/// A sea-level station.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Name or identifier, written beside its mark where there is room.
    pub name: String,
    /// Latitude, degrees.
    pub lat: f64,
    /// Longitude, degrees.
    pub lon: f64,
}

/// A coastal forecast point with its level.
#[derive(Debug, Clone, PartialEq)]
pub struct CoastPoint {
    /// Name, written beside its mark where there is room and its level is above the lowest; may be empty.
    pub name: String,
    /// Latitude, degrees.
    pub lat: f64,
    /// Longitude, degrees.
    pub lon: f64,
    /// Index into [`Marks::levels`]; one beyond them counts as the highest.
    pub level: usize,
}

/// The outline of a part of the rupture at the surface.
#[derive(Debug, Clone, PartialEq)]
pub struct Rupture {
    /// Corners in order, (latitude, longitude) in degrees.
    pub corners: Vec<(f64, f64)>,
}

impl Rupture {
    /// The rectangle of a fault seen from above: its centre, length along strike and width down dip in
    /// kilometres, angles in degrees (Aki and Richards: it dips to the right of its strike).
    pub fn rectangle(
        lat: f64,
        lon: f64,
        length_km: f64,
        width_km: f64,
        strike_deg: f64,
        dip_deg: f64,
    ) -> Self {
        let half_km = width_km * dip_deg.to_radians().cos() * 0.5;
        let corner = |along: f64, down: f64| {
            let (lat, lon) = destination(lat, lon, strike_deg, along * length_km * 0.5);
            destination(lat, lon, strike_deg + 90.0, down * half_km)
        };
        Rupture {
            corners: vec![
                corner(-1.0, -1.0),
                corner(1.0, -1.0),
                corner(1.0, 1.0),
                corner(-1.0, 1.0),
            ],
        }
    }
}

/// What is marked on a map. Places outside it are left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Marks {
    /// Stations, the most important first: names are placed in this order.
    pub stations: Vec<Station>,
    /// Coastal points.
    pub points: Vec<CoastPoint>,
    /// Names of the levels from the lowest to the highest, at most five: "no threat", "advisory", ...
    pub levels: Vec<String>,
    /// Rectangles of the rupture.
    pub rupture: Vec<Rupture>,
}

impl Marks {
    pub(crate) fn check(&self) -> Result<(), ChartError> {
        let corners = self.rupture.iter().map(|r| r.corners.len()).sum();
        for (what, found, most) in [
            ("stations", self.stations.len(), MAX_STATIONS),
            ("points", self.points.len(), MAX_POINTS),
            ("levels", self.levels.len(), MAX_LEVELS),
            ("corners of rupture rectangles", corners, 4 * MAX_RUPTURES),
        ] {
            if found > most {
                return Err(ChartError::TooMany { what, found, most });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_lies_right_of_its_strike() {
        // Strike north on the equator: length runs north-south, width shrinks by the cosine of the dip.
        let r = Rupture::rectangle(0.0, 179.9, 222.4, 111.2, 0.0, 60.0);
        let lats: Vec<f64> = r.corners.iter().map(|c| c.0).collect();
        assert!((lats[1] - lats[0] - 2.0).abs() < 0.01, "{lats:?}");
        let east = (r.corners[3].1 - r.corners[0].1).rem_euclid(360.0);
        assert!((east - 0.5).abs() < 0.01, "{east}");
    }
}
