//! The rules of the strict writer and the error that names the one broken.

use std::fmt;

/// Longest piece of an offending value that an error repeats, in characters.
const EXCERPT: usize = 80;

/// A message that must not be written: where, which rule, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{element}: {rule}{}", if found.is_empty() { String::new() } else { format!(" (found {found:?})") })]
pub struct Invalid {
    /// The element, as a path below `alert` with positions from 1: `info[2]/area[1]/polygon[3]`.
    pub element: String,
    /// The rule broken.
    pub rule: Rule,
    /// The beginning of the value found, or a number that says how far off it is; may be empty.
    pub found: String,
}

impl Invalid {
    pub(crate) fn new(element: impl Into<String>, rule: Rule, found: impl AsRef<str>) -> Self {
        Self {
            element: element.into(),
            rule,
            found: excerpt(found.as_ref()),
        }
    }
}

/// The beginning of `text`, at most [`EXCERPT`] characters.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

macro_rules! rules {
    ($($(#[$meta:meta])* $rule:ident = $name:literal: $text:literal,)+) => {
        /// What a written message must satisfy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule { $(#[doc = $text] $(#[$meta])* $rule,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)+];

            /// A stable name for counters and tests.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)+ }
            }

            /// The rule in words.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$rule => $text,)+ }
            }
        }
    };
}

rules! {
    Required = "required": "must be present",
    Empty = "empty": "must not be empty; leave the element out instead",
    IllegalCharacter = "illegal_character": "contains a character that XML 1.0 cannot carry",
    Token = "token": "must not contain white space, a comma, < or &",
    Duplicate = "duplicate": "repeats an earlier one",
    Quote = "quote": "an entry of a list must not contain a quotation mark",
    LineBreak = "line_break": "an entry of a list must stand on one line, without outer spaces",
    References = "references": "every message type but Alert must refer to an earlier message",
    ReferencesItself = "references_itself": "must not refer to itself",
    SentAfterReferences = "sent_after_references": "must be later than every message it refers to",
    Restriction = "restriction": "scope Restricted needs a restriction",
    RestrictionUnused = "restriction_unused": "a restriction belongs to scope Restricted only",
    Addresses = "addresses": "scope Private needs addresses",
    Info = "info": "an Alert or Update needs an info",
    Note = "note": "an Error needs a note that says why",
    Language = "language": "must be a language tag such as en or es-CL",
    OneInfoPerLanguage = "one_info_per_language": "there must be one info per language",
    ExpiresAfterSent = "expires_after_sent": "must be later than sent",
    ExpiresAfterEffective = "expires_after_effective": "must be later than effective",
    AbsoluteUri = "absolute_uri": "must be an absolute URI of ASCII characters",
    UriReference = "uri_reference": "must be a URI reference of ASCII characters",
    MimeType = "mime_type": "must be a MIME type such as image/png",
    Size = "size": "must be below 2^63 bytes",
    Base64 = "base64": "must be base64",
    Digest = "digest": "must be a SHA-1 digest, 40 hexadecimal digits",
    PolygonClosed = "polygon_closed": "the last point must equal the first",
    PolygonPoints = "polygon_points": "a polygon has at least three corners: four points",
    PolygonTooManyPoints = "polygon_too_many_points": "a polygon has at most 100 points; simplify it with cap::cover",
    PolygonCrosses = "polygon_crosses": "edges must not cross, touch or repeat a corner",
    PolygonAntimeridian = "polygon_antimeridian": "no edge may span more than 180 degrees of longitude; split it at the antimeridian with cap::cover",
    Latitude = "latitude": "latitude comes first and lies within -90 to 90",
    Longitude = "longitude": "longitude comes second and lies within -180 to 180",
    CircleRadius = "circle_radius": "the radius must be above zero and at most half the Earth's circumference, in km",
    Altitude = "altitude": "must be a number of feet within a million",
    CeilingWithoutAltitude = "ceiling_without_altitude": "a ceiling needs an altitude, not above it",
    TooMany = "too_many": "too many elements for one message",
    TooLong = "too_long": "the message is too long",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
