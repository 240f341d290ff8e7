//! All nodes of this edge: who may speak, with which key, and on which line to answer.
//!
//! Invariants: nothing of a node changes before its frame is authentic; every refusal has a name that is counted;
//! downlink counters count up by one for each frame within this agent's boot, whatever line they leave by, so a
//! `(node, boot, counter)` is never used twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clock::Clock;
use serde::Serialize;
use tokio::sync::mpsc;
use wire::frame::{self, Body, Direction, Frame, Header, Key, MAX_FRAME, RawFrame, Version};
use wire::quality::Quality;
use wire::quantity::Quantity;

use super::session::{Finding, Health, Session, Timing};
use super::state::{NodeState, State};
use crate::config;
use crate::reading::{Group, Item};
use crate::tally::Tally;

/// Where encoded frames for one line go. Bounded; a full one loses frames, which the protocol survives.
pub type Downlink = mpsc::Sender<Vec<u8>>;

/// What a frame from a line led to, apart from the replies, which have been sent.
#[derive(Debug, Default)]
pub struct Received {
    /// New readings for the outbox.
    pub group: Option<Group>,
    /// A new finding for the hub.
    pub finding: Option<FoundAt>,
}

/// A finding and where it was made.
#[derive(Debug, Clone)]
pub struct FoundAt {
    /// Station of the node.
    pub station: Arc<str>,
    /// Node number.
    pub node: u32,
    /// The node's boot.
    pub boot: u32,
    /// What was found.
    pub finding: Finding,
}

/// Counters of everything that nodes send.
#[derive(Debug, Default)]
pub struct NodeTallies {
    /// Frames and readings by fate; errors have their own.
    pub counts: Tally,
    /// Refused frames by reason.
    pub errors: Tally,
}

/// One node's line in the status document.
#[derive(Debug, Clone, Serialize)]
pub struct NodeReport {
    /// Node number.
    pub id: u32,
    /// Station.
    pub station: Arc<str>,
    /// The node's boot; 0 before its first frame.
    pub boot: u32,
    /// First sequence number that is not durable here.
    pub next_seq: u64,
    /// RFC 3339 UTC of the last authentic frame.
    pub last_frame: Option<String>,
    /// Uncertainty of its clock; absent before the first exchange.
    pub clock_uncertainty_ms: Option<f64>,
    /// Its condition as last reported.
    pub health: Option<Health>,
}

/// The nodes of this edge.
#[derive(Debug)]
pub struct Nodes {
    nodes: Mutex<HashMap<u32, Node>>,
    timing: Timing,
    clock: Clock,
    /// This agent's boot: the boot of all downlink frames.
    edge_boot: u32,
    /// What has been counted.
    pub tallies: NodeTallies,
}

#[derive(Debug)]
struct Node {
    station: Arc<str>,
    key: Key,
    quantities: Vec<Quantity>,
    simulated: bool,
    session: Session,
    route: Option<Downlink>,
    /// Of its latest frame; it is answered in the same.
    version: Version,
    counter: u32,
}

impl Nodes {
    /// Nodes as configured, continuing what `state` remembers. `keys` are in the order of `configured`.
    pub fn new(
        configured: &[config::Node],
        keys: Vec<Key>,
        state: &State,
        timing: Timing,
        clock: Clock,
        edge_boot: u32,
    ) -> Self {
        let nodes = configured.iter().zip(keys).map(|(node, key)| {
            let session = match state.nodes.iter().find(|known| known.id == node.id) {
                Some(known) => {
                    Session::restored(known.boot, known.durable.clone(), known.exchanges.clone())
                }
                None => Session::default(),
            };
            let node_state = Node {
                station: node.station.as_str().into(),
                key,
                quantities: node.quantities.clone(),
                simulated: node.simulated,
                session,
                route: None,
                version: Version::default(),
                counter: 0,
            };
            (node.id, node_state)
        });
        Self {
            nodes: Mutex::new(nodes.collect()),
            timing,
            clock,
            edge_boot,
            tallies: NodeTallies::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Node>> {
        // A panic while holding the lock is our own bug; the numbers stay consistent enough to go on warning.
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A frame came from a line; replies go back by `route`.
    ///
    /// # Errors
    /// The counted name of why it was refused.
    pub fn receive(
        &self,
        raw: RawFrame<'_>,
        now_us: i64,
        route: &Downlink,
    ) -> Result<Received, &'static str> {
        let (_, header) = frame::peek(raw).map_err(|error| error.name())?;
        if header.direction != Direction::Up {
            return Err("wrong_way");
        }
        let mut nodes = self.lock();
        let node = nodes.get_mut(&header.node).ok_or("unknown_node")?;
        let Frame {
            version,
            header,
            body,
        } = frame::open(raw, &node.key).map_err(|error| error.name())?;
        let quantity = match &body {
            Body::Samples { quantity, .. } => Some(*quantity),
            _ => None,
        };
        let outcome = match node.session.receive(&header, body, now_us, self.timing) {
            Ok(outcome) => outcome,
            Err(refused) => return Err(refused.name()),
        };
        node.version = version;
        if node
            .route
            .as_ref()
            .is_none_or(|known| !known.same_channel(route))
        {
            node.route = Some(route.clone());
        }
        let counts = &self.tallies.counts;
        counts.add("frames", 1);
        for (name, amount) in [
            ("readings", outcome.items.len() as u64),
            ("readings_repeated", outcome.repeated),
            ("readings_lost", outcome.lost),
            ("clock_steps", u64::from(outcome.stepped)),
        ] {
            if amount > 0 {
                counts.add(name, amount);
            }
        }
        for reply in outcome.replies {
            self.send(header.node, node, reply);
        }
        let items = self.flagged(node, quantity, outcome.items);
        let boot = header.boot;
        let group = (!items.is_empty()).then(|| Group {
            station: node.station.clone(),
            node: header.node,
            boot,
            from_node: true,
            items,
        });
        let finding = outcome.finding.map(|finding| FoundAt {
            station: node.station.clone(),
            node: header.node,
            boot,
            finding,
        });
        Ok(Received { group, finding })
    }

    fn flagged(&self, node: &Node, quantity: Option<Quantity>, mut items: Vec<Item>) -> Vec<Item> {
        let mut flags = Quality::GOOD;
        if node.simulated {
            flags |= Quality::SIMULATED;
        }
        if quantity.is_some_and(|quantity| {
            !node.quantities.is_empty() && !node.quantities.contains(&quantity)
        }) {
            self.tallies
                .counts
                .add("readings_of_unexpected_quantity", items.len() as u64);
            flags |= Quality::SUSPECT;
        }
        for item in &mut items {
            item.quality |= flags;
            if item.quality.contains(Quality::OUT_OF_RANGE) {
                self.tallies.counts.add("readings_out_of_range", 1);
            }
        }
        items
    }

    /// Sends a command to a node. That it was sent is all that is known: nodes do not answer commands.
    ///
    /// # Errors
    /// Why it could not be sent: no such node, no line on which it has spoken, or a line that takes no more.
    pub fn command(
        &self,
        node: u32,
        id: u32,
        code: u8,
        argument: u32,
        expires_unix_us: i64,
    ) -> Result<(), &'static str> {
        let mut nodes = self.lock();
        let known = nodes.get_mut(&node).ok_or("is not configured")?;
        if known.route.is_none() {
            return Err("has not been heard since the start");
        }
        let body = Body::Command {
            id,
            code,
            argument,
            expires_unix_us,
        };
        if self.send(node, known, body) {
            Ok(())
        } else {
            Err("its line takes no frames")
        }
    }

    /// UTC of a node's last authentic frame, microseconds.
    pub fn last_frame_us(&self, node: u32) -> Option<i64> {
        self.lock().get(&node)?.session.last_frame_us()
    }

    /// Encodes and sends one downlink frame by the node's last line; whether the line took it.
    fn send(&self, id: u32, node: &mut Node, mut body: Body) -> bool {
        let Some(route) = &node.route else {
            return false;
        };
        let Some(counter) = node.counter.checked_add(1) else {
            // 4 billion frames to one node in one run: the agent must be restarted for a new boot number.
            self.tallies.errors.add("downlink_counter_exhausted", 1);
            return false;
        };
        if let Body::TimeReply { t3_unix_us, .. } = &mut body {
            *t3_unix_us = self.clock.now_us();
        }
        let header = Header {
            node: id,
            boot: self.edge_boot,
            counter: node.counter,
            direction: Direction::Down,
        };
        node.counter = counter;
        let mut bytes = [0; MAX_FRAME];
        let sent = frame::encode(node.version, &header, &body, &node.key, &mut bytes)
            .is_ok_and(|length| route.try_send(bytes[..length].to_vec()).is_ok());
        if !sent {
            self.tallies.errors.add("downlink_full", 1);
        }
        sent
    }

    /// The outbox has committed these groups: nodes may forget them.
    pub fn settle(&self, groups: &[Group]) {
        let mut nodes = self.lock();
        let mut touched: Vec<u32> = Vec::new();
        for group in groups.iter().filter(|group| group.from_node) {
            let Some(node) = nodes.get_mut(&group.node) else {
                continue;
            };
            for item in &group.items {
                node.session
                    .settle(group.boot, item.seq, item.seq.saturating_add(1));
            }
            if !touched.contains(&group.node) {
                touched.push(group.node);
            }
        }
        for id in touched {
            if let Some(node) = nodes.get_mut(&id) {
                let acknowledgement = node.session.acknowledgement();
                self.send(id, node, acknowledgement);
            }
        }
    }

    /// A finding has been handed to the publisher.
    pub fn settle_finding(&self, found: &FoundAt) {
        let mut nodes = self.lock();
        if let Some(node) = nodes.get_mut(&found.node) {
            let seq = found.finding.seq;
            node.session.settle(found.boot, seq, seq.saturating_add(1));
            let acknowledgement = node.session.acknowledgement();
            self.send(found.node, node, acknowledgement);
        }
    }

    /// These groups or findings could not be stored: take them again when the node repeats them.
    pub fn forget(&self, groups: &[Group]) {
        let mut nodes = self.lock();
        for group in groups.iter().filter(|group| group.from_node) {
            if let Some(node) = nodes.get_mut(&group.node) {
                for item in &group.items {
                    node.session
                        .forget(group.boot, item.seq, item.seq.saturating_add(1));
                }
            }
        }
    }

    /// The finding could not be handed on.
    pub fn forget_finding(&self, found: &FoundAt) {
        if let Some(node) = self.lock().get_mut(&found.node) {
            let seq = found.finding.seq;
            node.session.forget(found.boot, seq, seq.saturating_add(1));
        }
    }

    /// A reading found in the outbox at start-up.
    pub fn recover(&self, node: u32, boot: u32, seq: u64) {
        if let Some(node) = self.lock().get_mut(&node) {
            node.session.recover(boot, seq);
        }
    }

    /// What to remember across a restart.
    pub fn snapshot(&self) -> Vec<NodeState> {
        let mut states: Vec<NodeState> = self
            .lock()
            .iter()
            .map(|(&id, node)| NodeState {
                id,
                boot: node.session.boot(),
                durable: node.session.durable().clone(),
                exchanges: node.session.exchanges().to_vec(),
            })
            .collect();
        states.sort_unstable_by_key(|state| state.id);
        states
    }

    /// The nodes' lines in the status document, by number.
    pub fn report(&self) -> Vec<NodeReport> {
        let now_us = self.clock.now_us();
        let mut reports: Vec<NodeReport> = self
            .lock()
            .iter()
            .map(|(&id, node)| {
                let session = &node.session;
                NodeReport {
                    id,
                    station: node.station.clone(),
                    boot: session.boot(),
                    next_seq: session.durable().next(),
                    last_frame: session.last_frame_us().map(clock::format_utc),
                    clock_uncertainty_ms: session
                        .clock_uncertainty_us(now_us, self.timing)
                        .map(|uncertainty_us| uncertainty_us as f64 / 1e3),
                    health: session.health(),
                }
            })
            .collect();
        reports.sort_unstable_by_key(|report| report.id);
        reports
    }
}
