//! What can be wrong with a file, said so that its owner can mend it.

use ocean::GridError;

/// Why a file was refused, and which.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct Error {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// Larger than anything that is read.
    #[error("{what}: {found}; at most {most} are read{hint}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        found: u64,
        /// How much is read.
        most: u64,
        /// What to do about it, with its separator, or nothing.
        hint: &'static str,
    },
    /// In none of the formats.
    #[error("in none of the formats that are read ({0})")]
    Unknown(&'static str),
    /// netCDF-4, which is HDF5 inside.
    #[error(
        "is an HDF5 file (netCDF-4); it can be converted with `nccopy -k classic in.nc out.nc`, or `-k 64-bit-offset` beyond 2 GB"
    )]
    Hdf5,
    /// A line of a text file.
    #[error("line {line}: {what}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// A binary or structured file that does not keep to its format.
    #[error("{0}")]
    Malformed(String),
    /// Ends before all of its values.
    #[error("ends early: {expected} values are announced, {found} are there")]
    Short {
        /// Values that the header announces.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// Coordinates that are not evenly spaced.
    #[error(
        "{axis} is not evenly spaced: {found} stands at position {index}, where {expected} would be even"
    )]
    Uneven {
        /// Which axis.
        axis: &'static str,
        /// Position along the axis, from 0.
        index: usize,
        /// What stands there.
        found: f64,
        /// What an even axis would have there.
        expected: f64,
    },
    /// Coordinates that are no degrees.
    #[error("{axis} runs from {from} to {to}, which are no degrees{hint}")]
    NotDegrees {
        /// Which axis.
        axis: &'static str,
        /// Its first value.
        from: f64,
        /// Its last value.
        to: f64,
        /// What to do about it, with its separator.
        hint: &'static str,
    },
    /// Cells without a value.
    #[error(
        "{count} of {cells} cells have no value, the first at {lat} north, {lon} east; fill them, cut the grid, or have holes taken \
         as {taken_as}"
    )]
    Holes {
        /// How many.
        count: usize,
        /// Of how many.
        cells: usize,
        /// Latitude of the southmost and then westmost one, degrees.
        lat: f64,
        /// Its longitude, degrees.
        lon: f64,
        /// What the option makes of them: land, or no movement.
        taken_as: &'static str,
    },
    /// Values that are no heights on Earth.
    #[error("{value} m at {lat} north, {lon} east is no {what}: at most {most} m")]
    Beyond {
        /// What the values should be.
        what: &'static str,
        /// The value.
        value: f32,
        /// Latitude, degrees.
        lat: f64,
        /// Longitude, degrees.
        lon: f64,
        /// Largest size of such a value, metres.
        most: f32,
    },
    /// Nothing below sea level.
    #[error("holds no sea: heights from {least} to {most} m{hint}")]
    NoSea {
        /// Least height, metres, up positive as read.
        least: f32,
        /// Largest height, metres.
        most: f32,
        /// What to do about it, with its separator.
        hint: &'static str,
    },
    /// The file holds several fields, or not the one that was asked for.
    #[error("{what}; it holds: {found}")]
    Variable {
        /// What was looked for.
        what: String,
        /// What is there.
        found: String,
    },
    /// Units that are not metres.
    #[error("heights are in \"{0}\"; convert them to metres")]
    Units(String),
    /// Points in metres, and nobody says of which zone.
    #[error(
        "the points are UTM metres, but of which zone is not said ({0}); give the zone, such as utm54n"
    )]
    Zone(String),
    /// A zone that is none.
    #[error("\"{0}\" is no UTM zone; one is written utm54n or utm19s")]
    NoZone(String),
    /// No part of the sea floor within the grid moves.
    #[error(
        "lies outside the grid: it covers {west}..{east} east, {south}..{north} north, the grid {grid_west}..{grid_east} east, \
         {grid_south}..{grid_north} north"
    )]
    OffGrid {
        /// Western edge, degrees.
        west: f64,
        /// Eastern edge.
        east: f64,
        /// Southern edge.
        south: f64,
        /// Northern edge.
        north: f64,
        /// Western edge of the grid.
        grid_west: f64,
        /// Eastern edge of the grid.
        grid_east: f64,
        /// Southern edge of the grid.
        grid_south: f64,
        /// Northern edge of the grid.
        grid_north: f64,
    },
    /// It moves nothing, or only land.
    #[error("moves nothing: {0}")]
    Still(&'static str),
    /// The grid that came of it breaks an invariant.
    #[error(transparent)]
    Grid(#[from] GridError),
}

impl Problem {
    /// With the name of the file.
    pub fn of(self, file: impl Into<String>) -> Error {
        Error {
            file: file.into(),
            problem: self,
        }
    }

    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Problem::Malformed(what.into())
    }

    pub(crate) fn line(line: usize, what: impl Into<String>) -> Self {
        Problem::Line {
            line,
            what: what.into(),
        }
    }
}

/// Part of a text from outside, short and without control characters, for messages.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if text.chars().nth(40).is_some() {
        short.push_str("...");
    }
    short
}
