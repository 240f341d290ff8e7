//! The shell around the core: one thread that takes what arrives in groups, journals it, steps the core, publishes what it asks for, and
//! acknowledges.
//!
//! Order within a step, and why: (1) the group is appended to the journal, (2) the core steps, (3) messages pass the gate, enter
//! the desk's durable log and go out, (4) the journal is committed, (5) edges and broker are acknowledged. A warning that the gate asks nobody about
//! waits for one commit of the desk's log and for nothing else; an acknowledgement waits for the journal's.

mod issuing;
mod modelling;
mod taking;

pub use modelling::Modeller;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::Clock;
use flume::{Receiver, RecvTimeoutError, Sender};
use rumqttc::{AsyncClient, Publish};
use tokio::sync::oneshot;
use wire::ack::Ack;
use wire::topic::{Channel, Topic};

use crate::alert::Published;
use crate::config::Config;
use crate::core::{Core, Output};
use crate::edges::{self, Heard};
use crate::entry::{Entry, Item};
use crate::gate::{self, Gate};
use crate::intake::open::Arrival;
use crate::intake_log::{IntakeLog, Owed};
use crate::mqtt::{Inbound, Outbound, Session, Via};
use crate::outlets::Tap;
use crate::sirens::Sirens;
use crate::stations;
use crate::view::{Board, TimelineEntry};
use modelling::Answer;

/// Most messages in one group: bounds the time until the first of them is acknowledged.
const GROUP: usize = 512;
/// Most bytes in one group.
const GROUP_BYTES: usize = 4 * 1024 * 1024;
/// How often the page's stations are renewed under load.
const SHOW_EVERY: Duration = Duration::from_millis(200);
/// How often the desk's deadlines are looked at.
const DEADLINES_EVERY: Duration = Duration::from_millis(200);
/// How often the disk is tried again, and lost acknowledgements are repeated.
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// What the pipeline is told besides messages.
pub enum Control {
    /// Let time pass to the clock's now, and answer when everything before is done.
    Step(oneshot::Sender<()>),
    /// A person asks something of the desk.
    Act(gate::Request),
    /// Finish what is queued and stop.
    Stop,
}

/// Where a published message goes besides the board and MQTT.
pub trait Sink: Send {
    /// A message went out. Must not block for long: it is on the pipeline's thread.
    fn published(&mut self, message: &Published);
    /// Something was said.
    fn said(&mut self, entry: &TimelineEntry);
    /// A forecast was made or renewed.
    fn forecast(&mut self, event: &str, output: &Output);
}

/// A sink for nobody.
pub struct NoSink;

impl Sink for NoSink {
    fn published(&mut self, _: &Published) {}
    fn said(&mut self, _: &TimelineEntry) {}
    fn forecast(&mut self, _: &str, _: &Output) {}
}

/// The pipeline before its thread starts.
pub struct Pipeline {
    /// The deployment.
    pub config: Arc<Config>,
    /// The hub's clock.
    pub clock: Clock,
    /// The deterministic core, its journal played back.
    pub core: Core,
    /// The journal.
    pub log: IntakeLog,
    /// What lets messages out.
    pub gate: Gate,
    /// What people see.
    pub board: Arc<Board>,
    /// Messages.
    pub inbound: Receiver<Inbound>,
    /// Control.
    pub control: Receiver<Control>,
    /// The MQTT client of readings, for acknowledgements.
    pub client: AsyncClient,
    /// The MQTT client of earthquakes and status.
    pub warnings: AsyncClient,
    /// Which connections these clients are on, in the same order.
    pub connections: [tokio::sync::watch::Receiver<u64>; 2],
    /// How far the journal's consequences have been carried out; a restart publishes nothing that lies before.
    pub done: journal::Cursor,
    /// The hub's time is never before this, microseconds since the Unix epoch: the journal's last entry.
    pub not_before_us: i64,
    /// Messages to send.
    pub outbound: Sender<Outbound>,
    /// The subscribers that messages are pushed to.
    pub outlets: Tap,
    /// Who keeps what stations have said lately.
    pub series: crate::series::Tap,
    /// Another place for what is published.
    pub sink: Box<dyn Sink>,
    /// Assesses what issued messages mean, beside the pipeline.
    pub assessor: Option<crate::assess::Assessor>,
    /// Who sounds sirens for what was issued; `None` where there are none.
    pub sirens: Option<Sirens>,
    /// Let time pass by itself; a replay steps by hand instead.
    pub ticking: bool,
    /// The propagation model, beside the pipeline; `None` computes in the step, for a replay's clock stands still meanwhile.
    pub modeller: Option<Modeller>,
}

struct State {
    unacknowledged: BTreeSet<(String, u64)>,
    touched: BTreeSet<u32>,
    shown: Instant,
    retried: Instant,
    swept_us: i64,
    edges: BTreeMap<String, String>,
    /// Edges of which something arrived damaged, and when last.
    damaged: BTreeMap<String, i64>,
    /// Of which edges something came since the page was renewed last.
    heard: BTreeMap<String, Heard>,
    arrival: Arrival,
    /// The hub's time at the last step: it never goes back.
    now_us: i64,
    stepped: Instant,
    /// MQTT messages to acknowledge when the client's queue has room.
    to_acknowledge: Vec<(Via, Publish)>,
    done_at: Instant,
    /// Rows taken and rows stamped in the future at the last look.
    clocks: (u64, u64),
    /// When the desk's deadlines were last looked at.
    deadlines: Instant,
    /// When the earthquakes arrived whose models are being run, by job.
    asked: BTreeMap<u64, Instant>,
}

impl Pipeline {
    /// Runs until told to stop or until every sender is gone.
    pub fn run(mut self) {
        let now = Instant::now();
        let mut state = State {
            unacknowledged: self
                .core
                .intake
                .outboxes()
                .map(|(e, o)| (e.to_owned(), o))
                .collect(),
            touched: (0..self.config.station.len() as u32).collect(),
            shown: now,
            retried: now,
            swept_us: i64::MIN,
            edges: BTreeMap::new(),
            damaged: BTreeMap::new(),
            heard: BTreeMap::new(),
            arrival: Arrival::new(self.clock.now_us()),
            now_us: self.not_before_us,
            stepped: now,
            to_acknowledge: Vec::new(),
            done_at: now,
            clocks: (0, 0),
            deadlines: now,
            asked: BTreeMap::new(),
        };
        self.show(&mut state, true);
        self.acknowledge(&mut state);
        self.board.update(|v| v.ready = true);
        // What the last run asked for and did not get.
        self.ask_models(now, &mut state);
        let calm = self
            .clock
            .real_duration(self.config.timing.tick.as_micros() as i64);
        loop {
            let tick = self.tick(calm);
            let first = match self.next(&state, tick) {
                Next::Message(message) => Some(message),
                Next::Answer(answer) => {
                    self.take_answer(answer, &mut state);
                    None
                }
                Next::Control(Control::Stop) => break,
                Next::Control(Control::Act(request)) => {
                    self.act(request, &mut state);
                    None
                }
                Next::Control(Control::Step(done)) => {
                    // What was queued before the request belongs before it.
                    while let Ok(message) = self.inbound.try_recv() {
                        self.group(message, &mut state);
                    }
                    self.step(Vec::new(), &mut state);
                    self.show(&mut state, true);
                    let _ = done.send(());
                    continue;
                }
                Next::Nothing => None,
                Next::Gone => break,
            };
            match first {
                Some(message) => self.group(message, &mut state),
                None if self.ticking && state.stepped.elapsed() >= tick => {
                    self.step(Vec::new(), &mut state)
                }
                None => {}
            }
            if self.ticking && state.deadlines.elapsed() >= DEADLINES_EVERY {
                self.pass_deadlines(&mut state);
            }
            if state.retried.elapsed() >= RETRY_EVERY {
                state.retried = Instant::now();
                self.settle(&mut state);
            }
            self.show(&mut state, false);
        }
        // What is queued is taken before the end: it was read from the broker already.
        while let Ok(message) = self.inbound.try_recv() {
            self.group(message, &mut state);
        }
        self.settle(&mut state);
        self.carried_out(&mut state, true);
    }

    /// Notes how far the journal's consequences have been carried out: now and then, since a lower bound is enough.
    fn carried_out(&mut self, state: &mut State, now: bool) {
        const EVERY: Duration = Duration::from_secs(5);
        if !now && state.done_at.elapsed() < EVERY {
            return;
        }
        state.done_at = Instant::now();
        if self.done.get() != self.log.next()
            && let Err(e) = self.done.set(self.log.next())
        {
            tracing::warn!(error = %e, "cannot note how far the journal is carried out");
        }
    }

    /// The hub's time: the clock's, and never back.
    fn time(&mut self, state: &mut State) -> i64 {
        const NOTICED_US: i64 = 2_000_000;
        let clock_us = self.clock.now_us();
        let behind = state.now_us.saturating_sub(clock_us);
        let text = (behind > NOTICED_US).then(|| {
            format!("the clock of this machine is {} s behind the journal's last entry: times stand still until it has caught up; check NTP", behind / 1_000_000)
        });
        self.board
            .condition("clock_back", text.as_deref(), clock_us);
        state.now_us = state.now_us.max(clock_us);
        state.stepped = Instant::now();
        state.now_us
    }

    fn next(&self, state: &State, tick: Duration) -> Next {
        if let Ok(control) = self.control.try_recv() {
            return Next::Control(control);
        }
        let mut wait = RETRY_EVERY;
        if self.gate.is_busy() {
            wait = wait.min(DEADLINES_EVERY);
        }
        if self.ticking {
            wait = wait.min(tick.saturating_sub(state.stepped.elapsed()));
        }
        if !state.touched.is_empty() || self.core.picture_changed() || self.core.events_changed() {
            wait = wait.min(SHOW_EVERY.saturating_sub(state.shown.elapsed()));
        }
        let mut selector = flume::Selector::new()
            .recv(&self.control, |c| c.map_or(Next::Gone, Next::Control))
            .recv(&self.inbound, |m| m.map_or(Next::Gone, Next::Message));
        if let Some(modeller) = &self.modeller {
            selector = selector.recv(&modeller.answers, |a| a.map_or(Next::Nothing, Next::Answer));
        }
        selector
            .wait_timeout(wait.max(Duration::from_millis(1)))
            .unwrap_or(Next::Nothing)
    }

    /// Takes a message and what waits behind it, up to the bounds, as one step.
    fn group(&mut self, first: Inbound, state: &mut State) {
        let mut bytes = first.publish.payload.len();
        let mut messages = vec![first];
        while messages.len() < GROUP && bytes < GROUP_BYTES {
            let Ok(message) = self.inbound.try_recv() else {
                break;
            };
            bytes += message.publish.payload.len();
            messages.push(message);
        }
        self.step(messages, state);
    }

    fn step(&mut self, messages: Vec<Inbound>, state: &mut State) {
        let began = messages
            .iter()
            .map(|m| m.at)
            .min()
            .unwrap_or_else(Instant::now);
        self.step_with(messages, None, began, state);
        self.ask_models(began, state);
    }

    fn step_with(
        &mut self,
        messages: Vec<Inbound>,
        answer: Option<Answer>,
        began: Instant,
        state: &mut State,
    ) {
        let now_us = self.time(state);
        let (mut items, mut owed, mut outputs) = (Vec::new(), Owed::default(), Vec::new());
        if let Some(Answer { number, product }) = answer {
            outputs.extend(self.core.modelled(number, product, now_us));
            items.push(Item::Modelled(number));
        }
        for message in messages {
            self.take(message, now_us, &mut items, &mut owed, &mut outputs, state);
        }
        // A step in which only time passed is journaled only if it may matter: ticks while no event is on would fill the disk.
        let eventful = !items.is_empty() || self.core.is_busy();
        if eventful || !owed.offsets.is_empty() || !owed.messages.is_empty() {
            let let_go = self.log.append(
                &Entry {
                    received_us: now_us,
                    items,
                },
                owed,
            );
            self.board.count(
                "open_messages_lost",
                &reason("reason", "disk_full"),
                let_go.len() as u64,
            );
            state.to_acknowledge.extend(let_go);
        }
        outputs.extend(self.core.finish(now_us));
        if let Some(rows) = self.core.rows() {
            self.series.rows(rows, now_us);
        }
        // Before anything is told of this step: what is told is dated by it.
        self.board.update(|v| v.now_us = now_us);
        for output in outputs {
            self.put_out(output, began, now_us);
        }
        self.pass_deadlines_at(now_us);
        state.touched.extend(self.core.touched());
        self.settle(state);
    }

    fn put_out(&mut self, output: Output, began: Instant, now_us: i64) {
        match output {
            Output::Say {
                time_us,
                kind,
                text,
                situation,
            } => {
                tracing::info!(kind, at = clock::format_utc(time_us), "{text}");
                let entry = TimelineEntry {
                    time_us,
                    kind,
                    text,
                    compute_ms: None,
                    situation,
                };
                self.sink.said(&entry);
                self.board.timeline(entry);
            }
            Output::Publish(message) => self.propose(&message, began, now_us),
            ref forecast @ Output::Forecast { ref event, .. } => {
                self.sink.forecast(event, forecast)
            }
        }
    }

    /// Commits, acknowledges, and says how the disk is.
    fn settle(&mut self, state: &mut State) {
        let owed = self.log.commit();
        for (edge, outbox, offset) in &owed.offsets {
            self.core.intake.durable(edge, *outbox, *offset);
            state.unacknowledged.insert((edge.clone(), *outbox));
        }
        state.to_acknowledge.extend(owed.messages);
        // The client's queue may be full for a moment: what does not fit waits for the next round.
        let mut full = [false; 2];
        state.to_acknowledge.retain(|(via, message)| {
            let (client, at) = match via.session {
                Session::Readings => (&self.client, 0),
                Session::Warnings => (&self.warnings, 1),
            };
            // Of an earlier connection: the broker delivers it again, or has forgotten it.
            if via.connection != *self.connections[at].borrow() {
                return false;
            }
            // In order: what does not fit holds up what comes behind it.
            full[at] = full[at] || client.try_ack(message).is_err();
            full[at]
        });
        self.carried_out(state, false);
        self.acknowledge(state);
        let now_us = self.clock.now_us();
        let text = self.log.refusal.as_ref().map(|why| {
            format!(
                "the journal cannot be written ({why}); {} steps wait in memory and edges keep their readings; alerts go on. Free space under {}",
                self.log.waiting(),
                self.config.data_dir.display()
            )
        });
        self.board.condition("journal", text.as_deref(), now_us);
        if self.gate.refusal().is_some() {
            self.gate.write();
        }
        self.board
            .condition("alert_log", self.gate.refusal(), now_us);
    }

    fn acknowledge(&mut self, state: &mut State) {
        state.unacknowledged.retain(|(edge, outbox)| {
            let ack = Ack {
                outbox: *outbox,
                next: self.core.intake.acknowledged(edge, *outbox),
            };
            let version = self.core.intake.version(edge, *outbox);
            let mut bytes = [0; wire::ack::MAX_BYTES];
            let Ok(n) = ack.encode(version, &mut bytes) else {
                return false;
            };
            let topic = Topic::Edge {
                deployment: &self.config.deployment,
                edge,
                channel: Channel::Ack,
            }
            .to_string();
            // Cumulative, so that a lost one is made good by the next: QoS 0. Kept for the next round when the queue is full.
            self.client
                .try_publish(topic, rumqttc::QoS::AtMostOnce, false, bytes[..n].to_vec())
                .is_err()
        });
    }

    /// Renews what people see.
    fn show(&mut self, state: &mut State, now: bool) {
        if !now && state.shown.elapsed() < SHOW_EVERY {
            return;
        }
        let now_us = self.clock.now_us();
        let tick_us = self.config.timing.tick.as_micros() as i64;
        if now_us.saturating_sub(state.swept_us) >= tick_us {
            // Stations grow late, and then unknown, without a row of anybody's.
            state.swept_us = now_us;
            self.forget_damage(now_us, state);
            // Those that no configuration names are shown as well, within bounds.
            const MOST_SWEPT: usize = 10_000;
            let known = self
                .core
                .intake
                .stations
                .len()
                .min(MOST_SWEPT)
                .max(self.config.station.len());
            state.touched.extend(0..known as u32);
        }
        let (picture, events) = (self.core.picture_changed(), self.core.events_changed());
        if picture {
            self.board.picture(self.core.picture());
        }
        if events {
            for event in self.core.event_views() {
                if let Some(sought) = self.core.sought(&event.id) {
                    self.board.seek(sought);
                }
                self.board.event(event);
            }
        }
        if !picture && !events && !now && state.touched.is_empty() {
            return;
        }
        state.shown = Instant::now();
        for station in std::mem::take(&mut state.touched) {
            let view = stations::view(&self.core, &self.config, station, now_us);
            if self.board.read(|v| v.stations.get(&view.id) != Some(&view)) {
                self.board.station(view);
            }
        }
        let heard = std::mem::take(&mut state.heard);
        self.board.update(|v| {
            for (edge, heard) in heard {
                edges::take_heard(&mut v.edges, &edge, heard);
            }
        });
        self.board.condition(
            "signature_ends",
            self.gate.signature_ends(now_us).as_deref(),
            now_us,
        );
        let lost = self
            .board
            .read(|v| stations::coverage_lost(&self.config, v));
        self.board
            .condition("coverage_lost", lost.as_deref(), now_us);
        self.watch_clocks(state, now_us);
        for ((name, why), by) in &self.core.intake.counters {
            self.board.set(name, &reason("reason", why), *by);
        }
        for (detector, by) in self.core.too_late() {
            self.board.set(
                "readings_too_late_to_detect",
                &reason("detector", detector),
                by,
            );
        }
        self.board
            .set("series_readings_dropped", "", self.series.dropped());
        self.board
            .set("findings_ungrouped", "", self.core.situations().refused());
        self.board.set("journal_bytes", "", self.log.bytes());
        self.board
            .set("journal_entries_waiting", "", self.log.waiting() as u64);
        self.board
            .set("journal_entries_let_go", "", self.log.let_go_total);
    }
}

impl Pipeline {
    /// When most of what arrives is stamped in the future, it is this machine's clock that is wrong, and every detector is blind.
    fn watch_clocks(&self, state: &mut State, now_us: i64) {
        let future = self
            .core
            .intake
            .counters
            .get(&("readings_flagged", "future"))
            .copied()
            .unwrap_or(0);
        let rows = self.board.read(|v| {
            v.counters
                .get(&("readings", String::new()))
                .copied()
                .unwrap_or(0)
        });
        let (rows_new, future_new) = (
            rows.saturating_sub(state.clocks.0),
            future.saturating_sub(state.clocks.1),
        );
        if rows_new == 0 {
            return;
        }
        state.clocks = (rows, future);
        let text = (future_new * 2 > rows_new).then(|| {
            format!("{future_new} of the last {rows_new} readings are stamped in the future: the clock of this machine is slow, and no detector works; check NTP")
        });
        self.board.condition("hub_clock", text.as_deref(), now_us);
    }
}

enum Next {
    Message(Inbound),
    Answer(Answer),
    Control(Control),
    Nothing,
    Gone,
}

impl From<RecvTimeoutError> for Next {
    fn from(_: RecvTimeoutError) -> Self {
        Self::Nothing
    }
}

fn reason(label: &str, value: &str) -> String {
    format!("{label}=\"{value}\"")
}
