//! `cargo xtask`: the project's own commands.
//!
//! - `needs` installs what building and testing need from the system when it may (root and apt), and names the exact command when it may not.
//! - `test [ARGS]` installs what the tests need when it may (root and apt), names the exact command when it may not, and runs every
//!   test. ARGS go to `cargo test`.
//! - `update-key DIR` makes the key pair of updates.
//! - `firmware [OPTIONS]` builds the images for the boards and prints how much of each board they take.
//! - `cortex-m4` counts the detectors' instructions per sample on an emulated Cortex-M4F; it needs `qemu-system-arm`.
//! - `edge` builds the edge agent for aarch64 and armv7 and prints its sizes.
//! - `fuzz [TARGET] [SECONDS]` runs the fuzz targets, each for SECONDS (default 30).
#![forbid(unsafe_code)]

mod cortex_m4;
mod edge;
mod firmware;
mod needs;

use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask needs | test [ARGS] | firmware [OPTIONS] | update-key DIR | cortex-m4 | edge | fuzz [TARGET|all] [SECONDS]";

/// The fuzz targets, each a parser of bytes from outside.
const FUZZ_TARGETS: &[&str] = &[
    "frame",
    "node",
    "batch",
    "ack",
    "command",
    "topic",
    "open_json",
    "open_senml",
    "quake",
    "cap",
    "alert_feed",
    "signature",
    "accounts_file",
    "auth_header",
    "record",
    "detectors",
    "sensor_lines",
    "store",
    "update_file",
    "records_toml",
    "places_geojson",
    "places_csv",
    "places_s3xml",
    "roads",
    "windows_json",
    "sahana_answer",
    "bank",
    "fault_table",
    "gridfile",
    "config",
    "entry",
    "core",
    "rig_script",
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.first().map(String::as_str) {
        Some("needs") => {
            needs::programs();
            Ok(())
        }
        Some("test") => test(&args[1..]),
        Some("firmware") => firmware::build(&args[1..]),
        Some("update-key") => firmware::new_key(args.get(1)),
        Some("cortex-m4") => cortex_m4::count(),
        Some("edge") => edge::build(),
        Some("fuzz") => fuzz(&args[1..]),
        Some("--help" | "-h") => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn test(args: &[String]) -> Result<(), String> {
    needs::programs();
    // The rig's tests run the images that ship.
    firmware::build(&[])?;
    cargo(&["test", "--workspace"], args)
}

/// Target of the STM32F405's Cortex-M4F.
const CORTEX_M4: &str = "thumbv7em-none-eabihf";

fn fuzz(args: &[String]) -> Result<(), String> {
    let wanted = args.first().map_or("all", String::as_str);
    let seconds = args.get(1).map_or("30", String::as_str);
    let targets: Vec<&str> = FUZZ_TARGETS
        .iter()
        .copied()
        .filter(|t| wanted == "all" || *t == wanted)
        .collect();
    if targets.is_empty() {
        return Err(format!(
            "no fuzz target \"{wanted}\"; there are: all, {}",
            FUZZ_TARGETS.join(", ")
        ));
    }
    if !needs::succeeds("cargo", &["fuzz", "--version"]) {
        return Err(
            "fuzzing needs `cargo install cargo-fuzz` and `rustup toolchain install nightly`"
                .to_owned(),
        );
    }
    for target in targets {
        println!("fuzz {target} for {seconds} s");
        let mut command = Command::new("cargo");
        command.args([
            "+nightly",
            "fuzz",
            "run",
            "--fuzz-dir",
            "tests/fuzz",
            target,
        ]);
        // The working corpus first, then the inputs that once broke something.
        let regressions = format!("tests/fuzz/regressions/{target}");
        if std::path::Path::new(&regressions).is_dir() {
            command.args([format!("tests/fuzz/corpus/{target}"), regressions]);
        }
        command.args([
            "--",
            &format!("-max_total_time={seconds}"),
            "-max_len=65536",
        ]);
        run(&mut command)?;
    }
    Ok(())
}

fn cargo(args: &[&str], more: &[String]) -> Result<(), String> {
    // The cargo that runs us, so that a chosen toolchain stays chosen.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo).args(args).args(more))
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("{command:?}: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} ended with {status}"))
    }
}
