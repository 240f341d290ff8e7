//! Commands: once, in time, and answered.

mod rig;

use node::{Command, Role, Settings};
use proptest::prelude::*;
use rig::{Edge, Faults, Random, Rig, config};
use wire::frame::{Body, CommandOutcome, SIREN_OFF, SIREN_ON};

const NEVER_US: i64 = i64::MAX;

fn siren(id: u32, argument: u32, expires_unix_us: i64) -> Body {
    Body::Command {
        id,
        code: SIREN_ON,
        argument,
        expires_unix_us,
    }
}

fn answers(rig: &mut Rig<64>) -> Vec<(u32, CommandOutcome, u32)> {
    rig.run_until(rig.now_us + 5_000);
    rig.edge
        .told
        .drain(..)
        .filter_map(|body| match body {
            Body::CommandDone {
                id,
                outcome,
                delay_us,
                ..
            } => Some((id, outcome, delay_us)),
            _ => None,
        })
        .collect()
}

fn take(rig: &mut Rig<64>) -> Option<Command> {
    rig.node.take_command(rig.mono_us())
}

fn rig_at(until_us: u64) -> Rig<64> {
    let mut rig = Rig::new(config(1, 0), Edge::new(1), Faults::NONE, 1);
    rig.run_until(until_us);
    rig
}

#[test]
fn an_answer_tells_the_delay_and_comes_again_for_a_repetition() {
    let mut rig = rig_at(1_000_000);
    rig.send(&siren(9, 60_000, NEVER_US));
    rig.run_until(rig.now_us + 3_000);
    let command = take(&mut rig).expect("a command");
    assert_eq!(command.received_us, 1_001_000, "a millisecond on the line");
    assert_eq!(answers(&mut rig), [], "the board is at it");
    rig.send(&siren(9, 60_000, NEVER_US));
    assert_eq!(answers(&mut rig), [], "still");
    let done_us = command.received_us + 850;
    rig.node.command_done(9, CommandOutcome::Done, done_us);
    assert_eq!(answers(&mut rig), [(9, CommandOutcome::Done, 850)]);
    rig.send(&siren(9, 60_000, NEVER_US));
    assert_eq!(answers(&mut rig), [(9, CommandOutcome::Done, 850)]);
    assert_eq!(take(&mut rig), None, "done once");
    rig.node.command_done(77, CommandOutcome::Done, done_us);
    assert_eq!(answers(&mut rig), [], "nobody asked for that");
}

#[test]
fn expired_on_arrival_or_while_waiting() {
    let mut rig = rig_at(1_000_000);
    let now_us = rig.node.unix_us(rig.mono_us()).expect("synchronised");
    rig.send(&siren(1, 0, now_us - 1_000_000));
    assert_eq!(answers(&mut rig), [(1, CommandOutcome::Expired, 0)]);
    rig.send(&siren(2, 0, now_us + 1_000_000));
    rig.run_until(rig.now_us + 2_000_000);
    assert_eq!(take(&mut rig), None, "the board came too late");
    let [(2, CommandOutcome::Expired, delay_us)] = answers(&mut rig)[..] else {
        panic!("expired");
    };
    assert!(delay_us >= 1_900_000);
    assert_eq!(rig.node.stats().refused.expired, 2);
}

#[test]
fn without_the_time_it_is_done_and_said_so() {
    let mut config = config(1, 0);
    config.time_request_us = 0;
    let mut rig = Rig::<64>::new(config, Edge::new(1), Faults::NONE, 1);
    rig.run_until(1_000_000);
    rig.send(&siren(3, 60_000, 1));
    rig.run_until(rig.now_us + 3_000);
    assert_eq!(take(&mut rig).map(|command| command.id), Some(3));
    let mono_us = rig.mono_us();
    rig.node.command_done(3, CommandOutcome::Done, mono_us);
    let told = answers(&mut rig);
    assert_eq!(told, [(3, CommandOutcome::DoneUnchecked, 2_000)]);
}

#[test]
fn the_settings_bound_a_siren() {
    let with = |siren_max_s| {
        let mut config = config(1, 0);
        config.use_settings(
            1,
            Settings {
                siren_max_s,
                ..Settings::defaults(Role::Tsunami)
            },
        );
        let mut rig = Rig::<64>::new(config, Edge::new(1), Faults::NONE, 1);
        rig.run_until(1_000_000);
        rig.send(&siren(4, 3_600_000, NEVER_US));
        rig.run_until(rig.now_us + 3_000);
        rig
    };
    let argument = take(&mut with(300)).map(|command| command.argument);
    assert_eq!(argument, Some(300_000));
    let mut rig = with(0);
    assert_eq!(take(&mut rig), None, "there is no siren");
    let told = answers(&mut rig);
    assert_eq!(told, [(4, CommandOutcome::Unsupported, 2_000)]);
    rig.send(&Body::Command {
        id: 5,
        code: SIREN_OFF,
        argument: 0,
        expires_unix_us: NEVER_US,
    });
    rig.run_until(rig.now_us + 3_000);
    assert!(take(&mut rig).is_some(), "off is never refused");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// An edge that repeats a command until it hears the answer: carried out once, and answered.
    #[test]
    fn over_any_line_a_command_is_done_once_and_answered(seed in any::<u64>(), lose in 0u64..60) {
        let faults = Faults { lose, duplicate: 30, flip: 20, noise: 20, delay_us: 300_000 };
        let mut rig = Rig::<64>::new(config(1, u64::MAX - 9_000_000), Edge::new(1), faults, seed);
        let mut random = Random(seed ^ 2);
        for id in 1..20u32 {
            let mut done = 0;
            let mut answered = false;
            for attempt in 0..400 {
                if attempt % 5 == 0 {
                    rig.send(&siren(id, 1_000, NEVER_US));
                }
                rig.run_until(rig.now_us + 50_000 + random.below(50_000));
                while let Some(command) = take(&mut rig) {
                    // Repetitions that were still on the line when the edge had moved on.
                    prop_assert_eq!(command.id, id);
                    done += 1;
                    let mono_us = rig.mono_us().wrapping_add(random.below(80_000));
                    rig.node.command_done(command.id, CommandOutcome::Done, mono_us);
                }
                answered |= rig.edge.told.drain(..).any(|body| matches!(
                    body,
                    Body::CommandDone { id: of, delay_us, .. } if of == id && delay_us < 200_000
                ));
                if answered {
                    break;
                }
            }
            prop_assert_eq!((done, answered), (1, true), "command {}", id);
        }
    }
}
