//! What kinds of findings there are, over all domains.

use serde::{Deserialize, Serialize};

/// What a finding is. The order is that of a situation's title: what people ask about first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An earthquake that an agency has told.
    Earthquake,
    /// A tsunami at a sea-level station.
    Wave,
    /// Zones of the coast that a message to the public names.
    Warning,
    /// The ground shakes at several stations.
    Ground,
    /// A sea-level sensor is shaken.
    SeaShaking,
    /// Meters are out together.
    Outage,
    /// A limit of a station is passed.
    Limit,
    /// Traffic that is unusual for its hour, to the worse.
    Incident,
    /// Traffic that stands.
    Congestion,
    /// Something at one meter: voltage, load, balance.
    Supply,
    /// The frequency of the grid, or how fast it changes.
    Frequency,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Earthquake,
        Self::Wave,
        Self::Warning,
        Self::Ground,
        Self::SeaShaking,
        Self::Outage,
        Self::Limit,
        Self::Incident,
        Self::Congestion,
        Self::Supply,
        Self::Frequency,
    ];

    /// As the configuration writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Earthquake => "earthquake",
            Self::Wave => "wave",
            Self::Warning => "warning",
            Self::Ground => "ground",
            Self::SeaShaking => "sea_shaking",
            Self::Outage => "outage",
            Self::Limit => "limit",
            Self::Incident => "incident",
            Self::Congestion => "congestion",
            Self::Supply => "supply",
            Self::Frequency => "frequency",
        }
    }

    /// So many of them, for people.
    pub fn count(self, n: usize) -> String {
        let (one, many) = match self {
            Self::Earthquake => ("earthquake", "earthquakes"),
            Self::Wave => ("station with a tsunami", "stations with a tsunami"),
            Self::Warning => ("warning", "warnings"),
            Self::Ground => ("shaking of the ground", "shakings of the ground"),
            Self::SeaShaking => ("shaken sea sensor", "shaken sea sensors"),
            Self::Outage => ("power outage", "power outages"),
            Self::Limit => ("limit passed", "limits passed"),
            Self::Incident => ("traffic incident", "traffic incidents"),
            Self::Congestion => ("congested road", "congested roads"),
            Self::Supply => ("meter with a bad supply", "meters with a bad supply"),
            Self::Frequency => ("meter with a bad frequency", "meters with a bad frequency"),
        };
        format!("{n} {}", if n == 1 { one } else { many })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_configuration_reads() {
        for kind in Kind::ALL {
            let json = serde_json::to_string(&kind).expect("a name");
            assert_eq!(json, format!("\"{}\"", kind.name()));
        }
        assert!(Kind::ALL.is_sorted());
    }
}
