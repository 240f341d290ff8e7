//! Learning from a measurement: the amplitudes seen at sensors correct the size of the source, and with it the
//! forecast everywhere.
//!
//! Model: `ln(true_k / median_k) = s + e_k`, with s ~ N(0, common^2) shared by all points of the event and e_k ~
//! N(0, own_k^2) of each point; a sensor measures the truth with error N(0, measurement^2). All normal, so the posterior
//! of s is exact: its precision is the sum of the precisions, its mean their weighted mean. A forecast is moved by
//! the mean, its common part narrows, its own part stays.
//!
//! The measured points' own parts are taken as independent. Two sensors side by side on the same path are not: give one.
//! One Observation per sensor and event, of the largest amplitude so far, once it has passed: a wave that still
//! grows is a lower bound, not a measurement.
//!
//! Laws held by tests: the posterior lies between prior and measurement, sigma never grows, order does not
//! matter, one at a time equals all at once (when the sensors' own forecasts are updated along).

use serde::{Deserialize, Serialize};

use super::PointForecast;

/// Relative error of an amplitude read off a de-tided record in the first hours (assumed): tide removal, noise, sampling.
const MEASUREMENT_SIGMA_LN: f64 = 0.1;

/// One sensor's amplitude and what was forecast there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The forecast at the sensor, in the same state as those to be updated.
    pub at: PointForecast,
    /// Largest amplitude measured, metres; its sign is not looked at.
    pub observed_m: f64,
    /// Standard deviation of the logarithm of the measurement.
    pub sigma_ln: f64,
}

impl Observation {
    /// An amplitude measured with the customary error of 10 %.
    pub fn new(at: PointForecast, observed_m: f64) -> Self {
        Observation {
            at,
            observed_m,
            sigma_ln: MEASUREMENT_SIGMA_LN,
        }
    }
}

impl From<(PointForecast, f64)> for Observation {
    fn from((at, observed_m): (PointForecast, f64)) -> Self {
        Observation::new(at, observed_m)
    }
}

/// Why a measurement cannot be used. Nothing is changed then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ObservationError {
    /// The amplitude is zero, infinite or not a number.
    #[error("observation {index} at {id}: amplitude {observed_m} m has no logarithm")]
    Amplitude {
        /// Position in the list.
        index: usize,
        /// The sensor's point.
        id: String,
        /// The amplitude as given, metres.
        observed_m: f64,
    },
    /// A forecast or an uncertainty is not a positive number, or the common part exceeds the whole.
    #[error(
        "forecast at {id}: median {median_m} m, sigma {sigma_ln}, common {common_sigma_ln} is no log-normal"
    )]
    Forecast {
        /// The point.
        id: String,
        /// Its median, metres.
        median_m: f64,
        /// Its sigma.
        sigma_ln: f64,
        /// Its common part.
        common_sigma_ln: f64,
    },
    /// The forecasts do not share one common sigma: they are of different events, or only some were updated.
    #[error(
        "forecast at {id} has common sigma {found}, the others {expected}: not of one event and state"
    )]
    Mixed {
        /// The point that differs.
        id: String,
        /// The common sigma of the first forecast.
        expected: f64,
        /// That of this one.
        found: f64,
    },
}

/// What was learned about the source.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SourceFactor {
    /// Mean of the logarithm of the factor by which all amplitudes were multiplied.
    pub mean_ln: f64,
    /// Its standard deviation: the new common sigma.
    pub sigma_ln: f64,
    /// Number of measurements used.
    pub used: usize,
}

impl SourceFactor {
    /// The factor by which the medians were multiplied.
    pub fn factor(&self) -> f64 {
        self.mean_ln.exp()
    }
}

/// Updates the forecasts of one event by what its sensors measured, and says what was learned. Without
/// measurements nothing changes. Without any forecast there is nothing to learn from and the factor is 1 +- 0.
///
/// # Errors
/// [`ObservationError`] when a number is unusable; no forecast has been changed then.
pub fn assimilate(
    forecasts: &mut [PointForecast],
    observed: &[Observation],
) -> Result<SourceFactor, ObservationError> {
    let mut common = None;
    for forecast in forecasts.iter().chain(observed.iter().map(|o| &o.at)) {
        check(forecast)?;
        let expected = *common.get_or_insert(forecast.common_sigma_ln);
        if (forecast.common_sigma_ln - expected).abs() > 1e-9 {
            let found = forecast.common_sigma_ln;
            return Err(ObservationError::Mixed {
                id: forecast.id.clone(),
                expected,
                found,
            });
        }
    }
    let common: f64 = common.unwrap_or(0.0);
    let variance = common * common;
    // In the form that survives common = 0: everything is multiplied by the prior variance.
    let (mut weight, mut pull) = (1.0, 0.0);
    for (index, o) in observed.iter().enumerate() {
        let size = o.observed_m.abs();
        if !(size.is_finite() && size > 0.0) {
            return Err(ObservationError::Amplitude {
                index,
                id: o.at.id.clone(),
                observed_m: o.observed_m,
            });
        }
        let noise = o.at.own_sigma_ln().powi(2) + o.sigma_ln * o.sigma_ln;
        if !(o.sigma_ln.is_finite() && o.sigma_ln > 0.0 && noise > 0.0) {
            return Err(unusable(&o.at));
        }
        weight += variance / noise;
        pull += variance / noise * (size / o.at.median_m).ln();
    }
    let factor = SourceFactor {
        mean_ln: pull / weight,
        sigma_ln: common / weight.sqrt(),
        used: observed.len(),
    };
    for forecast in forecasts {
        let own = forecast.own_sigma_ln();
        forecast.median_m *= factor.factor();
        forecast.common_sigma_ln = factor.sigma_ln;
        forecast.sigma_ln = own.hypot(factor.sigma_ln);
    }
    Ok(factor)
}

fn check(f: &PointForecast) -> Result<(), ObservationError> {
    let usable = f.median_m.is_finite()
        && f.median_m > 0.0
        && f.sigma_ln.is_finite()
        && f.common_sigma_ln >= 0.0
        && f.common_sigma_ln <= f.sigma_ln;
    if usable { Ok(()) } else { Err(unusable(f)) }
}

fn unusable(f: &PointForecast) -> ObservationError {
    ObservationError::Forecast {
        id: f.id.clone(),
        median_m: f.median_m,
        sigma_ln: f.sigma_ln,
        common_sigma_ln: f.common_sigma_ln,
    }
}
