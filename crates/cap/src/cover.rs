//! Any outline as polygons that may be written.
//!
//! Warning areas come from models and coast lines: thousands of points, edges that cross, longitudes on both sides
//! of 180. What is published must have at most 100 points, be simple, and still contain every place that is warned: so
//! the outline only ever grows. It is simplified, and cut in two at the antimeridian.

use crate::area::{MAX_POLYGON_POINTS, Point, Polygon};
use crate::geometry::{self, Lattice};
use crate::invalid::{Invalid, Rule};
use crate::reduce;

/// Half a turn in lattice units.
const HALF_TURN: i64 = 18_000_000;
/// Corners of the smallest polygon that everything can be reduced to.
const LEAST_CORNERS: usize = 4;

/// Polygons of at most `max_points` points each (closing point included; 8 to [`MAX_POLYGON_POINTS`]) that together
/// contain the area inside `outline`: one, or one on each side of the antimeridian.
///
/// The outline may be open or closed and in either direction; an edge goes the short way around the Earth. Where its
/// edges cross, its convex hull is covered.
///
/// # Errors
/// Positions out of range, an outline without area, or one that goes around a pole.
pub fn cover(outline: &[Point], max_points: usize) -> Result<Vec<Polygon>, Invalid> {
    let invalid = |rule, found: String| Invalid::new("polygon", rule, found);
    if let Some((rule, found)) = outline
        .iter()
        .find_map(|&point| geometry::point_fault(point))
    {
        return Err(invalid(rule, found));
    }
    let most = max_points.clamp(2 * LEAST_CORNERS, MAX_POLYGON_POINTS) - 1;
    let ring = unwrapped(outline)?;
    let no_area = || {
        invalid(
            Rule::PolygonPoints,
            format!("{} points without area", outline.len()),
        )
    };
    let reduced = reduce::reduce(&ring, most).ok_or_else(no_area)?;
    if let Some(polygons) = cut(&reduced) {
        return Ok(polygons);
    }
    // Cutting needs two corners more, and a concave outline may fall into pieces: a convex one does not.
    let hull = reduce::hull(&ring).ok_or_else(no_area)?;
    let reduced = reduce::reduce(&hull, most - 2).ok_or_else(no_area)?;
    cut(&reduced).ok_or_else(|| invalid(Rule::PolygonAntimeridian, "cannot be cut".to_owned()))
}

/// The outline with longitudes that run on over 180, without the closing point.
fn unwrapped(outline: &[Point]) -> Result<Vec<Lattice>, Invalid> {
    let mut ring: Vec<Lattice> = Vec::with_capacity(outline.len() + 1);
    for &point in outline.iter().chain(outline.first()) {
        let mut next = Lattice::of(point);
        if let Some(last) = ring.last() {
            let step = (next.x - last.x).rem_euclid(2 * HALF_TURN);
            next.x = last.x
                + if step > HALF_TURN {
                    step - 2 * HALF_TURN
                } else {
                    step
                };
        }
        ring.push(next);
        if next.x.abs() > 3 * HALF_TURN {
            return Err(Invalid::new(
                "polygon",
                Rule::Longitude,
                "goes around the Earth more than once",
            ));
        }
    }
    if ring.first() != ring.last() {
        return Err(Invalid::new(
            "polygon",
            Rule::PolygonAntimeridian,
            "goes around a pole",
        ));
    }
    ring.pop();
    Ok(ring)
}

/// The pieces of a ring in each turn of the Earth, if all of them may be written.
fn cut(ring: &[Lattice]) -> Option<Vec<Polygon>> {
    let mut polygons = Vec::new();
    for turns in -1..=1 {
        let middle = turns * 2 * HALF_TURN;
        let east_of = clipped(ring, middle - HALF_TURN, true);
        let piece = clipped(&east_of, middle + HALF_TURN, false);
        if reduce::hull(&piece).is_none() {
            continue;
        }
        let point = |p: &Lattice| Point::new(p.y as f64 / 1e5, (p.x - middle) as f64 / 1e5);
        polygons.push(Polygon::closed(piece.iter().map(point).collect()).ok()?);
    }
    (!polygons.is_empty()).then_some(polygons)
}

/// The part of a ring east or west of the meridian `x` (Sutherland and Hodgman 1974).
fn clipped(ring: &[Lattice], x: i64, east: bool) -> Vec<Lattice> {
    let inside = |p: Lattice| if east { p.x >= x } else { p.x <= x };
    let mut part: Vec<Lattice> = Vec::with_capacity(ring.len() + 2);
    let mut push = |p: Lattice| {
        if part.last() != Some(&p) {
            part.push(p);
        }
    };
    for (i, &a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        if inside(a) {
            push(a);
        }
        if inside(a) != inside(b) {
            let y = a.y as f64 + (b.y - a.y) as f64 * (x - a.x) as f64 / (b.x - a.x) as f64;
            push(Lattice {
                x,
                y: y.round() as i64,
            });
        }
    }
    if part.len() > 1 && part.first() == part.last() {
        part.pop();
    }
    part
}
