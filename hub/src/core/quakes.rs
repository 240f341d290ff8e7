//! Earthquakes: which open an event, revise one, or are passed over.

use super::{Core, MOST_EVENTS, Output, UNCLAIMED_US, say};
use ocean::fault::Mechanism;

use crate::detect::{Finding, What};
use crate::event::Event;
use crate::forecast::{Ocean, Outlook};
use crate::intake::quakes::{self, Solution};

/// Two solutions this close are one earthquake: location and origin errors of first solutions of great earthquakes, with room.
const SAME_QUAKE_US: i64 = 60_000_000;
/// See [`SAME_QUAKE_US`], degrees.
const SAME_QUAKE_DEG: f64 = 2.0;

impl Core {
    /// Takes an earthquake document.
    pub fn quake(&mut self, bytes: &[u8], now_us: i64) -> Vec<Output> {
        let document = match quakes::read(bytes) {
            Ok(document) => document,
            Err(refused) => {
                self.intake.count("quakes_refused", refused.reason);
                return vec![Output::Say {
                    time_us: now_us,
                    kind: "refused".to_owned(),
                    text: format!("earthquake document refused: {refused}"),
                    situation: None,
                }];
            }
        };
        let mut out = Vec::new();
        for refused in &document.refused {
            self.intake.count("quakes_refused", refused.reason);
        }
        if let Some(first) = document.refused.first() {
            let more = document.refused.len() - 1;
            let text = format!("{} ({more} more in the same document)", first.what);
            say(
                &mut out,
                now_us,
                "refused",
                format!("earthquake not understood: {text}"),
            );
        }
        for (solution, mechanism) in document.solutions {
            self.intake.count("quakes", "solution");
            self.solution(solution, mechanism, now_us, &mut out);
        }
        out
    }

    fn solution(
        &mut self,
        solution: Solution,
        mechanism: Option<Mechanism>,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        let quake = &solution.quake;
        let known = self.events.iter().rposition(|e| {
            // A source that waves alone have shown is no earthquake's place; what explains it is asked below.
            e.told_by(&quake.id).is_some() || (e.waves().is_none() && near(&e.solution, &solution))
        });
        if let Some(reason) = self.passed_over(&solution, known, now_us) {
            self.intake.count("quakes_passed_over", reason);
            // Too small or too far inland for a tsunami, and felt all the same.
            if matches!(
                reason,
                "below_min_magnitude" | "deleted_unknown" | "event_over"
            ) {
                self.gathered.quake(solution);
            }
            return;
        }
        self.gathered.quake(solution.clone());
        // From here on an event that is known is one that this solution may change.
        if solution.deleted {
            if let Some(at) = known {
                say(
                    out,
                    now_us,
                    "earthquake",
                    format!("the agency has taken {} back", quake.id),
                );
                self.events[at].hear(solution);
                self.call_off(at, now_us, out);
            }
            return;
        }
        let place = if solution.place.is_empty() {
            format!("{:.2} {:.2}", quake.lat, quake.lon)
        } else {
            solution.place.clone()
        };
        say(
            out,
            now_us,
            "earthquake",
            format!(
                "earthquake M{:.1}, {place}, {:.0} km deep, at {} ({})",
                quake.magnitude,
                quake.depth_km,
                crate::alert::text::utc(quake.origin_us),
                quake.id
            ),
        );
        let Some(ocean) = &self.ocean else { return };
        let outlook = match ocean.forecast(quake, &self.config.policy) {
            Ok(outlook) => outlook,
            Err(why) => {
                say(
                    out,
                    now_us,
                    "no_forecast",
                    format!("no forecast for {}: {why}; this is no all-clear", quake.id),
                );
                if let Some(at) = known
                    && quake.magnitude < self.config.policy.min_magnitude
                {
                    self.events[at].hear(solution);
                    self.call_off(at, now_us, out);
                }
                return;
            }
        };
        if !outlook.unanswered.is_empty() {
            let list = outlook.unanswered.join("; ");
            say(
                out,
                now_us,
                "no_forecast",
                format!("no forecast for {list}; this is no all-clear"),
            );
        }
        let known = match known {
            Some(at) => Some(at),
            None => self.explained(&outlook, now_us, out),
        };
        let Some(ocean) = &self.ocean else { return };
        match known.filter(|at| !self.events[*at].is_over()) {
            Some(at) if ocean.has_model() => {
                self.events[at].hear(solution.clone());
                let event = self.events[at].id.clone();
                self.ask(&event, outlook, &solution, mechanism, true, now_us);
            }
            Some(at) => {
                let why = revision_words(&self.events[at].solution, &solution);
                let steps = self.events[at].revise(solution, outlook, ocean, &self.config.policy);
                self.tell_forecast(at, why, now_us, out);
                self.carry_out(at, steps, now_us, out);
            }
            None => {
                if let Some(at) = known {
                    self.events[at].spend();
                }
                self.open(solution, outlook, Some(mechanism), now_us, out);
            }
        }
    }

    /// Why a solution changes nothing; `None` when it may.
    fn passed_over(
        &mut self,
        solution: &Solution,
        known: Option<usize>,
        now_us: i64,
    ) -> Option<&'static str> {
        /// An old catalogue entry is history, not news: a feed that is polled for a week must not raise last week's alerts.
        const OLD_US: i64 = 24 * 3_600 * 1_000_000;
        /// Agencies' clocks and ours differ by less; beyond it, the document is wrong.
        const FUTURE_US: i64 = 5 * 60 * 1_000_000;
        let quake = &solution.quake;
        if quake.origin_us > now_us.saturating_add(FUTURE_US) {
            return Some("in_the_future");
        }
        let Some(at) = known else {
            return if solution.deleted {
                Some("deleted_unknown")
            } else if quake.magnitude < self.config.policy.min_magnitude {
                Some("below_min_magnitude")
            } else if now_us.saturating_sub(quake.origin_us) > OLD_US {
                Some("older_than_a_day")
            } else {
                None
            };
        };
        let event = &mut self.events[at];
        if let Some(earlier) = event.told_by(&quake.id) {
            if earlier == solution {
                return Some("told_before");
            }
            if solution
                .updated_us
                .is_some_and(|new| earlier.updated_us.is_some_and(|old| new < old))
            {
                return Some("older_than_told");
            }
        }
        // Another catalogue may make an earthquake larger. Smaller, or nothing at all, only the one that counts can make it: a small
        // shock close by must never call a great wave off.
        let counts = event.solution.quake.id == quake.id || event.waves().is_some();
        if !counts && (solution.deleted || quake.magnitude <= event.solution.quake.magnitude) {
            event.hear(solution.clone());
            return Some("another_catalogue");
        }
        // What is over begins again only for something that warns.
        let small = quake.magnitude < self.config.policy.min_magnitude;
        if self.events[at].is_over()
            && (solution.deleted || small || now_us.saturating_sub(quake.origin_us) > OLD_US)
        {
            return Some("event_over");
        }
        if self.events[at].is_over() && !self.events[at].ended_without_wave() {
            return Some("event_over");
        }
        None
    }

    /// An earthquake is no reason for a warning any more.
    fn call_off(&mut self, at: usize, now_us: i64, out: &mut Vec<Output>) {
        let event = self.events[at].id.clone();
        self.forget(&event);
        let steps = self.events[at].withdraw();
        self.carry_out(at, steps, now_us, out);
    }

    /// Opens an event, and offers it what stations saw before the earthquake was told.
    /// `model`: what the propagation model is told of the mechanism; `None` when the outlook is the model's already and nothing is
    /// waited for.
    fn open(
        &mut self,
        solution: Solution,
        outlook: Outlook,
        model: Option<Option<Mechanism>>,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        if !self.has_room(&solution.quake.id, now_us, out) {
            return;
        }
        let id = self.free_id(&solution.quake.id);
        self.events
            .push(Event::new(id.clone(), solution.clone(), outlook.clone()));
        let at = self.events.len() - 1;
        let why = if model.is_some() {
            format!("an earthquake of magnitude {:.1}", solution.quake.magnitude)
        } else {
            "a wave has come after all".to_owned()
        };
        self.tell_forecast(at, why, now_us, out);
        match model.filter(|_| self.ocean.as_ref().is_some_and(Ocean::has_model)) {
            Some(mechanism) => self.ask(&id, outlook, &solution, mechanism, false, now_us),
            None => {
                let steps = self.events[at].begin();
                self.carry_out(at, steps, now_us, out);
            }
        }
        let waiting: Vec<Finding> = self
            .unclaimed
            .drain(..)
            .filter(|f| now_us.saturating_sub(f.time_us) <= UNCLAIMED_US)
            .collect();
        for finding in waiting {
            if let What::Sea(change) = finding.what {
                self.sea(&finding, &change, now_us, out, false);
            }
        }
    }

    /// Makes room for another event, of which only those that are over give way.
    pub(super) fn has_room(&mut self, id: &str, now_us: i64, out: &mut Vec<Output>) -> bool {
        if self.events.len() < MOST_EVENTS {
            return true;
        }
        if let Some(over) = self.events.iter().position(Event::is_over) {
            self.events.remove(over);
            return true;
        }
        self.intake.count("quakes_passed_over", "too_many_events");
        let text = format!("{MOST_EVENTS} events are on at once; {id} is not followed");
        say(out, now_us, "error", text);
        false
    }

    /// Begins an event anew that ended without a wave. A chain does not go on after its cancellation, so that the new one has an id
    /// of its own.
    pub(super) fn reopen(&mut self, at: usize, now_us: i64, out: &mut Vec<Output>) {
        let old = &mut self.events[at];
        old.spend();
        let (solution, outlook) = (old.solution.clone(), old.outlook.clone());
        say(
            out,
            now_us,
            "reopened",
            format!("the event of {} begins again", solution.quake.id),
        );
        self.open(solution, outlook, None, now_us, out);
    }

    /// An event id for an earthquake: its own, or with a number when an event had it before.
    pub(super) fn free_id(&self, quake: &str) -> String {
        let taken = |id: &str| self.events.iter().any(|e| e.id == id);
        if !taken(quake) {
            return quake.to_owned();
        }
        let start: String = quake.chars().take(44).collect();
        (2..1_000)
            .map(|n| format!("{start}-{n}"))
            .find(|id| !taken(id))
            .unwrap_or(start)
    }
}

/// How a newer solution differs from the one that counted, in words.
pub(super) fn revision_words(was: &Solution, now: &Solution) -> String {
    let mut changes = Vec::new();
    let (a, b) = (&was.quake, &now.quake);
    if (a.magnitude - b.magnitude).abs() >= 0.05 {
        changes.push(format!(
            "magnitude {:.1}, was {:.1}",
            b.magnitude, a.magnitude
        ));
    }
    let place = |s: &Solution| crate::place::Place {
        lat: s.quake.lat,
        lon: s.quake.lon,
    };
    let km = place(was).distance_km(place(now));
    if km >= 1.0 {
        changes.push(format!("{km:.0} km from where it was"));
    }
    if (a.depth_km - b.depth_km).abs() >= 1.0 {
        changes.push(format!("{:.0} km deep, was {:.0}", b.depth_km, a.depth_km));
    }
    if changes.is_empty() {
        "the earthquake was told again".to_owned()
    } else {
        format!("the earthquake was revised: {}", changes.join(", "))
    }
}

/// Two solutions of one earthquake, by place and time.
pub(super) fn near(known: &Solution, new: &Solution) -> bool {
    let (a, b) = (&known.quake, &new.quake);
    let lon = (a.lon - b.lon).rem_euclid(360.0);
    (a.origin_us - b.origin_us).abs() <= SAME_QUAKE_US
        && (a.lat - b.lat).abs() <= SAME_QUAKE_DEG
        && lon.min(360.0 - lon) <= SAME_QUAKE_DEG
}
