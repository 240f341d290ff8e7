//! The versions of the frame, and how a body is laid out in each.
//!
//! | Version | Bodies | Birth | Health |
//! |---|---|---|---|
//! | 1 | kinds 0 to 8 | ends with `first_seq` | ends with `battery_mv` |
//! | 2 | kinds 0 to 17 | and board, image, settings revision | and clock, refusals, stack, storage, stalled tasks |
//!
//! Everything else is the same in both, so only those two bodies are written and read apart.

use super::{Board, Body, EncodeError, FrameError, Header, Image, NodeKind, ResetCause};
use serde::{Deserialize, Serialize};

/// Version of a frame: its first byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Version {
    /// Samples, findings, health, time, acknowledgements, commands without an answer.
    V1 = 1,
    /// And settings, answered commands, updates, shared lines.
    #[default]
    V2 = 2,
}

impl Version {
    /// The byte on the wire.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The version behind a byte; `None` for one that this module does not read.
    pub const fn from_code(code: u8) -> Option<Version> {
        match code {
            1 => Some(Version::V1),
            2 => Some(Version::V2),
            _ => None,
        }
    }

    /// The highest kind of body that it has.
    pub const fn last_kind(self) -> u8 {
        match self {
            Version::V1 => 8,
            Version::V2 => 17,
        }
    }

    /// Writes version, header and body to the front of `out`; returns their length.
    pub(super) fn write(
        self,
        header: &Header,
        body: &Body,
        out: &mut [u8],
    ) -> Result<usize, EncodeError> {
        if body.kind() > self.last_kind() {
            return Err(EncodeError::NotInVersion);
        }
        match (self, body) {
            (
                Version::V1,
                Body::Birth {
                    firmware,
                    kind,
                    reset_cause,
                    mono_us,
                    first_seq,
                    ..
                },
            ) => put(
                self,
                header,
                (0u8, firmware, kind, reset_cause, mono_us, first_seq),
                out,
            ),
            (
                Version::V1,
                Body::Health {
                    mono_us,
                    ring_used,
                    ring_capacity,
                    dropped,
                    sensor_errors,
                    battery_mv,
                    ..
                },
            ) => {
                let counts = (ring_used, ring_capacity, dropped, sensor_errors, battery_mv);
                put(self, header, (3u8, mono_us, counts), out)
            }
            _ => put(self, header, body, out),
        }
    }

    /// Reads a body that fills `bytes`.
    pub(super) fn read(self, bytes: &[u8]) -> Result<Body, FrameError> {
        let (kind, fields) = take::<u32>(bytes)?;
        if kind > u32::from(self.last_kind()) {
            return Err(FrameError::Kind(kind));
        }
        let (body, rest) = match (self, kind) {
            (Version::V1, 0) => {
                let (birth, rest) = take::<BirthV1>(fields)?;
                let (firmware, kind, reset_cause, mono_us, first_seq) = birth;
                let body = Body::Birth {
                    firmware,
                    kind,
                    reset_cause,
                    mono_us,
                    first_seq,
                    board: Board::Unknown,
                    image: Image::Unknown,
                    settings_revision: 0,
                };
                (body, rest)
            }
            (Version::V1, 3) => {
                let (health, rest) = take::<HealthV1>(fields)?;
                let (mono_us, ring_used, ring_capacity, dropped, sensor_errors, battery_mv) =
                    health;
                let body = Body::Health {
                    mono_us,
                    ring_used,
                    ring_capacity,
                    dropped,
                    sensor_errors,
                    battery_mv,
                    clock_drift_ppb: i32::MIN,
                    clock_uncertainty_us: u32::MAX,
                    refused: 0,
                    stack_free: u16::MAX,
                    storage_errors: 0,
                    stalled: 0,
                };
                (body, rest)
            }
            _ => take::<Body>(bytes)?,
        };
        if rest.is_empty() {
            Ok(body)
        } else {
            Err(FrameError::Body)
        }
    }
}

type BirthV1 = ([u8; 3], NodeKind, ResetCause, u64, u64);
type HealthV1 = (u64, u16, u16, u32, u32, u16);

fn put(
    version: Version,
    header: &Header,
    body: impl Serialize,
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    postcard::to_slice(&(version.code(), header, body), out)
        .map(|written| written.len())
        .map_err(|_| EncodeError::TooLong)
}

fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), FrameError> {
    postcard::take_from_bytes(bytes).map_err(|_| FrameError::Body)
}
