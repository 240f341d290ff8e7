//! Common Alerting Protocol 1.2 (OASIS CAP-v1.2): model, strict writer, lenient reader.
//!
//! **Strict out.** [`Alert::to_xml`] writes a message only if it keeps every [`Rule`]: those of the standard and its
//! schema, and those that real consumers add (at most 100 points per polygon, absolute URIs, one info per language).
//! There is no unchecked way to write. What breaks a rule comes back as [`Invalid`], with the element's path and the
//! rule. Output is compact and already canonical, so that an enveloped signature can be added before `</alert>`
//! without rewriting anything.
//!
//! **Lenient in.** [`read`] takes whatever a person would call readable - elements out of order, times with `Z`,
//! circles without radius, CAP 1.0 and 1.1 - and lists each departure as a [`Complaint`]. A message without complaints
//! can be written again and is equal. Hostile input is refused: no document type, no entity expansion, bounds on bytes,
//! depth and elements.
//!
//! ```
//! use cap::{Alert, Category, Certainty, Info, MsgType, Severity, Status, Time, Urgency};
//!
//! let sent = Time::from_us(1_267_252_754_000_000); // microseconds since the Unix epoch, UTC
//! let mut alert = Alert::new("wf-1", "watchfire@example.org", sent, Status::Exercise, MsgType::Alert);
//! alert.infos.push(Info::new(
//!     "en",
//!     Category::Geo,
//!     "Tsunami Warning",
//!     Urgency::Immediate,
//!     Severity::Extreme,
//!     Certainty::Likely,
//! ));
//! let xml = alert.to_xml()?;
//! assert!(xml.contains("<sent>2010-02-27T06:39:14-00:00</sent>"));
//!
//! let (back, complaints) = cap::read(xml.as_bytes()).unwrap();
//! assert!(complaints.is_empty());
//! assert_eq!(back, alert);
//!
//! // The next message of the chain refers to this one, and must be at least a second later.
//! let mut cancel = back.follow("wf-2", sent, MsgType::Cancel);
//! assert_eq!(cancel.to_xml().unwrap_err().rule, cap::Rule::SentAfterReferences);
//! cancel.sent = Time::from_us(sent.us() + 1_000_000);
//! cancel.to_xml()?;
//! # Ok::<(), cap::Invalid>(())
//! ```
//!
//! # What to know
//! - Times are whole seconds, as in the standard; [`Time::from_us`] rounds down. UTC is written `-00:00`, never `Z`.
//! - Positions are WGS 84, latitude first, kept to 0.00001 degrees; radii to a metre.
//! - Any outline - thousands of points, crossing edges, both sides of the antimeridian - becomes polygons that may
//!   be written with [`cover`], which only ever adds ground.
//! - A status is never guessed: a message whose status is missing or unknown is refused by the reader.
//!
//! # What this crate refuses to do
//! It reads no clock, opens no file and no connection, and knows nothing of feeds, topics or policies. Signatures are
//! made and verified by the module `signature` alone (feature `signature`): the reader skips one and says so.
#![forbid(unsafe_code)]

// The README's example is compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

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
#[cfg(feature = "signature")]
pub mod signature;
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
