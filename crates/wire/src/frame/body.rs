//! What a frame says.
//!
//! The order of the variants is the kind on the wire, the order of the fields is their order on the wire: neither
//! changes within a version. Kinds 0 to 8 exist in version 1; there a birth ends with `first_seq` and a health report
//! with `battery_mv`, see [`super::version`].

use super::Direction;
use super::code::{Board, CommandOutcome, Image, NodeKind, ResetCause, UpdateStep};
use super::setting::{MAX_SETTINGS, Setting};
use crate::quantity::Quantity;
use serde::{Deserialize, Serialize};

/// Most samples in one frame. Twelve of the longest kind need 230 bytes on the line.
pub const MAX_SAMPLES: usize = 12;

/// Most bytes of an image in one frame: a whole number of the words that any flash memory writes.
pub const MAX_UPDATE_BYTES: usize = 192;

/// Code of [`Body::Command`]: sound for `argument` milliseconds, then stop by itself unless told again.
pub const SIREN_ON: u8 = 1;

/// Code of [`Body::Command`]: be silent.
pub const SIREN_OFF: u8 = 2;

/// One value in [`Body::Samples`].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Microseconds after the previous sample; after `start_us` for the first one.
    pub dt_us: u32,
    /// The value in the quantity's canonical unit; NaN when `quality` says missing.
    pub value: f64,
    /// [`crate::quality::Quality`] bits.
    pub quality: u8,
}

/// What a frame says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Body {
    /// Up, first frame after a start: who the node is and where its numbering begins.
    Birth {
        /// Firmware version: major, minor, patch.
        firmware: [u8; 3],
        /// What the node is built for.
        kind: NodeKind,
        /// Why it started.
        reset_cause: ResetCause,
        /// Node's monotonic clock, microseconds since start.
        mono_us: u64,
        /// Sequence number that the first sample of this boot has or will have.
        first_seq: u64,
        /// The hardware. Unknown from a version 1 frame, as the next two.
        board: Board,
        /// Whether the image that runs is there to stay.
        image: Image,
        /// Revision of the settings in force; 0 while they are the defaults.
        settings_revision: u32,
    },
    /// Up: consecutive samples of one quantity.
    Samples {
        /// Sequence number of the first sample; the others follow by one.
        first_seq: u64,
        /// What was measured.
        quantity: Quantity,
        /// Node's monotonic microseconds from which the first `dt_us` counts.
        start_us: u64,
        /// The samples, oldest first.
        samples: heapless::Vec<Sample, MAX_SAMPLES>,
    },
    /// Up: the node's own detector has found something.
    Finding {
        /// Its place in the same sequence as the samples.
        seq: u64,
        /// Node's monotonic microseconds of the finding.
        mono_us: u64,
        /// Which finding, as listed by the node's firmware.
        code: u8,
        /// The value that made it, in the unit that the code implies.
        value: f64,
    },
    /// Up: the node's condition.
    Health {
        /// Node's monotonic microseconds.
        mono_us: u64,
        /// Unacknowledged entries in the node's ring.
        ring_used: u16,
        /// Entries that the ring can hold.
        ring_capacity: u16,
        /// Entries overwritten before they were acknowledged, since boot.
        dropped: u32,
        /// Failed sensor readings since boot.
        sensor_errors: u32,
        /// Supply voltage in millivolts, 0 when unknown.
        battery_mv: u16,
        /// How much the node's clock runs fast, parts per billion; `i32::MIN` when unknown, as from version 1.
        clock_drift_ppb: i32,
        /// Bound of the error of the node's idea of UTC, microseconds; `u32::MAX` when unknown.
        clock_uncertainty_us: u32,
        /// Downlink frames that the node refused since boot.
        refused: u32,
        /// Bytes of the stack that were never used since boot; `u16::MAX` when unknown.
        stack_free: u16,
        /// Failed accesses to lasting memory since boot.
        storage_errors: u16,
        /// Bit `n` set: task `n` had not checked in with the watchdog's guardian.
        stalled: u8,
    },
    /// Up: the node asks for the time.
    TimeRequest {
        /// Node's monotonic microseconds when it sent this.
        t1_us: u64,
    },
    /// Down: the answer, as in NTP (RFC 5905 section 8); the node or edge notes the fourth time itself.
    TimeReply {
        /// Copied from the request.
        t1_us: u64,
        /// UTC microseconds since the Unix epoch when the request arrived.
        t2_unix_us: i64,
        /// UTC microseconds since the Unix epoch when this was sent.
        t3_unix_us: i64,
    },
    /// Down: everything below `next_seq` is durable at the edge.
    Ack {
        /// The node's boot that the number belongs to.
        boot: u32,
        /// First sequence number that is not yet durable at the edge.
        next_seq: u64,
    },
    /// Down: the edge misses `from_seq..to_seq` and asks for them again.
    Gap {
        /// The node's boot that the numbers belong to.
        boot: u32,
        /// First missing sequence number.
        from_seq: u64,
        /// First sequence number that is not missing any more.
        to_seq: u64,
    },
    /// Down: do something, once.
    Command {
        /// Identity of the command; a node carries out each only once.
        id: u32,
        /// Which command, as listed by the node's firmware.
        code: u8,
        /// Its argument, in the unit that the code implies.
        argument: u32,
        /// UTC microseconds since the Unix epoch after which it must not be carried out.
        expires_unix_us: i64,
    },
    /// Up: the settings in force, after [`Body::SetSettings`] (also a refused one) and [`Body::ReadSettings`].
    Settings {
        /// Revision of the write that made them; 0 while they are the defaults.
        revision: u32,
        /// Every setting that the node knows.
        values: heapless::Vec<Setting, MAX_SETTINGS>,
    },
    /// Up: what became of a command; sent again when the command comes again.
    CommandDone {
        /// Identity of the command.
        id: u32,
        /// What became of it.
        outcome: CommandOutcome,
        /// Node's monotonic microseconds when it was carried out or given up.
        mono_us: u64,
        /// From the arrival of the command's last byte to that instant, microseconds.
        delay_us: u32,
    },
    /// Up: where the update stands; asks for bytes, or says how it ended.
    UpdateState {
        /// Where it stands.
        state: UpdateStep,
        /// Version that is being installed, or that was: major, minor, patch.
        version: [u8; 3],
        /// First byte of the image that the node does not have.
        next_offset: u32,
    },
    /// Down: use these settings, and keep them.
    SetSettings {
        /// Must be above the node's; the edge counts it up with every change.
        revision: u32,
        /// What changes; settings that are not named stay.
        values: heapless::Vec<Setting, MAX_SETTINGS>,
    },
    /// Down: tell the settings in force.
    ReadSettings,
    /// Down: there is a new image.
    UpdateOffer {
        /// Its version: major, minor, patch.
        version: [u8; 3],
        /// Its security counter: a node refuses an image with a lower one than any that it has confirmed.
        security: u32,
        /// Its length in bytes.
        length: u32,
        /// Its digest, as the update's format defines it.
        digest: [u8; 32],
        /// Ed25519 signature (RFC 8032) over what the update's format defines.
        #[serde(with = "halves")]
        signature: [u8; 64],
    },
    /// Down: bytes of the image that the node asked for.
    UpdateData {
        /// Where in the image the first of them belongs.
        offset: u32,
        /// The bytes; fewer than [`MAX_UPDATE_BYTES`] only at the image's end.
        bytes: heapless::Vec<u8, MAX_UPDATE_BYTES>,
    },
    /// Down, on a shared line: the node may speak now.
    Poll {
        /// Most bytes that it may put on the line, delimiters and its [`Body::Turn`] included.
        limit: u16,
    },
    /// Up, on a shared line: the node has spoken and is silent until the next poll.
    Turn,
}

impl Body {
    /// The kind on the wire.
    pub const fn kind(&self) -> u8 {
        match self {
            Body::Birth { .. } => 0,
            Body::Samples { .. } => 1,
            Body::Finding { .. } => 2,
            Body::Health { .. } => 3,
            Body::TimeRequest { .. } => 4,
            Body::TimeReply { .. } => 5,
            Body::Ack { .. } => 6,
            Body::Gap { .. } => 7,
            Body::Command { .. } => 8,
            Body::Settings { .. } => 9,
            Body::CommandDone { .. } => 10,
            Body::UpdateState { .. } => 11,
            Body::SetSettings { .. } => 12,
            Body::ReadSettings => 13,
            Body::UpdateOffer { .. } => 14,
            Body::UpdateData { .. } => 15,
            Body::Poll { .. } => 16,
            Body::Turn => 17,
        }
    }

    /// Which way such a body goes.
    pub const fn direction(&self) -> Direction {
        match self {
            Body::Birth { .. }
            | Body::Samples { .. }
            | Body::Finding { .. }
            | Body::Health { .. }
            | Body::TimeRequest { .. }
            | Body::Settings { .. }
            | Body::CommandDone { .. }
            | Body::UpdateState { .. }
            | Body::Turn => Direction::Up,
            Body::TimeReply { .. }
            | Body::Ack { .. }
            | Body::Gap { .. }
            | Body::Command { .. }
            | Body::SetSettings { .. }
            | Body::ReadSettings
            | Body::UpdateOffer { .. }
            | Body::UpdateData { .. }
            | Body::Poll { .. } => Direction::Down,
        }
    }
}

/// A signature as 64 bytes without a length: serde derives arrays up to 32 only.
mod halves {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 64], to: S) -> Result<S::Ok, S::Error> {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..]);
        (r, s).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 64], D::Error> {
        let (r, s) = <([u8; 32], [u8; 32])>::deserialize(from)?;
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&r);
        bytes[32..].copy_from_slice(&s);
        Ok(bytes)
    }
}
