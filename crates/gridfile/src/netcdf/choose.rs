//! Which variable of a netCDF file is the grid, and where it lies.

use ocean::grid::MAX_CELLS;

use super::file::{File, Variable};
use crate::options::Options;
use crate::problem::{Problem, shown};
use crate::raster::{Axis, Stored, check_size};

/// Longest axis, nodes: the globe at one arc-second.
const MAX_AXIS: usize = 1_296_001;
/// Names that heights go by, most likely first, where a file holds several fields.
const HEIGHTS: [&str; 12] = [
    "z",
    "elevation",
    "topo",
    "bathymetry",
    "bathy",
    "depth",
    "band1",
    "dz",
    "uplift",
    "deformation",
    "displacement",
    "rose",
];

/// Reads the grid of a netCDF file.
pub(crate) fn read_grid(bytes: &[u8], options: &Options) -> Result<Stored, Problem> {
    let file = File::parse(bytes)?;
    if let Some(z) = file.variable("z").filter(|z| z.extent().len() == 1)
        && file.variable("x_range").is_some()
    {
        return gmt_3(&file, z);
    }
    let grids = file
        .variables
        .iter()
        .filter_map(|v| Candidate::of(&file, v))
        .collect::<Vec<_>>();
    let chosen = choose(&file, &grids, options.variable.as_deref())?;
    chosen.read(&file)
}

/// A variable with two axes.
#[derive(Debug, Clone, Copy)]
struct Candidate<'f> {
    z: &'f Variable,
    /// The axis along rows of the file, which varies fastest, and the other one.
    fast: &'f Variable,
    slow: &'f Variable,
}

impl<'f> Candidate<'f> {
    fn of(file: &'f File<'_>, z: &'f Variable) -> Option<Self> {
        let axes: Vec<&str> = std::iter::zip(&z.dims, &z.shape)
            .filter(|&(_, &n)| n != 1)
            .map(|(d, _)| d.as_str())
            .collect();
        let [slow, fast] = axes[..] else { return None };
        let axis = |name| file.variable(name).filter(|v| v.dims.len() == 1);
        Some(Candidate {
            z,
            fast: axis(fast)?,
            slow: axis(slow)?,
        })
    }

    fn read(self, file: &File<'_>) -> Result<Stored, Problem> {
        let z = self.z;
        if let Some(units) = z.attributes.text("units").filter(|u| !is_metre(u)) {
            return Err(Problem::Units(shown(units)));
        }
        // Columns may be what is stored together: the axes say it.
        let across = is_latitude(self.fast) && !is_latitude(self.slow);
        let (x, y) = if across {
            (self.slow, self.fast)
        } else {
            (self.fast, self.slow)
        };
        let x = Axis::even_longitudes(&file.numbers(x, MAX_AXIS)?)?;
        let y = Axis::even("latitude", &file.numbers(y, MAX_AXIS)?)?;
        check_size(x.n, y.n)?;
        let mut values = heights(file, z)?;
        if across && values.len() == x.n * y.n {
            values = (0..values.len())
                .map(|k| values[k % x.n * y.n + k / x.n])
                .collect();
        }
        let mut stored = Stored::new(x, y, values);
        stored.down = is_down(z);
        if across {
            stored.notes.add(format!(
                "\"{}\" is stored by columns; it was turned.",
                shown(&z.name)
            ));
        }
        Ok(stored)
    }
}

fn heights(file: &File<'_>, z: &Variable) -> Result<Vec<f32>, Problem> {
    let mut values = Vec::new();
    file.each(z, MAX_CELLS, |x| values.push(x as f32))?;
    Ok(values)
}

fn choose<'f>(
    file: &File<'_>,
    grids: &[Candidate<'f>],
    wanted: Option<&str>,
) -> Result<Candidate<'f>, Problem> {
    let all = || {
        let list = |v: &Variable| {
            format!(
                "{}({})",
                shown(&v.name),
                v.dims
                    .iter()
                    .map(|d| shown(d))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        };
        match file.variables.len() {
            0 => "nothing".to_owned(),
            _ => file
                .variables
                .iter()
                .take(20)
                .map(list)
                .collect::<Vec<_>>()
                .join(", "),
        }
    };
    if let Some(wanted) = wanted {
        return grids
            .iter()
            .find(|g| g.z.name == wanted)
            .copied()
            .ok_or_else(|| Problem::Variable {
                what: format!(
                    "\"{}\" is no field on two axes that have coordinates",
                    shown(wanted)
                ),
                found: all(),
            });
    }
    if let [only] = grids {
        return Ok(*only);
    }
    let named = |name: &&str| grids.iter().find(|g| g.z.name.eq_ignore_ascii_case(name));
    HEIGHTS
        .iter()
        .find_map(named)
        .copied()
        .ok_or_else(|| Problem::Variable {
            what: match grids.len() {
                0 => "no field on two axes that have coordinates".to_owned(),
                n => format!("{n} fields could be meant; name one"),
            },
            found: all(),
        })
}

/// GMT's format of version 3 and before: ranges and spacing as variables, `z` in one row from the north-west corner.
fn gmt_3(file: &File<'_>, z: &Variable) -> Result<Stored, Problem> {
    let pair = |name: &str| -> Result<[f64; 2], Problem> {
        let variable = file
            .variable(name)
            .ok_or_else(|| Problem::malformed(format!("has no \"{name}\"")))?;
        let numbers = file.numbers(variable, 2)?;
        numbers[..].try_into().map_err(|_| {
            Problem::malformed(format!("\"{name}\" has {} numbers, not 2", numbers.len()))
        })
    };
    let ([west, east], [south, north], [nx, ny]) =
        (pair("x_range")?, pair("y_range")?, pair("dimension")?);
    let (Some(nx), Some(ny)) = (crate::words::as_count(nx), crate::words::as_count(ny)) else {
        return Err(Problem::malformed(format!(
            "{nx} x {ny} is no size of a grid"
        )));
    };
    check_size(nx, ny)?;
    // With an offset the ranges are those of the cells' edges.
    let pixels = z.attributes.number("node_offset") == Some(1.0);
    let axis = |from: f64, to: f64, n: usize| {
        let half = if pixels {
            (to - from) / n as f64 / 2.0
        } else {
            0.0
        };
        Axis::between(from + half, to - half, n)
    };
    let mut stored = Stored::new(
        axis(west, east, nx),
        axis(north, south, ny),
        heights(file, z)?,
    );
    stored.down = is_down(z);
    Ok(stored)
}

fn is_metre(units: &str) -> bool {
    let word = units.trim().to_ascii_lowercase();
    let first = word.split([' ', ',', '(']).next().unwrap_or("");
    // Units that say nothing are not held against a file.
    matches!(
        first,
        "m" | "m."
            | "meter"
            | "meters"
            | "metre"
            | "metres"
            | "mts"
            | ""
            | "1"
            | "z"
            | "unknown"
            | "user_z_unit"
    )
}

fn is_down(z: &Variable) -> bool {
    let standard = z.attributes.text("standard_name").unwrap_or("");
    let positive = z.attributes.text("positive").unwrap_or("");
    positive.eq_ignore_ascii_case("down")
        || standard.starts_with("sea_floor_depth_below")
        || standard == "depth"
}

fn is_latitude(axis: &Variable) -> bool {
    let text = |name: &str| {
        axis.attributes
            .text(name)
            .unwrap_or("")
            .to_ascii_lowercase()
    };
    let units = text("units");
    if units.starts_with("degree") && (units.ends_with("east") || units.ends_with("_e")) {
        return false;
    }
    let name = axis.name.to_ascii_lowercase();
    (units.starts_with("degree") && (units.ends_with("north") || units.ends_with("_n")))
        || text("standard_name") == "latitude"
        || text("axis") == "y"
        || name == "y"
        || name.starts_with("lat")
}
