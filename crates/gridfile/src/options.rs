//! What a file does not say of itself, and what is said back.

use crate::utm::Zone;

/// Which way heights count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Vertical {
    /// As the file's metadata say; up positive where they say nothing.
    #[default]
    AsWritten,
    /// Up positive: the sea is negative.
    Up,
    /// Down positive: depths are positive, land is negative.
    Down,
}

/// What becomes of cells without a value (NaN, NODATA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Holes {
    /// They are an error: a guess could be a missed wave.
    #[default]
    Refuse,
    /// Land in bathymetry, no movement in an uplift.
    Fill,
}

/// What a reader is told beyond the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// Which way heights count.
    pub vertical: Vertical,
    /// What becomes of holes.
    pub holes: Holes,
    /// Which variable of a netCDF file to take; needed only where several would do.
    pub variable: Option<String>,
    /// The UTM zone of an uplift in metres.
    pub zone: Option<Zone>,
    /// The epicentre (latitude, longitude, degrees): where neither the file nor `zone` says, the zone that puts the uplift nearest to it
    /// is taken, and noted.
    pub near: Option<(f64, f64)>,
}

/// What was noticed on the way, in whole sentences for a person; nothing in it stops the work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes(Vec<String>);

impl Notes {
    /// The sentences, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
    /// True when there was nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub(crate) fn add(&mut self, note: impl Into<String>) {
        self.0.push(note.into());
    }
    pub(crate) fn append(&mut self, mut more: Notes) {
        self.0.append(&mut more.0);
    }
}
