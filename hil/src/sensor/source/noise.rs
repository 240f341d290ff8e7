//! Noise as a function of seed and instant, so that it does not depend on who asked before.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A normally distributed number for this seed and instant: mean 0, deviation 1.
pub(super) fn gaussian(seed: u64, us: u64) -> f64 {
    // Consecutive instants differ in their low bits only; the odd factor (2^64 over the golden ratio) spreads them.
    let mut random =
        Pcg64Mcg::seed_from_u64(seed.rotate_left(32) ^ us.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    // Box and Muller (1958); the first number is above 0, so that its logarithm exists.
    let u = 1.0 - unit(random.next_u64());
    let v = unit(random.next_u64());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// 53 bits as a number from 0 to below 1.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
