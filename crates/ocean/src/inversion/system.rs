//! The mixture's posterior from all stations, in passes that renew weights, shifts and verdicts.

use ndarray::{Array1, Array2};

use super::dense::{self, COLUMNS, ROWS};
use super::equations::{Block, Equations, Knowledge};
use super::record::{Prepared, Verdict};
use super::reduced::{Inversion, ReducedSize};
use crate::response::ResponseTable;

/// How often weights, shifts and verdicts are renewed: the first pass fits, the second one knows derivatives and finds
/// shifts and contradictions, the third one uses them.
const PASSES: usize = 3;
/// Standard deviations by which a sum of squares may exceed its expectation before it counts as a contradiction. For independent
/// normal errors 6 would be a chance of 1e-9; errors that are neither leave some of it as margin.
const CONTRADICTION_SIGMAS: f64 = 6.0;
/// Shifts are kept within this many standard deviations.
const SHIFT_LIMIT_SIGMAS: f64 = 3.0;
/// Mean square of a station's errors from which it is looked at more closely.
const STRAINED: f64 = 2.0;
/// How many of the worst are looked at: a station that fits is not the one to leave out.
const SUSPECTS: usize = 5;

/// One size's posterior over patterns and the common delay (last, in its standard deviations).
#[derive(Debug, Clone)]
pub(super) struct SolvedSize {
    pub(super) weight: f64,
    pub(super) mean: Array1<f64>,
    /// Lower Cholesky factor R of the precision in the prior's own units: with the prior's factor L, `mean + L R^-T z` has the
    /// posterior's covariance for standard normal z.
    pub(super) root: Array2<f64>,
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
    pub(super) sizes: Vec<SolvedSize>,
    pub(super) stations: Vec<StationState>,
    /// Sum of squares of data and prior, and how many data there are.
    pub(super) squares: f64,
    pub(super) count: usize,
    pub(super) consistent: bool,
}

/// Fits all records, in passes.
pub(super) fn solve<T: ResponseTable + ?Sized>(
    inversion: &Inversion<'_, T>,
    records: &[&Prepared],
) -> Solved {
    let patterns = inversion.basis.ncols();
    let mut verdicts: Vec<Option<Verdict>> = records.iter().map(|r| r.fault).collect();
    let mut known: Vec<Option<Knowledge>> = verdicts
        .iter()
        .map(|fault| {
            let new = Knowledge {
                shift_s: 0.0,
                scale: 1.0,
            };
            fault.is_none().then_some(new)
        })
        .collect();
    let mut equations = Equations::new(patterns, records);
    let mut mixture = Mixture::prior(inversion);
    let mut fits = vec![(f64::NAN, 0.0); records.len()];
    for pass in 0..PASSES {
        equations.write(inversion, records, &known, &mixture.mean(), pass > 0);
        let mut normal = equations.normal();
        mixture = Mixture::of(inversion, &normal);
        if pass == 1 {
            for k in drop_contradictions(inversion, &equations, &mut normal, &mut mixture) {
                verdicts[k] = Some(Verdict::Contradicts);
            }
        }
        let best = mixture.mean();
        let common_s = best[patterns] * inversion.delay_sigma_s;
        for (k, block) in equations.blocks.iter().enumerate() {
            let (Some(block), Some(now)) = (block, &mut known[k]) else {
                continue;
            };
            let (squares, own_s) = equations.left(block, &best.view());
            let number = (block.to - block.from) as f64;
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
    let consistent = !beyond(mixture.squares, count as f64)
        && stations.iter().all(|s| s.verdict != Verdict::Contradicts)
        && fits
            .iter()
            .all(|(misfit, number)| !beyond(misfit * number, *number));
    Solved {
        squares: mixture.squares,
        sizes: mixture.sizes,
        stations,
        count,
        consistent,
    }
}

/// True when a sum of `count` squares of standard normal numbers is improbably large.
fn beyond(squares: f64, count: f64) -> bool {
    count > 0.0 && (squares - count) / (2.0 * count).sqrt() > CONTRADICTION_SIGMAS
}

/// The posterior of all sizes for one normal matrix.
struct Mixture {
    sizes: Vec<SolvedSize>,
    /// Sum of squares of data and prior, of the most probable size.
    squares: f64,
}

impl Mixture {
    /// What is believed without data.
    fn prior<T: ResponseTable + ?Sized>(inversion: &Inversion<'_, T>) -> Self {
        let size = inversion.basis.ncols() + 2;
        Mixture::of(inversion, &Array2::zeros((size, size)))
    }

    fn of<T: ResponseTable + ?Sized>(inversion: &Inversion<'_, T>, normal: &Array2<f64>) -> Self {
        let solved: Vec<(SolvedSize, f64, f64)> = inversion
            .sizes
            .iter()
            .map(|size| solve_size(size, normal))
            .collect();
        let most = solved.iter().map(|s| s.1).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = solved.iter().map(|s| (s.1 - most).exp()).sum();
        let squares = solved
            .iter()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0.0, |s| s.2);
        let sizes = solved
            .into_iter()
            .map(|(mut size, log_weight, _)| {
                size.weight = (log_weight - most).exp() / total;
                size
            })
            .collect();
        Mixture { sizes, squares }
    }

    fn mean(&self) -> Array1<f64> {
        let mut mean = Array1::zeros(self.sizes.first().map_or(0, |s| s.mean.len()));
        for size in &self.sizes {
            mean.scaled_add(size.weight, &size.mean);
        }
        mean
    }
}

/// One size's posterior, the log of its weight times evidence (up to what all sizes share), and its sum of squares.
fn solve_size(size: &ReducedSize, normal: &Array2<f64>) -> (SolvedSize, f64, f64) {
    let n = size.mean.len();
    let above = normal.slice_axis(ROWS, (..n).into());
    let (a, b) = above.split_at(COLUMNS, n);
    let (b, data) = (b.column(0), normal[[n, n]]);
    let mut inner = size.factor.t().dot(&a).dot(&size.factor);
    inner.diag_mut().mapv_inplace(|d| d + 1.0);
    let root = dense::cholesky_with_jitter(&inner);
    let pull = &b - &a.dot(&size.mean);
    let mut x = size.factor.t().dot(&pull);
    dense::forward(&root, &mut x.view_mut());
    let squares = data - b.dot(&size.mean) - pull.dot(&size.mean) - x.dot(&x);
    dense::backward(&root, &mut x.view_mut());
    let mean = &size.mean + &size.factor.dot(&x);
    let log_weight =
        size.weight.max(f64::MIN_POSITIVE).ln() - 0.5 * (squares + dense::log_determinant(&root));
    let solved = SolvedSize {
        weight: size.weight,
        mean,
        root,
    };
    (solved, log_weight, squares.max(0.0))
}

/// Takes stations out of the equations without which the rest becomes probable, worst first, as long as a majority stays;
/// returns which.
fn drop_contradictions<T: ResponseTable + ?Sized>(
    inversion: &Inversion<'_, T>,
    equations: &Equations,
    normal: &mut Array2<f64>,
    mixture: &mut Mixture,
) -> Vec<usize> {
    let blocks = &equations.blocks;
    let mut used: Vec<usize> = (0..blocks.len()).filter(|&k| blocks[k].is_some()).collect();
    let fewest = used.len() / 2 + 1;
    let mut dropped = Vec::new();
    while used.len() > fewest {
        let best = mixture.mean();
        let number = |b: &Block| (b.to - b.from) as f64;
        let mut suspects: Vec<(usize, &Block, f64)> = used
            .iter()
            .filter_map(|&k| blocks[k].as_ref().map(|b| (k, b)))
            .map(|(k, b)| (k, b, equations.left(b, &best.view()).0 / number(b)))
            .collect();
        let count: f64 = suspects.iter().map(|s| number(s.1)).sum();
        suspects.sort_by(|a, b| b.2.total_cmp(&a.2));
        let strained = beyond(mixture.squares, count) || suspects.iter().any(|s| s.2 > STRAINED);
        if !strained {
            break;
        }
        let without = suspects.into_iter().take(SUSPECTS).map(|(k, block, _)| {
            let rest = &*normal - &equations.normal_of(block);
            let mixture_rest = Mixture::of(inversion, &rest);
            let gain = mixture.squares - mixture_rest.squares;
            let sigmas = (gain - number(block)) / (2.0 * number(block)).sqrt();
            (k, sigmas, rest, mixture_rest)
        });
        match without.max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((k, sigmas, rest, mixture_rest)) if sigmas > CONTRADICTION_SIGMAS => {
                used.retain(|&u| u != k);
                dropped.push(k);
                *normal = rest;
                *mixture = mixture_rest;
            }
            _ => break,
        }
    }
    dropped
}
