//! Files become bytes: bounded, and inflated where they are gzip.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::problem::Problem;

/// Largest grid or uplift file, bytes, as it lies and once inflated: [`ocean::grid::MAX_CELLS`] cells at eight bytes, as double
/// precision or as text, and a header.
pub const MAX_GRID_BYTES: u64 = 8 * ocean::grid::MAX_CELLS as u64 + (1 << 20);
/// Largest earthquake file, bytes: a month of all earthquakes as QuakeML is about 40 MB.
pub const MAX_QUAKE_BYTES: u64 = 64 << 20;
/// Largest station list, bytes.
pub const MAX_STATION_BYTES: u64 = 16 << 20;

const HINT: &str = "; cut the file to the sea that matters first";

/// The content of a file.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Problem> {
    let file = File::open(path)?;
    let there = file.metadata()?;
    if there.is_dir() {
        return Err(Problem::malformed("is a directory; a file is needed"));
    }
    if there.len() > most {
        return Err(too_large(there.len(), most));
    }
    bounded(file, most)
}

/// The bytes, inflated when they are gzip, whatever the file is called.
pub(crate) fn inflated(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>, Problem> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    bounded(MultiGzDecoder::new(bytes.as_slice()), most).map_err(|problem| match problem {
        Problem::Read(e) => Problem::Malformed(format!("cannot be inflated: {e}")),
        other => other,
    })
}

/// The first bytes, enough to tell a format by, inflated when they are gzip.
pub(crate) fn start(bytes: &[u8]) -> Vec<u8> {
    const ENOUGH: usize = 64 << 10;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes[..bytes.len().min(ENOUGH)].to_vec();
    }
    let mut start = Vec::new();
    // What is damaged is for the reader itself to say.
    let _ = MultiGzDecoder::new(bytes)
        .take(ENOUGH as u64)
        .read_to_end(&mut start);
    start
}

fn bounded(from: impl Read, most: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    let found = bytes.len() as u64;
    if found > most {
        return Err(too_large(found, most));
    }
    Ok(bytes)
}

fn too_large(found: u64, most: u64) -> Problem {
    Problem::TooLarge {
        what: "bytes",
        found,
        most,
        hint: HINT,
    }
}
