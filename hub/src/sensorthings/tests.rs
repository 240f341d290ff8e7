//! Questions as clients ask them, about three stations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wire::quantity::Quantity;

use super::{Answer, Answerer, Catalog, Readings, Refused, Station, path, query};
use crate::series::{Known, Point, Wanted};
use crate::view::{StationState, StationView};

const ROOT: &str = "http://hub.example.org/sta/v1.1";
const START_US: i64 = 1_267_252_440_000_000;
const MINUTE_US: i64 = 60_000_000;
const COUNT: i64 = 250;

/// A reading a minute: the minute's number, in metres.
struct Minutes;

impl Readings for Minutes {
    fn between(&self, _: &str, _: Wanted, from_us: i64, to_us: i64) -> Vec<Point> {
        let times = (0..COUNT).map(|n| (n, START_US + n * MINUTE_US));
        let inside = times.filter(|(_, t)| (from_us..=to_us).contains(t));
        inside
            .map(|(n, time_us)| Point {
                time_us,
                value: n as f64,
                quality: 0,
            })
            .collect()
    }
}

fn station(id: &str, lat: f64, lon: f64, quantity: Quantity) -> Station {
    Station {
        view: StationView {
            id: id.to_owned(),
            name: format!("Station {id}"),
            lat,
            lon,
            domain: "tsunami",
            state: StationState::Good,
            latest: BTreeMap::new(),
            finding: String::new(),
        },
        known: vec![Known {
            quantity,
            first_us: START_US,
            last_us: START_US + (COUNT - 1) * MINUTE_US,
        }],
    }
}

fn catalog() -> Catalog {
    Catalog::new(vec![
        station("32412", -17.975, -86.392, Quantity::WaterPressure),
        station("open.road", f64::NAN, f64::NAN, Quantity::Speed),
        station("quint-1", -32.78, 288.47, Quantity::SeaLevel),
    ])
}

/// Asks for a path with options as they stand in a URL, not escaped.
fn ask(url: &str) -> Result<Answer, Refused> {
    let (asked, options) = url.split_once('?').unwrap_or((url, ""));
    let options: Vec<(String, String)> = options
        .split('&')
        .filter(|o| !o.is_empty())
        .map(|o| {
            let (name, value) = o.split_once('=').expect("name=value");
            (
                name.to_owned(),
                value
                    .replace("%20", " ")
                    .replace("%27", "'")
                    .replace("%3B", ";"),
            )
        })
        .collect();
    let asked = path(asked)?;
    let query = query(Answerer::set_of(&asked)?, &options)?;
    Answerer::new(&catalog(), &Minutes, ROOT).answer(&asked, &query)
}

fn json(url: &str) -> Value {
    match ask(url) {
        Ok(Answer::Json(value)) => value,
        other => panic!("{url}: {other:?}"),
    }
}

fn ids(answer: &Value) -> Vec<&str> {
    let value = answer["value"].as_array().expect("value");
    value
        .iter()
        .map(|e| e["@iot.id"].as_str().expect("id"))
        .collect()
}

#[test]
fn every_link_that_is_given_leads_somewhere() {
    let root = Answerer::new(&Catalog::default(), &Minutes, ROOT).index();
    let mut waiting: Vec<String> = root["value"]
        .as_array()
        .expect("value")
        .iter()
        .map(|set| set["url"].as_str().expect("url").to_owned())
        .collect();
    assert_eq!(waiting.len(), 8);
    let mut seen = BTreeSet::new();
    while let Some(url) = waiting.pop() {
        // Readings are alike: some of them will do.
        if !seen.insert(url.clone()) || seen.len() > 1_500 {
            continue;
        }
        let path = url.strip_prefix(ROOT).expect("ours");
        let answer = json(path);
        collect(&answer, &mut waiting);
    }
    assert!(seen.len() > 300, "{}", seen.len());
    assert!(seen.iter().any(|u| u.contains("$skip=100")));
}

/// Every link in an answer.
fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|v| collect(v, out)),
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(url) if key.ends_with("Link") => out.push(url.clone()),
                    other => collect(other, out),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn pages_hold_every_reading_once() {
    let mut url = "/Datastreams('quint-1.sea_level')/Observations?$top=60&$count=true&$orderby=phenomenonTime desc".to_owned();
    let mut all: Vec<i64> = Vec::new();
    loop {
        let page = json(&url);
        assert_eq!(page["@iot.count"], COUNT);
        all.extend(
            page["value"]
                .as_array()
                .expect("value")
                .iter()
                .map(|o| o["result"].as_f64().expect("number") as i64),
        );
        match page["@iot.nextLink"].as_str() {
            Some(next) => url = next.strip_prefix(ROOT).expect("ours").to_owned(),
            None => break,
        }
    }
    assert_eq!(all, (0..COUNT).rev().collect::<Vec<_>>());
    assert_eq!(json("/Things?$top=0&$count=true")["@iot.count"], 3);
    assert!(
        json("/Things?$top=0&$count=true")
            .get("@iot.nextLink")
            .is_none()
    );
}

#[test]
fn filters_go_over_properties_links_times_and_places() {
    let found =
        |url: &str| -> Vec<String> { ids(&json(url)).into_iter().map(str::to_owned).collect() };
    assert_eq!(found("/Things?$filter=name eq 'Station 32412'"), ["32412"]);
    assert_eq!(
        found("/Things?$filter=Datastreams/ObservedProperty/id eq 'speed'"),
        ["open.road"]
    );
    assert_eq!(
        found("/Datastreams?$filter=Thing/id eq 'quint-1'"),
        ["quint-1.sea_level", "quint-1.wave"]
    );
    assert_eq!(
        found("/Datastreams?$filter=unitOfMeasurement/symbol eq 'km/h'"),
        ["open.road.speed"]
    );
    assert_eq!(
        found("/Things?$orderby=name desc&$top=2"),
        ["quint-1", "open.road"]
    );
    let box_around = "geography'POLYGON((-90 -40, -60 -40, -60 -30, -90 -30, -90 -40))'";
    assert_eq!(
        found(&format!(
            "/Locations?$filter=(location/type eq 'Point' or location/geometry/type eq 'Point') and (geo.intersects(location, {box_around}))"
        )),
        ["quint-1"],
        "as QGIS asks; east of 180 degrees in the configuration"
    );
    assert_eq!(
        found(&format!(
            "/Things?$filter=geo.intersects(Locations/location,{box_around})"
        )),
        ["quint-1"]
    );
    let readings = json(
        "/Datastreams('32412.water_pressure')/Observations?$filter=phenomenonTime gt 2010-02-27T06:36:00Z and phenomenonTime le 2010-02-27T06:39:00Z and result ne 3",
    );
    let results: Vec<f64> = readings["value"]
        .as_array()
        .expect("value")
        .iter()
        .map(|o| o["result"].as_f64().expect("number"))
        .collect();
    assert_eq!(results, [4.0, 5.0]);
    let greatest = json(
        "/Datastreams('32412.water_pressure')/Observations?$orderby=result desc&$top=1&$select=result",
    );
    assert_eq!(greatest["value"], serde_json::json!([{"result": 249.0}]));
}

#[test]
fn expanded_entities_have_their_own_options() {
    let answer = json(
        "/Things('32412')?$select=name&$expand=Locations($select=location),Datastreams($filter=endswith(name,'pressure')%3B$expand=Observations($top=1%3B$orderby=phenomenonTime desc%3B$count=true),ObservedProperty($select=name))",
    );
    assert_eq!(answer["name"], "Station 32412");
    assert!(answer.get("description").is_none() && answer.get("@iot.id").is_none());
    assert_eq!(
        answer["Locations"][0]["location"]["coordinates"],
        serde_json::json!([-86.392, -17.975])
    );
    let streams = answer["Datastreams"].as_array().expect("list");
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0]["Observations"][0]["result"], 249.0);
    assert_eq!(streams[0]["Observations@iot.count"], COUNT);
    assert_eq!(
        streams[0]["ObservedProperty"],
        serde_json::json!({"name": "water pressure"})
    );
    let next = streams[0]["Observations@iot.nextLink"]
        .as_str()
        .expect("more");
    let next = json(next.strip_prefix(ROOT).expect("ours"));
    assert_eq!(next["value"][0]["result"], 248.0);
    let observation = json(
        "/Observations('quint-1.sea_level.1267252500000000')?$expand=Datastream/Thing,FeatureOfInterest",
    );
    assert_eq!(observation["Datastream"]["Thing"]["@iot.id"], "quint-1");
    assert_eq!(
        observation["FeatureOfInterest"]["feature"]["coordinates"][0]
            .as_f64()
            .map(f64::round),
        Some(-72.0)
    );
}

#[test]
fn properties_values_and_references_are_addressed() {
    assert_eq!(
        json("/Things('32412')/name"),
        serde_json::json!({"name": "Station 32412"})
    );
    assert_eq!(
        ask("/Things('32412')/name/$value"),
        Ok(Answer::Text("Station 32412".to_owned()))
    );
    assert_eq!(
        json("/Things('32412')/properties/domain")["domain"],
        "tsunami"
    );
    assert_eq!(
        ask("/Things('32412')/properties/weight"),
        Ok(Answer::Nothing)
    );
    assert_eq!(
        json("/Things(32412)")["@iot.id"],
        "32412",
        "digits need no quotes"
    );
    assert_eq!(
        json("/Things/$ref")["value"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(
        json("/Things('32412')/Datastreams('32412.wave')/Thing")["@iot.id"],
        "32412"
    );
    assert!(
        json("/Things('open.road')/Locations")["value"]
            .as_array()
            .expect("list")
            .is_empty()
    );
}

#[test]
fn what_is_not_there_or_not_understood_is_said() {
    for (url, status) in [
        ("/Friends", 404),
        ("/Things('nobody')", 404),
        ("/Things('32412')/Datastreams('quint-1.wave')", 404),
        ("/Things('32412')/weight", 404),
        ("/Things/name", 400),
        ("/Things('32412", 400),
        ("/Things?$filter=name is 'x'", 400),
        ("/Things?$resultFormat=dataArray", 400),
        ("/Datastreams('32412.wave')/Thing('32412')", 400),
        ("/Things('32412')/$value", 400),
        ("/Observations('32412.wave.x')", 404),
    ] {
        assert_eq!(ask(url).expect_err(url).status, status, "{url}");
    }
    let too_much = "/Datastreams?$expand=Observations($top=1000%3B$expand=Datastream/Thing/Datastreams,FeatureOfInterest/Observations)";
    let refused = ask(too_much).expect_err("bounded");
    assert!(
        refused.status == 400 && refused.text.contains("20000"),
        "{refused:?}"
    );
}
