//! The likeliest rupture's wave itself: largest heights everywhere and series at points, for pictures of what is coming.
//!
//! The run is that of [`super::modelled`]'s median, with the same source, solver and cells, so that map, curve and number belong together.

use super::{ForecastError, Modelled, Point, SHORE_DEPTH_M};
use crate::fault::{Fault, LiftOptions, Mechanism, lift};
use crate::grid::Grid;
use crate::lattice::Cell;
use crate::offshore;
use crate::quake::Quake;
use crate::shallow_water::{Model, Request};

/// One rupture's wave.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// Largest height of each cell, metres, in the grid's storage order; NaN on land.
    pub max_m: Vec<f32>,
    /// Step of the series, seconds.
    pub step_s: f64,
    /// Heights at each point from the origin on, metres: over the sea as they are, at a shore by Green's law (1838). `None` where no cell stands
    /// for a point.
    pub series_m: Vec<Option<Vec<f32>>>,
}

impl Modelled {
    /// Carries the wave of the likeliest rupture ([`Fault::on`]) over the grid. `go_on` is asked now and then, hears the part that is done, and may
    /// take its time; `None` when it said no. Takes seconds, on all threads of the pool.
    ///
    /// # Errors
    /// [`ForecastError`] when the earthquake cannot be treated.
    pub fn carry(
        &self,
        quake: &Quake,
        mechanism: Option<Mechanism>,
        points: &[Point],
        duration_s: f64,
        step_s: f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Option<Carried>, ForecastError> {
        let estimate = Fault::on(&self.grid, quake, mechanism)?;
        let motions = lift(&[estimate.fault], &self.grid, &LiftOptions::default())?;
        let places = Places::of(&self.grid, &self.fine, points);
        let gauges = places.gauges();
        let request = Request {
            motions: &motions,
            duration_s,
            gauges: &gauges,
            every_s: step_s,
            maxima: true,
        };
        let Some(simulation) = self.fine.simulate_while(&request, go_on)? else {
            return Ok(None);
        };
        let series_m = places.with(simulation.gauges).map(|heard| {
            let (mut series, green) = heard?;
            for height in &mut series {
                *height *= green as f32;
            }
            Some(series)
        });
        Ok(Some(Carried {
            series_m: series_m.collect(),
            max_m: simulation.max_m.unwrap_or_default(),
            step_s,
        }))
    }
}

/// The cells that stand for points, and what the shore makes of the waves there.
pub(super) struct Places(Vec<Option<(Cell, f64)>>);

impl Places {
    pub(super) fn of(grid: &Grid, model: &Model, points: &[Point]) -> Self {
        let place = |p: &Point| {
            let (cell, depth_m) = offshore::stand_in(grid, p.lat, p.lon, p.coastal, |k| {
                model.is_sea(grid.lattice().cell(k))
            })?;
            let green = if p.coastal {
                (depth_m / SHORE_DEPTH_M).powf(0.25)
            } else {
                1.0
            };
            Some((cell, green))
        };
        Places(points.iter().map(place).collect())
    }

    /// The cells to listen at.
    pub(super) fn gauges(&self) -> Vec<Cell> {
        self.0.iter().flatten().map(|(cell, _)| *cell).collect()
    }

    /// What was heard at each point, and by what it is multiplied there.
    pub(super) fn with(
        &self,
        heard: Vec<Vec<f32>>,
    ) -> impl Iterator<Item = Option<(Vec<f32>, f64)>> + '_ {
        let mut heard = heard.into_iter();
        self.0.iter().map(move |place| {
            let (_, green) = (*place)?;
            Some((heard.next()?, green))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::grid::GridHeader;

    fn sea() -> Modelled {
        let header = GridHeader {
            nx: 120,
            ny: 120,
            lon0: 250.0,
            lat0: -55.0,
            dlon: 0.25,
            dlat: 0.25,
            ..Default::default()
        };
        let z = (0..120 * 120).map(|k| if k % 120 < 100 { -4_000 } else { 500 });
        Modelled::new(Arc::new(Grid::new(&header, z.collect()).expect("a grid"))).expect("a model")
    }

    fn quake() -> Quake {
        Quake {
            id: "us1".to_owned(),
            magnitude: 8.8,
            lat: -40.0,
            lon: -88.0,
            depth_km: 20.0,
            origin_us: 0,
        }
    }

    fn points() -> [Point; 3] {
        [
            (-40.0, -98.0, false),
            (-40.0, -85.2, true),
            (60.0, 0.0, false),
        ]
        .map(|(lat, lon, coastal)| Point {
            id: format!("{lon}"),
            lat,
            lon,
            coastal,
        })
    }

    #[test]
    fn a_points_crest_is_what_the_map_has_there_and_the_shores_what_greens_law_makes_of_it() {
        let (sea, points) = (sea(), points());
        let carried = sea
            .carry(&quake(), None, &points, 7_200.0, 30.0, &mut |_| true)
            .expect("treatable")
            .expect("whole");
        let lattice = *sea.grid.lattice();
        assert_eq!(carried.max_m.len(), lattice.len());
        let crest = |k: usize| {
            let series = carried.series_m[k].as_ref().expect("a cell");
            assert_eq!(series.len(), 241);
            series.iter().copied().fold(0.0, f32::max)
        };
        let at = |p: &Point| {
            let cell = lattice.cell_at(p.lat, p.lon).expect("on the grid");
            carried.max_m[lattice.index(cell).expect("on the grid")]
        };
        let deep = at(&points[0]);
        assert!(deep > 0.05, "{deep} m");
        // The map looks at every step of 30 s, the series is linear between steps.
        assert!((crest(0) - deep).abs() < 0.02 * deep, "{} {deep}", crest(0));
        let (cell, _) = offshore::stand_in(&sea.grid, points[1].lat, points[1].lon, true, |_| true)
            .expect("sea");
        let shore = carried.max_m[lattice.index(cell).expect("on the grid")];
        let green = 4_000f32.powf(0.25);
        assert!(
            (crest(1) - green * shore).abs() < 0.02 * green * shore,
            "{} {shore}",
            crest(1)
        );
        assert_eq!(carried.series_m[2], None, "off the grid");
    }

    #[test]
    fn it_stops_when_told_to() {
        let mut asked = 0;
        let carried = sea().carry(&quake(), None, &points(), 7_200.0, 30.0, &mut |part| {
            asked += 1;
            part < 0.1
        });
        assert_eq!(carried, Ok(None));
        assert!(asked > 0);
    }
}
