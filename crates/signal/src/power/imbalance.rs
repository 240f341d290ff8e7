//! Imbalance of three phases.
//!
//! Magnitudes alone have two definitions in use. [`deviation`] is NEMA MG-1's: the largest deviation from the mean over the mean. NEMA
//! means voltages between lines; of voltages to neutral it is IEEE's phase voltage unbalance rate (assumed), which does not see angles.
//! [`negative_sequence`] is IEC's ratio of negative to positive sequence from three voltages between lines, by the formula of
//! IEC 61000-4-30 (assumed; checked here against phasors). The detector uses the first, which holds for voltages to neutral and for
//! currents too: what the shipped meters give.

use super::condition::{Condition, Rules, Told, above, higher};

/// Largest deviation from the mean over the mean; `None` when the mean is not above zero.
#[must_use]
pub fn deviation(values: [f64; 3]) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / 3.0;
    if !(mean.is_finite() && mean > 0.0) {
        return None;
    }
    Some(values.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max) / mean)
}

/// Ratio of negative to positive sequence from three voltages between lines; `None` when they make no triangle.
#[must_use]
pub fn negative_sequence(between_lines: [f64; 3]) -> Option<f64> {
    let [a, b, c] = between_lines.map(|v| v * v);
    let square = a + b + c;
    if !(square.is_finite() && square > 0.0) {
        return None;
    }
    let beta = (a * a + b * b + c * c) / (square * square);
    let inner = 3.0 - 6.0 * beta;
    // Equal sides give 1 / 3 up to rounding; a triangle that lies flat gives 1 / 2.
    if inner < -1e-12 {
        return None;
    }
    let root = libm::sqrt(inner.max(0.0));
    Some(libm::sqrt(((1.0 - root) / (1.0 + root)).max(0.0)))
}

/// How a set of three is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    pub limit: f64,
    /// A set with a value below it is not compared, and ends what was found.
    pub floor: f64,
    pub together_us: i64,
}

/// Three values that belong together.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Imbalance {
    condition: Condition,
    last: [(i64, f64); 3],
    /// Which phases have come since the last set.
    come: u8,
}

impl Imbalance {
    pub(super) const IDLE: Self = Self {
        condition: Condition::IDLE,
        last: [(0, 0.0); 3],
        come: 0,
    };

    /// Takes one phase's value; judges when all three have come together.
    pub(super) fn step(
        &mut self,
        time_us: i64,
        phase: usize,
        value: f64,
        set: Set,
        rules: Rules,
    ) -> Option<Told> {
        let Set {
            limit,
            floor,
            together_us,
        } = set;
        let slot = self.last.get_mut(phase)?;
        *slot = (time_us, value.abs());
        self.come |= 1 << phase;
        if self.come != 0b111 {
            return None;
        }
        let times = self.last.map(|l| l.0);
        let spread = times.iter().max()?.saturating_sub(*times.iter().min()?);
        if spread > together_us {
            return None;
        }
        self.come = 0;
        let values = self.last.map(|l| l.1);
        if values.iter().any(|v| *v < floor) {
            return self.condition.end();
        }
        let share = deviation(values)?;
        let verdict = above(share, limit, limit / 5.0);
        self.condition.step(time_us, verdict, share, higher, rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nema_by_its_textbook_example() {
        // 462, 463, 455: mean 460, largest deviation 5.
        assert!((deviation([462.0, 463.0, 455.0]).unwrap() - 5.0 / 460.0).abs() < 1e-12);
        assert_eq!(deviation([0.0; 3]), None);
        assert_eq!(deviation([f64::NAN, 1.0, 1.0]), None);
    }

    /// The formula from magnitudes against the definition from phasors.
    #[test]
    fn negative_sequence_agrees_with_phasors() {
        use std::f64::consts::TAU;
        for (positive, negative, angle) in
            [(230.0, 0.0, 0.0), (230.0, 4.6, 1.0), (230.0, 60.0, 2.5)]
        {
            let phasor = |k: f64| {
                let (p, n) = (-k * TAU / 3.0, angle + k * TAU / 3.0);
                (
                    positive * p.cos() + negative * n.cos(),
                    positive * p.sin() + negative * n.sin(),
                )
            };
            let phases = [phasor(0.0), phasor(1.0), phasor(2.0)];
            let line = |i: usize| {
                let (a, b) = (phases[i], phases[(i + 1) % 3]);
                (a.0 - b.0).hypot(a.1 - b.1)
            };
            let ratio = negative_sequence([line(0), line(1), line(2)]).unwrap();
            assert!((ratio - negative / positive).abs() < 1e-7, "{ratio}");
        }
        assert_eq!(negative_sequence([1.0, 1.0, 3.0]), None);
        assert_eq!(negative_sequence([0.0; 3]), None);
    }
}
