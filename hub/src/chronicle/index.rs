//! Where in the log what is: key frames by time, events, gaps. Small, and made anew from the log at every start.

use std::collections::VecDeque;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Kind};

/// Most events and gaps that are listed; the oldest are let go of.
const MOST_LISTED: usize = 1_000;

/// An event, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HistoryEvent)]
pub struct Event {
    /// Id.
    pub id: String,
    /// What it is.
    pub title: String,
    /// When it began, microseconds since the Unix epoch.
    pub began_us: i64,
    /// When it was over; `None` while it is on.
    pub over_us: Option<i64>,
    /// The highest level that its forecast reached.
    pub level: String,
}

/// A time of which the chronicle does not know what the page showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HistoryGap)]
pub struct Gap {
    /// From, microseconds since the Unix epoch.
    pub from_us: i64,
    /// Until.
    pub to_us: i64,
}

/// The index.
#[derive(Debug, Default)]
pub struct Index {
    /// Time and number of each key frame, oldest first.
    keys: VecDeque<(i64, u64)>,
    /// One past the last entry.
    pub next: u64,
    /// Time of the last entry.
    pub last_us: Option<i64>,
    events: VecDeque<Event>,
    gaps: VecDeque<Gap>,
}

impl Index {
    /// Reads a log through. What cannot be read ends it: what lies before stays usable.
    ///
    /// # Errors
    /// Text that says what failed and where.
    pub fn read(log: &Path) -> Result<Self, String> {
        let mut index = Self::default();
        let mut reader = journal::read_only(log).map_err(|e| e.to_string())?;
        while let Some((offset, bytes)) = reader.advance().map_err(|e| e.to_string())? {
            let entry = Entry::decode(bytes).map_err(|e| format!("entry {offset}: {e}"))?;
            let content = |e| format!("entry {offset}: {e}");
            match entry.kind {
                Kind::Event => index.event(entry.content().map_err(content)?),
                Kind::Gap => index.gap(entry.content().map_err(content)?),
                Kind::Key | Kind::Changes => {}
            }
            index.added(entry.kind, entry.time_us, offset);
        }
        Ok(index)
    }

    /// An entry was added.
    pub fn added(&mut self, kind: Kind, time_us: i64, offset: u64) {
        if kind == Kind::Key {
            self.keys.push_back((time_us, offset));
        }
        self.next = offset + 1;
        self.last_us = Some(time_us);
    }

    /// What lies before this entry is gone.
    pub fn trimmed(&mut self, first: u64) {
        while self.keys.front().is_some_and(|k| k.1 < first) {
            self.keys.pop_front();
        }
    }

    /// Replaces what was said of an event.
    pub fn event(&mut self, event: Event) {
        match self.events.iter_mut().find(|e| e.id == event.id) {
            Some(known) => *known = event,
            None => {
                self.events.push_back(event);
                if self.events.len() > MOST_LISTED {
                    self.events.pop_front();
                }
            }
        }
    }

    /// What is known of an event.
    pub fn known(&self, id: &str) -> Option<&Event> {
        self.events.iter().find(|e| e.id == id)
    }

    /// Adds a gap.
    pub fn gap(&mut self, gap: Gap) {
        self.gaps.push_back(gap);
        if self.gaps.len() > MOST_LISTED {
            self.gaps.pop_front();
        }
    }

    /// Since when anything can be shown, microseconds since the Unix epoch.
    pub fn begins_us(&self) -> Option<i64> {
        self.keys.front().map(|k| k.0)
    }

    /// The last key frame at or before a time: its entry.
    pub fn key_before(&self, time_us: i64) -> Option<u64> {
        let after = self.keys.partition_point(|k| k.0 <= time_us);
        Some(self.keys.get(after.checked_sub(1)?)?.1)
    }

    /// Events that were on at a time that can be shown, oldest first.
    pub fn events(&self) -> Vec<Event> {
        let from_us = self.begins_us().unwrap_or(i64::MAX);
        let shown = |e: &&Event| e.over_us.is_none_or(|over_us| over_us >= from_us);
        self.events.iter().filter(shown).cloned().collect()
    }

    /// Gaps in the time that can be shown, oldest first.
    pub fn gaps(&self) -> Vec<Gap> {
        let from_us = self.begins_us().unwrap_or(i64::MAX);
        let shown = |g: &&Gap| g.to_us >= from_us;
        self.gaps.iter().filter(shown).copied().collect()
    }
}
