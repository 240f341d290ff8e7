//! What a hub makes of its disk when it starts.

use std::path::Path;
use std::sync::Arc;

use clock::Clock;
use hub::config::Config;
use hub::entry::{Entry, Item};
use hub::intake::OPEN_OUTBOX;
use hub::intake_log::{IntakeLog, Owed};
use hub::pipeline::NoSink;
use hub::state::{State, journal_dir};
use hub::view::Board;
use wire::batch::{Header, Reading, Station};
use wire::quantity::Quantity;

/// 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600_000_000;

fn config(dir: &Path, mode: &str, limit: f64) -> Arc<Config> {
    let text = format!(
        r#"
deployment = "city"
title = "A city"
mode = "{mode}"
data_dir = "{}"
[sender]
id = "city@example.org"
name = "City"
[[threshold]]
quantity = "voltage"
below = {limit}
"#,
        dir.display()
    );
    Arc::new(Config::parse("hub.toml", &text).expect("sound"))
}

/// Opens the state as a hub does that starts at `now_us`; returns the messages that it would keep at the broker.
fn open(config: &Arc<Config>, now_us: i64) -> Result<Vec<String>, String> {
    let board = Board::new("city", "A city", config.mode);
    State::open(config, &Clock::manual(now_us), &board, &mut NoSink)
        .map(|s| s.retained.into_iter().map(|p| p.headline).collect())
}

/// Journals one reading of 210 V without anything having come of it, as a hub does that is killed right after.
fn journal(config: &Config) {
    let (mut log, _) = IntakeLog::open(&journal_dir(config), &config.journal).expect("opens");
    let header = Header {
        edge: "me",
        outbox: OPEN_OUTBOX,
        offset: 0,
        sent_us: NOW,
        backlog: false,
    };
    let reading = Reading {
        station: 0,
        time_us: NOW,
        quantity: Quantity::Voltage,
        value: 210.0,
        quality: 0,
        seq: 0,
    };
    let mut bytes = vec![0; 4_096];
    let n = wire::batch::encode(
        &header,
        &[Station {
            id: "m",
            node: 0,
            boot: 0,
        }],
        &[reading],
        &mut bytes,
    )
    .expect("fits");
    bytes.truncate(n);
    assert!(
        log.append(
            &Entry {
                received_us: NOW,
                items: vec![Item::Batch(bytes)]
            },
            Owed::default()
        )
        .is_empty()
    );
    log.commit();
    assert_eq!(log.refusal, None);
}

/// The journal of a drill, opened in mode `actual`, went out as warnings.
#[test]
fn a_drill_s_data_never_become_warnings() {
    let dir = tempfile::tempdir().expect("a directory");
    let drill = config(dir.path(), "exercise", 220.0);
    open(&drill, NOW).expect("opens");
    journal(&drill);
    let why = open(&config(dir.path(), "actual", 220.0), NOW).expect_err("refused");
    assert!(
        why.contains("mode exercise") && why.contains("mode actual"),
        "{why}"
    );
    assert_eq!(open(&drill, NOW).expect("still the drill's").len(), 1);
}

/// A hub that was killed between journal and alert log publishes when it comes back, once.
#[test]
fn what_the_last_run_did_not_get_to_is_published_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = config(dir.path(), "test", 220.0);
    open(&config, NOW).expect("opens");
    journal(&config);
    let log = |n: &str| {
        let log = hub::gate::log_dir(dir.path());
        desk::issued(&log).expect(n).len()
    };
    assert_eq!(log("before"), 0);
    assert_eq!(open(&config, NOW).expect("opens").len(), 1);
    assert_eq!(log("after"), 1);
    assert_eq!(open(&config, NOW).expect("opens").len(), 1);
    assert_eq!(log("again"), 1);
}

/// A limit that was edited published alerts about last week's readings.
#[test]
fn an_edited_limit_makes_no_news_of_history() {
    let dir = tempfile::tempdir().expect("a directory");
    let strict = config(dir.path(), "test", 200.0);
    open(&strict, NOW).expect("opens");
    journal(&strict);
    // The pipeline notes that everything so far has been carried out.
    let mut done = journal::Cursor::open(&dir.path().join("carried-out")).expect("opens");
    done.set(1).expect("set");
    drop(done);
    assert_eq!(
        open(&config(dir.path(), "test", 220.0), NOW).expect("opens"),
        Vec::<String>::new()
    );
}

/// What has expired meanwhile is nobody's business any more.
#[test]
fn an_alert_that_has_expired_is_not_published_late() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = config(dir.path(), "test", 220.0);
    open(&config, NOW).expect("opens");
    journal(&config);
    assert_eq!(
        open(&config, NOW + 24 * 3_600_000_000).expect("opens"),
        Vec::<String>::new()
    );
}

/// What a hub from before the desk kept in its alert log is taken over once, and nothing of it goes out again.
#[test]
fn an_older_hubs_alert_log_is_taken_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = config(dir.path(), "test", 220.0);
    open(&config, NOW).expect("opens");
    journal(&config);
    open(&config, NOW).expect("opens");
    let told = desk::issued(&hub::gate::log_dir(dir.path())).expect("a log");
    assert_eq!(told.len(), 1);

    // The same as the older hub left it.
    let older = tempfile::tempdir().expect("a directory");
    let options = journal::Options {
        segment_bytes: 1 << 20,
        fsync: journal::Fsync::Never,
        max_bytes: None,
    };
    let (mut log, _) =
        journal::Journal::open(&older.path().join("alerts"), options).expect("a journal");
    log.append(&serde_json::to_vec(&told[0]).expect("JSON"))
        .expect("written");
    log.commit().expect("written");
    drop(log);
    let config = self::config(older.path(), "test", 220.0);
    self::journal(&config);
    for _ in 0..2 {
        assert_eq!(open(&config, NOW).expect("opens").len(), 1);
        let taken = desk::issued(&hub::gate::log_dir(older.path())).expect("a log");
        assert_eq!(taken, told);
    }
}
