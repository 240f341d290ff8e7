//! Two columns: seconds after an instant, and a value.
//!
//! Benchmarks and papers publish records like this (DART 32412 of the Maule tsunami comes with GeoClaw). Columns are
//! separated by blanks, a tab or a comma; `#` starts a comment.
//!
//! Time stamps in such files are often cut to minutes by whoever converted them, so that the four 15-second samples
//! of a minute, and the minute's mean beside them, share one stamp. Exact duplicates (same time, same value) are
//! removed, and n different values sharing a stamp are put at equal steps from that stamp to the next one (at most a
//! minute on), in the order of the file. In the file named above the mean comes first, so four samples 15 s apart
//! end up 12 s apart: no sample is more than 12 s from its time.

use crate::calendar;
use crate::series::{ReadError, Reason, Rows, Series, lines, number};

/// Reads seconds after `zero_us` (microseconds since the Unix epoch) and values.
///
/// # Errors
/// [`ReadError`]: too large, or not one row can be read.
pub fn read_seconds(bytes: &[u8], zero_us: i64) -> Result<Series, ReadError> {
    Rows::check_size(bytes)?;
    let mut rows = Rows::default();
    for (line, text) in lines(bytes) {
        rows.push(line, text.and_then(|text| row(text, zero_us)))?;
    }
    rows.spread()
}

fn row(text: &str, zero_us: i64) -> Result<(i64, Option<f64>, u8), Reason> {
    let mut fields = text
        .split(|c: char| c.is_ascii_whitespace() || c == ',')
        .filter(|field| !field.is_empty());
    let seconds = fields.next().ok_or(Reason::Columns)?;
    let value = fields.next().ok_or(Reason::Columns)?;
    let seconds: f64 = seconds.parse().map_err(|_| Reason::Time)?;
    let offset_us = calendar::within_reason((seconds * 1e6).round()).ok_or(Reason::Time)?;
    let time_us = zero_us.checked_add(offset_us).ok_or(Reason::Time)?;
    Ok((time_us, number(value)?, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(f64, Option<f64>)> {
        let series = read_seconds(text.as_bytes(), 1_000_000_000).expect("a series");
        series
            .samples
            .iter()
            .map(|s| ((s.time_us - 1_000_000_000) as f64 / 1e6, s.value))
            .collect()
    }

    #[test]
    fn values_sharing_a_stamp_are_spread_to_the_next_stamp() {
        let text = "0 0.5\n60 1\n60 2\n60 2\n60 3\n60 4\n120 5\n# end\n";
        let spread = [
            (0.0, 0.5),
            (60.0, 1.0),
            (75.0, 2.0),
            (90.0, 3.0),
            (105.0, 4.0),
            (120.0, 5.0),
        ];
        let spread: Vec<_> = spread
            .into_iter()
            .map(|(time, value)| (time, Some(value)))
            .collect();
        assert_eq!(pairs(text), spread);
        // The same file backwards.
        let backwards: Vec<&str> = text.lines().rev().collect();
        assert_eq!(pairs(&backwards.join("\n")), spread);
    }

    #[test]
    fn the_last_stamp_and_one_before_a_gap_are_spread_over_a_minute() {
        let text = "0, 1\n0, 2\n900, 3\n900, 4\n900, 5\n";
        assert_eq!(
            pairs(text),
            [
                (0.0, Some(1.0)),
                (30.0, Some(2.0)),
                (900.0, Some(3.0)),
                (920.0, Some(4.0)),
                (940.0, Some(5.0))
            ]
        );
    }

    #[test]
    fn missing_values_are_samples_unless_a_value_stands_beside_them() {
        assert_eq!(
            pairs("-15 NaN\n0 1\n0 nan\n5 2\n"),
            [(-15.0, None), (0.0, Some(1.0)), (5.0, Some(2.0))]
        );
    }

    #[test]
    fn what_is_not_a_number_is_counted() {
        let series = read_seconds(b"t h\n0 1\n1\n2 inf\n1e300 4\n3 \xff\n", 0).expect("a series");
        let reasons: Vec<(usize, &str)> = series
            .skipped
            .iter()
            .map(|s| (s.line, s.reason.name()))
            .collect();
        assert_eq!(
            reasons,
            [
                (1, "time"),
                (3, "columns"),
                (4, "value"),
                (5, "time"),
                (6, "columns")
            ]
        );
        assert_eq!(
            read_seconds(b"", 0).expect_err("nothing"),
            ReadError::Empty(Default::default())
        );
    }
}
