//! Tsunami events under `/api/events`.
//!
//! | path                 | what                                                                       |
//! |----------------------|----------------------------------------------------------------------------|
//! | `/api/events`        | all events, newest last, as in `/api/state`                                |
//! | `/api/events/<id>`   | one event with every forecast so far, and what its levels mean             |
//! | `/api/events/<id>/fields` | where its fields are, see [`crate::fields`]                           |
//! | `/api/events/<id>/fields/<name>?of=<n>` | the bytes of `travel_time` or `max_height`              |
//! | `/api/events/<id>/curves/<station>` | forecast sea level at a station over time                   |

use std::collections::VecDeque;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::get;
use bytes::Bytes;
use tokio::sync::Mutex;

use super::auth;
use super::conditional::Document;
use super::routes::{JSON, Outlet, REVALIDATE, json, with_type};
use crate::event::view::{EventDetail, EventView};
use crate::fields::{Curve, FieldsView};

const BINARY: &str = "application/octet-stream";

/// Histories that are kept written; in an event everybody asks for the same one.
const WRITTEN: usize = 4;

pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new()
        .route("/api/events", get(all))
        .route("/api/events/{id}", get(one))
        .route("/api/events/{id}/fields", get(fields))
        .route("/api/events/{id}/fields/{name}", get(field))
        .route("/api/events/{id}/curves/{station}", get(curve))
}

/// Histories as they were last written: one may be a megabyte.
#[derive(Debug, Default)]
pub(super) struct Written(Mutex<VecDeque<(EventView, Document)>>);

impl Written {
    async fn document(&self, event: EventView) -> Document {
        let mut written = self.0.lock().await;
        let at = written.iter().position(|(known, _)| known.id == event.id);
        let before = at.and_then(|at| written.remove(at));
        let document = match before {
            Some((known, document)) if known == event => document,
            before => Document::revise(
                before.as_ref().map(|(_, document)| document),
                json(&EventDetail::from(event.clone())),
            ),
        };
        if written.len() == WRITTEN {
            written.pop_front();
        }
        written.push_back((event, document.clone()));
        document
    }
}

/// Tsunami events, newest last.
#[utoipa::path(get, path = "/api/events", tag = "look", responses(
    (status = 200, description = "The events", body = Vec<EventView>),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
))]
pub(super) async fn all(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let build = |_: Option<&Bytes>| json(&outlet.board.read(|view| view.events.clone()));
    let body = outlet.caches.events.get(build).await;
    with_type(StatusCode::OK, JSON, Body::from(body))
}

/// One event with every forecast so far.
#[utoipa::path(get, path = "/api/events/{id}", tag = "look", params(("id" = String, Path, description = "Event id")), responses(
    (status = 200, description = "The event", body = EventDetail),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
    (status = 404, description = "There is no such event", body = auth::Problem),
))]
pub(super) async fn one(
    State(outlet): State<Arc<Outlet>>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    match event(&outlet, &id) {
        Ok(event) => {
            let document = outlet.caches.histories.document(event).await;
            document.answer(&headers, JSON, REVALIDATE)
        }
        Err(unknown) => *unknown,
    }
}

/// Where the fields of an event are, and how they are read.
#[utoipa::path(get, path = "/api/events/{id}/fields", tag = "look", params(("id" = String, Path, description = "Event id")), responses(
    (status = 200, description = "The fields; null while one is computed", body = FieldsView),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
    (status = 404, description = "There is no such event, or nothing of that name yet; the answer says why", body = auth::Problem),
))]
pub(super) async fn fields(
    State(outlet): State<Arc<Outlet>>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let event = match event(&outlet, &id) {
        Ok(event) => event,
        Err(unknown) => return *unknown,
    };
    let view = outlet.board.fields().view(&id).unwrap_or(FieldsView {
        revision: event.revision,
        travel_time: None,
        max_height: None,
        note: Some("the fields of this event are not kept any more".to_owned()),
    });
    with_type(StatusCode::OK, JSON, Body::from(json(&view)))
}

/// A field: little-endian u16, row by row from the north-west corner; 65535 is land, or never reached.
#[utoipa::path(get, path = "/api/events/{id}/fields/{name}", tag = "look", params(("id" = String, Path, description = "Event id"), ("name" = String, Path, description = "`travel_time` or `max_height`"), ("of" = Option<u64>, Query, description = "Number of the source, as the field's url has it")), responses(
    (status = 200, description = "The values", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 400, description = "`of` is no number", body = auth::Problem),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
    (status = 404, description = "There is no such event, or nothing of that name yet; the answer says why", body = auth::Problem),
))]
pub(super) async fn field(
    State(outlet): State<Arc<Outlet>>,
    Path((id, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let source = query.as_deref().and_then(|q| q.strip_prefix("of="));
    let source = match source.map(str::parse).transpose() {
        Ok(source) => source,
        Err(_) => {
            return auth::error(
                StatusCode::BAD_REQUEST,
                "?of= takes the number that the fields' url has",
            );
        }
    };
    match outlet.board.fields().bytes(&id, &name, source) {
        Some(bytes) => Document::revise(None, bytes).answer(&headers, BINARY, REVALIDATE),
        None => auth::error(
            StatusCode::NOT_FOUND,
            "there is no such field, or the source is another by now; /api/events/<id>/fields says what there is",
        ),
    }
}

/// The forecast sea level at a station over time, with its band.
#[utoipa::path(get, path = "/api/events/{id}/curves/{station}", tag = "look", params(("id" = String, Path, description = "Event id"), ("station" = String, Path, description = "Station id")), responses(
    (status = 200, description = "The curve", body = Curve),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
    (status = 404, description = "There is no such event, or nothing of that name yet; the answer says why", body = auth::Problem),
))]
pub(super) async fn curve(
    State(outlet): State<Arc<Outlet>>,
    Path((id, station)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    if let Err(unknown) = event(&outlet, &id) {
        return *unknown;
    }
    match outlet.board.fields().curve(&id, &station) {
        Ok(curve) => Document::revise(None, json(&curve)).answer(&headers, JSON, REVALIDATE),
        Err(why) => auth::error(StatusCode::NOT_FOUND, &why),
    }
}

/// An event, or the answer that says that there is none.
fn event(outlet: &Outlet, id: &str) -> Result<EventView, Box<Response<Body>>> {
    let found = outlet
        .board
        .read(|view| view.events.iter().find(|e| e.id == id).cloned());
    found.ok_or_else(|| {
        Box::new(auth::error(
            StatusCode::NOT_FOUND,
            "there is no event of that id; /api/events lists them",
        ))
    })
}
