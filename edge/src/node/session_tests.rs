//! What each frame means, and the law that an acknowledgement never claims what is not durable.

use super::*;
use proptest::prelude::*;
use wire::frame::{Board, Direction, Image, NodeKind, ResetCause, Sample};

const TIMING: Timing = Timing {
    max_uncertainty_us: 500_000,
    drift_ppm: 50,
};
const NOW_US: i64 = 1_267_252_450_000_000;

fn header(boot: u32, counter: u32) -> Header {
    Header {
        node: 1,
        boot,
        counter,
        direction: Direction::Up,
    }
}

fn samples(first_seq: u64, count: usize) -> Body {
    let sample = |_| Sample {
        dt_us: 1_000_000,
        value: 9.0,
        quality: 0,
    };
    Body::Samples {
        first_seq,
        quantity: Quantity::SeaLevel,
        start_us: first_seq.saturating_mul(1_000_000),
        samples: (0..count).map(sample).collect(),
    }
}

fn birth(first_seq: u64) -> Body {
    Body::Birth {
        firmware: [1, 0, 0],
        kind: NodeKind::Virtual,
        reset_cause: ResetCause::PowerOn,
        mono_us: 0,
        first_seq,
        board: Board::Host,
        image: Image::Confirmed,
        settings_revision: 0,
    }
}

/// A session that numbers frames and moves time by itself.
#[derive(Default)]
struct Driver {
    session: Session,
    counter: u32,
    now_us: i64,
    /// Time per frame; a second when 0.
    step_us: i64,
}

impl Driver {
    fn frame(&mut self, body: Body) -> Outcome {
        self.counter += 1;
        self.now_us += if self.step_us == 0 {
            1_000_000
        } else {
            self.step_us
        };
        self.session
            .receive(&header(1, self.counter), body, NOW_US + self.now_us, TIMING)
            .unwrap()
    }

    fn settle(&mut self, outcome: &Outcome) {
        for item in &outcome.items {
            self.session.settle(1, item.seq, item.seq + 1);
        }
    }

    fn acked(&self) -> u64 {
        match self.session.acknowledgement() {
            Body::Ack { next_seq, .. } => next_seq,
            _ => unreachable!(),
        }
    }
}

#[test]
fn only_what_is_durable_is_acknowledged() {
    let mut driver = Driver::default();
    let first = driver.frame(samples(0, 12));
    assert_eq!((first.items.len(), driver.acked()), (12, 0));
    driver.settle(&first);
    assert_eq!(driver.acked(), 12);
    let again = driver.frame(samples(0, 12));
    assert_eq!((again.items.len(), again.repeated), (0, 12));
    assert_eq!(
        again.replies,
        [Body::Ack {
            boot: 1,
            next_seq: 12
        }],
        "its acknowledgement was lost"
    );
    let overlapping = driver.frame(samples(10, 4));
    assert_eq!(
        overlapping
            .items
            .iter()
            .map(|item| item.seq)
            .collect::<Vec<_>>(),
        [12, 13]
    );
}

#[test]
fn what_could_not_be_stored_is_taken_again() {
    let mut driver = Driver::default();
    let first = driver.frame(samples(0, 6));
    let second = driver.frame(samples(6, 6));
    for item in &first.items {
        driver.session.forget(1, item.seq, item.seq + 1);
    }
    driver.settle(&second);
    assert_eq!(driver.acked(), 0);
    let again = driver.frame(samples(0, 12));
    assert_eq!(again.items.len(), 6, "only what was forgotten");
    driver.settle(&again);
    assert_eq!(driver.acked(), 12);
}

#[test]
fn a_hole_is_asked_for_once_a_second_and_filled() {
    let mut driver = Driver::default();
    let first = driver.frame(samples(0, 3));
    driver.settle(&first);
    let ahead = driver.frame(samples(6, 3));
    assert_eq!(
        ahead.replies,
        [Body::Gap {
            boot: 1,
            from_seq: 3,
            to_seq: 6
        }]
    );
    driver.settle(&ahead);
    assert_eq!(driver.acked(), 3);
    driver.now_us -= 1_000_000;
    assert!(
        driver.frame(samples(9, 1)).replies.is_empty(),
        "not twice in a second"
    );
    let filled = driver.frame(samples(3, 3));
    driver.settle(&filled);
    assert_eq!(driver.acked(), 9);
}

#[test]
fn a_birth_says_what_will_never_come() {
    let mut driver = Driver::default();
    let first = driver.frame(samples(0, 3));
    driver.settle(&first);
    let outcome = driver.frame(birth(100));
    assert_eq!(outcome.lost, 97);
    assert_eq!(
        outcome.replies,
        [Body::Ack {
            boot: 1,
            next_seq: 100
        }]
    );
    assert_eq!(driver.frame(birth(50)).lost, 0);
}

#[test]
fn a_birth_does_not_acknowledge_what_is_on_its_way_to_the_disk() {
    let mut driver = Driver::default();
    let on_its_way = driver.frame(samples(5, 3));
    let outcome = driver.frame(birth(20));
    assert_eq!(outcome.lost, 17);
    assert_eq!(driver.acked(), 5);
    driver.settle(&on_its_way);
    assert_eq!(driver.acked(), 20);
}

#[test]
fn a_hole_that_nobody_fills_is_given_up_and_counted() {
    let mut driver = Driver::default();
    let mut lost = 0;
    for seq in 500..600 {
        let outcome = driver.frame(samples(seq, 1));
        driver.settle(&outcome);
        lost += outcome.lost;
    }
    assert_eq!((lost, driver.acked()), (500, 600));
}

/// A full disk makes holes of its own; the node has what is missing, so nothing may be given up for that.
#[test]
fn what_the_disk_refuses_is_never_given_up() {
    let mut driver = Driver::default();
    for round in 0..200 {
        let ahead = driver.frame(samples(12 + round, 1));
        driver.settle(&ahead);
        let refused = driver.frame(samples(0, 12));
        assert_eq!((ahead.lost + refused.lost, refused.items.len()), (0, 12));
        for item in &refused.items {
            driver.session.forget(1, item.seq, item.seq + 1);
        }
    }
    assert_eq!(driver.acked(), 0);
}

#[test]
fn refuses_replays_old_boots_and_nonsense() {
    let mut session = Session::default();
    let receive = |session: &mut Session, boot, counter, body| {
        session.receive(&header(boot, counter), body, NOW_US, TIMING)
    };
    assert!(receive(&mut session, 5, 1, samples(0, 1)).is_ok());
    assert_eq!(
        receive(&mut session, 5, 1, samples(1, 1)).unwrap_err(),
        Refused::Replayed
    );
    assert_eq!(
        receive(&mut session, 4, 2, samples(1, 1)).unwrap_err(),
        Refused::OldBoot
    );
    assert_eq!(
        receive(&mut session, 5, 2, samples(u64::MAX, 2)).unwrap_err(),
        Refused::Absurd
    );
    let ack = Body::Ack {
        boot: 5,
        next_seq: 9,
    };
    assert_eq!(
        receive(&mut session, 5, 3, ack).unwrap_err(),
        Refused::WrongWay
    );
    let finding = Body::Finding {
        seq: u64::MAX,
        mono_us: 0,
        code: 1,
        value: 0.0,
    };
    assert_eq!(
        receive(&mut session, 5, 4, finding).unwrap_err(),
        Refused::Absurd
    );
    assert!(
        receive(&mut session, 6, 0, samples(0, 1)).is_ok_and(|outcome| outcome.items.len() == 1),
        "a new boot"
    );
}

#[test]
fn stamps_are_uncertain_until_the_clocks_have_met() {
    let mut driver = Driver::default();
    let early = driver.frame(samples(0, 1));
    assert_eq!(early.items[0].quality, Quality::CLOCK_UNCERTAIN);
    let reply = driver.frame(Body::TimeRequest { t1_us: 2_000_000 });
    let at_us = NOW_US + driver.now_us;
    assert_eq!(
        reply.replies,
        [Body::TimeReply {
            t1_us: 2_000_000,
            t2_unix_us: at_us,
            t3_unix_us: at_us
        }]
    );
    // Seq 1 is sampled at node time 2 s: that very instant, whenever the frame arrives.
    driver.now_us += 60_000_000;
    let late = driver.frame(samples(1, 1));
    assert_eq!(
        (late.items[0].time_us, late.items[0].quality),
        (at_us, Quality::GOOD)
    );
}

#[test]
fn a_restart_continues_where_the_disk_ends() {
    let mut driver = Driver::default();
    driver.frame(Body::TimeRequest { t1_us: 0 });
    let outcome = driver.frame(samples(0, 12));
    driver.settle(&outcome);
    let mut restored = Session::restored(&driver.session.state(1));
    for seq in [12, 13, 15] {
        restored.recover(1, seq);
    }
    assert_eq!(
        restored.acknowledgement(),
        Body::Ack {
            boot: 1,
            next_seq: 14
        }
    );
    let outcome = restored
        .receive(&header(1, 900), samples(12, 4), NOW_US + 20_000_000, TIMING)
        .unwrap();
    assert_eq!(
        outcome
            .items
            .iter()
            .map(|item| item.seq)
            .collect::<Vec<_>>(),
        [14]
    );
    assert_eq!(
        outcome.items[0].quality,
        Quality::GOOD,
        "the clock is still known"
    );
    restored.recover(2, 0);
    assert_eq!(
        restored.acknowledgement(),
        Body::Ack {
            boot: 2,
            next_seq: 1
        }
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// A node that goes back to the acknowledged number whenever it likes, over a line that loses and repeats frames,
    /// with a disk that fails now and then: every number becomes durable exactly once, in the end all of them, and
    /// never is one acknowledged that is not.
    #[test]
    fn acknowledges_exactly_what_is_durable(steps in proptest::collection::vec((0u8..10, 1usize..13), 1..200)) {
        // So fast that no hole is given up: this node does not answer requests, it only goes back.
        let mut driver = Driver { step_us: 1_000, ..Driver::default() };
        let mut cursor = 0u64;
        let mut stored = std::collections::BTreeSet::new();
        let finish = (0..200).map(|_| (1u8, 12usize));
        for (kind, count) in steps.into_iter().chain(finish) {
            if kind == 0 || cursor > 300 { cursor = driver.acked(); }
            let body = samples(cursor, count);
            cursor += count as u64;
            if kind >= 8 { continue; } // lost on the line
            for _ in 0..1 + usize::from(kind == 7) {
                let outcome = driver.frame(body.clone());
                prop_assert_eq!(outcome.lost, 0);
                if kind == 6 {
                    for item in &outcome.items { driver.session.forget(1, item.seq, item.seq + 1); }
                } else {
                    for item in &outcome.items { prop_assert!(stored.insert(item.seq), "stored twice: {}", item.seq); }
                    driver.settle(&outcome);
                }
            }
            let acked = driver.acked();
            prop_assert_eq!(stored.range(..acked).count() as u64, acked);
        }
        cursor = driver.acked();
        prop_assert!(cursor > 280, "stuck at {cursor}");
    }
}
