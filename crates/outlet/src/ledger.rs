//! What became of each message at one subscriber.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How long after its expiry a message is remembered, microseconds: 30 days. Later messages of its chain ask for it.
const REMEMBERED_US: i64 = 30 * 24 * 3_600 * 1_000_000;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It was about to be sent: it may have arrived.
    Sending,
    /// It was tried, and has certainly not arrived.
    NotArrived,
    /// The receiver said that it has it.
    Delivered,
    /// The receiver does not want it; nothing more is tried.
    Refused,
    /// Whether it arrived could not be found out; nothing more is tried.
    InDoubt,
}

/// One message of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it stands.
    pub standing: Standing,
    /// When it expires, microseconds since the Unix epoch.
    pub expires_us: i64,
}

/// A change, as it is kept on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Note {
    /// A message has a new standing.
    Now {
        /// CAP identifier.
        identifier: String,
        /// The standing.
        standing: Standing,
        /// When the message expires, microseconds since the Unix epoch.
        expires_us: i64,
        /// When that was noted, microseconds since the Unix epoch.
        at_us: i64,
        /// What the receiver said, or what went wrong.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// Everything, so that older notes can go.
    All {
        /// By identifier.
        entries: BTreeMap<String, Entry>,
    },
}

/// What became of each message, by identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: BTreeMap<String, Entry>,
}

impl Ledger {
    /// Takes a note.
    pub fn apply(&mut self, note: &Note) {
        match note {
            Note::Now {
                identifier,
                standing,
                expires_us,
                ..
            } => {
                let entry = Entry {
                    standing: *standing,
                    expires_us: *expires_us,
                };
                self.entries.insert(identifier.clone(), entry);
            }
            Note::All { entries } => self.entries.clone_from(entries),
        }
    }

    /// Where a message stands; `None` if it was never tried.
    pub fn standing(&self, identifier: &str) -> Option<Standing> {
        self.entries.get(identifier).map(|e| e.standing)
    }

    /// Whether the receiver has the message, or may have it.
    pub fn may_have(&self, identifier: &str) -> bool {
        matches!(
            self.standing(identifier),
            Some(Standing::Sending | Standing::Delivered | Standing::InDoubt)
        )
    }

    /// Whether nothing more is to be tried with the message.
    pub fn is_settled(&self, identifier: &str) -> bool {
        matches!(
            self.standing(identifier),
            Some(Standing::Delivered | Standing::Refused | Standing::InDoubt)
        )
    }

    /// Everything, without what expired long ago.
    pub fn all(&self, now_us: i64) -> Note {
        let entries = self
            .entries
            .iter()
            .filter(|(_, e)| e.expires_us.saturating_add(REMEMBERED_US) >= now_us)
            .map(|(i, e)| (i.clone(), e.clone()))
            .collect();
        Note::All { entries }
    }

    /// How many messages it remembers.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
