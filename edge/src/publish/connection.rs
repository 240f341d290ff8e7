//! One MQTT connection: a task that drives the client, and what it has heard.
//!
//! Invariants: a connection is used once; everything queued in a broken one is forgotten, because the schedule knows what
//! must be sent again. The driving task never waits for the publisher, so the two cannot block each other.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, LastWill, MqttOptions,
    Packet, QoS,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wire::ack::{Ack, AckError};
use wire::batch::{MAX_BATCH_BYTES, Version};

use super::status::MAX_STATUS_BYTES;
use wire::topic::{Channel, Topic};

use crate::config::Broker;
use crate::tally::Tally;

/// Messages between publisher and socket. Few: what waits here cannot be overtaken by a fresher reading.
const QUEUE: usize = 8;

/// Room for topic and headers around the longest batch.
const MAX_OUTGOING_BYTES: usize = if MAX_BATCH_BYTES > MAX_STATUS_BYTES {
    MAX_BATCH_BYTES
} else {
    MAX_STATUS_BYTES
} + 1024;

/// Nothing that the hub sends an edge is longer.
const MAX_INCOMING_BYTES: usize = 16 * 1024;

/// Longest wait for a TCP connection, the broker's greeting, or the socket to take a message.
const NETWORK_TIMEOUT_S: u64 = 10;

/// State of the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Phase {
    /// No answer yet.
    #[default]
    Connecting,
    /// The broker accepted us.
    Open,
    /// It is over; the reason is for people.
    Closed(String),
}

/// What has been heard. Only the latest acknowledgement counts, since they are cumulative.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// State of the connection.
    pub phase: Phase,
    /// The latest acknowledgement.
    pub ack: Option<Ack>,
    /// Acknowledgements so far, to tell a repeated one from none.
    pub acks: u64,
    /// Messages of quality 1 that the broker has confirmed: in the order in which they were sent (MQTT 3.1.1, section 4.6).
    pub confirmed: u64,
}

/// The topics of one edge.
#[derive(Debug, Clone)]
pub struct Topics {
    /// Batches up.
    pub batch: String,
    /// Status up, retained.
    pub status: String,
    /// Findings up.
    pub finding: String,
    /// Acknowledgements down.
    pub ack: String,
}

impl Topics {
    /// The topics of `edge` in `deployment`.
    pub fn new(deployment: &str, edge: &str) -> Self {
        let name = |channel| {
            Topic::Edge {
                deployment,
                edge,
                channel,
            }
            .to_string()
        };
        Self {
            batch: name(Channel::Batch),
            status: name(Channel::Status),
            finding: name(Channel::Finding),
            ack: name(Channel::Ack),
        }
    }
}

/// A connection in use. Dropping it closes the socket without a farewell.
pub struct Connection {
    /// Takes messages to send.
    pub client: AsyncClient,
    /// Changes whenever something was heard.
    pub heard: watch::Receiver<Heard>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who we are to the broker.
#[derive(Debug, Clone)]
pub struct Login {
    /// Unique at the broker.
    pub client_id: String,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// What the broker publishes to the status topic when we vanish.
    pub will: Vec<u8>,
}

impl Connection {
    /// Starts to connect.
    pub fn open(broker: &Broker, login: &Login, topics: &Topics, tally: Arc<Tally>) -> Self {
        let mut options =
            MqttOptions::new(login.client_id.clone(), broker.host.clone(), broker.port);
        options
            .set_keep_alive(Duration::from_secs(broker.keep_alive.as_secs().max(1)))
            .set_clean_session(true)
            .set_max_packet_size(MAX_INCOMING_BYTES, MAX_OUTGOING_BYTES)
            .set_last_will(LastWill::new(
                &topics.status,
                login.will.clone(),
                QoS::AtLeastOnce,
                true,
            ));
        if let Some((username, password)) = &login.credentials {
            options.set_credentials(username, password);
        }
        let (client, mut events) = AsyncClient::new(options, QUEUE);
        let mut network = events.network_options();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(NETWORK_TIMEOUT_S);
        events.set_network_options(network);
        let (sender, heard) = watch::channel(Heard::default());
        let topic = topics.ack.clone();
        let task = tokio::spawn(async move { drive(events, &topic, &sender, &tally).await });
        Self {
            client,
            heard,
            task,
        }
    }

    /// Waits until everything queued has gone out and the connection has ended, at most `limit`.
    pub async fn finish(mut self, limit: Duration) {
        if self.client.disconnect().await.is_ok() {
            let _ = tokio::time::timeout(limit, &mut self.task).await;
        }
    }
}

async fn drive(
    mut events: EventLoop,
    ack_topic: &str,
    heard: &watch::Sender<Heard>,
    tally: &Tally,
) {
    let closed = |reason: String| heard.send_modify(|heard| heard.phase = Phase::Closed(reason));
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                heard.send_modify(|heard| heard.phase = Phase::Open)
            }
            Ok(Event::Incoming(Packet::Publish(publish))) if publish.topic == ack_topic => {
                let refused = match Ack::decode(&publish.payload) {
                    Ok((Version::V2, ack)) => {
                        heard.send_modify(|heard| {
                            heard.ack = Some(ack);
                            heard.acks += 1;
                        });
                        continue;
                    }
                    // A number that nothing vouches for could free what the hub does not have. A hub that takes our batches
                    // answers them in their version.
                    Ok((Version::V1, _)) => "ack_unchecked",
                    Err(AckError::Checksum) => "ack_checksum",
                    Err(_) => "ack_malformed",
                };
                if tally.count(refused) {
                    tracing::warn!(
                        reason = refused,
                        bytes = publish.payload.len(),
                        "acknowledgement refused"
                    );
                }
            }
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                heard.send_modify(|heard| heard.confirmed += 1)
            }
            Ok(Event::Incoming(Packet::SubAck(answer))) => {
                let refused = answer
                    .return_codes
                    .contains(&rumqttc::SubscribeReasonCode::Failure);
                if refused && tally.count("subscription_refused") {
                    tracing::error!(
                        topic = ack_topic,
                        "the broker refuses the subscription: nothing will be acknowledged, the outbox will fill"
                    );
                }
            }
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => {
                return closed("we said goodbye".to_owned());
            }
            Ok(_) => {}
            Err(error) => {
                tally.add(reason(&error), 1);
                return closed(error.to_string());
            }
        }
    }
}

/// Stable name for counters.
fn reason(error: &ConnectionError) -> &'static str {
    match error {
        ConnectionError::Io(_) => "connect_io",
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => "connect_timeout",
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => "connect_not_authorised",
        ConnectionError::ConnectionRefused(_) => "connect_refused",
        ConnectionError::MqttState(_) | ConnectionError::NotConnAck(_) => "connect_protocol",
        ConnectionError::RequestsDone => "connect_done",
    }
}
