//! How many readings a second does one core of the hub take, from a batch's bytes through duplicate filter, Arrow columns and detection?
//!
//! A table comes first: time a reading by stage and mix, next to the floor of that very run, which is reading the same bytes with
//! `wire::batch` and doing nothing. Then criterion's figures for the mixed city. Everything is in the steady state (see `city::warm`).

mod city;

use std::hint::black_box;
use std::time::{Duration, Instant};

use city::{City, Mix, START_US, asked, ns, take, warm};
use criterion::{Criterion, Throughput, criterion_group};
use hub::columns::{Rows, schema};
use hub::core::Core;
use hub::detect::Detect;
use hub::intake::Intake;
use wire::batch::Batch;

/// Batches in one measured run of the table.
const RUN: usize = 200;

fn run(city: &mut City, readings: usize) -> (Vec<Vec<u8>>, i64) {
    let mut newest_us = 0;
    let batches = (0..RUN)
        .map(|_| {
            let made = city.batch(readings);
            newest_us = newest_us.max(made.newest_us);
            made.bytes
        })
        .collect();
    (batches, newest_us + 100_000)
}

fn parse_only(bytes: &[u8]) -> f64 {
    let batch = Batch::parse(bytes).expect("just encoded");
    batch
        .readings()
        .map(|r| r.value + r.time_us as f64 + r.seq as f64)
        .sum()
}

/// The stages of a core that can be had apart.
struct Stages {
    intake: Intake,
    detect: Detect,
    city: City,
}

impl Stages {
    fn warm(mix: Mix, readings: usize) -> Self {
        let config = city::config(std::path::Path::new("unused"));
        let mut stages = Self {
            intake: Intake::new(config.station.iter().map(|s| s.id.as_str())),
            detect: Detect::new(&config),
            city: City::new(mix, START_US),
        };
        let enough_us = START_US + (hub::detect::RECENT as i64 + 50) * 1_000_000;
        loop {
            let (batches, now_us) = run(&mut stages.city, readings);
            stages.step(&batches, now_us);
            if now_us > enough_us {
                return stages;
            }
        }
    }

    /// Time in intake, in making Arrow batches, in detection.
    fn step(&mut self, batches: &[Vec<u8>], now_us: i64) -> [Duration; 3] {
        let schema = schema();
        let mut times = [Duration::ZERO; 3];
        for bytes in batches {
            let batch = Batch::parse(bytes).expect("just encoded");
            let start = Instant::now();
            self.intake.batch(&batch, now_us);
            let taken = Instant::now();
            let arrow = self
                .intake
                .columns
                .take(&mut self.intake.stations, &schema, now_us)
                .expect("columns of one length");
            let made = Instant::now();
            let rows = Rows::of(&arrow).expect("this schema");
            black_box(self.detect.step(&rows));
            times[2] += made.elapsed();
            times[1] += made - taken;
            times[0] += taken - start;
        }
        times
    }
}

/// Best time a reading of each stage, nanoseconds.
fn stages(mix: Mix, readings: usize) -> [f64; 3] {
    let mut stages = Stages::warm(mix, readings);
    let mut best = [f64::INFINITY; 3];
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let (batches, now_us) = run(&mut stages.city, readings);
        let times = stages.step(&batches, now_us);
        for (best, time) in best.iter_mut().zip(times) {
            *best = best.min(time.as_nanos() as f64 / (RUN * readings) as f64);
        }
    }
    best
}

/// Batches that the pipeline takes as one step when they wait in its queue.
const GROUP: usize = 20;

fn take_group(core: &mut Core, batches: &[Vec<u8>], now_us: i64) {
    for group in batches.chunks(GROUP) {
        for bytes in group {
            core.batch(&Batch::parse(bytes).expect("just encoded"), now_us);
        }
        black_box(core.finish(now_us));
        black_box(core.touched());
    }
}

fn summary() {
    println!(
        "ns a reading on one core, best of many runs of {RUN} batches; floor: reading the batch and doing nothing\n\
         {:<12} {:>6} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "", "batch", "M reads/s", "total", "grouped", "/ floor", "intake", "arrow", "detect"
    );
    for mix in Mix::EACH {
        for readings in [100, 1_000] {
            let (mut core, mut city) = warm(mix, START_US);
            let floor = ns(
                RUN * readings,
                || run(&mut city, readings).0,
                |batches| {
                    for bytes in &batches {
                        black_box(parse_only(bytes));
                    }
                },
            );
            let total = ns(
                RUN * readings,
                || run(&mut city, readings),
                |(batches, now_us)| {
                    for bytes in &batches {
                        black_box(take(&mut core, bytes, now_us));
                    }
                },
            );
            let grouped = ns(
                RUN * readings,
                || run(&mut city, readings),
                |(batches, now_us)| take_group(&mut core, &batches, now_us),
            );
            let [intake, arrow, detect] = stages(mix, readings);
            println!(
                "{:<12} {readings:>6} {:>9.2} {total:>8.1} {grouped:>8.1} {:>8.1} {intake:>8.1} {arrow:>8.1} {detect:>8.1}",
                mix.name(),
                1e3 / total,
                total / floor,
            );
        }
    }
}

fn pipeline(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pipeline");
    group.sample_size(20);
    for readings in [100, 1_000] {
        group.throughput(Throughput::Elements(readings as u64));
        let mut state = None;
        group.bench_function(format!("mixed city, {readings} a batch"), |b| {
            let (core, city) = state.get_or_insert_with(|| warm(Mix::All, START_US));
            b.iter_custom(|rounds| {
                let batches: Vec<_> = (0..rounds).map(|_| city.batch(readings)).collect();
                let start = Instant::now();
                for made in &batches {
                    black_box(take(core, &made.bytes, made.newest_us + 100_000));
                }
                start.elapsed()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, pipeline);

fn main() {
    if asked() {
        summary();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
