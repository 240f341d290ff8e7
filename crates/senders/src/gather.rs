//! From a feed's document to its messages: what stands in it is read, what it links is fetched once.
//!
//! Runs on the thread of its feed and blocks there. Bounded: [`MOST_FETCHES`] questions and [`LOOK_TIME`] a look, [`GAP`] between two
//! questions; what is left is asked for at the next look. A link that failed is asked for again ever more rarely; one that was read, or
//! never can be, is not asked for again until the feed says that it changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use agency::{Fetcher, Place};
use cap::signature::TrustList;
use serde::Serialize;

use crate::index::{self, IndexError, Item};
use crate::message::{Message, Origin};
use crate::region::Region;

/// Most messages fetched at one look.
const MOST_FETCHES: usize = 20;
/// Longest that one look may take for fetching, not counting the last question.
const LOOK_TIME: Duration = Duration::from_secs(45);
/// Time between two questions.
const GAP: Duration = Duration::from_millis(100);
/// Pause after the first failure of a link; each further one doubles it.
const FIRST_PAUSE_US: i64 = 30 * 1_000_000;
/// Longest pause.
const LONGEST_PAUSE_US: i64 = 3_600 * 1_000_000;

/// What is followed, and whom to believe.
#[derive(Clone)]
pub struct Source {
    /// The feed's name.
    pub feed: String,
    /// Where it is.
    pub place: Place,
    /// Whose signatures count for it.
    pub trust: TrustList,
    /// Further servers that its messages may be on.
    pub hosts: Vec<String>,
    /// Where it is listened to; everywhere without.
    pub region: Option<Region>,
}

impl Source {
    /// The server that vouches for what stands in the document itself.
    fn vouched_by(&self) -> Option<String> {
        let Place::Url(url) = &self.place else {
            return None;
        };
        let authority = url
            .strip_prefix("https://")?
            .split(['/', '?', '#'])
            .next()?;
        Some(authority.to_owned())
    }
}

/// What is known of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    /// It has not answered since the start.
    Waiting,
    /// It answers, and all that it lists was read.
    Ok,
    /// It answers, and lists nothing.
    Empty,
    /// Something that it lists was not read.
    Incomplete,
    /// It answers with something that is no feed.
    Unreadable,
    /// It has not answered for too long.
    Stale,
}

impl FeedState {
    /// A stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::Incomplete => "incomplete",
            Self::Unreadable => "unreadable",
            Self::Stale => "stale",
        }
    }

    /// Whether what the sender has to say is known. Where it is not, nothing in force means nothing.
    pub const fn is_known(self) -> bool {
        matches!(self, Self::Ok)
    }
}

/// Something that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// A stable word: that of the reader, of the index or of [`agency::NotFetched`].
    pub reason: &'static str,
    /// What and why, in words.
    pub what: String,
}

/// Where what a look brings goes, as it comes: a message is not kept waiting by the ones behind it.
pub type Sink<'s> = dyn FnMut(Result<Message, Refused>) + 's;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    mark: String,
    status: Status,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Status {
    Read,
    Refused,
    Due { failures: u32, not_before_us: i64 },
}

const NEW: Status = Status::Due {
    failures: 0,
    not_before_us: i64::MIN,
};

/// Reads one feed's documents.
pub struct Gatherer {
    source: Source,
    fetcher: Fetcher,
    /// By link as the document has it.
    links: BTreeMap<String, Link>,
    /// In the document's order: the newest first.
    order: Vec<String>,
    answered: bool,
    stale: bool,
    unreadable: bool,
    /// Entries of the last document, and how many of them were not read for good.
    listed: usize,
    lost: usize,
}

impl Gatherer {
    /// Follows a source. `known` are the messages remembered from it, which are not fetched again.
    pub fn new<'m>(source: Source, known: impl Iterator<Item = &'m Origin>) -> Self {
        let most = cap::MAX_MESSAGE_BYTES as u64;
        let fetcher = Fetcher::new(&source.place, &source.hosts, most);
        let links = known
            .filter(|origin| origin.feed == source.feed)
            .filter_map(|origin| {
                let link = Link {
                    mark: origin.mark.clone(),
                    status: Status::Read,
                };
                Some((origin.link.clone()?, link))
            })
            .collect();
        Self {
            source,
            fetcher,
            links,
            order: Vec::new(),
            answered: false,
            stale: false,
            unreadable: false,
            listed: 0,
            lost: 0,
        }
    }

    /// What is followed.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// What is known of the feed.
    pub fn state(&self) -> FeedState {
        if self.stale {
            FeedState::Stale
        } else if !self.answered {
            FeedState::Waiting
        } else if self.unreadable {
            FeedState::Unreadable
        } else if self.listed == 0 {
            FeedState::Empty
        } else if self.unread() > 0 {
            FeedState::Incomplete
        } else {
            FeedState::Ok
        }
    }

    /// Entries of the last document.
    pub const fn listed(&self) -> usize {
        self.listed
    }

    /// Entries of the last document that were not read.
    pub fn unread(&self) -> usize {
        let links = self.order.iter().filter_map(|link| self.links.get(link));
        self.lost + links.filter(|link| link.status != Status::Read).count()
    }

    /// It has not answered for too long.
    pub const fn stale(&mut self) {
        self.stale = true;
    }

    /// Reads a document that differs from the last.
    ///
    /// # Errors
    /// [`IndexError`] when it is no feed; what is known of messages stays.
    pub fn document(
        &mut self,
        bytes: &[u8],
        now_us: i64,
        found: &mut Sink<'_>,
    ) -> Result<(), IndexError> {
        (self.answered, self.stale) = (true, false);
        let index = index::read(bytes).inspect_err(|_| self.unreadable = true)?;
        self.unreadable = false;
        self.listed = index.items.len() + index.without + index.beyond;
        self.lost = index.without + index.beyond;
        if index.beyond > 0 {
            let (beyond, most) = (index.beyond, index::MAX_ITEMS);
            found(Err(Refused {
                reason: "too_many",
                what: format!("{beyond} entries beyond the first {most}"),
            }));
        }
        self.order.clear();
        for item in index.items {
            match item {
                Item::Message(xml) => {
                    let origin = Origin {
                        feed: self.source.feed.clone(),
                        link: None,
                        mark: String::new(),
                        vouched_by: self.source.vouched_by(),
                        received_us: now_us,
                    };
                    match Message::read(xml, origin, &self.source.trust) {
                        Ok(message) => found(Ok(message)),
                        Err(error) => {
                            self.lost += 1;
                            found(Err(Refused {
                                reason: error.name(),
                                what: format!("a message in the feed: {error}"),
                            }));
                        }
                    }
                }
                Item::Link { link, mark } => {
                    let known = self.links.get(&link).is_some_and(|l| l.mark == mark);
                    if !known {
                        self.links.insert(link.clone(), Link { mark, status: NEW });
                    }
                    if !self.order.contains(&link) {
                        self.order.push(link);
                    }
                }
            }
        }
        let listed: BTreeSet<&String> = self.order.iter().collect();
        self.links.retain(|link, _| listed.contains(link));
        self.fetch(now_us, found);
        Ok(())
    }

    /// It answered that nothing has changed: what is still due is fetched.
    pub fn again(&mut self, now_us: i64, found: &mut Sink<'_>) {
        (self.answered, self.stale) = (true, false);
        self.fetch(now_us, found);
    }

    fn fetch(&mut self, now_us: i64, found: &mut Sink<'_>) {
        let begin = Instant::now();
        let due: Vec<String> = self
            .order
            .iter()
            .filter(|link| match self.links.get(*link).map(|l| &l.status) {
                Some(Status::Due { not_before_us, .. }) => *not_before_us <= now_us,
                _ => false,
            })
            .take(MOST_FETCHES)
            .cloned()
            .collect();
        for (k, link) in due.iter().enumerate() {
            if k > 0 {
                if begin.elapsed() > LOOK_TIME {
                    return;
                }
                std::thread::sleep(GAP);
            }
            self.fetch_one(link, now_us, found);
        }
    }

    fn fetch_one(&mut self, link: &str, now_us: i64, found: &mut Sink<'_>) {
        let Some(entry) = self.links.get_mut(link) else {
            return;
        };
        let fetched = match self.fetcher.fetch(link) {
            Ok(fetched) => fetched,
            Err(why) => {
                let failures = match entry.status {
                    Status::Due { failures, .. } => failures + 1,
                    _ => 1,
                };
                let doubled =
                    FIRST_PAUSE_US.saturating_mul(1 << failures.min(16).saturating_sub(1));
                let asked = why.retry_after.map_or(0, |d| {
                    i64::try_from(d.as_micros()).unwrap_or(LONGEST_PAUSE_US)
                });
                let pause_us = doubled.max(asked).min(LONGEST_PAUSE_US);
                entry.status = if why.again {
                    Status::Due {
                        failures,
                        not_before_us: now_us.saturating_add(pause_us),
                    }
                } else {
                    Status::Refused
                };
                found(Err(Refused {
                    reason: why.reason,
                    what: why.to_string(),
                }));
                return;
            }
        };
        let origin = Origin {
            feed: self.source.feed.clone(),
            link: Some(link.to_owned()),
            mark: entry.mark.clone(),
            vouched_by: fetched.vouched_by,
            received_us: now_us,
        };
        // A message in another encoding is read from its own bytes, and written down in ours.
        let read = match String::from_utf8(fetched.bytes) {
            Ok(xml) => Message::read(xml, origin, &self.source.trust),
            Err(other) => Message::read_other(other.as_bytes(), origin),
        };
        match read {
            Ok(message) => {
                entry.status = Status::Read;
                found(Ok(message));
            }
            Err(error) => {
                entry.status = Status::Refused;
                found(Err(Refused {
                    reason: error.name(),
                    what: format!("{link}: {error}"),
                }));
            }
        }
    }
}
