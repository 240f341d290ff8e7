//! Disks that are full, refuse to sync or refuse to shorten, scripted.

use super::*;
use crate::disk::{Disk, RealDisk, SegmentFile};
use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};

/// What the disk does from now on.
#[derive(Debug, Default)]
struct Script {
    /// Bytes that all segments together may still grow; unlimited when absent.
    space: Option<u64>,
    sync_fails: Option<ErrorKind>,
    shorten_fails: bool,
    create_fails: bool,
    syncs: u64,
    writes: u64,
}

#[derive(Debug, Clone, Default)]
struct Faulty(Arc<Mutex<Script>>);

impl Faulty {
    fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn get<T>(&self, look: impl FnOnce(&Script) -> T) -> T {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct FaultyFile {
    script: Faulty,
    file: Box<dyn SegmentFile>,
    length: u64,
}

impl SegmentFile for FaultyFile {
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<usize> {
        let mut allowed = bytes.len();
        self.script.set(|script| {
            script.writes += 1;
            if let Some(space) = &mut script.space {
                let reach = (position + bytes.len() as u64).min(self.length + *space);
                allowed = usize::try_from(reach.saturating_sub(position)).unwrap_or(usize::MAX);
                *space -= reach.saturating_sub(self.length);
            }
        });
        if allowed == 0 && !bytes.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        let written = self.file.write_at(&bytes[..allowed], position)?;
        self.length = self.length.max(position + written as u64);
        Ok(written)
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        if self.script.get(|script| script.shorten_fails) {
            return Err(io::Error::other("no shortening today"));
        }
        let freed = self.length.saturating_sub(length);
        self.script.set(|script| {
            if let Some(space) = &mut script.space {
                *space += freed;
            }
        });
        self.length = length;
        self.file.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.script.set(|script| script.syncs += 1);
        match self.script.get(|script| script.sync_fails) {
            Some(kind) => Err(kind.into()),
            None => self.file.sync(),
        }
    }
}

impl Disk for Faulty {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        if self.get(|script| script.create_fails) {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(Box::new(FaultyFile {
            script: self.clone(),
            file: RealDisk.create(path)?,
            length: 0,
        }))
    }

    fn open(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let length = std::fs::metadata(path)?.len();
        Ok(Box::new(FaultyFile {
            script: self.clone(),
            file: RealDisk.open(path)?,
            length,
        }))
    }

    fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
        RealDisk.sync_directory(path)
    }
}

struct Rig {
    directory: tempfile::TempDir,
    faults: Faulty,
    journal: Journal,
}

fn rig(options: Options) -> Rig {
    let directory = tempfile::tempdir().expect("a directory");
    let faults = Faulty::default();
    let (journal, _) = Journal::open_on(Box::new(faults.clone()), directory.path(), options)
        .expect("a new journal");
    Rig {
        directory,
        faults,
        journal,
    }
}

fn small() -> Options {
    Options {
        segment_bytes: 1000,
        ..Options::default()
    }
}

fn payloads(reader: Reader) -> Vec<Vec<u8>> {
    reader
        .map(|entry| entry.expect("a good entry").payload)
        .collect()
}

#[test]
fn a_full_disk_takes_the_partial_record_back_and_resumes_when_space_returns() {
    let mut rig = rig(Options::default());
    rig.journal.append(&[1; 50]).expect("space for one");
    rig.journal.commit().expect("committed");
    // 40 bytes: the header and a part of the payload.
    rig.faults.set(|script| script.space = Some(40));
    for _ in 0..3 {
        let error = rig.journal.append(&[2; 50]).expect_err("no space");
        assert!(error.is_full(), "{error}");
    }
    assert_eq!(rig.journal.next(), 1);
    assert_eq!(rig.journal.bytes(), 66);
    let file = segment_path(rig.directory.path(), 0);
    assert_eq!(
        std::fs::metadata(&file).expect("there").len(),
        66,
        "nothing partial is left"
    );
    assert_eq!(rig.journal.append(&[3; 20]).expect("a smaller one fits"), 1);
    rig.faults.set(|script| script.space = None);
    assert_eq!(rig.journal.append(&[4; 50]).expect("space again"), 2);
    rig.journal.commit().expect("committed");
    let read = payloads(rig.journal.reader(0).expect("a reader"));
    assert_eq!(read, [vec![1; 50], vec![3; 20], vec![4; 50]]);
    drop(rig.journal);
    let (journal, recovery) =
        Journal::open(rig.directory.path(), Options::default()).expect("reopened");
    assert_eq!((journal.next(), recovery.cut_bytes), (3, 0));
}

#[test]
fn a_partial_record_that_cannot_be_taken_back_at_once_is_taken_back_later() {
    let mut rig = rig(Options::default());
    rig.journal.append(&[1; 50]).expect("space");
    rig.journal.commit().expect("committed");
    rig.faults.set(|script| {
        script.space = Some(60);
        script.shorten_fails = true;
    });
    assert!(
        rig.journal
            .append(&[2; 50])
            .expect_err("no space")
            .is_full()
    );
    let error = rig
        .journal
        .append(&[2; 5])
        .expect_err("the leftover is in the way");
    assert!(!error.is_full(), "{error}");
    // Killed now, the leftover is a torn record like any other.
    let copy = tempfile::tempdir().expect("a directory");
    std::fs::copy(
        segment_path(rig.directory.path(), 0),
        segment_path(copy.path(), 0),
    )
    .expect("copied");
    let (reopened, recovery) = Journal::open(copy.path(), Options::default()).expect("opens");
    assert_eq!((reopened.next(), recovery.cut_bytes), (1, 60));
    rig.faults.set(|script| {
        script.space = None;
        script.shorten_fails = false;
    });
    assert_eq!(rig.journal.append(&[3; 5]).expect("works again"), 1);
    rig.journal.commit().expect("committed");
    assert_eq!(
        payloads(rig.journal.reader(1).expect("a reader")),
        [vec![3; 5]]
    );
}

#[test]
fn a_failed_sync_takes_the_group_back_and_no_reader_has_seen_it() {
    let mut rig = rig(Options::default());
    rig.journal.append(b"kept").expect("appended");
    rig.journal.commit().expect("committed");
    let mut reader = rig.journal.reader(0).expect("a reader");
    assert!(reader.next().is_some());
    rig.journal.append(b"lost 1").expect("appended");
    rig.journal.append(b"lost 2").expect("appended");
    assert!(reader.next().is_none(), "not committed, not visible");
    rig.faults
        .set(|script| script.sync_fails = Some(ErrorKind::Other));
    assert!(
        !rig.journal
            .commit()
            .expect_err("the disk said no")
            .is_full()
    );
    assert_eq!(rig.journal.next(), 1);
    rig.faults.set(|script| script.sync_fails = None);
    assert_eq!(rig.journal.append(b"again").expect("appended"), 1);
    rig.journal.commit().expect("committed");
    // The reader looked at these bytes before they were replaced, and must not serve what it saw.
    assert_eq!(reader.next().expect("one").expect("good").payload, b"again");
    assert!(reader.next().is_none());
}

#[test]
fn a_window_read_before_a_rollback_is_not_served_after_it() {
    let mut rig = rig(Options::default());
    for _ in 0..3 {
        rig.journal.append(b"old").expect("appended");
    }
    rig.journal.commit().expect("committed");
    let mut reader = rig.journal.reader(0).expect("a reader");
    rig.journal.append(b"one").expect("appended");
    // Fills the window, with the uncommitted entry in it.
    assert!(reader.next().is_some());
    rig.faults
        .set(|script| script.sync_fails = Some(ErrorKind::StorageFull));
    assert!(
        rig.journal
            .commit()
            .expect_err("no space at sync")
            .is_full()
    );
    rig.faults.set(|script| script.sync_fails = None);
    rig.journal.append(b"two").expect("appended");
    rig.journal.commit().expect("committed");
    assert_eq!(
        payloads(reader),
        [b"old".to_vec(), b"old".to_vec(), b"two".to_vec()]
    );
}

#[test]
fn a_segment_that_cannot_be_started_fails_one_append_and_nothing_else() {
    let mut rig = rig(small());
    while rig.journal.bytes() < 900 {
        rig.journal.append(&[7; 100]).expect("appended");
    }
    let next = rig.journal.next();
    rig.faults.set(|script| script.create_fails = true);
    assert!(
        rig.journal
            .append(&[8; 100])
            .expect_err("no new file")
            .is_full()
    );
    rig.faults.set(|script| script.create_fails = false);
    assert_eq!(rig.journal.append(&[9; 100]).expect("appended"), next);
    rig.journal.commit().expect("committed");
    assert_eq!(
        payloads(rig.journal.reader(next).expect("a reader")),
        [vec![9; 100]]
    );
}

#[test]
fn a_group_is_one_write_and_all_or_nothing_and_a_commit_is_one_sync() {
    let mut rig = rig(Options::default());
    let group: Vec<Vec<u8>> = (0..100).map(|value| vec![value; 100]).collect();
    let before = rig.faults.get(|script| (script.writes, script.syncs));
    assert_eq!(rig.journal.append_group(&group).expect("appended"), 0);
    rig.journal.commit().expect("committed");
    rig.journal.commit().expect("nothing to do");
    assert_eq!(
        rig.faults.get(|script| (script.writes, script.syncs)),
        (before.0 + 1, before.1 + 1)
    );
    rig.faults.set(|script| script.space = Some(5000));
    assert!(
        rig.journal
            .append_group(&group)
            .expect_err("half fits")
            .is_full()
    );
    assert_eq!((rig.journal.next(), rig.journal.bytes()), (100, 11_600));
    assert_eq!(payloads(rig.journal.reader(0).expect("a reader")), group);
}

#[test]
fn without_fsync_nothing_waits_for_the_disk_but_sealing() {
    let mut rig = rig(Options {
        fsync: Fsync::Never,
        ..small()
    });
    for _ in 0..8 {
        rig.journal.append(&[1; 100]).expect("appended");
    }
    rig.journal.commit().expect("free");
    assert_eq!(rig.faults.get(|script| script.syncs), 0);
    for _ in 0..8 {
        rig.journal.append(&[1; 100]).expect("appended");
    }
    assert_eq!(
        rig.faults.get(|script| script.syncs),
        1,
        "a sealed segment is trusted when opening"
    );
    assert_eq!(rig.journal.committed(), 16, "visible without a commit");
}

#[test]
fn when_space_is_short_even_a_small_segment_is_given_back() {
    let mut rig = rig(Options::default());
    rig.journal.append(&[1; 100]).expect("appended");
    rig.journal.commit().expect("committed");
    assert_eq!(rig.journal.trim(1).expect("trimmed"), 0, "not worth a file");
    rig.faults.set(|script| script.space = Some(10));
    assert!(rig.journal.append(&[2; 100]).is_err());
    assert_eq!(rig.journal.trim(1).expect("trimmed"), 116);
    assert_eq!(
        (rig.journal.first(), rig.journal.next(), rig.journal.bytes()),
        (1, 1, 0)
    );
}
