//! The number that rises with every command that the key signs, for good.
//!
//! It is never below the clock's microseconds: a hub that lost its disk goes on above what it sent before, where one that counted from
//! nothing would be refused by every edge as its own replay. The file says up to where numbers have been given out or may have been;
//! it is written ahead, so that most commands wait for no disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How far ahead the file is: a minute, in microseconds.
const AHEAD: u64 = 60_000_000;

/// The counter.
#[derive(Debug)]
pub struct Counter {
    file: PathBuf,
    next: u64,
    /// Durable: numbers below may be given out.
    reserved: u64,
}

impl Counter {
    /// Goes on where the file says.
    ///
    /// # Errors
    /// The file cannot be read, or holds no number. It can be removed when this machine's clock is right.
    pub fn open(directory: &Path) -> Result<Self, String> {
        let file = directory.join("counter");
        let named = |what: String| format!("{}: {what}", file.display());
        fs::create_dir_all(directory).map_err(|e| named(e.to_string()))?;
        let next = match fs::read_to_string(&file) {
            Ok(text) => text.trim().parse().map_err(|_| {
                named(
                    "holds no number; if this machine's clock is right, remove the file".to_owned(),
                )
            })?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => 1,
            Err(e) => return Err(named(e.to_string())),
        };
        Ok(Self {
            file,
            next,
            reserved: next,
        })
    }

    /// The next number, and what went wrong when it could not be made durable. It is good all the same: a siren must sound, and the
    /// clock keeps the next run above it.
    pub fn take(&mut self, now_us: i64) -> (u64, Result<(), String>) {
        self.next = self.next.max(u64::try_from(now_us).unwrap_or(0)).max(1);
        let mut stored = Ok(());
        if self.next >= self.reserved {
            let until = self.next.saturating_add(AHEAD);
            stored = self
                .store(until)
                .map_err(|e| format!("{}: {e}", self.file.display()));
            if stored.is_ok() {
                self.reserved = until;
            }
        }
        let taken = self.next;
        self.next += 1;
        (taken, stored)
    }

    fn store(&self, until: u64) -> io::Result<()> {
        let fresh = self.file.with_extension("new");
        let mut out = File::create(&fresh)?;
        writeln!(out, "{until}")?;
        out.sync_all()?;
        drop(out);
        fs::rename(&fresh, &self.file)?;
        match self.file.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_over_restarts_a_clock_set_back_and_a_disk_that_is_lost() {
        let directory = tempfile::tempdir().unwrap();
        let mut last = 0;
        for now_us in [1_000, 1_000, 1_000_000, 5, 70_000_000] {
            let mut counter = Counter::open(directory.path()).unwrap();
            for _ in 0..3 {
                let (number, stored) = counter.take(now_us);
                assert!(number > last && stored.is_ok(), "{number} after {last}");
                last = number;
            }
        }
        fs::remove_file(directory.path().join("counter")).unwrap();
        let later_us = 1_000_000_000;
        let (number, _) = Counter::open(directory.path()).unwrap().take(later_us);
        assert!(number > last);
    }

    #[test]
    fn a_disk_that_refuses_costs_no_command() {
        let directory = tempfile::tempdir().unwrap();
        let mut counter = Counter::open(directory.path()).unwrap();
        fs::create_dir(directory.path().join("counter.new")).unwrap();
        let (first, stored) = counter.take(7);
        assert!(stored.unwrap_err().contains("counter"));
        assert!(counter.take(7).0 > first);
        fs::write(directory.path().join("counter"), "many").unwrap();
        assert!(
            Counter::open(directory.path())
                .unwrap_err()
                .contains("no number")
        );
    }
}
