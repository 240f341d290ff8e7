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
    for step_s in [1_i64, 15, 60, 900] {
        group.bench_function(format!("tsunami/{step_s} s"), |b| {
            let heights: Vec<f64> = (0..SAMPLES as i64)
                .map(|k| tide((k * step_s) as f64))
                .collect();
            let mut detector = Detector::new(Settings::default());
            let mut k = 0_i64;
            b.iter(|| {
                for height in &heights {
                    k += 1;
                    black_box(detector.step(k * step_s * 1_000_000, *height));
                }
            });
        });
    }
    for step_s in [20_i64, 300] {
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

criterion_group!(benches, per_sample);
criterion_main!(benches);
