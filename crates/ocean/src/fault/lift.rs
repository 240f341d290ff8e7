//! From rectangles that slip to the motion of the sea floor on a grid.
//!
//! Rectangles that begin and end together make one [`Motion`]. Where there are several such groups, each carries the displacement
//! of its own neighbourhood, and what all of them do farther off - small and smooth - comes as one more motion at their mean
//! time: the final displacement is that of all of them everywhere, and no group has to drag the whole ocean along.
//!
//! Only cells below sea level move. The displacement fades to zero at the window's edge, where it is below about one per cent
//! of the slip: a flat half-space says little about distances of a thousand kilometres, and a step would be a wave.

use std::collections::BTreeMap;

use super::Fault;
use super::field::{Local, Window, displacement};
use crate::grid::Grid;
use crate::kajiura;
use crate::lattice::Lattice;
use crate::motion::{Motion, Patch};
use crate::quake::QuakeError;
use crate::sphere::{EARTH_RADIUS_M, destination};

/// Most subfaults of a source. Published models have up to about 2,000.
pub const FAULTS_MAX: usize = 20_000;
/// Most motions of a source; start and rise are rounded, first to seconds, until there are no more.
pub const MOTIONS_MAX: usize = 128;
/// Largest rectangle side, kilometres: the longest rupture known has 1,300 (Sumatra 2004).
pub const SIDE_MAX_KM: f64 = 3000.0;
/// Largest slip, metres: 60-80 were inferred for Tohoku 2011.
pub const SLIP_MAX_M: f64 = 200.0;
/// Deepest centre, kilometres.
pub const CENTRE_MAX_KM: f64 = 300.0;
/// Latest start, and longest rise, seconds.
pub const SECONDS_MAX: f64 = 24.0 * 3600.0;

/// How far from a source its displacement is followed at most, kilometres.
const REACH_MAX_KM: f64 = 1200.0;
/// How far a group's own motion reaches beyond its rectangles at least, kilometres.
const NEAR_KM: f64 = 80.0;
/// Part of a window's half width over which the displacement fades.
const FADE: f64 = 0.3;
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

/// Why a source cannot be laid on a grid. Subfaults are counted from 1, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// The earthquake is outside the crate's limits.
    #[error(transparent)]
    Quake(#[from] QuakeError),
    /// The epicentre is not on the grid.
    #[error("the epicentre {lat}, {lon} lies outside the grid")]
    EpicentreOutside {
        /// Latitude, degrees.
        lat: f64,
        /// Longitude, degrees.
        lon: f64,
    },
    /// No rectangle slips.
    #[error("the source has no subfault that slips")]
    Empty,
    /// More than [`FAULTS_MAX`].
    #[error("the source has {0} subfaults, at most {FAULTS_MAX} are read")]
    TooMany(usize),
    /// A number is missing, infinite or outside its limits.
    #[error("subfault {number}: {field} = {value} is outside {least}..{most}")]
    Value {
        /// Subfault.
        number: usize,
        /// Which number.
        field: &'static str,
        /// Its value.
        value: f64,
        /// Least allowed.
        least: f64,
        /// Most allowed.
        most: f64,
    },
    /// A subfault's upper edge is above the ground by more than rounding.
    #[error(
        "subfault {number}: its upper edge is {above_km:.1} km above the sea floor; \
         is the depth that of its centre, and in kilometres?"
    )]
    AboveGround {
        /// Subfault.
        number: usize,
        /// Height of the upper edge, kilometres.
        above_km: f64,
    },
    /// A subfault lies wholly outside the grid.
    #[error("subfault {number} at {lat}, {lon} lies outside the grid")]
    Outside {
        /// Subfault.
        number: usize,
        /// Latitude of its centre, degrees.
        lat: f64,
        /// Longitude of its centre, degrees.
        lon: f64,
    },
    /// Nothing that it moves is under water.
    #[error("the source round {lat:.2}, {lon:.2} moves no sea floor; the nearest sea is {}", match .sea_km {
        Some(km) => format!("{km:.0} km away"),
        None => "over 1000 km away".to_string(),
    })]
    OnLand {
        /// Latitude of the largest displacement, degrees.
        lat: f64,
        /// Longitude of the largest displacement, degrees.
        lon: f64,
        /// Distance to the nearest cell below sea level, kilometres, where one was found.
        sea_km: Option<f64>,
    },
}

/// What a reader of the forecast should know about how a source was laid on the grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LiftNote {
    /// Part of this subfault's outline is outside the grid; what it moves there is lost.
    PartlyOutside {
        /// Subfault, from 1.
        number: usize,
    },
    /// Starts and rises were rounded to this many seconds to keep the number of motions in bounds.
    TimesRounded {
        /// Step, seconds.
        seconds: f64,
    },
    /// Subfaults whose upper edge was above the sea floor by rounding, at most [`ABOVE_SLACK_KM`], were lowered to it.
    Lowered {
        /// How many.
        subfaults: usize,
    },
}

/// Upper edges this far above the sea floor are rounding errors of tables, kilometres, and are moved down.
pub const ABOVE_SLACK_KM: f64 = 1.0;

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

fn check(number: usize, f: &Fault) -> Result<(), SourceError> {
    for (field, value, least, most) in [
        ("latitude", f.lat, -90.0, 90.0),
        ("longitude", f.lon, -1080.0, 1080.0),
        ("depth", f.depth_km, 0.0, CENTRE_MAX_KM),
        ("length", f.length_km, 0.01, SIDE_MAX_KM),
        ("width", f.width_km, 0.01, SIDE_MAX_KM),
        ("strike", f.strike_deg, -360.0, 720.0),
        ("dip", f.dip_deg, 0.0, 90.0),
        ("rake", f.rake_deg, -360.0, 360.0),
        ("slip", f.slip_m, -SLIP_MAX_M, SLIP_MAX_M),
        ("start", f.start_s, 0.0, SECONDS_MAX),
        ("rise", f.rise_s, 0.0, SECONDS_MAX),
    ] {
        // A NaN is in no range.
        if !(least..=most).contains(&value) {
            return Err(SourceError::Value {
                number,
                field,
                value,
                least,
                most,
            });
        }
    }
    let above_km = -f.top_km();
    if above_km > ABOVE_SLACK_KM {
        return Err(SourceError::AboveGround { number, above_km });
    }
    Ok(())
}

enum OnGrid {
    Whole,
    Part,
    None,
}

/// How much of a rectangle's outline (corners, middles of sides, centre) is on the lattice.
fn on_grid(f: &Fault, lattice: &Lattice) -> OnGrid {
    let run = f.width_km * f.dip_deg.to_radians().cos();
    let mut inside = 0;
    for a in [-0.5, 0.0, 0.5] {
        for b in [-0.5, 0.0, 0.5] {
            let (along, across) = (a * f.length_km, b * run);
            let azimuth = f.strike_deg + across.atan2(along).to_degrees();
            let (lat, lon) = destination(f.lat, f.lon, azimuth, along.hypot(across));
            inside += usize::from(lattice.covers(lat, lon));
        }
    }
    match inside {
        9 => OnGrid::Whole,
        0 => OnGrid::None,
        _ => OnGrid::Part,
    }
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
        let own = self::window(faults, &group.members, near, l);
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

/// How far the displacement is followed beyond the rectangles, kilometres: to where it is about one per cent of what the
/// rectangles do above them. Far off, uplift of a thrust is at most slip * area / (4 pi r^2) * sin dip cos dip (Okada 1985, the point
/// source's I5), against half of slip * sin dip near it.
fn reach_km(faults: &[Fault]) -> f64 {
    let most = faults.iter().map(|f| f.slip_m.abs()).fold(0.0, f64::max);
    let area: f64 = faults
        .iter()
        .map(|f| f.length_km * f.width_km * f.slip_m.abs() / most)
        .sum();
    let depth = faults.iter().map(|f| f.depth_km).fold(0.0, f64::max);
    (16.0 * area)
        .sqrt()
        .max(6.0 * depth)
        .clamp(100.0, REACH_MAX_KM)
}

/// The cells within `km` of the outlines of some rectangles, cut by the lattice.
fn window(faults: &[Fault], members: &[usize], km: f64, l: &Lattice) -> Window {
    let degree_km = EARTH_RADIUS_M.to_radians() * 1e-3;
    let (mut south, mut north) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
    let reference = faults[members[0]].lon;
    for &k in members {
        let f = &faults[k];
        let reach = km + 0.5 * f.length_km.hypot(f.width_km);
        let (s, n) = (f.lat - reach / degree_km, f.lat + reach / degree_km);
        south = south.min(s);
        north = north.max(n);
        let cos = s.abs().max(n.abs()).min(89.0).to_radians().cos();
        let half = (reach / (degree_km * cos)).min(180.0);
        let lon = reference + (f.lon - reference + 180.0).rem_euclid(360.0) - 180.0;
        west = west.min(lon - half);
        east = east.max(lon + half);
    }
    let j0 = (((south - l.lat(0)) / l.dlat()).ceil().max(0.0) as usize).min(l.ny() - 1);
    let j1 = (((north - l.lat(0)) / l.dlat()).floor().max(0.0) as usize).min(l.ny() - 1);
    let (nx, dlon) = (l.nx() as i64, l.dlon());
    let columns = |west: f64, east: f64| {
        let i0 = ((west - l.lon(0)) / dlon).ceil() as i64;
        (i0, ((east - l.lon(0)) / dlon).floor() as i64)
    };
    let (i0, i1) = if l.is_periodic() {
        let (i0, i1) = columns(west, east);
        let i0 = i0.rem_euclid(nx);
        (i0, i0 + (i1 - columns(west, east).0).clamp(0, nx - 1))
    } else {
        // The turn of the longitudes that puts the window on the lattice, or as near to it as can be.
        let middle = l.lon(0) + 0.5 * (nx - 1) as f64 * dlon;
        let turns = ((middle - 0.5 * (west + east)) / 360.0).round() * 360.0;
        let (i0, i1) = columns(west + turns, east + turns);
        (i0.clamp(0, nx - 1), i1.clamp(0, nx - 1))
    };
    Window {
        i0,
        j0,
        nx: (i1 - i0 + 1).max(1) as usize,
        ny: (j1.max(j0) - j0) + 1,
    }
}

/// Column of the lattice that column `x` of a window is.
fn column(window: Window, x: usize, l: &Lattice) -> usize {
    (window.i0 + x as i64).rem_euclid(l.nx() as i64) as usize
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

/// 1 in the middle, going to 0 at the free ends of a line of cells, with continuous slope.
fn fade(k: usize, n: usize, low: bool, high: bool) -> f64 {
    let over = (FADE * 0.5 * n as f64).max(1.0);
    let ramp = |cells: f64| {
        let t = (cells / over).min(1.0);
        t * t * (3.0 - 2.0 * t)
    };
    let mut f = 1.0;
    if low {
        f *= ramp(k as f64 + 0.5);
    }
    if high {
        f *= ramp((n - k) as f64 - 0.5);
    }
    f
}

/// Slope of the sea floor (up positive) eastward and northward, dimensionless; across the coast and the grid's edge one-sided.
fn slope(grid: &Grid, i: usize, j: usize) -> (f64, f64) {
    let l = grid.lattice();
    let (east_m, north_m) = l.spacing_m(j);
    let here = grid.elevation_m(i, j).unwrap_or(0.0);
    if here >= 0.0 {
        return (0.0, 0.0);
    }
    let wet = |i: usize, j: usize| grid.elevation_m(i, j).filter(|&z| z < 0.0);
    let one = |low: Option<f64>, high: Option<f64>, step: f64| match (low, high) {
        (Some(a), Some(b)) => (b - a) / (2.0 * step),
        (None, Some(b)) => (b - here) / step,
        (Some(a), None) => (here - a) / step,
        (None, None) => 0.0,
    };
    let west = match i.checked_sub(1) {
        Some(i) => Some(i),
        None => l.is_periodic().then_some(l.nx() - 1),
    };
    let east = if i + 1 < l.nx() {
        Some(i + 1)
    } else {
        l.is_periodic().then_some(0)
    };
    (
        one(
            west.and_then(|i| wet(i, j)),
            east.and_then(|i| wet(i, j)),
            east_m,
        ),
        one(
            j.checked_sub(1).and_then(|j| wet(i, j)),
            wet(i, j + 1),
            north_m,
        ),
    )
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
