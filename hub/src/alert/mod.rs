//! Alerts: levels, words, CAP messages and the durable log of what was published.

pub mod compose;
pub mod forms;
mod level;
pub mod log;
mod source;
pub mod text;

pub use level::Level;
