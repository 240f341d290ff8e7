//! Who is a node of this edge, by number and key, and who was.
//!
//! Invariants: a number with another key is another board, of which nothing is known; what is known of a board that is gone is
//! kept, so that nothing that it said is taken twice should its key come back; downlink counters of a number only rise.

use std::collections::{BTreeSet, HashMap};

use wire::frame::Key;

use super::member::{Member, fingerprint};
use super::rules::{Changes, Rules};
use super::state::{NodeState, State};
use super::update::Shelf;
use crate::config;

/// Boards that are gone and still remembered. What the oldest of them sent could be taken again, if its key came back.
const MAX_RETIRED: usize = 256;

/// The nodes, and what holds for them.
#[derive(Debug)]
pub(super) struct Known {
    pub members: HashMap<u32, Member>,
    pub rules: Rules,
    pub shelf: Shelf,
    /// Configured nodes whose key is not known.
    pub keyless: BTreeSet<u32>,
    /// Downlink counters of nodes that were taken out: should one come back, its counters must go on.
    counters: HashMap<u32, u32>,
    /// What is known of boards that were taken out, or whose number has another key now; the latest last.
    retired: Vec<NodeState>,
}

impl Known {
    /// Nodes as configured, continuing what `state` remembers.
    pub fn new(
        configured: &[config::Node],
        keys: Vec<Option<Key>>,
        state: &State,
        rules: Rules,
    ) -> Self {
        let mut known = Self {
            members: HashMap::new(),
            rules,
            shelf: Shelf::default(),
            keyless: BTreeSet::new(),
            counters: HashMap::new(),
            // Whoever is not configured any more, or has another key by now, stays there.
            retired: [state.retired.as_slice(), state.nodes.as_slice()].concat(),
        };
        for (node, key) in configured.iter().zip(keys) {
            match key {
                Some(key) => known.add(node, key),
                None => {
                    known.keyless.insert(node.id);
                }
            }
        }
        let surplus = known.retired.len().saturating_sub(MAX_RETIRED);
        known.retired.drain(..surplus);
        known
    }

    /// Takes over a new configuration, see [`super::Nodes::reconfigure`].
    pub fn reconfigure(
        &mut self,
        configured: &[config::Node],
        keys: Vec<Option<Key>>,
        rules: Rules,
    ) -> Changes {
        self.rules = rules;
        let mut changes = Changes::default();
        let before: Vec<u32> = self.members.keys().copied().collect();
        for id in before {
            if !configured.iter().any(|node| node.id == id) {
                self.retire(id);
                changes.removed += 1;
            }
        }
        self.keyless.clear();
        for (node, key) in configured.iter().zip(keys) {
            if key.is_none() {
                self.keyless.insert(node.id);
            }
            match (self.members.get_mut(&node.id), key) {
                (Some(member), Some(key)) if member.fingerprint != fingerprint(&key) => {
                    self.retire(node.id);
                    self.add(node, key);
                    changes.replaced += 1;
                }
                (Some(member), _) => {
                    member.change(node, rules.frames_per_s);
                    changes.kept += 1;
                }
                (None, Some(key)) => {
                    self.add(node, key);
                    changes.added += 1;
                }
                (None, None) => {}
            }
        }
        changes
    }

    /// What to remember across a restart.
    pub fn state(&self, covers: u64) -> State {
        let states = self.members.iter().map(|(&id, member)| member.state(id));
        let mut states: Vec<NodeState> = states.collect();
        states.sort_unstable_by_key(|state| state.id);
        State::new(covers, states, self.retired.clone())
    }

    fn retire(&mut self, id: u32) {
        let Some(member) = self.members.remove(&id) else {
            return;
        };
        self.counters.insert(id, member.counter());
        if self.retired.len() >= MAX_RETIRED {
            self.retired.remove(0);
        }
        self.retired.push(member.state(id));
    }

    /// A node as configured; what was known of it with this key goes on.
    fn add(&mut self, node: &config::Node, key: Key) {
        let fingerprint = fingerprint(&key);
        let known = self
            .retired
            .iter()
            .rposition(|known| known.is_of(node.id, &fingerprint))
            .map(|place| self.retired.remove(place));
        let counter = self.counters.get(&node.id).copied().unwrap_or(0);
        let member = Member::new(node, key, known.as_ref(), self.rules.frames_per_s, counter);
        self.members.insert(node.id, member);
    }
}
