//! One node of the registry: its key, its line, and everything that is counted and kept for it alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use wire::frame::{self, Board, Body, Direction, Header, Key, MAX_FRAME, Version};
use wire::quantity::Quantity;

use super::heard::News;
use super::keeper::Keeper;
use super::pace::Pace;
use super::registry::Downlink;
use super::report::Traffic;
use super::session::Session;
use super::state::NodeState;
use super::update::{Course, Running, Shelf};
use crate::config;

/// What is remembered of a key: enough to tell it from the one of another board.
pub(super) fn fingerprint(key: &Key) -> String {
    let bytes = key.fingerprint();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One node.
#[derive(Debug)]
pub(super) struct Member {
    pub station: Arc<str>,
    pub key: Key,
    /// Of the key, as remembered.
    pub fingerprint: String,
    pub quantities: Vec<Quantity>,
    pub simulated: bool,
    pub session: Session,
    pub route: Option<Downlink>,
    /// Of its latest frame; it is answered in the same.
    pub version: Version,
    pub pace: Pace,
    /// Of its findings alone.
    pub finding_pace: Pace,
    pub keeper: Keeper,
    pub course: Course,
    pub traffic: Traffic,
    /// Refused frames that named this node, by reason. Those that fail at the tag may be anybody's.
    pub refused: BTreeMap<&'static str, u64>,
    /// Counter of the next downlink frame.
    counter: u32,
    /// Boot of the frame before.
    boot: u32,
}

impl Member {
    /// A node as configured, continuing what is remembered of it. `counter` is above all that were used for it in this
    /// boot of the agent.
    pub fn new(
        configured: &config::Node,
        key: Key,
        known: Option<&NodeState>,
        frames_per_s: u32,
        counter: u32,
    ) -> Self {
        let mut member = Self {
            station: configured.station.as_str().into(),
            fingerprint: fingerprint(&key),
            key,
            quantities: configured.quantities.clone(),
            simulated: configured.simulated,
            session: known.map(Session::restored).unwrap_or_default(),
            route: None,
            version: Version::default(),
            pace: Pace::new(frames_per_s),
            finding_pace: Pace::new(frames_per_s),
            keeper: Keeper::new(configured.settings.values()),
            course: known.map_or_else(Course::default, |known| {
                Course::restored(known.update.clone())
            }),
            traffic: Traffic::default(),
            refused: BTreeMap::new(),
            counter,
            boot: known.map_or(0, |known| known.boot),
        };
        // A birth that an earlier process heard holds until the next one.
        member.be_curious();
        member
    }

    /// The node is configured anew while the agent runs. Its key is the same: with another it is another board, and a
    /// member of its own.
    pub fn change(&mut self, configured: &config::Node, frames_per_s: u32) {
        self.station = configured.station.as_str().into();
        self.quantities.clone_from(&configured.quantities);
        self.simulated = configured.simulated;
        self.pace.set(frames_per_s);
        self.finding_pace.set(frames_per_s);
        self.keeper.want(configured.settings.values());
    }

    /// What a later process must know of this node.
    pub fn state(&self, id: u32) -> NodeState {
        NodeState {
            update: self.course.memory().clone(),
            key: Some(self.fingerprint.clone()),
            ..self.session.state(id)
        }
    }

    /// Counter that the next downlink frame will have.
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// What the node runs, if it has said so.
    pub fn running(&self) -> Option<Running> {
        self.session.birth().map(|birth| Running {
            board: birth.board,
            version: birth.firmware,
            standing: birth.image,
        })
    }

    /// Notes that a frame was taken; a new boot has forgotten what was asked of the old one.
    pub fn heard(&mut self) {
        if self.session.boot() != self.boot {
            self.boot = self.session.boot();
            self.keeper.restart();
            self.be_curious();
        }
    }

    fn be_curious(&mut self) {
        match self.session.birth() {
            // A program on a computer has nothing worth asking for.
            Some(birth) => self.keeper.born(
                birth.settings_revision,
                !matches!(birth.board, Board::Unknown | Board::Host),
            ),
            // Its birth was lost: whoever is asked for settings says who he is as well.
            None => self.keeper.curious(),
        }
    }

    /// Takes in what a frame told apart from readings; the answer, if there is one.
    pub fn hear(&mut self, news: &News, shelf: &Shelf, now_us: i64) -> Option<Body> {
        match news {
            News::Born => {
                self.be_curious();
                if let Some(running) = self.running() {
                    self.course.born(running, now_us);
                }
                None
            }
            News::Settings { revision, values } => {
                self.keeper.told(*revision, values);
                None
            }
            News::Update {
                step,
                version,
                next_offset,
            } => {
                let board = self.running()?.board;
                self.course
                    .told(*step, *version, *next_offset, board, shelf, now_us)
            }
            News::Command(_) | News::Turn => None,
        }
    }

    /// Encodes the next downlink frame in `version`; `None` when counters are used up or the version has no such body.
    pub fn encode(
        &mut self,
        id: u32,
        edge_boot: u32,
        version: Version,
        body: &Body,
    ) -> Result<Vec<u8>, &'static str> {
        let header = Header {
            node: id,
            boot: edge_boot,
            counter: self.counter,
            direction: Direction::Down,
        };
        let mut bytes = [0; MAX_FRAME];
        match frame::encode(version, &header, body, &self.key, &mut bytes) {
            Ok(length) => {
                self.counter += 1;
                Ok(bytes[..length].to_vec())
            }
            // 4 billion frames to one node in one run: the agent must be restarted for a new boot number.
            Err(frame::EncodeError::CounterExhausted) => Err("downlink_counter_exhausted"),
            Err(_) => Err("downlink_not_encodable"),
        }
    }

    /// Counts a frame as refused.
    pub fn refuse(&mut self, reason: &'static str) -> &'static str {
        *self.refused.entry(reason).or_default() += 1;
        reason
    }

    /// The question about its settings that is due to a node that has just spoken.
    pub fn ask(&mut self, now_us: i64) -> Option<Body> {
        self.keeper.due(now_us, self.version)
    }
}
