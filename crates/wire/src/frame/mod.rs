//! Node and edge: one frame on a serial line.
//!
//! Purpose: carry a node's samples, findings and health up, and acknowledgements, time and commands
//! down, over a line that loses, invents and repeats bytes, from peers that may be forged.
//!
//! ```text
//! COBS( version u8 = 1 or 2 | header (postcard) | body (postcard) | tag 16 bytes | CRC-32C, 4 bytes LE ) 0x00
//! ```
//!
//! Invariants:
//! - A frame is at most [`MAX_FRAME`] bytes on the line, delimiter included.
//! - The CRC tells line noise from a bad key: [`FrameError::Crc`] and [`FrameError::Tag`] are counted
//!   apart. Nothing of the body is decoded before its tag is verified.
//! - `(node, boot, direction, counter)` is used for one content only, see [`Header`].
//! - Version 1 is read and written as it always was. Both ends read both versions; a peer is answered in the version of
//!   its latest frame. A body that a version lacks is an error, both ways.
//!
//! Refuses: to guess at unknown versions, to remember which counters were seen (the two ends do), and
//! to hide content: frames are authenticated, not encrypted.

mod body;
mod code;
mod codec;
mod key;
mod receiver;
mod setting;
mod version;

pub use body::{Body, MAX_SAMPLES, MAX_UPDATE_BYTES, SIREN_OFF, SIREN_ON, Sample};
pub use code::{Board, CommandOutcome, Image, NodeKind, ResetCause, Sensor, UpdateStep};
pub use codec::{EncodeError, Frame, FrameError, RawFrame, encode, open, peek};
pub use key::Key;
pub use receiver::{Counts, Receiver};
pub use setting::{Allowed, MAX_SETTINGS, Setting, SettingKey};
pub use version::Version;

use serde::{Deserialize, Serialize};

/// Longest frame on the line in bytes, COBS overhead and trailing zero included.
pub const MAX_FRAME: usize = 320;

/// Longest frame that a node sends: [`MAX_SAMPLES`] samples with the longest numbers.
pub const MAX_FRAME_UP: usize = 230;

/// Longest [`Body::Turn`] on the line.
pub const MAX_TURN: usize = 40;

/// Least limit of a [`Body::Poll`] that lets a node say anything: a delimiter, the longest frame, and its turn.
pub const LEAST_POLL: usize = 1 + MAX_FRAME_UP + MAX_TURN;

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
