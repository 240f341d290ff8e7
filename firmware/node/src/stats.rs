//! Counters of everything that was sent, lost or refused; they start at zero with every boot and saturate.

/// What a node has counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Samples taken.
    pub samples: u64,
    /// Findings of the node's own detectors.
    pub findings: u64,
    /// Samples given up because the ring was full: the oldest ones, or new ones when only findings were left.
    pub dropped_samples: u32,
    /// Findings given up because the ring was full of findings.
    pub dropped_findings: u32,
    /// Samples without a value, or with a reported sensor fault.
    pub sensor_errors: u32,
    /// Samples outside the physically possible range; flagged, not dropped.
    pub out_of_range: u32,
    /// Frames sent, of every kind.
    pub frames_sent: u32,
    /// Samples and findings sent again.
    pub repeated: u32,
    /// Acknowledgements that released something.
    pub acknowledgements: u32,
    /// Requests for missing numbers that were taken up.
    pub gap_requests: u32,
    /// Clock exchanges completed.
    pub time_replies: u32,
    /// Sampling instants that passed without a sample.
    pub missed_samples: u32,
    /// Steps of a clock noticed by an exchange, here or at the edge.
    pub clock_steps: u32,
    /// Jumps back of the monotonic clock; stays zero unless the board has a bug.
    pub clock_jumps: u32,
    /// Frames between the edge and others, and echoes of this node's own, on a shared line.
    pub overheard: u32,
    /// Polls on a shared line.
    pub polls: u32,
    /// Settings stored and put in force.
    pub settings_writes: u32,
    /// Failed accesses to lasting memory, as far as the node was told.
    pub storage_errors: u32,
    /// Offers of an image.
    pub update_offers: u32,
    /// Pieces of an image taken.
    pub update_pieces: u32,
    /// Updates that ended without a verified image.
    pub updates_failed: u32,
    /// Commands accepted for the board.
    pub commands: u32,
    /// Downlink refused, by reason.
    pub refused: Refused,
    /// Frames that could not be encoded; stays zero unless this crate has a bug.
    pub encode_errors: u32,
    /// The frame counter is used up: the node is silent until it is restarted with a new boot number.
    pub counter_exhausted: bool,
}

/// Downlink that was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Damaged on the line: framing, length, checksum, version or body.
    pub damaged: u32,
    /// Authentication failed.
    pub tag: u32,
    /// Authentic, but seen before.
    pub replayed: u32,
    /// For another node, another boot, or not a downlink frame at all (an echo).
    pub misaddressed: u32,
    /// Authentic, but senseless: acknowledges what was never sent, answers no request, or belongs to the other direction.
    pub senseless: u32,
    /// Commands that had expired.
    pub expired: u32,
    /// Commands received before.
    pub repeated_commands: u32,
    /// Commands that found the queue full.
    pub queue_full: u32,
    /// Writes of settings: not allowed, not newer, or while the last one was being stored.
    pub settings: u32,
    /// Offers while the board was busy, and pieces of an image that were not asked for.
    pub update: u32,
}

impl Refused {
    /// All of them together.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.damaged
            .saturating_add(self.tag)
            .saturating_add(self.replayed)
            .saturating_add(self.misaddressed)
            .saturating_add(self.senseless)
            .saturating_add(self.expired)
            .saturating_add(self.repeated_commands)
            .saturating_add(self.queue_full)
            .saturating_add(self.settings)
            .saturating_add(self.update)
    }
}

/// Adds one, without ever wrapping.
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
