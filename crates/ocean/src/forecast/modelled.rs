//! The propagation model's forecast: the rupture's waves carried by the shallow-water solver, ready within seconds.
//!
//! # Median
//! One run of the likeliest rupture ([`Fault::of`]) on the grid. The height at a point is the highest crest there until
//! [`LISTEN_S`] after the last first arrival: in deep water as it is, at a shore by Green's law (1838) from the cell that stands
//! for the coast ([`crate::offshore`]) to [`SHORE_DEPTH_M`]. Arrivals are the travel-time field's, which knows a source's edge.
//!
//! # Uncertainty
//! What an earthquake's first solution leaves open is varied, one thing at a time, by one standard deviation either way, and the
//! heights of these runs give each point its own answer to "how sure?":
//!
//! | varied | by | source |
//! |---|---|---|
//! | magnitude, with the size that follows | 0.2 | [`MAGNITUDE_SIGMA`] |
//! | size at the same moment | length 10^0.180, width 10^0.173 | Strasser et al. 2010 |
//! | place along strike | 0.29 L | a hypocentre lies anywhere in its rupture: uniform over L has 1/sqrt(12) |
//! | place across strike | 0.29 W cos dip | same |
//!
//! These runs use every second node: a ratio of heights needs no fine grid, and eight of them cost as much as the one above. A
//! rupture that such nodes cannot resolve keeps the first estimate's sigmas. To them are added what runs of a uniform
//! rectangle cannot show:
//!
//! | added, ln | value | reason |
//! |---|---|---|
//! | dip and rigidity, common | 0.25 | 18 +- 5 degrees on an interface known from its trench (assumed) |
//! | uneven slip, own | 0.25 | slip is not uniform; half of [`DIRECTIVITY_SIGMA_LN`] squared, now that direction is modelled (assumed) |
//! | model, own | 0.20 | NOAA's forecasts reach 80 % of the height where the source is known (Tang et al. 2009) |
//! | shore, own | 0.45 | as in the first estimate: bays and shelves that Green's law does not see |
//!
//! # Limits
//! No run-up, no wave breaking; at a shore the height is that of the water 1 m deep, off it that of the grid.

use std::sync::Arc;

use super::carried::Places;
use super::{
    COMMON_SIGMA_LN, DIRECTIVITY_SIGMA_LN, FirstEstimate, ForecastError, MAGNITUDE_SIGMA, Point,
    PointForecast, Unanswered,
};
use crate::fault::scaling::{self, LOG_LENGTH_SIGMA, LOG_WIDTH_SIGMA};
use crate::fault::{Estimate, Fault, LiftOptions, Mechanism, lift};
use crate::grid::Grid;
use crate::quake::Quake;
use crate::shallow_water::{Model, ModelError, Request, Settings};
use crate::sphere::destination;

/// How long a point is listened to after the last first arrival, seconds: the highest wave is often not the first.
pub const LISTEN_S: f64 = 3.0 * 3600.0;
/// Longest run, seconds: a wave has crossed the Pacific in a day.
pub const LONGEST_S: f64 = 30.0 * 3600.0;
/// Dip and rigidity, common. See the table above.
pub const DIP_SIGMA_LN: f64 = 0.25;
/// Uneven slip, own.
pub const UNEVEN_SLIP_SIGMA_LN: f64 = 0.25;
/// The model itself, own.
pub const MODEL_SIGMA_LN: f64 = 0.20;
/// The shore beyond Green's law, own.
pub const SHORE_OWN_SIGMA_LN: f64 = 0.45;
/// Standard deviation of a place in a rupture of length 1 in which it lies anywhere: 1/sqrt(12).
const UNIFORM_SIGMA: f64 = 0.288_675;
/// A rupture narrower than this many coarse cells is not varied by runs.
const RESOLVED_CELLS: f64 = 2.0;
/// Largest factor, in ln, by which a varied run is believed to differ: where a point falls out of a beam the ratio is one of small
/// numbers.
const MOST_SPREAD_LN: f64 = 1.5;
/// Step between looks at the points, seconds: a fortieth of a wave of 20 minutes.
const LOOK_S: f64 = 30.0;

/// The propagation model on one ocean: fine for heights, coarse for their spread.
#[derive(Debug)]
pub struct Modelled {
    pub(super) grid: Arc<Grid>,
    pub(super) fine: Model,
    /// `None` where a grid is too small to be thinned.
    coarse: Option<(Grid, Model)>,
}

/// A forecast by the model.
#[derive(Debug, Clone)]
pub struct ModelForecast {
    /// One answer for each point, in their order.
    pub answers: Vec<Result<PointForecast, Unanswered>>,
    /// The rupture that was carried, and what it stands on.
    pub estimate: Estimate,
    /// Runs that the spread was taken from; 0 when the rupture is too small for them.
    pub varied: usize,
}

/// Heights of points in one run: natural logarithms, `None` where there is nothing.
type Heights = Vec<Option<f64>>;

impl Modelled {
    /// Prepares the solver. Takes a fraction of a second.
    ///
    /// # Errors
    /// [`ModelError`] when the solver refuses the grid.
    pub fn new(grid: Arc<Grid>) -> Result<Self, ModelError> {
        let settings = Settings::default();
        let fine = Model::new(&grid, &settings)?;
        let coarse = grid.thinned(2).ok().and_then(|thin| {
            let model = Model::new(&thin, &settings).ok()?;
            Some((thin, model))
        });
        Ok(Modelled { grid, fine, coarse })
    }

    /// Forecasts at points. `mechanism`: a nodal plane, if the agency gives one. Takes seconds, on all threads of the pool.
    ///
    /// # Errors
    /// [`ForecastError`] when the earthquake cannot be treated: outside the limits, off the grid, on land.
    pub fn forecast(
        &self,
        quake: &Quake,
        mechanism: Option<Mechanism>,
        points: &[Point],
    ) -> Result<ModelForecast, ForecastError> {
        let first = FirstEstimate::new(&self.grid).outlook(quake)?;
        let estimate = Fault::on(&self.grid, quake, mechanism)?;
        let mut answers: Vec<_> = points.iter().map(|p| first.at(p)).collect();
        let last = answers
            .iter()
            .flatten()
            .map(|a| a.arrival_s)
            .fold(0.0, f64::max);
        let duration_s = (last + LISTEN_S).min(LONGEST_S);
        let heights = heights(&self.grid, &self.fine, &estimate.fault, points, duration_s)?;
        let spread = self.spread(&estimate, quake, points, duration_s);
        // One common part for all points, as `assimilate` wants it. It and the whole are never wider than the first estimate's, which
        // knows less: where varied ruptures move a point in and out of the beam, the ratios say that, and a log-normal would make tens of
        // metres of it.
        let common = match &spread {
            Some(spread) => spread.common.hypot(DIP_SIGMA_LN).min(COMMON_SIGMA_LN),
            None => COMMON_SIGMA_LN,
        };
        for (k, (answer, point)) in answers.iter_mut().zip(points).enumerate() {
            let Ok(forecast) = answer else { continue };
            let widest = forecast.own_sigma_ln().hypot(COMMON_SIGMA_LN);
            let mut own = forecast.own_sigma_ln();
            // Where no cell stands for a point, or none that the wave lifts, the first estimate's height stays.
            if let Some(ln_height) = heights[k] {
                let (bias, varied) = match &spread {
                    Some(spread) => (spread.bias[k], spread.own[k]),
                    None => (0.0, None),
                };
                let shore = if point.coastal {
                    SHORE_OWN_SIGMA_LN
                } else {
                    0.0
                };
                let varied = varied.unwrap_or(DIRECTIVITY_SIGMA_LN);
                let parts = [varied, UNEVEN_SLIP_SIGMA_LN, MODEL_SIGMA_LN, shore];
                let most = (widest * widest - common * common).max(0.0).sqrt();
                own = parts.into_iter().fold(0.0, f64::hypot).min(most);
                forecast.median_m = (ln_height + bias).exp();
            }
            forecast.common_sigma_ln = common;
            forecast.sigma_ln = common.hypot(own);
        }
        Ok(ModelForecast {
            answers,
            estimate,
            varied: spread.map_or(0, |s| s.runs),
        })
    }

    /// What the varied runs say; `None` when the rupture is too small for the coarse grid, or there is none.
    fn spread(
        &self,
        estimate: &Estimate,
        quake: &Quake,
        points: &[Point],
        duration_s: f64,
    ) -> Option<Spread> {
        let (grid, model) = self.coarse.as_ref()?;
        let fault = &estimate.fault;
        let (_, cell_m) = grid.lattice().spacing_m(0);
        let across_km = fault.width_km * fault.dip_deg.to_radians().cos();
        if across_km < RESOLVED_CELLS * cell_m * 1e-3 {
            return None;
        }
        let run = |fault: &Fault| heights(grid, model, fault, points, duration_s).ok();
        let middle = run(fault)?;
        let mut spread = Spread::new(points.len());
        for pair in varied(estimate, quake.magnitude) {
            // A variant that falls off the grid or on land says nothing.
            let [Some(low), Some(high)] = pair.map(|fault| run(&fault)) else {
                continue;
            };
            spread.take(&middle, &low, &high);
        }
        spread.finish();
        (spread.runs > 0).then_some(spread)
    }
}

/// Pairs of ruptures, one standard deviation either way.
fn varied(estimate: &Estimate, magnitude: f64) -> [[Fault; 2]; 4] {
    let fault = estimate.fault;
    let moved = |azimuth: f64, km: f64, deeper_km: f64| {
        let (lat, lon) = destination(fault.lat, fault.lon, azimuth, km);
        Fault {
            lat,
            lon,
            // Not above the ground: the upper edge stays below it.
            depth_km: fault.depth_km + deeper_km.max(-fault.top_km().max(0.0)),
            ..fault
        }
    };
    let (sin, cos) = fault.dip_deg.to_radians().sin_cos();
    let (along, across) = (
        UNIFORM_SIGMA * fault.length_km,
        UNIFORM_SIGMA * fault.width_km,
    );
    let sized = |length_km: f64, width_km: f64, moment_nm: f64| {
        let grown_km = 0.5 * (width_km - fault.width_km) * sin;
        Fault {
            length_km,
            width_km,
            slip_m: moment_nm / (scaling::RIGIDITY_PA * length_km * width_km * 1e6),
            // A wider rupture goes deeper rather than into the air.
            depth_km: fault.depth_km + (grown_km - fault.top_km()).max(0.0),
            ..fault
        }
    };
    let grown = |by: f64| {
        let mw = magnitude + by;
        let law = estimate.scaling;
        sized(law.length_km(mw), law.width_km(mw), scaling::moment_nm(mw))
    };
    let spread = |sign: f64| {
        sized(
            fault.length_km * 10f64.powf(sign * LOG_LENGTH_SIGMA),
            fault.width_km * 10f64.powf(sign * LOG_WIDTH_SIGMA),
            scaling::moment_nm(magnitude),
        )
    };
    [
        [
            moved(fault.strike_deg + 180.0, along, 0.0),
            moved(fault.strike_deg, along, 0.0),
        ],
        [
            moved(fault.strike_deg - 90.0, across * cos, -across * sin),
            moved(fault.strike_deg + 90.0, across * cos, across * sin),
        ],
        [grown(-MAGNITUDE_SIGMA), grown(MAGNITUDE_SIGMA)],
        [spread(-1.0), spread(1.0)],
    ]
}

/// How heights differ between varied runs.
struct Spread {
    runs: usize,
    /// Standard deviation of what all points share.
    common: f64,
    /// Of each point's own; `None` where some run says nothing.
    own: Vec<Option<f64>>,
    /// By how much the mean of the varied runs differs from the middle one, ln.
    bias: Vec<f64>,
    common_variance: f64,
    own_variance: Vec<f64>,
    heard: Vec<usize>,
}

impl Spread {
    fn new(points: usize) -> Self {
        Spread {
            runs: 0,
            common: 0.0,
            own: vec![None; points],
            bias: vec![0.0; points],
            common_variance: 0.0,
            own_variance: vec![0.0; points],
            heard: vec![0; points],
        }
    }

    /// Takes a pair: half the difference is one standard deviation, and the mean of the two against the middle is what the law of
    /// errors calls the second-order term.
    fn take(&mut self, middle: &Heights, low: &Heights, high: &Heights) {
        let limit = |x: f64| x.clamp(-MOST_SPREAD_LN, MOST_SPREAD_LN);
        let halves: Vec<Option<f64>> = (0..middle.len())
            .map(|k| {
                let (m, l, h) = (middle[k]?, low[k]?, high[k]?);
                self.bias[k] += 0.5 * (limit(l - m) + limit(h - m));
                Some(0.5 * (limit(h - m) - limit(l - m)))
            })
            .collect();
        let known: Vec<f64> = halves.iter().flatten().copied().collect();
        if known.is_empty() {
            return;
        }
        let shared = known.iter().sum::<f64>() / known.len() as f64;
        self.runs += 2;
        self.common_variance += shared * shared;
        for (k, half) in halves.iter().enumerate() {
            if let Some(half) = half {
                self.own_variance[k] += (half - shared).powi(2);
                self.heard[k] += 2;
            }
        }
    }

    fn finish(&mut self) {
        self.common = self.common_variance.sqrt();
        for k in 0..self.own.len() {
            self.own[k] = (self.heard[k] == self.runs).then(|| self.own_variance[k].sqrt());
            // The median moves by no more than its own uncertainty.
            let most = self.common.hypot(self.own[k].unwrap_or(0.0));
            self.bias[k] = self.bias[k].clamp(-most, most);
        }
    }
}

/// Highest crests at points, as logarithms of metres: over the sea as they are, at a shore by Green's law.
fn heights(
    grid: &Grid,
    model: &Model,
    fault: &Fault,
    points: &[Point],
    duration_s: f64,
) -> Result<Heights, ForecastError> {
    let motions = lift(std::slice::from_ref(fault), grid, &LiftOptions::default())?;
    let places = Places::of(grid, model, points);
    let gauges = places.gauges();
    let request = Request {
        motions: &motions,
        duration_s,
        gauges: &gauges,
        every_s: LOOK_S,
        maxima: false,
    };
    let simulation = model.simulate(&request, &mut |_| {})?;
    let crests = places.with(simulation.gauges).map(|heard| {
        let (series, green) = heard?;
        let crest = series.iter().copied().fold(0.0, f32::max);
        (crest > 0.0).then(|| (f64::from(crest) * green).ln())
    });
    Ok(crests.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::{Observation, assimilate};
    use crate::grid::GridHeader;

    /// Sea of 4 km with a coast in the east, a quarter of a degree a cell.
    fn sea() -> Arc<Grid> {
        let header = GridHeader {
            nx: 160,
            ny: 160,
            lon0: 250.0,
            lat0: -55.0,
            dlon: 0.25,
            dlat: 0.25,
            ..Default::default()
        };
        let z = (0..160 * 160).map(|k| if k % 160 > 149 { 100 } else { -4000 });
        Arc::new(Grid::new(&header, z.collect()).expect("a sea"))
    }

    fn point(id: &str, lat: f64, lon: f64, coastal: bool) -> Point {
        Point {
            id: id.into(),
            lat,
            lon,
            coastal,
        }
    }

    #[test]
    fn a_forecast_is_finite_no_wider_than_the_first_and_can_be_corrected() {
        let quake = Quake {
            id: "q".into(),
            magnitude: 8.8,
            lat: -36.0,
            lon: -74.0,
            depth_km: 20.0,
            origin_us: 0,
        };
        let points = [
            point("near", -36.0, -73.0, true),
            point("far", -20.0, -73.0, true),
            point("buoy", -20.0, -100.0, false),
            point("outside", 20.0, -100.0, false),
        ];
        let model = Modelled::new(sea()).expect("a model");
        let forecast = model.forecast(&quake, None, &points).expect("a forecast");
        assert!(forecast.answers[3].is_err() && forecast.varied > 0);
        let mut known: Vec<PointForecast> = forecast.answers.into_iter().flatten().collect();
        assert_eq!(known.len(), 3);
        for f in &known {
            let shore = if f.id == "buoy" { 0.79 } else { 0.91 };
            assert!(f.median_m > 0.01 && f.median_m < 30.0, "{f:?}");
            assert!(f.sigma_ln > 0.3 && f.sigma_ln < shore + 0.005, "{f:?}");
        }
        // All points share one common part, or nothing could be learned from a record.
        let buoy = Observation::new(known[2].clone(), 2.0 * known[2].median_m);
        let factor = assimilate(&mut known, &[buoy]).expect("of one event");
        assert!(factor.factor() > 1.1);
    }
}
