//! A line that several nodes share (RS-485): the edge is its master, a node speaks only when it is polled.
//!
//! A turn: what waits for any node of the line goes out first, then the poll, in one write; then the edge listens until
//! the node gives the turn back, or falls silent. So nobody sends while another does, and findings wait at most one
//! round: the bytes of a turn are limited so that a round takes about [`ROUND`] when everybody has much to say.
//!
//! Refuses: nodes of version 1, which know no turns.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use wire::frame::{LEAST_POLL, MAX_FRAME};

use super::rota::{Next, Rota};
use super::stats::LineStats;
use super::stream::{Ear, IDLE, Peer, Took};
use super::{Intake, WRITE_TIMEOUT};

/// What a round should take.
const ROUND: Duration = Duration::from_secs(1);

/// Most bytes that one turn may take, however fast the line.
const TURN_MAX: u64 = 4096;

/// Most bytes of answers that go out before one poll.
const DOWN_MAX: usize = 1024;

/// How a shared line is run.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Its nodes.
    pub nodes: watch::Receiver<Vec<u32>>,
    /// How long a node may take to begin, and pause between bytes.
    pub turn_timeout: Duration,
    /// Least time between two polls of a node that has little to say.
    pub poll_interval: Duration,
    /// Bits per second, where it is known; ten for each byte.
    pub baud: Option<u32>,
}

impl Shared {
    /// Most bytes of one turn, when `alive` nodes share the line.
    fn limit(&self, alive: usize) -> u16 {
        let bytes_per_s = u64::from(self.baud.unwrap_or(u32::MAX)) / 10;
        let share = bytes_per_s * ROUND.as_millis() as u64 / 1000 / alive.max(1) as u64;
        let least = LEAST_POLL as u64;
        share.clamp(least, TURN_MAX) as u16
    }

    /// How long `bytes` take on the line.
    fn time(&self, bytes: usize) -> Duration {
        match self.baud {
            Some(baud) => Duration::from_micros(bytes as u64 * 10_000_000 / u64::from(baud.max(1))),
            None => Duration::ZERO,
        }
    }
}

enum End {
    Turn,
    Silence,
    Broken,
}

/// Runs one open shared line until it ends, breaks, a guest at its other end brings nothing authentic in time, or the agent
/// stops. True if any authentic frame came.
pub async fn serve<S>(
    mut stream: S,
    stats: &Arc<LineStats>,
    intake: &Intake,
    mut shared: Shared,
    peer: Peer,
) -> bool
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let _open = stats.opened();
    let (mut ear, mut answers) = Ear::new(intake, stats, peer);
    let mut patience = match peer {
        Peer::Guest(introduction) => Some(Instant::now() + introduction),
        Peer::Line | Peer::Memory => None,
    };
    let started = Instant::now();
    let mut rota = Rota::new(&shared.nodes.borrow_and_update(), shared.poll_interval);
    let mut stop = intake.stop.clone();
    let mut spoke = false;
    let mut out = Vec::with_capacity(DOWN_MAX + MAX_FRAME);
    loop {
        if *stop.borrow() {
            break;
        }
        if patience.is_some_and(|patience| Instant::now() >= patience) {
            intake
                .tally
                .add(if spoke { "idle" } else { "no_introduction" }, 1);
            break;
        }
        if shared.nodes.has_changed().unwrap_or(false) {
            rota.replace(&shared.nodes.borrow_and_update());
        }
        let now = started.elapsed();
        let mut node = match rota.next(now) {
            Next::Poll(node) => Some(node),
            Next::Wait(until) => {
                let mut buffer = [0; 256];
                let heard = tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => break,
                    () = sleep(until.saturating_sub(now)) => None,
                    frame = answers.recv() => match frame {
                        Some(frame) => { out.extend(frame); None }
                        None => break,
                    },
                    // Nobody was asked: noise, or an answer that came too late.
                    read = stream.read(&mut buffer) => Some(read),
                };
                match heard {
                    Some(Ok(length)) if length > 0 => {
                        let took = ear.take(&buffer[..length], true).await;
                        spoke |= took.frames > 0;
                        if took.over {
                            break;
                        }
                        continue;
                    }
                    Some(_) => break,
                    None if out.is_empty() => continue,
                    None => None,
                }
            }
        };
        // What noise has left in the nodes' receivers must not swallow the first frame.
        out.insert(0, 0);
        while out.len() < DOWN_MAX
            && let Ok(frame) = answers.try_recv()
        {
            out.extend(frame);
        }
        let limit = shared.limit(rota.alive());
        if let Some(polled) = node {
            match intake.nodes.poll(polled, limit) {
                Ok(poll) => out.extend(poll),
                Err(reason) => {
                    // Taken out of the configuration while the line keeps asking for it.
                    stats.errors.add(reason, 1);
                    rota.silent(polled, started.elapsed());
                    node = None;
                    if out.len() == 1 {
                        out.clear();
                        continue;
                    }
                }
            }
        }
        let frames = out.iter().filter(|byte| **byte == 0).count() - 1;
        // Not flushed, as in `stream`: how long it is on the way is known from the speed.
        let written = timeout(
            WRITE_TIMEOUT + shared.time(out.len()),
            stream.write_all(&out),
        );
        if !matches!(written.await, Ok(Ok(()))) {
            intake.tally.add("write_failed", 1);
            break;
        }
        stats.sent(frames, out.len());
        let on_the_way = shared.time(out.len());
        out.clear();
        let Some(node) = node else {
            sleep(on_the_way).await;
            continue;
        };
        ear.polled = Some(node);
        let (end, heard) = listen(&mut stream, &mut ear, node, &shared, on_the_way, limit).await;
        ear.polled = None;
        if heard.frames > 0 {
            spoke = true;
            if matches!(peer, Peer::Guest(_)) {
                patience = Some(Instant::now() + IDLE);
            }
        }
        stats.polled(heard.answers > 0 || matches!(end, End::Turn));
        let now = started.elapsed();
        match end {
            End::Broken => break,
            End::Turn => {
                // It stopped because one more frame would not have fitted; where not even one may fit, it has said something.
                let full = heard.answers > 0 && heard.bytes + LEAST_POLL > usize::from(limit);
                rota.answered(node, now, full);
            }
            // It spoke, and its last word was lost.
            End::Silence if heard.answers > 0 => rota.answered(node, now, true),
            End::Silence => rota.silent(node, now),
        }
    }
    spoke
}

/// Hears `node` out: how it ended, and what came.
async fn listen<S: AsyncRead + Unpin>(
    stream: &mut S,
    ear: &mut Ear<'_>,
    node: u32,
    shared: &Shared,
    on_the_way: Duration,
    limit: u16,
) -> (End, Took) {
    let begun = Instant::now() + on_the_way;
    // However it babbles, the turn ends: twice what its bytes take.
    let last = begun + shared.turn_timeout * 2 + shared.time(usize::from(limit)) * 2;
    let mut deadline = begun + shared.turn_timeout;
    let mut heard = Took::default();
    let mut buffer = [0; 1024];
    loop {
        let read = tokio::time::timeout_at(deadline.min(last), stream.read(&mut buffer)).await;
        let length = match read {
            Err(_) => return (End::Silence, heard),
            Ok(Ok(0) | Err(_)) => return (End::Broken, heard),
            Ok(Ok(length)) => length,
        };
        let took = ear.take(&buffer[..length], true).await;
        heard.bytes += took.bytes;
        heard.frames += took.frames;
        heard.answers += took.answers;
        if took.over {
            return (End::Broken, heard);
        }
        if took.turn == Some(node) {
            return (End::Turn, heard);
        }
        deadline = deadline.max(Instant::now() + shared.turn_timeout);
    }
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
