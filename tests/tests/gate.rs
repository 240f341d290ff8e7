//! The human gate as officers and the public meet it: real programs, real logins, a hub that is killed in between.

use cap::{MsgType, Status};
use scenarios::chain;
use scenarios::mqtt::{self, Subscriber};
use scenarios::officer::Officer;
use scenarios::running::Hub;
use scenarios::site::{At, CITY, Site, small, text};
use scenarios::wait::until_true;
use serde_json::{Value, json};

/// A tunnel whose limit asks two officers for long, and an all clear that asks nobody.
fn gated(at_deadline: &str, deadline: &str) -> Site {
    let gate = format!(
        "{CITY}\n[accounts]\nrequire_login_to_view = false\n[[gate.rule]]\nlevels = [\"limit\"]\napprovals = 2\ndeadline = \"{deadline}\"\nat_deadline = \"{at_deadline}\"\n"
    );
    let site = Site::new(small(&gate), At::Embedded);
    for (name, role) in [
        ("ana", "approver"),
        ("ben", "approver"),
        ("eva", "operator"),
    ] {
        site.add_account(name, role);
    }
    site
}

fn fill_the_tunnel(site: &Site, hub: &Hub, percent: u32) {
    let reading =
        json!({"station": "tunnel", "quantity": "occupancy", "value": percent, "unit": "%"});
    assert!(mqtt::publish(
        hub.mqtt_port,
        &site.topic("counter", "json"),
        reading.to_string().as_bytes()
    ));
}

fn told(hub: &Hub) -> Vec<cap::Alert> {
    chain::atom_ids(&hub.get("/exercise/feed.atom").body)
        .iter()
        .rev()
        .map(|id| {
            let path = id
                .strip_prefix("http://rig.example.org")
                .expect("the base URL");
            chain::read(&hub.get(path).body)
        })
        .collect()
}

fn approve(draft: &str) -> Value {
    json!({"action": "approve", "draft": draft})
}

#[test]
fn two_officers_let_a_message_out_over_a_kill_and_one_takes_it_back() {
    let site = gated("hold", "1h");
    let mut hub = site.hub();
    fill_the_tunnel(&site, &hub, 90);
    let ana = Officer::log_in(hub.http, "ana");
    until_true("a draft", || ana.waiting().len() == 1);
    let draft = ana.waiting().remove(0);

    // Nobody else hears of it: not the feeds, not the page's state, not whoever has not logged in.
    assert!(told(&hub).is_empty());
    assert_eq!(hub.state()["alerts"], json!([]));
    assert!(!hub.state().to_string().contains(&draft));
    assert_eq!(hub.get("/api/desk").status, 401);

    // An operator may look and not decide; the same approver twice is one.
    let eva = Officer::log_in(hub.http, "eva");
    assert_eq!(eva.waiting(), std::slice::from_ref(&draft));
    assert_eq!(eva.ask(&approve(&draft)).0, 403);
    assert_eq!(ana.ask(&approve(&draft)).0, 200);
    assert_eq!(ana.ask(&approve(&draft)).0, 409);
    assert!(told(&hub).is_empty());

    // What ana said survives a kill.
    hub.program.kill();
    let hub = site.hub();
    let ben = Officer::log_in(hub.http, "ben");
    assert_eq!(ben.waiting(), std::slice::from_ref(&draft));
    let alerts = Subscriber::start(hub.mqtt_port, "watchfire/v1/rig/alerts/#");
    until_true("a subscription", || alerts.is_ready());
    let (status, said) = ben.ask(&approve(&draft));
    assert_eq!(status, 200, "{said}");
    until_true("the message in the feed", || told(&hub).len() == 1);
    let first = told(&hub).remove(0);
    assert_eq!(
        (first.msg_type, first.status),
        (MsgType::Alert, Status::Exercise)
    );
    until_true("the message on its topic", || alerts.messages().len() == 1);
    assert_eq!(ben.ask(&approve(&draft)).0, 409, "it is out");

    // Sent in error: one officer, one step, both languages.
    let eva = Officer::log_in(hub.http, "eva");
    let event = first.incidents[0].clone();
    assert_eq!(
        eva.ask(&json!({"action": "correct", "event": event})).0,
        403
    );
    assert_eq!(
        ben.ask(&json!({"action": "correct", "event": event})).0,
        200
    );
    until_true("the correction in the feed", || told(&hub).len() == 2);
    let messages = told(&hub);
    chain::check(&messages);
    assert_eq!(messages[1].msg_type, MsgType::Cancel);
    let headlines: Vec<&str> = messages[1]
        .infos
        .iter()
        .filter_map(|i| i.headline.as_deref())
        .collect();
    assert!(
        headlines[0].starts_with("EXERCISE EXERCISE EXERCISE - ")
            && headlines[1].starts_with("SIMULACRO SIMULACRO SIMULACRO - "),
        "{headlines:?}"
    );

    // The log says who did what, and is whole.
    drop(hub);
    let verified = text(&site.audit(&["verify"]));
    assert!(verified.starts_with("whole: "), "{verified}");
    assert!(verified.contains("2 messages issued"), "{verified}");
    let shown = text(&site.audit(&["show"]));
    for who in ["ana", "ben"] {
        assert!(shown.contains(who), "{shown}");
    }
}

#[test]
fn nobody_answers_and_the_fail_safe_sends_it() {
    let site = gated("issue", "5s");
    let hub = site.hub();
    fill_the_tunnel(&site, &hub, 90);
    let ana = Officer::log_in(hub.http, "ana");
    until_true("the message in the feed", || told(&hub).len() == 1);
    let drafts = ana.desk();
    assert_eq!(drafts["drafts"][0]["standing"], "issued");
    let shown = text(&site.audit(&["show"]));
    assert!(shown.contains("issued (deadline)"), "{shown}");
}

#[test]
fn what_an_officer_refuses_is_not_sent_by_waiting() {
    let site = gated("issue", "8s");
    let hub = site.hub();
    fill_the_tunnel(&site, &hub, 90);
    let ana = Officer::log_in(hub.http, "ana");
    until_true("a draft", || ana.waiting().len() == 1);
    let draft = ana.waiting().remove(0);
    let refuse = json!({"action": "refuse", "draft": draft, "why": "a lorry on the loop"});
    assert_eq!(ana.ask(&refuse).0, 200);
    // Past the deadline by the hub's own clock, which its state tells.
    let due = ana.desk()["drafts"][0]["due_us"].as_i64().expect("a time");
    until_true("the deadline", || {
        hub.state()["now_us"]
            .as_i64()
            .is_some_and(|now| now > due + 1_000_000)
    });
    assert!(told(&hub).is_empty());
    // Back within the limit: there is nothing to call back.
    fill_the_tunnel(&site, &hub, 10);
    until_true("the draft of the end", || {
        ana.desk()["drafts"]
            .as_array()
            .is_some_and(|d| d.len() == 2)
    });
    assert!(told(&hub).is_empty());
}

/// The page told everybody of the warning that two officers were to decide about.
#[test]
fn where_officers_decide_the_page_is_theirs_and_the_feeds_are_everybodys() {
    let gate = format!(
        "{CITY}\n[[gate.rule]]\napprovals = 1\ndeadline = \"1h\"\nat_deadline = \"hold\"\n"
    );
    let site = Site::new(small(&gate), At::Embedded);
    let hub = site.hub();
    for path in [
        "/api/state",
        "/events",
        "/metrics",
        "/others",
        "/relief/",
        "/api/desk",
    ] {
        assert_eq!(hub.get(path).status, 401, "{path}");
    }
    for path in ["/", "/exercise/feed.atom", "/exercise/feed.rss", "/healthz"] {
        assert_eq!(hub.get(path).status, 200, "{path}");
    }
}
