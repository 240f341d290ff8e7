//! netCDF: the classic format, its 64-bit offset and its 64-bit data variant; grids as GMT, GEBCO, ETOPO and Ferret write them, and
//! scattered points.

mod choose;
mod file;
mod points;
mod values;

pub(crate) use choose::read_grid;
pub(crate) use points::{PointFile, Unit, read_points};
