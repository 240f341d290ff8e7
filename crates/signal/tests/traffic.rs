//! Traffic detectors on a made road: what is an incident, what is not, and what must not matter.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use signal::traffic::{
    Change, Combination, Congestion, Detector, Fault, Measure, Neighbours, NeighboursSettings,
    Phase,
};

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 1440 * MINUTE_US;
/// 2015-09-07, a Monday, in whole weeks and four days after the epoch.
const MONDAY_US: i64 = 1_441_584_000_000_000;

/// Small and the same every time (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 |= 1;
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Roughly normal, standard deviation 1.
    fn noise(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Speed in km/h: 100 with noise of 4, down to 70 in the rush of working days around 7:30.
fn speed(time_us: i64, dice: &mut Dice) -> f64 {
    let day = time_us.div_euclid(DAY_US).rem_euclid(7);
    let hour = time_us.rem_euclid(DAY_US) as f64 / 3.6e9;
    // The epoch was a Thursday: 2 and 3 are Saturday and Sunday.
    let working = !(day == 2 || day == 3);
    let rush = if working {
        (-((hour - 7.5) / 0.8).powi(2)).exp()
    } else {
        0.0
    };
    100.0 - 30.0 * rush + 4.0 * dice.noise()
}

/// Steps a detector through `days` at `step` minutes; `change` alters values.
fn drive(
    detector: &mut Detector,
    days: std::ops::Range<i64>,
    step: i64,
    seed: u64,
    change: impl Fn(i64, f64) -> f64,
) -> Vec<(i64, Change)> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut told = Vec::new();
    for minute in (days.start * 1440..days.end * 1440).step_by(step as usize) {
        let time_us = MONDAY_US + minute * MINUTE_US;
        let value = change(minute, speed(time_us, &mut dice));
        let taken = detector.step(time_us, value);
        assert!((0.0..=1.0).contains(&taken.score));
        told.extend(taken.changes().map(|change| (minute, change)));
    }
    told
}

fn onsets(told: &[(i64, Change)]) -> Vec<i64> {
    told.iter()
        .filter(|(_, change)| matches!(change, Change::Onset { .. }))
        .map(|(minute, _)| *minute)
        .collect()
}

/// Wednesday of the third week, 14:00.
const ACCIDENT: i64 = 16 * 1440 + 14 * 60;

fn accident(minute: i64, value: f64) -> f64 {
    if (ACCIDENT..ACCIDENT + 60).contains(&minute) {
        value * 0.4
    } else {
        value
    }
}

#[test]
fn an_accident_is_told_and_so_is_its_end() {
    for step in [1, 5, 10] {
        let mut detector = Detector::new(Measure::Speed);
        let told = drive(&mut detector, 0..18, step, 1, accident);
        let late: Vec<_> = told.iter().filter(|(m, _)| *m >= 7 * 1440).collect();
        let onset = late
            .iter()
            .find(|(_, c)| matches!(c, Change::Onset { .. }))
            .expect("an onset");
        assert!(
            (ACCIDENT..=ACCIDENT + 2 * step).contains(&onset.0),
            "{onset:?}"
        );
        let Change::Onset {
            worse,
            confidence,
            deviate,
            expected,
            ..
        } = onset.1
        else {
            unreachable!()
        };
        assert!(worse && deviate < -4.0 && (90.0..110.0).contains(&expected));
        assert!((0.5..1.0).contains(&confidence), "{confidence}");
        let end = late
            .iter()
            .find(|(m, c)| *m >= ACCIDENT && matches!(c, Change::End { .. }))
            .expect("an end");
        assert!((ACCIDENT + 60..=ACCIDENT + 75).contains(&end.0), "{end:?}");
        assert!(!detector.in_incident());
        let later: Vec<i64> = onsets(&told)
            .into_iter()
            .filter(|m| *m > 4 * 1440)
            .collect();
        assert_eq!(later.len(), 1, "at {step} min: {told:?}");
    }
}

#[test]
fn a_known_rush_hour_is_no_incident_and_an_accident_in_it_is() {
    let mut detector = Detector::new(Measure::Speed);
    let told = drive(&mut detector, 0..28, 5, 3, |_, v| v);
    let learnt: Vec<i64> = onsets(&told)
        .into_iter()
        .filter(|m| *m > 4 * 1440)
        .collect();
    assert!(learnt.is_empty(), "{learnt:?}");
    // Monday of the fifth week, 7:30: 15 km/h where 70 are usual.
    let at = 28 * 1440 + 450;
    let told = drive(&mut detector, 28..29, 5, 4, |minute, value| {
        if (at..at + 40).contains(&minute) {
            15.0 + value * 0.01
        } else {
            value
        }
    });
    assert_eq!(onsets(&told).len(), 1, "{told:?}");
    assert!((at..=at + 5).contains(&onsets(&told)[0]));
}

#[test]
fn an_incident_scores_once_as_news() {
    let mut detector = Detector::new(Measure::Speed);
    drive(&mut detector, 0..14, 5, 5, |_, v| v);
    let mut dice = Dice(99);
    let mut high = 0;
    for k in 0..24 {
        let time_us = MONDAY_US + 14 * DAY_US + (12 * 60 + k * 5) * MINUTE_US;
        let value = 30.0 + dice.noise();
        high += i32::from(detector.step(time_us, value).score > 0.5);
    }
    assert!(
        (1..=2).contains(&high),
        "{high} of 24 samples of one incident"
    );
}

#[test]
fn a_month_without_data_changes_nothing() {
    let mut detector = Detector::new(Measure::Speed);
    drive(&mut detector, 0..21, 5, 6, |_, v| v);
    let told = drive(&mut detector, 49..56, 5, 7, |_, v| v);
    assert!(onsets(&told).is_empty(), "{told:?}");
}

#[test]
fn road_works_become_the_new_level() {
    let mut detector = Detector::new(Measure::Speed);
    drive(&mut detector, 0..14, 5, 8, |_, v| v);
    let told = drive(&mut detector, 14..21, 5, 9, |_, v| v * 0.5);
    let learnt = told.iter().any(|(_, c)| {
        matches!(
            c,
            Change::End {
                new_level: true,
                ..
            }
        )
    });
    assert!(learnt, "{told:?}");
    assert!(!detector.in_incident());
    let after = drive(&mut detector, 21..25, 5, 10, |_, v| v * 0.5);
    assert!(onsets(&after).len() <= 1, "{after:?}");
}

#[test]
fn congestion_is_relative_to_free_flow_with_hysteresis() {
    let mut detector = Detector::new(Measure::Speed);
    drive(&mut detector, 0..3, 5, 11, |_, v| v);
    assert_eq!(detector.congestion(), Congestion::Free);
    let free = detector.free_flow().expect("known after three days");
    assert!((98.0..108.0).contains(&free), "{free}");
    let mut at = MONDAY_US + 3 * DAY_US;
    let mut run = |value: f64| {
        for _ in 0..3 {
            at += 5 * MINUTE_US;
            detector.step(at, value);
        }
        detector.congestion()
    };
    assert_eq!(run(70.0), Congestion::Dense);
    assert_eq!(run(80.0), Congestion::Dense, "within the hysteresis");
    assert_eq!(run(45.0), Congestion::Congested);
    assert_eq!(run(55.0), Congestion::Congested, "within the hysteresis");
    assert_eq!(run(65.0), Congestion::Dense);
    assert_eq!(run(100.0), Congestion::Free);
}

#[test]
fn a_stuck_sensor_is_told_and_teaches_nothing() {
    let mut detector = Detector::new(Measure::Speed);
    drive(&mut detector, 0..7, 5, 12, |_, v| v.round());
    let told = drive(&mut detector, 7..8, 5, 13, |_, _| 100.0);
    let faults: Vec<_> = told
        .iter()
        .filter(|(_, c)| {
            matches!(
                c,
                Change::Fault {
                    fault: Fault::Stuck,
                    active: true,
                    ..
                }
            )
        })
        .collect();
    assert_eq!(faults.len(), 1, "{told:?}");
    assert!((7 * 1440 + 60..=7 * 1440 + 120).contains(&faults[0].0));
    assert_eq!(detector.fault(), Some(Fault::Stuck));
    drive(&mut detector, 8..9, 5, 14, |_, v| v.round());
    assert_eq!(detector.fault(), None);
}

/// At night an empty road reports no vehicle for hours: that is not stuck.
#[test]
fn an_empty_road_at_night_is_not_stuck() {
    let mut detector = Detector::new(Measure::Occupancy);
    let mut dice = Dice(15);
    for minute in (0..14 * 1440).step_by(5) {
        let night = minute % 1440 < 300;
        let value = if night {
            0.0
        } else {
            (5.0 + dice.noise()).max(0.0)
        };
        detector.step(MONDAY_US + minute * MINUTE_US, value);
        assert!(
            detector.fault().is_none() || minute < 7 * 1440,
            "minute {minute}"
        );
    }
}

#[test]
fn out_of_range_is_a_fault_and_not_an_incident() {
    let mut detector = Detector::new(Measure::Occupancy);
    let mut told = Vec::new();
    for k in 0..600_i64 {
        let value = if (500..510).contains(&k) {
            655.35
        } else {
            5.0 + (k % 7) as f64
        };
        told.extend(detector.step(k * 5 * MINUTE_US, value).changes());
    }
    let faults: Vec<bool> = told
        .iter()
        .filter_map(|c| match c {
            Change::Fault {
                fault: Fault::OutOfRange,
                active,
                ..
            } => Some(*active),
            _ => None,
        })
        .collect();
    assert_eq!(faults, [true, false]);
    assert!(!told.iter().any(|c| matches!(c, Change::Onset { .. })));
}

#[test]
fn flow_without_occupancy_is_impossible() {
    let mut check = Combination::new();
    let mut interval = |k: i64, speed: f64, occupancy: f64, flow: f64| {
        let at = k * 5 * MINUTE_US;
        [
            check.step(Measure::Speed, at, speed),
            check.step(Measure::Occupancy, at, occupancy),
            check.step(Measure::Flow, at, flow),
        ]
        .into_iter()
        .flatten()
        .last()
    };
    for k in 0..10 {
        // 900 vehicles of 7 m in one hour at 90 km/h cover 7 %.
        assert_eq!(interval(k, 90.0, 7.0, 900.0), None);
    }
    let told: Vec<_> = (10..20)
        .filter_map(|k| interval(k, 90.0, 0.0, 900.0))
        .collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].1);
    let told: Vec<_> = (20..30)
        .filter_map(|k| interval(k, 90.0, 7.0, 900.0))
        .collect();
    assert_eq!(told.len(), 1);
    assert!(!told[0].1);
    // A standing queue: covered, nothing passes. Possible.
    for k in 30..40 {
        assert_eq!(interval(k, 0.0, 95.0, 0.0), None);
    }
}

#[test]
fn an_incident_between_neighbours_goes_through_its_states() {
    let mut pair = Neighbours::new(NeighboursSettings::default());
    let mut phases = Vec::new();
    for k in 0..20_i64 {
        let at = k * 5 * MINUTE_US;
        let (up, down) = if (8..14).contains(&k) {
            (35.0, 4.0)
        } else {
            (8.0, 7.0)
        };
        phases.extend(pair.upstream(at, up));
        phases.extend(pair.downstream(at, down));
    }
    assert_eq!(
        phases,
        [
            Phase::Tentative,
            Phase::Confirmed,
            Phase::Continuing,
            Phase::Free
        ]
    );
    // Both fill up: the queue reaches past both. Until the second one's value is there it may look otherwise, and is not believed.
    for k in 20..30_i64 {
        let at = k * 5 * MINUTE_US;
        assert_ne!(pair.upstream(at, 45.0), Some(Phase::Confirmed));
        assert_ne!(pair.downstream(at, 40.0), Some(Phase::Confirmed));
        assert_eq!(pair.phase(), Phase::Free);
    }
    // One is silent.
    for k in 30..60_i64 {
        assert_eq!(pair.upstream((k + 100) * 5 * MINUTE_US, 60.0), None);
    }
}

fn scores(record: &[(i64, f64)], change: impl Fn(i64, f64) -> (i64, f64)) -> Vec<f64> {
    let mut detector = Detector::new(Measure::Other);
    record
        .iter()
        .map(|(t, v)| {
            let (t, v) = change(*t, *v);
            detector.step(t, v).score
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, rng_seed: RngSeed::Fixed(5), ..ProptestConfig::default() })]

    /// Unit, offset and sign do not matter; nor do whole weeks.
    #[test]
    fn scores_do_not_depend_on_units(seed: u64, scale in 0.01..100.0_f64, offset in -1e3..1e3_f64, mirrored: bool, weeks in -100..100_i64) {
        let mut dice = Dice(seed);
        let record: Vec<(i64, f64)> = (0..4000_i64)
            .map(|k| {
                let t = MONDAY_US + k * 5 * MINUTE_US;
                (t, accident(k * 5, speed(t, &mut dice)) + if k % 997 == 996 { -60.0 } else { 0.0 })
            })
            .collect();
        let scale = if mirrored { -scale } else { scale };
        let plain = scores(&record, |t, v| (t, v));
        let changed = scores(&record, |t, v| (t + weeks * 7 * DAY_US, v * scale + offset * scale));
        for (k, (a, b)) in plain.iter().zip(&changed).enumerate() {
            // Offsets are kept in single precision; and what is just news may just not be.
            prop_assert!((a - b).abs() < 1e-4 || a.min(*b) == 0.0 && a.max(*b) < 0.5, "row {}: {} and {}", k, a, b);
        }
    }

    /// Holes in the record, and rubbish in them, do not make incidents.
    #[test]
    fn gaps_are_no_incidents(seed: u64, from in 3000..4000_i64, length in 1..2000_i64) {
        let mut detector = Detector::new(Measure::Speed);
        let mut dice = Dice(seed);
        let mut told = Vec::new();
        for k in 0..7000_i64 {
            let t = MONDAY_US + k * 5 * MINUTE_US;
            let value = speed(t, &mut dice);
            if (from..from + length).contains(&k) {
                for rubbish in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    prop_assert_eq!(detector.step(t, rubbish).score, 0.0);
                }
            } else {
                told.extend(detector.step(t, value).changes().map(|c| (k * 5, c)));
            }
        }
        let late: Vec<i64> = onsets(&told).into_iter().filter(|m| *m > 10 * 1440).collect();
        prop_assert!(late.is_empty(), "{:?}", late);
    }

    /// Values every 20 s, every minute or every 5 minutes: the accident is told within a quarter of an hour, and nothing else is.
    #[test]
    fn any_sampling_tells_the_accident(seed: u64, which in 0..4_usize, flow: bool, scale in 0.5..200.0_f64) {
        let step_s = [20_i64, 30, 60, 300][which];
        // Speeds as they are, or flows of any size: what is usual is learnt.
        let (measure, scale) = if flow { (Measure::Flow, scale) } else { (Measure::Speed, 1.0) };
        let mut detector = Detector::new(measure);
        let mut dice = Dice(seed);
        let mut told = Vec::new();
        for k in 0..21 * 86_400 / step_s {
            let t = MONDAY_US + k * step_s * 1_000_000;
            let minute = k * step_s / 60;
            let value = accident(minute, speed(t, &mut dice)) * scale;
            told.extend(detector.step(t, value).changes().map(|c| (minute, c)));
        }
        let late: Vec<i64> = onsets(&told).into_iter().filter(|m| *m > 10 * 1440).collect();
        prop_assert!(late.len() == 1 && (ACCIDENT..ACCIDENT + 15).contains(&late[0]), "every {} s: {:?}", step_s, late);
    }

    /// Anything may come: no panic, no number that is not one, and it recovers.
    #[test]
    fn survives_anything(samples in proptest::collection::vec((any::<i64>(), prop_oneof![4 => -100.0..200.0, 1 => any::<f64>()]), 0..300), sort: bool, which in 0..5_usize) {
        let mut samples = samples;
        if sort { samples.sort_by_key(|s| s.0); }
        let measure = [Measure::Speed, Measure::Occupancy, Measure::Flow, Measure::TravelTime, Measure::Other][which];
        let mut detector = Detector::new(measure);
        let (mut check, mut pair) = (Combination::new(), Neighbours::new(NeighboursSettings::default()));
        for (t, v) in samples {
            let step = detector.step(t, v);
            prop_assert!((0.0..=1.0).contains(&step.score) && step.deviate.is_finite());
            check.step(measure, t, v);
            pair.upstream(t, v);
            pair.downstream(t.wrapping_add(1), v);
        }
    }
}

/// Labelled incidents of a public detector (speed_7578 of the Numenta Anomaly Benchmark): each is told. Without the data this says so.
#[test]
fn recorded_incidents_are_told() {
    let folder = std::env::var("WATCHFIRE_DATA").unwrap_or_else(|_| "../../../shared/data".into());
    let path = std::path::Path::new(&folder).join("traffic/speed_7578.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {}", path.display());
        return;
    };
    let mut detector = Detector::new(Measure::Other);
    let mut told = Vec::new();
    for line in text.lines().skip(1) {
        let (time, value) = line.split_once(',').expect("two columns");
        // September 2015: 2015-09-DD HH:MM:SS.
        let part = |range: std::ops::Range<usize>| time[range].parse::<i64>().expect("a number");
        let minute = (part(8..10) - 7) * 1440 + part(11..13) * 60 + part(14..16);
        let step = detector.step(
            MONDAY_US + minute * MINUTE_US,
            value.parse().expect("a value"),
        );
        if step.changes().any(|c| matches!(c, Change::Onset { .. })) {
            told.push(minute);
        }
    }
    let minute = |day: i64, hour: i64, minute: i64| (day - 7) * 1440 + hour * 60 + minute;
    for (from, to) in [
        (minute(11, 15, 34), minute(11, 17, 54)),
        (minute(15, 13, 26), minute(15, 15, 54)),
        (minute(16, 13, 4), minute(16, 15, 20)),
        (minute(16, 16, 0), minute(16, 18, 20)),
    ] {
        assert!(
            told.iter().any(|m| (from..=to).contains(m)),
            "{from}..{to}: {told:?}"
        );
    }
    assert!(told.len() <= 8, "{told:?}");
}
