//! Meters through the core: what is found, what is out together, what is refused. Readings are made.

use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use hub::entry::{Entry, Item};
use wire::batch::{Batch, Header, Reading, Station};
use wire::quantity::Quantity;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;
const SECOND: i64 = 1_000_000;
const SIDE: usize = 6;

fn config(extra: &str) -> String {
    let mut text = r#"
deployment = "city"
title = "A city"
mode = "test"
data_dir = "unused"

[sender]
id = "city@example.org"
name = "City"

[energy]
nominal_v = 230
rated_a = 63
EXTRA
"#
    .replace("EXTRA", extra);
    for k in 0..SIDE * SIDE {
        text.push_str(&format!(
            "[[station]]\nid = \"m{k}.l1\"\nname = \"Meter {k}\"\nlat = {}\nlon = {}\nquantity = \"voltage\"\n",
            -33.0 + (k / SIDE) as f64 * 0.001,
            -71.6 + (k % SIDE) as f64 * 0.001,
        ));
    }
    text
}

fn core(extra: &str) -> Core {
    let config = Config::parse("hub.toml", &config(extra)).expect("sound");
    Core::new(Arc::new(config), None)
}

/// Steps a core, and keeps its journal.
struct Hub {
    core: Core,
    journal: Vec<Entry>,
    said: Vec<(String, String)>,
    seq: u64,
}

impl Hub {
    fn new(extra: &str) -> Self {
        Self {
            core: core(extra),
            journal: Vec::new(),
            said: Vec::new(),
            seq: 0,
        }
    }

    fn step(&mut self, items: Vec<Item>, now_us: i64) {
        let entry = Entry {
            received_us: now_us,
            items,
        };
        // As the pipeline does: before the step.
        if !entry.items.is_empty() || self.core.is_busy() {
            self.journal.push(entry.clone());
        }
        let out = self.core.replay(&entry);
        self.said.extend(said(out));
    }

    /// One reading of every meter that `volts` has a voltage for.
    fn read(&mut self, now_us: i64, volts: impl Fn(usize) -> Option<f64>) {
        let items = (0..3).filter_map(|edge| {
            let ids: Vec<(String, f64)> = (0..SIDE * SIDE)
                .filter(|k| k % 3 == edge)
                .filter_map(|k| Some((format!("m{k}.l1"), volts(k)?)))
                .collect();
            let stations: Vec<Station> = ids
                .iter()
                .map(|(id, _)| Station {
                    id,
                    node: edge as u32,
                    boot: 1,
                })
                .collect();
            let readings: Vec<Reading> = ids
                .iter()
                .enumerate()
                .map(|(at, (_, volts))| Reading {
                    station: at as u16,
                    time_us: now_us,
                    quantity: Quantity::Voltage,
                    value: *volts,
                    quality: 0,
                    seq: self.seq + at as u64,
                })
                .collect();
            let edge = format!("e{edge}");
            let header = Header {
                edge: &edge,
                outbox: 7,
                offset: self.seq,
                sent_us: now_us,
                backlog: false,
            };
            let mut bytes = vec![0; 16_384];
            let n = wire::batch::encode(&header, &stations, &readings, &mut bytes).expect("fits");
            bytes.truncate(n);
            (!readings.is_empty()).then(|| {
                Batch::parse(&bytes).expect("valid");
                Item::Batch(bytes)
            })
        });
        let items: Vec<Item> = items.collect();
        self.seq += 100;
        self.step(items, now_us);
    }

    fn kinds(&self) -> Vec<&str> {
        self.said.iter().map(|s| s.0.as_str()).collect()
    }
}

fn said(out: Vec<Output>) -> Vec<(String, String)> {
    out.into_iter()
        .filter_map(|o| match o {
            Output::Say { kind, text, .. } => Some((kind, text)),
            _ => None,
        })
        .collect()
}

/// A voltage that never repeats to the last bit.
fn healthy(second: i64) -> f64 {
    230.0 + second as f64 * 1e-6
}

#[test]
fn a_sag_is_one_line_and_an_interruption_two() {
    let mut hub = Hub::new("");
    for (second, volts) in [231.0, 180.0, 232.0, 0.0, 0.0, 231.5]
        .into_iter()
        .enumerate()
    {
        hub.read(START + second as i64 * SECOND, |k| {
            (k == 4).then_some(volts)
        });
    }
    assert_eq!(hub.kinds(), ["supply_over", "supply", "supply_over"]);
    assert_eq!(
        hub.said[0].1,
        "Meter 4: instantaneous sag to momentary sag over after 0 to 2 s; readings this far apart tell no closer, lowest 180.0 V of 230"
    );
    assert_eq!(hub.said[1].1, "Meter 4: no voltage, lowest 0.0 V of 230");
}

#[test]
fn a_blackout_after_an_earthquake_and_the_journal_tells_it_again() {
    let mut hub = Hub::new("");
    let quake = br#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"us7000","properties":{"mag":6.0,"place":"inland","time":TIME,"updated":TIME,"type":"earthquake","status":"reviewed"},"geometry":{"type":"Point","coordinates":[-71.5,-33.2,30.0]}}]}"#;
    let origin_ms = (START + 300 * SECOND) / 1_000;
    let quake = String::from_utf8_lossy(quake).replace("TIME", &origin_ms.to_string());
    let dark = |k: usize| k % SIDE < 3;
    for second in (0..1_200).step_by(10) {
        let now = START + second * SECOND;
        hub.read(now, |k| match second {
            // The last word of half of them, and silence after it.
            330 if dark(k) && k % 2 == 0 => Some(0.4),
            330..800 if dark(k) => None,
            _ => Some(healthy(second)),
        });
        if second == 400 {
            hub.step(vec![Item::Quake(quake.clone().into_bytes())], now + SECOND);
        }
    }
    let of = |kind: &str| -> Vec<&String> {
        let lines = hub.said.iter().filter(|s| s.0 == kind);
        lines.map(|s| &s.1).collect()
    };
    let outages = of("outage");
    assert!(
        outages[0].starts_with("outage-1: 12 of 18 meters near Meter"),
        "{outages:?}"
    );
    assert!(
        outages
            .last()
            .expect("one")
            .starts_with("outage-1 grows: 18 of 18"),
        "{outages:?}"
    );
    let supply = of("supply");
    assert_eq!(supply.len(), 1, "{supply:?}");
    assert_eq!(
        supply[0],
        "no voltage at 12 meters: Meter 0, Meter 6, Meter 12, Meter 18, Meter 24 and 7 more"
    );
    let damage = of("damage");
    assert_eq!(damage.len(), 1);
    assert!(
        damage[0].contains("after the M6.0 earthquake (inland)"),
        "{damage:?}"
    );
    assert_eq!(of("outage_over").len(), 1);
    assert!(of("link_lost").is_empty());
    assert!(hub.core.outages().is_empty());
    assert_eq!(hub.core.picture().situations[0].damage, 1);
    // Played back from the journal, the same.
    let mut again = core("");
    let told: Vec<(String, String)> = hub
        .journal
        .iter()
        .flat_map(|entry| said(again.replay(entry)))
        .collect();
    assert_eq!(told, hub.said);
}

#[test]
fn the_page_says_what_holds() {
    let mut hub = Hub::new("");
    for second in (0..100).step_by(10) {
        hub.read(START + second * SECOND, |k| {
            Some(if second >= 50 && k < 12 {
                0.0
            } else {
                healthy(second)
            })
        });
    }
    let station = hub.core.intake.stations.find("m3.l1").expect("known");
    assert_eq!(
        hub.core.finding_text(station),
        "no voltage, lowest 0.0 V of 230; part of outage-1"
    );
    let outage = &hub.core.outages()[0];
    assert_eq!((outage.out.len(), outage.of), (12, 12));
    assert_eq!(outage.area.first(), outage.area.last());
    assert_eq!(hub.core.picture().outages[0].earthquake, None);
}

#[test]
fn without_the_table_nothing_is_judged() {
    let text = config("").replace("[energy]\nnominal_v = 230\nrated_a = 63", "");
    let mut core = Core::new(
        Arc::new(Config::parse("hub.toml", &text).expect("sound")),
        None,
    );
    assert!(core.finish(START).is_empty() && core.outages().is_empty() && !core.is_busy());
}

#[test]
fn check_config_refuses_nonsense() {
    let refused = |extra: &str| match Config::parse("hub.toml", &config(extra)) {
        Ok(_) => panic!("taken: {extra}"),
        Err(e) => e.to_string(),
    };
    for (extra, says) in [
        ("overload = 0.9", "overload must be above 1"),
        ("nominal_hz = -50", "nominal frequency"),
        ("frequency_deviation_hz = 20", "a fifth"),
        ("voltage_imbalance = 3", "imbalance"),
        ("[energy.outage]\nleast_meters = 1", "one alone is a meter"),
        ("[energy.outage]\nshare = 1.5", "share = 1.5"),
        ("[energy.outage]\nrestored = 0", "restored = 0"),
        ("[energy.outage]\nreach_km = 0", "reach_km = 0"),
        ("[energy.outage]\nsilent_intervals = 1", "no silence"),
        ("rated_amps = 3", "rated_amps"),
        (
            "[[station]]\nid = \"x\"\nlat = 0\nlon = 0\nquantity = \"voltage\"\n[station.energy]\nnominal_v = 0",
            "station \"x\"",
        ),
    ] {
        let why = refused(extra);
        assert!(why.contains(says), "{extra}: {why}");
    }
    let lonely = config("")
        .replace("[energy]\nnominal_v = 230\nrated_a = 63", "")
        .replacen(
            "quantity = \"voltage\"\n",
            "quantity = \"voltage\"\nenergy = { rated_a = 5 }\n",
            1,
        );
    let why = match Config::parse("hub.toml", &lonely) {
        Ok(_) => panic!("taken"),
        Err(e) => e.to_string(),
    };
    assert!(why.contains("no [energy]"), "{why}");
}
