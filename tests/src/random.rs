//! Random numbers from a seed, so that a failure can be played again.

/// SplitMix64 (Steele, Lea and Flood 2014): small, and every seed is a good one.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A sequence of its own for every seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed in `WATCHFIRE_SEED`, or one from the clock. Print it: a failure is played again with it.
    ///
    /// # Panics
    /// When the variable is no number.
    pub fn seed() -> u64 {
        match std::env::var("WATCHFIRE_SEED") {
            Ok(text) => text.parse().expect("WATCHFIRE_SEED is a number"),
            Err(_) => clock::Clock::System.now_us() as u64 % 1_000_000,
        }
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, `high` excluded.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }

    /// Puts the items in another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.between(0, i as u64 + 1) as usize);
        }
    }
}
