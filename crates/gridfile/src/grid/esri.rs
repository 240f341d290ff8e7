//! ESRI ASCII grids, and GeoClaw's topotypes 2 and 3, which share their header.
//!
//! ```text
//! ncols 4            or   4  mx          columns
//! nrows 3            or   3  my          rows
//! xllcorner 120.0    or   120.0 xlower   west: edge of the corner cell (corner) or its centre (xllcenter, xlower)
//! yllcorner -10.0    or   -10.0 ylower   south, alike
//! cellsize 0.5       or   0.5 0.25 cellsize, or dx and dy in lines of their own
//! NODATA_value -9999                     optional; -9999 where it is not said
//! ```
//! Then the values, rows north to south. Formats: ESRI (ArcGIS help, "Esri ASCII raster format"), GeoClaw (documentation, "Topography
//! data"): GeoClaw writes the number first and takes `xlower` for the first node.

use crate::problem::{Problem, shown};
use crate::raster::{Axis, Stored, check_size};
use crate::words::Words;

/// The value that means "none" where the header does not name one (ESRI's default).
const NODATA: f64 = -9999.0;

/// Whether the first words are such a header: a number and a name of columns, in either order.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    let mut words = Words::new(bytes);
    let (Some(a), Some(b)) = (words.word(), words.word()) else {
        return false;
    };
    matches!(Key::of(a).or(Key::of(b)), Some(Key::Columns | Key::Rows))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Columns,
    Rows,
    /// West, and whether it is an edge.
    West(bool),
    South(bool),
    Step,
    StepX,
    StepY,
    Nodata,
}

impl Key {
    fn of(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "ncols" | "mx" => Key::Columns,
            "nrows" | "my" => Key::Rows,
            "xllcorner" => Key::West(true),
            "yllcorner" => Key::South(true),
            "xllcenter" | "xlower" | "xll" => Key::West(false),
            "yllcenter" | "ylower" | "yll" => Key::South(false),
            "cellsize" => Key::Step,
            "dx" => Key::StepX,
            "dy" => Key::StepY,
            "nodata_value" | "nodata" => Key::Nodata,
            _ => return None,
        })
    }
}

#[derive(Debug, Default)]
struct Header {
    nx: Option<f64>,
    ny: Option<f64>,
    west: Option<(f64, bool)>,
    south: Option<(f64, bool)>,
    dx: Option<f64>,
    dy: Option<f64>,
    nodata: Option<f64>,
}

pub(crate) fn read(bytes: &[u8]) -> Result<Stored, Problem> {
    let mut words = Words::new(bytes);
    let mut header = Header::default();
    // The header ends where a line has no name in it.
    loop {
        let before = words.clone();
        let line = words.line();
        let Some(first) = words.word() else { break };
        let rest = words.rest_of_line();
        let Some((key, numbers)) = entry(first, rest) else {
            // What begins like a number is for the values to refuse.
            if first.starts_with(|c: char| c.is_ascii_alphabetic()) && first.parse::<f32>().is_err()
            {
                return Err(Problem::line(
                    line,
                    format!("\"{}\" is no part of a grid's header", shown(first)),
                ));
            }
            words = before;
            break;
        };
        header.take(key, &numbers, line)?;
    }
    let line = words.line();
    let missing = |what: &str| Problem::line(line, format!("the header ends here without {what}"));
    let nx = header
        .nx
        .and_then(crate::words::as_count)
        .ok_or_else(|| missing("a number of columns (ncols)"))?;
    let ny = header
        .ny
        .and_then(crate::words::as_count)
        .ok_or_else(|| missing("a number of rows (nrows)"))?;
    check_size(nx, ny)?;
    let west = header
        .west
        .ok_or_else(|| missing("a western edge (xllcorner)"))?;
    let south = header
        .south
        .ok_or_else(|| missing("a southern edge (yllcorner)"))?;
    let dx = header.dx.ok_or_else(|| missing("a step (cellsize)"))?;
    let dy = header.dy.unwrap_or(dx);
    for step in [dx, dy] {
        if step <= 0.0 {
            return Err(missing(&format!("a usable step: {step}")));
        }
    }
    let node = |(at, edge): (f64, bool), step: f64| if edge { at + step / 2.0 } else { at };
    let y0 = node(south, dy);
    let z = words.values(nx * ny, Some(header.nodata.unwrap_or(NODATA) as f32))?;
    words.end(nx * ny)?;
    let x = Axis {
        first: node(west, dx),
        step: dx,
        n: nx,
    };
    let y = Axis {
        first: y0 + (ny - 1) as f64 * dy,
        step: -dy,
        n: ny,
    };
    Ok(Stored::new(x, y, z))
}

/// A line of the header: its name, and the numbers before or after it.
fn entry(first: &str, rest: &str) -> Option<(Key, Vec<f64>)> {
    let words = || std::iter::once(first).chain(rest.split_whitespace());
    let key = words().find_map(Key::of)?;
    // Behind a number GeoClaw's files may say more than the name; only the first two numbers count.
    let numbers = words().filter_map(|w| w.trim_end_matches(',').parse::<f64>().ok());
    Some((key, numbers.filter(|x| x.is_finite()).take(2).collect()))
}

impl Header {
    fn take(&mut self, key: Key, numbers: &[f64], line: usize) -> Result<(), Problem> {
        let Some(&number) = numbers.first() else {
            // "nan" as the code for "none" needs no code: NaN is none already.
            if key == Key::Nodata {
                return Ok(());
            }
            return Err(Problem::line(line, "this line of the header has no number"));
        };
        let twice = match key {
            Key::Columns => self.nx.replace(number).is_some(),
            Key::Rows => self.ny.replace(number).is_some(),
            Key::West(edge) => self.west.replace((number, edge)).is_some(),
            Key::South(edge) => self.south.replace((number, edge)).is_some(),
            Key::Step => {
                self.dy = Some(numbers.get(1).copied().unwrap_or(number));
                self.dx.replace(number).is_some()
            }
            Key::StepX => self.dx.replace(number).is_some(),
            Key::StepY => self.dy.replace(number).is_some(),
            Key::Nodata => self.nodata.replace(number).is_some(),
        };
        if twice {
            return Err(Problem::line(
                line,
                "this line of the header says again what was said before",
            ));
        }
        Ok(())
    }
}
