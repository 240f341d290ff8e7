//! Ruptures as rectangles that slip: from an earthquake and what is known of it, or from a published table, to the motion of
//! the sea floor.
//!
//! | module | question it answers |
//! |---|---|
//! | [`scaling`] | how large is a rupture of this magnitude, and how far does it slip? |
//! | [`estimate`] | which plane, given what is known? |
//! | [`table`] | what does this finite-fault table say? |
//! | [`lift`](mod@lift) | which cells does that lift, when, by how much? |

pub mod estimate;
mod field;
pub mod lift;
pub mod scaling;
pub mod table;

pub use estimate::{Estimate, PlaneFrom};
pub use lift::{LiftNote, LiftOptions, Lifted, SourceError, lift, lift_with_notes};

use serde::{Deserialize, Serialize};

use crate::response::UnitSource;

/// A rectangle that slips.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Latitude of the centre, degrees.
    pub lat: f64,
    /// Longitude of the centre, degrees.
    pub lon: f64,
    /// Depth of the centre below the solid surface, kilometres.
    pub depth_km: f64,
    /// Length along strike, kilometres.
    pub length_km: f64,
    /// Width down dip, kilometres.
    pub width_km: f64,
    /// Strike, degrees clockwise from north; the rectangle dips to the right.
    pub strike_deg: f64,
    /// Dip, degrees, 0..=90.
    pub dip_deg: f64,
    /// Rake of the hanging wall's slip, degrees: 0 left-lateral, 90 reverse, -90 normal.
    pub rake_deg: f64,
    /// Slip, metres.
    pub slip_m: f64,
    /// When it begins to slip, seconds after the origin.
    pub start_s: f64,
    /// How long it slips, seconds; 0 is at once.
    pub rise_s: f64,
}

impl Fault {
    /// Depth of the upper edge, kilometres.
    pub fn top_km(&self) -> f64 {
        self.depth_km - 0.5 * self.width_km * self.dip_deg.to_radians().sin()
    }

    /// Seismic moment, N m, with [`scaling::RIGIDITY_PA`].
    pub fn moment_nm(&self) -> f64 {
        scaling::RIGIDITY_PA * self.length_km * 1e3 * self.width_km * 1e3 * self.slip_m.abs()
    }
}

/// Moment magnitude of ruptures together, with [`scaling::RIGIDITY_PA`]; `None` when nothing slips.
pub fn magnitude(faults: &[Fault]) -> Option<f64> {
    let moment: f64 = faults.iter().map(Fault::moment_nm).sum();
    (moment > 0.0).then(|| scaling::magnitude(moment))
}

impl From<&UnitSource> for Fault {
    /// One metre of slip at once.
    fn from(u: &UnitSource) -> Self {
        Fault {
            lat: u.lat,
            lon: u.lon,
            depth_km: u.depth_km,
            length_km: u.length_km,
            width_km: u.width_km,
            strike_deg: u.strike_deg,
            dip_deg: u.dip_deg,
            rake_deg: u.rake_deg,
            slip_m: 1.0,
            start_s: 0.0,
            rise_s: 0.0,
        }
    }
}

/// One nodal plane of a focal mechanism, degrees, in the convention of [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mechanism {
    /// Strike.
    pub strike_deg: f64,
    /// Dip.
    pub dip_deg: f64,
    /// Rake.
    pub rake_deg: f64,
}

impl Mechanism {
    /// Unit normal of the plane (pointing up) and slip of the hanging wall, in axes east, north, up (Aki & Richards 1980).
    fn vectors(&self) -> ([f64; 3], [f64; 3]) {
        let (ss, cs) = self.strike_deg.to_radians().sin_cos();
        let (sd, cd) = self.dip_deg.to_radians().sin_cos();
        let (sr, cr) = self.rake_deg.to_radians().sin_cos();
        let normal = [sd * cs, -sd * ss, cd];
        let slip = [cr * ss - sr * cd * cs, cr * cs + sr * cd * ss, sr * sd];
        (normal, slip)
    }

    /// The other nodal plane of the same mechanism: its slip is this one's normal.
    pub fn auxiliary(&self) -> Mechanism {
        let (slip, mut normal) = self.vectors();
        let mut slip = slip;
        if normal[2] < 0.0 {
            normal = normal.map(|x| -x);
            slip = slip.map(|x| -x);
        }
        let dip = normal[2].clamp(-1.0, 1.0).acos();
        // A horizontal plane has no strike: north will do.
        let strike = if normal[0].hypot(normal[1]) < 1e-12 {
            0.0
        } else {
            (-normal[1]).atan2(normal[0])
        };
        let along = slip[0] * strike.sin() + slip[1] * strike.cos();
        // The direction up the dip is square to strike and normal.
        let up = [
            -dip.cos() * strike.cos(),
            dip.cos() * strike.sin(),
            dip.sin(),
        ];
        let across = slip[0] * up[0] + slip[1] * up[1] + slip[2] * up[2];
        Mechanism {
            strike_deg: strike.to_degrees().rem_euclid(360.0),
            dip_deg: dip.to_degrees(),
            rake_deg: across.atan2(along).to_degrees(),
        }
    }

    /// Angle between this plane and another, degrees, 0..=90.
    pub fn angle_deg(&self, strike_deg: f64, dip_deg: f64) -> f64 {
        let other = Mechanism {
            strike_deg,
            dip_deg,
            rake_deg: 0.0,
        };
        let ((a, _), (b, _)) = (self.vectors(), other.vectors());
        let cos: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        cos.abs().min(1.0).acos().to_degrees()
    }
}
