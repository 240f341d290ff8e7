//! How readings went, under `/api/stations/`.
//!
//! | path                                                             | what                                              |
//! |------------------------------------------------------------------|---------------------------------------------------|
//! | `/api/stations/{id}`                                             | the station, and which quantities are known of it |
//! | `/api/stations/{id}/series?quantity=&from_us=&to_us=&points=`    | a piece of a series                               |
//!
//! `quantity` is a name of `wire`, or `wave`: sea level without tide. Times are microseconds since the Unix epoch; without them the last six hours.
//! Where there are more values than `points` (1,000 unless said, 5,000 at most), the least and the greatest of equal stretches of time are given, and `reduced`
//! is true. `to_us` of the answer says how far it goes, which is less than asked where the journal would have to be read for too long.
//! Errors are JSON, `{"error": ...}`; 503 when others are reading the journal.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use wire::quantity::Quantity;

use super::auth::{self, error};
use super::routes::{JSON, Outlet, json, with_type};
use crate::series::{Piece, Refused, Series, WAVE, WAVE_UNIT, Wanted};
use crate::view::StationView;

/// Points of an answer, at most and unless said.
const MOST_POINTS: usize = 5_000;
const POINTS: usize = 1_000;
/// What is shown unless said.
const SPAN_US: i64 = 6 * 3_600 * 1_000_000;

pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new()
        .route("/api/stations/{id}", get(station))
        .route("/api/stations/{id}/series", get(series))
}

/// A station and what is known of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct StationAnswer {
    station: StationView,
    quantities: Vec<QuantityAnswer>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct QuantityAnswer {
    name: &'static str,
    unit: &'static str,
    first_us: i64,
    last_us: i64,
}

/// A piece of a series.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct SeriesAnswer {
    station: String,
    quantity: &'static str,
    unit: &'static str,
    derived: Option<String>,
    reduced: bool,
    from_us: i64,
    to_us: i64,
    /// Time, value, quality.
    points: Vec<(i64, f64, u8)>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A name of `wire`, or `wave`: sea level without tide.
    quantity: String,
    /// From when, microseconds since the Unix epoch [default: six hours before `to_us`].
    from_us: Option<i64>,
    /// Until when [default: now].
    to_us: Option<i64>,
    /// Points of the answer, 2 to 5,000 [default: 1,000].
    points: Option<usize>,
}

/// A station, and which quantities are known of it.
#[utoipa::path(get, path = "/api/stations/{id}", tag = "look", params(("id" = String, Path, description = "Station id")), responses(
    (status = 200, description = "The station", body = StationAnswer),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
    (status = 404, description = "There is no such station", body = auth::Problem),
))]
pub(super) async fn station(
    State(outlet): State<Arc<Outlet>>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let Some(station) = outlet.board.read(|v| v.stations.get(&id).cloned()) else {
        return no_station(&id);
    };
    let known = match outlet.series.clone() {
        Some(series) => away(move || series.known(&id)).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let mut quantities: Vec<QuantityAnswer> = known
        .iter()
        .map(|k| QuantityAnswer {
            name: k.quantity.name(),
            unit: k.quantity.unit(),
            first_us: k.first_us,
            last_us: k.last_us,
        })
        .collect();
    let sea = known
        .iter()
        .filter(|k| matches!(k.quantity, Quantity::WaterPressure | Quantity::SeaLevel));
    if let Some(longest) = sea.max_by_key(|k| k.last_us.saturating_sub(k.first_us)) {
        quantities.push(QuantityAnswer {
            name: WAVE,
            unit: WAVE_UNIT,
            first_us: longest.first_us,
            last_us: longest.last_us,
        });
    }
    let answer = StationAnswer {
        station,
        quantities,
    };
    with_type(StatusCode::OK, JSON, Body::from(json(&answer)))
}

/// How a quantity went. Where there are more values than points, the least and the greatest of equal stretches of time.
#[utoipa::path(get, path = "/api/stations/{id}/series", tag = "look", params(("id" = String, Path, description = "Station id"), Asked), responses(
    (status = 200, description = "A piece of the series", body = SeriesAnswer),
    (status = 400, description = "Not what was asked for", body = auth::Problem),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
    (status = 404, description = "There is no such station", body = auth::Problem),
    (status = 503, description = "Others are reading the journal: see Retry-After", body = auth::Problem),
))]
pub(super) async fn series(
    State(outlet): State<Arc<Outlet>>,
    Path(id): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let asked = match asked {
        Ok(Query(asked)) => asked,
        Err(why) => return error(StatusCode::BAD_REQUEST, &why.body_text()),
    };
    let Some(wanted) = Wanted::from_name(&asked.quantity) else {
        return error(StatusCode::BAD_REQUEST, &no_quantity(&asked.quantity));
    };
    let (is_known, now_us) = outlet
        .board
        .read(|v| (v.stations.contains_key(&id), v.now_us));
    if !is_known {
        return no_station(&id);
    }
    let Some(series) = outlet.series.clone() else {
        return error(StatusCode::NOT_FOUND, "no series are kept here");
    };
    let to_us = asked.to_us.unwrap_or(now_us);
    let from_us = asked.from_us.unwrap_or(to_us.saturating_sub(SPAN_US));
    let points = asked.points.unwrap_or(POINTS);
    if from_us > to_us || !(2..=MOST_POINTS).contains(&points) {
        let text = format!(
            "from_us = {from_us} must not be after to_us = {to_us}, and points = {points} must lie between 2 and {MOST_POINTS}"
        );
        return error(StatusCode::BAD_REQUEST, &text);
    }
    let station = id.clone();
    let found = piece(series, station, wanted, from_us, to_us, points).await;
    match found {
        Ok(piece) => {
            let (quantity, unit) = match wanted {
                Wanted::Wave => (WAVE, WAVE_UNIT),
                Wanted::Measured(q) => (q.name(), q.unit()),
            };
            let answer = SeriesAnswer {
                station: id,
                quantity,
                unit,
                derived: piece.derived,
                reduced: piece.reduced,
                from_us,
                to_us: piece.to_us,
                points: piece
                    .points
                    .iter()
                    .map(|p| (p.time_us, p.value, p.quality))
                    .collect(),
            };
            with_type(StatusCode::OK, JSON, Body::from(json(&answer)))
        }
        Err(refused) => refusal(&refused),
    }
}

/// Asks for a piece on a thread that may wait.
pub(super) async fn piece(
    series: Series,
    station: String,
    wanted: Wanted,
    from_us: i64,
    to_us: i64,
    points: usize,
) -> Result<Piece, Refused> {
    away(move || series.piece(&station, wanted, from_us, to_us, points))
        .await
        .unwrap_or(Err(Refused::Busy))
}

/// What a series that cannot be had is answered with.
pub(super) fn refusal(refused: &Refused) -> Response<Body> {
    let status = match refused {
        Refused::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Refused::Journal(why) => {
            tracing::error!(why, "the journal cannot be read for a series");
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

/// Runs what may wait for a lock or a disk beside the readers of everything else; `None` when the server is stopping.
pub(super) async fn away<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> Option<R> {
    tokio::task::spawn_blocking(f).await.ok()
}

fn no_station(id: &str) -> Response<Body> {
    let short: String = id.chars().take(100).collect();
    error(
        StatusCode::NOT_FOUND,
        &format!("there is no station \"{short}\"; /api/state lists them"),
    )
}

fn no_quantity(name: &str) -> String {
    let short: String = name.chars().take(100).collect();
    let names: Vec<&str> = Quantity::ALL.iter().map(|q| q.name()).collect();
    format!(
        "there is no quantity \"{short}\": it is {WAVE} (sea level without tide) or one of {}",
        names.join(", ")
    )
}
