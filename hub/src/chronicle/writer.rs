//! What is written when. Pure but for the log: it is given time, changes and states.
//!
//! A change goes into the log as soon as it is told. Stations change far more often than a person can look back at: one whose state or finding
//! is another is written at once, one with another value alone once a minute, the latest. A key frame every quarter of an hour, or after so many bytes of
//! changes, bounds what has to be read to show a time. Without changes a word that nothing changed is written each minute, so that a log that
//! ends early is known to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use journal::{Fsync, Journal, Options};
use serde::Serialize;
use serde_json::Value;

use super::entry::{self, Kind};
use super::index::{Event, Gap, Index};
use super::settings::Settings;
use crate::view::{Change, StationState};

/// Between two key frames.
const KEY_EVERY_US: i64 = 15 * 60 * 1_000_000;
/// Deflated bytes of changes after which there is one earlier.
const KEY_AFTER_BYTES: usize = 1024 * 1024;
/// How often values alone are written, and that nothing changed.
const VALUES_EVERY_US: i64 = 60 * 1_000_000;
/// A hub that was away for longer than this leaves a gap.
const AWAY_US: i64 = 2 * VALUES_EVERY_US;
/// Space is given back by whole files: an eighth of what there may be, 8 MiB at most.
const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;

/// The log and what is to be written into it.
pub struct Writer {
    journal: Journal,
    most_bytes: u64,
    index: Arc<Mutex<Index>>,
    pending: Vec<(i64, Value)>,
    events: Vec<Event>,
    /// State and finding of each station as last written.
    stations: BTreeMap<String, (StationState, String)>,
    /// Stations with other values.
    waiting: BTreeMap<String, Value>,
    /// Time of the last entry, and of the last time values were written.
    last_us: i64,
    values_us: i64,
    key_us: Option<i64>,
    bytes_since_key: usize,
}

/// Locks, whatever happened to another holder: the data is plain values.
pub fn lock(index: &Mutex<Index>) -> MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(|e| e.into_inner())
}

/// Where the log is under a data directory.
pub fn dir(data_dir: &Path) -> PathBuf {
    data_dir.join("chronicle")
}

impl Writer {
    /// Opens the log, and reads what is where in it into the index, which is kept up to date from then on.
    ///
    /// # Errors
    /// Text that says what failed and where.
    pub fn open(dir: &Path, settings: &Settings, index: Arc<Mutex<Index>>) -> Result<Self, String> {
        let most_bytes = settings.max_mib.saturating_mul(1024 * 1024);
        let options = Options {
            segment_bytes: SEGMENT_BYTES.min(most_bytes / 8),
            // What was shown is not what was promised: a lost second of it costs nobody anything.
            fsync: Fsync::Never,
            max_bytes: None,
        };
        let (journal, _) = Journal::open(dir, options).map_err(|e| e.to_string())?;
        let read = Index::read(dir)?;
        let last_us = read.last_us.unwrap_or(i64::MIN);
        *lock(&index) = read;
        Ok(Self {
            journal,
            most_bytes,
            pending: Vec::new(),
            events: Vec::new(),
            stations: BTreeMap::new(),
            waiting: BTreeMap::new(),
            last_us,
            values_us: i64::MIN,
            key_us: None,
            bytes_since_key: 0,
            index,
        })
    }

    /// Size on the disk, bytes.
    pub fn bytes(&self) -> u64 {
        self.journal.bytes()
    }

    /// Takes a change that was told at some time.
    pub fn change(&mut self, at_us: i64, change: &Change) {
        // Plain values with string keys: this cannot fail.
        let Ok(told) = serde_json::to_value(change) else {
            return;
        };
        if let Change::Station(station) = change {
            let now = (station.state, station.finding.clone());
            if self.stations.get(&station.id) == Some(&now) {
                self.waiting.insert(station.id.clone(), told);
                return;
            }
            self.waiting.remove(&station.id);
            self.stations.insert(station.id.clone(), now);
        }
        if told["type"] == "event" {
            self.event(&told["data"]);
        }
        self.pending.push((at_us, told));
    }

    /// Notes an event in short, where that says more than what is known of it.
    fn event(&mut self, told: &Value) {
        let Some(mut event) = short(told) else { return };
        let index = lock(&self.index);
        let noted = self.events.iter().rev().find(|e| e.id == event.id);
        let known = noted.or_else(|| index.known(&event.id));
        if let Some(known) = known
            && rank(&known.level) > rank(&event.level)
        {
            event.level.clone_from(&known.level);
        }
        if known != Some(&event) {
            drop(index);
            self.events.push(event);
        }
    }

    /// Writes what is due at this time.
    ///
    /// # Errors
    /// What the disk said. What was to be written is let go of: a key frame is due then ([`Writer::key`]).
    pub fn pass(&mut self, now_us: i64) -> Result<(), String> {
        if self.values_us.saturating_add(VALUES_EVERY_US) <= now_us {
            self.values_us = now_us;
            let values = std::mem::take(&mut self.waiting);
            self.pending
                .extend(values.into_values().map(|told| (now_us, told)));
        } else if self.pending.is_empty() && self.events.is_empty() {
            return Ok(());
        }
        let changes = std::mem::take(&mut self.pending);
        let at_us = changes.last().map_or(now_us, |c| c.0);
        let bytes = self.write(Kind::Changes, at_us, &changes)?;
        self.bytes_since_key += bytes;
        self.write_events(at_us)
    }

    fn write_events(&mut self, at_us: i64) -> Result<(), String> {
        for event in std::mem::take(&mut self.events) {
            self.write(Kind::Event, at_us, &event)?;
            lock(&self.index).event(event);
        }
        Ok(())
    }

    /// Whether there is a key frame of this run.
    pub fn has_key(&self) -> bool {
        self.key_us.is_some()
    }

    /// Whether a key frame is due.
    pub fn is_key_due(&self, now_us: i64) -> bool {
        self.bytes_since_key > KEY_AFTER_BYTES
            || self
                .key_us
                .is_none_or(|key_us| now_us.saturating_sub(key_us) >= KEY_EVERY_US)
    }

    /// Writes a key frame: the state as it is now. What was missed since the last entry, when something was, is a gap.
    ///
    /// # Errors
    /// What the disk said.
    pub fn key<T: Serialize>(
        &mut self,
        now_us: i64,
        state: &T,
        missed: bool,
    ) -> Result<(), String> {
        let from_us = self.last_us;
        let was_away = self.key_us.is_none() && now_us.saturating_sub(from_us) > AWAY_US;
        if from_us > i64::MIN && (missed || was_away) {
            let gap = Gap {
                from_us,
                to_us: now_us.max(from_us),
            };
            self.write(Kind::Gap, now_us, &gap)?;
            lock(&self.index).gap(gap);
        }
        // All of it is in the state.
        self.pending.clear();
        self.waiting.clear();
        // Plain values with string keys: this cannot fail.
        let state = serde_json::to_value(state).map_err(|e| e.to_string())?;
        self.write(Kind::Key, now_us, &state)?;
        // What an earlier run told, or what was told while the disk refused.
        for event in state["events"].as_array().into_iter().flatten() {
            self.event(event);
        }
        self.write_events(now_us)?;
        self.key_us = Some(now_us);
        self.bytes_since_key = 0;
        self.trim();
        Ok(())
    }

    fn write<T: Serialize + ?Sized>(
        &mut self,
        kind: Kind,
        at_us: i64,
        content: &T,
    ) -> Result<usize, String> {
        // Times in the log never go back, so that it can be searched.
        let at_us = at_us.max(self.last_us);
        let bytes = entry::encode(kind, at_us, content).map_err(|e| e.to_string())?;
        let offset = self.journal.append(&bytes).map_err(|e| e.to_string())?;
        self.journal.commit().map_err(|e| e.to_string())?;
        self.last_us = at_us;
        lock(&self.index).added(kind, at_us, offset);
        Ok(bytes.len())
    }

    /// Lets go of the oldest files past the bound; a piece that begins without a key frame cannot be shown.
    fn trim(&mut self) {
        let mut keep_from = self.journal.first();
        while self.journal.bytes() > self.most_bytes && keep_from < self.journal.next() {
            keep_from += (self.journal.next() - keep_from).div_ceil(16);
            if let Err(e) = self.journal.trim(keep_from) {
                tracing::warn!(error = %e, "cannot drop the oldest part of the chronicle");
                break;
            }
        }
        lock(&self.index).trimmed(self.journal.first());
    }
}

/// The short form of an event that is told.
fn short(event: &Value) -> Option<Event> {
    let text = |key: &str| event[key].as_str().map(str::to_owned);
    Some(Event {
        id: text("id")?,
        title: text("title")?,
        began_us: event["began_us"].as_i64()?,
        over_us: event["over_us"].as_i64(),
        level: text("level")?,
    })
}

/// How high a level is, by its name.
fn rank(level: &str) -> usize {
    ["none", "advisory", "warning", "major"]
        .iter()
        .position(|l| *l == level)
        .unwrap_or(0)
}
