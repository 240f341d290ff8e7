//! The samples of a posterior as waves at one receiver: what matters of each, their variance and their median.

use ndarray::Array2;

use super::dense;
use super::outlook::ARRIVAL_PART;

/// The samples' series at one receiver.
pub(super) struct Waves<'a> {
    /// Series of the posterior's parts, one a row.
    pub(super) parts: Array2<f32>,
    /// See [`super::Posterior`].
    pub(super) pairs: &'a [(usize, usize)],
}

impl Waves<'_> {
    pub(super) fn part(&self, k: usize) -> &[f32] {
        let n = self.parts.ncols();
        let all = self.parts.as_slice().unwrap_or_default();
        all.get(k * n..(k + 1) * n).unwrap_or_default()
    }

    /// What matters of each sample's series, and their median, time by time.
    pub(super) fn sketches(&self) -> (Vec<Sketch>, Vec<f32>) {
        let n = self.parts.ncols();
        let mut sketches = Vec::with_capacity(2 * self.pairs.len());
        let mut all = vec![0.0f32; 2 * self.pairs.len() * n];
        let mut middle = Vec::new();
        dense::wide(|| {
            let mut rows = all.chunks_exact_mut(n);
            for &(mean, off) in self.pairs {
                for (sign, series) in [1.0, -1.0].into_iter().zip(&mut rows) {
                    let both = self.part(mean).iter().zip(self.part(off));
                    for (x, (mean, off)) in series.iter_mut().zip(both) {
                        *x = mean + sign * off;
                    }
                    sketches.push(Sketch::of(series));
                }
            }
            middle = median(&mut all, n);
        });
        (sketches, middle)
    }

    /// Variance over all samples, time by time.
    pub(super) fn variance(&self) -> Vec<f32> {
        let n = self.parts.ncols();
        let (mut mean, mut variance) = (vec![0.0f32; n], vec![0.0f32; n]);
        let each = 1.0 / self.pairs.len().max(1) as f32;
        dense::wide(|| {
            for alike in self.pairs.chunk_by(|a, b| a.0 == b.0) {
                let weight = each * alike.len() as f32;
                dense::add_scaled(&mut mean, weight, self.part(alike[0].0));
            }
            for alike in self.pairs.chunk_by(|a, b| a.0 == b.0) {
                let weight = each * alike.len() as f32;
                let both = mean.iter().zip(self.part(alike[0].0));
                for (v, (mean, own)) in variance.iter_mut().zip(both) {
                    *v += weight * (own - mean) * (own - mean);
                }
                for &(_, off) in alike {
                    for (v, off) in variance.iter_mut().zip(self.part(off)) {
                        *v += each * off * off;
                    }
                }
            }
        });
        variance
    }
}

/// The median of an even number of rows, column by column; the rows are left sorted. Batcher's odd-even merges (Knuth, The Art of Computer
/// Programming 3, 5.2.2, algorithm M) exchange whole rows, whatever stands in them, so that the compiler takes several columns at once.
#[inline(always)]
fn median(rows: &mut [f32], n: usize) -> Vec<f32> {
    let count = rows.len().checked_div(n).unwrap_or(0);
    let mut p = 1;
    while p < count {
        let mut k = p;
        while k >= 1 {
            for j in (k % p..count - k).step_by(2 * k) {
                for i in j..(j + k).min(count - k) {
                    if i / (2 * p) == (i + k) / (2 * p) {
                        let (low, high) = rows.split_at_mut((i + k) * n);
                        ordered(&mut low[i * n..][..n], &mut high[..n]);
                    }
                }
            }
            k /= 2;
        }
        p *= 2;
    }
    let mut middle = rows.chunks_exact(n).skip((count / 2).saturating_sub(1));
    match (middle.next(), middle.next()) {
        (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| 0.5 * (a + b)).collect(),
        _ => vec![0.0; n],
    }
}

#[inline(always)]
fn ordered(low: &mut [f32], high: &mut [f32]) {
    for (a, b) in low.iter_mut().zip(high) {
        (*a, *b) = if *b < *a { (*b, *a) } else { (*a, *b) };
    }
}

/// What matters of one sample's series.
pub(super) struct Sketch {
    pub(super) highest: f64,
    pub(super) largest: f64,
    /// In steps.
    pub(super) arrival: f64,
    /// In steps.
    pub(super) peak: f64,
}

impl Sketch {
    #[inline(always)]
    fn of(series: &[f32]) -> Self {
        let (lowest, highest) = extremes(series);
        let largest = highest.max(-lowest);
        let threshold = ARRIVAL_PART as f32 * largest;
        let first = series.iter().position(|x| x.abs() > threshold);
        let arrival = first.map_or(0.0, |k| {
            let before = if k > 0 { series[k - 1].abs() } else { 0.0 };
            let rise = series[k].abs() - before;
            k as f64
                - f64::from(if rise > 0.0 {
                    (series[k].abs() - threshold) / rise
                } else {
                    0.0
                })
        });
        let peak = series
            .iter()
            .position(|&x| x == highest && x > 0.0)
            .unwrap_or(0);
        Sketch {
            highest: f64::from(highest),
            largest: f64::from(largest),
            arrival: arrival.max(0.0),
            peak: peak as f64,
        }
    }
}

/// Lowest and highest value, zero at least between them. In lanes, which the compiler turns into wide instructions.
#[inline(always)]
fn extremes(series: &[f32]) -> (f32, f32) {
    let (mut low, mut high) = ([0.0f32; 8], [0.0f32; 8]);
    let (eights, rest) = series.as_chunks::<8>();
    for eight in eights {
        for ((l, h), &x) in low.iter_mut().zip(&mut high).zip(eight) {
            *l = if x < *l { x } else { *l };
            *h = if x > *h { x } else { *h };
        }
    }
    let both = rest.iter().chain(&low).chain(&high);
    both.fold((0.0, 0.0), |(l, h), &x| (x.min(l), x.max(h)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_have_the_variance_of_their_samples() {
        let parts = Array2::from_shape_fn((6, 20), |(i, j)| ((i * 7 + j * 3) as f32).sin());
        // Two guesses, rows 1 and 4, with two pairs and one.
        let waves = Waves {
            parts,
            pairs: &[(1, 2), (1, 3), (4, 5)],
        };
        let (sketches, median) = waves.sketches();
        for (j, variance) in waves.variance().into_iter().enumerate() {
            let samples = waves.pairs.iter().flat_map(|&(mean, off)| {
                let (mean, off) = (waves.part(mean)[j], waves.part(off)[j]);
                [mean + off, mean - off]
            });
            let samples: Vec<f32> = samples.collect();
            let mean = samples.iter().sum::<f32>() / 6.0;
            let mut sorted = samples.clone();
            sorted.sort_by(f32::total_cmp);
            assert_eq!(median[j], 0.5 * (sorted[2] + sorted[3]));
            let plain = samples.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 6.0;
            assert!((variance - plain).abs() < 1e-5, "{variance} {plain}");
            for (x, sketch) in samples.iter().zip(&sketches) {
                assert!(f64::from(*x) <= sketch.highest && f64::from(x.abs()) <= sketch.largest);
            }
        }
    }

    #[test]
    fn medians_of_rows() {
        for count in [2, 6, 64, 100] {
            let mut rows: Vec<f32> = (0..count * 3).map(|k| (k as f32 * 12.9).sin()).collect();
            let expected: Vec<f32> = (0..3)
                .map(|j| {
                    let mut column: Vec<f32> = (0..count).map(|i| rows[i * 3 + j]).collect();
                    column.sort_by(f32::total_cmp);
                    0.5 * (column[count / 2 - 1] + column[count / 2])
                })
                .collect();
            assert_eq!(median(&mut rows, 3), expected, "{count}");
        }
        assert_eq!(median(&mut [], 3), [0.0; 3]);
    }
}
