//! Every rule of [`Rule`](crate::Rule) applied to a whole message.
//!
//! Pure and bounded: sets instead of nested loops, edges compared only for outlines of at most 100 points, and
//! the list of faults ends at [`MAX_FAULTS`].

use std::collections::HashSet;
use std::hash::Hash;

use crate::geometry::{self, Fault};
use crate::invalid::{Invalid, Rule};
use crate::vocabulary::{MsgType, Scope};
use crate::{Alert, Area, Info, NamedValue, Resource, Time, lexical, write};

/// Faults listed at most for one message.
const MAX_FAULTS: usize = 200;
/// Largest altitude in feet that is still one: well beyond any airspace.
const ALTITUDE_FT_MAX: f64 = 1e6;

impl Alert {
    /// Whether the message may be written.
    ///
    /// # Errors
    /// The first fault in document order.
    pub fn check(&self) -> Result<(), Invalid> {
        self.faults().into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that keeps the message from being written, in document order; at most 200 faults.
    pub fn faults(&self) -> Vec<Invalid> {
        let mut faults = Faults::default();
        faults.alert(self);
        faults.list
    }
}

#[derive(Default)]
struct Faults {
    list: Vec<Invalid>,
}

impl Faults {
    fn add(&mut self, element: impl Into<String>, rule: Rule, found: impl AsRef<str>) {
        if self.list.len() < MAX_FAULTS {
            self.list.push(Invalid::new(element, rule, found));
        }
    }

    fn require(&mut self, holds: bool, element: &str, rule: Rule, found: impl AsRef<str>) {
        if !holds {
            self.add(element, rule, found);
        }
    }

    /// Text that must be there.
    fn text(&mut self, element: &str, text: &str) {
        if text.trim().is_empty() {
            self.add(element, Rule::Empty, "");
        } else if !text.chars().all(lexical::is_xml_char) {
            self.add(element, Rule::IllegalCharacter, text);
        }
    }

    fn optional(&mut self, element: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.text(element, text);
        }
    }

    /// Text of a form of its own; emptiness is told apart from a wrong form.
    fn form(&mut self, element: &str, text: &str, rule: Rule, holds: fn(&str) -> bool) {
        if text.trim().is_empty() {
            self.add(element, Rule::Empty, "");
        } else {
            self.require(holds(text), element, rule, text);
        }
    }

    fn unique<K: Eq + Hash>(
        &mut self,
        element: &str,
        rule: Rule,
        keys: impl Iterator<Item = (K, String)>,
    ) {
        let mut seen = HashSet::new();
        for (i, (key, found)) in keys.enumerate() {
            if !seen.insert(key) {
                self.add(format!("{element}[{}]", i + 1), rule, found);
            }
        }
    }

    fn alert(&mut self, alert: &Alert) {
        self.form(
            "identifier",
            &alert.identifier,
            Rule::Token,
            lexical::is_token,
        );
        self.form("sender", &alert.sender, Rule::Token, lexical::is_token);
        self.optional("source", alert.source.as_ref());
        match (alert.scope, &alert.restriction) {
            (Scope::Restricted, None) => self.add("restriction", Rule::Restriction, ""),
            (Scope::Restricted, Some(text)) => self.text("restriction", text),
            (_, Some(text)) => self.add("restriction", Rule::RestrictionUnused, text),
            (_, None) => {}
        }
        if alert.scope == Scope::Private {
            self.require(
                !alert.addresses.is_empty(),
                "addresses",
                Rule::Addresses,
                "",
            );
        }
        self.entries("addresses", &alert.addresses);
        for (i, code) in alert.codes.iter().enumerate() {
            self.text(&format!("code[{}]", i + 1), code);
        }
        self.unique(
            "code",
            Rule::Duplicate,
            alert.codes.iter().map(|code| (code, code.clone())),
        );
        if alert.msg_type == MsgType::Error {
            self.require(alert.note.is_some(), "note", Rule::Note, "");
        }
        self.optional("note", alert.note.as_ref());
        self.references(alert);
        self.entries("incidents", &alert.incidents);
        if matches!(alert.msg_type, MsgType::Alert | MsgType::Update) {
            self.require(!alert.infos.is_empty(), "info", Rule::Info, "");
        }
        for (i, info) in alert.infos.iter().enumerate() {
            self.info(&format!("info[{}]", i + 1), info, alert.sent);
        }
        let languages = alert
            .infos
            .iter()
            .map(|info| (info.language.to_ascii_lowercase(), info.language.clone()));
        self.unique("info", Rule::OneInfoPerLanguage, languages);
    }

    /// The entries of a space-separated list whose entries may be quoted.
    fn entries(&mut self, element: &str, entries: &[String]) {
        for entry in entries {
            self.text(element, entry);
            self.require(!entry.contains('"'), element, Rule::Quote, entry);
            let one_line = !entry.chars().any(char::is_control) && entry.trim() == entry;
            self.require(one_line, element, Rule::LineBreak, entry);
        }
        self.unique(
            element,
            Rule::Duplicate,
            entries.iter().map(|entry| (entry, entry.clone())),
        );
    }

    /// Sent later than whatever it refers to, a message can be no part of a circle: that is checked here without
    /// knowing the other messages.
    fn references(&mut self, alert: &Alert) {
        if alert.msg_type != MsgType::Alert {
            self.require(
                !alert.references.is_empty(),
                "references",
                Rule::References,
                alert.msg_type.as_str(),
            );
        }
        for (i, reference) in alert.references.iter().enumerate() {
            let element = format!("references[{}]", i + 1);
            self.form(&element, &reference.sender, Rule::Token, lexical::is_token);
            self.form(
                &element,
                &reference.identifier,
                Rule::Token,
                lexical::is_token,
            );
            let itself =
                reference.sender == alert.sender && reference.identifier == alert.identifier;
            self.require(
                !itself,
                &element,
                Rule::ReferencesItself,
                &reference.identifier,
            );
            let later = alert.sent.us() > reference.sent.us();
            self.require(
                later,
                "sent",
                Rule::SentAfterReferences,
                format!("{} refers to {}", alert.sent, reference.sent),
            );
        }
        let keys = alert
            .references
            .iter()
            .map(|r| ((&r.sender, &r.identifier), r.identifier.clone()));
        self.unique("references", Rule::Duplicate, keys);
    }

    fn info(&mut self, at: &str, info: &Info, sent: Time) {
        let name = |element: &str| format!("{at}/{element}");
        self.form(
            &name("language"),
            &info.language,
            Rule::Language,
            lexical::is_language,
        );
        self.require(
            !info.categories.is_empty(),
            &name("category"),
            Rule::Required,
            "",
        );
        let values = info.categories.iter().map(|c| (c, c.to_string()));
        self.unique(&name("category"), Rule::Duplicate, values);
        self.text(&name("event"), &info.event);
        let values = info.response_types.iter().map(|r| (r, r.to_string()));
        self.unique(&name("responseType"), Rule::Duplicate, values);
        self.optional(&name("audience"), info.audience.as_ref());
        self.pairs(&name("eventCode"), &info.event_codes);
        if let Some(expires) = info.expires {
            let found = expires.to_string();
            self.require(
                expires.us() > sent.us(),
                &name("expires"),
                Rule::ExpiresAfterSent,
                &found,
            );
            let in_force = info
                .effective
                .is_none_or(|effective| expires.us() > effective.us());
            self.require(
                in_force,
                &name("expires"),
                Rule::ExpiresAfterEffective,
                &found,
            );
        }
        self.optional(&name("senderName"), info.sender_name.as_ref());
        self.optional(&name("headline"), info.headline.as_ref());
        self.optional(&name("description"), info.description.as_ref());
        self.optional(&name("instruction"), info.instruction.as_ref());
        if let Some(web) = &info.web {
            self.form(
                &name("web"),
                web,
                Rule::AbsoluteUri,
                lexical::is_absolute_uri,
            );
        }
        self.optional(&name("contact"), info.contact.as_ref());
        self.pairs(&name("parameter"), &info.parameters);
        for (i, resource) in info.resources.iter().enumerate() {
            self.resource(&format!("{at}/resource[{}]", i + 1), resource);
        }
        let keys = info.resources.iter().map(|r| (r, r.description.clone()));
        self.unique(&name("resource"), Rule::Duplicate, keys);
        for (i, area) in info.areas.iter().enumerate() {
            self.area(&format!("{at}/area[{}]", i + 1), area);
        }
        let keys = info
            .areas
            .iter()
            .map(|area| (write::area_xml(area), area.description.clone()));
        self.unique(&name("area"), Rule::Duplicate, keys);
    }

    fn pairs(&mut self, element: &str, pairs: &[NamedValue]) {
        for (i, pair) in pairs.iter().enumerate() {
            self.text(&format!("{element}[{}]/valueName", i + 1), &pair.name);
            self.text(&format!("{element}[{}]/value", i + 1), &pair.value);
        }
        self.unique(
            element,
            Rule::Duplicate,
            pairs.iter().map(|pair| (pair, pair.name.clone())),
        );
    }

    fn resource(&mut self, at: &str, resource: &Resource) {
        let name = |element: &str| format!("{at}/{element}");
        self.text(&name("resourceDesc"), &resource.description);
        self.form(
            &name("mimeType"),
            &resource.mime_type,
            Rule::MimeType,
            lexical::is_mime_type,
        );
        if let Some(size) = resource.size_bytes {
            self.require(
                i64::try_from(size).is_ok(),
                &name("size"),
                Rule::Size,
                size.to_string(),
            );
        }
        if let Some(uri) = &resource.uri {
            // A name for content that travels inside may be relative (CAP 1.2 section 3.2.3).
            if resource.deref_uri.is_some() {
                self.form(
                    &name("uri"),
                    uri,
                    Rule::UriReference,
                    lexical::is_uri_reference,
                );
            } else {
                self.form(
                    &name("uri"),
                    uri,
                    Rule::AbsoluteUri,
                    lexical::is_absolute_uri,
                );
            }
        }
        if let Some(content) = &resource.deref_uri {
            self.form(&name("derefUri"), content, Rule::Base64, lexical::is_base64);
        }
        if let Some(digest) = &resource.digest {
            let hex = |text: &str| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
            self.form(&name("digest"), digest, Rule::Digest, hex);
        }
    }

    fn area(&mut self, at: &str, area: &Area) {
        self.text(&format!("{at}/areaDesc"), &area.description);
        let faults = area.polygons.iter().map(geometry::polygon_fault);
        self.shapes(&format!("{at}/polygon"), faults);
        let keys = area
            .polygons
            .iter()
            .map(|polygon| (write::polygon_text(polygon), String::new()));
        self.unique(&format!("{at}/polygon"), Rule::Duplicate, keys);
        self.shapes(
            &format!("{at}/circle"),
            area.circles.iter().map(|circle| circle.fault()),
        );
        let keys = area
            .circles
            .iter()
            .map(|circle| (write::circle_text(circle), String::new()));
        self.unique(&format!("{at}/circle"), Rule::Duplicate, keys);
        self.pairs(&format!("{at}/geocode"), &area.geocodes);
        for (element, feet) in [("altitude", area.altitude_ft), ("ceiling", area.ceiling_ft)] {
            if let Some(feet) = feet {
                self.require(
                    feet.abs() <= ALTITUDE_FT_MAX,
                    &format!("{at}/{element}"),
                    Rule::Altitude,
                    feet.to_string(),
                );
            }
        }
        if let Some(ceiling) = area.ceiling_ft {
            let above = area.altitude_ft.is_some_and(|altitude| altitude <= ceiling);
            self.require(
                above,
                &format!("{at}/ceiling"),
                Rule::CeilingWithoutAltitude,
                ceiling.to_string(),
            );
        }
    }

    fn shapes(&mut self, element: &str, faults: impl Iterator<Item = Option<Fault>>) {
        for (i, fault) in faults.enumerate() {
            if let Some((rule, found)) = fault {
                self.add(format!("{element}[{}]", i + 1), rule, found);
            }
        }
    }
}
