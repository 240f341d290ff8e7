//! Alerts: levels, CAP messages, what is made of them, and the deployment's signature. Their words are the crate `words`'; what was issued is
//! in the desk's log (`gate`).

pub mod compose;
pub mod forms;
mod level;
pub mod sign;
mod source;
pub mod text;

pub use desk::Published;
pub use level::Level;
