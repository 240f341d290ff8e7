//! Pauses between attempts: doubled each time, with jitter, so that a thousand edges do not return in step.

use std::time::Duration;

/// A sequence of pauses.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    limit: Duration,
    current: Duration,
    seed: u64,
}

impl Backoff {
    /// Pauses from `first` to `limit`.
    pub fn new(first: Duration, limit: Duration) -> Self {
        // Without randomness all edges would agree on the jitter; the pauses are still right then.
        let seed = getrandom::u64().unwrap_or(0x9e37_79b9_7f4a_7c15) | 1;
        Self {
            first,
            limit,
            current: first,
            seed,
        }
    }

    /// The next pause: between half and all of the current step, which then doubles.
    pub fn pause(&mut self) -> Duration {
        // xorshift64 (Marsaglia 2003): jitter needs spread, not secrecy.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let fraction = 0.5 + (self.seed >> 11) as f64 / (1u64 << 54) as f64;
        let length = self.current.mul_f64(fraction);
        self.current = (self.current * 2).min(self.limit);
        length
    }

    /// It worked: begin with the first pause again.
    pub fn reset(&mut self) {
        self.current = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_within_its_limits_and_starts_again() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for step in [100, 200, 400, 800, 1_000, 1_000] {
            let pause = backoff.pause();
            assert!(
                pause >= Duration::from_millis(step / 2) && pause <= Duration::from_millis(step),
                "{pause:?} {step}"
            );
        }
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(100));
    }
}
