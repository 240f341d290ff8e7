//! What every reader hands on: an evenly spaced field of heights, brought into one order.
//!
//! A [`Raster`] has its nodes at cell centres, rows south to north, columns west to east, metres, NaN where the file has no value. The
//! readers know their formats; the order, the spacing, the way round the globe and the sign are looked after here, once.

use ocean::grid::{GridHeader, MAX_CELLS, MAX_RELIEF_M};
use ocean::{Grid, GridError};

use crate::options::{Holes, Notes, Options, Vertical};
use crate::problem::Problem;

/// Height that a hole gets when holes count as land, metres: above any tide.
const LAND_M: f32 = 10.0;
/// Above this no land lies, metres: Everest (8,849 m) and a little. Depths with the wrong sign stand out by it.
const HIGHEST_LAND_M: f32 = 8_900.0;
/// Values of this size are nobody's height but a code for "none": netCDF's default fill (9.97e36), Surfer's blank (1.70141e38), -1e34.
const CODE: f32 = 1e30;
/// Largest deviation of a coordinate from even spacing, in cells. Single precision at 150 degrees is off by 0.05 at one arc-second; the
/// steps of ETOPO5 as it circulates add up to 0.04 at the end of the globe. A Mercator axis is off by whole cells.
const UNEVEN: f64 = 0.1;
/// Part of a cell by which a step or a first coordinate may be off before it is no longer rounded: what `ocean` allows too.
const SLACK: f64 = 1e-3;

/// Smallest step, degrees: a tenth of a metre. Below it lie numbers that are no steps, and sums over them that never end.
const LEAST_STEP_DEG: f64 = 1e-6;

/// Evenly spaced coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    /// The first coordinate as the values are stored.
    pub first: f64,
    /// From one to the next; negative when they run westward or southward.
    pub step: f64,
    /// How many.
    pub n: usize,
}

impl Axis {
    /// From the first to the last coordinate.
    pub fn between(first: f64, last: f64, n: usize) -> Self {
        Axis {
            first,
            step: (last - first) / (n.max(2) - 1) as f64,
            n,
        }
    }

    /// From coordinates one by one.
    pub fn even(name: &'static str, values: &[f64]) -> Result<Self, Problem> {
        let n = values.len();
        if n < 2 {
            return Err(GridError::TooSmall { nx: n, ny: n }.into());
        }
        let axis = Axis::between(values[0], values[n - 1], n);
        for (index, &found) in values.iter().enumerate() {
            let expected = axis.first + index as f64 * axis.step;
            let even = (found - expected).abs() <= UNEVEN * axis.step.abs();
            if !even {
                return Err(Problem::Uneven {
                    axis: name,
                    index,
                    found,
                    expected,
                });
            }
        }
        Ok(axis)
    }

    /// Longitudes one by one; where they jump from 180 to -180 or from 360 to 0 they are counted on.
    pub fn even_longitudes(values: &[f64]) -> Result<Self, Problem> {
        let mut turn = 0.0;
        let mut on: Vec<f64> = Vec::with_capacity(values.len());
        for &value in values {
            if let Some(&last) = on.last() {
                let jump: f64 = value + turn - last;
                if jump.abs() > 180.0 && jump.abs() < 540.0 {
                    turn -= 360.0 * jump.signum();
                }
            }
            on.push(value + turn);
        }
        Axis::even("longitude", &on)
    }

    pub fn last(&self) -> f64 {
        self.first + (self.n.max(1) - 1) as f64 * self.step
    }

    /// The same coordinates from the other end.
    fn reversed(&self) -> Self {
        Axis {
            first: self.last(),
            step: -self.step,
            n: self.n,
        }
    }

    /// Step and first coordinate as they were meant: whole arc-seconds and halves of steps, where they are off by no more than a
    /// thousandth of a cell anywhere along the axis.
    fn rounded(mut self) -> Self {
        let seconds = self.step * 3600.0;
        let whole = seconds.round() / 3600.0;
        if whole > 0.0 && (whole - self.step).abs() * self.n as f64 <= SLACK * self.step {
            self.step = whole;
        }
        let halves = self.first * 2.0 / self.step;
        if (halves - halves.round()).abs() <= 2.0 * SLACK {
            let first = halves.round() * self.step / 2.0;
            // 120 must come out as 120, not as 1,440 twelfths.
            let exact = (first * 7200.0).round() / 7200.0;
            self.first = if (exact - first).abs() < 1e-9 {
                exact
            } else {
                first
            };
        }
        self
    }
}

/// A field of heights as it is stored, before it is brought into order.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// Along a row.
    pub x: Axis,
    /// Along a column.
    pub y: Axis,
    /// Row by row from the first coordinate of `y`; NaN is a hole.
    pub z: Vec<f32>,
    /// Depths count downward, as the metadata say.
    pub down: bool,
    /// What the reader noticed.
    pub notes: Notes,
    /// UTM zone, when the coordinates are metres and the file says which.
    pub zone: Option<crate::utm::Zone>,
}

impl Stored {
    pub fn new(x: Axis, y: Axis, z: Vec<f32>) -> Self {
        Stored {
            x,
            y,
            z,
            down: false,
            notes: Notes::default(),
            zone: None,
        }
    }

    /// True when the coordinates cannot be degrees.
    pub fn is_metric(&self) -> bool {
        self.zone.is_some()
            || self.y.first.abs().max(self.y.last().abs()) > 90.0 + self.y.step.abs()
    }

    /// Rows south to north, columns west to east, no column twice.
    pub fn ordered(mut self) -> Result<Raster, Problem> {
        let (nx, ny) = (self.x.n, self.y.n);
        check_size(nx, ny)?;
        if self.z.len() != nx * ny {
            return Err(Problem::Short {
                expected: nx * ny,
                found: self.z.len(),
            });
        }
        for (axis, a) in [("longitude", &self.x), ("latitude", &self.y)] {
            let (from, to) = (a.first, a.last());
            // An infinite or missing step makes the last coordinate so.
            let usable = from.is_finite() && to.is_finite() && a.step.abs() >= LEAST_STEP_DEG;
            let most = if axis == "latitude" {
                90.0 + a.step.abs() * SLACK
            } else {
                1080.0
            };
            if !usable || from.abs() > most || to.abs() > most {
                let hint = if usable && from.abs().max(to.abs()) > 1080.0 {
                    "; metres? project the grid to latitude and longitude (`gdalwarp -t_srs EPSG:4326`)"
                } else if usable && axis == "latitude" && self.x.first.abs() <= 90.0 {
                    "; are latitude and longitude the wrong way round?"
                } else {
                    ""
                };
                return Err(Problem::NotDegrees {
                    axis,
                    from,
                    to,
                    hint,
                });
            }
        }
        if self.y.step < 0.0 {
            flip_rows(&mut self.z, nx);
            self.y = self.y.reversed();
        }
        if self.x.step < 0.0 {
            self.z.chunks_exact_mut(nx).for_each(<[f32]>::reverse);
            self.x = self.x.reversed();
            self.notes
                .add("Columns ran from east to west; they were turned round.");
        }
        let mut raster = Raster {
            x: self.x.rounded(),
            y: self.y.rounded(),
            z: self.z,
            down: self.down,
            notes: self.notes,
        };
        raster.close_the_globe();
        raster
            .z
            .iter_mut()
            .filter(|z| z.abs() >= CODE)
            .for_each(|z| *z = f32::NAN);
        Ok(raster)
    }
}

/// A field of heights in order.
#[derive(Debug, Clone)]
pub(crate) struct Raster {
    pub x: Axis,
    pub y: Axis,
    pub z: Vec<f32>,
    pub down: bool,
    pub notes: Notes,
}

impl Raster {
    /// Columns that go round the globe: a repeated one is dropped, and steps that miss the circle by little are made to meet it.
    fn close_the_globe(&mut self) {
        let n = self.x.n;
        // Whether the last column repeats the first one, or is its neighbour.
        for (round, repeats) in [(n - 1, true), (n, false)] {
            let off = (round as f64 * self.x.step - 360.0).abs() / self.x.step;
            if round < 2 || off > 0.1 {
                continue;
            }
            if off > SLACK {
                self.notes.add(format!(
                    "{round} steps of {} degrees miss the circle by {off:.3} of a step; they are taken as {}.",
                    self.x.step,
                    360.0 / round as f64
                ));
            }
            self.x.step = 360.0 / round as f64;
            if repeats {
                let differ = self
                    .z
                    .chunks_exact(n)
                    .filter(|row| (row[0] - row[n - 1]).abs() > 0.5)
                    .count();
                self.z = self
                    .z
                    .chunks_exact(n)
                    .flat_map(|row| &row[..n - 1])
                    .copied()
                    .collect();
                self.x.n = n - 1;
                self.notes.add(format!(
                    "The last column repeats the first one, a turn further east{}; it was dropped.",
                    match differ {
                        0 => String::new(),
                        rows => format!(" (not the same in {rows} rows)"),
                    }
                ));
            }
            return;
        }
    }

    pub fn lat(&self, j: usize) -> f64 {
        self.y.first + j as f64 * self.y.step
    }

    pub fn lon(&self, i: usize) -> f64 {
        self.x.first + i as f64 * self.x.step
    }

    fn place(&self, k: usize) -> (f64, f64) {
        (self.lat(k / self.x.n), self.lon(k % self.x.n))
    }

    /// Holes refused or filled.
    pub fn fill_holes(
        &mut self,
        holes: Holes,
        with: f32,
        taken_as: &'static str,
    ) -> Result<(), Problem> {
        let count = self.z.iter().filter(|z| z.is_nan()).count();
        let Some(first) = self.z.iter().position(|z| z.is_nan()) else {
            return Ok(());
        };
        if holes == Holes::Refuse {
            let (lat, lon) = self.place(first);
            return Err(Problem::Holes {
                count,
                cells: self.z.len(),
                lat,
                lon,
                taken_as,
            });
        }
        self.z
            .iter_mut()
            .filter(|z| z.is_nan())
            .for_each(|z| *z = with);
        self.notes.add(format!(
            "{count} cells without a value are taken as {taken_as}."
        ));
        Ok(())
    }

    /// Refuses values beyond `most`, naming the first one.
    pub fn check_values(&self, most: f32, what: &'static str) -> Result<(), Problem> {
        match self.z.iter().position(|z| z.abs() > most) {
            None => Ok(()),
            Some(k) => {
                let (lat, lon) = self.place(k);
                Err(Problem::Beyond {
                    what,
                    value: self.z[k],
                    lat,
                    lon,
                    most,
                })
            }
        }
    }

    /// Bathymetry of it.
    pub fn bathymetry(mut self, options: &Options) -> Result<(Grid, Notes), Problem> {
        self.mark_codes();
        let down = match options.vertical {
            Vertical::AsWritten => self.down,
            Vertical::Up => false,
            Vertical::Down => true,
        };
        if down {
            self.z.iter_mut().for_each(|z| *z = -*z);
            self.notes.add(if options.vertical == Vertical::Down {
                "Depths are taken as positive down, as asked."
            } else {
                "Depths are positive down, as the file's metadata say."
            });
        }
        self.fill_holes(options.holes, LAND_M, "land")?;
        self.check_values(MAX_RELIEF_M, "height or depth on Earth")?;
        let least = self.z.iter().copied().fold(f32::INFINITY, f32::min);
        let most = self.z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if least >= 0.0 || most > HIGHEST_LAND_M {
            let hint = match (down, most > 0.0) {
                (false, true) => "; if these are depths, say that they are positive down",
                (true, _) if least >= 0.0 => {
                    "; if these are heights, say that they are positive up"
                }
                _ => "",
            };
            return Err(Problem::NoSea { least, most, hint });
        }
        let header = GridHeader {
            nx: self.x.n,
            ny: self.y.n,
            lon0: self.x.first,
            lat0: self.y.first,
            dlon: self.x.step,
            dlat: self.y.step,
            ..GridHeader::default()
        };
        Ok((Grid::from_metres(&header, self.z)?, self.notes))
    }

    /// Values beyond any relief that are all the same are a code for "none" that the file does not declare.
    fn mark_codes(&mut self) {
        let mut beyond = self.z.iter().copied().filter(|z| z.abs() > MAX_RELIEF_M);
        let Some(code) = beyond.next() else { return };
        if beyond.all(|z| z == code) {
            self.z
                .iter_mut()
                .filter(|z| **z == code)
                .for_each(|z| *z = f32::NAN);
            self.notes.add(format!(
                "{code} is taken for a code that means \"no value\"."
            ));
        }
    }
}

/// Size of a grid, before anything is read into it.
pub(crate) fn check_size(nx: usize, ny: usize) -> Result<(), Problem> {
    if nx < 2 || ny < 2 {
        return Err(GridError::TooSmall { nx, ny }.into());
    }
    if nx.checked_mul(ny).is_none_or(|n| n > MAX_CELLS) {
        return Err(GridError::TooLarge { nx, ny }.into());
    }
    Ok(())
}

/// Rows from the other end.
pub(crate) fn flip_rows(z: &mut [f32], nx: usize) {
    let ny = z.len() / nx.max(1);
    for j in 0..ny / 2 {
        let (low, high) = z.split_at_mut((ny - 1 - j) * nx);
        low[j * nx..][..nx].swap_with_slice(&mut high[..nx]);
    }
}
