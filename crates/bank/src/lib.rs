//! The response bank on disk: what each sensor and forecast point feels of each unit source, computed once, read in place.
//!
//! | module | question it answers |
//! |---|---|
//! | [`provenance`] | which depths, which solver, which sources and which places is this bank made of? |
//! | [`read`] | what does the file say, and can it be trusted? |
//! | [`build`] | how does a bank come about on disk, whatever interrupts it? |
//!
//! # The file
//! An Arrow IPC file (Feather version 2) without compression, so that any Arrow reader opens it and ours needs no copy:
//!
//! | column | type | content |
//! |---|---|---|
//! | `receiver` | utf8 | id of the sensor or point; the same in all rows of one record batch |
//! | `unit` | utf8 | id of the unit source |
//! | `height_m` | fixed-size list of `samples` float32 | height at the receiver after one metre of slip, sample `k` at `k * step_s` |
//!
//! One record batch for each receiver, in the order of the provenance; one row for each unit source. The schema's metadata
//! holds the provenance as JSON under [`provenance::KEY`], the footer's metadata the digest of that text. No value is null, no height is anything but finite.
//!
//! Invariants: the same provenance and heights give the same bytes; a file appears under its name complete or not at all;
//! bytes that are not such a file give a typed error, never a panic. Files hold no paths and no times of day.
//!
//! Refuses: to compute. How a response comes about is a function that the caller hands in (`ocean::bank` has it).

pub mod build;
mod file;
mod map;
mod part;
pub mod provenance;
pub mod read;

pub use build::{BuildError, Built, Step, build};
pub use provenance::Provenance;
pub use read::{Bank, BankError, Flaw};
