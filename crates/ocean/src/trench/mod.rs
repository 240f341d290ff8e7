//! The world's subduction zones: where their trenches run, and how the interface goes down from there.
//!
//! Each zone is a line of nodes along the trench, about 100 km apart and in the direction of strike (the plate goes down to
//! the right), with three dips - at 25, 75 and 125 km down the interface from the trench - and the depth of the
//! trench's floor. Between them the dip is linear in
//! that distance, beyond them constant; depth is its integral. Between nodes everything is linear along the trench.
//!
//! The interface meets the sea floor at the trench. A half-space begins at the solid surface, so that is where depths count from;
//! between trench and shelf that surface rises by the depth of the trench, on the whole linearly over [`SLOPE_KM`].
//!
//! **Origin.** Positions, strikes and dips: NOAA PMEL's propagation database (Gica et al. 2008, NOAA Technical Memorandum OAR
//! PMEL-139), US government work in the public domain, as `info_sz.dat.txt` in the source package of `clawpack` 5.14.0 on PyPI
//! (BSD-3). From each shallow unit source the upper edge was moved across strike to the deepest line of ETOPO5 (NOAA NGDC,
//! public domain) where the trench is a trough at least 250 m deeper than the sea floor 60-80 km before it, and elsewhere up
//! its own dip to the surface, at most 30 km. Dips are running means over three nodes, at most 18, 28 and 38 degrees (the database
//! assumes up to 80; seismogenic interfaces dip 23 +- 8 on the whole, Heuret et al. 2011), and grow by at most 10 to the third.
//! What replaces them or was added by hand stands in the zone's head line in `axes.txt`.
//!
//! **Error.** Against published subfaults in Chile, Japan, Sumatra and Java: `tests/trench.rs` states and checks it. Where only
//! two rows of unit sources were at hand (most of the zones), the interface below 30 km is extrapolated.

mod units;

use std::sync::LazyLock;

pub use units::UnitOptions;

use crate::sphere::{EARTH_RADIUS_M, destination, distance_km};

/// Distances down the interface at which a node's dips hold, kilometres.
const KNOTS_KM: [f64; 3] = [25.0, 75.0, 125.0];
/// Step of the integral of the dip, kilometres: the depth is then good to 10 m.
const STEP_KM: f64 = 2.5;
/// How far before the trench a place still belongs to it, kilometres: the outer rise, and errors of early locations.
pub const SEAWARD_KM: f64 = 80.0;
/// Distance from the trench at which the sea is shallow, kilometres. Of the trench's depth there remain 81, 54, 36, 22, 11 and 6 % at
/// 25 to 150 km (ETOPO5, medians over the nodes of all zones with a trench below 3 km): a straight line to within 10 %.
pub const SLOPE_KM: f64 = 125.0;
/// How deep the interface is followed, kilometres: coupling ends at 51 +- 5 (Heuret et al. 2011).
pub const DEPTH_MAX_KM: f64 = 80.0;
/// How far from the trench the interface is followed, kilometres.
const LANDWARD_KM: f64 = 500.0;

static TRENCHES: LazyLock<Vec<Trench>> = LazyLock::new(|| read(include_str!("axes.txt")));

/// One subduction zone.
#[derive(Clone, PartialEq)]
pub struct Trench {
    id: &'static str,
    name: &'static str,
    nodes: Vec<Node>,
}

impl std::fmt::Debug for Trench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The nodes would fill a page wherever an interface is printed.
        write!(f, "Trench({})", self.id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    lat: f64,
    lon: f64,
    /// Distance from the first node along the axis, kilometres.
    along_km: f64,
    /// Azimuth of the axis, degrees.
    strike_deg: f64,
    dips: [f64; 3],
    /// Depth of the trench's floor below sea level, kilometres.
    water_km: f64,
}

/// The interface below (or before) a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interface {
    /// The zone.
    pub trench: &'static Trench,
    /// Position of the nearest place of the trench, kilometres along it.
    pub along_km: f64,
    /// Distance from the trench, kilometres: positive on the side to which the plate goes down, negative seaward.
    pub distance_km: f64,
    /// Strike of the interface, degrees clockwise from north; it dips to the right.
    pub strike_deg: f64,
    /// Dip of the interface there, degrees.
    pub dip_deg: f64,
    /// Depth of the interface below the solid surface, kilometres; 0 seaward of the trench.
    pub depth_km: f64,
    /// Depth of the interface below the floor of the trench, kilometres.
    pub below_trench_km: f64,
    /// Depth of the trench's floor below sea level, kilometres.
    pub trench_km: f64,
}

impl Interface {
    /// Depth of the interface below sea level, kilometres: the datum of catalogues and slab models.
    pub fn below_sea_km(&self) -> f64 {
        self.below_trench_km + self.trench_km
    }

    /// Depth of water at the place, kilometres, by the mean slope of the upper plate.
    pub fn water_km(&self) -> f64 {
        self.trench_km - risen_km(self.trench_km, self.distance_km)
    }

    /// Dip of the chord of a rupture of this width centred here, degrees; one that would begin before the trench begins at it.
    pub fn mean_dip_deg(&self, width_km: f64) -> f64 {
        let dips = self.trench.at(self.along_km).dips;
        let middle = length_by_distance(&dips, self.distance_km.max(0.0));
        let upper = (middle - 0.5 * width_km).max(0.0);
        let (a, b) = (
            down_by_length(&dips, upper),
            down_by_length(&dips, upper + width_km.max(STEP_KM)),
        );
        (b.depth_km - a.depth_km)
            .atan2(b.across_km - a.across_km)
            .to_degrees()
    }
}

/// All zones.
pub fn all() -> &'static [Trench] {
    &TRENCHES
}

/// The zone with an id such as `chile-peru`.
pub fn by_id(id: &str) -> Option<&'static Trench> {
    TRENCHES.iter().find(|t| t.id == id)
}

/// The interface that a place belongs to: of the zone whose trench is nearest, seaward distances counted three times, not
/// farther than [`SEAWARD_KM`] before a trench and not where the interface is below [`DEPTH_MAX_KM`].
pub fn nearest(lat: f64, lon: f64) -> Option<Interface> {
    let cost = |i: &Interface| {
        if i.distance_km < 0.0 {
            -3.0 * i.distance_km
        } else {
            i.distance_km
        }
    };
    TRENCHES
        .iter()
        .filter_map(|t| t.interface(lat, lon))
        .min_by(|a, b| cost(a).total_cmp(&cost(b)))
}

/// Depth, horizontal distance and dip at a distance down the interface.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Down {
    length_km: f64,
    depth_km: f64,
    across_km: f64,
    dip_deg: f64,
}

/// How far the solid surface has risen from the trench's floor, kilometres.
fn risen_km(trench_km: f64, across_km: f64) -> f64 {
    trench_km * (across_km / SLOPE_KM).clamp(0.0, 1.0)
}

fn dip_at(dips: &[f64; 3], s: f64) -> f64 {
    let [a, b, c] = KNOTS_KM;
    let between =
        |s: f64, s0: f64, s1: f64, d0: f64, d1: f64| d0 + (d1 - d0) * (s - s0) / (s1 - s0);
    if s <= a {
        dips[0]
    } else if s <= b {
        between(s, a, b, dips[0], dips[1])
    } else if s <= c {
        between(s, b, c, dips[1], dips[2])
    } else {
        dips[2]
    }
}

/// Walks down the interface until `stop` says so, at most `LANDWARD_KM` far, the last step cut by `part`.
fn walk(dips: &[f64; 3], stop: impl Fn(f64, &Down) -> Option<f64>) -> Down {
    let mut at = Down {
        length_km: 0.0,
        depth_km: 0.0,
        across_km: 0.0,
        dip_deg: dip_at(dips, 0.0),
    };
    while at.length_km < 2.0 * LANDWARD_KM {
        let s = at.length_km;
        let dip = dip_at(dips, s + 0.5 * STEP_KM).to_radians();
        let next = Down {
            length_km: s + STEP_KM,
            depth_km: at.depth_km + STEP_KM * dip.sin(),
            across_km: at.across_km + STEP_KM * dip.cos(),
            dip_deg: dip_at(dips, s + STEP_KM),
        };
        if let Some(part) = stop(s, &next) {
            let mix = |a: f64, b: f64| a + (b - a) * part;
            return Down {
                length_km: mix(at.length_km, next.length_km),
                depth_km: mix(at.depth_km, next.depth_km),
                across_km: mix(at.across_km, next.across_km),
                dip_deg: mix(at.dip_deg, next.dip_deg),
            };
        }
        at = next;
    }
    at
}

fn down_by_length(dips: &[f64; 3], length_km: f64) -> Down {
    walk(dips, |s, _| {
        (s + STEP_KM >= length_km).then(|| ((length_km - s) / STEP_KM).clamp(0.0, 1.0))
    })
}

fn down_by_distance(dips: &[f64; 3], across_km: f64) -> Down {
    walk(dips, |s, next| {
        // The step's own slope is near enough: dips change by under a degree in it.
        let step = STEP_KM * dip_at(dips, s + 0.5 * STEP_KM).to_radians().cos();
        (next.across_km >= across_km)
            .then(|| (1.0 - (next.across_km - across_km) / step.max(1e-9)).clamp(0.0, 1.0))
    })
}

fn length_by_distance(dips: &[f64; 3], across_km: f64) -> f64 {
    down_by_distance(dips, across_km).length_km
}

impl Trench {
    /// Identifier.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Name for people.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Length of the trench, kilometres.
    pub fn length_km(&self) -> f64 {
        self.nodes.last().map_or(0.0, |n| n.along_km)
    }

    /// The nodes of the axis, degrees (latitude, longitude), in the direction of strike.
    pub fn axis(&self) -> impl Iterator<Item = (f64, f64)> {
        self.nodes.iter().map(|n| (n.lat, n.lon))
    }

    /// The interface below a place, or `None` where this zone does not reach.
    pub fn interface(&'static self, lat: f64, lon: f64) -> Option<Interface> {
        let (along_km, distance) = self.project(lat, lon)?;
        if !(-SEAWARD_KM..=LANDWARD_KM).contains(&distance) {
            return None;
        }
        let here = self.at(along_km);
        let down = down_by_distance(&here.dips, distance.max(0.0));
        let depth_km = down.depth_km + risen_km(here.water_km, distance);
        (depth_km <= DEPTH_MAX_KM).then_some(Interface {
            trench: self,
            along_km,
            distance_km: distance,
            strike_deg: carried(here.strike_deg, (here.lat, here.lon), (lat, lon)),
            dip_deg: down.dip_deg,
            depth_km,
            below_trench_km: down.depth_km,
            trench_km: here.water_km,
        })
    }

    /// The axis at a distance along it, which is brought into the zone.
    fn at(&self, along_km: f64) -> Node {
        let k = self
            .nodes
            .partition_point(|n| n.along_km <= along_km)
            .clamp(1, self.nodes.len() - 1);
        let (a, b) = (&self.nodes[k - 1], &self.nodes[k]);
        let part = ((along_km - a.along_km) / (b.along_km - a.along_km)).clamp(0.0, 1.0);
        let (azimuth, _) = towards(a.lat, a.lon, b.lat, b.lon);
        let (lat, lon) = destination(a.lat, a.lon, azimuth, part * (b.along_km - a.along_km));
        let mut dips = a.dips;
        for (d, to) in dips.iter_mut().zip(b.dips) {
            *d += (to - *d) * part;
        }
        Node {
            lat,
            lon,
            along_km: a.along_km + part * (b.along_km - a.along_km),
            strike_deg: (a.strike_deg + turn(a.strike_deg, b.strike_deg) * part).rem_euclid(360.0),
            dips,
            water_km: a.water_km + (b.water_km - a.water_km) * part,
        }
    }

    /// Kilometres along the axis to the place nearest to a point, and the point's distance from it, positive down-dip.
    /// `None` beyond the ends.
    fn project(&self, lat: f64, lon: f64) -> Option<(f64, f64)> {
        if !(lat.abs() <= 90.0 && lon.is_finite()) {
            return None;
        }
        let mut best: Option<(f64, f64, bool)> = None;
        let last = self.nodes.len().checked_sub(2)?;
        for (k, pair) in self.nodes.windows(2).enumerate() {
            let (a, b) = (&pair[0], &pair[1]);
            // Cheap refusal: a segment this far off cannot matter.
            if distance_km(a.lat, a.lon, lat, lon) > LANDWARD_KM + 300.0 {
                continue;
            }
            let (azimuth, length) = towards(a.lat, a.lon, b.lat, b.lon);
            let (to_point, d) = towards(a.lat, a.lon, lat, lon);
            let angle = (to_point - azimuth).to_radians();
            let radius = EARTH_RADIUS_M * 1e-3;
            let cross = ((d / radius).sin() * angle.sin()).clamp(-1.0, 1.0).asin() * radius;
            let ahead = ((d / radius).sin() * angle.cos()).atan2((d / radius).cos()) * radius;
            let along = ahead.clamp(0.0, length);
            let beyond = ahead - along;
            let distance = cross.hypot(beyond);
            if best.is_none_or(|(_, old, _)| distance < old.abs()) {
                let over_the_end = (k == 0 && beyond < -END_KM) || (k == last && beyond > END_KM);
                best = Some((
                    a.along_km + along,
                    if cross < 0.0 { -distance } else { distance },
                    over_the_end,
                ));
            }
        }
        best.filter(|b| !b.2)
            .map(|(along, distance, _)| (along, distance))
    }

    /// Position along the axis of the place nearest to a point, kilometres; `None` when the zone does not reach it.
    pub fn along_km(&self, lat: f64, lon: f64) -> Option<f64> {
        self.project(lat, lon).map(|(along, _)| along)
    }
}

/// How far past the ends of an axis a zone still answers, kilometres: half a unit source.
const END_KM: f64 = 50.0;

/// Azimuth in degrees and distance in kilometres from one place to another.
fn towards(lat_a: f64, lon_a: f64, lat_b: f64, lon_b: f64) -> (f64, f64) {
    let (pa, pb) = (lat_a.to_radians(), lat_b.to_radians());
    let dl = (lon_b - lon_a).to_radians();
    let azimuth = (dl.sin() * pb.cos()).atan2(pa.cos() * pb.sin() - pa.sin() * pb.cos() * dl.cos());
    (
        azimuth.to_degrees().rem_euclid(360.0),
        distance_km(lat_a, lon_a, lat_b, lon_b),
    )
}

/// A direction at one place as an azimuth at another near it: meridians converge.
fn carried(azimuth_deg: f64, from: (f64, f64), to: (f64, f64)) -> f64 {
    let middle = 0.5 * (from.0 + to.0);
    (azimuth_deg + turn(from.1, to.1) * middle.to_radians().sin()).rem_euclid(360.0)
}

/// The shorter way from one azimuth to another, -180..180 degrees.
fn turn(from: f64, to: f64) -> f64 {
    (to - from + 180.0).rem_euclid(360.0) - 180.0
}

/// Reads our own file; a line that does not read is left out, and a test counts what was read.
fn read(text: &'static str) -> Vec<Trench> {
    let mut zones: Vec<Trench> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("zone ") {
            let mut parts = head.split(';').map(str::trim);
            zones.push(Trench {
                id: parts.next().unwrap_or(""),
                name: parts.next().unwrap_or(""),
                nodes: Vec::new(),
            });
            continue;
        }
        let numbers: Vec<f64> = line.split(' ').filter_map(|w| w.parse().ok()).collect();
        if let (Some(zone), &[lat, lon, a, b, c, water_km]) = (zones.last_mut(), numbers.as_slice())
        {
            zone.nodes.push(Node {
                lat,
                lon,
                along_km: 0.0,
                strike_deg: 0.0,
                dips: [a, b, c],
                water_km,
            });
        }
    }
    zones.retain(|z| z.nodes.len() >= 2);
    for zone in &mut zones {
        measure(&mut zone.nodes);
    }
    zones
}

/// Fills in distances along the axis and strikes: at a node the mean of the segments on both sides.
fn measure(nodes: &mut [Node]) {
    let segments: Vec<(f64, f64)> = nodes
        .windows(2)
        .map(|p| towards(p[0].lat, p[0].lon, p[1].lat, p[1].lon))
        .collect();
    let mut along = 0.0;
    for (k, node) in nodes.iter_mut().enumerate() {
        let before = segments.get(k.wrapping_sub(1));
        let after = segments.get(k);
        node.strike_deg = match (before, after) {
            (Some(a), Some(b)) => (a.0 + 0.5 * turn(a.0, b.0)).rem_euclid(360.0),
            (Some(a), None) | (None, Some(a)) => a.0,
            (None, None) => 0.0,
        };
        along += before.map_or(0.0, |s| s.1);
        node.along_km = along;
    }
}
