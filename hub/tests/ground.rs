//! Accelerometers through the core: a lorry at one station is nothing, an earthquake at four is a line for the officers, and neither is a
//! warning. The recorded set (two small earthquakes of 2010-05-27 at four stations) is read where it lies; where it is absent its tests say so and pass.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use hub::entry::{Entry, Item};
use wire::batch::{Header, Reading, Station};
use wire::quantity::Quantity;

const SECOND: i64 = 1_000_000;
/// 2010-05-27T16:24:03Z, as the recorded set begins.
const START: i64 = 1_274_977_443_000_000;

const FILES: [&str; 4] = [
    "BW.UH1._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH2._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH3._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH4._.EHZ.D.2010.147.cut.slist.gz",
];

/// Four stations some kilometres from each other, and a gauge.
fn core() -> Core {
    let mut text = String::from(
        "deployment = \"d\"\ntitle = \"t\"\nmode = \"test\"\ndata_dir = \"data\"\n[sender]\nid = \"a@b\"\nname = \"n\"\n",
    );
    for k in 1..5 {
        text.push_str(&format!(
            "[[station]]\nid = \"UH{k}\"\nlat = 48.{k}\nlon = 11.6\nquantity = \"acceleration\"\n"
        ));
    }
    text.push_str(
        "[[station]]\nid = \"gauge\"\nlat = 48.0\nlon = 11.0\nquantity = \"sea_level\"\n",
    );
    Core::new(
        Arc::new(Config::parse("hub.toml", &text).expect("sound")),
        None,
    )
}

/// Each station's samples: time after the start and value. One entry of the journal a second, in it all stations' rows.
fn entries(records: &[Vec<(i64, f64)>], backwards: bool) -> Vec<Entry> {
    let mut at = vec![0; records.len()];
    let mut seq = 0;
    let last_us = records.iter().filter_map(|r| r.last()).map(|r| r.0).max();
    let seconds = last_us.unwrap_or(0) / SECOND + 1;
    let names: Vec<String> = (1..5).map(|k| format!("UH{k}")).collect();
    (0..seconds)
        .map(|second| {
            let until_us = (second + 1) * SECOND;
            let mut readings = Vec::new();
            for (station, record) in records.iter().enumerate() {
                while let Some(&(time_us, value)) = record.get(at[station])
                    && time_us < until_us
                {
                    at[station] += 1;
                    seq += 1;
                    readings.push(Reading {
                        station: station as u16,
                        time_us: START + time_us,
                        quantity: Quantity::Acceleration,
                        value,
                        quality: 0,
                        seq,
                    });
                }
            }
            if backwards {
                readings.reverse();
            }
            let now_us = START + until_us;
            let header = Header {
                edge: "e",
                outbox: 1,
                offset: second as u64,
                sent_us: now_us,
                backlog: false,
            };
            let stations: Vec<Station<'_>> = names
                .iter()
                .enumerate()
                .map(|(k, id)| Station {
                    id,
                    node: k as u32 + 1,
                    boot: 1,
                })
                .collect();
            let mut out = vec![0; 65_536];
            let n = wire::batch::encode(&header, &stations, &readings, &mut out).expect("fits");
            Entry {
                received_us: now_us,
                items: vec![Item::Batch(out[..n].to_vec())],
            }
        })
        .collect()
}

fn run(core: &mut Core, entries: &[Entry]) -> Vec<Output> {
    entries.iter().flat_map(|e| core.replay(e)).collect()
}

fn said<'a>(outputs: &'a [Output], wanted: &str) -> Vec<&'a str> {
    let mut lines = Vec::new();
    for output in outputs {
        if let Output::Say { kind, text, .. } = output
            && kind == wanted
        {
            lines.push(text.as_str());
        }
    }
    lines
}

fn warns_nobody(outputs: &[Output]) {
    assert!(
        !outputs.iter().any(|o| !matches!(o, Output::Say { .. })),
        "{outputs:?}"
    );
}

fn noise(k: i64) -> f64 {
    let x = (k as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / (1u64 << 23) as f64 - 1.0
}

/// Two minutes at 100 Hz in which each station shakes 40 times as hard as usual from a second on, for 8 s.
fn made_up(from_s: [Option<f64>; 4]) -> Vec<Vec<(i64, f64)>> {
    let record = |(station, from_s): (usize, &Option<f64>)| {
        let shakes = |t_s: f64| from_s.is_some_and(|from| (from..from + 8.0).contains(&t_s));
        (0..12_000_i64)
            .map(|k| {
                let size = if shakes(k as f64 / 100.0) {
                    0.04
                } else {
                    0.001
                };
                (
                    k * 10_000,
                    9.81 + size * noise(k + 100_000 * station as i64),
                )
            })
            .collect()
    };
    from_s.iter().enumerate().map(record).collect()
}

#[test]
fn a_lorry_at_one_station_is_nothing() {
    let mut core = core();
    let outputs = run(
        &mut core,
        &entries(&made_up([None, Some(60.0), None, None]), false),
    );
    assert!(outputs.is_empty(), "{outputs:?}");
    assert!(core.ground().is_none());
    let counted = |reason| core.intake.counters.get(&("ground_shaking", reason));
    assert_eq!(counted("station"), Some(&1));
    assert_eq!(counted("together"), None);
}

#[test]
fn four_lorries_are_no_earthquake() {
    let mut core = core();
    let lorries = [30.0, 50.0, 75.0, 100.0].map(Some);
    let outputs = run(&mut core, &entries(&made_up(lorries), false));
    assert!(outputs.is_empty(), "{outputs:?}");
}

#[test]
fn an_earthquake_at_four_stations_is_told_once_and_warns_nobody() {
    let quake = [60.0, 62.0, 64.0, 66.5].map(Some);
    let records = made_up(quake);
    let mut core = core();
    let all = entries(&records, false);
    let (first, rest) = all.split_at(70);
    let mut outputs = run(&mut core, first);
    let text = core.finding_text(2);
    assert!(
        text.contains("ground shakes since 16:25 UTC, with others"),
        "{text}"
    );
    assert!(core.ground().expect("it shakes").until_us.is_none());
    outputs.extend(run(&mut core, rest));
    let [told] = said(&outputs, "shaking_ground")[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(
        told,
        "the ground shakes at UH1, UH2, UH3 since 16:25 UTC: an earthquake is likely near; its place and size are not known"
    );
    let over = said(&outputs, "shaking_ground_over");
    assert!(
        over.len() == 1 && over[0].contains("UH1, UH2, UH3, UH4"),
        "{over:?}"
    );
    assert_eq!(core.finding_text(2), "");
    warns_nobody(&outputs);
    let episode = core.ground().expect("it shook");
    assert_eq!(episode.stations.len(), 4);
    let since_s = (episode.since_us - START) as f64 * 1e-6;
    let picture = core.picture();
    let titles: Vec<&str> = picture
        .situations
        .iter()
        .map(|s| s.title.as_str())
        .collect();
    assert_eq!(titles, ["Shaking of the ground at 4 stations"]);
    assert!((60.0..60.3).contains(&since_s), "{since_s}");

    // Rows in any order within a step, and the journal again: the same.
    let mut backwards = self::core();
    assert_eq!(run(&mut backwards, &entries(&records, true)), outputs);
    let mut again = self::core();
    let journal: Vec<Entry> = all
        .iter()
        .map(|e| Entry::decode(&e.encode()).expect("an entry"))
        .collect();
    assert_eq!(run(&mut again, &journal), outputs);
}

/// A gauge near by that begins to move minutes after the ground has shaken: both are said, and the sea's word stands.
#[test]
fn what_moves_at_sea_shortly_after_is_seen_in_that_light() {
    let minute = |m: i64| {
        let t = (m * 60 * SECOND, m);
        let s = (m - 5).max(0) as f64;
        let wave = 0.5 * (std::f64::consts::TAU * s / 20.0).sin() * (-s / 60.0).exp();
        (t.0, wave + 0.001 * noise(t.1))
    };
    let told = |shakes: bool| {
        let mut core = core();
        let mut outputs = Vec::new();
        let gauge = |core: &mut Core, m: i64, outputs: &mut Vec<Output>| {
            let (time_us, value) = minute(m);
            let now_us = START + time_us;
            let header = Header {
                edge: "sea",
                outbox: 2,
                offset: (m + 1_000) as u64,
                sent_us: now_us,
                backlog: false,
            };
            let reading = Reading {
                station: 0,
                time_us: now_us,
                quantity: Quantity::SeaLevel,
                value,
                quality: 0,
                seq: (m + 1_000) as u64,
            };
            let station = Station {
                id: "gauge",
                node: 9,
                boot: 1,
            };
            let mut out = vec![0; 1_024];
            let n = wire::batch::encode(&header, &[station], &[reading], &mut out).expect("fits");
            outputs.extend(core.replay(&Entry {
                received_us: now_us,
                items: vec![Item::Batch(out[..n].to_vec())],
            }));
        };
        for m in -900..0 {
            gauge(&mut core, m, &mut outputs);
        }
        if shakes {
            let records = made_up([60.0, 62.0, 64.0, 66.5].map(Some));
            outputs.extend(run(&mut core, &entries(&records, false)));
        }
        for m in 2..40 {
            gauge(&mut core, m, &mut outputs);
        }
        outputs
    };
    let near = told(true);
    let near = said(&near, "shaking_ground_near");
    assert_eq!(near.len(), 1, "{near:?}");
    assert!(
        near[0].contains("the ground shook since 16:25 UTC at UH1, UH2, UH3, UH4"),
        "{near:?}"
    );
    assert!(said(&told(false), "shaking_ground_near").is_empty());
}

/// What overtakes cannot be put in its place any more, and is counted.
#[test]
fn rows_that_come_too_late_are_counted() {
    let mut core = core();
    let mut all = entries(&made_up([None; 4]), false);
    let late = all.remove(10);
    run(&mut core, &all);
    run(
        &mut core,
        &[Entry {
            received_us: START + 200 * SECOND,
            ..late
        }],
    );
    assert!(
        core.too_late().contains(&("ground", 400)),
        "{:?}",
        core.too_late()
    );
}

fn recorded() -> Option<Vec<Vec<(i64, f64)>>> {
    FILES.iter().map(|name| load(name)).collect()
}

/// Counts, as if they were micrometres per second squared.
fn load(name: &str) -> Option<Vec<(i64, f64)>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/seismic")
        .join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("{} is absent: nothing is tested", path.display());
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..])
        .read_to_string(&mut text)
        .expect("gzip");
    let (head, body) = text.split_once('\n').expect("a head line");
    let rate = head.split(',').nth(2).expect("a rate");
    let rate: f64 = rate.trim().trim_end_matches(" sps").parse().expect("sps");
    let samples = body.split_whitespace().zip(0..).map(|(word, k)| {
        let value: f64 = word.parse().expect("a number");
        ((f64::from(k) / rate * 1e6) as i64, 1e-6 * value)
    });
    Some(samples.collect())
}

#[test]
fn two_recorded_earthquakes_are_told_and_local_noise_is_not() {
    let Some(records) = recorded() else { return };
    let mut core = core();
    let outputs = run(&mut core, &entries(&records, false));
    for output in &outputs {
        println!("{output:?}");
    }
    let times: Vec<i64> = outputs
        .iter()
        .filter_map(|o| match o {
            Output::Say { kind, time_us, .. } if kind == "shaking_ground" => {
                Some((time_us - START) / SECOND)
            }
            _ => None,
        })
        .collect();
    println!("{:?}", core.intake.counters);
    // The earthquakes are at 29.5 s and 206.9 s.
    assert_eq!(times.len(), 2, "{times:?}");
    assert!(
        (29..34).contains(&times[0]) && (206..211).contains(&times[1]),
        "{times:?}"
    );
    warns_nobody(&outputs);
}
