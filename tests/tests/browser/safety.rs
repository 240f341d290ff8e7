//! The hub's safety over HTTP as far as only a browser shows it; the rest is in `gate.rs`, `hub/tests/http` and `crates/accounts`.

use scenarios::browser::Browser;
use serde_json::json;

use crate::rooms::{city, fill_the_tunnel};

#[test]
fn another_site_and_another_role_decide_nothing() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let site = city("exercise");
    let hub = site.hub();
    let url = format!("http://{}/", hub.http);
    browser.run("safety.mjs", "safety", &url, &json!({}), |what, _| {
        match what {
            "fill the tunnel" => fill_the_tunnel(&site, &hub, 90),
            other => panic!("{other}?"),
        }
        json!(true)
    });
}
