//! How many nanoseconds and bytes does a reading cost between edge and hub?
//!
//! Four batches of 1,000 readings, from kind to unkind, through `batch` and through JSON. Absolute times
//! depend on the machine, so a table of ratios to JSON, measured in the same run, comes first.

use criterion::{Criterion, Throughput, criterion_group};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::time::{Duration, Instant};
use wire::batch::{Batch, Header, MAX_BATCH_BYTES, Reading, Station, encode};
use wire::quantity::Quantity;

const READINGS: usize = 1_000;

const HEADER: Header<'static> = Header {
    edge: "edge-iquique",
    outbox: 0x1122_3344_5566_7788,
    offset: 4_242,
    sent_us: 1_267_254_842_000_000,
    backlog: false,
};

/// The same reading as plain JSON carries it.
#[derive(Serialize, Deserialize)]
struct JsonReading<'a> {
    station: &'a str,
    time: i64,
    quantity: Quantity,
    value: f64,
    quality: u8,
    seq: u64,
}

struct Case {
    name: &'static str,
    stations: Vec<String>,
    readings: Vec<Reading>,
}

/// Not random, but without a pattern that a branch predictor could learn in a run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.0 >> 33
    }
}

fn cases() -> Vec<Case> {
    let make = |name, stations: usize, reading: &mut dyn FnMut(usize) -> Reading| Case {
        name,
        stations: (0..stations).map(|i| format!("station-{i:03}")).collect(),
        readings: (0..READINGS).map(reading).collect(),
    };
    let start_us = HEADER.sent_us - 30_000_000;
    let mut noise = Noise(1);
    let mut all = Vec::new();
    all.push(make("one bottom recorder, 15 s", 1, &mut |i| Reading {
        station: 0,
        time_us: start_us - (READINGS - i) as i64 * 15_000_000,
        quantity: Quantity::SeaLevel,
        value: (43_228_000.0 + (noise.next() % 4_000) as f64) / 1e4,
        quality: 0,
        seq: 77 + i as u64,
    }));
    all.push(make("100 tide gauges, mm, jitter", 100, &mut |i| Reading {
        station: (i % 100) as u16,
        time_us: start_us + (i / 100) as i64 * 1_000_000 + (noise.next() % 5_000) as i64,
        quantity: Quantity::SeaLevel,
        value: ((noise.next() % 4_000) as f64 - 2_000.0) / 1e3,
        quality: (i % 100 == 7) as u8,
        seq: (i / 100) as u64,
    }));
    let quantities = [Quantity::Voltage, Quantity::Current, Quantity::ActivePower];
    all.push(make("20 meters, 3 quantities, f32", 20, &mut |i| Reading {
        station: (i / 3 % 20) as u16,
        time_us: start_us + (i / 3) as i64 * 12_345 + (noise.next() % 900) as i64,
        quantity: quantities[i % 3],
        value: f64::from(230.0 + (noise.next() % 100_000) as f32 * 1.1e-4),
        quality: 0,
        seq: i as u64,
    }));
    all.push(make("512 stations, any double, gaps", 512, &mut |i| {
        Reading {
            station: (noise.next() % 512) as u16,
            time_us: start_us + (noise.next() % 60_000_000) as i64,
            quantity: Quantity::ALL[(noise.next() % 17) as usize],
            value: (noise.next() as f64).sqrt().sin(),
            quality: noise.next() as u8,
            seq: i as u64 * 3,
        }
    }));
    all
}

impl Case {
    fn stations(&self) -> Vec<Station<'_>> {
        let stations = self.stations.iter().enumerate();
        stations
            .map(|(index, id)| Station {
                id,
                node: index as u32,
                boot: 3,
            })
            .collect()
    }

    fn json(&self) -> String {
        let readings = self.readings.iter().map(|reading| JsonReading {
            station: &self.stations[usize::from(reading.station)],
            time: reading.time_us,
            quantity: reading.quantity,
            value: reading.value,
            quality: reading.quality,
            seq: reading.seq,
        });
        serde_json::to_string(&readings.collect::<Vec<_>>()).expect("plain values")
    }
}

fn decode_readings(bytes: &[u8]) -> (i64, f64, u64) {
    let batch = Batch::parse(bytes).expect("just encoded");
    batch.readings().fold((0, 0.0, 0), |sum, r| {
        let other = u64::from(r.station) + r.quantity.code() as u64 + u64::from(r.quality) + r.seq;
        (sum.0 ^ r.time_us, sum.1 + r.value, sum.2 ^ other)
    })
}

fn decode_columns(bytes: &[u8]) -> (i64, f64, u64) {
    let batch = Batch::parse(bytes).expect("just encoded");
    let other = batch.station_indexes().map(u64::from).sum::<u64>()
        + batch.quantities().map(|q| u64::from(q.code())).sum::<u64>()
        + batch.qualities().map(u64::from).sum::<u64>();
    (
        batch.times().fold(0, |sum, time| sum ^ time),
        batch.values().sum(),
        batch.seqs().fold(other, |sum, seq| sum ^ seq),
    )
}

fn decode_json(text: &str) -> (i64, f64) {
    let readings: Vec<JsonReading<'_>> = serde_json::from_str(text).expect("just written");
    let sum = readings.iter().map(|reading| reading.value).sum();
    (readings.iter().fold(0, |sum, r| sum ^ r.time), sum)
}

/// Shortest time of `f` for each reading in nanoseconds; the shortest, because noise only adds.
fn ns<T>(mut f: impl FnMut() -> T) -> f64 {
    let end = Instant::now() + Duration::from_millis(200);
    let mut best = Duration::MAX;
    while Instant::now() < end {
        let start = Instant::now();
        black_box(f());
        best = best.min(start.elapsed());
    }
    best.as_nanos() as f64 / READINGS as f64
}

/// The table of ratios.
fn summary() {
    println!(
        "ns a reading, shortest of many runs of {READINGS} readings (in brackets: JSON's multiple)"
    );
    println!(
        "{:<32} {:>14} {:>14} {:>14} {:>8} {:>14}",
        "", "encode", "readings()", "columns", "parse", "bytes"
    );
    for case in cases() {
        let stations = case.stations();
        let mut out = vec![0; MAX_BATCH_BYTES];
        let length = encode(&HEADER, &stations, &case.readings, &mut out).expect("fits");
        let bytes = out[..length].to_vec();
        let json = case.json();
        let json_encode = ns(|| case.json());
        let json_decode = ns(|| decode_json(&json));
        let with_ratio = |own: f64, json: f64| format!("{own:.1} ({:.0})", json / own);
        let own_encode = ns(|| encode(&HEADER, &stations, &case.readings, &mut out));
        println!(
            "{:<32} {:>14} {:>14} {:>14} {:>8.1} {:>14}",
            case.name,
            with_ratio(own_encode, json_encode),
            with_ratio(ns(|| decode_readings(&bytes)), json_decode),
            with_ratio(ns(|| decode_columns(&bytes)), json_decode),
            ns(|| Batch::parse(&bytes).expect("just encoded").len()),
            with_ratio(
                length as f64 / READINGS as f64,
                json.len() as f64 / READINGS as f64
            ),
        );
    }
    let one = &cases()[0];
    let mut out = vec![0; MAX_BATCH_BYTES];
    let length = encode(&HEADER, &one.stations(), &one.readings[..1], &mut out).expect("fits");
    println!(
        "one reading alone: {length} bytes, encode {:.0} ns, decode {:.0} ns",
        ns(|| for _ in 0..READINGS {
            let _ = black_box(encode(
                &HEADER,
                &one.stations()[..1],
                &one.readings[..1],
                &mut out,
            ));
        }),
        ns(|| for _ in 0..READINGS {
            black_box(decode_readings(black_box(&out[..length])));
        }),
    );
}

fn batch(criterion: &mut Criterion) {
    for case in cases() {
        let stations = case.stations();
        let mut out = vec![0; MAX_BATCH_BYTES];
        let length = encode(&HEADER, &stations, &case.readings, &mut out).expect("fits");
        let bytes = out[..length].to_vec();
        let json = case.json();
        let mut group = criterion.benchmark_group(case.name);
        group.throughput(Throughput::Elements(READINGS as u64));
        group.bench_function("encode", |b| {
            b.iter(|| encode(&HEADER, &stations, black_box(&case.readings), &mut out))
        });
        group.bench_function("decode", |b| b.iter(|| decode_readings(black_box(&bytes))));
        group.bench_function("decode columns", |b| {
            b.iter(|| decode_columns(black_box(&bytes)))
        });
        group.bench_function("json encode", |b| b.iter(|| black_box(&case).json()));
        group.bench_function("json decode", |b| b.iter(|| decode_json(black_box(&json))));
        group.finish();
    }
}

criterion_group!(benches, batch);

fn main() {
    // `cargo test --benches` only asks whether the benches run.
    if std::env::args().any(|argument| argument == "--bench") {
        summary();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
