//! How long does a finite-fault source take to become motions of the sea floor, on a regional 5' grid?
//!
//! The reference of the same run computes Okada's uplift cell by cell, for every twentieth subfault; its time is to be taken twenty
//! times. The ratio is what blocks and their interpolation save.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ocean::Grid;
use ocean::fault::{Fault, LiftOptions, lift};
use ocean::okada::{Rectangle, Slip};

#[path = "../tests/shipped/mod.rs"]
mod shipped;

/// 25 columns of 8 rows, 25 km a side, under the coast of Chile: the size of Lorito et al.'s (2011) model.
fn subfaults() -> Vec<Fault> {
    let mut faults = Vec::new();
    for column in 0..25 {
        for row in 0..8 {
            let dip_deg = 10.0 + 1.7 * f64::from(row);
            faults.push(Fault {
                lat: -38.6 + 0.22 * f64::from(column) - 0.05 * f64::from(row),
                lon: -74.6 + 0.05 * f64::from(column) + 0.26 * f64::from(row),
                depth_km: 8.0 + 6.5 * f64::from(row),
                length_km: 25.0,
                width_km: 25.0,
                strike_deg: 14.0,
                dip_deg,
                rake_deg: 110.0,
                slip_m: 1.0 + f64::from((column * 7 + row * 3) % 10),
                start_s: 0.0,
                rise_s: 0.0,
            });
        }
    }
    faults
}

fn cell_by_cell(faults: &[Fault], grid: &Grid) -> f64 {
    let l = grid.lattice();
    let mut sum = 0.0;
    for f in faults {
        let (sin, cos) = f.dip_deg.to_radians().sin_cos();
        let (s, c) = f.strike_deg.to_radians().sin_cos();
        let okada = Rectangle::new(
            f.length_km,
            f.width_km,
            f.depth_km + 0.5 * f.width_km * sin,
            f.dip_deg,
        );
        let slip = Slip::along_rake(f.slip_m, f.rake_deg);
        for j in 0..l.ny() {
            let north = (l.lat(j) - f.lat) * 111.195;
            let scale = 111.195 * l.lat(j).to_radians().cos();
            for i in 0..l.nx() {
                let east = (l.lon(i) - 360.0 - f.lon) * scale;
                sum += okada.uplift(
                    east * s + north * c + 0.5 * f.length_km,
                    north * s - east * c + 0.5 * f.width_km * cos,
                    slip,
                );
            }
        }
    }
    sum
}

fn sources(c: &mut Criterion) {
    let grid = shipped::grid("sepacific_5min");
    let faults = subfaults();
    let timed: Vec<Fault> = faults
        .iter()
        .enumerate()
        .map(|(k, f)| Fault {
            start_s: 2.0 * (k / 8) as f64,
            rise_s: 20.0,
            ..*f
        })
        .collect();
    let every_twentieth: Vec<Fault> = faults.iter().step_by(20).copied().collect();
    let raw = LiftOptions {
        kajiura: false,
        horizontal: false,
    };
    let mut group = c.benchmark_group("lift, 200 subfaults, 5'");
    group.sample_size(10);
    group.bench_function("reference: 10 subfaults cell by cell", |b| {
        b.iter(|| black_box(cell_by_cell(&every_twentieth, &grid)))
    });
    group.bench_function("at once, sea floor", |b| {
        b.iter(|| lift(black_box(&faults), &grid, &raw).expect("lifted"))
    });
    group.bench_function("at once, sea surface", |b| {
        b.iter(|| lift(black_box(&faults), &grid, &LiftOptions::default()).expect("lifted"))
    });
    group.bench_function("25 starts, sea surface", |b| {
        b.iter(|| lift(black_box(&timed), &grid, &LiftOptions::default()).expect("lifted"))
    });
    group.finish();
}

criterion_group!(benches, sources);
criterion_main!(benches);
