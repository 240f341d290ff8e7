//! Decisions. Each function takes what happened and the time, writes records, and answers with the messages that go out now.

mod persons;
mod time;

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::book::{Book, Event};
use crate::draft::{Author, Draft, DraftView, Proposal, Standing};
use crate::envelope::{self, Link};
use crate::gate::{FailSafe, Gate, Policy};
use crate::mode::Mode;
use crate::preview::Chains;
use crate::published::Published;
use crate::record::{Act, Hash, Record};
use crate::weight::Weight;

/// What identifiers are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// The deployment's id.
    pub deployment: String,
    /// Start of every identifier, for example `urn:oid:2.49.0.1.152.0`.
    pub prefix: String,
}

impl Naming {
    /// The identifier of the n-th message, from 1, of an event.
    pub fn identifier(&self, mode: wire::topic::Mode, event: &str, n: usize) -> String {
        format!(
            "{}.{}.{}.{event}.{n}",
            self.prefix,
            self.deployment,
            mode.name()
        )
    }
}

/// Signs what is issued. The same message must give the same signature.
pub trait Seal: Debug + Send + Sync {
    /// The message with a signature.
    ///
    /// # Errors
    /// Why it cannot be signed; the message is issued without then.
    fn seal(&self, xml: &str) -> Result<String, String>;
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was proposed before: what was decided then stands.
    Known,
    /// It goes out now.
    Issued(Box<Published>),
    /// It waits for persons: the draft's id.
    Waiting(String),
    /// It is within what a person refused.
    Refused(String),
    /// There is nothing to call back.
    Void(String),
}

/// Why an act of a person is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such draft; perhaps long closed.
    #[error("there is no draft {0}; look at the desk again")]
    NoDraft(String),
    /// It cannot be decided any more.
    #[error("draft {draft} is {standing}: {hint}")]
    Closed {
        /// The draft.
        draft: String,
        /// Where it stands.
        standing: String,
        /// What to do.
        hint: &'static str,
    },
    /// What was read is not what the draft says.
    #[error(
        "draft {0} says something else than what was read (its digest differs): look at the desk again and read it anew"
    )]
    OtherWords(String),
    /// The same person again.
    #[error("{0} has agreed already; another person has to")]
    Twice(String),
    /// Only the author may withdraw.
    #[error("only {0}, who wrote it, may withdraw it; refuse it instead")]
    NotAuthor(String),
    /// Nothing of that event is in force.
    #[error("no message of event {0} is in force: there is nothing to correct")]
    NotInForce(String),
    /// What was given is not usable.
    #[error("{0}")]
    Invalid(String),
}

/// The desk of a deployment in one mode.
#[derive(Debug)]
pub struct Desk<M: Mode> {
    naming: Naming,
    policy: Policy,
    book: Book,
    next: u64,
    head: Hash,
    unwritten: Vec<Record>,
    seal: Option<Arc<dyn Seal>>,
    /// Why the last message has no signature, when it should have one.
    unsealed: Option<String>,
    trouble: Option<String>,
    mode: PhantomData<M>,
}

impl<M: Mode> Desk<M> {
    /// A desk with nothing on it.
    pub fn new(naming: Naming, policy: Policy) -> Self {
        Self {
            naming,
            policy,
            book: Book::default(),
            next: 0,
            head: Hash::ZERO,
            unwritten: Vec::new(),
            seal: None,
            unsealed: None,
            trouble: None,
            mode: PhantomData,
        }
    }

    /// A desk as its log left it. `records` come in order with their hashes.
    ///
    /// # Errors
    /// Text that says whose log it is instead.
    pub fn restore(
        naming: Naming,
        policy: Policy,
        records: impl IntoIterator<Item = (Record, Hash)>,
    ) -> Result<Self, String> {
        let mut desk = Self::new(naming, policy);
        for (record, hash) in records {
            if let Act::Opened { deployment, mode } = &record.act
                && (*deployment != desk.naming.deployment || mode != M::WORD.name())
            {
                return Err(format!(
                    "this log is of deployment {deployment} in mode {mode}, and the hub is {} in mode {}: nothing of one may go out as the other; give each its own data_dir",
                    desk.naming.deployment,
                    M::WORD.name()
                ));
            }
            desk.book.apply(&record);
            desk.next = record.n + 1;
            desk.head = hash;
        }
        Ok(desk)
    }

    /// Signs everything that is issued from now on.
    pub fn seal_with(&mut self, seal: Arc<dyn Seal>) {
        self.seal = Some(seal);
    }

    /// Why the last message has no signature, when it should have one.
    pub fn unsealed(&self) -> Option<&str> {
        self.unsealed.as_deref()
    }

    fn write(&mut self, at_us: i64, by: &Author, act: Act) -> Result<(), Refusal> {
        if self.next == 0 && !matches!(act, Act::Opened { .. }) {
            let opened = Act::Opened {
                deployment: self.naming.deployment.clone(),
                mode: M::WORD.name().to_owned(),
            };
            self.write(at_us, &Author::System, opened)?;
        }
        let record = Record {
            n: self.next,
            prev: self.head,
            at_us,
            by: by.clone(),
            act,
        };
        // Plain values: this cannot fail. If it did, nothing has happened.
        let (_, hash) = record.to_bytes().map_err(Refusal::Invalid)?;
        self.next += 1;
        self.head = hash;
        self.book.apply(&record);
        self.unwritten.push(record);
        Ok(())
    }

    /// Records that no log has yet; they are forgotten here.
    pub fn take_unwritten(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.unwritten)
    }

    /// Number of records, and the hash of the last: what to note elsewhere to see later that none was cut off.
    pub fn head(&self) -> (u64, Hash) {
        (self.next, self.head)
    }

    /// When a proposal was made, if it was.
    pub fn sent_us(&self, key: &str) -> Option<i64> {
        self.book.keys.get(key).copied()
    }

    /// The proposals of an event in order: key and when each was sent.
    pub fn proposals(&self) -> impl Iterator<Item = (&str, &[(String, i64)])> {
        self.book
            .events
            .iter()
            .map(|(id, event)| (id.as_str(), event.proposed.as_slice()))
    }

    /// Drafts that persons can decide, oldest first, and then the last ones that were closed, newest first.
    pub fn drafts(&self) -> Vec<DraftView> {
        let mut all: Vec<DraftView> = self
            .book
            .drafts
            .iter()
            .map(|(id, draft)| draft.view(id))
            .collect();
        all.sort_by_key(|d| {
            let at = d.proposed_us;
            (
                !d.standing.is_open(),
                if d.standing.is_open() { at } else { -at },
                d.id.clone(),
            )
        });
        all
    }

    /// Whether a draft waits for a person.
    pub fn is_waiting(&self) -> bool {
        self.book.active().any(|(_, e)| e.waiting.is_some())
    }

    /// Drafts whose fail-safe has not acted: id, and when it will, microseconds since the Unix epoch.
    pub fn deadlines(&self) -> impl Iterator<Item = (&str, i64)> {
        self.book
            .active()
            .filter_map(|(_, event)| event.waiting.as_deref())
            .filter_map(|id| Some((id, self.book.drafts.get(id)?)))
            .filter(|(_, draft)| draft.standing == Standing::Waiting)
            .map(|(id, draft)| (id, draft.due_us))
    }

    /// What could not be issued when its time came, and why; the draft stays on the desk.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The messages in force, and how much each asks.
    pub fn in_force(&self) -> impl Iterator<Item = (&Published, &Weight)> {
        self.book
            .active()
            .filter_map(|(_, event)| Some((event.last.as_deref()?, event.in_force.as_ref()?)))
    }

    /// What the next message of each event that time or persons can still change would refer to.
    pub fn chains(&self) -> Chains {
        let active = || self.book.active();
        Chains {
            mode: M::WORD,
            naming: self.naming.clone(),
            chains: active()
                .map(|(id, event)| (id.to_owned(), event.chain.clone()))
                .collect(),
            in_force: self
                .in_force()
                .map(|(message, _)| (message.event.clone(), message.clone()))
                .collect(),
        }
    }

    /// Something is to be said. `weight` is how much it asks of the public.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when it is no message of this mode; nothing has happened then.
    pub fn propose(
        &mut self,
        mut proposal: Proposal,
        weight: Weight,
        author: &Author,
        now_us: i64,
    ) -> Result<Outcome, Refusal> {
        let state = self.event(&proposal.event).cloned().unwrap_or_default();
        if self.book.keys.contains_key(&proposal.key) {
            // The same again says nothing new - unless the first try fell into a time that the journal lost, and this one is worse.
            let worse = state.in_force.as_ref().is_some_and(|w| weight.exceeds(w));
            if proposal.ending || !worse {
                return Ok(Outcome::Known);
            }
            proposal.key = format!("{}~{}", proposal.key, draft_id(&proposal));
            if self.book.keys.contains_key(&proposal.key) {
                return Ok(Outcome::Known);
            }
        }
        let before = state
            .waiting
            .clone()
            .and_then(|id| Some((id.clone(), self.book.drafts.get(&id)?.clone())));
        if let (Author::Person(_), Some((id, old))) = (author, &before)
            && old.author == Author::System
        {
            return Err(Refusal::Invalid(format!(
                "draft {id} of the same event waits: decide about it first"
            )));
        }
        // Refused now rather than when somebody has approved it: every rule that the stamp can break is broken already.
        envelope::stamp::<M>(&proposal, &self.naming, &state.chain, now_us)
            .map_err(Refusal::Invalid)?;
        let (ending, renewal) = (proposal.ending, proposal.renewal);
        // A message takes the place of the one in force, zones and all: to end or to shrink it needs who let it out.
        let judged = match (&state.in_force, author) {
            (Some(in_force), _) if ending => in_force.clone(),
            (Some(in_force), Author::Person(_)) => weight.max(in_force),
            _ => weight.clone(),
        };
        let gate = match author {
            Author::System => self.policy.gate(&judged, ending),
            Author::Person(_) => self.policy.gate_of_person(&judged, ending),
        };
        let due_us = due_us(now_us, gate, ending, before.as_ref().map(|(_, old)| old));
        let id = draft_id(&proposal);
        self.write(
            now_us,
            author,
            Act::Proposed {
                draft: id.clone(),
                proposal,
                weight: weight.clone(),
                gate,
                due_us,
            },
        )?;
        if let Some((old_id, _)) = before {
            // Who agreed to the old one has not read these words: nobody's name is carried over to them.
            let act = Act::Superseded {
                draft: old_id,
                by: id.clone(),
            };
            self.write(now_us, &Author::System, act)?;
        }
        if ending && (state.chain.is_empty() || state.ended) {
            self.write(now_us, &Author::System, Act::Void { draft: id.clone() })?;
            return Ok(Outcome::Void(id));
        }
        if gate.approvals == 0 && state.refused.as_ref().is_none_or(|r| weight.exceeds(r)) {
            return self.issue(&id, "open", now_us);
        }
        if !ending {
            // Only the hub's own words ride on an approval: a person's text is read by another person, always.
            if *author == Author::System && state.is_covered(&weight, renewal, self.policy.covers) {
                return self.issue(&id, "covered", now_us);
            }
            if state.refused.as_ref().is_some_and(|r| !weight.exceeds(r))
                && *author == Author::System
            {
                let why = "it asks no more than what was refused before".to_owned();
                self.write(
                    now_us,
                    &Author::System,
                    Act::Refused {
                        draft: id.clone(),
                        why,
                    },
                )?;
                return Ok(Outcome::Refused(id));
            }
        }
        if gate.approvals == 0 {
            return self.issue(&id, "open", now_us);
        }
        Ok(Outcome::Waiting(id))
    }

    fn issue(&mut self, id: &str, virtue: &str, now_us: i64) -> Result<Outcome, Refusal> {
        self.issue_by(id, virtue, &Author::System, now_us)
    }

    fn issue_by(
        &mut self,
        id: &str,
        virtue: &str,
        by: &Author,
        now_us: i64,
    ) -> Result<Outcome, Refusal> {
        let Some(draft) = self.book.drafts.get(id).cloned() else {
            return Err(Refusal::NoDraft(id.to_owned()));
        };
        let chain = self.chain(&draft.proposal.event);
        // What asked nobody was sent when it was proposed: the same journal gives the same bytes.
        let sent_us = if virtue == "open" {
            draft.proposal.sent_us
        } else {
            now_us
        };
        let message = envelope::stamp::<M>(&draft.proposal(), &self.naming, &chain, sent_us)
            .map_err(Refusal::Invalid)?;
        self.issued(id, virtue, by, draft.weight, message, now_us)
            .map(|m| Outcome::Issued(Box::new(m)))
    }

    fn issued(
        &mut self,
        id: &str,
        virtue: &str,
        by: &Author,
        weight: Weight,
        (mut message, sender): (Published, String),
        now_us: i64,
    ) -> Result<Published, Refusal> {
        if let Some(seal) = &self.seal {
            // A key that fails must not hold a warning back.
            self.unsealed = match seal.seal(&message.xml) {
                Ok(sealed) => {
                    message.xml = sealed;
                    None
                }
                Err(why) => Some(why),
            };
        }
        let act = Act::Issued {
            draft: id.to_owned(),
            by_virtue_of: virtue.to_owned(),
            weight,
            sender,
            message: message.clone(),
        };
        self.write(now_us, by, act)?;
        Ok(message)
    }

    /// Takes over a message that was issued before there was a desk, as the next of its event's chain.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when it is no message of this mode.
    pub fn import(&mut self, message: Published, weight: Weight) -> Result<(), Refusal> {
        let alert = envelope::parse::<M>(&message.xml).map_err(Refusal::Invalid)?;
        let at_us = message.sent_us;
        let act = Act::Issued {
            draft: String::new(),
            by_virtue_of: "imported".to_owned(),
            weight,
            sender: alert.sender,
            message,
        };
        self.write(at_us, &Author::System, act)
    }

    fn event(&self, id: &str) -> Option<&Event> {
        self.book.event(id)
    }

    fn chain(&self, event: &str) -> Vec<Link> {
        self.event(event).map_or_else(Vec::new, |e| e.chain.clone())
    }
}

/// When the fail-safe acts. A newer draft gives the officers no more time than the one that it replaces, where that would have gone out
/// by itself: otherwise a forecast that grows every minute would never be told.
fn due_us(now_us: i64, gate: Gate, ending: bool, old: Option<&Draft>) -> i64 {
    let due_us = now_us.saturating_add(gate.deadline_us);
    let promised = old.filter(|old| {
        !ending
            && !old.proposal.ending
            && old.author == Author::System
            && old.standing == Standing::Waiting
            && old.gate.at_deadline == FailSafe::Issue
    });
    promised.map_or(due_us, |old| due_us.min(old.due_us))
}

fn published(outcome: Outcome) -> Option<Published> {
    match outcome {
        Outcome::Issued(message) => Some(*message),
        _ => None,
    }
}

/// Names a draft by what it says, so that nobody approves another text than the one that was read.
fn draft_id(proposal: &Proposal) -> String {
    let hash = Sha256::new()
        .chain_update(proposal.key.as_bytes())
        .chain_update([0])
        .chain_update(proposal.xml.as_bytes())
        .finalize();
    hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
}
