//! Spans of time as people write them: `"15m"`, `"2h"`, `"250ms"`, `"1h30m"`, `"1.5s"`.
//!
//! Use as `#[serde(with = "settings::duration")]` on a [`std::time::Duration`], and
//! `#[serde(default, with = "settings::duration::option")]` on an optional one. A bare number is refused: its unit
//! would be a guess. Written out, a span takes the largest units that hold it exactly.

use serde::{Deserializer, Serializer, de};
use std::fmt;
use std::time::Duration;

/// Units with their length in microseconds, longest first.
const UNITS: [(&str, u64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// Why text is not a span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a span of time; write for instance {example}, with units d, h, m, s, ms, us"
)]
pub struct NotADuration {
    text: String,
    example: &'static str,
}

impl NotADuration {
    pub(crate) fn new(text: &str, example: &'static str) -> Self {
        Self {
            text: text.chars().take(60).collect(),
            example,
        }
    }
}

/// Reads a span of time; whole microseconds.
///
/// # Errors
/// [`NotADuration`]: no unit, an unknown one, units out of order, a sign, or more than 292,000 years.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    micros(text)
        .map(Duration::from_micros)
        .ok_or_else(|| NotADuration::new(text, "\"15m\" or \"1h30m\""))
}

/// Microseconds of an unsigned span, at most `i64::MAX`.
pub(crate) fn micros(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0);
    }
    let mut total_us: u64 = 0;
    let mut last_unit = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let index = UNITS.iter().position(|(name, _)| *name == unit)?;
        // "30m1h" is more likely a slip than a wish, and so is "1h1h".
        if last_unit.is_some_and(|last| last >= index) {
            return None;
        }
        last_unit = Some(index);
        total_us = total_us.checked_add(scaled(number, UNITS[index].1)?)?;
        rest = tail.trim_start();
    }
    (last_unit.is_some() && i64::try_from(total_us).is_ok()).then_some(total_us)
}

/// `number * unit_us`, exactly for whole numbers and rounded for fractions.
fn scaled(number: &str, unit_us: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole_us = whole.parse::<u64>().ok()?.checked_mul(unit_us)?;
    let part: f64 = format!("0.{fraction}").parse().ok()?;
    whole_us.checked_add((part * unit_us as f64).round() as u64)
}

/// Writes a span of time so that [`parse`] gives it back, to the microsecond.
#[must_use]
pub fn format(duration: Duration) -> String {
    let mut rest_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    if rest_us == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (name, unit_us) in UNITS {
        let count = rest_us / unit_us;
        if count > 0 {
            text.push_str(&format!("{count}{name}"));
            rest_us %= unit_us;
        }
    }
    text
}

/// For `#[serde(with = "settings::duration")]`.
///
/// # Errors
/// What the deserializer raises, or text that [`parse`] refuses.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_str(Text)
}

/// For `#[serde(with = "settings::duration")]`.
///
/// # Errors
/// What the serializer raises.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

struct Text;

impl de::Visitor<'_> for Text {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span of time with its unit, such as \"15m\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }
}

/// The same for optional keys; add `default`, so that the key may be absent.
pub mod option {
    use serde::{Deserializer, Serializer};
    use std::time::Duration;

    /// For `#[serde(default, with = "settings::duration::option")]`.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }

    /// For `#[serde(default, with = "settings::duration::option")]`.
    ///
    /// # Errors
    /// What the serializer raises.
    pub fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, us) in [
            ("15m", 900_000_000),
            ("2h", 7_200_000_000),
            ("250ms", 250_000),
            ("1h30m", 5_400_000_000),
            ("1d 2h 3m 4s 5ms 6us", 93_784_005_006),
            ("1.5s", 1_500_000),
            ("0", 0),
            (" 7us ", 7),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_micros(us)), "{text:?}");
        }
        for text in [
            "",
            "15",
            "m",
            "15 m5",
            "-3h",
            "30m1h",
            "1h1h",
            "1.h",
            ".5h",
            "1..2s",
            "1e3s",
            "1y",
            "999999999999d",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for us in [0, 1, 999, 60_000_000, 5_400_000_000, 93_784_005_006] {
            let span = Duration::from_micros(us);
            assert_eq!(parse(&format(span)), Ok(span));
        }
        assert_eq!(format(Duration::from_secs(5400)), "1h30m");
    }
}
