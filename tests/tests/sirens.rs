//! From an alert to a sounding siren and back: hub, broker and edges as the real programs, a siren whose output is a real file. What is
//! forged, recorded or meant for others sounds nothing, and every refusal is seen.

use std::path::Path;
use std::process::Command;

use scenarios::mqtt::{self, Subscriber};
use scenarios::program::Program;
use scenarios::running::Hub;
use scenarios::site::{At, CITY, Site, program, small};
use scenarios::wait::until_true;
use serde_json::Value;
use wire::command::{Action, CommandId, MAX_BYTES, Signer};
use wire::topic::Mode;

/// A city with two sirens at its tunnel, each at an edge of its own.
fn site() -> Site {
    let config = format!(
        r#"
{CITY}
severity = "severe"

[sirens]
key_file = "keys/siren.key"
least_share = 1.0
deadline = "1s"

[[siren_zone]]
id = "tunnel"
areas = ["Tunnel"]
sirens = ["edge-1/portal", "edge-2/ramp"]
"#
    );
    let site = Site::new(small(&config), At::Embedded);
    let made = Command::new(program("scenario-hub"))
        .args(["sirens", "new-key", "--out", "keys"])
        .current_dir(site.path(""))
        .output()
        .expect("the program starts");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    site
}

fn public_key(site: &Site) -> String {
    let text = std::fs::read_to_string(site.path("keys/siren.pub")).expect("a public key");
    text.trim().to_owned()
}

/// An edge with one siren, whose output is `<siren>.txt`.
fn edge(site: &Site, port: u16, name: &str, siren: &str) -> Program {
    let file = site.path(&format!("{name}.toml"));
    let text = format!(
        r#"
deployment = "rig"
edge = "{name}"
data_dir = "{}"

[broker]
port = {port}
reconnect_min = "20ms"
reconnect_max = "300ms"

[publish]
status_interval = "500ms"

[sirens]
issuers = ["{}"]

[[siren_pattern]]
id = "short"
on = "10m"
off = "0s"
lasts = "20m"

[[siren]]
id = "{siren}"
zones = ["tunnel"]
output = "file"
file = "{}"
exercise = {{ warning = "short" }}
"#,
        site.path(name).display(),
        public_key(site),
        sound_file(site, siren).display(),
    );
    std::fs::write(&file, text).expect("a scratch file");
    let mut command = Command::new(program("scenario-edge"));
    command
        .args(["--log", "json", "--config"])
        .arg(&file)
        .env_remove("WATCHFIRE_CLOCK");
    let mut number = 0;
    let log = loop {
        let log = site.path(&format!("{name}-{number}.log"));
        if !log.exists() {
            break log;
        }
        number += 1;
    };
    Program::start(name, &mut command, &log)
}

fn sound_file(site: &Site, siren: &str) -> std::path::PathBuf {
    site.path(&format!("{siren}.txt"))
}

/// `on` and `off`, in order.
fn sounds(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .map(|line| line.split(' ').nth(2).expect("a word").to_owned())
        .collect()
}

fn publish(hub: &Hub, site: &Site, percent: u32) {
    let reading = format!(r#"{{"station":"tunnel","occupancy":{percent}}}"#);
    assert!(mqtt::publish(
        hub.mqtt_port,
        &site.topic("sensor", "json"),
        reading.as_bytes()
    ));
}

fn zone(hub: &Hub) -> Value {
    hub.state()["sirens"][0].clone()
}

fn is_unanswered(hub: &Hub) -> bool {
    hub.conditions()
        .iter()
        .any(|code| code == "sirens_unanswered:tunnel")
}

fn state_of(zone: &Value, siren: usize) -> &str {
    zone["sirens"][siren]["state"].as_str().unwrap_or_default()
}

#[test]
fn an_alert_sounds_the_sirens_of_its_zone_and_the_share_is_told() {
    let site = site();
    let hub = site.hub();
    let port = hub.mqtt_port;
    let portal = sound_file(&site, "portal");
    let mut first = edge(&site, port, "edge-1", "portal");
    until_true("the first edge", || state_of(&zone(&hub), 0) == "idle");
    assert_eq!(state_of(&zone(&hub), 1), "unknown", "silence is not safety");
    assert_eq!(
        (sounds(&portal).len(), zone(&hub)["share"].clone()),
        (0, Value::Null)
    );

    publish(&hub, &site, 80);
    until_true("half of the sirens", || zone(&hub)["share"] == 0.5);
    assert_eq!(sounds(&portal), ["on"]);
    until_true("a condition that names the other one", || {
        is_unanswered(&hub)
    });
    // It comes late, and hears of it.
    let mut second = edge(&site, port, "edge-2", "ramp");
    until_true("all of the sirens", || zone(&hub)["share"] == 1.0);
    until_true("the end of the condition", || !is_unanswered(&hub));
    assert_eq!(sounds(&sound_file(&site, "ramp")), ["on"]);
    let told = zone(&hub);
    assert_eq!(
        (told["acknowledged"].clone(), told["unknown"].clone()),
        (2.into(), 0.into())
    );
    assert_eq!(told["order"]["mode"], "exercise");
    assert_eq!(
        hub.metric(r#"watchfire_sirens_now{state="acknowledged",zone="tunnel"}"#)
            .max(hub.metric(r#"watchfire_sirens_now{zone="tunnel",state="acknowledged"}"#)),
        2.0
    );

    // Killed, the first is unknown at once; started again, it sounds on, and nothing is ordered twice.
    first.kill();
    until_true("the loss of an edge", || {
        state_of(&zone(&hub), 0) == "unknown"
    });
    let mut first = edge(&site, port, "edge-1", "portal");
    until_true("its return", || zone(&hub)["share"] == 1.0);
    assert_eq!(sounds(&portal), ["on", "on"]);

    // Over: called off.
    publish(&hub, &site, 10);
    until_true("the end", || {
        let zone = zone(&hub);
        zone["order"].is_null() && state_of(&zone, 0) == "idle" && state_of(&zone, 1) == "idle"
    });
    assert_eq!(sounds(&portal), ["on", "on", "off"]);
    assert_eq!(first.terminate().code(), Some(0));
    assert_eq!(second.terminate().code(), Some(0));
}

/// The hub's death between order and answer costs nothing: it orders again under the same id, and who has done it says so.
#[test]
fn a_hub_that_is_killed_orders_again_and_sirens_do_not_start_again() {
    let site = site();
    let mut hub = site.hub();
    let mut first = edge(&site, hub.mqtt_port, "edge-1", "portal");
    until_true("the edge", || state_of(&zone(&hub), 0) == "idle");
    publish(&hub, &site, 80);
    until_true("its siren", || state_of(&zone(&hub), 0) == "sounding");
    let id = zone(&hub)["order"]["id"].clone();
    let port = hub.mqtt_port;
    hub.program.kill();
    first.kill();
    let hub = site.hub();
    // The system picks another port for the broker.
    assert_eq!(zone(&hub)["order"]["id"], id);
    assert_eq!(state_of(&zone(&hub), 0), "unknown");
    let _first = edge(&site, hub.mqtt_port, "edge-1", "portal");
    until_true("its siren, again", || {
        state_of(&zone(&hub), 0) == "sounding"
    });
    assert_eq!(
        sounds(&sound_file(&site, "portal")),
        ["on", "on"],
        "on from {port}"
    );
}

/// Any client of the broker may write to an edge's command topic. The signature is what protects.
#[test]
fn what_others_write_to_the_command_topic_sounds_nothing_and_is_counted() {
    let site = site();
    let hub = site.hub();
    let port = hub.mqtt_port;
    let commands = Subscriber::start(port, &site.topic("edge-1", "command"));
    let reports = Subscriber::start(port, &site.topic("edge-1", "siren"));
    until_true("the eavesdropper", || {
        commands.is_ready() && reports.is_ready()
    });
    let mut first = edge(&site, port, "edge-1", "portal");
    until_true("the edge", || state_of(&zone(&hub), 0) == "idle");
    let report = || -> Value {
        let last = reports
            .messages()
            .pop()
            .map(|m| m.payload)
            .unwrap_or_default();
        serde_json::from_str(&last).unwrap_or(Value::Null)
    };
    let secret = std::fs::read_to_string(site.path("keys/siren.key")).expect("the key");
    let hub_key = Signer::from_hex(secret.trim()).expect("a key");
    let word = report()["word"]
        .as_str()
        .map(|hex| u64::from_str_radix(hex, 16).expect("hex"))
        .expect("a word");
    let now_us = clock::Clock::System.now_us();
    let command = |mode, counter| wire::command::Command {
        deployment: "rig",
        mode,
        counter,
        id: CommandId([counter as u8; 16]),
        alert: "w.forged.1",
        issued_us: now_us,
        expires_us: now_us + 60_000_000,
        session: word,
        action: Action::Sound { signal: "warning" },
        zones: ["tunnel"].into_iter().collect(),
    };
    let encode = |command: &wire::command::Command<'_>, key: &Signer| {
        let mut out = [0; MAX_BYTES];
        let length = command.encode(key, &mut out).expect("a sound command");
        out[..length].to_vec()
    };
    let sent = command(Mode::Exercise, 1);
    let thief = Signer::new(&[3; 32]);
    let mut turned = encode(&sent, &hub_key);
    // The mode stands behind version, key id and deployment.
    turned[1 + 8 + 4] = 1;
    let cases = [
        ("unknown_key", encode(&sent, &thief)),
        ("signature", turned),
        ("too_long", vec![1; 5_000]),
        ("malformed_or_short", b"on!".to_vec()),
        (
            "wrong_deployment",
            encode(
                &wire::command::Command {
                    deployment: "other",
                    ..sent.clone()
                },
                &hub_key,
            ),
        ),
        (
            "expired",
            encode(
                &wire::command::Command {
                    issued_us: now_us - 200_000_000,
                    expires_us: now_us - 100_000_000,
                    ..sent.clone()
                },
                &hub_key,
            ),
        ),
        (
            "zone_unknown",
            encode(
                &wire::command::Command {
                    zones: ["elsewhere"].into_iter().collect(),
                    ..command(Mode::Exercise, 2)
                },
                &hub_key,
            ),
        ),
        (
            "mode_not_configured",
            encode(&command(Mode::Actual, 3), &hub_key),
        ),
    ];
    let topic = site.topic("edge-1", "command");
    for (reason, bytes) in cases {
        assert!(mqtt::publish(port, &topic, &bytes), "{reason}");
        let reason = if reason == "malformed_or_short" {
            "version"
        } else {
            reason
        };
        until_true(reason, || {
            let report = report();
            let acks = report["acks"].as_array().cloned().unwrap_or_default();
            acks.iter()
                .any(|ack| ack["state"] == "refused" && ack["reason"] == reason)
        });
    }
    assert_eq!(sounds(&sound_file(&site, "portal")), Vec::<String>::new());
    // The edge's health has the counts.
    let status = Subscriber::start(port, &site.topic("edge-1", "status"));
    until_true("the counts in the edge's status", || {
        let last = status
            .messages()
            .pop()
            .map(|m| m.payload)
            .unwrap_or_default();
        let status: Value = serde_json::from_str(&last).unwrap_or(Value::Null);
        let refused = &status["sirens"]["refused"];
        [
            "unknown_key",
            "signature",
            "too_long",
            "version",
            "wrong_deployment",
            "expired",
            "zone_unknown",
        ]
        .iter()
        .all(|reason| refused[reason] == 1)
    });

    // The real thing, and then its recording.
    publish(&hub, &site, 80);
    until_true("the real command", || {
        state_of(&zone(&hub), 0) == "sounding"
    });
    publish(&hub, &site, 10);
    until_true("its end", || state_of(&zone(&hub), 0) == "idle");
    let recorded = commands.messages();
    let recorded = recorded
        .iter()
        .filter(|m| !m.retained)
        .map(|m| m.bytes.clone());
    let replayed: Vec<Vec<u8>> = recorded.collect();
    assert!(replayed.len() >= 10, "{}", replayed.len());
    for bytes in &replayed {
        assert!(mqtt::publish(port, &topic, bytes));
    }
    until_true("the recordings", || {
        let report = report();
        report["repeated"].as_u64().unwrap_or(0)
            + report["refused"]["replayed"].as_u64().unwrap_or(0)
            >= 2
    });
    assert_eq!(sounds(&sound_file(&site, "portal")), ["on", "off"]);
    // And into a new process, whose memory is the disk's.
    first.kill();
    // Or the old process's last word is taken for the new one's, and the recordings come before it listens.
    until_true("the last will", || !report()["gone"].is_null());
    let _first = edge(&site, port, "edge-1", "portal");
    until_true("the new process", || {
        report()["gone"].is_null() && state_of(&zone(&hub), 0) == "idle"
    });
    for bytes in &replayed {
        assert!(mqtt::publish(port, &topic, bytes));
    }
    until_true("the recordings in the new process", || {
        let report = report();
        report["repeated"].as_u64().unwrap_or(0)
            + report["refused"]["replayed"].as_u64().unwrap_or(0)
            >= 2
    });
    assert_eq!(sounds(&sound_file(&site, "portal")), ["on", "off"]);
}
