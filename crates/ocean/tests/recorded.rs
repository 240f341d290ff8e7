//! Arrivals and first amplitudes against what buoys recorded. Nothing in the model was fitted to these records.
//!
//! The records are looked for in `WATCHFIRE_DATA` or `../shared/data` beside the workspace; a test that does not find
//! its record says so and passes.

mod shared_data;
mod shipped;

use ocean::forecast::{FirstEstimate, Observation, Outlook, Point, PointForecast, assimilate};
use ocean::{Grid, Quake};

fn record(name: &str) -> Option<String> {
    shared_data::text(&format!("dart/{name}"))
}

fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace()
        .map_while(|w| w.parse().ok())
        .collect()
}

/// (seconds after 2010-02-27T06:34:14Z, metres without tide) of DART 32412.
fn maule_record() -> Option<Vec<(f64, f64)>> {
    let text = record("32412_notide.txt")?;
    Some(
        text.lines()
            .map(numbers)
            .filter(|n| n.len() == 2)
            .map(|n| (n[0], n[1]))
            .collect(),
    )
}

/// (seconds after 2011-03-11T05:46:24Z, metres of water) of one NDBC file, that day only, time ascending.
fn tohoku_record(name: &str) -> Option<Vec<(f64, f64)>> {
    let text = record(name)?;
    let origin = 5.0 * 3600.0 + 46.0 * 60.0 + 24.0;
    let mut samples: Vec<(f64, f64)> = text
        .lines()
        .map(numbers)
        .filter(|n| n.len() == 8 && n[..3] == [2011.0, 3.0, 11.0] && n[7] < 9000.0)
        .map(|n| (n[3] * 3600.0 + n[4] * 60.0 + n[5] - origin, n[7]))
        .collect();
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(samples)
}

/// Time and value of the largest sample in a window of seconds.
fn peak(samples: &[(f64, f64)], from_s: f64, to_s: f64) -> (f64, f64) {
    let window = samples
        .iter()
        .copied()
        .filter(|s| (from_s..to_s).contains(&s.0));
    window
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .expect("samples in the window")
}

fn outlook<'g>(grid: &'g Grid, magnitude: f64, lat: f64, lon: f64, depth_km: f64) -> Outlook<'g> {
    let quake = Quake {
        id: "recorded".into(),
        magnitude,
        lat,
        lon,
        depth_km,
        origin_us: 0,
    };
    FirstEstimate::new(grid)
        .outlook(&quake)
        .expect("a forecast")
}

fn at(outlook: &Outlook<'_>, id: &str, lat: f64, lon: f64) -> PointForecast {
    let f = outlook
        .at(&Point {
            id: id.into(),
            lat,
            lon,
            coastal: false,
        })
        .expect("a forecast at the buoy");
    println!(
        "{id}: first arrival {:.1} min +- {:.1}, median {:.3} m, 16-84 %: {:.3}-{:.3} m",
        f.arrival_s / 60.0,
        f.arrival_sigma_s / 60.0,
        f.median_m,
        f.quantile_m(0.16),
        f.quantile_m(0.84)
    );
    f
}

#[test]
fn maule_2010_at_32412() {
    let grid = shipped::grid("pacific_10min");
    let outlook = outlook(&grid, 8.8, -36.122, -72.898, 22.9);
    // The sea floor alone gives the strike: 18 degrees in the USGS W-phase solution.
    let strike = outlook.footprint().strike_deg.expect("a grain");
    assert!((strike - 18.0).abs() < 10.0, "strike {strike}");
    let forecast = at(&outlook, "32412", -17.975, -86.392);
    let Some(record) = maule_record() else { return };
    let (peak_s, peak_m) = peak(&record, 9000.0, 14_000.0);
    // First sample above 3 cm after the seismic waves are gone.
    let rise_s = record
        .iter()
        .find(|s| s.0 > 9000.0 && s.1 > 0.03)
        .expect("a rise")
        .0;
    println!(
        "32412 recorded: 3 cm at {:.1} min, peak {peak_m:.3} m at {:.1} min",
        rise_s / 60.0,
        peak_s / 60.0
    );
    assert!(forecast.arrival_s < peak_s);
    assert!(
        (forecast.arrival_s - rise_s).abs() < 0.05 * rise_s,
        "{} against {rise_s}",
        forecast.arrival_s
    );
    assert!((forecast.arrival_s - rise_s).abs() < 2.0 * forecast.arrival_sigma_s);
    assert!((forecast.quantile_m(0.16)..forecast.quantile_m(0.84)).contains(&peak_m));
    // Once the buoy has spoken, Hawaii's forecast narrows by its common part and moves by the buoy's ratio.
    let hilo = Point {
        id: "hilo".into(),
        lat: 19.73,
        lon: -155.06,
        coastal: true,
    };
    let mut later = vec![outlook.at(&hilo).expect("Hilo")];
    let before = later[0].clone();
    let factor =
        assimilate(&mut later, &[Observation::new(forecast, peak_m)]).expect("a usable amplitude");
    println!(
        "hilo: {:.2} m before, {:.2} m after, sigma {:.2} to {:.2}, factor {:.2}",
        before.median_m,
        later[0].median_m,
        before.sigma_ln,
        later[0].sigma_ln,
        factor.factor()
    );
    assert!(later[0].sigma_ln < before.sigma_ln - 0.15);
}

#[test]
fn tohoku_2011_at_21418_and_21413() {
    let grid = shipped::grid("nwpacific_5min");
    // USGS: 38.297 N 142.373 E, 29 km; JMA: 38.1035 N 142.861 E, 24 km. Mw 9.0 at first, 9.1 at last.
    let outlook = outlook(&grid, 9.1, 38.1, 142.86, 24.0);
    let strike = outlook.footprint().strike_deg.expect("a grain");
    assert!(
        (strike - 20.0).abs() < 10.0,
        "strike {strike} (203 degrees in the USGS solution)"
    );
    for (name, lat, lon, window) in [
        ("21418", 38.735, 148.655, (1200.0, 3600.0)),
        ("21413", 30.533, 152.132, (3900.0, 6000.0)),
    ] {
        let forecast = at(&outlook, name, lat, lon);
        let Some(record) = tohoku_record(&format!("{name}.txt")) else {
            continue;
        };
        // Raw: tide and all. Over half an hour the tide moves by centimetres, the wave by decimetres and more.
        let (peak_s, peak) = peak(&record, window.0, window.1);
        let quiet: Vec<f64> = record
            .iter()
            .filter(|s| (-3600.0..0.0).contains(&s.0))
            .map(|s| s.1)
            .collect();
        let level = quiet.iter().sum::<f64>() / quiet.len() as f64;
        println!(
            "{name} recorded: peak {:.2} m at {:.1} min",
            peak - level,
            peak_s / 60.0
        );
        // The peak of a wave of 20-30 min period comes 4-12 min after its front.
        let wait_s = peak_s - forecast.arrival_s;
        assert!(
            (240.0..720.0).contains(&wait_s),
            "{name}: front {} s, peak {peak_s} s",
            forecast.arrival_s
        );
        let height = peak - level;
        assert!(
            (forecast.quantile_m(0.05)..forecast.quantile_m(0.95)).contains(&height),
            "{name}: {height}"
        );
    }
}

#[test]
fn both_grids_agree_on_tohoku() {
    let (fine, coarse) = (
        shipped::grid("nwpacific_5min"),
        shipped::grid("pacific_10min"),
    );
    let (a, b) = (
        outlook(&fine, 9.1, 38.1, 142.86, 24.0),
        outlook(&coarse, 9.1, 38.1, 142.86, 24.0),
    );
    for (lat, lon) in [
        (38.735, 148.655),
        (30.533, 152.132),
        (20.0, 170.0),
        (50.0, 165.0),
    ] {
        let (fa, fb) = (at(&a, "5 min", lat, lon), at(&b, "10 min", lat, lon));
        assert!((fa.arrival_s - fb.arrival_s).abs() < 60.0 + 0.01 * fa.arrival_s);
        assert!((fa.median_m / fb.median_m).ln().abs() < 0.1);
    }
}
