//! One source carried over the grid: series at the stations, largest heights everywhere.

use std::sync::Arc;

use ocean::Grid;
use ocean::fault::Mechanism;
use ocean::forecast::{
    ARRIVAL_SIGMA_PART, DIP_SIGMA_LN, MODEL_SIGMA_LN, Modelled, Point, PointForecast,
    SHORE_DEPTH_M, SHORE_OWN_SIGMA_LN, UNEVEN_SLIP_SIGMA_LN,
};
use ocean::quake::Quake;
use ocean::shallow_water::{Model, Request, Settings};

use super::outlook::{Part, PointOutlook, StationOutlook};
use super::source::Lifted;
use super::spots::Spot;
use super::{Job, Progress, Trouble};
use crate::alert::Level;

/// Spread of heights (standard deviation of ln) that a published solution leaves open: half of what is open
/// before one is known
/// (dip, rigidity and uneven slip of [`Modelled`], assumed).
const GIVEN_SIGMA_LN: f64 = 0.5 * (DIP_SIGMA_LN + UNEVEN_SLIP_SIGMA_LN);
/// Error of the place of a source's edge in time, seconds: half a cell of 10' in deep water, and a rupture
/// that starts late.
const EDGE_SIGMA_S: f64 = 60.0;

/// What came out.
#[derive(Debug, Clone, Default)]
pub struct Waves {
    /// Heights at the stations, at multiples of the step.
    pub stations: Vec<Vec<f32>>,
    /// Heights at the points.
    pub points: Vec<Vec<f32>>,
    /// Largest height of each cell, storage order, NaN on land.
    pub max_m: Vec<f32>,
}

/// Compiles the grid for propagation.
pub fn model(grid: &Grid, settings: &Settings) -> Result<Model, Trouble> {
    Model::new(grid, settings).map_err(|e| Trouble::Wrong(format!("the grid cannot be used: {e}")))
}

/// Carries a source over the grid.
pub fn run(
    model: &Model,
    source: &Lifted,
    stations: &[Spot],
    points: &[Spot],
    duration_s: f64,
    every_s: f64,
    progress: &Progress,
) -> Result<Waves, Trouble> {
    let gauges: Vec<_> = stations
        .iter()
        .chain(points)
        .flat_map(|s| s.cells.iter().map(|c| c.0))
        .collect();
    let request = Request {
        motions: &source.motions,
        duration_s,
        gauges: &gauges,
        every_s,
        maxima: true,
    };
    let bar = progress.part("waves");
    let done = model
        .simulate(&request, &mut |part| bar.set(part))
        .map_err(|e| Trouble::Wrong(format!("the waves cannot be computed: {e}")))?;
    bar.done();
    let mut series = done.gauges.iter().map(Vec::as_slice);
    let stations = stations.iter().map(|s| s.mix(&mut series)).collect();
    let points = points.iter().map(|s| s.mix(&mut series)).collect();
    Ok(Waves {
        stations,
        points,
        max_m: done.max_m.unwrap_or_default(),
    })
}

/// Standard deviation of an arrival.
pub fn arrival_sigma_s(arrival_s: f64) -> f64 {
    (ARRIVAL_SIGMA_PART * arrival_s).hypot(EDGE_SIGMA_S)
}

/// A station's outlook from the modelled series alone.
pub fn station(spot: &Spot, heights_m: Vec<f32>) -> StationOutlook {
    StationOutlook {
        place: spot.place.clone(),
        arrival_s: spot.arrival_s,
        arrival_sigma_s: spot.arrival_s.map_or(0.0, arrival_sigma_s),
        depth_m: spot.depth_m,
        heights_m,
        band: None,
        observed: Vec::new(),
        part: Part::None,
        skill: None,
        note: spot.note.clone(),
    }
}

/// What Green's law (1838) and the point's own factor make of a height over `depth_m` at the shore.
pub fn greens_factor(spot: &Spot) -> f64 {
    (spot.depth_m.max(SHORE_DEPTH_M) / SHORE_DEPTH_M).powf(0.25) * spot.place.factor.unwrap_or(1.0)
}

/// Standard deviation of the logarithm of a height at the shore when the source was given.
fn given_sigma_ln() -> f64 {
    [GIVEN_SIGMA_LN, MODEL_SIGMA_LN, SHORE_OWN_SIGMA_LN]
        .into_iter()
        .fold(0.0, f64::hypot)
}

/// Medians and spreads at points by the ruptures that the earthquake leaves possible, the hub's own way;
/// nothing where that way
/// has no answer.
pub fn spread(
    grid: &Grid,
    quake: &Quake,
    mechanism: Option<Mechanism>,
    points: &[Spot],
) -> Result<Vec<Option<PointForecast>>, Trouble> {
    let failed = |e: String| Trouble::Failed(format!("the spread of heights: {e}"));
    let modelled = Modelled::new(Arc::new(grid.clone())).map_err(|e| failed(e.to_string()))?;
    let asked: Vec<Point> = points
        .iter()
        .map(|s| Point {
            id: s.place.id.clone(),
            lat: s.place.lat,
            lon: s.place.lon,
            coastal: true,
        })
        .collect();
    let answer = modelled
        .forecast(quake, mechanism, &asked)
        .map_err(|e| Trouble::Wrong(e.to_string()))?;
    Ok(answer.answers.into_iter().map(Result::ok).collect())
}

/// A point's outlook: log-normal round the median, which is that of the varied ruptures, or else the
/// series' own.
pub fn point(
    spot: &Spot,
    heights_m: &[f32],
    known: Option<PointForecast>,
    job: &Job<'_>,
) -> PointOutlook {
    let arrival_s = spot.arrival_s.unwrap_or(0.0);
    let (k, highest) =
        heights_m.iter().enumerate().fold(
            (0, 0.0f32),
            |best, (k, h)| if *h > best.1 { (k, *h) } else { best },
        );
    let green = greens_factor(spot);
    let mut shore = known.unwrap_or_else(|| PointForecast {
        id: spot.place.id.clone(),
        arrival_s,
        arrival_sigma_s: arrival_sigma_s(arrival_s),
        median_m: f64::from(highest) * green / spot.place.factor.unwrap_or(1.0),
        sigma_ln: given_sigma_ln(),
        common_sigma_ln: 0.0,
    });
    // A logarithm needs something: a tenth of a millimetre is nothing.
    shore.median_m = (shore.median_m * spot.place.factor.unwrap_or(1.0)).max(1e-4);
    PointOutlook {
        place: spot.place.clone(),
        arrival_s,
        arrival_sigma_s: shore.arrival_sigma_s,
        peak_s: k as f64 * job.step_s,
        height_m: [0.05, 0.5, 0.95].map(|p| shore.quantile_m(p)),
        exceeds: job.policy.heights_m().map(|h| shore.probability_above(h)),
        level: Level::of(job.policy, |h| shore.probability_above(h)),
        offshore_m: shore.median_m / green,
        offshore_at: job.at(spot),
        offshore_depth_m: spot.depth_m,
        greens_factor: green,
        note: spot.note.clone(),
    }
}
