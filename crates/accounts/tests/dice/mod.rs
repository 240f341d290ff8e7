//! Random bytes that a test can repeat.

use accounts::{NoRandom, Random};

/// A counter, spread over the bytes: never the same twice.
#[derive(Debug, Default)]
pub struct Dice(u64);

impl Random for Dice {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        for chunk in bytes.chunks_mut(8) {
            self.0 += 1;
            let word = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}
