//! Sensor scripts through the whole system: each sensor on a board of its own that runs the image, with the real edge and hub behind it.
//!
//! `WATCHFIRE_HIL_SCRIPT=<file> cargo test -p scenarios --test hil_scripts -- --nocapture` plays a script of yours. Without it some of
//! `hil/scripts` are played.
//!
//! What is an alert depends on the sensor: pressure stations belong to the shipped deployment `chile` and are told of the earthquake of
//! 2010 when 15 minutes of the script have passed, if the script expects an alert; radars and loops alert below 20 km/h, meters below 207 V.

use std::path::{Path, PathBuf};

use hil::rig::settings_of;
use hil::script::{BuiltSensor, Model, Outcome, Script, Wired};
use scenarios::chain;
use scenarios::hurt::{EdgeKeeper, Expect, REFUSALS, Seen};
use scenarios::mqtt;
use scenarios::recorded::repository;
use scenarios::rigged::{Firmware, NodePlan, Rigged};
use scenarios::site::{At, shipped};

/// When the agency tells of the earthquake, microseconds since the start.
const QUAKE_US: u64 = 15 * 60_000_000;

/// Played without being asked for: those that are short. `deep-stuck.toml` and `wrong-unit.toml` are not met today: nobody on the way notices
/// that a pressure stands still, or that it is a seventh of what it was.
const SCRIPTS: &[&str] = &["forged.toml", "sag.toml"];

/// A station for a sensor, and what is an alert there.
fn station(n: usize, sensor: &BuiltSensor) -> toml::Value {
    let (quantity, limit) = match sensor.model {
        Model::Digiquartz | Model::Ms5837 => ("water_pressure", ""),
        Model::Adxl355 => ("acceleration", ""),
        Model::Ops243 | Model::InductiveLoop => ("speed", "below = 20\nhysteresis = 5"),
        Model::Sdm230 | Model::Sdm630 | Model::Pzem004t => {
            ("voltage", "below = 207\nhysteresis = 3")
        }
    };
    let threshold = match limit {
        "" => String::new(),
        limit => format!(
            "[[threshold]]\nquantity = \"{quantity}\"\n{limit}\ntext = \"Beyond its limit\"\n"
        ),
    };
    let place = match n {
        // The DART station of the event.
        0 => "lat = -17.975\nlon = -86.392\ndepth_m = 4325",
        _ => "lat = -33\nlon = -71.6",
    };
    let text = format!(
        "id = \"s{n}\"\nname = \"{}\"\n{place}\nquantity = \"{quantity}\"\n{threshold}",
        sensor.name
    );
    let table: toml::Table = text.parse().unwrap_or_else(|e| panic!("{e}: {text}"));
    table.into()
}

/// Plays a script. Gives what was not met.
fn play(firmware: &Firmware, path: &Path) -> Vec<String> {
    let script = Script::load(path).unwrap_or_else(|why| panic!("{why}"));
    let directory = path.parent().expect("a folder");
    let sensors = script
        .build(directory)
        .unwrap_or_else(|why| panic!("{why}"));
    let fits = |sensor: &BuiltSensor| match sensor.wired {
        Wired::Serial { .. } | Wired::Contact(_) => true,
        Wired::I2c(_) | Wired::Spi(_) => {
            println!("{}: left out: the emulator has no such bus", sensor.name);
            false
        }
    };
    let sensors: Vec<BuiltSensor> = sensors.into_iter().filter(fits).collect();
    let event = repository().join("configs/events/chile-2010");
    let event = record::Event::load(&record::Directory::new(&event)).expect("the event");
    let quake = &event.quakes[0];
    let start_us = quake.arrival_us - QUAKE_US as i64;
    let mut config = shipped("chile");
    let stations = sensors
        .iter()
        .enumerate()
        .map(|(n, sensor)| station(n, sensor));
    config.insert("station".to_owned(), stations.collect::<Vec<_>>().into());
    let timing: toml::Table = "tick = \"10s\"\nlate = \"2m\"\nunknown = \"5m\""
        .parse()
        .expect("TOML");
    config.insert("timing".to_owned(), timing.into());
    let plans: Vec<NodePlan> = sensors
        .iter()
        .enumerate()
        .map(|(n, sensor)| {
            let mut plan =
                NodePlan::new(n as u32 + 1, &sensor.name, &format!("s{n}"), sensor.model);
            plan.settings = settings_of(sensor);
            plan
        })
        .collect();
    let mut rig = Rigged::start(config, At::Embedded, start_us, &plans);
    for (plan, sensor) in plans.iter().zip(sensors) {
        rig.add(firmware, plan, Some(sensor), &script.faults, script.seed);
    }
    let mut keeper = EdgeKeeper::new(&script.faults, script.seed);
    let mut seen = vec![Seen::default(); plans.len()];
    // Only to those who wait for a wave: the earthquake alone is an alert.
    let waits = |e: &hil::script::Expectation| e.outcome == Outcome::AlertIssued;
    let tsunami = plans[0].settings.tsunami_detector && script.expectations.iter().any(waits);
    let (mut told, mut minute) = (!tsunami, 0);
    rig.play(script.length_us, |rig| {
        keeper.keep(rig);
        let now_us = rig.bench.now_us();
        if !told && now_us >= QUAKE_US {
            told = mqtt::publish(rig.port(), &rig.site.topic("usgs", "quake"), &quake.bytes);
        }
        if now_us / 60_000_000 > minute {
            minute = now_us / 60_000_000;
            let (hub, report) = (rig.hub.state(), rig.report());
            for (plan, seen) in plans.iter().zip(&mut seen) {
                seen.look(&plan.station, plans.len() == 1, &hub, &report);
            }
        }
    });
    rig.settle();
    let (hub, report) = (rig.hub.state(), rig.report());
    for (plan, seen) in plans.iter().zip(&mut seen) {
        seen.look(&plan.station, plans.len() == 1, &hub, &report);
    }
    let log = rig.site.alert_log();
    let messages: Vec<cap::Alert> = log.iter().map(|m| chain::read(&m.xml)).collect();
    chain::check(&messages);
    let mut missed = Vec::new();
    for expectation in &script.expectations {
        let until_us = start_us.saturating_add_unsigned(expectation.within_us);
        let issued = messages.iter().any(|alert| alert.sent.us() <= until_us);
        let any = |expect| seen.iter().any(|seen| seen.meets(expect).is_ok());
        let met = match expectation.outcome {
            Outcome::AlertIssued => issued,
            Outcome::SilentOk => messages.is_empty(),
            Outcome::DegradedShown => any(Expect::Degraded),
            Outcome::RefusedAndCounted => any(Expect::Refused(REFUSALS)),
        };
        let name = expectation.outcome.name();
        println!(
            "{}: {name}: {}",
            path.display(),
            if met { "met" } else { "NOT MET" }
        );
        if !met {
            missed.push(format!("{}: {name}", path.display()));
        }
    }
    for (plan, seen) in plans.iter().zip(&seen) {
        println!("  {}: {}", plan.name, seen.words());
    }
    missed
}

#[test]
fn scripts_come_out_as_they_say() {
    let Some(firmware) = Firmware::find() else {
        return;
    };
    let folder = repository().join("hil/scripts");
    let paths: Vec<PathBuf> = match std::env::var_os("WATCHFIRE_HIL_SCRIPT") {
        Some(path) => vec![std::path::absolute(PathBuf::from(path)).expect("a path")],
        None => SCRIPTS.iter().map(|name| folder.join(name)).collect(),
    };
    let missed: Vec<String> = paths
        .iter()
        .flat_map(|path| play(&firmware, path))
        .collect();
    assert!(missed.is_empty(), "not met: {}", missed.join(", "));
}
