//! The embedded MQTT broker (`rumqttd`), so that a hub needs no server beside it.
//!
//! It runs in threads of its own until the process ends; `rumqttd` offers no stop. Its memory is bounded by the segment sizes below
//! (FACTS measured 370 MB with its defaults). It may lose messages under load or when it is killed: the end-to-end acknowledgement
//! between edge and hub is what nothing is lost by, never the broker.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};

/// Largest MQTT payload: an earthquake document; batches are far smaller.
pub const MAX_PAYLOAD: usize = crate::intake::quakes::MAX_DOCUMENT + 64 * 1024;

/// How long the broker may take to listen.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Starts a broker on `address` (port 0: the system picks) and returns where it listens.
///
/// # Errors
/// Text that says what failed: the port is taken, or the broker did not come up.
pub fn start(address: SocketAddr) -> Result<SocketAddr, String> {
    // rumqttd binds by itself and does not tell the port: find a free one, or learn early that the given one is taken.
    let probe = TcpListener::bind(address).map_err(|e| {
        format!("cannot listen on {address}: {e}; another broker may run there: set [broker] embedded = false to use it, or another port")
    })?;
    let address = probe.local_addr().map_err(|e| e.to_string())?;
    drop(probe);
    let server = ServerSettings {
        name: "v4".to_owned(),
        listen: address,
        tls: None,
        next_connection_delay_ms: 0,
        connections: ConnectionSettings {
            connection_timeout_ms: 10_000,
            max_payload_size: MAX_PAYLOAD,
            max_inflight_count: 200,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    };
    let config = Config {
        id: 0,
        router: RouterConfig {
            max_connections: 2_000,
            max_outgoing_packet_count: 200,
            max_segment_size: 4 * 1024 * 1024,
            max_segment_count: 8,
            custom_segment: None,
            initialized_filters: None,
            shared_subscriptions_strategy: Default::default(),
        },
        v4: Some(HashMap::from([("v4".to_owned(), server)])),
        ..Config::default()
    };
    let mut broker = Broker::new(config);
    std::thread::Builder::new()
        .name("broker".to_owned())
        .spawn(move || {
            if let Err(e) = broker.start() {
                tracing::error!(error = %e, "the embedded broker has stopped");
            }
        })
        .map_err(|e| format!("cannot start the broker's thread: {e}"))?;
    let started = Instant::now();
    while started.elapsed() < START_LIMIT {
        if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
            return Ok(address);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Err(format!(
        "the embedded broker did not listen on {address} within {} s",
        START_LIMIT.as_secs()
    ))
}
