//! The desk where messages are real.

use scenarios::browser::Browser;
use scenarios::chain;
use scenarios::officer::Officer;
use serde_json::json;

use crate::rooms::{city, fill_the_tunnel};

#[test]
fn a_real_message_asks_for_the_name_of_its_area() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let site = city("actual");
    let hub = site.hub();
    let eva = Officer::log_in(hub.http, "eva");
    let url = format!("http://{}/", hub.http);
    browser.run(
        "actual.mjs",
        "actual",
        &url,
        &json!({}),
        |what, of| match what {
            "fill the tunnel" => {
                let percent = of.as_u64().expect("per cent");
                fill_the_tunnel(&site, &hub, u32::try_from(percent).expect("per cent"));
                json!(true)
            }
            "approvals" => {
                let desk = eva.desk();
                json!(
                    desk["drafts"][0]["approvals"]
                        .as_array()
                        .map_or(0, Vec::len)
                )
            }
            "feed" => json!(chain::atom_ids(&hub.get("/feed.atom").body).len()),
            other => panic!("{other}?"),
        },
    );
}
