//! The lines on which nodes speak: open, read frames, answer.
//!
//! Invariants: a line that breaks is opened again with back-off; noise, wrong keys and unknown nodes are counted by
//! reason and cost nothing but themselves; memory for each connection is a few kilobytes; a peer that does not take its
//! answers loses them, and after [`WRITE_TIMEOUT`] its connection.
//!
//! Refuses: more than [`MAX_CONNECTIONS`] at a time on a listening socket, and connections that have not brought one
//! authentic frame within [`INTRODUCTION`].

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::Clock;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use wire::frame::{MAX_FRAME, Receiver};

use crate::backoff::Backoff;
use crate::config::{Link, LinkKind};
use crate::node::{Nodes, registry::FoundAt};
use crate::reading::Group;
use crate::siren::relay::Sirens;
use crate::tally::Tally;

/// Connections at a time on one listening socket.
pub const MAX_CONNECTIONS: usize = 64;

/// How long a connection may wait with its first authentic frame.
pub const INTRODUCTION: Duration = Duration::from_secs(120);

/// How long a peer may take for its answers.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers waiting for one connection.
const DOWNLINK_QUEUE: usize = 64;

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
    /// Set when the agent stops.
    pub stop: watch::Receiver<bool>,
}

/// A configured line, bound where it listens.
pub struct Line {
    name: String,
    source: Source,
    address: Option<SocketAddr>,
}

enum Source {
    Serial { device: String, baud: u32 },
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
    ConnectTcp(String),
    ConnectUnix(PathBuf),
}

impl Line {
    /// Binds what listens, so that a wrong address shows at the start.
    ///
    /// # Errors
    /// The address cannot be bound; names it.
    pub async fn open(link: &Link) -> io::Result<Self> {
        let mut address = None;
        let (name, source) = match (link.kind, &link.listen, &link.connect) {
            (LinkKind::Serial, ..) => {
                let device = link
                    .device
                    .as_ref()
                    .map(|device| device.display().to_string())
                    .unwrap_or_default();
                (
                    device.clone(),
                    Source::Serial {
                        device,
                        baud: link.baud.unwrap_or(115_200),
                    },
                )
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
        Ok(Self {
            name,
            source,
            address,
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
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(30));
        loop {
            while connections.try_join_next().is_some() {}
            let outcome = match &self.source {
                Source::Tcp(listener) => match listener.accept().await {
                    Ok((stream, peer)) => {
                        let _ = stream.set_nodelay(true);
                        self.admit(stream, peer.to_string(), intake, &slots, connections);
                        continue;
                    }
                    Err(error) => Err(error),
                },
                Source::Unix(listener, _) => match listener.accept().await {
                    Ok((stream, _)) => {
                        self.admit(stream, self.name.clone(), intake, &slots, connections);
                        continue;
                    }
                    Err(error) => Err(error),
                },
                Source::Serial { device, baud } => {
                    match tokio_serial::SerialStream::open(&tokio_serial::new(
                        device.as_str(),
                        *baud,
                    )) {
                        Ok(stream) => Ok(serve(stream, &self.name, intake.clone(), None).await),
                        Err(error) => Err(error.into()),
                    }
                }
                Source::ConnectTcp(address) => match TcpStream::connect(address).await {
                    Ok(stream) => {
                        let _ = stream.set_nodelay(true);
                        Ok(serve(stream, &self.name, intake.clone(), None).await)
                    }
                    Err(error) => Err(error),
                },
                Source::ConnectUnix(path) => match UnixStream::connect(path).await {
                    Ok(stream) => Ok(serve(stream, &self.name, intake.clone(), None).await),
                    Err(error) => Err(error),
                },
            };
            match outcome {
                Ok(spoke) => {
                    if spoke {
                        backoff.reset();
                    }
                    intake.tally.add("closed", 1);
                }
                Err(error) => {
                    if intake.tally.count("open_failed") {
                        tracing::warn!(link = self.name, %error, "link cannot be opened");
                    }
                }
            }
            sleep(backoff.pause()).await;
        }
    }

    fn admit<S>(
        &self,
        stream: S,
        peer: String,
        intake: &Intake,
        slots: &Arc<Semaphore>,
        connections: &mut JoinSet<()>,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        match slots.clone().try_acquire_owned() {
            Ok(slot) => {
                let intake = intake.clone();
                connections.spawn(async move { admitted(stream, peer, intake, slot).await });
            }
            Err(_) => {
                if intake.tally.count("too_many_connections") {
                    tracing::warn!(link = self.name, %peer, "connection refused: {MAX_CONNECTIONS} are open");
                }
            }
        }
    }
}

async fn admitted<S>(stream: S, peer: String, intake: Intake, _slot: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let tally = intake.tally.clone();
    tally.add("accepted", 1);
    serve(stream, &peer, intake, Some(INTRODUCTION)).await;
    tally.add("closed", 1);
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

/// Serves one open stream until it ends, breaks, or the agent stops. True if any authentic frame came.
pub async fn serve<S>(stream: S, name: &str, intake: Intake, introduction: Option<Duration>) -> bool
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut incoming, mut outgoing) = tokio::io::split(stream);
    let (downlink, mut answers) = mpsc::channel::<Vec<u8>>(DOWNLINK_QUEUE);
    let tally = intake.tally.clone();
    // Writing has a task of its own: a peer that does not read must not stop us from hearing it.
    let writer = tokio::spawn(async move {
        while let Some(frame) = answers.recv().await {
            let written = timeout(WRITE_TIMEOUT, async {
                outgoing.write_all(&frame).await?;
                outgoing.flush().await
            });
            if !matches!(written.await, Ok(Ok(()))) {
                tally.add("write_failed", 1);
                break;
            }
        }
    });
    let mut receiver = Box::new(Receiver::<MAX_FRAME>::new());
    let mut buffer = [0; 1024];
    let mut spoke = false;
    let mut stop = intake.stop.clone();
    let deadline = introduction.map(|introduction| tokio::time::Instant::now() + introduction);
    loop {
        let length = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = until(deadline), if !spoke && deadline.is_some() => {
                intake.tally.add("no_introduction", 1);
                break;
            }
            () = downlink.closed() => break,
            read = incoming.read(&mut buffer) => match read {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) => {
                    if intake.tally.count("read_failed") {
                        tracing::warn!(link = name, %error, "link broke");
                    }
                    break;
                }
            },
        };
        let now_us = intake.clock.now_us();
        for &byte in &buffer[..length] {
            let Some(pushed) = receiver.push(byte) else {
                continue;
            };
            let received = match pushed {
                Ok(raw) => intake.nodes.receive(raw, now_us, &downlink),
                Err(error) => Err(error.name()),
            };
            match received {
                Ok(received) => {
                    spoke = true;
                    if let Some(found) = received.finding {
                        hand_on(found, &intake);
                    }
                    if let Some(group) = received.group {
                        intake.accepted.fetch_add(1, Ordering::AcqRel);
                        if intake.groups.send(group).await.is_err() {
                            return spoke;
                        }
                    }
                }
                Err(reason) => {
                    if intake.nodes.tallies.errors.count(reason) {
                        tracing::warn!(link = name, reason, "frame refused");
                    }
                }
            }
        }
    }
    drop(downlink);
    writer.abort();
    spoke
}

async fn until(deadline: Option<tokio::time::Instant>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline).await;
    }
}

/// A finding goes to the publisher at once; when that has no room, the node keeps it and sends it again.
fn hand_on(found: FoundAt, intake: &Intake) {
    if let Some(sirens) = &intake.sirens {
        sirens.found(&found);
    }
    match intake.findings.try_send(found.clone()) {
        Ok(()) => intake.nodes.settle_finding(&found),
        Err(_) => {
            intake.nodes.tallies.counts.add("findings_deferred", 1);
            intake.nodes.forget_finding(&found);
        }
    }
}
