//! Bathymetry on a regular latitude-longitude grid, as shipped in `configs/bathymetry`.
//!
//! Storage: `f32` metres, up positive (sea negative), rows south to north, columns west to east. The shipped grids come
//! as `i16` little-endian bytes; other sources as metres. Inflating a `.gz` is the caller's work; this crate opens no file.
//!
//! Invariants of a [`Grid`]: as many values as the header says, every one of them finite, finite positive steps,
//! latitudes within -90..90, no column twice. Refuses everything else with a [`GridError`].

mod window;

use serde::{Deserialize, Serialize};

use crate::lattice::{Cell, Lattice};

pub use window::Area;

/// Most cells a grid may have: the whole globe at 1.5 minutes is 104 million, 200 MB as `i16`.
pub const MAX_CELLS: usize = 128 * 1024 * 1024;

/// What the `.json` file beside a grid says. Fields beyond the geometry are optional; those that are present
/// are checked against the data, so that a header and a body that do not belong together are refused.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GridHeader {
    /// Columns, at least 2.
    pub nx: usize,
    /// Rows, at least 2.
    pub ny: usize,
    /// Longitude of the westmost column, degrees.
    pub lon0: f64,
    /// Latitude of the southmost row, degrees.
    pub lat0: f64,
    /// Step eastward, degrees, positive.
    pub dlon: f64,
    /// Step northward, degrees, positive.
    pub dlat: f64,
    /// Storage order; only [`ORDER`] is readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Storage type; only [`DTYPE`] is readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    /// Units; only [`UNITS`] is readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// How the values were taken from their origin, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<String>,
    /// Smallest value, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zmin: Option<i16>,
    /// Largest value, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zmax: Option<i16>,
    /// Number of cells below sea level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wet: Option<usize>,
}

/// The only storage order that is read.
pub const ORDER: &str = "row-major, south to north, west to east";
/// The only storage type that is read.
pub const DTYPE: &str = "int16 little-endian";
/// The only units that are read.
pub const UNITS: &str = "m (positive up)";

/// Why a grid was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GridError {
    /// Fewer than two rows or columns.
    #[error("grid of {nx} x {ny} cells is too small: at least 2 x 2")]
    TooSmall {
        /// Columns in the header.
        nx: usize,
        /// Rows in the header.
        ny: usize,
    },
    /// More cells than [`MAX_CELLS`].
    #[error("grid of {nx} x {ny} cells is too large: at most {MAX_CELLS} cells")]
    TooLarge {
        /// Columns in the header.
        nx: usize,
        /// Rows in the header.
        ny: usize,
    },
    /// A header number is NaN, infinite, or a step is not positive.
    #[error("grid header: {field} = {value} is not a usable number")]
    Number {
        /// Header field.
        field: &'static str,
        /// Its value.
        value: f64,
    },
    /// Rows reach beyond a pole.
    #[error("grid rows from latitude {south} to {north} reach beyond a pole")]
    Latitude {
        /// Southmost latitude, degrees.
        south: f64,
        /// Northmost latitude, degrees.
        north: f64,
    },
    /// The columns go round the globe and repeat themselves.
    #[error(
        "{nx} columns of {dlon} degrees go round the globe and repeat a column: at most {most}"
    )]
    DuplicateColumns {
        /// Columns in the header.
        nx: usize,
        /// Step, degrees.
        dlon: f64,
        /// Most columns that this step allows.
        most: usize,
    },
    /// The number of values differs from nx x ny.
    #[error("grid holds {found} values, its header says {expected}")]
    Values {
        /// Values the header promises.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// The byte length is odd or differs from 2 x nx x ny.
    #[error("grid holds {found} bytes, its header says {expected}")]
    Bytes {
        /// Bytes the header promises.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// A value is NaN, infinite or no height on Earth: a hole. Fill it before use; a guess here could be a missed wave.
    #[error(
        "grid has a hole: value {value} in column {i}, row {j} (counted from 0 at the south-west corner)"
    )]
    Hole {
        /// Column.
        i: usize,
        /// Row.
        j: usize,
        /// What stands there.
        value: f32,
    },
    /// Fewer than two rows or columns of the grid lie within the area that was asked for.
    #[error(
        "the area from {west} to {east} east, {south} to {north} north holds no part of the grid"
    )]
    Outside {
        /// Western edge, degrees.
        west: f64,
        /// Southern edge, degrees.
        south: f64,
        /// Eastern edge, degrees.
        east: f64,
        /// Northern edge, degrees.
        north: f64,
    },
    /// The header names an order, type or unit that is not read.
    #[error("grid header: {field} = \"{found}\", only \"{expected}\" is read")]
    Layout {
        /// Header field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it must say.
        expected: &'static str,
    },
    /// A statistic in the header differs from the data: wrong file, or damaged.
    #[error(
        "grid header says {field} = {expected}, the data give {found}: header and data do not belong together"
    )]
    Statistic {
        /// Header field.
        field: &'static str,
        /// What the header says.
        expected: i64,
        /// What the data give.
        found: i64,
    },
}

/// Bathymetry and topography on a [`Lattice`].
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    lattice: Lattice,
    z: Vec<f32>,
}

/// Largest height or depth that is taken for one, metres: Challenger Deep and Everest with room to spare. Beyond it lie only
/// missing-value codes (-32768, 99999, 1e20).
pub const MAX_RELIEF_M: f32 = 12_000.0;

impl Grid {
    /// A grid from its header and values (metres, up positive, rows south to north).
    ///
    /// # Errors
    /// [`GridError`] for every broken invariant of the module, and for header statistics that differ.
    pub fn new(header: &GridHeader, z: Vec<i16>) -> Result<Self, GridError> {
        Grid::from_metres(header, z.into_iter().map(f32::from).collect())
    }

    /// A grid from its header and values with fractions of a metre (up positive, rows south to north).
    ///
    /// # Errors
    /// As [`Grid::new`], and [`GridError::Hole`] for the first value that is not finite or beyond [`MAX_RELIEF_M`].
    pub fn from_metres(header: &GridHeader, z: Vec<f32>) -> Result<Self, GridError> {
        let lattice = lattice_of(header)?;
        if z.len() != lattice.len() {
            return Err(GridError::Values {
                expected: lattice.len(),
                found: z.len(),
            });
        }
        let hole = |z: &f32| z.is_nan() || z.abs() > MAX_RELIEF_M;
        if let Some(k) = z.iter().position(hole) {
            let Cell { i, j } = lattice.cell(k);
            return Err(GridError::Hole { i, j, value: z[k] });
        }
        let grid = Grid { lattice, z };
        grid.check_statistics(header)?;
        Ok(grid)
    }

    /// A grid from its header and its little-endian bytes.
    ///
    /// # Errors
    /// As [`Grid::new`], and [`GridError::Bytes`] when the length is not two bytes a cell.
    pub fn from_parts(header: &GridHeader, bytes: &[u8]) -> Result<Self, GridError> {
        let expected = lattice_of(header)?.len() * 2;
        if bytes.len() != expected {
            return Err(GridError::Bytes {
                expected,
                found: bytes.len(),
            });
        }
        let z = bytes
            .chunks_exact(2)
            .map(|b| i16::from_le_bytes([b[0], b[1]]))
            .collect();
        Grid::new(header, z)
    }

    fn check_statistics(&self, header: &GridHeader) -> Result<(), GridError> {
        let check = |field, expected: Option<i64>, found: i64| match expected {
            Some(expected) if expected != found => Err(GridError::Statistic {
                field,
                expected,
                found,
            }),
            _ => Ok(()),
        };
        let least = self.z.iter().copied().fold(f32::INFINITY, f32::min);
        let most = self.z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        check("zmin", header.zmin.map(i64::from), least as i64)?;
        check("zmax", header.zmax.map(i64::from), most as i64)?;
        check(
            "wet",
            header.wet.and_then(|w| i64::try_from(w).ok()),
            self.wet_cells() as i64,
        )
    }

    /// The geometry.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }
    /// Number of cells below sea level.
    pub fn wet_cells(&self) -> usize {
        self.z.iter().filter(|&&z| z < 0.0).count()
    }
    /// Elevation in metres, up positive; `None` outside the grid.
    pub fn elevation_m(&self, i: usize, j: usize) -> Option<f64> {
        self.lattice
            .index(Cell { i, j })
            .map(|k| f64::from(self.z[k]))
    }
    /// Depth in metres, down positive, always above zero; `None` on land and outside the grid.
    pub fn depth_m(&self, i: usize, j: usize) -> Option<f64> {
        self.elevation_m(i, j).filter(|&z| z < 0.0).map(|z| -z)
    }
    /// True when the cell is on the grid and below sea level.
    pub fn is_wet(&self, cell: Cell) -> bool {
        self.lattice.index(cell).is_some_and(|k| self.z[k] < 0.0)
    }
    /// The cell that holds a place (degrees), or `None` outside the grid.
    pub fn cell_at(&self, lat: f64, lon: f64) -> Option<Cell> {
        self.lattice.cell_at(lat, lon)
    }
    /// True when the place lies on the grid, whatever multiple of 360 its longitude carries.
    pub fn covers(&self, lat: f64, lon: f64) -> bool {
        self.lattice.covers(lat, lon)
    }
    /// The cell below sea level whose centre is nearest to the place, within `max_km`. A dry basin below sea
    /// level or a lake counts too: whether a wave gets there is for the travel time to say.
    pub fn nearest_wet(&self, lat: f64, lon: f64, max_km: f64) -> Option<Cell> {
        self.lattice
            .nearest(lat, lon, max_km, |k| self.z[k] < 0.0)
            .map(|(cell, _)| cell)
    }
    /// Every `factor`-th node of this grid, from its south-west corner: what a coarser grid by point sampling would be.
    ///
    /// # Errors
    /// [`GridError::TooSmall`] when fewer than two rows or columns are left, or when a grid that goes round the globe would not
    /// close any more.
    pub fn thinned(&self, factor: usize) -> Result<Grid, GridError> {
        let l = &self.lattice;
        let factor = factor.max(1);
        let left = |n: usize| (n - 1) / factor + 1;
        let (nx, ny) = (left(l.nx), left(l.ny));
        if nx < 2 || ny < 2 || (l.periodic && !l.nx.is_multiple_of(factor)) {
            return Err(GridError::TooSmall { nx, ny });
        }
        let lattice = Lattice {
            nx,
            ny,
            dlon: l.dlon * factor as f64,
            dlat: l.dlat * factor as f64,
            ..*l
        };
        let row = |j: usize| self.z[j * factor * l.nx..][..l.nx].iter();
        let z = (0..ny)
            .flat_map(|j| row(j).step_by(factor).copied())
            .collect();
        Ok(Grid { lattice, z })
    }
    /// Elevations in storage order, metres, up positive.
    pub fn z(&self) -> &[f32] {
        &self.z
    }
}

fn lattice_of(h: &GridHeader) -> Result<Lattice, GridError> {
    let (nx, ny) = (h.nx, h.ny);
    if nx < 2 || ny < 2 {
        return Err(GridError::TooSmall { nx, ny });
    }
    if nx.checked_mul(ny).is_none_or(|n| n > MAX_CELLS) {
        return Err(GridError::TooLarge { nx, ny });
    }
    for (field, value, usable) in [
        ("lon0", h.lon0, h.lon0.abs() <= 1080.0),
        ("lat0", h.lat0, h.lat0.is_finite()),
        ("dlon", h.dlon, h.dlon > 0.0 && h.dlon.is_finite()),
        ("dlat", h.dlat, h.dlat > 0.0 && h.dlat.is_finite()),
    ] {
        if !usable {
            return Err(GridError::Number { field, value });
        }
    }
    for (field, found, expected) in [
        ("order", &h.order, ORDER),
        ("dtype", &h.dtype, DTYPE),
        ("units", &h.units, UNITS),
    ] {
        if let Some(found) = found.as_ref().filter(|f| f.as_str() != expected) {
            return Err(GridError::Layout {
                field,
                found: found.clone(),
                expected,
            });
        }
    }
    // Steps such as 1/6 are not exact: allow a thousandth of a cell.
    let (south, north) = (h.lat0, h.lat0 + (ny - 1) as f64 * h.dlat);
    let slack = h.dlat * 1e-3;
    if south < -90.0 - slack || north > 90.0 + slack {
        return Err(GridError::Latitude { south, north });
    }
    let round = 360.0 / h.dlon;
    if nx as f64 > round + 1e-3 {
        return Err(GridError::DuplicateColumns {
            nx,
            dlon: h.dlon,
            most: (round + 1e-3) as usize,
        });
    }
    let periodic = (nx as f64 - round).abs() <= 1e-3;
    Ok(Lattice {
        nx,
        ny,
        lon0: h.lon0,
        lat0: h.lat0,
        dlon: h.dlon,
        dlat: h.dlat,
        periodic,
    })
}
