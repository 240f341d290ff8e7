//! `cargo xtask edge`: the edge agent for small computers, with its sizes.
//!
//! Raspberry Pi 3 to 5 and their like are aarch64, older ones and many industrial gateways armv7. The binaries need the C library
//! of Debian 12 (glibc 2.36) or a newer one when they are built there. Where the emulator of user programs is there, the binary is
//! started in it; that is no proof for any hardware.

use crate::{needs, run};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A target, the prefix of its tools, the Debian package of its linker, and the emulator.
struct Target {
    triple: &'static str,
    prefix: &'static str,
    package: &'static str,
    libc: &'static str,
    emulator: &'static str,
}

const TARGETS: [Target; 2] = [
    Target {
        triple: "aarch64-unknown-linux-gnu",
        prefix: "aarch64-linux-gnu",
        package: "gcc-aarch64-linux-gnu",
        libc: "libc6-dev-arm64-cross",
        emulator: "qemu-aarch64",
    },
    Target {
        triple: "armv7-unknown-linux-gnueabihf",
        prefix: "arm-linux-gnueabihf",
        package: "gcc-arm-linux-gnueabihf",
        libc: "libc6-dev-armhf-cross",
        emulator: "qemu-arm",
    },
];

pub fn build() -> Result<(), String> {
    for target in &TARGETS {
        let compiler = format!("{}-gcc", target.prefix);
        if !needs::is_there(&compiler) {
            println!(
                "skipped: {} (apt-get install --no-install-recommends {} {})",
                target.triple, target.package, target.libc
            );
            continue;
        }
        if !needs::target(target.triple) {
            println!(
                "skipped: {} (rustup target add {})",
                target.triple, target.triple
            );
            continue;
        }
        crate::cargo(
            &[
                "build",
                "--release",
                "--package",
                "edge",
                "--target",
                target.triple,
            ],
            &[],
        )?;
        let program = program(target.triple);
        println!(
            "{}: {} bytes, {} without line tables",
            program.display(),
            size(&program)?,
            stripped(&program, target.prefix)?
        );
        emulate(target, &program)?;
    }
    Ok(())
}

fn program(triple: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    target.join(triple).join("release").join("watchfire-edge")
}

fn size(file: &Path) -> Result<u64, String> {
    std::fs::metadata(file)
        .map(|metadata| metadata.len())
        .map_err(|e| format!("{}: {e}", file.display()))
}

fn stripped(program: &Path, prefix: &str) -> Result<u64, String> {
    let out = program.with_extension("stripped");
    run(Command::new(format!("{prefix}-strip"))
        .arg("-o")
        .arg(&out)
        .arg(program))?;
    size(&out)
}

/// Starts the program and lets it check the example's configuration.
fn emulate(target: &Target, program: &Path) -> Result<(), String> {
    if !needs::is_there(target.emulator) {
        println!(
            "not started: {} is not there (apt-get install --no-install-recommends qemu-user)",
            target.emulator
        );
        return Ok(());
    }
    // The cross compiler's own C library.
    let root = format!("/usr/{}", target.prefix);
    let start = |arguments: &[&str]| {
        run(Command::new(target.emulator)
            .args(["-L", &root])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null()))
    };
    start(&["--version"])?;
    start(&["--check", "--config", "configs/chile/edge-valparaiso.toml"])
}
