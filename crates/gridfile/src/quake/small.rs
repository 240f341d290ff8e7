//! The small file that a person writes: JSON or TOML.
//!
//! ```toml
//! magnitude = 8.8
//! lat = -36.122
//! lon = -72.898
//! depth_km = 22.9
//! time = "2010-02-27T06:34:11.530Z"
//! # and if known:
//! id = "maule-2010"
//! place = "offshore Bio-Bio, Chile"
//! strike_deg = 18
//! dip_deg = 18
//! rake_deg = 112
//! ```

use ocean::Quake;
use serde::Deserialize;
use settings::{Document, Environment};

use super::{Earthquake, Plane, checked, words};
use crate::problem::Problem;
use crate::stations::as_id;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Small {
    #[serde(alias = "mag", alias = "mw")]
    magnitude: f64,
    #[serde(alias = "latitude")]
    lat: f64,
    #[serde(alias = "longitude")]
    lon: f64,
    #[serde(default = "assumed_depth_km", alias = "depth")]
    depth_km: f64,
    #[serde(with = "settings::instant", alias = "origin", alias = "origin_time")]
    time: i64,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    place: String,
    #[serde(default, alias = "strike")]
    strike_deg: Option<f64>,
    #[serde(default, alias = "dip")]
    dip_deg: Option<f64>,
    #[serde(default, alias = "rake")]
    rake_deg: Option<f64>,
}

fn assumed_depth_km() -> f64 {
    super::ASSUMED_DEPTH_KM
}

/// Whether a text looks like it: its first line that says something is `key = value` or a table's name.
pub(crate) fn is_toml(text: &str) -> bool {
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let key = line.split_once('=').map(|(key, _)| key.trim());
        line.starts_with('[')
            || key.is_some_and(|k| {
                !k.is_empty() && k.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
    })
}

pub(crate) fn toml(name: &str, text: &str) -> Result<Earthquake, Problem> {
    let document = Document::new(name, text);
    // The settings' messages name the file in every line themselves; here the caller does.
    let small: Small = document.read(&Environment::none()).map_err(|e| {
        let text = e.to_string();
        Problem::Malformed(
            text.strip_prefix(&format!("{name}:"))
                .unwrap_or(&text)
                .trim()
                .to_owned(),
        )
    })?;
    small.earthquake()
}

pub(crate) fn json(text: &str) -> Result<Earthquake, Problem> {
    let small: Small =
        serde_json::from_str(text).map_err(|e| Problem::Malformed(format!("as JSON: {e}")))?;
    small.earthquake()
}

impl Small {
    fn earthquake(self) -> Result<Earthquake, Problem> {
        let plane = match (self.strike_deg, self.dip_deg, self.rake_deg) {
            (Some(strike), Some(dip), Some(rake)) => {
                Some(Plane::new(strike, dip, rake).ok_or_else(|| {
                    Problem::Malformed(format!(
                        "strike {strike}, dip {dip}, rake {rake} are no nodal plane"
                    ))
                })?)
            }
            (None, None, None) => None,
            _ => {
                return Err(Problem::malformed(
                    "strike_deg, dip_deg and rake_deg belong together; one of them is missing",
                ));
            }
        };
        let id = self.id.as_deref().map(as_id).filter(|id| !id.is_empty());
        let quake = Quake {
            id: id.unwrap_or_else(|| format!("{}", self.time.div_euclid(1_000_000))),
            magnitude: self.magnitude,
            lat: self.lat,
            lon: self.lon,
            depth_km: self.depth_km,
            origin_us: self.time,
        };
        Ok(Earthquake {
            quake: checked(quake).map_err(Problem::Malformed)?,
            planes: plane.into_iter().collect(),
            place: words(&self.place),
            magnitude_type: None,
            updated_us: None,
        })
    }
}
