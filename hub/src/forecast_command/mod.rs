//! `watchfire forecast`: one earthquake in, a directory of products out.
//!
//! | module | question it answers |
//! |---|---|
//! | [`arguments`] | what is asked for? |
//! | `inputs`, `formats`, `records`, `places`, `files` | what do the files say? |
//! | `grids` | which bathymetry? |
//! | `source`, `units` | what moved, or may have moved? |
//! | `spots` | which cells stand for stations and coasts, and when does the wave get there? |
//! | `waves` | how high, where, when, from one source? |
//! | `standing`, `observed`, `assimilated` | what do the records say about the source, and how sure does that make us? |
//! | `skill` | how well do forecast and record agree? |
//! | `outlook`, `tables`, `pictures`, `story` | how is it told? |
//!
//! Everything is read, checked and bounded before anything is computed; a place that cannot be answered is
//! a note, and the others
//! go on. What the user got wrong is [`Trouble::Wrong`], the rest [`Trouble::Failed`].

pub mod arguments;
mod assimilated;
mod files;
mod formats;
mod grids;
mod inputs;
mod observed;
mod outlook;
mod pictures;
mod places;
mod progress;
mod records;
pub mod skill;
mod source;
mod spots;
mod standing;
mod story;
mod tables;
mod units;
mod waves;
mod words;

use std::path::PathBuf;

use ocean::Grid;
use ocean::fault::{Fault, Mechanism};
use ocean::quake::Quake;
use ocean::shallow_water::Settings;
use ocean::travel_time::{self, Field};
use serde_json::{Value, json};

use arguments::{Arguments, MAX_DURATION_S};
use files::{Output, hash};
use formats::Given;
use grids::Chosen;
use inputs::{Inputs, reach, read, source_places};
use outlook::{PointOutlook, Silent, StationOutlook};
use places::Place;
use progress::Progress;
use records::Records;
use source::Lifted;
use spots::Spot;
use tables::SlipSpread;

use crate::config::Policy;

/// How long the last place is listened to after its first arrival, seconds: the highest wave is often not
/// the first.
const LISTEN_S: f64 = 4.0 * 3600.0;
/// Shortest forecast, seconds.
const SHORTEST_S: f64 = 600.0;

/// Why there are no products.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Something that the user gave is not usable; says what, where and what to do.
    #[error("{0}")]
    Wrong(String),
    /// Something failed while running.
    #[error("{0}")]
    Failed(String),
}

/// Everything that the products tell.
struct Forecast {
    exercise: bool,
    quake: Quake,
    place: String,
    source_words: String,
    /// For the foot of pictures.
    source_short: String,
    grid_words: String,
    grid_short: String,
    records_words: Option<String>,
    grid: Grid,
    field: Field,
    max_m: Vec<f32>,
    faults: Vec<Fault>,
    spread: Vec<SlipSpread>,
    stations: Vec<StationOutlook>,
    points: Vec<PointOutlook>,
    points_origin: String,
    silent: Vec<Silent>,
    larger_grid: Option<String>,
    until_s: Option<f64>,
    policy: Policy,
    step_s: f64,
    duration_s: f64,
    settings: Value,
    inputs: Vec<(&'static str, String, String)>,
    notes: Vec<String>,
    out: PathBuf,
    written: Vec<String>,
    timings: Vec<(&'static str, f64)>,
}

/// Runs the command.
///
/// # Errors
/// [`Trouble`], in words for the person at the terminal.
pub fn run(arguments: &Arguments) -> Result<(), Trouble> {
    let progress = Progress::new(arguments.quiet);
    let mut out = Output::open(&arguments.out)?;
    let inputs = progress.timed("reading", || read(arguments))?;
    let mut forecast = compute(arguments, inputs, &progress)?;
    let drawn = progress.timed("products", || products(&forecast, &mut out))?;
    forecast.notes.extend(drawn);
    forecast.timings = progress.taken();
    forecast.written = out.written().to_vec();
    forecast.written.push("summary.json".to_owned());
    let summary = story::json(&forecast);
    out.write("summary.json", &pretty(&summary))?;
    if !arguments.quiet {
        print!("{}", story::text(&forecast));
    }
    Ok(())
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn choose_grid(
    arguments: &Arguments,
    inputs: &Inputs,
    places: &[(f64, f64)],
) -> Result<Chosen, Trouble> {
    let mut asked: Vec<&Place> = inputs.stations.iter().collect();
    if inputs.points.asked {
        asked.extend(&inputs.points.places);
    }
    grids::choose(
        arguments.grid.as_deref(),
        &arguments.unsaid.grid(),
        arguments.area,
        places,
        &reach(inputs, places),
        &asked,
    )
}

fn lift(
    arguments: &Arguments,
    inputs: &Inputs,
    grid: &Grid,
) -> Result<(Lifted, Option<Fault>), Trouble> {
    let name = arguments
        .source
        .as_deref()
        .and_then(|p| p.file_name())
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    match &inputs.given {
        None => {
            let (estimate, words) =
                source::estimated(grid, &inputs.report.quake, inputs.report.mechanism)?;
            let lifted = source::lift(grid, vec![estimate.fault], words, false)?;
            Ok((lifted, Some(estimate.fault)))
        }
        Some(Given::Faults(faults)) => {
            let words = source::table_words(&name, faults);
            Ok((source::lift(grid, faults.clone(), words, true)?, None))
        }
        Some(Given::Uplift(uplift)) => {
            let lifted = source::uplift(grid, uplift, &name)?;
            Ok((lifted, None))
        }
    }
}

fn compute(
    arguments: &Arguments,
    inputs: Inputs,
    progress: &Progress,
) -> Result<Forecast, Trouble> {
    let places = source_places(&inputs);
    let mut hashes = inputs.hashes.clone();
    let chosen = progress.timed("grid", || choose_grid(arguments, &inputs, &places))?;
    if let Some((name, bytes)) = &chosen.file {
        hashes.push(("grid", name.clone(), hash(bytes)));
    }
    let grid = &chosen.grid;
    let (lifted, estimate) = progress.timed("source", || lift(arguments, &inputs, grid))?;
    let field = progress.timed("travel times", || {
        travel_time::solve(grid, &lifted.cells(grid))
            .map_err(|e| Trouble::Wrong(format!("source: {e}")))
    })?;
    let mut notes = [
        &inputs.report.notes[..],
        &chosen.notes,
        &lifted.notes,
        &inputs.records.notes,
    ]
    .concat();

    let mut silent = Vec::new();
    let mut keep = |spot: Result<Spot, Box<Silent>>| spot.map_err(|s| silent.push(*s)).ok();
    let mut points: Vec<Spot> = inputs
        .points
        .places
        .iter()
        .filter_map(|p| keep(spots::point(grid, &field, p)))
        .collect();
    let mut stations = Vec::new();
    for place in &inputs.stations {
        match spots::station(grid, &field, place) {
            Ok(spot) => stations.push(spot),
            Err(s) => notes.push(format!("station {}: {}", s.place.id, s.why)),
        }
    }
    if stations.is_empty() && points.is_empty() && !inputs.stations.is_empty() {
        return Err(Trouble::Wrong(format!(
            "no station and no point lies in the sea of {} ({}): {}",
            chosen.name,
            grids::extent(grid),
            notes.join("; ")
        )));
    }
    let off = silent.iter().filter(|s| s.off_grid).count();
    let larger_grid = (off > 0)
        .then(|| grids::larger(&chosen.name, points.len(), &places, &inputs.points.places))
        .flatten();

    let step_s = arguments.every.seconds;
    let duration_s = duration(arguments, stations.iter().chain(&points), step_s);
    let settings = Settings {
        coriolis: arguments.coriolis,
        dispersion: arguments.dispersion,
        ..Settings::default()
    };
    let model = waves::model(grid, &settings)?;
    let until_s = arguments
        .until
        .map(|u| u.seconds_after(inputs.report.quake.origin_us));
    // The likeliest rupture's points have the spread's own runs, which go on until the last one has been reached.
    if estimate.is_none() || until_s.is_some() {
        let (heard, late) = spots::heard(points, duration_s, LISTEN_S);
        points = heard;
        silent.extend(late);
    }
    let job = Job {
        quake: &inputs.report.quake,
        mechanism: inputs.report.mechanism,
        grid,
        model: &model,
        stations: &stations,
        points: &points,
        records: &inputs.records,
        policy: &inputs.points.policy,
        step_s,
        duration_s,
    };
    let lifted_range = source::range_words(lifted.range(grid));
    let result = match (until_s, estimate) {
        (Some(until_s), Some(estimate)) => assimilated::run(&job, &estimate, until_s, progress)?,
        _ => forward(&job, &lifted, progress)?,
    };
    notes.extend(result.notes);
    Ok(Forecast {
        exercise: arguments.exercise,
        place: inputs.report.place,
        source_short: match (&result.source_words, &arguments.source) {
            (Some(_), _) => format!(
                "inverted from station records until {}",
                words::span(until_s.unwrap_or(0.0))
            ),
            (None, Some(path)) => path
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            (None, None) => lifted.faults.first().map_or_else(String::new, |f| {
                format!(
                    "scaling laws, {:.0} x {:.0} km, slip {:.1} m",
                    f.length_km, f.width_km, f.slip_m
                )
            }),
        },
        grid_short: grids::short(&chosen.name, grid),
        source_words: result
            .source_words
            .unwrap_or_else(|| format!("{}; {lifted_range}", lifted.words)),
        grid_words: chosen.words,
        records_words: result.records_words,
        max_m: result.max_m,
        faults: result.faults.unwrap_or(lifted.faults),
        spread: result.spread,
        stations: result.stations,
        points: result.points,
        points_origin: inputs.points.origin,
        silent,
        larger_grid,
        until_s,
        policy: inputs.points.policy,
        step_s,
        duration_s,
        settings: json!({
            "coriolis": settings.coriolis,
            "dispersion": settings.dispersion,
            "compressible": settings.compressible,
            "elastic": settings.elastic,
            "time_step_s": tables::rounded(model.dt_s(), 4),
        }),
        quake: inputs.report.quake,
        inputs: hashes,
        notes,
        out: arguments.out.clone(),
        written: Vec::new(),
        timings: Vec::new(),
        field,
        grid: chosen.grid,
    })
}

/// Until the last first arrival and some hours more, in whole steps.
fn duration<'a>(arguments: &Arguments, spots: impl Iterator<Item = &'a Spot>, step_s: f64) -> f64 {
    let last = spots.filter_map(|s| s.arrival_s).fold(0.0, f64::max);
    let wanted = arguments.hours.map_or(last + LISTEN_S, |h| h * 3600.0);
    let bounded = wanted.clamp(SHORTEST_S, MAX_DURATION_S);
    (bounded / step_s).ceil() * step_s
}

/// What both ways of forecasting need.
struct Job<'a> {
    quake: &'a Quake,
    mechanism: Option<Mechanism>,
    grid: &'a Grid,
    model: &'a ocean::shallow_water::Model,
    stations: &'a [Spot],
    points: &'a [Spot],
    records: &'a Records,
    policy: &'a Policy,
    step_s: f64,
    duration_s: f64,
}

/// What both ways give.
#[derive(Default)]
struct Answer {
    stations: Vec<StationOutlook>,
    points: Vec<PointOutlook>,
    max_m: Vec<f32>,
    faults: Option<Vec<Fault>>,
    spread: Vec<SlipSpread>,
    source_words: Option<String>,
    records_words: Option<String>,
    notes: Vec<String>,
}

impl Job<'_> {
    /// Degrees north and east of a spot's cell.
    fn at(&self, spot: &Spot) -> (f64, f64) {
        let l = self.grid.lattice();
        (l.lat(spot.cell.j), tables::normal(l.lon(spot.cell.i)))
    }
}

/// One run of one source.
fn forward(job: &Job<'_>, lifted: &Lifted, progress: &Progress) -> Result<Answer, Trouble> {
    let waves = progress.timed("waves", || {
        waves::run(
            job.model,
            lifted,
            job.stations,
            job.points,
            job.duration_s,
            job.step_s,
            progress,
        )
    })?;
    let known = if lifted.given || job.points.is_empty() {
        vec![None; job.points.len()]
    } else {
        progress.timed("spread", || {
            waves::spread(job.grid, job.quake, job.mechanism, job.points)
        })?
    };
    let points = job
        .points
        .iter()
        .zip(&waves.points)
        .zip(known)
        .map(|((spot, heights), known)| waves::point(spot, heights, known, job))
        .collect();
    let stations = job
        .stations
        .iter()
        .zip(waves.stations)
        .map(|(spot, heights)| {
            let mut outlook = waves::station(spot, heights);
            assimilated::compare(&mut outlook, spot, job);
            outlook
        })
        .collect();
    Ok(Answer {
        stations,
        points,
        max_m: waves.max_m,
        ..Answer::default()
    })
}

/// Writes everything but the summary; what could not be drawn is a note.
fn products(f: &Forecast, out: &mut Output) -> Result<Vec<String>, Trouble> {
    for s in &f.stations {
        out.write(
            &format!("stations/{}.csv", s.place.id),
            tables::station(s, f.step_s).as_bytes(),
        )?;
    }
    if f.exercise && !f.stations.is_empty() {
        out.write("stations/EXERCISE.txt", tables::EXERCISE.as_bytes())?;
    }
    let origin = f.quake.origin_us;
    out.write(
        "points.csv",
        tables::points(&f.points, &f.silent, origin, f.exercise).as_bytes(),
    )?;
    out.write(
        "points.geojson",
        &pretty(&tables::points_geojson(
            &f.points, &f.silent, origin, f.exercise,
        )),
    )?;
    if !f.faults.is_empty() {
        out.write(
            "source.csv",
            tables::faults(&f.faults, &f.spread, f.exercise).as_bytes(),
        )?;
        out.write(
            "source.geojson",
            &pretty(&tables::faults_geojson(&f.faults, &f.spread, f.exercise)),
        )?;
    }
    pictures::write(f, out)
}
