//! From earthquakes and rectangles to motions of the sea floor.

mod basin;
mod shipped;

use ocean::fault::scaling::{Scaling, moment_nm};
use ocean::fault::{
    Fault, LiftNote, LiftOptions, Mechanism, PlaneFrom, SourceError, lift, lift_with_notes,
    magnitude,
};
use ocean::grid::GridHeader;
use ocean::motion::Motion;
use ocean::okada::{Rectangle, Slip};
use ocean::sphere::distance_km;
use ocean::{Grid, Quake, QuakeError};
use proptest::prelude::*;

fn quake(magnitude: f64, lat: f64, lon: f64, depth_km: f64) -> Quake {
    Quake {
        id: "q".into(),
        magnitude,
        lat,
        lon,
        depth_km,
        origin_us: 0,
    }
}

fn ocean(lon0: f64, lat0: f64, nx: usize, ny: usize, step: f64) -> Grid {
    basin::grid((nx, ny), (lon0, lat0), (step, step), |_, _| -4000.0)
}

fn fault(lat: f64, lon: f64) -> Fault {
    Fault {
        lat,
        lon,
        depth_km: 15.0,
        length_km: 100.0,
        width_km: 50.0,
        strike_deg: 20.0,
        dip_deg: 15.0,
        rake_deg: 90.0,
        slip_m: 2.0,
        start_s: 0.0,
        rise_s: 0.0,
    }
}

const RAW: LiftOptions = LiftOptions {
    kajiura: false,
    horizontal: false,
};

/// The final displacement of all motions on the whole grid.
fn total(motions: &[Motion], grid: &Grid) -> Vec<f64> {
    let l = grid.lattice();
    let mut z = vec![0.0; l.len()];
    for m in motions {
        for (r, row) in m.patch.rows().enumerate() {
            for (c, &u) in row.iter().enumerate() {
                z[(m.patch.j0 + r) * l.nx() + (m.patch.i0 + c) % l.nx()] += f64::from(u);
            }
        }
    }
    z
}

#[test]
fn maule_from_its_hypocentre_alone() {
    let e = Fault::of(&quake(8.8, -36.122, -72.898, 22.9), None).expect("a source");
    println!("{e:?}");
    assert_eq!(e.strike_from, PlaneFrom::Trench("chile-peru"));
    // USGS W-phase: strike 18, dip 18; Lorito et al. (2011): 3-30 and 10-22.
    assert!((e.fault.strike_deg - 16.0).abs() < 10.0);
    assert!((e.fault.dip_deg - 17.0).abs() < 5.0);
    assert_eq!(e.scaling, Scaling::Interface);
    assert!(e.fault.top_km() >= 0.0 && e.lowered_km < 5.0);
    assert!((magnitude(&[e.fault]).expect("slips") - 8.8).abs() < 1e-9);
}

#[test]
fn tohoku_takes_the_plane_along_the_interface_whichever_is_given() {
    // Global CMT 201103110546A: 203/10/88 and 25/80/90.
    let q = quake(9.1, 38.297, 142.373, 29.0);
    let plane = Mechanism {
        strike_deg: 203.0,
        dip_deg: 10.0,
        rake_deg: 88.0,
    };
    let a = Fault::of(&q, Some(plane)).expect("a source");
    let b = Fault::of(&q, Some(plane.auxiliary())).expect("a source");
    assert_eq!(a.strike_from, PlaneFrom::Mechanism);
    assert_eq!(b.strike_from, PlaneFrom::AuxiliaryPlane);
    assert!((a.fault.strike_deg - b.fault.strike_deg).abs() < 1e-6);
    assert!((a.fault.dip_deg - b.fault.dip_deg).abs() < 1e-6);
    assert!((a.fault.rake_deg - b.fault.rake_deg).abs() < 1e-6);
}

#[test]
fn a_mechanism_off_the_interface_stands_as_given_and_scales_by_its_kind() {
    // Kuril outer rise, 13 January 2007, Global CMT: 43/59/-115, a normal fault seaward of the trench.
    let m = Mechanism {
        strike_deg: 43.0,
        dip_deg: 59.0,
        rake_deg: -115.0,
    };
    let e = Fault::of(&quake(8.1, 46.24, 154.52, 10.0), Some(m)).expect("a source");
    assert_eq!(e.strike_from, PlaneFrom::Mechanism);
    assert_eq!(e.scaling, Scaling::Normal);
    assert_eq!(e.fault.dip_deg, 59.0);
    assert!((e.fault.slip_m - Scaling::Normal.slip_m(8.1)).abs() < 1e-12);
}

#[test]
fn without_a_trench_the_sea_floor_and_then_the_default_speak() {
    // Off Portugal no zone is known.
    let q = quake(8.5, 36.5, -10.5, 20.0);
    let e = Fault::of(&q, None).expect("a source");
    assert_eq!(
        (e.strike_from, e.dip_from),
        (PlaneFrom::Default, PlaneFrom::Default)
    );
    // A slope that rises to the east: strike north, dip east.
    let (nx, ny) = (80, 80);
    let header = GridHeader {
        nx,
        ny,
        lon0: -14.0,
        lat0: 33.0,
        dlon: 0.1,
        dlat: 0.1,
        ..GridHeader::default()
    };
    let z = |up: f32| {
        (0..nx * ny)
            .map(|k| -5000.0 + up * (k % nx) as f32)
            .collect()
    };
    let east = Grid::from_metres(&header, z(60.0)).expect("grid");
    let west = Grid::from_metres(&header, z(-60.0)).expect("grid");
    let a = Fault::on(&east, &q, None).expect("a source");
    let b = Fault::on(&west, &q, None).expect("a source");
    assert_eq!(
        (a.strike_from, a.dip_from),
        (PlaneFrom::SeaFloor, PlaneFrom::Default)
    );
    let off = |s: f64, to: f64| ((s - to + 180.0).rem_euclid(360.0) - 180.0).abs();
    assert!(off(a.fault.strike_deg, 0.0) < 1.0, "{}", a.fault.strike_deg);
    assert!(
        off(b.fault.strike_deg, 180.0) < 1.0,
        "{}",
        b.fault.strike_deg
    );
}

#[test]
fn earthquakes_outside_the_limits_are_named() {
    let of = |q: &Quake| Fault::of(q, None).expect_err("refused");
    assert_eq!(of(&quake(4.9, 0.0, 100.0, 10.0)), QuakeError::TooSmall(4.9));
    assert_eq!(of(&quake(9.7, 0.0, 100.0, 10.0)), QuakeError::TooLarge(9.7));
    assert_eq!(
        of(&quake(8.0, 0.0, 100.0, 101.0)),
        QuakeError::TooDeep(101.0)
    );
    let m = Mechanism {
        strike_deg: 10.0,
        dip_deg: 95.0,
        rake_deg: 90.0,
    };
    assert_eq!(
        Fault::of(&quake(8.0, 0.0, 100.0, 10.0), Some(m)).expect_err("refused"),
        QuakeError::Dip(95.0)
    );
    let grid = ocean(100.0, 0.0, 40, 40, 0.1);
    assert!(matches!(
        Fault::on(&grid, &quake(8.0, 30.0, 100.0, 10.0), None),
        Err(SourceError::EpicentreOutside { .. })
    ));
}

#[test]
fn uplift_is_okadas_at_every_cell() {
    let grid = ocean(140.0, 30.0, 200, 200, 1.0 / 40.0);
    let l = *grid.lattice();
    let f = fault(32.4, 142.5);
    let z = total(&lift(&[f], &grid, &RAW).expect("lifted"), &grid);
    let sin = f.dip_deg.to_radians().sin();
    let run = f.width_km * f.dip_deg.to_radians().cos();
    let okada = Rectangle::new(
        f.length_km,
        f.width_km,
        f.depth_km + 0.5 * f.width_km * sin,
        f.dip_deg,
    );
    let (s, c) = f.strike_deg.to_radians().sin_cos();
    let most = z.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    let mut worst = 0.0f64;
    for (k, z) in z.iter().enumerate() {
        let cell = l.cell(k);
        let (lat, lon) = (l.lat(cell.j), l.lon(cell.i));
        let km = distance_km(f.lat, f.lon, lat, lon);
        if km > 140.0 {
            continue;
        }
        // A flat map near the centre is good enough here.
        let north = (lat - f.lat) * 111.195;
        let east = (lon - f.lon) * 111.195 * (0.5 * (lat + f.lat)).to_radians().cos();
        let (x, y) = (
            east * s + north * c + 0.5 * f.length_km,
            north * s - east * c + 0.5 * run,
        );
        let u = okada.uplift(x, y, Slip::along_rake(f.slip_m, f.rake_deg));
        worst = worst.max((u - z).abs());
    }
    println!("largest uplift {most:.3} m, worst difference {worst:.4} m");
    assert!(most > 0.4 && worst < 0.02 * most);
}

#[test]
fn blocks_far_off_are_interpolated_to_a_thousandth() {
    // The same source on a grid of single blocks' rows: a window of at most 6 cells is never interpolated.
    let f = Fault {
        length_km: 30.0,
        width_km: 20.0,
        depth_km: 12.0,
        ..fault(-20.0, -71.0)
    };
    let sources: Vec<Fault> = (0..40)
        .map(|k| Fault {
            lat: f.lat - 2.0 + 0.1 * f64::from(k),
            slip_m: 1.0 + 0.2 * f64::from(k % 7),
            ..f
        })
        .collect();
    let grid = ocean(-82.0, -32.0, 264, 288, 1.0 / 12.0);
    let z = total(&lift(&sources, &grid, &RAW).expect("lifted"), &grid);
    let mut sum = vec![0.0; z.len()];
    let l = *grid.lattice();
    for s in &sources {
        let sin = s.dip_deg.to_radians().sin();
        let run = s.width_km * s.dip_deg.to_radians().cos();
        let okada = Rectangle::new(
            s.length_km,
            s.width_km,
            s.depth_km + 0.5 * s.width_km * sin,
            s.dip_deg,
        );
        let (ss, cs) = s.strike_deg.to_radians().sin_cos();
        for (k, sum) in sum.iter_mut().enumerate() {
            let cell = l.cell(k);
            let (lat, lon) = (l.lat(cell.j), l.lon(cell.i));
            let km = distance_km(s.lat, s.lon, lat, lon);
            let (p, q) = (s.lat.to_radians(), lat.to_radians());
            let dl = (lon - s.lon).to_radians();
            let azimuth =
                (dl.sin() * q.cos()).atan2(p.cos() * q.sin() - p.sin() * q.cos() * dl.cos());
            let (east, north) = (km * azimuth.sin(), km * azimuth.cos());
            let (x, y) = (
                east * ss + north * cs + 0.5 * s.length_km,
                north * ss - east * cs + 0.5 * run,
            );
            *sum += okada.uplift(x, y, Slip::along_rake(s.slip_m, s.rake_deg));
        }
    }
    let most = sum.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    let (mut worst, mut cells) = (0.0f64, 0);
    for (k, (a, b)) in z.iter().zip(&sum).enumerate() {
        let cell = l.cell(k);
        let (lat, lon) = (l.lat(cell.j), l.lon(cell.i));
        let km = sources
            .iter()
            .map(|s| distance_km(s.lat, s.lon, lat, lon))
            .fold(f64::INFINITY, f64::min);
        // Beyond the cells that are means, before the displacement fades.
        if (60.0..300.0).contains(&km) {
            worst = worst.max((a - b).abs());
            cells += 1;
        }
    }
    println!("{cells} cells, largest uplift {most:.2} m, worst difference {worst:.5} m");
    assert!(cells > 1000 && worst < 1e-3 * most, "{worst} of {most}");
}

#[test]
fn groups_add_up_to_the_whole_and_keep_their_times() {
    let grid = ocean(-90.0, -40.0, 240, 180, 1.0 / 10.0);
    let late: Vec<Fault> = (0..12)
        .map(|k| Fault {
            lat: -36.0 + 0.9 * f64::from(k),
            start_s: 20.0 * f64::from(k),
            rise_s: 30.0,
            ..fault(-36.0, -78.0)
        })
        .collect();
    let at_once: Vec<Fault> = late
        .iter()
        .map(|f| Fault {
            start_s: 0.0,
            rise_s: 0.0,
            ..*f
        })
        .collect();
    for options in [RAW, LiftOptions::default()] {
        let parts = lift(&late, &grid, &options).expect("lifted");
        let whole = lift(&at_once, &grid, &options).expect("lifted");
        assert_eq!((parts.len(), whole.len()), (13, 1));
        let (a, b) = (total(&parts, &grid), total(&whole, &grid));
        let most = b.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() < 1e-5 * most);
        }
        for k in 0..12 {
            let m = parts
                .iter()
                .find(|m| m.start_s == 20.0 * f64::from(k))
                .expect("a motion");
            assert_eq!(m.rise_s, 30.0);
            assert!(m.patch.nx * m.patch.ny < grid.lattice().len() / 6);
        }
        // The rest is small: what the groups carry is what matters.
        let rest = parts.last().expect("the rest");
        let small = rest.patch.metres.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        println!(
            "largest {most:.3} m, rest {small:.3} m at {} s",
            rest.start_s
        );
        assert!(f64::from(small) < 0.15 * most);
    }
}

#[test]
fn too_many_times_are_rounded_and_said() {
    let grid = ocean(-90.0, -40.0, 120, 90, 1.0 / 5.0);
    let faults: Vec<Fault> = (0..700)
        .map(|k| Fault {
            length_km: 10.0,
            width_km: 10.0,
            lat: -33.0 + 0.01 * f64::from(k),
            start_s: 0.37 * f64::from(k),
            rise_s: 20.0,
            ..fault(0.0, -80.0)
        })
        .collect();
    let lifted = lift_with_notes(&faults, &grid, &RAW).expect("lifted");
    assert!(lifted.motions.len() <= 129, "{}", lifted.motions.len());
    assert!(
        lifted
            .notes
            .contains(&LiftNote::TimesRounded { seconds: 4.0 }),
        "{:?}",
        lifted.notes
    );
}

#[test]
fn sources_off_the_grid_on_land_or_in_the_air_are_named() {
    let grid = ocean(100.0, 0.0, 80, 80, 0.1);
    let good = fault(4.0, 104.0);
    let away = fault(40.0, 104.0);
    assert_eq!(
        lift(&[good, away], &grid, &RAW),
        Err(SourceError::Outside {
            number: 2,
            lat: 40.0,
            lon: 104.0
        })
    );
    let edge = fault(0.05, 104.0);
    let lifted = lift_with_notes(&[good, edge], &grid, &RAW).expect("lifted");
    assert_eq!(lifted.notes, [LiftNote::PartlyOutside { number: 2 }]);
    // One kilometre of rounding is forgiven, more is a mistake.
    let high = Fault {
        depth_km: 6.0,
        ..good
    };
    let lifted = lift_with_notes(&[high], &grid, &RAW).expect("lifted");
    assert_eq!(lifted.notes, [LiftNote::Lowered { subfaults: 1 }]);
    let higher = Fault {
        depth_km: 3.0,
        ..good
    };
    assert!(matches!(
        lift(&[higher], &grid, &RAW),
        Err(SourceError::AboveGround { number: 1, .. })
    ));
    assert_eq!(lift(&[], &grid, &RAW), Err(SourceError::Empty));
    let still = Fault {
        slip_m: 0.0,
        ..good
    };
    assert_eq!(lift(&[still], &grid, &RAW), Err(SourceError::Empty));
    let nan = Fault {
        dip_deg: f64::NAN,
        ..good
    };
    assert!(matches!(
        lift(&[good, nan], &grid, &RAW),
        Err(SourceError::Value {
            number: 2,
            field: "dip",
            ..
        })
    ));
    // All land but a far corner.
    let header = GridHeader {
        nx: 80,
        ny: 80,
        lon0: 100.0,
        lat0: 0.0,
        dlon: 0.1,
        dlat: 0.1,
        ..GridHeader::default()
    };
    let z = (0..6400)
        .map(|k| if k < 40 { -100.0 } else { 300.0 })
        .collect();
    let land = Grid::from_metres(&header, z).expect("grid");
    let Err(SourceError::OnLand { sea_km, .. }) = lift(&[good], &land, &RAW) else {
        panic!("lifted land");
    };
    assert!((300.0..600.0).contains(&sea_km.expect("sea within 1000 km")));
}

#[test]
fn land_stays_and_a_slope_carried_seaward_lifts() {
    let grid = shipped::grid("nwpacific_5min");
    let e = Fault::of(&quake(9.0, 38.1, 142.86, 24.0), None).expect("a source");
    let l = grid.lattice();
    let z = total(&lift(&[e.fault], &grid, &RAW).expect("lifted"), &grid);
    assert!(z.iter().zip(grid.z()).all(|(u, z)| *z < 0.0 || *u == 0.0));
    let horizontal = LiftOptions {
        horizontal: true,
        ..RAW
    };
    let h = total(
        &lift(&[e.fault], &grid, &horizontal).expect("lifted"),
        &grid,
    );
    let volume = |z: &[f64]| -> f64 {
        let area = |k: usize| {
            let (e, n) = l.spacing_m(l.cell(k).j);
            e * n
        };
        z.iter().enumerate().map(|(k, u)| u * area(k)).sum()
    };
    let (vertical, both) = (volume(&z), volume(&h));
    // Tanioka & Satake (1996): the landward slope moves seaward and lifts; tens of per cent for a shallow dip.
    println!(
        "volume {:.1} km3, with horizontal motion {:.1} km3",
        vertical * 1e-9,
        both * 1e-9
    );
    assert!(both > 1.05 * vertical && both < 2.0 * vertical);
}

#[test]
fn the_same_bits_on_any_number_of_threads_and_any_turn_of_longitude() {
    let sources: Vec<Fault> = (0..30)
        .map(|k| Fault {
            lat: 10.0 + 0.3 * f64::from(k),
            ..fault(10.0, 179.6)
        })
        .collect();
    let grid = ocean(170.0, 5.0, 200, 160, 0.1);
    let on = |threads: usize| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("pool")
            .install(|| lift(&sources, &grid, &LiftOptions::default()).expect("lifted"))
    };
    let one = on(1);
    for threads in [2, 3, 5] {
        assert_eq!(one, on(threads));
    }
    let turned: Vec<Fault> = sources
        .iter()
        .map(|f| Fault {
            lon: f.lon - 360.0,
            ..*f
        })
        .collect();
    let same = lift(&turned, &grid, &LiftOptions::default()).expect("lifted");
    for (a, b) in one[0].patch.metres.iter().zip(&same[0].patch.metres) {
        assert!((a - b).abs() < 1e-6);
    }
    // A periodic grid, cut at 180 degrees, through the source.
    let globe = ocean(-180.0, 5.0, 3600, 160, 0.1);
    let round = lift(&sources, &globe, &LiftOptions::default()).expect("lifted");
    let (a, b) = (total(&one, &grid), total(&round, &globe));
    for j in 0..160 {
        for i in 60..140 {
            let other = (i + 3500) % 3600;
            let (a, b) = (a[j * 200 + i], b[j * 3600 + other]);
            assert!((a - b).abs() < 2e-3, "{i} {j}: {a} {b}");
        }
    }
}

#[test]
fn laws_of_size_as_published() {
    // Strasser et al. (2010) at Mw 9: 614 and 188 km.
    assert!((Scaling::Interface.length_km(9.0) - 614.0).abs() < 1.0);
    assert!((Scaling::Interface.width_km(9.0) - 189.0).abs() < 1.5);
    // Blaser et al. (2010), reverse, Mw 7.5: 80 and 39 km.
    assert!((Scaling::Reverse.length_km(7.5) - 80.4).abs() < 0.5);
    assert!((Scaling::Reverse.width_km(7.5) - 38.9).abs() < 0.5);
    for (rake, kind) in [
        (0.0, Scaling::StrikeSlip),
        (180.0, Scaling::StrikeSlip),
        (90.0, Scaling::Reverse),
        (-80.0, Scaling::Normal),
        (270.0, Scaling::Normal),
    ] {
        assert_eq!(Scaling::of_rake(rake), kind);
    }
    let f = fault(0.0, 0.0);
    assert!((f.moment_nm() - 4e10 * 5e9 * 2.0).abs() < 1.0);
    assert!((moment_nm(magnitude(&[f]).expect("slips")) / f.moment_nm() - 1.0).abs() < 1e-12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_auxiliary_of_the_auxiliary_is_the_plane(
        strike_deg in 0.0f64..360.0, dip_deg in 1.0f64..89.0, rake_deg in -179.0f64..179.0,
    ) {
        prop_assume!((rake_deg.to_radians().sin() * dip_deg.to_radians().sin()).abs() > 0.01);
        let m = Mechanism { strike_deg, dip_deg, rake_deg };
        let back = m.auxiliary().auxiliary();
        let off = |a: f64, b: f64| ((a - b + 180.0).rem_euclid(360.0) - 180.0).abs();
        prop_assert!(off(back.strike_deg, strike_deg) < 1e-6, "{:?} {:?}", m, back);
        prop_assert!(off(back.dip_deg, dip_deg) < 1e-6 && off(back.rake_deg, rake_deg) < 1e-6);
        prop_assert!((m.angle_deg(m.auxiliary().strike_deg, m.auxiliary().dip_deg) - 90.0).abs() < 1e-6);
    }

    #[test]
    fn any_earthquake_gives_a_source_or_a_reason(
        magnitude in 4.0f64..10.0, lat in -95.0f64..95.0, lon in -400.0f64..400.0, depth_km in -20.0f64..700.0,
        plane in proptest::option::of((0.0f64..360.0, -5.0f64..95.0, -180.0f64..180.0)),
    ) {
        let mechanism = plane.map(|(strike_deg, dip_deg, rake_deg)| Mechanism { strike_deg, dip_deg, rake_deg });
        if let Ok(e) = Fault::of(&quake(magnitude, lat, lon, depth_km), mechanism) {
            prop_assert!(e.fault.top_km() > -1e-6);
            prop_assert!((0.0..=90.0).contains(&e.fault.dip_deg));
            prop_assert!((0.0..360.0).contains(&e.fault.strike_deg));
            prop_assert!(e.fault.slip_m > 0.0);
        }
    }

    #[test]
    fn any_rectangle_gives_finite_motion_or_a_reason(
        lat in -70.0f64..70.0, lon in -200.0f64..400.0, depth_km in -5.0f64..200.0,
        length_km in 0.0f64..900.0, width_km in 0.0f64..300.0, strike_deg in 0.0f64..360.0,
        dip_deg in 0.0f64..90.0, rake_deg in -180.0f64..180.0, slip_m in -60.0f64..60.0,
        kajiura in any::<bool>(), horizontal in any::<bool>(),
    ) {
        let grid = ocean(-180.0, -65.0, 180, 65, 2.0);
        let f = Fault { lat, lon, depth_km, length_km, width_km, strike_deg, dip_deg, rake_deg, slip_m, ..fault(0.0, 0.0) };
        if let Ok(motions) = lift(&[f], &grid, &LiftOptions { kajiura, horizontal }) {
            for m in &motions {
                prop_assert_eq!(m.patch.metres.len(), m.patch.nx * m.patch.ny);
                prop_assert!(m.patch.i0 < 180 && m.patch.nx <= 180 && m.patch.j0 + m.patch.ny <= 65);
                prop_assert!(m.patch.metres.iter().all(|u| u.is_finite() && f64::from(u.abs()) <= 1.5 * slip_m.abs()));
            }
        }
    }
}
