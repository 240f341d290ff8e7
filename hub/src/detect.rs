//! Detection: rows in, findings out, one lane per station and quantity.
//!
//! Pure and sequential: no clock, no I/O. Rows of one lane are stepped in event-time order. Live data overtakes a backlog after an
//! outage, so a sea-level lane keeps its last [`RECENT`] rows and the detector's state before them: a late row is put in its place and
//! the rows after it are stepped again. A wave that arrived while the link was down is then found in the backlog, and nothing is
//! reported twice.
//!
//! Rows that are flagged missing, faulty, suspect (a clock from the future) or out of physical range are shown and stored, and never reach a detector.

pub mod roads;

use std::collections::VecDeque;

use signal::threshold::{Kind, Threshold};
use signal::tsunami::{Change, Detector, METRES_PER_PASCAL};
use wire::quality::Quality;
use wire::quantity::Quantity;

use crate::columns::Rows;
use crate::config::{Config, Threshold as Limit};

/// Rows of a sea-level lane that can still be reordered: 8.5 hours at the 15 s of a DART in event mode.
pub const RECENT: usize = 2_048;

/// Reported changes that a lane remembers, so that stepping rows again repeats none.
const REPORTED: usize = 64;

/// Rows further apart than this leave time in which a wave could have passed unseen: twice the 15 minutes of a DART in normal mode.
const GAP_US: i64 = 30 * 60 * 1_000_000;

/// A finding at one station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Index into the hub's stations.
    pub station: u32,
    /// Event time of the row that caused it, microseconds since the Unix epoch.
    pub time_us: i64,
    /// What was found.
    pub what: What,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// A limit was passed, or the value has come back.
    Limit {
        /// The quantity.
        quantity: Quantity,
        /// Which of the station's limits (see [`Detect::limit`]).
        limit: usize,
        /// Above, below or rate.
        kind: Kind,
        /// Passed, or back again.
        active: bool,
        /// Since when.
        since_us: i64,
        /// The value then.
        value: f64,
    },
    /// The sea-level detector's news.
    Sea(Change),
    /// News of a road.
    Road(roads::News),
}

/// What a lane knows of its last row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Last {
    /// Event time, microseconds since the Unix epoch.
    pub time_us: i64,
    /// Value in the quantity's unit.
    pub value: f64,
    /// Flags.
    pub quality: u8,
}

#[derive(Debug)]
struct Sea {
    live: Detector,
    settled: Detector,
    recent: VecDeque<(i64, f64)>,
    dirty: bool,
    reported: VecDeque<(u8, i64, i64)>,
}

#[derive(Debug)]
struct Lane {
    quantity: u8,
    last: Option<Last>,
    /// Event time of the last row that the limits have seen.
    stepped_us: i64,
    /// Since when usable rows have come without a gap.
    unbroken_us: i64,
    limits: Vec<(usize, Threshold)>,
    sea: Option<Box<Sea>>,
    road: Option<Box<signal::traffic::Detector>>,
}

/// All lanes.
#[derive(Debug)]
pub struct Detect {
    limits: Vec<Limit>,
    by_station: Vec<Vec<usize>>,
    /// Stations below this index are configured; only they have sea-level and traffic detectors, which are large.
    configured: u32,
    defaults: Vec<usize>,
    lanes: Vec<Vec<Lane>>,
    roads: roads::Roads,
    too_late: u64,
}

impl Detect {
    /// Lanes are made as rows arrive; limits come from the configuration. Stations have the indices of their order in it.
    pub fn new(config: &Config) -> Self {
        let mut limits = Vec::new();
        let mut by_station = Vec::new();
        for station in &config.station {
            by_station.push((limits.len()..limits.len() + station.threshold.len()).collect());
            limits.extend(station.threshold.iter().cloned());
        }
        let defaults = (limits.len()..limits.len() + config.threshold.len()).collect();
        limits.extend(config.threshold.iter().cloned());
        Self {
            limits,
            configured: by_station.len() as u32,
            by_station,
            defaults,
            lanes: Vec::new(),
            roads: roads::Roads::new(config),
            too_late: 0,
        }
    }

    /// The limit behind [`What::Limit`].
    pub fn limit(&self, index: usize) -> Option<&Limit> {
        self.limits.get(index)
    }

    /// Rows that came too late to be put in their place.
    pub fn too_late(&self) -> u64 {
        self.too_late
    }

    /// The last row of each quantity of a station.
    pub fn latest(&self, station: u32) -> impl Iterator<Item = (Quantity, Last)> {
        self.lanes
            .get(station as usize)
            .into_iter()
            .flatten()
            .filter_map(|lane| {
                Some((
                    Quantity::ALL.get(lane.quantity as usize).copied()?,
                    lane.last?,
                ))
            })
    }

    fn sea_lanes(&self, station: u32) -> impl Iterator<Item = (&Lane, &Sea)> {
        let lanes = self.lanes.get(station as usize).into_iter().flatten();
        lanes.filter_map(|lane| Some((lane, lane.sea.as_deref()?)))
    }

    /// Event time of the last sea-level row of a station that its detector could use.
    pub fn last_sea_us(&self, station: u32) -> Option<i64> {
        self.sea_lanes(station)
            .map(|(lane, _)| lane.stepped_us)
            .filter(|t| *t > i64::MIN)
            .max()
    }

    /// The last sea-level rows of a station, oldest first: time (microseconds since the Unix epoch) and height, metres. Of several
    /// sea-level quantities the one with the most rows.
    pub fn recent_sea(&self, station: u32) -> Vec<(i64, f64)> {
        self.sea_lanes(station)
            .map(|(_, sea)| &sea.recent)
            .max_by_key(|rows| rows.len())
            .map(|rows| rows.iter().copied().collect())
            .unwrap_or_default()
    }

    /// Since when usable sea-level rows of a station have come without a gap.
    pub fn unbroken_since_us(&self, station: u32) -> Option<i64> {
        self.sea_lanes(station)
            .map(|(lane, _)| lane.unbroken_us)
            .filter(|t| *t > i64::MIN)
            .min()
    }

    /// Whether a station's sea-level detector is in the middle of an event.
    pub fn in_event(&self, station: u32) -> bool {
        self.sea_lanes(station).any(|(_, sea)| sea.live.in_event())
    }

    /// Steps every row and returns what was found, in row order; stations whose late rows were put in place follow.
    pub fn step(&mut self, rows: &Rows<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut dirty = Vec::new();
        let (mut station, mut quantity, mut at) = (u32::MAX, u8::MAX, 0);
        for i in 0..rows.len() {
            if (rows.station[i], rows.quantity[i]) != (station, quantity) {
                (station, quantity) = (rows.station[i], rows.quantity[i]);
                at = self.lane(station, quantity);
            }
            let lane = &mut self.lanes[station as usize][at];
            let (time_us, value, quality) = (rows.time[i], rows.value[i], rows.quality[i]);
            // A row from a wrong clock must not make every honest row after it old.
            let shown = |l: Last| time_us >= l.time_us || l.quality & Quality::SUSPECT.0 != 0;
            if lane.last.is_none_or(shown) {
                lane.last = Some(Last {
                    time_us,
                    value,
                    quality,
                });
            }
            const UNUSABLE: u8 = Quality::SUSPECT.0
                | Quality::MISSING.0
                | Quality::SENSOR_FAULT.0
                | Quality::OUT_OF_RANGE.0;
            if quality & UNUSABLE != 0 || !value.is_finite() {
                continue;
            }
            if time_us >= lane.stepped_us {
                if time_us.saturating_sub(lane.stepped_us) > GAP_US {
                    lane.unbroken_us = time_us;
                }
                lane.stepped_us = time_us;
                lane.limits(station, time_us, value, &mut findings);
                if let Some(road) = &mut lane.road {
                    let quantity = Quantity::ALL[quantity as usize];
                    self.roads
                        .step(road, station, quantity, time_us, value, &mut findings);
                }
            }
            if let Some(sea) = &mut lane.sea {
                let height = if Quantity::ALL[quantity as usize] == Quantity::WaterPressure {
                    value * METRES_PER_PASCAL
                } else {
                    value
                };
                match sea.take(time_us, height) {
                    Placed::Stepped(change) => sea.report(station, time_us, change, &mut findings),
                    Placed::Waiting { first: true } => dirty.push((station, at)),
                    Placed::Waiting { first: false } => {}
                    Placed::TooLate => self.too_late += 1,
                }
            }
        }
        for (station, at) in dirty {
            if let Some(sea) = &mut self.lanes[station as usize][at].sea {
                sea.again(station, &mut findings);
            }
        }
        findings
    }

    fn lane(&mut self, station: u32, quantity: u8) -> usize {
        let s = station as usize;
        if self.lanes.len() <= s {
            self.lanes.resize_with(s + 1, Vec::new);
        }
        if let Some(at) = self.lanes[s].iter().position(|l| l.quantity == quantity) {
            return at;
        }
        let what = Quantity::ALL[quantity as usize];
        let of = |list: &[usize]| -> Vec<(usize, Threshold)> {
            list.iter()
                .filter(|&&i| self.limits[i].quantity == what)
                // Limits were checked with the configuration.
                .filter_map(|&i| Some((i, Threshold::new(self.limits[i].limits()).ok()?)))
                .collect()
        };
        let own = self.by_station.get(s).map_or_else(Vec::new, |l| of(l));
        let limits = if own.is_empty() {
            of(&self.defaults)
        } else {
            own
        };
        let sea = (station < self.configured
            && matches!(what, Quantity::SeaLevel | Quantity::WaterPressure))
        .then(|| Box::new(Sea::new()));
        let road = roads::measure(what)
            .filter(|_| station < self.configured)
            .map(|measure| Box::new(signal::traffic::Detector::new(measure)));
        self.lanes[s].push(Lane {
            quantity,
            last: None,
            stepped_us: i64::MIN,
            unbroken_us: i64::MIN,
            limits,
            sea,
            road,
        });
        self.lanes[s].len() - 1
    }
}

impl Lane {
    fn limits(&mut self, station: u32, time_us: i64, value: f64, findings: &mut Vec<Finding>) {
        let quantity = Quantity::ALL[self.quantity as usize];
        for (limit, threshold) in &mut self.limits {
            let mut next = threshold.step(time_us, value);
            while let Some(t) = next {
                findings.push(Finding {
                    station,
                    time_us,
                    what: What::Limit {
                        quantity,
                        limit: *limit,
                        kind: t.kind,
                        active: t.active,
                        since_us: t.since_us,
                        value: t.value,
                    },
                });
                next = threshold.pending();
            }
        }
    }
}

enum Placed {
    Stepped(Option<Change>),
    Waiting { first: bool },
    TooLate,
}

impl Sea {
    fn new() -> Self {
        let detector = Detector::new(signal::tsunami::Settings::default());
        Self {
            live: detector.clone(),
            settled: detector,
            recent: VecDeque::new(),
            dirty: false,
            reported: VecDeque::new(),
        }
    }

    fn take(&mut self, time_us: i64, height: f64) -> Placed {
        let last = self.recent.back().map(|r| r.0);
        if last.is_none_or(|last| time_us > last) {
            self.push(time_us, height);
            if self.dirty {
                return Placed::Waiting { first: false };
            }
            return Placed::Stepped(self.live.step(time_us, height).change);
        }
        // Before the oldest row that can be reordered there is only the settled state.
        if self.recent.len() == RECENT && self.recent.front().is_some_and(|r| time_us < r.0) {
            return Placed::TooLate;
        }
        let at = self.recent.partition_point(|r| r.0 <= time_us);
        if at > 0 && self.recent[at - 1] == (time_us, height) {
            // The same row under another number: nothing new for the detector.
            return Placed::Waiting { first: false };
        }
        self.recent.insert(at, (time_us, height));
        self.trim();
        Placed::Waiting {
            first: !std::mem::replace(&mut self.dirty, true),
        }
    }

    fn push(&mut self, time_us: i64, height: f64) {
        self.recent.push_back((time_us, height));
        self.trim();
    }

    fn trim(&mut self) {
        while self.recent.len() > RECENT {
            if let Some((t, h)) = self.recent.pop_front() {
                self.settled.step(t, h);
            }
        }
    }

    /// Steps the recent rows again from the settled state.
    fn again(&mut self, station: u32, findings: &mut Vec<Finding>) {
        self.dirty = false;
        self.live = self.settled.clone();
        let recent = std::mem::take(&mut self.recent);
        for &(t, h) in &recent {
            let change = self.live.step(t, h).change;
            self.report(station, t, change, findings);
        }
        self.recent = recent;
    }

    fn report(
        &mut self,
        station: u32,
        time_us: i64,
        change: Option<Change>,
        findings: &mut Vec<Finding>,
    ) {
        let Some(change) = change else { return };
        // Micrometres: a growth to another height at the same time is news.
        let key = match change {
            Change::Shaking { since_us, .. } => (0, since_us, 0),
            Change::Onset { onset_us, .. } => (1, onset_us, 0),
            Change::Growth {
                time_us,
                amplitude_m,
                ..
            } => (2, time_us, (amplitude_m * 1e6) as i64),
            Change::End {
                time_us,
                quiet_since_us,
                ..
            } => (3, time_us, quiet_since_us),
        };
        if self.reported.contains(&key) {
            return;
        }
        if self.reported.len() == REPORTED {
            self.reported.pop_front();
        }
        self.reported.push_back(key);
        findings.push(Finding {
            station,
            time_us,
            what: What::Sea(change),
        });
    }
}
