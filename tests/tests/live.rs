//! The hub as an operator runs it and as third parties meet it: readings published with `mosquitto_pub`, alerts read with
//! `mosquitto_sub`, a stop and a start, silence, and an alert that lasts.

use std::process::Command;

use cap::MsgType;
use clock::Clock;
use scenarios::broker::{Broker, Kind};
use scenarios::chain;
use scenarios::mqtt;
use scenarios::program::{Program, installed};
use scenarios::running::Hub;
use scenarios::site::{At, CITY, Site, small};
use scenarios::wait::until_true;

/// Publishes one message with the real program.
fn mosquitto_pub(port: u16, topic: &str, message: &str) {
    let status =
        Command::new(installed("mosquitto_pub", "mosquitto-clients").expect("looked for before"))
            .args([
                "-h",
                "127.0.0.1",
                "-q",
                "1",
                "-p",
                &port.to_string(),
                "-t",
                topic,
                "-m",
                message,
            ])
            .status()
            .expect("mosquitto_pub starts");
    assert!(status.success(), "mosquitto_pub: {status}");
}

/// Starts to listen with the real program: one line for each message, with `1` in front when it was retained.
fn mosquitto_sub(site: &Site, port: u16, name: &str) -> Program {
    let mut command =
        Command::new(installed("mosquitto_sub", "mosquitto-clients").expect("looked for before"));
    command.args([
        "-h",
        "127.0.0.1",
        "-q",
        "1",
        "-p",
        &port.to_string(),
        "-F",
        "%r %t %p",
    ]);
    command.args(["-t", "watchfire/v1/rig/alerts/#"]);
    Program::start(
        "mosquitto_sub",
        &mut command,
        &site.path(&format!("{name}.log")),
    )
}

/// The hub's feed of exercises must have this many messages; returns them, oldest first.
fn told(hub: &Hub, count: usize) -> Vec<cap::Alert> {
    let ids = || chain::atom_ids(&hub.get("/exercise/feed.atom").body);
    until_true(&format!("{count} messages in the feed"), || {
        ids().len() >= count
    });
    let messages: Vec<cap::Alert> = ids()
        .iter()
        .rev()
        .map(|id| {
            let path = id
                .strip_prefix("http://rig.example.org")
                .expect("the base URL");
            chain::read(&hub.get(path).body)
        })
        .collect();
    assert_eq!(messages.len(), count, "{messages:?}");
    chain::check(&messages);
    messages
}

fn third_parties(at: At) {
    if installed("mosquitto_pub", "mosquitto-clients").is_none() {
        return;
    }
    let site = Site::new(small(CITY), at);
    let mut hub = site.hub();
    let port = hub.mqtt_port;
    // As in the README: SenML and plain JSON, one reading each.
    let senml = r#"[{"bn":"road/","n":"speed","u":"km/h","v":42}]"#;
    mosquitto_pub(port, &site.topic("sensor-1", "senml"), senml);
    let json = |percent: u32| {
        format!(r#"{{"station":"tunnel","quantity":"occupancy","value":{percent},"unit":"%"}}"#)
    };
    mosquitto_pub(port, &site.topic("sensor-2", "json"), &json(20));
    until_true("both readings on the page", || {
        hub.latest("road", "speed") == Some(42.0) && hub.latest("tunnel", "occupancy") == Some(20.0)
    });
    let mut readings: Vec<(String, String, f64)> = site
        .export()
        .into_iter()
        .map(|r| (r.station, r.quantity, r.value))
        .collect();
    readings.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        readings,
        [
            ("road".into(), "speed".into(), 42.0),
            ("tunnel".into(), "occupancy".into(), 20.0)
        ]
    );
    assert_eq!(hub.get("/exercise/feed.atom").status, 200);
    assert_eq!(
        hub.get("/feed.atom").status,
        404,
        "an exercise is not where real alerts are"
    );

    // Over its limit: an alert for everybody who listens, and for who comes later.
    let mut listener = mosquitto_sub(&site, port, "from-the-start");
    mosquitto_pub(port, &site.topic("sensor-2", "json"), &json(80));
    let alerts = told(&hub, 1);
    assert_eq!(alerts[0].msg_type, MsgType::Alert);
    let headline = alerts[0].infos[0].headline.as_deref().unwrap_or_default();
    assert!(headline.contains("The tunnel is full"), "{headline}");
    let identifier = alerts[0].identifier.clone();
    listener.until_said("the alert", |said| said.contains(&identifier).then_some(()));
    assert!(
        listener
            .said()
            .contains("watchfire/v1/rig/alerts/exercise/tunnel.occupancy.above")
    );
    let mut late = mosquitto_sub(&site, port, "late");
    late.until_said("the alert, retained", |said| {
        said.lines()
            .any(|l| l.starts_with('1') && l.contains(&identifier))
            .then_some(())
    });
    // Still over the limit, and within the hysteresis: nothing new.
    mosquitto_pub(port, &site.topic("sensor-2", "json"), &json(81));
    mosquitto_pub(port, &site.topic("sensor-2", "json"), &json(55));
    until_true("the reading within the hysteresis", || {
        hub.latest("tunnel", "occupancy") == Some(55.0)
    });
    told(&hub, 1);
    // Back: called off.
    mosquitto_pub(port, &site.topic("sensor-2", "json"), &json(40));
    let alerts = told(&hub, 2);
    assert_eq!(alerts[1].msg_type, MsgType::Cancel);
    let identifier = alerts[1].identifier.clone();
    listener.until_said("the cancellation", |said| {
        said.contains(&identifier).then_some(())
    });

    // Stopped in good order, and started again: everything is as it was.
    until_true("the last reading on the page", || {
        hub.latest("tunnel", "occupancy") == Some(40.0)
    });
    let before = hub.state();
    assert_eq!(hub.program.terminate().code(), Some(0));
    let exported = site.export();
    assert_eq!(exported.len(), 6);
    let hub = site.hub();
    let after = hub.state();
    for part in ["stations", "alerts"] {
        assert_eq!(after[part], before[part], "{part} after a restart");
    }
    assert_eq!(told(&hub, 2), alerts);
    let mut later = mosquitto_sub(&site, hub.mqtt_port, "after-the-restart");
    later.until_said("the cancellation, retained", |said| {
        said.lines()
            .any(|l| l.starts_with('1') && l.contains(&identifier))
            .then_some(())
    });
    assert_eq!(site.export(), exported);
}

#[test]
fn third_parties_at_the_embedded_broker() {
    third_parties(At::Embedded);
}

#[test]
fn third_parties_at_mosquitto() {
    if let Some(broker) = Broker::start(Kind::Mosquitto) {
        third_parties(At::Port(broker.port));
    }
}

/// Silence is not safety: when nothing comes any more, the page says so by itself, although nothing comes any more.
#[test]
fn stations_that_fall_silent_are_unknown_and_coverage_is_lost() {
    let sea = "[[station]]\nid = \"buoy\"\nlat = -18\nlon = -86\nquantity = \"sea_level\"\n";
    let mut site = Site::new(small(&format!("{CITY}{sea}")), At::Embedded);
    let clock =
        Clock::scaled(Clock::System.now_us(), Clock::System.now_us(), 1_000.0).expect("a speed");
    site.clock = clock.description();
    let hub = site.hub();
    let readings = br#"[{"station":"road","speed":50},{"station":"tunnel","occupancy":5},{"station":"buoy","sea_level":0.1}]"#;
    until_true("a page without conditions", || {
        assert!(mqtt::publish(
            hub.mqtt_port,
            &site.topic("sensor", "json"),
            readings
        ));
        hub.latest("buoy", "sea_level").is_some() && hub.conditions().is_empty()
    });
    // An hour of the exercise: 3.6 s of the wall.
    until_true("all stations to be unknown", || {
        let state = hub.state();
        let stations = state["stations"].as_array().cloned().unwrap_or_default();
        stations.len() == 3 && stations.iter().all(|s| s["state"] == "unknown")
    });
    until_true("the condition", || {
        hub.conditions().iter().any(|c| c == "coverage_lost")
    });
    assert!(hub.get("/healthz").body.contains("degraded"));
}

/// A limit that stays passed is renewed before its alert lapses. The hub's time alone does that, so time must be in the journal: played
/// back, it tells the same messages, and the cancellation after a restart is not taken for one that was told before.
#[test]
fn an_alert_that_is_renewed_is_the_same_when_computed_again() {
    let mut config = small(CITY);
    let policy: toml::Table = "expires = \"10m\"".parse().expect("TOML");
    config.insert("policy".to_owned(), policy.into());
    // 300 ms of the wall, longer than the desk's deadlines are apart: to look at those put off every tick, and no alert in force was renewed.
    let timing: toml::Table = "tick = \"60s\"".parse().expect("TOML");
    config.insert("timing".to_owned(), timing.into());
    let mut site = Site::new(config, At::Embedded);
    let clock =
        Clock::scaled(Clock::System.now_us(), Clock::System.now_us(), 200.0).expect("a speed");
    site.clock = clock.description();
    let mut hub = site.hub();
    let publish = |hub: &Hub, percent: u32| {
        let reading = format!(r#"{{"station":"tunnel","occupancy":{percent}}}"#);
        assert!(mqtt::publish(
            hub.mqtt_port,
            &site.topic("sensor", "json"),
            reading.as_bytes()
        ));
    };
    publish(&hub, 80);
    // The alert, and two renewals of nine minutes each, 2.7 s of the wall.
    until_true("two renewals", || {
        chain::atom_ids(&hub.get("/exercise/feed.atom").body).len() >= 3
    });
    hub.program.kill();
    let mut hub = site.hub();
    publish(&hub, 10);
    let is_cancelled = |hub: &Hub| {
        let state = hub.state();
        let alerts = state["alerts"].as_array().cloned().unwrap_or_default();
        alerts.last().is_some_and(|a| a["msg_type"] == "Cancel")
    };
    until_true("the cancellation", || is_cancelled(&hub));
    assert_eq!(hub.program.terminate().code(), Some(0));
    let logged: Vec<String> = site.alert_log().into_iter().map(|m| m.xml).collect();
    let messages: Vec<cap::Alert> = logged.iter().map(|xml| chain::read(xml)).collect();
    chain::check(&messages);
    let again: Vec<String> = site
        .recompute()
        .into_iter()
        .filter(|line| line["output"] == "publish")
        .map(|line| line["xml"].as_str().expect("a message").to_owned())
        .collect();
    assert_eq!(again, logged);
}
