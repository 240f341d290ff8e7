//! Okada (1985) against the paper's own table, against the integral of point sources, and at its singular places.

use ocean::okada::{Point, Rectangle, Slip};

const STRIKE: Slip = Slip {
    strike: 1.0,
    dip: 0.0,
};
const DIP: Slip = Slip {
    strike: 0.0,
    dip: 1.0,
};

/// The published numbers have four digits.
fn same(found: [f64; 3], published: [f64; 3], what: &str) {
    for (k, (f, p)) in found.iter().zip(published).enumerate() {
        let digit = if p == 0.0 {
            1e-12
        } else {
            10f64.powf(p.abs().log10().floor() - 3.0)
        };
        assert!(
            (f - p).abs() <= 0.5001 * digit,
            "{what}, component {k}: {f:e}, published {p:e}"
        );
    }
}

#[test]
fn table_2_of_the_paper() {
    // Case 2: x 2, y 3, depth 4, dip 70, length 3, width 2, lambda = mu.
    let f = Rectangle::new(3.0, 2.0, 4.0, 70.0);
    same(
        f.displacement(2.0, 3.0, STRIKE),
        [-8.689e-3, -4.298e-3, -2.747e-3],
        "case 2, strike",
    );
    same(
        f.displacement(2.0, 3.0, DIP),
        [-4.682e-3, -3.527e-2, -3.564e-2],
        "case 2, dip",
    );
    // Case 3: x 0, y 0, depth 4, dip 90: the vertical limit, in the fault's plane.
    let f = Rectangle::new(3.0, 2.0, 4.0, 90.0);
    same(
        f.displacement(0.0, 0.0, STRIKE),
        [0.0, 5.253e-3, 0.0],
        "case 3, strike",
    );
    same(
        f.displacement(0.0, 0.0, DIP),
        [0.0, 0.0, 0.0],
        "case 3, dip",
    );
    // Case 4: dip -90, so that the rectangle lies below the depth of 4.
    let f = Rectangle::new(3.0, 2.0, 4.0, -90.0);
    same(
        f.displacement(0.0, 0.0, STRIKE),
        [0.0, -1.303e-3, 0.0],
        "case 4, strike",
    );
    same(
        f.displacement(0.0, 0.0, DIP),
        [0.0, 0.0, 0.0],
        "case 4, dip",
    );
}

#[test]
fn the_vertical_displacement_alone_is_the_same() {
    for dip in [0.0, 10.0, 70.0, 90.0] {
        let f = Rectangle::new(3.0, 2.0, 4.0, dip);
        let slip = Slip::along_rake(1.3, 57.0);
        for k in 0..200 {
            let (x, y) = (f64::from(k % 20) - 8.0, f64::from(k / 20) - 5.0);
            let (a, b) = (f.displacement(x, y, slip)[2], f.uplift(x, y, slip));
            assert!(
                (a - b).abs() <= 1e-14 * (1.0 + a.abs()),
                "dip {dip}, {x}, {y}: {a} {b}"
            );
        }
    }
}

#[test]
fn a_rectangle_is_the_integral_of_its_points() {
    let n = 60;
    for (dip, slip) in [
        (18.0, DIP),
        (18.0, STRIKE),
        (55.0, DIP),
        (90.0, STRIKE),
        (90.0, DIP),
    ] {
        let (length, width, bottom) = (30.0, 20.0, 28.0);
        let f = Rectangle::new(length, width, bottom, dip);
        let (sin, cos) = f64::to_radians(dip).sin_cos();
        for (x, y) in [(-12.0, 7.0), (15.0, 10.0), (22.0, -31.0), (60.0, 45.0)] {
            let mut sum = [0.0; 3];
            for a in 0..n {
                for b in 0..n {
                    let along = (f64::from(a) + 0.5) / f64::from(n) * length;
                    let up = (f64::from(b) + 0.5) / f64::from(n) * width;
                    let point = Point::new(bottom - up * sin, dip);
                    let u = point.displacement(x - along, y - up * cos, slip);
                    (0..3).for_each(|k| sum[k] += u[k] * length * width / f64::from(n * n));
                }
            }
            let found = f.displacement(x, y, slip);
            let size = found.iter().map(|u| u.abs()).fold(0.0, f64::max);
            for k in 0..3 {
                assert!(
                    (found[k] - sum[k]).abs() < 2e-3 * size,
                    "dip {dip} at {x}, {y}: {found:?} against {sum:?}"
                );
            }
        }
    }
}

#[test]
fn ten_lengths_off_a_rectangle_is_a_point() {
    for dip in [5.0, 20.0, 70.0] {
        let (length, width, depth) = (25.0, 20.0, 18.0);
        let (sin, cos) = f64::to_radians(dip).sin_cos();
        let f = Rectangle::new(length, width, depth + 0.5 * width * sin, dip);
        let p = Point::new(depth, dip);
        let slip = Slip::along_rake(2.0, 110.0);
        let potency = Slip::along_rake(2.0 * length * width, 110.0);
        for azimuth in 0..24 {
            let (s, c) = f64::to_radians(15.0 * f64::from(azimuth)).sin_cos();
            let (x, y) = (250.0 * s, 250.0 * c);
            let a = f.displacement(x + 0.5 * length, y + 0.5 * width * cos, slip);
            let b = p.displacement(x, y, potency);
            let size = a.iter().map(|u| u.abs()).fold(0.0, f64::max);
            for k in 0..3 {
                assert!((a[k] - b[k]).abs() < 0.02 * size, "{dip}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn every_place_has_a_finite_displacement_and_singular_ones_are_limits() {
    for dip in [0.0, 1e-9, 12.0, 45.0, 89.9999, 90.0] {
        for top in [0.0, 3.0] {
            let (length, width) = (40.0, 20.0);
            let (sin, cos) = f64::to_radians(dip).sin_cos();
            let bottom = top + width * sin;
            let f = Rectangle::new(length, width, bottom, dip);
            // In line with every edge, above every corner, on the trace where it breaks the surface, in its plane.
            let xs = [-5.0, 0.0, 20.0, 40.0, 55.0];
            let ys = [
                -30.0,
                0.0,
                0.5 * width * cos,
                width * cos,
                width * cos + top / sin.max(1e-3) * cos,
                40.0,
            ];
            for x in xs {
                for y in ys {
                    let u = f.displacement(x, y, Slip::along_rake(1.0, 40.0));
                    assert!(
                        u.iter().all(|u| u.is_finite()),
                        "dip {dip} at {x}, {y}: {u:?}"
                    );
                    // The surface moves by no more than the slip, but for the logarithm where a corner breaks it.
                    assert!(
                        u.iter().all(|u| u.abs() <= 1.5),
                        "dip {dip} at {x}, {y}: {u:?}"
                    );
                    if top > 0.0 && dip > 0.0 {
                        let near = f.displacement(x + 1e-7, y + 1e-7, Slip::along_rake(1.0, 40.0));
                        for k in 0..3 {
                            assert!(
                                (near[k] - u[k]).abs() < 1e-5,
                                "dip {dip} at {x}, {y}: {u:?}, beside it {near:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn nearly_vertical_goes_over_into_vertical() {
    let exact = Rectangle::new(50.0, 20.0, 25.0, 90.0);
    for off in [1e-3, 1e-4, 6e-4, 1e-5] {
        let f = Rectangle::new(50.0, 20.0, 25.0, 90.0 - off);
        for (x, y) in [(10.0, 8.0), (-7.0, -3.0), (25.0, 40.0)] {
            let (a, b) = (
                f.displacement(x, y, Slip::along_rake(1.0, 30.0)),
                exact.displacement(x, y, Slip::along_rake(1.0, 30.0)),
            );
            for k in 0..3 {
                assert!((a[k] - b[k]).abs() < 1e-4, "{off}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn a_thrust_lifts_more_than_it_lowers_and_its_mirror_image_is_the_same() {
    let f = Rectangle::new(100.0, 50.0, 20.0, 15.0);
    for k in 0..60 {
        let y = f64::from(k) * 3.0 - 60.0;
        let (left, right) = (f.displacement(20.0, y, DIP), f.displacement(80.0, y, DIP));
        assert!((left[2] - right[2]).abs() < 1e-13 && (left[1] - right[1]).abs() < 1e-13);
        assert!((left[0] + right[0]).abs() < 1e-13);
    }
    // Above the upper part of the plane the ground rises, behind the lower edge it sinks.
    assert!(f.uplift(50.0, 40.0, DIP) > 0.1);
    assert!(f.uplift(50.0, -20.0, DIP) < 0.0);
}
