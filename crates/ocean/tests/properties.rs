//! Laws that hold for any grid, source, earthquake and measurement.

use ocean::forecast::{FirstEstimate, Observation, Point, PointForecast, Propagation, assimilate};
use ocean::sphere::long_wave_speed_m_s;
use ocean::travel_time::{MIN_DEPTH_M, solve};
use ocean::{Cell, Grid, GridHeader, Quake};
use proptest::prelude::*;

const NX: usize = 24;
const NY: usize = 18;

/// Any small grid: land, shelves and trenches at random, anywhere on Earth.
fn grids() -> impl Strategy<Value = Grid> {
    (
        prop::collection::vec(prop_oneof![1 => 0i16..3000, 4 => -9000i16..0], NX * NY),
        -70.0..50.0f64,
        -360.0..360.0f64,
    )
        .prop_map(|(z, lat0, lon0)| {
            let header = GridHeader {
                nx: NX,
                ny: NY,
                lon0,
                lat0,
                dlon: 0.5,
                dlat: 0.5,
                ..Default::default()
            };
            Grid::new(&header, z).expect("valid")
        })
}

/// Any number that a broken report may hold.
fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -400.0..400.0f64, 1 => any::<f64>(), 1 => Just(f64::NAN)]
}

fn forecasts(common: f64) -> impl Strategy<Value = PointForecast> {
    (0.001..20.0f64, 0.05..1.5f64).prop_map(move |(median_m, own)| PointForecast {
        id: "p".into(),
        arrival_s: 600.0,
        arrival_sigma_s: 60.0,
        median_m,
        sigma_ln: own.hypot(common),
        common_sigma_ln: common,
    })
}

fn observations(common: f64) -> impl Strategy<Value = Vec<Observation>> {
    prop::collection::vec(
        (forecasts(common), 0.001..20.0f64, 0.01..0.5f64).prop_map(|(at, observed_m, sigma_ln)| {
            Observation {
                at,
                observed_m,
                sigma_ln,
            }
        }),
        1..6,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Causality and the triangle inequality, cell by cell: nobody waits longer than the way from a neighbour takes,
    /// and nobody is reached much sooner than the deepest water allows.
    #[test]
    fn arrivals_are_causal(grid in grids(), source in prop::collection::vec((0..NX, 0..NY), 1..5)) {
        let source: Vec<Cell> = source.into_iter().map(|(i, j)| Cell { i, j }).collect();
        let Ok(field) = solve(&grid, &source) else {
            prop_assert!(source.iter().all(|&c| !grid.is_wet(c)));
            return Ok(());
        };
        let l = *grid.lattice();
        let slowness = |c: Cell| 1.0 / long_wave_speed_m_s(grid.depth_m(c.i, c.j).expect("wet").max(MIN_DEPTH_M));
        for k in 0..l.len() {
            let c = l.cell(k);
            let Some(here) = field.at(c) else { continue };
            prop_assert!(grid.is_wet(c) && here >= 0.0);
            if source.contains(&c) {
                prop_assert_eq!(here, 0.0);
            }
            let (east_m, north_m) = l.spacing_m(c.j);
            for (i, j, metres) in [(c.i + 1, c.j, east_m), (c.i, c.j + 1, north_m)] {
                let n = Cell { i, j };
                if !grid.is_wet(n) {
                    continue;
                }
                let there = field.at(n).expect("a wet neighbour of a reached cell is reached");
                // Rows differ in spacing by 1 % at most here; f32 and that are the slack.
                let way = metres * 0.5 * (slowness(c) + slowness(n));
                prop_assert!((here - there).abs() <= way * 1.02 + 0.05, "{here} {there} {way}");
            }
            let fastest = long_wave_speed_m_s(9000.0);
            let km = source.iter().filter(|&&s| grid.is_wet(s)).map(|s| l.distance_km(*s, l.lat(c.j), l.lon(c.i))).fold(f64::INFINITY, f64::min);
            // White noise of 0-9000 m from cell to cell is where a three-point difference leans on slopes that have ended; it
            // shortens a step to two thirds at most. (Smooth floors: tests/travel_time.rs.)
            prop_assert!(here >= 0.66 * km * 1e3 / fastest - 0.05);
        }
    }

    /// A larger source is never later anywhere beyond the scheme's own error, and the order of its cells is nothing.
    #[test]
    fn order_of_source_cells_does_not_matter(grid in grids(), source in prop::collection::vec((0..NX, 0..NY), 1..8)) {
        let forward: Vec<Cell> = source.iter().map(|&(i, j)| Cell { i, j }).collect();
        let backward: Vec<Cell> = forward.iter().rev().copied().collect();
        prop_assert_eq!(solve(&grid, &forward), solve(&grid, &backward));
    }

    /// Whatever a catalogue sends: an answer for every point or a typed error, finite numbers, no panic.
    #[test]
    fn any_report_is_answered_or_refused(
        grid in grids(), magnitude in prop_oneof![4.0..10.0f64, numbers()], lat in numbers(), lon in numbers(),
        near in any::<bool>(), depth_km in prop_oneof![0.0..110.0f64, numbers()],
        places in prop::collection::vec((numbers(), numbers(), any::<bool>()), 0..4),
    ) {
        let l = *grid.lattice();
        // Half of the reports are put on the grid, or hardly any would be.
        let (lat, lon) = if near { (l.lat(NY / 2), l.lon(NX / 2)) } else { (lat, lon) };
        let mut points: Vec<Point> = places
            .into_iter()
            .map(|(lat, lon, coastal)| Point { id: "p".into(), lat, lon, coastal })
            .collect();
        points.push(Point { id: "near".into(), lat: l.lat(2), lon: l.lon(3), coastal: true });
        let quake = Quake { id: "q".into(), magnitude, lat, lon, depth_km, origin_us: 0 };
        match FirstEstimate::new(&grid).answers(&quake, &points) {
            Ok(answers) => {
                prop_assert_eq!(answers.len(), points.len());
                for f in answers.into_iter().flatten() {
                    prop_assert!(f.arrival_s.is_finite() && f.arrival_s >= 0.0 && f.arrival_sigma_s.is_finite());
                    prop_assert!(f.median_m.is_finite() && f.median_m > 0.0, "{}", f.median_m);
                    prop_assert!(f.common_sigma_ln <= f.sigma_ln);
                }
            }
            Err(error) => prop_assert!(!error.to_string().is_empty() && !error.name().is_empty()),
        }
    }

    /// The corrected median at a sensor lies between what was forecast and what was measured; sigma falls.
    #[test]
    fn the_posterior_lies_between(common in 0.05..1.0f64, seed in (forecasts(1.0), 0.001..20.0f64)) {
        let (mut at, observed_m) = seed;
        let own = at.own_sigma_ln();
        at.common_sigma_ln = common;
        at.sigma_ln = own.hypot(common);
        let mut all = vec![at.clone()];
        let factor = assimilate(&mut all, &[Observation::new(at.clone(), observed_m)]).expect("usable");
        let (low, high) = (at.median_m.min(observed_m), at.median_m.max(observed_m));
        prop_assert!(all[0].median_m >= low * (1.0 - 1e-12) && all[0].median_m <= high * (1.0 + 1e-12));
        prop_assert!(factor.sigma_ln < common && all[0].sigma_ln < at.sigma_ln);
        prop_assert!((all[0].own_sigma_ln() - own).abs() < 1e-9);
    }

    /// Order does not matter, and one at a time (updating the sensors' own forecasts along) equals all at once.
    #[test]
    fn order_and_batching_do_not_matter(all in prop::collection::vec(forecasts(0.68), 1..4), seen in observations(0.68)) {
        let mut together = all.clone();
        let joint = assimilate(&mut together, &seen).expect("usable");
        let mut reversed = all.clone();
        assimilate(&mut reversed, &seen.iter().rev().cloned().collect::<Vec<_>>()).expect("usable");
        let mut steps = all.clone();
        let mut waiting = seen.clone();
        let mut mean = 0.0;
        while !waiting.is_empty() {
            let next = waiting.remove(0);
            let mut at: Vec<PointForecast> = waiting.iter().map(|o| o.at.clone()).collect();
            assimilate(&mut at, std::slice::from_ref(&next)).expect("usable");
            for (o, at) in waiting.iter_mut().zip(at) {
                o.at = at;
            }
            mean += assimilate(&mut steps, &[next]).expect("usable").mean_ln;
        }
        prop_assert!((mean - joint.mean_ln).abs() < 1e-9);
        for ((a, b), c) in together.iter().zip(&reversed).zip(&steps) {
            for other in [b, c] {
                prop_assert!((a.median_m / other.median_m - 1.0).abs() < 1e-9);
                prop_assert!((a.sigma_ln - other.sigma_ln).abs() < 1e-9);
                prop_assert!((a.common_sigma_ln - other.common_sigma_ln).abs() < 1e-9);
            }
        }
    }
}
