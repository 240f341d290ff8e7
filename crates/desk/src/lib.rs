//! The desk: where a message becomes an alert, and how it is taken back.
//!
//! Detection and forecast *propose* what to say. The desk decides whether it is said: it holds the deployment's gate (nobody, one
//! approver, two distinct approvers, by level and zone, with a deadline and what happens then), numbers what is issued, refers to the
//! whole chain, renews what would lapse while its successor waits for a person, and writes everything that happens into an
//! append-only log in which each record holds the hash of the one before.
//!
//! ```text
//!                 approve (enough)
//!   proposed ──────────────────────────▶ issued ──▶ expired
//!      │  │ ▲                              ▲
//!      │  │ └── approve (not yet enough)   │ the gate asks nobody, or an earlier approval covers it,
//!      │  │                                │ or the deadline passed and the fail-safe is `issue`
//!      │  └── deadline, fail-safe `hold` ─▶ held ── approve ──▶ issued
//!      ├── refuse, withdraw ─▶ refused, withdrawn
//!      ├── a newer proposal of the same event ─▶ superseded
//!      └── a cancellation of what was never issued ─▶ void
//! ```
//!
//! Invariants, each with a property test:
//! - One mode: a [`Desk`] is of a [`Mode`] type, its log names the mode in its first record, and every message gets its status
//!   from the type. No sequence of operations makes an exercise an actual alert.
//! - An identifier is issued once: it is the deployment's, the mode's, the event's and the number in the event's chain, and the log
//!   knows what was issued. A restart, or a second hub that computes the same event, cannot make a second message of it.
//! - Nothing is issued that the gate holds: as many distinct persons as the rule says, never its author alone.
//! - All who let a draft out have agreed to the same words, and the log has their digest beside each name.
//! - A refusal stands: the same event is not proposed to the officers again until it is worse than what they refused.
//! - A cancellation refers to every message of the chain.
//!
//! It refuses to: read a clock, do I/O (except [`Log`]), check passwords or roles (the caller does), and compose words.
#![forbid(unsafe_code)]

mod book;
mod desk;
mod draft;
mod envelope;
pub mod gate;
mod log;
mod mode;
mod preview;
mod published;
mod record;
mod weight;

pub use desk::{Desk, Naming, Outcome, Refusal, Seal};
pub use draft::{Agreed, Author, DraftView, Proposal, Standing};
pub use log::{Log, Verified, issued, read, verify};
pub use mode::{Actual, Exercise, Mode, Test};
pub use preview::Chains;
pub use published::Published;
pub use record::{Act, Hash, Record};
pub use weight::{Grade, Weight};
