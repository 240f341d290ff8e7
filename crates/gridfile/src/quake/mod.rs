//! Earthquakes as agencies and people write them.

mod agency;
mod line;
mod plane;
mod quakeml;
mod small;
pub mod usgs;

use std::path::Path;

use ocean::Quake;

pub use agency::read_solutions;
pub use plane::Plane;

use crate::open::{self, MAX_QUAKE_BYTES};
use crate::options::Notes;
use crate::problem::{Error, Problem};

/// What is read, for the message about a file in none of them.
const FORMATS: &str =
    "USGS GeoJSON, QuakeML 1.2, JSON or TOML with magnitude, lat, lon, depth_km and time, CSV";

/// One earthquake, with what is known of its mechanism.
#[derive(Debug, Clone, PartialEq)]
pub struct Earthquake {
    /// Where, when, how big.
    pub quake: Quake,
    /// The nodal planes, the preferred or first one first; none, one or two.
    pub planes: Vec<Plane>,
    /// The agency's words for the place, or nothing.
    pub place: String,
    /// The type of the magnitude, such as `mww`, where given.
    pub magnitude_type: Option<String>,
    /// When the solution was last changed, microseconds since the Unix epoch, where given.
    pub updated_us: Option<i64>,
}

/// Reads the earthquake of a file. Of several the largest is taken, and noted.
///
/// # Errors
/// [`Error`] names the file and what is wrong with it; an earthquake without a place, a time or a magnitude is none.
pub fn read_quake(path: &Path) -> Result<(Earthquake, Notes), Error> {
    let name = path.display().to_string();
    let bytes = open::read(path, MAX_QUAKE_BYTES).map_err(|p| p.of(&name))?;
    read_quake_bytes(&name, bytes)
}

/// Reads the earthquake from the bytes of a file that is called `name` in messages. Gzip is inflated.
///
/// # Errors
/// As [`read_quake`].
pub fn read_quake_bytes(name: &str, bytes: Vec<u8>) -> Result<(Earthquake, Notes), Error> {
    let (mut quakes, mut notes) = read_quakes_bytes(name, bytes)?;
    let largest = (0..quakes.len()).max_by(|&a, &b| {
        let size = |k: usize| quakes[k].quake.magnitude;
        // The first of equals, so that the order of a feed counts.
        size(a).total_cmp(&size(b)).then(b.cmp(&a))
    });
    let Some(largest) = largest else {
        return Err(Problem::malformed("holds no earthquake").of(name));
    };
    if quakes.len() > 1 {
        let q = &quakes[largest].quake;
        notes.add(format!(
            "{} earthquakes; the largest is taken: M {} {}.",
            quakes.len(),
            q.magnitude,
            q.id
        ));
    }
    Ok((quakes.swap_remove(largest), notes))
}

/// Reads all earthquakes of a file; those that cannot be read are noted.
///
/// # Errors
/// As [`read_quake`], when there is none that can be read.
pub fn read_quakes_bytes(name: &str, bytes: Vec<u8>) -> Result<(Vec<Earthquake>, Notes), Error> {
    let read = || {
        let bytes = open::inflated(bytes, MAX_QUAKE_BYTES)?;
        if bytes.len() as u64 > MAX_QUAKE_BYTES {
            return Err(Problem::TooLarge {
                what: "bytes",
                found: bytes.len() as u64,
                most: MAX_QUAKE_BYTES,
                hint: "",
            });
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| Problem::malformed("is no text"))?;
        several(name, text)
    };
    read().map_err(|p: Problem| p.of(name))
}

fn several(name: &str, text: &str) -> Result<(Vec<Earthquake>, Notes), Problem> {
    let mut notes = Notes::default();
    let (quakes, refused) = match text.trim_start().chars().next() {
        Some('<') => quakeml::read(text)?,
        Some('{') => match usgs::earthquakes(text.as_bytes()) {
            Ok(found) => found,
            Err(refusal) if refusal.reason == "geojson_shape" => {
                (vec![small::json(text)?], Vec::new())
            }
            Err(refusal) => return Err(Problem::Malformed(refusal.what)),
        },
        Some(_) if small::is_toml(text) => (vec![small::toml(name, text)?], Vec::new()),
        Some(_) => line::read(text)?,
        None => return Err(Problem::Unknown(FORMATS)),
    };
    if quakes.is_empty() {
        return Err(match refused.into_iter().next() {
            Some(why) => Problem::Malformed(why),
            None => Problem::malformed("holds no earthquake"),
        });
    }
    if let Some(first) = refused.first() {
        notes.add(format!(
            "{} earthquakes could not be read, the first: {first}.",
            refused.len()
        ));
    }
    Ok((quakes, notes))
}

/// Refuses what cannot be on Earth; what a source model needs is for `ocean` to say.
pub(crate) fn checked(quake: Quake) -> Result<Quake, String> {
    let Quake {
        lat,
        lon,
        depth_km,
        magnitude,
        origin_us,
        ..
    } = quake;
    if !(-90.0..=90.0).contains(&lat)
        || !(-180.0..=360.0).contains(&lon)
        || !(-10.0..=800.0).contains(&depth_km)
    {
        return Err(format!(
            "lat {lat} lon {lon} depth {depth_km} km is no place on Earth"
        ));
    }
    if !(-2.0..=10.0).contains(&magnitude) {
        return Err(format!("magnitude {magnitude} is not possible"));
    }
    if origin_us.unsigned_abs() > 7_300_000_000_000_000 {
        return Err(format!("time {origin_us} us is beyond the year 2200"));
    }
    Ok(quake)
}

/// An instant as catalogues write it: RFC 3339, or without an offset, which is UTC there; a blank may stand for the `T`.
pub(crate) fn instant(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.len() > 40 {
        return None;
    }
    let joined = text.replacen(' ', "T", 1);
    clock::parse_utc(&joined)
        .or_else(|_| clock::parse_utc(&format!("{joined}Z")))
        .ok()
}

/// Words for people, on one line.
pub(crate) fn words(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(120)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Depth where none is given, kilometres: the fixed depth that agencies then assume (USGS, "depth" glossary).
pub(crate) const ASSUMED_DEPTH_KM: f64 = 10.0;
