//! Detection: rows in, findings out, one lane per station and quantity.
//!
//! Pure and sequential: no clock, no I/O. Rows of one lane are stepped in event-time order. Live data overtakes a backlog after an
//! outage, so a sea-level lane ([`sea`]) puts late rows in their place and steps the rows after them again. A wave that arrived while the
//! link was down is then found in the backlog; what was found from some of the rows and is not so with all of them is said to be
//! revised ([`What::SeaRevised`]). Rows of other lanes that come in one step are put in the order of their time first; what comes in a
//! later step than a newer row of its lane is counted ([`Detect::too_late`]) and does not count.
//!
//! Rows that are flagged missing, faulty, suspect (a clock from the future) or out of physical range are shown and stored, and never reach a detector.

pub mod roads;
pub mod sea;

use signal::stalta::{StaLta, Trigger};
use signal::threshold::{Kind, Threshold};
use signal::tsunami::{Change, METRES_PER_PASCAL};
use wire::quality::Quality;
use wire::quantity::Quantity;

use crate::columns::Rows;
use crate::config::{Config, Threshold as Limit};
pub use sea::RECENT;
use sea::{Advance, Placed, Sea, Told};

/// Flags of rows that no detector looks at.
pub const UNUSABLE: u8 =
    Quality::SUSPECT.0 | Quality::MISSING.0 | Quality::SENSOR_FAULT.0 | Quality::OUT_OF_RANGE.0;

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
    /// Rows that came late have changed what the station's sea-level detectors had said: [`Detect::told`] is what they say now.
    SeaRevised,
    /// News of a road.
    Road(roads::News),
    /// The ground begins to shake, or is still again.
    Ground(Trigger),
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
struct Lane {
    quantity: u8,
    last: Option<Last>,
    /// Event time of the last row that the limits have seen.
    stepped_us: i64,
    /// The step in which rows came last, and event time of the last of them.
    arrived: (u64, i64),
    limits: Vec<(usize, Threshold)>,
    sea: Option<Box<Sea>>,
    road: Option<Box<signal::traffic::Detector>>,
    ground: Option<Box<StaLta>>,
}

/// All lanes.
#[derive(Debug)]
pub struct Detect {
    limits: Vec<Limit>,
    by_station: Vec<Vec<usize>>,
    /// Stations below this index are configured; only they have sea-level and traffic detectors, which are large.
    configured: u32,
    shaking: signal::stalta::Settings,
    defaults: Vec<usize>,
    lanes: Vec<Vec<Lane>>,
    roads: roads::Roads,
    steps: u64,
    order: Option<Vec<u32>>,
    too_late: TooLate,
}

/// Rows that came too late, by what did not look at them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TooLate {
    /// Older than what a sea-level lane can reorder.
    pub sea: u64,
    /// Older than a row that the limits of the lane had seen.
    pub limit: u64,
    /// Older than a row that the road's detector had seen.
    pub road: u64,
    /// Not newer than a row that the accelerometer's detector had seen.
    pub ground: u64,
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
            shaking: config.shaking.detector(),
            defaults,
            lanes: Vec::new(),
            roads: roads::Roads::new(config),
            steps: 0,
            order: None,
            too_late: TooLate::default(),
        }
    }

    /// The limit behind [`What::Limit`].
    pub fn limit(&self, index: usize) -> Option<&Limit> {
        self.limits.get(index)
    }

    /// Rows that came too late.
    pub fn too_late(&self) -> TooLate {
        self.too_late
    }

    /// The order in which the last step took its rows; `None`: as they came.
    pub fn order(&self) -> Option<&[u32]> {
        self.order.as_deref()
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

    fn sea_lanes(&self, station: u32) -> impl Iterator<Item = &Sea> {
        let lanes = self.lanes.get(station as usize).into_iter().flatten();
        lanes.filter_map(|lane| lane.sea.as_deref())
    }

    /// Event time of the last sea-level row of a station that its detector could use.
    pub fn last_sea_us(&self, station: u32) -> Option<i64> {
        self.sea_lanes(station).filter_map(Sea::last_us).max()
    }

    /// The last sea-level rows of a station, oldest first: time (microseconds since the Unix epoch) and height, metres. Of several
    /// sea-level quantities the one with the most rows.
    pub fn recent_sea(&self, station: u32) -> Vec<(i64, f64)> {
        self.sea_lanes(station)
            .map(Sea::recent)
            .max_by_key(|rows| rows.len())
            .map(|rows| rows.iter().copied().collect())
            .unwrap_or_default()
    }

    /// Sea-level rows of a station that its detectors have taken so far.
    pub fn sea_rows(&self, station: u32) -> u64 {
        self.sea_lanes(station).map(Sea::rows).sum()
    }

    /// Since when usable sea-level rows of a station have come without a gap.
    pub fn unbroken_since_us(&self, station: u32) -> Option<i64> {
        self.sea_lanes(station).filter_map(Sea::unbroken_us).min()
    }

    /// Whether a station's sea-level detector is in the middle of an event.
    pub fn in_event(&self, station: u32) -> bool {
        self.sea_lanes(station).any(Sea::in_event)
    }

    /// What a station's sea-level detectors say of all rows that are there, in the order of the rows' time.
    pub fn told(&self, station: u32) -> Vec<Told> {
        let mut told: Vec<Told> = self
            .sea_lanes(station)
            .flat_map(|sea| sea.told().iter().copied())
            .collect();
        told.sort_by_key(|t| t.time_us);
        told
    }

    /// Steps every row and returns what was found, in the order of the rows' time.
    pub fn step(&mut self, rows: &Rows<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut waiting = Vec::new();
        let order = self.order_of(rows);
        let (mut station, mut quantity, mut at) = (u32::MAX, u8::MAX, 0);
        for n in 0..rows.len() {
            let i = order.as_ref().map_or(n, |order| order[n] as usize);
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
            if quality & UNUSABLE != 0 || !value.is_finite() {
                continue;
            }
            if let Some(ground) = &mut lane.ground {
                if time_us <= lane.stepped_us {
                    self.too_late.ground += 1;
                } else if let Some(trigger) = ground.step(time_us, value) {
                    findings.push(Finding {
                        station,
                        time_us,
                        what: What::Ground(trigger),
                    });
                }
            }
            if time_us >= lane.stepped_us {
                lane.stepped_us = time_us;
                lane.limits(station, time_us, value, &mut findings);
                if let Some(road) = &mut lane.road {
                    let quantity = Quantity::ALL[quantity as usize];
                    self.roads
                        .step(road, station, quantity, time_us, value, &mut findings);
                }
            } else {
                self.too_late.limit += u64::from(!lane.limits.is_empty());
                self.too_late.road += u64::from(lane.road.is_some());
            }
            if let Some(sea) = &mut lane.sea {
                let height = if Quantity::ALL[quantity as usize] == Quantity::WaterPressure {
                    value * METRES_PER_PASCAL
                } else {
                    value
                };
                match sea.place(time_us, height) {
                    Placed::Waiting if sea.note() => waiting.push((station, at)),
                    Placed::Waiting | Placed::Known => {}
                    Placed::TooLate => self.too_late.sea += 1,
                }
            }
        }
        self.order = order;
        for (station, at) in waiting {
            self.advance(station, at, &mut findings);
        }
        // Several stations' rows come in any order too.
        findings.sort_by_key(|f| (f.time_us, f.station));
        findings
    }

    /// The order of the rows' time, if the rows of some lane are not in it.
    fn order_of(&mut self, rows: &Rows<'_>) -> Option<Vec<u32>> {
        self.steps += 1;
        let mut sorted = true;
        let (mut station, mut quantity, mut at) = (u32::MAX, u8::MAX, 0);
        for (i, &time_us) in rows.time.iter().enumerate() {
            if (rows.station[i], rows.quantity[i]) != (station, quantity) {
                (station, quantity) = (rows.station[i], rows.quantity[i]);
                at = self.lane(station, quantity);
            }
            let lane = &mut self.lanes[station as usize][at];
            sorted &= lane.arrived.0 != self.steps || lane.arrived.1 <= time_us;
            lane.arrived = (self.steps, time_us);
        }
        if sorted {
            return None;
        }
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        // Stable: what a lane says of one time stays as it was sent.
        order.sort_by_key(|&i| {
            let i = i as usize;
            (rows.time[i], rows.station[i], rows.quantity[i])
        });
        Some(order)
    }

    /// Steps what waits in a sea-level lane.
    fn advance(&mut self, station: u32, at: usize, findings: &mut Vec<Finding>) {
        let lanes = &mut self.lanes[station as usize];
        let Some(sea) = &mut lanes[at].sea else {
            return;
        };
        let advance = sea.advance();
        let newest_us = sea.last_us().unwrap_or(i64::MIN);
        // What one quantity says of a time before the last word of the other is read with it.
        let others = lanes.iter().enumerate().filter(|(k, _)| *k != at);
        let other_us = others
            .filter_map(|(_, lane)| lane.sea.as_deref()?.told().back())
            .map(|t| t.time_us)
            .max();
        match advance {
            Advance::Further(further)
                if further
                    .first()
                    .is_none_or(|t| other_us.is_none_or(|o| o <= t.time_us)) =>
            {
                findings.extend(further.iter().map(|t| Finding {
                    station,
                    time_us: t.time_us,
                    what: What::Sea(t.change),
                }));
            }
            Advance::Further(_) | Advance::Revised => findings.push(Finding {
                station,
                time_us: newest_us,
                what: What::SeaRevised,
            }),
        }
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
        let ground = (what == Quantity::Acceleration && station < self.configured)
            .then(|| Box::new(StaLta::new(self.shaking)));
        self.lanes[s].push(Lane {
            quantity,
            last: None,
            stepped_us: i64::MIN,
            arrived: (0, i64::MIN),
            limits,
            sea,
            road,
            ground,
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
