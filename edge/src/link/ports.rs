//! Serial ports: opening one, and following those that a pattern names as they come and go.
//!
//! The directory is looked at every [`LOOK`]; nothing is asked of udev, so that it works in the smallest image. A name
//! under `/dev/serial/by-id` stays with its adapter, one under `by-path` with its socket; both may be patterns.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_serial::SerialStream;

use super::stream::{self, Peer};
use super::{Intake, RETRY};
use crate::backoff::Backoff;
use crate::config::{Direction, LinkKind};

/// How often the directory is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Most ports of one pattern.
pub const MAX_PORTS: usize = 64;

/// One serial port, 8N1.
#[derive(Debug, Clone)]
pub struct Port {
    /// The device.
    pub device: String,
    /// Bits per second.
    pub baud: u32,
    /// Who switches the transceiver of a shared line.
    pub direction: Direction,
}

impl Port {
    /// Opens it, for nobody else.
    ///
    /// # Errors
    /// It is not there, taken, or cannot do what it should.
    pub fn open(&self) -> io::Result<SerialStream> {
        if self.direction == Direction::Kernel {
            // The driver keeps the mode when this handle is closed.
            let port = serial2::SerialPort::open(&self.device, self.baud)?;
            port.set_rs4xx_mode(serial2::rs4xx::Rs485Config::new())
                .map_err(|error| {
                    io::Error::new(
                        error.kind(),
                        format!("the driver does not switch a transceiver (direction = \"kernel\"): {error}"),
                    )
                })?;
        }
        Ok(SerialStream::open(&tokio_serial::new(
            self.device.as_str(),
            self.baud,
        ))?)
    }
}

/// All ports that a pattern names.
#[derive(Debug)]
pub struct Ports {
    pattern: String,
    baud: u32,
    /// Devices that others use, as they are when links are followed.
    taken: Vec<PathBuf>,
}

impl Ports {
    /// The ports of `pattern` except `taken`, whatever they are called.
    pub fn new(pattern: &str, baud: u32, taken: &[PathBuf]) -> Self {
        Self {
            pattern: pattern.to_owned(),
            baud,
            taken: taken.to_vec(),
        }
    }

    /// The ports that are there now.
    fn present(&self) -> Vec<String> {
        let taken: Vec<PathBuf> = self.taken.iter().map(|path| real(path)).collect();
        let paths = glob::glob(&self.pattern).into_iter().flatten().flatten();
        paths
            .filter(|path| !taken.contains(&real(path)))
            .take(MAX_PORTS)
            .map(|path| path.display().to_string())
            .collect()
    }

    /// Opens what appears, until the agent stops. A port that is gone is forgotten and found again.
    pub(super) async fn run(&self, intake: &Intake, connections: &mut JoinSet<()>) {
        let open = Arc::new(Mutex::new(BTreeSet::new()));
        loop {
            while connections.try_join_next().is_some() {}
            for device in self.present() {
                let is_new = lock(&open).insert(device.clone());
                if is_new {
                    tracing::info!(pattern = self.pattern, device, "port");
                    let (intake, open) = (intake.clone(), open.clone());
                    let port = Port {
                        device,
                        baud: self.baud,
                        direction: Direction::Hardware,
                    };
                    connections.spawn(async move {
                        // However it ends, the port is found again.
                        let _listed = Listed {
                            device: port.device.clone(),
                            open,
                        };
                        follow(&port, &intake).await;
                    });
                }
            }
            sleep(LOOK).await;
        }
    }
}

/// A device among those that are open.
struct Listed {
    device: String,
    open: Arc<Mutex<BTreeSet<String>>>,
}

impl Drop for Listed {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.device);
    }
}

fn lock(open: &Mutex<BTreeSet<String>>) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Serves a port, again and again, as long as it is there and the agent runs.
async fn follow(port: &Port, intake: &Intake) {
    let stats = intake.lines.named(&port.device, LinkKind::Serial.name());
    let mut stop = intake.stop.clone();
    let mut backoff = Backoff::new(RETRY.0, RETRY.1);
    loop {
        match port.open() {
            Ok(stream) => {
                if stream::serve(stream, &stats, intake, Peer::Line).await {
                    backoff.reset();
                }
                intake.tally.add("closed", 1);
            }
            Err(error) => {
                stats.say(Some(error.to_string()));
                if intake.tally.count("open_failed") {
                    tracing::warn!(link = port.device, %error, "port cannot be opened");
                }
            }
        }
        if !Path::new(&port.device).exists() {
            stats.say(Some("unplugged".to_owned()));
            intake.tally.add("unplugged", 1);
            tracing::info!(device = port.device, "port is gone");
            return;
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(backoff.pause()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device whose task panicked stayed among those that are open: it was not opened again before a restart.
    #[tokio::test]
    async fn a_port_is_found_again_however_its_task_ended() {
        let open = Arc::new(Mutex::new(BTreeSet::from(["port".to_owned()])));
        let listed = Listed {
            device: "port".to_owned(),
            open: open.clone(),
        };
        let ended = tokio::spawn(async move {
            let _listed = listed;
            panic!("on purpose");
        });
        assert!(ended.await.unwrap_err().is_panic());
        assert!(lock(&open).is_empty());
    }
}
