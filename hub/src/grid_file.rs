//! What a grid's file does not say of itself, told by a person: by options of a command, or by keys of a configuration.
//!
//! `gridfile` refuses to guess which way depths count, what belongs into a hole, or which field is meant. Its errors say what is
//! open; here each gets the words of the place where the answer can be given.

use gridfile::{Holes, Options, Problem, Vertical};
use serde::Deserialize;

/// Which way heights count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Positive {
    /// Heights: the sea is negative
    Up,
    /// Depths: the sea is positive
    Down,
}

/// What becomes of cells without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum HolesAre {
    /// An error: a guess could be a missed wave
    #[default]
    Refused,
    /// Land in bathymetry, no movement in an uplift
    Filled,
}

impl From<HolesAre> for Holes {
    fn from(holes: HolesAre) -> Self {
        match holes {
            HolesAre::Refused => Self::Refuse,
            HolesAre::Filled => Self::Fill,
        }
    }
}

/// What is said about a grid's file: `[grid_file]` of a bank, or options.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GridFile {
    /// Which way heights count, where the file does not say.
    pub positive: Option<Positive>,
    /// What becomes of cells without a value.
    pub holes: HolesAre,
    /// Which field of a netCDF file is meant.
    pub variable: Option<String>,
}

impl GridFile {
    /// True when nothing was said.
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// As the reader takes it.
    pub fn options(&self) -> Options {
        Options {
            vertical: match self.positive {
                None => Vertical::AsWritten,
                Some(Positive::Up) => Vertical::Up,
                Some(Positive::Down) => Vertical::Down,
            },
            holes: self.holes.into(),
            variable: self.variable.clone(),
            ..Options::default()
        }
    }
}

/// How the answer to each open question is given: words that follow "with".
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    /// For the way heights count, up and down.
    pub positive: [&'static str; 2],
    /// For holes.
    pub holes: &'static str,
    /// For the field.
    pub variable: &'static str,
    /// For the zone of UTM metres.
    pub zone: Option<&'static str>,
}

/// Keys of a bank's `[grid_file]`.
pub const KEYS: Ways = Ways {
    positive: [
        "positive = \"up\" under [grid_file]",
        "positive = \"down\" under [grid_file]",
    ],
    holes: "holes = \"filled\" under [grid_file]",
    variable: "variable = \"NAME\" under [grid_file]",
    zone: None,
};

impl Ways {
    /// A reader's error and how to follow its advice.
    pub fn explain(&self, error: &gridfile::Error) -> String {
        let way = match &error.problem {
            Problem::Holes { .. } => Some(self.holes),
            Problem::NoSea { hint, .. } if hint.contains("down") => Some(self.positive[1]),
            Problem::NoSea { hint, .. } if hint.contains("up") => Some(self.positive[0]),
            Problem::Variable { .. } => Some(self.variable),
            Problem::Zone(_) | Problem::NoZone(_) => self.zone,
            _ => None,
        };
        match way {
            Some(way) => format!("{error} (with {way})"),
            None => error.to_string(),
        }
    }
}
