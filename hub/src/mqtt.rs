//! The hub's MQTT client: what arrives goes to the pipeline, what the pipeline says goes out. One code path for the embedded broker
//! and for any other.
//!
//! Batches come with QoS 0: their end-to-end acknowledgement is stronger than the broker's. Open readings and earthquakes come with
//! QoS 1 and are acknowledged to the broker only when they are in the journal.

use std::time::{Duration, Instant};

use flume::{Receiver, Sender};
use rumqttc::{
    AsyncClient, Event, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet, Publish, QoS,
};
use tokio::sync::watch;
use wire::topic::{Channel, Topic};

use crate::alert::Published;
use crate::config::Broker;
use crate::view::AlertView;

/// Messages that may wait for the pipeline; past it the client stops reading and the broker holds the rest.
pub const INBOUND: usize = 4_096;

/// Messages that may wait to be sent.
const OUTBOUND: usize = 8_192;

/// Longest pause between two attempts to connect.
const BACKOFF_MOST: Duration = Duration::from_secs(15);

/// Largest packet of MQTT 3.1.1 (2.2.3). The broker's own limit is the bound; a message that is too large for the pipeline is refused
/// there, by name. A smaller limit here would end the connection, and a persistent session would deliver the same message again.
pub(crate) const LARGEST_PACKET: usize = 268_435_455;

/// A connection that held for this long was a good one: the next pause starts small.
const STABLE: Duration = Duration::from_secs(10);

/// What a connection is for. Two of them, since a broker stops delivering on a connection with too many unacknowledged messages:
/// readings that wait for a full disk must not hold up an earthquake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// Batches, open readings, findings; and acknowledgements to edges.
    Readings,
    /// Earthquakes and the edges' status; and the alerts that go out.
    Warnings,
}

impl Session {
    const fn channels(self) -> &'static [(Channel, QoS)] {
        match self {
            Self::Readings => &[
                (Channel::Batch, QoS::AtMostOnce),
                (Channel::Senml, QoS::AtLeastOnce),
                (Channel::Json, QoS::AtLeastOnce),
                (Channel::Finding, QoS::AtLeastOnce),
            ],
            Self::Warnings => &[
                (Channel::Status, QoS::AtLeastOnce),
                (Channel::Quake, QoS::AtLeastOnce),
            ],
        }
    }

    const fn client_suffix(self) -> &'static str {
        match self {
            Self::Readings => "",
            Self::Warnings => "-warnings",
        }
    }
}

/// By which connection a message came. Its number at the broker means nothing on any other, and brokers hang up on a client that
/// acknowledges what it was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via {
    /// What the connection is for.
    pub session: Session,
    /// Which one of them, counted.
    pub connection: u64,
}

/// A message for the pipeline.
#[derive(Debug)]
pub struct Inbound {
    /// The connection that it came by and is acknowledged on.
    pub via: Via,
    /// What kind.
    pub channel: Channel,
    /// The edge or publisher.
    pub edge: String,
    /// The message as MQTT delivered it.
    pub publish: Publish,
    /// When it arrived, for measuring the time to an alert.
    pub at: Instant,
}

/// A CAP message to send: QoS 1, and retained for later subscribers.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
}

impl Outbound {
    /// Where and how a published message goes out.
    pub fn alert(deployment: &str, message: &Published) -> Self {
        Self::shown(deployment, &AlertView::from(message))
    }

    /// The same from what is on the board.
    pub fn shown(deployment: &str, alert: &AlertView) -> Self {
        let topic = Topic::Alert {
            deployment,
            mode: alert.mode,
            event: &alert.event,
        };
        Self {
            topic: topic.to_string(),
            payload: alert.xml.as_bytes().to_vec(),
        }
    }
}

/// The client's ends.
pub struct Link {
    /// Acknowledges QoS 1 messages and sends.
    pub client: AsyncClient,
    /// Whether the broker is there.
    pub connected: watch::Receiver<bool>,
    /// Counts the connections.
    pub connection: watch::Receiver<u64>,
    /// Ends when the client is stopped.
    pub task: tokio::task::JoinHandle<()>,
}

/// Starts the client. Messages go to `inbound`.
///
/// # Errors
/// Text when the password file cannot be read.
pub fn start(
    session: Session,
    deployment: &str,
    broker: &Broker,
    address: (String, u16),
    inbound: Sender<Inbound>,
    stop: watch::Receiver<bool>,
) -> Result<Link, String> {
    let mut options = MqttOptions::new(
        format!("watchfire-hub-{deployment}{}", session.client_suffix()),
        address.0,
        address.1,
    );
    options
        .set_keep_alive(Duration::from_secs(15))
        .set_max_packet_size(LARGEST_PACKET, LARGEST_PACKET)
        .set_manual_acks(true)
        .set_inflight(200)
        // An external broker keeps what arrives while the hub is down. The embedded one is down with it.
        .set_clean_session(broker.embedded);
    if session == Session::Readings {
        options.set_last_will(LastWill::new(
            status_topic(deployment),
            r#"{"state":"offline"}"#,
            QoS::AtLeastOnce,
            true,
        ));
    }
    log_in(&mut options, broker)?;
    let (client, mut eventloop) = AsyncClient::new(options, OUTBOUND);
    let mut network = NetworkOptions::new();
    // A warning is one small packet: it must not wait for Nagle's algorithm.
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(5);
    eventloop.set_network_options(network);
    let (connected_tx, connected) = watch::channel(false);
    let (connection_tx, connection) = watch::channel(0);
    let task = tokio::spawn(run(
        session,
        client.clone(),
        eventloop,
        deployment.to_owned(),
        inbound,
        (connected_tx, connection_tx),
        stop,
    ));
    Ok(Link {
        client,
        connected,
        connection,
        task,
    })
}

/// User name and password, where the broker wants any.
///
/// # Errors
/// Text when the password file cannot be read.
pub(crate) fn log_in(options: &mut MqttOptions, broker: &Broker) -> Result<(), String> {
    if let Some(user) = &broker.username {
        let password = match &broker.password_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|e| format!("[broker] password_file {}: {e}", file.display()))?
                .trim_end()
                .to_owned(),
            None => String::new(),
        };
        options.set_credentials(user, password);
    }
    Ok(())
}

/// Where the hub's own status is retained.
pub fn status_topic(deployment: &str) -> String {
    Topic::Edge {
        deployment,
        edge: "hub",
        channel: Channel::Status,
    }
    .to_string()
}

async fn run(
    session: Session,
    client: AsyncClient,
    mut eventloop: EventLoop,
    deployment: String,
    inbound: Sender<Inbound>,
    (connected, connection): (watch::Sender<bool>, watch::Sender<u64>),
    mut stop: watch::Receiver<bool>,
) {
    const PAUSE_LEAST: Duration = Duration::from_millis(100);
    let mut pause = PAUSE_LEAST;
    let (mut since, mut subscribed) = (Instant::now(), 0);
    loop {
        let event = tokio::select! {
            event = eventloop.poll() => event,
            _ = stop.wait_for(|s| *s) => return,
        };
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                (since, subscribed) = (Instant::now(), 0);
                connection.send_modify(|n| *n += 1);
                // From a task of its own: the request channel may be full, and only this loop empties it.
                tokio::spawn(subscribe(session, client.clone(), deployment.clone()));
            }
            Ok(Event::Incoming(Packet::SubAck(_))) => {
                subscribed += 1;
                // Connected means that nothing that is published from now on is missed.
                if subscribed == session.channels().len() {
                    connected.send_replace(true);
                    tracing::info!(?session, "connected to the broker");
                }
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let at = Instant::now();
                // A message for nobody goes the same way: acknowledgements go in the order of the messages (MQTT 3.1.1, 4.6).
                let (channel, edge) =
                    up(&publish.topic, &deployment).unwrap_or((Channel::Command, String::new()));
                let via = Via {
                    session,
                    connection: *connection.borrow(),
                };
                let message = Inbound {
                    via,
                    channel,
                    edge,
                    publish,
                    at,
                };
                if inbound.send_async(message).await.is_err() {
                    return;
                }
            }
            Ok(_) => {}
            Err(e) => {
                if connected.send_replace(false) {
                    tracing::warn!(error = %e, "the broker is gone; trying again");
                }
                if since.elapsed() >= STABLE {
                    pause = PAUSE_LEAST;
                }
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = stop.wait_for(|s| *s) => return,
                }
                pause = (pause * 2).min(BACKOFF_MOST);
            }
        }
    }
}

fn up(topic: &str, deployment: &str) -> Option<(Channel, String)> {
    match Topic::parse(topic) {
        Ok(Topic::Edge {
            deployment: d,
            edge,
            channel,
        }) if d == deployment && edge != "hub" => Some((channel, edge.to_owned())),
        _ => None,
    }
}

async fn subscribe(session: Session, client: AsyncClient, deployment: String) {
    for (channel, qos) in session.channels() {
        let filter = format!("{}/{deployment}/+/{}", wire::topic::PREFIX, channel.name());
        if let Err(e) = client.subscribe(filter, *qos).await {
            tracing::warn!(error = %e, "cannot subscribe");
        }
    }
    if session == Session::Readings {
        let online = client
            .publish(
                status_topic(&deployment),
                QoS::AtLeastOnce,
                true,
                r#"{"state":"online"}"#,
            )
            .await;
        if let Err(e) = online {
            tracing::warn!(error = %e, "cannot tell the hub's status");
        }
    }
}

/// Sends what comes from `outbound` until it closes; waits for the broker as long as it takes.
pub async fn send_all(client: AsyncClient, outbound: Receiver<Outbound>) {
    while let Ok(message) = outbound.recv_async().await {
        let sent = client
            .publish(message.topic, QoS::AtLeastOnce, true, message.payload)
            .await;
        if sent.is_err() {
            return;
        }
    }
}
