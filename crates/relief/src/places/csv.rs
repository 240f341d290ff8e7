//! Places in tables: comma, semicolon or tab; columns by their names or by the HXL tags of a second row (HXL 1.1, hxlstandard.org).

use csv::{ByteRecord, ReaderBuilder};

use super::build::Draft;
use super::{Collector, Found, Source};
use crate::refusal::{ReadError, check_size, excerpt};

/// Most columns that are looked at.
const COLUMNS: usize = 256;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Kind,
    Name,
    Lat,
    Lon,
    Capacity,
    Blocked,
    Occupancy,
    Population,
    Status,
    Updated,
}

impl Field {
    fn from_heading(heading: &str) -> Option<Self> {
        Some(match heading.trim().to_lowercase().as_str() {
            "uuid" | "id" | "code" => Self::Id,
            "kind" | "type" | "category" | "amenity" => Self::Kind,
            "name" | "title" => Self::Name,
            "lat" | "latitude" | "y" => Self::Lat,
            "lon" | "lng" | "long" | "longitude" | "x" => Self::Lon,
            "capacity" | "beds" => Self::Capacity,
            "blocked_capacity" => Self::Blocked,
            "occupancy" | "occupants" => Self::Occupancy,
            "population" | "pop" | "residents" => Self::Population,
            "status" => Self::Status,
            "updated" | "modified_on" | "date" => Self::Updated,
            _ => return None,
        })
    }

    /// Tag first, attributes in any order.
    fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_lowercase();
        let mut parts = tag.split('+').map(str::trim);
        let tag = parts.next()?;
        let attributes: Vec<&str> = parts.collect();
        let has = |attribute: &str| attributes.contains(&attribute);
        Some(match tag {
            "#geo" if has("lat") => Self::Lat,
            "#geo" if has("lon") => Self::Lon,
            "#loc" if has("name") => Self::Name,
            "#loc" if has("code") || has("id") => Self::Id,
            "#loc" if has("type") => Self::Kind,
            "#loc" if attributes.is_empty() => Self::Name,
            "#meta" if has("id") => Self::Id,
            "#capacity" if has("blocked") => Self::Blocked,
            "#capacity" if has("used") || has("occupancy") => Self::Occupancy,
            "#capacity" => Self::Capacity,
            "#population" | "#affected" => Self::Population,
            "#status" => Self::Status,
            "#date" => Self::Updated,
            _ => return None,
        })
    }
}

/// Reads places from a table whose first row names the columns: `id` or `uuid`, `kind`, `name`, `lat`, `lon`, `capacity`, `occupancy`,
/// `population`, `status`, `updated`, or whose second row has HXL tags (`#geo+lat`, `#loc+name`, `#capacity` ...), which then decide.
///
/// # Errors
/// [`ReadError`] when it is too large, or no column holds a latitude or a longitude; a row that cannot be read is refused in [`Found`].
pub fn read_csv(bytes: &[u8], source: &Source) -> Result<Found, ReadError> {
    let bytes = check_size(bytes)?;
    let mut collector = Collector::new(source);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(collector.found);
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut row = ByteRecord::new();
    let mut fields: Vec<Option<Field>> = Vec::new();
    let mut rows = 0_u64;
    loop {
        let more = reader
            .read_byte_record(&mut row)
            .map_err(|e| ReadError::Malformed {
                format: "CSV",
                what: excerpt(&e.to_string()),
            })?;
        if !more {
            break;
        }
        rows += 1;
        let line = row.position().map_or(rows, csv::Position::line);
        if rows == 1 {
            fields = headings(&row, Field::from_heading);
            continue;
        }
        if rows == 2 {
            let tags = headings(&row, Field::from_tag);
            if tags.iter().flatten().count() >= 2 {
                fields = tags;
                continue;
            }
        }
        if rows <= 3 {
            check(&fields)?;
        }
        if row.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        collector.take(|| format!("line {line}"), draft(&row, &fields));
    }
    check(&fields)?;
    Ok(collector.found)
}

/// The delimiter that the first line has most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |d: &u8| first.iter().filter(|b| *b == d).count();
    // The comma wins where none is there.
    [b';', b'\t', b',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(b',')
}

fn headings(row: &ByteRecord, read: impl Fn(&str) -> Option<Field>) -> Vec<Option<Field>> {
    let mut fields: Vec<Option<Field>> = Vec::new();
    for cell in row.iter().take(COLUMNS) {
        // The first column of a kind counts.
        let field = read(&String::from_utf8_lossy(cell)).filter(|f| !fields.contains(&Some(*f)));
        fields.push(field);
    }
    fields
}

fn check(fields: &[Option<Field>]) -> Result<(), ReadError> {
    if fields.contains(&Some(Field::Lat)) && fields.contains(&Some(Field::Lon)) {
        return Ok(());
    }
    Err(ReadError::Other {
        wanted: "table of places",
        found: "no columns `lat` and `lon` (or HXL tags #geo+lat and #geo+lon)".to_owned(),
    })
}

fn draft(row: &ByteRecord, fields: &[Option<Field>]) -> Draft {
    let mut draft = Draft::default();
    let (mut lat, mut lon) = (None, None);
    for (field, cell) in fields.iter().zip(row) {
        let Some(field) = field else { continue };
        let text = String::from_utf8_lossy(cell).trim().to_owned();
        if text.is_empty() {
            continue;
        }
        match field {
            Field::Id => draft.id = Some(text),
            Field::Kind => draft.kind = Some(text),
            Field::Name => draft.name = Some(text),
            Field::Lat => lat = Some(text),
            Field::Lon => lon = Some(text),
            Field::Capacity => draft.capacity = Some(text),
            Field::Blocked => draft.blocked = Some(text),
            Field::Occupancy => draft.occupancy = Some(text),
            Field::Population => draft.population = Some(text),
            Field::Status => draft.status = Some(text),
            Field::Updated => draft.updated = Some(text),
        }
    }
    draft.place(lat.as_deref(), lon.as_deref());
    draft
}
