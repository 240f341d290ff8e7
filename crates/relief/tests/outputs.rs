//! What goes out: read back, checked against the schema, and looked at for what must be on it.

mod town;

use std::path::PathBuf;
use std::process::Command;

use cap::{
    Alert, Area, Category, Certainty, Info, MsgType, NamedValue, Point, Polygon, Severity, Status,
    Time, Urgency,
};
use relief::outputs::{Header, Report, SourceState, edxl, geojson, needs_csv, page, places_csv};
use relief::places::{Source, read_csv, read_geojson};
use relief::roads::{Network, Speeds};
use relief::{Assessment, Input, Kind, Level, Place, Planning, assess, zone};
use town::{KM, cell, place, road, shelter};

/// A message as the hub composes it.
fn message(status: Status, msg_type: MsgType) -> Alert {
    let sent = Time::from_us(1_267_252_754_000_000);
    let mut alert = Alert::new("wf.town.e1.1", "watch@example.org", sent, status, msg_type);
    let mut info = Info::new(
        "en",
        Category::Geo,
        "Tsunami Warning",
        Urgency::Immediate,
        Severity::Severe,
        Certainty::Possible,
    );
    info.headline = Some("Tsunami <warning> & more".to_owned());
    info.parameters.push(NamedValue::new(
        "zone:coast",
        "level=warning;arrival=2010-02-27T08:00:00-00:00;arrival_sigma_min=5;height_m=2.00",
    ));
    let mut area = Area::new("The coast");
    let corners = [(0.0, -5.0), (0.0, 5.0), (1.0, 5.0), (1.0, -5.0)];
    area.polygons.push(
        Polygon::closed(
            corners
                .iter()
                .map(|(n, e)| Point::new(n * KM, e * KM))
                .collect(),
        )
        .expect("a rectangle"),
    );
    area.geocodes
        .push(NamedValue::new("watchfire:zone", "coast"));
    info.areas.push(area);
    alert.infos.push(info);
    alert
}

fn town() -> (Vec<Place>, Network) {
    let places = vec![
        cell("harbour", 0.5, 0.0, 1_300),
        place(Kind::Hospital, "clinic", 0.5, 0.0),
        shelter("hall", 0.6, 0.0, 1_000),
        Place {
            name: "=HYPERLINK(\"x\")<script>".to_owned(),
            ..shelter("gym", 2.0, 0.0, 200)
        },
    ];
    let mut bridge = road("bridge", &[(1.4, 0.0), (1.6, 0.0)]);
    bridge.bridge = true;
    let lines = vec![
        road("inland", &[(0.5, 0.0), (1.4, 0.0)]),
        bridge,
        road("valley", &[(1.6, 0.0), (5.0, 0.0)]),
    ];
    (places, Network::build(lines, 1.0))
}

struct Made {
    assessment: Assessment,
    planning: Planning,
    header: Header,
    cap: String,
}

impl Made {
    fn of(status: Status, msg_type: MsgType, number: u32) -> Self {
        let alert = message(status, msg_type);
        let (places, roads) = town();
        let threat = zone::of_alert(&alert);
        let planning = Planning::default();
        let assessment = assess(Input {
            now_us: alert.sent.us(),
            zones: &threat.zones,
            places: &places,
            roads: Some(&roads),
            speeds: &Speeds::new(),
            planning: &planning,
        });
        // A cancel without a reference is no message; what is wrapped is text.
        let cap = message(status, MsgType::Alert).to_xml().expect("valid");
        Self {
            assessment,
            planning,
            header: Header {
                event: "e1".to_owned(),
                headline: "Tsunami <warning> & more".to_owned(),
                status,
                msg_type,
                message: alert.identifier.clone(),
                sent_us: alert.sent.us(),
                sender: alert.sender.clone(),
                sender_name: "The watch".to_owned(),
                number,
                sources: vec![SourceState {
                    name: "town".to_owned(),
                    told: "4 places".to_owned(),
                    age_s: Some(7_300),
                    trouble: Some("has not answered for 2 h".to_owned()),
                }],
            },
            cap: format!("<?xml version=\"1.0\"?>\n{cap}"),
        }
    }

    fn report(&self) -> Report<'_> {
        Report {
            assessment: &self.assessment,
            planning: &self.planning,
            header: &self.header,
        }
    }
}

#[test]
fn zones_are_read_out_of_the_message() {
    let threat = zone::of_alert(&message(Status::Exercise, MsgType::Alert));
    assert_eq!(threat.complaints, Vec::<String>::new());
    let [coast] = &threat.zones[..] else {
        panic!("{threat:?}");
    };
    assert_eq!(
        (coast.id.as_str(), coast.name.as_str(), coast.level),
        ("coast", "The coast", Level::Warning)
    );
    assert_eq!(coast.arrival_us, Some(1_267_257_600_000_000));
    assert_eq!(coast.earliest_us(), Some(1_267_257_300_000_000));
    let over = zone::of_alert(&message(Status::Exercise, MsgType::Cancel));
    assert!(over.over && over.zones.is_empty());
    // A level that nobody knows must not make a zone safer than it may be.
    let mut odd = message(Status::Exercise, MsgType::Alert);
    odd.infos[0].parameters[0].value = "level=huge".to_owned();
    let threat = zone::of_alert(&odd);
    assert_eq!(threat.zones[0].level, Level::Major);
    assert_eq!(threat.complaints.len(), 1);
}

#[test]
fn geojson_has_everything_and_can_be_read_back() {
    let made = Made::of(Status::Exercise, MsgType::Alert, 1);
    let text = geojson(&made.report());
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let whole = &value["assessment"];
    assert_eq!(whole["mode"], "Exercise");
    assert_eq!(whole["total"]["people"], 1_300);
    assert_eq!(whole["total"]["people_is"], "known");
    assert_eq!(whole["total"]["capacity_lacking"], 1_100);
    assert_eq!(whole["planning"][0]["value"], 15.0);
    assert_eq!(whole["made_for"], "2010-02-27T06:39:14Z");
    let features = value["features"].as_array().expect("features");
    let whats: Vec<&str> = features
        .iter()
        .filter_map(|f| f["properties"]["what"].as_str())
        .collect();
    assert_eq!(
        whats,
        ["zone", "inside", "inside", "shelter", "bridge_on_way"]
    );
    // RFC 7946: closed, counter-clockwise.
    let ring = features[0]["geometry"]["coordinates"][0]
        .as_array()
        .expect("a ring");
    assert_eq!(ring.first(), ring.last());
    let at = |k: usize| [0, 1].map(|i| ring[k][i].as_f64().expect("a number"));
    let area: f64 = (1..ring.len())
        .map(|k| at(k - 1)[0] * at(k)[1] - at(k)[0] * at(k - 1)[1])
        .sum();
    assert!(area > 0.0);
    let again = read_geojson(text.as_bytes(), &Source::new("back", None)).expect("read");
    let ids: Vec<&str> = again.places.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["hall", "clinic", "gym"]);
}

#[test]
fn tables_have_hashtags_and_can_be_read_back() {
    let made = Made::of(Status::Test, MsgType::Alert, 1);
    let needs = needs_csv(&made.report());
    let lines: Vec<&str> = needs.lines().collect();
    assert_eq!(lines.len(), 3);
    let tag = |t: &str| {
        let (name, attributes) = t.split_once('+').unwrap_or((t, ""));
        let word = |w: &str| {
            w.starts_with(|c: char| c.is_ascii_lowercase())
                && w.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        name.strip_prefix('#').is_some_and(word)
            && (attributes.is_empty() || attributes.split('+').all(word))
    };
    let places = places_csv(&made.report());
    for row in [lines[1], places.lines().nth(1).expect("tags")] {
        assert!(row.split(',').all(tag), "{row}");
    }
    let column = |name: &str| {
        let at = lines[1].split(',').position(|t| t == name).expect(name);
        lines[2].split(',').nth(at).expect(name)
    };
    assert_eq!(column("#population"), "1300");
    assert_eq!(column("#inneed+shelter"), "1100");
    assert_eq!(column("#meta+mode"), "Test");
    assert_eq!(column("#inneed+water+l_day"), "19500");
    // A spreadsheet must not run what a stranger called a shelter.
    assert!(places.contains("'=HYPERLINK"), "{places}");
    let again = read_csv(places.as_bytes(), &Source::new("back", None)).expect("read");
    let ids: Vec<(&str, Option<u32>)> = again
        .places
        .iter()
        .map(|p| (p.id.as_str(), p.capacity))
        .collect();
    assert_eq!(
        ids,
        [("hall", Some(1_000)), ("clinic", None), ("gym", Some(200))]
    );
}

#[test]
fn unknown_is_an_empty_cell_and_null() {
    let mut made = Made::of(Status::Exercise, MsgType::Alert, 1);
    let threat = zone::of_alert(&message(Status::Exercise, MsgType::Alert));
    made.assessment = assess(Input {
        now_us: 0,
        zones: &threat.zones,
        places: &[],
        roads: None,
        speeds: &Speeds::new(),
        planning: &made.planning,
    });
    let value: serde_json::Value = serde_json::from_str(&geojson(&made.report())).expect("JSON");
    assert!(value["assessment"]["total"]["people"].is_null());
    assert_eq!(value["assessment"]["total"]["people_is"], "unknown");
    let needs = needs_csv(&made.report());
    assert!(needs.contains(",,unknown,,"), "{needs}");
    let html = page(&made.report(), &[]);
    assert!(html.contains("<b>unknown</b><span>people in the zones</span>"));
}

fn recorded(what: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(what);
    if !path.exists() {
        println!("skipped: {what} is not at {}", root.display());
        return None;
    }
    Some(path)
}

#[test]
fn the_distribution_keeps_its_schema() {
    let made = [
        Made::of(Status::Exercise, MsgType::Alert, 1),
        Made::of(Status::Actual, MsgType::Update, 3),
        Made::of(Status::Test, MsgType::Cancel, 4),
    ];
    let documents: Vec<String> = made.iter().map(|m| edxl(&m.report(), &m.cap)).collect();
    for (document, (status, kind)) in documents.iter().zip([
        ("Exercise", "Report"),
        ("Actual", "Update"),
        ("Test", "Cancel"),
    ]) {
        assert!(document.contains(&format!("<distributionStatus>{status}<")));
        assert!(document.contains(&format!("<distributionType>{kind}<")));
        // The message is in it as it was, so that a signature stays good.
        let cap = made[0].cap.split_once('\n').expect("a declaration").1;
        assert!(status != "Exercise" || document.contains(cap));
        assert_eq!(document.matches("<?xml").count(), 1);
    }
    let Some(schema) = recorded("edxl/edxlde-1_0.xsd") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut ask = Command::new("xmllint");
    ask.args(["--noout", "--nonet", "--schema"]).arg(schema);
    for (k, document) in documents.iter().enumerate() {
        let path = folder.path().join(format!("{k}.xml"));
        std::fs::write(&path, document).expect("written");
        ask.arg(path);
    }
    match ask.output() {
        Ok(answer) => assert!(
            answer.status.success(),
            "{}",
            String::from_utf8_lossy(&answer.stderr)
        ),
        Err(_) => println!("skipped: schema validation (xmllint not found)"),
    }
}

#[test]
fn the_page_stands_alone_and_says_what_it_is() {
    let made = Made::of(Status::Exercise, MsgType::Alert, 2);
    let html = page(&made.report(), &[("GeoJSON", "e1.geojson")]);
    assert!(html.contains("EXERCISE EXERCISE EXERCISE"));
    // Of strangers' names nothing is markup, and nothing is loaded from anywhere.
    assert!(html.contains("Tsunami &lt;warning&gt; &amp; more"));
    for word in ["<script", "src=", "http", "@import", "url(", "onload"] {
        assert!(!html.contains(word), "{word}");
    }
    for word in [
        "1\u{a0}300",
        "Sphere Handbook 2018",
        "has not answered for 2 h",
        "the clinic",
        "bridge",
        "2010-02-27 07:55 UTC",
        "@media print",
    ] {
        assert!(html.contains(word), "{word}");
    }
    let actual = page(&Made::of(Status::Actual, MsgType::Alert, 1).report(), &[]);
    assert!(!actual.contains("EXERCISE") && !actual.contains("class=\"banner\""));
    let over = page(&Made::of(Status::Test, MsgType::Cancel, 3).report(), &[]);
    assert!(over.contains("TEST TEST TEST") && over.contains("cancelled"));
}
