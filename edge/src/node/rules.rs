//! What holds for all nodes, and what a new configuration changes.

use super::session::Timing;
use crate::config;

/// What holds for all nodes.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How their clocks are judged.
    pub timing: Timing,
    /// Most frames a second of one node.
    pub frames_per_s: u32,
    /// After this long without a frame a node is silent, microseconds.
    pub silent_after_us: i64,
    /// Most nodes of one station that are updated at a time.
    pub updates_per_station: usize,
}

impl From<&config::Config> for Rules {
    fn from(config: &config::Config) -> Self {
        let us =
            |duration: std::time::Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self {
            timing: Timing {
                max_uncertainty_us: us(config.time.max_uncertainty),
                drift_ppm: config.time.drift_ppm,
            },
            frames_per_s: config.nodes.frames_per_s,
            silent_after_us: us(config.nodes.silent_after),
            updates_per_station: config.updates.at_once_per_station as usize,
        }
    }
}

/// How a new configuration differed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Nodes that were not there before.
    pub added: usize,
    /// Nodes that are not accepted any more.
    pub removed: usize,
    /// Nodes that were there before.
    pub kept: usize,
    /// Nodes that are another board now: their key differs.
    pub replaced: usize,
    /// Tables that have changed as well and take a restart.
    pub need_restart: Vec<&'static str>,
}
