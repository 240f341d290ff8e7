//! The emulator as a process: found, checked, started with its sockets, ended with the rig.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::error::{Error, system};

/// The emulator's name.
const PROGRAM: &str = "qemu-system-arm";
/// Its first version that the rig works with: earlier ones lack parts of the microcontroller.
const OLDEST: u32 = 10;
/// How long it may take to start and connect; far more than it needs.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of what it printed an error shows, bytes.
const SAID: usize = 600;

/// How the emulator's time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// By instructions, and at once to the next timer when there are none: the same in every run.
    Virtual,
    /// By the wall.
    Real,
}

/// A usable emulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulator {
    program: PathBuf,
    /// What it says of its version.
    pub version: String,
}

/// A running emulator and its sockets.
#[derive(Debug)]
pub struct Process {
    child: Child,
    directory: tempfile::TempDir,
    /// The debugging stub.
    pub gdb: UnixStream,
    /// The test port.
    pub qtest: UnixStream,
    /// USART2 and USART3.
    pub ports: [UnixStream; 2],
}

fn major(version: &str) -> Option<u32> {
    let (_, rest) = version.split_once("version ")?;
    rest.split('.').next()?.parse().ok()
}

impl Emulator {
    /// Looks on the path (or at `WATCHFIRE_QEMU`) and asks for the version.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::TooOld`], with the line that installs it.
    pub fn find() -> Result<Self, Error> {
        let program = match std::env::var_os("WATCHFIRE_QEMU") {
            Some(program) => PathBuf::from(program),
            None => {
                let path = std::env::var_os("PATH").unwrap_or_default();
                std::env::split_paths(&path)
                    .map(|directory| directory.join(PROGRAM))
                    .find(|file| file.is_file())
                    .ok_or(Error::Missing)?
            }
        };
        let output = Command::new(&program)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(system(program.display().to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let version: String = said
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(120)
            .collect();
        match major(&version) {
            Some(major) if major >= OLDEST => Ok(Self { program, version }),
            _ => Err(Error::TooOld { found: version }),
        }
    }

    /// Starts a machine that stands at its reset with `flash` as its flash.
    ///
    /// # Errors
    /// It does not start or does not connect.
    pub fn start(&self, flash: &[u8], pace: Pace) -> Result<Process, Error> {
        let directory = tempfile::Builder::new()
            .prefix("watchfire-rig-")
            .tempdir()
            .map_err(system("scratch directory"))?;
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("flash.bin"), flash).map_err(system("flash image"))?;
        let names = ["gdb", "qtest", "usart2", "usart3"];
        let mut listeners = Vec::new();
        for name in names {
            let listener = UnixListener::bind(at(name)).map_err(system(name))?;
            listener.set_nonblocking(true).map_err(system(name))?;
            listeners.push(listener);
        }
        let log = File::create(at("log")).map_err(system("emulator's log"))?;
        let mut command = Command::new(&self.program);
        command
            .current_dir(directory.path())
            .args(["-M", "olimex-stm32-h405", "-S"])
            // Translations at watched places are made anew each time; without a limit they grow to a gigabyte.
            .args(["-accel", "tcg,tb-size=16"])
            .args(["-display", "none", "-monitor", "none", "-nodefaults"])
            .args(["-action", "reboot=shutdown"])
            .args(["-qtest", "unix:qtest", "-qtest-log", "none"])
            .args(["-gdb", "unix:gdb"])
            .args(["-serial", "null"])
            .args([
                "-chardev",
                "socket,id=u2,path=usart2",
                "-serial",
                "chardev:u2",
            ])
            .args([
                "-chardev",
                "socket,id=u3,path=usart3",
                "-serial",
                "chardev:u3",
            ])
            // No ELF file, so its bytes are placed from address 0 on, where the flash appears at the reset.
            .args(["-kernel", "flash.bin"]);
        if pace == Pace::Virtual {
            command.args(["-icount", "shift=3,sleep=off"]);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(system("emulator's log"))?)
            .stderr(log)
            .spawn()
            .map_err(system(self.program.display().to_string()))?;
        // From here on the child ends with this value.
        let mut starting = Starting { child: Some(child) };
        let begun = Instant::now();
        let mut streams = Vec::new();
        for listener in &listeners {
            loop {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).map_err(system("socket"))?;
                        streams.push(stream);
                        break;
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    Err(e) => return Err(system("socket")(e)),
                }
                if let Some(status) = starting.ended() {
                    return Err(ended(status, directory.path()));
                }
                if begun.elapsed() > PATIENCE {
                    let said = said(directory.path());
                    return Err(Error::Emulator(format!(
                        "it does not connect; it said: {said}"
                    )));
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        let sockets: [UnixStream; 4] = streams
            .try_into()
            .map_err(|_| Error::Emulator("sockets are missing".to_owned()))?;
        let [gdb, qtest, usart2, usart3] = sockets;
        for port in [&usart2, &usart3] {
            port.set_nonblocking(true).map_err(system("socket"))?;
        }
        let child = starting.child.take();
        let child = child.ok_or_else(|| Error::Emulator("it is gone".to_owned()))?;
        Ok(Process {
            child,
            directory,
            gdb,
            qtest,
            ports: [usart2, usart3],
        })
    }
}

/// A child that is killed unless it is taken.
struct Starting {
    child: Option<Child>,
}

impl Starting {
    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok()?
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn said(directory: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(directory.join("log")) {
        let _ = file.take(64 * 1024).read_to_end(&mut bytes);
    }
    let from = bytes.len().saturating_sub(SAID);
    String::from_utf8_lossy(&bytes[from..]).trim().to_owned()
}

fn ended(status: ExitStatus, directory: &Path) -> Error {
    Error::Ended {
        status: status.to_string(),
        said: said(directory),
    }
}

impl Process {
    /// Its sockets have closed: waits for its end, which is a reset when it was in good order.
    ///
    /// # Errors
    /// It crashed, or it goes on without its sockets.
    pub fn reset(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait().map_err(system("emulator"))? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(ended(status, self.directory.path())),
                None if begun.elapsed() > PATIENCE => {
                    return Err(Error::Emulator(
                        "it closed its sockets and runs on".to_owned(),
                    ));
                }
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(
            major("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)"),
            Some(10)
        );
        assert_eq!(major("QEMU emulator version 7.2.19"), Some(7));
        assert_eq!(major("something else"), None);
    }
}
