//! Our own format: gzip of `i16` little-endian metres beside a `.json` header, as in `configs/bathymetry`.

use ocean::{Grid, GridHeader};

use crate::open::{self, MAX_GRID_BYTES};
use crate::problem::{Error, Problem};

const VALUES: &str = ".i16le.gz";
const HEADER: &str = ".json";
/// Largest header, bytes; ours have 300.
const MAX_HEADER_BYTES: u64 = 64 << 10;

/// The common part of the two names, when this is one of them.
pub(crate) fn stem(name: &str) -> Option<&str> {
    if let Some(stem) = name.strip_suffix(VALUES) {
        return Some(stem);
    }
    name.strip_suffix(HEADER)
        .filter(|stem| std::path::Path::new(&format!("{stem}{VALUES}")).exists())
}

/// Both files.
pub(crate) fn read(stem: &str) -> Result<Grid, Error> {
    let file = |ending, most| {
        let name = format!("{stem}{ending}");
        open::read(std::path::Path::new(&name), most).map_err(|p| p.of(name))
    };
    let header = file(HEADER, MAX_HEADER_BYTES)?;
    read_shipped(stem, &header, &file(VALUES, MAX_GRID_BYTES)?)
}

/// A grid from the two parts of our own format: the `.json` header and the gzip of its values.
///
/// # Errors
/// [`Error`] that names `name`: a header that is none, a body that cannot be inflated, or the two do not belong together.
pub fn read_shipped(name: &str, header: &[u8], compressed: &[u8]) -> Result<Grid, Error> {
    let read = || {
        let header: GridHeader = serde_json::from_slice(header)
            .map_err(|e| Problem::Malformed(format!("header: {e}")))?;
        let values = open::inflated(compressed.to_vec(), MAX_GRID_BYTES)?;
        Ok(Grid::from_parts(&header, &values)?)
    };
    read().map_err(|p: Problem| p.of(name))
}
