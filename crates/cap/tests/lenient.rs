//! Departures that the recorded samples do not show.

mod message;

use cap::{Problem, ReadError, Scope, Status, read};
use message::{full, small};

/// The small message with one piece of text replaced.
fn with(from: &str, to: &str) -> Vec<u8> {
    let xml = small().to_xml().unwrap();
    assert!(xml.contains(from), "{from}");
    xml.replace(from, to).into_bytes()
}

fn complaints(bytes: &[u8]) -> Vec<String> {
    let (_, complaints) = read(bytes).unwrap();
    complaints
        .iter()
        .map(|c| format!("{} at {}", c.problem.name(), c.element))
        .collect()
}

#[test]
fn z_is_understood_and_complained_about() {
    let bytes = with("06:39:14-00:00", "06:39:14Z");
    let (alert, said) = read(&bytes).unwrap();
    assert_eq!(alert, small());
    assert_eq!(
        said[0].to_string(),
        "sent: \"2010-02-27T06:39:14Z\" read as \"2010-02-27T06:39:14-00:00\""
    );
}

#[test]
fn pretty_printing_and_prefixes_change_nothing() {
    let xml = full().to_xml().unwrap();
    let prefixed = xml
        .replace("</", "\u{1}")
        .replace('<', "<c:")
        .replace('\u{1}', "</c:")
        .replace("xmlns=", "xmlns:c=");
    assert_eq!(read(prefixed.as_bytes()).unwrap(), (full(), vec![]));
    let spread = small().to_xml().unwrap().replace("><", ">\n  <");
    assert_eq!(read(spread.as_bytes()).unwrap(), (small(), vec![]));
    let declared = format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->{xml}\n");
    assert_eq!(read(declared.as_bytes()).unwrap(), (full(), vec![]));
    let cdata = with("Tsunami Warning", "<![CDATA[Tsunami Warning]]>");
    assert_eq!(read(&cdata).unwrap(), (small(), vec![]));
}

#[test]
fn other_encodings_are_read() {
    let latin = format!(
        "<?xml version='1.0' encoding='ISO-8859-1'?>{}",
        full().to_xml().unwrap()
    );
    let latin: Vec<u8> = latin.chars().map(|c| c as u8).collect();
    let (alert, said) = read(&latin).unwrap();
    assert_eq!(
        (alert, said[0].problem.name(), said.len()),
        (full(), "encoding", 1)
    );
    let mut wide = vec![0xff, 0xfe];
    wide.extend(
        full()
            .to_xml()
            .unwrap()
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    assert_eq!(read(&wide).unwrap().0, full());
    wide.pop();
    assert_eq!(read(&wide).unwrap_err(), ReadError::Encoding);
    assert_eq!(
        read(b"<alert>\xff</alert>").unwrap_err(),
        ReadError::Encoding
    );
}

#[test]
fn markup_mistakes_are_survived() {
    assert_eq!(
        complaints(&with("Tsunami Warning", "Fire & Rescue")),
        ["bare_ampersand at event"]
    );
    let (alert, said) = read(&with("Tsunami Warning", "a&nbsp;b&#x41;")).unwrap();
    assert_eq!(
        (alert.infos[0].event.as_str(), said.len()),
        ("a&nbsp;bA", 1)
    );
    let (alert, said) = read(&with("Tsunami Warning", "<b>Tsunami</b> Warning")).unwrap();
    assert_eq!(
        (alert.infos[0].event.as_str(), said),
        ("Tsunami Warning", vec![])
    );
    assert_eq!(
        complaints(&with("<event>", "loose text<event>")),
        ["stray_text at info[1]"]
    );
    assert_eq!(
        complaints(&with("<event>", "<evnet>x</evnet><event>")),
        ["unknown_element at info[1]/evnet"]
    );
    assert_eq!(
        complaints(&with("<event>", "<event>First</event><event>")),
        ["repeated at info[1]/event[2]"]
    );
    assert_eq!(
        complaints(&with("<event>", "<x:y xmlns:x='u'><event/></x:y><event>")),
        ["unknown_element at y"]
    );
    assert_eq!(
        complaints(&with(" xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"", "")),
        ["namespace at alert"]
    );
}

#[test]
fn codes_are_understood_in_any_case_and_never_made_up_for_status() {
    assert_eq!(
        complaints(&with("Immediate", " IMMEDIATE ")),
        ["read_as at info[1]/urgency"]
    );
    let (alert, said) = read(&with("Immediate", "Soonish")).unwrap();
    assert_eq!(
        (alert.infos[0].urgency.as_str(), said.len()),
        ("Unknown", 1)
    );
    assert_eq!(
        read(&with(">Exercise<", ">exercise<")).unwrap().0.status,
        Status::Exercise
    );
    let refusal = read(&with(">Exercise<", ">Drill<")).unwrap_err();
    assert_eq!(
        refusal,
        ReadError::NotUnderstood {
            element: "status",
            found: "Drill".to_owned()
        }
    );
    let refusal = read(&with("<status>Exercise</status>", "")).unwrap_err();
    assert_eq!(refusal, ReadError::Missing { element: "status" });
    let refusal = read(&with("2010-02-27T06:39:14-00:00", "yesterday")).unwrap_err();
    assert_eq!(refusal.to_string(), "sent is not understood: \"yesterday\"");
    assert_eq!(
        read(&with("<scope>Public</scope>", "")).unwrap().0.scope,
        Scope::Private
    );
}

#[test]
fn cap_1_0_is_read() {
    let bytes = br#"<alert xmlns="http://www.incident.com/cap/1.0"><identifier>a</identifier><sender>b</sender>
        <sent>2003-04-02T14:39:01-05:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
        <info><category>Geo</category><event>Earthquake</event><urgency>Past</urgency><severity>Minor</severity>
        <certainty>Very Likely</certainty><parameter>MAGNITUDE=3.4</parameter>
        <area><areaDesc>Los Angeles</areaDesc><geocode>fips6=006037</geocode></area></info></alert>"#;
    let (alert, said) = read(bytes).unwrap();
    let info = &alert.infos[0];
    assert_eq!(info.certainty, cap::Certainty::Likely);
    assert_eq!(
        (
            info.parameters[0].name.as_str(),
            info.parameters[0].value.as_str()
        ),
        ("MAGNITUDE", "3.4")
    );
    assert_eq!(info.areas[0].geocodes[0].value, "006037");
    assert!(said.iter().all(|c| matches!(
        c.problem,
        Problem::Namespace { .. } | Problem::ReadAs { .. }
    )));
}

#[test]
fn open_outlines_are_closed() {
    let area = "<area><areaDesc>x</areaDesc><polygon>0,0 0,1 1,1</polygon></area></info>";
    let (alert, said) = read(&with("</info>", area)).unwrap();
    assert_eq!(alert.infos[0].areas[0].polygons[0].points.len(), 4);
    assert_eq!((said.len(), said[0].problem.name()), (1, "polygon_closed"));
    alert.to_xml().unwrap();
}

#[test]
fn references_that_make_no_sense_are_told() {
    let references = "<references>a,b,2010-02-27T06:00:00Z c,d a,,x</references><info>";
    assert_eq!(
        complaints(&with("<info>", references)),
        [
            "read_as at references[1]",
            "dropped at references[2]",
            "dropped at references[3]"
        ]
    );
}

#[test]
fn a_signature_is_skipped_and_said_to_be() {
    let signature =
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo/></Signature></alert>";
    let (alert, said) = read(&with("</alert>", signature)).unwrap();
    assert_eq!((alert, said.len()), (small(), 1));
    assert_eq!(said[0].problem, Problem::SignatureNotVerified);
}
