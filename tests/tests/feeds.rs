//! The hub follows the feeds of agencies: a file in QuakeML, and a server with USGS GeoJSON that goes away.

use std::io::{Read, Write};
use std::net::TcpListener;

use clock::Clock;
use scenarios::site::{At, CITY, Site, small};
use scenarios::wait::until_true;
use serde_json::Value;

/// Lines of the timeline about earthquakes.
fn earthquakes(state: &Value) -> Vec<String> {
    let timeline = state["timeline"].as_array().into_iter().flatten();
    timeline
        .filter(|line| line["kind"] == "earthquake")
        .filter_map(|line| Some(line["text"].as_str()?.to_owned()))
        .collect()
}

fn quakeml(id: &str, time: &str, magnitude: f64) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"><eventParameters><event publicID="smi:agency/{id}">
<type>earthquake</type>
<origin publicID="smi:o"><time><value>{time}</value></time><latitude><value>-36.1</value></latitude>
<longitude><value>-72.9</value></longitude><depth><value>23000</value></depth></origin>
<magnitude publicID="smi:m"><mag><value>{magnitude}</value></mag><type>Mww</type></magnitude>
</event></eventParameters></q:quakeml>"#
    )
}

fn geojson(id: &str, time_us: i64) -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","id":"{id}","properties":{{"mag":7.9,"time":{}}},
        "geometry":{{"type":"Point","coordinates":[142.4,38.3,29]}}}}]}}"#,
        time_us / 1_000
    )
}

#[test]
fn feeds_are_followed_and_said_to_be_stale() {
    let now_us = Clock::System.now_us();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/feed", listener.local_addr().expect("bound"));
    let document = geojson("us7000test", now_us - 60_000_000);
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the hub asks");
        let mut head = [0; 4_096];
        let _ = stream.read(&mut head).expect("a request");
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{document}",
            document.len()
        );
        stream.write_all(answer.as_bytes()).expect("answered");
        // Nobody answers any more.
    });
    let files = tempfile::tempdir().expect("a directory");
    let file = files.path().join("quakes.xml");
    let feeds = format!(
        "{CITY}\n[[quake_feed]]\nname = \"web\"\nurl = \"{url}\"\nevery = \"1s\"\nstale_after = \"2s\"\n\
         [[quake_feed]]\nname = \"file\"\nfile = \"{}\"\nevery = \"1s\"\n",
        file.display()
    );
    let site = Site::new(small(&feeds), At::Embedded);
    let hub = site.hub();
    let heard = |id: &str, magnitude: &str| {
        let lines = earthquakes(&hub.state());
        lines
            .iter()
            .any(|l| l.contains(id) && l.contains(&format!("M{magnitude}")))
    };
    until_true("the earthquake of the server", || {
        heard("us7000test", "7.9")
    });
    server.join().expect("the server has answered");
    let time = clock::format_utc(now_us - 120_000_000);
    std::fs::write(&file, quakeml("a1", &time, 8.3)).expect("written");
    until_true("the earthquake of the file", || heard("a1", "8.3"));
    // Another one in place of it, as a program would that writes whole files.
    let new = files.path().join("new.xml");
    std::fs::write(&new, quakeml("a2", &time, 8.8)).expect("written");
    std::fs::rename(&new, &file).expect("renamed");
    until_true("the other earthquake", || heard("a2", "8.8"));
    std::fs::write(&file, "<html>We are back soon.</html>").expect("written");
    until_true("a feed of something else", || {
        hub.conditions()
            .contains(&"quake_feed_unreadable_file".to_owned())
    });
    until_true("a stale feed", || {
        hub.conditions()
            .contains(&"quake_feed_stale_web".to_owned())
    });
    assert!(
        !hub.conditions()
            .contains(&"quake_feed_stale_file".to_owned())
    );
    let looks = hub.get("/metrics").body;
    assert!(
        looks.contains("quake_feed_looks") && looks.contains("result=\"connection\""),
        "{looks}"
    );
    // What a feed told is in the journal: a hub that starts again knows it.
    drop(hub);
    let later = site.recompute();
    let known = later.iter().any(|line| line.to_string().contains("a2"));
    assert!(known, "{later:?}");
}
