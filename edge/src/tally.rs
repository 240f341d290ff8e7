//! Counters by reason. Nothing is dropped or refused without one of these moving.
//!
//! Reasons are fixed names, so their number is bounded by the program, never by what arrives.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts by reason.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    /// Adds `amount` to `reason` and returns the new count.
    pub fn add(&self, reason: &'static str, amount: u64) -> u64 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(reason).or_default();
        *count += amount;
        *count
    }

    /// Adds one; true when this occurrence should be logged: the 1st, 2nd, 4th, 8th and so on, so that a babbling
    /// line cannot fill the log.
    #[must_use]
    pub fn count(&self, reason: &'static str) -> bool {
        self.add(reason, 1).is_power_of_two()
    }

    /// Count of one reason.
    pub fn get(&self, reason: &str) -> u64 {
        self.snapshot().get(reason).copied().unwrap_or(0)
    }

    /// All counts that are not zero.
    pub fn snapshot(&self) -> BTreeMap<&'static str, u64> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
