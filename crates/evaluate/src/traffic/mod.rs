//! Traffic incident detection scored by the method of the Numenta Anomaly Benchmark.
//!
//! `watchfire evaluate traffic --data DIR`: every record in `DIR/anomaly_windows.json` is played through each detector; one threshold
//! for each detector is chosen over all records together; the score runs from 0 (a detector that says nothing) to 100 (one that
//! speaks first thing in each window and never else). See [`nab`] for the rules.
//!
//! A threshold chosen on the records that it is scored on flatters. So two more things are printed: each record scored with the
//! threshold that the *others* chose, and all records changed ([`copies`]) scored with the threshold of the unchanged ones.

pub mod copies;
pub mod corpus;
pub mod detectors;
pub mod nab;
mod report;

use std::io::Write;
use std::path::PathBuf;

/// What to score.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Directory with the records (CSV: timestamp, value) and their windows.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// File with the labelled windows: {"folder/record.csv": [["from", "to"], ...]} [default: DIR/anomaly_windows.json].
    #[arg(long, value_name = "FILE")]
    pub windows: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Scores and prints.
///
/// # Errors
/// What is wrong with the records or their windows, in words.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), String> {
    let windows = arguments
        .windows
        .clone()
        .unwrap_or_else(|| arguments.data.join("anomaly_windows.json"));
    let corpus = corpus::load(&arguments.data, &windows)?;
    let report = report::Report::of(&corpus);
    let written = if arguments.json {
        serde_json::to_writer_pretty(&mut *out, &report)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        report.print(out)
    };
    match written {
        // The reader of a pipe may leave early.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write the table: {error}"))
        }
        _ => Ok(()),
    }
}
