//! What each domain has found, as findings of situations: earthquakes, shaking, waves, warnings, outages, meters, roads, limits.

use std::ops::Range;

use signal::threshold::Kind as LimitKind;
use signal::tsunami::Change;
use wire::quantity::Quantity;

use super::quakes::near;
use super::{Core, Output, say};
use crate::alert::Level;
use crate::alert::text::utc;
use crate::detect::roads::News as Road;
use crate::detect::{Finding as Detected, What};
use crate::event::Event;
use crate::intake::quakes::Solution;
use crate::outage::Outage;
use crate::outage::area::Hull;
use crate::place::Place;
use crate::situation::{Finding, Kind, News, Shape, Situations};
use crate::view::{OutageView, Picture};

/// Earthquakes that are remembered by their catalogue ids.
const MOST_QUAKES: usize = 512;

/// How far about stations whose ground shook it is taken to have shaken, km: the distance between neighbours of a dense network, half of it.
const GROUND_MARGIN_KM: f64 = 10.0;

/// What situations have been told of, and what waits to be told to them.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Earthquakes told in this step.
    quakes: Vec<Solution>,
    /// What detectors found in this step, and the lines that told it.
    found: Vec<(Detected, Range<usize>)>,
    /// Lines about what has a key already.
    about: Vec<(usize, String)>,
    /// By catalogue id: whose solution counts for it, which names the finding.
    owners: Vec<(String, String)>,
    /// The solutions that count.
    known: Vec<Solution>,
    /// Outages that were on.
    outages: Vec<String>,
    /// What the page was last given.
    shown: u64,
}

impl Gathered {
    /// Notes an earthquake for the end of the step.
    pub(super) fn quake(&mut self, solution: Solution) {
        self.quakes.push(solution);
    }

    /// Notes what a detector found, and the lines that told it.
    pub(super) fn found(&mut self, finding: &Detected, lines: Range<usize>) {
        self.found.push((*finding, lines));
    }

    /// Notes that a line is about something that has a key.
    pub(super) fn about(&mut self, line: usize, key: String) {
        self.about.push((line, key));
    }

    fn owner(&self, id: &str) -> Option<&String> {
        self.owners.iter().find(|o| o.0 == id).map(|o| &o.1)
    }

    fn own(&mut self, id: &str, owner: String) {
        if self.owners.len() == MOST_QUAKES {
            self.owners.remove(0);
        }
        self.owners.push((id.to_owned(), owner));
    }
}

impl Core {
    /// Gives situations what this step has found, and marks the lines that told it with the situation they belong to.
    pub(super) fn situate(&mut self, now_us: i64, out: &mut Vec<Output>) {
        let mut news = Vec::new();
        for solution in std::mem::take(&mut self.gathered.quakes) {
            news.extend(self.situate_quake(&solution));
        }
        for at in 0..self.events.len() {
            for finding in self.of_event(at) {
                news.extend(self.situations.take(finding));
            }
        }
        let mut about = std::mem::take(&mut self.gathered.about);
        for (detected, lines) in std::mem::take(&mut self.gathered.found) {
            let text = lines.clone().find_map(|i| match out.get(i) {
                Some(Output::Say { text, .. }) => Some(text.as_str()),
                _ => None,
            });
            let (key, more) = self.situate_detected(&detected, text);
            news.extend(more);
            if let Some(key) = key {
                about.extend(lines.map(|line| (line, key.clone())));
            }
        }
        news.extend(self.situate_ground(&mut about, out));
        news.extend(self.situate_energy(now_us));
        news.extend(self.situations.pass(now_us));
        for (line, key) in about {
            let of = self.situations.of(&key).map(str::to_owned);
            if let Some(Output::Say { situation, .. }) = out.get_mut(line) {
                *situation = of;
            }
        }
        for line in news {
            let News {
                kind,
                text,
                situation,
            } = line;
            say(out, now_us, kind, text);
            if let Some(Output::Say { situation: of, .. }) = out.last_mut() {
                *of = Some(situation);
            }
        }
    }

    fn situate_quake(&mut self, solution: &Solution) -> Vec<News> {
        let quake = &solution.quake;
        let id = &quake.id;
        let owner = match self.gathered.owner(id) {
            Some(owner) => owner.clone(),
            None if solution.deleted => return Vec::new(),
            None => {
                let same = self.gathered.known.iter().find(|k| near(k, solution));
                let owner = same.map_or_else(|| id.clone(), |k| k.quake.id.clone());
                self.gathered.own(id, owner.clone());
                owner
            }
        };
        let at = self.gathered.known.iter().position(|k| k.quake.id == owner);
        if solution.deleted {
            // The sea has spoken: what its event goes on with stays.
            let stands = self
                .events
                .iter()
                .any(|e| !e.is_over() && e.told_by(id).is_some());
            let Some(at) = at.filter(|_| owner == *id && !stands) else {
                return Vec::new();
            };
            self.gathered.known.remove(at);
            self.gathered.owners.retain(|o| o.1 != owner);
            return self
                .situations
                .withdraw(&quake_key(&owner), "has been taken back by its agency");
        }
        match at {
            // Another catalogue may make it larger, as for events.
            Some(at)
                if owner == *id || quake.magnitude > self.gathered.known[at].quake.magnitude =>
            {
                let mut kept = solution.clone();
                kept.quake.id.clone_from(&owner);
                self.gathered.known[at] = kept;
            }
            Some(_) => return Vec::new(),
            None => {
                if self.gathered.known.len() == MOST_QUAKES {
                    self.gathered.known.remove(0);
                }
                self.gathered.known.push(solution.clone());
            }
        }
        let event = self
            .events
            .iter()
            .rev()
            .find(|e| e.waves().is_none() && e.told_by(id).is_some());
        let finding = quake_finding(&owner, solution, event);
        self.situations.take(finding)
    }

    /// What an event is made of: its earthquake, what stations saw of its wave, whom it warns.
    fn of_event(&self, at: usize) -> Vec<Finding> {
        let event = &self.events[at];
        let mut findings = Vec::new();
        let quake = &event.solution.quake;
        let owner = self.gathered.owner(&quake.id).cloned();
        if let Some(owner) = owner.filter(|_| event.waves().is_none()) {
            let key = quake_key(&owner);
            let known = self.situations.finding(&key);
            // A new event of the same earthquake has taken it over.
            let mine = known.is_some_and(|f| {
                f.event.is_none() || f.event.as_ref() == Some(&event.id) || !event.is_over()
            });
            if mine {
                findings.push(quake_finding(&owner, &event.solution, Some(event)));
            }
        }
        if event.is_over() {
            // What it saw has been told with its end, or is a finding of its own by now.
            let warning = warning_key(event);
            if let Some(known) = self
                .situations
                .finding(&warning)
                .filter(|f| f.until_us.is_none())
            {
                findings.push(Finding {
                    until_us: Some(self.stepped_us),
                    ..known.clone()
                });
            }
        }
        for (station, o) in &event.observed {
            let Some(place) = self.place_of(*station) else {
                continue;
            };
            let key = self.wave_key(*station);
            if event.is_over()
                && self
                    .situations
                    .finding(&key)
                    .is_none_or(|f| f.event.as_ref() != Some(&event.id) || f.until_us.is_some())
            {
                continue;
            }
            let name = format!("tsunami at {}", self.station_name(*station));
            let text = if o.amplitude_m == 0.0 {
                format!("{name} since {}", utc(o.onset_us))
            } else {
                format!(
                    "{name} since {}, highest {:+.2} m",
                    utc(o.onset_us),
                    o.amplitude_m
                )
            };
            findings.push(Finding {
                key,
                kind: Kind::Wave,
                shape: place.into(),
                since_us: o.onset_us,
                until_us: o
                    .quiet_since_us
                    .or(event.is_over().then_some(self.stepped_us)),
                size: 1.0,
                event: Some(event.id.clone()),
                name,
                text,
                alone: true,
            });
        }
        findings.extend(self.warning(event));
        findings
    }

    /// The zones that an event's messages name now.
    fn warning(&self, event: &Event) -> Option<Finding> {
        if !event.is_published() {
            return None;
        }
        let warned: Vec<&crate::config::Zone> = event
            .told_zones()
            .filter(|z| z.1 > Level::None)
            .filter_map(|z| self.config.zone.get(z.0))
            .collect();
        let shape = Shape::of_areas(warned.iter().map(|z| z.polygon.as_slice()))?;
        let names: Vec<&str> = warned.iter().map(|z| z.name.as_str()).collect();
        Some(Finding {
            key: warning_key(event),
            kind: Kind::Warning,
            shape,
            since_us: event.first_told_us()?,
            until_us: None,
            size: warned.len() as f64,
            event: Some(event.id.clone()),
            name: "the warning".to_owned(),
            text: format!("for {}", names.join(", ")),
            alone: false,
        })
    }

    /// A detector's finding: its key, and what came of it.
    fn situate_detected(
        &mut self,
        detected: &Detected,
        text: Option<&str>,
    ) -> (Option<String>, Vec<News>) {
        let station = detected.station;
        let Some(place) = self.place_of(station) else {
            return (None, Vec::new());
        };
        let id = self.config.station[station as usize].id.clone();
        let name = self.station_name(station);
        let time_us = detected.time_us;
        let finding =
            |kind: Kind, key: String, name: String, since_us: i64, until_us: Option<i64>| Finding {
                key: format!("{}/{key}", kind.name()),
                kind,
                shape: place.into(),
                since_us,
                until_us,
                size: 1.0,
                event: None,
                text: text.unwrap_or(&name).to_owned(),
                name,
                alone: true,
            };
        let found = match detected.what {
            What::Limit {
                limit,
                kind,
                active,
                since_us,
                quantity,
                ..
            } => {
                let key = format!("{id}/{limit}/{}", limit_name(kind));
                let what = self.detect.limit(limit).and_then(|l| l.text.clone());
                let what = what.unwrap_or_else(|| words(quantity));
                finding(
                    Kind::Limit,
                    key,
                    format!("{what} at {name}"),
                    since_us,
                    (!active).then_some(time_us),
                )
            }
            What::Sea(Change::Shaking { since_us, peak_m }) => {
                let name = format!("shaking by {peak_m:.2} m at {name}");
                finding(Kind::SeaShaking, id, name, since_us, Some(since_us))
            }
            What::Sea(Change::Onset { onset_us, .. }) => {
                let key = self.wave_key(station);
                // Counted to an event, and told by it.
                let claimed = self
                    .events
                    .iter()
                    .any(|e| !e.is_over() && e.observed.contains_key(&station));
                if claimed {
                    return (Some(key), Vec::new());
                }
                if text.is_none() {
                    return (None, Vec::new());
                }
                finding(
                    Kind::Wave,
                    id,
                    format!("a motion like a tsunami at {name}"),
                    onset_us,
                    None,
                )
            }
            What::Sea(Change::End { quiet_since_us, .. }) => {
                let key = self.wave_key(station);
                self.situations.end(&key, quiet_since_us);
                return (Some(key), Vec::new());
            }
            What::Sea(Change::Growth { .. }) => return (Some(self.wave_key(station)), Vec::new()),
            What::SeaRevised => {
                let key = self.wave_key(station);
                let counted = |e: &Event| !e.is_over() && e.observed.contains_key(&station);
                if self.events.iter().any(counted) {
                    return (Some(key), Vec::new());
                }
                let Some(onset_us) = self.fusion.sighting(station).map(|s| s.onset_us) else {
                    let why = "was none, as rows that came late show";
                    return (None, self.situations.withdraw(&key, why));
                };
                let name = format!("a motion like a tsunami at {name}");
                finding(Kind::Wave, id, name, onset_us, None)
            }
            What::Ground(_) => return (None, Vec::new()),
            What::Road(news) => {
                use signal::traffic::{Change, Congestion};
                match news {
                    Road::Series { quantity, change } => {
                        let key = format!("{id}/{}", quantity.name());
                        match change {
                            Change::Onset { worse: true, .. } => finding(
                                Kind::Incident,
                                key,
                                format!("unusual traffic at {name}"),
                                time_us,
                                None,
                            ),
                            Change::End { worse: true, .. } => {
                                let key = format!("{}/{key}", Kind::Incident.name());
                                self.situations.end(&key, time_us);
                                return (Some(key), Vec::new());
                            }
                            Change::Congestion {
                                to: Congestion::Congested,
                                ..
                            } => finding(
                                Kind::Congestion,
                                key,
                                format!("congestion at {name}"),
                                time_us,
                                None,
                            ),
                            Change::Congestion {
                                from: Congestion::Congested,
                                ..
                            } => {
                                let key = format!("{}/{key}", Kind::Congestion.name());
                                self.situations.end(&key, time_us);
                                return (Some(key), Vec::new());
                            }
                            _ => return (None, Vec::new()),
                        }
                    }
                    Road::Between {
                        downstream,
                        active,
                        since_us,
                    } => {
                        let other = self.station_name(downstream);
                        let to = self.intake.stations.name(downstream);
                        let mut found = finding(
                            Kind::Incident,
                            format!("{id}/{to}"),
                            format!("an incident between {name} and {other}"),
                            since_us,
                            (!active).then_some(time_us),
                        );
                        if let Some(down) = self.place_of(downstream) {
                            let way = [[place.lat, place.lon], [down.lat, down.lon]];
                            if let Some(shape) = Shape::of_areas([way.as_slice()]) {
                                found.shape = shape;
                            }
                        }
                        found
                    }
                    Road::Impossible { .. } => return (None, Vec::new()),
                }
            }
        };
        let key = found.key.clone();
        if let Some(until_us) = found.until_us
            && found.kind != Kind::SeaShaking
        {
            // Its end: what is known of it stays.
            self.situations.end(&key, until_us);
            return (Some(key), Vec::new());
        }
        (Some(key), self.situations.take(found))
    }

    /// The times at which the ground shook at several stations, and the lines that told of them.
    fn situate_ground(&mut self, about: &mut Vec<(usize, String)>, out: &[Output]) -> Vec<News> {
        let mut news = Vec::new();
        let mut newest = None;
        for episode in self.ground.episodes() {
            let key = format!("{}/{}", Kind::Ground.name(), episode.number);
            let stations = episode.stations.iter().map(|s| s.0);
            let places: Vec<Place> = stations.clone().filter_map(|s| self.place_of(s)).collect();
            let Some(shape) = Hull::of(&places).and_then(|hull| {
                let (_, outline) = hull.outline(GROUND_MARGIN_KM);
                Shape::of_areas([outline.as_slice()])
            }) else {
                continue;
            };
            let names = self.names_of(stations);
            let finding = Finding {
                key: key.clone(),
                kind: Kind::Ground,
                shape,
                since_us: episode.since_us,
                until_us: episode.until_us,
                size: episode.stations.len() as f64,
                event: None,
                name: format!(
                    "shaking of the ground at {} stations",
                    episode.stations.len()
                ),
                text: format!(
                    "the ground shook at {names} since {}",
                    utc(episode.since_us)
                ),
                alone: true,
            };
            news.extend(self.situations.take(finding));
            newest = Some(key);
        }
        if let Some(key) = newest {
            let told = |o: &Output| matches!(o, Output::Say { kind, .. } if kind.starts_with("shaking_ground"));
            let lines = out.iter().enumerate().filter(|(_, o)| told(o));
            about.extend(lines.map(|(line, _)| (line, key.clone())));
        }
        news
    }

    /// What meters found, and the outages as they are now.
    fn situate_energy(&mut self, now_us: i64) -> Vec<News> {
        let mut news = Vec::new();
        let Some(energy) = &mut self.energy else {
            return news;
        };
        for finding in energy.take_found() {
            let known = self
                .situations
                .finding(&finding.key)
                .is_some_and(|f| f.until_us.is_none());
            match finding.until_us {
                Some(until_us) if known => self.situations.end(&finding.key, until_us),
                // A sag of a second is told when it is over.
                _ => news.extend(self.situations.take(finding)),
            }
        }
        let on = energy.outages().on();
        let mut keys = Vec::new();
        for outage in on {
            keys.push(outage.key());
            if let Some(finding) = outage_finding(outage) {
                news.extend(self.situations.take(finding));
            }
        }
        for key in std::mem::replace(&mut self.gathered.outages, keys) {
            if self.gathered.outages.contains(&key) {
                continue;
            }
            let into = on
                .iter()
                .find(|o| o.joined.iter().any(|j| key.ends_with(&format!("/{j}"))));
            match into {
                Some(outage) => news.extend(
                    self.situations
                        .withdraw(&key, &format!("is part of {} now", outage.id)),
                ),
                None => self.situations.end(&key, now_us),
            }
        }
        news
    }

    fn place_of(&self, station: u32) -> Option<Place> {
        let station = self.config.station.get(station as usize)?;
        Some(Place {
            lat: station.lat,
            lon: station.lon,
        })
    }

    fn wave_key(&self, station: u32) -> String {
        format!(
            "{}/{}",
            Kind::Wave.name(),
            self.intake.stations.name(station)
        )
    }

    /// Findings of all domains that belong together.
    pub fn situations(&self) -> &Situations {
        &self.situations
    }

    /// The situation that an event's messages are about.
    pub fn situation_of_event(&self, event: &str) -> Option<String> {
        self.situations.of_event(event).map(str::to_owned)
    }

    /// Whether situations or outages are others than at the last [`Core::picture`].
    pub fn picture_changed(&self) -> bool {
        self.gathered.shown != self.situations.version()
    }

    /// Situations and outages, for people.
    pub fn picture(&mut self) -> Picture {
        self.gathered.shown = self.situations.version();
        Picture {
            situations: self.situations.views(),
            outages: self.outages().iter().map(|o| self.outage_view(o)).collect(),
        }
    }

    fn outage_view(&self, outage: &Outage) -> OutageView {
        let key = outage.key();
        let earthquake = self.situations.damaged_by(&key, Kind::Earthquake);
        OutageView {
            id: outage.id.clone(),
            since_us: outage.since_us,
            out: outage.out.len(),
            of: outage.of,
            area: outage.area.clone(),
            area_km2: outage.area_km2,
            earthquake: earthquake
                .and_then(|f| f.key.split_once('/'))
                .map(|k| k.1.to_owned()),
            situation: self.situations.of(&key).map(str::to_owned),
        }
    }
}

fn quake_key(id: &str) -> String {
    format!("{}/{id}", Kind::Earthquake.name())
}

fn warning_key(event: &Event) -> String {
    format!("{}/{}", Kind::Warning.name(), event.id)
}

fn words(quantity: Quantity) -> String {
    quantity.name().replace('_', " ")
}

const fn limit_name(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Above => "above",
        LimitKind::Below => "below",
        LimitKind::Rate => "rate",
    }
}

/// An earthquake: on while its event is.
fn quake_finding(owner: &str, solution: &Solution, event: Option<&Event>) -> Finding {
    let quake = &solution.quake;
    let on = event.is_some_and(|e| !e.is_over());
    let place = if solution.place.is_empty() {
        format!("{:.2} {:.2}", quake.lat, quake.lon)
    } else {
        solution.place.clone()
    };
    Finding {
        key: quake_key(owner),
        kind: Kind::Earthquake,
        shape: Place {
            lat: quake.lat,
            lon: quake.lon,
        }
        .into(),
        since_us: quake.origin_us,
        until_us: (!on).then_some(quake.origin_us),
        size: quake.magnitude,
        event: event.map(|e| e.id.clone()),
        name: format!("the M{:.1} earthquake ({place})", quake.magnitude),
        text: format!(
            "M{:.1}, {place}, {:.0} km deep, at {}",
            quake.magnitude,
            quake.depth_km,
            utc(quake.origin_us)
        ),
        alone: event.is_some(),
    }
}

fn outage_finding(outage: &Outage) -> Option<Finding> {
    let meters = outage.members.len();
    Some(Finding {
        key: outage.key(),
        kind: Kind::Outage,
        shape: Shape::of_areas([outage.area.as_slice()])?,
        since_us: outage.since_us,
        until_us: None,
        size: meters as f64,
        event: None,
        name: format!("{} ({meters} meters)", outage.id),
        text: format!(
            "{} of {} meters are out over {:.1} km2",
            outage.out.len(),
            outage.of,
            outage.area_km2
        ),
        alone: true,
    })
}
