//! The ledger on disk: a journal of notes in the subscriber's own directory.

use std::path::Path;

use journal::{Fsync, Journal, Options};

use crate::{Ledger, Note};

/// Size of a segment, bytes.
const SEGMENT_BYTES: u64 = 64 * 1024;
/// Size at which everything is written down anew and what is older goes, bytes.
const COMPACT_BYTES: u64 = 4 * SEGMENT_BYTES;
/// Most notes that are kept in memory while the disk refuses them.
const UNWRITTEN_MAX: usize = 1_024;

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// An entry that is no note.
    #[error("{path}: entry {offset} is no note of what became of a message: {why}")]
    Note {
        /// Directory of the ledger.
        path: String,
        /// Number of the entry.
        offset: u64,
        /// What is wrong with it.
        why: serde_json::Error,
    },
}

/// The ledger's notes on disk.
///
/// Invariant: what [`Store::write`] returned `Ok` for survives a kill and the loss of power. A note that was torn by a kill is cut: its
/// message stands where it stood before.
#[derive(Debug)]
pub struct Store {
    journal: Journal,
    unwritten: Vec<Note>,
    compacted_bytes: u64,
}

impl Store {
    /// Opens a ledger; a directory that is not there yet is an empty one.
    ///
    /// # Errors
    /// [`StoreError`]: damage that no kill explains, another process that has it open, or a disk that fails.
    pub fn open(directory: &Path) -> Result<(Self, Ledger), StoreError> {
        let options = Options {
            segment_bytes: SEGMENT_BYTES,
            fsync: Fsync::Always,
            max_bytes: None,
        };
        let (journal, _) = Journal::open(directory, options)?;
        let mut ledger = Ledger::default();
        for entry in journal.reader(journal.first())? {
            let entry = entry?;
            let note = serde_json::from_slice(&entry.payload).map_err(|why| StoreError::Note {
                path: directory.display().to_string(),
                offset: entry.offset,
                why,
            })?;
            ledger.apply(&note);
        }
        let store = Self {
            journal,
            unwritten: Vec::new(),
            compacted_bytes: 0,
        };
        Ok((store, ledger))
    }

    /// Makes notes durable. Those that the disk refuses are kept and written by a later call: a full disk must not keep a message from
    /// its receiver; a kill until then leaves the delivery unknown to the next start.
    ///
    /// # Errors
    /// The journal's; the notes stay with the store.
    pub fn write(&mut self, notes: Vec<Note>) -> Result<(), journal::Error> {
        self.unwritten.extend(notes);
        let beyond = self.unwritten.len().saturating_sub(UNWRITTEN_MAX);
        self.unwritten.drain(..beyond);
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let payloads: Vec<Vec<u8>> = self
            .unwritten
            .iter()
            // Plain values with string keys: this cannot fail.
            .filter_map(|note| serde_json::to_vec(note).ok())
            .collect();
        self.journal.append_group(&payloads)?;
        // A commit that fails takes back what was appended.
        self.journal.commit()?;
        self.unwritten.clear();
        Ok(())
    }

    /// Writes everything down anew when the notes have grown large, and lets the old ones go.
    ///
    /// # Errors
    /// The journal's; nothing is lost.
    pub fn compact(&mut self, ledger: &Ledger, now_us: i64) -> Result<(), journal::Error> {
        if self.journal.bytes() < COMPACT_BYTES.max(2 * self.compacted_bytes) {
            return Ok(());
        }
        let from = self.journal.next();
        self.write(vec![ledger.all(now_us)])?;
        self.journal.trim(from)?;
        // A ledger that is large in itself must not be written anew for each note.
        self.compacted_bytes = self.journal.bytes();
        Ok(())
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.journal.bytes()
    }
}
