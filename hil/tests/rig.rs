//! The image that ships, in the emulator: it speaks, counts its boots, and a power cut at any operation of its flash costs it nothing.
//!
//! Needs `qemu-system-arm` 10 and the images of `cargo xtask firmware`; says what it skips without them.

use std::path::Path;

use hil::rig::flash::Done;
use hil::rig::{Cause, Emulator, Image, Machine, Pace, Port, Provision, Stop, settings_for};
use hil::script::Model;
use wire::frame::{
    Body, CommandOutcome, Direction, Frame, Header, Key, MAX_FRAME, Receiver, ResetCause, SIREN_ON,
    Setting, SettingKey, UpdateStep, Version, encode, open,
};
use wire::quantity::Quantity;

const KEY: [u8; 32] = [7; 32];
const SECOND_US: u64 = 1_000_000;

fn machine() -> Option<Machine> {
    machine_with(Model::Digiquartz)
}

fn machine_with(model: Model) -> Option<Machine> {
    let emulator = match Emulator::find() {
        Ok(emulator) => emulator,
        Err(why) => {
            println!("skipped: {why}");
            return None;
        }
    };
    let folder = Path::new("../target/firmware");
    let image = |name: &str| match Image::read(&folder.join(name)) {
        Ok(image) => Some(image),
        Err(why) => {
            println!("skipped: {why} (cargo xtask firmware builds it)");
            None
        }
    };
    let (boot, application) = (image("h405-boot.elf")?, image("h405.elf")?);
    let provision = Provision {
        node: 1,
        key: KEY,
        settings: Some(settings_for(model)),
        boots_used: 0,
    };
    let flash = provision
        .flash(Some(&boot), &application)
        .expect("it all fits");
    let images = vec![boot, application];
    Some(Machine::new(emulator, Pace::Virtual, images, flash))
}

/// Runs for so long, and gives what was said on the link and to the sensor.
fn run(machine: &mut Machine, us: u64) -> (Vec<Frame>, Vec<u8>, Stop) {
    let until_us = machine.now_us() + us;
    let (mut link, mut sensor, mut stop) = (Vec::new(), Vec::new(), Stop::Idle);
    while machine.is_on() && machine.now_us() < until_us {
        stop = machine.run(Some(until_us)).expect("it runs");
        link.extend(machine.take_sent(Port::Link));
        sensor.extend(machine.take_sent(Port::Sensor));
        if stop != Stop::Idle {
            break;
        }
    }
    let mut receiver = Receiver::<MAX_FRAME>::new();
    let key = Key::new(KEY);
    let frames = link.iter().filter_map(|byte| match receiver.push(*byte) {
        Some(Ok(raw)) => Some(open(raw, &key).expect("a frame of its own")),
        _ => None,
    });
    (frames.collect(), sensor, stop)
}

fn birth(frames: &[Frame]) -> (u32, ResetCause) {
    let birth = frames.iter().find_map(|frame| match frame.body {
        Body::Birth { reset_cause, .. } => Some((frame.header.boot, reset_cause)),
        _ => None,
    });
    birth.expect("a birth")
}

#[test]
fn it_speaks_counts_its_boots_and_says_why_it_started() {
    let Some(mut machine) = machine() else {
        return;
    };
    let starts = [
        (Cause::PowerOn, ResetCause::PowerOn),
        (Cause::BrownOut, ResetCause::BrownOut),
        (Cause::Pin, ResetCause::Pin),
        (Cause::Watchdog, ResetCause::Watchdog),
    ];
    for (boot, (cause, told)) in (1..).zip(starts) {
        machine.power_on(cause).expect("it starts");
        let (frames, sensor, stop) = run(&mut machine, 20 * SECOND_US);
        assert_eq!(stop, Stop::Idle);
        assert_eq!(birth(&frames), (boot, told));
        let asked = String::from_utf8(sensor).expect("ASCII");
        assert!(asked.contains("*0100P3\r\n"), "{asked:?}");
        machine.power_off();
    }
}

#[test]
fn the_same_run_twice_is_the_same_to_the_nanosecond() {
    let run = || {
        let mut machine = machine()?;
        machine.power_on(Cause::PowerOn).expect("it starts");
        let (frames, sensor, _) = run(&mut machine, 60 * SECOND_US);
        Some((frames.len(), sensor, machine.now_us()))
    };
    assert_eq!(run(), run());
}

/// The boot counter is what keeps a listener from forging frames: no cut may set it back.
#[test]
fn a_cut_at_any_operation_of_the_flash_never_repeats_a_boot_number() {
    let Some(mut machine) = machine() else {
        return;
    };
    let mut last = 0;
    for (round, done) in (0..).zip([
        Done::Nothing,
        Done::Part(0),
        Done::Part(100),
        Done::Part(250),
        Done::All,
        Done::Nothing,
        Done::Part(60),
        Done::Part(180),
        Done::All,
    ]) {
        machine.cut_at(machine.operations + round % 3, done);
        machine.power_on(Cause::PowerOn).expect("it starts");
        let (_, _, stop) = run(&mut machine, 5 * SECOND_US);
        assert!(
            matches!(stop, Stop::PowerLost | Stop::Idle),
            "round {round}: {stop:?}"
        );
        machine.power_off();
        machine.power_on(Cause::PowerOn).expect("it starts");
        let (frames, _, _) = run(&mut machine, 5 * SECOND_US);
        let (boot, _) = birth(&frames);
        assert!(boot > last, "round {round}: boot {boot} after {last}");
        last = boot;
        machine.power_off();
    }
}

/// A node without identity must not speak.
#[test]
fn a_node_that_knows_not_who_it_is_is_mute() {
    let Some(mut machine) = machine() else {
        return;
    };
    let blank = vec![0xff; 32 * 1024];
    machine.flash_mut().place(0x8000, &blank).expect("it fits");
    machine.power_on(Cause::PowerOn).expect("it starts");
    let (frames, _, _) = run(&mut machine, 30 * SECOND_US);
    assert!(frames.is_empty(), "{frames:?}");
}

/// An edge's side of the link: frames with their counters.
struct Edge {
    counter: u32,
}

impl Edge {
    fn say(&mut self, machine: &mut Machine, key: [u8; 32], body: &Body) {
        let header = Header {
            node: 1,
            boot: 1,
            counter: self.counter,
            direction: Direction::Down,
        };
        self.counter += 1;
        let mut frame = [0; MAX_FRAME];
        let length = encode(Version::V2, &header, body, &Key::new(key), &mut frame).expect("fits");
        assert!(machine.deliver(Port::Link, &frame[..length]));
    }
}

fn sound(id: u32, expires_unix_us: i64) -> Body {
    Body::Command {
        id,
        code: SIREN_ON,
        argument: 5_000,
        expires_unix_us,
    }
}

fn answers(frames: &[Frame]) -> Vec<(u32, CommandOutcome, u32)> {
    let answers = frames.iter().filter_map(|frame| match frame.body {
        Body::CommandDone {
            id,
            outcome,
            delay_us,
            ..
        } => Some((id, outcome, delay_us)),
        _ => None,
    });
    answers.collect()
}

/// Key, expiry and identity are checked, and what is right is done within a tenth of a second of its last byte.
#[test]
fn a_siren_command_is_carried_out_at_once_and_only_when_it_is_right() {
    let Some(mut machine) = machine() else {
        return;
    };
    machine.power_on(Cause::PowerOn).expect("it starts");
    let mut edge = Edge { counter: 0 };
    let (frames, ..) = run(&mut machine, 3 * SECOND_US);
    let asked_us = frames.iter().find_map(|frame| match frame.body {
        Body::TimeRequest { t1_us } => Some(t1_us),
        _ => None,
    });
    // The latest question counts: ask for it by waiting until the next one.
    assert!(asked_us.is_some(), "{frames:?}");
    let (frames, ..) = run(&mut machine, 40 * SECOND_US);
    let asked_us = frames.iter().rev().find_map(|frame| match frame.body {
        Body::TimeRequest { t1_us } => Some(t1_us),
        _ => None,
    });
    const NOW_US: i64 = 1_700_000_000_000_000;
    let reply = Body::TimeReply {
        t1_us: asked_us.expect("it asks again"),
        t2_unix_us: NOW_US,
        t3_unix_us: NOW_US,
    };
    edge.say(&mut machine, KEY, &reply);
    let minute_us = 60_000_000;
    edge.say(&mut machine, [9; 32], &sound(1, NOW_US + minute_us));
    edge.say(&mut machine, KEY, &sound(2, NOW_US - 10 * minute_us));
    edge.say(&mut machine, KEY, &sound(3, NOW_US + 10 * minute_us));
    let (frames, ..) = run(&mut machine, 2 * SECOND_US);
    let mut done = answers(&frames);
    done.sort_unstable_by_key(|(id, ..)| *id);
    assert!(
        matches!(
            done[..],
            [(2, CommandOutcome::Expired, _), (3, CommandOutcome::Done, delay_us)] if delay_us < 100_000
        ),
        "{done:?}"
    );
    // The same again is answered, and not done again.
    edge.say(&mut machine, KEY, &sound(3, NOW_US + 10 * minute_us));
    let (frames, ..) = run(&mut machine, 2 * SECOND_US);
    assert_eq!(answers(&frames), done[1..]);
}

/// What a read-back tells is there after the power was gone, and a bad write changes nothing.
#[test]
fn settings_are_told_once_they_would_survive_a_power_cut() {
    let Some(mut machine) = machine() else {
        return;
    };
    machine.power_on(Cause::PowerOn).expect("it starts");
    let mut edge = Edge { counter: 0 };
    run(&mut machine, 3 * SECOND_US);
    let write = |revision: u32, key: SettingKey, value: f64| Body::SetSettings {
        revision,
        values: [Setting::new(key, value)].into_iter().collect(),
    };
    let told = |frames: &[Frame], key: SettingKey| {
        frames.iter().rev().find_map(|frame| match &frame.body {
            Body::Settings { revision, values } => {
                let value = values.iter().find(|v| v.key == key.code())?;
                Some((*revision, value.value))
            }
            _ => None,
        })
    };
    edge.say(&mut machine, KEY, &write(7, SettingKey::HealthS, 20.0));
    let (frames, ..) = run(&mut machine, 3 * SECOND_US);
    assert_eq!(told(&frames, SettingKey::HealthS), Some((7, 20.0)));
    edge.say(&mut machine, KEY, &write(8, SettingKey::HealthS, -1.0));
    let (frames, ..) = run(&mut machine, 3 * SECOND_US);
    assert_eq!(told(&frames, SettingKey::HealthS), Some((7, 20.0)));
    machine.power_off();
    machine.power_on(Cause::PowerOn).expect("it starts");
    let (frames, ..) = run(&mut machine, 30 * SECOND_US);
    let revision = frames.iter().find_map(|frame| match frame.body {
        Body::Birth {
            settings_revision, ..
        } => Some(settings_revision),
        _ => None,
    });
    assert_eq!(revision, Some(7));
    // And the stack has never been near its end.
    let stack_free = frames.iter().rev().find_map(|frame| match frame.body {
        Body::Health { stack_free, .. } => Some(stack_free),
        _ => None,
    });
    println!("stack never used: {stack_free:?} of 65536 bytes");
    assert!(
        stack_free.is_some_and(|free| free > 16 * 1024),
        "{stack_free:?}"
    );
}

/// An image that nobody signed whom this firmware trusts is not even begun with.
#[test]
fn an_unsigned_image_is_refused() {
    let Some(mut machine) = machine() else {
        return;
    };
    machine.power_on(Cause::PowerOn).expect("it starts");
    let mut edge = Edge { counter: 0 };
    run(&mut machine, 3 * SECOND_US);
    let offer = Body::UpdateOffer {
        version: [9, 9, 9],
        security: 0,
        length: 1_000,
        digest: [1; 32],
        signature: [2; 64],
    };
    let before = machine.operations;
    edge.say(&mut machine, KEY, &offer);
    let (frames, ..) = run(&mut machine, 5 * SECOND_US);
    let state = frames.iter().rev().find_map(|frame| match frame.body {
        Body::UpdateState { state, .. } => Some(state),
        _ => None,
    });
    assert_eq!(state, Some(UpdateStep::RefusedSignature));
    assert_eq!(machine.operations, before, "the flash was not touched");
}

/// A contact that closes and opens, on the two lines that it is wired to: the image counts vehicles, and how long each stood there.
#[test]
fn pulses_of_a_contact_become_flow_and_occupancy() {
    let Some(mut machine) = machine_with(Model::InductiveLoop) else {
        return;
    };
    machine.power_on(Cause::PowerOn).expect("it starts");
    let mut edge = Edge { counter: 0 };
    let (mut frames, ..) = run(&mut machine, 2 * SECOND_US);
    // One vehicle every two seconds, over the loop for half a second. PA1 and PA8.
    let begun_us = machine.now_us();
    for _ in 0..15 {
        for (closed, us) in [(true, 500_000), (false, 1_500_000)] {
            for line in [1, 8] {
                machine.set_line(line, closed).expect("the line is set");
            }
            frames.extend(run(&mut machine, us).0);
        }
    }
    let ended_us = machine.now_us();
    // Two quantities in turn make a frame each, and each waits for the word that the one before has come.
    let mut samples = std::collections::BTreeMap::new();
    for _ in 0..120 {
        for frame in &frames {
            if let Body::Samples {
                first_seq,
                quantity,
                start_us,
                samples: own,
            } = &frame.body
            {
                let mut at_us = *start_us;
                for (seq, sample) in (*first_seq..).zip(own) {
                    at_us += u64::from(sample.dt_us);
                    samples.insert(seq, (*quantity, at_us, sample.value));
                }
            }
        }
        let next_seq = samples.keys().next_back().map_or(0, |seq| seq + 1);
        edge.say(&mut machine, KEY, &Body::Ack { boot: 1, next_seq });
        frames = run(&mut machine, 50_000).0;
    }
    let mean = |wanted: Quantity| {
        let within = begun_us + 4 * SECOND_US..ended_us;
        let own: Vec<f64> = samples
            .values()
            .filter(|(quantity, at_us, _)| *quantity == wanted && within.contains(at_us))
            .map(|(_, _, value)| *value)
            .collect();
        assert!(own.len() > 20, "{} of {}", own.len(), wanted.name());
        own.iter().sum::<f64>() / own.len() as f64
    };
    let (flow, occupancy) = (mean(Quantity::Flow), mean(Quantity::Occupancy));
    assert!((flow - 1_800.0).abs() < 150.0, "{flow} 1/h");
    assert!((occupancy - 25.0).abs() < 3.0, "{occupancy} %");
}
