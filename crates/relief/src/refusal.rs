//! What a reader did not take, and why.

use std::collections::BTreeMap;

/// Most refusals that are kept with their words; all are counted.
const KEPT: usize = 50;

/// Why a document cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Larger than is read.
    #[error("{bytes} bytes: at most {most} are read")]
    TooLarge {
        /// What it has.
        bytes: usize,
        /// What is read.
        most: usize,
    },
    /// Not well-formed, or not in UTF-8.
    #[error("not well-formed {format}: {what}")]
    Malformed {
        /// `JSON`, `XML`, `CSV`.
        format: &'static str,
        /// The parser's words, with the position.
        what: String,
    },
    /// Well-formed, and something else.
    #[error("no {wanted}: {found}")]
    Other {
        /// What was expected.
        wanted: &'static str,
        /// What is there.
        found: String,
    },
}

/// One row or feature that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where: `line 7`, `feature 12`, `cr_shelter urn:uuid:...`.
    pub at: String,
    /// A stable word, for counters.
    pub reason: &'static str,
    /// What is wrong with it.
    pub what: String,
}

/// All that a reader did not take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// The first of them.
    pub first: Vec<Refusal>,
    /// How many, by reason.
    pub by_reason: BTreeMap<&'static str, u64>,
}

impl Refusals {
    /// How many.
    pub fn count(&self) -> u64 {
        self.by_reason.values().sum()
    }

    pub(crate) fn add(
        &mut self,
        at: impl FnOnce() -> String,
        reason: &'static str,
        what: impl Into<String>,
    ) {
        *self.by_reason.entry(reason).or_default() += 1;
        if self.first.len() < KEPT {
            self.first.push(Refusal {
                at: at(),
                reason,
                what: excerpt(&what.into()),
            });
        }
    }

    pub(crate) fn add_many(&mut self, at: &str, reason: &'static str, what: &str, number: u64) {
        if number > 0 {
            self.add(|| at.to_owned(), reason, what);
            *self.by_reason.entry(reason).or_default() += number - 1;
        }
    }

    /// `3 refused (2 position, 1 kind); first: line 7: no latitude`; `None` when all was taken.
    pub fn words(&self) -> Option<String> {
        let first = self.first.first()?;
        let reasons: Vec<String> = self
            .by_reason
            .iter()
            .map(|(reason, n)| format!("{n} {reason}"))
            .collect();
        Some(format!(
            "{} refused ({}); the first: {}: {}",
            self.count(),
            reasons.join(", "),
            first.at,
            first.what
        ))
    }
}

/// At most 120 characters of somebody's text, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(120)
        .collect()
}

pub(crate) fn check_size(bytes: &[u8]) -> Result<&[u8], ReadError> {
    if bytes.len() > crate::MAX_DOCUMENT {
        return Err(ReadError::TooLarge {
            bytes: bytes.len(),
            most: crate::MAX_DOCUMENT,
        });
    }
    Ok(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}
