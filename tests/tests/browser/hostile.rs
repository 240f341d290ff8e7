//! Texts that strangers can bring before an officer's eyes: nothing in them runs, leads elsewhere, or breaks the page.

use cap::{
    Alert, Area, Category, Certainty, Info, MsgType, Point, Polygon, Severity, Status, Time,
    Urgency,
};
use clock::Clock;
use scenarios::browser::Browser;
use scenarios::mqtt;
use scenarios::officer::Officer;
use scenarios::site::{At, Site, shipped};
use scenarios::wait::until_true;
use serde_json::json;
use toml::Table;

/// Whoever lets one of these run has set `window.ran`.
const SCRIPTS: &str = "<img src=x onerror=\"window.ran='image'\"><script>window.ran='script'</script><svg onload=\"window.ran='svg'\">'\"><b>bold</b>";
/// Turns the order of what follows.
const TURNED: &str = "\u{202e}gnp.exe\u{2066}\u{202d}";

/// Text without a place to break a line.
fn endless(length: usize) -> String {
    "W".repeat(length)
}

/// Another sender's message with all of it.
fn foreign() -> String {
    let now_us = Clock::System.now_us();
    let mut alert = Alert::new(
        "hostile-1",
        "stranger@example.org",
        Time::from_us(now_us - 60_000_000),
        Status::Actual,
        MsgType::Alert,
    );
    let mut info = Info::new(
        "en",
        Category::Geo,
        format!("{SCRIPTS} event"),
        Urgency::Immediate,
        Severity::Extreme,
        Certainty::Likely,
    );
    info.expires = Some(Time::from_us(now_us + 3_600_000_000));
    info.sender_name = Some(format!("{SCRIPTS}{TURNED}"));
    info.headline = Some(format!("{SCRIPTS}{TURNED}{}", endless(400)));
    info.description = Some(format!("{SCRIPTS}{}", endless(10_000)));
    info.instruction = Some(SCRIPTS.to_owned());
    info.web = Some("javascript:window.ran='link'".to_owned());
    let mut area = Area::new(format!("{SCRIPTS}{}", endless(300)));
    let corners = [(-34.0, -73.0), (-34.0, -71.0), (-32.0, -71.0)];
    let points = corners.map(|(lat, lon)| Point::new(lat, lon)).to_vec();
    area.polygons
        .push(Polygon::closed(points).expect("a triangle"));
    info.areas.push(area);
    alert.infos.push(info);
    alert.to_xml().expect("sound")
}

/// An earthquake of five minutes ago at a place with such a name.
fn quake() -> String {
    let us = Clock::System.now_us() / 1_000 - 300_000;
    json!({
        "type": "Feature", "id": "hostile2026",
        "properties": { "mag": 8.7, "place": format!("{SCRIPTS}{TURNED} off Chile"), "time": us, "updated": us, "type": "earthquake", "status": "automatic", "magType": "mww",
            "net": "xx", "code": "hostile2026", "ids": ",hostile2026,", "url": "javascript:window.ran='quake'", "title": SCRIPTS },
        "geometry": { "type": "Point", "coordinates": [-72.9, -36.1, 22.9] },
    })
    .to_string()
}

#[test]
fn texts_of_strangers_are_texts() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let scratch = tempfile::tempdir().expect("a directory");
    let file = scratch.path().join("stranger.cap");
    std::fs::write(&file, foreign()).expect("written");
    let mut config = shipped("chile");
    let more: Table = format!(
        "title = '''{SCRIPTS} {TURNED}'''\n[[alert_feed]]\nname = \"stranger\"\nfile = \"{}\"\nevery = \"1s\"\n[gate]\ncovers = \"same\"\n[[gate.rule]]\napprovals = 2\ndeadline = \"1h\"\nat_deadline = \"hold\"\n",
        file.display()
    )
    .parse()
    .expect("TOML");
    config.extend(more);
    let stations = config["station"].as_array_mut().expect("stations");
    stations[0]["name"] = format!("{SCRIPTS}{TURNED}").into();
    stations[1]["name"] = endless(10_000).into();
    let zones = config["zone"].as_array_mut().expect("zones");
    zones[4]["name"] = format!("{SCRIPTS} Valparaíso").into();
    let site = Site::new(config, At::Embedded);
    for (name, role) in [
        ("ana", "approver"),
        ("ben", "approver"),
        ("eva", "operator"),
    ] {
        site.add_account(name, role);
    }
    let hub = site.hub();
    let senml = json!([{ "bn": format!("{SCRIPTS}/"), "n": "speed", "u": "km/h", "v": 42 }, { "bn": "av-errazuriz/", "n": SCRIPTS, "v": 1 }]);
    let told = [
        ("stranger", "senml", senml.to_string()),
        ("usgs", "quake", quake()),
        ("stranger", "json", json!([{ "station": "32412", "sea_level": 0.01 }, { "station": "valparaiso-tide", "sea_level": 0.02 }]).to_string()),
    ];
    for (publisher, channel, text) in &told {
        let topic = site.topic(publisher, channel);
        assert!(mqtt::publish(hub.mqtt_port, &topic, text.as_bytes()));
    }
    let ana = Officer::log_in(hub.http, "ana");
    until_true("a draft, and the stranger's alert", || {
        let others = ana.state()["others"]["actual"]
            .as_array()
            .map_or(0, Vec::len);
        ana.waiting().len() == 1 && others == 1
    });
    let url = format!("http://{}/", hub.http);
    browser.run(
        "hostile.mjs",
        "hostile",
        &url,
        &json!({ "scripts": SCRIPTS }),
        |what, _| panic!("{what}?"),
    );
}
