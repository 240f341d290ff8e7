//! What is believed after the data, and samples of it.

use ndarray::{Array1, Array2};

use super::dense::{self, COLUMNS, ROWS};
use super::outlook::{PointOutlook, Range};
use super::quasi::Normals;
use super::record::Verdict;
use super::reduced::Inversion;
use super::rupture::moment_of_unit_nm;
use super::system::Solved;
use crate::response::ResponseTable;

/// Where the stream of normal numbers begins; any number would do.
const SEED: u64 = 0x5741_5443_4846_4952;

/// How one station's data agree with the model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StationFit {
    /// Index among the table's receivers.
    pub receiver: usize,
    /// Whether it counts.
    pub verdict: Verdict,
    /// Mean square of its errors in their standard deviations; about 1 or below when all is well, not a number when unused.
    pub misfit: f64,
    /// How much later than modelled its wave came, seconds.
    pub shift_s: f64,
    /// Averages used.
    pub samples: usize,
}

/// What is believed about the source, given the records so far.
#[derive(Debug)]
pub struct Posterior<'a, T: ResponseTable> {
    pub(super) inversion: &'a Inversion<T>,
    /// The exact mean, means of guesses, and what samples are off them by, in patterns, one a row: a wave that is known for these is
    /// known for all samples.
    pub(super) parts: Array2<f32>,
    /// Of each pair of samples, their guess's mean and what they are off it by, on either side: rows of `parts`.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Delay of the whole source in each sample, seconds; the mean is last.
    pub(super) delay_s: Vec<f64>,
    slip_mean_m: Vec<f64>,
    slip_sd_m: Vec<f64>,
    magnitude: Range,
    stations: Vec<StationFit>,
    misfit: f64,
    consistent: bool,
}

impl<'a, T: ResponseTable> Posterior<'a, T> {
    pub(super) fn new(inversion: &'a Inversion<T>, solved: Solved) -> Self {
        let patterns = inversion.basis.ncols();
        let pairs = inversion.settings.samples.div_ceil(2);
        let misfit = solved.squares / solved.count.max(1) as f64;
        // Data that the model cannot explain leave more doubt than the model says.
        let widen = misfit.max(1.0).sqrt();
        let mut all = Array2::<f64>::zeros((2 * pairs + 1, patterns + 1));
        let mut normals = Normals::new(SEED);
        let (mut passed, mut k) = (0.0, 0);
        let mut parts: Vec<Array1<f64>> = vec![Array1::zeros(patterns + 1)];
        let mut of_pairs = Vec::with_capacity(pairs);
        for guess in &solved.guesses {
            let prior = &inversion.guesses[guess.which];
            passed += guess.weight;
            let mut mean_at = None;
            // Stratified: the guesses get pairs of samples in proportion to their probability.
            while k < pairs && (k as f64 + 0.5) / (pairs as f64) < passed + 1e-9 {
                let mut z: Array1<f64> = normals.by_ref().take(guess.root.nrows()).collect();
                dense::backward(&guess.root, &mut z.view_mut());
                let off = prior.factor.dot(&z) * widen;
                let mut either = [&guess.mean + &off, &guess.mean - &off];
                let held = guess.positive.as_ref().is_some_and(|positive| {
                    // Both are held, whether or not the first one moves.
                    either.each_mut().map(|one| positive.hold(one)) != [0.0; 2]
                });
                let [over, under] = either;
                let mean_at = if held {
                    // What was moved lies no more on either side of the guess's mean, but of a middle of its own.
                    parts.push(0.5 * (&over + &under));
                    parts.len() - 1
                } else {
                    *mean_at.get_or_insert_with(|| {
                        parts.push(guess.mean.clone());
                        parts.len() - 1
                    })
                };
                of_pairs.push((mean_at, parts.len()));
                parts.push(0.5 * (&over - &under));
                all.row_mut(2 * k).assign(&over);
                all.row_mut(2 * k + 1).assign(&under);
                k += 1;
            }
            all.row_mut(2 * pairs).scaled_add(guess.weight, &guess.mean);
        }
        let delay_s = all
            .column(patterns)
            .iter()
            .map(|d| d * inversion.delay_sigma_s)
            .collect();
        let slips = all
            .slice_axis(COLUMNS, (..patterns).into())
            .dot(&inversion.basis.t());
        let drawn = slips.slice_axis(ROWS, (..2 * pairs).into());
        let slip_sd_m = drawn.std_axis(ndarray::Axis(0), 0.0).to_vec();
        let per_metre: Array1<f64> = inversion
            .table
            .units()
            .iter()
            .map(moment_of_unit_nm)
            .collect();
        let magnitudes = drawn.dot(&per_metre).mapv(magnitude_of).to_vec();
        parts[0].assign(&all.row(2 * pairs));
        let parts = Array2::from_shape_fn((parts.len(), patterns), |(k, j)| parts[k][j] as f32);
        Posterior {
            parts,
            pairs: of_pairs,
            delay_s,
            slip_mean_m: inversion.slip_of(&all.row(2 * pairs)).to_vec(),
            slip_sd_m,
            magnitude: Range::of(magnitudes),
            stations: solved
                .stations
                .into_iter()
                .map(|s| StationFit {
                    receiver: s.receiver,
                    verdict: s.verdict,
                    misfit: s.misfit,
                    shift_s: s.shift_s,
                    samples: s.samples,
                })
                .collect(),
            misfit,
            consistent: solved.consistent,
            inversion,
        }
    }

    /// Mean slip of each unit source, metres, in the table's order: what a forward run takes to draw a map.
    pub fn slip_mean_m(&self) -> &[f64] {
        &self.slip_mean_m
    }

    /// Standard deviation of the slip of each unit source, metres.
    pub fn slip_sd_m(&self) -> &[f64] {
        &self.slip_sd_m
    }

    /// Moment magnitude of the slip, with the rigidity of [`crate::source::RIGIDITY_PA`]; 0 where a sample has no net moment.
    pub fn magnitude(&self) -> Range {
        self.magnitude
    }

    /// Mean delay of the whole source against the table's time axis, seconds.
    pub fn delay_s(&self) -> f64 {
        self.delay_s.last().copied().unwrap_or(0.0)
    }

    /// How each station's data agree, in the order of their receivers.
    pub fn stations(&self) -> &[StationFit] {
        &self.stations
    }

    /// Mean square of all errors in their standard deviations, prior included; about 1 or below when all is well, 0 without
    /// data.
    pub fn misfit(&self) -> f64 {
        self.misfit
    }

    /// False when the data contradict the model or each other: at least one station was left out for it, or the misfit is
    /// beyond chance. The forecast is then to be taken with care: another source (a landslide, a splay fault, another
    /// trench), a wrong earthquake solution, or instruments.
    pub fn consistent(&self) -> bool {
        self.consistent
    }

    /// The forecast at a receiver.
    ///
    /// # Panics
    /// When there is no such receiver.
    pub fn forecast(&self, receiver: usize) -> PointOutlook {
        self.forecast_with(receiver, 1.0)
    }

    /// The forecast at a receiver whose heights are known to be `factor` times what Green's law says.
    ///
    /// # Panics
    /// When there is no such receiver.
    pub fn forecast_with(&self, receiver: usize, factor: f64) -> PointOutlook {
        PointOutlook::of(self, receiver, factor)
    }
}

fn magnitude_of(moment_nm: f64) -> f64 {
    if moment_nm > 0.0 {
        ((moment_nm.log10() - 9.1) / 1.5).max(0.0)
    } else {
        0.0
    }
}
