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

/// CAP `status` of a mode's messages (CAP 1.2, 3.2.1).
pub const fn status(mode: wire::topic::Mode) -> cap::Status {
    match mode {
        wire::topic::Mode::Actual => cap::Status::Actual,
        wire::topic::Mode::Exercise => cap::Status::Exercise,
        wire::topic::Mode::Test => cap::Status::Test,
    }
}
