//! JSON documents for the hub, with what shows that they are whole, see [`wire::document`].

use wire::document::{TAIL_BYTES, tail};

/// `document`, an object with members, with its checksum as the last member: [`TAIL_BYTES`] longer, less the brace that moves.
pub fn seal(mut document: Vec<u8>) -> Vec<u8> {
    debug_assert!(document.ends_with(b"}") && document.len() > 2);
    document.pop();
    document.reserve_exact(TAIL_BYTES);
    let end = tail(&document);
    document.extend(end);
    document
}
