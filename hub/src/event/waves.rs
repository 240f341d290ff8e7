//! An event that waves alone have opened: no earthquake is known, and several stations' onsets fit one source.
//!
//! It lives like any other: stations are counted within the window of its wave, amplitudes renew its forecast, the quiet sea ends it. A better
//! fit moves its source. An earthquake that explains what its stations saw takes it over; the chain of messages goes on.

use std::collections::BTreeMap;

use super::sea::window_of;
use super::{Event, MINUTE_US, OVERDUE_US, Observed};
use crate::config::Policy;
use crate::forecast::{Ocean, Outlook};
use crate::fuse::Sighting;
use crate::intake::quakes::Solution;

/// How much earlier than fitted the wave may reach a further station, beside what its window allows: the fit's own tolerance.
pub(super) const FITTED_SLACK_US: i64 = 20 * MINUTE_US;

/// What is known of a source that only waves have shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waves {
    /// Stations that the fit rests on, those too near to another one not counted.
    pub count: usize,
    /// The fit's cost, see `fuse::Fit`: less is better.
    pub cost: f64,
    /// How well the place is known, kilometres.
    pub region_km: f64,
}

impl Event {
    /// A new event that waves have shown, under an id that no event had before. `outlook` is the forecast before amplitudes.
    pub fn of_waves(
        id: String,
        solution: Solution,
        outlook: Outlook,
        waves: Waves,
        sightings: &[Sighting],
        ocean: &Ocean,
        policy: &Policy,
    ) -> Self {
        let mut event = Self::new(id, solution.clone(), outlook.clone());
        event.confirmed = true;
        event.refit(solution, outlook, waves, sightings, ocean, policy);
        event
    }

    /// A better fit: another source, and the stations that it rests on. Whoever has been told already hears from `tick`.
    pub fn refit(
        &mut self,
        solution: Solution,
        outlook: Outlook,
        waves: Waves,
        sightings: &[Sighting],
        ocean: &Ocean,
        policy: &Policy,
    ) {
        self.solution = solution;
        self.prior = outlook;
        self.waves = Some(waves);
        self.observed = observed(sightings);
        self.renew(ocean, policy);
    }

    /// What waves alone say of the source; `None` once an earthquake is known, and for every event that an earthquake opened.
    pub fn waves(&self) -> Option<Waves> {
        self.waves
    }

    /// Whether an earthquake's forecast explains what most stations of an event without an earthquake saw. Later waves do not count here:
    /// within six hours everything would be explained.
    pub fn is_explained_by(&self, outlook: &Outlook) -> bool {
        if self.waves.is_none() || self.is_over() {
            return false;
        }
        let fits = |(station, o): (&u32, &Observed)| {
            outlook.station(*station).is_some_and(|s| {
                let (earliest, _) = window_of(outlook, s, 0);
                (earliest..=s.arrival_us + OVERDUE_US).contains(&o.onset_us)
            })
        };
        2 * self.observed.iter().filter(|o| fits(*o)).count() > self.observed.len()
    }
}

fn observed(sightings: &[Sighting]) -> BTreeMap<u32, Observed> {
    let of = |s: &Sighting| Observed {
        onset_us: s.onset_us,
        sign: s.sign,
        amplitude_m: s.amplitude_m,
        amplitude_us: s.amplitude_us,
        passed: s.passed,
        quiet_since_us: s.quiet_since_us,
    };
    sightings.iter().map(|s| (s.station, of(s))).collect()
}
