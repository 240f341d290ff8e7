//! Documents that end with their own checksum.

use proptest::prelude::*;
use wire::document::{Damaged, MEMBER, TAIL_BYTES, is_whole, tail};

fn sealed(open: &str) -> Vec<u8> {
    [open.as_bytes(), &tail(open.as_bytes())].concat()
}

const STATUS: &str =
    r#"{"state":"online","edge":"e1","outbox":{"identity":"00000000000000ff","acknowledged":1024}"#;

/// The bytes as `docs/protocol.md` has them.
#[test]
fn the_member_is_written_in_one_way() {
    let text = String::from_utf8(sealed(r#"{"edge":"e1","state":"online""#)).expect("text");
    assert_eq!(
        text,
        r#"{"edge":"e1","state":"online","crc32c_of_all_before":"e8ef3741"}"#
    );
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json[MEMBER], "e8ef3741");
    assert_eq!(is_whole(text.as_bytes()), Ok(true));
}

/// What edges before this and others publish is read as it was.
#[test]
fn documents_without_a_checksum_are_told_apart() {
    let long = format!("{STATUS}}}");
    for document in [
        "",
        "{}",
        "{",
        &long,
        r#"{"boot":1700000000,"edge":"edge-1","reason":"vanished","state":"offline"}"#,
        r#"{"edge":"e","gone":true}"#,
        r#"{"boot":1,"code":1,"node":7,"quality":0,"seq":3,"station":"buoy","time":"2010-02-27T06:34:00.000000Z","value":0.5}"#,
        r#"{"edge":"e","word":"00000000000000ff","alone":[{"time":"t","because":"two waves"}]}"#,
    ] {
        assert_eq!(is_whole(document.as_bytes()), Ok(false), "{document}");
    }
}

/// One digit of where an outbox begins, bent: the hub would have acknowledged what it never had.
#[test]
fn every_flipped_bit_is_damage() {
    let sent = sealed(STATUS);
    for bit in 0..sent.len() * 8 {
        let mut bent = sent.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(is_whole(&bent), Err(Damaged), "{bit}");
    }
}

proptest! {
    #[test]
    fn a_damaged_document_is_not_whole(
        at: prop::sample::Index,
        burst in prop::collection::vec(any::<u8>(), 1..TAIL_BYTES),
    ) {
        let sent = sealed(STATUS);
        let mut bent = sent.clone();
        let at = at.index(bent.len());
        bent[at..].iter_mut().zip(burst).for_each(|(byte, bend)| *byte ^= bend);
        prop_assert!(bent == sent || is_whole(&bent) != Ok(true));
    }

    #[test]
    fn what_is_sealed_is_whole(text in "[ -~]{0,200}") {
        prop_assert_eq!(is_whole(&sealed(&text)), Ok(true));
    }

    #[test]
    fn any_bytes_are_whole_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = is_whole(&bytes);
    }
}
