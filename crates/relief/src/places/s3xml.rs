//! Places in Sahana's S3XML: `<s3xml>` of `<resource name= uuid=>` with `<data field= value=>` and `<reference field= resource= uuid= lat= lon=>`.
//!
//! A record's position is in its reference to a `gis_location`: as attributes of the reference, in a record inside it, or in a record of its
//! own that is found by uuid. Records inside records (a shelter's history of states) are not the record's own fields.

use std::collections::BTreeMap;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use quick_xml::{XmlVersion, escape};

use super::build::Draft;
use super::{Collector, Found, Source};
use crate::features::place_on_earth;
use crate::refusal::{ReadError, check_size, excerpt};

/// Deepest nesting of elements; real documents have six.
const DEPTH: usize = 32;
/// Longest text of a field that is kept, bytes.
const TEXT: usize = 2_048;
/// Most fields of a record that are kept; Sahana's shelters have some forty.
const FIELDS: usize = 256;

/// Reads places from S3XML. What a record is follows from its table (`cr_shelter`, `hms_hospital`, ...) by [`Source::kinds`] and the words that
/// [`super::Kind`] knows; records of other tables are passed over. Texts may be in any language: the state of a shelter is taken from its number.
///
/// # Errors
/// [`ReadError`] when it is too large, not well-formed (half a document is none), or no S3XML.
pub fn read_s3xml(bytes: &[u8], source: &Source) -> Result<Found, ReadError> {
    let text = std::str::from_utf8(check_size(bytes)?).map_err(|e| malformed(&e.to_string()))?;
    let mut reader = Reader::from_str(text);
    let mut tree = Tree::default();
    loop {
        let event = reader.read_event().map_err(|e| malformed(&e.to_string()))?;
        match event {
            Event::DocType(_) => {
                return Err(malformed("a document type, which is not read"));
            }
            Event::Start(start) => tree.enter(&start)?,
            Event::Empty(start) => {
                tree.enter(&start)?;
                tree.leave();
            }
            Event::End(_) => tree.leave(),
            Event::Text(text) => tree.text(&text.xml10_content()),
            Event::CData(text) => tree.text(&text.xml10_content()),
            Event::GeneralRef(entity) => tree.entity(&entity),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !tree.root {
        return Err(malformed("there is no element"));
    }
    if !tree.open.is_empty() {
        return Err(malformed("ends inside an element"));
    }
    let mut collector = Collector::new(source);
    for record in &tree.records {
        let at = || format!("{} {}", excerpt(&record.table), excerpt(&record.uuid));
        let Some(kind) = source.kind_of(&record.table) else {
            // A record of its own that nobody asked for; parts of others are no places.
            if record.top {
                let what = format!(
                    "the table \"{}\" is mapped to no kind of place",
                    record.table
                );
                collector.found.refused.add(at, "kind", what);
            }
            continue;
        };
        collector.take(at, record.draft(kind, &tree.locations));
    }
    collector.found.refused.add_many(
        "the end",
        "too_many",
        "more records than are read",
        tree.beyond,
    );
    Ok(collector.found)
}

fn malformed(what: &str) -> ReadError {
    ReadError::Malformed {
        format: "XML",
        what: excerpt(what),
    }
}

/// A record of a table.
#[derive(Default)]
struct Record {
    table: String,
    uuid: String,
    modified: String,
    /// Not inside another record.
    top: bool,
    /// The attribute `value` where there is one, and the text.
    fields: BTreeMap<String, (Option<String>, String)>,
    location: Option<Location>,
}

#[derive(Default)]
struct Location {
    uuid: String,
    lat: Option<String>,
    lon: Option<String>,
}

impl Record {
    fn value(&self, field: &str) -> Option<String> {
        let (value, text) = self.fields.get(field)?;
        Some(value.clone().unwrap_or_else(|| text.clone()))
    }

    fn at(&self, locations: &BTreeMap<String, [f64; 2]>) -> Option<Result<[f64; 2], String>> {
        let location = self.location.as_ref()?;
        if let (Some(lat), Some(lon)) = (&location.lat, &location.lon) {
            let mut draft = Draft::default();
            draft.place(Some(lat), Some(lon));
            return draft.at;
        }
        Some(locations.get(&location.uuid).copied().ok_or_else(|| {
            format!(
                "its location \"{}\" is not in the document, or has no position",
                excerpt(&location.uuid)
            )
        }))
    }

    fn draft(&self, kind: super::Kind, locations: &BTreeMap<String, [f64; 2]>) -> Draft {
        let obsolete = self.value("obsolete").is_some_and(|v| v == "true");
        let status = match self.fields.get("status") {
            _ if obsolete => Some("closed".to_owned()),
            // Sahana Eden's states of a shelter: 1 closed, 2 open; the text is in the reader's language.
            Some((Some(value), _)) if self.table == "cr_shelter" && value == "2" => {
                Some("open".to_owned())
            }
            Some((Some(value), _)) if self.table == "cr_shelter" && value == "1" => {
                Some("closed".to_owned())
            }
            Some((_, text)) => Some(text.clone()),
            None => None,
        };
        Draft {
            id: Some(self.uuid.clone()).filter(|u| !u.is_empty()),
            kind: Some(kind.name().to_owned()),
            name: self.fields.get("name").map(|(_, text)| text.clone()),
            at: self.at(locations),
            capacity: self.value("capacity").or_else(|| self.value("total_beds")),
            blocked: self.value("blocked_capacity"),
            occupancy: self.value("population"),
            population: None,
            status,
            updated: Some(self.modified.clone()).filter(|m| !m.is_empty()),
        }
    }
}

/// An element that is open.
enum Open {
    Record(Box<Record>),
    /// A field of the record around it: its name, attribute `value`, and text so far.
    Data(String, Option<String>, String),
    /// A reference to a location.
    Location,
    Other,
}

#[derive(Default)]
struct Tree {
    root: bool,
    open: Vec<Open>,
    records: Vec<Record>,
    beyond: u64,
    locations: BTreeMap<String, [f64; 2]>,
}

impl Tree {
    fn enter(&mut self, start: &BytesStart<'_>) -> Result<(), ReadError> {
        let name = start.local_name();
        let name: &str = name.as_ref();
        if self.open.is_empty() {
            if self.root {
                return Err(malformed("a second root element"));
            }
            if name != "s3xml" {
                return Err(ReadError::Other {
                    wanted: "S3XML",
                    found: format!("the root is <{}>", excerpt(name)),
                });
            }
            self.root = true;
        }
        if self.open.len() >= DEPTH {
            return Err(malformed("nested too deeply"));
        }
        let opened = match name {
            "resource" => {
                let [table, uuid, modified] = attributes(start, ["name", "uuid", "modified_on"])?;
                Open::Record(Box::new(Record {
                    table: table.unwrap_or_default(),
                    uuid: uuid.unwrap_or_default(),
                    modified: modified.unwrap_or_default(),
                    ..Record::default()
                }))
            }
            "data" => {
                let [field, value] = attributes(start, ["field", "value"])?;
                Open::Data(field.unwrap_or_default(), value, String::new())
            }
            "reference" => {
                let [resource, uuid, lat, lon] =
                    attributes(start, ["resource", "uuid", "lat", "lon"])?;
                if resource.as_deref() == Some("gis_location")
                    && let Some(record) = self.record()
                {
                    record.location.get_or_insert_with(|| Location {
                        uuid: uuid.unwrap_or_default(),
                        lat,
                        lon,
                    });
                    Open::Location
                } else {
                    Open::Other
                }
            }
            _ => Open::Other,
        };
        self.open.push(opened);
        Ok(())
    }

    /// The innermost record that is open.
    fn record(&mut self) -> Option<&mut Record> {
        self.open.iter_mut().rev().find_map(|open| match open {
            Open::Record(record) => Some(&mut **record),
            _ => None,
        })
    }

    fn leave(&mut self) {
        match self.open.pop() {
            Some(Open::Data(field, value, text)) => {
                if let Some(record) = self.record()
                    && record.fields.len() < FIELDS
                {
                    record.fields.entry(field).or_insert((value, text));
                }
            }
            Some(Open::Record(record)) => self.close(*record),
            Some(Open::Location | Open::Other) | None => {}
        }
    }

    fn close(&mut self, record: Record) {
        if record.table == "gis_location" {
            let number = |field: &str| record.value(field)?.trim().parse::<f64>().ok();
            let at = number("lat")
                .zip(number("lon"))
                .and_then(|(lat, lon)| place_on_earth(lat, lon).ok());
            // In the reference of the record around it.
            if matches!(self.open.last(), Some(Open::Location))
                && let Some(around) = self.record()
                && let Some(location) = &mut around.location
                && let Some([lat, lon]) = at
            {
                location.lat.get_or_insert_with(|| lat.to_string());
                location.lon.get_or_insert_with(|| lon.to_string());
            }
            if let Some(at) = at
                && self.locations.len() < crate::MAX_PLACES
            {
                self.locations.insert(record.uuid, at);
            }
        } else if self.records.len() < crate::MAX_PLACES {
            let top = self.open.len() == 1;
            self.records.push(Record { top, ..record });
        } else {
            self.beyond += 1;
        }
    }

    fn text(&mut self, more: &str) {
        if let Some(Open::Data(_, _, text)) = self.open.last_mut()
            && text.len() + more.len() <= TEXT
        {
            text.push_str(more);
        }
    }

    fn entity(&mut self, entity: &BytesRef<'_>) {
        let name: &str = entity.as_ref();
        // What is no character of XML's own is left out: nothing is defined, since no document type is read.
        let known = escape::resolve_predefined_entity(name)
            .map(str::to_owned)
            .or_else(|| entity.resolve_char_ref().ok().flatten().map(String::from));
        if let Some(text) = known {
            self.text(&text);
        }
    }
}

/// The named attributes of an element, none longer than a field's text.
fn attributes<const N: usize>(
    start: &BytesStart<'_>,
    names: [&str; N],
) -> Result<[Option<String>; N], ReadError> {
    let mut found = [const { None }; N];
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| malformed(&e.to_string()))?;
        let key: &str = attribute.key.as_ref();
        if let Some(at) = names.iter().position(|name| *name == key) {
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|e| malformed(&e.to_string()))?;
            if value.len() <= TEXT {
                found[at] = Some(value.into_owned());
            }
        }
    }
    Ok(found)
}
