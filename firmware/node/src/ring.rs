//! The bounded store of everything the edge has not yet acknowledged.
//!
//! Invariants: sequence numbers ascend strictly from front to back; never more than `N` entries; an entry leaves only
//! by [`Ring::release_below`] (acknowledged) or by [`Ring::evict`] (no room, and the caller counts it).
//! Single readings are stored, not frames: 32 bytes each, so that a retransmission can be cut into other frames than
//! the first transmission, and every transmission gets a fresh frame counter (a counter is a nonce: never twice).

use core::borrow::BorrowMut;
use wire::quantity::Quantity;

/// What one sequence number stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    /// A reading of a quantity, with its quality flags.
    Sample { quantity: Quantity, quality: u8 },
    /// A conclusion of the node's own detectors.
    Finding { code: u8 },
}

/// One unacknowledged item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub seq: u64,
    /// When it was measured or found, on the node's clock.
    pub mono_us: u64,
    /// In the unit of its quantity (or of the quantity that the finding is about).
    pub value: f64,
    pub what: What,
}

impl Entry {
    const EMPTY: Self = Self {
        seq: 0,
        mono_us: 0,
        value: 0.0,
        what: What::Finding { code: 0 },
    };

    pub(crate) const fn is_finding(&self) -> bool {
        matches!(self.what, What::Finding { .. })
    }
}

/// Room for one unacknowledged sample or finding.
#[derive(Clone, Copy, Debug)]
pub struct Slot(Entry);

impl Slot {
    /// Room for one, with nothing in it.
    pub const EMPTY: Self = Self(Entry::EMPTY);
}

/// Room for `N` of them: an array, or a mutable reference to one that lies elsewhere, where a stack is too small to make it.
pub trait Slots<const N: usize>: BorrowMut<[Slot; N]> {}

impl<const N: usize, S: BorrowMut<[Slot; N]>> Slots<N> for S {}

/// A ring of at most `N` entries.
#[derive(Debug)]
pub(crate) struct Ring<const N: usize, S = [Slot; N]> {
    slots: S,
    head: usize,
    len: usize,
}

impl<const N: usize, S: Slots<N>> Ring<N, S> {
    // Health reports the capacity in 16 bits.
    const CAPACITY_FITS: () = assert!(
        N >= 2 && N <= u16::MAX as usize,
        "a ring holds 2 to 65,535 entries"
    );

    pub(crate) fn new(slots: S) -> Self {
        let () = Self::CAPACITY_FITS;
        Self {
            slots,
            head: 0,
            len: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.len == N
    }

    const fn slot(&self, position: usize) -> usize {
        (self.head + position) % N
    }

    /// What lies at `position`, whether it is held or not.
    fn at(&self, position: usize) -> &Entry {
        &self.slots.borrow()[self.slot(position)].0
    }

    fn put(&mut self, position: usize, entry: Entry) {
        let slot = self.slot(position);
        self.slots.borrow_mut()[slot] = Slot(entry);
    }

    /// The entry at `position`, counted from the oldest.
    pub(crate) fn get(&self, position: usize) -> Option<&Entry> {
        (position < self.len).then(|| self.at(position))
    }

    /// The oldest entry.
    pub(crate) fn front(&self) -> Option<&Entry> {
        self.get(0)
    }

    /// Position of the first entry with a sequence number of at least `seq`; `len()` if there is none.
    pub(crate) fn lower_bound(&self, seq: u64) -> usize {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at(middle).seq < seq {
                low = middle + 1
            } else {
                high = middle
            }
        }
        low
    }

    /// Appends an entry; refuses (returns false) when full or when its number does not ascend.
    #[must_use]
    pub(crate) fn push(&mut self, entry: Entry) -> bool {
        let ascends = self.len == 0 || self.at(self.len - 1).seq < entry.seq;
        if self.is_full() || !ascends {
            return false;
        }
        self.put(self.len, entry);
        self.len += 1;
        true
    }

    /// Drops every entry with a sequence number below `seq`.
    pub(crate) fn release_below(&mut self, seq: u64) {
        let released = self.lower_bound(seq);
        self.head = self.slot(released);
        self.len -= released;
    }

    /// Makes room: removes the oldest sample or, if `findings_too` and there is no sample, the oldest finding.
    ///
    /// Costs one move per finding that is older than the evicted sample; findings are few.
    pub(crate) fn evict(&mut self, findings_too: bool) -> Option<Entry> {
        let sample = (0..self.len).find(|&position| !self.at(position).is_finding());
        let position = match sample {
            Some(position) => position,
            None if findings_too && self.len > 0 => 0,
            None => return None,
        };
        let evicted = *self.at(position);
        for earlier in (0..position).rev() {
            let moved = *self.at(earlier);
            self.put(earlier + 1, moved);
        }
        self.head = self.slot(1);
        self.len -= 1;
        Some(evicted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seq: u64) -> Entry {
        Entry {
            seq,
            mono_us: seq * 10,
            value: 1.0,
            what: What::Sample {
                quantity: Quantity::SeaLevel,
                quality: 0,
            },
        }
    }

    fn finding(seq: u64) -> Entry {
        Entry {
            what: What::Finding { code: 1 },
            ..sample(seq)
        }
    }

    fn seqs<const N: usize>(ring: &Ring<N>) -> [Option<u64>; N] {
        core::array::from_fn(|position| ring.get(position).map(|entry| entry.seq))
    }

    #[test]
    fn keeps_order_around_the_end_of_the_array() {
        let mut ring = Ring::<4>::new([Slot::EMPTY; 4]);
        for seq in 0..4 {
            assert!(ring.push(sample(seq)));
        }
        assert!(!ring.push(sample(4)), "full");
        ring.release_below(3);
        assert!(ring.push(sample(4)));
        assert!(ring.push(sample(9)));
        assert!(!ring.push(sample(9)), "numbers ascend");
        assert_eq!(seqs(&ring), [Some(3), Some(4), Some(9), None]);
        assert_eq!(ring.lower_bound(0), 0);
        assert_eq!(ring.lower_bound(5), 2);
        assert_eq!(ring.lower_bound(10), 3);
        ring.release_below(100);
        assert_eq!(ring.len(), 0);
        assert_eq!(ring.front(), None);
    }

    #[test]
    fn evicts_the_oldest_sample_and_spares_findings() {
        let mut ring = Ring::<4>::new([Slot::EMPTY; 4]);
        for entry in [sample(0), finding(1), finding(2), sample(3)] {
            assert!(ring.push(entry));
        }
        assert_eq!(ring.evict(false).map(|entry| entry.seq), Some(0));
        assert!(ring.push(sample(4)));
        assert_eq!(ring.evict(false).map(|entry| entry.seq), Some(3));
        assert_eq!(seqs(&ring), [Some(1), Some(2), Some(4), None]);
        assert_eq!(ring.evict(false).map(|entry| entry.seq), Some(4));
        assert_eq!(ring.evict(false), None, "only findings are left");
        assert_eq!(ring.evict(true).map(|entry| entry.seq), Some(1));
        assert_eq!(seqs(&ring), [Some(2), None, None, None]);
    }
}
