//! A crowd in front of a running hub: readers that ask for the feed again and again, listeners of the event stream, subscribers that are
//! pushed to, one of which never reads - and an alert in the middle of it.
//!
//! Sizes that a small machine survives beside other tests; `WATCHFIRE_LOAD=full` for those that docs/delivery.md has figures of:
//!
//! ```sh
//! ulimit -n 8192; WATCHFIRE_LOAD=full cargo test --release -p hub --test load -- --nocapture
//! ```

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use clock::Clock;
use hub::config::Config;
use hub::pipeline::NoSink;
use hub::service::{Options, Service};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// 2026-01-01T00:00:00Z, microseconds since the Unix epoch.
const NOW: i64 = 1_767_225_600_000_000;
/// Longest that anything may take that must happen.
const WAIT: Duration = Duration::from_secs(120);

struct Sizes {
    /// Connections that ask for the feed.
    readers: usize,
    /// How often each of them asks.
    asks: usize,
    /// Listeners of the event stream.
    listeners: usize,
}

fn sizes() -> Sizes {
    if std::env::var("WATCHFIRE_LOAD").is_ok_and(|v| v == "full") {
        Sizes {
            readers: 200,
            asks: 50,
            listeners: 1_000,
        }
    } else {
        Sizes {
            readers: 20,
            asks: 10,
            listeners: 60,
        }
    }
}

async fn start(dir: &std::path::Path, hook: SocketAddr, deaf: SocketAddr) -> Service {
    let text = format!(
        r#"
deployment = "city"
title = "A city"
mode = "test"
data_dir = "{data}"
[broker]
port = 0
[http]
listen = "127.0.0.1:0"
[sender]
id = "city@example.org"
name = "City"
[[threshold]]
quantity = "voltage"
below = 220.0
[[subscriber]]
name = "hook"
kind = "webhook"
url = "http://{hook}/"
statuses = ["test"]
[[subscriber]]
name = "deaf"
kind = "webhook"
url = "http://{deaf}/"
statuses = ["test"]
[[subscriber]]
name = "files"
kind = "file"
directory = "{out}"
statuses = ["test"]
"#,
        data = dir.join("data").display(),
        out = dir.join("out").display(),
    );
    let options = Options {
        config: Arc::new(Config::parse("hub.toml", &text).expect("sound")),
        clock: Clock::scaled(Clock::System.now_us(), NOW, 1.0).expect("real pace"),
        sink: Box::new(NoSink),
        ticking: true,
    };
    let mut service = Service::start(options).await.expect("the hub starts");
    service.ready().await;
    service
}

/// A receiver on a thread of its own: tells when a whole request was there. It lives as long as the test.
fn receiver() -> (SocketAddr, Receiver<Instant>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut bytes, mut buffer) = (Vec::new(), [0; 16_384]);
            // The message is the last thing in the request.
            while !bytes.ends_with(b"</alert>") {
                match stream.read(&mut buffer) {
                    Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
                    _ => break,
                }
            }
            let at = Instant::now();
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            if tell.send(at).is_err() {
                return;
            }
        }
    });
    (address, told)
}

/// Accepts and never reads.
fn deaf() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        let held: Vec<_> = listener.incoming().flatten().collect();
        drop(held);
    });
    address
}

async fn publish(port: u16, volts: f64) -> Instant {
    let (client, mut events) = AsyncClient::new(MqttOptions::new("meter", "127.0.0.1", port), 8);
    // Connected before the clock starts.
    while !matches!(
        events.poll().await.expect("the broker"),
        Event::Incoming(Packet::ConnAck(_))
    ) {}
    let body = format!("{{\"station\":\"m\",\"voltage\":{volts}}}");
    let start = Instant::now();
    client
        .publish("watchfire/v1/city/me/json", QoS::AtLeastOnce, false, body)
        .await
        .expect("queued");
    while !matches!(
        events.poll().await.expect("the broker"),
        Event::Incoming(Packet::PubAck(_))
    ) {}
    start
}

/// Listens until it hears of the alert; when it did.
async fn listen(address: SocketAddr, ready: Arc<AtomicU64>) -> Instant {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream
        .write_all(b"GET /events HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("asks");
    let mut lines = BufReader::new(stream).lines();
    let mut greeted = false;
    while let Some(line) = lines.next_line().await.expect("a stream") {
        if !greeted && line.starts_with("event:") {
            greeted = true;
            ready.fetch_add(1, Ordering::SeqCst);
        }
        if line.trim_end() == "event: alert" {
            return Instant::now();
        }
    }
    panic!("the stream ended without the alert");
}

/// What a reader saw.
#[derive(Default)]
struct Seen {
    whole: u64,
    unchanged: u64,
    times: Vec<Duration>,
    /// When it first had the alert.
    alert: Option<Instant>,
}

/// Asks for the feed over one connection, with the validator of the last answer, at least `asks` times and until the alert is in it.
async fn read(
    address: SocketAddr,
    asks: usize,
    ready: Arc<AtomicU64>,
    issued: Arc<AtomicBool>,
) -> Seen {
    let mut stream = BufReader::new(TcpStream::connect(address).await.expect("connects"));
    let (mut seen, mut etag) = (Seen::default(), String::new());
    for k in 0.. {
        if k == 1 {
            ready.fetch_add(1, Ordering::SeqCst);
        }
        if k >= asks && seen.alert.is_some() {
            break;
        }
        // The second half is asked for once the alert is on its way.
        while k == asks / 2 && !issued.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let validator = if etag.is_empty() {
            String::new()
        } else {
            format!("if-none-match: {etag}\r\n")
        };
        let start = Instant::now();
        let request = format!("GET /test/feed.atom HTTP/1.1\r\nhost: x\r\n{validator}\r\n");
        stream.write_all(request.as_bytes()).await.expect("asks");
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            stream.read_line(&mut line).await.expect("an answer");
            let lower = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if let Some(rest) = lower.strip_prefix("content-length: ") {
                length = rest.parse().expect("a length");
            } else if lower.starts_with("etag: ") {
                etag = line[6..].trim().to_owned();
            } else if lower.is_empty() {
                break;
            }
        }
        match status {
            200 => {
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.expect("a body");
                seen.whole += 1;
                if seen.alert.is_none() && String::from_utf8_lossy(&body).contains("<entry") {
                    seen.alert = Some(Instant::now());
                }
            }
            304 => seen.unchanged += 1,
            other => panic!("HTTP {other} for a reader among many"),
        }
        seen.times.push(start.elapsed());
    }
    seen
}

fn line(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |q: f64| times[((times.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e3;
    println!(
        "{name:<52} {:>6} {:>9.1} {:>9.1} {:>9.1}",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_reaches_everybody_through_a_crowd() {
    let Sizes {
        readers,
        asks,
        listeners,
    } = sizes();
    let dir = tempfile::tempdir().expect("a directory");
    let (hook, delivered) = receiver();
    let service = start(dir.path(), hook, deaf()).await;
    let (ready, issued) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (mut listening, mut reading) = (JoinSet::new(), JoinSet::new());
    for _ in 0..listeners {
        listening.spawn(listen(service.http, ready.clone()));
    }
    for _ in 0..readers {
        reading.spawn(read(service.http, asks, ready.clone(), issued.clone()));
    }
    let crowd = (readers + listeners) as u64;
    let there = async {
        while ready.load(Ordering::SeqCst) < crowd {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(WAIT, there)
        .await
        .expect("the crowd is there");
    let start = publish(service.mqtt.1, 190.0).await;
    issued.store(true, Ordering::SeqCst);

    let pushed =
        tokio::task::spawn_blocking(move || delivered.recv_timeout(WAIT).expect("pushed") - start);
    let pushed = pushed.await.expect("no panic");
    let heard = tokio::time::timeout(WAIT, listening.join_all())
        .await
        .expect("all listeners hear it");
    let seen = tokio::time::timeout(WAIT, reading.join_all())
        .await
        .expect("all readers see it");
    println!(
        "{:<52} {:>6} {:>9} {:>9} {:>9}  ms",
        "", "times", "p50", "p99", "worst"
    );
    line("reading published to webhook delivered", vec![pushed]);
    line(
        "reading published to event heard",
        heard.iter().map(|at| *at - start).collect(),
    );
    line(
        "reading published to entry seen in the feed",
        seen.iter()
            .filter_map(|s| s.alert)
            .map(|at| at - start)
            .collect(),
    );
    line(
        "conditional GET of the feed",
        seen.iter().flat_map(|s| s.times.clone()).collect(),
    );

    assert_eq!(heard.len(), listeners);
    assert!(seen.iter().all(|s| s.alert.is_some()));
    let (whole, unchanged) = seen
        .iter()
        .fold((0, 0), |(w, u), s| (w + s.whole, u + s.unchanged));
    println!("of {} answers {unchanged} were 304", whole + unchanged);
    assert!(unchanged > whole, "{unchanged} of {}", whole + unchanged);
    // Two documents each - before and after - and, for whoever asked in between, one with the time of another build.
    assert!(whole <= 4 * readers as u64, "{whole}");

    // The one that never reads has the alert outstanding, and nobody else has.
    let settled = async {
        let done = |v: &hub::view::View, name: &str| {
            v.subscribers.get(name).is_some_and(|s| s.delivered == 1)
        };
        while !service.board.read(|v| done(v, "hook") && done(v, "files")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(WAIT, settled)
        .await
        .expect("the others have it");
    assert_eq!(
        service
            .board
            .read(|v| v.subscribers.get("deaf").map(|s| (s.waiting, s.delivered))),
        Some((1, 0))
    );
    service.stop().await;
}
