//! The deterministic core: batches, earthquakes and time in; timeline, findings, forecasts and alerts out.
//!
//! It reads no clock, no disk and no network, and draws no random number. Every step has the hub's time in it ([`Core::finish`]), so
//! that playing the journal back repeats everything (a test holds that).

mod energy;
mod evidence;
mod ground;
mod inverting;
mod limits;
mod models;
mod quakes;
mod revised;
mod roads;
mod situations;
mod stories;
mod waves;

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde::Serialize;
use signal::threshold::Kind;
use wire::batch::Batch;

use crate::alert::Published;
use crate::alert::compose::Composer;
use crate::columns::{Rows, schema};
use crate::config::Config;
use crate::detect::{Detect, Finding, What};
use crate::energy::Energy;
use crate::entry::{Entry, Item};
use crate::event::{Event, Reason, Stations, Step};
use crate::forecast::{Job, Ocean, ZoneOutlook};
use crate::fuse::{Fusion, Reach};
use crate::ground::Ground;
use crate::intake::{Intake, Taken};
use crate::situation::Situations;

/// Events kept, over or not.
const MOST_EVENTS: usize = 64;
/// Sea-level findings that no event has claimed, kept in case the earthquake is told later.
const MOST_UNCLAIMED: usize = 256;
/// How long an unclaimed finding may wait for its earthquake.
const UNCLAIMED_US: i64 = 6 * 3_600 * 1_000_000;
/// What a step gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum Output {
    /// A line for the timeline.
    Say {
        /// Event time, microseconds since the Unix epoch.
        time_us: i64,
        /// Stable word.
        kind: String,
        /// One sentence.
        text: String,
        /// The situation that what is told belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        situation: Option<String>,
    },
    /// A forecast was made or renewed.
    Forecast {
        /// The event.
        event: String,
        /// By zone.
        zones: Vec<NamedZone>,
        /// By sea-level station: id, arrival (microseconds since the Unix epoch), median, 5 % and 95 % height in metres.
        stations: Vec<(String, i64, f64, f64, f64)>,
    },
    /// A message to publish.
    Publish(Published),
}

/// A zone's outlook with its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedZone {
    /// Zone id.
    pub id: String,
    /// Zone name.
    pub name: String,
    /// What can be said.
    #[serde(flatten)]
    pub outlook: ZoneOutlook,
}

/// The core.
pub struct Core {
    config: Arc<Config>,
    ocean: Option<Ocean>,
    /// Decoder and duplicate filter; its counters are the hub's.
    pub intake: Intake,
    detect: Detect,
    energy: Option<Energy>,
    events: Vec<Event>,
    limits: limits::Chains,
    /// When each limit was last passed, seconds since the Unix epoch, as its event's id says it.
    limit_starts: std::collections::BTreeMap<(u32, usize, Kind), i64>,
    unclaimed: VecDeque<Finding>,
    /// Onsets that no earthquake explains, and the sea as their sources are looked for in it, once that is needed.
    fusion: Fusion,
    reach: Option<Reach>,
    ground: Ground,
    /// Model runs asked for and not handed out, those whose answers are awaited, and the number of the last.
    jobs: Vec<Job>,
    pending: Vec<models::Pending>,
    job_number: u64,
    /// Jobs that gave way to newer ones: their first estimates speak at the end of the step.
    crowded_out: Vec<models::Pending>,
    /// Time of the last step, microseconds since the Unix epoch.
    stepped_us: i64,
    /// Responses of events, oldest first.
    inverting: Vec<inverting::Inverting>,
    schema: SchemaRef,
    /// The rows of the last step that had any, for who shows them.
    rows: Option<RecordBatch>,
    touched: Vec<u32>,
    situations: Situations,
    gathered: situations::Gathered,
    /// What has been told of each event, oldest first.
    stories: Vec<stories::Story>,
}

struct Names<'a> {
    config: &'a Config,
    intake: &'a Intake,
    detect: &'a Detect,
}

impl Stations for Names<'_> {
    fn name(&self, station: u32) -> String {
        match self.config.station.get(station as usize) {
            Some(s) if !s.name.is_empty() => s.name.clone(),
            _ => self.intake.stations.name(station).to_owned(),
        }
    }

    fn last_us(&self, station: u32) -> Option<i64> {
        self.detect.last_sea_us(station)
    }

    fn unbroken_since_us(&self, station: u32) -> Option<i64> {
        self.detect.unbroken_since_us(station)
    }

    fn is_restless(&self, station: u32) -> bool {
        self.detect.in_event(station)
    }
}

impl Core {
    /// A core for a deployment.
    pub fn new(config: Arc<Config>, ocean: Option<Ocean>) -> Self {
        Self {
            ocean,
            intake: Intake::new(config.station.iter().map(|s| s.id.as_str())),
            detect: Detect::new(&config),
            energy: Energy::new(&config),
            events: Vec::new(),
            limits: limits::Chains::new(),
            limit_starts: std::collections::BTreeMap::new(),
            unclaimed: VecDeque::new(),
            fusion: Fusion::default(),
            reach: None,
            ground: Ground::new(
                config.shaking.clone(),
                config.station.iter().map(|s| (s.lat, s.lon)).collect(),
            ),
            jobs: Vec::new(),
            pending: Vec::new(),
            job_number: 0,
            crowded_out: Vec::new(),
            stepped_us: i64::MIN,
            inverting: Vec::new(),
            schema: schema(),
            rows: None,
            touched: Vec::new(),
            situations: Situations::new(&config.situations),
            gathered: situations::Gathered::default(),
            stories: Vec::new(),
            config,
        }
    }

    /// Takes a batch; its rows are stepped by [`Core::finish`].
    pub fn batch(&mut self, batch: &Batch<'_>, received_us: i64) -> Taken {
        if let Some(energy) = &mut self.energy {
            energy.batch(batch, received_us);
        }
        self.intake.batch(batch, received_us)
    }

    /// Plays an entry of the journal back.
    pub fn replay(&mut self, entry: &Entry) -> Vec<Output> {
        let mut out = Vec::new();
        for item in &entry.items {
            match item {
                Item::Batch(bytes) => match Batch::parse(bytes) {
                    Ok(batch) => {
                        let header = batch.header();
                        self.batch(&batch, entry.received_us);
                        self.intake
                            .durable(header.edge, header.outbox, header.offset);
                    }
                    // What was journaled was parsed before; a newer format is the only way here, and it is counted.
                    Err(e) => self.intake.count("batches_refused", e.name()),
                },
                Item::Quake(bytes) => out.extend(self.quake(bytes, entry.received_us)),
                Item::Modelled(number) => {
                    out.extend(self.modelled_again(*number, entry.received_us));
                }
            }
        }
        out.extend(self.finish(entry.received_us));
        out
    }

    /// Steps all rows taken since the last call, then lets the hub's time pass to `now_us`.
    pub fn finish(&mut self, now_us: i64) -> Vec<Output> {
        let mut out = Vec::new();
        // Before this step's rows: what stations recorded at one time may come in one step or in several, and all of it counts.
        if now_us > self.stepped_us {
            self.stepped_us = now_us;
            self.invert(now_us, &mut out);
        }
        if !self.intake.columns.is_empty() {
            match self
                .intake
                .columns
                .take(&mut self.intake.stations, &self.schema, now_us)
            {
                Ok(batch) => {
                    if let Some(rows) = Rows::of(&batch) {
                        self.touch(rows.station);
                        let findings = self.detect.step(&rows);
                        for finding in findings {
                            let from = out.len();
                            self.finding(&finding, now_us, &mut out);
                            self.gathered.found(&finding, from..out.len());
                        }
                        self.energy_rows(&rows, &mut out);
                    }
                    self.rows = Some(batch);
                }
                // Columns of one length by construction; see `Columns::take`.
                Err(_) => self.intake.count("batches_refused", "columns"),
            }
        }
        self.patience(now_us, &mut out);
        for at in 0..self.events.len() {
            let names = Names {
                config: &self.config,
                intake: &self.intake,
                detect: &self.detect,
            };
            let steps = self.events[at].tick(now_us, &names, &self.config.policy);
            self.carry_out(at, steps, now_us, &mut out);
        }
        self.pass_waves(now_us);
        self.pass_ground(now_us, &mut out);
        self.renew_limits(now_us, &mut out);
        self.energy_tick(now_us, &mut out);
        self.situate(now_us, &mut out);
        self.tell_stories(now_us);
        while self
            .unclaimed
            .front()
            .is_some_and(|f| now_us.saturating_sub(f.time_us) > UNCLAIMED_US)
        {
            self.unclaimed.pop_front();
        }
        out
    }

    fn touch(&mut self, stations: &[u32]) {
        let mut last = u32::MAX;
        for &s in stations {
            if s != last {
                last = s;
                self.touched.push(s);
            }
        }
    }

    /// The rows of the last step, without those that had been taken before; `None` when it had none, or they were given out.
    pub fn rows(&mut self) -> Option<RecordBatch> {
        self.rows.take()
    }

    /// Stations that got rows since the last call.
    pub fn touched(&mut self) -> Vec<u32> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// The ocean that forecasts run on.
    pub fn ocean(&self) -> Option<&Ocean> {
        self.ocean.as_ref()
    }

    /// The detectors, for showing last values.
    pub fn detect(&self) -> &Detect {
        &self.detect
    }

    /// Rows that came too late for a detector to look at, by detector.
    pub fn too_late(&self) -> [(&'static str, u64); 5] {
        let detect = self.detect.too_late();
        [
            ("sea", detect.sea),
            ("limit", detect.limit),
            ("road", detect.road),
            ("ground", detect.ground),
            ("energy", self.energy.as_ref().map_or(0, Energy::too_late)),
        ]
    }

    /// What detectors say about a station now, in words; empty when nothing.
    pub fn finding_text(&self, station: u32) -> String {
        let mut words = Vec::new();
        for event in self.events.iter().filter(|e| !e.is_over()) {
            if let Some(o) = event
                .observed
                .get(&station)
                .filter(|o| o.quiet_since_us.is_none())
            {
                words.push(format!(
                    "tsunami since {}, highest {:+.2} m",
                    crate::alert::text::utc(o.onset_us),
                    o.amplitude_m
                ));
            }
        }
        for (_, limit, kind) in self.limits.keys().filter(|k| k.0 == station) {
            if let Some(limit) = self.detect.limit(*limit) {
                let name = limit.quantity.name().replace('_', " ");
                words.push(match kind {
                    Kind::Above => format!("{name} above {}", limit.above.unwrap_or_default()),
                    Kind::Below => format!("{name} below {}", limit.below.unwrap_or_default()),
                    Kind::Rate => format!("{name} changes fast"),
                });
            }
        }
        words.extend(self.ground_text(station));
        words.extend(self.energy.iter().flat_map(|e| e.finding_text(station)));
        words.join("; ")
    }

    /// Whether anything is going on that time alone can change: such steps belong in the journal.
    pub fn is_busy(&self) -> bool {
        !self.limits.is_empty()
            || !self.unclaimed.is_empty()
            || !self.pending.is_empty()
            || self.events.iter().any(|e| !e.is_over())
            || self.situations.is_busy()
            || self.ground.is_busy()
            || self.energy.as_ref().is_some_and(Energy::is_busy)
    }

    /// Takes over the chain of an event as earlier runs published it, where that is longer than what the journal gave again.
    pub fn adopt(&mut self, event: &str, published: &[(String, i64)]) {
        for known in self.events.iter_mut().filter(|e| e.id == event) {
            known.adopt(published);
        }
        for known in self.limits.values_mut().filter(|l| l.event == event) {
            if published.len() > known.chain.len() {
                known.chain = published.to_vec();
            }
        }
    }

    /// Corrects when a message was sent: an earlier run published it, and later messages refer to what was published.
    pub fn told(&mut self, identifier: &str, sent_us: i64) {
        for event in &mut self.events {
            event.told(identifier, sent_us);
        }
        for chain in self.limits.values_mut() {
            for entry in chain
                .chain
                .iter_mut()
                .filter(|(known, _)| known == identifier)
            {
                entry.1 = sent_us;
            }
        }
    }

    /// The events, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    fn finding(&mut self, finding: &Finding, now_us: i64, out: &mut Vec<Output>) {
        match finding.what {
            What::Sea(change) => {
                self.sea(finding, &change, now_us, out, true);
                self.say_ground(finding, out);
            }
            What::Ground(trigger) => self.ground_finding(finding, &trigger, now_us, out),
            What::SeaRevised => self.sea_revised(finding, now_us, out),
            What::Limit { .. } => self.limit(finding, now_us, out),
            What::Road(news) => self.road(finding, &news, out),
        }
    }

    fn carry_out(&mut self, at: usize, steps: Vec<Step>, now_us: i64, out: &mut Vec<Output>) {
        for step in steps {
            match step {
                Step::Say {
                    time_us,
                    kind,
                    text,
                } => say(out, time_us, kind, text),
                Step::Publish(reason) => self.publish(at, reason, now_us, out),
            }
        }
    }

    fn publish(&mut self, at: usize, reason: Reason, now_us: i64, out: &mut Vec<Output>) {
        let composer = Composer {
            config: &self.config,
        };
        let names = Names {
            config: &self.config,
            intake: &self.intake,
            detect: &self.detect,
        };
        let event = &mut self.events[at];
        match composer.tsunami(event, reason, now_us, |s| names.name(s)) {
            Ok(message) => {
                event.published(message.identifier.clone(), message.sent_us);
                out.push(Output::Publish(message));
            }
            Err(why) => say(
                out,
                now_us,
                "error",
                format!("no message for {}: {why}", event.id),
            ),
        }
    }

    fn put_forecast(&self, at: usize, out: &mut Vec<Output>) {
        let event = &self.events[at];
        let zones = event
            .outlook
            .zones
            .iter()
            .filter_map(|z| {
                let zone = self.config.zone.get(z.zone)?;
                Some(NamedZone {
                    id: zone.id.clone(),
                    name: zone.name.clone(),
                    outlook: z.clone(),
                })
            })
            .collect();
        let stations = event
            .outlook
            .stations
            .iter()
            .map(|s| {
                let f = &s.forecast;
                (
                    self.intake.stations.name(s.station).to_owned(),
                    s.arrival_us,
                    f.median_m,
                    f.quantile_m(0.05),
                    f.quantile_m(0.95),
                )
            })
            .collect();
        out.push(Output::Forecast {
            event: event.id.clone(),
            zones,
            stations,
        });
    }
}

fn say(out: &mut Vec<Output>, time_us: i64, kind: &str, text: String) {
    out.push(Output::Say {
        time_us,
        kind: kind.to_owned(),
        text,
        situation: None,
    });
}
