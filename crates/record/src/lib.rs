//! Recorded series and event directories.
//!
//! Purpose: what instruments wrote down in the past, made ready to be played again: files of three formats become
//! sorted [`Series`], and a directory with an `event.toml` becomes an [`Event`] with its earthquakes, its stations
//! and its time window. `configs/README.md` describes the directory for those who add one.
//!
//! Invariants: samples are sorted by time, one for each instant; every row of a file is either a sample or counted
//! under a [`Reason`] with its line; a missing value is a sample without a value, since the instrument did speak.
//!
//! It refuses to: read the network or anything outside the event's directory, read without bounds
//! ([`MAX_FILE_BYTES`], [`MAX_ROWS`]), interpret earthquakes (the bytes are handed on), and take tides out.
#![forbid(unsafe_code)]

mod calendar;
mod event;
mod event_file;
mod files;
mod ndbc;
mod seconds;
mod series;
mod table;

pub use event::{Error, Event, MAX_QUAKES, MAX_STATIONS, QuakeFile, Role, Station};
pub use files::{Directory, Embedded, Files};
pub use ndbc::read_ndbc;
pub use seconds::read_seconds;
pub use series::{MAX_FILE_BYTES, MAX_ROWS, ReadError, Reason, Sample, Series, Skipped};
pub use table::{Columns, read_csv};

/// An instant as files write it, microseconds since the Unix epoch: ISO 8601 with `T` or a blank (UTC unless it has an offset), or a number
/// of seconds, milliseconds or microseconds since 1970.
#[must_use]
pub fn time_us(text: &str) -> Option<i64> {
    calendar::parse(text)
}
