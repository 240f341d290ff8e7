//! What the first estimate answers, what it refuses, and how measurements change it.

mod shipped;

use ocean::forecast::{
    FirstEstimate, ForecastError, Observation, ObservationError, Point, PointForecast, Propagation,
    SHORE_DEPTH_M, Unanswered, assimilate,
};
use ocean::source::{Footprint, FootprintError, Source};
use ocean::{Grid, GridHeader, Quake, QuakeError};

fn quake(magnitude: f64, lat: f64, lon: f64, depth_km: f64) -> Quake {
    Quake {
        id: "test".into(),
        magnitude,
        lat,
        lon,
        depth_km,
        origin_us: 0,
    }
}

fn point(id: &str, lat: f64, lon: f64, coastal: bool) -> Point {
    Point {
        id: id.into(),
        lat,
        lon,
        coastal,
    }
}

/// 60 x 80 degrees of sea 4,000 m deep across the date line, one square island.
fn sea() -> Grid {
    let (nx, ny) = (161, 121);
    let header = GridHeader {
        nx,
        ny,
        lon0: 140.0,
        lat0: -30.0,
        dlon: 0.5,
        dlat: 0.5,
        ..Default::default()
    };
    let island = |i: usize, j: usize| (40..60).contains(&i) && (90..110).contains(&j);
    let pond = |i: usize, j: usize| (48..50).contains(&i) && (98..100).contains(&j);
    let z = (0..nx * ny).map(|k| match (island(k % nx, k / nx), pond(k % nx, k / nx)) {
        (true, false) => 100,
        (true, true) => -20,
        _ => -4000,
    });
    Grid::new(&header, z.collect()).expect("valid")
}

#[test]
fn limits_are_typed_refusals() {
    let grid = sea();
    let model = FirstEstimate::new(&grid);
    let refused = |q: Quake| model.forecast(&q, &[]).expect_err("refused");
    assert_eq!(
        refused(quake(4.9, 0.0, 180.0, 10.0)),
        ForecastError::Quake(QuakeError::TooSmall(4.9))
    );
    assert_eq!(
        refused(quake(9.7, 0.0, 180.0, 10.0)),
        ForecastError::Quake(QuakeError::TooLarge(9.7))
    );
    assert_eq!(
        refused(quake(8.0, 0.0, 180.0, 101.0)),
        ForecastError::Quake(QuakeError::TooDeep(101.0))
    );
    assert_eq!(
        refused(quake(8.0, 0.0, 180.0, -11.0)),
        ForecastError::Quake(QuakeError::AboveGround(-11.0))
    );
    for q in [
        quake(f64::NAN, 0.0, 180.0, 10.0),
        quake(8.0, f64::NAN, 180.0, 10.0),
        quake(8.0, 0.0, f64::INFINITY, 10.0),
        quake(8.0, 0.0, 180.0, f64::NAN),
    ] {
        assert_eq!(refused(q).name(), "not_a_number");
    }
    assert_eq!(refused(quake(8.0, 91.0, 180.0, 10.0)).name(), "place");
    assert_eq!(refused(quake(8.0, 0.0, 100.0, 10.0)).name(), "outside_grid");
    let inland = refused(quake(6.0, 22.0, 163.0, 10.0));
    assert_eq!(inland.name(), "on_land");
    // The refusal names where it is and how far the sea is.
    let ForecastError::Footprint(FootprintError::OnLand {
        sea_km: Some(km), ..
    }) = refused(quake(5.5, 17.0, 166.5, 10.0))
    else {
        panic!("on land")
    };
    assert!((270.0..290.0).contains(&km), "{km}");
    assert_eq!(
        quake(4.0, 0.0, 0.0, 0.0)
            .check()
            .expect_err("small")
            .to_string(),
        "magnitude 4 is below 5: too small for a source model"
    );
    // The limits themselves are answered.
    for m in [5.0, 9.6] {
        assert!(
            model
                .forecast(
                    &quake(m, 0.0, 180.0, 100.0),
                    &[point("p", 5.0, 190.0, false)]
                )
                .is_ok()
        );
    }
}

#[test]
fn every_point_gets_an_answer_or_a_reason() {
    let grid = sea();
    let model = FirstEstimate::new(&grid);
    let points = [
        point("sea", -10.0, -165.0, false),
        point("nan", f64::NAN, 0.0, false),
        point("off", 0.0, 100.0, true),
        point("inland", 22.5, 163.0, true),
        point("pond", 19.25, 164.25, true),
        point("shore", 20.0, 159.9, true),
    ];
    let q = quake(8.0, 0.0, 175.0, 20.0);
    let answers = model.answers(&q, &points).expect("a forecast");
    assert!(answers[0].is_ok() && answers[5].is_ok());
    assert!(matches!(answers[1], Err(Unanswered::NoPlace { .. })));
    assert_eq!(answers[2], Err(Unanswered::OutsideGrid));
    assert_eq!(answers[3], Err(Unanswered::NoSea { within_km: 60.0 }));
    assert_eq!(answers[4], Err(Unanswered::Unreached));
    let ids: Vec<String> = model
        .forecast(&q, &points)
        .expect("a forecast")
        .into_iter()
        .map(|f| f.id)
        .collect();
    assert_eq!(ids, ["sea", "shore"]);
}

#[test]
fn amplitudes_follow_greens_law_and_fall_with_distance() {
    let grid = sea();
    let outlook = FirstEstimate::new(&grid)
        .outlook(&quake(8.5, 0.0, 175.0, 20.0))
        .expect("an outlook");
    let deep = outlook
        .at(&point("deep", -10.0, -165.0, false))
        .expect("answered");
    let shore = outlook
        .at(&point("shore", -10.0, -165.0, true))
        .expect("answered");
    let green = (4000f64 / SHORE_DEPTH_M).powf(0.25);
    assert!((shore.median_m / deep.median_m / green - 1.0).abs() < 1e-12);
    assert!(shore.sigma_ln > deep.sigma_ln && deep.sigma_ln > deep.common_sigma_ln);
    // On a flat sea without a grain the rupture is a circle, and amplitudes fall with distance.
    assert_eq!(outlook.footprint().strike_deg, None);
    let mut last = f64::INFINITY;
    for lon in 176..220 {
        let here = outlook
            .at(&point("p", 0.0, f64::from(lon), false))
            .expect("answered");
        assert!(here.median_m < last && here.median_m <= 0.5 * outlook.source().uplift_m());
        last = here.median_m;
    }
    assert_eq!(
        outlook
            .at(&point("p", 0.0, 175.0, false))
            .expect("answered")
            .arrival_s,
        0.0
    );
}

#[test]
fn the_circle_keeps_the_area_of_the_fault() {
    let header = GridHeader {
        nx: 121,
        ny: 121,
        lon0: 174.0,
        lat0: -6.0,
        dlon: 0.1,
        dlat: 0.1,
        ..Default::default()
    };
    let grid = Grid::new(&header, vec![-4000; 121 * 121]).expect("valid");
    let source = Source::of(&quake(8.8, 0.0, 180.0, 20.0)).expect("a source");
    let footprint = Footprint::of(&source, &grid).expect("at sea");
    let cell_km2 = 11.12 * 11.12;
    let area = source.length_km * source.width_km * source.dip_deg.to_radians().cos();
    // Every cell that is touched counts, so the cells' area is the larger by half a cell all round: 7 % here.
    let ratio = footprint.cells.len() as f64 * cell_km2 / area;
    assert!((1.0..1.12).contains(&ratio), "{ratio}");
    assert_eq!((footprint.wet_part, footprint.strike_deg), (1.0, None));
}

#[test]
fn strikes_read_off_the_sea_floor_meet_moment_tensors() {
    // GCMT / USGS strikes of interface events, as axes in 0..180 degrees.
    let grid = shipped::grid("pacific_10min");
    for (name, lat, lon, published) in [
        ("Iquique 2014", -19.61, -70.77, 178.0),
        ("Illapel 2015", -31.57, -71.67, 4.0),
        ("Arequipa 2001", -16.27, -73.64, 130.0),
        ("Michoacan 1985", 18.19, -102.53, 120.0),
        ("Nicaragua 1992", 11.74, -87.34, 123.0),
        ("Andreanof 1986", 51.52, -174.78, 75.0),
        ("Rat Islands 1965", 51.21, 178.5, 105.0),
        ("Kamchatka 1952", 52.75, 159.5, 34.0),
        ("Kuril 2006", 46.59, 153.27, 35.0),
        ("Nankai 1946", 33.0, 135.6, 70.0),
        ("Santa Cruz 2013", -10.8, 165.11, 130.0),
        ("Kermadec", -29.72, -177.28, 20.0),
    ] {
        let source = Source::of(&quake(8.0, lat, lon, 20.0)).expect("a source");
        let strike: f64 = Footprint::of(&source, &grid)
            .expect("at sea")
            .strike_deg
            .expect(name);
        let off = (strike - published + 90.0).rem_euclid(180.0) - 90.0;
        assert!(off.abs() < 20.0, "{name}: {strike:.0} against {published}");
    }
    // Mid-plate: no grain, no guess.
    let source = Source::of(&quake(8.0, 30.0, -150.0, 20.0)).expect("a source");
    assert_eq!(
        Footprint::of(&source, &grid).expect("at sea").strike_deg,
        None
    );
}

fn forecast(id: &str, median_m: f64, own: f64, common: f64) -> PointForecast {
    PointForecast {
        id: id.into(),
        arrival_s: 1000.0,
        arrival_sigma_s: 60.0,
        median_m,
        sigma_ln: own.hypot(common),
        common_sigma_ln: common,
    }
}

#[test]
fn quantiles_and_probabilities_are_inverse() {
    let f = forecast("p", 0.4, 0.4, 0.68);
    assert_eq!(f.quantile_m(0.5), 0.4);
    for p in [0.001, 0.16, 0.5, 0.84, 0.999] {
        assert!((f.probability_above(f.quantile_m(p)) - (1.0 - p)).abs() < 1e-9);
    }
    assert_eq!(
        (f.quantile_m(0.0), f.quantile_m(1.0), f.quantile_m(-3.0)),
        (0.0, f64::INFINITY, 0.0)
    );
    assert!(f.quantile_m(f64::NAN).is_nan() && f.probability_above(f64::NAN).is_nan());
    assert_eq!(
        (
            f.probability_above(0.0),
            f.probability_above(-1.0),
            f.probability_above(f64::INFINITY)
        ),
        (1.0, 1.0, 0.0)
    );
    let sharp = forecast("p", 0.4, 0.0, 0.0);
    assert_eq!(
        (sharp.probability_above(0.39), sharp.probability_above(0.41)),
        (1.0, 0.0)
    );
}

#[test]
fn one_measurement_in_figures() {
    // Prior common 0.6, own 0.4 and error 0.1: weight 0.36 / 0.53, so a buoy twice as high moves all by 2^0.679.
    let mut all = vec![forecast("coast", 1.0, 0.6, 0.6)];
    let observation = Observation {
        at: forecast("buoy", 0.2, 0.4, 0.6),
        observed_m: -0.4,
        sigma_ln: 0.1,
    };
    let factor = assimilate(&mut all, &[observation]).expect("usable");
    let share = 0.36 / (0.36 + 0.17);
    assert!((factor.mean_ln - share * 2f64.ln()).abs() < 1e-12);
    assert!((factor.sigma_ln - (0.36f64 * 0.17 / 0.53).sqrt()).abs() < 1e-12);
    assert!((all[0].median_m - 2f64.powf(share)).abs() < 1e-12);
    assert!(
        (all[0].own_sigma_ln() - 0.6).abs() < 1e-12
            && (all[0].common_sigma_ln - factor.sigma_ln).abs() < 1e-12
    );
}

#[test]
fn unusable_measurements_change_nothing() {
    let before = vec![forecast("coast", 1.0, 0.6, 0.6)];
    let mut all = before.clone();
    let good = Observation::new(forecast("a", 0.2, 0.4, 0.6), 0.3);
    for bad in [0.0, f64::NAN, f64::INFINITY] {
        let error = assimilate(
            &mut all,
            &[
                good.clone(),
                Observation {
                    observed_m: bad,
                    ..good.clone()
                },
            ],
        )
        .unwrap_err();
        assert!(
            matches!(error, ObservationError::Amplitude { index: 1, .. }),
            "{error}"
        );
    }
    let mixed = Observation::new(forecast("a", 0.2, 0.4, 0.5), 0.3);
    assert!(matches!(
        assimilate(&mut all, &[mixed]).unwrap_err(),
        ObservationError::Mixed { .. }
    ));
    for broken in [
        forecast("a", f64::NAN, 0.4, 0.6),
        forecast("a", 0.0, 0.4, 0.6),
        forecast("a", 1.0, f64::NAN, 0.6),
    ] {
        assert!(matches!(
            assimilate(&mut all, &[Observation::new(broken, 0.3)]).unwrap_err(),
            ObservationError::Forecast { .. }
        ));
    }
    assert_eq!(all, before);
    let none = assimilate(&mut all, &[]).expect("nothing to do");
    assert_eq!((none.factor(), none.used, all.clone()), (1.0, 0, before));
    assert_eq!(
        assimilate(&mut [], &[]).expect("nothing at all").factor(),
        1.0
    );
}
