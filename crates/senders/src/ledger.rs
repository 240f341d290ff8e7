//! What stands now of all that others have said.
//!
//! Plain state: messages in, what is shown out; time is an argument.
//!
//! | Rule | Why |
//! |---|---|
//! | a message replaces those that it refers to, of the same status, sent earlier, of no more strength, and of the same sender or feed | an unverified cancellation must not take back a verified warning, nor an exercise a real one |
//! | what was replaced stays so, also when the message that replaced it has lapsed | a warning that was taken back must not come back |
//! | a message is the same if sender, identifier and time sent are; with other content, the stronger stands and the case is told | somebody speaks in another's name |
//! | a cancellation is shown for a day, a warning until it lapses | an officer who comes later must see that it is over |

use std::collections::BTreeSet;

use cap::{MsgType, Scope, Severity, Status};

use crate::message::{ASSUMED_US, Key, Message};
use crate::record::Remembered;
use crate::region::Region;
use crate::shown::{Shown, State, severity_rank};

/// Most messages kept of one feed.
pub const MOST_MESSAGES: usize = 200;
/// Most bytes of messages kept of one feed.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Messages that refer to others are remembered for so long after they were sent: a list may bring what they replaced once more.
const REMEMBERED_US: i64 = 7 * ASSUMED_US;
/// References of one message that are looked at, the last ones.
const MOST_REFERENCES: usize = 200;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new.
    New,
    /// It was known.
    Known,
    /// It was known, and is believed more now.
    Stronger,
    /// Another one of the same name has other content. The stronger of them is kept, the first of equals.
    Conflict,
    /// It has lapsed.
    Lapsed,
    /// It concerns another part of the world.
    Elsewhere,
    /// It is not meant for everyone: shown to nobody.
    NotPublic,
    /// An acknowledgement, an error, a draft.
    NotForPeople,
}

impl Taken {
    /// A stable name for counters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Stronger => "stronger",
            Self::Conflict => "conflict",
            Self::Lapsed => "lapsed",
            Self::Elsewhere => "elsewhere",
            Self::NotPublic => "not_public",
            Self::NotForPeople => "not_for_people",
        }
    }

    /// Whether what stands may be other than before.
    pub const fn changes(self) -> bool {
        matches!(self, Self::New | Self::Stronger | Self::Conflict)
    }
}

/// A message that is kept.
#[derive(Debug, Clone)]
struct Held {
    message: Message,
    key: Key,
    /// The feeds that told it, its origin among them.
    feeds: BTreeSet<String>,
    replaced: bool,
    contested: bool,
}

impl Held {
    /// Until when it is shown.
    fn until_us(&self) -> i64 {
        if self.message.is_end() {
            self.message.alert.sent.us().saturating_add(ASSUMED_US)
        } else {
            self.message.expires_us().0
        }
    }

    fn is_shown(&self, now_us: i64) -> bool {
        !self.replaced && now_us < self.until_us()
    }

    fn is_kept(&self, now_us: i64) -> bool {
        let alert = &self.message.alert;
        let refers = !alert.references.is_empty();
        now_us < self.until_us()
            || (refers && now_us < alert.sent.us().saturating_add(REMEMBERED_US))
    }

    fn replaces(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.message.alert, &other.message.alert);
        let strength = self.message.standing.strength();
        matches!(ours.msg_type, MsgType::Update | MsgType::Cancel)
            && ours.status == theirs.status
            && ours.sent.us() > theirs.sent.us()
            && strength > 0
            && strength >= other.message.standing.strength()
            && (ours.sender == theirs.sender || !self.feeds.is_disjoint(&other.feeds))
            && ours
                .references
                .iter()
                .rev()
                .take(MOST_REFERENCES)
                .any(|r| r.sender == theirs.sender && r.identifier == theirs.identifier)
    }

    /// What is let go first when there is no room: the least.
    fn worth(&self, now_us: i64) -> (bool, bool, u8, u8, i64) {
        let alert = &self.message.alert;
        let worst = alert.infos.iter().map(|i| severity_rank(i.severity)).min();
        (
            self.is_shown(now_us),
            alert.status == Status::Actual,
            self.message.standing.strength(),
            u8::MAX - worst.unwrap_or(severity_rank(Severity::Unknown)),
            alert.sent.us(),
        )
    }
}

/// What others have said.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    held: Vec<Held>,
    let_go: u64,
}

impl Ledger {
    /// Takes a message that a feed has told.
    pub fn take(&mut self, message: Message, region: Option<&Region>, now_us: i64) -> Taken {
        if !message.is_for_people() {
            return Taken::NotForPeople;
        }
        if message.alert.scope != Scope::Public {
            return Taken::NotPublic;
        }
        if region.is_some_and(|r| !r.concerns(&message.alert.infos)) {
            return Taken::Elsewhere;
        }
        let feed = message.origin.feed.clone();
        let held = Held {
            key: message.key(),
            feeds: BTreeSet::from([feed.clone()]),
            message,
            replaced: false,
            contested: false,
        };
        if !held.is_kept(now_us) {
            return Taken::Lapsed;
        }
        let key = held.key.clone();
        let taken = match self.held.iter_mut().find(|h| h.key == key) {
            None => {
                self.held.push(held);
                Taken::New
            }
            Some(known) => {
                let stronger = held.message.standing.strength() > known.message.standing.strength();
                let same = known.message.alert == held.message.alert;
                known.contested |= !same;
                if same {
                    known.feeds.insert(feed.clone());
                }
                if stronger {
                    known.message = held.message;
                    if !same {
                        known.feeds = held.feeds;
                        known.replaced = false;
                    }
                }
                match (same, stronger) {
                    (false, _) => Taken::Conflict,
                    (true, true) => Taken::Stronger,
                    (true, false) => Taken::Known,
                }
            }
        };
        if taken.changes() {
            self.settle(&key);
            self.make_room(&feed, now_us);
        }
        taken
    }

    /// Marks what a message replaces, and whether it is replaced itself.
    fn settle(&mut self, key: &Key) {
        let Some(at) = self.held.iter().position(|h| h.key == *key) else {
            return;
        };
        let news = self.held[at].clone();
        for other in &mut self.held {
            other.replaced |= news.replaces(other);
        }
        let replaced = self.held.iter().any(|h| h.replaces(&news));
        self.held[at].replaced |= replaced;
    }

    fn make_room(&mut self, feed: &str, now_us: i64) {
        loop {
            let of_feed = || {
                let all = self.held.iter().enumerate();
                all.filter(|(_, h)| h.message.origin.feed == feed)
            };
            let bytes: usize = of_feed().map(|(_, h)| h.message.xml.len()).sum();
            if of_feed().count() <= MOST_MESSAGES && bytes <= MOST_BYTES {
                return;
            }
            let least = of_feed().min_by_key(|(_, h)| h.worth(now_us));
            let Some((at, least)) = least else { return };
            // What nobody sees any more is no loss.
            self.let_go += u64::from(least.is_shown(now_us));
            self.held.remove(at);
        }
    }

    /// Forgets what has lapsed. Returns whether that changed what is shown since `before_us`.
    pub fn pass(&mut self, before_us: i64, now_us: i64) -> bool {
        let lapsed = |h: &Held| h.is_shown(before_us) && !h.is_shown(now_us);
        let changed = self.held.iter().any(lapsed);
        self.held.retain(|h| h.is_kept(now_us));
        changed
    }

    /// What is shown now, the gravest first, then the newest; what has ended comes last. Texts are in the first of the languages that a
    /// message has.
    pub fn shown(&self, now_us: i64, languages: &[String]) -> Vec<Shown> {
        let mut shown: Vec<Shown> = self
            .held
            .iter()
            .filter(|h| h.is_shown(now_us))
            .map(|h| {
                let feeds = h.feeds.iter().cloned().collect();
                Shown::of(&h.message, feeds, h.contested, languages)
            })
            .collect();
        let severity = |s: &Shown| {
            let worst = s
                .parts
                .first()
                .and_then(|p| Severity::from_name(p.severity));
            severity_rank(worst.unwrap_or(Severity::Unknown))
        };
        shown.sort_by_key(|s| {
            (
                s.state == State::Ended,
                severity(s),
                std::cmp::Reverse(s.sent_us),
            )
        });
        shown
    }

    /// How many messages of a feed, by standing's name, are shown although their signature is bad, and how many are contested.
    pub fn doubtful(&self, feed: &str, now_us: i64) -> (usize, usize) {
        let of_feed = || {
            let shown = self.held.iter().filter(|h| h.is_shown(now_us));
            shown.filter(|h| h.feeds.contains(feed))
        };
        let bad = of_feed().filter(|h| h.message.standing.strength() == 0);
        (bad.count(), of_feed().filter(|h| h.contested).count())
    }

    /// Messages in force that were let go for want of room.
    pub const fn let_go(&self) -> u64 {
        self.let_go
    }

    /// What is to be written down, so that a start does not forget it.
    pub fn to_remember(&self) -> Vec<Remembered> {
        self.held
            .iter()
            .map(|h| Remembered {
                origin: h.message.origin.clone(),
                feeds: h.feeds.iter().cloned().collect(),
                replaced: h.replaced,
                contested: h.contested,
                xml: h.message.xml.clone(),
            })
            .collect()
    }

    /// Takes back what was written down. `message` reads it anew, so that it is believed as much as the trust list says today; `None` when
    /// its feed is followed no more.
    pub fn restore(
        &mut self,
        remembered: Vec<Remembered>,
        now_us: i64,
        mut message: impl FnMut(&Remembered) -> Option<Message>,
    ) {
        for one in remembered {
            let Some(message) = message(&one) else {
                continue;
            };
            let held = Held {
                key: message.key(),
                feeds: one.feeds.into_iter().collect(),
                message,
                replaced: one.replaced,
                contested: one.contested,
            };
            let room = self.held.len() < MOST_MESSAGES * 16;
            let known = self.held.iter().any(|h| h.key == held.key);
            if room && !known && held.is_kept(now_us) {
                self.held.push(held);
            }
        }
    }
}
