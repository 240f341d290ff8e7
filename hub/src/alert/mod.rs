//! Alerts: levels, words, CAP messages and the durable log of what was published.

pub mod compose;
pub mod forms;
mod level;
mod source;
pub mod text;

pub use desk::Published;
pub use level::Level;
