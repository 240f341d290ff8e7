//! What a journal finds after its files were cut, flipped or added to.

use journal::{Error, Fsync, Journal, Options, Reader, read_only};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn options(segment_bytes: u64) -> Options {
    Options {
        segment_bytes,
        fsync: Fsync::Never,
        max_bytes: None,
    }
}

fn fill(directory: &Path, payloads: &[Vec<u8>], segment_bytes: u64) {
    let (mut journal, _) = Journal::open(directory, options(segment_bytes)).expect("opens");
    for payload in payloads {
        journal.append(payload).expect("appended");
    }
    journal.commit().expect("committed");
}

fn segments(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("listed")
        .map(|entry| entry.expect("listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    paths.sort();
    paths
}

fn last_segment(directory: &Path) -> PathBuf {
    segments(directory).pop().expect("at least one")
}

fn read(reader: Reader) -> (Vec<Vec<u8>>, Option<Error>) {
    let mut payloads = Vec::new();
    for entry in reader {
        match entry {
            Ok(entry) => {
                assert_eq!(entry.offset, payloads.len() as u64);
                payloads.push(entry.payload);
            }
            Err(error) => return (payloads, Some(error)),
        }
    }
    (payloads, None)
}

/// How many records lie wholly below a byte position.
fn whole_records(payloads: &[Vec<u8>], bytes: usize) -> usize {
    let mut end = 0;
    payloads
        .iter()
        .take_while(|payload| {
            end += 16 + payload.len();
            end <= bytes
        })
        .count()
}

#[test]
fn opening_twice_is_refused_and_dropping_frees() {
    let directory = tempfile::tempdir().expect("a directory");
    let (journal, _) = Journal::open(directory.path(), Options::default()).expect("opens");
    assert!(matches!(
        Journal::open(directory.path(), Options::default()),
        Err(Error::Locked { .. })
    ));
    drop(journal);
    Journal::open(directory.path(), Options::default()).expect("opens again");
}

#[test]
fn a_torn_last_record_is_cut_and_reported() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(
        directory.path(),
        &[vec![1; 10], vec![2; 10], vec![3; 10]],
        1 << 20,
    );
    let path = last_segment(directory.path());
    let bytes = std::fs::read(&path).expect("read");
    std::fs::write(&path, &bytes[..bytes.len() - 4]).expect("cut");
    let (mut journal, recovery) =
        Journal::open(directory.path(), Options::default()).expect("opens");
    assert_eq!(
        (recovery.first, recovery.next, recovery.cut_bytes),
        (0, 2, 22)
    );
    assert_eq!(recovery.cut_path.as_deref(), Some(path.as_path()));
    assert_eq!(journal.append(b"four").expect("appended"), 2);
    journal.commit().expect("committed");
    drop(journal);
    let (_, recovery) = Journal::open(directory.path(), Options::default()).expect("opens");
    assert_eq!(
        (recovery.next, recovery.cut_bytes, recovery.cut_path),
        (3, 0, None)
    );
}

#[test]
fn damage_before_good_records_is_an_error_with_file_and_position_and_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(
        directory.path(),
        &[vec![1; 10], vec![2; 10], vec![3; 10]],
        1 << 20,
    );
    let path = last_segment(directory.path());
    let good = std::fs::read(&path).expect("read");
    for at in 26..52 {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        std::fs::write(&path, &bytes).expect("damaged");
        match Journal::open(directory.path(), Options::default()) {
            Err(Error::Corrupt {
                path: named,
                position: 26,
                offset: 1,
                ..
            }) => assert_eq!(named, path),
            other => panic!("byte {at}: {other:?}"),
        }
        assert_eq!(std::fs::read(&path).expect("read"), bytes, "byte {at}");
        // An audit reads up to the damage and then says so.
        let (payloads, error) = read(read_only(directory.path()).expect("opens"));
        assert_eq!(payloads.len(), 1);
        assert!(
            matches!(error, Some(Error::Corrupt { position: 26, .. })),
            "byte {at}: {error:?}"
        );
    }
}

#[test]
fn damage_in_a_sealed_segment_stops_its_reader_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let payloads: Vec<Vec<u8>> = (0..20).map(|value| vec![value; 10]).collect();
    fill(directory.path(), &payloads, 100);
    let paths = segments(directory.path());
    assert!(paths.len() > 3);
    let mut bytes = std::fs::read(&paths[1]).expect("read");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&paths[1], bytes).expect("damaged");
    let (journal, _) =
        Journal::open(directory.path(), options(100)).expect("the last segment is fine");
    let (read_ok, error) = read(journal.reader(0).expect("a reader"));
    assert_eq!(read_ok, payloads[..5]);
    let error = error.expect("damage");
    assert!(
        matches!(&error, Error::Corrupt { path, position: 52, offset: 5, .. } if *path == paths[1]),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("is damaged at byte 52 (entry 5): checksum mismatch"),
        "{error}"
    );
    assert!(
        matches!(read(read_only(directory.path()).expect("opens")), (some, Some(_)) if some.len() == 5)
    );
}

#[test]
fn a_missing_segment_is_noticed() {
    let directory = tempfile::tempdir().expect("a directory");
    let payloads: Vec<Vec<u8>> = (0..20).map(|value| vec![value; 10]).collect();
    fill(directory.path(), &payloads, 100);
    std::fs::remove_file(&segments(directory.path())[2]).expect("removed");
    let (journal, _) = Journal::open(directory.path(), options(100)).expect("opens");
    let (some, error) = read(journal.reader(0).expect("a reader"));
    assert_eq!(some.len(), 6);
    assert!(matches!(error, Some(Error::Corrupt { .. })), "{error:?}");
    let (some, error) = read(read_only(directory.path()).expect("opens"));
    assert_eq!(some.len(), 6);
    assert!(matches!(error, Some(Error::Corrupt { .. })), "{error:?}");
}

#[test]
fn zeros_after_the_end_are_cut() {
    // ext4 can leave a file longer than its data after a power failure; the rest reads as zeros.
    let directory = tempfile::tempdir().expect("a directory");
    fill(directory.path(), &[vec![1; 10]], 1 << 20);
    let path = last_segment(directory.path());
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("opens");
    file.set_len(1_000_000).expect("longer");
    let (journal, recovery) = Journal::open(directory.path(), Options::default()).expect("opens");
    assert_eq!((journal.next(), recovery.cut_bytes), (1, 1_000_000 - 26));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_cut_of_the_last_segment_loses_an_earlier_record(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..30),
        segment_bytes in 50_u64..2000,
        cut in any::<prop::sample::Index>(),
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        fill(directory.path(), &payloads, segment_bytes);
        let path = last_segment(directory.path());
        let before: usize = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok()).expect("a number");
        let bytes = std::fs::read(&path).expect("read");
        let keep = cut.index(bytes.len() + 1);
        std::fs::write(&path, &bytes[..keep]).expect("cut");

        let expected = before + whole_records(&payloads[before..], keep);
        let (audit, error) = read(read_only(directory.path()).expect("opens"));
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(audit, &payloads[..expected]);
        let (mut journal, recovery) = Journal::open(directory.path(), options(segment_bytes)).expect("opens");
        prop_assert_eq!(recovery.next, expected as u64);
        journal.append(b"next").expect("appended");
        journal.commit().expect("committed");
        let (all, error) = read(journal.reader(journal.first()).expect("a reader"));
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(&all[..expected], &payloads[..expected]);
        prop_assert_eq!(&all[expected..], [b"next".to_vec()]);
    }

    #[test]
    fn no_flipped_byte_loses_an_earlier_record_or_goes_unnoticed(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..30),
        flip in any::<prop::sample::Index>(),
        mask in 1_u8..,
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        fill(directory.path(), &payloads, 1 << 20);
        let path = last_segment(directory.path());
        let mut bytes = std::fs::read(&path).expect("read");
        let at = flip.index(bytes.len());
        bytes[at] ^= mask;
        std::fs::write(&path, &bytes).expect("damaged");

        let good = whole_records(&payloads, at);
        let position: usize = payloads[..good].iter().map(|payload| 16 + payload.len()).sum();
        match Journal::open(directory.path(), options(1 << 20)) {
            Ok((journal, recovery)) => {
                prop_assert_eq!(good, payloads.len() - 1, "only the last record may be cut");
                prop_assert_eq!(recovery.cut_bytes, (bytes.len() - position) as u64);
                let (all, error) = read(journal.reader(0).expect("a reader"));
                prop_assert!(error.is_none(), "{:?}", error);
                prop_assert_eq!(all, &payloads[..good]);
            }
            Err(Error::Corrupt { position: named, offset, .. }) => {
                prop_assert!(good < payloads.len() - 1);
                prop_assert_eq!((named, offset), (position as u64, good as u64));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn rubbish_after_the_end_loses_nothing(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..10),
        rubbish in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        fill(directory.path(), &payloads, 1 << 20);
        let path = last_segment(directory.path());
        let mut bytes = std::fs::read(&path).expect("read");
        bytes.extend_from_slice(&rubbish);
        std::fs::write(&path, &bytes).expect("longer");
        let (journal, recovery) = Journal::open(directory.path(), options(1 << 20)).expect("opens");
        prop_assert_eq!(recovery.cut_bytes, rubbish.len() as u64);
        prop_assert_eq!(read(journal.reader(0).expect("a reader")).0, payloads);
    }

    #[test]
    fn a_directory_of_rubbish_never_panics(content in prop::collection::vec(any::<u8>(), 0..300)) {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("00000000000000000000.log"), &content).expect("written");
        std::fs::write(directory.path().join("99999999999999999999.log"), &content).expect("written");
        std::fs::write(directory.path().join("00000000000000000009.log"), &content).expect("written");
        std::fs::write(directory.path().join("notes.txt"), &content).expect("written");
        let _ = read(read_only(directory.path()).expect("opens"));
        if let Ok((journal, _)) = Journal::open(directory.path(), options(1 << 20)) {
            let _ = read(journal.reader(journal.first()).expect("a reader"));
        }
    }
}
