//! Published finite-fault tables, read into rectangles.
//!
//! | format | told by |
//! |---|---|
//! | SRCMOD / USGS `.fsp` | comment lines with `%`, among them a column line with LAT, LON and SLIP |
//! | USGS / UCSB `.param` | `#Fault_segment ... Dx= ... Dy=` |
//! | delimited text | anything else: a header line that names the columns, separated by commas, semicolons, tabs or blanks |
//!
//! **What a position means** decides up to half a rupture's width, so it is never left open: the format says it (`.fsp`
//! in words, `.param`
//! always the centre), or the column names do (`lon_c` a centre, `lonR` the corner of the upper edge from which strike runs, `lon1` to
//! `lon4` corners), or the geometry does (centres that would break the surface are upper edges; rectangles of different
//! dip or width that join
//! only if positions are one of the five references). Otherwise it is taken for the centre. [`Table::reference`] and
//! [`Table::remarks`] say which, and [`ReadOptions::reference`] overrides all of it.
//!
//! Lengths are kilometres and slip metres unless the header says otherwise (`slip_cm`, `Depth(m)`); `.param` slip is in
//! centimetres. Latitudes and longitudes named `latS` and `lonW` count south and west positive.
//!
//! Refuses: more than 8 MiB or 20,000 rows, rows that do not fit the header, numbers out of range. Every error names its line.

mod columns;
mod delimited;
mod fsp;
mod infer;
mod usgs;

use super::Fault;
use super::lift::{FAULTS_MAX, out_of_range};
use crate::sphere::destination;

/// Largest text that is read, bytes.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;

/// Which point of a rectangle a position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Its centre.
    Centre,
    /// The middle of its upper edge.
    TopCentre,
    /// The end of its upper edge from which strike runs: the "upper left" corner seen from the hanging wall.
    TopCorner,
    /// The middle of its lower edge.
    BottomCentre,
    /// The end of its lower edge from which strike runs: the origin of Okada's (1985) frame.
    BottomCorner,
    /// Its corners, each given.
    Corners,
}

/// The kind of text that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Columns under a header.
    Delimited,
    /// SRCMOD's, and the USGS's `.fsp`.
    Fsp,
    /// The USGS's and UCSB's `.param`.
    Param,
}

/// What was not in the table and had to be decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Remark {
    /// The reference point was told by geometry: as centres, subfaults would break the surface.
    ReferenceByDepth,
    /// The reference point was told by geometry: only so do subfaults join.
    ReferenceByJoints,
    /// Nothing told the reference point; positions are taken for it.
    ReferenceAssumed,
    /// Length and width are the spacing of positions, kilometres.
    SizeBySpacing {
        /// Length, kilometres.
        length_km: f64,
        /// Width, kilometres.
        width_km: f64,
    },
    /// Strike and dip are those of the surface through all positions, degrees.
    PlaneBySpacing {
        /// Strike, degrees.
        strike_deg: f64,
        /// Dip, degrees.
        dip_deg: f64,
    },
    /// Subfaults have three corners each; squares of the same area, plane and centroid stand for them.
    TrianglesAsSquares,
    /// The table has no rake; this one was taken, degrees.
    RakeAssumed(f64),
}

/// A table as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The rectangles, in the order of the table, those without slip included.
    pub faults: Vec<Fault>,
    /// Its format.
    pub format: Format,
    /// What its positions were taken for.
    pub reference: Reference,
    /// What had to be decided.
    pub remarks: Vec<Remark>,
}

/// What a reader of the table knows better than the table.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ReadOptions {
    /// Which point of a rectangle a position is.
    pub reference: Option<Reference>,
    /// Rake where the table has none, degrees; 90 if not given.
    pub rake_deg: Option<f64>,
    /// Length and width where the table has none, kilometres.
    pub size_km: Option<(f64, f64)>,
}

/// Why a table was refused. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TableError {
    /// Larger than [`BYTES_MAX`].
    #[error("the table has {0} bytes, at most {BYTES_MAX} are read")]
    TooLarge(usize),
    /// More subfaults than [`FAULTS_MAX`].
    #[error("line {line}: more than {FAULTS_MAX} subfaults")]
    TooManyRows {
        /// Line.
        line: usize,
    },
    /// JSON.
    #[error(
        "this is JSON; of a USGS finite-fault product, give the .fsp or the basic_inversion.param file"
    )]
    Json,
    /// No row of numbers.
    #[error(
        "no subfault found: expected a header line with column names and a row of numbers for each subfault"
    )]
    Empty,
    /// No header line above the first row of numbers.
    #[error(
        "line {line}: numbers without a header line above them; add one, such as lon,lat,depth,length,width,strike,dip,rake,slip"
    )]
    NoHeader {
        /// Line.
        line: usize,
    },
    /// A quantity that is needed has no column, and cannot be told from the others.
    #[error("line {line}: no column for {what}; the header has: {columns}")]
    MissingColumn {
        /// Line of the header.
        line: usize,
        /// What is missing.
        what: &'static str,
        /// The columns that there are.
        columns: String,
    },
    /// Two columns for one quantity.
    #[error(
        "line {line}: columns \"{first}\" and \"{second}\" both say {what}; rename one of them"
    )]
    TwoColumns {
        /// Line of the header.
        line: usize,
        /// The quantity.
        what: &'static str,
        /// One column.
        first: String,
        /// The other.
        second: String,
    },
    /// A row has fewer fields than the header.
    #[error("line {line}: {found} fields, the header has {expected}")]
    Short {
        /// Line.
        line: usize,
        /// Columns of the header.
        expected: usize,
        /// Fields found.
        found: usize,
    },
    /// A field is not a number.
    #[error("line {line}: {column} = \"{text}\" is not a number")]
    NotANumber {
        /// Line.
        line: usize,
        /// Column, by its name.
        column: String,
        /// What stands there, cut to 40 characters.
        text: String,
    },
    /// A number outside its range.
    #[error("line {line}: {field} = {value} is outside {least}..{most}")]
    Range {
        /// Line.
        line: usize,
        /// The quantity.
        field: &'static str,
        /// Its value, in kilometres, degrees, metres or seconds.
        value: f64,
        /// Least allowed.
        least: f64,
        /// Most allowed.
        most: f64,
    },
    /// A header of a format lacks a number that its rows need.
    #[error("line {line}: {what} is needed before the rows of a segment, and was not found")]
    Header {
        /// Line of the first row.
        line: usize,
        /// What is missing.
        what: &'static str,
    },
}

/// Reads a table. See the module; [`read`] says more and can be told more.
///
/// # Errors
/// [`TableError`], with the line.
pub fn parse(text: &str) -> Result<Vec<Fault>, TableError> {
    read(text, &ReadOptions::default()).map(|t| t.faults)
}

/// Reads a table, and says how it was understood.
///
/// # Errors
/// [`TableError`], with the line.
pub fn read(text: &str, options: &ReadOptions) -> Result<Table, TableError> {
    if text.len() > BYTES_MAX {
        return Err(TableError::TooLarge(text.len()));
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['{', '[']) {
        return Err(TableError::Json);
    }
    if fsp::is_fsp(text) {
        fsp::read(text, options)
    } else if usgs::is_param(text) {
        usgs::read(text, options)
    } else {
        delimited::read(text, options)
    }
}

/// A subfault as it stands in a table: everything that may be missing may be missing.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    line: usize,
    lat: f64,
    lon: f64,
    depth_km: Option<f64>,
    top_km: Option<f64>,
    bottom_km: Option<f64>,
    strike_deg: Option<f64>,
    dip_deg: Option<f64>,
    rake_deg: Option<f64>,
    slip_m: f64,
    length_km: Option<f64>,
    width_km: Option<f64>,
    start_s: f64,
    rise_s: f64,
}

/// A subfault that lacks nothing but its centre.
#[derive(Debug, Clone, Copy)]
struct Placed {
    line: usize,
    /// Its position is that of the reference point, its depth that of the reference point or of the centre.
    fault: Fault,
    /// The depth is that of the centre whatever the position is.
    centre_depth: bool,
}

impl Placed {
    /// The rectangle, for a position of this kind.
    fn centred(&self, reference: Reference) -> Fault {
        let mut f = self.fault;
        let (sin, cos) = f.dip_deg.to_radians().sin_cos();
        let (half_run, half_fall) = (0.5 * f.width_km * cos, 0.5 * f.width_km * sin);
        let (ahead, down) = match reference {
            Reference::Centre | Reference::Corners => (0.0, 0.0),
            Reference::TopCentre => (0.0, 1.0),
            Reference::TopCorner => (0.5 * f.length_km, 1.0),
            Reference::BottomCentre => (0.0, -1.0),
            Reference::BottomCorner => (0.5 * f.length_km, -1.0),
        };
        let across: f64 = down * half_run;
        let km = ahead.hypot(across);
        if km > 0.0 {
            let azimuth = f.strike_deg + across.atan2(ahead).to_degrees();
            (f.lat, f.lon) = destination(f.lat, f.lon, azimuth, km);
        }
        if !self.centre_depth {
            f.depth_km += down * half_fall;
        }
        f
    }
}

/// Puts every rectangle at its centre, and refuses numbers out of range.
fn finish(
    placed: &[Placed],
    format: Format,
    reference: Reference,
    remarks: Vec<Remark>,
) -> Result<Table, TableError> {
    let mut faults = Vec::with_capacity(placed.len());
    for p in placed {
        let refuse = |f: &Fault| match out_of_range(f) {
            Some((field, value, least, most)) => Err(TableError::Range {
                line: p.line,
                field,
                value,
                least,
                most,
            }),
            None => Ok(()),
        };
        // As given first: the centre of something absurd says nothing to its reader. Upper edges may lie at 0, centres not above.
        refuse(&p.fault)?;
        let mut f = p.centred(reference);
        f.depth_km = f.depth_km.max(0.0);
        refuse(&f)?;
        faults.push(f);
    }
    if faults.is_empty() {
        return Err(TableError::Empty);
    }
    Ok(Table {
        faults,
        format,
        reference,
        remarks,
    })
}
