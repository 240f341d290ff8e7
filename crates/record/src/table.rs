//! CSV with a header: one column of times, one of values.
//!
//! Times are ISO 8601 (UTC unless they carry an offset) or numbers since 1970. Empty fields, `NA`, `NaN`, `null` and
//! the column's own code are missing values. Rows that share a time are treated as in the seconds format: exact
//! duplicates go, different values are spread.

use crate::calendar;
use crate::series::{MAX_LINE_BYTES, ReadError, Reason, Rows, Series, number};

/// Which columns to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Name of the time column.
    pub time: String,
    /// Name of the value column.
    pub value: String,
    /// A number that means "no value", such as -9999.
    pub missing: Option<f64>,
}

/// Reads two columns of a CSV file.
///
/// # Errors
/// [`ReadError`]: too large, a column that is not there, or not one row can be read.
pub fn read_csv(bytes: &[u8], columns: &Columns) -> Result<Series, ReadError> {
    Rows::check_size(bytes)?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(bytes);
    // Reading bytes from memory cannot fail: rows may be ragged, and encodings are looked at field by field.
    let header = reader.byte_headers().cloned().unwrap_or_default();
    let find = |wanted: &str| {
        header
            .iter()
            .position(|name| name == wanted.as_bytes())
            .ok_or_else(|| ReadError::NoColumn {
                wanted: wanted.chars().take(60).collect(),
                found: header
                    .iter()
                    .take(20)
                    .map(|name| String::from_utf8_lossy(name).chars().take(40).collect())
                    .collect::<Vec<String>>()
                    .join(", "),
            })
    };
    let (time, value) = (find(&columns.time)?, find(&columns.value)?);
    let mut rows = Rows::default();
    let mut record = csv::ByteRecord::new();
    let mut lines = Lines {
        bytes,
        position: 0,
        line: 1,
    };
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        let start = record.position().map_or(0, csv::Position::byte);
        let line = lines.at(usize::try_from(start).unwrap_or(usize::MAX));
        rows.push(line, row(&record, time, value, columns.missing))?;
    }
    rows.spread()
}

/// Turns rising byte positions into line numbers. The parser's own count is one behind in files with `\r\n`, where a
/// row starts, for it, at the `\n` of the row before.
struct Lines<'a> {
    bytes: &'a [u8],
    position: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, start: usize) -> usize {
        let start = start.min(self.bytes.len());
        let ends = self.bytes[start..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let passed = self
            .bytes
            .get(self.position..start + ends)
            .unwrap_or_default();
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count();
        self.position = start + ends;
        self.line
    }
}

fn row(
    record: &csv::ByteRecord,
    time: usize,
    value: usize,
    missing: Option<f64>,
) -> Result<(i64, Option<f64>, u8), Reason> {
    if record.as_slice().len() > MAX_LINE_BYTES {
        return Err(Reason::LongLine);
    }
    let field = |column| record.get(column).ok_or(Reason::Columns);
    let time = std::str::from_utf8(field(time)?)
        .ok()
        .and_then(calendar::parse)
        .ok_or(Reason::Time)?;
    let value = std::str::from_utf8(field(value)?).map_err(|_| Reason::Value)?;
    let value = number(value)?.filter(|&value| Some(value) != missing);
    Ok((time, value, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(time: &str, value: &str) -> Columns {
        Columns {
            time: time.into(),
            value: value.into(),
            missing: Some(-9999.0),
        }
    }

    #[test]
    fn named_columns_quotes_and_missing_values() {
        let text = b"\xEF\xBB\xBF\"time\", \"note\" ,height\r\n2010-02-27 06:34:14,\"a, \"\"b\"\"\nc\",1.5\r\n\
            2010-02-27T06:35:14Z,,\r\n2010-02-27 06:36:14,x,-9999\r\n2010-02-27 06:37:14,x,NA\r\n\
            2010-02-27 06:38:14\r\nnoon,,3\r\n2010-02-27 06:39:14,x,high\r\n";
        let series = read_csv(text, &columns("time", "height")).expect("a series");
        let values: Vec<Option<f64>> = series.samples.iter().map(|sample| sample.value).collect();
        assert_eq!(values, [Some(1.5), None, None, None]);
        assert_eq!(series.samples[0].time_us, 1_267_252_454_000_000);
        let reasons: Vec<(usize, &str)> = series
            .skipped
            .iter()
            .map(|s| (s.line, s.reason.name()))
            .collect();
        assert_eq!(reasons, [(7, "columns"), (8, "time"), (9, "value")]);
    }

    #[test]
    fn a_missing_column_lists_those_there_are() {
        let error =
            read_csv(b"when,what\n1,2\n", &columns("time", "what")).expect_err("no such column");
        assert_eq!(
            error.to_string(),
            "no column \"time\"; the header has: when, what"
        );
        assert!(read_csv(b"", &columns("a", "b")).is_err());
    }
}
