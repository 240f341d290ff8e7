//! A made-up city for the hub's benches: 1,000 stations behind 50 edges, and the batches that they send.
//!
//! 400 tide gauges, 300 traffic counters (speed, occupancy, flow) and 300 meters (voltage, current, active power, frequency), each
//! quantity once a second, 20 stations an edge. Every quantity has a limit, so that every row is judged; none is passed, so that what
//! is measured is the rule and not the exception. Rows of an edge come station by station, as its polls bring them: consecutive rows
//! are of the same station only where a station has several quantities. That is the unkind case for a hub that keeps state by station.
//!
//! The same seed gives the same bytes. Times go on from batch to batch, and all edges advance together, as they do in life.
#![allow(dead_code, reason = "every bench uses its own part")]

use std::path::Path;
use std::time::{Duration, Instant};

use hub::config::Config;
use hub::core::Core;
use wire::batch::{Batch, Header, MAX_BATCH_BYTES, Reading, Station};
use wire::quantity::Quantity;

/// Stations of the city.
pub const STATIONS: usize = TSUNAMI + TRAFFIC + ENERGY;
const TSUNAMI: usize = 400;
const TRAFFIC: usize = 300;
const ENERGY: usize = 300;

/// Stations behind one edge.
const PER_EDGE: usize = 20;

/// Start of the city's time, microseconds since the Unix epoch: 2026-01-31T12:00:00Z.
pub const START_US: i64 = 1_769_860_800_000_000;

/// Every quantity is measured this often.
const PERIOD_US: i64 = 1_000_000;

/// Which of the city's edges send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// All: of 100 rows, 16 are sea levels, 36 traffic and 48 energy.
    All,
    /// The tide gauges alone.
    Tsunami,
    /// The traffic counters alone.
    Traffic,
    /// The meters alone.
    Energy,
}

impl Mix {
    /// All of them, the whole city first.
    pub const EACH: [Self; 4] = [Self::All, Self::Tsunami, Self::Traffic, Self::Energy];

    /// For tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "mixed city",
            Self::Tsunami => "tide gauges",
            Self::Traffic => "traffic",
            Self::Energy => "energy",
        }
    }
}

const SEA: &[Quantity] = &[Quantity::SeaLevel];
const ROAD: &[Quantity] = &[Quantity::Speed, Quantity::Occupancy, Quantity::Flow];
const GRID: &[Quantity] = &[
    Quantity::Voltage,
    Quantity::Current,
    Quantity::ActivePower,
    Quantity::Frequency,
];

fn quantities(station: usize) -> &'static [Quantity] {
    match station {
        s if s < TSUNAMI => SEA,
        s if s < TSUNAMI + TRAFFIC => ROAD,
        _ => GRID,
    }
}

/// Name of a station.
pub fn station_id(station: usize) -> String {
    let kind = match station {
        s if s < TSUNAMI => "gauge",
        s if s < TSUNAMI + TRAFFIC => "road",
        _ => "meter",
    };
    format!("{kind}-{station:04}")
}

/// The first traffic counter; it and those after it measure speed, whose lower limit is 10 km/h.
pub const FIRST_ROAD: usize = TSUNAMI;

/// How many traffic counters there are.
pub const ROADS: usize = TRAFFIC;

/// The city's `hub.toml`, on ports that the system picks.
pub fn config(data_dir: &Path) -> Config {
    let mut text = format!(
        r#"
deployment = "city"
title = "A made-up city"
mode = "test"
data_dir = {:?}
[broker]
port = 0
[http]
listen = "127.0.0.1:0"
[sender]
id = "bench@example.org"
name = "Bench"
languages = ["en", "es"]
[timing]
unknown = "48h"
"#,
        data_dir.display().to_string()
    );
    for (quantity, limit) in [
        ("sea_level", "above = 6.0\nhysteresis = 0.5"),
        ("speed", "below = 10.0\nhysteresis = 5.0"),
        (
            "occupancy",
            "above = 60.0\nhysteresis = 10.0\nmin_duration = \"3m\"",
        ),
        ("flow", "above = 6000.0\nhysteresis = 100.0"),
        (
            "voltage",
            "above = 253.0\nbelow = 207.0\nhysteresis = 4.0\nmin_duration = \"2s\"",
        ),
        ("current", "above = 400.0\nhysteresis = 10.0"),
        ("active_power", "above = 100000.0\nhysteresis = 1000.0"),
        (
            "frequency",
            "below = 49.0\nabove = 51.0\nhysteresis = 0.1\nmax_rate = 1.0",
        ),
    ] {
        text += &format!("[[threshold]]\nquantity = \"{quantity}\"\n{limit}\n");
    }
    for station in 0..STATIONS {
        text += &format!(
            "[[station]]\nid = \"{}\"\nlat = {:.3}\nlon = {:.3}\nquantity = \"{}\"\n",
            station_id(station),
            -33.0 - (station / 40) as f64 * 0.01,
            -71.6 + (station % 40) as f64 * 0.01,
            quantities(station)[0].name(),
        );
    }
    Config::parse("city", &text).expect("the city is a valid deployment")
}

/// Not random, but without a pattern that a branch predictor could learn in a run.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: u64) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((self.0 >> 33) % limit) as f64
    }

    /// As sensors tell it: `steps` steps of 1/`per_unit` around the middle.
    fn around(&mut self, middle: f64, steps: u64, per_unit: f64) -> f64 {
        let offset = (self.below(steps) - steps as f64 / 2.0).round();
        (middle * per_unit + offset).round() / per_unit
    }
}

struct Edge {
    name: String,
    first: usize,
    offset: u64,
    /// Station and quantity of the next row.
    at: (usize, usize),
    time_us: i64,
    seqs: [u64; PER_EDGE],
}

/// A batch as an edge publishes it.
pub struct Made {
    /// `wire::batch` bytes.
    pub bytes: Vec<u8>,
    /// Index of the edge.
    pub edge: usize,
    /// Its place in the edge's outbox.
    pub offset: u64,
    /// Readings.
    pub readings: usize,
    /// Time of the newest row, microseconds since the Unix epoch.
    pub newest_us: i64,
}

/// The city's edges.
pub struct City {
    edges: Vec<Edge>,
    noise: Noise,
    ids: Vec<String>,
    rows: Vec<Reading>,
    out: Vec<u8>,
}

/// Identity of every outbox of the city.
pub const OUTBOX: u64 = 0x5741_5443_4846_4952;

impl City {
    /// The edges of a mix, their time beginning at `start_us`.
    pub fn new(mix: Mix, start_us: i64) -> Self {
        let wanted = |station: usize| match mix {
            Mix::All => true,
            Mix::Tsunami => quantities(station) == SEA,
            Mix::Traffic => quantities(station) == ROAD,
            Mix::Energy => quantities(station) == GRID,
        };
        let edges = (0..STATIONS / PER_EDGE)
            .map(|e| e * PER_EDGE)
            .filter(|first| wanted(*first))
            .map(|first| Edge {
                name: format!("edge-{:02}", first / PER_EDGE),
                first,
                offset: 0,
                at: (0, 0),
                time_us: start_us,
                seqs: [0; PER_EDGE],
            })
            .collect();
        Self {
            edges,
            noise: Noise(1),
            ids: (0..STATIONS).map(station_id).collect(),
            rows: Vec::new(),
            out: vec![0; MAX_BATCH_BYTES],
        }
    }

    /// Name of an edge.
    pub fn edge(&self, edge: usize) -> &str {
        &self.edges[edge].name
    }

    /// How many edges send.
    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    /// The next batch of the edge that is furthest behind.
    pub fn batch(&mut self, readings: usize) -> Made {
        let edge = (0..self.edges.len())
            .min_by_key(|e| self.edges[*e].time_us)
            .unwrap_or(0);
        self.fill(edge, readings);
        let e = &mut self.edges[edge];
        let stations: Vec<Station<'_>> = (0..PER_EDGE)
            .map(|s| Station {
                id: &self.ids[e.first + s],
                node: (e.first + s) as u32,
                boot: 1,
            })
            .collect();
        let newest_us = self.rows.last().map_or(e.time_us, |r| r.time_us);
        let header = Header {
            edge: &e.name,
            outbox: OUTBOX,
            offset: e.offset,
            sent_us: newest_us + 50_000,
            backlog: false,
        };
        e.offset += 1;
        let n = wire::batch::encode(&header, &stations, &self.rows, &mut self.out).expect("fits");
        Made {
            bytes: self.out[..n].to_vec(),
            edge,
            offset: header.offset,
            readings,
            newest_us,
        }
    }

    fn fill(&mut self, edge: usize, readings: usize) {
        let (e, noise) = (&mut self.edges[edge], &mut self.noise);
        self.rows.clear();
        while self.rows.len() < readings {
            let (s, q) = e.at;
            let all = quantities(e.first + s);
            // Milliseconds between the polls of one round; the same for all quantities of one answer.
            let time_us = e.time_us + s as i64 * 2_000;
            self.rows.push(Reading {
                station: s as u16,
                time_us,
                quantity: all[q],
                value: value(all[q], e.first + s, time_us, noise),
                quality: 0,
                seq: e.seqs[s],
            });
            e.seqs[s] += 1;
            e.at = (s, q + 1);
            if q + 1 == all.len() {
                e.at = (s + 1, 0);
                if s + 1 == PER_EDGE {
                    e.at = (0, 0);
                    e.time_us += PERIOD_US;
                }
            }
        }
    }

    /// The next batch's readings as plain JSON, as a third party publishes them.
    pub fn json(&mut self, readings: usize) -> Vec<u8> {
        let edge = (0..self.edges.len())
            .min_by_key(|e| self.edges[*e].time_us)
            .unwrap_or(0);
        self.fill(edge, readings);
        let first = self.edges[edge].first;
        let items: Vec<serde_json::Value> = self
            .rows
            .iter()
            .map(|r| {
                serde_json::json!({
                    "station": self.ids[first + usize::from(r.station)],
                    "quantity": r.quantity.name(),
                    "value": r.value,
                    "time": clock::format_utc(r.time_us),
                })
            })
            .collect();
        serde_json::to_vec(&items).expect("plain values")
    }
}

fn value(quantity: Quantity, station: usize, time_us: i64, noise: &mut Noise) -> f64 {
    match quantity {
        Quantity::SeaLevel => {
            // A tide of 0.6 m over 12.42 h, each gauge at its own phase, in whole millimetres with 20 mm of ripple.
            let phase = (time_us - START_US) as f64 / 1e6 / 44_712.0 + station as f64 * 0.01;
            noise.around(0.6 * (std::f64::consts::TAU * phase).sin(), 20, 1e3)
        }
        Quantity::Speed => noise.around(55.0, 300, 10.0),
        Quantity::Occupancy => noise.around(15.0, 100, 10.0),
        Quantity::Flow => noise.around(900.0, 200, 1.0),
        Quantity::Voltage => noise.around(230.0, 60, 10.0),
        Quantity::Current => noise.around(80.0, 3_000, 100.0),
        Quantity::ActivePower => noise.around(18_000.0, 8_000, 1.0),
        // Within 0.1 Hz, so that no second changes by more than the limit of 1 Hz/s.
        _ => noise.around(50.0, 100, 1e3),
    }
}

/// Takes a batch as the pipeline does and returns how many outputs it caused.
pub fn take(core: &mut Core, bytes: &[u8], now_us: i64) -> usize {
    let batch = Batch::parse(bytes).expect("just encoded");
    core.batch(&batch, now_us);
    let outputs = core.finish(now_us);
    core.touched();
    outputs.len()
}

/// A core that has seen more of every station than a sea-level lane keeps for reordering, so that what follows is the steady state.
pub fn warm(mix: Mix, start_us: i64) -> (Core, City) {
    let mut core = Core::new(std::sync::Arc::new(config(Path::new("unused"))), None);
    let mut city = City::new(mix, start_us);
    let until_us = start_us + (hub::detect::RECENT as i64 + 50) * PERIOD_US;
    loop {
        let made = city.batch(1_000);
        assert_eq!(
            take(&mut core, &made.bytes, made.newest_us + 100_000),
            0,
            "a quiet city"
        );
        if made.newest_us > until_us {
            return (core, city);
        }
    }
}

/// Shortest time of `f` for one of `count` things, nanoseconds; the shortest, because noise only adds. `prepare` is not measured.
pub fn ns<I>(count: usize, mut prepare: impl FnMut() -> I, mut f: impl FnMut(I)) -> f64 {
    let (mut best, began) = (Duration::MAX, Instant::now());
    let mut rounds = 0;
    while began.elapsed() < Duration::from_secs(2) || rounds < 5 {
        let input = prepare();
        let start = Instant::now();
        f(input);
        best = best.min(start.elapsed());
        rounds += 1;
    }
    best.as_nanos() as f64 / count as f64
}

/// Runs the summary only under `cargo bench`: `cargo test --benches` only asks whether the benches run.
pub fn asked() -> bool {
    std::env::args().any(|a| a == "--bench")
}

/// Quantile of durations, milliseconds.
pub fn quantile_ms(sorted: &[Duration], p: f64) -> f64 {
    let at = ((sorted.len() - 1) as f64 * p).round() as usize;
    sorted[at].as_secs_f64() * 1e3
}
