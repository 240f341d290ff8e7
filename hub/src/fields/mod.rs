//! What an event's forecast looks like on a map and over time: travel times and largest heights everywhere, sea level at stations.
//!
//! These are pictures beside the warning path. The pipeline says what it would like to see, which costs it a lock and a copy; one thread of the
//! lowest priority ([`worker`]) computes, gives way to every earthquake's own models, and drops what it is at when a newer source comes.
//! Whoever asks gets what there is, or in words why there is nothing.
//!
//! Bounds: one wish an event, the latest; [`MOST_EVENTS`] events, the latest; a field at most a megabyte.

mod curve;
pub mod packed;
pub mod worker;

pub use curve::{About, Curve};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard};

use bytes::Bytes;
use ocean::fault::Mechanism;
use ocean::quake::Quake;
use serde::Serialize;

use crate::forecast::{Band, Given, StationOutlook};
use packed::{Frame, Packed};

/// Events whose fields are kept.
const MOST_EVENTS: usize = 8;

/// An event's source as its fields are computed from it, and its forecast.
#[derive(Debug, Clone)]
pub struct Sought {
    /// The event.
    pub event: String,
    /// Its revision.
    pub revision: u32,
    /// The earthquake, or the one that stands for what waves have shown.
    pub quake: Quake,
    /// A nodal plane of its mechanism, where the agency gives one.
    pub mechanism: Option<Mechanism>,
    /// Last arrival of the forecast, seconds after the origin.
    pub last_s: f64,
    /// By what the forecast is higher than its source alone says: what records have made of it.
    pub factor: f64,
    /// By station: id and forecast.
    pub stations: Vec<(String, StationOutlook)>,
    /// What records say of the source, where they have said it.
    pub given: Option<Given>,
    /// The event is over: nothing is computed for it before somebody asks.
    pub over: bool,
}

/// The fields of an event, as they are served.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct FieldsView {
    /// The event's revision that they belong to.
    pub revision: u32,
    /// First arrivals.
    pub travel_time: Option<GridView>,
    /// Largest heights over the open sea.
    pub max_height: Option<GridView>,
    /// Why one is missing.
    pub note: Option<String>,
}

/// Where a field is, and how it is read.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct GridView {
    /// Path of its bytes.
    pub url: String,
    /// How it lies.
    #[serde(flatten)]
    pub frame: Frame,
}

/// What is computed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    TravelTime,
    MaxHeight,
    Bands,
}

impl Stage {
    const fn label(self) -> &'static str {
        match self {
            Self::TravelTime => "field=\"travel_time\"",
            Self::MaxHeight => "field=\"max_height\"",
            Self::Bands => "field=\"curves\"",
        }
    }
}

/// One thing to compute.
#[derive(Debug, Clone)]
struct Work {
    sought: Sought,
    /// The source's number.
    source: u64,
    stage: Stage,
}

/// What records say of the wave, by station.
type Bands = Result<Vec<(u32, Band)>, String>;

/// What came out.
enum Made {
    TravelTime(Result<Packed, String>),
    MaxHeight(Result<Run, String>),
    Bands(Bands),
}

/// A run of the likeliest rupture.
#[derive(Debug)]
struct Run {
    packed: Packed,
    step_s: f64,
    series: BTreeMap<u32, Option<Vec<f32>>>,
}

/// What is known of one event.
#[derive(Debug)]
struct Entry {
    sought: Sought,
    /// Grows with every other source.
    source: u64,
    /// Somebody has asked for fields, and for curves.
    asked: bool,
    curves_asked: bool,
    travel_time: Option<Result<Packed, String>>,
    run: Option<Result<Run, String>>,
    /// With the revision whose records they rest on.
    bands: Option<(u32, Bands)>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Those told last come last.
    entries: Vec<Entry>,
    sources: u64,
    eager: bool,
    runs: bool,
}

/// The fields of events. Shared by the pipeline, the thread that computes and whoever asks.
#[derive(Debug, Default)]
pub struct Fields {
    inner: Mutex<Inner>,
    wake: Condvar,
    gives_way: AtomicBool,
}

impl Fields {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Plain values: whole after a panic elsewhere.
        self.inner.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn start(&self, eager: bool) {
        let mut inner = self.lock();
        (inner.eager, inner.runs) = (eager, true);
    }

    fn stop(&self) {
        self.lock().runs = false;
        self.wake.notify_all();
    }

    /// Says what an event's source and forecast are now. Returns whether something that waited to be computed is let go for it.
    pub fn tell(&self, sought: Sought) -> bool {
        let mut inner = self.lock();
        let mut dropped = false;
        let at = inner
            .entries
            .iter()
            .position(|e| e.sought.event == sought.event);
        let entry = match at {
            Some(at) => {
                let mut entry = inner.entries.remove(at);
                let same_quake = entry.sought.quake == sought.quake;
                if !same_quake || entry.sought.mechanism != sought.mechanism {
                    dropped = inner.due(&entry).is_some();
                    inner.sources += 1;
                    entry.source = inner.sources;
                    entry.run = None;
                    if !same_quake {
                        (entry.travel_time, entry.bands) = (None, None);
                    }
                }
                entry.sought = sought;
                entry
            }
            None => {
                if inner.entries.len() == MOST_EVENTS {
                    let over = inner.entries.iter().position(|e| e.sought.over);
                    let oldest = inner.entries.remove(over.unwrap_or(0));
                    dropped = inner.due(&oldest).is_some();
                }
                inner.sources += 1;
                Entry {
                    sought,
                    source: inner.sources,
                    asked: false,
                    curves_asked: false,
                    travel_time: None,
                    run: None,
                    bands: None,
                }
            }
        };
        inner.entries.push(entry);
        drop(inner);
        self.wake.notify_all();
        dropped
    }

    /// An earthquake's own models are being run, or are not any more.
    pub fn give_way(&self, to_models: bool) {
        self.gives_way.store(to_models, Relaxed);
    }

    fn gives_way(&self) -> bool {
        self.gives_way.load(Relaxed)
    }

    /// Waits for something to compute; `None` when that is over.
    fn next(&self) -> Option<Work> {
        let mut inner = self.lock();
        loop {
            if !inner.runs {
                return None;
            }
            // What is quick first, and of that the newest.
            let due = inner
                .entries
                .iter()
                .rev()
                .filter_map(|e| Some((inner.due(e)?, e)))
                .min_by_key(|(stage, _)| *stage);
            if let Some((stage, entry)) = due {
                return Some(Work {
                    sought: entry.sought.clone(),
                    source: entry.source,
                    stage,
                });
            }
            inner = self.wake.wait(inner).unwrap_or_else(|e| e.into_inner());
        }
    }

    /// Whether what is being computed is still of interest.
    fn is_sought(&self, work: &Work) -> bool {
        let inner = self.lock();
        inner.runs
            && inner
                .entries
                .iter()
                .any(|e| e.sought.event == work.sought.event && e.source == work.source)
    }

    fn put(&self, work: &Work, made: Made) {
        let mut inner = self.lock();
        let entry = inner
            .entries
            .iter_mut()
            .find(|e| e.sought.event == work.sought.event);
        let Some(entry) = entry else { return };
        match made {
            // Travel times are the earthquake's, whatever the mechanism.
            Made::TravelTime(field) if entry.sought.quake == work.sought.quake => {
                entry.travel_time = Some(field);
            }
            Made::MaxHeight(run) if entry.source == work.source => entry.run = Some(run),
            Made::Bands(bands) if entry.source == work.source => {
                entry.bands = Some((work.sought.revision, bands));
            }
            _ => {}
        }
    }

    /// The fields of an event; they are computed from now on if they were not. `None` where no event of that id has a source.
    pub fn view(&self, event: &str) -> Option<FieldsView> {
        let mut inner = self.lock();
        let runs = inner.runs;
        let entry = inner.find(event)?;
        entry.asked = true;
        let view = entry.view(runs);
        drop(inner);
        self.wake.notify_all();
        Some(view)
    }

    /// The bytes of a field by the name in its URL, `travel_time` or `max_height`, of that source.
    pub fn bytes(&self, event: &str, name: &str, source: Option<u64>) -> Option<Bytes> {
        let mut inner = self.lock();
        let entry = inner.find(event)?;
        if source.is_some_and(|s| s != entry.source) {
            return None;
        }
        let packed = match name {
            "travel_time" => entry.travel_time.as_ref()?.as_ref().ok()?,
            "max_height" => &entry.run.as_ref()?.as_ref().ok()?.packed,
            _ => return None,
        };
        Some(packed.bytes.clone())
    }

    /// The curve of a station.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn curve(&self, event: &str, station: &str) -> Result<Curve, String> {
        let mut inner = self.lock();
        let runs = inner.runs;
        let entry = inner
            .find(event)
            .ok_or("no fields are computed for this event")?;
        (entry.asked, entry.curves_asked) = (true, true);
        let curve = entry.curve(station, runs);
        drop(inner);
        self.wake.notify_all();
        curve
    }
}

impl Inner {
    fn find(&mut self, event: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|e| e.sought.event == event)
    }

    /// What is to be computed next for an event.
    fn due(&self, entry: &Entry) -> Option<Stage> {
        if !(entry.asked || self.eager && !entry.sought.over) {
            return None;
        }
        if entry.travel_time.is_none() {
            return Some(Stage::TravelTime);
        }
        if entry.run.is_none() {
            return Some(Stage::MaxHeight);
        }
        let known = entry.bands.as_ref().map(|b| b.0);
        let wanted = entry.curves_asked && entry.sought.given.is_some();
        (wanted && known != Some(entry.sought.revision)).then_some(Stage::Bands)
    }
}

impl Entry {
    fn view(&self, runs: bool) -> FieldsView {
        let mut notes = Vec::new();
        let travel_time = told(self.travel_time.as_ref(), "travel times", runs, &mut notes);
        let run = told(self.run.as_ref(), "largest heights", runs, &mut notes);
        let grid = |name: &str, frame: Frame| GridView {
            url: format!(
                "/api/events/{}/fields/{name}?of={}",
                self.sought.event, self.source
            ),
            frame,
        };
        FieldsView {
            revision: self.sought.revision,
            travel_time: travel_time.map(|p| grid("travel_time", p.frame)),
            max_height: run.map(|run| {
                let frame = run.packed.frame;
                let scale = frame.scale * self.sought.factor;
                grid("max_height", Frame { scale, ..frame })
            }),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    }

    fn curve(&self, id: &str, runs: bool) -> Result<Curve, String> {
        let outlook = self.sought.stations.iter().find(|s| s.0 == id);
        let (_, outlook) = outlook
            .ok_or("the wave does not reach this station, or nothing can be said about it")?;
        let about = |revision| About {
            station: id,
            revision,
            origin_us: self.sought.quake.origin_us,
        };
        if self.sought.given.is_some()
            && let Some((revision, Ok(bands))) = &self.bands
            && let Some((_, band)) = bands.iter().find(|b| b.0 == outlook.station)
        {
            return Ok(Curve::of_band(about(*revision), band));
        }
        let mut notes = Vec::new();
        let run = told(self.run.as_ref(), "the wave", runs, &mut notes);
        let run = run.ok_or_else(|| notes.join("; "))?;
        let series = run.series.get(&outlook.station).and_then(Option::as_ref);
        let series = series.ok_or("no cell of the grid stands for this station")?;
        Curve::of_run(about(self.sought.revision), series, run.step_s, outlook)
            .ok_or_else(|| "the modelled wave does not lift the sea at this station".to_owned())
    }
}

/// What is there; otherwise it is said why it is not.
fn told<'a, T>(
    made: Option<&'a Result<T, String>>,
    name: &str,
    runs: bool,
    notes: &mut Vec<String>,
) -> Option<&'a T> {
    match made {
        Some(Ok(made)) => return Some(made),
        Some(Err(why)) => notes.push(format!("{name}: {why}")),
        None if runs => notes.push(format!("{name}: being computed")),
        None => notes.push(format!("{name}: not computed by this hub")),
    }
    None
}

#[cfg(test)]
mod tests {
    use ocean::Grid;
    use ocean::forecast::PointForecast;
    use ocean::grid::GridHeader;

    use super::packed::Quantity;
    use super::*;

    fn sought(event: &str, revision: u32, magnitude: f64) -> Sought {
        let outlook = StationOutlook {
            station: 4,
            arrival_us: 0,
            forecast: PointForecast {
                id: "dart".to_owned(),
                arrival_s: 1.0,
                arrival_sigma_s: 1.0,
                median_m: 0.2,
                sigma_ln: 0.4,
                common_sigma_ln: 0.1,
            },
        };
        Sought {
            event: event.to_owned(),
            revision,
            quake: Quake {
                id: event.to_owned(),
                magnitude,
                lat: -36.0,
                lon: -73.0,
                depth_km: 20.0,
                origin_us: 0,
            },
            mechanism: None,
            last_s: 3_600.0,
            factor: 1.0,
            stations: vec![("dart".to_owned(), outlook)],
            given: None,
            over: false,
        }
    }

    fn packed() -> Packed {
        let header = GridHeader {
            nx: 2,
            ny: 2,
            lon0: 0.0,
            lat0: 0.0,
            dlon: 1.0,
            dlat: 1.0,
            ..GridHeader::default()
        };
        let grid = Grid::new(&header, vec![-4_000; 4]).expect("a grid");
        Packed::of(grid.lattice(), &[1.0, 2.0, 3.0, 4.0], Quantity::MaxHeight)
    }

    fn run() -> Run {
        Run {
            packed: packed(),
            step_s: 60.0,
            series: BTreeMap::from([(4, Some(vec![0.0, 0.1])), (5, None)]),
        }
    }

    fn next(fields: &Fields) -> (String, Stage, Work) {
        let work = fields.next().expect("something is due");
        (work.sought.event.clone(), work.stage, work)
    }

    #[test]
    fn the_latest_source_counts_and_what_is_quick_comes_first() {
        let fields = Fields::default();
        fields.start(true);
        assert!(!fields.tell(sought("a", 1, 8.0)));
        assert!(!fields.tell(sought("b", 1, 8.5)));
        let (event, stage, work) = next(&fields);
        assert_eq!((event.as_str(), stage), ("b", Stage::TravelTime));
        fields.put(&work, Made::TravelTime(Ok(packed())));
        let (event, stage, _) = next(&fields);
        assert_eq!((event.as_str(), stage), ("a", Stage::TravelTime));
        // Another magnitude: what was waiting is let go, and what ran is of no interest any more.
        assert!(fields.tell(sought("b", 2, 8.8)));
        assert!(!fields.is_sought(&work));
        fields.put(&work, Made::MaxHeight(Ok(run())));
        let view = fields.view("b").expect("known");
        assert_eq!(
            (view.revision, view.travel_time, view.max_height),
            (2, None, None)
        );
        assert!(view.note.is_some_and(|n| n.contains("being computed")));
        fields.stop();
        assert!(fields.next().is_none());
    }

    #[test]
    fn a_forecast_that_grows_scales_the_map_and_the_bytes_stay() {
        let fields = Fields::default();
        fields.start(true);
        fields.tell(sought("a", 1, 8.0));
        let (_, _, work) = next(&fields);
        fields.put(&work, Made::TravelTime(Ok(packed())));
        let (_, stage, work) = next(&fields);
        assert_eq!(stage, Stage::MaxHeight);
        fields.put(&work, Made::MaxHeight(Ok(run())));
        let before = fields.view("a").and_then(|v| v.max_height).expect("a map");
        let bytes = |of| fields.bytes("a", "max_height", of);
        let first = bytes(Some(work.source)).expect("bytes");
        fields.tell(Sought {
            factor: 1.5,
            ..sought("a", 2, 8.0)
        });
        let after = fields.view("a").and_then(|v| v.max_height).expect("a map");
        assert_eq!(after.url, before.url);
        assert!((after.frame.scale / before.frame.scale - 1.5).abs() < 1e-12);
        assert_eq!(bytes(Some(work.source)), Some(first));
        assert_eq!(bytes(Some(work.source + 1)), None, "of another source");
        let curve = fields.curve("a", "dart").expect("a curve");
        assert_eq!(
            (curve.revision, curve.median_m.as_slice()),
            (2, &[0.0, 0.2][..])
        );
        assert!(fields.curve("a", "elsewhere").is_err());
    }

    #[test]
    fn without_haste_nothing_is_computed_before_somebody_asks_and_few_events_are_kept() {
        let fields = Fields::default();
        fields.start(false);
        for k in 0..MOST_EVENTS + 2 {
            assert!(!fields.tell(sought(&format!("e{k}"), 1, 8.0)));
        }
        assert!(fields.lock().entries.len() == MOST_EVENTS);
        assert_eq!(fields.view("e0"), None);
        let due = |fields: &Fields| {
            let inner = fields.lock();
            inner.entries.iter().any(|e| inner.due(e).is_some())
        };
        assert!(!due(&fields));
        assert!(fields.view("e5").is_some());
        assert_eq!(next(&fields).0, "e5");
    }
}
