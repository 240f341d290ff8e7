//! Surfer's grids: ASCII (`DSAA`), version 6 binary (`DSBB`) and version 7 binary (`DSRB`); the first two are what easyWave reads.
//!
//! | `DSBB`, little-endian | |
//! |---|---|
//! | 0..4 | `DSBB` |
//! | 4..8 | columns, rows: two 16-bit counts (easyWave reads them without sign, so up to 65,535) |
//! | 8..56 | west, east, south, north, least, most: six `f64` |
//! | 56.. | `f32` values, rows south to north |
//!
//! | `DSRB`, little-endian | sections: tag (4 bytes), size (`i32`), content |
//! |---|---|
//! | `DSRB` | version (`i32`) |
//! | `GRID` | rows, columns (`i32`); west, south, step east, step north, least, most, rotation, blank value (`f64`) |
//! | `DATA` | `f64` values, rows south to north |
//!
//! Coordinates are those of the outer nodes. Blank is 1.70141e38 or what the header names. Format: Golden Software, Surfer help, "Surfer
//! 6 text / binary grid file format", "Surfer 7 grid file format".

use crate::problem::Problem;
use crate::raster::{Axis, Stored, check_size};
use crate::words::Words;

/// Values from here on mean "blank" (1.70141e38 as Surfer writes it, rounded in whichever way).
const BLANK: f32 = 1.701e38;

pub(crate) fn read(bytes: &[u8]) -> Result<Stored, Problem> {
    let stored = match bytes.get(..4) {
        Some(b"DSAA") => text(&bytes[4..]),
        Some(b"DSBB") => binary_6(bytes),
        _ => binary_7(bytes),
    }?;
    Ok(stored)
}

fn blanked(z: f32) -> f32 {
    if z >= BLANK { f32::NAN } else { z }
}

fn text(bytes: &[u8]) -> Result<Stored, Problem> {
    let mut words = Words::new(bytes);
    let (nx, ny) = (
        words.count("number of columns")?,
        words.count("number of rows")?,
    );
    check_size(nx, ny)?;
    let [west, east, south, north] = [
        "the western edge",
        "the eastern edge",
        "the southern edge",
        "the northern edge",
    ]
    .map(|what| words.number(what));
    // Least and most are of no use: the values say it themselves.
    words.number("the least value")?;
    words.number("the largest value")?;
    let mut z = words.values(nx * ny, None)?;
    words.end(nx * ny)?;
    z.iter_mut().for_each(|z| *z = blanked(*z));
    Ok(Stored::new(
        Axis::between(west?, east?, nx),
        Axis::between(south?, north?, ny),
        z,
    ))
}

/// `N` bytes at an offset.
fn at<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], Problem> {
    bytes
        .get(offset..)
        .and_then(|rest| rest.first_chunk::<N>())
        .copied()
        .ok_or_else(|| {
            Problem::malformed(format!("ends within its header, at byte {}", bytes.len()))
        })
}

fn binary_6(bytes: &[u8]) -> Result<Stored, Problem> {
    let count = |offset| at(bytes, offset).map(|b| usize::from(u16::from_le_bytes(b)));
    let (nx, ny) = (count(4)?, count(6)?);
    check_size(nx, ny)?;
    let edge = |k: usize| at(bytes, 8 + 8 * k).map(f64::from_le_bytes);
    let (x, y) = (
        Axis::between(edge(0)?, edge(1)?, nx),
        Axis::between(edge(2)?, edge(3)?, ny),
    );
    at::<8>(bytes, 48)?;
    let values = body(&bytes[56..], nx * ny, 4)?;
    let z = values
        .chunks_exact(4)
        .map(|b| blanked(f32::from_le_bytes([b[0], b[1], b[2], b[3]])))
        .collect();
    Ok(Stored::new(x, y, z))
}

fn binary_7(bytes: &[u8]) -> Result<Stored, Problem> {
    let mut offset = 0;
    let mut header = None;
    loop {
        let tag: [u8; 4] = at(bytes, offset)?;
        let size = u32::from_le_bytes(at(bytes, offset + 4)?) as usize;
        let from = offset + 8;
        match &tag {
            b"GRID" => header = Some(Header::read(bytes, from)?),
            b"DATA" => {
                let header =
                    header.ok_or_else(|| Problem::malformed("its DATA comes before its GRID"))?;
                return header.with(&bytes[from..]);
            }
            // The header's own section, and faults, which a grid of heights has no use for.
            _ => {}
        }
        offset = from
            .checked_add(size)
            .filter(|&next| next < bytes.len())
            .ok_or_else(|| {
                Problem::malformed(format!(
                    "section {} at byte {offset} reaches beyond the end",
                    tag.escape_ascii()
                ))
            })?;
    }
}

struct Header {
    x: Axis,
    y: Axis,
    blank: f64,
}

impl Header {
    fn read(bytes: &[u8], from: usize) -> Result<Self, Problem> {
        let count = |k: usize| {
            let n = i32::from_le_bytes(at(bytes, from + 4 * k)?);
            usize::try_from(n)
                .map_err(|_| Problem::malformed(format!("a count of {n} rows or columns")))
        };
        let (ny, nx) = (count(0)?, count(1)?);
        check_size(nx, ny)?;
        let number = |k: usize| at(bytes, from + 8 + 8 * k).map(f64::from_le_bytes);
        if number(6)? != 0.0 {
            return Err(Problem::malformed(format!(
                "is rotated by {} degrees",
                number(6)?
            )));
        }
        let axis = |first, step, n| Axis { first, step, n };
        Ok(Header {
            x: axis(number(0)?, number(2)?, nx),
            y: axis(number(1)?, number(3)?, ny),
            blank: number(7)?,
        })
    }

    fn with(self, data: &[u8]) -> Result<Stored, Problem> {
        let value = |b: &[u8]| {
            let z = f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
            if z == self.blank {
                f32::NAN
            } else {
                blanked(z as f32)
            }
        };
        let z = body(data, self.x.n * self.y.n, 8)?
            .chunks_exact(8)
            .map(value)
            .collect();
        Ok(Stored::new(self.x, self.y, z))
    }
}

/// The bytes of `n` values.
fn body(bytes: &[u8], n: usize, size: usize) -> Result<&[u8], Problem> {
    bytes.get(..n * size).ok_or(Problem::Short {
        expected: n,
        found: bytes.len() / size,
    })
}
