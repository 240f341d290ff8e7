//! The record on disk of what others have said, so that a start without a network knows what stood before it.

use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::message::Origin;

/// Longest record read, bytes: escaped messages of sixteen feeds.
const MOST_RECORD: u64 = 128 * 1024 * 1024;
/// Version of the form.
const VERSION: u32 = 1;

/// A message as it is written down: what was received, so that it is judged anew when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Where it came from.
    pub origin: Origin,
    /// The feeds that told it.
    pub feeds: Vec<String>,
    /// It was replaced.
    pub replaced: bool,
    /// Another one goes about under its name.
    pub contested: bool,
    /// As received.
    pub xml: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    messages: Vec<Remembered>,
}

/// Why the record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system said no.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is damaged, or of another version.
    #[error("{0}")]
    Content(String),
}

/// Reads the record; none is an empty one.
///
/// # Errors
/// [`RecordError`] when there is one that cannot be read.
pub fn load(path: &Path) -> Result<Vec<Remembered>, RecordError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e.into()),
    };
    let mut bytes = Vec::new();
    file.take(MOST_RECORD + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_RECORD {
        return Err(RecordError::Content(format!(
            "more than {MOST_RECORD} bytes"
        )));
    }
    let file: File =
        serde_json::from_slice(&bytes).map_err(|e| RecordError::Content(e.to_string()))?;
    if file.version != VERSION {
        let why = format!("is of version {}, not {VERSION}", file.version);
        return Err(RecordError::Content(why));
    }
    Ok(file.messages)
}

/// Writes the record: the old one or the new one is there afterwards, whole, whatever happens.
///
/// # Errors
/// That of the file system.
pub fn save(path: &Path, messages: Vec<Remembered>) -> std::io::Result<()> {
    let file = File {
        version: VERSION,
        messages,
    };
    let part = path.with_extension("part");
    let mut out = std::fs::File::create(&part)?;
    out.write_all(&serde_json::to_vec(&file)?)?;
    out.sync_all()?;
    std::fs::rename(part, path)
}
