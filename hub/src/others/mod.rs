//! Alerts of other senders, beside our own: never in them.
//!
//! ```text
//! agency::Follower -> senders::Gatherer -> senders::Ledger -> Board (page, /api/state, /others, events)
//! ```
//!
//! Purpose: what tsunami centres and weather services publish is on the officers' page, with who vouches for it.
//!
//! Invariants: what comes in here goes to the [`Board`](crate::view::Board) and to the record `others.json`, and nowhere else: this module is given neither the
//! journal nor the desk nor a way to publish, so no message of another sender is ever issued again, nor does any detector or forecast
//! depend on one. A feed that is silent, empty, partly unread or no feed is `unknown`, never "no threat".
//!
//! What stood before a restart is shown at once, from the record: a network that is gone is when it is needed most. The feeds themselves are
//! `waiting`, that is unknown, until they have answered.

mod follow;
mod settings;
mod view;

pub use follow::{Others, start};
pub use settings::{AlertFeed, MOST_FEEDS, check, resolve, sources};
pub use view::{FeedView, OthersView};
