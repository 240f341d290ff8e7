//! The sets of SensorThings and the links between them (OGC 18-088, figure 2).

/// A set of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// Stations.
    Things,
    /// Where they are.
    Locations,
    /// Where they were: stations do not move, so there are none.
    HistoricalLocations,
    /// A quantity of a station.
    Datastreams,
    /// What measures it.
    Sensors,
    /// Quantities.
    ObservedProperties,
    /// Readings.
    Observations,
    /// What is observed: the place of the station.
    FeaturesOfInterest,
}

/// A link from one entity to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// As it is written.
    pub name: &'static str,
    /// Where it leads.
    pub to: Set,
    /// To several.
    pub many: bool,
}

const fn one(name: &'static str, to: Set) -> Link {
    Link {
        name,
        to,
        many: false,
    }
}

const fn many(to: Set) -> Link {
    Link {
        name: to.name(),
        to,
        many: true,
    }
}

impl Set {
    /// Every set, in the order of the service's root.
    pub const ALL: [Self; 8] = [
        Self::Things,
        Self::Locations,
        Self::HistoricalLocations,
        Self::Datastreams,
        Self::Sensors,
        Self::ObservedProperties,
        Self::Observations,
        Self::FeaturesOfInterest,
    ];

    /// As it is written in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Things => "Things",
            Self::Locations => "Locations",
            Self::HistoricalLocations => "HistoricalLocations",
            Self::Datastreams => "Datastreams",
            Self::Sensors => "Sensors",
            Self::ObservedProperties => "ObservedProperties",
            Self::Observations => "Observations",
            Self::FeaturesOfInterest => "FeaturesOfInterest",
        }
    }

    /// The set of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }

    /// The links of its entities.
    pub const fn links(self) -> &'static [Link] {
        use Set::*;
        match self {
            Things => {
                const {
                    &[
                        many(Locations),
                        many(HistoricalLocations),
                        many(Datastreams),
                    ]
                }
            }
            Locations => const { &[many(Things), many(HistoricalLocations)] },
            HistoricalLocations => const { &[one("Thing", Things), many(Locations)] },
            Datastreams => {
                const {
                    &[
                        one("Thing", Things),
                        one("Sensor", Sensors),
                        one("ObservedProperty", ObservedProperties),
                        many(Observations),
                    ]
                }
            }
            Sensors | ObservedProperties => const { &[many(Datastreams)] },
            Observations => {
                const {
                    &[
                        one("Datastream", Datastreams),
                        one("FeatureOfInterest", FeaturesOfInterest),
                    ]
                }
            }
            FeaturesOfInterest => const { &[many(Observations)] },
        }
    }

    /// A link by its name.
    pub fn link(self, name: &str) -> Option<Link> {
        self.links().iter().copied().find(|l| l.name == name)
    }
}
