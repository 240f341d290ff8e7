//! Disks that are full, and files that a crash has torn.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small file system of its own, unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts one and makes `link` lead there; `None`, with a word on what is skipped, where that is not allowed.
    ///
    /// # Panics
    /// When the link cannot be made.
    pub fn mount(link: &Path, bytes: u64) -> Option<Self> {
        // A directory of its own, which outlives whatever else is removed before the disk is unmounted.
        let directory = tempfile::tempdir().expect("a scratch directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            println!("skipped: a small file system cannot be mounted here (needs root)");
            return None;
        }
        let disk = Self { directory };
        std::os::unix::fs::symlink(disk.directory.path(), link).expect("a link");
        Some(disk)
    }

    fn filler(&self) -> PathBuf {
        self.directory.path().join("filler")
    }

    /// Takes all the room that is left.
    ///
    /// # Panics
    /// When writing fails for another reason than a lack of room.
    pub fn fill(&self) {
        let mut file = File::create(self.filler()).expect("a file on the small disk");
        // By the page in the end: a page is what the file system gives away.
        for size in [64 * 1024, 4 * 1024] {
            loop {
                match file.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(e) if e.kind() == ErrorKind::StorageFull => break,
                    Err(e) => panic!("filling the small disk: {e}"),
                }
            }
        }
    }

    /// Gives the room back.
    ///
    /// # Panics
    /// When the disk was not filled.
    pub fn free(&self) {
        std::fs::remove_file(self.filler()).expect("the filler");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever still has a file open there is about to end.
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.directory.path())
            .status();
    }
}

/// What a crash leaves of the last record of a journal.
#[derive(Debug, Clone, Copy)]
pub enum Tear {
    /// The last record lacks its end.
    Short,
    /// The last record has bytes that were never written.
    Garbled,
    /// Behind the last record, the beginning of another.
    Begun,
    /// Behind the last record, bytes that mean nothing.
    Noise,
}

/// Tears the last segment of a journal.
///
/// # Panics
/// When there is none.
pub fn tear(journal: &Path, how: Tear) {
    let mut segments: Vec<PathBuf> = std::fs::read_dir(journal)
        .unwrap_or_else(|e| panic!("{}: {e}", journal.display()))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
        .collect();
    segments.sort();
    let last = segments.last().expect("a segment");
    let bytes = std::fs::read(last).expect("a segment");
    let torn = match how {
        Tear::Short => bytes[..bytes.len() - 5].to_vec(),
        Tear::Garbled => {
            let (whole, end) = bytes.split_at(bytes.len() - 5);
            let garbled = end.iter().map(|byte| !byte);
            whole.iter().copied().chain(garbled).collect()
        }
        // The first record of the segment again: a header and half of what it promises.
        Tear::Begun => [&bytes[..], &bytes[..24]].concat(),
        Tear::Noise => [&bytes[..], &[0xA5; 40]].concat(),
    };
    let mut file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(last)
        .expect("a segment");
    file.write_all(&torn).expect("a segment");
}
