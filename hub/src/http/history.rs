//! Looking back: what the page showed.
//!
//! | path                       | what                                                                                        |
//! |----------------------------|---------------------------------------------------------------------------------------------|
//! | `/api/history`             | since when and until when, events, gaps                                                     |
//! | `/api/history/at?time_us=` | the state as it was shown then, as `/api/state` gives it, without subscribers               |
//!
//! Values of stations are to the minute there; `/api/stations/{id}/series` has them all. Errors are JSON, `{"error": ...}`; 503 when others are
//! looking back.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::routing::get;
use serde::Deserialize;

use super::auth::{self, error};
use super::routes::{JSON, Outlet, Snapshot, json, with_type};
use super::series::away;
use crate::chronicle::{History, Refused};

pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new()
        .route("/api/history", get(history))
        .route("/api/history/at", get(at))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// When, microseconds since the Unix epoch.
    time_us: i64,
}

/// Since when what was shown is recorded, the events in it, and its gaps.
#[utoipa::path(get, path = "/api/history", tag = "look", responses(
    (status = 200, description = "What can be looked back at", body = History),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
))]
pub(super) async fn history(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let history = match &outlet.chronicle {
        Some(chronicle) => chronicle.history(),
        None => History::default(),
    };
    with_type(StatusCode::OK, JSON, Body::from(json(&history)))
}

/// The state as it was shown then, without subscribers.
#[utoipa::path(get, path = "/api/history/at", tag = "look", params(Asked), responses(
    (status = 200, description = "The state then", body = Snapshot),
    (status = 400, description = "Not what was asked for", body = auth::Problem),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
    (status = 404, description = "Before what is recorded", body = auth::Problem),
    (status = 503, description = "Others are looking back: see Retry-After", body = auth::Problem),
))]
pub(super) async fn at(
    State(outlet): State<Arc<Outlet>>,
    asked: Result<Query<Asked>, QueryRejection>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let time_us = match asked {
        Ok(Query(asked)) => asked.time_us,
        Err(why) => return error(StatusCode::BAD_REQUEST, &why.body_text()),
    };
    let Some(chronicle) = outlet.chronicle.clone() else {
        let text = "what the page shows is not recorded here: [chronicle] max_mib is 0, or a condition says why";
        return error(StatusCode::NOT_FOUND, text);
    };
    match away(move || chronicle.at(time_us)).await {
        Some(Ok(state)) => with_type(StatusCode::OK, JSON, Body::from(json(&state))),
        Some(Err(refused)) => refusal(&refused),
        None => refusal(&Refused::Busy),
    }
}

fn refusal(refused: &Refused) -> Response<Body> {
    let status = match refused {
        Refused::Before => StatusCode::NOT_FOUND,
        Refused::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Refused::Log(why) => {
            tracing::error!(why, "the chronicle cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let mut response = error(status, &refused.to_string());
    if *refused == Refused::Busy {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}
