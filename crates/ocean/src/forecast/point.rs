//! A place that people ask about, and what is forecast there.

use serde::{Deserialize, Serialize};

use super::normal;

/// A place for which a forecast is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Identifier, unique among the points of one forecast.
    pub id: String,
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east, any multiple of 360.
    pub lon: f64,
    /// True: the height at the shore is wanted. False: the height over the depth of the sea there (a buoy).
    pub coastal: bool,
}

/// Why a point has no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum Unanswered {
    /// Its coordinates are not finite or no place on Earth.
    #[error("latitude {lat}, longitude {lon} is no place on Earth")]
    NoPlace {
        /// Latitude as given.
        lat: f64,
        /// Longitude as given.
        lon: f64,
    },
    /// It lies outside the grid.
    #[error("outside the grid")]
    OutsideGrid,
    /// No sea within reach of it.
    #[error("no sea within {within_km} km")]
    NoSea {
        /// Distance searched, kilometres.
        within_km: f64,
    },
    /// There is sea, and no way for the wave to get there on this grid.
    #[error("no way for the wave to get there on this grid")]
    Unreached,
}

/// What is forecast at a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointForecast {
    /// The point's identifier.
    pub id: String,
    /// First arrival, seconds after the origin; zero inside the source.
    pub arrival_s: f64,
    /// Standard deviation of the arrival, seconds.
    pub arrival_sigma_s: f64,
    /// Median amplitude of the largest wave above the undisturbed sea, metres.
    pub median_m: f64,
    /// Standard deviation of the natural logarithm of the amplitude, all causes together.
    pub sigma_ln: f64,
    /// The part of [`Self::sigma_ln`] that all points of the event share (the source's size). Not above it.
    pub common_sigma_ln: f64,
}

impl PointForecast {
    /// The part of [`Self::sigma_ln`] that belongs to this point alone.
    pub fn own_sigma_ln(&self) -> f64 {
        (self.sigma_ln * self.sigma_ln - self.common_sigma_ln * self.common_sigma_ln)
            .max(0.0)
            .sqrt()
    }

    /// Amplitude in metres that is not exceeded with probability `p`; 0 at `p <= 0`, infinite at `p >= 1`, NaN
    /// for NaN. `quantile_m(0.5)` is the median.
    pub fn quantile_m(&self, p: f64) -> f64 {
        if p.is_nan() {
            return f64::NAN;
        }
        if p <= 0.0 {
            return 0.0;
        }
        if p >= 1.0 {
            return f64::INFINITY;
        }
        self.median_m * (self.sigma_ln * normal::quantile(p)).exp()
    }

    /// Probability that the amplitude exceeds `height_m`; 1 for heights of zero and below.
    pub fn probability_above(&self, height_m: f64) -> f64 {
        if height_m <= 0.0 {
            return 1.0;
        }
        let distance = (height_m / self.median_m).ln();
        if self.sigma_ln > 0.0 {
            normal::upper_tail(distance / self.sigma_ln)
        } else if distance.is_nan() {
            f64::NAN
        } else {
            f64::from(distance < 0.0)
        }
    }
}
