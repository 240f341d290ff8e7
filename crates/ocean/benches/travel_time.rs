//! Is the whole Pacific's travel-time field ready in under a second, and what does a first forecast cost in all?
//!
//! The reference of the same run is one pass over the grid that only computes sqrt(g h): the march is quoted
//! against it, since machines are noisy.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ocean::forecast::{FirstEstimate, Point, Propagation};
use ocean::{Cell, Grid, Quake, sphere, travel_time};

#[path = "../tests/shipped/mod.rs"]
mod shipped;

fn pacific(c: &mut Criterion) {
    let grid = shipped::grid("pacific_10min");
    let source: [Cell; 1] = [grid
        .nearest_wet(-36.122, -72.898, 50.0)
        .expect("sea off Maule")];
    let quake = Quake {
        id: "maule".into(),
        magnitude: 8.8,
        lat: -36.122,
        lon: -72.898,
        depth_km: 22.9,
        origin_us: 1_267_252_454_000_000,
    };
    let points: Vec<Point> = (0..100)
        .map(|k| Point {
            id: format!("p{k}"),
            lat: -50.0 + f64::from(k),
            lon: 180.0 + f64::from(k),
            coastal: k % 2 == 0,
        })
        .collect();

    let mut group = c.benchmark_group("pacific_10min");
    group.sample_size(10);
    group.bench_function("reference: one pass of sqrt(g h)", |b| {
        b.iter(|| black_box(one_pass(&grid)))
    });
    group.bench_function("travel_time", |b| {
        b.iter(|| travel_time::solve(&grid, black_box(&source)).expect("solved"))
    });
    let model = FirstEstimate::new(&grid);
    group.bench_function("first estimate, 100 points", |b| {
        b.iter(|| model.answers(black_box(&quake), &points).expect("forecast"))
    });
    let outlook = model.outlook(&quake).expect("outlook");
    group.bench_function("100 points of a ready outlook", |b| {
        b.iter(|| points.iter().filter(|p| outlook.at(p).is_ok()).count())
    });
    group.finish();
}

fn one_pass(grid: &Grid) -> f64 {
    let l = grid.lattice();
    let mut sum = 0.0;
    for j in 0..l.ny() {
        for i in 0..l.nx() {
            sum += grid.depth_m(i, j).map_or(0.0, sphere::long_wave_speed_m_s);
        }
    }
    sum
}

criterion_group!(benches, pacific);
criterion_main!(benches);
