//! The relief picture of a hub as an operator runs it: an earthquake from an agency's file, an issued message, and what can be fetched then; killed
//! and started again.

use clock::Clock;
use scenarios::site::{At, Site, shipped};
use scenarios::wait::{until, until_true};
use serde_json::Value;
use toml::Table;

#[test]
fn an_earthquake_becomes_a_situation_report_also_after_a_kill() {
    let mut hub = shipped("chile");
    // What this is about happens with any forecast.
    let forecast = hub["forecast"].as_table_mut().expect("a table");
    forecast.insert("model".to_owned(), false.into());
    let more: Table = r#"
        [[quake_feed]]
        name = "agency"
        file = "quake.geojson"
        every = "1s"
        [relief]
        [[relief.places]]
        name = "made-up"
        file = "places.csv"
        "#
    .parse()
    .expect("the test's own configuration");
    hub.extend(more);
    let site = Site::new(hub, At::Embedded);
    std::fs::write(
        site.path("places.csv"),
        "id,kind,lat,lon,population,capacity\na,population,-33.05,-71.60,70,\nb,shelter,-33.05,-71.2,,50\n",
    )
    .expect("written");
    let mut hub = site.hub();
    let index = hub.get("/relief/").body;
    assert!(
        index.contains("EXERCISE") && index.contains("not an all-clear"),
        "{index}"
    );
    let time_ms = Clock::System.now_us() / 1_000 - 60_000;
    let quake = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","id":"us1","properties":{{"mag":8.8,"place":"off Maule","time":{time_ms}}},"geometry":{{"type":"Point","coordinates":[-72.898,-36.122,22.9]}}}}]}}"#
    );
    std::fs::write(site.path("quake.geojson"), quake).expect("written");
    let summary = |state: &Value| {
        state["relief"]
            .get(0)
            .filter(|r| r["people"] == 70)
            .cloned()
    };
    let first = until("an assessment", || summary(&hub.state()));
    assert_eq!(first["capacity_lacking"], 20);
    let page = format!("/{}", first["page"].as_str().expect("a path"));
    let report = hub.get(&page).body;
    assert!(report.contains("Situation report no."), "{report}");
    let event = first["event"].as_str().expect("an id");
    let edxl = hub.get(&format!("/relief/{event}.edxl.xml")).body;
    let message = first["message"].as_str().expect("an identifier");
    assert!(edxl.contains(&format!("<identifier>{message}</identifier>")));

    hub.program.kill();
    let hub = site.hub();
    until_true("the assessment after the start", || {
        summary(&hub.state()).is_some_and(|r| r["event"] == first["event"])
    });
}
