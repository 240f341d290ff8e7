//! The tsunami event through the core's public interface: catalogues that disagree, sensors that cannot see, and ends that are not.

use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use hub::service;
use wire::batch::{Batch, Header, Reading, Station};
use wire::quantity::Quantity;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
/// 2010-02-27T06:34:11Z.
const ORIGIN: i64 = 1_267_252_451_000_000;

const CHILE: &str = include_str!("../../configs/chile/hub.toml");

struct Rig {
    core: Core,
    seq: u64,
}

impl Rig {
    fn new() -> Self {
        let mut config = Config::parse("configs/chile/hub.toml", CHILE).expect("sound");
        // What these tests are about happens with any forecast; the model's part in it has tests of its own.
        config.forecast.as_mut().expect("a grid").model = false;
        let ocean = service::ocean(&config).expect("a grid");
        Self {
            core: Core::new(Arc::new(config), ocean),
            seq: 0,
        }
    }

    fn quake(
        &mut self,
        id: &str,
        magnitude: f64,
        after_us: i64,
        extra: &str,
    ) -> Vec<(String, String)> {
        let document = format!(
            r#"{{"type":"Feature","id":"{id}","properties":{{"mag":{magnitude},"place":"off X","time":{}{extra}}},"geometry":{{"type":"Point","coordinates":[-72.898,-36.122,22.9]}}}}"#,
            ORIGIN / 1_000
        );
        let outputs = self.core.quake(document.as_bytes(), ORIGIN + after_us);
        let mut told = messages(&outputs);
        told.extend(messages(&self.core.finish(ORIGIN + after_us)));
        told
    }

    /// One row of the buoy, `after_us` after the earthquake.
    fn row(&mut self, quantity: Quantity, after_us: i64, value: f64) -> Vec<(String, String)> {
        let now = ORIGIN + after_us;
        let header = Header {
            edge: "e",
            outbox: 1,
            offset: self.seq,
            sent_us: now,
            backlog: false,
        };
        let reading = Reading {
            station: 0,
            time_us: now,
            quantity,
            value,
            quality: 0,
            seq: self.seq,
        };
        self.seq += 1;
        let mut out = vec![0; 4_096];
        let stations = [Station {
            id: "32412",
            node: 1,
            boot: 1,
        }];
        let n = wire::batch::encode(&header, &stations, &[reading], &mut out).expect("fits");
        self.core
            .batch(&Batch::parse(&out[..n]).expect("valid"), now);
        messages(&self.core.finish(now))
    }

    /// A quiet sea, a row a minute.
    fn quiet(&mut self, from_us: i64, to_us: i64) -> Vec<(String, String)> {
        let mut told = Vec::new();
        for minute in from_us / MINUTE..to_us / MINUTE {
            told.extend(self.row(
                Quantity::SeaLevel,
                minute * MINUTE,
                0.001 * (minute % 3) as f64,
            ));
        }
        told
    }
}

fn messages(outputs: &[Output]) -> Vec<(String, String)> {
    outputs
        .iter()
        .filter_map(|o| match o {
            Output::Publish(p) => Some((p.msg_type.clone(), p.reason.clone())),
            _ => None,
        })
        .collect()
}

fn kinds(told: &[(String, String)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

/// An M4.5 of another network, close by and half a minute later, called the M8.8 off.
#[test]
fn a_small_shock_close_by_does_not_call_a_great_wave_off() {
    let mut rig = Rig::new();
    assert_eq!(kinds(&rig.quake("us1", 8.8, 5 * MINUTE, "")), ["Alert"]);
    assert!(rig.quake("gfz9", 4.5, 6 * MINUTE, "").is_empty());
    assert!(
        rig.quake("gfz9", 4.5, 7 * MINUTE, r#","status":"deleted""#)
            .is_empty()
    );
    // Its own agency can.
    assert_eq!(
        kinds(&rig.quake("us1", 8.8, 8 * MINUTE, r#","status":"deleted""#)),
        ["Cancel"]
    );
}

/// Two catalogues with two magnitudes published two updates a poll.
#[test]
fn catalogues_that_disagree_do_not_take_turns() {
    let mut rig = Rig::new();
    assert_eq!(kinds(&rig.quake("a1", 8.5, 5 * MINUTE, "")), ["Alert"]);
    for poll in 0..10 {
        let told = rig.quake("b1", 8.3, (6 + poll) * MINUTE, "");
        assert!(told.is_empty(), "{told:?}");
        assert!(rig.quake("a1", 8.5, (6 + poll) * MINUTE, "").is_empty());
    }
    // A larger one counts from then on.
    assert_eq!(kinds(&rig.quake("b1", 8.9, 20 * MINUTE, "")), ["Update"]);
    assert!(rig.quake("a1", 8.5, 21 * MINUTE, "").is_empty());
}

/// A solution that was sent again late, older than the one that had been told, took the newer one back.
#[test]
fn an_older_solution_does_not_replace_a_newer_one() {
    let mut rig = Rig::new();
    rig.quake("us1", 8.0, 5 * MINUTE, r#","updated":1267252800000"#);
    assert_eq!(
        kinds(&rig.quake("us1", 8.8, 9 * MINUTE, r#","updated":1267253100000"#)),
        ["Update"]
    );
    assert!(
        rig.quake("us1", 8.0, 10 * MINUTE, r#","updated":1267252800000"#)
            .is_empty()
    );
}

/// After a cancellation, the same earthquake at M9.0 gave a line in the timeline and no alert.
#[test]
fn an_event_that_was_withdrawn_can_begin_again() {
    let mut rig = Rig::new();
    rig.quake("us1", 8.8, 5 * MINUTE, "");
    assert_eq!(
        kinds(&rig.quake("us1", 8.8, 6 * MINUTE, r#","status":"deleted""#)),
        ["Cancel"]
    );
    let told = rig.quake("us1", 9.0, 8 * MINUTE, "");
    assert_eq!(
        kinds(&told),
        ["Alert"],
        "a new chain, not an update of a cancelled one"
    );
    assert_eq!(rig.core.events().last().expect("an event").id, "us1-2");
}

/// An earthquake from next year never came to an end.
#[test]
fn an_earthquake_from_the_future_is_passed_over() {
    let mut rig = Rig::new();
    assert!(rig.quake("us1", 8.8, -24 * HOUR, "").is_empty());
    assert_eq!(
        rig.core.intake.counters[&("quakes_passed_over", "in_the_future")],
        1
    );
}

/// A healthy sensor that spoke all along and saw nothing calls the alert off once every arrival is past.
#[test]
fn a_quiet_sea_where_the_wave_was_due_is_evidence() {
    let mut rig = Rig::new();
    rig.quiet(-3 * HOUR, 5 * MINUTE);
    assert_eq!(kinds(&rig.quake("us1", 8.8, 5 * MINUTE, "")), ["Alert"]);
    let told = rig.quiet(6 * MINUTE, 9 * HOUR);
    assert_eq!(
        told.last().map(|t| t.1.as_str()),
        Some("no wave came where it was due"),
        "{told:?}"
    );
}

/// A buoy that was silent while the wave was due, and came back later, used to call the alert off.
#[test]
fn silence_while_the_wave_was_due_is_no_evidence() {
    let mut rig = Rig::new();
    rig.quiet(-3 * HOUR, 5 * MINUTE);
    rig.quake("us1", 8.8, 5 * MINUTE, "");
    rig.quiet(6 * MINUTE, 2 * HOUR);
    let told = rig.quiet(6 * HOUR, 12 * HOUR);
    assert!(!kinds(&told).contains(&"Cancel"), "{told:?}");
}

/// A battery's voltage vouched for a dead pressure sensor.
#[test]
fn a_battery_is_no_witness() {
    let mut rig = Rig::new();
    rig.quiet(-3 * HOUR, 5 * MINUTE);
    rig.quake("us1", 8.8, 5 * MINUTE, "");
    let mut told = Vec::new();
    for minute in 6..12 * 60 {
        told.extend(rig.row(Quantity::BatteryVoltage, minute * MINUTE, 12.0));
    }
    assert!(!kinds(&told).contains(&"Cancel"), "{told:?}");
}
