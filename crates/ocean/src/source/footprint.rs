//! The cells under which a rupture lies.
//!
//! A rectangle of length L and horizontal width W cos(dip) along the strike that the sea floor suggests
//! (the private module `strike`), or a circle of the same area where it suggests none. It is centred on the epicentre: where along
//! the rupture the break began is not known in the first minutes.

use super::Source;
use crate::grid::Grid;
use crate::lattice::Cell;
use crate::sphere::{destination, distance_km, long_wave_speed_m_s};
use crate::strike;
use crate::travel_time::MIN_DEPTH_M;

/// An epicentre on land still counts as a coastal one when the sea is this near, kilometres: locations of the
/// first minutes are off by 10-30 km.
pub const SEA_MARGIN_KM: f64 = 30.0;
/// How far [`FootprintError::OnLand`] looks for the sea that it names, kilometres.
const SEA_SEARCH_KM: f64 = 1000.0;
/// Radius within which the sea floor's grain is read, kilometres: half the rupture, within these.
const GRAIN_KM: (f64, f64) = (120.0, 300.0);
/// Smallest wet part of a footprint that is counted; a rupture of which less is wet sits at the edge of what
/// its location error allows.
const WET_PART_MIN: f64 = 0.05;

/// Where a rupture lies on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// Cells below sea level that it covers, in storage order; never empty.
    pub cells: Vec<Cell>,
    /// Part of its area that is below sea level, 0.05..1.
    pub wet_part: f64,
    /// Mean long-wave speed over those cells, m/s.
    pub speed_m_s: f64,
    /// Strike axis in degrees, 0..180; `None` for the circle.
    pub strike_deg: Option<f64>,
    /// Places along its middle line (one for the circle), degrees (latitude, longitude).
    pub spine: Vec<(f64, f64)>,
}

/// Why a rupture cannot be laid on a grid.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum FootprintError {
    /// The epicentre is not on the grid.
    #[error("the epicentre {lat}, {lon} lies outside the grid")]
    OutsideGrid {
        /// Latitude, degrees.
        lat: f64,
        /// Longitude, degrees.
        lon: f64,
    },
    /// No sea under the rupture or within [`SEA_MARGIN_KM`] of the epicentre.
    #[error("the rupture round {lat}, {lon} is on land; the nearest sea is {}", match .sea_km {
        Some(km) => format!("{km:.0} km away"),
        None => "over 1000 km away".to_string(),
    })]
    OnLand {
        /// Latitude, degrees.
        lat: f64,
        /// Longitude, degrees.
        lon: f64,
        /// Distance to the nearest cell below sea level, kilometres, where one was found.
        sea_km: Option<f64>,
    },
}

impl Footprint {
    /// Lays a rupture on a grid. Parts beyond the grid's edge are cut off.
    ///
    /// # Errors
    /// [`FootprintError`] when the epicentre is off the grid or there is no sea to lift.
    pub fn of(source: &Source, grid: &Grid) -> Result<Self, FootprintError> {
        let (lat, lon) = (source.lat, source.lon);
        if !grid.covers(lat, lon) {
            return Err(FootprintError::OutsideGrid { lat, lon });
        }
        let width = source.width_km * source.dip_deg.to_radians().cos();
        let grain = (source.length_km * 0.5).clamp(GRAIN_KM.0, GRAIN_KM.1);
        let strike_deg = strike::guess_deg(grid, lat, lon, grain);
        let shape = match strike_deg {
            Some(strike) => Shape::Rectangle {
                strike,
                half_length: source.length_km * 0.5,
                half_width: width * 0.5,
            },
            None => Shape::Circle {
                radius: (source.length_km * width / std::f64::consts::PI).sqrt(),
            },
        };
        let (mut cells, wet_part) = shape.cells(grid, lat, lon);
        if cells.is_empty() {
            let near = |km| grid.lattice().nearest(lat, lon, km, |k| grid.z()[k] < 0.0);
            match near(SEA_MARGIN_KM) {
                Some((cell, _)) => cells.push(cell),
                None => {
                    let sea_km = near(SEA_SEARCH_KM).map(|(_, km)| km);
                    return Err(FootprintError::OnLand { lat, lon, sea_km });
                }
            }
        }
        let speed =
            |c: &Cell| long_wave_speed_m_s(grid.depth_m(c.i, c.j).unwrap_or(0.0).max(MIN_DEPTH_M));
        let speed_m_s = cells.iter().map(speed).sum::<f64>() / cells.len() as f64;
        let wet_part = wet_part.max(WET_PART_MIN);
        Ok(Footprint {
            cells,
            wet_part,
            speed_m_s,
            strike_deg,
            spine: shape.spine(lat, lon),
        })
    }

    /// Distance in kilometres from a place to the nearest place of the rupture's middle line.
    pub fn distance_km(&self, lat: f64, lon: f64) -> f64 {
        self.spine
            .iter()
            .map(|&(a, b)| distance_km(a, b, lat, lon))
            .fold(f64::INFINITY, f64::min)
    }
}

/// Lengths in kilometres, strike in degrees.
enum Shape {
    Rectangle {
        strike: f64,
        half_length: f64,
        half_width: f64,
    },
    Circle {
        radius: f64,
    },
}

impl Shape {
    /// The wet cells under the shape, in storage order, and the wet part of its area on the grid.
    fn cells(&self, grid: &Grid, lat: f64, lon: f64) -> (Vec<Cell>, f64) {
        let (strike, a, b) = match *self {
            Shape::Rectangle {
                strike,
                half_length,
                half_width,
            } => (strike, half_length, half_width),
            Shape::Circle { radius } => (0.0, radius, radius),
        };
        // Half the narrower cell side, so that no cell is stepped over.
        let row = grid.cell_at(lat, lon).map_or(0, |c| c.j);
        let (east_m, north_m) = grid.lattice().spacing_m(row);
        let step = east_m.min(north_m) * 0.5e-3;
        // At most a few thousand steps a side, whatever the grid's resolution.
        let steps = |half: f64| ((half / step).ceil()).clamp(1.0, 1500.0) as i32;
        let (na, nb) = (steps(a), steps(b));
        let (mut indices, mut wet, mut all) = (Vec::new(), 0usize, 0usize);
        for s in -na..=na {
            let along = a * f64::from(s) / f64::from(na);
            for t in -nb..=nb {
                let across = b * f64::from(t) / f64::from(nb);
                if matches!(self, Shape::Circle { radius } if along.hypot(across) > *radius) {
                    continue;
                }
                let azimuth = strike + across.atan2(along).to_degrees();
                let (la, lo) = destination(lat, lon, azimuth, along.hypot(across));
                let Some(cell) = grid.cell_at(la, lo) else {
                    continue;
                };
                all += 1;
                if grid.is_wet(cell) {
                    wet += 1;
                    indices.extend(grid.lattice().index(cell));
                }
            }
        }
        indices.sort_unstable();
        indices.dedup();
        let cells = indices
            .into_iter()
            .map(|k| grid.lattice().cell(k))
            .collect();
        (cells, wet as f64 / all.max(1) as f64)
    }

    /// The middle line in 32 pieces; the middle alone for a circle.
    fn spine(&self, lat: f64, lon: f64) -> Vec<(f64, f64)> {
        match *self {
            Shape::Circle { .. } => vec![(lat, lon)],
            Shape::Rectangle {
                strike,
                half_length,
                ..
            } => (-16..=16)
                .map(|k| destination(lat, lon, strike, half_length * f64::from(k) / 16.0))
                .collect(),
        }
    }
}
