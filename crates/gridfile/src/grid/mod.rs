//! Bathymetry in the formats of the field.

pub(crate) mod esri;
pub(crate) mod geotiff;
pub(crate) mod ours;
pub(crate) mod surfer;
pub(crate) mod triples;

use std::path::Path;

use ocean::Grid;

use crate::netcdf;
use crate::open::{self, MAX_GRID_BYTES};
use crate::options::{Notes, Options};
use crate::problem::{Error, Problem};
use crate::raster::Stored;

/// What is read, for the message about a file in none of them.
pub(crate) const FORMATS: &str = "ESRI ASCII and GeoClaw topotype 1, 2, 3; Surfer DSAA, DSBB and DSRB; netCDF classic and 64-bit; \
     GeoTIFF; .i16le.gz with its .json";

/// Reads bathymetry from a file. The content says which format it is; only ours goes by its name, `X.i16le.gz` with `X.json` beside it.
///
/// # Errors
/// [`Error`] names the file and what is wrong with it.
pub fn read_grid(path: &Path, options: &Options) -> Result<(Grid, Notes), Error> {
    let name = path.display().to_string();
    if let Some(stem) = ours::stem(&name) {
        return ours::read(stem).map(|grid| (grid, Notes::default()));
    }
    let bytes = open::read(path, MAX_GRID_BYTES).map_err(|p| p.of(&name))?;
    read_grid_bytes(&name, bytes, options)
}

/// Reads bathymetry from the bytes of a file that is called `name` in messages. Gzip is inflated.
///
/// # Errors
/// As [`read_grid`].
pub fn read_grid_bytes(
    name: &str,
    bytes: Vec<u8>,
    options: &Options,
) -> Result<(Grid, Notes), Error> {
    let read = || {
        stored(open::inflated(bytes, MAX_GRID_BYTES)?, options)?
            .ordered()?
            .bathymetry(options)
    };
    read().map_err(|p: Problem| p.of(name))
}

/// A field from bytes, whatever it is the field of.
pub(crate) fn stored(bytes: Vec<u8>, options: &Options) -> Result<Stored, Problem> {
    match Format::of(&bytes) {
        Some(Format::Surfer) => surfer::read(&bytes),
        Some(Format::Netcdf) => netcdf::read_grid(&bytes, options),
        Some(Format::Tiff) => geotiff::read(&bytes),
        Some(Format::Header) => esri::read(&bytes),
        Some(Format::Triples) => triples::read(&bytes),
        Some(Format::Hdf5) => Err(Problem::Hdf5),
        None => Err(Problem::Unknown(FORMATS)),
    }
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Surfer,
    Netcdf,
    Hdf5,
    Tiff,
    /// ESRI ASCII, GeoClaw topotype 2 and 3: six numbers with their names, then the values.
    Header,
    /// x y z in every line.
    Triples,
}

impl Format {
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let starts = |with: &[&[u8]]| with.iter().any(|w| bytes.starts_with(w));
        if starts(&[b"DSAA", b"DSBB", b"DSRB"]) {
            Some(Format::Surfer)
        } else if starts(&[b"CDF"]) {
            Some(Format::Netcdf)
        } else if starts(&[b"\x89HDF\r\n\x1a\n"]) {
            Some(Format::Hdf5)
        } else if starts(&[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]) {
            Some(Format::Tiff)
        } else if esri::is_header(bytes) {
            Some(Format::Header)
        } else if triples::columns(bytes) == Some(3) {
            Some(Format::Triples)
        } else {
            None
        }
    }
}
