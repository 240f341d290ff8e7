//! A reading on its way from a node or meter into the outbox.

use std::sync::Arc;

use wire::quality::Quality;
use wire::quantity::Quantity;

/// One reading of a source; the station is the group's or [`Item::station`].
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Station, where it differs from the group's (a channel of a meter).
    pub station: Option<Arc<str>>,
    /// UTC, microseconds since the Unix epoch.
    pub time_us: i64,
    /// What was measured.
    pub quantity: Quantity,
    /// In the quantity's canonical unit; NaN when missing.
    pub value: f64,
    /// Quality flags.
    pub quality: Quality,
    /// The source's sequence number.
    pub seq: u64,
}

impl Item {
    /// A reading whose value is judged: impossible values are flagged, never changed or dropped; a value that is no
    /// number becomes a missing one.
    pub fn judged(
        seq: u64,
        time_us: i64,
        quantity: Quantity,
        value: f64,
        quality: Quality,
    ) -> Self {
        let judgement = if value.is_nan() {
            Quality::MISSING
        } else if quantity.is_possible(value) {
            Quality::GOOD
        } else {
            Quality::OUT_OF_RANGE
        };
        Self {
            station: None,
            time_us,
            quantity,
            value,
            quality: quality | judgement,
            seq,
        }
    }
}

/// Readings of one source that belong together: a frame, or one poll of a meter. They are stored or refused as one.
#[derive(Debug, Clone)]
pub struct Group {
    /// Station of all items that name none.
    pub station: Arc<str>,
    /// The node, or the meter's node number.
    pub node: u32,
    /// The node's boot, or this agent's for a meter.
    pub boot: u32,
    /// Whether a node waits for the acknowledgement.
    pub from_node: bool,
    /// At least one reading.
    pub items: Vec<Item>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_flagged_and_kept() {
        let judge = |value| Item::judged(0, 0, Quantity::Voltage, value, Quality::SUSPECT);
        assert_eq!(judge(230.0).quality, Quality::SUSPECT);
        let (_, high) = Quantity::Voltage.range();
        let item = judge(high * 2.0);
        assert_eq!(
            (item.value, item.quality),
            (high * 2.0, Quality::SUSPECT | Quality::OUT_OF_RANGE)
        );
        assert_eq!(
            judge(f64::INFINITY).quality,
            Quality::SUSPECT | Quality::OUT_OF_RANGE
        );
        assert_eq!(judge(f64::NAN).quality, Quality::SUSPECT | Quality::MISSING);
    }
}
