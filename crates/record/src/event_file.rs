//! `event.toml` as it is written; `configs/README.md` explains each key.

use crate::event::Role;
use serde::Deserialize;
use wire::quantity::Quantity;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventFile {
    pub name: String,
    #[serde(with = "settings::instant")]
    pub origin: i64,
    #[serde(default, with = "settings::offset::option")]
    pub start: Option<i64>,
    #[serde(default, with = "settings::offset::option")]
    pub end: Option<i64>,
    pub deployment: Option<String>,
    #[serde(default)]
    pub quake: Vec<QuakeEntry>,
    pub station: Vec<StationEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuakeEntry {
    pub file: String,
    #[serde(with = "settings::offset")]
    pub after: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StationEntry {
    pub id: String,
    pub name: String,
    pub lat: f64,
    pub lon: f64,
    pub depth_m: Option<f64>,
    pub quantity: Quantity,
    pub file: String,
    pub format: Format,
    #[serde(default, with = "settings::instant::option")]
    pub zero: Option<i64>,
    pub csv: Option<CsvEntry>,
    #[serde(default)]
    pub detided: bool,
    #[serde(default)]
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Ndbc,
    Seconds,
    Csv,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CsvEntry {
    pub time: String,
    pub value: String,
    pub missing: Option<f64>,
}
