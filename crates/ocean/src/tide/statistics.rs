//! Noise of a station from its own record before the event, the tide taken out.

use super::median;
use crate::inversion::Noise;

/// Stretch before the event that the noise is taken from, seconds.
const STRETCH_S: f64 = 86_400.0;
/// What changes more slowly than this is no tsunami, seconds: means over it are taken out.
const SLOW_S: f64 = 3.0 * 3600.0;
/// Samples farther out than this many scaled median deviations are waves of earlier events or spikes.
const REJECT: f64 = 5.0;
/// Longest memory that is told, seconds.
const MEMORY_MAX_S: f64 = 3600.0;
/// Least standard deviation that is told, metres: half of what NDBC's files resolve.
const SD_MIN_M: f64 = 0.0005;
/// Least drift that is told, metres an hour.
const DRIFT_MIN_M_H: f64 = 0.001;
/// Sampling intervals by which instruments are told apart, seconds.
const CLASSES_S: [f64; 5] = [5.0, 30.0, 90.0, 600.0, 3600.0];

/// Noise of a station's samples that follow each other at one interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalNoise {
    /// Median interval, seconds.
    pub interval_s: f64,
    /// Standard deviation in the band of tsunamis, metres.
    pub sd_m: f64,
    /// How many samples it was taken from.
    pub samples: usize,
}

/// Noise from a residual that ends at time 0; `drift_m_h` is what the tide's own uncertainty adds.
pub(super) fn of(left: &[(f64, f64)], drift_m_h: f64) -> (Noise, Vec<IntervalNoise>) {
    let end = left.last().map_or(0.0, |s| s.0);
    let from = left.partition_point(|s| s.0 < end - STRETCH_S);
    let recent = &left[from..];
    let slow = running_mean(recent);
    let fast: Vec<(f64, f64)> = recent
        .iter()
        .zip(&slow)
        .map(|(s, m)| (s.0, s.1 - m))
        .collect();
    let limit =
        REJECT * (1.4826 * median(fast.iter().map(|s| s.1.abs()).collect())).max(2.0 * SD_MIN_M);
    let fast: Vec<(f64, f64)> = fast.into_iter().filter(|s| s.1.abs() <= limit).collect();
    let sd_m = deviation(fast.iter().map(|s| s.1)).max(SD_MIN_M);
    let noise = Noise {
        sd_m,
        correlation_s: memory_s(&fast),
        drift_m_h: drift_m_h.hypot(drift(recent, &slow)).max(DRIFT_MIN_M_H),
    };
    (noise, classes(&fast))
}

fn deviation(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(s, c), v| (s + v * v, c + 1));
    (sum / count.max(1) as f64).sqrt()
}

/// Mean within half of [`SLOW_S`] on either side.
fn running_mean(samples: &[(f64, f64)]) -> Vec<f64> {
    let (mut from, mut to, mut sum) = (0, 0, 0.0);
    samples
        .iter()
        .map(|&(t, _)| {
            while to < samples.len() && samples[to].0 <= t + 0.5 * SLOW_S {
                sum += samples[to].1;
                to += 1;
            }
            while samples[from].0 < t - 0.5 * SLOW_S {
                sum -= samples[from].1;
                from += 1;
            }
            sum / (to - from) as f64
        })
        .collect()
}

/// How fast the slow part moves, metres an hour: from its changes over [`SLOW_S`].
fn drift(samples: &[(f64, f64)], slow: &[f64]) -> f64 {
    let mut later = 0;
    let changes = samples.iter().zip(slow).filter_map(|(s, m)| {
        while later < samples.len() && samples[later].0 < s.0 + SLOW_S {
            later += 1;
        }
        slow.get(later).map(|n| n - m)
    });
    deviation(changes.collect::<Vec<_>>().into_iter()) / (SLOW_S / 3600.0)
}

/// Memory from the correlation of neighbours at the commonest interval, seconds.
fn memory_s(fast: &[(f64, f64)]) -> f64 {
    let interval = median(fast.windows(2).map(|w| w[1].0 - w[0].0).collect());
    let (mut products, mut squares, mut pairs) = (0.0, 0.0, 0usize);
    for w in fast.windows(2) {
        if (w[1].0 - w[0].0) <= 1.5 * interval && w[1].0 > w[0].0 {
            products += w[0].1 * w[1].1;
            squares += 0.5 * (w[0].1.powi(2) + w[1].1.powi(2));
            pairs += 1;
        }
    }
    if pairs < 10 || squares <= 0.0 || interval <= 0.0 {
        return 0.0;
    }
    let r = products / squares;
    if r <= 0.05 {
        0.0
    } else {
        (-interval / r.min(0.999).ln()).min(MEMORY_MAX_S)
    }
}

/// Standard deviation by the interval since the sample before.
fn classes(fast: &[(f64, f64)]) -> Vec<IntervalNoise> {
    let mut found = Vec::new();
    let mut above = 0.0;
    for limit in CLASSES_S {
        let (intervals, squares): (Vec<f64>, Vec<f64>) = fast
            .windows(2)
            .map(|w| (w[1].0 - w[0].0, w[1].1))
            .filter(|(step, _)| *step > above && *step <= limit)
            .unzip();
        if intervals.len() >= 5 {
            found.push(IntervalNoise {
                samples: intervals.len(),
                sd_m: deviation(squares.into_iter()).max(SD_MIN_M),
                interval_s: median(intervals),
            });
        }
        above = limit;
    }
    found
}
