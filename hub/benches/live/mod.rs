//! A hub running in this process with its embedded broker and its journal on the disk, and MQTT clients beside it that are somebody
//! else's as far as the hub can tell.
#![allow(dead_code, reason = "every bench uses its own part")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::Clock;
use hub::config::Config;
use hub::pipeline::NoSink;
use hub::service::{Options, Service};
use rumqttc::{AsyncClient, Event, MqttOptions, NetworkOptions, Packet, Publish, QoS};
use tokio::runtime::Runtime;

use crate::city;

/// Most messages waiting to leave a client, as the edge has it.
const QUEUE: usize = 8;

/// A hub with its own threads.
pub struct Live {
    runtime: Runtime,
    /// The hub. `None` after the stop.
    pub service: Option<Service>,
    /// Its clock: a day after the city's start at real pace, so that no row comes from the future.
    pub clock: Clock,
    /// Its journal, alert log and scratch files.
    pub dir: tempfile::TempDir,
}

impl Live {
    /// Starts the hub of `city::config` with its data under cargo's own scratch directory, which is on the disk where `target` is.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// The same, with its configuration changed before it starts.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch directory");
        let mut config: Config = city::config(&dir.path().join("data"));
        config.timing.late = Duration::from_secs(36 * 3_600);
        change(&mut config);
        let start_us = city::START_US + 24 * 3_600 * 1_000_000;
        let clock = Clock::scaled(Clock::System.now_us(), start_us, 1.0).expect("real pace");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("hub")
            .enable_all()
            .build()
            .expect("a runtime");
        let service = runtime.block_on(async {
            let mut service = Service::start(Options {
                config: Arc::new(config),
                clock: clock.clone(),
                sink: Box::new(NoSink),
                ticking: true,
            })
            .await
            .expect("the hub starts");
            service.ready().await;
            service
        });
        Self {
            runtime,
            service: Some(service),
            clock,
            dir,
        }
    }

    /// The broker's port.
    pub fn port(&self) -> u16 {
        self.service.as_ref().map_or(0, |s| s.mqtt.1)
    }

    /// How many messages the hub has published.
    pub fn alerts(&self) -> usize {
        let board = self.service.as_ref().map(|s| &s.board);
        board.map_or(0, |b| b.read(|v| v.alerts.len()))
    }

    /// One of the hub's counters by name and label set.
    pub fn counter(&self, name: &'static str, label: &str) -> u64 {
        let board = self.service.as_ref().map(|s| &s.board);
        board.map_or(0, |b| {
            b.read(|v| {
                v.counters
                    .get(&(name, label.to_owned()))
                    .copied()
                    .unwrap_or(0)
            })
        })
    }

    /// Stops the hub gracefully.
    pub fn stop(mut self) {
        if let Some(service) = self.service.take() {
            self.runtime.block_on(service.stop());
        }
    }
}

/// A client of its own, on a thread of its own.
pub struct Client {
    client: AsyncClient,
    /// What it hears, with the moment at which it heard.
    pub heard: flume::Receiver<(Instant, Publish)>,
}

impl Client {
    /// Connects and subscribes; returns once the broker has confirmed both.
    pub fn connect(name: &'static str, port: u16, subscribe: &[&str]) -> Self {
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options
            .set_max_packet_size(1 << 20, 1 << 20)
            .set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, QUEUE);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        let (tell, heard) = flume::unbounded();
        let (ready, wait) = flume::bounded(1);
        let filters: Vec<String> = subscribe.iter().map(|f| (*f).to_owned()).collect();
        let asks = client.clone();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                runtime.block_on(async move {
                    let mut missing = filters.len();
                    loop {
                        match events.poll().await {
                            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                                for filter in &filters {
                                    asks.try_subscribe(filter, QoS::AtMostOnce)
                                        .expect("room in the queue");
                                }
                                if missing == 0 {
                                    let _ = ready.send(());
                                }
                            }
                            Ok(Event::Incoming(Packet::SubAck(_))) => {
                                missing = missing.saturating_sub(1);
                                if missing == 0 {
                                    let _ = ready.send(());
                                }
                            }
                            Ok(Event::Incoming(Packet::Publish(publish))) => {
                                if tell.send((Instant::now(), publish)).is_err() {
                                    return;
                                }
                            }
                            Ok(_) => {}
                            // The hub has stopped, or the bench is over.
                            Err(_) => return,
                        }
                    }
                });
            })
            .expect("a thread");
        wait.recv_timeout(Duration::from_secs(10))
            .expect("the broker answers");
        Self { client, heard }
    }

    /// Publishes with QoS 0, waiting for room in the client's queue. For threads outside any runtime.
    pub fn publish(&self, topic: &str, payload: Vec<u8>) {
        futures_block(self.client.publish(topic, QoS::AtMostOnce, false, payload));
    }
}

/// Waits for one future on this thread.
fn futures_block<T>(future: impl std::future::Future<Output = Result<T, rumqttc::ClientError>>) {
    thread_local! {
        static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|r| r.block_on(future).map(|_| ()).expect("the client is up"));
}

/// Processor time that each kind of thread has used since the process began, seconds; empty where the system does not say.
pub fn thread_cpu_s() -> BTreeMap<String, f64> {
    // proc(5): utime and stime are fields 14 and 15 of `stat`, in units of sysconf(_SC_CLK_TCK), which is 100 on Linux.
    const TICKS_PER_S: f64 = 100.0;
    let mut times = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
    {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else {
            continue;
        };
        let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else {
            continue;
        };
        let fields: Vec<&str> = stat[close + 1..].split_whitespace().collect();
        let ticks: f64 = [11, 12]
            .iter()
            .filter_map(|i| fields.get(*i)?.parse::<f64>().ok())
            .sum();
        *times.entry(stat[open + 1..close].to_owned()).or_default() += ticks / TICKS_PER_S;
    }
    times
}

/// What a written file of `bytes` costs to get onto the disk under `dir`: median of many, milliseconds.
pub fn fsync_ms(dir: &Path, bytes: usize) -> f64 {
    use std::io::Write;
    let path = dir.join("fsync-reference");
    let mut file = std::fs::File::create(path).expect("a file");
    let content = vec![7; bytes];
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&content).expect("space");
            file.sync_data().expect("a disk");
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    city::quantile_ms(&times, 0.5)
}
