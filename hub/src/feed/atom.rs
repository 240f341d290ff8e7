//! Atom (RFC 4287).
//!
//! CAP elements in the CAP namespace repeat the message's status, type, severity and times in each entry, so that a reader
//! can sort and filter without fetching, and cannot miss that a message is an exercise.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{CAP_MEDIA_TYPE, Feed, Format, Publisher, entry_title, message, path, status, text};
use crate::view::AlertView;

type Xml = Writer<Vec<u8>>;

const ATOM: &str = "http://www.w3.org/2005/Atom";
pub(super) const CAP: &str = "urn:oasis:names:tc:emergency:cap:1.2";

pub(super) fn write(feed: &Feed, publisher: &Publisher) -> io::Result<Vec<u8>> {
    let base = &publisher.base_url;
    let own = format!("{base}{}", path(feed.mode, Format::Atom));
    let page = format!("{base}/");
    let mut xml = Writer::new(Vec::with_capacity(1_024 + feed.entries.len() * 2_048));
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("feed")
        .with_attributes([("xmlns", ATOM), ("xmlns:cap", CAP)])
        .write_inner_content(|xml| {
            leaf(xml, "id", &own)?;
            leaf(xml, "title", &feed.title())?;
            leaf(xml, "subtitle", &feed.subtitle())?;
            leaf(xml, "updated", &text::rfc3339(feed.updated_us()))?;
            author(xml, &publisher.sender_name)?;
            leaf(xml, "generator", "Watchfire")?;
            category(xml, status(feed.mode))?;
            link(xml, "self", "application/atom+xml", &own)?;
            link(xml, "alternate", "text/html", &page)?;
            for hub in &publisher.hubs {
                xml.create_element("link")
                    .with_attributes([("rel", "hub"), ("href", hub)])
                    .write_empty()?;
            }
            for alert in &feed.entries {
                entry(xml, alert, publisher)?;
            }
            Ok(())
        })?;
    Ok(xml.into_inner())
}

fn entry(xml: &mut Xml, alert: &AlertView, publisher: &Publisher) -> io::Result<()> {
    let url = message::url(&publisher.base_url, &alert.file);
    let facts = message::facts(&alert.xml);
    let mut element = xml.create_element("entry");
    if !facts.language.is_empty() {
        element = element.with_attribute(("xml:lang", facts.language.as_str()));
    }
    element.write_inner_content(|xml| {
        leaf(xml, "id", &url)?;
        leaf(xml, "title", &entry_title(alert))?;
        leaf(xml, "updated", &text::rfc3339(alert.sent_us))?;
        leaf(xml, "published", &text::rfc3339(alert.sent_us))?;
        author(xml, &publisher.sender_name)?;
        leaf(xml, "summary", &alert.summary)?;
        for name in &facts.categories {
            category(xml, name)?;
        }
        category(xml, status(alert.mode))?;
        xml.create_element("link")
            .with_attributes([("type", CAP_MEDIA_TYPE), ("href", url.as_str())])
            .write_empty()?;
        cap_elements(xml, alert)
    })?;
    Ok(())
}

/// The facts that a reader sorts by, under the names that CAP gives them.
pub(super) fn cap_elements(xml: &mut Xml, alert: &AlertView) -> io::Result<()> {
    leaf(xml, "cap:identifier", &alert.identifier)?;
    leaf(xml, "cap:status", status(alert.mode))?;
    leaf(xml, "cap:msgType", &alert.msg_type)?;
    leaf(xml, "cap:severity", &alert.severity)?;
    leaf(xml, "cap:sent", &cap_time(alert.sent_us))?;
    leaf(xml, "cap:expires", &cap_time(alert.expires_us))?;
    leaf(xml, "cap:areaDesc", &alert.areas.join("; "))
}

/// CAP 1.2 forbids `Z` and writes UTC as `-00:00`.
fn cap_time(time_us: i64) -> String {
    let mut time = text::rfc3339(time_us);
    if time.pop() == Some('Z') {
        time.push_str("-00:00");
    }
    time
}

/// An element with nothing but text.
pub(super) fn leaf(xml: &mut Xml, name: &str, content: &str) -> io::Result<()> {
    xml.create_element(name)
        .write_text_content(BytesText::new(&text::xml(content)))?;
    Ok(())
}

fn author(xml: &mut Xml, name: &str) -> io::Result<()> {
    xml.create_element("author")
        .write_inner_content(|xml| leaf(xml, "name", name))?;
    Ok(())
}

fn category(xml: &mut Xml, term: &str) -> io::Result<()> {
    xml.create_element("category")
        .with_attribute(("term", term))
        .write_empty()?;
    Ok(())
}

fn link(xml: &mut Xml, relation: &str, media_type: &str, href: &str) -> io::Result<()> {
    xml.create_element("link")
        .with_attributes([("rel", relation), ("type", media_type), ("href", href)])
        .write_empty()?;
    Ok(())
}
