//! What is forecast at each station and each coastal point, whichever way it was computed.

use super::places::Place;
use super::skill::Skill;
use crate::alert::Level;

/// What is forecast at a coastal point. Heights are above the tide.
#[derive(Debug, Clone, PartialEq)]
pub struct PointOutlook {
    /// The point.
    pub place: Place,
    /// First arrival, seconds after the origin.
    pub arrival_s: f64,
    /// Standard deviation of the arrival, seconds.
    pub arrival_sigma_s: f64,
    /// When the largest height comes, seconds after the origin.
    pub peak_s: f64,
    /// Largest height at the shore not exceeded with a probability of 5, 50 and 95 %, metres.
    pub height_m: [f64; 3],
    /// Probability that it exceeds the advisory, the warning and the major level.
    pub exceeds: [f64; 3],
    /// Level by the policy.
    pub level: Level,
    /// Largest height in the cell that stands for the sea off the point, metres: median.
    pub offshore_m: f64,
    /// Where that cell is, degrees north and east.
    pub offshore_at: (f64, f64),
    /// Its depth, metres.
    pub offshore_depth_m: f64,
    /// What Green's law and the point's own factor make of the height there.
    pub greens_factor: f64,
    /// What is to be known about it.
    pub note: String,
}

/// A place that nothing can be said about. That is not safety.
#[derive(Debug, Clone, PartialEq)]
pub struct Silent {
    /// The place.
    pub place: Place,
    /// Why.
    pub why: String,
    /// It lies off the grid: a larger one would answer.
    pub off_grid: bool,
}

/// The modelled series of a station.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Band {
    /// Not exceeded with 5 %, time by time, metres.
    pub p05_m: Vec<f32>,
    /// With 50 %.
    pub p50_m: Vec<f32>,
    /// With 95 %.
    pub p95_m: Vec<f32>,
}

/// How a station's record took part.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// There is no record of it.
    None,
    /// Shown beside the forecast, which is made without it.
    Compared,
    /// Used up to the limit; words say how.
    Used(String),
    /// Not used, and why.
    Ignored(String),
    /// It cannot be reconciled with the others and the model.
    Contradicts(String),
}

impl Part {
    /// A stable word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Compared => "compared",
            Self::Used(_) => "used",
            Self::Ignored(_) => "ignored",
            Self::Contradicts(_) => "contradicts",
        }
    }

    /// The words, if there are any.
    pub fn why(&self) -> &str {
        match self {
            Self::None | Self::Compared => "",
            Self::Used(why) | Self::Ignored(why) | Self::Contradicts(why) => why,
        }
    }
}

/// What is forecast at a station, and what it recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct StationOutlook {
    /// The station.
    pub place: Place,
    /// First arrival, seconds after the origin, if the wave gets there.
    pub arrival_s: Option<f64>,
    /// Standard deviation of the arrival, seconds.
    pub arrival_sigma_s: f64,
    /// Depth of the cell that stands for it, metres.
    pub depth_m: f64,
    /// Heights at multiples of the step, metres: the model's, or the mean after the records.
    pub heights_m: Vec<f32>,
    /// With records: how sure that is.
    pub band: Option<Band>,
    /// Its record with the tide taken out: seconds after the origin and metres.
    pub observed: Vec<(f64, f64)>,
    /// How its record took part.
    pub part: Part,
    /// How well forecast and record agree.
    pub skill: Option<Skill>,
    /// What is to be known about it.
    pub note: String,
}

impl StationOutlook {
    /// Adds to what is to be known about it.
    pub fn remark(&mut self, words: &str) {
        if !words.is_empty() && !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(words);
    }

    /// Largest height and when it comes.
    pub fn peak(&self, step_s: f64) -> Option<(f64, f64)> {
        let (k, h) = self
            .heights_m
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((k as f64 * step_s, f64::from(*h)))
    }
}
