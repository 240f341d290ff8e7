//! EDXL-DE 1.0 (OASIS EDXL-DE-V1.0) around the CAP message, with the table of needs beside it.
//!
//! 1.0 and not 2.0: it is what the receivers that we know of read (Sahana Eden's own envelope is 1.0), and its schema is one file that a message is
//! checked against; 2.0 (2013) changed every element's shape and brought nothing that is needed here.

use base64ct::{Base64, Encoding};
use cap::{MsgType, Time};

use super::{Report, needs_csv};
use crate::refusal::excerpt;

/// Namespace of EDXL-DE 1.0.
const NAMESPACE: &str = "urn:oasis:names:tc:emergency:EDXL:DE:1.0";

/// Wraps a CAP message and the needs that follow from it. `cap_xml` goes in as it is, so that its signature stays good; without its XML declaration.
pub fn edxl(report: &Report<'_>, cap_xml: &str) -> String {
    let (a, header) = (report.assessment, report.header);
    let kind = match (header.msg_type, header.number) {
        (MsgType::Cancel, _) => "Cancel",
        (MsgType::Alert, 0 | 1) => "Report",
        _ => "Update",
    };
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    out.push_str(&format!("<EDXLDistribution xmlns=\"{NAMESPACE}\">"));
    let id = format!("{}.relief.{}", header.message, header.number);
    element(&mut out, "distributionID", &id);
    element(&mut out, "senderID", &header.sender);
    element(
        &mut out,
        "dateTimeSent",
        &Time::from_us(a.now_us).to_string(),
    );
    element(&mut out, "distributionStatus", header.mode());
    element(&mut out, "distributionType", kind);
    element(
        &mut out,
        "combinedConfidentiality",
        "UNCLASSIFIED AND NOT SENSITIVE",
    );
    element(&mut out, "language", "en");
    for z in &a.zones {
        out.push_str("<targetArea>");
        for ([lat, lon], km) in &z.zone.discs {
            element(&mut out, "circle", &format!("{lat},{lon} {km}"));
        }
        for outline in &z.zone.outlines {
            let mut points: Vec<String> = outline
                .iter()
                .map(|[lat, lon]| format!("{lat},{lon}"))
                .collect();
            if points.first() != points.last() {
                points.extend(points.first().cloned());
            }
            element(&mut out, "polygon", &points.join(" "));
        }
        out.push_str("</targetArea>");
    }
    out.push_str("<contentObject>");
    element(&mut out, "contentDescription", &header.headline);
    element(&mut out, "incidentID", &header.event);
    out.push_str("<xmlContent><embeddedXMLContent>");
    out.push_str(without_declaration(cap_xml));
    out.push_str("</embeddedXMLContent></xmlContent></contentObject>");
    let needs = needs_csv(report);
    out.push_str("<contentObject>");
    let banner = header
        .banner()
        .map(|word| format!("{word}: "))
        .unwrap_or_default();
    element(
        &mut out,
        "contentDescription",
        &format!("{banner}needs by zone, CSV with HXL tags"),
    );
    element(&mut out, "incidentID", &header.event);
    out.push_str("<nonXMLContent>");
    element(&mut out, "mimeType", "text/csv");
    element(&mut out, "size", &needs.len().to_string());
    element(
        &mut out,
        "uri",
        &format!("{}.csv", excerpt(&header.event)).replace(' ', "%20"),
    );
    element(
        &mut out,
        "contentData",
        &Base64::encode_string(needs.as_bytes()),
    );
    out.push_str("</nonXMLContent></contentObject></EDXLDistribution>");
    out
}

fn without_declaration(xml: &str) -> &str {
    let xml = xml.trim_start_matches('\u{feff}').trim_start();
    match xml.strip_prefix("<?xml") {
        Some(rest) => rest
            .split_once("?>")
            .map_or("", |(_, rest)| rest)
            .trim_start(),
        None => xml,
    }
}

fn element(out: &mut String, name: &str, text: &str) {
    // XML 1.0 has no place for most control characters, escaped or not.
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    let escaped = quick_xml::escape::escape(&clean);
    out.push_str(&format!("<{name}>{escaped}</{name}>"));
}
