//! A simulated ocean for tests of the inversion: a trench, sensors and points off it, and earthquakes that owe nothing to the
//! prior's own recipe. Everything comes from a seed.

#![allow(dead_code)]

use ocean::inversion::{Noise, Record};
use ocean::response::{Receiver, Responses, UnitSource};
use ocean::sphere::{destination, distance_km};
use ocean::{Quake, source};

/// Long waves over 4,000 m of water, km/s.
pub const SPEED_KM_S: f64 = 0.198;
pub const STEP_S: f64 = 60.0;

/// A small generator (PCG-like multiply and rotate), for tests only.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }
    /// Even in 0..1.
    pub fn even(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let x = (self.0 ^ (self.0 >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((x ^ (x >> 29)) >> 11) as f64 / (1u64 << 53) as f64
    }
    pub fn between(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.even()
    }
    /// Standard normal (Box & Muller).
    pub fn normal(&mut self) -> f64 {
        let (a, b) = (self.even().max(1e-300), self.even());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

/// A trench that bends, `along` by `down` unit sources of 50 by 35 km, dipping west to east.
pub fn trench(along: usize, down: usize) -> Vec<UnitSource> {
    let mut units = Vec::new();
    let (mut lat, mut lon) = (-40.0, -75.0);
    for a in 0..along {
        let strike_deg = 5.0 + 10.0 * (a as f64 / along as f64);
        for d in 0..down {
            let dip_deg: f64 = 10.0 + 6.0 * d as f64;
            let across = 35.0 * (d as f64 + 0.5) * 0.95;
            let (la, lo) = destination(lat, lon, strike_deg + 90.0, across);
            units.push(UnitSource {
                id: format!("u{a:03}{}", (b'a' + d as u8) as char),
                lat: la,
                lon: lo,
                depth_km: 6.0 + 9.0 * d as f64,
                length_km: 50.0,
                width_km: 35.0,
                strike_deg,
                dip_deg,
                rake_deg: 90.0,
            });
        }
        (lat, lon) = destination(lat, lon, strike_deg, 50.0);
    }
    units
}

/// How the waves to one receiver differ from what the table says.
#[derive(Clone, Copy)]
pub struct Path {
    pub stretch: f64,
    pub gain: f64,
}

impl Path {
    pub const TABLE: Path = Path {
        stretch: 1.0,
        gain: 1.0,
    };
}

/// Height at a receiver, `t` seconds after one metre of slip on a unit source: a crest and a trough spreading over the sea, a
/// fainter echo after them.
pub fn height(unit: &UnitSource, receiver: &Receiver, path: Path, t: f64) -> f64 {
    let r = distance_km(unit.lat, unit.lon, receiver.lat, receiver.lon);
    let half = 0.7 * unit.length_km + unit.depth_km;
    let lift = 0.6 * unit.dip_deg.to_radians().sin();
    let one = |delay_km: f64| {
        let x = (t * SPEED_KM_S - (r + delay_km) * path.stretch) / half;
        if x.abs() < 6.0 {
            (-x * x).exp() * (1.0 - 0.7 * x)
        } else {
            0.0
        }
    };
    // Deep water is 4,000 m; a coastal receiver's cell is shallower (Green's law).
    let shoaling = (4000.0 / receiver.depth_m).powf(0.25);
    let spread = (half / (half + r)).sqrt() * shoaling;
    path.gain * lift * spread * (0.5 * one(0.0) - 0.15 * one(220.0) + 0.1 * one(400.0))
}

pub fn receiver(id: String, lat: f64, lon: f64, coastal: bool) -> Receiver {
    let depth_m = if coastal { 50.0 } else { 4000.0 };
    Receiver {
        id,
        lat,
        lon,
        coastal,
        depth_m,
    }
}

/// Responses by [`height`]. A sensor above a source feels no more than the wave: sample 0 is set to zero.
pub fn table(units: Vec<UnitSource>, receivers: Vec<Receiver>, samples: usize) -> Responses {
    let heights = receivers
        .iter()
        .map(|r| {
            units
                .iter()
                .flat_map(|u| {
                    (0..samples).map(|k| {
                        if k == 0 {
                            0.0
                        } else {
                            height(u, r, Path::TABLE, k as f64 * STEP_S) as f32
                        }
                    })
                })
                .collect()
        })
        .collect();
    Responses {
        step_s: STEP_S,
        samples,
        units,
        receivers,
        heights,
    }
}

/// Sensors 300-1500 km off the trench and points at 500-3000 km, on the ocean's side and along the coast.
pub fn ocean(sensors: usize, points: usize, samples: usize, units: Vec<UnitSource>) -> Responses {
    let mut dice = Dice::new(99);
    let mut receivers = Vec::new();
    let place = |dice: &mut Dice, near: f64, far: f64| {
        let unit = &units[(dice.even() * units.len() as f64) as usize];
        destination(
            unit.lat,
            unit.lon,
            dice.between(200.0, 340.0),
            dice.between(near, far),
        )
    };
    for k in 0..sensors {
        let (lat, lon) = place(&mut dice, 300.0, 1200.0);
        receivers.push(receiver(format!("s{k}"), lat, lon, false));
    }
    for k in 0..points {
        let (lat, lon) = place(&mut dice, 500.0, 3000.0);
        receivers.push(receiver(format!("p{k}"), lat, lon, k % 2 == 1));
    }
    table(units, receivers, samples)
}

/// An earthquake and what it really did.
pub struct Event {
    pub quake: Quake,
    pub slip_m: Vec<f64>,
    pub delay_s: Vec<f64>,
    pub magnitude: f64,
}

impl Event {
    /// A rupture by Blaser et al. (2010) thrust scaling - not the prior's - with two elliptical patches of slip at random places
    /// in it, an epicentre reported 12 km off and a magnitude 0.2 off.
    pub fn random(units: &[UnitSource], seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let magnitude = dice.between(7.8, 9.0);
        let length = 10f64.powf(-2.37 + 0.57 * magnitude + 0.18 * dice.normal());
        let width = 10f64
            .powf(-1.86 + 0.46 * magnitude + 0.17 * dice.normal())
            .min(110.0);
        // A rupture well inside the trench.
        let inner = units.len() / 5..units.len() * 4 / 5;
        let centre = &units[inner.start + (dice.even() * inner.len() as f64) as usize];
        let at = |dice: &mut Dice, part: f64| {
            let along = part * length * dice.between(-1.0, 1.0);
            let down = part * width * dice.between(-1.0, 1.0);
            let (lat, lon) = destination(centre.lat, centre.lon, centre.strike_deg, along);
            destination(lat, lon, centre.strike_deg + 90.0, down)
        };
        let patches: Vec<((f64, f64), f64, f64, f64)> = (0..2)
            .map(|_| {
                let place = at(dice, 0.2);
                let (a, b) = (
                    dice.between(0.3, 0.6) * length,
                    dice.between(0.4, 0.7) * width,
                );
                (place, a, b, dice.between(0.5, 1.5))
            })
            .collect();
        let mut slip_m: Vec<f64> = units
            .iter()
            .map(|u| {
                patches
                    .iter()
                    .map(|&((lat, lon), a, b, weight)| {
                        let d = distance_km(lat, lon, u.lat, u.lon);
                        let north = (u.lat - lat) * 111.2;
                        let strike = u.strike_deg.to_radians();
                        let east = (u.lon - lon) * 111.2 * lat.to_radians().cos();
                        let along = north * strike.cos() + east * strike.sin();
                        let across = (d * d - along * along).max(0.0).sqrt();
                        weight
                            * (1.0 - (along / a).powi(2) - (across / b).powi(2))
                                .max(0.0)
                                .sqrt()
                    })
                    .sum()
            })
            .collect();
        let moment: f64 = units
            .iter()
            .zip(&slip_m)
            .map(|(u, s)| source::RIGIDITY_PA * u.length_km * u.width_km * 1e6 * s)
            .sum();
        let scale = source::moment_nm(magnitude) / moment;
        slip_m.iter_mut().for_each(|s| *s *= scale);
        let (lat, lon) = at(dice, 0.35);
        let speed = dice.between(1.8, 3.0);
        let delay_s = units
            .iter()
            .map(|u| 10.0 + distance_km(lat, lon, u.lat, u.lon) / speed)
            .collect();
        let (lat, lon) = destination(
            lat,
            lon,
            dice.between(0.0, 360.0),
            12.0 * dice.normal().abs(),
        );
        let quake = Quake {
            id: format!("simulated-{seed}"),
            magnitude: magnitude + 0.2 * dice.normal(),
            lat,
            lon,
            depth_km: 25.0,
            origin_us: 0,
        };
        Event {
            quake,
            slip_m,
            delay_s,
            magnitude,
        }
    }

    /// The true heights at a receiver.
    pub fn truth(
        &self,
        units: &[UnitSource],
        receiver: &Receiver,
        path: Path,
        times_s: &[f64],
    ) -> Vec<f64> {
        times_s
            .iter()
            .map(|&t| {
                units
                    .iter()
                    .zip(&self.slip_m)
                    .zip(&self.delay_s)
                    .filter(|((_, s), _)| **s > 0.0)
                    .map(|((u, s), d)| s * height(u, receiver, path, t - d))
                    .sum()
            })
            .collect()
    }

    /// What a sensor recorded until a time: truth, noise with memory, a tide residue, Rayleigh waves, and a gap.
    pub fn record(
        &self,
        table: &Responses,
        index: usize,
        path: Path,
        until_s: f64,
        dice: &mut Dice,
    ) -> Record {
        let times_s: Vec<f64> = (-30..)
            .map(|k| f64::from(k) * STEP_S + 17.0)
            .take_while(|t| *t <= until_s)
            .collect();
        let receiver = &table.receivers[index];
        let truth = self.truth(&table.units, receiver, path, &times_s);
        let noise = Noise {
            sd_m: 0.003,
            correlation_s: 400.0,
            drift_m_h: 0.004,
        };
        let memory = (-STEP_S / noise.correlation_s).exp();
        let mut state = noise.sd_m * dice.normal();
        let (offset, slope) = (0.003 * dice.normal(), noise.drift_m_h * dice.normal());
        let shaking = dice.between(0.02, 0.2);
        let first = &table.units[0];
        let reach = distance_km(first.lat, first.lon, receiver.lat, receiver.lon);
        let gap = dice.between(0.0, until_s);
        let heights_m = times_s
            .iter()
            .zip(truth)
            .map(|(&t, h)| {
                state =
                    memory * state + noise.sd_m * (1.0 - memory * memory).sqrt() * dice.normal();
                let since = t - reach / 3.7;
                let shake = if since > 0.0 {
                    shaking * (-since / 400.0).exp() * dice.normal()
                } else {
                    0.0
                };
                if (gap..gap + 300.0).contains(&t) {
                    return f64::NAN;
                }
                h + state + offset + slope * t / 3600.0 + shake
            })
            .collect();
        Record {
            receiver: index,
            times_s,
            heights_m,
            noise,
            on_the_ground: true,
        }
    }
}
