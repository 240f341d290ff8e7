//! How the sea floor rises, as others computed it: grids and scattered points, brought onto a bathymetry grid as motions.

mod dtopo;
mod points;
mod spread;

pub(crate) use points::MAX_POINTS;

use std::path::Path;

use ocean::Grid;
use ocean::grid::{Area, MAX_CELLS};
use ocean::motion::Motion;

use crate::grid::{self, Format};
use crate::netcdf;
use crate::open::{self, MAX_GRID_BYTES};
use crate::options::{Holes, Notes, Options};
use crate::problem::{Error, Problem};
use crate::raster::{Raster, Stored};

/// Largest displacement that is taken for one, metres. Tohoku 2011 slipped by 50 to 60 m at the trench and lifted the sea floor by 16 m at
/// most in the inversions at hand; depths, centimetres and missing-value codes stand out.
pub const MAX_UPLIFT_M: f32 = 100.0;

/// Part of the largest displacement from which on a node belongs to [`Uplift::core`]: the tails of elastic solutions reach far beyond
/// what makes waves.
const CORE: f32 = 0.05;

/// A displacement of the sea floor as its file has it, on its own nodes.
#[derive(Debug, Clone)]
pub struct Uplift {
    frames: Vec<Frame>,
}

/// What is added in an interval.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    start_s: f64,
    rise_s: f64,
    added: Raster,
}

impl Uplift {
    /// Reads an uplift: metres of sea-floor displacement, up positive.
    ///
    /// Grids come in all formats of [`crate::read_grid`], time-dependent ones as GeoClaw's dtopotype 1, 2 and 3, scattered points as
    /// netCDF (`.pts`) in degrees or UTM metres, and grids in UTM metres.
    ///
    /// # Errors
    /// [`Error`] names the file and what is wrong with it.
    pub fn read(path: &Path, options: &Options) -> Result<(Uplift, Notes), Error> {
        let name = path.display().to_string();
        let bytes = open::read(path, MAX_GRID_BYTES).map_err(|p| p.of(&name))?;
        Uplift::read_bytes(&name, bytes, options)
    }

    /// Reads an uplift from the bytes of a file that is called `name` in messages. Gzip is inflated.
    ///
    /// # Errors
    /// As [`Uplift::read`].
    pub fn read_bytes(
        name: &str,
        bytes: Vec<u8>,
        options: &Options,
    ) -> Result<(Uplift, Notes), Error> {
        let read = || {
            let bytes = open::inflated(bytes, MAX_GRID_BYTES)?;
            let (frames, notes) = if dtopo::is(&bytes) {
                dtopo::read(&bytes, options)?
            } else {
                let (added, notes) = field(bytes, options)?;
                let frame = Frame {
                    start_s: 0.0,
                    rise_s: 0.0,
                    added,
                };
                (vec![frame], notes)
            };
            let uplift = Uplift { frames };
            if uplift.largest_m() == 0.0 {
                return Err(Problem::Still("all of its values are 0"));
            }
            Ok((uplift, notes))
        };
        read().map_err(|p: Problem| p.of(name))
    }

    /// The largest displacement that is added in one interval, metres, without its sign.
    pub fn largest_m(&self) -> f32 {
        let all = self.frames.iter().flat_map(|frame| &frame.added.z);
        all.fold(0.0, |most, z| most.max(z.abs()))
    }

    /// The smallest rectangle that holds every node which moves by a twentieth of the largest displacement or more.
    pub fn core(&self) -> Area {
        let least = self.largest_m() * CORE;
        // Readers give all frames of a file the same nodes.
        let raster = &self.frames[0].added;
        let (mut i, mut j) = ((usize::MAX, 0), (usize::MAX, 0));
        for frame in &self.frames {
            for (k, _) in frame
                .added
                .z
                .iter()
                .enumerate()
                .filter(|(_, z)| z.abs() >= least)
            {
                let (column, row) = (k % raster.x.n, k / raster.x.n);
                i = (i.0.min(column), i.1.max(column));
                j = (j.0.min(row), j.1.max(row));
            }
        }
        Area {
            west: raster.lon(i.0.min(i.1)),
            east: raster.lon(i.1),
            south: raster.lat(j.0.min(j.1)),
            north: raster.lat(j.1),
        }
    }

    /// The displacement on the cells of a grid.
    ///
    /// One that stands at once, as most files have it, gives one motion; a time-dependent one gives one for every interval in which
    /// something moves, each with what is added in it. A cell gets the area average where the file is finer than the grid, so that the
    /// displaced volume stays; where it is coarser, the value between its neighbours. Beyond the file nothing moves.
    ///
    /// # Errors
    /// [`Problem::OffGrid`] and [`Problem::Still`]: no part of it lies on the grid, or none at sea.
    pub fn motions(&self, grid: &Grid) -> Result<(Vec<Motion>, Notes), Problem> {
        let mut motions = Vec::new();
        let mut notes = Notes::default();
        let mut reason = Problem::Still("it has no instant");
        let mut cells = 0;
        for frame in &self.frames {
            match spread::patch(&frame.added, grid) {
                Ok((patch, more)) => {
                    if motions.is_empty() {
                        notes.append(more);
                    }
                    cells += patch.metres.len();
                    if cells > MAX_CELLS {
                        return Err(Problem::TooLarge {
                            what: "cells of all motions together",
                            found: cells as u64,
                            most: MAX_CELLS as u64,
                            hint: "; leave instants out, or take a coarser grid",
                        });
                    }
                    motions.push(Motion {
                        patch,
                        start_s: frame.start_s,
                        rise_s: frame.rise_s,
                    });
                }
                // An interval without any movement is no error; a file without any is.
                Err(still @ Problem::Still(_)) => reason = still,
                Err(other) => return Err(other),
            }
        }
        if motions.is_empty() {
            Err(reason)
        } else {
            Ok((motions, notes))
        }
    }
}

/// Reads an uplift and brings it onto a grid: [`Uplift::read`] and [`Uplift::motions`].
///
/// # Errors
/// As those; [`Error`] names the file.
pub fn read_uplift(
    path: &Path,
    grid: &Grid,
    options: &Options,
) -> Result<(Vec<Motion>, Notes), Error> {
    let (uplift, mut notes) = Uplift::read(path, options)?;
    let (motions, more) = uplift
        .motions(grid)
        .map_err(|p| p.of(path.display().to_string()))?;
    notes.append(more);
    Ok((motions, notes))
}

/// True when the bytes begin like a grid or points, also within gzip, and not like a table of faults.
pub fn is_uplift(bytes: &[u8]) -> bool {
    let start = open::start(bytes);
    Format::of(&start).is_some() || dtopo::is(&start)
}

fn field(bytes: Vec<u8>, options: &Options) -> Result<(Raster, Notes), Problem> {
    let stored = match netcdf::read_points(&bytes)? {
        Some(file) => points::Points::from(file).raster(options)?,
        None => {
            let stored = grid::stored(bytes, options)?;
            if stored.is_metric() {
                points::Points::of(stored).raster(options)?
            } else {
                stored
            }
        }
    };
    finish(stored, options.holes)
}

/// A displacement in order: no holes, no values that are none.
fn finish(stored: Stored, holes: Holes) -> Result<(Raster, Notes), Problem> {
    let mut raster = stored.ordered()?;
    raster.fill_holes(holes, 0.0, "no movement")?;
    raster.check_values(MAX_UPLIFT_M, "displacement of the sea floor")?;
    let notes = std::mem::take(&mut raster.notes);
    Ok((raster, notes))
}
