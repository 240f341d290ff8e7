//! Unit sources: patches that pave the interface from the trench downwards.

use std::ops::Range;

use super::{Trench, carried, down_by_length, risen_km};
use crate::response::UnitSource;
use crate::sphere::{destination, normal_lon};

/// Size and number of unit sources.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitOptions {
    /// Length along strike, kilometres.
    pub length_km: f64,
    /// Width down dip, kilometres.
    pub width_km: f64,
    /// Rows from the trench downwards, at most 26.
    pub rows: usize,
}

impl Default for UnitOptions {
    /// 100 x 50 km in two rows, as NOAA's propagation database has them (Gica et al. 2008).
    fn default() -> Self {
        UnitOptions {
            length_km: 100.0,
            width_km: 50.0,
            rows: 2,
        }
    }
}

/// Most unit sources made at once.
const UNITS_MAX: usize = 10_000;

impl Trench {
    /// Patches over a part of the trench (kilometres along it, see [`Trench::along_km`]), column by column in the direction
    /// of strike, in a column from the trench downwards. Each begins where the one above it ends, but deeper by what the sea got
    /// shallower on the way (a kilometre or two a row): in a half-space the ground is level. Pure thrust (rake 90).
    ///
    /// Columns stand on a fixed lattice from the beginning of the zone, and those whose middle is in the range are given:
    /// `chile-peru/b12` is the second row of the twelfth column whatever the range.
    ///
    /// Sizes that are not positive, or would give more than 10,000 patches, give none.
    pub fn unit_sources(&self, range_km: Range<f64>, options: &UnitOptions) -> Vec<UnitSource> {
        let UnitOptions {
            length_km,
            width_km,
            rows,
        } = *options;
        let columns = (self.length_km() / length_km).ceil();
        let usable = length_km > 0.0
            && width_km > 0.0
            && width_km <= 500.0
            && (1..=26).contains(&rows)
            && columns * rows as f64 <= UNITS_MAX as f64;
        if !usable {
            return Vec::new();
        }
        let mut units = Vec::new();
        for column in 0..columns as usize {
            let middle = (column as f64 + 0.5) * length_km;
            if !range_km.contains(&middle) || middle > self.length_km() {
                continue;
            }
            let here = self.at(middle);
            for row in 0..rows {
                let upper = down_by_length(&here.dips, row as f64 * width_km);
                let lower = down_by_length(&here.dips, (row + 1) as f64 * width_km);
                let (fall, run) = (
                    lower.depth_km - upper.depth_km,
                    lower.across_km - upper.across_km,
                );
                let risen = risen_km(here.water_km, upper.across_km);
                let across = 0.5 * (upper.across_km + lower.across_km);
                let (lat, lon) = destination(here.lat, here.lon, here.strike_deg + 90.0, across);
                units.push(UnitSource {
                    id: format!("{}/{}{}", self.id(), (b'a' + row as u8) as char, column + 1),
                    lat,
                    lon: normal_lon(lon),
                    depth_km: risen + 0.5 * (upper.depth_km + lower.depth_km),
                    length_km,
                    // The chord, shorter than the arc by the bend: the patches stay joined.
                    width_km: fall.hypot(run),
                    strike_deg: carried(here.strike_deg, (here.lat, here.lon), (lat, lon)),
                    dip_deg: fall.atan2(run).to_degrees(),
                    rake_deg: 90.0,
                });
            }
        }
        units
    }
}
