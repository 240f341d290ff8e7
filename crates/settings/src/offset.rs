//! Signed spans of time, such as `"-3h"` or `"+20h"` relative to an earthquake, as `i64` microseconds.
//!
//! Use as `#[serde(with = "settings::offset")]`, and `#[serde(default, with = "settings::offset::option")]` for an
//! optional key. The units are those of [`crate::duration`].

use crate::duration::{self, NotADuration};
use serde::{Deserializer, Serializer, de};
use std::fmt;

/// Reads a span with an optional sign; microseconds.
///
/// # Errors
/// [`NotADuration`], as for [`duration::parse`].
pub fn parse(text: &str) -> Result<i64, NotADuration> {
    let trimmed = text.trim();
    let (sign, span) = match trimmed.as_bytes().first() {
        Some(b'-') => (-1, &trimmed[1..]),
        Some(b'+') => (1, &trimmed[1..]),
        _ => (1, trimmed),
    };
    duration::micros(span)
        .and_then(|us| i64::try_from(us).ok())
        .map(|us| sign * us)
        .ok_or_else(|| NotADuration::new(text, "\"-3h\" or \"+20h\""))
}

/// Writes a span with its sign so that [`parse`] gives it back.
#[must_use]
pub fn format(us: i64) -> String {
    let span = duration::format(std::time::Duration::from_micros(us.unsigned_abs()));
    format!("{}{span}", if us < 0 { '-' } else { '+' })
}

/// For `#[serde(with = "settings::offset")]`.
///
/// # Errors
/// What the deserializer raises, or text that [`parse`] refuses.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_str(Text)
}

/// For `#[serde(with = "settings::offset")]`.
///
/// # Errors
/// What the serializer raises.
pub fn serialize<S: Serializer>(us: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*us))
}

struct Text;

impl de::Visitor<'_> for Text {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span of time with its unit, such as \"-3h\" or \"+20h\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        parse(text).map_err(E::custom)
    }
}

/// The same for optional keys; add `default`, so that the key may be absent.
pub mod option {
    use serde::{Deserializer, Serializer};

    /// For `#[serde(default, with = "settings::offset::option")]`.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<i64>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }

    /// For `#[serde(default, with = "settings::offset::option")]`.
    ///
    /// # Errors
    /// What the serializer raises.
    pub fn serialize<S: Serializer>(us: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        match us {
            Some(us) => super::serialize(us, serializer),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_count() {
        assert_eq!(parse("-3h"), Ok(-10_800_000_000));
        assert_eq!(parse("+20h"), Ok(72_000_000_000));
        assert_eq!(parse("5m"), Ok(300_000_000));
        for text in ["", "-", "+-3h", "--3h", "3", "é"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert_eq!(format(-10_800_000_000), "-3h");
        assert_eq!(parse(&format(5_400_000_001)), Ok(5_400_000_001));
    }
}
