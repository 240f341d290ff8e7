//! Why there is a message.

/// Why a message is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The first word: an earthquake that can have made a tsunami.
    Earthquake,
    /// The first word: waves at several stations fit one source, and no earthquake is known.
    Waves,
    /// An earthquake explains what waves alone had shown.
    Explained,
    /// The agency has revised the earthquake.
    Revised,
    /// A station has seen the wave.
    Confirmed,
    /// The stations that had confirmed it have not seen a wave, as rows show that came late.
    Unconfirmed,
    /// Recorded amplitudes have changed a level or a height.
    Forecast,
    /// The propagation model's answer came after the first word, and differs from it.
    Modelled,
    /// The alert would lapse while the event lasts.
    Renewal,
    /// The sea is quiet again.
    AllClear,
    /// No wave where one must have been.
    NoWave,
    /// The agency has taken the earthquake back, or it is too small after all.
    Withdrawn,
    /// No sensor could give the all clear; nothing is published.
    Lapsed,
}

impl Reason {
    /// The reason in a few words, for the timeline.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Earthquake => "the earthquake can have made a tsunami",
            Self::Waves => "waves at several stations fit one source, without a known earthquake",
            Self::Explained => "an earthquake explains the waves",
            Self::Revised => "the earthquake was revised",
            Self::Confirmed => "the tsunami is confirmed",
            Self::Unconfirmed => "what had confirmed the tsunami is taken back",
            Self::Forecast => "measured heights renewed the forecast",
            Self::Modelled => "the propagation model renewed the forecast",
            Self::Renewal => "still in force",
            Self::AllClear => "the sea is quiet again",
            Self::NoWave => "no wave came where it was due",
            Self::Withdrawn => "the earthquake was withdrawn",
            Self::Lapsed => "no sensor could give the all clear",
        }
    }
}
