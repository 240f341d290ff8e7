//! Reading while writing, trimming, and the quota.

use journal::{Error, Fsync, Journal, MAX_PAYLOAD_BYTES, Options, read_only, read_only_from};
use std::sync::mpsc;

fn small() -> Options {
    Options {
        segment_bytes: 1000,
        ..Options::default()
    }
}

#[test]
fn a_reader_follows_commits_over_segments() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut journal, _) = Journal::open(directory.path(), small()).expect("opens");
    let mut reader = journal.reader(0).expect("a reader at the end");
    assert!(reader.next().is_none());
    for round in 0..50_u64 {
        for value in 0..3_u8 {
            journal.append(&[value; 100]).expect("appended");
        }
        journal.commit().expect("committed");
        for value in 0..3_u8 {
            let entry = reader.next().expect("one").expect("good");
            assert_eq!(
                (entry.offset, entry.payload),
                (round * 3 + u64::from(value), vec![value; 100])
            );
        }
        assert!(reader.next().is_none());
    }
    for from in [0, 1, 7, 8, 75, 149, 150] {
        let first = journal
            .reader(from)
            .expect("in range")
            .next()
            .map(|entry| entry.expect("good").offset);
        assert_eq!(first, (from < 150).then_some(from));
    }
    assert!(matches!(
        journal.reader(151),
        Err(Error::OutOfRange {
            wanted: 151,
            next: 150,
            ..
        })
    ));
}

#[test]
fn readers_in_other_threads_and_without_the_lock_follow_too() {
    const ENTRIES: u64 = 20_000;
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        segment_bytes: 64 * 1024,
        fsync: Fsync::Never,
        max_bytes: None,
    };
    let (mut journal, _) = Journal::open(directory.path(), options).expect("opens");
    let inside = journal.reader(0).expect("a reader");
    let outside = read_only(directory.path()).expect("opens");
    std::thread::scope(|scope| {
        let (done, finished) = mpsc::channel();
        for mut reader in [inside, outside] {
            let done = done.clone();
            scope.spawn(move || {
                let mut expected = 0_u64;
                while expected < ENTRIES {
                    match reader.advance().expect("no damage while following") {
                        Some((offset, payload)) => {
                            assert_eq!(offset, expected);
                            assert_eq!(payload.len() as u64, 8 + offset % 97);
                            assert_eq!(payload[..8], offset.to_le_bytes());
                            expected += 1;
                        }
                        None => std::thread::yield_now(),
                    }
                }
                done.send(expected).expect("the test waits");
            });
        }
        for offset in 0..ENTRIES {
            let mut payload = vec![0xA5; 8 + (offset % 97) as usize];
            payload[..8].copy_from_slice(&offset.to_le_bytes());
            assert_eq!(journal.append(&payload).expect("appended"), offset);
        }
        assert_eq!(
            finished.recv().expect("a reader ends") + finished.recv().expect("both end"),
            2 * ENTRIES
        );
    });
}

#[test]
fn trim_drops_whole_segments_and_numbers_go_on_after_reopening() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut journal, _) = Journal::open(directory.path(), small()).expect("opens");
    for _ in 0..40 {
        journal.append(&[5; 100]).expect("appended");
    }
    journal.commit().expect("committed");
    let mut slow = journal.reader(0).expect("a reader");
    assert!(slow.next().is_some());
    let before = journal.bytes();
    let freed = journal.trim(20).expect("trimmed");
    assert_eq!((journal.first(), journal.bytes()), (16, before - freed));
    assert!(matches!(
        journal.reader(3),
        Err(Error::OutOfRange {
            wanted: 3,
            first: 16,
            next: 40,
            ..
        })
    ));
    assert!(matches!(
        read_only_from(directory.path(), 3),
        Err(Error::OutOfRange { first: 16, .. })
    ));
    assert_eq!(read_only(directory.path()).expect("opens").count(), 24);
    assert_eq!(
        read_only_from(directory.path(), 39).expect("opens").count(),
        1
    );
    assert!(matches!(
        read_only_from(directory.path(), 41),
        Err(Error::OutOfRange { next: 40, .. })
    ));
    // The segment it had open is read to its end; then it learns what happened.
    assert_eq!(slow.by_ref().take_while(Result::is_ok).count(), 7);
    assert!(slow.next().is_none(), "finished after the error");

    journal
        .trim(u64::MAX)
        .expect("more than there is is all there is");
    assert_eq!(
        (journal.first(), journal.next(), journal.bytes()),
        (40, 40, 0)
    );
    drop(journal);
    let (mut journal, recovery) = Journal::open(directory.path(), small()).expect("opens");
    assert_eq!((recovery.first, recovery.next), (40, 40));
    assert_eq!(journal.append(b"x").expect("appended"), 40);
}

#[test]
fn entries_that_are_not_committed_are_not_trimmed() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut journal, _) = Journal::open(directory.path(), small()).expect("opens");
    for _ in 0..4 {
        journal.append(&[5; 100]).expect("appended");
    }
    journal.trim(4).expect("nothing to do");
    journal.commit().expect("committed");
    assert_eq!(journal.reader(0).expect("a reader").count(), 4);
}

#[test]
fn the_quota_refuses_and_trimming_makes_room() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        segment_bytes: 1_000_000,
        max_bytes: Some(1000),
        ..Options::default()
    };
    let (mut journal, _) = Journal::open(directory.path(), options).expect("opens");
    let mut appended = 0;
    let error = loop {
        match journal.append(&[1; 100]) {
            Ok(_) => appended += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(
            error,
            Error::Quota {
                max_bytes: 1000,
                ..
            }
        ) && error.is_full(),
        "{error}"
    );
    journal.commit().expect("committed");
    assert_eq!((appended, journal.next()), (8, 8));
    assert!(journal.append(&[1; 200]).is_err());
    journal.trim(7).expect("not all of the segment");
    assert!(
        journal.append(&[1; 200]).is_err(),
        "entry 7 is still needed"
    );
    journal.trim(8).expect("all of it");
    assert_eq!(journal.append(&[1; 200]).expect("room again"), 8);
}

#[test]
fn acknowledging_everything_as_it_comes_needs_no_file_for_each_entry() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        segment_bytes: 100_000,
        max_bytes: Some(100_000),
        fsync: Fsync::Never,
    };
    let (mut journal, _) = Journal::open(directory.path(), options).expect("opens");
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..5000 {
        let offset = journal.append(&[1; 100]).expect("never full");
        journal.commit().expect("committed");
        journal.trim(offset + 1).expect("trimmed");
        names.insert(journal.first());
    }
    assert!(
        names.len() <= 5000 * 116 / 25_000 + 1,
        "{} segments",
        names.len()
    );
}

#[test]
fn sizes_are_bounded_and_an_empty_entry_is_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut journal, _) = Journal::open(directory.path(), small()).expect("opens");
    assert!(matches!(
        journal.append(&vec![0; MAX_PAYLOAD_BYTES + 1]),
        Err(Error::TooLarge { .. })
    ));
    assert_eq!(journal.append(&[]).expect("appended"), 0);
    assert_eq!(
        journal
            .append(&vec![7; MAX_PAYLOAD_BYTES])
            .expect("larger than a segment"),
        1
    );
    assert_eq!(journal.append_group::<&[u8]>(&[]).expect("nothing"), 2);
    journal.commit().expect("committed");
    let lengths: Vec<usize> = journal
        .reader(0)
        .expect("a reader")
        .map(|entry| entry.expect("good").payload.len())
        .collect();
    assert_eq!(lengths, [0, MAX_PAYLOAD_BYTES]);
}

#[test]
fn an_empty_directory_is_not_a_journal_to_read() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(matches!(
        read_only(directory.path()),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        read_only(&directory.path().join("none")),
        Err(Error::Io { .. })
    ));
}
