//! All nodes of this edge: who may speak, with which key, and on which line to answer.
//!
//! Invariants: nothing of a node changes before its frame is authentic; every refusal has a name that is counted;
//! downlink counters count up by one for each frame within this agent's boot, whatever line they leave by, so a
//! `(node, boot, counter)` is never used twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use clock::Clock;
use tokio::sync::{Notify, mpsc};
use wire::frame::{self, Body, CommandOutcome, Direction, Frame, Key, RawFrame, Version};
use wire::quality::Quality;
use wire::quantity::Quantity;

use super::heard::{Finding, News, Outcome};
use super::member::Member;
use super::report::NodeReport;
use super::roster::Known;
pub use super::rules::{Changes, Rules};
use super::state::State;
use super::update::{Image, Shelf, dotted};
use crate::config;
use crate::reading::{Group, Item};
use crate::tally::Tally;

/// Where encoded frames for one line go. Bounded; a full one loses frames, which the protocol survives.
#[derive(Debug, Clone)]
pub struct Downlink {
    /// Name of the line.
    pub link: Arc<str>,
    /// Its queue.
    pub frames: mpsc::Sender<Vec<u8>>,
    /// Whether what comes by this line is limited in pace: everything but lines inside this process.
    pub paced: bool,
}

/// What a frame from a line led to, apart from the replies, which have been sent.
#[derive(Debug, Default)]
pub struct Received {
    /// Who sent it.
    pub node: u32,
    /// New readings for the outbox.
    pub group: Option<Group>,
    /// A new finding for the hub.
    pub finding: Option<FoundAt>,
    /// The node leaves the shared line to the others.
    pub turn: bool,
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
    /// The node only plays a sensor.
    pub simulated: bool,
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

/// The nodes of this edge.
#[derive(Debug)]
pub struct Nodes {
    state: Mutex<Known>,
    clock: Clock,
    started: Instant,
    since_us: i64,
    /// This agent's boot: the boot of all downlink frames.
    edge_boot: u32,
    /// What has been counted.
    pub tallies: NodeTallies,
    /// Told when something has changed that must be remembered at once.
    pub changed: Notify,
}

impl Nodes {
    /// Nodes as configured, continuing what `state` remembers. `keys` are in the order of `configured`; a node without
    /// one is nobody's until it has it.
    pub fn new(
        configured: &[config::Node],
        keys: Vec<Option<Key>>,
        state: &State,
        rules: Rules,
        clock: Clock,
        edge_boot: u32,
    ) -> Self {
        Self {
            state: Mutex::new(Known::new(configured, keys, state, rules)),
            started: Instant::now(),
            since_us: clock.now_us(),
            clock,
            edge_boot,
            tallies: NodeTallies::default(),
            changed: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // A panic while holding the lock is our own bug; the numbers stay consistent enough to go on warning.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over a new configuration of the nodes; what is known of those that stay is kept. One with another key is
    /// another board, of which nothing is known. One whose key cannot be read now goes on with the one it has.
    pub fn reconfigure(
        &self,
        configured: &[config::Node],
        keys: Vec<Option<Key>>,
        rules: Rules,
    ) -> Changes {
        let changes = self.lock().reconfigure(configured, keys, rules);
        self.changed.notify_one();
        changes
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.lock().members.len()
    }

    /// Offers these images from now on.
    pub fn stock(&self, shelf: Shelf) {
        self.lock().shelf = shelf;
    }

    /// The images on offer: board, version, length.
    pub fn on_offer(&self) -> Vec<(&'static str, String, usize)> {
        let describe =
            |image: &Image| (image.board.name(), dotted(image.version), image.bytes.len());
        self.lock().shelf.images().map(describe).collect()
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
        let id = header.node;
        let mut known = self.lock();
        let Known {
            members,
            rules,
            shelf,
            ..
        } = &mut *known;
        let member = members.get_mut(&id).ok_or("unknown_node")?;
        let Frame {
            version,
            header,
            body,
        } = frame::open(raw, &member.key).map_err(|error| member.refuse(error.name()))?;
        // First, so that nobody uses up the node's share with what he has recorded.
        member
            .session
            .admits(&header)
            .map_err(|refused| member.refuse(refused.name()))?;
        let pace = match &body {
            // They must not wait for readings to become fewer.
            Body::Finding { .. } => &mut member.finding_pace,
            _ => &mut member.pace,
        };
        if route.paced && !pace.take(self.started.elapsed()) {
            return Err(member.refuse("too_fast"));
        }
        let quantity = match &body {
            Body::Samples { quantity, .. } => Some(*quantity),
            _ => None,
        };
        let outcome = member
            .session
            .receive(&header, body, now_us, rules.timing)
            .map_err(|refused| member.refuse(refused.name()))?;
        // Only now: an old frame sent again must not change how the node is spoken to.
        member.version = version;
        member.heard();
        if member
            .route
            .as_ref()
            .is_none_or(|known| !known.frames.same_channel(&route.frames))
        {
            member.route = Some(route.clone());
        }
        let course = member.course.memory().clone();
        self.count(member, &outcome, raw.bytes().len());
        for reply in outcome.replies {
            self.send(id, member, reply);
        }
        if let Some(answer) = outcome
            .news
            .as_ref()
            .and_then(|news| member.hear(news, shelf, now_us))
        {
            self.send(id, member, answer);
        }
        if let Some(question) = member.ask(now_us) {
            self.send(id, member, question);
        }
        let items = self.flagged(member, quantity, outcome.items);
        let boot = header.boot;
        let group = (!items.is_empty()).then(|| Group {
            station: member.station.clone(),
            node: id,
            boot,
            from_node: true,
            items,
        });
        let finding = outcome.finding.map(|finding| FoundAt {
            station: member.station.clone(),
            node: id,
            boot,
            simulated: member.simulated,
            finding,
        });
        let turn = outcome.news == Some(News::Turn);
        self.offer(id, &mut known, now_us);
        if known
            .members
            .get(&id)
            .is_some_and(|member| *member.course.memory() != course)
        {
            self.changed.notify_one();
        }
        Ok(Received {
            node: id,
            group,
            finding,
            turn,
        })
    }

    fn count(&self, member: &mut Member, outcome: &Outcome, bytes: usize) {
        let gaps = outcome
            .replies
            .iter()
            .filter(|reply| matches!(reply, Body::Gap { .. }))
            .count() as u64;
        let counts = &self.tallies.counts;
        counts.add("frames", 1);
        for (name, amount) in [
            ("readings", outcome.items.len() as u64),
            ("readings_repeated", outcome.repeated),
            ("readings_lost", outcome.lost),
            ("gaps", gaps),
            ("clock_steps", u64::from(outcome.stepped)),
        ] {
            if amount > 0 {
                counts.add(name, amount);
            }
        }
        if let Some(News::Command(done)) = &outcome.news {
            counts.add(command_name(*done), 1);
        }
        let traffic = &mut member.traffic;
        traffic.frames += 1;
        traffic.bytes += bytes as u64;
        traffic.repeated += outcome.repeated;
        traffic.lost += outcome.lost;
        traffic.gaps += gaps;
    }

    /// Offers newer firmware to a node that has just spoken, if it is its turn.
    fn offer(&self, id: u32, known: &mut Known, now_us: i64) {
        let Known {
            members,
            rules,
            shelf,
            ..
        } = known;
        let Some(member) = members.get(&id) else {
            return;
        };
        let Some(running) = member.running() else {
            return;
        };
        if member.version < Version::V2 || shelf.of(running.board).is_none() {
            return;
        }
        let busy = members
            .iter()
            .filter(|(other, neighbour)| {
                **other != id
                    && neighbour.station == member.station
                    && neighbour.course.is_active(now_us)
            })
            .count();
        let has_turn = busy < rules.updates_per_station;
        if let Some(member) = members.get_mut(&id)
            && let Some(offer) = member.course.due(running, shelf, now_us, || has_turn)
        {
            self.send(id, member, offer);
        }
    }

    fn flagged(
        &self,
        node: &Member,
        quantity: Option<Quantity>,
        mut items: Vec<Item>,
    ) -> Vec<Item> {
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

    /// Sends a command to a node. That it was sent is all that is known here; what a node answers is in its report.
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
        let mut state = self.lock();
        let known = state.members.get_mut(&node).ok_or("is not configured")?;
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
        self.lock().members.get(&node)?.session.last_frame_us()
    }

    /// The frame that gives a node the turn on a shared line: at most `limit` bytes. It is in version 2, which alone has it.
    ///
    /// # Errors
    /// There is no such node, or its counters are used up.
    pub fn poll(&self, node: u32, limit: u16) -> Result<Vec<u8>, &'static str> {
        let mut known = self.lock();
        let member = known.members.get_mut(&node).ok_or("unknown_node")?;
        let frame = member.encode(node, self.edge_boot, Version::V2, &Body::Poll { limit })?;
        member.traffic.frames_down += 1;
        member.traffic.bytes_down += frame.len() as u64;
        Ok(frame)
    }

    /// Encodes and sends one downlink frame by the node's last line; whether the line took it.
    fn send(&self, id: u32, node: &mut Member, mut body: Body) -> bool {
        let Some(route) = node.route.clone() else {
            return false;
        };
        if let Body::TimeReply { t3_unix_us, .. } = &mut body {
            *t3_unix_us = self.clock.now_us();
        }
        match node.encode(id, self.edge_boot, node.version, &body) {
            Ok(frame) => {
                let bytes = frame.len() as u64;
                let sent = route.frames.try_send(frame).is_ok();
                if sent {
                    node.traffic.frames_down += 1;
                    node.traffic.bytes_down += bytes;
                } else {
                    self.tallies.errors.add("downlink_full", 1);
                }
                sent
            }
            Err(reason) => {
                self.tallies.errors.add(reason, 1);
                false
            }
        }
    }

    /// The outbox has committed these groups: nodes may forget them.
    pub fn settle(&self, groups: &[Group]) {
        let mut known = self.lock();
        let nodes = &mut known.members;
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

    /// A finding is on the disk, or with the broker.
    pub fn settle_finding(&self, found: &FoundAt) {
        let mut known = self.lock();
        if let Some(node) = known.members.get_mut(&found.node) {
            let seq = found.finding.seq;
            node.session.settle(found.boot, seq, seq.saturating_add(1));
            let acknowledgement = node.session.acknowledgement();
            self.send(found.node, node, acknowledgement);
        }
    }

    /// These groups or findings could not be stored: take them again when the node repeats them.
    pub fn forget(&self, groups: &[Group]) {
        let mut known = self.lock();
        let nodes = &mut known.members;
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
        if let Some(node) = self.lock().members.get_mut(&found.node) {
            let seq = found.finding.seq;
            node.session.forget(found.boot, seq, seq.saturating_add(1));
        }
    }

    /// A reading found in the outbox at start-up.
    pub fn recover(&self, node: u32, boot: u32, seq: u64) {
        if let Some(node) = self.lock().members.get_mut(&node) {
            node.session.recover(boot, seq);
        }
    }

    /// What to remember across a restart. Everything in outbox entries below `covers` must have been settled.
    pub fn snapshot(&self, covers: u64) -> State {
        self.lock().state(covers)
    }

    /// Configured nodes that nobody hears, because their keys cannot be read.
    pub fn keyless(&self) -> Vec<u32> {
        self.lock().keyless.iter().copied().collect()
    }

    /// The nodes' lines in the status document, by number.
    pub fn report(&self) -> Vec<NodeReport> {
        let now_us = self.clock.now_us();
        let known = self.lock();
        let mut reports: Vec<NodeReport> = known
            .members
            .iter()
            .map(|(&id, member)| {
                let heard_us = member.session.last_frame_us().unwrap_or(self.since_us);
                let silent = now_us.saturating_sub(heard_us) > known.rules.silent_after_us;
                NodeReport::new(id, member, now_us, known.rules.timing, silent)
            })
            .collect();
        reports.sort_unstable_by_key(|report| report.id);
        reports
    }

    /// What an operator should look at, by name.
    pub fn conditions(&self, reports: &[NodeReport]) -> Vec<&'static str> {
        let failed = self
            .lock()
            .members
            .values()
            .any(|member| member.course.has_failed());
        let refused = reports.iter().any(|report| {
            report
                .settings
                .as_ref()
                .is_some_and(|settings| settings.state == super::keeper::Standing::Refused)
        });
        [
            (reports.iter().any(|report| report.silent), "node_silent"),
            (refused, "node_settings_refused"),
            (failed, "node_update_failed"),
            (!self.lock().keyless.is_empty(), "node_key_unreadable"),
        ]
        .into_iter()
        .filter_map(|(holds, condition)| holds.then_some(condition))
        .collect()
    }
}

fn command_name(done: CommandOutcome) -> &'static str {
    match done {
        CommandOutcome::Done | CommandOutcome::DoneUnchecked => "commands_done",
        CommandOutcome::Expired => "commands_expired",
        CommandOutcome::Unsupported => "commands_unsupported",
        CommandOutcome::Failed => "commands_failed",
        CommandOutcome::Unknown => "commands_answered_otherwise",
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
