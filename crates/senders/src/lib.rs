//! Alerts of other senders: what their feeds list, who vouches for each, and what stands now.
//!
//! ```text
//! document -> index -> messages (inside, or fetched once each) -> standing -> ledger -> what is shown
//! ```
//!
//! Purpose: an officer sees what others warn of beside the own alerts, and how far it can be believed.
//!
//! Invariants: nothing here is ever issued again; there is no way from a [`Ledger`] to a desk. What is not believed as much cannot
//! replace or end what is ([`Standing::strength`]), and an exercise cannot touch an actual alert. A feed that is silent, empty or partly
//! unread is [`unknown`](FeedState::is_known), which is not "no threat".
//!
//! It refuses to: read a clock, decide anything about own alerts, show a message that is not public.
#![forbid(unsafe_code)]

mod gather;
pub mod index;
mod ledger;
mod message;
mod record;
mod region;
mod shown;
mod standing;

pub use gather::{FeedState, Gatherer, Refused, Sink, Source};
pub use ledger::{Ledger, MOST_BYTES, MOST_MESSAGES, Taken};
pub use message::{Key, Message, Origin};
pub use record::{RecordError, Remembered, load, save};
pub use region::Region;
pub use shown::{Part, Shown, State};
pub use standing::Standing;
