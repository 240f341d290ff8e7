//! What an authentic frame of a node tells.

use wire::frame::{Board, Body, CommandOutcome, Image, NodeKind, ResetCause, Setting, UpdateStep};

use crate::reading::Item;

/// A finding of a node's own detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// The node's sequence number.
    pub seq: u64,
    /// UTC, microseconds since the Unix epoch.
    pub time_us: i64,
    /// As listed by the node's firmware.
    pub code: u8,
    /// In the unit that the code implies.
    pub value: f64,
    /// Quality flags of its time stamp.
    pub quality: u8,
}

/// Who the node is, from its birth frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Birth {
    /// Firmware version: major, minor, patch.
    pub firmware: [u8; 3],
    /// What the node is built for.
    pub kind: NodeKind,
    /// Why it started.
    pub reset_cause: ResetCause,
    /// The hardware.
    pub board: Board,
    /// Whether the image that runs is there to stay.
    pub image: Image,
    /// Revision of its settings.
    pub settings_revision: u32,
    /// UTC of its arrival, microseconds.
    pub at_us: i64,
}

/// The node's condition, from its last health frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// Readings in the node that are not acknowledged.
    pub ring_used: u16,
    /// Readings that the node can hold.
    pub ring_capacity: u16,
    /// Readings overwritten since boot.
    pub dropped: u32,
    /// Failed sensor readings since boot.
    pub sensor_errors: u32,
    /// Supply in millivolts; 0 when unknown.
    pub battery_mv: u16,
    /// How much its clock runs fast by its own measurement, parts per billion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_drift_ppb: Option<i32>,
    /// Bound of the error of its idea of UTC, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_uncertainty_us: Option<u32>,
    /// Downlink frames that it refused since boot.
    #[serde(skip_serializing_if = "is_zero")]
    pub refused: u32,
    /// Bytes of its stack never used since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_free: Option<u16>,
    /// Failed accesses to its lasting memory since boot.
    #[serde(skip_serializing_if = "is_zero")]
    pub storage_errors: u32,
    /// Bit `n`: its task `n` had not checked in with the watchdog's guardian.
    #[serde(skip_serializing_if = "is_zero")]
    pub stalled: u32,
}

/// Numbers that say nothing are left out of the status document.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
pub(super) fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What became of a command, from the node's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandDone {
    /// Identity of the command.
    pub id: u32,
    /// What became of it.
    pub outcome: CommandOutcome,
    /// From the arrival of its last byte to its execution, microseconds.
    pub delay_us: u32,
    /// UTC of the answer's arrival, microseconds.
    pub at_us: i64,
}

/// What a frame says that is neither a reading nor a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The node has started, or met the edge again.
    Born,
    /// Its settings.
    Settings {
        /// Revision in force.
        revision: u32,
        /// Values in force.
        values: Vec<Setting>,
    },
    /// Where its update stands.
    Update {
        /// Where.
        step: UpdateStep,
        /// Of which version.
        version: [u8; 3],
        /// First byte that it does not have.
        next_offset: u32,
    },
    /// A command has been answered.
    Command(CommandOutcome),
    /// It has spoken, and is silent until the next poll.
    Turn,
}

/// What a frame led to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// New readings, oldest first. Their station is the node's.
    pub items: Vec<Item>,
    /// A new finding.
    pub finding: Option<Finding>,
    /// Frames to send back at once.
    pub replies: Vec<Body>,
    /// Sequence numbers given up as lost by this frame.
    pub lost: u64,
    /// Sequence numbers that had arrived before.
    pub repeated: u64,
    /// The edge's clock was found to have been stepped.
    pub stepped: bool,
    /// Anything else.
    pub news: Option<News>,
}

/// Why an authentic frame was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its boot lies before the node's current one.
    OldBoot,
    /// Its counter was seen, or is too old to tell.
    Replayed,
    /// It is a body that an edge sends.
    WrongWay,
    /// Its numbers make no sense.
    Absurd,
}

impl Refused {
    /// Stable name for counters.
    pub fn name(self) -> &'static str {
        match self {
            Refused::OldBoot => "old_boot",
            Refused::Replayed => "replayed",
            Refused::WrongWay => "wrong_way",
            Refused::Absurd => "absurd",
        }
    }
}
