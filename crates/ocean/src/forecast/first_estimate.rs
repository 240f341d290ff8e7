//! The first estimate: eikonal arrival, energy-conserving amplitude, ready within a second of the earthquake.
//!
//! # Amplitude
//! The sea surface over the rupture rises by eta ([`Source::uplift_m`]) and leaves as two waves of eta/2. Their energy
//! spreads over the perimeter of the front, 2 L at the source and 2 L + 2 pi R sin(r/R) at distance r on the sphere of
//! radius R, and each keeps its period, so that depth h enters as in Green's law (1838):
//!
//! `A = eta/2 . sqrt(w) . sqrt(L / (L + pi R sin(r/R))) . (h_source / h_point)^(1/4)`
//!
//! - L is the length over which the floor rises; near the source A is bounded by eta/2.
//! - w = min(1, 2 x wet part of the footprint): of a shallow thrust the seaward half rises and the landward half sinks,
//!   so a rupture half under land loses nothing, and one mostly under land loses what it does not lift.
//! - `h^(1/4)` is carried as sqrt of the long-wave speed, averaged over the footprint at the source.
//! - Beyond 90 degrees the front contracts again; that is followed to 150 degrees only: continents stand in the way of a
//!   focus at the antipode.
//! - At a shore, h_point = [`SHORE_DEPTH_M`]. Green's law telescopes: stepping from the last deep cell to the shore gives
//!   the same factor as stepping from the source.
//!
//! # Uncertainty (standard deviations of ln A)
//! | part | value | reason |
//! |---|---|---|
//! | magnitude, common | 0.39 | 0.2 units in the first minutes (assumed); A grows as 10^(0.857 Mw) |
//! | size at given moment, common | 0.45 | A ~ M0 / (W sqrt L); Strasser et al. 2010 sigmas 0.173 and 0.180 in log10 |
//! | dip, common | 0.33 | 23 +- 8 degrees (Heuret et al. 2011) |
//! | **common, together** | **0.68** | [`COMMON_SIGMA_LN`] |
//! | direction and path, own | 0.40 | the estimate radiates alike to all sides and sees no ridges (assumed) |
//! | shore, own | 0.45 | bays and shelves that Green's law does not see (assumed; with the above 0.60, against 0.37 that Aida's kappa < 1.45 allows models that do resolve the coast) |
//! | **deep water, all** | **0.79** | [`DEEP_SIGMA_LN`] |
//! | **shore, all** | **0.91** | [`SHORE_SIGMA_LN`] |
//!
//! # Limits
//! No dispersion, no refraction of energy, no shadow behind islands (a sheltered point is overestimated), no
//! run-up: the amplitude at a shore is that of the water 1 m deep. Thrust is assumed; a strike-slip earthquake is
//! overestimated by far.

use super::{ForecastError, Point, PointForecast, Propagation, Unanswered};
use crate::grid::Grid;
use crate::lattice::Cell;
use crate::quake::Quake;
use crate::source::{Footprint, Source};
use crate::sphere::{EARTH_RADIUS_M, long_wave_speed_m_s};
use crate::travel_time::{Field, MIN_DEPTH_M, solve};

/// Depth at which the height at a shore is given, metres: the customary end of Green's law in warning practice.
pub const SHORE_DEPTH_M: f64 = 1.0;
/// Standard deviation of a magnitude of the first minutes, magnitude units (assumed).
pub const MAGNITUDE_SIGMA: f64 = 0.2;
/// Common part of the uncertainty: the source. See the table above (a test recomputes it).
pub const COMMON_SIGMA_LN: f64 = 0.68;
/// Own part from direction and path.
pub const DIRECTIVITY_SIGMA_LN: f64 = 0.40;
/// All parts together in deep water: hypot(0.68, 0.40).
pub const DEEP_SIGMA_LN: f64 = 0.79;
/// All parts together at a shore: hypot(0.68, 0.40, 0.45).
pub const SHORE_SIGMA_LN: f64 = 0.91;
/// Standard deviation of an arrival as part of the travel time: NOAA's models meet the first peak within 3 % (Tang et
/// al. 2009).
pub const ARRIVAL_SIGMA_PART: f64 = 0.03;
/// Part of the rupture's width by which its seaward edge may be misplaced (one standard deviation): 10^0.173 = 1.49, so
/// half a width is uncertain by a quarter of it.
const EDGE_SIGMA_PART: f64 = 0.25;
/// How far from a point its sea is looked for, kilometres: three cells of a 10-minute grid.
pub const SNAP_KM: f64 = 60.0;
/// Angle beyond which the front is not taken to contract further, degrees.
const FOCUS_LIMIT_DEG: f64 = 150.0;

/// The first estimate on one grid.
#[derive(Debug, Clone, Copy)]
pub struct FirstEstimate<'g> {
    grid: &'g Grid,
}

impl<'g> FirstEstimate<'g> {
    /// A model on a grid.
    pub fn new(grid: &'g Grid) -> Self {
        FirstEstimate { grid }
    }

    /// Does the slow part once (the travel-time field), so that points can be asked about at no cost.
    ///
    /// # Errors
    /// [`ForecastError`] when the earthquake is outside the model's limits, off the grid or on land.
    pub fn outlook(&self, quake: &Quake) -> Result<Outlook<'g>, ForecastError> {
        let source = Source::of(quake)?;
        let footprint = Footprint::of(&source, self.grid)?;
        let field = solve(self.grid, &footprint.cells)?;
        Ok(Outlook {
            grid: self.grid,
            source,
            footprint,
            field,
        })
    }
}

impl Propagation for FirstEstimate<'_> {
    fn answers(
        &self,
        quake: &Quake,
        points: &[Point],
    ) -> Result<Vec<Result<PointForecast, Unanswered>>, ForecastError> {
        let outlook = self.outlook(quake)?;
        Ok(points.iter().map(|p| outlook.at(p)).collect())
    }
}

/// One earthquake's wave on its way: source, footprint, arrival field.
#[derive(Debug, Clone)]
pub struct Outlook<'g> {
    grid: &'g Grid,
    source: Source,
    footprint: Footprint,
    field: Field,
}

impl Outlook<'_> {
    /// The rupture.
    pub fn source(&self) -> &Source {
        &self.source
    }
    /// Where the rupture lies.
    pub fn footprint(&self) -> &Footprint {
        &self.footprint
    }
    /// First arrivals everywhere.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// The forecast at a point.
    ///
    /// # Errors
    /// [`Unanswered`] when the point is no place, off the grid, without sea, or out of the wave's reach.
    pub fn at(&self, point: &Point) -> Result<PointForecast, Unanswered> {
        let (lat, lon) = (point.lat, point.lon);
        if !(lat.is_finite() && lon.is_finite() && lat.abs() <= 90.0 && lon.abs() <= 1080.0) {
            return Err(Unanswered::NoPlace { lat, lon });
        }
        if !self.grid.covers(lat, lon) {
            return Err(Unanswered::OutsideGrid);
        }
        let Some((cell, _)) = self.field.nearest_reached(lat, lon, SNAP_KM) else {
            return Err(match self.grid.nearest_wet(lat, lon, SNAP_KM) {
                Some(_) => Unanswered::Unreached,
                None => Unanswered::NoSea { within_km: SNAP_KM },
            });
        };
        let arrival_s = self
            .field
            .seconds_at(lat, lon)
            .or_else(|| self.field.at(cell))
            .ok_or(Unanswered::Unreached)?;
        let edge_s = EDGE_SIGMA_PART * self.source.width_km * 1e3 / self.footprint.speed_m_s;
        Ok(PointForecast {
            id: point.id.clone(),
            arrival_s,
            arrival_sigma_s: (ARRIVAL_SIGMA_PART * arrival_s).hypot(edge_s),
            median_m: self.amplitude_m(lat, lon, self.depth_m(point, cell)),
            sigma_ln: if point.coastal {
                SHORE_SIGMA_LN
            } else {
                DEEP_SIGMA_LN
            },
            common_sigma_ln: COMMON_SIGMA_LN,
        })
    }

    fn depth_m(&self, point: &Point, cell: Cell) -> f64 {
        if point.coastal {
            return SHORE_DEPTH_M;
        }
        self.grid
            .depth_m(cell.i, cell.j)
            .unwrap_or(MIN_DEPTH_M)
            .max(MIN_DEPTH_M)
    }

    /// Median amplitude over `depth_m` of water at a place. See the module header.
    fn amplitude_m(&self, lat: f64, lon: f64, depth_m: f64) -> f64 {
        let length_m = self.source.uplift_length_km() * 1e3;
        let angle = self.footprint.distance_km(lat, lon) * 1e3 / EARTH_RADIUS_M;
        let spread_m =
            std::f64::consts::PI * EARTH_RADIUS_M * angle.min(FOCUS_LIMIT_DEG.to_radians()).sin();
        let spreading = (length_m / (length_m + spread_m)).sqrt();
        let shoaling = (self.footprint.speed_m_s / long_wave_speed_m_s(depth_m)).sqrt();
        let lifted = (2.0 * self.footprint.wet_part).min(1.0).sqrt();
        0.5 * self.source.uplift_m() * lifted * spreading * shoaling
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{DIP_DEG, DIP_SIGMA_DEG, LOG_LENGTH_SIGMA, LOG_WIDTH_SIGMA};

    #[test]
    fn the_uncertainty_budget_adds_up() {
        let ln10 = std::f64::consts::LN_10;
        // A ~ M0 / (W sqrt L) and M0, W, L ~ 10^(1.5, 0.351, 0.585 Mw).
        let magnitude = (1.5 - 0.351 - 0.585 / 2.0) * MAGNITUDE_SIGMA * ln10;
        let size = LOG_WIDTH_SIGMA.hypot(0.5 * LOG_LENGTH_SIGMA) * ln10;
        let dip = DIP_SIGMA_DEG.to_radians() / DIP_DEG.to_radians().tan();
        let common = magnitude.hypot(size).hypot(dip);
        assert!(
            (common - COMMON_SIGMA_LN).abs() < 0.01,
            "{magnitude} {size} {dip} {common}"
        );
        let deep = COMMON_SIGMA_LN.hypot(DIRECTIVITY_SIGMA_LN);
        assert!((deep - DEEP_SIGMA_LN).abs() < 0.005, "{deep}");
        assert!((deep.hypot(0.45) - SHORE_SIGMA_LN).abs() < 0.005);
    }
}
