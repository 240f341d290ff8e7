//! Rows of the table of faults: what goes wrong, what must come of it, and what came.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use hil::fault::{Channel, EdgeFault, Effect, Fault, Phases, Window};
use serde_json::Value;

use crate::program::Program;
use crate::rigged::Rigged;

/// Counters that tell of something refused, at the node or of it, for scripts that do not say which.
pub const REFUSALS: &[&str] = &[
    "edge crc",
    "edge tag",
    "edge replayed",
    "edge old_boot",
    "edge too_fast",
    "edge kind",
    "edge body",
    "edge absurd",
    "node refused",
    "node sensor_errors",
];

/// Minutes after the start in which an alert about the wave is right. It stands above the limit from minute 9 to 13; what was cut off
/// comes up to 5 minutes later, and the hub's clock may be as much ahead of what it has.
const WAVE_MINUTES: std::ops::RangeInclusive<i64> = 8..=20;

/// What must come of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The alert about the wave goes out all the same.
    Alert,
    /// No alert goes out: nobody could measure the wave, or what was measured makes no sense.
    Silence,
    /// Somebody who looks sees that something is wrong: at the hub, or in the edge's report of the node.
    Degraded,
    /// Nothing is shown, refused, repeated or lost: what a row without a fault must look like.
    Clean,
    /// What was wrong was refused, and one of these counters says so.
    Refused(&'static [&'static str]),
    /// The node was found to have started again, for this reason.
    Restarted(&'static str),
    /// The node's clock was found to be off by about so many parts per million.
    Drift(i64),
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Channel and fault, as `WATCHFIRE_HIL_ROW` names it; the station's id.
    pub name: &'static str,
    /// The faults, as scripts write them.
    pub faults: &'static [&'static str],
    /// What must come.
    pub expect: &'static [Expect],
}

/// What was seen of one row.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Alerts about its station: minutes after the start at which each was first sent.
    pub alerts: Vec<i64>,
    /// States of its station at the hub other than good, by how often.
    pub states: BTreeMap<String, u32>,
    /// Conditions at the hub.
    pub conditions: BTreeMap<String, u32>,
    /// The largest counts in the edge's reports: refused frames by reason, sensor errors, and so on.
    pub counts: BTreeMap<String, u64>,
    /// Reasons for starts.
    pub causes: BTreeMap<String, u32>,
    /// The highest boot number; the first start is boot 1.
    pub boot: u64,
    /// Clock drift, parts per billion, as last reported.
    pub drift_ppb: Option<i64>,
}

impl Seen {
    /// A look at the hub and at the edge's latest report. Conditions are the whole hub's: they say something of a row that is `alone`.
    pub fn look(&mut self, station: &str, alone: bool, hub: &Value, status: &Value) {
        let stations = hub["stations"].as_array().cloned().unwrap_or_default();
        if let Some(found) = stations.iter().find(|s| s["id"] == station) {
            let state = found["state"].as_str().unwrap_or("good");
            if state != "good" && state != "finding" {
                *self.states.entry(state.to_owned()).or_default() += 1;
            }
        }
        let conditions = hub["conditions"].as_array().filter(|_| alone);
        for condition in conditions.into_iter().flatten() {
            if let Some(code) = condition["code"].as_str() {
                *self.conditions.entry(code.to_owned()).or_default() += 1;
            }
        }
        let nodes = status["nodes"].as_array().cloned().unwrap_or_default();
        let Some(node) = nodes.iter().find(|n| n["station"] == station) else {
            return;
        };
        let health = &node["health"];
        for name in ["sensor_errors", "refused", "dropped", "storage_errors"] {
            self.count(&format!("node {name}"), health[name].as_u64());
        }
        for (reason, count) in node["refused"].as_object().into_iter().flatten() {
            self.count(&format!("edge {reason}"), count.as_u64());
        }
        for name in ["repeated", "gaps", "lost"] {
            self.count(name, node["traffic"][name].as_u64());
        }
        self.count("silent", node["silent"].as_bool().map(u64::from));
        self.boot = self.boot.max(node["boot"].as_u64().unwrap_or_default());
        if let Some(cause) = node["reset_cause"].as_str() {
            *self.causes.entry(cause.to_owned()).or_default() += 1;
        }
        let drift = health["clock_drift_ppb"].as_i64();
        self.drift_ppb = drift
            .filter(|d| *d != i64::from(i32::MIN))
            .or(self.drift_ppb);
    }

    /// What the hub refused of what came over MQTT, from its metrics: the whole hub's, so of a row that is alone.
    pub fn look_at_refusals(&mut self, metrics: &str) {
        for what in ["batches", "messages"] {
            for reason in ["checksum", "unchecked"] {
                let name = format!("watchfire_{what}_refused_total{{reason=\"{reason}\"}}");
                let count = crate::http::sample(metrics, &name).map(|count| count as u64);
                self.count(&format!("hub {what} {reason}"), count);
            }
        }
    }

    fn count(&mut self, name: &str, count: Option<u64>) {
        if let Some(count) = count.filter(|count| *count > 0) {
            let known = self.counts.entry(name.to_owned()).or_default();
            *known = count.max(*known);
        }
    }

    /// Why an expectation is not met.
    ///
    /// # Errors
    /// The reason.
    pub fn meets(&self, expect: Expect) -> Result<(), String> {
        let met = match expect {
            // One, when the wave was there to be seen or, where the way was cut, not long after: earlier is a false alarm.
            Expect::Alert => {
                let in_time = |minute: &i64| WAVE_MINUTES.contains(minute);
                self.alerts.len() == 1 && self.alerts.iter().all(in_time)
            }
            Expect::Silence => self.alerts.is_empty(),
            Expect::Clean => {
                self.states.is_empty() && self.counts.is_empty() && self.conditions.is_empty()
            }
            Expect::Degraded => {
                let shown = ["node sensor_errors", "silent", "gaps", "lost"];
                !self.states.is_empty()
                    || !self.conditions.is_empty()
                    || shown.iter().any(|name| self.counts.contains_key(*name))
            }
            Expect::Refused(names) => names.iter().any(|name| self.counts.contains_key(*name)),
            Expect::Restarted(cause) => self.boot > 1 && self.causes.contains_key(cause),
            Expect::Drift(ppm) => self
                .drift_ppb
                .is_some_and(|ppb| (ppb - ppm * 1_000).abs() < 20_000),
        };
        met.then_some(())
            .ok_or_else(|| format!("{expect:?} is not met"))
    }

    /// For the table.
    pub fn words(&self) -> String {
        let list = |map: &BTreeMap<String, u32>| map.keys().cloned().collect::<Vec<_>>().join(" ");
        let counts = self
            .counts
            .iter()
            .map(|(name, count)| format!("{name} {count}"));
        let mut words = vec![match self.alerts.as_slice() {
            [] => "no alert".to_owned(),
            minutes => format!("alert at minute {minutes:?}"),
        }];
        words.extend([list(&self.states), list(&self.conditions)]);
        words.extend(counts);
        if self.boot > 1 {
            words.push(format!(
                "{} boots, last by {}",
                self.boot,
                list(&self.causes)
            ));
        }
        words.extend(
            self.drift_ppb
                .map(|ppb| format!("drift {} ppm", ppb / 1_000)),
        );
        words.retain(|word| !word.is_empty());
        words.join(", ")
    }
}

/// The edge's process as its faults want it.
pub struct EdgeKeeper {
    faults: Vec<(Window, EdgeFault, Option<Phases>)>,
    paused: bool,
    throttle: Option<Throttle>,
}

impl EdgeKeeper {
    /// Takes the faults of the edge from a list.
    pub fn new(faults: &[Fault], seed: u64) -> Self {
        let own = faults.iter().filter(|fault| fault.channel == Channel::Edge);
        let faults = own.filter_map(|fault| {
            let Effect::Edge(edge) = fault.effect else {
                return None;
            };
            let phases = match edge {
                EdgeFault::Intermittent { on_us, off_us } => {
                    Some(Phases::new(seed, fault.window, on_us, off_us))
                }
                _ => None,
            };
            Some((fault.window, edge, phases))
        });
        Self {
            faults: faults.collect(),
            paused: false,
            throttle: None,
        }
    }

    /// Carries out what they want at this instant.
    pub fn keep(&mut self, rig: &mut Rigged) {
        let now_us = rig.bench.now_us();
        let (mut runs, mut stopped, mut share) = (true, false, None);
        for (window, fault, phases) in &mut self.faults {
            let within = window.contains(now_us);
            match *fault {
                EdgeFault::Killed => runs &= !within,
                EdgeFault::Stopped => stopped |= within,
                EdgeFault::Slow { share: own } if within => share = Some(own),
                EdgeFault::Slow { .. } => {}
                EdgeFault::Late { by_us } => runs &= now_us >= window.begin_us + by_us,
                EdgeFault::Intermittent { .. } => {
                    runs &= phases.as_mut().is_none_or(|phases| phases.is_on(now_us));
                }
            }
        }
        if !runs {
            self.throttle = None;
            self.paused = false;
            rig.edge = None;
            return;
        }
        if rig.edge.is_none() {
            rig.start_edge();
        }
        let Some(edge) = &rig.edge else {
            return;
        };
        match share {
            Some(share) if self.throttle.is_none() => {
                self.throttle = Some(Throttle::start(edge, share));
            }
            Some(_) => {}
            None => self.throttle = None,
        }
        if stopped != self.paused {
            edge.signal(if stopped { "STOP" } else { "CONT" });
            self.paused = stopped;
        }
    }
}

/// Gives a process a share of its time, until dropped.
struct Throttle {
    stop: Arc<AtomicBool>,
    task: Option<JoinHandle<()>>,
}

impl Throttle {
    fn start(program: &Program, share: f64) -> Self {
        const ROUND: Duration = Duration::from_millis(100);
        let stop = Arc::new(AtomicBool::new(false));
        let process = program.id();
        let task = std::thread::spawn({
            let stop = stop.clone();
            move || {
                while !stop.load(Ordering::Acquire) {
                    crate::program::signal(process, "STOP");
                    std::thread::sleep(ROUND.mul_f64(1.0 - share));
                    crate::program::signal(process, "CONT");
                    std::thread::sleep(ROUND.mul_f64(share));
                }
            }
        });
        Self {
            stop,
            task: Some(task),
        }
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(task) = self.task.take() {
            let _ = task.join();
        }
    }
}
