//! What can be seen of a subscriber.

use serde::Serialize;

/// What a subscriber's outbox is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubscriberState)]
pub enum PeerState {
    /// Nothing is owed.
    Idle,
    /// A message is on its way.
    Delivering,
    /// The last attempt failed, and is made again after a pause.
    BackingOff,
    /// The subscriber refuses for good: somebody has to do something. Tried again now and then where that can help.
    Blocked,
    /// A message ran out before it could be delivered.
    Expired,
}

impl PeerState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Idle,
        Self::Delivering,
        Self::BackingOff,
        Self::Blocked,
        Self::Expired,
    ];

    /// A stable word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Delivering => "delivering",
            Self::BackingOff => "backing_off",
            Self::Blocked => "blocked",
            Self::Expired => "expired",
        }
    }
}

/// A subscriber as an operator sees it. Times are microseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Subscriber)]
pub struct Status {
    /// As configured.
    pub name: String,
    /// `webhook`, `websub`, `sahana`, `smtp` or `file`.
    pub kind: &'static str,
    /// What it is doing.
    pub state: PeerState,
    /// Messages that it is owed.
    pub waiting: usize,
    /// When a message was last delivered, since the start.
    pub last_delivered_us: Option<i64>,
    /// Which.
    pub last_delivered: Option<String>,
    /// What went wrong last; stays until a delivery succeeds.
    pub last_error: Option<String>,
    /// Since when nothing has been delivered although something should have been.
    pub failing_since_us: Option<i64>,
    /// Messages delivered since the start.
    pub delivered: u64,
    /// Attempts since the start.
    pub attempts: u64,
    /// Attempts that failed since the start.
    pub failures: u64,
    /// Messages that it refused for good.
    pub refused: u64,
    /// Messages that ran out before they could be delivered.
    pub expired: u64,
    /// Messages that were replaced before they were sent, or are of no use to it.
    pub dropped: u64,
    /// Messages of which it cannot be told whether it has them.
    pub in_doubt: u64,
    /// Messages that were let go because it took none for too long.
    pub missed: u64,
}
