//! RFC 3339 text for instants, always UTC.

use crate::Error;
use jiff::Timestamp;

/// RFC 3339 in UTC with `Z`, with as many digits of a second as are needed: `2010-02-27T06:34:14Z`,
/// `2010-02-27T06:34:11.53Z`. An instant outside the years -9999..9999 is written as a number of microseconds,
/// since a log line about a broken time stamp must still be writable. (CAP forbids `Z`: that writer has its own.)
#[must_use]
pub fn format_utc(us: i64) -> String {
    match Timestamp::from_microsecond(us) {
        Ok(instant) => instant.to_string(),
        Err(_) => format!("{us}us"),
    }
}

/// Reads an RFC 3339 instant with `Z` or an offset; microseconds since the epoch, rounded down.
///
/// # Errors
/// [`Error::Instant`], also for a time without offset: guessing a zone is how clocks end up hours apart.
pub fn parse_utc(text: &str) -> Result<i64, Error> {
    let refused = || Error::Instant(text.chars().take(80).collect());
    let instant: Timestamp = text.parse().map_err(|_| refused())?;
    // `as_microsecond` truncates towards zero; flooring keeps order across 1970.
    i64::try_from(instant.as_nanosecond().div_euclid(1000)).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_rfc_3339() {
        assert_eq!(format_utc(1_267_252_454_000_000), "2010-02-27T06:34:14Z");
        assert_eq!(format_utc(1_267_252_451_530_000), "2010-02-27T06:34:11.53Z");
        assert_eq!(format_utc(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(format_utc(i64::MAX), "9223372036854775807us");
    }

    #[test]
    fn parses_offsets_and_refuses_local_times() {
        assert_eq!(parse_utc("2010-02-27T06:34:14Z"), Ok(1_267_252_454_000_000));
        assert_eq!(
            parse_utc("2010-02-27T03:34:14-03:00"),
            Ok(1_267_252_454_000_000)
        );
        assert_eq!(parse_utc("1969-12-31T23:59:59.9999999Z"), Ok(-1));
        for bad in [
            "",
            "2010-02-27",
            "2010-02-27T06:34:14",
            "2010-02-30T00:00:00Z",
            "noon",
        ] {
            assert!(parse_utc(bad).is_err(), "{bad:?}");
        }
    }
}
