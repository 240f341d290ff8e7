//! The bytes themselves. `golden/*.hex` are checked in and explained field by field; `docs/protocol.md`
//! refers to them. They change only together with a version byte.
//!
//! A file holds pairs of hexadecimal digits; everything from `#` to the end of a line is a comment.

use std::path::Path;
use wire::ack::Ack;
use wire::batch::{self, Batch, Reading, Station};
use wire::frame::{
    self, Board, Body, CommandOutcome, Direction, Header, Image, Key, MAX_FRAME, MAX_UPDATE_BYTES,
    NodeKind, Receiver, ResetCause, Sample, Setting, SettingKey, UpdateStep, Version,
};
use wire::quantity::Quantity;

/// Compares with the checked-in bytes; on a difference prints what was written.
fn check(name: &str, actual: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
        .with_extension("hex");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let digits: String = text
        .lines()
        .flat_map(|line| line.split('#').next())
        .flat_map(str::split_whitespace)
        .collect();
    let hex: String = actual.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, digits, "{name} is written differently now: {hex}");
}

fn check_frame(name: &str, header: Header, body: Body) {
    check_frame_as(Version::V1, name, header, body);
}

fn check_frame_as(version: Version, name: &str, header: Header, body: Body) {
    let key = Key::new(core::array::from_fn(|index| index as u8));
    let mut out = [0; MAX_FRAME];
    let length = frame::encode(version, &header, &body, &key, &mut out).expect("fits");
    check(name, &out[..length]);
    let mut receiver = Receiver::<MAX_FRAME>::new();
    let mut opened = None;
    for byte in &out[..length] {
        if let Some(raw) = receiver.push(*byte) {
            opened = Some(frame::open(raw.expect("stuffed"), &key));
        }
    }
    // Formatted, because NaN is not equal to itself.
    let expected = format!(
        "{:?}",
        Some(Ok::<_, frame::FrameError>(frame::Frame {
            version,
            header,
            body,
        }))
    );
    assert_eq!(format!("{opened:?}"), expected, "{name}");
}

fn up(counter: u32) -> Header {
    Header {
        node: 32_412,
        boot: 3,
        counter,
        direction: Direction::Up,
    }
}

fn down(counter: u32) -> Header {
    Header {
        boot: 1_267_254_000,
        direction: Direction::Down,
        ..up(counter)
    }
}

fn samples() -> Body {
    let sample = |dt_us, value, quality| Sample {
        dt_us,
        value,
        quality,
    };
    let samples = [
        sample(0, 4_322.5, 0),
        sample(15_000_000, 4_322.437_5, 1),
        sample(15_000_000, f64::NAN, 48),
    ];
    Body::Samples {
        first_seq: 300,
        quantity: Quantity::SeaLevel,
        start_us: 4_500_000_000,
        samples: samples.into_iter().collect(),
    }
}

#[test]
fn frames_up() {
    check_frame(
        "frame-birth",
        up(0),
        Body::Birth {
            firmware: [0, 1, 0],
            kind: NodeKind::BottomPressure,
            reset_cause: ResetCause::PowerOn,
            mono_us: 1_500,
            first_seq: 0,
            board: Board::Unknown,
            image: Image::Unknown,
            settings_revision: 0,
        },
    );
    check_frame("frame-samples", up(1), samples());
    check_frame(
        "frame-finding",
        up(2),
        Body::Finding {
            seq: 303,
            mono_us: 4_530_000_000,
            code: 1,
            value: -0.0625,
        },
    );
    check_frame(
        "frame-health",
        up(3),
        Body::Health {
            mono_us: 4_530_000_000,
            ring_used: 3,
            ring_capacity: 512,
            dropped: 0,
            sensor_errors: 1,
            battery_mv: 3_600,
            clock_drift_ppb: i32::MIN,
            clock_uncertainty_us: u32::MAX,
            refused: 0,
            stack_free: u16::MAX,
            storage_errors: 0,
            stalled: 0,
        },
    );
    check_frame(
        "frame-time-request",
        up(4),
        Body::TimeRequest {
            t1_us: 4_530_000_100,
        },
    );
}

#[test]
fn frames_down() {
    check_frame(
        "frame-time-reply",
        down(0),
        Body::TimeReply {
            t1_us: 4_530_000_100,
            t2_unix_us: 1_267_254_842_000_000,
            t3_unix_us: 1_267_254_842_000_250,
        },
    );
    check_frame(
        "frame-ack",
        down(1),
        Body::Ack {
            boot: 3,
            next_seq: 303,
        },
    );
    check_frame(
        "frame-gap",
        down(2),
        Body::Gap {
            boot: 3,
            from_seq: 290,
            to_seq: 300,
        },
    );
    check_frame(
        "frame-command",
        down(3),
        Body::Command {
            id: 9,
            code: 1,
            argument: 60,
            expires_unix_us: 1_267_254_902_000_000,
        },
    );
}

fn settings(values: &[(SettingKey, f64)]) -> heapless::Vec<Setting, { frame::MAX_SETTINGS }> {
    values
        .iter()
        .map(|(key, value)| Setting::new(*key, *value))
        .collect()
}

/// Version 2 of every kind; the numbers go on from the story that version 1 tells.
#[test]
fn version_2_up() {
    let check = |name: &str, header, body| check_frame_as(Version::V2, name, header, body);
    check(
        "frame2-birth",
        up(0),
        Body::Birth {
            firmware: [1, 2, 0],
            kind: NodeKind::BottomPressure,
            reset_cause: ResetCause::Software,
            mono_us: 1_500,
            first_seq: 0,
            board: Board::Stm32f405,
            image: Image::Trial,
            settings_revision: 4,
        },
    );
    check("frame2-samples", up(1), samples());
    check(
        "frame2-finding",
        up(2),
        Body::Finding {
            seq: 303,
            mono_us: 4_530_000_000,
            code: 17,
            value: -0.0625,
        },
    );
    check(
        "frame2-health",
        up(3),
        Body::Health {
            mono_us: 4_530_000_000,
            ring_used: 3,
            ring_capacity: 512,
            dropped: 0,
            sensor_errors: 1,
            battery_mv: 3_600,
            clock_drift_ppb: -1_850,
            clock_uncertainty_us: 420,
            refused: 2,
            stack_free: 5_120,
            storage_errors: 0,
            stalled: 0b100,
        },
    );
    check(
        "frame2-time-request",
        up(4),
        Body::TimeRequest {
            t1_us: 4_530_000_100,
        },
    );
    let values = settings(&[
        (SettingKey::SampleIntervalMs, 15_000.0),
        (SettingKey::ThresholdAbove, f64::NAN),
        (SettingKey::TsunamiDetector, 1.0),
    ]);
    check(
        "frame2-settings",
        up(5),
        Body::Settings {
            revision: 5,
            values,
        },
    );
    check(
        "frame2-command-done",
        up(6),
        Body::CommandDone {
            id: 9,
            outcome: CommandOutcome::Done,
            mono_us: 4_531_000_850,
            delay_us: 850,
        },
    );
    check(
        "frame2-update-state",
        up(7),
        Body::UpdateState {
            state: UpdateStep::WantsData,
            version: [1, 3, 0],
            next_offset: 384,
        },
    );
    check("frame2-turn", up(8), Body::Turn);
}

#[test]
fn version_2_down() {
    let check = |name: &str, header, body| check_frame_as(Version::V2, name, header, body);
    check(
        "frame2-time-reply",
        down(0),
        Body::TimeReply {
            t1_us: 4_530_000_100,
            t2_unix_us: 1_267_254_842_000_000,
            t3_unix_us: 1_267_254_842_000_250,
        },
    );
    check(
        "frame2-ack",
        down(1),
        Body::Ack {
            boot: 3,
            next_seq: 303,
        },
    );
    check(
        "frame2-gap",
        down(2),
        Body::Gap {
            boot: 3,
            from_seq: 290,
            to_seq: 300,
        },
    );
    check(
        "frame2-command",
        down(3),
        Body::Command {
            id: 9,
            code: frame::SIREN_ON,
            argument: 60_000,
            expires_unix_us: 1_267_254_902_000_000,
        },
    );
    let values = settings(&[
        (SettingKey::SampleIntervalMs, 15_000.0),
        (SettingKey::ThresholdAbove, f64::NAN),
    ]);
    check(
        "frame2-set-settings",
        down(4),
        Body::SetSettings {
            revision: 5,
            values,
        },
    );
    check("frame2-read-settings", down(5), Body::ReadSettings);
    check(
        "frame2-update-offer",
        down(6),
        Body::UpdateOffer {
            version: [1, 3, 0],
            security: 2,
            length: 98_304,
            digest: core::array::from_fn(|index| 0x40 + index as u8),
            signature: core::array::from_fn(|index| 0x80 + index as u8),
        },
    );
    check(
        "frame2-update-data",
        down(7),
        Body::UpdateData {
            offset: 384,
            bytes: (0..MAX_UPDATE_BYTES as u8).collect(),
        },
    );
    check("frame2-poll", down(8), Body::Poll { limit: 1_024 });
}

fn check_batch(
    name: &str,
    header: batch::Header<'_>,
    stations: &[Station<'_>],
    readings: &[Reading],
) {
    let mut out = vec![0; batch::MAX_BATCH_BYTES];
    for (version, kind) in [
        (batch::Version::V1, "batch"),
        (batch::Version::V2, "batch2"),
    ] {
        let written = batch::encode_as(version, &header, stations, readings, &mut out);
        let length = written.expect("fits");
        check(&format!("{kind}-{name}"), &out[..length]);
        let parsed = Batch::parse(&out[..length]).expect("just written");
        assert_eq!(parsed.version(), version);
        assert_eq!(parsed.header(), header);
        assert!(parsed.stations().eq(stations.iter().copied()));
        // Formatted, because NaN is not equal to itself.
        let text = |reading: &Reading| format!("{reading:?} {:x}", reading.value.to_bits());
        let actual: Vec<_> = parsed.readings().map(|reading| text(&reading)).collect();
        assert_eq!(actual, readings.iter().map(text).collect::<Vec<_>>());
    }
}

const HEADER: batch::Header<'static> = batch::Header {
    edge: "edge-1",
    outbox: 0x0102_0304_0506_0708,
    offset: 300,
    sent_us: 1_267_254_842_000_000,
    backlog: false,
};

#[test]
fn batch_of_regular_decimals() {
    let heights = [4_322.51, 4_322.508, f64::NAN, 4_322.512];
    let readings: Vec<_> = (0..4)
        .map(|index| Reading {
            station: 0,
            time_us: HEADER.sent_us - 60_000_000 + index as i64 * 15_000_000,
            quantity: Quantity::SeaLevel,
            value: heights[index],
            quality: if index == 2 { 16 } else { 0 },
            seq: 300 + index as u64,
        })
        .collect();
    let station = Station {
        id: "dart-32412",
        node: 32_412,
        boot: 3,
    };
    check_batch("decimal", HEADER, &[station], &readings);
}

const METERS: [Station<'static>; 2] = [
    Station {
        id: "meter-a",
        node: 5,
        boot: 1,
    },
    Station {
        id: "meter-b",
        node: 6,
        boot: 8,
    },
];

#[test]
fn batch_of_single_precision() {
    let reading = |station, dt_us, quantity, value: f32, seq| Reading {
        station,
        time_us: HEADER.sent_us - 2_000_000 + dt_us,
        quantity,
        value: f64::from(value),
        quality: 0,
        seq,
    };
    let readings = [
        reading(0, 0, Quantity::Voltage, 230.123_47, 10),
        reading(0, 0, Quantity::Current, 4.567_891, 11),
        reading(1, 300, Quantity::Voltage, 229.987_64, 90),
        reading(1, 300, Quantity::Current, 0.0, 91),
    ];
    check_batch("single", HEADER, &METERS, &readings);
}

#[test]
fn batch_of_doubles_from_the_backlog() {
    let header = batch::Header {
        backlog: true,
        ..HEADER
    };
    let reading = |station, time_us, value, seq| Reading {
        station,
        time_us,
        quantity: Quantity::Frequency,
        value,
        quality: 8,
        seq,
    };
    let readings = [
        reading(1, HEADER.sent_us - 3_600_000_000, 1.0 / 3.0, 7),
        reading(1, HEADER.sent_us - 3_599_000_000, -0.0, 8),
        reading(
            1,
            HEADER.sent_us - 3_597_500_000,
            f64::from_bits(0x7ff8_0000_0000_0001),
            12,
        ),
    ];
    check_batch("double", header, &METERS, &readings);
}

#[test]
fn batch_without_readings() {
    check_batch("empty", HEADER, &[], &[]);
}

#[test]
fn acknowledgement() {
    let ack = Ack {
        outbox: HEADER.outbox,
        next: 301,
    };
    let mut out = [0; wire::ack::MAX_BYTES];
    for (version, name) in [(batch::Version::V1, "ack"), (batch::Version::V2, "ack2")] {
        let length = ack.encode(version, &mut out).expect("fits");
        check(name, &out[..length]);
        assert_eq!(Ack::decode(&out[..length]), Ok((version, ack)));
    }
}

/// The key is the secret `00 01 .. 1f`: public, and good for tests only.
#[test]
fn commands() {
    use wire::command::{Action, Command, CommandId, MAX_BYTES, Signer};
    use wire::topic::Mode;
    let signer = Signer::new(&core::array::from_fn(|index| index as u8));
    let public: String = signer
        .issuer()
        .to_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    // As RFC 8032 derives it; any other library gives the same.
    assert_eq!(
        public,
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    );
    let sound = Command {
        deployment: "chile",
        mode: Mode::Exercise,
        counter: 1_267_252_500_000_000,
        id: CommandId(core::array::from_fn(|index| 0xa0 + index as u8)),
        alert: "watchfire.chile.exercise.us2010tfan.1",
        issued_us: 1_267_252_500_000_000,
        expires_us: 1_267_253_400_000_000,
        session: 0x0123_4567_89ab_cdef,
        action: Action::Sound { signal: "warning" },
        zones: ["valparaiso"].into_iter().collect(),
    };
    let silence = Command {
        mode: Mode::Actual,
        session: 0,
        action: Action::Silence,
        zones: ["valparaiso", "vina"].into_iter().collect(),
        ..sound.clone()
    };
    for (name, command) in [("command-sound", sound), ("command-silence", silence)] {
        let mut out = [0; MAX_BYTES];
        let length = command.encode(&signer, &mut out).expect("a sound command");
        check(name, &out[..length]);
        let (read, key) = Command::open(&out[..length], &[signer.issuer()]).expect("signed");
        assert_eq!((read, key), (command, signer.issuer().id()), "{name}");
    }
}
