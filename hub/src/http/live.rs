//! Server-sent events: what changes on the board, to many listeners.
//!
//! One task listens to the board, writes each change once and hands the same bytes to every listener. Readings change
//! stations far more often than a person can see, so stations go out with the heartbeat, the latest state of each; alerts,
//! timeline and conditions go at once; situations and outages, and tsunami events, go with the heartbeat too.
//!
//! | event        | data                                                                       |
//! |--------------|----------------------------------------------------------------------------|
//! | `hello`      | `{}`: the stream is open; ask for `/api/state` now                         |
//! | `stations`   | array of stations, each replacing what was known of it                     |
//! | `alert`      | one published message; replaces the earlier ones of its event              |
//! | `timeline`   | one line                                                                   |
//! | `conditions` | all conditions that hold now                                               |
//! | `picture`    | all situations and outages, with the heartbeat when they have changed      |
//! | `others`     | what other senders warn of, and their feeds, with the heartbeat when changed|
//! | `event`      | one tsunami event, with the heartbeat when it or its fields have changed   |
//! | `clock`      | the heartbeat: `{"now_us":...,"ready":...,"stalled":...}`                  |
//! | `reload`     | `{}`: changes were missed; ask for `/api/state`                            |
//!
//! A listener that asks for the state after `hello` misses nothing: the state then holds all earlier changes, and the
//! stream all later ones. A change may arrive in both; applying it twice does no harm.
//!
//! Invariants: the board never waits for a listener. A listener that falls behind by more than the ring loses events and
//! is told to reload; memory is bounded by ring size times frame size, whatever the listeners do.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use serde::Serialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::{self, Sender, WeakSender};
use tokio::sync::{Semaphore, TryAcquireError};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::BroadcastStream;

use crate::event::view::EventView;
use crate::others::OthersView;
use crate::view::{Board, Change, Picture, StationView, Told};

/// Frames that a listener may fall behind; at one heartbeat a second about a minute of quiet.
const RING: usize = 64;

/// Stations in one frame: about 200 KB at most, so the ring stays near 13 MB.
const STATIONS_PER_FRAME: usize = 500;

/// Changes taken into one frame before it goes out.
const CHANGES_PER_FRAME: usize = 256;

/// `retry` makes browsers come back after two seconds rather than their own default.
const HELLO: &str = "retry: 2000\nevent: hello\ndata: {}\n\n";
const RELOAD: &str = "event: reload\ndata: {}\n\n";

/// Why there is no place for another listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// All places are taken.
    Full,
    /// The server is stopping.
    Stopping,
}

/// The listeners' side of the fan-out.
#[derive(Debug)]
pub(super) struct Live {
    /// Weak, so that the streams end when the fan-out does.
    frames: WeakSender<Bytes>,
    places: Arc<Semaphore>,
    places_max: usize,
    stalled: Arc<AtomicBool>,
}

impl Live {
    /// Prepares `places_max` places; the fan-out must be run for anything to arrive.
    pub(super) fn new(
        board: Arc<Board>,
        places_max: usize,
        heartbeat: Duration,
        stall: Option<Duration>,
    ) -> (Self, FanOut) {
        let (frames, _) = broadcast::channel(RING);
        let stalled = Arc::new(AtomicBool::new(false));
        let live = Self {
            frames: frames.downgrade(),
            places: Arc::new(Semaphore::new(places_max)),
            places_max,
            stalled: stalled.clone(),
        };
        let changes = board.listen();
        (
            live,
            FanOut {
                board,
                changes,
                frames,
                heartbeat,
                stall,
                stalled,
            },
        )
    }

    /// A body that streams events until the listener or the server goes.
    pub(super) fn stream(&self) -> Result<Body, NoPlace> {
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|error| match error {
                TryAcquireError::NoPermits => NoPlace::Full,
                TryAcquireError::Closed => NoPlace::Stopping,
            })?;
        let frames = self.frames.upgrade().ok_or(NoPlace::Stopping)?.subscribe();
        let later = BroadcastStream::new(frames).map(move |frame| {
            // The stream holds the place for as long as it lives.
            let _held = &place;
            frame.unwrap_or(Bytes::from_static(RELOAD.as_bytes()))
        });
        let first = tokio_stream::once(Bytes::from_static(HELLO.as_bytes()));
        Ok(Body::from_stream(
            first.chain(later).map(Ok::<_, Infallible>),
        ))
    }

    /// How many listen now.
    pub(super) fn listeners(&self) -> usize {
        self.places_max - self.places.available_permits()
    }

    /// Whether the hub's clock has stood still for longer than it may.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }
}

/// The board's side of the fan-out.
#[derive(Debug)]
pub(super) struct FanOut {
    board: Arc<Board>,
    changes: broadcast::Receiver<Told>,
    frames: Sender<Bytes>,
    heartbeat: Duration,
    stall: Option<Duration>,
    stalled: Arc<AtomicBool>,
}

#[derive(Serialize)]
struct Clock {
    now_us: i64,
    ready: bool,
    stalled: bool,
}

impl FanOut {
    /// Runs until it is dropped.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(self.heartbeat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stations = Latest::default();
        let mut missed = false;
        let mut moved = (i64::MIN, Instant::now());
        loop {
            let mut frame = String::new();
            tokio::select! {
                _ = ticks.tick() => {
                    // At most once a heartbeat: when the board runs too fast for us, reloading faster would not help.
                    if std::mem::take(&mut missed) {
                        frame.push_str(RELOAD);
                    }
                    let due = stations.take(STATIONS_PER_FRAME);
                    if !due.is_empty() {
                        write_event(&mut frame, "stations", &due);
                    }
                    if let Some(picture) = stations.picture.take() {
                        write_event(&mut frame, "picture", &picture);
                    }
                    if let Some(others) = stations.others.take() {
                        write_event(&mut frame, "others", &others);
                    }
                    for event in std::mem::take(&mut stations.events) {
                        write_event(&mut frame, "event", &event);
                    }
                    let clock = self.clock(&mut moved);
                    write_event(&mut frame, "clock", &clock);
                }
                change = self.changes.recv() => match change {
                    Ok(told) => {
                        stations.absorb(told.change, &mut frame);
                        for _ in 1..CHANGES_PER_FRAME {
                            match self.changes.try_recv() {
                                Ok(told) => stations.absorb(told.change, &mut frame),
                                Err(TryRecvError::Lagged(_)) => missed = true,
                                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                            }
                        }
                    }
                    Err(RecvError::Lagged(_)) => missed = true,
                    Err(RecvError::Closed) => return,
                },
            }
            if !frame.is_empty() {
                // Nobody listening is no error.
                let _ = self.frames.send(Bytes::from(frame));
            }
        }
    }

    /// Reads the hub's clock, and notices when it stands still.
    fn clock(&self, moved: &mut (i64, Instant)) -> Clock {
        let (now_us, ready) = self.board.read(|view| (view.now_us, view.ready));
        if moved.0 != now_us {
            *moved = (now_us, Instant::now());
        }
        let stalled = ready && self.stall.is_some_and(|limit| moved.1.elapsed() >= limit);
        if stalled != self.stalled.swap(stalled, Ordering::Relaxed) {
            if stalled {
                tracing::error!(
                    now_us,
                    "the hub's clock stands still: nothing is being assessed"
                );
            } else {
                tracing::info!(now_us, "the hub's clock moves again");
            }
        }
        Clock {
            now_us,
            ready,
            stalled,
        }
    }
}

/// The latest state of each station that changed, in the order of the first change, and the latest picture.
#[derive(Debug, Default)]
struct Latest {
    order: VecDeque<String>,
    states: HashMap<String, StationView>,
    picture: Option<Picture>,
    others: Option<OthersView>,
    events: Vec<EventView>,
}

impl Latest {
    /// Keeps a station, and the picture, for the next heartbeat; writes anything else at once.
    fn absorb(&mut self, change: Change, frame: &mut String) {
        match change {
            Change::Station(station) => {
                if let Some(known) = self.states.get_mut(&station.id) {
                    *known = station;
                } else {
                    self.order.push_back(station.id.clone());
                    self.states.insert(station.id.clone(), station);
                }
            }
            Change::Alert(alert) => write_event(frame, "alert", &alert),
            Change::Timeline(entry) => write_event(frame, "timeline", &entry),
            Change::Picture(picture) => self.picture = Some(picture),
            Change::Others(others) => self.others = Some(others),
            Change::Relief(relief) => write_event(frame, "relief", &relief),
            Change::Conditions(conditions) => write_event(frame, "conditions", &conditions),
            Change::Sirens(zones) => write_event(frame, "sirens", &zones),
            Change::Event(event) => match self.events.iter_mut().find(|e| e.id == event.id) {
                Some(known) => *known = *event,
                None => self.events.push(*event),
            },
        }
    }

    /// Up to `max` stations, those first that have waited longest.
    fn take(&mut self, max: usize) -> Vec<StationView> {
        let due = self.order.len().min(max);
        self.order
            .drain(..due)
            .filter_map(|id| self.states.remove(&id))
            .collect()
    }
}

/// Appends one event. JSON escapes line breaks, so the data is one line.
fn write_event<T: Serialize>(frame: &mut String, name: &str, data: &T) {
    match serde_json::to_string(data) {
        Ok(json) => {
            let _ = write!(frame, "event: {name}\ndata: {json}\n\n");
        }
        // Plain values always serialise; if a new one does not, listeners fetch what they miss.
        Err(error) => {
            tracing::error!(%error, name, "an event could not be written");
            frame.push_str(RELOAD);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wire::topic::Mode;

    use super::*;
    use crate::view::{StationState, TimelineEntry};

    fn station(id: &str, finding: &str) -> StationView {
        StationView {
            id: id.to_owned(),
            name: id.to_owned(),
            lat: 0.0,
            lon: 0.0,
            domain: "tsunami",
            state: StationState::Good,
            latest: BTreeMap::new(),
            finding: finding.to_owned(),
        }
    }

    #[test]
    fn stations_are_merged_and_the_longest_waiting_go_first() {
        let mut latest = Latest::default();
        let mut frame = String::new();
        for (id, finding) in [("b", "1"), ("a", "1"), ("b", "2"), ("c", "1")] {
            latest.absorb(Change::Station(station(id, finding)), &mut frame);
        }
        assert!(frame.is_empty(), "stations wait for the heartbeat");
        let first: Vec<_> = latest
            .take(2)
            .into_iter()
            .map(|s| (s.id, s.finding))
            .collect();
        assert_eq!(
            first,
            [
                ("b".to_owned(), "2".to_owned()),
                ("a".to_owned(), "1".to_owned())
            ]
        );
        assert_eq!(latest.take(2).len(), 1);
        assert!(latest.take(2).is_empty());
    }

    #[test]
    fn a_tsunami_event_that_changes_often_waits_for_the_heartbeat_and_is_told_once() {
        use crate::alert::Level;
        use crate::event::view::SourceView;
        let event = |id: &str, revision: u32| EventView {
            id: id.to_owned(),
            title: String::new(),
            began_us: 0,
            over_us: None,
            over_why: None,
            confirmed: false,
            level: Level::None,
            source: SourceView {
                kind: "earthquake",
                id: id.to_owned(),
                place: String::new(),
                magnitude: 8.0,
                lat: 0.0,
                lon: 0.0,
                depth_km: 20.0,
                origin_us: 0,
                region_km: None,
            },
            revision,
            revised_us: 0,
            basis: crate::forecast::Basis::Model,
            zones: Vec::new(),
            stations: Vec::new(),
            unanswered: Vec::new(),
            told: Arc::default(),
        };
        let (mut latest, mut frame) = (Latest::default(), String::new());
        for (id, revision) in [("a", 1), ("b", 1), ("a", 2)] {
            latest.absorb(Change::Event(Box::new(event(id, revision))), &mut frame);
        }
        assert!(frame.is_empty());
        let told: Vec<_> = latest
            .events
            .iter()
            .map(|e| (e.id.as_str(), e.revision))
            .collect();
        assert_eq!(told, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn an_event_is_one_line_of_data_whatever_the_text_holds() {
        let mut frame = String::new();
        let entry = TimelineEntry {
            time_us: 1,
            kind: "alert".to_owned(),
            text: "a\nevent: x\r\n\n".to_owned(),
            compute_ms: None,
            situation: None,
        };
        Latest::default().absorb(Change::Timeline(entry), &mut frame);
        assert_eq!(frame.matches('\n').count(), 3);
        assert!(frame.starts_with("event: timeline\ndata: {") && frame.ends_with("}\n\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stands_still_is_noticed_and_so_is_its_recovery() {
        let board = Board::new("d", "D", Mode::Actual);
        board.update(|v| v.ready = true);
        let (live, fan_out) = Live::new(
            board.clone(),
            1,
            Duration::from_secs(1),
            Some(Duration::from_secs(30)),
        );
        let task = tokio::spawn(fan_out.run());
        tokio::time::sleep(Duration::from_secs(29)).await;
        assert!(!live.is_stalled());
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(live.is_stalled());
        board.update(|v| v.now_us += 1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!live.is_stalled());
        task.abort();
    }

    #[tokio::test]
    async fn places_are_limited_and_given_back() {
        let board = Board::new("d", "D", Mode::Actual);
        let (live, fan_out) = Live::new(board, 2, Duration::from_secs(1), None);
        let first = live.stream().expect("a place");
        let _second = live.stream().expect("a place");
        assert_eq!(live.stream().expect_err("full"), NoPlace::Full);
        assert_eq!(live.listeners(), 2);
        drop(first);
        assert!(live.stream().is_ok());
        drop(fan_out);
        assert_eq!(live.stream().expect_err("stopped"), NoPlace::Stopping);
    }
}
