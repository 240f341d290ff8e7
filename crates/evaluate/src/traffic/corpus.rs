//! Records and their labelled windows from a directory.

use std::collections::BTreeMap;
use std::path::Path;

use record::{Columns, Directory, Files as _, read_csv};

use super::nab::Rules;

/// One record: rows in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Name of its file without folder and ending.
    pub name: String,
    /// Times, microseconds since the Unix epoch.
    pub time_us: Vec<i64>,
    /// Values; NaN where missing.
    pub value: Vec<f64>,
    /// First and last row of each labelled window.
    pub windows: Vec<(usize, usize)>,
}

impl Recorded {
    /// What detections at each row are worth.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules::new(self.value.len(), &self.windows)
    }
}

/// What is scored, and what is not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Corpus {
    /// In order of names.
    pub records: Vec<Recorded>,
    /// Named with windows, but not in the directory.
    pub absent: Vec<String>,
}

/// Reads the windows and every record that they name and the directory has: `DIR/folder/record.csv` or `DIR/record.csv`.
///
/// # Errors
/// In words: a file that cannot be read, a window that is none, or no record at all.
pub fn load(data: &Path, windows: &Path) -> Result<Corpus, String> {
    let shown = windows.display();
    let text = std::fs::read_to_string(windows).map_err(|error| {
        format!("cannot read the labelled windows {shown}: {error}; name the file with --windows")
    })?;
    let named: BTreeMap<String, Vec<(String, String)>> =
        serde_json::from_str(&text).map_err(|error| {
            format!("{shown} is not {{\"record.csv\": [[\"from\", \"to\"], ...]}}: {error}")
        })?;
    let directory = Directory::new(data);
    let mut corpus = Corpus::default();
    for (name, spans) in named {
        let bare = name.rsplit('/').next().unwrap_or(&name).to_owned();
        let found = [name.as_str(), bare.as_str()]
            .into_iter()
            .find(|candidate| data.join(candidate).is_file());
        let Some(file) = found else {
            corpus.absent.push(name);
            continue;
        };
        let bytes = directory
            .read(file)
            .map_err(|error| format!("cannot read {}: {error}", directory.describe(file)))?;
        let title = bare.strip_suffix(".csv").unwrap_or(&bare);
        corpus.records.push(
            parse(title, &bytes, &spans)
                .map_err(|why| format!("{}: {why}", directory.describe(file)))?,
        );
    }
    if corpus.records.is_empty() {
        return Err(format!(
            "none of the {} records that {shown} names is in {}",
            corpus.absent.len(),
            data.display()
        ));
    }
    Ok(corpus)
}

fn parse(name: &str, bytes: &[u8], spans: &[(String, String)]) -> Result<Recorded, String> {
    let columns = Columns {
        time: "timestamp".into(),
        value: "value".into(),
        missing: None,
    };
    let series = read_csv(bytes, &columns).map_err(|error| error.to_string())?;
    let time_us: Vec<i64> = series.samples.iter().map(|s| s.time_us).collect();
    let value = series
        .samples
        .iter()
        .map(|s| s.value.unwrap_or(f64::NAN))
        .collect();
    let mut windows = Vec::new();
    for (from, to) in spans {
        let at = |text: &str| {
            record::time_us(text).ok_or_else(|| format!("{text:?} in its windows is no time"))
        };
        let (from_us, to_us) = (at(from)?, at(to)?);
        let first = time_us.partition_point(|t| *t < from_us);
        let after = time_us.partition_point(|t| *t <= to_us);
        if first >= after {
            return Err(format!("no row lies in its window from {from} to {to}"));
        }
        windows.push((first, after - 1));
    }
    windows.sort_unstable();
    if windows.windows(2).any(|pair| pair[0].1 >= pair[1].0) {
        return Err("its windows overlap".into());
    }
    Ok(Recorded {
        name: name.to_owned(),
        time_us,
        value,
        windows,
    })
}
