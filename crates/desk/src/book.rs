//! What the records say: the events, their chains and their drafts. Folding the log from its first record gives the same book
//! again; nothing else changes it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::draft::{Agreed, Author, Draft, Proposal, Standing};
use crate::envelope::Link;
use crate::gate::Covers;
use crate::published::Published;
use crate::record::{Act, Hash, Record};
use crate::weight::Weight;

/// Closed drafts that stay to be looked at; the log has them all.
const CLOSED_KEPT: usize = 200;

/// One event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    /// What was issued, in order.
    pub chain: Vec<Link>,
    /// How much the last message asks, while it is no cancellation.
    pub in_force: Option<Weight>,
    /// That message.
    pub last: Option<Box<Published>>,
    /// How much persons, or the gate's own word, have let out.
    pub covered: Option<Weight>,
    /// What persons have refused.
    pub refused: Option<Weight>,
    /// The draft that waits.
    pub waiting: Option<String>,
    /// The draft that was issued last.
    pub issued: Option<String>,
    /// When the last message ends, microseconds since the Unix epoch.
    pub expires_us: i64,
    /// A proposal came after the last message and has not gone out.
    pub unsaid: bool,
    /// When the last proposal of the hub's came, microseconds since the Unix epoch.
    pub proposed_us: i64,
    /// The hub has proposed to call everything back, and that has not gone out.
    pub end_unsaid: bool,
    /// The end of the last message has been noted.
    pub expired: bool,
    /// The last message called everything back.
    pub ended: bool,
    /// Of every proposal that came, by number: its key and when it was sent.
    pub proposed: Vec<(String, i64)>,
}

/// The book.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub events: BTreeMap<String, Event>,
    pub drafts: BTreeMap<String, Draft>,
    /// Events to which time can still do something; the others are history, however many.
    active: BTreeSet<String>,
    closed: VecDeque<String>,
    /// When each proposal was sent, by key.
    pub keys: BTreeMap<String, i64>,
}

impl Book {
    /// Lets go of a draft that has not to be said again, unless it is among those that are still shown.
    fn forget(&mut self, draft: Option<String>) {
        if let Some(id) = draft.filter(|id| !self.closed.contains(id)) {
            self.drafts.remove(&id);
        }
    }

    /// Events that have a draft waiting, or a message whose end has not been noted.
    pub fn active(&self) -> impl Iterator<Item = (&str, &Event)> {
        self.active
            .iter()
            .filter_map(|id| Some((id.as_str(), self.events.get(id)?)))
    }

    pub fn event(&self, id: &str) -> Option<&Event> {
        self.events.get(id)
    }

    fn close(&mut self, id: &str, standing: Standing) {
        let Some(draft) = self.drafts.get_mut(id) else {
            return;
        };
        draft.standing = standing;
        if let Some(event) = self.events.get_mut(&draft.proposal.event)
            && event.waiting.as_deref() == Some(id)
        {
            event.waiting = None;
        }
        self.closed.push_back(id.to_owned());
        while self.closed.len() > CLOSED_KEPT {
            let Some(oldest) = self.closed.pop_front() else {
                break;
            };
            // What may have to be said again stays.
            if self
                .events
                .values()
                .any(|e| e.issued.as_ref() == Some(&oldest))
            {
                continue;
            }
            self.drafts.remove(&oldest);
        }
    }

    /// Takes a record.
    pub fn apply(&mut self, record: &Record) {
        let of = |draft: &String| self.drafts.get(draft).map(|d| d.proposal.event.clone());
        let event = match &record.act {
            Act::Opened { .. } => None,
            Act::Proposed { proposal, .. } => Some(proposal.event.clone()),
            Act::Issued { message, .. } => Some(message.event.clone()),
            Act::Expired { event, .. } => Some(event.clone()),
            Act::Approved { draft, .. }
            | Act::Refused { draft, .. }
            | Act::Withdrawn { draft }
            | Act::Held { draft }
            | Act::Superseded { draft, .. }
            | Act::Void { draft } => of(draft),
        };
        self.take(record);
        if let Some(id) = event
            && let Some(event) = self.events.get(&id)
        {
            if event.waiting.is_some() || (!event.chain.is_empty() && !event.expired) {
                self.active.insert(id);
            } else {
                self.active.remove(&id);
            }
        }
    }

    fn take(&mut self, record: &Record) {
        match &record.act {
            Act::Opened { .. } => {}
            Act::Proposed {
                draft,
                proposal,
                weight,
                gate,
                due_us,
            } => {
                self.keys.insert(proposal.key.clone(), proposal.sent_us);
                let event = self.events.entry(proposal.event.clone()).or_default();
                event.waiting = Some(draft.clone());
                event.unsaid = true;
                // The hub counts its own proposals; an officer's are not among them.
                if record.by == Author::System {
                    event.proposed_us = record.at_us;
                    event.end_unsaid = proposal.ending;
                    event
                        .proposed
                        .push((proposal.key.clone(), proposal.sent_us));
                }
                self.drafts.insert(
                    draft.clone(),
                    Draft {
                        xml: proposal.xml.as_str().into(),
                        digest: Hash::of_message(&proposal.xml),
                        proposal: Proposal {
                            xml: String::new(),
                            ..proposal.clone()
                        },
                        author: record.by.clone(),
                        weight: weight.clone(),
                        gate: *gate,
                        due_us: *due_us,
                        agreed: Vec::new(),
                        standing: Standing::Waiting,
                        proposed_us: record.at_us,
                    },
                );
            }
            Act::Approved { draft, .. } => {
                if let (Some(draft), Author::Person(name)) =
                    (self.drafts.get_mut(draft), &record.by)
                    && !draft.has(name)
                {
                    draft.agreed.push(Agreed {
                        by: name.clone(),
                        at_us: record.at_us,
                    });
                }
            }
            Act::Refused { draft, .. } => {
                // What the system refuses only repeats what a person refused. To refuse what a colleague wrote says nothing about the sea.
                if let (Some(d), Author::Person(_)) = (self.drafts.get(draft), &record.by)
                    && d.author == Author::System
                    && !d.proposal.ending
                {
                    let event = self.events.entry(d.proposal.event.clone()).or_default();
                    event.refused = Some(match &event.refused {
                        Some(known) => known.max(&d.weight),
                        None => d.weight.clone(),
                    });
                }
                self.close(draft, Standing::Refused);
            }
            Act::Withdrawn { draft } => self.close(draft, Standing::Withdrawn),
            Act::Held { draft } => {
                if let Some(draft) = self.drafts.get_mut(draft) {
                    draft.standing = Standing::Held;
                }
            }
            Act::Superseded { draft, by } => {
                let newer = by.clone();
                let event = self.drafts.get(draft).map(|d| d.proposal.event.clone());
                self.close(draft, Standing::Superseded);
                if let Some(event) = event.and_then(|e| self.events.get_mut(&e)) {
                    event.waiting = Some(newer);
                }
            }
            Act::Void { draft } => self.close(draft, Standing::Void),
            Act::Issued {
                draft,
                by_virtue_of,
                weight,
                sender,
                message,
            } => {
                let ending = message.msg_type == "Cancel";
                let event = self.events.entry(message.event.clone()).or_default();
                event.chain.push(Link {
                    identifier: message.identifier.clone(),
                    sender: sender.clone(),
                    sent_us: message.sent_us,
                });
                event.expires_us = message.expires_us;
                event.expired = false;
                event.ended = ending;
                // A renewal says again what was said: what came since is unsaid still.
                event.unsaid = event.unsaid && by_virtue_of == "renewal";
                event.end_unsaid = event.end_unsaid && by_virtue_of == "renewal";
                if by_virtue_of == "imported" {
                    event
                        .proposed
                        .push((message.identifier.clone(), message.sent_us));
                    self.keys
                        .insert(message.identifier.clone(), message.sent_us);
                }
                if ending {
                    if by_virtue_of == "correction" {
                        // Sent in error, say the officers: as good as refused.
                        event.refused = event.in_force.take().or(event.refused.take());
                    }
                    event.in_force = None;
                    event.last = None;
                    event.covered = None;
                } else {
                    event.last = Some(Box::new(message.clone()));
                    event.in_force = Some(weight.clone());
                    event.covered = Some(weight.clone());
                    event.refused = event.refused.take().filter(|known| !weight.exceeds(known));
                }
                if by_virtue_of != "renewal" {
                    let before = event.issued.take();
                    event.issued = (!ending).then(|| draft.clone());
                    self.close(draft, Standing::Issued);
                    self.forget(before);
                }
            }
            Act::Expired { event, .. } => {
                let Some(event) = self.events.get_mut(event) else {
                    return;
                };
                event.expired = true;
                event.in_force = None;
                event.covered = None;
                event.last = None;
                let issued = event.issued.take();
                self.forget(issued);
            }
        }
    }
}

impl Event {
    /// Whether what was let out before covers a message.
    pub fn is_covered(&self, weight: &Weight, renewal: bool, covers: Covers) -> bool {
        let Some(covered) = &self.covered else {
            return false;
        };
        match covers {
            Covers::Nothing => false,
            Covers::Same => !weight.exceeds(covered) && (renewal || !covered.exceeds(weight)),
            Covers::Lesser => !weight.exceeds(covered),
        }
    }
}
