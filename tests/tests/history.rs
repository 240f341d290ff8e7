//! Looking back: how readings went, what the page showed, and both through other people's interface; across a kill.

use std::collections::BTreeSet;

use scenarios::http;
use scenarios::mqtt;
use scenarios::running::Hub;
use scenarios::site::{At, CITY, Site, small};
use scenarios::wait::{until, until_true};
use serde_json::Value;

fn json(hub: &Hub, path: &str) -> Value {
    let answer = hub.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn publish(site: &Site, hub: &Hub, station: &str, quantity: &str, value: f64) {
    let payload = format!(r#"{{"station":"{station}","quantity":"{quantity}","value":{value}}}"#);
    let sent = mqtt::publish(
        hub.mqtt_port,
        &site.topic("sensor", "json"),
        payload.as_bytes(),
    );
    assert!(sent, "{payload}");
    until_true("the reading on the page", || {
        hub.latest(station, quantity) == Some(value)
    });
}

/// A path as it must stand in a request line.
fn escaped(path: &str) -> String {
    path.replace(' ', "%20")
}

fn results(answer: &Value) -> Vec<f64> {
    let observations = answer["value"].as_array().expect("value");
    observations
        .iter()
        .filter_map(|o| o["result"].as_f64())
        .collect()
}

#[test]
fn what_was_shown_before_a_kill_can_be_looked_at_after_it() {
    let site = Site::new(small(CITY), At::Embedded);
    let hub = site.hub();
    for value in [41.0, 42.0, 43.0] {
        publish(&site, &hub, "road", "speed", value);
    }
    publish(&site, &hub, "tunnel", "occupancy", 20.0);
    let quiet_us = until("the quiet tunnel in the chronicle", || {
        let to_us = json(&hub, "/api/history")["to_us"].as_i64()?;
        let state = json(&hub, &format!("/api/history/at?time_us={to_us}"));
        let tunnel = scenarios::running::latest(&state, "tunnel", "occupancy")?;
        (tunnel["value"] == 20.0).then_some(to_us)
    });
    publish(&site, &hub, "tunnel", "occupancy", 80.0);
    let full_us = until("the alert in the chronicle", || {
        let to_us = json(&hub, "/api/history")["to_us"].as_i64()?;
        let state = json(&hub, &format!("/api/history/at?time_us={to_us}"));
        (state["alerts"].as_array()?.len() == 1).then_some(to_us)
    });
    let before = json(&hub, &format!("/api/history/at?time_us={full_us}"));
    let finding = |state: &Value| {
        let stations = state["stations"].as_array().expect("stations").clone();
        let tunnel = stations
            .into_iter()
            .find(|s| s["id"] == "tunnel")
            .expect("the tunnel");
        tunnel["finding"].as_str().expect("text").to_owned()
    };
    let series = |hub: &Hub| json(hub, "/api/stations/road/series?quantity=speed");
    let points = series(&hub)["points"].clone();
    assert_eq!(points.as_array().map(Vec::len), Some(3), "{points}");
    // SIGKILL.
    drop(hub);

    let hub = site.hub();
    until_true("the chronicle after the kill", || {
        let history = json(&hub, "/api/history");
        history["to_us"]
            .as_i64()
            .is_some_and(|to_us| to_us > full_us)
    });
    let after = json(&hub, &format!("/api/history/at?time_us={full_us}"));
    assert_eq!(after["alerts"], before["alerts"]);
    assert_eq!(after["timeline"], before["timeline"]);
    assert_eq!(after["now_us"], full_us);
    assert_eq!(after["subscribers"].as_array().map(Vec::len), Some(0));
    let quiet = json(&hub, &format!("/api/history/at?time_us={quiet_us}"));
    assert_eq!(quiet["alerts"].as_array().map(Vec::len), Some(0));
    assert_eq!(finding(&quiet), "");
    // The fields are those of the state now: a page needs no second way of reading.
    let fields = |state: &Value| {
        state
            .as_object()
            .expect("object")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(&quiet), fields(&hub.state()));
    assert_eq!(series(&hub)["points"], points, "read back from the journal");
    let early = http::get(hub.http, "/api/history/at?time_us=0").expect("an answer");
    assert_eq!(early.status, 404, "{}", early.body);
    let bad = http::get(hub.http, "/api/history/at?time_us=noon").expect("an answer");
    assert_eq!(bad.status, 400, "{}", bad.body);

    sensor_things(&hub);
}

/// A client of SensorThings: every link, pages, filters, errors.
fn sensor_things(hub: &Hub) {
    const ROOT: &str = "http://rig.example.org/sta/v1.1";
    let root = json(hub, "/sta/v1.1");
    let mut waiting = vec![root];
    let mut seen = BTreeSet::new();
    while let Some(value) = waiting.pop() {
        let mut links = Vec::new();
        collect(&value, &mut links);
        for url in links {
            if seen.insert(url.clone()) {
                let path = url.strip_prefix(ROOT).expect("under the base URL");
                waiting.push(json(hub, &escaped(&format!("/sta/v1.1{path}"))));
            }
        }
    }
    assert!(
        seen.iter()
            .any(|u| u.contains("/Observations('road.speed.")),
        "{seen:?}"
    );
    let readings = "/sta/v1.1/Datastreams('road.speed')/Observations";
    let all = json(
        hub,
        &format!("{readings}?$count=true&$orderby=phenomenonTime%20desc&$top=2"),
    );
    assert_eq!(all["@iot.count"], 3);
    assert_eq!(results(&all), [43.0, 42.0]);
    let next = all["@iot.nextLink"]
        .as_str()
        .expect("more")
        .strip_prefix(ROOT)
        .expect("ours");
    assert_eq!(results(&json(hub, &format!("/sta/v1.1{next}"))), [41.0]);
    let some = json(
        hub,
        &format!("{readings}?$filter=result%20gt%2041%20and%20not%20(result%20eq%2043)"),
    );
    assert_eq!(results(&some), [42.0]);
    let thing = json(
        hub,
        "/sta/v1.1/Things('road')?$expand=Datastreams/ObservedProperty,Locations",
    );
    assert_eq!(
        thing["Datastreams"][0]["ObservedProperty"]["@iot.id"],
        "speed"
    );
    assert_eq!(
        thing["Locations"][0]["location"]["coordinates"],
        serde_json::json!([-71.61, -33.04])
    );
    for (path, status) in [
        ("/sta/v1.1/Things?$filter=name%20is%20x", 400),
        ("/sta/v1.1/Things('nobody')", 404),
    ] {
        let answer = http::get(hub.http, path).expect("an answer");
        assert_eq!(answer.status, status, "{}", answer.body);
        let error: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert!(error["message"].is_string(), "{error}");
    }
}

/// Every link in an answer.
fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|v| collect(v, out)),
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(url) if key.ends_with("Link") || key == "url" => {
                        out.push(url.clone())
                    }
                    other => collect(other, out),
                }
            }
        }
        _ => {}
    }
}
