//! A thread that follows one feed.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::fetch::{Look, Looker};
use crate::{Feed, Schedule};

/// What there is to say about a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A document that differs from the last one.
    Document(Vec<u8>),
    /// It answered, and nothing is new.
    Unchanged,
    /// It did not answer.
    Failed {
        /// A stable word: `connection`, `timeout`, `status`, `too_large`, `file`.
        reason: &'static str,
        /// What, in words.
        why: String,
        /// Failures in a row, this one included.
        in_a_row: u32,
        /// How long it is left alone now.
        pause: Duration,
    },
    /// It has not answered for too long. Told once, until it answers again.
    Stale {
        /// For how long.
        silent: Duration,
    },
}

/// What became of the news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Taken.
    Taken,
    /// Not now: a document is handed on again at the next look.
    Again,
    /// Nobody listens any more: the thread ends.
    Nobody,
}

/// A thread that follows one feed until it is dropped.
#[derive(Debug)]
pub struct Follower {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Follower {
    /// Starts to follow a feed. `tell` is called on the follower's thread.
    ///
    /// # Errors
    /// Text, when the system gives no thread.
    pub fn start(
        feed: Feed,
        tell: impl FnMut(&Feed, News) -> Told + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name(format!("feed {}", feed.name).chars().take(15).collect())
            .spawn(move || {
                let wait =
                    |time| matches!(stopped.recv_timeout(time), Err(RecvTimeoutError::Timeout));
                follow(&feed, tell, wait);
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Ends the thread. A question that is under way is not waited for: its answer is thrown away when it comes.
    pub fn stop(mut self) {
        self.stop = None;
        if let Some(thread) = self
            .thread
            .take()
            .filter(std::thread::JoinHandle::is_finished)
        {
            // A thread that has ended by itself has told nobody any more; what it panicked about is in the log.
            let _ = thread.join();
        }
    }
}

/// Follows a feed. `wait` waits, and says whether to go on.
fn follow(feed: &Feed, mut tell: impl FnMut(&Feed, News) -> Told, wait: impl Fn(Duration) -> bool) {
    let begin = Instant::now();
    let mut schedule = Schedule::new(feed.every, feed.stale_after, Duration::ZERO);
    let mut looker = Looker::new(feed.place.clone(), feed.most_bytes);
    let mut last: Option<Vec<u8>> = None;
    let mut told_stale = false;
    loop {
        let now = begin.elapsed();
        let until = if told_stale {
            schedule.next()
        } else {
            schedule.next().min(schedule.stale_at())
        };
        if !wait(until.saturating_sub(now)) {
            return;
        }
        if !told_stale && let Some(silent) = schedule.stale(begin.elapsed()) {
            told_stale = true;
            if tell(feed, News::Stale { silent }) == Told::Nobody {
                return;
            }
        }
        if begin.elapsed() < schedule.next() {
            continue;
        }
        let look = looker.look();
        let now = begin.elapsed();
        let news = match look {
            Look::Document(bytes) if last.as_ref() == Some(&bytes) => News::Unchanged,
            Look::Document(bytes) => News::Document(bytes),
            Look::Unchanged => News::Unchanged,
            Look::Failed {
                reason,
                why,
                retry_after,
            } => {
                schedule.failed(now, retry_after);
                let news = News::Failed {
                    reason,
                    why,
                    in_a_row: schedule.failures(),
                    pause: schedule.next().saturating_sub(now),
                };
                if tell(feed, news) == Told::Nobody {
                    return;
                }
                continue;
            }
        };
        schedule.answered(now);
        told_stale = false;
        let document = match &news {
            News::Document(bytes) => Some(bytes.clone()),
            _ => None,
        };
        match tell(feed, news) {
            Told::Taken => {
                if document.is_some() {
                    last = document;
                }
            }
            Told::Again => looker.forget(),
            Told::Nobody => return,
        }
    }
}
