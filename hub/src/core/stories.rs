//! What is told of each event on the page: the forecast now, every forecast before it and why it was another, what stations saw, the end.
//!
//! It follows what the core decides and decides nothing. Since it is made in the same steps, playing the journal back makes it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use ocean::fault::Mechanism;

use super::{Core, Output};
use crate::event::view::{EventView, RevisionView, StationForecast, Told, ZoneForecast};
use crate::event::{Event, Observed, Reason};
use crate::fields::Sought;
use crate::forecast::{StationOutlook, ZoneOutlook};

/// Most forecasts of one event that are kept: two hours of one a minute, which is how often records renew it.
const MOST_REVISIONS: usize = 128;

/// What has been told of one event.
#[derive(Debug)]
pub(super) struct Story {
    event: String,
    began_us: i64,
    /// Number of the newest forecast.
    number: u32,
    revisions: Vec<Arc<RevisionView>>,
    /// What stations had seen, as last looked at.
    observed: BTreeMap<u32, Observed>,
    confirmed: bool,
    over: Option<(i64, Reason)>,
    /// The mechanism with which its wave was modelled last.
    mechanism: Option<Mechanism>,
    /// The page does not know yet.
    changed: bool,
}

impl Core {
    /// Tells that an event's forecast has been made or renewed. `why`: what had changed, in words.
    pub(super) fn tell_forecast(
        &mut self,
        at: usize,
        why: String,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        self.put_forecast(at, out);
        let event = &self.events[at];
        let (zones, stations) = (self.zone_forecasts(event), self.station_forecasts(event));
        let revision = RevisionView {
            number: 0,
            made_us: now_us,
            basis: event.basis(),
            why,
            level: event.outlook.level(),
            zones,
            stations,
        };
        let id = event.id.clone();
        let story = match self.stories.iter_mut().position(|s| s.event == id) {
            Some(at) => &mut self.stories[at],
            None => {
                self.stories.push(Story {
                    event: id,
                    began_us: now_us,
                    number: 0,
                    revisions: Vec::new(),
                    observed: BTreeMap::new(),
                    confirmed: false,
                    over: None,
                    mechanism: None,
                    changed: true,
                });
                let last = self.stories.len() - 1;
                &mut self.stories[last]
            }
        };
        story.revise(revision);
    }

    /// Looks at what has become of each event in this step.
    pub(super) fn tell_stories(&mut self, now_us: i64) {
        let events = &self.events;
        self.stories
            .retain(|s| events.iter().any(|e| e.id == s.event));
        for story in &mut self.stories {
            let Some(event) = events.iter().find(|e| e.id == story.event) else {
                continue;
            };
            if story.confirmed != event.is_confirmed() || story.observed != event.observed {
                story.confirmed = event.is_confirmed();
                story.observed.clone_from(&event.observed);
                story.changed = true;
            }
            // What an event ended with stays, whatever it is held for afterwards.
            if story.over.is_none()
                && let Some(reason) = event.over()
            {
                story.over = Some((now_us, reason));
                story.changed = true;
            }
        }
    }

    /// Whether some event is another than at the last [`Core::event_views`].
    pub fn events_changed(&self) -> bool {
        self.stories.iter().any(|s| s.changed)
    }

    /// The events that are others than at the last call, oldest first.
    pub fn event_views(&mut self) -> Vec<EventView> {
        let mut stories = std::mem::take(&mut self.stories);
        let mut views = Vec::new();
        for story in stories.iter_mut().filter(|s| s.changed) {
            story.changed = false;
            if let Some(event) = self.events.iter().find(|e| e.id == story.event) {
                views.push(self.event_view(event, story));
            }
        }
        self.stories = stories;
        views
    }

    /// What an event's fields are computed from; `None` where nothing has been told of it.
    pub fn sought(&self, event: &str) -> Option<Sought> {
        let story = self.stories.iter().find(|s| s.event == event)?;
        let event = self.events.iter().find(|e| e.id == story.event)?;
        let named = |s: &StationOutlook| {
            let id = self.intake.stations.name(s.station).to_owned();
            (id, s.clone())
        };
        Some(Sought {
            event: event.id.clone(),
            revision: story.number,
            quake: event.solution.quake.clone(),
            mechanism: story.mechanism,
            last_s: event.prior().last_arrival_s(),
            factor: event.outlook.size_against(event.prior()),
            stations: event.outlook.stations.iter().map(named).collect(),
            given: self.given(event),
            over: event.is_over(),
        })
    }

    /// The mechanism with which an event's wave is modelled.
    pub(super) fn modelled_as(&mut self, event: &str, mechanism: Option<Mechanism>) {
        if let Some(story) = self.stories.iter_mut().find(|s| s.event == event) {
            story.mechanism = mechanism;
        }
    }

    fn event_view(&self, event: &Event, story: &Story) -> EventView {
        EventView {
            id: event.id.clone(),
            title: event.title(),
            began_us: story.began_us,
            over_us: story.over.map(|o| o.0),
            over_why: story.over.map(|o| o.1.words().to_owned()),
            confirmed: event.is_confirmed(),
            level: event.outlook.level(),
            source: event.source_view(),
            revision: story.number,
            revised_us: story.revisions.last().map_or(story.began_us, |r| r.made_us),
            basis: event.basis(),
            zones: self.zone_forecasts(event),
            stations: self.station_forecasts(event),
            unanswered: event.outlook.unanswered.clone(),
            told: Arc::new(Told {
                revisions: story.revisions.clone(),
                levels_m: self.config.policy.heights_m(),
            }),
        }
    }

    fn zone_forecasts(&self, event: &Event) -> Vec<ZoneForecast> {
        let of = |outlook: &ZoneOutlook| {
            let zone = self.config.zone.get(outlook.zone)?;
            Some(ZoneForecast::of(&zone.id, &zone.name, outlook))
        };
        event.outlook.zones.iter().filter_map(of).collect()
    }

    fn station_forecasts(&self, event: &Event) -> Vec<StationForecast> {
        let of = |outlook: &StationOutlook| {
            let id = self.intake.stations.name(outlook.station);
            StationForecast::of(id, outlook, event.observed.get(&outlook.station))
        };
        event.outlook.stations.iter().map(of).collect()
    }
}

impl Story {
    /// Takes a forecast, unless it says what the last one said.
    fn revise(&mut self, revision: RevisionView) {
        // The page is told all the same: a source may have got another name.
        self.changed = true;
        if self
            .revisions
            .last()
            .is_some_and(|last| last.says_as_much(&revision))
        {
            return;
        }
        self.number = self.number.saturating_add(1);
        self.revisions.push(Arc::new(RevisionView {
            number: self.number,
            ..revision
        }));
        if self.revisions.len() > MOST_REVISIONS
            && let Some(at) = least_missed(&self.revisions)
        {
            self.revisions.remove(at);
        }
    }
}

/// Which of many forecasts says least beyond its neighbours: not the first, not the last; one with the level and the basis of the one before
/// it where there is such; and of these the one that leaves the shortest gap.
fn least_missed(revisions: &[Arc<RevisionView>]) -> Option<usize> {
    (1..revisions.len().saturating_sub(1)).min_by_key(|&k| {
        let (before, here) = (&revisions[k - 1], &revisions[k]);
        let new = before.level != here.level || before.basis != here.basis;
        (new, revisions[k + 1].made_us.saturating_sub(before.made_us))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Level;
    use crate::forecast::Basis;

    fn story() -> Story {
        Story {
            event: "us1".to_owned(),
            began_us: 0,
            number: 0,
            revisions: Vec::new(),
            observed: BTreeMap::new(),
            confirmed: false,
            over: None,
            mechanism: None,
            changed: false,
        }
    }

    fn revision(made_us: i64, level: Level, median_m: f64) -> RevisionView {
        RevisionView {
            number: 0,
            made_us,
            basis: Basis::Model,
            why: "why".to_owned(),
            level,
            zones: vec![ZoneForecast {
                id: "z".to_owned(),
                name: "Z".to_owned(),
                level,
                arrival_us: 1,
                arrival_sigma_s: 1.0,
                median_m,
                p05_m: 0.5 * median_m,
                p95_m: 2.0 * median_m,
                exceeds: [0.5; 3],
            }],
            stations: Vec::new(),
        }
    }

    #[test]
    fn a_forecast_that_says_the_same_is_no_revision() {
        let mut story = story();
        story.revise(revision(1, Level::Warning, 1.0));
        story.revise(revision(2, Level::Warning, 1.0));
        assert_eq!((story.number, story.revisions.len()), (1, 1));
        story.revise(revision(3, Level::Warning, 1.1));
        assert_eq!((story.number, story.revisions[1].number), (2, 2));
        assert!(story.changed);
    }

    #[test]
    fn of_very_many_forecasts_the_first_the_newest_and_new_levels_stay() {
        let mut story = story();
        for k in 0..1_000_i64 {
            let level = if k < 40 { Level::Warning } else { Level::Major };
            story.revise(revision(k * 60_000_000, level, 1.0 + k as f64));
        }
        let kept: Vec<u32> = story.revisions.iter().map(|r| r.number).collect();
        assert_eq!(kept.len(), MOST_REVISIONS);
        assert_eq!((kept[0], kept[MOST_REVISIONS - 1]), (1, 1_000));
        assert!(kept.contains(&41), "the level rose with it");
        assert!(kept.is_sorted());
        // No hour of the seventeen is left without any.
        let gaps = kept.windows(2).map(|w| w[1] - w[0]);
        assert!(gaps.max() < Some(60), "{kept:?}");
    }
}
