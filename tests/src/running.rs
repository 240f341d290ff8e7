//! A running hub, and what it can be asked.

use std::net::SocketAddr;

use serde_json::Value;

use crate::http::{self, Answer};
use crate::program::Program;
use crate::wait::until;

/// Where a hub serves, from its log: page and broker.
pub fn addresses(said: &str) -> Option<(SocketAddr, u16)> {
    said.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let fields = line.get("fields")?;
        let page = fields.get("page")?.as_str()?;
        let mqtt = fields.get("mqtt")?.as_str()?;
        let page = page.strip_prefix("http://")?.strip_suffix('/')?;
        Some((page.parse().ok()?, mqtt.rsplit_once(':')?.1.parse().ok()?))
    })
}

/// A running hub.
#[derive(Debug)]
pub struct Hub {
    /// The process.
    pub program: Program,
    /// Where its page is.
    pub http: SocketAddr,
    /// Where its broker is, embedded or not.
    pub mqtt_port: u16,
}

impl Hub {
    /// Asks over HTTP; waits while the hub answers that it is not ready.
    ///
    /// # Panics
    /// When no answer comes.
    pub fn get(&self, path: &str) -> Answer {
        until(&format!("an answer to {path}"), || {
            http::get(self.http, path).filter(|answer| answer.status != 503)
        })
    }

    /// `/api/state`.
    ///
    /// # Panics
    /// When it is no JSON.
    pub fn state(&self) -> Value {
        serde_json::from_str(&self.get("/api/state").body).expect("JSON")
    }

    /// The latest value of a station's quantity, as the page shows it.
    pub fn latest(&self, station: &str, quantity: &str) -> Option<f64> {
        latest(&self.state(), station, quantity)?["value"].as_f64()
    }

    /// The codes of the conditions that hold.
    pub fn conditions(&self) -> Vec<String> {
        let state = self.state();
        let conditions = state["conditions"].as_array().into_iter().flatten();
        conditions
            .filter_map(|c| Some(c["code"].as_str()?.to_owned()))
            .collect()
    }

    /// A sample of `/metrics`; 0 for one that is not there yet.
    pub fn metric(&self, name: &str) -> f64 {
        http::sample(&self.get("/metrics").body, name).unwrap_or(0.0)
    }
}

/// The latest value of a station's quantity in a state document.
pub fn latest<'a>(state: &'a Value, station: &str, quantity: &str) -> Option<&'a Value> {
    let stations = state["stations"].as_array()?;
    stations.iter().find(|s| s["id"] == station)?["latest"].get(quantity)
}
