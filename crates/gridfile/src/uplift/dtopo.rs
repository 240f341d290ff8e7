//! GeoClaw's moving topography: dtopotype 1 (`t x y dz` in every line) and 2 and 3 (a header, then a grid for every instant).
//!
//! ```text
//! 121   mx      columns            the number first, then perhaps a name
//! 121   my      rows
//! 3     mt      instants
//! 140.0 xlower  westmost node
//! 36.0  ylower  southmost node
//! 0.0   t0      first instant, seconds
//! 0.05  dx      steps
//! 0.05  dy
//! 60.0  dt      seconds from one instant to the next
//! ```
//! Rows run north to south. Before the first instant nothing moves, between two the displacement changes linearly, after the last one it
//! stays. Format: GeoClaw documentation, "Topography displacement files".

use super::{Frame, finish};
use crate::grid::triples;
use crate::options::{Holes, Notes, Options};
use crate::problem::Problem;
use crate::raster::{Axis, Stored, check_size};
use crate::words::{Words, as_count};

/// Most instants.
const MAX_INSTANTS: usize = 10_000;
/// Latest instant, seconds: no rupture lasts for hours.
const LATEST_S: f64 = 24.0 * 3600.0;
/// The header's numbers in their order.
const HEADER: [&str; 9] = ["mx", "my", "mt", "xlower", "ylower", "t0", "dx", "dy", "dt"];

/// Whether this is one: four numbers in the first line, or the third line is `mt`, or nine lines begin with numbers of which the first
/// three are counts.
pub(crate) fn is(bytes: &[u8]) -> bool {
    if triples::columns(bytes) == Some(4) {
        return true;
    }
    let Some((numbers, named)) = header(bytes) else {
        return false;
    };
    named || (numbers.len() == HEADER.len() && numbers[..3].iter().all(|&n| as_count(n).is_some()))
}

/// The numbers at the beginning of the first nine lines, and whether the third one is called `mt`.
fn header(bytes: &[u8]) -> Option<(Vec<f64>, bool)> {
    let mut words = Words::new(bytes);
    let (mut numbers, mut named) = (Vec::new(), false);
    for k in 0..HEADER.len() {
        numbers.push(words.word()?.parse::<f64>().ok()?);
        let rest = words.rest_of_line();
        let name = rest.split_whitespace().next();
        if name.is_some_and(|n| n.parse::<f64>().is_ok()) {
            return None;
        }
        // The third line of a topography is its western edge.
        if k == 2 && name.is_some_and(|n| n.starts_with(['x', 'X'])) {
            return None;
        }
        named |= k == 2 && name.is_some_and(|n| n.eq_ignore_ascii_case("mt"));
    }
    Some((numbers, named))
}

/// Displacements at instants, all on the same nodes.
struct Film {
    x: Axis,
    y: Axis,
    times_s: Vec<f64>,
    /// One after the other.
    z: Vec<f32>,
}

pub(crate) fn read(bytes: &[u8], options: &Options) -> Result<(Vec<Frame>, Notes), Problem> {
    let film = if triples::columns(bytes) == Some(4) {
        of_lines(bytes)?
    } else {
        of_grids(bytes)?
    };
    let Film { x, y, times_s, z } = film;
    if let Some(t) = times_s.iter().find(|t| !(0.0..=LATEST_S).contains(*t)) {
        return Err(Problem::malformed(format!(
            "has an instant {t} s after the origin; 0 to {LATEST_S} are read"
        )));
    }
    let frame = x.n * y.n;
    let mut before = vec![0.0f32; frame];
    let (mut frames, mut notes) = (Vec::new(), Notes::default());
    for (k, now) in z.chunks_exact(frame).enumerate() {
        let difference = |(now, before): (&f32, &f32)| hole(*now, options.holes) - before;
        let added: Vec<f32> = now.iter().zip(&before).map(difference).collect();
        before
            .iter_mut()
            .zip(&added)
            .for_each(|(before, added)| *before += added);
        let (added, more) = finish(Stored::new(x, y, added), options.holes)?;
        if k == 0 {
            notes = more;
        }
        let start_s = times_s[k.saturating_sub(1)];
        frames.push(Frame {
            start_s,
            rise_s: times_s[k] - start_s,
            added,
        });
    }
    Ok((frames, notes))
}

fn hole(z: f32, holes: Holes) -> f32 {
    if z.is_nan() && holes == Holes::Fill {
        0.0
    } else {
        z
    }
}

fn of_grids(bytes: &[u8]) -> Result<Film, Problem> {
    let mut words = Words::new(bytes);
    let mut numbers = [0.0; HEADER.len()];
    for (number, name) in numbers.iter_mut().zip(HEADER) {
        *number = words.number(name)?;
        words.rest_of_line();
    }
    let [mx, my, mt, west, south, t0, dx, dy, dt] = numbers;
    let line = words.line();
    let count = |n: f64, what: &str| {
        as_count(n).ok_or_else(|| Problem::line(line, format!("{what} = {n} is no count")))
    };
    let (nx, ny, nt) = (count(mx, "mx")?, count(my, "my")?, count(mt, "mt")?);
    check_film(nx, ny, nt)?;
    if !(dx > 0.0 && dy > 0.0) || (nt > 1 && dt <= 0.0) {
        return Err(Problem::line(
            line,
            format!("steps of {dx} and {dy} degrees and {dt} s are not usable"),
        ));
    }
    let z = words.values(nx * ny * nt, None)?;
    words.end(nx * ny * nt)?;
    Ok(Film {
        x: Axis {
            first: west,
            step: dx,
            n: nx,
        },
        y: Axis {
            first: south + (ny - 1) as f64 * dy,
            step: -dy,
            n: ny,
        },
        times_s: (0..nt).map(|k| t0 + k as f64 * dt).collect(),
        z,
    })
}

fn of_lines(bytes: &[u8]) -> Result<Film, Problem> {
    let rows = triples::table::<4>(bytes)?;
    let mut frames = rows.chunk_by(|a, b| a[0] == b[0]);
    let nodes = |frame: &[[f64; 4]]| {
        let nodes: Vec<(f64, f64, f32)> =
            frame.iter().map(|&[_, x, y, z]| (x, y, z as f32)).collect();
        triples::of_nodes(&nodes)
    };
    let first = frames
        .next()
        .ok_or_else(|| Problem::malformed("holds no points"))?;
    let Stored { x, y, mut z, .. } = nodes(first)?;
    let mut times_s = vec![first[0][0]];
    for frame in frames {
        let t = frame[0][0];
        check_film(x.n, y.n, times_s.len() + 1)?;
        if times_s.last().is_some_and(|&last| t <= last) {
            return Err(Problem::malformed(format!(
                "goes back in time to {t} s; instants have to follow each other"
            )));
        }
        let stored = nodes(frame)?;
        if (stored.x, stored.y) != (x, y) {
            return Err(Problem::malformed(format!(
                "has other points at {t} s than at {} s",
                times_s[0]
            )));
        }
        times_s.push(t);
        z.extend(stored.z);
    }
    Ok(Film { x, y, times_s, z })
}

fn check_film(nx: usize, ny: usize, nt: usize) -> Result<(), Problem> {
    check_size(nx, ny)?;
    let cells = nx.saturating_mul(ny).saturating_mul(nt);
    if nt > MAX_INSTANTS || cells > ocean::grid::MAX_CELLS {
        return Err(Problem::TooLarge {
            what: "cells of all instants together",
            found: cells as u64,
            most: ocean::grid::MAX_CELLS as u64,
            hint: "; or instants, of which 10000 are read",
        });
    }
    Ok(())
}
