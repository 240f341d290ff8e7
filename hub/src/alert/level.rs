//! Warning levels and what they mean in CAP.

use cap::Severity;
use serde::Serialize;

use crate::config::Policy;

/// Warning level of a zone, lowest first. Heights are the deployment's policy; PTWC's by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Below the advisory height.
    None,
    /// Strong currents, dangerous for those in or near the water.
    Advisory,
    /// Flooding of the shore.
    Warning,
    /// Widespread flooding.
    Major,
}

impl Level {
    /// The highest level whose height is exceeded with the policy's probability.
    pub fn of(policy: &Policy, probability_above: impl Fn(f64) -> f64) -> Self {
        [
            (policy.major_m, Self::Major),
            (policy.warning_m, Self::Warning),
            (policy.advisory_m, Self::Advisory),
        ]
        .into_iter()
        .find(|(height, _)| probability_above(*height) >= policy.probability)
        .map_or(Self::None, |(_, level)| level)
    }

    /// CAP severity (CAP 1.2, 3.2.2): extraordinary, significant, possible threat to life.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Major => Severity::Extreme,
            Self::Warning => Severity::Severe,
            Self::Advisory => Severity::Moderate,
            Self::None => Severity::Minor,
        }
    }

    /// A stable word for parameters and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Advisory => "advisory",
            Self::Warning => "warning",
            Self::Major => "major",
        }
    }
}
