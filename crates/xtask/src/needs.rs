//! What the tests need from the system: installed when that is allowed, named when it is not.

use std::path::Path;
use std::process::{Command, Stdio};

/// Programs that some tests talk to, and the Debian packages that hold them.
const PROGRAMS: &[(&str, &str)] = &[
    ("mosquitto", "mosquitto"),
    ("mosquitto_pub", "mosquitto-clients"),
    ("xmllint", "libxml2-utils"),
    ("xmlsec1", "xmlsec1"),
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

/// Makes the programs available when it may. Tests whose program is missing say what they skip.
pub fn programs() {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return;
    }
    let install = format!(
        "apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    );
    let root = succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]);
    if root && is_there("apt-get") {
        println!("installing: {install}");
        let done = succeeds(
            "sh",
            &[
                "-c",
                &format!("export DEBIAN_FRONTEND=noninteractive; apt-get update && {install}"),
            ],
        );
        if done {
            return;
        }
        println!("that failed; some tests will be skipped");
    } else {
        println!("some tests will be skipped; to run them all: sudo {install}");
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
