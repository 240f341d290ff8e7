//! Sirens of a whole agent: commanded over a real broker with their output in a real file; and cut off, by the nodes' own findings.

mod rig;

use std::path::Path;
use std::time::Duration;

use clock::Clock;
use edge::siren::pattern::Pattern;
use edge::siren::report::Report;
use edge::siren::settings::{ModeName, OutputKind, Policy, Siren, SirenPattern};
use edge::{Agent, Handle};
use rig::simple::SimpleNode;
use rig::{Broker, DEPLOYMENT, EDGE, PATIENCE, config, data_directory, node, wait_until};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use wire::command::{Action, Command, CommandId, MAX_BYTES, Signer};
use wire::frame::{Body, SIREN_OFF, SIREN_ON};
use wire::topic::Mode;

fn signer() -> Signer {
    Signer::new(&[9; 32])
}

/// A siren `pier` whose output is `sounds.txt`.
fn with_siren(mut config: edge::Config, directory: &Path, lasts: Duration) -> edge::Config {
    let hex: String = signer()
        .issuer()
        .to_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    config.sirens.issuers = vec![hex];
    let pattern = Pattern {
        on: lasts,
        off: Duration::ZERO,
        lasts,
    };
    config.siren_pattern = vec![SirenPattern {
        id: "wail".to_owned(),
        on: pattern.on,
        off: pattern.off,
        lasts: pattern.lasts,
    }];
    config.siren = vec![Siren {
        id: "pier".to_owned(),
        zones: vec!["bay".to_owned()],
        output: OutputKind::File,
        chip: None,
        line: None,
        active_low: false,
        node: None,
        file: Some(directory.join("sounds.txt")),
        actual: [("warning".to_owned(), "wail".to_owned())].into(),
        exercise: Default::default(),
        test: Default::default(),
    }];
    config
}

fn sounds(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("sounds.txt")).unwrap_or_default()
}

fn command(counter: u64, word: &str) -> Command<'static> {
    let issued_us = Clock::System.now_us();
    Command {
        deployment: DEPLOYMENT,
        mode: Mode::Actual,
        counter,
        id: CommandId([7; 16]),
        alert: "w.rig.1",
        issued_us,
        expires_us: issued_us + 60_000_000,
        session: u64::from_str_radix(word, 16).unwrap(),
        action: Action::Sound { signal: "warning" },
        zones: ["bay"].into_iter().collect(),
    }
}

fn encode(command: &Command<'_>, signer: &Signer) -> Vec<u8> {
    let mut out = [0; MAX_BYTES];
    let length = command.encode(signer, &mut out).unwrap();
    out[..length].to_vec()
}

/// Publishes, and hears what the edge reports.
struct Hub {
    client: AsyncClient,
    reports: tokio::sync::watch::Receiver<(u64, Report)>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hub {
    async fn start(port: u16) -> Self {
        let mut options = MqttOptions::new("test-hub", "127.0.0.1", port);
        options.set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut events) = AsyncClient::new(options, 64);
        let (heard, reports) = tokio::sync::watch::channel((0, Report::default()));
        client
            .subscribe(
                format!("watchfire/v1/{DEPLOYMENT}/{EDGE}/siren"),
                QoS::AtLeastOnce,
            )
            .await
            .unwrap();
        let online = format!("watchfire/v1/{DEPLOYMENT}/hub/status");
        client
            .publish(online, QoS::AtLeastOnce, true, r#"{"state":"online"}"#)
            .await
            .unwrap();
        let task = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        let report = serde_json::from_slice(&publish.payload).unwrap();
                        heard.send_modify(|(count, last)| (*count, *last) = (*count + 1, report));
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        Self {
            client,
            reports,
            task,
        }
    }

    async fn command(&self, bytes: Vec<u8>) {
        let topic = format!("watchfire/v1/{DEPLOYMENT}/{EDGE}/command");
        self.client
            .publish(topic, QoS::AtLeastOnce, false, bytes)
            .await
            .unwrap();
    }

    async fn until(&self, what: &str, holds: impl Fn(&Report) -> bool) -> Report {
        wait_until(what, || holds(&self.reports.borrow().1)).await;
        self.reports.borrow().1.clone()
    }
}

fn refused(report: &Report, reason: &str) -> bool {
    let told = |ack: &edge::siren::report::Ack| ack.reason.as_deref() == Some(reason);
    report.refused.contains_key(reason) && report.acks.iter().any(told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_command_sounds_and_is_acknowledged_and_nothing_else_does() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let (keep, data) = data_directory();
    let long = Duration::from_secs(600);
    let start = || async {
        let config = with_siren(config(&data, broker.port), keep.path(), long);
        Agent::start(config, Clock::System, Vec::new())
            .await
            .unwrap()
    };
    let handle = start().await;
    let word = hub
        .until("the first report", |report| !report.word.is_empty())
        .await
        .word;

    // What anyone who may publish could send.
    let forged = encode(&command(1, &word), &Signer::new(&[8; 32]));
    let mut changed = encode(&command(1, &word), &signer());
    changed[30] ^= 1;
    for (bytes, reason) in [
        (forged, "unknown_key"),
        (changed, "signature"),
        (vec![1; 100_000], "too_long"),
        (vec![1; 40], "too_short"),
        (b"{}".to_vec(), "version"),
        (
            encode(
                &Command {
                    deployment: "other",
                    ..command(1, &word)
                },
                &signer(),
            ),
            "wrong_deployment",
        ),
        (encode(&command(1, "0"), &signer()), "unproven"),
    ] {
        hub.command(bytes).await;
        hub.until(reason, |report| refused(report, reason)).await;
    }
    assert_eq!(sounds(keep.path()), "");

    // The command, three times: it sounds once.
    let good = encode(&command(10, &word), &signer());
    for _ in 0..3 {
        hub.command(good.clone()).await;
    }
    let sounding = |report: &Report| {
        report
            .acks
            .iter()
            .any(|ack| ack.state == "sounding" && ack.siren.as_deref() == Some("pier"))
    };
    hub.until("the siren", |report| {
        sounding(report) && report.repeated == 2
    })
    .await;
    assert_eq!(sounds(keep.path()).lines().count(), 1);
    assert!(sounds(keep.path()).contains(" pier on actual warning 0707"));

    // What was recorded, and what is late.
    let old = Command {
        id: CommandId([1; 16]),
        ..command(9, &word)
    };
    hub.command(encode(&old, &signer())).await;
    hub.until("replayed", |report| refused(report, "replayed"))
        .await;
    let late = Command {
        issued_us: old.issued_us - 120_000_000,
        expires_us: old.issued_us - 60_000_000,
        counter: 11,
        ..old.clone()
    };
    hub.command(encode(&late, &signer())).await;
    hub.until("expired", |report| refused(report, "expired"))
        .await;
    // Another mode is another output, and here there is none.
    let drill = Command {
        mode: Mode::Exercise,
        id: CommandId([2; 16]),
        counter: 12,
        ..old.clone()
    };
    hub.command(encode(&drill, &signer())).await;
    hub.until("the wrong mode", |report| {
        let told =
            |ack: &edge::siren::report::Ack| ack.reason.as_deref() == Some("mode_not_configured");
        report.acks.iter().any(told)
    })
    .await;
    let status = handle.stats();
    let counts = status.sirens.unwrap();
    for reason in [
        "unknown_key",
        "signature",
        "too_long",
        "wrong_deployment",
        "replayed",
        "expired",
    ] {
        assert_eq!(counts.refused[reason], 1, "{reason}");
    }
    assert_eq!(
        sounds(keep.path()).lines().count(),
        1,
        "{}",
        sounds(keep.path())
    );

    // Stopped in good order, it is off and says that it is gone; started again, it sounds on.
    handle.shutdown().await;
    hub.until("the farewell", |report| report.gone).await;
    assert!(sounds(keep.path()).ends_with("pier off end\n"));
    let handle = start().await;
    let report = hub
        .until("the report after the restart", |report| !report.gone)
        .await;
    assert!(sounding(&report) && report.word != word);
    hub.command(encode(&old, &signer())).await;
    hub.until("replayed to the new process", |report| {
        refused(report, "replayed")
    })
    .await;
    let silence = Command {
        action: Action::Silence,
        counter: 20,
        session: 0,
        ..command(1, &word)
    };
    hub.command(encode(&silence, &signer())).await;
    hub.until("silence", |report| report.sirens[0].state == "idle")
        .await;
    assert!(sounds(keep.path()).ends_with("pier off end\n"));
    handle.shutdown().await;
}

/// An agent without any hub, with nodes 1 and 2 at the sea and node 3 a siren.
async fn cut_off(
    data: &Path,
    keep: &Path,
    policy: Policy,
) -> (Handle, Vec<SimpleNode<tokio::io::DuplexStream>>) {
    let mut config = with_siren(config(data, rig::free_port()), keep, Duration::from_secs(5));
    config.node = vec![node(1), node(2), node(3)];
    config.sirens.alone.policy = policy;
    config.sirens.alone.mode = Some(ModeName::Actual);
    config.sirens.alone.after = Duration::from_millis(100);
    config.siren.push(Siren {
        id: "horn".to_owned(),
        output: OutputKind::Node,
        node: Some(3),
        file: None,
        ..config.siren[0].clone()
    });
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (a, b) = tokio::io::duplex(4096);
        near.push(a);
        far.push(b);
    }
    let handle = Agent::start(config, Clock::System, far).await.unwrap();
    let mut nodes: Vec<_> = near
        .into_iter()
        .zip(1..)
        .map(|(stream, id)| SimpleNode::new(stream, id, 1))
        .collect();
    for node in &mut nodes {
        assert!(node.samples(0, 1).await);
        node.until_acked(1).await;
    }
    (handle, nodes)
}

fn wave() -> Body {
    Body::Finding {
        seq: 1,
        mono_us: 1_000_000,
        code: 17,
        value: 0.9,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_two_waves_sound_what_is_here_and_one_does_not() {
    let (keep, data) = data_directory();
    let (handle, mut nodes) = cut_off(&data, keep.path(), Policy::Sound).await;
    let is_cut_off = || {
        handle
            .sirens()
            .unwrap()
            .conditions
            .iter()
            .any(|c| c == "siren_cut_off")
    };
    assert!(nodes[0].send(&wave()).await);
    nodes[0].until_acked(2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        sounds(keep.path()),
        "",
        "one sensor is a ship, a fault or a forger"
    );
    assert!(nodes[1].send(&wave()).await);
    wait_until("the siren", || {
        sounds(keep.path()).contains("pier on actual warning alone-")
    })
    .await;
    wait_until("the word of it", is_cut_off).await;
    let report = handle.sirens().unwrap();
    assert!(report.alone[0].because.contains("station-1"), "{report:?}");
    // The node is told by frames, with a lease that it is told again.
    let mut on = 0;
    while on < 2 {
        if let Some(Body::Command {
            code: SIREN_ON,
            argument,
            ..
        }) = nodes[2].answer(PATIENCE).await
        {
            assert!((1..=5_000).contains(&argument), "a lease: {argument} ms");
            on += 1;
        }
    }
    // Its time is over.
    while !matches!(
        nodes[2].answer(PATIENCE).await,
        Some(Body::Command {
            code: SIREN_OFF,
            ..
        })
    ) {}
    wait_until("the end", || {
        sounds(keep.path()).ends_with("pier off end\n")
    })
    .await;
    handle.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_without_a_policy_nothing_sounds() {
    let (keep, data) = data_directory();
    let (handle, mut nodes) = cut_off(&data, keep.path(), Policy::Never).await;
    for node in &mut nodes {
        assert!(node.send(&wave()).await);
        node.until_acked(2).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(sounds(keep.path()), "");
    handle.shutdown().await;
}
