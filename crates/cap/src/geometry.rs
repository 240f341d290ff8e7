//! Whether an outline is one that every consumer can draw.
//!
//! Points are multiples of 0.00001 degrees, so the tests run on integers and are exact: no tolerance, no case that
//! one consumer calls crossing and another does not. Plane geometry in degrees, as consumers do it.

use crate::area::{MAX_POLYGON_POINTS, Point, Polygon};
use crate::invalid::Rule;

/// Half the Earth's mean circumference in km (mean radius 6,371.009 km, IUGG): no disc on the sphere is larger.
pub(crate) const HALF_CIRCUMFERENCE_KM: f64 = 20_015.115;

/// A rule broken and what was found.
pub(crate) type Fault = (Rule, String);

/// A point in units of 0.00001 degrees: x east, y north. Magnitudes stay below 2^26, so products fit 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lattice {
    pub(crate) x: i64,
    pub(crate) y: i64,
}

impl Lattice {
    pub(crate) fn of(point: Point) -> Self {
        Self {
            x: (point.lon_deg() * 1e5).round() as i64,
            y: (point.lat_deg() * 1e5).round() as i64,
        }
    }
}

/// The rule that a position breaks, if any.
pub(crate) fn point_fault(point: Point) -> Option<Fault> {
    if !(-90.0..=90.0).contains(&point.lat_deg()) {
        return Some((Rule::Latitude, format!("{}", point.lat_deg())));
    }
    (!(-180.0..=180.0).contains(&point.lon_deg()))
        .then(|| (Rule::Longitude, format!("{}", point.lon_deg())))
}

/// The first rule that an outline breaks, if any.
///
/// Costs at most [`MAX_POLYGON_POINTS`] squared: a longer outline is refused before its edges are compared.
pub(crate) fn polygon_fault(polygon: &Polygon) -> Option<Fault> {
    let points = &polygon.points;
    if points.is_empty() {
        return Some((Rule::PolygonPoints, "no points".to_owned()));
    }
    if let Some(fault) = points.iter().find_map(|&point| point_fault(point)) {
        return Some(fault);
    }
    if points.first() != points.last() {
        return Some((Rule::PolygonClosed, String::new()));
    }
    if points.len() < 4 {
        return Some((Rule::PolygonPoints, format!("{} points", points.len())));
    }
    if points.len() > MAX_POLYGON_POINTS {
        return Some((
            Rule::PolygonTooManyPoints,
            format!("{} points", points.len()),
        ));
    }
    if let Some(edge) = points
        .windows(2)
        .find(|e| (e[0].lon_deg() - e[1].lon_deg()).abs() > 180.0)
    {
        return Some((Rule::PolygonAntimeridian, place(edge[0])));
    }
    let ring: Vec<Lattice> = points[1..]
        .iter()
        .map(|&point| Lattice::of(point))
        .collect();
    first_crossing(&ring).map(|corner| (Rule::PolygonCrosses, place(points[1 + corner])))
}

fn place(point: Point) -> String {
    format!("at {},{}", point.lat_deg(), point.lon_deg())
}

/// The corner that starts the first edge which crosses or touches another one, for a ring given without its closing point.
pub(crate) fn first_crossing(ring: &[Lattice]) -> Option<usize> {
    let n = ring.len();
    let edge = |i: usize| (ring[i % n], ring[(i + 1) % n]);
    for i in 0..n {
        let (a, b) = edge(i);
        let (_, c) = edge(i + 1);
        // A zero-length edge, or a spike that runs back over the edge before it.
        if a == b || (turn(a, b, c) == 0 && dot(a, b, c) < 0) {
            return Some(i);
        }
        for j in i + 2..n {
            let next_around_the_end = i == 0 && j == n - 1;
            let (c, d) = edge(j);
            if !next_around_the_end && meet(a, b, c, d) {
                return Some(i);
            }
        }
    }
    None
}

/// Twice the signed area of the triangle `a b c`: above zero for a left turn.
pub(crate) fn turn(a: Lattice, b: Lattice, c: Lattice) -> i64 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// The scalar product of `b - a` and `c - b`.
fn dot(a: Lattice, b: Lattice, c: Lattice) -> i64 {
    (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y)
}

/// Whether the closed segments `a b` and `c d` share a point.
pub(crate) fn meet(a: Lattice, b: Lattice, c: Lattice, d: Lattice) -> bool {
    // Boxes first: most pairs of edges are far apart.
    if a.x.max(b.x) < c.x.min(d.x)
        || c.x.max(d.x) < a.x.min(b.x)
        || a.y.max(b.y) < c.y.min(d.y)
        || c.y.max(d.y) < a.y.min(b.y)
    {
        return false;
    }
    let sides = |p, q, r, s| turn(p, q, r).signum() * turn(p, q, s).signum() <= 0;
    sides(a, b, c, d) && sides(c, d, a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(points: &[(f64, f64)]) -> Option<Rule> {
        let points = points
            .iter()
            .map(|&(lat, lon)| Point::new(lat, lon))
            .collect();
        polygon_fault(&Polygon { points }).map(|(rule, _)| rule)
    }

    #[test]
    fn a_square_is_fine_either_way_round() {
        assert_eq!(
            fault(&[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]),
            None
        );
        assert_eq!(
            fault(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]),
            None
        );
        // A corner on a straight edge is no fault.
        assert_eq!(
            fault(&[(0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0)]),
            None
        );
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let bow_tie = [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0)];
        assert_eq!(fault(&bow_tie), Some(Rule::PolygonCrosses));
        let touching = [
            (0.0, 0.0),
            (0.0, 2.0),
            (1.0, 2.0),
            (0.0, 1.0),
            (1.0, 0.0),
            (0.0, 0.0),
        ];
        assert_eq!(fault(&touching), Some(Rule::PolygonCrosses));
        let spike = [(0.0, 0.0), (0.0, 2.0), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0)];
        assert_eq!(fault(&spike), Some(Rule::PolygonCrosses));
        let flat = [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (0.0, 0.0)];
        assert_eq!(fault(&flat), Some(Rule::PolygonCrosses));
        let repeated = [(0.0, 0.0), (0.0, 1.0), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0)];
        assert_eq!(fault(&repeated), Some(Rule::PolygonCrosses));
        let collapses_when_rounded = [(0.0, 0.0), (0.0, 0.000001), (0.000001, 0.0), (0.0, 0.0)];
        assert_eq!(fault(&collapses_when_rounded), Some(Rule::PolygonCrosses));
        assert_eq!(
            fault(&[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]),
            Some(Rule::PolygonClosed)
        );
        assert_eq!(
            fault(&[(0.0, 0.0), (0.0, 1.0), (0.0, 0.0)]),
            Some(Rule::PolygonPoints)
        );
        assert_eq!(fault(&[]), Some(Rule::PolygonPoints));
    }

    #[test]
    fn swapped_coordinates_and_the_antimeridian_are_named() {
        assert_eq!(
            fault(&[(115.0, -8.0), (116.0, -8.0), (116.0, -9.0), (115.0, -8.0)]),
            Some(Rule::Latitude)
        );
        assert_eq!(
            fault(&[(0.0, 181.0), (1.0, 181.0), (1.0, 182.0), (0.0, 181.0)]),
            Some(Rule::Longitude)
        );
        assert_eq!(
            fault(&[(f64::NAN, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]),
            Some(Rule::Latitude)
        );
        let across = [
            (-20.0, 175.0),
            (-20.0, -175.0),
            (-10.0, -175.0),
            (-20.0, 175.0),
        ];
        assert_eq!(fault(&across), Some(Rule::PolygonAntimeridian));
    }

    #[test]
    fn too_many_points_are_refused_before_they_cost() {
        let many: Vec<_> = (0..200_000)
            .map(|i| (f64::from(i % 90), 0.0))
            .chain([(0.0, 0.0)])
            .collect();
        assert_eq!(fault(&many), Some(Rule::PolygonTooManyPoints));
    }
}
