//! A stored and restored state continues as if it had never been stored.

use signal::threshold::{Limits, Threshold};
use signal::traffic;
use signal::tsunami::{Detector, Settings};

#[test]
fn a_detector_continues_in_the_middle_of_an_event() {
    let mut kept = Detector::new(Settings::default());
    let mut stored_in_event = 0;
    for k in 0..5000_i64 {
        let t = k as f64 * 60.0;
        let height = 4000.0
            + 0.5 * (t / 7000.0).sin()
            + if k > 2000 {
                0.3 * (t / 200.0).sin()
            } else {
                0.0
            };
        if k % 500 == 250 {
            let bytes = postcard::to_stdvec(&kept).unwrap();
            let restored: Detector = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(restored, kept);
            kept = restored;
            stored_in_event += i32::from(kept.in_event());
        }
        kept.step(k * 60_000_000, height);
    }
    assert!(stored_in_event > 0);
}

#[test]
fn a_threshold_continues() {
    let limits = Limits {
        above: Some(1.0),
        below: None,
        hysteresis: 0.1,
        min_duration_us: 10,
        max_rate_per_s: Some(1.0),
    };
    let mut threshold = Threshold::new(limits).unwrap();
    threshold.step(0, 2.0);
    let bytes = postcard::to_stdvec(&threshold).unwrap();
    let mut restored: Threshold = postcard::from_bytes(&bytes).unwrap();
    let raised = restored.step(10, 2.0).unwrap();
    assert!(raised.active && raised.since_us == 0);
}

#[test]
fn a_traffic_detector_continues_in_the_middle_of_an_incident() {
    let mut kept = traffic::Detector::new(traffic::Measure::Speed);
    let mut stored_in_incident = 0;
    for k in 0..2000_i64 {
        let usual = 90.0 + 5.0 * (k as f64 * 1.7).sin();
        let value = if (1200..1300).contains(&k) {
            20.0
        } else {
            usual
        };
        if k % 50 == 25 {
            let bytes = postcard::to_stdvec(&kept).unwrap();
            let restored: traffic::Detector = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(restored, kept);
            kept = restored;
            stored_in_incident += i32::from(kept.in_incident());
        }
        kept.step(k * 300_000_000, value);
    }
    assert!(stored_in_incident > 0);
}

#[test]
fn a_meter_continues_in_the_middle_of_an_interruption() {
    use signal::power::{Measure, Meter, Settings, Stage};
    let mut meter = Meter::new(Settings::default()).unwrap();
    for (second, volts) in [230.0, 180.0, 0.0, 0.0].into_iter().enumerate() {
        meter.step(second as i64 * 1_000_000, Measure::Voltage, 1, volts);
    }
    let bytes = postcard::to_stdvec(&meter).unwrap();
    let mut restored: Meter = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(restored, meter);
    let findings = restored.step(4_000_000, Measure::Voltage, 1, 230.0);
    let stages: Vec<Stage> = findings.iter().map(|f| f.stage).collect();
    assert_eq!(stages, [Stage::End, Stage::End]);
}
