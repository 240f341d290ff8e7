//! What the HTTP side counts of itself. Kept off the board, so that a crowd of readers never takes the board's write lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::http::StatusCode;

/// Counters since the start.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    answers: [AtomicU64; 4],
    /// Connections that found all places taken.
    pub(super) connections_full: AtomicU64,
    /// Listeners that found all places taken.
    pub(super) listeners_full: AtomicU64,
    /// Failures to accept a connection, for instance no file descriptor left.
    pub(super) accept_failed: AtomicU64,
    /// Connections cut because the peer stopped reading.
    pub(super) stopped_reading: Arc<AtomicU64>,
}

impl Traffic {
    /// Counts a response.
    pub(super) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(2, 5) - 2;
        self.answers[class].fetch_add(1, Relaxed);
    }

    /// Responses by class of status.
    pub(super) fn answers(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ["2xx", "3xx", "4xx", "5xx"]
            .into_iter()
            .zip(self.answers.iter().map(|n| n.load(Relaxed)))
    }

    /// Refusals and cuts by reason.
    pub(super) fn refusals(&self) -> [(&'static str, u64); 4] {
        [
            ("accept_failed", self.accept_failed.load(Relaxed)),
            ("connections_full", self.connections_full.load(Relaxed)),
            ("listeners_full", self.listeners_full.load(Relaxed)),
            ("stopped_reading", self.stopped_reading.load(Relaxed)),
        ]
    }
}
