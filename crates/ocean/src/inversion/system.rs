//! The mixture's posterior from all stations, in passes that renew weights, shifts and verdicts.

use ndarray::{Array1, Array2};

use super::contradiction::{self, Court};
use super::dense::{self, COLUMNS, ROWS};
use super::equations::{Equations, Knowledge};
use super::positive::{FREE_WEIGHT, Positive};
use super::record::{Prepared, Verdict};
use super::reduced::{Inversion, ReducedGuess};
use crate::response::ResponseTable;

/// How often weights, shifts and verdicts are renewed: the first pass fits, the second one knows derivatives and finds
/// shifts and contradictions, the third one uses them.
const PASSES: usize = 3;
/// Standard deviations by which a sum of squares may exceed its expectation before it counts as a contradiction. For independent
/// normal errors 6 would be a chance of 1e-9; errors that are neither leave some of it as margin.
pub(super) const CONTRADICTION_SIGMAS: f64 = 6.0;
/// Shifts are kept within this many standard deviations.
const SHIFT_LIMIT_SIGMAS: f64 = 3.0;
/// Part of the most probable guess below which a guess's slip is not held to one sign.
const SMALL: f64 = 1e-3;
/// Probability below which a guess is not looked at again in a later pass.
const HOPELESS: f64 = 1e-12;

/// One guess's posterior over patterns and the common delay (last, in its standard deviations).
#[derive(Debug, Clone)]
pub(super) struct SolvedGuess {
    /// Which guess of the prior.
    pub(super) which: usize,
    pub(super) weight: f64,
    pub(super) mean: Array1<f64>,
    /// Lower Cholesky factor R of the precision in the prior's own units: with the prior's factor L, `mean + L R^-T z` has the
    /// posterior's covariance for standard normal z.
    pub(super) root: Array2<f64>,
    /// What holds its slip to one sign, if anything does.
    pub(super) positive: Option<Positive>,
}

/// How one station fared.
#[derive(Debug, Clone)]
pub(super) struct StationState {
    pub(super) receiver: usize,
    pub(super) verdict: Verdict,
    pub(super) misfit: f64,
    pub(super) shift_s: f64,
    pub(super) samples: usize,
}

/// All that the records say.
#[derive(Debug)]
pub(super) struct Solved {
    pub(super) guesses: Vec<SolvedGuess>,
    pub(super) stations: Vec<StationState>,
    /// Sum of squares of data and prior, and how many data there are.
    pub(super) squares: f64,
    pub(super) count: usize,
    pub(super) consistent: bool,
}

/// Fits all records, in passes.
pub(super) fn solve<T: ResponseTable>(inversion: &Inversion<T>, records: &[&Prepared]) -> Solved {
    let patterns = inversion.basis.ncols();
    let mut among: Vec<usize> = (0..inversion.guesses.len()).collect();
    let mut best = Array1::zeros(patterns + 1);
    for guess in &inversion.guesses {
        best.scaled_add(guess.weight, &guess.mean);
    }
    let mut verdicts: Vec<Option<Verdict>> = records.iter().map(|r| r.fault).collect();
    let mut known: Vec<Option<Knowledge>> = verdicts
        .iter()
        .map(|fault| {
            let new = Knowledge {
                shift_s: best[patterns] * inversion.delay_sigma_s,
                scale: 1.0,
            };
            fault.is_none().then_some(new)
        })
        .collect();
    // A majority of those that could be used.
    let fewest = known.iter().flatten().count() / 2 + 1;
    let mut equations = Equations::new(patterns, records);
    let mut mixture = None;
    let mut fits = vec![(f64::NAN, 0.0); records.len()];
    for pass in 0..PASSES {
        equations.write(inversion, records, &known, &best, pass > 0);
        let mut normal = equations.normal();
        let mut now = Mixture::of(inversion, &normal, &among);
        if pass + 1 < PASSES {
            let court = Court {
                inversion,
                records,
                known: &known,
                equations: &equations,
                fewest,
            };
            for k in court.drop_contradictions(&mut normal, &mut now) {
                verdicts[k] = Some(Verdict::Contradicts);
            }
        }
        if pass > 0 {
            now.hold(inversion);
        }
        best = now.mean();
        among = now.alive();
        mixture = Some(now);
        let common_s = best[patterns] * inversion.delay_sigma_s;
        for (k, block) in equations.blocks.iter().enumerate() {
            let (Some(block), Some(now)) = (block, &mut known[k]) else {
                continue;
            };
            let (squares, own_s) = equations.left(block, &best.view());
            let number = block.number as f64;
            fits[k] = (now.scale * squares / number, number);
            if pass > 0 && pass + 1 < PASSES {
                let limit =
                    SHIFT_LIMIT_SIGMAS * block.own_shift_sigma_s.hypot(inversion.delay_sigma_s);
                now.shift_s = (common_s + own_s).clamp(-limit, limit);
                now.scale = (squares / number).max(1.0);
            }
            if verdicts[k].is_some() {
                known[k] = None;
            }
        }
    }
    let count = equations.count();
    let (guesses, squares) = mixture.map_or((Vec::new(), 0.0), |m| (m.guesses, m.squares));
    let stations: Vec<StationState> = records
        .iter()
        .enumerate()
        .map(|(k, record)| {
            let down = known[k].filter(|now| now.scale > 1.0);
            let fitted = down.map_or(Verdict::Used, |now| Verdict::DownWeighted {
                factor: now.scale,
            });
            StationState {
                receiver: record.receiver,
                verdict: verdicts[k].unwrap_or(fitted),
                misfit: fits[k].0,
                shift_s: known[k].map_or(0.0, |now| now.shift_s),
                samples: record.times_s.len(),
            }
        })
        .collect();
    let court = Court {
        inversion,
        records,
        known: &known,
        equations: &equations,
        fewest,
    };
    let consistent = !beyond(squares, count as f64)
        && (0..records.len()).all(|k| court.loudness(k, &best).abs() <= contradiction::WRONG)
        && stations.iter().all(|s| s.verdict != Verdict::Contradicts)
        && fits
            .iter()
            .all(|(misfit, number)| !beyond(misfit * number, *number));
    Solved {
        squares,
        guesses,
        stations,
        count,
        consistent,
    }
}

/// True when a sum of `count` squares of standard normal numbers is improbably large.
pub(super) fn beyond(squares: f64, count: f64) -> bool {
    count > 0.0 && (squares - count) / (2.0 * count).sqrt() > CONTRADICTION_SIGMAS
}

/// The posterior of several guesses for one normal matrix.
pub(super) struct Mixture {
    guesses: Vec<SolvedGuess>,
    /// Sum of squares of data and prior, of the most probable guess.
    pub(super) squares: f64,
}

impl Mixture {
    pub(super) fn of<T: ResponseTable>(
        inversion: &Inversion<T>,
        normal: &Array2<f64>,
        among: &[usize],
    ) -> Self {
        let solved: Vec<(SolvedGuess, f64, f64)> = among
            .iter()
            .map(|&which| solve_guess(which, &inversion.guesses[which], normal))
            .collect();
        let most = solved.iter().map(|s| s.1).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = solved.iter().map(|s| (s.1 - most).exp()).sum();
        let squares = solved
            .iter()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0.0, |s| s.2);
        let guesses = solved
            .into_iter()
            .map(|(mut guess, log_weight, _)| {
                guess.weight = (log_weight - most).exp() / total;
                guess
            })
            .collect();
        Mixture { guesses, squares }
    }

    /// Takes each guess in two ways, with slip of one sign and with free slip. Guesses that hardly count stay free.
    fn hold<T: ResponseTable>(&mut self, inversion: &Inversion<T>) {
        let most = self.guesses.iter().map(|g| g.weight).fold(0.0, f64::max);
        let mut both = Vec::with_capacity(2 * self.guesses.len());
        let (mut best, mut risen) = (0.0, 0.0);
        for guess in self.guesses.drain(..) {
            let prior = &inversion.guesses[guess.which];
            let held = (guess.weight > SMALL * most)
                .then(|| Positive::of(prior, &inversion.basis, &guess.root))
                .flatten();
            let Some(positive) = held else {
                both.push(guess);
                continue;
            };
            let mut one_sign = guess.clone();
            let rise = positive.hold(&mut one_sign.mean);
            one_sign.weight *= (1.0 - FREE_WEIGHT) * (-0.5 * rise).exp();
            one_sign.positive = Some(positive);
            if one_sign.weight > best {
                (best, risen) = (one_sign.weight, rise);
            }
            let mut free = guess;
            free.weight *= FREE_WEIGHT;
            if free.weight > best {
                (best, risen) = (free.weight, 0.0);
            }
            both.extend([one_sign, free]);
        }
        let total: f64 = both.iter().map(|g| g.weight).sum();
        both.iter_mut().for_each(|g| g.weight /= total);
        self.guesses = both;
        self.squares += risen;
    }

    pub(super) fn mean(&self) -> Array1<f64> {
        let mut mean = Array1::zeros(self.guesses.first().map_or(0, |s| s.mean.len()));
        for guess in &self.guesses {
            mean.scaled_add(guess.weight, &guess.mean);
        }
        mean
    }

    /// The guesses that another look at the same data might still favour.
    pub(super) fn alive(&self) -> Vec<usize> {
        let alive = self.guesses.iter().filter(|g| g.weight > HOPELESS);
        let mut alive: Vec<usize> = alive.map(|g| g.which).collect();
        alive.dedup();
        alive
    }
}

/// One guess's posterior, the log of its weight times evidence (up to what all guesses share), and its sum of squares.
fn solve_guess(
    which: usize,
    guess: &ReducedGuess,
    normal: &Array2<f64>,
) -> (SolvedGuess, f64, f64) {
    let n = guess.mean.len();
    let above = normal.slice_axis(ROWS, (..n).into());
    let (a, b) = above.split_at(COLUMNS, n);
    let (b, data) = (b.column(0), normal[[n, n]]);
    let factor = guess.factor.view();
    let mut inner = dense::symmetric_product(&factor, &a.dot(&factor).view());
    inner.diag_mut().mapv_inplace(|d| d + 1.0);
    let root = dense::cholesky_with_jitter(&inner);
    let pull = &b - &a.dot(&guess.mean);
    let mut x = guess.factor.t().dot(&pull);
    dense::forward(&root, &mut x.view_mut());
    let squares = data - b.dot(&guess.mean) - pull.dot(&guess.mean) - x.dot(&x);
    dense::backward(&root, &mut x.view_mut());
    let mean = &guess.mean + &guess.factor.dot(&x);
    let log_weight =
        guess.weight.max(f64::MIN_POSITIVE).ln() - 0.5 * (squares + dense::log_determinant(&root));
    let solved = SolvedGuess {
        which,
        weight: guess.weight,
        mean,
        root,
        positive: None,
    };
    (solved, log_weight, squares.max(0.0))
}
