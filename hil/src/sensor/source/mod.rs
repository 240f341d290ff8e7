//! Where the values of a virtual sensor come from: plain functions of virtual time.
//!
//! A source is asked for any instant in any order and always gives the same answer; nothing in it moves. Outside a
//! recorded series, and where the record has a gap that is too long, there is no value: a sensor then does not answer,
//! since a last value held for ever would read as calm.

mod noise;
mod series;
mod water;

pub use series::{Between, MAX_POINTS, Points, PointsError};
pub use water::{STANDARD_ATMOSPHERE_PA, Water};

use crate::fault::Window;
use noise::gaussian;

/// A value that changes with virtual time.
#[derive(Clone, Debug)]
pub struct Source {
    shape: Shape,
    /// Factor and term that make the sensor's unit out of the shape's.
    conversion: (f64, f64),
    water: Option<Water>,
    noise: Option<Noise>,
    wrongs: Vec<(Window, Distortion)>,
}

/// What the value does over time.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Always the same.
    Constant(f64),
    /// `mean + amplitude * sin(2 pi (t / period + phase))`.
    Sine {
        /// The middle.
        mean: f64,
        /// Half of what it swings.
        amplitude: f64,
        /// One swing, microseconds, above 0.
        period_us: u64,
        /// Where in the swing it starts, in turns: 0.25 is the crest.
        phase: f64,
    },
    /// Values at instants: steps, ramps, recorded series.
    Points(Points),
}

#[derive(Clone, Copy, Debug)]
struct Noise {
    deviation: f64,
    seed: u64,
}

/// How a wrong sensor distorts what it measures: `value * scale + offset`, or a value that stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distortion {
    /// `value * scale + offset`.
    Linear {
        /// Factor.
        scale: f64,
        /// What is added, in the source's unit.
        offset: f64,
    },
    /// The value it had when the fault began, for as long as the fault lasts.
    Stuck,
}

impl Source {
    /// A source of this shape.
    #[must_use]
    pub const fn new(shape: Shape) -> Self {
        Self {
            shape,
            conversion: (1.0, 0.0),
            water: None,
            noise: None,
            wrongs: Vec::new(),
        }
    }

    /// Always `value`.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Self::new(Shape::Constant(value))
    }

    /// Converts the shape's values: `value * scale + offset`, for a record in another unit than the sensor's.
    #[must_use]
    pub const fn converted(mut self, scale: f64, offset: f64) -> Self {
        self.conversion = (scale, offset);
        self
    }

    /// Takes the shape's values for metres of water above the mean and gives the absolute pressure at the sea floor.
    #[must_use]
    pub const fn under_water(mut self, water: Water) -> Self {
        self.water = Some(water);
        self
    }

    /// Adds noise with this standard deviation (in the unit of the converted shape), the same at the same instant for the same seed.
    #[must_use]
    pub const fn with_noise(mut self, deviation: f64, seed: u64) -> Self {
        self.noise = Some(Noise { deviation, seed });
        self
    }

    /// Distorts the values within a window; several distortions act one after the other.
    pub fn distort(&mut self, window: Window, distortion: Distortion) {
        self.wrongs.push((window, distortion));
    }

    /// The value at `us`, distorted as it may be.
    #[must_use]
    pub fn value(&self, us: u64) -> Option<f64> {
        self.distorted(us, self.wrongs.len())
    }

    /// The value at `us` without faults.
    #[must_use]
    pub fn true_value(&self, us: u64) -> Option<f64> {
        let bare = match &self.shape {
            Shape::Constant(value) => *value,
            Shape::Sine {
                mean,
                amplitude,
                period_us,
                phase,
            } => {
                let period = (*period_us).max(1);
                // The remainder first: a long run keeps its precision.
                let turns = (us % period) as f64 / period as f64 + phase;
                mean + amplitude * (std::f64::consts::TAU * turns).sin()
            }
            Shape::Points(points) => points.value(us)?,
        };
        let (scale, offset) = self.conversion;
        let converted = bare * scale + offset;
        let noisy = self.noise.map_or(converted, |noise| {
            converted + noise.deviation * gaussian(noise.seed, us)
        });
        Some(self.water.map_or(noisy, |water| water.pressure_pa(noisy)))
    }

    /// The mean from `start_us` over `length_us`, of nine equidistant values: what an integrating instrument gives.
    #[must_use]
    pub fn mean(&self, start_us: u64, length_us: u64) -> Option<f64> {
        const PARTS: u64 = 8;
        if length_us < PARTS {
            return self.value(start_us);
        }
        // Trapezoids: the ends count half.
        let mut sum = 0.0;
        for part in 0..=PARTS {
            let at_us = start_us.saturating_add(length_us / PARTS * part);
            let weight = if part == 0 || part == PARTS { 0.5 } else { 1.0 };
            sum += weight * self.value(at_us)?;
        }
        Some(sum / PARTS as f64)
    }

    /// The value with the first `count` distortions.
    fn distorted(&self, us: u64, count: usize) -> Option<f64> {
        let Some((window, distortion)) =
            count.checked_sub(1).and_then(|last| self.wrongs.get(last))
        else {
            return self.true_value(us);
        };
        match distortion {
            Distortion::Stuck if window.contains(us) => self.distorted(window.begin_us, count - 1),
            Distortion::Linear { scale, offset } if window.contains(us) => {
                Some(self.distorted(us, count - 1)? * scale + offset)
            }
            Distortion::Stuck | Distortion::Linear { .. } => self.distorted(us, count - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_swings_and_keeps_its_phase_for_years() {
        let source = Source::new(Shape::Sine {
            mean: 230.0,
            amplitude: 10.0,
            period_us: 4_000_000,
            phase: 0.0,
        });
        for (us, expected) in [(0, 230.0), (1_000_000, 240.0), (3_000_000, 220.0)] {
            for years in [0, 10] {
                let us = us + years * 31_536_000_000_000;
                let value = source.value(us).expect("a value");
                assert!((value - expected).abs() < 1e-9, "{us}: {value}");
            }
        }
    }

    #[test]
    fn noise_depends_on_seed_and_instant_alone_and_has_the_deviation_asked_for() {
        let source = Source::constant(5.0).with_noise(0.5, 3);
        let values: Vec<f64> = (0..20_000)
            .filter_map(|k| source.value(k * 15_000_000))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        // Of 20,000 values the mean scatters by 0.0035 and the deviation by 0.0025: four times that is allowed.
        assert!((mean - 5.0).abs() < 0.014, "{mean}");
        assert!((variance.sqrt() - 0.5).abs() < 0.01, "{variance}");
        assert_eq!(source.value(45_000_000), source.clone().value(45_000_000));
        let other = Source::constant(5.0).with_noise(0.5, 4);
        assert_ne!(source.value(45_000_000), other.value(45_000_000));
    }

    #[test]
    fn distortions_act_in_their_windows_one_after_the_other() {
        let mut source = Source::new(Shape::Points(
            Points::new(vec![(0, Some(0.0)), (100, Some(100.0))], Between::Linear).expect("points"),
        ));
        source.distort(Window::new(10, Some(30)), Distortion::Stuck);
        let double = Distortion::Linear {
            scale: 2.0,
            offset: 1.0,
        };
        source.distort(Window::new(20, Some(50)), double);
        let values: Vec<_> = [5, 10, 19, 20, 29, 30, 49, 50]
            .map(|us| source.value(us).expect("a value"))
            .into();
        assert_eq!(values, [5.0, 10.0, 10.0, 21.0, 21.0, 61.0, 99.0, 50.0]);
    }

    #[test]
    fn the_mean_of_a_ramp_is_its_middle_and_of_a_gap_nothing() {
        let ramp = Source::new(Shape::Points(
            Points::new(
                vec![(0, Some(0.0)), (1_000_000, Some(1.0)), (2_000_000, None)],
                Between::Linear,
            )
            .expect("points"),
        ));
        let mean = ramp.mean(200_000, 400_000).expect("a mean");
        assert!((mean - 0.4).abs() < 1e-12, "{mean}");
        assert_eq!(ramp.mean(900_000, 400_000), None);
    }
}
