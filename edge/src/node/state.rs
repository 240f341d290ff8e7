//! What the edge remembers of its nodes across a restart: `nodes.json`, replaced as a whole.
//!
//! The outbox itself holds most of it: every reading in it carries node, boot and sequence number. This file holds
//! the rest: what was in entries that are acknowledged and trimmed, and the clock exchanges. It is written before
//! entries are trimmed, and at a graceful end; after a crash the outbox is read from [`State::covers`] on.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::heard::Birth;
use super::ranges::Ranges;

use super::timebase::Bound;
use super::update::Memory;

/// The file's name in the data directory.
pub const FILE: &str = "nodes.json";

/// Version that this module writes and reads.
const VERSION: u32 = 1;

/// Largest file that is read: a thousand nodes with full islands take about 8 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    version: u32,
    /// Outbox entries below this are reflected in `nodes`.
    pub covers: u64,
    /// Each node, by number.
    pub nodes: Vec<NodeState>,
    /// Boards that are gone, the latest last: should one come back with its key, what was heard of it must not be taken
    /// a second time.
    #[serde(default)]
    pub retired: Vec<NodeState>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeState {
    /// Node number.
    pub id: u32,
    /// Its last known boot.
    pub boot: u32,
    /// What is durable at this edge.
    pub durable: Ranges,
    /// The last clock exchanges of that boot.
    pub exchanges: Vec<Bound>,
    /// Highest frame counter of that boot.
    #[serde(default)]
    pub counter: Option<u32>,
    /// What it said at its birth: it says it once a boot.
    #[serde(default)]
    pub birth: Option<Birth>,
    /// What was tried to update.
    #[serde(default)]
    pub update: Memory,
    /// Fingerprint of its key: with another key it is another board, whose boots and counters are its own. Absent in
    /// files of earlier versions.
    #[serde(default)]
    pub key: Option<String>,
}

impl NodeState {
    /// Whether this is what is known of node `id` with the key of this fingerprint.
    pub fn is_of(&self, id: u32, fingerprint: &str) -> bool {
        self.id == id && self.key.as_ref().is_none_or(|known| known == fingerprint)
    }
}

impl State {
    /// State to be written.
    pub fn new(covers: u64, nodes: Vec<NodeState>, retired: Vec<NodeState>) -> Self {
        Self {
            version: VERSION,
            covers,
            nodes,
            retired,
        }
    }

    /// The highest boot number of node `id` that is known here, whatever board it was.
    pub fn highest_boot(&self, id: u32) -> Option<u32> {
        self.nodes
            .iter()
            .chain(&self.retired)
            .filter(|known| known.id == id)
            .map(|known| known.boot)
            .max()
    }

    /// Reads the file; nothing remembered when there is none.
    ///
    /// # Errors
    /// It cannot be read, or is not a state file of this version.
    pub fn load(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let invalid = |message: String| named(io::Error::new(io::ErrorKind::InvalidData, message));
        let length = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::new(0, Vec::new(), Vec::new()));
            }
            Err(error) => return Err(named(error)),
        };
        if length > MAX_BYTES {
            return Err(invalid(format!("{length} bytes is more than any state")));
        }
        let state: Self = serde_json::from_slice(&fs::read(&path).map_err(named)?)
            .map_err(|error| invalid(error.to_string()))?;
        if state.version != VERSION {
            return Err(invalid(format!(
                "version {} is not supported",
                state.version
            )));
        }
        Ok(state)
    }

    /// Replaces the file; either the old or the new one is there afterwards, whatever happens.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn save(&self, directory: &Path, sync: bool) -> io::Result<()> {
        replace(&directory.join(FILE), &serde_json::to_vec(self)?, sync)
    }
}

/// Replaces a file; either the old or the new one is there afterwards, whatever happens. Not for two writers at a time.
///
/// # Errors
/// The disk is full or fails.
pub fn replace(path: &Path, content: &[u8], sync: bool) -> io::Result<()> {
    let fresh = path.with_extension("json.new");
    let mut file = File::create(&fresh)?;
    file.write_all(content)?;
    if sync {
        file.sync_all()?;
    }
    drop(file);
    fs::rename(&fresh, path)?;
    if let Some(directory) = path.parent().filter(|_| sync) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_back_and_refuses_what_it_does_not_know() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(
            State::load(directory.path()).unwrap(),
            State::new(0, Vec::new(), Vec::new())
        );
        let mut durable = Ranges::starting_at(7);
        assert!(durable.insert(9, 12));
        let node = NodeState {
            id: 3,
            boot: 2,
            durable,
            exchanges: vec![Bound {
                offset_us: -5,
                at_us: 9,
            }],
            counter: Some(77),
            birth: Some(Birth {
                firmware: [1, 2, 3],
                at_us: 5,
                ..Birth::default()
            }),
            update: Memory::default(),
            key: Some("00ff".to_owned()),
        };
        let old = NodeState {
            boot: 30,
            ..node.clone()
        };
        let state = State::new(40, vec![node], vec![old]);
        assert_eq!(
            (state.highest_boot(3), state.highest_boot(4)),
            (Some(30), None)
        );
        state.save(directory.path(), true).unwrap();
        assert_eq!(State::load(directory.path()).unwrap(), state);
        // Written by an edge that knew less.
        fs::write(
            directory.path().join(FILE),
            r#"{"version":1,"covers":0,"nodes":[{"id":3,"boot":2,"durable":{"next":1},"exchanges":[]}]}"#,
        )
        .unwrap();
        assert_eq!(
            State::load(directory.path()).unwrap().nodes[0].counter,
            None
        );
        fs::write(
            directory.path().join(FILE),
            r#"{"version":9,"covers":0,"nodes":[]}"#,
        )
        .unwrap();
        assert!(
            State::load(directory.path())
                .unwrap_err()
                .to_string()
                .contains("version 9")
        );
        fs::write(directory.path().join(FILE), "{").unwrap();
        assert!(State::load(directory.path()).is_err());
    }
}
