//! Sensor scripts: which sensors there are, what they measure, what goes wrong, and what must come of it.
//!
//! A script is a TOML file; `hil/scripts/README.md` explains every key and holds examples. [`Script::parse`] reads one and touches no
//! other file; [`Script::build`] reads the records that it names and makes the sensors.
//!
//! Refuses: unknown keys, with their line; faults that the sensors cannot have; more sensors, faults or values than
//! [`MAX_SENSORS`], [`MAX_FAULTS`] and [`MAX_VALUES`].

mod build;
mod check;
mod file;
mod quantity;
mod source;

pub use build::{BuildError, BuiltSensor, Wired};
pub use quantity::Model;

use crate::fault::Fault;
use file::SensorFile;
use serde::Deserialize;
use std::path::Path;

/// Most sensors of a script.
pub const MAX_SENSORS: usize = 64;

/// Most faults of a script.
pub const MAX_FAULTS: usize = 256;

/// Most expectations of a script.
pub const MAX_EXPECTATIONS: usize = 16;

/// Most values or vehicles written into a script; longer series belong into a CSV file.
pub const MAX_VALUES: usize = 10_000;

/// Longest play, microseconds: 400 days.
pub const MAX_LENGTH_US: u64 = 400 * 86_400 * 1_000_000;

/// What must come of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An alert is issued all the same.
    AlertIssued,
    /// Station or link is shown as degraded or unknown.
    DegradedShown,
    /// What was wrong was refused, and a counter says so.
    RefusedAndCounted,
    /// No alert, no complaint.
    SilentOk,
}

impl Outcome {
    /// Name in scripts and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AlertIssued => "alert_issued",
            Self::DegradedShown => "degraded_shown",
            Self::RefusedAndCounted => "refused_and_counted",
            Self::SilentOk => "silent_ok",
        }
    }
}

/// An expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What must come.
    pub outcome: Outcome,
    /// Until when, microseconds since the rig's start.
    pub within_us: u64,
    /// Name of the sensor, node or counter that it is about, where that matters.
    pub of: Option<String>,
}

/// A script that was read and found to make sense.
#[derive(Debug)]
pub struct Script {
    /// For people.
    pub name: String,
    /// For all chances: noise, traffic, faults.
    pub seed: u64,
    /// How long it plays, microseconds.
    pub length_us: u64,
    /// All faults, those of the rig included.
    pub faults: Vec<Fault>,
    /// What must come of it; at least one.
    pub expectations: Vec<Expectation>,
    sensors: Vec<SensorFile>,
}

impl Script {
    /// Reads a script from text; `name` stands for the file in messages.
    ///
    /// # Errors
    /// What is wrong, each with its line.
    pub fn parse(name: &str, text: &str) -> Result<Self, settings::Error> {
        check::parse(&settings::Document::new(name, text))
    }

    /// Reads a script from a file.
    ///
    /// # Errors
    /// As [`Script::parse`], and when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, settings::Error> {
        check::parse(&settings::Document::load(path)?)
    }

    /// Names, nodes and models of the sensors, in the order of the script.
    pub fn sensors(&self) -> impl Iterator<Item = (&str, &str, Model)> {
        self.sensors.iter().filter_map(|sensor| {
            Some((sensor.name.as_str(), sensor.node.as_str(), sensor.model()?))
        })
    }

    /// Makes the sensors, with their faults, in the order of the script. Files are looked for relative to `directory`, the
    /// script's own.
    ///
    /// # Errors
    /// [`BuildError`]: a record cannot be read or does not have what the script wants.
    pub fn build(&self, directory: &Path) -> Result<Vec<BuiltSensor>, BuildError> {
        self.sensors
            .iter()
            .enumerate()
            .map(|(index, sensor)| build::sensor(self, sensor, index as u64, directory))
            .collect()
    }
}
