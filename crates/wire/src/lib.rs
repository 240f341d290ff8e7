//! Every byte that crosses a wall: quantities, frames, batches, topics.
//!
//! Purpose: one place that says what the parts of Watchfire send each other, byte for byte, so that a
//! node's firmware, the edge agent, the hub and somebody else's decoder agree. `docs/protocol.md`
//! describes the same bytes for readers who do not read Rust.
//!
//! | Module | From, to | Carries |
//! |---|---|---|
//! | [`frame`] | node, edge (both ways) | samples, findings, health, time, acknowledgements, commands |
//! | [`batch`] | edge, hub | up to 4096 readings in columns |
//! | [`ack`] | hub, edge | the cumulative acknowledgement that frees the edge's outbox |
//! | [`command`] | hub, edge | a signed command to sirens |
//! | [`document`] | edge, hub | how a JSON document shows that it is whole |
//! | [`checksum`] | everywhere | how bytes are known to be those that were sent |
//! | [`topic`] | MQTT | names of the channels |
//! | [`quantity`], [`quality`] | everywhere | what was measured, in which unit, and how far to trust it |
//!
//! Invariants:
//! - No allocation, no `std`, no unsafe code, no clock, no randomness: the same input gives the same bytes.
//! - Whatever arrives from outside is bounded before it is looked at, and decoding never panics.
//! - What was encoded decodes to the same values, bit for bit, NaN payloads and quality flags included.
//! - Every format starts with a version byte; an unknown version is a named error, never a guess.
//!
//! Refuses: to judge values (an impossible value is flagged by others and still carried), to keep state
//! about peers (replay windows and counters belong to the two ends), to do I/O.
#![no_std]
#![forbid(unsafe_code)]

pub mod ack;
pub mod batch;
pub mod checksum;
#[cfg(feature = "command")]
pub mod command;
pub mod document;
pub mod frame;
pub mod hex;
pub mod quality;
pub mod quantity;
pub mod topic;
