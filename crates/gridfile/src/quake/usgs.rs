//! Earthquakes from USGS GeoJSON: one Feature (the detail feed) or a FeatureCollection (the summary feeds).
//!
//! Format: <https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson.php>. `mag`, `time` (milliseconds since 1970), `status` and the
//! coordinates (longitude, latitude, depth in km) are read; a deleted solution says so in `status`. A detail feed holds products as well:
//! of its moment tensors and focal mechanisms the first one (the preferred one) gives the nodal planes.

use ocean::Quake;
use serde_json::Value;

use super::{Earthquake, Plane};

/// Largest document, bytes. A week of all earthquakes is 1.2 MB.
pub const MAX_DOCUMENT: usize = 8 * 1024 * 1024;

/// Most features looked at in one document.
const MAX_FEATURES: usize = 20_000;

/// Why a document, or a feature in it, was refused; `reason` is a counter's label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {what}")]
pub struct Refusal {
    /// Stable word.
    pub reason: &'static str,
    /// What, where and what to do.
    pub what: String,
}

/// One solution.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Where, when, how big.
    pub quake: Quake,
    /// The agency's words, such as `offshore Bio-Bio, Chile`.
    pub place: String,
    /// The agency took it back.
    pub deleted: bool,
    /// When the agency last changed it, microseconds since the Unix epoch, if it says so.
    pub updated_us: Option<i64>,
}

/// What a document held.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// The readable solutions.
    pub solutions: Vec<Solution>,
    /// The nodal planes of each of them, the preferred mechanism's, first plane first; empty where there are none.
    pub planes: Vec<Vec<Plane>>,
    /// The magnitude's type of each of them, where given.
    pub magnitude_types: Vec<Option<String>>,
    /// Why others were not readable.
    pub refused: Vec<Refusal>,
}

/// Reads a document of at most [`MAX_DOCUMENT`] bytes.
///
/// # Errors
/// [`Refusal`] when it is no GeoJSON of this shape at all. Single features that cannot be read are in [`Document::refused`]: one bad
/// feature must not hide a great earthquake beside it.
pub fn read(payload: &[u8]) -> Result<Document, Refusal> {
    if payload.len() > MAX_DOCUMENT {
        return Err(Refusal {
            reason: "too_large",
            what: format!("{} bytes; the limit is {MAX_DOCUMENT}", payload.len()),
        });
    }
    parse(payload)
}

/// The earthquakes of a file that were not taken back, and why others were not readable.
pub(crate) fn earthquakes(bytes: &[u8]) -> Result<(Vec<Earthquake>, Vec<String>), Refusal> {
    let document = parse(bytes)?;
    let mut refused: Vec<String> = document.refused.into_iter().map(|r| r.what).collect();
    let mut quakes = Vec::new();
    let details = document.planes.into_iter().zip(document.magnitude_types);
    for (solution, (planes, magnitude_type)) in document.solutions.into_iter().zip(details) {
        if solution.deleted {
            refused.push(format!("{}: the agency took it back", solution.quake.id));
            continue;
        }
        quakes.push(Earthquake {
            quake: solution.quake,
            planes,
            place: solution.place,
            magnitude_type,
            updated_us: solution.updated_us,
        });
    }
    Ok((quakes, refused))
}

fn parse(payload: &[u8]) -> Result<Document, Refusal> {
    let refused = |reason, what: String| Refusal { reason, what };
    let value: Value =
        serde_json::from_slice(payload).map_err(|e| refused("json_syntax", e.to_string()))?;
    let mut document = Document::default();
    match value.get("type").and_then(Value::as_str) {
        Some("Feature") => document.take(&value, 0),
        Some("FeatureCollection") => {
            let Some(features) = value.get("features").and_then(Value::as_array) else {
                return Err(refused(
                    "geojson_shape",
                    "a FeatureCollection without `features`".to_owned(),
                ));
            };
            if features.len() > MAX_FEATURES {
                return Err(refused(
                    "too_large",
                    format!("{} features; the limit is {MAX_FEATURES}", features.len()),
                ));
            }
            for (i, feature) in features.iter().enumerate() {
                document.take(feature, i);
            }
        }
        _ => {
            return Err(refused(
                "geojson_shape",
                "neither a Feature nor a FeatureCollection".to_owned(),
            ));
        }
    }
    Ok(document)
}

impl Document {
    fn take(&mut self, feature: &Value, i: usize) {
        match solution(feature) {
            Ok(solution) => {
                self.solutions.push(solution);
                self.planes.push(planes(feature));
                let kind = feature.get("properties").and_then(|p| p.get("magType"));
                self.magnitude_types
                    .push(kind.and_then(Value::as_str).map(super::words));
            }
            Err(what) => self.refused.push(Refusal {
                reason: "quake_feature",
                what: format!("feature {i}: {what}"),
            }),
        }
    }
}

fn solution(feature: &Value) -> Result<Solution, String> {
    let properties = feature.get("properties").ok_or("no `properties`")?;
    let id = feature.get("id").and_then(Value::as_str).ok_or("no `id`")?;
    let id: String = id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(48)
        .collect();
    if !wire::topic::is_id(&id) {
        return Err("`id` is empty".to_owned());
    }
    let number = |v: Option<&Value>, what: &str| {
        v.and_then(Value::as_f64)
            .filter(|x| x.is_finite())
            .ok_or(format!("no number `{what}`"))
    };
    let deleted = properties.get("status").and_then(Value::as_str) == Some("deleted");
    let coordinates = feature
        .get("geometry")
        .and_then(|g| g.get("coordinates"))
        .and_then(Value::as_array);
    let at = |k: usize| coordinates.and_then(|c| c.get(k));
    let lon = number(at(0), "coordinates[0]")?;
    let lat = number(at(1), "coordinates[1]")?;
    // Some preliminary solutions carry no depth.
    let depth_km = at(2)
        .and_then(Value::as_f64)
        .unwrap_or(super::ASSUMED_DEPTH_KM);
    if !(-90.0..=90.0).contains(&lat)
        || !(-180.0..=360.0).contains(&lon)
        || !(-10.0..=800.0).contains(&depth_km)
    {
        return Err(format!(
            "lat {lat} lon {lon} depth {depth_km} km is no place on Earth"
        ));
    }
    let magnitude = number(properties.get("mag"), "mag")?;
    if !(-2.0..=10.0).contains(&magnitude) {
        return Err(format!("magnitude {magnitude} is not possible"));
    }
    let time_ms = number(properties.get("time"), "time")?;
    if time_ms.abs() > 7.3e12 {
        return Err(format!("time {time_ms} ms is beyond the year 2200"));
    }
    let place = properties
        .get("place")
        .and_then(Value::as_str)
        .unwrap_or("");
    Ok(Solution {
        quake: Quake {
            id,
            magnitude,
            lat,
            lon,
            depth_km,
            origin_us: (time_ms * 1e3) as i64,
        },
        place: place
            .chars()
            .filter(|c| !c.is_control())
            .take(120)
            .collect(),
        deleted,
        updated_us: properties
            .get("updated")
            .and_then(Value::as_f64)
            .filter(|t| t.abs() < 7.3e12)
            .map(|t| (t * 1e3) as i64),
    })
}

/// The nodal planes of the preferred mechanism: the first moment tensor that has them, else the first focal mechanism.
fn planes(feature: &Value) -> Vec<Plane> {
    let products = feature.get("properties").and_then(|p| p.get("products"));
    let of = |kind: &str| products.and_then(|p| p.get(kind)).and_then(Value::as_array);
    let all = [of("moment-tensor"), of("focal-mechanism")];
    let mut mechanisms = all
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|product| product.get("properties"));
    mechanisms.find_map(plane_pair).unwrap_or_default()
}

fn plane_pair(properties: &Value) -> Option<Vec<Plane>> {
    let angle = |plane: u8, name: &str| -> Option<f64> {
        let value = properties.get(format!("nodal-plane-{plane}-{name}"))?;
        // Products hold all their properties as text.
        value
            .as_f64()
            .or_else(|| value.as_str()?.trim().parse().ok())
    };
    let plane = |k: u8| {
        // The first products called the rake a slip.
        let rake = angle(k, "rake").or_else(|| angle(k, "slip"))?;
        Plane::new(angle(k, "strike")?, angle(k, "dip")?, rake)
    };
    let planes: Vec<Plane> = [1, 2].into_iter().filter_map(plane).collect();
    (!planes.is_empty()).then_some(planes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(mag: &str, coordinates: &str) -> String {
        format!(
            r#"{{"type":"Feature","id":"us1000","properties":{{"mag":{mag},"time":1267252454000,"place":"off X","status":"reviewed"}},"geometry":{{"type":"Point","coordinates":{coordinates}}}}}"#
        )
    }

    #[test]
    fn a_feature_and_a_collection() {
        let one = read(feature("8.8", "[-72.9,-36.1,22.9]").as_bytes()).expect("valid");
        assert_eq!(one.solutions[0].quake.magnitude, 8.8);
        assert_eq!(one.solutions[0].quake.origin_us, 1_267_252_454_000_000);
        let many = format!(
            r#"{{"type":"FeatureCollection","features":[{},{},{}]}}"#,
            feature("null", "[0,0,1]"),
            feature("5", "[0,95,1]"),
            feature("7", "[0,5]")
        );
        let many = read(many.as_bytes()).expect("valid");
        assert_eq!(
            (many.solutions.len(), many.refused.len()),
            (1, 2),
            "one bad feature does not hide another"
        );
        assert_eq!(many.solutions[0].quake.depth_km, 10.0);
    }

    #[test]
    fn no_geojson_is_refused() {
        for (payload, reason) in [
            ("", "json_syntax"),
            ("[]", "geojson_shape"),
            (r#"{"type":"FeatureCollection"}"#, "geojson_shape"),
        ] {
            assert_eq!(
                read(payload.as_bytes()).expect_err("refused").reason,
                reason
            );
        }
    }
}
