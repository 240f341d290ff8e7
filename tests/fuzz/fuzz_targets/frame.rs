//! Bytes from a node's line: any bytes; any content under a good checksum; any body under a good tag.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::frame::{Body, Direction, Header, Key, MAX_FRAME, Receiver, Version, encode, open, peek};

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

fn hear(bytes: &[u8], key: &Key) -> usize {
    let mut receiver = Receiver::<MAX_FRAME>::new();
    let mut heard = 0;
    for &byte in bytes {
        if let Some(Ok(raw)) = receiver.push(byte) {
            heard += 1;
            let header = peek(raw);
            match open(raw, key) {
                Ok(frame) => assert_eq!(
                    header,
                    Ok((frame.version, frame.header)),
                    "one header, read twice"
                ),
                Err(error) => assert!(!error.name().is_empty()),
            }
        }
    }
    assert!(
        receiver.counts().bytes == bytes.len() as u64,
        "every byte is counted"
    );
    heard
}

fuzz_target!(|data: &[u8]| {
    let key = Key::new([7; 32]);
    hear(data, &key);

    // The same bytes as content: the checksum is right, the tag is not.
    if data.len() <= 300 {
        let mut checked = data.to_vec();
        checked.extend(CRC.checksum(data).to_le_bytes());
        let mut stuffed = vec![0; cobs::max_encoding_length(checked.len()) + 1];
        let n = cobs::encode(&checked, &mut stuffed);
        hear(&stuffed[..=n], &key);
    }

    // The same bytes as a body from a peer that has the key.
    if let Ok((body, _)) = postcard::take_from_bytes::<Body>(data) {
        let header = Header {
            node: 1,
            boot: 2,
            counter: 3,
            direction: Direction::Up,
        };
        let mut out = [0; MAX_FRAME];
        for version in [Version::V1, Version::V2] {
            if let Ok(n) = encode(version, &header, &body, &key, &mut out) {
                assert_eq!(hear(&out[..n], &key), 1, "what was written is heard");
            }
        }
    }
});
