//! Readings from in-memory lines through the real broker to a hub: in order, despite loss, noise and repeats.

mod rig;

use std::sync::atomic::Ordering;
use std::time::Duration;

use clock::Clock;
use edge::Agent;
use rig::simple::{SimpleNode, samples};
use rig::{Broker, Hub, config, data_directory, node, wait_until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wire::frame::{Body, MAX_FRAME};
use wire::quality::Quality;
use wire::quantity::Quantity;

const NOW_US: i64 = 1_267_252_450_000_000;

/// A seeded generator (xorshift64, Marsaglia 2003): failures repeat.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_is_stored_acknowledged_published_and_freed() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let (_keep, data) = data_directory();
    let mut config = config(&data, broker.port);
    config.node.push(node(7));
    let (near, far) = tokio::io::duplex(4096);
    let clock = Clock::manual(NOW_US);
    let handle = Agent::start(config, clock.clone(), vec![far])
        .await
        .unwrap();
    let mut node = SimpleNode::new(near, 7, 3);
    assert!(node.send(&Body::TimeRequest { t1_us: 0 }).await);
    let reply = node.answer(rig::PATIENCE).await;
    assert_eq!(
        reply,
        Some(Body::TimeReply {
            t1_us: 0,
            t2_unix_us: NOW_US,
            t3_unix_us: NOW_US
        })
    );
    clock.advance_to(NOW_US + 20_000_000);
    assert!(node.samples(0, 12).await);
    node.until_acked(12).await;
    handle.drained().await;
    hub.with(|intake| {
        assert_eq!(intake.readings.len(), 12);
        let last = &intake.readings[&(7, 3, 11)];
        assert_eq!(
            (last.station.as_str(), last.time_us),
            ("station-7", NOW_US + 11_000_000)
        );
        assert_eq!(
            (last.value, last.quality, last.quantity),
            (1.0, 0, Quantity::SeaLevel)
        );
    });
    let finding = Body::Finding {
        seq: 12,
        mono_us: 12_000_000,
        code: 4,
        value: 0.3,
    };
    assert!(node.send(&finding).await);
    node.until_acked(13).await;
    hub.until("the finding", |intake| !intake.findings.is_empty())
        .await;
    hub.with(|intake| {
        assert_eq!(intake.findings[0]["station"], "station-7");
        assert_eq!(
            intake.findings[0]["time"],
            clock::format_utc(NOW_US + 12_000_000)
        );
    });
    let status = handle.shutdown().await;
    assert_eq!((status.outbox.depth, status.frames["readings"]), (0, 12));
    hub.until("the farewell", |intake| {
        intake
            .status
            .last()
            .is_some_and(|status| status["state"] == "offline")
    })
    .await;
    hub.with(|intake| {
        assert_eq!(intake.status.last().unwrap()["reason"], "stopped");
        assert_eq!(intake.status[0]["state"], "online");
        assert_eq!(intake.status[0]["version"], env!("CARGO_PKG_VERSION"));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_counted_by_reason_and_harms_nothing() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let (_keep, data) = data_directory();
    let mut config = config(&data, broker.port);
    config.node.push(edge::config::Node {
        quantities: vec![Quantity::WaterPressure],
        simulated: true,
        ..node(7)
    });
    let (near, far) = tokio::io::duplex(4096);
    let handle = Agent::start(config, Clock::manual(NOW_US), vec![far])
        .await
        .unwrap();
    let mut node = SimpleNode::new(near, 7, 3);
    let good = node.encoded(&samples(0, 1, 1e9), &rig::key());
    let foreign = node.encoded(&samples(1, 1, 1.0), &wire::frame::Key::new([9; 32]));
    let mut damaged = node.encoded(&samples(1, 1, 1.0), &rig::key());
    damaged[5] = if damaged[5] == 7 { 8 } else { 7 };
    let down = node.encoded(
        &Body::Ack {
            boot: 3,
            next_seq: 9,
        },
        &rig::key(),
    );
    node.id = 8;
    let unknown = node.encoded(&samples(1, 1, 1.0), &rig::key());
    node.id = 7;
    let noise = [1u8; 900];
    for bytes in [
        &noise[..],
        &[0],
        &good,
        &good,
        &foreign,
        &damaged,
        &down,
        &unknown,
        &[3, 1, 0],
        &[0xff, 1, 2, 0],
    ] {
        assert!(node.write(bytes).await);
    }
    assert!(node.samples(1, 1).await, "still served");
    node.until_acked(2).await;
    handle.drained().await;
    let errors = handle.stats().frame_errors;
    for reason in [
        "too_long",
        "replayed",
        "tag",
        "crc",
        "wrong_way",
        "unknown_node",
        "cobs",
    ] {
        assert!(
            errors.get(reason).is_some_and(|count| *count >= 1),
            "{reason}: {errors:?}"
        );
    }
    hub.with(|intake| {
        assert_eq!(intake.readings.len(), 2);
        let first = &intake.readings[&(7, 3, 0)];
        let expected = Quality::OUT_OF_RANGE
            | Quality::SUSPECT
            | Quality::SIMULATED
            | Quality::CLOCK_UNCERTAIN;
        assert_eq!(
            (first.value, first.quality),
            (1e9, expected.bits()),
            "flagged, not dropped"
        );
    });
    handle.shutdown().await;
}

/// The real node library over a line that loses, repeats and garbles in both directions, a hub that loses every fifth
/// batch, and a broker that is killed in between: every sample exactly once, with its right time.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_a_bad_line_a_lossy_hub_and_a_killed_broker() {
    const SAMPLES: u64 = 600;
    let Some(mut broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    hub.lose_every.store(5, Ordering::SeqCst);
    let (_keep, data) = data_directory();
    let mut config = config(&data, broker.port);
    config.node.push(node(7));
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    let clock = Clock::manual(NOW_US);
    let handle = Agent::start(config, clock.clone(), vec![far])
        .await
        .unwrap();
    let mut node = ::node::Node::<1024>::new(::node::Config::new(7, 1, rig::key())).unwrap();
    let mut dice = Dice(0x5eed_0001);
    let mut sampled = 0;
    let mut mono_us = 0;
    let mut buffer = [0; 4096];
    let started = std::time::Instant::now();
    while sampled < SAMPLES || node.unacknowledged() > 0 {
        assert!(
            started.elapsed() < rig::PATIENCE,
            "{} left, {:?}",
            node.unacknowledged(),
            handle.stats()
        );
        mono_us += 50_000;
        clock.advance_to(NOW_US + mono_us as i64);
        if sampled < SAMPLES {
            node.sample(
                mono_us,
                Quantity::SeaLevel,
                mono_us as f64 / 1e9,
                Quality::GOOD,
            );
            sampled += 1;
        }
        if sampled == SAMPLES / 2 {
            broker = broker.restart();
        }
        let mut frame = [0; MAX_FRAME];
        loop {
            let length = node.poll(mono_us, &mut frame);
            if length == 0 {
                break;
            }
            match dice.roll(10) {
                0 => {}
                1 => {
                    frame[dice.roll(length as u64) as usize] ^= 1 << dice.roll(8);
                    near.write_all(&frame[..length]).await.unwrap();
                }
                2 => {
                    near.write_all(&frame[..length]).await.unwrap();
                    near.write_all(&frame[..length]).await.unwrap();
                }
                3 => {
                    near.write_all(&[dice.roll(256) as u8, 17, 0])
                        .await
                        .unwrap();
                    near.write_all(&frame[..length]).await.unwrap();
                }
                _ => near.write_all(&frame[..length]).await.unwrap(),
            }
        }
        // Answers come within a millisecond or with the next turn: the node's own timeouts run on virtual time.
        if let Ok(Ok(length)) =
            tokio::time::timeout(Duration::from_millis(2), near.read(&mut buffer)).await
        {
            for &byte in &buffer[..length] {
                let byte = if dice.roll(200) == 0 { byte ^ 4 } else { byte };
                node.receive(byte, mono_us);
            }
        }
    }
    handle.drained().await;
    hub.with(|intake| {
        let seqs: Vec<u64> = intake.readings.keys().map(|&(_, _, seq)| seq).collect();
        assert_eq!(seqs, (0..SAMPLES).collect::<Vec<_>>());
        for (&(.., seq), got) in &intake.readings {
            // Sampled and transmitted on the same virtual instant, so an exchange is exact; before the first one got
            // through, the stamp is by arrival.
            let truth_us = NOW_US + 50_000 * (seq as i64 + 1);
            let certain = !Quality(got.quality).contains(Quality::CLOCK_UNCERTAIN);
            assert!(
                !certain || (got.time_us - truth_us).abs() < 500_000,
                "{seq} {got:?}"
            );
        }
    });
    let status = handle.shutdown().await;
    assert_eq!(
        (status.outbox.depth, status.frames.get("readings_lost")),
        (0, None)
    );
    assert!(
        status.publish["backlog"] > 0 && status.publish["connections"] >= 2,
        "{status:?}"
    );
}

/// Bytes that are bent behind TCP's checksum: a batch is refused and not acknowledged, so it comes again; a bent acknowledgement frees
/// nothing that the hub does not have.
#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_bent_comes_again_and_a_bent_acknowledgement_frees_nothing() {
    const ENTRIES: u64 = 60;
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    hub.bend_every.store(3, Ordering::SeqCst);
    let (_keep, data) = data_directory();
    let mut config = config(&data, broker.port);
    config.node.push(node(7));
    let (near, far) = tokio::io::duplex(64 * 1024);
    let handle = Agent::start(config, Clock::manual(NOW_US), vec![far])
        .await
        .unwrap();
    let mut node = SimpleNode::new(near, 7, 3);
    for entry in 0..ENTRIES {
        assert!(node.samples(entry * 12, 12).await);
        node.until_acked(entry * 12 + 12).await;
        let (freed, identity) = {
            let outbox = handle.stats().outbox;
            let identity = u64::from_str_radix(&outbox.identity, 16).unwrap();
            (outbox.acknowledged, identity)
        };
        hub.with(|intake| {
            let has = |offset| {
                intake
                    .offsets
                    .get(&identity)
                    .is_some_and(|has| has.contains(&offset))
            };
            assert!((0..freed).all(has), "entries below {freed} were freed");
        });
    }
    handle.drained().await;
    hub.with(|intake| {
        let seqs: Vec<u64> = intake.readings.keys().map(|&(_, _, seq)| seq).collect();
        assert_eq!(seqs, (0..ENTRIES * 12).collect::<Vec<_>>());
        let as_sent = |got: &rig::Got| (got.value, got.quantity) == (1.0, Quantity::SeaLevel);
        assert!(intake.readings.values().all(as_sent));
        assert!(intake.refused["checksum"] >= 10, "{:?}", intake.refused);
        assert_eq!(intake.not_whole, 0);
        assert_eq!(
            intake.offsets.len(),
            1,
            "one identity from beginning to end"
        );
    });
    let status = handle.shutdown().await;
    assert!(status.publish["ack_checksum"] > 0, "{:?}", status.publish);
    assert_eq!(status.outbox.depth, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn backlog_is_flagged_and_follows_live_readings() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let (_keep, data) = data_directory();
    let mut config = config(&data, broker.port);
    config.node.push(node(7));
    let hub = Hub::start(broker.port).await;
    hub.deaf.store(true, Ordering::SeqCst);
    let (near, far) = tokio::io::duplex(64 * 1024);
    let handle = Agent::start(config, Clock::manual(NOW_US), vec![far])
        .await
        .unwrap();
    let mut node = SimpleNode::new(near, 7, 3);
    for entry in 0..50 {
        assert!(node.samples(entry * 12, 12).await);
        node.until_acked(entry * 12 + 12).await;
    }
    wait_until("the silence is noticed", || {
        handle.stats().conditions.contains(&"hub_silent")
    })
    .await;
    hub.deaf.store(false, Ordering::SeqCst);
    assert!(node.samples(600, 1).await);
    node.until_acked(601).await;
    handle.drained().await;
    hub.with(|intake| {
        assert_eq!(intake.readings.len(), 601);
        assert!(intake.readings[&(7, 3, 0)].backlog);
        assert!(
            !intake.readings[&(7, 3, 600)].backlog,
            "the newest went live"
        );
    });
    handle.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_was_set_back_takes_a_new_identity_and_loses_nothing() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let (_keep, data) = data_directory();
    let mut config = config(&data, broker.port);
    config.node.push(node(7));
    let run = |from: u64, count: u64, boot: u32| {
        let config = config.clone();
        async move {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let handle = Agent::start(config, Clock::manual(NOW_US), vec![far])
                .await
                .unwrap();
            let mut node = SimpleNode::new(near, 7, boot);
            node.counter = from as u32;
            for seq in from..from + count {
                assert!(node.samples(seq, 1).await);
                node.until_acked(seq + 1).await;
            }
            handle.drained().await;
            handle.shutdown().await
        }
    };
    run(0, 5, 1).await;
    let backup = data.with_extension("backup");
    copy(&data, &backup);
    run(5, 5, 1).await;
    std::fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    // The hub has acknowledged ten entries, the backup holds five: the next one would reuse a number.
    let status = run(0, 1, 2).await;
    assert_eq!(status.publish["acks_impossible"], 1, "{status:?}");
    hub.with(|intake| {
        assert_eq!(intake.readings.len(), 11);
        assert_eq!(intake.offsets.len(), 2, "two identities");
    });
}

/// A finding was acknowledged as soon as it was queued in memory: when the agent ended before the broker had it, for want of a
/// broker for example, it was nowhere any more, because the node had forgotten it too.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_finding_survives_the_agent() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let (_keep, data) = data_directory();
    let finding = |seq| Body::Finding {
        seq,
        mono_us: 1_000_000,
        code: 4,
        value: 0.3,
    };
    let mut config = config(&data, rig::free_port());
    config.node.push(node(7));
    let (near, far) = tokio::io::duplex(64 * 1024);
    let handle = Agent::start(config.clone(), Clock::manual(NOW_US), vec![far])
        .await
        .unwrap();
    let mut node = SimpleNode::new(near, 7, 3);
    for seq in 0..40 {
        assert!(node.send(&finding(seq)).await);
    }
    node.until_acked(40).await;
    // As after `kill -9`: nothing but the disk goes on.
    let left = data.with_extension("left");
    copy(&data, &left);
    handle.shutdown().await;
    config.data_dir = left;
    config.broker.port = broker.port;
    let hub = Hub::start(broker.port).await;
    let handle = Agent::start(config.clone(), Clock::manual(NOW_US), Vec::new())
        .await
        .unwrap();
    hub.until("the findings", |intake| intake.findings.len() >= 40)
        .await;
    hub.with(|intake| {
        for (seq, found) in intake.findings.iter().enumerate() {
            assert_eq!((&found["node"], &found["boot"]), (&7.into(), &3.into()));
            assert_eq!(found["seq"], seq, "in order, and each once");
        }
    });
    // What the broker has confirmed is not sent again.
    let file = config.data_dir.join("findings.json");
    wait_until("they are let go", || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        text.contains("\"findings\":[]")
    })
    .await;
    handle.shutdown().await;
}

/// Findings that cannot be stored stay with their node until the broker has them.
#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_cannot_be_stored_is_acknowledged_by_the_broker_alone() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let (_keep, data) = data_directory();
    // Nothing can be put in the place of a directory that is not empty.
    std::fs::create_dir_all(data.join("findings.json.new").join("in the way")).unwrap();
    std::fs::create_dir_all(data.join("findings.json").join("in the way")).unwrap();
    let mut config = config(&data, broker.port);
    config.node.push(node(7));
    let (near, far) = tokio::io::duplex(64 * 1024);
    let handle = Agent::start(config.clone(), Clock::manual(NOW_US), vec![far])
        .await
        .unwrap();
    let mut node = SimpleNode::new(near, 7, 3);
    let finding = Body::Finding {
        seq: 0,
        mono_us: 1_000_000,
        code: 4,
        value: 0.3,
    };
    assert!(node.send(&finding).await);
    node.until_acked(1).await;
    let counts = handle.stats().outbox.counts;
    assert!(counts["findings_not_saved"] > 0, "{counts:?}");
    handle.shutdown().await;
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
