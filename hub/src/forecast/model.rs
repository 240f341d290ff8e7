//! What is worth waiting seconds for: the wave of an earthquake, and the responses with which records are turned into a source.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ocean::bank::{Builder, units_near};
use ocean::fault::Mechanism;
use ocean::forecast::{LISTEN_S, PointForecast};
use ocean::inversion::Prior;
use ocean::quake::Quake;
use ocean::response::ResponseTable;
use ocean::shallow_water::Settings;

use super::{Basis, Ocean, Outlook, Source, Table};
use crate::config::Policy;

/// Step of the responses, seconds: ten samples of the shortest wave that counts.
const STEP_S: f64 = 60.0;
/// Longest responses, seconds; beyond it the forecast rests on amplitudes.
const LONGEST_S: f64 = 24.0 * 3600.0;

/// What is to be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Heights by running the wave of the likeliest rupture, and what varied runs say about them.
    Wave,
    /// Responses of all points to the patches of the interface that may have slipped.
    Responses,
}

/// A computation that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Tells the job from others; later ones have larger numbers. The journal names it by this.
    pub number: u64,
    /// What is to be computed.
    pub task: Task,
    /// The earthquake.
    pub quake: Quake,
    /// A nodal plane of its mechanism, where the agency gives one.
    pub mechanism: Option<Mechanism>,
    /// The forecast for it so far.
    pub first: Outlook,
}

/// What came out.
#[derive(Debug)]
pub enum Product {
    /// Of [`Task::Wave`].
    Wave(Outlook),
    /// Of [`Task::Responses`].
    Responses(Source),
}

impl Ocean {
    /// Whether there is a propagation model to wait for.
    pub fn has_model(&self) -> bool {
        self.model.is_some()
    }

    /// Carries a job out. Takes seconds and every thread there is; the same job gives the same bits.
    ///
    /// # Errors
    /// Says why there is no answer; what was forecast before stands then.
    pub fn compute(&self, job: &Job, policy: &Policy) -> Result<Product, String> {
        match job.task {
            Task::Wave => self.wave(job, policy).map(Product::Wave),
            Task::Responses => {
                Source::new(&job.quake, self.responses(job)?).map(Product::Responses)
            }
        }
    }

    fn wave(&self, job: &Job, policy: &Policy) -> Result<Outlook, String> {
        let model = self.model.as_ref().ok_or("this deployment has no model")?;
        let forecast = model
            .forecast(&job.quake, job.mechanism, &self.points)
            .map_err(|e| e.to_string())?;
        let points: Vec<PointForecast> = forecast.answers.into_iter().flatten().collect();
        let mut outlook = Outlook {
            points,
            basis: Basis::Model,
            ..job.first.clone()
        };
        self.spread(&mut outlook, policy);
        Ok(outlook)
    }

    fn responses(&self, job: &Job) -> Result<Table, String> {
        if let Some(bank) = self.bank_for(job) {
            return Ok(bank);
        }
        let patches = units_near(&job.quake).ok_or("no trench is near")?;
        let answered = &job.first.points;
        let last_s = answered.iter().map(|p| p.arrival_s).fold(0.0, f64::max);
        let samples = ((last_s + LISTEN_S).min(LONGEST_S) / STEP_S).ceil() as usize + 1;
        let settings = Settings::default();
        let builder = Builder::new(&self.grid, &settings, &patches.units, STEP_S, samples)
            .map_err(|e| e.to_string())?;
        let points: Vec<_> = self
            .points
            .iter()
            .filter(|p| answered.iter().any(|a| a.id == p.id))
            .cloned()
            .collect();
        let never = AtomicBool::new(false);
        builder
            .table(&points, &never, &|_| {})
            .map(|(table, _)| Table(Arc::new(table)))
            .map_err(|e| e.to_string())
    }

    /// The deployment's bank, where it knows the trench of this earthquake and every point that the wave reaches.
    fn bank_for(&self, job: &Job) -> Option<Table> {
        /// A point that moved by more than this is another one, degrees: a tenth of a cell of 10'.
        const SAME_DEG: f64 = 0.016;
        let bank = self.bank.as_ref()?;
        Prior::from_quake(bank.units(), &job.quake).ok()?;
        let known = |id: &str| {
            let point = self.points.iter().find(|p| p.id == id);
            let place = bank.receivers().iter().find(|r| r.id == id);
            point.zip(place).is_some_and(|(p, r)| {
                let east = (p.lon - r.lon + 180.0).rem_euclid(360.0) - 180.0;
                (p.lat - r.lat).abs() < SAME_DEG && east.abs() < SAME_DEG
            })
        };
        let all = job.first.points.iter().all(|p| known(&p.id));
        all.then(|| Table(bank.clone()))
    }
}
