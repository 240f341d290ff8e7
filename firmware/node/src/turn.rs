//! Speaking in turn on a shared line (RS-485): nothing without a poll, whole frames within its limit, then the turn back.
//!
//! The edge is the only one that speaks unasked. It polls one node after the other; a node that is polled begins within
//! [`LAPSE_US`] or not at all, because by then the edge may have polled the next. Frames to and from others are heard
//! and passed over.

use crate::timer::elapsed;
use wire::frame::{LEAST_POLL, MAX_TURN};

/// How long after a poll a node may begin, microseconds. The edge waits for twice that.
pub(crate) const LAPSE_US: u64 = 50_000;

/// What may be sent next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum May {
    /// Nothing: it is not this node's turn.
    Listen,
    /// A frame, or the turn back if there is none.
    Speak,
    /// Only the turn back.
    End,
}

/// The node's turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Bytes that may still be sent; `None` when it is not this node's turn.
    left: Option<usize>,
    polled_us: u64,
    begun: bool,
}

impl Turn {
    /// The edge has polled.
    pub(crate) fn polled(&mut self, limit: u16, now_us: u64) {
        *self = Self {
            left: Some(usize::from(limit)),
            polled_us: now_us,
            begun: false,
        };
    }

    /// What may be sent at `now_us`; gives a turn up that has lapsed or has no room for its end.
    pub(crate) fn may(&mut self, now_us: u64) -> May {
        let lapsed = !self.begun && elapsed(now_us, self.polled_us) > LAPSE_US;
        match self.left {
            Some(left) if left > MAX_TURN && !lapsed => {
                if left >= LEAST_POLL {
                    May::Speak
                } else {
                    May::End
                }
            }
            _ => {
                self.left = None;
                May::Listen
            }
        }
    }

    /// Whether the next frame is the first of the turn: the line may have carried noise before it.
    pub(crate) const fn is_first(&self) -> bool {
        !self.begun
    }

    /// Whether a turn is there to be used or given back.
    pub(crate) const fn is_here(&self) -> bool {
        self.left.is_some()
    }

    /// So many bytes were sent.
    pub(crate) fn sent(&mut self, length: usize) {
        self.begun = true;
        self.left = self.left.map(|left| left.saturating_sub(length));
    }

    /// The turn was given back.
    pub(crate) fn ended(&mut self) {
        self.left = None;
    }
}
