//! Sets of whole numbers kept as intervals: which sequence numbers and outbox offsets have been taken.
//!
//! Almost always one interval that grows at its end. Bounded: past [`MOST`] intervals the two oldest are joined, which gives up the
//! hole between them; the caller counts that.

/// Most intervals kept in one set.
pub const MOST: usize = 1_024;

/// A set of `u64` as sorted, disjoint, non-adjacent half-open intervals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges {
    spans: Vec<(u64, u64)>,
}

/// What an insertion did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// The number is new.
    New,
    /// The number was there.
    Already,
    /// The number is new, and the oldest hole was given up to stay within bounds.
    NewAndHoleClosed,
}

impl Ranges {
    /// Adds a number.
    pub fn insert(&mut self, n: u64) -> Inserted {
        // In order is the rule; everything else is the exception.
        if let Some(last) = self.spans.last_mut() {
            if last.1 == n {
                last.1 = n.saturating_add(1);
                return Inserted::New;
            }
            if last.0 <= n && n < last.1 {
                return Inserted::Already;
            }
        }
        let at = self.spans.partition_point(|s| s.1 < n);
        match self.spans.get(at).copied() {
            Some((start, end)) if start <= n && n < end => return Inserted::Already,
            Some((_, end)) if end == n => {
                self.spans[at].1 = n.saturating_add(1);
                if let Some(&(next_start, next_end)) = self.spans.get(at + 1)
                    && next_start == n.saturating_add(1)
                {
                    self.spans[at].1 = next_end;
                    self.spans.remove(at + 1);
                }
            }
            Some((start, _)) if n.saturating_add(1) == start => self.spans[at].0 = n,
            _ => self.spans.insert(at, (n, n.saturating_add(1))),
        }
        if self.spans.len() > MOST {
            self.spans[1].0 = self.spans[0].0;
            self.spans.remove(0);
            return Inserted::NewAndHoleClosed;
        }
        Inserted::New
    }

    /// Adds a number unless that would need more than [`MOST`] intervals; says whether it is in the set now.
    pub fn insert_if_room(&mut self, n: u64) -> bool {
        let touches = self.contains(n)
            || n.checked_sub(1).is_some_and(|m| self.contains(m))
            || self.contains(n.saturating_add(1));
        if !touches && self.spans.len() >= MOST {
            return false;
        }
        self.insert(n);
        true
    }

    /// Whether the number is in the set.
    pub fn contains(&self, n: u64) -> bool {
        let at = self.spans.partition_point(|s| s.1 <= n);
        self.spans.get(at).is_some_and(|s| s.0 <= n)
    }

    /// The first number from `base` on that is not in the set.
    pub fn next_from(&self, base: u64) -> u64 {
        let at = self.spans.partition_point(|s| s.1 <= base);
        match self.spans.get(at) {
            Some(&(start, end)) if start <= base => end,
            _ => base,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn agrees_with_a_plain_set_whatever_the_order() {
        // A small linear congruential generator: every order of numbers below 64, twice each.
        let mut x = 12345_u64;
        for _ in 0..200 {
            let (mut ranges, mut plain) = (Ranges::default(), BTreeSet::new());
            for _ in 0..128 {
                x = x
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                let n = (x >> 33) % 64;
                let new = plain.insert(n);
                assert_eq!(ranges.insert(n) == Inserted::New, new);
            }
            for n in 0..70 {
                assert_eq!(ranges.contains(n), plain.contains(&n));
                let next = (n..).find(|m| !plain.contains(m));
                assert_eq!(Some(ranges.next_from(n)), next);
            }
            assert!(ranges.spans.windows(2).all(|w| w[0].1 < w[1].0));
        }
    }

    #[test]
    fn stays_within_bounds_and_says_so() {
        let mut ranges = Ranges::default();
        let closed = (0..3_000_u64)
            .filter(|i| ranges.insert(i * 2) == Inserted::NewAndHoleClosed)
            .count();
        assert_eq!(ranges.spans.len(), MOST);
        assert_eq!(closed, 3_000 - MOST);
        assert!(ranges.contains(1), "the oldest hole is given up");
        assert!(!ranges.contains(5_997));
    }

    #[test]
    fn the_last_number_does_not_overflow() {
        let mut ranges = Ranges::default();
        assert_eq!(ranges.insert(u64::MAX - 1), Inserted::New);
        assert_eq!(ranges.insert(u64::MAX - 1), Inserted::Already);
    }
}
