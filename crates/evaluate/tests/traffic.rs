//! The scorer against values computed by hand, and the command on the recorded detectors.

use std::path::{Path, PathBuf};

use evaluate::traffic::copies::Copy;
use evaluate::traffic::corpus::{self, Recorded};
use evaluate::traffic::detectors::Scored;
use evaluate::traffic::nab::{Rules, optimise, outcome, probation, scaled_sigmoid};
use evaluate::traffic::{Arguments, run};

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-4, "{a} and {b}");
}

/// 2 / (1 + e^(5x)) - 1 is -tanh(2.5 x).
#[test]
fn the_sigmoid_has_the_published_values() {
    near(scaled_sigmoid(-1.0), 0.98661);
    near(scaled_sigmoid(-0.5), 0.84828);
    near(scaled_sigmoid(0.0), 0.0);
    near(scaled_sigmoid(1.0), -0.98661);
    near(scaled_sigmoid(3.0), -1.0);
    near(scaled_sigmoid(1e9), -1.0);
}

#[test]
fn probation_is_15_percent_of_5000_rows_at_most() {
    assert_eq!(probation(100), 15);
    assert_eq!(probation(1127), 169);
    assert_eq!(probation(20_000), 750);
    assert_eq!(probation(0), 0);
}

/// 100 rows, the first 15 not scored, one window of ten rows from 40 to 49.
fn scored(detected: &[usize]) -> f64 {
    let rules = Rules::new(100, &[(40, 49)]);
    let mut scores = vec![0.0; 100];
    for row in detected {
        scores[*row] = 1.0;
    }
    outcome(&rules, &scores, 0.5).sum
}

#[test]
fn each_kind_of_detection_is_worth_what_the_rules_say() {
    near(scored(&[]), -1.0);
    near(scored(&[40]), 1.0);
    // Row 45 stands at -(49 - 45 + 1) / 10 = -0.5: 0.84828 / 0.98661.
    near(scored(&[45]), 0.85979);
    // The last row at -0.1: tanh(0.25) / tanh(2.5) = 0.24492 / 0.98661.
    near(scored(&[49]), 0.24824);
    // The earliest counts, once.
    near(scored(&[45, 46, 49]), 0.85979);
    // In the probation nothing counts.
    near(scored(&[0, 14]), -1.0);
    // Before any window: the full 0.11.
    near(scored(&[15]), -1.11);
    // Row 52, three after the end of nine steps: tanh(2.5 / 3) = 0.68230 of 0.11.
    near(scored(&[52]), -1.0 - 0.07505);
    // Far behind: the full 0.11 each.
    near(scored(&[90, 91]), -1.22);
}

#[test]
fn null_is_0_and_perfect_is_100_and_silence_is_best_for_noise() {
    let record = Recorded {
        name: "made".into(),
        time_us: (0..100).map(|k| k * 300_000_000).collect(),
        value: (0..100).map(f64::from).collect(),
        windows: vec![(40, 49), (70, 74)],
    };
    let rules = record.rules();
    assert_eq!(rules.windows(), 2);
    for (detector, expected) in [(Scored::Null, 0.0), (Scored::Perfect, 100.0)] {
        let scores = detector.scores(&record);
        let threshold = optimise(&[(&rules, &scores)]);
        near(outcome(&rules, &scores, threshold).normalised(), expected);
    }
    // Only false ones: the threshold goes out of reach.
    let mut scores = vec![0.0; 100];
    scores[20] = 1.0;
    let worse: Vec<f64> = scores
        .iter()
        .map(|s| s - f64::from(*s < 0.5) * f64::INFINITY)
        .collect();
    assert_eq!(optimise(&[(&rules, &worse)]), f64::INFINITY);
}

#[test]
fn the_threshold_is_the_best_of_all() {
    let rules = Rules::new(60, &[(20, 25), (40, 45)]);
    let scores: Vec<f64> = (0..60).map(|k| f64::from(k * 7919 % 61) / 61.0).collect();
    let chosen = outcome(&rules, &scores, optimise(&[(&rules, &scores)])).sum;
    for threshold in &scores {
        assert!(outcome(&rules, &scores, *threshold).sum <= chosen + 1e-12);
    }
}

/// Windows within the probation do not count; one that reaches out of it counts by its rest.
#[test]
fn windows_in_the_probation_do_not_count() {
    assert_eq!(Rules::new(100, &[(2, 10)]).windows(), 0);
    let rules = Rules::new(100, &[(2, 10), (12, 21)]);
    assert_eq!(rules.windows(), 1);
    let mut scores = vec![0.0; 100];
    scores[15] = 1.0;
    // Row 15 stands at -(21 - 15 + 1) / 10 = -0.7: tanh(1.75) / tanh(2.5).
    near(outcome(&rules, &scores, 0.5).sum, 0.94138 / 0.98661);
}

#[test]
fn copies_keep_their_windows_in_place() {
    let record = Recorded {
        name: "made".into(),
        time_us: (0..1000).map(|k| k * 300_000_000).collect(),
        value: (0..1000).map(|k| f64::from(k % 37)).collect(),
        windows: vec![(300, 329), (480, 520), (800, 819)],
    };
    for copy in Copy::ALL {
        for made in copy.of(&record) {
            assert!(
                made.time_us.windows(2).all(|pair| pair[0] < pair[1]),
                "{copy:?}"
            );
            assert_eq!(made.time_us.len(), made.value.len());
            assert!(
                made.windows.windows(2).all(|pair| pair[0].1 < pair[1].0),
                "{copy:?}"
            );
            assert!(
                made.windows
                    .iter()
                    .all(|w| w.0 <= w.1 && w.1 < made.value.len())
            );
        }
    }
    assert_eq!(Copy::Late.of(&record)[0].windows[0], (175, 204));
    assert_eq!(Copy::Thinned.of(&record)[0].windows[0], (150, 164));
    // The window across the middle is torn and goes.
    assert_eq!(
        Copy::Spliced.of(&record)[0].windows,
        [(300, 319), (800, 829)]
    );
}

fn data() -> Option<PathBuf> {
    let folder = std::env::var("WATCHFIRE_DATA").unwrap_or_else(|_| "../../../shared/data".into());
    let folder = Path::new(&folder).join("traffic");
    if !folder.is_dir() {
        println!("skipped: no {}", folder.display());
        return None;
    }
    Some(folder)
}

/// Ours is ahead of thresholds and of every moving z-score on the recorded detectors, and on copies of them that it was not chosen on.
#[test]
fn ours_is_ahead_on_recorded_detectors() {
    let Some(folder) = data() else { return };
    let corpus = corpus::load(&folder, &folder.join("anomaly_windows.json")).expect("records");
    assert_eq!(corpus.records.len(), 3);
    let score = |detector: Scored, records: &[Recorded]| {
        let played: Vec<(Rules, Vec<f64>)> = records
            .iter()
            .map(|r| (r.rules(), detector.scores(r)))
            .collect();
        let rows: Vec<(&Rules, &[f64])> = played.iter().map(|(r, s)| (r, s.as_slice())).collect();
        let threshold = optimise(&rows);
        let mut sum = evaluate::traffic::nab::Outcome::default();
        for (rules, scores) in &rows {
            sum += outcome(rules, scores, threshold);
        }
        sum.normalised()
    };
    let others = [
        Scored::Thresholds,
        Scored::MovingZ(12),
        Scored::MovingZ(100),
        Scored::MovingZ(288),
        Scored::MovingZ(576),
    ];
    let ours = score(Scored::Ours, &corpus.records);
    assert!(ours > 86.0, "{ours}");
    for other in others {
        let theirs = score(other, &corpus.records);
        assert!(ours > theirs + 3.0, "{ours} and {theirs} of {other:?}");
    }
    for copy in [Copy::Thinned, Copy::Spliced, Copy::MadeUp] {
        let records: Vec<Recorded> = corpus.records.iter().flat_map(|r| copy.of(r)).collect();
        let ours = score(Scored::Ours, &records);
        for other in others {
            let theirs = score(other, &records);
            assert!(ours > theirs, "{copy:?}: {ours} and {theirs} of {other:?}");
        }
    }
}

#[test]
fn prints_a_table_and_json() {
    let Some(folder) = data() else { return };
    let mut arguments = Arguments {
        data: folder.clone(),
        windows: None,
        json: false,
    };
    let mut table = Vec::new();
    run(&arguments, &mut table).expect("a table");
    let table = String::from_utf8(table).expect("text");
    assert!(
        table.contains("watchfire") && table.contains("speed_7578"),
        "{table}"
    );
    arguments.json = true;
    let mut json = Vec::new();
    run(&arguments, &mut json).expect("JSON");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("valid JSON");
    assert_eq!(json["rows"][0]["detector"], "watchfire");
    arguments.data = folder.join("nowhere");
    let why = run(&arguments, &mut Vec::new()).expect_err("no such directory");
    assert!(why.contains("--windows"), "{why}");
}
