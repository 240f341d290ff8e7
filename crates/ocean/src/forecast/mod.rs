//! When and how high: forecasts at points, before and after the first measurement.
//!
//! [`Propagation`] is the wall behind which a model stands that carries waves from an earthquake to points. [`FirstEstimate`]
//! is ready within a second of the earthquake, [`Modelled`] within seconds, by running the wave. [`assimilate`] corrects any forecast by what a sensor has measured.
//!
//! A forecast amplitude is log-normal: a median and a standard deviation of its logarithm, of which one part
//! is common to all points of the event (how large the source really is) and the rest belongs to the point. Only
//! the common part can be learned elsewhere.
//!
//! Refuses: a single number without its uncertainty; to leave a point out silently ([`Propagation::answers`]
//! names the reason for every point without a forecast).

mod assimilate;
mod carried;
mod first_estimate;
mod modelled;
pub(crate) mod normal;
mod point;

pub use assimilate::{Observation, ObservationError, SourceFactor, assimilate};
pub use carried::Carried;
pub use first_estimate::{
    ARRIVAL_SIGMA_PART, COMMON_SIGMA_LN, DEEP_SIGMA_LN, DIRECTIVITY_SIGMA_LN, FirstEstimate,
    MAGNITUDE_SIGMA, Outlook, SHORE_DEPTH_M, SHORE_SIGMA_LN, SNAP_KM,
};
pub use modelled::{
    DIP_SIGMA_LN, LISTEN_S, LONGEST_S, MODEL_SIGMA_LN, ModelForecast, Modelled, SHORE_OWN_SIGMA_LN,
    UNEVEN_SLIP_SIGMA_LN,
};
pub use point::{Point, PointForecast, Unanswered};

use crate::fault::SourceError;
use crate::quake::{Quake, QuakeError};
use crate::shallow_water::SimulationError;
use crate::source::FootprintError;
use crate::travel_time::TravelTimeError;

/// Why there is no forecast at all. None of these means "no tsunami".
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ForecastError {
    /// The earthquake is outside the model's limits: too small, too large, too deep, or not numbers.
    #[error(transparent)]
    Quake(#[from] QuakeError),
    /// The rupture is off the grid, or on land.
    #[error(transparent)]
    Footprint(#[from] FootprintError),
    /// The wave could not be carried.
    #[error(transparent)]
    TravelTime(#[from] TravelTimeError),
    /// The rupture cannot be laid on the grid.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The propagation model refuses what it was asked.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

impl ForecastError {
    /// Stable short name, for counters and policies.
    pub fn name(&self) -> &'static str {
        match self {
            ForecastError::Quake(e) => e.name(),
            ForecastError::Footprint(FootprintError::OutsideGrid { .. }) => "outside_grid",
            ForecastError::Footprint(FootprintError::OnLand { .. }) => "on_land",
            ForecastError::TravelTime(_) => "travel_time",
            ForecastError::Source(_) => "source",
            ForecastError::Simulation(_) => "simulation",
        }
    }
}

/// A model that carries an earthquake's waves to points.
pub trait Propagation {
    /// One answer for each point, in their order: a forecast, or why there is none.
    ///
    /// # Errors
    /// [`ForecastError`] when the earthquake itself cannot be treated.
    fn answers(
        &self,
        quake: &Quake,
        points: &[Point],
    ) -> Result<Vec<Result<PointForecast, Unanswered>>, ForecastError>;

    /// The forecasts of those points that have one, in their order, matched by `id`. Who must know why a point
    /// is missing asks [`Propagation::answers`].
    ///
    /// # Errors
    /// [`ForecastError`] when the earthquake itself cannot be treated.
    fn forecast(
        &self,
        quake: &Quake,
        points: &[Point],
    ) -> Result<Vec<PointForecast>, ForecastError> {
        Ok(self.answers(quake, points)?.into_iter().flatten().collect())
    }
}
