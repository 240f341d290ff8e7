//! Single values, read as generously as their meaning stays certain.
//!
//! Each function returns the value and whether the standard would have spelled it like that. Nothing is guessed:
//! what could mean two things is `None`.

use jiff::civil::DateTime;

use crate::{Circle, Point, Polygon, Time};

/// A value and whether it was spelled as the standard wants.
pub(super) type Read<T> = Option<(T, bool)>;

/// A time. Understood besides the strict form: `Z`, `UTC` or no offset (UTC is taken), fractions (dropped), no seconds, a
/// blank for `T`, offsets `+hhmm` and `+hh`, second 60 (read as 59), hour 24.
pub(super) fn time(text: &str) -> Read<Time> {
    if let Some(time) = Time::parse(text) {
        return Some((time, true));
    }
    let text = text.trim();
    if let Some(time) = Time::parse(text) {
        return Some((time, false));
    }
    let (date, clock) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let (year, month, day) = (
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    let clock = clock.strip_prefix(['T', 't', ' '])?;
    let zone_at = clock
        .find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'))
        .unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    let whole = clock
        .split_once('.')
        .map_or(Some(clock), |(whole, fraction)| {
            (!fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit())).then_some(whole)
        })?;
    let mut parts = whole.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |part| digits(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let end_of_day = hour == 24 && minute == 0 && second == 0;
    let hour = if end_of_day { 0 } else { hour };
    let small = |n: i16| i8::try_from(n).ok();
    let second = if second == 60 { 59 } else { second };
    let local = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    )
    .ok()?;
    let local = if end_of_day {
        local.date().tomorrow().ok()?.at(0, 0, 0, 0)
    } else {
        local
    };
    Time::from_local(local, offset(zone.trim())?).map(|time| (time, false))
}

/// Minutes east of UTC; inner `None` for UTC with the local offset unstated.
fn offset(zone: &str) -> Option<Option<i16>> {
    if ["", "Z", "UTC", "GMT"]
        .iter()
        .any(|utc| zone.eq_ignore_ascii_case(utc))
    {
        return Some(None);
    }
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some((hours, minutes)) => (digits(hours, 2)?, digits(minutes, 2)?),
        None if rest.len() == 4 => (digits(rest.get(..2)?, 2)?, digits(rest.get(2..)?, 2)?),
        None => (digits(rest, 2)?, 0),
    };
    let total = hours * 60 + minutes;
    match (minutes < 60, sign, total) {
        (false, ..) => None,
        (true, -1, 0) => Some(None),
        (true, sign, total) => Some(Some(sign * total)),
    }
}

/// A number of one to `most` digits.
fn digits(text: &str, most: usize) -> Option<i16> {
    let fits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// An xs:decimal, exponents understood.
pub(super) fn decimal(text: &str) -> Read<f64> {
    let text = text.trim();
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
    // Keeps out "inf" and "nan", which Rust reads.
    let numeric = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let value: f64 = if numeric {
        text.parse().ok()?
    } else {
        return None;
    };
    value.is_finite().then_some((value, plain))
}

/// `lat,lon lat,lon ...`. Understood besides: blanks and commas in any arrangement, as long as the numbers pair up.
pub(super) fn polygon(text: &str) -> Read<Polygon> {
    let spelled_right = text.split_ascii_whitespace().all(is_pair);
    let numbers = numbers(text)?;
    if numbers.len() < 6 || !numbers.len().is_multiple_of(2) {
        return None;
    }
    let points = numbers
        .chunks_exact(2)
        .map(|pair| Point::new(pair[0], pair[1]))
        .collect();
    Some((Polygon { points }, spelled_right))
}

/// `lat,lon radius`, blanks and commas in any arrangement; a missing radius is zero.
pub(super) fn circle(text: &str) -> Read<Circle> {
    let mut words = text.split_ascii_whitespace();
    let spelled_right = words.next().is_some_and(is_pair)
        && words
            .next()
            .and_then(decimal)
            .is_some_and(|(_, plain)| plain)
        && words.next().is_none();
    match numbers(text)?[..] {
        [lat, lon, radius] => Some((Circle::new(Point::new(lat, lon), radius), spelled_right)),
        [lat, lon] => Some((Circle::new(Point::new(lat, lon), 0.0), false)),
        _ => None,
    }
}

fn is_pair(word: &str) -> bool {
    let plain = |number: &str| decimal(number).is_some_and(|(_, plain)| plain);
    word.split_once(',')
        .is_some_and(|(lat, lon)| plain(lat) && plain(lon))
}

fn numbers(text: &str) -> Option<Vec<f64>> {
    text.split(|c: char| c.is_ascii_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .map(|word| decimal(word).map(|(value, _)| value))
        .collect()
}

/// The entries of a list separated by blanks, with `"quoted ones"` that contain blanks. False if a quotation mark is
/// missing or stands inside an entry.
pub(super) fn list(text: &str) -> (Vec<String>, bool) {
    let mut entries = Vec::new();
    let mut spelled_right = true;
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        let entry;
        (entry, rest) = match rest.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some((entry, behind)) => {
                    spelled_right &=
                        behind.is_empty() || behind.starts_with(|c: char| c.is_ascii_whitespace());
                    (entry, behind)
                }
                None => {
                    spelled_right = false;
                    (quoted, "")
                }
            },
            None => {
                let end = rest
                    .find(|c: char| c.is_ascii_whitespace())
                    .unwrap_or(rest.len());
                rest.split_at(end)
            }
        };
        spelled_right &= !entry.is_empty();
        if !entry.is_empty() {
            entries.push(entry.to_owned());
        }
        rest = rest.trim_ascii_start();
    }
    (entries, spelled_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_people_write() {
        let read = |text| time(text).map(|(time, strict)| (time.to_string(), strict));
        let is = |text: &str, strict| Some((text.to_owned(), strict));
        assert_eq!(
            read("2010-02-27T06:34:14-00:00"),
            is("2010-02-27T06:34:14-00:00", true)
        );
        for loose in [
            "2010-02-27T06:34:14Z",
            "2010-02-27t06:34:14z",
            " 2010-02-27T06:34:14-00:00\n",
            "2010-02-27 06:34:14 UTC",
            "2010-02-27T06:34:14.999Z",
            "2010-02-27T06:34:14",
            "2010-02-27T06:34:14-0000",
        ] {
            assert_eq!(
                read(loose),
                is("2010-02-27T06:34:14-00:00", false),
                "{loose}"
            );
        }
        assert_eq!(
            read("2010-02-27T06:34-03"),
            is("2010-02-27T06:34:00-03:00", false)
        );
        assert_eq!(
            read("2016-12-31T23:59:60Z"),
            is("2016-12-31T23:59:59-00:00", false)
        );
        assert_eq!(
            read("2016-12-31T24:00:00+05:30"),
            is("2017-01-01T00:00:00+05:30", false)
        );
        for nonsense in [
            "",
            "now",
            "2010-02-30T00:00:00Z",
            "2010-02-27",
            "27/02/2010 06:34",
            "2010-02-27T25:00Z",
            "2010-02-27T06:34:14+99:99",
        ] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn outlines_that_people_write() {
        let corner =
            |text, n: usize| polygon(text).map(|(p, strict)| (p.points[n], p.points.len(), strict));
        assert_eq!(
            corner("1,2 3,4 5,6 1,2", 2),
            Some((Point::new(5.0, 6.0), 4, true))
        );
        assert_eq!(
            corner("+1.5,-2 3,4, 5,6\n1.5,-2", 0),
            Some((Point::new(1.5, -2.0), 4, false))
        );
        assert_eq!(
            corner("1, 2 3, 4 5, 6 1, 2", 1),
            Some((Point::new(3.0, 4.0), 4, false))
        );
        for nonsense in [
            "",
            "1,2 3,4",
            "1,2 3,4 5,6 7",
            "1,2 3,nan 5,6 1,2",
            "a,b c,d e,f a,b",
        ] {
            assert_eq!(polygon(nonsense), None, "{nonsense}");
        }
        assert!(matches!(circle("52.81,-171.341 0.0"), Some((_, true))));
        assert!(matches!(circle("52.81,-171.341"), Some((_, false))));
        assert!(matches!(circle("52.81, -171.341, 5"), Some((_, false))));
        assert_eq!(circle("52.81"), None);
    }

    #[test]
    fn lists_with_quotes() {
        let is = |entries: &[&str], right| {
            (
                entries.iter().map(|&e| e.to_owned()).collect::<Vec<_>>(),
                right,
            )
        };
        assert_eq!(list(" a \"b c\"\nd "), is(&["a", "b c", "d"], true));
        assert_eq!(list("\"open end"), is(&["open end"], false));
        assert_eq!(list("\"a\"b"), is(&["a", "b"], false));
        assert_eq!(list("\"\""), is(&[], false));
        assert_eq!(list(""), is(&[], true));
    }
}
