//! What one subscriber is owed, and what is done about it next: decisions alone, without clock, disk or network.
//!
//! ```text
//!            offer                 next                     answered
//! Shelf  -----------> waiting -----------> Send / Ask ------------------> delivered | refused | in doubt
//!                        |                                  |
//!                        +-- replaced, of no use, expired   +-- failed: waiting again, after a pause
//! ```
//!
//! Notes that come out are to be made durable *before* what they announce is done ([`Standing::Sending`]) or forgotten (all others).

use std::sync::Arc;
use std::time::Duration;

use crate::deliver::{Found, Outcome, Repeat};
use crate::status::PeerState;
use crate::{Backoff, Issued, Ledger, Note, Profile, Standing};

/// Most messages that wait; more stay on the shelf.
const WAITING_MAX: usize = 1_024;
/// How often a message that the receiver refuses for what it says is tried: it may have been a passing trouble of the receiver's.
const REFUSALS_MAX: u32 = 3;
/// How often a receiver is asked whether it has a message without saying yes or no.
const ASKS_MAX: u32 = 5;
/// How often a subscriber that refuses everything (credentials, address) is tried: somebody may have corrected it.
const BLOCKED_PAUSE: Duration = Duration::from_secs(300);

/// A point in time, on both clocks that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since the subscriber's thread began: pauses are measured on it, and no clock that is set can stretch them.
    pub elapsed: Duration,
    /// The issuer's clock, microseconds since the Unix epoch: messages expire on it.
    pub utc_us: i64,
}

/// What a delivery carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// The message itself.
    Messages,
    /// The word that something has changed: the newest says all, and a cancellation is a change for everyone.
    Changes,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send this message and tell [`Outbox::answered`]; first make the notes durable.
    Send(Arc<Issued>),
    /// Ask whether the receiver has this message and tell [`Outbox::told`].
    Ask(Arc<Issued>),
    /// Nothing, for this long; `None`: until something is offered.
    Wait(Option<Duration>),
}

#[derive(Debug, Clone)]
struct Waiting {
    issued: Arc<Issued>,
    /// How often the receiver refused it.
    refusals: u32,
    /// How often it failed after it had been sent: it may be this message that the receiver stumbles over.
    stumbles: u32,
    /// How often the receiver was asked for it in vain.
    asks: u32,
    not_before: Duration,
}

/// How the subscriber as a whole is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Health {
    Well,
    Failing { in_a_row: u32, until: Duration },
    Blocked { until: Duration },
}

/// The message that is being sent, or asked for.
#[derive(Debug, Clone)]
struct Flight {
    identifier: String,
    /// It may have arrived before: that an attempt more did not get there takes nothing of that away.
    in_doubt: bool,
}

/// Numbers since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Delivered.
    pub delivered: u64,
    /// Attempts.
    pub attempts: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Refused for good.
    pub refused: u64,
    /// Expired before they were delivered.
    pub expired: u64,
    /// Replaced before they were sent, or of no use.
    pub dropped: u64,
    /// Given up in doubt.
    pub in_doubt: u64,
}

/// One subscriber's outbox.
#[derive(Debug)]
pub struct Outbox {
    profile: Profile,
    carries: Carries,
    repeat: Repeat,
    backoff: Backoff,
    ledger: Ledger,
    waiting: Vec<Waiting>,
    health: Health,
    in_flight: Option<Flight>,
    /// The last message that left the outbox was refused, or expired.
    last_end: Option<PeerState>,
    counts: Counts,
    last_delivered: Option<(String, i64)>,
    last_error: Option<String>,
    failing_since_us: Option<i64>,
}

impl Outbox {
    /// An outbox, with what its ledger knows.
    pub fn new(
        profile: Profile,
        carries: Carries,
        repeat: Repeat,
        backoff: Backoff,
        ledger: Ledger,
    ) -> Self {
        Self {
            profile,
            carries,
            repeat,
            backoff,
            ledger,
            waiting: Vec::new(),
            health: Health::Well,
            in_flight: None,
            last_end: None,
            counts: Counts::default(),
            last_delivered: None,
            last_error: None,
            failing_since_us: None,
        }
    }

    /// How many more messages it takes.
    pub fn room(&self) -> usize {
        WAITING_MAX.saturating_sub(self.waiting.len())
    }

    /// Takes a message that was issued, if the subscriber is to have it. Messages come in the order in which they were issued, also those
    /// of earlier runs: what has become of them stands in the ledger.
    /// `utc_us` is the issuer's time, microseconds since the Unix epoch.
    pub fn offer(&mut self, issued: Arc<Issued>, utc_us: i64) {
        // The last gate: nothing of another status passes it, whatever refers to it.
        if !self.profile.statuses.contains(&issued.status) {
            return;
        }
        if self
            .waiting
            .iter()
            .any(|w| w.issued.identifier == issued.identifier)
        {
            return;
        }
        let standing = self.ledger.standing(&issued.identifier);
        // History: it was over before this subscriber was to have it.
        let is_past = issued.expires_us <= utc_us && standing.is_none();
        if self.ledger.is_settled(&issued.identifier)
            || is_past && self.carries == Carries::Messages
        {
            // What is through is through with what it replaces: that must not come after it.
            let earlier = std::mem::take(&mut self.waiting);
            self.waiting = earlier
                .into_iter()
                .filter(|w| !self.covers(&issued, &w.issued))
                .collect();
            return;
        }
        self.waiting.push(Waiting {
            issued,
            refusals: 0,
            stumbles: 0,
            asks: 0,
            not_before: Duration::ZERO,
        });
    }

    /// What to do next. Notes are pushed to `notes`.
    pub fn next(&mut self, now: Moment, notes: &mut Vec<Note>) -> Step {
        self.sweep(now.utc_us);
        if self.waiting.is_empty() {
            return Step::Wait(None);
        }
        let until = match self.health {
            Health::Well => Duration::ZERO,
            Health::Failing { until, .. } | Health::Blocked { until } => until,
        };
        if until > now.elapsed {
            return Step::Wait(Some(until - now.elapsed));
        }
        // The gravest first, then the oldest: a backlog holds up no warning. But one that fails each time does not keep the next from being tried.
        let ready = self
            .waiting
            .iter()
            .enumerate()
            .filter(|(at, w)| w.not_before <= now.elapsed && !self.waits_for_another(*at))
            .min_by_key(|(at, w)| (w.stumbles, w.issued.severity, w.issued.sent_us, *at))
            .map(|(at, _)| at);
        let Some(at) = ready else {
            let next = self
                .waiting
                .iter()
                .map(|w| w.not_before)
                .filter(|t| *t > now.elapsed)
                .min();
            return Step::Wait(next.map(|t| t - now.elapsed));
        };
        let issued = self.waiting[at].issued.clone();
        let in_doubt = self.ledger.standing(&issued.identifier) == Some(Standing::Sending);
        self.in_flight = Some(Flight {
            identifier: issued.identifier.clone(),
            in_doubt,
        });
        self.counts.attempts += 1;
        if in_doubt && self.repeat == Repeat::AskFirst {
            return Step::Ask(issued);
        }
        if !in_doubt {
            self.note(&issued, Standing::Sending, now.utc_us, "", notes);
        }
        Step::Send(issued)
    }

    /// What came of sending. Notes are pushed to `notes`.
    pub fn answered(&mut self, outcome: Outcome, now: Moment, notes: &mut Vec<Note>) {
        let Some((at, in_doubt)) = self.take_flight() else {
            return;
        };
        let issued = self.waiting[at].issued.clone();
        match outcome {
            Outcome::Delivered { remark } => {
                self.delivered(at, now, notes);
                self.last_error = remark;
            }
            Outcome::Failed {
                why,
                may_have_arrived,
                retry_after,
            } => {
                if !may_have_arrived && !in_doubt {
                    self.note(&issued, Standing::NotArrived, now.utc_us, &why, notes);
                }
                if may_have_arrived {
                    self.waiting[at].stumbles += 1;
                }
                self.fail(why, retry_after, now);
            }
            Outcome::Blocked { why } => {
                if !in_doubt {
                    self.note(&issued, Standing::NotArrived, now.utc_us, &why, notes);
                }
                self.went_wrong(why, now.utc_us);
                self.health = Health::Blocked {
                    until: now.elapsed.saturating_add(BLOCKED_PAUSE),
                };
            }
            Outcome::Refused { why, for_good } => {
                self.went_wrong(why.clone(), now.utc_us);
                // It answers: others need not wait for this one.
                self.health = Health::Well;
                let waiting = &mut self.waiting[at];
                waiting.refusals += 1;
                if for_good || waiting.refusals >= REFUSALS_MAX {
                    self.waiting.remove(at);
                    self.counts.refused += 1;
                    self.last_end = Some(PeerState::Blocked);
                    let standing = if in_doubt {
                        Standing::InDoubt
                    } else {
                        Standing::Refused
                    };
                    self.note(&issued, standing, now.utc_us, &why, notes);
                } else {
                    let pause = self.backoff.pause(waiting.refusals, None);
                    waiting.not_before = now.elapsed.saturating_add(pause);
                    if !in_doubt {
                        self.note(&issued, Standing::NotArrived, now.utc_us, &why, notes);
                    }
                }
            }
        }
    }

    /// What the receiver said when asked for a message. Notes are pushed to `notes`.
    pub fn told(&mut self, found: Found, now: Moment, notes: &mut Vec<Note>) {
        let Some((at, _)) = self.take_flight() else {
            return;
        };
        let issued = self.waiting[at].issued.clone();
        match found {
            Found::There => self.delivered(at, now, notes),
            Found::Missing => {
                self.health = Health::Well;
                self.note(
                    &issued,
                    Standing::NotArrived,
                    now.utc_us,
                    "the receiver has none of it",
                    notes,
                );
            }
            Found::NoAnswer { why, retry_after } => self.fail(why, retry_after, now),
            Found::Unclear { why } => {
                self.waiting[at].asks += 1;
                if self.waiting[at].asks < ASKS_MAX {
                    self.fail(why, None, now);
                    return;
                }
                let why = format!(
                    "whether it has {} cannot be told ({why}): look there and send it by hand if it is missing",
                    issued.identifier
                );
                self.waiting.remove(at);
                self.counts.in_doubt += 1;
                self.last_end = Some(PeerState::Blocked);
                self.note(&issued, Standing::InDoubt, now.utc_us, &why, notes);
                self.went_wrong(why, now.utc_us);
                self.health = Health::Well;
            }
        }
    }

    /// What became of each message.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What it is doing.
    pub fn state(&self) -> PeerState {
        match self.health {
            _ if self.in_flight.is_some() => PeerState::Delivering,
            Health::Blocked { .. } => PeerState::Blocked,
            Health::Failing { .. } if !self.waiting.is_empty() => PeerState::BackingOff,
            _ if self.waiting.iter().any(|w| w.refusals > 0) => PeerState::BackingOff,
            _ => self.last_end.unwrap_or(PeerState::Idle),
        }
    }

    /// Messages that are owed.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Numbers since the start.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The last message delivered since the start, and when, microseconds since the Unix epoch.
    pub fn last_delivered(&self) -> Option<(&str, i64)> {
        self.last_delivered
            .as_ref()
            .map(|(id, us)| (id.as_str(), *us))
    }

    /// What went wrong since the last delivery.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Since when it fails, microseconds since the Unix epoch.
    pub fn failing_since_us(&self) -> Option<i64> {
        self.failing_since_us
    }

    /// Lets go of what has expired, was replaced, or is of no use to this subscriber.
    fn sweep(&mut self, now_us: i64) {
        let mut at = 0;
        while at < self.waiting.len() {
            let one = &self.waiting[at].issued;
            let replaced = self.waiting[at + 1..]
                .iter()
                .any(|later| self.covers(&later.issued, one));
            if replaced || !self.is_for_it(one) {
                self.waiting.remove(at);
                self.counts.dropped += 1;
            } else if one.expires_us <= now_us && self.carries == Carries::Messages {
                let why = format!("{} expired before it could be delivered", one.identifier);
                self.waiting.remove(at);
                self.counts.expired += 1;
                self.last_end = Some(PeerState::Expired);
                self.last_error.get_or_insert(why);
            } else {
                at += 1;
            }
        }
    }

    /// Whether a receiver that gets `later` has no use for `earlier`.
    fn covers(&self, later: &Issued, earlier: &Issued) -> bool {
        match self.carries {
            Carries::Messages => later.replaces(earlier),
            Carries::Changes => later.status == earlier.status,
        }
    }

    /// Whether the subscriber is to have it: because it asked for such messages, or because it may have got what this one changes.
    fn is_for_it(&self, issued: &Issued) -> bool {
        let follows = issued.references.iter().any(|id| self.ledger.may_have(id));
        match (self.carries, issued.msg_type) {
            (Carries::Changes, _) => true,
            (Carries::Messages, cap::MsgType::Cancel) => follows,
            (Carries::Messages, _) => follows || self.profile.wants(issued),
        }
    }

    /// Whether a message that it refers to is still waiting. Such a one was replaced by it, unless it is no update.
    fn waits_for_another(&self, at: usize) -> bool {
        let references = &self.waiting[at].issued.references;
        self.waiting[..at]
            .iter()
            .any(|w| references.contains(&w.issued.identifier))
    }

    fn take_flight(&mut self) -> Option<(usize, bool)> {
        let flight = self.in_flight.take()?;
        let at = self
            .waiting
            .iter()
            .position(|w| w.issued.identifier == flight.identifier)?;
        Some((at, flight.in_doubt))
    }

    fn delivered(&mut self, at: usize, now: Moment, notes: &mut Vec<Note>) {
        let issued = self.waiting.remove(at).issued;
        self.health = Health::Well;
        self.counts.delivered += 1;
        self.last_end = None;
        self.last_error = None;
        self.failing_since_us = None;
        self.last_delivered = Some((issued.identifier.clone(), now.utc_us));
        self.note(&issued, Standing::Delivered, now.utc_us, "", notes);
    }

    fn fail(&mut self, why: String, retry_after: Option<Duration>, now: Moment) {
        let in_a_row = match self.health {
            Health::Failing { in_a_row, .. } => in_a_row.saturating_add(1),
            _ => 1,
        };
        let pause = self.backoff.pause(in_a_row, retry_after);
        self.health = Health::Failing {
            in_a_row,
            until: now.elapsed.saturating_add(pause),
        };
        self.went_wrong(why, now.utc_us);
    }

    fn went_wrong(&mut self, why: String, now_us: i64) {
        self.counts.failures += 1;
        self.last_error = Some(why);
        self.failing_since_us.get_or_insert(now_us);
    }

    fn note(
        &mut self,
        issued: &Issued,
        standing: Standing,
        at_us: i64,
        why: &str,
        notes: &mut Vec<Note>,
    ) {
        let note = Note::Now {
            identifier: issued.identifier.clone(),
            standing,
            expires_us: issued.expires_us,
            at_us,
            why: why.to_owned(),
        };
        self.ledger.apply(&note);
        notes.push(note);
    }
}
