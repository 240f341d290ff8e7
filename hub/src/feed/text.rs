//! Text and times as XML feeds and HTTP need them.
//!
//! Refuses: control characters. XML 1.0 cannot carry most of them, not even escaped, and one of them would make the whole
//! feed unreadable.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// Replaces what XML 1.0 cannot carry (production `Char`) by U+FFFD. Escaping is the writer's business.
pub(super) fn xml(text: &str) -> Cow<'_, str> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(allowed) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(
            text.chars()
                .map(|c| {
                    if allowed(c) {
                        c
                    } else {
                        char::REPLACEMENT_CHARACTER
                    }
                })
                .collect(),
        )
    }
}

/// `2010-02-27T06:39:00Z`: whole seconds, as CAP times have. Out-of-range instants read as the epoch.
pub fn rfc3339(time_us: i64) -> String {
    second(time_us).to_string()
}

/// `Sat, 27 Feb 2010 06:39:00 GMT`: HTTP headers, and RSS dates, which RFC 822 lets end so. Empty for years
/// that the format cannot write.
pub fn rfc9110(time_us: i64) -> String {
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&second(time_us))
        .unwrap_or_default()
}

fn second(time_us: i64) -> Timestamp {
    Timestamp::from_second(time_us.div_euclid(1_000_000)).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAULE_US: i64 = 1_267_252_454_500_000;

    #[test]
    fn times_are_written_as_each_format_wants_them() {
        assert_eq!(rfc3339(MAULE_US), "2010-02-27T06:34:14Z");
        assert_eq!(rfc9110(MAULE_US), "Sat, 27 Feb 2010 06:34:14 GMT");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn an_instant_out_of_range_does_not_panic() {
        for time_us in [i64::MIN, i64::MAX] {
            rfc3339(time_us);
            rfc9110(time_us);
        }
    }

    #[test]
    fn characters_that_xml_cannot_carry_are_replaced() {
        assert_eq!(xml("plain\ttext\n\u{1f30a}"), "plain\ttext\n\u{1f30a}");
        assert_eq!(xml("a\0b\u{1b}c\u{fffe}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
    }
}
