//! A made-up sea: a wave that takes the real ocean's travel times to real places, on a tide, with noise, and sensors that lie.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use hub::config::Config;
use hub::core::{Core, Output};
use hub::entry::{Entry, Item};
use hub::forecast::Ocean;
use ocean::Grid;
use ocean::forecast::SNAP_KM;
use ocean::travel_time::{Field, solve};
use wire::batch::{Header, Reading, Station};
use wire::quantity::Quantity;

pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
/// 2026-01-01T00:00:00Z: when the wave begins, if there is one.
pub const ORIGIN: i64 = 1_767_225_600_000_000;
/// How long before it the sensors speak.
const BEFORE: i64 = 5 * HOUR;

/// Where a sensor stands: id, latitude, longitude, depth.
pub type Spot = (&'static str, f64, f64, f64);
pub const A: Spot = ("21418", 38.7, 148.66, 5_660.0);
pub const B: Spot = ("21413", 30.5, 152.1, 5_825.0);
pub const C: Spot = ("21401", 42.6, 152.6, 5_302.0);
pub const D: Spot = ("46402", 51.07, -164.0, 4_760.0);
/// 25 km from A.
pub const BESIDE_A: Spot = ("21418b", 38.9, 148.8, 5_600.0);

/// Off Tohoku, at the trench.
pub const TOHOKU: (f64, f64) = (38.2, 143.6);

pub type Lie = fn(at_us: i64, honest_m: f64, k: i64) -> Option<(i64, f64)>;

/// A sensor, what it sees of a wave, and how it lies.
#[derive(Clone)]
pub struct Sensor {
    pub spot: Spot,
    /// When a wave begins here, and its height; none: a quiet sea.
    pub wave: Option<(i64, f64)>,
    /// Time stamp and height that it gives instead of the honest ones.
    pub lie: Option<Lie>,
    /// How much later than measured its rows come.
    pub late_us: i64,
}

impl Sensor {
    pub fn quiet(spot: Spot) -> Self {
        Self {
            spot,
            wave: None,
            lie: None,
            late_us: 0,
        }
    }

    /// With a wave of a height that comes from a place.
    pub fn sees(spot: Spot, from: (f64, f64), height_m: f64) -> Self {
        Self {
            wave: Some((ORIGIN + travel_us(from, spot), height_m)),
            ..Self::quiet(spot)
        }
    }

    pub fn moves_at(spot: Spot, at_us: i64, height_m: f64) -> Self {
        Self {
            wave: Some((at_us, height_m)),
            ..Self::quiet(spot)
        }
    }

    pub fn lies(self, lie: Lie) -> Self {
        Self {
            lie: Some(lie),
            ..self
        }
    }

    pub fn honest_m(&self, at_us: i64) -> f64 {
        let hours = (at_us - ORIGIN) as f64 / HOUR as f64;
        let phase = self.spot.2.to_radians();
        let turn = std::f64::consts::TAU;
        let tide = 0.5 * (turn * hours / 12.42 + phase).sin() + 0.2 * (turn * hours / 23.93).sin();
        let wave = self.wave.map_or(0.0, |(from_us, height_m)| {
            let s = (at_us - from_us) as f64 * 1e-6;
            // Three cycles of 25 minutes that fade.
            if s < 0.0 {
                0.0
            } else {
                1.2 * height_m * (turn * s / 1_500.0).sin() * (-s / 3_000.0).exp()
            }
        });
        self.spot.3
            + tide
            + wave
            + 0.002 * noise(at_us, self.spot.0.len() as i64 + self.spot.1 as i64)
    }
}

/// A hash of time and sensor, -1..1.
pub fn noise(at_us: i64, seed: i64) -> f64 {
    let mut x = (at_us as u64 ^ (seed as u64) << 48).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((x ^ (x >> 32)) >> 40) as f64 / (1u64 << 23) as f64 - 1.0
}

fn grid() -> &'static Arc<Grid> {
    static ONCE: OnceLock<Arc<Grid>> = OnceLock::new();
    ONCE.get_or_init(|| Arc::new(hub::shipped::grid("pacific_10min").expect("shipped")))
}

/// From a place to a sensor, on the grid as it is shipped.
pub fn travel_us(from: (f64, f64), to: Spot) -> i64 {
    static FIELDS: OnceLock<std::sync::Mutex<HashMap<String, Arc<Field>>>> = OnceLock::new();
    let mut fields = FIELDS.get_or_init(Default::default).lock().expect("whole");
    let field = fields.entry(format!("{from:?}")).or_insert_with(|| {
        let cell = grid().nearest_wet(from.0, from.1, SNAP_KM).expect("sea");
        Arc::new(solve(grid(), &[cell]).expect("solved"))
    });
    (field.seconds_at(to.1, to.2).expect("reached") * 1e6) as i64
}

/// A hub for some sensors on the whole Pacific.
pub fn core(sensors: &[Sensor], policy: &str) -> Core {
    let text = include_str!("../../../configs/pacific/hub.toml");
    let stations: String = sensors
        .iter()
        .map(|s| {
            let (id, lat, lon, depth_m) = s.spot;
            format!("[[station]]\nid = \"{id}\"\nlat = {lat}\nlon = {lon}\ndepth_m = {depth_m}\nquantity = \"sea_level\"\n")
        })
        .collect();
    let text = format!("{text}\n[policy]\n{policy}\n{stations}");
    let mut config = Config::parse("hub.toml", &text).expect("sound");
    // What these tests are about happens with any forecast.
    config.forecast.as_mut().expect("a grid").model = false;
    let ocean = Ocean::new(&config, grid().clone()).expect("no model");
    Core::new(Arc::new(config), Some(ocean))
}

/// What sensors give, minute by minute, until so long after the origin: entries as the journal keeps them.
pub fn entries(sensors: &[Sensor], until_us: i64) -> Vec<Entry> {
    let mut rows: Vec<(i64, u16, i64, f64)> = Vec::new();
    for (n, sensor) in sensors.iter().enumerate() {
        for k in 0..(BEFORE + until_us) / MINUTE {
            let at_us = ORIGIN - BEFORE + k * MINUTE;
            let honest_m = sensor.honest_m(at_us);
            let told = match sensor.lie {
                Some(lie) => lie(at_us - ORIGIN, honest_m, k).map(|(t, h)| (ORIGIN + t, h)),
                None => Some((at_us, honest_m)),
            };
            if let Some((time_us, height_m)) = told {
                rows.push((at_us + sensor.late_us, n as u16, time_us, height_m));
            }
        }
    }
    rows.sort_by_key(|r| (r.0, r.1));
    let mut seq = 0;
    rows.chunk_by(|a, b| a.0 == b.0)
        .map(|step| {
            let now_us = step[0].0 + SECOND;
            let header = Header {
                edge: "sea",
                outbox: 1,
                offset: seq,
                sent_us: now_us,
                backlog: false,
            };
            let stations: Vec<Station<'_>> = sensors
                .iter()
                .enumerate()
                .map(|(n, s)| Station {
                    id: s.spot.0,
                    node: n as u32 + 1,
                    boot: 1,
                })
                .collect();
            let readings: Vec<Reading> = step
                .iter()
                .map(|&(_, station, time_us, value)| {
                    seq += 1;
                    Reading {
                        station,
                        time_us,
                        quantity: Quantity::SeaLevel,
                        value,
                        quality: 0,
                        seq,
                    }
                })
                .collect();
            let mut out = vec![0; 16_384];
            let n = wire::batch::encode(&header, &stations, &readings, &mut out).expect("fits");
            Entry {
                received_us: now_us,
                items: vec![Item::Batch(out[..n].to_vec())],
            }
        })
        .collect()
}

/// What the hub said of it.
pub struct Told {
    pub core: Core,
    pub outputs: Vec<(i64, Output)>,
}

pub fn run(sensors: &[Sensor], until_us: i64, policy: &str) -> Told {
    let mut told = Told {
        core: core(sensors, policy),
        outputs: Vec::new(),
    };
    for entry in entries(sensors, until_us) {
        told.take(&entry);
    }
    told
}

impl Told {
    pub fn take(&mut self, entry: &Entry) {
        let at = entry.received_us - ORIGIN;
        let outputs = self.core.replay(entry);
        self.outputs.extend(outputs.into_iter().map(|o| (at, o)));
    }

    /// Messages: time after the origin, type, reason, and the CAP text.
    pub fn messages(&self) -> Vec<(i64, String, String, String)> {
        let message = |(at, o): &(i64, Output)| match o {
            Output::Publish(m) => Some((*at, m.msg_type.clone(), m.reason.clone(), m.xml.clone())),
            _ => None,
        };
        self.outputs.iter().filter_map(message).collect()
    }

    /// Lines of the timeline of a kind.
    pub fn said(&self, wanted: &str) -> Vec<&str> {
        let mut lines = Vec::new();
        for (_, output) in &self.outputs {
            if let Output::Say { kind, text, .. } = output
                && kind == wanted
            {
                lines.push(text.as_str());
            }
        }
        lines
    }
}
