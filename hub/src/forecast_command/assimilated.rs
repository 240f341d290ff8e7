//! What the records say about the source, and the forecast that follows: inversion over unit sources near
//! the earthquake, whose
//! responses at the stations and points are computed on the spot, one run of the ocean for each.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use ocean::bank::Builder;
use ocean::fault::Fault;
use ocean::forecast::Point;
use ocean::inversion::{Inversion, PointOutlook as Posterior, Prior, RUPTURE_VELOCITY_KM_S};
use ocean::response::{ResponseTable, Responses, UnitSource};
use ocean::sphere::distance_km;

use super::observed::{Observed, observed, part};
use super::outlook::{Band, Part, PointOutlook, StationOutlook};
use super::skill::{self, Modelled};
use super::spots::Spot;
use super::standing::{Standing, standing};
use super::tables::SlipSpread;
use super::{Answer, Job, Progress, Trouble, source, units, waves, words};
use crate::alert::Level;

/// Step of the responses, seconds, at least: half of what records are averaged over.
const STEP_S: f64 = 30.0;
/// Most bytes of responses in memory.
const MAX_BYTES: usize = 4 << 30;

/// Forecasts from the records up to `until_s` seconds after the origin.
pub fn run(
    job: &Job<'_>,
    estimate: &Fault,
    until_s: f64,
    progress: &Progress,
) -> Result<Answer, Trouble> {
    if until_s.is_nan() || until_s <= 0.0 {
        return Err(Trouble::Wrong(format!(
            "--until lies {} before the origin: nothing of the tsunami is recorded by then",
            words::span(-until_s)
        )));
    }
    let records: Vec<Option<Observed>> = job
        .stations
        .iter()
        .map(|s| job.records.found.get(&s.place.id).map(observed))
        .collect();
    if job.model.settings().coriolis {
        return Err(Trouble::Wrong(
            "--coriolis on and --until exclude each other: responses are computed backwards, and a \
             turning Earth has no way back"
                .to_owned(),
        ));
    }
    let (sources, units_words) = units::round(job.quake, estimate);
    let (table, sources_left, mut notes) =
        progress.timed("responses", || responses(job, sources, progress))?;
    let receivers: BTreeMap<&str, usize> = table
        .receivers()
        .iter()
        .enumerate()
        .map(|(k, r)| (r.id.as_str(), k))
        .collect();
    let receiver =
        |prefix: char, id: &str| receivers.get(format!("{prefix}{id}").as_str()).copied();

    progress.timed("inversion", || {
        let prior = Prior::from_quake(table.units(), job.quake).map_err(|e| Trouble::Failed(format!("no prior: {e}")))?;
        let mut inversion = Inversion::new(&table, &prior).map_err(|e| Trouble::Failed(format!("no inversion: {e}")))?;
        let mut parts: Vec<Part> = Vec::new();
        for (spot, record) in job.stations.iter().zip(&records) {
            let usable = usable(spot, record.as_ref(), job, until_s);
            let part = match (usable, record, receiver('s', &spot.place.id)) {
                (Ok(on_the_ground), Some(record), Some(k)) => {
                    let record = record.record(k, until_s, on_the_ground);
                    match inversion.observe(&record) {
                        Ok(()) => Part::Used(String::new()),
                        Err(e) => Part::Ignored(e.to_string()),
                    }
                }
                (Ok(_), ..) => Part::Ignored("no unit source's wave gets there".to_owned()),
                (Err(part), ..) => part,
            };
            parts.push(part);
        }
        let posterior = inversion.posterior();
        for fit in posterior.stations() {
            let id = &table.receivers()[fit.receiver].id[1..];
            let station = job.stations.iter().position(|s| s.place.id == id);
            if let Some(slot) = station.and_then(|k| parts.get_mut(k)) {
                *slot = part(fit.verdict, fit.samples, fit.shift_s, fit.misfit);
            }
        }
        let used = parts.iter().filter(|p| matches!(p, Part::Used(_))).count();
        if !posterior.consistent() {
            notes.push(
                "the records contradict the model or each other: another kind of source (landslide, \
                 splay fault), a wrong \
                 earthquake solution, or instruments; take the forecast with care"
                    .to_owned(),
            );
        }
        let mut stations = Vec::new();
        for ((spot, record), part) in job.stations.iter().zip(records).zip(parts) {
            let mut outlook = waves::station(spot, Vec::new());
            if let (Part::Used(_), Standing::Open { assumed, .. }) =
                (&part, standing(job.grid, spot))
            {
                outlook.remark(&assumed);
            }
            outlook.part = part;
            if let Some(k) = receiver('s', &spot.place.id) {
                fill(&mut outlook, &posterior.forecast(k), job);
            }
            if let Some(record) = record {
                beside(&mut outlook, record, job);
            }
            stations.push(outlook);
        }
        let points = job
            .points
            .iter()
            .filter_map(|spot| {
                let k = receiver('p', &spot.place.id)?;
                let factor = spot.place.factor.unwrap_or(1.0);
                Some(coast(spot, &posterior.forecast_with(k, factor), table.receivers()[k].depth_m, job))
            })
            .collect();
        let magnitude = posterior.magnitude();
        let faults: Vec<Fault> = table
            .units()
            .iter()
            .zip(posterior.slip_mean_m())
            .map(|(unit, slip)| slipped(unit, *slip, posterior.delay_s(), job))
            .collect();
        let spread = posterior.slip_sd_m().iter().map(|sd| SlipSpread { sd_m: *sd }).collect();
        let slip = faults.iter().map(|f| f.slip_m).fold(0.0, f64::max);
        let source_words = format!(
            "the records' own: Mw {:.2} ({:.2}-{:.2}), slip up to {slip:.1} m on {units_words}{}",
            magnitude.p50,
            magnitude.p05,
            magnitude.p95,
            if sources_left > 0 { format!(", {sources_left} of them under no sea of the grid") } else { String::new() }
        );
        let records_words = format!(
            "until {} after the origin ({}): {used} of {} stations used, misfit {:.2}",
            words::span(until_s),
            words::utc_long(words::after(job.quake.origin_us, until_s)),
            job.records.found.len(),
            posterior.misfit()
        );
        Ok((stations, points, faults, spread, source_words, records_words))
    })
    .map(|(stations, points, faults, spread, source_words, records_words)| {
        // The mean source carried over the grid, for the map.
        let max_m = progress.timed("waves", || {
            let lifted = source::lift(job.grid, faults.clone(), String::new(), false)?;
            waves::run(job.model, &lifted, &[], &[], job.duration_s, job.step_s, progress)
        });
        let max_m = match max_m {
            Ok(waves) => waves.max_m,
            Err(why) => {
                notes.push(format!("no map of largest heights: {why}"));
                Vec::new()
            }
        };
        Answer {
            stations,
            points,
            max_m,
            faults: Some(faults),
            spread,
            source_words: Some(source_words),
            records_words: Some(records_words),
            notes,
        }
    })
}

/// Responses of all stations and points, as receivers `s<id>` and `p<id>`; how many unit sources lift no
/// sea; and notes.
fn responses(
    job: &Job<'_>,
    sources: Vec<UnitSource>,
    progress: &Progress,
) -> Result<(Responses, usize, Vec<String>), Trouble> {
    let step_s = job.step_s.max(STEP_S);
    let samples = (job.duration_s / step_s).floor() as usize + 1;
    // Patches under land or off the grid cannot have made the wave; the builder leaves them out.
    let builder = Builder::new(job.grid, job.model.settings(), &sources, step_s, samples)
        .map_err(|e| Trouble::Wrong(format!("the records cannot be used: {e}")))?;
    let point = |prefix: char, spot: &Spot, coastal: bool| Point {
        id: format!("{prefix}{}", spot.place.id),
        lat: spot.place.lat,
        lon: spot.place.lon,
        coastal,
    };
    let stations = job.stations.iter().map(|s| point('s', s, false));
    let points: Vec<Point> = stations
        .chain(job.points.iter().map(|p| point('p', p, true)))
        .collect();
    let bytes = points
        .len()
        .saturating_mul(sources.len())
        .saturating_mul(samples)
        .saturating_mul(size_of::<f32>());
    if bytes > MAX_BYTES {
        return Err(Trouble::Wrong(format!(
            "{} places and {} unit sources over {} would take {} GiB; name fewer places, or fewer --hours",
            points.len(),
            sources.len(),
            words::span(job.duration_s),
            bytes >> 30
        )));
    }
    let bar = Mutex::new(progress.part("responses"));
    let count = points.len().max(1) as f64;
    let told = |done: usize| {
        if let Ok(bar) = bar.lock() {
            bar.set(done as f64 / count);
        }
    };
    let (table, without) = builder
        .table(&points, &AtomicBool::new(false), &told)
        .map_err(|e| Trouble::Failed(format!("responses: {e}")))?;
    if let Ok(bar) = bar.lock() {
        bar.done();
    }
    let notes = without
        .iter()
        .map(|(p, why)| format!("{}: {why}", &p.id[1..]))
        .collect();
    Ok((table, builder.left_out().len(), notes))
}

/// Whether a station's record may be used, and then whether its station rises and sinks with the sea floor.
fn usable(
    spot: &Spot,
    record: Option<&Observed>,
    job: &Job<'_>,
    until_s: f64,
) -> Result<bool, Part> {
    let Some(record) = record else {
        return Err(Part::None);
    };
    if let Some(fault) = &record.fault {
        return Err(Part::Ignored(fault.clone()));
    }
    let on_the_ground = match standing(job.grid, spot) {
        Standing::Open { on_the_ground, .. } => on_the_ground,
        Standing::Coast(why) => return Err(Part::Ignored(why)),
    };
    match record.known_until_s(until_s) {
        Some(last) if last > 0.0 => Ok(on_the_ground),
        _ => Err(Part::Ignored(
            "it holds nothing between the origin and the limit".to_owned(),
        )),
    }
}

/// The posterior's series, brought to the step asked for.
fn fill(outlook: &mut StationOutlook, posterior: &Posterior, job: &Job<'_>) {
    let samples = (job.duration_s / job.step_s).floor() as usize + 1;
    let resampled = |series: &[f32]| -> Vec<f32> {
        let model = Modelled {
            step_s: posterior.step_s,
            heights_m: series,
        };
        let last = series.last().copied().unwrap_or(0.0);
        (0..samples)
            .map(|k| model.at(k as f64 * job.step_s).map_or(last, |h| h as f32))
            .collect()
    };
    outlook.band = Some(Band {
        p05_m: resampled(&posterior.p05_m),
        p50_m: resampled(&posterior.p50_m),
        p95_m: resampled(&posterior.p95_m),
    });
    outlook.heights_m = resampled(&posterior.p50_m);
    if posterior.arrival_s.is_some() {
        outlook.arrival_s = posterior.arrival_s;
        outlook.arrival_sigma_s = posterior.arrival_sigma_s;
    }
}

fn coast(spot: &Spot, posterior: &Posterior, depth_m: f64, job: &Job<'_>) -> PointOutlook {
    let mut spot = spot.clone();
    spot.depth_m = depth_m;
    let green = waves::greens_factor(&spot);
    let m = posterior.max_m;
    let arrival_s = posterior.arrival_s.or(spot.arrival_s).unwrap_or(0.0);
    PointOutlook {
        arrival_s,
        arrival_sigma_s: posterior.arrival_sigma_s,
        peak_s: posterior.peak_s,
        height_m: [m.p05, m.p50, m.p95],
        exceeds: job
            .policy
            .heights_m()
            .map(|h| posterior.probability_above(h)),
        level: Level::of(job.policy, |h| posterior.probability_above(h)),
        offshore_m: m.p50 / green,
        offshore_at: job.at(&spot),
        offshore_depth_m: depth_m,
        greens_factor: green,
        note: spot.note.clone(),
        place: spot.place,
    }
}

/// A unit source with its slip, begun when the rupture got there.
fn slipped(unit: &UnitSource, slip_m: f64, delay_s: f64, job: &Job<'_>) -> Fault {
    let q = job.quake;
    let km = distance_km(unit.lat, unit.lon, q.lat, q.lon).hypot(unit.depth_km - q.depth_km);
    Fault {
        slip_m,
        start_s: (km / RUPTURE_VELOCITY_KM_S + delay_s).round().max(0.0),
        ..Fault::from(unit)
    }
}

/// Puts a station's record beside its forecast.
pub fn compare(outlook: &mut StationOutlook, spot: &Spot, job: &Job<'_>) {
    if let Some(found) = job.records.found.get(&outlook.place.id) {
        if let Standing::Coast(why) = standing(job.grid, spot) {
            outlook.remark(&format!("the forecast is of the sea off it: {why}"));
        }
        outlook.part = Part::Compared;
        beside(outlook, observed(found), job);
    }
}

fn beside(outlook: &mut StationOutlook, record: Observed, job: &Job<'_>) {
    if let Some(fault) = record.fault {
        outlook.part = Part::Ignored(fault);
        return;
    }
    let model = Modelled {
        step_s: job.step_s,
        heights_m: &outlook.heights_m,
    };
    outlook.skill = outlook
        .arrival_s
        .and_then(|a| skill::compare(model, &record.samples, a));
    outlook.remark(&record.note);
    outlook.observed = record.samples;
    outlook.observed.retain(|s| s.0 <= job.duration_s);
}
