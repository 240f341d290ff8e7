//! Which sequence numbers of a node have arrived.
//!
//! Purpose: a contiguous prefix (everything below [`Ranges::next`]) and a bounded list of islands above it, so that
//! duplicates are recognised and the cumulative acknowledgement never claims what is missing.
//!
//! Invariants: islands are sorted, disjoint, never touch each other or the prefix, and number at most
//! [`MAX_ISLANDS`] (one more after a removal); `next` falls only by a removal.
//!
//! Refuses: to remember more islands than that. The caller then treats the numbers as not received, and the node
//! sends them again.

use serde::{Deserialize, Serialize};

/// A link that loses every second frame of a 4,096-reading ring makes about 170 islands of 12; 256 leaves room.
pub const MAX_ISLANDS: usize = 256;

/// A set of sequence numbers: a prefix and islands above it. All ranges are half open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranges {
    next: u64,
    #[serde(default)]
    islands: Vec<(u64, u64)>,
}

impl Ranges {
    /// Everything below `next` counts as received.
    pub fn starting_at(next: u64) -> Self {
        Self {
            next,
            islands: Vec::new(),
        }
    }

    /// First number that is missing.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The first hole below something that has arrived, as a half-open range.
    pub fn first_gap(&self) -> Option<(u64, u64)> {
        self.islands.first().map(|&(from, _)| (self.next, from))
    }

    /// Whether `seq` has arrived.
    pub fn contains(&self, seq: u64) -> bool {
        seq < self.next
            || self
                .islands
                .iter()
                .any(|&(from, to)| (from..to).contains(&seq))
    }

    /// Adds `from..to`; false when that would take more than [`MAX_ISLANDS`] islands, and then nothing changed.
    #[must_use]
    pub fn insert(&mut self, from: u64, to: u64) -> bool {
        if from >= to || to <= self.next {
            return true;
        }
        if from <= self.next {
            self.advance_to(to);
            return true;
        }
        // Islands that overlap or touch the new range melt into it.
        let first = self.islands.partition_point(|&(_, end)| end < from);
        let last = self.islands.partition_point(|&(start, _)| start <= to);
        if first == last {
            if self.islands.len() == MAX_ISLANDS {
                return false;
            }
            self.islands.insert(first, (from, to));
        } else {
            let merged = (
                from.min(self.islands[first].0),
                to.max(self.islands[last - 1].1),
            );
            self.islands.splice(first..last, [merged]);
        }
        true
    }

    /// Takes `from..to` out again; where that cuts the prefix, the rest of it becomes an island.
    ///
    /// Used when what had arrived could not be stored. May exceed [`MAX_ISLANDS`] by one.
    pub fn remove(&mut self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        let mut left = Vec::with_capacity(self.islands.len() + 1);
        if from < self.next {
            if to < self.next {
                left.push((to, self.next));
            }
            self.next = from;
        }
        for &(start, end) in &self.islands {
            if start < from.min(end) {
                left.push((start, end.min(from)));
            }
            if end > to.max(start) {
                left.push((start.max(to), end));
            }
        }
        self.islands = left;
    }

    /// Everything below `next` counts as received from now on.
    pub fn advance_to(&mut self, next: u64) {
        self.next = self.next.max(next);
        let swallowed = self
            .islands
            .partition_point(|&(start, _)| start <= self.next);
        for (_, end) in self.islands.drain(..swallowed) {
            self.next = self.next.max(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn islands_melt_into_the_prefix() {
        let mut ranges = Ranges::starting_at(10);
        assert!(ranges.insert(20, 30) && ranges.insert(12, 15) && ranges.insert(40, 41));
        assert_eq!(ranges.first_gap(), Some((10, 12)));
        assert!(ranges.insert(15, 20));
        assert_eq!(ranges.first_gap(), Some((10, 12)));
        assert!(ranges.insert(8, 12));
        assert_eq!((ranges.next(), ranges.first_gap()), (30, Some((30, 40))));
        assert!(ranges.insert(30, 40));
        assert_eq!((ranges.next(), ranges.first_gap()), (41, None));
    }

    #[test]
    fn refuses_more_islands_than_it_can_hold_and_changes_nothing() {
        let mut ranges = Ranges::default();
        for island in 1..=MAX_ISLANDS as u64 {
            assert!(ranges.insert(island * 10, island * 10 + 1));
        }
        let before = ranges.clone();
        assert!(!ranges.insert(5, 6));
        assert_eq!(ranges, before);
        assert!(ranges.insert(11, 12), "touching an island needs no room");
    }

    proptest! {
        /// The set behaves as a plain set of numbers does.
        #[test]
        fn behaves_as_a_set(steps in proptest::collection::vec((0u64..60, 0u64..12, 0u8..4), 0..60)) {
            let mut ranges = Ranges::starting_at(3);
            let mut model: std::collections::BTreeSet<u64> = (0..3).collect();
            for (from, length, kind) in steps {
                let to = from + length;
                if kind == 0 {
                    ranges.remove(from, to);
                    for seq in from..to { model.remove(&seq); }
                } else {
                    prop_assert!(ranges.insert(from, to));
                    model.extend(from..to);
                }
                for seq in 0..80 { prop_assert_eq!(ranges.contains(seq), model.contains(&seq)); }
                let next = (0..).find(|seq| !model.contains(seq)).unwrap();
                prop_assert_eq!(ranges.next(), next);
            }
        }
    }
}
