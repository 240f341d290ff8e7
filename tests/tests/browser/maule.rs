//! An officer's whole path through the Maule record: the earthquake, the first message by two approvers, the wave, the renewed message, the all clear,
//! and a message that was sent in error.

use std::process::Command;

use scenarios::browser::Browser;
use scenarios::chain;
use scenarios::officer::Officer;
use scenarios::played::Played;
use scenarios::program;
use scenarios::recorded::repository;
use scenarios::site::{shipped, text};
use serde_json::{Value, json};

const HOUR_US: i64 = 3_600_000_000;

/// The shipped deployment, where two officers let every message out.
fn played() -> Played {
    let directory = repository().join("configs/events/chile-2010");
    let event = record::Event::load(&record::Directory::new(&directory)).expect("the event");
    let mut config = shipped("chile");
    let gate: toml::Table = r#"
covers = "same"
[[rule]]
approvals = 2
deadline = "24h"
at_deadline = "hold"
"#
    .parse()
    .expect("TOML");
    config.insert("gate".to_owned(), gate.into());
    // Twelve hours of the record pass in minutes; sessions go by the hub's time.
    let accounts: toml::Table = "idle = \"2d\"\nabsolute = \"3d\"".parse().expect("TOML");
    config.insert("accounts".to_owned(), accounts.into());
    // A quiet sea before the earthquake, as long as the detector needs to know it.
    let from_us = event.origin_us - 2 * HOUR_US;
    Played::start(
        config,
        event,
        from_us,
        &[
            ("ana", "approver"),
            ("ben", "approver"),
            ("eva", "operator"),
            ("watch", "viewer"),
        ],
    )
}

fn waits(desk: &Value) -> bool {
    let drafts = desk["drafts"].as_array().into_iter().flatten();
    drafts
        .into_iter()
        .any(|d| d["standing"] == "waiting" || d["standing"] == "held")
}

fn path(name: &str, hands: &str) {
    let Some(browser) = Browser::find() else {
        return;
    };
    let mut played = played();
    let url = format!("http://{}/", played.hub.http);
    let watch = Officer::log_in(played.hub.http, "watch");
    browser.run("maule.mjs", name, &url, &json!({ "hands": hands }), |what, of| match what {
        // Plays on to so many minutes after the earthquake.
        "play to" => {
            let minutes = of.as_f64().expect("minutes");
            let until_us = played.event.origin_us + (minutes * 60e6) as i64;
            played.play(until_us, &watch, |_| false);
            json!({ "now_us": played.time.now_us() })
        }
        // Plays on until something waits on the desk, at most to so many minutes after the earthquake.
        "play to a draft" => {
            let minutes = of.as_f64().expect("minutes");
            let until_us = played.event.origin_us + (minutes * 60e6) as i64;
            played.play(until_us, &watch, |officer| waits(&officer.desk()));
            json!({ "now_us": played.time.now_us(), "waits": waits(&watch.desk()) })
        }
        "messages" => {
            let log = played.site.alert_log();
            let messages: Vec<cap::Alert> = log.iter().map(|m| chain::read(&m.xml)).collect();
            chain::check(&messages);
            let told = messages.iter().map(|m| {
                json!({ "type": m.msg_type.to_string(), "identifier": m.identifier, "headline": m.infos.first().and_then(|i| i.headline.clone()) })
            });
            json!(told.collect::<Vec<_>>())
        }
        "feed" => json!(chain::atom_ids(&played.hub.get("/exercise/feed.atom").body)),
        "text of" => {
            let Some(reader) = program::installed("pdftotext", "poppler-utils") else {
                return Value::Null;
            };
            let path = of.as_str().expect("a path");
            let said = Command::new(reader).args(["-layout", path, "-"]).output();
            json!(text(&said.expect("it starts")))
        }
        other => panic!("{other}?"),
    });
}

#[test]
fn from_the_earthquake_to_the_all_clear() {
    path("maule", "mouse");
}

/// The same, and no mouse is touched.
#[test]
fn from_the_earthquake_to_the_all_clear_by_keyboard() {
    path("maule-keys", "keyboard");
}
