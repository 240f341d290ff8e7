//! Edge to hub: many readings in one message, column by column.
//!
//! Purpose: make a reading cheap on the wire and cheaper to decode. A column whose readings agree costs
//! a byte or two for the whole batch, times and sequence numbers are stored as the difference from what
//! was to be expected, and values take the shortest of three exact forms. `docs/protocol.md` has the
//! byte tables.
//!
//! Invariants:
//! - What [`encode`] takes, [`Batch`] gives back: same order, same bits, NaN payloads included.
//! - [`Batch::parse`] checks everything once, against fixed limits and without allocating; after that
//!   the iterators cannot fail, and need no more than a few kilobytes of stack.
//!
//! Refuses: more than [`MAX_READINGS`], [`MAX_STATIONS`] or [`MAX_BATCH_BYTES`]; unknown versions, flags,
//! columns and quantities; station indexes outside the table; trailing bytes; and, since version 2, whatever is not byte for byte what
//! was written: its checksum is looked at before anything is decoded.

mod bytes;
mod encode;
mod parse;
mod readings;
mod value;

pub use encode::{encode, encode_as};
pub use parse::Batch;
pub use readings::{Readings, Seqs, StationIndexes, Stations, Times};
pub use value::Values;

use crate::quantity::Quantity;
use thiserror::Error;

/// Versions of batches and of the acknowledgements that answer them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Version {
    /// Without a checksum.
    V1,
    /// The same, and a CRC-32C of everything before it at the end.
    V2,
}

impl Version {
    /// The one that is written unless an older peer is spoken to.
    pub const LATEST: Version = Version::V2;

    /// The version byte. Those of versions with and without a checksum differ in all eight bits, so that no damage short of a whole byte
    /// turned over makes a checked message into one that is believed unchecked. Even then a batch is refused: it is four bytes too long.
    /// Versions to come keep at least four bits away from `01`.
    pub const fn byte(self) -> u8 {
        match self {
            Version::V1 => 0x01,
            Version::V2 => 0xfe,
        }
    }

    /// The version of a byte.
    pub const fn from_byte(byte: u8) -> Option<Version> {
        match byte {
            0x01 => Some(Version::V1),
            0xfe => Some(Version::V2),
            _ => None,
        }
    }
}

/// Most readings in one batch.
pub const MAX_READINGS: usize = 4096;

/// Most entries in one batch's station table.
pub const MAX_STATIONS: usize = 512;

/// Longest encoded batch in bytes.
pub const MAX_BATCH_BYTES: usize = 128 * 1024;

/// Where a batch comes from and what the hub acknowledges it by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Header<'a> {
    /// Edge id, see [`crate::topic::is_id`].
    pub edge: &'a str,
    /// Identity of the outbox, drawn at random when it was created.
    pub outbox: u64,
    /// Number of this entry in that outbox, from 0.
    pub offset: u64,
    /// UTC microseconds since the Unix epoch when the edge made this batch.
    pub sent_us: i64,
    /// The readings were held back by a gap in the link; live readings go first.
    pub backlog: bool,
}

/// One entry of a batch's station table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Station<'a> {
    /// Station id, see [`crate::topic::is_id`].
    pub id: &'a str,
    /// The node that measures for this station.
    pub node: u32,
    /// That node's boot number; `(node, boot, seq)` identifies a reading.
    pub boot: u32,
}

/// One reading. Compare floating-point bits, not `==`, where values may be NaN.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reading {
    /// Index into the batch's station table.
    pub station: u16,
    /// UTC microseconds since the Unix epoch at which the value held.
    pub time_us: i64,
    /// What was measured.
    pub quantity: Quantity,
    /// The value in the quantity's canonical unit; NaN when `quality` says missing.
    pub value: f64,
    /// [`crate::quality::Quality`] bits.
    pub quality: u8,
    /// The node's sequence number.
    pub seq: u64,
}

/// Why a batch could not be written or read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
pub enum BatchError {
    /// The output buffer is shorter than the batch; [`MAX_BATCH_BYTES`] always suffices.
    #[error("the output buffer is too small for the batch")]
    OutputTooSmall,
    /// The batch would be or is longer than [`MAX_BATCH_BYTES`]; use fewer readings.
    #[error("the batch is longer than {MAX_BATCH_BYTES} bytes")]
    TooLong,
    /// More readings than [`MAX_READINGS`].
    #[error("more than {MAX_READINGS} readings")]
    TooManyReadings,
    /// More stations than [`MAX_STATIONS`].
    #[error("more than {MAX_STATIONS} stations")]
    TooManyStations,
    /// The version byte is not one that this module reads.
    #[error("batch version {0} is not supported")]
    Version(u8),
    /// The checksum is not that of the bytes: damaged on the way.
    #[error("the checksum differs")]
    Checksum,
    /// A flag is set that this version does not have.
    #[error("unknown flags {0:#04x}")]
    Flags(u8),
    /// The bytes end before the batch does.
    #[error("the batch ends early")]
    Truncated,
    /// Bytes follow the end of the batch.
    #[error("bytes follow the end of the batch")]
    Trailing,
    /// The edge's or a station's id is not valid, see [`crate::topic::is_id`].
    #[error("an id is not valid")]
    Id,
    /// A reading names a station that is not in the table.
    #[error("station index {0} is not in the table")]
    StationIndex(u16),
    /// A reading has a quantity code that is not assigned.
    #[error("quantity code {0} is not assigned")]
    Quantity(u8),
    /// A column is stored in a way that this version does not have.
    #[error("unknown column form {0}")]
    Column(u8),
    /// A variable-length number is longer than its type.
    #[error("a variable-length number is too large")]
    Varint,
    /// A value column has a decimal scale above the highest.
    #[error("decimal scale {0} is too large")]
    Scale(u8),
}

impl BatchError {
    /// Every name that [`BatchError::name`] can return.
    pub const NAMES: &'static [&'static str] = &[
        "output_too_small",
        "too_long",
        "too_many_readings",
        "too_many_stations",
        "version",
        "checksum",
        "flags",
        "truncated",
        "trailing",
        "id",
        "station_index",
        "quantity",
        "column",
        "varint",
        "scale",
    ];

    /// Stable name for counters.
    pub const fn name(self) -> &'static str {
        match self {
            BatchError::OutputTooSmall => "output_too_small",
            BatchError::TooLong => "too_long",
            BatchError::TooManyReadings => "too_many_readings",
            BatchError::TooManyStations => "too_many_stations",
            BatchError::Version(_) => "version",
            BatchError::Checksum => "checksum",
            BatchError::Flags(_) => "flags",
            BatchError::Truncated => "truncated",
            BatchError::Trailing => "trailing",
            BatchError::Id => "id",
            BatchError::StationIndex(_) => "station_index",
            BatchError::Quantity(_) => "quantity",
            BatchError::Column(_) => "column",
            BatchError::Varint => "varint",
            BatchError::Scale(_) => "scale",
        }
    }
}

/// Bit 0 of the flags byte: [`Header::backlog`].
const FLAG_BACKLOG: u8 = 1;

/// How a column is stored; the byte before it. The meaning depends on the column.
mod form {
    /// One value for all readings; times and sequence numbers exactly as expected.
    pub const CONSTANT: u8 = 0;
    /// A byte for each reading; a varint residual for times and sequence numbers.
    pub const EACH: u8 = 1;
    /// Station index only: two bytes, little-endian, for each reading.
    pub const WIDE: u8 = 2;

    /// Value: IEEE 754 double, little-endian.
    pub const DOUBLE: u8 = 0;
    /// Value: IEEE 754 single, little-endian, where that is exact.
    pub const SINGLE: u8 = 1;
    /// Value: integer over a power of ten, as varint differences, where that is exact.
    pub const DECIMAL: u8 = 2;
}
