//! What a place is, and whether it can be used.

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Somewhere to stay.
    Shelter,
    /// A hospital or clinic.
    Hospital,
    /// A school.
    School,
    /// A bridge.
    Bridge,
    /// Some ground with the people who live on it.
    Population,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Shelter,
        Self::Hospital,
        Self::School,
        Self::Bridge,
        Self::Population,
    ];

    /// A stable word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shelter => "shelter",
            Self::Hospital => "hospital",
            Self::School => "school",
            Self::Bridge => "bridge",
            Self::Population => "population",
        }
    }

    /// From the words of Sahana's tables, of OpenStreetMap and of tables that people make; lower case.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "shelter" | "shelters" | "cr_shelter" | "evacuation shelter" | "evacuation_shelter"
            | "evacuation centre" | "evacuation center" | "refuge" => Self::Shelter,
            "hospital" | "hospitals" | "hms_hospital" | "med_hospital" | "clinic"
            | "health facility" | "health_facility" => Self::Hospital,
            "school" | "schools" | "edu_school" | "kindergarten" | "college" | "university" => {
                Self::School
            }
            "bridge" | "bridges" | "transport_bridge" => Self::Bridge,
            "population" | "population cell" | "population_cell" | "cell" | "residents" => {
                Self::Population
            }
            _ => return None,
        })
    }
}

/// Whether a place can be used. What a source does not say, or says in a language that is not read, is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It can.
    Open,
    /// It cannot.
    Closed,
    /// Nobody said.
    #[default]
    Unknown,
}

impl Status {
    /// A stable word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }

    /// From what people write; anything else is unknown.
    pub fn from_word(word: &str) -> Self {
        match word.trim().to_lowercase().as_str() {
            "open" | "opened" | "active" | "operational" | "available" | "functioning"
            | "abierto" => Self::Open,
            "closed" | "close" | "inactive" | "unavailable" | "destroyed" | "not operational"
            | "out of service" | "cerrado" => Self::Closed,
            _ => Self::Unknown,
        }
    }
}
