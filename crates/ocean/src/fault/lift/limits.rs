//! What a source may be, and what is said about one that is not.

use crate::fault::Fault;
use crate::lattice::Lattice;
use crate::quake::QuakeError;
use crate::sphere::destination;

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
    #[error("subfault {number} at {} lies outside the grid", place(*.lat, *.lon))]
    Outside {
        /// Subfault.
        number: usize,
        /// Latitude of its centre, degrees.
        lat: f64,
        /// Longitude of its centre, degrees.
        lon: f64,
    },
    /// Nothing that it moves is under water.
    #[error("the source round {} moves no sea floor; the nearest sea is {}", place(*.lat, *.lon), match .sea_km {
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

/// `36.12 S 72.90 W`.
fn place(lat: f64, lon: f64) -> String {
    let lon = crate::sphere::normal_lon(lon);
    let (ns, ew) = (
        if lat < 0.0 { 'S' } else { 'N' },
        if lon < 0.0 { 'W' } else { 'E' },
    );
    format!("{:.2} {ns} {:.2} {ew}", lat.abs(), lon.abs())
}

pub(super) fn check(number: usize, f: &Fault) -> Result<(), SourceError> {
    if let Some((field, value, least, most)) = out_of_range(f) {
        return Err(SourceError::Value {
            number,
            field,
            value,
            least,
            most,
        });
    }
    let above_km = -f.top_km();
    if above_km > ABOVE_SLACK_KM {
        return Err(SourceError::AboveGround { number, above_km });
    }
    Ok(())
}

/// The first number of a rectangle that is outside its range: which, its value, least and most.
pub(in crate::fault) fn out_of_range(f: &Fault) -> Option<(&'static str, f64, f64, f64)> {
    [
        ("latitude", f.lat, -90.0, 90.0),
        ("longitude", f.lon, -1080.0, 1080.0),
        ("depth", f.depth_km, 0.0, CENTRE_MAX_KM),
        ("length", f.length_km, 0.01, SIDE_MAX_KM),
        ("width", f.width_km, 0.01, SIDE_MAX_KM),
        ("strike", f.strike_deg, -360.0, 720.0),
        ("dip", f.dip_deg, 0.0, 90.0),
        ("rake", f.rake_deg, -360.0, 720.0),
        ("slip", f.slip_m, -SLIP_MAX_M, SLIP_MAX_M),
        ("start", f.start_s, 0.0, SECONDS_MAX),
        ("rise", f.rise_s, 0.0, SECONDS_MAX),
    ]
    .into_iter()
    // A NaN is in no range.
    .find(|(_, value, least, most)| !(least..=most).contains(&value))
}

pub(super) enum OnGrid {
    Whole,
    Part,
    None,
}

/// How much of a rectangle's outline (corners, middles of sides, centre) is on the lattice.
pub(super) fn on_grid(f: &Fault, lattice: &Lattice) -> OnGrid {
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
