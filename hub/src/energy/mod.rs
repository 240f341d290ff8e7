//! Electricity meters: which stations make one meter, what its detectors find, and what they give to the map of outages.
//!
//! Pure, as all of the core. A station `<id>.l1` to `<id>.l3` is a phase of the meter `<id>`, `<id>.import`, `.export` and `.total` are
//! its energy registers, and any other station is a meter of one phase or the whole of a meter with three. Only configured meters are
//! judged: names come from outside, and a meter's state takes 3.7 kB.
//!
//! Rows that are flagged are no measurements. A row older than the last one of its quantity and channel is passed over and counted: what
//! comes late from a backlog has been overtaken. Rows of one step are taken in the order of their time.

pub mod settings;
mod words;

use std::collections::HashMap;

use signal::power::{CHANNELS, Finding, Measure, Meter, Stage, Variation, What};
use wire::batch::Batch;
use wire::quality::Quality;
use wire::quantity::{Domain, Quantity};

use crate::columns::{Rows, Stations};
use crate::config::Config;
use crate::outage::{News, Outages, Site};
use crate::place::Place;
use crate::situation;

/// Flags of rows that are no measurement.
const UNUSABLE: u8 =
    Quality::SUSPECT.0 | Quality::MISSING.0 | Quality::SENSOR_FAULT.0 | Quality::OUT_OF_RANGE.0;

/// Measures in the order of [`measure`].
const MEASURES: usize = 5;

/// What is told of a channel's condition now: its onset.
type On = (u8, What);

#[derive(Debug)]
struct Lane {
    id: String,
    name: String,
    /// Names of channels that are stations of their own.
    names: [Option<String>; CHANNELS],
    place: Place,
    meter: Meter,
    /// Event time of the last row by measure and channel.
    last_us: [[i64; CHANNELS]; MEASURES],
    on: Vec<(On, Finding)>,
}

/// All meters.
#[derive(Debug)]
pub struct Energy {
    lanes: Vec<Lane>,
    by_id: HashMap<String, usize>,
    /// By station, as far as they are known: meter and channel.
    by_station: Vec<Option<(usize, usize)>>,
    outages: Outages,
    /// What meters found, for situations.
    found: Vec<situation::Finding>,
    too_late: u64,
}

impl Energy {
    /// The meters of a deployment; `None` where it has no `[energy]`.
    pub fn new(config: &Config) -> Option<Self> {
        let energy = config.energy.as_ref()?;
        let (mut lanes, mut sites): (Vec<Lane>, Vec<Site>) = (Vec::new(), Vec::new());
        let mut by_id = HashMap::new();
        // The station that bears the meter's own id speaks for it; else the first of its phases.
        let own = |s: &&crate::config::Station| split(&s.id).0 == s.id;
        let energetic = || {
            let stations = config.station.iter();
            stations.filter(|s| s.quantity.domain() == Domain::Energy)
        };
        for station in energetic()
            .filter(own)
            .chain(energetic().filter(|s| !own(s)))
        {
            let (id, channel) = split(&station.id);
            let named = (!station.name.is_empty()).then(|| station.name.clone());
            if let Some(&at) = by_id.get(id) {
                let lane: &mut Lane = &mut lanes[at];
                lane.names[channel] = named;
                continue;
            }
            // Refused by `Config::check` before it comes here.
            let Ok(meter) = Meter::new(energy.meter(station.energy.as_ref())) else {
                continue;
            };
            let name = named.as_deref().unwrap_or(id);
            by_id.insert(id.to_owned(), lanes.len());
            let place = Place {
                lat: station.lat,
                lon: station.lon,
            };
            sites.push(Site {
                name: name.to_owned(),
                place,
            });
            let mut names = [const { None }; CHANNELS];
            if channel > 0 {
                names[channel] = named.clone();
            }
            lanes.push(Lane {
                id: id.to_owned(),
                name: name.to_owned(),
                names,
                place,
                meter,
                last_us: [[i64::MIN; CHANNELS]; MEASURES],
                on: Vec::new(),
            });
        }
        Some(Self {
            lanes,
            by_id,
            by_station: Vec::new(),
            outages: Outages::new(
                sites,
                energy.outage.clone(),
                config.timing.tick.as_micros() as i64,
            ),
            found: Vec::new(),
            too_late: 0,
        })
    }

    /// Rows that were passed over, since newer ones had been looked at.
    pub fn too_late(&self) -> u64 {
        self.too_late
    }

    /// The map of outages.
    pub fn outages(&self) -> &Outages {
        &self.outages
    }

    /// Whether time alone can change what is known.
    pub fn is_busy(&self) -> bool {
        self.outages.is_watching()
    }

    /// Notes who was heard through which edge. `received_us`: the hub's time.
    pub fn batch(&mut self, batch: &Batch<'_>, received_us: i64) {
        let header = batch.header();
        let table: Vec<Option<usize>> = batch
            .stations()
            .map(|s| self.by_id.get(split(s.id).0).copied())
            .collect();
        if table.iter().all(Option::is_none) {
            return;
        }
        let edge = self.outages.edge_heard(header.edge, received_us);
        if header.backlog {
            // The edge lives; what a meter said an hour ago is no sign that it does.
            return;
        }
        let mut heard = vec![false; table.len()];
        for reading in batch.readings() {
            let entry = usize::from(reading.station);
            if reading.quantity.domain() == Domain::Energy && reading.quality & UNUSABLE == 0 {
                heard[entry] = true;
            }
        }
        let mut meters: Vec<usize> = (0..table.len())
            .filter(|entry| heard[*entry])
            .filter_map(|entry| table[entry])
            .collect();
        meters.sort_unstable();
        meters.dedup();
        for meter in meters {
            self.outages.heard(meter, edge, received_us);
        }
    }

    /// Steps every row of a meter, in this order if one is given, and says what was found.
    pub fn step(
        &mut self,
        rows: &Rows<'_>,
        order: Option<&[u32]>,
        stations: &Stations,
    ) -> Vec<News> {
        let mut news = Vec::new();
        for n in 0..rows.len() {
            let i = order.map_or(n, |order| order[n] as usize);
            let Some(measure) = measure(rows.quantity[i]) else {
                continue;
            };
            let Some((at, channel)) = self.meter_of(rows.station[i], stations) else {
                continue;
            };
            let (time_us, value) = (rows.time[i], rows.value[i]);
            let lane = &mut self.lanes[at];
            let last_us = &mut lane.last_us[measure as usize][channel];
            if rows.quality[i] & UNUSABLE != 0 {
                continue;
            }
            if time_us < *last_us {
                self.too_late += 1;
                continue;
            }
            *last_us = time_us;
            let findings = lane.meter.step(time_us, measure, channel, value);
            for finding in findings.iter() {
                lane.tell(finding, &mut news, &mut self.found);
            }
            if measure == Measure::Voltage || !findings.is_empty() {
                self.outages.voltage(at, lane.meter.interrupted_since_us());
            }
        }
        news
    }

    /// Lets the hub's time pass.
    pub fn tick(&mut self, now_us: i64) -> Vec<News> {
        self.outages.step(now_us)
    }

    /// What meters have found since the last call, as situations take it.
    pub fn take_found(&mut self) -> Vec<situation::Finding> {
        std::mem::take(&mut self.found)
    }

    /// What holds at a station now, in words.
    pub fn finding_text(&self, station: u32) -> Vec<String> {
        let Some((at, channel)) = self.by_station.get(station as usize).copied().flatten() else {
            return Vec::new();
        };
        let lane = &self.lanes[at];
        let here = |on: &&(On, Finding)| usize::from(on.0.0) == channel || channel == 0;
        let mut words: Vec<String> = lane
            .on
            .iter()
            .filter(here)
            .map(|(_, finding)| words::now(finding, lane.meter.settings()))
            .collect();
        if let Some(outage) = self.outages.of_meter(at) {
            words.push(format!("part of {}", outage.id));
        }
        words
    }

    fn meter_of(&mut self, station: u32, stations: &Stations) -> Option<(usize, usize)> {
        let s = station as usize;
        while self.by_station.len() <= s {
            let (id, channel) = split(stations.name(self.by_station.len() as u32));
            self.by_station
                .push(self.by_id.get(id).map(|at| (*at, channel)));
        }
        self.by_station[s]
    }
}

impl Lane {
    fn tell(
        &mut self,
        finding: &Finding,
        news: &mut Vec<News>,
        found: &mut Vec<situation::Finding>,
    ) {
        let key = (finding.channel, finding.what);
        match finding.stage {
            Stage::Onset => self.on.push((key, *finding)),
            Stage::Sustained => {
                for (_, on) in self.on.iter_mut().filter(|(k, _)| *k == key) {
                    *on = *finding;
                }
            }
            Stage::End => self.on.retain(|(k, _)| *k != key),
        }
        // A sag or swell of seconds is one line, when it is over; a minute of it is told while it lasts.
        let brief = matches!(
            finding.what,
            What::Variation(Variation::Sag | Variation::Swell)
        );
        if brief && finding.stage == Stage::Onset {
            return;
        }
        let whose = match &self.names[usize::from(finding.channel)] {
            Some(name) => name.clone(),
            None => format!("{}{}", self.name, words::channel(finding)),
        };
        let line = words::told(finding, &self.id, &whose, self.meter.settings());
        if let Some(kind) = words::kind_of(finding.what) {
            found.push(situation::Finding {
                key: line.about.clone().unwrap_or_default(),
                kind,
                shape: self.place.into(),
                since_us: finding.since_us,
                until_us: (finding.stage == Stage::End).then_some(finding.time_us),
                size: 1.0,
                event: None,
                name: whose,
                text: line.text.clone(),
                alone: true,
            });
        }
        news.push(line);
    }
}

fn measure(quantity: u8) -> Option<Measure> {
    Some(match Quantity::ALL.get(usize::from(quantity))? {
        Quantity::Voltage => Measure::Voltage,
        Quantity::Current => Measure::Current,
        Quantity::ActivePower => Measure::ActivePower,
        Quantity::Frequency => Measure::Frequency,
        Quantity::ActiveEnergy => Measure::ActiveEnergy,
        _ => return None,
    })
}

/// The meter of a station, and its channel there.
fn split(station: &str) -> (&str, usize) {
    for (suffix, channel) in [
        (".l1", 1),
        (".l2", 2),
        (".l3", 3),
        (".import", 1),
        (".export", 2),
        (".total", 3),
    ] {
        if let Some(id) = station.strip_suffix(suffix).filter(|id| !id.is_empty()) {
            return (id, channel);
        }
    }
    (station, 0)
}
