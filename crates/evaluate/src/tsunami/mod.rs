//! To be written.

use std::path::PathBuf;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Directory with the records.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Evaluates.
///
/// # Errors
/// In words.
pub fn run(_arguments: &Arguments, _out: &mut dyn std::io::Write) -> Result<(), String> {
    Ok(())
}
