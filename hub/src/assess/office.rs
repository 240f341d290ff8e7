//! The thread that assesses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::Clock;
use flume::{Receiver, RecvTimeoutError};
use relief::roads::{Line, Network, Speeds};
use relief::{Input, Place, Planning, assess};

use super::case::{Case, Sender};
use super::settings::Relief;
use super::sources::Shelf;
use super::{Wake, speeds};
use crate::config::Config;
use crate::view::{AlertView, Board};

/// How often it looks when nobody wakes it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Most events that are kept; the oldest goes first.
const MOST_EVENTS: usize = 32;

/// All that it knows.
pub(super) struct Office {
    config: Arc<Config>,
    clock: Clock,
    board: Arc<Board>,
    shelf: Arc<Shelf>,
    planning: Planning,
    revision: Option<u64>,
    places: Vec<Place>,
    roads: Option<Network>,
    /// Messages that were looked at, the newest of each event.
    seen: BTreeMap<String, String>,
    cases: Vec<Open>,
}

/// A case and from what its assessment was made.
struct Open {
    case: Case,
    number: u32,
    made_us: Option<i64>,
    revision: Option<u64>,
    speeds: Speeds,
}

impl Office {
    pub(super) fn new(
        config: &Arc<Config>,
        clock: &Clock,
        board: &Arc<Board>,
        shelf: &Arc<Shelf>,
    ) -> Self {
        Self {
            config: config.clone(),
            clock: clock.clone(),
            board: board.clone(),
            shelf: shelf.clone(),
            // Checked with the configuration.
            planning: config
                .relief
                .as_ref()
                .and_then(|r| r.planning().ok())
                .unwrap_or_default(),
            revision: None,
            places: Vec::new(),
            roads: None,
            seen: BTreeMap::new(),
            cases: Vec::new(),
        }
    }

    pub(super) fn run(mut self, woken: &Receiver<Wake>) {
        loop {
            self.look();
            match woken.recv_timeout(LOOK_EVERY) {
                Ok(Wake::Look) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Looks at everything, and assesses what has changed.
    fn look(&mut self) {
        let config = self.config.clone();
        let Some(settings) = &config.relief else {
            return;
        };
        let now_us = self.clock.now_us();
        self.take_messages(now_us);
        if self.cases.is_empty() {
            return;
        }
        self.take_stock(settings);
        let speeds = self.board.read(|v| speeds::now(settings, v, now_us));
        for k in 0..self.cases.len() {
            if self.is_due(&self.cases[k], settings, &speeds, now_us) {
                self.assess(k, &speeds, now_us);
            }
        }
    }

    /// The latest issued message of each event. One that had lapsed before it was seen, in an earlier run, is history.
    fn take_messages(&mut self, now_us: i64) {
        let new: Vec<AlertView> = self.board.read(|v| {
            v.alerts
                .iter()
                .filter(|a| !a.superseded && self.seen.get(&a.event) != Some(&a.identifier))
                .cloned()
                .collect()
        });
        for view in new {
            self.seen
                .insert(view.event.clone(), view.identifier.clone());
            let known = self.cases.iter().any(|o| o.case.event == view.event);
            if view.expires_us < now_us && !known {
                continue;
            }
            let Some(case) = Case::read(&view) else {
                continue;
            };
            tracing::debug!(
                event = case.event,
                identifier = case.identifier,
                "to assess"
            );
            for complaint in &case.threat.complaints {
                tracing::warn!(identifier = case.identifier, "{complaint}");
            }
            match self.cases.iter_mut().find(|o| o.case.event == case.event) {
                Some(open) => {
                    open.case = case;
                    open.made_us = None;
                }
                None => self.cases.push(Open {
                    case,
                    number: 0,
                    made_us: None,
                    revision: None,
                    speeds: Speeds::new(),
                }),
            }
        }
        let too_many = self.cases.len().saturating_sub(MOST_EVENTS);
        for open in self.cases.drain(..too_many) {
            let event = open.case.event;
            self.board.update(|v| {
                if let Some(all) = &mut v.relief {
                    all.retain(|r| r.event != event);
                }
            });
        }
        if self.seen.len() > 64 * MOST_EVENTS {
            let on_board: BTreeSet<String> = self
                .board
                .read(|v| v.alerts.iter().map(|a| a.event.clone()).collect());
            self.seen.retain(|event, _| on_board.contains(event));
        }
    }

    /// Places and roads, when a source has told something new.
    fn take_stock(&mut self, settings: &Relief) {
        let Some(stock) = self.shelf.newer(self.revision) else {
            return;
        };
        let lines: Vec<Line> = stock.roads().cloned().collect();
        self.roads = (!lines.is_empty()).then(|| Network::build(lines, settings.join_within_m));
        self.places = stock.places().cloned().collect();
        self.revision = Some(stock.revision);
        self.check_bindings(settings);
    }

    /// A station that is bound to a segment which no road has tells nobody anything: that is a mistake to be seen.
    fn check_bindings(&self, settings: &Relief) {
        let text = self.roads.as_ref().and_then(|roads| {
            let missing: Vec<String> = settings
                .traffic
                .iter()
                .flat_map(|b| b.segments.iter().map(move |s| (b, s)))
                .filter(|(_, segment)| !roads.has_segment(segment))
                .take(8)
                .map(|(b, segment)| format!("{} (station {})", segment, b.station))
                .collect();
            (!missing.is_empty()).then(|| {
                format!(
                    "[[relief.traffic]] names road segments that no source of roads has: {}; correct the ids",
                    missing.join(", ")
                )
            })
        });
        self.board
            .condition("relief_segments", text.as_deref(), self.clock.now_us());
    }

    fn is_due(&self, open: &Open, settings: &Relief, speeds: &Speeds, now_us: i64) -> bool {
        let Some(made_us) = open.made_us else {
            return true;
        };
        // What is over or has lapsed stays as it was last.
        if open.case.over() || now_us > open.case.expires_us {
            return false;
        }
        open.revision != self.revision
            || open.speeds != *speeds
            || now_us.saturating_sub(made_us) >= settings.every.as_micros() as i64
    }

    fn assess(&mut self, k: usize, speeds: &Speeds, now_us: i64) {
        let began = Instant::now();
        let open = &self.cases[k];
        let mut assessment = assess(Input {
            now_us,
            zones: &open.case.threat.zones,
            places: &self.places,
            roads: self.roads.as_ref(),
            speeds,
            planning: &self.planning,
        });
        assessment
            .notes
            .extend(open.case.threat.complaints.iter().cloned());
        let number = open.number + 1;
        let sender = &self.config.sender;
        let own = self
            .config
            .relief
            .as_ref()
            .and_then(|r| r.sender.as_deref());
        let view = open.case.publish(
            &assessment,
            &self.planning,
            &Sender {
                id: own.unwrap_or(&sender.id),
                name: &sender.name,
            },
            self.shelf.states(),
            number,
        );
        let took = began.elapsed();
        tracing::info!(
            event = view.event,
            number,
            zones = view.zones,
            people = view.people,
            took_ms = took.as_millis() as u64,
            "assessed"
        );
        let open = &mut self.cases[k];
        open.number = number;
        open.made_us = Some(now_us);
        open.revision = self.revision;
        open.speeds.clone_from(speeds);
        self.board.count("relief_assessments", "", 1);
        self.board
            .set("relief_assessment_us_now", "", took.as_micros() as u64);
        self.board.relief(view);
    }
}
