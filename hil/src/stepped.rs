//! Stepped play: the driver says how late it is, and goes on when the edge has everything.
//!
//! For replays, where one driver moves one clock for all parts. While a step runs the virtual time stands still, so
//! the node's timeouts cannot fire; silence is noticed on the wall instead. What the node sends in a step depends on the record
//! and the instants alone, as long as the link carries and the edge answers; how long a step takes does not show.
//!
//! Refuses to guess: a step that could not be completed within its limit says so, and the next one takes up where it ended.

use crate::virtual_node::{RING, VirtualNode};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// Bytes that may wait for a slow link; the node's window keeps them far below this.
const OUT_LIMIT: usize = 16 * 1024;

/// How long the answer to a clock request is waited for once all samples are acknowledged. The edge answers at once; an
/// edge that does not answer at all must not cost the whole limit in every step.
const TIME_GRACE: Duration = Duration::from_millis(200);

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Samples measured in this step.
    pub measured: usize,
    /// Samples and findings that the edge has not acknowledged.
    pub unacknowledged: usize,
    /// Everything is acknowledged; otherwise the limit ran out or there is no link.
    pub settled: bool,
    /// Times that everything was sent again because the edge was silent.
    pub repeats: u32,
}

/// A virtual node on a link, played step by step.
pub struct Stepped<L> {
    node: VirtualNode,
    link: Option<L>,
    /// Bytes the link has not taken yet.
    out: Vec<u8>,
    /// Longest wall time of a step.
    limit: Duration,
    /// Silence on the wall after which everything unacknowledged is sent again.
    patience: Duration,
}

impl<L: AsyncRead + AsyncWrite + Unpin> Stepped<L> {
    /// A node without a link; a step may take `limit` on the wall.
    #[must_use]
    pub const fn new(node: VirtualNode, limit: Duration) -> Self {
        Self {
            node,
            link: None,
            out: Vec::new(),
            limit,
            patience: Duration::from_secs(2),
        }
    }

    /// Changes how long the edge may be silent within a step before everything unacknowledged is sent again; 2 s unless
    /// changed.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Plugs a link in, in place of an earlier one, at `virtual_us`.
    pub fn attach(&mut self, link: L, virtual_us: i64) {
        self.link = Some(link);
        self.out.clear();
        self.node.link_up(virtual_us);
    }

    /// Pulls the link out; the node goes on measuring into its ring.
    pub fn detach(&mut self) -> Option<L> {
        self.out.clear();
        self.link.take()
    }

    /// Whether a link is plugged in.
    #[must_use]
    pub const fn is_attached(&self) -> bool {
        self.link.is_some()
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &VirtualNode {
        &self.node
    }

    /// The node, to take commands from it.
    pub const fn node_mut(&mut self) -> &mut VirtualNode {
        &mut self.node
    }

    /// Measures everything up to `virtual_us` and carries frames both ways until the edge has acknowledged all of it, or
    /// until the limit has passed. Without a link it only measures.
    ///
    /// # Errors
    /// The link broke. It is detached then; the node has kept everything unacknowledged, for the next link.
    pub async fn play_until(&mut self, virtual_us: i64) -> io::Result<Step> {
        let end = Instant::now() + self.limit;
        let mut step = Step {
            measured: 0,
            unacknowledged: 0,
            settled: false,
            repeats: 0,
        };
        loop {
            // Half a ring at a time, so that a long step does not overflow it.
            step.measured += self.node.measure(virtual_us, self.room());
            let complete = self
                .node
                .next_sample_us()
                .is_none_or(|next_us| next_us > virtual_us);
            if let Some(link) = self.link.as_mut() {
                let pumped = pump(
                    &mut self.node,
                    link,
                    &mut self.out,
                    virtual_us,
                    end,
                    self.patience,
                )
                .await;
                match pumped {
                    Ok(repeats) => step.repeats += repeats,
                    Err(error) => {
                        self.detach();
                        return Err(error);
                    }
                }
            }
            if complete || Instant::now() >= end || (self.link.is_none() && self.room() == 0) {
                break;
            }
        }
        // Out of time: what is due was due, so it is measured, and the ring decides what to give up.
        step.measured += self.node.measure(virtual_us, usize::MAX);
        step.unacknowledged = self.node.unacknowledged();
        step.settled = self.node.is_settled();
        Ok(step)
    }

    fn room(&self) -> usize {
        (RING / 2).saturating_sub(self.node.unacknowledged())
    }
}

/// Carries frames both ways until everything is acknowledged or `end` is reached. Returns how often it had to repeat.
async fn pump<L: AsyncRead + AsyncWrite + Unpin>(
    node: &mut VirtualNode,
    link: &mut L,
    out: &mut Vec<u8>,
    virtual_us: i64,
    end: Instant,
    patience: Duration,
) -> io::Result<u32> {
    let (mut reader, mut writer) = tokio::io::split(link);
    let mut buffer = [0; 1024];
    let mut repeats = 0;
    let mut silent_since = Instant::now();
    let mut settled_since = None;
    loop {
        node.transmit(virtual_us, out, OUT_LIMIT);
        let mut wait = end.min(silent_since + patience);
        if node.is_settled() && out.is_empty() {
            if !node.is_awaiting_time() {
                return Ok(repeats);
            }
            wait = end.min(*settled_since.get_or_insert_with(Instant::now) + TIME_GRACE);
        }
        let carried = timeout_at(wait, async {
            tokio::select! {
                read = reader.read(&mut buffer) => read.map(Carried::In),
                written = writer.write(out), if !out.is_empty() => written.map(Carried::Out),
            }
        });
        match carried.await {
            Ok(Ok(Carried::In(0))) => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the edge closed the link",
                ));
            }
            Ok(Ok(Carried::In(length))) => {
                node.receive(buffer.get(..length).unwrap_or_default(), virtual_us);
                silent_since = Instant::now();
            }
            Ok(Ok(Carried::Out(0))) => {
                return Err(io::Error::new(
                    io::ErrorKind::WriteZero,
                    "the link takes no more bytes",
                ));
            }
            Ok(Ok(Carried::Out(length))) => {
                out.drain(..length);
                if out.is_empty() {
                    writer.flush().await?;
                }
            }
            Ok(Err(error)) => return Err(error),
            Err(_) if Instant::now() >= end || settled_since.is_some() => return Ok(repeats),
            Err(_) => {
                // The edge may have lost frames, and no timeout of the node fires while its time stands still.
                node.link_up(virtual_us);
                repeats += 1;
                silent_since = Instant::now();
            }
        }
    }
}

enum Carried {
    In(usize),
    Out(usize),
}
