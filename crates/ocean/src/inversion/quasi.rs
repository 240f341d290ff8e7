//! Numbers that fill distributions evenly, always the same: this crate has no randomness.

/// The `k`-th point of Halton's sequence (1960) in the unit cube, bases 2, 3, 5, 7, 11, 13, 17; never on its border.
pub(super) fn point(k: usize) -> [f64; 7] {
    [2usize, 3, 5, 7, 11, 13, 17].map(|base| {
        // The first points of all bases lie on a line: begin later.
        let (mut rest, mut digit, mut value) = (k + 20, 1.0 / base as f64, 0.0);
        while rest > 0 {
            value += (rest % base) as f64 * digit;
            rest /= base;
            digit /= base as f64;
        }
        value
    })
}

/// Standard normal quantile, to about 1e-9 (enough for sampling).
pub(super) fn normal(p: f64) -> f64 {
    crate::forecast::normal::quantile(p)
}

/// A stream of standard normal numbers from a counter: SplitMix64 (Steele et al. 2014) and the quantile.
pub(super) struct Normals(u64);

impl Normals {
    /// The stream that belongs to `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Normals(seed)
    }
}

impl Iterator for Normals {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // 53 bits, the middle of each step: never 0 or 1.
        Some(normal(((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_have_the_moments_of_normals() {
        let xs: Vec<f64> = Normals::new(7).take(20_000).collect();
        let mean = xs.iter().sum::<f64>() / 20_000.0;
        let variance = xs.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        // Standard errors 0.007 and 0.01.
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04,
            "{mean} {variance}"
        );
    }

    #[test]
    fn points_are_even() {
        let below = (0..256).filter(|&k| point(k)[4] < 0.25).count();
        assert!((56..72).contains(&below), "{below}");
        assert!((0..5000).all(|k| point(k).iter().all(|&u| u > 0.0 && u < 1.0)));
    }
}
