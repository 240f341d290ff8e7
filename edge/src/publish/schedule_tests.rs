//! Decisions of the publisher, and the law that everything arrives whatever is lost.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const LIMITS: Limits = Limits {
    window: 8,
    backlog_readings_per_s: 1_000.0,
    ack_timeout: Duration::from_secs(10),
};

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn backlog_starts_at_the_acknowledged_cursor_and_keeps_to_its_window() {
    let mut schedule = Schedule::new(LIMITS, 100);
    assert_eq!(schedule.step(s(0)), Step::Idle, "not connected");
    schedule.connected(150);
    assert_eq!(
        schedule.step(s(0)),
        Step::Backlog {
            from: 100,
            count: 8
        }
    );
    for offset in 100..108 {
        schedule.backlog_sent(s(0), offset, 1);
    }
    assert_eq!(schedule.step(s(0)), Step::Wait(s(10)));
    assert_eq!(schedule.acknowledge(s(1), 104), Verdict::Progress);
    assert_eq!(
        schedule.step(s(1)),
        Step::Backlog {
            from: 108,
            count: 4
        }
    );
}

#[test]
fn live_entries_pass_a_backlog_and_a_closed_window() {
    let mut schedule = Schedule::new(LIMITS, 0);
    schedule.connected(50);
    for offset in 0..8 {
        schedule.backlog_sent(s(0), offset, 1);
    }
    assert!(schedule.live(s(0), 50) && schedule.live(s(0), 51));
    assert_eq!(
        schedule.backlog(),
        42,
        "live entries do not lengthen the backlog"
    );
    assert!(!schedule.live(s(0), 51), "an entry is live once");
}

#[test]
fn the_rate_cap_holds_back_backlog_only() {
    let mut schedule = Schedule::new(
        Limits {
            window: 1_000,
            ..LIMITS
        },
        0,
    );
    schedule.connected(1_000);
    let mut sent = 0u64;
    for millisecond in 0..2_000u64 {
        let now = Duration::from_millis(millisecond);
        if let Step::Backlog { from, .. } = schedule.step(now) {
            schedule.backlog_sent(now, from, 100);
            sent += 100;
        }
    }
    assert!(
        (2_900..=3_100).contains(&sent),
        "a second's worth at once, then 1,000 a second: {sent}"
    );
}

#[test]
fn silence_makes_everything_sent_backlog_again_but_only_probes() {
    let mut schedule = Schedule::new(LIMITS, 0);
    schedule.connected(0);
    for offset in 0..100 {
        assert!(schedule.live(s(offset / 10), offset));
    }
    assert_eq!(schedule.step(s(9)), Step::Wait(s(10)));
    assert_eq!(
        schedule.step(s(10)),
        Step::Backlog {
            from: 0,
            count: PROBE
        }
    );
    assert!(schedule.is_stalled());
    for offset in 0..PROBE {
        schedule.backlog_sent(s(10), offset, 1);
    }
    assert_eq!(schedule.step(s(10)), Step::Wait(s(20)));
    assert_eq!(
        schedule.step(s(20)),
        Step::Backlog {
            from: 0,
            count: PROBE
        },
        "again from the cursor"
    );
    assert_eq!(schedule.acknowledge(s(21), 3), Verdict::Progress);
    assert_eq!(
        schedule.step(s(21)),
        Step::Backlog { from: 3, count: 8 },
        "the hub is back: full window"
    );
}

#[test]
fn a_hub_that_announces_itself_is_served_at_once_but_not_repeatedly() {
    let mut schedule = Schedule::new(LIMITS, 7);
    schedule.connected(20);
    for offset in 7..15 {
        schedule.backlog_sent(s(0), offset, 1);
    }
    assert!(matches!(
        schedule.step(s(10)),
        Step::Backlog { from: 7, .. }
    ));
    for offset in 7..11 {
        schedule.backlog_sent(s(10), offset, 1);
    }
    assert_eq!(schedule.acknowledge(s(15), 7), Verdict::Stale);
    assert_eq!(schedule.step(s(15)), Step::Backlog { from: 7, count: 8 });
    for offset in 7..15 {
        schedule.backlog_sent(s(15), offset, 1);
    }
    assert_eq!(schedule.acknowledge(s(15), 7), Verdict::Stale);
    assert_eq!(schedule.step(s(15)), Step::Wait(s(25)));
}

#[test]
fn what_the_live_queue_had_no_room_for_becomes_backlog() {
    let mut schedule = Schedule::new(LIMITS, 0);
    schedule.connected(0);
    assert!(schedule.live(s(0), 0));
    assert!(schedule.live(s(0), 5), "1 to 4 were skipped");
    assert_eq!(schedule.step(s(0)), Step::Backlog { from: 0, count: 5 });
    assert_eq!(schedule.acknowledge(s(0), 1), Verdict::Progress);
    assert_eq!(schedule.step(s(0)), Step::Backlog { from: 1, count: 4 });
    schedule.grown(9);
    assert_eq!(schedule.step(s(0)), Step::Backlog { from: 1, count: 8 });
}

#[test]
fn a_lost_live_entry_is_found_by_the_stall_and_sent_alone_with_what_followed() {
    let mut schedule = Schedule::new(LIMITS, 0);
    schedule.connected(0);
    for offset in 0..5 {
        assert!(schedule.live(s(0), offset));
    }
    assert_eq!(schedule.acknowledge(s(0), 2), Verdict::Progress);
    assert_eq!(schedule.step(s(1)), Step::Wait(s(10)));
    assert_eq!(schedule.step(s(10)), Step::Backlog { from: 2, count: 3 });
}

#[test]
fn an_acknowledged_schedule_rests() {
    let mut schedule = Schedule::new(LIMITS, 3);
    schedule.connected(5);
    schedule.backlog_sent(s(0), 3, 1);
    schedule.backlog_sent(s(0), 4, 1);
    assert_eq!(schedule.acknowledge(s(0), 5), Verdict::Progress);
    assert_eq!(schedule.step(s(60)), Step::Idle);
}

#[test]
fn a_new_identity_sends_everything_again() {
    let mut schedule = Schedule::new(LIMITS, 9);
    schedule.connected(12);
    schedule.restart(2, 12);
    assert_eq!(schedule.step(s(1)), Step::Backlog { from: 2, count: 8 });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    /// Whatever is lost on the way, by broker, hub or connection, and in which order entries are appended and
    /// acknowledged: once losses end, the hub has everything, and nothing acknowledged was missing at the hub.
    #[test]
    fn everything_arrives(events in proptest::collection::vec((0u8..8, 0u64..4), 1..120)) {
        let mut schedule = Schedule::new(LIMITS, 0);
        let mut hub = BTreeSet::new();
        let mut end = 0u64;
        let mut now = Duration::ZERO;
        let contiguous = |hub: &BTreeSet<u64>| (0..).find(|offset| !hub.contains(offset)).unwrap_or(0);
        for (kind, amount) in events {
            now += Duration::from_millis(700);
            match kind {
                0 => schedule.disconnected(),
                1 => schedule.connected(end),
                2 => end += amount, // appended, but the live queue was full
                3 | 4 => for _ in 0..amount {
                    let live = schedule.live(now, end);
                    if live && kind == 3 { hub.insert(end); }
                    end += 1;
                },
                5 => schedule.grown(end),
                6 => { let next = contiguous(&hub); let _ = schedule.acknowledge(now, next); }
                _ => if let Step::Backlog { from, count } = schedule.step(now) {
                    prop_assert!(from + count <= end);
                    for offset in from..from + count.min(amount) {
                        if amount % 2 == 1 { hub.insert(offset); }
                        schedule.backlog_sent(now, offset, 1);
                    }
                },
            }
            prop_assert!(schedule.acked() <= contiguous(&hub));
        }
        schedule.connected(end);
        for _ in 0..200 {
            now += Duration::from_secs(1);
            if let Step::Backlog { from, count } = schedule.step(now) {
                for offset in from..from + count { hub.insert(offset); schedule.backlog_sent(now, offset, 1); }
            }
            let _ = schedule.acknowledge(now, contiguous(&hub));
        }
        prop_assert_eq!(schedule.acked(), end);
    }
}
