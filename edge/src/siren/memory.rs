//! What must survive a power cut: the highest counter of each key, and what was ordered.
//!
//! Two files, written in turn, each replaced as a whole and flushed before anything is driven by it. A checksum tells a damaged one.
//! The surviving file may be one command old, so that after damage, as for a key that was never heard on this disk, a counter is a lower
//! bound only: it is not certain until a command of that key has proven to be fresh (see [`super::gate`]). So a damaged file neither lets
//! an old command sound again nor keeps a new one from sounding.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wire::checksum::crc32c;

use super::gate::Known;

/// Orders that are remembered, newest: an alert has a handful for each zone.
pub const MAX_ORDERS: usize = 64;

/// Times that are remembered at which sirens sounded by themselves.
pub const MAX_ALONE: usize = 8;

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 256 * 1024;

const VERSION: u32 = 1;

/// What became of an order at one siren.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It sounds, or did when the process ended.
    Sounding,
    /// It has sounded to its end.
    Done,
    /// It was silenced, or another sound took its place.
    Stopped,
    /// The siren does not do this.
    Refused,
}

/// One order to sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Command id, hexadecimal; empty when nobody commanded it.
    pub id: String,
    /// Mode's name.
    pub mode: String,
    /// Signal.
    pub signal: String,
    /// Alert's identifier.
    pub alert: String,
    /// Begun, UTC by this edge's clock, microseconds since the Unix epoch.
    pub begun_us: i64,
    /// How often it was taken up again after the process had died.
    pub resumed: u32,
    /// By siren.
    pub fates: BTreeMap<String, Fate>,
}

/// Sirens sounded without a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnItsOwn {
    /// UTC by this edge's clock, microseconds since the Unix epoch.
    pub at_us: i64,
    /// What had been seen, in words.
    pub because: String,
}

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    version: u32,
    generation: u64,
    /// Highest counter by key id.
    highest: BTreeMap<String, u64>,
    /// Keys that may have sent more than that.
    doubted: BTreeSet<String>,
    /// Latest time that was ever believed, microseconds since the Unix epoch.
    pub latest_us: i64,
    /// Orders, oldest first.
    pub orders: Vec<Order>,
    /// When sirens sounded without a command, oldest first.
    pub alone: Vec<OnItsOwn>,
}

/// The state with its files.
#[derive(Debug)]
pub struct Memory {
    directory: PathBuf,
    /// What is remembered; durable only after [`Memory::save`].
    pub state: State,
    /// What was wrong with the files, for people.
    pub damage: Option<String>,
}

impl Memory {
    /// Reads what is there. Never fails: what cannot be read is [`Memory::damage`].
    pub fn open(directory: &Path) -> Self {
        let slots = [0, 1].map(|slot| read(&path(directory, slot)));
        let mut damage: Vec<String> = slots
            .iter()
            .filter_map(|slot| slot.as_ref().err())
            .cloned()
            .collect();
        if let [Ok(even), Ok(odd)] = &slots {
            let generation = |slot: &Option<State>| slot.as_ref().map_or(0, |s| s.generation);
            // The first state has no companion; every later one has that before it.
            if generation(even).abs_diff(generation(odd)) > 1 {
                let lost = path(directory, u64::from(generation(even) > generation(odd)));
                damage.push(format!("{}: missing or too old", lost.display()));
            }
        }
        let damage = (!damage.is_empty()).then(|| damage.join("; "));
        let newest = slots
            .into_iter()
            .filter_map(Result::ok)
            .flatten()
            .max_by_key(|state| state.generation);
        let mut state = newest.unwrap_or_default();
        if damage.is_some() {
            state.doubted = state.highest.keys().cloned().collect();
        }
        Self {
            directory: directory.to_owned(),
            state,
            damage,
        }
    }

    /// What is known of a key's counters.
    pub fn known(&self, key: &str) -> Known {
        let highest = self.state.highest.get(key).copied();
        Known {
            highest: highest.unwrap_or(0),
            certain: highest.is_some() && !self.state.doubted.contains(key),
        }
    }

    /// A fresh command of this key was accepted: every older one has a lower counter.
    pub fn accept(&mut self, key: &str, counter: u64) {
        self.state.highest.insert(key.to_owned(), counter);
        self.state.doubted.remove(key);
    }

    /// Makes the state durable.
    ///
    /// # Errors
    /// The disk is full or fails; what was durable before still is.
    pub fn save(&mut self) -> io::Result<()> {
        let state = &mut self.state;
        state
            .orders
            .drain(..state.orders.len().saturating_sub(MAX_ORDERS));
        state
            .alone
            .drain(..state.alone.len().saturating_sub(MAX_ALONE));
        state.version = VERSION;
        state.generation += 1;
        let body = serde_json::to_vec(state)?;
        let target = path(&self.directory, state.generation % 2);
        let fresh = target.with_extension("new");
        let mut file = File::create(&fresh)?;
        writeln!(file, "{:08x}", crc32c(&body))?;
        file.write_all(&body)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&fresh, &target)?;
        File::open(&self.directory)?.sync_all()
    }
}

fn path(directory: &Path, slot: u64) -> PathBuf {
    directory.join(format!("sirens-{slot}.json"))
}

fn read(path: &Path) -> Result<Option<State>, String> {
    let named = |what: String| format!("{}: {what}", path.display());
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => {
            return Err(named("larger than it can be".to_owned()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(named(error.to_string())),
    }
    let bytes = fs::read(path).map_err(|error| named(error.to_string()))?;
    let split = bytes
        .split_at_checked(9)
        .filter(|(head, body)| *head == format!("{:08x}\n", crc32c(body)).as_bytes());
    let (_, body) = split.ok_or_else(|| named("damaged".to_owned()))?;
    let state: State = serde_json::from_slice(body).map_err(|error| named(error.to_string()))?;
    if state.version == VERSION {
        Ok(Some(state))
    } else {
        Err(named(format!("version {} is not supported", state.version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(directory: &Path, counters: &[u64]) -> Memory {
        let mut memory = Memory::open(directory);
        for counter in counters {
            memory.accept("key", *counter);
            memory.save().unwrap();
        }
        memory
    }

    #[test]
    fn a_new_disk_knows_nothing_for_certain_and_a_saved_one_all() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!Memory::open(directory.path()).known("key").certain);
        saved(directory.path(), &[1, 2, 3]);
        let memory = Memory::open(directory.path());
        assert!(memory.known("key").certain && memory.damage.is_none());
        assert_eq!(memory.known("key").highest, 3);
        assert!(!memory.known("other").certain);
    }

    /// A file torn by a failing disk must not make an old counter count: the other file is one command behind.
    #[test]
    fn every_damage_to_the_newest_file_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        saved(directory.path(), &[1, 2, 3]);
        let newest = path(directory.path(), 1);
        let whole = fs::read(&newest).unwrap();
        let mut cases: Vec<Vec<u8>> = (0..whole.len()).map(|n| whole[..n].to_vec()).collect();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            cases.push(flipped);
        }
        for case in cases {
            fs::write(&newest, &case).unwrap();
            let memory = Memory::open(directory.path());
            let known = memory.known("key");
            assert!(!known.certain, "{}", String::from_utf8_lossy(&case));
            assert_eq!(known.highest, 2);
            assert!(memory.damage.unwrap().contains("sirens-1.json"));
        }
    }

    /// The doubt is durable: it ends with a fresh command of that key, not with a restart.
    #[test]
    fn doubt_lasts_until_a_fresh_command() {
        let directory = tempfile::tempdir().unwrap();
        saved(directory.path(), &[1, 2, 3]);
        fs::write(path(directory.path(), 1), b"").unwrap();
        let mut memory = Memory::open(directory.path());
        memory.accept("other", 9);
        memory.save().unwrap();
        memory.save().unwrap();
        let mut memory = Memory::open(directory.path());
        assert!(memory.damage.is_none() && memory.known("other").certain);
        assert!(!memory.known("key").certain);
        memory.accept("key", 4);
        assert!(memory.known("key").certain);
    }

    #[test]
    fn a_file_that_is_gone_is_noticed() {
        for slot in [0, 1] {
            let directory = tempfile::tempdir().unwrap();
            saved(directory.path(), &[1, 2, 3]);
            fs::remove_file(path(directory.path(), slot)).unwrap();
            let memory = Memory::open(directory.path());
            assert!(!memory.known("key").certain && memory.damage.is_some());
        }
    }

    #[test]
    fn a_write_that_was_cut_short_leaves_the_last_state() {
        let directory = tempfile::tempdir().unwrap();
        saved(directory.path(), &[1, 2]);
        fs::write(path(directory.path(), 1).with_extension("new"), b"torn").unwrap();
        let memory = Memory::open(directory.path());
        assert!(memory.known("key").certain);
        assert_eq!(memory.known("key").highest, 2);
    }

    #[test]
    fn does_not_grow_without_end() {
        let directory = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(directory.path());
        for at_us in 0..1_000 {
            let because = "two waves".to_owned();
            memory.state.alone.push(OnItsOwn { at_us, because });
        }
        memory.save().unwrap();
        let memory = Memory::open(directory.path());
        assert_eq!(memory.state.alone.len(), MAX_ALONE);
        assert_eq!(memory.state.alone[0].at_us, 992);
    }
}
