//! Values between samples: Lagrange's cubic through the two on either side.
//!
//! Straight lines would take 30 % off a wave of four samples halfway between two of them, and 8 % off one of eight; the cubic takes
//! 12 % and 1 %.

/// Weights of samples `k - 1`, `k`, `k + 1` and `k + 2` for a value at `k + part`, `part` in 0..1.
pub(super) fn weights(part: f64) -> [f64; 4] {
    let (a, b, c, d) = (part + 1.0, part, part - 1.0, part - 2.0);
    [
        -b * c * d / 6.0,
        a * c * d / 2.0,
        -a * b * d / 2.0,
        a * b * c / 6.0,
    ]
}

/// A place among samples: which four, and their weights. Beyond either end the last sample serves again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The four samples.
    pub(super) at: [usize; 4],
    /// Their weights.
    pub(super) weights: [f64; 4],
}

impl Place {
    /// The place of a number of samples after the first; `None` outside them.
    pub(super) fn of(place: f64, samples: usize) -> Option<Self> {
        (place >= 0.0 && place <= (samples - 1) as f64).then(|| {
            let k = (place.floor() as usize).min(samples.saturating_sub(2));
            let last = samples - 1;
            Place {
                at: [k.saturating_sub(1), k, (k + 1).min(last), (k + 2).min(last)],
                weights: weights(place - k as f64),
            }
        })
    }

    /// The value of a series there.
    pub(super) fn value(&self, series: &[f64]) -> f64 {
        self.at
            .iter()
            .zip(&self.weights)
            .map(|(&k, w)| w * series[k])
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cubics_are_met_and_waves_nearly() {
        let cubic: Vec<f64> = (0..9)
            .map(|k| f64::from(k).powi(3) - 20.0 * f64::from(k))
            .collect();
        for x in [1.0, 3.25, 6.9] {
            let exact = x * x * x - 20.0 * x;
            assert!((Place::of(x, 9).unwrap().value(&cubic) - exact).abs() < 1e-9);
        }
        // Halfway between samples a crest of eight samples is 1 % low.
        let phase = |k: f64| (k - 15.5) * std::f64::consts::TAU / 8.0;
        let wave: Vec<f64> = (0..33).map(|k| phase(f64::from(k)).cos()).collect();
        let crest = Place::of(15.5, 33).unwrap().value(&wave);
        assert!((0.985..1.0).contains(&crest), "{crest}");
        assert!(Place::of(-0.1, 9).is_none() && Place::of(8.1, 9).is_none());
        assert_eq!(Place::of(8.0, 9).unwrap().value(&cubic), cubic[8]);
        assert_eq!(Place::of(0.0, 9).unwrap().value(&cubic), cubic[0]);
    }
}
