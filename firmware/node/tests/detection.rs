//! Detection on the node itself: findings travel as frames and switch rapid mode on.

mod rig;

use node::{Config, FindingCode, METRES_PER_PASCAL, Node, TsunamiWatch, Watch};
use rig::{Edge, Faults, Item, Rig, config};
use signal::threshold::Limits;
use wire::quality::Quality;
use wire::quantity::Quantity;

const MINUTE_US: u64 = 60_000_000;

fn findings(edge: &Edge) -> Vec<(FindingCode, u64)> {
    let code = |code| FindingCode::from_code(code).expect("a known code");
    edge.of(1)
        .into_iter()
        .filter_map(|item| match item {
            Item::Finding {
                mono_us,
                code: byte,
                ..
            } => Some((code(byte), mono_us)),
            Item::Sample { .. } => None,
        })
        .collect()
}

fn limits() -> Limits {
    Limits {
        above: Some(253.0),
        below: Some(207.0),
        hysteresis: 2.0,
        min_duration_us: 0,
        max_rate_per_s: None,
    }
}

#[test]
fn a_limit_raises_clears_and_switches_rapid_mode_on_for_its_time() {
    let mut config = Config {
        rapid_us: 10 * MINUTE_US,
        ..config(1, u64::MAX - 3 * MINUTE_US)
    };
    config
        .watches
        .push(Watch {
            quantity: Quantity::Voltage,
            limits: limits(),
        })
        .expect("room for one");
    let mut rig = Rig::<64>::new(config, Edge::new(1), Faults::NONE, 1);
    for (minute, volts) in [(1, 230.0), (2, 260.0), (5, 252.0), (6, 230.0)] {
        rig.run_until(minute * MINUTE_US);
        let mono_us = rig.mono_us();
        rig.node
            .sample(mono_us, Quantity::Voltage, volts, Quality::GOOD);
        assert_eq!(rig.node.is_rapid(mono_us), minute >= 2);
    }
    assert!(rig.settle(7 * MINUTE_US));
    // The clock wraps between minute 3 and 4.
    let start_us = u64::MAX - 3 * MINUTE_US;
    assert_eq!(
        findings(&rig.edge),
        [
            (
                FindingCode::AboveRaised,
                start_us.wrapping_add(2 * MINUTE_US)
            ),
            (
                FindingCode::AboveCleared,
                start_us.wrapping_add(6 * MINUTE_US)
            ),
        ]
    );
    rig.run_until(12 * MINUTE_US);
    assert!(
        !rig.node.is_rapid(rig.mono_us()),
        "ten minutes after the last alarm"
    );
}

#[test]
fn values_that_the_sensor_does_not_stand_by_are_no_evidence() {
    let mut config = config(1, 0);
    config
        .watches
        .push(Watch {
            quantity: Quantity::Voltage,
            limits: limits(),
        })
        .expect("room for one");
    let mut node = Node::<64>::new(config).expect("valid limits");
    node.sample(0, Quantity::Voltage, 400.0, Quality::SENSOR_FAULT);
    node.sample(1, Quantity::Voltage, f64::INFINITY, Quality::GOOD);
    node.sample(2, Quantity::Voltage, 1e12, Quality::GOOD);
    node.sample(3, Quantity::Frequency, 400.0, Quality::GOOD);
    let stats = node.stats();
    assert_eq!(
        (stats.samples, stats.findings, stats.sensor_errors),
        (4, 0, 2)
    );
    assert!(stats.out_of_range >= 1, "flagged, kept");
    assert_eq!(node.unacknowledged(), 4);
}

#[test]
fn limits_that_can_never_clear_are_refused_at_the_start() {
    let mut config = config(1, 0);
    let limits = Limits {
        hysteresis: -1.0,
        ..limits()
    };
    config
        .watches
        .push(Watch {
            quantity: Quantity::Voltage,
            limits,
        })
        .expect("room for one");
    assert!(Node::<64>::new(config).is_err());
}

#[test]
fn a_wave_over_a_tide_is_found_on_the_node() {
    let mut config = config(1, 0);
    config.tsunami = Some(TsunamiWatch {
        quantity: Quantity::WaterPressure,
        metres_per_unit: METRES_PER_PASCAL,
        settings: signal::tsunami::Settings::default(),
    });
    let mut rig = Rig::<1024>::new(config, Edge::new(1), Faults::NONE, 1);
    let arrival_minute = 24.0 * 60.0;
    for minute in 0..(30 * 60) {
        rig.run_until((minute + 1) * MINUTE_US);
        let at_min = minute as f64;
        let tide_m = 0.4 * (at_min * core::f64::consts::TAU / 745.0).sin();
        let since_min = at_min - arrival_minute;
        // A wave of 20 minutes and 20 cm that decays within the hours.
        let wave_m = if since_min > 0.0 {
            0.2 * (since_min * core::f64::consts::TAU / 20.0).sin() * (-since_min / 120.0).exp()
        } else {
            0.0
        };
        let pascal = (4_300.0 + tide_m + wave_m) / METRES_PER_PASCAL;
        let mono_us = rig.mono_us();
        rig.node
            .sample(mono_us, Quantity::WaterPressure, pascal, Quality::GOOD);
    }
    assert!(rig.settle(rig.now_us + MINUTE_US));
    let found = findings(&rig.edge);
    let onset = found
        .iter()
        .find(|(code, _)| *code == FindingCode::TsunamiOnset);
    let (_, at_us) = onset.expect("a 20 cm wave is found");
    let late_min = *at_us as f64 / MINUTE_US as f64 - arrival_minute;
    assert!(
        (0.0..20.0).contains(&late_min),
        "found {late_min:.0} minutes after its arrival"
    );
    assert!(
        found
            .iter()
            .all(|(_, at_us)| *at_us as f64 > arrival_minute * MINUTE_US as f64),
        "{found:?}"
    );
    assert!(found.len() < 12, "few findings for one wave: {found:?}");
    assert!(rig.node.is_rapid(*at_us + MINUTE_US));
}
