//! How often a storm alone would raise a tsunami without an earthquake: gauges in made-up stormy seas through the hub's core.
//!
//! `cargo run -p hub --example storm_alarms [DAYS] [SEED]`
//!
//! The sea is made up and says so: tide; white and red noise as at an open harbour; every five days a storm of a day and a half that all gauges share,
//! up to an hour or two apart. A storm brings a surge of hours, red noise of minutes that is eight times the usual, and harbour oscillations with
//! each harbour's own period, in bursts whose times follow the storm's squalls, half of them common to all gauges. The figures are
//! worth what these assumptions are; what they are good for is to compare settings, and to see which of the rules holds.

use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use hub::forecast::Ocean;
use wire::batch::{Batch, Header, Reading, Station};
use wire::quantity::Quantity;

const MINUTE: i64 = 60_000_000;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;
const DAY_MIN: i64 = 1_440;
const TURN: f64 = std::f64::consts::TAU;

/// Gauges on one coast, from neighbours to the other side of the sea: id, latitude, longitude, the harbour's own period in minutes.
const GAUGES: [(&str, f64, f64, f64); 4] = [
    ("ofunato", 39.02, 141.75, 37.0),
    ("hachinohe", 40.53, 141.53, 23.0),
    ("kushiro", 42.97, 144.37, 31.0),
    ("chichijima", 27.09, 142.19, 18.0),
];

struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Heights of one gauge, a value a minute, metres; `squalls` are the minutes of bursts that all gauges share.
fn sea(gauge: usize, days: i64, seed: u64, squalls: &[i64], rough: f64) -> Vec<f64> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (gauge as u64 + 1) << 32 | 1);
    let period_min = GAUGES[gauge].3;
    let lag_min = (120.0 * dice.uniform()) as i64;
    let phase = TURN * dice.uniform();
    let (mut red, mut bursts): (f64, Vec<(i64, f64)>) = (0.0, Vec::new());
    (0..days * DAY_MIN)
        .map(|minute| {
            let storm = storm(minute - lag_min);
            let shared = squalls.contains(&(minute - lag_min / 4));
            if shared || dice.uniform() < storm * 4.0 / DAY_MIN as f64 {
                bursts.push((minute, rough * 0.12 * storm * (0.3 + dice.uniform())));
            }
            bursts.retain(|b| minute - b.0 < 6 * 60);
            let ring: f64 = bursts
                .iter()
                .map(|(from, height)| {
                    let s = (minute - from) as f64;
                    height * (TURN * s / period_min).sin() * (-s / 70.0).exp()
                })
                .sum();
            let keep = (-1.0_f64 / 8.0).exp();
            red = keep * red
                + (1.0 - keep * keep).sqrt() * 0.004 * (1.0 + 7.0 * rough * storm) * dice.normal();
            let tide = 0.6 * (TURN * minute as f64 / 745.2 + phase).sin()
                + 0.2 * (TURN * minute as f64 / 1_436.0).sin();
            tide + 0.4 * rough * storm + ring + red + 0.004 * dice.normal()
        })
        .collect()
}

/// How stormy it is, 0 to 1: a day and a half every five days.
fn storm(minute: i64) -> f64 {
    let within = minute.rem_euclid(5 * DAY_MIN) - 2 * DAY_MIN;
    let length = DAY_MIN * 3 / 2;
    if (0..length).contains(&within) {
        (0.5 * TURN * within as f64 / length as f64).sin()
    } else {
        0.0
    }
}

#[derive(Default)]
struct Count {
    onsets: usize,
    events: usize,
    messages: usize,
}

fn run(ocean: &Arc<ocean::Grid>, gauges: &[usize], least: usize, seas: &[Vec<f64>]) -> Count {
    let mut text = include_str!("../../configs/pacific/hub.toml").to_owned();
    text.push_str(&format!(
        "\n[policy]\nwithout_earthquake = {least}\ncoast_alone = {least}\n"
    ));
    for &gauge in gauges {
        let (id, lat, lon, _) = GAUGES[gauge];
        text.push_str(&format!(
            "[[station]]\nid = \"{id}\"\nlat = {lat}\nlon = {lon}\nquantity = \"sea_level\"\n"
        ));
    }
    let mut config = Config::parse("hub.toml", &text).expect("sound");
    config.forecast.as_mut().expect("a grid").model = false;
    let ocean = Ocean::new(&config, ocean.clone()).expect("no model");
    let mut core = Core::new(Arc::new(config), Some(ocean));
    let stations: Vec<Station<'_>> = gauges
        .iter()
        .zip(1..)
        .map(|(gauge, node)| Station {
            id: GAUGES[*gauge].0,
            node,
            boot: 1,
        })
        .collect();
    let mut count = Count::default();
    let mut out = vec![0; 4_096];
    let minutes = seas.first().map_or(0, Vec::len) as i64;
    for minute in 0..minutes {
        let time_us = START + minute * MINUTE;
        let readings: Vec<Reading> = gauges
            .iter()
            .zip(0..)
            .map(|(gauge, station)| Reading {
                station,
                time_us,
                quantity: Quantity::SeaLevel,
                value: seas[*gauge][minute as usize],
                quality: 0,
                seq: minute as u64 * gauges.len() as u64 + u64::from(station),
            })
            .collect();
        let header = Header {
            edge: "storm",
            outbox: 1,
            offset: minute as u64,
            sent_us: time_us,
            backlog: false,
        };
        let n = wire::batch::encode(&header, &stations, &readings, &mut out).expect("fits");
        core.batch(&Batch::parse(&out[..n]).expect("a batch"), time_us);
        for output in core.finish(time_us) {
            match output {
                Output::Publish(m) => {
                    count.messages += 1;
                    count.events += usize::from(m.msg_type == "Alert");
                }
                Output::Say { kind, .. } if kind == "unexplained" => count.onsets += 1,
                _ => {}
            }
        }
    }
    count
}

fn main() {
    let number = |n: usize, default: u64| -> u64 {
        let word = std::env::args().nth(n);
        word.map_or(default, |w| w.parse().expect("a number"))
    };
    let (days, seed) = (number(1, 30) as i64, number(2, 1));
    let grid = Arc::new(hub::shipped::grid("pacific_10min").expect("shipped"));
    println!(
        "{days} days, of which three tenths are stormy, seed {seed}; seas made up; onsets: lines about a single gauge\n"
    );
    println!(
        "{:<38} {:>5} {:>6} {:>7} {:>7} {:>8} {:>22}",
        "gauges", "rough", "least", "onsets", "events", "a storm", "a station-year"
    );
    for rough in [0.5, 1.0, 2.0] {
        let mut dice = Dice(seed.wrapping_mul(77) | 1);
        let squalls: Vec<i64> = (0..days * DAY_MIN)
            .filter(|m| dice.uniform() < storm(*m) * 4.0 / DAY_MIN as f64)
            .collect();
        let seas: Vec<Vec<f64>> = (0..GAUGES.len())
            .map(|gauge| sea(gauge, days, seed, &squalls, rough))
            .collect();
        for (gauges, least) in [
            (&[0, 1][..], 2),
            (&[0, 2], 2),
            (&[0, 3], 2),
            (&[0, 1, 2, 3], 2),
            (&[0, 1, 2, 3], 3),
        ] {
            let count = run(&grid, gauges, least, &seas);
            let names: Vec<&str> = gauges.iter().map(|g| GAUGES[*g].0).collect();
            let years = (days * gauges.len() as i64) as f64 / 365.25;
            println!(
                "{:<38} {rough:>5} {least:>6} {:>7} {:>7} {:>8.2} {:>22.1}",
                names.join(" "),
                count.onsets,
                count.events,
                count.events as f64 / (days as f64 / 5.0),
                count.events as f64 / years
            );
        }
    }
}
