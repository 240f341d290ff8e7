//! How many frames of one node are taken: one that babbles must not crowd out the others.
//!
//! A token bucket that holds two seconds' worth. It is asked only about authentic frames that were not seen before, so that
//! nobody can use up another's share by forging its number or by repeating its frames. Findings have one of their own: a flood
//! of readings does not hold them up.

use std::time::Duration;

/// Frames that may still be taken, and since when.
#[derive(Debug, Clone)]
pub struct Pace {
    per_s: f64,
    left: f64,
    at: Duration,
}

impl Pace {
    /// A full bucket.
    pub fn new(frames_per_s: u32) -> Self {
        let per_s = f64::from(frames_per_s);
        Self {
            per_s,
            left: 2.0 * per_s,
            at: Duration::ZERO,
        }
    }

    /// From now on this many.
    pub fn set(&mut self, frames_per_s: u32) {
        self.per_s = f64::from(frames_per_s);
        self.left = self.left.min(2.0 * self.per_s);
    }

    /// Takes one at `now`, counted from any fixed instant; false when there is none.
    #[must_use]
    pub fn take(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.left = (self.left + passed * self.per_s).min(2.0 * self.per_s);
        let taken = self.left >= 1.0;
        if taken {
            self.left -= 1.0;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_only_the_pace() {
        let mut pace = Pace::new(10);
        let taken = |pace: &mut Pace, ms: u64| {
            (0..100)
                .filter(|_| pace.take(Duration::from_millis(ms)))
                .count()
        };
        assert_eq!(taken(&mut pace, 0), 20);
        assert_eq!(taken(&mut pace, 500), 5);
        assert_eq!(taken(&mut pace, 100), 0, "time does not run back");
        assert_eq!(taken(&mut pace, 600_000), 20, "no more is saved up");
        pace.set(1);
        assert_eq!(taken(&mut pace, 1_200_000), 2);
    }
}
