//! A series of samples, and how rows become one.

use std::collections::BTreeMap;
use std::fmt;

/// Largest file read: ten years of one-minute values are about 200 MB of text, a week of 1-second values 20 MB.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// Most rows read from a file: 23 days of 1-second values.
pub const MAX_ROWS: usize = 2_000_000;

/// Longest line looked at, in bytes; no format here needs a tenth of it.
pub(crate) const MAX_LINE_BYTES: usize = 4096;

/// Longest time that samples sharing a time stamp are spread over: stamps are cut to minutes, not to more.
const MAX_SPREAD_US: i64 = 60_000_000;

/// One value at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Microseconds since the Unix epoch, UTC.
    pub time_us: i64,
    /// The value in the unit of the file; nothing where the instrument wrote its code for "missing".
    pub value: Option<f64>,
}

/// Why a row is not a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Fewer columns than the format has.
    Columns,
    /// The time cannot be read or does not exist.
    Time,
    /// The value cannot be read or is infinite.
    Value,
    /// The line is longer than any real one.
    LongLine,
    /// Time and value have occurred before, or a missing value stands beside a value.
    Duplicate,
    /// Another row with the same time has a finer interval.
    Coarser,
    /// Another row with the same time and interval has another value; the first was kept.
    Conflict,
}

impl Reason {
    /// A stable name for counters and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Time => "time",
            Self::Value => "value",
            Self::LongLine => "long_line",
            Self::Duplicate => "duplicate",
            Self::Coarser => "coarser",
            Self::Conflict => "conflict",
        }
    }
}

/// A row that is not a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped {
    /// Line in the file, from 1.
    pub line: usize,
    /// Why.
    pub reason: Reason,
}

/// Samples in order of time, at most one for each instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// The samples.
    pub samples: Vec<Sample>,
    /// The rows that did not become one, in order of lines.
    pub skipped: Vec<Skipped>,
}

impl Series {
    /// The samples with `start_us <= time < end_us`.
    #[must_use]
    pub fn between(&self, start_us: i64, end_us: i64) -> &[Sample] {
        let start = self
            .samples
            .partition_point(|sample| sample.time_us < start_us);
        let end = self
            .samples
            .partition_point(|sample| sample.time_us < end_us);
        &self.samples[start..end.max(start)]
    }

    /// How many rows were skipped for each reason, with the first line of each.
    #[must_use]
    pub fn skipped_by_reason(&self) -> BTreeMap<Reason, (usize, usize)> {
        let mut counts = BTreeMap::new();
        for skipped in &self.skipped {
            counts.entry(skipped.reason).or_insert((0, skipped.line)).0 += 1;
        }
        counts
    }

    /// Instants of the first and last sample, in microseconds since the epoch.
    #[must_use]
    pub fn extent_us(&self) -> Option<(i64, i64)> {
        Some((self.samples.first()?.time_us, self.samples.last()?.time_us))
    }
}

/// Why a file is not a series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Over [`MAX_FILE_BYTES`].
    #[error("{0} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge(usize),
    /// Over [`MAX_ROWS`].
    #[error("more than {MAX_ROWS} rows; cut the file to the event")]
    TooManyRows,
    /// The named column is not in the header.
    #[error("no column {wanted:?}; the header has: {found}")]
    NoColumn {
        /// The column asked for.
        wanted: String,
        /// Those there are.
        found: String,
    },
    /// Not one row is a sample.
    #[error("not one sample{0}; is this the right format?")]
    Empty(SkippedSummary),
}

/// Skipped rows in words, for an error message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SkippedSummary(BTreeMap<Reason, (usize, usize)>);

impl fmt::Display for SkippedSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (reason, (count, line))) in self.0.iter().enumerate() {
            let lead = if index == 0 { " (skipped: " } else { ", " };
            write!(
                f,
                "{lead}{count} for {}, first at line {line}",
                reason.name()
            )?;
        }
        if self.0.is_empty() {
            Ok(())
        } else {
            f.write_str(")")
        }
    }
}

/// A row that has a time, on its way into a series.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub line: usize,
    pub time_us: i64,
    pub value: Option<f64>,
    /// How fine the interval is, where the format tells: larger is finer.
    pub rank: u8,
}

/// Collects rows within the bounds.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    skipped: Vec<Skipped>,
}

impl Rows {
    pub fn check_size(bytes: &[u8]) -> Result<(), ReadError> {
        if bytes.len() > MAX_FILE_BYTES {
            Err(ReadError::TooLarge(bytes.len()))
        } else {
            Ok(())
        }
    }

    pub fn push(
        &mut self,
        line: usize,
        row: Result<(i64, Option<f64>, u8), Reason>,
    ) -> Result<(), ReadError> {
        if self.rows.len() + self.skipped.len() >= MAX_ROWS {
            return Err(ReadError::TooManyRows);
        }
        match row {
            Ok((time_us, value, rank)) => self.rows.push(Row {
                line,
                time_us,
                value,
                rank,
            }),
            Err(reason) => self.skipped.push(Skipped { line, reason }),
        }
        Ok(())
    }

    /// For formats that say how long each value was averaged: one row for each instant, the finest that has a
    /// value.
    pub fn keep_finest(mut self) -> Result<Series, ReadError> {
        // Stable, so that of equals the first in the file stays.
        self.rows.sort_by_key(|row| {
            (
                row.time_us,
                std::cmp::Reverse((row.value.is_some(), row.rank)),
            )
        });
        let mut samples: Vec<Sample> = Vec::with_capacity(self.rows.len());
        let mut kept: Option<Row> = None;
        for row in self.rows {
            match kept {
                Some(best) if best.time_us == row.time_us => {
                    let reason = if same(best.value, row.value) && best.rank == row.rank {
                        Reason::Duplicate
                    } else if row.value.is_some() && best.rank == row.rank {
                        Reason::Conflict
                    } else {
                        Reason::Coarser
                    };
                    self.skipped.push(Skipped {
                        line: row.line,
                        reason,
                    });
                }
                _ => {
                    samples.push(Sample {
                        time_us: row.time_us,
                        value: row.value,
                    });
                    kept = Some(row);
                }
            }
        }
        finish(samples, self.skipped)
    }

    /// For formats whose time stamps may be cut to minutes: exact duplicates go, and n different values that share
    /// a stamp are put at equal steps from the stamp to the next one (at most a minute on), in the order in which
    /// the instrument took them.
    pub fn spread(mut self) -> Result<Series, ReadError> {
        // In a file that runs backwards, so do the rows that share a stamp.
        let backwards = matches!((self.rows.first(), self.rows.last()), (Some(first), Some(last)) if first.time_us > last.time_us);
        if backwards {
            self.rows.reverse();
        }
        self.rows.sort_by_key(|row| row.time_us);
        let mut samples = Vec::with_capacity(self.rows.len());
        let mut rest = self.rows.as_slice();
        let mut group: Vec<Option<f64>> = Vec::new();
        while let Some(stamp_us) = rest.first().map(|row| row.time_us) {
            let count = rest.partition_point(|row| row.time_us == stamp_us);
            let (rows, after) = rest.split_at(count);
            let any_value = rows.iter().any(|row| row.value.is_some());
            group.clear();
            for row in rows {
                let superfluous = any_value && row.value.is_none();
                // A stamp with a thousand values is rubbish; compare with the last few only, so that time is bounded.
                if superfluous
                    || group
                        .iter()
                        .rev()
                        .take(64)
                        .any(|&known| same(known, row.value))
                {
                    self.skipped.push(Skipped {
                        line: row.line,
                        reason: Reason::Duplicate,
                    });
                } else {
                    group.push(row.value);
                }
            }
            let until_next_us = after
                .first()
                .map_or(MAX_SPREAD_US, |next| next.time_us.saturating_sub(stamp_us));
            let span_us = until_next_us.min(MAX_SPREAD_US);
            let steps = i64::try_from(group.len()).unwrap_or(i64::MAX);
            for (index, value) in (0..).zip(&group) {
                // More values than microseconds cannot be: the span is then too short for distinct instants.
                let time_us = stamp_us + span_us * index / steps;
                samples.push(Sample {
                    time_us,
                    value: *value,
                });
            }
            rest = after;
        }
        samples.dedup_by_key(|sample| sample.time_us);
        finish(samples, self.skipped)
    }
}

fn finish(samples: Vec<Sample>, mut skipped: Vec<Skipped>) -> Result<Series, ReadError> {
    skipped.sort_by_key(|skipped| skipped.line);
    let series = Series { samples, skipped };
    if series.samples.is_empty() {
        return Err(ReadError::Empty(SkippedSummary(series.skipped_by_reason())));
    }
    Ok(series)
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    a.map(f64::to_bits) == b.map(f64::to_bits)
}

/// Lines of a text file with their numbers, without line ends; blank ones and those that start with `#` left out.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<&str, Reason>)> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    (1..)
        .zip(bytes.split(|&byte| byte == b'\n'))
        .filter_map(|(number, line)| {
            let line = line.trim_ascii();
            if line.is_empty() || line[0] == b'#' {
                return None;
            }
            if line.len() > MAX_LINE_BYTES {
                return Some((number, Err(Reason::LongLine)));
            }
            Some((
                number,
                std::str::from_utf8(line).map_err(|_| Reason::Columns),
            ))
        })
}

/// A number, or nothing for NaN and the words for "missing"; infinities are refused.
pub(crate) fn number(text: &str) -> Result<Option<f64>, Reason> {
    let missing = ["", "na", "n/a", "nan", "null", "none", "-"];
    if missing.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    let value: f64 = text.parse().map_err(|_| Reason::Value)?;
    match value {
        value if value.is_nan() => Ok(None),
        value if value.is_infinite() => Err(Reason::Value),
        value => Ok(Some(value)),
    }
}
