//! The sirens of this edge: commands are judged, outputs driven, and what became of both is told.
//!
//! ```text
//! hub ==MQTT==> relay -> gate (signed? ours? fresh? new?) -> post -> horn -> output (GPIO, node, file)
//!  ^                                                          ^ |
//!  +---------------- report: sirens, acknowledgements --------|-+
//!                                     findings of nodes -> alone (cut off, and the policy says so)
//! ```
//!
//! Purpose: a siren sounds when the hub of its deployment has signed that it shall, or, cut off and only where the policy says so,
//! when this edge's own nodes have seen the wave. It never sounds for anything else.
//!
//! Invariants:
//! - What is sounded is durable before the output is driven, so that no restart makes an old command new. A disk that refuses does
//!   not silence a siren: it is driven all the same, and a condition says so.
//! - A mode drives only the outputs and patterns that are configured for it; an exercise cannot sound what a warning sounds.
//! - Every sounding ends by itself, by its pattern's length, whatever is or is not heard.
//! - [`gate`], [`horn`], [`alone`] and [`post`] read no clock: they are told what time it is, and how far to trust it.
//!
//! Refuses: to drive an output after this process has died. A GPIO line keeps or loses its level as its driver likes then; a watchdog
//! in the siren's own hardware is what ends a sound that nobody ends (docs/sirens.md). Nodes get a lease and end by themselves.

pub mod alone;
pub mod gate;
pub mod horn;
pub mod memory;
pub mod output;
pub mod pattern;
pub mod post;
pub mod relay;
pub mod report;
pub mod settings;

use std::time::Duration;

/// What time it is, in three ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the agent started; never goes back and never jumps. Sounding is measured by it.
    pub mono: Duration,
    /// UTC by this edge's clock, microseconds since the Unix epoch. Expiry is judged by it.
    pub wall_us: i64,
    /// Whether that clock has been set since it started.
    pub trusted: bool,
}
