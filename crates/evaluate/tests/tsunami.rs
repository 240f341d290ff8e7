//! `watchfire evaluate tsunami` on the recorded data (where they are) and on made-up directories.

use clap::{Args, FromArgMatches as _};
use evaluate::tsunami::{Arguments, run};
use std::path::{Path, PathBuf};

fn evaluate(arguments: &[&str]) -> Result<String, String> {
    let command = Arguments::augment_args(clap::Command::new("tsunami"));
    let matches = command.get_matches_from(["tsunami"].iter().chain(arguments));
    let arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    run(&arguments, &mut out)?;
    String::from_utf8(out).map_err(|error| error.to_string())
}

fn recorded() -> Option<PathBuf> {
    let data = std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    if data.is_dir() {
        return Some(data);
    }
    println!("skipped: recorded data not found at {}", data.display());
    None
}

fn rows(data: &Path, more: &[&str]) -> Vec<serde_json::Value> {
    let mut arguments = vec!["--data", data.to_str().expect("a path in UTF-8"), "--json"];
    arguments.extend(more);
    let json = evaluate(&arguments).unwrap_or_else(|error| panic!("{error}"));
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    value["rows"].as_array().expect("rows").clone()
}

/// The figures that issue 4 asks for, on the records that ship with the description.
#[test]
fn the_recorded_tsunamis() {
    let Some(data) = recorded() else { return };
    println!(
        "{}",
        evaluate(&["--data", data.to_str().expect("UTF-8")]).expect("a table")
    );
    let rows = rows(&data, &[]);
    let find = |station: &str, detector: &str, year: &str| {
        rows.iter()
            .find(|row| {
                row["station"] == station
                    && row["detector"] == detector
                    && row["record"].as_str().is_some_and(|r| r.contains(year))
            })
            .unwrap_or_else(|| panic!("{station} {detector}"))
    };
    let number = |row: &serde_json::Value, key: &str| {
        row[key].as_f64().unwrap_or_else(|| panic!("{key}: {row}"))
    };
    for row in rows.iter().filter(|row| row["detector"] == "watchfire") {
        assert_eq!(row["false_alarms"], 0, "{row}");
        assert_eq!(row["early"], 0, "{row}");
        assert!(row["tsunami"] == false || row["called_s"].is_f64(), "{row}");
        assert_ne!(row["sign_right"], false, "{row}");
    }
    for station in ["21418", "21413"] {
        let row = find(station, "watchfire", "2011");
        assert!(number(row, "after_3cm_s") <= 240.0, "{row}");
    }
    for year in ["2006", "2010"] {
        let (ours, dart) = (
            find("nukualofa", "watchfire", year),
            find("nukualofa", "dart-30mm", year),
        );
        assert!(
            number(ours, "called_s") <= number(dart, "called_s"),
            "{ours}"
        );
    }
    for station in ["P02", "802"] {
        assert!(number(find(station, "watchfire", "2011"), "after_peak_s") < 0.0);
    }
}

#[test]
fn a_directory_describes_its_own_records() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut csv = String::from("when,level,other\n");
    for minute in 0..4000 {
        let t = f64::from(minute) * 60.0;
        let wave = if t > 180_000.0 {
            0.3 * ((t - 180_000.0) / 191.0).sin()
        } else {
            0.0
        };
        let level = if minute % 500 == 499 {
            -999.0
        } else {
            2.0 + 0.5 * (t / 7117.0).cos() + wave
        };
        csv.push_str(&format!("{},{level:.3},0\n", 1_600_000_000 + minute * 60));
    }
    std::fs::write(directory.path().join("gauge.csv"), csv).expect("written");
    std::fs::write(
        directory.path().join("records.toml"),
        "[[record]]\nname = \"made up, \\\"quoted\\\"\"\nstation = \"x\"\nkind = \"tide-gauge\"\nfile = \"gauge.csv\"\nformat = \"csv\"\n\
         csv = { time = \"when\", value = \"level\", missing = -999.0 }\ntruth = { onset = \"50h\", peak = \"181500s\", amplitude_m = 0.3, sign = \"rise\" }\n",
    )
    .expect("written");
    let out = directory.path().join("rows.csv");
    let data = directory.path().to_str().expect("UTF-8");
    let rows = rows(
        directory.path(),
        &[
            "--detector",
            "watchfire",
            "--csv",
            out.to_str().expect("UTF-8"),
        ],
    );
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["sign_right"], &rows[0]["false_alarms"]),
        (&true.into(), &0.into()),
        "{rows:?}"
    );
    assert!(
        rows[0]["after_onset_s"]
            .as_f64()
            .is_some_and(|s| s > 0.0 && s < 400.0),
        "{rows:?}"
    );
    let written = std::fs::read_to_string(out).expect("CSV");
    assert_eq!(written.lines().count(), 2);
    let fields = |line: &str| {
        line.replace("\"made up, \"\"quoted\"\"\"", "name")
            .split(',')
            .count()
    };
    assert!(
        written
            .lines()
            .map(fields)
            .all(|n| n == fields(written.lines().next().expect("head"))),
        "{written}"
    );
    let table = evaluate(&["--data", data]).expect("a table");
    assert!(
        table.contains("dart-100mm") && table.contains("made up"),
        "{table}"
    );
}

#[test]
fn mistakes_end_in_words() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_str().expect("UTF-8");
    let fails = |arguments: &[&str], said: &[&str]| {
        let error = evaluate(arguments).expect_err("a refusal");
        assert!(said.iter().all(|word| error.contains(word)), "{error}");
    };
    fails(
        &["--data", "/nowhere/at/all"],
        &["/nowhere/at/all", "not a directory"],
    );
    fails(&["--data", data], &["records.toml", "--records"]);
    let describe = |more: &str| {
        let text = format!(
            "[[record]]\nname = \"a\"\nstation = \"s\"\nkind = \"buoy\"\nformat = \"seconds\"\norigin = 2011-03-11T05:46:24Z\n{more}\n"
        );
        std::fs::write(directory.path().join("records.toml"), text).expect("written");
    };
    describe("file = \"absent.txt\"");
    fails(&["--data", data], &["absent.txt", "cannot read"]);
    describe("file = \"../secret.txt\"");
    fails(&["--data", data], &["leads out"]);
    std::fs::write(directory.path().join("bad.txt"), "no numbers here\n").expect("written");
    describe("file = \"bad.txt\"");
    fails(&["--data", data], &["bad.txt", "not one sample"]);
    std::fs::write(directory.path().join("nan.txt"), "0 NaN\n1 NaN\n").expect("written");
    describe("file = \"nan.txt\"");
    fails(&["--data", data], &["every value is missing"]);
    describe("file = \"bad.txt\"\nfrequency = 3");
    fails(&["--data", data], &["records.toml:8", "frequency"]);
}
