//! What was let in and what was refused. Kept off the board, like everything of the HTTP side.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use accounts::Refusal;

/// Results of attempts to log in.
pub const LOGINS: [&str; 7] = [
    "in",
    "wrong",
    "early",
    "busy",
    "unavailable",
    "foreign",
    "malformed",
];

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Counters {
    logins: [AtomicU64; LOGINS.len()],
    refused: [AtomicU64; Refusal::WORDS.len()],
}

impl Counters {
    /// Counts an attempt; `result` is one of [`LOGINS`].
    pub fn login(&self, result: &str) {
        if let Some(at) = LOGINS.iter().position(|word| *word == result) {
            self.logins[at].fetch_add(1, Relaxed);
        }
    }

    /// Counts a request that was refused.
    pub fn refused(&self, refusal: Refusal) {
        let word = refusal.word();
        if let Some(at) = Refusal::WORDS.iter().position(|w| *w == word) {
            self.refused[at].fetch_add(1, Relaxed);
        }
    }

    /// Attempts to log in by result.
    pub fn logins(&self) -> impl Iterator<Item = (&'static str, u64)> {
        LOGINS
            .into_iter()
            .zip(self.logins.iter().map(|n| n.load(Relaxed)))
    }

    /// Requests refused by reason.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Refusal::WORDS
            .into_iter()
            .zip(self.refused.iter().map(|n| n.load(Relaxed)))
    }
}
