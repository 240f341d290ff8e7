//! `records.toml`: what each record is, and when something happened in it. `configs/README.md` explains the keys.

use record::{Columns, Directory, Files as _, Sample, read_csv, read_ndbc, read_seconds};
use serde::Deserialize;
use settings::{Document, Environment};
use std::path::Path;

/// Most records in a description.
const MAX_RECORDS: usize = 1000;
/// Most quiet or shaking windows of a record.
const MAX_WINDOWS: usize = 100;
/// The name in the directory.
const FILE: &str = "records.toml";
/// Description of the records that are known, for directories without one.
const KNOWN: &str = include_str!("known.toml");
/// A wave's coda is watched for this long after its onset, unless the description says otherwise: half a day.
const UNTIL_US: i64 = 12 * 3600 * 1_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    record: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    station: String,
    kind: Kind,
    file: String,
    format: Format,
    #[serde(default, with = "settings::instant::option")]
    zero: Option<i64>,
    csv: Option<Csv>,
    #[serde(default)]
    detided: bool,
    #[serde(default, with = "settings::instant::option")]
    origin: Option<i64>,
    distance_km: Option<f64>,
    #[serde(default)]
    shaking: Vec<[String; 2]>,
    #[serde(default)]
    quiet: Vec<[String; 2]>,
    truth: Option<TruthEntry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Ndbc,
    Seconds,
    Csv,
}

/// What measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    DeepOcean,
    TideGauge,
    NearField,
    Buoy,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::DeepOcean => "deep-ocean",
            Self::TideGauge => "tide-gauge",
            Self::NearField => "near-field",
            Self::Buoy => "buoy",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Csv {
    time: String,
    value: String,
    missing: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TruthEntry {
    #[serde(with = "settings::offset")]
    onset: i64,
    #[serde(default, with = "settings::offset::option")]
    rise_3cm: Option<i64>,
    #[serde(default, with = "settings::offset::option")]
    peak: Option<i64>,
    #[serde(default, with = "settings::offset::option")]
    until: Option<i64>,
    amplitude_m: Option<f64>,
    sign: Option<Sign>,
}

/// Direction of the first motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sign {
    Rise,
    Fall,
}

/// What happened. Times are microseconds after the record's zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Truth {
    pub(super) onset_us: i64,
    pub(super) rise_3cm_us: Option<i64>,
    pub(super) peak_us: Option<i64>,
    pub(super) until_us: i64,
    pub(super) amplitude_m: Option<f64>,
    pub(super) sign: Option<Sign>,
}

/// A record and what is known of it. Windows are microseconds after the origin, or after the first sample where there is none.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) station: String,
    pub(super) kind: Kind,
    pub(super) detided: bool,
    pub(super) origin_us: Option<i64>,
    pub(super) shaking: Vec<(i64, i64)>,
    pub(super) quiet: Vec<(i64, i64)>,
    pub(super) truth: Option<Truth>,
    file: String,
    format: Format,
    zero_us: i64,
    columns: Option<Columns>,
}

/// A description, and the files of the known records that the directory lacks.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) records: Vec<Record>,
    pub(super) absent: Vec<String>,
}

/// Reads the description that applies to a directory.
pub(super) fn load(data: &Path, records: Option<&Path>) -> Result<Described, String> {
    if !data.is_dir() {
        return Err(format!(
            "{}: not a directory that can be read; --data names the one with the records",
            data.display()
        ));
    }
    let own = data.join(FILE);
    let (document, known) = match records {
        Some(path) => (Document::load(path), false),
        None if own.exists() => (Document::load(&own), false),
        None => (
            Ok(Document::new("the program's own records.toml", KNOWN)),
            true,
        ),
    };
    let document = document.map_err(|error| error.to_string())?;
    let mut records = parse(&document).map_err(|error| error.to_string())?;
    let mut absent = Vec::new();
    if known {
        records.retain(|record| {
            let there = data.join(&record.file).is_file();
            if !there {
                absent.push(record.file.clone());
            }
            there
        });
        if records.is_empty() {
            return Err(format!(
                "{}: no {FILE} and none of the records that this program knows; describe your records in {} (configs/README.md has the keys) or name a description with --records",
                data.display(),
                own.display()
            ));
        }
    }
    Ok(Described { records, absent })
}

fn parse(document: &Document) -> Result<Vec<Record>, settings::Error> {
    let written: Written = document.read(&Environment::none())?;
    if written.record.is_empty() || written.record.len() > MAX_RECORDS {
        return Err(document.refuse(
            "record",
            &format!("a description has 1 to {MAX_RECORDS} records"),
        ));
    }
    let entries = written.record.into_iter().enumerate();
    entries
        .map(|(index, entry)| record(document, index, entry))
        .collect()
}

fn record(document: &Document, index: usize, entry: Entry) -> Result<Record, settings::Error> {
    let refuse =
        |key: &str, message: &str| document.refuse(&format!("record[{index}].{key}"), message);
    match (entry.format, &entry.csv) {
        (Format::Csv, None) => {
            return Err(refuse(
                "format",
                "csv needs [record.csv] with time = and value = column names",
            ));
        }
        (Format::Ndbc | Format::Seconds, Some(_)) => {
            return Err(refuse("csv", "only for format = \"csv\"; remove it"));
        }
        _ => {}
    }
    if entry.zero.is_some() && entry.format != Format::Seconds {
        return Err(refuse("zero", "only for format = \"seconds\"; remove it"));
    }
    let zero_us = match (entry.format, entry.zero.or(entry.origin)) {
        (_, Some(zero_us)) => zero_us,
        (Format::Seconds, None) => {
            return Err(refuse("format", "seconds after what? give origin, or zero"));
        }
        (_, None) => 0,
    };
    // Half the circumference of the Earth.
    if entry
        .distance_km
        .is_some_and(|km| !(0.0..=20_100.0).contains(&km))
    {
        return Err(refuse(
            "distance_km",
            "kilometres along the great circle, 0 to 20100",
        ));
    }
    if entry.distance_km.is_some() && entry.origin.is_none() {
        return Err(refuse("distance_km", "needs the earthquake's origin"));
    }
    let mut shaking = windows(&entry.shaking).map_err(|message| refuse("shaking", &message))?;
    if shaking.is_empty()
        && let Some(km) = entry.distance_km
    {
        let window = signal::seismic::seismic_window(km);
        shaking.push(((window.from_s * 1e6) as i64, (window.to_s * 1e6) as i64));
    }
    let quiet = windows(&entry.quiet).map_err(|message| refuse("quiet", &message))?;
    let truth = entry.truth.map(|truth| Truth {
        onset_us: truth.onset,
        rise_3cm_us: truth.rise_3cm,
        peak_us: truth.peak,
        until_us: truth.until.unwrap_or(truth.onset.saturating_add(UNTIL_US)),
        amplitude_m: truth.amplitude_m,
        sign: truth.sign,
    });
    if let Some(truth) = &truth {
        if truth.until_us <= truth.onset_us {
            return Err(refuse("truth.until", "must be later than onset"));
        }
        if truth.peak_us.is_some_and(|peak| peak < truth.onset_us) {
            return Err(refuse("truth.peak", "must not be earlier than onset"));
        }
        if truth.rise_3cm_us.is_some_and(|rise| rise < truth.onset_us) {
            return Err(refuse("truth.rise_3cm", "must not be earlier than onset"));
        }
        if truth
            .amplitude_m
            .is_some_and(|m| !(m.is_finite() && m != 0.0))
        {
            return Err(refuse("truth.amplitude_m", "metres, not zero"));
        }
    }
    Ok(Record {
        name: entry.name,
        station: entry.station,
        kind: entry.kind,
        detided: entry.detided,
        origin_us: entry.origin,
        shaking,
        quiet,
        truth,
        file: entry.file,
        format: entry.format,
        zero_us,
        columns: entry.csv.map(|csv| Columns {
            time: csv.time,
            value: csv.value,
            missing: csv.missing,
        }),
    })
}

/// Pairs of spans; in words what is wrong.
fn windows(written: &[[String; 2]]) -> Result<Vec<(i64, i64)>, String> {
    if written.len() > MAX_WINDOWS {
        return Err(format!("at most {MAX_WINDOWS} windows"));
    }
    let read = |text: &str| settings::offset::parse(text).map_err(|error| error.to_string());
    written
        .iter()
        .map(|[from, to]| match (read(from)?, read(to)?) {
            (from_us, to_us) if from_us < to_us => Ok((from_us, to_us)),
            _ => Err(format!("[\"{from}\", \"{to}\"] ends before it begins")),
        })
        .collect()
}

impl Record {
    /// The samples that have a value, in order. Heights as they stand in the file.
    pub(super) fn read(&self, data: &Path) -> Result<Vec<(i64, f64)>, String> {
        let directory = Directory::new(data);
        let path = directory.describe(&self.file);
        let bytes = directory
            .read(&self.file)
            .map_err(|error| format!("{path}: cannot read the record {:?}: {error}", self.name))?;
        let series = match (self.format, &self.columns) {
            (Format::Csv, Some(columns)) => read_csv(&bytes, columns),
            (Format::Seconds, _) => read_seconds(&bytes, self.zero_us),
            (Format::Ndbc | Format::Csv, _) => read_ndbc(&bytes),
        };
        let series = series.map_err(|error| format!("{path}: {error}"))?;
        let valued = |sample: &Sample| Some((sample.time_us, sample.value?));
        let samples: Vec<_> = series.samples.iter().filter_map(valued).collect();
        if samples.is_empty() {
            return Err(format!("{path}: every value is missing; nothing to score"));
        }
        Ok(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_records_are_described_without_mistakes() {
        let records =
            parse(&Document::new("known", KNOWN)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(records.len(), 8);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let good = "[[record]]\nname = \"a\"\nstation = \"s\"\nkind = \"buoy\"\nfile = \"a.txt\"\nformat = \"seconds\"\norigin = 2011-03-11T05:46:24Z\n";
        assert!(parse(&Document::new("r.toml", good)).is_ok());
        for (from, to, said) in [
            ("\"seconds\"", "\"csv\"", "[record.csv]"),
            ("origin = 2011-03-11T05:46:24Z", "", "seconds after what"),
            ("\"buoy\"", "\"boat\"", "boat"),
            ("name", "nam", "nam"),
            (
                "file = ",
                "quiet = [[\"2h\", \"1h\"]]\nfile = ",
                "ends before it begins",
            ),
            (
                "file = ",
                "quiet = [[\"2 hours?\", \"1h\"]]\nfile = ",
                "quiet",
            ),
            ("file = ", "distance_km = -1.0\nfile = ", "20100"),
            (
                "file = ",
                "truth = { onset = \"2h\", peak = \"1h\" }\nfile = ",
                "earlier than onset",
            ),
        ] {
            let text = good.replacen(from, to, 1);
            let error = parse(&Document::new("r.toml", &text))
                .expect_err(to)
                .to_string();
            assert!(
                error.starts_with("r.toml:") && error.contains(said),
                "{to}: {error}"
            );
        }
    }
}
