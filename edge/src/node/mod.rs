//! Sensor nodes: their frames, clocks, sequence numbers, settings and firmware, and what survives a restart of the edge.
//!
//! [`Nodes`] is the room's only door; the other modules are pure.

pub mod heard;
pub mod keeper;
mod member;
pub mod pace;
pub mod ranges;
pub mod registry;
pub mod replay;
pub mod report;
mod roster;
pub mod rules;
pub mod session;
pub mod state;
pub mod timebase;
pub mod update;

pub use registry::{Nodes, Received};
pub use report::NodeReport;
