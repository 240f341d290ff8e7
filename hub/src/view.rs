//! What a person or a machine may see of a running hub: one snapshot that the pipeline updates and the outlets read.
//!
//! Readers never hold up the pipeline: every field is cheap to clone and the lock is held for the copy alone. Nothing here feeds
//! back into detection or alerting.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use serde::Serialize;
use tokio::sync::broadcast;
use wire::topic::Mode;

use crate::alert::Published;
use crate::edges::EdgeView;
use crate::event::view::EventView;
use crate::fields::{Fields, Sought};
use crate::others::OthersView;
use crate::sirens::SirenZoneView;

/// How many changes a slow listener may fall behind before it is told to reload the whole view.
const CHANGE_BUFFER: usize = 8_192;

/// How many timeline lines the view keeps; the journal has all of them.
const TIMELINE_KEPT: usize = 2_000;

/// How many tsunami events the view keeps: as many as the core.
const EVENTS_KEPT: usize = 64;

/// One station as a duty officer sees it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct StationView {
    /// Station id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
    /// `tsunami`, `traffic`, `energy` or `health`.
    pub domain: &'static str,
    /// Health of the data.
    pub state: StationState,
    /// The latest value of each quantity, by quantity name.
    pub latest: BTreeMap<&'static str, Latest>,
    /// What a detector says now, in words; empty when nothing.
    pub finding: String,
}

/// Health of a station's data. Silence is never safety: a station without data is `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StationState {
    /// Data is arriving as configured.
    Good,
    /// Data is older than expected, but not yet silent.
    Late,
    /// No data for longer than the configured limit, or none ever.
    Unknown,
    /// Data arrives and is flagged: out of range, sensor fault.
    Fault,
    /// A detector reports something here.
    Finding,
}

/// A latest value.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Latest {
    /// The value in `unit`.
    pub value: f64,
    /// SenML unit.
    pub unit: &'static str,
    /// Measured at, microseconds since the Unix epoch.
    pub time_us: i64,
    /// `wire::quality` flags.
    pub quality: u8,
}

/// One published CAP message.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AlertView {
    /// CAP identifier; unique and deterministic.
    pub identifier: String,
    /// File name of the message, ending `.xml`; also the last part of its immutable URL.
    pub file: String,
    /// The event that the message belongs to.
    pub event: String,
    /// Actual, exercise or test.
    #[serde(serialize_with = "mode_name")]
    #[schema(value_type = String)]
    pub mode: Mode,
    /// `Alert`, `Update` or `Cancel`.
    pub msg_type: String,
    /// CAP severity of the first info block.
    pub severity: String,
    /// Sent, microseconds since the Unix epoch.
    pub sent_us: i64,
    /// Expires, microseconds since the Unix epoch.
    pub expires_us: i64,
    /// Headline in the deployment's first language.
    pub headline: String,
    /// Description in the deployment's first language.
    pub summary: String,
    /// Names of the areas.
    pub areas: Vec<String>,
    /// Replaced by a later message of its chain.
    pub superseded: bool,
    /// The message itself.
    #[serde(skip)]
    pub xml: Arc<str>,
}

impl From<&Published> for AlertView {
    fn from(message: &Published) -> Self {
        Self {
            identifier: message.identifier.clone(),
            file: message.file(),
            event: message.event.clone(),
            mode: message.mode(),
            msg_type: message.msg_type.clone(),
            severity: message.severity.clone(),
            sent_us: message.sent_us,
            expires_us: message.expires_us,
            headline: message.headline.clone(),
            summary: message.summary.clone(),
            areas: message.areas.clone(),
            superseded: false,
            xml: message.xml.as_str().into(),
        }
    }
}

fn mode_name<S: serde::Serializer>(mode: &Mode, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(mode.name())
}

/// One outage that is on.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OutageView {
    /// Id.
    pub id: String,
    /// When the first of its meters went out, microseconds since the Unix epoch.
    pub since_us: i64,
    /// Meters that are out now.
    pub out: usize,
    /// Meters that stand in its hull and are heard, or were.
    pub of: usize,
    /// Outline, `[lat, lon]` in degrees, closed.
    pub area: Vec<[f64; 2]>,
    /// Area, km2.
    pub area_km2: f64,
    /// The earthquake of whose damage it is evidence.
    pub earthquake: Option<String>,
    /// The situation that it belongs to.
    pub situation: Option<String>,
}

/// Findings of all domains that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SituationView {
    /// Id, from when it began.
    pub id: String,
    /// What it is about, and what came with it.
    pub title: String,
    /// When the first of its findings began, microseconds since the Unix epoch.
    pub since_us: i64,
    /// When it was over; `None` while it is on.
    pub over_us: Option<i64>,
    /// Tsunami events in it, by which alerts and forecasts are named.
    pub events: Vec<String>,
    /// How many of the findings shown are evidence of damage.
    pub damage: usize,
    /// Its findings: what it is about first, what is on before what is over.
    pub evidence: Vec<EvidenceView>,
    /// Findings beyond those shown.
    pub more: usize,
}

/// One finding of a situation.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EvidenceView {
    /// What it is known by.
    pub key: String,
    /// Its kind, as the rules name it.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
    /// What there is to say about it.
    pub text: String,
    /// When it began, microseconds since the Unix epoch.
    pub since_us: i64,
    /// When it ended; `None` while it is on.
    pub until_us: Option<i64>,
    /// Latitude of its middle, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
    /// The rule by which it belongs here; none for what the situation is about.
    pub rule: Option<String>,
    /// Why, in words.
    pub because: Option<String>,
    /// It is evidence of damage.
    pub damage: bool,
}

/// One line of what happened.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct TimelineEntry {
    /// Event time, microseconds since the Unix epoch.
    pub time_us: i64,
    /// A stable word: `earthquake`, `alert`, `update`, `cancel`, `shaking`, `confirmed`, `threshold`, ...
    pub kind: String,
    /// One sentence.
    pub text: String,
    /// For alerts: from the input that caused it to the published CAP, milliseconds.
    pub compute_ms: Option<f64>,
    /// The situation that what is told belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub situation: Option<String>,
}

/// What an event means for people and places, in short.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ReliefView {
    /// The event.
    pub event: String,
    /// Identifier of the message that was assessed.
    pub message: String,
    /// What it says.
    pub headline: String,
    /// Where the situation report is, relative to the page.
    pub page: String,
    /// Number of the assessment, from 1.
    pub number: u32,
    /// For which time, microseconds since the Unix epoch.
    pub made_us: i64,
    /// The message is a cancellation.
    pub over: bool,
    /// Threatened zones.
    pub zones: usize,
    /// People in them; `None` when nothing is known.
    pub people: Option<u64>,
    /// People who are to leave.
    pub to_evacuate: Option<u64>,
    /// Beds that are lacking.
    pub capacity_lacking: Option<u64>,
    /// These numbers are whole; otherwise they are lower bounds.
    pub all_known: bool,
    /// Hospitals in the zones.
    pub hospitals: usize,
    /// Schools in the zones.
    pub schools: usize,
    /// Bridges on ways to shelters.
    pub bridges_on_ways: usize,
    /// The whole, in every form.
    #[serde(skip)]
    pub documents: Arc<ReliefDocuments>,
}

/// An assessment as it is served.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReliefDocuments {
    /// GeoJSON.
    pub geojson: bytes::Bytes,
    /// Needs by zone.
    pub needs_csv: bytes::Bytes,
    /// Places inside, and shelters outside.
    pub places_csv: bytes::Bytes,
    /// EDXL-DE around the message.
    pub edxl: bytes::Bytes,
    /// The situation report.
    pub page: bytes::Bytes,
}

/// Something that an operator should know about the system itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Condition {
    /// Stable code: `journal_full`, `broker_down`, `edge_offline`, `coverage_lost`, ...
    pub code: String,
    /// What, where and what to do.
    pub text: String,
    /// Since, microseconds since the Unix epoch.
    pub since_us: i64,
}

/// The whole snapshot.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// Deployment id.
    pub deployment: String,
    /// Title for people.
    pub title: String,
    /// Actual, exercise or test.
    #[serde(serialize_with = "mode_name")]
    pub mode: Mode,
    /// The hub's clock at the last step, microseconds since the Unix epoch.
    pub now_us: i64,
    /// The journal has been read back and the broker has answered once.
    pub ready: bool,
    /// What degrades the hub now; empty when all is well.
    pub conditions: Vec<Condition>,
    /// Stations by id.
    pub stations: BTreeMap<String, StationView>,
    /// Published messages, oldest first.
    pub alerts: Vec<AlertView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Outages that are on, oldest first.
    pub outages: Vec<OutageView>,
    /// Situations that are on or were until a day ago, oldest first.
    pub situations: Vec<SituationView>,
    /// What other senders warn of, and their feeds.
    pub others: OthersView,
    /// Whom messages are pushed to, by name.
    pub subscribers: BTreeMap<String, outlet::Status>,
    /// Assessments, one an event, oldest first; `None` where the deployment assesses nothing.
    pub relief: Option<Vec<ReliefView>>,
    /// Zones with sirens, in the order of the configuration.
    pub sirens: Vec<SirenZoneView>,
    /// Tsunami events, oldest first.
    pub events: Vec<EventView>,
    /// Edges and other publishers, by id.
    pub edges: BTreeMap<String, EdgeView>,
    /// Counters by metric name and label set (`reason="..."`), for `/metrics`.
    pub counters: BTreeMap<(&'static str, String), u64>,
}

/// Situations and outages, as they are now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// See [`View::situations`].
    pub situations: Vec<SituationView>,
    /// See [`View::outages`].
    pub outages: Vec<OutageView>,
}

/// One change, for live listeners.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Change {
    /// A station changed.
    Station(StationView),
    /// An alert was published.
    Alert(AlertView),
    /// Something happened.
    Timeline(TimelineEntry),
    /// The conditions are now these.
    Conditions(Vec<Condition>),
    /// Situations and outages are now these.
    Picture(Picture),
    /// What other senders warn of is now this.
    Others(OthersView),
    /// An event was assessed.
    Relief(ReliefView),
    /// The sirens are now these.
    Sirens(Vec<SirenZoneView>),
    /// A tsunami event is now this.
    Event(Box<EventView>),
}

/// A change with the hub's time at which it was told.
#[derive(Debug, Clone)]
pub struct Told {
    /// The hub's clock, microseconds since the Unix epoch.
    pub at_us: i64,
    /// What changed.
    pub change: Change,
}

/// The shared snapshot with its change stream.
#[derive(Debug)]
pub struct Board {
    view: RwLock<View>,
    changes: broadcast::Sender<Told>,
    fields: Fields,
}

impl Board {
    /// An empty board for a deployment.
    pub fn new(deployment: &str, title: &str, mode: Mode) -> Arc<Self> {
        let (changes, _) = broadcast::channel(CHANGE_BUFFER);
        Arc::new(Self {
            view: RwLock::new(View {
                deployment: deployment.to_owned(),
                title: title.to_owned(),
                mode,
                now_us: 0,
                ready: false,
                conditions: Vec::new(),
                stations: BTreeMap::new(),
                alerts: Vec::new(),
                timeline: Vec::new(),
                outages: Vec::new(),
                situations: Vec::new(),
                others: OthersView::default(),
                subscribers: BTreeMap::new(),
                relief: None,
                sirens: Vec::new(),
                events: Vec::new(),
                edges: BTreeMap::new(),
                counters: BTreeMap::new(),
            }),
            changes,
            fields: Fields::default(),
        })
    }

    /// Reads the snapshot under the lock; keep `f` short.
    pub fn read<R>(&self, f: impl FnOnce(&View) -> R) -> R {
        // A panic while the lock was held is our own bug; the data is plain values and stays readable.
        f(&self.view.read().unwrap_or_else(|e| e.into_inner()))
    }

    /// Changes the snapshot without telling listeners (counters, clock).
    pub fn update<R>(&self, f: impl FnOnce(&mut View) -> R) -> R {
        f(&mut self.view.write().unwrap_or_else(|e| e.into_inner()))
    }

    /// Listens to changes from now on.
    pub fn listen(&self) -> broadcast::Receiver<Told> {
        self.changes.subscribe()
    }

    /// Replaces a station.
    pub fn station(&self, station: StationView) {
        self.update(|v| v.stations.insert(station.id.clone(), station.clone()));
        self.tell(Change::Station(station));
    }

    /// Adds a published message and marks the messages that it replaces.
    pub fn alert(&self, alert: AlertView) {
        self.update(|v| {
            for earlier in v.alerts.iter_mut().filter(|a| a.event == alert.event) {
                earlier.superseded = true;
            }
            v.alerts.push(alert.clone());
        });
        self.tell(Change::Alert(alert));
    }

    /// Adds a line to the timeline.
    pub fn timeline(&self, entry: TimelineEntry) {
        self.update(|v| {
            if v.timeline.len() >= TIMELINE_KEPT {
                v.timeline.remove(0);
            }
            v.timeline.push(entry.clone());
        });
        self.tell(Change::Timeline(entry));
    }

    /// Replaces situations and outages, and tells listeners when they are others than before.
    pub fn picture(&self, picture: Picture) {
        let changed = self.update(|v| {
            let same = v.situations == picture.situations && v.outages == picture.outages;
            if !same {
                v.situations.clone_from(&picture.situations);
                v.outages.clone_from(&picture.outages);
            }
            !same
        });
        if changed {
            self.tell(Change::Picture(picture));
        }
    }

    /// Replaces what other senders warn of, and tells listeners when it is other than before.
    pub fn others(&self, others: OthersView) {
        let changed = self.update(|v| {
            let same = v.others == others;
            if !same {
                v.others.clone_from(&others);
            }
            !same
        });
        if changed {
            self.tell(Change::Others(others));
        }
    }

    /// Another sender's feed has answered, and nothing else has changed: listeners are not told.
    pub fn others_answered(&self, feed: &str, now_us: i64) {
        self.update(|v| {
            for known in v.others.feeds.iter_mut().filter(|f| f.name == feed) {
                known.answered_us = Some(now_us);
            }
        });
    }

    /// Replaces the assessment of an event.
    pub fn relief(&self, relief: ReliefView) {
        self.update(|v| {
            let all = v.relief.get_or_insert_default();
            match all.iter_mut().find(|r| r.event == relief.event) {
                Some(at) => at.clone_from(&relief),
                None => all.push(relief.clone()),
            }
        });
        self.tell(Change::Relief(relief));
    }

    /// Replaces the sirens, and tells listeners when they are others than before.
    pub fn sirens(&self, zones: Vec<SirenZoneView>) {
        let changed = self.update(|v| {
            let changed = v.sirens != zones;
            if changed {
                v.sirens.clone_from(&zones);
            }
            changed
        });
        if changed {
            self.tell(Change::Sirens(zones));
        }
    }

    /// Replaces a tsunami event. Of too many the oldest gives way that is over, or else the oldest.
    pub fn event(&self, event: EventView) {
        self.update(|v| match v.events.iter_mut().find(|e| e.id == event.id) {
            Some(known) => known.clone_from(&event),
            None => {
                if v.events.len() >= EVENTS_KEPT {
                    let over = v.events.iter().position(|e| e.over_us.is_some());
                    v.events.remove(over.unwrap_or(0));
                }
                v.events.push(event.clone());
            }
        });
        self.tell(Change::Event(Box::new(event)));
    }

    /// Says what an event's fields are to be computed from.
    pub fn seek(&self, sought: Sought) {
        if self.fields.tell(sought) {
            self.count("fields_dropped", "", 1);
        }
    }

    /// Tells listeners of an event again: something that is asked for by its id has become ready.
    pub fn event_again(&self, id: &str) {
        let known = self.read(|v| v.events.iter().find(|e| e.id == id).cloned());
        if let Some(event) = known {
            self.tell(Change::Event(Box::new(event)));
        }
    }

    /// The fields of events, which have a lock of their own.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Raises or clears a condition. Returns whether anything changed.
    pub fn condition(&self, code: &str, text: Option<&str>, now_us: i64) -> bool {
        // Nothing is new most of the time, and readers need not wait to hear it.
        let known = self.read(|v| {
            let known = v.conditions.iter().find(|c| c.code == code);
            known.map(|c| c.text.as_str()) == text
        });
        if known {
            return false;
        }
        let changed = self.update(|v| {
            let at = v.conditions.iter().position(|c| c.code == code);
            match (at, text) {
                (Some(i), None) => {
                    v.conditions.remove(i);
                    Some(v.conditions.clone())
                }
                (Some(i), Some(text)) if v.conditions[i].text != text => {
                    text.clone_into(&mut v.conditions[i].text);
                    Some(v.conditions.clone())
                }
                (None, Some(text)) => {
                    v.conditions.push(Condition {
                        code: code.to_owned(),
                        text: text.to_owned(),
                        since_us: now_us,
                    });
                    Some(v.conditions.clone())
                }
                _ => None,
            }
        });
        match changed {
            Some(conditions) => {
                self.tell(Change::Conditions(conditions));
                true
            }
            None => false,
        }
    }

    /// Replaces what is known of a subscriber.
    pub fn subscriber(&self, status: outlet::Status) {
        self.update(|v| v.subscribers.insert(status.name.clone(), status));
    }

    /// Adds to a counter.
    pub fn count(&self, name: &'static str, label: &str, by: u64) {
        self.update(|v| *v.counters.entry((name, label.to_owned())).or_default() += by);
    }

    /// Sets a counter or gauge.
    pub fn set(&self, name: &'static str, label: &str, value: u64) {
        self.update(|v| v.counters.insert((name, label.to_owned()), value));
    }

    fn tell(&self, change: Change) {
        let at_us = self.read(|v| v.now_us);
        // No listener is no error.
        let _ = self.changes.send(Told { at_us, change });
    }
}
