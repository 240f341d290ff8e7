//! What the stations recorded: a directory with one file a station, or an event directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use record::{Columns, Series};
use wire::quantity::Quantity;

use super::Trouble;
use super::files::{hash, read_bounded};
use super::places::Place;

/// Most files looked at in a directory.
const MAX_FILES: usize = 10_000;
/// Height of water that a pressure of one pascal stands for, metres: 1 / (1030 kg/m3 x 9.81 m/s2), sea
/// water of mean density.
const METRES_A_PASCAL: f64 = 1.0 / (1030.0 * 9.81);

/// One station's record, as found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Seconds after the origin and metres, sorted, without missing values; with the tide unless
    /// [`Found::detided`].
    pub samples: Vec<(f64, f64)>,
    /// The tide has been taken out already, by the word of the event's description.
    pub detided: bool,
    /// Its file, and SHA-256.
    pub file: (String, String),
    /// What there is to say about the file.
    pub note: Option<String>,
}

/// The records of a directory.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// By station id.
    pub found: BTreeMap<String, Found>,
    /// Stations that the directory describes.
    pub stations: Vec<Place>,
    /// Files that are not understood or belong to no station.
    pub notes: Vec<String>,
}

/// Reads a directory for the stations given; one with an `event.toml` brings stations of its own.
pub fn read(dir: &Path, stations: &[Place], origin_us: i64) -> Result<Records, Trouble> {
    if !dir.is_dir() {
        return Err(Trouble::Wrong(format!(
            "--records {}: no such directory; it holds one file a station, named by its id (21418.txt), \
             or an event.toml",
            dir.display()
        )));
    }
    if dir.join("event.toml").is_file() {
        return event(dir, origin_us);
    }
    let mut records = Records::default();
    for path in files(dir)? {
        let name = path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let Some(station) = station_of(&name, stations) else {
            records
                .notes
                .push(format!("{name}: no station has this id; left out"));
            continue;
        };
        let id = station.id.clone();
        if records.found.contains_key(&id) {
            records
                .notes
                .push(format!("{name}: a second file of station {id}; left out"));
            continue;
        }
        let bytes = match read_bounded(&path, record::MAX_FILE_BYTES as u64) {
            Ok(bytes) => bytes,
            Err(e) => {
                records.notes.push(format!("station {id}: {e}"));
                continue;
            }
        };
        match series(&bytes, origin_us) {
            Ok((series, format)) => {
                let found = Found {
                    samples: samples(&series, origin_us, 1.0),
                    detided: false,
                    file: (path.display().to_string(), hash(&bytes)),
                    note: skipped(&series, format),
                };
                records.found.insert(id, found);
            }
            Err(why) => records.notes.push(format!("station {id}: {name}: {why}")),
        }
    }
    if records.found.is_empty() {
        let ids: Vec<&str> = stations.iter().take(8).map(|s| s.id.as_str()).collect();
        let why = if records.notes.is_empty() {
            "it is empty".to_owned()
        } else {
            records.notes.join("; ")
        };
        return Err(Trouble::Wrong(format!(
            "--records {}: no usable record of any station ({}): {why}. Files are named by station ids, \
             such as {}.txt; \
             --stations says where the stations are",
            dir.display(),
            if ids.is_empty() {
                "none given".to_owned()
            } else {
                ids.join(", ")
            },
            ids.first().unwrap_or(&"21418")
        )));
    }
    Ok(records)
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let refuse = |e: std::io::Error| {
        Trouble::Wrong(format!(
            "--records {}: cannot be listed: {e}",
            dir.display()
        ))
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(refuse)?.take(MAX_FILES) {
        let path = entry.map_err(refuse)?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The station whose id the file's name begins with, as a word: `32412_notide.txt` is of 32412,
/// `324120.txt` is not.
fn station_of<'a>(name: &str, stations: &'a [Place]) -> Option<&'a Place> {
    let of = |s: &&Place| {
        name.strip_prefix(s.id.as_str())
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    // The longest id wins: "a" and "a-1" may both be stations.
    stations.iter().filter(of).max_by_key(|s| s.id.len())
}

/// Reads a file whatever its format: DART text, CSV with a header, or two columns of seconds and values.
fn series(bytes: &[u8], origin_us: i64) -> Result<(Series, &'static str), String> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
    let first = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .find(|l| !l.is_empty() && !l.starts_with('#'))
        .unwrap_or("");
    let words: Vec<&str> = first.split_ascii_whitespace().collect();
    if words.len() >= 8 && words.iter().all(|w| w.parse::<f64>().is_ok()) {
        return record::read_ndbc(bytes)
            .map(|s| (s, "DART text"))
            .map_err(|e| e.to_string());
    }
    let fields: Vec<&str> = first
        .split(',')
        .map(|f| f.trim().trim_matches('"'))
        .collect();
    if fields.len() >= 2
        && fields[0].parse::<f64>().is_err()
        && !fields[0].starts_with(|c: char| c.is_ascii_digit())
    {
        return csv(bytes, &fields, origin_us);
    }
    record::read_seconds(bytes, origin_us)
        .map(|s| (s, "seconds and values"))
        .map_err(|e| e.to_string())
}

fn csv(bytes: &[u8], header: &[&str], origin_us: i64) -> Result<(Series, &'static str), String> {
    let find = |names: &[&str]| {
        names
            .iter()
            .find_map(|n| header.iter().find(|h| h.eq_ignore_ascii_case(n)))
    };
    let value = find(&[
        "height_m",
        "height",
        "sea_level",
        "value",
        "residual",
        "residual_m",
        "eta",
        "z",
    ])
    .ok_or_else(|| format!("no column height_m or value among {header:?}"))?;
    if let Some(seconds) = find(&["time_s", "seconds", "t_s"]) {
        // Seconds after the origin: the same two columns as in the plain format.
        let mut reader = ::csv::ReaderBuilder::new()
            .flexible(true)
            .trim(::csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(bytes);
        let at = |name: &str| header.iter().position(|h| *h == name).unwrap_or(0);
        let (t, v) = (at(seconds), at(value));
        let mut plain = String::with_capacity(bytes.len());
        for row in reader.byte_records().flatten() {
            let field = |k: usize| {
                row.get(k)
                    .map_or(std::borrow::Cow::Borrowed(""), String::from_utf8_lossy)
            };
            plain.push_str(&format!(
                "{},{}\n",
                field(t),
                if field(v).is_empty() {
                    "nan".into()
                } else {
                    field(v)
                }
            ));
        }
        return record::read_seconds(plain.as_bytes(), origin_us)
            .map(|s| (s, "CSV"))
            .map_err(|e| e.to_string());
    }
    let time = find(&[
        "time",
        "time_utc",
        "timestamp",
        "datetime",
        "date_time",
        "utc",
    ])
    .ok_or_else(|| format!("no column time or time_s among {header:?}"))?;
    let columns = Columns {
        time: (*time).to_owned(),
        value: (*value).to_owned(),
        missing: None,
    };
    record::read_csv(bytes, &columns)
        .map(|s| (s, "CSV"))
        .map_err(|e| e.to_string())
}

fn samples(series: &Series, origin_us: i64, metres: f64) -> Vec<(f64, f64)> {
    series
        .samples
        .iter()
        .filter_map(|s| {
            Some((
                s.time_us.saturating_sub(origin_us) as f64 * 1e-6,
                s.value? * metres,
            ))
        })
        .collect()
}

fn skipped(series: &Series, format: &str) -> Option<String> {
    // Coarser values beside finer ones are how DART files are written: nothing to tell.
    let told: Vec<String> = series
        .skipped_by_reason()
        .into_iter()
        .filter(|(reason, _)| {
            !matches!(reason, record::Reason::Coarser | record::Reason::Duplicate)
        })
        .map(|(reason, (count, line))| {
            format!(
                "{count} rows left out for {} (first: line {line})",
                reason.name()
            )
        })
        .collect();
    (!told.is_empty()).then(|| format!("{format}: {}", told.join(", ")))
}

fn event(dir: &Path, origin_us: i64) -> Result<Records, Trouble> {
    let event = record::Event::load(&record::Directory::new(dir))
        .map_err(|e| Trouble::Wrong(e.to_string()))?;
    let mut records = Records::default();
    for station in event.stations {
        let metres = match station.quantity {
            Quantity::SeaLevel => 1.0,
            Quantity::WaterPressure => METRES_A_PASCAL,
            _ => continue,
        };
        let path = dir.join(&station.file);
        let bytes = read_bounded(&path, record::MAX_FILE_BYTES as u64)?;
        records.found.insert(
            station.id.clone(),
            Found {
                samples: samples(&station.series, origin_us, metres),
                detided: station.detided,
                file: (path.display().to_string(), hash(&bytes)),
                note: skipped(&station.series, "record"),
            },
        );
        records.stations.push(Place {
            id: station.id,
            name: station.name,
            country: String::new(),
            lat: station.lat,
            lon: station.lon,
            depth_m: station.depth_m,
            factor: None,
            kind: Place::kind_of(station.quantity),
        });
    }
    if records.found.is_empty() {
        return Err(Trouble::Wrong(format!(
            "{}: no station of the event records the sea level or the water's pressure",
            dir.join("event.toml").display()
        )));
    }
    if (event.origin_us - origin_us).abs() > 60_000_000 {
        records.notes.push(format!(
            "the event's origin is {:.0} s from the earthquake's: times count from the earthquake's",
            (event.origin_us - origin_us) as f64 * 1e-6
        ));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(id: &str) -> Place {
        Place::named(id)
    }

    #[test]
    fn files_belong_to_the_station_that_they_begin_with() {
        let stations = [station("32412"), station("a"), station("a-1")];
        let id = |name: &str| station_of(name, &stations).map(|s| s.id.as_str());
        assert_eq!(id("32412_notide.txt"), Some("32412"));
        assert_eq!(id("324120.txt"), None);
        assert_eq!(id("a-1.csv"), Some("a-1"));
        assert_eq!(id("b.txt"), None);
    }

    #[test]
    fn formats_are_told_apart() {
        let origin = 1_299_822_384_000_000;
        let read = |text: &str| {
            let (series, format) = series(text.as_bytes(), origin).expect(text);
            (samples(&series, origin, 1.0), format)
        };
        let dart = "#YY  MM DD hh mm ss T   HEIGHT\n2011 03 11 05 47 24 3 5662.301\n2011 03 11 05 46 24 3 9999.000\n";
        assert_eq!(read(dart), (vec![(60.0, 5662.301)], "DART text"));
        assert_eq!(
            read("60 0.5\n120 0.25\n"),
            (vec![(60.0, 0.5), (120.0, 0.25)], "seconds and values")
        );
        assert_eq!(
            read("time_s,height_m\n60,0.5\n75,\n"),
            (vec![(60.0, 0.5)], "CSV")
        );
        assert_eq!(
            read("time,height\n2011-03-11T05:47:24Z,0.5\n"),
            (vec![(60.0, 0.5)], "CSV")
        );
        assert!(
            series(b"when,what\n1,2\n", 0)
                .expect_err("columns")
                .contains("what")
        );
        assert!(series(b"", 0).is_err());
        assert!(series(&[0xff; 100], 0).is_err());
    }

    #[test]
    fn a_directory_without_a_usable_record_says_what_it_needs() {
        let dir = tempfile::tempdir().expect("a directory");
        let error = |stations: &[Place]| {
            read(dir.path(), stations, 0)
                .expect_err("nothing")
                .to_string()
        };
        assert!(error(&[station("21418")]).contains("21418.txt"));
        std::fs::write(dir.path().join("21418.txt"), b"not a record").expect("written");
        assert!(error(&[station("21418")]).contains("not one sample"));
        assert!(error(&[]).contains("no station has this id"));
        assert!(read(&dir.path().join("none"), &[], 0).is_err());
    }
}
