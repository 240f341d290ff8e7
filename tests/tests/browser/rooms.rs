//! What holds in every room of a small deployment.

use scenarios::browser::Browser;
use scenarios::mqtt;
use scenarios::site::{At, CITY, Site, small};
use serde_json::json;

/// A city whose officers decide, in a mode.
pub fn city(mode: &str) -> Site {
    let more = format!(
        "{CITY}\n[[gate.rule]]\napprovals = 2\ndeadline = \"1h\"\nat_deadline = \"hold\"\n"
    );
    let mut config = small(&more);
    config.insert("mode".to_owned(), mode.into());
    let site = Site::new(config, At::Embedded);
    for (name, role) in [
        ("ana", "approver"),
        ("ben", "approver"),
        ("eva", "operator"),
    ] {
        site.add_account(name, role);
    }
    site
}

/// Every room by day and by night, on a desk, a phone and a wall: nobody else is asked, nothing breaks the page's policy, all of it can be
/// used without eyes, nothing is wider than the screen; and in an exercise each says so.
#[test]
fn every_room_is_sound() {
    let Some(browser) = Browser::find() else {
        return;
    };
    for mode in ["exercise", "actual"] {
        let site = city(mode);
        let hub = site.hub();
        let url = format!("http://{}/", hub.http);
        let full = json!({"station": "tunnel", "quantity": "occupancy", "value": 90, "unit": "%"});
        browser.run(
            "rooms.mjs",
            &format!("rooms-{mode}"),
            &url,
            &json!({ "mode": mode }),
            |what, _| match what {
                "fill the tunnel" => {
                    let topic = site.topic("counter", "json");
                    json!(mqtt::publish(
                        hub.mqtt_port,
                        &topic,
                        full.to_string().as_bytes()
                    ))
                }
                other => panic!("{other}?"),
            },
        );
    }
}
