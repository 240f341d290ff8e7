//! From rectangles that slip to the motion of the sea floor on a grid.
//!
//! Rectangles that begin and end together make one [`Motion`]. Where there are several such groups, each carries the displacement
//! of its own neighbourhood, and what all of them do farther off - small and smooth - comes as one more motion at their mean
//! time: the final displacement is that of all of them everywhere, and no group has to drag the whole ocean along.
//!
//! Only cells below sea level move. The displacement fades to zero at the window's edge, where it is below about one per cent
//! of the slip: a flat half-space says little about distances of a thousand kilometres, and a step would be a wave.

use std::collections::BTreeMap;

mod limits;
mod window;

pub(super) use limits::out_of_range;
pub use limits::{
    ABOVE_SLACK_KM, CENTRE_MAX_KM, FAULTS_MAX, LiftNote, MOTIONS_MAX, SECONDS_MAX, SIDE_MAX_KM,
    SLIP_MAX_M, SourceError,
};

use super::Fault;
use super::field::{Local, Window, displacement};
use crate::grid::Grid;
use crate::kajiura;
use crate::motion::{Motion, Patch};
use limits::{OnGrid, check, on_grid};
use window::{column, fade, reach_km, slope, window};

/// How far a group's own motion reaches beyond its rectangles at least, kilometres.
const NEAR_KM: f64 = 80.0;
/// Share of the largest displacement that must be under water.
const WET_SHARE_MIN: f64 = 0.01;
/// Nearest sea that [`SourceError::OnLand`] names, kilometres.
const SEA_SEARCH_KM: f64 = 1000.0;

/// How a source is laid on a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiftOptions {
    /// Smooth the sea floor's displacement to that of the sea surface (Kajiura 1963).
    pub kajiura: bool,
    /// Add what horizontal motion of a slope lifts (Tanioka & Satake 1996).
    pub horizontal: bool,
}

impl Default for LiftOptions {
    /// Smoothed, vertical motion alone: models inverted from vertical Green's functions, the most common kind, carry the
    /// horizontal part in their slip already.
    fn default() -> Self {
        LiftOptions {
            kajiura: true,
            horizontal: false,
        }
    }
}

/// A source on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifted {
    /// How the sea floor, or with [`LiftOptions::kajiura`] the sea surface, moves.
    pub motions: Vec<Motion>,
    /// What to know about it.
    pub notes: Vec<LiftNote>,
}

/// The motion of the sea floor by these rectangles. See the module.
///
/// # Errors
/// [`SourceError`]; the first subfault that is at fault is named.
pub fn lift(
    faults: &[Fault],
    grid: &Grid,
    options: &LiftOptions,
) -> Result<Vec<Motion>, SourceError> {
    lift_with_notes(faults, grid, options).map(|l| l.motions)
}

/// As [`lift`], with what is worth saying about it.
///
/// # Errors
/// As [`lift`].
pub fn lift_with_notes(
    faults: &[Fault],
    grid: &Grid,
    options: &LiftOptions,
) -> Result<Lifted, SourceError> {
    if faults.len() > FAULTS_MAX {
        return Err(SourceError::TooMany(faults.len()));
    }
    let mut notes = Vec::new();
    let mut slipping = Vec::new();
    let mut lowered = 0;
    for (k, fault) in faults.iter().enumerate() {
        let number = k + 1;
        let mut fault = *fault;
        check(number, &fault)?;
        if fault.slip_m == 0.0 {
            continue;
        }
        match on_grid(&fault, grid.lattice()) {
            OnGrid::Whole => {}
            OnGrid::Part => notes.push(LiftNote::PartlyOutside { number }),
            OnGrid::None => {
                return Err(SourceError::Outside {
                    number,
                    lat: fault.lat,
                    lon: fault.lon,
                });
            }
        }
        if fault.top_km() < 0.0 {
            fault.depth_km -= fault.top_km();
            lowered += 1;
        }
        slipping.push(fault);
    }
    if slipping.is_empty() {
        return Err(SourceError::Empty);
    }
    if lowered > 0 {
        notes.push(LiftNote::Lowered { subfaults: lowered });
    }
    let (groups, rounded) = groups(&slipping);
    notes.extend(rounded.map(|seconds| LiftNote::TimesRounded { seconds }));
    let motions = motions(&slipping, &groups, grid, options)?;
    Ok(Lifted { motions, notes })
}

/// Indices of rectangles that move together, with their start and rise.
struct Group {
    members: Vec<usize>,
    start_s: f64,
    rise_s: f64,
}

/// Groups by start and rise; the step of rounding, if any was needed.
fn groups(faults: &[Fault]) -> (Vec<Group>, Option<f64>) {
    let mut by_time: BTreeMap<(u64, u64), Vec<usize>> = BTreeMap::new();
    // Non-negative numbers sort as their bits do.
    for (k, f) in faults.iter().enumerate() {
        let key = ((f.start_s + 0.0).to_bits(), (f.rise_s + 0.0).to_bits());
        by_time.entry(key).or_default().push(k);
    }
    let mut rounded = None;
    let mut step = 1.0;
    while by_time.len() > MOTIONS_MAX {
        let mut coarser: BTreeMap<(u64, u64), Vec<usize>> = BTreeMap::new();
        for (k, f) in faults.iter().enumerate() {
            let round = |s: f64| (s / step).round() as u64;
            coarser
                .entry((round(f.start_s), round(f.rise_s)))
                .or_default()
                .push(k);
        }
        by_time = coarser;
        rounded = Some(step);
        step *= 2.0;
    }
    let groups = by_time
        .into_values()
        .map(|members| {
            let (start_s, rise_s) = mean_times(members.iter().map(|&k| &faults[k]));
            Group {
                members,
                start_s,
                rise_s,
            }
        })
        .collect();
    (groups, rounded)
}

/// Mean start and rise, by moment.
fn mean_times<'a>(faults: impl Iterator<Item = &'a Fault> + Clone) -> (f64, f64) {
    let first = faults.clone().next();
    if let Some(f) = first
        && faults
            .clone()
            .all(|g| g.start_s == f.start_s && g.rise_s == f.rise_s)
    {
        return (f.start_s, f.rise_s);
    }
    let (mut moment, mut start, mut rise) = (0.0, 0.0, 0.0);
    for f in faults {
        let m = f.length_km * f.width_km * f.slip_m.abs();
        moment += m;
        start += m * f.start_s;
        rise += m * f.rise_s;
    }
    (start / moment, rise / moment)
}

fn motions(
    faults: &[Fault],
    groups: &[Group],
    grid: &Grid,
    options: &LiftOptions,
) -> Result<Vec<Motion>, SourceError> {
    let l = grid.lattice();
    let all: Vec<usize> = (0..faults.len()).collect();
    let window = window(faults, &all, reach_km(faults), l);
    let mut total = field(faults, &all, grid, window, options);
    check_wet(&total, grid, window)?;
    let mut out = Vec::new();
    if let [group] = groups {
        push(
            &mut out,
            total,
            grid,
            window,
            options,
            (group.start_s, group.rise_s),
        );
        return Ok(out);
    }
    for group in groups {
        let near = group
            .members
            .iter()
            .map(|&k| NEAR_KM.max(2.0 * faults[k].depth_km))
            .fold(0.0, f64::max);
        let own = window::window(faults, &group.members, near, l);
        let part = field(faults, &group.members, grid, own, options);
        subtract(&mut total, window, &part, own);
        push(
            &mut out,
            part,
            grid,
            own,
            options,
            (group.start_s, group.rise_s),
        );
    }
    let times = mean_times(faults.iter());
    push(&mut out, total, grid, window, options, times);
    Ok(out)
}

/// Displacement of the window's cells by some rectangles, metres, faded at edges that are not the grid's.
fn field(
    faults: &[Fault],
    members: &[usize],
    grid: &Grid,
    window: Window,
    options: &LiftOptions,
) -> Vec<f64> {
    let l = grid.lattice();
    let locals: Vec<Local> = members.iter().map(|&k| Local::new(&faults[k])).collect();
    let mut up: Vec<f64> = if options.horizontal {
        displacement::<3>(&locals, l, window)
            .into_iter()
            .enumerate()
            .map(|(k, [east, north, up])| {
                let (i, j) = (column(window, k % window.nx, l), window.j0 + k / window.nx);
                let (slope_e, slope_n) = slope(grid, i, j);
                // Tanioka & Satake (1996): u_h = u_x dH/dx + u_y dH/dy, H the depth of water.
                up - east * slope_e - north * slope_n
            })
            .collect()
    } else {
        displacement::<1>(&locals, l, window)
            .into_iter()
            .map(|[up]| up)
            .collect()
    };
    let whole_round = l.is_periodic() && window.nx == l.nx();
    let free = |at_edge: bool| !at_edge;
    let west = free(whole_round || (!l.is_periodic() && window.i0 == 0));
    let east = free(whole_round || (!l.is_periodic() && window.i0 as usize + window.nx == l.nx()));
    let south = free(window.j0 == 0);
    let north = free(window.j0 + window.ny == l.ny());
    let fx: Vec<f64> = (0..window.nx)
        .map(|x| fade(x, window.nx, west, east))
        .collect();
    for (y, row) in up.chunks_exact_mut(window.nx).enumerate() {
        let fy = fade(y, window.ny, south, north);
        row.iter_mut().zip(&fx).for_each(|(u, fx)| *u *= fx * fy);
    }
    up
}

fn check_wet(up: &[f64], grid: &Grid, window: Window) -> Result<(), SourceError> {
    let l = grid.lattice();
    let (mut wet, mut all, mut at) = (0.0f64, 0.0f64, 0);
    for (k, u) in up.iter().enumerate() {
        let index = (window.j0 + k / window.nx) * l.nx() + column(window, k % window.nx, l);
        if grid.z()[index] < 0.0 {
            wet = wet.max(u.abs());
        }
        if u.abs() > all {
            (all, at) = (u.abs(), index);
        }
    }
    if wet > WET_SHARE_MIN * all {
        return Ok(());
    }
    let cell = l.cell(at);
    let (lat, lon) = (l.lat(cell.j), l.lon(cell.i));
    let sea_km = l
        .nearest(lat, lon, SEA_SEARCH_KM, |k| grid.z()[k] < 0.0)
        .map(|(_, km)| km);
    Err(SourceError::OnLand { lat, lon, sea_km })
}

/// Takes a part's displacement off the whole, where they overlap.
fn subtract(total: &mut [f64], window: Window, part: &[f64], own: Window) {
    // A part's window lies in the whole's, except where the globe was cut differently.
    let dx = own.i0 - window.i0;
    for (k, u) in part.iter().enumerate() {
        let (x, y) = (dx + (k % own.nx) as i64, own.j0 + k / own.nx);
        if let (Ok(x), Some(y)) = (usize::try_from(x), y.checked_sub(window.j0))
            && x < window.nx
            && y < window.ny
        {
            total[y * window.nx + x] -= u;
        }
    }
}

/// Makes a motion of a displacement: dry cells at rest, smoothed if asked for, empty margins cut. None if nothing is left.
fn push(
    out: &mut Vec<Motion>,
    up: Vec<f64>,
    grid: &Grid,
    window: Window,
    options: &LiftOptions,
    (start_s, rise_s): (f64, f64),
) {
    let l = grid.lattice();
    let metres: Vec<f32> = up
        .iter()
        .enumerate()
        .map(|(k, &u)| {
            let (i, j) = (column(window, k % window.nx, l), window.j0 + k / window.nx);
            if grid.z()[j * l.nx() + i] < 0.0 {
                u as f32
            } else {
                0.0
            }
        })
        .collect();
    let mut patch = Patch {
        i0: column(window, 0, l),
        j0: window.j0,
        nx: window.nx,
        ny: window.ny,
        metres,
    };
    if options.kajiura {
        patch = kajiura::smooth(&patch, grid);
    }
    if patch.metres.iter().any(|&m| m != 0.0) {
        out.push(Motion {
            patch,
            start_s,
            rise_s,
        });
    }
}
