//! OGC SensorThings API 1.1 under `/sta/v1.1`; see `docs/sensorthings.md` and [`crate::sensorthings`].
//!
//! Answers are made on a thread that may wait, from a catalog of stations that all who ask within half a second share. Errors are JSON,
//! `{"code": 400, "type": "error", "message": ...}`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::get;

use super::auth;
use super::coalesce::Coalesced;
use super::routes::{JSON, Outlet, json, plain, with_type};
use super::series::away;
use crate::sensorthings::{Answer, Answerer, Catalog, Readings, Refused, Station, path, query};
use crate::series::{Point, Series, Wanted};

/// Where the service is.
const PATH: &str = "/sta/v1.1";
/// How long a catalog is good for.
const CATALOG_INTERVAL: Duration = Duration::from_millis(500);

type Options = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The catalog that those share who ask at once.
pub(super) type Cache = Coalesced<Arc<Catalog>>;

/// An empty one.
pub(super) fn cache() -> Cache {
    Coalesced::new(CATALOG_INTERVAL)
}

pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new()
        .route("/sta/v1.1", get(root))
        .route("/sta/v1.1/", get(root))
        .route("/sta/v1.1/{*path}", get(entities))
}

async fn root(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let url = format!("{}{PATH}", outlet.publisher.base_url);
    let index = Answerer::new(&Catalog::default(), &Nothing, &url).index();
    with_type(StatusCode::OK, JSON, Body::from(json(&index)))
}

async fn entities(
    State(outlet): State<Arc<Outlet>>,
    Path(asked): Path<String>,
    options: Options,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let options = match options {
        Ok(Query(options)) => options,
        Err(why) => return refusal(&Refused::bad(why.body_text())),
    };
    let read = path(&asked).and_then(|path| {
        let set = Answerer::set_of(&path)?;
        Ok((query(set, &options)?, path))
    });
    let (query, path) = match read {
        Ok(read) => read,
        Err(refused) => return refusal(&refused),
    };
    let series = outlet.series.clone();
    let catalog = outlet
        .caches
        .catalog
        .get(|_| Arc::new(catalog(&outlet, series.as_ref())))
        .await;
    let url = format!("{}{PATH}", outlet.publisher.base_url);
    let answer = away(move || {
        let readings = Memory { series };
        let answer = Answerer::new(&catalog, &readings, &url).answer(&path, &query);
        answer.map(|answer| match answer {
            Answer::Json(value) => with_type(StatusCode::OK, JSON, Body::from(json(&value))),
            Answer::Text(text) => plain(StatusCode::OK, text),
            Answer::Nothing => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
        })
    });
    match answer.await {
        Some(Ok(response)) => response,
        Some(Err(refused)) => refusal(&refused),
        None => refusal(&Refused {
            status: 503,
            text: "the hub is stopping".to_owned(),
        }),
    }
}

fn catalog(outlet: &Outlet, series: Option<&Series>) -> Catalog {
    let views: Vec<_> = outlet
        .board
        .read(|view| view.stations.values().cloned().collect());
    let known = |id: &str| series.map_or_else(Vec::new, |s| s.known(id));
    let stations = views.into_iter().map(|view| Station {
        known: known(&view.id),
        view,
    });
    Catalog::new(stations.collect())
}

fn refusal(refused: &Refused) -> Response<Body> {
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body =
        serde_json::json!({"code": refused.status, "type": "error", "message": refused.text});
    with_type(status, JSON, Body::from(json(&body)))
}

/// Readings in memory.
struct Memory {
    series: Option<Series>,
}

impl Readings for Memory {
    fn between(&self, station: &str, stream: Wanted, from_us: i64, to_us: i64) -> Vec<Point> {
        let series = self.series.as_ref();
        series.map_or_else(Vec::new, |s| s.in_memory(station, stream, from_us, to_us))
    }
}

/// No readings.
struct Nothing;

impl Readings for Nothing {
    fn between(&self, _: &str, _: Wanted, _: i64, _: i64) -> Vec<Point> {
        Vec::new()
    }
}
