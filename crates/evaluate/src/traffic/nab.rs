//! The scoring rules of the Numenta Anomaly Benchmark (Lavin and Ahmad, "Evaluating real-time anomaly detection algorithms - the Numenta
//! Anomaly Benchmark", ICMLA 2015, arXiv 1510.03336), standard profile.
//!
//! - Rows are counted, not seconds. The first 15 % of a record (750 rows at most) are for learning and are not scored.
//! - The earliest detection in a window earns up to 1, by a scaled sigmoid that falls from the window's first row to its end; further
//!   detections in it earn nothing. A window without detection costs 1.
//! - Each detection outside costs up to 0.11: little just after a window, all of it later, or when no window came before.
//! - The sum is normalised: 0 for a detector that says nothing, 100 for one that detects each window at its first row and
//!   nothing else.
//! - One threshold serves all records: the one with the highest sum.
//!
//! As in the benchmark's own optimiser and sweeper, row `i` of a window from `a` to `b` stands at `-(b - i + 1) / (b - a + 1)` and earns
//! relative to the first row; row `i` after it at `(i - b) / (b - a)`.

/// Weight of a detected window.
pub const TRUE_POSITIVE: f64 = 1.0;
/// Cost of a false detection.
pub const FALSE_POSITIVE: f64 = 0.11;
/// Cost of a missed window.
pub const FALSE_NEGATIVE: f64 = 1.0;
/// Share of a record that is not scored.
const PROBATION: f64 = 0.15;
/// Rows of which that share is taken at most.
const PROBATION_ROWS: f64 = 5_000.0;

/// 2 / (1 + exp(5 x)) - 1: near 1 at -1, 0 at 0, near -1 at 1; exactly -1 from 3 on.
#[must_use]
pub fn scaled_sigmoid(position: f64) -> f64 {
    if position >= 3.0 {
        -1.0
    } else {
        2.0 / (1.0 + (5.0 * position).exp()) - 1.0
    }
}

/// How many rows at the start of a record of `rows` are not scored.
#[must_use]
pub fn probation(rows: usize) -> usize {
    (PROBATION * rows as f64)
        .floor()
        .min(PROBATION * PROBATION_ROWS) as usize
}

/// What a detection at each row of a record is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The window of the row, if it is in one.
    window: Vec<Option<usize>>,
    worth: Vec<f64>,
    first: usize,
    windows: usize,
}

impl Rules {
    /// `windows` are first and last row, in order, without overlap. Windows within the probation are not counted.
    #[must_use]
    pub fn new(rows: usize, windows: &[(usize, usize)]) -> Self {
        let first = probation(rows);
        let windows: Vec<(usize, usize)> = windows
            .iter()
            .copied()
            .filter(|&(a, b)| a <= b && b < rows)
            .collect();
        let mut rules = Self {
            window: vec![None; rows],
            worth: vec![-FALSE_POSITIVE; rows],
            first,
            windows: windows.iter().filter(|w| w.1 >= first).count(),
        };
        let mut number = 0;
        for (k, &(a, b)) in windows.iter().enumerate() {
            let width = (b - a + 1) as f64;
            for i in a..=b {
                let position = -((b - i + 1) as f64) / width;
                rules.worth[i] = TRUE_POSITIVE * scaled_sigmoid(position) / scaled_sigmoid(-1.0);
                // A row in the probation is never scored; the window counts by its rest.
                rules.window[i] = Some(number);
            }
            let until = windows.get(k + 1).map_or(rows, |next| next.0);
            for i in b + 1..until {
                let position = if b > a {
                    (i - b) as f64 / (b - a) as f64
                } else {
                    3.0
                };
                rules.worth[i] = FALSE_POSITIVE * scaled_sigmoid(position);
            }
            number += usize::from(b >= first);
        }
        rules
    }

    /// Windows that count.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.windows
    }
}

/// What a threshold gives on one or more records.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outcome {
    /// Sum of the rules.
    pub sum: f64,
    /// Windows that count.
    pub windows: usize,
    /// Windows detected.
    pub detected: usize,
    /// Rows detected outside windows.
    pub false_rows: usize,
}

impl Outcome {
    /// 0 for a detector that says nothing, 100 for a perfect one. Without any window nothing can be earned: 0 or less, in the
    /// same unit.
    #[must_use]
    pub fn normalised(&self) -> f64 {
        let windows = self.windows as f64;
        let null = -FALSE_NEGATIVE * windows;
        let perfect = TRUE_POSITIVE * windows;
        let range = if self.windows == 0 {
            TRUE_POSITIVE + FALSE_NEGATIVE
        } else {
            perfect - null
        };
        100.0 * (self.sum - null) / range
    }
}

impl std::ops::AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.sum += other.sum;
        self.windows += other.windows;
        self.detected += other.detected;
        self.false_rows += other.false_rows;
    }
}

/// Scores one record: rows with a score of at least `threshold` are detections. NaN never is one.
#[must_use]
pub fn outcome(rules: &Rules, scores: &[f64], threshold: f64) -> Outcome {
    let mut best: Vec<Option<f64>> = vec![None; rules.windows];
    let mut outcome = Outcome {
        windows: rules.windows,
        ..Outcome::default()
    };
    let rows = rules.window.iter().zip(&rules.worth).zip(scores);
    for ((window, worth), score) in rows.skip(rules.first) {
        if *score >= threshold {
            match window {
                Some(window) => {
                    let held = best[*window].unwrap_or(f64::NEG_INFINITY);
                    best[*window] = Some(held.max(*worth));
                }
                None => {
                    outcome.sum += worth;
                    outcome.false_rows += 1;
                }
            }
        }
    }
    outcome.detected = best.iter().flatten().count();
    outcome.sum += best
        .iter()
        .map(|best| best.unwrap_or(-FALSE_NEGATIVE))
        .sum::<f64>();
    outcome
}

/// The threshold with the highest sum over all records; of equal ones the highest. Infinite when silence is best.
#[must_use]
pub fn optimise(records: &[(&Rules, &[f64])]) -> f64 {
    let mut rows: Vec<(f64, usize, usize)> = Vec::new();
    for (record, (rules, scores)) in records.iter().enumerate() {
        rows.extend(
            scores
                .iter()
                .enumerate()
                .skip(rules.first)
                .filter(|(_, score)| !score.is_nan())
                .map(|(row, score)| (*score, record, row)),
        );
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best: Vec<Vec<f64>> = records
        .iter()
        .map(|(rules, _)| vec![-FALSE_NEGATIVE; rules.windows])
        .collect();
    let mut sum: f64 = best.iter().flatten().sum();
    let (mut highest, mut threshold) = (sum, f64::INFINITY);
    for (at, &(score, record, row)) in rows.iter().enumerate() {
        let rules = records[record].0;
        let worth = rules.worth[row];
        match rules.window[row] {
            Some(window) => {
                let held = &mut best[record][window];
                // A late detection earns little, but more than a miss.
                sum += (worth - *held).max(0.0);
                *held = held.max(worth);
            }
            None => sum += worth,
        }
        let last_of_equals = rows.get(at + 1).is_none_or(|next| next.0 < score);
        if last_of_equals && sum > highest {
            (highest, threshold) = (sum, score);
        }
    }
    threshold
}
