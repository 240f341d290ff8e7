//! Instants on the node's monotonic clock, and how to compare them.
//!
//! The counter is 64 bits of microseconds and wraps; two instants are compared by their wrapping distance, so every
//! deadline less than 292,000 years ahead is ordered correctly, also across the wrap. Nothing here reads a clock.

/// Whether `now_us` is at or past `at_us`.
pub(crate) const fn reached(now_us: u64, at_us: u64) -> bool {
    now_us.wrapping_sub(at_us) < 1 << 63
}

/// Microseconds from `since_us` to `now_us`; zero when `since_us` still lies ahead.
pub(crate) const fn elapsed(now_us: u64, since_us: u64) -> u64 {
    if reached(now_us, since_us) {
        now_us.wrapping_sub(since_us)
    } else {
        0
    }
}

/// The earlier of two instants.
pub(crate) const fn earlier(a_us: u64, b_us: u64) -> u64 {
    if reached(a_us, b_us) { b_us } else { a_us }
}

/// The earlier of two optional instants.
pub(crate) fn earliest(a_us: Option<u64>, b_us: Option<u64>) -> Option<u64> {
    match (a_us, b_us) {
        (Some(a), Some(b)) => Some(earlier(a, b)),
        (some, None) | (None, some) => some,
    }
}

/// Exponential back-off: `first_us` doubled once per attempt, at most `limit_us`.
pub(crate) fn backed_off(first_us: u64, limit_us: u64, attempts: u32) -> u64 {
    // 2^20 of any useful first delay is beyond any useful limit; the bound keeps the shift defined.
    first_us
        .saturating_mul(1 << attempts.min(20))
        .min(limit_us.max(first_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_compare_across_the_wrap() {
        let before = u64::MAX - 5;
        let after = before.wrapping_add(10);
        assert!(reached(after, before));
        assert!(!reached(before, after));
        assert!(reached(before, before));
        assert_eq!(elapsed(after, before), 10);
        assert_eq!(elapsed(before, after), 0);
        assert_eq!(earlier(after, before), before);
        assert_eq!(earliest(None, Some(after)), Some(after));
    }

    #[test]
    fn back_off_doubles_and_stops_at_its_limit() {
        assert_eq!(backed_off(500, 3_000, 0), 500);
        assert_eq!(backed_off(500, 3_000, 2), 2_000);
        assert_eq!(backed_off(500, 3_000, 3), 3_000);
        assert_eq!(backed_off(500, 3_000, u32::MAX), 3_000);
        assert_eq!(
            backed_off(500, 0, 4),
            500,
            "a limit below the first delay cannot shorten it"
        );
    }
}
