//! The image that ships, in the emulator: it speaks, counts its boots, and a power cut at any operation of its flash costs it nothing.
//!
//! Needs `qemu-system-arm` 10 and the images of `cargo xtask firmware`; says what it skips without them.

use std::path::Path;

use hil::rig::flash::Done;
use hil::rig::{Cause, Emulator, Image, Machine, Pace, Port, Provision, Stop, settings_for};
use hil::script::Model;
use wire::frame::{Body, Frame, Key, MAX_FRAME, Receiver, ResetCause, open};

const KEY: [u8; 32] = [7; 32];
const SECOND_US: u64 = 1_000_000;

fn machine() -> Option<Machine> {
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
        settings: Some(settings_for(Model::Digiquartz)),
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
