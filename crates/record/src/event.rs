//! A recorded event: what happened, what was measured, and from when to when to play it.

use crate::event_file::{EventFile, Format, StationEntry};
use crate::files::{Files, stays_inside};
use crate::ndbc::read_ndbc;
use crate::seconds::read_seconds;
use crate::series::{MAX_ROWS, ReadError, Series};
use crate::table::{Columns, read_csv};
use serde::Deserialize;
use settings::{Document, Environment};
use std::collections::BTreeSet;
use wire::quantity::Quantity;
use wire::topic::is_id;

/// Most stations in an event.
pub const MAX_STATIONS: usize = 512;

/// Most earthquake messages in an event.
pub const MAX_QUAKES: usize = 64;

/// Largest earthquake message, in bytes; a USGS detail with all its products takes about 200 kB.
const MAX_QUAKE_BYTES: usize = 4 * 1024 * 1024;

/// Most rows of all stations together.
const MAX_EVENT_ROWS: usize = 4 * MAX_ROWS;

/// Name of the description in an event's directory.
const DESCRIPTION: &str = "event.toml";

/// A recorded event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Short name for topics and files, from the directory's name; a valid id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Origin time of the earthquake (or another reference), microseconds since the epoch.
    pub origin_us: i64,
    /// First instant to play, microseconds since the epoch.
    pub start_us: i64,
    /// Last instant to play, microseconds since the epoch.
    pub end_us: i64,
    /// The deployment to play it in: a shipped one by name, or a path relative to the event's directory.
    pub deployment: Option<String>,
    /// Earthquake messages in order of arrival.
    pub quakes: Vec<QuakeFile>,
    /// Stations in the order of the file.
    pub stations: Vec<Station>,
}

/// An earthquake message, such as a USGS GeoJSON feature, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuakeFile {
    /// Its name in the event's directory.
    pub file: String,
    /// When it arrives, microseconds since the epoch.
    pub arrival_us: i64,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Whether a station's record is played, or only compared with what was forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Played through a virtual node.
    #[default]
    Sensor,
    /// Only compared.
    Check,
}

/// A station with its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Id, as in the deployment.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east, -180 to 360.
    pub lon: f64,
    /// Depth of the sensor, metres, positive down.
    pub depth_m: Option<f64>,
    /// What is recorded, in the quantity's unit.
    pub quantity: Quantity,
    /// The tide has been taken out already.
    pub detided: bool,
    /// Played or compared.
    pub role: Role,
    /// Name of the record's file.
    pub file: String,
    /// The record, all of it, also outside the event's window.
    pub series: Series,
}

/// Why a directory is not an event.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The description has mistakes, each with its line.
    #[error(transparent)]
    Description(#[from] settings::Error),
    /// A file could not be read.
    #[error("{file}: cannot read: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A record could not be understood.
    #[error("{file}: {source}")]
    Record {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: ReadError,
    },
    /// The records of all stations together are too long.
    #[error(
        "{file}: the event has more than {MAX_EVENT_ROWS} samples; cut the records to the event"
    )]
    TooMuch {
        /// The file that was one too many.
        file: String,
    },
}

impl Event {
    /// Reads `event.toml` and the files that it names.
    ///
    /// # Errors
    /// [`Error`], with the file and, for the description, the line.
    pub fn load(files: &dyn Files) -> Result<Self, Error> {
        let name = files.describe(DESCRIPTION);
        let document = Document::from_bytes(&name, read(files, DESCRIPTION)?)?;
        let written: EventFile = document.read(&Environment::none())?;
        check(&document, &written)?;

        let mut stations = Vec::with_capacity(written.station.len());
        let mut rows = 0;
        for entry in &written.station {
            let station = load_station(files, written.origin, entry)?;
            rows += station.series.samples.len();
            if rows > MAX_EVENT_ROWS {
                return Err(Error::TooMuch {
                    file: files.describe(&entry.file),
                });
            }
            stations.push(station);
        }
        let mut quakes = Vec::with_capacity(written.quake.len());
        for (index, entry) in written.quake.iter().enumerate() {
            let bytes = read(files, &entry.file)?;
            if bytes.is_empty() || bytes.len() > MAX_QUAKE_BYTES {
                let message = format!(
                    "{} bytes; an earthquake message has 1 to {MAX_QUAKE_BYTES}",
                    bytes.len()
                );
                return Err(document
                    .refuse(&format!("quake[{index}].file"), &message)
                    .into());
            }
            let arrival_us = at(
                &document,
                &written,
                &format!("quake[{index}].after"),
                entry.after,
            )?;
            quakes.push(QuakeFile {
                file: entry.file.clone(),
                arrival_us,
                bytes,
            });
        }
        quakes.sort_by_key(|quake| quake.arrival_us);
        let (start_us, end_us) = window(&document, &written, &stations, &quakes)?;
        Ok(Self {
            id: as_id(&files.id()),
            name: written.name,
            origin_us: written.origin,
            start_us,
            end_us,
            deployment: written.deployment,
            quakes,
            stations,
        })
    }

    /// The stations that are played.
    pub fn sensors(&self) -> impl Iterator<Item = &Station> {
        self.stations
            .iter()
            .filter(|station| station.role == Role::Sensor)
    }

    /// The stations that are only compared.
    pub fn checks(&self) -> impl Iterator<Item = &Station> {
        self.stations
            .iter()
            .filter(|station| station.role == Role::Check)
    }
}

/// What types cannot say.
fn check(document: &Document, written: &EventFile) -> Result<(), settings::Error> {
    if written.station.is_empty() || written.station.len() > MAX_STATIONS {
        return Err(document.refuse(
            "station",
            &format!("an event has 1 to {MAX_STATIONS} stations"),
        ));
    }
    if written.quake.len() > MAX_QUAKES {
        return Err(document.refuse(
            "quake",
            &format!("an event has at most {MAX_QUAKES} earthquake messages"),
        ));
    }
    for (index, entry) in written.quake.iter().enumerate() {
        check_name(document, &format!("quake[{index}].file"), &entry.file)?;
    }
    let mut ids = BTreeSet::new();
    for (index, entry) in written.station.iter().enumerate() {
        let refuse = |key: &str, message: &str| {
            Err(document.refuse(&format!("station[{index}].{key}"), message))
        };
        if !is_id(&entry.id) {
            return refuse(
                "id",
                "an id has 1 to 48 letters, digits, dots, dashes and underscores",
            );
        }
        if !ids.insert(entry.id.as_str()) {
            return refuse(
                "id",
                &format!("{:?} is taken by an earlier station", entry.id),
            );
        }
        if !(-90.0..=90.0).contains(&entry.lat) {
            return refuse("lat", "degrees north, from -90 to 90");
        }
        if !(-180.0..=360.0).contains(&entry.lon) {
            return refuse("lon", "degrees east, from -180 to 360");
        }
        // The Challenger Deep has 10,935 m.
        if entry
            .depth_m
            .is_some_and(|depth_m| !(0.0..=11_000.0).contains(&depth_m))
        {
            return refuse("depth_m", "metres below the surface, from 0 to 11000");
        }
        match (entry.format, &entry.csv) {
            (Format::Csv, None) => {
                return refuse(
                    "format",
                    "csv needs [station.csv] with time = and value = column names",
                );
            }
            (Format::Ndbc | Format::Seconds, Some(_)) => {
                return refuse("csv", "only for format = \"csv\"; remove it");
            }
            _ => {}
        }
        if entry.zero.is_some() && entry.format != Format::Seconds {
            return refuse("zero", "only for format = \"seconds\"; remove it");
        }
        check_name(document, &format!("station[{index}].file"), &entry.file)?;
    }
    Ok(())
}

fn check_name(document: &Document, key: &str, name: &str) -> Result<(), settings::Error> {
    if stays_inside(name) {
        Ok(())
    } else {
        Err(document.refuse(
            key,
            "a file name inside the event's directory, without \"..\"",
        ))
    }
}

fn read(files: &dyn Files, name: &str) -> Result<Vec<u8>, Error> {
    files.read(name).map_err(|source| Error::File {
        file: files.describe(name),
        source,
    })
}

fn load_station(files: &dyn Files, origin_us: i64, entry: &StationEntry) -> Result<Station, Error> {
    let bytes = read(files, &entry.file)?;
    let series = match (entry.format, &entry.csv) {
        (Format::Seconds, _) => read_seconds(&bytes, entry.zero.unwrap_or(origin_us)),
        (Format::Csv, Some(csv)) => {
            let (time, value) = (csv.time.clone(), csv.value.clone());
            read_csv(
                &bytes,
                &Columns {
                    time,
                    value,
                    missing: csv.missing,
                },
            )
        }
        // `check` has refused a CSV file without columns.
        (Format::Ndbc | Format::Csv, _) => read_ndbc(&bytes),
    };
    let series = series.map_err(|source| Error::Record {
        file: files.describe(&entry.file),
        source,
    })?;
    Ok(Station {
        id: entry.id.clone(),
        name: entry.name.clone(),
        lat: entry.lat,
        lon: entry.lon,
        depth_m: entry.depth_m,
        quantity: entry.quantity,
        detided: entry.detided,
        role: entry.role,
        file: entry.file.clone(),
        series,
    })
}

fn at(
    document: &Document,
    written: &EventFile,
    key: &str,
    offset_us: i64,
) -> Result<i64, settings::Error> {
    written
        .origin
        .checked_add(offset_us)
        .ok_or_else(|| document.refuse(key, "too far from the origin"))
}

/// From when to when to play: as written, but not beyond what was recorded (nor before the origin or an earthquake
/// message, should the record start later or end earlier).
fn window(
    document: &Document,
    written: &EventFile,
    stations: &[Station],
    quakes: &[QuakeFile],
) -> Result<(i64, i64), settings::Error> {
    let played = stations
        .iter()
        .filter(|station| station.role == Role::Sensor);
    let mut extents: Vec<(i64, i64)> = played
        .filter_map(|station| station.series.extent_us())
        .collect();
    if extents.is_empty() {
        extents = stations
            .iter()
            .filter_map(|station| station.series.extent_us())
            .collect();
    }
    let first_us = extents
        .iter()
        .map(|extent| extent.0)
        .chain([written.origin])
        .min()
        .unwrap_or(written.origin);
    let last_us = extents
        .iter()
        .map(|extent| extent.1)
        .chain(quakes.iter().map(|quake| quake.arrival_us))
        .max()
        .unwrap_or(written.origin);
    let start_us = written
        .start
        .map_or(Ok(first_us), |start| at(document, written, "start", start))?;
    let end_us = written
        .end
        .map_or(Ok(last_us), |end| at(document, written, "end", end))?;
    let (start_us, end_us) = (start_us.max(first_us), end_us.min(last_us));
    if start_us >= end_us {
        let key = if written.end.is_some() {
            "end"
        } else {
            "start"
        };
        return Err(document.refuse(key, "leaves nothing of the record to play"));
    }
    Ok((start_us, end_us))
}

/// An id from any name: other characters become dashes.
fn as_id(name: &str) -> String {
    let id: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '-'
            }
        })
        .take(48)
        .collect();
    if is_id(&id) { id } else { "event".to_owned() }
}
