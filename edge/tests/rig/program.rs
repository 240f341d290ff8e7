//! The agent as a process that ends with the test that started it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// A running agent.
pub struct Program(pub Child);

impl Program {
    /// Starts it with this configuration, in the directory that holds it.
    pub fn start(file: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_watchfire-edge"))
            .args(["--log", "json", "--config"])
            .arg(file)
            .current_dir(file.parent().expect("a file in a directory"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Sends a signal, by the name that `kill` knows it by.
    pub fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it without a word.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Ends it in good order; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal("-TERM");
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(started.elapsed() < PATIENCE, "does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
