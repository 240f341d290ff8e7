//! The deterministic core through its public interface: what once went wrong, and must not again.

use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use hub::intake::OPEN_OUTBOX;
use hub::intake::open::{self, Arrival};
use wire::batch::{Batch, Header, Reading, Station};
use wire::quantity::Quantity;

/// 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600_000_000;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;

const CITY: &str = r#"
deployment = "city"
title = "A city"
mode = "test"
data_dir = "unused"

[sender]
id = "city@example.org"
name = "City"
languages = ["en", "es"]

[policy]
expires = "1h"

[[station]]
id = "substation-with-a-very-long-name-that-is-an-id"
lat = -33.0
lon = -71.6
quantity = "voltage"

[[threshold]]
quantity = "frequency"
below = 49.0
hysteresis = 0.1

[[threshold]]
quantity = "voltage"
below = 207
hysteresis = 4
"#;

fn core(text: &str) -> Core {
    Core::new(
        Arc::new(Config::parse("hub.toml", text).expect("sound")),
        None,
    )
}

fn feed(
    core: &mut Core,
    station: &str,
    quantity: Quantity,
    time_us: i64,
    value: f64,
    now_us: i64,
) -> Vec<Output> {
    let header = Header {
        edge: "me",
        outbox: OPEN_OUTBOX,
        offset: 0,
        sent_us: now_us,
        backlog: false,
    };
    let reading = Reading {
        station: 0,
        time_us,
        quantity,
        value,
        quality: 0,
        seq: 0,
    };
    let mut out = vec![0; 4_096];
    let n = wire::batch::encode(
        &header,
        &[Station {
            id: station,
            node: 0,
            boot: 0,
        }],
        &[reading],
        &mut out,
    )
    .expect("fits");
    core.batch(&Batch::parse(&out[..n]).expect("valid"), now_us);
    core.finish(now_us)
}

fn messages(outputs: &[Output]) -> Vec<(&str, &str)> {
    outputs
        .iter()
        .filter_map(|o| match o {
            Output::Publish(p) => Some((p.msg_type.as_str(), p.reason.as_str())),
            _ => None,
        })
        .collect()
}

/// One reading stamped 2030 used to make every honest one after it "old": 47 Hz raised nothing.
#[test]
fn a_clock_from_the_future_does_not_blind_a_station() {
    let mut core = core(CITY);
    assert!(
        feed(
            &mut core,
            "grid",
            Quantity::Frequency,
            NOW + 35_000 * HOUR,
            50.0,
            NOW
        )
        .is_empty()
    );
    let outputs = feed(
        &mut core,
        "grid",
        Quantity::Frequency,
        NOW + SECOND,
        47.0,
        NOW + SECOND,
    );
    assert_eq!(messages(&outputs), [("Alert", "limit passed")]);
    let shown = core
        .detect()
        .latest(core.intake.stations.find("grid").expect("known"))
        .next()
        .expect("a value");
    assert_eq!(shown.1.value, 47.0, "the honest value is shown");
}

/// 2,000 readings piped through `mosquitto_pub -l` within one step shared one time, and 1,950 were taken for repeats.
#[test]
fn a_burst_without_times_is_as_many_readings() {
    let mut core = core(CITY);
    let mut arrival = Arrival::new(NOW);
    for _ in 0..2_000 {
        let readings =
            open::json(br#"{"station":"grid","frequency":50}"#, "me", &mut arrival).expect("valid");
        feed(
            &mut core,
            "grid",
            Quantity::Frequency,
            readings[0].time_us,
            readings[0].value,
            NOW,
        );
    }
    assert_eq!(
        core.intake.counters.get(&("readings_duplicate", "seq")),
        None
    );
}

/// A limit that stayed passed lost its alert when `expires` came.
#[test]
fn a_limit_that_stays_passed_keeps_its_alert() {
    let mut core = core(CITY);
    let mut seen = Vec::new();
    for minute in 0..180 {
        let now = NOW + minute * 60 * SECOND;
        let outputs = feed(&mut core, "grid", Quantity::Frequency, now, 48.0, now);
        seen.extend(
            messages(&outputs)
                .into_iter()
                .map(|(m, r)| (minute, m.to_owned(), r.to_owned())),
        );
    }
    let kinds: Vec<(&str, &str)> = seen
        .iter()
        .map(|(_, m, r)| (m.as_str(), r.as_str()))
        .collect();
    assert_eq!(kinds[0], ("Alert", "limit passed"));
    assert!(
        kinds[1..]
            .iter()
            .all(|k| *k == ("Update", "still in force"))
    );
    // Renewed before the hour is over, every hour.
    assert!(seen.windows(2).all(|w| w[1].0 - w[0].0 <= 60), "{seen:?}");
    let outputs = feed(
        &mut core,
        "grid",
        Quantity::Frequency,
        NOW + 4 * HOUR,
        50.0,
        NOW + 4 * HOUR,
    );
    assert_eq!(
        messages(&outputs).last(),
        Some(&("Cancel", "back within the limit"))
    );
}

/// The event's id of a station with a long name did not fit a topic.
#[test]
fn every_event_has_a_topic() {
    let mut core = core(CITY);
    let id = "substation-with-a-very-long-name-that-is-an-id";
    let outputs = feed(&mut core, id, Quantity::Voltage, NOW, 100.0, NOW);
    let Some(Output::Publish(message)) = outputs.iter().find(|o| matches!(o, Output::Publish(_)))
    else {
        panic!("no alert in {outputs:?}")
    };
    assert!(wire::topic::is_id(&message.event), "{}", message.event);
}

/// `check-config` said "sound" for configurations whose every alert was then refused.
#[test]
fn what_no_message_could_be_written_with_is_refused_beforehand() {
    let refused = |text: &str| match Config::parse("hub.toml", text) {
        Ok(_) => panic!("taken: {text}"),
        Err(e) => e.to_string(),
    };
    let web = CITY.replace("name = \"City\"", "name = \"City\"\nweb = \"example.org\"");
    assert!(refused(&web).contains("web"), "{}", refused(&web));
    let crossing = format!(
        "{CITY}\n[forecast]\ngrid = \"pacific_10min\"\n[[zone]]\nid = \"z\"\nname = \"Z\"\ncoast = [[-33.0, -71.6]]\npolygon = [[0, 0], [1, 1], [1, 0], [0, 1]]\n"
    );
    assert!(
        refused(&crossing).contains("zone z"),
        "{}",
        refused(&crossing)
    );
    let base = CITY.replace(
        "[policy]",
        "[http]\nbase_url = \"warnings.example.org\"\n[policy]",
    );
    assert!(refused(&base).contains("base_url"), "{}", refused(&base));
}

/// Two limits on one quantity, passed by one reading, shared an identifier: the second alert was taken for the first.
#[test]
fn two_limits_passed_at_once_are_two_alerts() {
    let mut core = core(&format!(
        "{CITY}\n[[threshold]]\nquantity = \"frequency\"\nbelow = 47.5\nseverity = \"extreme\"\n"
    ));
    let mut ids = std::collections::BTreeSet::new();
    let mut count = 0;
    // Passed, over, and passed again within one second.
    for (millisecond, value) in [(0, 47.0), (300, 50.0), (600, 47.0)] {
        let now = NOW + millisecond * 1_000;
        for output in feed(&mut core, "grid", Quantity::Frequency, now, value, now) {
            if let Output::Publish(message) = output {
                count += 1;
                ids.insert(message.identifier);
            }
        }
    }
    assert_eq!((count, ids.len()), (6, 6), "{ids:?}");
}
