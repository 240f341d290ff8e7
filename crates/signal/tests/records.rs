//! The detector on recorded tsunamis, one set of settings for all. Where the data is absent each test says so and passes.

mod recorded;

use signal::tsunami::{Change, Detector, Settings};

use recorded::summary::{HEAD, Summary, row, summarise};

fn run(name: &str) -> Option<Summary> {
    let arrival_s = recorded::ALL.iter().find(|(n, _)| *n == name)?.1;
    let summary = summarise(&recorded::load(name)?, arrival_s);
    println!("{HEAD}\n{}", row(name, &summary));
    assert_eq!(
        summary.false_onsets, 0,
        "{name}: nothing but the tsunami is called one: {summary:?}"
    );
    Some(summary)
}

/// Asserts that a value is there and within bounds.
#[track_caller]
fn within(what: &str, value: Option<f64>, low: f64, high: f64) {
    let value = value.unwrap_or_else(|| panic!("no {what}"));
    assert!(
        value >= low && value <= high,
        "{what} {value} is not in {low}..{high}"
    );
}

#[test]
fn maule_2010_at_dart_32412() {
    let Some(s) = run("32412") else { return };
    // Rayleigh wave: 0.36 m around 660 s. Water: leaves the noise at 11,280 s, peak 0.235 m at 11,760 s.
    within("shaking", s.shaking_s, 300.0, 900.0);
    within("confirmation", s.confirmed_s, 11_340.0, 11_700.0);
    within("onset", s.onset_s, 11_180.0, 11_380.0);
    within("amplitude", s.amplitude_m, 0.215, 0.245);
    within("peak", s.peak_s, 11_700.0, 11_820.0);
    within("period", s.period_s, 900.0, 2_400.0);
    within("end", s.end_s, 11_760.0 + 10_800.0, 86_400.0);
}

#[test]
fn tohoku_2011_at_dart_21418_with_its_tide() {
    let Some(s) = run("21418") else { return };
    // Peak 1.87 m above the tide at 1,956 s; the published algorithm's first trigger was the Rayleigh wave.
    within("shaking", s.shaking_s, 100.0, 400.0);
    within("confirmation", s.confirmed_s, 1_700.0, 2_020.0);
    within("amplitude", s.amplitude_m, 1.6, 1.95);
    within("peak", s.peak_s, 1_890.0, 2_020.0);
}

#[test]
fn tohoku_2011_at_dart_21413_newest_first() {
    let Some(s) = run("21413") else { return };
    // Peak 0.77 m at 4,836 s.
    within("shaking", s.shaking_s, 200.0, 900.0);
    within("confirmation", s.confirmed_s, 4_400.0, 4_780.0);
    within("amplitude", s.amplitude_m, 0.72, 0.80);
    within("peak", s.peak_s, 4_770.0, 4_900.0);
}

#[test]
fn tonga_2006_at_nukualofa() {
    let Some(s) = run("nukualofa-2006") else {
        return;
    };
    // 2.6 quiet days before and 4 after without a false alarm. The published algorithm: 31 min with 30 mm and eight false
    // alarms, 40 min with 100 mm and none.
    within("confirmation", s.confirmed_s, 1_800.0, 2_400.0);
    within("amplitude", s.amplitude_m, 0.19, 0.27);
}

#[test]
fn maule_2010_at_nukualofa() {
    let Some(s) = run("nukualofa-2010") else {
        return;
    };
    // The published algorithm: 796 min with 30 mm, 955 min with 100 mm.
    within("confirmation", s.confirmed_s, 790.0 * 60.0, 830.0 * 60.0);
    within("amplitude", s.amplitude_m.map(f64::abs), 0.15, 0.25);
}

#[test]
fn tohoku_2011_over_the_source_at_p02() {
    let Some(s) = run("P02") else { return };
    // 38 m of seismic and acoustic noise from the first minute, no history, 4.65 m at 14 min.
    within("shaking", s.shaking_s, 5.0, 60.0);
    within("confirmation", s.confirmed_s, 300.0, 840.0);
    within("amplitude", s.amplitude_m, 4.0, 5.3);
    within("peak", s.peak_s, 780.0, 900.0);
}

#[test]
fn tohoku_2011_at_buoy_802() {
    let Some(s) = run("802") else { return };
    // 6.6 m at 25.6 min, with no history before the earthquake.
    within("confirmation", s.confirmed_s, 600.0, 1_200.0);
    within("amplitude", s.amplitude_m, 6.0, 7.4);
    within("peak", s.peak_s, 1_480.0, 1_560.0);
}

#[test]
fn buoy_811_stays_quiet_for_its_first_hour() {
    // A control: no onset before 3,600 s. `run` asserts it.
    run("811");
}

/// Copies of the deep-ocean records, larger and smaller, upside down, at another level and another time: nothing before the wave,
/// and the wave wherever it is a centimetre.
#[test]
fn scaled_and_inverted_copies_of_deep_ocean_records() {
    for name in ["32412", "21418", "21413"] {
        let Some(series) = recorded::load(name) else {
            return;
        };
        let arrival_s = recorded::ALL
            .iter()
            .find(|(n, _)| *n == name)
            .map_or(0.0, |(_, a)| *a);
        let largest_m = match name {
            "32412" => 0.235,
            "21418" => 1.87,
            _ => 0.77,
        };
        let level_m = series[0].1;
        for factor in [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 2.0, -1.0, -0.1, -0.05] {
            let copy: Vec<_> = series
                .iter()
                .map(|&(t, h)| (t, 1234.5 + factor * (h - level_m)))
                .collect();
            let s = summarise(&copy, arrival_s);
            println!(
                "{name} x {factor}: {} before or after, called at {:?}",
                s.false_onsets, s.confirmed_s
            );
            assert_eq!(s.false_onsets, 0, "{name} x {factor}: {s:?}");
            let seen = s.confirmed_s.is_some_and(|c| c < arrival_s + 3600.0);
            assert!(
                seen || f64::abs(factor) * largest_m < 0.02,
                "{name} x {factor}: {s:?}"
            );
        }
    }
}

/// Recorded waves, scaled and turned over, in quiet stretches of other records: called, and with nothing before.
#[test]
fn waves_of_one_record_in_the_quiet_of_another() {
    // Where the wave is taken from: record, from when (s after origin), and for how long; where it goes: record, and when.
    let waves = [
        ("32412", 11_000.0, 7200.0),
        ("21413", 4_250.0, 3600.0),
        ("nukualofa-2006", 1_500.0, 7200.0),
    ];
    let quiets = [
        ("nukualofa-2006", -60_000.0),
        ("nukualofa-2010", -30_000.0),
        ("nukualofa-2006", 300_000.0),
    ];
    for (from, start_s, long_s) in waves {
        let Some(source) = recorded::load(from) else {
            return;
        };
        let piece: Vec<_> = source
            .iter()
            .filter(|s| s.0 as f64 >= start_s * 1e6 && s.0 as f64 <= (start_s + long_s) * 1e6)
            .collect();
        let (first, last) = (piece[0], piece[piece.len() - 1]);
        // The tide of the piece goes with a line.
        let wave = |t_us: i64| {
            let k = piece
                .partition_point(|s| s.0 <= t_us)
                .clamp(1, piece.len() - 1);
            let (a, b) = (piece[k - 1], piece[k]);
            let at = a.1 + (b.1 - a.1) * (t_us - a.0) as f64 / (b.0 - a.0).max(1) as f64;
            at - first.1 - (last.1 - first.1) * (t_us - first.0) as f64 / (last.0 - first.0) as f64
        };
        let largest_m = piece.iter().map(|s| wave(s.0).abs()).fold(0.0, f64::max);
        for (to, when_s) in quiets {
            let Some(quiet) = recorded::load(to) else {
                return;
            };
            for size_m in [0.08, -0.08, 0.3, -0.3, 1.5] {
                let shift_us = ((when_s - start_s) * 1e6) as i64;
                let mut detector = Detector::new(Settings::default());
                let mut calls = Vec::new();
                for &(t, h) in quiet
                    .iter()
                    .filter(|s| (s.0 as f64) < (when_s + long_s) * 1e6)
                {
                    let t_from = t - shift_us;
                    let added = if t_from >= first.0 && t_from <= last.0 {
                        wave(t_from) * size_m / largest_m
                    } else {
                        0.0
                    };
                    if matches!(
                        detector.step(t, h + added).change,
                        Some(Change::Onset { .. })
                    ) {
                        calls.push(t as f64 * 1e-6 - when_s);
                    }
                }
                // Nuku'alofa's own tsunami of 2006 lies before the third stretch.
                calls.retain(|c| *c > -200_000.0 || when_s < 0.0);
                println!("{from} at {size_m} m in {to} at {when_s}: called at {calls:?}");
                assert!(
                    calls.iter().all(|c| *c > 0.0) && calls.len() == 1,
                    "{from} {size_m} {to}: {calls:?}"
                );
            }
        }
    }
}
