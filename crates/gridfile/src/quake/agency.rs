//! Earthquakes as agencies tell them while they happen: a document in either format, with what is taken back.

use ocean::Quake;

use super::quakeml::{self, Said};
use super::usgs::{self, Document, MAX_DOCUMENT, Refusal, Solution};

/// Reads a document of at most [`MAX_DOCUMENT`] bytes: USGS GeoJSON or QuakeML 1.2, told apart by its first character.
///
/// # Errors
/// [`Refusal`] when it is no document of either kind. Single earthquakes that cannot be read are in [`Document::refused`].
pub fn read_solutions(payload: &[u8]) -> Result<Document, Refusal> {
    let payload = payload.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(payload);
    let first = payload.iter().find(|b| !b.is_ascii_whitespace());
    if first != Some(&b'<') {
        return usgs::read(payload);
    }
    let refused = |reason, what: String| Refusal { reason, what };
    if payload.len() > MAX_DOCUMENT {
        let what = format!("{} bytes; the limit is {MAX_DOCUMENT}", payload.len());
        return Err(refused("too_large", what));
    }
    let text = std::str::from_utf8(payload)
        .map_err(|e| refused("quakeml", format!("is no UTF-8 text: {e}")))?;
    let (said, unread) =
        quakeml::events(text).map_err(|problem| refused("quakeml", problem.to_string()))?;
    let mut document = Document::default();
    for said in said {
        match said {
            Said::Earthquake(told) => {
                document.solutions.push(Solution {
                    quake: told.quake,
                    place: told.place,
                    deleted: false,
                    updated_us: told.updated_us,
                });
                document.planes.push(told.planes);
                document.magnitude_types.push(told.magnitude_type);
            }
            Said::TakenBack(id) => {
                // Nothing but the id counts of what is taken back.
                document.solutions.push(Solution {
                    quake: Quake {
                        id,
                        magnitude: 0.0,
                        lat: 0.0,
                        lon: 0.0,
                        depth_km: 0.0,
                        origin_us: 0,
                    },
                    place: String::new(),
                    deleted: true,
                    updated_us: None,
                });
                document.planes.push(Vec::new());
                document.magnitude_types.push(None);
            }
        }
    }
    let unread = unread.into_iter().map(|what| refused("quake_event", what));
    document.refused.extend(unread);
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, kind: &str, magnitude: &str) -> String {
        format!(
            r#"<event publicID="smi:example/{id}"><type>{kind}</type>
            <origin><time><value>2010-02-27T06:34:14Z</value></time><latitude><value>-35.9</value></latitude>
            <longitude><value>-72.7</value></longitude><depth><value>35000</value></depth></origin>
            <magnitude><mag><value>{magnitude}</value></mag><type>Mww</type></magnitude></event>"#
        )
    }

    fn quakeml(events: &[String]) -> Vec<u8> {
        let events = events.concat();
        format!("\u{feff}<?xml version=\"1.0\"?>\n<q:quakeml xmlns:q=\"x\"><eventParameters>{events}</eventParameters></q:quakeml>")
            .into_bytes()
    }

    #[test]
    fn quakeml_tells_revises_and_takes_back() {
        let document = quakeml(&[
            event("a1", "earthquake", "8.8"),
            event("a2", "not existing", "8.8"),
            event("a3", "earthquake", "large"),
        ]);
        let document = read_solutions(&document).expect("a document");
        let [told, back] = &document.solutions[..] else {
            panic!("two: {document:?}")
        };
        assert_eq!((told.quake.id.as_str(), told.quake.magnitude), ("a1", 8.8));
        assert!(!told.deleted && told.quake.depth_km == 35.0);
        assert!(back.deleted && back.quake.id == "a2");
        assert_eq!(document.refused.len(), 1, "{:?}", document.refused);
        assert_eq!(document.planes.len(), 2);
    }

    #[test]
    fn geojson_is_read_as_ever() {
        let document = br#" {"type":"FeatureCollection","features":[]}"#;
        assert_eq!(read_solutions(document), Ok(Document::default()));
        let refusal = read_solutions(b"<html></html>").expect_err("no QuakeML");
        assert_eq!(refusal.reason, "quakeml");
        assert_eq!(
            read_solutions(b"").expect_err("nothing").reason,
            "json_syntax"
        );
    }
}
