//! A served board with plausible content.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use hub::access::Access;
use hub::http::{Acting, Settings, Sources};
use hub::view::{AlertView, Board, Latest, StationState, StationView, TimelineEntry};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wire::topic::Mode;

const START_US: i64 = 1_267_252_454_000_000;

/// A running server.
pub struct Served {
    pub address: SocketAddr,
    pub board: Arc<Board>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Served {
    /// Stops it and waits for its end.
    pub async fn stop(mut self) -> Self {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            task.await.expect("ends without panic");
        }
        self
    }
}

pub async fn serve(mode: Mode) -> Served {
    serve_with(mode, |_| {}).await
}

pub async fn serve_with(mode: Mode, change: impl FnOnce(&mut Settings)) -> Served {
    serve_for(mode, change, |_, _| None).await
}

/// The same with what `sources` adds to the board.
pub async fn serve_sources(mode: Mode, sources: impl FnOnce(Arc<Board>) -> Sources) -> Served {
    serve_all(mode, |_| {}, |_, _| None, sources).await
}

/// The same with what `admit` makes of the board and the address: who may act.
pub async fn serve_for(
    mode: Mode,
    change: impl FnOnce(&mut Settings),
    admit: impl FnOnce(&Arc<Board>, SocketAddr) -> Option<Arc<Access>>,
) -> Served {
    serve_all(mode, change, admit, Sources::from).await
}

async fn serve_all(
    mode: Mode,
    change: impl FnOnce(&mut Settings),
    admit: impl FnOnce(&Arc<Board>, SocketAddr) -> Option<Arc<Access>>,
    sources: impl FnOnce(Arc<Board>) -> Sources,
) -> Served {
    let board = Board::new("chile", "Chile", mode);
    board.update(|v| {
        v.ready = true;
        v.now_us = START_US;
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("address");
    let mut settings = Settings::new("", "Example Warning Centre");
    change(&mut settings);
    let acting = admit(&board, address).map(|access| Acting { access, desk: None });
    let (stop, stopped) = oneshot::channel::<()>();
    let served = sources(board.clone());
    let task = tokio::spawn(async move {
        let shutdown = async {
            let _ = stopped.await;
        };
        hub::http::serve(served, acting, listener, settings, shutdown)
            .await
            .expect("serves");
    });
    Served {
        address,
        board,
        stop: Some(stop),
        task: Some(task),
    }
}

pub fn alert(n: i64, mode: Mode) -> AlertView {
    AlertView {
        identifier: format!("urn:oid:2.49.0.1.152.{n}"),
        file: format!("event-{n}-alert.xml"),
        event: format!("event-{n}"),
        mode,
        msg_type: "Alert".to_owned(),
        severity: "Severe".to_owned(),
        sent_us: START_US + n,
        expires_us: START_US + 3_600_000_000,
        headline: format!("Headline {n}"),
        summary: "Summary.".to_owned(),
        areas: vec!["Valparaíso".to_owned()],
        superseded: false,
        xml: Arc::from(format!(
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{n}</identifier></alert>"
        )),
    }
}

pub fn station(id: &str, state: StationState, value: f64) -> StationView {
    StationView {
        id: id.to_owned(),
        name: "DART 32412".to_owned(),
        lat: -17.975,
        lon: -86.392,
        domain: "tsunami",
        state,
        latest: BTreeMap::from([(
            "sea_level",
            Latest {
                value,
                unit: "m",
                time_us: START_US,
                quality: 0,
            },
        )]),
        finding: String::new(),
    }
}

pub fn timeline(text: &str) -> TimelineEntry {
    TimelineEntry {
        time_us: START_US,
        kind: "note".to_owned(),
        text: text.to_owned(),
        compute_ms: None,
        situation: None,
    }
}

/// As many listeners as wanted, or as this process has descriptors for: each takes two, and the server uses half at most.
pub fn crowd(wanted: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let descriptors = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok())
        .unwrap_or(1_024);
    let crowd = wanted.min((descriptors / 2).saturating_sub(100));
    if crowd < wanted {
        println!("only {crowd} listeners: this process may open {descriptors} files");
    }
    crowd
}
