//! How well a modelled series agrees with what was recorded.
//!
//! | figure | definition |
//! |---|---|
//! | variance reduction | 1 - sum (model - observed)^2 / sum observed^2 at whole minutes; 1 is perfect, below 0 is worse than silence |
//! | peak ratio | largest modelled over largest observed height |
//! | arrival difference | modelled less observed instant at which a fifth of its own largest height is first exceeded |
//! | Aida's K, kappa | geometric mean and spread of observed over modelled peaks at several stations (Aida 1978); the Japan Society of Civil Engineers asks for 0.95 < K < 1.05, kappa < 1.45 |
//!
//! All within one window, [`WINDOW_S`] long from the record's first rise on, so that the earthquake's own
//! shaking of the sensor, which comes before, does not count. Both are read at whole minutes but for their peaks, the record
//! linearly between its samples: one that changes from minutes to seconds must not weigh its fast part more.

use serde::Serialize;

/// How long a comparison lasts, seconds: the first waves, before coasts have sent back what grids cannot
/// hold.
pub const WINDOW_S: f64 = 2.5 * 3600.0;
/// Part of a series' largest height whose first passage is its arrival here.
const ARRIVAL_PART: f64 = 0.2;
/// Part of its largest height at which a record's tsunami has begun.
const RISE_PART: f64 = 0.1;
/// Part of the modelled arrival from which on the record's is looked for: before it the earthquake shakes.
const EARLY_PART: f64 = 0.95;
/// Step at which both are read, seconds.
const MINUTE_S: f64 = 60.0;
/// Longest pause between samples that is bridged, seconds.
const PAUSE_S: f64 = 180.0;
/// Fewest minutes that are compared.
const MINUTES_MIN: usize = 10;

/// Agreement at one station.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Skill {
    /// Start of the comparison, seconds after the origin.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
    /// Variance reduction.
    pub variance_reduction: f64,
    /// Largest observed height, metres.
    pub observed_peak_m: f64,
    /// Largest modelled height, metres.
    pub modelled_peak_m: f64,
    /// Modelled over observed peak.
    pub peak_ratio: f64,
    /// Instant of the observed peak, seconds after the origin.
    pub observed_peak_s: f64,
    /// Instant of the modelled peak, seconds after the origin.
    pub modelled_peak_s: f64,
    /// Modelled less observed arrival, seconds: positive when the model is late.
    pub arrival_difference_s: Option<f64>,
}

/// A modelled series: heights at multiples of a step.
#[derive(Debug, Clone, Copy)]
pub struct Modelled<'a> {
    /// Step, seconds.
    pub step_s: f64,
    /// Heights, metres.
    pub heights_m: &'a [f32],
}

impl Modelled<'_> {
    /// The height at an instant, interpolated; `None` outside the series.
    pub fn at(&self, seconds: f64) -> Option<f64> {
        let x = seconds / self.step_s;
        if x.is_nan() || x < 0.0 {
            return None;
        }
        let k = x.floor() as usize;
        let low = f64::from(*self.heights_m.get(k)?);
        let high = f64::from(*self.heights_m.get(k + 1).unwrap_or(&self.heights_m[k]));
        Some(low + (x - k as f64) * (high - low))
    }

    /// Length of the series, seconds.
    fn end_s(&self) -> f64 {
        self.heights_m.len().saturating_sub(1) as f64 * self.step_s
    }
}

/// Compares a series with a record (seconds after the origin, metres above the tide; sorted) from the
/// record's own first rise on: when, about the modelled arrival or later, it first exceeds a tenth of its
/// largest height. `None` when the two hardly overlap, or nothing was recorded but zeros.
pub fn compare(model: Modelled<'_>, record: &[(f64, f64)], arrival_s: f64) -> Option<Skill> {
    let search_s = EARLY_PART * arrival_s;
    let near = |t: f64| (search_s..=arrival_s + WINDOW_S).contains(&t);
    let largest = record
        .iter()
        .filter(|s| near(s.0))
        .map(|s| s.1)
        .fold(0.0, f64::max);
    let rise = record
        .iter()
        .find(|s| near(s.0) && s.1 > RISE_PART * largest);
    let from_s = rise.map_or(arrival_s, |s| s.0).max(0.0);
    between(
        model,
        record,
        from_s,
        (from_s + WINDOW_S).min(model.end_s()),
    )
}

/// As [`compare`], for a window of one's own.
pub fn between(
    model: Modelled<'_>,
    record: &[(f64, f64)],
    from_s: f64,
    to_s: f64,
) -> Option<Skill> {
    let known: Vec<(f64, f64)> = record.iter().copied().filter(|s| s.1.is_finite()).collect();
    let minutes =
        (from_s / MINUTE_S).ceil().max(0.0) as u32..=(to_s / MINUTE_S).floor().max(0.0) as u32;
    let (observed, modelled): (Vec<_>, Vec<_>) = minutes
        .map(|minute| f64::from(minute) * MINUTE_S)
        .filter_map(|t| Some(((t, between_samples(&known, t)?), (t, model.at(t)?))))
        .unzip();
    if observed.len() < MINUTES_MIN {
        return None;
    }
    let (mut errors, mut power) = (0.0, 0.0);
    for ((_, observed), (_, modelled)) in observed.iter().zip(&modelled) {
        errors += (modelled - observed).powi(2);
        power += observed * observed;
    }
    // Peaks as they were sampled: whole minutes would cut the tops off short waves.
    let window = |s: &&(f64, f64)| (from_s..=to_s).contains(&s.0);
    let tops: Vec<(f64, f64)> = known.iter().filter(window).copied().collect();
    let (observed_peak_s, observed_peak_m) = peak(&tops)?;
    let steps = 0..model.heights_m.len();
    let own: Vec<(f64, f64)> = steps
        .map(|k| (k as f64 * model.step_s, f64::from(model.heights_m[k])))
        .filter(|s| window(&s))
        .collect();
    let (modelled_peak_s, modelled_peak_m) = peak(&own)?;
    if !(power > 0.0 && observed_peak_m > 0.0) {
        return None;
    }
    let arrival = |series: &[(f64, f64)]| {
        let threshold = ARRIVAL_PART * peak(series)?.1;
        passage(series, threshold)
    };
    Some(Skill {
        from_s,
        to_s,
        variance_reduction: 1.0 - errors / power,
        observed_peak_m,
        modelled_peak_m,
        peak_ratio: modelled_peak_m / observed_peak_m,
        observed_peak_s,
        modelled_peak_s,
        arrival_difference_s: arrival(&modelled)
            .zip(arrival(&observed))
            .map(|(m, o)| m - o),
    })
}

/// A record's height at an instant, between two samples that are not too far apart.
fn between_samples(record: &[(f64, f64)], seconds: f64) -> Option<f64> {
    let k = record.partition_point(|s| s.0 < seconds);
    let after = record.get(k)?;
    let before = record[k.saturating_sub(1)];
    let apart = after.0 - before.0;
    if apart <= 0.0 {
        return (after.0 == seconds).then_some(after.1);
    }
    let part = (seconds - before.0) / apart;
    (apart <= PAUSE_S).then_some(before.1 + part * (after.1 - before.1))
}

/// Instant and height of the largest sample.
fn peak(series: &[(f64, f64)]) -> Option<(f64, f64)> {
    series.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))
}

/// First instant at which a series exceeds a height, interpolated.
fn passage(series: &[(f64, f64)], height: f64) -> Option<f64> {
    let k = series.iter().position(|s| s.1 > height)?;
    let here = series[k];
    let Some(before) = k.checked_sub(1).map(|k| series[k]) else {
        return Some(here.0);
    };
    let part = (height - before.1) / (here.1 - before.1);
    Some(before.0 + part.clamp(0.0, 1.0) * (here.0 - before.0))
}

/// Aida's K and kappa of several stations' (observed, modelled) peaks; `None` for fewer than two usable
/// pairs.
pub fn aida(peaks: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    let logs: Vec<f64> = peaks
        .filter(|(o, m)| *o > 0.0 && *m > 0.0)
        .map(|(o, m)| (o / m).log10())
        .collect();
    if logs.len() < 2 {
        return None;
    }
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let variance = (logs.iter().map(|l| l * l).sum::<f64>() / n - mean * mean).max(0.0);
    Some((10f64.powf(mean), 10f64.powf(variance.sqrt())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(delay_s: f64, factor: f64) -> Vec<f32> {
        (0..1200)
            .map(|k| {
                let t = 15.0 * f64::from(k) - 3600.0 - delay_s;
                let rises = f64::from(t > 0.0);
                (rises * factor * (std::f64::consts::TAU * t / 1800.0).sin()) as f32
            })
            .collect()
    }

    fn record() -> Vec<(f64, f64)> {
        wave(0.0, 1.0)
            .iter()
            .enumerate()
            .map(|(k, &h)| (15.0 * k as f64, f64::from(h)))
            .collect()
    }

    #[test]
    fn a_perfect_model_scores_one() {
        let s = compare(
            Modelled {
                step_s: 15.0,
                heights_m: &wave(0.0, 1.0),
            },
            &record(),
            3600.0,
        )
        .expect("overlap");
        assert!(s.variance_reduction > 0.9999 && (s.peak_ratio - 1.0).abs() < 1e-6);
        assert!(s.arrival_difference_s.expect("an arrival").abs() < 10.0);
    }

    #[test]
    fn lateness_and_height_are_measured() {
        let s = compare(
            Modelled {
                step_s: 15.0,
                heights_m: &wave(120.0, 0.5),
            },
            &record(),
            3600.0,
        )
        .expect("overlap");
        assert!((s.peak_ratio - 0.5).abs() < 1e-3);
        assert!(
            (s.arrival_difference_s.expect("an arrival") - 120.0).abs() < 20.0,
            "{s:?}"
        );
        assert!(s.variance_reduction < 0.8);
    }

    #[test]
    fn too_little_to_compare_is_no_figure() {
        let heights = wave(0.0, 1.0);
        let model = Modelled {
            step_s: 15.0,
            heights_m: &heights,
        };
        assert_eq!(compare(model, &record()[..250], 3600.0), None);
        assert_eq!(compare(model, &[], 0.0), None);
        let silent: Vec<(f64, f64)> = record().iter().map(|s| (s.0, 0.0)).collect();
        assert_eq!(compare(model, &silent, 3600.0), None);
        assert_eq!(model.at(-1.0), None);
        assert_eq!(model.at(f64::NAN), None);
    }

    #[test]
    fn aida_of_a_model_that_is_half_as_high() {
        let (k, kappa) = aida([(2.0, 1.0), (4.0, 2.0), (1.0, 0.5)].into_iter()).expect("three");
        assert!((k - 2.0).abs() < 1e-9 && (kappa - 1.0).abs() < 1e-6);
        assert_eq!(aida([(2.0, 1.0)].into_iter()), None);
    }
}
