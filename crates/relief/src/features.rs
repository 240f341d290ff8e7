//! GeoJSON as people send it: a collection, one bare feature, a list of features, or `{}` where there is nothing (all four from Sahana);
//! numbers as strings. One feature that cannot be read costs that feature.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::refusal::{ReadError, excerpt};
use crate::sphere::wrap;

/// The features of a document, unparsed, and how many lie beyond `MOST`.
pub(crate) struct Limited<'a, const MOST: usize> {
    pub(crate) kept: Vec<&'a RawValue>,
    pub(crate) beyond: u64,
}

impl<'de: 'a, 'a, const MOST: usize> Deserialize<'de> for Limited<'a, MOST> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct List<const MOST: usize>;
        impl<'de, const MOST: usize> Visitor<'de> for List<MOST> {
            type Value = Limited<'de, MOST>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of features")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut all = Limited {
                    kept: Vec::new(),
                    beyond: 0,
                };
                while let Some(raw) = seq.next_element::<&'de RawValue>()? {
                    if all.kept.len() < MOST {
                        all.kept.push(raw);
                    } else {
                        all.beyond += 1;
                    }
                }
                Ok(all)
            }
        }
        d.deserialize_seq(List::<MOST>)
    }
}

#[derive(Deserialize)]
struct Document<'a, const MOST: usize> {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    features: Option<Limited<'a, MOST>>,
}

fn malformed(e: &serde_json::Error) -> ReadError {
    ReadError::Malformed {
        format: "JSON",
        what: excerpt(&e.to_string()),
    }
}

/// The features of a GeoJSON document.
pub(crate) fn split<const MOST: usize>(bytes: &[u8]) -> Result<Limited<'_, MOST>, ReadError> {
    let nothing = Limited {
        kept: Vec::new(),
        beyond: 0,
    };
    if bytes
        .iter()
        .find(|b| !b.is_ascii_whitespace())
        .is_some_and(|b| *b == b'[')
    {
        return serde_json::from_slice(bytes).map_err(|e| malformed(&e));
    }
    let document: Document<'_, MOST> = serde_json::from_slice(bytes).map_err(|e| malformed(&e))?;
    match (document.kind.as_deref(), document.features) {
        (Some("FeatureCollection") | None, Some(features)) => Ok(features),
        (Some("Feature"), _) => {
            let whole = serde_json::from_slice(bytes).map_err(|e| malformed(&e))?;
            Ok(Limited {
                kept: vec![whole],
                beyond: 0,
            })
        }
        // `{}`: Sahana has no record.
        (None, None) if is_empty_object(bytes) => Ok(nothing),
        (kind, _) => Err(ReadError::Other {
            wanted: "GeoJSON features",
            found: match kind {
                Some(kind) => format!("an object of type \"{}\"", excerpt(kind)),
                None => "an object without `features`".to_owned(),
            },
        }),
    }
}

fn is_empty_object(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .filter(|b| !b.is_ascii_whitespace())
        .eq(b"{}".iter())
}

/// A feature whose parts have not been looked at.
#[derive(Deserialize)]
struct Raw {
    id: Option<Value>,
    geometry: Option<Value>,
    properties: Option<serde_json::Map<String, Value>>,
}

/// A feature.
pub(crate) struct Feature {
    id: Option<Value>,
    geometry: Option<Value>,
    /// By name in lower case.
    properties: BTreeMap<String, Value>,
}

impl Feature {
    pub(crate) fn parse(raw: &RawValue) -> Result<Self, String> {
        if !raw.get().trim_start().starts_with('{') {
            return Err("no object".to_owned());
        }
        let raw: Raw = serde_json::from_str(raw.get()).map_err(|e| e.to_string())?;
        Ok(Self {
            id: raw.id,
            geometry: raw.geometry,
            properties: raw
                .properties
                .unwrap_or_default()
                .into_iter()
                .map(|(k, v)| (k.to_lowercase(), v))
                .collect(),
        })
    }

    /// The first of the named properties that has a text or a number, as text.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| words(self.properties.get(*name)?))
    }

    /// The feature's own id.
    pub(crate) fn id(&self) -> Option<String> {
        words(self.id.as_ref()?)
    }

    /// Its geometry: the type's name and the coordinates.
    pub(crate) fn geometry(&self) -> Option<(&str, &Value)> {
        let geometry = self.geometry.as_ref()?;
        Some((
            geometry.get("type")?.as_str()?,
            geometry.get("coordinates")?,
        ))
    }
}

/// A text or a number as text; `None` for what is empty or neither, such as the `{}` that Sahana writes for a missing id.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A number, also one in quotes.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|n| n.is_finite())
}

/// `[lat, lon]` of a GeoJSON position.
pub(crate) fn position(value: &Value) -> Result<[f64; 2], String> {
    let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let [lon, lat, ..] = parts else {
        return Err("no [lon, lat]".to_owned());
    };
    let (Some(lon), Some(lat)) = (number(lon), number(lat)) else {
        return Err("[lon, lat] are no numbers".to_owned());
    };
    place_on_earth(lat, lon)
}

/// `[lat, lon]`, the longitude between -180 and 180.
pub(crate) fn place_on_earth(lat: f64, lon: f64) -> Result<[f64; 2], String> {
    if (-90.0..=90.0).contains(&lat) && (-180.0..=360.0).contains(&lon) {
        Ok([lat, wrap(lon)])
    } else {
        Err(format!("lat {lat} lon {lon} is no place on Earth"))
    }
}

/// The positions of a line, in order.
pub(crate) fn line(value: &Value, most: usize) -> Result<Vec<[f64; 2]>, String> {
    let points = value
        .as_array()
        .ok_or_else(|| "no list of positions".to_owned())?;
    if points.len() > most {
        return Err(format!("{} points: at most {most}", points.len()));
    }
    points.iter().map(position).collect()
}
