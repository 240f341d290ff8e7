//! `watchfire-hil`: plays a recorded event's station into a running edge, as a node on its line would.
#![forbid(unsafe_code)]

mod play;
mod rig_command;

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
    /// Run a firmware image in the emulator, or a board, with virtual sensors.
    Rig(Box<rig_command::Rig>),
}

fn main() -> ExitCode {
    let play = match Arguments::parse().command {
        Command::Play(play) => play,
        Command::Rig(rig) => return told(rig.run()),
    };
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
    told(runtime.block_on(play.run()))
}

fn told(outcome: Result<(), impl std::fmt::Display>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watchfire-hil: {error}");
            ExitCode::FAILURE
        }
    }
}
