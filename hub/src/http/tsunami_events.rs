//! Tsunami events under `/api/events`.
//!
//! | path                 | what                                                                       |
//! |----------------------|----------------------------------------------------------------------------|
//! | `/api/events`        | all events, newest last, as in `/api/state`                                |
//! | `/api/events/<id>`   | one event with every forecast so far, and what its levels mean             |

use std::collections::VecDeque;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::get;
use bytes::Bytes;
use tokio::sync::Mutex;

use super::auth;
use super::conditional::Document;
use super::routes::{JSON, Outlet, REVALIDATE, json, with_type};
use crate::event::view::{EventDetail, EventView};

/// Histories that are kept written; in an event everybody asks for the same one.
const WRITTEN: usize = 4;

pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new()
        .route("/api/events", get(all))
        .route("/api/events/{id}", get(one))
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
