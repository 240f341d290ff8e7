//! The thread that listens to the board and writes. The board never waits for it: who falls behind has missed something, notes a gap and takes the
//! state as it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::Clock;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;

use super::writer::Writer;
use crate::http::snapshot;
use crate::view::{Board, Told};

/// How often is looked whether something is due.
const LOOK: Duration = Duration::from_millis(500);
/// After a failure the disk is tried again this much later, and a recorder that falls behind again and again takes a state this often.
const AGAIN: Duration = Duration::from_secs(20);
/// Changes taken before they are written.
const MOST_TAKEN: usize = 4_096;

/// The thread's state.
pub(super) struct Recorder {
    pub(super) board: Arc<Board>,
    pub(super) clock: Clock,
    pub(super) changes: Receiver<Told>,
    pub(super) writer: Writer,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) place: String,
}

/// What woke the thread.
enum Heard {
    Told(Box<Told>),
    Missed,
    Nothing,
    Stop,
}

/// How the recording goes.
#[derive(Default)]
struct Progress {
    /// Something was missed since the last entry.
    missed: bool,
    /// When a state was last taken because something was missed.
    behind: Option<Instant>,
    /// Since when the disk refuses.
    broken: Option<Instant>,
}

impl Recorder {
    /// Runs until it is stopped.
    pub(super) async fn run(mut self) {
        let mut progress = Progress::default();
        loop {
            let heard = self.hear().await;
            let stop = matches!(heard, Heard::Stop);
            match heard {
                Heard::Told(told) => self.take(*told, &progress),
                Heard::Missed => progress.missed = true,
                Heard::Nothing | Heard::Stop => {}
            }
            self.drain(&mut progress);
            self.write(&mut progress, stop);
            if stop {
                return;
            }
        }
    }

    async fn hear(&mut self) -> Heard {
        let stopped = async {
            // An error means that the sender is gone, which is a stop too.
            let _ = self.stopped.wait_for(|s| *s).await;
        };
        tokio::select! {
            told = self.changes.recv() => match told {
                Ok(told) => Heard::Told(Box::new(told)),
                Err(RecvError::Lagged(_)) => Heard::Missed,
                Err(RecvError::Closed) => Heard::Stop,
            },
            () = stopped => Heard::Stop,
            () = tokio::time::sleep(LOOK) => Heard::Nothing,
        }
    }

    fn take(&mut self, told: Told, progress: &Progress) {
        // While nothing can be written the next key frame has it all.
        if progress.broken.is_none() {
            self.writer.change(told.at_us, &told.change);
        }
    }

    /// Takes what waits.
    fn drain(&mut self, progress: &mut Progress) {
        for _ in 0..MOST_TAKEN {
            match self.changes.try_recv() {
                Ok(told) => self.take(told, progress),
                Err(TryRecvError::Lagged(_)) => progress.missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
    }

    /// Writes what is due.
    fn write(&mut self, progress: &mut Progress, stop: bool) {
        let lately = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() < AGAIN);
        if lately(progress.broken) || (progress.missed && lately(progress.behind) && !stop) {
            return;
        }
        let now_us = self.now_us();
        let has_gap = progress.missed || progress.broken.is_some();
        let is_key_due = has_gap || self.writer.is_key_due(now_us);
        // The first key frame has all that was told before it.
        let mut written = match self.writer.has_key() {
            true => self.writer.pass(now_us),
            false => Ok(()),
        };
        if is_key_due && written.is_ok() {
            let state = snapshot(&self.board);
            written = self.writer.key(now_us, &state, has_gap);
        }
        let text = written.as_ref().err().map(|why| {
            format!(
                "what the page shows is not being recorded ({why}); warnings go on. Free space under {}",
                self.place
            )
        });
        self.board.condition("chronicle", text.as_deref(), now_us);
        self.board.set("chronicle_bytes", "", self.writer.bytes());
        if written.is_err() {
            progress.broken = Some(Instant::now());
        } else if is_key_due {
            if progress.missed {
                progress.behind = Some(Instant::now());
            }
            if has_gap {
                self.board.count("chronicle_gaps", "", 1);
            }
            progress.missed = false;
            progress.broken = None;
        }
    }

    fn now_us(&self) -> i64 {
        match self.board.read(|v| v.now_us) {
            // Nothing was stepped yet.
            0 => self.clock.now_us(),
            now_us => now_us,
        }
    }
}
