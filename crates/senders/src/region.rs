//! Where a deployment wants to hear of alerts.

use cap::{Area, Info};
use serde::{Deserialize, Serialize};

/// A box of latitudes and longitudes, degrees. `west` greater than `east` reaches over the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Southern edge.
    pub south: f64,
    /// Western edge.
    pub west: f64,
    /// Northern edge.
    pub north: f64,
    /// Eastern edge.
    pub east: f64,
}

/// A degree of latitude, km.
const DEGREE_KM: f64 = 111.2;

impl Region {
    /// Whether it is a box on Earth.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let lat = |v: f64| (-90.0..=90.0).contains(&v);
        let lon = |v: f64| (-180.0..=180.0).contains(&v);
        if lat(self.south)
            && lat(self.north)
            && lon(self.west)
            && lon(self.east)
            && self.south < self.north
            && self.west != self.east
        {
            return Ok(());
        }
        Err(format!(
            "south {} west {} north {} east {} is no box: south below north, within -90 to 90 and -180 to 180; west beyond east reaches over the antimeridian",
            self.south, self.west, self.north, self.east
        ))
    }

    /// Whether a message may concern the box: it has an outline or a circle whose surrounding box meets it, or none at all - what says no place
    /// may be anywhere.
    pub fn concerns(&self, infos: &[Info]) -> bool {
        let mut placed = false;
        for area in infos.iter().flat_map(|info| &info.areas) {
            for around in surroundings(area) {
                placed = true;
                if self.meets(around) {
                    return true;
                }
            }
        }
        !placed
    }

    fn meets(&self, other: Self) -> bool {
        if self.south > other.north || other.south > self.north {
            return false;
        }
        let pieces = |r: &Self| {
            if r.west <= r.east {
                vec![(r.west, r.east)]
            } else {
                vec![(r.west, 180.0), (-180.0, r.east)]
            }
        };
        let others = pieces(&other);
        pieces(self)
            .iter()
            .any(|a| others.iter().any(|b| a.0 <= b.1 && b.0 <= a.1))
    }
}

/// The boxes around the shapes of an area.
fn surroundings(area: &Area) -> impl Iterator<Item = Region> + '_ {
    let polygons = area.polygons.iter().map(|polygon| {
        let lats = || polygon.points.iter().map(|p| p.lat_deg());
        let lons = || polygon.points.iter().map(|p| p.lon_deg());
        let (mut west, mut east) = (least(lons()), greatest(lons()));
        if east - west > 180.0 {
            // Drawn over the antimeridian, or around the globe: anywhere.
            (west, east) = (-180.0, 180.0);
        }
        Region {
            south: least(lats()),
            north: greatest(lats()),
            west,
            east,
        }
    });
    let circles = area.circles.iter().map(|circle| {
        let (lat, lon) = (circle.center.lat_deg(), circle.center.lon_deg());
        let dlat = circle.radius_km() / DEGREE_KM;
        let dlon = dlat / lat.to_radians().cos().max(0.01);
        let wide = dlon >= 180.0;
        Region {
            south: lat - dlat,
            north: lat + dlat,
            west: if wide { -180.0 } else { wrapped(lon - dlon) },
            east: if wide { 180.0 } else { wrapped(lon + dlon) },
        }
    });
    polygons.chain(circles)
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

fn greatest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, f64::max)
}

fn wrapped(lon: f64) -> f64 {
    if (-180.0..=180.0).contains(&lon) {
        lon
    } else {
        (lon + 180.0).rem_euclid(360.0) - 180.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap::{Category, Certainty, Circle, Point, Polygon, Severity, Urgency};

    fn info(area: Area) -> Vec<Info> {
        let mut info = Info::new(
            "en",
            Category::Geo,
            "x",
            Urgency::Unknown,
            Severity::Unknown,
            Certainty::Unknown,
        );
        info.areas.push(area);
        vec![info]
    }

    fn circle(lat: f64, lon: f64, km: f64) -> Vec<Info> {
        let mut area = Area::new("x");
        area.circles.push(Circle::new(Point::new(lat, lon), km));
        info(area)
    }

    fn outline(corners: &[(f64, f64)]) -> Vec<Info> {
        let mut area = Area::new("x");
        let points = corners.iter().map(|&(y, x)| Point::new(y, x)).collect();
        area.polygons.push(Polygon { points });
        info(area)
    }

    #[test]
    fn what_says_no_place_may_be_anywhere() {
        let chile = Region {
            south: -40.0,
            west: -80.0,
            north: -20.0,
            east: -66.0,
        };
        assert!(chile.concerns(&info(Area::new("Central Chile"))));
        assert!(chile.concerns(&[]));
        assert!(chile.concerns(&circle(-36.0, -73.0, 0.0)));
        assert!(!chile.concerns(&circle(52.8, -171.3, 0.0)));
        assert!(chile.concerns(&circle(-10.0, -75.0, 1_200.0)));
        assert!(!chile.concerns(&circle(-10.0, -75.0, 1_000.0)));
        assert!(chile.concerns(&outline(&[(0.0, -70.0), (0.0, -60.0), (-90.0, -60.0)])));
        assert!(!chile.concerns(&outline(&[(0.0, 10.0), (0.0, 20.0), (-90.0, 15.0)])));
    }

    #[test]
    fn boxes_reach_over_the_antimeridian() {
        let tonga = Region {
            south: -25.0,
            west: 175.0,
            north: -10.0,
            east: -170.0,
        };
        assert_eq!(tonga.check(), Ok(()));
        assert!(tonga.concerns(&circle(-20.0, -175.0, 0.0)));
        assert!(tonga.concerns(&circle(-20.0, 179.0, 0.0)));
        assert!(!tonga.concerns(&circle(-20.0, 0.0, 0.0)));
        assert!(tonga.concerns(&circle(-20.0, 174.5, 100.0)));
        assert!(tonga.concerns(&outline(&[
            (-20.0, 179.0),
            (-20.0, -179.0),
            (-15.0, -179.0)
        ])));
        for wrong in [
            Region {
                south: 1.0,
                north: 1.0,
                ..tonga
            },
            Region {
                south: f64::NAN,
                ..tonga
            },
            Region {
                east: 181.0,
                ..tonga
            },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
