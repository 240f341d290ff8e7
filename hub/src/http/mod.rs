//! HTTP: the page, the feeds, the messages, live events, metrics and health.
//!
//! Everything is read from the [`Board`]; of what a client does only what an officer asks of the desk reaches the pipeline ([`desk`]). The server is bounded in
//! every direction: connections, listeners, header size and time, body size and time, how long a peer may stop reading, and how often a
//! document is rebuilt. Only those who act post anything ([`auth`]).
//!
//! Invariants: requests read the board and never change it, but for the conditions of accounts that a log-in may raise; a slow, stuck or hostile
//! client costs at most its own connection.
//!
//! Refuses: TLS and compression, which a reverse proxy in front does better; it should listen on loopback
//! unless such a proxy is elsewhere. Run it on its own runtime, so that a crowd of readers cannot take a worker thread from
//! the pipeline.

mod auth;
mod coalesce;
mod conditional;
mod desk;
mod guard;
mod health;
mod history;
mod live;
mod map;
mod metric_names;
mod metrics;
mod openapi;
mod page;
mod relief;
mod routes;
mod sensorthings;
mod series;
mod system;
mod texts;
mod traffic;
mod tsunami_events;

use std::future::Future;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::auth::Peer;
use self::guard::Guarded;
use self::live::Live;
use self::routes::{Caches, Outlet};
use self::traffic::Traffic;

pub use self::map::Extent;

use crate::access::Access;
use crate::assess::Ground;
use crate::chronicle::Chronicle;
use crate::config::Config;
use crate::coverage::Watch;
use crate::feed::Publisher;
use crate::gate;
use crate::series::Series;
use crate::view::Board;

/// Request line and headers together, bytes; browsers send about 1 KiB.
const HEADER_BYTES_MAX: usize = 16 * 1_024;

/// Header lines in a request; browsers send about 20.
const HEADERS_MAX: usize = 64;

/// How long to wait when no connection can be accepted, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Said to whoever finds all places taken.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n";

/// What may be set. [`Settings::new`] gives the defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// URL under which clients reach this server, for the links in feeds: `http` or `https`, no query. A proxy that serves it
    /// under a path must strip that path. Empty: `http://` and the listener's own address.
    pub base_url: String,
    /// Author of the feeds, for people.
    pub sender_name: String,
    /// How long messages stay listed in feeds after they have expired. Default: 7 days.
    pub kept: Duration,
    /// Entries in a feed; messages in force are listed even beyond it. Default: 500.
    pub entries_max: usize,
    /// Listeners of the event stream at once. Default: 1,000.
    pub listeners_max: usize,
    /// Connections at once, listeners included; also held to half of the file descriptors that the process may have, because
    /// the journal needs some too. Default: 2,048.
    pub connections_max: usize,
    /// How long a request's headers may take, and how long a connection may be idle. Default: 15 s.
    pub header_timeout: Duration,
    /// How long a peer may accept nothing while there is something to send. Default: 20 s.
    pub write_timeout: Duration,
    /// How often listeners are told the time and the stations that changed. Default: 1 s.
    pub heartbeat: Duration,
    /// After how long without a step of the hub's clock the hub counts as stalled. Default: never, which suits replays; a
    /// live hub should set about 30 s.
    pub stall: Option<Duration>,
    /// WebSub hubs that the feeds name. Default: none.
    pub hubs: Vec<String>,
    /// How long requests may still run after the shutdown has begun. Default: 3 s.
    pub grace: Duration,
}

impl Settings {
    /// The defaults, for this URL and author.
    pub fn new(base_url: impl Into<String>, sender_name: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            sender_name: sender_name.into(),
            kept: Duration::from_secs(7 * 24 * 3_600),
            entries_max: 500,
            listeners_max: 1_000,
            connections_max: 2_048,
            header_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(20),
            heartbeat: Duration::from_secs(1),
            stall: None,
            hubs: Vec::new(),
            grace: Duration::from_secs(3),
        }
    }

    /// The URL that all links start with, without a slash at the end.
    ///
    /// # Errors
    /// [`Error::BaseUrl`] if it is not an absolute `http` or `https` URL without query and fragment, or if it is to be taken
    /// from a listener that listens on every address.
    pub fn resolve_base_url(&self, listener: SocketAddr) -> Result<String, Error> {
        if self.base_url.is_empty() {
            if listener.ip().is_unspecified() {
                return Err(Error::BaseUrl(self.base_url.clone()));
            }
            return Ok(format!("http://{listener}"));
        }
        let url = self.base_url.trim_end_matches('/');
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        let plain = |c: char| c.is_ascii_graphic() && !"?#<>\"'\\^`{|}".contains(c);
        match rest {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') && rest.chars().all(plain) => {
                Ok(url.to_owned())
            }
            _ => Err(Error::BaseUrl(self.base_url.clone())),
        }
    }
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The base URL cannot be used in links.
    #[error(
        "base_url {0:?} must be absolute, such as https://warnings.example.org, without ? and #; it may be left empty only when the listener has one address"
    )]
    BaseUrl(String),
    /// The listener does not know its own address.
    #[error("the HTTP listener has no address: {0}")]
    Address(#[source] io::Error),
}

/// Those who act, and what they act on.
#[derive(Debug, Clone)]
pub struct Acting {
    /// Who they are.
    pub access: Arc<Access>,
    /// The desk, where there is one.
    pub desk: Option<gate::Handle>,
}

/// What `/api/state` says now, for who records it.
pub(crate) fn snapshot(board: &Board) -> routes::Snapshot {
    board.read(|view| routes::Snapshot::of(view, false))
}

/// What is served.
#[derive(Debug, Clone)]
pub struct Sources {
    /// What people see.
    pub board: Arc<Board>,
    /// What stations have said lately, where that is kept.
    pub series: Option<Series>,
    /// The hub itself and what stands where; `None` where only the board is known.
    pub surroundings: Option<Surroundings>,
    /// What the page showed, where that is recorded.
    pub chronicle: Option<Chronicle>,
}

impl From<Arc<Board>> for Sources {
    /// The board alone.
    fn from(board: Arc<Board>) -> Self {
        Self {
            board,
            series: None,
            surroundings: None,
            chronicle: None,
        }
    }
}

/// What the page asks for beside the board.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The deployment.
    pub config: Arc<Config>,
    /// When the hub was started.
    pub started: Instant,
    /// How far the ocean's grid goes, where there is one.
    pub extent: Option<Extent>,
    /// Places and roads, where the deployment has any.
    pub ground: Option<Ground>,
    /// Which coast is blind.
    pub coverage: Watch,
}

/// Serves `sources`, or a board alone, on `listener` until `shutdown` completes, then lets running requests end within the grace. Without `acting` nobody logs in and
/// nobody acts, as in a replay.
///
/// # Errors
/// [`Error`] before the first connection; after that, trouble with single connections is counted, never returned.
pub async fn serve(
    sources: impl Into<Sources>,
    acting: Option<Acting>,
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let Sources {
        board,
        series,
        surroundings,
        chronicle,
    } = sources.into();
    let address = listener.local_addr().map_err(Error::Address)?;
    let publisher = Publisher {
        base_url: settings.resolve_base_url(address)?,
        sender_name: settings.sender_name.clone(),
        kept: settings.kept,
        entries_max: settings.entries_max,
        hubs: settings.hubs.clone(),
    };
    let connections_max = affordable(settings.connections_max);
    let traffic = Arc::new(Traffic::default());
    let (live, fan_out) = Live::new(
        board.clone(),
        settings.listeners_max,
        settings.heartbeat,
        settings.stall,
    );
    let (access, desk) = match acting {
        Some(Acting { access, desk }) => (Some(access), desk),
        None => (None, None),
    };
    let follower = access.clone().map(|a| tokio::spawn(a.follow()));
    let router = routes::router(Arc::new(Outlet {
        board,
        series,
        surroundings,
        chronicle,
        access: access.clone(),
        desk,
        publisher,
        live,
        traffic: traffic.clone(),
        caches: Caches::new(),
    }));
    let server = Server {
        router,
        traffic,
        places: Arc::new(Semaphore::new(connections_max)),
        settings,
    };
    tracing::info!(%address, connections_max, "HTTP server listens");

    let graceful = GracefulShutdown::new();
    let mut fan_out = tokio::spawn(fan_out.run());
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => server.admit(stream, peer, &graceful, &mut connections),
                Err(error) => server.rest(&error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    // The event streams end with the fan-out; without that they would use up the whole grace.
    fan_out.abort();
    let _ = (&mut fan_out).await;
    if tokio::time::timeout(server.settings.grace, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::info!("some HTTP connections did not end in time and are cut");
    }
    connections.shutdown().await;
    if let Some(follower) = follower {
        follower.abort();
    }
    if let Some(access) = access {
        // An error means that the runtime is going down, and what was not written is lost to the minute.
        let _ = tokio::task::spawn_blocking(move || access.close()).await;
    }
    Ok(())
}

/// What each connection needs.
struct Server {
    router: Router,
    traffic: Arc<Traffic>,
    places: Arc<Semaphore>,
    settings: Settings,
}

impl Server {
    /// Serves a connection in its own task, or turns it away when all places are taken.
    fn admit(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        graceful: &GracefulShutdown,
        connections: &mut JoinSet<()>,
    ) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            self.traffic.connections_full.fetch_add(1, Relaxed);
            // The socket is non-blocking and its buffer empty: this neither waits nor needs to succeed.
            if let Ok(mut stream) = stream.into_std() {
                let _ = stream.write(FULL);
            }
            return;
        };
        // Events are small and late ones are useless.
        let _ = stream.set_nodelay(true);
        let stream = Guarded::new(
            stream,
            self.settings.write_timeout,
            self.traffic.stopped_reading.clone(),
        );
        let router = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.settings.header_timeout)
            .max_buf_size(HEADER_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // Resets, timeouts and bad requests are the client's affair.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an HTTP connection ended early");
            }
            drop(place);
        });
    }

    /// Waits a little when nothing can be accepted; without that a lack of descriptors would spin a core.
    async fn rest(&self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset
        ) {
            return;
        }
        if self.traffic.accept_failed.fetch_add(1, Relaxed) == 0 {
            tracing::error!(%error, "no HTTP connection can be accepted; trying again");
        }
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// At most half of the process's file descriptors: a crowd of readers must not keep the journal from opening a segment.
fn affordable(wanted: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let Some(descriptors) = open_files_max(&limits) else {
        return wanted;
    };
    let affordable = (descriptors / 2).max(1);
    if affordable < wanted {
        tracing::warn!(
            descriptors,
            wanted,
            affordable,
            "fewer HTTP connections than configured: raise the limit of open files (LimitNOFILE= in systemd, ulimit -n)"
        );
    }
    wanted.min(affordable)
}

/// The soft limit in `/proc/self/limits`; `None` where there is no such file or no limit.
fn open_files_max(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_checked_before_they_end_up_in_links() {
        let local: SocketAddr = "127.0.0.1:8080".parse().expect("address");
        let every: SocketAddr = "0.0.0.0:8080".parse().expect("address");
        let resolve = |url: &str, at| Settings::new(url, "").resolve_base_url(at).ok();
        assert_eq!(resolve("", local).as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(
            resolve("https://w.example/hub/", every).as_deref(),
            Some("https://w.example/hub")
        );
        assert_eq!(resolve("", every), None);
        for bad in [
            "w.example",
            "ftp://w",
            "http://",
            "https:///x",
            "http://a b",
            "http://a?b",
            "http://a#b",
            "http://a\"b",
        ] {
            assert_eq!(resolve(bad, local), None, "{bad}");
        }
    }

    #[test]
    fn the_descriptor_limit_is_read_where_there_is_one() {
        let table = "Limit                     Soft Limit           Hard Limit           Units\n\
                     Max open files            1024                 1048576              files\n";
        assert_eq!(open_files_max(table), Some(1_024));
        assert_eq!(
            open_files_max(
                "Max open files            unlimited            unlimited            files\n"
            ),
            None
        );
        assert_eq!(open_files_max(""), None);
    }
}
