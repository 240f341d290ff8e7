//! Stations in lines: CSV with a header, or easyWave's `id lon lat`.

use super::Draft;
use crate::problem::{Problem, shown};

/// What comments begin with: `#` in CSV, `!` and `%` in the lists of Fortran and Matlab programs as well.
const COMMENTS: [char; 3] = ['#', '!', '%'];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Id,
    Name,
    Lat,
    Lon,
    Depth,
    Kind,
    Factor,
    Country,
}

impl Column {
    /// By its name, whatever case and punctuation it is written in.
    pub fn of(name: &str) -> Option<Self> {
        let name: String = name
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
            .to_lowercase();
        Some(match name.as_str() {
            "id" | "station" | "stationid" | "stationcode" | "code" | "site" | "siteid"
            | "gauge" | "gaugeid" | "buoy" | "buoyid" | "wmo" | "wmoid" | "poi" => Column::Id,
            "name" | "stationname" | "sitename" | "label" | "title" | "location" | "place" => {
                Column::Name
            }
            "lat" | "latitude" | "latdeg" | "latitudedeg" | "y" | "latn" => Column::Lat,
            "lon" | "long" | "lng" | "longitude" | "londeg" | "longitudedeg" | "x" | "lone" => {
                Column::Lon
            }
            "depth" | "depthm" | "waterdepth" | "waterdepthm" => Column::Depth,
            "kind" | "type" | "coastal" | "stationtype" => Column::Kind,
            "factor" | "amplification" | "coastalfactor" => Column::Factor,
            "country" | "countrycode" | "iso" => Column::Country,
            _ => return None,
        })
    }
}

impl Draft {
    pub(crate) fn set(&mut self, column: Column, text: &str) {
        let slot = match column {
            Column::Id => &mut self.id,
            Column::Name => &mut self.name,
            Column::Lat => &mut self.lat,
            Column::Lon => &mut self.lon,
            Column::Depth => &mut self.depth,
            Column::Kind => &mut self.kind,
            Column::Factor => &mut self.factor,
            Column::Country => &mut self.country,
        };
        *slot = Some(text.trim().to_owned());
    }
}

pub(crate) fn read(text: &str) -> Result<Vec<Draft>, Problem> {
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with(COMMENTS));
    let first = first.ok_or_else(|| Problem::malformed("holds no stations"))?;
    let words: Vec<&str> = first.split_whitespace().collect();
    let numbers = |from: usize| {
        words
            .iter()
            .skip(from)
            .take(2)
            .filter(|w| w.parse::<f64>().is_ok())
            .count()
            == 2
    };
    if !first.contains([',', ';', '\t']) && (3..=4).contains(&words.len()) && numbers(1) {
        return pois(text);
    }
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|&d| first.bytes().filter(|&b| b == d).count());
    csv(text, delimiter.unwrap_or(b','))
}

/// easyWave's points of interest: `id lon lat [flag]`.
fn pois(text: &str) -> Result<Vec<Draft>, Problem> {
    let mut drafts = Vec::new();
    for (k, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(COMMENTS) {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let (3 | 4, [id, lon, lat, ..]) = (words.len(), &words[..]) else {
            return Err(Problem::line(
                k + 1,
                format!("\"{}\" is not `id lon lat`", shown(line)),
            ));
        };
        let mut draft = Draft {
            place: format!("line {}", k + 1),
            ..Draft::default()
        };
        draft.set(Column::Id, id);
        draft.set(Column::Lon, lon);
        draft.set(Column::Lat, lat);
        drafts.push(draft);
    }
    Ok(drafts)
}

fn csv(text: &str, delimiter: u8) -> Result<Vec<Draft>, Problem> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|e| Problem::malformed(e.to_string()))?
        .clone();
    let mut columns: Vec<Option<Column>> = header.iter().map(Column::of).collect();
    for wanted in [
        Column::Id,
        Column::Name,
        Column::Lat,
        Column::Lon,
        Column::Depth,
        Column::Kind,
        Column::Factor,
        Column::Country,
    ] {
        // The first of two columns of one meaning counts.
        columns
            .iter_mut()
            .filter(|c| **c == Some(wanted))
            .skip(1)
            .for_each(|c| *c = None);
    }
    // A list of names alone is a list of ids.
    if !columns.contains(&Some(Column::Id)) {
        columns
            .iter_mut()
            .filter(|c| **c == Some(Column::Name))
            .for_each(|c| *c = Some(Column::Id));
    }
    for (wanted, named) in [
        (Column::Id, "id"),
        (Column::Lat, "lat"),
        (Column::Lon, "lon"),
    ] {
        if !columns.contains(&Some(wanted)) {
            let found: Vec<String> = header.iter().take(20).map(shown).collect();
            return Err(Problem::malformed(format!(
                "no column \"{named}\"; the header has: {}",
                found.join(", ")
            )));
        }
    }
    let mut drafts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| Problem::malformed(e.to_string()))?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        let start = record
            .position()
            .map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
        let mut draft = Draft {
            place: format!("line {}", line_of(text, start)),
            ..Draft::default()
        };
        let fields = columns.iter().zip(record.iter());
        fields.for_each(|(column, field)| {
            if let Some(column) = column {
                draft.set(*column, field);
            }
        });
        drafts.push(draft);
        if drafts.len() > super::MAX_STATIONS {
            break;
        }
    }
    Ok(drafts)
}

/// The line of the first text at or behind a byte: a row may be said to start at the line end before it.
fn line_of(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let start = start.min(bytes.len());
    let ends = bytes[start..]
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    bytes[..start + ends]
        .iter()
        .filter(|&&b| b == b'\n')
        .count()
        + 1
}
