//! A feed as it is read over time: messages fetched once, failures asked for again, and a state that never says more than is known.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use agency::Place;
use cap::signature::TrustList;
use cap::{Alert, Category, Certainty, Info, MsgType, Severity, Status, Time, Urgency};
use senders::index::IndexError;
use senders::{FeedState, Gatherer, Message, Origin, Refused, Source};

const T0: i64 = 1_780_272_000_000_000;
const MINUTE_US: i64 = 60_000_000;

/// A server whose answers can be changed, and which counts what it was asked for.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: HashMap<String, (u16, String)>,
    asked: Vec<String>,
}

impl Server {
    fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let root = format!("http://{}", listener.local_addr().expect("bound"));
        let state = self.0.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let line = lines.next().unwrap_or_default();
                // The rest of the head is read, so that closing does not cut the answer short.
                for _ in lines.take_while(|l| !l.is_empty()) {}
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                let mut state = state.lock().expect("no panic before");
                let (status, body) = state
                    .answers
                    .get(&path)
                    .cloned()
                    .unwrap_or((404, String::new()));
                state.asked.push(path);
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                // The client may have gone.
                let _ = stream.write_all((head + &body).as_bytes());
            }
        });
        root
    }

    fn answer(&self, path: &str, status: u16, body: &str) {
        let mut state = self.0.lock().expect("no panic before");
        state
            .answers
            .insert(path.to_owned(), (status, body.to_owned()));
    }

    /// What was asked for since the last question.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic before").asked)
    }
}

fn message(identifier: &str) -> String {
    let mut alert = Alert::new(
        identifier,
        "ntwc@example.org",
        Time::from_us(T0),
        Status::Actual,
        MsgType::Alert,
    );
    alert.infos.push(Info::new(
        "en",
        Category::Geo,
        "Tsunami Warning",
        Urgency::Immediate,
        Severity::Severe,
        Certainty::Likely,
    ));
    alert.to_xml().expect("a sound message")
}

fn atom(links: &[&str]) -> Vec<u8> {
    let entry = |link: &&str| format!("<entry><id>{link}</id><link href='{link}'/></entry>");
    let entries: String = links.iter().map(entry).collect();
    format!("<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>").into_bytes()
}

fn source(place: Place) -> Source {
    Source {
        feed: "ntwc".to_owned(),
        place,
        trust: TrustList::default(),
        hosts: Vec::new(),
        region: None,
    }
}

fn at(root: &str) -> Gatherer {
    Gatherer::new(source(Place::Url(format!("{root}/feed.atom"))), [].iter())
}

/// What a look brought.
#[derive(Debug, Default)]
struct Harvest {
    messages: Vec<Message>,
    refused: Vec<Refused>,
}

impl Harvest {
    fn put(&mut self, found: Result<Message, Refused>) {
        match found {
            Ok(message) => self.messages.push(message),
            Err(refused) => self.refused.push(refused),
        }
    }
}

fn look(feed: &mut Gatherer, bytes: &[u8], now_us: i64) -> Result<Harvest, IndexError> {
    let mut harvest = Harvest::default();
    feed.document(bytes, now_us, &mut |found| harvest.put(found))?;
    Ok(harvest)
}

fn again(feed: &mut Gatherer, now_us: i64) -> Harvest {
    let mut harvest = Harvest::default();
    feed.again(now_us, &mut |found| harvest.put(found));
    harvest
}

fn names(harvest: &Harvest) -> Vec<&str> {
    harvest
        .messages
        .iter()
        .map(|m| m.alert.identifier.as_str())
        .collect()
}

#[test]
fn messages_are_fetched_once_and_failures_again() {
    let server = Server::default();
    let mut feed = at(&server.start());
    assert_eq!(feed.state(), FeedState::Waiting);
    server.answer("/a.cap", 200, &message("a"));
    server.answer("/b.cap", 503, "");
    server.answer("/c.cap", 200, "<html/>");
    let list = atom(&["a.cap", "b.cap", "/c.cap", "http://192.0.2.1/d.cap"]);
    let harvest = look(&mut feed, &list, T0).unwrap();
    assert_eq!(names(&harvest), ["a"]);
    let origin = &harvest.messages[0].origin;
    assert_eq!(
        (origin.link.as_deref(), origin.vouched_by.as_deref()),
        (Some("a.cap"), None)
    );
    let mut refused: Vec<&str> = harvest.refused.iter().map(|r| r.reason).collect();
    refused.sort_unstable();
    assert_eq!(refused, ["host", "not_an_alert", "status"]);
    assert_eq!(server.asked(), ["/a.cap", "/b.cap", "/c.cap"]);
    assert_eq!(
        (feed.state(), feed.listed(), feed.unread()),
        (FeedState::Incomplete, 4, 3)
    );

    // Not before its pause is over, and then alone.
    again(&mut feed, T0 + MINUTE_US / 4);
    assert_eq!(server.asked(), [""; 0]);
    server.answer("/b.cap", 200, &message("b"));
    assert_eq!(names(&again(&mut feed, T0 + MINUTE_US)), ["b"]);
    assert_eq!(server.asked(), ["/b.cap"]);
    look(&mut feed, &atom(&["b.cap", "a.cap"]), T0 + 2 * MINUTE_US).unwrap();
    assert_eq!(server.asked(), [""; 0]);
    assert_eq!(feed.state(), FeedState::Ok);
}

#[test]
fn pauses_double_up_to_an_hour() {
    let server = Server::default();
    let mut feed = at(&server.start());
    look(&mut feed, &atom(&["gone.cap"]), T0).unwrap();
    let mut asked = server.asked().len();
    for minute in 1..=240 {
        again(&mut feed, T0 + minute * MINUTE_US);
        asked += server.asked().len();
    }
    // At 0, 0.5 (heard at 1), 1, 2, 4, ... minutes after each other, then every hour.
    assert!((7..=12).contains(&asked), "{asked}");
    assert_eq!(feed.state(), FeedState::Incomplete);
}

#[test]
fn an_entry_that_changed_is_fetched_again() {
    let server = Server::default();
    let mut feed = at(&server.start());
    server.answer("/latest.cap", 200, &message("a"));
    let entry = |time: &str| {
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><updated>{time}</updated><link href='latest.cap'/></entry></feed>"
        )
    };
    assert_eq!(
        names(&look(&mut feed, entry("1").as_bytes(), T0).unwrap()),
        ["a"]
    );
    server.answer("/latest.cap", 200, &message("b"));
    assert_eq!(
        names(&look(&mut feed, entry("2").as_bytes(), T0).unwrap()),
        ["b"]
    );
}

#[test]
fn no_more_than_so_many_are_fetched_at_one_look() {
    let server = Server::default();
    let mut feed = at(&server.start());
    let links: Vec<String> = (0..25).map(|k| format!("{k}.cap")).collect();
    for link in &links {
        server.answer(&format!("/{link}"), 200, &message(link));
    }
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let first = look(&mut feed, &atom(&links), T0).unwrap();
    assert_eq!(first.messages.len(), 20);
    assert_eq!(
        first.messages[0].alert.identifier, "0.cap",
        "as listed, the newest first"
    );
    assert_eq!(feed.state(), FeedState::Incomplete);
    assert_eq!(again(&mut feed, T0).messages.len(), 5);
    assert_eq!((feed.state(), server.asked().len()), (FeedState::Ok, 25));
}

/// An empty list, a page and silence are unknown, each by its name; what was known of messages is kept elsewhere.
#[test]
fn nothing_is_not_no_threat() {
    let mut feed = Gatherer::new(source(Place::File("feed.atom".into())), [].iter());
    let mut states = Vec::new();
    look(&mut feed, &atom(&[]), T0).unwrap();
    states.push(feed.state());
    assert!(look(&mut feed, b"<html/>", T0).is_err());
    states.push(feed.state());
    feed.stale();
    states.push(feed.state());
    again(&mut feed, T0);
    states.push(feed.state());
    look(&mut feed, message("a").as_bytes(), T0).unwrap();
    states.push(feed.state());
    use FeedState::*;
    assert_eq!(states, [Empty, Unreadable, Stale, Unreadable, Ok]);
    let known: Vec<bool> = states.iter().map(|s| s.is_known()).collect();
    assert_eq!(known, [false, false, false, false, true]);
    assert!(!Waiting.is_known() && !Incomplete.is_known());
}

#[test]
fn what_stands_in_the_document_is_vouched_for_by_its_server() {
    for (place, host) in [
        (
            Place::Url("https://alerts.example:8443/a?b".to_owned()),
            Some("alerts.example:8443"),
        ),
        (Place::Url("http://alerts.example/a".to_owned()), None),
        (Place::File("/tmp/x".into()), None),
    ] {
        let mut feed = Gatherer::new(source(place), [].iter());
        let harvest = look(&mut feed, message("a").as_bytes(), T0).unwrap();
        assert_eq!(harvest.messages[0].origin.vouched_by.as_deref(), host);
    }
    // One unreadable message does not hide the other.
    let mut feed = Gatherer::new(source(Place::File("x".into())), [].iter());
    let broken = message("b").replace("Actual", "Maybe");
    let both = format!("<alerts>{broken}{}</alerts>", message("a"));
    let harvest = look(&mut feed, both.as_bytes(), T0).unwrap();
    assert_eq!(
        (names(&harvest), harvest.refused[0].reason),
        (vec!["a"], "not_understood")
    );
    assert_eq!(feed.state(), FeedState::Incomplete);
}

#[test]
fn what_is_remembered_is_not_fetched_again() {
    let server = Server::default();
    let root = server.start();
    server.answer("/a.cap", 200, &message("a"));
    let mut feed = at(&root);
    let harvest = look(&mut feed, &atom(&["a.cap"]), T0).unwrap();
    let known: Vec<Origin> = harvest.messages.iter().map(|m| m.origin.clone()).collect();
    server.asked();
    let mut again = Gatherer::new(
        source(Place::Url(format!("{root}/feed.atom"))),
        known.iter(),
    );
    look(&mut again, &atom(&["a.cap"]), T0).unwrap();
    assert_eq!((server.asked().len(), again.state()), (0, FeedState::Ok));
}

#[test]
fn messages_in_other_encodings_are_read() {
    let server = Server::default();
    let root = server.start();
    let mut source = source(Place::Url(format!("{root}/feed")));
    source.hosts = vec!["unused.example".to_owned()];
    let mut feed = Gatherer::new(source, [].iter());
    // Latin-1 cannot be served as text by this server; UTF-16 and Latin-1 stand in the document's place.
    let text = message("a").replace("Warning", "W\u{e4}rning");
    let latin: Vec<u8> = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{text}")
        .chars()
        .map(|c| c as u8)
        .collect();
    let harvest = look(&mut feed, &latin, T0).unwrap();
    assert_eq!(
        harvest.messages[0].alert.infos[0].event,
        "Tsunami W\u{e4}rning"
    );
}
