//! Hub to edge: the cumulative acknowledgement.
//!
//! Purpose: `next` says that every outbox entry below it is durable at the hub, so the edge may free
//! them. Losing, repeating or reordering acknowledgements is harmless: the highest one counts.
//!
//! A number that was bent on its way would free what the hub does not have. So an acknowledgement of version 2 ends with a checksum, and
//! is in the version of the batches that it answers: an edge that writes checked batches believes no unchecked acknowledgement.
//!
//! Invariants: `outbox` names the outbox that the numbers belong to. An edge ignores acknowledgements
//! for another outbox, so a replaced disk can never have its fresh entries freed by old numbers.
//!
//! Refuses: an unknown version, trailing bytes.

use thiserror::Error;

use crate::batch::Version;
use crate::checksum;

/// The longest encoded acknowledgement: version, two `u64` varints of at most ten bytes, and the checksum.
pub const MAX_BYTES: usize = 1 + 10 + 10 + checksum::BYTES;

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
    /// The checksum is not that of the bytes: damaged on the way.
    #[error("the checksum differs")]
    Checksum,
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
            AckError::Checksum => "checksum",
            AckError::Malformed => "malformed",
        }
    }
}

impl Ack {
    /// Writes the acknowledgement in `version` to the front of `out` and returns its length in bytes.
    ///
    /// # Errors
    /// [`AckError::OutputTooSmall`].
    pub fn encode(&self, version: Version, out: &mut [u8]) -> Result<usize, AckError> {
        let written = postcard::to_slice(&(version.byte(), self.outbox, self.next), out)
            .map(|written| written.len())
            .map_err(|_| AckError::OutputTooSmall)?;
        match version {
            Version::V1 => Ok(written),
            Version::V2 => {
                let (content, rest) = out.split_at_mut(written);
                let end = rest.first_chunk_mut().ok_or(AckError::OutputTooSmall)?;
                *end = checksum::seal(content);
                Ok(written + checksum::BYTES)
            }
        }
    }

    /// Reads an acknowledgement that fills `bytes` exactly, and its version.
    ///
    /// # Errors
    /// [`AckError::Version`], [`AckError::Checksum`] or [`AckError::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<(Version, Ack), AckError> {
        let &version = bytes.first().ok_or(AckError::Malformed)?;
        let version = Version::from_byte(version).ok_or(AckError::Version(version))?;
        let content = match version {
            Version::V1 => bytes,
            Version::V2 => checksum::unseal(bytes).ok_or(AckError::Checksum)?,
        };
        match postcard::take_from_bytes::<(u8, u64, u64)>(content) {
            Ok(((_, outbox, next), [])) => Ok((version, Ack { outbox, next })),
            _ => Err(AckError::Malformed),
        }
    }
}
