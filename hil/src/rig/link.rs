//! The other end of a node's line: the edge, at its socket.
//!
//! A line knows no connections: when the edge is not there, what the node says is lost, and the rig tries again at the next turn.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::error::{Error, system};
use super::owed::Owed;
use crate::endpoint::Endpoint;

/// How long an edge that has been answering may take for an answer, on a computer that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one that has left something unanswered gets, until it answers again.
const SHORT: Duration = Duration::from_millis(50);
/// Most bytes taken from the edge in one turn.
const MAX_TAKEN: usize = 64 * 1024;

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn connect(endpoint: &Endpoint) -> io::Result<Self> {
        Ok(match endpoint {
            Endpoint::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                Self::Tcp(stream)
            }
            Endpoint::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_nonblocking(true)?;
                Self::Unix(stream)
            }
        })
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(bytes),
            Self::Unix(stream) => stream.read(bytes),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

/// What happened at the edge's end so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections made.
    pub connected: u64,
    /// Connections that broke.
    pub broken: u64,
    /// Bytes that nobody was there to take.
    pub lost: u64,
    /// Questions that were not answered in time.
    pub unanswered: u64,
}

/// A line to an edge.
pub struct EdgeLink {
    endpoint: Endpoint,
    stream: Option<Stream>,
    owed: Owed,
    patience: Duration,
    counts: Counts,
}

impl EdgeLink {
    /// A line to the edge at `endpoint`, for a node whose frames `owed` understands.
    #[must_use]
    pub fn new(endpoint: Endpoint, owed: Owed) -> Self {
        Self {
            endpoint,
            stream: None,
            owed,
            patience: PATIENCE,
            counts: Counts::default(),
        }
    }

    /// The counters.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Frames of the edge's for this node so far.
    #[must_use]
    pub const fn answers(&self) -> u64 {
        self.owed.answers
    }

    /// Acknowledgements among them.
    #[must_use]
    pub const fn acknowledgements(&self) -> u64 {
        self.owed.acknowledgements
    }

    /// Whether the edge is there.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    /// Hands bytes to the edge and returns what it said. With `waits`, waits (on the wall) until it has answered what asks for an
    /// answer.
    ///
    /// # Errors
    /// The system refuses to wait. That the edge is away is no error.
    pub fn exchange(&mut self, bytes: &[u8], waits: bool) -> Result<Vec<u8>, Error> {
        if self.stream.is_none() {
            self.stream = Stream::connect(&self.endpoint).ok();
            self.counts.connected += u64::from(self.stream.is_some());
        }
        let begun = Instant::now();
        self.send(bytes, begun)?;
        let mut taken = Vec::new();
        loop {
            self.take(&mut taken);
            if self.owed.is_settled() || !waits {
                break;
            }
            let Some(stream) = &self.stream else {
                self.owed.forget();
                break;
            };
            let left = self.patience.saturating_sub(begun.elapsed());
            if left.is_zero() {
                self.counts.unanswered += 1;
                self.patience = SHORT;
                self.owed.forget();
                return Ok(taken);
            }
            wait(stream, PollFlags::IN, left)?;
        }
        if !taken.is_empty() {
            self.patience = PATIENCE;
        }
        Ok(taken)
    }

    fn send(&mut self, bytes: &[u8], begun: Instant) -> Result<(), Error> {
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            let Some(stream) = &mut self.stream else {
                self.counts.lost += rest.len() as u64;
                return Ok(());
            };
            match stream.write(rest) {
                Ok(n) => sent += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let left = self.patience.saturating_sub(begun.elapsed());
                    if left.is_zero() {
                        // A line does not wait.
                        self.counts.lost += rest.len() as u64;
                        break;
                    }
                    wait(stream, PollFlags::OUT, left)?;
                }
                Err(_) => self.broke(),
            }
        }
        self.owed.sent(bytes.get(..sent).unwrap_or_default());
        Ok(())
    }

    fn take(&mut self, taken: &mut Vec<u8>) {
        let mut bytes = [0; 4_096];
        while taken.len() < MAX_TAKEN {
            let Some(stream) = &mut self.stream else {
                return;
            };
            match stream.read(&mut bytes) {
                Ok(n @ 1..) => {
                    let new = bytes.get(..n).unwrap_or_default();
                    self.owed.received(new);
                    taken.extend_from_slice(new);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Ok(_) | Err(_) => self.broke(),
            }
        }
    }

    fn broke(&mut self) {
        self.stream = None;
        self.counts.broken += 1;
    }
}

fn wait(stream: &Stream, what: PollFlags, patience: Duration) -> Result<(), Error> {
    let timeout = Timespec::try_from(patience)
        .map_err(|_| Error::Emulator("a wait without end".to_owned()))?;
    let mut sockets = [PollFd::new(stream, what)];
    match rustix::event::poll(&mut sockets, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(e) => Err(system("waiting for the edge")(e.into())),
    }
}
