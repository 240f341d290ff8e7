//! An assessment for others: GeoJSON, CSV with HXL tags, EDXL-DE around the CAP message, and one printable page.
//!
//! Every one of them says in which mode it was made: an exercise must not be taken for the real thing in any format.

mod edxl;
mod geojson;
mod hxl;
mod page;

pub use edxl::edxl;
pub use geojson::geojson;
pub use hxl::{needs_csv, places_csv};
pub use page::{page, style, style_hash};

use cap::{MsgType, Status, Time};

use crate::assess::Assessment;
use crate::planning::Planning;

/// An assessment and what it is about.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The assessment.
    pub assessment: &'a Assessment,
    /// The figures it was made with.
    pub planning: &'a Planning,
    /// What it is about.
    pub header: &'a Header,
}

/// What an assessment is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The event's id.
    pub event: String,
    /// What the message says in one line.
    pub headline: String,
    /// Of the message: actual, exercise or test.
    pub status: Status,
    /// Of the message. After a cancellation nothing is threatened.
    pub msg_type: MsgType,
    /// The message's identifier.
    pub message: String,
    /// When it was sent, microseconds since the Unix epoch.
    pub sent_us: i64,
    /// Who sends: `actor@domain` in EDXL-DE.
    pub sender: String,
    /// The same for people.
    pub sender_name: String,
    /// Number of this assessment within the event, from 1.
    pub number: u32,
    /// What it was made from.
    pub sources: Vec<SourceState>,
}

/// A source of places or roads, as it was when the assessment was made.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// What it told: `312 places`, `nothing yet`.
    pub told: String,
    /// Seconds since it last answered; `None` when it never has.
    pub age_s: Option<u64>,
    /// What is wrong with it; `None` when all is well.
    pub trouble: Option<String>,
}

impl Header {
    /// The word that stands over everything that is not actual; `None` for what is.
    pub const fn banner(&self) -> Option<&'static str> {
        match self.status {
            Status::Actual => None,
            Status::Exercise => Some("EXERCISE"),
            Status::System | Status::Test | Status::Draft => Some("TEST"),
        }
    }

    /// The mode in one word.
    const fn mode(&self) -> &'static str {
        match self.status {
            Status::Actual => "Actual",
            Status::Exercise => "Exercise",
            Status::System => "System",
            Status::Test | Status::Draft => "Test",
        }
    }
}

/// RFC 3339 in UTC.
fn utc(us: i64) -> String {
    Time::from_us(us).to_string().replace("-00:00", "Z")
}

/// `2010-02-27 06:34 UTC`.
fn minute(us: i64) -> String {
    let text = Time::from_us(us).to_string();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or(time))
}

/// Seconds as people say them: `2 h 05 min`, `-3 min`.
fn span(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let minutes = seconds.unsigned_abs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{sign}{minutes} min"),
        (hours, minutes) => format!("{sign}{hours} h {minutes:02} min"),
    }
}
