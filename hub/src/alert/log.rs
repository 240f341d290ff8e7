//! The durable, append-only log of published messages. A message is in the log before it goes anywhere, and an identifier enters it
//! once: a hub that is killed and started again, and computes the same alerts from its journal, publishes none of them twice.

use std::collections::BTreeMap;
use std::path::Path;

use journal::{Fsync, Journal, Options};
use serde::{Deserialize, Serialize};
use wire::topic::Mode;

use crate::view::AlertView;

/// A published message as the log keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// CAP identifier.
    pub identifier: String,
    /// The event.
    pub event: String,
    /// `actual`, `exercise` or `test`.
    pub mode: String,
    /// `Alert`, `Update` or `Cancel`.
    pub msg_type: String,
    /// CAP severity of the first info block.
    pub severity: String,
    /// Microseconds since the Unix epoch.
    pub sent_us: i64,
    /// Microseconds since the Unix epoch.
    pub expires_us: i64,
    /// In the deployment's first language.
    pub headline: String,
    /// In the deployment's first language.
    pub summary: String,
    /// Names of the areas.
    pub areas: Vec<String>,
    /// Why it was published, in a few words.
    #[serde(default)]
    pub reason: String,
    /// The message.
    pub xml: String,
}

impl Published {
    /// File name of the message: the identifier with what a file system or a URL may not like replaced.
    pub fn file(&self) -> String {
        let safe: String = self
            .identifier
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "._-".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        format!("{safe}.xml")
    }

    /// The topic's mode; an unknown word can only come from a damaged log and counts as a test, which nobody acts on.
    pub fn mode(&self) -> Mode {
        Mode::from_name(&self.mode).unwrap_or(Mode::Test)
    }

    /// As the page and the feeds show it.
    pub fn view(&self) -> AlertView {
        AlertView {
            identifier: self.identifier.clone(),
            file: self.file(),
            event: self.event.clone(),
            mode: self.mode(),
            msg_type: self.msg_type.clone(),
            severity: self.severity.clone(),
            sent_us: self.sent_us,
            expires_us: self.expires_us,
            headline: self.headline.clone(),
            summary: self.summary.clone(),
            areas: self.areas.clone(),
            superseded: false,
            xml: self.xml.as_str().into(),
        }
    }
}

/// The log.
pub struct AlertLog {
    journal: Journal,
    /// Identifier and sent time of every message.
    known: BTreeMap<String, i64>,
    unwritten: Vec<Published>,
}

impl AlertLog {
    /// Opens the log and returns what was published before, oldest first.
    ///
    /// # Errors
    /// Text that says what failed and where.
    pub fn open(dir: &Path) -> Result<(Self, Vec<Published>), String> {
        let options = Options {
            segment_bytes: 16 * 1024 * 1024,
            fsync: Fsync::Always,
            max_bytes: None,
        };
        let (journal, _) = Journal::open(dir, options).map_err(|e| e.to_string())?;
        let mut earlier = Vec::new();
        for entry in journal.reader(journal.first()).map_err(|e| e.to_string())? {
            let entry = entry.map_err(|e| e.to_string())?;
            let published: Published = serde_json::from_slice(&entry.payload)
                .map_err(|e| format!("{}: entry {}: {e}", dir.display(), entry.offset))?;
            earlier.push(published);
        }
        let known = earlier
            .iter()
            .map(|p| (p.identifier.clone(), p.sent_us))
            .collect();
        Ok((
            Self {
                journal,
                known,
                unwritten: Vec::new(),
            },
            earlier,
        ))
    }

    /// Whether the message was published before.
    pub fn knows(&self, identifier: &str) -> bool {
        self.known.contains_key(identifier)
    }

    /// When a message was sent, if it was.
    pub fn sent_us(&self, identifier: &str) -> Option<i64> {
        self.known.get(identifier).copied()
    }

    /// Makes a message durable. It counts as published from now on, even when the disk refuses it: a full disk must not hold an
    /// alert back. Such a message is written by a later call; until then a power cut could make the hub publish it again, under
    /// the same identifier.
    ///
    /// # Errors
    /// Text that says what failed; the message is to be published all the same.
    pub fn publish(&mut self, message: &Published) -> Result<(), String> {
        self.known
            .insert(message.identifier.clone(), message.sent_us);
        self.unwritten.push(message.clone());
        self.flush()
    }

    /// Writes what the disk refused before.
    ///
    /// # Errors
    /// As [`AlertLog::publish`].
    pub fn flush(&mut self) -> Result<(), String> {
        let mut written = 0;
        let result = self.unwritten.iter().try_for_each(|message| {
            let payload = serde_json::to_vec(message).map_err(|e| e.to_string())?;
            self.journal.append(&payload).map_err(|e| e.to_string())?;
            written += 1;
            Ok(())
        });
        if written > 0 {
            self.journal.commit().map_err(|e| e.to_string())?;
        }
        self.unwritten.drain(..written);
        result
    }

    /// Messages that are published and not durable yet.
    pub fn pending(&self) -> usize {
        self.unwritten.len()
    }
}
