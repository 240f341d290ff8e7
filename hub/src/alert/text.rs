//! What the hub's own terms are in `words`, which says them, and the instants that lines for officers and ids have.

use jiff::Timestamp;
use jiff::tz::Offset;
use words::Why;

use super::Level;
use crate::event::Reason;

/// `09:41 UTC`, for the timeline.
pub fn utc(us: i64) -> String {
    match Timestamp::from_microsecond(us) {
        Ok(instant) => Offset::UTC
            .to_datetime(instant)
            .strftime("%H:%M UTC")
            .to_string(),
        Err(_) => clock::format_utc(us),
    }
}

/// `20110311T0546Z`: an instant as part of an id.
pub fn compact_utc(us: i64) -> String {
    let text: String = clock::format_utc(us)
        .chars()
        .filter(|c| c.is_ascii_digit())
        .take(12)
        .collect();
    let (day, time) = text.split_at(text.len().min(8));
    format!("{day}T{time}Z")
}

/// Why there is a new message; `None` for the first, which needs no reason.
pub const fn why(reason: Reason) -> Option<Why> {
    match reason {
        Reason::Earthquake | Reason::Waves => None,
        Reason::Explained => Some(Why::Explained),
        Reason::Revised => Some(Why::Revised),
        Reason::Confirmed => Some(Why::Confirmed),
        Reason::Unconfirmed => Some(Why::Unconfirmed),
        Reason::Forecast => Some(Why::Forecast),
        Reason::Modelled => Some(Why::Modelled),
        Reason::Renewal | Reason::Lapsed => Some(Why::Renewal),
        Reason::AllClear => Some(Why::AllClear),
        Reason::NoWave => Some(Why::NoWave),
        Reason::Withdrawn => Some(Why::Withdrawn),
    }
}

impl From<Level> for words::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::None => Self::None,
            Level::Advisory => Self::Advisory,
            Level::Warning => Self::Warning,
            Level::Major => Self::Major,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_lines_and_ids() {
        assert_eq!(utc(1_267_252_454_000_000), "06:34 UTC");
        assert_eq!(compact_utc(1_267_252_454_000_000), "20100227T0634Z");
    }
}
