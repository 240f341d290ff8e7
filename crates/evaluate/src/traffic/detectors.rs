//! Ours and what it is compared with. Each gives every row a score, from that row and those before it.

use signal::traffic::{Detector, Measure};

use super::corpus::Recorded;
use super::nab::probation;

/// A detector that is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scored {
    /// `signal::traffic`, as the hub runs it.
    Ours,
    /// Limits at equal distances, in standard deviations, above and below the mean of the first 15 %. More than an operator would know:
    /// the limits fit each detector's own scale.
    Thresholds,
    /// Deviation from the mean of so many rows before, over their standard deviation.
    MovingZ(usize),
    /// The same, and as in ours only what is news: more than 1.1 times what was seen lately, with a half-life of 4 h.
    MovingZNews(usize),
    /// Says nothing: 0 by definition.
    Null,
    /// Knows the windows: 100 by definition.
    Perfect,
}

impl Scored {
    /// In the order of the table. 12 rows of 5 minutes are an hour, 288 a day, 576 two days: the longest is the best of
    /// those tried (12, 50, 100, 288, 576) on the three public records of the repository's tests.
    pub const ALL: [Self; 9] = [
        Self::Ours,
        Self::Thresholds,
        Self::MovingZ(12),
        Self::MovingZ(100),
        Self::MovingZ(288),
        Self::MovingZ(576),
        Self::MovingZNews(576),
        Self::Null,
        Self::Perfect,
    ];

    /// For the table.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Ours => "watchfire".into(),
            Self::Thresholds => "plain thresholds".into(),
            Self::MovingZ(rows) => format!("moving z-score, {rows} rows"),
            Self::MovingZNews(rows) => format!("the same, {rows}, news only"),
            Self::Null => "null".into(),
            Self::Perfect => "perfect".into(),
        }
    }

    /// A score for each row; higher is more anomalous.
    #[must_use]
    pub fn scores(self, record: &Recorded) -> Vec<f64> {
        let values = &record.value;
        match self {
            Self::Ours => {
                // Scores do not depend on the measure, so that records in any unit, and made-up copies, can be scored.
                let mut detector = Detector::new(Measure::Other);
                let rows = record.time_us.iter().zip(values);
                rows.map(|(t, v)| detector.step(*t, *v).score).collect()
            }
            Self::Thresholds => {
                let (mean, deviation) = statistics(&values[..probation(values.len())]);
                values.iter().map(|v| ratio(*v - mean, deviation)).collect()
            }
            Self::MovingZ(rows) => moving_z(values, rows),
            Self::MovingZNews(rows) => {
                let (mut lately, mut last_us) = (0.0_f64, i64::MAX);
                let scores = moving_z(values, rows);
                let news = record.time_us.iter().zip(scores).map(|(t, z)| {
                    let hours = t.saturating_sub(last_us).max(0) as f64 / 3.6e9;
                    last_us = *t;
                    lately *= (-hours / 4.0).exp2();
                    let news = z > 1.1 * lately;
                    lately = lately.max(z);
                    if news { z } else { 0.0 }
                });
                news.collect()
            }
            Self::Null => vec![0.0; values.len()],
            Self::Perfect => {
                let mut scores = vec![0.0; values.len()];
                let first = probation(values.len());
                for (from, to) in &record.windows {
                    // A window that begins in the probation can be detected after it at the earliest.
                    if let Some(score) = scores[..=*to].get_mut((*from).max(first)) {
                        *score = 1.0;
                    }
                }
                scores
            }
        }
    }
}

fn moving_z(values: &[f64], rows: usize) -> Vec<f64> {
    (0..values.len())
        .map(|i| {
            let before = &values[i.saturating_sub(rows)..i];
            if before.len() < 6 {
                return 0.0;
            }
            let (mean, deviation) = statistics(before);
            ratio(values[i] - mean, deviation)
        })
        .collect()
}

fn ratio(difference: f64, deviation: f64) -> f64 {
    if difference.is_finite() && deviation > 0.0 {
        difference.abs() / deviation
    } else {
        0.0
    }
}

/// Mean and standard deviation of what is a number.
fn statistics(values: &[f64]) -> (f64, f64) {
    let numbers = || values.iter().filter(|v| v.is_finite());
    let count = numbers().count().max(1) as f64;
    let mean = numbers().sum::<f64>() / count;
    let variance = numbers().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    (mean, variance.sqrt())
}
