//! How readings went, asked over HTTP: from memory, and from the journal where memory has less.

use hub::columns::{Columns, Stations, quantity_key, schema};
use hub::entry::{Entry, Item};
use hub::http::Sources;
use hub::series::{self, Settings, Store};
use hub::view::StationState;
use serde_json::Value;
use wire::batch::{Header, MAX_BATCH_BYTES, Reading, Station};
use wire::quantity::Quantity;
use wire::topic::Mode;

use super::client::get;
use super::sample::{Served, serve_sources, station};

const DAY_S: i64 = 24 * 3_600;
/// Two days of readings once a minute; memory was shown the second.
const FROM_S: i64 = 14_600 * DAY_S;
const STARTED_S: i64 = FROM_S + DAY_S;
const TO_S: i64 = FROM_S + 2 * DAY_S;

/// A tide, and a wave of an hour in the last three.
fn height_m(second: i64) -> f64 {
    let tide = 0.6 * (std::f64::consts::TAU * (second - FROM_S) as f64 / 44_714.0).sin();
    let since = second - (TO_S - 3 * 3_600);
    let wave = if (0..3_600).contains(&since) {
        0.3 * (std::f64::consts::TAU * since as f64 / 1_200.0).sin()
    } else {
        0.0
    };
    tide + wave
}

fn journal(dir: &std::path::Path) {
    let (mut journal, _) = journal::Journal::open(dir, journal::Options::default()).expect("opens");
    for hour in 0..48 {
        let rows: Vec<Reading> = (0..60)
            .map(|minute| {
                let second = FROM_S + hour * 3_600 + minute * 60;
                Reading {
                    station: 0,
                    time_us: second * 1_000_000,
                    quantity: Quantity::SeaLevel,
                    value: height_m(second),
                    quality: 0,
                    seq: (hour * 60 + minute) as u64,
                }
            })
            .collect();
        let header = Header {
            edge: "e",
            outbox: 1,
            offset: hour as u64,
            sent_us: 0,
            backlog: false,
        };
        let stations = [Station {
            id: "gauge",
            node: 1,
            boot: 1,
        }];
        let mut bytes = vec![0; MAX_BATCH_BYTES];
        let n = wire::batch::encode(&header, &stations, &rows, &mut bytes).expect("encodes");
        bytes.truncate(n);
        let entry = Entry {
            received_us: (FROM_S + hour * 3_600 + 3_599) * 1_000_000,
            items: vec![Item::Batch(bytes)],
        };
        journal.append(&entry.encode()).expect("appends");
    }
    journal.commit().expect("commits");
}

async fn served(dir: &std::path::Path) -> (Served, series::Running) {
    journal(dir);
    let mut store = Store::new(&Settings::default());
    store.begins(STARTED_S * 1_000_000);
    let mut stations = Stations::new(["gauge", "silent"]);
    let mut columns = Columns::default();
    for second in (STARTED_S..TO_S).step_by(60) {
        columns.station.push(0);
        columns.time.push(second * 1_000_000);
        columns.quantity.push(quantity_key(Quantity::SeaLevel));
        columns.value.push(height_m(second));
        columns.quality.push(0);
        columns.seq.push(0);
    }
    let batch = columns
        .take(&mut stations, &schema(), TO_S * 1_000_000)
        .expect("columns");
    store.take(&batch);
    let running = series::start(store, dir.to_owned()).expect("starts");
    let asked = running.series.clone();
    let hub = serve_sources(Mode::Exercise, move |board| Sources {
        series: Some(asked),
        ..Sources::from(board)
    })
    .await;
    for id in ["gauge", "silent"] {
        hub.board.station(station(id, StationState::Good, 0.0));
    }
    hub.board.update(|v| v.now_us = TO_S * 1_000_000);
    (hub, running)
}

async fn ask(hub: &Served, path: &str) -> (u16, Value) {
    let answer = get(hub.address, path).await;
    let body = serde_json::from_str(answer.text()).expect("JSON");
    (answer.status, body)
}

fn points(answer: &Value) -> Vec<(i64, f64)> {
    let points = answer["points"].as_array().expect("points");
    points
        .iter()
        .map(|p| (p[0].as_i64().expect("time"), p[1].as_f64().expect("value")))
        .collect()
}

#[tokio::test]
async fn a_series_is_whole_where_it_fits_and_keeps_its_extremes_where_not() {
    let dir = tempfile::tempdir().expect("scratch");
    let (hub, running) = served(dir.path()).await;
    let (from, to) = (STARTED_S * 1_000_000, TO_S * 1_000_000);
    let path = format!("/api/stations/gauge/series?quantity=sea_level&from_us={from}&to_us={to}");
    let (status, whole) = ask(&hub, &format!("{path}&points=5000")).await;
    assert_eq!(status, 200, "{whole}");
    assert_eq!(whole["reduced"], false);
    assert_eq!(whole["unit"], "m");
    assert_eq!(whole["derived"], Value::Null);
    let all = points(&whole);
    assert_eq!(all.len(), 1_440);
    assert_eq!(
        all[7],
        ((STARTED_S + 420) * 1_000_000, height_m(STARTED_S + 420))
    );
    let (_, fewer) = ask(&hub, &format!("{path}&points=50")).await;
    assert_eq!(fewer["reduced"], true);
    let few = points(&fewer);
    assert!(few.len() <= 50);
    let greatest = |points: &[(i64, f64)]| points.iter().map(|p| p.1).fold(f64::MIN, f64::max);
    assert_eq!(greatest(&few), greatest(&all));
    hub.stop().await;
    running.stop();
}

#[tokio::test]
async fn what_memory_has_not_seen_comes_from_the_journal_and_joins_without_a_seam() {
    let dir = tempfile::tempdir().expect("scratch");
    let (hub, running) = served(dir.path()).await;
    let (from, to) = (FROM_S * 1_000_000, TO_S * 1_000_000);
    let path = format!(
        "/api/stations/gauge/series?quantity=sea_level&from_us={from}&to_us={to}&points=5000"
    );
    let (status, answer) = ask(&hub, &path).await;
    assert_eq!(status, 200, "{answer}");
    let all = points(&answer);
    assert_eq!(all.len(), 2_880);
    assert!(all.windows(2).all(|w| w[1].0 - w[0].0 == 60_000_000));
    assert_eq!(answer["to_us"], to);
    hub.stop().await;
    running.stop();
}

#[tokio::test]
async fn the_wave_is_the_sea_without_its_tide() {
    let dir = tempfile::tempdir().expect("scratch");
    let (hub, running) = served(dir.path()).await;
    let (from, to) = ((TO_S - 6 * 3_600) * 1_000_000, TO_S * 1_000_000);
    let path = format!("/api/stations/gauge/series?quantity=wave&from_us={from}&to_us={to}");
    let (status, answer) = ask(&hub, &path).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["derived"].as_str().expect("said").contains("tide"));
    let wave = points(&answer);
    let greatest = wave.iter().map(|p| p.1).fold(f64::MIN, f64::max);
    assert!((0.25..0.35).contains(&greatest), "{greatest}");
    let before = wave.iter().filter(|p| p.0 < (TO_S - 3 * 3_600) * 1_000_000);
    let quiet = before.map(|p| p.1.abs()).fold(0.0, f64::max);
    assert!(quiet < 0.05, "a tide of 0.6 m is gone but for {quiet} m");
    let (_, known) = ask(&hub, "/api/stations/gauge").await;
    let names: Vec<&str> = known["quantities"]
        .as_array()
        .expect("list")
        .iter()
        .filter_map(|q| q["name"].as_str())
        .collect();
    assert_eq!(names, ["sea_level", "wave"]);
    assert_eq!(known["station"]["id"], "gauge");
    hub.stop().await;
    running.stop();
}

#[tokio::test]
async fn questions_that_make_no_sense_are_told_so() {
    let dir = tempfile::tempdir().expect("scratch");
    let (hub, running) = served(dir.path()).await;
    for (path, status, word) in [
        ("/api/stations/nobody", 404, "no station"),
        (
            "/api/stations/nobody/series?quantity=speed",
            404,
            "no station",
        ),
        (
            "/api/stations/gauge/series?quantity=weight",
            400,
            "sea_level",
        ),
        ("/api/stations/gauge/series", 400, "quantity"),
        (
            "/api/stations/gauge/series?quantity=wave&points=1",
            400,
            "points",
        ),
        (
            "/api/stations/gauge/series?quantity=wave&points=100000",
            400,
            "5000",
        ),
        (
            "/api/stations/gauge/series?quantity=wave&from_us=9&to_us=8",
            400,
            "from_us",
        ),
        (
            "/api/stations/gauge/series?quantity=wave&from_us=x",
            400,
            "from_us",
        ),
        (
            "/api/stations/gauge/series?quantity=wave&until=8",
            400,
            "until",
        ),
    ] {
        let (got, answer) = ask(&hub, path).await;
        assert_eq!(got, status, "{path}: {answer}");
        assert!(
            answer["error"].as_str().expect("said").contains(word),
            "{path}: {answer}"
        );
    }
    // All of time is no overflow; a station that never spoke has no points.
    let path = format!(
        "/api/stations/silent/series?quantity=wave&from_us={}&to_us={}",
        i64::MIN,
        i64::MAX
    );
    let (status, answer) = ask(&hub, &path).await;
    assert_eq!((status, points(&answer).len()), (200, 0));
    let path = format!(
        "/api/stations/gauge/series?quantity=wave&from_us={}&to_us={}",
        i64::MIN,
        i64::MAX
    );
    let (status, answer) = ask(&hub, &path).await;
    assert_eq!(status, 200);
    assert!(points(&answer).len() > 900);
    hub.stop().await;
    running.stop();
}

#[tokio::test]
async fn rows_reach_the_store_and_what_does_not_fit_is_counted() {
    let dir = tempfile::tempdir().expect("scratch");
    journal(dir.path());
    let running =
        series::start(Store::new(&Settings::default()), dir.path().to_owned()).expect("starts");
    let tap = running.tap();
    let mut stations = Stations::new(["gauge"]);
    let mut columns = Columns::default();
    for second in 0..2_000_001 {
        columns.station.push(0);
        columns.time.push(second * 1_000);
        columns.quantity.push(quantity_key(Quantity::Speed));
        columns.value.push(1.0);
        columns.quality.push(0);
        columns.seq.push(0);
    }
    let too_many = columns
        .take(&mut stations, &schema(), i64::MAX)
        .expect("columns");
    tap.rows(too_many.clone(), 5);
    assert_eq!(tap.dropped(), 2_000_001);
    tap.rows(too_many.slice(0, 10), 5);
    assert_eq!(tap.dropped(), 2_000_001);
    let series = running.series.clone();
    drop(tap);
    running.stop();
    let known = series.known("gauge");
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].last_us, 9_000);
}
