//! The scripts of `hil/scripts` run, and what is wrong with one is said with its line.

use embedded_hal::i2c::I2c as _;
use embedded_hal::spi::SpiDevice as _;
use hil::fault::{Channel, Kind};
use hil::script::{BuiltSensor, Model, Outcome, Script, Wired};
use hil::sensor::modbus::CRC;
use hil::sensor::{SerialSensor, ms5837};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

const FOLDER: &str = "scripts";

fn scripts() -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(FOLDER)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    paths.sort();
    assert!(paths.len() >= 8, "{paths:?}");
    paths
}

fn built(name: &str) -> (Script, Vec<BuiltSensor>) {
    let script = Script::load(&Path::new(FOLDER).join(name)).expect(name);
    let sensors = script.build(Path::new(FOLDER)).expect(name);
    (script, sensors)
}

fn serial<'s>(sensors: &'s mut [BuiltSensor], name: &str) -> &'s mut dyn SerialSensor {
    let sensor = sensors.iter_mut().find(|sensor| sensor.name == name);
    match &mut sensor.expect("the sensor").wired {
        Wired::Serial { sensor, .. } => sensor,
        _ => panic!("{name} is not on a serial line"),
    }
}

/// Asks at `us` and gives what has come within a minute.
fn ask(sensor: &mut dyn SerialSensor, question: &[u8], us: u64) -> Vec<u8> {
    sensor.receive(question, us);
    let mut heard = Vec::new();
    while let Some(next_us) = sensor
        .next_us()
        .filter(|next_us| *next_us <= us + 60_000_000)
    {
        sensor.transmit(next_us, &mut heard);
    }
    heard
}

const HOUR_US: u64 = 3_600_000_000;
const MINUTE_US: u64 = 60_000_000;

#[test]
fn every_script_is_read_built_and_answers_its_node() {
    for path in scripts() {
        let script = Script::load(&path).unwrap_or_else(|why| panic!("{why}"));
        let sensors = script
            .build(Path::new(FOLDER))
            .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert!(!sensors.is_empty() && !script.expectations.is_empty());
        for mut built in sensors {
            let (name, model) = (built.name.clone(), built.model);
            let heard = match &mut built.wired {
                Wired::Serial { sensor, .. } => {
                    let question: &[u8] = match model {
                        Model::Digiquartz => b"*0100P3\r\n",
                        Model::Ops243 => b"OJ",
                        Model::Sdm630 => &modbus(&[2, 4, 0, 0, 0, 6]),
                        _ => &modbus(&[1, 4, 0, 0, 0, 2]),
                    };
                    ask(sensor, question, 0)
                }
                Wired::I2c(bus) => {
                    bus.write(ms5837::ADDRESS, &[0x1E]).expect("acknowledged");
                    bus.bus_mut().time().set_us(10_000);
                    let mut word = [0; 2];
                    bus.write_read(ms5837::ADDRESS, &[0xA2], &mut word)
                        .expect("acknowledged");
                    word.to_vec()
                }
                Wired::Spi(bus) => {
                    let mut ids = [1, 0, 0, 0];
                    bus.transfer_in_place(&mut ids).expect("no failure");
                    assert_eq!(ids, [0, 0xAD, 0x1D, 0xED]);
                    ids.to_vec()
                }
                Wired::Contact(contact) => vec![0; contact.edges().len()],
            };
            assert!(heard.len() > 1, "{}: {name} says nothing", path.display());
        }
    }
}

fn modbus(request: &[u8]) -> Vec<u8> {
    let mut frame = request.to_vec();
    frame.extend(CRC.checksum(request).to_le_bytes());
    frame
}

fn number(answer: &[u8]) -> f64 {
    let text = std::str::from_utf8(answer).expect("ASCII");
    let text = text
        .strip_prefix("*0001")
        .unwrap_or_else(|| panic!("{text:?}"));
    text.trim().parse().unwrap_or_else(|_| panic!("{text:?}"))
}

/// What a sensor says in ten minutes when it is asked every 15 s and looked after every `step_us`, or whenever it has something to
/// do.
fn ten_minutes(built: &mut BuiltSensor, step_us: Option<u64>) -> Vec<u8> {
    let model = built.model;
    let Wired::Serial { sensor, .. } = &mut built.wired else {
        return Vec::new();
    };
    let question: &[u8] = match model {
        Model::Digiquartz => b"*0100P3\r\n",
        Model::Ops243 => b"OJOTOM",
        Model::Sdm630 => &modbus(&[2, 4, 0, 0, 0, 6]),
        _ => &modbus(&[1, 4, 0, 0, 0, 2]),
    };
    let (mut heard, mut us) = (Vec::new(), 0);
    for quarter in 1..=40 {
        sensor.receive(question, us);
        let until_us = quarter * 15_000_000;
        while us < until_us {
            let next_us = step_us.map_or(sensor.next_us(), |step_us| Some(us + step_us));
            us = next_us.unwrap_or(until_us).min(until_us);
            sensor.transmit(us, &mut heard);
        }
    }
    heard
}

#[test]
fn a_script_says_the_same_each_time_and_however_often_it_is_looked_after() {
    let faults = r#"faults = [
        "sensor.up:garbage(rate=0.1)@1m+2m",
        "sensor:intermittent(on=9s,off=3s)@4m+2m",
        "sensor.down:delayed(by=2s)@7m+1m",
        "sensor.up:slow(bps=300)@8m","#;
    for path in scripts() {
        let text = std::fs::read_to_string(&path).expect("a script");
        // The same faults on each, on top of its own.
        let text = if text.contains("faults = [") {
            text.replacen("faults = [", faults, 1)
        } else {
            text.replacen("length =", &format!("{faults}\n]\nlength ="), 1)
        };
        let play = |seed: u64, step_us| -> Vec<Vec<u8>> {
            let mut script =
                Script::parse("hurt.toml", &text).unwrap_or_else(|why| panic!("{why}"));
            script.seed = seed;
            let mut sensors = script.build(Path::new(FOLDER)).expect("built");
            sensors
                .iter_mut()
                .map(|sensor| ten_minutes(sensor, step_us))
                .collect()
        };
        let first = play(1, None);
        assert_eq!(first, play(1, None), "{}", path.display());
        for step_us in [20_011, 250_000] {
            assert!(
                first == play(1, Some(step_us)),
                "{} in steps of {step_us} us",
                path.display()
            );
        }
        let is_serial = first.iter().any(|heard| !heard.is_empty());
        assert!(!is_serial || first != play(2, None), "{}", path.display());
    }
}

#[test]
fn the_maule_script_plays_the_wave_at_its_time() {
    let (script, mut sensors) = built("maule.toml");
    assert_eq!(script.expectations[0].outcome, Outcome::AlertIssued);
    assert_eq!(script.expectations[0].within_us, 5 * HOUR_US);
    let deep = serial(&mut sensors, "deep");
    let metres = |kpa: f64| (kpa * 1_000.0 - 101_325.0) * 0.670 / 6_894.757 - 4_325.0;
    let mut highest = (f64::MIN, 0);
    // Behind the earthquake's own wave.
    for minute in 60..300 {
        let level = metres(number(&ask(deep, b"*0100P3\r\n", minute * MINUTE_US)));
        if level > highest.0 {
            highest = (level, minute);
        }
    }
    // 0.235 m at 3 h 16 min after the origin, ten minutes more after the rig's start.
    assert!((highest.0 - 0.235).abs() < 0.01, "{highest:?}");
    assert!((205..=207).contains(&highest.1), "{highest:?}");
}

#[test]
fn a_stuck_sensor_says_the_same_and_one_in_another_unit_says_another_number() {
    let (_, mut sensors) = built("deep-stuck.toml");
    let deep = serial(&mut sensors, "deep");
    let mut at = |minute: u64| number(&ask(deep, b"*0100P3\r\n", minute * MINUTE_US));
    assert_ne!(at(10).to_bits(), at(20).to_bits());
    let stuck = at(31).to_bits();
    assert!(
        (32..120)
            .step_by(7)
            .all(|minute| at(minute).to_bits() == stuck)
    );

    let (_, mut sensors) = built("wrong-unit.toml");
    let deep = serial(&mut sensors, "deep");
    let mut at = |minute: u64| number(&ask(deep, b"*0100P3\r\n", minute * MINUTE_US));
    assert_eq!((at(10), at(30)), (44_600.0, 6_468.683));
}

#[test]
fn the_sag_comes_out_of_the_file() {
    let (_, mut sensors) = built("sag.toml");
    let house = serial(&mut sensors, "house");
    let mut volts = |us: u64| {
        let answer = ask(house, &modbus(&[1, 4, 0, 0, 0, 2]), us);
        f32::from_be_bytes(answer[3..7].try_into().expect("four bytes"))
    };
    assert_eq!(
        [1, 123, 129].map(|second| volts(second * 1_000_000)),
        [230.6, 149.9, 229.8]
    );
}

#[test]
fn a_loose_wire_is_not_acknowledged_while_it_is_loose() {
    let (_, mut sensors) = built("basin.toml");
    let Wired::I2c(bus) = &mut sensors[0].wired else {
        panic!("the first is on I2C");
    };
    let mut lost_at = |minute: u64| {
        (0..60)
            .filter(|second| {
                let time = bus.bus_mut().time();
                time.set_us((minute * 60 + second) * 1_000_000);
                bus.write(ms5837::ADDRESS, &[0x1E]).is_err()
            })
            .count()
    };
    assert_eq!(lost_at(5), 0);
    let lost = lost_at(12);
    assert!((2..30).contains(&lost), "{lost}");
    assert_eq!(lost_at(16), 0);
}

/// A script that is good, to break it.
const GOOD: &str = r#"
name = "good"
length = "1h"
faults = ["sensor:off@1m+1m"]

[[sensor]]
name = "deep"
[sensor.digiquartz.pressure]
constant = 1e6

[[fault]]
on = "node/link.up"
kind = "wrong"
at = "10m"
lasts = "5m"
with = { how = "forge", rate = 0.25 }

[[expect]]
outcome = "silent_ok"
"#;

#[test]
fn the_long_form_of_a_fault_says_the_same_as_its_text() {
    let script = Script::parse("good.toml", GOOD).expect("it is good");
    let [off, forged] = script.faults.as_slice() else {
        panic!("two faults: {:?}", script.faults);
    };
    assert_eq!((off.channel, off.kind), (Channel::Sensor, Kind::Off));
    let text = "node/link.up:wrong(how=forge,rate=0.25)@10m+5m";
    assert_eq!(Some(forged), text.parse().ok().as_ref());
    assert_eq!(forged.to_string(), text);
}

#[test]
fn what_is_wrong_with_a_script_is_said_with_its_line() {
    for (from, to, line, part) in [
        (
            "constant = 1e6",
            "constnt = 1e6",
            9,
            "did you mean \"constant\"?",
        ),
        ("constant = 1e6", "constant = nan", 9, "a number from"),
        (
            "constant = 1e6",
            "constant = 1.0\nsteps = []",
            8,
            "just one of constant, sine",
        ),
        (
            "constant = 1e6",
            "constant = 1.0\nstart = \"1h\"",
            10,
            "only with record or csv",
        ),
        ("digiquartz", "digiqartz", 8, "digiquartz"),
        ("length = \"1h\"", "length = \"0s\"", 3, "above 0"),
        (
            "sensor:off@1m+1m",
            "sensor:gone@1m+1m",
            4,
            "there are off, stuck",
        ),
        (
            "sensor:off@1m+1m",
            "x/sensor:off",
            4,
            "no sensor \"x\"; there are deep",
        ),
        (
            "sensor:off@1m+1m",
            "sensor:wrong(unit=kg)",
            4,
            "there are psi, hPa",
        ),
        (
            "sensor:off@1m+1m",
            "sensor:wrong(of=speed)",
            4,
            "there are pressure",
        ),
        ("node/link.up", "deep/link.up", 11, "no node \"deep\""),
        ("rate = 0.25", "rate = \"often\"", 11, "from 0 to 1"),
        ("lasts = \"5m\"", "lasts = \"0s\"", 11, "a length of 0"),
        ("silent_ok", "all_well", 19, "silent_ok"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let why = Script::parse("bad.toml", &text).expect_err(to).to_string();
        assert!(why.contains(part), "{to}: {why}");
        assert!(why.starts_with(&format!("bad.toml:{line}:")), "{to}: {why}");
    }
    let twice = GOOD.replace(
        "[[fault]]",
        "[[sensor]]\nname = \"deep\"\nops243 = { traffic = { phases = [] } }\n[[fault]]",
    );
    let why = Script::parse("bad.toml", &twice)
        .expect_err("twice")
        .to_string();
    assert!(why.contains("names are used once"), "{why}");
}

#[test]
fn a_record_that_is_not_there_is_said_with_the_stations_that_are() {
    let with = |source: &str| {
        let text = GOOD.replace("constant = 1e6", source);
        let script = Script::parse("s.toml", &text).expect("it is read");
        match script.build(Path::new(FOLDER)) {
            Ok(_) => panic!("there is no such thing: {source}"),
            Err(why) => why.to_string(),
        }
    };
    let event = "record = { event = \"../../configs/events/chile-2010\", station = \"99\" }";
    assert!(with(event).contains("it has 32412"), "{}", with(event));
    let nowhere = "record = { event = \"nowhere\", station = \"99\" }";
    assert!(with(nowhere).contains("nowhere"), "{}", with(nowhere));
    let csv = "csv = { file = \"feeder.csv\", time = \"time\", value = \"amperes\" }";
    assert!(with(csv).contains("amperes"), "{}", with(csv));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_script_with_bytes_changed_is_refused_with_its_line_or_bounded(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let paths = scripts();
        let mut bytes = std::fs::read(which.get(&paths)).expect("a script");
        for (at, byte, insert) in changes {
            let at = at.index(bytes.len());
            if insert {
                bytes.insert(at, byte & 0x7F);
            } else {
                bytes[at] = byte & 0x7F;
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        match Script::parse("changed.toml", &text) {
            Ok(script) => {
                for fault in &script.faults {
                    prop_assert_eq!(fault.to_string().parse(), Ok(fault.clone()));
                }
            }
            Err(why) => prop_assert!(why.to_string().starts_with("changed.toml:"), "{}", why),
        }
    }
}
