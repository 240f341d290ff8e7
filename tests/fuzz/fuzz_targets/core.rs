//! The deterministic core under hostile but well-formed input: any times, any values, any order, any earthquake.
//!
//! What must hold: no panic and no overflow; the same steps give the same output; every message is CAP that our own strict reader has
//! no complaint about; and a message is never published under an identifier that was used before.
#![no_main]

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use arbitrary::Arbitrary;
use hub::config::Config;
use hub::core::{Core, Output};
use hub::forecast::Ocean;
use libfuzzer_sys::fuzz_target;
use ocean::{Grid, GridHeader};
use serde_json::json;
use wire::batch::{Batch, Header, Reading, Station, encode};
use wire::quantity::Quantity;

const START_US: i64 = 1_769_860_800_000_000;
const SECOND_US: i64 = 1_000_000;

#[derive(Debug, Arbitrary)]
enum Step {
    Batch {
        backlog: bool,
        boot: u8,
        rows: Vec<Row>,
    },
    /// A wave or a tide: regular rows of one station.
    Series {
        station: u8,
        quantity: u8,
        every_s: u8,
        count: u8,
        height_cm: i16,
        period: u8,
    },
    Quake {
        magnitude_tenths: u8,
        lat: i8,
        lon: i8,
        depth_km: u8,
        age_s: i32,
        id: u8,
        deleted: bool,
    },
    Wait {
        seconds: i32,
    },
    Jump {
        now_us: i64,
    },
}

#[derive(Debug, Arbitrary)]
struct Row {
    station: u8,
    quantity: u8,
    time: Time,
    value: Value,
    quality: u8,
    seq: u8,
}

#[derive(Debug, Arbitrary)]
enum Time {
    Now,
    Soon(u8),
    Near(i16),
    Far(i32),
    Any(i64),
}

#[derive(Debug, Arbitrary)]
enum Value {
    Small(i16),
    Any(f64),
}

const IDS: [&str; 4] = ["32412", "valparaiso-tide", "av-errazuriz", "somebody"];

fn deployment() -> (Arc<Config>, Ocean) {
    static MADE: OnceLock<(Arc<Config>, Ocean)> = OnceLock::new();
    MADE.get_or_init(|| {
        // Two limits on one quantity, which one jump may pass at once.
        let text = concat!(
            include_str!("../../../configs/chile/hub.toml"),
            "\n[[threshold]]\nquantity = \"frequency\"\nbelow = 48.0\nseverity = \"extreme\"\n"
        );
        let config = Config::parse("hub.toml", text).expect("a shipped deployment");
        // 4,000 m of water off Chile, by the degree.
        let header = GridHeader {
            nx: 40,
            ny: 60,
            lon0: 250.0,
            lat0: -59.0,
            dlon: 1.0,
            dlat: 1.0,
            ..GridHeader::default()
        };
        let z = vec![-4_000; header.nx * header.ny];
        let grid = Grid::new(&header, z).expect("a grid");
        let ocean = Ocean::new(&config, Arc::new(grid)).expect("a model");
        (Arc::new(config), ocean)
    })
    .clone()
}

fn quantity(code: u8) -> Quantity {
    Quantity::ALL[usize::from(code) % Quantity::ALL.len()]
}

fn batch(core: &mut Core, rows: &[Reading], boot: u32, offset: u64, backlog: bool, now_us: i64) {
    let header = Header {
        edge: "edge",
        outbox: 1,
        offset,
        sent_us: now_us,
        backlog,
    };
    let stations = IDS.map(|id| Station { id, node: 1, boot });
    let mut out = vec![0; wire::batch::MAX_BATCH_BYTES];
    let n = encode(&header, &stations, rows, &mut out).expect("small enough");
    core.batch(&Batch::parse(&out[..n]).expect("just encoded"), now_us);
}

fn play(steps: &[Step]) -> Vec<Output> {
    let (config, ocean) = deployment();
    let mut core = Core::new(config, Some(ocean));
    let (mut now_us, mut seq, mut outputs) = (START_US, 1_000_u64, Vec::new());
    let mut jobs = Vec::new();
    for (offset, step) in steps.iter().enumerate() {
        let offset = offset as u64;
        match step {
            Step::Batch {
                backlog,
                boot,
                rows,
            } => {
                let rows: Vec<Reading> = rows
                    .iter()
                    .take(256)
                    .map(|r| Reading {
                        station: u16::from(r.station) % IDS.len() as u16,
                        time_us: match r.time {
                            Time::Now => now_us,
                            Time::Soon(ms) => now_us.saturating_add(i64::from(ms) * 1_000),
                            Time::Near(s) => now_us.saturating_add(i64::from(s) * SECOND_US),
                            Time::Far(s) => now_us.saturating_add(i64::from(s) * SECOND_US * 60),
                            Time::Any(us) => us,
                        },
                        quantity: quantity(r.quantity),
                        value: match r.value {
                            Value::Small(v) => f64::from(v) / 100.0,
                            Value::Any(v) => v,
                        },
                        quality: r.quality,
                        seq: u64::from(r.seq),
                    })
                    .collect();
                batch(&mut core, &rows, u32::from(*boot), offset, *backlog, now_us);
            }
            Step::Series {
                station,
                quantity: q,
                every_s,
                count,
                height_cm,
                period,
            } => {
                let every_us = (i64::from(*every_s) + 1) * SECOND_US;
                let rows: Vec<Reading> = (0..u64::from(*count) * 4)
                    .map(|i| {
                        let phase = i as f64 / (f64::from(*period) + 1.0);
                        Reading {
                            station: u16::from(*station) % IDS.len() as u16,
                            time_us: now_us.saturating_add(i as i64 * every_us),
                            quantity: quantity(*q),
                            value: f64::from(*height_cm) / 100.0 * phase.sin(),
                            quality: 0,
                            seq: seq + i,
                        }
                    })
                    .collect();
                seq += rows.len() as u64;
                now_us = now_us.saturating_add(rows.len() as i64 * every_us);
                batch(&mut core, &rows, 1_000, offset, false, now_us);
            }
            Step::Quake {
                magnitude_tenths,
                lat,
                lon,
                depth_km,
                age_s,
                id,
                deleted,
            } => {
                let document = json!({
                    "type": "Feature",
                    "id": format!("quake{id}"),
                    "properties": {
                        "mag": f64::from(*magnitude_tenths) / 10.0,
                        "time": (now_us / 1_000).saturating_sub(i64::from(*age_s) * 1_000),
                        "status": if *deleted { "deleted" } else { "reviewed" },
                        "place": "somewhere",
                    },
                    "geometry": {
                        "type": "Point",
                        "coordinates": [f64::from(*lon) / 10.0 - 80.0, f64::from(*lat) / 5.0 - 30.0, f64::from(*depth_km)],
                    },
                });
                outputs.extend(core.quake(document.to_string().as_bytes(), now_us));
            }
            Step::Wait { seconds } => {
                now_us = now_us.saturating_add(i64::from(*seconds).abs() * SECOND_US);
                // Some models answer while they are waited for, some after, some never; one in eight gives none.
                for job in jobs.drain(..) {
                    let answer = match seconds % 8 {
                        0 => Err("no answer".to_owned()),
                        1 => continue,
                        _ => core.run_model(&job).expect("an ocean"),
                    };
                    outputs.extend(core.modelled(job.number, answer, now_us));
                }
            }
            Step::Jump { now_us: to } => now_us = *to,
        }
        outputs.extend(core.finish(now_us));
        jobs.extend(core.take_jobs());
        core.touched();
    }
    for station in 0..IDS.len() as u32 {
        core.finding_text(station);
    }
    outputs
}

fuzz_target!(|steps: Vec<Step>| {
    if steps.len() > 64 {
        return;
    }
    let outputs = play(&steps);
    assert_eq!(
        format!("{outputs:?}"),
        format!("{:?}", play(&steps)),
        "the same steps, the same output"
    );
    let mut identifiers = BTreeSet::new();
    for output in &outputs {
        if let Output::Publish(message) = output {
            let (_, complaints) = cap::read(message.xml.as_bytes()).expect("our own message");
            assert!(complaints.is_empty(), "{complaints:?}");
            assert!(
                identifiers.insert(&message.identifier),
                "used twice: {}",
                message.identifier
            );
        }
    }
});
