//! Earthquakes as agencies and people write them.

mod written;

use gridfile::{Earthquake, Plane, read_quake_bytes, read_quakes_bytes};
use written::shared;

const ORIGIN_US: i64 = 1_267_252_451_530_000;

fn read(text: &str) -> Result<Earthquake, String> {
    read_quake_bytes("file", text.as_bytes().to_vec())
        .map(|(quake, _)| quake)
        .map_err(|e| e.to_string())
}

fn maule(quake: &Earthquake) {
    let q = &quake.quake;
    assert_eq!(
        (q.magnitude, q.lat, q.depth_km, q.origin_us),
        (8.8, -36.122, 22.9, ORIGIN_US)
    );
    assert!(q.lon == -72.898 || q.lon == 287.102);
}

fn plane(strike_deg: f64, dip_deg: f64, rake_deg: f64) -> Plane {
    Plane {
        strike_deg,
        dip_deg,
        rake_deg,
    }
}

const SHIPPED: &str = include_str!("../../../configs/events/chile-2010/quake.geojson");

#[test]
fn the_shipped_event() {
    let quake = read(SHIPPED).expect("shipped");
    maule(&quake);
    assert_eq!(quake.place, "offshore Bio-Bio, Chile");
    assert_eq!(
        (quake.magnitude_type.as_deref(), quake.planes.len()),
        (Some("mww"), 0)
    );
}

#[test]
fn a_detail_feed_gives_the_nodal_planes_of_its_preferred_tensor() {
    let products = r#""products": {"origin": [{"properties": {}}],
        "moment-tensor": [
          {"properties": {"nodal-plane-1-strike": "178.31", "nodal-plane-1-dip": "77.78", "nodal-plane-1-rake": "86.16",
                          "nodal-plane-2-strike": "15.16", "nodal-plane-2-dip": "12.79", "nodal-plane-2-slip": 107.53}},
          {"properties": {"nodal-plane-1-strike": "1", "nodal-plane-1-dip": "2", "nodal-plane-1-rake": "3"}}]}, "felt":"#;
    let detail = SHIPPED.replacen("\"felt\":", products, 1);
    let quake = read(&detail).expect("a detail feed");
    assert_eq!(
        quake.planes,
        [plane(178.31, 77.78, 86.16), plane(15.16, 12.79, 107.53)]
    );
    let bad = detail.replace("\"77.78\"", "\"777\"");
    assert_eq!(
        read(&bad).expect("one plane is left").planes,
        [plane(15.16, 12.79, 107.53)]
    );
}

#[test]
fn of_several_the_largest_is_taken_and_deleted_ones_are_not() {
    let feature = |id: &str, mag: f64, status: &str| {
        SHIPPED
            .replace("official20100227063411530_30", id)
            .replace("\"mag\": 8.8", &format!("\"mag\": {mag}"))
            .replace("\"automatic\"", &format!("\"{status}\""))
    };
    let feed = format!(
        r#"{{"type":"FeatureCollection","features":[{},{},{},{{"type":"Feature"}}]}}"#,
        feature("a", 6.1, "reviewed"),
        feature("b", 7.2, "reviewed"),
        feature("c", 9.9, "deleted")
    );
    let (quake, notes) = read_quake_bytes("feed", feed.into_bytes()).expect("a feed");
    assert_eq!(quake.quake.id, "b");
    let notes: Vec<&str> = notes.iter().collect();
    assert!(
        notes[0].contains("2 earthquakes could not be read"),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("the largest is taken: M 7.2 b"),
        "{notes:?}"
    );
    assert!(
        read(&feature("c", 8.8, "deleted"))
            .expect_err("taken back")
            .contains("took it back")
    );
}

const QUAKEML: &str = r#"<?xml version="1.0"?>
<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">
 <eventParameters publicID="smi:x/y">
  <event publicID="smi:x/event/maule-2010">
   <preferredOriginID>smi:x/origin/2?a=1&amp;b=2</preferredOriginID>
   <preferredMagnitudeID>smi:x/mag/2</preferredMagnitudeID>
   <description><type>region name</type><text>Bio-Bio &amp; Maule</text></description>
   <origin publicID="smi:x/origin/1"><time><value>2010-02-27T00:00:00Z</value></time>
    <latitude><value>0</value></latitude><longitude><value>0</value></longitude></origin>
   <origin publicID="smi:x/origin/2?a=1&amp;b=2"><time><value>2010-02-27T06:34:11.53</value></time>
    <latitude><value>-36.122</value></latitude><longitude><value>-72.898</value></longitude>
    <depth><value>22900</value></depth></origin>
   <magnitude publicID="smi:x/mag/1"><mag><value>7.0</value></mag><type>mb</type></magnitude>
   <magnitude publicID="smi:x/mag/2"><mag><value>8.8</value></mag><type>Mww</type></magnitude>
   <focalMechanism publicID="smi:x/fm/1"><nodalPlanes preferredPlane="2">
    <nodalPlane1><strike><value>178</value></strike><dip><value>77</value></dip><rake><value>86</value></rake></nodalPlane1>
    <nodalPlane2><strike><value>18</value></strike><dip><value>14</value></dip><rake><value>104</value></rake></nodalPlane2>
   </nodalPlanes></focalMechanism>
  </event>
 </eventParameters>
</q:quakeml>"#;

#[test]
fn quakeml_with_what_is_preferred() {
    let quake = read(QUAKEML).expect("QuakeML");
    maule(&quake);
    assert_eq!(
        (quake.quake.id.as_str(), quake.place.as_str()),
        ("maule-2010", "Bio-Bio & Maule")
    );
    assert_eq!(quake.magnitude_type.as_deref(), Some("Mww"));
    assert_eq!(
        quake.planes,
        [plane(18.0, 14.0, 104.0), plane(178.0, 77.0, 86.0)]
    );
    // Nothing is named as preferred: the first origin, the moment magnitude.
    let unnamed = QUAKEML
        .replace("preferredOriginID>", "x>")
        .replace("preferredMagnitudeID>", "x>");
    let quake = read(&unnamed).expect("QuakeML");
    assert_eq!((quake.quake.lat, quake.quake.magnitude), (0.0, 8.8));
    for (from, to, what) in [
        ("-36.122", "-136.122", "no place on Earth"),
        ("2010-02-27T06:34:11.53", "yesterday", "no time"),
        ("<mag><value>8.8</value></mag>", "", "no value"),
        ("</event>", "", "as XML"),
        ("q:quakeml", "q:other", "no QuakeML"),
    ] {
        let error = read(&QUAKEML.replace(from, to)).expect_err(what);
        assert!(error.contains(what), "{to}: {error}");
    }
    let deep = "<a>".repeat(100_000);
    assert!(read(&deep).expect_err("deep").contains("nested"));
}

#[test]
fn what_a_person_writes() {
    let toml = "# Maule\nmagnitude = 8.8\nlat = -36.122\nlon = -72.898\ndepth_km = 22.9\ntime = 2010-02-27T06:34:11.53Z\n";
    let json = r#"{"mw": 8.8, "latitude": -36.122, "longitude": 287.102, "depth": 22.9, "time": "2010-02-27T06:34:11.53Z"}"#;
    let line = "2010-02-27T06:34:11.53Z,-36.122,-72.898,22.9,8.8";
    let table = "time,latitude,longitude,depth,mag,magType,id,place\n2010-02-27T06:34:11.530Z,-36.122,-72.898,22.9,8.8,mww,official1,\"offshore Bio-Bio, Chile\"\n";
    let fdsn = "#EventID|Time|Latitude|Longitude|Depth/km|Author|MagType|Magnitude|EventLocationName\nus1|2010-02-27T06:34:11.53|-36.122|-72.898|22.9|us|mww|8.8|Bio-Bio\n";
    for text in [toml, json, line, table, fdsn] {
        maule(&read(text).unwrap_or_else(|e| panic!("{text}: {e}")));
    }
    let with_plane =
        format!("{toml}strike_deg = 18\ndip_deg = 14\nrake_deg = 104\nplace = \"Chile\"\n");
    assert_eq!(
        read(&with_plane).expect("with a plane").planes,
        [plane(18.0, 14.0, 104.0)]
    );
    assert_eq!(
        read(&format!("{line},18,14,104"))
            .expect("with a plane")
            .planes,
        [plane(18.0, 14.0, 104.0)]
    );
    assert_eq!(
        read(table).expect("a table").place,
        "offshore Bio-Bio, Chile"
    );
    for (text, what) in [
        (toml.replace("lat =", "lattitude ="), "lattitude"),
        (toml.replace("8.8", "18.8"), "magnitude 18.8"),
        (format!("{toml}strike_deg = 18\n"), "belong together"),
        (json.replace("22.9", "\"deep\""), "as JSON"),
        (json.replace("-36.122", "NaN"), "file:"),
        (
            line.replace("-36.122", "south"),
            "line 1: lat \"south\" is no number",
        ),
        (line.replace("06:34", "25:34"), "line 1: time"),
        (String::new(), "none of the formats"),
        ("hello".to_owned(), "line 1"),
    ] {
        let error = read(&text).expect_err(what);
        assert!(error.contains(what), "{text}: {error}");
    }
    assert!(read_quake_bytes("file", vec![0xff, 0xfe]).is_err());
}

#[test]
fn catalogues_as_they_circulate() {
    for (name, n, largest) in [
        ("usgs_earthquakes_week.geojson", 1700, Some(6.4)),
        ("neries_events.xml", 3, Some(4.4)),
        ("usgs_event.xml", 2, Some(1.6)),
        ("quakeml_1.2_focalmechanism.xml", 0, None),
    ] {
        let Some(path) = shared(&format!("catalog/{name}")) else {
            continue;
        };
        let bytes = std::fs::read(path).expect("readable");
        let read = read_quakes_bytes(name, bytes);
        match largest {
            Some(largest) => {
                let (quakes, _) = read.expect(name);
                assert!(quakes.len() >= n, "{name}: {}", quakes.len());
                let most = quakes.iter().map(|q| q.quake.magnitude).fold(0.0, f64::max);
                assert_eq!(most, largest, "{name}");
            }
            None => assert!(
                read.expect_err("mechanisms without an origin")
                    .to_string()
                    .contains("no origin")
            ),
        }
    }
}
