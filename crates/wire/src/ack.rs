//! Hub to edge: the cumulative acknowledgement.
//!
//! Purpose: `next` says that every outbox entry below it is durable at the hub, so the edge may free
//! them. Losing, repeating or reordering acknowledgements is harmless: the highest one counts.
//!
//! Invariants: `outbox` names the outbox that the numbers belong to. An edge ignores acknowledgements
//! for another outbox, so a replaced disk can never have its fresh entries freed by old numbers.
//!
//! Refuses: an unknown version, trailing bytes.

use thiserror::Error;

/// Version byte that this module writes and reads.
pub const VERSION: u8 = 1;

/// The longest encoded acknowledgement: version and two `u64` varints of at most ten bytes.
pub const MAX_BYTES: usize = 1 + 10 + 10;

/// What the hub has made durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Ack {
    /// Identity of the outbox, as in [`crate::batch::Header::outbox`].
    pub outbox: u64,
    /// Every entry with a number below this one is durable at the hub.
    pub next: u64,
}

/// Why an acknowledgement could not be written or read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AckError {
    /// The output buffer is shorter than the encoding; [`MAX_BYTES`] always suffices.
    #[error("the output buffer is too small for an acknowledgement")]
    OutputTooSmall,
    /// The version byte is not one that this module reads.
    #[error("acknowledgement version {0} is not supported")]
    Version(u8),
    /// The bytes end early, hold an impossible number, or go on after the end.
    #[error("the bytes are not an acknowledgement")]
    Malformed,
}

impl AckError {
    /// Stable name for counters.
    pub const fn name(self) -> &'static str {
        match self {
            AckError::OutputTooSmall => "output_too_small",
            AckError::Version(_) => "version",
            AckError::Malformed => "malformed",
        }
    }
}

impl Ack {
    /// Writes the acknowledgement to the front of `out` and returns its length in bytes.
    ///
    /// # Errors
    /// [`AckError::OutputTooSmall`].
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, AckError> {
        postcard::to_slice(&(VERSION, self.outbox, self.next), out)
            .map(|written| written.len())
            .map_err(|_| AckError::OutputTooSmall)
    }

    /// Reads an acknowledgement that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`AckError::Version`] or [`AckError::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Ack, AckError> {
        let (&version, rest) = bytes.split_first().ok_or(AckError::Malformed)?;
        if version != VERSION {
            return Err(AckError::Version(version));
        }
        match postcard::take_from_bytes::<(u64, u64)>(rest) {
            Ok(((outbox, next), [])) => Ok(Ack { outbox, next }),
            _ => Err(AckError::Malformed),
        }
    }
}
