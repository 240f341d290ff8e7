//! What the edge tells about its sirens: one document, retained, so that whoever comes later knows as much.
//!
//! It is a state, not a stream: losing, repeating and reordering it is harmless as long as the last one arrives. Silence is not in it:
//! an edge that does not tell is unknown, never silent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::seal;

/// Longest document that a reader need take, bytes.
pub const MAX_BYTES: usize = 128 * 1024;

/// Acknowledgements that a document keeps, newest.
pub const MAX_ACKS: usize = 128;

/// The document on the topic `siren`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Edge id.
    pub edge: String,
    /// The edge has vanished: its last will. Then nothing else is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// The word that proves a command to be fresh, 16 hexadecimal digits.
    pub word: String,
    /// RFC 3339 UTC by this edge's clock.
    pub time: String,
    /// Whether that clock is trusted.
    pub clock_trusted: bool,
    /// The sirens, by id.
    pub sirens: Vec<SirenReport>,
    /// What became of commands, oldest first.
    pub acks: Vec<Ack>,
    /// Commands that were refused since the start, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Commands that came again since the start, and were acknowledged again.
    pub repeated: u64,
    /// What an operator should look at.
    pub conditions: Vec<String>,
    /// When sirens sounded without a command, oldest first.
    pub alone: Vec<AloneReport>,
}

/// One siren.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SirenReport {
    /// Id.
    pub id: String,
    /// Zones and groups.
    pub zones: Vec<String>,
    /// `idle`, `sounding` or `failed`.
    pub state: String,
    /// What fails.
    pub reason: Option<String>,
    /// `actual`, `exercise` or `test`, while it plays.
    pub mode: Option<String>,
    /// Signal, while it plays.
    pub signal: Option<String>,
    /// The command that it plays; none while it plays without one.
    pub command: Option<String>,
}

/// What became of a command at one siren, or of one that no siren saw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ack {
    /// Command id; none where nothing of the message is believed.
    pub command: Option<String>,
    /// Siren; none where it came to no siren.
    pub siren: Option<String>,
    /// `sounding`, `done`, `silenced`, `replaced`, `failed`, `refused`, `passed`.
    pub state: String,
    /// Why it failed or was refused.
    pub reason: Option<String>,
    /// RFC 3339 UTC by this edge's clock.
    pub time: String,
}

/// Sirens sounded without a command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AloneReport {
    /// RFC 3339 UTC by this edge's clock.
    pub time: String,
    /// What had been seen.
    pub because: String,
}

/// What the broker publishes when the edge vanishes.
pub fn will(edge: &str) -> Vec<u8> {
    seal(
        serde_json::json!({ "edge": edge, "gone": true })
            .to_string()
            .into_bytes(),
    )
}
