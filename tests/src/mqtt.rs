//! An MQTT client as a third party would write one: publishes one message at a time, or collects what is published.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rumqttc::{Client, Event, MqttOptions, Outgoing, Packet, QoS};

/// Longest wait for a broker to confirm a message.
const CONFIRM: Duration = Duration::from_secs(5);

/// How often a message is tried.
const ATTEMPTS: usize = 3;

/// Largest message sent or taken, bytes.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// Numbers the clients of this process, for their names at the broker.
static CLIENTS: AtomicU64 = AtomicU64::new(0);

fn options(port: u16) -> MqttOptions {
    let name = format!(
        "scenario-{}-{}",
        std::process::id(),
        CLIENTS.fetch_add(1, Ordering::Relaxed)
    );
    let mut options = MqttOptions::new(name, "127.0.0.1", port);
    options.set_max_packet_size(MAX_BYTES, MAX_BYTES);
    options
}

/// Publishes a message with QoS 1, again when the connection breaks, as a client with QoS 1 does: it may arrive twice.
///
/// Returns whether the broker confirmed it.
pub fn publish(port: u16, topic: &str, payload: &[u8]) -> bool {
    publish_all(port, topic, &[payload])
}

/// Publishes messages in order over one connection, otherwise as [`publish`].
pub fn publish_all(port: u16, topic: &str, payloads: &[&[u8]]) -> bool {
    (0..ATTEMPTS).any(|_| match attempt(port, topic, payloads) {
        Ok(()) => true,
        Err(why) => {
            println!("not published to {topic}: {why}");
            false
        }
    })
}

fn attempt(port: u16, topic: &str, payloads: &[&[u8]]) -> Result<(), String> {
    let (client, mut connection) = Client::new(options(port), payloads.len() + 1);
    for payload in payloads {
        client
            .publish(topic, QoS::AtLeastOnce, false, *payload)
            .map_err(|e| e.to_string())?;
    }
    let started = Instant::now();
    let mut confirmed = 0;
    while started.elapsed() < CONFIRM {
        match connection.recv_timeout(CONFIRM) {
            Ok(Ok(Event::Incoming(Packet::PubAck(_)))) => {
                confirmed += 1;
                if confirmed == payloads.len() {
                    let _ = client.disconnect();
                    // Lets the farewell out; what follows does not matter.
                    while let Ok(Ok(event)) = connection.recv_timeout(CONFIRM) {
                        if event == Event::Outgoing(Outgoing::Disconnect) {
                            break;
                        }
                    }
                    return Ok(());
                }
            }
            Ok(Ok(_)) => {}
            Ok(Err(e)) => return Err(e.to_string()),
            Err(_) => break,
        }
    }
    Err("not confirmed".to_owned())
}

/// A message as a subscriber got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Topic.
    pub topic: String,
    /// Payload, as text.
    pub payload: String,
    /// Payload, as it came.
    pub bytes: Vec<u8>,
    /// Kept by the broker from before the subscription.
    pub retained: bool,
}

/// Collects what is published under a filter until dropped, over as many connections as it takes.
#[derive(Debug)]
pub struct Subscriber {
    messages: Arc<Mutex<Vec<Message>>>,
    stop: Arc<AtomicBool>,
    ready: Arc<AtomicBool>,
    task: Option<JoinHandle<()>>,
}

impl Subscriber {
    /// Subscribes.
    pub fn start(port: u16, filter: &str) -> Self {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let (stop, ready) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let task = std::thread::spawn({
            let (messages, stop, ready) = (messages.clone(), stop.clone(), ready.clone());
            let filter = filter.to_owned();
            move || collect(port, &filter, &messages, &stop, &ready)
        });
        Self {
            messages,
            stop,
            ready,
            task: Some(task),
        }
    }

    /// Whether the broker has accepted the subscription.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Everything so far.
    pub fn messages(&self) -> Vec<Message> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(task) = self.task.take() {
            let _ = task.join();
        }
    }
}

fn collect(
    port: u16,
    filter: &str,
    messages: &Mutex<Vec<Message>>,
    stop: &AtomicBool,
    ready: &AtomicBool,
) {
    while !stop.load(Ordering::Acquire) {
        let (client, mut connection) = Client::new(options(port), 8);
        if client.subscribe(filter, QoS::AtLeastOnce).is_err() {
            return;
        }
        while !stop.load(Ordering::Acquire) {
            match connection.recv_timeout(Duration::from_millis(50)) {
                Ok(Ok(Event::Incoming(Packet::Publish(publish)))) => messages
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(Message {
                        topic: publish.topic.clone(),
                        payload: String::from_utf8_lossy(&publish.payload).into_owned(),
                        bytes: publish.payload.to_vec(),
                        retained: publish.retain,
                    }),
                Ok(Ok(Event::Incoming(Packet::SubAck(_)))) => ready.store(true, Ordering::Release),
                Ok(Ok(_)) | Err(rumqttc::RecvTimeoutError::Timeout) => {}
                Ok(Err(_)) | Err(rumqttc::RecvTimeoutError::Disconnected) => break,
            }
        }
        if !stop.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
