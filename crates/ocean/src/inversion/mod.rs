//! What slipped, and what it will do elsewhere: Bayesian inversion of what the sensors have recorded so far.
//!
//! # Model
//! The record of a station is the sum over unit sources of slip times response ([`crate::response`]), later or earlier by a
//! small shift, plus what the tide model left over (an offset and a slope), plus errors. The slip has a [`Prior`]: a
//! mixture of normal distributions. Given the errors everything is linear and normal, and the posterior is exact.
//!
//! | error | size | memory | source |
//! |---|---|---|---|
//! | station | [`Noise::sd_m`] | [`Noise::correlation_s`] | its own record before the event ([`crate::tide`]) |
//! | shaking | measured in the record as it goes (see `record`) | none | Rayleigh and acoustic waves, aliased by the averages |
//! | model | [`Settings::model_error_part`] of the wave within ten minutes, recorded or modelled, whichever is larger, or what [`Settings::coda_s`] leaves of an earlier one | [`Settings::model_error_s`] | published skill of forecast models |
//! | timing, one's own | [`Settings::travel_time_error_part`] of the travel time, as a shift of each station | whole record | same |
//! | timing, all alike | rise and rupture time, as a shift that all stations and forecasts share | whole record | [`Prior`] |
//! | tide | offset and slope of each station | whole record | [`Noise::drift_m_h`] |
//!
//! A pressure sensor on the floor that rises feels the sea surface less the floor's rise. Sample 0 of a response is the surface
//! right after the floor has risen by it, so such a station's response is the table's less its sample 0
//! ([`Record::on_the_ground`]). Elsewhere sample 0 is zero and nothing changes.
//!
//! # Robustness
//! A stuck, absurd or empty record is refused with a [`Verdict`]. A station whose data, with the others', are far less probable
//! than the model allows is left out ([`Verdict::Contradicts`]); one that fits badly counts less. When all of them together
//! are improbable, [`Posterior::consistent`] says no and the uncertainty grows by the misfit.
//!
//! # Cost
//! [`Inversion::new`] finds a few dozen patterns of slip that hold most of the prior and the responses to them are computed
//! once for each receiver ([`Inversion::prepare`], or when first asked for). An update is a few products of small matrices.
//! All records are read anew at each update: the same records give the same answer, in whatever batches they came.
//!
//! # Refuses
//! To use data later than the record given (nothing here is aware of a clock); to forecast without an uncertainty.

mod contradiction;
mod cubic;
pub(crate) mod dense;
mod equations;
mod geometry;
mod outlook;
mod positive;
mod posterior;
mod prior;
mod quasi;
mod record;
mod reduced;
mod rupture;
mod system;
mod waves;
mod whiten;

pub use outlook::{PointOutlook, Range};
pub use posterior::{Posterior, StationFit};
pub use prior::{Prior, PriorError, RUPTURE_VELOCITY_KM_S};
pub use record::{Noise, Record, Verdict};
pub use reduced::Inversion;

/// What the inversion assumes. The same for all events and stations.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Records are averaged over this long, seconds. One minute keeps waves of four minutes and more.
    pub interval_s: f64,
    /// Standard deviation of the model's error as part of the wave. 0.2: forecasts from assimilated deep-ocean records have
    /// met maximum heights within 20 % where they exceed half a metre (Tang et al. 2009).
    pub model_error_part: f64,
    /// Memory of the model's error, seconds: a quarter of a period of 10-30 min (assumed).
    pub model_error_s: f64,
    /// How far round a sample the wave is looked for that the model's error is a part of, seconds.
    pub error_reach_s: f64,
    /// How fast the model's error dies down behind a wave, seconds (energy, 1/e): scattered and reflected waves follow the first ones
    /// for hours, and a grid of several kilometres knows neither bays nor shelves (assumed).
    pub coda_s: f64,
    /// Standard deviation of a travel time as part of it: half of the 3 % within which published forecasts meet first peaks
    /// (Tang et al. 2009). Sea water's compressibility and the Earth's elasticity delay distant tsunamis (Watada et al. 2014), by a
    /// quarter of an hour or more beyond 10,000 km (doi:10.5047/eps.2013.03.010).
    pub travel_time_error_part: f64,
    /// Patterns of slip, at most.
    pub patterns: usize,
    /// Samples of the posterior, at least 8; made even.
    pub samples: usize,
    /// Standard deviation of the logarithm of what a bay or shelf does beyond Green's law, for coastal receivers: the own part
    /// of [`crate::forecast::SHORE_SIGMA_LN`].
    pub shore_sigma_ln: f64,
}

impl Default for Settings {
    fn default() -> Self {
        use crate::forecast::{DEEP_SIGMA_LN, SHORE_SIGMA_LN};
        Settings {
            interval_s: 60.0,
            model_error_part: 0.2,
            model_error_s: 300.0,
            error_reach_s: 600.0,
            coda_s: 7200.0,
            travel_time_error_part: 0.015,
            patterns: 128,
            samples: 64,
            shore_sigma_ln: (SHORE_SIGMA_LN.powi(2) - DEEP_SIGMA_LN.powi(2)).sqrt(),
        }
    }
}

/// Why an inversion or a record is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InversionError {
    /// The table has no samples, or a step that is no time.
    #[error("response table with {samples} samples of {step_s} s: nothing to compare with")]
    Table {
        /// Samples of each response.
        samples: usize,
        /// Their step, seconds.
        step_s: f64,
    },
    /// The prior speaks of another number of unit sources than the table.
    #[error("prior for {prior} unit sources, table of {table}")]
    Units {
        /// In the prior.
        prior: usize,
        /// In the table.
        table: usize,
    },
    /// A setting is not a positive number.
    #[error("setting {name} = {value} is not usable")]
    Setting {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// There is no such receiver in the table.
    #[error("receiver {receiver}: the table has {receivers}")]
    NoReceiver {
        /// As asked for.
        receiver: usize,
        /// How many there are.
        receivers: usize,
    },
    /// Times and heights differ in number.
    #[error("record of receiver {receiver}: {times} times, {heights} heights")]
    Lengths {
        /// The receiver.
        receiver: usize,
        /// Number of times.
        times: usize,
        /// Number of heights.
        heights: usize,
    },
    /// The noise is negative or no number.
    #[error("record of receiver {receiver}: its noise is not usable")]
    Noise {
        /// The receiver.
        receiver: usize,
    },
}

impl Settings {
    fn check(&self) -> Result<(), InversionError> {
        let positive = [
            ("interval_s", self.interval_s),
            ("model_error_s", self.model_error_s),
            ("error_reach_s", self.error_reach_s),
            ("coda_s", self.coda_s),
            ("patterns", self.patterns as f64),
        ];
        let not_negative = [
            ("model_error_part", self.model_error_part),
            ("travel_time_error_part", self.travel_time_error_part),
            ("shore_sigma_ln", self.shore_sigma_ln),
            ("samples", self.samples as f64 - 8.0),
        ];
        let bad = positive
            .into_iter()
            .find(|(_, v)| !(v.is_finite() && *v > 0.0))
            .or_else(|| {
                not_negative
                    .into_iter()
                    .find(|(_, v)| !(v.is_finite() && *v >= 0.0))
            });
        bad.map_or(Ok(()), |(name, value)| {
            Err(InversionError::Setting { name, value })
        })
    }
}
