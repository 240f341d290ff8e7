//! What is believed about the slip before the sea has spoken.
//!
//! A [`Prior`] is a mixture of normal distributions, one for each guess at the earthquake: a size and a stretch of the trench.
//! Within a guess the slip is normal, with a mean and a covariance; between guesses the data decide, by the evidence that each
//! of them has.
//!
//! # With an earthquake solution
//! | part | value | source |
//! |---|---|---|
//! | magnitude | normal, sigma hypot(0.2, 0.09), in steps of 0.2; at least 2 % of the middle's weight for each size up to 1.2 above, since magnitudes saturate | [`MAGNITUDE_SIGMA`] (minutes after the origin, assumed); the rest is the rigidity's 30-44 GPa at given moment |
//! | length, width | log-normal, sigma 0.180 and 0.173 in log10 | Strasser et al. 2010 |
//! | hypocentre | anywhere within the rupture (one guess for each third of its length), itself off by 15 km (sigma) | assumed: location errors of the first minutes are 10-30 km |
//! | width | at most that of the unit sources there; the slip grows instead | moment is kept |
//! | slip within | 0.75 of the mean (standard deviation) | assumed: between 0.5 (LeVeque et al. 2016) and 0.9 (customary with Melgar's FakeQuakes) |
//! | correlation | exponential, 0.4 of length and of width | exponential: LeVeque et al. 2016; lengths rounded from 17.7 km + 0.35 of the length and 6.7 km + 0.41 of the width (Melgar & Hayes 2019) |
//! | moment | that of the size, sigma 0.2 within a guess | half the step between sizes |
//! | rupture | 2.0 km/s from the hypocentre; a place slips for half the time that its width takes | [`RUPTURE_VELOCITY_KM_S`]; the error is part of the timing error |
//!
//! Mean and covariance of a guess are the moments of 128 ruptures that fill these distributions evenly, and of the slip's
//! variation within them.
//!
//! With an epicentre alone, all magnitudes from 7.0 to 9.4 are equally probable.
//!
//! # Without one
//! The same ruptures at any place along the trench and any depth of the interface, of magnitudes 7.0 to 9.5, all places and all
//! magnitudes equally probable. All of it slips half the earthquake's duration after the origin (assumed to grow with the cube root of the moment), give or take a minute. One guess in twenty is a field of slip without
//! mean, anywhere, for sources that are no such rupture.
//!
//! Slip on an interface runs forward: see [`super::positive`]. Where a posterior mean is clearly negative all the same, the data ask for
//! something that the interface does not do.

use ndarray::{Array1, Array2};

use super::dense;
use super::geometry;
use super::rupture::{Along, Guess, Stretch, guess};
use crate::forecast::MAGNITUDE_SIGMA;
use crate::quake::{MAGNITUDE_MAX, MAGNITUDE_MIN, Quake, QuakeError};
use crate::response::UnitSource;
use crate::source::{length_km, moment_nm, slip_m, width_km};

/// What the spread of the rigidity (30-44 GPa: a third) amounts to, in magnitude units: ln(44 / 30) / 2 / (1.5 ln 10), rounded up.
const RIGIDITY_SIGMA: f64 = 0.09;
/// Step between the sizes of the mixture, magnitude units: the moment doubles.
const MAGNITUDE_STEP: f64 = 0.2;
/// Sizes on either side of the reported magnitude: 2.7 standard deviations.
const STEPS: i32 = 3;
/// Sizes beyond it: the first magnitudes of the largest earthquakes saturate (Tohoku 2011: 7.9 after three minutes, 9.0 in the end;
/// Sumatra 2004: 8.0 and 9.1-9.3).
const STEPS_LARGER: i32 = 6;
/// Least weight of a size above the report, where the report itself has 1 (assumed: one chance in thirty for all of them).
const SATURATED_WEIGHT: f64 = 0.02;
/// Smallest and largest magnitude where none is known.
const PLACE_MAGNITUDES: (f64, f64) = (7.0, 9.4);
/// The magnitude whose timing error is taken then.
const PLACE_MAGNITUDE: f64 = 8.8;
/// Longest time for the rupture to arrive anywhere, seconds: the longest known (Sumatra 2004) took eight to ten minutes.
const DELAY_MAX_S: f64 = 600.0;
/// Standard deviation of the epicentre, kilometres, each way.
const EPICENTRE_SIGMA_KM: f64 = 15.0;
/// How probable it is that the hypocentre lies in each third of the rupture's length: normal about the middle with a standard deviation
/// of 0.23 of the length (assumed; they are not spread evenly, Mai et al. 2005).
const HYPOCENTRE_THIRDS: [f64; 3] = [0.235, 0.53, 0.235];
/// Relative standard deviation of the moment within a size.
const MOMENT_SIGMA_PART: f64 = 0.2;
/// Velocity at which the rupture leaves the hypocentre, km/s: 1.5-3 for interface events, slower towards the trench (assumed).
pub const RUPTURE_VELOCITY_KM_S: f64 = 2.0;
/// How long a place slips, as part of the time that the rupture needs to run its width: until the news of the edges arrives
/// (Day 1982). It slips half way through, on average.
const RISE_PART: f64 = 0.5;
/// Sizes of the mixture without an earthquake solution, each for a quarter of a magnitude on either side.
const BROAD_MAGNITUDES: [f64; 5] = [7.25, 7.75, 8.25, 8.75, 9.25];
/// Half the step between them.
const BROAD_HALF_STEP: f64 = 0.25;
/// Distance between the places of a size, as part of the rupture's length.
const PLACES_PART: f64 = 0.5;
/// And at least, kilometres: places closer than unit sources are wide teach nothing.
const PLACES_MIN_KM: f64 = 50.0;
/// Probability of a field of slip without mean.
const FIELD_WEIGHT: f64 = 0.05;
/// Sizes whose mean slip and correlation such a field may have.
const FIELD_MAGNITUDES: [f64; 3] = [7.5, 8.25, 9.0];
/// Standard deviation of the delay of the whole source when no hypocentre is known from which it spread, seconds: the half duration of
/// an Mw 8.7 earthquake.
const BROAD_DELAY_SIGMA_S: f64 = 60.0;
/// The same with an earthquake solution: at least this (rise time, velocity).
const DELAY_SIGMA_MIN_S: f64 = 20.0;
/// And at least this part of the time that the rupture needs to run half its length.
const DELAY_SIGMA_PART: f64 = 0.3;

/// Why there is no prior.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PriorError {
    /// The earthquake is outside the limits of [`crate::quake`].
    #[error(transparent)]
    Quake(#[from] QuakeError),
    /// The table has no unit sources.
    #[error("no unit sources: there is nothing that could slip")]
    NoUnits,
    /// A unit source has a size, place or direction that is no number, or no size.
    #[error(
        "unit source {index} ({id}) is no patch of an interface: sizes positive, all numbers finite, dip below 90 degrees"
    )]
    Unit {
        /// Position in the table.
        index: usize,
        /// Its identifier.
        id: String,
    },
    /// No unit source where the earthquake was.
    #[error(
        "the nearest unit source lies {distance_km:.0} km from the epicentre, which the rupture ({reach_km:.0} km) does not reach"
    )]
    Elsewhere {
        /// Distance to the nearest unit source, kilometres.
        distance_km: f64,
        /// How far the rupture may reach, kilometres.
        reach_km: f64,
    },
}

/// What is believed about the slip of a table's unit sources, and when each begins to slip.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    pub(super) guesses: Vec<Guess>,
    /// When each unit source slips, seconds after the origin.
    pub(super) delay_s: Vec<f64>,
    /// Standard deviation of a delay that all share, seconds.
    pub(super) delay_sigma_s: f64,
}

impl Prior {
    /// What an earthquake solution says about the slip of these unit sources.
    ///
    /// # Errors
    /// [`PriorError`] when the earthquake is outside the limits of [`crate::quake`], no unit source is near, or a unit source
    /// is no patch of an interface.
    pub fn from_quake(units: &[UnitSource], quake: &Quake) -> Result<Self, PriorError> {
        quake.check()?;
        let sigma = MAGNITUDE_SIGMA.hypot(RIGIDITY_SIGMA);
        let sizes = (-STEPS..=STEPS_LARGER).filter_map(|step| {
            let off = f64::from(step) * MAGNITUDE_STEP;
            let likely = (-0.5 * (off / sigma).powi(2)).exp();
            let saturated = if step > 0 { SATURATED_WEIGHT } else { 0.0 };
            let magnitude = quake.magnitude + off;
            // Beyond the largest earthquake there is nothing to saturate towards.
            let possible = step == 0 || (MAGNITUDE_MIN..=MAGNITUDE_MAX).contains(&magnitude);
            possible.then_some((magnitude, likely.max(saturated)))
        });
        Self::near(
            units,
            quake.lat,
            quake.lon,
            sizes.collect(),
            quake.magnitude,
        )
    }

    /// What an epicentre (degrees) says, while nothing is known of the magnitude or what is known is not to be trusted: all magnitudes
    /// from 7.0 to 9.5 are equally probable.
    ///
    /// # Errors
    /// [`PriorError`] when the place is none, no unit source is near, or a unit source is no patch of an interface.
    pub fn from_place(units: &[UnitSource], lat: f64, lon: f64) -> Result<Self, PriorError> {
        let anyone = Quake {
            id: String::new(),
            magnitude: PLACE_MAGNITUDE,
            lat,
            lon,
            depth_km: 0.0,
            origin_us: 0,
        };
        anyone.check()?;
        let count = ((PLACE_MAGNITUDES.1 - PLACE_MAGNITUDES.0) / MAGNITUDE_STEP).round() as usize;
        let sizes = (0..=count).map(|k| (PLACE_MAGNITUDES.0 + k as f64 * MAGNITUDE_STEP, 1.0));
        Self::near(units, lat, lon, sizes.collect(), PLACE_MAGNITUDE)
    }

    /// Ruptures of several magnitudes, each with its weight, whose hypocentre is near a place. The timing is as uncertain as that of
    /// `magnitude`.
    fn near(
        units: &[UnitSource],
        lat: f64,
        lon: f64,
        sizes: Vec<(f64, f64)>,
        magnitude: f64,
    ) -> Result<Self, PriorError> {
        check(units)?;
        let seen = geometry::seen_from(units, lat, lon);
        let distance_km = seen
            .iter()
            .map(|s| s.distance_km)
            .fold(f64::INFINITY, f64::min);
        let reach_km = 0.5 * length_km(magnitude) + 100.0;
        if distance_km > reach_km {
            return Err(PriorError::Elsewhere {
                distance_km,
                reach_km,
            });
        }
        let mut guesses = Vec::new();
        for (magnitude, weight) in sizes {
            let rise_s = RISE_PART * width_km(magnitude) / RUPTURE_VELOCITY_KM_S;
            for (third, part) in HYPOCENTRE_THIRDS.into_iter().enumerate() {
                let from = third as f64 / 3.0;
                let stretch = Stretch {
                    magnitude,
                    half_step: 0.0,
                    along: Along::Within(from..from + 1.0 / 3.0),
                    place_sigma_km: EPICENTRE_SIGMA_KM,
                    moment_sigma_part: Some(MOMENT_SIGMA_PART),
                    delay_s: 0.5 * rise_s,
                };
                guesses.extend(guess(units, &seen, &stretch, weight * part));
            }
        }
        let half_s = 0.5 * length_km(magnitude) / RUPTURE_VELOCITY_KM_S;
        Ok(Prior {
            guesses: with_total_one(guesses),
            delay_s: seen
                .iter()
                .map(|s| (s.distance_km / RUPTURE_VELOCITY_KM_S).min(DELAY_MAX_S))
                .collect(),
            delay_sigma_s: DELAY_SIGMA_MIN_S.max(DELAY_SIGMA_PART * half_s),
        })
    }

    /// What is believed when nothing but the sea's records are known: anything anywhere. See the module.
    ///
    /// One station cannot tell places on either side of it that are equally far: use [`Prior::from_place`] wherever there is an
    /// epicentre (the origin of the time axis came with one), and this where there are several stations and none.
    ///
    /// # Errors
    /// [`PriorError`] when there are no unit sources or one is no patch of an interface.
    pub fn broad(units: &[UnitSource]) -> Result<Self, PriorError> {
        check(units)?;
        let mut guesses = Vec::new();
        for magnitude in BROAD_MAGNITUDES {
            let apart_km = (PLACES_PART * length_km(magnitude)).max(PLACES_MIN_KM);
            let places = geometry::spread(units, apart_km);
            let weight = (1.0 - FIELD_WEIGHT) / (BROAD_MAGNITUDES.len() * places.len()) as f64;
            let stretch = Stretch {
                magnitude,
                half_step: BROAD_HALF_STEP,
                along: Along::About(0.5 * apart_km),
                place_sigma_km: 0.0,
                moment_sigma_part: None,
                delay_s: half_duration_s(magnitude),
            };
            for place in places {
                let seen = geometry::seen_from(units, units[place].lat, units[place].lon);
                guesses.extend(guess(units, &seen, &stretch, weight));
            }
        }
        for magnitude in FIELD_MAGNITUDES {
            let (along, down) = (length_km(magnitude), width_km(magnitude));
            let alike = geometry::correlation(units, 0.5 * along, 0.5 * down);
            guesses.push(Guess {
                magnitude,
                weight: FIELD_WEIGHT / FIELD_MAGNITUDES.len() as f64,
                units: (0..units.len()).collect(),
                delay_s: half_duration_s(magnitude),
                mean: Array1::zeros(units.len()),
                factor: dense::low_rank(&(alike * slip_m(magnitude).powi(2)), 0.0),
            });
        }
        Ok(Prior {
            guesses: with_total_one(guesses),
            delay_s: vec![0.0; units.len()],
            delay_sigma_s: BROAD_DELAY_SIGMA_S,
        })
    }

    /// Mean slip of each unit source before the data, metres.
    pub fn mean_m(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.delay_s.len()];
        for guess in &self.guesses {
            for (&unit, slip) in guess.units.iter().zip(&guess.mean) {
                mean[unit] += guess.weight * slip;
            }
        }
        mean
    }

    /// Covariance of the slip over all guesses about zero, square metres: what a basis must span.
    pub(super) fn second_moment(&self) -> Array2<f64> {
        let n = self.delay_s.len();
        let mut total = Array2::zeros((n, n));
        for guess in &self.guesses {
            let mean = guess.mean.view().insert_axis(ndarray::Axis(1));
            let moment = guess.factor.dot(&guess.factor.t()) + mean.dot(&mean.t());
            for (row, &i) in moment.rows().into_iter().zip(&guess.units) {
                for (value, &j) in row.iter().zip(&guess.units) {
                    total[[i, j]] += guess.weight * value;
                }
            }
        }
        total
    }
}

/// Half the duration of an earthquake, seconds, by which its centroid follows its origin: 1.05e-8 times the cube root of the moment in
/// dyn cm (assumed: 77 s at Mw 9.0).
fn half_duration_s(magnitude: f64) -> f64 {
    1.05e-8 * (1e7 * moment_nm(magnitude)).cbrt()
}

fn with_total_one(mut guesses: Vec<Guess>) -> Vec<Guess> {
    let total: f64 = guesses.iter().map(|g| g.weight).sum();
    guesses.iter_mut().for_each(|g| g.weight /= total);
    guesses
}

fn check(units: &[UnitSource]) -> Result<(), PriorError> {
    if units.is_empty() {
        return Err(PriorError::NoUnits);
    }
    let bad = units.iter().position(|u| {
        let finite = [u.lat, u.lon, u.depth_km, u.strike_deg]
            .iter()
            .all(|v| v.is_finite());
        let sized = [u.length_km, u.width_km]
            .iter()
            .all(|v| *v > 0.0 && v.is_finite());
        !(finite && sized && u.lat.abs() <= 90.0 && (0.0..90.0).contains(&u.dip_deg))
    });
    bad.map_or(Ok(()), |index| {
        Err(PriorError::Unit {
            index,
            id: units[index].id.clone(),
        })
    })
}
