//! `watchfire replay`, and what it leaves behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cap::Alert;
use serde_json::Value;

use crate::chain;
use crate::site::{program, text};

/// The results of a replay.
#[derive(Debug)]
pub struct Replayed {
    /// Where they are.
    pub out: PathBuf,
    /// `timeline.json`.
    pub timeline: Vec<Value>,
    /// The CAP messages, oldest first: file name, text, meaning.
    pub messages: Vec<(String, String, Alert)>,
}

/// Runs a replay.
///
/// # Panics
/// When it cannot be started.
pub fn run(event: &Path, speed: &str, out: &Path) -> Output {
    Command::new(program("scenario-hub"))
        .arg("replay")
        .arg(event)
        .args(["--quiet", "--speed", speed, "--out"])
        .arg(out)
        .env_remove("RUST_LOG")
        .output()
        .expect("the program starts")
}

impl Replayed {
    /// Replays an event and reads the results; the messages are checked as a chain.
    ///
    /// # Panics
    /// When it fails, or a result is not as documented.
    pub fn new(event: &Path, speed: &str, out: &Path) -> Self {
        text(&run(event, speed, out));
        let file = |name: &str| {
            let path = out.join(name);
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let mut messages: Vec<(String, String, Alert)> = std::fs::read_dir(out)
            .expect("the results")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .filter(|name| name.ends_with(".xml"))
            .map(|name| {
                let xml = file(&name);
                let alert = chain::read(&xml);
                (name, xml, alert)
            })
            .collect();
        messages.sort_by_key(|(_, _, alert)| (alert.sent.us(), alert.identifier.clone()));
        let alerts: Vec<Alert> = messages.iter().map(|(_, _, alert)| alert.clone()).collect();
        chain::check(&alerts);
        Self {
            timeline: serde_json::from_str(&file("timeline.json")).expect("timeline.json"),
            out: out.to_owned(),
            messages,
        }
    }

    /// `forecast.csv`.
    ///
    /// # Panics
    /// When it is not there.
    pub fn forecasts(&self) -> String {
        std::fs::read_to_string(self.out.join("forecast.csv")).expect("forecast.csv")
    }

    /// The lines of the timeline of some kind: seconds after the origin and text.
    pub fn of_kind(&self, kind: &str) -> Vec<(f64, String)> {
        let lines = self.timeline.iter().filter(|line| line["kind"] == kind);
        lines
            .map(|line| {
                let text = line["text"].as_str().unwrap_or_default();
                (
                    line["after_origin_s"].as_f64().unwrap_or(f64::NAN),
                    text.to_owned(),
                )
            })
            .collect()
    }

    /// The timeline without how long computing took, which differs from run to run.
    pub fn story(&self) -> Vec<Value> {
        let mut timeline = self.timeline.clone();
        for line in timeline.iter_mut().filter_map(Value::as_object_mut) {
            line.remove("compute_ms");
        }
        timeline
    }

    /// File names and texts of the messages.
    pub fn files(&self) -> Vec<(&str, &str)> {
        self.messages
            .iter()
            .map(|(name, xml, _)| (name.as_str(), xml.as_str()))
            .collect()
    }
}
