//! What a grid accepts, what it refuses, and how places find their cells.

mod shipped;

use ocean::{Cell, Grid, GridError, GridHeader};

fn header() -> GridHeader {
    GridHeader {
        nx: 4,
        ny: 3,
        lon0: 178.0,
        lat0: -1.0,
        dlon: 1.0,
        dlat: 1.0,
        ..Default::default()
    }
}

#[test]
fn every_broken_invariant_has_its_own_error() {
    let z = || vec![-100i16; 12];
    let refused = |change: fn(&mut GridHeader)| {
        let mut h = header();
        change(&mut h);
        Grid::new(&h, z()).expect_err("refused")
    };
    assert_eq!(refused(|h| h.nx = 1), GridError::TooSmall { nx: 1, ny: 3 });
    assert_eq!(
        refused(|h| h.ny = usize::MAX),
        GridError::TooLarge {
            nx: 4,
            ny: usize::MAX
        }
    );
    for (change, field) in [
        ((|h| h.dlon = 0.0) as fn(&mut GridHeader), "dlon"),
        (|h| h.dlon = f64::NAN, "dlon"),
        (|h| h.dlat = -1.0, "dlat"),
        (|h| h.dlat = f64::INFINITY, "dlat"),
        (|h| h.lat0 = f64::NAN, "lat0"),
        (|h| h.lon0 = f64::NAN, "lon0"),
        (|h| h.lon0 = 1e300, "lon0"),
    ] {
        assert!(
            matches!(refused(change), GridError::Number { field: f, .. } if f == field),
            "{field}"
        );
    }
    assert_eq!(
        refused(|h| h.lat0 = 89.0),
        GridError::Latitude {
            south: 89.0,
            north: 91.0
        }
    );
    assert_eq!(
        refused(|h| h.lat0 = -90.5),
        GridError::Latitude {
            south: -90.5,
            north: -88.5
        }
    );
    assert_eq!(
        refused(|h| h.dlon = 120.0),
        GridError::DuplicateColumns {
            nx: 4,
            dlon: 120.0,
            most: 3
        }
    );
    assert_eq!(
        refused(|h| h.nx = 5),
        GridError::Values {
            expected: 15,
            found: 12
        }
    );
    assert!(matches!(
        refused(|h| h.order = Some("columns".into())),
        GridError::Layout { field: "order", .. }
    ));
    assert!(matches!(
        refused(|h| h.dtype = Some("float32".into())),
        GridError::Layout { field: "dtype", .. }
    ));
    assert!(matches!(
        refused(|h| h.units = Some("feet".into())),
        GridError::Layout { field: "units", .. }
    ));
    assert_eq!(
        refused(|h| h.zmin = Some(-99)),
        GridError::Statistic {
            field: "zmin",
            expected: -99,
            found: -100
        }
    );
    assert_eq!(
        refused(|h| h.wet = Some(11)),
        GridError::Statistic {
            field: "wet",
            expected: 11,
            found: 12
        }
    );
    assert_eq!(
        Grid::from_parts(&header(), &[0; 23]).unwrap_err(),
        GridError::Bytes {
            expected: 24,
            found: 23
        }
    );
}

#[test]
fn bytes_are_little_endian_from_the_south_west() {
    let bytes: Vec<u8> = (0..12i16).flat_map(|k| (k - 6).to_le_bytes()).collect();
    let g = Grid::from_parts(&header(), &bytes).expect("valid");
    assert_eq!(
        (
            g.elevation_m(0, 0),
            g.elevation_m(3, 2),
            g.elevation_m(4, 0)
        ),
        (Some(-6.0), Some(5.0), None)
    );
    assert_eq!(
        (g.depth_m(0, 0), g.depth_m(2, 1), g.depth_m(3, 2)),
        (Some(6.0), None, None)
    );
    assert_eq!(g.wet_cells(), 6);
}

#[test]
fn longitudes_are_angles() {
    let g = Grid::new(&header(), vec![-100; 12]).expect("valid");
    for turn in [-720.0, -360.0, 0.0, 360.0] {
        assert_eq!(
            g.cell_at(0.2, 180.9 + turn),
            Some(Cell { i: 3, j: 1 }),
            "{turn}"
        );
        assert_eq!(
            g.cell_at(0.0, 177.6 + turn),
            Some(Cell { i: 0, j: 1 }),
            "half a cell west of the first node"
        );
        assert_eq!(g.cell_at(0.0, 177.4 + turn), None);
        assert_eq!(g.cell_at(0.0, 181.6 + turn), None);
    }
    assert_eq!(g.cell_at(0.0, -179.0), Some(Cell { i: 3, j: 1 }));
    assert!(
        !g.covers(f64::NAN, 180.0)
            && !g.covers(0.0, f64::INFINITY)
            && !g.covers(91.0, 180.0)
            && !g.covers(1.6, 180.0)
    );
    // A globe has no outside in longitude, and half a cell beyond its last column is its first.
    let h = GridHeader {
        nx: 360,
        ny: 181,
        lon0: 0.0,
        lat0: -90.0,
        dlon: 1.0,
        dlat: 1.0,
        ..Default::default()
    };
    let globe = Grid::new(&h, vec![-100; 360 * 181]).expect("poles are fine");
    assert_eq!(globe.cell_at(90.0, 359.6), Some(Cell { i: 0, j: 180 }));
    assert_eq!(globe.cell_at(-90.0, -0.6), Some(Cell { i: 359, j: 0 }));
}

#[test]
fn the_nearest_sea_is_the_nearest() {
    let g = shipped::grid("pacific_10min");
    let l = *g.lattice();
    for (lat, lon, max) in [
        (-33.45, -70.67, 200.0),
        (37.4, 140.3, 150.0),
        (0.0, -60.0 - 10.0, 2000.0),
        (-60.4, 120.0, 30.0),
    ] {
        let brute = (0..l.len())
            .map(|k| l.cell(k))
            .filter(|&c| g.is_wet(c))
            .map(|c| l.distance_km(c, lat, lon))
            .fold(f64::INFINITY, f64::min);
        let found = g
            .nearest_wet(lat, lon, max)
            .map(|c| l.distance_km(c, lat, lon));
        assert_eq!(found, (brute <= max).then_some(brute), "{lat} {lon}");
    }
    // Santiago is 90 km from the sea.
    assert_eq!(g.nearest_wet(-33.45, -70.67, 50.0), None);
    assert_eq!(g.nearest_wet(-33.45, -70.67, f64::NAN), None);
    assert_eq!(g.nearest_wet(f64::NAN, -70.67, 500.0), None);
}

#[test]
fn the_shipped_grids_are_what_their_headers_say() {
    // `from_parts` checks sizes, extremes and wet cells; these are places that everyone knows.
    for (name, lat, lon, low, high) in [
        ("pacific_10min", 11.35, 142.2, -11_000.0, -7500.0),
        ("pacific_10min", -17.975, -86.392, -4700.0, -4000.0),
        ("nwpacific_5min", 38.735, 148.655, -6000.0, -5200.0),
        ("southchinasea_5min", 16.0, 117.0, -4700.0, -3500.0),
        ("indian_10min", 0.0, 80.0, -5200.0, -4000.0),
    ] {
        let g = shipped::grid(name);
        let c = g.cell_at(lat, lon).expect("on the grid");
        let z = g.elevation_m(c.i, c.j).expect("on the grid");
        assert!((low..high).contains(&z), "{name}: {z} m at {lat}, {lon}");
    }
}

#[test]
fn a_thinned_grid_holds_every_second_node() {
    let mut h = header();
    (h.nx, h.ny) = (5, 4);
    let g = Grid::new(&h, (0..20).map(|k| -1 - k).collect()).expect("valid");
    let thin = g.thinned(2).expect("enough is left");
    assert_eq!((thin.lattice().nx(), thin.lattice().ny()), (3, 2));
    assert_eq!(thin.z(), [-1.0, -3.0, -5.0, -11.0, -13.0, -15.0]);
    assert_eq!(thin.lattice().lat(1), g.lattice().lat(2));
    assert_eq!(thin.lattice().lon(2), g.lattice().lon(4));
    assert!(g.thinned(5).is_err(), "one node is no grid");
    // Round the globe in odd columns: every second of them would not close.
    let mut h = header();
    (h.nx, h.ny, h.dlon, h.lon0) = (45, 5, 8.0, 0.0);
    let round = Grid::new(&h, vec![-100; 225]).expect("valid");
    assert!(round.lattice().is_periodic() && round.thinned(2).is_err());
    assert!(round.thinned(3).expect("closes").lattice().is_periodic());
}
