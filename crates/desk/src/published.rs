//! A message as it was issued.

use serde::{Deserialize, Serialize};
use wire::topic::Mode;

/// An issued message as the log keeps it.
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
    /// Why it was issued, in a few words.
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
}
