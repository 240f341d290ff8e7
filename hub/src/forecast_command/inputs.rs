//! All that was asked for, read and checked before anything is computed.

use ocean::fault::scaling::Scaling;
use ocean::sphere::destination;

use super::Trouble;
use super::arguments::{Arguments, MAX_DURATION_S};
use super::files::hash;
use super::formats::{self, Given, Report};
use super::places::{self, Place, Points};
use super::records::{self, Records};

/// All that was asked for, read and checked.
pub struct Inputs {
    pub report: Report,
    pub given: Option<Given>,
    pub stations: Vec<Place>,
    pub points: Points,
    pub records: Records,
    pub hashes: Vec<(&'static str, String, String)>,
}

/// Reads all that was named.
pub fn read(arguments: &Arguments) -> Result<Inputs, Trouble> {
    let mut report = formats::quake(&arguments.quake)?;
    let mut hashes = vec![("earthquake", report.name.clone(), hash(&report.bytes))];
    if let Some(hours) = arguments.hours {
        let most = MAX_DURATION_S / 3600.0;
        if !(hours > 0.0 && hours <= most) {
            return Err(Trouble::Wrong(format!(
                "--hours {hours}: above 0 and at most {most}"
            )));
        }
    }
    let given = match &arguments.source {
        None => {
            report.quake.check().map_err(|e| {
                Trouble::Wrong(format!(
                    "{}: {e}. With --source FILE a forecast can be made all the same; without one this \
                     is no word that there \
                     is no tsunami",
                    report.name
                ))
            })?;
            None
        }
        Some(_) if arguments.until.is_some() => {
            return Err(Trouble::Wrong(
                "--source and --until exclude each other: either the source is given, or the records \
                 say what it was; \
                 leave --until away to compare a given source with --records"
                    .to_owned(),
            ));
        }
        Some(path) => {
            let (given, notes, bytes) = formats::source(path, &report.quake, &arguments.unsaid)?;
            report.notes.extend(notes);
            hashes.push(("source", path.display().to_string(), hash(&bytes)));
            Some(given)
        }
    };
    let points = Points::choose(arguments.points.as_deref())?;
    if let Some((name, bytes)) = &points.file {
        hashes.push(("points", name.clone(), hash(bytes)));
    }
    let mut stations = match &arguments.stations {
        Some(path) => {
            let (stations, bytes) = places::stations(path)?;
            hashes.push(("stations", path.display().to_string(), hash(&bytes)));
            stations
        }
        None => points.stations.clone(),
    };
    let mut records = match &arguments.records {
        Some(dir) => records::read(dir, &stations, report.quake.origin_us)?,
        None => Records::default(),
    };
    // An event directory says where its stations are.
    for place in std::mem::take(&mut records.stations) {
        if !stations.iter().any(|s| s.id == place.id) {
            stations.push(place);
        }
    }
    for found in records.found.values() {
        hashes.push(("record", found.file.0.clone(), found.file.1.clone()));
    }
    Ok(Inputs {
        report,
        given,
        stations,
        points,
        records,
        hashes,
    })
}

/// Sea round a source that a grid should hold beyond the rupture, kilometres: what is forecast at the nearest coasts must not
/// end at an edge.
const AROUND_KM: f64 = 200.0;

/// Places round the source, in four directions, that the grid should hold.
pub fn reach(inputs: &Inputs, places: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let half_km = match &inputs.given {
        None => 0.5 * Scaling::Interface.length_km(inputs.report.quake.magnitude),
        Some(_) => 0.0,
    };
    let round = |(lat, lon): &(f64, f64)| {
        [0.0, 90.0, 180.0, 270.0]
            .map(|azimuth| destination(*lat, *lon, azimuth, half_km + AROUND_KM))
    };
    places.iter().flat_map(round).collect()
}

/// Places that the grid must hold for the source.
pub fn source_places(inputs: &Inputs) -> Vec<(f64, f64)> {
    let q = &inputs.report.quake;
    match &inputs.given {
        None => vec![(q.lat, q.lon)],
        Some(Given::Faults(faults)) => {
            let slips = faults.iter().filter(|f| f.slip_m != 0.0);
            let places: Vec<(f64, f64)> = slips.map(|f| (f.lat, f.lon)).collect();
            if places.is_empty() {
                vec![(q.lat, q.lon)]
            } else {
                places
            }
        }
        Some(Given::Uplift(uplift)) => {
            let core = uplift.core();
            vec![
                (core.south, core.west),
                (core.south, core.east),
                (core.north, core.west),
                (core.north, core.east),
            ]
        }
    }
}
