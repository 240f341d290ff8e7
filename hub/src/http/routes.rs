//! What is served where.
//!
//! | path                                        | what                                                           |
//! |---------------------------------------------|----------------------------------------------------------------|
//! | `/`, `/assets/...`                          | the console, see [`super::page`]                               |
//! | `/plain`, `/app.js`, `/login.js`, ...       | the plain page                                                 |
//! | `/feed.atom`, `/feed.rss`                   | `Actual` messages only                                         |
//! | `/exercise/feed.atom`, `/exercise/feed.rss` | exercises                                                      |
//! | `/test/feed.atom`, `/test/feed.rss`         | technical tests                                                |
//! | `/cap/<file>.xml`                           | one message, immutable                                         |
//! | `/bulletin/<file>.txt`                      | its text bulletin                                              |
//! | `/sms/<file>.<language>.txt`                | its short message                                              |
//! | `/relief/`, `/relief/<event>.<form>`        | assessments, see [`super::relief`]                             |
//! | `/events`                                   | server-sent events, see [`super::live`]                        |
//! | `/api/state`                                | the whole view as JSON                                         |
//! | `/api/events`, `/api/events/<id>`, ...      | tsunami events, see [`super::tsunami_events`]                  |
//! | `/others`                                   | what other senders warn of, and their feeds, as JSON           |
//! | `/metrics`                                  | Prometheus text                                                |
//! | `/healthz`, `/readyz`                       | see [`super::health`]                                          |
//! | `/api/map`                                  | see [`super::map`]                                             |
//! | `/api/health`                               | see [`super::system`]                                          |
//! | `/api/openapi.json`                         | see [`super::openapi`]                                         |
//! | `/api/login`, `/api/logout`, `/api/me`      | see [`super::auth`]                                            |
//! | `/api/stations/...`                         | see [`super::series`]                                          |
//! | `/api/desk`, `/api/desk/preview`            | see [`super::desk`]                                            |
//! | `/api/history`, `/api/history/at`           | see [`super::history`]                                         |
//! | `/sta/v1.1/...`                             | OGC SensorThings, see [`super::sensorthings`]                  |
//!
//! With `[accounts] require_login_to_view` state, events, metrics, other senders' alerts and assessments are for those who have logged in or hold
//! a token; the page itself holds nothing but the title and the log-in. The desk is never public.
//!
//! A feed answers 503 until the hub is ready, because an empty list would read as "no alert" and some consumers delete what
//! is not listed. A feed of a mode that the deployment neither runs in nor has messages of answers 404 and names the right
//! one: an exercise is never served where real alerts are expected, and never redirected to.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LINK, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::get;
use bytes::Bytes;
use serde::Serialize;
use wire::topic::Mode;

use super::Surroundings;
use super::auth;
use super::coalesce::Coalesced;
use super::conditional::Document;
use super::desk;
use super::health::Health;
use super::history;
use super::live::{Live, NoPlace};
use super::map;
use super::metrics::{self, Exposition};
use super::openapi;
use super::page;
use super::relief;
use super::sensorthings;
use super::series;
use super::system;
use super::texts;
use super::traffic::Traffic;
use super::tsunami_events;
use crate::access::Access;
use crate::event::view::EventView;
use crate::feed::{self, Feed, Format, Publisher};
use crate::gate;
use crate::others::OthersView;
use crate::view::{
    AlertView, Board, Condition, OutageView, ReliefView, SituationView, StationView, TimelineEntry,
    View,
};

/// How far apart two builds of the same document are at least.
const BUILD_INTERVAL: Duration = Duration::from_millis(50);

/// How many messages and timeline lines the snapshot has, newest; the feeds and the journal have the rest.
const STATE_LINES: usize = 500;

pub(super) const JSON: &str = "application/json";
const NO_MESSAGE: &str = "There is no message of that name.\n";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
const NO_STORE: &str = "no-store";
pub(super) const REVALIDATE: &str = "no-cache";
pub(super) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Everything comes from here and nothing is inline; no frame, no form, no plug-in. `data:` and `blob:` are for pictures that the page
/// draws itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; \
                      font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a browser shall not give to this page, nor to anything in it.
const NO_POWERS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// What the handlers share.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) board: Arc<Board>,
    /// What stations have said lately; `None` where that is not kept.
    pub(super) series: Option<crate::series::Series>,
    /// The hub itself and what stands where; `None` where only the board is known.
    pub(super) surroundings: Option<Surroundings>,
    /// What the page showed; `None` where that is not recorded.
    pub(super) chronicle: Option<crate::chronicle::Chronicle>,
    /// Who may act; `None` where nobody does.
    pub(super) access: Option<Arc<Access>>,
    /// What they act on.
    pub(super) desk: Option<gate::Handle>,
    pub(super) publisher: Publisher,
    pub(super) live: Live,
    pub(super) traffic: Arc<Traffic>,
    pub(super) caches: Caches,
}

/// Documents that many ask for at once.
#[derive(Debug)]
pub(super) struct Caches {
    state: Coalesced<Bytes>,
    others: Coalesced<Bytes>,
    metrics: Coalesced<Bytes>,
    pub(super) events: Coalesced<Bytes>,
    pub(super) histories: tsunami_events::Written,
    texts: texts::Cache,
    pub(super) system: Coalesced<Bytes>,
    /// Made of what the sources of places and roads told at a revision.
    pub(super) map: Coalesced<(Option<u64>, Document)>,
    /// Held while a preview is made.
    pub(super) previews: tokio::sync::Mutex<()>,
    pub(super) catalog: sensorthings::Cache,
    /// By mode, then by format.
    feeds: [[Coalesced<Option<Document>>; 2]; 3],
}

impl Caches {
    pub(super) fn new() -> Self {
        Self {
            state: Coalesced::new(BUILD_INTERVAL),
            others: Coalesced::new(BUILD_INTERVAL),
            metrics: Coalesced::new(BUILD_INTERVAL),
            events: Coalesced::new(BUILD_INTERVAL),
            histories: tsunami_events::Written::default(),
            texts: texts::Cache::default(),
            system: Coalesced::new(BUILD_INTERVAL),
            map: Coalesced::new(BUILD_INTERVAL),
            previews: tokio::sync::Mutex::new(()),
            catalog: sensorthings::cache(),
            feeds: std::array::from_fn(|_| std::array::from_fn(|_| Coalesced::new(BUILD_INTERVAL))),
        }
    }

    fn feed(&self, mode: Mode, format: Format) -> &Coalesced<Option<Document>> {
        let mode = match mode {
            Mode::Actual => 0,
            Mode::Exercise => 1,
            Mode::Test => 2,
        };
        let format = match format {
            Format::Atom => 0,
            Format::Rss => 1,
        };
        &self.feeds[mode][format]
    }
}

/// What the page asks for; [`openapi`] describes it.
pub(super) fn api() -> Router<Arc<Outlet>> {
    Router::new()
        .route("/events", get(events))
        .route("/api/state", get(state))
        .route("/others", get(others))
        .merge(auth::router())
        .merge(desk::router())
        .merge(history::router())
        .merge(map::router())
        .merge(openapi::router())
        .merge(series::router())
        .merge(system::router())
        .merge(tsunami_events::router())
}

/// All routes.
pub(super) fn router(outlet: Arc<Outlet>) -> Router {
    let mut router = Router::new()
        .route("/cap/{file}", get(message))
        .route("/bulletin/{file}", get(bulletin))
        .route("/sms/{file}", get(short))
        .route("/relief/", get(relief::index))
        .route("/relief/{file}", get(relief::document))
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz));
    for mode in Mode::ALL.iter().copied() {
        for format in Format::ALL {
            let handler = async move |State(outlet): State<Arc<Outlet>>, headers: HeaderMap| {
                list(&outlet, &headers, mode, format).await
            };
            router = router.route(feed::path(mode, format), get(handler));
        }
    }
    router
        .merge(page::router())
        .merge(sensorthings::router())
        .merge(api())
        .fallback(async || {
            plain(
                StatusCode::NOT_FOUND,
                "There is nothing here. The page is at /, the feed at /feed.atom.\n",
            )
        })
        .layer(from_fn_with_state(outlet.clone(), guard))
        .with_state(outlet)
}

/// Counts the answer and adds the headers that every answer has.
async fn guard(State(outlet): State<Arc<Outlet>>, request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let inside = path.starts_with("/api/") || path == "/events" || path == "/others";
    let mut response = next.run(request).await;
    outlet.traffic.answered(response.status());
    let headers = response.headers_mut();
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("permissions-policy", HeaderValue::from_static(NO_POWERS));
    // A page that opens this one gets no hold of its window.
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    if inside {
        // No other site's page reads it as an image or a script; feeds and messages are for everybody.
        headers.insert(
            "cross-origin-resource-policy",
            HeaderValue::from_static("same-origin"),
        );
    }
    // An error or a live answer must not be remembered: the next one may differ.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static(NO_STORE));
    response
}

async fn list(outlet: &Outlet, headers: &HeaderMap, mode: Mode, format: Format) -> Response<Body> {
    let (ready, own) = outlet.board.read(|view| {
        let listed = view.mode == mode || view.alerts.iter().any(|a| a.mode == mode);
        (view.ready, if listed { mode } else { view.mode })
    });
    if !ready {
        return later("The hub is starting; the list is not complete yet.\n");
    }
    if own != mode {
        let text = format!(
            "This deployment runs in mode {}: its feed is {}. There are no {} messages here; that is not an all-clear.\n",
            own.name().to_uppercase(),
            feed::path(own, format),
            mode.name()
        );
        return plain(StatusCode::NOT_FOUND, text);
    }
    let document = outlet
        .caches
        .feed(mode, format)
        .get(|before| {
            let feed = outlet
                .board
                .read(|view| Feed::select(view, mode, &outlet.publisher));
            match feed.write(format, &outlet.publisher) {
                Ok(body) => Some(Document::revise(before.and_then(Option::as_ref), body)),
                Err(error) => {
                    tracing::error!(%error, "a feed could not be written");
                    None
                }
            }
        })
        .await;
    match document {
        Some(document) => {
            let mut response = document.answer(headers, format.media_type(), REVALIDATE);
            // WebSub, section 4: where the hub is, and what the feed is called there.
            for link in outlet.publisher.links(mode, format) {
                if let Ok(value) = HeaderValue::from_str(&link) {
                    response.headers_mut().append(LINK, value);
                }
            }
            response
        }
        None => plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The feed could not be written; see the hub's log.\n",
        ),
    }
}

async fn message(
    State(outlet): State<Arc<Outlet>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    match published(&outlet, &file) {
        Some((xml, sent_us)) => Document::dated(String::from(&*xml), sent_us.div_euclid(1_000_000))
            .answer(&headers, feed::CAP_MEDIA_TYPE, IMMUTABLE),
        None => plain(StatusCode::NOT_FOUND, NO_MESSAGE),
    }
}

/// The message of a file name, and when it was sent.
fn published(outlet: &Outlet, file: &str) -> Option<(Arc<str>, i64)> {
    outlet.board.read(|view| {
        // Newest first: those are asked for most.
        let alert = view.alerts.iter().rev().find(|a| a.file == file)?;
        Some((alert.xml.clone(), alert.sent_us))
    })
}

async fn bulletin(
    State(outlet): State<Arc<Outlet>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let file = texts::bulletin_name(&name).unwrap_or_default();
    match made(&outlet, &file).await {
        Some(texts) => texts.bulletin(&headers, TEXT, IMMUTABLE),
        None => plain(StatusCode::NOT_FOUND, NO_MESSAGE),
    }
}

async fn short(
    State(outlet): State<Arc<Outlet>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some((file, language)) = texts::short_name(&name) else {
        return plain(
            StatusCode::NOT_FOUND,
            "A short message is /sms/<message>.<language>.txt, such as /sms/watchfire.chile.actual.us7000.1.es.txt.\n",
        );
    };
    let Some(texts) = made(&outlet, &file).await else {
        return plain(StatusCode::NOT_FOUND, NO_MESSAGE);
    };
    texts
        .short(language, &headers, TEXT, IMMUTABLE)
        .unwrap_or_else(|| {
            plain(
                StatusCode::NOT_FOUND,
                format!("The message has no {}.\n", language.autonym()),
            )
        })
}

async fn made(outlet: &Outlet, file: &str) -> Option<Arc<texts::Texts>> {
    let (xml, sent_us) = published(outlet, file)?;
    outlet.caches.texts.texts(file, &xml, sent_us).await
}

/// What changes, as server-sent events: `hello` (ask for the state now), `stations`, `alert`, `timeline`, `conditions`, `picture`, `others`,
/// `relief`, `sirens`, `clock`, `reload`; their data are the parts of the state.
#[utoipa::path(get, path = "/events", tag = "look", responses(
    (status = 200, description = "A stream that does not end", content_type = "text/event-stream", body = String),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
    (status = 503, description = "All places are taken"),
))]
pub(super) async fn events(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    match outlet.live.stream() {
        Ok(body) => {
            let body = auth::while_viewing(&outlet, &headers, body);
            let mut response = with_type(StatusCode::OK, "text/event-stream", body);
            // nginx buffers event streams unless told not to.
            response
                .headers_mut()
                .insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
        Err(NoPlace::Full) => {
            outlet.traffic.listeners_full.fetch_add(1, Relaxed);
            later("All places for listeners are taken; the state is at /api/state.\n")
        }
        Err(NoPlace::Stopping) => later("The hub is stopping.\n"),
    }
}

/// The view as the page needs it: a copy, so that JSON is written outside the lock.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Snapshot {
    version: &'static str,
    deployment: String,
    title: String,
    mode: &'static str,
    now_us: i64,
    ready: bool,
    stalled: bool,
    conditions: Vec<Condition>,
    stations: Vec<StationView>,
    alerts: Vec<AlertView>,
    timeline: Vec<TimelineEntry>,
    outages: Vec<OutageView>,
    situations: Vec<SituationView>,
    others: OthersView,
    subscribers: Vec<outlet::Status>,
    relief: Option<Vec<ReliefView>>,
    sirens: Vec<crate::sirens::SirenZoneView>,
    events: Vec<EventView>,
}

impl Snapshot {
    pub(super) fn of(view: &View, stalled: bool) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            deployment: view.deployment.clone(),
            title: view.title.clone(),
            mode: view.mode.name(),
            now_us: view.now_us,
            ready: view.ready,
            stalled,
            conditions: view.conditions.clone(),
            stations: view.stations.values().cloned().collect(),
            alerts: newest(&view.alerts),
            timeline: newest(&view.timeline),
            outages: view.outages.clone(),
            situations: view.situations.clone(),
            others: view.others.clone(),
            subscribers: public(view),
            relief: view.relief.clone(),
            sirens: view.sirens.clone(),
            events: view.events.clone(),
        }
    }
}

/// Whom messages are pushed to, without what receivers answered, which names recipients and machines: officers see it at the desk.
pub(super) fn public(view: &View) -> Vec<outlet::Status> {
    let all = view.subscribers.values();
    all.map(|status| outlet::Status {
        last_error: None,
        ..status.clone()
    })
    .collect()
}

fn newest<T: Clone>(all: &[T]) -> Vec<T> {
    all[all.len().saturating_sub(STATE_LINES)..].to_vec()
}

/// Everything that is shown now. Coalesced: a crowd that asks at once costs one copy.
#[utoipa::path(get, path = "/api/state", tag = "look", responses(
    (status = 200, description = "The state", body = Snapshot),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
))]
pub(super) async fn state(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let body = outlet
        .caches
        .state
        .get(|_| {
            let stalled = outlet.live.is_stalled();
            let snapshot = outlet.board.read(|view| Snapshot::of(view, stalled));
            json(&snapshot)
        })
        .await;
    with_type(StatusCode::OK, JSON, Body::from(body))
}

/// What other senders warn of, and the feeds that tell it.
#[utoipa::path(get, path = "/others", tag = "look", responses(
    (status = 200, description = "Alerts of other senders", body = OthersView),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
))]
pub(super) async fn others(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let build = |_: Option<&Bytes>| json(&outlet.board.read(|view| view.others.clone()));
    let body = outlet.caches.others.get(build).await;
    with_type(StatusCode::OK, JSON, Body::from(body))
}

async fn metrics(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let body = outlet
        .caches
        .metrics
        .get(|_| {
            let mut page = outlet.board.read(Exposition::of);
            page.traffic(
                &outlet.traffic,
                outlet.live.listeners(),
                outlet.live.is_stalled(),
            );
            if let Some(access) = &outlet.access {
                page.access(access);
            }
            Bytes::from(page.render())
        })
        .await;
    with_type(StatusCode::OK, metrics::MEDIA_TYPE, Body::from(body))
}

async fn healthz(State(outlet): State<Arc<Outlet>>) -> Response<Body> {
    let stalled = outlet.live.is_stalled();
    let health = outlet.board.read(|view| Health::of(view, stalled));
    with_type(health.status_code(), JSON, Body::from(json(&health)))
}

async fn readyz(State(outlet): State<Arc<Outlet>>) -> Response<Body> {
    if outlet.board.read(|view| view.ready) {
        plain(StatusCode::OK, "ready\n")
    } else {
        later("starting\n")
    }
}

pub(super) fn json<T: Serialize>(value: &T) -> Bytes {
    // Plain values with string keys: this cannot fail.
    serde_json::to_vec(value).map_or_else(
        |error| Bytes::from(format!("{{\"error\":\"{error}\"}}")),
        Bytes::from,
    )
}

pub(super) fn with_type(
    status: StatusCode,
    media_type: &'static str,
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

pub(super) fn plain(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    with_type(status, TEXT, text.into())
}

/// 503, and when to come back.
fn later(text: &'static str) -> Response<Body> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}
