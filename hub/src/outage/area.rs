//! The ground that an outage covers: the convex hull of its meters with a margin.

use crate::place::Place;

/// Corners of the circle that gives the margin.
const CORNERS: usize = 8;

/// A hull on the plane that touches at its origin, km, counter-clockwise; may be a point or a line.
#[derive(Debug, Clone)]
pub struct Hull {
    origin: Place,
    corners: Vec<[f64; 2]>,
}

fn turn(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Andrew's monotone chain.
fn hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let half = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut chain: Vec<[f64; 2]> = Vec::new();
        for p in points {
            while chain.len() >= 2 && turn(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0.0
            {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut corners = half(&mut points.iter().copied());
    corners.extend(half(&mut points.iter().rev().copied()));
    corners
}

impl Hull {
    /// The hull of some places; `None` of none.
    pub fn of(places: &[Place]) -> Option<Self> {
        let origin = *places.first()?;
        let corners = hull(places.iter().map(|p| p.from(origin)).collect());
        Some(Self { origin, corners })
    }

    /// Whether a place lies in it or on its edge.
    pub fn contains(&self, place: Place) -> bool {
        /// A millimetre.
        const ON_EDGE_KM: f64 = 1e-6;
        let p = place.from(self.origin);
        let n = self.corners.len();
        if n < 3 {
            return self
                .corners
                .iter()
                .any(|c| (c[0] - p[0]).abs() < ON_EDGE_KM && (c[1] - p[1]).abs() < ON_EDGE_KM);
        }
        (0..n).all(|i| turn(self.corners[i], self.corners[(i + 1) % n], p) >= -ON_EDGE_KM)
    }

    /// Area with a margin, km2, and its outline: `[lat, lon]`, closed.
    pub fn outline(&self, margin_km: f64) -> (f64, Vec<[f64; 2]>) {
        // Circumscribed, so that nothing within the margin is cut off.
        let radius = margin_km / (std::f64::consts::PI / CORNERS as f64).cos();
        let around = self.corners.iter().flat_map(|c| {
            (0..CORNERS).map(move |k| {
                let angle = std::f64::consts::TAU * (k as f64 + 0.5) / CORNERS as f64;
                [c[0] + radius * angle.cos(), c[1] + radius * angle.sin()]
            })
        });
        let corners = hull(around.collect());
        let n = corners.len();
        let twice: f64 = (0..n)
            .map(|i| {
                let (a, b) = (corners[i], corners[(i + 1) % n]);
                a[0] * b[1] - a[1] * b[0]
            })
            .sum();
        let mut outline: Vec<[f64; 2]> = corners
            .iter()
            .map(|c| Place::at(self.origin, *c))
            .map(|p| [p.lat, p.lon])
            .collect();
        outline.extend(outline.first().copied());
        (twice / 2.0, outline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(lat: f64, lon: f64) -> Place {
        Place { lat, lon }
    }

    #[test]
    fn a_square_with_its_margin() {
        let km = 1.0 / 111.195;
        let corners = [
            place(0.0, 0.0),
            place(0.0, 2.0 * km),
            place(2.0 * km, 2.0 * km),
            place(2.0 * km, 0.0),
            place(km, km),
        ];
        let hull = Hull::of(&corners).expect("places");
        assert!(hull.contains(place(km, 0.0)) && !hull.contains(place(3.0 * km, km)));
        let (area, outline) = hull.outline(1.0);
        // 2 x 2, four sides of 2 x 1, and an octagon about a circle of radius 1 in the corners.
        assert!((area - (4.0 + 8.0 + 3.3137)).abs() < 0.01, "{area}");
        assert_eq!(outline.first(), outline.last());
        let around = Hull::of(
            &outline
                .iter()
                .map(|p| place(p[0], p[1]))
                .collect::<Vec<_>>(),
        );
        let around = around.expect("places");
        assert!(corners.iter().all(|c| around.contains(*c)));
    }

    #[test]
    fn one_place_and_a_line_have_an_area_with_their_margin() {
        let one = Hull::of(&[place(-33.0, -71.5)]).expect("a place");
        let (area, outline) = one.outline(0.5);
        assert!(area > 0.78 && area < 0.9 && outline.len() == CORNERS + 1);
        let line = Hull::of(&[place(0.0, 0.0), place(0.0, 0.1), place(0.0, 0.2)]);
        let (area, outline) = line.expect("places").outline(0.5);
        assert!(area > 22.0 && outline.first() == outline.last());
        assert!(Hull::of(&[]).is_none());
    }
}
