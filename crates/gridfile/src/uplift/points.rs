//! Scattered points of displacement, in degrees or in UTM metres.
//!
//! Points that stand on even rows and columns of latitude and longitude, as models write them out, become that grid again. Others are
//! averaged into cells as wide as their mean spacing; a cell without a point takes from those within one and a half spacings, weighted by
//! the inverse square of the distance, and beyond those nothing moves.

use crate::netcdf::{PointFile, Unit};
use crate::options::{Notes, Options};
use crate::problem::Problem;
use crate::raster::{Axis, Stored, check_size};
use crate::utm::Zone;

/// Most points; the files at hand have 15,840.
pub(crate) const MAX_POINTS: usize = 8 << 20;
/// How far a source's middle may lie from the epicentre for a zone to be taken from it, degrees of a great circle: half of the rupture
/// of 1960 (900 km) and a little.
const FAR_DEG: f64 = 6.0;
/// How many times farther from the epicentre the next zone has to put the source: a zone's width, 500 km, is too much to guess wrong.
const CLEARLY: f64 = 2.0;
/// How far a point may stand from its row and column, in steps: coordinates in whole metres are off by 0.0002 at 3 km.
const OFF: f64 = 0.05;
/// A cell without a point takes from points within so many spacings.
const REACH: f64 = 1.5;

/// Points as they are stored.
#[derive(Debug, Clone)]
pub(crate) struct Points {
    /// Coordinates as stored, and the displacement.
    xyz: Vec<(f64, f64, f32)>,
    unit: Unit,
    zone: Option<Zone>,
    /// What the file says of its zone, for the message.
    said: String,
}

impl From<PointFile> for Points {
    fn from(file: PointFile) -> Self {
        Points {
            xyz: file.xyz,
            unit: file.unit,
            zone: file.zone,
            said: file.said,
        }
    }
}

impl Points {
    /// The nodes of a grid in metres.
    pub fn of(stored: Stored) -> Self {
        let (x, y) = (stored.x, stored.y);
        let xyz = stored.z.iter().enumerate().map(|(k, &z)| {
            let (i, j) = (k % x.n, k / x.n);
            (x.first + i as f64 * x.step, y.first + j as f64 * y.step, z)
        });
        Points {
            xyz: xyz.collect(),
            unit: Unit::Metres,
            zone: stored.zone,
            said: "the grid's coordinates are beyond 90 degrees".to_owned(),
        }
    }

    /// A grid of them.
    pub fn raster(mut self, options: &Options) -> Result<Stored, Problem> {
        self.xyz.retain(|&(x, y, _)| x.is_finite() && y.is_finite());
        if self.xyz.len() < 4 {
            return Err(Problem::malformed(format!(
                "holds {} points; a displacement needs four at least",
                self.xyz.len()
            )));
        }
        let mut notes = Notes::default();
        let mut places = match self.unit {
            Unit::Degrees => self.xyz,
            Unit::Metres => {
                let zone = self.zone(options, &mut notes)?;
                project(&self.xyz, zone)
                    .ok_or_else(|| Problem::malformed(format!("has points outside of {zone}")))?
            }
        };
        unwrap(&mut places);
        let mut stored = match regular(&places) {
            Some(stored) => stored,
            None => {
                let (stored, spacing) = scattered(&places)?;
                notes.add(format!(
                    "{} scattered points, {spacing:.3} degrees apart, were gathered into cells.",
                    places.len()
                ));
                stored
            }
        };
        stored.notes.append(notes);
        Ok(stored)
    }

    fn zone(&self, options: &Options, notes: &mut Notes) -> Result<Zone, Problem> {
        if let Some(zone) = options.zone.or(self.zone) {
            return Ok(zone);
        }
        let Some((lat, lon)) = options.near else {
            return Err(Problem::Zone(self.said.clone()));
        };
        // The middle of what moves, not of the file: a wide margin must not decide.
        let weight: f64 = self.xyz.iter().map(|p| f64::from(p.2.abs())).sum();
        let mean = |of: fn(&(f64, f64, f32)) -> f64| {
            let sum: f64 = self.xyz.iter().map(|p| of(p) * f64::from(p.2.abs())).sum();
            sum / weight
        };
        let (east, north) = (mean(|p| p.0), mean(|p| p.1));
        let distance = |zone: Zone| {
            let (a, b) = zone.degrees(east, north)?;
            Some((ocean::sphere::distance_km(lat, lon, a, b) / 111.2, zone))
        };
        let mut found: Vec<(f64, Zone)> = Zone::of(lat, lon)
            .with_neighbours()
            .into_iter()
            .filter_map(distance)
            .collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        match found[..] {
            [(degrees, zone), ref others @ ..]
                if degrees <= FAR_DEG && others.iter().all(|o| o.0 >= CLEARLY * degrees) =>
            {
                notes.add(format!(
                    "The points are UTM metres of an unnamed zone ({}); {zone} is taken, in which they lie {:.0} km from the epicentre.",
                    self.said,
                    degrees * 111.2
                ));
                Ok(zone)
            }
            [(degrees, zone), (_, other), ..] if degrees <= FAR_DEG => Err(Problem::Zone(format!(
                "{}; by the epicentre {zone} and {other} are possible",
                self.said
            ))),
            _ => Err(Problem::Zone(format!(
                "{}; in no zone do they lie near the epicentre",
                self.said
            ))),
        }
    }
}

/// Longitude, latitude, displacement.
fn project(xyz: &[(f64, f64, f32)], zone: Zone) -> Option<Vec<(f64, f64, f32)>> {
    xyz.iter()
        .map(|&(x, y, z)| zone.degrees(x, y).map(|(lat, lon)| (lon, lat, z)))
        .collect()
}

/// Longitudes on one turn: within 180 degrees of the first point.
fn unwrap(places: &mut [(f64, f64, f32)]) {
    let first = places[0].0;
    for place in places {
        place.0 = first + (place.0 - first + 180.0).rem_euclid(360.0) - 180.0;
    }
}

/// The grid on which the points stand, when they fill one row by row.
fn regular(places: &[(f64, f64, f32)]) -> Option<Stored> {
    // A row ends where the longitude jumps back.
    let step = places[1].0 - places[0].0;
    let nx = places
        .windows(2)
        .position(|w| (w[1].0 - w[0].0) * step <= 0.0)?
        + 1;
    let ny = places.len() / nx;
    if nx < 2 || ny < 2 || nx * ny != places.len() {
        return None;
    }
    let corner = |k: usize| (places[k].0, places[k].1);
    let ((x0, y0), (x1, y1)) = (corner(0), corner(places.len() - 1));
    let (x, y) = (Axis::between(x0, x1, nx), Axis::between(y0, y1, ny));
    let stands = |(k, p): (usize, &(f64, f64, f32))| {
        let (at_x, at_y) = (x0 + (k % nx) as f64 * x.step, y0 + (k / nx) as f64 * y.step);
        (p.0 - at_x).abs() <= OFF * x.step.abs() && (p.1 - at_y).abs() <= OFF * y.step.abs()
    };
    let even = places.iter().enumerate().all(stands);
    even.then(|| Stored::new(x, y, places.iter().map(|p| p.2).collect()))
}

/// Cells as wide as the points are apart, and that distance in degrees of latitude.
fn scattered(places: &[(f64, f64, f32)]) -> Result<(Stored, f64), Problem> {
    let extent = |of: fn(&(f64, f64, f32)) -> f64| {
        let values = places.iter().map(of);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), v| {
            (least.min(v), most.max(v))
        })
    };
    let ((west, east), (south, north)) = (extent(|p| p.0), extent(|p| p.1));
    let narrow = ((south + north) / 2.0).to_radians().cos().max(0.05);
    let spacing = ((east - west) * narrow * (north - south) / places.len() as f64).sqrt();
    if !(spacing > 1e-6 && south >= -90.0 && north <= 90.0) {
        return Err(Problem::malformed(
            "its points stand on one line, or outside the globe",
        ));
    }
    let (dx, dy) = (spacing / narrow, spacing);
    let nodes = |from: f64, to: f64, step: f64| (((to - from) / step).ceil() as usize + 1).max(2);
    let (nx, ny) = (nodes(west, east, dx), nodes(south, north, dy));
    check_size(nx, ny)?;
    let axis = |first, step, n| Axis { first, step, n };
    let (x, y) = (axis(west, dx, nx), axis(south, dy, ny));
    let cell = |p: &(f64, f64, f32)| {
        let i = (((p.0 - west) / dx).round() as usize).min(nx - 1);
        let j = (((p.1 - south) / dy).round() as usize).min(ny - 1);
        j * nx + i
    };
    // Points sorted by cell, so that neighbours are found without looking at all of them.
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&k| cell(&places[k]));
    let mut starts = vec![0usize; nx * ny + 1];
    places.iter().for_each(|p| starts[cell(p) + 1] += 1);
    for k in 1..starts.len() {
        starts[k] += starts[k - 1];
    }
    let within = |k: usize| order[starts[k]..starts[k + 1]].iter().map(|&p| &places[p]);
    let value = |k: usize| {
        let n = starts[k + 1] - starts[k];
        if n > 0 {
            return (within(k).map(|p| f64::from(p.2)).sum::<f64>() / n as f64) as f32;
        }
        let (i, j) = (k % nx, k / nx);
        let (mut sum, mut weights) = (0.0, 0.0);
        for row in j.saturating_sub(2)..(j + 3).min(ny) {
            for column in i.saturating_sub(2)..(i + 3).min(nx) {
                for p in within(row * nx + column) {
                    let (a, b) = ((p.0 - west) / dx - i as f64, (p.1 - south) / dy - j as f64);
                    let square = a * a + b * b;
                    if square <= REACH * REACH {
                        sum += f64::from(p.2) / square.max(1e-6);
                        weights += 1.0 / square.max(1e-6);
                    }
                }
            }
        }
        if weights > 0.0 {
            (sum / weights) as f32
        } else {
            0.0
        }
    };
    let z = (0..nx * ny).map(value).collect();
    Ok((Stored::new(x, y, z), spacing))
}
