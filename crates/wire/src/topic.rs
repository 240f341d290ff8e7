//! MQTT topics, written and read in one place.
//!
//! ```text
//! watchfire/v1/<deployment>/<edge>/{batch,senml,json,status,finding,quake,siren}   up
//! watchfire/v1/<deployment>/<edge>/{ack,command}                                   down
//! watchfire/v1/<deployment>/alerts/{actual,exercise,test}/<event>                  out, retained CAP
//! ```
//!
//! Invariants: what `Display` writes, [`Topic::parse`] reads back to the same value, provided that the
//! ids are valid. The edge id `alerts` is reserved, so the two shapes cannot be mistaken for each other.
//!
//! Refuses: wildcards, empty levels, ids outside [`is_id`].

use core::fmt;
use thiserror::Error;

/// The first two levels of every topic.
pub const PREFIX: &str = "watchfire/v1";

/// Longest id, in bytes.
pub const MAX_ID_BYTES: usize = 48;

/// The level that stands where an edge's id would, in alert topics.
const ALERTS: &str = "alerts";

/// A channel between one edge and the hub.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Channel {
    /// Up: [`crate::batch`].
    Batch,
    /// Up: SenML, RFC 8428, JSON or CBOR.
    Senml,
    /// Up: plain JSON readings.
    Json,
    /// Up: state of the edge, retained; also its last will.
    Status,
    /// Up: findings of the node's or edge's own detectors.
    Finding,
    /// Up: earthquakes as USGS GeoJSON or QuakeML.
    Quake,
    /// Up: what the edge's sirens do and what became of commands, retained.
    Siren,
    /// Down: [`crate::ack`].
    Ack,
    /// Down: signed commands to the edge's sirens, `command`.
    Command,
}

impl Channel {
    /// Every channel.
    pub const ALL: &'static [Channel] = &[
        Channel::Batch,
        Channel::Senml,
        Channel::Json,
        Channel::Status,
        Channel::Finding,
        Channel::Quake,
        Channel::Siren,
        Channel::Ack,
        Channel::Command,
    ];

    /// The topic level.
    pub const fn name(self) -> &'static str {
        match self {
            Channel::Batch => "batch",
            Channel::Senml => "senml",
            Channel::Json => "json",
            Channel::Status => "status",
            Channel::Finding => "finding",
            Channel::Quake => "quake",
            Channel::Siren => "siren",
            Channel::Ack => "ack",
            Channel::Command => "command",
        }
    }

    /// The channel of that name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Channel> {
        Self::ALL
            .iter()
            .copied()
            .find(|channel| channel.name() == name)
    }

    /// Whether messages go from the edge to the hub.
    pub const fn is_up(self) -> bool {
        !matches!(self, Channel::Ack | Channel::Command)
    }
}

/// How seriously an alert is meant. One can never become another: they have separate topics.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Mode {
    /// Real: people are asked to act.
    Actual,
    /// A drill or a replay with people watching.
    Exercise,
    /// A technical test.
    Test,
}

impl Mode {
    /// Every mode.
    pub const ALL: &'static [Mode] = &[Mode::Actual, Mode::Exercise, Mode::Test];

    /// The topic level.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Actual => "actual",
            Mode::Exercise => "exercise",
            Mode::Test => "test",
        }
    }

    /// The mode of that name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Mode> {
        Self::ALL.iter().copied().find(|mode| mode.name() == name)
    }
}

/// One topic of the system. The ids borrow from whoever made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Topic<'a> {
    /// Between one edge and the hub.
    Edge {
        /// Deployment id, see [`is_id`].
        deployment: &'a str,
        /// Edge id, see [`is_id`]; not `alerts`.
        edge: &'a str,
        /// Which channel.
        channel: Channel,
    },
    /// From the hub to everyone.
    Alert {
        /// Deployment id, see [`is_id`].
        deployment: &'a str,
        /// How seriously the alert is meant.
        mode: Mode,
        /// Event id, see [`is_id`].
        event: &'a str,
    },
}

/// Why a string is not a topic of this system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum TopicError {
    /// It does not start with [`PREFIX`].
    #[error("the topic does not start with watchfire/v1/")]
    Prefix,
    /// It has too few or too many levels.
    #[error("the topic has the wrong number of levels")]
    Levels,
    /// A deployment, edge or event id is not valid, see [`is_id`].
    #[error("a level of the topic is not a valid id")]
    Id,
    /// The last level is no channel.
    #[error("the topic names no known channel")]
    Channel,
    /// The alert level is not `actual`, `exercise` or `test`.
    #[error("the topic names no known alert mode")]
    Mode,
}

impl TopicError {
    /// Stable name for counters.
    pub const fn name(self) -> &'static str {
        match self {
            TopicError::Prefix => "prefix",
            TopicError::Levels => "levels",
            TopicError::Id => "id",
            TopicError::Channel => "channel",
            TopicError::Mode => "mode",
        }
    }
}

impl<'a> Topic<'a> {
    /// Reads a topic name.
    ///
    /// # Errors
    /// A [`TopicError`] that says which level is wrong.
    pub fn parse(topic: &'a str) -> Result<Topic<'a>, TopicError> {
        let rest = topic
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or(TopicError::Prefix)?;
        let mut levels = rest.split('/');
        let deployment = levels.next().ok_or(TopicError::Levels)?;
        let second = levels.next().ok_or(TopicError::Levels)?;
        let third = levels.next().ok_or(TopicError::Levels)?;
        let fourth = levels.next();
        if levels.next().is_some() {
            return Err(TopicError::Levels);
        }
        if !is_id(deployment) {
            return Err(TopicError::Id);
        }
        if second == ALERTS {
            let mode = Mode::from_name(third).ok_or(TopicError::Mode)?;
            let event = fourth.ok_or(TopicError::Levels)?;
            if !is_id(event) {
                return Err(TopicError::Id);
            }
            return Ok(Topic::Alert {
                deployment,
                mode,
                event,
            });
        }
        if fourth.is_some() {
            return Err(TopicError::Levels);
        }
        if !is_id(second) {
            return Err(TopicError::Id);
        }
        let channel = Channel::from_name(third).ok_or(TopicError::Channel)?;
        Ok(Topic::Edge {
            deployment,
            edge: second,
            channel,
        })
    }
}

impl fmt::Display for Topic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topic::Edge {
                deployment,
                edge,
                channel,
            } => write!(f, "{PREFIX}/{deployment}/{edge}/{}", channel.name()),
            Topic::Alert {
                deployment,
                mode,
                event,
            } => write!(f, "{PREFIX}/{deployment}/{ALERTS}/{}/{event}", mode.name()),
        }
    }
}

/// Whether `text` is a valid id of a station, edge, deployment or event: 1 to 48 bytes of
/// `A-Z a-z 0-9 . _ -`. Such ids need no escaping in topics, file names, URLs and XML.
pub fn is_id(text: &str) -> bool {
    is_id_bytes(text.as_bytes())
}

/// [`is_id`] before the bytes are known to be text; bytes that pass are ASCII.
pub(crate) fn is_id_bytes(bytes: &[u8]) -> bool {
    // All bytes are looked at, without leaving early: ids are short, and this runs for every station of
    // every batch (2 ns an id instead of 10).
    (1..=MAX_ID_BYTES).contains(&bytes.len())
        && bytes
            .iter()
            .fold(true, |valid, byte| valid & IN_ID[usize::from(*byte)])
}

/// Which bytes may stand in an id.
const IN_ID: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric() || matches!(character, b'.' | b'_' | b'-');
        byte += 1;
    }
    table
};
