//! The figures that needs are reckoned with. Each has a source, which goes with it into every report; a deployment may set its own.

/// A number to plan with.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanningFigure {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Where it comes from.
    pub source: String,
}

impl PlanningFigure {
    fn new(value: f64, unit: &'static str, source: &str) -> Self {
        Self {
            value,
            unit,
            source: source.to_owned(),
        }
    }

    /// Another number of a deployment's own; its source says so unless one is given.
    pub fn set(&mut self, value: f64, source: Option<&str>) {
        self.value = value;
        self.source = source.unwrap_or("set by this deployment").to_owned();
    }
}

/// The figures of an assessment.
#[derive(Clone, Debug, PartialEq)]
pub struct Planning {
    /// Water a person and day.
    pub water: PlanningFigure,
    /// Covered floor a person.
    pub floor: PlanningFigure,
    /// People who share one toilet.
    pub toilet: PlanningFigure,
    /// How fast people walk.
    pub walking: PlanningFigure,
    /// The least level from which people are to leave: below it they are told to stay away from the water.
    pub evacuate_from: crate::Level,
    /// How far from a place a road may be to be its road, metres.
    pub road_within_m: f64,
    /// How far from people a shelter counts as theirs when there is no road network, and how far outside a zone one is listed, metres.
    pub shelter_within_m: f64,
    /// How people travel.
    pub travel: Travel,
}

/// How people travel to a shelter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    /// On foot all the way.
    Foot,
    /// With the traffic where a car's speed is known, and on foot where it is not or where walking is faster.
    Road,
}

impl Travel {
    /// A stable word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Foot => "foot",
            Self::Road => "road",
        }
    }
}

impl Default for Planning {
    fn default() -> Self {
        Self {
            // A minimum for drinking and domestic hygiene.
            water: PlanningFigure::new(
                15.0,
                "l a person and day",
                "Sphere Handbook 2018, water supply standard 2.1: at least 15 litres per person per day",
            ),
            floor: PlanningFigure::new(
                3.5,
                "m2 a person",
                "Sphere Handbook 2018, shelter and settlement standard 3: at least 3.5 m2 of living space per person",
            ),
            toilet: PlanningFigure::new(
                20.0,
                "people a toilet",
                "Sphere Handbook 2018, excreta management standard 3.2: at least 1 shared toilet per 20 people",
            ),
            // 2.5 miles an hour, rounded down.
            walking: PlanningFigure::new(
                1.1,
                "m/s",
                "slow walk of the USGS Pedestrian Evacuation Analyst (Techniques and Methods 11-C9, 2014), as in Washington State's tsunami walk maps (2.5 mph)",
            ),
            evacuate_from: crate::Level::Warning,
            road_within_m: 500.0,
            shelter_within_m: 50_000.0,
            travel: Travel::Road,
        }
    }
}

impl Planning {
    /// Whether the numbers can be meant.
    ///
    /// # Errors
    /// Text that names the number and its bounds.
    pub fn check(&self) -> Result<(), String> {
        for (name, value, low, high) in [
            ("water", self.water.value, 0.0, 1_000.0),
            ("floor", self.floor.value, 0.0, 100.0),
            ("toilet", self.toilet.value, 1.0, 1_000.0),
            ("walking", self.walking.value, 0.1, 5.0),
            ("road_within_m", self.road_within_m, 1.0, 20_000.0),
            (
                "shelter_within_m",
                self.shelter_within_m,
                100.0,
                1_000_000.0,
            ),
        ] {
            if !(low..=high).contains(&value) {
                return Err(format!(
                    "{name} = {value} must lie between {low} and {high}"
                ));
            }
        }
        Ok(())
    }
}
