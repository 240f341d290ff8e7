//! Durable append-only log with acknowledged cursors.
//!
//! Purpose: the edge's outbox, the hub's intake and desk logs, and the ledgers of subscribers. Entries are byte strings, numbered from 0 without
//! gaps; a number is never given to two entries that a reader has seen.
//!
//! On disk a journal is a directory of segment files, each named by its first entry number, and a lock file:
//!
//! ```text
//! 00000000000000000000.log   00000000000000052431.log   lock
//!
//! a record, all numbers little-endian:
//!   0  4  length of the payload, at most 16 MiB
//!   4  4  CRC-32C over the next two fields
//!   8  8  entry number
//!  16  n  payload
//! ```
//!
//! Invariants:
//! - What [`Journal::commit`] returned for survives a kill of the process, and with [`Fsync::Always`] the loss of
//!   power (`docs/decisions/0003-fsync.md`).
//! - Readers made by a journal see committed entries only, so nothing leaves that a restart could take back.
//! - A record torn by a crash at the end is cut at the next [`Journal::open`] and reported; damage anywhere else
//!   is an error that names file and position, and nothing is changed.
//! - A full disk or quota fails the append and nothing else: the partial record is taken back, and appending works
//!   again when there is space.
//!
//! It refuses to: interpret payloads, run threads or timers (the caller groups appends and commits once), share a
//! directory between two writers, and repair damage by guessing.
#![forbid(unsafe_code)]

mod cursor;
mod disk;
mod error;
mod format;
mod reader;
mod scan;
mod window;
mod writer;

pub use cursor::Cursor;
pub use error::Error;
pub use format::{HEADER_BYTES, MAX_PAYLOAD_BYTES};
pub use reader::{Entry, Reader, read_only, read_only_from, segments};
pub use writer::{Fsync, Journal, Options, Recovery};
