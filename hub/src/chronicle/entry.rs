//! What the chronicle's log holds.
//!
//! ```text
//! offset  size  field
//! 0       1     version, 1
//! 1       1     kind: 1 key frame, 2 changes, 3 gap, 4 event
//! 2       8     the hub's time, i64 little-endian, microseconds since the Unix epoch; never less than that of the entry before
//! 10      ..    JSON, deflated:
//!               1  the whole state, as `/api/state` gives it
//!               2  [[time_us, {"type": .., "data": ..}], ..], each as the page is told it; none says that nothing changed until then
//!               3  {"from_us": .., "to_us": ..}: what the page showed in between is not known
//!               4  {"id": .., "title": .., "began_us": .., "over_us": .., "level": ..}: replaces what was said of it before
//! ```

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 10;
/// Longest JSON of an entry: a state of ten thousand stations takes some 5 MB.
const MOST_JSON_BYTES: u64 = 256 * 1024 * 1024;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The whole state.
    Key,
    /// What changed.
    Changes,
    /// What is not known.
    Gap,
    /// An event, in short.
    Event,
}

/// Why an entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Not long enough for its header.
    #[error("an entry ends within its header")]
    Short,
    /// Written by a newer hub.
    #[error("an entry of version {0}; this hub reads version {VERSION}: use the newer hub")]
    Version(u8),
    /// Of a kind that this version does not know.
    #[error("an entry of unknown kind {0}")]
    Kind(u8),
    /// Not what its kind says.
    #[error("an entry cannot be read: {0}")]
    Content(String),
}

/// An entry whose JSON has not been looked at.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// What it is.
    pub kind: Kind,
    /// The hub's time, microseconds since the Unix epoch.
    pub time_us: i64,
    body: &'a [u8],
}

/// The bytes of an entry.
pub fn encode<T: Serialize + ?Sized>(
    kind: Kind,
    time_us: i64,
    content: &T,
) -> Result<Vec<u8>, EntryError> {
    let mut out = Vec::with_capacity(1_024);
    out.push(VERSION);
    out.push(match kind {
        Kind::Key => 1,
        Kind::Changes => 2,
        Kind::Gap => 3,
        Kind::Event => 4,
    });
    out.extend_from_slice(&time_us.to_le_bytes());
    let mut deflated = DeflateEncoder::new(out, Compression::fast());
    serde_json::to_writer(&mut deflated, content)
        .map_err(|e| EntryError::Content(e.to_string()))?;
    deflated
        .flush()
        .map_err(|e| EntryError::Content(e.to_string()))?;
    deflated
        .finish()
        .map_err(|e| EntryError::Content(e.to_string()))
}

impl<'a> Entry<'a> {
    /// Reads an entry's header.
    ///
    /// # Errors
    /// [`EntryError`]; the bytes come from our own log, whose checksums have been checked.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, EntryError> {
        let (header, body) = bytes
            .split_at_checked(HEADER_BYTES)
            .ok_or(EntryError::Short)?;
        if header[0] != VERSION {
            return Err(EntryError::Version(header[0]));
        }
        let kind = match header[1] {
            1 => Kind::Key,
            2 => Kind::Changes,
            3 => Kind::Gap,
            4 => Kind::Event,
            other => return Err(EntryError::Kind(other)),
        };
        let time = header[2..].try_into().map_err(|_| EntryError::Short)?;
        Ok(Self {
            kind,
            time_us: i64::from_le_bytes(time),
            body,
        })
    }

    /// Reads its JSON.
    ///
    /// # Errors
    /// [`EntryError::Content`].
    pub fn content<T: DeserializeOwned>(&self) -> Result<T, EntryError> {
        let inflated = DeflateDecoder::new(self.body).take(MOST_JSON_BYTES);
        serde_json::from_reader(std::io::BufReader::new(inflated))
            .map_err(|e| EntryError::Content(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn round_trip_and_what_is_damaged_is_an_error() {
        let state = json!({"now_us": 7, "stations": [1, 2, 3]});
        let bytes = encode(Kind::Key, -5, &state).expect("encodes");
        let entry = Entry::decode(&bytes).expect("decodes");
        assert_eq!((entry.kind, entry.time_us), (Kind::Key, -5));
        assert_eq!(entry.content::<Value>().expect("JSON"), state);
        for n in 0..bytes.len() {
            let cut = Entry::decode(&bytes[..n]).and_then(|e| e.content::<Value>());
            assert!(cut.is_err(), "{n}");
        }
        assert!(matches!(
            Entry::decode(&[2; 10]),
            Err(EntryError::Version(2))
        ));
        assert!(matches!(
            Entry::decode(&[1, 9, 0, 0, 0, 0, 0, 0, 0, 0]),
            Err(EntryError::Kind(9))
        ));
    }
}
