//! Rules: which findings belong together, as data. The shipped ones are `configs/rules.toml`; a deployment adds its own.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use super::Finding;
use super::kind::Kind;

/// The shipped rules.
pub const SHIPPED: &str = include_str!("../../../configs/rules.toml");

/// Speeds between which the first and the last waves of an earthquake travel that shake an instrument, km/s: from the slowest surface
/// waves over soft crust to the waves through the core that reach the far side of the Earth in 20 min 12 s (Kennett, Engdahl and Buland
/// 1995, the tables of ak135: PKPdf at 180 degrees).
const SEISMIC_KM_S: [f64; 2] = [2.5, 16.6];
/// Half the Earth's girth, km: nothing is farther.
const FARTHEST_KM: f64 = 20_040.0;
/// The longest time that a rule may span.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// Most rules.
const MOST_RULES: usize = 256;

/// `[situations]` of a deployment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether the shipped rules hold too. A rule of the deployment's own with the id of a shipped one replaces it.
    pub shipped_rules: bool,
    /// Kinds of findings that are a situation even alone. Earthquakes are one where they may make a tsunami.
    pub opens: BTreeSet<Kind>,
    /// A situation is over when nothing in it has been on for this long.
    #[serde(with = "settings::duration")]
    pub linger: Duration,
    /// The deployment's own rules.
    pub rule: Vec<Rule>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shipped_rules: true,
            opens: BTreeSet::from([
                Kind::Earthquake,
                Kind::Wave,
                Kind::Ground,
                Kind::Outage,
                Kind::Limit,
                Kind::Incident,
            ]),
            linger: Duration::from_secs(3600),
            rule: Vec::new(),
        }
    }
}

/// One rule: a finding of an effect's kind belongs to one of a cause's kind when it is near enough and began in time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Id, unique.
    pub id: String,
    /// Kinds of the cause.
    pub cause: BTreeSet<Kind>,
    /// Kinds of the effect.
    pub effect: BTreeSet<Kind>,
    /// Least size of the cause: magnitude of an earthquake, meters of an outage, stations of a shaking of the ground; other findings have 1.
    #[serde(default)]
    pub cause_least: f64,
    /// Least size of the effect.
    #[serde(default)]
    pub effect_least: f64,
    /// How long before the cause the effect may begin: what clocks and detectors err by.
    #[serde(default, with = "settings::duration")]
    pub before: Duration,
    /// How long after the cause began the effect may begin.
    #[serde(default, with = "settings::duration")]
    pub within: Duration,
    /// And as long as the cause is on, however long that is.
    #[serde(default)]
    pub while_on: bool,
    /// How near they must be, km.
    pub radius_km: Option<f64>,
    /// Or: within so many times the radius in which the earthquake is felt.
    pub felt: Option<f64>,
    /// Or: the effect begins while the earthquake's seismic waves can be there; `before` and `within` are added to that time.
    #[serde(default)]
    pub seismic: bool,
    /// Or: the hub itself has counted both to one tsunami, by the ocean's travel times. Times do not matter then.
    #[serde(default)]
    pub sea: bool,
    /// What it means, for people.
    #[serde(default)]
    pub says: String,
    /// The effect is evidence of damage.
    #[serde(default)]
    pub damage: bool,
    /// `false` takes a shipped rule away.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// How two findings hang together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The effect began so long after the cause, microseconds.
    pub lag_us: i64,
    /// They are so far apart, km; `None` where nobody asked.
    pub km: Option<f64>,
}

/// Radius in which an earthquake is felt so strongly that things fall, km: ten to the power of M/2 - 1.25, that is 56 km at M6, 178 km at
/// M7, 562 km at M8. Our choice (assumed), near the distance at which shaking begins to be strong.
pub fn felt_km(magnitude: f64) -> f64 {
    10.0_f64.powf(0.5 * magnitude - 1.25)
}

impl Settings {
    /// The rules that hold, shipped ones first.
    ///
    /// # Errors
    /// Text that names the rule, what is wrong with it and what to do.
    pub fn rules(&self) -> Result<Vec<Rule>, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            rule: Vec<Rule>,
        }
        let shipped: File =
            settings::parse("configs/rules.toml", SHIPPED).map_err(|e| e.to_string())?;
        let mut ids = BTreeSet::new();
        for rule in &self.rule {
            rule.check()
                .map_err(|e| format!("[[situations.rule]] \"{}\": {e}", rule.id))?;
            if !ids.insert(&rule.id) {
                return Err(format!(
                    "[[situations.rule]] \"{}\" is there twice; give each rule its own id",
                    rule.id
                ));
            }
        }
        let mut rules = if self.shipped_rules {
            shipped.rule
        } else {
            Vec::new()
        };
        for own in &self.rule {
            match rules.iter_mut().find(|r| r.id == own.id) {
                Some(replaced) => *replaced = own.clone(),
                None => rules.push(own.clone()),
            }
        }
        if rules.len() > MOST_RULES {
            return Err(format!("[[situations.rule]]: {MOST_RULES} rules at most"));
        }
        rules.retain(|r| r.enabled);
        Ok(rules)
    }

    /// Refuses what cannot be meant.
    pub fn check(&self) -> Result<(), String> {
        self.rules()?;
        if self.linger < Duration::from_secs(60) || self.linger > LONGEST {
            return Err("[situations] linger must lie between 1m and 7d".to_owned());
        }
        Ok(())
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        if !wire::topic::is_id(&self.id) {
            return Err("id must be 1 to 48 letters, digits, `.`, `_` or `-`".to_owned());
        }
        if !self.enabled {
            return Ok(());
        }
        if self.cause.is_empty() || self.effect.is_empty() {
            return Err("name at least one kind of `cause` and one of `effect`".to_owned());
        }
        let reaches = [
            self.radius_km.is_some(),
            self.felt.is_some(),
            self.seismic,
            self.sea,
        ];
        if reaches.iter().filter(|r| **r).count() != 1 {
            return Err(
                "say how near they must be by one of radius_km = ..., felt = ..., seismic = true, sea = true"
                    .to_owned(),
            );
        }
        let by_quake = self.felt.is_some() || self.seismic;
        if by_quake && self.cause.iter().any(|k| *k != Kind::Earthquake) {
            return Err(
                "`felt` and `seismic` go by an earthquake's magnitude and place: cause = [\"earthquake\"]"
                    .to_owned(),
            );
        }
        let positive = |v: Option<f64>, most: f64| v.is_none_or(|v| v > 0.0 && v <= most);
        if !positive(self.radius_km, FARTHEST_KM) || !positive(self.felt, 100.0) {
            return Err(format!(
                "radius_km must be above 0 and at most {FARTHEST_KM:.0}, felt at most 100"
            ));
        }
        if ![self.cause_least, self.effect_least]
            .iter()
            .all(|v| (0.0..=1e6).contains(v))
        {
            return Err("cause_least and effect_least must lie between 0 and a million".to_owned());
        }
        if self.before > LONGEST || self.within > LONGEST {
            return Err("before and within are at most 7d".to_owned());
        }
        Ok(())
    }

    /// The longest time between two findings that it can link.
    pub(super) fn spans_us(&self) -> i64 {
        let seismic_s = if self.seismic {
            FARTHEST_KM / SEISMIC_KM_S[0]
        } else {
            0.0
        };
        let spans = self.before.max(self.within).as_micros() as i64;
        spans.saturating_add((seismic_s * 1e6) as i64)
    }

    /// Whether an effect belongs to a cause.
    pub(super) fn links(&self, cause: &Finding, effect: &Finding) -> Option<Link> {
        if !self.cause.contains(&cause.kind)
            || !self.effect.contains(&effect.kind)
            || cause.size < self.cause_least
            || effect.size < self.effect_least
        {
            return None;
        }
        let lag_us = effect.since_us.saturating_sub(cause.since_us);
        if self.sea {
            let one = cause.event.is_some() && cause.event == effect.event;
            return one.then_some(Link { lag_us, km: None });
        }
        let before_us = self.before.as_micros() as i64;
        let mut within_us = self.within.as_micros() as i64;
        if self.while_on {
            within_us = within_us.max(match cause.until_us {
                Some(until_us) => until_us.saturating_sub(cause.since_us),
                None => i64::MAX,
            });
        }
        if self.seismic {
            let km = cause.shape.within_km(&effect.shape, FARTHEST_KM)?;
            let [slow, fast] = SEISMIC_KM_S.map(|v| (km / v * 1e6) as i64);
            let there = fast - before_us..=slow.saturating_add(within_us);
            return there.contains(&lag_us).then_some(Link {
                lag_us,
                km: Some(km),
            });
        }
        if !(-before_us..=within_us).contains(&lag_us) {
            return None;
        }
        let most_km = match (self.radius_km, self.felt) {
            (Some(km), _) => km,
            (None, Some(times)) => times * felt_km(cause.size),
            (None, None) => return None,
        };
        let km = cause.shape.within_km(&effect.shape, most_km)?;
        Some(Link {
            lag_us,
            km: Some(km),
        })
    }
}
