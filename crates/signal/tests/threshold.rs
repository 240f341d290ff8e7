//! Laws of [`signal::threshold`].

use proptest::prelude::*;
use signal::threshold::{Kind, Limits, LimitsError, Threshold, Transition};

const SECOND: i64 = 1_000_000;

fn limits() -> Limits {
    Limits {
        above: None,
        below: None,
        hysteresis: 0.0,
        min_duration_us: 0,
        max_rate_per_s: None,
    }
}

fn all(threshold: &mut Threshold, samples: &[(i64, f64)]) -> Vec<Transition> {
    let mut told = Vec::new();
    for &(time_us, value) in samples {
        told.extend(threshold.step(time_us, value));
        told.extend(std::iter::from_fn(|| threshold.pending()));
    }
    told
}

#[test]
fn raises_after_the_minimum_duration_and_clears_by_the_hysteresis() {
    let mut threshold = Threshold::new(Limits {
        above: Some(10.0),
        hysteresis: 1.0,
        min_duration_us: 3 * SECOND,
        ..limits()
    })
    .unwrap();
    let values = [9.0, 11.0, 12.0, 9.9, 11.0, 11.0, 11.0, 11.5, 9.5, 9.0];
    let samples: Vec<_> = (0..).map(|k| k * SECOND).zip(values).collect();
    let told = all(&mut threshold, &samples);
    let raised = Transition {
        kind: Kind::Above,
        active: true,
        since_us: 4 * SECOND,
        time_us: 7 * SECOND,
        value: 11.5,
    };
    let cleared = Transition {
        active: false,
        time_us: 9 * SECOND,
        value: 9.0,
        ..raised
    };
    assert_eq!(told, [raised, cleared]);
}

#[test]
fn rate_of_change_survives_equal_times_and_a_clock_that_steps_back() {
    let mut threshold = Threshold::new(Limits {
        max_rate_per_s: Some(1.0),
        ..limits()
    })
    .unwrap();
    // Frequency of a grid: equal times, then the clock goes back an hour, then a real fall of 2 Hz/s.
    let samples = [
        (0, 50.0),
        (SECOND, 50.1),
        (SECOND, 58.0),
        (2 * SECOND, 50.1),
        (-3600 * SECOND, 45.0),
        (-3599 * SECOND, 45.1),
        (-3598 * SECOND, 43.1),
    ];
    let told = all(&mut threshold, &samples);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].kind == Kind::Rate && told[0].active && (told[0].value + 2.0).abs() < 1e-9);
}

#[test]
fn one_sample_that_changes_everything_is_told_completely() {
    let mut threshold = Threshold::new(Limits {
        above: Some(10.0),
        below: Some(-10.0),
        max_rate_per_s: Some(1.0),
        ..limits()
    })
    .unwrap();
    // Without draining: one transition per call, none lost.
    let told: Vec<_> = [
        (0, 0.0),
        (1, 20.0),
        (2, -20.0),
        (3, -20.0),
        (4, -20.0),
        (5, -20.0),
    ]
    .into_iter()
    .filter_map(|(t, v)| threshold.step(t * SECOND, v))
    .map(|t| (t.kind, t.active))
    .collect();
    let expected = [
        (Kind::Above, true),
        (Kind::Above, false),
        (Kind::Below, true),
        (Kind::Rate, true),
        (Kind::Rate, false),
    ];
    assert_eq!(told, expected);
}

#[test]
fn refuses_limits_that_make_no_sense() {
    let error = |limits| Threshold::new(limits).unwrap_err();
    assert_eq!(error(limits()), LimitsError::Empty);
    assert_eq!(
        error(Limits {
            above: Some(f64::NAN),
            ..limits()
        }),
        LimitsError::NotFinite
    );
    assert_eq!(
        error(Limits {
            above: Some(1.0),
            hysteresis: -1.0,
            ..limits()
        }),
        LimitsError::Hysteresis
    );
    assert_eq!(
        error(Limits {
            above: Some(1.0),
            min_duration_us: -1,
            ..limits()
        }),
        LimitsError::Duration
    );
    assert_eq!(
        error(Limits {
            max_rate_per_s: Some(0.0),
            ..limits()
        }),
        LimitsError::Rate
    );
    assert_eq!(
        error(Limits {
            above: Some(1.0),
            below: Some(1.0),
            ..limits()
        }),
        LimitsError::Band
    );
    assert!(error(limits()).to_string().contains("no limit"));
}

fn any_samples() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let time = prop_oneof![8 => 0..100 * SECOND, 1 => any::<i64>()];
    let value = prop_oneof![8 => -20.0..20.0, 1 => any::<f64>()];
    proptest::collection::vec((time, value), 0..200)
}

fn any_limits() -> impl Strategy<Value = Limits> {
    (
        proptest::option::of(0.0..10.0),
        proptest::option::of(-10.0..-6.0),
        0.0..5.0,
        0..20 * SECOND,
        proptest::option::of(0.1..5.0),
    )
        .prop_map(
            |(above, below, hysteresis, min_duration_us, max_rate_per_s)| Limits {
                above,
                below,
                hysteresis,
                min_duration_us,
                max_rate_per_s,
            },
        )
        .prop_filter("nothing to watch", |limits| Threshold::new(*limits).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes: no panic, and for each condition raises and clears alternate, starting with a raise.
    #[test]
    fn raises_and_clears_alternate(limits in any_limits(), samples in any_samples()) {
        let mut threshold = Threshold::new(limits).unwrap();
        let told = all(&mut threshold, &samples);
        for kind in [Kind::Above, Kind::Below, Kind::Rate] {
            let mut active = false;
            for transition in told.iter().filter(|t| t.kind == kind) {
                prop_assert_ne!(transition.active, active);
                active = transition.active;
            }
            prop_assert_eq!(active, threshold.is_active(kind));
        }
    }

    /// With times in order, a raise comes exactly when the samples beyond the limit span the duration.
    #[test]
    fn a_raise_is_justified(limits in any_limits(), mut samples in any_samples()) {
        samples.sort_by_key(|s| s.0);
        samples.retain(|s| s.1.is_finite());
        let mut threshold = Threshold::new(limits).unwrap();
        for t in all(&mut threshold, &samples).iter().filter(|t| t.active && t.kind == Kind::Above) {
            prop_assert!(t.time_us.saturating_sub(t.since_us) >= limits.min_duration_us);
            let inside = samples.iter().filter(|s| s.0 > t.since_us && s.0 < t.time_us);
            prop_assert!(inside.into_iter().all(|s| s.1 > limits.above.unwrap()));
        }
    }

    /// Ignored values change nothing.
    #[test]
    fn not_a_number_is_as_if_it_had_not_come(limits in any_limits(), samples in any_samples()) {
        let finite: Vec<_> = samples.iter().copied().filter(|s| s.1.is_finite()).collect();
        let told = all(&mut Threshold::new(limits).unwrap(), &samples);
        prop_assert_eq!(told, all(&mut Threshold::new(limits).unwrap(), &finite));
    }

    /// A signal within the hysteresis of the limit raises once and never chatters.
    #[test]
    fn no_chatter_within_the_hysteresis(noise in proptest::collection::vec(-0.99..0.99, 1..200)) {
        let mut threshold = Threshold::new(Limits { above: Some(10.0), hysteresis: 2.0, ..limits() }).unwrap();
        let samples: Vec<_> = (0..).map(|k| k * SECOND).zip(noise.iter().map(|n| 10.0 + n)).collect();
        prop_assert!(all(&mut threshold, &samples).len() <= 1);
    }
}
