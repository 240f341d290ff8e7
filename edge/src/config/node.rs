//! The sensor nodes: who they are, what they are set to, and what firmware they are offered.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Error as _, Unexpected};
use wire::frame::{Allowed, Sensor, Setting, SettingKey};
use wire::quantity::Quantity;

/// What holds for all nodes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nodes {
    /// Most frames a second that are taken of one node, and twice as many in a burst; the rest is refused and counted,
    /// and the node sends it again. A full ring of 4,096 readings is 342 frames.
    pub frames_per_s: u32,
    /// A node that was heard before counts as silent after this long.
    #[serde(with = "settings::duration")]
    pub silent_after: Duration,
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            frames_per_s: 200,
            silent_after: Duration::from_secs(300),
        }
    }
}

/// A sensor node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Number of the node, as in its frames.
    pub id: u32,
    /// Station whose readings it delivers.
    pub station: String,
    /// File with the node's key: 64 hexadecimal digits.
    pub key_file: Option<PathBuf>,
    /// The key itself, for exercises with public keys.
    pub key: Option<String>,
    /// What it measures; readings of anything else are flagged `suspect`. Empty: anything.
    #[serde(default)]
    pub quantities: Vec<Quantity>,
    /// Set for simulated nodes: every reading carries the flag `simulated`.
    #[serde(default)]
    pub simulated: bool,
    /// What the node shall be set to; what is not named stays as it is.
    #[serde(default)]
    pub settings: NodeSettings,
}

/// Firmware that is offered to nodes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Updates {
    /// Directory with signed images (`*.wfu`); without it nothing is offered.
    pub dir: Option<PathBuf>,
    /// Public keys, 64 hexadecimal digits each: what none of them has signed is not offered. Without any, nodes alone decide.
    pub keys: Vec<String>,
    /// Most nodes of one station that are updated at a time: with one, the others keep watching.
    pub at_once_per_station: u32,
}

impl Default for Updates {
    fn default() -> Self {
        Self {
            dir: None,
            keys: Vec::new(),
            at_once_per_station: 1,
        }
    }
}

/// Settings of a node as a person writes them: numbers, `true`, `"off"`, and names for codes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// Time between two samples, ms.
    pub sample_interval_ms: Option<f64>,
    /// The same in rapid mode, ms.
    pub rapid_interval_ms: Option<f64>,
    /// How long rapid mode lasts after the last finding, s.
    pub rapid_hold_s: Option<f64>,
    /// How long a sample may wait for others to share a frame, ms.
    pub max_hold_ms: Option<f64>,
    /// Time between health reports, s; 0 for none.
    pub health_s: Option<f64>,
    /// Time between clock exchanges, s; 0 for none.
    pub time_request_s: Option<f64>,
    /// Upper limit, in the quantity's unit, or "off".
    #[serde(deserialize_with = "limit")]
    pub threshold_above: Option<f64>,
    /// Lower limit, in the quantity's unit, or "off".
    #[serde(deserialize_with = "limit")]
    pub threshold_below: Option<f64>,
    /// Whether the node runs the tsunami detector.
    pub tsunami_detector: Option<bool>,
    /// Whether the node speaks only when polled.
    pub shared_line: Option<bool>,
    /// `tsunami`, `road` or `energy`.
    #[serde(deserialize_with = "kind")]
    pub node_kind: Option<f64>,
    /// The sensor's name.
    #[serde(deserialize_with = "sensor")]
    pub sensor: Option<f64>,
    /// Speed of the sensor's serial line, bits per second.
    pub sensor_baud: Option<f64>,
    /// The sensor's address on its bus.
    pub sensor_address: Option<f64>,
    /// Longest time that a siren sounds for one command, s.
    pub siren_max_s: Option<f64>,
}

/// Node kinds by code, from 1.
pub const KINDS: [&str; 3] = ["tsunami", "road", "energy"];

impl NodeSettings {
    /// The settings that are named, by code.
    pub fn values(&self) -> Vec<Setting> {
        let truth = |value: Option<bool>| value.map(|value| f64::from(u8::from(value)));
        SettingKey::ALL
            .iter()
            .filter_map(|&key| {
                let value = match key {
                    SettingKey::SampleIntervalMs => self.sample_interval_ms,
                    SettingKey::RapidIntervalMs => self.rapid_interval_ms,
                    SettingKey::RapidHoldS => self.rapid_hold_s,
                    SettingKey::MaxHoldMs => self.max_hold_ms,
                    SettingKey::HealthS => self.health_s,
                    SettingKey::TimeRequestS => self.time_request_s,
                    SettingKey::ThresholdAbove => self.threshold_above,
                    SettingKey::ThresholdBelow => self.threshold_below,
                    SettingKey::TsunamiDetector => truth(self.tsunami_detector),
                    SettingKey::SharedLine => truth(self.shared_line),
                    SettingKey::NodeKind => self.node_kind,
                    SettingKey::Sensor => self.sensor,
                    SettingKey::SensorBaud => self.sensor_baud,
                    SettingKey::SensorAddress => self.sensor_address,
                    SettingKey::SirenMaxS => self.siren_max_s,
                };
                value.map(|value| Setting::new(key, value))
            })
            .collect()
    }

    /// The first setting that no node would take, and what it may be.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        for setting in self.values() {
            let Some(key) = SettingKey::from_code(setting.key) else {
                continue;
            };
            if !key.allowed().holds(setting.value) {
                let may = match key.allowed() {
                    Allowed::Whole(low, high) => {
                        format!("must be a whole number from {low} to {high}")
                    }
                    Allowed::NumberOrOff => "must be a number or \"off\"".to_owned(),
                };
                return Err((key.name(), may));
            }
        }
        // What contradicts itself can be told only where the rest is known: the defaults of the kind.
        let role = self.node_kind.map(|kind| node::Role::from_code(kind as u8));
        if let Some(Some(role)) = role
            && let Err(error) = node::Settings::defaults(role).with(&self.values())
        {
            let why = match error {
                node::SettingsError::Intervals => {
                    "rapid_interval_ms is longer than sample_interval_ms".to_owned()
                }
                node::SettingsError::Limits => {
                    "threshold_below and threshold_above leave no room between them".to_owned()
                }
                node::SettingsError::Detector => {
                    "tsunami_detector needs a pressure sensor".to_owned()
                }
                other => format!("{other:?}"),
            };
            return Err((
                "node_kind",
                format!("a node of this kind refuses these settings: {why}"),
            ));
        }
        Ok(())
    }
}

/// A setting as a person reads it.
pub fn shown(setting: &Setting) -> serde_json::Value {
    let value = setting.value;
    let name = match SettingKey::from_code(setting.key) {
        Some(SettingKey::NodeKind) => KINDS.get((value as usize).wrapping_sub(1)).copied(),
        Some(SettingKey::Sensor) => match Sensor::from_code(value as u8) {
            Sensor::Unknown => None,
            sensor => Some(sensor.name()),
        },
        Some(SettingKey::ThresholdAbove | SettingKey::ThresholdBelow) if value.is_nan() => {
            Some("off")
        }
        Some(SettingKey::TsunamiDetector | SettingKey::SharedLine) => {
            return (value != 0.0).into();
        }
        _ => None,
    };
    match name {
        Some(name) => name.into(),
        None if value.fract() == 0.0 && value.abs() < 1e15 => (value as i64).into(),
        None => value.into(),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Word(String),
}

fn limit<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    match Written::deserialize(from)? {
        Written::Number(number) => Ok(Some(number)),
        Written::Word(word) if word == "off" => Ok(Some(f64::NAN)),
        Written::Word(word) => Err(D::Error::invalid_value(
            Unexpected::Str(&word),
            &"a number or \"off\"",
        )),
    }
}

fn named<'de, D: serde::Deserializer<'de>>(
    from: D,
    names: impl Iterator<Item = (&'static str, f64)> + Clone,
) -> Result<Option<f64>, D::Error> {
    match Written::deserialize(from)? {
        Written::Number(number) => Ok(Some(number)),
        Written::Word(word) => match names.clone().find(|(name, _)| *name == word) {
            Some((_, code)) => Ok(Some(code)),
            None => {
                let all: Vec<&str> = names.map(|(name, _)| name).collect();
                Err(D::Error::custom(format!(
                    "\"{word}\" is not one of {}",
                    all.join(", ")
                )))
            }
        },
    }
}

fn kind<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    named(from, KINDS.into_iter().zip([1.0, 2.0, 3.0]))
}

fn sensor<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let known = (1..=u8::MAX)
        .map(Sensor::from_code)
        .filter(|sensor| *sensor != Sensor::Unknown)
        .map(|sensor| (sensor.name(), f64::from(sensor.code())));
    named(from, known)
}
