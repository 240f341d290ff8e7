//! `cargo xtask cortex-m4`: instructions per sample of every detector, counted by QEMU.
//!
//! `crates/xtask/cortex-m4` is a program for the STM32F405 that feeds the detectors and prints rows; the emulator counts one nanosecond
//! for each instruction (`-icount shift=0`). An instruction is not a cycle: loads, divisions and flash wait states take more, so that
//! the times printed are what a processor of one instruction a cycle would need. No silicon was asked.

use crate::{CORTEX_M4, needs, run};
use std::process::{Command, Stdio};

const QEMU: &str = "qemu-system-arm";
/// An STM32F405, whose SysTick the emulator drives with 168 MHz.
const MACHINE: &str = "netduinoplus2";
const MHZ: f64 = 168.0;
const FOLDER: &str = "crates/xtask/cortex-m4";

pub fn count() -> Result<(), String> {
    if !needs::is_there(QEMU) {
        println!("skipped: {QEMU} is not there (`apt-get install --no-install-recommends {QEMU}`)");
        return Ok(());
    }
    if !needs::target(CORTEX_M4) {
        println!("skipped: no compiler for {CORTEX_M4} (run `rustup target add {CORTEX_M4}`)");
        return Ok(());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || std::path::PathBuf::from("target"),
        std::path::PathBuf::from,
    );
    let target = target.join("cortex-m4");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo)
        .args(["build", "--release", "--target", CORTEX_M4])
        .args(["--manifest-path", &format!("{FOLDER}/Cargo.toml")])
        .arg("--target-dir")
        .arg(&target))?;
    let program = target
        .join(CORTEX_M4)
        .join("release")
        .join("watchfire-cortex-m4");
    let out = Command::new(QEMU)
        .args(["-M", MACHINE, "-icount", "shift=0", "-nographic"])
        .args(["-monitor", "none", "-serial", "none"])
        .args(["-semihosting-config", "enable=on,target=native"])
        .arg("-kernel")
        .arg(&program)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("{QEMU}: {e}"))?;
    let rows = String::from_utf8_lossy(&out.stdout);
    if !out.status.success() {
        return Err(format!("{QEMU} ended with {}: {rows}", out.status));
    }
    println!("instructions per sample, and us at {MHZ} MHz and one instruction a cycle");
    println!(
        "{:34} {:>8} {:>8} {:>7} {:>9} {:>7} {:>13}",
        "", "samples", "mean", "us", "worst", "us", "within 20 us"
    );
    for row in rows.lines() {
        let fields: Vec<&str> = row.split('\t').collect();
        if let [name, bytes] = fields[..] {
            println!("{name:34} {bytes:>8} bytes");
            continue;
        }
        let [name, samples, mean, worst, within] = fields[..] else {
            return Err(format!("{QEMU} printed something else: {row}"));
        };
        let number = |text: &str| text.parse::<f64>().map_err(|e| format!("{row}: {e}"));
        println!(
            "{name:34} {samples:>8} {mean:>8} {:>7.1} {worst:>9} {:>7.1} {:>11.2} %",
            number(mean)? / MHZ,
            number(worst)? / MHZ,
            number(within)? / 100.0
        );
    }
    Ok(())
}
