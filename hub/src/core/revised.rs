//! What a sea-level station said is not so: rows that came late put another story in its place.
//!
//! Everything that rests on the old story is made again from the new one: which event its changes belong to, what the event believes of the
//! station, what waits for an earthquake, what fusion holds against other stations. Stations whose story stays are not asked again.

use signal::tsunami::Change;

use super::{Core, MOST_UNCLAIMED, Names, Output, UNCLAIMED_US, say};
use crate::alert::text::utc;
use crate::detect::sea::Told;
use crate::detect::{Finding, What};
use crate::event::Event;
use crate::fuse::{Sighting, Verdict};

impl Core {
    /// Takes the whole story of a finding's station in place of the one before.
    pub(super) fn sea_revised(&mut self, finding: &Finding, now_us: i64, out: &mut Vec<Output>) {
        if self.ocean.is_none() {
            return;
        }
        let (station, time_us) = (finding.station, finding.time_us);
        let was = self.fusion.sighting(station).copied();
        let on = |e: &Event| !e.is_over() && e.observed.contains_key(&station);
        let counted = self.events.iter().any(on);
        let of_station = |f: &Finding| f.station == station && matches!(f.what, What::Sea(_));
        self.unclaimed.retain(|f| !of_station(f));
        let (story, history): (Vec<Told>, Vec<Told>) = self
            .detect
            .told(station)
            .into_iter()
            .partition(|t| !self.events.iter().any(|e| e.is_history(station, t.time_us)));
        if history.iter().any(|t| t.news) {
            let text = format!(
                "{}: rows that came late change what it saw during an event that is over",
                self.station_name(station)
            );
            say(out, time_us, "corrected", text);
        }
        let mut by = self.recount(finding, &story, now_us, out);
        // A wave that was said not to come has come after all.
        let onset_us = |t: &Told| match t.change {
            Change::Onset { onset_us, .. } => Some(onset_us),
            _ => None,
        };
        let free = story.iter().zip(&by).filter(|(_, by)| by.is_none());
        let onsets: Vec<i64> = free.filter_map(|(t, _)| onset_us(t)).collect();
        let ended = self.events.iter().rposition(|e| {
            e.ended_without_wave() && onsets.iter().any(|us| e.could_be(station, *us))
        });
        if let Some(at) = ended {
            self.reopen(at, now_us, out);
            by = self.recount(finding, &story, now_us, out);
        }
        self.fusion.forget_all(station);
        for (told, by) in story.iter().zip(&by) {
            match *by {
                Some(at) if self.events[at].waves().is_none() => {
                    if self.events[at].observed.contains_key(&station) {
                        self.fusion.forget(station);
                    }
                }
                Some(_) => {
                    self.fusion.see(station, &told.change);
                }
                None => {
                    self.keep_unclaimed(station, told, now_us);
                    self.fusion.see(station, &told.change);
                    self.say_shaking(station, told, out);
                }
            }
        }
        self.fusion.pass(now_us);
        let onset = |s: &Sighting| {
            let at = story
                .iter()
                .rposition(|t| onset_us(t) == Some(s.onset_us))?;
            Some((story[at], by[at].is_some()))
        };
        let is = self.fusion.sighting(station).copied();
        match (was, is) {
            (None, Some(s)) => {
                if let Some((told, claimed)) = onset(&s) {
                    let first = Finding {
                        station,
                        time_us: told.time_us,
                        what: What::Sea(told.change),
                    };
                    self.fuse(&first, &told.change, now_us, out, claimed);
                }
            }
            (Some(w), Some(s)) if w != s => {
                let claimed = onset(&s).is_some_and(|o| o.1);
                if !claimed && w.onset_us != s.onset_us {
                    let text = format!(
                        "{}: rows that came late say that it moves like a tsunami since {}; said before: {}",
                        self.station_name(station),
                        utc(s.onset_us),
                        utc(w.onset_us)
                    );
                    say(out, time_us, "corrected", text);
                }
                self.judge_again(station, time_us, now_us, out);
            }
            (Some(w), None) if !self.events.iter().any(on) => {
                // An event that had counted it has said so.
                self.lost(finding, (!counted).then_some(&w), now_us, out);
            }
            _ => {}
        }
    }

    /// Offers a story to the events that are on, those first that have counted the station before. Returns which has claimed what.
    fn recount(
        &mut self,
        finding: &Finding,
        story: &[Told],
        now_us: i64,
        out: &mut Vec<Output>,
    ) -> Vec<Option<usize>> {
        let station = finding.station;
        let mut by: Vec<Option<usize>> = vec![None; story.len()];
        let knows = |e: &Event| e.observed.contains_key(&station);
        let mut order: Vec<usize> = (0..self.events.len()).rev().collect();
        order.sort_by_key(|at| !knows(&self.events[*at]));
        for at in order {
            let free: Vec<usize> = (0..story.len()).filter(|k| by[*k].is_none()).collect();
            let part: Vec<Told> = free.iter().map(|k| story[*k]).collect();
            let Some(ocean) = &self.ocean else {
                return by;
            };
            let names = Names {
                config: &self.config,
                intake: &self.intake,
                detect: &self.detect,
            };
            let event = &mut self.events[at];
            let before = event.outlook.clone();
            let Some(recount) = event.recount(
                station,
                finding.time_us,
                &part,
                &names,
                ocean,
                &self.config.policy,
            ) else {
                continue;
            };
            for (k, claimed) in free.into_iter().zip(recount.claimed) {
                if claimed {
                    by[k] = Some(at);
                }
            }
            if self.events[at].outlook != before {
                let name = self.station_name(station);
                let why = format!("rows of {name} that came late");
                self.tell_forecast(at, why, now_us, out);
            }
            self.carry_out(at, recount.steps, now_us, out);
        }
        by
    }

    /// Keeps a change in case the earthquake is told later.
    fn keep_unclaimed(&mut self, station: u32, told: &Told, now_us: i64) {
        if now_us.saturating_sub(told.time_us) > UNCLAIMED_US {
            return;
        }
        if self.unclaimed.len() == MOST_UNCLAIMED {
            self.unclaimed.pop_front();
        }
        self.unclaimed.push_back(Finding {
            station,
            time_us: told.time_us,
            what: What::Sea(told.change),
        });
    }

    fn say_shaking(&self, station: u32, told: &Told, out: &mut Vec<Output>) {
        if let Change::Shaking { peak_m, .. } = told.change
            && told.news
        {
            let text = format!(
                "{} shakes by {peak_m:.2} m: too fast for a tsunami",
                self.station_name(station)
            );
            say(out, told.time_us, "shaking", text);
        }
    }

    /// A station's onset is another one than it was: the event that rests on it gets a new source, or several stations agree only now.
    fn judge_again(&mut self, station: u32, time_us: i64, now_us: i64, out: &mut Vec<Output>) {
        let Verdict::Fits(fit) = self.verdict(station) else {
            return;
        };
        let member = |s: &u32| fit.members.iter().any(|m| m.0 == *s);
        let open = self
            .events
            .iter()
            .rposition(|e| e.waves().is_some() && !e.is_over() && e.observed.keys().any(member));
        let least = self.least_of(&fit);
        let high = fit.members.iter().any(|m| {
            let sighting = self.fusion.sighting(m.0);
            sighting.is_some_and(|s| s.amplitude_m != 0.0)
        });
        match open {
            Some(at) => self.refit(
                at,
                &fit,
                ("corrected", "with rows that came late"),
                time_us,
                now_us,
                out,
            ),
            None if least > 0 && fit.count >= least && high => {
                self.open_waves(&fit, time_us, now_us, out);
            }
            None => {}
        }
    }

    /// A station's onset never was.
    fn lost(
        &mut self,
        finding: &Finding,
        said: Option<&Sighting>,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        if let Some(said) = said {
            let text = format!(
                "{} does not move like a tsunami, as was said of {}: rows that came late show none",
                self.station_name(finding.station),
                utc(said.onset_us)
            );
            say(out, finding.time_us, "taken_back", text);
        }
        // What rested on it is judged by who is left.
        let rests = self
            .events
            .iter()
            .filter(|e| e.waves().is_some() && !e.is_over());
        let others: Vec<u32> = rests.flat_map(|e| e.observed.keys().copied()).collect();
        if let Some(other) = others.first() {
            self.judge_again(*other, finding.time_us, now_us, out);
        }
    }
}
