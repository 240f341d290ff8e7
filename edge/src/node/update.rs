//! Offers nodes newer firmware and hands it out as they pull it.
//!
//! Invariants: an image is offered only to its own board, only when its version is above what runs there and above every one that
//! the node has refused or has come back from; while one node of a station is being updated no more than the
//! configured number of its neighbours are. What is right is the node's decision alone: it has the public key, the edge
//! only carries the bytes.
//!
//! Refuses: to offer a downgrade, to offer anything to an image that is still on trial, and to read a clock.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wire::frame::{Board, Body, Image as Standing, MAX_UPDATE_BYTES, UpdateStep};

/// Firmware version: major, minor, patch.
pub type Version = [u8; 3];

/// First pause before an unanswered offer is repeated, microseconds; doubled each time.
const PAUSE_US: i64 = 30_000_000;

/// Longest pause.
const PAUSE_MAX_US: i64 = 3_600_000_000;

/// A node that has been offered an image and then says nothing about it for this long holds up its neighbours no more.
const HOLD_US: i64 = 900_000_000;

/// A signed image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Hardware that it is built for.
    pub board: Board,
    /// Its version.
    pub version: Version,
    /// Its security counter.
    pub security: u32,
    /// Its digest, as signed.
    pub digest: [u8; 32],
    /// Its signature.
    pub signature: [u8; 64],
    /// The image itself.
    pub bytes: Vec<u8>,
}

impl Image {
    fn offer(&self) -> Option<Body> {
        Some(Body::UpdateOffer {
            version: self.version,
            security: self.security,
            length: u32::try_from(self.bytes.len()).ok()?,
            digest: self.digest,
            signature: self.signature,
        })
    }

    fn chunk(&self, offset: u32) -> Option<Body> {
        let from = usize::try_from(offset).ok()?;
        let rest = self.bytes.get(from..)?;
        let bytes = rest.get(..MAX_UPDATE_BYTES).unwrap_or(rest);
        (!bytes.is_empty()).then(|| Body::UpdateData {
            offset,
            bytes: bytes.iter().copied().collect(),
        })
    }
}

/// The images that are offered: the newest for each board.
#[derive(Debug, Clone, Default)]
pub struct Shelf(Vec<Arc<Image>>);

impl Shelf {
    /// Puts an image on the shelf, unless a newer one for its board is there; whether it stays there.
    pub fn put(&mut self, image: Image) -> bool {
        match self.0.iter_mut().find(|known| known.board == image.board) {
            Some(known) if known.version >= image.version => false,
            Some(known) => {
                *known = Arc::new(image);
                true
            }
            None => {
                self.0.push(Arc::new(image));
                true
            }
        }
    }

    /// The image for a board.
    pub fn of(&self, board: Board) -> Option<&Arc<Image>> {
        self.0.iter().find(|image| image.board == board)
    }

    /// The images.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.0.iter().map(Arc::as_ref)
    }
}

/// What a node runs, from its birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// The hardware.
    pub board: Board,
    /// The version.
    pub version: Version,
    /// Whether it is there to stay.
    pub standing: Standing,
}

/// What must survive a restart of the edge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Version that was offered last.
    #[serde(default)]
    pub tried: Option<Version>,
    /// The highest version that the node has refused or come back from; only what is above it is offered.
    #[serde(default)]
    pub failed: Option<Version>,
}

/// An update in the status document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpdateReport {
    /// `offered`, `wants_data`, `verified`, `trial`, `confirmed`, `returned`, or why the node refused.
    pub state: &'static str,
    /// Version offered.
    pub version: String,
    /// Bytes that the node has.
    pub bytes: u32,
    /// Bytes in all.
    pub of: u32,
}

/// The course of the updates of one node.
#[derive(Debug, Default)]
pub struct Course {
    memory: Memory,
    under_way: Option<UnderWay>,
    state: Option<(&'static str, Version)>,
    bytes: u32,
    of: u32,
}

#[derive(Debug)]
struct UnderWay {
    heard_us: i64,
    next_us: i64,
    pause_us: i64,
    /// The node has said something about it.
    taken: bool,
}

impl Course {
    /// Continues what an earlier process knew.
    pub fn restored(memory: Memory) -> Self {
        Self {
            memory,
            ..Self::default()
        }
    }

    /// What to remember.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether an update is under way at `now_us`, so that neighbours should wait.
    pub fn is_active(&self, now_us: i64) -> bool {
        self.under_way
            .as_ref()
            // A clock that was set back must not make it last any longer.
            .is_some_and(|way| (0..HOLD_US).contains(&now_us.saturating_sub(way.heard_us)))
    }

    /// Whether an image was refused or did not prove itself, and nothing newer has been tried since.
    pub fn has_failed(&self) -> bool {
        self.memory.failed.is_some() && self.memory.failed == self.memory.tried
    }

    /// The node has told what it runs.
    pub fn born(&mut self, running: Running, now_us: i64) {
        let Some(tried) = self.memory.tried else {
            return;
        };
        match running.standing {
            Standing::Confirmed if running.version == tried => self.end("confirmed", tried),
            Standing::Trial if running.version == tried => {
                self.state = Some(("trial", tried));
                if let Some(way) = &mut self.under_way {
                    way.heard_us = now_us;
                }
            }
            Standing::Returned if running.version != tried => {
                self.fail(tried);
                self.end("returned", tried);
            }
            // It was restarted while it pulled: what it has of the image it finds again when it is offered.
            Standing::Confirmed => {
                if let Some(way) = &mut self.under_way {
                    (way.taken, way.next_us, way.pause_us) = (false, now_us, PAUSE_US);
                }
            }
            _ => {}
        }
    }

    fn fail(&mut self, version: Version) {
        self.memory.failed = self.memory.failed.max(Some(version));
    }

    fn end(&mut self, state: &'static str, version: Version) {
        self.state = Some((state, version));
        self.under_way = None;
    }

    /// The offer that is due at `now_us`, if any. `has_turn` tells whether the node's neighbours leave it the turn, and is
    /// asked only when there is something to offer.
    pub fn due(
        &mut self,
        running: Running,
        shelf: &Shelf,
        now_us: i64,
        has_turn: impl FnOnce() -> bool,
    ) -> Option<Body> {
        let image = shelf.of(running.board)?;
        let settled = matches!(running.standing, Standing::Confirmed | Standing::Returned);
        let failed = self.memory.failed.unwrap_or(running.version);
        if !settled || image.version <= running.version.max(failed) {
            return None;
        }
        match &self.under_way {
            // The node pulls by itself.
            Some(way) if way.taken && self.is_active(now_us) => return None,
            Some(way)
                if !way.taken
                    && (1..=PAUSE_MAX_US).contains(&way.next_us.saturating_sub(now_us)) =>
            {
                return None;
            }
            _ => {}
        }
        if !self.is_active(now_us) && !has_turn() {
            return None;
        }
        let offer = image.offer()?;
        let pause_us = self.under_way.as_ref().map_or(PAUSE_US, |way| way.pause_us);
        self.under_way = Some(UnderWay {
            heard_us: now_us,
            next_us: now_us.saturating_add(pause_us),
            pause_us: (pause_us * 2).min(PAUSE_MAX_US),
            taken: false,
        });
        self.memory.tried = Some(image.version);
        self.state = Some(("offered", image.version));
        (self.bytes, self.of) = (0, u32::try_from(image.bytes.len()).unwrap_or(u32::MAX));
        Some(offer)
    }

    /// The node has told where its update stands; the bytes that it asks for, if there are any.
    pub fn told(
        &mut self,
        step: UpdateStep,
        version: Version,
        next_offset: u32,
        board: Board,
        shelf: &Shelf,
        now_us: i64,
    ) -> Option<Body> {
        let image = shelf.of(board).filter(|image| image.version == version);
        match step {
            UpdateStep::WantsData | UpdateStep::Verified => {
                let (mut next_us, mut pause_us) = (now_us, PAUSE_US);
                if let Some(way) = &self.under_way {
                    (next_us, pause_us) = (way.next_us, way.pause_us);
                }
                self.under_way = Some(UnderWay {
                    heard_us: now_us,
                    next_us,
                    pause_us,
                    // Bytes of an image that is not here any more will not come: the newer one is offered instead.
                    taken: image.is_some(),
                });
                self.state = Some((step.name(), version));
                self.bytes = next_offset;
                if let Some(image) = image {
                    self.memory.tried = Some(version);
                    self.of = u32::try_from(image.bytes.len()).unwrap_or(u32::MAX);
                }
                if step == UpdateStep::WantsData {
                    return image?.chunk(next_offset);
                }
            }
            UpdateStep::Confirmed => self.end("confirmed", version),
            UpdateStep::RefusedSignature
            | UpdateStep::RefusedDowngrade
            | UpdateStep::NoRoom
            | UpdateStep::StorageFault => {
                self.fail(version);
                self.end(step.name(), version);
            }
            UpdateStep::Unknown => {}
        }
        None
    }

    /// For the status document; `None` before anything was offered.
    pub fn report(&self) -> Option<UpdateReport> {
        let (state, version) = self.state?;
        Some(UpdateReport {
            state,
            version: dotted(version),
            bytes: self.bytes,
            of: self.of,
        })
    }
}

/// A version for people.
pub fn dotted([major, minor, patch]: Version) -> String {
    format!("{major}.{minor}.{patch}")
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
