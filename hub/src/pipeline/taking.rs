//! What becomes of each kind of message: decoded, given to the core, and put down for the journal and for acknowledgement.

use std::collections::BTreeMap;

use serde_json::Value;
use wire::batch::{Batch, BatchError, Header, MAX_BATCH_BYTES, Reading, Station, Version};
use wire::document;
use wire::topic::Channel;

use super::{Pipeline, State, reason};
use crate::core::Output;
use crate::edges::{self, Arrived, Heard, MOST_EDGES};
use crate::entry::Item;
use crate::intake::open::{self, OpenReading};
use crate::intake::{OPEN_OUTBOX, Rest};
use crate::intake_log::{Offset, Owed};
use crate::mqtt::Inbound;

/// How long after the last damaged message people are told of it.
const DAMAGE_SHOWN_US: i64 = 5 * 60 * 1_000_000;

impl Pipeline {
    pub(super) fn take(
        &mut self,
        message: Inbound,
        now_us: i64,
        items: &mut Vec<Item>,
        owed: &mut Owed,
        outputs: &mut Vec<Output>,
        state: &mut State,
    ) {
        let Inbound {
            via,
            channel,
            edge,
            publish,
            ..
        } = message;
        self.board
            .count("messages_received", &reason("channel", channel.name()), 1);
        let payload = &publish.payload;
        if payload.len() > crate::intake::quakes::MAX_DOCUMENT {
            tracing::warn!(%edge, channel = channel.name(), bytes = payload.len(), "refused: too large for any kind of message");
            self.core.intake.count("messages_refused", "too_large");
            owed.messages.push((via, publish));
            return;
        }
        match channel {
            Channel::Batch => self.take_batch(&edge, payload, now_us, items, owed, state),
            Channel::Senml | Channel::Json => {
                let read = if channel == Channel::Senml {
                    open::senml
                } else {
                    open::json
                };
                state.arrival.advance(now_us);
                match read(payload, &edge, &mut state.arrival) {
                    Ok(_) if !self.core.intake.may_come_from(&edge, OPEN_OUTBOX) => {
                        self.core
                            .intake
                            .count("messages_refused", "too_many_publishers");
                    }
                    Ok(readings) => {
                        hear(state, &edge, now_us, None);
                        self.take_open(&edge, &readings, now_us, items);
                    }
                    Err(refused) => {
                        tracing::warn!(%edge, channel = channel.name(), %refused, "refused");
                        self.core.intake.count("messages_refused", refused.reason);
                    }
                }
                owed.messages.push((via, publish));
            }
            Channel::Quake => {
                outputs.extend(self.core.quake(payload, now_us));
                items.push(Item::Quake(payload.to_vec()));
                owed.messages.push((via, publish));
            }
            Channel::Status => {
                let kept = publish.retain;
                self.edge_status(&edge, payload, kept, now_us, state);
                owed.messages.push((via, publish));
            }
            Channel::Finding => {
                let whole = document::is_whole(payload);
                let text: String = String::from_utf8_lossy(payload)
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(200)
                    .collect();
                outputs.push(Output::Say {
                    time_us: now_us,
                    kind: "node_finding".to_owned(),
                    text: match whole {
                        Ok(_) => format!("{edge}: {text}"),
                        // The broker has confirmed it: it does not come again, and what it was about is in the readings.
                        Err(_) => {
                            self.core.intake.count("messages_refused", "checksum");
                            self.damaged(&edge, now_us, state);
                            format!("{edge}: a node's finding arrived damaged and cannot be read; look at its readings")
                        }
                    },
                    situation: None,
                });
                owed.messages.push((via, publish));
            }
            // Reports of sirens come by a connection of their own.
            Channel::Siren | Channel::Ack | Channel::Command => owed.messages.push((via, publish)),
        }
    }

    fn take_batch(
        &mut self,
        edge: &str,
        payload: &[u8],
        now_us: i64,
        items: &mut Vec<Item>,
        owed: &mut Owed,
        state: &mut State,
    ) {
        let batch = match Batch::parse(payload) {
            Ok(batch) => batch,
            // Not acknowledged, so that its edge sends it again.
            Err(e) => {
                tracing::warn!(edge, error = e.name(), "batch refused");
                if e == BatchError::Checksum {
                    self.damaged(edge, now_us, state);
                }
                self.core.intake.count("batches_refused", e.name());
                return;
            }
        };
        let (header, version) = (batch.header(), batch.version());
        if header.edge != edge || header.outbox == OPEN_OUTBOX {
            tracing::warn!(
                edge,
                claims = header.edge,
                "batch refused: it names another edge than its topic, or no outbox"
            );
            self.core.intake.count("batches_refused", "edge_mismatch");
            return;
        }
        if !self.core.intake.may_come_from(edge, header.outbox) {
            self.core.intake.count("batches_refused", "too_many_edges");
            return;
        }
        if version < self.core.intake.version(edge, header.outbox) {
            tracing::warn!(
                edge,
                "batch refused: it has no checksum, and earlier ones of this outbox had one"
            );
            self.core.intake.count("batches_refused", "unchecked");
            return;
        }
        self.core.intake.heard(edge, header.outbox, version);
        let lag_us = now_us.saturating_sub(header.sent_us);
        hear(state, edge, now_us, Some(lag_us as f64 * 1e-6));
        let offset: Offset = (edge.to_owned(), header.outbox, header.offset);
        state
            .unacknowledged
            .insert((edge.to_owned(), header.outbox));
        if self
            .core
            .intake
            .is_durable(edge, header.outbox, header.offset)
        {
            // The acknowledgement was lost on its way: it is repeated.
            self.core
                .intake
                .count("batches_repeated", "acknowledged_before");
            return;
        }
        if self.log.was_let_go(&offset) {
            items.push(Item::Batch(payload.to_vec()));
            owed.offsets.push(offset);
            return;
        }
        let taken = self.core.batch(&batch, now_us);
        self.board.count("readings", "", taken.rows as u64);
        match taken.rest {
            Rest::Whole => items.push(Item::Batch(payload.to_vec())),
            Rest::Part(bytes) => items.push(Item::Batch(bytes)),
            Rest::Nothing => items.push(Item::Batch(empty(version, &header))),
        }
        owed.offsets.push(offset);
    }

    /// Open readings become batches of their own: from here on there is one kind of reading.
    fn take_open(
        &mut self,
        publisher: &str,
        readings: &[OpenReading],
        now_us: i64,
        items: &mut Vec<Item>,
    ) {
        let mut names: Vec<&str> = Vec::new();
        let mut rows: Vec<Reading> = Vec::with_capacity(readings.len());
        let mut next: BTreeMap<(u16, u8), u64> = BTreeMap::new();
        let mut batches = Vec::new();
        let close = |names: &mut Vec<&str>, rows: &mut Vec<Reading>, batches: &mut Vec<Vec<u8>>| {
            let header = Header {
                edge: publisher,
                outbox: OPEN_OUTBOX,
                offset: 0,
                sent_us: now_us,
                backlog: false,
            };
            let stations: Vec<Station<'_>> = names
                .iter()
                .map(|id| Station {
                    id,
                    node: 0,
                    boot: 0,
                })
                .collect();
            let mut out = vec![0; MAX_BATCH_BYTES];
            match wire::batch::encode(&header, &stations, rows, &mut out) {
                Ok(n) => {
                    out.truncate(n);
                    batches.push(out);
                }
                // Bounded above by `open::MAX_READINGS`; a batch that does not fit is our own bug, and is said.
                Err(e) => tracing::error!(
                    publisher,
                    error = e.name(),
                    "open readings cannot be encoded"
                ),
            }
            names.clear();
            rows.clear();
        };
        for reading in readings {
            if names.len() == wire::batch::MAX_STATIONS
                || rows.len() == wire::batch::MAX_READINGS / 2
            {
                close(&mut names, &mut rows, &mut batches);
                next.clear();
            }
            let station = match names.iter().position(|n| *n == reading.station) {
                Some(at) => at,
                None => {
                    names.push(&reading.station);
                    names.len() - 1
                }
            } as u16;
            let seq = next
                .entry((station, reading.quantity.code()))
                .or_insert_with(|| {
                    self.core
                        .intake
                        .open_seq(&reading.station, reading.quantity)
                });
            rows.push(Reading {
                station,
                time_us: reading.time_us,
                quantity: reading.quantity,
                value: reading.value,
                quality: 0,
                seq: *seq,
            });
            *seq += 1;
        }
        close(&mut names, &mut rows, &mut batches);
        for bytes in batches {
            let Ok(batch) = Batch::parse(&bytes) else {
                continue;
            };
            let taken = self.core.batch(&batch, now_us);
            self.board.count("readings", "", taken.rows as u64);
            match taken.rest {
                Rest::Whole => items.push(Item::Batch(bytes)),
                Rest::Part(part) => items.push(Item::Batch(part)),
                Rest::Nothing => {}
            }
        }
    }

    fn edge_status(
        &mut self,
        edge: &str,
        payload: &[u8],
        kept: bool,
        now_us: i64,
        state: &mut State,
    ) {
        // What it says of the outbox moves the acknowledgement: a bent number would free what is not here.
        let Ok(checked) = document::is_whole(payload) else {
            tracing::warn!(edge, "status refused: damaged on its way");
            self.core.intake.count("messages_refused", "checksum");
            self.damaged(edge, now_us, state);
            return;
        };
        let Ok(status) = serde_json::from_slice::<Value>(payload) else {
            self.core.intake.count("messages_refused", "status_syntax");
            return;
        };
        if status.get("edge").is_some_and(|named| named != edge) {
            self.core.intake.count("messages_refused", "edge_mismatch");
            return;
        }
        if !state.edges.contains_key(edge) && state.edges.len() >= MOST_EDGES {
            self.core.intake.count("messages_refused", "too_many_edges");
            return;
        }
        let arrived = Arrived {
            at_us: now_us,
            kept,
        };
        self.board
            .update(|v| edges::take_status(&mut v.edges, edge, &status, arrived));
        let word = status
            .get("state")
            .and_then(Value::as_str)
            .unwrap_or("unknown")
            .to_owned();
        let outbox = status.get("outbox");
        let identity = outbox
            .and_then(|o| o.get("identity"))
            .and_then(Value::as_str)
            .and_then(|hex| u64::from_str_radix(hex, 16).ok());
        if let Some(identity) = identity.filter(|id| self.core.intake.may_come_from(edge, *id)) {
            if checked {
                self.core.intake.heard(edge, identity, Version::V2);
            }
            // What another hub, or this one before it lost its disk, has acknowledged is not coming again.
            if let Some(done) = outbox
                .and_then(|o| o.get("acknowledged"))
                .and_then(Value::as_u64)
            {
                self.core.intake.outbox_starts(edge, identity, done);
            }
            state.unacknowledged.insert((edge.to_owned(), identity));
        }
        let code = format!("edge_offline:{edge}");
        let text = (word == "offline").then(|| format!("edge {edge} is offline: its stations are blind until it is back; look at its power and link"));
        self.board.condition(&code, text.as_deref(), now_us);
        let code = format!("edge_degraded:{edge}");
        let conditions: Vec<&str> = status
            .get("conditions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .take(8)
            .collect();
        let text = (!conditions.is_empty()).then(|| {
            format!(
                "edge {edge}: {}",
                conditions.join(", ").chars().take(300).collect::<String>()
            )
        });
        self.board.condition(&code, text.as_deref(), now_us);
        if state.edges.insert(edge.to_owned(), word.clone()).as_ref() != Some(&word) {
            tracing::info!(edge, state = word, "edge");
        }
    }
}

impl Pipeline {
    /// Something of an edge's did not arrive as it was sent: people are told while it goes on.
    fn damaged(&mut self, edge: &str, now_us: i64, state: &mut State) {
        if !state.damaged.contains_key(edge) && state.damaged.len() >= MOST_EDGES {
            return;
        }
        state.damaged.insert(edge.to_owned(), now_us);
        let text = format!(
            "messages of edge {edge} arrive damaged and are refused; it sends readings again, and they come late: look at the line between it and the broker, and at the broker's machine"
        );
        self.board
            .condition(&damaged_code(edge), Some(&text), now_us);
    }

    /// Lets go of what has not gone on.
    pub(super) fn forget_damage(&self, now_us: i64, state: &mut State) {
        state.damaged.retain(|edge, last_us| {
            let goes_on = now_us.saturating_sub(*last_us) < DAMAGE_SHOWN_US;
            if !goes_on {
                self.board.condition(&damaged_code(edge), None, now_us);
            }
            goes_on
        });
    }
}

fn damaged_code(edge: &str) -> String {
    format!("edge_damaged:{edge}")
}

/// Notes for the page that something came; edges beyond the bound are not shown.
fn hear(state: &mut State, edge: &str, at_us: i64, lag_s: Option<f64>) {
    if state.heard.len() < MOST_EDGES || state.heard.contains_key(edge) {
        state.heard.insert(edge.to_owned(), Heard { at_us, lag_s });
    }
}

/// A batch without rows: it holds the place of an outbox entry whose rows were all taken before, so that a hub that is started again
/// knows that the entry is durable.
fn empty(version: Version, header: &Header<'_>) -> Vec<u8> {
    let mut out = vec![0; 256];
    let n = wire::batch::encode_as(version, header, &[], &[], &mut out).unwrap_or(0);
    out.truncate(n);
    out
}
