//! The inversion of one event: prior and responses reduced to a few patterns of slip, and the records so far.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ndarray::{Array1, Array2};

use super::prior::Prior;
use super::record::{Prepared, Record};
use super::rupture::Guess;
use super::{InversionError, Posterior, Settings, cubic, dense, system};
use crate::response::ResponseTable;

/// One guess of the prior in terms of patterns.
#[derive(Debug, Clone)]
pub(super) struct ReducedGuess {
    pub(super) weight: f64,
    /// Mean of patterns and of the common delay in its standard deviations (last).
    pub(super) mean: Array1<f64>,
    /// Factor of their covariance, `factor factor^T`; the common delay is the last row and column.
    pub(super) factor: Array2<f64>,
    /// Unit sources whose slip has one sign; none where either is as likely.
    pub(super) units: Vec<usize>,
}

/// Responses of one receiver to the patterns.
#[derive(Debug)]
pub(super) struct Reduced {
    /// Sample that the responses begin with: before it, all are zero.
    pub(super) first: usize,
    /// Patterns by samples, at least two.
    pub(super) by_pattern: Array2<f32>,
    by_time: OnceLock<Vec<f32>>,
}

impl Reduced {
    /// Samples by patterns, row by row.
    pub(super) fn by_time(&self) -> &[f32] {
        self.by_time
            .get_or_init(|| self.by_pattern.t().iter().copied().collect())
    }
}

/// The inversion of one event. See the module [`crate::inversion`].
///
/// Owns its table; one that is used elsewhere too comes as a reference or as something that shares it.
#[derive(Debug)]
pub struct Inversion<T: ResponseTable> {
    pub(super) table: T,
    pub(super) settings: Settings,
    /// Unit sources by patterns, orthonormal columns.
    pub(super) basis: Array2<f64>,
    pub(super) guesses: Vec<ReducedGuess>,
    pub(super) delay_sigma_s: f64,
    retained: f64,
    delay_s: Vec<f64>,
    /// By receiver, as felt by an instrument that moves with the ground and by one that does not.
    reduced: Vec<[OnceLock<Reduced>; 2]>,
    records: BTreeMap<usize, Prepared>,
}

impl<T: ResponseTable> Inversion<T> {
    /// Prepares the inversion of one event, with the usual settings.
    ///
    /// # Errors
    /// [`InversionError`] when table and prior do not belong together.
    pub fn new(table: T, prior: &Prior) -> Result<Self, InversionError> {
        Self::with(table, prior, Settings::default())
    }

    /// Prepares the inversion of one event.
    ///
    /// # Errors
    /// [`InversionError`] when table and prior do not belong together or a setting is not usable.
    pub fn with(table: T, prior: &Prior, settings: Settings) -> Result<Self, InversionError> {
        settings.check()?;
        let (samples, step_s) = (table.samples(), table.step_s());
        if samples < 2 || !(step_s.is_finite() && step_s > 0.0) {
            return Err(InversionError::Table { samples, step_s });
        }
        let units = table.units().len();
        if prior.delay_s.len() != units {
            return Err(InversionError::Units {
                prior: prior.delay_s.len(),
                table: units,
            });
        }
        let moment = prior.second_moment();
        let basis = dense::leading_basis(&moment, settings.patterns);
        let kept = basis.t().dot(&moment).dot(&basis).diag().sum();
        let guesses = prior
            .guesses
            .iter()
            .map(|guess| reduced_guess(guess, &basis, prior.delay_sigma_s))
            .collect();
        let reduced = table.receivers().iter().map(|_| Default::default());
        Ok(Inversion {
            reduced: reduced.collect(),
            table,
            settings,
            basis,
            guesses,
            delay_sigma_s: prior.delay_sigma_s,
            retained: kept / moment.diag().sum(),
            delay_s: prior.delay_s.clone(),
            records: BTreeMap::new(),
        })
    }

    /// Part of the prior's variance that the patterns hold, 0..1. Small patches of slip far below the distance of any
    /// sensor are what is left out.
    pub fn retained(&self) -> f64 {
        self.retained
    }

    /// Computes the responses of all receivers to the patterns, so that the first forecast is as quick as the next.
    pub fn prepare(&self) {
        for receiver in 0..self.reduced.len() {
            self.reduced(receiver);
        }
    }

    /// Takes a station's record so far, in place of what was known from it.
    ///
    /// # Errors
    /// [`InversionError`] when the receiver does not exist or the record is malformed; nothing has changed then. A record
    /// that is well-formed and useless is taken, and the posterior's verdict says so.
    pub fn observe(&mut self, record: &Record) -> Result<(), InversionError> {
        let (receiver, receivers) = (record.receiver, self.reduced.len());
        if receiver >= receivers {
            return Err(InversionError::NoReceiver {
                receiver,
                receivers,
            });
        }
        let end_s = (self.table.samples() - 1) as f64 * self.table.step_s();
        let prepared = Prepared::new(record, &self.settings, end_s)?;
        self.records.insert(receiver, prepared);
        Ok(())
    }

    /// Forgets all records. What follows is, bit for bit, what an inversion made anew would say.
    pub fn forget(&mut self) {
        self.records.clear();
    }

    /// What the records so far say.
    pub fn posterior(&self) -> Posterior<'_, T> {
        let records: Vec<&Prepared> = self.records.values().collect();
        let solved = system::solve(self, &records);
        Posterior::new(self, solved)
    }

    /// Responses of a receiver to the patterns, as the instrument there feels them; without a record, a sensor in the open sea is taken
    /// to stand on the ground.
    pub(super) fn reduced(&self, receiver: usize) -> &Reduced {
        let on_the_ground = match self.records.get(&receiver) {
            Some(record) => record.on_the_ground,
            None => !self.table.receivers()[receiver].coastal,
        };
        self.reduced[receiver][usize::from(on_the_ground)]
            .get_or_init(|| self.reduce(receiver, on_the_ground))
    }

    fn reduce(&self, receiver: usize, on_the_ground: bool) -> Reduced {
        let samples = self.table.samples();
        let responses = self.table.responses(receiver);
        let step_s = self.table.step_s();
        let mut moved = Array2::<f32>::zeros((self.basis.nrows(), samples));
        for ((mut to, from), delay_s) in moved
            .rows_mut()
            .into_iter()
            .zip(responses.chunks_exact(samples))
            .zip(&self.delay_s)
        {
            let level = if on_the_ground { from[0] } else { 0.0 };
            delayed(from, level, delay_s / step_s, to.as_slice_mut());
        }
        let first = quiet_until(&moved).min(samples - 2);
        let wave = moved.slice_axis(dense::COLUMNS, (first..).into());
        Reduced {
            first,
            by_pattern: self.basis.mapv(|b| b as f32).t().dot(&wave),
            by_time: OnceLock::new(),
        }
    }

    /// Slip of the unit sources, metres, of which this is the part in each pattern.
    pub(super) fn slip_of(&self, patterns: &ndarray::ArrayView1<'_, f64>) -> Array1<f64> {
        let parts = patterns.slice_axis(dense::ROWS, (..self.basis.ncols()).into());
        self.basis.dot(&parts)
    }
}

fn reduced_guess(guess: &Guess, basis: &Array2<f64>, delay_sigma_s: f64) -> ReducedGuess {
    let (n, rank) = (basis.ncols(), guess.factor.ncols());
    let within = basis.select(dense::ROWS, &guess.units);
    let mut mean = Array1::zeros(n + 1);
    mean.slice_axis_mut(dense::ROWS, (..n).into())
        .assign(&within.t().dot(&guess.mean));
    mean[n] = guess.delay_s / delay_sigma_s;
    let mut factor = Array2::zeros((n + 1, rank + 1));
    factor
        .slice_axis_mut(dense::ROWS, (..n).into())
        .slice_axis_mut(dense::COLUMNS, (..rank).into())
        .assign(&within.t().dot(&guess.factor));
    factor[[n, rank]] = 1.0;
    ReducedGuess {
        weight: guess.weight,
        mean,
        factor,
        units: if guess.mean.iter().any(|slip| *slip > 0.0) {
            guess.units.clone()
        } else {
            Vec::new()
        },
    }
}

/// The last sample before any response exceeds a millionth of the largest: what comes before is rounding.
fn quiet_until(responses: &Array2<f32>) -> usize {
    let most = responses.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let first = responses
        .rows()
        .into_iter()
        .filter_map(|row| row.iter().position(|x| x.abs() > 1e-6 * most))
        .min();
    first.map_or(responses.ncols(), |k| k.saturating_sub(1))
}

/// A response less its level, later by a number of samples; zero before it begins.
fn delayed(from: &[f32], level: f32, by: f64, to: Option<&mut [f32]>) {
    let Some(to) = to else { return };
    let whole = by.ceil();
    // The value wanted lies this far behind sample k - whole.
    let weights = cubic::weights(whole - by).map(|w| w as f32);
    let whole = whole as usize;
    for (k, x) in to.iter_mut().enumerate() {
        *x = match k.checked_sub(whole) {
            None => 0.0,
            Some(j) => (0..4)
                .zip(weights)
                .filter_map(|(m, w)| {
                    let k = (j + m).checked_sub(1)?;
                    Some(w * (from.get(k).or(from.last())? - level))
                })
                .sum(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delayed_response_begins_later_and_without_its_level() {
        let from = [0.0, 1.0, 4.0, 9.0, 16.0, 25.0];
        let mut to = [9.0; 6];
        delayed(&from, 0.0, 2.0, Some(&mut to));
        assert_eq!(to, [0.0, 0.0, 0.0, 1.0, 4.0, 9.0]);
        delayed(&from, 1.0, 0.0, Some(&mut to));
        assert_eq!(to, [-1.0, 0.0, 3.0, 8.0, 15.0, 24.0]);
        delayed(&from, 0.0, 1.5, Some(&mut to));
        assert_eq!((to[0], to[1]), (0.0, 0.0));
        assert!(
            (to[3] - 2.25).abs() < 1e-6 && (to[4] - 6.25).abs() < 1e-6,
            "{to:?}"
        );
    }
}
