//! Who must agree before a message goes out: rules by level and zone, as the deployment's configuration says them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Grade, Weight};

/// Shortest and longest deadline that can be meant.
const DEADLINES: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(5)..=Duration::from_secs(24 * 3600);
/// Most rules.
const MOST_RULES: usize = 1_000;

/// The gate of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// What an approval that was given covers of the messages that follow in the same event.
    pub covers: Covers,
    /// First match counts, zone by zone; what no rule names asks nobody.
    pub rule: Vec<Rule>,
}

/// What an approval covers beyond the message it was given to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Covers {
    /// Every message is asked for, renewals too.
    Nothing,
    /// Messages that ask the same of the same zones: renewals, other heights and times within the level.
    #[default]
    Same,
    /// Also those that ask less: a lower level, fewer zones.
    Lesser,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing to do: an update that lifts the last zone's level.
    Information,
    /// A limit at a station.
    Limit,
    /// A tsunami advisory.
    Advisory,
    /// A tsunami warning.
    Warning,
    /// A major tsunami warning.
    Major,
    /// A cancellation: all clear, no wave, earthquake withdrawn.
    AllClear,
}

impl From<Grade> for Level {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Information => Self::Information,
            Grade::Limit => Self::Limit,
            Grade::Advisory => Self::Advisory,
            Grade::Warning => Self::Warning,
            Grade::Major => Self::Major,
        }
    }
}

/// What happens when nobody has decided in time.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FailSafe {
    /// The message goes out: a missed wave is worse.
    Issue,
    /// The message waits on, and the console says so: a false alarm is worse.
    Hold,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The levels it is about; empty: every level.
    #[serde(default)]
    pub levels: Vec<Level>,
    /// The zones, or stations of limits, it is about; empty: all.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Distinct persons who must agree: 0, 1 or 2.
    pub approvals: u8,
    /// After this long the fail-safe acts.
    #[serde(default, with = "settings::duration::option")]
    pub deadline: Option<Duration>,
    /// The fail-safe.
    pub at_deadline: Option<FailSafe>,
}

/// What a message has to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Gate {
    /// Distinct persons who must agree.
    pub approvals: u8,
    /// Microseconds from the proposal to the fail-safe.
    pub deadline_us: i64,
    /// The fail-safe.
    pub at_deadline: FailSafe,
}

impl Gate {
    /// Nobody is asked.
    pub const OPEN: Self = Self {
        approvals: 0,
        deadline_us: 0,
        at_deadline: FailSafe::Issue,
    };

    /// The stricter of two: more approvals; then the one that holds; then the longer deadline.
    fn stricter(self, other: Self) -> Self {
        let rank = |g: &Self| (g.approvals, g.at_deadline, g.deadline_us);
        if rank(&other) > rank(&self) {
            other
        } else {
            self
        }
    }
}

impl Policy {
    /// The gate of a message: that of its gravest zone, the strictest of these if there are several. What is said of lesser zones never holds a
    /// worse warning up.
    pub fn gate(&self, weight: &Weight, ending: bool) -> Gate {
        if ending {
            // Of the zones that are called back, whatever they were at.
            let zones = weight.zones.keys();
            return zones
                .map(|zone| self.first(Level::AllClear, zone))
                .fold(self.first(Level::AllClear, ""), Gate::stricter);
        }
        let gravest = weight.grade();
        weight
            .zones
            .iter()
            .filter(|(_, grade)| **grade == gravest)
            .map(|(zone, grade)| self.first((*grade).into(), zone))
            .reduce(Gate::stricter)
            .unwrap_or_else(|| self.first(Level::Information, ""))
    }

    /// The gate of what a person wrote: never nobody, and never issued by waiting.
    pub fn gate_of_person(&self, weight: &Weight, ending: bool) -> Gate {
        let gate = self.gate(weight, ending);
        Gate {
            approvals: gate.approvals.max(1),
            at_deadline: FailSafe::Hold,
            ..gate
        }
    }

    fn first(&self, level: Level, zone: &str) -> Gate {
        self.rule
            .iter()
            .find(|r| {
                (r.levels.is_empty() || r.levels.contains(&level))
                    && (r.zones.is_empty() || r.zones.iter().any(|z| z == zone))
            })
            .map_or(Gate::OPEN, |r| Gate {
                approvals: r.approvals,
                deadline_us: r.deadline.map_or(0, |d| d.as_micros() as i64),
                at_deadline: r.at_deadline.unwrap_or(FailSafe::Issue),
            })
    }

    /// How many persons a rule asks at most.
    pub fn most_approvals(&self) -> u8 {
        self.rule.iter().map(|r| r.approvals).max().unwrap_or(0)
    }

    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// Text that names the rule and says what to do.
    pub fn check<'a>(&self, places: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
        if self.rule.len() > MOST_RULES {
            return Err(format!(
                "[gate] has {} rules; at most {MOST_RULES} can be meant",
                self.rule.len()
            ));
        }
        let known: std::collections::BTreeSet<&str> = places.into_iter().collect();
        for (at, rule) in self.rule.iter().enumerate() {
            let here = format!("[[gate.rule]] {}", at + 1);
            if let Some(zone) = rule.zones.iter().find(|z| !known.contains(z.as_str())) {
                return Err(format!(
                    "{here}: zones names \"{zone}\", which is no zone and no station; a rule about a misspelt zone would let it pass unasked"
                ));
            }
            match (rule.approvals, rule.deadline, rule.at_deadline) {
                (0, None, None) => {}
                (0, ..) => {
                    return Err(format!(
                        "{here}: approvals = 0 asks nobody, so deadline and at_deadline mean nothing; take them out"
                    ));
                }
                (1 | 2, Some(deadline), Some(_)) if DEADLINES.contains(&deadline) => {}
                (1 | 2, Some(deadline), Some(_)) => {
                    return Err(format!(
                        "{here}: deadline = {} s; give 5 s to 24 h",
                        deadline.as_secs_f64()
                    ));
                }
                (1 | 2, ..) => {
                    return Err(format!(
                        "{here}: approvals = {} needs deadline and at_deadline: say what happens when nobody answers, \"issue\" or \"hold\"",
                        rule.approvals
                    ));
                }
                (n, ..) => {
                    return Err(format!(
                        "{here}: approvals = {n}; 0, 1 or 2 persons can be asked"
                    ));
                }
            }
        }
        Ok(())
    }
}
