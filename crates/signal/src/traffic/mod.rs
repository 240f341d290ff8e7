//! Roads: incidents and not the rush hour, faults and not the noise. One [`Detector`] for each detector (or road section) and quantity.
//!
//! One sample goes this way ([`Detector::step`]):
//!
//! 1. **Faults** ([`Fault`]): a value outside what the quantity can be, and a value that repeats for longer than this series' own
//!    habit of repeating explains. Neither teaches the profile. What several quantities say together is [`Combination`]'s.
//! 2. **Smoothing** over a minute: 20-second values are judged once a minute, 5-minute values each, nearly unchanged.
//! 3. **Profile**: level, offset for each hour of the day, offset for each hour of the week, interpolated between hours, each trusted by
//!    the number of samples behind it; learnt online. An innovation counts for at most 3 standard deviations and during an incident for
//!    0.3 of that, so that an incident does not become the norm. Weeks that are missing change nothing.
//! 4. **Standard normal deviate** against it (Dudek, Messer and Nuckles, "Incident detection on urban freeways", Transportation Research
//!    Record 495, 1974, 12-24), the deviation being the geometric mean of the hour's and the whole series' own; and the same against the
//!    last two days whatever the hour. The deviate is the geometric mean of both, 0 where they disagree on the side: an incident is unusual
//!    for the hour and unusual at all.
//! 5. **Score** ([`Step::score`]), 0 to 1, one half at 4 standard deviations: how much *news* of an incident the sample is. What is no
//!    more than 1.1 times as unusual as something scored within the last hours (half-life 4 h) scores 0.
//! 6. **Incident** ([`Change::Onset`], [`Change::End`]): two successive deviates beyond 4 (strategy B of the paper) or one beyond 6;
//!    ended by two within 2. What lasts for 12 h is a new level, and is learnt.
//! 7. **Congestion** ([`Congestion`]) relative to the detector's own free flow, with hysteresis.
//!
//! Two detectors along the road are compared by [`Neighbours`].
//!
//! **Irregular input.** A sample weighs by the time since the one before, at most that of 5 minutes. NaN, infinities, sizes beyond 1e15
//! and times that do not advance are ignored. Silence neither starts nor ends anything.
//!
//! **Invariances.** Deviates and scores do not depend on unit, offset or sign of the values: a series shifted, scaled or mirrored scores
//! the same. Only congestion and ranges know the quantity ([`Measure`]).
//!
//! **What it cannot do.** A road that is jammed every Monday has no incident on Monday; congestion is told all the same. In the
//! first hours everything is new, and little is said. Hours are UTC: where clocks change, two weeks blur the profile by an hour.

mod congestion;
mod detector;
mod fault;
mod incident;
mod neighbours;
mod profile;

pub use congestion::Congestion;
pub use detector::{Change, Detector, Measure, Step};
pub use fault::{Combination, Fault};
pub use neighbours::{Neighbours, NeighboursSettings, Phase};
