//! A page that is open while its hub is killed and started again, and while the line to it stalls.

use scenarios::browser::Browser;
use scenarios::relay::Relay;
use scenarios::running::Hub;
use serde_json::json;

use crate::rooms::{city, fill_the_tunnel};

#[test]
fn a_lost_connection_is_said_and_comes_back_by_itself() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let site = city("exercise");
    let mut hub: Option<Hub> = Some(site.hub());
    let relay = Relay::start(hub.as_ref().expect("it was started").http);
    let url = format!("http://{}/", relay.address);
    browser.run("lost.mjs", "lost", &url, &json!({}), |what, _| {
        match what {
            "fill the tunnel" => fill_the_tunnel(&site, hub.as_ref().expect("it runs"), 90),
            "kill" => {
                relay.lead(None);
                if let Some(mut hub) = hub.take() {
                    hub.program.kill();
                }
            }
            "start" => {
                let started = site.hub();
                relay.lead(Some(started.http));
                hub = Some(started);
            }
            "stall" => relay.stall(true),
            "flow" => relay.stall(false),
            other => panic!("{other}?"),
        }
        json!(true)
    });
}
