//! What the API says of a tsunami event after a replay: the event, its forecasts, its fields and its curves belong together.

use std::net::SocketAddr;
use std::process::Command;

use scenarios::http::{get, get_bytes, sample};
use scenarios::program::Program;
use scenarios::site::program;
use scenarios::wait::until;
use serde_json::Value;

fn json(address: SocketAddr, path: &str) -> Option<Value> {
    let answer = get(address, path)?;
    (answer.status == 200).then(|| serde_json::from_str(&answer.body).expect("JSON"))
}

fn us(value: &Value) -> i64 {
    value.as_i64().expect("microseconds")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn with_id<'a>(list: &'a Value, id: &str) -> &'a Value {
    let list = list.as_array().expect("a list");
    let found = list.iter().find(|v| v["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {list:?}"))
}

/// Value of a field at a place, in its unit.
fn at(address: SocketAddr, grid: &Value, lat: f64, lon: f64) -> Option<f64> {
    let url = grid["url"].as_str().expect("a path");
    let (status, bytes) = get_bytes(address, url).expect("the hub is there");
    assert_eq!(status, 200, "{url}");
    let columns = grid["columns"].as_u64().expect("columns") as usize;
    let rows = grid["rows"].as_u64().expect("rows") as usize;
    assert_eq!(bytes.len(), 2 * columns * rows);
    assert!(columns <= 720 && rows <= 720);
    let step = number(&grid["step_deg"]);
    let column = ((lon - number(&grid["west"])).rem_euclid(360.0) / step) as usize;
    let row = ((number(&grid["north"]) - lat) / step) as usize;
    let k = 2 * (row * columns + column);
    let value = u16::from_le_bytes([bytes[k], bytes[k + 1]]);
    (value != u16::MAX).then(|| f64::from(value) * number(&grid["scale"]))
}

#[test]
fn the_api_tells_the_maule_event_its_fields_and_its_curves() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let mut replay = Program::start(
        "replay",
        Command::new(program("scenario-hub"))
            .args([
                "replay",
                "chile-2010",
                "--speed",
                "max",
                "--serve",
                "--port",
                "0",
            ])
            .arg("--out")
            .arg(directory.path().join("out")),
        &directory.path().join("replay.log"),
    );
    let address = replay.until_said("the page's address", page);
    // The whole replay lies between the two, at the machine's own pace.
    while !replay.said().contains("Ctrl-C") {
        assert!(replay.ended().is_none(), "{}", replay.said());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }

    let events = json(address, "/api/events").expect("events");
    assert_eq!(events.as_array().map(Vec::len), Some(1));
    let event = &events[0];
    let id = event["id"].as_str().expect("an id");
    assert_eq!(
        json(address, "/api/state").expect("the state")["events"],
        events
    );
    assert_eq!(event["source"]["kind"], "earthquake");
    assert_eq!(event["confirmed"], true);
    assert_eq!(event["basis"], "records");
    let origin_us = us(&event["source"]["origin_us"]);
    assert!(us(&event["over_us"]) > origin_us);
    // Its coast lies beside the rupture: the first wave is there within the hour.
    let valparaiso = with_id(&event["zones"], "valparaiso");
    let after_s = (us(&valparaiso["arrival_us"]) - origin_us) as f64 * 1e-6;
    assert!((0.0..3_600.0).contains(&after_s), "{after_s}");
    assert_ne!(valparaiso["level"], "none");

    let detail = json(address, &format!("/api/events/{id}")).expect("its history");
    let revisions = detail["revisions"].as_array().expect("a list");
    assert_eq!(revisions[0]["number"], 1);
    assert_eq!(revisions[0]["basis"], "first_estimate");
    assert_eq!(revisions.last().expect("some")["zones"], event["zones"]);
    assert_eq!(revisions.last().expect("some")["number"], event["revision"]);
    assert!(revisions.iter().any(|r| r["basis"] == "model"));

    // Nobody has asked before: a replay computes no pictures for nobody.
    let path = format!("/api/events/{id}/fields");
    let fields = until("the fields", || {
        let fields = json(address, &path)?;
        let whole = !fields["travel_time"].is_null() && !fields["max_height"].is_null();
        whole.then_some(fields)
    });
    assert!(fields["note"].is_null(), "{fields}");
    let dart = with_id(&event["stations"], "32412");
    let (lat, lon) = (-17.975, -86.392);
    let travel_min = at(address, &fields["travel_time"], lat, lon).expect("the wave gets there");
    let arrival_min = (us(&dart["arrival_us"]) - origin_us) as f64 / 60e6;
    // A cell tells the earliest time in it: at most its diagonal earlier, over 4325 m of water, and never later but for rounding.
    let diagonal_m = number(&fields["travel_time"]["step_deg"]) * 111_195.0 * 2f64.sqrt();
    let cell_min = diagonal_m / (9.81f64 * 4_325.0).sqrt() / 60.0;
    assert!(
        (-0.1..cell_min).contains(&(arrival_min - travel_min)),
        "{travel_min} {arrival_min} {cell_min}"
    );
    assert_eq!(
        at(address, &fields["travel_time"], -33.45, -70.6),
        None,
        "Santiago is on land"
    );
    let height_m = at(address, &fields["max_height"], lat, lon).expect("a wave");
    // The buoy recorded 0.22 m; the map is of the likeliest rupture.
    assert!((0.05..1.0).contains(&height_m), "{height_m}");

    let curve = until("the curve from records", || {
        let curve = json(address, &format!("/api/events/{id}/curves/32412"))?;
        let from = curve["from"].as_str().expect("words");
        from.contains("records").then_some(curve)
    });
    assert_eq!(us(&curve["start_us"]), origin_us);
    let series = |name: &str| -> Vec<f64> {
        let list = curve[name].as_array().expect("a series");
        list.iter().map(number).collect()
    };
    let (low, median, high) = (series("p05_m"), series("median_m"), series("p95_m"));
    assert!(low.len() == median.len() && median.len() == high.len());
    assert!(median.len() > 60);
    for k in 0..median.len() {
        assert!(low[k] <= median[k] && median[k] <= high[k], "sample {k}");
    }
    // Its crest is the one that was recorded, 3.267 h after the origin, as in `replay`.
    let crest = (0..median.len()).max_by(|a, b| median[*a].total_cmp(&median[*b]));
    let crest_h = crest.expect("samples") as f64 * number(&curve["step_s"]) / 3_600.0;
    assert!((crest_h - 3.267).abs() < 0.2, "{crest_h}");
    let nowhere = get(address, &format!("/api/events/{id}/curves/nowhere")).expect("an answer");
    assert_eq!(nowhere.status, 404);

    let metrics = get(address, "/metrics").expect("metrics").body;
    for field in ["travel_time", "max_height", "curves"] {
        let name = format!("watchfire_fields_computed_total{{field=\"{field}\"}}");
        assert!(sample(&metrics, &name) >= Some(1.0), "{name}");
    }
    replay.terminate();
}

/// Where the page is, by what the replay says first.
fn page(said: &str) -> Option<SocketAddr> {
    let (_, rest) = said.split_once("http://")?;
    rest.split_once('/')?.0.parse().ok()
}
