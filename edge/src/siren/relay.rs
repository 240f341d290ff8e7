//! The thread that works the sirens, and the connection by which they are commanded and report.
//!
//! Both are their own: a full outbox, a stuck publisher or a message that ends a connection holds up readings or sirens, never both.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clock::Clock;
use rumqttc::{AsyncClient, Event as Mqtt, EventLoop, LastWill, MqttOptions, Packet, QoS};
use tokio::sync::watch;
use wire::topic::{Channel, Topic};

use super::Now;
use super::alone::Found;
use super::gate::{Gate, Words};
use super::horn::Horn;
use super::output;
use super::post::Post;
use super::report::{self, Report};
use crate::backoff::Backoff;
use crate::config::{Broker, Config};
use crate::document::seal;
use crate::node::Nodes;
use crate::node::registry::FoundAt;
use crate::tally::Tally;

/// What may wait for the thread. It takes milliseconds for a command, and less for what it refuses.
const QUEUE: usize = 256;

/// How often the thread looks at the clock when nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// Least time between two reports: whoever sends nonsense must not make the edge shout.
const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// The report is told again after so long without news: the last one may have been damaged on its way, and refused.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// A larger message ends the connection; up to here it is refused and counted.
const MAX_INCOMING_BYTES: usize = 1024 * 1024;

/// Longest wait for a TCP connection and for the broker's greeting.
const NETWORK_TIMEOUT_S: u64 = 10;

/// How long a graceful end waits for the socket.
const FAREWELL: Duration = Duration::from_secs(1);

enum Event {
    Command(Vec<u8>),
    Found(Found),
    Link(bool),
    Stop,
}

/// The running sirens.
#[derive(Debug, Clone)]
pub struct Sirens {
    inbox: SyncSender<Event>,
    report: watch::Receiver<Arc<Report>>,
    /// Connections and messages by fate.
    pub tally: Arc<Tally>,
}

/// Everything that sirens need from the agent.
pub struct Surroundings {
    /// The agent's configuration.
    pub config: Config,
    /// Its clock.
    pub clock: Clock,
    /// Nodes that may be outputs.
    pub nodes: Arc<Nodes>,
    /// Where the memory is kept.
    pub directory: PathBuf,
    /// Name for the broker, unique there.
    pub client_id: String,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// Set when the agent stops.
    pub stop: watch::Receiver<bool>,
}

/// Starts the thread; the future that is returned is the connection, and ends when the agent stops.
///
/// # Errors
/// The system gives no thread.
pub fn start(
    surroundings: Surroundings,
) -> std::io::Result<(Sirens, JoinHandle<()>, impl Future<Output = ()> + Send)> {
    let Surroundings {
        config,
        clock,
        nodes,
        directory,
        client_id,
        credentials,
        stop,
    } = surroundings;
    let (inbox, events) = sync_channel(QUEUE);
    let (reports, report) = watch::channel(Arc::new(Report::default()));
    let (ready, is_ready) = sync_channel(1);
    let (broker, topics) = (
        config.broker.clone(),
        Topics::new(&config.deployment, &config.edge),
    );
    let edge = config.edge.clone();
    let thread = std::thread::Builder::new()
        .name("sirens".to_owned())
        .spawn(move || {
            let worker = Worker::new(&config, clock, &nodes, &directory);
            // What sounded before is sounding again, and the first report is there.
            worker.run(&events, &reports, &ready);
        })?;
    // An error means that the thread has ended, which `is_finished` tells.
    let _ = is_ready.recv();
    let sirens = Sirens {
        inbox: inbox.clone(),
        report: report.clone(),
        tally: Arc::default(),
    };
    let connection = Connection {
        options: options(&broker, client_id, credentials, &topics, &edge),
        edge,
        broker,
        topics,
        inbox,
        report,
        tally: sirens.tally.clone(),
    };
    Ok((sirens, thread, connection.run(stop)))
}

impl Sirens {
    /// What the sirens do.
    pub fn report(&self) -> Arc<Report> {
        self.report.borrow().clone()
    }

    /// A node of this edge has found something.
    pub fn found(&self, found: &FoundAt) {
        let found = Found {
            station: found.station.to_string(),
            simulated: found.simulated,
            code: found.finding.code,
            value: found.finding.value,
            time_us: found.finding.time_us,
        };
        send(
            &self.inbox,
            Event::Found(found),
            "findings_dropped",
            &self.tally,
        );
    }
}

/// Never waits; what has no room is counted.
fn send(inbox: &SyncSender<Event>, event: Event, lost: &'static str, tally: &Tally) {
    if let Err(TrySendError::Full(_)) = inbox.try_send(event)
        && tally.count(lost)
    {
        tracing::error!(lost, "the sirens' thread does not keep up");
    }
}

struct Worker {
    post: Post,
    clock: Clock,
    clock_file: Option<PathBuf>,
    started: Instant,
}

impl Worker {
    fn new(config: &Config, clock: Clock, nodes: &Arc<Nodes>, directory: &std::path::Path) -> Self {
        let horns = config
            .siren
            .iter()
            .map(|siren| {
                Horn::new(
                    siren,
                    &config.siren_pattern,
                    output::open(siren, nodes, &clock),
                )
            })
            .collect();
        let gate = Gate {
            deployment: config.deployment.clone(),
            issuers: config.sirens.keys(),
            words: Words::new(word(), Duration::ZERO),
        };
        let clock_file = config.sirens.clock_file.clone();
        let now = Now {
            mono: Duration::ZERO,
            wall_us: clock.now_us(),
            trusted: is_set(clock_file.as_deref()),
        };
        let alone = config.sirens.alone.clone();
        Self {
            post: Post::new(&config.edge, gate, directory, horns, alone, now),
            clock,
            clock_file,
            started: Instant::now(),
        }
    }

    fn now(&self) -> Now {
        let wall_us = self.clock.now_us();
        Now {
            mono: self.started.elapsed(),
            wall_us,
            trusted: is_set(self.clock_file.as_deref()) && self.post.is_possible(wall_us),
        }
    }

    fn run(
        mut self,
        events: &Receiver<Event>,
        reports: &watch::Sender<Arc<Report>>,
        ready: &SyncSender<()>,
    ) {
        let mut told = 0;
        loop {
            let now = self.now();
            if self.post.wants_word(now.mono) {
                self.post.words().renew(word(), now.mono);
            }
            let next = self.post.tick(now).unwrap_or(LOOK).min(LOOK);
            if self.post.revision() != told {
                told = self.post.revision();
                reports.send_replace(Arc::new(self.post.report(now)));
            }
            let _ = ready.try_send(());
            match events.recv_timeout(next.max(Duration::from_millis(1))) {
                Ok(Event::Command(bytes)) => {
                    let now = self.now();
                    self.post.command(&bytes, now);
                }
                Ok(Event::Found(found)) => self.post.found(&found),
                Ok(Event::Link(up)) => {
                    let now = self.now();
                    self.post.link(up, now.mono);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // Remembered as sounding, so that the next start takes it up again.
        self.post.hush();
    }
}

/// A number that nobody can foresee; 0, which proves nothing, when the system gives none.
fn word() -> u64 {
    getrandom::u64().unwrap_or(0)
}

fn is_set(clock_file: Option<&std::path::Path>) -> bool {
    clock_file.is_none_or(std::path::Path::exists)
}

#[derive(Debug, Clone)]
struct Topics {
    command: String,
    siren: String,
    hub: String,
}

impl Topics {
    fn new(deployment: &str, edge: &str) -> Self {
        let name = |edge, channel| {
            Topic::Edge {
                deployment,
                edge,
                channel,
            }
            .to_string()
        };
        Self {
            command: name(edge, Channel::Command),
            siren: name(edge, Channel::Siren),
            // Under `hub` the hub tells its own status.
            hub: name("hub", Channel::Status),
        }
    }
}

fn options(
    broker: &Broker,
    client_id: String,
    credentials: Option<(String, String)>,
    topics: &Topics,
    edge: &str,
) -> MqttOptions {
    let mut options = MqttOptions::new(client_id, broker.host.clone(), broker.port);
    options
        .set_keep_alive(Duration::from_secs(broker.keep_alive.as_secs().max(1)))
        // What was commanded meanwhile is commanded again when the report comes, with a word that proves it fresh.
        .set_clean_session(true)
        .set_max_packet_size(MAX_INCOMING_BYTES, report::MAX_BYTES + 1024)
        .set_last_will(LastWill::new(
            &topics.siren,
            report::will(edge),
            QoS::AtLeastOnce,
            true,
        ));
    if let Some((username, password)) = credentials {
        options.set_credentials(username, password);
    }
    options
}

struct Connection {
    options: MqttOptions,
    edge: String,
    broker: Broker,
    topics: Topics,
    inbox: SyncSender<Event>,
    report: watch::Receiver<Arc<Report>>,
    tally: Arc<Tally>,
}

impl Connection {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let (client, mut events) = AsyncClient::new(self.options.clone(), 16);
        let mut network = events.network_options();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(NETWORK_TIMEOUT_S);
        events.set_network_options(network);
        // Counts the times that both subscriptions were granted; 0 for none.
        let (up, is_up) = watch::channel(0_u64);
        let mut listening = std::pin::pin!(self.listen(&client, &mut events, &up));
        let telling = self.tell(&client, is_up);
        tokio::select! {
            // An error means that the agent is gone, which is a stop too.
            _ = stop.wait_for(|stop| *stop) => {}
            () = &mut listening => {}
            () = telling => {}
        }
        let farewell = async {
            let topic = self.topics.siren.clone();
            let gone = client.publish(topic, QoS::AtLeastOnce, true, report::will(&self.edge));
            if gone.await.is_ok() {
                let _ = client.disconnect().await;
            }
            listening.await;
        };
        // A broker that does not listen gets the last will anyway.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
        let inbox = self.inbox.clone();
        // Not `try_send`: the queue may be full, and this must arrive.
        let _ = tokio::task::spawn_blocking(move || inbox.send(Event::Stop)).await;
    }

    /// Takes what comes, over one connection after another, until we said goodbye.
    async fn listen(&self, client: &AsyncClient, events: &mut EventLoop, up: &watch::Sender<u64>) {
        let mut backoff = Backoff::new(self.broker.reconnect_min, self.broker.reconnect_max);
        let mut granted = 0;
        loop {
            match events.poll().await {
                Ok(Mqtt::Incoming(Packet::ConnAck(_))) => {
                    granted = 0;
                    self.tally.add("connections", 1);
                    for topic in [&self.topics.command, &self.topics.hub] {
                        // The queue holds reports at most, which are few.
                        if client.try_subscribe(topic, QoS::AtLeastOnce).is_err() {
                            self.tally.add("subscription_deferred", 1);
                        }
                    }
                }
                Ok(Mqtt::Incoming(Packet::SubAck(answer))) => {
                    let refused = answer
                        .return_codes
                        .contains(&rumqttc::SubscribeReasonCode::Failure);
                    if refused && self.tally.count("subscription_refused") {
                        tracing::error!(
                            topic = self.topics.command,
                            "the broker refuses the subscription: no siren can be commanded"
                        );
                    }
                    granted += u32::from(!refused);
                    if granted == 2 {
                        backoff.reset();
                        up.send_modify(|connections| *connections += 1);
                    }
                }
                Ok(Mqtt::Incoming(Packet::Publish(publish))) => self.take(&publish),
                Ok(Mqtt::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
                Ok(_) => {}
                Err(error) => {
                    if self.tally.count("connections_lost") {
                        tracing::warn!(%error, "no connection for the sirens; trying again");
                    }
                    send(
                        &self.inbox,
                        Event::Link(false),
                        "links_dropped",
                        &self.tally,
                    );
                    tokio::time::sleep(backoff.pause()).await;
                }
            }
        }
    }

    fn take(&self, publish: &rumqttc::Publish) {
        if publish.topic == self.topics.command {
            self.tally.add("commands", 1);
            // One byte too many is enough to be refused by name; the rest need not wait anywhere.
            let length = publish.payload.len().min(wire::command::MAX_BYTES + 1);
            let command = Event::Command(publish.payload[..length].to_vec());
            send(&self.inbox, command, "commands_dropped", &self.tally);
        } else if publish.topic == self.topics.hub {
            #[derive(serde::Deserialize)]
            struct Word {
                state: String,
            }
            let word = serde_json::from_slice::<Word>(&publish.payload);
            let online = word.is_ok_and(|word| word.state == "online");
            send(
                &self.inbox,
                Event::Link(online),
                "links_dropped",
                &self.tally,
            );
        }
    }

    /// Publishes the report whenever it has changed, with every connection, and now and then.
    async fn tell(&self, client: &AsyncClient, mut is_up: watch::Receiver<u64>) {
        let mut report = self.report.clone();
        loop {
            let connections = *is_up.borrow_and_update();
            if connections > 0 {
                let document = report.borrow_and_update().clone();
                let Ok(bytes) = serde_json::to_vec(&*document).map(seal) else {
                    return;
                };
                let topic = self.topics.siren.clone();
                let sent = client.publish(topic, QoS::AtLeastOnce, true, bytes).await;
                if sent.is_err() {
                    return;
                }
                self.tally.add("reports", 1);
            }
            tokio::time::sleep(REPORT_INTERVAL).await;
            tokio::select! {
                changed = report.changed(), if connections > 0 => if changed.is_err() { return },
                changed = is_up.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(TELL_AGAIN), if connections > 0 => {}
            }
        }
    }
}
