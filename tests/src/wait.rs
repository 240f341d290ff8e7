//! Waiting for something that another process does.

use std::time::{Duration, Instant};

/// Far longer than anything takes, also on a machine that is busy with something else; reaching it is a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long to pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is something.
///
/// # Panics
/// After [`PATIENCE`], with what never happened.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "never happened: {what}");
        std::thread::sleep(PAUSE);
    }
}

/// Looks until it holds.
///
/// # Panics
/// As [`until`].
pub fn until_true(what: &str, mut holds: impl FnMut() -> bool) {
    until(what, || holds().then_some(()));
}
