//! Where a finding is: a point, or areas with their outlines; and how far two of them are apart.

use geo::{Contains as _, Distance as _, Euclidean, LineString, MultiPolygon, Point, Polygon};

use crate::place::{KM_PER_DEGREE, Place};

/// A place or areas.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    middle: Place,
    /// The middle as a unit vector: thousands of findings are compared with each other, and this needs no sines.
    towards: [f64; 3],
    /// All of it lies within this distance of the middle, km.
    radius_km: f64,
    /// Outlines; none for a point.
    areas: Vec<Vec<Place>>,
}

/// Radius of the sphere of [`KM_PER_DEGREE`], km.
const EARTH_KM: f64 = KM_PER_DEGREE * 180.0 / std::f64::consts::PI;

fn unit(place: Place) -> [f64; 3] {
    let (lat, lon) = (place.lat.to_radians(), place.lon.to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

impl From<Place> for Shape {
    fn from(place: Place) -> Self {
        Self {
            middle: place,
            towards: unit(place),
            radius_km: 0.0,
            areas: Vec::new(),
        }
    }
}

impl Shape {
    /// Areas by their outlines, `[lat, lon]` in degrees, closed or not; `None` where none has a corner.
    pub fn of_areas<'a>(outlines: impl IntoIterator<Item = &'a [[f64; 2]]>) -> Option<Self> {
        let areas: Vec<Vec<Place>> = outlines
            .into_iter()
            .filter(|o| !o.is_empty())
            .map(|o| {
                let places = o.iter().map(|p| Place {
                    lat: p[0],
                    lon: p[1],
                });
                places.collect()
            })
            .collect();
        let first = *areas.first()?.first()?;
        let (mut low, mut high) = ([0.0_f64; 2], [0.0_f64; 2]);
        for [x, y] in areas.iter().flatten().map(|p| p.from(first)) {
            low = [low[0].min(x), low[1].min(y)];
            high = [high[0].max(x), high[1].max(y)];
        }
        let middle = Place::at(first, [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0]);
        let radius_km = areas
            .iter()
            .flatten()
            .map(|p| p.distance_km(middle))
            .fold(0.0, f64::max);
        Some(Self {
            middle,
            towards: unit(middle),
            radius_km,
            areas,
        })
    }

    /// Its middle.
    pub fn middle(&self) -> Place {
        self.middle
    }

    /// Distance, km: 0 where they touch; `None` when it is more than `most_km`. Between areas on a plane that touches at the middle of
    /// the first, good to some percent for areas of some hundred kilometres.
    pub fn within_km(&self, other: &Self, most_km: f64) -> Option<f64> {
        let chord2: f64 = (0..3)
            .map(|i| (self.towards[i] - other.towards[i]).powi(2))
            .sum();
        // A chord is no longer than its arc.
        let reach = (most_km + self.radius_km + other.radius_km) / EARTH_KM;
        if chord2 > reach * reach {
            return None;
        }
        let apart_km = 2.0 * (chord2.sqrt() / 2.0).min(1.0).asin() * EARTH_KM;
        if apart_km - self.radius_km - other.radius_km > most_km {
            return None;
        }
        let km = match (self.areas.is_empty(), other.areas.is_empty()) {
            (true, true) => apart_km,
            (true, false) => other.to_point(self.middle),
            (false, true) => self.to_point(other.middle),
            (false, false) => {
                Euclidean.distance(&self.plane(self.middle), &other.plane(self.middle))
            }
        };
        (km <= most_km).then_some(km)
    }

    fn to_point(&self, place: Place) -> f64 {
        let (areas, point) = (self.plane(place), Point::new(0.0, 0.0));
        if areas.contains(&point) {
            return 0.0;
        }
        Euclidean.distance(&areas, &point)
    }

    fn plane(&self, origin: Place) -> MultiPolygon<f64> {
        let ring = |area: &Vec<Place>| {
            // A corner alone is a line of no length: an outline without a line is nowhere.
            let corners = area.iter().chain(&area[..1]).map(|p| p.from(origin));
            Polygon::new(LineString::from_iter(corners), Vec::new())
        };
        MultiPolygon::new(self.areas.iter().map(ring).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KM: f64 = 1.0 / 111.195;

    fn square(lat: f64, lon: f64, side_km: f64) -> Shape {
        let (d, w) = (side_km * KM, side_km * KM / f64::cos(lat.to_radians()));
        let corners = [
            [lat, lon],
            [lat, lon + w],
            [lat + d, lon + w],
            [lat + d, lon],
        ];
        Shape::of_areas([corners.as_slice()]).expect("corners")
    }

    #[test]
    fn distances_between_points_and_areas() {
        let here = Shape::from(Place {
            lat: 0.0,
            lon: 179.99,
        });
        let there = Shape::from(Place {
            lat: 0.0,
            lon: -179.99,
        });
        let km = here.within_km(&there, 10.0).expect("near");
        assert!((km - 2.224).abs() < 0.01, "{km}");
        assert_eq!(here.within_km(&there, 2.0), None);

        let area = square(-33.0, -71.0, 4.0);
        let inside = Shape::from(Place {
            lat: -33.0 + 2.0 * KM,
            lon: -70.99,
        });
        assert_eq!(area.within_km(&inside, 1.0), Some(0.0));
        let south = Shape::from(Place {
            lat: -33.0 - 3.0 * KM,
            lon: -70.99,
        });
        let km = south.within_km(&area, 5.0).expect("near");
        assert!((km - 3.0).abs() < 0.01, "{km}");
        assert_eq!(
            area.within_km(&south, 5.0).map(|k| (k * 1e6).round()),
            Some((km * 1e6).round())
        );
        let apart = square(-33.0 + 10.0 * KM, -71.0, 4.0);
        let km = area.within_km(&apart, 100.0).expect("near");
        assert!((km - 6.0).abs() < 0.01, "{km}");
        assert_eq!(
            area.within_km(&square(-33.0 + KM, -71.0, 1.0), 100.0),
            Some(0.0)
        );
        assert_eq!(area.within_km(&apart, 5.0), None);
    }

    #[test]
    fn nothing_has_no_shape_and_a_line_or_a_corner_has_one() {
        assert!(Shape::of_areas([]).is_none());
        assert!(Shape::of_areas([[].as_slice()]).is_none());
        for corners in [vec![[0.0, 0.0]], vec![[0.0, 0.0], [0.0, 0.1]]] {
            let line = Shape::of_areas([corners.as_slice()]).expect("corners");
            let km = line.within_km(
                &Shape::from(Place {
                    lat: 0.0,
                    lon: -0.1,
                }),
                100.0,
            );
            assert!((km.expect("near") - 11.12).abs() < 0.01, "{km:?}");
        }
    }
}
