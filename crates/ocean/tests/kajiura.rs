//! Kajiura's filter: the kernel against its transform, volume, and what it does to waves of a known length.

mod shipped;

use ocean::Grid;
use ocean::grid::GridHeader;
use ocean::kajiura::{kernel, smooth};
use ocean::motion::Patch;
use proptest::prelude::*;

fn flat(nx: usize, ny: usize, step_deg: f64, depth: f32) -> Grid {
    let header = GridHeader {
        nx,
        ny,
        lon0: 100.0,
        lat0: -0.5 * (ny - 1) as f64 * step_deg,
        dlon: step_deg,
        dlat: step_deg,
        ..GridHeader::default()
    };
    Grid::from_metres(&header, vec![-depth; nx * ny]).expect("grid")
}

fn volume(patch: &Patch, grid: &Grid) -> f64 {
    let l = grid.lattice();
    let mut sum = 0.0;
    for (r, row) in patch.rows().enumerate() {
        let (e, n) = l.spacing_m(patch.j0 + r);
        for (c, &m) in row.iter().enumerate() {
            if grid.z()[(patch.j0 + r) * l.nx() + (patch.i0 + c) % l.nx()] < 0.0 {
                sum += f64::from(m) * e * n;
            }
        }
    }
    sum
}

#[test]
fn the_kernel_is_the_transform_of_one_over_cosh() {
    // 1/(2 pi) times the integral of m J0(m x) / cosh m.
    for x in [0.0, 0.3, 1.0, 2.5, 5.0] {
        let step = 1e-3;
        let integral: f64 = (0..40_000)
            .map(|k| (f64::from(k) + 0.5) * step)
            .map(|m| m * libm::j0(m * x) / m.cosh() * step)
            .sum();
        let (found, expected) = (kernel(x), integral / std::f64::consts::TAU);
        assert!((found - expected).abs() < 1e-6, "{x}: {found} {expected}");
    }
    // Its integral over the plane is one.
    let step = 1e-3;
    let whole: f64 = (0..10_000)
        .map(|k| (f64::from(k) + 0.5) * step)
        .map(|x| std::f64::consts::TAU * x * kernel(x) * step)
        .sum();
    assert!((whole - 1.0).abs() < 1e-3, "{whole}");
}

#[test]
fn a_wave_is_weakened_by_one_over_cosh() {
    // A long-crested wave on a sea of 4 km, cells of 1 minute (1.85 km).
    let (depth, cells) = (4000.0f32, 160usize);
    let grid = flat(cells, cells, 1.0 / 60.0, depth);
    let (east, _) = grid.lattice().spacing_m(cells / 2);
    for waves in [4.0, 8.0, 12.0] {
        let k = std::f64::consts::TAU * waves / (cells as f64 * east);
        let metres = (0..cells * cells)
            .map(|n| (k * (n % cells) as f64 * east).sin() as f32)
            .collect();
        let patch = Patch {
            i0: 0,
            j0: 0,
            nx: cells,
            ny: cells,
            metres,
        };
        let out = smooth(&patch, &grid);
        // The middle, where no edge is near.
        let row = out.rows().nth(cells / 2 - out.j0).expect("middle row");
        let middle = &row[40..120];
        let most = middle.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let expected = 1.0 / (k * f64::from(depth)).cosh();
        let error = f64::from(most) / expected - 1.0;
        println!(
            "k h = {:.2}: {most:.4}, 1/cosh {expected:.4}",
            k * f64::from(depth)
        );
        // A cell's mean weakens it by (k dx)^2 / 24, 1 % at the shortest.
        assert!(error.abs() < 0.03, "{waves}: {most} against {expected}");
    }
}

#[test]
fn volume_is_kept_over_real_bathymetry_and_dry_cells_stay_dry() {
    let grid = shipped::grid("nwpacific_5min");
    let l = grid.lattice();
    let centre = grid.cell_at(38.2, 142.9).expect("off Sendai");
    let (nx, ny) = (60, 80);
    let (i0, j0) = (centre.i - nx / 2, centre.j - ny / 2);
    let metres: Vec<f32> = (0..nx * ny)
        .map(|k| {
            let (x, y) = ((k % nx) as f32 - 30.0, (k / nx) as f32 - 40.0);
            let wet = grid.z()[(j0 + k / nx) * l.nx() + i0 + k % nx] < 0.0;
            if wet && x.abs() < 9.0 && y.abs() < 22.0 {
                5.0 * (0.2 * x).sin() + 1.0
            } else {
                0.0
            }
        })
        .collect();
    let patch = Patch {
        i0,
        j0,
        nx,
        ny,
        metres,
    };
    let out = smooth(&patch, &grid);
    let (before, after) = (volume(&patch, &grid), volume(&out, &grid));
    assert!((after / before - 1.0).abs() < 1e-5, "{before} {after}");
    for (r, row) in out.rows().enumerate() {
        for (c, &m) in row.iter().enumerate() {
            let cell = ocean::Cell {
                i: out.i0 + c,
                j: out.j0 + r,
            };
            assert!(m == 0.0 || grid.is_wet(cell), "{m} m on land");
        }
    }
    // In deep water, east of the middle, the edges of the uplift are rounded off.
    let steepest = |p: &Patch| {
        p.rows()
            .skip(centre.j - 5 - p.j0)
            .take(11)
            .flat_map(|r| r[centre.i + 2 - p.i0..].windows(2))
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0f32, f32::max)
    };
    let (before, after) = (steepest(&patch), steepest(&out));
    assert!(after < 0.8 * before, "{before} {after}");
}

#[test]
fn it_goes_across_the_seam_of_a_periodic_grid() {
    let header = GridHeader {
        nx: 1080,
        ny: 21,
        lon0: 0.0,
        lat0: -10.0 / 3.0,
        dlon: 1.0 / 3.0,
        dlat: 1.0 / 3.0,
        ..GridHeader::default()
    };
    let grid = Grid::from_metres(&header, vec![-9000.0; 1080 * 21]).expect("grid");
    let at = |i0: usize| {
        let patch = Patch {
            i0,
            j0: 10,
            nx: 1,
            ny: 1,
            metres: vec![1.0],
        };
        smooth(&patch, &grid)
    };
    let (seam, inland) = (at(0), at(500));
    assert_eq!(seam.metres, inland.metres);
    assert_eq!(seam.nx, inland.nx);
    assert_eq!((seam.i0 + 1080 - inland.i0) % 1080, 580);
    assert!(seam.metres.iter().filter(|m| **m > 1e-4).count() >= 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn volume_is_kept_over_any_depth(
        depths in proptest::collection::vec(-9000.0f32..500.0, 30 * 20),
        metres in proptest::collection::vec(-8.0f32..8.0, 10 * 8),
        i0 in 0usize..20, j0 in 0usize..12, step in 0.02f64..0.4,
    ) {
        let header = GridHeader {
            nx: 30, ny: 20, lon0: 170.0, lat0: 30.0, dlon: step, dlat: step, ..GridHeader::default()
        };
        let grid = Grid::from_metres(&header, depths).expect("grid");
        let patch = Patch { i0, j0, nx: 10, ny: 8, metres };
        let out = smooth(&patch, &grid);
        let lifted: f64 = patch.rows().enumerate().flat_map(|(r, row)| {
            let (e, n) = grid.lattice().spacing_m(j0 + r);
            let j = j0 + r;
            let wet = |c: usize| grid.z()[j * 30 + i0 + c] < 0.0;
            row.iter().enumerate().filter(move |(c, _)| wet(*c)).map(move |(_, m)| f64::from(m.abs()) * e * n)
                .collect::<Vec<_>>()
        }).sum();
        let (before, after) = (volume(&patch, &grid), volume(&out, &grid));
        prop_assert!((before - after).abs() <= 1e-5 * lifted, "{} {}", before, after);
    }
}
