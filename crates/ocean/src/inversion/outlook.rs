//! The forecast at one receiver.

use super::dense;
use super::posterior::Posterior;
use super::waves::Waves;
use crate::forecast::{SHORE_DEPTH_M, normal};
use crate::response::ResponseTable;

/// Part of a series' largest height that its first arrival exceeds.
pub(super) const ARRIVAL_PART: f64 = 0.05;
/// Heights below this count as no wave, metres: a tenth of what deep-ocean instruments resolve.
const NOTHING_M: f64 = 1e-4;
/// Standard normal quantile of 95 %.
const QUANTILE_95: f64 = 1.644_853_626_951_472_2;

/// A value that is not exceeded with probabilities of 5, 50 and 95 %.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Range {
    /// 5 %.
    pub p05: f64,
    /// 50 %.
    pub p50: f64,
    /// 95 %.
    pub p95: f64,
}

impl Range {
    /// Of equally probable values; zeros when there are none.
    pub(super) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |p: f64| {
            let place =
                (p * values.len() as f64 - 0.5).clamp(0.0, values.len().saturating_sub(1) as f64);
            let k = place.floor() as usize;
            let low = values.get(k).copied().unwrap_or(0.0);
            let high = values.get(k + 1).copied().unwrap_or(low);
            low + (place - k as f64) * (high - low)
        };
        Range {
            p05: at(0.05),
            p50: at(0.5),
            p95: at(0.95),
        }
    }
}

/// What is forecast at a receiver, from the origin to the end of the table, and how sure that is. Heights are above the tide: at
/// the receiver's depth for a sensor, in [`SHORE_DEPTH_M`] of water for a coastal point (Green's law).
#[derive(Debug, Clone, PartialEq)]
pub struct PointOutlook {
    /// Index among the table's receivers.
    pub receiver: usize,
    /// Step of the series, seconds.
    pub step_s: f64,
    /// First arrival, seconds after the origin: when the series first exceeds a twentieth of its largest height. `None` when
    /// hardly any wave comes within the table's time.
    pub arrival_s: Option<f64>,
    /// Standard deviation of the arrival, seconds.
    pub arrival_sigma_s: f64,
    /// When the largest height comes, seconds after the origin: median.
    pub peak_s: f64,
    /// Largest height, metres.
    pub max_m: Range,
    /// The series not exceeded with a probability of 5 %, time by time, metres.
    pub p05_m: Vec<f32>,
    /// The median series, time by time, metres.
    pub p50_m: Vec<f32>,
    /// The series not exceeded with a probability of 95 %, time by time, metres.
    pub p95_m: Vec<f32>,
    /// Logarithms of the samples' largest heights, and how much each may be off.
    maxima_ln: Vec<f64>,
    sigma_ln: f64,
}

impl PointOutlook {
    pub(super) fn of<T: ResponseTable>(
        posterior: &Posterior<'_, T>,
        receiver: usize,
        factor: f64,
    ) -> Self {
        let inversion = posterior.inversion;
        let settings = &inversion.settings;
        let step_s = inversion.table.step_s();
        let place = &inversion.table.receivers()[receiver];
        let reduced = inversion.reduced(receiver);
        let waves = Waves {
            parts: posterior.parts.dot(&reduced.by_pattern),
            pairs: &posterior.pairs,
        };

        let green = if place.coastal {
            (place.depth_m.max(SHORE_DEPTH_M) / SHORE_DEPTH_M).powf(0.25)
        } else {
            1.0
        };
        let gain = green
            * if factor.is_finite() && factor > 0.0 {
                factor
            } else {
                1.0
            };
        let shore = if place.coastal {
            settings.shore_sigma_ln
        } else {
            0.0
        };
        let sigma_ln = settings.model_error_part.hypot(shore);

        let (sketches, median) = waves.sketches();
        let drawn = sketches.len();
        let maxima_ln: Vec<f64> = sketches
            .iter()
            .map(|s| (s.highest * gain).max(NOTHING_M).ln())
            .collect();
        let first = reduced.first;
        let at_s = |place: f64, k: usize| (first as f64 + place) * step_s + posterior.delay_s[k];
        let arrivals: Vec<f64> = (0..drawn)
            .filter(|&k| sketches[k].largest * gain > NOTHING_M)
            .map(|k| at_s(sketches[k].arrival, k))
            .collect();
        let some = 2 * arrivals.len() > drawn;
        let (arrival, spread_s) = middle(arrivals);
        let peaks = (0..drawn).map(|k| at_s(sketches[k].peak, k)).collect();
        let timing_s = settings.travel_time_error_part * arrival;
        let bands = Bands {
            waves: &waves,
            median: &median,
            first,
            length: inversion.table.samples(),
            delay_s: &posterior.delay_s,
            timing_s,
            step_s,
            sigma_ln,
        };
        let [p05_m, p50_m, p95_m] = bands.draw(gain);
        PointOutlook {
            receiver,
            step_s,
            arrival_s: some.then_some(arrival.max(0.0)),
            arrival_sigma_s: spread_s.hypot(timing_s).hypot(0.5 * step_s),
            peak_s: middle(peaks).0.max(0.0),
            max_m: heights(&maxima_ln, sigma_ln),
            p05_m,
            p50_m,
            p95_m,
            maxima_ln,
            sigma_ln,
        }
    }

    /// Probability that the largest height exceeds `height_m`; 1 for heights of zero and below.
    pub fn probability_above(&self, height_m: f64) -> f64 {
        if height_m <= 0.0 {
            return 1.0;
        }
        above(&self.maxima_ln, self.sigma_ln, height_m.ln())
    }
}

/// Median and spread of a series that is uncertain in shape, height and time.
struct Bands<'a> {
    waves: &'a Waves<'a>,
    /// Median of the samples' series.
    median: &'a [f32],
    /// Sample that the series begin with.
    first: usize,
    /// Samples of the bands.
    length: usize,
    delay_s: &'a [f64],
    timing_s: f64,
    step_s: f64,
    sigma_ln: f64,
}

impl Bands<'_> {
    fn draw(&self, gain: f64) -> [Vec<f32>; 3] {
        let mean_delay_s = self.delay_s.last().copied().unwrap_or(0.0);
        let drawn = self.delay_s.len() - 1;
        let delay_variance = self.delay_s[..drawn]
            .iter()
            .map(|d| (d - mean_delay_s).powi(2))
            .sum::<f64>()
            / drawn as f64;
        let time_variance = (delay_variance + self.timing_s.powi(2)) / self.step_s.powi(2);
        // Sample k of the bands lies this far after sample k of the mean: a whole number and a part.
        let off = -(self.first as f64) - mean_delay_s / self.step_s;
        let (whole, part) = (off.floor(), off - off.floor());
        let nearest = whole as isize + isize::from(part >= 0.5);
        let mean = moved(self.waves.part(0), whole as isize - 1, self.length + 2);
        let median = moved(self.median, whole as isize, self.length + 1);
        let variance = moved(&self.waves.variance(), nearest, self.length);
        let mut bands: [Vec<f32>; 3] = std::array::from_fn(|_| vec![0.0; self.length]);
        let [low, middle, high] = &mut bands;
        let bands_of = |near: &[f32], variance: f32| {
            let [a, b, c] = [near[0], near[1], near[2]].map(f64::from);
            let height = b + part * (c - b);
            let slope = 0.5 * (c - a);
            let model = self.sigma_ln * height;
            let variance = f64::from(variance) + model * model + slope * slope * time_variance;
            (gain * height, gain * QUANTILE_95 * variance.sqrt())
        };
        dense::wide(|| {
            let told = low.iter_mut().zip(middle).zip(high);
            let known = mean.windows(3).zip(median.windows(2)).zip(&variance);
            for (((low, middle), high), ((near, likely), v)) in told.zip(known) {
                let (height, spread) = bands_of(near, *v);
                let [a, b] = [likely[0], likely[1]].map(f64::from);
                let likely = gain * (a + part * (b - a));
                // A mean lies within a standard deviation of its median: the order below holds but for rounding.
                *low = (height - spread).min(likely) as f32;
                *middle = likely as f32;
                *high = (height + spread).max(likely) as f32;
            }
        });
        bands
    }
}

/// A series from its sample `from` on; zero before the first sample, the last one after the last.
fn moved(series: &[f32], from: isize, length: usize) -> Vec<f32> {
    let last = series.last().copied().unwrap_or(0.0);
    (from..from + length as isize)
        .map(|k| match usize::try_from(k) {
            Ok(k) => series.get(k).copied().unwrap_or(last),
            Err(_) => 0.0,
        })
        .collect()
}

/// Median and standard deviation; zeros when there are no values.
fn middle(values: Vec<f64>) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
    (Range::of(values).p50, variance.sqrt())
}

/// Probability that a log-normal value about one of the medians, all equally probable, exceeds a height.
fn above(medians_ln: &[f64], sigma_ln: f64, height_ln: f64) -> f64 {
    let sum: f64 = medians_ln
        .iter()
        .map(|m| {
            if sigma_ln > 0.0 {
                normal::upper_tail((height_ln - m) / sigma_ln)
            } else {
                f64::from(height_ln < *m)
            }
        })
        .sum();
    sum / medians_ln.len().max(1) as f64
}

/// The logarithm of the height that is not exceeded with probability `p`: Newton's steps within a bracket that shrinks. `start` is a
/// guess.
fn quantile(medians_ln: &[f64], sigma_ln: f64, p: f64, start: f64) -> f64 {
    let low = medians_ln.iter().copied().fold(f64::INFINITY, f64::min);
    let high = medians_ln.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !(low.is_finite() && high.is_finite()) {
        return f64::NEG_INFINITY;
    }
    let (mut a, mut b) = (low - 8.0 * sigma_ln - 1e-6, high + 8.0 * sigma_ln + 1e-6);
    let mut x = start.clamp(a, b);
    for _ in 0..60 {
        let off = 1.0 - above(medians_ln, sigma_ln, x) - p;
        if off < 0.0 {
            a = x;
        } else {
            b = x;
        }
        // Slope of the distribution; a step that leaves the bracket gives way to its middle.
        let density: f64 = medians_ln
            .iter()
            .map(|m| (-0.5 * ((x - m) / sigma_ln).powi(2)).exp())
            .sum();
        let slope = density / (medians_ln.len() as f64 * sigma_ln * std::f64::consts::TAU.sqrt());
        let step = x - off / slope;
        let next = if step > a && step < b {
            step
        } else {
            0.5 * (a + b)
        };
        if (next - x).abs() < 1e-4 || b - a < 1e-4 {
            return next;
        }
        x = next;
    }
    x
}

/// Heights not exceeded with probabilities of 5, 50 and 95 %.
fn heights(medians_ln: &[f64], sigma_ln: f64) -> Range {
    let count = medians_ln.len().max(1) as f64;
    let mean = medians_ln.iter().sum::<f64>() / count;
    let variance = medians_ln.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / count;
    let sd = (variance + sigma_ln * sigma_ln).sqrt();
    let at = |p, sigmas| quantile(medians_ln, sigma_ln, p, mean + sigmas * sd).exp();
    Range {
        p05: at(0.05, -QUANTILE_95),
        p50: at(0.5, 0.0),
        p95: at(0.95, QUANTILE_95),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_one_lognormal_are_known() {
        let one = [2f64.ln()];
        let range = heights(&one, 0.3);
        assert!(
            (range.p95 - 2.0 * (0.3 * QUANTILE_95).exp()).abs() < 1e-3,
            "{range:?}"
        );
        assert!((range.p50 - 2.0).abs() < 1e-3, "{range:?}");
        assert!((above(&one, 0.3, range.p95.ln()) - 0.05).abs() < 1e-3);
    }

    #[test]
    fn quantiles_of_mixtures_are_where_the_probability_is() {
        let many: Vec<f64> = (0..64).map(|k| (f64::from(k) * 0.7).sin() * 2.0).collect();
        for sigma in [0.0, 1e-3, 0.2, 1.0] {
            for p in [0.05, 0.5, 0.95] {
                let x = quantile(&many, sigma, p, 9.0);
                let (below, beyond) =
                    (above(&many, sigma, x - 1e-3), above(&many, sigma, x + 1e-3));
                assert!(
                    (beyond..=below).contains(&(1.0 - p)),
                    "{sigma} {p}: {x} {below} {beyond}"
                );
            }
        }
        assert_eq!(heights(&[], 0.2).p50, 0.0);
    }

    #[test]
    fn a_moved_series_begins_with_nothing_and_ends_with_its_last() {
        assert_eq!(moved(&[1.0, 2.0], -1, 5), [0.0, 1.0, 2.0, 2.0, 2.0]);
        assert_eq!(moved(&[1.0, 2.0], 1, 2), [2.0, 2.0]);
    }

    #[test]
    fn ranges_of_few_values_are_within_them() {
        let r = Range::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((r.p05, r.p50, r.p95), (1.0, 2.0, 3.0));
        assert_eq!(Range::of(Vec::new()).p50, 0.0);
    }
}
