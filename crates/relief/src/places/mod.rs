//! Places that matter: shelters, hospitals, schools, bridges, and cells with the people who live in them.
//!
//! Three formats are read ([`read_geojson`], [`read_csv`], [`read_s3xml`]), each leniently: what is readable is kept, a row or feature that is
//! not is refused with its reason and counted. What a source does not say is not known: no capacity, no status and no number of people
//! is ever made up.

mod build;
mod csv;
mod geojson;
mod kind;
mod s3xml;

pub use self::csv::read_csv;
pub use geojson::read_geojson;
pub use kind::{Kind, Status};
pub use s3xml::read_s3xml;

use std::collections::{BTreeMap, BTreeSet};

use crate::figure::People;
use crate::refusal::Refusals;
use build::Draft;
pub(crate) use build::short;

/// A place.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The source's uuid or id; made of kind, name and position where it has none.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Name for people; may be empty.
    pub name: String,
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east, -180 to 180.
    pub lon: f64,
    /// People that it has room for. 0 in a source means that nobody entered it (Sahana writes 0 for an empty field).
    pub capacity: Option<u32>,
    /// People who are in it: in a shelter, a hospital, a school.
    pub occupancy: Option<u32>,
    /// People who live in it: of population cells only.
    pub population: Option<People>,
    /// Whether it can be used.
    pub status: Status,
    /// The source that told of it.
    pub source: String,
    /// When the source last changed it, as the source writes it; empty when it does not say.
    pub updated: String,
}

impl Place {
    /// `[lat, lon]`.
    pub const fn at(&self) -> [f64; 2] {
        [self.lat, self.lon]
    }

    /// Name, or id where it has none.
    pub fn title(&self) -> &str {
        if self.name.is_empty() {
            &self.id
        } else {
            &self.name
        }
    }

    /// Beds that are free: capacity less occupancy, where an unknown occupancy counts as nobody. `None` when the capacity is unknown.
    pub fn free(&self) -> Option<u32> {
        Some(
            self.capacity?
                .saturating_sub(self.occupancy.unwrap_or_default()),
        )
    }
}

/// How a source is to be understood.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Its name, as places carry it.
    pub name: String,
    /// What a place is that does not say so.
    pub kind: Option<Kind>,
    /// What the source's own words mean, lower case; looked at before the words that [`Kind`] knows.
    pub kinds: BTreeMap<String, Kind>,
}

impl Source {
    /// A source of this name whose places are of one kind unless they say so.
    pub fn new(name: &str, kind: Option<Kind>) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            kinds: BTreeMap::new(),
        }
    }

    fn kind_of(&self, word: &str) -> Option<Kind> {
        let word = word.trim().to_lowercase();
        self.kinds
            .get(&word)
            .copied()
            .or_else(|| Kind::from_word(&word))
    }
}

/// What a document told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The places, in the document's order.
    pub places: Vec<Place>,
    /// What was not taken.
    pub refused: Refusals,
}

/// Collects places, and refuses those that cannot be one.
struct Collector<'a> {
    source: &'a Source,
    ids: BTreeSet<String>,
    found: Found,
}

impl<'a> Collector<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            ids: BTreeSet::new(),
            found: Found::default(),
        }
    }

    fn take(&mut self, at: impl FnOnce() -> String, draft: Draft) {
        match draft.finish(self.source) {
            Err((reason, what)) => self.found.refused.add(at, reason, what),
            Ok(place) if self.found.places.len() >= crate::MAX_PLACES => self.found.refused.add(
                at,
                "too_many",
                format!("{}: at most {} places", place.title(), crate::MAX_PLACES),
            ),
            Ok(place) if !self.ids.insert(place.id.clone()) => self.found.refused.add(
                at,
                "duplicate",
                format!("the id \"{}\" is there twice", place.id),
            ),
            Ok(place) => self.found.places.push(place),
        }
    }
}
