//! Which coast is blind now: from which parts of which trenches a wave would reach a zone before any sea-level station that works has seen it.
//!
//! Travel times are solved once, when somebody first asks, in a thread that is last in line ([`times`]); what follows from the stations'
//! health is a comparison of numbers ([`judge`]) and made whenever it is asked for.
//!
//! It refuses to: feed anything back into detection and alerting, and raise a condition. That stations are silent is `coverage_lost`
//! already ([`crate::stations`]); this says what that means for whom.

mod judge;
mod times;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;

use crate::background::last_in_line;
use crate::config::Config;
use crate::forecast::Ocean;
use crate::view::{Board, StationState};
use judge::SEEN_AFTER_S;
use times::Times;

/// Which coasts are watched by stations that work.
#[derive(Debug, Clone, PartialEq, Default, Serialize, utoipa::ToSchema)]
pub struct CoverageView {
    /// Whether it is known.
    pub ready: bool,
    /// What it rests on, or why it is not known.
    pub note: String,
    /// By zone, in the configuration's order.
    pub zones: Vec<ZoneCoverage>,
}

/// One zone.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ZoneCoverage {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// How it is watched.
    pub state: Watched,
    /// Stations that work and see waves in time from somewhere.
    pub watchers: Vec<String>,
    /// Stations that would, and do not work.
    pub lost: Vec<String>,
    /// Parts of trenches from which a wave comes unseen now, also those from which it would with every station working.
    pub blind_towards: Vec<String>,
    /// From when a wave is seen to its arrival, minutes: the median over all parts of trenches from which it is seen in time now.
    pub lead_min: Option<f64>,
}

/// How a zone is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Watched {
    /// As well as with every station working.
    Watched,
    /// Less than with every station working.
    Partly,
    /// Not at all, and it would be with every station working.
    Blind,
    /// Not even with every station working.
    Unwatched,
}

/// Knows, or comes to know, how the deployment's coasts are watched. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Arc<Config>,
    ocean: Option<Ocean>,
    known: Mutex<Known>,
    stop: AtomicBool,
}

#[derive(Debug)]
enum Known {
    /// Nobody has asked.
    Nothing,
    /// So many of so many fields are solved.
    Some(usize, usize),
    All(Arc<Times>),
    /// Why nothing can be known.
    Never(String),
}

impl Watch {
    /// Nothing is computed until somebody asks.
    pub fn new(config: Arc<Config>, ocean: Option<Ocean>) -> Self {
        Self(Arc::new(Inner {
            config,
            ocean,
            known: Mutex::new(Known::Nothing),
            stop: AtomicBool::new(false),
        }))
    }

    /// How the coasts are watched by the stations as the board has them now. Never waits: the first who ask hear how far it is.
    pub fn view(&self, board: &Board) -> CoverageView {
        let Inner { config, ocean, .. } = &*self.0;
        let unknown = |note: String| CoverageView {
            note,
            ..CoverageView::default()
        };
        let Some(ocean) = ocean else {
            return unknown(
                "this deployment has no [forecast]: without an ocean nobody knows how long waves take"
                    .to_owned(),
            );
        };
        let times = match &mut *self.0.known() {
            Known::All(times) => times.clone(),
            Known::Never(why) => return unknown(why.clone()),
            Known::Some(done, of) => {
                return unknown(format!(
                    "travel times are being computed: {done} of {of} stations and zones"
                ));
            }
            nothing @ Known::Nothing => {
                *nothing = match self.start(ocean.clone()) {
                    Ok(()) => Known::Some(0, times::fields(config)),
                    Err(why) => Known::Never(why),
                };
                return unknown("travel times are being computed".to_owned());
            }
        };
        let works = board.read(|view| {
            let sea = config.station.iter().filter(|s| s.is_at_sea());
            sea.map(|s| {
                let state = view.stations.get(&s.id).map(|v| v.state);
                !matches!(
                    state,
                    None | Some(StationState::Unknown | StationState::Fault)
                )
            })
            .collect::<Vec<bool>>()
        });
        CoverageView {
            ready: true,
            note: format!(
                "towards {} parts of trenches of 100 km, by travel times over the hub's grid; a station has seen a wave {:.0} min after its arrival there; what officers need to decide is not in it; lead_min is the median over the parts that are seen in time; landslides and volcanoes are elsewhere",
                times.parts.len(),
                SEEN_AFTER_S / 60.0
            ),
            zones: judge::judge(config, &times, &works),
        }
    }

    fn start(&self, ocean: Ocean) -> Result<(), String> {
        let inner = self.0.clone();
        let run = move || {
            last_in_line();
            let tell = |done, of| *inner.known() = Known::Some(done, of);
            if let Some(times) = Times::solve(&inner.config, ocean.grid(), &inner.stop, tell) {
                *inner.known() = Known::All(Arc::new(times));
            }
        };
        std::thread::Builder::new()
            .name("coverage".to_owned())
            .spawn(run)
            .map(|_| ())
            .map_err(|e| format!("the system gives no thread to compute travel times: {e}"))
    }

    /// Ends the thread after the field that it is at: a second at most on a grid of ours.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        // Plain values: a panic of ours elsewhere leaves them readable.
        self.known.lock().unwrap_or_else(|e| e.into_inner())
    }
}
