//! Findings that the broker has not confirmed, on disk: `findings.json`, replaced as a whole. They are few.
//!
//! Invariants: a finding is handed to the publisher before it is written, so that it waits for no disk; its node is told to
//! forget it only when it is on the disk or confirmed by the broker; it leaves the disk when the broker has confirmed it.
//! What an agent left behind is sent by the next one.
//!
//! Refuses: more than [`MOST`] at a time. Nodes keep the others and send them again.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::document::seal;
use crate::node::Nodes;
use crate::node::registry::FoundAt;
use crate::node::state;
use crate::tally::Tally;

/// The file's name in the data directory.
pub const FILE: &str = "findings.json";

/// Most findings that are held.
const MOST: usize = 256;

/// Longest file that is read: a finding takes some 300 bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Version that this module writes and reads.
const VERSION: u32 = 1;

/// Pause after a failed write.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    findings: VecDeque<Value>,
}

/// The findings that are held.
#[derive(Debug)]
pub struct Findings {
    held: Mutex<Held>,
    /// There is one more to send.
    pub more: Notify,
    /// One need not be held any longer.
    less: Notify,
    path: PathBuf,
    sync: bool,
    tally: Arc<Tally>,
}

#[derive(Debug, Default)]
struct Held {
    /// By number.
    documents: VecDeque<(u64, Value)>,
    next: u64,
    /// Changes so far, to tell what a file reflects.
    changes: u64,
}

impl Findings {
    /// Those that an earlier process left in `directory`. A file that cannot be read is put aside.
    pub fn load(directory: &Path, sync: bool, tally: Arc<Tally>) -> Self {
        let path = directory.join(FILE);
        let documents = read(&path).unwrap_or_else(|error| {
            tracing::error!(%error, path = %path.display(), "findings that waited for the broker are lost");
            let _ = std::fs::rename(&path, path.with_extension("json.damaged"));
            VecDeque::new()
        });
        let next = documents.len() as u64;
        Self {
            held: Mutex::new(Held {
                documents: (0..).zip(documents).collect(),
                next,
                changes: 0,
            }),
            more: Notify::new(),
            less: Notify::new(),
            path,
            sync,
            tally,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first one with a number of at least `from`, as it is published.
    pub fn from(&self, from: u64) -> Option<(u64, Vec<u8>)> {
        let held = self.lock();
        let mut documents = held.documents.iter();
        let (number, document) = documents.find(|(number, _)| *number >= from)?;
        Some((*number, seal(document.to_string().into_bytes())))
    }

    /// The broker has it.
    pub fn confirm(&self, number: u64) {
        let mut held = self.lock();
        held.documents.retain(|(known, _)| *known != number);
        held.changes += 1;
        self.less.notify_one();
    }

    fn hold(&self, found: &FoundAt) -> Option<u64> {
        let mut held = self.lock();
        if held.documents.len() >= MOST {
            return None;
        }
        let number = held.next;
        held.next += 1;
        held.changes += 1;
        held.documents.push_back((number, document(found)));
        self.more.notify_one();
        Some(number)
    }

    fn holds(&self, number: u64) -> bool {
        let held = self.lock();
        held.documents.iter().any(|(known, _)| *known == number)
    }

    /// Takes findings until nobody brings any more.
    pub async fn keep(self: Arc<Self>, mut found: mpsc::Receiver<FoundAt>, nodes: Arc<Nodes>) {
        let mut saved = 0;
        // Held, but their nodes still hold them too.
        let mut unsettled: Vec<(u64, FoundAt)> = Vec::new();
        let mut over = false;
        while !over {
            let dirty = self.lock().changes != saved;
            let first = tokio::select! {
                first = found.recv() => {
                    over = first.is_none();
                    first
                }
                () = self.less.notified() => None,
                () = sleep(RETRY), if dirty || !unsettled.is_empty() => None,
            };
            let mut next = first;
            while let Some(one) = next {
                match self.hold(&one) {
                    Some(number) => unsettled.push((number, one)),
                    None => {
                        nodes.tallies.counts.add("findings_deferred", 1);
                        nodes.forget_finding(&one);
                    }
                }
                next = found.try_recv().ok();
            }
            let durable = self.save(&mut saved).await;
            unsettled.retain(|(number, one)| {
                let settled = durable || !self.holds(*number);
                if settled {
                    nodes.settle_finding(one);
                }
                !settled
            });
        }
    }

    /// Saves what is held at the end, when nobody keeps it any more.
    pub async fn finish(self: &Arc<Self>) {
        let mut never = u64::MAX;
        self.save(&mut never).await;
    }

    /// Whether everything held is on the disk now.
    async fn save(self: &Arc<Self>, saved: &mut u64) -> bool {
        let (changes, findings) = {
            let held = self.lock();
            let documents = held.documents.iter();
            let findings = documents.map(|(_, document)| document.clone()).collect();
            (held.changes, findings)
        };
        if changes == *saved {
            return true;
        }
        let this = self.clone();
        let written = spawn_blocking(move || {
            let file = File {
                version: VERSION,
                findings,
            };
            state::replace(&this.path, &serde_json::to_vec(&file)?, this.sync)
        });
        match written.await {
            Ok(Ok(())) => {
                *saved = changes;
                true
            }
            Ok(Err(error)) => {
                if self.tally.count("findings_not_saved") {
                    tracing::error!(%error, path = %self.path.display(), "findings cannot be saved: their nodes keep them");
                }
                false
            }
            Err(_) => false,
        }
    }
}

fn read(path: &Path) -> io::Result<VecDeque<Value>> {
    let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
    let length = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(VecDeque::new()),
        Err(error) => return Err(error),
    };
    if length > MAX_BYTES {
        return Err(invalid(format!("{length} bytes is more than any findings")));
    }
    let file: File = serde_json::from_slice(&std::fs::read(path)?)
        .map_err(|error| invalid(error.to_string()))?;
    if file.version != VERSION || file.findings.len() > MOST {
        return Err(invalid(format!(
            "version {} with {} findings is not supported",
            file.version,
            file.findings.len()
        )));
    }
    Ok(file.findings)
}

fn document(found: &FoundAt) -> Value {
    serde_json::json!({
        "station": found.station,
        "node": found.node,
        "boot": found.boot,
        "seq": found.finding.seq,
        "time": clock::format_utc(found.finding.time_us),
        "code": found.finding.code,
        "value": found.finding.value,
        "quality": found.finding.quality,
    })
}
