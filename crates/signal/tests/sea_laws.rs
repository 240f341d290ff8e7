//! Laws of the tsunami detector on the recorded tsunamis: what must not matter, does not. Where the data is absent each test says so.
//!
//! The same laws on made-up seas stand in `made_sea.rs`.

#[allow(dead_code, reason = "summaries are the table's")]
mod recorded;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use recorded::Series;
use signal::tsunami::{Change, Detector, Settings, Sign, Step};

/// A call: when, us after the earthquake, and the sign of the first motion.
type Call = (i64, Sign);

fn calls(series: impl IntoIterator<Item = (i64, f64)>) -> Vec<Call> {
    let mut detector = Detector::new(Settings::default());
    let told = |(t, h)| match detector.step(t, h).change {
        Some(Change::Onset { sign, .. }) => Some((t, sign)),
        _ => None,
    };
    series.into_iter().filter_map(told).collect()
}

fn turned(sign: Sign) -> Sign {
    match sign {
        Sign::Rise => Sign::Fall,
        Sign::Fall => Sign::Rise,
    }
}

fn us(s: f64) -> i64 {
    (s * 1e6) as i64
}

/// The records, each with its name and when its tsunami can be there at the earliest.
fn records(names: &[&str]) -> Vec<(&'static str, i64, Series)> {
    recorded::ALL
        .iter()
        .filter(|(name, _)| names.contains(name))
        .filter_map(|(name, arrival_s)| Some((*name, us(*arrival_s), recorded::load(name)?)))
        .collect()
}

const EVERY: [&str; 8] = [
    "32412",
    "21418",
    "21413",
    "nukualofa-2006",
    "nukualofa-2010",
    "P02",
    "802",
    "811",
];
/// Days before the wave, sampled every minute or so around it.
const LONG: [&str; 5] = [
    "32412",
    "21418",
    "21413",
    "nukualofa-2006",
    "nukualofa-2010",
];
const DEEP: [&str; 3] = ["32412", "21418", "21413"];

#[test]
fn another_datum_and_upside_down() {
    for (name, _, series) in records(&EVERY) {
        let plain = calls(series.iter().copied());
        let down: Vec<_> = plain.iter().map(|&(t, sign)| (t, turned(sign))).collect();
        for datum_m in [0.0, 7.25, -4321.0, 9000.0] {
            assert_eq!(
                calls(series.iter().map(|&(t, h)| (t, h + datum_m))),
                plain,
                "{name} {datum_m}"
            );
            assert_eq!(
                calls(series.iter().map(|&(t, h)| (t, datum_m - h))),
                down,
                "{name} {datum_m}"
            );
        }
    }
}

/// Everything two to twenty times as large, the shaking and the tide too: called no more than a minute later. Ten times the tide of
/// Nuku'alofa is larger than any on Earth and not asked for.
#[test]
fn larger_waves_are_called_no_later() {
    for (name, arrival_us, series) in records(&EVERY) {
        if name == "811" {
            // Its wave is no larger than what the buoy does by itself.
            continue;
        }
        let gauge = name.starts_with("nukualofa");
        let plain = calls(series.iter().copied());
        let level_m = series[0].1;
        for factor in [2.0, 3.0, 5.0, 10.0, 20.0, -2.0, -20.0] {
            if gauge && f64::abs(factor) > 5.0 {
                continue;
            }
            let copy = series
                .iter()
                .map(|&(t, h)| (t, level_m + factor * (h - level_m)));
            let found = calls(copy);
            assert_eq!(found.len(), 1, "{name} x {factor}: {found:?}");
            assert!(
                found[0].0 >= arrival_us && found[0].0 <= plain[0].0 + us(61.0),
                "{name} x {factor}: {found:?}"
            );
        }
    }
}

/// What is no height, before and after any sample, changes not one bit of what comes out.
#[test]
fn rubbish_between_samples_changes_nothing() {
    for (name, _, series) in records(&EVERY) {
        for nothing in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -20_000.5] {
            let mut plain = Detector::new(Settings::default());
            let mut disturbed = Detector::new(Settings::default());
            for (k, &(t, h)) in series.iter().enumerate().take(20_000) {
                if k % 3 == 1 {
                    disturbed.step(t, nothing);
                }
                let (a, b) = (plain.step(t, h), disturbed.step(t, h));
                let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
                assert!(
                    same(a.residual_m, b.residual_m)
                        && same(a.slow_m, b.slow_m)
                        && same(a.threshold_m, b.threshold_m)
                        && a.change == b.change,
                    "{name} {nothing} at {t}: {a:?} {b:?}"
                );
            }
        }
    }
}

/// A number that stands for a missing value, up to 20 times in a row two hours before the wave: no call there, and the wave no more than
/// three minutes later.
#[test]
fn a_missing_values_number_is_no_height() {
    for (name, arrival_us, series) in records(&LONG) {
        let plain = calls(series.iter().copied());
        let from = series.partition_point(|&(t, _)| t < arrival_us - us(7200.0));
        for run in [1, 2, 3, 5, 20] {
            for number in [9999.0, -9999.0] {
                let copy = series.iter().enumerate().map(|(k, &(t, h))| {
                    (
                        t,
                        if (from..from + run).contains(&k) {
                            number
                        } else {
                            h
                        },
                    )
                });
                let found = calls(copy);
                let first = found.first().unwrap_or_else(|| panic!("{name} {run}"));
                assert!(
                    first.0 >= arrival_us && first.0 <= plain[0].0 + us(180.0),
                    "{name} {run} x {number}: {found:?}"
                );
            }
        }
    }
}

/// Every fifth second, every 15 s, every minute: where the record is finer than that the call comes little later, and nothing is called
/// before the wave.
#[test]
fn coarser_sampling_of_the_same_sea() {
    for (name, arrival_us, series) in records(&LONG) {
        let plain = calls(series.iter().copied());
        for step_us in [us(5.0), us(15.0), us(60.0), us(120.0)] {
            let mut next = i64::MIN;
            let thin = series.iter().copied().filter(|&(t, _)| {
                let taken = t >= next;
                if taken {
                    next = t.div_euclid(step_us) * step_us + step_us;
                }
                taken
            });
            let found = calls(thin);
            assert_eq!(found.len(), 1, "{name} every {step_us} us: {found:?}");
            assert!(
                found[0].0 >= arrival_us && found[0].0 <= plain[0].0 + us(60.0) + 3 * step_us,
                "{name} every {step_us} us: {found:?} instead of {plain:?}"
            );
        }
    }
}

/// The days before one wave, then the whole record of another station at another depth: nothing is called at the splice, and the wave is.
#[test]
fn spliced_to_another_depth() {
    let deep = records(&DEEP);
    for (first, arrival_us, before) in &deep {
        for (second, second_arrival_us, after) in records(&LONG) {
            let depth = |series: &Series| series[0].1;
            if (depth(before) - depth(&after)).abs() < 150.0 {
                continue;
            }
            let quiet: Vec<_> = before
                .iter()
                .copied()
                .filter(|&(t, _)| t < arrival_us - us(60.0))
                .collect();
            let shift_us = quiet[quiet.len() - 1].0 + us(60.0) - after[0].0;
            let all = quiet
                .iter()
                .copied()
                .chain(after.iter().map(|&(t, h)| (t + shift_us, h)));
            let found: Vec<_> = calls(all)
                .into_iter()
                .map(|(t, sign)| (t - shift_us, sign))
                .collect();
            let plain = calls(after.iter().copied());
            assert!(
                !found.is_empty() && found[0].0 >= second_arrival_us,
                "{first} then {second}: {found:?}"
            );
            assert!(
                found[0].0 <= plain[0].0 + us(180.0),
                "{first} then {second}: {found:?} instead of {plain:?}"
            );
        }
    }
}

/// 24 of each law unless the environment asks for more.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    /// A hole anywhere in the quiet days, of seconds or hours: nothing is called before the wave. A hole that ends within five hours of the
    /// earthquake may hide that it shakes, and is not asked for.
    #[test]
    fn gaps_are_no_waves(which in 0..5_usize, at in 0.0..1.0_f64, length_s in 30.0..40_000.0_f64) {
        for (name, arrival_us, series) in records(&LONG[which..=which]) {
            let (start, end) = (series[0].0, us(-18_000.0).min(arrival_us));
            let from = start + ((end - start) as f64 * at) as i64;
            let to = (from + us(length_s)).min(end);
            let found = calls(series.iter().copied().filter(|&(t, _)| t < from || t > to));
            prop_assert!(found.iter().all(|call| call.0 >= arrival_us), "{} {}..{}: {:?}", name, from, to, found);
            prop_assert!(!found.is_empty(), "{} {}..{}", name, from, to);
        }
    }

    /// Up to 120 samples of any numbers in a sea: nothing that is not a number, and four days later the sea's own noise again: mostly at
    /// once, in one of a thousand after the detector began anew in the middle and learnt a wrong tide.
    #[test]
    fn rubbish_is_forgotten(
        seed in 1..u64::MAX, size in prop_oneof![0.1..3.0_f64, 3.0..300.0_f64, 300.0..40_000.0_f64], samples in 1..120_usize, step_s in prop_oneof![Just(5_i64), Just(15), Just(60)],
    ) {
        let mut detector = Detector::new(Settings::default());
        let mut dice = seed;
        let mut number = || {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 11) as f64 / (1_u64 << 53) as f64 * 2.0 - 1.0
        };
        let before = 86_400 / step_s as usize;
        let mut last = None;
        for k in 0..5 * before + samples {
            let t_s = (k as i64 * step_s) as f64;
            let rubbish = (before..before + samples).contains(&k);
            let height_m = 4000.0 + 0.4 * (t_s / 7117.0).sin() + 0.003 * number() + if rubbish { size * number() } else { 0.0 };
            let step: Step = detector.step(k as i64 * step_s * 1_000_000, height_m);
            prop_assert!(step.slow_m.is_finite() && step.noise_m.is_finite() && !step.threshold_m.is_nan());
            last = Some(step);
        }
        let Step { slow_m, noise_m, threshold_m, .. } = last.expect("samples");
        prop_assert!(slow_m.abs() < 0.02 && noise_m < 0.02 && threshold_m < 0.1, "{:?}", last);
        prop_assert!(!detector.in_event());
    }
}
