//! Frames: what is written comes back, and nothing else is taken for a frame.

use proptest::prelude::*;
use wire::frame::{
    Allowed, Board, Body, CommandOutcome, Direction, EncodeError, Frame, FrameError, Header, Image,
    Key, MAX_FRAME, MAX_FRAME_UP, MAX_SAMPLES, MAX_SETTINGS, MAX_TURN, MAX_UPDATE_BYTES, NodeKind,
    RawFrame, Receiver, ResetCause, Sample, Setting, SettingKey, UpdateStep, Version, encode, open,
    peek,
};
use wire::quantity::Quantity;

const HEADER: Header = Header {
    node: 7,
    boot: 3,
    counter: 41,
    direction: Direction::Up,
};

fn key() -> Key {
    Key::new(core::array::from_fn(|index| index as u8))
}

fn written(header: &Header, body: &Body) -> Vec<u8> {
    written_as(Version::V2, header, body)
}

fn written_as(version: Version, header: &Header, body: &Body) -> Vec<u8> {
    let mut out = [0; MAX_FRAME];
    let length = encode(version, header, body, &key(), &mut out).expect("fits");
    out[..length].to_vec()
}

/// Everything that a receiver says about a stream: opened frames and the names of errors.
fn received(stream: &[u8]) -> Vec<Result<(Header, Body), FrameError>> {
    let mut receiver = Receiver::<MAX_FRAME>::new();
    let mut all = Vec::new();
    for byte in stream {
        if let Some(result) = receiver.push(*byte) {
            all.push(result.and_then(|raw| {
                let frame = open(raw, &key())?;
                assert_eq!(peek(raw), Ok((frame.version, frame.header)));
                Ok((frame.header, frame.body))
            }));
        }
    }
    all
}

fn unstuffed(frame: &[u8]) -> Vec<u8> {
    let mut receiver = Receiver::<MAX_FRAME>::new();
    for byte in frame {
        if let Some(result) = receiver.push(*byte) {
            return result.expect("well stuffed").bytes().to_vec();
        }
    }
    panic!("no frame");
}

/// A frame with any message before the tag, correctly tagged for no key, with a right CRC.
fn with_crc(message: &[u8]) -> Vec<u8> {
    let mut raw = message.to_vec();
    raw.extend([0; 16]);
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&raw);
    raw.extend(crc.to_le_bytes());
    raw
}

fn samples(count: usize) -> Body {
    let sample = |index: usize| Sample {
        dt_us: u32::MAX - index as u32,
        value: 4_320.0 + index as f64 / 3.0,
        quality: index as u8,
    };
    Body::Samples {
        first_seq: u64::MAX,
        quantity: Quantity::SeaLevel,
        start_us: u64::MAX,
        samples: (0..count).map(sample).collect(),
    }
}

#[test]
fn the_longest_frame_fits() {
    let header = Header {
        node: u32::MAX,
        boot: u32::MAX,
        counter: u32::MAX - 1,
        direction: Direction::Down,
    };
    let frame = written(&header, &samples(MAX_SAMPLES));
    assert_eq!(frame.len(), MAX_FRAME_UP);
    assert_eq!(received(&frame), [Ok((header, samples(MAX_SAMPLES)))]);
}

/// The longest of each new kind, with the longest header.
#[test]
fn the_longest_frames_of_version_2_fit() {
    let settings = || {
        let setting = |key| Setting {
            key,
            value: f64::from(key),
        };
        (0..MAX_SETTINGS as u8).map(setting).collect()
    };
    let bodies = [
        (
            190,
            Body::Settings {
                revision: u32::MAX,
                values: settings(),
            },
        ),
        (
            239,
            Body::UpdateData {
                offset: u32::MAX,
                bytes: (0..MAX_UPDATE_BYTES as u8).collect(),
            },
        ),
        (
            149,
            Body::UpdateOffer {
                version: [255; 3],
                security: u32::MAX,
                length: u32::MAX,
                digest: [255; 32],
                signature: [255; 64],
            },
        ),
        (
            91,
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
                stalled: u8::MAX,
            },
        ),
        (MAX_TURN, Body::Turn),
    ];
    let header = Header {
        node: u32::MAX,
        boot: u32::MAX,
        counter: u32::MAX - 1,
        direction: Direction::Up,
    };
    for (length, body) in bodies {
        let frame = written(&header, &body);
        assert_eq!(frame.len(), length, "{body:?}");
        assert!(length <= MAX_FRAME_UP || body.direction() == Direction::Down);
        assert_eq!(received(&frame), [Ok((header, body))]);
    }
}

#[test]
fn a_body_that_a_version_lacks_is_an_error_both_ways() {
    let mut out = [0; MAX_FRAME];
    let error = encode(Version::V1, &HEADER, &Body::Turn, &key(), &mut out);
    assert_eq!(error, Err(EncodeError::NotInVersion));
    // The same header and body under another version byte, correctly tagged.
    let mut message = vec![Version::V1.code(), 7, 3, 41, 0, 17];
    let sealed = |message: &[u8]| {
        use chacha20poly1305::aead::{AeadInOut, KeyInit, inout::InOutBuf};
        let mut nonce = [0; 24];
        (nonce[0], nonce[4], nonce[16]) = (7, 3, 41);
        let secret: [u8; 32] = core::array::from_fn(|index| index as u8);
        let tag = chacha20poly1305::XChaCha20Poly1305::new(&secret.into())
            .encrypt_inout_detached(&nonce.into(), message, InOutBuf::from(&mut [][..]))
            .expect("short");
        let mut raw = [message, &tag].concat();
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&raw);
        raw.extend(crc.to_le_bytes());
        raw
    };
    let opened = |message: &[u8]| open(RawFrame::new(&sealed(message)), &key());
    assert_eq!(opened(&message), Err(FrameError::Kind(17)));
    message[0] = 2;
    assert_eq!(opened(&message).map(|frame| frame.body), Ok(Body::Turn));
    message[5] = 18;
    assert_eq!(opened(&message), Err(FrameError::Kind(18)));
    message[5] = 17;
    message.push(0);
    assert_eq!(opened(&message), Err(FrameError::Body), "a byte too many");
    // Thirteen samples, and one setting too many, are malformed however authentic.
    let mut many = vec![2, 7, 3, 41, 0, 12, 1, MAX_SETTINGS as u8 + 1];
    many.extend([0; 9 * (MAX_SETTINGS + 1)]);
    assert_eq!(opened(&many), Err(FrameError::Body));
    many[7] = MAX_SETTINGS as u8;
    many.truncate(8 + 9 * MAX_SETTINGS);
    assert!(opened(&many).is_ok());
}

#[test]
fn settings_know_what_they_may_be() {
    for (index, key) in SettingKey::ALL.iter().enumerate() {
        assert_eq!(usize::from(key.code()), index + 1);
        assert_eq!(SettingKey::from_code(key.code()), Some(*key));
        for value in [f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Setting::new(*key, value).checked(), None, "{}", key.name());
        }
        let off = Setting::new(*key, f64::NAN).checked().is_some();
        assert_eq!(off, key.allowed() == Allowed::NumberOrOff);
        let Allowed::Whole(low, high) = key.allowed() else {
            continue;
        };
        let (low, high) = (f64::from(low), f64::from(high));
        for (value, allowed) in [
            (low, true),
            (high, true),
            (low - 1.0, false),
            (high + 1.0, false),
            (low + 0.5, false),
        ] {
            let checked = Setting::new(*key, value).checked();
            assert_eq!(checked, allowed.then_some(*key), "{} {value}", key.name());
        }
    }
    assert!(SettingKey::ALL.len() <= MAX_SETTINGS, "one frame tells all");
    for key in [0, 16, 255] {
        assert_eq!(Setting { key, value: 1.0 }.checked(), None);
    }
}

#[test]
fn a_short_output_is_an_error_at_every_length() {
    let frame = written(&HEADER, &samples(3));
    let mut out = [0; MAX_FRAME];
    for length in 0..frame.len() {
        assert_eq!(
            encode(
                Version::V2,
                &HEADER,
                &samples(3),
                &key(),
                &mut out[..length]
            ),
            Err(EncodeError::OutputTooSmall)
        );
    }
    assert!(
        encode(
            Version::V2,
            &HEADER,
            &samples(3),
            &key(),
            &mut out[..frame.len()]
        )
        .is_ok()
    );
}

#[test]
fn a_used_up_counter_is_refused() {
    let header = Header {
        counter: u32::MAX,
        ..HEADER
    };
    let error = encode(
        Version::V2,
        &header,
        &samples(1),
        &key(),
        &mut [0; MAX_FRAME],
    );
    assert_eq!(error, Err(EncodeError::CounterExhausted));
}

#[test]
fn every_flipped_bit_on_the_line_is_caught() {
    let frame = written(&HEADER, &samples(MAX_SAMPLES));
    for bit in 0..frame.len() * 8 {
        let mut damaged = frame.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let results = received(&damaged);
        assert!(results.iter().all(Result::is_err), "bit {bit}: {results:?}");
        // Only the lost delimiter leaves nothing to report yet.
        assert!(!results.is_empty() || bit / 8 == frame.len() - 1);
    }
}

#[test]
fn every_flipped_bit_after_unstuffing_is_caught_by_the_crc() {
    let raw = unstuffed(&written(&HEADER, &samples(4)));
    for bit in 0..raw.len() * 8 {
        let mut damaged = raw.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let raw = RawFrame::new(&damaged);
        assert_eq!(open(raw, &key()), Err(FrameError::Crc), "bit {bit}");
    }
}

/// A forger can mend the CRC; the tag still covers version, header and body.
#[test]
fn every_flipped_bit_with_a_mended_crc_is_caught_by_the_tag() {
    let raw = unstuffed(&written(&HEADER, &samples(4)));
    let checked = raw.len() - 4;
    for bit in 0..checked * 8 {
        let mut forged = raw.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&forged[..checked]);
        forged[checked..].copy_from_slice(&crc.to_le_bytes());
        let error = open(RawFrame::new(&forged), &key()).expect_err("forged");
        match bit / 8 {
            // One of the flips makes another version of it, which the tag covers too.
            0 => assert!(matches!(error, FrameError::Version(_) | FrameError::Tag)),
            // A header whose numbers run on into the body may end too late to be a header.
            1..5 => assert!(matches!(error, FrameError::Tag | FrameError::Body)),
            _ => assert_eq!(error, FrameError::Tag),
        }
    }
}

#[test]
fn a_key_opens_only_its_own_frames() {
    let frame = written(&HEADER, &samples(2));
    let raw = unstuffed(&frame);
    let raw = RawFrame::new(&raw);
    assert_eq!(peek(raw), Ok((Version::V2, HEADER)));
    assert_eq!(open(raw, &Key::new([9; 32])), Err(FrameError::Tag));
    let opened = Frame {
        version: Version::V2,
        header: HEADER,
        body: samples(2),
    };
    assert_eq!(open(raw, &key()), Ok(opened));
}

#[test]
fn keys_are_read_from_hex_and_never_shown() {
    let hex: String = (0..32u8).map(|byte| format!("{byte:02X}")).collect();
    let read = Key::from_hex(&hex).expect("64 digits");
    let raw = unstuffed(&written(&HEADER, &samples(1)));
    assert!(open(RawFrame::new(&raw), &read).is_ok());
    assert!(Key::from_hex(&hex[1..]).is_none());
    assert!(Key::from_hex(&hex.replace('A', "G")).is_none());
    assert!(Key::from_hex(&"ñ".repeat(32)).is_none());
    assert_eq!(format!("{:?}", key()), "Key(..)");
}

#[test]
fn unknown_versions_and_malformed_content_are_told_apart() {
    let open = |message: &[u8]| open(RawFrame::new(&with_crc(message)), &key());
    assert_eq!(open(&[3, 7, 3, 41, 0, 0]), Err(FrameError::Version(3)));
    assert_eq!(open(&[0; 6]), Err(FrameError::Version(0)));
    assert_eq!(open(&[1; 2]), Err(FrameError::TooShort));
    assert_eq!(
        open(&[1, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Err(FrameError::Body)
    );
    assert_eq!(
        open(&[1, 7, 3, 41, 2, 0]),
        Err(FrameError::Body),
        "direction 2"
    );
    assert_eq!(open(&[1, 7, 3, 41, 0, 0]), Err(FrameError::Tag));
    assert_eq!(open(&[2, 7, 3, 41, 0, 0]), Err(FrameError::Tag));
    let names = [
        FrameError::TooLong,
        FrameError::Cobs,
        FrameError::TooShort,
        FrameError::Crc,
        FrameError::Version(9),
        FrameError::Body,
        FrameError::Tag,
        FrameError::Kind(18),
    ]
    .map(FrameError::name);
    assert_eq!(names.as_slice(), FrameError::NAMES);
}

#[test]
fn codes_that_only_a_newer_version_knows_become_unknown() {
    assert_eq!(NodeKind::from_code(99), NodeKind::Unknown);
    assert_eq!(ResetCause::from_code(4).name(), "watchdog");
    for code in 0..7 {
        assert_eq!(NodeKind::from_code(code).code(), code);
        assert_eq!(ResetCause::from_code(code).code(), code);
    }
}

#[test]
fn a_receiver_reports_too_long_once_and_goes_on() {
    let mut stream = vec![0x55; 5 * MAX_FRAME];
    stream.push(0);
    stream.extend(written(&HEADER, &samples(1)));
    let results = received(&stream);
    // 0x55 is a run of 84 bytes, so the noise unstuffs; then it is longer than any frame.
    assert_eq!(
        results,
        [Err(FrameError::TooLong), Ok((HEADER, samples(1)))]
    );
}

#[test]
fn idle_zeros_are_no_frames() {
    let mut stream = vec![0; 100];
    stream.extend(written(&HEADER, &samples(1)));
    stream.extend([0; 100]);
    assert_eq!(received(&stream).len(), 1);
    let mut receiver = Receiver::<MAX_FRAME>::default();
    for byte in &stream {
        let _ = receiver.push(*byte);
    }
    assert_eq!(receiver.counts().frames, 1);
    assert_eq!(receiver.counts().bytes, stream.len() as u64);
}

/// Two frames of one header would give the tag's key away; different headers must give different tags.
#[test]
fn the_tag_depends_on_every_field_of_the_header() {
    let tag = |header: Header| {
        let raw = unstuffed(&written(&header, &samples(1)));
        raw[raw.len() - 20..raw.len() - 4].to_vec()
    };
    let base = tag(HEADER);
    let others = [
        Header { node: 8, ..HEADER },
        Header { boot: 4, ..HEADER },
        Header {
            counter: 42,
            ..HEADER
        },
        Header {
            direction: Direction::Down,
            ..HEADER
        },
    ];
    for other in others {
        assert_ne!(tag(other), base);
    }
}

fn any_header() -> impl Strategy<Value = Header> {
    (any::<u32>(), any::<u32>(), 0..u32::MAX, any::<bool>()).prop_map(
        |(node, boot, counter, up)| Header {
            node,
            boot,
            counter,
            direction: if up { Direction::Up } else { Direction::Down },
        },
    )
}

fn any_body() -> impl Strategy<Value = Body> {
    // NaN is tested by itself, since it is not equal to itself.
    let number = proptest::num::f64::ANY.prop_filter("not NaN", |value| !value.is_nan());
    let sample =
        (any::<u32>(), number.clone(), any::<u8>()).prop_map(|(dt_us, value, quality)| Sample {
            dt_us,
            value,
            quality,
        });
    let quantity = proptest::sample::select(Quantity::ALL);
    let setting = (any::<u8>(), number.clone()).prop_map(|(key, value)| Setting { key, value });
    let settings = prop::collection::vec(setting, 0..=MAX_SETTINGS).prop_map(|values| {
        values
            .into_iter()
            .collect::<heapless::Vec<_, MAX_SETTINGS>>()
    });
    prop_oneof![
        (any::<[u8; 3]>(), 0..7u8, 0..7u8, any::<u64>(), any::<u64>()).prop_map(|v| Body::Birth {
            firmware: v.0,
            kind: NodeKind::from_code(v.1),
            reset_cause: ResetCause::from_code(v.2),
            mono_us: v.3,
            first_seq: v.4,
            board: Board::from_code(v.1 % 4),
            image: Image::from_code(v.2 % 4),
            settings_revision: v.3 as u32,
        }),
        (
            any::<u64>(),
            quantity,
            any::<u64>(),
            prop::collection::vec(sample, 0..=MAX_SAMPLES)
        )
            .prop_map(|v| Body::Samples {
                first_seq: v.0,
                quantity: v.1,
                start_us: v.2,
                samples: v.3.into_iter().collect(),
            }),
        (any::<u64>(), any::<u64>(), any::<u8>(), number).prop_map(|v| Body::Finding {
            seq: v.0,
            mono_us: v.1,
            code: v.2,
            value: v.3,
        }),
        (any::<u64>(), any::<[u16; 3]>(), any::<u32>(), any::<u32>()).prop_map(|v| {
            Body::Health {
                mono_us: v.0,
                ring_used: v.1[0],
                ring_capacity: v.1[1],
                dropped: v.2,
                sensor_errors: v.3,
                battery_mv: v.1[2],
                clock_drift_ppb: v.2 as i32,
                clock_uncertainty_us: v.3,
                refused: v.2 ^ v.3,
                stack_free: v.1[0] ^ v.1[1],
                storage_errors: v.1[1] ^ v.1[2],
                stalled: v.0 as u8,
            }
        }),
        any::<u64>().prop_map(|t1_us| Body::TimeRequest { t1_us }),
        (any::<u64>(), any::<i64>(), any::<i64>()).prop_map(|v| Body::TimeReply {
            t1_us: v.0,
            t2_unix_us: v.1,
            t3_unix_us: v.2,
        }),
        (any::<u32>(), any::<u64>()).prop_map(|v| Body::Ack {
            boot: v.0,
            next_seq: v.1,
        }),
        (any::<u32>(), any::<u64>(), any::<u64>()).prop_map(|v| Body::Gap {
            boot: v.0,
            from_seq: v.1,
            to_seq: v.2,
        }),
        (any::<u32>(), any::<u8>(), any::<u32>(), any::<i64>()).prop_map(|v| Body::Command {
            id: v.0,
            code: v.1,
            argument: v.2,
            expires_unix_us: v.3,
        }),
        (any::<u32>(), settings.clone())
            .prop_map(|(revision, values)| Body::Settings { revision, values }),
        (any::<u32>(), settings)
            .prop_map(|(revision, values)| Body::SetSettings { revision, values }),
        (any::<u32>(), 0..6u8, any::<u64>(), any::<u32>()).prop_map(|v| Body::CommandDone {
            id: v.0,
            outcome: CommandOutcome::from_code(v.1),
            mono_us: v.2,
            delay_us: v.3,
        }),
        (0..8u8, any::<[u8; 3]>(), any::<u32>()).prop_map(|v| Body::UpdateState {
            state: UpdateStep::from_code(v.0),
            version: v.1,
            next_offset: v.2,
        }),
        (any::<[u8; 3]>(), any::<[u32; 2]>(), any::<[u8; 32]>()).prop_map(|v| {
            Body::UpdateOffer {
                version: v.0,
                security: v.1[0],
                length: v.1[1],
                digest: v.2,
                signature: core::array::from_fn(|index| v.2[index % 32] ^ index as u8),
            }
        }),
        (
            any::<u32>(),
            prop::collection::vec(any::<u8>(), 0..=MAX_UPDATE_BYTES)
        )
            .prop_map(|v| {
                Body::UpdateData {
                    offset: v.0,
                    bytes: v.1.into_iter().collect(),
                }
            }),
        any::<u16>().prop_map(|limit| Body::Poll { limit }),
        Just(Body::ReadSettings),
        Just(Body::Turn),
    ]
}

/// What is left of a body when version 1 carries it; nothing if it cannot.
fn in_version_1(body: &Body) -> Option<Body> {
    let mut body = body.clone();
    match &mut body {
        Body::Birth {
            board,
            image,
            settings_revision,
            ..
        } => {
            (*board, *image, *settings_revision) = (Board::Unknown, Image::Unknown, 0);
        }
        Body::Health {
            clock_drift_ppb,
            clock_uncertainty_us,
            refused,
            stack_free,
            storage_errors,
            stalled,
            ..
        } => {
            (*clock_drift_ppb, *clock_uncertainty_us) = (i32::MIN, u32::MAX);
            (*refused, *stack_free) = (0, u16::MAX);
            (*storage_errors, *stalled) = (0, 0);
        }
        _ => {}
    }
    (body.kind() <= 8).then_some(body)
}

#[test]
fn the_bits_of_a_nan_come_back() {
    let bits = 0x7ff4_dead_beef_0001;
    let body = Body::Finding {
        seq: 1,
        mono_us: 2,
        code: 3,
        value: f64::from_bits(bits),
    };
    let results = received(&written(&HEADER, &body));
    let [Ok((_, Body::Finding { value, .. }))] = results[..] else {
        panic!("{results:?}");
    };
    assert_eq!(value.to_bits(), bits);
}

proptest! {
    #[test]
    fn frames_come_back(header in any_header(), body in any_body()) {
        let frame = written(&header, &body);
        prop_assert_eq!(frame.iter().position(|byte| *byte == 0), Some(frame.len() - 1));
        prop_assert_eq!(received(&frame), [Ok((header, body))]);
    }

    /// Version 1 carries what it always carried, and leaves out what it never had.
    #[test]
    fn version_1_comes_back(header in any_header(), body in any_body()) {
        let mut out = [0; MAX_FRAME];
        match (in_version_1(&body), encode(Version::V1, &header, &body, &key(), &mut out)) {
            (Some(left), Ok(length)) => {
                prop_assert_eq!(received(&out[..length]), [Ok((header, left))]);
                let raw = unstuffed(&out[..length]);
                prop_assert_eq!(peek(RawFrame::new(&raw)), Ok((Version::V1, header)));
            }
            (None, result) => prop_assert_eq!(result, Err(EncodeError::NotInVersion)),
            (Some(_), Err(error)) => prop_assert!(false, "{error}"),
        }
    }

    /// Whatever noise goes before, at most the first frame after it is lost, and only when no delimiter
    /// stands between them.
    #[test]
    fn frames_are_found_again_after_noise(
        noise in prop::collection::vec(any::<u8>(), 0..800),
        body in any_body(),
    ) {
        let frame = written(&HEADER, &body);
        let mut stream = noise;
        stream.extend(&frame);
        stream.extend(&frame);
        let results = received(&stream);
        prop_assert_eq!(results.last(), Some(&Ok((HEADER, body.clone()))));
        let delimited = {
            let mut stream = stream;
            stream.insert(stream.len() - 2 * frame.len(), 0);
            received(&stream)
        };
        let good = delimited.iter().filter(|result| result.is_ok()).count();
        prop_assert_eq!(good, 2);
    }

    #[test]
    fn lost_and_doubled_bytes_are_caught(body in any_body(), at in 0..1000usize, doubled: bool) {
        let mut frame = written(&HEADER, &body);
        let at = at % (frame.len() - 1);
        let byte = frame.remove(at);
        if doubled {
            frame.splice(at..at, [byte, byte]);
        }
        prop_assert!(received(&frame).iter().all(Result::is_err));
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(open(RawFrame::new(&bytes), &key()).is_err());
        let _ = peek(RawFrame::new(&bytes));
        let message = bytes.get(..280).unwrap_or(&bytes);
        prop_assert!(open(RawFrame::new(&with_crc(message)), &key()).is_err());
    }
}
