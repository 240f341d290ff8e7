//! The outbox: everything that the hub has not acknowledged, on disk.
//!
//! Purpose: an append-only journal of encoded batches, a durable cursor below which the hub has everything, an
//! identity that the hub's acknowledgements name, and this agent's boot number.
//!
//! Invariants:
//! - The offset in a batch's header is its number in the journal.
//! - An identity never sees an offset twice with different content. When the journal turns out to have lost its tail
//!   (a power cut with `fsync = "never"`, a restored backup), the identity is replaced and everything still held is
//!   sent again under the new one; the hub drops what it has by `(node, boot, seq)`.
//! - Entries leave by the hub's acknowledgement only.
//!
//! Refuses: two processes on one directory (the journal's lock).

pub mod backlog;
pub mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use journal::{Cursor, Fsync, Journal, Options};

use crate::config;

/// Why the outbox cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory cannot be created.
    #[error("{}: cannot create the data directory: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal or one of the cursors.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The system gives no random numbers for a new identity.
    #[error("no random numbers for the identity of a new outbox: {0}")]
    Random(String),
}

/// The outbox of one edge.
pub struct Outbox {
    journal: Mutex<Journal>,
    acked_cursor: Mutex<Cursor>,
    identity_cursor: Mutex<Cursor>,
    identity: AtomicU64,
    /// Identity for batches that could not be stored; new with every run, never acknowledged to anyone.
    volatile: u64,
    next: AtomicU64,
    full: AtomicBool,
    edge: String,
    directory: PathBuf,
    sync: bool,
    boot: u32,
    recovered: journal::Recovery,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox")
            .field("directory", &self.directory)
            .field("next", &self.next())
            .finish_non_exhaustive()
    }
}

impl Outbox {
    /// Opens or creates the outbox under `config.data_dir`. `now_us` numbers this start.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(config: &config::Config, now_us: i64) -> Result<Self, OpenError> {
        let directory = config.data_dir.clone();
        std::fs::create_dir_all(&directory).map_err(|source| OpenError::Directory {
            path: directory.clone(),
            source,
        })?;
        let sync = config.outbox.fsync == config::Fsync::Always;
        let options = Options {
            segment_bytes: config.outbox.segment_bytes,
            fsync: if sync { Fsync::Always } else { Fsync::Never },
            max_bytes: Some(config.outbox.max_bytes),
        };
        // First the journal: its lock keeps a second process away from the cursors too.
        let (journal, recovered) = Journal::open(&directory.join("outbox"), options)?;
        let mut boot_cursor = cursor(&directory, "boot")?;
        let boot = next_boot(boot_cursor.get(), now_us);
        boot_cursor.set(u64::from(boot))?;
        let mut acked_cursor = cursor(&directory, "acknowledged")?;
        let mut identity_cursor = cursor(&directory, "identity")?;
        let lost_tail =
            acked_cursor.get() > journal.next() || (!sync && is_other_machine_boot(&directory));
        if identity_cursor.get() == 0 || lost_tail {
            identity_cursor.set(random()?)?;
            acked_cursor.set(journal.first())?;
        }
        Ok(Self {
            identity: AtomicU64::new(identity_cursor.get()),
            volatile: random()?,
            next: AtomicU64::new(journal.next()),
            full: AtomicBool::new(false),
            edge: config.edge.clone(),
            journal: Mutex::new(journal),
            acked_cursor: Mutex::new(acked_cursor),
            identity_cursor: Mutex::new(identity_cursor),
            directory,
            sync,
            boot,
            recovered,
        })
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        // The journal keeps itself consistent after a failed append; a panic elsewhere does not change that.
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Identity that the hub's acknowledgements must name.
    pub fn identity(&self) -> u64 {
        self.identity.load(Ordering::Acquire)
    }

    /// This agent's boot number: higher at every start, also after the data directory was lost.
    pub fn boot(&self) -> u32 {
        self.boot
    }

    /// One past the last entry.
    pub fn next(&self) -> u64 {
        self.next.load(Ordering::Acquire)
    }

    /// First entry that is still held.
    pub fn first(&self) -> u64 {
        self.journal().first()
    }

    /// The durable cursor: the hub has everything below.
    pub fn acked(&self) -> u64 {
        let recorded = self
            .acked_cursor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get();
        // Only acknowledged entries are ever trimmed.
        recorded.max(self.first())
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.journal().bytes()
    }

    /// Whether the last attempt to store failed.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// What the journal had to repair when it was opened.
    pub fn recovery(&self) -> &journal::Recovery {
        &self.recovered
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether state files are synchronised to disk.
    pub fn syncs(&self) -> bool {
        self.sync
    }

    /// Edge id in batch headers.
    pub fn edge(&self) -> &str {
        &self.edge
    }

    /// Records that the hub has everything below `acked`, and frees whole files below it. Call after what the freed
    /// entries tell about nodes has been saved.
    ///
    /// # Errors
    /// The disk fails. A full disk is no obstacle: files are freed first then.
    pub fn release(&self, acked: u64) -> Result<(), journal::Error> {
        let recorded = self
            .acked_cursor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .set(acked);
        match recorded {
            Ok(()) => self.journal().trim(acked).map(drop),
            Err(error) if error.is_full() => {
                self.journal().trim(acked)?;
                self.acked_cursor
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .set(acked)
            }
            Err(error) => Err(error),
        }
    }

    /// The hub acknowledged entries that this outbox never had: take a new identity and send everything again.
    /// Returns the new acknowledged cursor.
    ///
    /// # Errors
    /// No random numbers, or the disk fails.
    pub fn renew(&self) -> Result<u64, OpenError> {
        let identity = random()?;
        let first = self.first();
        self.identity_cursor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .set(identity)?;
        self.acked_cursor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .set(first)?;
        self.identity.store(identity, Ordering::Release);
        Ok(first)
    }

    /// Calls `each` with node, boot and sequence number of every reading in entries from `from` on, up to the first
    /// entry that cannot be read. Returns the number of entries that are no batches.
    ///
    /// # Errors
    /// The journal cannot be opened for reading.
    pub fn readings_from(
        &self,
        from: u64,
        mut each: impl FnMut(u32, u32, u64),
    ) -> Result<u64, journal::Error> {
        let reader = {
            let journal = self.journal();
            journal.reader(from.max(journal.first()))?
        };
        let mut strange = 0;
        for entry in reader {
            let Ok(entry) = entry else { break };
            match wire::batch::Batch::parse(&entry.payload) {
                Ok(batch) => {
                    let stations: Vec<_> = batch.stations().collect();
                    for reading in batch.readings() {
                        if let Some(station) = stations.get(usize::from(reading.station)) {
                            each(station.node, station.boot, reading.seq);
                        }
                    }
                }
                Err(_) => strange += 1,
            }
        }
        Ok(strange)
    }
}

/// Higher than the last one, and the Unix second of the start, so that a node that has seen an earlier life of this
/// edge on a lost disk accepts us.
fn next_boot(last: u64, now_us: i64) -> u32 {
    let second = u32::try_from(now_us / 1_000_000).unwrap_or(0);
    let following = u32::try_from(last.saturating_add(1)).unwrap_or(u32::MAX);
    second.max(following)
}

/// Whether the machine was started since this directory was last opened, as far as can be told: without synchronising,
/// the outbox may then have lost entries that the hub has seen.
fn is_other_machine_boot(directory: &Path) -> bool {
    let path = directory.join("machine-boot");
    let now = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if now == known && !now.is_empty() {
        return false;
    }
    // When it cannot be written the identity is renewed at the next start too: that repeats work and loses nothing.
    let _ = std::fs::write(&path, now);
    true
}

/// Opens a cursor. A damaged one starts anew: that repeats work and loses nothing (the boot number also follows the
/// clock), while an edge that does not start loses everything.
fn cursor(directory: &Path, name: &str) -> Result<Cursor, journal::Error> {
    let path = directory.join(name);
    match Cursor::open(&path) {
        Err(journal::Error::Corrupt { .. }) => {
            tracing::error!(path = %path.display(), "damaged; starting anew");
            // When this fails the next line says so.
            let _ = std::fs::remove_file(&path);
            Cursor::open(&path)
        }
        opened => opened,
    }
}

/// A random identity; never 0, which a fresh cursor holds.
fn random() -> Result<u64, OpenError> {
    match getrandom::u64() {
        Ok(0) => Ok(1),
        Ok(identity) => Ok(identity),
        Err(error) => Err(OpenError::Random(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boots_ascend_even_when_the_clock_does_not() {
        assert_eq!(next_boot(0, 1_700_000_000_000_000), 1_700_000_000);
        assert_eq!(
            next_boot(1_700_000_000, 1_600_000_000_000_000),
            1_700_000_001
        );
        assert_eq!(next_boot(5, -1), 6);
        assert_eq!(next_boot(u64::MAX, 0), u32::MAX);
    }
}
