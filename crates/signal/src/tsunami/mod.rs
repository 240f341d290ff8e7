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
//! 4. **The front** (module `front`): how far the water moved within 5, 8.5 and 15.5 minutes, against how far it usually does at
//!    this station. Beyond five times what is usual, beyond 1.25 times the largest change of the last day or two, beyond what the
//!    tide's slope leaves open and beyond [`Settings::least_m`] (6 mm) it is a wave. Roughness raises the threshold: six times its
//!    largest in the first 15 minutes of shaking sampled more rarely than every 10 s, four times its latest after that.
//! 5. **The slow motion**: its threshold is the largest of 0.03 m, 4 times the noise and 3 standard deviations of the tide, plus the
//!    bound on shaking. `slow_m` stays beyond on one side until 150 s have been gathered, each second counted up to three times when
//!    the motion is that many thresholds; at least two samples; once only during the first 15 minutes of shaking, unless it is four
//!    times the fast motion. This finds what is too slow or too shaken for the front.
//! 6. **Steps**: a change between two slots of a minute that stands between flat ones is the instrument's: it waits for three flat
//!    slots and is then taken into the level; beyond 0.6 m it is another sensor or another place, and everything begins anew. What leaves a flat sea all at once waits for a third slot, since bad blocks come in twos.
//! 7. **Event**: [`Change::Growth`] when the largest excursion grows by a tenth or is past. [`Change::End`] after 3 h below
//!    the usual threshold. An excursion to one side for 1.5 h is a new level, not a wave, and is taken into the tide.
//!
//! `confidence` of [`Change::Onset`] is the share of calls like it that were waves, in made-up seas of which every second one had a wave
//! and every other one surface waves, steps, spikes, bad blocks or a storm (`tests/station_noise.rs` measures: calls told as below 0.7 were
//! waves in 64 of 100, 0.7 to 0.85 in 93, above that in 96). It says nothing about a particular sea.
//!
//! Times in findings are corrected for the low-pass's delay. A period is estimated from the area under the rise to the peak
//! (`T = 2 pi area / amplitude`, a sine's): good to a third on most made-up seas, to a factor of two on all.
//!
//! **Irregular input.** Equal times are averaged; NaN, infinities, heights beyond 20 km and times that go back are
//! ignored. So are heights more than 100 m (and eight times the fast motion) from the tide; when they stay for half an hour, and move as
//! water does, they are another place, and everything begins anew. Nothing is said about the first three samples, and little until the thresholds have come down with the tide's uncertainty
//! and what is usual is known: 6 mm in a quiet deep ocean after about half a day. A gap over 5 minutes closes the block under way; over
//! 6 slots it empties the front, which is half as deaf again for an hour; over 30 minutes it ends an excursion; over 2 hours it adds
//! 0.1 m (a fifth of a great tide) of doubt to the level. Silence never ends an event.
//!
//! **What it cannot do.** From 15-minute values it calls no earlier than the second value beyond, and nothing as small as 1.3 cm. Waves
//! of less than about 8 minutes sampled once a minute look like surface waves that alias and may not be called at all. Surface waves
//! sampled once a minute can alias to a coherent swing of ten minutes (30 of 300 made-up trains, none of the recorded ones or of their
//! copies a hundredth to twice as large): a caller that knows the earthquake should doubt onsets inside
//! [`crate::seismic::seismic_window`]. A step beside a spike can be taken for the front of a wave. A record that
//! goes on with another station's within 0.6 m, or whose slope turns round there, looks like a wave that begins.
//!
//! **Cost.** A station takes 1,432 bytes (`tests/bytes.rs` holds it). A quiet sample at 1 s takes 78 to 97 ns on a shared core and
//! 1,600 instructions on a Cortex-M4F in the mean; one in 60 closes a minute and one in 300 steps the tide's filter (58,000 at worst, 0.34 ms). From
//! the residual on everything is in single precision: a micrometre at sea-level sizes. At 100 samples a second and more the low-pass loses
//! a thousandth, and it is better to average first.

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

/// `value`, or the end that it lies beyond. `clamp` would do, but its panic prints the three numbers, and the code that prints floats
/// takes 15 kB of a microcontroller's flash.
fn within<T: PartialOrd>(value: T, low: T, high: T) -> T {
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}

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
    fn of(value_m: f32) -> Self {
        if value_m >= 0.0 {
            Self::Rise
        } else {
            Self::Fall
        }
    }

    fn times(self, value: f32) -> f32 {
        match self {
            Self::Rise => value,
            Self::Fall => -value,
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
        /// How likely this is a wave, 0 to 1: the share of calls like it that were, see the [module](self).
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
