//! `watchfire evaluate tsunami`: detectors scored on recorded sea levels.
//!
//! What a record is and when something happened in it is described by a file, [`description`]; `DIR/records.toml` or the one that
//! `--records` names. Without either the program's own description of known records applies, and files that are not in the
//! directory are named and left out. Every detector sees every sample in order, as it would live ([`score`]); one table compares
//! ([`table`]).
//!
//! It refuses to score what it cannot read: a mistake in the description or an unreadable record ends the command with file, line and
//! remedy.

mod description;
mod detectors;
mod score;
mod table;

use description::Described;
use detectors::Which;
use std::io::Write;
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Directory with the records and, where they are not the known ones, a records.toml that describes them.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The description, if it is not DIR/records.toml.
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,
    /// Only these detectors; all of them unless given.
    #[arg(long = "detector", value_name = "NAME", value_enum)]
    pub detectors: Vec<Which>,
    /// Write the rows as CSV to this file too.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Print the rows as JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Scores every detector on every record and prints the table.
///
/// # Errors
/// In words: what, where, and what to do.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), String> {
    let Described { records, absent } =
        description::load(&arguments.data, arguments.records.as_deref())?;
    let mut which = arguments.detectors.clone();
    if which.is_empty() {
        which = Which::ALL.to_vec();
    }
    which.dedup();
    let mut rows = Vec::with_capacity(records.len() * which.len());
    for record in &records {
        let series = record.read(&arguments.data)?;
        for &detector in &which {
            rows.push(score::score(record, &series, detector));
        }
    }
    if let Some(path) = &arguments.csv {
        std::fs::write(path, table::csv(&rows)).map_err(|error| {
            format!(
                "{}: cannot write the rows: {error}; choose another --csv",
                path.display()
            )
        })?;
    }
    let printed = if arguments.json {
        table::json(&rows, &absent)
    } else {
        table::text(&rows, &absent)
    };
    out.write_all(printed.as_bytes())
        .map_err(|error| format!("cannot print the table: {error}"))
}
