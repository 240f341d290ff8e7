//! `watchfire-hil`: plays a recorded event's station into a running edge, as a node on its line would.
#![forbid(unsafe_code)]

mod play;

use clap::Parser;
use std::process::ExitCode;

/// Virtual sensor nodes for Watchfire: recorded measurements, played through the node's own firmware logic into a running
/// edge.
#[derive(Parser)]
#[command(name = "watchfire-hil", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Play one station of a recorded event.
    Play(play::Play),
}

fn main() -> ExitCode {
    let Arguments {
        command: Command::Play(play),
    } = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("watchfire-hil: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(play.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watchfire-hil: {error}");
            ExitCode::FAILURE
        }
    }
}
