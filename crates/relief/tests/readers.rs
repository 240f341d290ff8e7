//! What the readers take and what they refuse, on what Sahana writes and on what people make.

use relief::places::{Source, read_csv, read_geojson, read_s3xml};
use relief::roads::{self, Cars};
use relief::{Kind, MAX_DOCUMENT, ReadError, Status};

fn sahana(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/sahana/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn shelters() -> Source {
    Source::new("sahana", Some(Kind::Shelter))
}

#[test]
fn sahana_has_no_record() {
    let found = read_geojson(&sahana("shelter-empty.geojson"), &shelters()).expect("read");
    assert_eq!(found, relief::places::Found::default());
}

#[test]
fn sahana_has_one_record() {
    let found =
        read_geojson(&sahana("shelter-single-bare-feature.geojson"), &shelters()).expect("read");
    let [hall] = &found.places[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (hall.name.as_str(), hall.lat, hall.lon, hall.kind),
        ("School Hall A", -8.5, 115.5, Kind::Shelter)
    );
    // 0 is what Sahana writes for a number that nobody entered; its `population` is who is in the shelter.
    assert_eq!((hall.capacity, hall.occupancy), (None, Some(0)));
    assert_eq!(hall.population, None);
    assert_eq!(hall.status, Status::Unknown);
    // An id of `{}` is none: one is made that stays the same.
    assert_eq!(hall.id, "shelter:School Hall A@-8.50000,115.50000");
}

#[test]
fn sahana_has_several() {
    let found = read_geojson(&sahana("shelter-many.geojson"), &shelters()).expect("read");
    let names: Vec<&str> = found.places.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["School Hall A", "Inland Gym"]);
    assert_eq!(found.refused.count(), 0);
}

#[test]
fn s3xml_has_uuids_states_and_locations() {
    // The table says what it is.
    let found = read_s3xml(&sahana("shelter.s3xml"), &Source::new("sahana", None)).expect("read");
    let [hall, gym] = &found.places[..] else {
        panic!("{found:?}");
    };
    assert_eq!(hall.id, "urn:hub:shelter:1");
    assert_eq!((hall.lat, hall.lon), (-8.5, 115.5));
    assert_eq!((gym.lat, gym.lon), (-8.9, 113.0));
    assert_eq!(gym.status, Status::Open);
    assert_eq!(gym.updated, "2026-11-24T00:06:07");
    assert_eq!(found.refused.count(), 0, "{:?}", found.refused);
}

#[test]
fn s3xml_locations_by_uuid_and_inside() {
    let text = r#"<?xml version="1.0"?><s3xml>
      <resource name="cr_shelter" uuid="a"><data field="name">A &amp; O&#233;</data><data field="capacity" value="120">hundert</data>
        <data field="blocked_capacity" value="20">20</data><data field="population" value="30">30</data>
        <data field="status" value="1">geschlossen</data><reference field="location_id" resource="gis_location" uuid="l1"/></resource>
      <resource name="hms_hospital" uuid="b"><data field="name">B</data>
        <reference field="location_id" resource="gis_location"><resource name="gis_location" uuid="l2"><data field="lat" value="1.5"/><data field="lon" value="2.5"/></resource></reference></resource>
      <resource name="cr_shelter" uuid="c"><reference field="location_id" resource="gis_location" uuid="nowhere"/></resource>
      <resource name="org_office" uuid="d"><data field="name">an office</data></resource>
      <resource name="gis_location" uuid="l1"><data field="lat" value="-3.25">x</data><data field="lon" value="190">y</data></resource>
    </s3xml>"#;
    let found = read_s3xml(text.as_bytes(), &Source::new("s", None)).expect("read");
    let [a, b] = &found.places[..] else {
        panic!("{found:?}");
    };
    assert_eq!(a.name, "A & O\u{e9}");
    assert_eq!(
        (a.capacity, a.occupancy, a.free()),
        (Some(100), Some(30), Some(70))
    );
    // The text is in somebody's language; the number says closed.
    assert_eq!(a.status, Status::Closed);
    assert_eq!((a.lat, a.lon), (-3.25, -170.0));
    assert_eq!((b.kind, b.lat, b.lon), (Kind::Hospital, 1.5, 2.5));
    assert_eq!(found.refused.by_reason["position"], 1);
    assert_eq!(found.refused.by_reason["kind"], 1);
}

#[test]
fn what_is_no_s3xml_is_refused() {
    let s = Source::new("s", None);
    for (text, word) in [
        ("", "no element"),
        ("<html></html>", "<html>"),
        ("<s3xml><resource name=\"cr_shelter\">", "ends inside"),
        ("<s3xml></resource></s3xml>", ""),
        (
            "<!DOCTYPE s3xml [<!ENTITY a \"b\">]><s3xml/>",
            "document type",
        ),
        ("<s3xml/><s3xml/>", "second root"),
    ] {
        let why = read_s3xml(text.as_bytes(), &s).expect_err(text).to_string();
        assert!(why.contains(word), "{text}: {why}");
    }
    let deep = format!("<s3xml>{}", "<x>".repeat(100));
    assert!(read_s3xml(deep.as_bytes(), &s).is_err());
    // An entity that nobody defined is left out, not guessed.
    let found = read_s3xml(b"<s3xml><resource name=\"cr_shelter\" uuid=\"a\"><data field=\"name\">x&boo;y</data><reference field=\"l\" resource=\"gis_location\" lat=\"1\" lon=\"2\"/></resource></s3xml>", &s).expect("read");
    assert_eq!(found.places[0].name, "xy");
}

#[test]
fn one_bad_feature_costs_one_feature() {
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","geometry":{"type":"Point","coordinates":[10,95]},"properties":{"kind":"school"}},
        {"type":"Feature","geometry":null,"properties":{"kind":"school","lat":"1","lon":2,"name":"no geometry"}},
        7,
        {"type":"Feature","geometry":{"type":"Point","coordinates":[10,1]},"properties":{"kind":"lighthouse"}},
        {"type":"Feature","geometry":{"type":"Point","coordinates":[10,1]},"properties":{"amenity":"hospital","capacity":"many"}},
        {"type":"Feature","id":5,"geometry":{"type":"Point","coordinates":[10,1]},"properties":{"amenity":"hospital","capacity":"40"}},
        {"type":"Feature","id":5,"geometry":{"type":"Point","coordinates":[11,1]},"properties":{"amenity":"hospital"}},
        {"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]},"properties":{"KIND":"population","Pop":12.25}}
    ]}"#;
    let found = read_geojson(text.as_bytes(), &Source::new("s", None)).expect("read");
    let kinds: Vec<Kind> = found.places.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [Kind::School, Kind::Hospital, Kind::Population]);
    assert_eq!(found.places[1].id, "5");
    assert_eq!((found.places[2].lat, found.places[2].lon), (1.0, 1.0));
    assert_eq!(
        found.places[2].population.map(relief::People::as_f64),
        Some(12.25)
    );
    let reasons: Vec<(&str, u64)> = found
        .refused
        .by_reason
        .iter()
        .map(|(r, n)| (*r, *n))
        .collect();
    assert_eq!(
        reasons,
        [
            ("duplicate", 1),
            ("feature", 1),
            ("kind", 1),
            ("number", 1),
            ("position", 1)
        ]
    );
    assert_eq!(found.refused.first[0].at, "feature 1");
    let words = found.refused.words().expect("something was refused");
    assert!(words.starts_with("5 refused"), "{words}");
}

#[test]
fn what_is_no_geojson_is_refused() {
    let s = shelters();
    for text in [
        "",
        "{",
        "null",
        "7",
        "\"x\"",
        "{\"error\":\"login\"}",
        "{\"type\":\"Point\",\"coordinates\":[1,2]}",
        "<html>",
    ] {
        assert!(read_geojson(text.as_bytes(), &s).is_err(), "{text}");
    }
    let large = vec![b' '; MAX_DOCUMENT + 1];
    assert!(matches!(
        read_geojson(&large, &s),
        Err(ReadError::TooLarge { .. })
    ));
    let deep = "[".repeat(100_000);
    assert!(read_geojson(deep.as_bytes(), &s).is_err());
}

#[test]
fn tables_by_headings_and_by_tags() {
    let by_heading =
        "\u{feff}Name;Kind;Latitude;Longitude;Capacity;Status\nHall;shelter;-8.5;115.5;200;Open\n";
    let by_tag = "Nombre,Clase,X,Y,Camas,Estado\n#loc+name,#loc+type,#geo+lon,#geo +lat,#capacity,#status\nHall,shelter,115.5,-8.5,200,Open\n";
    let one = read_csv(by_heading.as_bytes(), &Source::new("t", None)).expect("read");
    let two = read_csv(by_tag.as_bytes(), &Source::new("t", None)).expect("read");
    assert_eq!(one.places, two.places);
    assert_eq!(one.places[0].capacity, Some(200));
    assert_eq!(one.places[0].status, Status::Open);
}

#[test]
fn a_bad_row_costs_one_row() {
    let text =
        "id,lat,lon,population\na,1,2,10\nb,1\nc,one,2,3\n\nd,1,2,-5\na,3,4,5\ne,1,2,\n\"f,1,2,3\n";
    let found = read_csv(text.as_bytes(), &Source::new("t", Some(Kind::Population))).expect("read");
    let ids: Vec<&str> = found.places.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["a", "e"]);
    assert_eq!(found.places[1].population, None);
    // The quote that is never closed takes the rest of the file with it.
    assert_eq!(found.refused.count(), 5, "{:?}", found.refused);
    assert_eq!(found.refused.first[0].at, "line 3");
    assert!(read_csv(b"name,place\nx,y\n", &shelters()).is_err());
    assert_eq!(
        read_csv(b" \n", &shelters()).expect("nothing").places.len(),
        0
    );
}

#[test]
fn roads_with_tags() {
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","id":"way/1","geometry":{"type":"LineString","coordinates":[[0,0],[0,1]]},"properties":{"highway":"residential","maxspeed":"50","oneway":"yes"}},
        {"type":"Feature","geometry":{"type":"MultiLineString","coordinates":[[[0,1],["1","1"]],[[2,2],[3,3]]]},"properties":{"segment":"s2","highway":"footway","bridge":"viaduct"}},
        {"type":"Feature","geometry":{"type":"LineString","coordinates":[[0,0],[0,0]]},"properties":{}},
        {"type":"Feature","geometry":{"type":"Point","coordinates":[0,0]},"properties":{}},
        {"type":"Feature","geometry":{"type":"LineString","coordinates":[[5,5],[6,6]]},"properties":{"highway":"motorway","maxspeed":"60 mph","oneway":"-1","closed":true}},
        {"type":"Feature","geometry":{"type":"LineString","coordinates":[[5,5],[6,6]]},"properties":{"maxspeed":"5000"}}
    ]}"#;
    let read = roads::read(text.as_bytes()).expect("read");
    let [one, two, three, fast] = &read.lines[..] else {
        panic!("{read:?}");
    };
    assert_eq!(
        (one.id.as_str(), one.cars, one.foot),
        ("way/1", Cars::Forward, true)
    );
    assert!((one.speed_m_s.expect("a speed") - 50.0 / 3.6).abs() < 1e-12);
    assert_eq!((two.cars, two.foot, two.bridge), (Cars::No, true, true));
    assert_eq!((two.id.as_str(), three.id.as_str()), ("s2", "s2"));
    assert_eq!(
        (fast.cars, fast.foot, fast.closed),
        (Cars::Backward, false, true)
    );
    assert!((fast.speed_m_s.expect("a speed") - 26.8224).abs() < 1e-9);
    assert_eq!(read.refused.by_reason["geometry"], 2);
    assert_eq!(read.refused.by_reason["speed"], 1);
}
