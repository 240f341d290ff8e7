//! What the reader had to put up with.

use std::fmt;

use crate::invalid::{Invalid, Rule, excerpt};

/// Complaints listed at most for one message; a last one counts the rest.
pub(super) const MAX_COMPLAINTS: usize = 200;

/// One departure from the standard that the reader got over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The element, as a path below `alert` with positions from 1, e.g. `info[1]/parameter[2]`; `alert` for the whole.
    pub element: String,
    /// What is wrong with it and what became of it.
    pub problem: Problem,
}

/// Kinds of departure. Texts are excerpts of at most 80 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Breaks a rule of the writer; kept as it is (an open polygon was closed).
    Rule {
        /// The rule.
        rule: Rule,
        /// What was found.
        found: String,
    },
    /// The message is in another namespace: an older CAP, or none. Read like CAP 1.2.
    Namespace {
        /// The namespace found, empty for none.
        found: String,
    },
    /// Not in UTF-8.
    Encoding {
        /// What it was read as.
        taken: String,
    },
    /// Signed, and the signature was not verified.
    SignatureNotVerified,
    /// Stands behind an element that must follow it.
    OutOfOrder {
        /// The element before it.
        after: String,
    },
    /// May occur once; the first one was taken.
    Repeated,
    /// No element of CAP; skipped with all that it contains.
    UnknownElement,
    /// Text between elements; skipped.
    StrayText {
        /// The text.
        found: String,
    },
    /// An entity that XML does not define; kept as it is spelled, never expanded.
    UnknownEntity {
        /// Its spelling.
        found: String,
    },
    /// An ampersand that starts no entity; kept.
    BareAmpersand,
    /// Present but empty; read as absent.
    Blank,
    /// Not spelled as the standard wants it, but understood.
    ReadAs {
        /// What was found.
        found: String,
        /// What it was understood as.
        taken: String,
    },
    /// Required but missing.
    Assumed {
        /// What was assumed.
        taken: String,
    },
    /// Not understood; left out.
    Dropped {
        /// What was found.
        found: String,
    },
    /// More complaints than are listed.
    More {
        /// How many more.
        count: usize,
    },
}

impl Problem {
    /// A stable name for counters; the rule's own name where a rule is broken.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rule { rule, .. } => rule.name(),
            Self::Namespace { .. } => "namespace",
            Self::Encoding { .. } => "encoding",
            Self::SignatureNotVerified => "signature_not_verified",
            Self::OutOfOrder { .. } => "out_of_order",
            Self::Repeated => "repeated",
            Self::UnknownElement => "unknown_element",
            Self::StrayText { .. } => "stray_text",
            Self::UnknownEntity { .. } => "unknown_entity",
            Self::BareAmpersand => "bare_ampersand",
            Self::Blank => "blank",
            Self::ReadAs { .. } => "read_as",
            Self::Assumed { .. } => "assumed",
            Self::Dropped { .. } => "dropped",
            Self::More { .. } => "more",
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.element)?;
        match &self.problem {
            Problem::Rule { rule, found } if found.is_empty() => write!(f, "{rule}"),
            Problem::Rule { rule, found } => write!(f, "{rule} (found {found:?})"),
            Problem::Namespace { found } => write!(f, "namespace {found:?} is not that of CAP 1.2"),
            Problem::Encoding { taken } => write!(f, "not in UTF-8, read as {taken}"),
            Problem::SignatureNotVerified => f.write_str("the signature was not verified"),
            Problem::OutOfOrder { after } => {
                write!(f, "stands behind {after}, must stand before it")
            }
            Problem::Repeated => f.write_str("may occur only once, first one taken"),
            Problem::UnknownElement => f.write_str("no element of CAP, skipped"),
            Problem::StrayText { found } => write!(f, "text between elements skipped ({found:?})"),
            Problem::UnknownEntity { found } => write!(f, "unknown entity {found:?} left as it is"),
            Problem::BareAmpersand => f.write_str("ampersand not escaped"),
            Problem::Blank => f.write_str("empty, read as absent"),
            Problem::ReadAs { found, taken } => write!(f, "{found:?} read as {taken:?}"),
            Problem::Assumed { taken } => write!(f, "missing, {taken:?} assumed"),
            Problem::Dropped { found } => write!(f, "not understood, left out ({found:?})"),
            Problem::More { count } => write!(f, "{count} more complaints"),
        }
    }
}

/// The list while a message is read: bounded, with excerpts.
#[derive(Default)]
pub(super) struct Complaints {
    list: Vec<Complaint>,
    more: usize,
}

impl Complaints {
    pub(super) fn add(&mut self, element: &str, problem: Problem) {
        if self.list.len() < MAX_COMPLAINTS {
            self.list.push(Complaint {
                element: element.to_owned(),
                problem,
            });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn read_as(&mut self, element: &str, found: &str, taken: impl ToString) {
        let taken = excerpt(&taken.to_string());
        self.add(
            element,
            Problem::ReadAs {
                found: excerpt(found),
                taken,
            },
        );
    }

    pub(super) fn dropped(&mut self, element: &str, found: &str) {
        self.add(
            element,
            Problem::Dropped {
                found: excerpt(found),
            },
        );
    }

    pub(super) fn faults(&mut self, faults: Vec<Invalid>) {
        for Invalid {
            element,
            rule,
            found,
        } in faults
        {
            self.add(&element, Problem::Rule { rule, found });
        }
    }

    pub(super) fn finish(mut self) -> Vec<Complaint> {
        if self.more > 0 {
            let problem = Problem::More { count: self.more };
            self.list.push(Complaint {
                element: "alert".to_owned(),
                problem,
            });
        }
        self.list
    }
}
