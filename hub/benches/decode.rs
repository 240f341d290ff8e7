//! What does a reading cost from the wire to an Arrow record batch: as a columnar batch, and as plain JSON?
//!
//! Columnar is the hub's whole intake: check, duplicate filter, flags, columns, record batch. JSON is `intake::open::json` and the
//! columns alone, without the duplicate filter that the hub puts behind it, so that the ratio flatters JSON if anything.

mod city;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use city::{City, Mix, START_US, asked, ns};
use criterion::{Criterion, Throughput, criterion_group};
use hub::columns::{Columns, Stations, quantity_key, schema};
use hub::intake::{Intake, open};
use wire::batch::Batch;

/// Messages in one measured run of the table.
const RUN: usize = 100;

struct Decoder {
    intake: Intake,
    columns: Columns,
    stations: Stations,
    schema: SchemaRef,
}

impl Decoder {
    fn new() -> Self {
        let config = city::config(Path::new("unused"));
        let names = || config.station.iter().map(|s| s.id.as_str());
        Self {
            intake: Intake::new(names()),
            columns: Columns::default(),
            stations: Stations::new(names()),
            schema: schema(),
        }
    }

    fn columnar(&mut self, bytes: &[u8], now_us: i64) -> RecordBatch {
        let batch = Batch::parse(bytes).expect("just encoded");
        self.intake.batch(&batch, now_us);
        let batch = self
            .intake
            .columns
            .take(&mut self.intake.stations, &self.schema, now_us)
            .expect("columns of one length");
        assert!(batch.num_rows() > 0);
        batch
    }

    fn json(&mut self, text: &[u8], now_us: i64) -> RecordBatch {
        for (seq, reading) in open::json(text, "third-party", &mut open::Arrival::new(now_us))
            .expect("just written")
            .iter()
            .enumerate()
        {
            let station = self.stations.index_of(&reading.station).expect("room");
            self.columns.station.push(station);
            self.columns.time.push(reading.time_us);
            self.columns.quantity.push(quantity_key(reading.quantity));
            self.columns.value.push(reading.value);
            self.columns.quality.push(0);
            self.columns.seq.push(seq as u64);
        }
        self.columns
            .take(&mut self.stations, &self.schema, now_us)
            .expect("columns of one length")
    }
}

fn summary() {
    println!(
        "ns a reading to Arrow, best of many runs of {RUN} messages of the mixed city\n\
         {:<8} {:>10} {:>10} {:>10} {:>12} {:>12}",
        "message", "columnar", "JSON", "JSON / c.", "bytes", "bytes JSON"
    );
    for readings in [100, 1_000] {
        let (mut decoder, mut city) = (Decoder::new(), City::new(Mix::All, START_US));
        let (mut bytes, mut json_bytes) = (0, 0);
        let columnar = ns(
            RUN * readings,
            || -> Vec<_> { (0..RUN).map(|_| city.batch(readings)).collect() },
            |batches| {
                bytes = batches.iter().map(|b| b.bytes.len()).sum();
                for made in &batches {
                    black_box(decoder.columnar(&made.bytes, made.newest_us));
                }
            },
        );
        let json = ns(
            RUN * readings,
            || -> Vec<_> { (0..RUN).map(|_| city.json(readings)).collect() },
            |texts| {
                json_bytes = texts.iter().map(Vec::len).sum();
                for text in &texts {
                    black_box(decoder.json(text, START_US));
                }
            },
        );
        let each = |n: usize| n as f64 / (RUN * readings) as f64;
        println!(
            "{readings:<8} {columnar:>10.1} {json:>10.1} {:>10.1} {:>12.1} {:>12.1}",
            json / columnar,
            each(bytes),
            each(json_bytes)
        );
    }
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.sample_size(20);
    for readings in [100, 1_000] {
        group.throughput(Throughput::Elements(readings as u64));
        let (mut decoder, mut city) = (Decoder::new(), City::new(Mix::All, START_US));
        group.bench_function(format!("columnar, {readings} a batch"), |b| {
            b.iter_custom(|rounds| {
                let batches: Vec<_> = (0..rounds).map(|_| city.batch(readings)).collect();
                let start = Instant::now();
                for made in &batches {
                    black_box(decoder.columnar(&made.bytes, made.newest_us));
                }
                start.elapsed()
            });
        });
        let text = city.json(readings);
        group.bench_function(format!("JSON, {readings} a message"), |b| {
            b.iter(|| decoder.json(black_box(&text), START_US));
        });
    }
    group.finish();
}

criterion_group!(benches, decode);

fn main() {
    if asked() {
        summary();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
