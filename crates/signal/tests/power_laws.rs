//! Laws of [`signal::power`]: what holds for any readings.

use proptest::prelude::*;
use signal::power::{Finding, Measure, Meter, Settings, Stage};

const SECOND: i64 = 1_000_000;

fn meter(settings: Settings) -> Meter {
    Meter::new(settings).expect("sound settings")
}

fn measure() -> impl Strategy<Value = Measure> {
    prop_oneof![
        Just(Measure::Voltage),
        Just(Measure::Current),
        Just(Measure::ActivePower),
        Just(Measure::Frequency),
        Just(Measure::ActiveEnergy),
    ]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..300.0_f64,
        2 => Just(230.0),
        1 => Just(50.0),
        1 => Just(0.0),
        1 => prop::num::f64::ANY,
    ]
}

proptest! {
    /// Whatever comes: no panic, conditions begin before they end, lengths are in order, extremes are numbers.
    #[test]
    fn anything_goes(
        readings in prop::collection::vec(
            (prop_oneof![9 => 0..100_000_000_i64, 1 => any::<i64>()], measure(), 0..6_usize, value()),
            0..300,
        ),
        rated in prop::option::of(1.0..100.0_f64),
    ) {
        let mut meter = meter(Settings {
            rated_a: rated,
            current_imbalance: rated.map(|_| 0.3),
            ..Settings::default()
        });
        let mut on = std::collections::BTreeSet::new();
        let mut time_us = 0_i64;
        for (step_us, measure, channel, value) in readings {
            time_us = time_us.wrapping_add(step_us);
            for finding in meter.step(time_us, measure, channel, value).iter() {
                let key = (format!("{:?}", finding.what), finding.channel);
                match finding.stage {
                    Stage::Onset => prop_assert!(on.insert(key)),
                    Stage::Sustained => prop_assert!(on.contains(&key)),
                    Stage::End => prop_assert!(on.remove(&key)),
                }
                prop_assert!(finding.span.least_us >= 0);
                prop_assert!(finding.span.most_us >= finding.span.least_us);
                prop_assert!(!finding.extreme.is_nan());
            }
        }
    }

    /// Values that are not finite change nothing.
    #[test]
    fn what_is_no_number_changes_nothing(
        values in prop::collection::vec(0.0..300.0_f64, 1..100),
        at in 0..100_usize,
        nothing in prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
    ) {
        let (mut a, mut b) = (meter(Settings::default()), meter(Settings::default()));
        for (k, value) in values.iter().enumerate() {
            let time_us = k as i64 * SECOND;
            if k == at {
                prop_assert!(b.step(time_us, Measure::Voltage, 0, nothing).is_empty());
            }
            prop_assert_eq!(
                a.step(time_us, Measure::Voltage, 0, *value),
                b.step(time_us, Measure::Voltage, 0, *value)
            );
        }
        prop_assert_eq!(a, b);
    }

    /// 120 V, 230 V or 400 V: the same findings at the same times. A power of two keeps the bits.
    #[test]
    fn findings_scale_with_the_nominal_voltage(
        values in prop::collection::vec(0.0..300.0_f64, 1..200),
        power in -3..4_i32,
        start_us in -1_000_000_000_000..1_000_000_000_000_i64,
    ) {
        let factor = 2.0_f64.powi(power);
        let mut a = meter(Settings::default());
        let mut b = meter(Settings { nominal_v: 230.0 * factor, ..Settings::default() });
        for (k, value) in values.iter().enumerate() {
            let time_us = k as i64 * SECOND;
            let one: Vec<Finding> = a.step(time_us, Measure::Voltage, 0, *value).iter().copied().collect();
            let other: Vec<Finding> = b
                .step(start_us + time_us, Measure::Voltage, 0, value * factor)
                .iter()
                .map(|f| Finding {
                    time_us: f.time_us - start_us,
                    since_us: f.since_us - start_us,
                    extreme: f.extreme / factor,
                    ..*f
                })
                .collect();
            prop_assert_eq!(one, other);
        }
    }

    /// Leaving readings out can only widen what is said of the length.
    #[test]
    fn fewer_readings_widen_the_span(length in 2..200_usize, every in 1..10_usize) {
        let mut values = vec![230.0; 20];
        values.extend(vec![200.0; length]);
        values.extend(vec![230.0; 20]);
        let end = |every: usize| {
            let mut meter = meter(Settings::default());
            let mut last = None;
            for (k, value) in values.iter().enumerate().step_by(every) {
                for f in meter.step(k as i64 * SECOND, Measure::Voltage, 0, *value).iter() {
                    if f.stage == Stage::End {
                        last = Some(f.span);
                    }
                }
            }
            last
        };
        let full = end(1).expect("seen");
        if let Some(thin) = end(every) {
            prop_assert!(thin.least_us <= full.least_us && thin.most_us >= full.most_us);
        }
        let true_us = length as i64 * SECOND;
        prop_assert!(full.least_us <= true_us && true_us <= full.most_us);
    }
}
