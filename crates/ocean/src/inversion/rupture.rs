//! Ruptures that fill a distribution of size and place evenly, and the moments of their slip.

use std::ops::Range;

use ndarray::{Array1, Array2};

use super::geometry::{self, Seen};
use super::{dense, quasi};
use crate::response::UnitSource;
use crate::source::{
    LOG_LENGTH_SIGMA, LOG_WIDTH_SIGMA, RIGIDITY_PA, length_km, moment_nm, width_km,
};

/// Ruptures that stand for one guess.
const RUPTURES: usize = 128;
/// Standard deviation of the slip within a rupture as part of its mean. See [`super::prior`].
const SLIP_VARIATION: f64 = 0.75;
/// Correlation lengths of the slip as part of length and width. See [`super::prior`].
const CORRELATION_PART: f64 = 0.4;
/// Part of a guess's variance that its factor may leave out.
const TOLERANCE: f64 = 0.02;
/// Units whose mean slip is below this part of the largest do not belong to the guess.
const NEGLIGIBLE: f64 = 1e-3;

/// One guess at the earthquake: a size and a stretch of the trench.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guess {
    pub(super) magnitude: f64,
    /// Probability before the data.
    pub(super) weight: f64,
    /// Mean delay of the whole source beyond that of each unit source, seconds.
    pub(super) delay_s: f64,
    /// Unit sources that may slip.
    pub(super) units: Vec<usize>,
    /// Their mean slip, metres.
    pub(super) mean: Array1<f64>,
    /// Factor of their covariance, `factor factor^T`, square metres.
    pub(super) factor: Array2<f64>,
}

/// A size and where its ruptures lie with respect to a place on the interface.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) magnitude: f64,
    /// Half the width of the magnitudes that the guess stands for.
    pub(super) half_step: f64,
    pub(super) along: Along,
    /// Standard deviation of the place, kilometres, each way.
    pub(super) place_sigma_km: f64,
    /// Standard deviation of the moment as part of it, where the magnitude is known.
    pub(super) moment_sigma_part: Option<f64>,
    /// Mean delay of the whole source, seconds.
    pub(super) delay_s: f64,
}

/// How ruptures lie along strike.
#[derive(Debug, Clone)]
pub(super) enum Along {
    /// The place is this part of the rupture's length from its beginning, evenly.
    Within(Range<f64>),
    /// The rupture's middle is within this distance of the place, evenly, kilometres; the place says nothing about depth.
    About(f64),
}

/// Mean and covariance of the slip for one guess; `None` when its ruptures miss all unit sources.
pub(super) fn guess(
    units: &[UnitSource],
    seen: &[Seen],
    stretch: &Stretch,
    weight: f64,
) -> Option<Guess> {
    let all = ruptures(units, seen, stretch);
    let count = all.nrows() as f64;
    let mean = all.sum_axis(ndarray::Axis(0)) / count;
    let most = mean.iter().copied().fold(0.0, f64::max);
    let chosen: Vec<usize> = (0..units.len())
        .filter(|&k| mean[k] > NEGLIGIBLE * most)
        .collect();
    if chosen.is_empty() {
        return None;
    }
    let slips = all.select(ndarray::Axis(1), &chosen);
    let mean = mean.select(ndarray::Axis(0), &chosen);
    let within: Vec<UnitSource> = chosen.iter().map(|&k| units[k].clone()).collect();
    let products = slips.t().dot(&slips) / count;
    let alike = geometry::correlation(
        &within,
        CORRELATION_PART * length_km(stretch.magnitude),
        CORRELATION_PART * width_km(stretch.magnitude),
    );
    // Schur products of covariances are covariances.
    let mut covariance = &products * &(alike * SLIP_VARIATION.powi(2));
    let column = mean.view().insert_axis(ndarray::Axis(1));
    covariance += &products;
    covariance -= &column.dot(&column.t());
    if let Some(part) = stretch.moment_sigma_part {
        // Whatever slips, the moment is the size's: one more measurement.
        let per_metre: Array1<f64> = within.iter().map(moment_of_unit_nm).collect();
        let spread = covariance.dot(&per_metre);
        let variance = per_metre.dot(&spread) + (part * per_metre.dot(&mean)).powi(2);
        let spread = spread.insert_axis(ndarray::Axis(1));
        covariance.scaled_add(-1.0 / variance, &spread.dot(&spread.t()));
    }
    Some(Guess {
        magnitude: stretch.magnitude,
        weight,
        delay_s: stretch.delay_s,
        units: chosen,
        mean,
        factor: dense::low_rank(&covariance, TOLERANCE),
    })
}

/// Seismic moment of one metre of slip on a unit source, N m.
pub(super) fn moment_of_unit_nm(unit: &UnitSource) -> f64 {
    RIGIDITY_PA * unit.length_km * unit.width_km * 1e6
}

/// Slip of the unit sources in ruptures that fill the distribution of size and place evenly: one rupture a row.
fn ruptures(units: &[UnitSource], seen: &[Seen], stretch: &Stretch) -> Array2<f64> {
    let mut slips = Array2::zeros((RUPTURES, units.len()));
    for (k, mut row) in slips.rows_mut().into_iter().enumerate() {
        let u = quasi::point(k);
        let magnitude = stretch.magnitude + stretch.half_step * (2.0 * u[6] - 1.0);
        let length = length_km(magnitude) * 10f64.powf(LOG_LENGTH_SIGMA * quasi::normal(u[0]));
        let width = width_km(magnitude) * 10f64.powf(LOG_WIDTH_SIGMA * quasi::normal(u[1]));
        let off = |u| stretch.place_sigma_km * quasi::normal(u);
        let begin = match &stretch.along {
            Along::Within(part) => -length * (part.start + u[2] * (part.end - part.start)),
            Along::About(reach) => reach * (2.0 * u[2] - 1.0) - 0.5 * length,
        } + off(u[4]);
        let along = (begin, begin + length);
        let (top, bottom) = extent_down(units, seen, along);
        let width = width.min(bottom - top);
        let shallow = match stretch.along {
            Along::Within(_) => (off(u[5]) - u[3] * width).min(bottom - width).max(top),
            Along::About(_) => top + u[3] * (bottom - width - top),
        };
        let down = (shallow, shallow + width);
        let mut moment = 0.0;
        for ((slip, unit), at) in row.iter_mut().zip(units).zip(seen) {
            let part = covered(at.along_km, unit.length_km, along)
                * covered(at.down_km, unit.width_km, down)
                * taper((at.along_km - begin) / length);
            *slip = part;
            moment += part * moment_of_unit_nm(unit);
        }
        // Where much of the rupture lies beyond the table's ends, the rest keeps its slip instead of taking the whole moment.
        let least = 0.4 * RIGIDITY_PA * length * width * 1e6;
        row.mapv_inplace(|part| part * moment_nm(magnitude) / moment.max(least));
    }
    slips
}

/// Slip along a rupture: elliptical, as of a crack (Eshelby 1957), not below a fifth so that a unit source at its end keeps some.
/// Down dip it stays even: whether it reached the trench is not known beforehand.
fn taper(part: f64) -> f64 {
    let x = 2.0 * part - 1.0;
    (1.0 - x * x).max(0.04).sqrt()
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
