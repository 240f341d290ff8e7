//! How a JSON document from an edge (status, finding, report of sirens) shows that it is whole.
//!
//! ```text
//! {"edge":"e1","state":"online","crc32c_of_all_before":"e8ef3741"}
//!                              ^ the checksum covers everything before this comma
//! ```
//!
//! Purpose: a document that was bent on its way can still be good JSON and say something else: that an outbox begins where it does not, that
//! a siren sounds that does not. The checksum is an ordinary member, so that whoever reads JSON reads on.
//!
//! Invariants:
//! - The member stands last and is written in exactly one way, [`TAIL_BYTES`] long; nothing is parsed to find it.
//! - Documents without it are those of older edges and of others, and are told apart by distance: what has [`LIKE`] letters of the member's
//!   name in their place had the member, and then all of it must be right. So a document loses its protection only where sixteen letters
//!   of twenty are bent and nothing else is.
//!
//! Refuses: to judge the JSON.

use thiserror::Error;

use crate::checksum::crc32c;

/// Name of the member.
pub const MEMBER: &str = "crc32c_of_all_before";

/// Letters of [`MEMBER`] in their place that make a document one that had the member.
pub const LIKE: usize = 5;

const BEFORE: &[u8] = b",\"";
const BETWEEN: &[u8] = b"\":\"";
const DIGITS: usize = 8;
const AFTER: &[u8] = b"\"}";

/// What a document with a checksum ends with takes so many bytes.
pub const TAIL_BYTES: usize = BEFORE.len() + MEMBER.len() + BETWEEN.len() + DIGITS + AFTER.len();

/// The document is not as it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the document was damaged on its way")]
pub struct Damaged;

/// What ends a document: `open` is all of it but its last brace, and not empty inside.
pub fn tail(open: &[u8]) -> [u8; TAIL_BYTES] {
    let mut tail = [0; TAIL_BYTES];
    let checksum = crc32c(open);
    let digits = (0..DIGITS).map(|at| {
        let nibble = (checksum >> (4 * (DIGITS - 1 - at))) as u8 & 0xf;
        // `0` to `9`, then `a` to `f`.
        if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' + nibble - 10
        }
    });
    let fixed = |bytes: &'static [u8]| bytes.iter().copied();
    let bytes = fixed(BEFORE)
        .chain(fixed(MEMBER.as_bytes()))
        .chain(fixed(BETWEEN))
        .chain(digits)
        .chain(fixed(AFTER));
    tail.iter_mut()
        .zip(bytes)
        .for_each(|(place, byte)| *place = byte);
    tail
}

/// Whether a document is as it was sent: true where its checksum says so, false where it has none.
///
/// # Errors
/// [`Damaged`]: it has one, and it is not right.
pub fn is_whole(document: &[u8]) -> Result<bool, Damaged> {
    let Some((open, end)) = document.split_last_chunk::<TAIL_BYTES>() else {
        return Ok(false);
    };
    if *end == tail(open) {
        return Ok(true);
    }
    let name = end.iter().skip(BEFORE.len()).zip(MEMBER.as_bytes());
    let alike = name.filter(|(is, should)| is == should).count();
    if alike >= LIKE {
        Err(Damaged)
    } else {
        Ok(false)
    }
}
