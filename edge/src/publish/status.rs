//! The status document: retained on the status topic, its absence told by the last will.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use clock::Clock;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use wire::document::TAIL_BYTES;

use crate::document::seal;
use crate::link::stats::{LineReport, Lines};
use crate::meter::{MeterHealth, MeterReport};
use crate::node::state::State;
use crate::node::{NodeReport, Nodes};
use crate::outbox::Outbox;
use crate::siren::relay::Sirens;
use crate::tally::Tally;

/// A meter that has left so many polls in a row unanswered is silent: one lost answer is no news, a dead meter is, also when it has
/// answered for years.
const SILENT_POLLS: u64 = 3;

/// How often the state of the nodes is saved, if it has changed.
const REMEMBER: Duration = Duration::from_secs(60);

/// Counts by reason.
pub type Counts = BTreeMap<&'static str, u64>;

/// The edge's condition and counters. Counters start at zero with every start of the agent.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// `online`, or `offline` after a graceful stop.
    pub state: &'static str,
    /// What an operator should look at; empty when all is well.
    pub conditions: Vec<&'static str>,
    /// Edge id.
    pub edge: String,
    /// Version of this program.
    pub version: &'static str,
    /// This agent's boot number.
    pub boot: u32,
    /// RFC 3339 UTC, by this edge's clock.
    pub time: String,
    /// RFC 3339 UTC of the start.
    pub since: String,
    /// The outbox.
    pub outbox: OutboxStatus,
    /// Whether the broker is connected, as far as this process knows.
    pub connected: bool,
    /// Broker connections and messages by fate.
    pub publish: Counts,
    /// Frames and readings of nodes by fate.
    pub frames: Counts,
    /// Refused frames by reason.
    pub frame_errors: Counts,
    /// Node links by fate.
    pub links: Counts,
    /// Each of them.
    pub lines: Vec<LineReport>,
    /// Each node.
    pub nodes: Vec<NodeReport>,
    /// Nodes whose keys cannot be read; they are not in `nodes` unless they had one before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keyless: Vec<u32>,
    /// Each meter.
    pub meters: Vec<MeterReport>,
    /// The sirens; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sirens: Option<SirenStatus>,
}

/// The sirens' numbers; what each of them does is told on a topic of its own.
#[derive(Debug, Clone, Serialize)]
pub struct SirenStatus {
    /// Connections and messages by fate.
    pub link: Counts,
    /// Commands that were refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Commands that came again.
    pub repeated: u64,
    /// What an operator should look at.
    pub conditions: Vec<String>,
}

/// The outbox's numbers.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxStatus {
    /// Identity, hexadecimal.
    pub identity: String,
    /// First entry held.
    pub first: u64,
    /// One past the last entry.
    pub next: u64,
    /// Everything below is durable at the hub.
    pub acknowledged: u64,
    /// Entries that the hub has not acknowledged.
    pub depth: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Readings could not be stored at the last attempt.
    pub full: bool,
    /// Entries and failures by kind.
    pub counts: Counts,
}

/// Everything that the status is made from.
#[derive(Debug)]
pub struct Sources {
    /// The outbox.
    pub outbox: Arc<Outbox>,
    /// The nodes.
    pub nodes: Arc<Nodes>,
    /// The meters.
    pub meters: Vec<Arc<MeterHealth>>,
    /// Node links.
    pub links: Arc<Tally>,
    /// Each of them.
    pub lines: Arc<Lines>,
    /// Outbox writer.
    pub stored: Arc<Tally>,
    /// Connections and messages.
    pub publish: Arc<Tally>,
    /// Whether the broker is connected.
    pub connected: AtomicBool,
    /// Whether the hub is silent.
    pub stalled: AtomicBool,
    /// The hub has everything below.
    pub acked: watch::Sender<u64>,
    /// Groups handed over by links and meters.
    pub accepted: Arc<AtomicU64>,
    /// The sirens, once they run.
    pub sirens: OnceLock<Sirens>,
    /// The edge's clock.
    pub clock: Clock,
    /// When the agent started, by that clock.
    pub since_us: i64,
    /// The state of the nodes as it was saved last.
    pub saved: Mutex<State>,
}

impl Sources {
    /// Saves what is known of the nodes, if it is not what was saved last. Blocks.
    pub fn remember(&self) {
        // Nobody else must write the file meanwhile, nor write an older state after this one.
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let outbox = &self.outbox;
        // In this order: what is settled after the number was taken is in entries that will be read again.
        let covers = outbox.next();
        let state = self.nodes.snapshot(covers);
        if *saved == state {
            return;
        }
        match state.save(outbox.directory(), outbox.syncs()) {
            Ok(()) => *saved = state,
            Err(error) => {
                if self.stored.count("state_not_saved") {
                    tracing::error!(%error, "the state of the nodes cannot be saved");
                }
            }
        }
    }

    /// Keeps what is known of the nodes saved until the agent stops, also when no hub acknowledges anything: the counters
    /// below which frames are refused, within a minute; which updates have failed, and who was taken out, at once.
    pub async fn keep_remembering(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                // The publisher saves once more at the end.
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.nodes.changed.notified() => {}
                () = sleep(REMEMBER) => {}
            }
            let sources = self.clone();
            let _ = spawn_blocking(move || sources.remember()).await;
        }
    }

    /// The status now.
    pub fn status(&self) -> Status {
        let acknowledged = *self.acked.borrow();
        let next = self.outbox.next();
        let outbox = OutboxStatus {
            identity: format!("{:016x}", self.outbox.identity()),
            first: self.outbox.first(),
            next,
            acknowledged,
            depth: next.saturating_sub(acknowledged),
            bytes: self.outbox.bytes(),
            full: self.outbox.is_full(),
            counts: self.stored.snapshot(),
        };
        let meters: Vec<MeterReport> = self.meters.iter().map(|meter| meter.report()).collect();
        let connected = self.connected.load(Ordering::Acquire);
        let sirens = self.sirens.get().map(|sirens| {
            let report = sirens.report();
            SirenStatus {
                link: sirens.tally.snapshot(),
                refused: report.refused.clone(),
                repeated: report.repeated,
                conditions: report.conditions.clone(),
            }
        });
        let siren_trouble = sirens
            .as_ref()
            .is_some_and(|sirens| !sirens.conditions.is_empty());
        let nodes = self.nodes.report();
        let mut conditions = Vec::new();
        for (holds, condition) in [
            (outbox.full, "outbox_full"),
            (!connected, "broker_unreachable"),
            (
                connected && self.stalled.load(Ordering::Acquire),
                "hub_silent",
            ),
            (
                meters.iter().any(|meter| meter.unanswered >= SILENT_POLLS),
                "meter_silent",
            ),
            (siren_trouble, "siren_trouble"),
        ] {
            if holds {
                conditions.push(condition);
            }
        }
        conditions.extend(self.nodes.conditions(&nodes));
        Status {
            state: "online",
            conditions,
            edge: self.outbox.edge().to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            boot: self.outbox.boot(),
            time: clock::format_utc(self.clock.now_us()),
            since: clock::format_utc(self.since_us),
            outbox,
            connected,
            publish: self.publish.snapshot(),
            frames: self.nodes.tallies.counts.snapshot(),
            frame_errors: self.nodes.tallies.errors.snapshot(),
            links: self.links.snapshot(),
            lines: self.lines.report(),
            nodes,
            keyless: self.nodes.keyless(),
            meters,
            sirens,
        }
    }
}

/// Longest status document that is published: more than any broker's limit should not end the connection over and over.
pub const MAX_STATUS_BYTES: usize = 1024 * 1024;

impl Status {
    /// The document for the hub: about 0.7 kB for each node. What nodes are set to is not in it; the socket tells that. Where
    /// it would be longer than [`MAX_STATUS_BYTES`], only those nodes are in it that need a look (silent, settings refused, update
    /// failed), as many as fit.
    pub fn for_hub(mut self) -> Option<Vec<u8>> {
        for node in &mut self.nodes {
            if let Some(settings) = &mut node.settings {
                settings.in_force.clear();
            }
        }
        let most = MAX_STATUS_BYTES - TAIL_BYTES;
        let document = serde_json::to_vec(&self).ok()?;
        if document.len() <= most {
            return Some(seal(document));
        }
        self.nodes.retain(|node| node.needs_look);
        let each = MAX_STATUS_BYTES / 2 / 2048;
        self.nodes.truncate(each);
        self.lines.truncate(each);
        self.meters.truncate(each);
        let document = serde_json::to_vec(&self).ok()?;
        (document.len() <= most).then(|| seal(document))
    }
}

/// What the broker publishes when the edge vanishes.
pub fn will(edge: &str, boot: u32) -> Vec<u8> {
    offline("vanished", edge, boot)
}

/// What the edge publishes when it stops in good order.
pub fn farewell(edge: &str, boot: u32) -> Vec<u8> {
    offline("stopped", edge, boot)
}

fn offline(reason: &str, edge: &str, boot: u32) -> Vec<u8> {
    let document =
        serde_json::json!({ "state": "offline", "reason": reason, "edge": edge, "boot": boot });
    seal(document.to_string().into_bytes())
}
