use super::*;
use embedded_hal_mock::eh1::MockError;
use embedded_hal_mock::eh1::digital::{Edge, Mock, State, Transaction};
use std::vec::Vec;

const MS: u64 = 1_000;
const S: u64 = 1_000 * MS;

fn due(road: &mut InductiveLoop, now_us: u64) -> Vec<Reading> {
    let mut readings = Vec::new();
    road.due(now_us, &mut |r| readings.push(r));
    readings
}

/// Flow, occupancy and quality of an interval that has values.
fn values(road: &mut InductiveLoop, now_us: u64) -> (f64, f64, Quality) {
    let [flow, occupancy] = due(road, now_us)[..] else {
        panic!("two readings")
    };
    assert_eq!(
        (flow.quantity, occupancy.quantity),
        (Quantity::Flow, Quantity::Occupancy)
    );
    assert_eq!(flow.quality, occupancy.quality);
    assert_eq!((flow.mono_us, occupancy.mono_us), (now_us, now_us));
    (flow.value, occupancy.value, flow.quality)
}

fn vehicle(road: &mut InductiveLoop, from_us: u64, width_us: u64) {
    road.level(true, from_us);
    road.level(false, from_us + width_us);
}

#[test]
fn vehicles_become_flow_and_occupancy() {
    let mut road = InductiveLoop::new(Settings::default(), 0);
    for n in 0..10 {
        vehicle(&mut road, n * 5 * S + S, 300 * MS);
    }
    // Ten in a minute, 3 s of 60.
    assert_eq!(values(&mut road, 60 * S), (600.0, 5.0, Quality::GOOD));
    assert_eq!(values(&mut road, 120 * S), (0.0, 0.0, Quality::GOOD));
}

#[test]
fn a_bouncing_contact_is_one_vehicle_from_its_first_to_its_last_stable_edge() {
    let mut road = InductiveLoop::new(Settings::default(), 0);
    let at = S;
    // Closes with bounces of 1 ms, opens with bounces.
    for (offset_us, closed) in [
        (0, true),
        (MS, false),
        (2 * MS, true),
        (400 * MS, false),
        (401 * MS, true),
        (402 * MS, false),
    ] {
        road.level(closed, at + offset_us);
    }
    let (flow, occupancy, quality) = values(&mut road, 10 * S);
    assert_eq!((flow, quality), (360.0, Quality::GOOD));
    assert!(
        (occupancy - 4.0).abs() < 1e-9,
        "from 2 ms to 402 ms of 10 s: {occupancy}"
    );
    assert_eq!(road.bounces(), 2);
}

#[test]
fn a_level_counts_exactly_when_it_has_held() {
    for (held_us, flow) in [(4_999, 0.0), (5_000, 360.0)] {
        let mut road = InductiveLoop::new(
            Settings {
                width_min_us: 0,
                ..Settings::default()
            },
            0,
        );
        vehicle(&mut road, S, held_us);
        assert_eq!(values(&mut road, 10 * S).0, flow);
    }
}

#[test]
fn short_closures_are_noise() {
    let mut road = InductiveLoop::new(Settings::default(), 0);
    vehicle(&mut road, S, 29_999);
    vehicle(&mut road, 2 * S, 30_000);
    let (flow, occupancy, _) = values(&mut road, 10 * S);
    assert_eq!(flow, 360.0);
    assert!((occupancy - 0.3).abs() < 1e-9);
    assert_eq!(road.noise(), 1);
}

#[test]
fn a_vehicle_across_intervals_covers_both_and_counts_when_it_leaves() {
    let mut road = InductiveLoop::new(Settings::default(), 0);
    road.level(true, 9 * S);
    assert_eq!(values(&mut road, 10 * S), (0.0, 10.0, Quality::GOOD));
    road.level(false, 12 * S);
    assert_eq!(values(&mut road, 20 * S), (360.0, 20.0, Quality::GOOD));
}

#[test]
fn an_opening_that_has_not_held_ends_what_is_certain() {
    let mut road = InductiveLoop::new(Settings::default(), 0);
    road.level(true, 9 * S);
    road.level(false, 10 * S - MS);
    let (flow, occupancy, _) = values(&mut road, 10 * S);
    assert_eq!(flow, 0.0, "it counts once the opening has held");
    assert!((occupancy - 9.99).abs() < 1e-9);
    assert_eq!(values(&mut road, 20 * S), (360.0, 0.0, Quality::GOOD));
}

#[test]
fn a_queue_is_suspect_and_a_stuck_contact_is_a_fault_until_it_opens() {
    let mut road = InductiveLoop::new(Settings::default(), 0);
    road.level(true, 0);
    assert_eq!(values(&mut road, 10 * S), (0.0, 100.0, Quality::GOOD));
    assert_eq!(values(&mut road, 60 * S), (0.0, 100.0, Quality::SUSPECT));
    assert_eq!(values(&mut road, 899 * S), (0.0, 100.0, Quality::SUSPECT));
    for minute in 0..3 {
        let readings = due(&mut road, (900 + minute * 60) * S);
        assert_eq!(readings.len(), 2);
        for reading in readings {
            assert!(reading.value.is_nan());
            assert_eq!(reading.quality, Quality::MISSING | Quality::SENSOR_FAULT);
        }
    }
    assert_eq!(road.faults().count(Fault::Stuck), 1);
    road.level(false, 1_050 * S);
    let (flow, occupancy, quality) = values(&mut road, 1_080 * S);
    assert_eq!((flow, quality), (60.0, Quality::SUSPECT));
    assert!((occupancy - 50.0).abs() < 1e-9);
    assert_eq!(values(&mut road, 1_140 * S), (0.0, 0.0, Quality::GOOD));
}

#[test]
fn looking_does_no_harm_and_edges_without_a_level_toggle() {
    let mut road = InductiveLoop::new(Settings::default(), 0);
    for ms in 0..1_000 {
        road.level((200..500).contains(&ms), ms * MS);
    }
    road.toggled(2 * S);
    road.toggled(2 * S + 300 * MS);
    let (flow, occupancy, _) = values(&mut road, 10 * S);
    assert_eq!(flow, 720.0);
    assert!((occupancy - 6.0).abs() < 1e-9);
}

#[test]
fn the_clock_may_wrap_and_may_stand_still() {
    let start_us = u64::MAX - 2 * S;
    let mut road = InductiveLoop::new(Settings::default(), start_us);
    road.level(true, start_us.wrapping_add(S));
    road.level(false, start_us.wrapping_add(3 * S));
    assert_eq!(
        values(&mut road, start_us.wrapping_add(10 * S)),
        (360.0, 20.0, Quality::GOOD)
    );
    assert!(due(&mut road, start_us.wrapping_add(10 * S)).is_empty());
    assert!(due(&mut road, start_us).is_empty(), "a step back");
    assert_eq!(road.faults().count(Fault::Busy), 2);
}

#[test]
fn any_edges_at_any_times_stay_in_range() {
    use proptest::prelude::*;
    proptest!(|(steps in proptest::collection::vec((any::<bool>(), 0_u64..20_000_000), 0..200), debounce_us in 0_u64..50_000)| {
        let mut road = InductiveLoop::new(Settings { debounce_us, ..Settings::default() }, 0);
        let mut now_us = 0;
        for (closed, after_us) in steps {
            now_us += after_us;
            road.level(closed, now_us);
            if after_us % 3 == 0 {
                for reading in due(&mut road, now_us) {
                    let good = reading.value.is_nan() || (reading.value >= 0.0 && reading.value.is_finite());
                    prop_assert!(good);
                    prop_assert!(reading.quantity != Quantity::Occupancy || reading.value.is_nan() || reading.value <= 100.0);
                }
            }
        }
    });
}

#[test]
fn the_pin_s_edges_come_as_levels() {
    let closed = |state, active_low| {
        let mut pin = Mock::new(&[
            Transaction::wait_for_edge(Edge::Any),
            Transaction::get(state),
        ]);
        let level = embassy_futures::block_on(next_edge(&mut pin, active_low));
        pin.done();
        level
    };
    assert_eq!(closed(State::Low, true), Ok(true));
    assert_eq!(closed(State::High, true), Ok(false));
    assert_eq!(closed(State::High, false), Ok(true));

    let broken = MockError::Io(std::io::ErrorKind::NotConnected);
    let mut pin = Mock::new(&[Transaction::wait_for_edge(Edge::Any).with_error(broken.clone())]);
    assert_eq!(
        embassy_futures::block_on(next_edge(&mut pin, true)),
        Err(broken)
    );
    pin.done();
}
