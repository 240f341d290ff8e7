//! The agency that tells the earthquake, as any third party would: by MQTT.

use std::time::Duration;

use rumqttc::{AsyncClient, MqttOptions, QoS};
use wire::topic::{Channel, Topic};

use crate::service::Service;

/// The agency that tells the earthquake, as any third party would: by MQTT.
pub struct Agency {
    client: AsyncClient,
    topic: String,
    task: tokio::task::JoinHandle<()>,
}

impl Agency {
    /// Connects as a client of its own.
    pub fn connect(deployment: &str, mqtt: &(String, u16)) -> Self {
        let mut options = MqttOptions::new("replay-agency", &mqtt.0, mqtt.1);
        options.set_max_packet_size(crate::broker::MAX_PAYLOAD, crate::broker::MAX_PAYLOAD);
        let (client, mut eventloop) = AsyncClient::new(options, 16);
        let task = tokio::spawn(async move {
            // Ends with the connection; while it lasts there is nothing to read but acknowledgements.
            while eventloop.poll().await.is_ok() {}
        });
        let topic = Topic::Edge {
            deployment,
            edge: "usgs",
            channel: Channel::Quake,
        }
        .to_string();
        Self {
            client,
            topic,
            task,
        }
    }

    /// Publishes a document and waits until the hub has it.
    pub async fn tell(&self, document: &[u8], service: &Service) {
        let taken = || {
            service.board.read(|v| {
                v.counters
                    .get(&("messages_received", "channel=\"quake\"".to_owned()))
                    .copied()
                    .unwrap_or(0)
            })
        };
        let before = taken();
        if self
            .client
            .publish(&self.topic, QoS::AtLeastOnce, false, document)
            .await
            .is_err()
        {
            return;
        }
        while taken() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        service.step().await;
    }

    /// Says goodbye.
    pub async fn close(self) {
        let _ = self.client.disconnect().await;
        self.task.abort();
    }
}
