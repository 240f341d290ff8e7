//! The log on disk: a journal of records, each checked against the chain when it is read.

use std::path::Path;

use journal::{Fsync, Journal, Options};

use crate::published::Published;
use crate::record::{Act, Hash, Record};

/// The log. A message is in it before it goes anywhere; when the disk refuses it, it goes out all the same and is written later: a
/// full disk must not hold an alert back.
pub struct Log {
    journal: Journal,
    unwritten: Vec<Record>,
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many records.
    pub records: u64,
    /// Hash of the last.
    pub head: Hash,
    /// How many of them are issued messages.
    pub issued: u64,
    /// When the last was written, microseconds since the Unix epoch.
    pub last_us: Option<i64>,
}

impl Log {
    /// Opens the log and reads every record, checking the chain.
    ///
    /// # Errors
    /// Text that says what failed, at which record, and what to do.
    pub fn open(dir: &Path) -> Result<(Self, Vec<(Record, Hash)>), String> {
        let options = Options {
            segment_bytes: 16 * 1024 * 1024,
            fsync: Fsync::Always,
            max_bytes: None,
        };
        let (journal, _) = Journal::open(dir, options).map_err(|e| e.to_string())?;
        let reader = journal.reader(journal.first()).map_err(|e| e.to_string())?;
        let records = chain(dir, reader).collect::<Result<Vec<_>, String>>()?;
        let log = Self {
            journal,
            unwritten: Vec::new(),
        };
        Ok((log, records))
    }

    /// Makes records durable, and those that the disk refused before.
    ///
    /// # Errors
    /// Text that says what failed; the records are kept and written by a later call.
    pub fn append(&mut self, records: Vec<Record>) -> Result<(), String> {
        self.unwritten.extend(records);
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let payloads = self
            .unwritten
            .iter()
            .map(|record| record.to_bytes().map(|(bytes, _)| bytes))
            .collect::<Result<Vec<_>, String>>()?;
        let before = self.journal.committed();
        // One group: a proposal is never on the disk without what became of it in the same step.
        let written = self
            .journal
            .append_group(&payloads)
            .and_then(|_| self.journal.commit());
        // A commit that fails takes its entries back; what the journal calls committed is all that is.
        let done = self.journal.committed().saturating_sub(before) as usize;
        self.unwritten.drain(..done.min(self.unwritten.len()));
        written.map_err(|e| e.to_string())
    }

    /// Records that are not durable yet.
    pub fn pending(&self) -> usize {
        self.unwritten.len()
    }
}

/// Reads a log without touching it, and checks every hash.
///
/// # Errors
/// Text that names the first record that does not fit, and why.
pub fn verify(dir: &Path) -> Result<Verified, String> {
    let mut found = Verified {
        records: 0,
        head: Hash::ZERO,
        issued: 0,
        last_us: None,
    };
    for record in read(dir)? {
        let (record, hash) = record?;
        found.records += 1;
        found.head = hash;
        found.issued += u64::from(matches!(record.act, Act::Issued { .. }));
        found.last_us = Some(record.at_us);
    }
    Ok(found)
}

/// The messages that a log says were issued, oldest first.
///
/// # Errors
/// As [`verify`].
pub fn issued(dir: &Path) -> Result<Vec<Published>, String> {
    read(dir)?
        .filter_map(|record| match record {
            Ok((record, _)) => match record.act {
                Act::Issued { message, .. } => Some(Ok(message)),
                _ => None,
            },
            Err(why) => Some(Err(why)),
        })
        .collect()
}

/// Reads a log without touching it.
///
/// # Errors
/// As [`verify`], record by record.
pub fn read(
    dir: &Path,
) -> Result<impl Iterator<Item = Result<(Record, Hash), String>> + use<>, String> {
    let reader = journal::read_only(dir).map_err(|e| e.to_string())?;
    Ok(chain(dir, reader))
}

fn chain(
    dir: &Path,
    reader: journal::Reader,
) -> impl Iterator<Item = Result<(Record, Hash), String>> + use<> {
    let dir = dir.display().to_string();
    let (mut n, mut prev, mut broken) = (0, Hash::ZERO, false);
    reader
        .map(move |entry| {
            let entry = entry.map_err(|e| e.to_string())?;
            if entry.offset != n {
                return Err(format!(
                    "{dir}: record {n} is missing; the next is {}",
                    entry.offset
                ));
            }
            let (record, hash) = Record::from_bytes(&entry.payload, n, prev)
                .map_err(|why| format!("{dir}: record {n}: {why}"))?;
            n += 1;
            prev = hash;
            Ok((record, hash))
        })
        // Nothing after the first break can be trusted, and it would only be said again.
        .take_while(move |record| {
            let go_on = !broken;
            broken = record.is_err();
            go_on
        })
}
