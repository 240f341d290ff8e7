//! The pollers: one task for each line, which asks its meters in turn.
//!
//! Invariants: a slow or dead meter delays its neighbours on the same line by at most its timeout, and meters on other
//! lines not at all; a poll that is due while the line is busy happens once, not once for every missed interval; every
//! failure is counted by reason. Silence reaches the hub as silence: no value is invented or repeated.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::Clock;
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use wire::quality::Quality;

use super::bus::Bus;
use super::decode::{Read, plan};
use super::map::MAX_REGISTERS;
use crate::config::Meter;
use crate::reading::{Group, Item};
use crate::tally::Tally;

/// What has happened to one meter.
#[derive(Debug)]
pub struct MeterHealth {
    station: Arc<str>,
    polls: AtomicU64,
    answered: AtomicU64,
    unanswered: AtomicU64,
    errors: Tally,
}

/// One meter's line in the status document.
#[derive(Debug, Clone, Serialize)]
pub struct MeterReport {
    /// Station.
    pub station: Arc<str>,
    /// Polls since the start.
    pub polls: u64,
    /// Polls in which every read was answered.
    pub answered: u64,
    /// Polls since the last one that brought a value.
    pub unanswered: u64,
    /// Failed reads and strange values by reason.
    pub errors: BTreeMap<&'static str, u64>,
}

impl MeterHealth {
    /// The counters now.
    pub fn report(&self) -> MeterReport {
        MeterReport {
            station: self.station.clone(),
            polls: self.polls.load(Ordering::Relaxed),
            answered: self.answered.load(Ordering::Relaxed),
            unanswered: self.unanswered.load(Ordering::Relaxed),
            errors: self.errors.snapshot(),
        }
    }
}

/// One meter, ready to be polled.
struct Polled {
    meter: Meter,
    reads: Vec<Read>,
    station: Arc<str>,
    health: Arc<MeterHealth>,
    seq: u64,
    interval: Duration,
    due: Instant,
}

/// One line with its meters.
pub struct Line {
    meters: Vec<Polled>,
    bus: Bus,
    clock: Clock,
    boot: u32,
}

/// Sorts meters by line and reads their maps.
///
/// # Errors
/// A map that cannot be read or makes no sense; names the station.
pub fn lines(
    meters: &[Meter],
    clock: &Clock,
    boot: u32,
) -> Result<(Vec<Line>, Vec<Arc<MeterHealth>>), String> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    let mut healths = Vec::new();
    for meter in meters {
        let registers = meter
            .registers()
            .map_err(|error| format!("meter {}: {error}", meter.station))?;
        if registers.is_empty() || registers.len() > MAX_REGISTERS {
            return Err(format!(
                "meter {}: needs 1 to {MAX_REGISTERS} registers",
                meter.station
            ));
        }
        for register in &registers {
            register
                .check(&meter.station)
                .map_err(|error| format!("meter {}: {error}", meter.station))?;
        }
        let station: Arc<str> = meter.station.as_str().into();
        let health = Arc::new(MeterHealth {
            station: station.clone(),
            polls: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            errors: Tally::default(),
        });
        healths.push(health.clone());
        let interval_us = i64::try_from(meter.interval.as_micros()).unwrap_or(i64::MAX);
        // A manual clock has no pace of its own; the meter is then polled in real time.
        let interval = match clock.real_duration(interval_us) {
            Duration::ZERO => meter.interval,
            scaled => scaled.max(Duration::from_millis(1)),
        };
        let polled = Polled {
            reads: plan(&registers),
            meter: meter.clone(),
            station,
            health,
            seq: 0,
            interval,
            due: Instant::now(),
        };
        lines
            .entry(meter.endpoint())
            .or_insert_with(|| Line {
                meters: Vec::new(),
                bus: Bus::default(),
                clock: clock.clone(),
                boot,
            })
            .meters
            .push(polled);
    }
    Ok((lines.into_values().collect(), healths))
}

impl Line {
    /// Polls until `stop` says so or nobody takes readings any more.
    pub async fn run(
        mut self,
        groups: mpsc::Sender<Group>,
        accepted: Arc<AtomicU64>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            let Some(next) = self.meters.iter_mut().min_by_key(|polled| polled.due) else {
                return;
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = sleep_until(next.due) => {}
            }
            let group = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                group = next.poll(&mut self.bus, &self.clock, self.boot) => group,
            };
            next.due = (next.due + next.interval).max(Instant::now());
            if let Some(group) = group {
                accepted.fetch_add(1, Ordering::AcqRel);
                if groups.send(group).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Polled {
    /// Reads everything once. A register that the device refuses does not cost the others.
    async fn poll(&mut self, bus: &mut Bus, clock: &Clock, boot: u32) -> Option<Group> {
        self.health.polls.fetch_add(1, Ordering::Relaxed);
        let mut items = Vec::new();
        let mut failed = false;
        let mut split = None;
        for (index, read) in self.reads.iter().enumerate() {
            match bus.read(&self.meter, read).await {
                Ok(answer) => take(
                    read,
                    &answer,
                    &self.meter,
                    clock.now_us(),
                    &mut self.seq,
                    &self.health,
                    &mut items,
                ),
                Err(failure) => {
                    failed = true;
                    if self.health.errors.count(failure.name()) {
                        tracing::warn!(station = %self.station, register = read.start, error = %failure, "meter not read");
                    }
                    if !failure.is_about_registers() {
                        break;
                    }
                    if failure.is_refused_address() && read.values.len() > 1 {
                        split = Some(index);
                    }
                }
            }
        }
        if let Some(index) = split {
            // One unknown register spoils the whole read: from the next poll on, each of it is asked for alone.
            let read = self.reads.remove(index);
            self.reads.extend(
                read.values
                    .into_iter()
                    .flat_map(|register| plan(&[register])),
            );
        }
        if !failed {
            self.health.answered.fetch_add(1, Ordering::Relaxed);
        }
        if items.is_empty() {
            self.health.unanswered.fetch_add(1, Ordering::Relaxed);
        } else {
            self.health.unanswered.store(0, Ordering::Relaxed);
        }
        (!items.is_empty()).then(|| Group {
            station: self.station.clone(),
            node: self.meter.node,
            boot,
            from_node: false,
            items,
        })
    }
}

/// Takes the values out of one answer.
fn take(
    read: &Read,
    answer: &[u16],
    meter: &Meter,
    time_us: i64,
    seq: &mut u64,
    health: &MeterHealth,
    items: &mut Vec<Item>,
) {
    for register in &read.values {
        let Some(value) = read.value(register, answer) else {
            // The bus has checked the length: only a map that contradicts itself ends here.
            health.errors.add("length", 1);
            continue;
        };
        let mut quality = Quality::GOOD;
        if value.is_nan() {
            health.errors.add("nan", 1);
            quality |= Quality::SENSOR_FAULT;
        }
        let mut item = Item::judged(*seq, time_us, register.quantity, value, quality);
        if item.quality.contains(Quality::OUT_OF_RANGE) {
            health.errors.add("out_of_range", 1);
        }
        item.station = register
            .channel
            .is_some()
            .then(|| register.station(&meter.station).into());
        items.push(item);
        *seq += 1;
    }
}
