//! The strict writer: compact XML that is already in canonical form.
//!
//! What it writes is its own exclusive canonical form (Exclusive XML Canonicalization 1.0, without comments): UTF-8,
//! no declaration, one default namespace on the root, no attribute besides, no white space between elements, `&`, `<`,
//! `>` and carriage return escaped and nothing else. An enveloped signature can therefore hash the very bytes; its
//! place is right before `</alert>`.
//!
//! Refuses to write anything that breaks a [`Rule`]: there is no way around the check.

use std::fmt::Write;

use crate::area::{Circle, Polygon};
use crate::invalid::{Invalid, Rule};
use crate::{Alert, Area, Info, MAX_ELEMENTS, MAX_MESSAGE_BYTES, NAMESPACE, NamedValue, Resource};

impl Alert {
    /// The message as CAP 1.2.
    ///
    /// # Errors
    /// The first rule that the message breaks, in document order; nothing is written then.
    pub fn to_xml(&self) -> Result<String, Invalid> {
        self.check()?;
        let mut xml = Xml::default();
        xml.alert(self);
        if xml.elements > MAX_ELEMENTS {
            return Err(Invalid::new(
                "alert",
                Rule::TooMany,
                format!("{} elements", xml.elements),
            ));
        }
        if xml.text.len() > MAX_MESSAGE_BYTES {
            return Err(Invalid::new(
                "alert",
                Rule::TooLong,
                format!("{} bytes", xml.text.len()),
            ));
        }
        Ok(xml.text)
    }
}

/// One area alone, as a key to find repeated ones.
pub(crate) fn area_xml(area: &Area) -> String {
    let mut xml = Xml::default();
    xml.area(area);
    xml.text
}

/// `lat,lon lat,lon ...`
pub(crate) fn polygon_text(polygon: &Polygon) -> String {
    let mut text = String::with_capacity(polygon.points.len() * 18);
    for (i, point) in polygon.points.iter().enumerate() {
        let gap = if i == 0 { "" } else { " " };
        // Writing to a String cannot fail; the same holds below.
        let _ = write!(text, "{gap}{},{}", point.lat_deg(), point.lon_deg());
    }
    text
}

/// `lat,lon radius`
pub(crate) fn circle_text(circle: &Circle) -> String {
    format!(
        "{},{} {}",
        circle.center.lat_deg(),
        circle.center.lon_deg(),
        circle.radius_km()
    )
}

/// A list whose entries are quoted where they contain spaces.
fn list_text(entries: &[String]) -> String {
    let quoted = |entry: &String| {
        if entry.contains(char::is_whitespace) {
            format!("\"{entry}\"")
        } else {
            entry.clone()
        }
    };
    entries.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[derive(Default)]
struct Xml {
    text: String,
    elements: usize,
}

impl Xml {
    fn open(&mut self, name: &str) {
        self.elements += 1;
        let _ = write!(self.text, "<{name}>");
    }

    fn close(&mut self, name: &str) {
        let _ = write!(self.text, "</{name}>");
    }

    fn element(&mut self, name: &str, value: &str) {
        self.open(name);
        for c in value.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '\r' => self.text.push_str("&#xD;"),
                c => self.text.push(c),
            }
        }
        self.close(name);
    }

    fn optional(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.element(name, &value.to_string());
        }
    }

    fn list(&mut self, name: &str, entries: &[String]) {
        if !entries.is_empty() {
            self.element(name, &list_text(entries));
        }
    }

    fn pairs(&mut self, name: &str, pairs: &[NamedValue]) {
        for pair in pairs {
            self.open(name);
            self.element("valueName", &pair.name);
            self.element("value", &pair.value);
            self.close(name);
        }
    }

    fn alert(&mut self, alert: &Alert) {
        self.elements += 1;
        let _ = write!(self.text, "<alert xmlns=\"{NAMESPACE}\">");
        self.element("identifier", &alert.identifier);
        self.element("sender", &alert.sender);
        self.element("sent", &alert.sent.to_string());
        self.element("status", alert.status.as_str());
        self.element("msgType", alert.msg_type.as_str());
        self.optional("source", alert.source.as_ref());
        self.element("scope", alert.scope.as_str());
        self.optional("restriction", alert.restriction.as_ref());
        self.list("addresses", &alert.addresses);
        for code in &alert.codes {
            self.element("code", code);
        }
        self.optional("note", alert.note.as_ref());
        if !alert.references.is_empty() {
            let triples: Vec<String> = alert
                .references
                .iter()
                .map(|r| format!("{},{},{}", r.sender, r.identifier, r.sent))
                .collect();
            self.element("references", &triples.join(" "));
        }
        self.list("incidents", &alert.incidents);
        for info in &alert.infos {
            self.info(info);
        }
        self.close("alert");
    }

    fn info(&mut self, info: &Info) {
        self.open("info");
        self.element("language", &info.language);
        for category in &info.categories {
            self.element("category", category.as_str());
        }
        self.element("event", &info.event);
        for response in &info.response_types {
            self.element("responseType", response.as_str());
        }
        self.element("urgency", info.urgency.as_str());
        self.element("severity", info.severity.as_str());
        self.element("certainty", info.certainty.as_str());
        self.optional("audience", info.audience.as_ref());
        self.pairs("eventCode", &info.event_codes);
        self.optional("effective", info.effective);
        self.optional("onset", info.onset);
        self.optional("expires", info.expires);
        self.optional("senderName", info.sender_name.as_ref());
        self.optional("headline", info.headline.as_ref());
        self.optional("description", info.description.as_ref());
        self.optional("instruction", info.instruction.as_ref());
        self.optional("web", info.web.as_ref());
        self.optional("contact", info.contact.as_ref());
        self.pairs("parameter", &info.parameters);
        for resource in &info.resources {
            self.resource(resource);
        }
        for area in &info.areas {
            self.area(area);
        }
        self.close("info");
    }

    fn resource(&mut self, resource: &Resource) {
        self.open("resource");
        self.element("resourceDesc", &resource.description);
        self.element("mimeType", &resource.mime_type);
        self.optional("size", resource.size_bytes);
        self.optional("uri", resource.uri.as_ref());
        self.optional("derefUri", resource.deref_uri.as_ref());
        self.optional("digest", resource.digest.as_ref());
        self.close("resource");
    }

    fn area(&mut self, area: &Area) {
        self.open("area");
        self.element("areaDesc", &area.description);
        for polygon in &area.polygons {
            self.element("polygon", &polygon_text(polygon));
        }
        for circle in &area.circles {
            self.element("circle", &circle_text(circle));
        }
        self.pairs("geocode", &area.geocodes);
        self.optional("altitude", area.altitude_ft);
        self.optional("ceiling", area.ceiling_ft);
        self.close("area");
    }
}
