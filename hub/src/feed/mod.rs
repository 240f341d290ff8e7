//! Public feeds of what was published: Atom and RSS lists of CAP messages, newest first.
//!
//! Each mode has its own feed, and nothing crosses over: `/feed.atom` and `/feed.rss` list `Actual` messages only;
//! an exercise is at `/exercise/feed.atom`, a technical test at `/test/feed.atom`. In those two the feed's title, every
//! entry's title and the machine-readable status say so, because a drill has reached the public before where text alone
//! marked it.
//!
//! Invariants:
//! - Every message has one URL for ever, `/cap/<file>`. In Atom it is the entry's `id` and its only link
//!   (`type="application/cap+xml"`); in RSS it is the `link`, and the CAP identifier is the `guid`. That is the shape that
//!   real consumers were found to accept.
//! - A message in force is always listed: some consumers delete what leaves the feed. The entry limit cuts only
//!   messages that were replaced or have expired.
//! - Same view and settings in, same bytes out, so that entity tags survive a restart. Times are the hub's, not the
//!   machine's.
//!
//! Refuses: to shorten or reword a message; to mix modes; to say that no entry means no danger (the feed's text says the
//! opposite).

mod atom;
mod message;
mod rss;
mod text;

use std::time::Duration;

use wire::topic::Mode;

use crate::view::{AlertView, View};

pub use message::url as message_url;
pub use text::{rfc3339, rfc9110};

/// Media type of a CAP message, as consumers look for it in a feed's links.
pub const CAP_MEDIA_TYPE: &str = "application/cap+xml";

/// Said in every feed, because an empty list is easily misread.
const NOT_AN_ALL_CLEAR: &str = "An empty list is not an all-clear.";

/// The two formats that feeds come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4287.
    Atom,
    /// RSS 2.0.
    Rss,
}

impl Format {
    /// Both formats.
    pub const ALL: [Format; 2] = [Format::Atom, Format::Rss];

    /// Media type with character set.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Atom => "application/atom+xml; charset=utf-8",
            Format::Rss => "application/rss+xml; charset=utf-8",
        }
    }
}

/// Path of the feed for a mode and a format, below the base URL.
pub const fn path(mode: Mode, format: Format) -> &'static str {
    match (mode, format) {
        (Mode::Actual, Format::Atom) => "/feed.atom",
        (Mode::Actual, Format::Rss) => "/feed.rss",
        (Mode::Exercise, Format::Atom) => "/exercise/feed.atom",
        (Mode::Exercise, Format::Rss) => "/exercise/feed.rss",
        (Mode::Test, Format::Atom) => "/test/feed.atom",
        (Mode::Test, Format::Rss) => "/test/feed.rss",
    }
}

/// What a feed says about its publisher, and how much it lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Publisher {
    /// Absolute URL that all links start with, without a slash at the end.
    pub base_url: String,
    /// Author of the feed, for people: the warning centre's name.
    pub sender_name: String,
    /// How long a message stays listed after it has expired.
    pub kept: Duration,
    /// How many entries a feed has; messages in force are listed even beyond it.
    pub entries_max: usize,
    /// WebSub hubs that are told of changes, absolute URLs.
    pub hubs: Vec<String>,
}

impl Publisher {
    /// Values of `Link` headers for a feed: its hubs and itself; none without hubs.
    pub fn links(&self, mode: Mode, format: Format) -> Vec<String> {
        if self.hubs.is_empty() {
            return Vec::new();
        }
        let own = format!("<{}{}>; rel=\"self\"", self.base_url, path(mode, format));
        let hubs = self.hubs.iter().map(|hub| format!("<{hub}>; rel=\"hub\""));
        hubs.chain([own]).collect()
    }
}

/// One feed's content: a copy, so that the view's lock is not held while it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    mode: Mode,
    deployment: String,
    title: String,
    /// Newest first.
    entries: Vec<AlertView>,
}

impl Feed {
    /// Copies what belongs in the feed of `mode`. Expiry is judged by the view's own clock.
    pub fn select(view: &View, mode: Mode, publisher: &Publisher) -> Self {
        let kept_us = i64::try_from(publisher.kept.as_micros()).unwrap_or(i64::MAX);
        let mut listed: Vec<(usize, &AlertView)> = view
            .alerts
            .iter()
            .enumerate()
            .filter(|(_, a)| a.mode == mode && a.expires_us.saturating_add(kept_us) >= view.now_us)
            .collect();
        // Of two messages with the same time, the one published later is the newer.
        listed.sort_by_key(|(at, a)| std::cmp::Reverse((a.sent_us, *at)));
        let in_force = listed
            .iter()
            .filter(|(_, a)| is_in_force(a, view.now_us))
            .count();
        let mut room = publisher.entries_max.saturating_sub(in_force);
        let entries = listed
            .into_iter()
            .filter(|(_, a)| {
                if is_in_force(a, view.now_us) {
                    return true;
                }
                let fits = room > 0;
                room = room.saturating_sub(1);
                fits
            })
            .map(|(_, a)| a.clone())
            .collect();
        Self {
            mode,
            deployment: view.deployment.clone(),
            title: view.title.clone(),
            entries,
        }
    }

    /// What is listed, newest first.
    pub fn entries(&self) -> &[AlertView] {
        &self.entries
    }

    /// The feed as a document.
    ///
    /// # Errors
    /// Only what the XML writer reports; writing to memory has no failure of its own.
    pub fn write(&self, format: Format, publisher: &Publisher) -> std::io::Result<Vec<u8>> {
        match format {
            Format::Atom => atom::write(self, publisher),
            Format::Rss => rss::write(self, publisher),
        }
    }

    /// The feed's title: unmistakable when it is not about real events.
    fn title(&self) -> String {
        match self.mode {
            Mode::Actual => format!("{}: alerts", self.title),
            Mode::Exercise => format!(
                "EXERCISE EXERCISE EXERCISE - {}: messages of an exercise, not real",
                self.title
            ),
            Mode::Test => format!(
                "TEST TEST TEST - {}: technical test messages, not real",
                self.title
            ),
        }
    }

    /// One sentence below the title.
    fn subtitle(&self) -> String {
        let what = match self.mode {
            Mode::Actual => "Alerts in the Common Alerting Protocol, newest first.",
            Mode::Exercise => {
                "Messages of an EXERCISE in the Common Alerting Protocol, newest first. No real event; take no action."
            }
            Mode::Test => {
                "TEST messages in the Common Alerting Protocol, newest first. No real event; take no action."
            }
        };
        format!("{what} {NOT_AN_ALL_CLEAR}")
    }

    /// When the list last gained an entry: the newest message's time; the epoch while there is none.
    fn updated_us(&self) -> i64 {
        self.entries.first().map_or(0, |a| a.sent_us)
    }
}

/// Whether a message still stands: not replaced, not expired.
pub fn is_in_force(alert: &AlertView, now_us: i64) -> bool {
    !alert.superseded && alert.expires_us >= now_us
}

/// An entry's title: the headline, with the mode in front unless it already starts so.
fn entry_title(alert: &AlertView) -> String {
    let word = match alert.mode {
        Mode::Actual => return alert.headline.clone(),
        Mode::Exercise => "EXERCISE",
        Mode::Test => "TEST",
    };
    let starts_so = alert
        .headline
        .get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word));
    if starts_so {
        alert.headline.clone()
    } else {
        format!("{word}: {}", alert.headline)
    }
}

/// CAP's own word for a mode.
const fn status(mode: Mode) -> &'static str {
    match mode {
        Mode::Actual => "Actual",
        Mode::Exercise => "Exercise",
        Mode::Test => "Test",
    }
}

#[cfg(test)]
mod tests;
