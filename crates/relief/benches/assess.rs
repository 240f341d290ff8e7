//! How long does an assessment of a country's coast take: 100,000 population cells, 50,000 road segments, 300 shelters, 20 zones?

use criterion::{Criterion, criterion_group, criterion_main};
use relief::roads::{Cars, Line, Network, Speeds};
use relief::{Input, Kind, Level, People, Place, Planning, Status, Zone, assess};

/// Repeatable numbers between 0 and 1 (Weyl's sequence).
struct Spread(f64);

impl Spread {
    fn next(&mut self) -> f64 {
        self.0 = (self.0 + 0.618_033_988_749_895) % 1.0;
        self.0
    }
}

/// A grid of streets, 159 by 159 corners 200 m apart: 50,244 segments.
fn streets() -> Vec<Line> {
    const SIDE: u32 = 159;
    const STEP: f64 = 0.0018;
    let corner = |n: u32, e: u32| [f64::from(n) * STEP, f64::from(e) * STEP];
    let mut lines = Vec::new();
    for n in 0..SIDE {
        for e in 0..SIDE {
            for (up, right) in [(1, 0), (0, 1)] {
                if n + up >= SIDE || e + right >= SIDE {
                    continue;
                }
                let (a, b) = (corner(n, e), corner(n + up, e + right));
                let middle = [(a[0] + b[0]) / 2.0 + 1e-5, (a[1] + b[1]) / 2.0];
                lines.push(Line {
                    id: format!("{n:03}-{e:03}-{up}"),
                    name: String::new(),
                    points: vec![a, middle, b],
                    cars: Cars::Both,
                    foot: true,
                    speed_m_s: (n % 5 == 0).then_some(10.0),
                    bridge: (n + e) % 97 == 0,
                    closed: (n * 7 + e) % 31 == 0,
                });
            }
        }
    }
    lines
}

fn places() -> Vec<Place> {
    let mut spread = Spread(0.1);
    let place = |kind, id: String, at: [f64; 2]| Place {
        id,
        kind,
        name: String::new(),
        lat: at[0],
        lon: at[1],
        capacity: None,
        occupancy: None,
        population: None,
        status: Status::Open,
        source: "bench".to_owned(),
        updated: String::new(),
    };
    let cells = (0..100_000).map(|k| {
        let at = [f64::from(k) / 100_000.0 * 0.28, spread.next() * 0.28];
        Place {
            population: People::from_f64(f64::from(k % 40) * 0.7),
            ..place(Kind::Population, format!("cell {k}"), at)
        }
    });
    let cells: Vec<Place> = cells.collect();
    let mut other = Spread(0.3);
    let shelters = (0..300).map(|k| {
        let at = [other.next() * 0.28, f64::from(k) / 300.0 * 0.28];
        Place {
            capacity: Some(500 + k),
            ..place(Kind::Shelter, format!("shelter {k}"), at)
        }
    });
    cells.into_iter().chain(shelters).collect()
}

/// Coastal strips with a hundred corners each: a third of everything lies in them.
fn zones() -> Vec<Zone> {
    (0..20)
        .map(|k| {
            let west = f64::from(k) * 0.014;
            let edge = (0..50).map(|i| {
                [
                    0.09 + 0.003 * f64::from(i % 7),
                    west + 0.014 * f64::from(i) / 49.0,
                ]
            });
            let shore = (0..50)
                .rev()
                .map(|i| [0.001 * f64::from(i % 3), west + 0.014 * f64::from(i) / 49.0]);
            Zone {
                id: format!("zone {k:02}"),
                name: format!("zone {k}"),
                level: Level::ALL[k as usize % 3],
                arrival_us: Some(3_600_000_000),
                arrival_sigma_s: 120.0,
                outlines: vec![edge.chain(shore).collect()],
                discs: Vec::new(),
            }
        })
        .collect()
}

fn bench(c: &mut Criterion) {
    let (lines, places, zones) = (streets(), places(), zones());
    let roads = Network::build(lines.clone(), 1.0);
    let speeds = Speeds::new();
    let planning = Planning::default();
    let run = |roads| {
        assess(Input {
            now_us: 0,
            zones: &zones,
            places: &places,
            roads,
            speeds: &speeds,
            planning: &planning,
        })
    };
    let a = run(Some(&roads));
    println!(
        "{} segments, {} edges; {} people, {} with a bed in {} shelters",
        lines.len(),
        roads.edge_count(),
        a.total.people.words(),
        a.total.with_bed.count(),
        a.shelters.len()
    );
    let mut group = c.benchmark_group("relief");
    group.sample_size(10);
    group.bench_function("assess by road", |b| b.iter(|| run(Some(&roads))));
    group.bench_function("assess as the crow flies", |b| b.iter(|| run(None)));
    group.bench_function("join the roads", |b| {
        b.iter(|| Network::build(lines.clone(), 1.0));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
