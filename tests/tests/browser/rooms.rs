//! What holds in every room of a small deployment.

use scenarios::browser::Browser;
use scenarios::mqtt;
use scenarios::running::Hub;
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

/// Fills the tunnel, over its limit or not.
pub fn fill_the_tunnel(site: &Site, hub: &Hub, percent: u32) {
    let reading =
        json!({"station": "tunnel", "quantity": "occupancy", "value": percent, "unit": "%"});
    assert!(mqtt::publish(
        hub.mqtt_port,
        &site.topic("counter", "json"),
        reading.to_string().as_bytes()
    ));
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
        browser.run(
            "rooms.mjs",
            &format!("rooms-{mode}"),
            &url,
            &json!({ "mode": mode }),
            |what, _| {
                match what {
                    "fill the tunnel" => fill_the_tunnel(&site, &hub, 90),
                    other => panic!("{other}?"),
                }
                json!(true)
            },
        );
    }
}
