//! What has happened on each line.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::tally::Tally;

/// Most lines that are reported: ports that come and go under ever new names must not fill the memory.
const MAX_LINES: usize = 512;

/// Counters of one line, over all its connections.
#[derive(Debug)]
pub struct LineStats {
    /// Name: the device or the address.
    pub name: Arc<str>,
    kind: &'static str,
    /// Connections that are open now.
    open: AtomicU64,
    opened: AtomicU64,
    bytes: AtomicU64,
    bytes_down: AtomicU64,
    frames: AtomicU64,
    frames_down: AtomicU64,
    polls: AtomicU64,
    polls_unanswered: AtomicU64,
    /// Refused frames and failures by reason.
    pub errors: Tally,
    trouble: Mutex<Option<String>>,
}

/// One line in the status document.
#[derive(Debug, Clone, Serialize)]
pub struct LineReport {
    /// The device or the address.
    pub name: Arc<str>,
    /// `serial`, `tcp`, `unix` or `memory`.
    pub kind: &'static str,
    /// Connections that are open: 0 or 1, more where it listens.
    pub open: u64,
    /// How often one was opened.
    pub opened: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Bytes sent.
    pub bytes_down: u64,
    /// Authentic frames received.
    pub frames: u64,
    /// Frames sent.
    pub frames_down: u64,
    /// Polls on a shared line.
    #[serde(skip_serializing_if = "is_zero")]
    pub polls: u64,
    /// Polls without an answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub polls_unanswered: u64,
    /// Refused frames and failures by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<&'static str, u64>,
    /// Why it is not open; absent while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl LineStats {
    fn new(name: &str, kind: &'static str) -> Self {
        Self {
            name: name.into(),
            kind,
            open: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            bytes_down: AtomicU64::new(0),
            frames: AtomicU64::new(0),
            frames_down: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            polls_unanswered: AtomicU64::new(0),
            errors: Tally::default(),
            trouble: Mutex::new(None),
        }
    }

    /// A connection is open as long as what this returns lives.
    pub fn opened(self: &Arc<Self>) -> Opened {
        self.open.fetch_add(1, Relaxed);
        self.opened.fetch_add(1, Relaxed);
        self.say(None);
        Opened(self.clone())
    }

    /// Why the line is not open.
    pub fn say(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Bytes came.
    pub fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// An authentic frame came.
    pub fn frame(&self) {
        self.frames.fetch_add(1, Relaxed);
    }

    /// Frames were sent.
    pub fn sent(&self, frames: usize, bytes: usize) {
        self.frames_down.fetch_add(frames as u64, Relaxed);
        self.bytes_down.fetch_add(bytes as u64, Relaxed);
    }

    /// A node was polled.
    pub fn polled(&self, answered: bool) {
        self.polls.fetch_add(1, Relaxed);
        self.polls_unanswered
            .fetch_add(u64::from(!answered), Relaxed);
    }

    /// The counters now.
    pub fn report(&self) -> LineReport {
        LineReport {
            name: self.name.clone(),
            kind: self.kind,
            open: self.open.load(Relaxed),
            opened: self.opened.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            bytes_down: self.bytes_down.load(Relaxed),
            frames: self.frames.load(Relaxed),
            frames_down: self.frames_down.load(Relaxed),
            polls: self.polls.load(Relaxed),
            polls_unanswered: self.polls_unanswered.load(Relaxed),
            errors: self.errors.snapshot(),
            trouble: self
                .trouble
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

/// An open connection of a line.
#[derive(Debug)]
pub struct Opened(Arc<LineStats>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// All lines.
#[derive(Debug, Default)]
pub struct Lines(Mutex<Vec<Arc<LineStats>>>);

impl Lines {
    /// The line of this name; one that was there before goes on counting.
    pub fn named(&self, name: &str, kind: &'static str) -> Arc<LineStats> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lines.iter().find(|line| &*line.name == name) {
            return known.clone();
        }
        let line = Arc::new(LineStats::new(name, kind));
        if lines.len() < MAX_LINES {
            lines.push(line.clone());
        }
        line
    }

    /// The counters now.
    pub fn report(&self) -> Vec<LineReport> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| line.report()).collect()
    }
}
