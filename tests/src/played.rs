//! A recorded event played straight to a hub, as an open publisher and an agency would tell it, in a time that the test gives.
//!
//! Between two plays the time goes on at the wall's pace, so that countdowns count and nothing looks stalled; while it is played it goes as fast as the
//! hub follows.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clock::Given;
use record::Event;
use serde_json::json;
use toml::Table;

use crate::mqtt;
use crate::officer::Officer;
use crate::running::{Hub, latest};
use crate::site::{At, Site};
use crate::wait::until_true;

/// The time goes on by this much between two messages, microseconds.
const STEP_US: i64 = 60_000_000;
/// The hub is waited for this often, microseconds of the record.
const LOOK_US: i64 = 10 * STEP_US;
/// How far the board's time may be behind: it goes by the hub's ticks.
const BEHIND_US: i64 = 30_000_000;

/// Time that passes by itself and can be moved on.
#[derive(Debug)]
pub struct Time {
    given: Arc<Mutex<(Given, i64)>>,
    stop: Arc<AtomicBool>,
    task: Option<JoinHandle<()>>,
}

impl Time {
    /// Starts at an instant, in a file of the site; the site's programs go by it from then on.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn start(site: &mut Site, us: i64) -> Self {
        let given = Given::create(&site.path("time"), us).expect("a scratch file");
        site.clock = Some(given.description());
        let given = Arc::new(Mutex::new((given, us)));
        let stop = Arc::new(AtomicBool::new(false));
        let task = std::thread::spawn({
            let (given, stop) = (given.clone(), stop.clone());
            move || {
                let mut last = Instant::now();
                while !stop.load(Ordering::Acquire) {
                    std::thread::sleep(Duration::from_millis(20));
                    let passed = last.elapsed();
                    last += passed;
                    let passed_us = i64::try_from(passed.as_micros()).unwrap_or(0);
                    let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
                    let to_us = given.1 + passed_us;
                    move_on(&mut given, to_us);
                }
            }
        });
        Self {
            given,
            stop,
            task: Some(task),
        }
    }

    /// Now, microseconds since the epoch.
    pub fn now_us(&self) -> i64 {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Moves on to an instant, unless it is past.
    pub fn advance_to(&self, us: i64) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        move_on(&mut given, us);
    }
}

fn move_on((given, now_us): &mut (Given, i64), us: i64) {
    if us > *now_us {
        given.advance_to(us).expect("a scratch file");
        *now_us = us;
    }
}

impl Drop for Time {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(task) = self.task.take() {
            let _ = task.join();
        }
    }
}

/// A hub with a record that is played to it.
#[derive(Debug)]
pub struct Played {
    /// The hub; it ends before its directory does, so that a failing test can show its log.
    pub hub: Hub,
    /// Its deployment.
    pub site: Site,
    /// The hub's time.
    pub time: Time,
    /// What is played.
    pub event: Event,
    /// Which samples have been told, by station.
    told: Vec<Range<usize>>,
    quakes_told: usize,
}

impl Played {
    /// Starts a hub at an instant of the record; what lies before is not played.
    ///
    /// # Panics
    /// When something does not start.
    pub fn start(config: Table, event: Event, from_us: i64, accounts: &[(&str, &str)]) -> Self {
        let mut site = Site::new(config, At::Embedded);
        for (name, role) in accounts {
            site.add_account(name, role);
        }
        let time = Time::start(&mut site, from_us);
        let hub = site.hub();
        let told = event
            .stations
            .iter()
            .map(|station| {
                let samples = &station.series.samples;
                let first = samples.partition_point(|sample| sample.time_us < from_us);
                first..first
            })
            .collect();
        Self {
            site,
            hub,
            time,
            event,
            told,
            quakes_told: 0,
        }
    }

    /// Plays on to an instant, no faster than the hub follows, or until `enough` says so; looks every ten minutes of the record.
    ///
    /// # Panics
    /// When the broker takes nothing, or the hub does not follow.
    pub fn play(
        &mut self,
        until_us: i64,
        watch: &Officer,
        mut enough: impl FnMut(&Officer) -> bool,
    ) {
        let mut looked_us = self.time.now_us();
        while self.time.now_us() < until_us {
            let now_us = (self.time.now_us() + STEP_US).min(until_us);
            self.time.advance_to(now_us);
            self.tell(now_us);
            if now_us - looked_us >= LOOK_US || now_us >= until_us {
                looked_us = now_us;
                self.follow(watch, now_us);
                if enough(watch) {
                    return;
                }
            }
        }
    }

    /// Publishes what is due.
    fn tell(&mut self, now_us: i64) {
        let port = self.hub.mqtt_port;
        let quakes = self.event.quakes.iter().skip(self.quakes_told);
        for quake in quakes.take_while(|quake| quake.arrival_us <= now_us) {
            assert!(
                mqtt::publish(port, &self.site.topic("usgs", "quake"), &quake.bytes),
                "the broker never took the earthquake"
            );
            self.quakes_told += 1;
        }
        let mut readings = Vec::new();
        for (station, told) in self.event.stations.iter().zip(&mut self.told) {
            let due = &station.series.samples[told.end..];
            let due = &due[..due.partition_point(|sample| sample.time_us <= now_us)];
            told.end += due.len();
            readings.extend(due.iter().filter_map(|sample| {
                Some(json!({
                    "station": station.id, "sea_level": sample.value?, "time": clock::format_utc(sample.time_us),
                }))
            }));
        }
        if !readings.is_empty() {
            let text = json!(readings).to_string();
            assert!(
                mqtt::publish(port, &self.site.topic("buoy", "json"), text.as_bytes()),
                "the broker never took the readings"
            );
        }
    }

    /// Waits until the page would show this instant and the last readings.
    fn follow(&self, watch: &Officer, now_us: i64) {
        until_true("the hub has what was played", || {
            let state = watch.state();
            let stations = self.event.stations.iter().zip(&self.told);
            let mut last = stations.filter_map(|(station, told)| {
                let played = &station.series.samples[told.clone()];
                let last = played.iter().rfind(|sample| sample.value.is_some())?;
                Some((station.id.as_str(), last.time_us))
            });
            let has_time = state["now_us"]
                .as_i64()
                .is_some_and(|us| us >= now_us - BEHIND_US);
            has_time
                && last.all(|(station, time_us)| {
                    latest(&state, station, "sea_level")
                        .and_then(|found| found["time_us"].as_i64())
                        .is_some_and(|us| us >= time_us)
                })
        });
    }
}
