//! What the tests of a whole agent need: the real broker, a hub that acknowledges, and small frames.
#![allow(dead_code, reason = "each test file uses its part of the rig")]

pub mod board;
pub mod program;
pub mod simple;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::task::JoinHandle;
use wire::ack::Ack;
use wire::batch::{Batch, Version};
use wire::topic::{Channel, Topic};

pub const KEY_HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const DEPLOYMENT: &str = "rig";
pub const EDGE: &str = "edge-1";

/// Far longer than anything takes; reaching it is a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn key() -> wire::frame::Key {
    wire::frame::Key::from_hex(KEY_HEX).unwrap()
}

/// mosquitto, killed when dropped.
pub struct Broker {
    child: Child,
    pub port: u16,
    _directory: tempfile::TempDir,
}

impl Broker {
    /// Starts mosquitto on a free port; `None`, with a word on standard output, when it is not installed.
    pub fn start() -> Option<Self> {
        let Some(program) = [
            "/usr/sbin/mosquitto",
            "/usr/bin/mosquitto",
            "/usr/local/sbin/mosquitto",
        ]
        .iter()
        .map(Path::new)
        .find(|path| path.exists()) else {
            println!("skipped: mosquitto is not installed (apt-get install mosquitto)");
            return None;
        };
        // Another process may take the port between the choice and the start: then choose again.
        (0..10).find_map(|_| Self::on(program, free_port()))
    }

    fn on(program: &Path, port: u16) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("mosquitto.conf");
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n");
        std::fs::write(&file, text).unwrap();
        let child = Command::new(program)
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut broker = Self {
            child,
            port,
            _directory: directory,
        };
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if broker.child.try_wait().unwrap().is_some() {
                return None;
            }
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(broker);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Kills it and starts another on the same port, with no memory of the first.
    pub fn restart(self) -> Self {
        let port = self.port;
        drop(self);
        let program = Path::new("/usr/sbin/mosquitto");
        let started = Instant::now();
        loop {
            if let Some(broker) = Self::on(program, port) {
                return broker;
            }
            assert!(started.elapsed() < PATIENCE, "the port stays taken");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Identity of a reading: node, boot, sequence number.
pub type Identity = (u32, u32, u64);

/// One reading as the hub got it.
#[derive(Debug, Clone, PartialEq)]
pub struct Got {
    pub station: String,
    pub time_us: i64,
    pub quantity: wire::quantity::Quantity,
    pub value: f64,
    pub quality: u8,
    pub backlog: bool,
}

/// What the hub has.
#[derive(Debug, Default)]
pub struct Intake {
    pub readings: BTreeMap<Identity, Got>,
    /// Readings that came again.
    pub repeated: u64,
    /// Offsets by outbox.
    pub offsets: BTreeMap<u64, BTreeSet<u64>>,
    pub status: Vec<serde_json::Value>,
    pub findings: Vec<serde_json::Value>,
    pub batches: u64,
    /// Batches that were refused, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Documents that did not come as they were sent, or without a checksum.
    pub not_whole: u64,
}

impl Intake {
    fn take(&mut self, bytes: &[u8]) -> Option<Ack> {
        let batch = match Batch::parse(bytes) {
            Ok(batch) => batch,
            Err(error) => {
                *self.refused.entry(error.name()).or_default() += 1;
                return None;
            }
        };
        assert_eq!(batch.version(), Version::V2);
        let header = batch.header();
        let stations: Vec<_> = batch.stations().collect();
        self.batches += 1;
        for reading in batch.readings() {
            let station = stations[usize::from(reading.station)];
            let got = Got {
                station: station.id.to_owned(),
                time_us: reading.time_us,
                quantity: reading.quantity,
                value: reading.value,
                quality: reading.quality,
                backlog: header.backlog,
            };
            match self
                .readings
                .entry((station.node, station.boot, reading.seq))
            {
                std::collections::btree_map::Entry::Occupied(first) => {
                    assert_eq!(
                        first.get().time_us,
                        got.time_us,
                        "the same reading at two times"
                    );
                    self.repeated += 1;
                }
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(got);
                }
            }
        }
        let offsets = self.offsets.entry(header.outbox).or_default();
        offsets.insert(header.offset);
        let next = (0..).find(|offset| !offsets.contains(offset)).unwrap();
        Some(Ack {
            outbox: header.outbox,
            next,
        })
    }
}

/// A hub that takes batches and acknowledges them, as long as it is not silent.
pub struct Hub {
    pub intake: Arc<Mutex<Intake>>,
    /// Neither takes nor acknowledges anything.
    pub deaf: Arc<AtomicBool>,
    /// Every n-th batch is lost on the way; 0 for none.
    pub lose_every: Arc<AtomicU64>,
    /// A bit of every n-th batch, and of every n-th acknowledgement, is turned over on the way, each time another; 0 for none.
    pub bend_every: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hub {
    pub async fn start(port: u16) -> Self {
        let intake = Arc::new(Mutex::new(Intake::default()));
        let deaf = Arc::new(AtomicBool::new(false));
        let lose_every = Arc::new(AtomicU64::new(0));
        let bend_every = Arc::new(AtomicU64::new(0));
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(serve(
            port,
            intake.clone(),
            deaf.clone(),
            lose_every.clone(),
            bend_every.clone(),
            ready,
        ));
        is_ready.await.unwrap();
        Self {
            intake,
            deaf,
            lose_every,
            bend_every,
            task,
        }
    }

    pub fn with<T>(&self, look: impl FnOnce(&Intake) -> T) -> T {
        look(&self.intake.lock().unwrap())
    }

    /// Waits until `holds`.
    pub async fn until(&self, what: &str, holds: impl Fn(&Intake) -> bool) {
        wait_until(what, || self.with(&holds)).await;
    }
}

pub async fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn serve(
    port: u16,
    intake: Arc<Mutex<Intake>>,
    deaf: Arc<AtomicBool>,
    lose_every: Arc<AtomicU64>,
    bend_every: Arc<AtomicU64>,
    ready: tokio::sync::oneshot::Sender<()>,
) {
    let mut ready = Some(ready);
    let (mut count, mut bent) = (0, 0);
    loop {
        let mut options = MqttOptions::new(format!("hub-{port}"), "127.0.0.1", port);
        options.set_max_packet_size(256 * 1024, 256 * 1024);
        let (client, mut events) = AsyncClient::new(options, 64);
        loop {
            let publish = match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    for channel in ["batch", "status", "finding"] {
                        client
                            .try_subscribe(format!("watchfire/v1/+/+/{channel}"), QoS::AtLeastOnce)
                            .unwrap();
                    }
                    continue;
                }
                Ok(Event::Incoming(Packet::SubAck(_))) => {
                    if let Some(ready) = ready.take() {
                        let _ = ready.send(());
                    }
                    continue;
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => publish,
                Ok(_) => continue,
                Err(_) => break,
            };
            let Ok(Topic::Edge {
                deployment,
                edge,
                channel,
            }) = Topic::parse(&publish.topic)
            else {
                continue;
            };
            if channel != Channel::Batch {
                // The farewell and the will are no full documents; both are kept.
                let document = serde_json::from_slice(&publish.payload).unwrap();
                let mut intake = intake.lock().unwrap();
                let whole = wire::document::is_whole(&publish.payload) == Ok(true);
                intake.not_whole += u64::from(!whole);
                match channel {
                    Channel::Status => intake.status.push(document),
                    _ => intake.findings.push(document),
                }
                continue;
            }
            if deaf.load(Ordering::SeqCst) {
                continue;
            }
            count += 1;
            let lose = lose_every.load(Ordering::SeqCst);
            if lose > 0 && count % lose == 0 {
                continue;
            }
            let bend = bend_every.load(Ordering::SeqCst);
            let mut batch = publish.payload.to_vec();
            if bend > 0 && count % bend == 0 {
                bent += 1;
                turn_over(&mut batch, bent);
            }
            let Some(ack) = intake.lock().unwrap().take(&batch) else {
                continue;
            };
            let mut bytes = [0; wire::ack::MAX_BYTES];
            let length = ack.encode(Version::V2, &mut bytes).unwrap();
            if bend > 0 && count % bend == 1 {
                bent += 1;
                turn_over(&mut bytes[..length], bent);
            }
            let topic = Topic::Edge {
                deployment,
                edge,
                channel: Channel::Ack,
            }
            .to_string();
            let _ = client.try_publish(topic, QoS::AtMostOnce, false, &bytes[..length]);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Turns one bit over, of the `n`-th damage another than of the one before it.
fn turn_over(bytes: &mut [u8], n: usize) {
    let bit = n * 13 % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// A configuration that reconnects and repeats fast enough for a test.
pub fn config(directory: &Path, port: u16) -> edge::Config {
    let mut config = edge::Config::new(DEPLOYMENT, EDGE, directory, "127.0.0.1", port);
    config.broker.reconnect_min = Duration::from_millis(20);
    config.broker.reconnect_max = Duration::from_millis(200);
    config.publish.ack_timeout = Duration::from_millis(300);
    config.publish.status_interval = Duration::from_millis(200);
    config.outbox.fsync = edge::config::Fsync::Never;
    config
}

pub fn node(id: u32) -> edge::config::Node {
    edge::config::Node {
        id,
        station: format!("station-{id}"),
        key: Some(KEY_HEX.to_owned()),
        ..edge::config::Node::default()
    }
}

pub fn data_directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    (directory, path)
}
