//! Takes issued messages to subscribers that are pushed to: webhooks, WebSub hubs, Sahana Eden, e-mail, a directory of files.
//!
//! Purpose: each subscriber gets each message that is meant for it once, soon, and in a form that it takes; what could not be delivered is
//! tried again; what became of everything can be seen. One subscriber that is slow, dead or hostile harms nobody else: each has an outbox,
//! a thread and a ledger on disk of its own, and the issuer only ever puts a message on the [`Shelf`].
//!
//! | part | what it is |
//! |---|---|
//! | [`Issued`] | a message, with what is needed to choose and order |
//! | [`Profile`] | what a subscriber wants, and how its messages are rewritten |
//! | [`Outbox`] | decides what is sent next, what is tried again when, what is dropped; no clock, no disk, no network |
//! | [`Ledger`], [`Store`] | what became of each message, in memory and on disk |
//! | [`Deliver`] | one way of delivering, with one type for each protocol in [`deliver`] |
//! | [`Worker`] | the thread that puts these together |
//!
//! Invariants:
//! - **Once.** That a message is about to be sent is durable before its first byte leaves; that it was delivered is durable before it is
//!   forgotten. A kill in between leaves a delivery in doubt, which is resolved by asking the receiver where that is possible
//!   ([`Repeat::AskFirst`]), by a repeat where the receiver can tell that it is one ([`Repeat::Harmless`]), and is said plainly otherwise.
//! - **Order.** A message is never sent while one that it refers to waits: it replaces it. A cancellation goes to whoever may have got
//!   what it cancels, and to nobody else.
//! - **Apart.** A message whose status a subscriber did not ask for never reaches it ([`Profile::statuses`]; `Actual` alone unless told
//!   otherwise), whatever else its profile says.
//! - **Bounded.** Connections and exchanges have time limits, answers a size limit, the shelf and the outbox a number limit. Redirections
//!   are not followed: credentials go to the configured host and nowhere else.
//!
//! It refuses to: issue, reword or translate a message, decide who is warned, and take an answer that it does not understand for a yes.
#![forbid(unsafe_code)]

mod backoff;
pub mod deliver;
mod issued;
mod ledger;
mod outbox;
mod profile;
mod sahana_answer;
mod secret;
mod shelf;
mod status;
mod store;
mod worker;

pub use backoff::Backoff;
pub use deliver::{Deliver, Found, Outcome, Parcel, Repeat};
pub use issued::Issued;
pub use ledger::{Entry, Ledger, Note, Standing};
pub use outbox::{Carries, Moment, Outbox, Step};
pub use profile::{Profile, Retag, Sign};
pub use sahana_answer::{Presence, Verdict, found as sahana_found, read as sahana_answer};
pub use secret::SecretFile;
pub use shelf::Shelf;
pub use status::{PeerState, Status};
pub use store::{Store, StoreError};
pub use worker::{Peer, Worker};
