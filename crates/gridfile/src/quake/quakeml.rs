//! QuakeML 1.2: the preferred origin and magnitude of each event, and the nodal planes of its preferred mechanism.
//!
//! Depths are metres there, times UTC. Where no origin, magnitude or mechanism is named as preferred, the first origin, the first moment
//! magnitude (`Mw...`) or else the first magnitude, and the first mechanism with planes are taken. Format: "QuakeML, an XML representation
//! of seismological data, basic event description 1.2" (2013).

use ocean::Quake;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event as Xml};

use super::{Earthquake, Plane, checked, words};
use crate::problem::Problem;
use crate::stations::as_id;

/// Deepest nesting; QuakeML needs a dozen.
const MAX_DEPTH: usize = 64;
/// Most events.
const MAX_EVENTS: usize = 50_000;
/// Most origins, magnitudes and mechanisms of one event, each; great earthquakes have some hundred.
const MAX_SOLUTIONS: usize = 10_000;
/// Types of event by which an agency takes one back (QuakeML 1.2, EventType).
const NO_EVENTS: [&str; 2] = ["not existing", "not reported"];

#[derive(Debug, Default)]
struct Origin {
    id: String,
    time: String,
    lat: Option<f64>,
    lon: Option<f64>,
    depth_m: Option<f64>,
}

#[derive(Debug, Default)]
struct Magnitude {
    id: String,
    value: Option<f64>,
    kind: String,
}

#[derive(Debug, Default)]
struct Mechanism {
    id: String,
    /// Strike, dip and rake of both planes.
    angles: [[Option<f64>; 3]; 2],
    /// 1 or 2 where one is preferred.
    preferred: Option<usize>,
}

#[derive(Debug, Default)]
struct Event {
    id: String,
    origins: Vec<Origin>,
    magnitudes: Vec<Magnitude>,
    mechanisms: Vec<Mechanism>,
    preferred_origin: String,
    preferred_magnitude: String,
    preferred_mechanism: String,
    place: String,
    updated: String,
    /// QuakeML's type of event.
    kind: String,
}

/// What a document says of one event.
pub(crate) enum Said {
    /// An earthquake.
    Earthquake(Earthquake),
    /// There was none, or it is no earthquake: the agency takes back what it said under this id.
    TakenBack(String),
}

/// The earthquakes of a file, and why others were not readable.
pub(crate) fn read(text: &str) -> Result<(Vec<Earthquake>, Vec<String>), Problem> {
    let (said, mut refused) = events(text)?;
    let mut quakes = Vec::new();
    for said in said {
        match said {
            Said::Earthquake(quake) => quakes.push(quake),
            Said::TakenBack(id) => refused.push(format!("{id}: the agency took it back")),
        }
    }
    Ok((quakes, refused))
}

/// What a document says, and why some of it was not readable.
pub(crate) fn events(text: &str) -> Result<(Vec<Said>, Vec<String>), Problem> {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut root = None;
    // What stands in the innermost element so far.
    let mut written = String::new();
    let mut events: Vec<Event> = Vec::new();
    let at_line = |position: u64, what: &str| {
        let end = usize::try_from(position)
            .unwrap_or(usize::MAX)
            .min(text.len());
        let line = text.as_bytes()[..end]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
            + 1;
        Problem::line(line, format!("as XML: {what}"))
    };
    loop {
        let xml = reader
            .read_event()
            .map_err(|e| at_line(reader.error_position(), &e.to_string()))?;
        match xml {
            Xml::Start(tag) => {
                written.clear();
                if path.len() >= MAX_DEPTH {
                    return Err(at_line(reader.buffer_position(), "nested too deeply"));
                }
                path.push(local_name(&tag));
                root.get_or_insert_with(|| path[0].clone());
                open(&path, &tag, &mut events)?;
            }
            Xml::End(_) => {
                if let Some(event) = events.last_mut().filter(|_| !written.is_empty()) {
                    event.take(&path, written.trim());
                }
                written.clear();
                path.pop();
            }
            Xml::Text(content) => written.push_str(&content),
            Xml::CData(content) => written.push_str(&content),
            // As it is written: ids are compared with those in attributes, which are written alike.
            Xml::GeneralRef(name) => written.push_str(&format!("&{};", &*name)),
            Xml::Eof => break,
            _ => {}
        }
    }
    if root.as_deref() != Some("quakeml") {
        return Err(Problem::malformed("is XML, but no QuakeML"));
    }
    let (mut said, mut refused) = (Vec::new(), Vec::new());
    for (k, event) in events.into_iter().enumerate() {
        if NO_EVENTS.contains(&event.kind.as_str()) && !event.id.is_empty() {
            said.push(Said::TakenBack(event.id));
            continue;
        }
        match event.earthquake() {
            Ok(quake) => said.push(Said::Earthquake(quake)),
            Err(what) => refused.push(format!("event {}: {what}", k + 1)),
        }
    }
    Ok((said, refused))
}

fn local_name(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_owned()
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag
        .attributes()
        .filter_map(Result::ok)
        .find(|a| a.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
}

/// An element begins.
fn open(path: &[String], tag: &BytesStart<'_>, events: &mut Vec<Event>) -> Result<(), Problem> {
    let id = || attribute(tag, "publicID").unwrap_or_default();
    let too_many = |what: &str| {
        Err(Problem::malformed(format!(
            "holds more {what} than are read"
        )))
    };
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    if let [.., "eventParameters", "event"] = names[..] {
        if events.len() >= MAX_EVENTS {
            return too_many("events");
        }
        events.push(Event {
            id: event_id(tag),
            ..Event::default()
        });
        return Ok(());
    }
    let Some(event) = events.last_mut() else {
        return Ok(());
    };
    let solutions = event
        .origins
        .len()
        .max(event.magnitudes.len())
        .max(event.mechanisms.len());
    if solutions >= MAX_SOLUTIONS {
        return too_many("solutions of one event");
    }
    match names[..] {
        [.., "event", "origin"] => event.origins.push(Origin {
            id: id(),
            ..Origin::default()
        }),
        [.., "event", "magnitude"] => event.magnitudes.push(Magnitude {
            id: id(),
            ..Magnitude::default()
        }),
        [.., "event", "focalMechanism"] => event.mechanisms.push(Mechanism {
            id: id(),
            ..Mechanism::default()
        }),
        [.., "focalMechanism", "nodalPlanes"] => {
            let preferred = attribute(tag, "preferredPlane").and_then(|p| p.trim().parse().ok());
            if let Some(mechanism) = event.mechanisms.last_mut() {
                mechanism.preferred = preferred;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What catalogues call it: network and code where they are given, else the end of the public id.
fn event_id(tag: &BytesStart<'_>) -> String {
    let public = attribute(tag, "publicID").unwrap_or_default();
    match (attribute(tag, "eventsource"), attribute(tag, "eventid")) {
        (Some(source), Some(id)) => as_id(&format!("{source}{id}")),
        _ => {
            let end = public
                .rsplit(['/', '=', ':'])
                .find(|part| !part.is_empty())
                .unwrap_or("");
            as_id(end)
        }
    }
}

impl Event {
    /// Text within an element.
    fn take(&mut self, path: &[String], text: &str) {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let number = || text.parse::<f64>().ok().filter(|x| x.is_finite());
        match names[..] {
            [.., "event", "preferredOriginID"] => self.preferred_origin = text.to_owned(),
            [.., "event", "preferredMagnitudeID"] => self.preferred_magnitude = text.to_owned(),
            [.., "event", "preferredFocalMechanismID"] => {
                self.preferred_mechanism = text.to_owned()
            }
            [.., "event", "description", "text"] if self.place.is_empty() => {
                // An entity that there is not stays as it was written.
                self.place = words(&unescape(text).unwrap_or_else(|_| text.into()));
            }
            [.., "event", "type"] => self.kind = words(text),
            [.., "event", "creationInfo", "creationTime"] => self.updated = text.to_owned(),
            [.., "event", "origin", name, "value"] => {
                if let Some(origin) = self.origins.last_mut() {
                    match name {
                        "time" => origin.time = text.to_owned(),
                        "latitude" => origin.lat = number(),
                        "longitude" => origin.lon = number(),
                        "depth" => origin.depth_m = number(),
                        _ => {}
                    }
                }
            }
            [.., "event", "magnitude", "mag", "value"] => {
                if let Some(magnitude) = self.magnitudes.last_mut() {
                    magnitude.value = number();
                }
            }
            [.., "event", "magnitude", "type"] => {
                if let Some(magnitude) = self.magnitudes.last_mut() {
                    magnitude.kind = words(text);
                }
            }
            [.., "focalMechanism", "nodalPlanes", plane, angle, "value"] => {
                let plane = ["nodalPlane1", "nodalPlane2"]
                    .iter()
                    .position(|p| *p == plane);
                let angle = ["strike", "dip", "rake"].iter().position(|a| *a == angle);
                if let (Some(plane), Some(angle), Some(mechanism)) =
                    (plane, angle, self.mechanisms.last_mut())
                {
                    mechanism.angles[plane][angle] = number();
                }
            }
            _ => {}
        }
    }

    fn earthquake(self) -> Result<Earthquake, String> {
        let preferred = self
            .origins
            .iter()
            .find(|o| !o.id.is_empty() && o.id == self.preferred_origin);
        let origin = preferred.or(self.origins.first()).ok_or("no origin")?;
        let preferred = self
            .magnitudes
            .iter()
            .find(|m| !m.id.is_empty() && m.id == self.preferred_magnitude);
        let moment = self
            .magnitudes
            .iter()
            .find(|m| m.kind.to_ascii_lowercase().starts_with("mw") && m.value.is_some());
        let magnitude = preferred
            .or(moment)
            .or(self.magnitudes.first())
            .ok_or("no magnitude")?;
        let origin_us = super::instant(&origin.time).ok_or("its origin has no time")?;
        let quake = checked(Quake {
            id: if self.id.is_empty() {
                origin_us.div_euclid(1_000_000).to_string()
            } else {
                self.id.clone()
            },
            magnitude: magnitude.value.ok_or("its magnitude has no value")?,
            lat: origin.lat.ok_or("its origin has no latitude")?,
            lon: origin.lon.ok_or("its origin has no longitude")?,
            depth_km: origin.depth_m.map_or(super::ASSUMED_DEPTH_KM, |m| m / 1e3),
            origin_us,
        })?;
        let preferred = self
            .mechanisms
            .iter()
            .find(|m| !m.id.is_empty() && m.id == self.preferred_mechanism);
        let planes = preferred
            .into_iter()
            .chain(&self.mechanisms)
            .map(Mechanism::planes)
            .find(|p| !p.is_empty());
        Ok(Earthquake {
            quake,
            planes: planes.unwrap_or_default(),
            place: self.place.clone(),
            magnitude_type: Some(magnitude.kind.clone()).filter(|k| !k.is_empty()),
            updated_us: super::instant(&self.updated),
        })
    }
}

impl Mechanism {
    fn planes(&self) -> Vec<Plane> {
        let mut planes: Vec<Plane> = Vec::new();
        let order = if self.preferred == Some(2) {
            [1, 0]
        } else {
            [0, 1]
        };
        for k in order {
            if let [Some(strike), Some(dip), Some(rake)] = self.angles[k] {
                planes.extend(Plane::new(strike, dip, rake));
            }
        }
        planes
    }
}
