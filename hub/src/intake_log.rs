//! The hub's journal with what happens when the disk refuses: entries wait in memory, nothing is acknowledged, and alerts go on.
//!
//! "Acknowledged means durable" is kept by order: an entry is appended, committed, and only then are its outbox offsets and MQTT
//! messages acknowledged. When appending fails, the entry waits in a bounded queue and is tried again. When the queue is full, the
//! entry is let go: its edge never hears an acknowledgement and sends it again later, and it is journaled then.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use journal::{Fsync, Journal, Options};
use rumqttc::Publish;

use crate::config::{FsyncPolicy, JournalSettings};
use crate::entry::Entry;
use crate::mqtt::Via;

/// Bytes of entries that may wait for the disk.
const MOST_WAITING: usize = 64 * 1024 * 1024;

/// Offsets of let-go entries that are remembered; past it, an edge's repeat is journaled when its rows are new to this process.
const MOST_LET_GO: usize = 1_000_000;

/// An outbox entry: edge, outbox, offset.
pub type Offset = (String, u64, u64);

/// What an entry's durability releases.
#[derive(Debug, Default)]
pub struct Owed {
    /// Outbox entries to count as durable.
    pub offsets: Vec<Offset>,
    /// MQTT messages to acknowledge to the broker.
    pub messages: Vec<(Via, Publish)>,
}

impl Owed {
    fn absorb(&mut self, other: Self) {
        self.offsets.extend(other.offsets);
        self.messages.extend(other.messages);
    }
}

/// The journal and what waits for it.
pub struct IntakeLog {
    journal: Journal,
    most_bytes: u64,
    waiting: VecDeque<(Vec<u8>, Owed)>,
    waiting_bytes: usize,
    /// Handed to the operating system and not yet durable: a failed commit withdraws them, and they are appended again.
    appended: Vec<(Vec<u8>, Owed)>,
    let_go: BTreeSet<Offset>,
    /// Entries that were let go since the start.
    pub let_go_total: u64,
    /// What the disk last said, while it refuses.
    pub refusal: Option<String>,
}

impl IntakeLog {
    /// Opens the journal under `dir`. Returns a word on what recovery found, when it found something.
    ///
    /// # Errors
    /// Text that says what failed and where.
    pub fn open(dir: &Path, settings: &JournalSettings) -> Result<(Self, String), String> {
        let options = Options {
            segment_bytes: settings.segment_mib.max(1) * 1024 * 1024,
            fsync: match settings.fsync {
                FsyncPolicy::Always => Fsync::Always,
                FsyncPolicy::Never => Fsync::Never,
            },
            max_bytes: None,
        };
        let (journal, recovery) = Journal::open(dir, options).map_err(|e| e.to_string())?;
        let most_bytes = match settings.max_mib {
            0 => u64::MAX,
            mib => mib * 1024 * 1024,
        };
        let log = Self {
            journal,
            most_bytes,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            appended: Vec::new(),
            let_go: BTreeSet::new(),
            let_go_total: 0,
            refusal: None,
        };
        Ok((log, format!("{recovery:?}")))
    }

    /// The entries received since `from_us`, oldest first.
    ///
    /// # Errors
    /// Text that names the file and the place.
    pub fn entries(
        &self,
        from_us: i64,
    ) -> Result<impl Iterator<Item = Result<(u64, Entry), String>> + use<>, String> {
        // Halving: entries stand in the order in which the hub's clock went, and a journal of months is not read to find a day.
        let (mut low, mut high) = (self.journal.first(), self.journal.next());
        while low < high {
            let middle = low + (high - low) / 2;
            let received = match self.decoded(middle)?.next() {
                Some(entry) => entry?.1.received_us,
                None => break,
            };
            if received < from_us {
                low = middle + 1
            } else {
                high = middle
            }
        }
        self.decoded(low)
    }

    /// Whether the journal has entries received before some time.
    ///
    /// # Errors
    /// Text that names the file and the place.
    pub fn begins_before(&self, from_us: i64) -> Result<bool, String> {
        match self.decoded(self.journal.first())?.next() {
            Some(entry) => Ok(entry?.1.received_us < from_us),
            None => Ok(false),
        }
    }

    fn decoded(
        &self,
        from: u64,
    ) -> Result<impl Iterator<Item = Result<(u64, Entry), String>> + use<>, String> {
        let reader = self.journal.reader(from).map_err(|e| e.to_string())?;
        Ok(reader.map(|e| {
            let e = e.map_err(|e| e.to_string())?;
            let entry = Entry::decode(&e.payload)
                .map_err(|why| format!("journal entry {}: {why}", e.offset))?;
            Ok((e.offset, entry))
        }))
    }

    /// Whether this outbox entry was let go: its rows are known to the core and not journaled.
    pub fn was_let_go(&mut self, offset: &Offset) -> bool {
        self.let_go.remove(offset)
    }

    /// Hands an entry over. It reaches the operating system now if the disk allows, and the disk by [`IntakeLog::commit`]. Returns MQTT
    /// messages that had to be let go: they are not stored and must be acknowledged all the same, or the broker stops delivering.
    pub fn append(&mut self, entry: &Entry, owed: Owed) -> Vec<(Via, Publish)> {
        let bytes = entry.encode();
        if self.waiting.is_empty() {
            match self.journal.append(&bytes) {
                Ok(_) => {
                    self.refusal = None;
                    self.appended.push((bytes, owed));
                    return Vec::new();
                }
                Err(e) => self.refusal = Some(e.to_string()),
            }
        }
        if self.waiting_bytes + bytes.len() > MOST_WAITING {
            self.let_go_total += 1;
            if self.let_go.len() + owed.offsets.len() <= MOST_LET_GO {
                self.let_go.extend(owed.offsets);
            }
            return owed.messages;
        }
        self.waiting_bytes += bytes.len();
        self.waiting.push_back((bytes, owed));
        Vec::new()
    }

    /// One past the last entry that the operating system has.
    pub fn next(&self) -> u64 {
        self.journal.next()
    }

    /// Makes what was appended durable and returns what that releases.
    pub fn commit(&mut self) -> Owed {
        while let Some((bytes, _)) = self.waiting.front() {
            match self.journal.append(bytes) {
                Ok(_) => {
                    if let Some((bytes, owed)) = self.waiting.pop_front() {
                        self.waiting_bytes -= bytes.len();
                        self.appended.push((bytes, owed));
                    }
                }
                Err(e) => {
                    self.refusal = Some(e.to_string());
                    break;
                }
            }
        }
        if let Err(e) = self.journal.commit() {
            // The journal has withdrawn what was not durable: it goes back to the front of the queue, and releases nothing. An
            // entry that a segment's end made durable before is journaled a second time; its rows are dropped as duplicates.
            self.refusal = Some(e.to_string());
            for (bytes, owed) in self.appended.drain(..).rev() {
                self.waiting_bytes += bytes.len();
                self.waiting.push_front((bytes, owed));
            }
            return Owed::default();
        }
        if self.waiting.is_empty() {
            self.refusal = None;
        }
        self.trim();
        let mut owed = Owed::default();
        for (_, released) in self.appended.drain(..) {
            owed.absorb(released);
        }
        owed
    }

    fn trim(&mut self) {
        let mut keep_from = self.journal.first();
        while self.journal.bytes() > self.most_bytes && keep_from < self.journal.next() {
            keep_from += (self.journal.next() - keep_from).div_ceil(16);
            if let Err(e) = self.journal.trim(keep_from) {
                tracing::warn!(error = %e, "cannot drop the oldest journal segment");
                return;
            }
        }
    }

    /// Entries that wait for the disk.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Size on the disk, bytes.
    pub fn bytes(&self) -> u64 {
        self.journal.bytes()
    }
}
