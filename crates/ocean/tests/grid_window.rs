//! Parts of grids: whatever the area is written like, the same nodes with the same depths.

mod basin;

use ocean::grid::Area;
use ocean::{Cell, Grid, GridError};

/// Depth tells the node.
fn grid(nx: usize, ny: usize, lon0: f64, lat0: f64, step: f64) -> Grid {
    basin::grid((nx, ny), (lon0, lat0), (step, step), |i, j| {
        -((j * nx + i) as f32) * 0.125 - 1.0
    })
}

fn area(west: f64, south: f64, east: f64, north: f64) -> Area {
    Area {
        west,
        south,
        east,
        north,
    }
}

/// Every node of the part stands where it stood, with its depth.
fn same_places(whole: &Grid, part: &Grid) {
    let l = part.lattice();
    for k in 0..l.len() {
        let Cell { i, j } = l.cell(k);
        let there = whole
            .cell_at(l.lat(j), l.lon(i))
            .expect("on the whole grid");
        assert_eq!(
            part.elevation_m(i, j),
            whole.elevation_m(there.i, there.j),
            "column {i}, row {j}"
        );
        let lon = whole.lattice().lon(there.i);
        assert!(
            (l.lon(i) - lon)
                .rem_euclid(360.0)
                .min((lon - l.lon(i)).rem_euclid(360.0))
                < 1e-9
        );
    }
}

#[test]
fn an_area_across_the_date_line_however_it_is_written() {
    let whole = grid(171, 91, 120.0, -60.0, 1.0);
    let expected = whole
        .window(area(170.0, -20.0, 200.0, 20.0))
        .expect("a part");
    assert_eq!((expected.lattice().nx(), expected.lattice().ny()), (31, 41));
    same_places(&whole, &expected);
    for (west, east) in [
        (170.0, -160.0),
        (-190.0, -160.0),
        (530.0, 560.0),
        (170.0, 560.0),
    ] {
        assert_eq!(
            whole.window(area(west, -20.0, east, 20.0)).as_ref(),
            Ok(&expected),
            "{west} to {east}"
        );
    }
    // Steps of 1/6 and 1/12 keep the nodes on the edges.
    let fine = grid(241, 121, 170.0, 0.0, 1.0 / 12.0);
    let part = fine.window(area(175.0, 2.5, 182.5, 5.0)).expect("a part");
    assert_eq!((part.lattice().nx(), part.lattice().ny()), (91, 31));
    same_places(&fine, &part);
}

#[test]
fn on_the_globe_an_area_may_lie_across_the_first_column() {
    let globe = grid(360, 181, -180.0, -90.0, 1.0);
    assert!(globe.lattice().is_periodic());
    let part = globe
        .window(area(120.0, -60.0, -70.0, 65.0))
        .expect("the Pacific");
    assert_eq!((part.lattice().nx(), part.lattice().ny()), (171, 126));
    assert!(!part.lattice().is_periodic());
    same_places(&globe, &part);
    let all = globe
        .window(area(0.0, -90.0, 360.0, 90.0))
        .expect("all of it");
    assert_eq!(all.lattice().nx(), 360);
    assert!(all.lattice().is_periodic());
    same_places(&globe, &all);
}

#[test]
fn an_area_beyond_the_grid_gives_what_there_is_or_says_that_there_is_nothing() {
    let whole = grid(20, 10, 280.0, -40.0, 1.0);
    let part = whole
        .window(area(-90.0, -80.0, -70.0, -35.0))
        .expect("a corner");
    assert_eq!((part.lattice().nx(), part.lattice().ny()), (11, 6));
    same_places(&whole, &part);
    let west = whole
        .window(area(200.0, -80.0, 285.0, 80.0))
        .expect("the western columns");
    assert_eq!((west.lattice().nx(), west.lattice().lon(0)), (6, 280.0));
    for outside in [
        area(100.0, -40.0, 150.0, -30.0),
        area(280.0, 10.0, 290.0, 20.0),
        area(280.2, -40.0, 280.8, -30.0),
        area(285.0, -30.0, 290.0, -35.0),
    ] {
        let refused = whole.window(outside).expect_err("nothing there");
        assert!(matches!(refused, GridError::Outside { .. }), "{refused}");
    }
    assert!(matches!(
        whole.window(area(f64::NAN, 0.0, 1.0, 1.0)),
        Err(GridError::Number { field: "west", .. })
    ));
}
