//! Writing and reading one frame.
//!
//! Reading goes from cheap to dear, and each step has its own error: length, CRC, version, header, tag,
//! body. A frame damaged on the line fails at the CRC; a frame with a wrong key fails at the tag; a frame
//! that passes both and still fails at the body comes from a peer with another idea of the protocol.

use super::key::TAG_BYTES;
use super::{Body, Header, Key, MAX_FRAME, Version};
use crate::checksum;
use thiserror::Error;

/// Version, the four header fields and the body's discriminant take at least one byte each.
const MIN_RAW: usize = 1 + 4 + 1 + TAG_BYTES + checksum::BYTES;

/// Longest frame before byte stuffing: COBS adds one byte for each begun 254, then the delimiter.
const MAX_RAW: usize = MAX_FRAME - 3;

/// Why a frame could not be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EncodeError {
    /// The output buffer is shorter than the frame; [`MAX_FRAME`] always suffices.
    #[error("the output buffer is too small for the frame")]
    OutputTooSmall,
    /// The body does not fit a frame. No [`Body`] of this version is that long.
    #[error("the body is too long for a frame")]
    TooLong,
    /// The counter has reached `u32::MAX`: the sender must take a new boot number, see [`Header`].
    #[error("the frame counter is used up; take a new boot number")]
    CounterExhausted,
    /// The version asked for has no such body, see [`Version::last_kind`].
    #[error("this version of the frame has no such body")]
    NotInVersion,
}

impl EncodeError {
    /// Stable name for counters.
    pub const fn name(self) -> &'static str {
        match self {
            EncodeError::OutputTooSmall => "output_too_small",
            EncodeError::TooLong => "too_long",
            EncodeError::CounterExhausted => "counter_exhausted",
            EncodeError::NotInVersion => "not_in_version",
        }
    }
}

/// Why received bytes are not a frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
pub enum FrameError {
    /// More bytes without a delimiter than a frame may have: noise, or a lost delimiter.
    #[error("more bytes than a frame may have")]
    TooLong,
    /// The byte stuffing is broken: bytes were lost, or listening began inside a frame.
    #[error("broken byte stuffing")]
    Cobs,
    /// Fewer bytes than the shortest frame.
    #[error("fewer bytes than the shortest frame")]
    TooShort,
    /// The frame check sequence differs: damaged on the line.
    #[error("frame check sequence differs")]
    Crc,
    /// The version byte is not one that this module reads.
    #[error("frame version {0} is not supported")]
    Version(u8),
    /// Header or body are not as this version has them, or bytes follow the body.
    #[error("header or body malformed")]
    Body,
    /// The authentication tag differs: wrong key, or forged.
    #[error("authentication tag differs")]
    Tag,
    /// Authentic, but this version has no body of that kind: the peer knows more than this module.
    #[error("this version of the frame has no body of kind {0}")]
    Kind(u32),
}

impl FrameError {
    /// Every name that [`FrameError::name`] can return, in the order of the checks.
    pub const NAMES: &'static [&'static str] = &[
        "too_long",
        "cobs",
        "too_short",
        "crc",
        "version",
        "body",
        "tag",
        "kind",
    ];

    /// Stable name for counters.
    pub const fn name(self) -> &'static str {
        match self {
            FrameError::TooLong => "too_long",
            FrameError::Cobs => "cobs",
            FrameError::TooShort => "too_short",
            FrameError::Crc => "crc",
            FrameError::Version(_) => "version",
            FrameError::Body => "body",
            FrameError::Tag => "tag",
            FrameError::Kind(_) => "kind",
        }
    }
}

/// A frame's bytes after unstuffing; nothing about them is checked yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawFrame<'a>(&'a [u8]);

impl<'a> RawFrame<'a> {
    /// Takes unstuffed bytes, for example from a capture.
    pub const fn new(bytes: &'a [u8]) -> RawFrame<'a> {
        RawFrame(bytes)
    }

    /// The unstuffed bytes: version, header, body, tag, CRC.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }
}

/// A frame that was checked completely.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    /// In which version it came: answer in the same.
    pub version: Version,
    /// Who sent it, and its place in the sender's sequence.
    pub header: Header,
    /// What it says.
    pub body: Body,
}

/// Writes one frame in `version`, byte-stuffed and with its trailing zero, to the front of `out`; returns its length.
///
/// # Errors
/// [`EncodeError`]. The caller owns the rule that a header is never used for two contents.
pub fn encode(
    version: Version,
    header: &Header,
    body: &Body,
    key: &Key,
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    if header.counter == u32::MAX {
        return Err(EncodeError::CounterExhausted);
    }
    let mut raw = [0; MAX_RAW];
    let content = &mut raw[..MAX_RAW - TAG_BYTES - checksum::BYTES];
    let message_bytes = version.write(header, body, content)?;
    let tag = key
        .tag(header, &raw[..message_bytes])
        .ok_or(EncodeError::TooLong)?;
    let checked_bytes = message_bytes + TAG_BYTES;
    raw[message_bytes..checked_bytes].copy_from_slice(&tag);
    let crc = checksum::seal(&raw[..checked_bytes]);
    let raw_bytes = checked_bytes + checksum::BYTES;
    raw[checked_bytes..raw_bytes].copy_from_slice(&crc);

    let stuffed =
        cobs::try_encode(&raw[..raw_bytes], out).map_err(|_| EncodeError::OutputTooSmall)?;
    *out.get_mut(stuffed).ok_or(EncodeError::OutputTooSmall)? = 0;
    Ok(stuffed + 1)
}

/// Reads who sent a frame, so that the right key can be found. The CRC is checked, the tag is not:
/// the header is a claim until [`open`] has succeeded.
///
/// # Errors
/// [`FrameError::TooShort`], `Crc`, `Version` or `Body`.
pub fn peek(raw: RawFrame<'_>) -> Result<(Version, Header), FrameError> {
    split(raw).map(|parts| (parts.version, parts.header))
}

/// Checks a frame completely and reads it.
///
/// # Errors
/// As [`peek`], then [`FrameError::Tag`], then [`FrameError::Kind`] or [`FrameError::Body`].
pub fn open(raw: RawFrame<'_>, key: &Key) -> Result<Frame, FrameError> {
    let parts = split(raw)?;
    if !key.verify(&parts.header, parts.message, parts.tag) {
        return Err(FrameError::Tag);
    }
    Ok(Frame {
        version: parts.version,
        header: parts.header,
        body: parts.version.read(parts.body)?,
    })
}

struct Parts<'a> {
    version: Version,
    header: Header,
    /// What the tag covers: version, header and body.
    message: &'a [u8],
    body: &'a [u8],
    tag: [u8; TAG_BYTES],
}

fn split(raw: RawFrame<'_>) -> Result<Parts<'_>, FrameError> {
    if raw.0.len() < MIN_RAW {
        return Err(FrameError::TooShort);
    }
    let checked = checksum::unseal(raw.0).ok_or(FrameError::Crc)?;
    let (message, tag) = checked
        .split_last_chunk::<TAG_BYTES>()
        .ok_or(FrameError::TooShort)?;
    let (&version, content) = message.split_first().ok_or(FrameError::TooShort)?;
    let version = Version::from_code(version).ok_or(FrameError::Version(version))?;
    let (header, body) = postcard::take_from_bytes(content).map_err(|_| FrameError::Body)?;
    Ok(Parts {
        version,
        header,
        message,
        body,
        tag: *tag,
    })
}
