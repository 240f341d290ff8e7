//! The chronicle: what the page showed at any past time, so that an event can be looked at again as those saw it who decided.
//!
//! ```text
//! board -- changes --> Recorder --> log (key frames, changes, gaps, events) --> Chronicle <-- HTTP
//! ```
//! Invariants: the board and the pipeline never wait for it; a disk that refuses raises a condition and stops recording, nothing else; what is not
//! known is a gap and never looks like quiet; the log takes `[chronicle] max_mib` at most.
//!
//! It refuses to: be a proof. What was issued and who agreed is in the desk's log, what was measured in the journal; this is the screen.

mod apply;
mod entry;
mod index;
mod rebuild;
mod recorder;
mod settings;
mod writer;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use clock::Clock;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::config::Config;
use crate::view::Board;
use entry::{Entry, Kind};
use index::Index;
pub use index::{Event, Gap};
pub use rebuild::rebuild;
use recorder::Recorder;
pub use settings::Settings;
use writer::{Writer, lock};

/// Readers at once: each reads a disk that the warnings need too.
const MOST_READERS: u32 = 4;

/// What there is to look back at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct History {
    /// Since when, microseconds since the Unix epoch; `None` while there is nothing.
    pub from_us: Option<i64>,
    /// Until when.
    pub to_us: Option<i64>,
    /// Events in it, oldest first.
    pub events: Vec<Event>,
    /// What is not known of it, oldest first.
    pub gaps: Vec<Gap>,
}

/// Why a time cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Before the chronicle begins.
    #[error(
        "nothing is known of that time: /api/history says since when what the page showed is recorded"
    )]
    Before,
    /// Others are looking.
    #[error("others are looking back now: try again in some seconds")]
    Busy,
    /// The log cannot be read.
    #[error("the chronicle cannot be read: {0}")]
    Log(String),
}

/// Looks back. Cheap to clone. Its calls read a disk: not for threads of the async runtime.
#[derive(Debug, Clone)]
pub struct Chronicle {
    log: PathBuf,
    index: Arc<Mutex<Index>>,
    readers: Arc<AtomicU32>,
}

/// A running recorder.
#[derive(Debug)]
pub struct Running {
    /// Whoever looks back.
    pub chronicle: Chronicle,
    thread: std::thread::JoinHandle<()>,
}

/// Starts to record; `None` when the settings say no. A disk that says no raises a condition.
///
/// # Errors
/// When no thread can be started.
pub fn start(
    config: &Config,
    clock: &Clock,
    board: &Arc<Board>,
    stopped: watch::Receiver<bool>,
) -> Result<Option<Running>, String> {
    if config.chronicle.max_mib == 0 {
        return Ok(None);
    }
    let log = writer::dir(&config.data_dir);
    // What is told from here on is not missed.
    let changes = board.listen();
    let index = Arc::new(Mutex::new(Index::default()));
    let chronicle = Chronicle {
        log: log.clone(),
        index: index.clone(),
        readers: Arc::default(),
    };
    let (settings, board, clock) = (config.chronicle.clone(), board.clone(), clock.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|e| format!("cannot start the chronicle's runtime: {e}"))?;
    let thread = std::thread::Builder::new()
        .name("chronicle".to_owned())
        .spawn(move || {
            // Reading a long log through takes seconds: warnings do not wait for it.
            match Writer::open(&log, &settings, index) {
                Ok(writer) => runtime.block_on(
                    Recorder {
                        board,
                        clock,
                        changes,
                        writer,
                        stopped,
                        place: log.display().to_string(),
                    }
                    .run(),
                ),
                Err(why) => {
                    let text = format!(
                        "what the page shows is not being recorded ({why}); warnings go on. Move {} away and start the hub again",
                        log.display()
                    );
                    tracing::error!(why, "the chronicle cannot be opened");
                    board.condition("chronicle", Some(&text), clock.now_us());
                }
            }
        })
        .map_err(|e| format!("cannot start the chronicle's thread: {e}"))?;
    Ok(Some(Running { chronicle, thread }))
}

impl Running {
    /// Waits for the end, which comes with the word that everything stops.
    pub fn stop(self) {
        // A panic there is our own bug and was logged.
        let _ = self.thread.join();
    }
}

impl Chronicle {
    /// What there is.
    pub fn history(&self) -> History {
        let index = lock(&self.index);
        let from_us = index.begins_us();
        History {
            from_us,
            to_us: index.last_us.filter(|_| from_us.is_some()),
            events: index.events(),
            gaps: index.gaps(),
        }
    }

    /// The state as the page showed it at a time, microseconds since the Unix epoch; after the last entry, as it was then.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn at(&self, time_us: i64) -> Result<Value, Refused> {
        if self.readers.fetch_add(1, Ordering::AcqRel) >= MOST_READERS {
            self.readers.fetch_sub(1, Ordering::AcqRel);
            return Err(Refused::Busy);
        }
        let state = self.read(time_us);
        self.readers.fetch_sub(1, Ordering::AcqRel);
        state
    }

    fn read(&self, time_us: i64) -> Result<Value, Refused> {
        let (key, next, last_us) = {
            let index = lock(&self.index);
            let key = index.key_before(time_us).ok_or(Refused::Before)?;
            (key, index.next, index.last_us.unwrap_or(time_us))
        };
        let log = |e: &dyn std::fmt::Display| Refused::Log(e.to_string());
        let mut reader = journal::read_only_from(&self.log, key).map_err(|e| log(&e))?;
        let mut state = Value::Null;
        while let Some((offset, bytes)) = reader.advance().map_err(|e| log(&e))? {
            let entry = Entry::decode(bytes).map_err(|e| log(&e))?;
            match entry.kind {
                Kind::Key if offset == key => state = entry.content().map_err(|e| log(&e))?,
                Kind::Key => break,
                Kind::Changes => {
                    let changes: Vec<(i64, Value)> = entry.content().map_err(|e| log(&e))?;
                    for (_, change) in changes.into_iter().filter(|c| c.0 <= time_us) {
                        apply::apply(&mut state, change);
                    }
                }
                Kind::Gap | Kind::Event => {}
            }
            if entry.time_us > time_us || offset + 1 >= next {
                break;
            }
        }
        let Some(shown) = state.as_object_mut() else {
            return Err(Refused::Log("a key frame is no state".to_owned()));
        };
        shown.insert("now_us".to_owned(), time_us.min(last_us).into());
        shown.insert("subscribers".to_owned(), Value::Array(Vec::new()));
        Ok(state)
    }
}

#[cfg(test)]
mod tests;
