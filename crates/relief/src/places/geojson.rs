//! Places in GeoJSON (RFC 7946), and in what Sahana and others make of it.

use geo::Centroid;
use serde_json::Value;

use super::build::Draft;
use super::{Collector, Found, Source};
use crate::MAX_PLACES;
use crate::features::{self, Feature};
use crate::refusal::{ReadError, check_size};

/// Most points of one outline.
const OUTLINE: usize = 100_000;

/// Reads places from GeoJSON: a `FeatureCollection`, one bare `Feature`, a list of features, or `{}` for none. Outlines and lines stand for
/// their centroid. Names of properties are read without regard to case:
/// `uuid`, `id`, `@id`, `osm_id`; `kind`, `type`, `amenity`, `category`; `name`; `capacity`; `occupancy`; `population`, `pop`; `status`; `updated`,
/// `modified_on`, `timestamp`; `lat` and `lon` where there is no geometry.
///
/// # Errors
/// [`ReadError`] when it is too large, no JSON, or no features; a single feature that cannot be read is refused in [`Found`].
pub fn read_geojson(bytes: &[u8], source: &Source) -> Result<Found, ReadError> {
    let bytes = check_size(bytes)?;
    let all = features::split::<MAX_PLACES>(bytes)?;
    let mut collector = Collector::new(source);
    for (n, raw) in all.kept.iter().enumerate() {
        let at = || format!("feature {}", n + 1);
        match Feature::parse(raw) {
            Ok(feature) => collector.take(at, draft(&feature)),
            Err(why) => collector.found.refused.add(at, "feature", why),
        }
    }
    collector.found.refused.add_many(
        "the end",
        "too_many",
        "more features than are read",
        all.beyond,
    );
    Ok(collector.found)
}

fn draft(feature: &Feature) -> Draft {
    let mut draft = Draft {
        id: feature
            .text(&["uuid", "id", "@id", "osm_id"])
            .or_else(|| feature.id()),
        kind: feature.text(&["kind", "type", "amenity", "category"]),
        name: feature.text(&["name", "title"]),
        at: None,
        capacity: feature.text(&["capacity"]),
        blocked: feature.text(&["blocked_capacity"]),
        occupancy: feature.text(&["occupancy"]),
        population: feature.text(&["population", "pop"]),
        status: feature.text(&["status"]),
        updated: feature.text(&["updated", "modified_on", "timestamp"]),
    };
    match feature.geometry() {
        Some((kind, coordinates)) => draft.at = Some(middle(kind, coordinates)),
        None => {
            let lat = feature.text(&["lat", "latitude"]);
            let lon = feature.text(&["lon", "lng", "longitude"]);
            draft.place(lat.as_deref(), lon.as_deref());
        }
    }
    draft
}

/// The place that a geometry stands for, `[lat, lon]`.
fn middle(kind: &str, coordinates: &Value) -> Result<[f64; 2], String> {
    let line = |value: &Value| -> Result<geo::LineString<f64>, String> {
        let points = features::line(value, OUTLINE)?;
        Ok(points.iter().map(|[lat, lon]| (*lon, *lat)).collect())
    };
    let list = |value: &Value| -> Result<Vec<Value>, String> {
        value
            .as_array()
            .filter(|all| all.len() <= 1_000)
            .cloned()
            .ok_or_else(|| "no list, or one of more than 1000 parts".to_owned())
    };
    let polygon = |value: &Value| -> Result<geo::Polygon<f64>, String> {
        let mut rings = list(value)?
            .iter()
            .map(line)
            .collect::<Result<Vec<_>, _>>()?;
        if rings.is_empty() {
            return Err("an outline without a ring".to_owned());
        }
        let outer = rings.remove(0);
        Ok(geo::Polygon::new(outer, rings))
    };
    let centre = match kind {
        "Point" => return features::position(coordinates),
        "LineString" | "MultiPoint" => line(coordinates)?.centroid(),
        "MultiLineString" => {
            let lines = list(coordinates)?
                .iter()
                .map(line)
                .collect::<Result<_, _>>()?;
            geo::MultiLineString::new(lines).centroid()
        }
        "Polygon" => polygon(coordinates)?.centroid(),
        "MultiPolygon" => {
            let all = list(coordinates)?
                .iter()
                .map(polygon)
                .collect::<Result<_, _>>()?;
            geo::MultiPolygon::new(all).centroid()
        }
        other => return Err(format!("a geometry of type \"{other}\" is not read")),
    };
    let centre = centre.ok_or_else(|| "an empty geometry".to_owned())?;
    features::place_on_earth(centre.y(), centre.x())
}
