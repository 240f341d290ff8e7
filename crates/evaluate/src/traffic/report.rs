//! The table.

use std::io::{self, Write};

use super::copies::Copy;
use super::corpus::{Corpus, Recorded};
use super::detectors::Scored;
use super::nab::{Outcome, Rules, optimise, outcome};

/// One detector on one record.
#[derive(Debug, serde::Serialize)]
struct Cell {
    record: String,
    score: f64,
    windows: usize,
    detected: usize,
    false_rows: usize,
    /// With the threshold that the other records chose; only with two records or more.
    left_out: Option<f64>,
}

/// All records of one kind of changed copy.
#[derive(Debug, serde::Serialize)]
struct Changed {
    copy: &'static str,
    /// With the threshold of the unchanged records.
    score: f64,
    /// With the threshold that is best for the copies.
    own_threshold_score: f64,
}

/// One detector.
#[derive(Debug, serde::Serialize)]
struct Row {
    detector: String,
    /// The one for all records; absent when silence is best.
    threshold: Option<f64>,
    score: f64,
    /// All records, each with the threshold that the others chose.
    left_out: Option<f64>,
    records: Vec<Cell>,
    copies: Vec<Changed>,
}

/// All of them.
#[derive(Debug, serde::Serialize)]
pub(super) struct Report {
    method: &'static str,
    rows: Vec<Row>,
    absent: usize,
}

/// Records with a detector's scores.
struct Played {
    rules: Vec<Rules>,
    scores: Vec<Vec<f64>>,
}

impl Played {
    fn new(detector: Scored, records: &[Recorded]) -> Self {
        Self {
            rules: records.iter().map(Recorded::rules).collect(),
            scores: records.iter().map(|r| detector.scores(r)).collect(),
        }
    }

    fn optimise(&self, without: Option<usize>) -> f64 {
        let rows: Vec<(&Rules, &[f64])> = (0..self.rules.len())
            .filter(|i| Some(*i) != without)
            .map(|i| (&self.rules[i], self.scores[i].as_slice()))
            .collect();
        optimise(&rows)
    }

    fn one(&self, i: usize, threshold: f64) -> Outcome {
        outcome(&self.rules[i], &self.scores[i], threshold)
    }

    fn all(&self, threshold: f64) -> Outcome {
        let mut sum = Outcome::default();
        for i in 0..self.rules.len() {
            sum += self.one(i, threshold);
        }
        sum
    }
}

impl Report {
    pub(super) fn of(corpus: &Corpus) -> Self {
        let copies: Vec<(Copy, Vec<Recorded>)> = Copy::ALL
            .into_iter()
            .map(|copy| {
                (
                    copy,
                    corpus.records.iter().flat_map(|r| copy.of(r)).collect(),
                )
            })
            .collect();
        Self {
            method: "Numenta Anomaly Benchmark, standard profile",
            rows: Scored::ALL
                .into_iter()
                .map(|detector| row(detector, &corpus.records, &copies))
                .collect(),
            absent: corpus.absent.len(),
        }
    }

    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}; 0 says nothing, 100 is perfect.", self.method)?;
        writeln!(
            out,
            "One threshold for each detector, the best over all records."
        )?;
        if self.absent > 0 {
            writeln!(
                out,
                "{} records with windows are not in the directory.",
                self.absent
            )?;
        }
        let Some(first) = self.rows.first() else {
            return Ok(());
        };
        write!(out, "\n{:28}{:>8}", "detector", "all")?;
        for cell in &first.records {
            write!(out, "{:>28}", cell.record)?;
        }
        writeln!(out)?;
        for row in &self.rows {
            write!(out, "{:28}{:8.1}", row.detector, row.score)?;
            for c in &row.records {
                let text = format!(
                    "{:.1} ({}/{}, {} false)",
                    c.score, c.detected, c.windows, c.false_rows
                );
                write!(out, "{text:>28}")?;
            }
            writeln!(out)?;
        }
        if first.left_out.is_some() {
            writeln!(
                out,
                "\nEach record with the threshold that the others chose:"
            )?;
            for row in &self.rows {
                write!(
                    out,
                    "{:28}{:8.1}",
                    row.detector,
                    row.left_out.unwrap_or(f64::NAN)
                )?;
                for cell in &row.records {
                    write!(out, "{:28.1}", cell.left_out.unwrap_or(f64::NAN))?;
                }
                writeln!(out)?;
            }
        }
        writeln!(
            out,
            "\nChanged copies, with the threshold of the unchanged records (in brackets: their own):"
        )?;
        write!(out, "{:28}", "")?;
        for changed in &first.copies {
            write!(out, "{:>12}", changed.copy)?;
        }
        writeln!(out)?;
        for row in &self.rows {
            write!(out, "{:28}", row.detector)?;
            for c in &row.copies {
                let text = format!("{:.0} ({:.0})", c.score, c.own_threshold_score);
                write!(out, "{text:>12}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

fn row(detector: Scored, records: &[Recorded], copies: &[(Copy, Vec<Recorded>)]) -> Row {
    let played = Played::new(detector, records);
    let threshold = played.optimise(None);
    let mut left_out = Outcome::default();
    let cells = (0..records.len())
        .map(|i| {
            let one = played.one(i, threshold);
            let without = (records.len() > 1).then(|| played.one(i, played.optimise(Some(i))));
            left_out += without.unwrap_or_default();
            Cell {
                record: records[i].name.clone(),
                score: one.normalised(),
                windows: one.windows,
                detected: one.detected,
                false_rows: one.false_rows,
                left_out: without.map(|o| o.normalised()),
            }
        })
        .collect();
    Row {
        detector: detector.name(),
        threshold: threshold.is_finite().then_some(threshold),
        score: played.all(threshold).normalised(),
        left_out: (records.len() > 1).then(|| left_out.normalised()),
        records: cells,
        copies: copies
            .iter()
            .map(|(copy, changed)| {
                let played = Played::new(detector, changed);
                Changed {
                    copy: copy.name(),
                    score: played.all(threshold).normalised(),
                    own_threshold_score: played.all(played.optimise(None)).normalised(),
                }
            })
            .collect(),
    }
}
