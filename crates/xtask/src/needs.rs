//! What the tests need from the system: installed when that is allowed, named when it is not.

use std::path::Path;
use std::process::{Command, Stdio};

/// Programs that some tests talk to, and the Debian packages that hold them.
const PROGRAMS: &[(&str, &str)] = &[
    ("mosquitto", "mosquitto"),
    ("mosquitto_pub", "mosquitto-clients"),
    ("xmllint", "libxml2-utils"),
    ("xmlsec1", "xmlsec1"),
    // The console in a real browser, with a face of letters for every script that it shows.
    ("chromium", "chromium fonts-noto-core"),
    ("node", "nodejs"),
    ("npm", "npm"),
    // What a saved report says.
    ("pdftotext", "poppler-utils"),
];

/// Whether a program is on the path, or where Debian puts servers.
pub fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
        || Path::new("/usr/sbin").join(program).is_file()
}

/// Runs a command quietly.
pub fn succeeds(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// The emulator that runs the firmware. Older ones model the processor's chip otherwise and stop in other places.
const QEMU: &str = "qemu-system-arm";
const QEMU_MAJOR: u32 = 10;

/// Major version of the emulator; `None` when it is missing.
fn qemu_major() -> Option<u32> {
    let out = Command::new(QEMU).arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let version = said.split("version ").nth(1)?;
    version.split('.').next()?.parse().ok()
}

/// The command that installs the emulator. Debian 12 has it in its backports.
fn qemu_install() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if release
        .lines()
        .any(|line| line == "VERSION_CODENAME=bookworm")
    {
        format!(
            "echo 'deb http://deb.debian.org/debian bookworm-backports main' \
             > /etc/apt/sources.list.d/bookworm-backports.list && apt-get update && \
             apt-get install -y --no-install-recommends -t bookworm-backports {QEMU}"
        )
    } else {
        format!("apt-get install -y --no-install-recommends {QEMU}")
    }
}

/// Makes the programs available when it may. Tests whose program is missing say what they skip.
pub fn programs() {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    let mut commands = Vec::new();
    if !missing.is_empty() {
        commands.push(format!(
            "apt-get install -y --no-install-recommends {}",
            missing.join(" ")
        ));
    }
    if qemu_major().is_none_or(|major| major < QEMU_MAJOR) {
        commands.push(qemu_install());
    }
    if commands.is_empty() {
        return;
    }
    let root = succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]);
    if !root || !is_there("apt-get") {
        for command in commands {
            println!("some tests will be skipped; to run them all, as root: {command}");
        }
        return;
    }
    succeeds("apt-get", &["update"]);
    for command in commands {
        println!("installing: {command}");
        let quiet = format!("export DEBIAN_FRONTEND=noninteractive; {command}");
        if !succeeds("sh", &["-c", &quiet]) {
            println!("that failed; some tests will be skipped");
        }
    }
}

/// Whether a target's standard library is there; adds it when rustup can.
pub fn target(name: &str) -> bool {
    let installed = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    if installed.is_ok_and(|o| {
        String::from_utf8_lossy(&o.stdout)
            .lines()
            .any(|l| l == name)
    }) {
        return true;
    }
    succeeds("rustup", &["target", "add", name])
}
