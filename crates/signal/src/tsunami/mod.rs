//! Our tsunami detector: sea level or sea-floor pressure as height, at any sampling, tide present or removed.
//!
//! One sample goes this way ([`Detector::step`]):
//!
//! 1. **Spikes**: a lone jump beyond 0.25 m (or six times the fast motion) waits for the next sample to agree. One sample late.
//! 2. **Tide**: a Kalman filter of eight states (height, slope, diurnal, semidiurnal, quarter-diurnal) predicts the height; what is
//!    left is `residual_m`. It learns from 5-minute means, from outliers only up to three standard deviations, ten times less
//!    while a wave is suspected and three times less during an event. It knows its own uncertainty.
//! 3. **Shaking**: a causal low-pass (180 s, 75 s of delay) makes `slow_m`. What aliasing lets through is bounded by how badly
//!    one-minute means follow from each other.
//! 4. **Threshold**: the largest of 0.03 m, 4 times the noise and 3 standard deviations of the tide, plus the
//!    bound on shaking. It never falls below the floor in [`Settings::threshold_m`].
//! 5. **Confirmation**: `slow_m` stays beyond on one side until 150 s have been gathered, each second counted up to three times when
//!    the motion is that many thresholds; at least two samples; once only during the first 15 minutes of shaking, unless it is four times the fast motion.
//! 6. **Event**: [`Change::Growth`] when the largest excursion grows by a tenth or is past. [`Change::End`] after 3 h below
//!    the usual threshold. An excursion to one side for 1.5 h is a new level, not a wave, and is taken into the tide.
//!
//! Times in findings are corrected for the low-pass's delay. A period is estimated from the area under the rise to the peak
//! (`T = 2 pi area / amplitude`, a sine's): good to a third on most made-up seas, to a factor of two on all.
//!
//! **Irregular input.** Equal times are averaged; NaN, infinities, heights beyond 20 km and times that go back are
//! ignored. Nothing is said about the first three samples, and little until the threshold has come down with the tide's uncertainty
//! (at a calm buoy every 5 s: 0.17 m after five minutes, 0.05 m after half an hour). A gap over 5 minutes closes the block under way; over 30 minutes
//! it ends an excursion; over 2 hours it adds 0.1 m of doubt to the level. Silence never ends an event.
//!
//! **What it cannot do.** From 15-minute values alone it confirms no earlier than the second value beyond. Waves
//! of less than about 8 minutes are seen only when several times the threshold. Surface waves sampled once a minute can alias to
//! a coherent swing of ten minutes (23 of 300 made-up trains, none of the recorded ones): a caller that
//! knows the earthquake should doubt onsets inside [`crate::seismic::seismic_window`]. A step cannot be told from the front
//! of a long wave until 1.5 h have passed.
//!
//! A sample costs (bench `per_sample`, shared two-core machine) 120 ns at 1 s sampling, 150 ns at 15 s,
//! 300 ns at 1 min and 600 ns at 15 min: the tide filter runs once per 5 minutes or per sample, whichever is rarer.

mod detector;
mod front;
mod lowpass;
mod settings;
mod shaking;
mod slots;
mod spike;
mod tide;
mod wave;

pub use detector::Detector;
pub use settings::Settings;

/// Metres of water per pascal, as NOAA's tsunameters convert: 670 mm per psi, whatever the water's temperature and
/// salinity (Meinig et al. 2005, "Real-time deep-ocean tsunami measuring, monitoring, and reporting system"); one psi is
/// 6,894.757 Pa.
pub const METRES_PER_PASCAL: f64 = 0.670 / 6_894.757;

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
    fn of(value_m: f64) -> Self {
        if value_m >= 0.0 {
            Self::Rise
        } else {
            Self::Fall
        }
    }

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
        /// How likely this is a wave, 0 to 1.
        confidence: f64,
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
