//! [`signal::power`] on made readings: there is no public record with labelled sags, interruptions and faults at a meter's step.

use signal::power::{
    Fault, Finding, Length, Measure, Meter, Settings, SettingsError, Span, Stage, Variation, What,
};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

fn meter(settings: Settings) -> Meter {
    Meter::new(settings).expect("sound settings")
}

/// Voltages of one phase, one each `step_us`.
fn volts(meter: &mut Meter, step_us: i64, values: &[f64]) -> Vec<Finding> {
    all(meter, step_us, Measure::Voltage, 0, values)
}

fn all(
    meter: &mut Meter,
    step_us: i64,
    measure: Measure,
    channel: usize,
    values: &[f64],
) -> Vec<Finding> {
    let mut told = Vec::new();
    for (k, value) in (0..).zip(values) {
        told.extend(meter.step(k * step_us, measure, channel, *value).iter());
    }
    told
}

fn short(findings: &[Finding]) -> Vec<(What, Stage)> {
    findings.iter().map(|f| (f.what, f.stage)).collect()
}

const SAG: What = What::Variation(Variation::Sag);
const SWELL: What = What::Variation(Variation::Swell);
const INTERRUPTION: What = What::Variation(Variation::Interruption);

#[test]
fn magnitudes_at_their_borders() {
    let one = |v: f64| short(&volts(&mut meter(Settings::default()), SECOND, &[230.0, v]));
    for (v, what) in [
        (207.0, None),
        (206.9, Some(SAG)),
        (23.1, Some(SAG)),
        (22.9, Some(INTERRUPTION)),
        (0.0, Some(INTERRUPTION)),
        (253.0, None),
        (253.1, Some(SWELL)),
        (600.0, Some(SWELL)),
    ] {
        let wanted: Vec<_> = what.map(|w| (w, Stage::Onset)).into_iter().collect();
        assert_eq!(one(v), wanted, "{v} V");
    }
}

#[test]
fn lengths_at_their_borders() {
    let of = |us| Length::of(us, 50.0);
    assert_eq!(of(600_000), Length::Instantaneous, "30 cycles of 50 Hz");
    assert_eq!(of(600_001), Length::Momentary);
    assert_eq!(of(3 * SECOND), Length::Momentary);
    assert_eq!(of(3 * SECOND + 1), Length::Temporary);
    assert_eq!(of(MINUTE), Length::Temporary);
    assert_eq!(of(MINUTE + 1), Length::Sustained);
    assert_eq!(Length::of(500_001, 60.0), Length::Momentary);
}

#[test]
fn one_reading_of_a_second_leaves_the_class_open_and_says_so() {
    let told = volts(
        &mut meter(Settings::default()),
        SECOND,
        &[230.0, 150.0, 230.0],
    );
    assert_eq!(short(&told), [(SAG, Stage::Onset), (SAG, Stage::End)]);
    let end = told[1];
    assert_eq!(
        (end.since_us, end.time_us, end.extreme),
        (SECOND, 2 * SECOND, 150.0)
    );
    assert_eq!(
        end.span,
        Span {
            least_us: 0,
            most_us: 2 * SECOND
        }
    );
    assert_eq!(
        end.span.lengths(50.0),
        (Length::Instantaneous, Length::Momentary)
    );
    assert!(!end.span.is_resolved(50.0));
    // At one reading a minute it can be anything up to two minutes.
    let told = volts(
        &mut meter(Settings::default()),
        MINUTE,
        &[230.0, 150.0, 230.0],
    );
    assert_eq!(
        told[1].span.lengths(50.0),
        (Length::Instantaneous, Length::Sustained)
    );
    // Ten seconds of readings each second are temporary for sure.
    let mut values = vec![230.0];
    values.extend([200.0; 10]);
    values.push(230.0);
    let told = volts(&mut meter(Settings::default()), SECOND, &values);
    assert!(told[1].span.is_resolved(50.0));
    assert_eq!(told[1].span.lengths(50.0).0, Length::Temporary);
}

#[test]
fn a_sag_is_an_undervoltage_after_a_minute_and_not_before() {
    let mut values = vec![230.0];
    values.extend([200.0; 61]);
    let told = volts(&mut meter(Settings::default()), SECOND, &values);
    assert_eq!(short(&told), [(SAG, Stage::Onset)], "60 s");
    values.push(200.0);
    let told = volts(&mut meter(Settings::default()), SECOND, &values);
    assert_eq!(
        short(&told),
        [(SAG, Stage::Onset), (SAG, Stage::Sustained)],
        "61 s"
    );
    assert_eq!(told[1].since_us, SECOND);
}

#[test]
fn hysteresis_keeps_a_voltage_at_the_limit_from_flapping() {
    let values: Vec<f64> = (0..200)
        .map(|k| if k % 2 == 0 { 206.0 } else { 208.0 })
        .chain([211.7])
        .collect();
    let told = volts(&mut meter(Settings::default()), SECOND, &values);
    assert_eq!(
        short(&told),
        [
            (SAG, Stage::Onset),
            (SAG, Stage::Sustained),
            (SAG, Stage::End)
        ]
    );
}

#[test]
fn a_sag_goes_on_after_an_interruption_in_its_middle() {
    let values = [230.0, 180.0, 180.0, 0.0, 0.0, 180.0, 170.0, 230.0];
    let told = volts(&mut meter(Settings::default()), SECOND, &values);
    assert_eq!(
        short(&told),
        [
            (SAG, Stage::Onset),
            (INTERRUPTION, Stage::Onset),
            (INTERRUPTION, Stage::End),
            (SAG, Stage::End)
        ]
    );
    assert_eq!(told[3].span.least_us, 5 * SECOND);
    assert_eq!(
        told[3].extreme, 170.0,
        "what the interruption read is its own"
    );
    // And what falls at once was no sag.
    let told = volts(
        &mut meter(Settings::default()),
        SECOND,
        &[230.0, 0.0, 260.0],
    );
    assert_eq!(
        short(&told),
        [
            (INTERRUPTION, Stage::Onset),
            (INTERRUPTION, Stage::End),
            (SWELL, Stage::Onset)
        ]
    );
}

#[test]
fn a_gap_is_possible_length_and_not_certain() {
    let mut meter = meter(Settings::default());
    let mut told = Vec::new();
    for (time_us, v) in [
        (0, 230.0),
        (SECOND, 0.0),
        (3_600 * SECOND, 0.0),
        (3_601 * SECOND, 230.0),
    ] {
        told.extend(meter.step(time_us, Measure::Voltage, 0, v).iter().copied());
    }
    assert_eq!(
        short(&told),
        [(INTERRUPTION, Stage::Onset), (INTERRUPTION, Stage::End)]
    );
    assert_eq!(told[1].span.least_us, 0);
    assert_eq!(told[1].span.most_us, 3_601 * SECOND);
}

#[test]
fn the_last_word_counts_through_silence() {
    let mut meter = meter(Settings::default());
    volts(&mut meter, SECOND, &[230.0, 3.0]);
    assert_eq!(meter.interrupted_since_us(), Some(SECOND));
    meter.step(MINUTE, Measure::Voltage, 0, f64::NAN);
    assert_eq!(meter.interrupted_since_us(), Some(SECOND));
    meter.step(2 * MINUTE, Measure::Voltage, 0, 231.0);
    assert_eq!(meter.interrupted_since_us(), None);
}

#[test]
fn frequency_must_stay_beyond_its_limit() {
    let hertz = |values: &[f64]| {
        let told = all(
            &mut meter(Settings::default()),
            SECOND,
            Measure::Frequency,
            0,
            values,
        );
        short(&told)
            .into_iter()
            .filter(|t| t.0 != What::FrequencyRate)
            .collect::<Vec<_>>()
    };
    let mut values = vec![50.0; 10];
    values.extend([49.49; 10]);
    assert_eq!(hertz(&values), [], "nine seconds");
    values.push(49.4);
    values.extend([49.52, 49.56]);
    assert_eq!(
        hertz(&values),
        [
            (What::UnderFrequency, Stage::Onset),
            (What::UnderFrequency, Stage::End)
        ]
    );
    assert_eq!(hertz(&[0.0; 60]), [], "no grid has no frequency");
}

#[test]
fn rate_of_change_is_found_and_one_wrong_reading_is_not() {
    let rates = |values: &[f64]| {
        let told = all(
            &mut meter(Settings::default()),
            SECOND,
            Measure::Frequency,
            0,
            values,
        );
        told.into_iter()
            .filter(|f| f.what == What::FrequencyRate)
            .collect::<Vec<_>>()
    };
    for wrong in [45.0, 55.0, 49.0, 51.0] {
        for at in 0..12 {
            let mut values = [50.0; 12];
            values[at] = wrong;
            assert_eq!(rates(&values), [], "{wrong} Hz at {at}");
        }
    }
    // A city parted from the grid: 0.8 Hz/s for three seconds.
    let mut values = vec![50.0; 8];
    values.extend((1..=8).map(|k| 50.0 - 0.8 * f64::from(k.min(5))));
    values.extend([46.0; 12]);
    let told = rates(&values);
    assert_eq!(told[0].stage, Stage::Onset);
    assert!(told[0].extreme < -0.5 && told[0].time_us <= 13 * SECOND);
    assert_eq!(told.last().map(|f| f.stage), Some(Stage::End));
    // A slow fall, and readings too far apart to tell.
    let slow: Vec<f64> = (0..60).map(|k| 50.0 - 0.02 * f64::from(k)).collect();
    assert_eq!(rates(&slow), []);
}

#[test]
fn overload_by_its_heat_and_not_by_one_reading() {
    let settings = Settings {
        rated_a: Some(63.0),
        ..Settings::default()
    };
    let begins = |load: f64, seconds: usize| {
        let mut values = vec![0.0; 3];
        values.extend(vec![load * 63.0; seconds]);
        let told = all(&mut meter(settings), SECOND, Measure::Current, 0, &values);
        told.first().map(|f| f.time_us / SECOND)
    };
    assert_eq!(begins(1.12, 24 * 3_600), None, "may flow for ever");
    let expected = |load: f64| 600.0 * (load * load / (load * load - 1.13 * 1.13)).ln();
    for load in [1.45, 2.0, 6.0] {
        let at = begins(load, 3_600).expect("an overload") as f64;
        assert!((at - expected(load)).abs() < 10.0, "{load}: {at} s");
    }
    let mut values = vec![60.0; 600];
    values[300] = 1e5;
    let told = all(&mut meter(settings), SECOND, Measure::Current, 0, &values);
    assert_eq!(told, [], "one wrong reading");
    // Backwards is load too, and it ends when the heat is gone.
    let mut values = vec![-130.0; 600];
    values.extend(vec![-10.0; 1_200]);
    let told = all(&mut meter(settings), SECOND, Measure::Current, 1, &values);
    assert_eq!(
        short(&told),
        [(What::Overload, Stage::Onset), (What::Overload, Stage::End)]
    );
    assert!((told[1].extreme - 130.0 / 63.0).abs() < 1e-9 && told[1].channel == 1);
}

#[test]
fn rated_power_serves_where_no_current_is_rated() {
    let settings = Settings {
        rated_w: Some(10_000.0),
        ..Settings::default()
    };
    let told = all(
        &mut meter(settings),
        SECOND,
        Measure::ActivePower,
        0,
        &[20_000.0; 600],
    );
    assert_eq!(short(&told), [(What::Overload, Stage::Onset)]);
}

fn three(meter: &mut Meter, seconds: i64, measure: Measure, values: [f64; 3]) -> Vec<Finding> {
    let mut told = Vec::new();
    for k in 0..seconds {
        for (at, value) in (1..).zip(values) {
            told.extend(meter.step(k * SECOND, measure, at, value).iter());
        }
    }
    told
}

#[test]
fn imbalance_of_voltages_and_currents() {
    let settings = Settings {
        current_imbalance: Some(0.3),
        ..Settings::default()
    };
    let told = three(
        &mut meter(settings),
        61,
        Measure::Voltage,
        [230.0, 230.0, 217.0],
    );
    assert_eq!(short(&told), [(What::VoltageImbalance, Stage::Onset)]);
    let mean = (230.0 + 230.0 + 217.0) / 3.0;
    assert!((told[0].extreme - (mean - 217.0) / mean).abs() < 1e-9);
    let told = three(
        &mut meter(settings),
        61,
        Measure::Voltage,
        [230.0, 228.0, 224.0],
    );
    assert_eq!(told, [], "1.5 %");
    let told = three(
        &mut meter(settings),
        61,
        Measure::Voltage,
        [230.0, 230.0, 0.0],
    );
    assert_eq!(short(&told)[0], (INTERRUPTION, Stage::Onset));
    assert!(told.iter().all(|f| f.what != What::VoltageImbalance));
    let told = three(
        &mut meter(settings),
        61,
        Measure::Current,
        [20.0, 20.0, 5.0],
    );
    assert_eq!(short(&told), [(What::CurrentImbalance, Stage::Onset)]);
    let told = three(&mut meter(settings), 61, Measure::Current, [0.2, 0.2, 0.0]);
    assert_eq!(told, [], "currents too small to compare");
}

#[test]
fn a_meter_that_cannot_be_right() {
    let faults = |told: &[Finding]| -> Vec<(Fault, Stage)> {
        told.iter()
            .filter_map(|f| match f.what {
                What::Fault(fault) => Some((fault, f.stage)),
                _ => None,
            })
            .collect()
    };
    let told = volts(&mut meter(Settings::default()), MINUTE, &[231.4; 70]);
    assert_eq!(faults(&told), [(Fault::Stuck, Stage::Onset)]);
    let told = volts(&mut meter(Settings::default()), MINUTE, &[0.0; 70]);
    assert_eq!(faults(&told), [], "no voltage may rest");
    let together = |volts: f64, amperes: f64, watts: f64, hertz: f64| {
        let mut meter = meter(Settings::default());
        let mut told = Vec::new();
        for k in 0..120 {
            let t = k * SECOND;
            // Not to the last bit the same, so that nothing is stuck.
            let volts = volts * (1.0 + k as f64 * 1e-9);
            told.extend(meter.step(t, Measure::Voltage, 0, volts).iter());
            told.extend(meter.step(t, Measure::Current, 0, amperes).iter());
            told.extend(meter.step(t, Measure::ActivePower, 0, watts).iter());
            told.extend(meter.step(t, Measure::Frequency, 0, hertz).iter());
        }
        (faults(&told), meter.interrupted_since_us())
    };
    assert_eq!(together(230.0, 4.0, 900.0, 50.0), (vec![], None));
    assert_eq!(
        together(230.0, 0.0, 900.0, 50.0),
        (vec![(Fault::PowerWithoutCurrent, Stage::Onset)], None)
    );
    assert_eq!(together(0.0, 0.0, 0.0, 0.0), (vec![], Some(0)));
    // The voltage's tap is lost: no outage.
    assert_eq!(
        together(0.0, 4.0, 0.0, 0.0),
        (vec![(Fault::CurrentWithoutVoltage, Stage::Onset)], None)
    );
    assert_eq!(
        together(0.0, 0.0, 0.0, 50.0).0,
        [(Fault::FrequencyWithoutVoltage, Stage::Onset)]
    );
}

#[test]
fn energy_that_runs_back_and_a_register_of_single_precision() {
    let register = |values: &[f64]| {
        let told = all(
            &mut meter(Settings::default()),
            MINUTE,
            Measure::ActiveEnergy,
            0,
            values,
        );
        short(&told)
    };
    let rising: Vec<f64> = (0..100).map(|k| 1e6 + f64::from(k) * 10.0).collect();
    assert_eq!(register(&rising), []);
    let mut wrong = rising.clone();
    wrong[50] = 9e9;
    wrong[70] = 0.0;
    assert_eq!(register(&wrong), [], "one wrong reading each");
    let mut reset = rising.clone();
    reset.extend((0..100).map(f64::from));
    let backwards = What::Fault(Fault::EnergyBackwards);
    assert_eq!(
        register(&reset),
        [(backwards, Stage::Onset), (backwards, Stage::End)]
    );
    let net = Settings {
        energy_may_fall: true,
        ..Settings::default()
    };
    let told = all(&mut meter(net), MINUTE, Measure::ActiveEnergy, 0, &reset);
    assert_eq!(told, []);
}

#[test]
fn settings_that_cannot_be_meant() {
    let refused = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        Meter::new(settings).err()
    };
    assert_eq!(refused(|_| {}), None);
    assert!(refused(|s| s.nominal_v = 0.0).is_some());
    assert!(refused(|s| s.nominal_v = f64::NAN).is_some());
    assert!(refused(|s| s.rated_a = Some(-1.0)).is_some());
    assert_eq!(refused(|s| s.sag_pu = 1.0), Some(SettingsError::Order));
    assert_eq!(refused(|s| s.sag_pu = 0.11), Some(SettingsError::Order));
    assert_eq!(refused(|s| s.overload = 1.0), Some(SettingsError::Overload));
    assert_eq!(
        refused(|s| s.frequency_deviation_hz = 10.0),
        Some(SettingsError::Frequency)
    );
    assert_eq!(
        refused(|s| s.voltage_imbalance = Some(2.0)),
        Some(SettingsError::Imbalance)
    );
    assert!(refused(|s| s.gap_us = 0).is_some());
}
