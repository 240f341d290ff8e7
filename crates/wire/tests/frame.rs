//! Frames: what is written comes back, and nothing else is taken for a frame.

use proptest::prelude::*;
use wire::frame::{
    Body, Direction, EncodeError, FrameError, Header, Key, MAX_FRAME, MAX_SAMPLES, NodeKind,
    RawFrame, Receiver, ResetCause, Sample, encode, open, peek,
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
    let mut out = [0; MAX_FRAME];
    let length = encode(header, body, &key(), &mut out).expect("fits");
    out[..length].to_vec()
}

/// Everything that a receiver says about a stream: opened frames and the names of errors.
fn received(stream: &[u8]) -> Vec<Result<(Header, Body), FrameError>> {
    let mut receiver = Receiver::<MAX_FRAME>::new();
    let mut all = Vec::new();
    for byte in stream {
        if let Some(result) = receiver.push(*byte) {
            all.push(result.and_then(|raw| open(raw, &key())));
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
    assert_eq!(frame.len(), 230);
    assert_eq!(received(&frame), [Ok((header, samples(MAX_SAMPLES)))]);
}

#[test]
fn a_short_output_is_an_error_at_every_length() {
    let frame = written(&HEADER, &samples(3));
    let mut out = [0; MAX_FRAME];
    for length in 0..frame.len() {
        assert_eq!(
            encode(&HEADER, &samples(3), &key(), &mut out[..length]),
            Err(EncodeError::OutputTooSmall)
        );
    }
    assert!(encode(&HEADER, &samples(3), &key(), &mut out[..frame.len()]).is_ok());
}

#[test]
fn a_used_up_counter_is_refused() {
    let header = Header {
        counter: u32::MAX,
        ..HEADER
    };
    let error = encode(&header, &samples(1), &key(), &mut [0; MAX_FRAME]);
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
            0 => assert_eq!(error.name(), "version"),
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
    assert_eq!(peek(raw), Ok(HEADER));
    assert_eq!(open(raw, &Key::new([9; 32])), Err(FrameError::Tag));
    assert_eq!(open(raw, &key()), Ok((HEADER, samples(2))));
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
    assert_eq!(open(&[2, 7, 3, 41, 0, 0]), Err(FrameError::Version(2)));
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
    let names = [
        FrameError::TooLong,
        FrameError::Cobs,
        FrameError::TooShort,
        FrameError::Crc,
        FrameError::Version(9),
        FrameError::Body,
        FrameError::Tag,
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
    prop_oneof![
        (any::<[u8; 3]>(), 0..7u8, 0..7u8, any::<u64>(), any::<u64>()).prop_map(|v| Body::Birth {
            firmware: v.0,
            kind: NodeKind::from_code(v.1),
            reset_cause: ResetCause::from_code(v.2),
            mono_us: v.3,
            first_seq: v.4,
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
    ]
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
