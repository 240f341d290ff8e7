//! Taking the tide out of a sea-level record, knowing only its past.
//!
//! The record before the event is fitted by the main constituents, a level and a slope (harmonic analysis, Doodson 1921;
//! Schureman 1958). Every amplitude has a prior from the equilibrium tide, so that a record of a few hours - on which M2, S2 and N2
//! look alike - is continued by their most probable mixture instead of by a wild one. What remains is the tsunami, the
//! noise, and a slow error whose size is told ([`Noise::drift_m_h`]).
//!
//! Robust: codes for missing values, spikes and waves of earlier events in the past do not bend the fit (medians over ten
//! minutes, rejection beyond six scaled median deviations). A record that has no tide in it any more stays what it is.
//!
//! Refuses: to look at anything at or after the instant given to [`Tide::fit`]; to fit less than [`SPAN_MIN_S`] of record.

mod constituents;
mod statistics;

use ndarray::{Array1, Array2};

use crate::inversion::{Noise, dense};
use constituents::{GAIN, MAIN};
pub use statistics::IntervalNoise;

/// Shortest record before the event that is fitted, seconds: less says nothing about the noise.
pub const SPAN_MIN_S: f64 = 1800.0;
/// Longest stretch that is used, seconds: a lunar month separates M2 from N2; older data say nothing about today's weather.
pub const SPAN_MAX_S: f64 = 30.0 * 86_400.0;
/// Records are reduced to medians over this long, seconds.
const BIN_S: f64 = 600.0;
/// Largest distance from the median of the record that is taken for a sea level, metres: the largest tidal range is 16 m.
const ABSURD_M: f64 = 50.0;
/// Standard deviation of a steady drift, metres a day: weather and instruments (assumed).
const SLOPE_SIGMA_M_DAY: f64 = 0.05;
/// Smallest error of a ten-minute median, metres: resolution of a millimetre.
const BIN_SIGMA_MIN_M: f64 = 0.0005;
/// And as part of the record's own standard deviation: constituents that are not fitted and weather bend every record by more than
/// its noise; without this a few hours would be fitted to the millimetre and continued wildly.
const BIN_SIGMA_PART: f64 = 0.01;
/// First guess of the same, metres.
const BIN_SIGMA_M: f64 = 0.01;
/// Medians farther from the fit than this many scaled median deviations are left out.
const REJECT: f64 = 6.0;
/// Rounds of fitting and rejecting.
const ROUNDS: usize = 5;
/// How long before the event the level is taken from, seconds.
const LEVEL_S: f64 = 3.0 * 3600.0;
/// A raw record that repeats one value for so long, seconds, while the tide goes on by [`STUCK_TIDE_M`], is stuck.
const STUCK_S: f64 = 1200.0;
/// See [`STUCK_S`].
const STUCK_TIDE_M: f64 = 0.005;
/// Columns before the constituents: level and slope.
const TREND: usize = 2;

/// Why there is no tide.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum TideError {
    /// Times and heights differ in number.
    #[error("{times} times and {heights} heights")]
    Lengths {
        /// Number of times.
        times: usize,
        /// Number of heights.
        heights: usize,
    },
    /// Not enough record before the event.
    #[error(
        "{span_s:.0} s of usable record before the event in {medians} pieces: too little to know the tide and the noise"
    )]
    TooShort {
        /// Length of what there is, seconds.
        span_s: f64,
        /// Ten-minute medians.
        medians: usize,
    },
    /// The instant is no number.
    #[error("the instant of the event is not a number")]
    Instant,
}

/// The tide at one station, continued from its record before an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Tide {
    until_s: f64,
    middle_m: f64,
    level_m: f64,
    parts: Array1<f64>,
    noise: Noise,
    intervals: Vec<IntervalNoise>,
}

/// A record without its tide.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Residual {
    /// Times of the samples kept, ascending, on the axis of the record.
    pub times_s: Vec<f64>,
    /// Heights above the tide, metres.
    pub heights_m: Vec<f64>,
    /// Samples left out: missing, or no sea level at all.
    pub dropped: usize,
    /// True when the record's last samples repeat one value while the tide goes on.
    pub stuck: bool,
}

impl Tide {
    /// Learns the tide and the noise from what was recorded before `until_s`. Times are seconds on any axis, in any order and
    /// spacing; heights are metres above any level, not a number or absurd where missing.
    ///
    /// # Errors
    /// [`TideError`] when there is too little to learn from.
    pub fn fit(times_s: &[f64], heights_m: &[f64], until_s: f64) -> Result<Self, TideError> {
        if !until_s.is_finite() {
            return Err(TideError::Instant);
        }
        let past = samples(times_s, heights_m, |t| {
            t < until_s && t >= until_s - SPAN_MAX_S
        })?;
        let middle_m = median(past.iter().map(|s| s.1).collect());
        let past: Vec<(f64, f64)> = past
            .into_iter()
            .filter(|s| (s.1 - middle_m).abs() <= ABSURD_M)
            .map(|(t, h)| (t - until_s, h - middle_m))
            .collect();
        let medians = medians(&past);
        let span_s = medians.last().map_or(0.0, |m| m.0) - medians.first().map_or(0.0, |m| m.0);
        if medians.len() < 4 || span_s < SPAN_MIN_S {
            let medians = medians.len();
            return Err(TideError::TooShort { span_s, medians });
        }
        let (parts, spread) = fitted(&medians);
        let mut tide = Tide {
            until_s,
            middle_m,
            level_m: 0.0,
            parts,
            noise: Noise::assumed(),
            intervals: Vec::new(),
        };
        let left: Vec<(f64, f64)> = medians
            .iter()
            .map(|&(t, h)| (t, h - row(t).dot(&tide.parts)))
            .collect();
        // Weather goes on from where it is now rather than from its mean.
        let now: Vec<f64> = left
            .iter()
            .filter(|s| s.0 >= -LEVEL_S)
            .map(|s| s.1)
            .collect();
        if !now.is_empty() {
            tide.level_m = median(now);
        }
        let left: Vec<(f64, f64)> = past
            .iter()
            .map(|&(t, h)| (t, h - row(t).dot(&tide.parts)))
            .collect();
        let ahead = row(LEVEL_S) - row(0.0);
        let ahead_m = dense::quadratic(&spread.view(), &ahead.view())
            .max(0.0)
            .sqrt();
        (tide.noise, tide.intervals) = statistics::of(&left, ahead_m / (LEVEL_S / 3600.0));
        Ok(tide)
    }

    /// Height of the tide at a time of the record's axis, metres above the record's level.
    pub fn height_m(&self, time_s: f64) -> f64 {
        self.middle_m + self.level_m + row(time_s - self.until_s).dot(&self.parts)
    }

    /// The station's noise in the band of tsunamis, before the event.
    pub fn noise(&self) -> Noise {
        self.noise
    }

    /// Standard deviation of the noise for each sampling interval that the record has.
    pub fn intervals(&self) -> &[IntervalNoise] {
        &self.intervals
    }

    /// Takes the tide out of a record, past or later.
    ///
    /// # Errors
    /// [`TideError::Lengths`].
    pub fn residual(&self, times_s: &[f64], heights_m: &[f64]) -> Result<Residual, TideError> {
        let all = samples(times_s, heights_m, |_| true)?;
        let mut residual = Residual {
            stuck: self.stuck(&all),
            ..Residual::default()
        };
        for (t, h) in all {
            let height = h - self.height_m(t);
            if height.abs() <= ABSURD_M {
                residual.times_s.push(t);
                residual.heights_m.push(height);
            }
        }
        residual.dropped = times_s.len() - residual.times_s.len();
        Ok(residual)
    }

    fn stuck(&self, all: &[(f64, f64)]) -> bool {
        let Some(&(end_s, value)) = all.last() else {
            return false;
        };
        let same = all.iter().rev().take_while(|s| s.1 == value).count();
        let begin_s = all[all.len() - same].0;
        let tide = all[all.len() - same..].iter().map(|s| self.height_m(s.0));
        let (low, high) = tide.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), h| {
            (a.min(h), b.max(h))
        });
        same >= 4 && end_s - begin_s >= STUCK_S && high - low > STUCK_TIDE_M
    }
}

/// Finite samples in order of time.
fn samples(
    times_s: &[f64],
    heights_m: &[f64],
    wanted: impl Fn(f64) -> bool,
) -> Result<Vec<(f64, f64)>, TideError> {
    if times_s.len() != heights_m.len() {
        return Err(TideError::Lengths {
            times: times_s.len(),
            heights: heights_m.len(),
        });
    }
    let mut all: Vec<(f64, f64)> = times_s
        .iter()
        .zip(heights_m)
        .map(|(&t, &h)| (t, h))
        .filter(|(t, h)| t.is_finite() && h.is_finite() && wanted(*t))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(all)
}

/// Ten-minute medians of height at the mean of their times.
fn medians(past: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let bin = |t: f64| (t / BIN_S).floor();
    past.chunk_by(|a, b| bin(a.0) == bin(b.0))
        .map(|piece| {
            let t = piece.iter().map(|s| s.0).sum::<f64>() / piece.len() as f64;
            (t, median(piece.iter().map(|s| s.1).collect()))
        })
        .collect()
}

/// One equation: level, slope, cosine and sine of each constituent, each in its prior standard deviations.
fn row(t: f64) -> Array1<f64> {
    let mut row = Array1::zeros(TREND + 2 * MAIN.len());
    row[0] = ABSURD_M;
    row[1] = SLOPE_SIGMA_M_DAY * t / 86_400.0;
    for (k, part) in MAIN.iter().enumerate() {
        let angle = (part.degrees_h * t / 3600.0).to_radians();
        // Half the variance to each phase.
        let size = GAIN * part.equilibrium_m * std::f64::consts::FRAC_1_SQRT_2;
        row[TREND + 2 * k] = size * angle.cos();
        row[TREND + 2 * k + 1] = size * angle.sin();
    }
    row
}

/// Parts of the tide and their covariance.
fn fitted(medians: &[(f64, f64)]) -> (Array1<f64>, Array2<f64>) {
    let rows: Vec<Array1<f64>> = medians.iter().map(|m| row(m.0)).collect();
    let size = TREND + 2 * MAIN.len();
    let mut kept = vec![true; medians.len()];
    let (mut sigma, mut parts) = (BIN_SIGMA_M, Array1::zeros(size));
    let mut covariance = Array2::eye(size);
    let mean = medians.iter().map(|m| m.1).sum::<f64>() / medians.len() as f64;
    let range = medians.iter().map(|m| (m.1 - mean).powi(2)).sum::<f64>() / medians.len() as f64;
    let least = BIN_SIGMA_MIN_M.max(BIN_SIGMA_PART * range.sqrt());
    for _ in 0..ROUNDS {
        let (mut a, mut b) = (
            Array2::<f64>::zeros((size, size)),
            Array1::<f64>::zeros(size),
        );
        for ((row, median), _) in rows.iter().zip(medians).zip(&kept).filter(|(_, k)| **k) {
            b.scaled_add(median.1, row);
            for (i, mut line) in a.rows_mut().into_iter().enumerate() {
                line.scaled_add(row[i], row);
            }
        }
        a.diag_mut().mapv_inplace(|d| d + sigma * sigma);
        let factor = dense::cholesky_with_jitter(&a);
        dense::forward(&factor, &mut b.view_mut());
        dense::backward(&factor, &mut b.view_mut());
        parts = b;
        covariance = inverse(&factor) * (sigma * sigma);
        let left: Vec<f64> = rows
            .iter()
            .zip(medians)
            .map(|(row, m)| m.1 - row.dot(&parts))
            .collect();
        // 1.4826 turns a median deviation into a standard deviation of normal errors.
        let scale = 1.4826 * median(left.iter().map(|x| x.abs()).collect());
        let scale = scale.max(least);
        kept = left.iter().map(|x| x.abs() <= REJECT * scale).collect();
        // Neighbouring medians err alike: as many independent ones as the memory of their errors leaves.
        sigma = scale * memory(&left, &kept).sqrt();
    }
    (parts, covariance)
}

/// How many medians in a row err alike, from the correlation of neighbours.
fn memory(left: &[f64], kept: &[bool]) -> f64 {
    let (mut products, mut squares, mut pairs) = (0.0, 0.0, 0usize);
    for k in 1..left.len() {
        if kept[k] && kept[k - 1] {
            products += left[k] * left[k - 1];
            squares += 0.5 * (left[k].powi(2) + left[k - 1].powi(2));
            pairs += 1;
        }
    }
    if pairs < 10 || squares <= 0.0 {
        return 1.0;
    }
    let r = (products / squares).clamp(0.0, 0.97);
    (1.0 + r) / (1.0 - r)
}

fn inverse(factor: &Array2<f64>) -> Array2<f64> {
    let mut inverse = Array2::eye(factor.nrows());
    for mut column in inverse.columns_mut() {
        dense::forward(factor, &mut column);
        dense::backward(factor, &mut column);
    }
    inverse
}

/// Median; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let (middle, even) = (values.len() / 2, values.len().is_multiple_of(2));
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if even {
        0.5 * (below.iter().copied().fold(f64::NEG_INFINITY, f64::max) + upper)
    } else {
        upper
    }
}
