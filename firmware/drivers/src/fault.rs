//! What can go wrong with a sensor, and how often it did.

/// One thing that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No complete answer within the sensor's limit. Check power, wiring, speed and address.
    Timeout,
    /// What came is damaged: checksum, characters, length. Check speed, parity and termination.
    Damaged,
    /// An intact answer of another address.
    Foreign,
    /// An intact answer to something that was not asked.
    Unexpected,
    /// The sensor refused, with its own code (Modbus exception code).
    Refused(u8),
    /// An intact answer whose value is not a number or that the sensor cannot measure.
    Value,
    /// The serial port reported an error (overrun, framing, parity).
    Line,
    /// The bus reported an error (no acknowledge, arbitration lost).
    Bus,
    /// Another chip than expected answers.
    Identity,
    /// The calibration in the sensor is damaged.
    Calibration,
    /// The sensor had no new measurement when it should have had one.
    NotReady,
    /// A contact that stays closed for longer than a vehicle can stand.
    Stuck,
    /// A sample was due while the one before was still under way; it was left out. Sample less often.
    Busy,
}

/// Kinds of [`Fault`].
const KINDS: usize = 13;

impl Fault {
    /// Stable name for counters and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Timeout => "timeout",
            Fault::Damaged => "damaged",
            Fault::Foreign => "foreign",
            Fault::Unexpected => "unexpected",
            Fault::Refused(_) => "refused",
            Fault::Value => "value",
            Fault::Line => "line",
            Fault::Bus => "bus",
            Fault::Identity => "identity",
            Fault::Calibration => "calibration",
            Fault::NotReady => "not_ready",
            Fault::Stuck => "stuck",
            Fault::Busy => "busy",
        }
    }

    const fn index(self) -> usize {
        match self {
            Fault::Timeout => 0,
            Fault::Damaged => 1,
            Fault::Foreign => 2,
            Fault::Unexpected => 3,
            Fault::Refused(_) => 4,
            Fault::Value => 5,
            Fault::Line => 6,
            Fault::Bus => 7,
            Fault::Identity => 8,
            Fault::Calibration => 9,
            Fault::NotReady => 10,
            Fault::Stuck => 11,
            Fault::Busy => 12,
        }
    }
}

/// Faults of one sensor since the start; counters stop at their maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    counts: [u32; KINDS],
    last: Option<Fault>,
}

impl Faults {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            counts: [0; KINDS],
            last: None,
        }
    }

    /// Counts one.
    pub const fn note(&mut self, fault: Fault) {
        let count = &mut self.counts[fault.index()];
        *count = count.saturating_add(1);
        self.last = Some(fault);
    }

    /// How often this kind happened; the code of [`Fault::Refused`] does not matter.
    #[must_use]
    pub const fn count(&self, kind: Fault) -> u32 {
        self.counts[kind.index()]
    }

    /// All kinds together.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The latest one.
    #[must_use]
    pub const fn last(&self) -> Option<Fault> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Fault; KINDS] = [
        Fault::Timeout,
        Fault::Damaged,
        Fault::Foreign,
        Fault::Unexpected,
        Fault::Refused(2),
        Fault::Value,
        Fault::Line,
        Fault::Bus,
        Fault::Identity,
        Fault::Calibration,
        Fault::NotReady,
        Fault::Stuck,
        Fault::Busy,
    ];

    #[test]
    fn every_kind_has_a_counter_and_a_name_of_its_own() {
        let mut faults = Faults::default();
        for (times, kind) in ALL.iter().enumerate() {
            for _ in 0..=times {
                faults.note(*kind);
            }
        }
        for (times, kind) in ALL.iter().enumerate() {
            assert_eq!(faults.count(*kind), times as u32 + 1, "{}", kind.name());
        }
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), KINDS);
        assert_eq!(faults.last(), Some(Fault::Busy));
        assert_eq!(faults.total(), (1..=KINDS as u32).sum());
    }

    #[test]
    fn counters_stop_at_their_maximum() {
        let mut faults = Faults {
            counts: [u32::MAX; KINDS],
            last: None,
        };
        faults.note(Fault::Timeout);
        assert_eq!(faults.count(Fault::Timeout), u32::MAX);
        assert_eq!(faults.total(), u32::MAX);
    }
}
