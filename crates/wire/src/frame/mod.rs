//! Node and edge: one frame on a serial line.
//!
//! Purpose: carry a node's samples, findings and health up, and acknowledgements, time and commands
//! down, over a line that loses, invents and repeats bytes, from peers that may be forged.
//!
//! ```text
//! COBS( version u8 = 1 | header (postcard) | body (postcard) | tag 16 bytes | CRC-32C, 4 bytes LE ) 0x00
//! ```
//!
//! Invariants:
//! - A frame is at most [`MAX_FRAME`] bytes on the line, delimiter included.
//! - The CRC tells line noise from a bad key: [`FrameError::Crc`] and [`FrameError::Tag`] are counted
//!   apart. Nothing of the body is decoded before its tag is verified.
//! - `(node, boot, direction, counter)` is used for one content only, see [`Header`].
//!
//! Refuses: to guess at unknown versions, to remember which counters were seen (the two ends do), and
//! to hide content: frames are authenticated, not encrypted.

mod codec;
mod key;
mod receiver;

pub use codec::{EncodeError, FrameError, RawFrame, encode, open, peek};
pub use key::Key;
pub use receiver::{Counts, Receiver};

use crate::quantity::Quantity;
use serde::{Deserialize, Serialize};

/// Version byte that this module writes and reads.
pub const VERSION: u8 = 1;

/// Longest frame on the line in bytes, COBS overhead and trailing zero included.
pub const MAX_FRAME: usize = 320;

/// Most samples in one frame. Twelve of the longest kind need 230 bytes on the line.
pub const MAX_SAMPLES: usize = 12;

/// Code of [`Body::Command`]: sound for `argument` milliseconds, then stop by itself unless told again.
pub const SIREN_ON: u8 = 1;

/// Code of [`Body::Command`]: be silent.
pub const SIREN_OFF: u8 = 2;

/// Which way a frame goes. Part of the tag, so a frame cannot be reflected to its sender.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Direction {
    /// From the node to the edge.
    Up,
    /// From the edge to the node.
    Down,
}

/// Who sent a frame, and its place in the sender's sequence.
///
/// The tag is a one-time authenticator: two different frames with the same `(node, boot, direction,
/// counter)` under one key would let a listener forge a third. A sender therefore counts up by one with
/// every frame and never starts again within a `boot`; a repeated transmission is either the identical
/// bytes or takes a new counter. After `u32::MAX - 1` the sender must take a new `boot`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The node that sends or is addressed.
    pub node: u32,
    /// The sender's boot number, different at every start of the sender. For [`Direction::Up`] it is the
    /// node's boot; for [`Direction::Down`] it is the edge's own, for example the Unix second of its
    /// start, so that a restarted edge does not repeat itself. Bodies that speak about a node's boot
    /// name it themselves.
    pub boot: u32,
    /// Number of this frame since `boot`, in this direction. Receivers accept only increasing
    /// `(boot, counter)`, which stops replayed frames.
    pub counter: u32,
    /// Which way the frame goes.
    pub direction: Direction,
}

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
}

/// An enum that travels as one byte and reads codes it does not know as its `Unknown`, so that a newer
/// firmware's birth is not lost on an older edge.
macro_rules! open_code {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        #[repr(u8)]
        pub enum $name {
            /// Not known, or known only to a newer version.
            #[default]
            Unknown = 0,
            $($(#[$doc])* $variant = $code,)*
        }

        impl $name {
            /// The byte on the wire.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// Reads the byte on the wire; codes that are not assigned become `Unknown`.
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    _ => Self::Unknown,
                }
            }

            /// Stable lower-case name.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Unknown => "unknown",
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u8(self.code())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                u8::deserialize(deserializer).map(Self::from_code)
            }
        }
    };
}

open_code! {
    /// What a node is built for.
    NodeKind {
        /// A simulated node: replay, exercise, test rig.
        Virtual = 1 "virtual",
        /// Pressure recorder on the sea floor.
        BottomPressure = 2 "bottom_pressure",
        /// Tide gauge on the coast.
        TideGauge = 3 "tide_gauge",
        /// Traffic detector.
        Traffic = 4 "traffic",
        /// Electricity meter or grid monitor.
        Energy = 5 "energy",
        /// Siren with its controller.
        Siren = 6 "siren",
    }
}

open_code! {
    /// Why a node started.
    ResetCause {
        /// Power was applied.
        PowerOn = 1 "power_on",
        /// The reset pin.
        Pin = 2 "pin",
        /// The firmware asked for it, for example after an update or a panic.
        Software = 3 "software",
        /// A watchdog ran out.
        Watchdog = 4 "watchdog",
        /// The supply voltage dipped.
        BrownOut = 5 "brown_out",
        /// Return from a sleep that loses memory.
        LowPower = 6 "low_power",
    }
}
