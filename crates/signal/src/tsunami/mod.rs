//! Our tsunami detector: sea level or sea-floor pressure as height, at any sampling, tide present or removed.
//!
//! PLACEHOLDER_DOC
mod detector;
mod lowpass;
mod settings;
mod shaking;
mod spike;
mod tide;
mod wave;

pub use detector::Detector;
pub use settings::Settings;

/// Direction of the first motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Sign {
    /// The water rises first.
    Rise,
    /// The water falls first.
    Fall,
}

impl Sign {
    /// +1.0 for a rise, -1.0 for a fall.
    #[must_use]
    pub const fn factor(self) -> f64 {
        match self {
            Self::Rise => 1.0,
            Self::Fall => -1.0,
        }
    }
}

/// What the detector knows after one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step {
    /// The sample with the predicted tide removed, m. NaN when the sample was ignored (not finite).
    pub residual_m: f64,
    /// The residual with shaking removed (periods below about two minutes), m. The largest of it is the amplitude.
    pub slow_m: f64,
    /// The station's usual variation of `slow_m`, root mean square, m.
    pub noise_m: f64,
    /// What `slow_m` must exceed now to be a candidate, m: it rises with noise, shaking and the tide's uncertainty.
    pub threshold_m: f64,
    /// At most one change per sample.
    pub change: Option<Change>,
}

/// A change in what the detector reports. Times are microseconds on the samples' scale.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Change {
    /// Fast motion (seismic shaking, or a noisy sensor) began. Not a tsunami. Told once per episode.
    Shaking {
        /// First sample of the episode.
        since_us: i64,
        /// Size of the fast motion so far, m.
        peak_m: f64,
    },
    /// A tsunami was confirmed.
    Onset {
        /// When the wave began to rise or fall, estimated backwards from the confirming sample.
        onset_us: i64,
        /// Direction of its first motion.
        sign: Sign,
    },
    /// The largest excursion so far grew.
    Growth {
        /// Largest slow excursion so far, signed, m.
        amplitude_m: f64,
        /// When it was reached.
        time_us: i64,
        /// Period of the wave it belongs to, s, once half of that wave has passed.
        period_s: Option<f64>,
    },
    /// The station has been quiet for the documented time.
    End {
        /// Largest slow excursion of the event, signed, m.
        amplitude_m: f64,
        /// When it was reached.
        time_us: i64,
        /// Since when the station has been quiet.
        quiet_since_us: i64,
    },
}
