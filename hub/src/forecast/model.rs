//! The propagation model's answer for an earthquake: what is worth waiting seconds for.

use ocean::forecast::PointForecast;
use ocean::quake::Quake;

use super::{Ocean, Outlook};
use crate::config::Policy;

/// A model run that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Counts the runs of a core, from 1.
    pub number: u64,
    /// The earthquake.
    pub quake: Quake,
    /// The first estimate for it.
    pub first: Outlook,
}

impl Ocean {
    /// Whether there is a propagation model to wait for.
    pub fn has_model(&self) -> bool {
        self.model.is_some()
    }

    /// Runs the model. Takes seconds and every thread there is; the same job gives the same bits.
    ///
    /// # Errors
    /// Says why there is no answer; the first estimate stands then.
    pub fn model(&self, job: &Job, policy: &Policy) -> Result<Outlook, String> {
        let model = self.model.as_ref().ok_or("this deployment has no model")?;
        let forecast = model
            .forecast(&job.quake, None, &self.points)
            .map_err(|e| e.to_string())?;
        let points: Vec<PointForecast> = forecast.answers.into_iter().flatten().collect();
        let mut outlook = Outlook {
            points,
            ..job.first.clone()
        };
        self.spread(&mut outlook, policy);
        Ok(outlook)
    }
}
