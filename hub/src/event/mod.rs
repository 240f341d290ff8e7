//! One tsunami event: an earthquake (or the source that waves alone have shown), what the sea-level stations saw of it, and what is to be
//! said about it.
//!
//! This is fusion and assessment as one state machine. It takes an earthquake solution, findings and the hub's time, and answers with
//! what should happen: lines for the timeline and messages to publish. It reads no clock and does no I/O.
//!
//! Rules:
//! - A sea-level onset confirms the event when it lies in the window in which the ocean's travel times allow the wave. Before the
//!   earliest possible arrival it is shaking or something else, and is said to be so; it never confirms.
//! - Until a station's first wave has passed, its amplitude is a lower bound: it can raise levels, not lower them.
//! - A level that rises is told in the same step. Heights that grow within their level, and whatever falls, are gathered for the
//!   policy's times.
//! - All clear needs evidence, never silence: every station that saw the wave has been quiet for the policy's time and every zone's
//!   arrival is past by as much; or a healthy station that must have seen it saw nothing.

mod reason;
mod recount;
mod renewal;
mod sea;
pub mod view;
mod waves;

pub use reason::Reason;
pub use recount::{Recount, words};
pub use waves::Waves;

use std::collections::{BTreeMap, BTreeSet};

use signal::tsunami::Sign;

use crate::alert::Level;
use crate::config::Policy;
use crate::forecast::{Basis, Ocean, Outlook};
use crate::intake::quakes::Solution;

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;

/// A station that should have seen the wave is given this long after its forecast arrival before its silence means something.
const OVERDUE_US: i64 = 90 * MINUTE_US;
/// An event that nothing has ended two days after its last arrival ends unrenewed: our choice, longer than the records at hand show
/// waves above a warning level.
const LONGEST_US: i64 = 48 * 3_600 * SECOND_US;

/// What one station saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// When the wave began here, microseconds since the Unix epoch.
    pub onset_us: i64,
    /// First motion.
    pub sign: Sign,
    /// Largest height so far, signed, metres; 0 until known.
    pub amplitude_m: f64,
    /// When the largest height was reached.
    pub amplitude_us: i64,
    /// The first wave has passed, so that the amplitude is no lower bound any more.
    pub passed: bool,
    /// Quiet since, when it is.
    pub quiet_since_us: Option<i64>,
}

/// What should happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A line for the timeline.
    Say {
        /// Event time, microseconds since the Unix epoch.
        time_us: i64,
        /// Stable word.
        kind: &'static str,
        /// One sentence.
        text: String,
    },
    /// Publish a message about the event as it is now.
    Publish(Reason),
}

/// One tsunami event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Event id, from the earthquake's.
    pub id: String,
    /// The earthquake as last told; while none is known ([`Event::waves`]), one that stands for the source.
    pub solution: Solution,
    /// The forecast before any record: what assimilation starts from.
    prior: Outlook,
    /// The forecast now.
    pub outlook: Outlook,
    /// The forecast from the source that the records say, where they have said one.
    inverted: Option<Outlook>,
    /// What stations saw.
    pub observed: BTreeMap<u32, Observed>,
    /// Messages published so far: identifier and sent time, in order.
    pub chain: Vec<(String, i64)>,
    /// Zones and heights as last published.
    published: Vec<(usize, Level, f64)>,
    published_us: i64,
    /// Zones that any message of the chain has warned.
    warned: BTreeSet<usize>,
    confirmed: bool,
    /// Whether the last message said that it is confirmed.
    told_confirmed: bool,
    /// The hub's time as last told while the event was on.
    ticked_us: i64,
    /// What is known of the source while no earthquake is.
    waves: Option<Waves>,
    over: Option<Reason>,
    /// The last solution of every catalogue id that told of this earthquake; the one that counts is `solution`'s.
    told: BTreeMap<String, Solution>,
}

/// What an event needs to know of a station.
pub trait Stations {
    /// Name for people.
    fn name(&self, station: u32) -> String;
    /// Event time of its last sea-level row that a detector could use, microseconds since the Unix epoch.
    fn last_us(&self, station: u32) -> Option<i64>;
    /// Since when such rows have come without a gap worth the name, microseconds since the Unix epoch.
    fn unbroken_since_us(&self, station: u32) -> Option<i64>;
    /// Whether its detector is in the middle of something, whatever that is.
    fn is_restless(&self, station: u32) -> bool;
}

fn say(time_us: i64, kind: &'static str, text: String) -> Step {
    Step::Say {
        time_us,
        kind,
        text,
    }
}

impl Event {
    /// A new event under an id that no event had before.
    pub fn new(id: String, solution: Solution, outlook: Outlook) -> Self {
        Self {
            id,
            told: BTreeMap::from([(solution.quake.id.clone(), solution.clone())]),
            solution,
            prior: outlook.clone(),
            outlook,
            inverted: None,
            observed: BTreeMap::new(),
            chain: Vec::new(),
            published: Vec::new(),
            published_us: i64::MIN,
            warned: BTreeSet::new(),
            confirmed: false,
            told_confirmed: false,
            ticked_us: i64::MIN,
            waves: None,
            over: None,
        }
    }

    /// Whether a station has seen the wave.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Why it has ended, when it has.
    pub fn over(&self) -> Option<Reason> {
        self.over
    }

    /// What its forecast rests on.
    pub fn basis(&self) -> Basis {
        if self.waves.is_some() {
            Basis::Waves
        } else if self.outlook == self.prior {
            self.prior.basis()
        } else {
            Basis::Records
        }
    }

    /// Whether what a station saw at a time is part of this event that is over: late rows about it are history, and begin nothing.
    pub fn is_history(&self, station: u32, time_us: i64) -> bool {
        let during = self.outlook.origin_us()..=self.ticked_us;
        self.is_over() && self.observed.contains_key(&station) && during.contains(&time_us)
    }

    /// Whether it ended without a wave, so that a wave that comes after all begins it anew.
    pub fn ended_without_wave(&self) -> bool {
        matches!(self.over, Some(Reason::NoWave | Reason::Withdrawn))
    }

    /// The event as history alone: it cannot begin again a second time.
    pub fn spend(&mut self) {
        self.over = Some(Reason::Lapsed);
    }

    /// The last solution under a catalogue id.
    pub fn told_by(&self, id: &str) -> Option<&Solution> {
        self.told.get(id)
    }

    /// Notes a solution that does not count: another catalogue's, and no larger.
    pub fn hear(&mut self, solution: Solution) {
        /// Catalogues that speak of one earthquake; more are noise.
        const MOST_IDS: usize = 32;
        if self.told.len() < MOST_IDS || self.told.contains_key(&solution.quake.id) {
            self.told.insert(solution.quake.id.clone(), solution);
        }
    }

    /// Whether an alert is out.
    pub fn is_published(&self) -> bool {
        !self.chain.is_empty() && self.over.is_none()
    }

    /// The first assessment.
    pub fn begin(&mut self) -> Vec<Step> {
        if self.outlook.level() > Level::None {
            vec![Step::Publish(if self.waves.is_some() {
                Reason::Waves
            } else {
                Reason::Earthquake
            })]
        } else {
            Vec::new()
        }
    }

    /// A newer solution of the same earthquake.
    pub fn revise(
        &mut self,
        solution: Solution,
        outlook: Outlook,
        ocean: &Ocean,
        policy: &Policy,
    ) -> Vec<Step> {
        let (was, now) = (self.solution.quake.magnitude, solution.quake.magnitude);
        let explains = self.waves.take().is_some();
        self.hear(solution.clone());
        self.solution = solution;
        self.prior = outlook.clone();
        self.outlook = outlook;
        self.inverted = None;
        self.renew(ocean, policy);
        if self.over.is_some() {
            return Vec::new();
        }
        if self.chain.is_empty() {
            return self.begin();
        }
        if self.outlook.level() == Level::None && !self.confirmed {
            return self.end(Reason::Withdrawn);
        }
        if explains {
            vec![Step::Publish(Reason::Explained)]
        } else if self.news().is_some() || (was - now).abs() >= 0.1 {
            vec![Step::Publish(Reason::Revised)]
        } else {
            Vec::new()
        }
    }

    /// The agency has taken the earthquake back.
    pub fn withdraw(&mut self) -> Vec<Step> {
        if self.over.is_some() || self.confirmed {
            // The sea has spoken: a catalogue's deletion does not call a wave back.
            return Vec::new();
        }
        self.end(Reason::Withdrawn)
    }

    fn end(&mut self, reason: Reason) -> Vec<Step> {
        let told = self.is_published();
        self.over = Some(reason);
        if told {
            vec![Step::Publish(reason)]
        } else {
            Vec::new()
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now_us: i64, stations: &impl Stations, policy: &Policy) -> Vec<Step> {
        if self.over.is_some() {
            return Vec::new();
        }
        self.ticked_us = now_us;
        if self.chain.is_empty() {
            // Nobody was warned, and no wave has come that would have been worth it.
            if now_us.saturating_sub(self.outlook.origin_us()) > LONGEST_US {
                self.over = Some(Reason::NoWave);
            }
            return Vec::new();
        }
        let quiet = policy.quiet.as_micros() as i64;
        // Zones that no level applies to do not hold up the all clear for the others.
        let last_arrival = self
            .outlook
            .zones
            .iter()
            .filter(|z| z.level > Level::None)
            .map(|z| z.arrival_us)
            .max()
            .unwrap_or(self.outlook.origin_us());
        let zones_past = now_us >= last_arrival.saturating_add(quiet);
        if zones_past && self.confirmed && self.all_quiet(now_us, quiet, stations) {
            return self.end(Reason::AllClear);
        }
        if zones_past && !self.confirmed && self.seen_nothing(now_us, stations) {
            return self.end(Reason::NoWave);
        }
        if now_us >= last_arrival.saturating_add(LONGEST_US) {
            self.over = Some(Reason::Lapsed);
            return vec![say(
                now_us,
                "lapses",
                "no sensor has been able to say for two days that the sea is quiet; the alert is not renewed any more and lapses: \
                 tell the public by other means"
                    .to_owned(),
            )];
        }
        let since = now_us - self.published_us;
        if self.is_due(since, policy) {
            let taken_back = self.told_confirmed && !self.confirmed;
            return vec![Step::Publish(if taken_back {
                Reason::Unconfirmed
            } else {
                Reason::Forecast
            })];
        }
        // Renew with a tenth of the life left, so that a poll between expiry and renewal never finds nothing.
        let life = policy.expires.as_micros() as i64;
        if since >= life / 10 * 9 {
            return vec![Step::Publish(Reason::Renewal)];
        }
        Vec::new()
    }

    /// Every station that saw the wave is quiet, has been for long enough, and still speaks.
    fn all_quiet(&self, now_us: i64, quiet: i64, stations: &impl Stations) -> bool {
        !self.observed.is_empty()
            && self.observed.iter().all(|(station, o)| {
                o.quiet_since_us
                    .is_some_and(|since| now_us - since >= quiet)
                    && stations
                        .last_us(*station)
                        .is_some_and(|last| now_us - last < quiet)
            })
    }

    /// Stations that must have seen the wave have spoken all along and seen nothing, and none of them is in doubt.
    fn seen_nothing(&self, now_us: i64, stations: &impl Stations) -> bool {
        // A wave below the detector's own threshold is none that a station must have seen.
        let least_m = signal::tsunami::Settings::default().threshold_m;
        let mut witnesses = 0;
        for s in &self.outlook.stations {
            if stations.is_restless(s.station) {
                return false;
            }
            let due = s.arrival_us + OVERDUE_US;
            let (earliest, _) = self.window(s);
            let all_along = stations
                .unbroken_since_us(s.station)
                .is_some_and(|since| since <= earliest)
                && stations.last_us(s.station).is_some_and(|last| last >= due);
            if now_us >= due && all_along && s.forecast.quantile_m(0.05) > least_m {
                witnesses += 1;
            }
        }
        witnesses > 0
    }

    /// Zones that were warned and are below every level now.
    pub fn lifted(&self) -> impl Iterator<Item = usize> + '_ {
        let now = |zone: &usize| {
            self.outlook
                .zones
                .iter()
                .any(|z| z.zone == *zone && z.level > Level::None)
        };
        self.warned.iter().copied().filter(move |z| !now(z))
    }

    /// Zones and levels as last told the public.
    pub fn told_zones(&self) -> impl Iterator<Item = (usize, Level)> + '_ {
        self.published.iter().map(|p| (p.0, p.1))
    }

    /// When the public was first told, microseconds since the Unix epoch.
    pub fn first_told_us(&self) -> Option<i64> {
        self.chain.first().map(|c| c.1)
    }

    /// Takes over what earlier runs published beyond what this one knows of, so that numbers go on where they were.
    pub fn adopt(&mut self, published: &[(String, i64)]) {
        if published.len() > self.chain.len() {
            self.chain = published.to_vec();
            self.published_us = published.last().map_or(self.published_us, |p| p.1);
        }
    }

    /// Corrects when a message of the chain was sent.
    pub fn told(&mut self, identifier: &str, sent_us: i64) {
        if let Some(entry) = self.chain.iter_mut().find(|(known, _)| known == identifier) {
            entry.1 = sent_us;
        }
    }

    /// Notes that a message went out.
    pub fn published(&mut self, identifier: String, sent_us: i64) {
        self.chain.push((identifier, sent_us));
        self.published_us = sent_us;
        self.told_confirmed = self.confirmed;
        self.warned.extend(
            self.outlook
                .zones
                .iter()
                .filter(|z| z.level > Level::None)
                .map(|z| z.zone),
        );
        self.published = self
            .outlook
            .zones
            .iter()
            .map(|z| (z.zone, z.level, z.median_m))
            .collect();
    }
}

/// "4 min later than forecast" in words.
pub fn against(late_min: f64) -> String {
    if late_min.abs() < 0.5 {
        "as forecast".to_owned()
    } else if late_min > 0.0 {
        format!("{late_min:.0} min later than forecast")
    } else {
        format!("{:.0} min earlier than forecast", -late_min)
    }
}
