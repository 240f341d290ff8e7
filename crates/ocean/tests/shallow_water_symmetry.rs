//! What must not matter to a wave: which way round a sea lies, where it begins, which end is the source.

mod basin;
mod shipped;

use basin::{PLAIN, grid, noise, rough, run, shape};
use ocean::motion::{Motion, Patch};
use ocean::shallow_water::{Model, Run, Settings};
use ocean::{Cell, Grid, GridHeader};

fn model(grid: &Grid, settings: Settings) -> Model {
    Model::new(grid, &settings).expect("a model")
}

fn all_settings() -> impl Iterator<Item = Settings> {
    (0..8).map(|k| Settings {
        coriolis: k & 1 > 0,
        dispersion: k & 2 > 0,
        compressible: k & 4 > 0,
        elastic: k & 4 > 0,
    })
}

/// What a source here does there is what it does the other way round, per volume: the scheme is symmetric.
/// Rounding only: 1e-4 of the peak.
#[test]
fn reciprocity() {
    let grid = shipped::grid("southchinasea_5min");
    let (a, b) = (
        grid.cell_at(13.0, 118.0).expect("sea"),
        grid.cell_at(19.5, 114.5).expect("sea"),
    );
    let cos = |c: Cell| grid.lattice().lat(c.j).to_radians().cos();
    for dispersion in [false, true] {
        let model = model(
            &grid,
            Settings {
                dispersion,
                compressible: true,
                elastic: true,
                coriolis: false,
            },
        );
        let response = |from: Cell, to: Cell| {
            let patch = Patch {
                i0: from.i,
                j0: from.j,
                nx: 1,
                ny: 1,
                metres: vec![(1.0 / cos(from)) as f32],
            };
            run(&model, &[Motion::instant(patch)], 3.0 * 3600.0, &[to], 30.0)
                .gauges
                .remove(0)
        };
        let (there, back) = (response(a, b), response(b, a));
        let peak = there.iter().fold(0f32, |m, h| m.max(h.abs()));
        let worst = there
            .iter()
            .zip(&back)
            .fold(0f32, |m, (x, y)| m.max((x - y).abs()));
        assert!(
            peak > 1e-4 && worst < 1e-4 * peak,
            "{worst:e} of {peak:e}, dispersion {dispersion}"
        );
    }
}

/// Mirrored seas carry mirrored waves: east and west to the bit; north and south to rounding, since latitudes
/// are counted from the south.
#[test]
fn mirrored_seas_carry_mirrored_waves() {
    let (nx, ny) = (70, 61);
    let sea = |ew: bool, ns: bool| {
        grid((nx, ny), (200.0, -15.0), (0.5, 0.5), move |i, j| {
            rough(
                if ew { nx - 1 - i } else { i },
                if ns { ny - 1 - j } else { j },
            )
        })
    };
    for settings in all_settings().filter(|s| !s.coriolis) {
        let after = |ew: bool, ns: bool| -> Vec<f32> {
            let grid = sea(ew, ns);
            let model = model(&grid, settings);
            let mut run = Run::new(&model);
            let bump = |i: usize, j: usize| {
                let (i, j) = (
                    if ew { nx - 1 - i } else { i },
                    if ns { ny - 1 - j } else { j },
                );
                if i.abs_diff(30) < 4 && j.abs_diff(25) < 6 {
                    noise(i, j)
                } else {
                    0.0
                }
            };
            run.add(&shape(&grid, bump).patch, 1.0);
            run.advance(150);
            (0..nx * ny)
                .map(|k| {
                    let (i, j) = (k % nx, k / nx);
                    let (i, j) = (
                        if ew { nx - 1 - i } else { i },
                        if ns { ny - 1 - j } else { j },
                    );
                    run.height_m(Cell { i, j })
                })
                .collect()
        };
        let straight = after(false, false);
        assert!(straight.iter().any(|h| h.abs() > 0.01));
        assert_eq!(straight, after(true, false), "{settings:?}");
        let upside_down = after(false, true);
        let worst = straight
            .iter()
            .zip(&upside_down)
            .fold(0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(worst < 1e-5, "{worst:e} {settings:?}");
    }
}

/// The Earth turns waves to the right in the north and to the left in the south: a hump's swirl in one
/// hemisphere is the mirror image of that in the other; and on a turning Earth a hump leaves a little of
/// itself behind (Rossby 1938).
#[test]
fn the_earth_turns() {
    let half = |lat0: f64| grid((81, 81), (0.0, lat0), (0.5, 0.5), |_, _| -4000.0);
    let settings = Settings {
        coriolis: true,
        ..PLAIN
    };
    let after = |lat0: f64| {
        let grid = half(lat0);
        let model = model(&grid, settings);
        let mut run = Run::new(&model);
        let bump = |i: usize, j: usize| {
            let (x, y) = (i as f32 - 40.0, j as f32 - 40.0);
            (-(x * x + y * y) / 50.0).exp()
        };
        run.add(&shape(&grid, bump).patch, 1.0);
        run.advance((8.0 * 3600.0 / model.dt_s()) as usize);
        (0..81 * 81)
            .map(|k| {
                run.height_m(Cell {
                    i: k % 81,
                    j: k / 81,
                })
            })
            .collect::<Vec<_>>()
    };
    let (north, south) = (after(20.0), after(-60.0));
    let worst = (0..81 * 81)
        .map(|k| (north[k] - south[(80 - k / 81) * 81 + k % 81]).abs())
        .fold(0f32, f32::max);
    assert!(worst < 2e-4, "{worst:e}");
    assert!(north[40 * 81 + 40] > 0.01, "{}", north[40 * 81 + 40]);
}

/// A grid is the same sea whatever multiple of 360 its longitudes carry, and a global one wherever it begins.
#[test]
fn longitudes_are_an_angle() {
    let (nx, ny) = (90, 41);
    let from = |lon0: f64, shift: usize| {
        let grid = grid((nx, ny), (lon0, -60.0), (4.0, 3.0), |i, j| {
            rough((i + shift) % nx, j)
        });
        let model = model(
            &grid,
            Settings {
                coriolis: true,
                dispersion: true,
                compressible: true,
                elastic: true,
            },
        );
        let mut run = Run::new(&model);
        for k in 0..9 {
            run.add_cell(
                Cell {
                    i: (40 + k % 3 + nx - shift) % nx,
                    j: 20 + k / 3,
                },
                1.0,
            );
        }
        run.advance(300);
        (0..nx * ny)
            .map(|k| {
                run.height_m(Cell {
                    i: (k % nx + nx - shift) % nx,
                    j: k / nx,
                })
            })
            .collect::<Vec<_>>()
    };
    let here = from(0.0, 0);
    assert!(here.iter().filter(|h| h.abs() > 1e-5).count() > 100);
    assert_eq!(here, from(-360.0, 0));
    assert_eq!(here, from(120.0, 30));
    assert_eq!(here, from(184.0, 46));
}

/// Twice the source is twice the wave, but for the rounding of heights to 2^-40 m and what 200 steps make of
/// it: 1e-6 m is far more.
#[test]
fn twice_the_source_is_twice_the_wave() {
    let grid = shipped::grid("southchinasea_5min");
    let model = model(&grid, Settings::default());
    let of = |metres: f32| {
        let patch = Patch {
            i0: 250,
            j0: 230,
            nx: 5,
            ny: 9,
            metres: vec![metres; 45],
        };
        run(
            &model,
            &[Motion::instant(patch)],
            3600.0,
            &[Cell { i: 230, j: 240 }],
            60.0,
        )
        .gauges
        .remove(0)
    };
    let (one, two) = (of(1.0), of(2.0));
    assert!(
        one.iter()
            .zip(&two)
            .all(|(a, b)| (2.0 * a - b).abs() < 1e-6),
        "{one:?} {two:?}"
    );
}

#[test]
fn headers_in_other_names_change_nothing() {
    let header = GridHeader {
        nx: 20,
        ny: 20,
        lon0: 10.0,
        lat0: 10.0,
        dlon: 0.5,
        dlat: 0.5,
        ..Default::default()
    };
    let named = GridHeader {
        sampling: Some("another".into()),
        ..header.clone()
    };
    let z: Vec<f32> = (0..400).map(|k| rough(k % 20, k / 20)).collect();
    let models =
        [header, named].map(|h| model(&Grid::from_metres(&h, z.clone()).expect("valid"), PLAIN));
    assert_eq!(models[0].dt_s(), models[1].dt_s());
}
