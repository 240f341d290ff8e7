//! The lines on which frames arrive.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// Kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// A serial port.
    Serial,
    /// A TCP socket.
    Tcp,
    /// A Unix socket.
    Unix,
}

impl LinkKind {
    /// As written in the file.
    pub fn name(self) -> &'static str {
        match self {
            LinkKind::Serial => "serial",
            LinkKind::Tcp => "tcp",
            LinkKind::Unix => "unix",
        }
    }
}

/// Who switches a half-duplex transceiver between sending and listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The adapter, as almost all USB adapters do; or the board's device tree (`linux,rs485-enabled-at-boot-time`).
    #[default]
    Hardware,
    /// The kernel, by RTS, high while sending (`TIOCSRS485`). Linux only, and only where the port's driver can.
    Kernel,
}

/// A line on which frames arrive.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// `serial`, `tcp` or `unix`.
    pub kind: LinkKind,
    /// Serial: the device, or a pattern like `/dev/ttyUSB*` for every port that is there or appears later.
    pub device: Option<PathBuf>,
    /// Serial: bits per second, default 115200; 8N1.
    pub baud: Option<u32>,
    /// TCP: `address:port` to listen on; Unix: path of the socket to create.
    pub listen: Option<String>,
    /// TCP: `host:port` to connect to; Unix: path of the socket to connect to.
    pub connect: Option<String>,
    /// Several nodes share the wires (RS-485): each speaks only when it is polled.
    #[serde(default)]
    pub shared: bool,
    /// Shared: the nodes on this line.
    #[serde(default)]
    pub nodes: Vec<u32>,
    /// Shared: how long a polled node may take to begin, and pause between bytes, before the next one is polled.
    #[serde(default = "turn_timeout", with = "settings::duration")]
    pub turn_timeout: Duration,
    /// Shared: least time between two polls of a node that has nothing more to say.
    #[serde(default = "poll_interval", with = "settings::duration")]
    pub poll_interval: Duration,
    /// Shared: `hardware` or `kernel`.
    #[serde(default)]
    pub direction: Direction,
}

fn turn_timeout() -> Duration {
    Duration::from_millis(100)
}

fn poll_interval() -> Duration {
    Duration::from_millis(200)
}

/// Speed of a serial line that names none.
pub const BAUD: u32 = 115_200;

/// Whether a device is a pattern for several.
pub fn is_pattern(device: &str) -> bool {
    device.contains(['*', '?', '['])
}

impl Link {
    /// What identifies the line: the device, or the address.
    pub fn name(&self) -> String {
        match (&self.device, &self.listen, &self.connect) {
            (Some(device), ..) => device.display().to_string(),
            (None, Some(address), _) | (None, None, Some(address)) => address.clone(),
            (None, None, None) => String::new(),
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let serial = self.device.is_some();
        let socket = usize::from(self.listen.is_some()) + usize::from(self.connect.is_some());
        match self.kind {
            LinkKind::Serial if !serial || socket > 0 => {
                return Err("a serial link needs device, and no address".to_owned());
            }
            LinkKind::Tcp | LinkKind::Unix if socket != 1 || serial || self.baud.is_some() => {
                return Err(
                    "a socket link needs either listen or connect, and nothing else".to_owned(),
                );
            }
            _ => {}
        }
        let pattern = is_pattern(&self.name());
        if serial && pattern {
            glob::Pattern::new(&self.name())
                .map_err(|error| format!("device is no pattern: {error}"))?;
        }
        if self.baud == Some(0) {
            return Err("baud must be above 0".to_owned());
        }
        if !self.shared {
            return if self.nodes.is_empty() && self.direction == Direction::Hardware {
                Ok(())
            } else {
                Err("nodes and direction are for lines with shared = true".to_owned())
            };
        }
        if serial && pattern {
            return Err("a shared line needs one device: use its name under /dev/serial/by-id or by-path instead of a pattern".to_owned());
        }
        if !serial && self.direction == Direction::Kernel {
            return Err("direction is for serial lines".to_owned());
        }
        if self.nodes.is_empty() || self.nodes.len() > MAX_SHARED {
            return Err(format!(
                "a shared line needs its nodes, 1 to {MAX_SHARED}: nodes = [1, 2]"
            ));
        }
        // A node may begin 50 ms after its poll (docs/protocol.md, Shared lines), and would speak into the next one's turn.
        if self.turn_timeout < Duration::from_millis(100)
            || self.turn_timeout > Duration::from_secs(10)
        {
            return Err("turn_timeout must be 100ms to 10s".to_owned());
        }
        if self.poll_interval < Duration::from_millis(10)
            || self.poll_interval > Duration::from_secs(60)
        {
            return Err("poll_interval must be 10ms to 60s".to_owned());
        }
        Ok(())
    }
}

/// Most nodes on one shared line: what an RS-485 driver can load with eighth-unit-load receivers (TIA-485-A).
pub const MAX_SHARED: usize = 256;
