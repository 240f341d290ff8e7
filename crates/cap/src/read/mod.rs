//! The lenient reader: whatever a person would call readable, with a list of complaints.
//!
//! Senders in the wild are out of order, draw circles without radius, write `Z`, leave elements empty and use the
//! namespaces of CAP 1.0 and 1.1. All that is read, and each departure is told as a [`Complaint`]. A message without
//! complaints is one that [`Alert::to_xml`] writes again (unless escaping makes it longer than a message may be).
//!
//! Refuses, as [`ReadError`]: any document type (so no entity is ever expanded or fetched), anything too long, too deep
//! or of too many elements, and messages whose identity or status is not certain. A status is never guessed: an
//! exercise must not turn into an actual warning here, nor the other way round. A missing scope is read as the
//! narrowest, `Private`, so that nothing passes it on by default.
//!
//! The worst megabyte we could think of takes 0.2 s; an ordinary message of 5 KB 0.4 ms (two-core machine, release).
//!
//! Signatures are skipped, and said to be.

mod build;
mod complaint;
mod element;
mod encoding;
mod tree;
mod values;

pub use complaint::{Complaint, Problem};
#[cfg(feature = "signature")]
pub(crate) use tree::{MAX_BINDINGS, SIGNATURE_NAMESPACE};

use crate::{Alert, MAX_ELEMENTS, MAX_MESSAGE_BYTES};

/// Deepest nesting of elements read; CAP itself needs five, a signature three more.
pub const MAX_DEPTH: usize = 32;

/// Why bytes are no message. Trying again does not help with any of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Longer than [`MAX_MESSAGE_BYTES`].
    #[error("{bytes} bytes are more than the {MAX_MESSAGE_BYTES} of the longest message")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Neither UTF-8 nor UTF-16 with a byte order mark nor declared as Latin-1.
    #[error("encoding is not UTF-8 and not one that is known")]
    Encoding,
    /// Has a document type, which CAP does not use and attackers do.
    #[error("has a document type declaration")]
    Doctype,
    /// Has no element at all.
    #[error("is not XML")]
    NotXml,
    /// Not well-formed.
    #[error("not well-formed at byte {at_byte}: {what}")]
    Malformed {
        /// Where, in bytes of its UTF-8 form.
        at_byte: u64,
        /// What the tokenizer says.
        what: String,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("elements nest deeper than {MAX_DEPTH}")]
    TooDeep,
    /// More elements than [`MAX_ELEMENTS`].
    #[error("more than {MAX_ELEMENTS} elements")]
    TooManyElements,
    /// Another document: a feed, a page.
    #[error("the document is <{root}>, not <alert>")]
    NotAnAlert {
        /// The name of its root.
        root: String,
    },
    /// An element without which a message cannot be told from others is missing or empty.
    #[error("{element} is missing")]
    Missing {
        /// Its name.
        element: &'static str,
    },
    /// An element that must not be guessed has a value that is not understood.
    #[error("{element} is not understood: {found:?}")]
    NotUnderstood {
        /// Its name.
        element: &'static str,
        /// The beginning of its value.
        found: String,
    },
}

impl ReadError {
    /// A stable name for counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Encoding => "encoding",
            Self::Doctype => "doctype",
            Self::NotXml => "not_xml",
            Self::Malformed { .. } => "malformed",
            Self::TooDeep => "too_deep",
            Self::TooManyElements => "too_many_elements",
            Self::NotAnAlert { .. } => "not_an_alert",
            Self::Missing { .. } => "missing",
            Self::NotUnderstood { .. } => "not_understood",
        }
    }
}

/// Reads one message, CAP 1.0 to 1.2.
///
/// Complaints come in the order in which they were found: tokens, elements, then the writer's rules. At most 200 are
/// listed. Positions in their paths count the elements found; those of broken rules count the elements kept.
///
/// # Errors
/// [`ReadError`] for what is no message or must not be touched.
pub fn read(bytes: &[u8]) -> Result<(Alert, Vec<Complaint>), ReadError> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(ReadError::TooLong { bytes: bytes.len() });
    }
    let mut complaints = complaint::Complaints::default();
    let text = encoding::decode(bytes, &mut complaints)?;
    let root = tree::parse(&text, &mut complaints)?;
    let alert = build::alert(&root, &mut complaints)?;
    complaints.faults(alert.faults());
    Ok((alert, complaints.finish()))
}
