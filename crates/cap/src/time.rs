//! Instants as CAP writes them: whole seconds with a numeric offset, never `Z`.
//!
//! The schema demands `YYYY-MM-DDThh:mm:ss[+-]hh:mm`, and consumers compare `references` as text. So a [`Time`]
//! is an instant plus the offset it is written with: what was read with `+10:00` is referred to with `+10:00`.
//! Times made here are UTC, written `-00:00` ("UTC, local offset unstated", RFC 3339 section 4.3).
//!
//! Reading other spellings (`Z`, fractions, no seconds) is the lenient reader's business.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Microseconds in a second.
const SECOND_US: i64 = 1_000_000;
/// 0001-01-01T00:00:00 UTC: XML Schema 1.0 has no year 0000.
const FIRST_S: i64 = -62_135_596_800;
/// 9999-12-30T22:00:00 UTC: the last instant that both jiff and a four-digit year hold in every offset.
const LAST_S: i64 = 253_402_207_200;
/// Widest offset of xs:dateTime.
const OFFSET_MINUTES_MAX: i16 = 14 * 60;

/// An instant in whole seconds and the offset it is written with.
///
/// Two times are equal if instant *and* offset are; [`Time::us`] compares instants. Ordered by instant first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    seconds: i64,
    /// `None`: UTC with the local offset unstated, written `-00:00`.
    offset_minutes: Option<i16>,
}

impl Time {
    /// The instant `us` microseconds after the Unix epoch, UTC, rounded down to the second, written `-00:00`.
    ///
    /// Instants outside the years 1 to 9999 are kept at the nearest end of that range.
    pub const fn from_us(us: i64) -> Self {
        let seconds = us.div_euclid(SECOND_US);
        let seconds = if seconds < FIRST_S { FIRST_S } else { seconds };
        let seconds = if seconds > LAST_S { LAST_S } else { seconds };
        Self {
            seconds,
            offset_minutes: None,
        }
    }

    /// The same instant, written with an offset of `minutes` east of UTC; `None` for more than 14 hours, or when
    /// the local year would leave 1 to 9999.
    pub fn with_offset_minutes(self, minutes: i16) -> Option<Self> {
        let local_s = self.seconds + i64::from(minutes) * 60;
        (minutes.abs() <= OFFSET_MINUTES_MAX && (FIRST_S..=LAST_S).contains(&local_s)).then_some(
            Self {
                offset_minutes: Some(minutes),
                ..self
            },
        )
    }

    /// Microseconds since the Unix epoch, UTC.
    pub const fn us(self) -> i64 {
        self.seconds * SECOND_US
    }

    /// Minutes east of UTC that the time is written with; `None` for `-00:00`.
    pub const fn offset_minutes(self) -> Option<i16> {
        self.offset_minutes
    }

    /// Reads the strict form and nothing else; `None` for anything that the schema refuses.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |range: std::ops::Range<usize>| -> Option<i16> {
            let part = text.get(range)?;
            part.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| part.parse().ok())?
        };
        let bytes = text.as_bytes();
        let marks = [
            (4, b'-'),
            (7, b'-'),
            (10, b'T'),
            (13, b':'),
            (16, b':'),
            (22, b':'),
        ];
        if bytes.len() != 25 || marks.iter().any(|&(at, mark)| bytes[at] != mark) {
            return None;
        }
        let small = |range| digits(range).and_then(|n| i8::try_from(n).ok());
        let local = DateTime::new(
            digits(0..4)?,
            small(5..7)?,
            small(8..10)?,
            small(11..13)?,
            small(14..16)?,
            small(17..19)?,
            0,
        )
        .ok()?;
        let (hours, minutes) = (digits(20..22)?, digits(23..25)?);
        if minutes > 59 {
            return None;
        }
        let minutes = hours * 60 + minutes;
        match bytes[19] {
            b'+' => Self::from_local(local, Some(minutes)),
            b'-' if minutes == 0 => Self::from_local(local, None),
            b'-' => Self::from_local(local, Some(-minutes)),
            _ => None,
        }
    }

    /// A civil time at an offset, its fraction of a second dropped.
    pub(crate) fn from_local(local: DateTime, offset_minutes: Option<i16>) -> Option<Self> {
        let utc = Offset::UTC.to_timestamp(local).ok()?.as_second();
        let utc = utc - i64::from(offset_minutes.unwrap_or(0)) * 60;
        if !(FIRST_S..=LAST_S).contains(&utc) {
            return None;
        }
        let time = Self {
            seconds: utc,
            offset_minutes: None,
        };
        match offset_minutes {
            None => Some(time),
            Some(minutes) => time.with_offset_minutes(minutes),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.offset_minutes.unwrap_or(0);
        let local_s = self.seconds + i64::from(minutes) * 60;
        // The constructors keep the local second in range, so the epoch never shows.
        let local = Offset::UTC
            .to_datetime(Timestamp::from_second(local_s).unwrap_or(Timestamp::UNIX_EPOCH));
        let sign = if self.offset_minutes.is_some_and(|m| m >= 0) {
            '+'
        } else {
            '-'
        };
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
            minutes.abs() / 60,
            minutes.abs() % 60
        )
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_is_written_without_z() {
        assert_eq!(
            Time::from_us(1_267_252_454_999_999).to_string(),
            "2010-02-27T06:34:14-00:00"
        );
        assert_eq!(Time::from_us(-1).to_string(), "1969-12-31T23:59:59-00:00");
        assert_eq!(
            Time::from_us(i64::MIN).to_string(),
            "0001-01-01T00:00:00-00:00"
        );
        assert_eq!(
            Time::from_us(i64::MAX).to_string(),
            "9999-12-30T22:00:00-00:00"
        );
    }

    #[test]
    fn the_offset_survives() {
        for text in [
            "2011-10-05T23:04:00+10:00",
            "2011-10-05T23:04:00-03:30",
            "2012-02-29T00:00:00+00:00",
        ] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        let east = Time::parse("2011-10-05T23:04:00+10:00").unwrap();
        assert_eq!(
            east.us(),
            Time::parse("2011-10-05T13:04:00-00:00").unwrap().us()
        );
        assert_eq!(east.offset_minutes(), Some(600));
    }

    #[test]
    fn only_the_schema_form_is_strict() {
        for text in [
            "2011-10-05T23:04:00Z",
            "2011-10-05T23:04:00.5-00:00",
            "2011-10-05 23:04:00-00:00",
            "2011-02-29T23:04:00-00:00",
            "2011-10-05T24:00:00-00:00",
            "2011-10-05T23:04:00-14:01",
            "2011-10-05T23:04:00,00:00",
            "0000-10-05T23:04:00-00:00",
            "2011-10-05T23:04:00+1\u{e9}:0",
            "+011-10-05T23:04:00-00:00",
            "",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }
}
