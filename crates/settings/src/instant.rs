//! Instants as `i64` microseconds since the Unix epoch: an RFC 3339 text or a TOML date-time with an offset.
//!
//! Use as `#[serde(with = "settings::instant")]`, and `#[serde(default, with = "settings::instant::option")]` for an
//! optional key. A time without an offset is refused: nobody can tell later which zone was meant.

use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize as _, Deserializer, Serializer, de};
use std::fmt;

/// For `#[serde(with = "settings::instant")]`.
///
/// # Errors
/// What the deserializer raises, or a time that is not RFC 3339 with an offset.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_any(Instant)
}

/// For `#[serde(with = "settings::instant")]`.
///
/// # Errors
/// What the serializer raises.
pub fn serialize<S: Serializer>(us: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&clock::format_utc(*us))
}

struct Instant;

impl<'de> de::Visitor<'de> for Instant {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time with its offset, such as 2010-02-27T06:34:14Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        clock::parse_utc(text).map_err(E::custom)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<i64, A::Error> {
        let written = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))?;
        clock::parse_utc(&written.to_string()).map_err(de::Error::custom)
    }
}

/// The same for optional keys; add `default`, so that the key may be absent.
pub mod option {
    use serde::{Deserializer, Serializer};

    /// For `#[serde(default, with = "settings::instant::option")]`.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<i64>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }

    /// For `#[serde(default, with = "settings::instant::option")]`.
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
