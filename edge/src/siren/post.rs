//! All sirens of this edge: joins who is believed ([`Gate`]), what is remembered ([`Memory`]) and what is sounded ([`Horn`]).
//!
//! Reads no clock and no network. The one thing that it waits for is the disk, before an output is driven.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::time::Duration;

use wire::command::{Action, Command, CommandId, KeyId};
use wire::topic::Mode;

use super::Now;
use super::alone::{Alone, Found};
use super::gate::{Gate, Refusal, Verdict, Words};
use super::horn::{Cue, Horn, rank};
use super::memory::{Fate, Memory, OnItsOwn, Order};
use super::report::{Ack, AloneReport, MAX_ACKS, Report, SirenReport};
use super::settings::{Alone as AloneSettings, Policy};

/// How often an order is taken up again after the process has died; past it, the order itself may be what kills it.
const MAX_RESUMED: u32 = 3;

/// How far back this edge's clock may be set before it is no longer trusted, microseconds.
const BACK_US: i64 = 300 * 1_000_000;

/// What orders are called that nobody commanded; no command id looks like it.
const ALONE: &str = "alone-";

/// The sirens of an edge.
pub struct Post {
    edge: String,
    gate: Gate,
    memory: Memory,
    horns: Vec<Horn>,
    alone: Alone,
    acks: VecDeque<Ack>,
    refused: BTreeMap<&'static str, u64>,
    repeated: u64,
    not_saved: Option<String>,
    was_cut_off: bool,
    revision: u64,
}

impl Post {
    /// Takes up what an earlier process left: what sounded, and its time has not passed, sounds on.
    pub fn new(
        edge: &str,
        gate: Gate,
        directory: &Path,
        horns: Vec<Horn>,
        alone: AloneSettings,
        now: Now,
    ) -> Self {
        let memory = Memory::open(directory);
        if let Some(damage) = &memory.damage {
            tracing::error!(
                damage,
                "the memory of the sirens is damaged: the first command must prove to be fresh"
            );
        }
        let mut post = Self {
            edge: edge.to_owned(),
            gate,
            memory,
            horns,
            alone: Alone::new(alone, now.mono),
            acks: VecDeque::new(),
            refused: BTreeMap::new(),
            repeated: 0,
            not_saved: None,
            was_cut_off: false,
            revision: 1,
        };
        post.resume(now);
        post
    }

    /// Rises with every change of the report.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether a clock that shows this can be right: it is not before what was believed earlier.
    pub const fn is_possible(&self, wall_us: i64) -> bool {
        wall_us >= self.memory.state.latest_us.saturating_sub(BACK_US)
    }

    /// The words of this edge, to be renewed by who has random numbers.
    pub const fn words(&mut self) -> &mut Words {
        // Whoever renews it changes what the report says.
        self.revision += 1;
        &mut self.gate.words
    }

    /// Whether the word is due for another.
    pub fn wants_word(&self, now: Duration) -> bool {
        self.gate.words.is_old(now)
    }

    /// The hub is in reach, or is not.
    pub const fn link(&mut self, up: bool, now: Duration) {
        self.alone.link(up, now);
    }

    /// A node has found something.
    pub fn found(&mut self, found: &Found) {
        self.alone.found(found);
    }

    /// A message came on the command topic.
    pub fn command(&mut self, bytes: &[u8], now: Now) {
        let memory = &self.memory;
        let known = |key: KeyId| memory.known(&key.to_string());
        let is_known = |id: CommandId| {
            let id = id.to_string();
            memory.state.orders.iter().any(|order| order.id == id)
        };
        match self.gate.judge(bytes, now, known, is_known) {
            Ok(Verdict::New(command, key)) => self.obey(&command, key, now),
            Ok(Verdict::Again(command)) => {
                self.repeated += 1;
                self.acknowledge_again(&command.id.to_string(), now);
            }
            Err((id, refusal)) => self.refuse(id, refusal, now),
        }
    }

    fn refuse(&mut self, id: Option<CommandId>, refusal: Refusal, now: Now) {
        let count = self.refused.entry(refusal.name()).or_default();
        *count += 1;
        if count.is_power_of_two() {
            let command = id.map(|id| id.to_string());
            tracing::warn!(
                command,
                reason = refusal.name(),
                count,
                "a command to sirens was refused"
            );
        }
        let id = id.map(|id| id.to_string());
        self.ack(id.as_deref(), None, "refused", Some(refusal.name()), now);
        // The same refusal again is told again: it may be what the hub waits for.
        self.revision += 1;
    }

    fn obey(&mut self, command: &Command<'_>, key: KeyId, now: Now) {
        self.memory.accept(&key.to_string(), command.counter);
        let state = &mut self.memory.state;
        let wall_us = if now.trusted { now.wall_us } else { i64::MIN };
        state.latest_us = state.latest_us.max(command.issued_us).max(wall_us);
        let meant: Vec<usize> = (0..self.horns.len())
            .filter(|&at| {
                let zones = &self.horns[at].zones;
                command
                    .zones
                    .iter()
                    .any(|zone| zones.iter().any(|own| own == zone))
            })
            .collect();
        if meant.is_empty() {
            self.save();
            return self.refuse(Some(command.id), Refusal::Zone, now);
        }
        let id = command.id.to_string();
        match command.action {
            Action::Sound { signal } => self.sound(command, &id, signal, &meant, now),
            Action::Silence => {
                self.silence(&id, command.mode, &meant, now);
            }
            Action::SelfTest => {
                self.save();
                for at in meant {
                    let probed = self.horns[at].probe();
                    let siren = self.horns[at].id.clone();
                    let word = if probed.is_ok() { "passed" } else { "failed" };
                    self.ack(Some(&id), Some(&siren), word, probed.err().as_deref(), now);
                }
            }
        }
    }

    fn sound(&mut self, command: &Command<'_>, id: &str, signal: &str, meant: &[usize], now: Now) {
        let orders = &mut self.memory.state.orders;
        let at = match orders.iter().position(|order| order.id == id) {
            Some(at) => at,
            None => {
                orders.push(Order {
                    id: id.to_owned(),
                    mode: command.mode.name().to_owned(),
                    signal: signal.to_owned(),
                    alert: command.alert.to_owned(),
                    begun_us: now.wall_us,
                    resumed: 0,
                    fates: BTreeMap::new(),
                });
                orders.len() - 1
            }
        };
        let mut begin = Vec::new();
        let mut answers = Vec::new();
        for &horn in meant {
            let horn_id = self.horns[horn].id.clone();
            // Sounded before, to its end or until it was stopped: an order that is sent again is not another.
            if matches!(
                self.memory.state.orders[at].fates.get(&horn_id),
                Some(Fate::Sounding | Fate::Done | Fate::Stopped)
            ) {
                continue;
            }
            let pattern = match self.horns[horn].pattern(command.mode, signal) {
                Ok(pattern) => pattern,
                Err(reason) => {
                    answers.push((horn_id.clone(), reason));
                    self.memory.state.orders[at]
                        .fates
                        .insert(horn_id, Fate::Refused);
                    continue;
                }
            };
            let busy = self.horns[horn]
                .cue()
                .is_some_and(|cue| rank(cue.mode) > rank(command.mode));
            if busy {
                // Not remembered: when it is sent again, the siren may be free.
                answers.push((horn_id, "busy"));
                continue;
            }
            self.memory.state.orders[at]
                .fates
                .insert(horn_id, Fate::Sounding);
            begin.push((horn, pattern));
        }
        for &(horn, _) in &begin {
            if let Some(replaced) = self.horns[horn].stop() {
                self.end(horn, &replaced, Fate::Stopped, "replaced", now);
            }
        }
        self.save();
        for (horn, pattern) in begin {
            let cue = Cue {
                order: id.to_owned(),
                mode: command.mode,
                signal: signal.to_owned(),
            };
            tracing::warn!(
                siren = self.horns[horn].id,
                mode = command.mode.name(),
                signal,
                command = id,
                alert = command.alert,
                "sounding"
            );
            self.horns[horn].start(cue, pattern, Duration::ZERO, now.mono);
        }
        self.acknowledge_again(id, now);
        for (siren, reason) in answers {
            self.ack(Some(id), Some(&siren), "refused", Some(reason), now);
        }
        self.tick(now);
    }

    fn silence(&mut self, id: &str, mode: Mode, meant: &[usize], now: Now) {
        for &horn in meant {
            let ours = self.horns[horn].cue().is_some_and(|cue| cue.mode == mode);
            if ours && let Some(cue) = self.horns[horn].stop() {
                tracing::warn!(siren = self.horns[horn].id, command = id, "silenced");
                self.end(horn, &cue, Fate::Stopped, "silenced", now);
            }
            let siren = self.horns[horn].id.clone();
            self.ack(Some(id), Some(&siren), "silenced", None, now);
        }
        // The output first: nothing is lost if a restart sounds what was silenced, for the hub says so again.
        self.tick(now);
        self.save();
    }

    /// A cue came to its end at a siren.
    fn end(&mut self, horn: usize, cue: &Cue, fate: Fate, word: &str, now: Now) {
        let siren = self.horns[horn].id.clone();
        let orders = &mut self.memory.state.orders;
        if let Some(order) = orders.iter_mut().find(|order| order.id == cue.order) {
            order.fates.insert(siren.clone(), fate);
        }
        self.revision += 1;
        if is_command(&cue.order) {
            self.ack(Some(&cue.order), Some(&siren), word, None, now);
        }
    }

    /// Says again what became of an order, as far as it is known.
    fn acknowledge_again(&mut self, id: &str, now: Now) {
        let order = self.memory.state.orders.iter().find(|order| order.id == id);
        let fates: Vec<(String, Fate)> = order
            .map(|order| order.fates.clone().into_iter().collect())
            .unwrap_or_default();
        for (siren, fate) in fates {
            let horn = self.horns.iter().find(|horn| horn.id == siren);
            let trouble = horn.and_then(Horn::trouble).map(str::to_owned);
            match (fate, trouble) {
                (Fate::Sounding, Some(why)) => {
                    self.ack(Some(id), Some(&siren), "failed", Some(&why), now)
                }
                (Fate::Sounding, None) => self.ack(Some(id), Some(&siren), "sounding", None, now),
                (Fate::Done, _) => self.ack(Some(id), Some(&siren), "done", None, now),
                (Fate::Stopped, _) => {
                    let told = self
                        .told(id, &siren)
                        .is_some_and(|ack| ack.state == "replaced" || ack.state == "silenced");
                    if !told {
                        self.ack(Some(id), Some(&siren), "silenced", None, now);
                    }
                }
                // Its reason was told when it was refused, or by the process before this one.
                (Fate::Refused, _) if self.told(id, &siren).is_none() => self.ack(
                    Some(id),
                    Some(&siren),
                    "refused",
                    Some("not_configured"),
                    now,
                ),
                (Fate::Refused, _) => {}
            }
        }
        self.revision += 1;
    }

    fn told(&self, id: &str, siren: &str) -> Option<&Ack> {
        self.acks
            .iter()
            .find(|ack| ack.command.as_deref() == Some(id) && ack.siren.as_deref() == Some(siren))
    }

    /// Switches what is to be switched; returns when to look again.
    pub fn tick(&mut self, now: Now) -> Option<Duration> {
        if let Some(because) = self.alone.decide(now) {
            self.sound_alone(because, now);
        }
        let cut_off = self.alone.is_cut_off(now.mono);
        if cut_off != self.was_cut_off {
            self.was_cut_off = cut_off;
            self.revision += 1;
        }
        let mut next = self.alone.next(now.mono);
        let mut ended = false;
        for at in 0..self.horns.len() {
            let before = (
                self.horns[at].state(),
                self.horns[at].trouble().map(str::to_owned),
            );
            let tick = self.horns[at].tick(now.mono);
            next = [next, tick.next].into_iter().flatten().min();
            if let Some(cue) = tick.ended {
                self.end(at, &cue, Fate::Done, "done", now);
                ended = true;
            }
            let horn = &self.horns[at];
            let after = (horn.state(), horn.trouble().map(str::to_owned));
            if before == after {
                continue;
            }
            self.revision += 1;
            if let Some(why) = &after.1 {
                tracing::error!(siren = horn.id, why, "the siren's output fails");
            }
            let playing = horn.cue().map(|cue| cue.order.clone());
            if let Some(order) = playing.filter(|order| is_command(order)) {
                self.acknowledge_again(&order, now);
            }
        }
        if ended {
            self.save();
        }
        next
    }

    fn sound_alone(&mut self, because: String, now: Now) {
        let settings = self.alone.settings().clone();
        let Some(mode) = settings.mode.map(Mode::from) else {
            return;
        };
        let id = format!("{ALONE}{}", now.wall_us);
        let mut fates = BTreeMap::new();
        let mut begin = Vec::new();
        for (at, horn) in self.horns.iter().enumerate() {
            let busy = horn.cue().is_some_and(|cue| rank(cue.mode) >= rank(mode));
            if let (Ok(pattern), false) = (horn.pattern(mode, &settings.signal), busy) {
                fates.insert(horn.id.clone(), Fate::Sounding);
                begin.push((at, pattern));
            }
        }
        tracing::warn!(
            because,
            sirens = begin.len(),
            "cut off from the hub: sounding by this edge's own detection"
        );
        let state = &mut self.memory.state;
        state.alone.push(OnItsOwn {
            at_us: now.wall_us,
            because,
        });
        state.orders.push(Order {
            id: id.clone(),
            mode: mode.name().to_owned(),
            signal: settings.signal.clone(),
            alert: String::new(),
            begun_us: now.wall_us,
            resumed: 0,
            fates,
        });
        self.save();
        for (at, pattern) in begin {
            let cue = Cue {
                order: id.clone(),
                mode,
                signal: settings.signal.clone(),
            };
            if let Some(replaced) = self.horns[at].start(cue, pattern, Duration::ZERO, now.mono) {
                self.end(at, &replaced, Fate::Stopped, "replaced", now);
            }
        }
        self.revision += 1;
    }

    /// What sounded when the last process ended sounds on, for what is left of its time.
    fn resume(&mut self, now: Now) {
        let mut begin = Vec::new();
        for order in &mut self.memory.state.orders {
            let Some(mode) = Mode::from_name(&order.mode) else {
                continue;
            };
            let mut taken = false;
            for (siren, fate) in order
                .fates
                .iter_mut()
                .filter(|(_, fate)| **fate == Fate::Sounding)
            {
                // Without the time, nobody knows how much of it was heard: all of it, again.
                let since_us = if now.trusted {
                    now.wall_us.saturating_sub(order.begun_us)
                } else {
                    0
                };
                let offset = Duration::from_micros(u64::try_from(since_us).unwrap_or(0));
                let at = self.horns.iter().position(|horn| horn.id == *siren);
                let pattern = at.and_then(|at| self.horns[at].pattern(mode, &order.signal).ok());
                match (at, pattern.filter(|pattern| offset < pattern.lasts)) {
                    (Some(at), Some(pattern)) if order.resumed < MAX_RESUMED => {
                        let cue = Cue {
                            order: order.id.clone(),
                            mode,
                            signal: order.signal.clone(),
                        };
                        begin.push((at, cue, pattern, offset));
                        taken = true;
                    }
                    (_, None) => *fate = Fate::Done,
                    _ => *fate = Fate::Stopped,
                }
            }
            order.resumed += u32::from(taken);
        }
        if !begin.is_empty() {
            self.save();
        }
        for (at, cue, pattern, offset) in begin {
            tracing::warn!(
                siren = self.horns[at].id,
                order = cue.order,
                "sounding on after a restart"
            );
            self.horns[at].start(cue, pattern, offset, now.mono);
        }
        let ids: Vec<String> = self
            .memory
            .state
            .orders
            .iter()
            .map(|order| order.id.clone())
            .collect();
        for id in ids.iter().filter(|id| is_command(id)) {
            self.acknowledge_again(id, now);
        }
    }

    /// Switches everything off because the process ends; what sounded is remembered as sounding.
    pub fn hush(&mut self) {
        for horn in &mut self.horns {
            horn.hush();
        }
    }

    fn save(&mut self) {
        match self.memory.save() {
            Ok(()) => self.not_saved = None,
            Err(error) => {
                // A full disk must not silence a siren. Until it is written, a power cut would let this command sound twice.
                tracing::error!(%error, "what the sirens were told cannot be stored");
                self.not_saved = Some(error.to_string());
            }
        }
        self.revision += 1;
    }

    fn ack(
        &mut self,
        command: Option<&str>,
        siren: Option<&str>,
        state: &str,
        reason: Option<&str>,
        now: Now,
    ) {
        let ack = Ack {
            command: command.map(str::to_owned),
            siren: siren.map(str::to_owned),
            state: state.to_owned(),
            reason: reason.map(str::to_owned),
            time: clock::format_utc(now.wall_us),
        };
        let alike = |old: &Ack| {
            (&old.command, &old.siren) == (&ack.command, &ack.siren)
                && (ack.siren.is_some() || old.reason == ack.reason)
        };
        if let Some(at) = self.acks.iter().position(alike) {
            if (&self.acks[at].state, &self.acks[at].reason) == (&ack.state, &ack.reason) {
                return;
            }
            self.acks.remove(at);
        }
        self.acks.push_back(ack);
        if self.acks.len() > MAX_ACKS {
            self.acks.pop_front();
        }
        self.revision += 1;
    }

    /// What holds now.
    pub fn report(&self, now: Now) -> Report {
        let sirens = self.horns.iter().map(|horn| {
            let cue = horn.cue();
            SirenReport {
                id: horn.id.clone(),
                zones: horn.zones.clone(),
                state: horn.state().to_owned(),
                reason: horn.trouble().map(str::to_owned),
                mode: cue.map(|cue| cue.mode.name().to_owned()),
                signal: cue.map(|cue| cue.signal.clone()),
                command: cue
                    .map(|cue| cue.order.clone())
                    .filter(|order| is_command(order)),
            }
        });
        let alone = self.memory.state.alone.iter().map(|own| AloneReport {
            time: clock::format_utc(own.at_us),
            because: own.because.clone(),
        });
        let refused = self
            .refused
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        Report {
            edge: self.edge.clone(),
            gone: false,
            word: format!("{:016x}", self.gate.words.current()),
            time: clock::format_utc(now.wall_us),
            clock_trusted: now.trusted,
            sirens: sirens.collect(),
            acks: self.acks.iter().cloned().collect(),
            refused: refused.collect(),
            repeated: self.repeated,
            conditions: self
                .conditions(now)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            alone: alone.collect(),
        }
    }

    /// Stable names of what an operator should look at.
    pub fn conditions(&self, now: Now) -> Vec<&'static str> {
        let failed = self.horns.iter().any(|horn| horn.trouble().is_some());
        let own = self
            .horns
            .iter()
            .filter_map(Horn::cue)
            .any(|cue| !is_command(&cue.order));
        let cut_off =
            self.alone.settings().policy == Policy::Sound && self.alone.is_cut_off(now.mono);
        [
            (failed, "siren_failed"),
            (self.not_saved.is_some(), "siren_memory_not_saved"),
            (self.memory.damage.is_some(), "siren_memory_damaged"),
            (self.gate.words.current() == 0, "siren_no_random_numbers"),
            (own, "siren_on_its_own"),
            (cut_off, "siren_cut_off"),
        ]
        .into_iter()
        .filter_map(|(holds, name)| holds.then_some(name))
        .collect()
    }
}

fn is_command(order: &str) -> bool {
    !order.starts_with(ALONE)
}

#[cfg(test)]
#[path = "post_tests.rs"]
mod tests;
