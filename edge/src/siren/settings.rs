//! What the configuration says about sirens, and what of it cannot be meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use wire::command::{Issuer, MAX_ZONES};
use wire::topic::{Mode, is_id};

use super::pattern::{MAX_LASTS, MIN_PHASE, Pattern};

/// Most sirens of one edge.
pub const MAX_SIRENS: usize = 32;

/// Most patterns.
pub const MAX_PATTERNS: usize = 32;

/// Most keys that are trusted at a time: one, and the next one while keys are changed.
pub const MAX_ISSUERS: usize = 4;

/// What holds for all sirens of this edge.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sirens {
    /// Public keys whose commands are believed, 64 hexadecimal digits each.
    pub issuers: Vec<String>,
    /// The clock counts as set when this file exists. Without it the clock is trusted unless it is seen to be behind.
    pub clock_file: Option<PathBuf>,
    /// What to do without the hub.
    pub alone: Alone,
}

/// Whether sirens sound by this edge's own detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Only the hub's commands count.
    Never,
    /// Cut off from the hub, the edge's own nodes decide.
    Sound,
}

/// How much its nodes must have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// A wave at two nodes of different stations.
    TwoSensors,
    /// Shaking, and after it a wave; one node may have seen both.
    ShakingAndWave,
}

/// What to do without the hub.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alone {
    /// `never` or `sound`.
    pub policy: Policy,
    /// As which mode. Needed with `sound`; there is no default, so that a drill never passes for a warning by omission.
    pub mode: Option<ModeName>,
    /// Which signal.
    pub signal: String,
    /// The hub must have been out of reach for this long.
    #[serde(with = "settings::duration")]
    pub after: Duration,
    /// How much must have been seen.
    pub needs: Needs,
    /// Waves smaller than this do not count, metres.
    pub min_height_m: f64,
    /// Findings older than this do not count.
    #[serde(with = "settings::duration")]
    pub within: Duration,
    /// Least time from one sounding to the next, which also needs a new finding.
    #[serde(with = "settings::duration")]
    pub again: Duration,
}

impl Default for Alone {
    fn default() -> Self {
        Self {
            policy: Policy::Never,
            mode: None,
            signal: "warning".to_owned(),
            after: Duration::from_secs(120),
            needs: Needs::TwoSensors,
            min_height_m: 0.3,
            within: Duration::from_secs(30 * 60),
            again: Duration::from_secs(30 * 60),
        }
    }
}

/// A mode as configurations write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModeName {
    /// Real.
    Actual,
    /// A drill.
    Exercise,
    /// A technical test.
    Test,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Actual => Self::Actual,
            ModeName::Exercise => Self::Exercise,
            ModeName::Test => Self::Test,
        }
    }
}

/// How a siren is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// A line of a GPIO chip.
    Gpio,
    /// A node, by frames.
    Node,
    /// A file to which every change is appended: benches, rigs, programs that follow it.
    File,
}

/// A siren.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Siren {
    /// Id, unique at this edge.
    pub id: String,
    /// Zones and groups that it belongs to; commands name them.
    pub zones: Vec<String>,
    /// `gpio`, `node` or `file`.
    pub output: OutputKind,
    /// GPIO: the chip's device.
    pub chip: Option<PathBuf>,
    /// GPIO: offset of the line on the chip.
    pub line: Option<u32>,
    /// GPIO: the siren is on when the line is low.
    #[serde(default)]
    pub active_low: bool,
    /// Node: its number.
    pub node: Option<u32>,
    /// File: its path, relative to the working directory.
    pub file: Option<PathBuf>,
    /// Pattern for each signal of a real alert.
    #[serde(default)]
    pub actual: BTreeMap<String, String>,
    /// Pattern for each signal of an exercise; without one the siren is silent in exercises.
    #[serde(default)]
    pub exercise: BTreeMap<String, String>,
    /// Pattern for each signal of a technical test; without one the siren is silent in tests.
    #[serde(default)]
    pub test: BTreeMap<String, String>,
}

impl Siren {
    /// Pattern of each signal in a mode.
    pub fn signals(&self, mode: Mode) -> &BTreeMap<String, String> {
        match mode {
            Mode::Actual => &self.actual,
            Mode::Exercise => &self.exercise,
            Mode::Test => &self.test,
        }
    }
}

/// A named pattern.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SirenPattern {
    /// Id.
    pub id: String,
    /// How long each tone is.
    #[serde(with = "settings::duration")]
    pub on: Duration,
    /// How long each pause is; `"0s"` is one long tone.
    #[serde(with = "settings::duration")]
    pub off: Duration,
    /// How long it all is.
    #[serde(with = "settings::duration")]
    pub lasts: Duration,
}

impl SirenPattern {
    /// The pattern itself.
    pub const fn pattern(&self) -> Pattern {
        Pattern {
            on: self.on,
            off: self.off,
            lasts: self.lasts,
        }
    }
}

impl Sirens {
    /// The keys; those that are none are left out, which [`check`] has refused before.
    pub fn keys(&self) -> Vec<Issuer> {
        self.issuers
            .iter()
            .filter_map(|hex| Issuer::from_hex(hex))
            .collect()
    }
}

/// Checks all that the configuration says about sirens; `nodes` are the numbers of the configured nodes.
///
/// # Errors
/// The key that is wrong, and why.
pub fn check(
    common: &Sirens,
    sirens: &[Siren],
    patterns: &[SirenPattern],
    nodes: &BTreeSet<u32>,
) -> Result<(), (String, String)> {
    let refuse = |key: &str, message: String| Err((key.to_owned(), message));
    if sirens.len() > MAX_SIRENS || patterns.len() > MAX_PATTERNS {
        return refuse(
            "siren",
            format!("at most {MAX_SIRENS} sirens and {MAX_PATTERNS} patterns"),
        );
    }
    check_issuers(common, sirens)?;
    let mut named = BTreeMap::new();
    for (index, entry) in patterns.iter().enumerate() {
        let key = format!("siren_pattern[{index}]");
        if !is_id(&entry.id) || named.insert(entry.id.as_str(), entry.pattern()).is_some() {
            return refuse(
                &key,
                "needs an id of its own: 1 to 48 of A-Z a-z 0-9 . _ -".to_owned(),
            );
        }
        let pattern = entry.pattern();
        if pattern.on < MIN_PHASE
            || (!pattern.off.is_zero() && pattern.off < MIN_PHASE)
            || pattern.lasts < pattern.on
            || pattern.lasts > MAX_LASTS
        {
            return refuse(
                &key,
                "on must be at least 10ms, off as well or 0s, lasts at least on and at most 30m"
                    .to_owned(),
            );
        }
    }
    let mut ids = BTreeSet::new();
    let mut outputs = BTreeSet::new();
    for (index, siren) in sirens.iter().enumerate() {
        let key = format!("siren[{index}]");
        if !is_id(&siren.id) || !ids.insert(siren.id.as_str()) {
            return refuse(
                &key,
                "needs an id of its own: 1 to 48 of A-Z a-z 0-9 . _ -".to_owned(),
            );
        }
        if siren.zones.is_empty()
            || siren.zones.len() > MAX_ZONES
            || siren.zones.iter().any(|zone| !is_id(zone))
        {
            return refuse(
                &key,
                format!("zones must name 1 to {MAX_ZONES} zones by id"),
            );
        }
        let output = siren.check_output(nodes).map_err(|e| (key.clone(), e))?;
        if !outputs.insert(output) {
            return refuse(&key, "another siren has this output".to_owned());
        }
        siren.check_patterns(&named).map_err(|e| (key, e))?;
    }
    check_alone(&common.alone, sirens)
}

fn check_issuers(common: &Sirens, sirens: &[Siren]) -> Result<(), (String, String)> {
    let refuse = |message: String| Err(("sirens.issuers".to_owned(), message));
    if common.issuers.len() > MAX_ISSUERS {
        return refuse(format!("at most {MAX_ISSUERS} keys"));
    }
    if common.keys().len() != common.issuers.len() {
        return refuse("a public key is 64 hexadecimal digits, as in the file siren.pub that `watchfire sirens new-key` writes".to_owned());
    }
    if common.issuers.is_empty() && !sirens.is_empty() {
        return refuse("sirens need the hub's public key: without it no command is believed; `watchfire sirens new-key` makes a pair".to_owned());
    }
    Ok(())
}

fn check_alone(alone: &Alone, sirens: &[Siren]) -> Result<(), (String, String)> {
    let refuse = |key: &str, message: &str| Err((format!("sirens.{key}"), message.to_owned()));
    if !(alone.min_height_m >= 0.0 && alone.min_height_m.is_finite()) {
        return refuse("alone.min_height_m", "must be at least 0 m");
    }
    if alone.policy == Policy::Never {
        return Ok(());
    }
    let Some(mode) = alone.mode else {
        return refuse(
            "alone",
            "policy = \"sound\" needs mode: actual, exercise or test",
        );
    };
    if !sirens
        .iter()
        .any(|siren| siren.signals(mode.into()).contains_key(&alone.signal))
    {
        return refuse(
            "alone.signal",
            "no siren has a pattern for this signal in this mode: nothing would sound",
        );
    }
    if alone.after < Duration::from_millis(100) || alone.within.is_zero() || alone.again.is_zero() {
        return refuse(
            "alone",
            "after must be at least 100ms, within and again above zero",
        );
    }
    Ok(())
}

impl Siren {
    /// A text that is the same for the same output.
    fn check_output(&self, nodes: &BTreeSet<u32>) -> Result<String, String> {
        let gpio = self.chip.is_some() || self.line.is_some() || self.active_low;
        match (self.output, &self.chip, self.line, self.node, &self.file) {
            (OutputKind::Gpio, Some(chip), Some(line), None, None) => {
                Ok(format!("{} line {line}", chip.display()))
            }
            (OutputKind::Gpio, ..) => {
                Err("a gpio output needs chip and line, and neither node nor file".to_owned())
            }
            (OutputKind::Node, _, _, Some(node), None) if !gpio => {
                if nodes.contains(&node) {
                    Ok(format!("node {node}"))
                } else {
                    Err(format!("node {node} is no [[node]] of this edge"))
                }
            }
            (OutputKind::Node, ..) => {
                Err("a node output needs node, and nothing of the others".to_owned())
            }
            (OutputKind::File, _, _, None, Some(file)) if !gpio => Ok(file.display().to_string()),
            (OutputKind::File, ..) => {
                Err("a file output needs file, and nothing of the others".to_owned())
            }
        }
    }

    fn check_patterns(&self, named: &BTreeMap<&str, Pattern>) -> Result<(), String> {
        let mut sounds: Vec<(Mode, Pattern)> = Vec::new();
        for mode in Mode::ALL.iter().copied() {
            for (signal, name) in self.signals(mode) {
                if !is_id(signal) {
                    return Err(format!("signal \"{signal}\" is no id"));
                }
                let Some(pattern) = named.get(name.as_str()) else {
                    return Err(format!("there is no [[siren_pattern]] \"{name}\""));
                };
                sounds.push((mode, *pattern));
            }
        }
        if sounds.is_empty() {
            return Err("has no pattern in any mode: it would never sound".to_owned());
        }
        // By the sound, not by the name: who hears it cannot read the name.
        let actual = |mode| mode == Mode::Actual;
        let alike = sounds.iter().any(|(mode, pattern)| {
            !actual(*mode)
                && sounds
                    .iter()
                    .any(|(other, o)| actual(*other) && (o.on, o.off) == (pattern.on, pattern.off))
        });
        if alike {
            return Err("an exercise or test must not sound like a warning: give it a pattern with another on or off".to_owned());
        }
        Ok(())
    }
}
