//! The equations of all stations, their weights, and the mixture's posterior.

use ndarray::{Array1, Array2, ArrayView1};

use super::dense::{self, COLUMNS, ROWS};
use super::record::{Prepared, Verdict, mean_within};
use super::reduced::Inversion;
use super::whiten::{Errors, whiten};
use crate::response::ResponseTable;

/// How often weights, shifts and verdicts are renewed: the first pass fits, the second one knows derivatives and finds
/// shifts and contradictions, the third one uses them.
const PASSES: usize = 3;
/// Standard deviations by which a sum of squares may exceed its expectation before it counts as a contradiction. For independent
/// normal errors 6 would be a chance of 1e-9; errors that are neither leave some of it as margin.
const CONTRADICTION_SIGMAS: f64 = 6.0;
/// Shifts are kept within this many standard deviations.
const SHIFT_LIMIT_SIGMAS: f64 = 3.0;
/// Level of a record beyond the noise that the tide model may leave, metres.
const OFFSET_SIGMA_M: f64 = 0.005;

/// One size's posterior over patterns and the common delay (last, in its standard deviations).
#[derive(Debug, Clone)]
pub(super) struct SolvedSize {
    pub(super) weight: f64,
    pub(super) mean: Array1<f64>,
    /// `x = mean + factor^T z` has the posterior's covariance for standard normal z.
    pub(super) factor: Array2<f64>,
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

/// One station's part of the equations.
struct Block {
    /// Whitened: patterns, common delay, data. One row a sample.
    rows: Array2<f64>,
    /// Whitened and scaled by their prior: offset, slope, own shift.
    own: Array2<f64>,
    /// Cholesky factor of the own part.
    own_factor: Array2<f64>,
    /// `own_factor^-1 own^T rows`: what the own part takes away.
    taken: Array2<f64>,
    own_shift_sigma_s: f64,
}

impl Block {
    fn normal(&self) -> Array2<f64> {
        self.rows.t().dot(&self.rows) - self.taken.t().dot(&self.taken)
    }

    /// Sum of squares left by a solution, and the own shift in seconds.
    fn left(&self, solution: &ArrayView1<'_, f64>) -> (f64, f64) {
        let n = self.rows.ncols() - 1;
        let error =
            &self.rows.column(n) - &self.rows.slice_axis(COLUMNS, (..n).into()).dot(solution);
        let mut own = self.own.t().dot(&error);
        dense::forward(&self.own_factor, &mut own.view_mut());
        let squares = error.dot(&error) - own.dot(&own);
        dense::backward(&self.own_factor, &mut own.view_mut());
        (squares.max(0.0), own[2] * self.own_shift_sigma_s)
    }
}

/// What a pass hands to the next, for one station.
#[derive(Clone, Copy)]
struct Knowledge {
    shift_s: f64,
    scale: f64,
    verdict: Option<Verdict>,
}

pub(super) fn solve<T: ResponseTable + ?Sized>(
    inversion: &Inversion<'_, T>,
    records: &[&Prepared],
) -> Solved {
    let patterns = inversion.basis.ncols();
    let mut known: Vec<Knowledge> = records
        .iter()
        .map(|r| Knowledge {
            shift_s: 0.0,
            scale: 1.0,
            verdict: r.fault,
        })
        .collect();
    let mut best = Array1::<f64>::zeros(patterns + 1);
    for size in &inversion.sizes {
        best.slice_axis_mut(ROWS, (..patterns).into())
            .scaled_add(size.weight, &size.mean);
    }
    let mut fits = vec![(0.0, 0.0); records.len()];
    let mut last = None;
    for pass in 0..PASSES {
        let blocks: Vec<Option<Block>> = records
            .iter()
            .zip(&known)
            .map(|(record, known)| {
                let counts = known.verdict.is_none();
                counts.then(|| block(inversion, record, known, &best, pass > 0))
            })
            .collect();
        let mut normal = normal_of(&blocks, patterns + 2);
        let mut mixture = Mixture::of(inversion, &normal);
        if pass == 1 {
            drop_contradictions(inversion, &blocks, &mut known, &mut normal, &mut mixture);
        }
        best = mixture.mean();
        let common_s = best[patterns] * inversion.delay_sigma_s;
        for ((block, known), fit) in blocks.iter().zip(&mut known).zip(&mut fits) {
            let Some(block) = block else { continue };
            let (squares, own_s) = block.left(&best.view());
            *fit = (squares, block.rows.nrows() as f64);
            if pass > 0 && pass + 1 < PASSES {
                let limit =
                    SHIFT_LIMIT_SIGMAS * block.own_shift_sigma_s.hypot(inversion.delay_sigma_s);
                known.shift_s = (common_s + own_s).clamp(-limit, limit);
                known.scale = (squares / fit.1).max(1.0);
            }
        }
        last = Some((mixture, blocks));
    }
    let (mixture, blocks) = last.unwrap_or_else(|| {
        (
            Mixture::of(inversion, &Array2::zeros((patterns + 2, patterns + 2))),
            Vec::new(),
        )
    });
    let used: Vec<&Block> = blocks
        .iter()
        .zip(&known)
        .filter(|(_, k)| k.verdict.is_none())
        .filter_map(|(b, _)| b.as_ref())
        .collect();
    let count: usize = used.iter().map(|b| b.rows.nrows()).sum();
    let stations: Vec<StationState> = records
        .iter()
        .zip(&known)
        .zip(&fits)
        .map(|((record, known), &(squares, number))| StationState {
            receiver: record.receiver,
            verdict: known.verdict.unwrap_or(if known.scale > 1.0 {
                Verdict::DownWeighted {
                    factor: known.scale,
                }
            } else {
                Verdict::Used
            }),
            misfit: if number > 0.0 {
                known.scale * squares / number
            } else {
                f64::NAN
            },
            shift_s: known.shift_s,
            samples: record.times_s.len(),
        })
        .collect();
    let contradicting = stations
        .iter()
        .filter(|s| s.verdict == Verdict::Contradicts)
        .count();
    let consistent = !beyond(mixture.squares, count as f64)
        && contradicting == 0
        && stations
            .iter()
            .all(|s| !beyond(s.misfit * s.samples as f64, s.samples as f64));
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

/// The equations of one station, with errors independent and of variance 1.
fn block<T: ResponseTable + ?Sized>(
    inversion: &Inversion<'_, T>,
    record: &Prepared,
    known: &Knowledge,
    best: &Array1<f64>,
    with_shift: bool,
) -> Block {
    let settings = &inversion.settings;
    let step_s = inversion.table.step_s();
    let reduced = inversion.reduced(record.receiver);
    let by_time = reduced.by_time();
    let patterns = by_time.ncols();
    let wave = modelled(reduced, best);
    let number = record.times_s.len();
    let places: Vec<Option<(usize, f64)>> = record
        .times_s
        .iter()
        .map(|t| between(t - known.shift_s, step_s, by_time.nrows()))
        .collect();
    let at = |series: &[f64], place: &Option<(usize, f64)>| {
        place.map_or(0.0, |(k, part)| {
            series[k] + part * (series[k + 1] - series[k])
        })
    };
    let modelled_m2: Vec<f64> = places.iter().map(|p| at(&wave, p).powi(2)).collect();
    let modelled_m2 = mean_within(&record.times_s, &modelled_m2, settings.error_reach_s);
    // Amplitude of a wave of that mean square.
    let model_sd_m: Vec<f64> = record
        .power_m2
        .iter()
        .zip(&modelled_m2)
        .map(|(a, b)| settings.model_error_part * (2.0 * a.max(*b)).sqrt())
        .collect();
    let slope = derivative(&wave, step_s);
    let arrival_s = arrival(&wave, step_s);
    let own_shift_sigma_s = settings.travel_time_error_part * arrival_s;
    let drift = record.noise.drift_m_h / 3600.0;
    let offset = record.noise.sd_m.hypot(OFFSET_SIGMA_M);
    let mut rows = Array2::<f64>::zeros((number, patterns + 4));
    for (k, mut row) in rows.rows_mut().into_iter().enumerate() {
        let mut height = record.heights_m[k];
        if let Some((j, part)) = places[k] {
            let (a, b) = (by_time.row(j), by_time.row(j + 1));
            for ((x, a), b) in row.iter_mut().zip(a).zip(b) {
                let (a, b) = (f64::from(*a), f64::from(*b));
                *x = a + part * (b - a);
            }
            if with_shift {
                let rate = at(&slope, &places[k]);
                row[patterns] = -rate;
                height -= rate * known.shift_s;
            }
        }
        row[patterns + 1] = height;
        row[patterns + 2] = offset;
        row[patterns + 3] = drift * record.times_s[k];
    }
    let errors = Errors {
        times_s: &record.times_s,
        background_sd_m: record.noise.sd_m,
        background_s: record.noise.correlation_s,
        model_sd_m: &model_sd_m,
        model_s: settings.model_error_s,
        white_m2: &record.shaking_m2,
        scale: known.scale,
    };
    whiten(&errors, &mut rows);
    let mut own = Array2::zeros((number, 3));
    own.slice_axis_mut(COLUMNS, (..2).into())
        .assign(&rows.slice_axis(COLUMNS, (patterns + 2..).into()));
    own.column_mut(2)
        .scaled_add(own_shift_sigma_s, &rows.column(patterns));
    let mut rows = rows.slice_axis(COLUMNS, (..patterns + 2).into()).to_owned();
    rows.column_mut(patterns)
        .mapv_inplace(|x| x * inversion.delay_sigma_s);
    let own_factor = dense::cholesky_with_jitter(&(own.t().dot(&own) + Array2::<f64>::eye(3)));
    let mut taken = own.t().dot(&rows);
    for mut column in taken.columns_mut() {
        dense::forward(&own_factor, &mut column);
    }
    Block {
        rows,
        own,
        own_factor,
        taken,
        own_shift_sigma_s,
    }
}

/// The wave that a solution means at a receiver, on the table's time axis.
fn modelled(reduced: &super::reduced::Reduced, solution: &Array1<f64>) -> Vec<f64> {
    let patterns = reduced.by_pattern.nrows();
    let parts = solution
        .slice_axis(ROWS, (..patterns).into())
        .mapv(|x| x as f32);
    parts
        .dot(&reduced.by_pattern)
        .iter()
        .map(|&x| f64::from(x))
        .collect()
}

/// The sample before a time and the part of the step after it; `None` outside the table.
fn between(t: f64, step_s: f64, samples: usize) -> Option<(usize, f64)> {
    let place = t / step_s;
    (place >= 0.0 && place <= (samples - 1) as f64).then(|| {
        let k = (place.floor() as usize).min(samples - 2);
        (k, place - k as f64)
    })
}

/// Central differences.
fn derivative(series: &[f64], step_s: f64) -> Vec<f64> {
    let n = series.len();
    (0..n)
        .map(|k| {
            let (a, b) = (k.saturating_sub(1), (k + 1).min(n - 1));
            (series[b] - series[a]) / ((b - a) as f64 * step_s)
        })
        .collect()
}

/// When a series first exceeds a twentieth of its largest value, seconds.
fn arrival(series: &[f64], step_s: f64) -> f64 {
    let most = series.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let first = series.iter().position(|x| x.abs() > 0.05 * most);
    first.unwrap_or(0) as f64 * step_s
}

/// Sum of all stations' normal matrices (with the data as their last row and column).
fn normal_of(blocks: &[Option<Block>], size: usize) -> Array2<f64> {
    let used: Vec<&Block> = blocks.iter().flatten().collect();
    let stack = |parts: Vec<ndarray::ArrayView2<'_, f64>>| {
        ndarray::concatenate(ndarray::Axis(0), &parts).unwrap_or_else(|_| Array2::zeros((0, size)))
    };
    let rows = stack(used.iter().map(|b| b.rows.view()).collect());
    let taken = stack(used.iter().map(|b| b.taken.view()).collect());
    if rows.nrows() == 0 {
        return Array2::zeros((size, size));
    }
    let mut normal = rows.t().dot(&rows);
    ndarray::linalg::general_mat_mul(-1.0, &taken.t(), &taken, 1.0, &mut normal);
    normal
}

/// The posterior of all sizes for one normal matrix.
struct Mixture {
    sizes: Vec<SolvedSize>,
    /// Sum of squares of data and prior, of the most probable size.
    squares: f64,
}

impl Mixture {
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
fn solve_size(size: &super::reduced::ReducedSize, normal: &Array2<f64>) -> (SolvedSize, f64, f64) {
    let n = size.mean.len();
    // Patterns and common delay; the delay's prior is standard normal.
    let mut prior_mean = Array1::zeros(n + 1);
    prior_mean
        .slice_axis_mut(ROWS, (..n).into())
        .assign(&size.mean);
    let mut factor = Array2::eye(n + 1);
    factor
        .slice_axis_mut(ROWS, (..n).into())
        .slice_axis_mut(COLUMNS, (..n).into())
        .assign(&size.factor);
    let above = normal.slice_axis(ROWS, (..n + 1).into());
    let (a, b) = above.split_at(COLUMNS, n + 1);
    let b = b.column(0);
    let data = normal[[n + 1, n + 1]];
    let mut inner = factor.t().dot(&a).dot(&factor);
    inner.diag_mut().mapv_inplace(|d| d + 1.0);
    let root = dense::cholesky_with_jitter(&inner);
    let pull = &b - &a.dot(&prior_mean);
    let mut x = factor.t().dot(&pull);
    dense::forward(&root, &mut x.view_mut());
    let squares =
        data - 2.0 * b.dot(&prior_mean) + dense::quadratic(&a, &prior_mean.view()) - x.dot(&x);
    dense::backward(&root, &mut x.view_mut());
    let mean = &prior_mean + &factor.dot(&x);
    // Rows of root^-1 factor^T: covariance = factor inner^-1 factor^T.
    let mut spread = factor.reversed_axes().as_standard_layout().to_owned();
    for i in 0..=n {
        let (done, mut rest) = spread.view_mut().split_at(ndarray::Axis(0), i);
        let mut row = rest.row_mut(0);
        row -= &root.row(i).slice_axis(ROWS, (..i).into()).dot(&done);
        row.mapv_inplace(|v| v / root[[i, i]]);
    }
    let log_weight =
        size.weight.max(f64::MIN_POSITIVE).ln() - 0.5 * (squares + dense::log_determinant(&root));
    (
        SolvedSize {
            weight: size.weight,
            mean,
            factor: spread,
        },
        log_weight,
        squares.max(0.0),
    )
}

/// Leaves out stations without which the rest becomes probable, worst first, as long as a majority stays.
fn drop_contradictions<T: ResponseTable + ?Sized>(
    inversion: &Inversion<'_, T>,
    blocks: &[Option<Block>],
    known: &mut [Knowledge],
    normal: &mut Array2<f64>,
    mixture: &mut Mixture,
) {
    let mut used: Vec<usize> = (0..blocks.len()).filter(|&k| blocks[k].is_some()).collect();
    let fewest = used.len() / 2 + 1;
    while used.len() > fewest {
        let best = mixture.mean();
        let mut suspects: Vec<(usize, f64)> = used
            .iter()
            .filter_map(|&k| blocks[k].as_ref().map(|b| (k, b)))
            .map(|(k, b)| (k, b.left(&best.view()).0 / b.rows.nrows() as f64))
            .collect();
        suspects.sort_by(|a, b| b.1.total_cmp(&a.1));
        let count: usize = used
            .iter()
            .flat_map(|&k| &blocks[k])
            .map(|b| b.rows.nrows())
            .sum();
        let strained = beyond(mixture.squares, count as f64) || suspects.iter().any(|s| s.1 > 2.0);
        if !strained {
            return;
        }
        // The worst few are enough: a station that fits is not the one to leave out.
        suspects.truncate(5);
        let without = suspects.into_iter().filter_map(|(k, _)| {
            let block = blocks[k].as_ref()?;
            let rest = &*normal - &block.normal();
            let mixture_rest = Mixture::of(inversion, &rest);
            let number = block.rows.nrows() as f64;
            let gain = mixture.squares - mixture_rest.squares;
            let sigmas = (gain - number) / (2.0 * number).sqrt();
            Some((k, sigmas, rest, mixture_rest))
        });
        let worst = without.max_by(|a, b| a.1.total_cmp(&b.1));
        match worst {
            Some((k, sigmas, rest, mixture_rest)) if sigmas > CONTRADICTION_SIGMAS => {
                known[k].verdict = Some(Verdict::Contradicts);
                used.retain(|&u| u != k);
                *normal = rest;
                *mixture = mixture_rest;
            }
            _ => return,
        }
    }
}
