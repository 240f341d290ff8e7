//! Messages for tests, and the schema they are held against.
// Each test binary uses its own part of this.
#![allow(dead_code)]

pub mod any;
pub mod keys;

use std::path::PathBuf;
use std::process::Command;

use cap::{
    Alert, Area, Category, Certainty, Circle, Info, MsgType, NamedValue, Point, Polygon, Reference,
    Resource, ResponseType, Scope, Severity, Status, Time, Urgency,
};

/// 2010-02-27T06:34:14 UTC, the Maule earthquake.
pub const ORIGIN_US: i64 = 1_267_252_454_000_000;
pub const MINUTE_US: i64 = 60_000_000;

pub fn minutes(after: i64) -> Time {
    Time::from_us(ORIGIN_US + after * MINUTE_US)
}

pub fn square(lat: f64, lon: f64) -> Polygon {
    let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)];
    let points = corners
        .iter()
        .map(|&(y, x)| Point::new(lat + y, lon + x))
        .collect();
    Polygon::closed(points).unwrap()
}

/// The smallest message that may be written.
pub fn small() -> Alert {
    let mut alert = Alert::new(
        "wf-1",
        "watchfire@example.org",
        minutes(5),
        Status::Exercise,
        MsgType::Alert,
    );
    alert.infos.push(info("en"));
    alert
}

pub fn info(language: &str) -> Info {
    Info::new(
        language,
        Category::Geo,
        "Tsunami Warning",
        Urgency::Immediate,
        Severity::Extreme,
        Certainty::Likely,
    )
}

/// A message with every element that CAP has.
pub fn full() -> Alert {
    let mut alert = small();
    alert.msg_type = MsgType::Update;
    alert.source = Some("replay <chile-2010> & co".to_owned());
    alert.scope = Scope::Restricted;
    alert.restriction = Some("participants".to_owned());
    alert.addresses = vec!["duty@example.org".to_owned(), "Port of Arica".to_owned()];
    alert.codes = vec!["profile:X".to_owned(), "layer:Y".to_owned()];
    alert.note = Some("Exercise".to_owned());
    alert.references = vec![Reference {
        sender: "other@example.org".to_owned(),
        identifier: "first".to_owned(),
        sent: Time::parse("2010-02-27T03:35:00-03:00").unwrap(),
    }];
    alert.incidents = vec!["maule 2010".to_owned(), "2010-1".to_owned()];
    let info = &mut alert.infos[0];
    info.categories.push(Category::Safety);
    info.response_types = vec![ResponseType::Evacuate, ResponseType::Monitor];
    info.audience = Some("coast".to_owned());
    info.event_codes = vec![NamedValue::new("SAME", "TSW")];
    info.effective = Some(minutes(5));
    info.onset = Some(minutes(20));
    info.expires = Some(minutes(65));
    info.sender_name = Some("Watchfire".to_owned());
    info.headline = Some("Tsunami warning: Ñuble".to_owned());
    info.description = Some("Line one\nline \"two\" ]]> 1 > 0\r\n".to_owned());
    info.instruction = Some(" Go to high ground. ".to_owned());
    info.web = Some("https://example.org/cap/wf-1.xml?a=1&b=2".to_owned());
    info.contact = Some("+56 2 000".to_owned());
    info.parameters = vec![
        NamedValue::new("height", "3 m +- 1 m"),
        NamedValue::new("height", "4 m"),
    ];
    info.resources = vec![Resource {
        description: "Map".to_owned(),
        mime_type: "image/png".to_owned(),
        size_bytes: Some(3),
        uri: Some("map.png".to_owned()),
        deref_uri: Some("AAAA".to_owned()),
        digest: Some("29e2dcfbb16f63bb0254df7585a15bb6fb5e927d".to_owned()),
    }];
    info.areas = vec![Area {
        description: "Central Chile".to_owned(),
        polygons: vec![square(-37.0, -73.5), square(-30.0, -71.123_456)],
        circles: vec![Circle::new(Point::new(-35.0, -72.0), 12.5)],
        geocodes: vec![NamedValue::new("ISO3166-2", "CL-ML")],
        altitude_ft: Some(-0.5),
        ceiling_ft: Some(100.0),
    }];
    let mut spanish = alert.infos[0].clone();
    spanish.language = "es".to_owned();
    alert.infos.push(spanish);
    alert
}

/// A file or folder of the shared recorded data, or a line that says what is skipped.
pub fn recorded(what: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(what);
    if path.exists() {
        return Some(path);
    }
    println!(
        "skipped: {what} (recorded data not found at {})",
        root.display()
    );
    None
}

/// What `xmllint` says about messages against the schema; `None`, with a line that says so, where it cannot be asked.
pub fn schema_complaints(messages: &[String]) -> Option<String> {
    let schema = recorded("cap/CAP-v1.2.xsd")?;
    let folder = tempfile::tempdir().unwrap();
    let mut ask = Command::new("xmllint");
    ask.args(["--noout", "--nonet", "--schema"]).arg(schema);
    for (i, message) in messages.iter().enumerate() {
        let path = folder.path().join(format!("{i}.xml"));
        std::fs::write(&path, message).unwrap();
        ask.arg(path);
    }
    let Ok(answer) = ask.output() else {
        println!("skipped: schema validation (xmllint not found)");
        return None;
    };
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    Some(if answer.status.success() {
        String::new()
    } else {
        said
    })
}
