//! A script as it is written; `hil/scripts/README.md` explains each key.

use super::{Model, Outcome};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptFile {
    pub name: String,
    #[serde(default = "one")]
    pub seed: u64,
    #[serde(with = "settings::duration")]
    pub length: Duration,
    #[serde(default)]
    pub faults: Vec<String>,
    #[serde(default)]
    pub fault: Vec<FaultFile>,
    pub sensor: Vec<SensorFile>,
    pub expect: Vec<ExpectFile>,
}

const fn one() -> u64 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectFile {
    pub outcome: Outcome,
    #[serde(default, with = "settings::duration::option")]
    pub within: Option<Duration>,
    pub of: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultFile {
    pub on: String,
    pub kind: String,
    #[serde(default, with = "settings::duration::option")]
    pub at: Option<Duration>,
    #[serde(default, with = "settings::duration::option")]
    pub lasts: Option<Duration>,
    #[serde(default)]
    pub with: BTreeMap<String, Scalar>,
}

/// A parameter's value: `rate = 0.5`, `by = "2s"`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Whole(i64),
    Number(f64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SensorFile {
    pub name: String,
    #[serde(default = "node")]
    pub node: String,
    pub digiquartz: Option<DigiquartzFile>,
    pub ms5837: Option<Ms5837File>,
    pub ops243: Option<Ops243File>,
    pub inductive_loop: Option<LoopFile>,
    pub adxl355: Option<Adxl355File>,
    pub sdm230: Option<MeterFile>,
    pub sdm630: Option<MeterFile>,
    pub pzem004t: Option<MeterFile>,
}

fn node() -> String {
    "node".to_owned()
}

impl SensorFile {
    /// The models that are given, in the order of [`Model::ALL`].
    pub fn models(&self) -> Vec<Model> {
        let given = [
            self.digiquartz.is_some(),
            self.ms5837.is_some(),
            self.ops243.is_some(),
            self.inductive_loop.is_some(),
            self.adxl355.is_some(),
            self.sdm230.is_some(),
            self.sdm630.is_some(),
            self.pzem004t.is_some(),
        ];
        let pairs = Model::ALL.into_iter().zip(given);
        pairs
            .filter_map(|(model, given)| given.then_some(model))
            .collect()
    }

    /// The model, where it is just one.
    /// Its address on its line, where it has one.
    pub fn address(&self) -> Option<u8> {
        let meter = self.sdm230.as_ref().or(self.sdm630.as_ref());
        let meter = meter.or(self.pzem004t.as_ref());
        let meter = meter.map(|own| own.address.unwrap_or(1));
        let gauge = self.digiquartz.as_ref();
        gauge.map(|own| own.address.unwrap_or(1)).or(meter)
    }

    pub fn model(&self) -> Option<Model> {
        match self.models().as_slice() {
            [model] => Some(*model),
            _ => None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DigiquartzFile {
    pub address: Option<u8>,
    pub baud: Option<u32>,
    pub pr: Option<u16>,
    pub unit: Option<String>,
    pub full_scale_pa: Option<f64>,
    pub digits: Option<u8>,
    pub pressure: SourceFile,
    pub temperature: Option<SourceFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ms5837File {
    pub pressure: SourceFile,
    pub temperature: Option<SourceFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ops243File {
    pub baud: Option<u32>,
    pub beam_m: Option<f64>,
    pub traffic: TrafficFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoopFile {
    pub length_m: Option<f64>,
    pub bounce_pairs: Option<u8>,
    #[serde(default, with = "settings::duration::option")]
    pub bounce_within: Option<Duration>,
    pub traffic: TrafficFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Adxl355File {
    pub x: Option<SourceFile>,
    pub y: Option<SourceFile>,
    pub z: Option<SourceFile>,
    pub temperature: Option<SourceFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeterFile {
    pub address: Option<u8>,
    pub baud: Option<u32>,
    pub parity: Option<Parity>,
    pub stop_bits: Option<u8>,
    #[serde(default, with = "settings::duration::option")]
    pub turnaround: Option<Duration>,
    pub import_wh: Option<f64>,
    pub phase: Vec<PhaseFile>,
    pub frequency: SourceFile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Parity {
    None,
    Even,
    Odd,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseFile {
    pub voltage: SourceFile,
    pub current: SourceFile,
    pub power_factor: Option<SourceFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceFile {
    pub constant: Option<f64>,
    pub sine: Option<SineFile>,
    pub steps: Option<Vec<PointFile>>,
    pub ramp: Option<Vec<PointFile>>,
    pub record: Option<RecordFile>,
    pub csv: Option<CsvFile>,
    #[serde(default)]
    pub between: BetweenFile,
    #[serde(default, with = "settings::duration::option")]
    pub max_gap: Option<Duration>,
    #[serde(default, with = "settings::offset::option")]
    pub start: Option<i64>,
    pub scale: Option<f64>,
    pub offset: Option<f64>,
    pub noise: Option<f64>,
    pub water: Option<WaterFile>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BetweenFile {
    #[default]
    Linear,
    Hold,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SineFile {
    pub mean: f64,
    pub amplitude: f64,
    #[serde(with = "settings::duration")]
    pub period: Duration,
    #[serde(default)]
    pub phase: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PointFile {
    #[serde(with = "settings::duration")]
    pub at: Duration,
    pub value: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordFile {
    pub event: String,
    pub station: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CsvFile {
    pub file: String,
    pub time: String,
    pub value: String,
    pub missing: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaterFile {
    pub depth_m: f64,
    pub density_kg_m3: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficFile {
    pub phases: Option<Vec<TrafficPhaseFile>>,
    pub vehicles: Option<Vec<VehicleFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficPhaseFile {
    #[serde(with = "settings::duration")]
    pub at: Duration,
    pub flow_per_h: f64,
    pub speed_kmh: f64,
    #[serde(default)]
    pub spread_kmh: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VehicleFile {
    #[serde(with = "settings::duration")]
    pub at: Duration,
    pub speed_kmh: f64,
    pub length_m: f64,
    #[serde(default)]
    pub heading: HeadingFile,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum HeadingFile {
    #[default]
    Inbound,
    Outbound,
}

/// Microseconds of a span.
pub(super) fn us(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
