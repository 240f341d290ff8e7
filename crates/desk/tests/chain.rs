//! The log on disk: what it gives back, and that no change to it goes unseen.

mod common;

use std::fs;
use std::path::Path;

use common::*;
use desk::{Act, Actual, Desk, Exercise, Grade, Log, Outcome};

fn fill(dir: &Path) -> Desk<Actual> {
    let (mut log, records) = Log::open(dir).expect("a log");
    assert!(records.is_empty());
    let gate = "[[rule]]\nlevels = [\"major\"]\napprovals = 1\ndeadline = \"1m\"\nat_deadline = \"hold\"\n";
    let mut desk = desk::<Actual>(gate);
    let warning = weight(&[("north", Grade::Warning)]);
    issued(propose(&mut desk, proposal::<Actual>("e", 1, T0), &warning));
    let major = weight(&[("north", Grade::Major)]);
    let id = waiting(propose(
        &mut desk,
        proposal::<Actual>("e", 2, T0 + MINUTE_US),
        &major,
    ));
    log.append(desk.take_unwritten()).expect("written");
    desk.approve(&id, None, "ana", T0 + 2 * MINUTE_US)
        .expect("taken");
    log.append(desk.take_unwritten()).expect("written");
    desk
}

#[test]
fn a_restart_finds_the_desk_as_it_was_and_issues_nothing_twice() {
    let dir = tempfile::tempdir().expect("a directory");
    let before = fill(dir.path());
    let (_log, records) = Log::open(dir.path()).expect("a log");
    let mut after = Desk::<Actual>::restore(naming(), policy(""), records).expect("restored");
    assert_eq!(after.head(), before.head());
    assert_eq!(after.drafts(), before.drafts());
    let again = propose(
        &mut after,
        proposal::<Actual>("e", 1, T0),
        &weight(&[("north", Grade::Warning)]),
    );
    assert_eq!(again, Outcome::Known);
    assert!(after.take_unwritten().is_empty());
    let found = desk::verify(dir.path()).expect("whole");
    assert_eq!(
        (found.records, found.issued, found.head),
        (before.head().0, 2, before.head().1)
    );
    assert_eq!(desk::issued(dir.path()).expect("whole").len(), 2);
}

#[test]
fn the_log_of_an_exercise_is_not_opened_as_actual() {
    let dir = tempfile::tempdir().expect("a directory");
    let (mut log, _) = Log::open(dir.path()).expect("a log");
    let mut drill = desk::<Exercise>("");
    issued(propose(
        &mut drill,
        proposal::<Exercise>("e", 1, T0),
        &weight(&[("north", Grade::Warning)]),
    ));
    log.append(drill.take_unwritten()).expect("written");
    drop(log);
    let (_log, records) = Log::open(dir.path()).expect("a log");
    let why = Desk::<Actual>::restore(naming(), policy(""), records).expect_err("refused");
    assert!(why.contains("mode exercise"), "{why}");
}

/// Rewrites the log's records through the journal itself, so that its checksums hold: what an insider could do.
fn rewrite(dir: &Path, change: impl Fn(usize, &mut Vec<u8>) -> bool) {
    let records: Vec<Vec<u8>> = journal::read_only(dir)
        .expect("a log")
        .map(|e| e.expect("an entry").payload)
        .collect();
    fs::remove_dir_all(dir).expect("removed");
    let options = journal::Options {
        segment_bytes: 1 << 20,
        fsync: journal::Fsync::Never,
        max_bytes: None,
    };
    let (mut out, _) = journal::Journal::open(dir, options).expect("a journal");
    for (at, mut record) in records.into_iter().enumerate() {
        if change(at, &mut record) {
            out.append(&record).expect("written");
        }
    }
    out.commit().expect("written");
}

#[test]
fn a_changed_record_is_found_even_where_its_own_hash_was_made_to_fit() {
    let dir = tempfile::tempdir().expect("a directory");
    fill(dir.path());
    // The name of who agreed, changed in place.
    rewrite(dir.path(), |_, record| {
        let text = String::from_utf8(record.clone()).expect("text");
        *record = text.replace("\"ana\"", "\"eva\"").into_bytes();
        true
    });
    let why = desk::verify(dir.path()).expect_err("found");
    assert!(why.contains("it was changed"), "{why}");

    // The same with the hash in front made to fit: the next record refers to another one.
    let dir = tempfile::tempdir().expect("a directory");
    fill(dir.path());
    rewrite(dir.path(), |at, record| {
        if at == 1 {
            let text = String::from_utf8(record.clone()).expect("text");
            let body = text[65..].replace("e 1", "e 7");
            *record = forged(&body);
        }
        true
    });
    let why = desk::verify(dir.path()).expect_err("found");
    assert!(why.contains("chain is broken"), "{why}");
    assert!(
        Log::open(dir.path()).is_err(),
        "a hub does not go on from it either"
    );
}

/// A record with the hash that its body has.
fn forged(body: &str) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let hash = Sha256::new()
        .chain_update(b"watchfire desk record v1\0")
        .chain_update(body)
        .finalize();
    let digits: String = hash.iter().map(|b| format!("{b:02x}")).collect();
    format!("{digits} {body}").into_bytes()
}

#[test]
fn a_record_taken_out_is_found_and_one_cut_off_shows_in_the_head() {
    let dir = tempfile::tempdir().expect("a directory");
    let whole = fill(dir.path());
    rewrite(dir.path(), |at, _| at != 2);
    let why = desk::verify(dir.path()).expect_err("found");
    assert!(why.contains("was due"), "{why}");

    let dir = tempfile::tempdir().expect("a directory");
    fill(dir.path());
    let last = whole.head().0 as usize - 1;
    rewrite(dir.path(), |at, _| at != last);
    let found = desk::verify(dir.path()).expect("a shorter chain is a chain");
    assert_ne!(found.head, whole.head().1);
}

#[test]
fn every_record_is_stored_as_documented() {
    let dir = tempfile::tempdir().expect("a directory");
    fill(dir.path());
    let records: Vec<_> = desk::read(dir.path())
        .expect("a log")
        .map(|r| r.expect("whole").0)
        .collect();
    assert!(matches!(&records[0].act, Act::Opened { mode, .. } if mode == "actual"));
    let first = journal::read_only(dir.path())
        .expect("a log")
        .next()
        .expect("one")
        .expect("an entry");
    let text = String::from_utf8(first.payload).expect("text");
    assert_eq!(text.as_bytes()[64], b' ');
    assert!(text[65..].starts_with("{\"n\":0,\"prev\":\"0000"));
    assert_eq!(forged(&text[65..]), text.as_bytes());
}
