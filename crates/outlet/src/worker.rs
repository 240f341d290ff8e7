//! The thread of one subscriber.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::deliver::{Deliver, Outcome, Parcel};
use crate::{
    Backoff, Issued, Moment, Note, Outbox, Profile, Shelf, Standing, Status, Step, Store,
    StoreError,
};

/// How often a status that goes wrong is told again, although nothing changed: how long it has lasted does.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// How long a thread sleeps at most: the issuer's clock may be one that jumps, and messages expire on it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A subscriber.
pub struct Peer {
    /// Its name, in threads, states and files.
    pub name: String,
    /// What it wants.
    pub profile: Profile,
    /// How it is reached.
    pub deliver: Box<dyn Deliver>,
    /// When a failed delivery is tried again.
    pub backoff: Backoff,
    /// Directory of its ledger.
    pub directory: PathBuf,
}

/// The thread of one subscriber.
#[derive(Debug)]
pub struct Worker {
    shelf: Arc<Shelf>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Worker {
    /// Starts it. `utc_us` tells the issuer's time, microseconds since the Unix epoch; `tell` is called on the thread with each new status,
    /// and every few seconds while it goes wrong.
    ///
    /// # Errors
    /// [`StoreError`] when the ledger cannot be opened or the system gives no thread.
    pub fn start(
        peer: Peer,
        shelf: Arc<Shelf>,
        utc_us: impl Fn() -> i64 + Send + 'static,
        tell: impl FnMut(Status) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (store, ledger) = Store::open(&peer.directory)?;
        let stop = Arc::new(AtomicBool::new(false));
        let outbox = Outbox::new(
            peer.profile,
            peer.deliver.carries(),
            peer.deliver.repeat(),
            peer.backoff,
            ledger,
        );
        let task = Task {
            name: peer.name.clone(),
            deliver: peer.deliver,
            outbox,
            store,
            shelf: shelf.clone(),
            stop: stop.clone(),
            begin: Instant::now(),
            next: 0,
            missed: 0,
            disk: None,
            utc_us,
            tell,
            told: None,
            told_at: Instant::now(),
        };
        let thread = std::thread::Builder::new()
            .name(format!("to {}", peer.name).chars().take(15).collect())
            .spawn(move || task.run())
            .map_err(|source| journal::Error::Io {
                action: "start a thread for",
                path: peer.directory,
                source,
            })?;
        Ok(Self {
            shelf,
            stop,
            thread: Some(thread),
        })
    }

    /// Whether the thread has ended, which without [`Worker::stop`] only a bug of ours does.
    pub fn has_ended(&self) -> bool {
        self.thread
            .as_ref()
            .is_none_or(std::thread::JoinHandle::is_finished)
    }

    /// Ends the thread. An attempt that is under way is waited for up to `grace`; one that takes longer is in doubt for the next start.
    /// Returns whether the thread has ended.
    pub fn stop(mut self, grace: Duration) -> bool {
        self.ask_to_stop();
        let until = Instant::now() + grace;
        while !self.has_ended() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        let ended = self.has_ended();
        if ended && let Some(thread) = self.thread.take() {
            // What it panicked about is in the log.
            let _ = thread.join();
        }
        ended
    }

    /// Asks the thread to end, without waiting.
    pub fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.shelf.nudge();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

struct Task<U, T> {
    name: String,
    deliver: Box<dyn Deliver>,
    outbox: Outbox,
    store: Store,
    shelf: Arc<Shelf>,
    stop: Arc<AtomicBool>,
    begin: Instant,
    /// Number of the next message on the shelf.
    next: u64,
    missed: u64,
    /// Why the disk refused the last notes.
    disk: Option<String>,
    utc_us: U,
    tell: T,
    told: Option<Status>,
    told_at: Instant,
}

impl<U: Fn() -> i64, T: FnMut(Status)> Task<U, T> {
    fn run(mut self) {
        while !self.stopped() {
            self.take();
            let now = self.now();
            let mut notes = Vec::new();
            let step = self.outbox.next(now, &mut notes);
            // Before the first byte leaves.
            self.write(notes);
            self.say();
            match step {
                Step::Send(issued) => self.send(&issued),
                Step::Ask(issued) => {
                    let found = self.deliver.ask(&issued);
                    let mut notes = Vec::new();
                    self.outbox.told(found, self.now(), &mut notes);
                    self.write(notes);
                }
                Step::Wait(time) => self.wait(time.unwrap_or(LOOK_EVERY).min(LOOK_EVERY)),
            }
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn now(&self) -> Moment {
        Moment {
            elapsed: self.begin.elapsed(),
            utc_us: (self.utc_us)(),
        }
    }

    fn take(&mut self) {
        let room = self.outbox.room();
        if room == 0 {
            return;
        }
        let (messages, missed) = self.shelf.take(self.next, room);
        self.next += missed + messages.len() as u64;
        self.missed += missed;
        for message in messages {
            self.outbox.offer(message, (self.utc_us)());
        }
    }

    fn wait(&self, time: Duration) {
        let stopped = || self.stopped();
        if self.outbox.room() == 0 {
            self.shelf.rest(time, stopped);
        } else {
            self.shelf.wait(self.next, time, stopped);
        }
    }

    fn send(&mut self, issued: &Issued) {
        let form: Result<Cow<'_, str>, String> = self.outbox.profile().form(issued);
        let outcome = match form {
            Ok(xml) => self.deliver.deliver(&Parcel { issued, xml: &xml }),
            Err(why) => Outcome::Refused {
                why: format!("no form of it is one that this subscriber takes: {why}"),
                for_good: true,
            },
        };
        let mut notes = Vec::new();
        self.outbox.answered(outcome, self.now(), &mut notes);
        self.write(notes);
    }

    fn write(&mut self, notes: Vec<Note>) {
        if notes.is_empty() && self.disk.is_none() {
            return;
        }
        // A disk that refuses must not keep a message from its receiver; it is said, and written later.
        let settled = notes.iter().any(|n| {
            !matches!(
                n,
                Note::Now {
                    standing: Standing::Sending,
                    ..
                }
            )
        });
        let mut written = self.store.write(notes);
        if settled && written.is_ok() {
            written = self.store.compact(self.outbox.ledger(), (self.utc_us)());
        }
        self.disk = written.err().map(|e| {
            format!("what was delivered cannot be noted, and could be delivered again after a restart: {e}")
        });
    }

    fn say(&mut self) {
        let outbox = &self.outbox;
        let counts = outbox.counts();
        let last = outbox.last_delivered();
        let status = Status {
            name: self.name.clone(),
            kind: self.deliver.kind(),
            state: outbox.state(),
            waiting: outbox.waiting(),
            last_delivered_us: last.map(|(_, us)| us),
            last_delivered: last.map(|(identifier, _)| identifier.to_owned()),
            last_error: self
                .disk
                .clone()
                .or_else(|| outbox.last_error().map(str::to_owned)),
            failing_since_us: outbox.failing_since_us(),
            delivered: counts.delivered,
            attempts: counts.attempts,
            failures: counts.failures,
            refused: counts.refused,
            expired: counts.expired,
            dropped: counts.dropped,
            in_doubt: counts.in_doubt,
            missed: self.missed,
        };
        let lasts = status.failing_since_us.is_some() && self.told_at.elapsed() >= TELL_EVERY;
        if lasts || self.told.as_ref() != Some(&status) {
            self.told_at = Instant::now();
            self.told = Some(status.clone());
            (self.tell)(status);
        }
    }
}
