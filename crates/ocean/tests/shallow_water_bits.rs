//! The fast engine computes what the plain one does, and the same bits in any pool; bad requests get an answer.

mod basin;
mod plain;
mod shipped;

use basin::{PLAIN, grid, noise, rough, shape};
use ocean::motion::{Motion, Patch};
use ocean::shallow_water::{
    Model, ModelError, Request, Run, Settings, Simulation, SimulationError,
};
use ocean::{Cell, Grid};
use plain::Plain;

fn in_pool<T: Send>(threads: usize, job: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool");
    pool.install(job)
}

/// Two motions, one slow; gauges near and far, two in one cell; maxima.
fn simulate(grid: &Grid, settings: Settings, threads: usize, maxima: bool) -> Simulation {
    let model = Model::new(grid, &settings).expect("a model");
    let (nx, ny) = (grid.lattice().nx(), grid.lattice().ny());
    let patch = |i0: usize, j0: usize| Patch {
        i0,
        j0,
        nx: 12,
        ny: 9,
        metres: (0..108).map(|k| noise(k, 7)).collect(),
    };
    let motions = [
        Motion::instant(patch(nx / 2, ny / 3)),
        Motion {
            patch: patch(nx / 2 + 5, ny / 3 + 6),
            start_s: 300.0,
            rise_s: 500.0,
        },
    ];
    let gauges: Vec<Cell> = (0..nx * ny)
        .step_by(97)
        .map(|k| Cell {
            i: k % nx,
            j: k / nx,
        })
        .filter(|&c| model.is_sea(c))
        .flat_map(|c| [c, c])
        .collect();
    let request = Request {
        motions: &motions,
        duration_s: 150.0 * model.dt_s(),
        gauges: &gauges,
        every_s: 45.0,
        maxima,
    };
    in_pool(threads, || {
        model.simulate(&request, &mut |_| {}).expect("simulated")
    })
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let seas = [
        // A part of an ocean with open edges, and a globe that closes.
        grid((150, 300), (120.0, -30.0), (0.25, 0.2), rough),
        grid((180, 250), (0.0, -75.0), (2.0, 0.6), rough),
    ];
    for sea in &seas {
        for k in 0..4 {
            let settings = Settings {
                coriolis: k & 1 > 0,
                dispersion: k & 2 > 0,
                compressible: true,
                elastic: true,
            };
            let one = simulate(sea, settings, 1, true);
            let max = one.max_m.as_ref().expect("maxima");
            assert!(one.gauges.iter().flatten().any(|h| h.abs() > 0.01));
            for threads in [2, 3, 5] {
                let many = simulate(sea, settings, threads, true);
                assert_eq!(one.gauges, many.gauges, "{threads} threads, {settings:?}");
                let bits = |m: &[f32]| m.iter().map(|h| h.to_bits()).collect::<Vec<_>>();
                assert_eq!(
                    bits(max),
                    bits(many.max_m.as_ref().expect("maxima")),
                    "{threads}, {settings:?}"
                );
            }
            assert_eq!(
                one.gauges,
                simulate(sea, settings, 2, false).gauges,
                "with and without maxima"
            );
        }
    }
}

/// Heights after the same steps, taken one by one, many at once and by simulation.
#[test]
fn steps_may_be_taken_in_any_portions() {
    let sea = grid((90, 80), (0.0, -20.0), (0.5, 0.5), rough);
    for dispersion in [false, true] {
        let model = Model::new(
            &sea,
            &Settings {
                dispersion,
                coriolis: true,
                compressible: true,
                elastic: true,
            },
        )
        .expect("a model");
        let motion = shape(&sea, |i, j| {
            if i.abs_diff(40) + j.abs_diff(30) < 6 {
                noise(i, j)
            } else {
                0.0
            }
        });
        let after = |portions: &[usize]| {
            let mut run = Run::new(&model);
            run.add(&motion.patch, 1.0);
            portions.iter().for_each(|&n| run.advance(n));
            (0..80)
                .flat_map(|j| run.row(j).to_vec())
                .collect::<Vec<_>>()
        };
        let at_once = after(&[121]);
        assert!(at_once.iter().any(|h| h.abs() > 0.01));
        assert_eq!(at_once, after(&[1; 121]));
        assert_eq!(at_once, after(&[7, 0, 50, 64]));
    }
}

/// Two independent programs of one scheme differ by rounding only: 2e-6 of a wave of half a metre after 300
/// steps.
#[test]
fn the_engine_agrees_with_a_plain_program() {
    let open = shipped::grid("southchinasea_5min");
    let l = *open.lattice();
    let (nx, ny) = (l.nx(), l.ny());
    let sea = grid((nx, ny), (98.0, -5.0), (l.dlon(), l.dlat()), |i, j| {
        if i == 0 || j == 0 || i + 1 == nx || j + 1 == ny {
            1.0
        } else {
            open.z()[j * nx + i]
        }
    });
    let model = Model::new(&sea, &PLAIN).expect("a model");
    let (mut run, mut plain) = (Run::new(&model), Plain::new(&sea, &model));
    for k in 0..100 {
        let cell = Cell {
            i: 250 + k % 10,
            j: 230 + k / 10,
        };
        if model.is_sea(cell) {
            run.add_cell(cell, 1.0);
            plain.add(cell, 1.0);
        }
    }
    run.advance(300);
    plain.advance(300, false);
    let (mut worst, mut peak) = (0f32, 0f32);
    for j in 0..ny {
        for (a, b) in run.row(j).iter().zip(plain.row(j)) {
            worst = worst.max((a - b).abs());
            peak = peak.max(a.abs());
        }
    }
    assert!(peak > 0.1 && worst < 4e-6, "{worst:e} of {peak}");
}

#[test]
fn maxima_are_of_the_sea_and_not_below_it() {
    let sea = grid((40, 40), (0.0, 0.0), (0.5, 0.5), rough);
    let max = simulate(&sea, Settings::default(), 2, true)
        .max_m
        .expect("maxima");
    for (k, max) in max.iter().enumerate() {
        assert_eq!(max.is_nan(), sea.z()[k] >= 0.0);
        assert!(max.is_nan() || *max >= 0.0);
    }
    assert!(max.iter().any(|&m| m > 0.3));
}

#[test]
fn gauges_are_sampled_at_exact_times() {
    let sea = grid((60, 60), (0.0, 0.0), (0.1, 0.1), |_, _| -3000.0);
    let model = Model::new(&sea, &PLAIN).expect("a model");
    let motion = shape(&sea, |i, j| {
        (-((i as f32 - 30.0).powi(2) + (j as f32 - 30.0).powi(2)) / 40.0).exp()
    });
    let every = |every_s: f64| {
        let request = Request {
            motions: std::slice::from_ref(&motion),
            duration_s: 1800.0,
            gauges: &[Cell { i: 40, j: 30 }],
            every_s,
            maxima: false,
        };
        model
            .simulate(&request, &mut |_| {})
            .expect("simulated")
            .gauges
            .remove(0)
    };
    let (fine, coarse) = (every(5.0), every(60.0));
    assert_eq!((fine.len(), coarse.len()), (361, 31));
    for (k, &height) in coarse.iter().enumerate() {
        assert!((height - fine[k * 12]).abs() < 1e-6);
    }
    assert_eq!(every(1800.0).len(), 2);
    assert_eq!(every(5000.0).len(), 1);
}

#[test]
fn progress_goes_from_none_to_all() {
    let sea = grid((40, 40), (0.0, 0.0), (0.5, 0.5), rough);
    let model = Model::new(&sea, &PLAIN).expect("a model");
    let mut heard = Vec::new();
    let request = Request {
        motions: &[shape(&sea, |_, _| 1.0)],
        duration_s: 7200.0,
        gauges: &[],
        every_s: 60.0,
        maxima: false,
    };
    model
        .simulate(&request, &mut |part| heard.push(part))
        .expect("simulated");
    assert!(heard.is_sorted() && heard.len() > 2);
    assert_eq!(heard.last(), Some(&1.0));
}

#[test]
fn bad_requests_get_an_answer() {
    let dry = grid((5, 5), (0.0, 0.0), (1.0, 1.0), |_, _| 3.0);
    assert_eq!(Model::new(&dry, &PLAIN).err(), Some(ModelError::NoSea));
    let polar = grid((5, 5), (0.0, 82.0), (1.0, 1.0), |_, _| -3000.0);
    assert_eq!(Model::new(&polar, &PLAIN).err(), Some(ModelError::NoSea));
    let tiny = grid((5, 5), (0.0, 0.0), (1e-7, 1e-7), |_, _| -3000.0);
    assert!(matches!(
        Model::new(&tiny, &PLAIN),
        Err(ModelError::Step { .. })
    ));

    let sea = grid((20, 20), (0.0, 0.0), (0.5, 0.5), |i, _| {
        if i < 5 { 10.0 } else { -3000.0 }
    });
    let model = Model::new(&sea, &PLAIN).expect("a model");
    let good = Motion::instant(Patch {
        i0: 8,
        j0: 8,
        nx: 2,
        ny: 2,
        metres: vec![1.0; 4],
    });
    let ask = |motions: &[Motion], duration_s: f64, gauges: &[Cell], every_s: f64| {
        let request = Request {
            motions,
            duration_s,
            gauges,
            every_s,
            maxima: false,
        };
        model.simulate(&request, &mut |_| {}).err()
    };
    let with = |change: &dyn Fn(&mut Motion)| {
        let mut motion = good.clone();
        change(&mut motion);
        ask(&[good.clone(), motion], 600.0, &[], 60.0)
    };
    let one = std::slice::from_ref(&good);
    assert_eq!(ask(one, 600.0, &[Cell { i: 9, j: 9 }], 60.0), None);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        assert!(matches!(
            ask(one, bad, &[], 60.0),
            Some(SimulationError::Duration(_))
        ));
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            ask(one, 600.0, &[], bad),
            Some(SimulationError::Every(_))
        ));
    }
    let many = vec![Cell { i: 9, j: 9 }; 1000];
    assert!(matches!(
        ask(one, 864_000.0, &many, 1e-6),
        Some(SimulationError::TooMany { .. })
    ));
    assert!(matches!(
        ask(one, 600.0, &[Cell { i: 20, j: 0 }], 60.0),
        Some(SimulationError::GaugeOutside { .. })
    ));
    assert!(matches!(
        ask(one, 600.0, &[Cell { i: 2, j: 2 }], 60.0),
        Some(SimulationError::GaugeDry { .. })
    ));
    let size = SimulationError::PatchSize {
        index: 1,
        cells: 4,
        found: 3,
    };
    assert_eq!(with(&|m| m.patch.metres.truncate(3)), Some(size));
    for change in [
        |m: &mut Motion| m.patch.i0 = 19,
        |m: &mut Motion| m.patch.j0 = 19,
        |m: &mut Motion| m.patch.i0 = usize::MAX,
    ] {
        assert_eq!(
            with(&change),
            Some(SimulationError::PatchOutside { index: 1 })
        );
    }
    for change in [
        |m: &mut Motion| m.patch.metres[0] = f32::NAN,
        |m: &mut Motion| m.start_s = f64::NAN,
        |m: &mut Motion| m.rise_s = -1.0,
    ] {
        assert_eq!(
            with(&change),
            Some(SimulationError::PatchNumber { index: 1 })
        );
    }
    assert_eq!(
        ask(&[], 600.0, &[], 60.0),
        Some(SimulationError::NothingMoves)
    );
    let on_land = Motion::instant(Patch {
        i0: 1,
        j0: 1,
        nx: 2,
        ny: 2,
        metres: vec![1.0; 4],
    });
    assert_eq!(
        ask(&[on_land], 600.0, &[], 60.0),
        Some(SimulationError::NothingMoves)
    );
    let empty = Motion::default();
    assert_eq!(
        ask(&[empty], 600.0, &[], 60.0),
        Some(SimulationError::NothingMoves)
    );
    // Odd gauges of a run are zero, not a panic.
    let mut run = Run::new(&model);
    run.add_cell(Cell { i: 99, j: 99 }, 1.0);
    run.advance(3);
    assert_eq!(
        (run.height_m(Cell { i: 99, j: 0 }), run.row(99).len()),
        (0.0, 0)
    );
}
