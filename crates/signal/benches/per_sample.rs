//! How long one sample takes: can one core watch every station of a nation at their own rates?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use signal::dart::{Dart, THRESHOLD_M};
use signal::power::{Measure, Meter, Settings as MeterSettings};
use signal::threshold::{Limits, Threshold};
use signal::tsunami::{Detector, Settings};
use std::hint::black_box;

const SAMPLES: u64 = 10_000;

fn tide(t_s: f64) -> f64 {
    5662.195 + 0.6 * (t_s * 1.4e-4).sin() + 0.002 * (t_s * 0.37).sin()
}

fn per_sample(c: &mut Criterion) {
    let mut group = c.benchmark_group("per_sample");
    group.throughput(Throughput::Elements(SAMPLES));
    group.bench_function("threshold", |b| {
        let limits = Limits {
            above: Some(5663.0),
            below: Some(5661.0),
            hysteresis: 0.1,
            min_duration_us: 5_000_000,
            max_rate_per_s: Some(1.0),
        };
        let mut threshold = Threshold::new(limits).expect("good limits");
        let mut k = 0_i64;
        b.iter(|| {
            for _ in 0..SAMPLES {
                k += 1;
                black_box(threshold.step(k * 1_000_000, 5662.0 + (k & 7) as f64 * 0.01));
            }
        });
    });
    for (step_s, jitter) in [(1_i64, 0_i64), (1, 1), (15, 0), (60, 0), (900, 0)] {
        let how = ["", ", no two steps alike"][jitter as usize];
        group.bench_function(format!("tsunami/{step_s} s{how}"), |b| {
            let heights: Vec<f64> = (0..SAMPLES as i64)
                .map(|k| tide((k * step_s) as f64))
                .collect();
            let mut detector = Detector::new(Settings::default());
            let mut k = 0_i64;
            b.iter(|| {
                for height in &heights {
                    k += 1;
                    let late_us = jitter * (k * 7919 % 1013) * 100;
                    black_box(detector.step(k * step_s * 1_000_000 + late_us, *height));
                }
            });
        });
    }
    for step_s in [1_i64, 20, 300] {
        group.bench_function(format!("traffic/{step_s} s"), |b| {
            let mut detector = signal::traffic::Detector::new(signal::traffic::Measure::Speed);
            let mut k = 0_i64;
            b.iter(|| {
                for _ in 0..SAMPLES {
                    k += 1;
                    let value = 90.0 + (k * 7919 % 101) as f64 * 0.2;
                    black_box(detector.step(k * step_s * 1_000_000, value));
                }
            });
        });
    }
    group.bench_function("meter, three phases", |b| {
        // One poll of a meter: voltage, current and power of each phase, then frequency; one sample is one value.
        let mut meter = Meter::new(MeterSettings {
            rated_a: Some(63.0),
            ..MeterSettings::default()
        })
        .expect("good settings");
        let mut k = 0_i64;
        b.iter(|| {
            for n in 0..SAMPLES {
                let channel = (n / 3 % 4) as usize;
                let little = (n & 7) as f64 * 0.01;
                let (measure, channel, value) = match (channel, n % 3) {
                    (3, _) => (Measure::Frequency, 0, 50.0 + little),
                    (at, 0) => (Measure::Voltage, at + 1, 230.0 + little),
                    (at, 1) => (Measure::Current, at + 1, 20.0 + little),
                    (at, _) => (Measure::ActivePower, at + 1, 4_500.0 + little),
                };
                k += i64::from(n % 12 == 0);
                black_box(meter.step(k * 1_000_000, measure, channel, value));
            }
        });
    });
    group.bench_function("dart reference/15 s", |b| {
        let mut dart = Dart::<764>::new(15_000_000, THRESHOLD_M).expect("fits");
        let mut k = 0_i64;
        b.iter(|| {
            for _ in 0..SAMPLES {
                k += 1;
                black_box(dart.step(k * 15_000_000, tide(k as f64 * 15.0)));
            }
        });
    });
    group.finish();
}

/// Tide gauges, traffic counters (speed, occupancy, flow) and meters of three phases (voltage, current, power, frequency).
const GAUGES: usize = 400;
const COUNTERS: usize = 300;
const METERS: usize = 300;

/// A city of the hub's benches, a second of it: every station has its own detectors, so that memory counts too. Every quantity
/// has a limit that is not passed.
fn mix(c: &mut Criterion) {
    use signal::traffic::Measure as Road;
    let roads = [Road::Speed, Road::Occupancy, Road::Flow];
    let samples = GAUGES + COUNTERS * roads.len() + METERS * 4;
    let mut gauges = vec![Detector::new(Settings::default()); GAUGES];
    let mut counters = vec![roads.map(signal::traffic::Detector::new); COUNTERS];
    let mut meters = vec![Meter::new(MeterSettings::default()).expect("good settings"); METERS];
    let limits = Limits {
        above: Some(1e9),
        below: None,
        hysteresis: 1.0,
        min_duration_us: 5_000_000,
        max_rate_per_s: None,
    };
    let mut thresholds = vec![Threshold::new(limits).expect("good limits"); samples];
    let mut group = c.benchmark_group("mix");
    group.throughput(Throughput::Elements(samples as u64));
    let mut second = 0_i64;
    let mut city = |limited: bool| {
        second += 1;
        let time_us = second * 1_000_000;
        let height_m = tide(second as f64);
        for (k, gauge) in gauges.iter_mut().enumerate() {
            black_box(gauge.step(time_us, height_m + k as f64));
        }
        for (k, counter) in counters.iter_mut().enumerate() {
            for (n, detector) in counter.iter_mut().enumerate() {
                let value = 50.0 + ((second as usize + k * 31 + n) * 7919 % 101) as f64 * 0.2;
                black_box(detector.step(time_us, value));
            }
        }
        for (k, meter) in meters.iter_mut().enumerate() {
            let little = (k & 7) as f64 * 0.01;
            for (measure, channel, value) in [
                (Measure::Voltage, 1, 230.0),
                (Measure::Current, 1, 20.0),
                (Measure::ActivePower, 1, 4_500.0),
                (Measure::Frequency, 0, 50.0),
            ] {
                black_box(meter.step(time_us, measure, channel, value + little));
            }
        }
        if limited {
            for (k, threshold) in thresholds.iter_mut().enumerate() {
                black_box(threshold.step(time_us, k as f64));
            }
        }
    };
    // Two hours first: nothing is new to the detectors then.
    (0..7200).for_each(|_| city(false));
    group.bench_function("a city's second, detectors", |b| b.iter(|| city(false)));
    group.bench_function("a city's second, detectors and limits", |b| {
        b.iter(|| city(true))
    });
    group.finish();
}

criterion_group!(benches, per_sample, mix);
criterion_main!(benches);
