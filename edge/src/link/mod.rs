//! The lines on which nodes speak: open, read frames, answer.
//!
//! Invariants: a line that breaks is opened again with back-off and jitter, for ever; noise, wrong keys and unknown nodes
//! are counted by reason and cost nothing but themselves; memory for each connection is a few kilobytes; a peer that does
//! not take its answers loses them, and after [`WRITE_TIMEOUT`] its connection.
//!
//! Refuses: more connections at a time on a listening socket than [`most_connections`], and such that have not brought
//! one authentic frame within [`INTRODUCTION`].

pub mod ports;
pub mod rota;
pub mod shared;
pub mod stats;
pub mod stream;
#[cfg(test)]
pub(crate) mod trial;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use clock::Clock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::ports::Port;
use self::shared::Shared;
use self::stats::{LineStats, Lines};
use self::stream::Peer;
use crate::backoff::Backoff;
use crate::config::line::BAUD;
use crate::config::{Link, LinkKind, is_pattern};
use crate::node::{Nodes, registry::FoundAt};
use crate::reading::Group;
use crate::siren::relay::Sirens;
use crate::tally::Tally;

/// How long a connection may wait with its first authentic frame.
pub const INTRODUCTION: Duration = Duration::from_secs(120);

/// How long a peer may take for its answers.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers waiting for one connection.
const DOWNLINK_QUEUE: usize = 64;

/// First and longest pause before a line is opened again.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// Connections at a time on one listening socket: each node's, and again as many that are dead but not yet known to be,
/// after all have lost theirs at once. Not more than a process may have files open by default, with room for the others.
pub fn most_connections(nodes: usize) -> usize {
    (2 * nodes + 32).min(800)
}

/// What every connection works with.
#[derive(Clone)]
pub struct Intake {
    /// Who may speak.
    pub nodes: Arc<Nodes>,
    /// Where readings go.
    pub groups: mpsc::Sender<Group>,
    /// Groups handed over so far.
    pub accepted: Arc<AtomicU64>,
    /// Where findings go.
    pub findings: mpsc::Sender<FoundAt>,
    /// Who hears them as well, in case the hub does not.
    pub sirens: Option<Sirens>,
    /// Arrival times.
    pub clock: Clock,
    /// Connections by fate.
    pub tally: Arc<Tally>,
    /// Each line.
    pub lines: Arc<Lines>,
    /// Set when the agent stops.
    pub stop: watch::Receiver<bool>,
}

/// A configured line, bound where it listens.
pub struct Line {
    name: String,
    kind: LinkKind,
    source: Source,
    address: Option<SocketAddr>,
    shared: Option<Shared>,
}

enum Source {
    Port(Port),
    Ports(ports::Ports),
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
    ConnectTcp(String),
    ConnectUnix(PathBuf),
}

impl Line {
    /// Binds what listens, so that a wrong address shows at the start. `nodes` are those of a shared line; `taken` are
    /// devices that a pattern must leave alone.
    ///
    /// # Errors
    /// The address cannot be bound; names it.
    pub async fn open(
        link: &Link,
        nodes: watch::Receiver<Vec<u32>>,
        taken: &[PathBuf],
    ) -> io::Result<Self> {
        let mut address = None;
        let baud = link.baud.unwrap_or(BAUD);
        let (name, source) = match (link.kind, &link.listen, &link.connect) {
            (LinkKind::Serial, ..) => {
                let device = link.name();
                let source = if is_pattern(&device) {
                    Source::Ports(ports::Ports::new(&device, baud, taken))
                } else {
                    Source::Port(Port {
                        device: device.clone(),
                        baud,
                        direction: link.direction,
                    })
                };
                (device, source)
            }
            (LinkKind::Tcp, Some(listen), _) => {
                let listener = TcpListener::bind(listen)
                    .await
                    .map_err(|error| named(listen, &error))?;
                address = listener.local_addr().ok();
                (listen.clone(), Source::Tcp(listener))
            }
            (LinkKind::Unix, Some(listen), _) => {
                let path = PathBuf::from(listen);
                remove_stale(&path).await;
                let listener = UnixListener::bind(&path).map_err(|error| named(listen, &error))?;
                (listen.clone(), Source::Unix(listener, path))
            }
            (LinkKind::Tcp, None, Some(connect)) => {
                (connect.clone(), Source::ConnectTcp(connect.clone()))
            }
            (LinkKind::Unix, None, Some(connect)) => {
                (connect.clone(), Source::ConnectUnix(connect.into()))
            }
            (_, None, None) => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "a link without an address",
                ));
            }
        };
        let shared = link.shared.then(|| Shared {
            nodes,
            turn_timeout: link.turn_timeout,
            poll_interval: link.poll_interval,
            baud: (link.kind == LinkKind::Serial).then_some(baud),
        });
        Ok(Self {
            name,
            kind: link.kind,
            source,
            address,
            shared,
        })
    }

    /// Where a TCP line listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Serves the line until the agent stops.
    pub async fn run(self, intake: Intake) {
        let mut stop = intake.stop.clone();
        let removed = match &self.source {
            Source::Unix(_, path) => Some(path.clone()),
            _ => None,
        };
        let mut connections = JoinSet::new();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.work(&intake, &mut connections) => {}
        }
        while connections.join_next().await.is_some() {}
        if let Some(path) = removed {
            // Only tidiness: a stale socket file is removed at the next start anyway.
            let _ = std::fs::remove_file(path);
        }
    }

    async fn work(&self, intake: &Intake, connections: &mut JoinSet<()>) {
        let mut backoff = Backoff::new(RETRY.0, RETRY.1);
        if let Source::Ports(ports) = &self.source {
            return ports.run(intake, connections).await;
        }
        let stats = intake.lines.named(&self.name, self.kind.name());
        loop {
            while connections.try_join_next().is_some() {}
            let outcome = match &self.source {
                Source::Tcp(listener) => match listener.accept().await {
                    Ok((stream, peer)) => {
                        let _ = stream.set_nodelay(true);
                        self.admit(stream, peer.to_string(), intake, &stats, connections);
                        continue;
                    }
                    Err(error) => Err(error),
                },
                Source::Unix(listener, _) => match listener.accept().await {
                    Ok((stream, _)) => {
                        self.admit(stream, self.name.clone(), intake, &stats, connections);
                        continue;
                    }
                    Err(error) => Err(error),
                },
                Source::Port(port) => match port.open() {
                    Ok(stream) => Ok(self.serve(stream, &stats, intake).await),
                    Err(error) => Err(error),
                },
                Source::ConnectTcp(address) => match TcpStream::connect(address).await {
                    Ok(stream) => {
                        let _ = stream.set_nodelay(true);
                        Ok(self.serve(stream, &stats, intake).await)
                    }
                    Err(error) => Err(error),
                },
                Source::ConnectUnix(path) => match UnixStream::connect(path).await {
                    Ok(stream) => Ok(self.serve(stream, &stats, intake).await),
                    Err(error) => Err(error),
                },
                Source::Ports(_) => return,
            };
            match outcome {
                Ok(spoke) => {
                    if spoke {
                        backoff.reset();
                    }
                    intake.tally.add("closed", 1);
                }
                Err(error) => {
                    stats.say(Some(error.to_string()));
                    if intake.tally.count("open_failed") {
                        tracing::warn!(link = self.name, %error, "link cannot be opened");
                    }
                }
            }
            sleep(backoff.pause()).await;
        }
    }

    async fn serve<S>(&self, stream: S, stats: &Arc<LineStats>, intake: &Intake) -> bool
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        match &self.shared {
            Some(shared) => shared::serve(stream, stats, intake, shared.clone(), Peer::Line).await,
            None => stream::serve(stream, stats, intake, Peer::Line).await,
        }
    }

    fn admit<S>(
        &self,
        stream: S,
        peer: String,
        intake: &Intake,
        stats: &Arc<LineStats>,
        connections: &mut JoinSet<()>,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        while connections.try_join_next().is_some() {}
        // Nodes come and go with reloads.
        if connections.len() < most_connections(intake.nodes.len()) {
            let (intake, stats, shared) = (intake.clone(), stats.clone(), self.shared.clone());
            connections.spawn(async move {
                admitted(stream, &stats, &intake, shared).await;
            });
        } else if intake.tally.count("too_many_connections") {
            tracing::warn!(link = self.name, %peer, "connection refused: as many as there may be are open");
        }
    }
}

async fn admitted<S>(stream: S, stats: &Arc<LineStats>, intake: &Intake, shared: Option<Shared>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    intake.tally.add("accepted", 1);
    let guest = Peer::Guest(INTRODUCTION);
    match shared {
        Some(shared) => shared::serve(stream, stats, intake, shared, guest).await,
        None => stream::serve(stream, stats, intake, guest).await,
    };
    intake.tally.add("closed", 1);
}

fn named(address: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
}

/// A socket file that nobody listens on is left over from a process that was killed.
async fn remove_stale(path: &Path) {
    if path.exists()
        && UnixStream::connect(path)
            .await
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::trial::{KEY, Trial, node, rules};

    /// How many connections a socket takes was reckoned once, at the start: nodes that came with a reload found no room.
    #[tokio::test]
    async fn room_for_connections_grows_with_the_nodes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let text = format!("kind = \"unix\"\nlisten = \"{}\"\n", path.display());
        let link: Link = settings::parse("link", &text).unwrap();
        let trial = Trial::new(&[]);
        let (_sender, nodes) = watch::channel(Vec::new());
        let line = Line::open(&link, nodes, &[]).await.unwrap();
        let running = tokio::spawn(line.run(trial.intake.clone()));
        let tally = trial.intake.tally.clone();
        let mut guests = Vec::new();
        let most = most_connections(0);
        for _ in 0..=most {
            guests.push(UnixStream::connect(&path).await.unwrap());
        }
        while tally.get("too_many_connections") == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        let more: Vec<_> = (1..=20).map(node).collect();
        let keys = more.iter().map(|_| Some(KEY)).collect();
        trial.intake.nodes.reconfigure(&more, keys, rules());
        for _ in 0..20 {
            guests.push(UnixStream::connect(&path).await.unwrap());
        }
        while tally.get("accepted") < most as u64 + 20 {
            assert_eq!(tally.get("too_many_connections"), 1);
            sleep(Duration::from_millis(1)).await;
        }
        trial.stop.send_replace(true);
        running.await.unwrap();
    }
}
