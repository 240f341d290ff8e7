//! Stations as GeoJSON points.

use serde_json::Value;

use super::Draft;
use super::table::Column;
use crate::problem::Problem;

pub(crate) fn read(text: &str) -> Result<Vec<Draft>, Problem> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| Problem::line(e.line(), e.to_string()))?;
    let one = std::slice::from_ref(&value);
    let features = match value.get("type").and_then(Value::as_str) {
        Some("Feature") => one,
        Some("FeatureCollection") => value
            .get("features")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice),
        _ => {
            return Err(Problem::malformed(
                "is JSON, but neither a Feature nor a FeatureCollection",
            ));
        }
    };
    features
        .iter()
        .enumerate()
        .map(|(k, feature)| draft(feature, k + 1))
        .collect()
}

fn draft(feature: &Value, number: usize) -> Result<Draft, Problem> {
    let mut draft = Draft {
        place: format!("feature {number}"),
        ..Draft::default()
    };
    let geometry = feature.get("geometry");
    let kind = geometry.and_then(|g| g.get("type")).and_then(Value::as_str);
    let coordinates = geometry
        .and_then(|g| g.get("coordinates"))
        .and_then(Value::as_array);
    let (Some("Point"), Some(coordinates)) = (kind, coordinates) else {
        return Err(Problem::malformed(format!(
            "feature {number}: a station is a Point with coordinates"
        )));
    };
    if let Some(id) = feature.get("id").and_then(as_text) {
        draft.set(Column::Id, &id);
    }
    for (name, value) in feature
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let known = Column::of(name).filter(|c| !matches!(c, Column::Lat | Column::Lon));
        if let (Some(column), Some(text)) = (known, as_text(value))
            && !(column == Column::Id && draft.id.is_some())
        {
            draft.set(column, &text);
        }
    }
    if draft.id.is_none() {
        draft.id.clone_from(&draft.name);
    }
    for (column, value) in [Column::Lon, Column::Lat].into_iter().zip(coordinates) {
        if let Some(text) = as_text(value) {
            draft.set(column, &text);
        }
    }
    Ok(draft)
}

/// A text, a number or a truth as text; coordinates come as texts from some servers.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
