//! What the models measure and in which units they speak: what faults may name.

use crate::fault::ValueFault;
use crate::sensor::{digiquartz, ops243};

/// A sensor that a script can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// Paroscientific Digiquartz.
    Digiquartz,
    /// MS5837-30BA.
    Ms5837,
    /// OmniPreSense OPS243.
    Ops243,
    /// A loop detector's contact.
    InductiveLoop,
    /// ADXL355.
    Adxl355,
    /// Eastron SDM230.
    Sdm230,
    /// Eastron SDM630.
    Sdm630,
    /// PZEM-004T v3.
    Pzem004t,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Digiquartz,
        Self::Ms5837,
        Self::Ops243,
        Self::InductiveLoop,
        Self::Adxl355,
        Self::Sdm230,
        Self::Sdm630,
        Self::Pzem004t,
    ];

    /// Name of the table in scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Digiquartz => "digiquartz",
            Self::Ms5837 => "ms5837",
            Self::Ops243 => "ops243",
            Self::InductiveLoop => "inductive_loop",
            Self::Adxl355 => "adxl355",
            Self::Sdm230 => "sdm230",
            Self::Sdm630 => "sdm630",
            Self::Pzem004t => "pzem004t",
        }
    }

    /// What `of` of a wrong sensor may name. Without one the first is meant, of an accelerometer all.
    #[must_use]
    pub const fn quantities(self) -> &'static [&'static str] {
        match self {
            Self::Digiquartz | Self::Ms5837 => &["pressure"],
            Self::Ops243 => &["speed"],
            Self::InductiveLoop => &["contact"],
            Self::Adxl355 => &["x", "y", "z"],
            Self::Sdm230 | Self::Sdm630 | Self::Pzem004t => {
                &["voltage", "current", "power_factor", "frequency"]
            }
        }
    }

    /// What `unit` of a wrong sensor may name.
    #[must_use]
    pub fn units(self) -> Vec<&'static str> {
        match self {
            Self::Digiquartz => digiquartz::Unit::ALL.map(digiquartz::Unit::name).to_vec(),
            Self::Ops243 => ops243::Unit::ALL.map(ops243::Unit::name).to_vec(),
            _ => Vec::new(),
        }
    }

    /// Whether it can have this fault.
    ///
    /// # Errors
    /// In words.
    pub fn can_have(self, fault: &ValueFault) -> Result<(), String> {
        let ValueFault::Wrong { of, unit, .. } = fault else {
            return Ok(());
        };
        if let Some(of) = of
            && !self.quantities().contains(&of.as_str())
        {
            return Err(format!(
                "{} measures no {of:?}; there are {}",
                self.name(),
                self.quantities().join(", ")
            ));
        }
        if let Some(unit) = unit {
            let known = self.units();
            let knows = known.iter().any(|name| name.eq_ignore_ascii_case(unit));
            if !knows {
                let there = if known.is_empty() {
                    "take scale instead".to_owned()
                } else {
                    format!("there are {}", known.join(", "))
                };
                return Err(format!("{} has no unit {unit:?}; {there}", self.name()));
            }
        }
        Ok(())
    }
}
