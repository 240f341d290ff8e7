//! Stepped play against a peer in the same process.

mod peer;

use hil::{RING, Settings, Stepped, Track, VirtualNode};
use node::Watch;
use peer::{Arrived, Held, Manners, NODE, SECOND_US, key, series, serve};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::DuplexStream;
use wire::quality::Quality;
use wire::quantity::Quantity;

/// 2010-02-27 06:34:14 UTC, origin of the Maule earthquake.
const START_US: i64 = 1_267_252_454_000_000;
const LIMIT: Duration = Duration::from_secs(10);

fn node(samples: usize) -> VirtualNode {
    let track = Track {
        quantity: Quantity::SeaLevel,
        series: series(START_US, samples),
    };
    VirtualNode::new(&Settings::new(NODE, 1, key(), START_US), &[track]).expect("no limits")
}

fn plug(
    stepped: &mut Stepped<DuplexStream>,
    held: &Arc<Mutex<Held>>,
    manners: Manners,
    virtual_us: i64,
) {
    let (ours, theirs) = tokio::io::duplex(4_096);
    tokio::spawn(serve(theirs, Arc::clone(held), manners));
    stepped.attach(ours, virtual_us);
}

fn expected(samples: usize) -> Vec<Arrived> {
    series(START_US, samples)
        .samples
        .iter()
        .map(|sample| Arrived {
            mono_us: (sample.time_us - START_US) as u64,
            quantity: Quantity::SeaLevel,
            value_bits: sample.value.unwrap_or(f64::NAN).to_bits(),
            quality: match sample.value {
                Some(_) => Quality::SIMULATED.bits(),
                None => (Quality::SIMULATED | Quality::MISSING).bits(),
            },
        })
        .collect()
}

async fn play_all(step_s: i64, samples: usize) -> Arc<Mutex<Held>> {
    let held = Arc::new(Mutex::new(Held::default()));
    let mut stepped = Stepped::new(node(samples), LIMIT);
    plug(&mut stepped, &held, Manners::default(), START_US);
    let mut measured = 0;
    let mut now_us = START_US;
    while measured < samples {
        let step = stepped.play_until(now_us).await.expect("the link holds");
        assert!(
            step.settled && step.unacknowledged == 0 && step.repeats == 0,
            "{step:?}"
        );
        measured += step.measured;
        now_us += step_s * SECOND_US;
    }
    assert!(stepped.node().is_done());
    held
}

#[tokio::test(start_paused = true)]
async fn every_step_ends_with_everything_acknowledged() {
    let held = play_all(60, 1_000).await;
    let held = held.lock().expect("no panic");
    assert_eq!(held.of(1), expected(1_000));
    assert_eq!((held.births, held.repeated), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_same_steps_give_the_same_bytes() {
    let (one, other) = (play_all(45, 300).await, play_all(45, 300).await);
    let (one, other) = (
        one.lock().expect("no panic"),
        other.lock().expect("no panic"),
    );
    assert!(one.bytes.len() > 5_000);
    assert_eq!(one.bytes, other.bytes);
}

#[tokio::test(start_paused = true)]
async fn a_step_longer_than_the_ring_loses_nothing() {
    let samples = RING * 3;
    let held = play_all(15 * samples as i64, samples).await;
    assert_eq!(held.lock().expect("no panic").of(1).len(), samples);
}

#[tokio::test(start_paused = true)]
async fn a_broken_link_is_an_error_and_the_next_one_gets_the_rest() {
    let held = Arc::new(Mutex::new(Held::default()));
    let mut stepped = Stepped::new(node(400), LIMIT);
    let mut broken = 0;
    for step in 0..400 {
        let now_us = START_US + step * 15 * SECOND_US;
        if !stepped.is_attached() {
            let manners = Manners {
                hang_up_after: Some(9),
                ..Manners::default()
            };
            plug(&mut stepped, &held, manners, now_us);
        }
        if stepped.play_until(now_us).await.is_err() {
            assert!(!stepped.is_attached());
            broken += 1;
        }
    }
    plug(
        &mut stepped,
        &held,
        Manners::default(),
        START_US + 6_000 * SECOND_US,
    );
    let step = stepped
        .play_until(START_US + 6_000 * SECOND_US)
        .await
        .expect("the link holds");
    assert!(step.settled);
    assert!(broken > 20, "{broken}");
    assert_eq!(held.lock().expect("no panic").of(1), expected(400));
}

#[tokio::test(start_paused = true)]
async fn without_a_link_it_measures_into_the_ring() {
    let held = Arc::new(Mutex::new(Held::default()));
    let mut stepped = Stepped::new(node(100), LIMIT);
    let step = stepped
        .play_until(START_US + 1_500 * SECOND_US)
        .await
        .expect("no link to break");
    assert_eq!(
        (step.measured, step.unacknowledged, step.settled),
        (100, 100, false)
    );
    plug(
        &mut stepped,
        &held,
        Manners::default(),
        START_US + 1_500 * SECOND_US,
    );
    let step = stepped
        .play_until(START_US + 1_501 * SECOND_US)
        .await
        .expect("the link holds");
    assert_eq!(
        (step.measured, step.unacknowledged, step.settled),
        (0, 0, true)
    );
    assert_eq!(held.lock().expect("no panic").of(1), expected(100));
}

#[tokio::test(start_paused = true)]
async fn silence_is_answered_by_repeating_and_ends_at_the_limit() {
    let held = Arc::new(Mutex::new(Held::default()));
    let mut stepped = Stepped::new(node(30), LIMIT).with_patience(Duration::from_secs(1));
    plug(
        &mut stepped,
        &held,
        Manners {
            deaf_for: 20,
            ..Manners::default()
        },
        START_US,
    );
    let before = tokio::time::Instant::now();
    let step = stepped
        .play_until(START_US + 450 * SECOND_US)
        .await
        .expect("the link holds");
    assert!(
        step.settled,
        "the peer lost twenty frames and got them again: {step:?}"
    );
    assert!(step.repeats >= 2);
    assert!(before.elapsed() < LIMIT);

    plug(
        &mut stepped,
        &held,
        Manners {
            deaf_for: u32::MAX,
            ..Manners::default()
        },
        START_US + 450 * SECOND_US,
    );
    let before = tokio::time::Instant::now();
    let step = stepped
        .play_until(START_US + 451 * SECOND_US)
        .await
        .expect("the link holds");
    assert!(!step.settled);
    assert!((LIMIT..LIMIT + Duration::from_secs(1)).contains(&before.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn an_edge_without_the_time_costs_little() {
    let held = Arc::new(Mutex::new(Held::default()));
    let mut stepped = Stepped::new(node(10), LIMIT);
    plug(
        &mut stepped,
        &held,
        Manners {
            timeless: true,
            ..Manners::default()
        },
        START_US,
    );
    let before = tokio::time::Instant::now();
    let step = stepped.play_until(START_US).await.expect("the link holds");
    assert!(step.settled);
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_node_switched_on_late_has_measured_nothing_before() {
    let held = Arc::new(Mutex::new(Held::default()));
    let track = Track {
        quantity: Quantity::SeaLevel,
        series: series(START_US, 100),
    };
    let on_us = START_US + 50 * 15 * SECOND_US;
    let node =
        VirtualNode::new(&Settings::new(NODE, 2, key(), on_us), &[track]).expect("no limits");
    assert_eq!((node.skipped(), node.remaining()), (50, 50));
    let mut stepped = Stepped::new(node, LIMIT);
    plug(&mut stepped, &held, Manners::default(), on_us);
    stepped
        .play_until(START_US + 1_500 * SECOND_US)
        .await
        .expect("the link holds");
    let held = held.lock().expect("no panic");
    let arrived = held.of(2);
    assert_eq!(arrived.len(), 50);
    assert_eq!(arrived.first().map(|first| first.mono_us), Some(0));
    assert_eq!(
        arrived.last().map(|last| last.mono_us),
        Some(49 * 15_000_000)
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_node_finds_itself_travels_with_its_samples() {
    let held = Arc::new(Mutex::new(Held::default()));
    let limits = signal::threshold::Limits {
        above: Some(0.05),
        below: None,
        hysteresis: 0.0,
        min_duration_us: 0,
        max_rate_per_s: None,
    };
    let watches = vec![Watch {
        quantity: Quantity::SeaLevel,
        limits,
    }];
    let settings = Settings {
        watches,
        ..Settings::new(NODE, 1, key(), START_US)
    };
    let track = Track {
        quantity: Quantity::SeaLevel,
        series: series(START_US, 100),
    };
    let mut stepped = Stepped::new(
        VirtualNode::new(&settings, &[track]).expect("valid limits"),
        LIMIT,
    );
    plug(&mut stepped, &held, Manners::default(), START_US);
    for step in 0..100 {
        stepped
            .play_until(START_US + step * 15 * SECOND_US)
            .await
            .expect("the link holds");
    }
    let held = held.lock().expect("no panic");
    assert_eq!(
        held.findings, 1,
        "the series rises by a millimetre a sample and crosses the limit once"
    );
    assert_eq!(held.of(1).len(), 101);
    let finding = held.samples[&(1, 52)];
    assert_eq!(
        (finding.mono_us, f64::from_bits(finding.value_bits)),
        (51 * 15_000_000, 0.051)
    );
}
