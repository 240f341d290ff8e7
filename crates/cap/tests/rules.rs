//! Each rule of the writer, broken once.

mod message;

use cap::{
    Alert, Category, Circle, MsgType, NamedValue, Point, Polygon, Reference, Resource,
    ResponseType, Rule, Scope, Time,
};
use message::{full, info, minutes, small, square};

type Break = fn(&mut Alert);

/// What is done to a message with every element, and what the writer says to it.
const CASES: &[(&str, Rule, Break)] = &[
    ("identifier", Rule::Empty, |a| a.identifier.clear()),
    ("identifier", Rule::Token, |a| a.identifier = "a b".into()),
    ("sender", Rule::Token, |a| a.sender = "a,b".into()),
    ("sender", Rule::Token, |a| a.sender = "a<b".into()),
    ("sender", Rule::Token, |a| a.sender = "a&b".into()),
    ("sender", Rule::Token, |a| a.sender = "a\u{0}b".into()),
    ("source", Rule::Empty, |a| a.source = Some(" ".into())),
    ("restriction", Rule::Restriction, |a| a.restriction = None),
    ("restriction", Rule::RestrictionUnused, |a| {
        a.scope = Scope::Public
    }),
    ("addresses", Rule::Addresses, |a| {
        a.scope = Scope::Private;
        a.restriction = None;
        a.addresses.clear();
    }),
    ("addresses", Rule::Quote, |a| {
        a.addresses.push("a\"b".into())
    }),
    ("addresses", Rule::LineBreak, |a| {
        a.addresses.push("a\nb".into())
    }),
    ("addresses[3]", Rule::Duplicate, |a| {
        a.addresses.push("duty@example.org".into())
    }),
    ("code[1]", Rule::Empty, |a| a.codes[0].clear()),
    ("code[3]", Rule::Duplicate, |a| {
        a.codes.push("layer:Y".into())
    }),
    ("note", Rule::Note, |a| {
        a.msg_type = MsgType::Error;
        a.note = None;
    }),
    ("note", Rule::IllegalCharacter, |a| {
        a.note = Some("\u{1}".into())
    }),
    ("references", Rule::References, |a| a.references.clear()),
    ("references[1]", Rule::ReferencesItself, |a| {
        a.references[0].sender = a.sender.clone();
        a.references[0].identifier = a.identifier.clone();
    }),
    ("references[1]", Rule::Token, |a| {
        a.references[0].identifier = "x,y".into()
    }),
    ("references[2]", Rule::Duplicate, |a| {
        let again = Reference {
            sent: minutes(2),
            ..a.references[0].clone()
        };
        a.references.push(again);
    }),
    ("sent", Rule::SentAfterReferences, |a| {
        a.references[0].sent = a.sent
    }),
    ("incidents", Rule::LineBreak, |a| {
        a.incidents.push(" a".into())
    }),
    ("info", Rule::Info, |a| a.infos.clear()),
    ("info[2]", Rule::OneInfoPerLanguage, |a| {
        a.infos[1].language = "EN".into()
    }),
    ("info[1]/language", Rule::Language, |a| {
        a.infos[0].language = "en_US".into()
    }),
    ("info[1]/category", Rule::Required, |a| {
        a.infos[0].categories.clear()
    }),
    ("info[1]/category[3]", Rule::Duplicate, |a| {
        a.infos[0].categories.push(Category::Geo)
    }),
    ("info[1]/event", Rule::Empty, |a| a.infos[0].event.clear()),
    ("info[1]/responseType[3]", Rule::Duplicate, |a| {
        a.infos[0].response_types.push(ResponseType::Evacuate)
    }),
    ("info[1]/eventCode[1]/value", Rule::Empty, |a| {
        a.infos[0].event_codes[0].value.clear()
    }),
    ("info[1]/expires", Rule::ExpiresAfterSent, |a| {
        a.infos[0].expires = Some(a.sent)
    }),
    ("info[1]/expires", Rule::ExpiresAfterEffective, |a| {
        a.infos[0].effective = Some(minutes(65))
    }),
    ("info[1]/web", Rule::AbsoluteUri, |a| {
        a.infos[0].web = Some("cap/wf-1.xml".into())
    }),
    ("info[1]/web", Rule::Empty, |a| {
        a.infos[0].web = Some(String::new())
    }),
    ("info[1]/parameter[3]", Rule::Duplicate, |a| {
        a.infos[0].parameters.push(NamedValue::new("height", "4 m"))
    }),
    ("info[1]/resource[1]/mimeType", Rule::MimeType, |a| {
        a.infos[0].resources[0].mime_type = "png".into()
    }),
    ("info[1]/resource[1]/size", Rule::Size, |a| {
        a.infos[0].resources[0].size_bytes = Some(u64::MAX)
    }),
    ("info[1]/resource[1]/uri", Rule::AbsoluteUri, |a| {
        a.infos[0].resources[0].deref_uri = None
    }),
    ("info[1]/resource[1]/uri", Rule::UriReference, |a| {
        a.infos[0].resources[0].uri = Some("a b".into())
    }),
    ("info[1]/resource[1]/derefUri", Rule::Base64, |a| {
        a.infos[0].resources[0].deref_uri = Some("A".into())
    }),
    ("info[1]/resource[1]/digest", Rule::Digest, |a| {
        a.infos[0].resources[0].digest = Some("00".into())
    }),
    ("info[1]/resource[2]", Rule::Duplicate, |a| {
        let again: Resource = a.infos[0].resources[0].clone();
        a.infos[0].resources.push(again);
    }),
    ("info[1]/area[2]", Rule::Duplicate, |a| {
        let again = a.infos[0].areas[0].clone();
        a.infos[0].areas.push(again);
    }),
    ("info[1]/area[1]/areaDesc", Rule::Empty, |a| {
        a.infos[0].areas[0].description.clear()
    }),
    ("info[1]/area[1]/polygon[1]", Rule::PolygonClosed, |a| {
        a.infos[0].areas[0].polygons[0].points.pop();
    }),
    ("info[1]/area[1]/polygon[1]", Rule::PolygonPoints, |a| {
        a.infos[0].areas[0].polygons[0].points.drain(1..3);
    }),
    ("info[1]/area[1]/polygon[1]", Rule::PolygonCrosses, |a| {
        a.infos[0].areas[0].polygons[0].points.swap(1, 2)
    }),
    (
        "info[1]/area[1]/polygon[1]",
        Rule::PolygonTooManyPoints,
        |a| {
            let circle = (0..101).map(|i| f64::from(i) * std::f64::consts::TAU / 100.0);
            a.infos[0].areas[0].polygons[0].points =
                circle.map(|t| Point::new(t.sin(), t.cos())).collect();
        },
    ),
    (
        "info[1]/area[1]/polygon[1]",
        Rule::PolygonAntimeridian,
        |a| {
            let corners = [(0.0, 179.0), (0.0, -179.0), (1.0, -179.0), (0.0, 179.0)];
            a.infos[0].areas[0].polygons[0] = Polygon {
                points: corners.map(|(y, x)| Point::new(y, x)).to_vec(),
            };
        },
    ),
    ("info[1]/area[1]/polygon[1]", Rule::Latitude, |a| {
        a.infos[0].areas[0].polygons[0].points[1] = Point::new(-91.0, 0.0);
    }),
    ("info[1]/area[1]/polygon[3]", Rule::Duplicate, |a| {
        a.infos[0].areas[0].polygons.push(square(-37.0, -73.5))
    }),
    ("info[1]/area[1]/circle[1]", Rule::Longitude, |a| {
        a.infos[0].areas[0].circles[0].center = Point::new(0.0, 180.1);
    }),
    ("info[1]/area[1]/circle[1]", Rule::CircleRadius, |a| {
        a.infos[0].areas[0].circles[0] = Circle::new(Point::new(0.0, 0.0), 0.0);
    }),
    ("info[1]/area[1]/geocode[2]", Rule::Duplicate, |a| {
        a.infos[0].areas[0]
            .geocodes
            .push(NamedValue::new("ISO3166-2", "CL-ML"));
    }),
    ("info[1]/area[1]/altitude", Rule::Altitude, |a| {
        a.infos[0].areas[0].altitude_ft = Some(f64::NAN)
    }),
    (
        "info[1]/area[1]/ceiling",
        Rule::CeilingWithoutAltitude,
        |a| a.infos[0].areas[0].altitude_ft = None,
    ),
    ("alert", Rule::TooMany, |a| {
        a.codes = (0..=cap::MAX_ELEMENTS).map(|i| i.to_string()).collect();
    }),
    ("alert", Rule::TooLong, |a| {
        a.note = Some("&".repeat(cap::MAX_MESSAGE_BYTES / 4))
    }),
];

#[test]
fn each_broken_rule_is_named_with_its_element() {
    full().check().unwrap();
    for (element, rule, break_it) in CASES {
        let mut alert = full();
        break_it(&mut alert);
        let invalid = alert.to_xml().expect_err(rule.name());
        let first = (invalid.element.as_str(), invalid.rule);
        // Breaking one rule may break another before it; the one meant must be in the list then.
        let listed = alert
            .faults()
            .iter()
            .any(|f| f.element == *element && f.rule == *rule);
        assert!(
            first == (element, *rule) || listed,
            "{element} {rule:?}: got {invalid}"
        );
    }
}

/// A rule that no case breaks is a rule that may be dead.
#[test]
fn every_rule_has_a_case() {
    for rule in Rule::ALL {
        assert!(
            CASES.iter().any(|(_, of, _)| of == rule),
            "no case breaks {}",
            rule.name()
        );
    }
}

/// The table of rules for people says what the code says.
#[test]
fn every_rule_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cap.md");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: the table of rules ({path} is not there)");
        return;
    };
    for rule in Rule::ALL {
        let row = format!("| `{}` | {} |", rule.name(), rule.text());
        assert!(text.contains(&row), "docs/cap.md has no row {row}");
    }
}

#[test]
fn errors_read_well() {
    let mut alert = full();
    alert.infos[1].areas[0].polygons[1].points.swap(1, 2);
    assert_eq!(
        alert.to_xml().unwrap_err().to_string(),
        "info[2]/area[1]/polygon[2]: edges must not cross, touch or repeat a corner (found \"at -30,-70.12346\")"
    );
}

/// Two messages of a chain within one second would be told apart by nobody: their times are equal as written.
#[test]
fn an_update_in_the_same_second_is_refused() {
    let first = small();
    let mut update = first.follow(
        "wf-2",
        Time::from_us(first.sent.us() + 999_999),
        MsgType::Update,
    );
    update.infos.push(info("en"));
    assert_eq!(update.to_xml().unwrap_err().rule, Rule::SentAfterReferences);
    update.sent = Time::from_us(first.sent.us() + 1_000_000);
    update.to_xml().unwrap();
}

#[test]
fn the_list_of_faults_is_bounded() {
    let mut alert = small();
    alert.codes = vec![String::new(); 5_000];
    assert_eq!(alert.faults().len(), 200);
}
