//! The forecast command against what buoys recorded, with published sources and with the records themselves. Nothing in the
//! model was fitted to these records; the same settings serve all of them.
//!
//! The data are looked for in `WATCHFIRE_DATA` or `../shared/data` beside the workspace; a test that does not find them says so
//! and passes.

use std::path::{Path, PathBuf};

use clap::Parser;
use hub::forecast_command::arguments::Arguments;
use hub::forecast_command::skill::{self, Modelled, Skill};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

/// Tohoku, 11 March 2011: USGS W-phase, Mw 9.1.
const TOHOKU: &str = r#"{"type":"Feature","id":"official20110311054624120_30","properties":{"mag":9.1,"place":"Tohoku",
    "time":1299822384120},"geometry":{"type":"Point","coordinates":[142.373,38.297,29]}}"#;

fn data(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(file);
    if path.exists() {
        return Some(path);
    }
    println!(
        "skipped: {file} (recorded data not found at {})",
        root.display()
    );
    None
}

/// Runs the command quietly and gives its directory.
fn forecast(dir: &Path, line: &[&str]) -> PathBuf {
    let out = dir.join("out");
    let out_text = out.display().to_string();
    let words = ["forecast", "--quiet", "--out", &out_text];
    let line = Line::try_parse_from(words.iter().chain(line)).expect("a command line");
    hub::forecast_command::run(&line.arguments).expect("a forecast");
    out
}

/// A station's series as written: heights at a step, and the step.
fn series(out: &Path, id: &str) -> (f64, Vec<f32>) {
    let text = std::fs::read_to_string(out.join(format!("stations/{id}.csv"))).expect("a series");
    let rows: Vec<(f64, f32)> = text
        .lines()
        .skip(1)
        .map(|row| {
            let mut fields = row.split(',');
            let mut next = || fields.next().expect("two fields");
            (
                next().parse().expect("seconds"),
                next().parse().expect("metres"),
            )
        })
        .collect();
    (
        rows[1].0 - rows[0].0,
        rows.into_iter().map(|r| r.1).collect(),
    )
}

/// The summary's figures for a station.
fn told(out: &Path, id: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(out.join("summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let stations = summary["stations"].as_array().expect("stations");
    stations
        .iter()
        .find(|s| s["id"] == id)
        .expect("the station")
        .clone()
}

/// Heights of a DART file above its tide, by the tide's fit to what came before: seconds after the origin and metres.
fn residual(file: &Path, origin_us: i64) -> Vec<(f64, f64)> {
    let bytes = std::fs::read(file).expect("a record");
    let series = record::read_ndbc(&bytes).expect("DART text");
    let (times, heights): (Vec<f64>, Vec<f64>) = series
        .samples
        .iter()
        .filter_map(|s| Some(((s.time_us - origin_us) as f64 * 1e-6, s.value?)))
        .unzip();
    let tide = ocean::tide::Tide::fit(&times, &heights, 0.0).expect("days of record");
    let residual = tide
        .residual(&times, &heights)
        .expect("as long as each other");
    residual
        .times_s
        .into_iter()
        .zip(residual.heights_m)
        .collect()
}

fn skill(out: &Path, id: &str, record: &[(f64, f64)], minutes: (f64, f64)) -> Skill {
    let (step_s, heights_m) = series(out, id);
    let model = Modelled {
        step_s,
        heights_m: &heights_m,
    };
    let skill = skill::between(model, record, 60.0 * minutes.0, 60.0 * minutes.1)
        .expect("enough to compare");
    println!("{id}, minutes {minutes:?}: {skill:?}");
    skill
}

fn places(dir: &Path, name: &str, rows: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, format!("id,lat,lon,depth_m\n{rows}\n")).expect("written");
    path.display().to_string()
}

/// Lorito et al. (2011) inverted tsunami and geodetic data, 32412 among them at most by its first wave. Others on the same grid reach
/// 0.44-0.47 and are two minutes early.
#[test]
fn maule_with_a_published_source_at_32412() {
    let Some(table) = data("sources/chile2010/LoritoEtAl2011_source_model.csv") else {
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    let event = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/events/chile-2010");
    let points = places(dir.path(), "points.csv", "iquique,-20.21,-70.16,");
    let out = forecast(
        dir.path(),
        &[
            "--quake",
            "chile-2010",
            "--source",
            &table.display().to_string(),
            "--records",
            &event.display().to_string(),
            "--points",
            &points,
            "--hours",
            "6",
        ],
    );
    let station = told(&out, "32412");
    println!("{station:#}");
    let figure = |name: &str| station["skill"][name].as_f64().expect("a figure");
    assert!(figure("variance_reduction") >= 0.55);
    assert!((figure("peak_ratio") - 1.0).abs() <= 0.1);
    assert!((figure("modelled_peak_s") - figure("observed_peak_s")).abs() <= 120.0);
    assert!(figure("arrival_difference_s").abs() <= 120.0);
}

/// Fujii et al. (2011): an uplift in points of UTM zone 54, of which the file says nothing. Another model reaches 0.84.
#[test]
fn tohoku_with_a_published_uplift_at_21418() {
    let (Some(uplift), Some(dart)) = (
        data("sources/tohoku2011/uplift/Fujii.pts"),
        data("dart/21418.txt"),
    ) else {
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    let quake = dir.path().join("quake.geojson");
    std::fs::write(&quake, TOHOKU).expect("written");
    let stations = places(dir.path(), "stations.csv", "21418,38.735,148.655,5663");
    let points = places(dir.path(), "points.csv", "miyako,39.64,141.98,");
    let out = forecast(
        dir.path(),
        &[
            "--quake",
            &quake.display().to_string(),
            "--source",
            &uplift.display().to_string(),
            "--stations",
            &stations,
            "--points",
            &points,
            "--hours",
            "2",
        ],
    );
    let record = residual(&dart, 1_299_822_384_120_000);
    let skill = skill(&out, "21418", &record, (20.0, 80.0));
    assert!(skill.variance_reduction >= 0.85, "{skill:?}");
    assert!((skill.peak_ratio - 1.0).abs() <= 0.15, "{skill:?}");
}

/// One buoy's first forty minutes and the earthquake's first solution, and nothing of the other buoy, 900 km on.
#[test]
fn tohoku_at_21413_from_21418_up_to_forty_minutes() {
    let Some(dart) = data("dart/21418.txt") else {
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    let quake = dir.path().join("quake.geojson");
    std::fs::write(&quake, TOHOKU).expect("written");
    let records = dir.path().join("records");
    std::fs::create_dir(&records).expect("a directory");
    std::fs::copy(&dart, records.join("21418.txt")).expect("copied");
    let stations = places(
        dir.path(),
        "stations.csv",
        "21418,38.735,148.655,5663\n21413,30.533,152.132,5825",
    );
    let points = places(dir.path(), "points.csv", "miyako,39.64,141.98,");
    let out = forecast(
        dir.path(),
        &[
            "--quake",
            &quake.display().to_string(),
            "--records",
            &records.display().to_string(),
            "--until",
            "40m",
            "--stations",
            &stations,
            "--points",
            &points,
            "--hours",
            "4",
        ],
    );
    assert_eq!(told(&out, "21418")["record"], "used");
    assert_eq!(told(&out, "21413")["record"], "none");
    let record = residual(&dart.with_file_name("21413.txt"), 1_299_822_384_120_000);
    let skill = skill(&out, "21413", &record, (60.0, 180.0));
    assert!(skill.variance_reduction >= 0.3, "{skill:?}");
    assert!((skill.peak_ratio - 1.0).abs() <= 0.3, "{skill:?}");
    assert!(
        (skill.modelled_peak_s / skill.observed_peak_s - 1.0).abs() <= 0.03,
        "{skill:?}"
    );
}
