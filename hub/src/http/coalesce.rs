//! One build of a document for all who asked before it began.
//!
//! Invariants: what a caller gets was built after the caller asked, so it holds everything that happened before; builds
//! are at least `interval` apart, so that a crowd that reloads at once costs the pipeline's lock one copy, not a thousand.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// A document with the instant at which its build began.
#[derive(Debug)]
pub(super) struct Coalesced<T> {
    last: Mutex<Option<(Instant, T)>>,
    interval: Duration,
}

impl<T: Clone> Coalesced<T> {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            last: Mutex::new(None),
            interval,
        }
    }

    /// The document; `build` makes it, given the one before.
    pub(super) async fn get(&self, build: impl FnOnce(Option<&T>) -> T) -> T {
        let asked = Instant::now();
        // Fair: those who wait here asked before the build of whoever holds the lock begins.
        let mut last = self.last.lock().await;
        if let Some((began, document)) = &*last {
            if *began >= asked {
                return document.clone();
            }
            sleep_until(*began + self.interval).await;
        }
        let began = Instant::now();
        let document = build(last.as_ref().map(|(_, document)| document));
        *last = Some((began, document.clone()));
        document
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_crowd_shares_one_build_that_began_after_all_of_them_asked() {
        let shared = Arc::new(Coalesced::new(Duration::from_millis(50)));
        let builds = Arc::new(AtomicU32::new(0));
        let value = Arc::new(AtomicU32::new(1));
        shared.get(|_| value.load(Ordering::SeqCst)).await;
        value.store(2, Ordering::SeqCst);
        let crowd: Vec<_> = (0..200)
            .map(|_| {
                let (shared, builds, value) = (shared.clone(), builds.clone(), value.clone());
                tokio::spawn(async move {
                    shared
                        .get(|_| {
                            builds.fetch_add(1, Ordering::SeqCst);
                            value.load(Ordering::SeqCst)
                        })
                        .await
                })
            })
            .collect();
        for one in crowd {
            assert_eq!(
                one.await.expect("task"),
                2,
                "nobody is given what was built before the question"
            );
        }
        assert!(builds.load(Ordering::SeqCst) <= 4, "{builds:?}");
    }
}
