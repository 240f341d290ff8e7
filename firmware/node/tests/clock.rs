//! Clocks that drift, wrap and jump: samples keep the stamps they were measured with, and what the node knows of UTC is
//! told with its uncertainty.

mod rig;

use node::Schedule;
use rig::{Edge, Faults, Item, Rig, config};
use wire::frame::Body;
use wire::quality::Quality;
use wire::quantity::Quantity;

const MINUTE_US: u64 = 60_000_000;

fn health(edge: &Edge) -> (i32, u32) {
    edge.told
        .iter()
        .rev()
        .find_map(|body| match body {
            Body::Health {
                clock_drift_ppb,
                clock_uncertainty_us,
                ..
            } => Some((*clock_drift_ppb, *clock_uncertainty_us)),
            _ => None,
        })
        .expect("a health report")
}

/// Six hours at both ends of what a crystal may do, and across the wrap of the 64-bit clock: UTC within its bound, the
/// drift in the health report, samples on the grid of UTC with the stamps of the monotonic clock.
#[test]
fn drift_is_measured_reported_and_never_put_into_samples() {
    for (ppm, start_us) in [(-100, 0), (0, 5), (100, u64::MAX - 100 * MINUTE_US)] {
        let mut edge = Edge::new(1);
        edge.drift_ppm = ppm;
        let mut rig = Rig::<512>::new(config(1, start_us), edge, Faults::NONE, 1);
        let mut schedule = Schedule::new();
        let mut stamps = Vec::new();
        rig.run_until(1_000);
        let first = health(&rig.edge);
        while rig.now_us < 360 * MINUTE_US {
            rig.run_until(rig.now_us + 100_000);
            let mono_us = rig.mono_us();
            let unix_us = rig.node.unix_us(mono_us);
            if schedule.is_due(mono_us, unix_us, 15_000_000) {
                rig.node
                    .sample(mono_us, Quantity::SeaLevel, 1.0, Quality::GOOD);
                stamps.push(mono_us);
            }
            if let (Some(unix_us), Some(bound_us)) =
                (unix_us, rig.node.clock_uncertainty_us(mono_us))
            {
                let error_us = unix_us.abs_diff(rig.edge.unix_us(rig.now_us));
                assert!(
                    error_us <= bound_us + 2,
                    "{ppm}: {error_us} of {bound_us} us"
                );
            }
        }
        assert!(rig.settle(rig.now_us + MINUTE_US));
        let arrived: Vec<u64> = rig
            .edge
            .of(1)
            .into_iter()
            .map(|item| match item {
                Item::Sample { mono_us, .. } | Item::Finding { mono_us, .. } => mono_us,
            })
            .collect();
        assert_eq!(arrived, stamps, "as measured");
        assert!(stamps.len() >= 1_439, "{}", stamps.len());
        for stamp in &stamps[10..] {
            // 100 ppm in 15 s early or late, and up to a tenth of a second until somebody looks.
            let unix_us = rig.edge.unix_us(stamp.wrapping_sub(start_us));
            let off_us = (unix_us + 2_000).rem_euclid(15_000_000) - 2_000;
            assert!(off_us < 102_000, "{ppm} ppm: {off_us} us off the grid");
        }
        assert_eq!((first.0, first.1), (i32::MIN, u32::MAX), "unknown at first");
        let (drift_ppb, uncertainty_us) = health(&rig.edge);
        assert!(
            (i64::from(drift_ppb) - ppm * 1_000).abs() < 200,
            "{drift_ppb} ppb"
        );
        assert!(uncertainty_us < 5_000, "{uncertainty_us} us");
        assert_eq!(
            (schedule.take_missed(), rig.node.stats().clock_steps),
            (0, 0)
        );
    }
}

/// A board whose clock loses its upper half, or leaps: counted, and the node goes on as before.
#[test]
fn a_clock_that_jumps_is_counted_and_survived() {
    for jump_us in [-(1i64 << 32), 1 << 32, 1 << 40] {
        let config = config(1, 1 << 33);
        let mut rig = Rig::<512>::new(config, Edge::new(1), Faults::NONE, 1);
        let mut taken = 0;
        let mut sample = |rig: &mut Rig<512>, minutes: u64| {
            for _ in 0..minutes {
                rig.run_until(rig.now_us + MINUTE_US);
                let mono_us = rig.mono_us();
                rig.node
                    .sample(mono_us, Quantity::SeaLevel, 1.0, Quality::GOOD);
                taken += 1;
            }
        };
        sample(&mut rig, 10);
        rig.jump_clock(jump_us);
        sample(&mut rig, 10);
        assert!(rig.settle(rig.now_us + MINUTE_US), "{jump_us}");
        assert_eq!(rig.edge.items.len(), taken);
        let stats = rig.node.stats();
        assert_eq!(stats.clock_jumps, u32::from(jump_us < 0));
        assert_eq!(stats.clock_steps, 1, "{jump_us}: noticed against UTC");
        let error_us = rig
            .node
            .unix_us(rig.mono_us())
            .map(|unix_us| unix_us.abs_diff(rig.edge.unix_us(rig.now_us)));
        assert!(
            error_us.is_some_and(|error_us| error_us < 1_000),
            "{error_us:?}"
        );
    }
}

#[test]
fn a_step_of_the_edges_utc_is_followed_and_counted() {
    let mut rig = Rig::<64>::new(config(1, 0), Edge::new(1), Faults::NONE, 1);
    rig.run_until(10 * MINUTE_US);
    rig.edge.unix_offset_us += 3_600_000_000;
    rig.run_until(20 * MINUTE_US);
    assert_eq!(rig.node.stats().clock_steps, 1);
    let unix_us = rig.node.unix_us(rig.mono_us()).expect("synchronised");
    assert!(unix_us.abs_diff(rig.edge.unix_us(rig.now_us)) < 1_000);
}
