//! A running hub and those whom it pushes to: what is issued reaches them once, whatever state the others are in, and across restarts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use clock::Clock;
use hub::config::Config;
use hub::pipeline::NoSink;
use hub::service::{Options, Service};
use outlet::PeerState;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};

/// 2026-01-01T00:00:00Z, microseconds since the Unix epoch.
const NOW: i64 = 1_767_225_600_000_000;
/// Longest that a test waits for something that must happen.
const WAIT: Duration = Duration::from_secs(60);

fn config(dir: &Path, mode: &str, more: &str) -> Result<Config, String> {
    let text = format!(
        r#"
deployment = "city"
title = "A city"
mode = "{mode}"
data_dir = "{}"
[broker]
port = 0
[http]
listen = "127.0.0.1:0"
[sender]
id = "city@example.org"
name = "City"
languages = ["en", "es"]
[[threshold]]
quantity = "voltage"
below = 220.0
{more}
"#,
        dir.join("data").display()
    );
    Config::parse("hub.toml", &text).map_err(|e| e.to_string())
}

async fn start(config: &Config) -> Service {
    let clock = Clock::scaled(Clock::System.now_us(), NOW, 1.0).expect("real pace");
    let options = Options {
        config: Arc::new(config.clone()),
        clock,
        sink: Box::new(NoSink),
        ticking: true,
    };
    let mut service = Service::start(options).await.expect("the hub starts");
    service.ready().await;
    service
}

/// Publishes one reading as anybody may, and waits until the broker has it.
async fn publish(service: &Service, station: &str, volts: f64) {
    let mut options = MqttOptions::new("meter", "127.0.0.1", service.mqtt.1);
    options.set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = AsyncClient::new(options, 8);
    let body = format!("{{\"station\":\"{station}\",\"voltage\":{volts}}}");
    client
        .publish("watchfire/v1/city/me/json", QoS::AtLeastOnce, false, body)
        .await
        .expect("queued");
    let taken = async {
        while !matches!(
            events.poll().await.expect("the broker"),
            Event::Incoming(Packet::PubAck(_))
        ) {}
    };
    tokio::time::timeout(WAIT, taken)
        .await
        .expect("the broker takes it");
}

/// A receiver: answers every request with this, and tells head and body. It lives as long as the test.
fn receiver(answer: &'static str) -> (SocketAddr, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(WAIT));
            let Some(request) = request(&mut stream) else {
                continue;
            };
            let _ = stream.write_all(answer.as_bytes());
            if tell.send(request).is_err() {
                return;
            }
        }
    });
    (address, told)
}

fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let n = stream.read(&mut buffer).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length: usize = head
            .lines()
            .find_map(|l| {
                l.to_ascii_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            return Some((head.to_owned(), body.to_owned()));
        }
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Waits until the board says so.
async fn until(service: &Service, what: impl Fn(&hub::view::View) -> bool) {
    let look = async {
        while !service.board.read(&what) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(WAIT, look).await.expect("it happens");
}

fn state(view: &hub::view::View, name: &str) -> (Option<PeerState>, u64) {
    let status = view.subscribers.get(name);
    (status.map(|s| s.state), status.map_or(0, |s| s.delivered))
}

async fn get(address: SocketAddr, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("asks");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_reaches_everybody_once_and_a_dead_one_is_told_of() {
    let dir = tempfile::tempdir().expect("a directory");
    let (hook, posted) = receiver(OK);
    let (hub, told) = receiver(OK);
    let (other, drills) = receiver(OK);
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "s3cret\n").expect("written");
    let out = dir.path().join("out");
    // Nobody listens there once it is dropped.
    let dead = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("bound");
    let more = format!(
        r#"
[[subscriber]]
name = "hook"
kind = "webhook"
url = "http://{hook}/"
secret_file = "{secret}"
statuses = ["exercise"]
languages = ["es"]
[[subscriber]]
name = "hub"
kind = "websub"
url = "http://{hub}/"
statuses = ["exercise"]
[[subscriber]]
name = "files"
kind = "file"
directory = "{out}"
statuses = ["exercise", "actual"]
[[subscriber]]
name = "actual-only"
kind = "webhook"
url = "http://{other}/"
[[subscriber]]
name = "dead"
kind = "webhook"
url = "http://{dead}/"
statuses = ["exercise"]
retry_first = "100ms"
tell_after = "0s"
"#,
        secret = secret.display(),
        out = out.display()
    );
    let config = config(dir.path(), "exercise", &more).expect("sound");
    hub::outlets::ready(&config).expect("secrets are there");
    let service = start(&config).await;
    publish(&service, "m1", 190.0).await;
    until(&service, |v| {
        ["hook", "hub", "files"]
            .iter()
            .all(|name| state(v, name) == (Some(PeerState::Idle), 1))
    })
    .await;

    let (head, body) = posted.recv_timeout(WAIT).expect("posted");
    let (alert, complaints) = cap::read(body.as_bytes()).expect("CAP");
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(alert.status, cap::Status::Exercise);
    assert_eq!(
        alert
            .infos
            .iter()
            .map(|i| i.language.as_str())
            .collect::<Vec<_>>(),
        ["es"]
    );
    let signed = outlet::deliver::signature("s3cret", body.as_bytes());
    assert!(
        head.to_ascii_lowercase()
            .contains(&format!("x-hub-signature-256: {signed}")),
        "{head}"
    );

    let (_, form) = told.recv_timeout(WAIT).expect("told");
    let feed = format!(
        "http%3A%2F%2F127.0.0.1%3A{}%2Fexercise%2Ffeed.atom",
        service.http.port()
    );
    assert!(
        form.starts_with("hub.mode=publish&") && form.contains(&feed),
        "{form}"
    );
    let answer = get(service.http, "/exercise/feed.atom").await;
    assert!(
        answer.contains(&format!("<link rel=\"hub\" href=\"http://{hub}/\"/>")),
        "{answer}"
    );
    assert!(
        answer.contains(&format!("link: <http://{hub}/>; rel=\"hub\"\r\n")),
        "{answer}"
    );
    assert!(
        answer.contains("/exercise/feed.atom>; rel=\"self\""),
        "{answer}"
    );
    let answer = get(service.http, "/exercise/feed.rss").await;
    assert!(
        answer.contains(&format!("<atom:link rel=\"hub\" href=\"http://{hub}/\"/>")),
        "{answer}"
    );

    let files: Vec<_> = std::fs::read_dir(&out)
        .expect("made")
        .flatten()
        .map(|f| f.path())
        .collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].extension().and_then(|e| e.to_str()), Some("xml"));

    // The dead one is seen, in the state, in the metrics and as a condition; the exercise went to nobody who asked for actual alone.
    until(&service, |v| {
        v.conditions
            .iter()
            .any(|c| c.code == "subscriber_failing_dead")
    })
    .await;
    let answer = get(service.http, "/metrics").await;
    assert!(
        answer.contains("watchfire_subscriber_messages_waiting{subscriber=\"dead\"} 1\n"),
        "{answer}"
    );
    assert_eq!(service.board.read(|v| state(v, "actual-only").1), 0);

    // The end of it, then another start: nothing goes out again.
    publish(&service, "m1", 230.0).await;
    until(&service, |v| {
        state(v, "hook").1 == 2 && state(v, "files").1 == 2
    })
    .await;
    let (_, body) = posted.recv_timeout(WAIT).expect("posted");
    let (end, _) = cap::read(body.as_bytes()).expect("CAP");
    assert_eq!(end.msg_type, cap::MsgType::Cancel);
    assert_eq!(end.references[0].identifier, alert.identifier);
    service.stop().await;
    let service = start(&config).await;
    publish(&service, "m2", 190.0).await;
    until(&service, |v| state(v, "hook").1 == 1).await;
    let (_, body) = posted.recv_timeout(WAIT).expect("posted");
    let (next, _) = cap::read(body.as_bytes()).expect("CAP");
    assert_ne!(next.identifier, alert.identifier);
    assert!(next.references.is_empty());
    // The dead one never got the first, so its end is of no use to it.
    until(&service, |v| {
        v.subscribers.get("dead").is_some_and(|s| s.waiting == 1)
    })
    .await;
    service.stop().await;
    assert!(posted.try_recv().is_err());
    assert!(
        drills.try_recv().is_err(),
        "no exercise where actual alone was asked for"
    );
}

/// A hub that is killed before a subscriber has its alert owes it still.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_subscriber_is_owed_survives_a_restart() {
    let dir = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let more = format!(
        "[[subscriber]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://{address}/\"\nstatuses = [\"test\"]\nretry_first = \"100ms\"\n"
    );
    let config = config(dir.path(), "test", &more).expect("sound");
    let service = start(&config).await;
    publish(&service, "m1", 190.0).await;
    until(&service, |v| {
        v.subscribers.get("hook").is_some_and(|s| s.failures > 0)
    })
    .await;
    service.stop().await;
    let listener = TcpListener::bind(address).expect("the port again");
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a delivery");
        let request = request(&mut stream);
        let _ = stream.write_all(OK.as_bytes());
        request
    });
    let service = start(&config).await;
    until(&service, |v| state(v, "hook").1 == 1).await;
    service.stop().await;
    let (_, body) = served.join().expect("served").expect("a request");
    assert!(body.contains("<status>Test</status>"), "{body}");
}

/// A ledger that was damaged is set aside: the hub starts, and the subscriber gets what is in force.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_ledger_stops_nobody() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("out");
    let more = format!(
        "[[subscriber]]\nname = \"files\"\nkind = \"file\"\ndirectory = \"{}\"\nstatuses = [\"test\"]\n",
        out.display()
    );
    let config = config(dir.path(), "test", &more).expect("sound");
    let service = start(&config).await;
    publish(&service, "m1", 190.0).await;
    until(&service, |v| state(v, "files").1 == 1).await;
    service.stop().await;
    let ledger = dir.path().join("data/outlets/files");
    let segment = std::fs::read_dir(&ledger)
        .expect("a ledger")
        .flatten()
        .map(|f| f.path())
        .find(|p| p.extension().is_some_and(|e| e == "log"))
        .expect("a segment");
    let mut bytes = std::fs::read(&segment).expect("read");
    // In the first of two notes: no torn end.
    bytes[20] ^= 0xFF;
    std::fs::write(&segment, bytes).expect("written");
    let service = start(&config).await;
    until(&service, |v| state(v, "files").1 == 1).await;
    service.stop().await;
    assert_eq!(
        std::fs::read_dir(&out).expect("made").count(),
        1,
        "the same file"
    );
}

/// Languages left out break a signature: what leaves is signed again, and whole messages leave as they were issued.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_a_signature_that_holds() {
    let dir = tempfile::tempdir().expect("a directory");
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cap/tests/keys");
    let (all, spanish) = (dir.path().join("all"), dir.path().join("spanish"));
    let more = format!(
        r#"
[signature]
key_file = "{keys}/p256.key.pem"
certificate_file = "{keys}/p256.crt.pem"
[[subscriber]]
name = "all"
kind = "file"
directory = "{all}"
statuses = ["test"]
[[subscriber]]
name = "spanish"
kind = "file"
directory = "{spanish}"
statuses = ["test"]
languages = ["es"]
"#,
        keys = keys.display(),
        all = all.display(),
        spanish = spanish.display(),
    );
    let config = config(dir.path(), "test", &more).expect("sound");
    let service = start(&config).await;
    publish(&service, "m1", 190.0).await;
    until(&service, |v| {
        state(v, "all").1 == 1 && state(v, "spanish").1 == 1
    })
    .await;
    let issued = service.board.read(|v| v.alerts[0].xml.clone());
    service.stop().await;
    let ca = std::fs::read_to_string(keys.join("ca.crt.pem")).expect("a root");
    let trusted = cap::signature::TrustList::from_pem(&ca).expect("a root");
    let at = cap::Time::parse("2026-06-01T00:00:00+00:00").expect("a time");
    for (directory, languages) in [(&all, 2), (&spanish, 1)] {
        let file = std::fs::read_dir(directory)
            .expect("made")
            .flatten()
            .next()
            .expect("a file");
        let xml = std::fs::read_to_string(file.path()).expect("read");
        let verified =
            cap::signature::verify(xml.as_bytes(), &trusted, at).expect("a signature that holds");
        assert_eq!(verified.read().expect("CAP").0.infos.len(), languages);
        assert_eq!(xml == *issued, languages == 2);
    }
}

#[test]
fn subscribers_are_checked() {
    let dir = tempfile::tempdir().expect("a directory");
    let check = |more: &str| config(dir.path(), "actual", more).map(|_| ());
    let hook = "[[subscriber]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"https://w.example/\"\n";
    let mail = "[[subscriber]]\nname = \"m\"\nkind = \"smtp\"\nhost = \"mail.example\"\nfrom = \"a@w.example\"\nto = [\"b@w.example\"]\n";
    assert_eq!(check(&format!("{hook}{mail}")), Ok(()));
    for (more, word) in [
        (format!("{hook}{hook}"), "twice"),
        (hook.replace("\"a\"", "\"a b\""), "no id"),
        (
            hook.replace("https://w.example/", "w.example"),
            "absolute URL",
        ),
        (
            hook.replace("url = \"https://w.example/\"\n", ""),
            "url is missing",
        ),
        (hook.replace("webhook", "sahana"), "/alert.cap"),
        (hook.replace("webhook", "fax"), "fax"),
        (
            format!("{hook}to = [\"x@w.example\"]\n"),
            "to means nothing",
        ),
        (format!("{hook}user = \"u\"\n"), "password_file"),
        (format!("{hook}statuses = []\n"), "nothing"),
        (format!("{hook}statuses = [\"draft\"]\n"), "draft"),
        (format!("{hook}languages = [\"ja\"]\n"), "en, es"),
        (format!("{hook}languages = [\"e!\"]\n"), "no language"),
        (format!("{hook}zones = [\"nowhere\"]\n"), "nowhere"),
        (format!("{hook}total = \"1h\"\n"), "total"),
        (format!("{hook}retry_frist = \"1s\"\n"), "retry_frist"),
        (
            hook.replace("https", "http") + "token_file = \"t\"\n",
            "in the clear",
        ),
        (mail.replace("b@w.example", "b"), "no e-mail address"),
        (format!("{mail}encryption = \"none\"\n"), "this machine"),
    ] {
        let why = check(&more).expect_err(&more);
        assert!(why.contains(word), "{more}\n{why}");
    }
    let missing = config(
        dir.path(),
        "actual",
        &format!("{hook}secret_file = \"/no/such/secret\"\n"),
    );
    let why = hub::outlets::ready(&missing.expect("sound")).expect_err("no secret");
    assert!(why.contains("/no/such/secret"), "{why}");
}

#[test]
fn a_signature_needs_its_key() {
    let dir = tempfile::tempdir().expect("a directory");
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cap/tests/keys");
    let signature = |key: &str, certificate: &str| {
        let (key, certificate) = (keys.join(key), keys.join(certificate));
        let more = format!(
            "[signature]\nkey_file = \"{}\"\ncertificate_file = \"{}\"\n",
            key.display(),
            certificate.display()
        );
        hub::alert::sign::Signer::load(&config(dir.path(), "actual", &more).expect("sound"))
    };
    let signer = signature("p256.key.pem", "p256.crt.pem")
        .expect("a pair")
        .expect("configured");
    let alert = cap::Alert::new(
        "a",
        "city@example.org",
        cap::Time::from_us(NOW),
        cap::Status::Test,
        cap::MsgType::Alert,
    );
    let mut alert = alert;
    alert.infos.push(cap::Info::new(
        "en",
        cap::Category::Infra,
        "Power outage",
        cap::Urgency::Immediate,
        cap::Severity::Severe,
        cap::Certainty::Observed,
    ));
    let signed = signer
        .sign(&alert.to_xml().expect("a message"))
        .expect("signed");
    let ca = std::fs::read_to_string(keys.join("ca.crt.pem")).expect("a root");
    let trusted = cap::signature::TrustList::from_pem(&ca).expect("a root");
    let at = cap::Time::parse("2026-06-01T00:00:00+00:00").expect("a time");
    let verified = cap::signature::verify(signed.as_bytes(), &trusted, at).expect("good");
    assert_eq!(verified.read().expect("CAP").0, alert);
    assert!(
        signature("p256.key.pem", "rsa.crt.pem")
            .expect_err("no pair")
            .contains("key_file")
    );
    assert!(
        signature("none.pem", "rsa.crt.pem")
            .expect_err("no file")
            .contains("none.pem")
    );
    let none = config(dir.path(), "actual", "").expect("sound");
    assert!(
        hub::alert::sign::Signer::load(&none)
            .expect("nothing to load")
            .is_none()
    );
}
