//! Refuses downlink frames that were seen before.
//!
//! The edge numbers its starts (`boot`) and its frames since (`counter`). A higher boot is a restarted edge and starts
//! a new window; a lower one is refused. Within a boot a sliding window over the counter tells new from seen, as IPsec
//! (RFC 4303, section 3.4.3) and DTLS do it: above the highest is new; one of the 63 below it is new once; anything
//! older is refused. Only authenticated frames may move the window, otherwise a forged number would lock the edge out.
//!
//! What it cannot refuse: frames recorded before the node's own start, since the node has no memory of them. Their
//! bodies take care of that: acknowledgements and gap requests name the node's boot, time replies name the request,
//! commands expire.

/// The downlink frames accepted so far.
#[derive(Debug, Default)]
pub(crate) struct ReplayGuard {
    /// The edge's boot and its highest accepted counter; `None` before the first frame.
    highest: Option<(u32, u32)>,
    /// Bit `k` set: the counter `k` below the highest was accepted.
    seen: u64,
}

impl ReplayGuard {
    /// Accepts a frame and remembers it; false when it was seen or is too old to tell.
    pub(crate) fn accept(&mut self, boot: u32, counter: u32) -> bool {
        match self.highest {
            Some((highest_boot, _)) if boot < highest_boot => return false,
            Some((highest_boot, highest)) if boot == highest_boot && counter <= highest => {
                let age = highest - counter;
                if age >= u64::BITS || (self.seen >> age) & 1 == 1 {
                    return false;
                }
                self.seen |= 1 << age;
            }
            Some((highest_boot, highest)) if boot == highest_boot => {
                self.seen = self.seen.checked_shl(counter - highest).unwrap_or(0) | 1;
                self.highest = Some((boot, counter));
            }
            _ => {
                self.seen = 1;
                self.highest = Some((boot, counter));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_each_counter_once() {
        let mut guard = ReplayGuard::default();
        assert!(guard.accept(1, 10));
        assert!(!guard.accept(1, 10));
        assert!(guard.accept(1, 12));
        assert!(guard.accept(1, 11), "late, but new");
        assert!(!guard.accept(1, 11));
        assert!(!guard.accept(1, 10));
        assert!(guard.accept(1, 9));
    }

    #[test]
    fn refuses_what_is_too_old_to_tell() {
        let mut guard = ReplayGuard::default();
        assert!(guard.accept(1, 100));
        assert!(guard.accept(1, 37), "63 back is inside the window");
        assert!(!guard.accept(1, 36));
        assert!(guard.accept(1, u32::MAX));
        assert!(!guard.accept(1, 100));
        assert!(!guard.accept(1, u32::MAX));
    }

    #[test]
    fn a_restarted_edge_counts_anew_and_its_past_is_over() {
        let mut guard = ReplayGuard::default();
        assert!(guard.accept(1_700_000_000, 500));
        assert!(guard.accept(1_700_000_060, 0));
        assert!(!guard.accept(1_700_000_060, 0));
        assert!(!guard.accept(1_700_000_000, 501));
        assert!(guard.accept(1_700_000_060, 1));
    }
}
