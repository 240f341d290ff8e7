//! What people and machines see of other senders' alerts.

use senders::{FeedState, Shown};
use serde::Serialize;

/// Most alerts shown of each kind; the gravest.
const MOST_SHOWN: usize = 100;

/// Other senders' alerts and the feeds that they come by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OthersView {
    /// The feeds, as configured.
    pub feeds: Vec<FeedView>,
    /// What the senders mean to be acted on, the gravest first, what has ended last.
    pub actual: Vec<Shown>,
    /// Their exercises, tests and messages between systems: apart, here too.
    pub not_actual: Vec<Shown>,
    /// Messages beyond those shown.
    pub more: usize,
}

/// A feed and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct FeedView {
    /// Its name.
    pub name: String,
    /// `ok`, or why what it tells is not known.
    pub state: FeedState,
    /// Whether what its sender has to say is known. Where it is not, no message means nothing.
    pub known: bool,
    /// The same in words.
    pub text: String,
    /// Entries of its last list.
    pub listed: usize,
    /// Entries of it that were not read.
    pub unread: usize,
    /// When it last answered, microseconds since the Unix epoch.
    pub answered_us: Option<i64>,
}

impl FeedView {
    /// A feed that has not answered yet.
    pub fn waiting(name: &str) -> Self {
        let mut view = Self {
            name: name.to_owned(),
            state: FeedState::Waiting,
            known: false,
            text: String::new(),
            listed: 0,
            unread: 0,
            answered_us: None,
        };
        view.set(FeedState::Waiting, 0, 0);
        view
    }

    /// It is so now.
    pub fn set(&mut self, state: FeedState, listed: usize, unread: usize) {
        (self.state, self.known) = (state, state.is_known());
        (self.listed, self.unread) = (listed, unread);
        self.text = match state {
            FeedState::Waiting => "has not answered since the hub started: unknown".to_owned(),
            FeedState::Ok => "answers, and all that it lists was read".to_owned(),
            FeedState::Empty => "lists nothing: unknown, not an all-clear".to_owned(),
            FeedState::Incomplete => {
                format!("{unread} of the {listed} entries that it lists could not be read: unknown")
            }
            FeedState::Unreadable => {
                "answers with something that is no list of alerts: unknown".to_owned()
            }
            FeedState::Stale => "has not answered for too long: unknown".to_owned(),
        };
    }
}

impl OthersView {
    /// Sorts what stands into what is meant and what is not.
    pub fn new(feeds: Vec<FeedView>, shown: Vec<Shown>) -> Self {
        let (mut actual, mut not_actual): (Vec<_>, Vec<_>) =
            shown.into_iter().partition(Shown::is_actual);
        let more = |list: &mut Vec<Shown>| {
            let more = list.len().saturating_sub(MOST_SHOWN);
            list.truncate(MOST_SHOWN);
            more
        };
        let more = more(&mut actual) + more(&mut not_actual);
        Self {
            feeds,
            actual,
            not_actual,
            more,
        }
    }
}
