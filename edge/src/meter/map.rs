//! Register maps: which register holds which quantity.
//!
//! The shipped maps are TOML files under `edge/maps`, compiled in; a meter may name one, a file of the same shape, or
//! write registers in place.

use serde::Deserialize;
use wire::quantity::Quantity;

use super::decode::Kind;

/// Most registers of one meter.
pub const MAX_REGISTERS: usize = 512;

/// The shipped maps by name.
const SHIPPED: [(&str, &str); 3] = [
    ("sdm630", include_str!("../../maps/sdm630.toml")),
    ("sdm230", include_str!("../../maps/sdm230.toml")),
    ("pzem004t", include_str!("../../maps/pzem004t.toml")),
];

/// A register map.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// What the device is, for people.
    pub title: String,
    /// The registers to read.
    pub register: Vec<Register>,
}

/// One value in a device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// What it measures.
    pub quantity: Quantity,
    /// Appended to the station as `<station>.<channel>`; absent for the station itself.
    pub channel: Option<String>,
    /// Address on the wire, from 0 (30001 in a manual is 0 here).
    pub register: u16,
    /// 3 holding registers, 4 input registers.
    #[serde(default = "input")]
    pub function: u8,
    /// How the value is stored.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Multiplied with the stored number to give the quantity's canonical unit.
    #[serde(default = "unity")]
    pub scale: f64,
}

fn input() -> u8 {
    4
}
fn unity() -> f64 {
    1.0
}

impl Map {
    /// A shipped map, or one from a file whose name ends in `.toml`.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn named(name: &str) -> Result<Self, String> {
        if name.ends_with(".toml") {
            return settings::load(std::path::Path::new(name)).map_err(|error| error.to_string());
        }
        match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
            Some((shipped, text)) => settings::parse(&format!("maps/{shipped}.toml"), text)
                .map_err(|error| error.to_string()),
            None => {
                let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "no map {name:?}; shipped are {}, or give a file ending in .toml",
                    known.join(", ")
                ))
            }
        }
    }
}

impl Register {
    /// Checks what single keys cannot show.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn check(&self, station: &str) -> Result<(), String> {
        let place = format!("register {:#06x}", self.register);
        if !matches!(self.function, 3 | 4) {
            return Err(format!("{place}: function must be 3 or 4"));
        }
        if !self.scale.is_finite() || self.scale == 0.0 {
            return Err(format!("{place}: scale must be a number other than 0"));
        }
        if usize::from(self.register) + usize::from(self.kind.words()) > 0x1_0000 {
            return Err(format!("{place}: reaches past the last register"));
        }
        let id = self.station(station);
        if !wire::topic::is_id(&id) {
            return Err(format!(
                "{place}: {id:?} is no station id: 1 to 48 of A-Z a-z 0-9 . _ -"
            ));
        }
        Ok(())
    }

    /// Station that the value belongs to.
    pub fn station(&self, station: &str) -> String {
        match &self.channel {
            Some(channel) => format!("{station}.{channel}"),
            None => station.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_maps_make_sense() {
        for (name, _) in SHIPPED {
            let map = Map::named(name).unwrap();
            assert!(!map.register.is_empty() && !map.title.is_empty(), "{name}");
            for register in &map.register {
                register.check("station").unwrap();
            }
        }
        assert!(Map::named("sdm640").unwrap_err().contains("sdm630"));
    }
}
