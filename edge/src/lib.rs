//! The edge agent: from sensor lines to the hub, losing nothing.
//!
//! ```text
//! node frames --link--+                                   +-- live ---+
//!                     +-> groups -> writer -> outbox -----+           +-> publisher ==MQTT==> hub
//! Modbus     --meter--+             (commit)    |         +-- backlog-+        |
//!      ^                                |       +---- trimmed by the hub's acknowledgement
//!      +------- acknowledgement --------+
//! ```
//!
//! Purpose: an [`Agent`] checks what nodes send, stamps it with UTC and an uncertainty, stores it in an outbox, only
//! then acknowledges it to the node and publishes it, and keeps it until the hub has acknowledged it end to end. The
//! binary `watchfire-edge` runs one agent from a file; a replay runs agents inside its own process, over in-memory
//! lines and with its own clock.
//!
//! Invariants:
//! - A node is acknowledged only what is durable here; the outbox forgets only what is durable at the hub.
//! - Storing waits for nothing but the disk, publishing live data for nothing but the socket.
//! - Bad input of any kind is counted by reason and costs nothing but itself.
//! - All stamps come from the [`clock::Clock`] that was handed in.
//!
//! - Sirens sound by signed commands, see [`siren`]; they have a thread and a connection of their own, which readings cannot fill.
//!
//! It refuses to: judge what readings mean (that is the hub's), or run without having stored what it acknowledges.
#![forbid(unsafe_code)]

pub mod agent;
pub mod backoff;
pub mod commands;
pub mod config;
pub mod document;
pub mod inquiry;
pub mod link;
pub mod meter;
pub mod node;
pub mod outbox;
pub mod publish;
pub mod reading;
pub mod secret;
pub mod siren;
pub mod tally;
pub mod updates;

pub use agent::{Agent, Handle, StartError};
pub use config::Config;
pub use publish::status::Status;
