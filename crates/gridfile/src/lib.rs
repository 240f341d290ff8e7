//! What people bring: bathymetry, displacements of the sea floor, earthquakes and lists of stations, in the formats of the field.
//!
//! | | becomes | read by |
//! |---|---|---|
//! | ESRI ASCII, GeoClaw topotype 1-3, Surfer DSAA / DSBB / DSRB, netCDF classic / 64-bit, GeoTIFF, ours | [`ocean::Grid`] | [`read_grid`] |
//! | the same, scattered points (`.pts`), GeoClaw dtopotype 1-3 | [`ocean::motion::Motion`]s | [`Uplift`], [`read_uplift`] |
//! | USGS GeoJSON, QuakeML 1.2, small JSON or TOML, CSV | [`Earthquake`] | [`read_quake`] |
//! | CSV, GeoJSON points, easyWave POI files | [`Station`]s | [`read_stations`] |
//!
//! The content says which format it is, not the name; all of them may be gzip. A reader knows its format and hands on what the file
//! holds; order of rows and columns, spacing, the way round the globe, holes and sign are looked after in one place for all (`raster`).
//! So the same depths give the same grid, whatever they were written in.
//!
//! Invariants: any bytes give a value or an [`Error`] that names the file, the place in it and what to do, never a panic; memory and time
//! are bounded by the size of the file and by [`ocean::grid::MAX_CELLS`], also where a header announces more; whatever was done beyond
//! reading - a column dropped, a step rounded, a zone taken - is in the [`Notes`].
//!
//! Refuses: to guess which way depths count, what belongs into a hole, or in which zone metres are - each has an [`Options`] field -, to
//! project rasters, to read netCDF-4 (HDF5), and to write.

#![forbid(unsafe_code)]

mod grid;
mod netcdf;
mod open;
mod options;
mod problem;
mod quake;
mod raster;
mod stations;
mod uplift;
mod utm;
mod words;

pub use grid::ours::read_shipped;
pub use grid::{read_grid, read_grid_bytes};
pub use open::{MAX_GRID_BYTES, MAX_QUAKE_BYTES, MAX_STATION_BYTES};
pub use options::{Holes, Notes, Options, Vertical};
pub use problem::{Error, Problem};
pub use quake::{
    Earthquake, Plane, read_quake, read_quake_bytes, read_quakes_bytes, read_solutions, usgs,
};
pub use stations::{MAX_STATIONS, Station, StationKind, read_stations, read_stations_bytes};
pub use uplift::{MAX_UPLIFT_M, Uplift, is_uplift, read_uplift};
pub use utm::Zone;
