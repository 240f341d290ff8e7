//! One detector over one record: what it called, when, and what that was.

use super::description::{Record, Sign};
use super::detectors::{Any, Which};
use serde::Serialize;

const SECOND_US: f64 = 1e6;
const DAY_S: f64 = 86_400.0;

/// What the first call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    /// The tsunami.
    Wave,
    /// Seismic waves: before the tsunami, inside the shaking window.
    Shaking,
    /// Anything else before the tsunami, or where there was none.
    False,
    /// After the time in which the record's tsunami counts.
    Later,
}

impl What {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Wave => "wave",
            Self::Shaking => "shaking",
            Self::False => "false",
            Self::Later => "later",
        }
    }
}

/// One row of the table. Times are seconds, after the earthquake's origin or else after the first sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) record: String,
    pub(super) station: String,
    pub(super) kind: &'static str,
    /// The tide was taken out beforehand.
    pub(super) detided: bool,
    pub(super) detector: &'static str,
    /// First call at or after the origin, and what it was.
    pub(super) first_s: Option<f64>,
    pub(super) first_was: Option<What>,
    /// Alarms between the origin and the tsunami.
    pub(super) early: u32,
    /// Alarms inside quiet windows.
    pub(super) false_alarms: u32,
    /// Days of data inside them.
    pub(super) quiet_days: f64,
    pub(super) false_per_day: Option<f64>,
    /// Call of the tsunami: when, after its onset, after its rise to 3 cm and after its peak (negative: before).
    pub(super) called_s: Option<f64>,
    pub(super) after_onset_s: Option<f64>,
    pub(super) after_3cm_s: Option<f64>,
    pub(super) after_peak_s: Option<f64>,
    /// Whether the truth has a tsunami to call.
    pub(super) tsunami: bool,
    pub(super) sign_right: Option<bool>,
    pub(super) amplitude_m: Option<f64>,
    /// (told - true) / true, of sizes.
    pub(super) amplitude_error: Option<f64>,
    pub(super) confidence: Option<f64>,
    /// The detector cannot work at this record's sampling.
    pub(super) cannot: bool,
}

/// Runs a detector over a record, sample by sample.
pub(super) fn score(record: &Record, samples: &[(i64, f64)], which: Which) -> Row {
    let first_us = samples.first().map_or(0, |sample| sample.0);
    let zero_us = record.origin_us.unwrap_or(first_us);
    let mut detector = Any::new(which, usual_step_us(samples));
    let mut row = Row {
        record: record.name.clone(),
        station: record.station.clone(),
        kind: record.kind.name(),
        detided: record.detided,
        detector: which.name(),
        first_s: None,
        first_was: None,
        early: 0,
        false_alarms: 0,
        quiet_days: 0.0,
        false_per_day: None,
        called_s: None,
        after_onset_s: None,
        after_3cm_s: None,
        after_peak_s: None,
        tsunami: record
            .truth
            .is_some_and(|truth| truth.sign.is_some() || truth.amplitude_m.is_some()),
        sign_right: None,
        amplitude_m: None,
        amplitude_error: None,
        confidence: None,
        cannot: matches!(detector, Any::Cannot),
    };
    let mut previous_us = first_us;
    let mut rises = None;
    for &(time_us, height_m) in samples {
        let at_us = time_us.saturating_sub(zero_us);
        let said = detector.step(time_us, height_m);
        let quiet = is_quiet(record, at_us);
        if quiet {
            // A gap is not a day without false alarms.
            let step_s = (time_us - previous_us) as f64 / SECOND_US;
            row.quiet_days += step_s.min(1800.0) / DAY_S;
        }
        previous_us = time_us;
        let onset_us = record.truth.map(|truth| truth.onset_us);
        let within = record
            .truth
            .is_some_and(|truth| at_us >= truth.onset_us && at_us <= truth.until_us);
        if said.alarm {
            row.false_alarms += u32::from(quiet);
            let after_origin = at_us >= 0;
            row.early += u32::from(after_origin && onset_us.is_some_and(|onset| at_us < onset));
        }
        let at_s = at_us as f64 / SECOND_US;
        if said.call && at_us >= 0 && row.first_s.is_none() {
            row.first_s = Some(at_s);
            row.first_was = Some(what(record, at_us, within));
        }
        if said.call && within && row.called_s.is_none() {
            row.called_s = Some(at_s);
            row.confidence = said.confidence;
        }
        if within && row.called_s.is_some() {
            rises = rises.or(said.rises).or(said.amplitude_m.map(|m| m > 0.0));
            if let Some(amplitude_m) = said.amplitude_m {
                let larger = row
                    .amplitude_m
                    .is_none_or(|known: f64| amplitude_m.abs() > known.abs());
                row.amplitude_m = if larger {
                    Some(amplitude_m)
                } else {
                    row.amplitude_m
                };
            }
        }
    }
    row.false_per_day =
        (row.quiet_days > 0.0).then(|| f64::from(row.false_alarms) / row.quiet_days);
    if let (Some(truth), Some(called_s)) = (&record.truth, row.called_s) {
        let after = |us: i64| called_s - us as f64 / SECOND_US;
        row.after_onset_s = Some(after(truth.onset_us));
        row.after_3cm_s = truth.rise_3cm_us.map(after);
        row.after_peak_s = truth.peak_us.map(after);
        row.sign_right = truth
            .sign
            .zip(rises)
            .map(|(sign, rises)| (sign == Sign::Rise) == rises);
        row.amplitude_error = truth
            .amplitude_m
            .zip(row.amplitude_m)
            .map(|(real_m, told_m)| told_m.abs() / real_m.abs() - 1.0);
    }
    row
}

/// Inside a quiet window. Without windows: before the earthquake, or everywhere where there was no tsunami.
fn is_quiet(record: &Record, at_us: i64) -> bool {
    if !record.quiet.is_empty() {
        return record
            .quiet
            .iter()
            .any(|&(from, to)| at_us >= from && at_us < to);
    }
    match (&record.truth, record.origin_us) {
        (None, _) => true,
        (Some(_), Some(_)) => at_us < 0,
        (Some(truth), None) => at_us < truth.onset_us,
    }
}

fn what(record: &Record, at_us: i64, within: bool) -> What {
    if within {
        return What::Wave;
    }
    let late = record.truth.is_some_and(|truth| at_us > truth.until_us);
    if record
        .shaking
        .iter()
        .any(|&(from, to)| at_us >= from && at_us <= to)
    {
        What::Shaking
    } else if late && !is_quiet(record, at_us) {
        What::Later
    } else {
        What::False
    }
}

/// The median step; equal times do not count.
fn usual_step_us(samples: &[(i64, f64)]) -> i64 {
    let mut steps: Vec<i64> = samples
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .filter(|step| *step > 0)
        .collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or(i64::MAX)
}
