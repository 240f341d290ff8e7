//! Refuses uplink frames that were seen before.
//!
//! A sliding window over the frame counter as in IPsec (RFC 4303, section 3.4.3). Only authenticated frames may move
//! it, otherwise one forged counter would lock a node out. It starts anew with every boot of the node, because the
//! key does. After a restart of the edge it continues at the counter that was saved last, with every earlier one taken
//! for seen. What came after that and is repeated then is caught by its sequence numbers, here and again at the hub.

/// Counters this far below the highest one can still be told apart; links keep order, so few are needed.
const WIDTH: u32 = u64::BITS;

/// The counters accepted so far in one boot.
#[derive(Clone, Debug, Default)]
pub struct ReplayWindow {
    highest: Option<u32>,
    /// Bit `k` set: `highest - k` was accepted.
    seen: u64,
}

impl ReplayWindow {
    /// Continues after `highest`.
    pub fn restored(highest: Option<u32>) -> Self {
        Self {
            highest,
            seen: u64::MAX,
        }
    }

    /// The highest counter accepted.
    pub fn highest(&self) -> Option<u32> {
        self.highest
    }

    /// Whether `counter` would be accepted.
    pub fn is_new(&self, counter: u32) -> bool {
        self.clone().accept(counter)
    }

    /// Accepts `counter` and remembers it; false when it was seen or is too old to tell.
    #[must_use]
    pub fn accept(&mut self, counter: u32) -> bool {
        let Some(highest) = self.highest else {
            self.highest = Some(counter);
            self.seen = 1;
            return true;
        };
        if counter > highest {
            self.seen = self.seen.checked_shl(counter - highest).unwrap_or(0) | 1;
            self.highest = Some(counter);
            return true;
        }
        let age = highest - counter;
        if age >= WIDTH || self.seen >> age & 1 == 1 {
            return false;
        }
        self.seen |= 1 << age;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_each_counter_once_and_tolerates_reordering() {
        let mut window = ReplayWindow::default();
        assert!(window.accept(100) && window.accept(102) && window.accept(101));
        assert!(!window.accept(100) && !window.accept(101) && !window.accept(102));
        assert!(window.accept(102 - 63) && !window.accept(102 - 64));
        let mut later = ReplayWindow::restored(window.highest());
        assert!(!later.accept(101) && !later.accept(102) && later.accept(103));
        assert!(ReplayWindow::restored(None).accept(0));
        assert!(window.accept(u32::MAX) && !window.accept(u32::MAX) && !window.accept(200));
    }
}
