//! The thread that stores readings: drain, encode, append, commit, publish, acknowledge.
//!
//! Purpose: one commit for whatever has gathered while the last one ran. A quiet edge writes one reading per entry; a
//! busy one writes hundreds, and the cost of a disk flush is shared.
//!
//! Invariants: a node is acknowledged only after the commit; an entry is published only after it; when nothing can be
//! stored, the batch is still published, under an identity that no acknowledgement will ever free anything by, and
//! the nodes keep their copies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clock::Clock;
use tokio::sync::{mpsc, watch};
use wire::batch::{self, Header, MAX_BATCH_BYTES, MAX_STATIONS, Reading, Station};

use super::Outbox;
use crate::node::Nodes;
use crate::reading::Group;
use crate::tally::Tally;

/// A batch to be published now.
#[derive(Debug)]
pub struct Live {
    /// Entry in the outbox; `None` when it could not be stored.
    pub offset: Option<u64>,
    /// The encoded batch.
    pub bytes: Vec<u8>,
}

/// What the thread works with.
pub struct Writer {
    /// Where entries go.
    pub outbox: Arc<Outbox>,
    /// Who is acknowledged.
    pub nodes: Arc<Nodes>,
    /// What comes in.
    pub groups: mpsc::Receiver<Group>,
    /// Where live batches go; never waited for.
    pub live: mpsc::Sender<Live>,
    /// End of the entries that did not fit `live`; the publisher makes them backlog.
    pub overflow: Arc<AtomicU64>,
    /// Groups dealt with since the start.
    pub settled: watch::Sender<u64>,
    /// Stamp of the batch.
    pub clock: Clock,
    /// Most readings in an entry.
    pub batch_readings: usize,
    /// Counters.
    pub tally: Arc<Tally>,
}

impl Writer {
    /// Works until every sender of groups is gone and all that came is dealt with.
    pub fn run(mut self) {
        let mut encoder = Encoder::default();
        let mut volatile_offset = 0;
        let mut carried = None;
        while let Some(first) = carried.take().or_else(|| self.groups.blocking_recv()) {
            let mut count = first.items.len();
            let mut groups = vec![first];
            while let Ok(group) = self.groups.try_recv() {
                count += group.items.len();
                if count > self.batch_readings {
                    carried = Some(group);
                    break;
                }
                groups.push(group);
            }
            self.store(&groups, &mut encoder, &mut volatile_offset);
            self.settled
                .send_modify(|settled| *settled += groups.len() as u64);
        }
    }

    fn store(&self, groups: &[Group], encoder: &mut Encoder, volatile_offset: &mut u64) {
        let outbox = &self.outbox;
        // Only this thread appends, so the number is ours.
        let offset = outbox.next();
        let header = Header {
            edge: outbox.edge(),
            outbox: outbox.identity(),
            offset,
            sent_us: self.clock.now_us(),
            backlog: false,
        };
        let bytes = match encoder.encode(&header, groups) {
            Ok(bytes) => bytes,
            Err(error) => return self.halve(groups, encoder, volatile_offset, error),
        };
        let stored = {
            let mut journal = outbox.journal();
            // A failed commit takes the entry back, so that its number can be given again.
            journal
                .append(bytes)
                .and_then(|offset| journal.commit().map(|()| offset))
        };
        match stored {
            Ok(offset) => {
                // Before the number: whoever saves the state of the nodes takes entries below it for settled.
                self.nodes.settle(groups);
                outbox.next.store(offset + 1, Ordering::Release);
                self.tally.add("entries", 1);
                self.publish(Live {
                    offset: Some(offset),
                    bytes: bytes.to_vec(),
                });
                if outbox.full.swap(false, Ordering::AcqRel) {
                    tracing::info!(offset, "the outbox takes readings again");
                }
            }
            Err(error) => {
                self.nodes.forget(groups);
                self.report(&error);
                let header = Header {
                    outbox: outbox.volatile,
                    offset: *volatile_offset,
                    ..header
                };
                *volatile_offset += 1;
                self.tally.add(
                    "readings_not_stored",
                    groups.iter().map(|group| group.items.len() as u64).sum(),
                );
                if let Ok(bytes) = encoder.encode(&header, groups) {
                    let bytes = bytes.to_vec();
                    self.publish(Live {
                        offset: None,
                        bytes,
                    });
                }
            }
        }
    }

    fn report(&self, error: &journal::Error) {
        let logged = self
            .tally
            .count(if error.is_full() { "full" } else { "failed" });
        if !self.outbox.full.swap(true, Ordering::AcqRel) || logged {
            tracing::error!(%error, "readings cannot be stored: published without acknowledging the nodes");
        }
    }

    fn publish(&self, live: Live) {
        let offset = live.offset;
        if self.live.try_send(live).is_err() {
            match offset {
                Some(offset) => self.overflow.store(offset + 1, Ordering::Release),
                None => {
                    self.tally.add("not_stored_and_not_published", 1);
                }
            }
        }
    }

    /// A batch that cannot be encoded is cut in two; a single group that cannot be is our own bug, and counted.
    fn halve(
        &self,
        groups: &[Group],
        encoder: &mut Encoder,
        volatile_offset: &mut u64,
        error: batch::BatchError,
    ) {
        if groups.len() > 1 {
            let (first, second) = groups.split_at(groups.len() / 2);
            self.store(first, encoder, volatile_offset);
            self.store(second, encoder, volatile_offset);
            return;
        }
        self.tally.add("groups_not_encodable", 1);
        tracing::error!(%error, "a group of readings cannot be encoded and is lost");
        // Or the node would send it for ever.
        self.nodes.settle(groups);
    }
}

/// Reused buffers.
struct Encoder {
    readings: Vec<Reading>,
    out: Vec<u8>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            readings: Vec::new(),
            out: vec![0; MAX_BATCH_BYTES],
        }
    }
}

impl Encoder {
    fn encode(
        &mut self,
        header: &Header<'_>,
        groups: &[Group],
    ) -> Result<&[u8], batch::BatchError> {
        let mut stations: Vec<Station<'_>> = Vec::new();
        self.readings.clear();
        for group in groups {
            for item in &group.items {
                let id: &str = item.station.as_deref().unwrap_or(&group.station);
                let wanted = Station {
                    id,
                    node: group.node,
                    boot: group.boot,
                };
                // Few stations per batch, and mostly the last one again.
                let index = match stations.iter().rposition(|station| *station == wanted) {
                    Some(index) => index,
                    None if stations.len() == MAX_STATIONS => {
                        return Err(batch::BatchError::TooManyStations);
                    }
                    None => {
                        stations.push(wanted);
                        stations.len() - 1
                    }
                };
                self.readings.push(Reading {
                    station: index as u16,
                    time_us: item.time_us,
                    quantity: item.quantity,
                    value: item.value,
                    quality: item.quality.bits(),
                    seq: item.seq,
                });
            }
        }
        let length = batch::encode(header, &stations, &self.readings, &mut self.out)?;
        Ok(&self.out[..length])
    }
}
