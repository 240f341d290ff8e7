//! The rows for people, as CSV and as JSON.

use super::score::Row;
use std::fmt::Write as _;

/// For people: minutes, centimetres and words.
pub(super) fn text(rows: &[Row], absent: &[String]) -> String {
    let names = rows
        .iter()
        .map(|row| row.record.chars().count())
        .max()
        .unwrap_or(6)
        .clamp(6, 40);
    let mut out = format!(
        "{:names$}  detector   | first call  what    early | false  in days  a day | called  after onset    3 cm     peak  sign   amplitude  error  conf.\n",
        "record"
    );
    let unit = format!(
        "{:names$}             |     min               |                      |    min          min     min      min                 m      %\n",
        ""
    );
    out.push_str(&unit);
    let minutes = |seconds: Option<f64>, width: usize| {
        seconds.map_or_else(
            || format!("{:>width$}", "-"),
            |s| format!("{:>width$.1}", s / 60.0),
        )
    };
    for row in rows {
        let name: String = row.record.chars().take(names).collect();
        if row.cannot {
            let _ = writeln!(
                out,
                "{name:names$}  {:<10} | needs a sample every ten minutes at least",
                row.detector
            );
            continue;
        }
        let called = match row.called_s {
            None if row.tsunami => " MISSED".to_owned(),
            called => minutes(called, 7),
        };
        let _ = writeln!(
            out,
            "{name:names$}  {:<10} | {}  {:<7} {:>5} | {:>5}  {:>7.2}  {} |{called} {} {} {}  {:<5} {} {}  {}",
            row.detector,
            minutes(row.first_s, 10),
            row.first_was.map_or("-", super::score::What::name),
            row.early,
            row.false_alarms,
            row.quiet_days,
            row.false_per_day
                .map_or("    -".into(), |rate| format!("{rate:>5.2}")),
            minutes(row.after_onset_s, 12),
            minutes(row.after_3cm_s, 7),
            minutes(row.after_peak_s, 8),
            match row.sign_right {
                Some(true) => "right",
                Some(false) => "WRONG",
                None => "-",
            },
            row.amplitude_m
                .map_or(format!("{:>10}", "-"), |m| format!("{m:>10.3}")),
            row.amplitude_error
                .map_or(format!("{:>6}", "-"), |e| format!("{:>6.0}", e * 100.0)),
            row.confidence
                .map_or("    -".into(), |c| format!("{c:>5.2}")),
        );
    }
    for file in absent {
        let _ = writeln!(out, "left out: {file} is not in the directory");
    }
    out
}

/// For machines: seconds, metres and fractions; empty where there is nothing.
pub(super) fn csv(rows: &[Row]) -> String {
    let mut out = String::from(
        "record,station,kind,detided,detector,first_s,first_was,early,false_alarms,quiet_days,false_per_day,called_s,after_onset_s,after_3cm_s,after_peak_s,tsunami,sign_right,amplitude_m,amplitude_error,confidence,cannot\n",
    );
    let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v}"));
    for row in rows {
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            quoted(&row.record),
            quoted(&row.station),
            row.kind,
            row.detided,
            row.detector,
            number(row.first_s),
            row.first_was.map_or("", super::score::What::name),
            row.early,
            row.false_alarms,
            row.quiet_days,
            number(row.false_per_day),
            number(row.called_s),
            number(row.after_onset_s),
            number(row.after_3cm_s),
            number(row.after_peak_s),
            row.tsunami,
            row.sign_right
                .map_or_else(String::new, |right| right.to_string()),
            number(row.amplitude_m),
            number(row.amplitude_error),
            number(row.confidence),
            row.cannot,
        );
    }
    out
}

/// A CSV field, quoted where it must be.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The rows and the names of absent files as one JSON object.
pub(super) fn json(rows: &[Row], absent: &[String]) -> String {
    let mut text = serde_json::json!({ "rows": rows, "absent": absent }).to_string();
    text.push('\n');
    text
}
