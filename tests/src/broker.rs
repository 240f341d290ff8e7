//! Brokers that can be killed and come back on the same port without any memory.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::program::{Program, installed};
use crate::wait::PATIENCE;

/// Which broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// mosquitto from Debian, without persistence.
    Mosquitto,
    /// `watchfire broker`.
    Watchfire,
}

/// A broker as a process of its own.
#[derive(Debug)]
pub struct Broker {
    kind: Kind,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    program: Option<Program>,
    directory: tempfile::TempDir,
    starts: u32,
}

impl Broker {
    /// Starts a broker; `None`, with a word on what is skipped, when it is not installed.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(kind: Kind) -> Option<Self> {
        if kind == Kind::Mosquitto {
            installed("mosquitto", "mosquitto")?;
        }
        let mut broker = Self {
            kind,
            port: free_port(),
            program: None,
            directory: tempfile::tempdir().expect("a scratch directory"),
            starts: 0,
        };
        broker.up();
        Some(broker)
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.program = None;
    }

    /// Starts it again when it is down, on the same port, and waits until it listens.
    ///
    /// # Panics
    /// When the port stays taken.
    pub fn up(&mut self) {
        let started = Instant::now();
        while !self.is_listening() {
            assert!(
                started.elapsed() < PATIENCE,
                "{:?} does not listen on port {}",
                self.kind,
                self.port
            );
            let is_running = self.program.as_mut().is_some_and(|p| p.ended().is_none());
            if !is_running {
                self.launch();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_listening(&mut self) -> bool {
        self.program.as_mut().is_some_and(|p| p.ended().is_none())
            && TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).is_ok()
    }

    fn launch(&mut self) {
        self.starts += 1;
        let log = self.path(&format!("broker-{}.log", self.starts));
        let mut command = match self.kind {
            Kind::Mosquitto => {
                let file = self.path("mosquitto.conf");
                let text = format!(
                    "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_packet_size 5000000\n",
                    self.port
                );
                std::fs::write(&file, text).expect("a scratch file");
                let program = installed("mosquitto", "mosquitto").expect("was there a moment ago");
                let mut command = Command::new(program);
                command.arg("-c").arg(file);
                command
            }
            Kind::Watchfire => {
                let mut command = Command::new(crate::site::program("scenario-hub"));
                command.args(["broker", "--listen", &format!("127.0.0.1:{}", self.port)]);
                command
            }
        };
        self.program = Some(Program::start("broker", &mut command, &log));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// A port that is free now and that the system gives to nobody by itself, so that a broker finds it free again after a restart:
/// below the range of ephemeral ports (32768 on Linux).
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 10_000;
    // Test processes that run side by side start at different places.
    let base = (std::process::id().wrapping_mul(131) % u32::from(COUNT)) as u16;
    (0..COUNT)
        .map(|_| FIRST + (base.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
