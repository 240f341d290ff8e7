//! What single keys cannot show: ids that repeat, a link without an address, two meters in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Config, Meter, Transport};

impl Config {
    /// Checks what single keys cannot show.
    ///
    /// # Errors
    /// The first key that is wrong, and why.
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |key: String, message: &str| {
            Err(Refusal {
                key,
                message: message.to_owned(),
            })
        };
        for (key, id) in [("deployment", &self.deployment), ("edge", &self.edge)] {
            if !wire::topic::is_id(id) {
                return refuse(key.to_owned(), "an id is 1 to 48 of A-Z a-z 0-9 . _ -");
            }
        }
        // `alerts` starts the topics of alerts; under `hub` the hub tells its own status.
        if ["alerts", "hub"].contains(&self.edge.as_str()) {
            return refuse("edge".to_owned(), "this name is reserved: use another");
        }
        if self.broker.reconnect_min.is_zero()
            || self.broker.reconnect_max < self.broker.reconnect_min
        {
            return refuse(
                "broker.reconnect_min".to_owned(),
                "must be above zero and at most reconnect_max",
            );
        }
        if self.broker.keep_alive < Duration::from_secs(1)
            || self.broker.keep_alive > Duration::from_secs(65_535)
        {
            return refuse(
                "broker.keep_alive".to_owned(),
                "must be between 1s and 65535s",
            );
        }
        if self.broker.username.is_some() != self.broker.password_file.is_some() {
            return refuse(
                "broker".to_owned(),
                "username and password_file go together",
            );
        }
        self.check_pace()?;
        self.check_sources()?;
        let nodes = self.node.iter().map(|node| node.id).collect();
        crate::siren::settings::check(&self.sirens, &self.siren, &self.siren_pattern, &nodes)
            .map_err(|(key, message)| Refusal { key, message })
    }

    fn check_pace(&self) -> Result<(), Refusal> {
        let refuse = |key: &str, message: String| {
            Err(Refusal {
                key: key.to_owned(),
                message,
            })
        };
        let publish = &self.publish;
        if !(1..=wire::batch::MAX_READINGS).contains(&publish.batch_readings) {
            return refuse(
                "publish.batch_readings",
                format!("must be 1 to {}", wire::batch::MAX_READINGS),
            );
        }
        if publish.window == 0 {
            return refuse("publish.window", "must be at least 1".to_owned());
        }
        if !(publish.backlog_readings_per_s >= 1.0 && publish.backlog_readings_per_s.is_finite()) {
            return refuse(
                "publish.backlog_readings_per_s",
                "must be at least 1".to_owned(),
            );
        }
        if publish.ack_timeout.is_zero() || publish.status_interval.is_zero() {
            return refuse(
                "publish",
                "ack_timeout and status_interval must be above zero".to_owned(),
            );
        }
        if !(1..=100_000).contains(&self.nodes.frames_per_s) {
            return refuse("nodes.frames_per_s", "must be 1 to 100000".to_owned());
        }
        if self.nodes.silent_after.is_zero() {
            return refuse("nodes.silent_after", "must be above zero".to_owned());
        }
        if let Err(text) = crate::updates::keys(&self.updates) {
            return refuse(
                "updates.keys",
                format!("\"{text}\" is no public key: 64 hexadecimal digits, as in update.pub"),
            );
        }
        if self.updates.at_once_per_station == 0 {
            return refuse(
                "updates.at_once_per_station",
                "must be at least 1".to_owned(),
            );
        }
        if !(0..=10_000).contains(&self.time.drift_ppm) {
            return refuse("time.drift_ppm", "must be 0 to 10000".to_owned());
        }
        let smallest = 2 * wire::batch::MAX_BATCH_BYTES as u64;
        if self.outbox.segment_bytes < smallest || self.outbox.max_bytes < self.outbox.segment_bytes
        {
            let message = format!(
                "segment_bytes must be at least {smallest}, and max_bytes at least segment_bytes"
            );
            return refuse("outbox", message);
        }
        Ok(())
    }

    fn check_sources(&self) -> Result<(), Refusal> {
        let mut numbers = BTreeMap::new();
        let mut number = |key: String, id: u32| match numbers.insert(id, key.clone()) {
            Some(other) => Err(Refusal {
                key,
                message: format!("number {id} is already used by {other}"),
            }),
            None => Ok(()),
        };
        for (index, node) in self.node.iter().enumerate() {
            number(format!("node[{index}].id"), node.id)?;
            let key = format!("node[{index}].station");
            if !wire::topic::is_id(&node.station) {
                return Err(Refusal {
                    key,
                    message: "an id is 1 to 48 of A-Z a-z 0-9 . _ -".to_owned(),
                });
            }
            if node.key.is_some() == node.key_file.is_some() {
                let key = format!("node[{index}]");
                return Err(Refusal {
                    key,
                    message: "needs either key_file or key".to_owned(),
                });
            }
            node.settings.check().map_err(|(name, message)| Refusal {
                key: format!("node[{index}].settings.{name}"),
                message,
            })?;
        }
        self.check_links()?;
        let mut buses = BTreeMap::new();
        for (index, meter) in self.meter.iter().enumerate() {
            number(format!("meter[{index}].node"), meter.node)?;
            meter.check().map_err(|message| Refusal {
                key: format!("meter[{index}]"),
                message,
            })?;
            if let (Transport::Rtu, Some(device)) = (meter.transport, &meter.device) {
                let line = (meter.baud, meter.parity, meter.stop_bits);
                if *buses.entry(device).or_insert(line) != line {
                    let message =
                        "another meter on this device has other baud, parity or stop_bits"
                            .to_owned();
                    return Err(Refusal {
                        key: format!("meter[{index}]"),
                        message,
                    });
                }
            }
        }
        let mut units = BTreeSet::new();
        for (index, meter) in self.meter.iter().enumerate() {
            if !units.insert((meter.endpoint(), meter.unit)) {
                let message = "another meter has this unit id on the same line".to_owned();
                return Err(Refusal {
                    key: format!("meter[{index}].unit"),
                    message,
                });
            }
        }
        Ok(())
    }
}

impl Config {
    fn check_links(&self) -> Result<(), Refusal> {
        let mut names = BTreeMap::new();
        let mut shared = BTreeMap::new();
        for (index, link) in self.link.iter().enumerate() {
            let refuse = |key: &str, message: String| {
                Err(Refusal {
                    key: format!("link[{index}]{key}"),
                    message,
                })
            };
            if let Err(message) = link.check() {
                return refuse("", message);
            }
            let device = link.device.as_ref();
            if let Some(other) = device.and_then(|device| names.insert(device, index)) {
                return refuse(".device", format!("link[{other}] is on this device"));
            }
            if let Some(meter) = self
                .meter
                .iter()
                .position(|meter| device.is_some() && meter.device.as_ref() == device)
            {
                return refuse(".device", format!("meter[{meter}] is on this device"));
            }
            for node in &link.nodes {
                let Some(place) = self.node.iter().position(|known| known.id == *node) else {
                    return refuse(".nodes", format!("there is no [[node]] with id = {node}"));
                };
                if self.node[place].settings.shared_line == Some(false) {
                    return Err(Refusal {
                        key: format!("node[{place}].settings.shared_line"),
                        message: format!("must be true: node {node} is on a shared line"),
                    });
                }
                if let Some(other) = shared.insert(*node, index) {
                    return refuse(
                        ".nodes",
                        format!("node {node} is already named by link[{other}]"),
                    );
                }
            }
        }
        // A node that waits for a poll which nobody sends is silent for good: it cannot even be told to speak again.
        let lonely = self.node.iter().position(|node| {
            node.settings.shared_line == Some(true) && !shared.contains_key(&node.id)
        });
        if let Some(place) = lonely {
            return Err(Refusal {
                key: format!("node[{place}].settings.shared_line"),
                message: format!(
                    "node {} would wait for polls for ever: add it to nodes of a [[link]] with shared = true first",
                    self.node[place].id
                ),
            });
        }
        Ok(())
    }
}

impl Meter {
    fn check(&self) -> Result<(), String> {
        match self.transport {
            Transport::Rtu if self.device.is_none() || self.address.is_some() => {
                return Err("rtu needs device, and no address".to_owned());
            }
            Transport::Tcp | Transport::RtuOverTcp
                if self.address.is_none() || self.device.is_some() =>
            {
                return Err("tcp and rtu_over_tcp need address, and no device".to_owned());
            }
            _ => {}
        }
        if !(1..=2).contains(&self.stop_bits) {
            return Err("stop_bits must be 1 or 2".to_owned());
        }
        if self.interval < Duration::from_millis(10) || self.timeout < Duration::from_millis(10) {
            return Err("interval and timeout must be at least 10ms".to_owned());
        }
        let is_file = self.map.as_ref().is_some_and(|map| map.ends_with(".toml"));
        // A map file is read when the meter starts: its path is not yet resolved here.
        let registers = if is_file {
            self.register.clone()
        } else {
            self.registers()?
        };
        if registers.is_empty() && !is_file {
            return Err("needs a map or at least one register".to_owned());
        }
        registers
            .iter()
            .try_for_each(|register| register.check(&self.station))
    }
}

/// A key that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct Refusal {
    /// Dotted path of the key.
    pub key: String,
    /// What is wrong, and what to do.
    pub message: String,
}
