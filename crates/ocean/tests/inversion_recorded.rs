//! One buoy's record forecasts another's. Nothing in the inversion was fitted to these records.
//!
//! The records are looked for in `WATCHFIRE_DATA` or `../shared/data` beside the workspace; a test that does not find its record
//! says so and passes.

mod shared_data;
mod shipped;

use std::sync::atomic::AtomicBool;

use ocean::bank::Builder;
use ocean::forecast::Point;
use ocean::inversion::{Inversion, PointOutlook, Prior, Record};
use ocean::response::{ResponseTable, Responses};
use ocean::shallow_water::Settings;
use ocean::tide::Tide;
use ocean::trench::{self, UnitOptions};
use ocean::{Grid, Quake};

/// Patches of the interface, six rows: from the trench 180 km down.
const UNITS: UnitOptions = UnitOptions {
    length_km: 50.0,
    width_km: 30.0,
    rows: 6,
};

fn record(name: &str) -> Option<Vec<(f64, f64)>> {
    let text = shared_data::text(&format!("dart/{name}"))?;
    let numbers = |line: &str| -> Vec<f64> {
        line.split_whitespace()
            .map_while(|w| w.parse().ok())
            .collect()
    };
    let seconds = |n: &[f64]| n[0] * 86_400.0 + n[1] * 3600.0 + n[2] * 60.0 + n[3];
    let origin = seconds(&[11.0, 5.0, 46.0, 24.0]);
    let rows = text.lines().map(numbers).filter_map(|n| match n.len() {
        // NDBC: year, month, day, hour, minute, second, kind, metres. Tohoku's files lie within one month.
        8 => Some((seconds(&n[2..6]) - origin, n[7])),
        // Seconds after the origin, metres.
        2 => Some((n[0], n[1])),
        _ => None,
    });
    Some(rows.collect())
}

/// Responses of sensors to the patches of a trench round an epicentre.
fn table(
    grid: &Grid,
    zone: &str,
    at: (f64, f64),
    reach: (f64, f64),
    sensors: &[(&str, f64, f64)],
    samples: usize,
) -> Responses {
    let zone = trench::by_id(zone).expect("the zone");
    let along = zone.along_km(at.0, at.1).expect("a place on the trench");
    let units = zone.unit_sources(along - reach.0..along + reach.1, &UNITS);
    let points: Vec<Point> = sensors
        .iter()
        .map(|&(id, lat, lon)| Point {
            id: id.into(),
            lat,
            lon,
            coastal: false,
        })
        .collect();
    let builder =
        Builder::new(grid, &Settings::default(), &units, 60.0, samples).expect("a builder");
    let (table, without) = builder
        .table(&points, &AtomicBool::new(false), &|_| {})
        .expect("a table");
    assert!(without.is_empty(), "{without:?}");
    table
}

/// A sensor's record until a time, its tide taken out by what came before the origin.
fn so_far(raw: &[(f64, f64)], receiver: usize, until_s: f64) -> Record {
    let (times, heights): (Vec<f64>, Vec<f64>) =
        raw.iter().filter(|s| s.0 <= until_s).copied().unzip();
    let tide = Tide::fit(&times, &heights, 0.0).expect("a tide");
    let residual = tide.residual(&times, &heights).expect("a residual");
    Record {
        receiver,
        times_s: residual.times_s,
        heights_m: residual.heights_m,
        noise: tide.noise(),
        on_the_ground: true,
    }
}

/// How a forecast did in a window of seconds.
struct Skill {
    variance_reduction: f64,
    /// Largest modelled height of the mean series and its time, and the same of the record.
    modelled: (f64, f64),
    recorded: (f64, f64),
}

fn skill(raw: &[(f64, f64)], outlook: &PointOutlook, window: (f64, f64)) -> Skill {
    let whole = so_far(raw, 0, f64::INFINITY);
    let at = |t: f64| {
        let (k, part) = ((t / outlook.step_s) as usize, (t / outlook.step_s).fract());
        let value = |k: usize| f64::from(outlook.p50_m.get(k).copied().unwrap_or(f32::NAN));
        value(k) * (1.0 - part) + value(k + 1) * part
    };
    let pairs: Vec<(f64, f64, f64)> = whole
        .times_s
        .iter()
        .zip(&whole.heights_m)
        .filter(|(t, _)| (window.0..window.1).contains(*t))
        .map(|(&t, &h)| (t, h, at(t)))
        .collect();
    let errors: f64 = pairs.iter().map(|(_, o, m)| (m - o).powi(2)).sum();
    let squares: f64 = pairs.iter().map(|(_, o, _)| o * o).sum();
    let highest = |value: fn(&(f64, f64, f64)) -> f64| {
        let most = pairs.iter().max_by(|a, b| value(a).total_cmp(&value(b)));
        most.map_or((0.0, 0.0), |p| (value(p), p.0))
    };
    Skill {
        variance_reduction: 1.0 - errors / squares,
        modelled: highest(|p| p.2),
        recorded: highest(|p| p.1),
    }
}

/// Tohoku 2011: what 21418 has recorded forty minutes after the origin forecasts 21413, forty minutes before the wave is there: with
/// the epicentre alone, with the earthquake's magnitude as known in the end, and with one that is far too small, as the first was.
#[test]
fn tohoku_2011_from_21418_to_21413() {
    let (Some(near), Some(far)) = (record("21418.txt"), record("21413.txt")) else {
        return;
    };
    let grid = shipped::grid("nwpacific_5min");
    let epicentre = (38.3, 142.4);
    let sensors = [("21418", 38.735, 148.655), ("21413", 30.533, 152.132)];
    let table = table(
        &grid,
        "kuril-japan",
        epicentre,
        (900.0, 600.0),
        &sensors,
        181,
    );
    let solution = |magnitude: f64| {
        let quake = Quake {
            id: "tohoku".into(),
            magnitude,
            lat: epicentre.0,
            lon: epicentre.1,
            depth_km: 29.0,
            origin_us: 0,
        };
        Prior::from_quake(table.units(), &quake).expect("a prior")
    };
    let place = Prior::from_place(table.units(), epicentre.0, epicentre.1).expect("a prior");
    let anywhere = Prior::broad(table.units()).expect("a prior");
    let forecast = |name: &str, prior: &Prior| {
        let mut inversion = Inversion::new(&table, prior).expect("an inversion");
        inversion
            .observe(&so_far(&near, 0, 2400.0))
            .expect("a record");
        let posterior = inversion.posterior();
        let outlook = posterior.forecast(1);
        let skill = skill(&far, &outlook, (4200.0, 10_200.0));
        println!(
            "{name}: Mw {:.2} ({:.2}-{:.2}), misfit {:.2}; at 21413 variance reduction {:.2}, peak of the mean series {:.2} m at {:.1} min \
             ({:.2} m at {:.1} min recorded), largest height {:.2} m ({:.2}-{:.2}), arrival {:.1} +- {:.1} min",
            posterior.magnitude().p50,
            posterior.magnitude().p05,
            posterior.magnitude().p95,
            posterior.misfit(),
            skill.variance_reduction,
            skill.modelled.0,
            skill.modelled.1 / 60.0,
            skill.recorded.0,
            skill.recorded.1 / 60.0,
            outlook.max_m.p50,
            outlook.max_m.p05,
            outlook.max_m.p95,
            outlook.arrival_s.unwrap_or(f64::NAN) / 60.0,
            outlook.arrival_sigma_s / 60.0,
        );
        assert!(posterior.consistent(), "{name}");
        assert!(
            (outlook.max_m.p05..outlook.max_m.p95).contains(&skill.recorded.0),
            "{name}"
        );
        skill
    };
    // One buoy and no epicentre: north and south of it look alike. The interval must say so; more is not asked.
    forecast("record alone, anywhere", &anywhere);
    let alone = forecast("epicentre alone", &place);
    let solutions = [
        ("M 9.1", forecast("M 9.1", &solution(9.1))),
        ("M 9.0", forecast("M 9.0", &solution(9.0))),
        ("M 8.3, far too small", forecast("M 8.3", &solution(8.3))),
    ];
    for (name, skill) in solutions.iter().chain([&("epicentre alone", alone)]) {
        assert!(skill.variance_reduction >= 0.3, "{name}");
        let ratio = skill.modelled.0 / skill.recorded.0;
        assert!((0.7..1.3).contains(&ratio), "{name}: {ratio}");
        let late = skill.modelled.1 / skill.recorded.1 - 1.0;
        assert!(late.abs() < 0.03, "{name}: {late}");
    }
}

/// Maule 2010: the same settings on another ocean. What 32412 has recorded twenty minutes after its crest is explained, and the hour
/// after it is forecast.
#[test]
fn maule_2010_at_32412() {
    let Some(raw) = record("32412_notide.txt") else {
        return;
    };
    let grid = shipped::grid("sepacific_5min");
    let quake = Quake {
        id: "maule".into(),
        magnitude: 8.8,
        lat: -36.12,
        lon: -72.9,
        depth_km: 22.9,
        origin_us: 0,
    };
    let sensors = [("32412", -17.975, -86.392)];
    let table = table(
        &grid,
        "chile-peru",
        (quake.lat, quake.lon),
        (600.0, 600.0),
        &sensors,
        301,
    );
    let prior = Prior::from_quake(table.units(), &quake).expect("a prior");
    let mut inversion = Inversion::new(&table, &prior).expect("an inversion");
    let crest_s = 3.267 * 3600.0;
    inversion
        .observe(&so_far(&raw, 0, crest_s + 1200.0))
        .expect("a record");
    let posterior = inversion.posterior();
    let outlook = posterior.forecast(0);
    let before = skill(&raw, &outlook, (10_000.0, crest_s + 1200.0));
    let after = skill(&raw, &outlook, (crest_s + 1200.0, crest_s + 4800.0));
    println!(
        "Mw {:?}, misfit {:.2}, {:?}; before {:.2}, after {:.2}; peak {:?} of {:?}, largest {:?}",
        posterior.magnitude(),
        posterior.misfit(),
        posterior.stations(),
        before.variance_reduction,
        after.variance_reduction,
        before.modelled,
        before.recorded,
        outlook.max_m
    );
    assert!(posterior.consistent());
    assert!(before.variance_reduction > 0.7);
    assert!((before.modelled.0 / before.recorded.0 - 1.0).abs() < 0.2);
    assert!((outlook.max_m.p05..outlook.max_m.p95).contains(&before.recorded.0));
    assert!((posterior.magnitude().p05..posterior.magnitude().p95).contains(&8.8));
}
