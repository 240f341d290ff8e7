//! A deployment in a scratch directory: its configuration, its data, and the programs that run on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use toml::Table;

use crate::exported::{self, Row};
use crate::mqtt::Subscriber;
use crate::program::Program;
use crate::running::{Hub, addresses};
use crate::wait::until_true;
use hub::alert::Published;

/// The edge's id in all tests.
pub const EDGE: &str = "edge-1";

/// A program of this package, which cargo has built before the test; see `Cargo.toml`.
///
/// # Panics
/// When it is not there: then the test was not started by cargo.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is not beside {}: run `cargo test`", test.display()))
}

/// Which broker a site's programs use.
#[derive(Debug, Clone, Copy)]
pub enum At {
    /// Inside the hub, on a port that the system picks.
    Embedded,
    /// A process of its own on this port.
    Port(u16),
}

/// A deployment with its data.
#[derive(Debug)]
pub struct Site {
    directory: tempfile::TempDir,
    /// Deployment id.
    pub deployment: String,
    /// `WATCHFIRE_CLOCK` of every program; the machine's clock without.
    pub clock: Option<String>,
    starts: AtomicU32,
}

/// A shipped deployment's configuration.
///
/// # Panics
/// When there is none of that name.
pub fn shipped(name: &str) -> Table {
    let (_, text) = hub::shipped::DEPLOYMENTS
        .iter()
        .find(|(n, _)| *n == name)
        .unwrap_or_else(|| panic!("no shipped deployment {name}"));
    text.parse().expect("a shipped configuration parses")
}

/// Two stations of a small city: a road, and a tunnel with a limit on its occupancy.
pub const CITY: &str = r#"
[[station]]
id = "road"
lat = -33.04
lon = -71.61
quantity = "speed"

[[station]]
id = "tunnel"
name = "Tunnel"
lat = -33.05
lon = -71.62
quantity = "occupancy"
[[station.threshold]]
quantity = "occupancy"
above = 60
hysteresis = 10
text = "The tunnel is full"
"#;

/// A deployment without an ocean, to be completed by tables such as `[[station]]`.
///
/// # Panics
/// When `more` is no TOML.
pub fn small(more: &str) -> Table {
    let text = format!(
        r#"
deployment = "rig"
title = "Rig"
mode = "exercise"

[sender]
id = "rig@example.org"
name = "Rig"
languages = ["en", "es"]

{more}"#
    );
    text.parse()
        .unwrap_or_else(|e| panic!("the test's own configuration: {e}"))
}

impl Site {
    /// Writes a hub's configuration, on loopback and with its data in the site's directory.
    ///
    /// # Panics
    /// When the directory cannot be written.
    pub fn new(mut hub: Table, broker: At) -> Self {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let (embedded, port) = match broker {
            At::Embedded => (true, 0),
            At::Port(port) => (false, port),
        };
        let data = directory.path().join("hub");
        hub.insert("data_dir".to_owned(), data.display().to_string().into());
        let address: Table = format!("embedded = {embedded}\nhost = \"127.0.0.1\"\nport = {port}")
            .parse()
            .expect("TOML");
        hub.insert("broker".to_owned(), address.into());
        // The port differs with every start; the links in the feeds must not.
        let page: Table = "listen = \"127.0.0.1:0\"\nbase_url = \"http://rig.example.org\""
            .parse()
            .expect("TOML");
        hub.insert("http".to_owned(), page.into());
        let deployment = hub["deployment"].as_str().expect("an id").to_owned();
        std::fs::write(directory.path().join("hub.toml"), hub.to_string()).expect("a scratch file");
        Self {
            directory,
            deployment,
            clock: None,
            starts: AtomicU32::new(0),
        }
    }

    /// A path in the site's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A topic of a publisher in this deployment.
    pub fn topic(&self, publisher: &str, channel: &str) -> String {
        format!("watchfire/v1/{}/{publisher}/{channel}", self.deployment)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        command
            .env_remove("RUST_LOG")
            .env_remove("WATCHFIRE_CLOCK")
            .current_dir(self.directory.path());
        if let Some(clock) = &self.clock {
            command.env("WATCHFIRE_CLOCK", clock);
        }
        command
    }

    fn log(&self, name: &str) -> PathBuf {
        let n = self.starts.fetch_add(1, Ordering::Relaxed);
        self.path(&format!("{name}-{n}.log"))
    }

    /// Starts the hub without waiting for it.
    pub fn launch_hub(&self) -> Program {
        let mut command = self.command("scenario-hub");
        command.args(["--log", "json", "run", "--config", "hub.toml"]);
        Program::start("hub", &mut command, &self.log("hub"))
    }

    /// Starts the hub and waits until it runs and listens to its broker: what is published before that to an embedded broker, nobody
    /// hears.
    pub fn hub(&self) -> Hub {
        let mut program = self.launch_hub();
        let (http, mqtt_port) = program.until_said("that it runs", addresses);
        let status = Subscriber::start(mqtt_port, &self.topic("hub", "status"));
        until_true("the hub's word that it is online", || {
            let last = status.messages().pop();
            last.is_some_and(|m| m.payload.contains("online"))
        });
        Hub {
            program,
            http,
            mqtt_port,
        }
    }

    /// Writes the edge's configuration: the tables that follow its id and data directory.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write_edge(&self, mqtt_port: u16, more: &str) {
        let text = format!(
            r#"
deployment = "{}"
edge = "{EDGE}"
data_dir = "{}"

[broker]
port = {mqtt_port}
reconnect_min = "20ms"
reconnect_max = "300ms"

[publish]
ack_timeout = "700ms"
status_interval = "1s"

{more}"#,
            self.deployment,
            self.path("edge").display(),
        );
        std::fs::write(self.path("edge.toml"), text).expect("a scratch file");
    }

    /// Starts the edge without waiting for it.
    pub fn edge(&self) -> Program {
        let mut command = self.command("scenario-edge");
        command.args(["--log", "json", "--config", "edge.toml"]);
        Program::start("edge", &mut command, &self.log("edge"))
    }

    /// Starts a virtual node that plays a station of an event into the edge until all is acknowledged.
    pub fn node(&self, event: &Path, station: &str, endpoint: &str, key: &str) -> Program {
        let mut command = self.command("scenario-hil");
        command
            .args(["play", "--exit-when-done", "--boot", "1", "--node-id", "1"])
            .args(["--station", station, "--connect", endpoint, "--key", key])
            .arg("--event")
            .arg(event);
        Program::start("node", &mut command, &self.log("node"))
    }

    /// Runs `watchfire SUBCOMMAND --config hub.toml`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn operate(&self, subcommand: &str) -> Output {
        self.command("scenario-hub")
            .args([subcommand, "--config", "hub.toml"])
            .output()
            .expect("the program starts")
    }

    /// Runs `watchfire audit ARGS --config hub.toml`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn audit(&self, arguments: &[&str]) -> Output {
        self.command("scenario-hub")
            .arg("audit")
            .args(arguments)
            .args(["--config", "hub.toml"])
            .output()
            .expect("the program starts")
    }

    /// Makes an account with [`PASSWORD`](crate::officer::PASSWORD), as an operator does.
    ///
    /// # Panics
    /// When it fails.
    pub fn add_account(&self, name: &str, role: &str) {
        let mut child = self
            .command("scenario-hub")
            .args(["account", "add", name, "--role", role, "--password-stdin"])
            .args(["--config", "hub.toml"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut input = child.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut input, crate::officer::PASSWORD.as_bytes()).expect("read");
        drop(input);
        assert!(child.wait().expect("it ends").success());
    }

    /// Every reading in the hub's journal.
    ///
    /// # Panics
    /// When the export fails.
    pub fn export(&self) -> Vec<Row> {
        exported::rows(&text(&self.operate("export")))
    }

    /// What the hub computes from its journal, one JSON document a line.
    ///
    /// # Panics
    /// When it fails.
    pub fn recompute(&self) -> Vec<Value> {
        let output = text(&self.operate("recompute"));
        let lines = output.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }

    /// Every message in the hub's alert log, oldest first.
    ///
    /// # Panics
    /// When the log cannot be read.
    pub fn alert_log(&self) -> Vec<Published> {
        desk::issued(&hub::gate::log_dir(&self.path("hub"))).expect("an alert log")
    }
}

/// Standard output of a command that must have succeeded.
///
/// # Panics
/// When it has not.
pub fn text(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}
