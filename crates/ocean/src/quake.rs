//! The earthquake as the catalogues first report it, and the limits within which this crate speaks about it.

use serde::{Deserialize, Serialize};

/// Smallest moment magnitude for which a source is built. Strasser et al. (2010) regress interface events from
/// 6.3; below 5 the extrapolation means nothing and the uplift is below a millimetre.
pub const MAGNITUDE_MIN: f64 = 5.0;
/// Largest moment magnitude: the largest recorded is 9.5 (Chile 1960); above 9.6 a report is taken as an error.
pub const MAGNITUDE_MAX: f64 = 9.6;
/// Deepest focus, kilometres. Interface rupture ends near 50-60 km (Heuret et al. 2011); below 100 km the sea
/// floor moves by millimetres even for the largest events.
pub const DEPTH_MAX_KM: f64 = 100.0;
/// Catalogues give depths slightly above sea level for shallow events; they count as zero down to here.
pub const DEPTH_MIN_KM: f64 = -10.0;

/// One report of an earthquake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quake {
    /// Catalogue identifier.
    pub id: String,
    /// Moment magnitude Mw (or the network's preferred magnitude, taken as Mw).
    pub magnitude: f64,
    /// Epicentre latitude, degrees north.
    pub lat: f64,
    /// Epicentre longitude, degrees east, any multiple of 360.
    pub lon: f64,
    /// Focal depth, kilometres below sea level.
    pub depth_km: f64,
    /// Origin time, microseconds since the Unix epoch, UTC.
    pub origin_us: i64,
}

/// Why no source can be built for an earthquake. None of these means "no tsunami".
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum QuakeError {
    /// A number is missing (NaN) or infinite.
    #[error("earthquake {field} = {value} is not a number")]
    NotANumber {
        /// Field of the report.
        field: &'static str,
        /// Its value.
        value: f64,
    },
    /// Latitude beyond a pole, or longitude beyond three turns.
    #[error("earthquake {field} = {value} degrees is no place on Earth")]
    Place {
        /// Field of the report.
        field: &'static str,
        /// Its value, degrees.
        value: f64,
    },
    /// Below [`MAGNITUDE_MIN`].
    #[error("magnitude {0} is below {MAGNITUDE_MIN}: too small for a source model")]
    TooSmall(f64),
    /// Above [`MAGNITUDE_MAX`].
    #[error(
        "magnitude {0} is above {MAGNITUDE_MAX}: larger than any earthquake recorded, taken as an error"
    )]
    TooLarge(f64),
    /// Below [`DEPTH_MAX_KM`].
    #[error("focus at {0} km is below {DEPTH_MAX_KM} km: too deep to lift the sea floor")]
    TooDeep(f64),
    /// Above [`DEPTH_MIN_KM`].
    #[error("focus at {0} km lies above the ground")]
    AboveGround(f64),
    /// A mechanism whose plane dips by less than 0 or more than 90 degrees.
    #[error("mechanism dip = {0} degrees is outside 0..90")]
    Dip(f64),
}

impl QuakeError {
    /// Stable short name, for counters.
    pub fn name(&self) -> &'static str {
        match self {
            QuakeError::NotANumber { .. } => "not_a_number",
            QuakeError::Place { .. } => "place",
            QuakeError::TooSmall(_) => "too_small",
            QuakeError::TooLarge(_) => "too_large",
            QuakeError::TooDeep(_) => "too_deep",
            QuakeError::AboveGround(_) => "above_ground",
            QuakeError::Dip(_) => "dip",
        }
    }
}

impl Quake {
    /// Checks the report against the limits of this module.
    ///
    /// # Errors
    /// The first limit that it breaks.
    pub fn check(&self) -> Result<(), QuakeError> {
        for (field, value) in [
            ("magnitude", self.magnitude),
            ("lat", self.lat),
            ("lon", self.lon),
            ("depth_km", self.depth_km),
        ] {
            if !value.is_finite() {
                return Err(QuakeError::NotANumber { field, value });
            }
        }
        if self.lat.abs() > 90.0 {
            return Err(QuakeError::Place {
                field: "lat",
                value: self.lat,
            });
        }
        if self.lon.abs() > 1080.0 {
            return Err(QuakeError::Place {
                field: "lon",
                value: self.lon,
            });
        }
        if self.magnitude < MAGNITUDE_MIN {
            return Err(QuakeError::TooSmall(self.magnitude));
        }
        if self.magnitude > MAGNITUDE_MAX {
            return Err(QuakeError::TooLarge(self.magnitude));
        }
        if self.depth_km > DEPTH_MAX_KM {
            return Err(QuakeError::TooDeep(self.depth_km));
        }
        if self.depth_km < DEPTH_MIN_KM {
            return Err(QuakeError::AboveGround(self.depth_km));
        }
        Ok(())
    }
}
