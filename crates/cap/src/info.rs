//! What is going on, in one language.

use crate::vocabulary::{Category, Certainty, ResponseType, Severity, Urgency};
use crate::{Area, Time};

/// The event in one language: kind, gravity, times, words, places. Fields stand in the order of the schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// RFC 3066 language tag; `en-US` when a message leaves it out. Some consumers know a short list only (stock Sahana:
    /// `en fr es de ...`, and refuses a whole message over `en-US`), so prefer the bare language.
    pub language: String,
    /// Kinds of event, at least one.
    pub categories: Vec<Category>,
    /// Name of the event in this language.
    pub event: String,
    /// Recommended actions.
    pub response_types: Vec<ResponseType>,
    /// How soon to act.
    pub urgency: Urgency,
    /// How grave it is.
    pub severity: Severity,
    /// How sure the sender is.
    pub certainty: Certainty,
    /// Intended audience.
    pub audience: Option<String>,
    /// System-specific codes of the event (name: the code list).
    pub event_codes: Vec<NamedValue>,
    /// When the information takes effect; `sent` if absent.
    pub effective: Option<Time>,
    /// When the event is expected to begin, e.g. the first wave's arrival.
    pub onset: Option<Time>,
    /// When the information lapses; later than `sent` and `effective`.
    pub expires: Option<Time>,
    /// The sender's name for people.
    pub sender_name: Option<String>,
    /// One line for people, by custom up to 160 characters.
    pub headline: Option<String>,
    /// What happens.
    pub description: Option<String>,
    /// What to do.
    pub instruction: Option<String>,
    /// Absolute URI of more information.
    pub web: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// System-specific further values.
    pub parameters: Vec<NamedValue>,
    /// Maps, documents, sounds.
    pub resources: Vec<Resource>,
    /// Where it applies.
    pub areas: Vec<Area>,
}

impl Info {
    /// An info without any of the optional elements.
    pub fn new(
        language: impl Into<String>,
        category: Category,
        event: impl Into<String>,
        urgency: Urgency,
        severity: Severity,
        certainty: Certainty,
    ) -> Self {
        Self {
            language: language.into(),
            categories: vec![category],
            event: event.into(),
            response_types: Vec::new(),
            urgency,
            severity,
            certainty,
            audience: None,
            event_codes: Vec::new(),
            effective: None,
            onset: None,
            expires: None,
            sender_name: None,
            headline: None,
            description: None,
            instruction: None,
            web: None,
            contact: None,
            parameters: Vec::new(),
            resources: Vec::new(),
            areas: Vec::new(),
        }
    }
}

/// A `valueName`/`value` pair: event code, parameter or geocode. Names may repeat, pairs may not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedValue {
    /// The system or list that defines the value.
    pub name: String,
    /// The value.
    pub value: String,
}

impl NamedValue {
    /// A pair of `name` and `value`.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// A file that belongs to an info.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    /// What it is, for people.
    pub description: String,
    /// Its MIME type, e.g. `image/png`.
    pub mime_type: String,
    /// Size in bytes.
    pub size_bytes: Option<u64>,
    /// Absolute URI; or a relative name when `deref_uri` carries the content.
    pub uri: Option<String>,
    /// The content itself, in base64; for one-way links.
    pub deref_uri: Option<String>,
    /// SHA-1 of the content, 40 hexadecimal digits.
    pub digest: Option<String>,
}

impl Resource {
    /// A resource to be fetched from `uri`.
    pub fn new(
        description: impl Into<String>,
        mime_type: impl Into<String>,
        uri: impl Into<String>,
    ) -> Self {
        Self {
            description: description.into(),
            mime_type: mime_type.into(),
            size_bytes: None,
            uri: Some(uri.into()),
            deref_uri: None,
            digest: None,
        }
    }
}
