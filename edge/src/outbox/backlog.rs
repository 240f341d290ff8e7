//! Reads entries back for sending again, flagged as backlog.
//!
//! Invariant: every offset that is asked for and lies in the outbox gets a message. An entry that is damaged on disk, or
//! was trimmed, is replaced by an empty batch with its number: the hub's cumulative acknowledgement could never pass it
//! otherwise, and everything behind it would be held for ever. Each replacement is counted.

use std::sync::Arc;

use journal::Reader;
use wire::batch::{self, Batch, Header, MAX_BATCH_BYTES, Reading, Station};

use super::Outbox;
use crate::tally::Tally;

/// Most bytes of entries held in memory at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// One entry to send.
#[derive(Debug)]
pub struct Resend {
    /// Its number.
    pub offset: u64,
    /// Readings in it; the rate cap counts them.
    pub readings: usize,
    /// The batch, flagged as backlog.
    pub bytes: Vec<u8>,
}

/// What is at an offset.
enum Found {
    Entry(Vec<u8>),
    /// Not what was written, or trimmed away.
    Damaged,
    /// Not committed yet.
    NotYet,
}

/// A reader that stays open between chunks.
pub struct Backlog {
    outbox: Arc<Outbox>,
    tally: Arc<Tally>,
    reader: Option<Reader>,
    out: Vec<u8>,
    readings: Vec<Reading>,
}

impl std::fmt::Debug for Backlog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backlog")
            .field("outbox", &self.outbox)
            .finish_non_exhaustive()
    }
}

impl Backlog {
    /// A reader of `outbox`.
    pub fn new(outbox: Arc<Outbox>, tally: Arc<Tally>) -> Self {
        Self {
            outbox,
            tally,
            reader: None,
            out: vec![0; MAX_BATCH_BYTES],
            readings: Vec::new(),
        }
    }

    /// Up to `count` entries from `from`, at least one, and not many more than [`CHUNK_BYTES`].
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn fetch(
        &mut self,
        from: u64,
        count: u64,
        sent_us: i64,
    ) -> Result<Vec<Resend>, journal::Error> {
        let end = from.saturating_add(count).min(self.outbox.next());
        let mut resends = Vec::new();
        let mut bytes = 0;
        let mut offset = from;
        while offset < end && bytes < CHUNK_BYTES {
            let resend = match self.read(offset)? {
                Found::Entry(payload) => self.flagged(offset, &payload, sent_us),
                Found::Damaged => None,
                Found::NotYet => break,
            };
            let resend = match resend {
                Some(resend) => resend,
                None => {
                    self.tally.add("entries_unreadable", 1);
                    tracing::error!(
                        offset,
                        "an outbox entry cannot be read back; an empty one takes its place"
                    );
                    match self.encode(offset, &[], sent_us) {
                        Some(resend) => resend,
                        None => break,
                    }
                }
            };
            bytes += resend.bytes.len();
            resends.push(resend);
            offset += 1;
        }
        Ok(resends)
    }

    fn read(&mut self, offset: u64) -> Result<Found, journal::Error> {
        let damaged = |error| match error {
            journal::Error::Corrupt { .. } | journal::Error::OutOfRange { .. } => {
                Ok(Found::Damaged)
            }
            error => Err(error),
        };
        let mut reader = match self.reader.take() {
            Some(reader) if reader.offset() == offset => reader,
            _ => match self.outbox.journal().reader(offset) {
                Ok(reader) => reader,
                Err(error) => return damaged(error),
            },
        };
        match reader.next() {
            Some(Ok(entry)) if entry.offset == offset => {
                self.reader = Some(reader);
                Ok(Found::Entry(entry.payload))
            }
            Some(Ok(_)) => Ok(Found::Damaged),
            Some(Err(error)) => damaged(error),
            None => Ok(Found::NotYet),
        }
    }

    fn flagged(&mut self, offset: u64, payload: &[u8], sent_us: i64) -> Option<Resend> {
        let batch = Batch::parse(payload).ok()?;
        let stations: Vec<Station<'_>> = batch.stations().collect();
        self.readings.clear();
        self.readings.extend(batch.readings());
        self.encode(offset, &stations, sent_us)
    }

    /// Encodes `self.readings`, or nothing when there are no stations.
    fn encode(&mut self, offset: u64, stations: &[Station<'_>], sent_us: i64) -> Option<Resend> {
        if stations.is_empty() {
            self.readings.clear();
        }
        let header = Header {
            edge: self.outbox.edge(),
            outbox: self.outbox.identity(),
            offset,
            sent_us,
            backlog: true,
        };
        let length = batch::encode(&header, stations, &self.readings, &mut self.out).ok()?;
        Some(Resend {
            offset,
            readings: self.readings.len(),
            bytes: self.out[..length].to_vec(),
        })
    }
}
