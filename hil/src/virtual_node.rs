//! A node with its record instead of a sensor: no I/O, no clock.
//!
//! Its monotonic clock starts at zero when it is switched on (`start_us` of the settings) and runs with the time it is
//! given. Samples keep their recorded times; those from before it was switched on are passed over, since nobody was
//! there to measure them.

use crate::schedule::{Schedule, Track};
use node::{Command, Config, MAX_FRAME, Node, Stats, TsunamiWatch, Watch};
use wire::frame::{Key, NodeKind, ResetCause};
use wire::quality::Quality;

/// Samples and findings that a virtual node keeps without acknowledgement: 17 hours of 15-second samples.
pub const RING: usize = 4_096;

/// Who the virtual node is.
#[derive(Clone)]
pub struct Settings {
    /// Node number, as configured at the edge.
    pub node: u32,
    /// Boot number; a restarted virtual node needs a higher one.
    pub boot: u32,
    /// The secret shared with the edge.
    pub key: Key,
    /// When it is switched on, microseconds since the Unix epoch, UTC.
    pub start_us: i64,
    /// How much faster than the wall the virtual time runs, for timeouts: an answer that takes 2 ms takes 600 ms of
    /// virtual time at speed 300. 1 for stepped play, where time stands still while frames travel.
    pub speed: f64,
    /// Flags that every sample gets.
    pub quality: Quality,
    /// Limits watched on the node itself.
    pub watches: Vec<Watch>,
    /// Tsunami detection on the node itself.
    pub tsunami: Option<TsunamiWatch>,
}

impl Settings {
    /// A node without detection of its own, whose samples are flagged as simulated.
    #[must_use]
    pub fn new(node: u32, boot: u32, key: Key, start_us: i64) -> Self {
        Self {
            node,
            boot,
            key,
            start_us,
            speed: 1.0,
            quality: Quality::SIMULATED,
            watches: Vec::new(),
            tsunami: None,
        }
    }

    fn config(&self) -> Result<Config, Error> {
        let mut config = Config::new(self.node, self.boot, self.key.clone());
        config.kind = NodeKind::Virtual;
        config.reset_cause = ResetCause::PowerOn;
        for watch in &self.watches {
            config
                .watches
                .push(*watch)
                .map_err(|_| Error::TooManyWatches(self.watches.len()))?;
        }
        config.tsunami = self.tsunami;
        let stretched = |us: u64| (us as f64 * self.speed.max(1.0)) as u64;
        config.retry_us = stretched(config.retry_us);
        config.retry_max_us = stretched(config.retry_max_us);
        // At most one of each in a second of the wall, however fast the virtual time runs.
        config.time_request_us = config.time_request_us.max(stretched(1_000_000));
        config.health_us = config.health_us.max(stretched(1_000_000));
        Ok(config)
    }
}

/// Why a virtual node could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Limits that could never raise or never clear.
    #[error("limits of the node's own detection: {0}")]
    Limits(signal::threshold::LimitsError),
    /// More watches than a node holds.
    #[error("{0} watches on one node; it holds {max}", max = node::MAX_WATCHES)]
    TooManyWatches(usize),
}

/// A node that measures a record.
pub struct VirtualNode {
    // 128 KiB: on the heap, so that it can be moved about.
    node: Box<Node<RING>>,
    schedule: Schedule,
    start_us: i64,
    quality: Quality,
    skipped: usize,
}

impl VirtualNode {
    /// Switches a node on that will measure `tracks`.
    ///
    /// # Errors
    /// Detection settings that make no sense, see [`Error`].
    pub fn new(settings: &Settings, tracks: &[Track]) -> Result<Self, Error> {
        Self::with_schedule(settings, Schedule::new(tracks))
    }

    /// Switches a node on that will measure what is left in `schedule`.
    ///
    /// # Errors
    /// As [`VirtualNode::new`].
    pub fn with_schedule(settings: &Settings, mut schedule: Schedule) -> Result<Self, Error> {
        let node = Box::new(Node::new(settings.config()?).map_err(Error::Limits)?);
        let skipped = schedule.skip_before(settings.start_us);
        Ok(Self {
            node,
            schedule,
            start_us: settings.start_us,
            quality: settings.quality,
            skipped,
        })
    }

    /// The node's monotonic clock at `virtual_us`: microseconds since it was switched on.
    #[must_use]
    pub fn mono_us(&self, virtual_us: i64) -> u64 {
        u64::try_from(virtual_us.saturating_sub(self.start_us)).unwrap_or(0)
    }

    /// Measures what is due at `virtual_us`, at most `limit` samples. Returns how many it were.
    pub fn measure(&mut self, virtual_us: i64, limit: usize) -> usize {
        let mut measured = 0;
        while measured < limit
            && let Some(due) = self.schedule.take_due(virtual_us)
        {
            // A record's missing value is a missing measurement, not a missing sample: the node says so.
            let value = due.value.unwrap_or(f64::NAN);
            self.node
                .sample(self.mono_us(due.time_us), due.quantity, value, self.quality);
            measured += 1;
        }
        measured
    }

    /// Appends the frames that are due at `virtual_us` to `out`, until it holds `limit` bytes or more.
    pub fn transmit(&mut self, virtual_us: i64, out: &mut Vec<u8>, limit: usize) {
        let mono_us = self.mono_us(virtual_us);
        let mut frame = [0; MAX_FRAME];
        while out.len() < limit {
            let length = self.node.poll(mono_us, &mut frame);
            if length == 0 {
                break;
            }
            out.extend_from_slice(frame.get(..length).unwrap_or_default());
        }
    }

    /// Takes bytes from the link, received at `virtual_us`.
    pub fn receive(&mut self, bytes: &[u8], virtual_us: i64) {
        let mono_us = self.mono_us(virtual_us);
        bytes
            .iter()
            .for_each(|&byte| self.node.receive(byte, mono_us));
    }

    /// A new link is up at `virtual_us`: what was unacknowledged is sent again without waiting.
    pub fn link_up(&mut self, virtual_us: i64) {
        self.node.link_up(self.mono_us(virtual_us));
    }

    /// When there is something to do next if no byte comes: a sample or a frame. Microseconds since the Unix epoch.
    #[must_use]
    pub fn next_us(&self) -> Option<i64> {
        let frame_us = self
            .node
            .next_deadline_us()
            .map(|mono_us| self.start_us.saturating_add_unsigned(mono_us));
        match (self.schedule.next_us(), frame_us) {
            (Some(sample_us), Some(frame_us)) => Some(sample_us.min(frame_us)),
            (some, None) | (None, some) => some,
        }
    }

    /// Whether the edge knows this boot and has acknowledged everything measured so far.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.node.is_known() && self.node.unacknowledged() == 0
    }

    /// Whether the whole record is measured and acknowledged.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.remaining() == 0 && self.is_settled()
    }

    /// Whether an answer of the edge about the time is outstanding.
    #[must_use]
    pub fn is_awaiting_time(&self) -> bool {
        self.node.is_awaiting_time()
    }

    /// Samples and findings without acknowledgement.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.node.unacknowledged()
    }

    /// Samples of the record that are not measured yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.schedule.remaining()
    }

    /// Time of the next sample, microseconds since the Unix epoch.
    #[must_use]
    pub fn next_sample_us(&self) -> Option<i64> {
        self.schedule.next_us()
    }

    /// Samples from before the node was switched on.
    #[must_use]
    pub const fn skipped(&self) -> usize {
        self.skipped
    }

    /// The node's counters.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        self.node.stats()
    }

    /// The oldest command that the edge relayed, for example to a siren, if it has not expired at `virtual_us`.
    pub fn take_command(&mut self, virtual_us: i64) -> Option<Command> {
        self.node.take_command(self.mono_us(virtual_us))
    }
}
