//! The propagation model beside the pipeline: a thread that computes, so that no reading and no other alert waits for it.

use std::time::{Duration, Instant};

use flume::{Receiver, Sender};

use super::{Pipeline, State};
use crate::config::Policy;
use crate::forecast::{Job, Ocean, Product};

/// How often the pipeline looks at the time while a first word waits for a model.
const WAITING_TICK: Duration = Duration::from_millis(500);

/// A model's answer.
pub(super) struct Answer {
    /// The job's number.
    pub number: u64,
    /// What came out.
    pub product: Result<Product, String>,
}

/// The thread that runs models, and the ways to and from it. It ends when this is dropped, after the job that it is at.
pub struct Modeller {
    jobs: Sender<Job>,
    pub(super) answers: Receiver<Answer>,
}

impl Modeller {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system's reason for not giving a thread.
    pub fn start(ocean: Ocean, policy: Policy) -> std::io::Result<Self> {
        let (jobs, waiting) = flume::unbounded::<Job>();
        let (done, answers) = flume::unbounded();
        std::thread::Builder::new()
            .name("modeller".to_owned())
            .spawn(move || {
                while let Ok(job) = waiting.recv() {
                    let product = ocean.compute(&job, &policy);
                    let number = job.number;
                    if done.send(Answer { number, product }).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self { jobs, answers })
    }
}

impl Pipeline {
    /// How long may pass without a look at the time.
    pub(super) fn tick(&self, calm: Duration) -> Duration {
        match self.core.patience_ends_us() {
            Some(_) => calm.min(WAITING_TICK),
            None => calm,
        }
    }

    /// Hands out the model runs that the core asks for. `began`: when what asked for them arrived.
    pub(super) fn ask_models(&mut self, began: Instant, state: &mut State) {
        for job in self.core.take_jobs() {
            state.asked.insert(job.number, began);
            // Pictures wait for forecasts.
            self.board.fields().give_way(true);
            match &self.modeller {
                Some(modeller) => {
                    if modeller.jobs.send(job).is_err() {
                        tracing::error!("the modeller is gone: first estimates stand");
                    }
                }
                None => {
                    let number = job.number;
                    if let Some(product) = self.core.run_model(&job) {
                        self.take_answer(Answer { number, product }, state);
                    }
                }
            }
        }
    }

    /// An answer is a step of its own.
    pub(super) fn take_answer(&mut self, answer: Answer, state: &mut State) {
        let began = state
            .asked
            .remove(&answer.number)
            .unwrap_or_else(Instant::now);
        self.board.fields().give_way(!state.asked.is_empty());
        tracing::info!(
            job = answer.number,
            seconds = began.elapsed().as_secs_f64(),
            "propagation model"
        );
        self.step_with(Vec::new(), Some(answer), began, state);
        self.ask_models(Instant::now(), state);
    }
}
