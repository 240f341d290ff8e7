//! Forecasts that take seconds: asked for when an earthquake is told, taken when they are ready, waited for within bounds.
//!
//! The first estimate is there at once and opens the event. What is told first waits for the propagation model, which knows where the
//! energy goes, but never longer than [`PATIENCE_US`]: then the first estimate speaks, and the model's answer becomes an update.
//!
//! The model runs beside the core, which reads no clock and waits for nothing. That its answer was taken is an entry of the journal; the
//! answer is not, since the same earthquake gives the same bits again.

use ocean::fault::Mechanism;

use super::quakes::revision_words;
use super::{Core, Output, say};
use crate::forecast::{Job, Outlook, Product, Task};
use crate::intake::quakes::Solution;

/// How long the first word waits for the propagation model: the ten seconds within which a forecast must be there.
pub const PATIENCE_US: i64 = 10 * 1_000_000;

/// Most jobs that are remembered; of a swarm of earthquakes the oldest give way, and their first estimates stand.
const MOST_PENDING: usize = 64;

/// An earthquake whose model answer is awaited.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    job: Job,
    event: String,
    /// A newer solution of the event's earthquake, which counts from the answer on.
    revision: Option<Solution>,
    /// When the first estimate speaks instead; `None` once it has.
    until_us: Option<i64>,
}

impl Core {
    /// Model runs that have been asked for and not been handed out yet.
    pub fn take_jobs(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.jobs)
    }

    /// When somebody waits for a model's answer and the first estimate is to speak without it, the hub's time of the earliest such
    /// moment, microseconds since the Unix epoch.
    pub fn patience_ends_us(&self) -> Option<i64> {
        self.pending.iter().filter_map(|p| p.until_us).min()
    }

    /// Asks for a model run for an event; a run for an earlier solution of the same event is of no interest any more.
    pub(super) fn ask(
        &mut self,
        event: &str,
        first: Outlook,
        solution: &Solution,
        mechanism: Option<Mechanism>,
        revises: bool,
        now_us: i64,
    ) {
        self.forget(event);
        let revision = revises.then(|| solution.clone());
        let until_us = now_us.saturating_add(PATIENCE_US);
        let job = Job {
            number: 0,
            task: Task::Wave,
            quake: solution.quake.clone(),
            mechanism,
            first,
        };
        self.ask_for(job, event, revision, Some(until_us), now_us);
    }

    /// Puts a job in the queue. Its number comes from the time of the step, not from a count of all that were before: a core that
    /// begins later in the same journal gives the same job the same number.
    pub(super) fn ask_for(
        &mut self,
        job: Job,
        event: &str,
        revision: Option<Solution>,
        until_us: Option<i64>,
        now_us: i64,
    ) {
        if self.pending.len() == MOST_PENDING {
            let oldest = self.pending.remove(0);
            self.jobs.retain(|j| j.number != oldest.job.number);
            self.crowded_out.push(oldest);
        }
        /// Jobs of one instant.
        const SLOTS: u64 = 256;
        let first = now_us.unsigned_abs().saturating_mul(SLOTS);
        self.job_number = first.max(self.job_number.saturating_add(1));
        let job = Job {
            number: self.job_number,
            ..job
        };
        self.jobs.push(job.clone());
        self.pending.push(Pending {
            job,
            event: event.to_owned(),
            revision,
            until_us,
        });
    }

    /// Nobody waits any more for what was asked for an event.
    pub(super) fn forget(&mut self, event: &str) {
        let gone: Vec<u64> = self
            .pending
            .iter()
            .filter(|p| p.event == event)
            .map(|p| p.job.number)
            .collect();
        self.pending.retain(|p| p.event != event);
        self.jobs.retain(|j| !gone.contains(&j.number));
    }

    /// Takes a model's answer. One that nobody waits for any more changes nothing.
    pub fn modelled(
        &mut self,
        number: u64,
        answer: Result<Product, String>,
        now_us: i64,
    ) -> Vec<Output> {
        let mut out = Vec::new();
        let Some(at) = self.pending.iter().position(|p| p.job.number == number) else {
            return out;
        };
        let pending = self.pending.remove(at);
        match answer {
            Ok(Product::Wave(outlook)) => {
                let event = pending.event.clone();
                self.speak(pending, Some(outlook), now_us, &mut out);
                if let Some(at) = self.events.iter().position(|e| e.id == event) {
                    self.ask_responses(at, now_us);
                }
            }
            Ok(Product::Responses(source)) => {
                self.take_responses(&pending.event, source);
            }
            Err(why) if pending.job.task == Task::Responses => {
                let text = format!(
                    "no source can be found from records of {}: {why}; amplitudes alone renew the forecast",
                    pending.job.quake.id
                );
                say(&mut out, now_us, "no_model", text);
            }
            Err(why) => {
                say(
                    &mut out,
                    now_us,
                    "no_model",
                    format!(
                        "the propagation model gives no answer for {}: {why}; the first estimate stands",
                        pending.job.quake.id
                    ),
                );
                self.speak(pending, None, now_us, &mut out);
            }
        }
        out
    }

    /// Computes an answer again that the journal says was taken.
    pub(super) fn modelled_again(&mut self, number: u64, now_us: i64) -> Vec<Output> {
        self.jobs.retain(|j| j.number != number);
        let Some(pending) = self.pending.iter().find(|p| p.job.number == number) else {
            return Vec::new();
        };
        match self.run_model(&pending.job) {
            Some(answer) => self.modelled(number, answer, now_us),
            None => Vec::new(),
        }
    }

    /// Runs a job here and now, which takes seconds; `None` without an ocean.
    pub fn run_model(&self, job: &Job) -> Option<Result<Product, String>> {
        Some(self.ocean.as_ref()?.compute(job, &self.config.policy))
    }

    /// Lets the first estimate speak where the model's answer has been waited for long enough.
    pub(super) fn patience(&mut self, now_us: i64, out: &mut Vec<Output>) {
        for pending in std::mem::take(&mut self.crowded_out) {
            if pending.job.task == Task::Wave {
                self.speak(pending, None, now_us, out);
            }
        }
        for at in 0..self.pending.len() {
            if self.pending[at].until_us.is_none_or(|t| t > now_us) {
                continue;
            }
            self.pending[at].until_us = None;
            let mut pending = self.pending[at].clone();
            pending.until_us = Some(now_us);
            say(
                out,
                now_us,
                "no_model",
                format!(
                    "the propagation model needs more than {} s for {}: the first estimate is told meanwhile",
                    PATIENCE_US / 1_000_000,
                    pending.job.quake.id
                ),
            );
            // The solution counts from here on; the answer that follows is for it.
            self.pending[at].revision = None;
            self.speak(pending, None, now_us, out);
        }
    }

    /// Takes an outlook, the model's or the first estimate, into its event, and tells what is to be told.
    fn speak(
        &mut self,
        pending: Pending,
        modelled: Option<Outlook>,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        let (Some(ocean), Some(at)) = (
            &self.ocean,
            self.events.iter().position(|e| e.id == pending.event),
        ) else {
            return;
        };
        let waited = pending.until_us.is_some();
        let (id, mechanism) = (pending.event.clone(), pending.job.mechanism);
        let event = &mut self.events[at];
        let why = match (&pending.revision, &modelled) {
            (Some(solution), _) => revision_words(&event.solution, solution),
            (None, Some(_)) => "the propagation model's answer".to_owned(),
            (None, None) => "the propagation model has not answered yet".to_owned(),
        };
        let steps = match (pending.revision, modelled) {
            (Some(solution), modelled) => {
                let outlook = modelled.unwrap_or(pending.job.first);
                event.revise(solution, outlook, ocean, &self.config.policy)
            }
            (None, Some(outlook)) => event.modelled(outlook, ocean, &self.config.policy),
            // The first estimate is the event's already.
            (None, None) if waited => event.begin(),
            (None, None) => return,
        };
        self.modelled_as(&id, mechanism);
        self.tell_forecast(at, why, now_us, out);
        self.carry_out(at, steps, now_us, out);
    }
}
