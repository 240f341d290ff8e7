//! The sirens' own connection to the broker: commands out, reports in. What fills the readings' connection cannot hold up a command.

use std::sync::Arc;
use std::time::Duration;

use flume::Sender;
use rumqttc::{AsyncClient, Event as Mqtt, MqttOptions, NetworkOptions, Packet, QoS};
use tokio::sync::watch;
use wire::topic::{Channel, PREFIX, Topic};

use super::Event;
use crate::config::Config;
use crate::mqtt;

/// Commands that may wait for the broker: a nation's sirens, twice.
const OUTBOUND: usize = 8_192;

/// Pause between two attempts to connect.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the connection.
///
/// # Errors
/// Text when the broker's password cannot be read.
pub fn start(
    config: &Arc<Config>,
    address: (String, u16),
    events: Sender<Event>,
    stop: watch::Receiver<bool>,
) -> Result<(AsyncClient, tokio::task::JoinHandle<()>), String> {
    let deployment = config.deployment.clone();
    let mut options = MqttOptions::new(
        format!("watchfire-hub-{deployment}-sirens"),
        address.0,
        address.1,
    );
    options
        .set_keep_alive(Duration::from_secs(15))
        .set_max_packet_size(mqtt::LARGEST_PACKET, mqtt::LARGEST_PACKET)
        .set_inflight(200)
        // Reports are retained, and what is not answered is commanded again.
        .set_clean_session(true);
    mqtt::log_in(&mut options, &config.broker)?;
    let (client, mut eventloop) = AsyncClient::new(options, OUTBOUND);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(5);
    eventloop.set_network_options(network);
    let task = tokio::spawn({
        let client = client.clone();
        async move { run(client, eventloop, &deployment, &events, stop).await }
    });
    Ok((client, task))
}

async fn run(
    client: AsyncClient,
    mut eventloop: rumqttc::EventLoop,
    deployment: &str,
    events: &Sender<Event>,
    mut stop: watch::Receiver<bool>,
) {
    let filter = format!("{PREFIX}/{deployment}/+/{}", Channel::Siren.name());
    loop {
        let event = tokio::select! {
            event = eventloop.poll() => event,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let heard = match event {
            Ok(Mqtt::Incoming(Packet::ConnAck(_))) => {
                let (client, filter) = (client.clone(), filter.clone());
                // From a task of its own: the request channel may be full, and only this loop empties it.
                tokio::spawn(async move {
                    if let Err(error) = client.subscribe(filter, QoS::AtLeastOnce).await {
                        tracing::warn!(%error, "cannot subscribe to the sirens' reports");
                    }
                });
                continue;
            }
            Ok(Mqtt::Incoming(Packet::SubAck(_))) => Event::Link(true),
            Ok(Mqtt::Incoming(Packet::Publish(publish))) => match Topic::parse(&publish.topic) {
                Ok(Topic::Edge {
                    deployment: of,
                    edge,
                    channel: Channel::Siren,
                }) if of == deployment => Event::Report {
                    edge: edge.to_owned(),
                    payload: publish.payload.to_vec(),
                },
                _ => continue,
            },
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "the sirens' connection to the broker is gone; trying again");
                if events.send_async(Event::Link(false)).await.is_err() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
                continue;
            }
        };
        if events.send_async(heard).await.is_err() {
            return;
        }
    }
}
