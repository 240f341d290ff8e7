//! What was shown is shown again.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::broadcast::Receiver;
use wire::topic::Mode;

use super::index::Index;
use super::writer::Writer;
use super::{Chronicle, Refused, Settings};
use crate::http::snapshot;
use crate::view::{Board, Latest, Picture, StationState, StationView, TimelineEntry, Told};

const SECOND_US: i64 = 1_000_000;
const START_US: i64 = 1_267_252_454_000_000;

/// A board with its recorder, driven by hand.
struct Rig {
    board: Arc<Board>,
    changes: Receiver<Told>,
    writer: Writer,
    chronicle: Chronicle,
}

impl Rig {
    fn new(dir: &Path) -> Self {
        let board = Board::new("rig", "Rig", Mode::Exercise);
        let changes = board.listen();
        let index = Arc::new(Mutex::new(Index::default()));
        let writer = Writer::open(dir, &Settings { max_mib: 4 }, index.clone()).expect("opens");
        let chronicle = Chronicle {
            log: dir.to_owned(),
            index,
            readers: Arc::default(),
        };
        Self {
            board,
            changes,
            writer,
            chronicle,
        }
    }

    /// Does something at a time, and writes what is due.
    fn at(&mut self, time_us: i64, change: impl FnOnce(&Board)) {
        self.board.update(|v| v.now_us = time_us);
        change(&self.board);
        while let Ok(told) = self.changes.try_recv() {
            self.writer.change(told.at_us, &told.change);
        }
        if self.writer.has_key() {
            self.writer.pass(time_us).expect("written");
        }
        if self.writer.is_key_due(time_us) {
            self.writer
                .key(time_us, &snapshot(&self.board), false)
                .expect("written");
        }
    }

    /// What is shown now.
    fn shown(&self) -> Value {
        serde_json::to_value(snapshot(&self.board)).expect("JSON")
    }
}

fn station(id: &str, state: StationState, value: f64, finding: &str) -> StationView {
    StationView {
        id: id.to_owned(),
        name: id.to_owned(),
        lat: -17.5,
        lon: -86.25,
        domain: "tsunami",
        state,
        latest: std::collections::BTreeMap::from([(
            "sea_level",
            Latest {
                value,
                unit: "m",
                time_us: START_US,
                quality: 0,
            },
        )]),
        finding: finding.to_owned(),
    }
}

fn line(text: String) -> TimelineEntry {
    TimelineEntry {
        time_us: START_US,
        kind: "note".to_owned(),
        text,
        compute_ms: None,
        situation: None,
    }
}

#[test]
fn every_past_time_is_shown_as_it_was_also_after_a_restart() {
    let dir = tempfile::tempdir().expect("scratch");
    let mut rig = Rig::new(dir.path());
    let mut shown = Vec::new();
    // Two hours, with something every half minute: several key frames.
    for n in 0..240_i64 {
        let time_us = START_US + n * 30 * SECOND_US;
        rig.at(time_us, |board| {
            board.timeline(line(format!("line {n}")));
            let state = if n % 7 == 0 {
                StationState::Finding
            } else {
                StationState::Good
            };
            board.station(station("b", state, 0.5, &format!("{}", n % 7)));
            if n == 5 {
                board.station(station("a", StationState::Unknown, 0.25, ""));
            }
            board.condition("broker_down", (n % 3 == 0).then_some("down"), time_us);
            if n == 100 {
                board.picture(Picture {
                    situations: Vec::new(),
                    outages: Vec::new(),
                });
            }
        });
        shown.push((time_us, rig.shown()));
    }
    let check = |chronicle: &Chronicle| {
        for (time_us, expected) in &shown {
            let mut state = chronicle.at(*time_us).expect("known");
            // The order of stations that joined between key frames is theirs.
            state["stations"]
                .as_array_mut()
                .expect("list")
                .sort_by_key(|s| s["id"].to_string());
            assert_eq!(state, *expected, "{}", (time_us - START_US) / SECOND_US);
        }
        let between = chronicle.at(shown[50].0 + 29 * SECOND_US).expect("known");
        assert_eq!(between["timeline"], shown[50].1["timeline"]);
        assert_eq!(chronicle.at(START_US - 1), Err(Refused::Before));
    };
    check(&rig.chronicle);
    drop(rig);
    // An hour later another hub goes on.
    let mut rig = Rig::new(dir.path());
    check(&rig.chronicle);
    let later_us = shown[239].0 + 3_600 * SECOND_US;
    rig.at(later_us, |board| board.timeline(line("again".to_owned())));
    let history = rig.chronicle.history();
    assert_eq!(history.from_us, Some(START_US));
    assert_eq!(history.to_us, Some(later_us));
    assert_eq!(history.gaps.len(), 1);
    assert_eq!(history.gaps[0].from_us, shown[239].0);
    assert_eq!(history.gaps[0].to_us, later_us);
    check(&rig.chronicle);
    let last = rig.chronicle.at(i64::MAX).expect("the last known");
    assert_eq!(last["now_us"], later_us);
}

#[test]
fn values_alone_are_written_once_a_minute_and_findings_at_once() {
    let dir = tempfile::tempdir().expect("scratch");
    let mut rig = Rig::new(dir.path());
    rig.at(START_US, |board| {
        board.station(station("a", StationState::Good, 0.0, ""))
    });
    let value = |rig: &Rig, time_us: i64| {
        let state = rig.chronicle.at(time_us).expect("known");
        state["stations"][0]["latest"]["sea_level"]["value"]
            .as_f64()
            .expect("value")
    };
    for n in 1..=600_i64 {
        let finding = if n >= 95 { "wave" } else { "" };
        let now_us = START_US + n * SECOND_US;
        rig.at(now_us, |board| {
            board.station(station("a", StationState::Good, n as f64, finding))
        });
    }
    assert_eq!(
        value(&rig, START_US + 95 * SECOND_US),
        95.0,
        "with the finding"
    );
    let at = value(&rig, START_US + 400 * SECOND_US);
    assert!((340.0..=400.0).contains(&at), "{at}");
    let entries = journal::read_only(dir.path()).expect("log").count();
    assert!(entries < 20, "{entries} entries for 600 values");
}

#[test]
fn what_was_missed_is_a_gap_and_the_oldest_gives_way() {
    let dir = tempfile::tempdir().expect("scratch");
    let mut rig = Rig::new(dir.path());
    // Noise does not compress: a key frame of 300 kB each.
    let mut seed = 1_u64;
    let mut noise = || {
        (0..400_000)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b'!' + (seed >> 58) as u8)
            })
            .collect::<String>()
    };
    rig.at(START_US, |_| {});
    for n in 1..20_i64 {
        let text = noise();
        rig.at(START_US + n * 900 * SECOND_US, |board| {
            board.condition("noise", Some(&text), 0);
        });
        assert!(
            rig.writer.bytes() <= 5 * 1024 * 1024,
            "{}",
            rig.writer.bytes()
        );
    }
    let history = rig.chronicle.history();
    let from_us = history.from_us.expect("something");
    assert!(from_us > START_US + 900 * SECOND_US);
    assert!(rig.chronicle.at(from_us).is_ok());
    assert_eq!(rig.chronicle.at(from_us - 1), Err(Refused::Before));
    let now_us = START_US + 20 * 900 * SECOND_US;
    rig.writer.key(now_us, &rig.shown(), true).expect("written");
    assert_eq!(rig.chronicle.history().gaps.len(), 1);
}

#[test]
fn a_damaged_log_is_said_and_not_overwritten() {
    let dir = tempfile::tempdir().expect("scratch");
    let (mut journal, _) =
        journal::Journal::open(dir.path(), journal::Options::default()).expect("opens");
    journal.append(b"no entry of ours").expect("appends");
    journal.commit().expect("commits");
    drop(journal);
    let index = Arc::new(Mutex::new(Index::default()));
    let error = Writer::open(dir.path(), &Settings::default(), index)
        .err()
        .expect("refused");
    assert!(error.contains("entry 0"), "{error}");
}
