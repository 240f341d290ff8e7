//! Waves without an earthquake: findings that no event claims are weighed with what other stations saw, and may open an event.

use signal::tsunami::Change;

use super::{Core, MOST_UNCLAIMED, Names, Output, say};
use crate::alert::text::compact_utc;
use crate::detect::{Finding, What};
use crate::event::{Event, Waves};
use crate::forecast::Outlook;
use crate::fuse::{Fit, Known, Sighting, Silent, Verdict};
use crate::intake::quakes::Solution;
use crate::place::Place;

/// Depth at the coast for the purpose of how high a wave is there, metres: where gauges stand.
const COAST_M: f64 = 10.0;
/// In shallower water, or where no depth is given, a station stands at the coast and moves with its harbour.
const COASTAL_M: f64 = 50.0;
/// A sensor whose values have not changed for this long is stuck, and no witness: even a calm sea has a tide.
const STUCK_US: i64 = 3_600 * 1_000_000;
/// ... and one that holds still this long in the middle of a wave.
const STUCK_IN_WAVE_US: i64 = 600 * 1_000_000;
/// A fit moves a source when it is better by this, in units of chi squared.
const WORTH_REFITTING: f64 = 0.5;

impl Core {
    /// A finding at a sea-level station: an earthquake's event claims it, or fusion weighs it with what other stations saw.
    pub(super) fn sea(
        &mut self,
        finding: &Finding,
        change: &Change,
        now_us: i64,
        out: &mut Vec<Output>,
        fresh: bool,
    ) {
        let Some(ocean) = &self.ocean else { return };
        // The newest event first: an aftershock's wave rides on the main shock's only when the main shock's is over.
        for at in (0..self.events.len()).rev() {
            let names = Names {
                config: &self.config,
                intake: &self.intake,
                detect: &self.detect,
            };
            let event = &mut self.events[at];
            let before = event.outlook.clone();
            if let Some(steps) = event.sea(
                finding.station,
                finding.time_us,
                change,
                &names,
                ocean,
                &self.config.policy,
            ) {
                if event.outlook != before {
                    let why = self.measured(at, finding.station);
                    self.tell_forecast(at, why, now_us, out);
                }
                self.carry_out(at, steps, now_us, out);
                self.claimed(at, finding, change, now_us, out);
                return;
            }
        }
        if let Change::Onset { onset_us, .. } = *change
            && let Some(at) = self
                .events
                .iter()
                .rposition(|e| e.ended_without_wave() && e.could_be(finding.station, onset_us))
        {
            // The wave that was said not to come has come.
            self.reopen(at, now_us, out);
            self.sea(finding, change, now_us, out, fresh);
            return;
        }
        if finding.station as usize >= self.config.station.len() {
            return;
        }
        if self.unclaimed.len() == MOST_UNCLAIMED {
            self.unclaimed.pop_front();
        }
        self.unclaimed.push_back(*finding);
        if !fresh {
            return;
        }
        if self.fusion.see(finding.station, change) {
            self.fuse(finding, change, now_us, out, false);
        }
        if let Change::Shaking { peak_m, .. } = *change {
            let text = format!(
                "{} shakes by {peak_m:.2} m: too fast for a tsunami",
                self.station_name(finding.station)
            );
            say(out, finding.time_us, "shaking", text);
        }
    }

    /// What a station has measured that renews an event's forecast, in words.
    fn measured(&self, at: usize, station: u32) -> String {
        let name = self.station_name(station);
        match self.events[at].observed.get(&station) {
            Some(o) if o.amplitude_m != 0.0 => {
                format!("{name}: highest so far {:+.2} m", o.amplitude_m)
            }
            _ => format!("what {name} has recorded"),
        }
    }

    /// What an event has claimed: fusion keeps it only where the event's source may still be fitted better.
    fn claimed(
        &mut self,
        at: usize,
        finding: &Finding,
        change: &Change,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        if self.events[at].waves().is_none() {
            if self.events[at].observed.contains_key(&finding.station) {
                self.fusion.forget(finding.station);
            }
            return;
        }
        // A station that shook counts only when its wave has passed, long after its onset.
        if self.fusion.see(finding.station, change) && !matches!(change, Change::End { .. }) {
            self.fuse(finding, change, now_us, out, true);
        }
    }

    /// Judges a station's onset with all others'.
    pub(super) fn fuse(
        &mut self,
        finding: &Finding,
        change: &Change,
        now_us: i64,
        out: &mut Vec<Output>,
        claimed: bool,
    ) {
        let station = finding.station;
        let onset = matches!(change, Change::Onset { .. });
        // What has opened an event already is judged again only when another station joins.
        let open = |e: &Event| e.waves().is_some() && !e.is_over();
        let in_event = |e: &Event| open(e) && e.observed.contains_key(&station);
        if !onset && !claimed && self.events.iter().any(in_event) {
            return;
        }
        let verdict = self.verdict(station);
        let name = self.station_name(station);
        let fit = match verdict {
            Verdict::Fits(fit) => fit,
            Verdict::Single | Verdict::Rejected(_) | Verdict::Contradicted(_)
                if !onset || claimed =>
            {
                return;
            }
            Verdict::Single => return self.say_unexplained(finding, change, "", out),
            Verdict::Rejected(why) => {
                let why: Vec<String> = why.iter().map(|w| self.why(&name, w)).collect();
                return self.say_unexplained(finding, change, &why.join("; "), out);
            }
            Verdict::Contradicted(fit) => {
                let text = format!(
                    "{}, but {} must have seen that wave and saw nothing",
                    self.evidence(&fit),
                    self.names_of(fit.against.iter().copied())
                );
                return self.say_unexplained(finding, change, &text, out);
            }
        };
        let member = |s: &u32| fit.members.iter().any(|m| m.0 == *s);
        if let Some(at) = self
            .events
            .iter()
            .rposition(|e| open(e) && e.observed.keys().any(member))
        {
            let better = |w: Waves| fit.cost < w.cost - WORTH_REFITTING;
            if self.events[at].waves().is_some_and(better) {
                self.refit(
                    at,
                    &fit,
                    ("confirmed", "more stations agree"),
                    finding.time_us,
                    now_us,
                    out,
                );
            } else if !claimed {
                let text = format!(
                    "it is not counted for {}, for which as many stations speak without it",
                    self.events[at].id
                );
                self.say_unexplained(finding, change, &text, out);
            }
            return;
        }
        if claimed {
            return;
        }
        let (coast, least) = (self.at_the_coast(&fit), self.least_of(&fit));
        let heights = fit.members.iter().filter_map(|m| self.fusion.sighting(m.0));
        let high = heights.filter(|s| s.amplitude_m != 0.0).count();
        if least == 0 || fit.count < least {
            if onset {
                let where_ = if coast {
                    "all of them stand at the coast, where storms make harbours swing: "
                } else {
                    ""
                };
                let text = format!(
                    "{}; {where_}nobody is warned of it without an earthquake before {}",
                    self.evidence(&fit),
                    if least == 0 {
                        "officers decide".to_owned()
                    } else {
                        format!("{least} stations agree")
                    }
                );
                self.say_unexplained(finding, change, &text, out);
            }
        } else if high > 0 {
            self.open_waves(&fit, finding.time_us, now_us, out);
        } else if onset {
            let text = format!("{}; heights are awaited", self.evidence(&fit));
            self.say_unexplained(finding, change, &text, out);
        }
    }

    /// Whether none of the stations that agree is in deep water.
    fn at_the_coast(&self, fit: &Fit) -> bool {
        !fit.members.iter().any(|m| {
            let station = self.config.station.get(m.0 as usize);
            station
                .and_then(|s| s.depth_m)
                .is_some_and(|d| d >= COASTAL_M)
        })
    }

    /// How many stations must agree for a warning; 0 for never.
    pub(super) fn least_of(&self, fit: &Fit) -> usize {
        if self.at_the_coast(fit) {
            self.config.policy.coast_alone
        } else {
            self.config.policy.without_earthquake
        }
    }

    pub(super) fn verdict(&mut self, station: u32) -> Verdict {
        let Some(ocean) = &self.ocean else {
            return Verdict::Single;
        };
        let reach = self.reach.get_or_insert_with(|| ocean.reach());
        let (config, detect, fusion) = (&self.config, &self.detect, &self.fusion);
        let known = |s: u32| {
            let here = config.station.get(s as usize)?;
            let rows = detect.recent_sea(s);
            if fusion.sighting(s).is_some() && is_stuck(&rows, STUCK_IN_WAVE_US) {
                return None;
            }
            let step_us = rows
                .len()
                .checked_sub(2)
                .map_or(0, |k| rows[k + 1].0 - rows[k].0);
            Some(Known {
                place: Place {
                    lat: here.lat,
                    lon: here.lon,
                },
                depth_m: here.depth_m.unwrap_or(COAST_M).max(COAST_M),
                // A gap is no step.
                step_s: (step_us as f64 * 1e-6).clamp(0.0, 900.0),
            })
        };
        let silent: Vec<Silent> = (0u32..)
            .zip(&config.station)
            .filter(|(s, c)| {
                c.is_at_sea()
                    && fusion.sighting(*s).is_none()
                    && !detect.in_event(*s)
                    && !is_stuck(&detect.recent_sea(*s), STUCK_US)
            })
            .filter_map(|(s, _)| {
                let k = known(s)?;
                Some(Silent {
                    station: s,
                    place: k.place,
                    depth_m: k.depth_m,
                    from_s: detect.unbroken_since_us(s)? as f64 * 1e-6,
                    until_s: detect.last_sea_us(s)? as f64 * 1e-6,
                })
            })
            .collect();
        fusion.judge(reach, station, known, &silent, config.policy.separation_km)
    }

    /// The forecast of a fit, and the sightings it rests on.
    fn of_fit(
        &self,
        fit: &Fit,
        id: &str,
    ) -> Result<(Solution, Outlook, Waves, Vec<Sighting>), String> {
        let ocean = self.ocean.as_ref().ok_or("there is no grid")?;
        let sightings: Vec<Sighting> = fit
            .members
            .iter()
            .filter_map(|m| self.fusion.sighting(m.0).copied())
            .collect();
        let heights: Vec<(u32, f64)> = sightings
            .iter()
            .map(|s| (s.station, s.amplitude_m))
            .collect();
        let (quake, outlook) = ocean.from_waves(id, fit, &heights, &self.config.policy)?;
        let solution = Solution {
            quake,
            place: String::new(),
            deleted: false,
            updated_us: None,
        };
        let waves = Waves {
            count: fit.count,
            cost: fit.cost,
            region_km: fit.region_km,
        };
        Ok((solution, outlook, waves, sightings))
    }

    /// Opens an event that several stations' waves have shown.
    pub(super) fn open_waves(
        &mut self,
        fit: &Fit,
        time_us: i64,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        let id = self.free_id(&format!(
            "wave-{}",
            compact_utc((fit.origin_s * 1e6) as i64)
        ));
        let text = format!(
            "a tsunami without a known earthquake is confirmed: {}",
            self.evidence(fit)
        );
        say(out, time_us, "confirmed", text);
        let (solution, outlook, waves, sightings) = match self.of_fit(fit, &id) {
            Ok(all) => all,
            Err(why) => {
                let text = format!("no forecast for {id}: {why}; this is no all-clear");
                return say(out, now_us, "no_forecast", text);
            }
        };
        if !self.has_room(&id, now_us, out) {
            return;
        }
        let Some(ocean) = &self.ocean else { return };
        self.events.push(Event::of_waves(
            id,
            solution,
            outlook,
            waves,
            &sightings,
            ocean,
            &self.config.policy,
        ));
        let at = self.events.len() - 1;
        self.tell_forecast(at, self.evidence(fit), now_us, out);
        let steps = self.events[at].begin();
        self.carry_out(at, steps, now_us, out);
        // What other stations saw before may be this wave too; what the fit rests on is claimed.
        let mine = |f: &Finding| sightings.iter().any(|s| s.station == f.station);
        let waiting: Vec<Finding> = self.unclaimed.drain(..).filter(|f| !mine(f)).collect();
        for finding in waiting {
            if let What::Sea(change) = finding.what {
                self.sea(&finding, &change, now_us, out, false);
            }
        }
    }

    /// A better fit moves an event's source.
    pub(super) fn refit(
        &mut self,
        at: usize,
        fit: &Fit,
        (kind, why): (&str, &str),
        time_us: i64,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        let id = self.events[at].solution.quake.id.clone();
        let text = format!("{why}: {}", self.evidence(fit));
        say(out, time_us, kind, text.clone());
        let (solution, outlook, waves, sightings) = match self.of_fit(fit, &id) {
            Ok(all) => all,
            Err(why) => {
                let text = format!("no renewed forecast for {id}: {why}; the one before stands");
                return say(out, now_us, "no_forecast", text);
            }
        };
        let Some(ocean) = &self.ocean else { return };
        self.events[at].refit(
            solution,
            outlook,
            waves,
            &sightings,
            ocean,
            &self.config.policy,
        );
        self.unclaimed
            .retain(|f| !sightings.iter().any(|s| s.station == f.station));
        self.tell_forecast(at, text, now_us, out);
        if self.events[at].chain.is_empty() {
            let steps = self.events[at].begin();
            self.carry_out(at, steps, now_us, out);
        }
    }

    /// The event without an earthquake that an earthquake's forecast explains: it is taken over, so that there is one event and one chain of
    /// messages.
    pub(super) fn explained(
        &mut self,
        outlook: &Outlook,
        now_us: i64,
        out: &mut Vec<Output>,
    ) -> Option<usize> {
        let at = self
            .events
            .iter()
            .rposition(|e| e.is_explained_by(outlook))?;
        let stations: Vec<u32> = self.events[at].observed.keys().copied().collect();
        let text = format!(
            "the earthquake explains the waves at {}: {} goes on with it",
            self.names_of(stations.iter().copied()),
            self.events[at].id
        );
        say(out, now_us, "explained", text);
        for station in stations {
            self.fusion.forget(station);
        }
        Some(at)
    }

    /// From the first onset on, one station's travel times a step: a second onset finds them all there, and no step takes long.
    fn prepare_one(&mut self) {
        let Some(ocean) = self.ocean.as_ref().filter(|_| !self.fusion.is_empty()) else {
            return;
        };
        let reach = self.reach.get_or_insert_with(|| ocean.reach());
        let at_sea = (0u32..)
            .zip(&self.config.station)
            .filter(|(_, c)| c.is_at_sea());
        for (s, c) in at_sea {
            let place = Place {
                lat: c.lat,
                lon: c.lon,
            };
            if !reach.knows(s) {
                reach.prepare(s, place);
                return;
            }
        }
    }

    /// Lets time pass for fusion.
    pub(super) fn pass_waves(&mut self, now_us: i64) {
        self.fusion.pass(now_us);
        self.prepare_one();
        for event in &self.events {
            if event.is_over() && event.waves().is_some() {
                for (station, o) in &event.observed {
                    // What it begins to see afterwards is another matter.
                    let known = self.fusion.sighting(*station);
                    if known.is_some_and(|s| s.onset_us <= o.onset_us) {
                        self.fusion.forget(*station);
                    }
                }
            }
        }
    }
}

/// Whether rows have not changed for so long, at least four of them.
fn is_stuck(rows: &[(i64, f64)], for_us: i64) -> bool {
    let Some(&(last_us, last)) = rows.last() else {
        return false;
    };
    let same = rows.iter().rev().take_while(|r| r.1 == last);
    same.skip(3).any(|r| last_us - r.0 >= for_us)
}
