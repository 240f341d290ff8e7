//! The recorded files that do not ship, read in each format, and anything at all read without a panic.

use proptest::prelude::*;
use record::{Columns, Reason, Series, read_csv, read_ndbc, read_seconds};
use std::path::PathBuf;

fn data(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!(
            "skipped: {name} (recorded data not found at {})",
            path.display()
        );
    }
    bytes
}

fn check_order(series: &Series) {
    assert!(
        series
            .samples
            .windows(2)
            .all(|pair| pair[0].time_us < pair[1].time_us)
    );
    assert!(
        series
            .skipped
            .windows(2)
            .all(|pair| pair[0].line <= pair[1].line)
    );
}

#[test]
fn dart_text_of_tohoku() {
    for (name, rows, missing_rows) in [("21418", 2952, 152), ("21413", 2314, 0)] {
        let Some(bytes) = data(&format!("dart/{name}.txt")) else {
            return;
        };
        let series = read_ndbc(&bytes).expect("DART text");
        check_order(&series);
        assert_eq!(series.samples.len() + series.skipped.len(), rows, "{name}");
        assert!(
            series
                .skipped
                .iter()
                .all(|row| matches!(row.reason, Reason::Coarser | Reason::Duplicate))
        );
        let missing = series
            .samples
            .iter()
            .filter(|sample| sample.value.is_none())
            .count();
        assert!(missing <= missing_rows, "{name}: {missing}");
        let heights = series.samples.iter().filter_map(|sample| sample.value);
        assert!(
            heights
                .into_iter()
                .all(|height| (5600.0..5900.0).contains(&height)),
            "{name}"
        );
    }
}

#[test]
fn a_file_that_runs_backwards_gives_the_same_series() {
    let Some(bytes) = data("dart/21418.txt") else {
        return;
    };
    let text = String::from_utf8(bytes.clone()).expect("text");
    let backwards: Vec<&str> = text.lines().rev().collect();
    let (forward, backward) = (
        read_ndbc(&bytes),
        read_ndbc(backwards.join("\n").as_bytes()),
    );
    assert_eq!(
        forward.expect("a series").samples,
        backward.expect("a series").samples
    );
    let Some(bytes) = data("dart/32412_notide.txt") else {
        return;
    };
    let text = String::from_utf8(bytes.clone()).expect("text");
    let backwards: Vec<&str> = text.lines().rev().collect();
    let (forward, backward) = (
        read_seconds(&bytes, 0),
        read_seconds(backwards.join("\n").as_bytes(), 0),
    );
    assert_eq!(
        forward.expect("a series").samples,
        backward.expect("a series").samples
    );
}

#[test]
fn tide_gauges_buoys_and_traffic_detectors() {
    let columns = |time: &str, value: &str| Columns {
        time: time.into(),
        value: value.into(),
        missing: None,
    };
    for name in [
        "nukualofa_2006_tsunami_detided",
        "nukualofa_chile2010_detided",
    ] {
        let Some(bytes) = data(&format!("tide-gauge/{name}.csv")) else {
            return;
        };
        let series = read_csv(&bytes, &columns("time", "height")).expect("CSV");
        check_order(&series);
        assert!(
            series.samples.len() > 9000,
            "{name}: {}",
            series.samples.len()
        );
        assert_eq!(
            series.skipped.len(),
            0,
            "{name}: {:?}",
            series.skipped_by_reason()
        );
        assert!(
            series
                .samples
                .iter()
                .all(|sample| sample.time_us % 60_000_000 == 0),
            "{name}"
        );
    }
    for name in ["speed_7578", "occupancy_6005", "TravelTime_387"] {
        let Some(bytes) = data(&format!("traffic/{name}.csv")) else {
            return;
        };
        let series = read_csv(&bytes, &columns("timestamp", "value")).expect("CSV");
        check_order(&series);
        assert!(series.samples.len() > 1000, "{name}");
    }
    for (name, step_us) in [("802", 5_000_000), ("P02", 1_000_000)] {
        let Some(bytes) = data(&format!("nearfield/{name}.dat")) else {
            return;
        };
        let series = read_seconds(&bytes, 0).expect("two columns");
        check_order(&series);
        assert!(
            series
                .samples
                .windows(2)
                .all(|pair| pair[1].time_us - pair[0].time_us >= step_us),
            "{name}"
        );
    }
}

#[test]
fn rows_are_bounded() {
    let row = b"1 2\n";
    assert_eq!(
        read_seconds(&row.repeat(record::MAX_ROWS + 1), 0).expect_err("too many"),
        record::ReadError::TooManyRows
    );
    let bytes = vec![b'#'; record::MAX_FILE_BYTES + 1];
    assert_eq!(
        read_ndbc(&bytes).expect_err("too large"),
        record::ReadError::TooLarge(bytes.len())
    );
    let mut long = b"0 1\n".to_vec();
    long.extend(std::iter::repeat_n(b'9', 100_000));
    let series = read_seconds(&long, 0).expect("a series");
    assert_eq!(series.skipped_by_reason()[&Reason::LongLine], (1, 2));
}

proptest! {
    #[test]
    fn any_text_is_a_series_or_an_error(text in "[-0-9 .,:T\nZaN#\"]{0,200}") {
        let columns = Columns { time: String::new(), value: "1".into(), missing: Some(1.0) };
        let (bytes, columns) = (text.as_bytes(), &columns);
        for series in [read_ndbc(bytes), read_seconds(bytes, 7), read_csv(bytes, columns)].into_iter().flatten() {
            check_order(&series);
        }
    }

    #[test]
    fn every_row_is_a_sample_or_counted(rows in prop::collection::vec((-50_i32..50, -3_i32..3), 1..120)) {
        let text: String = rows.iter().map(|(time, value)| format!("{} {value}\n", time * 60)).collect();
        let series = read_seconds(text.as_bytes(), 0).expect("a series");
        check_order(&series);
        prop_assert_eq!(series.samples.len() + series.skipped.len(), rows.len());
        // Nothing is moved by a minute or more, and nothing backwards.
        for sample in &series.samples {
            let stamp_us = sample.time_us.div_euclid(60_000_000);
            let value = sample.value.expect("a value") as i32;
            prop_assert!(rows.iter().any(|&(time, known)| i64::from(time) == stamp_us && known == value));
        }
    }

    #[test]
    fn huge_times_do_not_overflow(seconds in any::<f64>(), zero in any::<i64>()) {
        let text = format!("{seconds} 1\n{seconds} 2\n");
        if let Ok(series) = read_seconds(text.as_bytes(), zero) {
            check_order(&series);
        }
    }
}
