//! Roads through the core: what the officers are told, and that nothing goes to the public by itself.

use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use hub::intake::OPEN_OUTBOX;
use wire::batch::{Batch, Header, Reading, Station};
use wire::quantity::Quantity;

/// 2026-01-05T00:00:00Z, a Monday.
const START: i64 = 1_767_571_200_000_000;
const STEP: i64 = 300_000_000;
const DAY: i64 = 288;

const ROAD: &str = r#"
deployment = "city"
title = "A city"
mode = "test"
data_dir = "unused"

[sender]
id = "city@example.org"
name = "City"
languages = ["en"]

[[station]]
id = "r1"
name = "Ring road 1"
lat = -33.0
lon = -71.6
quantity = "occupancy"
downstream = "r2"

[[station]]
id = "r2"
lat = -33.01
lon = -71.6
quantity = "occupancy"
"#;

fn core(text: &str) -> Core {
    let config = Config::parse("hub.toml", text).expect("sound");
    Core::new(Arc::new(config), None)
}

/// Lines of one interval, by kind and text.
fn interval(core: &mut Core, k: i64, rows: &[(&str, Quantity, f64)]) -> Vec<(String, String)> {
    let now_us = START + k * STEP;
    let header = Header {
        edge: "me",
        outbox: OPEN_OUTBOX,
        offset: 0,
        sent_us: now_us,
        backlog: false,
    };
    let mut lines = Vec::new();
    for (id, quantity, value) in rows {
        let station = Station {
            id,
            node: 0,
            boot: 0,
        };
        let reading = Reading {
            station: 0,
            time_us: now_us,
            quantity: *quantity,
            value: *value,
            quality: 0,
            seq: 0,
        };
        let mut out = vec![0; 512];
        let n = wire::batch::encode(&header, &[station], &[reading], &mut out).expect("fits");
        core.batch(&Batch::parse(&out[..n]).expect("valid"), now_us);
        for output in core.finish(now_us) {
            match output {
                Output::Say { kind, text, .. } => lines.push((kind, text)),
                Output::Publish(_) => panic!("roads publish nothing by themselves"),
                _ => {}
            }
        }
    }
    lines
}

/// Repeats every 101 values, never twice the same in a row.
fn jitter(k: i64) -> f64 {
    (k * 37 % 101) as f64 / 101.0 - 0.5
}

#[test]
fn an_accident_is_told_at_the_detector_and_between_the_neighbours() {
    let mut core = core(ROAD);
    let usual = |k: i64| 8.0 + 2.0 * jitter(k);
    let mut quiet = Vec::new();
    for k in 0..3 * DAY {
        let rows = [
            ("r1", Quantity::Occupancy, usual(k)),
            ("r2", Quantity::Occupancy, usual(k + 50)),
        ];
        quiet.extend(interval(&mut core, k, &rows));
    }
    assert!(quiet.is_empty(), "{quiet:?}");
    let mut told = Vec::new();
    for k in 3 * DAY..3 * DAY + 24 {
        let accident = k < 3 * DAY + 12;
        let (up, down) = if accident { (45.0, 2.0) } else { (8.0, 8.0) };
        let rows = [
            ("r1", Quantity::Occupancy, up + 2.0 * jitter(k)),
            ("r2", Quantity::Occupancy, down + jitter(k)),
        ];
        told.extend(interval(&mut core, k, &rows));
    }
    let one = |kind: &str, part: &str| {
        let lines = told.iter().filter(|(k, t)| k == kind && t.contains(part));
        assert_eq!(lines.count(), 1, "{kind} {part}: {told:?}");
    };
    one("incident", "at Ring road 1: occupancy");
    one("incident_over", "at Ring road 1: occupancy");
    one("incident", "between Ring road 1 and r2");
    one("incident_over", "between Ring road 1 and r2");
    one("congestion", "congested at Ring road 1");
    one("congestion_over", "Ring road 1");
    // An empty road downstream is not worth a line of its own.
    assert!(
        !told.iter().any(|(_, text)| text.contains("at r2")),
        "{told:?}"
    );
}

#[test]
fn a_detector_that_contradicts_itself_is_told() {
    let mut core = core(ROAD);
    let mut told = Vec::new();
    for k in 0..2 * DAY {
        let broken = k > DAY;
        let occupancy = if broken { 0.0 } else { 7.0 + jitter(k) };
        let rows = [
            ("r1", Quantity::Speed, 90.0 + 5.0 * jitter(k)),
            ("r1", Quantity::Occupancy, occupancy),
            ("r1", Quantity::Flow, 900.0 + 50.0 * jitter(k + 7)),
        ];
        told.extend(interval(&mut core, k, &rows));
    }
    let contradicts = |(kind, text): &&(String, String)| {
        kind == "sensor_fault" && text.contains("Ring road 1") && text.contains("contradict")
    };
    assert_eq!(told.iter().filter(contradicts).count(), 1, "{told:?}");
}

#[test]
fn downstream_must_be_another_station() {
    for wrong in ["r3", "r1"] {
        let text = ROAD.replace("downstream = \"r2\"", &format!("downstream = \"{wrong}\""));
        let error = Config::parse("hub.toml", &text)
            .expect_err("refused")
            .to_string();
        assert!(
            error.contains("downstream") && error.contains(wrong),
            "{error}"
        );
    }
}
