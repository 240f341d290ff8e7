//! The equations of the stations: data, responses and nuisances, made independent.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use super::cubic::Place;
use super::dense::{self, COLUMNS, ROWS};
use super::record::{Prepared, wave_power};
use super::reduced::{Inversion, Reduced};
use super::whiten::{Errors, Whitener};
use crate::response::ResponseTable;

/// Level of a record beyond the noise that the tide model may leave, metres.
const OFFSET_SIGMA_M: f64 = 0.005;
/// How many times the noise is added to either energy in [`loudness`].
const NOISE_PARTS: f64 = 4.0;
/// Correlation of record and model below which one of them stands on its head, at any of the times looked at.
const UPSIDE_DOWN: f64 = -0.3;
/// Columns beyond the patterns: common delay, data, offset, slope.
pub(super) const MORE: usize = 4;

/// What the passes have learned about a station.
#[derive(Clone, Copy)]
pub(super) struct Knowledge {
    /// How much later than modelled its wave comes, seconds.
    pub(super) shift_s: f64,
    /// Factor on the variance of its errors.
    pub(super) scale: f64,
}

/// One station's part of the equations.
pub(super) struct Block {
    /// Rows of the whole that are this station's.
    rows: Range<usize>,
    /// Data that they stand for.
    pub(super) number: usize,
    /// Whitened and scaled by their prior: offset, slope, own shift.
    own: Array2<f64>,
    /// Cholesky factor of the own part.
    own_factor: Array2<f64>,
    /// `own_factor^-1 own^T rows`: what the own part takes away.
    taken: Array2<f64>,
    pub(super) own_shift_sigma_s: f64,
}

/// The equations of all stations that count.
pub(super) struct Equations {
    /// Whitened: patterns, common delay, data (and two columns that are used up). One row a sample.
    all: Array2<f64>,
    /// Rows that are in use.
    used: usize,
    /// One for each record; `None` where it does not count.
    pub(super) blocks: Vec<Option<Block>>,
}

impl Equations {
    pub(super) fn new(patterns: usize, records: &[&Prepared]) -> Self {
        let rows = records.iter().map(|r| r.times_s.len()).sum();
        Equations {
            all: Array2::zeros((rows, patterns + MORE)),
            used: 0,
            blocks: records.iter().map(|_| None).collect(),
        }
    }

    /// Writes the equations anew. `best` is the solution so far, about which shifts are linear.
    pub(super) fn write<T: ResponseTable>(
        &mut self,
        inversion: &Inversion<T>,
        records: &[&Prepared],
        known: &[Option<Knowledge>],
        best: &Array1<f64>,
        with_shift: bool,
    ) {
        let mut from = 0;
        for ((record, known), block) in records.iter().zip(known).zip(&mut self.blocks) {
            *block = known.map(|known| {
                let number = record.times_s.len();
                let all = self.all.slice_axis_mut(ROWS, (from..from + number).into());
                let written = whitened(inversion, record, &known, best, with_shift, all);
                let rows = from..from + written.rows;
                from = rows.end;
                let all = self.all.slice_axis_mut(ROWS, rows.clone().into());
                eliminated(inversion, written.own_shift_sigma_s, number, rows, all)
            });
        }
        self.used = from;
    }

    fn rows(&self, block: &Block) -> ArrayView2<'_, f64> {
        let used = self.all.ncols() - 2;
        let all = self.all.slice_axis(ROWS, block.rows.clone().into());
        all.split_at(COLUMNS, used).0
    }

    /// Number of data that count.
    pub(super) fn count(&self) -> usize {
        self.blocks.iter().flatten().map(|b| b.number).sum()
    }

    /// The normal matrix of all stations, with the data as its last row and column.
    pub(super) fn normal(&self) -> Array2<f64> {
        let used = self.all.ncols() - 2;
        let rows = self.all.slice_axis(ROWS, (..self.used).into());
        let mut normal = squared(&rows.split_at(COLUMNS, used).0);
        let taken: Vec<ArrayView2<'_, f64>> = self
            .blocks
            .iter()
            .flatten()
            .map(|b| b.taken.view())
            .collect();
        if let Ok(taken) = ndarray::concatenate(Axis(0), &taken) {
            normal -= &squared(&taken.view());
        }
        normal
    }

    /// The same of one station.
    pub(super) fn normal_of(&self, block: &Block) -> Array2<f64> {
        squared(&self.rows(block)) - squared(&block.taken.view())
    }

    /// Sum of squares that a solution leaves at a station, and the station's own shift in seconds.
    pub(super) fn left(&self, block: &Block, solution: &ArrayView1<'_, f64>) -> (f64, f64) {
        let rows = self.rows(block);
        let n = rows.ncols() - 1;
        let (model, data) = rows.split_at(COLUMNS, n);
        let error = &data.column(0) - &model.dot(solution);
        let mut own = block.own.t().dot(&error);
        dense::forward(&block.own_factor, &mut own.view_mut());
        let squares = error.dot(&error) - own.dot(&own);
        dense::backward(&block.own_factor, &mut own.view_mut());
        (squares.max(0.0), own[2] * block.own_shift_sigma_s)
    }
}

/// Half the logarithm of recorded over modelled energy of the wave at a station so far: how many times too large it is, as a logarithm.
/// Noise on both sides keeps it at zero where there is no wave. Infinite where crests are recorded for troughs.
///
/// Of three times - as modelled, and two standard deviations of timing earlier and later - the one that agrees best counts, so that a
/// front a little early is no disagreement.
pub(super) fn loudness<T: ResponseTable>(
    inversion: &Inversion<T>,
    record: &Prepared,
    known: &Knowledge,
    best: &Array1<f64>,
) -> f64 {
    let reduced = inversion.reduced(record.receiver);
    let wave = modelled(reduced, best);
    let step_s = inversion.table.step_s();
    let arrival_s = reduced.first as f64 * step_s + arrival(&wave, step_s);
    let own_s = inversion.settings.travel_time_error_part * arrival_s;
    let timing_s = 2.0 * inversion.delay_sigma_s.hypot(own_s);
    let noise = record.noise.sd_m.hypot(OFFSET_SIGMA_M).powi(2);
    let mut recorded = 0.0;
    let (mut modelled, mut common) = ([0.0; 3], [0.0; 3]);
    for (k, (&t, &h)) in record.times_s.iter().zip(&record.heights_m).enumerate() {
        // Shaking is energy too, and not the model's.
        let shaking = record.shaking_m2[k];
        let floor = NOISE_PARTS * (noise + shaking);
        recorded += (h * h - shaking).max(0.0) + floor;
        for (m, shift_s) in [0.0, -timing_s, timing_s].into_iter().enumerate() {
            let place = (t - known.shift_s - shift_s) / step_s - reduced.first as f64;
            let height = Place::of(place, wave.len()).map_or(0.0, |p| p.value(&wave));
            modelled[m] += height * height + floor;
            common[m] += height * h + floor;
        }
    }
    let likeness = common
        .into_iter()
        .zip(modelled)
        .map(|(c, m)| c / (recorded * m).sqrt());
    if likeness.fold(f64::NEG_INFINITY, f64::max) < UPSIDE_DOWN {
        return f64::INFINITY;
    }
    let ratios = modelled.map(|energy| 0.5 * (recorded / energy).ln());
    let nearest = ratios
        .into_iter()
        .min_by(|a, b| a.abs().total_cmp(&b.abs()));
    nearest.unwrap_or(0.0)
}

/// `m^T m`.
fn squared(m: &ArrayView2<'_, f64>) -> Array2<f64> {
    dense::symmetric_product(m, m)
}

/// One station's equations with errors independent and of variance 1.
struct Whitened {
    /// Rows written.
    rows: usize,
    own_shift_sigma_s: f64,
}

/// Writes one station's equations into the first of the rows given, no more than one for each sample.
fn whitened<T: ResponseTable>(
    inversion: &Inversion<T>,
    record: &Prepared,
    known: &Knowledge,
    best: &Array1<f64>,
    with_shift: bool,
    mut all: ArrayViewMut2<'_, f64>,
) -> Whitened {
    let settings = &inversion.settings;
    let step_s = inversion.table.step_s();
    let reduced = inversion.reduced(record.receiver);
    let by_time = reduced.by_time();
    let patterns = inversion.basis.ncols();
    let wave = modelled(reduced, best);
    let number = record.times_s.len();
    let places: Vec<Option<Place>> = record
        .times_s
        .iter()
        .map(|t| {
            let place = (t - known.shift_s) / step_s - reduced.first as f64;
            Place::of(place, wave.len())
        })
        .collect();
    let at = |series: &[f64], place: &Option<Place>| place.map_or(0.0, |p| p.value(series));
    let modelled_m2: Vec<f64> = places.iter().map(|p| at(&wave, p).powi(2)).collect();
    let modelled_m2 = wave_power(&record.times_s, &modelled_m2, settings);
    // Amplitude of a wave of that mean square.
    let model_sd_m: Vec<f64> = record
        .power_m2
        .iter()
        .zip(&modelled_m2)
        .map(|(a, b)| settings.model_error_part * (2.0 * a.max(*b)).sqrt())
        .collect();
    let slope = derivative(&wave, step_s);
    let arrival_s = reduced.first as f64 * step_s + arrival(&wave, step_s);
    let own_shift_sigma_s = settings.travel_time_error_part * arrival_s;
    let drift = record.noise.drift_m_h / 3600.0;
    let offset = record.noise.sd_m.hypot(OFFSET_SIGMA_M);
    let errors = Errors {
        times_s: &record.times_s,
        background_sd_m: record.noise.sd_m,
        background_s: record.noise.correlation_s,
        model_sd_m: &model_sd_m,
        model_s: settings.model_error_s,
        white_m2: &record.shaking_m2,
        scale: known.scale,
    };
    let mut whitener = Whitener::new(errors, patterns + MORE);
    // Before any pattern's wave only data, offset and slope are not zero.
    let lead = places.iter().take_while(|p| p.is_none()).count();
    let mut early = Array2::<f64>::zeros((lead, 3));
    for (k, mut row) in early.rows_mut().into_iter().enumerate() {
        row[0] = record.heights_m[k];
        row[1] = offset;
        row[2] = drift * record.times_s[k];
        if let Some(row) = row.as_slice_mut() {
            whitener.row(patterns + 1, row);
        }
    }
    let short = shortened(early);
    let (mut top, mut rest) = all.view_mut().split_at(ROWS, short.nrows());
    let (mut zero, mut level) = top.view_mut().split_at(COLUMNS, patterns + 1);
    zero.fill(0.0);
    level.assign(&short);
    let samples = (lead..number).zip(rest.rows_mut());
    dense::wide(|| {
        for (k, mut row) in samples {
            let Some(row) = row.as_slice_mut() else {
                continue;
            };
            let (waves, more) = row.split_at_mut(patterns);
            let mut height = record.heights_m[k];
            let mut rate = 0.0;
            match &places[k] {
                Some(place) => {
                    interpolated(by_time, place, waves);
                    if with_shift {
                        rate = place.value(&slope);
                        height -= rate * known.shift_s;
                    }
                }
                None => waves.fill(0.0),
            }
            more.copy_from_slice(&[-rate, height, offset, drift * record.times_s[k]]);
            whitener.row(0, row);
        }
    });
    Whitened {
        rows: short.nrows() + number - lead,
        own_shift_sigma_s,
    }
}

/// Responses to the patterns between samples.
#[inline(always)]
fn interpolated(by_time: &[f32], place: &Place, to: &mut [f64]) {
    let n = to.len();
    let [a, b, c, d] = place.at.map(|j| &by_time[j * n..][..n]);
    let [p, q, r, s] = place.weights;
    let four = a.iter().zip(b).zip(c.iter().zip(d));
    for (x, ((a, b), (c, d))) in to.iter_mut().zip(four) {
        *x = (p * f64::from(*a) + q * f64::from(*b)) + (r * f64::from(*c) + s * f64::from(*d));
    }
}

/// Three rows that say the same as many: what their normal matrix is made of is all that counts.
fn shortened(rows: Array2<f64>) -> Array2<f64> {
    if rows.nrows() <= 3 {
        return rows;
    }
    let root = dense::cholesky_with_jitter(&rows.t().dot(&rows));
    root.reversed_axes()
}

/// Takes a station's offset, slope and own shift out of its whitened rows.
fn eliminated<T: ResponseTable>(
    inversion: &Inversion<T>,
    own_shift_sigma_s: f64,
    number: usize,
    range: Range<usize>,
    mut rows: ArrayViewMut2<'_, f64>,
) -> Block {
    let patterns = rows.ncols() - MORE;
    let mut own = Array2::zeros((rows.nrows(), 3));
    own.slice_axis_mut(COLUMNS, (..2).into())
        .assign(&rows.slice_axis(COLUMNS, (patterns + 2..).into()));
    own.column_mut(2)
        .scaled_add(own_shift_sigma_s, &rows.column(patterns));
    rows.column_mut(patterns)
        .mapv_inplace(|x| x * inversion.delay_sigma_s);
    let own_factor = dense::cholesky_with_jitter(&(own.t().dot(&own) + Array2::<f64>::eye(3)));
    let mut taken = Array2::<f64>::zeros((3, patterns + 2));
    dense::wide(|| {
        for (own, row) in own.rows().into_iter().zip(rows.rows()) {
            let Some(row) = row.to_slice() else { continue };
            for (part, mut taken) in own.iter().zip(taken.rows_mut()) {
                if let Some(taken) = taken.as_slice_mut() {
                    dense::add_scaled(taken, *part, row);
                }
            }
        }
    });
    // The factor's inverse, row by row.
    for i in 0..3 {
        let (done, mut rest) = taken.view_mut().split_at(ROWS, i);
        let mut row = rest.row_mut(0);
        for (j, done) in done.rows().into_iter().enumerate() {
            row.scaled_add(-own_factor[[i, j]], &done);
        }
        row /= own_factor[[i, i]];
    }
    Block {
        rows: range,
        number,
        own,
        own_factor,
        taken,
        own_shift_sigma_s,
    }
}

/// The wave that a solution means at a receiver, from its first sample on.
fn modelled(reduced: &Reduced, solution: &Array1<f64>) -> Vec<f64> {
    let responses = &reduced.by_pattern;
    let mut wave = vec![0.0f32; responses.ncols()];
    dense::wide(|| {
        for (response, part) in responses.rows().into_iter().zip(solution) {
            if let Some(response) = response.to_slice() {
                dense::add_scaled(&mut wave, *part as f32, response);
            }
        }
    });
    wave.into_iter().map(f64::from).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_before_the_wave_are_shortened_without_loss() {
        // Data, offset and slope.
        for many in [2, 3, 9] {
            let rows = Array2::from_shape_fn((many, 3), |(i, j)| ((i * 5 + j * 3) as f64).sin());
            let short = shortened(rows.clone());
            let off = rows.t().dot(&rows) - short.t().dot(&short);
            assert!(
                short.nrows() == many.min(3) && off.iter().all(|d| d.abs() < 1e-8),
                "{off}"
            );
        }
    }
}
