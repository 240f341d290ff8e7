//! Which alert sounds which sirens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use wire::command::MAX_LIFETIME_US;
use wire::topic::is_id;

use crate::alert::Level;

/// Most zones with sirens.
const MAX_ZONES: usize = 1_000;

/// Most sirens of a zone.
const MAX_SIRENS: usize = 1_000;

/// What holds for all sirens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sirens {
    /// File with the key that signs commands, as `watchfire sirens new-key` writes it; relative to `hub.toml`.
    pub key_file: PathBuf,
    /// A zone has too few answers below this share of its sirens, 0 to 1.
    #[serde(default = "least_share")]
    pub least_share: f64,
    /// This long after an order.
    #[serde(default = "deadline", with = "settings::duration")]
    pub deadline: Duration,
    /// A command may be begun for this long after it was issued; it is issued again as long as the alert is in force.
    #[serde(default = "lasts", with = "settings::duration")]
    pub lasts: Duration,
}

fn least_share() -> f64 {
    0.9
}

fn deadline() -> Duration {
    Duration::from_secs(60)
}

fn lasts() -> Duration {
    Duration::from_secs(15 * 60)
}

/// Sirens that sound together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SirenZone {
    /// Id, as the edges' configurations name it.
    pub id: String,
    /// Alert zones that sound it, by id; without it and without `areas`, the one of the same id.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Areas that sound it, by their name in the message: for messages that name no zones.
    #[serde(default)]
    pub areas: Vec<String>,
    /// The sirens that are expected to answer: `edge/siren`.
    pub sirens: Vec<SirenName>,
    /// Where they stand, for the map: `"edge/siren" = [lat, lon]` in degrees. A siren without a place is not drawn.
    #[serde(default)]
    pub places: BTreeMap<SirenName, [f64; 2]>,
    /// Signal at level advisory; none by default.
    pub advisory: Option<String>,
    /// Signal at level warning.
    #[serde(default = "warning")]
    pub warning: Option<String>,
    /// Signal at level major; that of a warning by default.
    pub major: Option<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional key")]
fn warning() -> Option<String> {
    Some("warning".to_owned())
}

/// A siren of an edge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct SirenName {
    /// Edge id.
    pub edge: String,
    /// Siren id at that edge.
    pub siren: String,
}

impl TryFrom<String> for SirenName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('/') {
            Some((edge, siren)) if is_id(edge) && is_id(siren) => Ok(Self {
                edge: edge.to_owned(),
                siren: siren.to_owned(),
            }),
            _ => Err(format!("\"{text}\" is no siren: write edge/siren, two ids")),
        }
    }
}

impl SirenZone {
    /// The signal at a level.
    pub fn signal(&self, level: Level) -> Option<&str> {
        match level {
            Level::None => None,
            Level::Advisory => self.advisory.as_deref(),
            Level::Warning => self.warning.as_deref(),
            Level::Major => self.major.as_deref().or(self.warning.as_deref()),
        }
    }

    /// Whether an alert zone sounds it.
    pub fn has_zone(&self, id: &str) -> bool {
        if self.zones.is_empty() && self.areas.is_empty() {
            return self.id == id;
        }
        self.zones.iter().any(|zone| zone == id)
    }

    /// Its edges, each once.
    pub fn edges(&self) -> BTreeSet<&str> {
        self.sirens.iter().map(|name| name.edge.as_str()).collect()
    }
}

/// Refuses what cannot be meant. `known` are the alert zones.
///
/// # Errors
/// What is wrong and what to do.
pub fn check(
    sirens: Option<&Sirens>,
    zones: &[SirenZone],
    known: &BTreeSet<&String>,
) -> Result<(), String> {
    let Some(common) = sirens else {
        return match zones.first() {
            Some(zone) => Err(format!(
                "[[siren_zone]] \"{}\" needs a [sirens] with key_file: commands are signed",
                zone.id
            )),
            None => Ok(()),
        };
    };
    if !(0.0..=1.0).contains(&common.least_share) {
        return Err(format!(
            "[sirens] least_share = {} must lie between 0 and 1",
            common.least_share
        ));
    }
    if common.lasts < Duration::from_secs(10) || common.lasts.as_micros() > MAX_LIFETIME_US as u128
    {
        return Err("[sirens] lasts must be 10s to 24h".to_owned());
    }
    if zones.len() > MAX_ZONES {
        return Err(format!("more than {MAX_ZONES} [[siren_zone]]"));
    }
    let mut ids = BTreeSet::new();
    for zone in zones {
        let refuse = |what: String| Err(format!("[[siren_zone]] \"{}\": {what}", zone.id));
        if !is_id(&zone.id) || !ids.insert(&zone.id) {
            return refuse(
                "needs an id of its own: 1 to 48 letters, digits, `.`, `_` or `-`".to_owned(),
            );
        }
        if zone.sirens.is_empty() || zone.sirens.len() > MAX_SIRENS {
            return refuse(format!("needs 1 to {MAX_SIRENS} sirens, `edge/siren` each"));
        }
        if zone.sirens.iter().collect::<BTreeSet<_>>().len() != zone.sirens.len() {
            return refuse("names a siren twice".to_owned());
        }
        if let Some(other) = zone.zones.iter().find(|id| !known.contains(id)) {
            return refuse(format!("there is no [[zone]] \"{other}\""));
        }
        if zone.zones.is_empty() && zone.areas.is_empty() && !known.contains(&zone.id) {
            return refuse("no [[zone]] has this id: name some in `zones`, or areas of other messages in `areas`".to_owned());
        }
        for (name, at) in &zone.places {
            if !zone.sirens.contains(name) {
                return refuse(format!(
                    "`places` has {}/{}, which is none of its `sirens`",
                    name.edge, name.siren
                ));
            }
            if !crate::config::position(at[0], at[1]) {
                return refuse(format!("`places` has {at:?}, which is no [lat, lon]"));
            }
        }
        let signals = [&zone.advisory, &zone.warning, &zone.major];
        if let Some(bad) = signals.into_iter().flatten().find(|signal| !is_id(signal)) {
            return refuse(format!("signal \"{bad}\" is no id"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        sirens: Option<Sirens>,
        #[serde(default)]
        siren_zone: Vec<SirenZone>,
    }

    fn judged(text: &str) -> Result<(), String> {
        let file: File = settings::parse("hub.toml", text).map_err(|e| e.to_string())?;
        let known = ["coast".to_owned(), "bay".to_owned()];
        check(
            file.sirens.as_ref(),
            &file.siren_zone,
            &known.iter().collect(),
        )
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_says_what_to_do() {
        let good =
            "[sirens]\nkey_file = \"k\"\n[[siren_zone]]\nid = \"bay\"\nsirens = [\"e/pier\"]\n";
        judged(good).unwrap();
        judged("").unwrap();
        for (from, to, said) in [
            ("[sirens]\nkey_file = \"k\"\n", "", "key_file"),
            ("\"e/pier\"", "\"pier\"", "edge/siren"),
            ("\"e/pier\"", "\"e/pier\", \"e/pier\"", "twice"),
            ("[\"e/pier\"]", "[]", "1 to 1000"),
            ("id = \"bay\"", "id = \"hill\"", "no [[zone]] has this id"),
            (
                "id = \"bay\"",
                "id = \"bay\"\nzones = [\"sea\"]",
                "no [[zone]] \"sea\"",
            ),
            ("id = \"bay\"", "id = \"bay\"\nmajor = \"a b\"", "is no id"),
            (
                "[\"e/pier\"]",
                "[\"e/pier\"]\nplaces = { \"e/peer\" = [1.0, 2.0] }",
                "none of its `sirens`",
            ),
            (
                "[\"e/pier\"]",
                "[\"e/pier\"]\nplaces = { \"e/pier\" = [120.0, 2.0] }",
                "no [lat, lon]",
            ),
            ("\"k\"\n", "\"k\"\nleast_share = 1.5\n", "between 0 and 1"),
            ("\"k\"\n", "\"k\"\nlasts = \"2d\"\n", "10s to 24h"),
            ("\"k\"\n", "\"k\"\nlast = \"2m\"\n", "lasts"),
        ] {
            assert!(good.contains(from), "{from}");
            let refused = judged(&good.replacen(from, to, 1)).unwrap_err();
            assert!(refused.contains(said), "{to}: {refused}");
        }
    }

    #[test]
    fn a_level_has_its_signal() {
        let text =
            "[sirens]\nkey_file = \"k\"\n[[siren_zone]]\nid = \"bay\"\nsirens = [\"e/pier\"]\n";
        let file: File = settings::parse("hub.toml", text).unwrap();
        let zone = &file.siren_zone[0];
        let signals = [Level::None, Level::Advisory, Level::Warning, Level::Major]
            .map(|level| zone.signal(level));
        assert_eq!(signals, [None, None, Some("warning"), Some("warning")]);
    }
}
