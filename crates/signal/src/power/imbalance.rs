//! Imbalance of three phases.
//!
//! [`deviation`] is NEMA MG-1's: the largest deviation from the mean over the mean. NEMA means voltages between lines; of voltages to
//! neutral it is IEEE's phase voltage unbalance rate (assumed), which does not see angles. It holds for voltages to neutral and for currents too:
//! what the shipped meters give. IEC's ratio of negative to positive sequence needs voltages between lines, which they do not.

use super::condition::{Condition, Told, above, higher};
use super::{Settings, lasting};

/// Largest deviation from the mean over the mean; `None` when the mean is not above zero.
#[must_use]
pub fn deviation(values: [f64; 3]) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / 3.0;
    if !(mean.is_finite() && mean > 0.0) {
        return None;
    }
    Some(values.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max) / mean)
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

    /// Takes one phase's value; judges when all three have come together. A set with a value below the floor is not compared, and ends
    /// what was found.
    pub(super) fn step(
        &mut self,
        time_us: i64,
        phase: usize,
        value: f64,
        limit: f64,
        floor: f64,
        settings: &Settings,
    ) -> Option<Told> {
        let slot = self.last.get_mut(phase)?;
        *slot = (time_us, value.abs());
        self.come |= 1 << phase;
        if self.come != 0b111 {
            return None;
        }
        let times = self.last.map(|l| l.0);
        let spread = times.iter().max()?.saturating_sub(*times.iter().min()?);
        if spread > settings.together_us {
            return None;
        }
        self.come = 0;
        let values = self.last.map(|l| l.1);
        if values.iter().any(|v| *v < floor) {
            return self.condition.end();
        }
        let share = deviation(values)?;
        let verdict = above(share, limit, limit / 5.0);
        self.condition
            .step(time_us, verdict, share, higher, lasting(settings))
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
}
