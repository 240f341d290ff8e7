//! Mistakes and malice: messages that nobody understands, and configurations with something wrong in them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use scenarios::mqtt;
use scenarios::site::{At, CITY, Site, program, small};
use scenarios::wait::until_true;
use wire::batch::{Header, Version, encode_as};

/// Counted by reason, told in the log, never fatal.
#[test]
fn what_nobody_understands_is_counted_and_harms_nobody() {
    let site = Site::new(small(CITY), At::Embedded);
    let mut hub = site.hub();
    let empty_batch = |version, edge| {
        let header = Header {
            edge,
            outbox: 7,
            offset: 0,
            sent_us: 0,
            backlog: false,
        };
        let mut bytes = vec![0; 1_024];
        let length = encode_as(version, &header, &[], &[], &mut bytes).expect("an empty batch");
        bytes.truncate(length);
        bytes
    };
    let other_edge = empty_batch(Version::V2, "edge-2");
    let (old, new) = (
        empty_batch(Version::V1, "vandal"),
        empty_batch(Version::V2, "vandal"),
    );
    let mut bent = new.clone();
    bent[5] ^= 0x10;
    // Where an outbox begins, bent: the hub would acknowledge what it does not have.
    let bent_status = {
        let open = br#"{"state":"online","edge":"vandal","outbox":{"identity":"0000000000000007","acknowledged":20}"#;
        let status = [&open[..], &wire::document::tail(open)].concat();
        let text = String::from_utf8(status).expect("text");
        text.replace(":20}", ":60}")
    };
    let too_large = vec![b' '; 200 * 1024];
    let deep = "[".repeat(50_000);
    let cases: &[(&str, &[u8], &str)] = &[
        (
            "json",
            b"{\"station\":",
            "messages_refused_total{reason=\"json_syntax\"}",
        ),
        (
            "json",
            b"[1]",
            "messages_refused_total{reason=\"json_shape\"}",
        ),
        (
            "json",
            br#"{"station":"road","speed":"fast"}"#,
            "messages_refused_total{reason=\"json_quantity\"}",
        ),
        (
            "json",
            br#"{"station":"road","speed":7,"unit":"V"}"#,
            "messages_refused_total{reason=\"unit\"}",
        ),
        (
            "json",
            &too_large,
            "messages_refused_total{reason=\"too_large\"}",
        ),
        (
            "senml",
            b"[1]",
            "messages_refused_total{reason=\"senml_shape\"}",
        ),
        (
            "senml",
            br#"[{"n":"road/colour","v":1}]"#,
            "messages_refused_total{reason=\"senml_name\"}",
        ),
        (
            "senml",
            b"\x9f\x9f\x9f",
            "messages_refused_total{reason=\"cbor_syntax\"}",
        ),
        (
            "senml",
            deep.as_bytes(),
            "messages_refused_total{reason=\"json_syntax\"}",
        ),
        (
            "quake",
            b"no GeoJSON",
            "quakes_refused_total{reason=\"json_syntax\"}",
        ),
        (
            "quake",
            br#"{"type":"Feature","id":"x","properties":{"mag":8}}"#,
            "quakes_refused_total{reason=\"quake_feature\"}",
        ),
        (
            "status",
            b"\xff\xfe",
            "messages_refused_total{reason=\"status_syntax\"}",
        ),
        (
            "batch",
            b"\xff\xff\xff\xff",
            "batches_refused_total{reason=\"version\"}",
        ),
        ("batch", b"", "batches_refused_total{reason=\"truncated\"}"),
        (
            "batch",
            &other_edge,
            "batches_refused_total{reason=\"edge_mismatch\"}",
        ),
        ("batch", &bent, "batches_refused_total{reason=\"checksum\"}"),
        // An edge of before is believed; once it has shown that it can do better, it is not.
        ("batch", &old, ""),
        ("batch", &new, ""),
        ("batch", &old, "batches_refused_total{reason=\"unchecked\"}"),
        (
            "status",
            bent_status.as_bytes(),
            "messages_refused_total{reason=\"checksum\"}",
        ),
        (
            "finding",
            bent_status.as_bytes(),
            "messages_refused_total{reason=\"checksum\"}",
        ),
        (
            "status",
            br#"{"state":"offline","edge":"edge-2"}"#,
            "messages_refused_total{reason=\"edge_mismatch\"}",
        ),
        ("ack", b"not for a hub", ""),
        ("finding", b"\x00\x01\x02", ""),
    ];
    let mut expected: BTreeMap<&str, f64> = BTreeMap::new();
    for (channel, payload, counter) in cases {
        assert!(
            mqtt::publish(hub.mqtt_port, &site.topic("vandal", channel), payload),
            "{channel}: not published"
        );
        if !counter.is_empty() {
            *expected.entry(counter).or_default() += 1.0;
        }
    }
    // Not even the topic makes sense.
    assert!(mqtt::publish(hub.mqtt_port, "watchfire/v1/rig", b"x"));
    assert!(mqtt::publish(
        hub.mqtt_port,
        &site.topic("a b c", "json"),
        b"x"
    ));
    for (counter, count) in expected {
        let name = format!("watchfire_{counter}");
        // At least: a publisher whose connection breaks says it again.
        until_true(&format!("{name} to be {count}"), || {
            hub.metric(&name) >= count
        });
    }
    let reading = br#"{"station":"road","speed":31}"#;
    assert!(mqtt::publish(
        hub.mqtt_port,
        &site.topic("sensor-1", "json"),
        reading
    ));
    until_true("the next good reading", || {
        hub.latest("road", "speed") == Some(31.0)
    });
    // The hub's own connection outlives them all: MQTT wants acknowledgements in the order of the messages (3.1.1, 4.6), and a broker
    // that takes that seriously hangs up on a client that mixes them up.
    assert!(
        !hub.program.said().contains("the broker is gone"),
        "{}",
        hub.program.said()
    );
    assert_eq!(site.export().len(), 1, "nothing of it is in the journal");
    assert_eq!(hub.program.terminate().code(), Some(0));
}

/// Runs a program on a configuration with a mistake in it.
fn refused(
    program_name: &str,
    arguments: &[&str],
    file: &Path,
    clock: Option<&str>,
    words: &[&str],
) {
    let mut command = Command::new(program(program_name));
    command
        .args(arguments)
        .arg(file)
        .env_remove("RUST_LOG")
        .env_remove("WATCHFIRE_CLOCK");
    if let Some(clock) = clock {
        command.env("WATCHFIRE_CLOCK", clock);
    }
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said:?}");
    }
}

#[test]
fn a_mistake_in_a_configuration_is_refused_with_file_line_and_suggestion() {
    let site = Site::new(small(CITY), At::Embedded);
    let file = site.path("hub.toml");
    let good = std::fs::read_to_string(&file).expect("a configuration");
    let line_of =
        |text: &str, what: &str| 1 + text.lines().position(|l| l.contains(what)).expect(what);
    for (from, to, suggestion) in [
        ("hysteresis = ", "hysterisis = ", "hysteresis"),
        ("title = ", "titel = ", "title"),
    ] {
        let bad = good.replacen(from, to, 1);
        std::fs::write(&file, &bad).expect("a scratch file");
        let place = format!("hub.toml:{}:", line_of(&bad, to));
        let words = [
            place.as_str(),
            to.trim_end_matches(" = "),
            "did you mean",
            suggestion,
        ];
        for subcommand in [
            ["run", "--config"].as_slice(),
            &["check-config"],
            &["export", "--config"],
        ] {
            refused("scenario-hub", subcommand, &file, None, &words);
        }
    }
    // What parses and cannot be meant.
    std::fs::write(&file, good.replacen("id = \"road\"", "id = \"tunnel\"", 1))
        .expect("a scratch file");
    refused(
        "scenario-hub",
        &["run", "--config"],
        &file,
        None,
        &["hub.toml", "tunnel", "twice"],
    );
    // An exercise clock never drives real warnings.
    std::fs::write(&file, good.replacen("\"exercise\"", "\"actual\"", 1)).expect("a scratch file");
    refused(
        "scenario-hub",
        &["run", "--config"],
        &file,
        Some("0,0,10"),
        &["WATCHFIRE_CLOCK", "actual"],
    );

    site.write_edge(1883, "[outbox]\nfsnyc = \"never\"\n");
    let edge = site.path("edge.toml");
    let text = std::fs::read_to_string(&edge).expect("a configuration");
    let place = format!("edge.toml:{}:", line_of(&text, "fsnyc"));
    refused(
        "scenario-edge",
        &["--config"],
        &edge,
        None,
        &[&place, "fsnyc", "did you mean", "fsync"],
    );
}
