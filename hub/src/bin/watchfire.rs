//! `watchfire`: the hub and everything an operator does.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    hub::cli::main()
}
