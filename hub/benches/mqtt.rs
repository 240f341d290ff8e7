//! How many readings a second go the whole way: published over MQTT, through the embedded broker, journaled with fsync, detected,
//! and acknowledged to the edge?
//!
//! The whole city publishes over one MQTT connection; the clock runs from the first batch until every outbox's cursor stands at its
//! end. Publisher, broker and hub share the machine, so on two cores the publisher's and the broker's work counts too; the table says
//! which threads used the processor. References of the same run: the broker carrying the same messages to a client that only counts
//! them, and the core taking the same batches on one core.

mod city;
mod live;

use std::time::{Duration, Instant};

use city::{City, Made, Mix, START_US, asked};
use hub::core::Core;
use live::{Client, Live, thread_cpu_s};
use wire::ack::Ack;
use wire::topic::{Channel, Topic};

/// Bytes that may be on their way unacknowledged: a quarter of what the broker keeps for a slow reader.
const WINDOW_BYTES: usize = 4 * 1024 * 1024;

/// Without progress for this long, what is not acknowledged is sent again, as edges do.
const RESEND: Duration = Duration::from_secs(5);

fn topic(city: &City, edge: usize, channel: Channel) -> String {
    Topic::Edge {
        deployment: "city",
        edge: city.edge(edge),
        channel,
    }
    .to_string()
}

struct Edges {
    topics: Vec<String>,
    /// By the edge's part of the topic.
    index: std::collections::HashMap<String, usize>,
    next: Vec<u64>,
}

impl Edges {
    fn hear(&mut self, topic: &str, payload: &[u8]) {
        let Ok(Topic::Edge { edge, .. }) = Topic::parse(topic) else {
            return;
        };
        let Ok((_, ack)) = Ack::decode(payload) else {
            return;
        };
        if let Some(&edge) = self.index.get(edge)
            && ack.outbox == city::OUTBOX
        {
            self.next[edge] = self.next[edge].max(ack.next);
        }
    }
}

struct Sent {
    seconds: f64,
    resent: usize,
}

/// Publishes all batches and waits until the last is acknowledged.
fn send(client: &Client, edges: &mut Edges, batches: &[Made]) -> Sent {
    let (mut first, mut end, mut resent) = (0, 0, 0);
    let mut in_flight = 0;
    let (began, mut progress) = (Instant::now(), Instant::now());
    while first < batches.len() {
        while end < batches.len() && in_flight + batches[end].bytes.len() <= WINDOW_BYTES {
            let made = &batches[end];
            client.publish(&edges.topics[made.edge], made.bytes.clone());
            in_flight += made.bytes.len();
            end += 1;
            if !client.heard.is_empty() {
                break;
            }
        }
        if (end == batches.len() || in_flight + batches[end].bytes.len() > WINDOW_BYTES)
            && let Ok((_, ack)) = client.heard.recv_timeout(Duration::from_millis(100))
        {
            edges.hear(&ack.topic, &ack.payload);
        }
        while let Ok((_, ack)) = client.heard.try_recv() {
            edges.hear(&ack.topic, &ack.payload);
        }
        while first < end && batches[first].offset < edges.next[batches[first].edge] {
            in_flight -= batches[first].bytes.len();
            first += 1;
            progress = Instant::now();
        }
        if progress.elapsed() > RESEND {
            for made in &batches[first..end] {
                if made.offset >= edges.next[made.edge] {
                    client.publish(&edges.topics[made.edge], made.bytes.clone());
                    resent += 1;
                }
            }
            progress = Instant::now();
        }
    }
    Sent {
        seconds: began.elapsed().as_secs_f64(),
        resent,
    }
}

/// Messages a second that the broker carries to a client that counts them.
fn broker_alone(port: u16, batches: &[Made]) -> f64 {
    let counter = Client::connect("counter", port, &["reference/#"]);
    let publisher = Client::connect("reference", port, &[]);
    let began = Instant::now();
    let (mut heard, mut bytes) = (0, 0);
    for made in batches {
        publisher.publish("reference/batch", made.bytes.clone());
        bytes += made.bytes.len();
        while bytes > WINDOW_BYTES
            && let Ok((_, message)) = counter.heard.recv_timeout(Duration::from_secs(5))
        {
            heard += 1;
            bytes -= message.payload.len();
        }
    }
    while heard < batches.len() && counter.heard.recv_timeout(Duration::from_secs(5)).is_ok() {
        heard += 1;
    }
    heard as f64 / began.elapsed().as_secs_f64()
}

/// Readings a second that a core takes in this process, the same batches in groups as the pipeline makes them.
fn core_alone(core: &mut Core, batches: &[Made]) -> f64 {
    let began = Instant::now();
    let mut readings = 0;
    for made in batches {
        city::take(core, &made.bytes, made.newest_us + 100_000);
        readings += made.readings;
    }
    readings as f64 / began.elapsed().as_secs_f64()
}

fn main() {
    if !asked() {
        return;
    }
    let live = Live::start();
    let mut city = City::new(Mix::All, START_US);
    let names: Vec<String> = (0..city.edges()).map(|e| city.edge(e).to_owned()).collect();
    let mut edges = Edges {
        topics: (0..city.edges())
            .map(|e| topic(&city, e, Channel::Batch))
            .collect(),
        index: names.into_iter().enumerate().map(|(i, n)| (n, i)).collect(),
        next: vec![0; city.edges()],
    };
    let publisher = Client::connect("publisher", live.port(), &["watchfire/v1/city/+/ack"]);
    let mut core = Core::new(
        std::sync::Arc::new(city::config(std::path::Path::new("unused"))),
        None,
    );

    // To the steady state: every sea-level lane full.
    let mut total = 0_u64;
    let warm_up: Vec<Made> = (0..5_600).map(|_| city.batch(1_000)).collect();
    let sent = send(&publisher, &mut edges, &warm_up);
    total += 5_600_000;
    core_alone(&mut core, &warm_up);
    println!(
        "warm-up: {:.2} M readings/s; fsync of 64 KiB in the journal's place {:.2} ms\n\
         readings end to end over MQTT, fsync on, from the first batch to the last acknowledgement\n\
         {:>6} {:>9} {:>12} {:>13} {:>13} {:>7}   processor seconds by thread",
        5.6 / sent.seconds,
        live::fsync_ms(live.dir.path(), 64 * 1024),
        "batch",
        "M reads/s",
        "messages/s",
        "broker alone",
        "core alone",
        "resent"
    );
    for (readings, count) in [(1_000, 4_000), (100, 20_000), (1_000, 4_000), (100, 20_000)] {
        let batches: Vec<Made> = (0..count).map(|_| city.batch(readings)).collect();
        let before = thread_cpu_s();
        let sent = send(&publisher, &mut edges, &batches);
        let after = thread_cpu_s();
        let messages = count as f64 / sent.seconds;
        let broker = broker_alone(live.port(), &batches);
        let core = core_alone(&mut core, &batches);
        let rate = messages * readings as f64;
        total += (count * readings) as u64;
        let mut used: Vec<(f64, &str)> = after
            .iter()
            .map(|(name, s)| (s - before.get(name).unwrap_or(&0.0), name.as_str()))
            .filter(|(s, _)| *s >= 0.02)
            .collect();
        used.sort_by(|a, b| b.0.total_cmp(&a.0));
        let used: Vec<String> = used.iter().map(|(s, n)| format!("{n} {s:.2}")).collect();
        println!(
            "{readings:>6} {:>9.2} {messages:>12.0} {:>13} {:>13} {:>7}   of {:.2} s: {}",
            rate / 1e6,
            format!("{broker:.0} ({:.1}x)", broker / messages),
            format!("{:.2} M ({:.1}x)", core / 1e6, core / rate),
            sent.resent,
            sent.seconds,
            used.join(", ")
        );
    }
    // An acknowledgement says that a batch is durable; the hub's own counter says that no reading was lost or taken twice on the way.
    assert_eq!(live.counter("readings", ""), total, "every reading once");
    println!(
        "{total} readings taken, each once; {:.1} bytes of journal a reading",
        live.counter("journal_bytes", "") as f64 / total as f64
    );
    live.stop();
}
