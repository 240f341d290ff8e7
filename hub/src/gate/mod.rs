//! Between what the core proposes and what goes out: the desk of the deployment's mode, its log on disk, and what persons ask of it.
//!
//! The pipeline hands every message of the core's over and carries out what comes back. Nothing else in the hub can issue a message.

mod ask;
mod handle;
mod import;
mod preview;
mod retraction;
mod weigh;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Instant;

use clock::Clock;
use desk::{
    Actual, Author, Desk, DraftView, Exercise, Hash, Log, Mode, Naming, Outcome, Proposal,
    Published, Refusal, Test, Weight,
};
use wire::topic;

pub use ask::{Action, Answer, Request};
pub use handle::{Handle, Shown};
pub use preview::{Preview, Wish};
pub use written::{Words, Written};

use crate::alert::sign::Signer;
use crate::config::Config;

/// Drafts that have been decided and are still shown.
const CLOSED_SHOWN: usize = 50;

/// Directory of the desk's log under a data directory.
pub fn log_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("desk")
}

/// A desk whose mode the configuration decides. The mode is a type all the same: there is one implementation for each, and none that
/// changes it.
trait AnyDesk: Send {
    fn propose(
        &mut self,
        proposal: Proposal,
        weight: Weight,
        author: &Author,
        now_us: i64,
    ) -> Result<Outcome, Refusal>;
    fn approve(
        &mut self,
        draft: &str,
        read: Option<Hash>,
        by: &str,
        now_us: i64,
    ) -> Result<Option<Published>, Refusal>;
    fn refuse(&mut self, draft: &str, by: &str, why: &str, now_us: i64) -> Result<(), Refusal>;
    fn withdraw(&mut self, draft: &str, by: &str, now_us: i64) -> Result<(), Refusal>;
    fn correct(&mut self, proposal: Proposal, by: &str, now_us: i64) -> Result<Published, Refusal>;
    fn seal_with(&mut self, seal: Arc<dyn desk::Seal>);
    fn unsealed(&self) -> Option<&str>;
    fn import(&mut self, message: Published, weight: Weight) -> Result<(), Refusal>;
    fn tick(&mut self, now_us: i64, may: &dyn Fn(&str) -> bool) -> Vec<Published>;
    fn deadlines(&self) -> Vec<(String, i64)>;
    fn trouble(&self) -> Option<&str>;
    fn take_unwritten(&mut self) -> Vec<desk::Record>;
    fn sent_us(&self, key: &str) -> Option<i64>;
    fn proposals(&self) -> Vec<(String, Vec<(String, i64)>)>;
    fn drafts(&self) -> Vec<DraftView>;
    fn head(&self) -> (u64, Hash);
    fn chains(&self) -> desk::Chains;
    fn in_force(&self, event: &str) -> Option<Published>;
    fn is_busy(&self) -> bool;
}

impl<M: Mode> AnyDesk for Desk<M> {
    fn propose(
        &mut self,
        proposal: Proposal,
        weight: Weight,
        author: &Author,
        now_us: i64,
    ) -> Result<Outcome, Refusal> {
        Desk::propose(self, proposal, weight, author, now_us)
    }
    fn approve(
        &mut self,
        draft: &str,
        read: Option<Hash>,
        by: &str,
        now_us: i64,
    ) -> Result<Option<Published>, Refusal> {
        Desk::approve(self, draft, read, by, now_us)
    }
    fn refuse(&mut self, draft: &str, by: &str, why: &str, now_us: i64) -> Result<(), Refusal> {
        Desk::refuse(self, draft, by, why, now_us)
    }
    fn withdraw(&mut self, draft: &str, by: &str, now_us: i64) -> Result<(), Refusal> {
        Desk::withdraw(self, draft, by, now_us)
    }
    fn correct(&mut self, proposal: Proposal, by: &str, now_us: i64) -> Result<Published, Refusal> {
        Desk::correct(self, proposal, by, now_us)
    }
    fn seal_with(&mut self, seal: Arc<dyn desk::Seal>) {
        Desk::seal_with(self, seal);
    }
    fn unsealed(&self) -> Option<&str> {
        Desk::unsealed(self)
    }
    fn import(&mut self, message: Published, weight: Weight) -> Result<(), Refusal> {
        Desk::import(self, message, weight)
    }
    fn tick(&mut self, now_us: i64, may: &dyn Fn(&str) -> bool) -> Vec<Published> {
        Desk::tick_when(self, now_us, may)
    }
    fn deadlines(&self) -> Vec<(String, i64)> {
        Desk::deadlines(self)
            .map(|(id, due_us)| (id.to_owned(), due_us))
            .collect()
    }
    fn trouble(&self) -> Option<&str> {
        Desk::trouble(self)
    }
    fn take_unwritten(&mut self) -> Vec<desk::Record> {
        Desk::take_unwritten(self)
    }
    fn sent_us(&self, key: &str) -> Option<i64> {
        Desk::sent_us(self, key)
    }
    fn proposals(&self) -> Vec<(String, Vec<(String, i64)>)> {
        Desk::proposals(self)
            .map(|(event, all)| (event.to_owned(), all.to_vec()))
            .collect()
    }
    fn drafts(&self) -> Vec<DraftView> {
        Desk::drafts(self)
    }
    fn head(&self) -> (u64, Hash) {
        Desk::head(self)
    }
    fn chains(&self) -> desk::Chains {
        Desk::chains(self)
    }
    fn in_force(&self, event: &str) -> Option<Published> {
        Desk::in_force(self)
            .find(|(message, _)| message.event == event)
            .map(|(message, _)| message.clone())
    }
    fn is_busy(&self) -> bool {
        Desk::is_waiting(self) || Desk::in_force(self).next().is_some()
    }
}

/// The gate of a running hub.
pub struct Gate {
    desk: Box<dyn AnyDesk>,
    log: Log,
    /// Why the disk refuses the log's records, while it does.
    refusal: Option<String>,
    /// For whoever looks at the desk.
    shown: Arc<RwLock<Shown>>,
    /// When each deadline is by this machine's own count of time, whatever its clock is set to meanwhile.
    due: BTreeMap<String, Instant>,
    /// Until when receivers accept the deployment's signature, microseconds since the Unix epoch.
    signature_ends_us: Option<i64>,
}

impl Gate {
    /// Opens the desk's log, and says what was issued before, oldest first. What an older hub kept in its alert log is taken over.
    ///
    /// # Errors
    /// Text that says what failed and where.
    pub fn open(config: &Config) -> Result<(Self, Vec<Published>), String> {
        let dir = log_dir(&config.data_dir);
        let (log, records) = Log::open(&dir)?;
        let mut issued: Vec<Published> = records
            .iter()
            .filter_map(|(record, _)| match &record.act {
                desk::Act::Issued { message, .. } => Some(message.clone()),
                _ => None,
            })
            .collect();
        let fresh = records.is_empty();
        let naming = Naming {
            deployment: config.deployment.clone(),
            prefix: config.sender.identifier_prefix.clone(),
        };
        let policy = config.gate.clone();
        let desk: Box<dyn AnyDesk> = match config.mode {
            topic::Mode::Actual => Box::new(Desk::<Actual>::restore(naming, policy, records)?),
            topic::Mode::Exercise => Box::new(Desk::<Exercise>::restore(naming, policy, records)?),
            topic::Mode::Test => Box::new(Desk::<Test>::restore(naming, policy, records)?),
        };
        let mut gate = Self {
            desk,
            log,
            refusal: None,
            shown: Arc::default(),
            due: BTreeMap::new(),
            signature_ends_us: None,
        };
        if let Some(signer) = Signer::load(config)? {
            gate.signature_ends_us = Some(signer.expires_us());
            gate.desk.seal_with(Arc::new(signer));
        }
        if fresh {
            for message in import::earlier(&config.data_dir)? {
                let weight = weigh::weight(&message)?;
                gate.desk
                    .import(message.clone(), weight)
                    .map_err(|e| e.to_string())?;
                issued.push(message);
            }
            gate.write();
        }
        gate.show();
        Ok((gate, issued))
    }

    /// Takes a message of the core's.
    ///
    /// # Errors
    /// A [`Refusal`] when the message cannot be issued at all; that is our own bug.
    pub fn propose(&mut self, message: &Published, now_us: i64) -> Result<Outcome, Refusal> {
        let (proposal, weight) = weigh::proposal(message).map_err(Refusal::Invalid)?;
        let outcome = self.desk.propose(proposal, weight, &Author::System, now_us);
        self.write();
        outcome
    }

    /// Does what a person asks. The caller has made sure that the person may.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has happened then.
    pub fn act(
        &mut self,
        by: &str,
        action: &Action,
        config: &Config,
        now_us: i64,
    ) -> Result<Answer, Refusal> {
        let answer = ask::act(self.desk.as_mut(), by, action, config, now_us);
        self.write();
        answer
    }

    /// Time has passed: the messages that go out by that alone. A fail-safe acts when both the clock and the machine's own count say so.
    pub fn tick(&mut self, now_us: i64, clock: &Clock) -> Vec<Published> {
        let seen = Instant::now();
        let deadlines = self.desk.deadlines();
        self.due
            .retain(|id, _| deadlines.iter().any(|(known, _)| known == id));
        for (id, due_us) in deadlines {
            let left = clock.real_duration(due_us.saturating_sub(now_us));
            self.due.entry(id).or_insert_with(|| seen + left);
        }
        let due = &self.due;
        let may = |id: &str| due.get(id).is_none_or(|at| seen >= *at);
        let out = self.desk.tick(now_us, &may);
        self.write();
        out
    }

    /// Makes what happened durable. It has happened all the same when the disk refuses it: a full disk must not hold an alert back.
    /// It is written by a later call; until then a power cut could make the hub issue a message again, under the same identifier.
    pub fn write(&mut self) {
        let records = self.desk.take_unwritten();
        if records.is_empty() && self.log.pending() == 0 {
            return;
        }
        let news = !records.is_empty();
        self.refusal = self.log.append(records).err();
        if news {
            self.show();
        }
    }

    fn show(&self) {
        let (records, head) = self.desk.head();
        *self.shown.write().unwrap_or_else(|e| e.into_inner()) = Shown {
            drafts: {
                let mut drafts = self.desk.drafts();
                let open = drafts.iter().filter(|d| d.standing.is_open()).count();
                drafts.truncate(open + CLOSED_SHOWN);
                drafts
            },
            records,
            head,
            chains: Some(Arc::new(self.desk.chains())),
        };
    }

    /// For whoever looks at the desk and asks of it.
    pub fn handle(
        &self,
        control: flume::Sender<crate::pipeline::Control>,
        config: Arc<Config>,
    ) -> Handle {
        Handle::new(control, self.shown.clone(), config)
    }

    /// Why the disk refuses the log's records, while it does.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// What could not be issued when its time came.
    pub fn trouble(&self) -> Option<&str> {
        self.desk.trouble()
    }

    /// Why the last message went out without the deployment's signature, when it did.
    pub fn unsealed(&self) -> Option<&str> {
        self.desk.unsealed()
    }

    /// What is to be done about the certificate of the deployment's signature, when it ends soon or has ended.
    pub fn signature_ends(&self, now_us: i64) -> Option<String> {
        /// Enough to get a new one: an authority takes days.
        const SOON_US: i64 = 30 * 24 * 3_600 * 1_000_000;
        let ends_us = self.signature_ends_us?;
        (ends_us.saturating_sub(now_us) < SOON_US).then(|| {
            format!(
                "the certificate of the deployment's signature is good until {}: receivers refuse its messages then; put a new one at [signature] certificate_file and start again",
                clock::format_utc(ends_us)
            )
        })
    }

    /// When a message of the core's was proposed, if it was.
    pub fn sent_us(&self, identifier: &str) -> Option<i64> {
        self.desk.sent_us(identifier)
    }

    /// What was proposed of each event: identifiers as the core gave them, and when.
    pub fn proposals(&self) -> Vec<(String, Vec<(String, i64)>)> {
        self.desk.proposals()
    }

    /// Whether time alone may change something.
    pub fn is_busy(&self) -> bool {
        self.desk.is_busy()
    }
}

/// What a person sent, as an answer may repeat it.
fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
