//! One open line on which nodes speak when they like: read frames, answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use wire::frame::{MAX_FRAME, Receiver};

use super::stats::LineStats;
use super::{DOWNLINK_QUEUE, Intake, WRITE_TIMEOUT};
use crate::node::registry::{Downlink, FoundAt};

/// How long an accepted connection may go on without an authentic frame: a peer that has vanished without a word holds
/// its place no longer. A node that is merely quiet connects again.
pub const IDLE: Duration = Duration::from_secs(3600);

/// Most bytes a second that are read from one connection: two hundred nodes behind one concentrator need a tenth, and
/// whoever sends more finds the line slow instead of slowing the others.
const BYTES_PER_S: usize = 256 * 1024;

/// What byte stuffing and delimiter add to a short frame.
const STUFFING: usize = 2;

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Whatever is on a line of ours: it stays open.
    Line,
    /// Somebody who connected: must bring an authentic frame within this time, and within [`IDLE`] again and again.
    Guest(Duration),
    /// A node in this process, as fast as it can.
    Memory,
}

/// Takes bytes from one connection and hands on what they say.
pub(super) struct Ear<'a> {
    receiver: Box<Receiver<MAX_FRAME>>,
    pub route: Downlink,
    /// Whose turn it is, on a shared line.
    pub polled: Option<u32>,
    intake: &'a Intake,
    stats: &'a Arc<LineStats>,
}

/// What some bytes contained.
#[derive(Debug, Default)]
pub(super) struct Took {
    /// Authentic frames.
    pub frames: u32,
    /// Those of the node that was polled, apart from the one by which it gives up its turn.
    pub answers: u32,
    /// All bytes of that node on the line.
    pub bytes: usize,
    /// This node has given up its turn.
    pub turn: Option<u32>,
    /// The agent takes no more.
    pub over: bool,
}

impl<'a> Ear<'a> {
    pub fn new(
        intake: &'a Intake,
        stats: &'a Arc<LineStats>,
        peer: Peer,
    ) -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (frames, answers) = mpsc::channel(DOWNLINK_QUEUE);
        let ear = Self {
            receiver: Box::new(Receiver::new()),
            route: Downlink {
                link: stats.name.clone(),
                frames,
                paced: peer != Peer::Memory,
            },
            polled: None,
            intake,
            stats,
        };
        (ear, answers)
    }

    /// `own` frames that come back are no error: half-duplex adapters often hear themselves.
    pub async fn take(&mut self, bytes: &[u8], own: bool) -> Took {
        let (intake, stats) = (self.intake, self.stats);
        stats.received(bytes.len());
        let now_us = intake.clock.now_us();
        let mut took = Took::default();
        for &byte in bytes {
            let Some(pushed) = self.receiver.push(byte) else {
                continue;
            };
            let (length, received) = match pushed {
                Ok(raw) => (
                    raw.bytes().len() + STUFFING,
                    intake.nodes.receive(raw, now_us, &self.route),
                ),
                Err(error) => (0, Err(error.name())),
            };
            match received {
                Ok(received) => {
                    stats.frame();
                    took.frames += 1;
                    if self.polled == Some(received.node) {
                        took.answers += u32::from(!received.turn);
                        took.bytes += length;
                    }
                    if received.turn {
                        took.turn = Some(received.node);
                    }
                    if let Some(found) = received.finding {
                        hand_on(found, intake);
                    }
                    if let Some(group) = received.group {
                        intake.accepted.fetch_add(1, Ordering::AcqRel);
                        if intake.groups.send(group).await.is_err() {
                            took.over = true;
                            return took;
                        }
                    }
                }
                Err("wrong_way") if own => {
                    stats.errors.add("echo", 1);
                }
                Err(reason) => {
                    stats.errors.add(reason, 1);
                    if intake.nodes.tallies.errors.count(reason) {
                        tracing::warn!(link = &*stats.name, reason, "frame refused");
                    }
                }
            }
        }
        took
    }
}

/// Serves one open stream until it ends, breaks, or the agent stops. True if any authentic frame came.
pub async fn serve<S>(stream: S, stats: &Arc<LineStats>, intake: &Intake, peer: Peer) -> bool
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let _open = stats.opened();
    let (mut incoming, mut outgoing) = tokio::io::split(stream);
    let (mut ear, mut answers) = Ear::new(intake, stats, peer);
    // Writing has a task of its own: a peer that does not read must not stop us from hearing it.
    let (tally, sent) = (intake.tally.clone(), stats.clone());
    let writer = tokio::spawn(async move {
        while let Some(frame) = answers.recv().await {
            // Never flushed: nothing here buffers, and for a serial port that is `tcdrain`, which blocks the whole thread
            // until the last bit is out, or for good while flow control holds it.
            let written = timeout(WRITE_TIMEOUT, outgoing.write_all(&frame));
            if !matches!(written.await, Ok(Ok(()))) {
                tally.add("write_failed", 1);
                break;
            }
            sent.sent(1, frame.len());
        }
    });
    let downlink = ear.route.frames.clone();
    let mut buffer = [0; 1024];
    let mut spoke = false;
    let mut stop = intake.stop.clone();
    let mut patience = match peer {
        Peer::Guest(introduction) => Some(Instant::now() + introduction),
        Peer::Line | Peer::Memory => None,
    };
    let mut second = Instant::now();
    let mut bytes_in_second = 0;
    loop {
        let length = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = until(patience), if patience.is_some() => {
                intake.tally.add(if spoke { "idle" } else { "no_introduction" }, 1);
                break;
            }
            () = downlink.closed() => break,
            read = incoming.read(&mut buffer) => match read {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) => {
                    if intake.tally.count("read_failed") {
                        tracing::warn!(link = &*stats.name, %error, "link broke");
                    }
                    break;
                }
            },
        };
        let took = ear.take(&buffer[..length], false).await;
        if took.frames > 0 {
            spoke = true;
            if matches!(peer, Peer::Guest(_)) {
                patience = Some(Instant::now() + IDLE);
            }
        }
        if took.over {
            break;
        }
        if peer != Peer::Memory {
            bytes_in_second += length;
            if second.elapsed() >= Duration::from_secs(1) {
                (second, bytes_in_second) = (Instant::now(), length);
            } else if bytes_in_second > BYTES_PER_S {
                stats.errors.add("slowed_down", 1);
                sleep_until(second + Duration::from_secs(1)).await;
            }
        }
    }
    drop(downlink);
    writer.abort();
    spoke
}

async fn until(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        sleep_until(deadline).await;
    }
}

/// A finding goes on at once; its node may forget it when it is safe, see [`crate::publish::findings`]. When there is no room,
/// the node keeps it and sends it again.
fn hand_on(found: FoundAt, intake: &Intake) {
    if let Some(sirens) = &intake.sirens {
        sirens.found(&found);
    }
    if intake.findings.try_send(found.clone()).is_err() {
        intake.nodes.tallies.counts.add("findings_deferred", 1);
        intake.nodes.forget_finding(&found);
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
