//! A station's record made ready: averaged, its shaking measured, its faults named.

use super::{InversionError, Settings};

/// Largest height that is taken for one, metres: no tsunami at a sensor has come near it; codes for "missing" lie beyond.
const ABSURD_M: f64 = 50.0;
/// Equal heights in a row, after averaging, that mean a stuck instrument.
const STUCK_SAMPLES: usize = 10;
/// Averages that a record must have.
const SAMPLES_MIN: usize = 3;
/// How long before the origin a record is used, seconds: it ties the level down.
const BEFORE_S: f64 = 1800.0;
/// Resolution of sea-level instruments, metres: a millimetre in NDBC's files.
const RESOLUTION_M: f64 = 0.001;
/// Averages on either side over which shaking is measured.
const SHAKING_REACH: usize = 4;
/// A pause of this many intervals ends a window in which shaking is measured.
const PAUSE_INTERVALS: f64 = 3.0;

/// Noise of one station, measured before the event by [`crate::tide`].
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Noise {
    /// Standard deviation of the de-tided record in the band of tsunamis, metres.
    pub sd_m: f64,
    /// Time over which it stays alike (1/e), seconds.
    pub correlation_s: f64,
    /// How fast what was taken for tide may drift from the truth, metres an hour (standard deviation).
    pub drift_m_h: f64,
}

impl Noise {
    /// For a station of which nothing is known from before the event (assumed): 1 cm, ten minutes, 2 cm an hour. A
    /// bottom pressure recorder is ten times better, a tide gauge in a harbour is like this.
    pub fn assumed() -> Self {
        Noise {
            sd_m: 0.01,
            correlation_s: 600.0,
            drift_m_h: 0.02,
        }
    }

    fn usable(&self) -> bool {
        [self.sd_m, self.correlation_s, self.drift_m_h]
            .iter()
            .all(|v| v.is_finite() && *v >= 0.0)
    }
}

/// What one station has recorded so far, tide removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Index of the station among the table's receivers.
    pub receiver: usize,
    /// Times of the samples, seconds after the origin; any order and spacing, negative before the event.
    pub times_s: Vec<f64>,
    /// Heights above the tide, metres; not a number where the instrument gave none.
    pub heights_m: Vec<f64>,
    /// The station's noise.
    pub noise: Noise,
    /// True for an instrument that stands on the ground: a pressure sensor on the sea floor, a tide gauge. It measures the sea
    /// surface less the rise of the ground under it. False for one that knows where it is (a GPS buoy).
    pub on_the_ground: bool,
}

/// Whether a station was used, and why not.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Verdict {
    /// Its data fit.
    Used,
    /// Its data fit badly; they count less, by this factor in variance.
    DownWeighted {
        /// At least 1.
        factor: f64,
    },
    /// What it says cannot be reconciled with the other stations and the model; left out.
    Contradicts,
    /// It repeats one value.
    Stuck,
    /// Most of its values are no sea levels.
    Absurd,
    /// Too few values.
    TooFew,
}

impl Verdict {
    /// True when its data count.
    pub fn counts(&self) -> bool {
        matches!(self, Verdict::Used | Verdict::DownWeighted { .. })
    }
}

/// A record averaged over the settings' interval, with what its samples may be wrong by.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) receiver: usize,
    pub(super) noise: Noise,
    pub(super) on_the_ground: bool,
    pub(super) times_s: Vec<f64>,
    pub(super) heights_m: Vec<f64>,
    /// Variance of each average that has no memory: shaking and resolution, square metres.
    pub(super) shaking_m2: Vec<f64>,
    /// Mean square of the wave as recorded, over the settings' reach, square metres.
    pub(super) power_m2: Vec<f64>,
    /// `None` when the record is usable.
    pub(super) fault: Option<Verdict>,
}

impl Prepared {
    pub(super) fn new(
        record: &Record,
        settings: &Settings,
        end_s: f64,
    ) -> Result<Self, InversionError> {
        let receiver = record.receiver;
        if record.times_s.len() != record.heights_m.len() {
            return Err(InversionError::Lengths {
                receiver,
                times: record.times_s.len(),
                heights: record.heights_m.len(),
            });
        }
        if !record.noise.usable() {
            return Err(InversionError::Noise { receiver });
        }
        let mut samples: Vec<(f64, f64)> = record
            .times_s
            .iter()
            .zip(&record.heights_m)
            .map(|(&t, &h)| (t, h))
            .filter(|(t, h)| (-BEFORE_S..=end_s).contains(t) && h.is_finite())
            .collect();
        samples.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all = samples.len();
        samples.retain(|s| s.1.abs() <= ABSURD_M);
        let absurd = 2 * samples.len() < all;
        let (times_s, heights_m) = averaged(&samples, settings.interval_s);
        let fault = if absurd {
            Some(Verdict::Absurd)
        } else if times_s.len() < SAMPLES_MIN || times_s.last().is_none_or(|&t| t <= 0.0) {
            Some(Verdict::TooFew)
        } else if stuck(&times_s, &heights_m) {
            Some(Verdict::Stuck)
        } else {
            None
        };
        let shaking_m2 = shaking(&times_s, &heights_m, settings.interval_s);
        let power_m2 = power(&times_s, &heights_m, &shaking_m2, settings);
        Ok(Prepared {
            receiver,
            noise: record.noise,
            on_the_ground: record.on_the_ground,
            times_s,
            heights_m,
            shaking_m2,
            power_m2,
            fault,
        })
    }
}

/// Means over intervals of `interval_s`, each at the mean of its times.
fn averaged(samples: &[(f64, f64)], interval_s: f64) -> (Vec<f64>, Vec<f64>) {
    let interval = |t: f64| (t / interval_s).floor();
    samples
        .chunk_by(|a, b| interval(a.0) == interval(b.0))
        .map(|bin| {
            let count = bin.len() as f64;
            let (t, h) = bin.iter().fold((0.0, 0.0), |(t, h), s| (t + s.0, h + s.1));
            (t / count, h / count)
        })
        .unzip()
}

/// True when the last values after the origin are one and the same.
fn stuck(times_s: &[f64], heights_m: &[f64]) -> bool {
    let after = times_s.partition_point(|&t| t < 0.0);
    let last = &heights_m[after..];
    last.len() >= STUCK_SAMPLES
        && last[last.len() - STUCK_SAMPLES..]
            .iter()
            .all(|h| *h == last[last.len() - 1])
}

/// Variance of what changes from one average to the next in a way no tsunami does: the fourth divided difference over five
/// averages, scaled so that for unrelated errors its mean square is their variance, averaged over the neighbourhood. It is
/// blind to cubics, so that a wave of amplitude A and period P minutes leaks by A (2 pi / P)^4 / 8.4 only (one-minute
/// averages): 2 % of a ten-minute wave. Shaking from Rayleigh waves (periods of 15-60 s) and acoustic waves is
/// aliased to all frequencies by averaging and counts in full.
fn shaking(times_s: &[f64], heights_m: &[f64], interval_s: f64) -> Vec<f64> {
    let n = times_s.len();
    let squares: Vec<Option<f64>> = (0..n)
        .map(|first| {
            let t = times_s.get(first..first + 5)?;
            let pause = t
                .windows(2)
                .any(|w| w[1] - w[0] > PAUSE_INTERVALS * interval_s);
            if pause {
                return None;
            }
            let weights: [f64; 5] = std::array::from_fn(|k| {
                let apart = (0..5)
                    .filter(|&m| m != k)
                    .map(|m| (t[k] - t[m]) / interval_s);
                1.0 / apart.product::<f64>()
            });
            let norm = weights.iter().map(|w| w * w).sum::<f64>();
            let sum: f64 = weights
                .iter()
                .zip(&heights_m[first..])
                .map(|(w, h)| w * h)
                .sum();
            Some(sum * sum / norm).filter(|s| s.is_finite())
        })
        .collect();
    (0..n)
        .map(|k| {
            // Windows that begin at k - 2 are centred on k.
            let from = k.saturating_sub(2 + SHAKING_REACH);
            let to = (k + SHAKING_REACH)
                .saturating_sub(2)
                .min(n.saturating_sub(1));
            let near = squares[from..=to.max(from)].iter().flatten();
            let (sum, count) = near.fold((0.0, 0usize), |(s, c), q| (s + q, c + 1));
            sum / count.max(1) as f64 + RESOLUTION_M * RESOLUTION_M
        })
        .collect()
}

/// Mean square of the heights beyond their shaking within the settings' reach of each, or what is left of an earlier one.
fn power(times_s: &[f64], heights_m: &[f64], shaking_m2: &[f64], settings: &Settings) -> Vec<f64> {
    let beyond: Vec<f64> = heights_m
        .iter()
        .zip(shaking_m2)
        .map(|(h, s)| (h * h - s).max(0.0))
        .collect();
    wave_power(times_s, &beyond, settings)
}

/// Mean of the squares within the settings' reach of each time, and not less than what is left of an earlier one: the first
/// waves leave a coda behind, which models get wrong by a part of what it came from.
pub(super) fn wave_power(times_s: &[f64], squares: &[f64], settings: &Settings) -> Vec<f64> {
    let mut power = mean_within(times_s, squares, settings.error_reach_s);
    for k in 1..power.len() {
        let left = (-(times_s[k] - times_s[k - 1]) / settings.coda_s).exp();
        power[k] = power[k].max(power[k - 1] * left);
    }
    power
}

/// Mean of the values within `reach_s` of each time.
fn mean_within(times_s: &[f64], values: &[f64], reach_s: f64) -> Vec<f64> {
    let (mut from, mut to, mut sum) = (0, 0, 0.0);
    times_s
        .iter()
        .map(|&t| {
            while to < values.len() && times_s[to] <= t + reach_s {
                sum += values[to];
                to += 1;
            }
            while times_s[from] < t - reach_s {
                sum -= values[from];
                from += 1;
            }
            // Rounding of the running sum must not turn it negative.
            (sum / (to - from) as f64).max(0.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(period_s: f64) -> Vec<(f64, f64)> {
        (0..120)
            .map(|k| {
                let t = 60.0 * f64::from(k);
                (t, (std::f64::consts::TAU * t / period_s).sin())
            })
            .collect()
    }

    fn prepared(samples: &[(f64, f64)]) -> Prepared {
        let record = Record {
            receiver: 0,
            times_s: samples.iter().map(|s| s.0).collect(),
            heights_m: samples.iter().map(|s| s.1).collect(),
            noise: Noise::assumed(),
            on_the_ground: true,
        };
        Prepared::new(&record, &Settings::default(), 86_400.0).unwrap()
    }

    #[test]
    fn shaking_is_told_from_waves() {
        let quiet = prepared(&wave(900.0));
        assert!(
            quiet.shaking_m2[60].sqrt() < 0.01,
            "{}",
            quiet.shaking_m2[60]
        );
        assert!((quiet.power_m2[60] - 0.5).abs() < 0.15);
        // Alternating errors of 0.1 m on the first half.
        let mut shaken = wave(900.0);
        let mut noise = super::super::quasi::Normals::new(1);
        for s in shaken.iter_mut().take(60) {
            s.1 += 0.1 * noise.next().unwrap();
        }
        let shaken = prepared(&shaken);
        let mean = shaken.shaking_m2[5..50].iter().sum::<f64>() / 45.0;
        assert!((0.07..0.13).contains(&mean.sqrt()), "{}", mean.sqrt());
        assert!(shaken.shaking_m2[80].sqrt() < 0.01);
    }

    #[test]
    fn faults_are_named() {
        let fault = |f: &dyn Fn(usize, f64) -> f64| {
            let mut samples = wave(1200.0);
            for (k, s) in samples.iter_mut().enumerate() {
                s.1 = f(k, s.1);
            }
            prepared(&samples).fault
        };
        assert_eq!(fault(&|_, h| h), None);
        assert_eq!(fault(&|_, _| 0.25), Some(Verdict::Stuck));
        assert_eq!(
            fault(&|k, h| if k > 100 { 0.0 } else { h }),
            Some(Verdict::Stuck)
        );
        assert_eq!(fault(&|_, h| 9999.0 + h), Some(Verdict::Absurd));
        assert_eq!(fault(&|_, _| f64::NAN), Some(Verdict::TooFew));
        // A few codes among good values are only dropped.
        assert_eq!(fault(&|k, h| if k % 5 == 0 { -999.0 } else { h }), None);
    }

    #[test]
    fn order_duplicates_and_gaps_do_not_matter() {
        let mut samples = wave(1200.0);
        let reference = prepared(&samples);
        samples.push(samples[7]);
        samples.reverse();
        assert_eq!(prepared(&samples).times_s, reference.times_s);
        samples.retain(|s| !(1800.0..3600.0).contains(&s.0));
        let gap = prepared(&samples);
        assert!(gap.shaking_m2.iter().all(|s| s.is_finite()) && gap.fault.is_none());
    }
}
