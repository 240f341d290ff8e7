//! RSS 2.0.
//!
//! The `link` is the message itself, which is what importers fetch; the `guid` is the CAP identifier and not a link, which
//! is what they compare.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::atom::{CAP, cap_elements, leaf};
use super::{Feed, Format, Publisher, entry_title, message, path, status, text};
use crate::view::AlertView;

pub(super) fn write(feed: &Feed, publisher: &Publisher) -> io::Result<Vec<u8>> {
    let own = format!("{}{}", publisher.base_url, path(feed.mode, Format::Rss));
    let mut xml = Writer::new(Vec::with_capacity(1_024 + feed.entries.len() * 2_048));
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("rss")
        .with_attributes([
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:cap", CAP),
        ])
        .write_inner_content(|xml| {
            xml.create_element("channel").write_inner_content(|xml| {
                leaf(xml, "title", &feed.title())?;
                leaf(xml, "link", &format!("{}/", publisher.base_url))?;
                leaf(xml, "description", &feed.subtitle())?;
                leaf(xml, "pubDate", &text::rfc9110(feed.updated_us()))?;
                leaf(xml, "category", status(feed.mode))?;
                leaf(xml, "generator", "Watchfire")?;
                xml.create_element("atom:link")
                    .with_attributes([
                        ("rel", "self"),
                        ("type", "application/rss+xml"),
                        ("href", own.as_str()),
                    ])
                    .write_empty()?;
                for hub in &publisher.hubs {
                    xml.create_element("atom:link")
                        .with_attributes([("rel", "hub"), ("href", hub)])
                        .write_empty()?;
                }
                for alert in &feed.entries {
                    item(xml, alert, publisher)?;
                }
                Ok(())
            })?;
            Ok(())
        })?;
    Ok(xml.into_inner())
}

fn item(xml: &mut Writer<Vec<u8>>, alert: &AlertView, publisher: &Publisher) -> io::Result<()> {
    xml.create_element("item").write_inner_content(|xml| {
        leaf(xml, "title", &entry_title(alert))?;
        leaf(xml, "link", &message::url(&publisher.base_url, &alert.file))?;
        xml.create_element("guid")
            .with_attribute(("isPermaLink", "false"))
            .write_text_content(BytesText::new(&text::xml(&alert.identifier)))?;
        leaf(xml, "description", &alert.summary)?;
        leaf(xml, "pubDate", &text::rfc9110(alert.sent_us))?;
        leaf(xml, "dc:creator", &publisher.sender_name)?;
        for name in message::facts(&alert.xml).categories {
            leaf(xml, "category", &name)?;
        }
        leaf(xml, "category", status(alert.mode))?;
        cap_elements(xml, alert)
    })?;
    Ok(())
}
