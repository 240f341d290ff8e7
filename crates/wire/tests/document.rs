//! `docs/protocol.md` says what the code does: sizes, codes, settings, vectors; and a decoder written from it alone reads
//! every frame among the golden vectors.

use std::path::{Path, PathBuf};
use std::process::Command;
use wire::frame::{
    Allowed, Board, Body, CommandOutcome, Direction, Header, Image, Key, MAX_FRAME, MAX_SAMPLES,
    MAX_SETTINGS, MAX_UPDATE_BYTES, NodeKind, ResetCause, Sample, Sensor, Setting, SettingKey,
    UpdateStep, Version, encode,
};
use wire::quantity::Quantity;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn document() -> String {
    std::fs::read_to_string(tests().join("../../../docs/protocol.md")).expect("the document")
}

fn vectors() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(tests().join("golden"))
        .expect("golden vectors")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> &str {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a name")
}

#[test]
fn every_vector_stands_in_the_document() {
    let document = document();
    for path in vectors() {
        let text = std::fs::read_to_string(&path).expect("readable");
        let digits: String = text
            .lines()
            .flat_map(|line| line.split('#').next())
            .flat_map(str::split_whitespace)
            .collect();
        let name = stem(&path);
        // Commands to sirens have a document of their own.
        if !name.starts_with("command-") {
            assert!(
                document.contains(&format!("\n{name}\n  {digits}\n")),
                "docs/protocol.md lacks {name}: {digits}"
            );
        }
    }
}

/// The longest body of every kind, by kind.
fn longest() -> Vec<Body> {
    let settings = || (0..MAX_SETTINGS as u8).map(|key| Setting { key, value: 0.5 });
    let sample = Sample {
        dt_us: u32::MAX,
        value: 0.5,
        quality: 255,
    };
    vec![
        Body::Birth {
            firmware: [255; 3],
            kind: NodeKind::Siren,
            reset_cause: ResetCause::LowPower,
            mono_us: u64::MAX,
            first_seq: u64::MAX,
            board: Board::Host,
            image: Image::Returned,
            settings_revision: u32::MAX,
        },
        Body::Samples {
            first_seq: u64::MAX,
            quantity: Quantity::SeaLevel,
            start_us: u64::MAX,
            samples: [sample; MAX_SAMPLES].into_iter().collect(),
        },
        Body::Finding {
            seq: u64::MAX,
            mono_us: u64::MAX,
            code: 255,
            value: 0.5,
        },
        Body::Health {
            mono_us: u64::MAX,
            ring_used: u16::MAX,
            ring_capacity: u16::MAX,
            dropped: u32::MAX,
            sensor_errors: u32::MAX,
            battery_mv: u16::MAX,
            clock_drift_ppb: i32::MIN,
            clock_uncertainty_us: u32::MAX,
            refused: u32::MAX,
            stack_free: u16::MAX,
            storage_errors: u16::MAX,
            stalled: 255,
        },
        Body::TimeRequest { t1_us: u64::MAX },
        Body::TimeReply {
            t1_us: u64::MAX,
            t2_unix_us: i64::MIN,
            t3_unix_us: i64::MIN,
        },
        Body::Ack {
            boot: u32::MAX,
            next_seq: u64::MAX,
        },
        Body::Gap {
            boot: u32::MAX,
            from_seq: u64::MAX,
            to_seq: u64::MAX,
        },
        Body::Command {
            id: u32::MAX,
            code: 255,
            argument: u32::MAX,
            expires_unix_us: i64::MIN,
        },
        Body::Settings {
            revision: u32::MAX,
            values: settings().collect(),
        },
        Body::CommandDone {
            id: u32::MAX,
            outcome: CommandOutcome::Failed,
            mono_us: u64::MAX,
            delay_us: u32::MAX,
        },
        Body::UpdateState {
            state: UpdateStep::Confirmed,
            version: [255; 3],
            next_offset: u32::MAX,
        },
        Body::SetSettings {
            revision: u32::MAX,
            values: settings().collect(),
        },
        Body::ReadSettings,
        Body::UpdateOffer {
            version: [255; 3],
            security: u32::MAX,
            length: u32::MAX,
            digest: [255; 32],
            signature: [255; 64],
        },
        Body::UpdateData {
            offset: u32::MAX,
            bytes: [255; MAX_UPDATE_BYTES].into_iter().collect(),
        },
        Body::Poll { limit: u16::MAX },
        Body::Turn,
    ]
}

#[test]
fn kinds_directions_versions_and_lengths_are_as_the_document_says() {
    let document = document();
    for (kind, body) in longest().iter().enumerate() {
        assert_eq!(usize::from(body.kind()), kind);
        let direction = body.direction();
        let header = Header {
            node: u32::MAX,
            boot: u32::MAX,
            counter: u32::MAX - 1,
            direction,
        };
        let key = Key::new([1; 32]);
        let length = encode(Version::V2, &header, body, &key, &mut [0; MAX_FRAME]).expect("fits");
        let first = encode(Version::V1, &header, body, &key, &mut [0; MAX_FRAME]);
        let way = match direction {
            Direction::Up => "up",
            Direction::Down => "down",
        };
        let version = if first.is_ok() { 1 } else { 2 };
        let row = document
            .lines()
            .find(|line| {
                line.starts_with(&format!("| {kind} | ")) && line.contains(&format!(" | {way} | "))
            })
            .unwrap_or_else(|| panic!("no row for kind {kind}"));
        assert!(
            row.ends_with(&format!(" | {way} | {version} | {length} |")),
            "{length} bytes, version {version}: {row}"
        );
    }
}

#[test]
fn codes_and_settings_are_as_the_document_says() {
    let document = document();
    let has = |row: &str, code: u8, name: &str| {
        let said = format!("{code} {name}");
        let found = document
            .lines()
            .any(|line| line.starts_with(row) && line.contains(&said));
        assert!(found, "no row {row} says {said}");
    };
    for code in 0..=7 {
        // Beyond its last code each of them is unknown again, which every row has.
        let zero_or = |known: u8| if known == code { code } else { 0 };
        let kind = NodeKind::from_code(code);
        has("| node_kind |", zero_or(kind.code()), kind.name());
        let cause = ResetCause::from_code(code);
        has("| reset_cause |", zero_or(cause.code()), cause.name());
        let board = Board::from_code(code);
        has("| board |", zero_or(board.code()), board.name());
        let image = Image::from_code(code);
        has("| image |", zero_or(image.code()), image.name());
        let outcome = CommandOutcome::from_code(code);
        has("| outcome |", zero_or(outcome.code()), outcome.name());
        let step = UpdateStep::from_code(code);
        has("| state |", zero_or(step.code()), step.name());
    }
    for code in 1..=8 {
        has("| 12 | sensor |", code, Sensor::from_code(code).name());
    }
    let grouped = |number: u32| match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", number / 1_000, number % 1_000),
    };
    for key in SettingKey::ALL {
        let row = format!("| {} | {} |", key.code(), key.name());
        let line = document
            .lines()
            .find(|line| line.starts_with(&row))
            .unwrap_or_else(|| panic!("no row {row}"));
        let said = match key.allowed() {
            Allowed::Whole(0, 1) => " 0 or 1".to_owned(),
            Allowed::Whole(1, 3) => "1 tsunami, 2 road, 3 energy".to_owned(),
            Allowed::Whole(1, 8) => continue,
            Allowed::Whole(low, high) if high < 1_000_000 => {
                format!(" {} to {}, whole", grouped(low), grouped(high))
            }
            Allowed::Whole(low, high) => format!(
                " {low} to {},{:03},{:03}, whole",
                high / 1_000_000,
                high / 1_000 % 1_000,
                high % 1_000
            ),
            Allowed::NumberOrOff => continue,
        };
        assert!(line.contains(&said), "{line} lacks {said}");
    }
}

#[test]
fn a_decoder_written_from_the_document_reads_every_frame() {
    let frames: Vec<PathBuf> = vectors()
        .into_iter()
        .filter(|path| stem(path).starts_with("frame"))
        .collect();
    assert!(frames.len() >= 27, "{}", frames.len());
    let output = match Command::new("python3")
        .arg(tests().join("decode.py"))
        .args(&frames)
        .output()
    {
        Ok(output) => output,
        Err(error) => {
            eprintln!(
                "skipped: python3 does not run here ({error}); install python3, and pynacl for the tags"
            );
            return;
        }
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.starts_with(&format!("{} golden vectors decoded", frames.len())),
        "{said}"
    );
    // Says so when pynacl is missing and tags were not checked.
    eprint!("{said}");
}
