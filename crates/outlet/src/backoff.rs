//! When a failed delivery is tried again.

use std::time::Duration;

/// Exponential back-off with jitter: after the k-th failure in a row the pause is between half and the whole of
/// `first * 2^(k-1)`, at most `longest`. The jitter keeps subscribers that failed together from coming back together; it comes from a
/// seed, so that a test sees the same pauses each time.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    seed: u64,
}

impl Backoff {
    /// A schedule. `longest` below `first` counts as `first`.
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self {
            first,
            longest: longest.max(first),
            seed,
        }
    }

    /// The pause after `in_a_row` failures. What the receiver asks for (`Retry-After`) holds if it is longer, up to `longest`: a message
    /// is worth more than a server's wish to be left alone for a day.
    pub fn pause(&mut self, in_a_row: u32, asked_for: Option<Duration>) -> Duration {
        let doublings = in_a_row.saturating_sub(1).min(20);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = whole / 2;
        let pause = half + half.mul_f64(self.unit());
        pause.max(asked_for.unwrap_or_default()).min(self.longest)
    }

    /// A number in 0..1 (SplitMix64: Steele, Lea and Flood 2014).
    fn unit(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // The upper 53 bits fill a double's mantissa.
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_not_all_alike() {
        let mut backoff = Backoff::new(s(2), s(300), 7);
        for (in_a_row, whole) in [
            (1, 2),
            (2, 4),
            (3, 8),
            (8, 256),
            (9, 300),
            (4_000_000_000, 300),
        ] {
            for _ in 0..200 {
                let pause = backoff.pause(in_a_row, None);
                assert!(
                    pause >= s(whole) / 2 && pause <= s(whole),
                    "{in_a_row}: {pause:?}"
                );
            }
        }
        let some: std::collections::BTreeSet<_> = (0..50).map(|_| backoff.pause(5, None)).collect();
        assert!(some.len() > 40, "{some:?}");
        let again = |seed| Backoff::new(s(2), s(300), seed).pause(5, None);
        assert_eq!(again(1), again(1));
        assert_ne!(again(1), again(2));
    }

    #[test]
    fn what_the_receiver_asks_for_holds_within_bounds() {
        let mut backoff = Backoff::new(s(2), s(300), 7);
        assert_eq!(backoff.pause(1, Some(s(60))), s(60));
        assert_eq!(backoff.pause(1, Some(s(86_400))), s(300));
        assert!(backoff.pause(9, Some(s(1))) >= s(150));
    }
}
