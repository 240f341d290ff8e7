//! Road lines in GeoJSON, with OpenStreetMap's tags or plain properties.

use serde_json::Value;

use super::{Cars, Line};
use crate::features::{self, Feature};
use crate::places::short;
use crate::refusal::{ReadError, Refusals, check_size, excerpt};
use crate::{MAX_LINES, MAX_POINTS};

/// What a document told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// The lines, in the document's order.
    pub lines: Vec<Line>,
    /// What was not taken.
    pub refused: Refusals,
}

/// Reads road lines from GeoJSON `LineString` and `MultiLineString` features. Properties, without regard to case:
///
/// | property | meaning |
/// |---|---|
/// | `segment`, `id`, `@id`, `osm_id` | id; made of the end points where there is none |
/// | `name`, `ref` | name |
/// | `speed_kmh`, `maxspeed` | km/h, or `30 mph`; without it people walk unless a traffic station is bound to it |
/// | `oneway` | `yes`, `true`, `1`; `-1`, `reverse`; anything else both ways |
/// | `car`, `motor_vehicle`, `motorcar`; `foot` | `no`, `false`, `0`: not for them |
/// | `highway` | `motorway`, `motorway_link`, `trunk`: no walking unless `foot` says so; `footway`, `path`, `steps`, `pedestrian`, `cycleway`, `bridleway`: no cars |
/// | `bridge` | anything but `no`, `false`, `0` |
/// | `closed`, `access` | `closed` other than `no`, or `access=no`: closed to everything |
///
/// # Errors
/// [`ReadError`] when it is too large, no JSON, or no features; a feature that cannot be read is refused in [`Lines`].
pub fn read(bytes: &[u8]) -> Result<Lines, ReadError> {
    let bytes = check_size(bytes)?;
    let all = features::split::<MAX_LINES>(bytes)?;
    let mut read = Lines::default();
    let mut points = 0;
    for (n, raw) in all.kept.iter().enumerate() {
        let at = || format!("feature {}", n + 1);
        let feature = match Feature::parse(raw) {
            Ok(feature) => feature,
            Err(why) => {
                read.refused.add(at, "feature", why);
                continue;
            }
        };
        match shapes(&feature, MAX_POINTS - points) {
            Err(why) => read.refused.add(at, "geometry", why),
            Ok(shapes) => {
                points += shapes.iter().map(Vec::len).sum::<usize>();
                match line(&feature, &shapes) {
                    Ok(line) => read.lines.extend(shapes.into_iter().map(|points| Line {
                        points,
                        ..line.clone()
                    })),
                    Err(why) => read.refused.add(at, "speed", why),
                }
            }
        }
    }
    read.refused.add_many(
        "the end",
        "too_many",
        "more lines than are read",
        all.beyond,
    );
    Ok(read)
}

fn shapes(feature: &Feature, room: usize) -> Result<Vec<Vec<[f64; 2]>>, String> {
    let Some((kind, coordinates)) = feature.geometry() else {
        return Err("no geometry".to_owned());
    };
    let parts: Vec<&Value> = match kind {
        "LineString" => vec![coordinates],
        "MultiLineString" => coordinates
            .as_array()
            .map(|parts| parts.iter().collect())
            .unwrap_or_default(),
        other => {
            return Err(format!(
                "a geometry of type \"{}\" is no road",
                excerpt(other)
            ));
        }
    };
    let (mut shapes, mut room) = (Vec::new(), room);
    for part in parts {
        let mut points = features::line(part, room)?;
        room -= points.len();
        points.dedup();
        if points.len() < 2 {
            return Err("a line needs two different points".to_owned());
        }
        shapes.push(points);
    }
    if shapes.is_empty() {
        return Err("no line".to_owned());
    }
    Ok(shapes)
}

fn no(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "no" | "false" | "0")
}

fn line(feature: &Feature, shapes: &[Vec<[f64; 2]>]) -> Result<Line, String> {
    let text = |names: &[&str]| feature.text(names);
    let highway = text(&["highway"]).unwrap_or_default();
    let path = matches!(
        highway.as_str(),
        "footway" | "path" | "steps" | "pedestrian" | "cycleway" | "bridleway"
    );
    let fast = matches!(highway.as_str(), "motorway" | "motorway_link" | "trunk");
    let cars = match text(&["car", "motor_vehicle", "motorcar"]) {
        Some(word) => !no(&word),
        None => !path,
    };
    let oneway = text(&["oneway"]).unwrap_or_default().to_lowercase();
    let cars = match (cars, oneway.as_str()) {
        (false, _) => Cars::No,
        (true, "yes" | "true" | "1") => Cars::Forward,
        (true, "-1" | "reverse") => Cars::Backward,
        (true, _) => Cars::Both,
    };
    let id = text(&["segment", "id", "@id", "osm_id"])
        .or_else(|| feature.id())
        .map(|id| short(&id));
    let speed_m_s = match text(&["speed_kmh", "maxspeed"]) {
        Some(text) => speed(&text)?,
        None => None,
    };
    let first = shapes.first().and_then(|s| Some((*s.first()?, *s.last()?)));
    let ends = first.unwrap_or_default();
    Ok(Line {
        id: id.unwrap_or_else(|| {
            let ([a, b], [c, d]) = ends;
            format!("{a:.5},{b:.5}>{c:.5},{d:.5}")
        }),
        name: text(&["name", "ref"])
            .map(|n| short(&n))
            .unwrap_or_default(),
        points: Vec::new(),
        cars,
        foot: match text(&["foot"]) {
            Some(word) => !no(&word),
            None => !fast,
        },
        speed_m_s,
        bridge: text(&["bridge"]).is_some_and(|word| !no(&word)),
        closed: text(&["closed"]).is_some_and(|word| !no(&word))
            || text(&["access"]).is_some_and(|word| no(&word)),
    })
}

/// km/h or mph to m/s. Words such as `none` or `walk` are no speed; a number that no car drives is a mistake.
fn speed(text: &str) -> Result<Option<f64>, String> {
    const KMH: f64 = 1.0 / 3.6;
    const MPH: f64 = 0.44704;
    let text = text.trim().to_lowercase();
    let (number, unit) = match text.strip_suffix("mph") {
        Some(number) => (number, MPH),
        None => (text.strip_suffix("km/h").unwrap_or(&text), KMH),
    };
    match number.trim().parse::<f64>() {
        Err(_) => Ok(None),
        Ok(number) if (0.0..=300.0).contains(&number) => {
            Ok(Some(number * unit).filter(|s| *s > 0.0))
        }
        Ok(_) => Err(format!("a speed of {} is no road's", excerpt(&text))),
    }
}
