//! Lists of stations and coastal points: CSV, GeoJSON points, and easyWave's POI files.

mod geojson;
mod table;

use std::collections::BTreeSet;
use std::path::Path;

use crate::open::{self, MAX_STATION_BYTES};
use crate::options::Notes;
use crate::problem::{Error, Problem, shown};

/// Most stations in a list.
pub const MAX_STATIONS: usize = 50_000;
/// Longest id, bytes: ids name files and topics (`wire::topic::is_id`).
const MAX_ID: usize = 48;
/// Deepest water, metres: Challenger Deep and a little.
const DEEPEST_M: f64 = 12_000.0;

/// A place of which a series or a height is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Unique in its list; 1 to 48 of `A-Z a-z 0-9 . _ -`, so that it can name a file.
    pub id: String,
    /// Name for people; the id as it was written where there is none.
    pub name: String,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east, -180 to 360.
    pub lon: f64,
    /// Depth of the water or of the instrument, metres, positive down, where given.
    pub depth_m: Option<f64>,
    /// What stands there, where given.
    pub kind: Option<StationKind>,
    /// What the coast makes of a wave beyond Green's law, where given.
    pub factor: Option<f64>,
    /// Country, where given.
    pub country: Option<String>,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StationKind {
    /// A gauge or a port at the coast.
    Coast,
    /// A sensor on the sea floor, as under a DART buoy: it rises and sinks with the floor.
    SeaFloor,
    /// A buoy that knows its own height, by satellites: it sees the sea floor's motion through the surface alone.
    Surface,
}

/// What a reader found of one station, as text, with the place in the file for messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    /// `line 7` or `feature 3`.
    pub place: String,
    pub id: Option<String>,
    pub name: Option<String>,
    pub lat: Option<String>,
    pub lon: Option<String>,
    pub depth: Option<String>,
    pub kind: Option<String>,
    pub factor: Option<String>,
    pub country: Option<String>,
}

/// Reads a list of stations.
///
/// - CSV (comma, semicolon or tab) with a header; columns in any order, under any of the usual names (`id`, `station`, `code`; `lat`,
///   `latitude`; `lon`, `lng`, `longitude`; `name`; `depth_m`, `depth`; `kind`, `type`, `coastal`; `factor`; `country`); others are left.
/// - GeoJSON: points, with the same names as properties.
/// - easyWave's POI file: `id lon lat` between blanks, without a header, perhaps with a flag that is not needed here.
///
/// # Errors
/// [`Error`] with the line or the feature: a number that is none, no place on Earth, an id twice.
pub fn read_stations(path: &Path) -> Result<(Vec<Station>, Notes), Error> {
    let name = path.display().to_string();
    let bytes = open::read(path, MAX_STATION_BYTES).map_err(|p| p.of(&name))?;
    read_stations_bytes(&name, &bytes)
}

/// Reads a list of stations from the bytes of a file that is called `name` in messages.
///
/// # Errors
/// As [`read_stations`].
pub fn read_stations_bytes(name: &str, bytes: &[u8]) -> Result<(Vec<Station>, Notes), Error> {
    read(bytes).map_err(|p| p.of(name))
}

fn read(bytes: &[u8]) -> Result<(Vec<Station>, Notes), Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.len() as u64 > MAX_STATION_BYTES {
        return Err(too_many("bytes", bytes.len() as u64, MAX_STATION_BYTES));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
            + 1;
        Problem::line(line, "no UTF-8 text; save the list as UTF-8")
    })?;
    let drafts = if text.trim_start().starts_with(['{', '[']) {
        geojson::read(text)?
    } else {
        table::read(text)?
    };
    if drafts.is_empty() {
        return Err(Problem::malformed("holds no stations"));
    }
    if drafts.len() > MAX_STATIONS {
        return Err(too_many(
            "stations",
            drafts.len() as u64,
            MAX_STATIONS as u64,
        ));
    }
    let mut notes = Notes::default();
    let mut taken = BTreeSet::new();
    let mut stations = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let place = draft.place.clone();
        let station = draft
            .station(&mut notes)
            .map_err(|what| Problem::Malformed(format!("{place}: {what}")))?;
        if !taken.insert(station.id.clone()) {
            return Err(Problem::Malformed(format!(
                "{place}: station \"{}\" was there before",
                station.id
            )));
        }
        stations.push(station);
    }
    Ok((stations, notes))
}

fn too_many(what: &'static str, found: u64, most: u64) -> Problem {
    Problem::TooLarge {
        what,
        found,
        most,
        hint: "",
    }
}

impl Draft {
    fn station(self, notes: &mut Notes) -> Result<Station, String> {
        let written = self.id.filter(|id| !id.is_empty()).ok_or("no id")?;
        let id = as_id(&written);
        if id.is_empty() {
            return Err(format!("id \"{}\" has no letter or digit", shown(&written)));
        }
        if id != written {
            notes.add(format!(
                "{}: id \"{}\" becomes \"{id}\".",
                self.place,
                shown(&written)
            ));
        }
        let number = |text: &Option<String>, what: &str| -> Result<Option<f64>, String> {
            let Some(text) = text.as_deref().filter(|t| !is_none(t)) else {
                return Ok(None);
            };
            let number = text.parse::<f64>().ok().filter(|x| x.is_finite());
            number
                .map(Some)
                .ok_or_else(|| format!("{what} \"{}\" is no number", shown(text)))
        };
        let lat = number(&self.lat, "latitude")?.ok_or("no latitude")?;
        let lon = number(&self.lon, "longitude")?.ok_or("no longitude")?;
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=360.0).contains(&lon) {
            let hint = if (-90.0..=90.0).contains(&lon) {
                "; are they the wrong way round?"
            } else {
                ""
            };
            return Err(format!(
                "latitude {lat}, longitude {lon} is no place on Earth{hint}"
            ));
        }
        let depth_m = number(&self.depth, "depth")?;
        if let Some(depth_m) = depth_m.filter(|d| !(-100.0..=DEEPEST_M).contains(d)) {
            return Err(format!(
                "depth {depth_m} m: depths are metres, positive down, at most {DEEPEST_M}"
            ));
        }
        let factor = number(&self.factor, "factor")?;
        if let Some(factor) = factor.filter(|f| !(0.01..=100.0).contains(f)) {
            return Err(format!("factor {factor} is none: 0.01 to 100"));
        }
        let text = |text: Option<String>| text.map(|t| clean(&t)).filter(|t| !t.is_empty());
        Ok(Station {
            name: text(self.name).unwrap_or_else(|| clean(&written)),
            id,
            lat,
            lon,
            depth_m,
            kind: self.kind.as_deref().map(kind).transpose()?.flatten(),
            factor,
            country: text(self.country),
        })
    }
}

/// Words for "no value".
fn is_none(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "na" | "n/a" | "nan" | "null" | "none" | "-"
    )
}

/// A kind by its word; columns called `coastal` say yes or no.
fn kind(word: &str) -> Result<Option<StationKind>, String> {
    if is_none(word) {
        return Ok(None);
    }
    Ok(Some(
        match word.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "coastal" | "coast" | "gauge" | "tide-gauge" | "tide" | "port" | "harbour"
            | "harbor" | "true" | "yes" | "1" => StationKind::Coast,
            "dart" | "buoy" | "bpr" | "deep" | "deep-ocean" | "ocean" | "offshore" | "sensor"
            | "obp" | "false" | "no" | "0" => StationKind::SeaFloor,
            "gps-buoy" | "gps" | "gnss-buoy" | "gnss" | "surface" => StationKind::Surface,
            _ => {
                return Err(format!(
                    "kind \"{}\" is not known: gauge, port, coastal; dart, bpr, offshore; gps-buoy",
                    shown(word)
                ));
            }
        },
    ))
}

/// Text for people, short and on one line.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(120)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// An id of what was written: what cannot stand in a file's name becomes `-`.
pub(crate) fn as_id(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || ".-_".contains(c) {
            c
        } else {
            '-'
        }
    };
    let id: String = text.trim().chars().map(plain).take(MAX_ID).collect();
    if id.chars().any(|c| c.is_ascii_alphanumeric()) {
        id
    } else {
        String::new()
    }
}
