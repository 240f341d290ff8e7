//! Bytes to text.

use std::borrow::Cow;

use super::ReadError;
use super::complaint::{Complaints, Problem};

/// Where an XML declaration would name its encoding.
const DECLARATION_BYTES: usize = 200;
/// Names under which Latin-1 is declared. Windows-1252 differs in 0x80 to 0x9F only (typographic marks).
const LATIN_1: [&str; 4] = ["iso-8859-1", "iso8859-1", "latin1", "windows-1252"];

/// UTF-8 as it is; UTF-16 by its byte order mark and Latin-1 by its declaration, with a complaint.
pub(super) fn decode<'b>(
    bytes: &'b [u8],
    complaints: &mut Complaints,
) -> Result<Cow<'b, str>, ReadError> {
    let unit: Option<fn([u8; 2]) -> u16> = match bytes {
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        _ => None,
    };
    if let Some(unit) = unit {
        let (pairs, odd) = bytes[2..].as_chunks::<2>();
        let text: Result<String, _> =
            char::decode_utf16(pairs.iter().map(|&pair| unit(pair))).collect();
        complaints.add(
            "alert",
            Problem::Encoding {
                taken: "UTF-16".to_owned(),
            },
        );
        return if odd.is_empty() {
            text.map(Cow::Owned).map_err(|_| ReadError::Encoding)
        } else {
            Err(ReadError::Encoding)
        };
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    let head: String = bytes
        .iter()
        .take(DECLARATION_BYTES)
        .map(|&b| char::from(b).to_ascii_lowercase())
        .collect();
    let declaration = head
        .split_once("?>")
        .map_or("", |(declaration, _)| declaration);
    if declaration.starts_with("<?xml") && LATIN_1.iter().any(|name| declaration.contains(name)) {
        complaints.add(
            "alert",
            Problem::Encoding {
                taken: "ISO-8859-1".to_owned(),
            },
        );
        return Ok(Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect()));
    }
    Err(ReadError::Encoding)
}
