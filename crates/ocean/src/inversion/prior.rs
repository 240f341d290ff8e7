//! What is believed about the slip before the sea has spoken.
//!
//! A [`Prior`] is a mixture of normal distributions, one for each of a few sizes of the earthquake. Within a size the slip
//! is normal, with a mean and a covariance; between sizes the data decide, by the evidence that each size has.
//!
//! # With an earthquake solution
//! | part | value | source |
//! |---|---|---|
//! | magnitude | normal, sigma hypot(0.2, 0.09) | [`MAGNITUDE_SIGMA`] (minutes after the origin, assumed); the rest is the rigidity's 30-44 GPa at given moment |
//! | length, width | log-normal, sigma 0.180 and 0.173 in log10 | Strasser et al. 2010 |
//! | hypocentre | anywhere within the rupture, itself off by 15 km (sigma) | assumed: location errors of the first minutes are 10-30 km |
//! | width | at most that of the unit sources there; the slip grows instead | moment is kept |
//! | slip within | 0.75 of the mean (standard deviation) | assumed: between 0.5 (LeVeque et al. 2016) and 0.9 (Melgar & Hayes 2019) |
//! | correlation | exponential, 0.4 of length and of width | LeVeque et al. 2016 after Mai & Beroza 2002 |
//! | moment | that of the size, sigma 0.2 within a size | half the step between sizes |
//! | rupture velocity | 2.5 km/s from the hypocentre | 2-3 km/s is customary for interface events; the error is part of the timing error |
//!
//! Mean and covariance of the rupture's place and extent are the moments of 256 ruptures that fill these distributions evenly.
//!
//! # Without one
//! Zero mean, the slip of each size anywhere: the standard deviation is the mean slip of a rupture of that size, the correlation
//! half its length and width, all sizes equally probable. Only the data say where.
//!
//! Slip is not forced to be positive. Where a posterior mean is clearly negative, the data ask for something that the unit
//! sources cannot do.

use ndarray::{Array1, Array2};

use super::geometry::{self, Seen};
use super::quasi;
use crate::forecast::MAGNITUDE_SIGMA;
use crate::quake::{MAGNITUDE_MAX, MAGNITUDE_MIN, Quake, QuakeError};
use crate::response::UnitSource;
use crate::source::{
    LOG_LENGTH_SIGMA, LOG_WIDTH_SIGMA, RIGIDITY_PA, length_km, moment_nm, slip_m, width_km,
};

/// What the spread of the rigidity (30-44 GPa: a third) amounts to, in magnitude units: ln(44 / 30) / 2 / (1.5 ln 10), rounded up.
const RIGIDITY_SIGMA: f64 = 0.09;
/// Step between the sizes of the mixture, magnitude units: the moment doubles.
const MAGNITUDE_STEP: f64 = 0.2;
/// Sizes on either side of the reported magnitude: 2.7 standard deviations.
const STEPS: i32 = 3;
/// Ruptures that stand for the distribution of place and extent of one size.
const RUPTURES: usize = 256;
/// Standard deviation of the epicentre, kilometres, each way.
const EPICENTRE_SIGMA_KM: f64 = 15.0;
/// Standard deviation of the slip within a rupture as part of its mean. See the module.
const SLIP_VARIATION: f64 = 0.75;
/// Correlation lengths of the slip as part of length and width. See the module.
const CORRELATION_PART: f64 = 0.4;
/// Relative standard deviation of the moment within a size.
const MOMENT_SIGMA_PART: f64 = 0.2;
/// Velocity at which the rupture leaves the hypocentre, km/s.
pub const RUPTURE_VELOCITY_KM_S: f64 = 2.5;
/// Sizes of the mixture without an earthquake solution.
const BROAD_MAGNITUDES: [f64; 6] = [7.0, 7.5, 8.0, 8.5, 9.0, 9.5];
/// Standard deviation of the delay of the whole source when no origin of its waves is known but the time axis, seconds: half the
/// duration of an Mw 9 rupture of 600 km at [`RUPTURE_VELOCITY_KM_S`], both ways.
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

/// One size of the earthquake.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Size {
    pub(super) magnitude: f64,
    /// Probability before the data.
    pub(super) weight: f64,
    /// Mean slip of each unit source, metres.
    pub(super) mean: Array1<f64>,
    /// Covariance of the slip, square metres.
    pub(super) covariance: Array2<f64>,
}

/// What is believed about the slip of a table's unit sources, and when each begins to slip.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    pub(super) sizes: Vec<Size>,
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
        check(units)?;
        let seen = geometry::seen_from(units, quake.lat, quake.lon);
        let distance_km = seen
            .iter()
            .map(|s| s.distance_km)
            .fold(f64::INFINITY, f64::min);
        let reach_km = 0.5 * length_km(quake.magnitude) + 100.0;
        if distance_km > reach_km {
            return Err(PriorError::Elsewhere {
                distance_km,
                reach_km,
            });
        }
        let sigma = MAGNITUDE_SIGMA.hypot(RIGIDITY_SIGMA);
        let sizes: Vec<Size> = (-STEPS..=STEPS)
            .map(|step| (f64::from(step) * MAGNITUDE_STEP, quake.magnitude))
            .map(|(off, m)| (off, (m + off).clamp(MAGNITUDE_MIN, MAGNITUDE_MAX)))
            .map(|(off, magnitude)| {
                let weight = (-0.5 * (off / sigma).powi(2)).exp();
                sized(units, &seen, magnitude, weight)
            })
            .collect();
        let half_s = 0.5 * length_km(quake.magnitude) / RUPTURE_VELOCITY_KM_S;
        Ok(Prior {
            sizes: with_total_one(sizes),
            delay_s: seen
                .iter()
                // Beyond the largest rupture nothing slips; do not let its delay run away.
                .map(|s| (s.distance_km / RUPTURE_VELOCITY_KM_S).min(2.0 * half_s))
                .collect(),
            delay_sigma_s: DELAY_SIGMA_MIN_S.max(DELAY_SIGMA_PART * half_s),
        })
    }

    /// What is believed when nothing but the sea's records are known: anything anywhere. See the module.
    ///
    /// # Errors
    /// [`PriorError`] when there are no unit sources or one is no patch of an interface.
    pub fn broad(units: &[UnitSource]) -> Result<Self, PriorError> {
        check(units)?;
        let sizes = BROAD_MAGNITUDES
            .iter()
            .map(|&magnitude| Size {
                magnitude,
                weight: 1.0,
                mean: Array1::zeros(units.len()),
                covariance: geometry::correlation(
                    units,
                    0.5 * length_km(magnitude),
                    0.5 * width_km(magnitude),
                ) * slip_m(magnitude).powi(2),
            })
            .collect();
        Ok(Prior {
            sizes: with_total_one(sizes),
            delay_s: vec![0.0; units.len()],
            delay_sigma_s: BROAD_DELAY_SIGMA_S,
        })
    }

    /// Mean slip of each unit source before the data, metres.
    pub fn mean_m(&self) -> Vec<f64> {
        let mut mean = Array1::zeros(self.delay_s.len());
        for size in &self.sizes {
            mean.scaled_add(size.weight, &size.mean);
        }
        mean.to_vec()
    }

    /// Covariance of the slip over all sizes about zero, square metres: what a basis must span.
    pub(super) fn second_moment(&self) -> Array2<f64> {
        let n = self.delay_s.len();
        let mut total = Array2::zeros((n, n));
        for size in &self.sizes {
            total.scaled_add(size.weight, &size.covariance);
            let mean = size.mean.view().insert_axis(ndarray::Axis(1));
            total.scaled_add(size.weight, &mean.dot(&mean.t()));
        }
        total
    }
}

fn with_total_one(mut sizes: Vec<Size>) -> Vec<Size> {
    let total: f64 = sizes.iter().map(|s| s.weight).sum();
    sizes.iter_mut().for_each(|s| s.weight /= total);
    sizes
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

/// Seismic moment of one metre of slip on a unit source, N m.
pub(super) fn moment_of_unit_nm(unit: &UnitSource) -> f64 {
    RIGIDITY_PA * unit.length_km * unit.width_km * 1e6
}

/// Mean and covariance of the slip for one size.
fn sized(units: &[UnitSource], seen: &[Seen], magnitude: f64, weight: f64) -> Size {
    let slips = ruptures(units, seen, magnitude);
    let count = slips.nrows() as f64;
    let mean = slips.sum_axis(ndarray::Axis(0)) / count;
    let products = slips.t().dot(&slips) / count;
    let alike = geometry::correlation(
        units,
        CORRELATION_PART * length_km(magnitude),
        CORRELATION_PART * width_km(magnitude),
    );
    // Schur products of covariances are covariances.
    let mut covariance = &products * &(alike * SLIP_VARIATION.powi(2));
    let column = mean.view().insert_axis(ndarray::Axis(1));
    covariance += &products;
    covariance -= &column.dot(&column.t());
    // Whatever slips, the moment is the size's: one more measurement.
    let per_metre: Array1<f64> = units.iter().map(moment_of_unit_nm).collect();
    let moment = per_metre.dot(&mean);
    let spread = covariance.dot(&per_metre);
    let variance = per_metre.dot(&spread) + (MOMENT_SIGMA_PART * moment).powi(2);
    if variance > 0.0 {
        let spread = spread.view().insert_axis(ndarray::Axis(1));
        covariance.scaled_add(-1.0 / variance, &spread.dot(&spread.t()));
    }
    Size {
        magnitude,
        weight,
        mean,
        covariance,
    }
}

/// Slip of the unit sources in ruptures that fill the distribution of size and place evenly: one rupture a row.
fn ruptures(units: &[UnitSource], seen: &[Seen], magnitude: f64) -> Array2<f64> {
    let mut slips = Array2::zeros((RUPTURES, units.len()));
    for (k, mut row) in slips.rows_mut().into_iter().enumerate() {
        let u: [f64; 6] = quasi::point(k);
        let length = length_km(magnitude) * 10f64.powf(LOG_LENGTH_SIGMA * quasi::normal(u[0]));
        let width = width_km(magnitude) * 10f64.powf(LOG_WIDTH_SIGMA * quasi::normal(u[1]));
        let off = |u| EPICENTRE_SIGMA_KM * quasi::normal(u);
        let along = (off(u[4]) - u[2] * length, off(u[4]) + (1.0 - u[2]) * length);
        let (top, bottom) = extent_down(units, seen, along);
        let width = width.min(bottom - top);
        let shallow = (off(u[5]) - u[3] * width).min(bottom - width).max(top);
        let down = (shallow, shallow + width);
        let mut moment = 0.0;
        for ((slip, unit), at) in row.iter_mut().zip(units).zip(seen) {
            let part = covered(at.along_km, unit.length_km, along)
                * covered(at.down_km, unit.width_km, down);
            *slip = part;
            moment += part * moment_of_unit_nm(unit);
        }
        // Where much of the rupture lies beyond the table's ends, the rest keeps its slip instead of taking the whole moment.
        let least = 0.4 * RIGIDITY_PA * length * width * 1e6;
        row.mapv_inplace(|part| part * moment_nm(magnitude) / moment.max(least));
    }
    slips
}

/// Upper and lower end of the unit sources under a stretch of the trench, kilometres down dip from the hypocentre.
fn extent_down(units: &[UnitSource], seen: &[Seen], along: (f64, f64)) -> (f64, f64) {
    let near = units
        .iter()
        .zip(seen)
        .filter(|(u, s)| covered(s.along_km, u.length_km, along) > 0.0);
    let (top, bottom) = near.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (u, s)| {
        (
            a.min(s.down_km - 0.5 * u.width_km),
            b.max(s.down_km + 0.5 * u.width_km),
        )
    });
    if top < bottom {
        (top, bottom)
    } else {
        (-50.0, 50.0)
    }
}

/// Part of a stretch of `size` round `centre` that lies within `range`.
fn covered(centre: f64, size: f64, range: (f64, f64)) -> f64 {
    let low = (centre - 0.5 * size).max(range.0);
    let high = (centre + 0.5 * size).min(range.1);
    ((high - low) / size).clamp(0.0, 1.0)
}
