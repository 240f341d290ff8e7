//! Reciprocity: responses from one run at the receiver against runs from every source, over real depths.
//!
//! The law is exact in the discrete scheme, so what is compared is rounding: heights in `f32`, a peak of centimetres, some
//! hundred steps. Tolerance: 2e-5 of the largest height of the response, seven times what is measured (3e-6).

mod shipped;

use std::sync::atomic::AtomicBool;

use ocean::bank::{BankError, Builder, units_near};
use ocean::fault::{Fault, LiftOptions, lift};
use ocean::forecast::{Point, Unanswered};
use ocean::motion::Patch;
use ocean::offshore::OFFSHORE_DEPTH_M;
use ocean::response::{ResponseTable, UnitSource};
use ocean::shallow_water::{Model, Run, Settings};
use ocean::{Cell, Grid, GridHeader, Quake};

const EXACT: f64 = 2e-5;
static RUNNING: AtomicBool = AtomicBool::new(false);

fn point(id: &str, lat: f64, lon: f64, coastal: bool) -> Point {
    Point {
        id: id.into(),
        lat,
        lon,
        coastal,
    }
}

/// Heights at cells after a patch of sea has risen at once: the solver's own way, linear between its steps.
fn gauges_of(
    model: &Model,
    patch: &Patch,
    cells: &[Cell],
    step_s: f64,
    samples: usize,
) -> Vec<Vec<f32>> {
    let steps = ((samples - 1) as f64 * step_s / model.dt_s()).ceil() as usize;
    let mut run = Run::new(model);
    run.add(patch, 1.0);
    let mut all = vec![Vec::with_capacity(steps + 1); cells.len()];
    for n in 0..=steps {
        if n > 0 {
            run.advance(1);
        }
        for (series, &cell) in all.iter_mut().zip(cells) {
            series.push(run.height_m(cell));
        }
    }
    let sample = |series: &Vec<f32>, k: usize| {
        let place = k as f64 * step_s / model.dt_s();
        let (n, part) = (place.floor() as usize, place.fract() as f32);
        let here = series[n];
        here + part * (series.get(n + 1).copied().unwrap_or(here) - here)
    };
    all.iter()
        .map(|series| (0..samples).map(|k| sample(series, k)).collect())
        .collect()
}

/// Largest difference between the two ways, as part of the largest height, over all units and receivers.
fn compare(
    grid: &Grid,
    settings: Settings,
    units: &[UnitSource],
    points: &[Point],
    hours: f64,
) -> f64 {
    let (step_s, samples) = (60.0, (hours * 60.0) as usize + 1);
    let builder = Builder::new(grid, &settings, units, step_s, samples).unwrap();
    let model = Model::new(grid, &settings).unwrap();
    let stands: Vec<_> = points.iter().map(|p| builder.stand(p).unwrap()).collect();
    let reciprocal: Vec<Vec<f32>> = stands
        .iter()
        .map(|s| builder.responses(s, &RUNNING).unwrap())
        .collect();
    let cells: Vec<Cell> = stands
        .iter()
        .flat_map(|s| s.cells.iter().map(|c| c.0))
        .collect();
    let (mut worst, mut waves) = (0f64, 0);
    for (u, unit) in units.iter().enumerate() {
        let motions = lift(&[Fault::from(unit)], grid, &LiftOptions::default()).unwrap();
        let run = gauges_of(&model, &motions[0].patch, &cells, step_s, samples);
        let mut gauges = run.iter();
        for (r, stand) in stands.iter().enumerate() {
            let mut forward = vec![0f64; samples];
            for (_, weight) in &stand.cells {
                let heights = gauges.next().unwrap();
                assert_eq!(heights.len(), samples);
                for (sum, &h) in forward.iter_mut().zip(heights) {
                    *sum += f64::from(*weight) * f64::from(h);
                }
            }
            let other = &reciprocal[r][u * samples..(u + 1) * samples];
            let peak = forward.iter().fold(0f64, |p, h| p.max(h.abs()));
            let off = forward
                .iter()
                .zip(other)
                .fold(0f64, |w, (a, &b)| w.max((a - f64::from(b)).abs()));
            println!(
                "{} -> {}: peak {:.2} mm, differs by {:.1e} m",
                unit.id,
                stand.receiver.id,
                peak * 1e3,
                off
            );
            // Where only the wave's toe has arrived, rounding is all there is: a tenth of a millimetre is the least unit.
            worst = worst.max(off / peak.max(1e-4));
            waves += usize::from(peak > 1e-3);
        }
    }
    assert!(2 * waves > units.len() * stands.len(), "waves have arrived");
    println!("largest difference, as part of the peak: {worst:.1e}");
    worst
}

fn near(magnitude: f64, lat: f64, lon: f64) -> Vec<UnitSource> {
    let quake = Quake {
        id: "q".into(),
        magnitude,
        lat,
        lon,
        depth_km: 25.0,
        origin_us: 0,
    };
    units_near(&quake).unwrap().units
}

/// Every `n`-th.
fn some(units: Vec<UnitSource>, n: usize) -> Vec<UnitSource> {
    units.into_iter().step_by(n).collect()
}

#[test]
fn chile_there_and_back() {
    let grid = shipped::grid("sepacific_5min");
    let units = some(near(8.5, -36.12, -72.9), 19);
    assert!(units.len() >= 3);
    let points = [
        point("32412", -17.975, -86.392, false),
        point("valparaiso", -33.03, -71.63, true),
    ];
    let worst = compare(&grid, Settings::default(), &units, &points, 3.5);
    assert!(worst < EXACT, "{worst}");
}

#[test]
fn japan_there_and_back() {
    let grid = shipped::grid("nwpacific_5min");
    let units = some(near(9.0, 38.3, 142.4), 23);
    assert!(units.len() >= 3);
    let points = [
        point("21418", 38.711, 148.694, false),
        point("miyako", 39.64, 141.98, true),
    ];
    let worst = compare(&grid, Settings::default(), &units, &points, 1.5);
    assert!(worst < EXACT, "{worst}");
}

#[test]
fn dispersion_has_a_way_back_too() {
    let grid = shipped::grid("sepacific_5min");
    let units = some(near(8.5, -36.12, -72.9), 31);
    let settings = Settings {
        dispersion: true,
        ..Settings::default()
    };
    let points = [point("valparaiso", -33.03, -71.63, true)];
    let worst = compare(&grid, settings, &units, &points, 2.0);
    assert!(worst < EXACT, "{worst}");
}

#[test]
fn what_is_stored_begins_with_the_lift_itself() {
    // A sensor over the source: sample 0 is the surface right after it has risen.
    let grid = shipped::grid("nwpacific_5min");
    let units = some(near(9.0, 38.3, 142.4), 7);
    let builder = Builder::new(&grid, &Settings::default(), &units, 60.0, 2).unwrap();
    let stand = builder.stand(&point("over", 38.25, 143.25, false)).unwrap();
    let responses = builder.responses(&stand, &RUNNING).unwrap();
    let mut moved = 0;
    for (u, unit) in units.iter().enumerate() {
        let motions = lift(&[Fault::from(unit)], &grid, &LiftOptions::default()).unwrap();
        let patch = &motions[0].patch;
        let mut lifted = 0f32;
        for &(cell, weight) in &stand.cells {
            let inside = (patch.i0..patch.i0 + patch.nx).contains(&cell.i)
                && (patch.j0..patch.j0 + patch.ny).contains(&cell.j);
            if inside {
                let at = (cell.j - patch.j0) * patch.nx + cell.i - patch.i0;
                lifted += weight * patch.metres[at];
            }
        }
        moved += usize::from(lifted.abs() > 1e-3);
        assert!((responses[2 * u] - lifted).abs() < 1e-6);
    }
    assert!(moved > 2);
}

#[test]
fn a_table_is_the_same_in_any_pool_and_names_who_is_without_an_answer() {
    let grid = shipped::grid("southchinasea_5min");
    let units = near(8.0, 15.0, 119.3);
    let builder = Builder::new(&grid, &Settings::default(), &units, 60.0, 61).unwrap();
    let points = [
        point("manila", 14.58, 120.95, true),
        point("buoy", 14.0, 117.0, false),
        point("nowhere", 91.0, 0.0, true),
        point("tokyo", 35.6, 139.8, true),
        point("vientiane", 17.97, 102.6, true),
    ];
    let tables: Vec<_> = [1, 3]
        .into_iter()
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| builder.table(&points, &RUNNING, &|_| {}).unwrap())
        })
        .collect();
    assert_eq!(tables[0], tables[1]);
    let (table, without) = &tables[0];
    let ids: Vec<&str> = table.receivers().iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["manila", "buoy"]);
    assert_eq!(table.responses(1).len(), units.len() * 61);
    let reasons: Vec<&Unanswered> = without.iter().map(|w| &w.1).collect();
    assert!(matches!(reasons[0], Unanswered::NoPlace { .. }));
    assert!(matches!(reasons[1], Unanswered::OutsideGrid));
    assert!(matches!(reasons[2], Unanswered::Unreached));
    let stopped = builder.table(&points, &AtomicBool::new(true), &|_| {});
    assert_eq!(stopped.unwrap_err(), BankError::Stopped);
}

#[test]
fn a_coast_stands_in_deep_water_near_it_that_the_wave_reaches() {
    let grid = shipped::grid("sepacific_5min");
    let units = near(8.8, -36.12, -72.9);
    let builder = Builder::new(&grid, &Settings::default(), &units, 60.0, 2).unwrap();
    for (name, lat, lon) in [
        ("arica", -18.48, -70.33),
        ("talcahuano", -36.7, -73.11),
        ("callao", -12.05, -77.15),
        ("ancud", -41.87, -73.83),
    ] {
        let stand = builder.stand(&point(name, lat, lon, true)).unwrap();
        let (cell, _) = stand.cells[0];
        let km = grid.lattice().distance_km(cell, lat, lon);
        println!(
            "{name}: {:.0} m deep, {km:.0} km off",
            stand.receiver.depth_m
        );
        assert!(stand.receiver.depth_m >= OFFSHORE_DEPTH_M && km <= 60.0);
        assert!(stand.receiver.coastal);
    }
    // A depth that the grid has there, between nodes.
    let buoy = builder
        .stand(&point("32412", -17.975, -86.392, false))
        .unwrap();
    assert_eq!(buoy.cells.len(), 4);
    assert!((4000.0..4800.0).contains(&buoy.receiver.depth_m));
    assert!((buoy.cells.iter().map(|c| c.1).sum::<f32>() - 1.0).abs() < 1e-6);
    // The same place a turn further.
    let turned = builder
        .stand(&point("32412", -17.975, 360.0 - 86.392, false))
        .unwrap();
    assert_eq!(
        buoy.cells.iter().map(|c| c.0).collect::<Vec<_>>(),
        turned.cells.iter().map(|c| c.0).collect::<Vec<_>>()
    );
}

/// A flat sea of 10 by 20 degrees with a wall of land and a lake behind it.
fn walled_sea() -> Grid {
    let header = GridHeader {
        nx: 41,
        ny: 41,
        lon0: 179.0,
        lat0: -10.0,
        dlon: 0.25,
        dlat: 0.5,
        ..GridHeader::default()
    };
    let z = (0..41 * 41)
        .map(|k| match k % 41 {
            30 => 100,
            31.. => -900,
            _ => -4000,
        })
        .collect();
    Grid::new(&header, z).unwrap()
}

#[test]
fn other_waters_do_not_stand_for_a_place() {
    let grid = walled_sea();
    let unit = UnitSource {
        id: "u".into(),
        lat: 0.0,
        lon: -177.0,
        depth_km: 10.0,
        length_km: 100.0,
        width_km: 50.0,
        strike_deg: 0.0,
        dip_deg: 15.0,
        rake_deg: 90.0,
    };
    let build = |unit: &UnitSource, step_s, samples| {
        Builder::new(
            &grid,
            &Settings::default(),
            std::slice::from_ref(unit),
            step_s,
            samples,
        )
    };
    let builder = build(&unit, 60.0, 10).unwrap();
    // East of the wall is the lake, which is nearer and not reached.
    let lon = 179.0 + 0.25 * 30.3;
    let stand = builder.stand(&point("wall", 0.0, lon, true)).unwrap();
    assert_eq!(stand.receiver.depth_m, 4000.0);
    let far = builder.stand(&point("lake", 0.0, lon + 2.0, true));
    assert_eq!(far, Err(Unanswered::Unreached));
    // What cannot be computed says so.
    assert!(matches!(
        build(&unit, f64::NAN, 10),
        Err(BankError::Samples { .. })
    ));
    assert!(matches!(
        build(&unit, 60.0, 0),
        Err(BankError::Samples { .. })
    ));
    let away = UnitSource {
        lon: 0.0,
        ..unit.clone()
    };
    assert!(matches!(
        build(&away, 60.0, 10),
        Err(BankError::NothingLifts { .. })
    ));
    let turning = Settings {
        coriolis: true,
        ..Settings::default()
    };
    let refused = Builder::new(&grid, &turning, std::slice::from_ref(&unit), 60.0, 10);
    assert!(matches!(refused, Err(BankError::Rotation)));
    let none = Builder::new(&grid, &Settings::default(), &[], 60.0, 10);
    assert!(matches!(none, Err(BankError::NoUnits)));
}
