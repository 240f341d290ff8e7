//! How much a message asks of the public, zone by zone: what gates, approvals and refusals are compared by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a message says of one zone, least first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Nothing to do any more, or nothing yet.
    Information,
    /// A limit at a station: traffic, energy, a gauge.
    Limit,
    /// Dangerous in or near the water.
    Advisory,
    /// Flooding of the shore.
    Warning,
    /// Widespread flooding.
    Major,
}

/// Grades by zone, and whether the sea itself has been seen to do it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Weight {
    /// By zone id, or by station for a limit.
    pub zones: BTreeMap<String, Grade>,
    /// CAP certainty `Observed`.
    pub observed: bool,
}

impl Weight {
    /// Whether this says more than another in any respect: a zone more, a grade higher, seen where it was only expected.
    pub fn exceeds(&self, other: &Self) -> bool {
        (self.observed && !other.observed)
            || self
                .zones
                .iter()
                .any(|(zone, grade)| other.zones.get(zone).is_none_or(|known| grade > known))
    }

    /// The smallest weight that neither exceeds.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        let mut zones = self.zones.clone();
        for (zone, grade) in &other.zones {
            let known = zones.entry(zone.clone()).or_insert(*grade);
            *known = (*known).max(*grade);
        }
        Self {
            zones,
            observed: self.observed || other.observed,
        }
    }

    /// The highest grade.
    pub fn grade(&self) -> Grade {
        self.zones
            .values()
            .copied()
            .max()
            .unwrap_or(Grade::Information)
    }
}
