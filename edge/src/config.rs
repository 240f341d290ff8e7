//! The agent's configuration: what a file says, checked before anything is built from it.
//!
//! One source per default: the `Default` implementations here; `example.toml` shows every key with its default and
//! is tested to parse. Unknown keys are refused by `settings` with file, line and suggestion; what a key alone cannot
//! show (ids that repeat, a link without an address) is refused by [`Config::check`] with the key's line.
//!
//! Secrets stay outside: node keys and the broker's password are files. A key may be written in place for exercises
//! with public keys only.

mod check;
pub mod line;
pub mod node;

pub use check::Refusal;
pub use line::{Direction, Link, LinkKind, is_pattern};
pub use node::{Node, NodeSettings, Nodes, Updates};

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use settings::Document;

use crate::meter::map::{Map, Register};

/// The fully commented example, compiled in: `watchfire-edge --example` prints it.
pub const EXAMPLE: &str = include_str!("../example.toml");

/// Prefix of environment variables that override the file: `WATCHFIRE_EDGE_BROKER__PORT=1884`.
pub const ENVIRONMENT_PREFIX: &str = "WATCHFIRE_EDGE_";

/// Everything an edge is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Deployment id, part of every topic.
    pub deployment: String,
    /// Id of this edge, unique in the deployment; part of every topic.
    pub edge: String,
    /// Where the outbox and the state of the nodes live. One process at a time.
    pub data_dir: PathBuf,
    /// The MQTT broker.
    #[serde(default)]
    pub broker: Broker,
    /// The outbox.
    #[serde(default)]
    pub outbox: Outbox,
    /// The pace of publishing.
    #[serde(default)]
    pub publish: Publish,
    /// When a node's clock counts as uncertain.
    #[serde(default)]
    pub time: Time,
    /// What holds for all nodes.
    #[serde(default)]
    pub nodes: Nodes,
    /// The nodes whose frames are accepted.
    #[serde(default)]
    pub node: Vec<Node>,
    /// Firmware that is offered to nodes.
    #[serde(default)]
    pub updates: Updates,
    /// Lines on which frames arrive; each carries frames of any of the nodes.
    #[serde(default)]
    pub link: Vec<Link>,
    /// Modbus meters to poll.
    #[serde(default)]
    pub meter: Vec<Meter>,
    /// What holds for all sirens.
    #[serde(default)]
    pub sirens: crate::siren::settings::Sirens,
    /// The sirens.
    #[serde(default)]
    pub siren: Vec<crate::siren::settings::Siren>,
    /// How sirens can sound.
    #[serde(default)]
    pub siren_pattern: Vec<crate::siren::settings::SirenPattern>,
}

/// The MQTT broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// User name, if the broker wants one.
    pub username: Option<String>,
    /// File that holds the password; trailing line breaks are ignored.
    pub password_file: Option<PathBuf>,
    /// MQTT keep-alive; the broker announces our death after one and a half of it.
    #[serde(with = "settings::duration")]
    pub keep_alive: Duration,
    /// First pause before connecting again; doubles, with jitter, up to `reconnect_max`.
    #[serde(with = "settings::duration")]
    pub reconnect_min: Duration,
    /// Longest pause before connecting again.
    #[serde(with = "settings::duration")]
    pub reconnect_max: Duration,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 1883,
            username: None,
            password_file: None,
            keep_alive: Duration::from_secs(15),
            reconnect_min: Duration::from_millis(250),
            reconnect_max: Duration::from_secs(30),
        }
    }
}

/// When stored means durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fsync {
    /// On the disk before a node is acknowledged: survives a power cut.
    Always,
    /// With the operating system: survives the death of the process, not of the machine.
    Never,
}

/// The outbox.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbox {
    /// `always` or `never`.
    pub fsync: Fsync,
    /// Size of one file; acknowledged entries are freed by whole files.
    pub segment_bytes: u64,
    /// Most bytes on disk. When full, readings are still published but nodes are not acknowledged.
    pub max_bytes: u64,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            fsync: Fsync::Always,
            segment_bytes: 4 * 1024 * 1024,
            max_bytes: 1024 * 1024 * 1024,
        }
    }
}

/// The pace of publishing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Publish {
    /// Most readings in one message.
    pub batch_readings: usize,
    /// Most backlog messages under way that the hub has not acknowledged.
    pub window: u64,
    /// Most backlog readings per second; live readings are never held back.
    pub backlog_readings_per_s: f64,
    /// Without progress of the acknowledgement for this long, messages are sent again.
    #[serde(with = "settings::duration")]
    pub ack_timeout: Duration,
    /// How often the status document is renewed.
    #[serde(with = "settings::duration")]
    pub status_interval: Duration,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            batch_readings: 512,
            window: 64,
            backlog_readings_per_s: 20_000.0,
            ack_timeout: Duration::from_secs(10),
            status_interval: Duration::from_secs(30),
        }
    }
}

/// When a node's clock counts as uncertain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Time {
    /// Readings whose instant is less certain than this carry the flag `clock_uncertain`.
    #[serde(with = "settings::duration")]
    pub max_uncertainty: Duration,
    /// Assumed worst drift of a node's clock, parts per million. A plain crystal stays within 50 over 0-60 degrees.
    pub drift_ppm: i64,
}

impl Default for Time {
    fn default() -> Self {
        Self {
            max_uncertainty: Duration::from_millis(500),
            drift_ppm: 50,
        }
    }
}

/// How a meter is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Modbus TCP.
    Tcp,
    /// Modbus RTU on a serial port.
    Rtu,
    /// RTU frames through a serial device server.
    RtuOverTcp,
}

/// Parity of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// Even parity.
    Even,
    /// Odd parity.
    Odd,
}

/// A Modbus meter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// Node number under which its readings are counted; not used by any node or other meter.
    pub node: u32,
    /// Station; a register with a channel belongs to `<station>.<channel>`.
    pub station: String,
    /// `tcp`, `rtu` or `rtu_over_tcp`.
    pub transport: Transport,
    /// `host:port`, for `tcp` and `rtu_over_tcp`.
    pub address: Option<String>,
    /// Serial device, for `rtu`. Meters with the same device share the bus.
    pub device: Option<PathBuf>,
    /// Serial speed, bits per second.
    #[serde(default = "baud")]
    pub baud: u32,
    /// Serial parity; it differs between units of the same type.
    #[serde(default)]
    pub parity: Parity,
    /// Stop bits, 1 or 2.
    #[serde(default = "one")]
    pub stop_bits: u8,
    /// Unit id on the bus, 1 to 247, or 248 for a single PZEM-004T of unknown address.
    #[serde(default = "one")]
    pub unit: u8,
    /// How often it is read.
    #[serde(default = "second", with = "settings::duration")]
    pub interval: Duration,
    /// How long to wait for each answer, and for a connection.
    #[serde(default = "second", with = "settings::duration")]
    pub timeout: Duration,
    /// A shipped map (`sdm630`, `sdm230`, `pzem004t`) or the path of a map file ending in `.toml`.
    pub map: Option<String>,
    /// A register map in place; together with `map`, it adds to it.
    #[serde(default)]
    pub register: Vec<Register>,
}

fn baud() -> u32 {
    9_600
}
fn one() -> u8 {
    1
}
fn second() -> Duration {
    Duration::from_secs(1)
}

impl Config {
    /// A configuration with defaults and neither nodes, links nor meters, for use inside another process.
    pub fn new(deployment: &str, edge: &str, data_dir: &Path, host: &str, port: u16) -> Self {
        Self {
            deployment: deployment.to_owned(),
            edge: edge.to_owned(),
            data_dir: data_dir.to_owned(),
            broker: Broker {
                host: host.to_owned(),
                port,
                ..Broker::default()
            },
            outbox: Outbox::default(),
            publish: Publish::default(),
            time: Time::default(),
            nodes: Nodes::default(),
            node: Vec::new(),
            updates: Updates::default(),
            link: Vec::new(),
            meter: Vec::new(),
            sirens: Default::default(),
            siren: Vec::new(),
            siren_pattern: Vec::new(),
        }
    }

    /// Reads, completes from the environment and checks a file. Paths in it are relative to the file's directory,
    /// except `data_dir`, which is relative to the working directory.
    ///
    /// # Errors
    /// [`settings::Error`] with file, line and what to do.
    pub fn load(path: &Path) -> Result<Self, settings::Error> {
        let document = Document::load(path)?;
        let mut config: Self =
            document.read(&settings::Environment::of_process(ENVIRONMENT_PREFIX))?;
        config
            .check()
            .map_err(|refusal| document.refuse(&refusal.key, &refusal.message))?;
        let base = path.parent().unwrap_or(Path::new(""));
        let place = |file: &mut Option<PathBuf>| {
            if let Some(relative) = file.as_mut().filter(|file| file.is_relative()) {
                *relative = base.join(&*relative);
            }
        };
        place(&mut config.broker.password_file);
        place(&mut config.updates.dir);
        config
            .node
            .iter_mut()
            .for_each(|node| place(&mut node.key_file));
        for meter in &mut config.meter {
            if let Some(map) = meter.map.as_mut().filter(|map| map.ends_with(".toml")) {
                *map = base.join(&*map).display().to_string();
            }
        }
        Ok(config)
    }
}

impl Meter {
    /// What identifies the line that this meter is on: the device, or the address.
    pub fn endpoint(&self) -> String {
        match (&self.device, &self.address) {
            (Some(device), _) => device.display().to_string(),
            (None, Some(address)) => address.clone(),
            (None, None) => String::new(),
        }
    }

    /// The registers to read: the named map and those written in place.
    ///
    /// # Errors
    /// An unknown map, or a map that cannot be read or makes no sense.
    pub fn registers(&self) -> Result<Vec<Register>, String> {
        let mut registers = match &self.map {
            Some(name) => Map::named(name)?.register,
            None => Vec::new(),
        };
        registers.extend(self.register.iter().cloned());
        Ok(registers)
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
