//! Threads, ledgers on disk and real receivers together.

mod peer;

use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outlet::deliver::{Auth, Directory, Endpoint, Limits, Sahana, Webhook};
use outlet::{
    Backoff, Deliver, Found, Issued, Outcome, Parcel, Peer, PeerState, Profile, Repeat, Shelf,
    Standing, Status, Store, Worker,
};
use peer::{NOW_US, NeverReads, Server, WAIT, chain, dead_port, issued, ok, say};

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(2),
    total: Duration::from_secs(2),
};

fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(url, Auth::None, LIMITS, false).expect("an endpoint")
}

fn hook(url: &str) -> Box<dyn Deliver> {
    Box::new(Webhook::new(endpoint(url), None))
}

fn start(
    name: &str,
    dir: &Path,
    shelf: &Arc<Shelf>,
    deliver: Box<dyn Deliver>,
) -> (Worker, Receiver<Status>) {
    let (tell, told) = channel();
    let peer = Peer {
        name: name.to_owned(),
        profile: Profile::default(),
        deliver,
        backoff: Backoff::new(Duration::from_millis(5), Duration::from_millis(50), 1),
        directory: dir.join(name),
    };
    let worker = Worker::start(
        peer,
        shelf.clone(),
        || NOW_US,
        move |status| {
            let _ = tell.send(status);
        },
    );
    (worker.expect("a worker"), told)
}

fn until(told: &Receiver<Status>, what: impl Fn(&Status) -> bool) -> Status {
    loop {
        let status = told.recv_timeout(WAIT).expect("a status");
        if what(&status) {
            return status;
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for file in std::fs::read_dir(from).expect("a directory") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

#[test]
fn one_that_never_reads_and_one_that_is_dead_hold_up_nobody() {
    let dir = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::new(100);
    let silent = NeverReads::start();
    let good =
        Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (first, silent_told) = start(
        "silent",
        dir.path(),
        &shelf,
        hook(&format!("http://{}/", silent.address)),
    );
    let (second, dead_told) = start(
        "dead",
        dir.path(),
        &shelf,
        hook(&format!("http://127.0.0.1:{}/", dead_port())),
    );
    let (third, good_told) = start("good", dir.path(), &shelf, hook(&good.url("/")));
    let (fourth, file_told) = start(
        "file",
        dir.path(),
        &shelf,
        Box::new(Directory::new(dir.path().join("out"))),
    );
    shelf.put(issued("a"));
    let delivered = until(&good_told, |s| {
        s.delivered == 1 && s.state == PeerState::Idle
    });
    assert_eq!(delivered.last_delivered.as_deref(), Some("a"));
    assert_eq!(good.next().body, issued("a").xml.as_bytes());
    until(&file_told, |s| s.delivered == 1);
    assert_eq!(
        std::fs::read_to_string(dir.path().join("out/a.xml")).expect("written"),
        &*issued("a").xml
    );
    let dead = until(&dead_told, |s| s.failures >= 3);
    assert_eq!((dead.waiting, dead.delivered), (1, 0));
    assert_eq!(dead.failing_since_us, Some(NOW_US));
    let silent = until(&silent_told, |s| s.failures >= 1);
    assert!(silent.last_error.expect("said").contains("no answer"));
    for worker in [first, second, third, fourth] {
        assert!(worker.stop(WAIT));
    }
}

#[test]
fn one_that_comes_back_gets_what_it_is_owed() {
    let dir = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::new(100);
    let port = dead_port();
    let (worker, told) = start(
        "peer",
        dir.path(),
        &shelf,
        hook(&format!("http://127.0.0.1:{port}/")),
    );
    for message in chain("e", 1, false) {
        shelf.put(message);
    }
    let down = until(&told, |s| s.failures >= 3);
    assert!(matches!(
        down.state,
        PeerState::BackingOff | PeerState::Delivering
    ));
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port again");
    let server = Server::on(listener, |_, _, stream| say(stream, &ok("")));
    until(&told, |s| s.delivered == 1);
    // The newest word, and that alone.
    assert!(String::from_utf8_lossy(&server.next().body).contains("<identifier>e-2</identifier>"));
    assert!(worker.stop(WAIT));
    assert!(server.requests.try_recv().is_err());
}

/// Delivers for real, and keeps a copy of the ledger as it is on disk at that moment: what a kill would leave.
struct KilledAfter {
    inner: Box<dyn Deliver>,
    ledger: std::path::PathBuf,
    copy: std::path::PathBuf,
}

impl Deliver for KilledAfter {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }
    fn repeat(&self) -> Repeat {
        self.inner.repeat()
    }
    fn deliver(&mut self, parcel: &Parcel<'_>) -> Outcome {
        let outcome = self.inner.deliver(parcel);
        copy(&self.ledger, &self.copy);
        outcome
    }
    fn ask(&mut self, issued: &Issued) -> Found {
        self.inner.ask(issued)
    }
}

fn killed(dir: &Path, inner: Box<dyn Deliver>) -> Box<dyn Deliver> {
    Box::new(KilledAfter {
        inner,
        ledger: dir.join("peer"),
        copy: dir.join("after the kill/peer"),
    })
}

/// An Eden that stores what it is given, twice if it is given it twice.
fn eden() -> (Server, Arc<Mutex<Vec<String>>>) {
    let stored = Arc::new(Mutex::new(Vec::new()));
    let records = stored.clone();
    let server = Server::start(move |_, request, stream| {
        let mut records = records.lock().expect("records");
        if request.head.starts_with("PUT") {
            let (alert, _) = cap::read(&request.body).expect("an alert");
            records.push(alert.identifier);
            say(stream, &ok(r#"{"status": "success", "statuscode": "200"}"#));
        } else {
            let wanted = request.head.split(['=', ' ']).nth(2).unwrap_or_default();
            let found: Vec<String> = records
                .iter()
                .filter(|r| *r == wanted)
                .map(|r| format!("{{\"identifier\": \"{r}\"}}"))
                .collect();
            say(stream, &ok(&format!("[{}]", found.join(", "))));
        }
    });
    (server, stored)
}

#[test]
fn killed_between_sending_and_noting_sahana_is_asked_and_stores_it_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let (server, stored) = eden();
    let sahana = || -> Box<dyn Deliver> {
        Box::new(Sahana::new(endpoint(&server.url("/eden/cap/alert.cap"))).expect("an import"))
    };
    let shelf = Shelf::new(100);
    let (worker, told) = start("peer", dir.path(), &shelf, killed(dir.path(), sahana()));
    shelf.put(issued("a"));
    until(&told, |s| s.delivered == 1);
    assert!(worker.stop(WAIT));

    // The next start knows only that it was about to send.
    let after = dir.path().join("after the kill");
    let (_, ledger) = Store::open(&after.join("peer")).expect("a ledger");
    assert_eq!(ledger.standing("a"), Some(Standing::Sending));
    let (worker, told) = start("peer", &after, &shelf, sahana());
    until(&told, |s| s.delivered == 1);
    assert!(worker.stop(WAIT));
    assert_eq!(*stored.lock().expect("records"), ["a"], "stored once");

    // Killed before it left: asked, missing, and sent.
    stored.lock().expect("records").clear();
    let before = dir.path().join("before");
    copy_until_sending(&before.join("peer"));
    let (worker, told) = start("peer", &before, &shelf, sahana());
    until(&told, |s| s.delivered == 1);
    assert!(worker.stop(WAIT));
    assert_eq!(*stored.lock().expect("records"), ["a"], "sent after all");
}

fn copy_until_sending(to: &Path) {
    let (mut store, _) = Store::open(to).expect("a ledger");
    let note = outlet::Note::Now {
        identifier: "a".to_owned(),
        standing: Standing::Sending,
        expires_us: NOW_US + 1,
        at_us: NOW_US,
        why: String::new(),
    };
    store.write(vec![note]).expect("written");
}

#[test]
fn killed_between_sending_and_noting_a_webhook_gets_the_same_key_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let server =
        Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let shelf = Shelf::new(100);
    let (worker, told) = start(
        "peer",
        dir.path(),
        &shelf,
        killed(dir.path(), hook(&server.url("/"))),
    );
    shelf.put(issued("a"));
    until(&told, |s| s.delivered == 1);
    assert!(worker.stop(WAIT));
    let (worker, told) = start(
        "peer",
        &dir.path().join("after the kill"),
        &shelf,
        hook(&server.url("/")),
    );
    until(&told, |s| s.delivered == 1);
    assert!(worker.stop(WAIT));
    let keys: Vec<_> = (0..2)
        .map(|_| server.next().header("idempotency-key").map(str::to_owned))
        .collect();
    assert_eq!(keys, [Some("a".to_owned()), Some("a".to_owned())]);
    // What was noted is not sent again.
    let (worker, told) = start("peer", dir.path(), &shelf, hook(&server.url("/")));
    until(&told, |s| s.state == PeerState::Idle);
    shelf.put(issued("b"));
    until(&told, |s| s.delivered == 1);
    assert_eq!(server.next().header("idempotency-key"), Some("b"));
    assert!(worker.stop(WAIT));
}

#[test]
fn a_ledger_torn_at_any_byte_opens_and_believes_only_whole_notes() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = dir.path().join("ledger");
    let (mut store, _) = Store::open(&ledger).expect("a ledger");
    let standings = [
        Standing::Sending,
        Standing::NotArrived,
        Standing::Sending,
        Standing::Delivered,
    ];
    for standing in standings {
        let note = outlet::Note::Now {
            identifier: "a".to_owned(),
            standing,
            expires_us: NOW_US,
            at_us: NOW_US,
            why: "because".to_owned(),
        };
        store.write(vec![note]).expect("written");
    }
    drop(store);
    let segment = std::fs::read_dir(&ledger)
        .expect("a directory")
        .map(|f| f.expect("a file").path())
        .find(|p| p.extension().is_some_and(|e| e == "log"))
        .expect("a segment");
    let whole = std::fs::read(&segment).expect("read");
    let torn = dir.path().join("torn");
    let mut seen = std::collections::BTreeSet::new();
    for length in 0..=whole.len() {
        std::fs::create_dir_all(&torn).expect("a directory");
        std::fs::write(
            torn.join(segment.file_name().expect("a name")),
            &whole[..length],
        )
        .expect("written");
        let (mut store, known) = Store::open(&torn).expect("a torn ledger opens");
        let standing = known.standing("a");
        assert!(standing.is_none_or(|s| standings.contains(&s)));
        if length < whole.len() {
            assert_ne!(
                standing,
                Some(Standing::Delivered),
                "at {length} of {}",
                whole.len()
            );
        }
        seen.insert(format!("{standing:?}"));
        // And it goes on.
        store.write(vec![known.all(NOW_US)]).expect("written");
        drop(store);
        std::fs::remove_dir_all(&torn).expect("removed");
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[test]
fn a_ledger_that_grows_is_written_anew_and_forgets_what_expired_long_ago() {
    let dir = tempfile::tempdir().expect("a directory");
    let (mut store, mut ledger) = Store::open(dir.path()).expect("a ledger");
    let day_us = 86_400_000_000;
    for k in 0..1_500_i64 {
        let note = outlet::Note::Now {
            identifier: format!("message-{k}"),
            standing: Standing::Delivered,
            expires_us: NOW_US + k * day_us / 3,
            at_us: NOW_US,
            why: "x".repeat(400),
        };
        ledger.apply(&note);
        store.write(vec![note]).expect("written");
        store
            .compact(&ledger, NOW_US + k * day_us / 3)
            .expect("compacted");
    }
    assert!(store.bytes() < 600_000, "{}", store.bytes());
    drop(store);
    let (_, again) = Store::open(dir.path()).expect("a ledger");
    assert_eq!(again.standing("message-1499"), Some(Standing::Delivered));
    assert_eq!(again.standing("message-0"), None, "expired 500 days ago");
    assert!(again.len() < 1_000, "{}", again.len());
}

/// A receiver that panics is a bug of ours: the issuer sees that the thread is gone.
struct Bug;

impl Deliver for Bug {
    fn kind(&self) -> &'static str {
        "bug"
    }
    fn deliver(&mut self, _: &Parcel<'_>) -> Outcome {
        panic!("a bug, wanted by the test")
    }
}

#[test]
fn a_thread_that_dies_is_seen_and_its_message_is_in_doubt() {
    let dir = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::new(100);
    let (worker, told) = start("bug", dir.path(), &shelf, Box::new(Bug));
    shelf.put(issued("a"));
    while told.recv_timeout(WAIT).is_ok() {}
    assert!(worker.stop(WAIT));
    let (_, ledger) = Store::open(&dir.path().join("bug")).expect("a ledger");
    assert_eq!(ledger.standing("a"), Some(Standing::Sending));
}

/// Counts how many messages of many are delivered, and takes its time for the first.
struct Slow(Arc<AtomicUsize>, Receiver<()>);

impl Deliver for Slow {
    fn kind(&self) -> &'static str {
        "slow"
    }
    fn deliver(&mut self, _: &Parcel<'_>) -> Outcome {
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            let _ = self.1.recv_timeout(WAIT);
        }
        Outcome::DELIVERED
    }
}

#[test]
fn a_shelf_that_overflows_says_how_many_a_subscriber_missed() {
    let dir = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::new(10);
    let count = Arc::new(AtomicUsize::new(0));
    let (go, wait) = channel();
    let (worker, told) = start(
        "slow",
        dir.path(),
        &shelf,
        Box::new(Slow(count.clone(), wait)),
    );
    shelf.put(issued("first"));
    until(&told, |s| s.state == PeerState::Delivering);
    (0..30).for_each(|k| shelf.put(issued(&format!("m{k}"))));
    go.send(()).expect("waiting");
    let status = until(&told, |s| s.delivered == 11);
    assert_eq!(status.missed, 20);
    assert!(worker.stop(WAIT));
}
