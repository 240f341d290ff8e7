//! What the geometry of a table tells where its columns do not.

use super::{Placed, Reference, Remark};
use crate::fault::Fault;
use crate::fault::lift::ABOVE_SLACK_KM;
use crate::sphere::{EARTH_RADIUS_M, destination, normal_lon};

/// At most this many subfaults are compared with all others.
const SAMPLES: usize = 300;
/// Positions nearer than this are the same, kilometres: tables repeat them for time windows.
const SAME_KM: f64 = 0.05;

/// Spacings along strike and down dip, kilometres.
pub(super) struct Sizes {
    pub length: Option<f64>,
    pub width: Option<f64>,
}

/// East and north in kilometres of one place from another (degrees).
fn offset(from: &[f64; 3], to: &[f64; 3]) -> (f64, f64) {
    let km = EARTH_RADIUS_M.to_radians() * 1e-3;
    let cos = (0.5 * (from[0] + to[0])).to_radians().cos();
    (
        normal_lon(to[1] - from[1]) * km * cos,
        (to[0] - from[0]) * km,
    )
}

fn samples(n: usize) -> impl Iterator<Item = usize> {
    let step = n.div_ceil(SAMPLES).max(1);
    (0..n).step_by(step)
}

fn median(mut v: Vec<f64>) -> Option<f64> {
    v.sort_by(f64::total_cmp);
    v.get(v.len() / 2).copied()
}

/// Median distance to the nearest position along strike, and down dip (depth included). Points are latitude, longitude, depth.
pub(super) fn sizes(points: &[[f64; 3]], strikes: &[f64]) -> Sizes {
    let (mut lengths, mut widths) = (Vec::new(), Vec::new());
    for i in samples(points.len()) {
        let (sin, cos) = strikes[i].to_radians().sin_cos();
        let (mut length, mut width) = (f64::INFINITY, f64::INFINITY);
        for p in points {
            let (east, north) = offset(&points[i], p);
            let (along, across) = (
                (east * sin + north * cos).abs(),
                (east * cos - north * sin).abs(),
            );
            if along.max(across) < SAME_KM {
                continue;
            }
            // Within 27 degrees of strike, or of the direction square to it.
            if across < 0.5 * along {
                length = length.min(along);
            } else if along < 0.5 * across {
                width = width.min(across.hypot(p[2] - points[i][2]));
            }
        }
        lengths.extend(Some(length).filter(|l| l.is_finite()));
        widths.extend(Some(width).filter(|w| w.is_finite()));
    }
    Sizes {
        length: median(lengths),
        width: median(widths),
    }
}

/// Strike and dip of the plane through all positions: strike by neighbours of one depth, dip by the fall across it.
pub(super) fn plane(points: &[[f64; 3]]) -> Option<(f64, f64)> {
    let (mut c2, mut s2) = (0.0, 0.0);
    for i in samples(points.len()) {
        let mut nearest = (f64::INFINITY, 0.0);
        for p in points {
            let (east, north) = offset(&points[i], p);
            let km = east.hypot(north);
            // Level to within a tenth.
            if km > SAME_KM && (p[2] - points[i][2]).abs() < 0.1 * km && km < nearest.0 {
                nearest = (km, east.atan2(north));
            }
        }
        if nearest.0.is_finite() {
            c2 += (2.0 * nearest.1).cos();
            s2 += (2.0 * nearest.1).sin();
        }
    }
    if c2 == 0.0 && s2 == 0.0 {
        return None;
    }
    let strike = 0.5 * s2.atan2(c2);
    let (sin, cos) = strike.sin_cos();
    let n = points.len() as f64;
    let origin = points[0];
    let pairs: Vec<(f64, f64)> = points
        .iter()
        .map(|p| {
            let (east, north) = offset(&origin, p);
            (east * cos - north * sin, p[2])
        })
        .collect();
    let (mx, mz) = (
        pairs.iter().map(|p| p.0).sum::<f64>() / n,
        pairs.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let xx: f64 = pairs.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let xz: f64 = pairs.iter().map(|p| (p.0 - mx) * (p.1 - mz)).sum();
    let fall = xz / xx;
    // One row, or all at one depth: no dip to be seen.
    if !fall.is_finite() || fall.abs() < 1e-3 {
        return None;
    }
    let strike = strike.to_degrees() + if fall < 0.0 { 180.0 } else { 0.0 };
    Some((strike.rem_euclid(360.0), fall.abs().atan().to_degrees()))
}

/// Which point of a rectangle positions are, and how that was told.
pub(super) fn reference(placed: &[Placed]) -> (Reference, Remark) {
    if let Some(reference) = by_joints(placed) {
        return (reference, Remark::ReferenceByJoints);
    }
    let breaks = placed
        .iter()
        .any(|p| !p.centre_depth && p.fault.top_km() < -ABOVE_SLACK_KM);
    if breaks {
        (Reference::TopCorner, Remark::ReferenceByDepth)
    } else {
        (Reference::Centre, Remark::ReferenceAssumed)
    }
}

/// The reference by which lower edges join the upper edges of others, where one alone does. Tables of equal rectangles
/// in straight rows
/// join by any. Whether a position is the end of an edge or its middle changes nothing there: that is told by the ends.
fn by_joints(placed: &[Placed]) -> Option<Reference> {
    let gap = |r: Reference, which: fn(&Fault, f64) -> [f64; 3]| {
        let faults: Vec<Fault> = placed.iter().map(|p| p.centred(r)).collect();
        gap_km(&faults, which)
    };
    let all = [
        Reference::Centre,
        Reference::TopCorner,
        Reference::BottomCorner,
    ];
    let gaps = all.map(|r| gap(r, edge));
    let best = (0..all.len()).min_by(|&a, &b| gaps[a].total_cmp(&gaps[b]))?;
    let width = median(placed.iter().map(|p| p.fault.width_km).collect())?;
    // Joined to a twentieth of a width where all others gape by a fifth at least.
    let joined = gaps[best] < 0.05 * width;
    let others = (0..all.len()).all(|k| k == best || gaps[k] > 0.2 * width);
    if !(joined && others) {
        return None;
    }
    let (corner, middle) = match all[best] {
        Reference::TopCorner => (Reference::TopCorner, Reference::TopCentre),
        Reference::BottomCorner => (Reference::BottomCorner, Reference::BottomCentre),
        other => return Some(other),
    };
    if gap(middle, end) < 0.5 * gap(corner, end) {
        Some(middle)
    } else {
        Some(corner)
    }
}

/// Middle of the upper (-1) or lower (1) edge: latitude, longitude, depth.
fn edge(f: &Fault, side: f64) -> [f64; 3] {
    let (sin, cos) = f.dip_deg.to_radians().sin_cos();
    let km = side * 0.5 * f.width_km * cos;
    let (lat, lon) = destination(f.lat, f.lon, f.strike_deg + 90.0, km);
    [lat, lon, f.depth_km + side * 0.5 * f.width_km * sin]
}

/// Middle of the end from which strike runs (-1) or to which it runs (1).
fn end(f: &Fault, side: f64) -> [f64; 3] {
    let (lat, lon) = destination(f.lat, f.lon, f.strike_deg, side * 0.5 * f.length_km);
    [lat, lon, f.depth_km]
}

/// Lower quartile of the distances from a subfault's side to the nearest opposite side of another, kilometres.
fn gap_km(faults: &[Fault], which: fn(&Fault, f64) -> [f64; 3]) -> f64 {
    let near: Vec<[f64; 3]> = faults.iter().map(|f| which(f, -1.0)).collect();
    let mut gaps: Vec<f64> = samples(faults.len())
        .map(|i| {
            let far = which(&faults[i], 1.0);
            near.iter()
                .enumerate()
                .filter(|(k, _)| *k != i)
                .map(|(_, u)| {
                    let (east, north) = offset(&far, u);
                    east.hypot(north).hypot(u[2] - far[2])
                })
                .fold(f64::INFINITY, f64::min)
        })
        .collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 4).copied().unwrap_or(f64::INFINITY)
}
