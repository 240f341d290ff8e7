//! The bytes of a record and the names of segment files.

use std::io;
use std::path::{Path, PathBuf};

/// Bytes before the payload of each record.
pub const HEADER_BYTES: usize = 16;

/// Longest payload: a hundred times the largest batch, and small enough to read into memory anywhere.
pub const MAX_PAYLOAD_BYTES: usize = 16 * 1024 * 1024;

const SUFFIX: &str = ".log";
const DIGITS: usize = 20;

/// The fixed part of a record, unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub length: u32,
    pub checksum: u32,
    pub offset: u64,
}

impl Header {
    /// Reads the first [`HEADER_BYTES`]; nothing when there are fewer.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (checksum, rest) = rest.split_first_chunk()?;
        let (offset, _) = rest.split_first_chunk()?;
        Some(Self {
            length: u32::from_le_bytes(*length),
            checksum: u32::from_le_bytes(*checksum),
            offset: u64::from_le_bytes(*offset),
        })
    }

    /// Bytes of the whole record; nothing for a length that no record has.
    pub fn record_bytes(self) -> Option<usize> {
        let length = usize::try_from(self.length)
            .ok()
            .filter(|&length| length <= MAX_PAYLOAD_BYTES)?;
        Some(HEADER_BYTES + length)
    }
}

/// Appends a record to a buffer. The payload must be within [`MAX_PAYLOAD_BYTES`].
pub(crate) fn encode(out: &mut Vec<u8>, offset: u64, payload: &[u8]) {
    let number = offset.to_le_bytes();
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&number), payload);
    // The caller has checked the length against a limit far below 4 GiB.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(&number);
    out.extend_from_slice(payload);
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// The record with the wanted number, of this many bytes.
    Valid(usize),
    /// The bytes end before the record does; this many are needed.
    Short(usize),
    /// Not the record with the wanted number.
    Bad(String),
}

/// Looks for the record with number `offset` at the start of `bytes`.
pub(crate) fn check(bytes: &[u8], offset: u64) -> Check {
    let Some(header) = Header::read(bytes) else {
        return Check::Short(HEADER_BYTES);
    };
    if header.offset != offset {
        return Check::Bad(format!("it says entry {}", header.offset));
    }
    let Some(total) = header.record_bytes() else {
        return Check::Bad(format!("a length of {} bytes is impossible", header.length));
    };
    if bytes.len() < total {
        return Check::Short(total);
    }
    // Number and payload lie side by side.
    if crc32c::crc32c(&bytes[8..total]) == header.checksum {
        Check::Valid(total)
    } else {
        Check::Bad("checksum mismatch".to_owned())
    }
}

/// Path of the segment that starts with entry `first`.
pub(crate) fn segment_path(directory: &Path, first: u64) -> PathBuf {
    directory.join(format!("{first:0DIGITS$}{SUFFIX}"))
}

/// First entries of all segments in a directory, ascending. Other files are none of ours and are left alone.
pub(crate) fn list_segments(directory: &Path) -> io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        let digits = digits
            .filter(|digits| digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit()));
        if let Some(first) = digits.and_then(|digits| digits.parse().ok()) {
            firsts.push(first);
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_these_bytes_for_ever() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 7, b"wave");
        // CRC-32C of 07 00 00 00 00 00 00 00 77 61 76 65 is 0x3013302e (computed bit by bit, apart from this crate).
        let expected = [
            4, 0, 0, 0, 0x2e, 0x30, 0x13, 0x30, 7, 0, 0, 0, 0, 0, 0, 0, b'w', b'a', b'v', b'e',
        ];
        assert_eq!(bytes, expected);
        assert_eq!(check(&bytes, 7), Check::Valid(20));
        assert_eq!(check(&bytes[..19], 7), Check::Short(20));
        assert_eq!(check(&bytes[..15], 7), Check::Short(HEADER_BYTES));
        assert!(matches!(check(&bytes, 8), Check::Bad(_)));
    }

    #[test]
    fn zeros_are_not_a_record() {
        // A power failure can leave a file longer than what reached the disk, filled with zeros.
        assert!(matches!(check(&[0; 64], 0), Check::Bad(_)));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 3, &[0xA5; 40]);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(check(&flipped, 3), Check::Valid(_)), "bit {bit}");
        }
    }
}
