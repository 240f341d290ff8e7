//! Sensor nodes: their frames, clocks, sequence numbers, and what survives a restart of the edge.
//!
//! [`Nodes`] is the room's only door; the other modules are pure.

pub mod ranges;
pub mod registry;
pub mod replay;
pub mod session;
pub mod state;
pub mod timebase;

pub use registry::{NodeReport, Nodes, Received};
