//! Outlines made fit for publication still contain what they must.

use std::f64::consts::TAU;

use cap::{MAX_POLYGON_POINTS, Point, Polygon, Rule, cover};
use proptest::prelude::*;

fn lattice(point: Point) -> (i64, i64) {
    (
        (point.lon_deg() * 1e5).round() as i64,
        (point.lat_deg() * 1e5).round() as i64,
    )
}

/// Whether a polygon contains a point, edges included; exact.
fn contains(polygon: &Polygon, point: Point) -> bool {
    let (x, y) = lattice(point);
    let mut inside = false;
    for edge in polygon.points.windows(2) {
        let ((ax, ay), (bx, by)) = (lattice(edge[0]), lattice(edge[1]));
        let side = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
        let in_box =
            (ax.min(bx)..=ax.max(bx)).contains(&x) && (ay.min(by)..=ay.max(by)).contains(&y);
        if side == 0 && in_box {
            return true;
        }
        if (ay > y) != (by > y) && (side > 0) == (by > ay) {
            inside = !inside;
        }
    }
    inside
}

fn area(polygon: &Polygon) -> f64 {
    let cross = |e: &[Point]| e[0].lon_deg() * e[1].lat_deg() - e[1].lon_deg() * e[0].lat_deg();
    (polygon.points.windows(2).map(cross).sum::<f64>() / 2.0).abs()
}

/// A closed curve around a centre: radius by direction.
fn curve(n: usize, lat: f64, lon: f64, radius: impl Fn(f64) -> f64) -> Vec<Point> {
    let at = |i: usize| i as f64 / n as f64 * TAU;
    (0..n)
        .map(at)
        .map(|t| Point::new(lat + radius(t) * t.sin(), lon + radius(t) * t.cos()))
        .collect()
}

#[test]
fn a_good_outline_stays_as_it_is() {
    let square =
        [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)].map(|(lat, lon)| Point::new(lat, lon));
    let covered = cover(&square, MAX_POLYGON_POINTS).unwrap();
    assert_eq!(covered.len(), 1);
    assert_eq!((covered[0].points.len(), area(&covered[0])), (5, 1.0));
    assert!(
        square
            .iter()
            .all(|corner| covered[0].points.contains(corner))
    );
}

/// A ragged coast of 1,500 points in 100: a hundredth part of area more, not the hull's half.
#[test]
fn a_ragged_outline_grows_little() {
    let coast = curve(1_500, -35.0, -72.0, |t| {
        3.0 + (5.0 * t).sin() + 0.05 * (60.0 * t).sin() + 0.02 * (271.0 * t).cos()
    });
    let before = area(&Polygon {
        points: coast.iter().copied().chain([coast[0]]).collect(),
    });
    let covered = cover(&coast, MAX_POLYGON_POINTS).unwrap();
    assert_eq!(covered.len(), 1);
    assert!(covered[0].points.len() <= MAX_POLYGON_POINTS);
    assert!(coast.iter().all(|&point| contains(&covered[0], point)));
    let growth = area(&covered[0]) / before;
    println!("area grows by a factor of {growth:.4}");
    // 0.05 degrees of ripple on a radius of 3 bounds it: filling every ripple adds about 3 %.
    assert!((1.0..1.05).contains(&growth), "{growth}");
}

#[test]
fn a_circle_of_thousands_of_points_becomes_convex_and_larger() {
    let circle = curve(5_000, 10.0, 20.0, |_| 4.0);
    for most in [100, 20, 8, 0] {
        let covered = cover(&circle, most).unwrap();
        assert!(
            covered[0].points.len() <= most.max(8),
            "{}",
            covered[0].points.len()
        );
        assert!(circle.iter().all(|&point| contains(&covered[0], point)));
    }
}

#[test]
fn crossing_edges_give_the_hull() {
    let bow_tie =
        [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)].map(|(lat, lon)| Point::new(lat, lon));
    let covered = cover(&bow_tie, MAX_POLYGON_POINTS).unwrap();
    assert_eq!((covered.len(), area(&covered[0])), (1, 1.0));
}

/// Tonga's warning area lies on both sides of 180 degrees.
#[test]
fn the_antimeridian_cuts_an_outline_in_two() {
    let around_tonga = [
        (-24.0, 178.0),
        (-24.0, -172.0),
        (-14.0, -172.0),
        (-14.0, 178.0),
    ];
    let covered = cover(
        &around_tonga.map(|(lat, lon)| Point::new(lat, lon)),
        MAX_POLYGON_POINTS,
    )
    .unwrap();
    assert_eq!(covered.len(), 2);
    assert_eq!(covered.iter().map(area).sum::<f64>(), 100.0);
    for (lat, lon) in [
        (-20.0, 179.0),
        (-21.1, -175.2),
        (-20.0, 180.0),
        (-20.0, -180.0),
    ] {
        assert!(
            covered
                .iter()
                .any(|polygon| contains(polygon, Point::new(lat, lon))),
            "{lat},{lon}"
        );
    }
    // A concave one that would fall into three pieces.
    let comb = [
        (0.0, 178.0),
        (0.0, -178.0),
        (1.0, -178.0),
        (1.0, 179.0),
        (2.0, 179.0),
        (2.0, -178.0),
        (3.0, -178.0),
        (3.0, 178.0),
    ];
    let comb = comb.map(|(lat, lon)| Point::new(lat, lon));
    let covered = cover(&comb, MAX_POLYGON_POINTS).unwrap();
    assert!(
        comb.iter()
            .all(|&corner| covered.iter().any(|polygon| contains(polygon, corner)))
    );
    // Touching the line from one side needs no cut.
    let west = [(0.0, 178.0), (0.0, 180.0), (1.0, 180.0)].map(|(lat, lon)| Point::new(lat, lon));
    assert_eq!(cover(&west, MAX_POLYGON_POINTS).unwrap().len(), 1);
}

#[test]
fn what_cannot_be_covered_is_refused() {
    let rule = |points: &[(f64, f64)]| {
        let points: Vec<Point> = points
            .iter()
            .map(|&(lat, lon)| Point::new(lat, lon))
            .collect();
        cover(&points, MAX_POLYGON_POINTS).unwrap_err().rule
    };
    assert_eq!(rule(&[]), Rule::PolygonPoints);
    assert_eq!(
        rule(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]),
        Rule::PolygonPoints
    );
    assert_eq!(rule(&[(0.0, 0.0), (91.0, 1.0), (2.0, 2.0)]), Rule::Latitude);
    assert_eq!(
        rule(&[(0.0, 0.0), (f64::NAN, 1.0), (2.0, 2.0)]),
        Rule::Latitude
    );
    assert_eq!(
        rule(&[(80.0, 0.0), (80.0, 120.0), (80.0, -120.0)]),
        Rule::PolygonAntimeridian
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Star-shaped outlines with any radii: simple, concave, spiky.
    #[test]
    fn simple_outlines_are_covered(radii in proptest::collection::vec(0.01..8.0, 3..300), most in 8..100_usize) {
        let n = radii.len();
        let outline = curve(n, 40.0, -100.0, |t| radii[((t / TAU * n as f64).round() as usize).min(n - 1)]);
        {
            let covered = cover(&outline, most).map_err(|invalid| TestCaseError::fail(invalid.to_string()))?;
            prop_assert_eq!(covered.len(), 1);
            prop_assert!(covered[0].points.len() <= most);
            prop_assert!(Polygon::closed(covered[0].points.clone()).is_ok());
            for &point in &outline { prop_assert!(contains(&covered[0], point)); }
        }
    }

    /// Points at random, edges all over each other, anywhere on Earth.
    #[test]
    fn any_outline_gives_polygons_that_may_be_written(
        points in proptest::collection::vec((-90.0..=90.0, -30.0..30.0), 0..60),
        lon in -180.0..180.0,
        most in 0..200_usize,
    ) {
        let wrap = |lon: f64| (lon + 540.0).rem_euclid(360.0) - 180.0;
        let outline: Vec<Point> = points.iter().map(|&(y, x): &(f64, f64)| Point::new(y, wrap(lon + x))).collect();
        match cover(&outline, most) {
            Ok(covered) => {
                for polygon in &covered {
                    prop_assert!(polygon.points.len() <= MAX_POLYGON_POINTS);
                    prop_assert!(Polygon::closed(polygon.points.clone()).is_ok());
                }
            }
            Err(invalid) => prop_assert!(invalid.rule == Rule::PolygonPoints && points.len() < 3, "{}", invalid),
        }
    }
}
