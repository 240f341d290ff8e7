//! DART text as NOAA's National Data Buoy Center gives it out.
//!
//! ```text
//! #YY  MM DD hh mm ss T   HEIGHT
//! #yr  mo dy hr mn  s -        m
//! 2011 03 11 06 15 45 3 5662.301
//! ```
//!
//! T is the interval that a value stands for: 1 = 15 min, 2 = 1 min, 3 = 15 s. In event mode the same instant can
//! come with several T; the finest that has a value is kept. 9999 is the code for a missing height, which becomes a
//! sample without value. Files run forwards or backwards. Heights are metres of water above the sensor.

use crate::calendar;
use crate::series::{ReadError, Reason, Rows, Series, lines};

/// The code for "missing".
const MISSING: f64 = 9999.0;

/// Reads DART text.
///
/// # Errors
/// [`ReadError`]: too large, or not one row can be read.
pub fn read_ndbc(bytes: &[u8]) -> Result<Series, ReadError> {
    Rows::check_size(bytes)?;
    let mut rows = Rows::default();
    for (line, text) in lines(bytes) {
        rows.push(line, text.and_then(row))?;
    }
    rows.keep_finest()
}

fn row(text: &str) -> Result<(i64, Option<f64>, u8), Reason> {
    let mut fields = text.split_ascii_whitespace();
    let mut field = || fields.next().ok_or(Reason::Columns);
    let (year, month, day) = (field()?, field()?, field()?);
    let (hour, minute, second) = (field()?, field()?, field()?);
    let (interval, height) = (field()?, field()?);
    // Two-digit years would put 2011 into the first century: refuse them.
    let year: i16 = year
        .parse()
        .ok()
        .filter(|&year| year >= 1900)
        .ok_or(Reason::Time)?;
    let part = |text: &str| text.parse::<i8>().map_err(|_| Reason::Time);
    let time_us = calendar::utc(
        year,
        part(month)?,
        part(day)?,
        part(hour)?,
        part(minute)?,
        part(second)?,
    )
    .ok_or(Reason::Time)?;
    let rank = interval
        .parse()
        .ok()
        .filter(|rank| (1..=3).contains(rank))
        .ok_or(Reason::Columns)?;
    let height: f64 = height.parse().map_err(|_| Reason::Value)?;
    if !height.is_finite() {
        return Err(Reason::Value);
    }
    Ok((time_us, (height != MISSING).then_some(height), rank))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::{Sample, Skipped};

    #[test]
    fn the_finest_row_with_a_value_is_kept_and_missing_codes_are_samples() {
        let text = b"#YY  MM DD hh mm ss T   HEIGHT\n#yr  mo dy hr mn  s -        m\n\
            2011 03 11 06 00 15 3 5662.300\n\
            2011 03 11 06 00 00 1 9999.000\n\
            2011 03 11 06 00 00 2 5662.100\n\
            2011 03 11 06 00 00 3 5662.200\n\
            2011 03 11 06 00 00 3 5662.200\n\
            2011 03 11 06 00 00 3 5662.900\n\
            2011 03 11 05 45 00 1 9999.000\n";
        let series = read_ndbc(text).expect("a series");
        let at = |minute, second| calendar::utc(2011, 3, 11, 5, minute, second).expect("a time");
        assert_eq!(
            series.samples,
            [
                Sample {
                    time_us: at(45, 0),
                    value: None
                },
                Sample {
                    time_us: at(59, 0) + 60_000_000,
                    value: Some(5662.2)
                },
                Sample {
                    time_us: at(59, 15) + 60_000_000,
                    value: Some(5662.3)
                },
            ]
        );
        let reasons: Vec<(usize, Reason)> = series
            .skipped
            .iter()
            .map(|&Skipped { line, reason }| (line, reason))
            .collect();
        assert_eq!(
            reasons,
            [
                (4, Reason::Coarser),
                (5, Reason::Coarser),
                (7, Reason::Duplicate),
                (8, Reason::Conflict)
            ]
        );
    }

    #[test]
    fn bad_rows_are_counted_with_their_lines() {
        let text = "2011 03 11 06 00 00 1 5662.3\n\n2011 03 11 06 00\n2011 02 30 06 00 00 1 1\n\
            2011 03 11 06 00 00 9 1\n2011 03 11 06 00 00 1 wet\n11 03 11 06 00 00 1 1\n2011 03 11 06 15 00 1 inf\r\n";
        let series = read_ndbc(text.as_bytes()).expect("a series");
        assert_eq!(series.samples.len(), 1);
        let reasons: Vec<(usize, &str)> = series
            .skipped
            .iter()
            .map(|s| (s.line, s.reason.name()))
            .collect();
        let expected = [
            (3, "columns"),
            (4, "time"),
            (5, "columns"),
            (6, "value"),
            (7, "time"),
            (8, "value"),
        ];
        assert_eq!(reasons, expected);
        assert_eq!(series.skipped_by_reason()[&Reason::Time], (2, 4));
    }

    #[test]
    fn a_file_of_another_format_says_so() {
        let error = read_ndbc(b"time,height\n2010-01-01,3\n").expect_err("not DART text");
        assert_eq!(
            error.to_string(),
            "not one sample (skipped: 2 for columns, first at line 1); is this the right format?"
        );
    }
}
