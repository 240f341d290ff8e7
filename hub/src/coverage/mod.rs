//! Which coast is blind now: see [`CoverageView`].

use serde::Serialize;

/// Which coasts are watched by stations that work.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct CoverageView {
    /// Whether it is known.
    pub ready: bool,
    /// What it rests on, or why it is not known.
    pub note: String,
    /// By zone, in the configuration's order.
    pub zones: Vec<ZoneCoverage>,
}

/// One zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ZoneCoverage {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// How it is watched.
    pub state: Watched,
    /// Stations that work and see a wave in time.
    pub watchers: Vec<String>,
    /// Stations that would, and do not work.
    pub lost: Vec<String>,
    /// Parts of trenches from which a wave comes unseen now.
    pub blind_towards: Vec<String>,
    /// See [`CoverageView::note`], minutes.
    pub lead_min: Option<f64>,
}

/// How a zone is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Watched {
    /// As well as with every station working.
    Watched,
    /// Less than with every station working.
    Partly,
    /// Not at all, and it would be with every station working.
    Blind,
    /// Not even with every station working.
    Unwatched,
}
