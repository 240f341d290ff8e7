//! Common Alerting Protocol 1.2 (OASIS CAP-v1.2): model, strict writer, lenient reader.
#![forbid(unsafe_code)]

mod alert;
mod area;
mod check;
mod cover;
mod geometry;
mod info;
mod invalid;
mod lexical;
mod read;
mod reduce;
mod time;
mod vocabulary;
mod write;

pub use alert::{Alert, Reference};
pub use area::{Area, Circle, MAX_POLYGON_POINTS, Point, Polygon};
pub use cover::cover;
pub use info::{Info, NamedValue, Resource};
pub use invalid::{Invalid, Rule};
pub use read::{Complaint, MAX_DEPTH, Problem, ReadError, read};
pub use time::Time;
pub use vocabulary::{
    Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency,
};

/// XML namespace of CAP 1.2.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// MIME type of a message in feeds and HTTP answers.
pub const MIME_TYPE: &str = "application/cap+xml";
/// Longest message read or written, in bytes. Real ones stay below 100 KiB; the rest is room for embedded images.
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// Most XML elements of a message read or written.
pub const MAX_ELEMENTS: usize = 20_000;
