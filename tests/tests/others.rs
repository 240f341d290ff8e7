//! Another sender's alerts beside our own: shown, judged, remembered, and issued again by nobody.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use cap::signature::Signer;
use cap::{
    Alert, Area, Category, Certainty, Info, MsgType, Point, Polygon, Severity, Status, Time,
    Urgency,
};
use clock::Clock;
use scenarios::mqtt::Subscriber;
use scenarios::site::{At, CITY, Site, small};
use scenarios::wait::until_true;
use serde_json::Value;

/// A server of files by path.
fn serve() -> (String, Arc<Mutex<HashMap<String, String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let root = format!("http://{}", listener.local_addr().expect("bound"));
    let files: Arc<Mutex<HashMap<String, String>>> = Arc::default();
    let served = files.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let line = lines.next().unwrap_or_default();
            // The rest of the head is read, so that closing does not cut the answer short.
            for _ in lines.take_while(|l| !l.is_empty()) {}
            let path = line.split(' ').nth(1).unwrap_or_default();
            let body = served.lock().expect("no panic before").get(path).cloned();
            let (status, body) = body.map_or(("404 Not Found", String::new()), |b| ("200 OK", b));
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // The hub may have gone.
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    (root, files)
}

/// A warning of another sender, sent a minute ago, in force for an hour.
fn warning(identifier: &str, status: Status) -> Alert {
    let now_us = Clock::System.now_us();
    let sent = Time::from_us(now_us - 60_000_000);
    let mut alert = Alert::new(identifier, "ntwc@example.org", sent, status, MsgType::Alert);
    let mut info = Info::new(
        "en",
        Category::Geo,
        "Tsunami Warning",
        Urgency::Immediate,
        Severity::Extreme,
        Certainty::Likely,
    );
    info.expires = Some(Time::from_us(now_us + 3_600_000_000));
    info.headline = Some("Tsunami warning for <b>the coast</b>".to_owned());
    let mut area = Area::new("Coast of X");
    let corners = [(-34.0, -73.0), (-34.0, -71.0), (-32.0, -71.0)];
    let points = corners.map(|(lat, lon)| Point::new(lat, lon)).to_vec();
    area.polygons
        .push(Polygon::closed(points).expect("a triangle"));
    info.areas.push(area);
    alert.infos.push(info);
    alert
}

fn signer() -> Signer {
    Signer::from_pem(
        include_str!("../../crates/cap/tests/keys/p256.key.pem"),
        include_str!("../../crates/cap/tests/keys/p256.crt.pem"),
    )
    .expect("a key")
}

fn atom(links: &[&str]) -> String {
    let entry = |link: &&str| {
        format!("<entry><id>{link}</id><link type='application/cap+xml' href='{link}'/></entry>")
    };
    let entries: String = links.iter().map(entry).collect();
    format!("<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>")
}

/// What is shown of one kind: identifier, standing and state.
fn shown(others: &Value, kind: &str) -> Vec<[String; 3]> {
    let all = others[kind].as_array().into_iter().flatten();
    let mut all: Vec<[String; 3]> = all
        .map(|o| {
            ["identifier", "standing", "state"]
                .map(|key| o[key].as_str().expect("a word").to_owned())
        })
        .collect();
    all.sort();
    all
}

fn feed_state(others: &Value, name: &str) -> String {
    let feeds = others["feeds"].as_array().into_iter().flatten();
    let feed = feeds.into_iter().find(|f| f["name"] == name);
    let feed = feed.unwrap_or_else(|| panic!("no feed {name} in {others}"));
    assert_eq!(feed["known"], feed["state"] == "ok", "{feed}");
    feed["state"].as_str().expect("a word").to_owned()
}

#[test]
fn other_senders_are_shown_and_never_issued_again() {
    let (root, files) = serve();
    let put = |path: &str, body: &str| {
        let mut files = files.lock().expect("no panic before");
        files.insert(path.to_owned(), body.to_owned());
    };
    let actual = warning("ntwc-1", Status::Actual);
    let sealed = signer()
        .sign(&actual.to_xml().expect("sound"))
        .expect("signed");
    let forged = signer()
        .sign(
            &warning("ntwc-forged", Status::Actual)
                .to_xml()
                .expect("sound"),
        )
        .expect("signed")
        .replace("Coast of X", "Coast of Y");
    put("/1.cap", &sealed);
    put("/forged.cap", &forged);
    put(
        "/drill.cap",
        &warning("ntwc-drill", Status::Exercise)
            .to_xml()
            .expect("sound"),
    );
    put("/feed.atom", &atom(&["1.cap", "forged.cap", "drill.cap"]));

    let scratch = tempfile::tempdir().expect("a directory");
    let file = scratch.path().join("ptwc.cap");
    std::fs::write(
        &file,
        warning("ptwc-1", Status::Actual).to_xml().expect("sound"),
    )
    .expect("written");
    let ca = scratch.path().join("ca.pem");
    std::fs::write(&ca, include_str!("../../crates/cap/tests/keys/ca.crt.pem")).expect("written");
    let feeds = format!(
        "{CITY}\n[[alert_feed]]\nname = \"ntwc\"\nurl = \"{root}/feed.atom\"\nevery = \"1s\"\nstale_after = \"600s\"\ntrust = [\"{}\"]\n\
         [[alert_feed]]\nname = \"ptwc\"\nfile = \"{}\"\nevery = \"1s\"\n\
         [[alert_feed]]\nname = \"nobody\"\nfile = \"{}\"\nevery = \"1s\"\nstale_after = \"2s\"\n",
        ca.display(),
        file.display(),
        scratch.path().join("missing").display()
    );
    let site = Site::new(small(&feeds), At::Embedded);
    let hub = site.hub();
    let published = Subscriber::start(
        hub.mqtt_port,
        &format!("watchfire/v1/{}/alerts/#", site.deployment),
    );
    until_true("a subscription", || published.is_ready());
    let others = || -> Value { serde_json::from_str(&hub.get("/others").body).expect("JSON") };
    let word = |id: &str, standing: &str, state: &str| {
        [id.to_owned(), standing.to_owned(), state.to_owned()]
    };
    let expected = [
        word("ntwc-1", "signed", "in_force"),
        word("ntwc-forged", "bad_signature", "in_force"),
        word("ptwc-1", "unverified", "in_force"),
    ];
    until_true("the alerts of others", || {
        shown(&others(), "actual") == expected
    });
    until_true("the exercise, apart", || {
        shown(&others(), "not_actual") == [word("ntwc-drill", "unverified", "in_force")]
    });
    until_true("the states of the feeds", || {
        let now = others();
        ["ntwc", "ptwc", "nobody"].map(|name| feed_state(&now, name)) == ["ok", "ok", "stale"]
    });
    let conditions = hub.conditions();
    for code in ["alert_feed_stale_nobody", "alert_feed_doubtful_ntwc"] {
        assert!(conditions.iter().any(|c| c == code), "{conditions:?}");
    }
    let state = hub.state();
    assert_eq!(state["others"]["actual"].as_array().map(Vec::len), Some(3));
    // Text, as it was written.
    let headline = &state["others"]["actual"][0]["headline"];
    assert_eq!(headline, "Tsunami warning for <b>the coast</b>");
    assert!(hub.metric("watchfire_alert_signatures_bad_total{feed=\"ntwc\"}") >= 1.0);

    // Withdrawn by its sender: the warning goes, the end is shown.
    let mut cancel = actual.follow(
        "ntwc-2",
        Time::from_us(Clock::System.now_us()),
        MsgType::Cancel,
    );
    cancel.infos.clone_from(&actual.infos);
    let cancel = signer()
        .sign(&cancel.to_xml().expect("sound"))
        .expect("signed");
    put("/2.cap", &cancel);
    put(
        "/feed.atom",
        &atom(&["2.cap", "1.cap", "forged.cap", "drill.cap"]),
    );
    let after = [
        word("ntwc-2", "signed", "ended"),
        word("ntwc-forged", "bad_signature", "in_force"),
        word("ptwc-1", "unverified", "in_force"),
    ];
    until_true("the cancellation", || shown(&others(), "actual") == after);

    // An empty list is unknown, and takes nothing back.
    put("/feed.atom", &atom(&[]));
    until_true("an empty list", || feed_state(&others(), "ntwc") == "empty");
    assert_eq!(shown(&others(), "actual"), after);

    // Nothing of it went anywhere else.
    for feed in ["/exercise/feed.atom", "/exercise/feed.rss"] {
        let listed = hub.get(feed).body;
        assert!(
            !listed.contains("ntwc") && !listed.contains("ptwc"),
            "{listed}"
        );
    }
    assert_eq!(state["alerts"].as_array().map(Vec::len), Some(0));
    assert_eq!(published.messages().len(), 0);
    drop(hub);
    assert!(site.alert_log().is_empty(), "{:?}", site.alert_log());
    let recomputed = site.recompute();
    let theirs = recomputed
        .iter()
        .any(|line| line.to_string().contains("ntwc"));
    assert!(!theirs, "{recomputed:?}");

    // The network is gone, and so is the other file: what stood is known, and that no feed is heard.
    put("/feed.atom", "<html/>");
    std::fs::remove_file(&file).expect("removed");
    let hub = site.hub();
    let others: Value = serde_json::from_str(&hub.get("/others").body).expect("JSON");
    assert_eq!(shown(&others, "actual"), after);
    for name in ["ntwc", "ptwc", "nobody"] {
        assert_ne!(feed_state(&others, name), "ok");
    }
}
