//! Scripts in a real browser: `tests/browser/*.mjs`, run by Node against hubs that a test has started.
//!
//! A script asks its test for whatever only the test can do, one line of JSON each way; what it says otherwise goes to the test's output. Its
//! packages are installed under `target/browser`, never among the sources, and its pictures go there too.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::program;
use crate::recorded::repository;

/// Set to `required` where a missing browser is a failure, as in CI.
const WISH: &str = "WATCHFIRE_BROWSER";
/// A browser that is not on the path.
const CHROMIUM: &str = "WATCHFIRE_CHROMIUM";
/// The oldest Node that the packages take.
const NODE_MAJOR: u32 = 20;
/// The scripts and what names their packages.
const FOLDER: &str = "tests/browser";

/// One browser at a time: each draws its maps on the processor.
static ONE: Mutex<()> = Mutex::new(());

/// Node, Chromium and the packages, ready to run scripts.
#[derive(Debug)]
pub struct Browser {
    chromium: PathBuf,
    scripts: PathBuf,
    /// Where pictures go.
    pub pictures: PathBuf,
    _one: MutexGuard<'static, ()>,
}

impl Browser {
    /// Finds what is needed and installs the packages. `None`, with a word on what is skipped, when something is missing.
    ///
    /// # Panics
    /// When something is missing and `WATCHFIRE_BROWSER=required`.
    pub fn find() -> Option<Self> {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        match Self::prepare(one) {
            Ok(browser) => Some(browser),
            Err(why) => {
                assert!(
                    std::env::var(WISH).as_deref() != Ok("required"),
                    "{WISH}=required, but {why}"
                );
                println!("skipped: {why}");
                None
            }
        }
    }

    fn prepare(one: MutexGuard<'static, ()>) -> Result<Self, String> {
        if hub_console::document().is_none() {
            return Err(
                "the console is not built into this hub: build again where npm is".to_owned(),
            );
        }
        let said = Command::new("node").arg("--version").output();
        let version = said.map_err(|e| {
            format!("node does not start ({e}): install Node.js {NODE_MAJOR} or newer")
        })?;
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        let major = version.strip_prefix('v').and_then(|v| v.split('.').next());
        if !major
            .and_then(|m| m.parse::<u32>().ok())
            .is_some_and(|m| m >= NODE_MAJOR)
        {
            return Err(format!(
                "node is {version:?}: {NODE_MAJOR} or newer is needed"
            ));
        }
        let chromium = match std::env::var_os(CHROMIUM) {
            Some(path) => PathBuf::from(path),
            None => program::installed("chromium", "chromium")
                .ok_or("chromium is not there: apt-get install --no-install-recommends chromium")?,
        };
        let target = target();
        let scripts = target.join("scripts");
        install(&scripts)?;
        Ok(Self {
            chromium,
            scripts,
            pictures: target,
            _one: one,
        })
    }

    /// Runs a script to its end. `hub` is the address that it opens; `more` is given to it besides; `act` does what it asks for.
    ///
    /// # Panics
    /// When the script fails; then its last pictures are named.
    pub fn run(
        &self,
        script: &str,
        name: &str,
        hub: &str,
        more: &Value,
        mut act: impl FnMut(&str, &Value) -> Value,
    ) {
        let mut given = json!({
            "hub": hub, "chromium": self.chromium, "pictures": self.pictures, "name": name,
        });
        if let (Some(given), Some(more)) = (given.as_object_mut(), more.as_object()) {
            given.extend(more.clone());
        }
        self.sweep(name);
        let mut script = Script(
            Command::new("node")
                .arg(script)
                .current_dir(&self.scripts)
                .env("WATCHFIRE_TEST", given.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("node starts"),
        );
        let mut answers = script.0.stdin.take().expect("a pipe");
        let asked = BufReader::new(script.0.stdout.take().expect("a pipe"));
        for line in asked.lines() {
            let line = line.expect("UTF-8");
            let Some(request) = line.strip_prefix("ask ") else {
                println!("{name}: {line}");
                continue;
            };
            let request: Value = serde_json::from_str(request).expect("JSON");
            let answer = act(request["what"].as_str().expect("a request"), &request["of"]);
            // A script that is gone says below how it ended.
            let _ = writeln!(answers, "{answer}");
        }
        let status = script.0.wait().expect("it ends");
        assert!(
            status.success(),
            "{name} failed ({status}); what the officer saw: {}",
            self.pictures.join(format!("{name}-*.png")).display()
        );
    }

    /// The pictures of the last run would be taken for this one's.
    fn sweep(&self, name: &str) {
        let old = std::fs::read_dir(&self.pictures);
        for file in old.into_iter().flatten().flatten() {
            let said = file.file_name();
            let said = said.to_string_lossy();
            if said.strip_prefix(name).is_some_and(|s| s.starts_with('-')) && said.ends_with(".png")
            {
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}

/// A script that runs; it and its browser end with the test.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        // Node closes its browser when it is asked to end; it is not waited for when it has ended.
        if matches!(self.0.try_wait(), Ok(None)) {
            program::signal(self.0.id(), "TERM");
            let _ = self.0.wait();
        }
    }
}

/// `target/browser`.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository().join("target"), PathBuf::from)
        .join("browser")
}

/// Copies the scripts and installs their packages, unless that was done for the same list.
fn install(to: &Path) -> Result<(), String> {
    let said = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    std::fs::create_dir_all(to).map_err(|e| said(to, e))?;
    let from = repository().join(FOLDER);
    for entry in std::fs::read_dir(&from)
        .map_err(|e| said(&from, e))?
        .flatten()
    {
        if entry.path().is_file() {
            let file = to.join(entry.file_name());
            std::fs::copy(entry.path(), &file).map_err(|e| said(&file, e))?;
        }
    }
    let lock = to.join("package-lock.json");
    let lock = std::fs::read(&lock).map_err(|e| said(&lock, e))?;
    let installed = to.join("installed-lock.json");
    if std::fs::read(&installed).ok().as_ref() == Some(&lock) {
        return Ok(());
    }
    let output = Command::new("npm")
        .args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ])
        .current_dir(to)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("npm does not start: {e}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`npm ci` for the browser tests failed: {why}"));
    }
    std::fs::write(&installed, &lock).map_err(|e| said(&installed, e))
}
