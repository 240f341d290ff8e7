//! The tree to the model.

use super::ReadError;
use super::complaint::Complaints;
use super::element::{Element, code};
use super::tree::Node;
use super::values::{self, Read};
use crate::vocabulary::{
    Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency,
};
use crate::{Alert, Area, Info, NamedValue, Resource, write};

/// Children of `alert` in the order of the schema.
const ALERT: &[&str] = &[
    "identifier",
    "sender",
    "sent",
    "status",
    "msgType",
    "source",
    "scope",
    "restriction",
    "addresses",
    "code",
    "note",
    "references",
    "incidents",
    "info",
];
/// Children of `info`.
const INFO: &[&str] = &[
    "language",
    "category",
    "event",
    "responseType",
    "urgency",
    "severity",
    "certainty",
    "audience",
    "eventCode",
    "effective",
    "onset",
    "expires",
    "senderName",
    "headline",
    "description",
    "instruction",
    "web",
    "contact",
    "parameter",
    "resource",
    "area",
];
/// Children of `resource`.
const RESOURCE: &[&str] = &[
    "resourceDesc",
    "mimeType",
    "size",
    "uri",
    "derefUri",
    "digest",
];
/// Children of `area`.
const AREA: &[&str] = &[
    "areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling",
];
/// Children of `eventCode`, `parameter` and `geocode`.
const PAIR: &[&str] = &["valueName", "value"];

/// The language of an info that names none (the schema's default).
const DEFAULT_LANGUAGE: &str = "en-US";

pub(super) fn alert(root: &Node, complaints: &mut Complaints) -> Result<Alert, ReadError> {
    let mut at = Element::new(root, "", ALERT, complaints);
    let identifier = at.word("identifier").ok_or(ReadError::Missing {
        element: "identifier",
    })?;
    let sender = at
        .word("sender")
        .ok_or(ReadError::Missing { element: "sender" })?;
    let sent = at.certain("sent", values::time)?;
    let status = at.certain("status", |text| code(text, Status::from_name, Status::ALL))?;
    let msg_type = at.certain("msgType", |text| {
        code(text, MsgType::from_name, MsgType::ALL)
    })?;
    let mut alert = Alert::new(identifier, sender, sent, status, msg_type);
    alert.source = at.text("source");
    alert.scope = at.code("scope", Scope::from_name, Scope::ALL, Scope::Private);
    alert.restriction = at.text("restriction");
    alert.addresses = at.list("addresses");
    alert.codes = at.texts("code");
    alert.note = at.text("note");
    alert.references = at.references();
    alert.incidents = at.list("incidents");
    alert.infos = at.each("info", info);
    Ok(alert)
}

fn info(node: &Node, path: &str, complaints: &mut Complaints) -> Info {
    let mut at = Element::new(node, path, INFO, complaints);
    Info {
        language: at
            .word("language")
            .unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned()),
        categories: at.codes(
            "category",
            Category::from_name,
            Category::ALL,
            Some(Category::Other),
        ),
        event: at.required_text("event"),
        response_types: at.codes(
            "responseType",
            ResponseType::from_name,
            ResponseType::ALL,
            None,
        ),
        urgency: at.code(
            "urgency",
            Urgency::from_name,
            Urgency::ALL,
            Urgency::Unknown,
        ),
        severity: at.code(
            "severity",
            Severity::from_name,
            Severity::ALL,
            Severity::Unknown,
        ),
        certainty: at.code(
            "certainty",
            certainty_from_name,
            Certainty::ALL,
            Certainty::Unknown,
        ),
        audience: at.text("audience"),
        event_codes: at.each("eventCode", pair),
        effective: at.time("effective"),
        onset: at.time("onset"),
        expires: at.time("expires"),
        sender_name: at.text("senderName"),
        headline: at.text("headline"),
        description: at.text("description"),
        instruction: at.text("instruction"),
        web: at.word("web"),
        contact: at.text("contact"),
        parameters: at.each("parameter", pair),
        resources: at.each("resource", resource),
        areas: at.each("area", area),
    }
}

/// CAP 1.0 had "Very Likely", which 1.1 folded into "Likely".
fn certainty_from_name(name: &str) -> Option<Certainty> {
    if name == "Very Likely" {
        Some(Certainty::Likely)
    } else {
        Certainty::from_name(name)
    }
}

fn resource(node: &Node, path: &str, complaints: &mut Complaints) -> Resource {
    let mut at = Element::new(node, path, RESOURCE, complaints);
    Resource {
        description: at.required_text("resourceDesc"),
        mime_type: at.word("mimeType").unwrap_or_default(),
        size_bytes: at.value("size", size, u64::to_string),
        uri: at.word("uri"),
        deref_uri: at.text("derefUri"),
        digest: at.word("digest"),
    }
}

fn size(text: &str) -> Read<u64> {
    text.trim().parse().ok().map(|size| (size, true))
}

fn area(node: &Node, path: &str, complaints: &mut Complaints) -> Area {
    let mut at = Element::new(node, path, AREA, complaints);
    Area {
        description: at.required_text("areaDesc"),
        polygons: at.polygons(),
        circles: at.values("circle", values::circle, write::circle_text),
        geocodes: at.each("geocode", pair),
        altitude_ft: at.value("altitude", values::decimal, f64::to_string),
        ceiling_ft: at.value("ceiling", values::decimal, f64::to_string),
    }
}

/// CAP 1.0 wrote pairs as `name=value`.
fn pair(node: &Node, path: &str, complaints: &mut Complaints) -> NamedValue {
    let text = node.text();
    if node.children().next().is_none() && !text.trim().is_empty() {
        let (name, value) = text.split_once('=').unwrap_or(("", &text));
        complaints.read_as(path, &text, format!("{} = {}", name.trim(), value.trim()));
        return NamedValue::new(name.trim(), value.trim());
    }
    let mut at = Element::new(node, path, PAIR, complaints);
    NamedValue {
        name: at.required_text("valueName"),
        value: at.required_text("value"),
    }
}
