//! Receivers over HTTP as they behave, each a real server on loopback.

mod peer;

use std::io::Write;
use std::time::Duration;

use cap::{MsgType, Status};
use outlet::deliver::{
    Auth, Endpoint, Limits, SIGNATURE_HEADER, Sahana, WebSub, Webhook, signature,
};
use outlet::{Deliver, Found, Outcome, Parcel, SecretFile};
use peer::{NeverReads, Server, alert, dead_port, issued, issued_of, ok, say};

/// Short: whatever takes longer is the server's fault here.
const LIMITS: Limits = Limits {
    connect: Duration::from_millis(500),
    total: Duration::from_millis(500),
};

fn endpoint(url: &str, auth: Auth) -> Endpoint {
    Endpoint::new(url, auth, LIMITS, false).expect("an endpoint")
}

fn post(url: &str) -> Outcome {
    let mut hook = Webhook::new(endpoint(url, Auth::None), None);
    let issued = issued("a");
    hook.deliver(&Parcel {
        issued: &issued,
        xml: &issued.xml,
    })
}

fn put(url: &str) -> Outcome {
    let mut sahana = Sahana::new(endpoint(url, Auth::None)).expect("an import");
    let issued = issued("a");
    sahana.deliver(&Parcel {
        issued: &issued,
        xml: &issued.xml,
    })
}

fn secret(text: &str) -> (tempfile::TempDir, SecretFile) {
    let dir = tempfile::tempdir().expect("a directory");
    let secret = SecretFile::new(dir.path().join("secret"));
    std::fs::write(secret.path(), text).expect("written");
    (dir, secret)
}

#[track_caller]
fn fails(outcome: &Outcome, arrived: bool, word: &str) {
    match outcome {
        Outcome::Failed {
            why,
            may_have_arrived,
            ..
        } => {
            assert_eq!(*may_have_arrived, arrived, "{why}");
            assert!(why.contains(word), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_webhook_gets_the_message_its_key_and_a_signature_that_holds() {
    let server = Server::answering("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    let (_dir, key) = secret("s3cret\n");
    let (_dir2, token) = secret("t0ken\n");
    let endpoint = endpoint(&server.url("/hook"), Auth::Bearer(token));
    let mut hook = Webhook::new(endpoint, Some(key));
    let issued = issued_of(&alert("urn:oid:1", MsgType::Alert, Status::Exercise));
    let parcel = Parcel {
        issued: &issued,
        xml: &issued.xml,
    };
    assert_eq!(hook.deliver(&parcel), Outcome::DELIVERED);
    assert_eq!(hook.deliver(&parcel), Outcome::DELIVERED);
    let (first, second) = (server.next(), server.next());
    assert!(
        first.head.starts_with("POST /hook HTTP/1.1"),
        "{}",
        first.head
    );
    assert_eq!(first.body, issued.xml.as_bytes());
    assert_eq!(first.header("content-type"), Some("application/cap+xml"));
    assert_eq!(first.header("authorization"), Some("Bearer t0ken"));
    assert_eq!(first.header("x-cap-status"), Some("Exercise"));
    let signed = signature("s3cret", issued.xml.as_bytes());
    assert_eq!(first.header(SIGNATURE_HEADER), Some(signed.as_str()));
    assert_eq!(first.header("idempotency-key"), Some("urn:oid:1"));
    assert_eq!(
        second.header("idempotency-key"),
        Some("urn:oid:1"),
        "a repeat can be told"
    );
}

#[test]
fn a_hub_is_told_which_feeds_have_changed() {
    let server = Server::answering("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    let topics = [
        "https://w.example/feed.atom".to_owned(),
        "https://w.example/feed.rss?a=b&c".to_owned(),
    ];
    let mut hub = WebSub::new(endpoint(&server.url("/"), Auth::None), &topics);
    let issued = issued("a");
    let parcel = Parcel {
        issued: &issued,
        xml: &issued.xml,
    };
    assert_eq!(hub.deliver(&parcel), Outcome::DELIVERED);
    let request = server.next();
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(
        String::from_utf8_lossy(&request.body),
        "hub.mode=publish&hub.url=https%3A%2F%2Fw.example%2Ffeed.atom&hub.url=https%3A%2F%2Fw.example%2Ffeed.rss%3Fa%3Db%26c"
    );
}

#[test]
fn sahana_is_believed_by_what_it_says_and_not_by_its_status() {
    type Holds = fn(&Outcome) -> bool;
    let cases: [(&str, Holds); 5] = [
        (
            r#"{"status": "success", "statuscode": "200", "records": 1}"#,
            |o| *o == Outcome::DELIVERED,
        ),
        (
            r#"{"status":"failed","statuscode":"400","message":"Value not allowed"}"#,
            |o| matches!(o, Outcome::Refused { why, for_good: false } if why.contains("Value not allowed")),
        ),
        (
            r#"{"status": "failed", "statuscode": "400", "message": "a "b" c"}"#,
            |o| matches!(o, Outcome::Refused { .. }),
        ),
        (
            "<html>Log in</html>",
            |o| matches!(o, Outcome::Failed { may_have_arrived: true, why, .. } if why.contains("Log in")),
        ),
        ("", |o| {
            matches!(
                o,
                Outcome::Failed {
                    may_have_arrived: true,
                    ..
                }
            )
        }),
    ];
    for (body, holds) in cases {
        let server = Server::start(move |_, _, stream| say(stream, &ok(body)));
        let outcome = put(&server.url("/eden/cap/alert.cap"));
        assert!(holds(&outcome), "{body}: {outcome:?}");
        let request = server.next();
        assert!(
            request.head.starts_with("PUT /eden/cap/alert.cap "),
            "{}",
            request.head
        );
    }
    let no = "HTTP/1.1 400 BAD REQUEST\r\nContent-Length: 43\r\nConnection: close\r\n\r\n{\"status\":\"failed\",\"message\":\"Bad language\"}";
    let server = Server::answering(no);
    assert!(matches!(
        put(&server.url("/eden/cap/alert.cap")),
        Outcome::Refused { why, for_good: false } if why.contains("400")
    ));
}

#[test]
fn sahana_gets_the_credentials_and_is_asked_by_identifier() {
    let server = Server::start(|k, _, stream| {
        let body = [r#"[{"identifier": "urn:oid:1"}]"#, "[]", "<html>"][k];
        say(stream, &ok(body));
    });
    let (_dir, password) = secret("pa:ss\n");
    let auth = Auth::Basic {
        user: "hub".to_owned(),
        password,
    };
    let mut sahana =
        Sahana::new(endpoint(&server.url("/eden/cap/alert.cap"), auth)).expect("an import");
    let issued = issued_of(&alert("urn:oid:1", MsgType::Alert, Status::Actual));
    assert_eq!(sahana.ask(&issued), Found::There);
    assert_eq!(sahana.ask(&issued), Found::Missing);
    assert!(matches!(sahana.ask(&issued), Found::Unclear { .. }));
    let request = server.next();
    assert!(
        request
            .head
            .starts_with("GET /eden/cap/alert.json?~.identifier=urn%3Aoid%3A1 "),
        "{}",
        request.head
    );
    // RFC 7617: base64 of "hub:pa:ss".
    assert_eq!(request.header("authorization"), Some("Basic aHViOnBhOnNz"));
    assert!(Sahana::new(endpoint("https://w.example/eden", Auth::None)).is_err());
}

#[test]
fn nobody_there() {
    let url = format!("http://127.0.0.1:{}/", dead_port());
    fails(&post(&url), false, "");
    fails(&post("http://no-such-host.invalid/"), false, "");
}

#[test]
fn a_receiver_that_never_reads_costs_its_time_limit_and_leaves_doubt() {
    let silent = NeverReads::start();
    fails(&post(&format!("http://{}/", silent.address)), true, "500ms");
}

#[test]
fn a_receiver_that_trickles_costs_its_time_limit() {
    // A byte every 20 ms: each read succeeds, the whole never ends.
    let server = Server::start(|_, _, stream| {
        say(stream, "HTTP/1.1 200 OK\r\nX-Slow: ");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    fails(&post(&server.url("/")), true, "500ms");
    // The status is there, and the body trickles: a webhook needs no body.
    let server = Server::start(|_, _, stream| {
        say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(post(&server.url("/")), Outcome::DELIVERED);
    fails(
        &put(&server.url("/eden/cap/alert.cap")),
        true,
        "neither yes nor no",
    );
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    let before = Server::start(|_, _, _| ());
    fails(&post(&before.url("/")), true, "");
    let within_head = Server::answering("HTTP/1.1 200 O");
    fails(&post(&within_head.url("/")), true, "");
    let within_body = Server::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\": \"success\", \"stat",
    );
    fails(
        &put(&within_body.url("/eden/cap/alert.cap")),
        true,
        "neither yes nor no",
    );
}

#[test]
fn an_answer_without_end_is_cut() {
    let server = Server::start(|_, _, stream| {
        say(
            stream,
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        );
        let chunk = [b'x'; 65_536];
        while stream.write_all(&chunk).is_ok() {}
    });
    match post(&server.url("/")) {
        Outcome::Refused {
            why,
            for_good: true,
        } => assert!(why.len() < 400, "{}", why.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn redirections_are_not_followed_least_of_all_with_credentials() {
    let thief = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = thief.url("/steal");
        let server = Server::start(move |_, _, stream| {
            say(
                stream,
                &format!(
                    "HTTP/1.1 {status} Elsewhere\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                ),
            );
        });
        let (_dir, password) = secret("secret");
        let auth = Auth::Basic {
            user: "hub".to_owned(),
            password,
        };
        let mut hook = Webhook::new(endpoint(&server.url("/"), auth), None);
        let issued = issued("a");
        let outcome = hook.deliver(&Parcel {
            issued: &issued,
            xml: &issued.xml,
        });
        assert!(
            matches!(&outcome, Outcome::Blocked { why } if why.contains("/steal")),
            "{status}: {outcome:?}"
        );
    }
    assert!(thief.requests.try_recv().is_err(), "nothing went there");
}

#[test]
fn a_busy_receiver_says_when_to_come_back() {
    let server = Server::answering(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 17\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    match post(&server.url("/")) {
        Outcome::Failed {
            retry_after,
            may_have_arrived: false,
            ..
        } => assert_eq!(retry_after, Some(Duration::from_secs(17))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_secret_that_is_gone_blocks_and_a_new_one_is_taken_at_once() {
    let server =
        Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (_dir, token) = secret("old");
    let endpoint = endpoint(&server.url("/"), Auth::Bearer(token.clone()));
    let mut hook = Webhook::new(endpoint, None);
    let issued = issued("a");
    let parcel = Parcel {
        issued: &issued,
        xml: &issued.xml,
    };
    for (content, expected) in [
        ("", None),
        ("in\njected: x", None),
        ("new", Some("Bearer new")),
    ] {
        std::fs::write(token.path(), content).expect("written");
        let outcome = hook.deliver(&parcel);
        match expected {
            None => assert!(matches!(outcome, Outcome::Blocked { .. }), "{outcome:?}"),
            Some(header) => {
                assert_eq!(outcome, Outcome::DELIVERED);
                assert_eq!(server.next().header("authorization"), Some(header));
            }
        }
    }
}
