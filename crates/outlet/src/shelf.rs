//! Where the issuer puts messages, and every subscriber's thread takes them from.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::Issued;

/// Messages in the order in which they were issued, shared by all subscribers: a subscriber that hangs holds up none of them and costs no
/// copy. Putting a message there waits for nobody.
#[derive(Debug)]
pub struct Shelf {
    inner: Mutex<Inner>,
    put: Condvar,
    room: usize,
}

#[derive(Debug, Default)]
struct Inner {
    /// Number of the first message that is still there.
    first: u64,
    messages: VecDeque<Arc<Issued>>,
}

impl Shelf {
    /// An empty shelf for `room` messages; beyond it the oldest go, and a subscriber that had not taken them is told how many.
    pub fn new(room: usize) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::default(),
            put: Condvar::new(),
            room: room.max(1),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing in here can be left half done by a panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message there.
    pub fn put(&self, issued: Arc<Issued>) {
        let mut inner = self.lock();
        if inner.messages.len() >= self.room {
            inner.messages.pop_front();
            inner.first += 1;
        }
        inner.messages.push_back(issued);
        drop(inner);
        self.put.notify_all();
    }

    /// Up to `most` messages from number `from` on, and how many of those before were let go. The next number is `from` plus both.
    pub fn take(&self, from: u64, most: usize) -> (Vec<Arc<Issued>>, u64) {
        let inner = self.lock();
        let missed = inner.first.saturating_sub(from);
        let at = usize::try_from(from.saturating_sub(inner.first)).unwrap_or(usize::MAX);
        let taken = inner.messages.iter().skip(at).take(most).cloned().collect();
        (taken, missed)
    }

    /// Waits until there is a message with number `from`, or the time is over, or `stopped` says so when nudged.
    pub fn wait(&self, from: u64, longest: Duration, stopped: impl Fn() -> bool) {
        let nothing_new = |i: &mut Inner| i.first + i.messages.len() as u64 <= from && !stopped();
        let _ = self
            .put
            .wait_timeout_while(self.lock(), longest, nothing_new);
    }

    /// Waits for the time to be over, whatever is put there, or for `stopped` to say so when nudged.
    pub fn rest(&self, time: Duration, stopped: impl Fn() -> bool) {
        let _ = self
            .put
            .wait_timeout_while(self.lock(), time, |_| !stopped());
    }

    /// Makes all who wait look whether they are to stop.
    pub fn nudge(&self) {
        // Under the lock: whoever has looked and not begun to wait yet would miss it.
        let _inner = self.lock();
        self.put.notify_all();
    }
}
