//! Detectors scored on recorded data, as `watchfire evaluate`.
//!
//! Invariants: the detectors are those of `signal`, fed sample by sample as they would be live; what a record is and when something
//! happened in it stands in a file beside the data, so that other records are scored without code.
#![forbid(unsafe_code)]

pub mod traffic;
pub mod tsunami;

/// What is evaluated.
#[derive(Debug, clap::Subcommand)]
pub enum Evaluate {
    /// Score tsunami detectors on recorded sea levels: first trigger, false alarms, sign, amplitude.
    Tsunami(tsunami::Arguments),
    /// Score traffic incident detection on recorded detectors, by the method of the Numenta Anomaly Benchmark.
    Traffic(traffic::Arguments),
}

impl Evaluate {
    /// Evaluates and prints the table to `out`.
    ///
    /// # Errors
    /// What is wrong with the data or their description, in words: what, where, and what to do.
    pub fn run(&self, out: &mut dyn std::io::Write) -> Result<(), String> {
        match self {
            Self::Tsunami(arguments) => tsunami::run(arguments, out),
            Self::Traffic(arguments) => traffic::run(arguments, out),
        }
    }
}
