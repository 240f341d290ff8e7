//! The DART tsunami detection algorithm exactly as published, as the reference to compare with.
//!
//! H. O. Mofjeld, *Tsunami Detection Algorithm*, NOAA Pacific Marine Environmental Laboratory,
//! <https://nctr.pmel.noaa.gov/tda_documentation.html>. The height expected at the next sample is a cubic through
//! four 10-minute means one hour apart:
//!
//! ```text
//! Hp(t') = sum w(i) H*(t - i h),  i = 0..3,   H* a 10-minute mean, h = 1 h, t' = t + 5 min + dt
//! ```
//!
//! with `t` the centre of the newest mean and `dt` the sampling step (15 s in the instrument, so 5.25 min). The weights
//! are Lagrange's for the nodes 0, -1, -2, -3 at `x = (5 min + dt) / 60 min`; for 15 s they are the published ones. The
//! instrument triggers when two samples in a row differ from `Hp` by more than 30 mm.
//!
//! Sampling is regular: a sample is put into the slot nearest to its time. A missing slot is left out of its
//! mean, and a mean needs half its slots. It needs 3 h 10 min of data before it says anything. It does not tell shaking from
//! a tsunami: on every Tohoku record its first trigger is the Rayleigh wave. Use [`crate::tsunami`] for warning.

/// The published threshold in deep water, m.
pub const THRESHOLD_M: f64 = 0.030;

const HOUR_US: i64 = 3_600_000_000;
const MEAN_US: i64 = 600_000_000;
/// Three hours to the oldest mean plus its ten minutes.
const SPAN_US: i64 = 3 * HOUR_US + MEAN_US;

/// Why a reference detector could not be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DartError {
    /// The step must be positive, divide one hour and be at most 10 minutes.
    Step,
    /// The threshold must be positive and finite.
    Threshold,
    /// The ring must hold this many samples: 3 h 10 min at the step.
    Capacity(usize),
}

impl core::fmt::Display for DartError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Step => f.write_str(
                "the sampling step must be positive, divide one hour and be at most 10 minutes",
            ),
            Self::Threshold => f.write_str("the threshold must be a positive number of metres"),
            Self::Capacity(need) => {
                write!(f, "the ring must hold at least {need} samples at this step")
            }
        }
    }
}

impl core::error::Error for DartError {}

/// The four weights for a sampling step, newest mean first.
#[must_use]
pub fn weights(step_us: i64) -> [f64; 4] {
    let x = (MEAN_US / 2 + step_us) as f64 / HOUR_US as f64;
    [
        (x + 1.0) * (x + 2.0) * (x + 3.0) / 6.0,
        -x * (x + 2.0) * (x + 3.0) / 2.0,
        x * (x + 1.0) * (x + 3.0) / 2.0,
        -x * (x + 1.0) * (x + 2.0) / 6.0,
    ]
}

/// What the algorithm says about one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Expected height, m.
    pub expected_m: f64,
    /// Sample minus expected, m.
    pub deviation_m: f64,
    /// Two samples in a row beyond the threshold.
    pub triggered: bool,
}

/// The algorithm's state: a ring of `N` samples (764 for 15 s, 194 for 1 min).
#[derive(Debug, Clone)]
pub struct Dart<const N: usize> {
    step_us: i64,
    threshold_m: f64,
    weights: [f64; 4],
    ring: [f64; N],
    /// Slot number of the newest sample, counted from the first sample's time.
    newest: Option<(i64, i64)>,
    beyond: bool,
}

impl<const N: usize> Dart<N> {
    /// A detector for samples every `step_us` microseconds.
    ///
    /// # Errors
    /// [`DartError`] when the step or threshold makes no sense or `N` is too small.
    pub fn new(step_us: i64, threshold_m: f64) -> Result<Self, DartError> {
        if step_us <= 0 || step_us > MEAN_US || HOUR_US % step_us != 0 {
            return Err(DartError::Step);
        }
        if !(threshold_m.is_finite() && threshold_m > 0.0) {
            return Err(DartError::Threshold);
        }
        let need = (SPAN_US / step_us) as usize + 2;
        if N < need {
            return Err(DartError::Capacity(need));
        }
        let weights = weights(step_us);
        Ok(Self {
            step_us,
            threshold_m,
            weights,
            ring: [f64::NAN; N],
            newest: None,
            beyond: false,
        })
    }

    /// Takes a sample. `None` while there is not enough history, or when the sample is not finite, not newer than the last, or
    /// in the last one's slot.
    pub fn step(&mut self, time_us: i64, height_m: f64) -> Option<Prediction> {
        if !height_m.is_finite() {
            return None;
        }
        let Some((first_us, newest)) = self.newest else {
            self.put(0, height_m);
            self.newest = Some((time_us, 0));
            return None;
        };
        let slot = (time_us
            .saturating_sub(first_us)
            .saturating_add(self.step_us / 2))
        .div_euclid(self.step_us);
        if slot <= newest {
            return None;
        }
        if slot - newest >= N as i64 {
            self.ring = [f64::NAN; N];
        } else {
            for missing in newest + 1..slot {
                self.put(missing, f64::NAN);
            }
        }
        // The expectation uses samples before this one only.
        let expected = self.expected(slot);
        self.put(slot, height_m);
        self.newest = Some((first_us, slot));
        let Some(expected_m) = expected else {
            self.beyond = false;
            return None;
        };
        let deviation_m = height_m - expected_m;
        let beyond = deviation_m > self.threshold_m || deviation_m < -self.threshold_m;
        let triggered = beyond && self.beyond;
        self.beyond = beyond;
        Some(Prediction {
            expected_m,
            deviation_m,
            triggered,
        })
    }

    fn put(&mut self, slot: i64, value: f64) {
        self.ring[slot.rem_euclid(N as i64) as usize] = value;
    }

    fn expected(&self, slot: i64) -> Option<f64> {
        let (hour, span) = (HOUR_US / self.step_us, MEAN_US / self.step_us);
        let mut expected = 0.0;
        for (i, weight) in (0..).zip(self.weights) {
            let newest = slot - 1 - i * hour;
            let (mut sum, mut count) = (0.0, 0_i64);
            for k in newest - span + 1..=newest {
                let value = self.ring[k.rem_euclid(N as i64) as usize];
                if k >= 0 && value.is_finite() {
                    sum += value;
                    count += 1;
                }
            }
            if count * 2 < span {
                return None;
            }
            expected += weight * sum / count as f64;
        }
        Some(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_published_ones() {
        let published = [1.168_184_57, -0.281_975_59, 0.146_897_46, -0.033_106_45];
        for (ours, theirs) in weights(15_000_000).into_iter().zip(published) {
            assert!((ours - theirs).abs() < 5e-9, "{ours} {theirs}");
        }
    }

    #[test]
    fn a_cubic_is_predicted_exactly_up_to_the_means() {
        let mut dart = Dart::<194>::new(60_000_000, THRESHOLD_M).unwrap();
        for minute in 0..400_i64 {
            let t = minute as f64 / 60.0;
            let line = 5000.0 + 0.2 * t;
            if let Some(prediction) = dart.step(minute * 60_000_000, line) {
                // The mean of ten 1-minute samples is centred 5.5 minutes back, the weights assume 6: half a minute of slope.
                assert!(prediction.deviation_m.abs() < 0.2 / 60.0, "{prediction:?}");
                assert!(!prediction.triggered);
            } else {
                assert!(minute < 190);
            }
        }
    }

    #[test]
    fn two_samples_in_a_row_trigger_and_one_does_not() {
        let mut dart = Dart::<764>::new(15_000_000, THRESHOLD_M).unwrap();
        let mut triggers = std::vec::Vec::new();
        for k in 0..1000_i64 {
            let spike = if k == 800 || k == 900 || k == 901 {
                0.05
            } else {
                0.0
            };
            if dart
                .step(k * 15_000_000, 4000.0 + spike)
                .is_some_and(|p| p.triggered)
            {
                triggers.push(k);
            }
        }
        assert_eq!(triggers, [901]);
    }

    #[test]
    fn refuses_what_cannot_work() {
        assert_eq!(
            Dart::<10>::new(15_000_000, 0.03).err(),
            Some(DartError::Capacity(762))
        );
        assert_eq!(Dart::<800>::new(0, 0.03).err(), Some(DartError::Step));
        assert_eq!(
            Dart::<800>::new(15_000_000, f64::NAN).err(),
            Some(DartError::Threshold)
        );
    }
}
