//! Whatever the line does, the edge ends up with every sample exactly once, in order, unless the ring overflowed; and then
//! it knows how many are missing.

mod rig;

use node::Config;
use proptest::prelude::*;
use rig::{Edge, Faults, Item, Random, Rig, config};
use wire::quality::Quality;
use wire::quantity::Quantity;

/// Takes `count` samples with random pauses and values, some of them missing; returns what the edge must hold.
fn take_samples<const N: usize>(
    rig: &mut Rig<N>,
    count: usize,
    pause_us: u64,
    seed: u64,
) -> Vec<Item> {
    let mut random = Random(seed ^ 0x5a5a);
    let mut expected = Vec::new();
    for index in 0..count {
        rig.run_until(rig.now_us + random.below(pause_us));
        let quantity = if random.percent(80) {
            Quantity::SeaLevel
        } else {
            Quantity::WaterTemperature
        };
        let missing = random.percent(5);
        let value = if missing {
            f64::NAN
        } else {
            index as f64 * 1e-3
        };
        let mono_us = rig.mono_us();
        rig.node.sample(mono_us, quantity, value, Quality::GOOD);
        expected.push(Item::Sample {
            mono_us,
            quantity,
            value_bits: value.to_bits(),
            quality: if missing { Quality::MISSING.bits() } else { 0 },
        });
    }
    expected
}

fn faults() -> impl Strategy<Value = Faults> {
    (
        0u64..50,
        0u64..40,
        0u64..30,
        0u64..20,
        prop_oneof![Just(0u64), 0u64..400_000],
    )
        .prop_map(|(lose, duplicate, flip, noise, delay_us)| Faults {
            lose,
            duplicate,
            flip,
            noise,
            delay_us,
        })
}

/// Starts of the monotonic clock: zero, anywhere, and just before its wrap.
fn starts() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0u64),
        any::<u64>(),
        (0u64..20_000_000).prop_map(|before| u64::MAX - before)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_sample_arrives_exactly_once(faults in faults(), start_us in starts(), seed in any::<u64>(),
        pause_us in 1u64..400_000, window in 1u16..200, hold in any::<bool>()) {
        let config = Config { window, hold_when_idle: hold, ..config(1, start_us) };
        let mut rig = Rig::<512>::new(config, Edge::new(1), faults, seed);
        let expected = take_samples(&mut rig, 200, pause_us, seed);
        prop_assert!(rig.settle(rig.now_us + 3_600_000_000), "not settled: {:?}", rig.node.stats());
        prop_assert_eq!(rig.edge.of(1), expected);
        prop_assert_eq!(rig.edge.skipped, 0);
        prop_assert_eq!(rig.node.stats().dropped_samples, 0);
        prop_assert_eq!(rig.node.stats().refused.tag, 0, "noise is told from forgery");
    }

    #[test]
    fn what_an_overflow_costs_is_counted_on_both_sides(faults in faults(), seed in any::<u64>(),
        outage in 20usize..120) {
        let mut rig = Rig::<16>::new(config(1, 0), Edge::new(1), faults, seed);
        let mut expected = take_samples(&mut rig, 10, 300_000, seed);
        let before = rig.faults;
        rig.faults = Faults::CUT;
        expected.extend(take_samples(&mut rig, outage, 300_000, seed + 1));
        rig.faults = before;
        expected.extend(take_samples(&mut rig, 10, 300_000, seed + 2));
        prop_assert!(rig.settle(rig.now_us + 3_600_000_000), "not settled: {:?}", rig.node.stats());
        let dropped = u64::from(rig.node.stats().dropped_samples);
        let held = rig.edge.items.len() as u64;
        prop_assert_eq!(rig.edge.next[&1], expected.len() as u64);
        prop_assert!(dropped > 0);
        // A dropped sample may have arrived though its acknowledgement was lost: then it is not missing.
        prop_assert_eq!(held + rig.edge.skipped, expected.len() as u64);
        prop_assert!(rig.edge.skipped <= dropped);
        for (&(_, seq), item) in &rig.edge.items {
            prop_assert_eq!(*item, expected[seq as usize]);
        }
    }

    #[test]
    fn a_reboot_loses_only_what_was_not_acknowledged(faults in faults(), seed in any::<u64>()) {
        let mut rig = Rig::<256>::new(config(1, 0), Edge::new(1), faults, seed);
        let first = take_samples(&mut rig, 100, 100_000, seed);
        // Power fails; the edge and what is still on the line stay.
        let acknowledged = first.len() - rig.node.unacknowledged();
        let mut rig = Rig::<256>::new(config(2, 99), rig.edge, faults, seed + 1);
        let second = take_samples(&mut rig, 100, 100_000, seed + 2);
        prop_assert!(rig.settle(rig.now_us + 3_600_000_000));
        let held = rig.edge.of(1);
        prop_assert!(held.len() >= acknowledged);
        prop_assert_eq!(&held[..acknowledged], &first[..acknowledged]);
        prop_assert_eq!(rig.edge.of(2), second);
    }

    #[test]
    fn a_restarted_edge_and_a_new_link_lose_nothing(faults in faults(), seed in any::<u64>()) {
        let mut rig = Rig::<512>::new(config(1, 0), Edge::new(1_700_000_000), faults, seed);
        let mut expected = Vec::new();
        for round in 0..4 {
            expected.extend(take_samples(&mut rig, 50, 100_000, seed + round));
            rig.edge.restart();
            if round % 2 == 0 {
                let mono_us = rig.mono_us();
                rig.node.link_up(mono_us);
            }
        }
        prop_assert!(rig.settle(rig.now_us + 3_600_000_000));
        prop_assert_eq!(rig.edge.of(1), expected);
    }
}

#[test]
fn a_clean_line_repeats_nothing_and_batches_under_load() {
    let mut rig = Rig::<2048>::new(config(1, 0), Edge::new(1), Faults::NONE, 1);
    for index in 0..5_000u64 {
        rig.run_until(index * 100);
        let mono_us = rig.mono_us();
        rig.node.sample(
            mono_us,
            Quantity::Acceleration,
            index as f64 * 1e-3,
            Quality::GOOD,
        );
    }
    assert!(rig.settle(rig.now_us + 10_000_000));
    let stats = rig.node.stats();
    assert_eq!(rig.edge.items.len(), 5_000);
    assert_eq!(
        (stats.repeated, rig.edge.duplicates, stats.gap_requests),
        (0, 0, 0)
    );
    assert!(
        stats.frames_sent < 500,
        "ten thousand samples a second share frames: {}",
        stats.frames_sent
    );
}

#[test]
fn an_idle_link_sends_each_sample_at_once() {
    let mut rig = Rig::<64>::new(config(1, 0), Edge::new(1), Faults::NONE, 1);
    assert!(rig.settle(1_000_000) || rig.node.is_known());
    for index in 0..10u64 {
        rig.run_until(1_000_000 * (index + 1));
        let mono_us = rig.mono_us();
        rig.node
            .sample(mono_us, Quantity::SeaLevel, 0.5, Quality::GOOD);
        // There and back takes two milliseconds on this line.
        rig.run_until(rig.now_us + 2_000);
        assert_eq!(rig.edge.items.len() as u64, index + 1);
        assert_eq!(rig.node.unacknowledged(), 0);
    }
}

#[test]
fn a_long_outage_backs_off_and_recovery_is_immediate() {
    let mut rig = Rig::<1024>::new(config(1, 0), Edge::new(1), Faults::CUT, 1);
    let expected = take_samples(&mut rig, 200, 36_000_000, 7);
    let (hours, sent) = (rig.now_us as f64 / 3.6e9, rig.node.stats().frames_sent);
    // Births and probes every 2 s at most, clock and health about once a minute.
    assert!(
        f64::from(sent) < hours * 2.5 * 1_800.0,
        "{sent} frames in {hours:.1} h"
    );
    rig.faults = Faults::NONE;
    let mono_us = rig.mono_us();
    rig.node.link_up(mono_us);
    assert!(
        rig.settle(rig.now_us + 200_000),
        "200 samples go in a fifth of a second"
    );
    assert_eq!(rig.edge.of(1), expected);
}

#[test]
fn reports_health_and_keeps_asking_the_time() {
    let mut rig = Rig::<64>::new(config(1, 0), Edge::new(1), Faults::NONE, 1);
    rig.run_until(600_000_000 + 5_000);
    assert_eq!(rig.edge.healths, 11, "at the start and every minute");
    assert_eq!(
        rig.node.stats().time_replies,
        10,
        "at the start and every 64 s"
    );
    assert_eq!(rig.edge.births, 1);
    let error_us = rig.node.unix_us(rig.mono_us()).expect("synchronised")
        - rig.edge.unix_offset_us
        - rig.now_us as i64;
    assert!(
        error_us.abs() <= 1,
        "a symmetric line gives the exact time: {error_us} us"
    );
}
