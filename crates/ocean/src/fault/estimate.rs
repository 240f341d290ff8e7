//! From an earthquake to a rectangle.
//!
//! Size and slip by scaling laws ([`super::scaling`]); the plane from the first of these that is known: a mechanism, the trench
//! below, the grain of the sea floor, a default. Centred on the hypocentre - where along the rupture the break began is not
//! known in the first minutes - and lowered until its upper edge is in the ground. The focus is below sea level, the rectangle's depth
//! below the ground: the water in between is the grid's where there is one, and else that of the trench's mean slope.

use super::scaling::{DIP_DEG, Scaling};
use super::{Fault, Mechanism, SourceError};
use crate::grid::Grid;
use crate::quake::{Quake, QuakeError};
use crate::sphere::destination;
use crate::strike;
use crate::trench::{self, Interface};

/// Nodal planes within this angle of the interface are taken for it, degrees: twice the scatter of interface mechanisms
/// (about 15 degrees between catalogues, Kagan 2003).
const SAME_PLANE_DEG: f64 = 30.0;
/// Radius within which the sea floor's grain is read, kilometres: half the rupture, within these.
const GRAIN_KM: (f64, f64) = (120.0, 300.0);
/// How far across strike the sea floor is compared to tell which way the plate goes down, kilometres.
const SIDE_KM: f64 = 100.0;

/// Where a strike or a dip came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaneFrom {
    /// The mechanism, as given.
    Mechanism,
    /// The mechanism's other plane, which is the one along the interface.
    AuxiliaryPlane,
    /// The geometry of a trench, by its id.
    Trench(&'static str),
    /// The grain of the sea floor.
    SeaFloor,
    /// Nothing: strike 0, dip [`DIP_DEG`].
    Default,
}

/// A rupture and what it stands on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The rupture.
    pub fault: Fault,
    /// The law that gave its size.
    pub scaling: Scaling,
    /// Where its strike came from.
    pub strike_from: PlaneFrom,
    /// Where its dip came from.
    pub dip_from: PlaneFrom,
    /// The interface at the epicentre, where there is one.
    pub interface: Option<Interface>,
    /// How far the centre was lowered below the focus to keep the upper edge in the ground, kilometres.
    pub lowered_km: f64,
}

impl Fault {
    /// The median rupture of an earthquake.
    ///
    /// # Errors
    /// [`QuakeError`] when the earthquake is outside the limits of [`crate::quake`].
    pub fn of(quake: &Quake, mechanism: Option<Mechanism>) -> Result<Estimate, QuakeError> {
        estimate(quake, mechanism, |_| None, None)
    }

    /// As [`Fault::of`], with the sea floor's grain to fall back on where neither a mechanism nor a trench is known.
    ///
    /// # Errors
    /// [`SourceError::Quake`] when the earthquake is outside the limits of [`crate::quake`], [`SourceError::EpicentreOutside`]
    /// when the grid does not hold its epicentre.
    pub fn on(
        grid: &Grid,
        quake: &Quake,
        mechanism: Option<Mechanism>,
    ) -> Result<Estimate, SourceError> {
        quake.check()?;
        if !grid.covers(quake.lat, quake.lon) {
            return Err(SourceError::EpicentreOutside {
                lat: quake.lat,
                lon: quake.lon,
            });
        }
        let grain = |length_km: f64| {
            let radius = (0.5 * length_km).clamp(GRAIN_KM.0, GRAIN_KM.1);
            let axis = strike::guess_deg(grid, quake.lat, quake.lon, radius)?;
            Some(with_dip_side(grid, quake, axis))
        };
        let cell = grid.cell_at(quake.lat, quake.lon);
        let water_km = cell.map(|c| 1e-3 * grid.depth_m(c.i, c.j).unwrap_or(0.0));
        Ok(estimate(quake, mechanism, grain, water_km)?)
    }
}

/// Of the two directions of a strike axis, the one with the higher ground to its right: the upper plate's side.
fn with_dip_side(grid: &Grid, quake: &Quake, axis_deg: f64) -> f64 {
    let side = |azimuth: f64| -> f64 {
        let heights = (1..=4).filter_map(|k| {
            let km = SIDE_KM * f64::from(k) / 4.0;
            let (lat, lon) = destination(quake.lat, quake.lon, azimuth, km);
            let cell = grid.cell_at(lat, lon)?;
            grid.elevation_m(cell.i, cell.j)
        });
        heights.sum()
    };
    if side(axis_deg + 90.0) >= side(axis_deg - 90.0) {
        axis_deg
    } else {
        axis_deg + 180.0
    }
}

fn estimate(
    quake: &Quake,
    mechanism: Option<Mechanism>,
    grain: impl Fn(f64) -> Option<f64>,
    water_km: Option<f64>,
) -> Result<Estimate, QuakeError> {
    quake.check()?;
    if let Some(m) = mechanism {
        for (field, value) in [
            ("mechanism strike", m.strike_deg),
            ("mechanism dip", m.dip_deg),
            ("mechanism rake", m.rake_deg),
        ] {
            if !value.is_finite() {
                return Err(QuakeError::NotANumber { field, value });
            }
        }
        if !(0.0..=90.0).contains(&m.dip_deg) {
            return Err(QuakeError::Dip(m.dip_deg));
        }
    }
    let interface = trench::nearest(quake.lat, quake.lon);
    let mut scaling = Scaling::Interface;
    let (plane, strike_from, dip_from) = match (mechanism, interface) {
        (Some(m), _) => {
            let (plane, from, on_interface) = choose(m, interface.as_ref());
            if !on_interface {
                scaling = Scaling::of_rake(plane.rake_deg);
            }
            (plane, from, from)
        }
        (None, Some(i)) => {
            let from = PlaneFrom::Trench(i.trench.id());
            let dip = i.mean_dip_deg(scaling.width_km(quake.magnitude));
            (thrust(i.strike_deg, dip), from, from)
        }
        (None, None) => match grain(scaling.length_km(quake.magnitude)) {
            Some(strike) => (
                thrust(strike, DIP_DEG),
                PlaneFrom::SeaFloor,
                PlaneFrom::Default,
            ),
            None => (thrust(0.0, DIP_DEG), PlaneFrom::Default, PlaneFrom::Default),
        },
    };
    // Catalogues count from sea level, a half-space from the ground.
    let water_km = water_km.unwrap_or_else(|| interface.map_or(0.0, |i| i.water_km()));
    let mut fault = Fault {
        lat: quake.lat,
        lon: quake.lon,
        depth_km: (quake.depth_km - water_km).max(0.0),
        length_km: scaling.length_km(quake.magnitude),
        width_km: scaling.width_km(quake.magnitude),
        strike_deg: plane.strike_deg.rem_euclid(360.0),
        dip_deg: plane.dip_deg,
        rake_deg: plane.rake_deg,
        slip_m: scaling.slip_m(quake.magnitude),
        start_s: 0.0,
        rise_s: 0.0,
    };
    let lowered_km = (-fault.top_km()).max(0.0);
    fault.depth_km += lowered_km;
    Ok(Estimate {
        fault,
        scaling,
        strike_from,
        dip_from,
        interface,
        lowered_km,
    })
}

fn thrust(strike_deg: f64, dip_deg: f64) -> Mechanism {
    Mechanism {
        strike_deg,
        dip_deg,
        rake_deg: 90.0,
    }
}

/// The nodal plane to use, where it came from, and whether it lies along the interface.
fn choose(given: Mechanism, interface: Option<&Interface>) -> (Mechanism, PlaneFrom, bool) {
    let Some(i) = interface else {
        return (given, PlaneFrom::Mechanism, false);
    };
    let other = given.auxiliary();
    let angle = |m: &Mechanism| m.angle_deg(i.strike_deg, i.dip_deg);
    // Only a plane that thrusts along the interface is taken for it; otherwise the plane that was given stands.
    let fits = |m: &Mechanism| angle(m) <= SAME_PLANE_DEG && m.rake_deg.to_radians().sin() > 0.5;
    if fits(&other) && !(fits(&given) && angle(&given) <= angle(&other)) {
        (other, PlaneFrom::AuxiliaryPlane, true)
    } else {
        (given, PlaneFrom::Mechanism, fits(&given))
    }
}
