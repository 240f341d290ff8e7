//! The outbox when it is full, when the process is killed, and when the program is used wrongly.

mod rig;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clock::Clock;
use edge::Agent;
use rig::program::Program;
use rig::simple::{SimpleNode, samples};
use rig::{Broker, Hub, config, data_directory, node, wait_until};

const NOW_US: i64 = 1_267_252_450_000_000;

/// A full outbox: readings are still published, nodes are not acknowledged, the condition shows; when the hub frees
/// space, the nodes' repetitions are stored and acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_outbox_publishes_without_acknowledging_and_recovers() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    hub.deaf.store(true, Ordering::SeqCst);
    let (_keep, data) = data_directory();
    let mut config = config(&data, broker.port);
    config.node.push(node(7));
    config.outbox.segment_bytes = 256 * 1024;
    config.outbox.max_bytes = 512 * 1024;
    let (near, far) = tokio::io::duplex(64 * 1024);
    let handle = Agent::start(config.clone(), Clock::manual(NOW_US), vec![far])
        .await
        .unwrap();
    wait_until("connected", || handle.stats().connected).await;
    let mut node = SimpleNode::new(near, 7, 3);
    // With the clocks compared, a reading has the same time whenever it is repeated.
    assert!(
        node.send(&wire::frame::Body::TimeRequest { t1_us: 0 })
            .await
    );
    let mut seq = 0;
    while !handle.stats().outbox.full {
        for _ in 0..50 {
            assert!(node.send(&samples(seq, 12, (seq as f64).sin())).await);
            seq += 12;
        }
        while node.answer(Duration::from_millis(20)).await.is_some() {}
        assert!(seq < 1_000_000, "never full: {:?}", handle.stats().outbox);
    }
    let acked = node.acked;
    assert!(acked < seq, "the last readings are not acknowledged");
    assert!(handle.stats().conditions.contains(&"outbox_full"));
    hub.deaf.store(false, Ordering::SeqCst);
    let (before, last) = (handle.stats().outbox.next, seq);
    // Full or not, a new reading reaches the hub at once. If space has been freed meanwhile, it is stored as well.
    assert!(node.samples(last, 1).await);
    hub.until("the reading of a full edge", |intake| {
        intake.readings.contains_key(&(7, 3, last))
    })
    .await;
    // The node repeats what was not acknowledged, as a real one does, until it is.
    let started = Instant::now();
    while node.acked <= last {
        assert!(started.elapsed() < rig::PATIENCE, "{:?}", handle.stats());
        let from = node.acked;
        assert!(node.samples(from, 12.min(last + 1 - from) as usize).await);
        while node.answer(Duration::from_millis(50)).await.is_some() && node.acked <= last {}
    }
    handle.drained().await;
    let status = handle.shutdown().await;
    assert!(
        !status.outbox.full && status.outbox.next > before,
        "{status:?}"
    );
    assert!(
        status.outbox.first > 0,
        "files were freed: {:?}",
        status.outbox
    );
    assert!(status.outbox.counts["full"] > 0 && status.outbox.counts["readings_not_stored"] > 0);
    hub.with(|intake| assert_eq!(intake.readings.len() as u64, last + 1));
    // Most entries that told what the node had sent are gone from the disk; it is known all the same.
    let (near, far) = tokio::io::duplex(64 * 1024);
    let handle = Agent::start(config, Clock::manual(NOW_US), vec![far])
        .await
        .unwrap();
    let mut node = SimpleNode::new(near, 7, 3);
    node.counter = 1_000_000;
    assert!(node.samples(last + 1, 1).await);
    node.until_acked(last + 2).await;
    assert_eq!(handle.shutdown().await.frames.get("readings_lost"), None);
}

async fn connect(path: &Path) -> tokio::net::UnixStream {
    let started = Instant::now();
    loop {
        match tokio::net::UnixStream::connect(path).await {
            Ok(stream) => return stream,
            Err(_) => assert!(
                started.elapsed() < rig::PATIENCE,
                "the program does not listen"
            ),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn write_config(directory: &Path, port: u16) -> std::path::PathBuf {
    let file = directory.join("edge.toml");
    let text = format!(
        r#"
deployment = "{}"
edge = "{}"
data_dir = "{}"
[broker]
port = {port}
reconnect_min = "20ms"
reconnect_max = "200ms"
[publish]
ack_timeout = "300ms"
[[node]]
id = 7
station = "station-7"
key = "{}"
[[link]]
kind = "unix"
listen = "{}"
"#,
        rig::DEPLOYMENT,
        rig::EDGE,
        directory.join("data").display(),
        rig::KEY_HEX,
        directory.join("socket").display(),
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// The real program is killed eight times while a node talks to it, without a hub; then the hub comes. Every reading
/// that the node was told is safe arrives, and each exactly once after duplicates are dropped.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_sigkill() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let file = write_config(directory.path(), broker.port);
    let socket = directory.path().join("socket");
    let mut acked = 0;
    let mut counter = 0;
    for round in 0..8u64 {
        let program = Program::start(&file);
        let mut node = SimpleNode::new(connect(&socket).await, 7, 3);
        (node.counter, node.acked) = (counter, acked);
        // What was in flight at the kill is sent again, as a real node does.
        for frame in 0..20 + round * 3 {
            assert!(node.samples(acked + frame * 12, 12).await);
        }
        let target = acked + 12 * (3 + round);
        node.until_acked(target).await;
        program.kill();
        (counter, acked) = (node.counter, node.acked);
    }
    let hub = Hub::start(broker.port).await;
    let program = Program::start(&file);
    let mut node = SimpleNode::new(connect(&socket).await, 7, 3);
    (node.counter, node.acked) = (counter, acked);
    assert!(node.samples(acked, 12).await);
    node.until_acked(acked + 12).await;
    let all = node.acked;
    hub.until("everything acknowledged", |intake| {
        (0..all).all(|seq| intake.readings.contains_key(&(7, 3, seq)))
    })
    .await;
    assert_eq!(program.stop(), Some(0));
    hub.until("the farewell", |intake| {
        intake
            .status
            .last()
            .is_some_and(|status| status["reason"] == "stopped")
    })
    .await;
}

/// The last will: a killed edge shows as offline.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_edge_is_reported_by_the_broker() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(&write_config(directory.path(), broker.port));
    hub.until("online", |intake| {
        intake
            .status
            .last()
            .is_some_and(|status| status["state"] == "online")
    })
    .await;
    program.kill();
    hub.until("the will", |intake| {
        intake
            .status
            .last()
            .is_some_and(|status| status["reason"] == "vanished")
    })
    .await;
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_watchfire-edge"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn the_program_explains_itself_and_its_exit_codes_hold() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let write = |name: &str, text: &str| {
        std::fs::File::create(path(name))
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        path(name)
    };
    let text = |output: &Output| {
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    };
    let help = run(&["--help"]);
    assert!(
        help.status.success()
            && text(&help).contains("Exit codes")
            && text(&help).contains("--check")
    );
    let example = run(&["example"]);
    assert_eq!(
        String::from_utf8_lossy(&example.stdout),
        edge::config::EXAMPLE
    );
    let good = run(&[
        "--check",
        "--config",
        &write("good.toml", edge::config::EXAMPLE),
    ]);
    assert!(
        good.status.success() && text(&good).contains("2 meters"),
        "{}",
        text(&good)
    );
    assert!(text(&run(&["completions", "bash"])).contains("watchfire-edge"));
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(run(&["--frobnicate"]).status.code(), Some(2));
    let bad = run(&[
        "--check",
        "--config",
        &write("bad.toml", "deployment = \"d\"\nedeg = \"e\"\n"),
    ]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(
        text(&bad).contains("bad.toml:2:1") && text(&bad).contains("edge"),
        "{}",
        text(&bad)
    );
    let blocked = write("a-file", "");
    let start = format!("deployment = \"d\"\nedge = \"e\"\ndata_dir = \"{blocked}/data\"\n");
    let unusable = run(&["--config", &write("storage.toml", &start)]);
    assert_eq!(unusable.status.code(), Some(3), "{}", text(&unusable));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let link = format!(
        "[[link]]\nkind = \"tcp\"\nlisten = \"{}\"\n",
        taken.local_addr().unwrap()
    );
    let start = format!(
        "deployment = \"d\"\nedge = \"e\"\ndata_dir = \"{}\"\n{link}",
        path("data")
    );
    let port_taken = run(&["--config", &write("port.toml", &start)]);
    assert_eq!(port_taken.status.code(), Some(4), "{}", text(&port_taken));
}
