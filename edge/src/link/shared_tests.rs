//! A shared line with living, dead and talkative nodes on it, in the test's own time.

use std::collections::BTreeMap;

use tokio::io::DuplexStream;
use wire::frame::{Body, Direction, LEAST_POLL, Receiver, Version};

use super::*;
use crate::link::trial::{KEY, NeverDrained, Speaker, Trial, node};

/// What the nodes of a line do when they are polled.
struct Wires {
    end: DuplexStream,
    receiver: Receiver<MAX_FRAME>,
    speakers: BTreeMap<u32, Speaker>,
    /// Sends what it hears back, as half-duplex adapters do.
    echo: bool,
    /// Frames that each node sends in a turn, if they fit.
    eager: usize,
    polls: BTreeMap<u32, u32>,
    limits: Vec<u16>,
    heard: Vec<Body>,
}

impl Wires {
    fn new(end: DuplexStream, living: &[u32]) -> Self {
        let speakers = living.iter().map(|&id| (id, Speaker::new(id)));
        Self {
            end,
            receiver: Receiver::new(),
            speakers: speakers.collect(),
            echo: false,
            eager: 1,
            polls: BTreeMap::new(),
            limits: Vec::new(),
            heard: Vec::new(),
        }
    }

    /// Answers polls until there were `count` of them.
    async fn answer(&mut self, count: u32) {
        while self.polls.values().sum::<u32>() < count {
            let byte = self.end.read_u8().await.unwrap();
            if self.echo {
                self.end.write_all(&[byte]).await.unwrap();
            }
            let Some(Ok(raw)) = self.receiver.push(byte) else {
                continue;
            };
            let frame = wire::frame::open(raw, &KEY).unwrap();
            assert_eq!(
                (frame.header.direction, frame.version),
                (Direction::Down, Version::V2)
            );
            let Body::Poll { limit } = frame.body else {
                self.heard.push(frame.body);
                continue;
            };
            *self.polls.entry(frame.header.node).or_default() += 1;
            self.limits.push(limit);
            let Some(speaker) = self.speakers.get_mut(&frame.header.node) else {
                continue;
            };
            let mut out = Vec::new();
            for _ in 0..self.eager {
                if out.len() + LEAST_POLL <= usize::from(limit) {
                    out.extend(speaker.sample());
                }
            }
            out.extend(speaker.say(&Body::Turn));
            assert!(out.len() <= usize::from(limit));
            self.end.write_all(&out).await.unwrap();
        }
    }
}

fn line(nodes: &[u32], baud: Option<u32>) -> (Shared, watch::Sender<Vec<u32>>) {
    let (sender, nodes) = watch::channel(nodes.to_vec());
    let shared = Shared {
        nodes,
        turn_timeout: Duration::from_millis(100),
        poll_interval: Duration::from_millis(200),
        baud,
    };
    (shared, sender)
}

#[tokio::test(start_paused = true)]
async fn nodes_are_polled_in_turn_and_dead_ones_left_aside() {
    let mut trial = Trial::new(&[node(1), node(2), node(3)]);
    let (near, far) = tokio::io::duplex(4096);
    let (shared, _nodes) = line(&[1, 2, 3], Some(115_200));
    let stats = trial.intake.lines.named("bus", "serial");
    let intake = trial.intake.clone();
    let serving =
        tokio::spawn(async move { serve(far, &stats, &intake, shared, Peer::Line).await });
    let mut wires = Wires::new(near, &[1, 2]);
    wires.echo = true;
    wires.answer(600).await;
    trial.stop.send_replace(true);
    assert!(serving.await.unwrap());
    let (one, two, dead) = (wires.polls[&1], wires.polls[&2], wires.polls[&3]);
    assert!(one.abs_diff(two) <= 1 && dead < 15, "{:?}", wires.polls);
    let mut readings = BTreeMap::<u32, usize>::new();
    while let Ok(group) = trial.groups.try_recv() {
        *readings.entry(group.node).or_default() += group.items.len();
    }
    // The last answer may still be on its way.
    assert!(readings[&1].abs_diff(one as usize) <= 1 && readings[&2].abs_diff(two as usize) <= 1);
    let report = &trial.intake.lines.report()[0];
    assert!(
        report.errors["echo"] > 500,
        "its own frames come back: {report:?}"
    );
    assert!(!report.errors.contains_key("wrong_way"));
    assert!(report.polls_unanswered >= u64::from(dead) - 1);
}

#[tokio::test(start_paused = true)]
async fn answers_go_out_before_the_next_poll_and_a_turn_is_bounded() {
    let mut trial = Trial::new(&[node(1), node(2)]);
    let (near, far) = tokio::io::duplex(16 * 1024);
    let (shared, nodes) = line(&[1], Some(9_600));
    let stats = trial.intake.lines.named("bus", "serial");
    let intake = trial.intake.clone();
    let serving =
        tokio::spawn(async move { serve(far, &stats, &intake, shared, Peer::Line).await });
    let mut wires = Wires::new(near, &[1, 2]);
    wires.eager = 100;
    wires.answer(1).await;
    assert_eq!(
        wires.limits,
        [960],
        "a second at 9600 baud, for the only node"
    );
    nodes.send_replace(vec![1, 2]);
    wires.answer(10).await;
    assert_eq!(wires.limits[9], 480, "half of it for each of two");
    // A node begins no frame below that, however many share the line.
    assert_eq!(line(&[1], Some(9_600)).0.limit(31), 271);
    assert!(wires.polls[&2] >= 3, "{:?}", wires.polls);
    trial.intake.nodes.command(2, 5, 1, 2, i64::MAX).unwrap();
    wires.answer(14).await;
    assert!(
        wires
            .heard
            .iter()
            .any(|body| matches!(body, Body::Command { id: 5, .. }))
    );
    trial.stop.send_replace(true);
    assert!(serving.await.unwrap());
    assert!(trial.groups.try_recv().is_ok());
    assert!(trial.findings.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_babbles_loses_its_turn() {
    let trial = Trial::new(&[node(1), node(2)]);
    let (mut near, far) = tokio::io::duplex(4096);
    let (shared, _nodes) = line(&[1, 2], Some(115_200));
    let stats = trial.intake.lines.named("bus", "serial");
    let intake = trial.intake.clone();
    let serving =
        tokio::spawn(async move { serve(far, &stats, &intake, shared, Peer::Line).await });
    let mut receiver = Receiver::<MAX_FRAME>::new();
    let mut polled = Vec::new();
    let mut noise = tokio::time::interval(Duration::from_millis(10));
    while polled.len() < 12 {
        tokio::select! {
            byte = near.read_u8() => if let Some(Ok(raw)) = receiver.push(byte.unwrap()) {
                polled.push(wire::frame::open(raw, &KEY).unwrap().header.node);
            },
            _ = noise.tick() => near.write_all(b"nonsense").await.unwrap(),
        }
    }
    assert!(polled.contains(&1) && polled.contains(&2), "{polled:?}");
    trial.stop.send_replace(true);
    assert!(!serving.await.unwrap());
}

#[test]
fn the_slowest_line_lets_a_whole_frame_through() {
    let (shared, _nodes) = line(&[1], Some(300));
    assert_eq!(usize::from(shared.limit(250)), LEAST_POLL);
    let (shared, _nodes) = line(&[1], None);
    assert_eq!(shared.limit(1), 4096);
}

/// Each poll was flushed, which on a serial port blocks the thread, see the test of the same in `stream_tests`.
#[tokio::test(start_paused = true)]
async fn polls_do_not_wait_until_a_serial_port_is_drained() {
    let trial = Trial::new(&[node(1)]);
    let (near, far) = tokio::io::duplex(4096);
    let (shared, _nodes) = line(&[1], Some(115_200));
    let stats = trial.intake.lines.named("bus", "serial");
    let intake = trial.intake.clone();
    let serving =
        tokio::spawn(
            async move { serve(NeverDrained(far), &stats, &intake, shared, Peer::Line).await },
        );
    let mut wires = Wires::new(near, &[1]);
    wires.answer(3).await;
    assert_eq!(trial.intake.tally.get("write_failed"), 0);
    trial.stop.send_replace(true);
    assert!(serving.await.unwrap());
}

/// At the least limit every turn counted as a full one, also that of a node with nothing to say: it was polled again at once,
/// over and over.
#[tokio::test(start_paused = true)]
async fn a_node_with_nothing_to_say_is_left_in_peace_on_a_slow_line() {
    let trial = Trial::new(&[node(1)]);
    let (near, far) = tokio::io::duplex(4096);
    let (shared, _nodes) = line(&[1], Some(2_400));
    assert_eq!(usize::from(shared.limit(1)), LEAST_POLL);
    let interval = shared.poll_interval;
    let stats = trial.intake.lines.named("bus", "serial");
    let intake = trial.intake.clone();
    let serving =
        tokio::spawn(async move { serve(far, &stats, &intake, shared, Peer::Line).await });
    let mut wires = Wires::new(near, &[1]);
    wires.eager = 0;
    let begun = Instant::now();
    wires.answer(10).await;
    assert!(begun.elapsed() >= interval * 9, "{:?}", begun.elapsed());
    trial.stop.send_replace(true);
    assert!(serving.await.unwrap());
}

/// Frames of others that came during a node's turn counted as its answer: a dead node was taken for a talkative one, and
/// polled without a pause.
#[tokio::test(start_paused = true)]
async fn frames_of_others_are_no_answer() {
    let trial = Trial::new(&[node(1), node(2)]);
    let (mut near, far) = tokio::io::duplex(4096);
    let (shared, _nodes) = line(&[1], Some(115_200));
    let stats = trial.intake.lines.named("bus", "serial");
    let intake = trial.intake.clone();
    let serving =
        tokio::spawn(async move { serve(far, &stats, &intake, shared, Peer::Line).await });
    let mut receiver = Receiver::<MAX_FRAME>::new();
    let mut other = Speaker::new(2);
    let mut polls = 0;
    while polls < 6 {
        if receiver
            .push(near.read_u8().await.unwrap())
            .is_some_and(|raw| raw.is_ok())
        {
            polls += 1;
            // Somebody who has not been told that he shares the line.
            near.write_all(&other.sample()).await.unwrap();
        }
    }
    let report = &trial.intake.lines.report()[0];
    assert!(report.frames >= 5);
    assert_eq!(report.polls_unanswered, report.polls);
    trial.stop.send_replace(true);
    assert!(serving.await.unwrap());
}

/// A listening socket that was shared kept every connection for good, however mute, until no more were taken.
#[tokio::test(start_paused = true)]
async fn a_mute_guest_of_a_shared_line_is_sent_away() {
    let trial = Trial::new(&[node(1)]);
    let (_near, far) = tokio::io::duplex(64 * 1024);
    let (shared, _nodes) = line(&[1], None);
    let stats = trial.intake.lines.named("socket", "tcp");
    let guest = Peer::Guest(Duration::from_secs(120));
    let begun = Instant::now();
    assert!(!serve(far, &stats, &trial.intake, shared, guest).await);
    assert!(begun.elapsed() >= Duration::from_secs(120));
    assert_eq!(trial.intake.tally.get("no_introduction"), 1);
}
