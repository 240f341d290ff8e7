//! What the tests share: messages, and servers that misbehave in the ways that servers do.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cap::{
    Alert, Area, Category, Certainty, Info, MsgType, NamedValue, Point, Polygon, Severity, Status,
    Time, Urgency,
};
use outlet::Issued;

/// Longest that a test waits for something that must happen.
pub const WAIT: Duration = Duration::from_secs(30);
/// 2010-02-27 06:40 UTC, microseconds since the Unix epoch.
pub const NOW_US: i64 = 1_267_252_800_000_000;
pub const SECOND_US: i64 = 1_000_000;

/// A message in English and Spanish with one zone, in force for six hours.
pub fn alert(identifier: &str, msg_type: MsgType, status: Status) -> Alert {
    let sent = Time::from_us(NOW_US);
    let mut alert = Alert::new(identifier, "watchfire@example.org", sent, status, msg_type);
    for (language, headline) in [("en", "Tsunami warning"), ("es", "Alerta de tsunami")] {
        let mut info = Info::new(
            language,
            Category::Geo,
            "Tsunami",
            Urgency::Immediate,
            Severity::Extreme,
            Certainty::Likely,
        );
        info.headline = Some(headline.to_owned());
        info.description = Some("A wave of 3 m.".to_owned());
        info.expires = Some(Time::from_us(NOW_US + 6 * 3_600 * SECOND_US));
        let mut area = Area::new("Valpara\u{ed}so");
        area.geocodes
            .push(NamedValue::new("watchfire:zone", "valparaiso"));
        let ring = (0..90)
            .map(|k| {
                let angle = f64::from(k) / 90.0 * std::f64::consts::TAU;
                // A star: every other corner points inwards.
                let radius = if k % 2 == 0 { 0.5 } else { 0.3 };
                Point::new(-33.0 + radius * angle.sin(), -71.6 + radius * angle.cos())
            })
            .collect();
        area.polygons.push(Polygon::closed(ring).expect("a star"));
        info.areas.push(area);
        alert.infos.push(info);
    }
    alert
}

pub fn issued_of(alert: &Alert) -> Arc<Issued> {
    let xml = alert.to_xml().expect("a message that may be written");
    let url = format!("https://w.example/cap/{}.xml", alert.identifier);
    Arc::new(Issued::read("event", url, &xml).expect("read"))
}

pub fn issued(identifier: &str) -> Arc<Issued> {
    issued_of(&alert(identifier, MsgType::Alert, Status::Actual))
}

/// The messages of one event: an alert, then updates, then a cancellation if told so; a second apart.
pub fn chain(name: &str, updates: usize, cancel: bool) -> Vec<Arc<Issued>> {
    let first = alert(&format!("{name}-1"), MsgType::Alert, Status::Actual);
    let mut all = vec![first.clone()];
    for k in 0..updates + usize::from(cancel) {
        let msg_type = if k < updates {
            MsgType::Update
        } else {
            MsgType::Cancel
        };
        let sent = Time::from_us(NOW_US + (k as i64 + 1) * SECOND_US);
        let last = &all[all.len() - 1];
        let mut next = last.follow(format!("{name}-{}", k + 2), sent, msg_type);
        next.infos.clone_from(&first.infos);
        all.push(next);
    }
    all.iter().map(issued_of).collect()
}

/// One request as a server saw it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Request line and header lines, as they came.
    pub head: String,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

type Handler = dyn Fn(usize, &Request, &mut TcpStream) + Send + Sync;

/// An HTTP server that does with the k-th request what the test says. It ends when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub requests: Receiver<Request>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub fn start(handle: impl Fn(usize, &Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a port"), handle)
    }

    /// A server that answers every request with this.
    pub fn answering(answer: &'static str) -> Self {
        Self::start(move |_, _, stream| say(stream, answer))
    }

    pub fn on(
        listener: TcpListener,
        handle: impl Fn(usize, &Request, &mut TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("bound");
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, requests) = channel();
        let (stopped, handle): (_, Arc<Handler>) = (stop.clone(), Arc::new(handle));
        let number = Arc::new(Mutex::new(0));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (handle, seen, number) = (handle.clone(), seen.clone(), number.clone());
                std::thread::spawn(move || serve(stream, &*handle, &seen, &number));
            }
        });
        Self {
            address,
            requests,
            stop,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn next(&self) -> Request {
        self.requests.recv_timeout(WAIT).expect("a request")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, handle: &Handler, seen: &Sender<Request>, number: &Mutex<usize>) {
    let _ = stream.set_read_timeout(Some(WAIT));
    let Some(request) = read(&mut stream) else {
        return;
    };
    let k = {
        let mut number = number.lock().expect("a number");
        *number += 1;
        *number - 1
    };
    let _ = seen.send(request.clone());
    handle(k, &request, &mut stream);
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        let n = stream.read(&mut buffer).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&buffer[..n]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut request = Request {
        head,
        body: bytes.split_off(end + 4),
    };
    let length = request
        .header("content-length")
        .and_then(|l| l.parse().ok())
        .unwrap_or(0);
    while request.body.len() < length {
        let n = stream.read(&mut buffer).ok().filter(|n| *n > 0)?;
        request.body.extend_from_slice(&buffer[..n]);
    }
    Some(request)
}

/// Answers; the client may have gone.
pub fn say(stream: &mut TcpStream, answer: &str) {
    let _ = stream.write_all(answer.as_bytes());
}

pub fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Accepts connections and never reads a byte; keeps them until it is dropped.
pub struct NeverReads {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl NeverReads {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                held.push(stream);
            }
        });
        Self { address, stop }
    }
}

impl Drop for NeverReads {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// A port on which nobody listens.
pub fn dead_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}
