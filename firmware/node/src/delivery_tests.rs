use super::*;
use wire::quantity::Quantity;

const PACE: Pace = Pace {
    window: 36,
    retry_us: 1_000,
    retry_max_us: 8_000,
    max_hold_us: 500,
    hold_when_idle: false,
};
const PRESSURE: What = What::Sample {
    quantity: Quantity::WaterPressure,
    quality: 0,
};
const SPEED: What = What::Sample {
    quantity: Quantity::Speed,
    quality: 0,
};
const ONSET: What = What::Finding { code: 17 };

/// Sends the next frame and returns its first sequence number and length.
fn send<const N: usize>(delivery: &mut Delivery<N>, now_us: u64) -> Option<(u64, usize)> {
    delivery.tick(now_us);
    let plan = delivery.plan(now_us, &PACE, false)?;
    let first = delivery.entry(plan.position)?.seq;
    delivery.sent(&plan, now_us, &PACE);
    Some((first, plan.count))
}

fn fill<const N: usize>(delivery: &mut Delivery<N>, count: u64, mono_us: u64) {
    for _ in 0..count {
        delivery.store(mono_us, 1.0, PRESSURE);
    }
}

#[test]
fn a_sample_goes_at_once_when_nothing_is_in_flight_and_else_waits_for_company() {
    let mut delivery = Delivery::<64>::new([Slot::EMPTY; 64]);
    fill(&mut delivery, 1, 0);
    assert_eq!(send(&mut delivery, 0), Some((0, 1)));
    fill(&mut delivery, 2, 10);
    assert_eq!(send(&mut delivery, 10), None, "one is in flight");
    assert_eq!(delivery.deadline(10, &PACE, false), Some(510));
    assert_eq!(send(&mut delivery, 510), Some((1, 2)), "the hold is over");
    fill(&mut delivery, 12, 520);
    assert_eq!(
        send(&mut delivery, 520),
        Some((3, 12)),
        "a full frame does not wait"
    );
    fill(&mut delivery, 1, 530);
    assert_eq!(send(&mut delivery, 530), None);
    assert_eq!(delivery.acknowledge(15, 540, &PACE), Acknowledged::Progress);
    assert_eq!(send(&mut delivery, 540), Some((15, 1)), "idle again");
}

#[test]
fn a_frame_holds_one_quantity_and_no_time_step_back() {
    let mut delivery = Delivery::<64>::new([Slot::EMPTY; 64]);
    delivery.store(10, 1.0, PRESSURE);
    delivery.store(20, 1.0, PRESSURE);
    delivery.store(20, 1.0, SPEED);
    delivery.store(19, 1.0, SPEED);
    delivery.store(19 + u64::from(u32::MAX) + 1, 1.0, SPEED);
    let now = 20 + 2 * u64::from(u32::MAX);
    let mut runs = [0; 4];
    for run in &mut runs {
        // Measured long ago, so nothing is held; the timeout is not reached within one instant.
        *run = send(&mut delivery, now).map_or(0, |(_, count)| count);
    }
    assert_eq!(runs, [2, 1, 1, 1]);
}

#[test]
fn the_window_closes_and_an_acknowledgement_opens_it() {
    let mut delivery = Delivery::<64>::new([Slot::EMPTY; 64]);
    fill(&mut delivery, 60, 0);
    for frame in 0..3 {
        assert_eq!(send(&mut delivery, 0), Some((frame * 12, 12)));
    }
    assert_eq!(send(&mut delivery, 0), None, "36 in flight");
    assert_eq!(delivery.acknowledge(12, 1, &PACE), Acknowledged::Progress);
    assert_eq!(send(&mut delivery, 1), Some((36, 12)));
    assert_eq!(send(&mut delivery, 1), None);
}

#[test]
fn a_timeout_probes_with_one_frame_and_backs_off() {
    let mut delivery = Delivery::<64>::new([Slot::EMPTY; 64]);
    fill(&mut delivery, 24, 0);
    assert_eq!(send(&mut delivery, 0), Some((0, 12)));
    assert_eq!(send(&mut delivery, 0), Some((12, 12)));
    assert_eq!(send(&mut delivery, 999), None);
    assert_eq!(send(&mut delivery, 1_000), Some((0, 12)));
    assert_eq!(send(&mut delivery, 1_000), None, "a probe is one frame");
    assert_eq!(
        delivery.deadline(1_000, &PACE, false),
        Some(3_000),
        "the delay doubled"
    );
    assert_eq!(send(&mut delivery, 3_000), Some((0, 12)));
    assert_eq!(send(&mut delivery, 7_000), Some((0, 12)));
    assert_eq!(send(&mut delivery, 15_000), Some((0, 12)));
    assert_eq!(
        delivery.deadline(15_000, &PACE, false),
        Some(23_000),
        "the limit"
    );
    delivery.heard(15_001, &PACE);
    assert_eq!(
        delivery.deadline(15_001, &PACE, false),
        Some(16_001),
        "a sign of life cuts the back-off"
    );
    assert_eq!(
        delivery.acknowledge(12, 15_002, &PACE),
        Acknowledged::Progress
    );
    assert_eq!(send(&mut delivery, 15_002), Some((12, 12)));
    assert_eq!(
        delivery.acknowledge(24, 15_003, &PACE),
        Acknowledged::Progress
    );
    assert_eq!(delivery.deadline(15_003, &PACE, false), None);
}

#[test]
fn a_gap_is_filled_without_going_back() {
    let mut delivery = Delivery::<64>::new([Slot::EMPTY; 64]);
    fill(&mut delivery, 36, 0);
    for _ in 0..3 {
        send(&mut delivery, 0);
    }
    assert!(delivery.request(5, 20, 1, &PACE));
    assert!(delivery.request(18, 30, 1, &PACE));
    assert_eq!(send(&mut delivery, 1), Some((5, 12)));
    assert_eq!(send(&mut delivery, 1), Some((17, 12)));
    assert_eq!(send(&mut delivery, 1), Some((29, 1)));
    assert_eq!(send(&mut delivery, 1), None);
    assert!(
        !delivery.request(18, 30, 2, &PACE),
        "asked again before the answer can have arrived"
    );
    assert!(delivery.request(18, 30, 501, &PACE));
    assert_eq!(send(&mut delivery, 501), Some((18, 12)));
    assert!(delivery.request(100, u64::MAX, 502, &PACE));
    assert_eq!(
        send(&mut delivery, 502),
        None,
        "what was never sent cannot be missing"
    );
}

#[test]
fn a_finding_overtakes_a_backlog_once_and_comes_again_in_its_turn() {
    let mut delivery = Delivery::<128>::new([Slot::EMPTY; 128]);
    fill(&mut delivery, 60, 0);
    for _ in 0..3 {
        send(&mut delivery, 0);
    }
    delivery.store(1, 0.03, ONSET);
    assert!(delivery.has_urgent());
    assert_eq!(
        send(&mut delivery, 1),
        Some((60, 1)),
        "though the window is closed"
    );
    assert_eq!(send(&mut delivery, 1), None);
    delivery.acknowledge(36, 2, &PACE);
    assert_eq!(send(&mut delivery, 2), Some((36, 12)));
    assert_eq!(send(&mut delivery, 2), Some((48, 12)));
    assert_eq!(send(&mut delivery, 2), Some((60, 1)));
    assert_eq!(delivery.acknowledge(61, 3, &PACE), Acknowledged::Progress);
    assert_eq!(delivery.len(), 0);
}

#[test]
fn a_finding_right_behind_its_sample_keeps_its_turn() {
    let mut delivery = Delivery::<64>::new([Slot::EMPTY; 64]);
    delivery.store(0, 1.0, PRESSURE);
    delivery.store(0, 0.03, ONSET);
    assert!(!delivery.has_urgent());
    assert_eq!(send(&mut delivery, 0), Some((0, 1)));
    assert_eq!(send(&mut delivery, 0), Some((1, 1)));
}

#[test]
fn overflow_is_counted_and_leaves_a_hole_to_report() {
    let mut delivery = Delivery::<4>::new([Slot::EMPTY; 4]);
    assert_eq!(delivery.store(0, 0.1, ONSET), Stored::Kept);
    fill(&mut delivery, 3, 0);
    assert!(!delivery.has_hole());
    assert_eq!(delivery.store(1, 1.0, PRESSURE), Stored::DisplacedSample);
    assert!(!delivery.has_hole(), "number 0 is held");
    assert_eq!(delivery.acknowledge(1, 2, &PACE), Acknowledged::Progress);
    assert!(
        delivery.has_hole(),
        "the edge waits for number 1, which is gone"
    );
    assert_eq!(delivery.first_seq(), 2);
    for _ in 0..4 {
        delivery.store(3, 0.1, ONSET);
    }
    assert_eq!(delivery.store(4, 1.0, PRESSURE), Stored::Refused);
    assert_eq!(delivery.store(4, 0.2, ONSET), Stored::DisplacedFinding);
}

#[test]
fn impossible_and_stale_acknowledgements_change_nothing() {
    let mut delivery = Delivery::<64>::new([Slot::EMPTY; 64]);
    fill(&mut delivery, 3, 0);
    assert_eq!(delivery.acknowledge(4, 0, &PACE), Acknowledged::Impossible);
    assert_eq!(delivery.acknowledge(0, 0, &PACE), Acknowledged::Stale);
    assert_eq!(delivery.len(), 3);
    // Numbers that an earlier frame carried may be acknowledged after the cursor went back.
    send(&mut delivery, 0);
    delivery.restart();
    assert_eq!(delivery.acknowledge(3, 1, &PACE), Acknowledged::Progress);
    assert_eq!(send(&mut delivery, 1), None);
}
