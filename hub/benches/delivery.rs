//! How long from the sample that passes a limit until subscribers have the alert?
//!
//! Through a running hub: from the call that publishes the sample over MQTT to the last byte of the webhook at its receiver, and to the
//! alert at an MQTT client, which waits for neither disk nor thread of a subscriber. Beside the webhook stand a subscriber that never
//! reads and one that is dead. References of the same run: one POST of the same size to the same receiver, and two syncs of the disk,
//! which a delivery makes.

mod city;
mod live;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use city::{FIRST_ROAD, asked, quantile_ms, station_id};
use hub::outlets::Subscriber;
use live::{Client, Live, fsync_ms};
use wire::batch::{Header, MAX_BATCH_BYTES, Reading, Station};
use wire::quantity::Quantity;

/// Samples; each passes the limit of a station of its own.
const SAMPLES: usize = 200;
/// Time between two of them: each is delivered alone.
const APART: Duration = Duration::from_millis(60);
const WAIT: Duration = Duration::from_secs(10);

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn line(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!(
        "{name:<58} {:>6} {:>9.3} {:>9.3} {:>9.3}",
        times.len(),
        quantile_ms(&times, 0.5),
        quantile_ms(&times, 0.99),
        quantile_ms(&times, 1.0)
    );
}

/// A receiver: when a whole message was there, and the message.
fn receiver() -> (SocketAddr, Receiver<(Instant, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut bytes, mut buffer) = (Vec::new(), [0; 16_384]);
            while !bytes.ends_with(b"</alert>") {
                match stream.read(&mut buffer) {
                    Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
                    _ => break,
                }
            }
            let heard = (Instant::now(), String::from_utf8_lossy(&bytes).into_owned());
            let _ = stream.write_all(OK);
            if tell.send(heard).is_err() {
                return;
            }
        }
    });
    (address, told)
}

fn deaf() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        let held: Vec<_> = listener.incoming().flatten().collect();
        drop(held);
    });
    address
}

fn subscriber(name: &str, address: SocketAddr) -> Subscriber {
    #[derive(serde::Deserialize)]
    struct File {
        subscriber: Vec<Subscriber>,
    }
    let text = format!(
        "[[subscriber]]\nname = \"{name}\"\nkind = \"webhook\"\nurl = \"http://{address}/\"\nstatuses = [\"test\"]\n"
    );
    let mut file: File = settings::parse("bench", &text).expect("sound");
    file.subscriber.remove(0)
}

fn sample(k: usize, time_us: i64) -> Vec<u8> {
    let header = Header {
        edge: "probe",
        outbox: 1,
        offset: k as u64,
        sent_us: time_us,
        backlog: false,
    };
    let station = station_id(FIRST_ROAD + k);
    let stations = [Station {
        id: &station,
        node: (FIRST_ROAD + k) as u32,
        boot: 2,
    }];
    let reading = Reading {
        station: 0,
        time_us,
        quantity: Quantity::Speed,
        value: 3.0,
        quality: 0,
        seq: 0,
    };
    let mut out = vec![0; MAX_BATCH_BYTES];
    let n = wire::batch::encode(&header, &stations, &[reading], &mut out).expect("fits");
    out.truncate(n);
    out
}

fn post(address: SocketAddr, body: &str) -> Option<Duration> {
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    stream.read_to_end(&mut Vec::new()).ok()?;
    Some(start.elapsed())
}

fn main() {
    if !asked() {
        return;
    }
    println!(
        "{:<58} {:>6} {:>9} {:>9} {:>9}  ms",
        "", "times", "p50", "p99", "worst"
    );
    let (hook, delivered) = receiver();
    let dead = TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port");
    let live = Live::start_with(|config| {
        config.subscriber = vec![
            subscriber("hook", hook),
            subscriber("deaf", deaf()),
            subscriber("dead", dead),
        ];
    });
    let sensor = Client::connect("sensor", live.port(), &[]);
    let officer = Client::connect("officer", live.port(), &["watchfire/v1/city/alerts/#"]);
    let (mut pushed, mut told, mut body) = (Vec::new(), Vec::new(), String::new());
    for k in 0..SAMPLES {
        std::thread::sleep(APART);
        let bytes = sample(k, live.clock.now_us());
        let start = Instant::now();
        sensor.publish("watchfire/v1/city/probe/batch", bytes);
        match (
            officer.heard.recv_timeout(WAIT),
            delivered.recv_timeout(WAIT),
        ) {
            (Ok((heard, _)), Ok((at, message))) => {
                told.push(heard - start);
                pushed.push(at - start);
                body = message;
            }
            _ => {
                println!("  sample {k}: no alert within {WAIT:?} (QoS 0; an edge would repeat it)")
            }
        }
    }
    line(
        "limit passed, live: sample sent to alert heard (MQTT)",
        told,
    );
    line(
        "limit passed, live: sample sent to webhook delivered",
        pushed,
    );
    let body = body
        .split_once("\r\n\r\n")
        .map_or("", |(_, b)| b)
        .to_owned();
    let posts = (0..SAMPLES).filter_map(|_| post(hook, &body)).collect();
    line(
        &format!("  reference: POST of {} bytes to that receiver", body.len()),
        posts,
    );
    println!(
        "  reference: two fsyncs, median {:.3} ms",
        2.0 * fsync_ms(live.dir.path(), 4 * 1024)
    );
    live.stop();
}
