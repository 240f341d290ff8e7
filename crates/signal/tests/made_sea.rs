//! The tsunami detector on made-up seas: what it must find, what it must leave alone, and what it must survive.
//! The tide has two diurnal and three semidiurnal constituents, the noise is seeded.

mod dice;

use dice::Dice;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use signal::tsunami::{Change, Detector, Settings, Sign, Step};
use std::f64::consts::TAU;

const SECOND: i64 = 1_000_000;
const HOUR_S: f64 = 3600.0;

/// 24 seas a law unless the environment asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(24)
}

/// Periods in hours and shares of the range: M2, S2, N2, K1, O1.
const CONSTITUENTS: [(f64, f64); 5] = [
    (12.4206, 1.0),
    (12.0, 0.4),
    (12.6583, 0.2),
    (23.9345, 0.4),
    (25.8193, 0.3),
];

struct Sea {
    level_m: f64,
    m2_m: f64,
    phases: [f64; 5],
    noise_m: f64,
    dice: Dice,
}

impl Sea {
    fn new(seed: u64, m2_m: f64, noise_m: f64) -> Self {
        let mut dice = Dice(seed | 1);
        let phases = std::array::from_fn(|_| TAU * dice.uniform());
        Self {
            level_m: 5662.195,
            m2_m,
            phases,
            noise_m,
            dice,
        }
    }
    fn height(&mut self, t_s: f64) -> f64 {
        let tide: f64 = CONSTITUENTS
            .iter()
            .zip(self.phases)
            .map(|(&(period_h, share), phase)| {
                share * self.m2_m * (TAU * t_s / (period_h * HOUR_S) + phase).cos()
            })
            .sum();
        self.level_m + tide + self.noise_m * self.dice.normal()
    }
}

/// Steps through a sea every `step_s` from 0 to `until_s`, with something added.
fn watch(
    sea: &mut Sea,
    step_s: f64,
    until_s: f64,
    mut added: impl FnMut(f64) -> f64,
) -> Vec<(f64, Change)> {
    let mut detector = Detector::new(Settings::default());
    let mut changes = Vec::new();
    for k in 0..(until_s / step_s) as i64 {
        let t_s = k as f64 * step_s;
        let step = detector.step((t_s * 1e6) as i64, sea.height(t_s) + added(t_s));
        changes.extend(step.change.map(|change| (t_s, change)));
    }
    changes
}

fn onsets(changes: &[(f64, Change)]) -> Vec<(f64, Change)> {
    changes
        .iter()
        .copied()
        .filter(|(_, change)| matches!(change, Change::Onset { .. }))
        .collect()
}

/// A wave train: grows within half a period, decays over six.
fn train(t_s: f64, from_s: f64, amplitude_m: f64, period_s: f64) -> f64 {
    let s = (t_s - from_s) / period_s;
    if s < 0.0 {
        0.0
    } else {
        amplitude_m * 1.1 * (TAU * s).sin() * (-s / 6.0).exp()
    }
}

/// A day of quiet sea and then a train of surface waves. Dispersed: the period shortens by a quarter as the train passes;
/// emerges within a tenth, then decays.
fn shake(seed: u64, step_s: f64, size_m: f64, period_s: f64, long_s: f64) -> Vec<(f64, Change)> {
    let waves = |t: f64| {
        let s = t / long_s;
        if s < 0.0 {
            return 0.0;
        }
        let envelope = (s * 10.0).min(1.0) * (-3.0 * (s - 0.1).max(0.0)).exp();
        size_m * envelope * (TAU * t / period_s * (1.0 + s / 6.0)).sin()
    };
    let from_s = 20.0 * HOUR_S + (seed % 3000) as f64;
    watch(
        &mut Sea::new(seed, 0.5, 0.002),
        step_s,
        from_s + 3.0 * HOUR_S,
        |t| {
            // Instruments integrate: DART over 15 s.
            let points = if step_s > 1.0 { 15 } else { 1 };
            (0..points)
                .map(|k| waves(t - f64::from(k) - from_s))
                .sum::<f64>()
                / f64::from(points)
        },
    )
}

/// Sampled once a minute, a narrow wave train can alias to a coherent swing of ten minutes, and then nothing in the record tells
/// it from a tsunami. That must stay rare; [`signal::seismic::seismic_window`] tells a caller when to doubt.
#[test]
fn shaking_sampled_once_a_minute_is_rarely_mistaken() {
    let mut dice = Dice(2011);
    let mut mistaken = 0;
    for seed in 0..300 {
        let (size_m, period_s) = (0.05 + 3.0 * dice.uniform(), 8.0 + 32.0 * dice.uniform());
        let changes = shake(
            seed * 7919 + 1,
            60.0,
            size_m,
            period_s,
            240.0 + 1560.0 * dice.uniform(),
        );
        mistaken += i32::from(!onsets(&changes).is_empty());
    }
    println!("surface waves sampled once a minute: {mistaken} of 300 trains mistaken");
    assert!(mistaken <= 33, "{mistaken} of 300");
}

proptest! {
    // The same seas every time, so that a rare borderline sea does not stop somebody else's work.
    // PROPTEST_CASES=300 tries more.
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, rng_seed: RngSeed::Fixed(9), ..ProptestConfig::default() })]

    /// Quiet seas of any tide stay quiet, from the first sample on.
    #[test]
    fn a_tide_is_not_a_tsunami(seed: u64, m2_m in 0.0..2.5_f64, noise_m in 0.0005..0.02_f64, step in 0..4_usize) {
        let step_s = [5.0, 15.0, 60.0, 900.0][step];
        let changes = watch(&mut Sea::new(seed, m2_m, noise_m), step_s, 4.0 * 24.0 * HOUR_S, |_| 0.0);
        prop_assert!(onsets(&changes).is_empty(), "{:?}", onsets(&changes));
    }

    /// A tsunami on a known tide is found before its first wave has passed, with its sign and its size.
    #[test]
    fn a_tsunami_is_found(
        seed: u64, m2_m in 0.0..1.5_f64, amplitude_m in 0.15..3.0_f64, rises: bool, period_min in 10.0..40.0_f64, step in 0..4_usize,
    ) {
        let step_s = [1.0, 5.0, 15.0, 60.0][step];
        let (from_s, period_s) = (30.0 * HOUR_S + (seed % 40_000) as f64, period_min * 60.0);
        let signed_m = if rises { amplitude_m } else { -amplitude_m };
        let changes = watch(&mut Sea::new(seed, m2_m, 0.002), step_s, from_s + 20_000.0, |t| train(t, from_s, signed_m, period_s));
        let found = onsets(&changes);
        prop_assert_eq!(found.len(), 1, "{:?}", found);
        let (at_s, Change::Onset { onset_us, sign, .. }) = found[0] else { unreachable!() };
        // Its first half wave lasts half a period; 4.5 minutes are the low-pass, the confirmation and the sampling.
        prop_assert!(at_s > from_s && at_s < from_s + period_s / 2.0 + 270.0, "{} s late", at_s - from_s);
        prop_assert_eq!(sign, if rises { Sign::Rise } else { Sign::Fall });
        let onset_error_s = onset_us as f64 * 1e-6 - from_s;
        prop_assert!(onset_error_s.abs() < 180.0 + 0.1 * period_s, "onset off by {onset_error_s} s");
        let size = changes.iter().filter_map(|(_, c)| match *c { Change::Growth { amplitude_m, period_s, .. } => Some((amplitude_m, period_s)), _ => None }).next_back();
        let (size_m, told_s) = size.expect("an amplitude");
        // The true largest excursion is the first: 1.1 exp(-1/24) = 1.055.
        prop_assert!((size_m.abs() / (1.055 * amplitude_m) - 1.0).abs() < 0.2, "{size_m} of {amplitude_m}");
        let told_s = told_s.unwrap_or_else(|| panic!("no period: {changes:?}"));
        prop_assert!((told_s / period_s - 1.0).abs() < 0.75, "{told_s} of {period_s}");
    }

    /// Another epoch, another datum, upside down: the same calls. Half of the samples, or some missing: still a call, little later.
    #[test]
    fn calls_do_not_depend_on_epoch_datum_sign_or_sampling(
        seed: u64, amplitude_m in 0.02..0.5_f64, period_min in 12.0..40.0_f64, days in -20_000..20_000_i64, level in -1000..1000_i32,
    ) {
        let from_s = 30.0 * HOUR_S + (seed % 40_000) as f64;
        let mut sea = Sea::new(seed, 0.4, 0.001);
        let series: Vec<(i64, f64)> = (0..50 * 60 * 2)
            .map(|k| f64::from(k) * 30.0)
            .map(|t| ((t * 1e6) as i64, sea.height(t) + train(t, from_s, amplitude_m, period_min * 60.0)))
            .collect();
        let calls = |series: &mut dyn Iterator<Item = (i64, f64)>| -> Vec<(i64, f64)> {
            let mut detector = Detector::new(Settings::default());
            series.filter_map(|(t, h)| match detector.step(t, h).change { Some(Change::Onset { sign, .. }) => Some((t, sign.factor())), _ => None }).collect()
        };
        let plain = calls(&mut series.iter().copied());
        prop_assert_eq!(plain.len(), 1, "{:?}", plain);
        let shift_us = days * 86_400 * SECOND;
        let shifted = calls(&mut series.iter().map(|&(t, h)| (t + shift_us, f64::from(level) - h)));
        let back: Vec<_> = shifted.iter().map(|&(t, s)| (t - shift_us, -s)).collect();
        prop_assert_eq!(&back, &plain);
        let halved = calls(&mut series.iter().copied().step_by(2));
        let holed = calls(&mut series.iter().copied().enumerate().filter(|(k, _)| k % 7 != 3).map(|(_, s)| s));
        for other in [halved, holed] {
            prop_assert_eq!(other.len(), 1, "{:?}", other);
            prop_assert!((other[0].0 - plain[0].0).abs() < (period_min * 60.0 * 0.6e6) as i64, "{:?} {:?}", other, plain);
        }
    }

    /// Surface waves of any size, aliased or not, are shaking and not a tsunami.
    #[test]
    fn shaking_is_not_a_tsunami(
        seed: u64, size_m in 0.05..3.0_f64, period_s in 8.0..40.0_f64, minutes in 4.0..30.0_f64, fast: bool,
    ) {
        let step_s = if fast { 1.0 } else { 15.0 };
        let changes = shake(seed, step_s, size_m, period_s, minutes * 60.0);
        prop_assert!(onsets(&changes).is_empty(), "{:?}", changes);
        let told = changes.iter().any(|(_, c)| matches!(c, Change::Shaking { .. }));
        prop_assert!(told || size_m < 0.5 || period_s < 20.0, "shaking is told");
    }

    /// Spikes alone mean nothing, whatever their size.
    #[test]
    fn spikes_are_not_a_tsunami(seed: u64, size_m in -50.0..50.0_f64, step in 0..4_usize) {
        let step_s = [1.0, 15.0, 60.0, 900.0][step];
        let changes = watch(&mut Sea::new(seed, 0.5, 0.002), step_s, 40.0 * HOUR_S, |t| {
            if (t / step_s) as i64 % 97 == 50 { size_m } else { 0.0 }
        });
        prop_assert!(onsets(&changes).is_empty(), "{:?}", onsets(&changes));
    }

    /// Anything may come: no panic, no number that is not one, and heights and times only matter as differences.
    #[test]
    fn survives_anything(
        samples in proptest::collection::vec((prop_oneof![6 => 0..20_000 * SECOND, 1 => any::<i64>()], prop_oneof![6 => -3.0..3.0, 1 => any::<f64>()]), 0..400),
        sort: bool,
    ) {
        let mut samples = samples;
        if sort { samples.sort_by_key(|s| s.0); }
        let mut detector = Detector::new(Settings::default());
        for (t, v) in samples {
            let Step { slow_m, noise_m, threshold_m, .. } = detector.step(t, v);
            prop_assert!(slow_m.is_finite() && noise_m.is_finite() && !threshold_m.is_nan());
        }
        // Still alive: a quiet sea settles it.
        let mut last = None;
        for k in 0..2000_i64 { last = Some(detector.step(i64::MAX - (2000 - k) * 60 * SECOND, 4.0)); }
        prop_assert!(last.unwrap().slow_m.abs() < last.unwrap().threshold_m, "{:?}", last);
    }
}

#[test]
fn a_step_is_no_wave_and_becomes_the_new_level() {
    // A step takes one sample, a wave minutes; three flat minutes on both sides tell. What comes after is measured from there.
    for (step_s, size_m) in [
        (15.0, 0.5),
        (60.0, 0.5),
        (60.0, 0.05),
        (60.0, -0.2),
        (15.0, 0.03),
    ] {
        let wave_s = 33.0 * HOUR_S;
        let changes = watch(&mut Sea::new(7, 0.6, 0.001), step_s, 36.0 * HOUR_S, |t| {
            (if t > 30.0 * HOUR_S { size_m } else { 0.0 }) + train(t, wave_s, 0.1, 1200.0)
        });
        let found = onsets(&changes);
        assert_eq!(found.len(), 1, "{size_m} m every {step_s} s: {changes:?}");
        assert!(
            found[0].0 > wave_s && found[0].0 < wave_s + 600.0,
            "{found:?}"
        );
    }
}

#[test]
fn a_gap_with_another_level_behind_it_is_no_tsunami() {
    let mut sea = Sea::new(3, 0.6, 0.002);
    let mut detector = Detector::new(Settings::default());
    for minute in 0..4000_i64 {
        let t_s = minute as f64 * 60.0;
        let gap = (2000..2400).contains(&minute);
        let height_m = sea.height(t_s) + if minute < 2000 { 0.0 } else { 0.15 };
        if !gap {
            let change = detector.step(minute * 60 * SECOND, height_m).change;
            assert!(
                !matches!(change, Some(Change::Onset { .. })),
                "minute {minute}"
            );
        }
    }
}

#[test]
fn late_equal_and_missing_samples_change_nothing_that_matters() {
    let mut plain = Detector::new(Settings::default());
    let mut disturbed = Detector::new(Settings::default());
    let (mut a, mut b) = (Sea::new(5, 0.6, 0.0), Sea::new(5, 0.6, 0.0));
    for minute in 0..3000_i64 {
        let (t_s, t_us) = (minute as f64 * 60.0, minute * 60 * SECOND);
        let wave = train(t_s, 120_000.0, 0.3, 1200.0);
        let one = plain.step(t_us, a.height(t_s) + wave);
        let two = disturbed.step(t_us, b.height(t_s) + wave);
        assert_eq!(one, two, "minute {minute}");
        for ignored in [f64::NAN, f64::INFINITY, 1e300, -9e9] {
            assert!(disturbed.step(t_us, ignored).residual_m.is_nan());
        }
        assert!(disturbed.step(t_us - SECOND, 5000.0).residual_m.is_nan());
    }
    assert_eq!(plain, disturbed);
    // Equal times: the burst of a DART, four samples with one time stamp.
    let mut burst = Detector::new(Settings::default());
    let mut found = 0;
    for minute in 0..3000_i64 {
        for quarter in 0..4 {
            let t_s = minute as f64 * 60.0 + f64::from(quarter) * 15.0;
            let change = burst
                .step(
                    minute * 60 * SECOND,
                    a.height(t_s) + train(t_s, 120_000.0, 0.3, 1200.0),
                )
                .change;
            found += i32::from(matches!(change, Some(Change::Onset { .. })));
        }
    }
    assert_eq!(found, 1);
}

#[test]
fn silence_does_not_end_an_event() {
    let mut sea = Sea::new(11, 0.3, 0.002);
    let mut detector = Detector::new(Settings::default());
    for minute in 0..2100_i64 {
        let t_s = minute as f64 * 60.0;
        detector.step(
            minute * 60 * SECOND,
            sea.height(t_s) + train(t_s, 120_000.0, 0.4, 1200.0),
        );
    }
    assert!(detector.in_event());
    // Five hours without data, then one quiet sample.
    let t_s = (2100.0 + 300.0) * 60.0;
    let step = detector.step((t_s * 1e6) as i64, sea.height(t_s));
    assert!(detector.in_event() && step.change.is_none(), "{step:?}");
}

/// Short waves sampled once a minute look like surface waves that alias, and wait until those would have passed.
#[test]
fn short_waves_sampled_once_a_minute_are_called_within_a_quarter_of_an_hour() {
    for period_min in [8.0, 9.0, 10.0, 12.0] {
        for seed in 0..6 {
            let from_s = 30.0 * HOUR_S + seed as f64 * 137.0;
            let mut sea = Sea::new(seed, 0.5, 0.003);
            let changes = watch(&mut sea, 60.0, from_s + 7200.0, |t| {
                train(t, from_s, 0.5, period_min * 60.0)
            });
            let late = onsets(&changes).first().map(|c| c.0 - from_s);
            println!("waves of {period_min} min, every minute: called after {late:?} s");
            assert!(
                late.is_some_and(|s| s < 1080.0),
                "{period_min}: {changes:?}"
            );
        }
    }
}
