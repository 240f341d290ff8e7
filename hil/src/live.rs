//! Play by a clock: samples are measured when their time comes, and a broken link is taken up again.
//!
//! For exercises and rigs, where node, edge and hub are processes that each read the same clock. A link that is down
//! changes nothing but the ring: measuring goes on, and when the link is back everything unacknowledged is sent.
//!
//! Refuses a manual clock: nobody would move it.

use crate::endpoint::Endpoint;
use crate::virtual_node::VirtualNode;
use clock::Clock;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// First pause before connecting again; doubled each time.
const RECONNECT_FIRST: Duration = Duration::from_millis(50);
/// Longest pause before connecting again.
const RECONNECT_LIMIT: Duration = Duration::from_secs(2);
/// Longest sleep: the system clock may be stepped meanwhile.
const SLEEP_LIMIT: Duration = Duration::from_secs(1);
/// Shortest sleep, the timer's resolution.
const SLEEP_FLOOR: Duration = Duration::from_millis(1);
/// Bytes that may wait for a slow link.
const OUT_LIMIT: usize = 4 * 1024;

/// What happened to the link, for whoever watches.
#[derive(Debug)]
pub enum News<'a> {
    /// The link is up.
    Connected,
    /// No connection came about; told once until one does.
    Refused(&'a io::Error),
    /// The link broke.
    Lost(&'a io::Error),
}

/// Why the play ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The whole record is measured and acknowledged.
    Done,
    /// It was told to stop.
    Stopped,
}

/// Why a play could not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a manual clock does not move by itself: use stepped play")]
pub struct ManualClock;

/// Plays `node` by `clock` over links to `endpoint`, until `stop` completes or, with `exit_when_done`, until the whole
/// record is acknowledged. `stop` must be cancel-safe in the sense that it is polled until it completes.
///
/// # Errors
/// [`ManualClock`].
pub async fn play(
    node: &mut VirtualNode,
    clock: &Clock,
    endpoint: &Endpoint,
    exit_when_done: bool,
    stop: impl Future<Output = ()>,
    mut tell: impl FnMut(News<'_>),
) -> Result<Ended, ManualClock> {
    if matches!(clock, Clock::Manual(_)) {
        return Err(ManualClock);
    }
    let playing = async {
        loop {
            let link = connect(node, clock, endpoint, &mut tell).await;
            tell(News::Connected);
            node.link_up(clock.now_us());
            match carry(node, clock, link, exit_when_done).await {
                Ok(()) => return Ended::Done,
                Err(error) => tell(News::Lost(&error)),
            }
        }
    };
    Ok(tokio::select! {
        ended = playing => ended,
        () = stop => Ended::Stopped,
    })
}

/// Tries until a link is up, and measures meanwhile.
async fn connect(
    node: &mut VirtualNode,
    clock: &Clock,
    endpoint: &Endpoint,
    tell: &mut impl FnMut(News<'_>),
) -> Box<dyn crate::endpoint::Link> {
    let mut pause = RECONNECT_FIRST;
    let mut told = false;
    loop {
        match measuring(node, clock, endpoint.connect()).await {
            Ok(link) => return link,
            Err(error) if !told => {
                tell(News::Refused(&error));
                told = true;
            }
            Err(_) => {}
        }
        measuring(node, clock, tokio::time::sleep(pause)).await;
        pause = (pause * 2).min(RECONNECT_LIMIT);
    }
}

/// Waits for `work` while samples are measured in their time.
async fn measuring<T>(node: &mut VirtualNode, clock: &Clock, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    loop {
        node.measure(clock.now_us(), usize::MAX);
        let sleep = until(clock, node.next_sample_us());
        tokio::select! {
            output = &mut work => return output,
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Measures and carries frames until the link breaks (an error) or, with `exit_when_done`, all is acknowledged.
async fn carry<L: AsyncRead + AsyncWrite + Unpin>(
    node: &mut VirtualNode,
    clock: &Clock,
    link: L,
    exit_when_done: bool,
) -> io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(link);
    let mut buffer = [0; 1024];
    let mut out = Vec::new();
    loop {
        let now_us = clock.now_us();
        node.measure(now_us, usize::MAX);
        node.transmit(now_us, &mut out, OUT_LIMIT);
        if exit_when_done && node.is_done() && out.is_empty() {
            return writer.flush().await;
        }
        // While the link is full only bytes going out matter; the frames that are due wait for that anyway.
        let next_us = if out.len() < OUT_LIMIT {
            node.next_us()
        } else {
            node.next_sample_us()
        };
        tokio::select! {
            read = reader.read(&mut buffer) => match read? {
                0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the edge closed the link")),
                length => node.receive(buffer.get(..length).unwrap_or_default(), clock.now_us()),
            },
            written = writer.write(&out), if !out.is_empty() => {
                let length = written?;
                if length == 0 {
                    return Err(io::Error::new(io::ErrorKind::WriteZero, "the link takes no more bytes"));
                }
                out.drain(..length);
                if out.is_empty() {
                    writer.flush().await?;
                }
            }
            () = tokio::time::sleep(until(clock, next_us)) => {}
        }
    }
}

/// How long to sleep until `us`, within what is sensible.
fn until(clock: &Clock, us: Option<i64>) -> Duration {
    us.map_or(SLEEP_LIMIT, |us| {
        clock.real_until(us).clamp(SLEEP_FLOOR, SLEEP_LIMIT)
    })
}
