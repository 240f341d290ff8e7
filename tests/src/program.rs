//! Processes that end with the test that started them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::wait::until;

/// How much of a log a failing test shows: lines, and characters of each.
const TAIL: usize = 25;
/// See [`TAIL`].
const WIDTH: usize = 300;

/// A running process with its output in a file.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts a command; what it prints and logs goes to `log`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Self {
        let file = File::create(log).unwrap_or_else(|e| panic!("{}: {e}", log.display()));
        let same = file.try_clone().expect("a second handle");
        let child = command
            .stdin(Stdio::piped())
            .stdout(same)
            .stderr(file)
            .spawn()
            .unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        }
    }

    /// What it has printed and logged so far.
    pub fn said(&self) -> String {
        std::fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Its standard input.
    ///
    /// # Panics
    /// When it has been closed.
    pub fn input(&mut self) -> &mut impl std::io::Write {
        self.child.stdin.as_mut().expect("an open standard input")
    }

    /// How it ended; `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a process of ours")
    }

    /// Looks into what it said until something is found there.
    ///
    /// # Panics
    /// When it ends before, or never says it.
    pub fn until_said<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        until(&format!("{}: {what}", self.name), || {
            let found = find(&self.said());
            if found.is_none()
                && let Some(status) = self.ended()
            {
                // What it said last may have been written after the look.
                return Some(find(&self.said()).unwrap_or_else(|| {
                    panic!(
                        "{} ended with {status} before: {what}\n{}",
                        self.name,
                        self.said()
                    )
                }));
            }
            found
        })
    }

    /// SIGKILL: it cannot know.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by its name without `SIG`.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn signal(&self, name: &str) {
        assert!(signal(self.id(), name), "{}: no SIG{name}", self.name);
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Panics
    /// When the signal cannot be sent or the process does not end.
    pub fn terminate(&mut self) -> ExitStatus {
        assert!(signal(self.id(), "TERM"), "{}: no SIGTERM", self.name);
        self.until_end()
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not end.
    pub fn until_end(&mut self) -> ExitStatus {
        until(&format!("the end of {}", self.name), || self.ended())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().collect();
            let from = lines.len().saturating_sub(TAIL);
            println!("--- {}, last lines ---", self.name);
            for line in &lines[from..] {
                println!("{}", line.chars().take(WIDTH).collect::<String>());
            }
        }
    }
}

/// Sends a process of ours a signal; false when there is no such process.
pub fn signal(process: u32, name: &str) -> bool {
    Command::new("sh")
        .arg("-c")
        .arg(format!("kill -{name} {process}"))
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A program on the path, or where Debian puts servers. When it is missing, says what is skipped.
pub fn installed(program: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|dir| dir.join(program))
        .find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: {program} is not installed (apt-get install {package})");
    }
    found
}
