//! Who may act at the hub.
//!
//! People have an account with a password and log in to a session; machines have a token. Both come to an [`Identity`], which says who
//! it is and what they may do ([`Permission`]). What they do is the business of whoever asks.
//!
//! ```text
//! accounts.json -> Register ----\
//! sessions.json <-> Sessions ----> Authority -> Identity
//! name, password, address -> Throttle -/
//! ```
//! Everything but [`disk`] and [`SystemRandom`] is a plain function of state and input: time comes in as `now_us` (microseconds since
//! the Unix epoch, UTC), random bytes come from a [`Random`].
//!
//! Invariants: a session holds a name and no rights, so that it can never do more than its account may at that moment. Secrets
//! are kept as their SHA-256 only, passwords as Argon2id. An account is never deleted, so that a name in an audit log
//! stays one person's. Everything is bounded in number and size.
//!
//! Refuses: to let a token approve, to lock anyone out for good, and to guess what a damaged file meant: then nobody gets in.
#![forbid(unsafe_code)]

mod authority;
pub mod disk;
mod identity;
mod name;
mod password;
mod register;
pub mod request;
mod role;
mod secret;
mod session;
mod throttle;

pub use authority::{Attempt, Authority, LoginRefused, Opened};
pub use identity::{Identity, Refusal, Via};
pub use name::{Name, NotAName};
pub use password::{Hash, NotAHash, Password, Unfit};
pub use register::{
    ACCOUNTS_MAX, Account, ChangeRefused, FILE_BYTES_MAX, Register, TOKENS_MAX, Token, Unreadable,
};
pub use role::{Permission, Permissions, Role, Roles, Unknown};
pub use secret::{Fingerprint, NoRandom, Random, Secret, SystemRandom};
pub use session::{DEVICES_PER_ACCOUNT, Limits, SESSIONS_MAX, SESSIONS_PER_ACCOUNT, Sessions};
pub use throttle::{Lane, Throttle, Wait};
