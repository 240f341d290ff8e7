//! Times as files write them, always UTC, as microseconds since the Unix epoch.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Plain numbers below this are seconds; below a thousand times this milliseconds; then microseconds. As seconds it
/// is the year 5138, as milliseconds 1973: no recorded event is mistaken.
const SECONDS_BELOW: f64 = 1e11;

/// Civil time in UTC.
pub(crate) fn utc(year: i16, month: i8, day: i8, hour: i8, minute: i8, second: i8) -> Option<i64> {
    let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(Offset::UTC.to_timestamp(civil).ok()?.as_microsecond())
}

/// A time column: ISO 8601 with `T` or a blank (UTC unless it has an offset; `/` may stand for `-`), or a number of
/// seconds, milliseconds or microseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<f64>() {
        let unit_us = match number.abs() {
            size if size < SECONDS_BELOW => 1e6,
            size if size < SECONDS_BELOW * 1e3 => 1e3,
            _ => 1.0,
        };
        return within_reason((number * unit_us).round());
    }
    let text = text.replace('/', "-");
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_microsecond());
    }
    let civil: DateTime = text.parse().ok()?;
    Some(Offset::UTC.to_timestamp(civil).ok()?.as_microsecond())
}

/// Microseconds from a float, refused outside what a calendar can show (NaN included).
pub(crate) fn within_reason(us: f64) -> Option<i64> {
    // 9999-12-31 and the same span before 1970.
    const LIMIT_US: f64 = 253_402_300_800e6;
    (us.abs() < LIMIT_US).then_some(us as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_ways_in_which_files_write_times() {
        let origin = 1_267_252_454_000_000;
        for text in [
            "2010-02-27T06:34:14Z",
            "2010-02-27 06:34:14",
            "2010/02/27 06:34:14",
            "2010-02-27T03:34:14-03:00",
            "2010-02-27 06:34:14.000",
            "1267252454",
            "1267252454.0",
            "1267252454000",
            "1267252454000000",
        ] {
            assert_eq!(parse(text), Some(origin), "{text}");
        }
        assert_eq!(parse("2010-02-27 06:34"), Some(origin - 14_000_000));
        assert_eq!(parse("0"), Some(0));
        assert_eq!(utc(2010, 2, 27, 6, 34, 14), Some(origin));
        for text in [
            "",
            "x",
            "2010-02-30 00:00:00",
            "NaN",
            "inf",
            "1e300",
            "06:34",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(utc(2010, 2, 29, 0, 0, 0), None);
        assert_eq!(utc(2010, 2, 27, 6, 34, 60), None);
    }
}
